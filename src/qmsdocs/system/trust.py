"""Whether acts can be believed: signatures, keys as they counted then, the right to act, and the order of events.

Order is the order of the ledger, never a clock: whoever sets his clock back cannot write before what stands there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from pydantic import BaseModel

from qmsdocs.base.errors import Message, QmsError
from qmsdocs.model.key import RegisteredKey, lost_since
from qmsdocs.model.record import Event, Record
from qmsdocs.model.release import ItemKind, Release
from qmsdocs.store import certificate, control, history, journal, names
from qmsdocs.store.event import Stored
from qmsdocs.store.objects import Objects
from qmsdocs.store.signature import namespace_of, verify
from qmsdocs.system.definitions import Definitions
from qmsdocs.system.moment import Moments
from qmsdocs.system.rights import Fault, Right, counted, doubt

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
    settled: dict[str, bool] = field(default_factory=dict, repr=False)  # reports of losses that name an earlier moment

    @classmethod
    def of(cls, definitions: Definitions, repository: str) -> Trust:
        """The history behind the definitions."""
        objects = definitions.objects
        commits = history.commits(objects, definitions.commit)
        order: dict[str, int] = {}
        damaged: list[str] = []
        for position, (commit, added) in enumerate(zip(commits, objects.growth(commits), strict=True)):
            if added is None:
                damaged.append(commit)
            for entry in objects.walk(commit) if added is None else added:
                order.setdefault(entry.path, position)
        return cls(objects, repository, commits, tuple(damaged), order)

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
            yield doubt(Fault.ORDER, "its time has no zone")
            return
        if self.damaged and stored.ledger == names.CONTROL:
            yield doubt(
                Fault.GROUND,
                "what stood in the releases was changed or removed later ({commit})",
                commit=self.damaged[0][:12],
            )
        yield from self._misplaced(stored, event)
        position = self._position(stored, event)
        if position is None:
            if not _is_before_control(stored, event):
                yield doubt(Fault.ORDER, "it names a state of the releases that is not held here")
            return
        self._settle(position)
        if stored.ledger == names.CONTROL:
            yield from self._out_of_order(event, position)
        signer = event.mapping("signer")
        if bool(signer) != bool(stored.signature):
            yield (doubt(Fault.UNSIGNED, "the signature is missing") if signer
                   else doubt(Fault.UNFIT, "there is a signature, but no signer is named"))  # fmt: skip
            return
        if signer and stored.signature:
            yield from self._signature(stored, event, position)
        try:
            yield from self._without_right(stored, event, position)
        except QmsError as error:  # what it is judged by cannot be read
            yield error.message

    def _without_right(self, stored: Stored, event: Event, position: int) -> Iterator[Message]:
        if stored.ledger == names.CONTROL and position:
            yield from self._right(stored, event, position).to_act_in(stored.path.partition("/")[0])
        elif (series := stored.path.partition("/")[0]) in (certificate.SERIES, journal.SEAT) and position:
            if not stored.ledger.startswith(names.JOURNAL):
                return  # a series of records may bear any name
            if self._is_later(position, stored):
                yield doubt(Fault.ORDER, "it names an older state of the releases than its journal had noted before")
            right = self._right(stored, event, position)
            yield from right.to_sit() if series == journal.SEAT else right.to_destroy()

    def _misplaced(self, stored: Stored, event: Event) -> Iterator[Message]:
        said = names.parse_path(stored.path)
        record = event.mapping("record")
        if event.text("repository") != self.repository:
            yield doubt(Fault.PLACE, "it was made for another repository")
        if event.text("ledger") != stored.ledger:
            yield doubt(Fault.PLACE, "it was made for another ledger, {ledger}", ledger=event.text("ledger"))
        if said is None or (record.get("series"), record.get("serial")) != (said.series, said.serial):
            yield doubt(Fault.PLACE, "it was made for another record, {number}", number=str(record.get("number")))
        elif (event.body.get("sequence"), event.act) != (said.sequence, said.act):
            yield doubt(Fault.PLACE, "it was made for another place in its record")
        if stored.ledger == names.CONTROL and said is not None:
            earlier = self._earlier(stored)
            chained = earlier[-1].sha256 if earlier else None
            if event.body.get("previous") != chained or said.sequence != len(earlier) + 1:
                yield doubt(Fault.PLACE, "it does not follow the act before it in its record")
            if said.series in PREFIX and record.get("number") != _number(said):
                yield doubt(Fault.PLACE, "it was made for another record, {number}", number=str(record.get("number")))

    def _position(self, stored: Stored, event: Event) -> int | None:
        """How many commits of control the event could know."""
        if stored.ledger == names.CONTROL:
            return self.order.get(stored.path)
        return self.known(event.text("control"))

    def _out_of_order(self, event: Event, position: int) -> Iterator[Message]:
        parent = self.commits[position - 1] if position else None
        if event.body.get("control") != parent:
            yield doubt(Fault.ORDER, "it names another state of the releases than the one it was written on")
        if parent is None or event.body.get("clock") == "behind":
            return
        if event.recorded_at < self.objects.committed_at(parent) - journal.TOLERANCE:
            yield doubt(
                Fault.ORDER,
                "its time, {time}, lies before that of the act before it",
                time=event.recorded_at.isoformat(timespec="minutes"),
            )

    @cached_property
    def _moments(self) -> Moments:
        return Moments(self.objects, self.commits)

    # ── keys

    @cached_property
    def _keys(self) -> tuple[_KeyHistory, ...]:
        found = []
        for events in self._held[control.KEYS]:
            with suppress(ValueError):
                found.append(self._history(events))
        return tuple(found)

    def _history(self, events: tuple[Stored, ...]) -> _KeyHistory:
        record, held = Record(tuple(stored.event for stored in events)), counted(events)
        at = {stored.event.act: self.order.get(stored.path, 0) for stored in held}
        return _KeyHistory(RegisteredKey.of(record), at["issue"], at.get("confirm"), held)

    def _signature(self, stored: Stored, event: Event, position: int) -> Iterator[Message]:
        signer = event.mapping("signer")
        person, fingerprint, meaning = (str(signer.get(name)) for name in ("person", "key", "meaning"))
        own_key = stored.path.startswith(f"{control.KEYS}/") and event.act == "issue"
        if person != (event.changes.get("person") if own_key else event.by):
            yield doubt(Fault.OTHER_SIGNER, "it is said by {by} and signed by {signer}", by=event.by, signer=person)
        made_by = verify(stored.data, stored.signature or b"", namespace=namespace_of(meaning))
        if made_by is None:
            yield doubt(Fault.UNFIT, "the signature is not one of these bytes and this meaning ({meaning})",
                        meaning=meaning)  # fmt: skip
            return
        if made_by.fingerprint != fingerprint:
            yield doubt(Fault.OTHER_SIGNER, "the signature was made with another key than the one named")
        known = [key for key in self._keys if (key.key.fingerprint, key.key.person) == (made_by.fingerprint, person)]
        if not known:
            yield doubt(Fault.OTHER_SIGNER, "{person} has no such key", person=person)
            return
        yield from min((tuple(self._did_count(key, stored, event, position)) for key in known), key=len)

    def _did_count(self, known: _KeyHistory, stored: Stored, event: Event, position: int) -> Iterator[Message]:
        key, person = known.key, known.key.person
        if known.offered_at == position and event.act == "issue" and stored.path.startswith(f"{control.KEYS}/"):
            return  # a key vouches for itself when it is registered
        if known.confirmed_at is None or known.confirmed_at >= position:
            yield doubt(Fault.KEY, "the key of {person} did not count yet", person=person)
            return  # what came later is not asked: it may rest on this
        for stored_act in known.events:
            if stored_act.event.act != "lose" and (why := self.problems(stored_act)):
                root = why[0].values.get("why", why[0])  # of a chain of keys its first fault is said
                yield doubt(Fault.KEY, "the key of {person} cannot be believed: {why}", person=person, why=root)
        at = self._moments.of(stored, position)
        if at.date() < key.from_on or (key.until_on is not None and at.date() > key.until_on):
            yield doubt(Fault.KEY, "the key of {person} counted from {first} to {last}",
                          person=person, first=key.from_on, last=key.until_on or "…")  # fmt: skip
        yield from self._was_lost(known, stored, position, at)

    def _was_lost(self, known: _KeyHistory, stored: Stored, position: int, at: datetime) -> Iterator[Message]:
        """A report counts from its own place on, whoever made it; from an earlier moment only if that is believed."""
        person = known.key.person
        for report in known.events:
            if report.event.act != "lose":
                continue
            place, since = self.order.get(report.path, 0), lost_since(report.event)
            if place < position or self._is_later(place, stored):
                yield doubt(Fault.KEY, "the key of {person} had been reported lost before", person=person)
                return
            if since is not None and at >= since and self._is_settled(known, report, place):
                yield doubt(Fault.KEY, "the key of {person} was lost by then, {time}",
                              person=person, time=since.isoformat(timespec="minutes"))  # fmt: skip
                return

    def _is_settled(self, known: _KeyHistory, report: Stored, place: int) -> bool:
        """Whether a report is signed, with another key, and believed by what stood before it.

        What it undoes itself is not asked: it may be the ground it stands on.
        """
        signer = report.event.mapping("signer")
        if not signer or signer.get("key") == known.key.fingerprint or not place:
            return False
        if report.sha256 not in self.settled:
            self.settled[report.sha256] = not replace(self, commits=self.commits[:place]).problems(report)
        return self.settled[report.sha256]

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
            if commit is not None and not self.objects.has(commit):
                continue  # a disposal replaced it; the next note tells what it left
            return commit is None or all(entry.path != name for entry in self.objects.listing(commit, folder))
        return False

    # ── who may do what

    @cached_property
    def _held(self) -> Mapping[str, tuple[tuple[Stored, ...], ...]]:
        """The records of each series, with the acts that follow each other in the order in which they came."""
        found = {name: map(self._in_order, control.records(self.objects, self.commits[-1], name)) for name in PREFIX}
        return {name: tuple(events for events in records if events) for name, records in found.items()}

    def _in_order(self, events: tuple[Stored, ...]) -> tuple[Stored, ...]:
        """The acts of a record without those that came where another stood, or under the number of another record."""
        found: list[Stored] = []
        for stored in sorted(events, key=self._place):
            said, body = names.parse_path(stored.path), stored.event.body
            if said is None or _number(said) != stored.event.mapping("record").get("number"):
                continue
            if said.sequence == body.get("sequence") == len(found) + 1:
                found.append(stored)
        return tuple(found)

    def _place(self, stored: Stored) -> tuple[int, str]:
        return self.order.get(stored.path, len(self.commits)), stored.path

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
        return tuple(other for other in own if self._place(other) < self._place(stored))

    def _right(self, stored: Stored, event: Event, position: int) -> Right:
        earlier = tuple(other.event for other in counted(self._earlier(stored)))
        return Right(self._before(position), event, earlier, self._moments.of(stored, position))

    @cached_property
    def _snapshots(self) -> dict[int, Definitions]:
        return {}

    def _before(self, position: int) -> Definitions:
        """The definitions an act at `position` was judged by: what rights rest on, as far as it can be believed."""
        if position not in self._snapshots:

            def series(name: str) -> Iterator[tuple[Stored, ...]]:
                for events in self._held[name]:
                    known = events  # all of them, which is the case for most
                    if self.order.get(events[-1].path, position) >= position:
                        known = tuple(e for e in events if self.order.get(e.path, position) < position)
                    if not self.damaged and _gives_rights(name, events):
                        known = tuple(stored for stored in known if not self.problems(stored))
                    if known:
                        yield known

            self._snapshots.clear()  # acts come in order of their records; one is kept, not all
            commit = self.commits[position - 1]
            self._snapshots[position] = Definitions.of(
                self.objects, commit, series, parsed=self._parsed, known=self._known
            )
        return self._snapshots[position]

    @cached_property
    def _grounds(self) -> list[Stored]:
        """The acts that decide who may do what, the last one first; those that were judged are gone."""
        held = (item for name, records in self._held.items() for item in records if _gives_rights(name, item))
        return sorted((stored for events in held for stored in events), key=self._place, reverse=True)

    def _settle(self, position: int) -> None:
        """Nothing; what gave rights before is judged from the first act on, so that no question goes far back."""
        while self._grounds and not self.damaged and self._place(self._grounds[-1])[0] < position:
            self.problems(self._grounds.pop())


def _is_before_control(stored: Stored, event: Event) -> bool:
    """Whether it is what a journal says before there are any releases: its first seat, what it opens and notes."""
    is_first = not stored.path.startswith(f"{journal.SEAT}/") or stored.path.startswith(_FIRST_SEAT)
    series = stored.path.partition("/")[0]
    of_program = stored.ledger.startswith(names.JOURNAL) and series in (journal.SEAT, journal.OPENING, journal.HEADS)
    return of_program and is_first and event.body.get("control") is None


def _gives_rights(series: str, events: Sequence[Stored]) -> bool:
    """Whether acts of a record decide who may do what: settings, keys, deputies, and what was decided of records."""
    if series != control.RELEASES:
        return series != control.HOLDS
    return any(stored.event.changes.get("kind") == ItemKind.CONFIGURATION for stored in events)


def _number(said: names.PathInLedger) -> str:
    """The number of a record of control."""
    return f"{PREFIX.get(said.series, '')}-{said.serial:06d}"


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class _KeyHistory:
    """A key with the positions in control at which it was offered and confirmed, and its acts that count."""

    key: RegisteredKey
    offered_at: int
    confirmed_at: int | None
    events: tuple[Stored, ...]
