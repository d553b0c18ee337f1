"""How wide text is and where it breaks, reckoned without a font: Chinese one em, Latin by the widths of Times."""

from __future__ import annotations

import math
import re
import unicodedata
from functools import lru_cache

MILLIMETRES_PER_POINT = 25.4 / 72
_NARROW = frozenset("iljtf.,:;'|!()[] I/-")
_NOT_FIRST = frozenset("，。、；：？！）》」』】〕…—·％%/)]},.;:?!”’")
_NOT_LAST = frozenset("（《「『【〔([{“‘")
_OPENING, _CLOSING = frozenset("（(《「“"), frozenset("）)》」”")
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
        is_latin = "!" <= sign < "\x7f"
        word = 0.0 if not is_latin else word + width if word + width <= capacity else width
        used += width
        if used > capacity:
            count += 1
            used = max(width, word if word < capacity else width)
    return count


def packed(options: str, capacity: float) -> int:
    """How many lines of `capacity` ems options in a row take (`☐a ☑b`), none of them torn."""
    count, used = 1, 0.0
    for part in re.split(" (?=[☐☑])", options):
        width = ems(part)
        if used and used + width > capacity:
            count, used = count + 1, 0.0
        used += width + character(" ")
    return count


def beginning(text: str, capacity: float, count: int) -> str:
    """As much of `text` as stands on `count` lines of `capacity` ems."""
    room, used = count, 0.0
    for position, sign in enumerate(text):
        width = character(sign)
        if sign == "\n" or used + width > capacity:
            room, used = room - 1, 0.0
            if room == 0:
                return text[:position]
        if sign != "\n":
            used += width
    return text


def balanced(text: str, capacity: float, *, most: float = 6) -> tuple[str, ...]:
    """`text` on as few lines of about equal length as hold it: up to `most` ems one line, then two, then more.

    Lines break behind 、 and before brackets where that costs no line. Punctuation at a line's end and an opening
    bracket at its start count half, since half of their square is white.
    """
    width = ems(text)
    if width <= min(most, capacity):
        return (text,)
    most_lines = 12
    for count in range(max(2, math.ceil((width - 1) / capacity)), most_lines):
        for bonus in (1.6, 0.4):
            found = _split(text, count, bonus)
            if max(map(_visible, found)) <= capacity:
                return found
    return _split(text, most_lines, 0.4)


def _visible(line: str) -> float:
    trimmed = 0.5 * (line[-1:] in _NOT_FIRST and character(line[-1:] or "-") == 1) + 0.5 * (line[:1] in _NOT_LAST)
    return ems(line) - trimmed


def _split(text: str, count: int, bonus: float) -> tuple[str, ...]:
    found: list[str] = []
    rest = text
    for left in range(count, 1, -1):
        position = _break(rest, ems(rest) / left, bonus)
        found.append(rest[:position].rstrip())
        rest = rest[position:].lstrip()
    return tuple(line for line in (*found, rest) if line)


def _break(text: str, target: float, bonus: float) -> int:
    """The position nearest to `target` ems where a line may end; a natural one is worth a detour of `bonus` ems, one
    inside brackets costs twice as much."""
    best, least = len(text), math.inf
    used, depth = 0.0, 0
    for position in range(1, len(text)):
        before, after = text[position - 1], text[position]
        used += character(before)
        depth += (before in _OPENING) - (before in _CLOSING)
        if after in _NOT_FIRST or before in _NOT_LAST or (_is_latin(before) and _is_latin(after)):
            continue
        natural = before in _BREAK_AFTER or after in _NOT_LAST or before == " " or after == " "
        distance = abs(used - target) - (bonus if natural else 0.0) + (2 * bonus if depth > 0 else 0.0)
        if distance < least:
            best, least = position, distance
    return best


def _is_latin(sign: str) -> bool:
    return sign < "\u0250" and not sign.isspace()
