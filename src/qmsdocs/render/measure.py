"""How wide text is and where it breaks, reckoned without a font: Chinese one em, Latin by the widths of Times."""

from __future__ import annotations

import math
import unicodedata
from functools import lru_cache

MILLIMETRES_PER_POINT = 25.4 / 72
_NARROW = frozenset("iljtf.,:;'|!()[] I/-")
_NOT_FIRST = frozenset("，。、；：？！）》」』】〕…—·％%/)]},.;:?!”’")
_NOT_LAST = frozenset("（《「『【〔([{“‘")
_BREAK_AFTER = frozenset("、，；：）/和或及与的")


def character(sign: str) -> float:
    """The width of one character in ems."""
    if sign in "\n\u200b":
        return 0.0
    if sign == "\t":
        return 2.0
    code = ord(sign)
    if code >= 0x2010:
        return 1.0
    if code >= 0xA1:
        return 1.0 if unicodedata.east_asian_width(sign) in "WFA" else 0.55
    if sign in _NARROW:
        return 0.3
    return 0.68 if sign.isupper() or sign in "mwMW@%&_" else 0.5


@lru_cache(maxsize=4096)
def ems(text: str) -> float:
    """The width of `text` on one line, in ems."""
    return sum(map(character, text))


def millimetres(text: str, points: float) -> float:
    """The width of `text` on one line at `points`, in millimetres."""
    return ems(text) * points * MILLIMETRES_PER_POINT


@lru_cache(maxsize=4096)
def lines(text: str, capacity: float) -> int:
    """How many lines of `capacity` ems `text` takes, at least one; Latin words are kept whole where they fit."""
    return sum(_paragraph(paragraph, capacity) for paragraph in text.split("\n"))


def _paragraph(text: str, capacity: float) -> int:
    if ems(text) <= capacity:
        return 1
    if not any("!" <= sign < "\x7f" for sign in text):
        return math.ceil(ems(text) / math.floor(capacity))
    count, used, word = 1, 0.0, 0.0
    for sign in text:
        width = character(sign)
        if "!" <= sign < "\x7f":
            word = word + width if word + width <= capacity else width
        else:
            word = 0.0
        used += width
        if used > capacity:
            count += 1
            used = max(width, word if word < capacity else width)
    return count


def beginning(text: str, capacity: float, count: int) -> str:
    """As much of `text` as stands on `count` lines of `capacity` ems."""
    taken = 0.0
    room = count
    used = 0.0
    for position, sign in enumerate(text):
        width = character(sign)
        if sign == "\n" or used + width > capacity:
            room -= 1
            used = 0.0
            if room == 0:
                return text[:position]
        if sign != "\n":
            used += width
        taken += width
    return text


def balanced(text: str, capacity: float, *, most: int = 6) -> tuple[str, ...]:
    """`text` on as few lines of about equal length as hold it: up to `most` ems one line, then two, then more."""
    width = ems(text)
    if width <= min(most, capacity):
        return (text,)
    count = max(2, math.ceil(width / capacity))
    while True:
        found = _split(text, count)
        if max(map(ems, found)) <= capacity or count >= 5:
            return found
        count += 1


def _split(text: str, count: int) -> tuple[str, ...]:
    found: list[str] = []
    rest = text
    for left in range(count, 1, -1):
        position = _break(rest, ems(rest) / left)
        found.append(rest[:position].rstrip())
        rest = rest[position:].lstrip()
    return (*found, rest) if rest else tuple(found)


def _break(text: str, target: float) -> int:
    """The position nearest to `target` ems where a line may end; behind 、 and 和 is better than inside a word."""
    best, least = len(text), math.inf
    used = 0.0
    for position in range(1, len(text)):
        used += character(text[position - 1])
        before, after = text[position - 1], text[position]
        if after in _NOT_FIRST or before in _NOT_LAST or (_is_latin(before) and _is_latin(after)):
            continue
        natural = before in _BREAK_AFTER or after in _NOT_LAST or before == " " or after == " "
        distance = abs(used - target) - (1.1 if natural else 0.0)
        if distance < least:
            best, least = position, distance
    return best


def _is_latin(sign: str) -> bool:
    return sign < "\u0250" and not sign.isspace()
