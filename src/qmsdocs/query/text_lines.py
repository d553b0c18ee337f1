"""The text of a procedure line by line: what is a heading, what stands in a block, what belongs to which section."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

PARAMETER = re.compile(r"\{\{\s*p\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
LINK = re.compile(r"(?<!!)\[([^\[\]()]+)\](?!\()")
PICTURE = re.compile(r"!\[[^\[\]]*+\]\(\s*+(<[^<>]*+>|[^()\s]*+)[^()]*+\)")
_FENCE = re.compile(r"\s{0,3}(`{3,}|~{3,})(.*)")
_HEADING = re.compile(r"\s{0,3}(#{1,6})[ \t](.*)")


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line with its number in the file. `level` is that of a heading, else 0.

    `block` is the kind of the fenced block the line stands in (`rules`, `flow`, `chart`, or nothing), None outside of
    one; `opens` holds the words behind the kind on the line that begins it.
    """

    number: int
    text: str
    level: int = 0
    block: str | None = None
    opens: tuple[str, ...] | None = None

    @property
    def is_prose(self) -> bool:
        """Whether it is running text: no heading, no table row, no block, not blank."""
        return not self.level and self.block is None and bool(self.text.strip()) and not self.text.startswith("|")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the lines below it up to the next heading; `has_parts` when that one is a heading below it."""

    heading: TextLine
    lines: tuple[TextLine, ...]
    has_parts: bool

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands below the heading."""
        return not self.has_parts and not any(line.text.strip() for line in self.lines)


def read_lines(body: str, first: int) -> Iterator[TextLine]:
    """The lines of a text that begins in the line `first` of its file."""
    fence, block = "", ""
    for number, text in enumerate(body.split("\n"), first):
        found = _FENCE.fullmatch(text)
        if fence:
            if found and found[1].startswith(fence) and not found[2].strip():
                fence = ""
            yield TextLine(number, text, block=block)
        elif found:
            fence = found[1]
            block, *words = found[2].split() or [""]
            yield TextLine(number, text, block=block, opens=tuple(words))
        elif heading := _HEADING.fullmatch(text):
            yield TextLine(number, heading[2].rstrip().rstrip("#").strip(), level=len(heading[1]))
        else:
            yield TextLine(number, text)


def sections(lines: tuple[TextLine, ...]) -> Iterator[Section]:
    """The sections in order, each with its own lines only."""
    starts = [position for position, line in enumerate(lines) if line.level]
    for start, end in pairwise((*starts, len(lines))):
        has_parts = end < len(lines) and lines[end].level > lines[start].level
        yield Section(lines[start], lines[start + 1 : end], has_parts)
