"""The course of an item: every revision, who did what with it, and whether each act can be believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.model.approval import Offices, Opinion, opinions
from qmsdocs.model.organisation import Approval
from qmsdocs.model.record import Record
from qmsdocs.model.release import Course, Release, follower
from qmsdocs.store.event import Stored
from qmsdocs.system.trust import Trust
from qmsdocs.system.view import System


@dataclass(frozen=True, slots=True)
class PastAct:
    """One act on a revision. `signer` is the fingerprint it was signed with; `problems` speak against believing it."""

    act: str
    by: str
    deputy_for: str
    at: datetime
    reason: str
    meaning: str
    signer: str
    sha256: str
    said: Mapping[str, Json]
    problems: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Passed:
    """One revision and all acts on it, oldest first. `until` is the first day it is in force no longer, if known."""

    release: Release
    is_in_force: bool
    until: date | None
    superseded_by: str
    acts: tuple[PastAct, ...]
    opinions: tuple[Opinion, ...]

    @property
    def problems(self) -> tuple[Message, ...]:
        """Everything that speaks against one of its acts."""
        return tuple(said for act in self.acts for said in act.problems)


def course(system: System, number: str, *, checked: bool = True) -> tuple[Passed, ...]:
    """Every revision of an item ever submitted, oldest first. Raises QmsError where there is none."""
    releases = system.definitions.named(number)
    if not releases:
        raise QmsError("there is no {number}", number=number, hint=message("qmsdocs document list"))
    trust = Trust.of(system.definitions, system.repository) if checked else None
    return tuple(_passed(system, release, trust) for release in releases)


def _passed(system: System, release: Release, trust: Trust | None) -> Passed:
    after = follower(system.releases, release) if release.first_day is not None else None
    ends = [day for day in (release.withdrawn_on, after.first_day if after else None) if day is not None]
    return Passed(
        release=release,
        is_in_force=system.in_force(release.kind, release.number) == release,
        until=min(ends) if ends and release.first_day is not None else None,
        superseded_by=after.revision if after is not None and (after.first_day or date.max) <= system.today else "",
        acts=tuple(_act(stored, trust) for stored in system.definitions.events(release)),
        opinions=opinions(system.definitions.course(release).values),
    )


def _act(stored: Stored, trust: Trust | None) -> PastAct:
    event = stored.event
    signer = event.mapping("signer")
    return PastAct(
        act=event.act,
        by=event.by,
        deputy_for=str(event.changes.get("deputy_for") or ""),
        at=event.recorded_at,
        reason=event.text("reason"),
        meaning=str(signer.get("meaning") or ""),
        signer=str(signer.get("key") or ""),
        sha256=stored.sha256,
        said=event.changes,
        problems=trust.problems(stored) if trust is not None else (),
    )


@dataclass(frozen=True, slots=True)
class Waiting:
    """A revision that waits for somebody: what for, and who may do it."""

    release: Release
    step: str
    people: tuple[str, ...]
    departments: tuple[str, ...] = ()
    answer_by: datetime | None = None


def matrix_of(system: System, release: Release) -> Approval:
    """The row of the approval matrix for a release."""
    return system.definitions.approval_of(release, on=system.today)


def waiting(system: System) -> tuple[Waiting, ...]:
    """Everything that waits for a review, a countersignature or an approval, oldest first."""
    offices = Offices(system.people, system.definitions.delegations, system.today)
    return tuple(_waiting(system, offices, r) for r in system.releases if r.is_open or r.state is Course.WITHDRAWING)


def _waiting(system: System, offices: Offices, release: Release) -> Waiting:
    matrix = matrix_of(system, release)
    record = system.definitions.course(release)
    blocking = [opinion for opinion in opinions(record.values) if opinion.blocks is not None]

    def able(roles: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(person for person in offices.able(roles) if person != _author(release, record))

    if release.state is Course.SUBMITTED and matrix.review:
        return Waiting(release, "review", able(matrix.review))
    asked = tuple(opinion.department for opinion in blocking if opinion.verdict is None)
    if asked:
        heads = tuple(p for d in asked for p in offices.heads_of(d, matrix.countersign_roles))
        return Waiting(release, "countersign", tuple(dict.fromkeys(heads)), asked, _deadline(record))
    if blocking:
        return Waiting(release, "answer", (release.prepared_by,), tuple(o.department for o in blocking))
    return Waiting(release, "approve", able(matrix.approve))


def _author(release: Release, record: Record) -> str:
    asked = [event.by for event in record.events if event.act == "ask_withdrawal"]
    return asked[-1] if release.state is Course.WITHDRAWING and asked else release.prepared_by


def _deadline(record: Record) -> datetime | None:
    written = record.values.get("answer_by")
    return datetime.fromisoformat(written) if isinstance(written, str) else None
