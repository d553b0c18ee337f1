"""What the index keeps of a record, and how it is folded from events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, TypeAlias, cast

import orjson

from qmsdocs.base.canonical import Json, sha256
from qmsdocs.base.errors import QmsError
from qmsdocs.model.record import FORMAT
from qmsdocs.store.derived import Value
from qmsdocs.store.event import RecordKey


@dataclass(frozen=True, slots=True)
class Meanings:
    """What the index must know of a form revision: meaning → field, the closed states, the fields to look up by."""

    fields: Mapping[str, str] = field(default_factory=dict)
    closed: frozenset[str] = frozenset()
    indexed: tuple[str, ...] = ()


MeaningsOf: TypeAlias = "Callable[[str], Meanings]"  # by the sha256 of the form revision

COLUMNS = (
    *("number", "form", "revision", "form_sha256", "ledger", "year", "series", "serial", "sequence", "state", "sha256"),
    *("opened_at", "opened", "recorded_at", "changed_at", "customer", "subject", "owner", "closed", "void", "given"),
    *("derived", "raised_from", "raise", "newer", "closed_at"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A record as the index holds it, in the order of COLUMNS (the ledger by name)."""

    number: str
    form: str
    revision: str
    form_sha256: str
    ledger: str
    year: int
    series: str
    serial: int
    sequence: int
    state: str
    sha256: str  # of the newest event
    opened_at: str  # the value that means opened_at, else when it was recorded
    opened: int  # the same in seconds since 1970
    recorded_at: str
    changed_at: str
    customer: str
    subject: str
    owner: str
    is_closed: bool
    is_void: bool
    given_json: bytes
    derived_json: bytes
    raised_from: str
    raise_name: str
    needs_newer_program: bool
    closed_at: str  # when it was closed or voided, as the event says it; empty while it is open

    @property
    def key(self) -> RecordKey:
        """Where the record lies."""
        return RecordKey(self.ledger, self.series, self.serial, self.number)

    @property
    def values(self) -> Mapping[str, Json]:
        """The values people gave, folded."""
        return cast(Mapping[str, Json], orjson.loads(self.given_json))

    @property
    def derived(self) -> Mapping[str, Json]:
        """The derived values of the newest event."""
        return cast(Mapping[str, Json], orjson.loads(self.derived_json))

    @property
    def shown(self) -> Mapping[str, Json]:
        """Given and derived values together."""
        return {**self.values, **self.derived}


class Place(NamedTuple):
    """Where a record lies, as the tables say it: the rowid of its ledger, and the year of that ledger."""

    ledger: int
    year: int
    series: str
    serial: int


class Folded(NamedTuple):
    """A record ready for the tables: the values of COLUMNS, its facts, and its submission keys with their sequence."""

    columns: tuple[Value, ...]
    facts: Sequence[tuple[str, str]]
    submissions: Sequence[tuple[str, int]]


def fold(place: Place, before: Row | None, events: Sequence[tuple[int, bytes]], meanings_of: MeaningsOf) -> Folded:
    """The record of `before` (None for a new one) with `events` (sequence, bytes) added. Raises QmsError."""
    body: dict[str, Json] = {}
    head = _head_of_row(before) if before else None
    given: dict[str, Json] = dict(before.values) if before else {}
    is_void, is_newer = (before.is_void, before.needs_newer_program) if before else (False, False)
    submissions: list[tuple[str, int]] = []
    meanings = meanings_of(before.form_sha256) if before else None
    closed_at = before.closed_at if before else ""
    sequence, data = 0, b""
    for sequence, data in events:
        body = _parsed(data, sequence)
        head = head or _head_of_event(body)
        given.update(_part(body, "set"))
        is_void = is_void or body.get("act") == "void"
        is_newer = is_newer or body.get("format") != FORMAT
        meanings = meanings or meanings_of(head.form_sha256)
        is_closed = is_void or _text(body, "state") in meanings.closed
        closed_at = closed_at or _text(body, "happened_at") or _text(body, "recorded_at") if is_closed else ""
        submission = body.get("submission")
        if isinstance(submission, str):
            submissions.append((submission, sequence))
    assert head is not None and meanings is not None
    if None in given.values():
        given = {name: value for name, value in given.items() if value is not None}
    derived, state = _part(body, "derived"), _text(body, "state")
    shown = {**given, **derived} if derived else given
    names = meanings.fields
    opened_at, customer, subject, owner = (
        _first_text(shown.get(names[meaning])) if meaning in names else ""
        for meaning in ("opened_at", "customer", "subject", "owner")
    )
    opened_at = opened_at or head.recorded_at
    columns: tuple[Value, ...] = (
        *head[:4], *place, sequence, state, sha256(data), opened_at,
        _moment(opened_at, head.recorded_at), head.recorded_at, _text(body, "recorded_at"),
        customer, subject, owner,
        is_void or state in meanings.closed, is_void,
        _sorted(given), _sorted(derived) if derived else b"{}", head.raised_from, head.raise_name, is_newer, closed_at,
    )  # fmt: skip
    facts = [(name, text) for name in meanings.indexed for text in fact_texts(shown.get(name))]
    return Folded(columns, facts, submissions)


class _Head(NamedTuple):
    """What only the first event of a record says."""

    number: str
    form: str
    revision: str
    form_sha256: str
    recorded_at: str
    raised_from: str
    raise_name: str


def _head_of_row(row: Row) -> _Head:
    return _Head(row.number, row.form, row.revision, row.form_sha256, row.recorded_at, row.raised_from, row.raise_name)


def _head_of_event(body: Mapping[str, Json]) -> _Head:
    form, raised = _part(body, "form"), _part(body, "raised_from")
    return _Head(
        _text(_part(body, "record"), "number"),
        _text(form, "number"),
        _text(form, "revision"),
        _text(form, "sha256"),
        _text(body, "recorded_at"),
        _text(raised, "record"),
        _text(raised, "raise"),
    )


def _sorted(values: Mapping[str, Json]) -> bytes:
    return orjson.dumps(values, option=orjson.OPT_SORT_KEYS)  # the same whatever the order the events came in


def _first_text(value: Json) -> str:
    return value if isinstance(value, str) else next(iter(fact_texts(value)), "")


def fact_texts(value: Json) -> Iterable[str]:
    """The texts by which a value is looked up: text as it is, true and false, whole numbers, the parts of a list."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, int):
        return (str(value),)
    if isinstance(value, list):
        return tuple(text for part in value if not isinstance(part, (dict, list)) for text in fact_texts(part))
    return ()


def _moment(written: str, recorded_at: str) -> int:
    """`written` (a date or a moment) in seconds since 1970; a date begins at midnight where it was recorded."""
    try:
        found = datetime.fromisoformat(written)
        if found.tzinfo is None:
            found = found.replace(tzinfo=datetime.fromisoformat(recorded_at).tzinfo)
        return int(found.timestamp())
    except (ValueError, OverflowError):
        return 0


def _parsed(data: bytes, sequence: int) -> dict[str, Json]:
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise QmsError("event {sequence} is damaged: {reason}", sequence=sequence, reason=error) from error
    if not isinstance(body, dict):
        raise QmsError("event {sequence} is damaged: {reason}", sequence=sequence, reason="[]")
    return body


def _part(body: Mapping[str, Json], key: str) -> dict[str, Json]:
    value = body.get(key)
    return value if isinstance(value, dict) else {}


def _text(body: Mapping[str, Json], key: str) -> str:
    value = body.get(key)
    return value if isinstance(value, str) else ""
