"""The page of a register as DOCX: landscape, each page with its own count (pages.md 5), the same bytes every time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from qmsdocs.base.language import Language
from qmsdocs.render import table_pages as pages
from qmsdocs.render import word
from qmsdocs.render.document_docx_parts import Cell, Look, Row, field, paragraph, run, table
from qmsdocs.render.docx_file import append, fill, new, set_page, steady
from qmsdocs.render.measure import MILLIMETRES_PER_POINT
from qmsdocs.render.table import Grid
from qmsdocs.render.table_pages import RegisterPage, RegisterPages
from qmsdocs.render.word import Style

_AFTER = 2.0  # millimetres below the line above the table, half of it below a title with another line
_POINT = MILLIMETRES_PER_POINT
_STYLES = (
    Style("QmsTitle", "台账标题", "Title of a register", 15, (pages.TITLE - 2) / _POINT, sans=True, align="center"),
    Style("QmsPeriod", "台账期间", "Period", pages.SIZE, pages.LINE, align="center", after=_AFTER / _POINT),
    Style("QmsNote", "台账说明", "Note", pages.SIZE, pages.LINE, after=pages.NOTE_SPACE / _POINT),
    Style("QmsCell", "台账文字", "Cell", pages.SIZE, pages.LINE),
    Style("QmsCentred", "台账文字 居中", "Cell centred", pages.SIZE, pages.LINE, align="center"),
    Style("QmsHead", "台账表头", "Head", pages.HEAD_SIZE, pages.LINE, sans=True, align="center"),
    Style("QmsTotal", "台账合计", "Total", pages.SIZE, pages.LINE, sans=True),
    Style("QmsFoot", "页脚行", "Foot", pages.SIZE, pages.LINE, tabs=(("right", pages.TEXT_WIDTH),)),
)
_LOOK = Look(outer=12, side=pages.PADDING, align="center")


def docx(grid: Grid, *, language: Language, created: datetime, organisation: str = "") -> bytes:
    """The register as a Word document dated `created`."""
    laid = pages.register_pages(grid, language=language)
    document = new(word.styles(language, _STYLES), title=grid.title, author=organisation, created=created)
    section = document.sections[0]
    margins = (pages.TOP, pages.RIGHT, pages.BOTTOM + pages.FOOT, pages.LEFT)
    set_page(section, margins=margins, header=pages.TOP - 6, footer=pages.BOTTOM, is_landscape=True)
    fill(section.header, paragraph("QmsFoot", run(organisation)))
    fill(section.footer, _foot(language))
    for position, page in enumerate(laid.pages):
        append(document, _page(grid, laid, page, language, is_first=position == 0))
    return steady(document)


def _foot(language: Language) -> str:
    signing = ("　" * 10).join(text.of(language) for text in (pages.DRAWN_UP, pages.CHECKED, pages.DAY))
    before, between, after = (run(text.of(language)) for text in pages.PAGE)
    count = f"{before}{field('PAGE', '1')}{between}{field('NUMPAGES', '1')}{after}"
    return paragraph("QmsFoot", f"{run(signing)}{word.tab()}{count}")


def _page(grid: Grid, laid: RegisterPages, page: RegisterPage, language: Language, *, is_first: bool) -> Iterator[str]:
    space = _AFTER / 2 if grid.subtitle else _AFTER
    line = f'<w:spacing w:line="{word.twips(pages.TITLE - 2)}" w:lineRule="exact" w:after="{word.twips(space)}"/>'
    yield paragraph("QmsTitle", run(grid.title), ("" if is_first else "<w:pageBreakBefore/>") + line)
    if grid.subtitle:
        yield paragraph("QmsPeriod", run(grid.subtitle))
    if grid.note:
        yield paragraph("QmsNote", run(grid.note))
    yield table(laid.widths, [*_rows(laid, page, language)], _LOOK)


def _rows(laid: RegisterPages, page: RegisterPage, language: Language) -> Iterator[Row]:
    heads = tuple(Cell(paragraph("QmsHead", run(title)), is_shaded=True) for title in laid.titles)
    yield Row(heads, laid.head, is_head=True)
    styles = ["QmsCentred" if is_centred else "QmsCell" for is_centred in laid.centred]
    for row in page.rows:
        yield Row(_cells((row.number, *row.cells), styles), row.height)
    if page.is_last:
        yield _across("QmsCentred", pages.NOTHING_BELOW.of(language), pages.LEAST_ROW, laid)
    total = pages.TOTALS.of(language).format(here=page.here, total=page.total)
    yield _across("QmsTotal", total, pages.TOTAL_ROW, laid)


def _cells(texts: Sequence[str], styles: Sequence[str]) -> tuple[Cell, ...]:
    return tuple(Cell(paragraph(style, run(text))) for style, text in zip(styles, texts, strict=True))


def _across(style: str, text: str, height: float, laid: RegisterPages) -> Row:
    """A row of one cell."""
    return Row((Cell(paragraph(style, run(text)), span=len(laid.widths)),), height)
