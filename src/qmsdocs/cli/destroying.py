"""What `retention dispose`, `erase`, `witness`, `certificates` and `certificate` do."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from qmsdocs.acts import disposal as acts
from qmsdocs.acts import objections
from qmsdocs.acts.believing import doubts, refuse_apart
from qmsdocs.acts.control import Act
from qmsdocs.base.errors import QmsError, message
from qmsdocs.cli import given
from qmsdocs.cli.output import write_grid
from qmsdocs.cli.session import Session
from qmsdocs.query import disposal_list
from qmsdocs.query.personal import naming
from qmsdocs.query.retention import Kept, due, kept, ledger_title
from qmsdocs.store import certificate as store_certificates
from qmsdocs.store import disposal, purge
from qmsdocs.store.certificate import Certificate, needed
from qmsdocs.store.rows import Row
from qmsdocs.system.view import System

Options = Mapping[str, Any]


def dispose(session: Session, numbers: tuple[str, ...], options: Options) -> int:
    """0 when every certificate is carried out, 1 when one waits or something is left, 2 when nothing was done."""
    _ready(session)
    order = _order(session, options)
    act = Act(session.by, options["reason"])
    objections.refuse_schedule(session.system)
    refuse_apart(session.system)
    objections.refuse_people(session.system, order, act)
    chosen = _chosen(session, numbers, order, options)
    if not chosen:
        session.answer(session.say("nothing is due that may be destroyed"))
        return 0
    ledgers = {ledger: [item for item in chosen if item.row.ledger == ledger] for ledger in _ledgers(chosen)}
    for ledger, items in ledgers.items():  # nothing is written where one of them is refused
        acts.draw_up(session.system, ledger, items, order, act)
    if not options["as_json"]:
        write_grid(session, disposal_list.planned_grid(session.system, chosen, catalogue=session.catalogue), None)
    named = _naming(session, [item.row for item in chosen], is_asked=order.is_erasure)
    if options["dry_run"]:
        session.answer(session.say("nothing speaks against it; nothing was written"))
        return 0
    _agreed(options, session.say("destroy these {count} records for good?", count=len(chosen)))
    drawn = []
    for ledger, items in ledgers.items():
        outcome = session.apply(lambda system: acts.draw_up(system, ledger, _again(system, items), order, act))  # noqa: B023
        drawn.append(outcome.posted[0].number)
    for number in drawn:
        for person in order.witnesses:
            if not acts.the_certificate(session.system, number).is_carried_out:
                _sign(session, number, person)
    return _said(session, drawn, options, named)


def _ready(session: Session) -> None:
    """Nothing; what an interrupted disposal left to be done is done, so that nothing is planned on what is gone."""
    session.refuse_on()
    session.carry_out()


def _again(system: System, items: Sequence[Kept]) -> tuple[Kept, ...]:
    """The records as they stand when the certificate is drawn up."""
    rows = [row for item in items if (row := system.index.by_key(item.row.key)) is not None]
    return tuple(kept(system, rows))


def _order(session: Session, options: Options) -> objections.Order:
    system = session.system

    def text(name: str) -> str | None:
        written = options.get(name)
        return given.named(f"--{name.replace('_', '-')}", written) if written else None

    return objections.Order(
        witnesses=tuple(options["witnesses"]),
        place=text("place") or system.organisation.site[system.site].title.of(system.language),
        method=text("method"),
        paper=text("paper"),
        opinion=text("opinion"),
        requested_by=text("requested_by"),
        law_checked=text("law_checked"),
    )


def _chosen(session: Session, numbers: tuple[str, ...], order: objections.Order, options: Options) -> tuple[Kept, ...]:
    """The records to destroy. Raises QmsError for one named that may not be; of those due such are left out."""
    system = session.system
    if bool(numbers) == bool(options.get("is_due")):
        raise QmsError("which records?", hint=message("name their numbers, or --due for all that are due"))
    if numbers:
        return tuple(kept(system, [system.record_row(number) for number in dict.fromkeys(numbers)]))
    found = [
        item
        for item in due(system, on=system.today)
        if (not options["classes"] or item.retention in options["classes"])
        and (not options["forms"] or item.row.form in options["forms"])
        and disposal_list.is_ours(system, item)
    ]
    fit: list[Kept] = []
    is_doubtful = any(True for _ in doubts(system, [item.row for item in found]))
    for item in found:
        if not objections.is_destroyed(system, item):
            against = [message("{number}: its class says otherwise; name it to destroy it", number=item.row.number)]
        else:
            against = [
                *objections.refusals(system, [item], order),
                *(doubts(system, [item.row]) if is_doubtful else ()),
            ]
        for said in against[:1]:
            session.tell("left out: {what}", what=said)
        if not against:
            fit.append(item)
    return tuple(fit)


def _ledgers(chosen: Sequence[Kept]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item.row.ledger for item in chosen))


def _agreed(options: Options, question: str) -> None:
    """Nothing; raises QmsError unless somebody at the terminal, or -y, says so."""
    if options["is_agreed"]:
        return
    if not sys.stdin.isatty():
        raise QmsError("nobody is here to be asked", hint=message("-y, after the list was looked at"))
    if not click.confirm(question, default=False, err=True):
        raise QmsError("nothing was written")


def _sign(session: Session, number: str, person: str) -> None:
    """Nothing; the person has witnessed, and with the last signature the records are gone. A missing key is told."""
    try:
        session.keyring.signer(session.system, person)
    except QmsError as error:
        session.tell("{number}: {what}", number=number, what=error.message)
        return
    store, item = session.system.store, acts.the_certificate(session.system, number)
    is_last = len(item.witnesses) + 1 >= needed(item.said)
    if is_last:
        refuse_apart(session.system)
    session.apply(lambda system: acts.witness(system, number, Act(person)))
    if is_last:
        disposal.carry_out(store, now=session.system.now)
    session.__dict__["system"] = session.system.refreshed(session.clock())


def witness(session: Session, number: str, options: Options) -> int:
    """0 when the certificate is carried out or one signature nearer to it."""
    _ready(session)
    item = acts.the_certificate(session.system, number)
    acts.witness(session.system, number, Act(session.by))
    if not options["as_json"]:
        write_grid(session, disposal_list.grid(item, catalogue=session.catalogue), None)
    rows = [row for record in item.records if (row := session.system.index.by_number(record.number)) is not None]
    named = _naming(session, rows, is_asked=objections.order_of(item).is_erasure)
    asked = session.say("were these {count} records compared, and are they to be destroyed?", count=len(item.records))
    _agreed(options, asked)
    session.keyring.signer(session.system, session.by)
    _sign(session, number, session.by)
    return _said(session, [number], options, named)


def _naming(session: Session, going: Sequence[Row], *, is_asked: bool) -> tuple[str, ...]:
    """The records that stay and name somebody of those that go; they were told."""
    named = naming(session.system, going, is_asked=is_asked)
    if named:
        session.tell(
            "their texts name somebody of these records, and no mask will know the name afterwards; "
            "amend or erase them too: {numbers}",
            numbers=named,
        )
    return named


def _said(session: Session, numbers: Sequence[str], options: Options, named: Sequence[str]) -> int:
    """0 when every certificate is carried out and nothing is left here, else 1; what became of each was said."""
    found = [acts.the_certificate(session.system, number) for number in numbers]
    if options["as_json"]:
        said = [as_json(session.system, item) for item in found]
        session.answer_json({"format": 1, "certificates": said, "naming": list(named)})
    for item in found if not options["as_json"] else ():
        _tell(session, item)
    is_done = all(item.is_carried_out and disposal.left_of(session.system.store, item) == 0 for item in found)
    return 0 if is_done else 1


def _tell(session: Session, item: Certificate) -> None:
    """Nothing; what became of one certificate was said."""
    system, number, count = session.system, item.number, len(item.records)
    left = disposal.left_of(system.store, item)
    if not item.is_carried_out:
        names = system.people.names()
        people = tuple(names.get(person, person) for person in missing(item))
        session.answer(session.say("{number} waits for {people}", number=number, people=people))
        session.tell("each of them: {command}", command=f"qmsdocs retention witness {number} --as {missing(item)[0]}")
        return
    if left == 0:
        session.answer(session.say("{number}: {count} records of {ledger} destroyed",
                                   number=number, count=count, ledger=ledger_title(system, item.ledger)))  # fmt: skip
    for path in disposal.removed_by(system.store, item):
        session.tell("removed with them: {path}", path=path)
    forms = {record.form for record in item.records}
    doubtful = purge.doubtful_drafts(system.store.place, forms, lambda key: item.holds_submission(key) is not None)
    if doubtful:
        session.tell("these drafts may still hold it; look, and delete them yourself: {paths}", paths=doubtful)
    if left:
        session.complain(session.say("{number}: something in this folder still holds {count} of them",
                                     number=number, count=left))  # fmt: skip
    session.tell("what the program cannot reach stands on the certificate: {command}",
                 command=f"qmsdocs retention certificate {number} -o {number}.pdf")  # fmt: skip


def missing(item: Certificate) -> tuple[str, ...]:
    """The witnesses named who have not signed."""
    return tuple(person for person in objections.order_of(item).witnesses if person not in item.witnesses)


def as_json(system: System, item: Certificate) -> dict[str, object]:
    """A certificate as one object, see docs/json.md."""
    state = disposal_list.state_of(system, item)
    return {
        "number": item.number,
        "ledger": item.ledger,
        "state": state,
        "by": item.authority,
        "witnesses": list(item.witnesses),
        "missing": list(missing(item)) if state == "waiting" else [],
        "carried_out_on": item.carried_out_on.isoformat() if item.carried_out_on else None,
        "left": disposal.left_of(system.store, item),
        "records": [
            {"number": record.number, "form": record.form, "class": record.retention, "reason": record.reason,
             "trigger_on": record.trigger_on.isoformat() if record.trigger_on else None,
             "due_on": record.due_on.isoformat() if record.due_on else None, "sha256": record.last}
            for record in item.records
        ],
    }  # fmt: skip


def certificates(session: Session, options: Options) -> int:
    """0; the certificates were listed, or one was given up."""
    if options["drop"]:
        act = Act(session.by, options["reason"])
        session.apply(lambda system: acts.drop(system, options["drop"], act))
        session.answer(session.say("{number}: given up; nothing was destroyed", number=options["drop"]))
        return 0
    system = session.system
    found = store_certificates.certificates(system.objects)
    if options["as_json"]:
        said = [as_json(system, item) for item in found]
        session.answer_json({"format": 1, "certificates": said, "naming": []}, options["output"])
    else:
        grid = disposal_list.certificates_grid(system, found, catalogue=session.catalogue)
        write_grid(session, grid, options["output"])
    return 0


def page(session: Session, number: str, output: str | None) -> int:
    """0; the certificate was written as a page, or its list shown."""
    item = acts.the_certificate(session.system, number)
    if output is None:
        write_grid(session, disposal_list.grid(item, catalogue=session.catalogue), None)
        return 0
    from qmsdocs.acts.disposal_page import pages

    session.write(pages(session.system, item, session.language, Path(output).suffix[1:].lower()), output)
    return 0
