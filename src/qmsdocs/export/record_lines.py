"""The records of a site: a shelf for each form as its register has it, and one for each register over several forms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from qmsdocs.acts.pages import paths_of
from qmsdocs.acts.sheets import VOID_STATUS, act_title
from qmsdocs.base.canonical import Json
from qmsdocs.base.language import Catalogue, Text
from qmsdocs.export.front import Column, Kind, Line, Link, Progress, Shelf
from qmsdocs.export.hiding import Hiding
from qmsdocs.model.facts import RecordFacts
from qmsdocs.model.form import Field, FieldType, Form
from qmsdocs.model.masking import MASK
from qmsdocs.model.record import Event, Record
from qmsdocs.query import register
from qmsdocs.query.cell import CellWriter, elapsed
from qmsdocs.query.register import Definition
from qmsdocs.query.view import facts_as_stored
from qmsdocs.store.index import Filter
from qmsdocs.store.rows import Row
from qmsdocs.system.definitions import FormInForce
from qmsdocs.system.view import System

_PLAIN = ("opened_on", "subject", "owner", "state")  # of a form without a register
_KINDS = {
    FieldType.INTEGER: Kind.NUMBER,
    FieldType.DECIMAL: Kind.NUMBER,
    FieldType.DATE: Kind.DATE,
    FieldType.DATETIME: Kind.DATE,
    FieldType.CHOICE: Kind.CHOICE,
    FieldType.SCALE: Kind.CHOICE,
    FieldType.BOOLEAN: Kind.CHOICE,
    FieldType.PERSON: Kind.CHOICE,
}
_OF_RECORD = {
    "number": Kind.TEXT,
    "state": Kind.CHOICE,
    "opened_on": Kind.DATE,
    "closed_on": Kind.DATE,
    "form": Kind.CHOICE,
    "revision": Kind.TEXT,
    "days_open": Kind.NUMBER,
}
_JUDGED, _ON_FORM, _LATE = Text("依据文件", "Judged by"), Text("表单版次", "Form revision"), "▲ "
_PDF, _CORRECTED = Text("打印件", "Page"), Text("{title}：{old} → {new}", "{title}: {old} → {new}")
_NOTHING = Text("（空）", "(empty)")


@dataclass(frozen=True)
class Records:
    """The records of a system as they leave it; `documents` is the line of each revision by its manifest."""

    system: System = field(repr=False)
    catalogue: Catalogue = field(repr=False)
    hiding: Hiding = field(repr=False)
    documents: Mapping[str, str] = field(repr=False)
    progress: Progress = field(repr=False)

    @cached_property
    def pages(self) -> list[str]:
        """The pages of records that were linked so far, by their paths in the repository."""
        return []

    @cached_property
    def _people(self) -> Mapping[str, str]:
        return self.system.people.names()

    @cached_property
    def _raised(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        """The records each one called for: by what, and their numbers."""
        found: dict[str, tuple[tuple[str, str], ...]] = {}
        for row in self.system.index.records(Filter(forms=self.system.form_numbers)):
            if row.raised_from:
                found[row.raised_from] = (*found.get(row.raised_from, ()), (row.raise_name, row.number))
        return found

    def shelves(self) -> Iterator[Shelf]:
        """The records of each form that has any, then the registers over several forms."""
        own = {item.forms[0]: item for item in register.definitions(self.system) if len(item.forms) == 1}
        used = {
            number
            for number in self.system.form_numbers
            if next(self.system.index.records(Filter(forms=(number,))), None) is not None
        }
        for number in sorted(used):
            title = self.system.form_known(number).form.title
            wanted = own.get(number, Definition(f"form-{number}", title, (number,), _PLAIN, ("number",)))
            yield self._shelf(wanted, self._lines)
        for item in register.definitions(self.system):
            if len(item.forms) > 1 and used & set(item.forms):
                yield self._shelf(item, self._short_lines)

    def _shelf(self, wanted: Definition, lines: Callable[[Definition, tuple[str, ...]], Iterator[Line]]) -> Shelf:
        layout = register.grid(self.system, wanted, catalogue=self.catalogue, only=()).columns
        titles = {column.name: column.title for column in layout}
        names = ("number", *(name for name in titles if name != "number" and not self._is_hidden(wanted, name)))
        columns = tuple(Column(name, titles.get(name, ""), self._kind(wanted, name)) for name in names)
        return Shelf(wanted.name, wanted.title.of(self.catalogue.language), columns, lines(wanted, names))

    def _is_hidden(self, wanted: Definition, name: str) -> bool:
        """Whether a column would hold masks only."""
        if self.hiding.is_full:
            return False
        forms = [self.hiding.marked(self.system.form_known(number).form) for number in wanted.forms]
        fields = [item for form in forms if (item := _field(form, name)[1]) is not None]
        return bool(fields) and all(item.personal for item in fields)

    def _kind(self, wanted: Definition, name: str) -> Kind:
        if name in _OF_RECORD:
            return _OF_RECORD[name]
        if name.startswith("clock.") and name.endswith(".due_at"):
            return Kind.DATE
        found = [_field(self.system.form_known(number).form, name)[1] for number in wanted.forms]
        kinds = {_KINDS.get(item.type, Kind.TEXT) for item in found if item is not None}
        return kinds.pop() if len(kinds) == 1 else Kind.TEXT

    # ── lines

    def _rows(self, wanted: Definition) -> Iterator[Row]:
        """The records of a list; who waits sees them go by."""
        count = sum(1 for _ in self.system.index.records(Filter(forms=wanted.forms)))
        rows = self.system.index.records(Filter(forms=wanted.forms))
        return iter(self.progress(rows, "Writing records", count))

    def _short_lines(self, wanted: Definition, names: tuple[str, ...]) -> Iterator[Line]:
        """Only what the columns say; the rest stands with the form's own shelf."""
        needs_events = any(name.startswith("clock.") for name in names)
        for row in self._rows(wanted):
            held = self._held(row, self.system.record_at(row.key) if needs_events else None)
            yield Line(row.number, tuple(held.cell(name) for name in names))

    def _lines(self, wanted: Definition, names: tuple[str, ...]) -> Iterator[Line]:
        for row in self._rows(wanted):
            record = self.system.record_at(row.key)
            held = self._held(row, record)
            yield Line(
                key=row.number,
                cells=tuple(held.cell(name) for name in names),
                links=tuple(self._links(row)),
                detail=tuple(held.detail(frozenset(names))),
                events=tuple(held.events(record)),
                related=tuple(dict.fromkeys(self._related(held, record))),
            )

    def _held(self, row: Row, record: Record | None) -> _Held:
        form = self.system.form_of_row(row)
        shown = self.hiding.values(form.form, row.shown)
        return _Held(self, row, record, form, self.hiding.form(form).form, shown)

    def _links(self, row: Row) -> Iterator[Link]:
        """The page of the record where it was drawn; with personal data in it only where they may leave."""
        if self.hiding.is_full:
            path = paths_of(row.form, row.number, int(row.recorded_at[:4]))[0]
            if (self.system.place.root / path).is_file():
                self.pages.append(path)
                yield Link(_PDF.of(self.catalogue.language), path)

    def _related(self, held: _Held, record: Record) -> Iterator[str]:
        """What it was raised from, what it called for and names, and the revisions it was judged by."""
        row = held.row
        if row.raised_from:
            yield row.raised_from
        yield from (number for _, number in self.raised(row.number))
        for name, item in held.plain.values.items():
            if item.type in (FieldType.RECORD, FieldType.DOCUMENT) and (text := held.shown.get(name)):
                yield str(text)
        for manifest in (row.form_sha256, *map(str, record.first.mapping("parameters").values())):
            if manifest in self.documents:
                yield self.documents[manifest]

    def raised(self, number: str) -> tuple[tuple[str, str], ...]:
        """What a record called for."""
        return self._raised.get(number, ())

    def person(self, person: str) -> str:
        """A person as he is called."""
        return self._people.get(person, person)


@dataclass(frozen=True)
class _Held:
    """One record: `form` is the revision it was issued on, `plain` the same with room for masks."""

    home: Records
    row: Row
    record: Record | None
    form: FormInForce
    plain: Form
    shown: Mapping[str, Json]

    @cached_property
    def _writer(self) -> CellWriter:
        return CellWriter(self.plain, self.home._people, self.home.catalogue)

    @cached_property
    def _facts(self) -> RecordFacts | None:
        return facts_as_stored(self.home.system, self.form, self.record) if self.record is not None else None

    def cell(self, name: str) -> str:
        """What stands in a column of a register."""
        row, language = self.row, self.home.catalogue.language
        head, _, rest = name.partition(".")
        match head:
            case "number" | "form" | "revision":
                return str(getattr(row, head))
            case "state":
                return self._state(row.state) if not row.is_void else VOID_STATUS.of(language)
            case "opened_on" | "closed_on":
                return self._day(row.opened_at if head == "opened_on" else row.closed_at)
            case "days_open":
                until = self._day(row.closed_at) or self.home.system.today.isoformat()
                days = date.fromisoformat(until) - date.fromisoformat(self._day(row.opened_at))
                return "" if row.is_void else str(days.days)
            case "raise":
                return "、".join(number for why, number in self.home.raised(row.number) if why == rest)
            case "clock":
                return self._clock(rest)
        found, item = _field(self.plain, name)
        return self._words(item, self.shown.get(found)) if item is not None else ""

    def _state(self, name: str) -> str:
        state = self.form.form.state.get(name)
        return state.title.of(self.home.catalogue.language) if state is not None else name

    def _day(self, written: str) -> str:
        if len(written) <= 10:
            return written
        return datetime.fromisoformat(written).astimezone(self.home.system.zone).date().isoformat()

    def _clock(self, rest: str) -> str:
        name, _, part = rest.partition(".")
        if self._facts is None or name not in self.form.form.clock:
            return ""
        reading = self._facts.reading(name)
        if reading is None:
            return ""
        if part == "due_at":
            return f"{reading.due_at:%Y-%m-%d %H:%M}" if reading.due_at is not None else ""
        late = _LATE if reading.is_overdue and not self.row.is_void else ""
        return late + elapsed(reading.ran, self.home.catalogue)

    def _words(self, item: Field, value: Json) -> str:
        if item.type is FieldType.DATETIME and value != MASK and isinstance(value, str):
            return f"{datetime.fromisoformat(value).astimezone(self.home.system.zone):%Y-%m-%d %H:%M}"
        return self._writer.words(item, value)

    def detail(self, but: frozenset[str]) -> Iterator[tuple[str, str]]:
        """Every value that no column shows, in page order; what it was judged by."""
        language = self.home.catalogue.language
        for name, item in self.plain.values.items():
            if name in but or item.means in but:
                continue
            text = self._words(item, self.shown.get(name))
            if text:
                yield item.title.of(language), text
        yield _ON_FORM.of(language), f"{self.row.form} {self.row.revision}"
        if self.record is not None:
            manifests = map(str, self.record.first.mapping("parameters").values())
            judged = "、".join(self.home.documents.get(manifest, manifest[:8]) for manifest in manifests)
            if judged:
                yield _JUDGED.of(language), judged

    def events(self, record: Record) -> Iterator[str]:
        """When, who, what, why, what was corrected, and the beginning of the sha256 of each act."""
        corrected: dict[str, list[str]] = {}
        for correction in record.corrections:
            old, new = (self._said(correction.field, value) for value in (correction.old, correction.new))
            item = self.plain.field.get(correction.field)
            title = item.title.of(self.home.catalogue.language) if item is not None else correction.field
            text = _CORRECTED.of(self.home.catalogue.language).format(title=title, old=old, new=new)
            corrected.setdefault(correction.event.sha256, []).append(text)
        for event in record.events:
            yield "\n".join((self._act(event), *corrected.get(event.sha256, ())))

    def _said(self, name: str, value: Json) -> str:
        item = self.plain.field.get(name)
        masked = self.home.hiding.values(self.form.form, {name: value}).get(name)
        text = self._words(item, masked) if item is not None else str(masked or "")
        return text or _NOTHING.of(self.home.catalogue.language)

    def _act(self, event: Event) -> str:
        at = event.recorded_at.astimezone(self.home.system.zone)
        title = act_title(self.form, event.act).of(self.home.catalogue.language)
        reason = self.home.hiding.text(event.text("reason"))
        parts = (f"{at:%Y-%m-%d %H:%M}", self.home.person(event.by), title, reason, event.sha256[:8])
        return "  ".join(part for part in parts if part)


def _field(form: Form, name: str) -> tuple[str, Field | None]:
    """The field called so, else the one that means so."""
    found = name if name in form.field else form.meaning(name)
    return (found, form.field[found]) if found is not None else (name, None)
