"""Whether an act may have been taken, by the definitions that stood before it: its course, its meaning, the right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum, auto
from functools import cached_property

from qmsdocs.base.errors import Message, message
from qmsdocs.model.approval import Offices, opinions, refuse_approval, refuse_reviewer
from qmsdocs.model.hold import DECISION_MOVES, HOLD_MOVES, is_lawful_for_decision, is_lawful_for_hold
from qmsdocs.model.key import (
    DELEGATION_MOVES,
    KEY_MOVES,
    is_lawful_for_delegation,
    is_lawful_for_key,
    lost_since,
)
from qmsdocs.model.organisation import Approval
from qmsdocs.model.record import Event
from qmsdocs.model.release import MOVES, Course, ItemKind, Release, is_lawful
from qmsdocs.store import certificate, control, seat
from qmsdocs.store.event import Stored
from qmsdocs.system.definitions import Definitions

LAWFUL = {
    control.RELEASES: is_lawful,
    control.KEYS: is_lawful_for_key,
    control.DELEGATIONS: is_lawful_for_delegation,
    control.HOLDS: is_lawful_for_hold,
    control.DECISIONS: is_lawful_for_decision,
}
_MOVES = {
    control.RELEASES: MOVES,
    control.KEYS: KEY_MOVES,
    control.DELEGATIONS: DELEGATION_MOVES,
    control.HOLDS: HOLD_MOVES,
    control.DECISIONS: DECISION_MOVES,
}
DECIDING = frozenset({"approve", "adopt", "withdraw"})
OPINING = frozenset({"review", "countersign", "reject", "keep"})


class Fault(Enum):
    """What kind of thing speaks against believing an act."""

    UNSIGNED = auto()
    UNFIT = auto()
    OTHER_SIGNER = auto()
    KEY = auto()
    RIGHT = auto()
    PLACE = auto()
    ORDER = auto()
    GROUND = auto()


@dataclass(frozen=True, slots=True)
class Doubt(Message):
    """What speaks against believing an act, and of what kind it is; any other message speaks against the right."""

    fault: Fault = Fault.RIGHT


def doubt(fault: Fault, template: str, /, **values: object) -> Doubt:
    """The doubt of a kind that `template` says with `values`."""
    return Doubt(template, values, fault)


def counted(events: Sequence[Stored]) -> tuple[Stored, ...]:
    """The acts of a record of control that count: those that may follow the acts before them."""
    state, found = "", []
    for stored in events:
        if LAWFUL.get(stored.path.partition("/")[0], is_lawful)(stored.event, state):
            found.append(stored)
            state = stored.event.state
    return tuple(found)


@dataclass(frozen=True)
class Right:
    """The right to take an act, by the definitions `before` it, as far as these can be believed."""

    before: Definitions
    event: Event
    earlier: tuple[Event, ...]  # the acts before it in its record that count
    at: datetime  # the moment it is judged at, whatever its clock said

    @cached_property
    def _day(self) -> date:
        return self.before.day_of(self.at)

    @cached_property
    def _officers(self) -> Approval:
        """Who confirms keys, names deputies, places holds and decides what is destroyed."""
        return self.before.organisation(on=self._day).approval_of(ItemKind.CONFIGURATION)

    @cached_property
    def _offices(self) -> Offices:
        return Offices(self.before.people(on=self._day), self.before.delegations, self._day)

    def to_act_in(self, series: str) -> Iterator[Message]:
        """What speaks against an act of control: its place in the course of its record, its meaning, who took it."""
        event, state = self.event, self.earlier[-1].state if self.earlier else ""
        begins = series == control.RELEASES and event.act == "issue" and event.state == Course.TRIAL
        if not LAWFUL.get(series, is_lawful)(event, state) or begins:
            yield message("the act {act} cannot do this to a revision that stands at {state}",
                          act=event.act, state=state or "-")  # fmt: skip
            return
        yield from self._meant({act: move.meaning for act, move in _MOVES.get(series, {}).items()})
        match series:
            case control.KEYS:
                yield from self._of_key()
            case control.DELEGATIONS:
                yield from self._of_delegation()
            case control.HOLDS | control.DECISIONS:
                yield from self._of_retention(is_decision=series == control.DECISIONS)
            case control.RELEASES if event.act != "issue":
                number = str(event.mapping("record").get("number"))
                found = [release for release in self.before.releases if release.record == number]
                if not found:
                    yield message("there is nothing it decides on")
                    return
                yield from self._of_release(found[0])

    def to_destroy(self) -> Iterator[Message]:
        """A certificate is authorised, and given up, by who approves configuration; all of its acts are signed."""
        roles = self._officers.approve if self.event.act in ("issue", certificate.DROP) else ()  # else whoever is there
        yield from self._meant(certificate.MEANING)
        yield from self._by_role(roles, says_for_whom=False)
        yield from self._signed(True)

    def to_sit(self) -> Iterator[Message]:
        """A seat is taken by whoever is there; it is signed from the first key on that anybody had."""
        if (self.event.act, self.event.state) != ("issue", "recorded"):
            yield message("the act {act} leads to {state}", act=self.event.act, state=self.event.state)
        yield from self._meant({"issue": seat.MEANING})
        yield from self._by_role(())
        yield from self._signed(self.before.has_keys)

    def _meant(self, means: Mapping[str, str | None]) -> Iterator[Message]:
        """What speaks against the meaning of its signature."""
        meaning = self.event.mapping("signer").get("meaning")
        if meaning is not None and meaning != means.get(self.event.act):
            yield doubt(Fault.UNFIT, "the signature means {meaning}, which this act does not", meaning=str(meaning))

    def _no_right(self) -> Message:
        return message("{person} had no right to do so on {day}", person=self.event.by, day=self._day)

    def _by_role(self, roles: tuple[str, ...], *, says_for_whom: bool = True) -> Iterator[Message]:
        """What speaks against whoever acted in one of the roles, himself or as the deputy the act names."""
        authority, said = self._offices.authority(self.event.by, roles), self.event.mapping("set")
        if authority is not None and (authority.behalf == said.get("deputy_for") or not says_for_whom):
            return
        named = said.get("delegation")
        if named is None or any(delegation.record == named for delegation in self.before.delegations):
            yield self._no_right()
        else:
            yield doubt(Fault.GROUND, "the delegation {number} cannot be believed", number=str(named))

    def _signed(self, had_to: bool) -> Iterator[Message]:
        if had_to and not self.event.mapping("signer"):
            yield doubt(Fault.UNSIGNED, "it is not signed, and it had to be")

    def _must_sign(self, roles: tuple[str, ...]) -> bool:
        return self.before.must_sign(roles, on=self._day)

    def _signs(self, roles: tuple[str, ...] = ()) -> Iterator[Message]:
        """What speaks against an act without signature: who ever had a key signs, with approvers' keys everybody."""
        yield from self._signed(self.before.had_key(self.event.by) or self._must_sign(roles))

    def _of_key(self) -> Iterator[Message]:
        """A key is confirmed by somebody else with a key and the right, once any approver ever had one.

        Its loss is reported by whoever is there: a thief is not to be waited for. That it was lost earlier undoes what
        was signed since, so that is said with a signature, by the person or by who confirms keys.
        """
        event, person = self.event, str((*self.earlier, self.event)[0].changes.get("person"))
        roles = (*self._officers.approve, *self._officers.review)
        has_right = self._offices.authority(event.by, roles) is not None
        if event.act == "lose":
            lost_at = lost_since(event)
            is_earlier = lost_at is not None and lost_at < self.at
            is_there = self._offices.people.has_role(event.by, (), on=self._day)
            if event.by != person and not (has_right if is_earlier else is_there):
                yield self._no_right()
            yield from self._signed(is_earlier)
        elif event.act == "confirm" and self._must_sign(self._officers.approve):
            if not has_right or event.by == person:
                yield self._no_right()
            if not event.mapping("signer"):
                yield doubt(Fault.UNSIGNED, "the key was confirmed without a signature")

    def _of_delegation(self) -> Iterator[Message]:
        """A deputy is named and recalled by the principal, or by who approves configuration."""
        roles, principal = self._officers.approve, str((*self.earlier, self.event)[0].changes.get("principal"))
        if self.event.by != principal and not self._offices.people.has_role(self.event.by, roles, on=self._day):
            yield self._no_right()
        yield from self._signs(roles)

    def _of_retention(self, *, is_decision: bool) -> Iterator[Message]:
        """A hold is for who reviews or approves configuration; what happens at the end of a period, for who approves.

        Both are signed by who ever had a key, and by anybody from the first key of an approver on.
        """
        deciding, reviewing = self._officers.approve, self._officers.review
        yield from self._by_role(deciding if is_decision else (*reviewing, *deciding))
        yield from self._signs(deciding)

    def _of_release(self, release: Release) -> Iterator[Message]:
        event, course = self.event, self.before.course(release)
        if event.act in OPINING:
            yield from self._signs()
        if event.act in DECIDING | OPINING and event.act != "countersign":
            asked = [e.by for e in course.events if e.act == "ask_withdrawal"]
            author = release.prepared_by if event.act != "withdraw" else asked[-1] if asked else ""
            if author in (event.by, event.mapping("set").get("deputy_for")):
                yield message("{person} judged what he had prepared himself", person=event.by)
        matrix = self.before.approval_of(release, on=self._day)
        if event.act in DECIDING:
            yield from self._decided(matrix, [e.by for e in course.events if e.act == "review"])
        elif event.act == "review":
            yield from self._by_role(matrix.review)
        elif event.act in ("countersign", "answer"):
            yield from self._opinion(release, matrix)
        if event.act == "approve":
            yield from refuse_approval((), release, matrix, opinions(course.values))
            if str(event.mapping("set").get("effective_on")) < self._day.isoformat():
                yield message("the effective day lies before the approval")

    def _decided(self, matrix: Approval, reviewers: Sequence[str]) -> Iterator[Message]:
        authority = self._offices.authority(self.event.by, matrix.approve)
        if authority is not None and reviewers:
            yield from refuse_reviewer(reviewers[-1], self.event.by, authority)
        yield from self._by_role(matrix.approve)
        yield from self._signs(matrix.approve)

    def _opinion(self, release: Release, matrix: Approval) -> Iterator[Message]:
        """A countersignature changes the row of one department, by its head; an answer only answers."""
        event = self.event
        was = {opinion.department: opinion for opinion in opinions(self.before.course(release).values)}
        now = {opinion.department: opinion for opinion in opinions(event.changes)}
        changed = [name for name in now if now[name] != was.get(name)]
        if was.keys() != now.keys() or len(changed) > 1:
            yield message("it changes what other departments said")
            return
        for name in changed:
            if event.act == "answer" and replace(now[name], answer="") != replace(was[name], answer=""):
                yield message("it changes what other departments said")
            may = self._offices.in_department(event.by, name, matrix.countersign_roles)
            if event.act == "countersign" and (may is None or now[name].person != event.by):
                yield self._no_right()
