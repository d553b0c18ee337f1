"""Whether a page is what it says: its mark looked up, its words compared with those the program draws for that mark."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from qmsdocs.acts import printing
from qmsdocs.acts.comparing import Checked, Given, NotDrawn, Part, nearest
from qmsdocs.acts.redraw import Expected, Impossible, drawn_again, stamped
from qmsdocs.acts.sheets import act_title
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.base.language import Text
from qmsdocs.fill import page_mark
from qmsdocs.fill.page_mark import FileKind, PageFile, PageText
from qmsdocs.fill.pdf_reading import PRINTED
from qmsdocs.model.record import Event, Record
from qmsdocs.query.custody import CopyStanding
from qmsdocs.query.verifying import GOOD, Standing, Verdict, by_code, standing
from qmsdocs.render.mark import Mark, short_code
from qmsdocs.render.pdf import RECORD
from qmsdocs.system.view import System

MOST_LATER = 5  # acts named since an outdated page
Expectation: TypeAlias = Callable[[System, Standing, bytes], Iterator[Expected]]


@dataclass(frozen=True, slots=True)
class Judged:
    """One page (or all pages of one record in a file), judged."""

    standing: Standing
    checked: Checked | None
    verdict: Verdict
    reasons: tuple[Message, ...]


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
        judged += [_compared(system, at, Given(file, part, data, source), expected) for at in found]
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


def _compared(system: System, at: Standing, given: Given, expected: Expectation) -> Judged:
    """The standing of a part, or that it was altered."""
    told = _told(system, at)
    if at.verdict is Verdict.UNKNOWN:
        return Judged(at, Checked.MARK, at.verdict, told)
    if given.is_picture:
        said = message("only its mark was read: the words on the paper cannot be checked from a picture")
        return Judged(at, Checked.MARK, at.verdict, (*told, said))
    if given.active:
        said = message("it holds {what}, which no page of this program does", what=given.active)
        return Judged(at, Checked.TEXT, Verdict.ALTERED, (said, *told))
    if given.is_ours and given.part.is_whole and (missing := _missing(at, given.file)):
        if at.release is not None and not given.file.attached:
            said = message("it was printed as a draft, before this revision was submitted")
            return Judged(at, Checked.MARK, Verdict.DRAFT, (said,))
        said = message("the file {name} inside it is missing", name=missing)
        return Judged(at, Checked.TEXT, Verdict.ALTERED, (said, *told))
    try:
        answer = nearest(given, expected(system, at, given.file.printed if given.part.is_whole else b""))
    except Impossible as error:
        return Judged(at, Checked.TEXT, Verdict.ALTERED, (error.message, *told))
    except NotDrawn as error:
        said = message("its words were not compared: {reason}", reason=error.reason)
        return Judged(at, Checked.MARK, at.verdict, (*told, said))
    if answer is None:
        return Judged(at, Checked.MARK, at.verdict, (*told, message("only its mark was read")))
    if answer.difference is not None:
        caution = message("where an earlier version of this program drew it, print it anew and compare")
        return Judged(at, answer.checked, Verdict.ALTERED, (answer.difference, caution, *told))
    ended = _ended(system, at, given)
    verdict = Verdict.UNCONTROLLED if ended and at.verdict in GOOD else at.verdict
    return Judged(at, answer.checked, verdict, (*ended, *told, *((answer.note,) if answer.note else ())))


def _ended(system: System, at: Standing, given: Given) -> tuple[Message, ...]:
    """That the numbered copy a genuine PDF is should not be in use; nothing of other pages."""
    if at.release is None or not given.file.printed or not given.part.is_whole:
        return ()
    stamp = printing.read_page(given.file.printed).copy
    found = stamped(system, at.release, stamp) if stamp is not None else ()
    if not found or any(copy.is_out or (copy.ended_on or system.today) > system.today for copy in found):
        return ()
    last = found[-1]
    told = {"copy": last.number, "day": last.ended_on or "-"}
    match last.standing:
        case CopyStanding.RETURNED:
            return (message("copy {copy} is registered as returned on {day}", **told),)
        case CopyStanding.DESTROYED:
            return (message("copy {copy} is registered as destroyed on {day}", **told),)
        case CopyStanding.LOST:
            return (message("copy {copy} is registered as lost on {day}", **told),)
        case _:
            return (message("the registration of copy {copy} is void", copy=last.number),)


def _missing(at: Standing, file: PageFile) -> str:
    """The file that every PDF of such pages has inside it, where this one has not."""
    wanted = RECORD if at.record is not None else PRINTED if at.release is not None and at.kind != "form" else ""
    return "" if file.kind is not FileKind.PDF or wanted in (file.attached or {}) else wanted


# ── the parts of a file


def _parts(file: PageFile) -> tuple[Part, ...]:
    """The pages of each mark in the file, in order."""
    if file.kind is not FileKind.PDF:
        codes = file.short_codes if not file.marks else ()
        named = [(mark, "") for mark in file.marks] + [(None, code) for code in codes]
        return tuple(Part(mark, code, (), 0, len(named) == 1) for mark, code in named)
    printed = {code for page in file.pages for code in page.codes}
    if file.mark is not None and len(printed) <= 1 and len(file.marks) <= 1:
        return (Part(file.mark, "", file.pages, 0, True),)
    made: list[Part] = []
    groups = _grouped(file.pages)
    for first, marks, code, pages in groups:
        is_named = not marks and file.mark is not None and short_code(file.mark.sha256) == code
        known: tuple[Mark | None, ...] = (file.mark,) if is_named else marks or (None,)
        made += [Part(mark, code, pages, first, len(groups) == 1) for mark in known]
    return tuple(made)


def _grouped(pages: Sequence[PageText]) -> list[tuple[int, tuple[Mark, ...], str, tuple[PageText, ...]]]:
    """Pages in a row with the same marks, and how many stand before; a page without marks belongs to the one before."""
    groups: list[tuple[int, tuple[Mark, ...], str, tuple[PageText, ...]]] = []
    for place, page in enumerate(pages):
        code = page.codes[0] if page.codes else ""
        is_bare = not page.marks and not code
        if groups and (is_bare or (page.marks, code) == groups[-1][1:3]):
            groups[-1] = (*groups[-1][:3], (*groups[-1][3], page))
        elif not is_bare:
            groups.append((place, page.marks, code, (page,)))
    return groups


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
