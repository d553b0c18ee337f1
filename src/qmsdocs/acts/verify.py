"""Whether a page is what it says: its mark looked up, its words compared with those the program draws for that mark."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from qmsdocs.acts.redraw import Expected, Impossible, drawn_again
from qmsdocs.acts.sheets import act_title
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.base.language import Text
from qmsdocs.fill import page_mark, word_reading
from qmsdocs.fill.page_mark import FileKind, PageFile, PageText
from qmsdocs.fill.pdf_reading import PRINTED
from qmsdocs.model.record import Event, Record
from qmsdocs.query.verifying import Standing, Verdict, by_code, standing
from qmsdocs.render.mark import Mark, short_code
from qmsdocs.render.pdf import RECORD
from qmsdocs.system.view import System

ENGINE = "WeasyPrint"  # as it names itself in the PDFs of this program
SHOWN = 40  # characters of a difference
_SIGNS = re.compile(r"[\W_]+")
MOST_LATER = 5  # acts named since an outdated page
Expectation: TypeAlias = Callable[[System, Standing, bytes], Iterator[Expected]]


class Checked(StrEnum):
    """How far a page was compared."""

    CODE = "code"  # only the short code somebody typed
    MARK = "mark"  # only its mark: nothing is known of its words
    TEXT = "text"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class Judged:
    """One page (or all pages of one record in a file), judged."""

    standing: Standing
    checked: Checked | None
    verdict: Verdict
    reasons: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """The pages of a file that belong to one mark, or to one short code where no mark was read."""

    mark: Mark | None
    code: str
    pages: tuple[PageText, ...]
    is_whole: bool  # no other part is in the file


def verify_code(system: System, code: str) -> tuple[Judged, ...]:
    """What a typed short code may mean; unknown where it means nothing here."""
    found = by_code(system, code)
    if not found:
        said = message("nothing printed here bears the code {code}", code=short_code(code))
        return (Judged(Standing(Verdict.UNKNOWN), None, Verdict.UNKNOWN, (said,)),)
    return tuple(Judged(at, Checked.CODE, at.verdict, _told(system, at)) for at in found)


def verify_file(system: System, data: bytes, *, source: str, expected: Expectation = drawn_again) -> tuple[Judged, ...]:
    """What the pages in a file are, one answer for each mark. Raises QmsError naming `source` when it is unreadable."""
    file = page_mark.read(data, source=source)
    judged: list[Judged] = []
    for part in _parts(file):
        found = (standing(system, part.mark),) if part.mark else by_code(system, part.code.replace("-", "").lower())
        if not found:
            judged.append(_unknown(message("nothing printed here bears the code {code}", code=part.code)))
        judged += [_compared(system, at, _Given(file, part, data, source), expected) for at in found]
    return tuple(judged) or (_unknown(*_without_mark(file)),)


def _unknown(*reasons: Message) -> Judged:
    return Judged(Standing(Verdict.UNKNOWN), None, Verdict.UNKNOWN, reasons)


def _without_mark(file: PageFile) -> Iterator[Message]:
    if file.other_codes:
        yield message("the code on it is not one of this program")
    elif file.kind is FileKind.PICTURE:
        yield message("no mark is found on it; take the picture nearer and straight above, or type the code beside it")
    else:
        yield message("no mark of this program is found on it")


# ── the parts of a file


def _parts(file: PageFile) -> tuple[_Part, ...]:
    """The pages of each mark in the file, in order."""
    if file.kind is not FileKind.PDF:
        codes = file.short_codes if not file.marks else ()
        named = [(mark, "") for mark in file.marks] + [(None, code) for code in codes]
        return tuple(_Part(mark, code, (), len(named) == 1) for mark, code in named)
    printed = {code for page in file.pages for code in page.codes}
    if file.mark is not None and len(printed) <= 1 and len(file.marks) <= 1:
        return (_Part(file.mark, "", file.pages, True),)
    groups = _grouped(file.pages)
    made: list[_Part] = []
    for marks, code, pages in groups:
        is_named = not marks and file.mark is not None and short_code(file.mark.sha256) == code
        known: tuple[Mark | None, ...] = (file.mark,) if is_named else marks or (None,)
        made += [_Part(mark, code, pages, len(groups) == 1) for mark in known]
    return tuple(made)


def _grouped(pages: Sequence[PageText]) -> list[tuple[tuple[Mark, ...], str, tuple[PageText, ...]]]:
    """Pages in a row with the same marks; a page without any belongs to the one before."""
    groups: list[tuple[tuple[Mark, ...], str, tuple[PageText, ...]]] = []
    for page in pages:
        code = page.codes[0] if page.codes else ""
        if not page.marks and not code and not groups:
            continue
        last = groups[-1] if groups else ((), "", ())
        if groups and ((not page.marks and not code) or (page.marks, code) == last[:2]):
            groups[-1] = (last[0], last[1], (*last[2], page))
        else:
            groups.append((page.marks, code, (page,)))
    return groups


# ── comparing


@dataclass(frozen=True, slots=True)
class _Given:
    """One part of a file, and the file."""

    file: PageFile
    part: _Part
    data: bytes
    source: str

    @property
    def is_ours(self) -> bool:
        """Whether the PDF was written by this program, however it was changed since."""
        return RECORD in (self.file.attached or {}) or self.file.producer.startswith(ENGINE)

    @property
    def is_picture(self) -> bool:
        """Whether there is no more than a photograph or a scan of it."""
        pages = self.part.pages
        is_scan = bool(pages) and all(page.is_picture for page in pages) and not self.is_ours
        return self.file.kind is FileKind.PICTURE or is_scan


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came of comparing with one way of drawing: what differs, None where nothing does; how much is common.

    `note` is what was compared less strictly.
    """

    checked: Checked
    difference: Message | None = None
    common: int = 0
    note: Message | None = None


def _compared(system: System, at: Standing, given: _Given, expected: Expectation) -> Judged:
    """The standing of a part, or that it was altered."""
    told = _told(system, at)
    if at.verdict is Verdict.UNKNOWN:
        return Judged(at, Checked.MARK, at.verdict, told)
    if given.is_picture:
        said = message("only its mark was read: the words on the paper cannot be checked from a picture")
        return Judged(at, Checked.MARK, at.verdict, (*told, said))
    if given.file.active and (given.is_ours or given.file.kind is FileKind.WORD):
        said = message("it holds {what}, which no page of this program does", what=given.file.active)
        return Judged(at, Checked.TEXT, Verdict.ALTERED, (said, *told))
    if given.is_ours and given.part.is_whole and (missing := _missing(at, given.file)):
        if at.release is not None and not given.file.attached:
            said = message("it was printed as a draft, before this revision was submitted")
            return Judged(at, Checked.MARK, Verdict.DRAFT, (said,))
        said = message("the file {name} inside it is missing", name=missing)
        return Judged(at, Checked.TEXT, Verdict.ALTERED, (said, *told))
    try:
        answer = _nearest(given, expected(system, at, given.file.printed if given.part.is_whole else b""))
    except Impossible as error:
        return Judged(at, Checked.TEXT, Verdict.ALTERED, (error.message, *told))
    except QmsError as error:
        said = message("its words were not compared: {reason}", reason=error.message)
        return Judged(at, Checked.MARK, at.verdict, (*told, said))
    if answer is None:
        return Judged(at, Checked.MARK, at.verdict, (*told, message("only its mark was read")))
    if answer.difference is not None:
        return Judged(at, answer.checked, Verdict.ALTERED, (answer.difference, *told))
    return Judged(at, answer.checked, at.verdict, (*told, answer.note) if answer.note else told)


def _missing(at: Standing, file: PageFile) -> str:
    """The file that every PDF of such pages has inside it, where this one has not."""
    wanted = RECORD if at.record is not None else PRINTED if at.release is not None and at.kind != "form" else ""
    return "" if file.kind is not FileKind.PDF or wanted in (file.attached or {}) else wanted


def _nearest(given: _Given, ways: Iterator[Expected]) -> _Answer | None:
    """The answer of the first way of drawing that agrees, else of the one with most in common; None without any."""
    best: _Answer | None = None
    for way in ways:
        answer = _as_word(given, way) if given.file.kind is FileKind.WORD else _as_pdf(given, way)
        if answer.difference is None:
            return answer
        if best is None or answer.common > best.common:
            best = answer
    return best


def _as_word(given: _Given, way: Expected) -> _Answer:
    made = way.docx()
    if made == given.data:
        return _Answer(Checked.BYTES)
    found, wanted = given.file.words, word_reading.words(made, source=given.source)
    assert found is not None
    if found == wanted:
        return _Answer(Checked.TEXT)
    common = _common(found.all, wanted.all)
    if way.other is not None:
        other = word_reading.words(way.other(), source=given.source)
        steady = _same_at_the_end(wanted.body, other.body)
        text, wanted_text = found.body[-steady:], wanted.body[-steady:]
        if steady and text != wanted_text:
            return _Answer(Checked.TEXT, _first_difference(text, wanted_text), common)
        note = message("of the names and copies listed on it only words that were never printed would be found")
        return _only_known(
            _strange(found.all, "".join((*wanted.all, way.also)), 0), _Answer(Checked.TEXT, None, common, note)
        )
    if found.body != wanted.body:
        return _Answer(Checked.TEXT, _first_difference(found.body, wanted.body), common)
    strange = [text for text in found.around if text not in wanted.around]
    missing = [text for text in wanted.around if text not in found.around]
    return _Answer(Checked.TEXT, _first_difference(strange, missing), common)


def _as_pdf(given: _Given, way: Expected) -> _Answer:
    made = way.pdf()
    if made == given.data:
        return _Answer(Checked.BYTES)
    own = page_mark.own_pdf(made)
    wanted = tuple(page.text for page in own.pages)
    found = tuple(page.text for page in given.part.pages)
    there, here = " ".join(found).split(), " ".join(wanted).split()
    common = _common(there, here)
    if [_squeezed(text) for text in found] == [_squeezed(text) for text in wanted]:
        return _Answer(Checked.TEXT, _beneath(given, made, own), common)
    if way.is_exact and (given.is_ours or not given.part.is_whole):
        return _Answer(Checked.TEXT, _first_difference(there, here), common)
    strange = _strange(there, "".join(here), len(found))
    if strange:  # its lines may break elsewhere, and in columns
        words = word_reading.words(way.docx(), source=given.source).all
        strange = _strange(strange, "".join((*words, way.also)), len(found))
    note = message("it holds no word that was never printed for it; what is missing is not known")
    return _only_known(strange, _Answer(Checked.MARK, None, common, note))


def _same_at_the_end(one: Sequence[str], other: Sequence[str]) -> int:
    """How many of the last lines are the same in both."""
    pairs = enumerate(zip(reversed(one), reversed(other), strict=False))
    return next((count for count, (a, b) in pairs if a != b), min(len(one), len(other)))


def _only_known(strange: Sequence[str], otherwise: _Answer) -> _Answer:
    """The answer for a page that only words which were never printed betray."""
    if not strange:
        return otherwise
    said = message("it says “{found}”, which the page does not", found=strange[0])
    return _Answer(Checked.TEXT, said, otherwise.common)


def _beneath(given: _Given, made: bytes, own: PageFile) -> Message | None:
    """What differs though the words are the same: the record inside the file, or how a page looks."""
    if not given.part.is_whole:
        return None
    inside, wanted = (set((file.attached or {}).items()) for file in (given.file, own))
    if given.is_ours and inside != wanted:
        return message("the file {name} inside it differs from what is stored", name=min(inside ^ wanted)[0])
    if given.file.producer != own.producer:
        return None
    page = page_mark.looks_different(given.data, made, source=given.source)
    return message("page {page} looks different from what is stored", page=page) if page else None


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


# ── what is said


def _told(system: System, at: Standing) -> tuple[Message, ...]:
    """Why a page stands as it does; of an outdated page also what has happened since."""
    if not at.later or at.record is None:
        return at.reasons
    shown = tuple(_act(system, at.record, event) for event in at.later[-MOST_LATER:])
    more = len(at.later) - len(shown)
    said = message("since then: {acts}", acts=shown)
    return (*at.reasons, said, *((message("and {count} acts before these", count=more),) if more else ()))


def _act(system: System, record: Record, event: Event) -> Message:
    person = system.people.person.get(event.by)
    try:
        title: Text | str = act_title(system.form_of(record.form), event.act)
    except QmsError:  # the form is not held here
        title = event.act
    day = event.recorded_at.astimezone(system.zone).strftime("%Y-%m-%d %H:%M")
    return message("{act} ({by}, {day})", act=title, by=person.name if person else event.by, day=day)
