"""What stands before the text of a controlled document in Word: cover, records of revision and issue, contents."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from qmsdocs.base.language import Text
from qmsdocs.render import document_words as words
from qmsdocs.render import measure
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
from qmsdocs.render.document_front import APPROVAL_ROW, APPROVAL_ROWS, APPROVAL_TOP, DISTRIBUTION_ROWS, HISTORY_ROWS
from qmsdocs.render.document_sheet import DocumentSheet, SignedLine
from qmsdocs.render.prose import Block, Heading
from qmsdocs.render.word import twips

COVER_TOP = 8.0  # millimetres, the margin above the cover
CONTENTS_LEVEL = 2
RECORD_ROW = 9.0
SHORT_TITLE = 4  # characters of a title that is spread
HISTORY_WIDTHS = (10.0, 24.0, 20.0, 22.0, 36.0, 16.0, 16.0, 16.0)
_DISTRIBUTION_WIDTHS = (10.0, 44.0, 20.0, 14.0, 36.0, 36.0)
_COUNTERSIGNATURE_WIDTHS = (10.0, 26.0, 20.0, 20.0, 30.0, 30.0, 24.0)
_APPROVAL_WIDTHS = (25.0, 35.0, 50.0, 40.0)
_TITLE_SIZES = (26.0, 24.0, 22.0, 18.0, 16.0)
_TITLE_WIDTH, _TITLE_LINES, _TITLE_LINE = 150.0, 2, 13.0
_COMPANY_SIZE, _COMPANY_LINE = 22.0, 10.0
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
    company = _lines(sheet.organisation, _COMPANY_SIZE)
    made.place(_COMPANY, _COMPANY_LINE * len(company), paragraph("QmsCompany", run("\n".join(company))))
    made.place(_KIND, 8.0, paragraph("QmsKind", run(sheet.kind)))
    points, lines = _title(sheet.title)
    made.place(_TITLE, _TITLE_LINE * len(lines), paragraph("QmsTitle", run("\n".join(lines), size(points))))
    edition = f"{words.REVISION.of(language)}{colon}{sheet.revision}"
    made.place(_REVISION, 8.0, paragraph("QmsEdition", run(edition)))
    rows = [*_approval(sheet)]
    top = APPROVAL_TOP - APPROVAL_ROW * max(0, len(rows) - 1 - APPROVAL_ROWS)
    made.place(top, APPROVAL_ROW * len(rows), table(_APPROVAL_WIDTHS, rows, Look(indent=5)))
    made.place(_DATES, 8.0, _dates(sheet))
    made.place(_HELD, 14.0, _held(sheet))
    return own_pages("cover", "".join(made.pieces))


def _lines(text: str, points: float) -> tuple[str, ...]:
    capacity = _TITLE_WIDTH / (points * measure.MILLIMETRES_PER_POINT)
    return measure.balanced(text, capacity, most=capacity)


def _title(title: str) -> tuple[float, tuple[str, ...]]:
    """The largest size at which the title stands on two lines, and these lines."""
    for points in _TITLE_SIZES:
        lines = _lines(title, points)
        if len(lines) <= _TITLE_LINES:
            break
    return points, lines


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
    nobody = (SignedLine(""),)
    yield from _signed(words.PREPARED, sheet.prepared or nobody, sheet)
    if len(sheet.countersigned) > words.MOST_ON_COVER:
        said = words.SEE_RECORD.of(language).format(count=len(sheet.countersigned))
        title = paragraph("QmsApprovalHead", run(words.COUNTERSIGNED.of(language)))
        yield Row((Cell(title), Cell(paragraph("QmsApproval", run(said)), span=3)), APPROVAL_ROW)
    else:
        yield from _signed(words.COUNTERSIGNED, sheet.countersigned, sheet)
    yield from _signed(words.REVIEWED, sheet.reviewed or nobody, sheet)
    yield from _signed(words.APPROVED, sheet.approved or nobody, sheet)


def _signed(title: Text, lines: Sequence[SignedLine], sheet: DocumentSheet) -> Iterator[Row]:
    is_merged = len(lines) > 1
    for position, line in enumerate(lines):
        head = run(title.of(sheet.language)) if position == 0 else ""
        first = Cell(
            paragraph("QmsApprovalHead", head),
            begins=is_merged and position == 0,
            continues=is_merged and position > 0,
        )
        name = "　".join(filter(None, (line.department, line.person)))
        said = (run(name), run(words.signature(line, sheet.language), size(9)), run(words.day(line.at, sheet.language)))
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
    language = sheet.language
    changes = [
        (
            *(words.day(entry.on, language), entry.revision, entry.clauses, entry.summary),
            *(entry.prepared_by, entry.reviewed_by, entry.approved_by),
        )
        for entry in sheet.history
    ]
    signed = [
        (line.department, line.person, line.verdict, line.remark, line.answer, words.day(line.at, language))
        for line in words.countersignature_record(sheet)
    ]
    copies = [
        (entry.department, entry.copy_number, str(entry.count), entry.received, entry.returned)
        for entry in sheet.distribution
    ]
    kinds = (
        (words.HISTORY, words.HISTORY_HEADS, HISTORY_WIDTHS, changes, HISTORY_ROWS),
        (words.COUNTERSIGNATURES, words.COUNTERSIGNATURE_HEADS, _COUNTERSIGNATURE_WIDTHS, signed, 0),
        (words.DISTRIBUTION, words.DISTRIBUTION_HEADS, _DISTRIBUTION_WIDTHS, copies, DISTRIBUTION_ROWS),
    )
    pieces = [
        _record(title.of(language), [head.of(language) for head in heads], widths, rows, least)
        for title, heads, widths, rows, least in kinds
        if rows or least
    ]
    return own_pages("records", "".join(pieces))


def _record(
    title: str, heads: Sequence[str], widths: Sequence[float], rows: Sequence[Sequence[str]], least: int
) -> str:
    numbered = [(str(number), *row) for number, row in enumerate(rows, 1)]
    filled = [*numbered, *([("",) * len(heads)] * (least - len(rows)))]
    days = (words.DATE.zh, words.DATE.en)
    styles = ["QmsRecordDay" if head in days else "QmsRecord" for head in heads]
    head = tuple(Cell(paragraph("QmsRecordHead", run(text)), is_shaded=True) for text in heads)
    drawn = [Row(head, RECORD_ROW, is_head=True)]
    for row in filled:
        cells = (Cell(paragraph(style, run(text))) for style, text in zip(styles, row, strict=True))
        drawn.append(Row(tuple(cells), RECORD_ROW))
    return paragraph("QmsRecordTitle", run(title, _spread(title))) + table(widths, drawn, Look(side=0.3, above=0.4))


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
        title = f"{chapter_name(sheet, count)}　{chapter.title}　{chapter.number}　{chapter.revision}"
        yield "TOC1", _entry(name, title, pages)
        yield from _headings(chapter.blocks, count, 2, pages)


def _headings(blocks: Sequence[Block], section: int, first: int, pages: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    for block in blocks:
        if isinstance(block, Heading) and block.level + first - 1 <= CONTENTS_LEVEL:
            name = bookmark(section, block)
            yield f"TOC{block.level + first - 1}", _entry(name, f"{block.number}　{block.text}", pages)


def _entry(name: str, text: str, pages: Mapping[str, int]) -> str:
    number = field(f"PAGEREF {name} \\h", str(pages.get(name, 1)))
    return f'<w:hyperlink w:anchor="{name}" w:history="1">{run(text)}<w:r><w:tab/></w:r>{number}</w:hyperlink>'


def chapter_name(sheet: DocumentSheet, count: int) -> str:
    """How a chapter is called: 第3章."""
    return words.CHAPTER.of(sheet.language).format(count=count)


def chapter_mark(count: int) -> str:
    """The name by which the table of contents finds a chapter."""
    return f"_Toc{count}"
