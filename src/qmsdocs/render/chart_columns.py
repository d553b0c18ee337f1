"""Where everything of a chart stands from left to right: columns, lanes, gutters, ends of arrows, in millimetres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qmsdocs.render import chart_shape as shapes
from qmsdocs.render import measure
from qmsdocs.render.chart_route import Gutter, Route, Side, tracks

EDGE = 0.4  # round the figure, so that no line is cut
STEP = 3.0  # between tracks
OFF = 1.0  # between a line and the words beside it
_BESIDE = 3.0  # least width of a gutter
_BESIDE_EMS = 6.0  # of words above an arrow that leaves a box sideways
_LEAST_EMS = 4.0
_PORT = 4.0  # between two arrows at one side of a box

Port = tuple[int, Side]  # the end of a way at the bottom of its first box or at the top of its last


@dataclass(frozen=True, slots=True)
class Labels:
    """The words beside arrows, on lines, by the number of the way."""

    lines: Mapping[int, tuple[str, ...]]

    def width(self, number: int) -> float:
        """How wide the words are, in millimetres."""
        return max(map(measure.ems, self.lines.get(number, ())), default=0.0) * shapes.em(shapes.LABEL)

    def height(self, number: int) -> float:
        """How high the words are, in millimetres."""
        return len(self.lines.get(number, ())) * shapes.line_height(shapes.LABEL)


def labels(ways: Sequence[Route], ends: Mapping[Port, float], box_width: float) -> Labels:
    """The words of `ways`: below a box they reach as far as its gutter, beside it they have a place of their own."""
    found: dict[int, tuple[str, ...]] = {}
    for number, way in enumerate(ways):
        if way.edge.text:
            below = box_width / 2 + _BESIDE - abs(ends.get((number, Side.BOTTOM), 0.0)) - 1.5 * OFF
            room = below / shapes.em(shapes.LABEL) if way.leaves is Side.BOTTOM else _BESIDE_EMS
            found[number] = shapes.wrapped(way.edge.text, max(_LEAST_EMS, room))
    return Labels(found)


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns by their middles, lanes by their walls, gutters by the width free of tracks, arrows by their ends."""

    ways: tuple[Route, ...]
    box_width: float
    middles: tuple[float, ...]
    walls: tuple[float, ...]
    clear: Mapping[Gutter, float]
    tracks: Mapping[int, int]
    ports: Mapping[Port, float]

    def track(self, number: int) -> float:
        """Where the way runs in its gutter."""
        gutter = self.ways[number].gutter
        assert gutter is not None
        away = self.box_width / 2 + self.clear[gutter] + STEP * self.tracks[number]
        return self.middles[gutter.column] + (-away if gutter.side is Side.LEFT else away)

    def start(self, number: int) -> float:
        """Where the way leaves the bottom of its first box."""
        return self.middles[self.ways[number].first.column] + self.ports.get((number, Side.BOTTOM), 0.0)

    def end(self, number: int) -> float:
        """Where the way enters the top of its last box."""
        return self.middles[self.ways[number].last.column] + self.ports.get((number, Side.TOP), 0.0)


def columns(
    ways: tuple[Route, ...], counts: Sequence[int], said: Labels, ends: Mapping[Port, float], box_width: float
) -> Columns:
    """The columns of lanes that have `counts` of them, each as wide as its boxes, arrows and words need."""
    used = _tracks(ways)
    gutters = [(Gutter(at, Side.LEFT), Gutter(at, Side.RIGHT)) for at in range(sum(counts))]
    overhang = _overhang(ways, said, ends, box_width)
    clear = {gutter: _clear(gutter, ways, said, overhang) for pair in gutters for gutter in pair}
    middles, walls, x = [], [EDGE], EDGE
    last = [sum(counts[: lane + 1]) for lane in range(len(counts))]
    for left, right in gutters:
        before, after = (clear[side] + STEP * _crowd(side, ways, used) for side in (left, right))
        middles.append(x + before + box_width / 2)
        x += before + box_width + after
        if left.column + 1 in last:
            walls.append(x)
    return Columns(ways, box_width, tuple(middles), tuple(walls), clear, used, ends)


def _tracks(ways: Sequence[Route]) -> Mapping[int, int]:
    """The track of each way in its gutter, from the box outwards, the shortest first."""
    found: dict[int, int] = {}
    for gutter in {way.gutter for way in ways if way.gutter is not None}:
        members = [number for number, way in enumerate(ways) if way.gutter == gutter]
        members.sort(key=lambda number: abs(ways[number].last.row - ways[number].first.row))
        found |= tracks({number: _span(ways[number]) for number in members})
    return found


def _span(way: Route) -> tuple[float, float]:
    """From which to which height a way runs in its gutter: even numbers are channels, odd ones rows."""
    start = 2 * way.first.row + (2 if way.leaves is Side.BOTTOM else 1)
    return start, 2 * way.last.row + (0 if way.enters is Side.TOP else 1)


def _crowd(gutter: Gutter, ways: Sequence[Route], used: Mapping[int, int]) -> int:
    return max((used[number] + 1 for number, way in enumerate(ways) if way.gutter == gutter), default=0)


def _clear(gutter: Gutter, ways: Sequence[Route], said: Labels, overhang: Mapping[int, tuple[Side, float]]) -> float:
    """The width free of tracks beside a box, where the words of what leaves by this side stand, or reach from below."""
    here = [number for number in said.lines if ways[number].first.column == gutter.column]
    beside = [said.width(number) + 2 * OFF for number in here if ways[number].leaves is gutter.side]
    below = [overhang[number][1] for number in here if number in overhang and overhang[number][0] is gutter.side]
    return max(_BESIDE, *beside, *below, 0.0)


def _overhang(
    ways: Sequence[Route], said: Labels, ends: Mapping[Port, float], box_width: float
) -> Mapping[int, tuple[Side, float]]:
    """How far the words of a way that leaves by the bottom reach beyond its box, and on which side."""
    found: dict[int, tuple[Side, float]] = {}
    asides: dict[str, list[float]] = {}
    for (number, side), aside in ends.items():
        if side is Side.BOTTOM:
            asides.setdefault(ways[number].edge.first, []).append(aside)
    for number in said.lines:
        if ways[number].leaves is Side.BOTTOM:
            aside, beside = ends[number, Side.BOTTOM], asides[ways[number].edge.first]
            is_left = len(beside) > 1 and aside == min(beside)
            reach = said.width(number) + 2 * OFF + (-aside if is_left else aside) - box_width / 2
            found[number] = (Side.LEFT if is_left else Side.RIGHT, reach)
    return found


def ports(ways: Sequence[Route], box_width: float) -> Mapping[Port, float]:
    """How far beside the middle of its box each way leaves by the bottom or enters by the top."""
    sharing: dict[tuple[str, Side], dict[int, int]] = {}
    for number, way in enumerate(ways):
        if way.leaves is Side.BOTTOM:
            lean = 0 if way.is_straight else way.lean or 1
            sharing.setdefault((way.edge.first, Side.BOTTOM), {})[number] = lean
        if way.enters is Side.TOP:
            lean = 0 if way.is_straight else way.arrival or 1
            sharing.setdefault((way.edge.last, Side.TOP), {})[number] = lean
    found: dict[Port, float] = {}
    for (_, side), leans in sharing.items():
        found |= {(number, side): aside for number, aside in _spread(leans, box_width).items()}
    return _apart(found, ways)


def _spread(leans: Mapping[int, int], box_width: float) -> Mapping[int, float]:
    """The ends at one side of a box by the number of their way: straight ones in the middle, others where they lean."""
    if len(leans) == 1:
        return dict.fromkeys(leans, 0.0)
    wanted = dict(leans)
    counts = {lean: sum(1 for other in leans.values() if other == lean) for lean in (-1, 1)}
    if 0 not in leans.values() and counts[1] != counts[-1]:
        heavier = 1 if counts[1] > counts[-1] else -1
        wanted[next(number for number, lean in leans.items() if lean == heavier)] = 0
    step = min(_PORT, (box_width / 2 - 2) / max(1, *counts.values()))
    used = {-1: 0, 0: 0, 1: 0}
    found: dict[int, float] = {}
    for number, lean in wanted.items():
        used[lean] += 1
        found[number] = lean * step * used[lean]
    return found


def _apart(ports: Mapping[Port, float], ways: Sequence[Route]) -> Mapping[Port, float]:
    """`ports`; where one way leaves exactly above the place where another enters, the two move apart."""
    found = dict(ports)
    above = {
        (ways[number].first.row + 1, ways[number].first.column, aside): number
        for (number, side), aside in ports.items()
        if side is Side.BOTTOM
    }
    for (number, side), aside in ports.items():
        upper = above.get((ways[number].last.row, ways[number].last.column, aside))
        if side is Side.TOP and upper is not None and upper != number:
            found[upper, Side.BOTTOM], found[number, Side.TOP] = aside - STEP / 2, aside + STEP / 2
    return found
