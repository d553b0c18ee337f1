"""What the journals of the sites say: seats, openings, and where each ledger stood; read whole, faults set aside."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TypeAlias

from qmsdocs.base.errors import Message, QmsError
from qmsdocs.store import history, journal, ledger, names, seat
from qmsdocs.store.event import Stored
from qmsdocs.store.objects import Head, Objects
from qmsdocs.store.tree import FILE, Entry

Unreadable: TypeAlias = "tuple[tuple[str, Message], ...]"  # path of an event, or the ledger, and why


@dataclass(frozen=True, slots=True)
class Note:
    """What one heads event says of one ledger; `number` and `serial` are those of the event."""

    site: str
    number: str
    serial: int
    at: datetime
    head: journal.LedgerHead

    @property
    def commit(self) -> str:
        """Where the ledger stood."""
        return self.head.commit

    @property
    def events(self) -> int:
        """How many acts it held."""
        return self.head.events


@dataclass(frozen=True)
class Journal:
    """The journal of a site: its events in order of path, and the paths of those that cannot be read, with why."""

    site: str
    commit: str
    events: tuple[Stored, ...] = field(repr=False)
    unreadable: Unreadable
    commits: frozenset[str] = field(repr=False)

    @property
    def branch(self) -> str:
        """The journal's own branch."""
        return names.journal_of(self.site)

    @cached_property
    def series(self) -> Mapping[str, tuple[Stored, ...]]:
        """The events by series."""
        found: dict[str, list[Stored]] = {}
        for stored in self.events:
            found.setdefault(stored.path.partition("/")[0], []).append(stored)
        return {name: tuple(events) for name, events in found.items()}

    @cached_property
    def openings(self) -> Mapping[str, Stored]:
        """The first opening of each ledger."""
        found: dict[str, Stored] = {}
        for stored in self.series.get(journal.OPENING, ()):
            found.setdefault(str(stored.event.mapping("set").get("ledger")), stored)
        return found

    @cached_property
    def notes(self) -> Mapping[str, tuple[Note, ...]]:
        """What was noted of each ledger, oldest first."""
        found: dict[str, list[Note]] = {}
        for stored in self.series.get(journal.HEADS, ()):
            for branch, note in notes_of(self.site, stored).items():
                found.setdefault(branch, []).append(note)
        return {branch: tuple(notes) for branch, notes in found.items()}

    @cached_property
    def seats(self) -> tuple[tuple[Stored, seat.Seat], ...]:
        """The seats, oldest first, each with its event."""
        return tuple((stored, seat.read_seat(stored, self.site)) for stored in self.series.get(journal.SEAT, ()))


def notes_of(site: str, stored: Stored) -> Mapping[str, Note]:
    """What a heads event says of each ledger."""
    heads, number = journal.read_heads(stored), str(stored.event.mapping("record").get("number"))
    place = names.parse_path(stored.path)
    serial = place.serial if place is not None else 0
    return {branch: Note(site, number, serial, heads.recorded_at, said) for branch, said in heads.ledgers.items()}


def journals(objects: Objects, heads: Mapping[str, Head]) -> tuple[Journal, ...]:
    """The journals among the ledgers `heads`; of one that is damaged, what can be read."""
    found = ((names.parse_branch(branch), head.commit) for branch, head in heads.items())
    return tuple(
        _journal(objects, name.site, name.branch, commit)
        for name, commit in found
        if name is not None and name.kind is names.Kind.JOURNAL
    )


def _journal(objects: Objects, site: str, branch: str, commit: str) -> Journal:
    events, unreadable = acts_of(objects, branch, commit)
    return Journal(site, commit, events, unreadable, commits_of(objects, commit))


def acts_of(objects: Objects, branch: str, commit: str) -> tuple[tuple[Stored, ...], Unreadable]:
    """The events of a ledger in order of path, and the paths of those that cannot be read, with why."""
    events: list[Stored] = []
    unreadable: list[tuple[str, Message]] = []
    entries: dict[str, Entry] = {}
    try:
        entries.update((entry.path, entry) for entry in objects.walk(commit))
    except QmsError as error:
        unreadable.append((branch, error.message))
    for path, entry in entries.items():
        said = names.parse_path(path)
        if said is None or entry.mode != FILE or not said.act or said.is_signature:
            continue  # what does not belong there is for the rules over the history
        signature = entries.get(path + names.SIGNATURE_SUFFIX)
        try:
            stored = ledger.read_stored(objects, branch, path, entry.oid, signature.oid if signature else None)
            _check_moment(stored)
            events.append(stored)
        except QmsError as error:
            unreadable.append((path, error.message))
    return tuple(events), tuple(unreadable)


def _check_moment(stored: Stored) -> None:
    if stored.event.recorded_at.tzinfo is None:
        raise QmsError("its time has no zone")


def commits_of(objects: Objects, commit: str) -> frozenset[str]:
    """The commits of a ledger, as far back as its history can be read."""
    found: set[str] = set()
    with suppress(QmsError):  # that the history is cut off is found by whoever checks it
        found.update(made.commit for made in history.steps(objects, commit))
    return frozenset(found)
