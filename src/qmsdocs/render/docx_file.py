"""A Word file of the library, emptied of what it brings along, filled piece by piece, stored in the same bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime

import docx
from docx.blkcntnr import BlockItemContainer
from docx.document import Document
from docx.enum.section import WD_ORIENT
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.section import Section
from docx.shared import Mm

from qmsdocs.render import opc, word

_A4 = (210, 297)  # millimetres
_LONGEST_PROPERTY = 255
_PARTS_KEPT = frozenset({RELATIONSHIP_TYPE.STYLES, RELATIONSHIP_TYPE.SETTINGS})
_PACKAGE_KEPT = frozenset({RELATIONSHIP_TYPE.OFFICE_DOCUMENT, RELATIONSHIP_TYPE.CORE_PROPERTIES})
_COMPATIBLE = "http://schemas.microsoft.com/office/word"
_SETTINGS = (
    '<w:zoom w:percent="100"/>',
    '<w:defaultTabStop w:val="420"/>',
    '<w:characterSpacingControl w:val="compressPunctuation"/>',
    f'<w:compat><w:compatSetting w:name="compatibilityMode" w:uri="{_COMPATIBLE}" w:val="15"/></w:compat>',
)


def new(
    styles: str,
    *,
    title: str,
    author: str,
    created: datetime,
    subject: str = "",
    has_lists: bool = False,
    spaces: str = word.DRAWN,
) -> Document:
    """An empty document with this content of styles.xml, our settings and properties, dated `created`."""
    document = docx.Document()
    kept = _PARTS_KEPT | {RELATIONSHIP_TYPE.NUMBERING} if has_lists else _PARTS_KEPT
    for rels, wanted in ((document.part.rels, kept), (document.part.package.rels, _PACKAGE_KEPT)):
        for key in [key for key, link in rels.items() if link.reltype not in wanted]:
            del rels[key]
    settings = document.settings.element
    empty(settings)
    for piece in _SETTINGS:
        settings.append(parsed(piece, spaces))
    empty(document.styles.element)
    document.styles.element.extend(list(parsed(f"<w:styles>{styles}</w:styles>", spaces)))
    body = document.element.body
    for inner in list(body)[:-1]:  # the last says how the page is set
        body.remove(inner)
    own = document.core_properties
    own.title, own.author, own.subject = (word.legal(text)[:_LONGEST_PROPERTY] for text in (title, author, subject))
    own.comments, own.last_modified_by, own.revision = "", "", 1
    own.created = own.modified = created.astimezone(UTC)
    return document


def parsed(piece: str, spaces: str = word.DRAWN) -> BaseOxmlElement:
    """The element of `piece`, which begins with a start tag, in the name spaces declared by `spaces`."""
    end = min(at for at in (piece.find(">"), piece.find(" "), piece.find("/>")) if at > 0)
    return parse_xml(f"{piece[:end]} {spaces}{piece[end:]}")


def empty(root: BaseOxmlElement) -> None:
    """Nothing; the element holds no other."""
    for inner in list(root):
        root.remove(inner)


def append(document: Document, pieces: Iterable[str], spaces: str = word.DRAWN) -> None:
    """Nothing; the elements stand at the end of the text."""
    last = document.element.body[-1]
    for piece in pieces:
        last.addprevious(parsed(piece, spaces))


def fill(place: BlockItemContainer, content: str) -> None:
    """Nothing; a header or footer holds `content` and nothing else."""
    element = place._element
    empty(element)
    element.extend(list(parsed(f"<w:body>{content}</w:body>")))


def set_page(
    section: Section,
    *,
    margins: tuple[float, float, float, float],
    header: float,
    footer: float,
    is_landscape: bool = False,
) -> None:
    """Nothing; pages of A4 with `margins` (top, right, bottom, left); header and footer at their distance, in mm."""
    if is_landscape:
        section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = map(Mm, reversed(_A4) if is_landscape else _A4)
    section.top_margin, section.right_margin, section.bottom_margin, section.left_margin = map(Mm, margins)
    section.header_distance, section.footer_distance = Mm(header), Mm(footer)


def steady(document: Document) -> bytes:
    """The file, the same bytes for the same content."""
    buffer = io.BytesIO()
    document.save(buffer)
    with zipfile.ZipFile(buffer) as package:
        return opc.archive([opc.member(name, package.read(name)) for name in package.namelist()])
