"""Rules over single records (REC): what their bytes, their chain and their acts say against them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from qmsdocs.audit.case import Case, Fault
from qmsdocs.audit.rule import Hit
from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import QmsError, message
from qmsdocs.model.record import Event
from qmsdocs.store import names
from qmsdocs.store.arrival import EVENT_KEYS
from qmsdocs.store.journal import TOLERANCE


@dataclass(frozen=True, slots=True)
class RecordRule:
    """A rule over one record; it sees nothing else but what all records are judged by."""

    code: str
    check: Callable[[Case], Iterator[Hit]]


def missing_value(case: Case) -> Iterator[Hit]:
    """An act lacks a value that its form asked for."""
    yield from _replayed(case, Fault.MISSING)


def form_not_in_force(case: Case) -> Iterator[Hit]:
    """The record was taken in on a form revision that was neither in force nor in its grace period."""
    if not case.stored or not case.is_understood:
        return
    event, form = case.record.first, case.record.form
    if event.act == "void" and not form.sha256:
        return  # a number lost in a restore, of whose form nothing is known
    if case.form is None:
        yield Hit(case.number, message("the form {number} {revision} of this record is not held here",
                                       number=form.number, revision=form.revision))  # fmt: skip
    elif event.act == "issue":
        day = case.judge.local(event.recorded_at).date()
        if not case.judge.may_come(form, day):
            yield Hit(case.number, message("{form} {revision} was not in force on {day}",
                                           form=form.number, revision=form.revision, day=day))  # fmt: skip


def altered_after_issue(case: Case) -> Iterator[Hit]:
    """The bytes of an event are not those that a later act, or the record raised from it, has seen."""
    for path, why in case.unreadable:
        yield Hit(case.number, message("{path} cannot be read: {reason}", path=path, reason=why), path)
    for before, after in pairwise(case.stored):
        said = after.body.get("previous")
        if said is not None and said != before.sha256:
            yield Hit(case.number, message("{event} is not the one that {later} was written after",
                                           event=_name(before.path), later=_name(after.path)), before.path)  # fmt: skip
    yield from _raised(case)


def _raised(case: Case) -> Iterator[Hit]:
    raised = case.record.first.mapping("raised_from") if case.stored else {}
    parent, seen = raised.get("record"), raised.get("sha256")
    known = case.judge.hashes(str(parent)) if parent else None
    if known is not None and seen not in known:
        yield Hit(str(parent), message("{number} was raised from it and has seen an act that is not there",
                                       number=case.number))  # fmt: skip


def not_canonical(case: Case) -> Iterator[Hit]:
    """The bytes of an event are not in the one form in which the program writes them."""
    for stored, is_canonical in zip(case.stored, case.canonical, strict=True):
        if not is_canonical:
            yield Hit(case.number, message("{event} is not in canonical form", event=_name(stored.path)), stored.path)


def broken_chain(case: Case) -> Iterator[Hit]:
    """An event of the record is missing: the sequence has a gap, or an event does not name the one before it."""
    for expected, stored in enumerate(case.stored, 1):
        if stored.body.get("sequence") != expected:
            yield Hit(case.number, message("event {sequence} is missing", sequence=expected), stored.path)
            return
        if (expected == 1) != (stored.body.get("previous") is None):
            yield Hit(case.number, message("{event} does not name the event before it", event=_name(stored.path)),
                      stored.path)  # fmt: skip
            return


def derived_otherwise(case: Case) -> Iterator[Hit]:
    """A value that the program worked out does not come out again from the same facts."""
    yield from _replayed(case, Fault.DERIVED)


def attachment_missing(case: Case) -> Iterator[Hit]:
    """A file that belongs to the record is missing, or its bytes are others than those attached."""
    named = {digest: name for event in case.record.events for digest, name in _attached(event)} if case.stored else {}
    for digest, name in named.items():
        if digest not in case.attachments:
            yield Hit(case.number, message("the attachment {name} ({sha256}) is missing",
                                           name=name, sha256=digest[:12]))  # fmt: skip
    for digest, oid in case.attachments.items():
        yield from _wrong_bytes(case, digest, oid, named.get(digest))


def _wrong_bytes(case: Case, digest: str, oid: str, name: str | None) -> Iterator[Hit]:
    try:
        is_right = case.judge.system.objects.sha256(oid) == digest
    except QmsError:
        is_right = False
    if not is_right:
        yield Hit(case.number, message("the attachment {name} ({sha256}) is damaged or was altered",
                                       name=name or "-", sha256=digest[:12]))  # fmt: skip
    elif name is None and case.is_understood:
        yield Hit(case.number, message("a file lies with the record that no act attached ({sha256})",
                                       sha256=digest[:12]))  # fmt: skip


def unsigned(case: Case) -> Iterator[Hit]:
    """An act that is signed by whoever has a key was taken without a signature."""
    if case.form is None or not case.is_understood:
        return
    for event in case.record.events:
        step = case.form.form.step.get(event.act)
        if step is None or step.signs is None or event.mapping("signer"):
            continue
        known = case.judge.system.trust.known(event.text("control"))
        if case.judge.had_key(event.by, event.recorded_at, known):
            yield Hit(case.number, message("{act} by {person} is not signed, and it had to be",
                                           act=step.title, person=event.by))  # fmt: skip


def gate_open(case: Case) -> Iterator[Hit]:
    """An act was taken although a check or condition of its form spoke against it."""
    yield from _replayed(case, Fault.GATE)


def times_out_of_order(case: Case) -> Iterator[Hit]:
    """The times of the record contradict the order of its acts, or an act is claimed for a time yet to come."""
    for before, after in pairwise(case.record.events if case.stored else ()):
        if after.recorded_at < before.recorded_at - TOLERANCE:
            yield Hit(case.number, message("{act} was recorded at {time}, before the act it follows",
                                           act=after.act, time=_time(case, after.recorded_at)))  # fmt: skip
    for event in case.record.events if case.stored else ():
        if event.text("happened_at") and event.at > event.recorded_at + TOLERANCE:
            yield Hit(case.number, message("{act} is said to have happened at {time}, after it was recorded",
                                           act=event.act, time=_time(case, event.at)))  # fmt: skip


def judged_wrongly(case: Case) -> Iterator[Hit]:
    """The record is judged by other revisions than those in force on its day, as far as could be known then."""
    if case.misjudged is not None:
        expected, procedure, day, known = case.misjudged
        then = case.judge.pinned(procedure, day, known)
        if then != case.record.first.mapping("parameters"):
            said = message("judged by {used} of {procedure}; on {day} {expected} was in force",
                           used=_short(dict(case.record.first.mapping("parameters"))), procedure=procedure, day=day,
                           expected=_short(then or expected))  # fmt: skip
            yield Hit(case.number, said)


def judged_unknowing(case: Case) -> Iterator[Hit]:
    """A release that the site did not know yet was in force on the record's day."""
    if case.misjudged is not None:
        expected, procedure, day, known = case.misjudged
        if case.judge.pinned(procedure, day, known) == case.record.first.mapping("parameters"):
            said = message("on {day} {expected} of {procedure} was in force, which the site did not know",
                           day=day, expected=_short(expected), procedure=procedure)  # fmt: skip
            yield Hit(case.number, said)


def unlawful_act(case: Case) -> Iterator[Hit]:
    """An act that the form does not allow where the record stood, or that leads to another state than it says."""
    yield from _replayed(case, Fault.COURSE)


def not_believable(case: Case) -> Iterator[Hit]:
    """An event was made for another place or repository, or its signature, key or signer do not hold."""
    for stored in case.stored:
        for why in case.judge.system.trust.problems(stored):
            yield Hit(case.number, message("{event}: {reason}", event=_name(stored.path), reason=why), stored.path)


def misplaced(case: Case) -> Iterator[Hit]:
    """The number, form or parameters differ within the record, or the number does not fit its form and its place."""
    if not case.stored or not case.is_understood:
        return
    first = case.record.first
    for event in case.record.events[1:]:
        for key in ("record", "form", "parameters"):
            if event.mapping(key) != first.mapping(key):
                yield Hit(case.number, message("{act} names another {key} than the act before", act=event.act, key=key))
    for event in case.record.events:
        if not case.judge.holds_journal(case.ledger, event.text("journal")):
            yield Hit(case.number, message("{act} names a state of the journal that is not held here", act=event.act))
    yield from _unfit_number(case)


def _unfit_number(case: Case) -> Iterator[Hit]:
    place = names.parse_branch(case.ledger)
    if case.form is None or place is None:
        return
    event, form = case.record.first, case.form.form
    site = case.judge.organisation(case.judge.local(event.recorded_at).date()).site.get(place.site)
    read = form.pattern.read(case.number, site=site.code) if site is not None else None
    if site is None:
        yield Hit(case.number, message("there is no site {site}", site=place.site))
    elif read is None or read.serial != case.serial or f"{read.year:04d}" != place.year:
        yield Hit(case.number, message("the number does not fit its form and place ({place})",
                                       place=f"{case.ledger}/{case.series}/{case.serial:06d}"))  # fmt: skip
    elif case.series != form.series.id and not case.series.startswith(f"{form.series.id}-"):
        yield Hit(case.number, message("the series {series} is not that of its form", series=case.series))


def odd_keys(case: Case) -> Iterator[Hit]:
    """An event lacks a key that every event has, or has one that this program does not know."""
    for stored in case.stored if case.is_understood else ():
        if odd := tuple(sorted(stored.body.keys() ^ EVENT_KEYS)):
            yield Hit(case.number, message("{event} has other keys than an event has: {keys}",
                                           event=_name(stored.path), keys=odd), stored.path)  # fmt: skip


def newer_program(case: Case) -> Iterator[Hit]:
    """The record holds an act of a newer program, which this one cannot judge."""
    if case.stored and not case.is_understood:
        yield Hit(case.number, message("it holds an act of a newer program; update qmsdocs to judge it"))


def unfit_value(case: Case) -> Iterator[Hit]:
    """A stored value is none that its field can hold."""
    yield from _replayed(case, Fault.UNFIT)


def without_role(case: Case) -> Iterator[Hit]:
    """A step was taken by somebody who did not have its role on that day."""
    yield from _replayed(case, Fault.ROLE)


def parameters_gone(case: Case) -> Iterator[Hit]:
    """The revision that a record is judged by is not held here."""
    if case.form is not None and case.judge.parameters(case.record.first.mapping("parameters")) is None:
        yield Hit(case.number, message("the revision it is judged by is not held here"))


def _replayed(case: Case, fault: Fault) -> Iterator[Hit]:
    for found in case.replayed:
        if found.fault is fault:
            said = message("{act}: {what}", act=found.event.act, what=found.message)
            yield Hit(case.number, said, found.event.act)


def _attached(event: Event) -> Iterator[tuple[str, str]]:
    for value in event.changes.values():
        yield from _files(value)


def _files(value: Json) -> Iterator[tuple[str, str]]:
    """Sha256 and name of the attachments in a value whose bytes lie with the record."""
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict) and isinstance(item.get("sha256"), str) and "held_at" not in item:
            yield str(item["sha256"]), str(item.get("name"))


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _short(pinned: object) -> str:
    return ", ".join(str(value)[:8] for value in pinned.values()) if isinstance(pinned, dict) else "-"


def _time(case: Case, moment: datetime) -> str:
    return f"{case.judge.local(moment):%Y-%m-%d %H:%M}"


RULES: tuple[RecordRule, ...] = (
    RecordRule("REC201", missing_value),
    RecordRule("REC202", form_not_in_force),
    RecordRule("REC204", altered_after_issue),
    RecordRule("REC206", not_canonical),
    RecordRule("REC207", broken_chain),
    RecordRule("REC208", derived_otherwise),
    RecordRule("REC209", attachment_missing),
    RecordRule("REC211", unsigned),
    RecordRule("REC212", gate_open),
    RecordRule("REC213", times_out_of_order),
    RecordRule("REC214", judged_wrongly),
    RecordRule("REC215", judged_unknowing),
    RecordRule("REC216", unlawful_act),
    RecordRule("REC217", not_believable),
    RecordRule("REC218", newer_program),
    RecordRule("REC219", unfit_value),
    RecordRule("REC220", without_role),
    RecordRule("REC222", parameters_gone),
    RecordRule("REC224", misplaced),
    RecordRule("REC226", odd_keys),
)
