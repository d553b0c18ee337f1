"""Where everything of a chart stands from top to bottom: rows, and the level lines between them, in millimetres."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from qmsdocs.render.chart_columns import EDGE, OFF, STEP, Columns, Labels, Port
from qmsdocs.render.chart_route import Route, Side, tracks

_GAP, _ARROW, _OUTER = 6.0, 3.0, 3.0  # between rows, before an arrow's end, above the first row and below the last


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A level piece of a way in a channel, near its first or its last box."""

    place: Port
    channel: int
    start: float
    end: float

    def order(self) -> tuple[bool, float]:
        """What comes first lies above: so that neighbours that run alongside do not cross."""
        return self.end < self.start, -self.start if self.end > self.start else self.start


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows by their middles, channels by where they begin, level lines by their height, words by where they begin."""

    middles: tuple[float, ...]
    channels: tuple[float, ...]
    bottom: float
    levels: Mapping[Port, float]
    words: Mapping[int, float]


def rows(found: Columns, said: Labels, heights: Sequence[float], *, head: float) -> Rows:
    """The rows below a head: `heights` are those of the boxes; words of arrows and arrows themselves need more."""
    ways = found.ways
    beside = leaving(found)
    below = {number: beside[ways[number].edge.first] for number in said.lines if ways[number].leaves is Side.BOTTOM}
    late = frozenset(number for number, others in below.items() if is_told_late(found, number, others))
    drops = {number: _drop(number, others, said) for number, others in below.items() if number not in late}
    stretches = [stretch for number in range(len(ways)) for stretch in _stretches(number, found)]
    used = _tracks(stretches)
    y, middles, channels, levels = EDGE + head, [], [], {}
    for channel in range(len(heights) + 1):
        channels.append(y)
        told = (drops[number] + said.height(number) + OFF for number in drops if ways[number].first.row + 1 == channel)
        words = max(told, default=0.0)
        here = [stretch.place for stretch in stretches if stretch.channel == channel]
        levels.update({place: y + words + STEP / 2 + STEP * used[place] for place in here})
        if here:
            y = max(levels[place] for place in here) + STEP + _ARROW
        else:
            y += _OUTER if channel in (0, len(heights)) else max(_GAP, words + _ARROW)
        if channel < len(heights):
            height = max(heights[channel], 2 * _above(channel, ways, said, late))
            middles.append(y + height / 2)
            y += height
    begin = {number: channels[ways[number].first.row + 1] + drop for number, drop in drops.items()}
    return Rows(tuple(middles), tuple(channels), y, levels, begin)


def _above(row: int, ways: Sequence[Route], said: Labels, late: Iterable[int]) -> float:
    """The height of words above arrows that leave the boxes of `row` sideways, or that come into it as `late` ones."""
    here = [number for number in late if ways[number].last.row == row]
    here += [
        number for number in said.lines if ways[number].first.row == row and ways[number].leaves is not Side.BOTTOM
    ]
    return max((said.height(number) + OFF for number in here), default=0.0)


def leaving(found: Columns) -> Mapping[str, Sequence[int]]:
    """The ways that leave each box by the bottom, from the left."""
    ways: dict[str, list[int]] = {}
    for number in sorted(range(len(found.ways)), key=found.start):
        if found.ways[number].leaves is Side.BOTTOM:
            ways.setdefault(found.ways[number].edge.first, []).append(number)
    return ways


def is_told_late(found: Columns, number: int, beside: Sequence[int]) -> bool:
    """Whether the words of a way stand above its level end, since others leave the box on both sides of it."""
    way = found.ways[number]
    turns = way.leaves is Side.BOTTOM and way.enters is not Side.TOP and way.gutter is None
    return turns and number not in (beside[0], beside[-1])


def _drop(number: int, beside: Sequence[int], said: Labels) -> float:
    """How far below the box the words of a way begin: those between the outermost of its ways lie below each other."""
    if number in (beside[0], beside[-1]):
        return 0.0
    between = beside[1 : beside.index(number)]
    return max(said.height(beside[0]), said.height(beside[-1])) + sum(map(said.height, between))


def _stretches(number: int, found: Columns) -> Iterator[_Stretch]:
    way = found.ways[number]
    start, end = found.start(number), found.end(number)
    if way.gutter is None:
        if way.leaves is Side.BOTTOM and way.enters is Side.TOP and start != end:
            yield _Stretch((number, Side.TOP), way.last.row, start, end)
        return
    middle = found.track(number)
    if way.leaves is Side.BOTTOM:
        yield _Stretch((number, Side.BOTTOM), way.first.row + 1, start, middle)
    if way.enters is Side.TOP:
        yield _Stretch((number, Side.TOP), way.last.row, middle, end)


def _tracks(stretches: Sequence[_Stretch]) -> Mapping[Port, int]:
    """The track of each level stretch in its channel, from above."""
    found: dict[Port, int] = {}
    for channel in {stretch.channel for stretch in stretches}:
        here = sorted((stretch for stretch in stretches if stretch.channel == channel), key=_Stretch.order)
        chosen = tracks({at: (stretch.start, stretch.end) for at, stretch in enumerate(here)})
        found |= {here[at].place: track for at, track in chosen.items()}
    return found
