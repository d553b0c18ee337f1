"""The boxes of a chart: how large their text makes them, and their outlines, in millimetres."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from qmsdocs.render import fonts, measure
from qmsdocs.render.prose import Node

Point: TypeAlias = tuple[float, float]
TEXT, LABEL = 9.0, 8.0  # points: 小五 in boxes and heads, a little less beside arrows
FINE, BOLD = 0.25, 0.35  # widths of lines
_LINE = 1.3  # height of a line in ems
_SIDE, _ABOVE = 2.0, 1.6  # between the text of a box and its border
_USUAL_WIDTH, _LEAST_HEIGHT = 24.0, 8.0
_WAVE = 1.2  # the height of the wave below a record
_STEEPEST = 0.85  # of the width of a decision its text may take


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line through points; closed ones are filled white or black."""

    points: tuple[Point, ...]
    width: float = FINE
    fill: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """One line of text: where its middle height is, and whether `x` is its start, middle or end."""

    x: float
    y: float
    text: str
    size: float = TEXT
    is_sans: bool = False
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Box:
    """A box as large as its text wants it."""

    name: str
    shape: str
    lines: tuple[str, ...]
    width: float
    height: float


def em(size: float) -> float:
    """Millimetres of an em of `size` points."""
    return size * measure.MILLIMETRES_PER_POINT


def line_height(size: float) -> float:
    """Millimetres from one line of `size` points to the next."""
    return em(size) * _LINE


@lru_cache(maxsize=4096)
def wrapped(text: str, capacity: float) -> tuple[str, ...]:
    """`text` on lines of at most `capacity` ems; a word longer than that is cut."""
    lines: list[str] = []
    for paragraph in fonts.visible(text).replace("\t", " ").split("\n"):
        for line in measure.balanced(paragraph.strip(), capacity, most=capacity):
            lines += _cut(line, capacity)
    return tuple(lines)


def _cut(line: str, capacity: float) -> Iterator[str]:
    while measure.ems(line) > capacity + 1:  # balanced lines may be longer by a stop that hangs over
        head = measure.beginning(line, capacity, 1) or line[:1]
        yield head
        line = line[len(head) :].lstrip()
    yield line


def boxes(nodes: Sequence[Node], capacity: float) -> tuple[Box, ...]:
    """The boxes of `nodes`, all equally wide, with at most `capacity` ems on a line."""
    lines = [wrapped(node.text, capacity - (node.shape in ("start", "end"))) for node in nodes]
    longest = max(measure.ems(line) for text in lines for line in text)
    least = min(_USUAL_WIDTH, capacity * em(TEXT) + 2 * _SIDE)
    width = max(least, longest * em(TEXT) + 2 * _SIDE)
    return tuple(_box(node, text, width) for node, text in zip(nodes, lines, strict=True))


def _box(node: Node, lines: tuple[str, ...], width: float) -> Box:
    if node.shape == "decision":
        return min((_diamond(node, width, ems) for ems in range(2, 12)), key=lambda box: (box.height, len(box.lines)))
    height = len(lines) * line_height(TEXT) + 2 * _ABOVE + (_WAVE if node.shape == "record" else 0.0)
    return Box(node.name, node.shape, lines, width, max(_LEAST_HEIGHT, height))


def _diamond(node: Node, width: float, capacity: float) -> Box:
    """A decision whose text, on lines of `capacity` ems, stays inside its slanted sides."""
    lines = wrapped(node.text, capacity)
    share = max(map(measure.ems, lines)) * em(TEXT) / width
    tall = len(lines) * line_height(TEXT)
    height = tall / (1 - share) + 1.0 if share <= _STEEPEST else math.inf
    return Box(node.name, node.shape, lines, width, max(_LEAST_HEIGHT + 2, height))


def edge(box: Box, aside: float) -> tuple[float, float]:
    """How far above and below its middle the outline of `box` is, `aside` of its middle line."""
    half = box.height / 2
    if box.shape == "decision":
        inner = half * (1 - min(1.0, 2 * abs(aside) / box.width))
        return inner, inner
    if box.shape == "record":
        return half, half - _WAVE / 2 - _WAVE / 2 * math.sin(2 * math.pi * aside / box.width)
    if box.shape in ("start", "end"):
        beyond = max(0.0, abs(aside) - (box.width / 2 - half))
        inner = math.sqrt(max(0.0, half**2 - beyond**2))
        return inner, inner
    return half, half


def text_shift(box: Box) -> float:
    """How far below its middle the text of a box stands."""
    return -_WAVE / 2 if box.shape == "record" else 0.0


def outline(box: Box, x: float, y: float) -> tuple[Point, ...]:
    """The outline of `box` around its middle (x, y), clockwise."""
    asides: tuple[float, ...]
    if box.shape in ("step", "decision"):
        asides = (-box.width / 2, box.width / 2) if box.shape == "step" else (-box.width / 2, 0.0, box.width / 2)
    else:
        asides = tuple(box.width * (step / 48 - 0.5) for step in range(49))
    if box.shape in ("start", "end"):
        asides = _rounded(box)
    above = tuple((x + aside, y - edge(box, aside)[0]) for aside in asides)
    below = tuple((x + aside, y + edge(box, aside)[1]) for aside in reversed(asides))
    return tuple(dict.fromkeys(above + below))


def _rounded(box: Box) -> tuple[float, ...]:
    """Places along a box with round ends, dense where it bends."""
    half, straight = box.height / 2, box.width / 2 - box.height / 2
    turns = [straight + half * math.sin(math.pi / 2 * step / 16) for step in range(17)]
    return (*(-turn for turn in reversed(turns)), *turns)
