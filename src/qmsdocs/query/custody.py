"""Custody of documents: who holds which numbered copy, who has read what, what is due for review or a check."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from qmsdocs.base.language import Text
from qmsdocs.model.calendar import add_period
from qmsdocs.model.quantity import Quantity
from qmsdocs.model.release import ItemKind, Release
from qmsdocs.query.purpose import Entry, Purpose, ceased_on, column, day_of, entries, numbers_in_force
from qmsdocs.system.view import System


class CopyStanding(StrEnum):
    """Where a numbered copy is."""

    OUT = "out"
    RETURNED = "returned"
    DESTROYED = "destroyed"
    LOST = "lost"
    VOID = "void"


class Verdict(StrEnum):
    """What a periodic review decides."""

    KEEP = "keep"
    REVISE = "revise"
    WITHDRAW = "withdraw"


AGAIN = "again"  # the result of a reader who must be trained once more
_ENDS = {  # of two on one day the later one counts
    "returned_on": CopyStanding.RETURNED,
    "lost_on": CopyStanding.LOST,
    "destroyed_on": CopyStanding.DESTROYED,
}


@dataclass(frozen=True, slots=True)
class Copy:
    """One numbered copy: what it is, who has it since when, and where it ended."""

    record: str
    document: str
    revision: str
    sha256: str
    number: str
    department: str
    holder: str  # an id, or the name of somebody outside
    given_on: date | None
    standing: CopyStanding
    ended_on: date | None = None
    received_by: str = ""
    received_on: date | None = None
    returned_by: str = ""
    returned_on: date | None = None

    @property
    def is_out(self) -> bool:
        """Whether somebody still has it."""
        return self.standing is CopyStanding.OUT

    @property
    def order(self) -> tuple[str, int, str, str]:
        """What copies are listed by: document, number, day, record."""
        count = int(self.number) if self.number.isdecimal() else 0
        return self.document, count, f"{self.given_on or ''}", self.record


@dataclass(frozen=True, slots=True)
class Recall:
    """A copy that must come back: since when its revision is not in force, and the one that is (empty: none)."""

    copy: Copy
    since: date | None
    in_force: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One person on a reading record; it counts once the record has been signed."""

    record: str
    document: str
    revision: str
    sha256: str
    person: str
    read_on: date
    is_signed: bool


@dataclass(frozen=True, slots=True)
class Unread:
    """A person who must read the revision in force and has not; `sheet` is the open record that lists the person."""

    person: str
    name: str
    department: str
    sheet: str


@dataclass(frozen=True, slots=True)
class External:
    """A document of external origin: its edition, when somebody last checked that it is valid, when again."""

    record: str
    number: str
    title: str
    edition: str
    department: str
    checked_on: date | None
    due_on: date | None
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class Review:
    """When a document is to be reviewed again; `verdict` is that of the last review of the revision in force."""

    number: str
    title: Text
    revision: str
    owner: str
    reviewed_on: date | None
    verdict: str
    due_on: date
    is_overdue: bool
    open_record: str = ""  # the review that is under way


# ── copies


def copy_label(written: str) -> str:
    """A copy number as it is compared: `03`, `３` and ` 3 ` are 3; other texts as they stand."""
    text = unicodedata.normalize("NFKC", written).strip()
    return str(int(text)) if text.isdecimal() and len(text) <= 9 else text


def copies(system: System, document: str | None = None) -> tuple[Copy, ...]:
    """All copies ever given (of one document), by document and copy number, older ones first."""
    found = entries(system, Purpose.DISTRIBUTION)
    wanted = (_copy(entry) for entry in found if document is None or entry.text("document") == document)
    return tuple(sorted(wanted, key=lambda copy: copy.order))


def _copy(entry: Entry) -> Copy:
    standing, ended_on = _standing(entry)
    return Copy(
        entry.row.number,
        entry.text("document"),
        entry.text("document_revision"),
        entry.text("document_sha256"),
        copy_label(entry.text("copy_number")),
        entry.text("department"),
        entry.text("holder"),
        entry.day("given_on") or day_of(entry.row.opened_at),
        standing,
        ended_on,
        entry.text("received_by"),
        entry.day("received_on"),
        entry.text("returned_by"),
        entry.day("returned_on"),
    )


def _standing(entry: Entry) -> tuple[CopyStanding, date | None]:
    """Where the copy of a record is, and since when it is not out: the last of the ends the record tells of."""
    if entry.row.is_void:
        return CopyStanding.VOID, None
    if entry.row.state == entry.form.first_state and not entry.row.is_closed:
        return CopyStanding.OUT, None  # found again, too
    ends = [(day, means) for means in _ENDS if (day := entry.day(means)) is not None]
    if ends:
        ended_on, means = max(ends, key=lambda end: (end[0], tuple(_ENDS).index(end[1])))
        return _ENDS[means], ended_on
    return (CopyStanding.RETURNED if entry.row.is_closed else CopyStanding.OUT), None


def recall(system: System, document: str | None = None) -> tuple[Recall, ...]:
    """The copies that are out although their revision is no longer in force, by document and copy number."""
    known: dict[tuple[str, str], tuple[bool, date | None, str]] = {}
    found: list[Recall] = []
    for copy in copies(system, document):
        key = copy.document, copy.sha256
        if copy.is_out and key not in known:
            known[key] = (*_obsolete(system, *key), _current(system, copy.document))
        if copy.is_out and known[key][0]:
            _, since, current = known[key]
            found.append(Recall(copy, since, current))
    return tuple(found)


def _obsolete(system: System, document: str, manifest: str) -> tuple[bool, date | None]:
    """Whether a revision is no longer in force, and since when; one that nobody released never was."""
    own = [r for r in system.releases if (r.number, r.manifest) == (document, manifest) and r.first_day is not None]
    since = ceased_on(system, own[-1]) if own else None
    return not own or since is not None, since


def _current(system: System, number: str) -> str:
    """The revision of an item in force today, empty where there is none."""
    found = (system.in_force(kind, number) for kind in ItemKind)
    return next((release.revision for release in found if release is not None), "")


def has_left(system: System, person: str) -> bool:
    """Whether somebody known here does not serve today; people from outside never leave."""
    found = system.people.person.get(person)
    return found is not None and not found.serves(system.today)


# ── reading


def readings(system: System, document: str | None = None) -> tuple[Reading, ...]:
    """Everybody on a reading record (of one document), in order of the records."""
    found = (reading for entry in entries(system, Purpose.READING) for reading in _readings(entry))
    return tuple(reading for reading in found if document is None or reading.document == document)


def _readings(entry: Entry) -> Iterator[Reading]:
    if entry.row.is_void:
        return
    is_signed = entry.row.is_closed or entry.row.state != entry.form.first_state
    changed_on = datetime.fromisoformat(entry.row.changed_at).date()
    for table, row in entry.rows("readers"):
        yield Reading(
            entry.row.number,
            entry.text("document"),
            entry.text("document_revision"),
            entry.text("document_sha256"),
            str(row.get(column(table, "reader"), "")),
            day_of(row.get(column(table, "read_on"))) or changed_on,
            is_signed and row.get(column(table, "read_result")) != AGAIN,
        )


def unread(system: System, release: Release) -> tuple[Unread, ...]:
    """The people in force whose role must have read a revision and who have not, by department and name."""
    if release.kind is not ItemKind.PROCEDURE:
        return ()
    roles = system.definitions.procedure(release).front.readers
    required = system.people.in_role(roles, on=system.today) if roles else ()
    own = [item for item in readings(system, release.number) if item.sha256 == release.manifest]
    read = {item.person for item in own if item.is_signed}
    listed = {item.person: item.record for item in own if not item.is_signed}
    found = []
    for person in required:
        if person not in read:
            said = system.people.person[person]
            found.append(Unread(person, said.name, said.department or "", listed.get(person, "")))
    return tuple(sorted(found, key=lambda item: (item.department, item.name)))


# ── periodic review


def reviews(system: System) -> tuple[Review, ...]:
    """When each document in force that has a period is to be reviewed, the earliest first."""
    held: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries(system, Purpose.PERIODIC_REVIEW):
        if not entry.row.is_void:
            held.setdefault((entry.text("document"), entry.text("document_revision")), []).append(entry)
    found = [_review(system, number, held) for number in numbers_in_force(system, ItemKind.PROCEDURE)]
    return tuple(sorted((item for item in found if item), key=lambda item: (item.due_on, item.number)))


def _review(system: System, number: str, held: Mapping[tuple[str, str], Sequence[Entry]]) -> Review | None:
    """The review of one document: first due a period after it came into force, later when the last one says."""
    release = system.definitions.release(ItemKind.PROCEDURE, number, on=system.today)
    front = system.definitions.procedure(release).front
    own = [e for e in held.get((number, release.revision), ()) if e.text("document_sha256") in ("", release.manifest)]
    done = sorted((e for e in own if e.row.is_closed), key=lambda entry: (_reviewed_on(entry), entry.row.recorded_at))
    last = done[-1] if done else None
    reviewed_on = _reviewed_on(last) if last else None
    verdict = last.text("verdict") if last else ""
    due_on = last.day("next_review_on") if last else None
    if due_on is None:
        due_on = next_review(reviewed_on if verdict == Verdict.KEEP else release.first_day, front.review_every)
    if due_on is None:
        return None
    under_way = next((e.row.number for e in own if not e.row.is_closed), "")
    late = due_on < system.today
    return Review(number, front.title, release.revision, front.owner, reviewed_on, verdict, due_on, late, under_way)


def _reviewed_on(entry: Entry) -> date:
    return day_of(entry.row.opened_at) or date.min


def next_review(day: date | None, every: Quantity | None) -> date | None:
    """The day a review is due `every` so long after `day`; None without a period, or beyond the calendar."""
    if day is None or every is None:
        return None
    try:
        return add_period(day, every)
    except (ValueError, OverflowError):  # hours, or a period of thousands of years
        return None


# ── documents of external origin


def externals(system: System) -> tuple[External, ...]:
    """The documents of external origin in use, the one whose check is due first at the head."""
    found = [_external(system, entry) for entry in entries(system, Purpose.EXTERNAL) if not entry.row.is_closed]
    return tuple(sorted(found, key=lambda item: (item.due_on or date.max, item.number, item.record)))


def _external(system: System, entry: Entry) -> External:
    due_on = entry.day("next_check_on")
    return External(
        entry.row.number,
        entry.text("document"),
        entry.text("subject"),
        entry.text("edition"),
        entry.text("department"),
        entry.day("checked_on"),
        due_on,
        due_on is not None and due_on < system.today,
    )
