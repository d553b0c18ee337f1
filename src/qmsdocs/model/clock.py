"""Clocks of a record: a pure function of its events, the form, the parameters, the calendar and the asked moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import zip_longest

from qmsdocs.base.canonical import Json
from qmsdocs.model.calendar import Calendar
from qmsdocs.model.form import Clock, FieldType, Form
from qmsdocs.model.quantity import Quantity

VOID = "void"


@dataclass(frozen=True, slots=True)
class Moment:
    """An act already taken: which, when, and the state after it."""

    act: str
    at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a clock shows: when it began, stopped, runs out; how long it ran without its pauses."""

    started_at: datetime
    stopped_at: datetime | None
    due_at: datetime | None
    paused: timedelta
    ran: timedelta
    is_overdue: bool


def read_clock(
    clock: Clock,
    form: Form,
    values: Mapping[str, Json],
    *,
    moments: Sequence[Moment],
    calendar: Calendar,
    now: datetime,
    within: Quantity | None,
) -> Reading | None:
    """What `clock` shows at `now`; None where it has not begun."""
    begun = _started(clock, form, values, moments, calendar)
    if begun is None:
        return None
    started, since = begun
    stopped = _stopped(clock, form, values, since, calendar)
    end = max(stopped or now, started)
    paused = _paused(clock, moments, started, end)
    due = calendar.end(started, within) + paused if within is not None else None
    return Reading(
        started, end if stopped else None, due, paused, end - started - paused, due is not None and end > due
    )


def has_passed(reading: Reading | None, period: Quantity, calendar: Calendar, *, now: datetime) -> bool:
    """Whether the clock has been running for `period` (pauses not counted) at `now`."""
    if reading is None:
        return False
    return (reading.stopped_at or now) >= calendar.end(reading.started_at, period) + reading.paused


def _instant(value: Json, kind: FieldType, calendar: Calendar) -> datetime | None:
    """The moment a date or instant says, None for any other field and for one that is empty."""
    if not isinstance(value, str) or kind not in (FieldType.DATE, FieldType.DATETIME):
        return None
    if kind is FieldType.DATE:
        return datetime.combine(date.fromisoformat(value), time(0), calendar.zone)
    return datetime.fromisoformat(value).astimezone(calendar.zone)


def _started(
    clock: Clock, form: Form, values: Mapping[str, Json], moments: Sequence[Moment], calendar: Calendar
) -> tuple[datetime, Sequence[Moment]] | None:
    """When it began – with the last starting act, else at the first given field –, and the acts since."""
    for position in reversed(range(len(moments))):
        if moments[position].act in clock.starts:
            return moments[position].at.astimezone(calendar.zone), moments[position + 1 :]
    at = _first_given(clock.starts, form, values, calendar)
    return (at, moments) if at is not None else None


def _first_given(points: Sequence[str], form: Form, values: Mapping[str, Json], calendar: Calendar) -> datetime | None:
    """The first given date or instant among `points`; a name that is a step as well means the step."""
    for name in points:
        if name in form.field and name not in form.step:
            at = _instant(values.get(name), form.field[name].type, calendar)
            if at is not None:
                return at
    return None


def _stopped(
    clock: Clock, form: Form, values: Mapping[str, Json], moments: Sequence[Moment], calendar: Calendar
) -> datetime | None:
    """When it stopped: with the first stopping act unless the record went back behind it, at a field, or for good.

    A record that is closed or void has no running clock.
    """
    stopped: Moment | None = None
    ended: Moment | None = None
    for moment in moments:
        if moment.act in clock.stops:
            stopped = stopped or moment
        elif stopped is not None and _is_behind(moment.state, stopped.state, form, clock):
            stopped = None
        is_over = moment.act == VOID or moment.state in form.closed_states
        ended = (ended or moment) if is_over else None
    if stopped is not None:
        return stopped.at.astimezone(calendar.zone)
    at = _first_given(clock.stops, form, values, calendar)
    return at or (ended.at.astimezone(calendar.zone) if ended is not None else None)


def _is_behind(state: str, reached: str, form: Form, clock: Clock) -> bool:
    """Whether a record at `state` is back where a stopping step is still to be taken.

    It is where it can come to such a step before it stands again where the clock stopped (`reached`); a record that
    only waits aside, and goes on from there, is not.
    """
    order = list(form.state)
    if state not in order or reached not in order or order.index(state) >= order.index(reached):
        return False
    seen, frontier = {state, reached}, [state]
    while frontier:
        here = frontier.pop()
        for name, step in form.step.items():
            if here not in step.from_:
                continue
            if name in clock.stops:
                return True
            if step.to is not None and step.to not in seen:
                seen.add(step.to)
                frontier.append(step.to)
    return False


def _paused(clock: Clock, moments: Sequence[Moment], started: datetime, end: datetime) -> timedelta:
    total = timedelta()
    for here, after in zip_longest(moments, moments[1:]):
        if here.state in clock.pauses:
            until = min(after.at, end) if after is not None else end
            total += max(until - max(here.at, started), timedelta())
    return total
