"""Blocks put into the order of a running text: tables around text taken away, captions joined to what they name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from qmsdocs.base.errors import message
from qmsdocs.fill.word_gathered import Reading
from qmsdocs.fill.word_model import Block, Cell, Image, Passage, Row, Table, snippet, words_of
from qmsdocs.fill.word_outline import Node

_LONG_CELL = 6  # paragraphs in a cell as wide as its table: the table is a frame around text
_LONGER_CELL = 16  # the same in a narrower cell
_CAPTION = re.compile(
    r"\s*(图|圖|表|Figure|Fig\.?|Table)\s*([0-9A-Z一二三四五六七八九十]*(?:[-.–][0-9]+)*)[\s:：.、]*(.*)", re.IGNORECASE
)
_LONGEST_CAPTION = 60


@dataclass(frozen=True, slots=True)
class Captioned:
    """A table with the words above it."""

    table: Table
    caption: str


def unrolled(blocks: Sequence[Block], reading: Reading) -> Iterator[Block]:
    """The blocks; the text inside tables that only frame it stands in their place."""
    for block in blocks:
        if not isinstance(block, Table) or not _frames(block):
            yield block
            continue
        reading.altered(snippet(words_of(block)), message("a table around running text is taken away"))
        width = block.width
        waiting: list[Row] = []
        for row in block.rows:
            if _is_long(row, width) or width == 1:
                yield from _rest(waiting)
                waiting = []
                yield from unrolled([below for cell in row.cells for below in cell.blocks], reading)
            else:
                waiting.append(row)
        yield from _rest(waiting)


def _rest(rows: Sequence[Row]) -> Iterator[Block]:
    if rows:
        yield Table(tuple(rows))


def _frames(table: Table) -> bool:
    width = table.width
    return any(_is_long(row, width) for row in table.rows) or (width == 1 and len(table.rows) == 1)


def _is_long(row: Row, width: int) -> bool:
    return any(_is_long_cell(cell, cell.span + row.before == width) for cell in row.cells)


def _is_long_cell(cell: Cell, is_whole: bool) -> bool:
    limit = _LONG_CELL if is_whole else _LONGER_CELL
    return len(cell.blocks) >= limit or (is_whole and any(isinstance(block, Table) for block in cell.blocks))


def in_line(blocks: Sequence[Block]) -> Iterator[Block]:
    """The blocks; what stands behind a paragraph follows it as blocks of its own."""
    for block in blocks:
        if isinstance(block, Passage):
            if block.plain:
                yield replace(block, after=())
            yield from in_line(block.after)
        else:
            yield block


def captioned(nodes: Sequence[Node], reading: Reading) -> Iterator[Node | Captioned]:
    """The nodes with captions joined: 图1 below a picture, 表1 above a table; the program counts both."""
    waiting = list(nodes)
    at = 0
    while at < len(waiting):
        block = waiting[at]
        after = waiting[at + 1] if at + 1 < len(waiting) else None
        if isinstance(block, Image) and (said := _caption(after, "图圖Ff")) is not None:
            yield replace(block, caption=_taken(said, reading))
            at += 1
        elif isinstance(after, Table) and (said := _caption(block, "表Tt")) is not None and said[3].strip():
            yield Captioned(after, _taken(said, reading))
            at += 1
        else:
            yield block
        at += 1


def _caption(block: Node | None, signs: str) -> re.Match[str] | None:
    if not isinstance(block, Passage) or len(block.plain) > _LONGEST_CAPTION or block.plain.endswith("。"):
        return None
    found = _CAPTION.fullmatch(block.plain)
    return found if found is not None and found[1][0] in signs and (found[2] or found[0].strip() != found[1]) else None


def _taken(said: re.Match[str], reading: Reading) -> str:
    reading.taken.append(said[1] + said[2])
    return said[3].strip()
