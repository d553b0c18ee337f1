"""A Word file to be written into: emptied of what the library brings, with our styles, and stored in the same bytes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from docx.blkcntnr import BlockItemContainer
from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.section import Section
from docx.shared import Mm

from qmsdocs.base.language import Language
from qmsdocs.render import document_docx_frame as frame
from qmsdocs.render import document_docx_styles as styles
from qmsdocs.render.document_docx_body import Manuscript
from qmsdocs.render.document_docx_parts import legal, parsed
from qmsdocs.render.document_words import Head
from qmsdocs.render.docx_file import empty, strip

_LEFT, _RIGHT, _BOTTOM = 28.0, 22.0, 22.0
_BELOW_BLOCK = 3.0
_FOOT = 5.0
_LONGEST_PROPERTY = 255
_KEPT = frozenset({RELATIONSHIP_TYPE.STYLES, RELATIONSHIP_TYPE.SETTINGS, RELATIONSHIP_TYPE.NUMBERING})


@dataclass(frozen=True, slots=True)
class Properties:
    """What the file says of itself; `created` in UTC."""

    title: str
    author: str
    subject: str
    created: datetime


def prepare(document: Document, language: Language, said: Properties) -> None:
    """Nothing; what python-docx brings along is taken out, styles, settings and properties are ours."""
    strip(document, _KEPT, parsed)
    document.styles.element.extend(list(parsed(f"<w:styles>{styles.styles(language)}</w:styles>")))
    own = document.core_properties
    own.title, own.author, own.subject = (
        legal(text)[:_LONGEST_PROPERTY] for text in (said.title, said.author, said.subject)
    )
    own.comments, own.last_modified_by, own.revision = "", "", 1
    own.created = own.modified = said.created


def append(document: Document, pieces: Iterable[str]) -> None:
    """Nothing; the elements stand at the end of the text."""
    last = document.element.body[-1]
    for piece in pieces:
        last.addprevious(parsed(piece))


def top(head: Head) -> float:
    """Where the text begins under the header block, in millimetres from the top of the page."""
    return frame.rows(head) * frame.ROW + frame.DISTANCE + _BELOW_BLOCK


def set_page(section: Section, above: float) -> None:
    """Nothing; the section has pages of A4 whose text begins `above` millimetres down, with a header of its own."""
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin, section.right_margin = Mm(_LEFT), Mm(_RIGHT)
    section.bottom_margin, section.footer_distance = Mm(_BOTTOM), Mm(_FOOT)
    section.top_margin = Mm(above)
    section.header_distance = Mm(frame.DISTANCE)
    section.header.is_linked_to_previous = section.footer.is_linked_to_previous = False


def fill(place: BlockItemContainer, content: str) -> None:
    """Nothing; a header or footer holds `content` and nothing else."""
    element = place._element
    empty(element)
    element.extend(list(parsed(f"<w:body>{content}</w:body>")))


def set_lists(document: Document, text: Manuscript) -> None:
    """Nothing; the lists of the text are numbered."""
    root = document.part.numbering_part.element
    empty(root)
    root.extend(list(parsed(f"<w:numbering>{styles.numbering(text.lists)}</w:numbering>")))
