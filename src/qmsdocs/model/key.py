"""Signing keys and deputies: facts that act from the moment they are recorded, not from a day on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo

from qmsdocs.base.canonical import Json
from qmsdocs.model.calendar import END_OF_DAY
from qmsdocs.model.record import Event, Record, lawful

OFFERED, COUNTS = "offered", "counts"
GRANTED = "granted"
KEY_MEANING: Mapping[str, str] = {"issue": "prepared", "confirm": "approved"}  # of the signature of each act
DELEGATION_MEANING: Mapping[str, str] = {"issue": "approved", "revoke": "approved"}
_KEY_COURSE = (("issue", "offered"), ("confirm", "counts"), ("lose", "lost"))
_KEY_WRITES = {
    "issue": {"person", "public", "fingerprint", "from_on", "until_on"},
    "confirm": set(),
    "lose": {"lost_at"},
}
_DELEGATION_WRITES = {"issue": {"principal", "deputy", "roles", "from_on", "until_on"}, "revoke": {"revoked_on"}}


def is_lawful_for_key(event: Event, before: str) -> bool:
    """Whether an act on a key may follow the state before it: offered, then confirmed, then lost, each once."""
    may = {"issue": ("",), "confirm": ("offered",), "lose": ("offered", "counts")}
    leads = dict(_KEY_COURSE)
    known = event.act in may and before in may[event.act] and event.state == leads[event.act]
    return known and set(event.changes) <= _KEY_WRITES[event.act]


def is_lawful_for_delegation(event: Event, before: str) -> bool:
    """Whether an act on a delegation may follow the state before it: granted, then revoked."""
    leads = {"issue": ("", GRANTED), "revoke": (GRANTED, "revoked")}
    known = leads.get(event.act) == (before, event.state)
    return known and set(event.changes) <= _DELEGATION_WRITES[event.act]


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
            until_on=_day(said, "until_on"),
            lost_at=_moment(said, "lost_at"),
            state=record.state,
            record=record.number,
            serial=_serial(record),
        )

    def may_sign(self, at: datetime) -> bool:
        """Whether it may sign now: it counts, and nobody has reported it lost, whatever the clock says."""
        return self.state == COUNTS and self.counts(at)

    def counts(self, at: datetime) -> bool:
        """Whether what is signed with it at the moment `at` counts: confirmed, within its days, not lost by then."""
        return (
            self.state != OFFERED
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
            revoked_on=_day(said, "revoked_on"),
            state=record.state,
            record=record.number,
        )

    def acts(self, on: date) -> bool:
        """Whether it stands on the day `on`; on the day it is revoked it does no longer."""
        return self.from_on <= on <= self.until_on and (self.revoked_on is None or on < self.revoked_on)


def allowed_signers(keys: tuple[RegisteredKey, ...], zone: tzinfo) -> str:
    """The keys as `ssh-keygen -Y verify -f` reads them, with the time each counted; keys only offered are left out."""
    return "".join(_line(key, zone) for key in keys if key.state != OFFERED)


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


def _day(said: Mapping[str, Json], name: str) -> date | None:
    value = said.get(name)
    return date.fromisoformat(value) if isinstance(value, str) else None


def _moment(said: Mapping[str, Json], name: str) -> datetime | None:
    value = said.get(name)
    found = datetime.fromisoformat(value) if isinstance(value, str) else None
    if found is not None and found.tzinfo is None:
        raise ValueError(name)
    return found


def _serial(record: Record) -> int:
    return int(str(record.first.mapping("record").get("serial", 0)))
