"""What a Word document from outside says: its words part by part, and the codes in its pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from qmsdocs.base.errors import QmsError, message
from qmsdocs.fill.codes import codes
from qmsdocs.render import opc, package, photo

MARGIN = 16  # points around a picture of a code, which is drawn without its quiet zone
MOST_PICTURES = 60
_MAIN = ("document.main+xml", "document.macroEnabled.main+xml", "template.main+xml")
_HEADER, _FOOTER, _NOTES = "header+xml", "footer+xml", ("footnotes+xml", "endnotes+xml")
_ACTIVE = re.compile(r"vba|oleobject|activex|embeddings/|afchunk", re.IGNORECASE)
_PICTURES = ("image/png", "image/jpeg", "image/jpg")
_BREAKS = ("p", "br", "cr")
_PASSED_OVER = ("Fallback", "delText", "instrText", "del", "moveFrom")
# Fields whose result a word processor works out anew whenever it opens the document.
_COUNTED = frozenset({"PAGE", "NUMPAGES", "SECTIONPAGES", "PAGEREF"})
_COLLECTED = frozenset({"TOC", "STYLEREF"})
_ASKED = "FILLIN"


@dataclass(frozen=True, slots=True)
class Words:
    """The lines of a document, without white space, empty ones left out; those on every page apart, each once."""

    body: tuple[str, ...]
    around: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """Everything, the body first."""
        return self.body + self.around


def read(data: bytes, *, source: str) -> Mapping[str, bytes]:
    """The parts of the Word document `data` by name. Raises QmsError naming `source` when it is damaged or none.

    Whatever a word processor may put into a document is taken: it is only read, and never opened by a program.
    """
    parts = package.unpack(data, source=source)
    kinds = opc.content_types(parts).values() if package.CONTENT_TYPES in parts else ()
    if not any(kind.endswith(_MAIN) for kind in kinds):
        raise QmsError(
            "{source}: neither a PDF nor a Word document nor a picture that can be read here",
            source=source,
            hint=message("save it as PDF, DOCX, JPEG or PNG"),
        )
    return parts


def words(data: bytes, *, source: str) -> Words:
    """The words of the Word document `data`. Raises QmsError naming `source` when it is damaged or none."""
    return words_of(read(data, source=source), source=source)


def active(parts: Mapping[str, bytes]) -> tuple[str, ...]:
    """The parts that could do something by themselves, or hold other files."""
    return tuple(sorted(n for n, kind in opc.content_types(parts).items() if _ACTIVE.search(f"{n} {kind}")))


def words_of(parts: Mapping[str, bytes], *, source: str) -> Words:
    """The words of a package that was read before."""
    body: list[str] = []
    around: list[str] = []
    for name, kind in sorted(opc.content_types(parts).items()):
        if kind.endswith(_MAIN):
            body = [*_paragraphs(parts[name], name, source), *body]
        elif kind.endswith(_NOTES):
            body += _paragraphs(parts[name], name, source)
        elif kind.endswith((_HEADER, _FOOTER)):
            around += _paragraphs(parts[name], name, source)
    return Words(tuple(body), tuple(sorted(set(around))))


def subject(parts: Mapping[str, bytes], *, source: str) -> str:
    """What the document names as its subject, empty where it names none."""
    found = [name for name, kind in opc.content_types(parts).items() if kind == opc.CORE_PROPERTIES]
    root = opc.parse(parts[found[0]], name=found[0], source=source) if found else None
    return (root.findtext("{*}subject") or "") if root is not None else ""


def picture_codes(parts: Mapping[str, bytes]) -> tuple[str, ...]:
    """What the QR codes in the pictures of a package say; pictures that cannot be read are passed over."""
    found: list[str] = []
    pictures = [name for name, kind in opc.content_types(parts).items() if kind in _PICTURES]
    for name in sorted(pictures)[:MOST_PICTURES]:
        try:
            for grey in photo.greys(parts[name], source=name, margin=MARGIN):
                found += codes(grey)
        except QmsError:
            continue
    return tuple(dict.fromkeys(found))


def _paragraphs(data: bytes, name: str, source: str) -> Iterator[str]:
    root = opc.parse(data, name=name, source=source)
    pieces: list[tuple[str, str]] = []
    for kind, text in _Walk().pieces(root):
        if kind == "p":
            yield from _joined(pieces)
            pieces = []
        else:
            pieces.append((kind, text))
    yield from _joined(pieces)


def _joined(pieces: Sequence[tuple[str, str]]) -> Iterator[str]:
    """The line of `pieces`. LibreOffice saves words of a content control once more, as a question about them."""
    said = "".join("".join(text for kind, text in pieces if kind == "t").split())
    asked = ["".join(text.split()) for kind, text in pieces if kind == "asked"]
    text = said + "".join(text for text in asked if text not in said)
    if text:
        yield text


class _Walk:
    """One part on its way to words; it knows which fields it stands in."""

    def __init__(self) -> None:
        self._fields: list[list[str]] = []  # instructions of the open fields, from the outermost

    def pieces(self, element: etree._Element) -> Iterator[tuple[str, str]]:
        """`p` where a line begins or ends, `t` (`asked` in a question) with each text shown and not worked out anew."""
        local = etree.QName(element).localname
        self._note(local, element)
        if local in _PASSED_OVER:
            return
        if local in _BREAKS:
            yield "p", ""
        if local == "t" and not self._is_worked_out(text := element.text or ""):
            yield "asked" if _ASKED in self._names() else "t", text
        if local == "fldSimple":
            self._fields.append([_attribute(element, "instr")])
        for below in element.iterchildren("*"):
            yield from self.pieces(below)
        if local == "fldSimple" and self._fields:
            self._fields.pop()
        if local == "p":
            yield "p", ""

    def _note(self, local: str, element: etree._Element) -> None:
        kind = _attribute(element, "fldCharType") if local == "fldChar" else ""
        if kind == "begin":
            self._fields.append([])
        elif kind == "end" and self._fields:
            self._fields.pop()
        elif local == "instrText" and self._fields:
            self._fields[-1].append(element.text or "")

    def _is_worked_out(self, text: str) -> bool:
        """Whether a text is the result of a field: a page's number, or what is collected from the headings."""
        names = self._names()
        return bool(names & _COLLECTED) or (text.strip().isdigit() and bool(names & _COUNTED))

    def _names(self) -> set[str]:
        """The kinds of the open fields."""
        return {("".join(field).split() or [""])[0].upper() for field in self._fields}


def _attribute(element: etree._Element, name: str) -> str:
    return next((str(value) for key, value in element.attrib.items() if str(key).rpartition("}")[2] == name), "")
