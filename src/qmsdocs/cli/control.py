"""What the commands of `document` do with a revision: submit, review, countersign, approve, withdraw, history."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import click

from qmsdocs.acts import control, countersigning, document_pages, items, release
from qmsdocs.acts.apply import Outcome
from qmsdocs.acts.control import Act
from qmsdocs.base.errors import QmsError, message
from qmsdocs.cli import given
from qmsdocs.cli.course import release_json, said_by, state_title
from qmsdocs.cli.parameters import finding_line
from qmsdocs.cli.session import Session
from qmsdocs.cli.words import one_line
from qmsdocs.model.approval import opinions
from qmsdocs.model.finding import Severity
from qmsdocs.model.release import Course, Release
from qmsdocs.query import course as courses
from qmsdocs.query.course import Waiting
from qmsdocs.store.event import Change
from qmsdocs.system import builtin
from qmsdocs.system.view import System

Plan = Callable[[System], Change]
REFUSED = 2
PEOPLE = "people.toml"
SETTINGS = {PEOPLE, "qms.toml"}


def submit(session: Session, number: str, **options: Any) -> int:
    """The exit code of putting a revision up for review."""
    session.refuse_on()
    content = items.content(session.system.place.root, number)
    _refuse_faulty(session, content)
    if not (options["reason"] or "").strip():
        raise QmsError("say what changed and why", hint=message("-m REASON"))
    act = _act(session, options)
    departments = options["countersign"]
    asked = (
        tuple(part.strip() for part in departments.replace("，", ",").split(",") if part.strip())
        if departments
        else None
    )

    def plan(system: System) -> Change:
        return release.submit(
            system, content, act, revision=options["revision"], departments=asked, clauses=options["clauses"]
        )

    return _done(session, content.number, plan, options)


def _refuse_faulty(session: Session, content: items.Content) -> None:
    """Nothing; raises QmsError where the item has errors, after saying all of them."""
    from qmsdocs.query.working import load

    working = load(session.system.place.root)
    subjects = {content.number}
    if content.kind == "procedure" and content.number in working.procedure_paths:
        subjects.add(working.procedure_paths[content.number].relative_to(working.root).as_posix())
    if content.number in SETTINGS:  # they name each other
        subjects |= SETTINGS
    if content.kind == "form" and content.number in working.form_folders:
        subjects.add((working.form_folders[content.number] / "form.toml").relative_to(working.root).as_posix())
    errors = [f for f in working.findings() if f.severity is Severity.ERROR and f.subject in subjects]
    for item in errors:
        session.complain(finding_line(session, working, item))
    if errors:
        raise QmsError("{number}: {count} errors, nothing was submitted", number=content.number, count=len(errors))
    document_pages.refuse_unprintable(session.system, content)


def review(session: Session, number: str | None, **options: Any) -> int:
    """The exit code of a review or a rejection: of one item, of those that wait, or of those on trial."""
    if options["waiting"] or (options["trial"] and number is None):
        return _several(session, "review", options, None)
    number = _named(number)
    act = _act(session, options)
    if options["reject"]:
        return _done(session, number, lambda system: release.reject(system, number, act), options)
    if not options["trial"]:
        act = replace(act, seen=control.waiting(session.system, number).record)
    return _done(session, number, lambda system: release.review(system, number, act), options)


def countersign(session: Session, number: str, **options: Any) -> int:
    """The exit code of a countersignature, or of the answer to a remark."""
    act = _act(session, {**options, "reason": None if options["answer"] else options["reason"]})
    if options["answer"]:
        text = options["reason"] or ""
        if not text.strip():
            raise QmsError("say what the answer is", hint=message("-m TEXT"))
        return _done(
            session,
            number,
            lambda system: countersigning.answer(system, number, act, department=options["answer"], text=text),
            options,
        )
    return _done(
        session,
        number,
        lambda system: countersigning.countersign(
            system,
            number,
            act,
            verdict=options["verdict"],
            remark=options["reason"],
            department=options["department"],
        ),
        options,
    )


def approve(session: Session, number: str | None, **options: Any) -> int:
    """The exit code of an approval: of one item, of those that wait, or of those on trial."""
    day = given.day("--effective", options["effective"]) if options["effective"] else None
    if options["waiting"] or (options["trial"] and number is None):
        return _several(session, "approve", options, day)
    number = _named(number)
    act = _act(session, options)
    if options["trial"]:
        return _done(session, number, lambda system: release.adopt(system, number, act), options)
    seen = replace(act, seen=control.waiting(session.system, number).record)
    if options["reject"]:
        return _done(session, number, lambda system: release.reject(system, number, seen), options)
    return _done(session, number, lambda system: release.approve(system, number, seen, effective_on=day), options)


def _named(number: str | None) -> str:
    if number is None:
        raise QmsError("name an item, or say --waiting")
    return number


def withdraw(session: Session, number: str, **options: Any) -> int:
    """The exit code of taking a revision back, or of asking for its withdrawal."""
    act = _act(session, options)
    return _done(session, number, lambda system: release.withdraw(system, number, act), options)


def _act(session: Session, options: Mapping[str, Any]) -> Act:
    return Act(session.by, options["reason"], clock_is_right=options["clock_is_right"])


def _done(session: Session, number: str, plan: Plan, options: dict[str, Any]) -> int:
    outcome = session.apply(plan, dry_run=options["dry_run"])
    _answer(session, number, outcome, options)
    return 0


def _answer(session: Session, number: str, outcome: Outcome, options: dict[str, Any]) -> None:
    if not outcome.posted and options.get("as_json"):
        said = [{"number": number, "act": draft.act, "state": draft.state} for draft in outcome.change.drafts]
        session.answer_json({"format": 1, "planned": said})
        return
    if not outcome.posted:
        for draft in outcome.change.drafts:
            session.answer(
                session.say("{number}: would be {state} (dry run)", number=number, state=state_title(draft.state))
            )
        return
    last = outcome.posted[-1]
    now = next(r for r in outcome.system.releases if r.record == last.number)
    signer = last.stored.event.mapping("signer")
    if options.get("as_json"):
        session.answer_json({"format": 1, **release_json(now), "act": last.stored.event.act,
                             "sha256": last.stored.sha256, "signed": bool(signer)})  # fmt: skip
        return
    session.answer(one_line(_stands(session, now, last.stored.event.act)))
    if last.stored.event.act in ("countersign", "answer"):
        for opinion in opinions(outcome.system.definitions.course(now).values):
            session.answer(one_line(f"  {opinion.department}: {said_by(session, opinion)}"))
    if not signer and last.stored.event.act in ("approve", "adopt", "withdraw"):
        session.tell("not signed: nobody who may approve has a key yet; qmsdocs key new PERSON")
    _tell_next(session, outcome.system, now)


def _stands(session: Session, now: Release, act: str) -> str:
    template = (
        "{number} {revision}: reviewed, still {state}"
        if act == "review" and now.state == Course.TRIAL
        else "{number} {revision}: {state}"
    )
    said = session.say(template, number=now.number, revision=now.revision, state=state_title(now.state))
    if now.withdrawn_on is not None:
        return said + session.say(", in force until {day}", day=now.withdrawn_on - timedelta(days=1))
    if now.effective_on is not None and now.trial_until is None:
        return said + session.say(", in force from {day}", day=now.effective_on)
    return said


def _tell_next(session: Session, system: System, now: Release) -> None:
    for item in courses.waiting(system):
        if item.release.record == now.record:
            session.tell("{what}", what=_waits(session, item))


def _waits(session: Session, item: Waiting) -> str:
    titles = builtin.form(builtin.RELEASE).step
    return session.say(
        "{number} {revision} waits for: {step} ({people})",
        number=item.release.number,
        revision=item.release.revision,
        step=titles[item.step].title,
        people=item.departments or item.people or ("-",),
    )


# ── several at once


def _several(session: Session, step: str, options: dict[str, Any], day: date | None) -> int:
    waiting = [item for item in _candidates(session, step, options) if session.by in item.people]
    if not waiting and not options["as_json"]:
        session.answer(session.say("nothing waits for {person}", person=session.by))
        return 0
    is_sure = options["yes"] or options["dry_run"] or not waiting
    if options["without"] is None:
        _show(session, waiting, frozenset())
    struck = _struck(session, options["without"], len(waiting), is_sure=is_sure)
    if options["without"] is not None:
        _show(session, waiting, struck)
    chosen = [item for count, item in enumerate(waiting, 1) if count not in struck]
    done, refused = _each(session, chosen, options, day)
    if options["as_json"]:
        name = "approved" if step == "approve" else "reviewed"
        session.answer_json({"format": 1, name: done, "refused": refused})
    else:
        session.answer(session.say("{done} done, {left} left out, {refused} refused", done=len(done),
                                   left=len(struck), refused=len(refused)))  # fmt: skip
    return REFUSED if refused else 0


def _show(session: Session, waiting: Sequence[Waiting], struck: frozenset[int]) -> None:
    for count, item in enumerate(waiting, 1):
        mark = "×" if count in struck else " "
        session.tell("{line}", line=one_line(f"{mark}{_listed(session, count, item)}"))


def _each(
    session: Session, chosen: Sequence[Waiting], options: dict[str, Any], day: date | None
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """What was approved, and what was refused and why; one that is refused does not hold up the others."""
    act = _act(session, options)
    done: list[dict[str, object]] = []
    refused: list[dict[str, object]] = []
    for item in chosen:
        number = item.release.number
        plan = _planned(item, act, day)
        try:
            outcome = session.apply(plan, dry_run=options["dry_run"])
        except QmsError as error:
            session.complain(session.say("error: {what}", what=session.say(error.message)))
            refused.append({"number": number, "message": session.say(error.message)})
            continue
        if outcome.posted:
            done.append(release_json(next(r for r in outcome.system.releases if r.record == item.release.record)))
        if not options["as_json"]:
            _answer(session, number, outcome, options)
    return done, refused


def _planned(item: Waiting, act: Act, day: date | None) -> Plan:
    number = item.release.number
    act = replace(act, seen=item.release.record)
    if item.step == "review":
        return lambda system: release.review(system, number, act)
    if item.step == "adopt":
        return lambda system: release.adopt(system, number, act)
    return lambda system: release.approve(system, number, act, effective_on=day)


def _candidates(session: Session, step: str, options: dict[str, Any]) -> tuple[Waiting, ...]:
    """What can be taken in one list; people.toml comes last, since it may take the right to act from whoever acts."""
    found = [*_waiting(session, step)] if options["waiting"] else []
    if options["trial"]:
        found += _on_trial(session, step)
    return tuple(sorted(found, key=lambda item: item.release.number == PEOPLE))


def _waiting(session: Session, step: str) -> Iterator[Waiting]:
    return (item for item in courses.waiting(session.system) if item.step == step)


def _on_trial(session: Session, step: str) -> Iterator[Waiting]:
    system = session.system
    desk = control.offices(system)
    for item in system.releases:
        if item.state != Course.TRIAL or system.definitions.newest(item.kind, item.number) != item:
            continue
        matrix = courses.matrix_of(system, item)
        is_reviewed = any(event.act == "review" for event in system.definitions.course(item).events)
        roles = matrix.review if step == "review" else matrix.approve
        people = tuple(person for person in desk.able(roles) if person != item.prepared_by)
        if step == "approve" or not is_reviewed:
            yield Waiting(item, "review" if step == "review" else "adopt", people)


def _listed(session: Session, count: int, item: Waiting) -> str:
    record = session.system.definitions.course(item.release)
    before = str(record.values.get("replaces") or "–")
    said = f"{count:3}  {item.release.number}  {before} → {item.release.revision}  {item.release.title}"
    reason = record.last.text("reason") if item.release.state == "withdrawing" else record.first.text("reason")
    return f"{said}  {reason}" if item.step == "approve" and reason else said


def _struck(session: Session, without: str | None, most: int, *, is_sure: bool) -> frozenset[int]:
    if without is None and not is_sure:
        if not sys.stdin.isatty():
            raise QmsError("several at once need a yes", hint=message("-y, or --without 2,4 to leave some out"))
        asked = session.say("Numbers to strike out, such as 2,4 (Enter: none; q: stop)")
        without = str(click.prompt(asked, default="", show_default=False, err=True))
        if without.strip().lower() == "q":
            raise QmsError("stopped; nothing was approved")
    found = set()
    for part in (without or "").replace("，", ",").replace(" ", ",").split(","):
        if not part:
            continue
        if not (part.isascii() and part.isdigit()) or not 1 <= int(part) <= most:
            raise QmsError("--without {part}: a number from 1 to {most}", part=part, most=most)
        found.add(int(part))
    return frozenset(found)
