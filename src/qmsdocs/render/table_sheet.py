"""Tables as XLSX: real numbers and dates, text that is never a formula, the same bytes every time."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import zip_longest

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_range
from xlsxwriter.worksheet import Worksheet

from qmsdocs.base.errors import QmsError, message
from qmsdocs.render import opc
from qmsdocs.render.measure import MILLIMETRES_PER_POINT, lines
from qmsdocs.render.table import Grid, Kind, Native, is_exact, native, plain

MAXIMUM_CELL = 32_767  # UTF-16 units; Excel repairs a file with more by cutting
MAXIMUM_ROWS = 1_048_576
_FIRST_SAFE_DAY = date(1900, 3, 1)  # Excel believes in a 29 February 1900
_PIXELS_PER_MM = 96 / 25.4
_LEAST_WIDTHS = {Kind.TEXT: 10, Kind.NUMBER: 16, Kind.DATE: 26, Kind.DATETIME: 36}  # mm
_SIZE, _LINE, _HIGHEST_ROW = 10, 13.5, 409  # points; Excel draws no row higher
_UNFIT_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")  # `_x0041_` in a part is the letter A; a plain underscore is `_x005F_`
_MARK = "\ufdd0"  # no character, so that no text holds it
_FACE = {"font_name": "宋体", "font_size": 10, "valign": "vcenter"}
_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_format_properties": {"font_name": "宋体", "font_size": 10},
}


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """A column of a spreadsheet: its head and its width in mm."""

    title: str
    width: int


@dataclass(frozen=True, slots=True)
class SheetRows:
    """What a spreadsheet holds. `marked` says for a cell (row and column from 0) what is wrong with it.

    `overdue` cells show ▲ before a value that stays a date or a number. `note` stands below all, in its column.
    """

    name: str
    columns: tuple[SheetColumn, ...]
    rows: Sequence[Sequence[Native]]
    overdue: frozenset[tuple[int, int]] = frozenset()
    marked: Mapping[tuple[int, int], str] = field(default_factory=dict)
    note: tuple[int, str] = (0, "")


def xlsx(*grids: Grid, created: datetime) -> bytes:
    """The tables as a spreadsheet, each on a sheet of its own, dated `created`. Raises QmsError for too long a text."""
    headers = [" ".join(part for part in (grid.title, grid.subtitle) if part) for grid in grids]
    return workbook(*map(_rows, grids), created=created, headers=headers)


def _rows(grid: Grid) -> SheetRows:
    places = {column.name: place for place, column in enumerate(grid.columns)}
    kinds = tuple(column.kind for column in grid.columns)
    return SheetRows(
        name=grid.title,
        columns=tuple(SheetColumn(c.title, max(c.width, _LEAST_WIDTHS[c.kind])) for c in grid.columns),
        rows=[[native(cell, kind) for cell, kind in zip(row, kinds, strict=True)] for row in grid.rows],
        overdue=frozenset((row, places[name]) for row, name in grid.overdue if name in places),
        note=(grid.note_place, grid.note),
    )


def workbook(*sheets: SheetRows, created: datetime, headers: Sequence[str] = ()) -> bytes:
    """Sheets as the bytes of a workbook: heads frozen and filtered, text as text. Raises QmsError for long text."""
    written = io.BytesIO()
    book = xlsxwriter.Workbook(written, _OPTIONS)
    book.set_properties({"title": sheets[0].name, "created": created.replace(tzinfo=None)})
    formats = _Formats(book)
    for sheet, header in zip_longest(sheets, headers, fillvalue=""):
        assert isinstance(sheet, SheetRows)
        _refuse_unfit(sheet)
        _page(book.add_worksheet(_sheet_name(sheet.name)), sheet, str(header), formats)
    book.close()
    return _unmarked(written.getvalue()) if formats.has_marked else written.getvalue()


def _page(page: Worksheet, sheet: SheetRows, header: str, formats: _Formats) -> None:
    for place, column in enumerate(sheet.columns):
        page.set_column_pixels(place, place, round(column.width * _PIXELS_PER_MM))
        page.write_string(0, place, str(formats.marked(column.title)), formats.head)
    page.set_row(0, _height([column.title for column in sheet.columns], sheet) + 4)
    for number, row in enumerate(sheet.rows):
        page.set_row(number + 1, _height(row, sheet))
        for place, value in enumerate(row):
            at = (number, place)
            style = formats.of(value, is_marked=at in sheet.marked, is_overdue=at in sheet.overdue)
            _write(page, number + 1, place, formats.marked(value), style)
    for (number, place), said in sheet.marked.items():
        page.write_comment(number + 1, place, said, {"author": "qmsdocs", "x_scale": 2})
    place, note = sheet.note
    if note:
        page.write_string(len(sheet.rows) + 1, place, str(formats.marked(note)))
    _arrange(page, sheet, header)


def _unmarked(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        parts = [(name, package.read(name)) for name in package.namelist()]
    return opc.archive([opc.member(name, part.replace(_MARK.encode(), b"_x005F_")) for name, part in parts])


def _write(page: Worksheet, row: int, place: int, value: Native, style: Format) -> None:
    match value:
        case None | "":
            page.write_blank(row, place, None, style)
        case bool():
            page.write_boolean(row, place, value, style)
        case int() | Decimal() if is_exact(value):
            page.write_number(row, place, float(value) if isinstance(value, Decimal) else value, style)
        case date() if _day(value) >= _FIRST_SAFE_DAY:
            page.write_datetime(row, place, value, style)
        case _:
            page.write_string(row, place, plain(value), style)


def _height(row: Sequence[Native], sheet: SheetRows) -> float:
    """The height of a row in points; Excel fits rows by itself only when somebody edits them."""
    most = max(
        lines(value, _room(column.width)) if isinstance(value, str) else 1
        for value, column in zip(row, sheet.columns, strict=True)
    )
    return min(most * _LINE + 3, _HIGHEST_ROW)


def _room(width: int) -> float:
    """The ems that surely fit in a column of `width` mm; one is left for marks that may not start a line."""
    return max(2.0, (width - 3) / (_SIZE * MILLIMETRES_PER_POINT) - 1)


def _day(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _arrange(page: Worksheet, sheet: SheetRows, header: str) -> None:
    last = max(len(sheet.rows), 1)
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, last, len(sheet.columns) - 1)
    page.ignore_errors({"number_stored_as_text": xl_range(0, 0, last, len(sheet.columns) - 1)})
    page.set_landscape()
    page.set_paper(9)  # A4
    page.set_margins(left=0.59, right=0.59, top=0.98, bottom=0.59)  # 15, 15, 25, 15 mm
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    page.set_header('&C&"黑体"&14' + header[:200].replace("&", "&&"))
    page.set_footer("&C&P / &N")


def _sheet_name(title: str) -> str:
    name = _UNFIT_NAME.sub(" ", title).strip(" '")[:31].strip(" '")
    return "Sheet1" if not name or name.lower() == "history" else name


def _refuse_unfit(sheet: SheetRows) -> None:
    if len(sheet.rows) >= MAXIMUM_ROWS:
        raise QmsError(
            "{count} rows do not fit in a spreadsheet; at most {limit}",
            count=len(sheet.rows),
            limit=MAXIMUM_ROWS - 1,
            hint=message("write CSV or JSON, or choose fewer records"),
        )
    for number, row in enumerate(sheet.rows, 2):
        for value, column in zip(row, sheet.columns, strict=True):
            if isinstance(value, str) and len(value) > MAXIMUM_CELL // 2 and _units(value) > MAXIMUM_CELL:
                raise QmsError(
                    "row {row}, {column}: the text is longer than the {limit} characters a spreadsheet cell holds",
                    row=number,
                    column=column.title,
                    limit=MAXIMUM_CELL,
                    hint=message("write CSV or JSON, they hold any text"),
                )


def _units(text: str) -> int:
    return len(text) + sum(sign > "\uffff" for sign in text)


class _Formats:
    """The cell formats of a workbook, each made once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._made: dict[tuple[str, bool], Format] = {}
        self.has_marked = False
        self.head = book.add_format(
            {**_FACE, "font_name": "黑体", "bold": True, "align": "center", "text_wrap": True, "border": 1}
            | {"bg_color": "#EBEBEB", "num_format": "@"}
        )

    def marked(self, value: Native) -> Native:
        """`value` with every underscore marked that would begin an escape; XlsxWriter misses one that also ends one."""
        if not isinstance(value, str) or "_x" not in value:
            return value
        self.has_marked = True
        return _ESCAPE.sub(_MARK, value)

    def of(self, value: Native, *, is_marked: bool, is_overdue: bool) -> Format:
        """The format that shows `value` as it is written: 12.50 with two places, text as text."""
        pattern = _pattern(value)
        if is_overdue:
            pattern = f'"▲"{pattern}' if pattern != "@" else '"▲"@'
        key = (pattern, is_marked)
        if key not in self._made:
            looks: dict[str, object] = {**_FACE, "num_format": pattern, "border": 1, "text_wrap": True}
            if not isinstance(value, str):
                looks |= {"align": "center"}
            if is_marked:
                looks |= {"bg_color": "#FFD966"}
            self._made[key] = self._book.add_format(looks)
        return self._made[key]


def _pattern(value: Native) -> str:
    match value:
        case bool():
            return "General"
        case Decimal() if is_exact(value):
            exponent = value.as_tuple().exponent
            places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
            return f"0.{'0' * places}" if places else "0"
        case int() if is_exact(value):
            return "0"
        case datetime() if _day(value) >= _FIRST_SAFE_DAY:
            return "yyyy-mm-dd hh:mm:ss" if value.second else "yyyy-mm-dd hh:mm"
        case date() if _day(value) >= _FIRST_SAFE_DAY:
            return "yyyy-mm-dd"
        case _:
            return "@"
