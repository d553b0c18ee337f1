"""Tables of records, one a row: CSV or XLSX, read against the form whose titles or names stand in its heading."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from qmsdocs.base.errors import QmsError, message, nearest
from qmsdocs.base.files import read_bytes
from qmsdocs.base.language import Text
from qmsdocs.fill import delimited, sheet
from qmsdocs.fill.sheet import MAXIMUM_COLUMNS, MAXIMUM_ROWS
from qmsdocs.model.form import Field, FieldType, Form
from qmsdocs.model.value import MAXIMUM_ROWS as MAXIMUM_TABLE_ROWS
from qmsdocs.render.package import MAXIMUM_UNPACKED, unfit
from qmsdocs.render.table import Native

IGNORED = "#"  # a heading that begins so is a note to oneself, or the reason a row was refused
_NUMBER = re.compile(r"[1-9][0-9]{0,2}")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number in the file, the raw value of each field, its cells, and the column of each place.

    A place is written as refusals name it: `phone`, `team[2].member`, `product.layout.grade`.
    """

    number: int
    values: Mapping[str, object]
    cells: tuple[Native, ...]
    places: Mapping[str, int]

    def column(self, place: str) -> int | None:
        """The column (from 0) that `place` was read from, else the first one of its field."""
        if place in self.places:
            return self.places[place]
        return min((at for known, at in self.places.items() if _field(known) == _field(place)), default=None)


def _field(place: str) -> str:
    return re.split(r"[.\[]", place)[0]


@dataclass(frozen=True, slots=True)
class Rows:
    """A table: its heading as written, and the rows that hold anything."""

    source: str
    heading: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class _Target:
    """Where the cells of a column go: a field, or a cell of a table in it."""

    field: str
    row: str | int | None = None
    column: str | None = None

    def __str__(self) -> str:
        return ".".join(str(part) for part in (self.field, self.row, self.column) if part is not None)


def read(path: Path, form: Form, *, encoding: str = delimited.UTF_8) -> Rows:
    """The table in the file `path`, XLSX or CSV by its content. Raises QmsError, one line that names the file."""
    return parse(read_bytes(path, most=MAXIMUM_UNPACKED), form, source=str(path), encoding=encoding)


def parse(data: bytes, form: Form, *, source: str, encoding: str = delimited.UTF_8) -> Rows:
    """The table written as `data`. Raises QmsError naming `source` for a heading or a cell that cannot be read."""
    if len(data) > MAXIMUM_UNPACKED:
        raise unfit(source, message("larger than {limit} MB", limit=MAXIMUM_UNPACKED >> 20))
    if data.startswith(b"PK"):
        lines = sheet.cells(data, source=source)
    elif data.startswith(b"\xd0\xcf\x11\xe0"):
        raise unfit(source, message("an Excel 97-2003 file or one with a password; save it as .xlsx"))
    else:
        lines = delimited.cells(data, source=source, encoding=encoding)
    first = next(lines, None)
    if first is None:
        raise QmsError("{source}: the table is empty", source=source)
    heading = _heading(first[1])
    targets = _targets(form, heading, source)
    rows: list[Row] = []
    for number, cells in lines:
        if len(rows) == MAXIMUM_ROWS:
            raise unfit(source, message("more than {limit} rows", limit=MAXIMUM_ROWS))
        row = _row(form, targets, number, cells, source)
        if row is not None:
            rows.append(row)
    if not rows:
        raise QmsError("{source}: no row stands below the heading", source=source)
    return Rows(source, heading, tuple(rows))


def _heading(cells: Sequence[Native]) -> tuple[str, ...]:
    found = ["" if cell is None else " ".join(str(cell).split()) for cell in cells]
    while found and not found[-1]:
        found.pop()
    return tuple(found)


def _folded(text: str) -> str:
    """`text` for comparing headings: width, case and spaces do not count."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _targets(form: Form, heading: Sequence[str], source: str) -> tuple[_Target | None, ...]:
    """What each column is. Raises QmsError for a heading that is unknown, doubtful or there twice."""
    known = _known(form)
    targets: list[_Target | None] = []
    seen: dict[str, str] = {}
    for title in heading:
        if not title or title.startswith(IGNORED):
            targets.append(None)
            continue
        target = _target(form, known, title, source)
        if str(target) in seen:
            titles = (seen[str(target)], title)
            raise QmsError(
                "{source}: two columns are for {field}: {titles}", source=source, field=target, titles=titles
            )
        seen[str(target)] = title
        targets.append(target)
    if not any(targets):
        raise QmsError("{source}: no column of the heading is a field of {form}", source=source, form=form.number)
    return tuple(targets)


def _known(form: Form) -> Mapping[str, tuple[_Target, ...]]:
    """Every heading a column may have, folded; free rows are found by their pattern."""
    found: dict[str, list[_Target]] = {}

    def add(target: _Target, *parts: tuple[str, Text]) -> None:
        for written in (
            ".".join(name for name, _ in parts),
            ".".join(title.zh for _, title in parts),
            ".".join(title.en for _, title in parts),
        ):
            targets = found.setdefault(_folded(written), [])
            if target not in targets:
                targets.append(target)

    for name, field in form.entered.items():
        head = (name, field.title)
        if field.type is not FieldType.TABLE:
            add(_Target(name), head)
        columns = {key: item for key, item in field.column.items() if not item.is_derived}
        for row, item in field.rows.items():
            for column, definition in columns.items():
                add(_Target(name, row, column), head, (row, item.text), (column, definition.title))
            if len(columns) == 1:
                add(_Target(name, row, next(iter(columns))), head, (row, item.text))
    return {title: tuple(targets) for title, targets in found.items()}


def _target(form: Form, known: Mapping[str, tuple[_Target, ...]], title: str, source: str) -> _Target:
    targets = known.get(_folded(title), ()) or tuple(_free(form, title))
    by_name = [target for target in targets if str(target) == title]
    if len(targets) == 1 or by_name:
        return by_name[0] if by_name else targets[0]
    if targets:
        raise QmsError(
            "{source}: the column {title} may be one of {fields}; write the name of the field instead",
            source=source,
            title=title,
            fields=tuple(str(target) for target in targets),
        )
    raise QmsError("{source}: the column {title}: {reason}", source=source, title=title, reason=_unknown(form, title))


def _free(form: Form, title: str) -> Iterator[_Target]:
    """`team.1.member`, `组员.1.姓名`: a cell of a table with free rows."""
    head, _, rest = title.partition(".")
    number, _, tail = rest.partition(".")
    if not _NUMBER.fullmatch(number.strip()):
        return
    for name, field in form.entered.items():
        if field.type is not FieldType.TABLE or field.rows or _folded(head) not in _words(name, field):
            continue
        for column, item in field.column.items():
            if not item.is_derived and _folded(tail) in _words(column, item):
                highest = min(int(field.max or MAXIMUM_TABLE_ROWS), MAXIMUM_TABLE_ROWS)
                if int(number) <= highest:
                    yield _Target(name, int(number), column)


def _words(name: str, field: Field) -> tuple[str, ...]:
    return _folded(name), _folded(field.title.zh), _folded(field.title.en)


def _unknown(form: Form, title: str) -> object:
    for name, field in form.values.items():
        if name not in form.entered and _folded(title) in _words(name, field):
            return message("nobody types it, the program fills it in; take the column out or begin its heading with #")
        if field.type is FieldType.TABLE and _folded(title) in _words(name, field):
            part = "1" if not field.rows else next(iter(field.rows))
            column = next(iter(field.column), "…")
            return message("a table has a column for each cell, e.g. {example}", example=f"{name}.{part}.{column}")
    names = [name for name, field in form.entered.items() if field.type is not FieldType.TABLE]
    titles = [text for name in names for text in (form.values[name].title.zh, form.values[name].title.en)]
    if (near := nearest(title, [*names, *titles])) is not None:
        return message('no such field, did you mean "{nearest}"?', nearest=near)
    return message("no such field; there are {known}", known=tuple(form.values[name].title for name in names))


def _row(
    form: Form, targets: Sequence[_Target | None], number: int, cells: Sequence[Native], source: str
) -> Row | None:
    """The row, or None when only notes stand in it. Raises QmsError for a value under no heading."""
    values: dict[str, object] = {}
    places: dict[str, int] = {}
    tables: dict[str, dict[int, dict[str, tuple[Native, int]]]] = {}
    for at, cell in enumerate(cells):
        target = targets[at] if at < len(targets) else None
        if cell is None or (isinstance(cell, str) and not cell.strip()):
            continue
        if target is None:
            if at >= len(targets) or at >= MAXIMUM_COLUMNS:
                reason = message("a value stands in column {column}, which has no heading", column=at + 1)
                raise QmsError("{source}: row {row}: {reason}", source=source, row=number, reason=reason)
            continue
        if isinstance(target.row, int):
            tables.setdefault(target.field, {}).setdefault(target.row, {})[target.column or ""] = (cell, at)
        elif target.row is not None:
            table = values.setdefault(target.field, {})
            assert isinstance(table, dict)
            table.setdefault(target.row, {})[target.column] = cell
            places[str(target)] = at
        else:
            values[target.field] = cell
            places[target.field] = at
    for name, rows in tables.items():
        listed = [rows[key] for key in sorted(rows)]  # rows left empty close up
        values[name] = [{column: cell for column, (cell, _) in row.items()} for row in listed]
        for position, row in enumerate(listed, 1):
            places |= {f"{name}[{position}].{column}": at for column, (_, at) in row.items()}
    if not values:
        return None
    ordered = {name: values[name] for name in form.values if name in values}
    return Row(number, ordered, tuple(cells), places)
