"""A record: the events of its ledger folder, folded. The fold is two lines; everything else is reading."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import cast

from qmsdocs.base.canonical import Json, loads, sha256
from qmsdocs.base.errors import QmsError

FORMAT = 1
FIRST_YEAR, LAST_YEAR = 1900, 2200
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]", re.ASCII)


@dataclass(frozen=True, slots=True)
class FormReference:
    """Which revision of a form an event was made with; `sha256` is that of the revision's manifest."""

    number: str
    revision: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Event:
    """One act on a record, with the bytes it is stored as."""

    data: bytes
    sha256: str
    body: Mapping[str, Json]

    @classmethod
    def read(cls, data: bytes) -> Event:
        """The event stored as `data`. Raises QmsError when it is not one."""
        body = loads(data)
        if not isinstance(body, dict) or not isinstance(body.get("act"), str):
            raise QmsError("the stored bytes are no event")
        return cls(data, sha256(data), body)

    def text(self, key: str) -> str:
        """The text under `key`, empty when there is none."""
        value = self.body.get(key)
        return value if isinstance(value, str) else ""

    def mapping(self, key: str) -> Mapping[str, Json]:
        """The object under `key`, empty when there is none."""
        value = self.body.get(key)
        return value if isinstance(value, dict) else {}

    @property
    def act(self) -> str:
        """`issue`, `amend`, `void`, or a step of the form."""
        return self.text("act")

    @property
    def state(self) -> str:
        """The state after the act."""
        return self.text("state")

    @property
    def changes(self) -> Mapping[str, Json]:
        """The values given or changed; null clears."""
        return self.mapping("set")

    @property
    def recorded_at(self) -> datetime:
        """When the program took it in, with offset."""
        return self._moment("recorded_at")

    @property
    def at(self) -> datetime:
        """The moment that counts for clocks: what the person claims, else when it was recorded."""
        return self._moment("happened_at" if self.text("happened_at") else "recorded_at")

    @property
    def by(self) -> str:
        """Who says it."""
        return self.text("by")

    def _moment(self, key: str) -> datetime:
        written = self.text(key)
        found = _moment(written)
        if found is None:
            raise QmsError("{key}: {value} is no moment", key=key, value=written)  # written by no program of ours
        return found


@lru_cache(maxsize=1024)  # each event is asked for its moment again and again
def _moment(written: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return None
    return found if _MOMENT.match(written) and FIRST_YEAR <= found.year <= LAST_YEAR else None


@dataclass(frozen=True, slots=True)
class Correction:
    """One value changed by an amendment (or any later act that changed a given value with a reason)."""

    number: int
    field: str
    old: Json
    new: Json
    event: Event


@dataclass(frozen=True, slots=True)
class Record:
    """A record as its events tell it, oldest first."""

    events: tuple[Event, ...]

    @property
    def first(self) -> Event:
        """The event that issued the record."""
        return self.events[0]

    @property
    def last(self) -> Event:
        """The newest event."""
        return self.events[-1]

    @property
    def number(self) -> str:
        """The record number."""
        return str(self.first.mapping("record").get("number", ""))

    @property
    def serial(self) -> int:
        """Its place in its series. Raises ValueError where the record names none that is a number."""
        return int(str(self.first.mapping("record").get("serial", 0)))

    @property
    def state(self) -> str:
        """Where the record stands."""
        return self.last.state

    @property
    def is_void(self) -> bool:
        """Whether the number was voided."""
        return any(event.act == "void" for event in self.events)

    @property
    def values(self) -> Mapping[str, Json]:
        """The values people gave, folded."""
        return fold(self.events)

    @property
    def derived(self) -> Mapping[str, Json]:
        """The derived values as they were at the newest event."""
        return self.last.mapping("derived")

    @property
    def shown(self) -> Mapping[str, Json]:
        """Given and derived values together."""
        return {**self.values, **self.derived}

    @property
    def form(self) -> FormReference:
        """The form revision the record was issued on; it never changes."""
        found = cast(Mapping[str, str], self.first.mapping("form"))
        return FormReference(found.get("number", ""), found.get("revision", ""), found.get("sha256", ""))

    @property
    def corrections(self) -> tuple[Correction, ...]:
        """Every value an amendment changed, numbered in order."""
        found: list[Correction] = []
        for position, event in enumerate(self.events):
            if event.act != "amend":
                continue
            before = fold(self.events[:position])
            for field, new in event.changes.items():
                if before.get(field) != new:
                    found.append(Correction(len(found) + 1, field, before.get(field), new, event))
        return tuple(found)


def day_in(values: Mapping[str, Json], name: str) -> date | None:
    """The day under `name`, None where there is none. Raises ValueError for a text that is no day."""
    value = values.get(name)
    return date.fromisoformat(value) if isinstance(value, str) else None


def fold(events: Sequence[Event]) -> Mapping[str, Json]:
    """The values after `events`: later ones replace earlier ones, null clears."""
    values: dict[str, Json] = {}
    for event in events:
        values |= event.changes
    return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Move:
    """What an act may do with a record of control: from which states to which, and what it may write."""

    ways: tuple[tuple[str, str], ...]
    writes: frozenset[str] = frozenset()
    meaning: str | None = None  # of its signature


def is_move(moves: Mapping[str, Move], event: Event, before: str) -> bool:
    """Whether an act may be taken in the state `before`, lead where it says, and write what it writes."""
    move = moves.get(event.act)
    return move is not None and (before, event.state) in move.ways and set(event.changes) <= move.writes


def lawful(record: Record, is_lawful: Callable[[Event, str], bool]) -> Record:
    """The record without the acts that may not follow the state before them. Raises ValueError where none is left."""
    before, held = "", []
    for event in record.events:
        if is_lawful(event, before):
            held.append(event)
            before = event.state
    if not held:
        raise ValueError(record.number)
    return Record(tuple(held))
