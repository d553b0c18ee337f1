"""The page of a register as DOCX: landscape, each page with its own count (pages.md 5), the same bytes every time."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from xml.sax.saxutils import escape

import docx as word
from docx.document import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from qmsdocs.base.language import Language
from qmsdocs.render import opc
from qmsdocs.render import table_pages as pages
from qmsdocs.render.table import Grid
from qmsdocs.render.table_pages import PageRow, RegisterPage, RegisterPages

_SONG, _HEI, _LATIN = "宋体", "黑体", "Times New Roman"
_BORDERS = "".join(
    f'<w:{side} w:val="single" w:sz="{size}" w:space="0" w:color="000000"/>'
    for side, size in (("top", 12), ("left", 12), ("bottom", 12), ("right", 12), ("insideH", 4), ("insideV", 4))
)
_MARGINS = "".join(f'<w:{side} w:w="{round(pages.PADDING * 56.7)}" w:type="dxa"/>' for side in ("left", "right"))
_CENTRE, _LEFT = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.LEFT


def docx(grid: Grid, *, language: Language, created: datetime, organisation: str = "") -> bytes:
    """The register as a Word document dated `created`."""
    laid = pages.register_pages(grid, language=language)
    document = word.Document()
    _set_page(document, language, organisation)
    document.core_properties.author = organisation
    document.core_properties.title = grid.title
    document.core_properties.comments = ""
    document.core_properties.created = document.core_properties.modified = created.replace(tzinfo=None)
    for position, page in enumerate(laid.pages):
        _add_page(document, grid, laid, page, language, is_first=position == 0)
    written = io.BytesIO()
    document.save(written)
    return _steady(written.getvalue())


def _steady(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return opc.archive([opc.member(name, package.read(name)) for name in package.namelist()])


def _set_page(document: Document, language: Language, organisation: str) -> None:
    style = document.styles["Normal"]
    style.font.name, style.font.size = _LATIN, Pt(pages.SIZE)
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), _SONG)
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(pages.PAGE_WIDTH), Mm(pages.PAGE_HEIGHT)
    section.left_margin, section.right_margin = Mm(pages.LEFT), Mm(pages.RIGHT)
    section.top_margin, section.bottom_margin = Mm(pages.TOP), Mm(pages.BOTTOM + pages.FOOT)
    section.header_distance, section.footer_distance = Mm(pages.TOP - 6), Mm(pages.BOTTOM)
    head = _plain(section.header.paragraphs[0])
    _say(head, organisation)
    foot = _plain(section.footer.paragraphs[0])
    foot.paragraph_format.tab_stops.add_tab_stop(Mm(pages.TEXT_WIDTH), WD_TAB_ALIGNMENT.RIGHT)
    blank = "　" * 10
    _say(foot, blank.join(text.of(language) for text in (pages.DRAWN_UP, pages.CHECKED, pages.DAY)) + "\t")
    before, between, after = (text.of(language) for text in pages.PAGE)
    _say(foot, before)
    _field(foot, "PAGE")
    _say(foot, between)
    _field(foot, "NUMPAGES")
    _say(foot, after)


def _plain(paragraph: Paragraph, *, alignment: WD_ALIGN_PARAGRAPH = _LEFT) -> Paragraph:
    """`paragraph` without space around it; a style's own tab stops and alignment do not count."""
    paragraph.style = "Normal"
    shape = paragraph.paragraph_format
    shape.space_before = shape.space_after = Pt(0)
    shape.line_spacing_rule, shape.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(pages.LINE)
    paragraph.alignment = alignment
    return paragraph


def _say(paragraph: Paragraph, text: str, *, face: str = _SONG, size: float = pages.SIZE) -> Run:
    run = paragraph.add_run(text)
    run.font.name, run.font.size = _LATIN, Pt(size)
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), face)
    return run


def _field(paragraph: Paragraph, instruction: str) -> None:
    run = _say(paragraph, "")._element
    for kind, text in (("begin", None), (None, instruction), ("separate", None), (None, "1"), ("end", None)):
        if kind is not None:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark = OxmlElement("w:t" if text == "1" else "w:instrText")
            mark.text = text
        run.append(mark)


def _add_page(
    document: Document, grid: Grid, laid: RegisterPages, page: RegisterPage, language: Language, *, is_first: bool
) -> None:
    heading = _plain(document.add_paragraph(), alignment=_CENTRE)
    heading.paragraph_format.line_spacing = Mm(pages.TITLE - 2)
    heading.paragraph_format.space_after = Mm(2 if not grid.subtitle else 1)
    heading.paragraph_format.page_break_before = None if is_first else True
    _say(heading, grid.title, face=_HEI, size=15)
    if grid.subtitle:
        period = _plain(document.add_paragraph(), alignment=_CENTRE)
        period.paragraph_format.space_after = Mm(2)
        _say(period, grid.subtitle)
    if grid.note:
        note = _plain(document.add_paragraph())
        note.paragraph_format.space_after = Mm(pages.NOTE_SPACE)
        _say(note, grid.note)
    document.element.body.insert_element_before(parse_xml(_table(laid, page, language)), "w:sectPr")


def _table(laid: RegisterPages, page: RegisterPage, language: Language) -> str:
    """The table of one page as XML: thousands of cells made one by one would take a second a page."""
    grid = "".join(f'<w:gridCol w:w="{_dxa(width)}"/>' for width in laid.widths)
    head = "".join(
        _cell(title, width, is_centred=True, face=_HEI, shade='<w:shd w:val="clear" w:color="auto" w:fill="EBEBEB"/>')
        for title, width in zip(laid.titles, laid.widths, strict=True)
    )
    rows = "".join(_row(_cells(row, laid), row.height) for row in page.rows)
    if page.is_last:
        closing = pages.NOTHING_BELOW.of(language)
        rows += _row(_cell(closing, pages.TEXT_WIDTH, is_centred=True, span=len(laid.widths)), pages.LEAST_ROW)
    total = pages.TOTALS.of(language).format(here=page.here, total=page.total)
    rows += _row(_cell(total, pages.TEXT_WIDTH, is_centred=False, face=_HEI, span=len(laid.widths)), pages.TOTAL_ROW)
    return (
        f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblW w:w="{_dxa(pages.TEXT_WIDTH)}" w:type="dxa"/><w:jc w:val="center"/>'
        f'<w:tblBorders>{_BORDERS}</w:tblBorders><w:tblLayout w:type="fixed"/><w:tblCellMar>{_MARGINS}</w:tblCellMar>'
        f"</w:tblPr><w:tblGrid>{grid}</w:tblGrid>{_row(head, laid.head, is_head=True)}{rows}</w:tbl>"
    )


def _dxa(millimetres: float) -> int:
    return round(millimetres * 1440 / 25.4)


def _row(cells: str, height: float, *, is_head: bool = False) -> str:
    head = "<w:tblHeader/>" if is_head else ""
    high = f'<w:trHeight w:val="{_dxa(height)}" w:hRule="atLeast"/>'
    return f"<w:tr><w:trPr><w:cantSplit/>{high}{head}</w:trPr>{cells}</w:tr>"


def _cells(row: PageRow, laid: RegisterPages) -> str:
    texts = (row.number, *row.cells)
    placed = zip(texts, laid.widths, laid.centred, strict=True)
    return "".join(_cell(text, width, is_centred=centred) for text, width, centred in placed)


def _cell(text: str, width: float, *, is_centred: bool, face: str = _SONG, span: int = 1, shade: str = "") -> str:
    spanned = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
    fonts = f'<w:rFonts w:ascii="{_LATIN}" w:hAnsi="{_LATIN}" w:eastAsia="{face}"/>'
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{_dxa(width)}" w:type="dxa"/>{spanned}{shade}<w:vAlign w:val="center"/></w:tcPr>'
        f'<w:p><w:pPr><w:spacing w:before="0" w:after="0" w:line="{round(pages.LINE * 20)}" w:lineRule="exact"/>'
        f'<w:jc w:val="{"center" if is_centred else "left"}"/></w:pPr><w:r><w:rPr>'
        f'{fonts}<w:sz w:val="{round(pages.SIZE * 2)}"/></w:rPr>'
        f"{_runs(text)}</w:r></w:p></w:tc>"
    )


def _runs(text: str) -> str:
    """The text of a run; line ends and tabs are elements of their own."""
    lines = (
        "<w:tab/>".join(f'<w:t xml:space="preserve">{escape(part)}</w:t>' for part in line.split("\t"))
        for line in text.split("\n")
    )
    return "<w:br/>".join(lines)
