"""A page compared with those the program draws for its mark: bytes, words, what is inside the file, how it looks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from qmsdocs.acts.redraw import Expected, Impossible
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.fill import page_mark, word_reading
from qmsdocs.fill.page_mark import FileKind, PageFile, PageText
from qmsdocs.fill.pdf_reading import HARMLESS
from qmsdocs.fill.word_reading import Words
from qmsdocs.render.mark import Mark
from qmsdocs.render.pdf import RECORD

ENGINE = "WeasyPrint"  # as it names itself in the PDFs of this program
SHOWN = 40  # characters of a difference
_SIGNS = re.compile(r"[\W_]+")
T = TypeVar("T")


class Checked(StrEnum):
    """How far a page was compared."""

    CODE = "code"  # only the short code somebody typed
    MARK = "mark"  # only its mark: nothing is known of its words
    TEXT = "text"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class Part:
    """The pages of a file that belong to one mark, or to one short code where no mark was read."""

    mark: Mark | None
    code: str
    pages: tuple[PageText, ...]
    first: int  # how many pages stand before these
    is_whole: bool  # no other part is in the file


@dataclass(frozen=True, slots=True)
class Given:
    """One part of a file, and the file."""

    file: PageFile
    part: Part
    data: bytes
    source: str

    @property
    def is_ours(self) -> bool:
        """Whether the PDF was written by this program, however it was changed since."""
        return RECORD in (self.file.attached or {}) or self.file.producer.startswith(ENGINE)

    @property
    def active(self) -> tuple[str, ...]:
        """What could do something by itself, and has no business in such a file."""
        is_other = self.file.kind is FileKind.PDF and not self.is_ours
        return tuple(what for what in self.file.active if not is_other or what not in HARMLESS)

    @property
    def is_picture(self) -> bool:
        """Whether there is no more than a photograph or a scan of it."""
        pages = self.part.pages
        is_scan = bool(pages) and all(page.is_picture for page in pages) and not self.is_ours
        return self.file.kind is FileKind.PICTURE or is_scan


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of comparing with one way of drawing: what differs, None where nothing does; how much is common.

    `note` is what was compared less strictly.
    """

    checked: Checked
    difference: Message | None = None
    common: int = 0
    note: Message | None = None


class NotDrawn(Exception):
    """The program cannot draw the pages itself now; of the file that is judged nothing is said."""

    def __init__(self, reason: Message) -> None:
        self.reason = reason
        super().__init__(str(reason))


def nearest(given: Given, ways: Iterator[Expected]) -> Answer | None:
    """The answer of the first way of drawing that agrees, else of the one with most in common; None without any."""
    best: Answer | None = None
    is_word = given.file.kind is FileKind.WORD
    while (way := _drawn(lambda: next(ways, None))) is not None:
        made = _drawn(way.docx if is_word else way.pdf)
        if made == given.data:
            return Answer(Checked.BYTES)
        answer = _as_word(given, way, made) if is_word else _as_pdf(given, way, made)
        if answer.difference is None:
            return answer
        if best is None or answer.common > best.common:
            best = answer
    return best


def _drawn(draw: Callable[[], T]) -> T:
    """What `draw` gives. Raises NotDrawn, or Impossible."""
    try:
        return draw()
    except Impossible:
        raise
    except QmsError as error:
        raise NotDrawn(error.message) from None


def _as_word(given: Given, way: Expected, made: bytes) -> Answer:
    found, wanted = given.file.words, word_reading.words(made, source=given.source)
    assert found is not None
    if found == wanted:
        return Answer(Checked.TEXT)
    common = _common(found.all, wanted.all)
    if way.other is not None:
        return _as_uncertain_word(given, way, found, wanted)
    if found.body != wanted.body:
        return Answer(Checked.TEXT, _first_difference(found.body, wanted.body), common)
    strange = [text for text in found.around if text not in wanted.around]
    missing = [text for text in wanted.around if text not in found.around]
    return Answer(Checked.TEXT, _first_difference(strange, missing), common)


def _as_uncertain_word(given: Given, way: Expected, found: Words, wanted: Words) -> Answer:
    """The answer where names and copies may have been listed otherwise: the text itself must be the same."""
    assert way.other is not None
    other = word_reading.words(_drawn(way.other), source=given.source)
    common = _common(found.all, wanted.all)
    steady = _same_at_the_end(wanted.body, other.body)
    text, certain = found.body[-steady:], wanted.body[-steady:]
    if steady and text != certain:
        return Answer(Checked.TEXT, _first_difference(text, certain), common)
    note = message("of the names and copies listed on it only words that were never printed would be found")
    strange = _strange(found.all, "".join((*wanted.all, way.also)), 0)
    return _only_known(strange, Answer(Checked.TEXT, None, common, note))


def _as_pdf(given: Given, way: Expected, made: bytes) -> Answer:
    own = page_mark.own_pdf(made)
    found, wanted = ([page.text for page in pages] for pages in (given.part.pages, own.pages))
    there, here = " ".join(found).split(), " ".join(wanted).split()
    common = _common(there, here)
    if [_squeezed(text) for text in found] == [_squeezed(text) for text in wanted]:
        return _beneath(given, made, own, common)
    if way.is_exact and (given.is_ours or not given.part.is_whole):
        return Answer(Checked.TEXT, _first_difference(there, here), common)
    strange = _strange(there, "".join(here), len(found))
    if strange:  # its lines may break elsewhere, and in columns
        words = word_reading.words(_drawn(way.docx), source=given.source).all
        strange = _strange(strange, "".join((*words, way.also)), len(found))
    note = message("it holds no word that was never printed for it; what is missing is not known")
    return _only_known(strange, Answer(Checked.MARK, None, common, note))


def _same_at_the_end(one: Sequence[str], other: Sequence[str]) -> int:
    """How many of the last lines are the same in both."""
    pairs = enumerate(zip(reversed(one), reversed(other), strict=False))
    return next((count for count, (a, b) in pairs if a != b), min(len(one), len(other)))


def _only_known(strange: Sequence[str], otherwise: Answer) -> Answer:
    """The answer for a page that only words which were never printed betray."""
    if not strange:
        return otherwise
    said = message("it says “{found}”, which the page does not", found=strange[0])
    return Answer(Checked.TEXT, said, otherwise.common)


def _beneath(given: Given, made: bytes, own: PageFile, common: int) -> Answer:
    """The answer for a PDF with the same words: the record inside it and the look of its pages must be the same."""
    inside, wanted = (set((file.attached or {}).items()) for file in (given.file, own))
    if given.is_ours and given.part.is_whole and inside != wanted:
        said = message("the file {name} inside it differs from what is stored", name=min(inside ^ wanted)[0])
        return Answer(Checked.TEXT, said, common)
    if given.file.producer not in ("", own.producer) and not given.is_ours:
        return Answer(Checked.TEXT, None, common, message("only its words were compared, not how it looks"))
    page = page_mark.looks_different(given.data, made, first=given.part.first, source=given.source)
    said = message("page {page} looks different from what is stored", page=page)
    return Answer(Checked.TEXT, said if page else None, common)


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _common(found: Sequence[str], wanted: Sequence[str]) -> int:
    return (Counter(found) & Counter(wanted)).total()


def _first_difference(found: Sequence[str], wanted: Sequence[str]) -> Message:
    """The first words in which two texts differ, as they stand in both."""
    place = next((at for at, (a, b) in enumerate(zip(found, wanted, strict=False)) if a != b), None)
    place = min(len(found), len(wanted)) if place is None else place
    there, here = ("".join(words[place : place + 1]) for words in (found, wanted))
    same = next((at for at, (a, b) in enumerate(zip(there, here, strict=False)) if a != b), 0)
    begin = max(0, same - SHOWN // 4)
    there, here = there[begin : begin + SHOWN], here[begin : begin + SHOWN]
    if not there:
        return message("it lacks “{wanted}”", wanted=here)
    if not here:
        return message("it says “{found}”, which the page does not", found=there)
    return message("it says “{found}” where the page says “{wanted}”", found=there, wanted=here)


def _strange(found: Sequence[str], known: str, pages: int) -> list[str]:
    """The words found that the known text holds nowhere, signs apart; page numbers are never strange."""
    pieces = [piece for word in found for piece in _SIGNS.sub(" ", word).split()]
    numbers = {str(page) for page in range(1, pages + 1)}
    plain = _SIGNS.sub("", known)
    return [piece for piece in pieces if piece not in plain and piece not in numbers]
