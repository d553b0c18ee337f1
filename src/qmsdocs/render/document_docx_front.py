"""What stands before the text of a controlled document in Word: cover, records of revision and issue, contents."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from qmsdocs.base.language import Language, Text
from qmsdocs.render import document_words as words
from qmsdocs.render.document_docx_body import bookmark
from qmsdocs.render.document_docx_parts import (
    RED,
    Cell,
    Look,
    Row,
    field,
    own_pages,
    paragraph,
    run,
    size,
    table,
)
from qmsdocs.render.document_docx_styles import chapter_style
from qmsdocs.render.document_front import APPROVAL_ROW, APPROVAL_ROWS, APPROVAL_TOP
from qmsdocs.render.document_sheet import DocumentSheet, SignedLine
from qmsdocs.render.document_words import Record
from qmsdocs.render.prose import Block, Heading
from qmsdocs.render.word import twips

COVER_TOP = 8.0  # millimetres, the margin above the cover
RECORD_ROW = 9.0
SHORT_TITLE = 4  # characters of a title that is spread
_APPROVAL_WIDTHS = (25.0, 35.0, 50.0, 40.0)
_COMPANY_SIZE, _COMPANY_LINE, _TITLE_LINE = 22.0, 10.0, 13.0
_STAMP = (45.0, 18.0)
_IDENTITY, _COMPANY, _KIND, _TITLE, _REVISION = 30.0, 60.0, 84.0, 100.0, 131.0  # millimetres from the top of the page
_DATES, _HELD = 246.0, 257.0


@dataclasses.dataclass(slots=True)
class _Cover:
    """The cover from top to bottom: `at` is where the next piece begins, in millimetres from the top of the page."""

    at: float = COVER_TOP
    pieces: list[str] = dataclasses.field(default_factory=list)

    def place(self, top: float, height: float, *pieces: str) -> None:
        """Nothing; the pieces, together `height` high, begin at `top`, or below what reaches further down."""
        if top > self.at:
            line = f'<w:spacing w:line="{twips(top - self.at)}" w:lineRule="exact"/>'
            self.pieces.append(paragraph("QmsJoint", "", line))
        self.at = max(self.at, top) + height
        self.pieces += pieces


def cover(sheet: DocumentSheet) -> str:
    """The cover: who, what, which revision, who made and approved it."""
    language = sheet.language
    colon = words.COLON.of(language)
    made = _Cover()
    if sheet.copy is not None:
        made.place(COVER_TOP, _STAMP[1] + 1, _stamp(sheet))
    said = [
        f"{label.of(language)}{colon}{value}"
        for label, value in ((words.NUMBER, sheet.number), (words.CONFIDENTIALITY, sheet.confidentiality))
        if value
    ]
    made.place(_IDENTITY, 7.0 * len(said), *(paragraph("QmsIdentity", run(line)) for line in said))
    company = words.cover_lines(sheet.organisation, _COMPANY_SIZE)
    made.place(_COMPANY, _COMPANY_LINE * len(company), paragraph("QmsCompany", run("\n".join(company))))
    made.place(_KIND, 8.0, paragraph("QmsKind", run(sheet.kind)))
    points, lines = words.cover_title(sheet.title)
    made.place(_TITLE, _TITLE_LINE * len(lines), paragraph("QmsTitle", run("\n".join(lines), size(points))))
    edition = f"{words.REVISION.of(language)}{colon}{sheet.revision}"
    made.place(_REVISION, 8.0, paragraph("QmsEdition", run(edition)))
    rows = [*_approval(sheet)]
    top = APPROVAL_TOP - APPROVAL_ROW * max(0, len(rows) - 1 - APPROVAL_ROWS)
    made.place(top, APPROVAL_ROW * len(rows), table(_APPROVAL_WIDTHS, rows, Look(indent=5)))
    made.place(_DATES, 8.0, _dates(sheet))
    made.place(_HELD, 14.0, _held(sheet))
    return own_pages("cover", "".join(made.pieces))


def _stamp(sheet: DocumentSheet) -> str:
    """The mark of a numbered copy: a red box at the top right, which also reads without colour."""
    copy = sheet.copy
    if copy is None:
        return ""
    red = f'<w:color w:val="{RED}"/>'
    holder = words.STAMP_COPY.of(sheet.language).format(number=copy.number, holder=copy.holder)
    content = (
        paragraph("QmsStamp", run(words.CONTROLLED.of(sheet.language), red))
        + paragraph("QmsStampSmall", run(holder, red))
        + paragraph("QmsStampSmall", run(words.day(copy.on, sheet.language), red))
    )
    look = Look(outer=8, inner=0, side=0.5, align="right", colour=RED, line="double")
    return table((_STAMP[0],), [Row((Cell(content),), _STAMP[1], is_exact=True)], look)


def _approval(sheet: DocumentSheet) -> Iterator[Row]:
    language = sheet.language
    heads = ("", *(head.of(language) for head in (words.NAME, words.SIGNATURE, words.DATE)))
    yield Row(tuple(Cell(paragraph("QmsApprovalHead", run(head))) for head in heads), APPROVAL_ROW)
    for title, lines in words.approvals(sheet):
        if lines:
            yield from _signed(title, lines, sheet)
        else:
            said = words.SEE_RECORD.of(language).format(count=len(sheet.countersigned))
            head = Cell(paragraph("QmsApprovalHead", run(title.of(language))))
            yield Row((head, Cell(paragraph("QmsApproval", run(said)), span=3)), APPROVAL_ROW)


def _signed(title: Text, lines: Sequence[SignedLine], sheet: DocumentSheet) -> Iterator[Row]:
    is_merged = len(lines) > 1
    for position, line in enumerate(lines):
        head = run(title.of(sheet.language)) if position == 0 else ""
        first = Cell(
            paragraph("QmsApprovalHead", head),
            begins=is_merged and position == 0,
            continues=is_merged and position > 0,
        )
        said = (
            run(words.signer(line)),
            run(words.signature(line, sheet.language), size(9)),
            run(words.day(line.at, sheet.language)),
        )
        yield Row((first, *(Cell(paragraph("QmsApproval", text)) for text in said)), APPROVAL_ROW)


def _dates(sheet: DocumentSheet) -> str:
    pairs = (
        (words.RELEASED_ON, sheet.released_on, "QmsDates"),
        (words.EFFECTIVE_ON, sheet.effective_on, "QmsDatesRight"),
    )
    colon = words.COLON.of(sheet.language)
    cells = tuple(
        Cell(paragraph(style, run(f"{label.of(sheet.language)}{colon}{words.day(on, sheet.language)}")))
        for label, on, style in pairs
    )
    return table((75.0, 75.0), [Row(cells)], Look(outer=0, inner=0, side=0, indent=5))


def _held(sheet: DocumentSheet) -> str:
    copy = sheet.copy
    said = ((words.COPY_NUMBER, copy.number if copy else ""), (words.HOLDER, copy.holder if copy else ""))
    rows = [
        Row(
            (
                Cell(paragraph("QmsApprovalHead", run(label.of(sheet.language)))),
                Cell(paragraph("QmsApproval", run(value))),
            ),
            7.0,
        )
        for label, value in said
    ]
    # Word joins tables that touch
    return paragraph("QmsJoint") + table((25.0, 50.0), rows, Look(outer=4, indent=5))


def records(sheet: DocumentSheet) -> str:
    """修订记录 and 发放范围, and 会签记录 where the cover does not hold it."""
    return own_pages("records", "".join(_record(record, sheet.language) for record in words.records(sheet)))


def _record(record: Record, language: Language) -> str:
    styles = ["QmsRecordDay" if head == words.DATE else "QmsRecord" for head in record.heads]
    heads = (run(head.of(language)) for head in record.heads)
    drawn = [
        Row(tuple(Cell(paragraph("QmsRecordHead", head), is_shaded=True) for head in heads), RECORD_ROW, is_head=True)
    ]
    for row in record.rows:
        cells = (Cell(paragraph(style, run(text))) for style, text in zip(styles, row, strict=True))
        drawn.append(Row(tuple(cells), RECORD_ROW))
    title = record.title.of(language)
    table_of = table(record.widths, drawn, Look(side=0.3, above=0.4))
    return paragraph("QmsRecordTitle", run(title, _spread(title))) + table_of


def _spread(title: str) -> str:
    """The property that spreads a short Chinese title."""
    return '<w:spacing w:val="160"/>' if len(title) <= SHORT_TITLE and not title.isascii() else ""


def contents(sheet: DocumentSheet, pages: Mapping[str, int]) -> str:
    """The table of contents, filled in, as a field that Word reckons anew; nothing where there are no headings."""
    entries = [*_entries(sheet, pages)]
    if not entries:
        return ""
    chapters = f'\\t "{chapter_style(sheet.language)},1,heading 1,2"' if sheet.chapters else '\\o "1-2"'
    begin = (
        '<w:r><w:fldChar w:fldCharType="begin" w:dirty="true"/></w:r>'
        f'<w:r><w:instrText xml:space="preserve"> TOC {chapters} \\h \\z </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
    )
    end = '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    styles, runs = [style for style, _ in entries], [entry for _, entry in entries]
    runs[0] = begin + runs[0]
    runs[-1] += end
    lines = "".join(paragraph(style, entry) for style, entry in zip(styles, runs, strict=True))
    said = words.CONTENTS.of(sheet.language)
    title = paragraph("QmsRecordTitle", run(said, _spread(said)), "<w:pageBreakBefore/>")
    gallery = '<w:docPartObj><w:docPartGallery w:val="Table of Contents"/><w:docPartUnique/></w:docPartObj>'
    return f"<w:sdt><w:sdtPr>{gallery}</w:sdtPr><w:sdtContent>{title}{lines}</w:sdtContent></w:sdt>"


def _entries(sheet: DocumentSheet, pages: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    yield from _headings(sheet.blocks, 0, 1, pages)
    for count, chapter in enumerate(sheet.chapters, 1):
        name = chapter_mark(count)
        title = f"{words.chapter_name(count, sheet.language)}　{chapter.title}　{chapter.number}　{chapter.revision}"
        yield "TOC1", _entry(name, title, pages)
        yield from _headings(chapter.blocks, count, 2, pages)


def _headings(blocks: Sequence[Block], section: int, first: int, pages: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    for block in blocks:
        if isinstance(block, Heading) and block.level + first - 1 <= words.CONTENTS_LEVEL:
            name = bookmark(section, block)
            yield f"TOC{block.level + first - 1}", _entry(name, f"{block.number}　{block.text}", pages)


def _entry(name: str, text: str, pages: Mapping[str, int]) -> str:
    number = field(f"PAGEREF {name} \\h", str(pages.get(name, 1)))
    return f'<w:hyperlink w:anchor="{name}" w:history="1">{run(text)}<w:r><w:tab/></w:r>{number}</w:hyperlink>'


def chapter_mark(count: int) -> str:
    """The name by which the table of contents finds a chapter."""
    return f"_Toc{count}"
