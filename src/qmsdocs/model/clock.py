"""Clocks of a record: a pure function of its events, the form, the parameters, the calendar and the asked moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from qmsdocs.base.canonical import Json
from qmsdocs.model.calendar import Calendar
from qmsdocs.model.form import Clock, FieldType, Form
from qmsdocs.model.quantity import Quantity


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
    started = _started(clock, form, values, moments, calendar)
    if started is None:
        return None
    stopped = _stopped(clock, form, values, moments, started=started, calendar=calendar)
    end = stopped or max(now, started)
    paused = _paused(clock, moments, started, end)
    due = calendar.end(started, within) + paused if within is not None else None
    return Reading(started, stopped, due, paused, end - started - paused, due is not None and end > due)


def has_passed(reading: Reading | None, period: Quantity, calendar: Calendar, *, now: datetime) -> bool:
    """Whether the clock has been running for `period` (pauses not counted) at `now`."""
    if reading is None:
        return False
    return (reading.stopped_at or now) >= calendar.end(reading.started_at, period) + reading.paused


def _instant(value: Json, kind: FieldType, calendar: Calendar) -> datetime | None:
    if not isinstance(value, str):
        return None
    if kind is FieldType.DATE:
        return datetime.combine(date.fromisoformat(value), time(0), calendar.zone)
    return datetime.fromisoformat(value).astimezone(calendar.zone)


def _started(
    clock: Clock, form: Form, values: Mapping[str, Json], moments: Sequence[Moment], calendar: Calendar
) -> datetime | None:
    taken = [moment.at for moment in moments if moment.act in clock.starts]
    if taken:
        return taken[-1].astimezone(calendar.zone)
    fields = [
        _instant(values.get(name), form.field[name].type, calendar) for name in clock.starts if name in form.field
    ]
    return next((found for found in fields if found is not None), None)


def _stopped(
    clock: Clock,
    form: Form,
    values: Mapping[str, Json],
    moments: Sequence[Moment],
    *,
    started: datetime,
    calendar: Calendar,
) -> datetime | None:
    """When it stopped for good: the last stopping act, unless the record went back before it since."""
    order = list(form.state)
    stopped: datetime | None = None
    reached = -1
    for moment in moments:
        position = order.index(moment.state) if moment.state in order else -1
        if moment.act in clock.stops and moment.at >= started:
            stopped, reached = (stopped or moment.at), position
        elif stopped is not None and position < reached and moment.state not in clock.pauses:
            stopped = None
    if stopped is not None:
        return stopped.astimezone(calendar.zone)
    fields = [_instant(values.get(name), form.field[name].type, calendar) for name in clock.stops if name in form.field]
    return next((found for found in fields if found is not None), None)


def _paused(clock: Clock, moments: Sequence[Moment], started: datetime, end: datetime) -> timedelta:
    total = timedelta()
    for here, after in zip(moments, [*moments[1:], None], strict=True):
        if here.state in clock.pauses:
            until = min(after.at, end) if after is not None else end
            total += max(until - max(here.at, started), timedelta())
    return total
