"""The pages of a controlled document as a Word file for people to edit (pages.md 6): the same as the PDF says."""

from __future__ import annotations

from docx.document import Document
from docx.section import Section

from qmsdocs.render import document_docx_frame as frame
from qmsdocs.render import document_docx_front as front
from qmsdocs.render import document_words as words
from qmsdocs.render.document_docx_body import Manuscript, Media
from qmsdocs.render.document_docx_pages import heading_pages
from qmsdocs.render.document_docx_parts import paragraph, run
from qmsdocs.render.document_docx_styles import styles
from qmsdocs.render.document_sheet import DocumentSheet
from qmsdocs.render.document_words import Head
from qmsdocs.render.docx_file import append, fill, new, parsed, steady


def document_docx(sheet: DocumentSheet) -> bytes:
    """The pages of `sheet` as a Word document: the same bytes for the same sheet; the payload is its subject.

    Raises QmsError for a picture that is not there or is neither PNG nor JPEG.
    """
    document = new(
        styles(sheet.language),
        title=sheet.name,
        author=sheet.organisation,
        subject=sheet.payload,
        created=sheet.created,
        has_lists=True,
    )
    text = Manuscript(sheet.language, document.part)
    head = words.head(sheet)
    _section(document.sections[0], sheet, None, text.media)
    append(document, [front.cover(sheet)])
    _next_section(document, sheet, head, text.media)
    append(document, [front.records(sheet)])
    if listed := front.contents(sheet, heading_pages(sheet, frame.top(head))):
        append(document, [listed])
    if sheet.blocks:
        _next_section(document, sheet, None, text.media, is_continued=True)
        append(document, text.blocks(sheet.blocks, sheet.pictures, 0))
    for count, chapter in enumerate(sheet.chapters, 1):
        _next_section(document, sheet, words.head(sheet, chapter), text.media)
        title = run(f"{words.chapter_name(count, sheet.language)}　{chapter.title}")
        append(document, [paragraph("QmsChapter", text.marked(front.chapter_mark(count), title))])
        append(document, text.blocks(chapter.blocks, chapter.pictures, count))
    text.set_lists(document)
    return steady(document)


def _next_section(
    document: Document, sheet: DocumentSheet, head: Head | None, media: Media, *, is_continued: bool = False
) -> None:
    """Nothing; what follows begins on a new page under the header block of `head`, or under the same as before."""
    section = document.add_section()
    ending = document.element.body[-2]
    ending.get_or_add_pPr().insert(0, parsed('<w:pStyle w:val="QmsJoint"/>'))
    if not is_continued:
        _section(section, sheet, head, media)


def _section(section: Section, sheet: DocumentSheet, head: Head | None, media: Media) -> None:
    frame.set_section(section, front.COVER_TOP if head is None else frame.top(head))
    above, below = section.header, section.footer
    fill(above, frame.header(sheet, head, above.part, media))
    fill(below, frame.footer(sheet, below.part, media, is_cover=head is None))
