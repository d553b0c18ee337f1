"""What a file says of itself: the marks on its pages and their words, from PDF, Word documents and photographs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from qmsdocs.base.errors import QmsError, message
from qmsdocs.fill import pdf_reading, word_reading
from qmsdocs.fill.codes import marks, patient_codes
from qmsdocs.fill.word_reading import Words
from qmsdocs.render import photo
from qmsdocs.render.limited import limited
from qmsdocs.render.mark import Mark

MOST_BYTES = 50_000_000
LOOK_SECONDS = 60  # to look at two files of the most pages
PACKAGE, PDF = b"PK\x03\x04", b"%PDF-"
_CODE = re.compile(r"(?:核验码|check\s*code)[\s:：]*([0-9A-F]{4}-[0-9A-F]{4})(?![0-9A-F-])", re.IGNORECASE)
_WHY = {
    "password": message("it is protected by a password"),
    "damaged": message("the file is damaged"),
    "pages": message("more than {limit} pages", limit=pdf_reading.MOST_PAGES),
}


class FileKind(StrEnum):
    """The kinds of files that are read."""

    PDF = "pdf"
    WORD = "docx"
    PICTURE = "picture"


@dataclass(frozen=True, slots=True)
class PageText:
    """One page of a PDF: its words, whether they are only those of a scan, the marks and short codes on it."""

    text: str
    is_picture: bool
    marks: tuple[Mark, ...]
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file as far as it can be read without knowing the records.

    `mark` is the one the file itself names, `marks` those of codes on its pages, `short_codes` what stands beside them.
    """

    kind: FileKind
    mark: Mark | None = None
    marks: tuple[Mark, ...] = ()
    short_codes: tuple[str, ...] = ()
    other_codes: int = 0
    pages: tuple[PageText, ...] = ()
    words: Words | None = None
    attached: Mapping[str, str] | None = None  # name → sha256
    printed: bytes = b""  # how the pages of a document were printed, as the PDF says it
    active: tuple[str, ...] = ()
    producer: str = ""


def read(data: bytes, *, source: str) -> PageFile:
    """What the PDF, Word document or picture `data` says of itself. Raises QmsError naming `source`."""
    if data.startswith(PDF):  # nowhere else: a file that is two kinds at once shows one of them to people
        return _pdf(data, source)
    if data.startswith(PACKAGE):
        return _word(data, source)
    return _picture(data, source)


def looks_different(data: bytes, expected: bytes, *, first: int, source: str) -> int:
    """The first page of the PDF `data` that looks different from the pages of `expected`, counted from 1; 0 for none.

    `first` is how many pages stand before them in `data`.
    """
    given = {"data": data, "expected": expected, "first": first}
    return int(_within_limits(pdf_reading.difference, source, seconds=LOOK_SECONDS, **given))


def own_pdf(data: bytes) -> PageFile:
    """What a PDF says that this program has just drawn."""
    return _pdf_of(json.loads(pdf_reading.read(data)))


def _pdf(data: bytes, source: str) -> PageFile:
    facts = json.loads(_within_limits(pdf_reading.read, source, data=data))
    if "refused" in facts:
        raise QmsError("{source}: {reason}", source=source, reason=_WHY[facts["refused"]])
    return _pdf_of(facts)


def _pdf_of(facts: Mapping[str, Any]) -> PageFile:
    pages = tuple(_page(page) for page in facts["pages"])
    codes = [code for page in facts["pages"] for code in page["codes"]]
    named = marks([facts["subject"]])
    return PageFile(
        FileKind.PDF,
        mark=named[0] if named else None,
        marks=tuple(dict.fromkeys(mark for page in pages for mark in page.marks)),
        short_codes=tuple(dict.fromkeys(code for page in pages for code in page.codes)),
        other_codes=_others(codes),
        pages=pages,
        attached=facts["attached"],
        printed=facts["printed"].encode(),
        active=tuple(facts["active"]),
        producer=facts["producer"],
    )


def _page(said: Mapping[str, Any]) -> PageText:
    return PageText(said["text"], said["is_picture"], marks(said["codes"]), short_codes([said["text"]]))


def _word(data: bytes, source: str) -> PageFile:
    parts = word_reading.read(data, source=source)
    words = word_reading.words_of(parts, source=source)
    codes = word_reading.picture_codes(parts)
    return PageFile(
        FileKind.WORD,
        marks=marks(codes) or marks([word_reading.subject(parts, source=source)]),
        short_codes=short_codes(words.around or words.body),
        other_codes=_others(codes),
        words=words,
        active=word_reading.active(parts),
    )


def _picture(data: bytes, source: str) -> PageFile:
    codes: list[str] = []
    for grey in photo.greys(data, source=source):
        codes += patient_codes(grey)
    found = tuple(dict.fromkeys(codes))
    return PageFile(FileKind.PICTURE, marks=marks(found), other_codes=_others(found))


def _others(codes: Sequence[str]) -> int:
    return len(set(codes)) - len(marks(codes))


def short_codes(texts: Sequence[str]) -> tuple[str, ...]:
    """The short codes printed in `texts`, each once."""
    return tuple(dict.fromkeys(code for text in texts for code in _CODE.findall(text)))


def _within_limits(task: Callable[..., bytes], source: str, **arguments: Any) -> bytes:
    try:
        return limited(task, source=source, **arguments)
    except QmsError:
        raise QmsError("{source}: it takes too much time or memory to read, or cannot be read", source=source) from None
