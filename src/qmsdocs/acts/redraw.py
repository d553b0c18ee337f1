"""Pages drawn once more: those of a record for one of its acts, those of a document as it says it was printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import partial

from qmsdocs.acts import document_pages, printing
from qmsdocs.acts.pages import draw_docx, draw_pdf, embedded
from qmsdocs.acts.printing import Print
from qmsdocs.acts.reading import unsigned
from qmsdocs.acts.sheets import sheet
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.base.language import Language
from qmsdocs.model.record import Record
from qmsdocs.model.release import ItemKind, Release
from qmsdocs.query.custody import Copy, copies
from qmsdocs.query.purpose import Purpose, day_of, field_of
from qmsdocs.query.verifying import Standing
from qmsdocs.render import document_words
from qmsdocs.render.document_sheet import CopyEntry, StampedCopy
from qmsdocs.render.document_sheet import Standing as Stamp
from qmsdocs.render.sheet import Sheet
from qmsdocs.store import control
from qmsdocs.system.definitions import Definitions
from qmsdocs.system.view import System

MOST_DAYS = 10  # on which configuration came into force since, the newest


@dataclass(frozen=True, slots=True)
class Expected:
    """One way this program draws the pages of a mark.

    Where there is an `other` DOCX of them, they may have been drawn with other copies and signatures: only the text
    behind the last place where both differ is certain, of the rest only that it says nothing that was never printed,
    the words of every stamp (`also`) among it.
    """

    pdf: Callable[[], bytes]
    docx: Callable[[], bytes]
    other: Callable[[], bytes] | None = None
    also: str = ""

    @property
    def is_exact(self) -> bool:
        """Whether every word is certain."""
        return self.other is None


class Impossible(QmsError):
    """A page says that it was printed in a way it cannot have been."""


def drawn_again(system: System, at: Standing, printed: bytes) -> Iterator[Expected]:
    """Every way the pages of a mark have been drawn right; nothing where it is not known how to draw them.

    `printed` is how a PDF says that it was printed, empty where it says nothing. Raises Impossible where that cannot
    be, QmsError when the pages cannot be drawn at all.
    """
    if at.record is not None:
        yield from _of_record(system, at.record)
    elif at.release is not None and at.kind != "form":
        yield from _of_document(system, at.release, printed)


# ── records


def _of_record(system: System, record: Record) -> Iterator[Expected]:
    """The pages of a record.

    Names of people and of the company are those in force when a page is drawn, and it may be drawn again later, in
    either language: so the day of the act, today, and the days on which configuration changed in between all count.
    """
    form = system.form_of(record.form)
    events = embedded(record)
    seen: list[Sheet] = []
    for then in _moments(system, record):
        for language in _languages(then):
            page = sheet(then, record, then.form_of(record.form), language=language)
            for said in (page, unsigned(page)) if form.form.purpose == Purpose.READING else (page,):
                if said not in seen:
                    seen.append(said)
                    yield Expected(partial(draw_pdf, said, form, events=events), partial(draw_docx, said, form))


def _languages(system: System) -> list[Language]:
    return sorted(Language, key=lambda language: language is not system.language)


def _moments(system: System, record: Record) -> Iterator[System]:
    """The system as it was when the act was recorded, as it is, and as it was in between."""
    recorded_at = record.last.recorded_at.astimezone(system.zone)
    then = _definitions(system, record.last.text("control"))
    if then is not None:
        yield replace(system, definitions=then, now=recorded_at)
    yield system
    days = {
        release.first_day
        for release in system.releases
        if release.kind is ItemKind.CONFIGURATION
        and release.first_day is not None
        and recorded_at.date() <= release.first_day < system.today
    }
    for day in sorted(days, reverse=True)[:MOST_DAYS]:
        yield replace(system, now=datetime.combine(day, time(12), system.zone))


def _definitions(system: System, commit: str) -> Definitions | None:
    """The definitions as of a commit of the releases; None where it is not one this copy holds."""
    if commit == system.control:
        return system.definitions
    try:
        if not system.objects.is_ancestor(commit, system.control):
            return None
        held = tuple(control.records(system.objects, commit, control.RELEASES))
        told = [Release.of(Record(tuple(stored.event for stored in events))) for events in held]
    except (QmsError, ValueError):
        return None
    stored = {release.record: events for release, events in zip(told, held, strict=True)}
    return replace(system.definitions, commit=commit, releases=tuple(told), stored=stored)


# ── documents


def _of_document(system: System, release: Release, printed: bytes) -> Iterator[Expected]:
    if not printed:
        for language in _languages(system):
            today = document_pages.print_of(system, release, language=language)
            others = replace(today, copies=(*today.copies, CopyEntry("-", "-", 1, "-", "-")))
            other = partial(document_pages.draw, system, release, others, kind="docx")
            yield replace(_document(system, release, today), other=other, also=_stamps(system, release, language))
        return
    try:
        wanted = printing.read_page(printed)
    except QmsError as error:
        raise Impossible("{source}: {reason}", source=printing.PAGE, reason=error.message) from None
    then = _told(system, release, wanted)
    as_then = Release.of(then.definitions.course(release))
    _refuse_impossible(then, as_then, wanted)
    yield _document(then, as_then, wanted)


def _stamps(system: System, release: Release, language: Language) -> str:
    """The words of every stamp and mark that pages of a revision have ever borne."""
    said = (*document_words.STAMPS.values(), *document_words.STATES.values(), *document_words.UNCONTROLLED)
    said += (document_words.STATE_CONTROLLED, document_words.STATE_UNCONTROLLED, document_words.CONTROLLED)
    said += tuple(text for texts in document_words.WATERMARKS.values() for text in texts)
    words = [f"{text.of(language)} {text.of(language)}{release.number}{release.revision}" for text in said]
    superseded, stamped = document_words.SUPERSEDED_BY.of(language), document_words.STAMP_COPY.of(language)
    words += [superseded.format(revision=r.revision) for r in system.releases if r.number == release.number]
    for copy in copies(system, release.number):
        holder = copy.department or system.people.names().get(copy.holder, copy.holder)
        words += [stamped.format(number=copy.number, holder=holder), document_words.day(copy.given_on, language)]
    return " ".join(words)


def _document(system: System, release: Release, wanted: Print) -> Expected:
    draw = partial(document_pages.draw, system, release, wanted)
    return Expected(partial(draw, kind="pdf"), partial(draw, kind="docx"))


def _told(system: System, release: Release, wanted: Print) -> System:
    """The system without the acts on the release after the last one the pages tell of."""
    events = system.definitions.events(release)
    place = next((at for at, stored in enumerate(events, 1) if stored.sha256 == wanted.last), 0)
    begun = events[0].event.recorded_at.astimezone(system.zone).date()
    if not place or wanted.drawn_on < begun:
        raise _impossible(message("drawn on {day}", day=wanted.drawn_on))
    stored = {**system.definitions.stored, release.record: events[:place]}
    as_then = Release.of(Record(tuple(item.event for item in events[:place])))
    known = [as_then if other.record == release.record else other for other in system.releases]
    if as_then.first_day is None:  # then it tells of every revision that was there
        own = [other for other in known if other.number == release.number]
        later = [other for other in own if not _was_there(system, other, as_then, wanted)]
        known = [other for other in known if other not in later]
    return replace(system, definitions=replace(system.definitions, stored=stored, releases=tuple(known)))


def _was_there(system: System, other: Release, release: Release, wanted: Print) -> bool:
    """Whether another revision was there when pages of one were printed that never came into force."""
    approved = (stored.event for stored in system.definitions.events(other) if stored.event.act == "approve")
    days = (event.recorded_at.astimezone(system.zone).date() for event in approved)
    return other.serial <= release.serial or (bool(wanted.superseded_by) and any(d <= wanted.drawn_on for d in days))


def _refuse_impossible(system: System, release: Release, wanted: Print) -> None:
    """Nothing; raises Impossible where the pages cannot have stood so on that day, or name copies nobody got."""
    noon = datetime.combine(wanted.drawn_on, time(12), system.zone)
    stood = document_pages.standing(replace(system, now=noon), release)
    ended = stood in (Stamp.SUPERSEDED, Stamp.WITHDRAWN)
    if wanted.standing is not stood and not (wanted.standing is Stamp.KEPT and ended):
        raise _impossible(message("not so stamped on {day}", day=wanted.drawn_on))
    followers = {other.revision for other in system.releases if other.number == release.number}
    if wanted.superseded_by and wanted.superseded_by not in followers:
        raise _impossible(message("superseded by {revision}", revision=wanted.superseded_by))
    for entry in wanted.copies:
        if not _was_given(system, release, entry, wanted.drawn_on):
            raise _impossible(_copy(entry.copy_number, entry.department))
    if wanted.copy is not None and not stamped(system, release, wanted.copy):
        raise _impossible(_copy(wanted.copy.number, wanted.copy.holder))


def _copy(number: str, holder: str) -> Message:
    return message("copy {number} of {holder}", number=number or "-", holder=holder)


def stamped(system: System, release: Release, stamp: StampedCopy) -> tuple[Copy, ...]:
    """The copies of a revision that were given with such a stamp."""
    return tuple(
        copy
        for copy in copies(system, release.number)
        if (copy.sha256, copy.number) == (release.manifest, stamp.number)
        and copy.given_on == stamp.on
        and stamp.holder in (copy.department, *(() if copy.department else _called(system, copy.holder, stamp.on)))
    )


def _was_given(system: System, release: Release, entry: CopyEntry, on: date) -> bool:
    """Whether a line of the distribution list can have stood there once."""
    if not entry.copy_number:
        front = system.definitions.procedure(release).front if release.kind is ItemKind.PROCEDURE else None
        return front is not None and entry.department in front.distribution
    same = (release.manifest, entry.department, entry.copy_number)
    own = [copy for copy in copies(system, release.number) if (copy.sha256, copy.department, copy.number) == same]
    return any(_was_told(system, system.record(copy.record).record, entry, on) for copy in own)


def _was_told(system: System, record: Record, entry: CopyEntry, on: date) -> bool:
    """Whether some act on a copy told of the hands and days in its line: who holds it changes, and is found again."""
    recorded = {event.recorded_at.astimezone(system.zone).date() for event in record.events}
    told = [(field, str(value)) for event in record.events for field, value in event.changes.items()]
    days = recorded | {day_of(value) for _, value in told}
    form = system.form_of(record.form).form
    fields = [field_of(form, means) for means in ("holder", "received_by", "returned_by")]
    people = {name for field, value in told if field in fields for name in _called(system, value, on)}
    hands = [text.rpartition(" ") for text in (entry.received, entry.returned) if text]
    return min(recorded) <= on and all(day_of(day) in days and who in ("", *people) for who, _, day in hands)


def _called(system: System, person: str, on: date) -> tuple[str, ...]:
    """What pages drawn on a day call a person, and what they do today."""
    known = (system.people, system.definitions.people(on=on))
    return tuple(people.names().get(person, person) for people in known)


def _impossible(what: Message) -> Impossible:
    return Impossible("it says that it was printed otherwise than it can have been ({what})", what=what)
