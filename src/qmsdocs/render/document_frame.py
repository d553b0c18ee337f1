"""What stands around the text on each page of a controlled document, as HTML: header block, foot, marks."""

from __future__ import annotations

from qmsdocs.render import document_words as words
from qmsdocs.render import mark
from qmsdocs.render.document_ink import Ink
from qmsdocs.render.document_sheet import DocumentSheet
from qmsdocs.render.document_words import COLUMNS, ROW, SMALL_SIZES, TITLE_SIZES, Head, size_of
from qmsdocs.render.html import data_address

_LEFT, _TITLE, _LABEL, _VALUE = COLUMNS


def header_block(head: Head, ink: Ink, logo: str) -> str:
    """The block at the top of a page; the engine lifts it out of the text where it stands and repeats it."""
    count = len(head.rows)
    picture = f'<img src="{logo}" alt="">' if logo else ""
    size = size_of(head.organisation, _LEFT, count * ROW - (11 if logo else 0), SMALL_SIZES)
    left = (
        f'<td class="o" rowspan="{count}">{picture}<div style="font-size:{size}pt">'
        f"{'<br>'.join(map(ink.text, words.company(head.organisation, _LEFT, size)))}</div>"
    )
    middle = f'<td class="k" style="font-size:{size_of(head.kind, _TITLE, ROW, SMALL_SIZES)}pt">{ink.text(head.kind)}'
    lines = [f"<tr>{left}</td>{middle}</td>{_cell(head.rows[0], ink)}</tr>"]
    for position, cell in enumerate(head.rows[1:]):
        title = _title(head.title, count - 1, ink) if position == 0 else ""
        lines.append(f"<tr>{title}{_cell(cell, ink)}</tr>")
    columns = "".join(f'<col style="width:{width}mm">' for width in (_LEFT, _TITLE, _LABEL))
    return f'<table class="head"><colgroup>{columns}<col></colgroup>{"".join(lines)}</table>'


def _title(title: str, count: int, ink: Ink) -> str:
    size = size_of(title, _TITLE, count * ROW, TITLE_SIZES)
    found = "<br>".join(map(ink.text, words.lines(title, _TITLE, size)))
    return f'<td class="t" rowspan="{count}" style="font-size:{size}pt">{found}</td>'


def _cell(cell: tuple[str, str | None], ink: Ink) -> str:
    label, value = cell
    shown = page_number(ink) if value is None else ink.text(value)
    small = size_of(label, _LABEL, ROW, SMALL_SIZES)
    size = size_of(value or "", _VALUE, ROW, SMALL_SIZES)
    return f'<th style="font-size:{small}pt">{ink.text(label)}</th><td style="font-size:{size}pt">{shown}</td>'


def page_number(ink: Ink) -> str:
    """第3页　共8页, the numbers filled in by the engine."""
    return words.PAGE.of(ink.language).format(page='<span class="page"></span>', pages='<span class="pages"></span>')


def foot(sheet: DocumentSheet, ink: Ink, *, is_cover: bool) -> str:
    """The foot of a page: copying forbidden, how the revision stands, the mark to verify it by."""
    code = data_address("image/png", mark.qr_png(sheet.payload))
    lines, size = words.identity(sheet)
    identity = f'<span class="w" style="font-size:{size}pt">{"<br>".join(map(ink.text, lines))}</span>'
    return (
        f'<table class="foot"><tr><td class="l">{ink.spoken(words.COPYING)}</td>'
        f"<td>{page_number(ink) if is_cover else ''}</td>"
        f'<td class="r">{identity}<br>{ink.spoken(words.CHECK)} {ink.text(sheet.check)}</td>'
        f'<td class="q"><img src="{code}" alt=""></td></tr></table>'
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
