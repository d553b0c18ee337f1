"""How long records are kept: from which day, until when, what holds them, and what waits for a decision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.base.language import Text
from qmsdocs.model.calendar import CIVIL, add_period
from qmsdocs.model.form import Form
from qmsdocs.model.hold import Decision, DecisionKind, Hold, Subject
from qmsdocs.model.quantity import Quantity
from qmsdocs.model.quantity import parse as parse_quantity
from qmsdocs.model.release import ItemKind
from qmsdocs.model.retention import RetentionClass, Schedule, Trigger, due_on, extended, last_day
from qmsdocs.query.purpose import ceased_on
from qmsdocs.store import control, names
from qmsdocs.store.certificate import Certificate, certificates
from qmsdocs.store.index import Filter
from qmsdocs.store.rows import Meanings, Row
from qmsdocs.system import believed
from qmsdocs.system.view import System

APPROVING = "approved"  # what the signature of an approving step means
STATED = "retention_from"  # what a field means in which a person states the day
_BY_THEMSELVES = (Trigger.ISSUED, Trigger.CLOSED)
_BY_MEANING = {  # triggers whose day may stand in a field that means so
    **{trigger: (STATED,) for trigger in Trigger if trigger not in _BY_THEMSELVES},
    Trigger.RETURNED: ("returned_on", STATED),
}
_MARGIN = 4  # days: a month's end moves by three, a zone by one
_DECIDE_WITHIN = parse_quantity("1 month")  # where no document in force says it


@dataclass(frozen=True, slots=True)
class Kept:
    """One record and how long it is kept.

    `trigger_on` is the day the period is counted from, None while that has not happened (or cannot be told). `due_on`
    is the first day it may be disposed of, None where it is kept for good or nothing has started its period.
    """

    row: Row
    retention: str
    trigger_on: date | None
    due_on: date | None
    holds: tuple[Hold, ...]
    decision: Decision | None = None
    certificate: str = ""  # the number of the one it is to be destroyed by, while witnesses are missing

    @property
    def is_held(self) -> bool:
        """Whether a hold stands over it."""
        return bool(self.holds)

    @property
    def is_decided(self) -> bool:
        """Whether somebody has decided that it is destroyed or handed over."""
        return bool(self.certificate) or (self.decision is not None and self.decision.kind is DecisionKind.TRANSFER)


def holds(system: System) -> tuple[Hold, ...]:
    """The holds in force, oldest first; one that was lifted by nothing but acts that cannot be believed stands."""
    return tuple(hold for hold in system.definitions.holds if stands(system, hold))


def stands(system: System, hold: Hold) -> bool:
    """Whether a hold is in force."""
    if hold.is_in_force:
        return True
    own = (e for e in system.definitions.series(control.HOLDS) if control.key_of(e[0]).number == hold.record)
    lifted = (stored for events in own for stored in events if stored.event.act == "lift")
    return not any(not system.trust.problems(stored) for stored in lifted)


def ledger_title(system: System, branch: str) -> Message:
    """What a ledger is called for people: class, year and site."""
    found = names.parse_branch(branch)
    if found is None or found.kind is names.Kind.CONTROL:
        return message("releases and people")
    sites, classes = system.organisation.site, system.schedule.class_
    code = sites[found.site].code if found.site in sites else found.site
    if found.kind is names.Kind.JOURNAL:
        return message("journal of {site}", site=code)
    title = classes[found.retention].title if found.retention in classes else found.retention
    return message("{title} {year} {site}", title=title, year=found.year, site=code)


def waits(system: System, item: Certificate) -> bool:
    """Whether a certificate waits for signatures; one given up by nothing but acts that cannot be believed does."""
    return not item.is_carried_out and all(system.trust.problems(stored) for stored in item.drops)


@dataclass(frozen=True, slots=True)
class Shifted:
    """What another period would mean for the records of a class: how many fall due earlier, at once, or later."""

    retention: str
    title: Text
    earlier: int
    at_once: int
    later: int


def shifted(system: System, schedule: Schedule) -> Iterator[Shifted]:
    """The classes of records kept here that another schedule would make due on other days."""
    before, after = _Keeping(system), _Keeping(system, schedule.class_)
    for name, rule in _rules_here(system):
        new = schedule.class_.get(name)
        if new is not None and (new.trigger, new.period) == (rule.trigger, rule.period):
            continue
        rows = system.index.records(Filter(forms=system.form_numbers, retention=name))
        days = [(before.kept(row).due_on or date.max, after.kept(row).due_on or date.max) for row in rows]
        yield Shifted(
            name,
            rule.title,
            sum(new_day < old for old, new_day in days),
            sum(new_day <= system.today < old for old, new_day in days),
            sum(new_day > old for old, new_day in days),
        )


def kept(system: System, rows: Iterable[Row], *, classes: Mapping[str, RetentionClass] | None = None) -> Iterator[Kept]:
    """How long each of the records is kept, by the schedule in force today or by other classes."""
    keeping = _Keeping(system, classes)
    return (keeping.kept(row) for row in rows)


def due(system: System, *, on: date) -> tuple[Kept, ...]:
    """The records whose period has ended by a day, held or not, the earliest first."""
    found = [item for item in kept(system, _candidates(system, on)) if item.due_on is not None and item.due_on <= on]
    return tuple(sorted(found, key=lambda item: (item.due_on or date.max, item.row.number)))


def without_trigger(system: System, *, on: date) -> Iterator[Kept]:
    """The closed records whose period would have ended by a day, had it begun with closing, and has not begun."""
    for name, rule in _rules_here(system):
        if rule.length is not None and rule.trigger not in _BY_THEMSELVES:
            wanted = Filter(forms=system.form_numbers, retention=name, closed_to=latest_trigger(rule.length, on))
            for item in kept(system, system.index.records(wanted)):
                closed_on = _day_in(system, item.row.closed_at)
                ended = due_on(rule, closed_on) if closed_on is not None else None
                if item.trigger_on is None and ended is not None and ended <= on:
                    yield item


def _candidates(system: System, on: date) -> Iterator[Row]:
    """The records that may be due by a day, and no more than need be looked at closely."""
    for name, rule in _rules_here(system):
        if rule.length is None:
            continue
        last = latest_trigger(rule.length, on)
        wanted = Filter(
            forms=system.form_numbers,
            retention=name,
            closed_to=last if rule.trigger is Trigger.CLOSED else None,
            opened_to=last if rule.trigger is Trigger.ISSUED else None,
        )
        yield from system.index.records(wanted)


def _rules_here(system: System) -> Iterator[tuple[str, RetentionClass]]:
    """The classes of which there are ledgers here, with what the schedule in force says of them."""
    held = {name.retention for branch in system.index.heads() if (name := names.parse_branch(branch)) is not None}
    return ((name, rule) for name, rule in system.schedule.class_.items() if name in held)


def latest_trigger(period: Quantity, on: date) -> date:
    """A day after which nothing began whose period has ended by `on`, for whatever zone and month end."""
    return add_period(on, Quantity(-period.amount, period.unit)) + timedelta(days=_MARGIN)


def decide_by(system: System, item: Kept) -> date | None:
    """The last day on which something must be decided of a record; None where nothing must, or has been."""
    if item.due_on is None or item.is_held or item.is_decided:
        return None
    return last_day(item.due_on - timedelta(days=1), decide_within(system))


def decide_within(system: System) -> Quantity:
    """How long after its period has ended something must be decided of a record."""
    found = system.parameter("decide_within")
    return found if found is not None and found.unit in CIVIL else _DECIDE_WITHIN


def class_of(row: Row) -> str:
    """The retention class of a record: that of its ledger's name."""
    found = names.parse_branch(row.ledger)
    return found.retention if found is not None else ""


def can_tell(form: Form, trigger: Trigger) -> bool:
    """Whether the records of a form say by themselves when a trigger has happened."""
    if trigger is Trigger.ISSUED:
        return True
    if trigger is Trigger.CLOSED:
        return bool(form.closed_states)
    if trigger is Trigger.APPROVED and any(step.signs == APPROVING for step in form.step.values()):
        return True
    if trigger is Trigger.SUPERSEDED and form.meaning("document_sha256") is not None:
        return True
    return any(form.meaning(means) is not None for means in _BY_MEANING[trigger])


@dataclass(frozen=True)
class _Keeping:
    """What the answers for many records share."""

    system: System
    other: Mapping[str, RetentionClass] | None = None  # by another schedule than the one in force
    forms: dict[str, tuple[Meanings, Form | None]] = field(default_factory=dict)
    ceased: dict[str, date | None] = field(default_factory=dict)

    def kept(self, row: Row) -> Kept:
        retention = class_of(row)
        rule = self._schedule.get(retention)
        begun = self._not_before(row, self._trigger(row, rule.trigger)) if rule is not None else None
        end = due_on(rule, begun) if rule is not None and begun is not None else None
        decision = self._decisions.get(row.number)
        end = extended(self._schedule, end, begun, decision)
        waiting = self._waiting.get((row.ledger, row.series, row.serial), "")
        return Kept(row, retention, begun, end, self._holds(row, retention), decision, waiting)

    def _not_before(self, row: Row, begun: date | None) -> date | None:
        """The day the period is counted from: what is claimed does not reach back before the record was taken in."""
        taken_in = self._day(row.changed_at if row.is_void else row.recorded_at)
        return max(begun, taken_in) if begun is not None and taken_in is not None else begun

    # ── from which day

    def _trigger(self, row: Row, trigger: Trigger) -> date | None:
        if trigger is Trigger.ISSUED:
            return self._day(row.opened_at)
        if trigger is Trigger.CLOSED or row.is_void:  # a voided number is a closed one
            return self._day(row.closed_at)
        stated = self._stated(row, _BY_MEANING[trigger])
        if stated is not None:
            return stated
        match trigger:
            case Trigger.APPROVED:
                return self._approved(row)
            case Trigger.SUPERSEDED:
                return self._superseded(row)
            case Trigger.RETURNED:
                return self._day(row.closed_at)  # lost or destroyed, it does not come back
            case _:
                return None

    def _stated(self, row: Row, meanings: Iterable[str]) -> date | None:
        fields, _ = self._form(row)
        shown: Mapping[str, Json] | None = None
        for means in meanings:
            if means in fields.fields:
                shown = row.shown if shown is None else shown
                value = shown.get(fields.fields[means])
                if isinstance(value, str) and (day := self._day(value)) is not None:
                    return day
        return None

    def _approved(self, row: Row) -> date | None:
        """The day of the newest approving step; the events are read only where the form has one."""
        _, form = self._form(row)
        approving = {name for name, step in form.step.items() if step.signs == APPROVING} if form else set()
        if not approving:
            return None
        taken = [event for event in self.system.record_at(row.key).events if event.act in approving]
        return taken[-1].at.astimezone(self.system.zone).date() if taken else None

    def _superseded(self, row: Row) -> date | None:
        """The day the revision that the record speaks of went out of force."""
        fields, _ = self._form(row)
        shown = row.shown
        manifest = shown.get(fields.fields.get("document_sha256", ""))
        if not isinstance(manifest, str):
            return None
        if manifest not in self.ceased:
            own = [r for r in self.system.releases if r.manifest == manifest and r.kind is not ItemKind.CONFIGURATION]
            self.ceased[manifest] = ceased_on(self.system, own[-1]) if own else None
        return self.ceased[manifest]

    def _day(self, written: str) -> date | None:
        return _day_in(self.system, written)

    def _form(self, row: Row) -> tuple[Meanings, Form | None]:
        if row.form_sha256 not in self.forms:
            try:
                form = self.system.form_of_row(row).form
            except QmsError:  # its revision is not held here
                form = None
            self.forms[row.form_sha256] = (self.system.definitions.meanings(row.form_sha256), form)
        return self.forms[row.form_sha256]

    # ── what stands against the end

    @cached_property
    def _schedule(self) -> Mapping[str, RetentionClass]:
        return self.system.schedule.class_ if self.other is None else self.other

    @cached_property
    def _decisions(self) -> Mapping[str, Decision]:
        return {number: item for item in self.system.definitions.decisions for number in item.numbers}

    @cached_property
    def _waiting(self) -> Mapping[tuple[str, str, int], str]:
        trust = self.system.trust
        found = (
            item
            for item in certificates(self.system.objects)
            if waits(self.system, item) and not any(True for _ in believed.problems(trust, item))
        )
        return {(item.ledger, r.series, r.serial): item.number for item in found for r in item.records}

    @cached_property
    def _numbered(self) -> Mapping[str, tuple[Hold, ...]]:
        found: dict[str, tuple[Hold, ...]] = {}
        for hold in holds(self.system):
            for number in hold.numbers:
                found[number] = (*found.get(number, ()), hold)
        return found

    @cached_property
    def _scoped(self) -> tuple[Hold, ...]:
        return tuple(hold for hold in holds(self.system) if hold.has_scope)

    def _holds(self, row: Row, retention: str) -> tuple[Hold, ...]:
        numbered = self._numbered.get(row.number, ())
        if not self._scoped:
            return numbered
        subject = _subject(self.system, row, retention)
        return (*numbered, *(h for h in self._scoped if h not in numbered and h.covers(subject)))


def covered(system: System, hold: Hold, rows: Iterable[Row]) -> tuple[Row, ...]:
    """The records a hold covers among `rows`."""
    return tuple(row for row in rows if hold.covers(_subject(system, row, class_of(row))))


def _subject(system: System, row: Row, retention: str) -> Subject:
    """What holds look at: for what was amended every value it ever had, so that nothing slips out of a hold."""
    customers, opened = [row.customer], [row.opened_at]
    if row.sequence > 1:
        fields = system.definitions.meanings(row.form_sha256).fields
        for event in system.record_at(row.key).events:
            given = {**event.changes, **event.mapping("derived")}
            customers.append(str(given.get(fields.get("customer", "")) or ""))
            opened.append(str(given.get(fields.get("opened_at", "")) or ""))
    days = {day for written in opened if (day := _day_in(system, written)) is not None}
    return Subject(row.number, retention, row.form, "\n".join(dict.fromkeys(customers)), tuple(sorted(days)))


def _day_in(system: System, written: str) -> date | None:
    """The day of a date or a moment in the organisation's zone; None where it is neither."""
    try:
        if len(written) == 10:
            return date.fromisoformat(written)
        found = datetime.fromisoformat(written)
    except ValueError:
        return None
    return found.astimezone(system.zone).date() if found.tzinfo is not None else found.date()
