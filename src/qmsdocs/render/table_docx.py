"""The page of a register as DOCX: landscape, each page with its own count (pages.md 5), the same bytes every time."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from datetime import datetime

import docx as word
from docx.document import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_ALIGN_VERTICAL, WD_ROW_HEIGHT_RULE, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.table import Table, _Cell, _Row
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from qmsdocs.base.language import Language
from qmsdocs.render import opc
from qmsdocs.render import table_pages as pages
from qmsdocs.render.table import Grid
from qmsdocs.render.table_pages import RegisterPage, RegisterPages

_SONG, _HEI, _LATIN = "宋体", "黑体", "Times New Roman"
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
    heading.paragraph_format.page_break_before = not is_first
    _say(heading, grid.title, face=_HEI, size=15)
    if grid.subtitle:
        period = _plain(document.add_paragraph(), alignment=_CENTRE)
        period.paragraph_format.space_after = Mm(2)
        _say(period, grid.subtitle)
    count = len(page.rows) + 2 + page.is_last
    table = _table(document, laid, count)
    _head(table.rows[0], laid)
    for row, drawn in zip(page.rows, table.rows[1:], strict=False):
        _fill(drawn, (row.number, *row.cells), laid.centred, height=row.height)
    if page.is_last:
        _merged(table.rows[count - 2], pages.NOTHING_BELOW.of(language), _CENTRE, height=pages.LEAST_ROW)
    total = pages.TOTALS.of(language).format(here=page.here, total=page.total)
    _merged(table.rows[count - 1], total, _LEFT, height=pages.TOTAL_ROW, face=_HEI)


def _table(document: Document, laid: RegisterPages, rows: int) -> Table:
    table: Table = document.add_table(rows, len(laid.widths))
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    properties = table._tbl.tblPr
    properties.append(_borders())
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), str(round(pages.PADDING * 56.7)))
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    properties.append(margins)
    for column, width in zip(table.columns, laid.widths, strict=True):
        column.width = Mm(width)
    return table


def _borders() -> OxmlElement:  # type: ignore[valid-type]  # python-docx gives a function the name of a class
    borders = OxmlElement("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        border = OxmlElement(f"w:{side}")
        border.set(qn("w:val"), "single")
        border.set(qn("w:sz"), "4" if side.startswith("inside") else "12")
        border.set(qn("w:color"), "000000")
        borders.append(border)
    return borders


def _head(row: _Row, laid: RegisterPages) -> None:
    _fill(row, laid.titles, (True,) * len(laid.titles), height=laid.head, face=_HEI)
    repeated = OxmlElement("w:tblHeader")
    row._tr.get_or_add_trPr().append(repeated)
    for cell in row.cells:
        shade = OxmlElement("w:shd")
        shade.set(qn("w:val"), "clear")
        shade.set(qn("w:fill"), "EBEBEB")
        cell._tc.get_or_add_tcPr().append(shade)


def _fill(row: _Row, texts: Iterable[str], centred: Iterable[bool], *, height: float, face: str = _SONG) -> None:
    row.height, row.height_rule = Mm(height), WD_ROW_HEIGHT_RULE.AT_LEAST
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    for cell, text, is_centred in zip(row.cells, texts, centred, strict=True):
        _put(cell, text, _CENTRE if is_centred else _LEFT, face)


def _merged(row: _Row, text: str, alignment: WD_ALIGN_PARAGRAPH, *, height: float, face: str = _SONG) -> None:
    row.height, row.height_rule = Mm(height), WD_ROW_HEIGHT_RULE.AT_LEAST
    _put(row.cells[0].merge(row.cells[-1]), text, alignment, face)


def _put(cell: _Cell, text: str, alignment: WD_ALIGN_PARAGRAPH, face: str) -> None:
    cell.vertical_alignment = WD_ALIGN_VERTICAL.CENTER
    _say(_plain(cell.paragraphs[0], alignment=alignment), text, face=face)
