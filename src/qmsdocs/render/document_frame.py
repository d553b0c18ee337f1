"""What stands around the text on each page of a controlled document, as HTML: header block, foot, marks."""

from __future__ import annotations

import base64

from qmsdocs.render import document_words as words
from qmsdocs.render import mark, measure
from qmsdocs.render.document_ink import Ink
from qmsdocs.render.document_sheet import DocumentSheet
from qmsdocs.render.document_words import Head

ROW, LEAST_ROWS = 6.0, 4  # of the header block, in mm
_LEFT, _TITLE, _LABEL, _VALUE = 40.0, 66.0, 22.0, 32.0
_TITLE_SIZES = (14.0, 12.0, 10.5, 9.0, 7.5)
_SMALL_SIZES = (9.0, 8.0, 7.5, 6.5)
_LEADING, _PADDING = 1.25, 1.0


def rows(head: Head) -> int:
    """How many rows of 6 mm the header block has."""
    return max(LEAST_ROWS, len(head.cells))


def header_block(head: Head, ink: Ink, logo: str) -> str:
    """The block at the top of a page; the engine lifts it out of the text where it stands and repeats it."""
    count = rows(head)
    cells = [*head.cells, *([("", "")] * (count - len(head.cells)))]
    picture = f'<img src="{logo}" alt="">' if logo else ""
    size = _size(head.organisation, _LEFT, count * ROW - (11 if logo else 0), _SMALL_SIZES)
    left = (
        f'<td class="o" rowspan="{count}">{picture}<div style="font-size:{size}pt">'
        f"{'<br>'.join(map(ink.text, words.company(head.organisation, _capacity(_LEFT, size))))}</div>"
    )
    middle = f'<td class="k" style="font-size:{_size(head.kind, _TITLE, ROW, _SMALL_SIZES)}pt">{ink.text(head.kind)}'
    lines = [f"<tr>{left}</td>{middle}</td>{_cell(cells[0], ink)}</tr>"]
    for position, cell in enumerate(cells[1:]):
        title = _title(head.title, count - 1, ink) if position == 0 else ""
        lines.append(f"<tr>{title}{_cell(cell, ink)}</tr>")
    columns = "".join(f'<col style="width:{width}mm">' for width in (_LEFT, _TITLE, _LABEL))
    return f'<table class="head"><colgroup>{columns}<col></colgroup>{"".join(lines)}</table>'


def _title(title: str, count: int, ink: Ink) -> str:
    size = _size(title, _TITLE, count * ROW, _TITLE_SIZES)
    found = "<br>".join(map(ink.text, _lines(title, _TITLE, size)))
    return f'<td class="t" rowspan="{count}" style="font-size:{size}pt">{found}</td>'


def _cell(cell: tuple[str, str | None], ink: Ink) -> str:
    label, value = cell
    shown = page_number(ink) if value is None else ink.text(value)
    small = _size(label, _LABEL, ROW, _SMALL_SIZES)
    size = _size(value or "", _VALUE, ROW, _SMALL_SIZES)
    return f'<th style="font-size:{small}pt">{ink.text(label)}</th><td style="font-size:{size}pt">{shown}</td>'


def page_number(ink: Ink) -> str:
    """第3页　共8页, the numbers filled in by the engine."""
    return words.PAGE.of(ink.language).format(page='<span class="page"></span>', pages='<span class="pages"></span>')


def _lines(text: str, width: float, size: float) -> tuple[str, ...]:
    capacity = _capacity(width, size)
    return measure.balanced(text, capacity, most=capacity)


def _capacity(width: float, size: float) -> float:
    """How many ems stand side by side in a cell."""
    return (width - 2 * _PADDING) / (size * measure.MILLIMETRES_PER_POINT)


def _size(text: str, width: float, height: float, sizes: tuple[float, ...]) -> float:
    """The largest of `sizes` at which `text` stands in the cell."""
    for size in sizes:
        line = size * measure.MILLIMETRES_PER_POINT * _LEADING
        if max(len(_lines(text, width, size)) * line, line) <= max(height, line):
            return size
    return sizes[-1]


def foot(sheet: DocumentSheet, ink: Ink, *, is_cover: bool) -> str:
    """The foot of a page: copying forbidden, how the revision stands, the mark to verify it by."""
    code = base64.b64encode(mark.qr_png(sheet.payload)).decode("ascii")
    lines, size = words.identity(sheet)
    identity = f'<span class="w" style="font-size:{size}pt">{"<br>".join(map(ink.text, lines))}</span>'
    return (
        f'<table class="foot"><tr><td class="l">{ink.spoken(words.COPYING)}</td>'
        f"<td>{page_number(ink) if is_cover else ''}</td>"
        f'<td class="r">{identity}<br>{ink.spoken(words.CHECK)} {ink.text(sheet.check)}</td>'
        f'<td class="q"><img src="data:image/png;base64,{code}" alt=""></td></tr></table>'
    )


def watermark(sheet: DocumentSheet, ink: Ink) -> str:
    """The grey words behind the text of every page."""
    lines = words.watermark(sheet)
    return f'<div class="watermark hei">{"<br>".join(map(ink.text, lines))}</div>' if lines else ""


def void_stamp(sheet: DocumentSheet, ink: Ink) -> str:
    """The red stamp of what is void: on the cover, and lifted out for the top right of every other page."""
    void = words.void_stamp(sheet)
    if void is None:
        return ""
    first, after = void
    wide = ' class="wide"' if len(first) == 2 else ""
    below = f"<span>{ink.text(after)}</span>" if after else ""
    return f'<div class="void hei"><div><b{wide}>{ink.text(first)}</b>{below}</div></div>'
