"""One reading of all records before a site is made: what is personal in them, what is running, and the counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from qmsdocs.base.canonical import Json
from qmsdocs.model.clock import Reading
from qmsdocs.model.form import Field, FieldType, Form
from qmsdocs.model.record import Record
from qmsdocs.query.personal import personal_in, records
from qmsdocs.query.view import facts_as_stored
from qmsdocs.system.definitions import FormInForce
from qmsdocs.system.view import System

KEPT, MISSED, RUNNING = 0, 1, 2  # how a clock stands
_GRADED = (FieldType.SCALE, FieldType.CHOICE, FieldType.BOOLEAN)


@dataclass(frozen=True, slots=True)
class Running:
    """A clock of a record that has not stopped."""

    number: str
    form: FormInForce
    clock: str
    due_at: datetime
    owner: Json
    subject: Json
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """The counts over the records of one form that are not void: by month, kind, clock and verdict, and by grade."""

    months: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    clocks: Mapping[str, Counter[int]] = field(default_factory=dict)
    grades: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found in all records."""

    count: int
    personal: frozenset[str]
    running: tuple[Running, ...]
    tallies: Mapping[str, Tally]


def survey(system: System) -> Survey:
    """What all records of the copy hold together, read once in the order they are stored."""
    personal: set[str] = set()
    running: list[Running] = []
    tallies: dict[str, Tally] = {}
    count = 0
    for record in records(system):
        count += 1
        form = system.form_of(record.form)
        personal |= personal_in(system, record)
        if record.is_void:
            continue
        tally = tallies.setdefault(form.form.number, Tally(clocks={name: Counter() for name in form.form.clock}))
        _count(tally, system.definitions.marked(form.form), record)
        for name, reading in readings(system, form, record):
            tally.clocks.setdefault(name, Counter())[_verdict(reading)] += 1  # type: ignore[attr-defined]
            if reading.stopped_at is None and reading.due_at is not None:
                owner, subject = (record.shown.get(form.form.meaning(means) or "") for means in ("owner", "subject"))
                running.append(Running(record.number, form, name, reading.due_at, owner, subject,
                                       reading.is_overdue))  # fmt: skip
    ordered = sorted(running, key=lambda item: (item.due_at, item.number))
    return Survey(count, frozenset(personal), tuple(ordered), tallies)


def readings(system: System, form: FormInForce, record: Record) -> Iterator[tuple[str, Reading]]:
    """The clocks with a limit that have begun, as they stand now."""
    limited = [name for name, clock in form.form.clock.items() if clock.within is not None]
    if limited:
        facts = facts_as_stored(system, form, record)
        for name in limited:
            reading = facts.reading(name)
            if reading is not None and reading.due_at is not None:
                yield name, reading


def _verdict(reading: Reading) -> int:
    return MISSED if reading.is_overdue else KEPT if reading.stopped_at is not None else RUNNING


def _count(tally: Tally, form: Form, record: Record) -> None:
    shown = record.shown
    opened = shown.get(form.meaning("opened_at") or "")
    tally.months[(opened if isinstance(opened, str) else record.first.text("recorded_at"))[:7]] += 1
    for counter, name in ((tally.kinds, kind_field(form)), (tally.grades, grade_field(form))):
        value = shown.get(name) if name else None
        if isinstance(value, str | bool):
            counter[str(value).lower() if isinstance(value, bool) else value] += 1


def kind_field(form: Form) -> str | None:
    """The field records of a form are counted by: what they are about where that is a choice, else the first choice."""
    subject = form.meaning("subject")
    known = (*(((subject, form.field[subject]),) if subject else ()), *form.entered.items())
    return _first((FieldType.CHOICE,), ((name, item) for name, item in known if not item.personal))


def grade_field(form: Form) -> str | None:
    """The last field in which customers say how content they are."""
    means = [(name, item) for name, item in form.field.items() if item.means == "rating" and not item.personal]
    return _first(_GRADED, reversed(means))


def _first(types: tuple[FieldType, ...], fields: Iterable[tuple[str, Field]]) -> str | None:
    return next((name for name, item in fields if item.type in types), None)
