"""Plans for disposal: a certificate drawn up and authorised, witnessed, carried out, or given up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

from qmsdocs.acts.believing import doubts
from qmsdocs.acts.control import Act, authority_of, change, text_of
from qmsdocs.acts.objections import (
    Order,
    is_handed_over,
    needed,
    order_of,
    refusals,
    refuse,
    refuse_named,
    refuse_without_key,
)
from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.base.language import Catalogue
from qmsdocs.query.retention import Kept, kept, waits
from qmsdocs.store import certificate as certificates
from qmsdocs.store import control, disposal, ledger, names
from qmsdocs.store.certificate import CARRY_OUT, DROP, WITNESS, Certificate, Disposed, digest_of
from qmsdocs.store.event import Change, Draft, NewNumber, OfDraft, RecordKey
from qmsdocs.store.rows import Row
from qmsdocs.system import believed, builtin
from qmsdocs.system.view import System

AUTHORISED, CARRIED_OUT, DROPPED = "authorised", "carried_out", "dropped"
BEYOND_REACH = (
    message("backups made before, until they are replaced"),
    message("shared stores and copies that have not been brought level since, and shared stores without a guard"),
    message("what was printed, sent, exported or handed out"),
    message("tables, scans and messages from which the records were taken in"),
    message("what other records quote of them"),
    message("drafts that were kept among the versions of the folder"),
    message("space on the disk that was let go and is not yet written over"),
)


class Reason(StrEnum):
    """Why a record is destroyed."""

    PERIOD = "period"
    ERASURE = "erasure"
    TRANSFER = "transfer"


def draw_up(system: System, branch: str, keys: Sequence[RecordKey], order: Order, act: Act) -> Change:
    """The change that draws up and authorises a certificate over records of one ledger. Raises QmsError."""
    head, items = system.objects.local_commit(branch), _standing(system, keys)
    if not items or head is None:
        raise QmsError("{ledger}: there is nothing left to destroy", ledger=branch)
    refuse(system, items, order, act)
    salt, words = system.store.nonce(), Catalogue.load(system.language)
    method, paper = _usual(system, items[0])
    said_of: dict[str, Json] = {
        "ledger": branch,
        "requested_by": text_of(order.requested_by, message("who asked for it")),
        "law_checked": text_of(order.law_checked, message("what was looked up")),
        "opinion": text_of(order.opinion, message("the opinion")),
        "method": text_of(order.method, message("the method")) or words.say("{said}", said=method),
        "place": text_of(order.place, message("the place")),
        "paper": text_of(order.paper, message("the paper originals")) or words.say("{said}", said=paper),
        "beyond_reach": [words.say("{said}", said=said) for said in BEYOND_REACH],
        "needed": needed(system),
        "witnesses": list(dict.fromkeys(order.witnesses)),
        "salt": salt,
        "records": [_listed(system, item, order, salt) for item in items],
    }
    draft = Draft(
        record=_number_at(system.organisation.site[system.site].code),
        act="issue",
        state=AUTHORISED,
        set={name: value for name, value in said_of.items() if value is not None},
        form=builtin.reference(builtin.DISPOSAL),
        meaning="approved",
        acts=builtin.acts(builtin.DISPOSAL),
    )
    return replace(_in_journal(system, act, [draft]), standing={branch: head})


def _standing(system: System, keys: Sequence[RecordKey]) -> tuple[Kept, ...]:
    """How long records are kept, as they stand now. Raises QmsError where what was shown is not what the ledger holds.

    Whoever changes the index, which is derived, destroys nothing by that.
    """
    rows = []
    for key in keys:
        row = system.index.anew(key)
        if row != system.index.by_key(key) or (row is not None and row.number != key.number):
            raise QmsError("the index does not say of {number} what its ledger says", number=key.number,
                           hint=message("qmsdocs index rebuild"))  # fmt: skip
        rows += [row] if row is not None else []
    return tuple(kept(system, rows))


def _usual(system: System, item: Kept) -> tuple[Message, Message]:
    """How records of a class are destroyed, and what becomes of their paper originals where there are any."""
    rule = system.schedule.class_.get(item.retention)
    if rule is None or rule.place is None:
        return message("the program destroys the electronic records"), message("none: kept electronically only")
    return (
        message("the program destroys the electronic records; paper is shredded"),
        message("{place}: destroyed by the same list", place=rule.place),
    )


def _number_at(code: str) -> NewNumber:
    return builtin.number_at(builtin.DISPOSAL, code)


def _in_journal(system: System, act: Act, drafts: Sequence[Draft]) -> Change:
    return replace(change(system, act, drafts), stem=names.JOURNAL)


def _listed(system: System, item: Kept, order: Order, salt: str) -> dict[str, Json]:
    """A record as its certificate keeps it: nothing of what stands in it."""
    row = item.row
    events = ledger.events_of(system.objects, row.key)
    head = system.objects.head(row.ledger)
    folder = names.record_folder(row.series, row.serial)
    attached = system.objects.listing(head.commit, f"{folder}/files") if head else ()
    keys = sorted({digest_of(salt, key) for stored in events if (key := stored.event.text("submission"))})
    rule = system.schedule.class_[item.retention]
    found: dict[str, Json] = {
        "number": row.number,
        "series": row.series,
        "serial": row.serial,
        "form": row.form,
        "title": system.form_of_row(row).form.title.of(system.language),
        "year": row.year,
        "retention": item.retention,
        "period": rule.length.of(system.language) if rule.length is not None else rule.period,
        "trigger_on": item.trigger_on.isoformat() if item.trigger_on else None,
        "due_on": item.due_on.isoformat() if item.due_on else None,
        "reason": _reason(item, order),
        "sha256": events[-1].sha256,
        "events": len(events),
        "attachments": len(attached),
        "submissions": list[Json](keys),
        "raised_from": row.raised_from or None,
        "raise_name": row.raise_name or None,
        "void": row.is_void or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _reason(item: Kept, order: Order) -> Reason:
    if order.is_erasure:
        return Reason.ERASURE
    return Reason.TRANSFER if is_handed_over(item) else Reason.PERIOD


def the_certificate(system: System, number: str) -> Certificate:
    """The certificate with a number, of whatever site; the one whose place the number fits. Raises QmsError."""

    def is_odd(item: Certificate) -> bool:
        site = system.organisation.site.get(item.site)
        return site is None or number != names.printed(_number_at(site.code).template, item.serial)

    all_of_them = certificates.certificates(system.objects)
    found = [item for item in all_of_them if item.number == number and number.endswith(f"-{item.serial:06d}")]
    if found:
        return min(found, key=is_odd)
    raise QmsError("there is no certificate {number}", number=number, hint=message("qmsdocs retention certificates"))


def witness(system: System, number: str, act: Act) -> Change:
    """The change by which a person witnesses; with the last signature the records are given up for good.

    Raises QmsError where the records are no longer those on the certificate, or may not be destroyed any more.
    """
    item = _waiting(system, number)
    named = order_of(item).witnesses
    if act.by not in named:
        raise QmsError("{person} is not named as a witness on {number}", person=act.by, number=number,
                       hint=message("--as {people}", people=named))  # fmt: skip
    if act.by in item.witnesses:
        raise QmsError("{person} has signed {number} already", person=act.by, number=number)
    refuse_without_key(system, act.by)
    _refuse_changed(system, item, act)
    for why in believed.problems(system.trust, item):
        raise QmsError("{number} cannot be believed: {why}", number=number, why=why, hint=_anew(number))
    drafts = [_step(item, WITNESS, AUTHORISED, {}, meaning="witnessed")]
    if len(item.witnesses) + 1 < certificates.needed(item.said):
        return _in_journal(system, act, drafts)
    before = system.objects.local_commit(item.ledger)
    if before is None:
        raise QmsError("{ledger} is not held here", ledger=item.ledger)
    root = disposal.root_for(system.store, item, before)
    done: dict[str, Json] = {"before": before, "root": root.commit, "tree": root.tree}
    drafts.append(
        replace(_step(item, CARRY_OUT, CARRIED_OUT, done, meaning="carried_out"), record=OfDraft(0), after=None)
    )
    return replace(_in_journal(system, act, drafts), standing={item.ledger: before})


def drop(system: System, number: str, act: Act) -> Change:
    """The change that gives a certificate up before anything was destroyed."""
    item = _waiting(system, number)
    if not (act.reason or "").strip():
        raise QmsError("giving a certificate up needs a reason", hint=message("-m REASON"))
    authority_of(system, act.by, system.officers.approve, message("giving a certificate up"))
    refuse_named(system, filter(None, (_row(system, item, record) for record in item.records)), act.reason)
    return _in_journal(system, act, [_step(item, DROP, DROPPED, {}, meaning="approved")])


def _waiting(system: System, number: str) -> Certificate:
    item = the_certificate(system, number)
    if item.is_carried_out:
        raise QmsError("{number} was carried out on {day}", number=number, day=item.carried_out_on or "-")
    if not waits(system, item):
        raise QmsError("{number} was given up", number=number)
    return item


def _step(item: Certificate, act: str, state: str, given: Mapping[str, Json], *, meaning: str) -> Draft:
    return Draft(
        record=control.key_of(item.events[0]),
        act=act,
        state=state,
        set=given,
        form=builtin.reference(builtin.DISPOSAL),
        after=item.events[-1].sha256,
        meaning=meaning,
        acts=builtin.acts(builtin.DISPOSAL),
    )


def _refuse_changed(system: System, item: Certificate, act: Act) -> None:
    """Nothing; raises QmsError where a record has moved on since, or something speaks against its end by now."""
    hint, rows = _anew(item.number), []
    for record in item.records:
        row = _row(system, item, record)
        if row is None or (row.number, row.sha256) != (record.number, record.last):
            raise QmsError("{number} is no longer what {certificate} says",
                           number=record.number, certificate=item.number, hint=hint)  # fmt: skip
        rows.append(row)
    for said in refusals(system, tuple(kept(system, rows)), order_of(item), certificate=item.number):
        raise QmsError("{said}", said=said, hint=hint)
    for said in doubts(system, rows, (item.authority, *order_of(item).witnesses)):
        raise QmsError("{said}", said=said, hint=hint)
    refuse_named(system, rows, act.reason)


def _row(system: System, item: Certificate, record: Disposed) -> Row | None:
    """A record of a certificate as its ledger holds it, None where it holds none."""
    return system.index.anew(RecordKey(item.ledger, record.series, record.serial, record.number))


def _anew(number: str) -> Message:
    return message("qmsdocs retention certificates --drop {number} -m REASON, and begin again", number=number)


def problems(system: System, item: Certificate) -> Iterator[Message]:
    """Everything that speaks against carrying a certificate out here: all against it, and what is held of its records.

    A copy that stayed behind holds less of a record than was destroyed; one that holds other acts keeps them.
    """
    yield from believed.problems(system.trust, item)
    rows = []
    for record in item.records:
        if (row := _row(system, item, record)) is None:
            continue
        rows.append(row)
        held = ledger.events_of(system.objects, row.key)
        is_behind = len(held) < record.events and record.last not in {stored.sha256 for stored in held}
        if row.number != record.number or not (is_behind or held[-1].sha256 == record.last):
            yield message("{number} is no longer what {certificate} says", number=row.number, certificate=item.number)
    order, known = order_of(item), system.trust.definitions(item.events[0].event.text("control"))
    if known is None:
        return
    drawn_up = known.day_of(item.events[0].event.recorded_at)
    classes = known.schedule(on=drawn_up).class_
    for found in kept(system, rows, classes=classes):
        for hold in found.holds:
            yield message("{number} is on hold: {hold} {title}",
                          number=found.row.number, hold=hold.record, title=hold.title)  # fmt: skip
        if (found.row.is_closed or found.row.is_void) and not order.is_erasure:
            yield from believed.too_early(found.row.number, found.retention, classes.get(found.retention), found.due_on,
                                          found.decision, drawn_up, is_erasure=False)  # fmt: skip


def arrive(system: System) -> bool:
    """Whether certificates were carried out here now that came from another copy, or of which no note was kept."""

    def believes(item: Certificate) -> bool:
        return not any(True for _ in problems(system, item))

    return bool(disposal.arrive(system.store, now=system.now, believes=believes))
