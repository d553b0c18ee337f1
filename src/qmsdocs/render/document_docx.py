"""The pages of a controlled document as a Word file for people to edit (pages.md 6): the same as the PDF says."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from datetime import UTC, date, datetime, time

import docx
from docx.blkcntnr import BlockItemContainer
from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.section import Section
from docx.shared import Mm

from qmsdocs.render import document_docx_frame as frame
from qmsdocs.render import document_docx_front as front
from qmsdocs.render import document_docx_styles as styles
from qmsdocs.render import document_words as words
from qmsdocs.render import opc
from qmsdocs.render.document_docx_body import Manuscript, Media
from qmsdocs.render.document_docx_pages import heading_pages
from qmsdocs.render.document_docx_parts import legal, paragraph, parsed, run
from qmsdocs.render.document_sheet import DocumentSheet
from qmsdocs.render.document_words import Head

UNDATED = datetime(2000, 1, 1)  # what a draft bears that nobody has signed
_LEFT, _RIGHT, _BOTTOM = 28.0, 22.0, 22.0
_BELOW_BLOCK = 3.0
_FOOT = 5.0
_LONGEST_PROPERTY = 255
_KEPT = frozenset({RELATIONSHIP_TYPE.STYLES, RELATIONSHIP_TYPE.SETTINGS, RELATIONSHIP_TYPE.NUMBERING})
_PACKAGE_KEPT = frozenset({RELATIONSHIP_TYPE.OFFICE_DOCUMENT, RELATIONSHIP_TYPE.CORE_PROPERTIES})
_COMPATIBLE = "http://schemas.microsoft.com/office/word"
_SETTINGS = (
    '<w:zoom w:percent="100"/>',
    '<w:defaultTabStop w:val="420"/>',
    '<w:characterSpacingControl w:val="compressPunctuation"/>',
    f'<w:compat><w:compatSetting w:name="compatibilityMode" w:uri="{_COMPATIBLE}" w:val="15"/></w:compat>',
)


def document_docx(sheet: DocumentSheet) -> bytes:
    """The pages of `sheet` as a Word document: the same bytes for the same sheet; the payload is its subject.

    Raises QmsError for a picture that is not there or is neither PNG nor JPEG.
    """
    document = docx.Document()
    _prepare(document, sheet)
    text = Manuscript(sheet.language, document.part)
    head = words.head(sheet)
    _section(document.sections[0], sheet, None, text.media)
    _append(document, [front.cover(sheet)])
    _next_section(document, sheet, head, text.media)
    _append(document, [front.records(sheet)])
    if listed := front.contents(sheet, heading_pages(sheet, _top(head))):
        _append(document, [listed])
    if sheet.blocks:
        _next_section(document, sheet, None, text.media, is_continued=True)
        _append(document, text.blocks(sheet.blocks, sheet.pictures, 0))
    for count, chapter in enumerate(sheet.chapters, 1):
        _next_section(document, sheet, words.head(sheet, chapter), text.media)
        title = run(f"{front.chapter_name(sheet, count)}　{chapter.title}")
        _append(document, [paragraph("QmsChapter", text.marked(front.chapter_mark(count), title))])
        _append(document, text.blocks(chapter.blocks, chapter.pictures, count))
    _set_lists(document, text)
    return _steady(document)


def _prepare(document: Document, sheet: DocumentSheet) -> None:
    """Nothing; what python-docx brings along is taken out, styles, settings and properties are those of the sheet."""
    for rels, kept in ((document.part.rels, _KEPT), (document.part.package.rels, _PACKAGE_KEPT)):
        for key in [key for key, link in rels.items() if link.reltype not in kept]:
            del rels[key]
    _refill(document.settings.element, _SETTINGS)
    root = document.styles.element
    _refill(root, ())
    root.extend(list(parsed(f"<w:styles>{styles.styles(sheet.language)}</w:styles>")))
    body = document.element.body
    for element in list(body)[:-1]:
        body.remove(element)
    said = document.core_properties
    said.title = legal(f"{sheet.title} {sheet.number} {sheet.revision}")[:_LONGEST_PROPERTY]
    said.author = legal(sheet.organisation)[:_LONGEST_PROPERTY]
    said.subject = legal(sheet.payload)[:_LONGEST_PROPERTY]
    said.comments, said.last_modified_by, said.revision = "", "", 1
    said.created = said.modified = _dated(sheet)


def _refill(root: BaseOxmlElement, pieces: Iterable[str]) -> None:
    for element in list(root):
        root.remove(element)
    for piece in pieces:
        root.append(parsed(piece))


def _dated(sheet: DocumentSheet) -> datetime:
    """When the last of those who signed did; else the day it was released or comes into force. In UTC, without zone."""
    lines = (*sheet.prepared, *sheet.countersigned, *sheet.reviewed, *sheet.approved)
    signed = [line.at.astimezone(UTC) for line in lines if line.at is not None and line.at.tzinfo is not None]
    if signed:
        return max(signed).replace(tzinfo=None)
    on: date | None = sheet.released_on or sheet.effective_on
    return datetime.combine(on, time()) if on else UNDATED


def _append(document: Document, pieces: Iterable[str]) -> None:
    last = document.element.body[-1]
    for piece in pieces:
        last.addprevious(parsed(piece))


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
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin, section.right_margin = Mm(_LEFT), Mm(_RIGHT)
    section.bottom_margin, section.footer_distance = Mm(_BOTTOM), Mm(_FOOT)
    section.top_margin = Mm(front.COVER_TOP if head is None else _top(head))
    section.header_distance = Mm(frame.DISTANCE)
    above, below = section.header, section.footer
    above.is_linked_to_previous = below.is_linked_to_previous = False
    _fill(above, frame.header(sheet, head, above.part, media))
    _fill(below, frame.footer(sheet, below.part, media, is_cover=head is None))


def _fill(place: BlockItemContainer, content: str) -> None:
    element = place._element
    _refill(element, ())
    element.extend(list(parsed(f"<w:body>{content}</w:body>")))


def _top(head: Head) -> float:
    return frame.rows(head) * frame.ROW + frame.DISTANCE + _BELOW_BLOCK


def _set_lists(document: Document, text: Manuscript) -> None:
    root = document.part.numbering_part.element
    _refill(root, ())
    root.extend(list(parsed(f"<w:numbering>{styles.numbering(text.lists)}</w:numbering>")))


def _steady(document: Document) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    with zipfile.ZipFile(buffer) as package:
        return opc.archive([opc.member(name, package.read(name)) for name in package.namelist()])
