"""Office packages from outside checked before anything parses them, and written the same way every time."""

from __future__ import annotations

import posixpath
import re
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from qmsdocs.base.errors import QmsError, message
from qmsdocs.render.package import CONTENT_TYPES, refuse_xml, unfit, unpack

MAXIMUM_FILE = 20_000_000
MAXIMUM_XML = 16_000_000

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml."
_OFFICE = "application/vnd.openxmlformats-officedocument."
DOCUMENT = _WORD + "document.main+xml"
_MAIN_RELATIONSHIP = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
CORE_PROPERTIES = "application/vnd.openxmlformats-package.core-properties+xml"
_WORD_PARTS = (
    *("document.main+xml", "styles+xml", "settings+xml", "webSettings+xml", "fontTable+xml", "numbering+xml"),
    *("header+xml", "footer+xml", "footnotes+xml", "endnotes+xml", "comments+xml", "commentsExtended+xml"),
    *("commentsIds+xml", "commentsExtensible+xml", "people+xml", "document.glossary+xml", "printerSettings"),
)
_OTHER_PARTS = (
    *(_OFFICE + kind for kind in ("theme+xml", "extended-properties+xml", "custom-properties+xml")),
    *(_OFFICE + "customXmlProperties+xml", CORE_PROPERTIES, "application/xml"),
    *("application/vnd.openxmlformats-package.relationships+xml", "application/vnd.ms-word.stylesWithEffects+xml"),
    *("application/vnd.ms-office.classificationlabels+xml", "image/png", "image/jpeg", "image/jpg", "image/gif"),
    *("image/bmp", "image/tiff", "image/x-emf", "image/x-wmf", "image/svg+xml"),
)
ALLOWED_TYPES = frozenset((*(_WORD + kind for kind in _WORD_PARTS), *_OTHER_PARTS))
_EMBEDDING = (
    *("aFChunk", "subDocument", "oleObject", "package", "control", "vbaProject", "wordVbaData", "frame"),
    *("attachedToolbars", "keyMapCustomizations", "mailMergeSource", "mailMergeHeaderSource", "recipientData"),
    "ui/extensibility",
)
REFUSED_RELATIONSHIPS = frozenset(_EMBEDDING)
ALLOWED_FIELDS = frozenset(
    (
        *("PAGE", "NUMPAGES", "SECTION", "SECTIONPAGES", "STYLEREF", "REF", "PAGEREF", "NOTEREF", "SEQ", "TOC", "TC"),
        *("HYPERLINK", "SYMBOL", "EQ", "=", "QUOTE", "ADVANCE"),
    )
)
_LINK = re.compile(r"(https?|mailto):", re.IGNORECASE)
_TAG_START = re.compile(r"\{[{%#]")


def read(data: bytes, *, source: str) -> Mapping[str, bytes]:
    """The parts of the Word package `data` by name. Raises QmsError naming `source` when it is damaged or unfit."""
    if len(data) > MAXIMUM_FILE:
        raise unfit(source, message("larger than {limit} MB", limit=MAXIMUM_FILE // 1_000_000))
    parts = unpack(data, source=source) if data.startswith(b"PK\x03\x04") else {}
    if CONTENT_TYPES not in parts:
        raise QmsError("{source}: not a Word document (.docx)", source=source)
    types = content_types(parts, source=source)
    for name, part in parts.items():
        if name != CONTENT_TYPES:
            _check_type(name, types.get(name, ""), source)
            if types[name].endswith("xml"):
                _check_xml(name, part, source)
    for name in parts:
        if name.endswith(".rels"):
            _check_relationships(name, parts, source)
    _check_main(parts, types, source)
    return parts


def _check_main(parts: Mapping[str, bytes], types: Mapping[str, str], source: str) -> None:
    if "_rels/.rels" in parts:
        for link in parse(parts["_rels/.rels"], name="_rels/.rels", source=source):
            kind, target = str(link.get("Type", "")), str(link.get("Target", "")).lstrip("/")
            if kind == _MAIN_RELATIONSHIP and types.get(target) == DOCUMENT:
                return
            if "purl.oclc.org" in kind:
                raise unfit(source, message("it is saved as Strict Open XML; save it as an ordinary .docx"))
    raise QmsError("{source}: not a Word document (.docx)", source=source)


def parse(data: bytes, *, name: str, source: str) -> etree._Element:
    """The root of the XML part `name`, without entities or network. Raises QmsError when it is not well-formed."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise unfit(source, message("{part} is not well-formed: {reason}", part=name, reason=error.msg)) from None


def content_types(parts: Mapping[str, bytes], *, source: str = "") -> Mapping[str, str]:
    """The content type of every part of a package; `source` is for messages on one that was not read before."""
    _check_xml(CONTENT_TYPES, parts[CONTENT_TYPES], source)
    defaults: dict[str, str] = {}
    overrides: dict[str, str] = {}
    for entry in parse(parts[CONTENT_TYPES], name=CONTENT_TYPES, source=source):
        kind = str(entry.get("ContentType", ""))
        if entry.get("PartName") is not None:
            overrides[str(entry.get("PartName")).lower()] = kind
        else:
            defaults[str(entry.get("Extension", "")).lower()] = kind
    return {
        name: overrides.get(f"/{name}".lower(), defaults.get(name.rpartition(".")[2].lower(), ""))
        for name in parts
        if name != CONTENT_TYPES
    }


def _check_type(name: str, kind: str, source: str) -> None:
    if kind in ALLOWED_TYPES:
        return
    lowered = f"{kind} {name}".lower()
    if "macro" in lowered or "vba" in lowered:
        raise unfit(source, message("it contains macros ({part}); save it as .docx without them", part=name))
    if "template.main" in lowered:
        raise unfit(source, message("it is a Word template (.dotx); save it as .docx"))
    if any(word in lowered for word in ("ole", "activex", "embed", "package", "octet-stream")):
        raise unfit(source, message("it contains an embedded object ({part}); take it out", part=name))
    raise unfit(source, message("{part} is of a kind that a form does not need ({kind})", part=name, kind=kind or "?"))


def _check_xml(name: str, data: bytes, source: str) -> None:
    if len(data) > MAXIMUM_XML:
        raise unfit(source, message("{part} is larger than {limit} MB", part=name, limit=MAXIMUM_XML // 1_000_000))
    refuse_xml(data, name=name, source=source)
    root = parse(data, name=name, source=source)
    for instruction in _field_instructions(root):
        _check_field(instruction, name, source)


def _field_instructions(root: etree._Element) -> Iterator[str]:
    open_fields: list[list[str]] = [[]]
    for element in root.iter("{*}fldSimple", "{*}fldChar", "{*}instrText"):
        kind = etree.QName(element).localname
        facts = {etree.QName(key).localname: str(value) for key, value in element.attrib.items()}
        if kind == "fldSimple":
            yield facts.get("instr", "")
        elif kind == "instrText":
            open_fields[-1].append(element.text or "")
        elif facts.get("fldCharType") == "begin":
            open_fields.append([])
        elif facts.get("fldCharType") == "end" and len(open_fields) > 1:
            yield "".join(open_fields.pop())
    yield from ("".join(pieces) for pieces in open_fields)


def _check_field(instruction: str, name: str, source: str) -> None:
    words = instruction.replace('"', " ").split()
    if not words:
        return
    first = "=" if words[0].startswith("=") else words[0].upper()
    linked = [word for word in words[1:] if "://" in word or "\\\\" in word or word.lower().startswith("file:")]
    if _TAG_START.search(instruction):
        raise unfit(source, message("{part}: a tag cannot stand inside a Word field ({field})", part=name, field=first))
    if first not in ALLOWED_FIELDS or any(not _LINK.match(word) for word in linked):
        raise unfit(source, message("{part}: the Word field {field} is not allowed", part=name, field=first))


def _check_relationships(name: str, parts: Mapping[str, bytes], source: str) -> None:
    folder = posixpath.dirname(posixpath.dirname(name))
    known = {part.lower() for part in parts}
    for link in parse(parts[name], name=name, source=source):
        kind = str(link.get("Type", "")).rpartition("/relationships/")[2]
        target = str(link.get("Target", ""))
        if str(link.get("TargetMode", "")).lower() == "external":
            if kind != "hyperlink" or not _LINK.match(target):
                raise unfit(source, message("it points outside itself ({part}: {target})", part=name, target=target))
        elif kind in REFUSED_RELATIONSHIPS:
            raise unfit(source, message("it contains an embedded object ({part}); take it out", part=target))
        elif not (kind == "hyperlink" and target.startswith("#")):
            inside = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            if inside.lower() not in known:
                raise unfit(source, message("{part} points to {target}, which is not there", part=name, target=target))


@dataclass(frozen=True, slots=True)
class Member:
    """One packed part: its local record, and its directory record around the place of the offset."""

    local: bytes
    directory: bytes
    name: bytes


_STAMP = (0, (1 << 5) | 1)  # 1980-01-01 00:00, the earliest moment a zip knows
_LEVEL = 6


def member(name: str, data: bytes) -> Member:
    """`data` packed as the part `name`: pictures stored, all else deflated, never a time of packing."""
    encoded = name.encode()
    stored = name.endswith((".png", ".jpeg", ".jpg"))
    if stored:
        packed = data
    else:
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15, 9)
        packed = packer.compress(data) + packer.flush()
    flags = 0 if name.isascii() else 0x800
    common = struct.pack("<5H3I", 20, flags, 0 if stored else 8, *_STAMP, zlib.crc32(data), len(packed), len(data))
    local = b"".join((b"PK\x03\x04", common, struct.pack("<2H", len(encoded), 0), encoded, packed))
    directory = b"".join((b"PK\x01\x02\x14\x00", common, struct.pack("<5HI", len(encoded), 0, 0, 0, 0, 0)))
    return Member(local, directory, encoded)


def archive(members: Sequence[Member]) -> bytes:
    """A zip of `members` in their order; the same members give the same bytes."""
    offset = 0
    records: list[bytes] = []
    for packed in members:
        records += (packed.directory, struct.pack("<I", offset), packed.name)
        offset += len(packed.local)
    directory = b"".join(records)
    count = len(members)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, count, count, len(directory), offset, 0)
    return b"".join((*(packed.local for packed in members), directory, end))
