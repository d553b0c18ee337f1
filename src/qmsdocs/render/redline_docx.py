"""The comparison of two revisions as a Word document with tracked changes, which people accept or reject in Word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from itertools import count
from xml.sax.saxutils import escape, quoteattr

from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.oxml.shape import CT_Inline
from docx.parts.image import ImagePart
from docx.shared import Mm

from qmsdocs.base.errors import QmsError
from qmsdocs.base.language import Language, Text
from qmsdocs.render import redline, word
from qmsdocs.render.comparable import Kind
from qmsdocs.render.difference import Change, Column, Compared, Illustration, LeftOut, Passage, Row, Table
from qmsdocs.render.docx_file import append, fill, new, set_page, steady
from qmsdocs.render.line_difference import Mark, Marked, Piece
from qmsdocs.render.pictures import shape
from qmsdocs.render.redline import ChangedFile, ChangedValue, Difference
from qmsdocs.render.word import legal, paragraph, run

_WIDTH = 165.0  # mm of text
_PICTURE_WIDTH, _PICTURE_HEIGHT = 120.0, 80.0
_LOOK = "QmsRed"
_TRACKED = {Mark.REMOVED: "del", Mark.ADDED: "ins"}
_WHOLE = {Change.REMOVED: "del", Change.ADDED: "ins"}
_BORDERS = "".join(
    f'<w:{side} w:val="single" w:sz="{size}" w:space="0" w:color="000000"/>'
    for side, size in (("top", 8), ("left", 8), ("bottom", 8), ("right", 8), ("insideH", 4), ("insideV", 4))
)
_STYLES = (
    word.Style(f"{_LOOK}Title", "对照标题", "Changes title", 18, 26, sans=True, align="center"),
    word.Style(f"{_LOOK}Of", "对照文件", "Changes of", 10.5, 17, align="center", after=8),
    word.Style(f"{_LOOK}Part", "对照分节", "Changes part", 12, 20, sans=True, before=12, after=4, keeps=True),
    word.Style(f"{_LOOK}Text", "对照正文", "Changes text", 10.5, 17),
    word.Style(f"{_LOOK}Cell", "对照单元格", "Changes cell", 10.5, 14),
    word.Style(f"{_LOOK}Head", "对照表头", "Changes table head", 10.5, 14, sans=True, align="center"),
    word.Style(f"{_LOOK}One", "对照一级标题", "Changes heading 1", 14, 22, sans=True, before=10, after=4, keeps=True),
    word.Style(f"{_LOOK}Two", "对照二级标题", "Changes heading 2", 12, 20, sans=True, before=6, after=3, keeps=True),
    word.Style(f"{_LOOK}Caption", "对照题注", "Changes caption", 9, 14, sans=True, align="center", keeps=True),
    word.Style(f"{_LOOK}Small", "对照小字", "Changes small", 9, 13),
)


def document(difference: Difference) -> bytes:
    """The whole text with its changes tracked as the new revision's author made them; same facts, same bytes.

    All changes accepted leave the text of the new revision, all rejected that of the old one.
    """
    language, said = difference.language, f"{difference.number}　{redline.labels(difference)}"
    made = new(
        word.styles(language, _STYLES),
        title=f"{redline.TITLE.of(language)} {difference.number} {redline.labels(difference)}",
        author=difference.new.author,
        created=difference.new.at,
    )
    section = made.sections[0]
    set_page(section, margins=(24, 20, 20, 25), header=14, footer=10)
    before, between, after = ("第 ", " 页　共 ", " 页") if language is Language.ZH else ("page ", " of ", "")
    pages = (run(before), word.field("PAGE"), run(between), word.field("NUMPAGES"), run(after))
    fill(section.header, _margin(run(legal(difference.organisation)), word.tab(), run(legal(said))))
    fill(section.footer, _margin(run(redline.TITLE.of(language)), word.tab(), *pages))
    append(made, _Writing(made, difference).parts())
    return steady(made)


def _margin(*pieces: str) -> str:
    """A line above or below the text, its end flush with the text on the right."""
    right = f'<w:tabs><w:tab w:val="right" w:pos="{word.twips(_WIDTH)}"/></w:tabs>'
    return paragraph(f"{_LOOK}Small", *pieces, properties=right)


def _plain(style: str, text: str) -> str:
    return paragraph(f"{_LOOK}{style}", run(legal(text)))


class _Writing:
    """One document on its way; every tracked change gets a number of its own."""

    def __init__(self, made: Document, difference: Difference) -> None:
        self.made, self.difference, self.language = made, difference, difference.language
        self.numbers, self.pictures = count(1), count(1)
        moment = difference.new.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.by = f"w:author={quoteattr(legal(difference.new.author) or '-')} w:date={quoteattr(moment)}"

    def parts(self) -> Iterator[str]:
        """The whole document, part by part."""
        said = self.difference
        yield _plain("Title", redline.TITLE.of(self.language))
        yield _plain("Of", f"{said.number}　{said.title}")
        yield self._plain_table(
            ("", redline.OLD.of(self.language), redline.NEW.of(self.language)), redline.head(said), (33, 66, 66)
        )
        for note in said.notes:
            yield _plain("Small", note)
        for title, first, values in redline.tables(said):
            yield from self._values(values, title, first)
        if said.text:
            yield _plain("Part", redline.TEXT.of(self.language))
            yield from self._blocks(said.text)
        if said.files:
            yield _plain("Part", redline.FILES.of(self.language))
            for file in said.files:
                yield from self._file(file)
        yield paragraph(f"{_LOOK}Small")

    def _values(self, values: Sequence[ChangedValue], title: Text, first: Text) -> Iterator[str]:
        yield _plain("Part", title.of(self.language))
        if not values:
            yield _plain("Text", redline.UNCHANGED.of(self.language))
            return
        titles = tuple(item.of(self.language) for item in (first, redline.KEY, redline.BEFORE, redline.NOW))
        rows = tuple((item.title, item.key, item.old or "/", item.new or "/") for item in values)
        yield self._plain_table(titles, rows, (45, 40, 40, 40))

    def _plain_table(self, titles: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float]) -> str:
        """A table in which nothing is tracked."""
        head = _cells([_plain("Head", title) for title in titles], widths, is_shaded=True)
        lines = (_cells([_plain("Cell", cell) for cell in row], widths) for row in rows)
        return _table_of(widths, _row_of(head, is_head=True) + "".join(map(_row_of, lines)))

    def _blocks(self, blocks: Sequence[Compared]) -> Iterator[str]:
        for block in blocks:
            match block:
                case Passage():
                    yield self._passage(block)
                case Table():
                    yield from self._table(block)
                case Illustration():
                    yield from self._illustration(block)

    def _tracked(self, kind: str, inside: str = "") -> str:
        return f'<w:{kind} w:id="{next(self.numbers)}" {self.by}>{inside}</w:{kind}>'

    def _piece(self, piece: Piece) -> str:
        bold = "<w:rPr><w:b/></w:rPr>" if piece.is_bold else ""
        tag = "w:delText" if piece.mark is Mark.REMOVED else "w:t"
        lines = (f'<{tag} xml:space="preserve">{escape(line)}</{tag}>' for line in legal(piece.text).split("\n"))
        made = f"<w:r>{bold}{'<w:br/>'.join(lines)}</w:r>"
        return made if piece.mark is Mark.KEPT else self._tracked(_TRACKED[piece.mark], made)

    def _line(self, line: Marked) -> str:
        return "".join(map(self._piece, line))

    def _paragraph(self, style: str, inside: str, change: Change, properties: str = "") -> str:
        """A paragraph; one that came or went is tracked together with its end."""
        end = f"<w:rPr>{self._tracked(_WHOLE[change])}</w:rPr>" if change in _WHOLE else ""
        return paragraph(f"{_LOOK}{style}", inside, properties=properties + end)

    def _passage(self, passage: Passage) -> str:
        label = self._line(passage.label) + (word.tab() if passage.label and passage.kind is Kind.ITEM else "")
        inside = self._line(passage.line)
        if passage.kind is Kind.HEADING:
            style = "One" if passage.level == 1 else "Two"
            space = run("　") if passage.label else ""
            level = f'<w:outlineLvl w:val="{min(passage.level, 9) - 1}"/>'
            return self._paragraph(style, label + self._spaced(space, passage.change) + inside, passage.change, level)
        return self._paragraph("Text", label + inside, passage.change, _indent(passage))

    def _spaced(self, space: str, change: Change) -> str:
        return self._tracked(_WHOLE[change], space) if space and change in _WHOLE else space

    def _table(self, table: Table) -> Iterator[str]:
        """A table; one whose columns changed as the old one, gone, and the new one, come."""
        if any(column.change is not Change.KEPT for column in table.columns) and table.change is Change.CHANGED:
            for change in (Change.REMOVED, Change.ADDED):
                yield from self._table(_sided(table, change))
            return
        if table.label or table.caption:
            label = (Piece(f"{table.label} ", _mark(table.change)),) if table.label else ()
            yield self._paragraph("Caption", self._line((*label, *table.caption)), table.change)
        widths = _shares([column.weight for column in table.columns])
        rows = [self._row(table.head, widths, is_head=True)] if any(table.head.cells) else []
        rows += [self._row(row, widths) for row in table.rows if not isinstance(row, LeftOut)]
        if rows and widths:
            yield _table_of(widths, "".join(rows))
        yield self._paragraph("Small", "", table.change)

    def _row(self, row: Row, widths: Sequence[float], *, is_head: bool = False) -> str:
        style = "Head" if is_head else "Cell"
        drawn = [self._paragraph(style, self._line(cell), row.change) for cell in row.cells]
        end = self._tracked(_WHOLE[row.change]) if row.change in _WHOLE else ""
        return _row_of(_cells(drawn, widths, is_shaded=is_head), is_head=is_head, end=end)

    def _illustration(self, shown: Illustration) -> Iterator[str]:
        for path, held, change in redline.pictures(self.difference, shown):
            drawn = self._picture(path, held)
            inside = self._tracked(_WHOLE[change], drawn) if change in _WHOLE and drawn else drawn
            inside = inside or self._line((Piece(path, _mark(change)),))
            yield self._paragraph("Caption", inside, change, '<w:spacing w:line="240" w:lineRule="auto"/>')
        label = (Piece(f"{shown.label} ", _mark(shown.change)),) if shown.label else ()
        yield self._paragraph("Caption", self._line((*label, *shown.caption)), shown.change)

    def _picture(self, path: str, held: Mapping[str, bytes]) -> str:
        """A run with the picture, nothing where it is none that Word can show."""
        try:
            found = shape(held.get(path, b""), name=path)
        except QmsError:
            return ""
        number = next(self.pictures)
        name = PackURI(f"/word/media/picture{number}.{found.extension}")
        part = ImagePart(name, f"image/{found.extension}", held[path])  # unread: Word is to judge what is in it
        link = self.made.part.relate_to(part, RELATIONSHIP_TYPE.IMAGE)
        scale = min(_PICTURE_WIDTH / found.across, _PICTURE_HEIGHT / found.down, 25.4 / 96)
        width, height = Mm(found.across * scale), Mm(found.down * scale)
        inline = CT_Inline.new_pic_inline(number, link, f"{number}.{found.extension}", width, height)
        return f"<w:r><w:drawing>{inline.xml}</w:drawing></w:r>"

    def _file(self, file: ChangedFile) -> Iterator[str]:
        outcome = redline.OUTCOMES[file.change].of(self.language)
        yield _plain("Two", f"{file.path}（{outcome}）")
        yield from self._blocks(file.lines)


def _mark(change: Change) -> Mark:
    return Mark(change) if change in _WHOLE else Mark.KEPT


def _indent(passage: Passage) -> str:
    if passage.kind is Kind.ITEM:
        left = 420 * (passage.level + 2)
        return f'<w:tabs><w:tab w:val="left" w:pos="{left}"/></w:tabs><w:ind w:left="{left}" w:hanging="420"/>'
    first = ' w:firstLine="420"' if passage.kind is Kind.PARAGRAPH and not passage.level else ""
    return f'<w:ind w:left="{420 * (passage.level + (passage.level > 0))}"{first}/>'


def _sided(table: Table, change: Change) -> Table:
    """The table as it was or as it is now, as one that went or came."""
    gone = Mark.ADDED if change is Change.REMOVED else Mark.REMOVED
    kept = [place for place, column in enumerate(table.columns) if column.change is not Change(gone)]

    def one(line: Marked) -> Marked:
        return tuple(replace(piece, mark=Mark(change)) for piece in line if piece.mark is not gone)

    def row(whole: Row) -> Row:
        return Row(tuple(one(whole.cells[place]) for place in kept), change)

    rows = tuple(row(item) for item in table.rows if isinstance(item, Row) and item.change is not Change(gone))
    columns = tuple(Column(table.columns[place].weight, Change.KEPT) for place in kept)
    return Table(table.label, one(table.caption), columns, row(table.head), rows, change)


def _shares(weights: Sequence[float]) -> list[float]:
    whole = sum(weights) or 1
    return [weight / whole * _WIDTH for weight in weights]


def _cells(contents: Sequence[str], widths: Sequence[float], *, is_shaded: bool = False) -> str:
    shade = f'<w:shd w:val="clear" w:color="auto" w:fill="{word.GREY}"/>' if is_shaded else ""
    return "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{word.twips(width)}" w:type="dxa"/>{shade}</w:tcPr>{content}</w:tc>'
        for content, width in zip(contents, widths, strict=True)
    )


def _row_of(cells: str, *, is_head: bool = False, end: str = "") -> str:
    """A row; it may be split, since LibreOffice loses rows that may not below a head that is repeated."""
    return f"<w:tr><w:trPr>{'<w:tblHeader/>' if is_head else ''}{end}</w:trPr>{cells}</w:tr>"


def _table_of(widths: Sequence[float], rows: str) -> str:
    grid = "".join(f'<w:gridCol w:w="{word.twips(width)}"/>' for width in widths)
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="{word.twips(sum(widths))}" w:type="dxa"/><w:tblBorders>{_BORDERS}</w:tblBorders>'
        f'<w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{rows}</w:tbl>'
    )
