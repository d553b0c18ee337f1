"""Tables in the terminal: aligned by display width, fitted to the screen, cut by … where they must be."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime

from rich.cells import cell_len, chop_cells, set_cell_size

from qmsdocs.base.language import Language, Text
from qmsdocs.render.table import Cell, Column, Grid, Kind, native, plain

_GAP = "  "
_NARROWEST = 8
_WIDEST = 40
_LINES = 2  # a cell takes at most so many lines
_NO_ROWS = Text("（无）", "(none)")
_HIDDEN = Text(
    "另有 {count} 列放不下：{titles}；用 -o 写入文件可看全部",
    "{count} more columns do not fit: {titles}; -o writes all to a file",
)


def text(grid: Grid, *, width: int, language: Language) -> str:
    """The table for a screen of `width` cells, with title and head; columns that do not fit are named below it."""
    cells = [_row(grid, position) for position in range(len(grid.rows))]
    widths = _fit(grid.columns, cells, width)
    shown = len(widths)
    lines = [" ".join(part for part in (grid.title, grid.subtitle) if part)] if grid.title else []
    lines += _noted(grid.note, width)
    lines += _block([column.title for column in grid.columns[:shown]], grid.columns, widths)
    lines.append(_GAP.join("─" * size for size in widths))
    for row in cells:
        lines += _block(row[:shown], grid.columns, widths)
    if not cells:
        lines.append(_NO_ROWS.of(language))
    if shown < len(grid.columns):
        titles = ("、" if language is Language.ZH else ", ").join(column.title for column in grid.columns[shown:])
        lines.append(_HIDDEN.of(language).format(count=len(grid.columns) - shown, titles=_one_line(titles)))
    return "\n".join(line.rstrip() for line in lines)


def _noted(note: str, width: int) -> list[str]:
    lines, rest = [], _one_line(note)
    while rest:
        piece = _first(rest, width)
        lines.append(piece.strip())
        rest = rest[len(piece) :].lstrip()
    return lines


def _row(grid: Grid, position: int) -> list[str]:
    return [
        ("▲" if grid.is_overdue(position, column) else "") + _shown(cell, column.kind)
        for cell, column in zip(grid.rows[position], grid.columns, strict=True)
    ]


def _shown(cell: Cell, kind: Kind) -> str:
    value = native(cell, kind)
    written = plain(value)
    return written[:16] if isinstance(value, datetime) else _one_line(written)  # people read no seconds


def _one_line(text: str) -> str:
    """`text` on one line, without characters that move the cursor or turn the line around."""
    spaced = " ".join(text.split())
    return "".join(sign for sign in spaced if unicodedata.category(sign) not in ("Cc", "Cf", "Cs"))


def _fit(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """The width of each column that fits, left ones first; text columns give way, numbers and dates do not."""
    filled = [max([1, *(cell_len(row[place]) for row in rows)]) for place in range(len(columns))]
    natural = [max(size, cell_len(_one_line(column.title))) for size, column in zip(filled, columns, strict=True)]
    least = [
        max(size, min(whole, _NARROWEST)) if column.kind is not Kind.TEXT or place == 0 else min(whole, _NARROWEST)
        for place, (column, size, whole) in enumerate(zip(columns, filled, natural, strict=True))
    ]
    count = len(columns)
    while count > 1 and sum(least[:count]) + len(_GAP) * (count - 1) > width:
        count -= 1
    sizes = [min(size, max(_WIDEST, floor)) for size, floor in zip(natural, least, strict=True)][:count]
    room = width - len(_GAP) * (count - 1)
    while sum(sizes) > room:
        widest = max(range(count), key=lambda place: sizes[place] - least[place])
        if sizes[widest] <= least[widest]:
            return [max(1, room)] if count == 1 else sizes
        sizes[widest] -= 1
    return sizes


def _block(cells: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> list[str]:
    """The lines of one row."""
    wrapped = [_wrap(_one_line(cell), size) for cell, size in zip(cells, widths, strict=True)]
    lines = []
    for number in range(max(len(cell) for cell in wrapped)):
        pieces = [cell[number] if number < len(cell) else "" for cell in wrapped]
        lines.append(
            _GAP.join(
                _set(piece, size, right=column.kind is Kind.NUMBER)
                for piece, size, column in zip(pieces, widths, columns, strict=False)
            )
        )
    return lines


def _set(piece: str, size: int, *, right: bool) -> str:
    return " " * (size - cell_len(piece)) + piece if right else set_cell_size(piece, size)


def _wrap(text: str, size: int) -> list[str]:
    """The lines of a cell; Latin words are kept whole where they fit."""
    pieces: list[str] = []
    rest = text
    while rest and len(pieces) < _LINES:
        piece = _first(rest, size)
        pieces.append(piece.strip())
        rest = rest[len(piece) :].lstrip()
    if rest:
        last = set_cell_size(pieces[-1], size - 1).rstrip() if size > 1 else ""
        pieces[-1] = f"{last}…"
    return pieces or [text]


def _first(text: str, size: int) -> str:
    """As much of `text` as a line of `size` cells takes."""
    if cell_len(text) <= size:
        return text
    piece = chop_cells(text[: size + 1], size)[0]
    blank = piece.rfind(" ")
    is_torn = all(sign.isascii() and sign.isalnum() for sign in (piece[-1], text[len(piece)]))
    return piece[:blank] if is_torn and blank > 0 else piece
