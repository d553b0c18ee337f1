"""A register broken into landscape pages before anything is drawn, so that each page can count its rows."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qmsdocs.base.language import Language, Text
from qmsdocs.render.measure import MILLIMETRES_PER_POINT, beginning, character
from qmsdocs.render.table import Cell, Column, Grid, Kind, native, plain

PAGE_WIDTH, PAGE_HEIGHT = 297, 210
LEFT, RIGHT, TOP, BOTTOM = 15, 15, 25, 15
TEXT_WIDTH = PAGE_WIDTH - LEFT - RIGHT
NUMBER_WIDTH = 10.0
FOOT = 8.0  # with 制表 审核 日期 and the page number
TITLE, SUBTITLE = 9.0, 6.0
NOTE_SPACE = 2.0  # below a note
LEAST_ROW, TOTAL_ROW = 8.0, 7.0
SIZE, HEAD_SIZE, LINE = 9.0, 9.0, 13.0  # points: 小五, its line
PADDING = 1.0  # mm, left and right
_BORDER = 0.25  # mm a row gives to its border

# A word, or a sign, with the marks that may not part from it: closing ones behind, opening ones before.
_UNIT = re.compile(
    r"[（《「『【〔“‘]*(?:(?:[!-,.-~\u00a1-\u024f]|-(?![A-Za-z]))+-?|.)[，。、；：？！）》」』】〕…—·％”’]*"
)

NO = Text("序号", "No.")
NOTHING_BELOW = Text("以下空白", "nothing below")
TOTALS = Text("本页 {here} 条，累计 {total} 条", "{here} on this page, {total} so far")
DRAWN_UP, CHECKED, DAY = Text("制表：", "Drawn up:"), Text("审核：", "Checked:"), Text("日期：", "Date:")
PAGE = (Text("第 ", "page "), Text(" 页 共 ", " of "), Text(" 页", ""))


@dataclass(frozen=True, slots=True)
class PageRow:
    """A row, or the part of a very high one that stands on one page; `number` is empty where a part goes on."""

    number: str
    cells: tuple[str, ...]
    height: float


@dataclass(frozen=True, slots=True)
class RegisterPage:
    """One page: its rows, how many begin on it, how many have begun so far, whether it is the last."""

    rows: tuple[PageRow, ...]
    here: int
    total: int
    is_last: bool


@dataclass(frozen=True, slots=True)
class RegisterPages:
    """A register ready to be drawn: width of each column (first the number's), height of head and note, in mm."""

    widths: tuple[float, ...]
    titles: tuple[str, ...]
    centred: tuple[bool, ...]
    head: float
    note: float
    pages: tuple[RegisterPage, ...]


def register_pages(grid: Grid, *, language: Language) -> RegisterPages:
    """The pages of `grid`, filled from the top; a row stands on one page whole unless it is higher than a page."""
    widths = _widths(grid.columns)
    named = zip(grid.columns, widths[1:], strict=True)
    titles = (NO.of(language), *(_balanced(column.title, _room(width, HEAD_SIZE)) for column, width in named))
    head = _height(titles, widths, HEAD_SIZE)
    title = TITLE + (SUBTITLE if grid.subtitle else 0)
    lines = _count(grid.note, _room(TEXT_WIDTH, SIZE)) if grid.note else 0
    note = lines * LINE * MILLIMETRES_PER_POINT + (NOTE_SPACE if lines else 0)
    room = PAGE_HEIGHT - TOP - BOTTOM - FOOT - title - note - head - TOTAL_ROW
    parts = [part for number in range(len(grid.rows)) for part in _parts(grid, number, widths, room - LEAST_ROW)]
    return RegisterPages(
        widths,
        titles,
        (True, *(column.kind is not Kind.TEXT for column in grid.columns)),
        head,
        note,
        tuple(_pages(parts, room)),
    )


def _balanced(title: str, room: float) -> str:
    """A Chinese title too long for its cell, broken into lines of nearly one length, best behind a colon."""
    count = _lines(title, room)
    if count < 2 or title.isascii() or " " in title:
        return title
    head, colon, rest = title.partition("：")
    if rest and len(head) + 1 <= room:
        return f"{head}{colon}\n{rest}"
    size = math.ceil(len(title) / count)
    return "\n".join(title[start : start + size] for start in range(0, len(title), size))


def _widths(columns: Sequence[Column]) -> tuple[float, ...]:
    """Number column and columns, together as wide as the page."""
    wanted = sum(column.width for column in columns)
    scale = (TEXT_WIDTH - NUMBER_WIDTH) / max(wanted, 1)
    return (NUMBER_WIDTH, *(column.width * scale for column in columns))


def _room(width: float, size: float) -> float:
    """The ems that surely fit in one line of a cell; one is left for marks that may not start a line."""
    return max(1.0, (width - 2 * PADDING) / (size * MILLIMETRES_PER_POINT) - 0.1)


def _count(text: str, room: float) -> int:
    """How many lines of `room` ems the text takes at most: what may not be torn apart goes to the next line whole."""
    return sum(_lines(paragraph, room) for paragraph in text.split("\n"))


def _lines(text: str, room: float) -> int:
    count, used = 1, 0.0
    for unit in _UNIT.findall(text):
        wide = sum(map(_broad, unit))
        if used + wide <= room:
            used += wide
        elif wide <= room:
            count, used = count + 1, wide
        else:  # longer than a line: begun on a new one, then torn
            whole = math.ceil(wide / max(room - 1, 1))
            count, used = count + whole - (used == 0), room
    return count


def _broad(sign: str) -> float:
    return 0.76 if sign.isascii() and sign.isupper() else character(sign) * 1.02


def _height(cells: Sequence[str], widths: Sequence[float], size: float = SIZE) -> float:
    most = max(_count(cell, _room(width, size)) for cell, width in zip(cells, widths, strict=True))
    return max(LEAST_ROW, most * LINE * MILLIMETRES_PER_POINT + 1.6) + _BORDER


def _parts(grid: Grid, row: int, widths: Sequence[float], highest: float) -> Iterator[PageRow]:
    """The row as one part, or as several where it is higher than a page."""
    cells = tuple(_shown(grid, row, place) for place in range(len(grid.columns)))
    number = str(row + 1)
    while (height := _height((number, *cells), widths)) > highest:
        most = int(0.85 * (highest - 2) / (LINE * MILLIMETRES_PER_POINT))  # the reckoning of `beginning` is rougher
        rooms = [max(_room(width, SIZE) - 1, 1.0) for width in widths[1:]]
        taken = tuple(beginning(cell, room, most) for cell, room in zip(cells, rooms, strict=True))
        if not any(taken):
            break
        yield PageRow(number, taken, highest)
        cells = tuple(cell.removeprefix(part).removeprefix("\n") for cell, part in zip(cells, taken, strict=True))
        number = ""
    yield PageRow(number, cells, height)


def _shown(grid: Grid, row: int, place: int) -> str:
    """The cell as print shows it; an empty one is closed by / so that nobody can write in it later."""
    column = grid.columns[place]
    mark = "▲" if grid.is_overdue(row, column) else ""
    return mark + (_written(grid.rows[row][place], column.kind) or "/")


def _written(cell: Cell, kind: Kind) -> str:
    text = plain(native(cell, kind))
    return text[:16] if kind is Kind.DATETIME and len(text) == 19 else text  # people read no seconds


def _pages(parts: Sequence[PageRow], room: float) -> Iterator[RegisterPage]:
    """Parts laid on pages; the last page keeps a row's room for the closing line."""
    page: list[PageRow] = []
    used, total = 0.0, 0
    for place, part in enumerate(parts):
        is_final = place == len(parts) - 1
        needed = part.height + (LEAST_ROW + _BORDER if is_final else 0)
        if page and used + needed > room:
            total += _begun(page)
            yield RegisterPage(tuple(page), _begun(page), total, False)
            page, used = [], 0.0
        page.append(part)
        used += part.height
    yield RegisterPage(tuple(page), _begun(page), total + _begun(page), True)


def _begun(page: Sequence[PageRow]) -> int:
    return sum(bool(part.number) for part in page)
