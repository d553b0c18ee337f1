"""The pictures of a Word template that every record replaces: those whose description is `qr` or `logo`."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import XmlPart
from docx.parts.image import ImagePart
from lxml import etree

from qmsdocs.base.errors import QmsError

NAMES = ("qr", "logo")
_PNG_START = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of a replaced picture: its part without extension, what the template shows there, its box in EMU."""

    name: str
    key: str
    part: str
    extension: str
    data: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Shape:
    """What kind of picture some bytes are, and how many pixels it has."""

    extension: str
    across: int
    down: int


def shape(data: bytes, *, name: str) -> Shape:
    """The shape of a PNG or JPEG. Raises QmsError, calling it `name`, on anything else."""
    found = _png(data) or _jpeg(data)
    if found is None or not found.across or not found.down:
        raise QmsError("the picture {name} is neither PNG nor JPEG", name=name)
    return found


def _png(data: bytes) -> Shape | None:
    if not data.startswith(_PNG_START) or len(data) < 24:
        return None
    return Shape("png", *struct.unpack(">2I", data[16:24]))


def _jpeg(data: bytes) -> Shape | None:
    """By the first frame header; segments before it are skipped."""
    at = 2
    while data.startswith(b"\xff\xd8") and at + 9 <= len(data) and data[at] == 0xFF:
        if data[at + 1] in _FRAMES:
            down, across = struct.unpack(">2H", data[at + 5 : at + 9])
            return Shape("jpeg", across, down)
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def take(document: Document) -> tuple[Slot, ...]:
    """The places of `document`; each picture is given a part of its own, and tags for its size and extension."""
    links = document.part.rels.values()
    parts = [document.part, *(link.target_part for link in links if not link.is_external)]
    targets: dict[str, ImagePart] = {}
    slots: list[Slot] = []
    for part in parts:
        for name, drawing in _named(part.element) if isinstance(part, XmlPart) else ():
            found = _take(part, drawing, name, targets, len(slots) + 1)
            slots += [found] if found else []
    return tuple(slots)


def _named(root: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    for properties in list(root.iter("{*}docPr")):
        said = [str(properties.get(key, "")).strip().lower() for key in ("descr", "title", "name")]
        drawing = properties.getparent()
        for name in NAMES:
            if name in said and drawing is not None:
                yield name, drawing


def _take(part: XmlPart, drawing: etree._Element, name: str, targets: dict[str, ImagePart], number: int) -> Slot | None:
    blip = next(drawing.iter("{*}blip"), None)
    extent = next(drawing.iter("{*}extent"), None)
    embed = next((key for key in blip.attrib if str(key).endswith("}embed")), None) if blip is not None else None
    if blip is None or extent is None or embed is None:
        return None
    old = str(blip.get(embed))
    if name not in targets:
        data = part.rels[old].target_part.blob
        kind = shape(data, name=name).extension
        targets[name] = ImagePart(PackURI(f"/word/media/qmsdocs-{name}.{kind}"), f"image/{kind}", data, None)
    blip.set(embed, part.relate_to(targets[name], RELATIONSHIP_TYPE.IMAGE))
    if not any(old in found.attrib.values() for found in part.element.iter("{*}blip")):
        part.drop_rel(old)
    blob, path = targets[name].blob, f"word/media/qmsdocs-{name}"
    extension = shape(blob, name=name).extension
    slot = Slot(name, f"{name}_{number}", path, extension, blob, _emu(extent.get("cx")), _emu(extent.get("cy")))
    for size in (extent, *drawing.iterfind(".//{*}spPr/{*}xfrm/{*}ext")):
        size.set("cx", f"{{{{ picture.{slot.key}.width }}}}")
        size.set("cy", f"{{{{ picture.{slot.key}.height }}}}")
    return slot


def _emu(text: str | None) -> int:
    return int(text) if text is not None and text.isdigit() else 0


def facts(slots: Sequence[Slot], given: Mapping[str, bytes]) -> Mapping[str, Mapping[str, str]]:
    """What the tags of the places say: the extension by name; by place the size, the box filled without distortion."""
    said: dict[str, Mapping[str, str]] = {}
    for slot in slots:
        width, height = slot.width, slot.height
        found = shape(given.get(slot.name, slot.data), name=slot.name)
        if slot.name in given:
            scale = min(width / found.across, height / found.down)
            width, height = round(found.across * scale), round(found.down * scale)
        said[slot.name] = {"extension": found.extension}
        said[slot.key] = {"width": str(width), "height": str(height)}
    return said


def relinked(data: bytes, slots: Sequence[Slot], said: Mapping[str, Mapping[str, str]]) -> bytes:
    """The relationships `data` with the extensions of the pictures given."""
    for slot in slots:
        kinds = (slot.extension, said[slot.name]["extension"])
        there, here = (f"qmsdocs-{slot.name}.{kind}".encode() for kind in kinds)
        data = data.replace(there, here)
    return data
