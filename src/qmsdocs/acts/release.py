"""The way of a revision into force and out of it: submitted, reviewed, countersigned, approved, withdrawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta

from qmsdocs.acts.control import (
    Act,
    authority_of,
    change,
    decides,
    judge,
    judged_on,
    looked_at,
    need_reason,
    offices,
    raise_first,
    refuse_state,
    right,
    signed,
    step,
    text_of,
    waiting,
)
from qmsdocs.acts.items import Content, earlier
from qmsdocs.acts.lockout import refuse_lockout
from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import QmsError, message
from qmsdocs.model.approval import (
    Opinion,
    gives_way,
    opinions,
    refuse_approval,
    refuse_author,
    refuse_day,
    refuse_reviewer,
)
from qmsdocs.model.organisation import Approval
from qmsdocs.model.release import Course, ItemKind, Release
from qmsdocs.model.revision import checked, proposed
from qmsdocs.query.course import matrix_of
from qmsdocs.store import control
from qmsdocs.store.event import Change, Draft
from qmsdocs.system import builtin
from qmsdocs.system.view import System


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
    last, scheme = before.revision if before else None, system.organisation.revision
    label = revision or next_label(system, content.kind, content.number)
    label = checked(label, before=last, first=scheme.first, most=scheme.next_edition_after)
    authority = authority_of(system, act.by, matrix.prepare, message("to prepare"))
    if before is not None and not content.differs(before):
        raise QmsError("{number}: the folder holds what {revision} says; nothing changed",
                       number=content.number, revision=before.revision)  # fmt: skip
    _refuse_relapse(system, content, before, is_meant=revision is not None)
    refuse_lockout(system, content.number, content.files)
    named = tuple(dict.fromkeys((*matrix.countersign, *(departments or ()))))
    _refuse_empty_departments(system, named, matrix)
    item = content.revision(label)
    said: dict[str, Json] = {
        **content.said(item),
        "replaces": last,
        "clauses": text_of(clauses, message("the clauses")),
        "opinions": [Opinion(department).row for department in named] or None,
        "answer_by": _deadline(system, matrix) if named else None,
        **right(authority),
    }
    meaning, stored = signed(system, act.by, "prepared"), control.store(system.objects, item)
    new = builtin.begun(builtin.RELEASE, Course.SUBMITTED, said, meaning=meaning, attachments=stored)
    return change(system, act, [*_taken_back(system, item, act.by), new])


def _refuse_relapse(system: System, content: Content, before: Release | None, *, is_meant: bool) -> None:
    """Nothing; raises QmsError for a text that would undo `before` without a word, unless its label was named."""
    old = earlier(system, content, before) if before is not None else None
    if before is not None and old is not None and not is_meant:
        raise QmsError("{number}: the folder holds {old}, which is older than {revision}; nothing was changed in it",
                       number=content.number, old=old.revision, revision=before.revision,
                       hint=message("qmsdocs document restore {number}; to go back on purpose: --revision {label}",
                                    number=content.number,
                                    label=next_label(system, content.kind, content.number)))  # fmt: skip


def _taken_back(system: System, item: control.Item, by: str) -> Iterator[Draft]:
    """The act that takes back a revision that waits already. Raises QmsError when it is the same one."""
    waiting_now = system.definitions.open(ItemKind(item.kind), item.number)
    if waiting_now is not None:
        if (waiting_now.manifest, waiting_now.prepared_by) == (item.sha256, by):
            raise QmsError("{number} {revision} waits already with these bytes ({record})",
                           number=item.number, revision=item.revision, record=waiting_now.record)  # fmt: skip
        yield step(system, waiting_now, "take_back", Course.REJECTED)


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


# ── review


def review(system: System, number: str, act: Act) -> Change:
    """The change that records a review, also of what is on trial before its approval for good. Raises QmsError."""
    release = looked_at(_to_review(system, number), act)
    refuse_state(release, "review")
    authority = judge(system, release, act.by, matrix_of(system, release).review, message("the review"))
    state = release.state if release.state is Course.TRIAL else Course.REVIEWED
    meaning = decides(system, act.by, meaning="reviewed")
    return change(system, act, [step(system, release, "review", state, right(authority), meaning=meaning)])


def _to_review(system: System, number: str) -> Release:
    """What waits; where nothing does, what is on trial."""
    named = system.definitions.named(number)
    newest = system.definitions.newest(named[-1].kind, named[-1].number) if named else None
    is_waiting = any(release.is_open or release.state is Course.WITHDRAWING for release in named)
    return newest if newest is not None and newest.state is Course.TRIAL and not is_waiting else waiting(system, number)


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
    authority = judge(system, release, act.by, matrix.approve, message("the approval"))
    raise_first(refuse_reviewer(_reviewer(system, release), act.by, authority))
    raise_first(refuse_approval(system.releases, release, matrix, said))
    today = judged_on(system)
    day = effective_on or _first_possible(system, release, today)
    raise_first(refuse_day(system.releases, release, day, today=today))
    refuse_lockout(system, release.number, system.definitions.files(release))
    given: dict[str, Json] = {"effective_on": day.isoformat(), **right(authority)}
    meaning = decides(system, act.by, matrix.approve)
    drafts = [step(system, release, "approve", Course.APPROVED, given, meaning=meaning)]
    for other in system.releases:
        same = (other.kind, other.number) == (release.kind, release.number)
        if same and other.first_day == day and gives_way(other, today=today):
            ended: dict[str, Json] = {"withdrawn_on": day.isoformat(), **right(authority)}
            drafts.insert(0, step(system, other, "withdraw", Course.WITHDRAWN, ended, meaning=meaning))
    return change(system, act, drafts)


def _reviewer(system: System, release: Release) -> str | None:
    reviewed = [event.by for event in system.definitions.course(release).events if event.act == "review"]
    return reviewed[-1] if reviewed else None


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
    authority = judge(system, release, act.by, matrix.approve, message("the approval"))
    raise_first(refuse_reviewer(_reviewer(system, release), act.by, authority))
    given: dict[str, Json] = {"trial_until": None, **right(authority)}
    meaning = decides(system, act.by, matrix.approve)
    return change(system, act, [step(system, release, "adopt", Course.APPROVED, given, meaning=meaning)])


def reject(system: System, number: str, act: Act) -> Change:
    """The change that sends a revision back with a reason, or keeps one whose withdrawal was asked for."""
    need_reason(act, message("a rejection needs a reason"))
    release = waiting(system, number)
    matrix = matrix_of(system, release)
    authority = judge(system, release, act.by, (*matrix.review, *matrix.approve), message("the rejection"))
    name, state = "reject", Course.REJECTED
    if release.state is Course.WITHDRAWING:
        name, state = "keep", Course.TRIAL if release.is_trial else Course.APPROVED
    meaning = decides(system, act.by, meaning="reviewed")
    return change(system, act, [step(system, release, name, state, right(authority), meaning=meaning)])


# ── withdraw


def withdraw(system: System, number: str, act: Act) -> Change:
    """The change that takes back a revision not yet approved, or asks for the withdrawal of the one in force."""
    need_reason(act, message("a withdrawal needs a reason"))
    named = system.definitions.named(number)
    if not named:
        raise QmsError("there is no {number}", number=number, hint=message("qmsdocs document list"))
    open_one = next((release for release in named if release.is_open), None)
    matrix = matrix_of(system, named[-1])
    authority = authority_of(system, act.by, matrix.prepare, message("to prepare"))
    if open_one is not None:
        return change(system, act, [step(system, open_one, "take_back", Course.REJECTED, right(authority))])
    newest = system.definitions.newest(named[-1].kind, named[-1].number)
    if newest is None or newest.state not in (Course.TRIAL, Course.APPROVED):
        raise QmsError("{number}: no revision can be withdrawn", number=number)
    meaning = signed(system, act.by, "prepared")
    draft = step(system, newest, "ask_withdrawal", Course.WITHDRAWING, right(authority), meaning=meaning)
    return change(system, act, [draft])


def _approve_withdrawal(system: System, release: Release, act: Act, *, withdrawn_on: date | None) -> Change:
    matrix = matrix_of(system, release)
    asked = next(e for e in reversed(system.definitions.course(release).events) if e.act == "ask_withdrawal")
    authority = authority_of(system, act.by, matrix.approve, message("the approval"))
    as_asked = replace(release, prepared_by=asked.by)
    raise_first(refuse_author(as_asked, act.by, authority, message("the approval")))
    today = judged_on(system)
    day = withdrawn_on or today + timedelta(days=1)
    earliest = max(today, (release.first_day or today))
    if day < earliest:
        raise QmsError("withdrawn on {day} lies before {earliest}", day=day, earliest=earliest)
    current = system.in_force(release.kind, release.number)
    if day == system.today and current is not None and current.record == release.record:
        raise QmsError("{number} is in force today; it can be withdrawn from tomorrow on", number=release.number)
    given: dict[str, Json] = {"withdrawn_on": day.isoformat(), **right(authority)}
    meaning = decides(system, act.by, matrix.approve)
    return change(system, act, [step(system, release, "withdraw", Course.WITHDRAWN, given, meaning=meaning)])
