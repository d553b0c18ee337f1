"""Registers (台账): the records of one form, or of several, as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeAlias
from zoneinfo import ZoneInfo

from qmsdocs.base.errors import QmsError
from qmsdocs.base.language import Catalogue, Text
from qmsdocs.model.clock import Reading
from qmsdocs.model.form import FieldType, Form
from qmsdocs.model.masking import MASK
from qmsdocs.model.record import Record
from qmsdocs.query.cell import KINDS, CellWriter, elapsed
from qmsdocs.query.selecting import destroyed
from qmsdocs.query.view import facts_of
from qmsdocs.render.table import Cell, Column, Grid, Kind
from qmsdocs.store.index import Filter
from qmsdocs.store.rows import Row
from qmsdocs.system.definitions import FormInForce
from qmsdocs.system.view import System

FormAs: TypeAlias = "Callable[[FormInForce], FormInForce]"
_HEADS = {
    "number": Text("编号", "Number"),
    "state": Text("状态", "State"),
    "opened_on": Text("日期", "Opened"),
    "closed_on": Text("结案日期", "Closed on"),
    "form": Text("表单", "Form"),
    "revision": Text("版次", "Revision"),
    "days_open": Text("历时天数", "Days open"),
}
_MEANINGS = {
    "opened_at": Text("日期", "Opened at"),
    "owner": Text("责任人", "Owner"),
    "subject": Text("事由", "Subject"),
    "place": Text("地点", "Place"),
    "level": Text("级别", "Level"),
    "rating": Text("评价", "Rating"),
    "due_on": Text("期限", "Due"),
    "done_on": Text("完成日期", "Done"),
    "root_cause": Text("原因", "Cause"),
    "effectiveness": Text("有效性", "Effectiveness"),
    "action": Text("措施", "Action"),
    "score": Text("得分", "Score"),
    "document": Text("文件编号", "Document"),
    "document_revision": Text("版次", "Revision"),
    "department": Text("部门", "Department"),
    "copy_number": Text("分发号", "Copy no."),
    "verdict": Text("结论", "Verdict"),
}
_WIDTHS = {Kind.NUMBER: 16, Kind.DATE: 22, Kind.DATETIME: 24, Kind.TEXT: 24}  # mm
_FIELD_WIDTHS = {
    FieldType.CHOICE: 15,
    FieldType.SCALE: 17,
    FieldType.BOOLEAN: 13,
    FieldType.PERSON: 16,
    FieldType.LONG_TEXT: 60,
    FieldType.TABLE: 60,
}
_STATUS = Text("注销", "void")
_NAMED = 12  # destroyed records that are named above a register; of more only their count


@dataclass(frozen=True, slots=True)
class Definition:
    """A register, whether it stands in a form or in a file of its own."""

    name: str
    title: Text
    forms: tuple[str, ...]
    columns: tuple[str, ...]
    order: tuple[str, ...]


def definitions(system: System) -> tuple[Definition, ...]:
    """All registers in force: those of forms, then those over several forms."""
    found: list[Definition] = []
    for number in system.form_numbers:
        view = system.form_known(number).form.register_
        if view is not None:
            found.append(Definition(view.name, view.title, (number,), view.columns, view.order))
    for register in system.registers:
        found.append(Definition(register.name, register.title, register.forms, register.columns, register.order))
    return tuple(found)


def definition(system: System, name: str) -> Definition:
    """The register called `name`. Raises QmsError when there is none."""
    known = definitions(system)
    found = next((item for item in known if item.name == name), None)
    if found is None:
        names = tuple(item.name for item in known)
        raise QmsError("there is no register {name}; there are {known}", name=name, known=names)
    return found


def grid(
    system: System,
    register: Definition,
    *,
    catalogue: Catalogue,
    opened_from: date | None = None,
    opened_to: date | None = None,
    only: Iterable[Row] | None = None,
    form_as: FormAs = lambda form: form,
) -> Grid:
    """The register as a table, records opened within the period (or `only` those given), in its order.

    `form_as` gives the form by which the values of `only` are written, where that is not their own.
    """
    writer = _Writer(system, register, catalogue, form_as)
    wanted = Filter(forms=register.forms, opened_from=opened_from, opened_to=opened_to)
    found = system.index.records(wanted) if only is None else (row for row in only if row.form in register.forms)
    rows = sorted(found, key=lambda row: writer.order(row))
    cells: list[tuple[Cell, ...]] = []
    overdue: set[tuple[int, str]] = set()
    for position, row in enumerate(rows):
        line, late = writer.line(row)
        cells.append(line)
        overdue |= {(position, column) for column in late}
    return Grid(
        register.title.of(catalogue.language),
        _period(opened_from, opened_to, catalogue),
        writer.columns(),
        tuple(cells),
        frozenset(overdue),
        said_destroyed(system, register.forms, catalogue, opened_from, opened_to) if only is None else "",
    )


def said_destroyed(
    system: System, forms: tuple[str, ...], catalogue: Catalogue, first: date | None, last: date | None
) -> str:
    """Which numbers are missing because their records were destroyed, each with its certificate, or how many."""
    gone = [
        catalogue.say("{number} ({certificate})", number=item.record.number, certificate=item.certificate.number)
        for item in destroyed(system, forms, first, last)
    ]
    if len(gone) <= _NAMED:
        return catalogue.say("Destroyed: {numbers}", numbers=tuple(gone)) if gone else ""
    return catalogue.say("Destroyed: {count}, see `qmsdocs retention certificates`", count=len(gone))


def _meaning(system: System, name: str) -> Text:
    """The heading of a column of values that mean `name`; for the customer the word of the organisation."""
    if name == "customer":
        word = system.organisation.customer_word
        return Text(word.zh, word.en[:1].upper() + word.en[1:])
    return _MEANINGS.get(name, Text(name, name))


def _period(opened_from: date | None, opened_to: date | None, catalogue: Catalogue) -> str:
    if opened_from is None and opened_to is None:
        return ""
    return catalogue.say("{first} to {last}", first=opened_from or "…", last=opened_to or "…")


class _Writer:
    def __init__(self, system: System, register: Definition, catalogue: Catalogue, form_as: FormAs) -> None:
        self.system, self.register, self.catalogue, self.form_as = system, register, catalogue, form_as
        self.current = {number: system.form_known(number).form for number in register.forms}
        self.people = system.people.names()
        self.clocks = frozenset(_clock_of(name) for name in register.columns) - {""}
        self.needs_events = bool(self.clocks or {"closed_on", "days_open"} & set(register.columns))

    def columns(self) -> tuple[Column, ...]:
        return tuple(self._column(name) for name in self.register.columns)

    def _column(self, name: str) -> Column:
        language = self.catalogue.language
        head, _, rest = name.partition(".")
        form = self._form_with(head, rest.split(".")[0])
        if name in _HEADS:
            kind = Kind.DATE if name.endswith("_on") else Kind.NUMBER if name == "days_open" else Kind.TEXT
            return Column(
                name,
                _HEADS[name].of(language),
                kind,
                36 if name == "number" else 16 if name == "state" else _WIDTHS[kind],
            )
        if head == "clock":
            clock = form.clock[rest.split(".")[0]]
            if rest.endswith(".due_at"):
                title = self.catalogue.say("{clock}: due", clock=clock.title)
                return Column(name, title, Kind.DATETIME, 30)
            return Column(name, clock.title.of(language), Kind.TEXT, 22)
        if head == "raise":
            return Column(name, form.raise_[rest].title.of(language), Kind.TEXT, 38)
        field = form.field.get(_field_name(form, name))
        kind = KINDS.get(field.type, Kind.TEXT) if field is not None and not rest else Kind.TEXT
        own = len(self.current) == 1 and field is not None
        title = field.title.of(language) if own and field else _meaning(self.system, name).of(language)
        width = _FIELD_WIDTHS.get(field.type, _WIDTHS[kind]) if field is not None else _WIDTHS[kind]
        return Column(name, title, kind, width)

    def _form_with(self, head: str, name: str) -> Form:
        """The first of the forms that has the clock or raise `name`, else the first of all."""
        forms = tuple(self.current.values())
        having = (form for form in forms if name in {"clock": form.clock, "raise": form.raise_}.get(head, ()))
        return next(having, forms[0])

    def order(self, row: Row) -> tuple[tuple[bool, Decimal, str], ...]:
        """The sort key of a row: for each column of the order whether it is empty, its number, its text."""
        keys: list[tuple[bool, Decimal, str]] = []
        for name in self.register.order:
            match name:
                case "number":
                    text = f"{row.form}\0{row.year:04d}\0{row.series}\0{row.serial:06d}\0{row.number}"
                    keys.append((False, Decimal(0), text))
                case "opened_on" | "opened_at":
                    keys.append((False, Decimal(0), row.opened_at))
                case _:
                    keys.append(self._key(row, name))
        return tuple(keys)

    def _key(self, row: Row, name: str) -> tuple[bool, Decimal, str]:
        form = self.system.form_of_row(row).form
        found = _field_name(form, name)
        value = row.shown.get(found)
        if (
            found in form.field
            and form.field[found].type in (FieldType.INTEGER, FieldType.DECIMAL)
            and value not in (None, MASK)
        ):
            return False, Decimal(str(value)), ""
        return value is None, Decimal(0), "" if value is None else str(value)

    def line(self, row: Row) -> tuple[tuple[Cell, ...], tuple[str, ...]]:
        """The cells of a row, and the columns whose clock has run out."""
        form = self.system.form_of_row(row)
        record = self.system.record_at(row.key) if self.needs_events else None
        readings = self._readings(form, record) if record is not None and self.clocks else {}
        late = {clock for clock, reading in readings.items() if reading.is_overdue and not row.is_void}
        cells = tuple(self._cell(name, row, form, record, readings) for name in self.register.columns)
        return cells, tuple(name for name in self.register.columns if _clock_of(name) in late)

    def _readings(self, form: FormInForce, record: Record) -> Mapping[str, Reading]:
        """What the clocks of the columns show, those that have begun."""
        facts = facts_of(self.system, form, record)
        found = ((clock, facts.reading(clock)) for clock in self.clocks & form.form.clock.keys())
        return {clock: reading for clock, reading in found if reading is not None}

    def _cell(
        self, name: str, row: Row, form: FormInForce, record: Record | None, readings: Mapping[str, Reading]
    ) -> Cell:
        head, _, rest = name.partition(".")
        match head:
            case "number" | "form" | "revision":
                return str(getattr(row, head))
            case "state":
                return _state(form.form, row).of(self.catalogue.language)
            case "opened_on":
                return row.opened_at[:10]
            case "closed_on":
                return _closed_on(form.form, record, self.system.zone)
            case "days_open":
                until = _closed_on(form.form, record, self.system.zone) or self.system.today.isoformat()
                return (
                    None if row.is_void else (date.fromisoformat(until) - date.fromisoformat(row.opened_at[:10])).days
                )
            case "raise":
                return (
                    "\n".join(r.number for r in self.system.index.raised_by(row.number) if r.raise_name == rest) or None
                )
            case "clock" if rest:
                return self._clock(name, readings.get(_clock_of(name)))
        written = self.form_as(form).form
        found = _field_name(written, name)
        field = written.field.get(found)
        if field is None:
            return None
        return CellWriter(written, self.people, self.catalogue).cell(field, row.shown.get(found))

    def _clock(self, name: str, reading: Reading | None) -> Cell:
        if reading is None:
            return None
        if name.endswith(".due_at"):
            return reading.due_at.isoformat() if reading.due_at is not None else None
        return elapsed(reading.ran, self.catalogue)


def _field_name(form: Form, column: str) -> str:
    """The field that a column is about: the one of that name, else the one that means so, else empty."""
    return column if column in form.field else form.meaning(column) or ""


def _clock_of(column: str) -> str:
    """The clock that a column is about, empty where it is about something else."""
    head, _, rest = column.partition(".")
    return rest.split(".")[0] if head == "clock" else ""


def _state(form: Form, row: Row) -> Text:
    """Where a record stands, as its form calls it."""
    state = form.state.get(row.state)
    return _STATUS if row.is_void else state.title if state else Text(row.state, row.state)


def _closed_on(form: Form, record: Record | None, zone: ZoneInfo) -> str | None:
    if record is None or record.state not in form.closed_states:
        return None
    entered = [
        event
        for before, event in zip((None, *record.events), record.events, strict=False)
        if event.state in form.closed_states and (before is None or before.state not in form.closed_states)
    ]
    return entered[-1].at.astimezone(zone).date().isoformat() if entered else None


def listing(system: System, rows: Sequence[Row], *, catalogue: Catalogue) -> Grid:
    """Records of any form as a table: number, form, state, day, customer, subject."""
    language = catalogue.language
    titles = ("number", "form", "state", "opened_on")
    columns = [
        Column(name, _HEADS[name].of(language), Kind.DATE if name == "opened_on" else Kind.TEXT) for name in titles
    ]
    columns += [Column(name, _meaning(system, name).of(language)) for name in ("customer", "subject")]
    return Grid(catalogue.say("Records"), "", tuple(columns), tuple(_listed(system, rows, catalogue)))


def _listed(system: System, rows: Sequence[Row], catalogue: Catalogue) -> Iterator[tuple[Cell, ...]]:
    for row in rows:
        form = system.form_of_row(row).form
        writer = CellWriter(form, system.people.names(), catalogue)
        said = _state(form, row)
        meant = [_meant(form, row.shown, means, writer) for means in ("customer", "subject")]
        yield (row.number, form.title.of(catalogue.language), said.of(catalogue.language), row.opened_at[:10], *meant)


def _meant(form: Form, shown: Mapping[str, object], means: str, writer: CellWriter) -> Cell:
    name = form.meaning(means)
    return writer.cell(form.field[name], shown.get(name)) if name else None  # type: ignore[arg-type]
