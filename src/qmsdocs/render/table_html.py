"""The page of a register as HTML for the PDF engine: landscape, each page with its own count (pages.md 5)."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from qmsdocs.base.language import Language
from qmsdocs.render import table_pages as pages
from qmsdocs.render.fonts import visible
from qmsdocs.render.html import css_string, whole
from qmsdocs.render.table import Grid
from qmsdocs.render.table_pages import RegisterPage, RegisterPages

_FACES = {
    Language.ZH: '"Qms Serif", "Qms Song", "Qms Signs"',
    Language.EN: '"Qms Latin", "Qms Song", "Qms Signs"',
}
_SANS = '"Qms Hei", "Qms Song", "Qms Signs"'


def html(grid: Grid, *, language: Language, organisation: str = "") -> str:
    """The whole document; a character that no shipped face has stands as its code point in brackets."""
    laid = pages.register_pages(grid, language=language)
    sections = "".join(_section(grid, laid, page, language) for page in laid.pages)
    return whole(language, _text(grid.title), _css(language, organisation), sections)


def _text(text: str) -> str:
    return escape(visible(text))


def _css(language: Language, organisation: str) -> str:
    signing = "　　　　　　　　　　".join(text.of(language) for text in (pages.DRAWN_UP, pages.CHECKED, pages.DAY))
    before, between, after = (css_string(text.of(language)) for text in pages.PAGE)
    box = f"font-size: {pages.SIZE}pt; vertical-align: top; padding-top: 2.5mm; white-space: pre;"
    return f"""
@page {{ size: {pages.PAGE_WIDTH}mm {pages.PAGE_HEIGHT}mm;
  margin: {pages.TOP}mm {pages.RIGHT}mm {pages.BOTTOM + pages.FOOT}mm {pages.LEFT}mm;
  @top-left {{ content: {css_string(organisation)}; {box} vertical-align: bottom; padding: 0 0 1.5mm }}
  @bottom-left {{ content: {css_string(signing)}; {box} width: 80% }}
  @bottom-right {{ content: {before} counter(page) {between} counter(pages) {after}; {box} }} }}
html {{ font-family: {_FACES[language]}; font-size: {pages.SIZE}pt; line-height: {pages.LINE}pt; color: black }}
body {{ margin: 0 }}
section + section {{ break-before: page }}
h1 {{ font: 15pt/7mm {_SANS}; text-align: center; height: {pages.TITLE - 2}mm; margin: 0 0 2mm }}
p {{ text-align: center; height: {pages.SUBTITLE - 1}mm; line-height: {pages.SUBTITLE - 1}mm; margin: 0 0 1mm }}
.note {{ text-align: left; height: auto; line-height: {pages.LINE}pt; margin: 0 0 {pages.NOTE_SPACE}mm }}
table {{ width: {pages.TEXT_WIDTH}mm; box-sizing: border-box; table-layout: fixed; border: 1.5pt solid;
  border-collapse: separate; border-spacing: 0 }}
th, td {{ border: solid; border-width: 0 0.5pt 0.5pt 0; padding: 0.5mm {pages.PADDING - 0.1}mm;
  vertical-align: middle; white-space: pre-wrap; overflow-wrap: anywhere }}
th {{ font: {pages.HEAD_SIZE}pt/{pages.LINE}pt {_SANS}; background: #ebebeb; text-align: center }}
.c {{ text-align: center }}
th:last-child, td:last-child {{ border-right: 0 }}
tr:last-child td {{ border-bottom: 0 }}
.total {{ height: {pages.TOTAL_ROW - 0.5}mm; font-family: {_SANS} }}
"""


def _section(grid: Grid, laid: RegisterPages, page: RegisterPage, language: Language) -> str:
    count = len(laid.widths)
    subtitle = f"<p>{_text(grid.subtitle)}</p>" if grid.subtitle else ""
    note = f'<p class="note">{_text(grid.note)}</p>' if grid.note else ""
    columns = "".join(f'<col style="width: {width:.3f}mm">' for width in laid.widths)
    heads = "".join(f"<th>{_text(title)}</th>" for title in laid.titles)
    closing = pages.NOTHING_BELOW.of(language)
    total = pages.TOTALS.of(language).format(here=page.here, total=page.total)
    body = "".join(_rows(page, laid))
    if page.is_last:
        body += f'<tr style="height: {pages.LEAST_ROW}mm"><td class="c" colspan="{count}">{closing}</td></tr>'
    return (
        f"<section><h1>{_text(grid.title)}</h1>{subtitle}{note}<table><colgroup>{columns}</colgroup>"
        f'<thead><tr style="height: {laid.head - 0.25:.3f}mm">{heads}</tr></thead><tbody>{body}'
        f'<tr class="total"><td colspan="{count}">{total}</td></tr></tbody></table></section>'
    )


def _rows(page: RegisterPage, laid: RegisterPages) -> Iterator[str]:
    for row in page.rows:
        cells = "".join(
            f'<td class="c">{_text(cell)}</td>' if centred else f"<td>{_text(cell)}</td>"
            for cell, centred in zip((row.number, *row.cells), laid.centred, strict=True)
        )
        yield f'<tr style="height: {pages.LEAST_ROW}mm">{cells}</tr>'
