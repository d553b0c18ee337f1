"""The blocks of a procedure's text in Word: what is drawn or filled in is a content control, so that it comes back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part

from qmsdocs.base.errors import QmsError
from qmsdocs.base.language import Language
from qmsdocs.render import document_words as words
from qmsdocs.render.chart import png
from qmsdocs.render.document_docx_parts import (
    Cell,
    Illustration,
    Look,
    Row,
    control,
    drawing,
    paragraph,
    run,
    table,
)
from qmsdocs.render.document_docx_styles import DEPTHS, LEVELS, LIST_INDENT, MARK_WIDTH, TEXT_WIDTH, numbering
from qmsdocs.render.docx_file import empty, parsed
from qmsdocs.render.pictures import shape
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
    plain,
)
from qmsdocs.render.word import legal

TALLEST = 215.0  # millimetres of a picture, which leaves room for its caption
_INCH, _SCREEN, _CHART = 25.4, 96, 300  # dots of an inch in a picture without size, and in a chart
SMALL_TABLE = 6  # rows that stay on one page
_WHOLE_ROW = 300  # characters of a row that is not torn
CODE = '<w:rStyle w:val="QmsCode"/>'  # by which an import tells words that are kept as typed
_FRAME = "".join(
    f'<w:{side} w:val="single" w:sz="4" w:space="4" w:color="000000"/>' for side in ("top", "left", "bottom", "right")
)


@dataclass(slots=True)
class Media:
    """The pictures of a document, each stored once, and the numbers of drawings."""

    stored: dict[bytes, Part] = field(default_factory=dict)
    drawn: int = 0

    def relation(self, part: Part, data: bytes, *, name: str) -> str:
        """How `part` names the picture `data`. Raises QmsError, calling it `name`, when it is neither PNG nor JPEG."""
        digest = hashlib.sha256(data).digest()
        if digest not in self.stored:
            kind = shape(data, name=name).extension
            place = PackURI(f"/word/media/picture{len(self.stored) + 1}.{kind}")
            self.stored[digest] = Part(place, f"image/{kind}", data, part.package)
        return part.relate_to(self.stored[digest], RELATIONSHIP_TYPE.IMAGE)

    def drawing(self, picture: Illustration) -> str:
        """The run that shows a picture."""
        self.drawn += 1
        return drawing(picture, self.drawn)


def fitted(data: bytes, *, name: str, width: float, height: float, dots: int = _SCREEN) -> tuple[float, float]:
    """The size of a picture in millimetres: its own, made smaller where it would not fit."""
    found = shape(data, name=name)
    across, down = found.across * _INCH / dots, found.down * _INCH / dots
    factor = min(1.0, width / across, height / down)
    return across * factor, down * factor


def bookmark(section: int, heading: Heading) -> str:
    """The name by which the table of contents finds a heading."""
    return f"_Toc{section}_{heading.number.replace('.', '_')}"[:40]


@dataclass(slots=True)
class Manuscript:
    """What writes the text of one document. `lists` are those met so far: ordered or not, and at which depth."""

    language: Language
    part: Part
    media: Media = field(default_factory=Media)
    lists: list[tuple[bool, int]] = field(default_factory=list)
    marks: int = 0

    def set_lists(self, document: Document) -> None:
        """Nothing; the lists of the text are numbered."""
        root = document.part.numbering_part.element
        empty(root)
        root.extend(list(parsed(f"<w:numbering>{numbering(self.lists)}</w:numbering>")))

    def blocks(self, blocks: Sequence[Block], pictures: Mapping[str, bytes], section: int) -> Iterator[str]:
        """The blocks of the section `section` as elements. Raises QmsError for a picture that is not there or unfit."""
        for block in blocks:
            yield from self._block(block, pictures, section)

    def _block(self, block: Block, pictures: Mapping[str, bytes], section: int) -> Iterator[str]:
        match block:
            case Heading():
                style = f"Heading{min(block.level, LEVELS)}"
                said = run(f"{block.number}　") + self.line(block.line)
                yield paragraph(style, self.marked(bookmark(section, block), said))
            case Paragraph(line=line):
                yield paragraph("QmsBody", self.line(line), _kept(block))
            case Listing():
                yield from self._listing(block, pictures, section, 0)
            case Grid():
                yield from self._fenced(block.source, self._grid(block))
            case Picture():
                yield from self._picture(block, pictures)
            case Drawing():
                yield from self._fenced(block.source, self._drawing(block))
            case Verbatim(text=text):
                yield paragraph("QmsVerbatim", run(text), f"<w:pBdr>{_FRAME}</w:pBdr>")

    def marked(self, name: str, content: str) -> str:
        """`content` as a place with a name."""
        self.marks += 1
        start = f'<w:bookmarkStart w:id="{self.marks}" w:name="{name}"/>'
        return f'{start}{content}<w:bookmarkEnd w:id="{self.marks}"/>'

    def _fenced(self, source: str, pieces: Iterator[str]) -> Iterator[str]:
        """The pieces; what a fence stands for is one content control, named by the info string of the fence."""
        if source:
            yield control(f"block:{source.partition(chr(10))[0]}", "".join(pieces))
        else:
            yield from pieces

    def line(self, line: Line, properties: str = "") -> str:
        """The runs of a line of text."""
        return "".join(self._span(span, properties) for span in line)

    def _span(self, span: Span, properties: str) -> str:
        if span.kind is SpanKind.BREAK:
            return "<w:r><w:br/></w:r>"
        face = (CODE if span.is_code else "") + properties + ("<w:b/>" if span.is_bold else "")
        if span.kind is SpanKind.PARAMETER:
            return control(f"p.{span.target}", run(span.text, face))
        if span.kind is SpanKind.REFERENCE:
            return control(f"ref:{span.target}", run(span.text, face))
        is_told = span.kind is not SpanKind.LINK or span.target in (span.text, f"mailto:{span.text}")
        return run(span.text if is_told else f"{span.text} ({span.target})", face)

    def _listing(self, listing: Listing, pictures: Mapping[str, bytes], section: int, depth: int) -> Iterator[str]:
        depth = min(depth, DEPTHS - 1)
        self.lists.append((listing.is_ordered, depth))
        number = len(self.lists)
        own = f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{number}"/></w:numPr>'
        below = f'<w:ind w:left="{LIST_INDENT + MARK_WIDTH * (depth + 1)}"/>'
        for item in listing.items:
            first = item[0].line if item and isinstance(item[0], Paragraph) else ()
            yield paragraph("QmsItem", self.line(first), (_kept(item[0]) if first else "") + own)
            for block in item[1:] if first else item:
                match block:
                    case Paragraph(line=line):
                        yield paragraph("QmsItem", self.line(line), _kept(block) + below)
                    case Listing():
                        yield from self._listing(block, pictures, section, depth + 1)
                    case _:
                        yield from self._block(block, pictures, section)

    def _grid(self, grid: Grid) -> Iterator[str]:
        rows = [grid.head, *grid.rows] if grid.head else [*grid.rows]
        if not rows:
            return
        count = max(map(len, rows))
        if grid.number:
            said = words.TABLE.of(self.language).format(number=grid.number)
            yield paragraph("QmsCaption", run(f"{said}　{grid.caption}"), "<w:keepNext/>")
        styles = ["QmsCellCentred" if is_centred else "QmsCell" for is_centred in words.centred(grid, count)]
        last = len(grid.rows) - 1
        is_small = len(grid.rows) <= SMALL_TABLE
        drawn = [self._row(row, styles, keeps=at < (last if is_small else 1)) for at, row in enumerate(grid.rows)]
        if grid.head:
            drawn.insert(0, self._row(grid.head, ["QmsHead"] * count, keeps=True, is_head=True))
        yield table(column_widths(grid, count), drawn, Look(above=0.8))
        yield paragraph("QmsJoint", "", '<w:spacing w:line="160" w:lineRule="exact"/>')

    def _row(self, row: Sequence[Line], styles: Sequence[str], *, keeps: bool, is_head: bool = False) -> Row:
        kept = "<w:keepNext/>" if keeps else ""
        lines = [*row, *([()] * (len(styles) - len(row)))]
        cells = tuple(
            Cell(paragraph(style, self.line(line), kept), is_shaded=is_head)
            for line, style in zip(lines, styles, strict=True)
        )
        return Row(cells, is_head=is_head, splits=sum(len(plain(line)) for line in row) > _WHOLE_ROW)

    def _picture(self, picture: Picture, pictures: Mapping[str, bytes]) -> Iterator[str]:
        data = pictures.get(picture.path)
        if data is None:
            raise QmsError("there is no picture {path} among the files of this document", path=picture.path)
        size = fitted(data, name=picture.path, width=TEXT_WIDTH, height=TALLEST)
        relation = self.media.relation(self.part, data, name=picture.path)
        shown = Illustration(relation, *size, description=picture.caption)
        yield from self._figure(shown, picture.number, picture.caption)

    def _drawing(self, block: Drawing) -> Iterator[str]:
        data = png(block.chart, width_mm=TEXT_WIDTH)
        size = fitted(data, name="chart", width=TEXT_WIDTH, height=TALLEST, dots=_CHART)
        relation = self.media.relation(self.part, data, name="chart")
        typed, told = block.source.partition("\n")[2].rstrip("\n"), described(block.chart)
        # the description of a fenced chart is its notation, by which it is read back
        title, description = (told, typed) if block.source else ("", told)
        shown = Illustration(relation, *size, title=title, description=description)
        yield from self._figure(shown, block.number, block.caption)

    def _figure(self, shown: Illustration, number: int, caption: str) -> Iterator[str]:
        yield paragraph("QmsFigure", self.media.drawing(shown))
        said = words.FIGURE.of(self.language).format(number=number)
        yield paragraph("QmsCaption", run(f"{said}　{caption}"))


def _kept(block: Block) -> str:
    """The property of a paragraph that stays with what it leads on to."""
    return "<w:keepNext/>" if words.leads_on(block) else ""


def column_widths(grid: Grid, count: int) -> tuple[float, ...]:
    """The widths of the columns of a table in millimetres."""
    weights = words.weights(grid, count)
    return tuple(TEXT_WIDTH * weight / sum(weights) for weight in weights)


def described(chart: Chart) -> str:
    """A chart in words, for those who do not see it."""
    texts = {node.name: node.text for node in chart.nodes}
    arrows = (
        (texts.get(edge.first, edge.first), f"-{edge.text}->" if edge.text else "->", texts.get(edge.last, edge.last))
        for edge in chart.edges
    )
    return legal("; ".join(map(" ".join, arrows)))
