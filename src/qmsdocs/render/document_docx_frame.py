"""What stands around the text on each page of a controlled document in Word: header block, foot, marks."""

from __future__ import annotations

import re

from docx.opc.part import Part
from docx.section import Section

from qmsdocs.base.language import Language
from qmsdocs.render import document_words as words
from qmsdocs.render import mark, measure, word
from qmsdocs.render.document_docx_body import Media, fitted
from qmsdocs.render.document_docx_parts import (
    FRAME,
    RED,
    Cell,
    Illustration,
    Look,
    Row,
    field,
    paragraph,
    run,
    size,
    table,
)
from qmsdocs.render.document_sheet import DocumentSheet
from qmsdocs.render.document_words import COLUMNS, LEADING, ROW, SMALL_SIZES, TITLE_SIZES, Head, size_of
from qmsdocs.render.docx_file import set_page

_DISTANCE = 5.0  # between the top of the page and the header block
_BELOW_BLOCK = 3.0
_LEFT, _RIGHT, _BOTTOM, _FOOT = 28.0, 22.0, 22.0, 5.0
_LOGO_WIDTH, _LOGO_HEIGHT = 36.0, 10.0
_MIDDLE = (
    "mso-position-horizontal:center;mso-position-horizontal-relative:page;"
    "mso-position-vertical:center;mso-position-vertical-relative:page"
)
_CORNER = (
    "margin-top:12pt;mso-position-horizontal:right;mso-position-horizontal-relative:margin;"
    "mso-position-vertical:absolute;mso-position-vertical-relative:page"
)


def top(head: Head) -> float:
    """Where the text begins under the header block, in millimetres from the top of the page."""
    return len(head.rows) * ROW + _DISTANCE + _BELOW_BLOCK


def set_section(section: Section, above: float) -> None:
    """Nothing; the text of the section begins `above` millimetres down, under a header of its own."""
    set_page(section, margins=(above, _RIGHT, _BOTTOM, _LEFT), header=_DISTANCE, footer=_FOOT)
    section.header.is_linked_to_previous = section.footer.is_linked_to_previous = False


def header(sheet: DocumentSheet, head: Head | None, part: Part, media: Media) -> str:
    """The header of the pages that bear the block of `head`; without one only what is stamped on every page."""
    drawn = block(head, sheet.language, part, media, logo=sheet.logo) if head is not None else ""
    return f"{drawn}{paragraph('QmsJoint', _marks(sheet))}"


def block(head: Head, language: Language, part: Part, media: Media, *, logo: bytes | None = None) -> str:
    """The header block at the top of a page."""
    count = len(head.rows)
    above = ""
    if logo is not None:
        measures = fitted(logo, name="logo", width=_LOGO_WIDTH, height=_LOGO_HEIGHT)
        picture = Illustration(media.relation(part, logo, name="logo"), *measures)
        above = paragraph("QmsBlock", media.drawing(picture), '<w:spacing w:line="240" w:lineRule="auto"/>')
    organisation = above + _company(head.organisation, count * ROW - (11 if above else 0))
    kind = _small(head.kind, COLUMNS[1], ROW)
    drawn = []
    for at, (label, value) in enumerate(head.rows):
        shown = page_number(language) if value is None else ""
        pair = (
            Cell(_small(label, COLUMNS[2], ROW, "QmsBlockLabel")),
            Cell(paragraph("QmsBlock", shown) if value is None else _small(value, COLUMNS[3], ROW)),
        )
        left = Cell(organisation if at == 0 else paragraph("QmsBlock"), begins=at == 0, continues=at > 0)
        if at == 0:
            middle = Cell(kind)
        else:
            title = _title(head.title, (count - 1) * ROW) if at == 1 else paragraph("QmsBlock")
            middle = Cell(title, begins=at == 1, continues=at > 1)
        drawn.append(Row((left, middle, *pair), ROW))
    return table(COLUMNS, drawn, Look(outer=FRAME, inner=FRAME, side=0.8))


def _small(text: str, width: float, height: float, style: str = "QmsBlock") -> str:
    return paragraph(style, run(text, size(size_of(text, width, height, SMALL_SIZES))))


def _company(name: str, height: float) -> str:
    points = size_of(name, COLUMNS[0], height, SMALL_SIZES)
    lines = words.company(name, COLUMNS[0], points)
    return paragraph("QmsBlock", run("\n".join(lines), size(points)))


def _title(text: str, height: float) -> str:
    points = size_of(text, COLUMNS[1], height, TITLE_SIZES)
    lines = "\n".join(words.lines(text, COLUMNS[1], points))
    spacing = f'<w:spacing w:line="{round(points * LEADING * 20)}" w:lineRule="exact"/>'
    return paragraph("QmsBlockLabel", run(lines, f"<w:b/>{size(points)}"), spacing)


def page_number(language: Language) -> str:
    """第3页　共8页, as Word counts."""
    fields = {"{page}": field("PAGE", "1"), "{pages}": field("NUMPAGES", "1")}
    pieces = re.split(r"(\{pages?\})", words.PAGE.of(language))
    return "".join(fields.get(piece) or run(piece) for piece in pieces if piece)


def footer(sheet: DocumentSheet, part: Part, media: Media, *, is_cover: bool) -> str:
    """The foot of a page: copying forbidden, how the revision stands, the mark to verify it by."""
    language = sheet.language
    code = mark.qr_png(sheet.payload)
    picture = Illustration(
        media.relation(part, code, name="qr"), mark.SIDE, mark.SIDE, description=words.CHECK.of(language)
    )
    void = words.void_stamp(sheet)
    lines, points = words.identity(sheet)
    state = f"\n{words.CHECK.of(language)} {sheet.check}"
    state += f"\n{void[1]}" if void is not None and void[1] else ""
    middle = page_number(language) if is_cover else ""
    cells = (
        Cell(paragraph("QmsFoot", run(words.COPYING.of(language)))),
        Cell(paragraph("QmsFootCentred", middle)),
        Cell(paragraph("QmsFootRight", run("\n".join(lines), size(points)) + run(state))),
        Cell(paragraph("QmsFootRight", media.drawing(picture), '<w:spacing w:line="240" w:lineRule="auto"/>')),
    )
    return table((50.0, 45.0, 47.0, 18.0), [Row(cells)], Look(outer=0, inner=0, side=0)) + paragraph("QmsJoint")


def _marks(sheet: DocumentSheet) -> str:
    """The words across each page: grey ones behind the text, red ones in the corner of what is void."""
    found = ""
    if lines := words.watermark(sheet):
        said = " ".join(lines)
        width = min(190.0, 22 * measure.ems(said))
        found = word.watermark(said, colour="#e0e0e0", width=width, height=22, turned=320, place=_MIDDLE)
    if void := words.void_stamp(sheet):
        width = 11 * measure.ems(void[0])
        found += word.watermark(void[0], colour=f"#{RED}", width=width, height=11, turned=345, place=_CORNER)
    return found
