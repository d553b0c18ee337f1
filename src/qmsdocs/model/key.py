"""Signing keys and deputies: facts that act from the moment they are recorded, not from a day on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo

from qmsdocs.base.errors import QmsError
from qmsdocs.model.calendar import END_OF_DAY
from qmsdocs.model.record import Event, Move, Record, day_in, is_move, lawful

OFFERED, COUNTS, LOST = "offered", "counts", "lost"
GRANTED = "granted"
KEY_MOVES: Mapping[str, Move] = {
    "issue": Move(
        (("", OFFERED),), frozenset({"person", "public", "fingerprint", "from_on", "until_on"}), meaning="prepared"
    ),
    "confirm": Move(((OFFERED, COUNTS),), meaning="approved"),
    # The last way is for who says later, with a signature, that it was lost earlier.
    "lose": Move(((OFFERED, LOST), (COUNTS, LOST), (LOST, LOST)), frozenset({"lost_at"}), meaning="approved"),
}
DELEGATION_MOVES: Mapping[str, Move] = {
    "issue": Move(
        (("", GRANTED),), frozenset({"principal", "deputy", "roles", "from_on", "until_on"}), meaning="approved"
    ),
    "revoke": Move(((GRANTED, "revoked"),), frozenset({"revoked_on"}), meaning="approved"),
}


def is_lawful_for_key(event: Event, before: str) -> bool:
    """Whether an act on a key may follow the state before it: offered, then confirmed, then lost."""
    return is_move(KEY_MOVES, event, before) and _is_readable(event)


def is_lawful_for_delegation(event: Event, before: str) -> bool:
    """Whether an act on a delegation may follow the state before it: granted, then revoked."""
    return is_move(DELEGATION_MOVES, event, before) and _is_readable(event)


def lost_since(event: Event) -> datetime | None:
    """Since when a key is said to have been lost before it was reported, None where nothing earlier is said."""
    value = event.changes.get("lost_at")
    found = datetime.fromisoformat(value) if isinstance(value, str) else None
    if found is not None and found.tzinfo is None:
        raise ValueError(value)
    return found


def _is_readable(event: Event) -> bool:
    """Whether its moments and days are such: one that is not must not make all of its record unreadable."""
    try:
        for name in ("from_on", "until_on", "revoked_on"):
            day_in(event.changes, name)
        lost_since(event)
        return event.recorded_at.tzinfo is not None
    except (ValueError, QmsError):
        return False


@dataclass(frozen=True, slots=True)
class RegisteredKey:
    """An Ed25519 public key of a person, as its record in control says. Days are inclusive."""

    person: str
    public: str
    fingerprint: str
    from_on: date
    until_on: date | None
    lost_at: datetime | None
    state: str
    record: str
    serial: int
    has_counted: bool = True  # whether it was ever confirmed

    @classmethod
    def of(cls, record: Record) -> RegisteredKey:
        """The key a record registers, as far as its acts are lawful. Raises ValueError."""
        record = lawful(record, is_lawful_for_key)
        said = record.values
        return cls(
            person=str(said.get("person")),
            public=str(said.get("public")),
            fingerprint=str(said.get("fingerprint")),
            from_on=date.fromisoformat(str(said.get("from_on"))),
            until_on=day_in(said, "until_on"),
            lost_at=min((_reported(event) for event in record.events if event.act == "lose"), default=None),
            state=record.state,
            record=record.number,
            serial=record.serial,
            has_counted=any(event.act == "confirm" for event in record.events),
        )

    def may_sign(self, at: datetime) -> bool:
        """Whether it may sign now: it counts, and nobody has reported it lost, whatever the clock says."""
        return self.state == COUNTS and self.counts(at)

    def counts(self, at: datetime) -> bool:
        """Whether what is signed with it at the moment `at` counts: confirmed, within its days, not lost by then."""
        return (
            self.has_counted
            and self.from_on <= at.date()
            and (self.until_on is None or at.date() <= self.until_on)
            and (self.lost_at is None or at < self.lost_at)
        )


@dataclass(frozen=True, slots=True)
class Delegation:
    """A deputy for a time: `deputy` may do what `principal` may in `roles` (all of his where none is named)."""

    principal: str
    deputy: str
    roles: tuple[str, ...]
    from_on: date
    until_on: date
    revoked_on: date | None
    state: str
    record: str

    @classmethod
    def of(cls, record: Record) -> Delegation:
        """The delegation a record grants, as far as its acts are lawful. Raises ValueError."""
        record = lawful(record, is_lawful_for_delegation)
        said = record.values
        roles = said.get("roles")
        return cls(
            principal=str(said.get("principal")),
            deputy=str(said.get("deputy")),
            roles=tuple(str(role) for role in roles) if isinstance(roles, list) else (),
            from_on=date.fromisoformat(str(said.get("from_on"))),
            until_on=date.fromisoformat(str(said.get("until_on"))),
            revoked_on=day_in(said, "revoked_on"),
            state=record.state,
            record=record.number,
        )

    def acts(self, on: date) -> bool:
        """Whether it stands on the day `on`; on the day it is revoked it does no longer."""
        return self.from_on <= on <= self.until_on and (self.revoked_on is None or on < self.revoked_on)


def allowed_signers(keys: tuple[RegisteredKey, ...], zone: tzinfo) -> str:
    """The keys as `ssh-keygen -Y verify -f` reads them, with the time each counted; keys only offered are left out."""
    return "".join(_line(key, zone) for key in keys if key.has_counted)


def _line(key: RegisteredKey, zone: tzinfo) -> str:
    begins = datetime.combine(key.from_on, time(0), zone)
    ends = datetime.combine(key.until_on, END_OF_DAY, zone) if key.until_on is not None else key.lost_at
    if key.lost_at is not None and ends is not None:
        ends = min(ends, key.lost_at)
    options = ['namespaces="qms-*@v1"', f'valid-after="{_utc(begins)}"']
    if ends is not None:
        options.append(f'valid-before="{_utc(ends)}"')
    return f"{key.person} {','.join(options)} {key.public}\n"


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%SZ")


def _reported(event: Event) -> datetime:
    """From when a report counts: nobody says without a signature that a key was lost before."""
    since = lost_since(event) if event.mapping("signer") else None
    return since or event.recorded_at
