"""A Word file of the library, emptied of what it brings along, and stored in the same bytes each time."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.xmlchemy import BaseOxmlElement

from qmsdocs.render import opc

_PACKAGE_KEPT = frozenset({RELATIONSHIP_TYPE.OFFICE_DOCUMENT, RELATIONSHIP_TYPE.CORE_PROPERTIES})
_COMPATIBLE = "http://schemas.microsoft.com/office/word"
_SETTINGS = (
    '<w:zoom w:percent="100"/>',
    '<w:defaultTabStop w:val="420"/>',
    '<w:characterSpacingControl w:val="compressPunctuation"/>',
    f'<w:compat><w:compatSetting w:name="compatibilityMode" w:uri="{_COMPATIBLE}" w:val="15"/></w:compat>',
)


def element(piece: str, spaces: str) -> BaseOxmlElement:
    """The element of `piece`, which begins with a start tag, in the name spaces declared by `spaces`."""
    end = min(at for at in (piece.find(">"), piece.find(" "), piece.find("/>")) if at > 0)
    return parse_xml(f"{piece[:end]} {spaces}{piece[end:]}")


def empty(root: BaseOxmlElement) -> None:
    """Nothing; the element holds no other."""
    for inner in list(root):
        root.remove(inner)


def strip(document: Document, kept: frozenset[str], parsed: Callable[[str], BaseOxmlElement]) -> None:
    """Nothing; of its parts only those of the `kept` relationships stay, text and styles are empty, settings ours."""
    for rels, wanted in ((document.part.rels, kept), (document.part.package.rels, _PACKAGE_KEPT)):
        for key in [key for key, link in rels.items() if link.reltype not in wanted]:
            del rels[key]
    settings = document.settings.element
    empty(settings)
    for piece in _SETTINGS:
        settings.append(parsed(piece))
    empty(document.styles.element)
    body = document.element.body
    for inner in list(body)[:-1]:  # the last says how the page is set
        body.remove(inner)


def steady(document: Document) -> bytes:
    """The file, the same bytes for the same content."""
    buffer = io.BytesIO()
    document.save(buffer)
    with zipfile.ZipFile(buffer) as package:
        return opc.archive([opc.member(name, package.read(name)) for name in package.namelist()])
