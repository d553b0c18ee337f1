"""Zip packages from outside (XLSX, DOCX): looked at before anything unpacks or parses them."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from xml.etree import ElementTree

from qmsdocs.base.errors import Message, QmsError, message

MEBIBYTE = 1 << 20
MAXIMUM_UNPACKED = 64 * MEBIBYTE
MAXIMUM_PART = 32 * MEBIBYTE
MAXIMUM_PARTS = 1_000
MAXIMUM_LIST = 2 * MEBIBYTE  # content types and relationships are short lists
MAXIMUM_RATIO = 200
RATIO_MATTERS_FROM = MEBIBYTE
CONTENT_TYPES = "[Content_Types].xml"
# What zipfile raises for damaged files, besides its own error.
DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, RuntimeError, EOFError),
    *(ValueError, OverflowError, IndexError, OSError),
)

_XML_PARTS = (".xml", ".rels", ".vml")
_PROLOGUE = re.compile(rb"\s*<\?xml[^>]*?\sencoding\s*=\s*[\"']([^\"']*)[\"']")
_PLAIN_ENCODINGS = (b"utf-8", b"utf8", b"us-ascii", b"ascii")


def unpack(data: bytes, *, source: str) -> Mapping[str, bytes]:
    """The parts of the zip `data` by name, every XML one UTF-8 without DOCTYPE. Raises QmsError naming `source`."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            members = [info for info in package.infolist() if not info.is_dir()]
            _refuse_members(members, source)
            parts = {info.filename: _part(package, info) for info in members}
    except DAMAGED as error:
        raise unfit(source, message("the file is damaged: {reason}", reason=error)) from None
    for name, part in parts.items():
        if name.lower().endswith(_XML_PARTS):
            refuse_xml(part, name=name, source=source)
    return parts


def unfit(source: str, reason: Message) -> QmsError:
    """The refusal of the whole file `source`."""
    return QmsError("{source}: {reason}", source=source, reason=reason)


def _part(package: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with package.open(info) as stream:
        return stream.read(info.file_size + 1)


def _refuse_members(members: Sequence[zipfile.ZipInfo], source: str) -> None:
    if len(members) > MAXIMUM_PARTS:
        raise unfit(source, message("more than {limit} parts", limit=MAXIMUM_PARTS))
    seen: set[str] = set()
    for info in members:
        for reason in _reasons(info, seen):
            raise unfit(source, reason)
        seen.add(info.filename.lower())
    if sum(info.file_size for info in members) > MAXIMUM_UNPACKED:
        raise unfit(source, message("unpacks to more than {limit} MB", limit=MAXIMUM_UNPACKED // MEBIBYTE))


def _reasons(info: zipfile.ZipInfo, seen: set[str]) -> Iterator[Message]:
    name = info.filename
    unsafe = name != info.orig_filename or "\\" in name or ":" in name or not name.isprintable()
    if unsafe or any(step in ("", ".", "..") for step in name.split("/")):
        yield message("the part name {part} is not allowed", part=ascii(name))
    if name.lower() in seen:  # readers differ on which of the two counts
        yield message("the part {part} is there twice", part=name)
    if info.flag_bits & 1:
        yield message("the file is protected by a password")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        yield message("{part} is packed in a way that no office program uses", part=name)
    if info.file_size > MAXIMUM_PART:
        yield message("{part} is larger than {limit} MB", part=name, limit=MAXIMUM_PART // MEBIBYTE)
    if info.file_size > RATIO_MATTERS_FROM and info.file_size > MAXIMUM_RATIO * max(info.compress_size, 1):
        yield message("{part} unpacks to more than {limit} times its size", part=name, limit=MAXIMUM_RATIO)


def refuse_xml(data: bytes, *, name: str, source: str) -> None:
    """Nothing; raises QmsError where the XML part could hide or fetch something: other encodings, a DOCTYPE."""
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise unfit(source, message("{part} is not UTF-8", part=name)) from None
    declared = _PROLOGUE.match(data.removeprefix(b"\xef\xbb\xbf"))
    if b"\0" in data or (declared is not None and declared[1].lower() not in _PLAIN_ENCODINGS):
        raise unfit(source, message("{part} is not UTF-8", part=name))
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise unfit(source, message("{part} declares a document type, which is not allowed", part=name))


def elements(parts: Mapping[str, bytes], name: str, *, source: str) -> Iterator[Mapping[str, str]]:
    """The attributes of every element below the root of the part `name`, in order; nothing when it is not there."""
    if name not in parts:
        return
    if len(parts[name]) > MAXIMUM_LIST:
        raise unfit(source, message("{part} is larger than {limit} MB", part=name, limit=MAXIMUM_LIST // MEBIBYTE))
    try:
        root = ElementTree.fromstring(parts[name])
    except ElementTree.ParseError as error:
        raise unfit(source, message("{part} is not well-formed: {reason}", part=name, reason=error)) from None
    for element in root.iter():
        if element is not root:
            yield {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
