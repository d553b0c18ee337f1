"""A flow chart as lines and words on paper, in millimetres from the top left: what SVG and PNG are drawn from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from qmsdocs.render import chart_shape as shapes
from qmsdocs.render import measure
from qmsdocs.render.chart_grid import Places, places, sound
from qmsdocs.render.chart_route import Gutter, Route, Side, routes, tracks
from qmsdocs.render.chart_shape import LABEL, Point, Stroke, Words
from qmsdocs.render.prose import Chart

TALLEST = 240.0  # millimetres, what a page holds beside the caption
LEAST_SCALE = 0.8
_WIDTHS = (10, 9, 8, 7, 6, 5, 4)  # of the text of a box in ems, the roomiest first
_EDGE = 0.4  # round the figure, so that no line is cut
_GAP, _STEP, _ARROW = 6.0, 3.0, 3.0  # between rows, between tracks, before an arrow's end
_BESIDE = 3.0  # least width of a gutter
_PORT = 4.0  # between two arrows at one side of a box
_HEAD = 7.0  # least height of a lane's head
_BESIDE_EMS = 6.0  # of words above an arrow that leaves a box sideways
_OFF = 1.0  # between a line and the words beside it


@dataclass(frozen=True, slots=True)
class Figure:
    """Lines and words, later ones on top."""

    width: float
    height: float
    strokes: tuple[Stroke, ...]
    words: tuple[Words, ...]


def figure(chart: Chart, *, width: float) -> Figure:
    """`chart` on at most `width` by 240 mm: narrower boxes first, then everything smaller."""
    chart = sound(chart)
    if not chart.nodes:
        return Figure(width, 1.0, (), ())
    stand = places(chart)
    ways = routes(chart, stand)
    drafts = (_Draft(chart, stand, ways, ems) for ems in _WIDTHS)
    tried: list[_Draft] = []
    for draft in drafts:
        tried.append(draft)
        if draft.width <= width:
            return _scaled(draft.figure(), width)
    fitting = (draft for draft in tried if draft.width * LEAST_SCALE <= width)
    return _scaled(next(fitting, tried[-1]).figure(), width)


def _scaled(found: Figure, width: float) -> Figure:
    factor = min(1.0, width / found.width, TALLEST / found.height)
    return Figure(
        found.width * factor,
        found.height * factor,
        tuple(
            replace(stroke, points=tuple((x * factor, y * factor) for x, y in stroke.points))
            for stroke in found.strokes
        ),
        tuple(replace(said, x=said.x * factor, y=said.y * factor, size=said.size * factor) for said in found.words),
    )


class _Draft:
    """The chart with boxes of one width: where every column and row is, and from that every line."""

    def __init__(self, chart: Chart, stand: Places, ways: Sequence[Route], ems: float) -> None:
        self.chart, self.ways, self.cells = chart, ways, stand.cells
        self.boxes = {box.name: box for box in shapes.boxes(chart.nodes, ems)}
        self.box_width = next(iter(self.boxes.values())).width
        self.columns = stand.columns
        self.labels = {number: self._label(way) for number, way in enumerate(ways) if way.edge.text}
        self.gutters = self._gutter_tracks()
        self.middles = self._middles(sum(stand.columns))
        self.width = self.right + _EDGE
        self.ports = self._ports()
        self.channels = self._channel_tracks()
        self.rows = self._rows(stand.rows)

    def _label(self, way: Route) -> tuple[str, ...]:
        room = (self.box_width / 2 + _OFF) / shapes.em(LABEL) if way.leaves is Side.BOTTOM else _BESIDE_EMS
        return shapes.wrapped(way.edge.text, max(3.0, room))

    def _label_size(self, number: int) -> tuple[float, float]:
        lines = self.labels.get(number, ())
        wide = max((measure.ems(line) for line in lines), default=0.0) * shapes.em(LABEL)
        return wide, len(lines) * shapes.line_height(LABEL)

    def _gutter_tracks(self) -> Mapping[int, int]:
        """The track of each way in its gutter, from the box outwards, the shortest first."""
        found: dict[int, int] = {}
        for gutter in {way.gutter for way in self.ways if way.gutter is not None}:
            members = [number for number, way in enumerate(self.ways) if way.gutter == gutter]
            members.sort(key=lambda number: abs(self._rise(number)))
            found |= tracks({number: _span(self.ways[number]) for number in members})
        return found

    def _rise(self, number: int) -> int:
        return self.ways[number].last.row - self.ways[number].first.row

    def _beside(self, gutter: Gutter) -> float:
        """The width of a gutter."""
        members = [number for number, way in enumerate(self.ways) if way.gutter == gutter]
        lines = max((self.gutters[number] + 1 for number in members), default=0)
        return self._clear(gutter) + _STEP * lines

    def _clear(self, gutter: Gutter) -> float:
        """The width free of tracks beside a box, where the words of what leaves by this side stand."""
        said = (
            self._label_size(number)[0] + 2 * _OFF
            for number in self.labels
            if self.ways[number].leaves is gutter.side and self.ways[number].first.column == gutter.column
        )
        return max(_BESIDE, *said, 0.0)

    def _middles(self, count: int) -> tuple[float, ...]:
        """The middle of each column; sets where lanes begin and end."""
        ends = [sum(self.columns[: lane + 1]) for lane in range(len(self.columns))]
        middles, walls, x = [], [_EDGE], _EDGE
        for column in range(count):
            left, right = (self._beside(Gutter(column, side)) for side in (Side.LEFT, Side.RIGHT))
            middles.append(x + left + self.box_width / 2)
            x += left + self.box_width + right
            if column + 1 in ends:
                walls.append(x)
        self.right, self.walls = x, tuple(walls)
        return tuple(middles)

    def _track_x(self, number: int) -> float:
        gutter = self.ways[number].gutter
        assert gutter is not None
        sign = -1 if gutter.side is Side.LEFT else 1
        return self.middles[gutter.column] + sign * (
            self.box_width / 2 + self._clear(gutter) + _STEP * self.gutters[number]
        )

    def _ports(self) -> Mapping[tuple[int, Side], float]:
        """Where beside the middle of its box each way leaves by the bottom or enters by the top."""
        found: dict[tuple[int, Side], float] = {}
        for name in self.boxes:
            for side in (Side.BOTTOM, Side.TOP):
                found |= {(number, side): aside for number, aside in self._shared(name, side).items()}
        for upper, one in list(found.items()):
            for lower, other in list(found.items()):
                if self._meet(upper, lower) and one == other:
                    found[upper], found[lower] = one - _STEP / 2, other + _STEP / 2
        return found

    def _shared(self, name: str, side: Side) -> Mapping[int, float]:
        def leans(way: Route) -> int | None:
            if side is Side.BOTTOM and way.leaves is side and way.edge.first == name:
                return 0 if way.is_straight else way.lean or 1
            if side is Side.TOP and way.enters is side and way.edge.last == name:
                return 0 if way.is_straight else way.arrival or 1
            return None

        wanted = {number: lean for number, way in enumerate(self.ways) if (lean := leans(way)) is not None}
        if len(wanted) == 1:
            return dict.fromkeys(wanted, 0.0)
        counts = {lean: sum(1 for other in wanted.values() if other == lean) for lean in (-1, 1)}
        if 0 not in wanted.values() and counts[1] != counts[-1]:
            heavier = 1 if counts[1] > counts[-1] else -1
            first = next(number for number, lean in wanted.items() if lean == heavier)
            wanted[first] = 0
        step = min(_PORT, (self.box_width / 2 - 2) / max(1, *counts.values()))
        used = {-1: 0, 0: 0, 1: 0}
        found: dict[int, float] = {}
        for number, lean in wanted.items():
            used[lean] += 1
            found[number] = lean * step * used[lean]
        return found

    def _meet(self, upper: tuple[int, Side], lower: tuple[int, Side]) -> bool:
        """Whether a way leaves above the place where another enters below, in one channel and column."""
        if upper[1] is not Side.BOTTOM or lower[1] is not Side.TOP or upper[0] == lower[0]:
            return False
        first, last = self.ways[upper[0]], self.ways[lower[0]]
        return first.first.column == last.last.column and first.first.row + 1 == last.last.row

    def _start_x(self, number: int) -> float:
        return self.middles[self.ways[number].first.column] + self.ports.get((number, Side.BOTTOM), 0.0)

    def _end_x(self, number: int) -> float:
        return self.middles[self.ways[number].last.column] + self.ports.get((number, Side.TOP), 0.0)

    def _channel_tracks(self) -> Mapping[tuple[int, Side], int]:
        """The track of each level stretch in its channel, from above: by way and the end of the way it is near."""
        found: dict[tuple[int, Side], int] = {}
        stretches = [stretch for number in range(len(self.ways)) for stretch in self._stretches(number)]
        for channel in {stretch.channel for stretch in stretches}:
            here = sorted((stretch for stretch in stretches if stretch.channel == channel), key=_Stretch.order)
            chosen = tracks({place: (stretch.start, stretch.end) for place, stretch in enumerate(here)})
            found |= {(here[place].number, here[place].near): track for place, track in chosen.items()}
        return found

    def _stretches(self, number: int) -> Iterator[_Stretch]:
        way = self.ways[number]
        start, end = self._start_x(number), self._end_x(number)
        if way.gutter is None:
            if way.leaves is Side.BOTTOM and way.enters is Side.TOP and start != end:
                yield _Stretch(number, Side.TOP, way.last.row, start, end)
            return
        middle = self._track_x(number)
        if way.leaves is Side.BOTTOM:
            yield _Stretch(number, Side.BOTTOM, way.first.row + 1, start, middle)
        if way.enters is Side.TOP:
            yield _Stretch(number, Side.TOP, way.last.row, middle, end)

    def _rows(self, count: int) -> tuple[float, ...]:
        """The middle of each row; sets where channels begin and the head and foot of the figure."""
        named = [shapes.wrapped(lane, self._lane_room(number)) for number, lane in enumerate(self.chart.lanes)]
        tallest = max(map(len, named), default=0)
        self.heads = tuple(named)
        self.head = max(_HEAD, tallest * shapes.line_height(shapes.TEXT) + 2) if named else 0.0
        y, middles, channels = _EDGE + self.head, [], []
        for row in range(count):
            channels.append(y)
            y += self._channel_height(row, count)
            height = self._row_height(row)
            middles.append(y + height / 2)
            y += height
        channels.append(y)
        self.bottom = y + self._channel_height(count, count)
        self.channel_tops = tuple(channels)
        return tuple(middles)

    def _lane_room(self, lane: int) -> float:
        return (self.walls[lane + 1] - self.walls[lane] - 2) / shapes.em(shapes.TEXT)

    def _row_height(self, row: int) -> float:
        boxes = [box.height for name, box in self.boxes.items() if self.cells[name].row == row]
        above = [
            2 * (self._label_size(number)[1] + _OFF)
            for number in self.labels
            if self.ways[number].first.row == row and self.ways[number].leaves is not Side.BOTTOM
        ]
        return max(*boxes, *above, 0.0)

    def _said_below(self, channel: int) -> float:
        """The height of the words at the beginning of a channel, beside arrows that leave boxes by the bottom."""
        leaving = (
            self._label_top(number) + self._label_size(number)[1] + _OFF
            for number in self.labels
            if self.ways[number].first.row + 1 == channel and self.ways[number].leaves is Side.BOTTOM
        )
        return max(leaving, default=0.0)

    def _label_top(self, number: int) -> float:
        """How far below the row the words of a way begin: those between the outermost arrows of a box lie lower."""
        beside = self._neighbours(number)
        between = beside[1 : beside.index(number)] if number != beside[-1] else []
        lower = number not in (beside[0], beside[-1])
        outer = max(self._label_size(other)[1] for other in (beside[0], beside[-1])) if lower else 0.0
        return outer + sum(self._label_size(other)[1] for other in between)

    def _neighbours(self, number: int) -> list[int]:
        """The ways that leave the same box by the bottom, from the left."""
        name = self.ways[number].edge.first
        found = [other for other, way in enumerate(self.ways) if way.edge.first == name and way.leaves is Side.BOTTOM]
        return sorted(found, key=self._start_x)

    def _channel_height(self, channel: int, count: int) -> float:
        here = [place for place in self.channels if self._channel_of(place) == channel]
        if not here:
            outer = channel in (0, count)
            return _BESIDE if outer else max(_GAP, self._said_below(channel) + _ARROW)
        lines = 1 + max(self.channels[place] for place in here)
        return self._said_below(channel) + _STEP / 2 + _STEP * lines + _ARROW

    def _channel_of(self, place: tuple[int, Side]) -> int:
        way = self.ways[place[0]]
        return way.last.row if place[1] is Side.TOP else way.first.row + 1

    def _track_y(self, place: tuple[int, Side]) -> float:
        channel = self._channel_of(place)
        return self.channel_tops[channel] + self._said_below(channel) + _STEP / 2 + _STEP * self.channels[place]

    def _points(self, number: int) -> tuple[Point, ...]:
        """The corners of a way, from box to box."""
        way = self.ways[number]
        start, end = self._begin(number), self._finish(number)
        middle: tuple[Point, ...] = ()
        if way.gutter is not None:
            x = self._track_x(number)
            out = self._track_y((number, Side.BOTTOM)) if way.leaves is Side.BOTTOM else start[1]
            back = self._track_y((number, Side.TOP)) if way.enters is Side.TOP else end[1]
            middle = ((start[0], out), (x, out), (x, back), (end[0], back))
        elif way.leaves is not Side.BOTTOM:
            middle = ((end[0], start[1]),)
        elif way.enters is not Side.TOP:
            middle = ((start[0], end[1]),)
        elif start[0] != end[0]:
            y = self._track_y((number, Side.TOP))
            middle = ((start[0], y), (end[0], y))
        return tuple(dict.fromkeys((start, *middle, end)))

    def _begin(self, number: int) -> Point:
        way = self.ways[number]
        return self._at(way.edge.first, way.leaves, self.ports.get((number, Side.BOTTOM), 0.0))

    def _finish(self, number: int) -> Point:
        way = self.ways[number]
        return self._at(way.edge.last, way.enters, self.ports.get((number, Side.TOP), 0.0))

    def _at(self, name: str, side: Side, aside: float) -> Point:
        box, cell = self.boxes[name], self.cells[name]
        x, y = self.middles[cell.column], self.rows[cell.row]
        if side in (Side.LEFT, Side.RIGHT):
            return x + (-1 if side is Side.LEFT else 1) * box.width / 2, y
        above, below = shapes.edge(box, aside)
        return x + aside, y - above if side is Side.TOP else y + below

    def figure(self) -> Figure:
        """The lines and words."""
        strokes = [*self._frame()]
        words = [*self._head_words()]
        ways = [self._points(number) for number in range(len(self.ways))]
        strokes += [Stroke(points) for points in ways]
        for name, box in self.boxes.items():
            x, y = self.middles[self.cells[name].column], self.rows[self.cells[name].row]
            strokes.append(Stroke(_closed(shapes.outline(box, x, y)), shapes.BOLD, "white"))
            lower = -0.6 if box.shape == "record" else 0.0
            words += _stacked(box.lines, x, y + lower, shapes.TEXT)
        for number in self.labels:
            said = self._label_words(number)
            strokes.append(_backing(said))
            words += said
        strokes += [Stroke(_closed(_arrow(points)), shapes.FINE, "black") for points in ways]
        return Figure(self.width, self.bottom + _EDGE, tuple(strokes), tuple(words))

    def _frame(self) -> Iterator[Stroke]:
        if not self.chart.lanes:
            return
        for x in self.walls:
            yield Stroke(((x, _EDGE), (x, self.bottom)), shapes.FINE)
        for y in (_EDGE, _EDGE + self.head, self.bottom):
            yield Stroke(((_EDGE, y), (self.right, y)), shapes.FINE)

    def _head_words(self) -> Iterator[Words]:
        for number, lines in enumerate(self.heads):
            x = (self.walls[number] + self.walls[number + 1]) / 2
            for said in _stacked(lines, x, _EDGE + self.head / 2, shapes.TEXT):
                yield replace(said, is_sans=True)

    def _label_words(self, number: int) -> tuple[Words, ...]:
        """The words beside a way, near where it begins."""
        way, (x, y) = self.ways[number], self._begin(number)
        lines, (_, tall) = self.labels[number], self._label_size(number)
        if way.leaves is Side.BOTTOM:
            beside = self._neighbours(number)
            side = -1 if number == beside[0] and len(beside) > 1 else 1
            y = self.channel_tops[way.first.row + 1] + self._label_top(number)
            return _stacked(lines, x + side * _OFF, y + _OFF / 2 + tall / 2, LABEL, "end" if side < 0 else "start")
        side = -1 if way.leaves is Side.LEFT else 1
        y -= tall / 2 + _OFF / 2
        return _stacked(lines, x + side * _OFF, y, LABEL, "end" if side < 0 else "start")


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A level piece of a way in a channel, near its first or last box."""

    number: int
    near: Side
    channel: int
    start: float
    end: float

    def order(self) -> tuple[bool, float]:
        """What comes first lies above: so that neighbours that run alongside do not cross."""
        return self.end < self.start, -self.start if self.end > self.start else self.start


def _span(way: Route) -> tuple[float, float]:
    """From which to which height a way runs in its gutter: even numbers are channels, odd ones rows."""
    start = 2 * way.first.row + (2 if way.leaves is Side.BOTTOM else 1)
    return start, 2 * way.last.row + (0 if way.enters is Side.TOP else 1)


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
