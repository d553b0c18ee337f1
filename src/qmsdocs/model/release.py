"""Releases of controlled items: submitted, reviewed, approved; and which of them is in force on a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from qmsdocs.model.record import Event, FormReference, Move, Record, day_in, is_move, lawful


class ItemKind(StrEnum):
    """What a controlled item is."""

    FORM = "form"
    PROCEDURE = "procedure"
    CONFIGURATION = "configuration"


class Course(StrEnum):
    """Where a revision stands on its way; the states of the release form."""

    SUBMITTED = "submitted"
    REVIEWED = "reviewed"
    COUNTERSIGNED = "countersigned"
    APPROVED = "approved"
    TRIAL = "trial"
    REJECTED = "rejected"
    WITHDRAWING = "withdrawing"
    WITHDRAWN = "withdrawn"


OPEN = frozenset({Course.SUBMITTED, Course.REVIEWED, Course.COUNTERSIGNED})
DECIDED = frozenset({Course.APPROVED, Course.TRIAL, Course.WITHDRAWING, Course.WITHDRAWN})


_RIGHT = frozenset({"deputy_for", "delegation"})
_BEGUN = _RIGHT | {"kind", "number", "title", "family", "revision", "manifest", "replaces", "clauses", "opinions"}


_OPEN_STATES = ("submitted", "reviewed", "countersigned")
_BACK = tuple((state, "rejected") for state in _OPEN_STATES)
MOVES: Mapping[str, Move] = {
    "issue": Move(
        (("", "submitted"), ("", "trial")),
        _BEGUN | {"answer_by", "effective_on", "trial_until"},
        meaning="prepared",
    ),
    "review": Move((("submitted", "reviewed"), ("trial", "trial")), _RIGHT, meaning="reviewed"),
    "countersign": Move(
        (("reviewed", "reviewed"), ("reviewed", "countersigned")), frozenset({"opinions"}), meaning="countersigned"
    ),
    "answer": Move((("reviewed", "reviewed"), ("reviewed", "countersigned")), frozenset({"opinions"})),
    "approve": Move(
        tuple((state, "approved") for state in _OPEN_STATES), _RIGHT | {"effective_on"}, meaning="approved"
    ),
    "reject": Move(_BACK, _RIGHT, meaning="reviewed"),
    "take_back": Move(_BACK, _RIGHT),
    "adopt": Move((("trial", "approved"),), _RIGHT | {"trial_until"}, meaning="approved"),
    "ask_withdrawal": Move((("trial", "withdrawing"), ("approved", "withdrawing")), _RIGHT, meaning="prepared"),
    "keep": Move((("withdrawing", "trial"), ("withdrawing", "approved")), _RIGHT, meaning="reviewed"),
    "withdraw": Move(
        (("withdrawing", "withdrawn"), ("trial", "withdrawn")), _RIGHT | {"withdrawn_on"}, meaning="approved"
    ),
}


def is_lawful(event: Event, before: str) -> bool:
    """Whether an act may be taken in the state `before`, lead where it says, and write what it writes."""
    return is_move(MOVES, event, before)


@dataclass(frozen=True, slots=True)
class Release:
    """One revision on its way into force or in it.

    `manifest` is the sha256 of the revision, `record` the number of its release, `is_first` whether it is one of those
    the system began with.
    """

    kind: ItemKind
    number: str
    revision: str
    manifest: str
    effective_on: date | None
    trial_until: date | None
    state: Course
    record: str
    serial: int
    withdrawn_on: date | None = None
    title: str = ""
    prepared_by: str = ""
    is_first: bool = False

    @classmethod
    def of(cls, record: Record) -> Release:
        """The release a record of control tells of, as far as its acts are lawful. Raises ValueError."""
        record = lawful(record, is_lawful)
        said = record.values
        return cls(
            kind=ItemKind(str(said.get("kind"))),
            number=str(said.get("number")),
            revision=str(said.get("revision")),
            manifest=str(said.get("manifest")),
            effective_on=day_in(said, "effective_on"),
            trial_until=day_in(said, "trial_until"),
            state=Course(record.state),
            record=record.number,
            serial=record.serial,
            withdrawn_on=day_in(said, "withdrawn_on"),
            title=str(said.get("title") or ""),
            prepared_by=record.first.by,
            is_first=record.first.state == Course.TRIAL,
        )

    @property
    def form(self) -> FormReference:
        """The form revision it is, where it is one of a form."""
        return FormReference(self.number, self.revision, self.manifest)

    @property
    def is_trial(self) -> bool:
        """Whether it is in force on trial (试行)."""
        return self.trial_until is not None

    @property
    def is_open(self) -> bool:
        """Whether it is still on its way to approval."""
        return self.state in OPEN

    @property
    def first_day(self) -> date | None:
        """The first day it is in force, None where it never is: not approved, or withdrawn before it began."""
        if self.effective_on is None or self.state not in DECIDED:
            return None
        never = self.withdrawn_on is not None and self.withdrawn_on <= self.effective_on
        return None if never else self.effective_on

    @property
    def order(self) -> tuple[date, int]:
        """What decided releases are ordered by."""
        return self.first_day or date.min, self.serial


def decided(releases: Iterable[Release], kind: ItemKind, number: str) -> tuple[Release, ...]:
    """The revisions of an item that are, were or will be in force, in order of their effective days."""
    own = (r for r in releases if r.kind is kind and r.number == number and r.first_day is not None)
    return tuple(sorted(own, key=lambda release: release.order))


def in_force(releases: Iterable[Release], kind: ItemKind, number: str, *, on: date) -> Release | None:
    """The revision in force on the day `on`: the last one effective by then, unless it was withdrawn.

    For a day before the system began what it began with counts: what was received just before is judged by it.
    """
    known = [release for release in releases if release.kind is kind and release.number == number]
    own = decided(known, kind, number)
    begun = [release for release in own if release.effective_on is not None and release.effective_on <= on]
    if not begun:
        return own[0] if own and any(release.is_first for release in known) else None
    last = begun[-1]
    return None if last.withdrawn_on is not None and last.withdrawn_on <= on else last


def follower(releases: Iterable[Release], release: Release) -> Release | None:
    """The revision that comes or came into force after `release`."""
    own = decided(releases, release.kind, release.number)
    later = [other for other in own if other.order > release.order]
    return later[0] if later else None
