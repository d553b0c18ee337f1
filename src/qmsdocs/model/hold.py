"""What stands against the end of a retention period: holds, and decisions to keep longer or to hand over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import QmsError
from qmsdocs.model.record import Event, Move, Record, is_move, lawful

PLACED, LIFTED, DECIDED = "placed", "lifted", "decided"
_RIGHT = frozenset({"deputy_for", "delegation"})
_LISTS = frozenset({"numbers", "classes", "forms", "customers"})
_DAYS = frozenset({"opened_from", "opened_to", "reviewed_on", "lifted_on", "until_on"})
_SCOPE = _LISTS | {"opened_from", "opened_to"}
HOLD_MOVES: Mapping[str, Move] = {
    "issue": Move((("", PLACED),), _SCOPE | {"title", "asked_by"} | _RIGHT, meaning="approved"),
    # The second ways are for where the first lifting cannot be believed.
    "review": Move(((PLACED, PLACED), (LIFTED, PLACED)), frozenset({"reviewed_on"}) | _RIGHT, meaning="reviewed"),
    "lift": Move(((PLACED, LIFTED), (LIFTED, LIFTED)), frozenset({"lifted_on"}) | _RIGHT, meaning="approved"),
}
DECISION_MOVES: Mapping[str, Move] = {
    "issue": Move(
        (("", DECIDED),),
        frozenset({"kind", "numbers", "until_on", "retention", "receiver"}) | _RIGHT,
        meaning="approved",
    ),
}


def is_lawful_for_hold(event: Event, before: str) -> bool:
    """Whether an act on a hold may follow the state before it: placed, looked at again, lifted once."""
    return is_move(HOLD_MOVES, event, before) and _is_readable(event)


def is_lawful_for_decision(event: Event, before: str) -> bool:
    """Whether an act may be: a decision is recorded once and not changed; a later one takes its place."""
    return is_move(DECISION_MOVES, event, before) and _is_readable(event)


def _is_readable(event: Event) -> bool:
    """Whether its moment, its days and its lists are such."""
    said = event.changes
    try:
        is_aware = event.recorded_at.tzinfo is not None
        for name in said.keys() & _DAYS:
            _day(said, name)
    except (ValueError, QmsError):
        return False
    lists = (said[name] for name in said.keys() & _LISTS)
    return is_aware and all(isinstance(found, list) and all(isinstance(text, str) for text in found) for found in lists)


@dataclass(frozen=True, slots=True)
class Subject:
    """What of a record decides whether a hold covers it."""

    number: str
    retention: str
    form: str
    customer: str  # every name ever given, one on a line
    opened_on: tuple[date, ...]  # every day it was ever said to be; none: it cannot be read


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold: records by number, and every record that fits all conditions of its scope."""

    record: str
    title: str
    reason: str
    by: str
    asked_by: str
    numbers: frozenset[str]
    classes: frozenset[str]
    forms: frozenset[str]
    customers: frozenset[str]
    opened_from: date | None
    opened_to: date | None
    from_on: date
    reviewed_on: date | None
    lifted_on: date | None
    state: str

    @classmethod
    def of(cls, record: Record) -> Hold:
        """The hold a record places, as far as its acts are lawful. Raises ValueError."""
        record = lawful(record, is_lawful_for_hold)
        said = record.values
        return cls(
            record=record.number,
            title=str(said.get("title") or ""),
            reason=record.first.text("reason"),
            by=record.first.by,
            asked_by=str(said.get("asked_by") or ""),
            numbers=_texts(said, "numbers"),
            classes=_texts(said, "classes"),
            forms=_texts(said, "forms"),
            customers=_texts(said, "customers"),
            opened_from=_day(said, "opened_from"),
            opened_to=_day(said, "opened_to"),
            from_on=record.first.recorded_at.date(),
            reviewed_on=_day(said, "reviewed_on"),
            lifted_on=_day(said, "lifted_on"),
            state=record.state,
        )

    @property
    def is_in_force(self) -> bool:
        """Whether it has not been lifted."""
        return self.state == PLACED

    @property
    def looked_at_on(self) -> date:
        """The day somebody last decided that it stands."""
        return self.reviewed_on or self.from_on

    @property
    def has_scope(self) -> bool:
        """Whether it covers more than records by number."""
        return bool(self.classes or self.forms or self.customers or self.opened_from or self.opened_to)

    def covers(self, subject: Subject) -> bool:
        """Whether the record is held by it, in force or not."""
        if subject.number in self.numbers:
            return True
        named = ((self.classes, subject.retention), (self.forms, subject.form))
        if not self.has_scope or any(wanted and found not in wanted for wanted, found in named):
            return False
        if self.customers and not any(name in subject.customer for name in self.customers):
            return False
        if self.opened_from is None and self.opened_to is None:
            return True
        first, last = self.opened_from or date.min, self.opened_to or date.max
        days = subject.opened_on  # one whose day cannot be read is held: better too much than too little
        return not days or any(first <= day <= last for day in days)


class DecisionKind(StrEnum):
    """What was decided of records whose period ends; destroying is decided by a disposal certificate."""

    KEEP = "keep"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision on records by number: kept on until a day or as another class, or handed over to somebody."""

    record: str
    kind: DecisionKind
    numbers: frozenset[str]
    until_on: date | None
    retention: str
    reason: str
    by: str

    @classmethod
    def of(cls, record: Record) -> Decision:
        """The decision a record tells of. Raises ValueError."""
        record = lawful(record, is_lawful_for_decision)
        said = record.values
        return cls(
            record=record.number,
            kind=DecisionKind(str(said.get("kind"))),
            numbers=_texts(said, "numbers"),
            until_on=_day(said, "until_on"),
            retention=str(said.get("retention") or ""),
            reason=record.first.text("reason"),
            by=record.first.by,
        )


def _texts(said: Mapping[str, Json], name: str) -> frozenset[str]:
    value = said.get(name)
    return frozenset(str(text) for text in value) if isinstance(value, list) else frozenset()


def _day(said: Mapping[str, Json], name: str) -> date | None:
    value = said.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError(name)
    return date.fromisoformat(value)
