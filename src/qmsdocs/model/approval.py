"""Who may take an act on a revision: the approval matrix, deputies, and the author who never decides alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import Message, message
from qmsdocs.model.key import Delegation
from qmsdocs.model.organisation import Approval
from qmsdocs.model.people import People
from qmsdocs.model.release import Release, decided

AGREE, REMARK, OBJECT = "agree", "remark", "object"
VERDICTS = (AGREE, REMARK, OBJECT)
MaySign: TypeAlias = "Callable[[str], bool]"


@dataclass(frozen=True, slots=True)
class Authority:
    """By what right somebody acts: his own role, or as deputy `behalf` of somebody by a delegation."""

    behalf: str | None = None
    delegation: str | None = None


@dataclass(frozen=True, slots=True)
class Offices:
    """Who may do what on one day, by role or as a deputy."""

    people: People
    delegations: tuple[Delegation, ...]
    on: date

    def authority(self, person: str, roles: tuple[str, ...]) -> Authority | None:
        """The right of `person` to act in one of `roles`, None where there is none. A deputy's own deputy has none."""
        if self.people.has_role(person, roles, on=self.on):
            return Authority()
        return self._as_deputy(person, lambda principal: self.people.has_role(principal, roles, on=self.on), roles)

    def in_department(self, person: str, department: str, roles: tuple[str, ...]) -> Authority | None:
        """The right of `person` to countersign for a department."""

        def may(principal: str) -> bool:
            found = self.people.person.get(principal)
            is_there = found is not None and found.department == department
            return is_there and self.people.has_role(principal, roles, on=self.on)

        return Authority() if may(person) else self._as_deputy(person, may, roles)

    def _as_deputy(self, person: str, may: MaySign, roles: tuple[str, ...]) -> Authority | None:
        found = self.people.person.get(person)
        if found is None or not found.serves(self.on):
            return None
        for delegation in self.delegations:
            fits = not delegation.roles or set(delegation.roles) & set(roles)
            if delegation.deputy == person and delegation.acts(self.on) and fits and may(delegation.principal):
                return Authority(delegation.principal, delegation.record)
        return None

    def able(self, roles: tuple[str, ...]) -> tuple[str, ...]:
        """The people who may act in one of `roles` on that day, deputies last."""
        own = self.people.in_role(roles, on=self.on)
        deputies = (d.deputy for d in self.delegations if d.acts(self.on) and self.authority(d.deputy, roles))
        return tuple(dict.fromkeys((*own, *deputies)))

    def heads_of(self, department: str, roles: tuple[str, ...]) -> tuple[str, ...]:
        """The people who may countersign for a department on that day."""
        return tuple(p for p in self.people.person if self.in_department(p, department, roles) is not None)


def refuse_author(release: Release, person: str, authority: Authority | None, act: Message) -> Iterator[Message]:
    """Why the author, or somebody in his place, may not judge his own revision."""
    author = release.prepared_by
    if person == author:
        yield message("{number} {revision} was prepared by {person}; {act} is for somebody else",
                      number=release.number, revision=release.revision, person=person, act=act)  # fmt: skip
    elif authority is not None and authority.behalf == author:
        yield message("{number} {revision} was prepared by {author}; a deputy of the author cannot judge it",
                      number=release.number, revision=release.revision, author=author)  # fmt: skip


def refuse_reviewer(reviewer: str | None, person: str, authority: Authority) -> Iterator[Message]:
    """Why whoever reviewed cannot also approve in somebody's place: two signatures, one pair of eyes."""
    if authority.behalf is not None and person == reviewer:
        yield message("{person} reviewed it and cannot approve it for {principal} too",
                      person=person, principal=authority.behalf)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a department said in countersigning; `verdict` None while it has not."""

    department: str
    verdict: str | None = None
    remark: str = ""
    person: str = ""
    deputy_for: str = ""
    on: str = ""
    answer: str = ""

    @property
    def row(self) -> dict[str, Json]:
        """The opinion as a row of the record; empty cells are left out."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name))}

    @property
    def blocks(self) -> Message | None:
        """Why the revision cannot be approved yet because of it."""
        if self.verdict is None:
            return message("{department} has not countersigned yet", department=self.department)
        if self.verdict == OBJECT:
            return message("{department} objects: {remark}", department=self.department, remark=self.remark)
        if self.verdict == REMARK and not self.answer:
            return message("the remark of {department} has no answer yet", department=self.department)
        return None


def opinions(values: Mapping[str, Json]) -> tuple[Opinion, ...]:
    """The countersignatures of a release record, in the order of its departments."""
    rows = values.get("opinions")
    found = []
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and "department" in row:
            known = {name: str(row[name]) for name in Opinion.__slots__ if row.get(name) is not None}
            found.append(Opinion(**known))
    return tuple(found)


def refuse_approval(
    releases: Sequence[Release], release: Release, matrix: Approval, said: Sequence[Opinion]
) -> Iterator[Message]:
    """Why a revision cannot be approved yet: not reviewed, not countersigned, a newer one decided meanwhile."""
    if release.state == "submitted" and matrix.review:
        yield message("{number} {revision} is not reviewed yet", number=release.number, revision=release.revision)
    for opinion in said:
        if (blocks := opinion.blocks) is not None:
            yield blocks
    for other in decided(releases, release.kind, release.number):
        if other.revision == release.revision:
            yield message("{number} {revision} was approved before", number=other.number, revision=other.revision)


def refuse_day(releases: Sequence[Release], release: Release, effective_on: date, *, today: date) -> Iterator[Message]:
    """Why a revision cannot take effect on a day: before its approval, or not after the revisions there are."""
    if effective_on < today:
        yield message("effective {day} lies before the approval, {today}", day=effective_on, today=today)
    for other in decided(releases, release.kind, release.number):
        is_replaced = effective_on == today and gives_way(other, today=today)
        if other.first_day is not None and other.first_day >= effective_on and not is_replaced:
            yield message(
                "effective {day}: {revision} is effective from {other} already; choose a later day",
                day=effective_on,
                revision=other.revision,
                other=other.first_day,
            )


def gives_way(other: Release, *, today: date) -> bool:
    """Whether what the system began with today may still be replaced today, before it was ever in force a whole day."""
    return other.is_first and other.is_trial and other.effective_on == today and other.withdrawn_on is None
