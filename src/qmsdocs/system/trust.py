"""Whether acts can be believed: signatures, keys as they counted then, the right to act, and the order of events.

Order is the order of the ledger, never a clock: whoever sets his clock back cannot write before what stands there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

from pydantic import BaseModel

from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.model.key import (
    RegisteredKey,
    is_lawful_for_key,
)
from qmsdocs.model.record import Event, Record, lawful
from qmsdocs.model.release import Release
from qmsdocs.store import certificate, control, journal, names
from qmsdocs.store.event import Stored
from qmsdocs.store.objects import Objects
from qmsdocs.store.signature import namespace_of, verify
from qmsdocs.system.definitions import Definitions
from qmsdocs.system.rights import Right

PREFIX = {control.RELEASES: "REL", control.KEYS: "KEY", control.DELEGATIONS: "DEL"}
_FIRST_SEAT = names.record_folder(journal.SEAT, 1)
PREFIX |= {control.HOLDS: "HLD", control.DECISIONS: "DEC"}


@dataclass(frozen=True)
class Trust:
    """The history of `qms/control` up to one commit, act by act. `commits` are oldest first."""

    objects: Objects = field(repr=False)
    repository: str
    commits: tuple[str, ...]
    damaged: tuple[str, ...]  # commits that changed or removed what stood there
    order: Mapping[str, int] = field(repr=False)  # path of an event → position of its commit

    @classmethod
    def of(cls, definitions: Definitions, repository: str) -> Trust:
        """The history behind the definitions."""
        objects = definitions.objects
        commits = [definitions.commit]
        while parents := objects.parents(commits[-1]):
            commits.append(parents[0])
        commits.reverse()
        order: dict[str, int] = {}
        damaged: list[str] = []
        for position, (commit, added) in enumerate(zip(commits, objects.growth(commits), strict=True)):
            if added is None:
                damaged.append(commit)
            for entry in objects.walk(commit) if added is None else added:
                order.setdefault(entry.path, position)
        return cls(objects, repository, tuple(commits), tuple(damaged), order)

    def problems(self, stored: Stored) -> tuple[Message, ...]:
        """Everything that speaks against believing an event of any ledger; empty when nothing does."""
        if stored.ledger != names.CONTROL:
            return tuple(self._problems(stored))  # nothing rests on it, and there may be millions
        if stored.path not in self._found:
            self._found[stored.path] = ()  # while it is being judged: what rests on itself is not asked again
            self._found[stored.path] = tuple(self._problems(stored))
        return self._found[stored.path]

    @cached_property
    def _found(self) -> dict[str, tuple[Message, ...]]:
        return {}

    def definitions(self, commit: str) -> Definitions | None:
        """What was in force when `commit` was the newest of control; None where it is not held here."""
        position = self.known(commit)
        return self._before(position) if position else None

    def known(self, commit: str) -> int | None:
        """How many commits of control stood when `commit` was the newest; None where it is not held here."""
        return self._positions.get(commit)

    @cached_property
    def _positions(self) -> Mapping[str, int]:
        return {commit: position for position, commit in enumerate(self.commits, 1)}

    def _problems(self, stored: Stored) -> Iterator[Message]:
        event = stored.event
        try:
            has_zone = event.recorded_at.tzinfo is not None and event.at.tzinfo is not None
        except QmsError as error:
            yield error.message
            return
        if not has_zone:
            yield message("its time has no zone")
            return
        if self.damaged and stored.ledger == names.CONTROL:
            yield message(
                "what stood in the releases was changed or removed later ({commit})", commit=self.damaged[0][:12]
            )
        yield from self._misplaced(stored, event)
        position = self._position(stored, event)
        if position is None:
            if not _is_before_control(stored, event):
                yield message("it names a state of the releases that is not held here")
            return
        if stored.ledger == names.CONTROL:
            yield from self._out_of_order(event, position)
        signer = event.mapping("signer")
        if bool(signer) != bool(stored.signature):
            yield message("the signature is missing" if signer else "there is a signature, but no signer is named")
            return
        if signer and stored.signature:
            yield from self._signature(stored, event, position)
        if stored.ledger == names.CONTROL and position:
            yield from self._right(stored, event, position).to_act_in(stored.path.partition("/")[0])
        elif (series := stored.path.partition("/")[0]) in (certificate.SERIES, journal.SEAT) and position:
            if not stored.ledger.startswith(names.JOURNAL):
                return  # a series of records may bear any name
            if self._is_later(position, stored):
                yield message("it names an older state of the releases than its journal had noted before")
            right = self._right(stored, event, position)
            yield from right.to_sit() if series == journal.SEAT else right.to_destroy()

    def _misplaced(self, stored: Stored, event: Event) -> Iterator[Message]:
        said = names.parse_path(stored.path)
        record = event.mapping("record")
        if event.text("repository") != self.repository:
            yield message("it was made for another repository")
        if event.text("ledger") != stored.ledger:
            yield message("it was made for another ledger, {ledger}", ledger=event.text("ledger"))
        if said is None or (record.get("series"), record.get("serial")) != (said.series, said.serial):
            yield message("it was made for another record, {number}", number=str(record.get("number")))
        elif (event.body.get("sequence"), event.act) != (said.sequence, said.act):
            yield message("it was made for another place in its record")
        if stored.ledger == names.CONTROL and said is not None:
            earlier = self._earlier(stored)
            chained = earlier[-1].sha256 if earlier else None
            if event.body.get("previous") != chained or said.sequence != len(earlier) + 1:
                yield message("it does not follow the act before it in its record")
            if said.series in PREFIX and record.get("number") != f"{PREFIX[said.series]}-{said.serial:06d}":
                yield message("it was made for another record, {number}", number=str(record.get("number")))

    def _position(self, stored: Stored, event: Event) -> int | None:
        """How many commits of control the event could know."""
        if stored.ledger == names.CONTROL:
            return self.order.get(stored.path)
        return self.known(event.text("control"))

    def _out_of_order(self, event: Event, position: int) -> Iterator[Message]:
        parent = self.commits[position - 1] if position else None
        if event.body.get("control") != parent:
            yield message("it names another state of the releases than the one it was written on")
        if parent is None or event.body.get("clock") == "behind":
            return
        if event.recorded_at < self.objects.committed_at(parent) - journal.TOLERANCE:
            yield message(
                "its time, {time}, lies before that of the act before it",
                time=event.recorded_at.isoformat(timespec="minutes"),
            )

    # ── keys

    @cached_property
    def _keys(self) -> tuple[_KeyHistory, ...]:
        found = []
        for events in self._held[control.KEYS]:
            with suppress(ValueError):
                found.append(self._history(events))
        return tuple(found)

    def _history(self, events: tuple[Stored, ...]) -> _KeyHistory:
        record = Record(tuple(stored.event for stored in events))
        held = events[: len(lawful(record, is_lawful_for_key).events)]
        at = {stored.event.act: self.order.get(stored.path, 0) for stored in held}
        return _KeyHistory(RegisteredKey.of(record), at["issue"], at.get("confirm"), at.get("lose"), held)

    def _signature(self, stored: Stored, event: Event, position: int) -> Iterator[Message]:
        signer = event.mapping("signer")
        person, fingerprint, meaning = (str(signer.get(name)) for name in ("person", "key", "meaning"))
        own_key = stored.path.startswith(f"{control.KEYS}/") and event.act == "issue"
        if person != (event.changes.get("person") if own_key else event.by):
            yield message("it is said by {by} and signed by {signer}", by=event.by, signer=person)
        made_by = verify(stored.data, stored.signature or b"", namespace=namespace_of(meaning))
        if made_by is None:
            yield message("the signature is not one of these bytes and this meaning ({meaning})", meaning=meaning)
            return
        if made_by.fingerprint != fingerprint:
            yield message("the signature was made with another key than the one named")
        known = [key for key in self._keys if key.key.fingerprint == made_by.fingerprint]
        if not known or known[0].key.person != person:
            yield message("{person} has no such key", person=person)
            return
        yield from self._did_count(known[0], stored, event, position)

    def _did_count(self, known: _KeyHistory, stored: Stored, event: Event, position: int) -> Iterator[Message]:
        key, person = known.key, known.key.person
        if known.offered_at == position and event.act == "issue" and stored.path.startswith(f"{control.KEYS}/"):
            return  # a key vouches for itself when it is registered
        if known.confirmed_at is None or known.confirmed_at >= position:
            yield message("the key of {person} did not count yet", person=person)
        for stored_act in known.events:
            if stored_act.event.act != "lose" and (why := self.problems(stored_act)):
                yield message("the key of {person} cannot be believed: {why}", person=person, why=why[0])
        at = event.recorded_at
        if at.date() < key.from_on or (key.until_on is not None and at.date() > key.until_on):
            yield message("the key of {person} counted from {first} to {last}",
                          person=person, first=key.from_on, last=key.until_on or "…")  # fmt: skip
        if known.lost_at is not None and (known.lost_at < position or self._is_later(known.lost_at, stored)):
            yield message("the key of {person} had been reported lost before", person=person)
        elif key.lost_at is not None and at >= key.lost_at:
            yield message("the key of {person} was lost by then, {time}",
                          person=person, time=key.lost_at.isoformat(timespec="minutes"))  # fmt: skip

    def _is_later(self, position: int, stored: Stored) -> bool:
        """Whether the event's own ledger did not hold it yet when `position` commits of control were exceeded.

        That is what its journal noted of both.
        """
        if stored.ledger == names.CONTROL:
            return False
        held = names.parse_branch(stored.ledger)
        site = held.site if held is not None else ""
        for noted in journal.all_of(self.objects, site, journal.HEADS) if site else ():
            ledgers = noted.event.mapping("set").get("ledgers")
            said = ledgers if isinstance(ledgers, dict) else {}
            seen, own = said.get(names.CONTROL), said.get(stored.ledger)
            if not isinstance(seen, dict) or str(seen.get("commit")) not in self.commits[position:]:
                continue
            folder, _, name = stored.path.rpartition("/")
            commit = str(own.get("commit")) if isinstance(own, dict) else None
            if stored.ledger == noted.ledger:  # a journal does not note itself, but where it stood
                commit = noted.event.text("journal") or None
            return commit is None or all(entry.path != name for entry in self.objects.listing(commit, folder))
        return False

    # ── who may do what

    @cached_property
    def _held(self) -> Mapping[str, tuple[tuple[Stored, ...], ...]]:
        """The records of each series, with all their events."""
        return {name: tuple(control.records(self.objects, self.commits[-1], name)) for name in PREFIX}

    @cached_property
    def _parsed(self) -> dict[str, BaseModel]:
        return {}

    @cached_property
    def _known(self) -> dict[str, Release]:
        return {}

    @cached_property
    def _by_folder(self) -> Mapping[str, tuple[Stored, ...]]:
        return {_folder(events[0].path): events for series in self._held.values() for events in series}

    def _earlier(self, stored: Stored) -> tuple[Stored, ...]:
        """The acts before this one in its record of control."""
        own = self._by_folder.get(_folder(stored.path), ())
        return tuple(other for other in own if other.path < stored.path)

    def _right(self, stored: Stored, event: Event, position: int) -> Right:
        earlier = tuple(other.event for other in self._earlier(stored))
        last_at = self.objects.committed_at(self.commits[position - 1])
        delegations = self._held[control.DELEGATIONS]
        return Right(self._before(position), event, earlier, last_at, self.problems, delegations)

    @cached_property
    def _snapshots(self) -> dict[int, Definitions]:
        return {}

    def _before(self, position: int) -> Definitions:
        """The definitions an act at `position` was judged by."""
        if position not in self._snapshots:

            def series(name: str) -> Iterator[tuple[Stored, ...]]:
                for events in self._held[name]:
                    if self.order.get(events[-1].path, position) < position:
                        yield events  # all of them, which is the case for most
                    elif known := tuple(e for e in events if self.order.get(e.path, position) < position):
                        yield known

            self._snapshots.clear()  # acts come in order of their records; one is kept, not all
            commit = self.commits[position - 1]
            self._snapshots[position] = Definitions.of(
                self.objects, commit, series, parsed=self._parsed, known=self._known
            )
        return self._snapshots[position]


def _is_before_control(stored: Stored, event: Event) -> bool:
    """Whether it is what a journal says before there are any releases: its first seat, what it opens and notes."""
    is_first = not stored.path.startswith(f"{journal.SEAT}/") or stored.path.startswith(_FIRST_SEAT)
    series = stored.path.partition("/")[0]
    of_program = stored.ledger.startswith(names.JOURNAL) and series in (journal.SEAT, journal.OPENING, journal.HEADS)
    return of_program and is_first and event.body.get("control") is None


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class _KeyHistory:
    """A key with the positions in control at which it was offered, confirmed and reported lost."""

    key: RegisteredKey
    offered_at: int
    confirmed_at: int | None
    lost_at: int | None
    events: tuple[Stored, ...]
