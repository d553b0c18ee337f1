"""The course of an item on the terminal and as JSON: every revision, who did what, and whether it can be believed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from qmsdocs.base.errors import message
from qmsdocs.cli.session import Session
from qmsdocs.cli.words import one_line
from qmsdocs.model.approval import VERDICTS, Opinion
from qmsdocs.model.release import Release
from qmsdocs.query import course as courses
from qmsdocs.query.course import Passed, PastAct
from qmsdocs.system import builtin


def history(session: Session, number: str, *, as_json: bool, output: str | None) -> int:
    """The exit code: 1 where an act cannot be believed. Every revision, signer, meaning and time was printed."""
    passed = courses.course(session.system, number)
    if as_json:
        said = [_passed_json(session, item) for item in passed]
        session.answer_json({"format": 1, "number": passed[0].release.number, "revisions": said}, output)
    else:
        text = "\n".join(one_line(line) for item in passed for line in _passed_lines(session, item))
        session.write((text + "\n").encode(), output) if output else session.answer(text)
    return 1 if any(item.problems for item in passed) else 0


def _passed_lines(session: Session, item: Passed) -> Iterator[str]:
    begins = item.release.effective_on
    last = item.until - timedelta(days=1) if item.until is not None else ""
    span = f"{begins} … {last}" if begins is not None and item.release.first_day is not None else ""
    state = session.say("{words}", words=_standing(item))
    yield f"{item.release.number} {item.release.revision}  [{state}]  {span}  {item.release.manifest[:16]}"
    for act in item.acts:
        yield f"  {_act_line(session, act)}"
        yield from (f"    ✗ {session.say(said)}" for said in act.problems)
    for opinion in item.opinions:
        if opinion.verdict is not None:
            yield f"    {opinion.department}: {said_by(session, opinion)}"


def _standing(item: Passed) -> object:
    """How a revision stands, in words."""
    if item.superseded_by:
        return message("superseded by {revision}", revision=item.superseded_by)
    if item.release.is_first and item.release.state == "withdrawn" and item.release.first_day is None:
        return message("replaced on the day the system began")
    if item.is_in_force:
        return message("on trial") if item.release.is_trial else message("in force")
    return state_title(item.release.state)


def _act_line(session: Session, act: PastAct) -> str:
    title = builtin.form(builtin.RELEASE).step[act.act].title if act.act in builtin.acts(builtin.RELEASE) else None
    words = session.say("{title}", title=title) if title is not None else session.say("submitted")
    who = _who(session, act)
    sign = (
        session.say("signed ({meaning})", meaning=_meaning(session, act.meaning))
        if act.signer
        else session.say("not signed")
    )
    said = act.said.get("effective_on") or act.said.get("withdrawn_on")
    day = f" → {said}" if said else ""
    moment = act.at.astimezone(session.system.zone)
    reason = session.say("the system begins") if act.reason == "init" else act.reason
    return f"{moment:%Y-%m-%d %H:%M}  {words}{day}  {who}  {sign}  {reason}  [{act.sha256[:8]}]"


def _who(session: Session, act: PastAct) -> str:
    names = session.system.people.names()
    own = names.get(act.by, act.by)
    if not act.deputy_for:
        return own
    return session.say("{deputy} (for {principal})", deputy=own, principal=names.get(act.deputy_for, act.deputy_for))


def _meaning(session: Session, meaning: str) -> str:
    words = {
        "prepared": message("prepared"),
        "reviewed": message("reviewed"),
        "countersigned": message("countersigned"),
        "approved": message("approved"),
        "verified": message("verified"),
        "acknowledged": message("acknowledged"),
    }
    return session.say(words[meaning]) if meaning in words else meaning


def said_by(session: Session, opinion: Opinion) -> str:
    """What a department said, with the answer to it."""
    if opinion.verdict is None:
        return session.say("not yet")
    words = f"{opinion.remark}{' → ' + opinion.answer if opinion.answer else ''}"
    return f"{_verdict(session, opinion.verdict)} {words}".rstrip()


def _verdict(session: Session, verdict: str) -> str:
    choices = builtin.form(builtin.RELEASE).field["opinions"].column["verdict"].choices
    return choices[verdict].text.of(session.language) if verdict in VERDICTS else verdict


def release_json(item: Release) -> dict[str, object]:
    """A revision as JSON."""
    return {
        "number": item.number,
        "revision": item.revision,
        "kind": item.kind.value,
        "state": item.state.value,
        "effective_on": _iso(item.effective_on),
        "trial_until": _iso(item.trial_until),
        "withdrawn_on": _iso(item.withdrawn_on),
        "manifest": item.manifest,
        "record": item.record,
    }


def _iso(day: date | datetime | None) -> str | None:
    return day.isoformat() if day is not None else None


def _passed_json(session: Session, item: Passed) -> dict[str, object]:
    names = session.system.people.names()
    return {
        **release_json(item.release),
        "in_force": item.is_in_force,
        "until": _iso(item.until),
        "superseded_by": item.superseded_by or None,
        "events": [
            {
                "act": act.act,
                "by": act.by,
                "name": names.get(act.by, act.by),
                "deputy_for": act.deputy_for or None,
                "at": act.at.isoformat(),
                "meaning": act.meaning or None,
                "key": act.signer or None,
                "sha256": act.sha256,
                "reason": act.reason or None,
                "problems": [session.say(said) for said in act.problems],
            }
            for act in item.acts
        ],
        "opinions": [opinion.row for opinion in item.opinions],
    }


def state_title(name: str) -> object:
    """Where a revision stands, in words."""
    return builtin.form(builtin.RELEASE).state[name].title
