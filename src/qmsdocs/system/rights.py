"""Whether an act may have been taken, by the definitions that stood before it: its course, its meaning, the right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property

from qmsdocs.base.errors import Message, message
from qmsdocs.model.approval import Offices, opinions, refuse_approval, refuse_reviewer
from qmsdocs.model.hold import DECISION_MEANING, HOLD_MEANING, is_lawful_for_decision, is_lawful_for_hold
from qmsdocs.model.key import DELEGATION_MEANING, KEY_MEANING, is_lawful_for_delegation, is_lawful_for_key
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
MEANS = {  # series → act → what its signature means
    control.RELEASES: {act: move.meaning for act, move in MOVES.items()},
    control.KEYS: KEY_MEANING,
    control.DELEGATIONS: DELEGATION_MEANING,
    control.HOLDS: HOLD_MEANING,
    control.DECISIONS: DECISION_MEANING,
}
DECIDING = frozenset({"approve", "adopt", "withdraw"})
OPINING = frozenset({"review", "countersign", "reject", "keep"})


@dataclass(frozen=True)
class Right:
    """The right to take an act, by the definitions `before` it."""

    before: Definitions
    event: Event
    earlier: tuple[Event, ...]  # the acts before it in its record
    last_at: datetime  # when the act of control before it was taken
    problems: Callable[[Stored], Sequence[Message]]  # what speaks against another act
    delegations: Sequence[tuple[Stored, ...]]  # ever recorded

    @cached_property
    def _day(self) -> date:
        return self.before.day_of(self.event.recorded_at)

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
        yield from self._meant(MEANS.get(series, {}))
        yield from self._rests_on()
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
            yield message("the signature means {meaning}, which this act does not", meaning=str(meaning))

    def _rests_on(self) -> Iterator[Message]:
        """The settings an act was judged by, where they cannot be believed themselves."""
        for number in ("people.toml", "qms.toml"):
            used = self.before.release(ItemKind.CONFIGURATION, number, on=self._day)
            if any(self.problems(stored) for stored in self.before.events(used)):
                yield message("it rests on {number} {revision}, which cannot be believed",
                              number=number, revision=used.revision)  # fmt: skip

    def _no_right(self) -> Message:
        return message("{person} had no right to do so on {day}", person=self.event.by, day=self._day)

    def _by_role(self, roles: tuple[str, ...], *, says_for_whom: bool = True) -> Iterator[Message]:
        """What speaks against whoever acted in one of the roles, himself or as the deputy the act names."""
        authority = self._offices.authority(self.event.by, roles)
        behalf = self.event.mapping("set").get("deputy_for")
        if authority is None or (says_for_whom and authority.behalf != behalf):
            yield self._no_right()
        elif authority.delegation is not None and self._is_doubtful(authority.delegation):
            yield message("the delegation {number} cannot be believed", number=authority.delegation)

    def _is_doubtful(self, delegation: str) -> bool:
        found = [events for events in self.delegations if control.key_of(events[0]).number == delegation]
        return any(self.problems(stored) for events in found for stored in events)

    def _signed(self, had_to: bool) -> Iterator[Message]:
        if had_to and not self.event.mapping("signer"):
            yield message("it is not signed, and it had to be")

    def _must_sign(self, roles: tuple[str, ...]) -> bool:
        return self.before.must_sign(roles, on=self._day)

    def _had_key(self) -> bool:
        return self.before.signs(self.event.by, at=self.event.recorded_at)

    def _of_key(self) -> Iterator[Message]:
        """A key is confirmed by somebody else with a key and the right, once any approver ever had one.

        Its loss is reported by whoever is there: a thief is not to be waited for.
        """
        event, person = self.event, str((*self.earlier, self.event)[0].changes.get("person"))
        if event.act == "lose" and event.by != person and not self._offices.people.has_role(event.by, (), on=self._day):
            yield self._no_right()
        if event.act != "confirm" or not self._must_sign(self._officers.approve):
            return
        roles = (*self._officers.approve, *self._officers.review)
        if self._offices.authority(event.by, roles) is None or event.by == person:
            yield self._no_right()
        if not event.mapping("signer"):
            yield message("the key was confirmed without a signature")

    def _of_delegation(self) -> Iterator[Message]:
        """A deputy is named and recalled by the principal, or by who approves configuration."""
        roles, principal = self._officers.approve, str((*self.earlier, self.event)[0].changes.get("principal"))
        if self.event.by != principal and not self._offices.people.has_role(self.event.by, roles, on=self._day):
            yield self._no_right()
        yield from self._signed(self._must_sign(roles))

    def _of_retention(self, *, is_decision: bool) -> Iterator[Message]:
        """A hold is for who reviews or approves configuration; what happens at the end of a period, for who approves.

        Both are signed by who has a key; a decision by anybody from the first key of an approver on.
        """
        deciding, reviewing = self._officers.approve, self._officers.review
        yield from self._by_role(deciding if is_decision else (*reviewing, *deciding))
        yield from self._signed(self._had_key() or (is_decision and self._must_sign(deciding)))

    def _of_release(self, release: Release) -> Iterator[Message]:
        event, course = self.event, self.before.course(release)
        if event.act in OPINING:
            yield from self._signed(self._had_key())
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
            not_before = max(self._day, self.before.day_of(self.last_at))
            if str(event.mapping("set").get("effective_on")) < not_before.isoformat():
                yield message("the effective day lies before the approval")

    def _decided(self, matrix: Approval, reviewers: Sequence[str]) -> Iterator[Message]:
        authority = self._offices.authority(self.event.by, matrix.approve)
        if authority is not None and reviewers:
            yield from refuse_reviewer(reviewers[-1], self.event.by, authority)
        yield from self._by_role(matrix.approve)
        yield from self._signed(self._must_sign(matrix.approve))

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
