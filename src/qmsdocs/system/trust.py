"""Whether acts can be believed: signatures, keys as they counted then, the right to act, and the order of events.

Order is the order of the ledger, never a clock: whoever sets his clock back cannot write before what stands there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

from pydantic import BaseModel

from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.model.approval import Offices, opinions, refuse_approval, refuse_reviewer
from qmsdocs.model.hold import DECISION_MEANING, HOLD_MEANING, is_lawful_for_decision, is_lawful_for_hold
from qmsdocs.model.key import (
    DELEGATION_MEANING,
    KEY_MEANING,
    OFFERED,
    RegisteredKey,
    is_lawful_for_delegation,
    is_lawful_for_key,
)
from qmsdocs.model.organisation import Approval
from qmsdocs.model.record import Event, Record, lawful
from qmsdocs.model.release import MOVES, Course, ItemKind, Release, is_lawful
from qmsdocs.store import control, journal, names
from qmsdocs.store.event import Stored
from qmsdocs.store.objects import Objects
from qmsdocs.store.signature import namespace_of, verify
from qmsdocs.system.definitions import Definitions

OFFICERS = "configuration"  # the family whose row says who confirms keys and names deputies
PREFIX = {control.RELEASES: "REL", control.KEYS: "KEY", control.DELEGATIONS: "DEL"}
PREFIX |= {control.HOLDS: "HLD", control.DECISIONS: "DEC"}
LAWFUL = {
    control.RELEASES: is_lawful,
    control.KEYS: is_lawful_for_key,
    control.DELEGATIONS: is_lawful_for_delegation,
    control.HOLDS: is_lawful_for_hold,
    control.DECISIONS: is_lawful_for_decision,
}
MEANS = {  # series → act → what its signature means
    control.RELEASES: {act: move.meaning for act, move in MOVES.items()},
    control.KEYS: KEY_MEANING,
    control.DELEGATIONS: DELEGATION_MEANING,
    control.HOLDS: HOLD_MEANING,
    control.DECISIONS: DECISION_MEANING,
}
DECIDING = frozenset({"approve", "adopt", "withdraw"})
JUDGING = frozenset({*DECIDING, "review", "countersign", "reject", "keep"})


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
        for position, commit in enumerate(commits):
            added = objects.additions(commits[position - 1], commit) if position else tuple(objects.walk(commit))
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
            yield from self._lawful(event, stored, position)

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
            own = self._by_folder.get(_folder(stored.path), ())
            earlier = [other for other in own if other.path < stored.path]
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
        if known.lost_at is not None and (known.lost_at < position or self._after_loss(known.lost_at, stored)):
            yield message("the key of {person} had been reported lost before", person=person)
        elif key.lost_at is not None and at >= key.lost_at:
            yield message("the key of {person} was lost by then, {time}",
                          person=person, time=key.lost_at.isoformat(timespec="minutes"))  # fmt: skip

    def _after_loss(self, lost_at: int, stored: Stored) -> bool:
        """Whether a later state of the event's own ledger, noted after the loss was reported, did not hold it yet."""
        if stored.ledger == names.CONTROL:
            return False
        held = names.parse_branch(stored.ledger)
        site = held.site if held is not None else ""
        for noted in journal.all_of(self.objects, site, journal.HEADS) if site else ():
            ledgers = noted.event.mapping("set").get("ledgers")
            said = ledgers if isinstance(ledgers, dict) else {}
            seen, own = said.get(names.CONTROL), said.get(stored.ledger)
            if not isinstance(seen, dict) or str(seen.get("commit")) not in self.commits[lost_at:]:
                continue
            folder, _, name = stored.path.rpartition("/")
            commit = str(own.get("commit")) if isinstance(own, dict) else None
            return commit is None or all(entry.path != name for entry in self.objects.listing(commit, folder))
        return False

    # ── who may do what

    @cached_property
    def _held(self) -> Mapping[str, tuple[tuple[Stored, ...], ...]]:
        """The records of each series, with all their events."""
        names_of = tuple(PREFIX)
        if not self.commits:
            return dict.fromkeys(names_of, ())
        return {name: tuple(control.records(self.objects, self.commits[-1], name)) for name in names_of}

    @cached_property
    def _parsed(self) -> dict[str, BaseModel]:
        return {}

    @cached_property
    def _known(self) -> dict[str, Release]:
        return {}

    @cached_property
    def _by_folder(self) -> Mapping[str, tuple[Stored, ...]]:
        return {_folder(events[0].path): events for series in self._held.values() for events in series}

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

    def _lawful(self, event: Event, stored: Stored, position: int) -> Iterator[Message]:
        """What speaks against an act of control: its place in the course of its record, its meaning, who took it."""
        before = self._before(position)
        series = stored.path.partition("/")[0]
        own = self._by_folder.get(_folder(stored.path), ())
        earlier = [other.event for other in own if other.path < stored.path]
        state = earlier[-1].state if earlier else ""
        judge = LAWFUL.get(series, is_lawful)
        begins = series == control.RELEASES and event.act == "issue" and event.state == Course.TRIAL
        if not judge(event, state) or begins:
            yield message("the act {act} cannot do this to a revision that stands at {state}",
                          act=event.act, state=state or "-")  # fmt: skip
            return
        meaning = event.mapping("signer").get("meaning")
        if meaning is not None and meaning != MEANS.get(series, {}).get(event.act):
            yield message("the signature means {meaning}, which this act does not", meaning=str(meaning))
        day = event.recorded_at.astimezone(before.organisation(on=event.recorded_at.date()).zone).date()
        yield from self._rests_on(before, day)
        match series:
            case control.KEYS:
                yield from self._key_act(before, event, own, day)
            case control.DELEGATIONS:
                yield from self._delegation_act(before, event, own, day)
            case control.HOLDS | control.DECISIONS:
                yield from self._retention_act(before, event, series, day)
            case control.RELEASES if event.act != "issue":
                number = str(event.mapping("record").get("number"))
                found = [release for release in before.releases if release.record == number]
                if not found:
                    yield message("there is nothing it decides on")
                    return
                yield from self._rights(before, found[0], event, position)

    def _rests_on(self, before: Definitions, day: date) -> Iterator[Message]:
        """The settings an act was judged by, where they cannot be believed themselves."""
        for number in ("people.toml", "qms.toml"):
            used = before.release(ItemKind.CONFIGURATION, number, on=day)
            if any(self.problems(stored) for stored in before.events(used)):
                yield message("it rests on {number} {revision}, which cannot be believed",
                              number=number, revision=used.revision)  # fmt: skip

    def _key_act(self, before: Definitions, event: Event, own: Sequence[Stored], day: date) -> Iterator[Message]:
        """A key is confirmed by somebody else with a key and the right, once any approver ever had one.

        Its loss is reported by whoever is there: a thief is not to be waited for.
        """
        people, person = before.people(on=day), str(own[0].event.changes.get("person"))
        if event.act == "lose" and event.by != person and not people.has_role(event.by, (), on=day):
            yield message("{person} had no right to do so on {day}", person=event.by, day=day)
        if event.act != "confirm":
            return
        matrix = before.organisation(on=day).approval_of(OFFICERS)
        had = {key.person for key in before.keys if key.state != OFFERED}
        if not had & set(people.in_role(matrix.approve, on=day)):
            return
        authority = Offices(people, before.delegations, day).authority(event.by, (*matrix.approve, *matrix.review))
        if authority is None or event.by == person:
            yield message("{person} had no right to do so on {day}", person=event.by, day=day)
        if not event.mapping("signer"):
            yield message("the key was confirmed without a signature")

    def _delegation_act(self, before: Definitions, event: Event, own: Sequence[Stored], day: date) -> Iterator[Message]:
        """A deputy is named and recalled by the principal, or by who approves configuration."""
        matrix = before.organisation(on=day).approval_of(OFFICERS)
        people, principal = before.people(on=day), str(own[0].event.changes.get("principal"))
        if event.by != principal and not people.has_role(event.by, matrix.approve, on=day):
            yield message("{person} had no right to do so on {day}", person=event.by, day=day)
        had = {key.person for key in before.keys if key.state != OFFERED}
        if not event.mapping("signer") and had & set(people.in_role(matrix.approve, on=day)):
            yield message("it is not signed, and it had to be")

    def _retention_act(self, before: Definitions, event: Event, series: str, day: date) -> Iterator[Message]:
        """A hold is for who reviews or approves configuration; what happens at the end of a period, for who approves.

        Both are signed by who has a key; a decision by anybody from the first key of an approver on.
        """
        matrix = before.organisation(on=day).approval_of(OFFICERS)
        is_decision = series == control.DECISIONS
        roles = matrix.approve if is_decision else (*matrix.review, *matrix.approve)
        people = before.people(on=day)
        authority = Offices(people, before.delegations, day).authority(event.by, roles)
        if authority is None or authority.behalf != event.mapping("set").get("deputy_for"):
            yield message("{person} had no right to do so on {day}", person=event.by, day=day)
        elif authority.delegation is not None and self._is_doubtful(authority.delegation):
            yield message("the delegation {number} cannot be believed", number=authority.delegation)
        had = {key.person for key in before.keys if key.state != OFFERED}
        could = any(key.person == event.by and key.may_sign(event.recorded_at) for key in before.keys)
        is_signed = could or (is_decision and had & set(people.in_role(matrix.approve, on=day)))
        if is_signed and not event.mapping("signer"):
            yield message("it is not signed, and it had to be")

    def _rights(self, before: Definitions, release: Release, event: Event, position: int) -> Iterator[Message]:
        day = event.recorded_at.astimezone(before.organisation(on=event.recorded_at.date()).zone).date()
        is_opinion = event.act in JUDGING and event.act not in DECIDING
        had_key = any(key.person == event.by and key.may_sign(event.recorded_at) for key in before.keys)
        if is_opinion and had_key and not event.mapping("signer"):
            yield message("it is not signed, and it had to be")
        if event.act in JUDGING and event.act != "countersign":
            author = self._author(before, release, event)
            if event.by == author or event.mapping("set").get("deputy_for") == author:
                yield message("{person} judged what he had prepared himself", person=event.by)
        if event.act in DECIDING or event.act == "review":
            yield from self._role(before, release, event, day)
        if event.act in ("countersign", "answer"):
            yield from self._opinion(before, release, event, day)
        if event.act == "approve":
            yield from self._approval(before, release, event, max(day, self._last_day(before, position)))

    def _last_day(self, before: Definitions, position: int) -> date:
        at = self.objects.committed_at(self.commits[position - 1])
        return at.astimezone(before.organisation(on=at.date()).zone).date()

    def _author(self, before: Definitions, release: Release, event: Event) -> str:
        if event.act != "withdraw":
            return release.prepared_by
        asked = [e for e in before.course(release).events if e.act == "ask_withdrawal"]
        return asked[-1].by if asked else ""

    def _matrix(self, before: Definitions, release: Release, day: date) -> Approval:
        family = str(before.course(release).values.get("family") or release.kind)
        return before.organisation(on=day).approval_of(family)

    def _role(self, before: Definitions, release: Release, event: Event, day: date) -> Iterator[Message]:
        matrix = self._matrix(before, release, day)
        people = before.people(on=day)
        roles = matrix.review if event.act == "review" else matrix.approve
        authority = Offices(people, before.delegations, day).authority(event.by, roles)
        reviewed = [e.by for e in before.course(release).events if e.act == "review"]
        if authority is not None and event.act in DECIDING and reviewed:
            yield from refuse_reviewer(reviewed[-1], event.by, authority)
        if authority is None or authority.behalf != event.mapping("set").get("deputy_for"):
            yield message("{person} had no right to do so on {day}", person=event.by, day=day)
        elif authority.delegation is not None and self._is_doubtful(authority.delegation):
            yield message("the delegation {number} cannot be believed", number=authority.delegation)
        if event.act in DECIDING and not event.mapping("signer"):
            had = {key.person for key in before.keys if key.state != OFFERED}
            if had & set(people.in_role(roles, on=day)):
                yield message("it is not signed, and it had to be")

    def _opinion(self, before: Definitions, release: Release, event: Event, day: date) -> Iterator[Message]:
        """A countersignature changes the row of one department, by its head; an answer only answers."""
        was = {opinion.department: opinion for opinion in opinions(before.course(release).values)}
        now = {opinion.department: opinion for opinion in opinions(event.changes)}
        changed = [name for name in now if now[name] != was.get(name)]
        if was.keys() != now.keys() or len(changed) > 1:
            yield message("it changes what other departments said")
            return
        matrix = self._matrix(before, release, day)
        offices = Offices(before.people(on=day), before.delegations, day)
        for name in changed:
            if event.act == "answer" and replace(now[name], answer="") != replace(was[name], answer=""):
                yield message("it changes what other departments said")
            may = offices.in_department(event.by, name, matrix.countersign_roles)
            if event.act == "countersign" and (may is None or now[name].person != event.by):
                yield message("{person} had no right to do so on {day}", person=event.by, day=day)

    def _approval(self, before: Definitions, release: Release, event: Event, day: date) -> Iterator[Message]:
        record = before.course(release)
        yield from refuse_approval((), release, self._matrix(before, release, day), opinions(record.values))
        if str(event.mapping("set").get("effective_on")) < day.isoformat():
            yield message("the effective day lies before the approval")

    def _is_doubtful(self, delegation: str) -> bool:
        found = [e for e in self._held[control.DELEGATIONS] if e[0].event.mapping("record").get("number") == delegation]
        return any(self.problems(stored) for events in found for stored in events)


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
