"""The blocks of a procedure's text as HTML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from qmsdocs.base.errors import QmsError
from qmsdocs.render import document_words as words
from qmsdocs.render.document_ink import Ink
from qmsdocs.render.html import columns, data_address
from qmsdocs.render.prose import (
    Block,
    Chart,
    Drawing,
    Grid,
    Heading,
    Line,
    Listing,
    Paragraph,
    Picture,
    Span,
    SpanKind,
    Verbatim,
)

_LEADS_ON = ' class="on"'
WHOLE_ROWS = 8  # a table of at most so many rows is not torn where a page holds it


@dataclass(frozen=True, slots=True)
class Body:
    """A text to be written: `prefix` keeps its anchors apart from those of other chapters."""

    ink: Ink
    prefix: str
    pictures: Mapping[str, str]  # the address of each picture by its path

    def html(self, blocks: Sequence[Block]) -> str:
        """All blocks. Raises QmsError for a picture that is not there."""
        return "\n".join(self._blocks(blocks, 0))

    def anchor(self, heading: Heading) -> str:
        """The name a table of contents points to."""
        return f"{self.prefix}-{heading.number}"

    def _blocks(self, blocks: Sequence[Block], depth: int) -> Iterator[str]:
        for block in blocks:
            yield self._block(block, depth)

    def _block(self, block: Block, depth: int) -> str:
        match block:
            case Heading():
                return self._heading(block)
            case Paragraph(line=line):
                return f"<p{_LEADS_ON if words.leads_on(block) else ''}>{self.line(line)}</p>"
            case Listing():
                return self._listing(block, depth)
            case Grid():
                return self._grid(block)
            case Picture():
                return self._picture(block)
            case Drawing():
                return self._figure(self._chart(block.chart), block.number, block.caption)
            case Verbatim(text=text):
                return f"<pre>{self.ink.text(text)}</pre>"

    def _heading(self, heading: Heading) -> str:
        tag = f"h{heading.level}"
        number = f'<span class="no">{heading.number}</span>'
        return f'<{tag} id="{self.anchor(heading)}">{number}{self.line(heading.line)}</{tag}>'

    def line(self, line: Line) -> str:
        """A line of text."""
        return "".join(map(self._span, line))

    def _span(self, span: Span) -> str:
        if span.kind is SpanKind.BREAK:
            return "<br>"
        found = self.ink.text(span.text)
        if span.kind is SpanKind.LINK and span.target not in (span.text, f"mailto:{span.text}"):
            found += self.ink.text(f" ({span.target})")
        if span.kind in (SpanKind.PARAMETER, SpanKind.REFERENCE) and len(span.text) <= 20:
            found = f'<span class="w">{found}</span>'
        return f"<b>{found}</b>" if span.is_bold else found

    def _listing(self, listing: Listing, depth: int) -> str:
        items = "\n".join(
            f'<div class="item"><span class="mk">{words.markers(depth, listing.is_ordered, count)}</span>'
            + "\n".join(self._blocks(item, depth + 1))
            + "</div>"
            for count, item in enumerate(listing.items, 1)
        )
        return f'<div class="list">{items}</div>'

    def _grid(self, grid: Grid) -> str:
        rows = [grid.head, *grid.rows] if grid.head else [*grid.rows]
        if not rows:
            return ""
        count = max(map(len, rows))
        classes = [' class="c"' if is_centred else "" for is_centred in words.centred(grid, count)]
        head = "".join(f"<th>{self.line(cell)}</th>" for cell in grid.head)
        body = "\n".join(
            "<tr>" + "".join(f"<td{classes[at]}>{self.line(cell)}</td>" for at, cell in enumerate(row)) + "</tr>"
            for row in grid.rows
        )
        top = f"<thead><tr>{head}</tr></thead>" if head else ""
        shares = columns(words.weights(grid, count))
        table = f'{self._caption(grid)}<table class="grid">{shares}{top}<tbody>{body}</tbody></table>'
        return f'<div class="whole">{table}</div>' if len(grid.rows) <= WHOLE_ROWS else table

    def _caption(self, grid: Grid) -> str:
        if not grid.number:
            return ""
        number = words.TABLE.of(self.ink.language).format(number=grid.number)
        return f'<p class="cap above">{number}　{self.ink.text(grid.caption)}</p>'

    def _picture(self, picture: Picture) -> str:
        if picture.path not in self.pictures:
            raise QmsError("there is no picture {path} among the files of this document", path=picture.path)
        return self._figure(f'<img src="{self.pictures[picture.path]}" alt="">', picture.number, picture.caption)

    def _figure(self, drawn: str, number: int, caption: str) -> str:
        said = words.FIGURE.of(self.ink.language).format(number=number)
        below = f'<p class="cap">{said}　{self.ink.text(caption)}</p>'
        return f'<div class="figure">{drawn}{below}</div>'

    def _chart(self, chart: Chart) -> str:
        from qmsdocs.render.chart import svg

        for text in (*chart.lanes, *(node.text for node in chart.nodes), *(edge.text for edge in chart.edges)):
            self.ink.text(text)
        return f'<img class="chart" src="{data_address("image/svg+xml", svg(chart).encode())}" alt="">'
