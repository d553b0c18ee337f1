"""What `retention dispose`, `erase`, `witness`, `certificates` and `certificate` do."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
from qmsdocs.query.personal import holding, naming
from qmsdocs.query.retention import Kept, due, kept, ledger_title
from qmsdocs.store import certificate as store_certificates
from qmsdocs.store import disposal, purge
from qmsdocs.store.certificate import Certificate, needed
from qmsdocs.store.rows import Row
from qmsdocs.system.view import System

Options = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Traces:
    """What stays and names somebody of the records that go: other records, and files in the folder."""

    records: tuple[str, ...]
    files: tuple[Path, ...]


def dispose(session: Session, numbers: tuple[str, ...], options: Options) -> int:
    """0 when every certificate is carried out, 1 when one waits or something is left, 2 when nothing was done."""
    _ready(session)
    order = _order(session, options)
    act = _act(session, options)
    objections.refuse_schedule(session.system)
    refuse_apart(session.system)
    objections.refuse_people(session.system, order, act)
    chosen = _chosen(session, numbers, order, options)
    if not chosen:
        session.answer(session.say("nothing is due that may be destroyed"))
        return 0
    ledgers = {ledger: [item.row.key for item in chosen if item.row.ledger == ledger] for ledger in _ledgers(chosen)}
    for ledger, keys in ledgers.items():  # nothing is written where one of them is refused
        acts.draw_up(session.system, ledger, keys, order, act)
    if not options["as_json"]:
        write_grid(session, disposal_list.planned_grid(session.system, chosen, catalogue=session.catalogue), None)
    traces = _traces(session, [item.row for item in chosen], is_asked=order.is_erasure)
    if options["dry_run"]:
        session.answer(session.say("nothing speaks against it; nothing was written"))
        return 0
    _agreed(options, session.say("destroy these {count} records for good?", count=len(chosen)))
    drawn = []
    for ledger, keys in ledgers.items():
        outcome = session.apply(lambda system: acts.draw_up(system, ledger, keys, order, act))  # noqa: B023
        drawn.append(outcome.posted[0].number)
    for number in drawn:
        for person in order.witnesses:
            if not acts.the_certificate(session.system, number).is_carried_out:
                _sign(session, number, replace(act, by=person) if act.clock_is_right else Act(person))
    return _said(session, drawn, options, traces)


def _act(session: Session, options: Options) -> Act:
    return Act(session.by, options["reason"], options["clock_is_right"])


def _ready(session: Session) -> None:
    """Nothing; what an interrupted disposal left to be done is done, so that nothing is planned on what is gone.

    The index is made anew: what is due, lent, needed or on hold is what the ledgers say, whoever has changed the file.
    """
    session.refuse_on()
    session.carry_out()
    session.system.store.index.rebuild()


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


def _sign(session: Session, number: str, act: Act) -> None:
    """Nothing; the person has witnessed, and with the last signature the records are gone. A missing key is told."""
    try:
        session.keyring.signer(session.system, act.by)
    except QmsError as error:
        session.tell("{number}: {what}", number=number, what=error.message)
        return
    store, item = session.system.store, acts.the_certificate(session.system, number)
    is_last = len(item.witnesses) + 1 >= needed(item.said)
    if is_last:
        refuse_apart(session.system)
    session.apply(lambda system: acts.witness(system, number, act))
    if is_last:
        disposal.carry_out(store, now=session.system.now)
    session.__dict__["system"] = session.system.refreshed(session.clock())


def witness(session: Session, number: str, options: Options) -> int:
    """0 when the certificate is carried out or one signature nearer to it."""
    _ready(session)
    item, act = acts.the_certificate(session.system, number), _act(session, options)
    acts.witness(session.system, number, act)
    if not options["as_json"]:
        write_grid(session, disposal_list.grid(item, catalogue=session.catalogue), None)
    rows = [row for record in item.records if (row := session.system.index.by_number(record.number)) is not None]
    traces = _traces(session, rows, is_asked=objections.order_of(item).is_erasure)
    if options["dry_run"]:
        session.answer(session.say("nothing speaks against it; nothing was written"))
        return 0
    asked = session.say("were these {count} records compared, and are they to be destroyed?", count=len(item.records))
    _agreed(options, asked)
    session.keyring.signer(session.system, session.by)
    _sign(session, number, act)
    return _said(session, [number], options, traces)


def _traces(session: Session, going: Sequence[Row], *, is_asked: bool) -> Traces:
    """What stays and names somebody of the records that go; the records of it were told."""
    named = naming(session.system, going, is_asked=is_asked)
    if named:
        session.tell(
            "their texts name somebody of these records, and no mask will know the name afterwards; "
            "amend or erase them too: {numbers}",
            numbers=named,
        )
    return Traces(named, holding(session.system, going))


def _said(session: Session, numbers: Sequence[str], options: Options, traces: Traces) -> int:
    """0 when every certificate is carried out and nothing is left here, else 1; what became of each was said."""
    system = session.system
    found = [acts.the_certificate(system, number) for number in numbers]
    files = [path.relative_to(system.place.root).as_posix() for path in traces.files if path.exists()]
    if options["as_json"]:
        said = [as_json(system, item) for item in found]
        names = {"naming": list(traces.records), "files": files}
        session.answer_json({"format": 1, "certificates": said, **names})
    for item in found if not options["as_json"] else ():
        _tell(session, item, files)
    if files and any(item.is_carried_out for item in found) and not options["as_json"]:
        told = "files in the folder hold something personal of these records; look, and delete them yourself: {paths}"
        session.tell(told, paths=files)
    is_done = all(item.is_carried_out and disposal.left_of(system.store, item) == 0 for item in found)
    return 0 if is_done else 1


def _tell(session: Session, item: Certificate, files: Sequence[str]) -> None:
    """Nothing; what became of one certificate was said; `files` are told apart."""
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
    if unlike := [path for path in doubtful if path not in files]:
        session.tell("these drafts may still hold it; look, and delete them yourself: {paths}", paths=unlike)
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
        act = _act(session, options)
        if not session.apply(lambda system: acts.drop(system, options["drop"], act), dry_run=options["dry_run"]).posted:
            session.answer(session.say("nothing speaks against it; nothing was written"))
            return 0
        session.answer(session.say("{number}: given up; nothing was destroyed", number=options["drop"]))
        return 0
    system = session.system
    found = store_certificates.certificates(system.objects)
    if options["as_json"]:
        said = [as_json(system, item) for item in found]
        session.answer_json({"format": 1, "certificates": said, "naming": [], "files": []}, options["output"])
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
