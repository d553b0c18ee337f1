"""The cells of an XLSX file from anybody: looked at as a package first, then read as values, never worked out."""

from __future__ import annotations

import io
import posixpath
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.workbook.workbook import Workbook

from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.render import package
from qmsdocs.render.table import EXACT_DIGITS, Native

MAXIMUM_ROWS = 20_000  # below the heading
MAXIMUM_COLUMNS = 300
MAXIMUM_EMPTY_ROWS = 1_000
MAXIMUM_STYLES = 8 * package.MEBIBYTE
_MAXIMUM_WIDE_ROWS = 2_000  # formatted, empty, and reaching further right than any form
_MAXIMUM_FORMATTED_ROWS = 1 << 20  # as many as a sheet has; a file may name rows far beyond
_WORKBOOKS = ("spreadsheetml.sheet.main+xml", "spreadsheetml.template.main+xml")
_REFUSED_PARTS: tuple[tuple[str, Message], ...] = (
    ("vba", message("it contains macros; save it as .xlsx without them")),
    ("macro", message("it contains macros; save it as .xlsx without them")),
    ("dialogsheet", message("it contains macros; save it as .xlsx without them")),
    ("externallink", message("it takes values from other files; paste them as values")),
    ("connections", message("it takes values from other files; paste them as values")),
    ("oleobject", message("it contains an embedded object; take it out")),
    ("activex", message("it contains an embedded object; take it out")),
    ("embeddings/", message("it contains an embedded object; take it out")),
    ("control+xml", message("it contains an embedded object; take it out")),
)
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=[\"']([A-Za-z0-9:]{1,30})[\"']")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_SHARED = re.compile(r"sharedstrings[^/]*$", re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_HOURS = re.compile(r"[hs]", re.IGNORECASE)
_LARGEST = 10**EXACT_DIGITS
# What a damaged part makes openpyxl raise; it has no error of its own for that.
_DAMAGED = (
    *(KeyError, TypeError, AttributeError, AssertionError),
    *(InvalidFileException, SyntaxError, *package.DAMAGED),  # the XML parsers' errors are syntax errors
)

Row: TypeAlias = tuple[int, tuple[Native, ...]]


class _Cell(NamedTuple):
    value: object
    kind: str  # as openpyxl says it: f formula, e error
    pattern: str  # the number format


def cells(data: bytes, *, source: str) -> Iterator[Row]:
    """The rows that hold anything, with their number in the sheet. Raises QmsError naming `source` and the cell.

    The one visible sheet that holds anything is read. Formulas, error values, merged cells and numbers that have lost
    digits are refused: what people see in them is not what the file says.
    """
    parts = package.unpack(data, source=source)
    _refuse_package(parts, source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of parts it passes over; no cell is among them
        name, rows = _filled(_open(_exact(data, parts), source), source)
    if rows:
        _refuse_merged(parts, name, source)
    yield from rows


def _exact(data: bytes, parts: Mapping[str, bytes]) -> bytes:
    """`data` such that openpyxl gives shared texts as they stand: it deletes every `x005F_`, escape or not."""
    if not any(b"x005F_" in part for name, part in parts.items() if _SHARED.search(name)):
        return data
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as book:
        for name, part in parts.items():
            book.writestr(name, part.replace(b"x005F_", b"x005Fx005F__") if _SHARED.search(name) else part)
    return written.getvalue()


def _open(data: bytes, source: str) -> Workbook:
    try:
        return load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    except _DAMAGED as error:
        raise _damaged(source, error) from None


def _filled(book: Workbook, source: str) -> tuple[str, list[Row]]:
    """The sheet that holds the table, and its rows."""
    visible = [page.title for page in book.worksheets if page.sheet_state == "visible"]
    found = [(name, list(_rows(book, name, source))) for name in visible]
    filled = [(name, rows) for name, rows in found if rows]
    if len(filled) > 1:
        raise QmsError(
            "{source}: more than one sheet holds something: {sheets}",
            source=source,
            sheets=tuple(name for name, _ in filled),
            hint=message("keep the table in one sheet and move the others to another file"),
        )
    return filled[0] if filled else ("", [])


def _damaged(source: str, error: BaseException) -> QmsError:
    reason = " ".join(f"{type(error).__name__} {error}".split())[:120]
    return package.unfit(source, message("the file is damaged: {reason}", reason=ascii(reason)[1:-1]))


def _refuse_package(parts: Mapping[str, bytes], source: str) -> None:
    kinds = [
        found
        for found in package.elements(parts, package.CONTENT_TYPES, source=source)
        if found.get("PartName") or found.get("Extension")
    ]
    said = [" ".join(found.values()).lower() for found in kinds]
    for mark, reason in _REFUSED_PARTS:
        if any(mark in text for text in (*said, *(name.lower() for name in parts))):
            raise package.unfit(source, reason)
    if not any(text in found.get("ContentType", "").lower() for found in kinds for text in _WORKBOOKS):
        raise package.unfit(source, message("not an Excel workbook (.xlsx)"))
    for name in parts:
        if name.lower().endswith(".rels"):
            for link in package.elements(parts, name, source=source):
                if link.get("TargetMode", "").lower() == "external" and not link.get("Type", "").endswith("/hyperlink"):
                    raise package.unfit(source, message("it takes values from other files; paste them as values"))
        if name.lower().endswith("styles.xml") and len(parts[name]) > MAXIMUM_STYLES:
            limit = MAXIMUM_STYLES // package.MEBIBYTE
            raise package.unfit(source, message("{part} is larger than {limit} MB", part=name, limit=limit))


def _refuse_merged(parts: Mapping[str, bytes], sheet: str, source: str) -> None:
    found = _MERGED.search(parts.get(_part_of(parts, sheet, source), b""))
    if found is not None:
        place = found[1].decode()
        reason = message("the cells {cells} are merged; split them, each row by itself", cells=place)
        raise package.unfit(source, reason)


def _part_of(parts: Mapping[str, bytes], sheet: str, source: str) -> str:
    """The name of the part that holds `sheet`."""
    for entry in package.elements(parts, "xl/workbook.xml", source=source):
        if entry.get("sheetId") and entry.get("name") == sheet:
            for link in package.elements(parts, "xl/_rels/workbook.xml.rels", source=source):
                if link.get("Id") == entry.get("id"):
                    return posixpath.normpath(posixpath.join("/xl", link.get("Target", ""))).lstrip("/")
    return ""


def _rows(book: Workbook, name: str, source: str) -> Iterator[Row]:
    empty = wide = filled = 0
    for number, row in enumerate(_raw_rows(book, name, source), 1):
        values = tuple(_value(cell, number, place, source) if cell else None for place, cell in enumerate(row, 1))
        if len(values) > MAXIMUM_COLUMNS:
            wide += 1
            if any(value is not None for value in values[MAXIMUM_COLUMNS:]) or wide > _MAXIMUM_WIDE_ROWS:
                raise _far(source, f"{get_column_letter(len(values))}{number}")
        if all(value is None for value in values):
            empty += 1
            if empty > _MAXIMUM_FORMATTED_ROWS:
                raise _far(source, f"A{number}")
            continue
        if empty > MAXIMUM_EMPTY_ROWS:
            raise _far(source, f"{get_column_letter(len(values))}{number}")
        empty, filled = 0, filled + 1
        if filled > MAXIMUM_ROWS + 1:
            raise package.unfit(source, message("more than {limit} rows", limit=MAXIMUM_ROWS))
        yield number, values[:MAXIMUM_COLUMNS]


def _far(source: str, cell: str) -> QmsError:
    return package.unfit(source, message("the cell {cell} lies far outside the table; delete it", cell=cell))


def _raw_rows(book: Workbook, name: str, source: str) -> Iterator[Sequence[_Cell | None]]:
    try:
        page = book[name]
        page.reset_dimensions()  # what the file says of its size may be wrong
        for row in page.iter_rows():
            yield [
                None if cell.value is None else _Cell(cell.value, cell.data_type, cell.number_format or "")
                for cell in row
            ]
    except _DAMAGED as error:
        raise _damaged(source, error) from None


def _value(cell: _Cell, row: int, place: int, source: str) -> Native:
    reason, found = _read(cell)
    if reason is not None:
        at = f"{get_column_letter(place)}{row}"
        raise QmsError("{source}: {cell}: {reason}", source=source, cell=at, reason=reason)
    return found


def _read(cell: _Cell) -> tuple[Message | None, Native]:
    match cell.value:
        case _ if cell.kind == "f":
            return message("a formula; paste it as a value"), None
        case _ if cell.kind == "e":
            return message("an error value; correct it or empty the cell"), None
        case bool(value):
            return None, value
        case int(value) | float(value):
            return _number(value, cell.pattern)
        case datetime() as value:
            return None, _moment(value, cell.pattern)
        case time() as value:
            return None, value.isoformat("minutes" if not value.second else "seconds")
        case timedelta():
            return message("a span of time; write it as text, e.g. 24 hours"), None
        case str(value):
            text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value)
            return None, text.replace("\r\n", "\n").replace("\r", "\n") or None
        case date() as value:
            return None, value
        case _:
            return message("neither text nor number nor date"), None


def _number(value: int | float, pattern: str) -> tuple[Message | None, Native]:
    """The number as people see it: 15 digits are all a spreadsheet holds, a percentage shows another number."""
    shown = _QUOTED.sub("", pattern)
    if "%" in shown:
        return message("shown as a percentage; write a plain number in a plain cell"), None
    if not abs(value) < _LARGEST:
        return message("a number of more than 15 digits has lost some; format the cell as text and type it again"), None
    if set(pattern) == {"0"} and value >= 0 and value == int(value):
        return None, f"{int(value):0{len(pattern)}d}" if len(pattern) > 1 else int(value)
    number = Decimal(f"{value:.15g}")
    return None, int(number) if number == number.to_integral_value() else Decimal(f"{number:f}")


def _moment(value: datetime, pattern: str) -> date | datetime:
    """A date where the cell shows no time, else the instant to the second."""
    rounded = (value + timedelta(microseconds=500_000)).replace(microsecond=0)
    return rounded if _HOURS.search(_QUOTED.sub("", pattern)) else rounded.date()
