"""A table of a Word file as rows of equal length: merged cells written out, what Markdown has no cell for as lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from qmsdocs.base.errors import message
from qmsdocs.fill.word_gathered import Reading
from qmsdocs.fill.word_model import Block, Cell, Image, Passage, Piece, Row, Table, snippet, words_of

Pieces: TypeAlias = tuple[Piece, ...]
_EMPTY: Pieces = ()
MOST_COLUMNS = 20  # what a page of the program takes


def cells_of(table: Table) -> list[list[Pieces]]:
    """The cells row by row, the head first; merged cells repeat their words, one as wide as the table stands once."""
    width = table.width
    found: list[list[Pieces]] = []
    for row in table.rows:
        found.append(_row(row, width, found[-1] if found else [_EMPTY] * width))
    heads = _head_rows(table)
    if heads > 1:
        head = [_together([row[column] for row in found[:heads]]) for column in range(width)]
        return [head, *found[heads:]]
    return found


def _row(row: Row, width: int, above: Sequence[Pieces]) -> list[Pieces]:
    cells: list[Pieces] = [_EMPTY] * row.before
    for cell in row.cells:
        if cell.continues:
            cells += above[len(cells) : len(cells) + cell.span]
        else:
            words = tuple(_words(cell.blocks))
            repeats = 1 if cell.span == width else cell.span
            cells += [words] * repeats + [_EMPTY] * (cell.span - repeats)
    return (cells + [_EMPTY] * width)[:width]


def _head_rows(table: Table) -> int:
    """How many rows the head has: those Word repeats on each page, or two where a cell of the first reaches down."""
    marked = 0
    for row in table.rows:
        if not row.is_head:
            break
        marked += 1
    if marked == 0 and len(table.rows) > 2 and any(cell.span > 1 for cell in table.rows[0].cells):
        return 2 if any(cell.continues for cell in table.rows[1].cells) else 1
    return min(max(marked, 1), len(table.rows))


def _together(parts: Sequence[Pieces]) -> Pieces:
    distinct = [part for part in dict.fromkeys(parts) if part]
    return tuple(piece for at, part in enumerate(distinct) for piece in ((Piece("／"),) if at else ()) + part)


def _words(blocks: Sequence[Block]) -> Iterator[Piece]:
    is_first = True
    for block in blocks:
        said = _block_words(block)
        if said:
            yield from () if is_first else (Piece("\n"),)
            yield from said
            is_first = False


def _block_words(block: Block) -> Pieces:
    if isinstance(block, Passage):
        label = (Piece(f"{block.label.text} "),) if block.label is not None and not block.label.is_bullet else ()
        bullet = (Piece("· "),) if block.label is not None and block.label.is_bullet else ()
        below = tuple(piece for one in block.after for piece in (Piece("\n"), *_block_words(one)))
        return (*label, *bullet, *block.pieces, *below) if block.plain or below else ()
    return (Piece(words_of(block)),) if words_of(block) else ()


def pictures_of(table: Table) -> Iterator[Image]:
    """The pictures inside the cells."""
    for row in table.rows:
        for cell in row.cells:
            yield from _pictures(cell.blocks)


def _pictures(blocks: Sequence[Block]) -> Iterator[Image]:
    for block in blocks:
        if isinstance(block, Image):
            yield block
        elif isinstance(block, Passage):
            yield from _pictures(block.after)
        elif isinstance(block, Table):
            yield from pictures_of(block)


def report_table(table: Table, reading: Reading) -> None:
    """Nothing; reports what a plain table cannot show."""
    where = snippet(words_of(table))
    if table.width > MOST_COLUMNS:
        reading.uncertain(
            where, message("a table of {count} columns; a page takes {limit}", count=table.width, limit=MOST_COLUMNS)
        )
    merged = sum(1 for row in table.rows for cell in row.cells if cell.span > 1 or cell.continues)
    if merged:
        reading.altered(where, message("{count} merged cells of a table are written out", count=merged))
    if any(True for _ in pictures_of(table)):
        reading.altered(where, message("pictures inside a table stand behind it"))
    if any(isinstance(block, Table) for row in table.rows for cell in row.cells for block in _all(cell)):
        reading.altered(where, message("a table inside a cell is carried as lines of text"))


def _all(cell: Cell) -> Iterator[Block]:
    for block in cell.blocks:
        yield block
        if isinstance(block, Passage):
            yield from block.after
