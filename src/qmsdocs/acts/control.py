"""What all acts on a revision share: who acts, what waits, the right to act, and the event that is planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.model.approval import (
    Authority,
    Offices,
    refuse_author,
)
from qmsdocs.model.release import Course, Release
from qmsdocs.model.value import clean, refuse_text
from qmsdocs.store import journal, names
from qmsdocs.store.event import Change, Draft
from qmsdocs.system import builtin
from qmsdocs.system.view import System


@dataclass(frozen=True, slots=True)
class Act:
    """Who acts, and why."""

    by: str
    reason: str | None = None
    clock_is_right: bool = False
    seen: str | None = None  # the number of the release the person has looked at


def judged_on(system: System) -> date:
    """The day an act of now is judged on: today, never before the last act in the releases, whatever the clock says."""
    return max(system.today, system.objects.committed_at(system.control).astimezone(system.zone).date())


def offices(system: System) -> Offices:
    """Who may do what now."""
    on = judged_on(system)
    return Offices(system.definitions.people(on=on), system.definitions.delegations, on)


def looked_at(release: Release, act: Act) -> Release:
    """`release`, when it is the one the person has seen. Raises QmsError when another one has taken its place."""
    if act.seen is not None and release.record != act.seen:
        raise QmsError(
            "{number}: another revision waits now than the one you saw",
            number=release.number,
            hint=message("qmsdocs document diff {number}", number=release.number),
        )
    return release


def waiting(system: System, number: str) -> Release:
    """The revision of an item that waits for something: for approval, or for its withdrawal. Raises QmsError."""
    found = [r for r in system.definitions.named(number) if r.is_open or r.state is Course.WITHDRAWING]
    if not found:
        if not system.definitions.named(number):
            raise QmsError("there is no {number}", number=number, hint=message("qmsdocs document list"))
        raise QmsError(
            "{number}: no revision waits for review or approval",
            number=number,
            hint=message("qmsdocs document submit {number}", number=number),
        )
    return found[-1]


def judge(system: System, release: Release, person: str, roles: tuple[str, ...], act: Message) -> Authority:
    """By what right somebody judges a revision that neither he nor his principal prepared. Raises QmsError."""
    system.refuse_unknown_person(person)
    authors = {r.prepared_by for r in system.releases if r.manifest == release.manifest} | {release.prepared_by}
    if person in authors:  # said before the roles: it is the nearer reason
        raise_first(refuse_author(replace(release, prepared_by=person), person, None, act))
    authority = authority_of(system, person, roles, act)
    for author in sorted(authors):
        raise_first(refuse_author(replace(release, prepared_by=author), person, authority, act))
    return authority


def authority_of(system: System, person: str, roles: tuple[str, ...], act: Message) -> Authority:
    """By what right somebody acts in one of the roles. Raises QmsError."""
    system.refuse_unknown_person(person)
    found = offices(system).authority(person, roles)
    if found is None:
        able = offices(system).able(roles)
        raise QmsError(
            "{act} is for {roles}; {person} is none of these",
            act=act,
            roles=system.role_titles(roles),
            person=person,
            hint=message("--as {people}", people=able) if able else None,
        )
    return found


def refuse_state(release: Release, step: str) -> None:
    """Nothing; raises QmsError where the step cannot be taken from where the revision stands."""
    definition = builtin.form(builtin.RELEASE).step[step]
    if release.state not in definition.from_:
        states = builtin.form(builtin.RELEASE).state
        raise QmsError(
            "{number} {revision} stands at {state}; {step} goes from {allowed}",
            number=release.number,
            revision=release.revision,
            state=states[release.state].title,
            step=definition.title,
            allowed=tuple(states[name].title for name in definition.from_),
        )


def signed(system: System, person: str, meaning: str | None) -> str | None:
    """The meaning of the signature, None for somebody without a key."""
    return meaning if system.signs(person) else None


def decides(system: System, person: str, roles: tuple[str, ...] = (), meaning: str | None = "approved") -> str | None:
    """The meaning of the signature of who judges or decides, None where none is needed. Raises QmsError.

    It is needed of who ever had a key, and of everybody from the first key on that anybody in the roles ever had.
    """
    if not system.signs(person) and (system.definitions.had_key(person) or system.must_sign(roles)):
        raise QmsError(
            "approvals are signed here, and {person} has no key that counts",
            person=person,
            hint=message("qmsdocs key new {person}", person=person),
        )
    return signed(system, person, meaning)


def right(authority: Authority) -> dict[str, Json]:
    """By what right it was done, as the event says it; null clears what an earlier act said."""
    return {"deputy_for": authority.behalf, "delegation": authority.delegation}


def step(
    system: System,
    release: Release,
    act: str,
    state: Course,
    given: Mapping[str, Json] | None = None,
    *,
    meaning: str | None = None,
) -> Draft:
    """The draft of an act on a revision; null clears what an earlier act said. Raises QmsError."""
    record = system.definitions.course(release)
    if len(record.events) != len(system.definitions.events(release)):
        raise QmsError(
            "{number} {revision} holds an act that may not be",
            number=release.number,
            revision=release.revision,
            hint=message("qmsdocs document history {number}", number=release.number),
        )
    return builtin.continued(system.definitions.events(release), act, state, given or {}, meaning=meaning)


def change(system: System, act: Act, drafts: Iterable[Draft]) -> Change:
    """The change of drafts in control, with who says it and why. Raises QmsError for an unknown person."""
    system.refuse_unknown_person(act.by)
    _refuse_clock(system, act)
    reason = text_of(act.reason, message("the reason"))
    said = tuple(replace(draft, by=act.by, entered_by=system.clerk, reason=draft.reason or reason) for draft in drafts)
    return Change(
        site=system.site,
        drafts=said,
        stem=names.CONTROL,
        control=system.control,
        clock_is_right=act.clock_is_right,
    )


def _refuse_clock(system: System, act: Act) -> None:
    """Nothing; raises QmsError for an act whose time would contradict the order, unless it is said to be right."""
    if act.clock_is_right and not (act.reason or "").strip():
        raise QmsError("a year out of order needs a reason", hint=message("-m REASON"))
    journal.check_year(system.objects, system.site, system.now, is_confirmed=act.clock_is_right)
    last = system.objects.committed_at(system.control).astimezone(system.zone)
    if system.now < last - journal.TOLERANCE and not act.clock_is_right:
        raise QmsError(
            "the clock says {now}, but the last act was at {last}",
            now=f"{system.now:%Y-%m-%d %H:%M}",
            last=f"{last:%Y-%m-%d %H:%M}",
            hint=journal.WRONG_CLOCK,
        )


def text_of(written: str | None, what: Message) -> str | None:
    """What was written, None for nothing. Raises QmsError for text that cannot be kept."""
    if written is None or not written.strip():
        return None
    if (wrong := refuse_text(written)) is not None:
        raise QmsError("{what}: {wrong}", what=what, wrong=wrong)
    return clean(written)


def need_reason(act: Act, said: Message) -> None:
    """Nothing; raises QmsError for an act without its reason."""
    if not (act.reason or "").strip():
        raise QmsError("{said}", said=said, hint=message("-m REASON"))


def raise_first(refusals: Iterable[Message]) -> None:
    """Nothing; raises QmsError with the first of the refusals."""
    for said in refusals:
        raise QmsError("{said}", said=said)
