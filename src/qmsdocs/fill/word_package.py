"""A Word file from outside, checked and opened: its parts, what they point to, and what is refused."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from qmsdocs.base.errors import QmsError, message
from qmsdocs.render import opc
from qmsdocs.render.package import CONTENT_TYPES, MAXIMUM_UNPACKED, MEBIBYTE, unfit, unpack

MAXIMUM_ELEMENTS = 500_000  # of all parts that are read; a manual of 200 pages has a fifth
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_WEB = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*(?:<!doctype html|<html|mime-version:|<\?xml)", re.IGNORECASE)


def w(name: str) -> str:
    """The full name of a WordprocessingML element or attribute."""
    return f"{{{_WORD}}}{name}"


def r(name: str) -> str:
    """The full name of an attribute that points to another part."""
    return f"{{{_OFFICE}}}{name}"


def local(element: etree._Element) -> str:
    """The name of an element without its namespace; nothing for comments and instructions."""
    return str(element.tag).rpartition("}")[2]


def value(element: etree._Element | None, name: str = "val") -> str:
    """The attribute `name` of an element that may be missing."""
    return str(element.get(w(name), "")) if element is not None else ""


def number(element: etree._Element | None, name: str = "val", *, otherwise: int = 0) -> int:
    """The attribute as a number of at most six digits."""
    found = re.fullmatch(r"-?[0-9]{1,6}", value(element, name))
    return int(found[0]) if found else otherwise


def child(element: etree._Element | None, name: str) -> etree._Element | None:
    """The first element `name` directly below one that may be missing."""
    return element.find(w(name)) if element is not None else None


def is_on(element: etree._Element | None) -> bool:
    """Whether a switch such as `<w:b/>` is there and on."""
    return element is not None and value(element).lower() not in ("0", "false", "off", "none")


@dataclass(frozen=True, slots=True)
class Link:
    """What a part points to: the last word of the relationship's type, and a part of the package or an address."""

    kind: str
    name: str
    is_outside: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A part that was read, and what it points to by id."""

    name: str
    root: etree._Element
    links: Mapping[str, Link]


@dataclass(frozen=True, slots=True)
class WordPackage:
    """A checked Word file: all parts as bytes, and the XML of those that hold text or rule how it looks."""

    source: str
    data: Mapping[str, bytes]
    main: Part
    parts: Mapping[str, Part]

    def related(self, kind: str) -> Iterator[Part]:
        """The parts of one kind that the main part points to."""
        for link in self.main.links.values():
            if link.kind == kind and link.name in self.parts:
                yield self.parts[link.name]

    def root(self, kind: str) -> etree._Element | None:
        """The first part of one kind, as XML."""
        return next((part.root for part in self.related(kind)), None)


def open_word(data: bytes, *, source: str) -> WordPackage:
    """The Word file `data`. Raises QmsError in one line when it is something else, protected, damaged or hostile."""
    _refuse_others(data, source)
    if len(data) > MAXIMUM_UNPACKED:
        raise unfit(source, message("larger than {limit} MB", limit=MAXIMUM_UNPACKED // MEBIBYTE))
    parts = unpack(data, source=source) if data.startswith(b"PK\x03\x04") else {}
    if CONTENT_TYPES not in parts:
        raise QmsError("{source}: not a Word document (.docx)", source=source)
    types = opc.content_types(parts)
    _refuse_macros(types, source)
    main = _main(parts, types, source)
    opened: dict[str, Part] = {}
    waiting, left = [main], MAXIMUM_ELEMENTS
    while waiting:
        name = waiting.pop()
        if name in opened:
            continue
        opened[name] = _part(parts, name, source)
        left -= sum(1 for _ in opened[name].root.iter())
        if left < 0:
            raise unfit(source, message("it has more than {limit} elements", limit=MAXIMUM_ELEMENTS))
        waiting += [link.name for link in opened[name].links.values() if _is_read(link, parts, types)]
    return WordPackage(source, parts, opened[main], opened)


def _refuse_others(data: bytes, source: str) -> None:
    if data.startswith(_OLE):
        if _ENCRYPTED in data:
            raise unfit(source, message("the file is protected by a password"))
        raise unfit(source, message("it is an old Word file (.doc); open it and save it as .docx"))
    if data.startswith(b"%PDF"):
        raise unfit(source, message("it is a PDF; the Word file (.docx) it was made from is needed"))
    if data.startswith(b"{\\rtf"):
        raise unfit(source, message("it is an RTF file; open it in Word and save it as .docx"))
    if _WEB.match(data[:200]):
        raise unfit(source, message("it is a web page or an XML file; open it in Word and save it as .docx"))


def _refuse_macros(types: Mapping[str, str], source: str) -> None:
    for name, kind in types.items():
        lowered = f"{kind} {name}".lower()
        if "macroenabled" in lowered or "vbaproject" in lowered or "vbadata" in lowered:
            raise unfit(source, message("it contains macros ({part}); save it as .docx without them", part=name))


def _main(parts: Mapping[str, bytes], types: Mapping[str, str], source: str) -> str:
    for link in _links(parts, "", source).values():
        if link.kind == "officeDocument" and types.get(link.name, "") == opc.DOCUMENT:
            return link.name
        if link.kind == "officeDocument" and "template.main" in types.get(link.name, ""):
            raise unfit(source, message("it is a Word template (.dotx); save it as .docx"))
    if b"purl.oclc.org" in parts.get("_rels/.rels", b""):
        raise unfit(source, message("it is saved as Strict Open XML; save it as an ordinary .docx"))
    raise QmsError("{source}: not a Word document (.docx)", source=source)


def _is_read(link: Link, parts: Mapping[str, bytes], types: Mapping[str, str]) -> bool:
    if link.is_outside or link.name not in parts:
        return False
    kinds = ("styles", "numbering", "header", "footer", "footnotes", "endnotes", "comments", "settings")
    return link.kind in (*kinds, "diagramData", "chart") and types.get(link.name, "").endswith("xml")


def _part(parts: Mapping[str, bytes], name: str, source: str) -> Part:
    if len(parts[name]) > opc.MAXIMUM_XML:
        raise unfit(source, message("{part} is larger than {limit} MB", part=name, limit=opc.MAXIMUM_XML // 1_000_000))
    return Part(name, opc.parse(parts[name], name=name, source=source), _links(parts, name, source))


def _links(parts: Mapping[str, bytes], name: str, source: str) -> Mapping[str, Link]:
    """What the part `name` (the package itself for "") points to, by id; broken entries are left out."""
    folder, file = posixpath.split(name)
    path = posixpath.join(folder, "_rels", f"{file}.rels")
    if path not in parts:
        return {}
    found: dict[str, Link] = {}
    for entry in opc.parse(parts[path], name=path, source=source):
        kind = str(entry.get("Type", "")).rpartition("/")[2]
        target = str(entry.get("Target", ""))
        is_outside = str(entry.get("TargetMode", "")).lower() == "external"
        inside = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
        found[str(entry.get("Id", ""))] = Link(kind, target if is_outside else inside, is_outside)
    return found
