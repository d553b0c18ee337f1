"""Which way each arrow of a chart goes on the grid: through free cells, between rows, beside columns, never a box.

The space between two rows is a channel (channel 0 is above row 0), the space beside the boxes of a column a gutter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from qmsdocs.render.chart_grid import Cell, Places
from qmsdocs.render.prose import Chart, Edge


class Side(StrEnum):
    """A side of a box."""

    TOP = "top"
    BOTTOM = "bottom"
    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Gutter:
    """The space left or right of the boxes of a column."""

    column: int
    side: Side


@dataclass(frozen=True, slots=True)
class Route:
    """Where an arrow leaves, where it enters, and the gutter it takes where it takes one."""

    edge: Edge
    first: Cell
    last: Cell
    leaves: Side
    enters: Side
    gutter: Gutter | None = None

    @property
    def is_straight(self) -> bool:
        """Whether it is one line down the middle of a column."""
        return self.gutter is None and self.first.column == self.last.column and self.enters is Side.TOP

    @property
    def lean(self) -> int:
        """Where it turns to as seen from its first box: -1 to the left, 1 to the right, 0 nowhere."""
        if self.gutter is not None:
            return -1 if self.gutter.side is Side.LEFT else 1
        return (self.last.column > self.first.column) - (self.last.column < self.first.column)

    @property
    def arrival(self) -> int:
        """Where it comes from as seen from its last box, as `lean`."""
        if self.gutter is not None and self.first.column == self.last.column:
            return self.lean
        return (self.first.column > self.last.column) - (self.first.column < self.last.column)


@dataclass(slots=True)
class _Board:
    """What is taken on the grid: cells by boxes and by lines across and down their middle, sides of boxes."""

    boxes: frozenset[Cell]
    crossed: dict[Cell, str] = field(default_factory=dict)
    upright: dict[Cell, Edge] = field(default_factory=dict)
    leaving: set[tuple[str, Side]] = field(default_factory=set)
    entered: set[tuple[str, Side]] = field(default_factory=set)

    def is_open(self, cells: Iterable[Cell], towards: str = "") -> bool:
        return all(cell not in self.boxes and self.crossed.get(cell, towards) == towards for cell in cells)

    def is_passable(self, cells: Sequence[Cell], edge: Edge) -> bool:
        """Whether `edge` can run down through `cells`, where one from or to the same box may run beside it."""
        met = (self.upright[cell] for cell in cells if cell in self.upright)
        free = all(cell not in self.boxes for cell in cells)
        return free and all(other.first == edge.first or other.last == edge.last for other in met)

    def is_unused(self, name: str, side: Side) -> bool:
        return (name, side) not in self.leaving and (name, side) not in self.entered

    def may_enter(self, name: str, side: Side) -> bool:
        return (name, side) not in self.leaving


def routes(chart: Chart, places: Places) -> tuple[Route, ...]:
    """The way of every arrow, in the order of the chart: straight ones first have their pick, then the rest."""
    cells = places.cells
    board = _Board(frozenset(cells.values()))
    decisions = frozenset(node.name for node in chart.nodes if node.shape == "decision")
    found: dict[Edge, Route] = {}
    for edge in chart.edges:
        first, last = cells[edge.first], cells[edge.last]
        if (edge.first, Side.BOTTOM) not in board.leaving and _is_clear_below(board, first, last):
            found[edge] = Route(edge, first, last, Side.BOTTOM, Side.TOP)
            board.leaving.add((edge.first, Side.BOTTOM))
            board.upright.update(dict.fromkeys(_down(first.column, first.row, last.row), edge))
    for edge in chart.edges:
        if edge not in found:
            first, last = cells[edge.first], cells[edge.last]
            prefers_side = edge.first in decisions or edge.last in decisions
            found[edge] = _turning(board, edge, first, last, prefers_side) or _around(board, edge, first, last)
    return tuple(found[edge] for edge in chart.edges)


def _is_clear_below(board: _Board, first: Cell, last: Cell) -> bool:
    between = _down(first.column, first.row, last.row)
    return first.column == last.column and first.row < last.row and board.is_open(between)


def _down(column: int, first: int, last: int) -> tuple[Cell, ...]:
    """The cells of `column` between the rows `first` and `last`."""
    return tuple(Cell(row, column) for row in range(first + 1, last))


def _across(row: int, first: int, last: int) -> tuple[Cell, ...]:
    """The cells of `row` behind column `first` up to column `last`, in either direction."""
    step = 1 if last > first else -1
    return tuple(Cell(row, column) for column in range(first + step, last + step, step))


def _turning(board: _Board, edge: Edge, first: Cell, last: Cell, prefers_side: bool) -> Route | None:
    """A way down with one corner, else by the channel between neighbouring rows; None where neither is free."""
    if first.row >= last.row or first.column == last.column:
        return None
    ways = (_over, _under) if prefers_side or (edge.first, Side.BOTTOM) in board.leaving else (_under, _over)
    for way in ways:
        if (route := way(board, edge, first, last)) is not None:
            return route
    return Route(edge, first, last, Side.BOTTOM, Side.TOP) if last.row == first.row + 1 else None


def _over(board: _Board, edge: Edge, first: Cell, last: Cell) -> Route | None:
    """Out of the side, then down to the top."""
    side = Side.RIGHT if last.column > first.column else Side.LEFT
    across = _across(first.row, first.column, last.column)
    down = (across[-1], *_down(last.column, first.row, last.row))
    if not (board.is_unused(edge.first, side) and board.is_open(across) and board.is_passable(down, edge)):
        return None
    board.upright.update(dict.fromkeys(down, edge))
    board.leaving.add((edge.first, side))
    board.crossed.update(dict.fromkeys(across, edge.last))
    return Route(edge, first, last, side, Side.TOP)


def _under(board: _Board, edge: Edge, first: Cell, last: Cell) -> Route | None:
    """Down from the bottom, then into the side."""
    side = Side.LEFT if last.column > first.column else Side.RIGHT
    across = _across(last.row, last.column, first.column)
    down = (*_down(first.column, first.row, last.row), across[-1])
    open_ways = board.is_open(across, edge.last) and board.is_passable(down, edge)
    if not (open_ways and board.may_enter(edge.last, side)):
        return None
    board.leaving.add((edge.first, Side.BOTTOM))
    board.entered.add((edge.last, side))
    board.upright.update(dict.fromkeys(down, edge))
    board.crossed.update(dict.fromkeys(across, edge.last))
    return Route(edge, first, last, Side.BOTTOM, side)


def _around(board: _Board, edge: Edge, first: Cell, last: Cell) -> Route:
    """By the gutter beside the first box, up or down."""
    side = _gutter_side(board, edge, first, last)
    leaves, enters = Side.BOTTOM, Side.TOP
    if board.is_unused(edge.first, side):
        leaves = side
        board.leaving.add((edge.first, side))
    facing = side if first.column == last.column else Side.LEFT if last.column > first.column else Side.RIGHT
    across = () if first.column == last.column else _across(last.row, last.column, first.column)[:-1]
    if first != last and board.may_enter(edge.last, facing) and board.is_open(across, edge.last):
        enters = facing
        board.entered.add((edge.last, facing))
        board.crossed.update(dict.fromkeys(across, edge.last))
    return Route(edge, first, last, leaves, enters, Gutter(first.column, side))


def _gutter_side(board: _Board, edge: Edge, first: Cell, last: Cell) -> Side:
    if first.column != last.column:
        return Side.RIGHT if last.column > first.column else Side.LEFT
    sides = (Side.RIGHT, Side.LEFT)
    free = (side for side in sides if board.is_unused(edge.first, side) and board.may_enter(edge.last, side))
    return next(free, Side.RIGHT)


def tracks(spans: Mapping[int, tuple[float, float]]) -> Mapping[int, int]:
    """A track from 0 for each span so that no two on one track meet, by greedy choice in the order given."""
    ends: list[list[tuple[float, float]]] = []
    chosen: dict[int, int] = {}
    for key, span in spans.items():
        low, high = min(span), max(span)
        free = (number for number, track in enumerate(ends) if all(high < a or b < low for a, b in track))
        number = next(free, len(ends))
        if number == len(ends):
            ends.append([])
        ends[number].append((low, high))
        chosen[key] = number
    return chosen
