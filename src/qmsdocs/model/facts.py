"""What expressions may ask of one record: typed values, parameters, clocks; derived values worked out when asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import QmsError
from qmsdocs.model import quantity
from qmsdocs.model.calendar import Calendar
from qmsdocs.model.clock import Moment, Reading, has_passed, read_clock
from qmsdocs.model.evaluation import Value, evaluate, holds
from qmsdocs.model.expression import parse
from qmsdocs.model.form import Field, FieldType, Form
from qmsdocs.model.form import Row as FixedRow
from qmsdocs.model.quantity import Quantity


@dataclass(frozen=True)
class RecordFacts:
    """One record at one moment. `values` are the given ones; `counted` what look-ups found."""

    form: Form
    values: Mapping[str, Json]
    parameters: Mapping[str, Quantity]
    calendar: Calendar
    now: datetime
    state: str
    moments: Sequence[Moment] = ()
    counted: Mapping[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    _asked: list[str] = field(default_factory=list, compare=False)  # fields being worked out, the innermost last
    _known: dict[str, Json] = field(default_factory=dict, compare=False)

    def value(self, path: tuple[str, ...]) -> Value:
        """The typed value of a field, column, cell, `state` or `today`; None when missing or not applicable."""
        name = path[0]
        if name == "state":
            return self.state
        if name == "today":
            return self.now.astimezone(self.calendar.zone).date()
        definition = self.form.field[name]
        stored = self.stored(name)
        if len(path) == 1:
            return self._typed(definition, stored)
        column = definition.column[path[-1]]
        if len(path) == 3:
            return self._typed(column, _cell(stored, path[1], path[2]))
        return tuple(self._typed(column, row.get(path[1])) for row in _rows(stored))

    def stored(self, name: str) -> Json:
        """The canonical value of a field, derived ones worked out; None when missing or not applicable."""
        definition = self.form.field[name]
        if not definition.is_derived:
            return self.values.get(name) if self.applies(name) else None
        if name not in self._known:
            if name in self._asked:
                return None  # a circle, refused when the form is checked
            self._asked.append(name)
            try:
                self._known[name] = self._derive(name, definition) if self.applies(name) else None
            finally:
                self._asked.pop()
        return self._known[name]

    def applies(self, name: str) -> bool:
        """Whether the field exists for this record (`when`)."""
        condition = self.form.field[name].when
        if condition is None:
            return True
        if name in self._asked and not self.form.field[name].is_derived:
            return True
        self._asked.append(name)
        try:
            return holds(parse(condition), self)
        finally:
            self._asked.pop()

    def derived(self) -> Mapping[str, Json]:
        """All derived values that are there."""
        found = {name: self.stored(name) for name in self.form.derived}
        return {name: value for name, value in found.items() if value is not None}

    def with_counted(self, counted: Mapping[str, tuple[int, tuple[str, ...]]]) -> RecordFacts:
        """The same facts with the look-ups answered: how many, and which records were counted."""
        return self._with(counted, {})

    def as_stored(self, derived: Mapping[str, Json]) -> RecordFacts:
        """The same facts with the derived values as an event holds them, nothing worked out again."""
        return self._with(self.counted, {name: derived.get(name) for name in self.form.derived})

    def _with(self, counted: Mapping[str, tuple[int, tuple[str, ...]]], known: dict[str, Json]) -> RecordFacts:
        return RecordFacts(
            *(self.form, self.values, self.parameters, self.calendar, self.now, self.state, self.moments),
            counted,
            _known=known,
        )

    @property
    def counted_records(self) -> Mapping[str, tuple[str, ...]]:
        """The records each look-up counted."""
        return {name: numbers for name, (_, numbers) in self.counted.items()}

    def rule(self, name: str) -> int | None:
        """Which of the field's rules holds first, counted from 0."""
        for position, rule in enumerate(self.form.field[name].rules):
            if rule.when is None or holds(parse(rule.when), self):
                return position
        return None

    def parameter(self, name: str) -> Quantity | None:
        """The parameter `name` in force for this record; None for a number lost in a restore, which has none."""
        return self.parameters.get(name)

    def passed(self, clock: str, period: Quantity) -> bool:
        """Whether the clock has been running for `period` at the asked moment."""
        return has_passed(self.reading(clock, limited=False), period, self.calendar, now=self.now)

    def after(self, start: date, period: Quantity) -> date:
        """The day on which the period that begins at `start` ends, by the organisation's calendar."""
        begun = start if isinstance(start, datetime) else datetime.combine(start, time(0), self.calendar.zone)
        return self.calendar.end(begun, period).date()

    def reading(self, name: str, *, limited: bool = True) -> Reading | None:
        """What the clock `name` shows now; None where it has not begun or does not apply."""
        clock = self.form.clock[name]
        if clock.when is not None and limited and not holds(parse(clock.when), self):
            return None
        length = evaluate(parse(clock.within), self) if clock.within is not None and limited else None
        return read_clock(
            clock,
            self.form,
            self.values,
            moments=self.moments,
            calendar=self.calendar,
            now=self.now,
            within=length if isinstance(length, Quantity) else None,
        )

    def grades(self, path: tuple[str, ...]) -> Sequence[tuple[Decimal | None, Decimal]]:
        """Score (None: not answered) and weight of each answer of a scale, or of a scale column."""
        definition, stored = self.form.field[path[0]], self.stored(path[0])
        if len(path) == 1:
            return [(self._score(definition, stored), Decimal(1))]
        column = definition.column[path[-1]]
        if len(path) == 3:
            return [(self._score(column, _cell(stored, path[1], path[2])), Decimal(1))]
        if not definition.rows:
            return [(self._score(column, row.get(path[1])), Decimal(1)) for row in _rows(stored)]
        return [
            (self._score(column, _cell(stored, row, path[1])), self._weight(item))
            for row, item in definition.rows.items()
        ]

    def _weight(self, row: FixedRow) -> Decimal:
        """The weight of a fixed row: its own expression, or 1 where it has none."""
        value = evaluate(parse(row.weight), self) if row.weight else Decimal(1)
        return value if isinstance(value, Decimal) else Decimal(0)

    def _score(self, definition: Field, stored: Json) -> Decimal | None:
        option = self.form.choices_of(definition).get(stored) if isinstance(stored, str) else None
        return option.score if option is not None else None

    def _derive(self, name: str, definition: Field) -> Json:
        if definition.lookup is not None:
            return self.counted[name][0] if name in self.counted else None
        if definition.rules:
            position = self.rule(name)
            return definition.rules[position].gives if position is not None else None
        assert definition.value is not None
        return self.canonical(definition, evaluate(parse(definition.value), self))

    def canonical(self, definition: Field, value: Value) -> Json:
        """The stored form of a value worked out for the field `definition`."""
        match value:
            case None:
                return None
            case bool():
                return value
            case Decimal() if definition.type is FieldType.INTEGER:
                return int(value.to_integral_value(ROUND_HALF_UP))
            case Decimal():
                return f"{value.normalize():f}" if value == value.to_integral_value() else f"{value:f}"
            case datetime() if definition.type is FieldType.DATE:
                return value.date().isoformat()
            case datetime():
                return value.isoformat()
            case date() if definition.type is FieldType.DATETIME:
                return datetime.combine(value, time(0), self.calendar.zone).isoformat()
            case date():
                return value.isoformat()
            case tuple():
                return [str(item) for item in value]
            case _:
                return str(value)

    def _typed(self, definition: Field, stored: Json) -> Value:
        try:
            return self._read(definition, stored)
        except (ValueError, InvalidOperation):  # written by no program of ours
            title = definition.title
            raise QmsError("{field}: {value} is no {kind}", field=title, value=stored, kind=definition.type) from None

    def _read(self, definition: Field, stored: Json) -> Value:
        if stored is None:
            return None
        match definition.type:
            case FieldType.INTEGER | FieldType.DECIMAL:
                return Decimal(str(stored))
            case FieldType.DATE:
                return date.fromisoformat(str(stored))
            case FieldType.DATETIME:
                return datetime.fromisoformat(str(stored)).astimezone(self.calendar.zone)
            case FieldType.DURATION:
                return quantity.parse(str(stored))
            case FieldType.BOOLEAN:
                return stored is True
            case FieldType.CHOICES | FieldType.ATTACHMENT:
                return tuple(str(item) for item in stored) if isinstance(stored, list) else ()
            case FieldType.TABLE:
                return tuple(str(number) for number, _ in enumerate(_rows(stored)))
            case _ if definition.lookup is not None:
                return Decimal(str(stored))
            case _:
                return str(stored)


def _cell(stored: Json, row: str, column: str) -> Json:
    """A cell of a table with fixed rows, None where it is empty."""
    cells = stored.get(row) if isinstance(stored, dict) else None
    return cells.get(column) if isinstance(cells, dict) else None


def _rows(stored: Json) -> list[Mapping[str, Json]]:
    listed = stored if isinstance(stored, list) else list(stored.values()) if isinstance(stored, dict) else []
    return [row for row in listed if isinstance(row, dict)]
