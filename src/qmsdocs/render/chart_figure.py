"""A flow chart as lines and words on paper, in millimetres from the top left: what SVG and PNG are drawn from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from qmsdocs.render import chart_shape as shapes
from qmsdocs.render import measure
from qmsdocs.render.chart_columns import EDGE, OFF, Columns, Labels, columns, labels, ports
from qmsdocs.render.chart_grid import Cell, Places, places, sound
from qmsdocs.render.chart_route import Route, Side, routes
from qmsdocs.render.chart_rows import Rows, is_told_late, leaving, rows
from qmsdocs.render.chart_shape import LABEL, Box, Point, Stroke, Words
from qmsdocs.render.prose import Chart

TALLEST = 240.0  # millimetres, what a page holds beside the caption
_WIDTHS = (10, 9, 8, 7, 6, 5, 4)  # of the text of a box in ems, the roomiest first
_HEAD = 7.0  # least height of a lane's head


@dataclass(frozen=True, slots=True)
class Figure:
    """Lines and words, later ones on top."""

    width: float
    height: float
    strokes: tuple[Stroke, ...]
    words: tuple[Words, ...]


def figure(chart: Chart, *, width: float) -> Figure:
    """`chart` on at most `width` by 240 mm: with boxes of the width at which it need be made smaller least."""
    chart = sound(chart)
    if not chart.nodes:
        return Figure(width, 1.0, (), ())
    stand = places(chart)
    ways = routes(chart, stand)
    best, most = None, 0.0
    for ems in _WIDTHS:
        plan = _plan(chart, stand, ways, ems)
        scale = min(1.0, width / plan.width, TALLEST / plan.height)
        if scale > most:
            best, most = plan, scale
        if most == 1.0:
            break
    assert best is not None  # every scale is above 0
    return _scaled(_drawn(best), most)


def _scaled(found: Figure, factor: float) -> Figure:
    return Figure(
        found.width * factor,
        found.height * factor,
        tuple(replace(line, points=tuple((x * factor, y * factor) for x, y in line.points)) for line in found.strokes),
        tuple(replace(said, x=said.x * factor, y=said.y * factor, size=said.size * factor) for said in found.words),
    )


@dataclass(frozen=True, slots=True)
class _Plan:
    """Where everything of a chart stands."""

    boxes: tuple[Box, ...]
    cells: Mapping[str, Cell]
    labels: Labels
    columns: Columns
    rows: Rows
    heads: tuple[tuple[str, ...], ...]
    head: float

    @property
    def width(self) -> float:
        """In millimetres."""
        return self.columns.walls[-1] + EDGE

    @property
    def height(self) -> float:
        """In millimetres."""
        return self.rows.bottom + EDGE


def _plan(chart: Chart, stand: Places, ways: tuple[Route, ...], ems: float) -> _Plan:
    """Where everything stands when the text of a box has `ems` on a line."""
    boxes = shapes.boxes(chart.nodes, ems)
    ends = ports(ways, boxes[0].width)
    said = labels(ways, ends, boxes[0].width)
    across = columns(ways, stand.columns, said, ends, boxes[0].width)
    heights = [0.0] * stand.rows
    for box in boxes:
        row = stand.cells[box.name].row
        heights[row] = max(heights[row], box.height)
    heads = tuple(
        shapes.wrapped(lane, (across.walls[number + 1] - across.walls[number] - 2) / shapes.em(shapes.TEXT))
        for number, lane in enumerate(chart.lanes)
    )
    tallest = max(map(len, heads), default=0) * shapes.line_height(shapes.TEXT) + 2
    head = max(_HEAD, tallest) if heads else 0.0
    return _Plan(boxes, stand.cells, said, across, rows(across, said, heights, head=head), heads, head)


def _drawn(plan: _Plan) -> Figure:
    ways = [_points(plan, number) for number in range(len(plan.columns.ways))]
    strokes = [*_frame(plan), *(Stroke(points) for points in ways)]
    words = [*_head_words(plan)]
    for box in plan.boxes:
        x, y = _middle(plan, box)
        strokes.append(Stroke(_closed(shapes.outline(box, x, y)), shapes.BOLD, "white"))
        words += _stacked(box.lines, x, y + shapes.text_shift(box), shapes.TEXT)
    beside = leaving(plan.columns)
    for number in plan.labels.lines:
        said = _label(plan, number, beside.get(plan.columns.ways[number].edge.first, ()))
        strokes.append(_backing(said))
        words += said
    strokes += [Stroke(_closed(_arrow(points)), shapes.FINE, "black") for points in ways]
    return Figure(plan.width, plan.height, tuple(strokes), tuple(words))


def _middle(plan: _Plan, box: Box) -> Point:
    cell = plan.cells[box.name]
    return plan.columns.middles[cell.column], plan.rows.middles[cell.row]


def _points(plan: _Plan, number: int) -> tuple[Point, ...]:
    """The corners of a way, from box to box."""
    way = plan.columns.ways[number]
    levels = plan.rows.levels
    start, end = _end(plan, number, way.edge.first, way.leaves), _end(plan, number, way.edge.last, way.enters)
    between: tuple[Point, ...] = ()
    if way.gutter is not None:
        x = plan.columns.track(number)
        out, back = levels.get((number, Side.BOTTOM), start[1]), levels.get((number, Side.TOP), end[1])
        between = ((start[0], out), (x, out), (x, back), (end[0], back))
    elif way.leaves is not Side.BOTTOM:
        between = ((end[0], start[1]),)
    elif way.enters is not Side.TOP:
        between = ((start[0], end[1]),)
    elif start[0] != end[0]:
        y = levels[number, Side.TOP]
        between = ((start[0], y), (end[0], y))
    return tuple(dict.fromkeys((start, *between, end)))


def _end(plan: _Plan, number: int, name: str, side: Side) -> Point:
    """Where a way touches the box `name`."""
    box = next(box for box in plan.boxes if box.name == name)
    x, y = _middle(plan, box)
    if side in (Side.LEFT, Side.RIGHT):
        return x + (-1 if side is Side.LEFT else 1) * box.width / 2, y
    aside = plan.columns.ports.get((number, side), 0.0)
    above, below = shapes.edge(box, aside)
    return x + aside, y - above if side is Side.TOP else y + below


def _frame(plan: _Plan) -> Iterator[Stroke]:
    if not plan.heads:
        return
    walls = plan.columns.walls
    for x in walls:
        yield Stroke(((x, EDGE), (x, plan.rows.bottom)))
    for y in (EDGE, EDGE + plan.head, plan.rows.bottom):
        yield Stroke(((EDGE, y), (walls[-1], y)))


def _head_words(plan: _Plan) -> Iterator[Words]:
    walls = plan.columns.walls
    for number, lines in enumerate(plan.heads):
        for said in _stacked(lines, (walls[number] + walls[number + 1]) / 2, EDGE + plan.head / 2, shapes.TEXT):
            yield replace(said, is_sans=True)


def _label(plan: _Plan, number: int, beside: Sequence[int]) -> tuple[Words, ...]:
    """The words beside a way, near where it begins; `beside` are the ways that leave its box by the bottom."""
    way = plan.columns.ways[number]
    x, y = _end(plan, number, way.edge.first, way.leaves)
    lines, tall = plan.labels.lines[number], plan.labels.height(number)
    if is_told_late(plan.columns, number, beside):
        is_left = way.lean < 0
        x = plan.columns.start(beside[0 if is_left else -1])
        y = plan.rows.middles[way.last.row] - tall / 2 - OFF / 2
    elif way.leaves is Side.BOTTOM:
        is_left = number == beside[0] and len(beside) > 1
        y = plan.rows.words[number] + tall / 2 + OFF / 2
    else:
        is_left = way.leaves is Side.LEFT
        y -= tall / 2 + OFF / 2
    return _stacked(lines, x - OFF if is_left else x + OFF, y, LABEL, "end" if is_left else "start")


def _stacked(lines: Sequence[str], x: float, y: float, size: float, anchor: str = "middle") -> tuple[Words, ...]:
    """`lines` around the middle height y."""
    high = shapes.line_height(size)
    top = y - high * (len(lines) - 1) / 2
    return tuple(Words(x, top + high * place, line, size, anchor=anchor) for place, line in enumerate(lines))


def _closed(points: tuple[Point, ...]) -> tuple[Point, ...]:
    return (*points, points[0])


def _arrow(points: Sequence[Point]) -> tuple[Point, ...]:
    """The head of the arrow along `points`."""
    (x0, y0), (x, y) = points[-2:]
    length = math.hypot(x - x0, y - y0) or 1.0
    dx, dy = (x - x0) / length, (y - y0) / length
    back_x, back_y = x - 2.2 * dx, y - 2.2 * dy
    return (x, y), (back_x - 0.8 * dy, back_y + 0.8 * dx), (back_x + 0.8 * dy, back_y - 0.8 * dx)


def _backing(said: Sequence[Words]) -> Stroke:
    """A white place behind words, so that a line crossing them does not strike them through."""
    wide = max(measure.ems(line.text) * shapes.em(line.size) for line in said)
    left = {"start": 0.0, "middle": -wide / 2, "end": -wide}[said[0].anchor] + said[0].x
    half = shapes.line_height(said[0].size) / 2
    top, bottom = said[0].y - half, said[-1].y + half
    return Stroke(_closed(((left, top), (left + wide, top), (left + wide, bottom), (left, bottom))), 0.0, "white")
