"""Certificates of disposal that can be believed: by their acts, their people, their list and the schedule of then."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date

from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.model.approval import Offices
from qmsdocs.model.hold import Decision, DecisionKind
from qmsdocs.model.organisation import Approval
from qmsdocs.model.record import Event, Record
from qmsdocs.model.release import ItemKind, in_force
from qmsdocs.model.retention import SCHEDULE, Disposition, RetentionClass, due_on, extended, following
from qmsdocs.store import control, journal, names
from qmsdocs.store.certificate import COURSE, FEWEST, Believed, Certificate, Disposed, carried_out, needed
from qmsdocs.store.event import Stored
from qmsdocs.store.objects import Objects
from qmsdocs.store.opened import Seated
from qmsdocs.system.definitions import Definitions
from qmsdocs.system.rights import counted
from qmsdocs.system.trust import Trust

RESTS_ON = (SCHEDULE, "people.toml", "qms.toml")
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


def believer() -> Believed:
    """What gives the certificates carried out that can be believed; the same journals are judged once."""
    known: dict[tuple[str, ...], tuple[Certificate, ...]] = {}

    def believed(objects: Objects) -> tuple[Certificate, ...]:
        said = carried_out(objects)
        control = objects.head(names.CONTROL)
        if not said or control is None:
            return ()
        journals = (f"{branch} {head.commit}" for branch, head in objects.heads(_is_journal).items())
        state = (control.commit, *journals)
        if state not in known:
            trust = trust_of(objects, control.commit)
            known[state] = tuple(item for item in said if not any(True for _ in problems(trust, item)))
        return known[state]

    return believed


def judge_of_seats() -> Seated:
    """What says whether a seat can be believed; with no releases there is nobody who could have had a key."""
    known: dict[tuple[str, str, str], bool] = {}

    def seated(objects: Objects, stored: Stored) -> bool:
        control, own = objects.head(names.CONTROL), objects.head(stored.ledger)
        if control is None or own is None:
            return True
        state = (control.commit, own.commit, stored.path)
        if state not in known:
            known[state] = not trust_of(objects, control.commit).problems(stored)
        return known[state]

    return seated


def trust_of(objects: Objects, commit: str) -> Trust:
    """Whether acts can be believed, by the releases up to a commit."""
    return Trust.of(Definitions.at(objects, commit), journal.repository_id(objects) or "")


def _is_journal(branch: str) -> bool:
    return branch.startswith(names.JOURNAL)


def problems(trust: Trust, item: Certificate) -> Iterator[Message]:
    """Everything that speaks against believing a certificate, whatever is held here of what it destroys."""
    yield from _acts(trust, item)
    first = item.events[0].event
    yield from listed(item.site, first)
    known = trust.definitions(first.text("control"))
    if known is None:
        return  # which the first act says
    try:
        yield from rests_on(known, trust, {record.number for record in item.records}, on=_day(known, item))
        yield from _people(known, item)
        yield from _by_schedule(known, item)
    except QmsError as error:  # what was in force then cannot be read
        yield error.message


def rests_on(known: Definitions, trust: Trust, numbers: Collection[str], *, on: date) -> Iterator[Message]:
    """What cannot be believed of what a destruction of records rests on: the settings of a day, holds and decisions.

    A hold whose lifting cannot be believed stands (see `query.retention.holds`); one that cannot be read at all may
    cover anything.
    """
    for name in RESTS_ON:
        release = in_force(known.releases, ItemKind.CONFIGURATION, name, on=on)
        for why in doubtful(trust, known.events(release)) if release is not None else ():
            yield message("{number} {revision} in force cannot be believed: {why}",
                          number=name, revision=release.revision if release else "-", why=why)  # fmt: skip
    for hold in known.unreadable_holds:
        yield message("the hold {hold} cannot be read: nobody can say what it covers", hold=hold)
    for events in known.series(control.DECISIONS):
        said = events[0].event.changes.get("numbers")
        if not isinstance(said, list) or not {str(number) for number in said}.isdisjoint(numbers):
            yield from _of_decision(trust, events)


def _of_decision(trust: Trust, events: tuple[Stored, ...]) -> Iterator[Message]:
    number = control.key_of(events[0]).number
    try:
        Decision.of(Record(tuple(stored.event for stored in events)))
    except ValueError:
        yield message("{number} needs a newer program", number=number)
    for why in doubtful(trust, events):
        yield message("the decision {decision} cannot be believed: {why}", decision=number, why=why)


def doubtful(trust: Trust, events: Sequence[Stored]) -> Iterator[Message]:
    """The first thing that speaks against each of the acts of a record of control that count."""
    for stored in counted(events):
        yield from trust.problems(stored)[:1]


def _acts(trust: Trust, item: Certificate) -> Iterator[Message]:
    """What speaks against its acts: each by itself, and that one follows the other."""
    state, chained = "", None
    for sequence, stored in enumerate(item.counted, 1):
        event = stored.event
        if (event.body.get("sequence"), event.body.get("previous")) != (sequence, chained):
            yield message("it does not follow the act before it in its record")
        if COURSE.get(event.act) != (state, event.state):
            yield message("the act {act} leads from {before} to {state}",
                          act=event.act, before=state or "-", state=event.state)  # fmt: skip
        state, chained = event.state, stored.sha256
        yield from trust.problems(stored)


def listed(site: str, event: Event) -> Iterator[Message]:
    """What speaks against the list of a certificate: a ledger of another site, records that cannot be any."""
    said = event.mapping("set")
    branch = names.parse_branch(str(said.get("ledger")))
    rows = said.get("records")
    if branch is None or (branch.kind, branch.site) != (names.Kind.RECORDS, site):
        yield message("{ledger} is no ledger of this site", ledger=str(said.get("ledger")))
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) and _is_row(row) for row in rows):
        yield message("its list of records cannot be read")
    if type(said.get("needed")) is not int or not isinstance(said.get("witnesses"), list):
        yield message("it does not say who witnesses it")


def _is_row(row: Mapping[str, Json]) -> bool:
    serial, series, digest = row.get("serial"), row.get("series"), row.get("sha256")
    if type(serial) is not int or not isinstance(series, str) or not isinstance(row.get("number"), str):
        return False
    try:
        names.record_folder(series, serial)
    except QmsError:
        return False
    return isinstance(digest, str) and _SHA256.fullmatch(digest) is not None


def _people(known: Definitions, item: Certificate) -> Iterator[Message]:
    """What speaks against its witnesses: too few, one for whom it was authorised, for an erasure nobody who reviews."""
    day, matrix = _day(known, item), _officers(known, item)
    offices = Offices(known.people(on=day), known.delegations, day)
    authority = offices.authority(item.authority, matrix.approve)
    if authority is not None and authority.behalf in item.witnesses:
        yield message("{person} authorises the destruction and cannot witness it too", person=authority.behalf)
    asked = known.all_parameters(on=day).get("witnesses")
    count = max(FEWEST, int(asked.amount)) if asked is not None else FEWEST
    if needed(item.said) < count:
        yield message("a destruction needs {count} witnesses; {given} are named",
                      count=count, given=needed(item.said))  # fmt: skip
    named = item.witnesses if item.is_carried_out else _named(item)
    if _is_erasure(item) and not any(offices.authority(person, matrix.review) for person in named):
        yield message("an erasure on request needs the signature of {roles} among the witnesses", roles=matrix.review)


def _named(item: Certificate) -> tuple[str, ...]:
    said = item.said.get("witnesses")
    return tuple(map(str, said)) if isinstance(said, list) else ()


def _officers(known: Definitions, item: Certificate) -> Approval:
    return known.organisation(on=_day(known, item)).approval_of(ItemKind.CONFIGURATION)


def _day(known: Definitions, item: Certificate) -> date:
    """The day of the settings it is judged by: its own, but never before what stood when it was written."""
    return known.day_of(max(item.events[0].event.recorded_at, known.objects.committed_at(known.commit)))


def _is_erasure(item: Certificate) -> bool:
    """Whether somebody asked for it, and a law was looked up, so that the period need not have ended."""
    return bool(item.said.get("requested_by")) and bool(item.said.get("law_checked"))


def _by_schedule(known: Definitions, item: Certificate) -> Iterator[Message]:
    """What the schedule in force when it was drawn up says against it, and what had been decided of its records."""
    day, drawn_up = _day(known, item), known.day_of(item.events[0].event.recorded_at)
    if known.release(ItemKind.CONFIGURATION, SCHEDULE, on=day).is_trial:
        yield message("the retention schedule in force is only on trial: nothing is destroyed by it")
    classes = known.schedule(on=day).class_
    branch = names.parse_branch(item.ledger)
    decided = {number: decision for decision in known.decisions for number in decision.numbers}
    for record in item.records:
        rule = classes.get(record.retention) if branch is not None and record.retention == branch.retention else None
        decision = decided.get(record.number)
        ends = _ends(classes, rule, record, decision)
        is_erasure = _is_erasure(item)
        yield from too_early(record.number, record.retention, rule, ends, decision, drawn_up, is_erasure=is_erasure)


def _ends(
    classes: Mapping[str, RetentionClass], rule: RetentionClass | None, record: Disposed, decision: Decision | None
) -> date | None:
    """The first day the record might be disposed of: as its certificate says, and no earlier than it should."""
    if rule is None or record.trigger_on is None or record.due_on is None:
        return None
    ends = extended(classes, due_on(rule, record.trigger_on), record.trigger_on, decision)
    return max(ends, record.due_on) if ends is not None else None


def too_early(
    number: str, retention: str, rule: RetentionClass | None, ends: date | None, decision: Decision | None, on: date,
    *, is_erasure: bool,
) -> Iterator[Message]:  # fmt: skip
    """What speaks against destroying a record on a day: its period, or for an erasure a class that is kept for good."""
    if rule is None:
        yield message("{number}: the schedule in force has no class {name}", number=number, name=retention)
    elif rule.length is None or rule.disposition is Disposition.KEEP:
        yield message("{number} is of a class that is kept for good", number=number)
    elif is_erasure:
        if decision is not None and _runs(decision, ends, on):
            yield message("{number} is kept on by decision: {decision}", number=number, decision=decision.record)
    elif ends is None:
        yield message("{number}: its period has not begun", number=number)
    elif ends > on:
        yield message("{number} is kept until {day}", number=number, day=ends)
    elif rule.disposition is Disposition.TRANSFER and (decision is None or decision.kind is not DecisionKind.TRANSFER):
        yield message("{number} is to be handed over: qmsdocs retention transfer", number=number)


def _runs(decision: Decision, ends: date | None, on: date) -> bool:
    """Whether a decision to keep the record longer runs."""
    if decision.kind is not DecisionKind.KEEP:
        return False
    last = following(decision.until_on) if decision.until_on is not None else ends
    return last is None or last > on
