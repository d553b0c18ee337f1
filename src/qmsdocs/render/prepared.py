"""A Word template taken apart: which parts are filled in, from which Jinja source, and where its pictures stand."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from docx.document import Document
from docx.exceptions import PythonDocxError
from docx.opc.constants import RELATIONSHIP_TYPE
from docxtpl import DocxTemplate
from lxml import etree

from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.render import opc, pictures
from qmsdocs.render.package import CONTENT_TYPES, unfit
from qmsdocs.render.tags import Hidden, survey

_PROPERTIES = ("author", "comments", "identifier", "language", "subject", "title")  # those docxtpl fills in
_FILLED = (RELATIONSHIP_TYPE.HEADER, RELATIONSHIP_TYPE.FOOTER, RELATIONSHIP_TYPE.FOOTNOTES)
_BODY = re.compile(r"<w:body\b.*(?:</w:body>|/>)", re.DOTALL)
_BODY_START = re.compile(r"<w:body(?:\s+xmlns(?::\w+)?=\"[^\"]*\")*")
# What python-docx and docxtpl raise on parts that are XML but not what their type promises.
_UNREADABLE = (AttributeError, LookupError, TypeError, ValueError, AssertionError, etree.LxmlError, PythonDocxError)
_DATE = re.compile(r"(<dcterms:(created|modified)[^>]*>)([^<]*)(</dcterms:)")
_DECLARATION = re.compile(r"<\?xml[^>]*\?>\s*")


@dataclass(frozen=True, slots=True)
class Source:
    """The Jinja source of one part, its XML declaration apart. `by_docxtpl`: docxtpl would fill it in as well."""

    name: str
    prologue: bytes
    text: str
    by_docxtpl: bool


@dataclass(frozen=True, slots=True)
class Prepared:
    """A template ready to be compiled; `slow` says why docxtpl has to fill in its parts, None when it has not."""

    parts: Mapping[str, bytes]
    sources: tuple[Source, ...]
    dates: Mapping[str, str]
    slots: tuple[pictures.Slot, ...]
    slow: Message | None

    @property
    def links(self) -> Mapping[str, bytes]:
        """The relationships that name replaced pictures, whose extension depends on the picture."""
        return {name: data for name, data in self.parts.items() if name.endswith(".rels") and b"qmsdocs-" in data}

    @property
    def package(self) -> bytes:
        """The template as docxtpl reads it."""
        return opc.archive([opc.member(name, data) for name, data in self.parts.items()])


def prepare(data: bytes, *, source: str) -> Prepared:
    """The template `data` checked and taken apart. Raises QmsError naming `source` when it is unfit."""
    _refuse_unfilled(opc.read(data, source=source), source)
    try:
        return _prepared(data, source)
    except _UNREADABLE as error:
        raise unfit(source, message("the file is damaged: {reason}", reason=" ".join(str(error).split()))) from error


def _prepared(data: bytes, source: str) -> Prepared:
    template = DocxTemplate(io.BytesIO(data))
    template.init_docx()
    document: Document = template.docx
    slots = pictures.take(document)
    core = _set_properties(document)
    parts = _saved(document, has_pictures=bool(slots))
    surveyed = [_body(template, parts, source), *_others(template, parts, source)]
    dated, dates = _dates(template.patch_xml(parts[core].decode()))
    sources = [*(found for found, _ in surveyed), Source(core, *_split(dated), False)]
    slow = next((reason for _, reason in surveyed if reason is not None), None)
    return Prepared(parts, tuple(sources), dates, slots, slow)


def _refuse_unfilled(parts: Mapping[str, bytes], source: str) -> None:
    kinds = opc.content_types(parts)
    for name, data in parts.items():
        kind = kinds.get(name, "").rpartition(".")[2]
        if kind in ("endnotes+xml", "comments+xml") and (b"{{" in data or b"{%" in data):
            raise unfit(source, message("tags in {part} are not filled in", part=name))


def _set_properties(document: Document) -> str:
    """The name of the part with the properties; all that docxtpl fills in exist afterwards."""
    package = document.part.package
    links = package.rels.values()
    is_there = any(link.reltype == RELATIONSHIP_TYPE.CORE_PROPERTIES for link in links)
    properties = document.core_properties
    if not is_there:  # python-docx has just made them, with the time of day
        for element in list(properties._element):
            properties._element.remove(element)
    for name in _PROPERTIES:
        setattr(properties, name, getattr(properties, name))
    part = next(link.target_part for link in links if link.reltype == RELATIONSHIP_TYPE.CORE_PROPERTIES)
    return _name(part.partname)


def _saved(document: Document, *, has_pictures: bool) -> dict[str, bytes]:
    buffer = io.BytesIO()
    document.save(buffer)
    with zipfile.ZipFile(buffer) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    for kind in ("png", "jpeg") if has_pictures else ():  # a record may bring the other kind of logo
        if f'Extension="{kind}"'.encode() not in parts[CONTENT_TYPES]:
            entry = f'<Default Extension="{kind}" ContentType="image/{kind}"/></Types>'.encode()
            parts[CONTENT_TYPES] = parts[CONTENT_TYPES].replace(b"</Types>", entry)
    return parts


def _name(uri: object) -> str:
    return str(uri).lstrip("/")


def _dates(text: str) -> tuple[str, Mapping[str, str]]:
    """The properties with tags for their dates, and the dates they had."""
    dates: dict[str, str] = {}

    def tagged(found: re.Match[str]) -> str:
        dates[found[2]] = found[3]
        return f"{found[1]}{{{{ written.{found[2]} }}}}{found[4]}"

    return _DATE.sub(tagged, text), dates


def _split(xml: str) -> tuple[bytes, str]:
    found = _DECLARATION.match(xml)
    return (found[0].encode(), xml[found.end() :]) if found else (b"", xml)


def _body(template: DocxTemplate, parts: Mapping[str, bytes], source: str) -> tuple[Source, Message | None]:
    """The source of the document itself: what docxtpl does after each rendering is done here, once."""
    name = _name(template.docx.part.partname)
    hidden = Hidden.of(template.patch_xml(template.get_xml()))
    reason = survey(hidden, is_body=True, source=source)
    body = hidden.xml
    if reason is None:
        template.docx_ids_index = 1000
        tree = template.fix_tables(body)
        template.fix_docpr_ids(tree)
        body = etree.tostring(tree, encoding="unicode")
    prologue, whole = _split(parts[name].decode())
    found = _BODY.search(whole)
    if found is None:
        raise QmsError("{source}: the document has no text", source=source)
    body = _BODY_START.sub("<w:body", hidden.shown(body), count=1)  # the root declares the same prefixes
    text = f"{whole[: found.start()]}{body}{whole[found.end() :]}"
    return Source(name, prologue, text, True), reason


def _others(template: DocxTemplate, parts: Mapping[str, bytes], source: str) -> Iterator[tuple[Source, Message | None]]:
    """Headers, footers and footnotes that have tags."""
    names = [_name(link.target_part.partname) for link in template.docx.part.rels.values() if link.reltype in _FILLED]
    for name in dict.fromkeys(names):
        prologue, xml = _split(parts[name].decode("utf-8-sig").replace("\r\n", "\n"))
        hidden = Hidden.of(template.patch_xml(xml))
        if hidden.tags:
            reason = survey(hidden, is_body=False, source=source)
            yield Source(name, prologue, hidden.shown(hidden.xml), True), reason
