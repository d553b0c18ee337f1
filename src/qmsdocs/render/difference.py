"""Two texts compared block by block: what stayed, what changed, what went and what came."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby, pairwise
from typing import TypeAlias, TypeVar

from qmsdocs.base.language import Language
from qmsdocs.render import measure
from qmsdocs.render.align import pairs
from qmsdocs.render.comparable import Cells, Comparable, Kind, Shown, Words, comparable, look
from qmsdocs.render.line_difference import Mark, Marked, Piece, compared, compared_text, is_changed, marked
from qmsdocs.render.prose import Block, Grid, Line, plain

_NARROWEST, _WIDEST = 4.0, 36.0  # ems a column asks for that has no width of its own

T = TypeVar("T")


class Change(StrEnum):
    """What became of a block, a row or a column."""

    KEPT = "kept"
    CHANGED = "changed"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Passage:
    """A heading, paragraph, list item or verbatim text; `label` is its number, `level` as in `Words`."""

    kind: Kind
    level: int
    label: Marked
    line: Marked
    change: Change


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table."""

    cells: tuple[Marked, ...]
    change: Change


@dataclass(frozen=True, slots=True)
class LeftOut:
    """So many blocks or rows that did not change and are not shown."""

    count: int


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its relative width, and what became of it."""

    weight: float
    change: Change


@dataclass(frozen=True, slots=True)
class Table:
    """A table, or a flow chart written as one; `label` is its number."""

    label: str
    caption: Marked
    columns: tuple[Column, ...]
    head: Row
    rows: tuple[Row | LeftOut, ...]
    change: Change


@dataclass(frozen=True, slots=True)
class Illustration:
    """A picture: its path as it was and as it is now, None where there was or is none."""

    label: str
    caption: Marked
    old: str | None
    new: str | None
    change: Change


Compared: TypeAlias = "Passage | Table | Illustration"


def differences(
    old: Sequence[Block],
    new: Sequence[Block],
    *,
    language: Language = Language.ZH,
    changed_pictures: Collection[str] = (),
) -> tuple[Compared, ...]:
    """Every block of both texts in order; `changed_pictures` are paths that hold another picture than before."""
    first, last = tuple(comparable(old, language)), tuple(comparable(new, language))
    found = _paired(
        ([unit.key for unit in first], [unit.key for unit in last]),
        ([unit.text for unit in first], [unit.text for unit in last]),
        are_alike=lambda before, after: first[before].family == last[after].family,
    )
    changed = frozenset(changed_pictures)
    return tuple(_compared(_at(first, before), _at(last, after), changed) for before, after in found)


def folded(blocks: Sequence[Compared], *, context: int = 1) -> tuple[Compared | LeftOut, ...]:
    """What changed, with `context` blocks and rows on either side, and all headings; the rest is only counted."""
    wanted = _near([block.change for block in blocks], context)
    for place, block in enumerate(blocks):
        wanted[place] |= isinstance(block, Passage) and block.kind is Kind.HEADING
    return _counted([_shortened(block, context) if isinstance(block, Table) else block for block in blocks], wanted)


def _shortened(table: Table, context: int) -> Table:
    rows = [row for row in table.rows if isinstance(row, Row)]
    if table.change is not Change.CHANGED or any(column.change is not Change.KEPT for column in table.columns):
        return table
    return replace(table, rows=_counted(rows, _near([row.change for row in rows], context)))


def _near(changes: Sequence[Change], context: int) -> list[bool]:
    found = [False] * len(changes)
    for place, change in enumerate(changes):
        if change is not Change.KEPT:
            for near in range(max(0, place - context), min(len(changes), place + context + 1)):
                found[near] = True
    return found


def _counted(items: Sequence[T], wanted: Sequence[bool]) -> tuple[T | LeftOut, ...]:
    found: list[T | LeftOut] = []
    for is_shown, group in groupby(zip(wanted, items, strict=True), key=lambda pair: pair[0]):
        members = [item for _, item in group]
        found += members if is_shown else [LeftOut(len(members))]
    return tuple(found)


_Places: TypeAlias = "Iterator[tuple[int | None, int | None]]"


def _paired(
    keys: tuple[Sequence[Hashable], Sequence[Hashable]],
    texts: tuple[Sequence[str], Sequence[str]],
    *,
    are_alike: Callable[[int, int], bool] | None = None,
) -> _Places:
    """The positions on both sides that belong together; what differs goes by the letters it has in common."""
    grams = [_grams(text) for text in texts[0]], [_grams(text) for text in texts[1]]

    def likeness(before: int, after: int) -> float:
        if are_alike is not None and not are_alike(before, after):
            return 0.0
        first, last = grams[0][before], grams[1][after]
        return 2 * len(first & last) / (len(first) + len(last)) if first or last else 1.0

    return pairs(*keys, likeness)


def _grams(text: str) -> frozenset[str]:
    """The characters of `text` and their pairs."""
    return frozenset((*text, *map("".join, pairwise(text))))


def _at(units: Sequence[T], place: int | None) -> T | None:
    return None if place is None else units[place]


def _compared(old: Comparable | None, new: Comparable | None, changed: frozenset[str]) -> Compared:
    match old, new:
        case ((Words() | None as first), (Words() | None as last)):
            return _passage(first, last)
        case ((Cells() | None as first), (Cells() | None as last)):
            return _table(first, last)
        case ((Shown() | None as first), (Shown() | None as last)):
            return _illustration(first, last, changed)
    raise TypeError("only what is of one family is compared")


def _whole(old: object, new: object) -> Mark:
    """The mark of what stands on one side only."""
    return Mark.ADDED if old is None else Mark.REMOVED if new is None else Mark.KEPT


def _outcome(old: object, new: object, *, is_same: bool) -> Change:
    mark = _whole(old, new)
    return Change(mark) if mark is not Mark.KEPT else Change.KEPT if is_same else Change.CHANGED


def _passage(old: Words | None, new: Words | None) -> Passage:
    shown = new or old
    assert shown is not None
    if old is None or new is None:
        mark = _whole(old, new)
        return Passage(shown.kind, shown.level, _text(shown.label, mark), marked(shown.line, mark), Change(mark))
    is_counted = new.kind is Kind.ITEM and old.label[-1:] == new.label[-1:]  # its place among the others moved
    label = _text(new.label) if is_counted else compared_text(old.label, new.label)
    line = compared(old.line, new.line)
    return Passage(new.kind, new.level, label, line, _outcome(old, new, is_same=old.key == new.key))


def _illustration(old: Shown | None, new: Shown | None, changed: frozenset[str]) -> Illustration:
    shown = new or old
    assert shown is not None
    caption = compared_text(old.picture.caption if old else "", new.picture.caption if new else "")
    is_same = old is not None and new is not None and old.key == new.key and new.picture.path not in changed
    before, after = old.picture.path if old else None, new.picture.path if new else None
    return Illustration(shown.label, caption, before, after, _outcome(old, new, is_same=is_same))


def _table(old: Cells | None, new: Cells | None) -> Table:
    shown = new or old
    assert shown is not None
    before, after = old.grid if old else None, new.grid if new else None
    columns = _columns(before, after)
    weights = _weights(before), _weights(after)
    drawn = tuple(
        Column(weights[1][last] if last is not None else weights[0][first or 0], _outcome(first, last, is_same=True))
        for first, last in columns
    )
    rows = _rows(before, after, columns)
    head = _row(before.head if before else None, after.head if after else None, columns)
    caption = compared_text(before.caption if before else "", after.caption if after else "")
    is_same = old is not None and new is not None and old.key == new.key
    return Table(shown.label, caption, drawn, head, rows, _outcome(old, new, is_same=is_same))


_Columns: TypeAlias = "tuple[tuple[int | None, int | None], ...]"


def _columns(old: Grid | None, new: Grid | None) -> _Columns:
    """Which column was which; as many as before are the same ones, even where a title was changed."""
    if old is None or new is None:
        count = len((old or new or Grid((), ())).head)
        return tuple((None if old is None else place, None if new is None else place) for place in range(count))
    if len(old.head) == len(new.head):
        return tuple((place, place) for place in range(len(new.head)))
    keys = [look(cell) for cell in old.head], [look(cell) for cell in new.head]
    texts = [plain(cell) for cell in old.head], [plain(cell) for cell in new.head]
    return tuple(_paired(keys, texts))


def _weights(grid: Grid | None) -> Sequence[float]:
    if grid is None or len(grid.weights) == len(grid.head):
        return grid.weights if grid else ()
    rows = (grid.head, *grid.rows)
    widest = [
        max((measure.ems(plain(row[place])) for row in rows if place < len(row)), default=0)
        for place in range(len(grid.head))
    ]
    return [min(max(width, _NARROWEST), _WIDEST) for width in widest]


def _rows(old: Grid | None, new: Grid | None, columns: _Columns) -> tuple[Row, ...]:
    first, last = old.rows if old else (), new.rows if new else ()
    keys = [tuple(map(look, row)) for row in first], [tuple(map(look, row)) for row in last]
    texts = ["\n".join(map(plain, row)) for row in first], ["\n".join(map(plain, row)) for row in last]
    return tuple(_row(_at(first, before), _at(last, after), columns) for before, after in _paired(keys, texts))


def _row(old: tuple[Line, ...] | None, new: tuple[Line, ...] | None, columns: _Columns) -> Row:
    cells = tuple(_cell(_in(old, first), _in(new, last)) for first, last in columns)
    return Row(cells, _outcome(old, new, is_same=not any(map(is_changed, cells))))


def _in(row: tuple[Line, ...] | None, place: int | None) -> Line | None:
    return None if row is None or place is None else row[place] if place < len(row) else ()


def _cell(old: Line | None, new: Line | None) -> Marked:
    if old is None or new is None:
        return marked(new or old or (), _whole(old, new))
    return compared(old, new)


def _text(text: str, mark: Mark = Mark.KEPT) -> Marked:
    return (Piece(text, mark),) if text else ()
