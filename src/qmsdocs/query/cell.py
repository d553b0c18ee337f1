"""Values of fields as the cells of a table: in words where a person reads them, numbers and dates as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeAlias

from qmsdocs.base.canonical import Json
from qmsdocs.base.language import Catalogue, Text
from qmsdocs.model.form import Field, FieldType, Form
from qmsdocs.model.quantity import parse
from qmsdocs.render.table import Cell, Column, Kind

KINDS = {
    FieldType.INTEGER: Kind.NUMBER,
    FieldType.DECIMAL: Kind.NUMBER,
    FieldType.DATE: Kind.DATE,
    FieldType.DATETIME: Kind.DATETIME,
}
Heads: TypeAlias = "Mapping[str, tuple[Text, Kind, int]]"  # name → title, what the cells are, width in mm


def columns(heads: Heads, catalogue: Catalogue) -> tuple[Column, ...]:
    """The columns of a table of the program's own."""
    language = catalogue.language
    return tuple(Column(name, title.of(language), kind, width) for name, (title, kind, width) in heads.items())


def iso(day: date | None) -> str | None:
    """A day as cells and JSON hold it."""
    return day.isoformat() if day is not None else None


@dataclass(frozen=True, slots=True)
class CellWriter:
    """How values of one form are written in one language."""

    form: Form
    people: Mapping[str, str]
    catalogue: Catalogue

    def cell(self, field: Field, value: Json) -> Cell:
        """The cell of a field's value."""
        if value is None:
            return None
        if isinstance(value, bool):
            return self.catalogue.say("yes" if value else "no")
        if isinstance(value, int) or (isinstance(value, str) and field.type in KINDS):
            return value
        return self._text(field, value)

    def words(self, field: Field, value: Json) -> str:
        """The value as a person reads it, dates and moments too; empty where there is none."""
        if isinstance(value, str) and field.type is FieldType.DATETIME:
            at = datetime.fromisoformat(value)
            return f"{at:%Y-%m-%d %H:%M:%S}" if at.second else f"{at:%Y-%m-%d %H:%M}"
        found = self.cell(field, value)
        return "" if found is None else str(found)

    def _text(self, field: Field, value: Json) -> Cell:
        language = self.catalogue.language
        match field.type:
            case FieldType.CHOICE | FieldType.SCALE:
                options = self.form.choices_of(field)
                return options[str(value)].text.of(language) if str(value) in options else str(value)
            case FieldType.CHOICES if isinstance(value, list):
                options = self.form.choices_of(field)
                chosen = (options[key].text.of(language) if key in options else key for key in map(str, value))
                return self.catalogue.say(", ").join(chosen)
            case FieldType.PERSON:
                return self.people.get(str(value), str(value))
            case FieldType.DURATION:
                return parse(str(value)).of(language)
            case FieldType.ATTACHMENT if isinstance(value, list):
                return "\n".join(str(item.get("name")) for item in value if isinstance(item, dict))
            case FieldType.TABLE:
                return self._table(field, value)
            case _:
                return str(value)

    def _table(self, field: Field, value: Json) -> Cell:
        """One line a row: `title: value; title: value`."""
        say, language = self.catalogue.say, self.catalogue.language
        rows: list[tuple[str, Mapping[str, Json]]] = []
        if isinstance(value, list):
            rows = [(str(number), row) for number, row in enumerate(value, 1) if isinstance(row, dict)]
        elif isinstance(value, dict):
            titles = {name: row.text.of(language) for name, row in field.rows.items()}
            rows = [(titles.get(name, name), row) for name, row in value.items() if isinstance(row, dict)]
        lines = []
        for head, row in rows:
            cells = [
                say("{title}: {value}", title=column.title, value=self.words(column, row.get(name)))
                for name, column in field.column.items()
                if row.get(name) is not None
            ]
            lines.append(f"{head}  " + say("; ").join(cells))
        return "\n".join(lines)


def elapsed(length: timedelta, catalogue: Catalogue) -> str:
    """A stretch of time in days, hours and minutes."""
    minutes = int(length.total_seconds()) // 60
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        return catalogue.say("{days} d {hours} h", days=days, hours=hours)
    return catalogue.say("{hours} h {minutes} min", hours=hours, minutes=minutes)
