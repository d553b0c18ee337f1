"""The blocks of a text as they are compared: lists taken apart, charts as tables, each with what it is known by."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from qmsdocs.base.language import Language, Text
from qmsdocs.render import document_words as words
from qmsdocs.render.prose import (
    Block,
    Chart,
    Drawing,
    Grid,
    Heading,
    Line,
    Listing,
    Node,
    Paragraph,
    Picture,
    Span,
    Verbatim,
    plain,
)

_BOX, _LANE, _NEXT = Text("步骤", "Step"), Text("角色", "Role"), Text("下一步", "Next")
_SHAPES = {
    "decision": Text("{text}（判定）", "{text} (decision)"),
    "record": Text("{text}（记录）", "{text} (record)"),
}
_BRANCH = Text("{on}：{to}", "{on}: {to}")


class Kind(StrEnum):
    """What a passage of text is."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    VERBATIM = "verbatim"


@dataclass(frozen=True, slots=True)
class Words:
    """A heading, paragraph, list item or verbatim text; `level` of a heading from 1, else how deep from 0."""

    kind: Kind
    level: int
    label: str
    line: Line

    @property
    def key(self) -> Hashable:
        """The same for what looks the same, wherever it is counted."""
        return self.kind, self.level, self.label[-1:] if self.kind is Kind.ITEM else "", look(self.line)

    @property
    def family(self) -> Hashable:
        """Only what is of one family is compared with each other."""
        return Kind.PARAGRAPH if self.kind is Kind.ITEM else self.kind

    @property
    def text(self) -> str:
        """All its words."""
        return plain(self.line)


@dataclass(frozen=True, slots=True)
class Cells:
    """A table, or the boxes of a flow chart as one."""

    grid: Grid
    label: str
    is_chart: bool = False

    @property
    def key(self) -> Hashable:
        """The same for what looks the same, wherever it is counted."""
        rows = (self.grid.head, *self.grid.rows)
        return self.is_chart, self.grid.caption, tuple(tuple(look(cell) for cell in row) for row in rows)

    @property
    def family(self) -> Hashable:
        """Only what is of one family is compared with each other."""
        return Cells, self.is_chart

    @property
    def text(self) -> str:
        """All its words."""
        cells = (plain(cell) for row in (self.grid.head, *self.grid.rows) for cell in row)
        return "\n".join((self.grid.caption, *cells))


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture."""

    picture: Picture
    label: str

    @property
    def key(self) -> Hashable:
        """The same for what looks the same, wherever it is counted."""
        return self.picture.path, self.picture.caption

    @property
    def family(self) -> Hashable:
        """Only what is of one family is compared with each other."""
        return Shown

    @property
    def text(self) -> str:
        """All its words."""
        return f"{self.picture.caption}{self.picture.path}"


Comparable = Words | Cells | Shown


def comparable(blocks: Sequence[Block], language: Language) -> Iterator[Comparable]:
    """The blocks in order, those inside list items one by one."""
    return _below(blocks, language, 0)


def look(line: Line) -> tuple[tuple[str, bool, bool], ...]:
    """What a reader sees of a line: its stretches of one appearance."""
    found: list[tuple[str, bool, bool]] = []
    for span in line:
        text = plain((span,))
        if found and found[-1][1:] == (span.is_bold, span.is_code):
            text = found.pop()[0] + text
        found.append((text, span.is_bold, span.is_code))
    return tuple(found)


def _below(blocks: Sequence[Block], language: Language, depth: int) -> Iterator[Comparable]:
    for block in blocks:
        match block:
            case Heading(level, number, line):
                yield Words(Kind.HEADING, level, number, line)
            case Paragraph(line):
                yield Words(Kind.PARAGRAPH, depth, "", line)
            case Verbatim(text):
                yield Words(Kind.VERBATIM, depth, "", (Span(text),))
            case Listing():
                yield from _listing(block, language, depth)
            case Grid():
                yield Cells(block, _counted(words.TABLE, block.number, language))
            case Picture():
                yield Shown(block, _counted(words.FIGURE, block.number, language))
            case Drawing(chart, caption, number):
                grid = _boxes(chart, caption, language)
                yield Cells(grid, _counted(words.FIGURE, number, language), is_chart=True)


def _listing(listing: Listing, language: Language, depth: int) -> Iterator[Comparable]:
    for position, item in enumerate(listing.items, 1):
        label = words.markers(depth, listing.is_ordered, position)
        first = item[0] if item else Paragraph(())
        if isinstance(first, Paragraph):
            yield Words(Kind.ITEM, depth, label, first.line)
            yield from _below(item[1:], language, depth + 1)
        else:
            yield Words(Kind.ITEM, depth, label, ())
            yield from _below(item, language, depth + 1)


def _counted(template: Text, number: int, language: Language) -> str:
    return template.of(language).format(number=number) if number else ""


def _boxes(chart: Chart, caption: str, language: Language) -> Grid:
    """One row a box: what stands in it, in whose lane it is, where it leads."""
    texts = {node.name: node.text for node in chart.nodes}
    named = {text for first, text in pairwise(sorted(texts.values())) if first == text}  # boxes of the same words

    def leads(node: Node) -> Line:
        ways = [(edge.text, texts.get(edge.last, edge.last)) for edge in chart.edges if edge.first == node.name]
        said = (_BRANCH.of(language).format(on=on, to=to) if on else to for on, to in ways)
        return (Span("\n".join(said)),)

    def row(node: Node) -> tuple[Line, ...]:
        text = f"{node.text} [{node.name}]" if node.text in named else node.text
        shape = _SHAPES.get(node.shape)
        box = (Span(shape.of(language).format(text=text) if shape else text),)
        lane = (Span(chart.lanes[node.lane] if node.lane is not None and node.lane < len(chart.lanes) else ""),)
        return (box, lane, leads(node)) if chart.lanes else (box, leads(node))

    titles, weights = ((_BOX, _LANE, _NEXT), (5, 3, 5)) if chart.lanes else ((_BOX, _NEXT), (1, 1))
    head = tuple((Span(title.of(language)),) for title in titles)
    return Grid(head, tuple(row(node) for node in chart.nodes), caption, weights=weights)
