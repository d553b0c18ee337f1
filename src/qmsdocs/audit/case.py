"""One record under audit: the bytes as they lie in the ledger, what they say, and the acts replayed one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property

from qmsdocs.audit.judge import Judge
from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.model.clock import Moment
from qmsdocs.model.expression import named
from qmsdocs.model.facts import RecordFacts
from qmsdocs.model.form import Clock, Form, Step
from qmsdocs.model.gate import ISSUE, refuse_changes, refuse_step, refuse_values
from qmsdocs.model.record import FORMAT, Event, Record
from qmsdocs.model.value import Refusal
from qmsdocs.query.view import facts_as_stored
from qmsdocs.store.event import Stored
from qmsdocs.system.definitions import FormInForce

AMEND, VOID = "amend", "void"
_MISSING = "is missing"


class Fault(StrEnum):
    """What replaying an act found wrong."""

    MISSING = "missing"  # a value the act needs
    GATE = "gate"  # a check or condition that did not hold
    DERIVED = "derived"  # a derived value that comes out otherwise
    COURSE = "course"  # an act that cannot follow, or leads elsewhere
    ROLE = "role"  # a person who did not have the role
    UNFIT = "unfit"  # a value its field cannot hold


@dataclass(frozen=True, slots=True)
class Replayed:
    """One thing wrong with one act."""

    fault: Fault
    event: Event
    message: Message


@dataclass(frozen=True)
class Case:
    """One record of a ledger. `unreadable` are its files that are no events; `canonical` goes with `stored`."""

    judge: Judge = field(repr=False)
    ledger: str
    series: str
    serial: int
    stored: tuple[Stored, ...]
    canonical: tuple[bool, ...]
    attachments: Mapping[str, str] = field(default_factory=dict)  # sha256 → object name
    unreadable: tuple[tuple[str, Message], ...] = ()

    @cached_property
    def record(self) -> Record:
        """The record its readable events tell."""
        return Record(tuple(stored.event for stored in self.stored))

    @property
    def number(self) -> str:
        """The printed number; where nothing can be read, the place in the ledger."""
        said = self.record.number if self.stored else ""
        return said or f"{self.ledger}/{self.series}/{self.serial:06d}"

    @cached_property
    def is_understood(self) -> bool:
        """Whether every event is of a format this program knows."""
        return all(event.body.get("format") == FORMAT for event in self.record.events)

    @cached_property
    def form(self) -> FormInForce | None:
        """The form revision it was issued on."""
        return self.judge.form(self.record.form) if self.stored else None

    @cached_property
    def replayed(self) -> tuple[Replayed, ...]:
        """Everything that speaks against the acts as they were taken, judged by the same functions as then."""
        if not self.stored or self.form is None or not self.is_understood:
            return ()
        parameters = self.judge.parameters(self.record.first.mapping("parameters"))
        if parameters is None:
            return ()
        return tuple(_Replay(self.judge, self.form.form, parameters).run(self.record))

    @cached_property
    def misjudged(self) -> tuple[object, str, date, int] | None:
        """What was in force on the record's day by what is known now, where that is not what the record is judged by.

        With the procedure, the day, and how many commits of the releases were known then.
        """
        if self.form is None or not self.is_understood or self.record.first.act != ISSUE:
            return None
        event, procedure = self.record.first, self.form.form.procedure
        day = self.judge.day_of(self.form.form, event.changes, event.recorded_at)
        expected = self.judge.pinned(procedure, day) if procedure else None
        known = self.judge.system.trust.known(event.text("control"))
        is_right = not procedure or known is None or expected == event.mapping("parameters")
        return None if is_right else (expected, procedure, day, known or 0)

    @property
    def limits(self) -> Iterator[tuple[str, datetime | None]]:
        """Each time limit that runs, and when it runs out; None where that moves with the time it is asked."""
        if not self.stored or self.form is None or self.record.is_void or not self.is_understood:
            return
        form, state = self.form.form, self.record.state
        if state in form.closed_states or not any(clock.within for clock in form.clock.values()):
            return
        with suppress(QmsError):  # what cannot be judged is found by the rules
            facts = facts_as_stored(self.judge.system, self.form, self.record)
            for name, clock in form.clock.items():
                if clock.within is None:
                    continue
                reading = facts.reading(name)
                if _asks_for_now(form, clock):
                    yield name, None
                elif reading is not None and reading.stopped_at is None and reading.due_at is not None:
                    yield name, None if state in clock.pauses else reading.due_at


@dataclass(slots=True)
class _Replay:
    """A record growing act by act."""

    judge: Judge
    form: Form
    parameters: Mapping[str, object]
    values: dict[str, Json] = field(default_factory=dict)
    state: str = ""
    derived: Mapping[str, Json] = field(default_factory=dict)
    moments: list[Moment] = field(default_factory=list)
    taken_by: dict[str, str] = field(default_factory=dict)

    def run(self, record: Record) -> Iterator[Replayed]:
        """What is wrong, act by act."""
        for event in record.events:
            try:
                for fault, said in self._act(event):
                    yield Replayed(fault, event, said)
            except QmsError as error:
                yield Replayed(Fault.UNFIT, event, error.message)
            self.values |= event.changes
            self.values = {name: value for name, value in self.values.items() if value is not None}
            self.state, self.derived = event.state, event.mapping("derived")
            self.moments.append(Moment(event.act, self.judge.local(event.at), event.state))
            self.taken_by[event.act] = event.by

    def _act(self, event: Event) -> Iterator[tuple[Fault, Message]]:
        yield from self._person(event)
        if event.act == VOID:
            yield from self._void(event)
        elif VOID in self.taken_by:
            yield Fault.COURSE, message("the act {act} follows after the number was voided", act=event.act)
        elif event.act == ISSUE:
            yield from self._issue(event)
        elif event.act == AMEND:
            yield from self._amend(event)
        elif event.act in self.form.step:
            yield from self._step(event, self.form.step[event.act])
        else:
            yield Fault.COURSE, message("the form knows no act {act}", act=event.act)

    def _person(self, event: Event) -> Iterator[tuple[Fault, Message]]:
        """Who acts, or takes it in, is a person of the organisation that day; numbers lost in a restore apart."""
        if event.act == VOID and not self.taken_by:
            return
        day = self.judge.local(event.recorded_at).date()
        for person in dict.fromkeys((event.by, event.text("entered_by"))):
            known = self.judge.people(day).person.get(person)
            if person and (known is None or not known.serves(day)):
                yield Fault.ROLE, message("{person} did not serve on {day}", person=person, day=day)
        if not event.by:
            yield Fault.ROLE, message("it does not say who did it")

    def _void(self, event: Event) -> Iterator[tuple[Fault, Message]]:
        if event.state != VOID:
            yield Fault.COURSE, message("the act {act} leads to {state}", act=event.act, state=event.state)
        if event.changes or event.mapping("derived") != self.derived or not event.text("reason"):
            yield Fault.COURSE, message("voiding a number gives a reason and changes no value")

    def _issue(self, event: Event) -> Iterator[tuple[Fault, Message]]:
        if self.state or event.state != self.form.first_state:
            yield Fault.COURSE, message("the act {act} leads to {state}", act=event.act, state=event.state)
        given = {name: value for name, value in event.changes.items() if value is not None}
        yield from self._unknown(given)
        facts = self._facts(event, given, self.form.first_state, ())
        yield from _refused(refuse_values(facts, self._known(given), act=ISSUE))
        yield from self._derived(event, facts)

    def _amend(self, event: Event) -> Iterator[tuple[Fault, Message]]:
        if event.state != self.state or not event.text("reason"):
            yield Fault.COURSE, message("a correction gives a reason and leaves the record where it stands")
        yield from self._unknown(event.changes)
        facts = self._facts(event, {**self.values, **event.changes}, self.state, self.moments)
        given = [name for name, value in event.changes.items() if value is not None]
        yield from _refused(refuse_values(facts, self._known(given), act=ISSUE))
        yield from self._derived(event, facts)

    def _step(self, event: Event, step: Step) -> Iterator[tuple[Fault, Message]]:
        yield from self._unknown(event.changes)
        own = {*step.sets, *(name for name in step.clears if event.changes.get(name) is None)}
        given = {name: value for name, value in event.changes.items() if name not in own}
        known = {name: given[name] for name in self._known(given)}
        yield from _refused(refuse_changes(self.form, self.values, known, step=event.act), Fault.COURSE)
        before = self._facts(event, {**self.values, **given}, self.state, self.moments)
        if self.state not in step.from_ or event.state != (step.to or self.state):
            yield Fault.COURSE, message("the act {act} leads from {before} to {state}",
                                        act=event.act, before=self.state or "-", state=event.state)  # fmt: skip
        else:
            yield from _refused(refuse_step(before, step, taken_by=self.taken_by, person=event.by))
        filled = self._facts(event, {**self.values, **event.changes}, self.state, self.moments)
        yield from _refused(refuse_values(filled, self._known(given), act=event.act))
        taken = Moment(event.act, self.judge.local(event.at), event.state)
        done = self._facts(event, {**self.values, **event.changes}, event.state, (*self.moments, taken))
        yield from self._derived(event, done)
        day = self.judge.local(event.recorded_at).date()
        if not self.judge.people(day).has_role(event.by, step.by, on=day):
            yield Fault.ROLE, message("{person} did not have the role for {act} on {day}",
                                      person=event.by, act=event.act, day=day)  # fmt: skip

    def _facts(self, event: Event, values: Mapping[str, Json], state: str, moments: object) -> RecordFacts:
        there = {name: value for name, value in values.items() if value is not None}
        recorded: datetime = self.judge.local(event.recorded_at)
        calendar = self.judge.organisation(recorded.date()).working
        facts = RecordFacts(self.form, there, self.parameters, calendar, recorded, state, tuple(moments))  # type: ignore[arg-type]
        then = event.mapping("derived")
        looked_up = {
            name: (value, ())
            for name in self.form.looked_up
            if isinstance(value := then.get(name), int) and not isinstance(value, bool)
        }
        return facts.with_counted(looked_up) if looked_up else facts

    def _derived(self, event: Event, facts: RecordFacts) -> Iterator[tuple[Fault, Message]]:
        then, now = event.mapping("derived"), facts.derived()
        if then == now:
            return
        for name in sorted(then.keys() | now.keys()):
            if then.get(name) != now.get(name):
                title = self.form.field[name].title if name in self.form.field else name
                yield Fault.DERIVED, message("{field}: {stored} stands there, {expected} comes out",
                                             field=title, stored=_shown(then.get(name)),
                                             expected=_shown(now.get(name)))  # fmt: skip

    def _unknown(self, given: Mapping[str, Json]) -> Iterator[tuple[Fault, Message]]:
        for name in given:
            if name not in self.form.values:
                yield Fault.UNFIT, message("the form has no field {field}", field=name)

    def _known(self, given: Mapping[str, Json] | list[str]) -> tuple[str, ...]:
        return tuple(name for name in given if name in self.form.values)


def _refused(refusals: Iterator[Refusal], otherwise: Fault = Fault.GATE) -> Iterator[tuple[Fault, Message]]:
    for refusal in refusals:
        said = (
            message("{field}: {what}", field=refusal.field, what=refusal.message) if refusal.field else refusal.message
        )
        yield (Fault.MISSING if refusal.message.template == _MISSING else otherwise), said


def _asks_for_now(form: Form, clock: Clock) -> bool:
    """Whether it rests on the day it is asked on that a clock runs, or how long: on `today`, or on another clock."""
    written = (text for text in (clock.when, clock.within) if text is not None)
    return any("today" in asked or not asked.isdisjoint(form.clock) for asked in map(named, written))


def _shown(value: Json) -> str:
    return "/" if value is None else str(value)
