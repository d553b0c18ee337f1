"""The pages of a controlled document as HTML for the PDF engine, and as PDF/A-3u (pages.md 6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from string import Template

from qmsdocs.render import document_frame as frame
from qmsdocs.render import document_front as front
from qmsdocs.render import document_words as words
from qmsdocs.render.document_body import Body
from qmsdocs.render.document_ink import Ink
from qmsdocs.render.document_pictures import address_of_logo, printable
from qmsdocs.render.document_sheet import Chapter, DocumentSheet
from qmsdocs.render.html import whole
from qmsdocs.render.pdf import Attached, pdf_of_html
from qmsdocs.render.pictures import shape

_TOP = 8.0  # mm above and below the header block together


def document_pdf(sheet: DocumentSheet, *, attachments: Sequence[Attached] = ()) -> bytes:
    """The pages of `sheet` as PDF/A-3u: the same bytes for the same sheet, `attachments` embedded.

    Raises PdfUnavailable without the engine; QmsError naming a character that no shipped face has, a picture that is
    not there, is damaged, is neither PNG nor JPEG, or has too many points.
    """
    return pdf_of_html(
        document_html(sheet),
        title=sheet.name,
        created=sheet.created,
        author=sheet.organisation,
        subject=sheet.payload,
        attachments=attachments,
        assets=dict(_assets(sheet)),
    )


def document_html(sheet: DocumentSheet) -> str:
    """The pages of `sheet`; its pictures stand beside it, as `picture-<section>-<number>`. Raises QmsError."""
    ink = Ink(sheet.language)
    body = Body(ink, "s0", _addresses(0, sheet.pictures))
    chapters = [
        (chapter, Body(ink, f"s{count}", _addresses(count, chapter.pictures)))
        for count, chapter in enumerate(sheet.chapters, 1)
    ]
    head = words.head(sheet)
    logo = address_of_logo(sheet.logo)
    parts = [
        frame.watermark(sheet, ink),
        f'<section class="cover">{frame.foot(sheet, ink, is_cover=True)}'
        f'<div class="paper">{front.cover(sheet, ink)}{frame.void_stamp(sheet, ink)}</div></section>',
        f"<section>{frame.header_block(head, ink, logo)}{frame.foot(sheet, ink, is_cover=False)}"
        f"{frame.void_stamp(sheet, ink)}{front.records(sheet, ink)}</section>",
    ]
    if listed := front.contents(sheet, body, chapters):
        parts.append(f"<section>{listed}</section>")
    if sheet.blocks:
        parts.append(f'<section class="text">{body.html(sheet.blocks)}</section>')
    parts += [_chapter(sheet, chapter, text, count, logo) for count, (chapter, text) in enumerate(chapters, 1)]
    title = f"{ink.text(sheet.title)} {ink.text(sheet.number)}"
    ink.check(f"{sheet.number} {sheet.revision}")
    return whole(sheet.language, title, css(len(head.rows)), "\n".join(parts))


def _chapter(sheet: DocumentSheet, chapter: Chapter, text: Body, count: int, logo: str) -> str:
    ink = text.ink
    number = ink.text(words.chapter_name(count, sheet.language))
    return (
        f'<section class="text">{frame.header_block(words.head(sheet, chapter), ink, logo)}'
        f'<h1 class="chapter" id="{text.prefix}"><span class="no">{number}</span>'
        f"{ink.text(chapter.title)}</h1>\n{text.html(chapter.blocks)}</section>"
    )


def _addresses(section: int, pictures: Mapping[str, bytes]) -> dict[str, str]:
    """The address of each picture; its name alone would leave the page's control to the name."""
    return {
        path: f"picture-{section}-{count}.{shape(pictures[path], name=path).extension}"
        for count, path in enumerate(sorted(pictures), 1)
    }


def _assets(sheet: DocumentSheet) -> Iterator[tuple[str, bytes]]:
    for section, pictures in enumerate((sheet.pictures, *(chapter.pictures for chapter in sheet.chapters))):
        for path, address in _addresses(section, pictures).items():
            yield address, printable(path, pictures[path])


@cache
def css(rows: int) -> str:
    """How pages under a header block of so many rows look."""
    source = (resources.files("qmsdocs.render") / "templates" / "document.css").read_text("utf-8")
    return Template(source).substitute(top=f"{rows * words.ROW + _TOP:g}", above=f"{_TOP - 3:g}")
