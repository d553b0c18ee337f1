"""Signing keys and deputies: facts that act from the moment they are recorded, not from a day on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from qmsdocs.base.canonical import Json
from qmsdocs.model.record import Record

OFFERED, COUNTS = "offered", "counts"
GRANTED = "granted"


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
        """The key a record registers."""
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
        """The delegation a record grants."""
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


def _day(said: Mapping[str, Json], name: str) -> date | None:
    value = said.get(name)
    return date.fromisoformat(value) if isinstance(value, str) else None


def _moment(said: Mapping[str, Json], name: str) -> datetime | None:
    value = said.get(name)
    return datetime.fromisoformat(value) if isinstance(value, str) else None


def _serial(record: Record) -> int:
    return int(str(record.first.mapping("record").get("serial", 0)))
