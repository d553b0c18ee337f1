"""Tables as plain values: columns, rows, and what each cell is in a spreadsheet, in CSV and in JSON."""

from __future__ import annotations

import csv as comma
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

Cell: TypeAlias = "str | int | None"
Native: TypeAlias = "str | int | Decimal | date | datetime | bool | None"

EXACT_DIGITS = 15  # what a double, and so every spreadsheet and most JSON readers, holds exactly
# A spreadsheet makes a formula of what starts like this; the full-width signs count in East Asian editions.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_GUARDED = (*FORMULA_STARTS, "'")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


class Kind(StrEnum):
    """What the cells of a column are."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    DATETIME = "datetime"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the name programs use, the title people read, what its cells are, and its width on paper in mm."""

    name: str
    title: str
    kind: Kind = Kind.TEXT
    width: int = 24


@dataclass(frozen=True, slots=True)
class Grid:
    """A table ready to be shown. Cells are canonical values: text, whole numbers, decimals and dates as text, None.

    `overdue` names cells (row from 0, column name) that print and terminal mark by ▲. `note` is what must be known
    before the table is used; it stands above it on paper and terminal, below it in a spreadsheet.
    """

    title: str
    subtitle: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    overdue: frozenset[tuple[int, str]] = frozenset()
    note: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"a row of {len(row)} cells under {len(self.columns)} columns")

    @property
    def note_place(self) -> int:
        """The column the note stands in below the rows: not among numbers, which `export pull --list` reads."""
        return next((place for place, column in enumerate(self.columns) if column.name != "number"), 0)

    def is_overdue(self, row: int, column: Column) -> bool:
        """Whether the cell of `column` in the row (from 0) is marked."""
        return (row, column.name) in self.overdue


def native(cell: Cell, kind: Kind) -> Native:
    """The number, date or local date and time that a canonical cell says; text where it says none."""
    if cell is None:
        return None
    written = str(cell)
    match kind:
        case Kind.NUMBER if _NUMBER.fullmatch(written):
            return Decimal(written) if "." in written else int(written)
        case Kind.DATE | Kind.DATETIME:
            return _moment(written)
        case _:
            return written


def _moment(written: str) -> date | datetime | str:
    """A canonical date or instant; an instant as the clock on the wall showed it."""
    try:
        if len(written) == 10:
            return date.fromisoformat(written)
        return datetime.fromisoformat(written).replace(tzinfo=None)
    except ValueError:
        return written


def is_exact(number: int | Decimal) -> bool:
    """Whether a spreadsheet holds every digit of `number`."""
    digits = str(abs(number)).replace(".", "").strip("0")
    return len(digits) <= EXACT_DIGITS


def plain(value: Native) -> str:
    """`value` as text: 12.5, 2026-11-21, 2026-11-21 14:05:00; empty for None."""
    match value:
        case None:
            return ""
        case datetime():
            return value.replace(tzinfo=None).isoformat(" ", "seconds")
        case date():
            return value.isoformat()
        case Decimal():
            return f"{value:f}"
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)


def guard(text: str) -> str:
    """`text` with one apostrophe before it where a spreadsheet would make a formula of it (or it starts with one)."""
    return f"'{text}" if text.startswith(_GUARDED) else text


def unguard(text: str) -> str:
    """What `guard` was given; other text, even with an apostrophe before a letter, stays as it is."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_GUARDED) else text


def csv(grid: Grid) -> bytes:
    """The table as CSV for spreadsheets: UTF-8 with mark, commas, CRLF, titles first, text guarded (see `guard`)."""
    rows: list[list[str]] = [[guard(column.title) for column in grid.columns]]
    for row in grid.rows:
        rows.append([_csv_cell(native(cell, column.kind)) for cell, column in zip(row, grid.columns, strict=True)])
    if grid.note:
        rows.append([guard(grid.note) if at == grid.note_place else "" for at in range(len(grid.columns))])
    return _csv_bytes(rows)


def _csv_cell(value: Native) -> str:
    return guard(value) if isinstance(value, str) else plain(value)


def _csv_bytes(rows: Sequence[Sequence[str]]) -> bytes:
    written = io.StringIO(newline="")
    comma.writer(written, lineterminator="\r\n").writerows(rows)
    return written.getvalue().encode("utf-8-sig")


def json_rows(grid: Grid) -> dict[str, object]:
    """`{"note", "columns": [{"name", "title"}], "rows": [[…]]}`: numbers are numbers, dates ISO text, None null.

    A number of more digits than a double holds stays text, so that no reader loses any.
    """
    return {
        "note": grid.note or None,
        "columns": [{"name": column.name, "title": column.title} for column in grid.columns],
        "rows": [
            [_json_cell(cell, column.kind) for cell, column in zip(row, grid.columns, strict=True)] for row in grid.rows
        ],
    }


def _json_cell(cell: Cell, kind: Kind) -> str | int | float | None:
    value = native(cell, kind) if kind is Kind.NUMBER else None
    if isinstance(value, int | Decimal) and is_exact(value):
        return float(value) if isinstance(value, Decimal) else value
    return None if cell is None else str(cell)
