"""The way of a revision into force and out of it: submitted, reviewed, countersigned, approved, withdrawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from qmsdocs.acts import builtin
from qmsdocs.acts.items import Content
from qmsdocs.acts.lockout import refuse_lockout
from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.model.approval import (
    Authority,
    Offices,
    Opinion,
    gives_way,
    opinions,
    refuse_approval,
    refuse_author,
    refuse_day,
    refuse_reviewer,
)
from qmsdocs.model.organisation import Approval
from qmsdocs.model.release import Course, ItemKind, Release, in_force
from qmsdocs.model.revision import checked, proposed
from qmsdocs.model.value import clean, refuse_text
from qmsdocs.query.course import matrix_of
from qmsdocs.store import control, journal, names
from qmsdocs.store.event import Change, Draft
from qmsdocs.system.view import System


@dataclass(frozen=True, slots=True)
class Act:
    """Who acts, and why."""

    by: str
    reason: str | None = None
    clock_is_right: bool = False
    seen: str | None = None  # the number of the release the person has looked at


# ── what there is


def offices(system: System) -> Offices:
    """Who may do what today."""
    return Offices(system.people, system.definitions.delegations, system.today)


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


def next_label(system: System, kind: ItemKind, number: str) -> str:
    """The label the next revision of an item gets."""
    before = system.definitions.newest(kind, number)
    scheme = system.organisation.revision
    return proposed(before.revision if before else None, first=scheme.first, most=scheme.next_edition_after)


# ── submit


def submit(
    system: System,
    content: Content,
    act: Act,
    *,
    revision: str | None = None,
    departments: tuple[str, ...] | None = None,
    clauses: str | None = None,
) -> Change:
    """The change that stores a revision and puts it up for review; one that waits already is taken back.

    Raises QmsError where nothing changed, the label does not follow, or the person may not prepare such items.
    """
    matrix = system.organisation.approval_of(content.family)
    before = system.definitions.newest(content.kind, content.number)
    scheme = system.organisation.revision
    label = checked(
        revision or next_label(system, content.kind, content.number),
        before=before.revision if before else None,
        first=scheme.first,
        most=scheme.next_edition_after,
    )
    authority = _authority(system, act.by, matrix.prepare, message("to prepare"))
    if before is not None and not content.differs(before):
        raise QmsError("{number}: the folder holds what {revision} says; nothing changed",
                       number=content.number, revision=before.revision)  # fmt: skip
    refuse_lockout(system, content.number, content.files)
    named = tuple(dict.fromkeys((*matrix.countersign, *(departments or ()))))
    _refuse_empty_departments(system, named, matrix)
    item = content.revision(label)
    said: dict[str, Json] = {
        "kind": content.kind,
        "number": content.number,
        "title": content.title,
        "family": content.family,
        "revision": label,
        "manifest": item.sha256,
        "replaces": before.revision if before else None,
        "clauses": _text(clauses, message("the clauses")),
        "opinions": [Opinion(department).row for department in named] or None,
        "answer_by": _deadline(system, matrix) if named else None,
        **_right(authority),
    }
    new = Draft(
        record=builtin.new_number(builtin.RELEASE),
        act="issue",
        state=Course.SUBMITTED,
        set={name: value for name, value in said.items() if value is not None},
        form=builtin.reference(builtin.RELEASE),
        attachments=control.store(system.objects, item),
        meaning="prepared" if system.signs(act.by) else None,
    )
    drafts = [new]
    waiting_now = system.definitions.open(content.kind, content.number)
    if waiting_now is not None:
        if (waiting_now.manifest, waiting_now.prepared_by) == (item.sha256, act.by):
            raise QmsError("{number} {revision} waits already with these bytes ({record})",
                           number=content.number, revision=label, record=waiting_now.record)  # fmt: skip
        drafts.insert(0, _step(system, waiting_now, "take_back", Course.REJECTED))
    return change(system, act, drafts)


def _refuse_empty_departments(system: System, named: Iterable[str], matrix: Approval) -> None:
    for department in named:
        if not offices(system).heads_of(department, matrix.countersign_roles):
            known = {p.department for p in system.people.person.values() if p.department and p.serves(system.today)}
            raise QmsError(
                "nobody can countersign for {department}; departments are {known}",
                department=department,
                known=tuple(sorted(known)),
            )


def _deadline(system: System, matrix: Approval) -> str:
    return system.calendar.end(system.now, matrix.countersign_within).isoformat(timespec="seconds")


# ── review, countersign, answer


def review(system: System, number: str, act: Act) -> Change:
    """The change that records a review, also of what is on trial before its approval for good. Raises QmsError."""
    release = looked_at(_to_review(system, number), act)
    _refuse_state(release, "review")
    authority = _judge(system, release, act.by, matrix_of(system, release).review, message("the review"))
    state = release.state if release.state is Course.TRIAL else Course.REVIEWED
    draft = _step(system, release, "review", state, _right(authority), meaning=_signed(system, act.by, "reviewed"))
    return change(system, act, [draft])


def _to_review(system: System, number: str) -> Release:
    """What waits; where nothing does, what is on trial."""
    named = system.definitions.named(number)
    newest = system.definitions.newest(named[-1].kind, named[-1].number) if named else None
    is_waiting = any(release.is_open or release.state is Course.WITHDRAWING for release in named)
    return newest if newest is not None and newest.state is Course.TRIAL and not is_waiting else waiting(system, number)


def countersign(
    system: System, number: str, act: Act, *, verdict: str, remark: str | None = None, department: str | None = None
) -> Change:
    """The change that records what a department says. The last one that agrees moves the revision on."""
    release = looked_at(waiting(system, number), act)
    _refuse_state(release, "countersign")
    said = opinions(system.definitions.course(release).values)
    name = department or _own_department(system, said, act.by)
    if name not in [opinion.department for opinion in said]:
        known = tuple(opinion.department for opinion in said) or ("-",)
        raise QmsError("{number}: {department} is not asked to countersign; asked are {known}",
                       number=number, department=name, known=known)  # fmt: skip
    matrix = matrix_of(system, release)
    authority = offices(system).in_department(act.by, name, matrix.countersign_roles)
    if authority is None:
        able = offices(system).heads_of(name, matrix.countersign_roles)
        raise QmsError("{person} cannot countersign for {department}", person=act.by, department=name,
                       hint=message("--as {people}", people=able))  # fmt: skip
    _raise(refuse_author(release, act.by, authority, message("the countersignature")))
    text = _text(remark, message("the remark"))
    if verdict != "agree" and not text:
        raise QmsError("say what the remark is", hint=message("-m TEXT"))
    opinion = Opinion(name, verdict, text or "", act.by, authority.behalf or "", system.today.isoformat())
    return change(system, act, [_with_opinion(system, release, "countersign", said, opinion, act.by)])


def answer(system: System, number: str, act: Act, *, department: str, text: str) -> Change:
    """The change that answers the remark of a department; only who prepares such items answers."""
    release = waiting(system, number)
    _refuse_state(release, "answer")
    said = opinions(system.definitions.course(release).values)
    found = [opinion for opinion in said if opinion.department == department]
    if not found or found[0].verdict in (None, "agree"):
        raise QmsError("{number}: there is no remark of {department} to answer", number=number, department=department)
    _authority(system, act.by, matrix_of(system, release).prepare, message("to prepare"))
    opinion = replace(found[0], answer=_text(text, message("the answer")) or "")
    return change(system, act, [_with_opinion(system, release, "answer", said, opinion, None)])


def _own_department(system: System, said: tuple[Opinion, ...], person: str) -> str:
    found = system.people.person.get(person)
    own = found.department if found is not None and found.department else ""
    asked = [opinion.department for opinion in said]
    return own if own in asked else (asked[0] if len(asked) == 1 else own or "-")


def _with_opinion(
    system: System, release: Release, step: str, said: tuple[Opinion, ...], opinion: Opinion, signer: str | None
) -> Draft:
    after = tuple(opinion if other.department == opinion.department else other for other in said)
    is_done = all(other.blocks is None for other in after)
    meaning = _signed(system, signer, "countersigned") if signer else None
    rows: list[Json] = [other.row for other in after]
    state = Course.COUNTERSIGNED if is_done else Course.REVIEWED
    return _step(system, release, step, state, {"opinions": rows}, meaning=meaning)


# ── approve, reject


def approve(system: System, number: str, act: Act, *, effective_on: date | None = None) -> Change:
    """The change that approves what waits: a revision from a day on, or the withdrawal of one.

    Without a day it takes effect tomorrow, the first revision of an item today. Raises QmsError.
    """
    release = looked_at(waiting(system, number), act)
    if release.state is Course.WITHDRAWING:
        return _approve_withdrawal(system, release, act, withdrawn_on=effective_on)
    matrix = matrix_of(system, release)
    said = opinions(system.definitions.course(release).values)
    authority = _judge(system, release, act.by, matrix.approve, message("the approval"))
    _raise(refuse_reviewer(_reviewer(system, release), act.by, authority))
    _raise(refuse_approval(system.releases, release, matrix, said))
    today = _today(system)
    day = effective_on or _first_possible(system, release, today)
    _raise(refuse_day(system.releases, release, day, today=today))
    refuse_lockout(system, release.number, system.definitions.files(release))
    given: dict[str, Json] = {"effective_on": day.isoformat(), **_right(authority)}
    meaning = _decides(system, act.by, matrix.approve)
    drafts = [_step(system, release, "approve", Course.APPROVED, given, meaning=meaning)]
    for other in system.releases:
        same = (other.kind, other.number) == (release.kind, release.number)
        if same and other.first_day == day and gives_way(other, today=today):
            ended: dict[str, Json] = {"withdrawn_on": day.isoformat(), **_right(authority)}
            drafts.insert(0, _step(system, other, "withdraw", Course.WITHDRAWN, ended, meaning=meaning))
    return change(system, act, drafts)


def _reviewer(system: System, release: Release) -> str | None:
    reviewed = [event.by for event in system.definitions.course(release).events if event.act == "review"]
    return reviewed[-1] if reviewed else None


def _today(system: System) -> date:
    """Today, never before the day of the last act: a clock set back approves nothing in the past."""
    return max(system.today, system.objects.committed_at(system.control).astimezone(system.zone).date())


def _first_possible(system: System, release: Release, today: date) -> date:
    newest = system.definitions.newest(release.kind, release.number)
    if newest is None or gives_way(newest, today=today):
        return today
    return max(today, newest.first_day or today) + timedelta(days=1)


def adopt(system: System, number: str, act: Act) -> Change:
    """The change that ends the trial of the revision in force: it is approved for good."""
    found = [r for r in system.definitions.named(number) if r.state is Course.TRIAL]
    if not found:
        raise QmsError("{number} is not on trial", number=number)
    release = looked_at(found[-1], act)
    matrix = matrix_of(system, release)
    authority = _judge(system, release, act.by, matrix.approve, message("the approval"))
    _raise(refuse_reviewer(_reviewer(system, release), act.by, authority))
    given: dict[str, Json] = {"trial_until": None, **_right(authority)}
    meaning = _decides(system, act.by, matrix.approve)
    return change(system, act, [_step(system, release, "adopt", Course.APPROVED, given, meaning=meaning)])


def reject(system: System, number: str, act: Act) -> Change:
    """The change that sends a revision back with a reason, or keeps one whose withdrawal was asked for."""
    _need_reason(act, message("a rejection needs a reason"))
    release = waiting(system, number)
    matrix = matrix_of(system, release)
    authority = _judge(system, release, act.by, (*matrix.review, *matrix.approve), message("the rejection"))
    if release.state is Course.WITHDRAWING:
        state = Course.TRIAL if release.is_trial else Course.APPROVED
        draft = _step(system, release, "keep", state, _right(authority), meaning=_signed(system, act.by, "reviewed"))
    else:
        draft = _step(
            system, release, "reject", Course.REJECTED, _right(authority), meaning=_signed(system, act.by, "reviewed")
        )
    return change(system, act, [draft])


# ── withdraw


def withdraw(system: System, number: str, act: Act) -> Change:
    """The change that takes back a revision not yet approved, or asks for the withdrawal of the one in force."""
    _need_reason(act, message("a withdrawal needs a reason"))
    named = system.definitions.named(number)
    if not named:
        raise QmsError("there is no {number}", number=number, hint=message("qmsdocs document list"))
    open_one = next((release for release in named if release.is_open), None)
    matrix = matrix_of(system, named[-1])
    authority = _authority(system, act.by, matrix.prepare, message("to prepare"))
    if open_one is not None:
        return change(system, act, [_step(system, open_one, "take_back", Course.REJECTED, _right(authority))])
    newest = system.definitions.newest(named[-1].kind, named[-1].number)
    if newest is None or newest.state not in (Course.TRIAL, Course.APPROVED):
        raise QmsError("{number}: no revision can be withdrawn", number=number)
    meaning = _signed(system, act.by, "prepared")
    draft = _step(system, newest, "ask_withdrawal", Course.WITHDRAWING, _right(authority), meaning=meaning)
    return change(system, act, [draft])


def _approve_withdrawal(system: System, release: Release, act: Act, *, withdrawn_on: date | None) -> Change:
    matrix = matrix_of(system, release)
    asked = next(e for e in reversed(system.definitions.course(release).events) if e.act == "ask_withdrawal")
    authority = _authority(system, act.by, matrix.approve, message("the approval"))
    as_asked = replace(release, prepared_by=asked.by)
    _raise(refuse_author(as_asked, act.by, authority, message("the approval")))
    today = _today(system)
    day = withdrawn_on or today + timedelta(days=1)
    earliest = max(today, (release.first_day or today))
    if day < earliest:
        raise QmsError("withdrawn on {day} lies before {earliest}", day=day, earliest=earliest)
    current = in_force(system.releases, release.kind, release.number, on=system.today)
    if day == system.today and current is not None and current.record == release.record:
        raise QmsError("{number} is in force today; it can be withdrawn from tomorrow on", number=release.number)
    given: dict[str, Json] = {"withdrawn_on": day.isoformat(), **_right(authority)}
    meaning = _decides(system, act.by, matrix.approve)
    return change(system, act, [_step(system, release, "withdraw", Course.WITHDRAWN, given, meaning=meaning)])


# ── shared


def _judge(system: System, release: Release, person: str, roles: tuple[str, ...], act: Message) -> Authority:
    system.refuse_unknown_person(person)
    authors = {r.prepared_by for r in system.releases if r.manifest == release.manifest} | {release.prepared_by}
    if person in authors:  # said before the roles: it is the nearer reason
        _raise(refuse_author(replace(release, prepared_by=person), person, None, act))
    authority = _authority(system, person, roles, act)
    for author in sorted(authors):
        _raise(refuse_author(replace(release, prepared_by=author), person, authority, act))
    return authority


def _authority(system: System, person: str, roles: tuple[str, ...], act: Message) -> Authority:
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


def _refuse_state(release: Release, step: str) -> None:
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


def _signed(system: System, person: str, meaning: str) -> str | None:
    return meaning if system.signs(person) else None


def _decides(system: System, person: str, roles: tuple[str, ...]) -> str | None:
    """The meaning of an approval. It must be signed from the first key on that anybody who may approve ever had."""
    if not system.signs(person) and system.must_sign(roles):
        raise QmsError(
            "approvals are signed here, and {person} has no key that counts",
            person=person,
            hint=message("qmsdocs key new {person}", person=person),
        )
    return _signed(system, person, "approved")


def _right(authority: Authority) -> dict[str, Json]:
    """By what right it was done, as the event says it; null clears what an earlier act said."""
    return {"deputy_for": authority.behalf, "delegation": authority.delegation}


def _step(
    system: System,
    release: Release,
    act: str,
    state: Course,
    given: Mapping[str, Json] | None = None,
    *,
    meaning: str | None = None,
) -> Draft:
    record = system.definitions.course(release)
    if len(record.events) != len(system.definitions.events(release)):
        raise QmsError(
            "{number} {revision} holds an act that may not be",
            number=release.number,
            revision=release.revision,
            hint=message("qmsdocs document history {number}", number=release.number),
        )
    held = record.values
    changes = {name: value for name, value in (given or {}).items() if value is not None or name in held}
    return Draft(
        record=control.key_of(system.definitions.events(release)[0]),
        act=act,
        state=state,
        set=changes,
        form=record.form,
        after=record.last.sha256,
        meaning=meaning,
        acts=builtin.acts(builtin.RELEASE),
    )


def change(system: System, act: Act, drafts: Iterable[Draft]) -> Change:
    """The change of drafts in control, with who says it and why. Raises QmsError for an unknown person."""
    system.refuse_unknown_person(act.by)
    _refuse_clock(system, act)
    reason = _text(act.reason, message("the reason"))
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
    last = system.objects.committed_at(system.control).astimezone(system.zone)
    if system.now < last - journal.TOLERANCE and not act.clock_is_right:
        raise QmsError(
            "the clock says {now}, but the last act was at {last}",
            now=f"{system.now:%Y-%m-%d %H:%M}",
            last=f"{last:%Y-%m-%d %H:%M}",
            hint=message("set the clock; if it is right, repeat with --clock-is-right -m REASON"),
        )


def _text(written: str | None, what: Message) -> str | None:
    if written is None or not written.strip():
        return None
    if (wrong := refuse_text(written)) is not None:
        raise QmsError("{what}: {wrong}", what=what, wrong=wrong)
    return clean(written)


def _need_reason(act: Act, said: Message) -> None:
    if not (act.reason or "").strip():
        raise QmsError("{said}", said=said, hint=message("-m REASON"))


def _raise(refusals: Iterable[Message]) -> None:
    for said in refusals:
        raise QmsError("{said}", said=said)
