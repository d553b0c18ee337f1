"""The text of a procedure as blocks: headings with their numbers, paragraphs, lists, tables, pictures, charts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias


class SpanKind(StrEnum):
    """What a span of text is, beside how it looks."""

    TEXT = "text"
    PARAMETER = "parameter"  # a value printed from the front matter; `target` is the parameter's name
    REFERENCE = "reference"  # a document or form named in the text; `target` is its number
    LINK = "link"  # an address outside; `target` is the address, printed as text only
    BREAK = "break"  # a forced new line


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text that looks the same throughout."""

    text: str
    kind: SpanKind = SpanKind.TEXT
    is_bold: bool = False
    is_code: bool = False
    target: str = ""


Line: TypeAlias = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading, level from 1; `number` is what the program counts (`4.1`), never typed."""

    level: int
    number: str
    line: Line

    @property
    def text(self) -> str:
        """The words alone."""
        return plain(self.line)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of running text."""

    line: Line


@dataclass(frozen=True, slots=True)
class Listing:
    """A list; each item holds blocks. `is_ordered` decides between `a) 1)` and a dash."""

    is_ordered: bool
    items: tuple[tuple[Block, ...], ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table. `caption` stands above it with its number (`表1`); `weights` are relative column widths.

    `source` is the fence a drawn table stands for: its info string, a line feed, its text; empty for a typed table.
    """

    head: tuple[Line, ...]
    rows: tuple[tuple[Line, ...], ...]
    caption: str = ""
    number: int = 0
    weights: tuple[float, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture among the files of the item, by path; `caption` stands below it with its number (`图1`)."""

    path: str
    caption: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Node:
    """A box of a chart. `shape`: start, step, decision, record, end. `lane`: index into the lanes, None without."""

    name: str
    text: str
    shape: str = "step"
    lane: int | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow from one box to another, with words beside it where it has some."""

    first: str
    last: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A flow chart: boxes in order, arrows, and one lane a role where it has lanes."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    lanes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart in the text, with its caption below (`图1`); `source` is its fence as in a `Grid`."""

    chart: Chart
    caption: str = ""
    number: int = 0
    source: str = ""


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Text kept as it was typed."""

    text: str


Block: TypeAlias = "Heading | Paragraph | Listing | Grid | Picture | Drawing | Verbatim"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a text may name: the words of its parameters, titles by number, and what `rules` and `flow` blocks draw.

    `rules` is keyed by (form, field), `flows` by form; both are worked out from the form definitions beforehand.
    """

    parameters: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    references: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    rules: Mapping[tuple[str, str], Grid] = field(default_factory=dict)
    flows: Mapping[str, Chart] = field(default_factory=dict)


def plain(line: Line) -> str:
    """The words of a line alone."""
    return "".join("\n" if span.kind is SpanKind.BREAK else span.text for span in line)
