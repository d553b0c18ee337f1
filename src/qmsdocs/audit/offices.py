"""Rules on who may act on controlled items: authors, deputies, and roles that nobody holds any more."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from qmsdocs.audit.in_force import forms, procedures, releases
from qmsdocs.audit.rule import Hit, Rule
from qmsdocs.audit.scope import Scope
from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import Message, message
from qmsdocs.model.approval import Offices, opinions
from qmsdocs.model.key import Delegation
from qmsdocs.model.organisation import Approval
from qmsdocs.model.record import Event
from qmsdocs.model.release import Release
from qmsdocs.query.course import matrix_of
from qmsdocs.store import control
from qmsdocs.store.event import Stored
from qmsdocs.system.rights import DECIDING


def self_approved(scope: Scope) -> Iterator[Hit]:
    """A revision approved, or a withdrawal decided, by who prepared it, in person or by a deputy."""
    for release in scope.system.releases:
        author = release.prepared_by
        for event in scope.system.definitions.course(release).events:
            if event.act == "ask_withdrawal":
                author = event.by
            behalf = event.changes.get("deputy_for")
            if event.act in DECIDING and author in (event.by, behalf):
                said = message("{number} {revision}: {person} decided on what {author} had prepared",
                               number=release.number, revision=release.revision, person=event.by,
                               author=author)  # fmt: skip
                yield Hit(release.record, said)


# ── deputies


def deputy_beyond_powers(scope: Scope) -> Iterator[Hit]:
    """An act for somebody else outside the days of the delegation, or in a role it does not give."""
    for release in scope.system.releases:
        held = scope.system.definitions.events(release)
        lawful = len(scope.system.definitions.course(release).events)
        for stored in held[:lawful]:
            principal = _principal(stored.event)
            if principal and (said := _beyond(scope, release, stored, principal)) is not None:
                yield Hit(release.record, said)


def _principal(event: Event) -> str:
    """For whom somebody acted, empty where in his own name."""
    if event.act == "countersign":
        own = [item for item in opinions(event.changes) if item.person == event.by and item.deputy_for]
        return own[-1].deputy_for if own else ""
    behalf: Json = event.changes.get("deputy_for")
    return behalf if isinstance(behalf, str) else ""


def _beyond(scope: Scope, release: Release, stored: Stored, principal: str) -> Message | None:
    """Why no delegation covers an act for `principal`, None where one does."""
    event = stored.event
    day = event.recorded_at.astimezone(scope.system.zone).date()
    named = event.changes.get("delegation")
    given = [
        item
        for item in scope.system.definitions.delegations
        if (item.principal, item.deputy) == (principal, event.by) and named in (None, item.record)
    ]
    if not given:
        return message("{person} acted for {principal} without being named a deputy",
                       person=event.by, principal=principal)  # fmt: skip
    in_time = [item for item in given if item.from_on <= day <= item.until_on and not _was_revoked(scope, item, stored)]
    if not in_time:
        last = given[-1]
        return message("{person} acted for {principal} on {day}; {delegation} stands from {first} to {last}",
                       person=event.by, principal=principal, day=day, delegation=last.record, first=last.from_on,
                       last=last.revoked_on or last.until_on)  # fmt: skip
    roles = _needed(scope, release, event)
    if not any(not item.roles or set(item.roles) & set(roles) for item in in_time):
        return message("{person} acted for {principal} as {roles}; {delegation} is for {given}",
                       person=event.by, principal=principal, roles=scope.system.role_titles(roles),
                       delegation=in_time[-1].record,
                       given=scope.system.role_titles(in_time[-1].roles))  # fmt: skip
    return None


def _was_revoked(scope: Scope, delegation: Delegation, stored: Stored) -> bool:
    """Whether a delegation was revoked before an act; by the order of the acts, whatever the clock said."""
    position = scope.trust.order.get(stored.path, 0)
    for events in scope.system.definitions.series(control.DELEGATIONS):
        if control.key_of(events[0]).number == delegation.record:
            ends = [scope.trust.order.get(item.path, 0) for item in events if item.event.act == "revoke"]
            return any(end < position for end in ends)
    return False


def _needed(scope: Scope, release: Release, event: Event) -> tuple[str, ...]:
    """The roles one of which an act on a revision needed, by the approval matrix of its day."""
    day = event.recorded_at.astimezone(scope.system.zone).date()
    matrix = scope.system.definitions.approval_of(release, on=day)
    match event.act:
        case "review":
            return matrix.review
        case "countersign":
            return matrix.countersign_roles
        case "reject" | "keep":
            return (*matrix.review, *matrix.approve)
        case "approve" | "adopt" | "withdraw":
            return matrix.approve
        case _:
            return matrix.prepare


def overlapping_delegations(scope: Scope) -> Iterator[Hit]:
    """Two delegations of one person for the same role on the same days, today or later."""
    live = [d for d in scope.system.definitions.delegations if d.revoked_on is None and d.until_on >= scope.today]
    for first, second in combinations(live, 2):
        roles = not first.roles or not second.roles or set(first.roles) & set(second.roles)
        begin, end = max(first.from_on, second.from_on), min(first.until_on, second.until_on)
        if first.principal == second.principal and roles and begin <= end:
            said = message("{principal} has two deputies from {first} to {last}: {deputies}",
                           principal=first.principal, first=begin, last=end,
                           deputies=(first.deputy, second.deputy))  # fmt: skip
            yield Hit(second.record, said)


# ── roles nobody holds


def nobody_may_approve(scope: Scope) -> Iterator[Hit]:
    """Items in force whose next revision nobody could approve."""
    offices = Offices(scope.system.people, scope.system.definitions.delegations, scope.today)
    held: dict[tuple[str, ...], list[str]] = {}
    for release in releases(scope):
        matrix: Approval = matrix_of(scope.system, release)
        held.setdefault(matrix.approve, []).append(release.number)
    for roles, numbers in held.items():
        if not offices.able(roles):
            said = message("nobody serves as {roles}, so nobody can approve {count} items in force, such as {number}",
                           roles=scope.system.role_titles(roles), count=len(numbers), number=numbers[0])  # fmt: skip
            yield Hit("people.toml", said, f"role.{roles[0]}")


def owner_vacant(scope: Scope) -> Iterator[Hit]:
    """A document or form in force whose owner is a role nobody holds."""
    owned = [(release.number, procedure.front.owner) for release, procedure in procedures(scope)]
    owned += [(release.number, form.owner) for release, form in forms(scope)]
    for number, role in owned:
        if not scope.system.people.in_role((role,), on=scope.today):
            said = message("its owner is {role}, and nobody serves as that", role=scope.system.role_titles((role,)))
            yield Hit(number, said, "owner")


RULES: tuple[Rule, ...] = (
    Rule("DOC404", self_approved),
    Rule("DOC412", deputy_beyond_powers),
    Rule("DOC414", nobody_may_approve),
    Rule("DOC415", owner_vacant),
    Rule("DOC416", overlapping_delegations),
)
