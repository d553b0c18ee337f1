"""A page that is neither a controlled document nor a record: a report, as plain facts, before it is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from qmsdocs.base.language import Language, Text
from qmsdocs.render.document_words import Head
from qmsdocs.render.fonts import visible
from qmsdocs.render.prose import Block, Grid, Heading, Line, Listing, Paragraph, Span, SpanKind

APPROVAL_ROW = 12.0  # mm, room for a pen
SIGNING_WIDTHS = (25.0, 35.0, 50.0, 50.0)


class Signer(NamedTuple):
    """As what somebody signs, and the name where it is known before."""

    title: Text
    name: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """What stands under the header block `head` on every page, who signs at the end, and what the foot says."""

    head: Head
    language: Language
    created: datetime
    blocks: tuple[Block, ...]
    signing: tuple[Signer, ...]
    foot: str

    @property
    def title(self) -> str:
        """What the file is called."""
        return f"{self.head.title} {self.created:%Y-%m-%d}"


def line(text: str) -> Line:
    """Plain text, its line ends kept; what no face can print stands as its code point."""
    spans: list[Span] = []
    for part in text.split("\n") if text else ():
        spans += [Span("", SpanKind.BREAK)] * bool(spans) + [Span(visible(part))]
    return tuple(spans)


def heading(number: str, text: str) -> Heading:
    """A heading; its level is the parts of its number."""
    return Heading(number.count(".") + 1, number, line(text))


def paragraph(text: str) -> Paragraph:
    """A paragraph."""
    return Paragraph(line(text))


def listing(texts: Iterable[str]) -> Listing:
    """A list without numbers."""
    return Listing(False, tuple((paragraph(text),) for text in texts))


def grid(head: Sequence[str], rows: Iterable[Sequence[str]], weights: Sequence[float]) -> Grid:
    """A table without caption; an empty cell is closed by / so that nobody can write in it later."""
    return Grid(
        tuple(line(text) for text in head),
        tuple(tuple(line(text or "/") for text in row) for row in rows),
        weights=tuple(weights),
    )
