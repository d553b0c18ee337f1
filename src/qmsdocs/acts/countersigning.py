"""What departments say of a revision, side by side, and the answers to their remarks."""

from __future__ import annotations

from dataclasses import replace

from qmsdocs.acts.control import (
    Act,
    authority_of,
    change,
    decides,
    looked_at,
    offices,
    raise_first,
    refuse_state,
    step,
    text_of,
    waiting,
)
from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import QmsError, message
from qmsdocs.model.approval import (
    Opinion,
    opinions,
    refuse_author,
)
from qmsdocs.model.release import Course, Release
from qmsdocs.query.course import matrix_of
from qmsdocs.store.event import Change, Draft
from qmsdocs.system.view import System


def countersign(
    system: System, number: str, act: Act, *, verdict: str, remark: str | None = None, department: str | None = None
) -> Change:
    """The change that records what a department says. The last one that agrees moves the revision on."""
    release = looked_at(waiting(system, number), act)
    refuse_state(release, "countersign")
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
    raise_first(refuse_author(release, act.by, authority, message("the countersignature")))
    text = text_of(remark, message("the remark"))
    if verdict != "agree" and not text:
        raise QmsError("say what the remark is", hint=message("-m TEXT"))
    opinion = Opinion(name, verdict, text or "", act.by, authority.behalf or "", system.today.isoformat())
    return change(system, act, [_with_opinion(system, release, "countersign", said, opinion, act.by)])


def answer(system: System, number: str, act: Act, *, department: str, text: str) -> Change:
    """The change that answers the remark of a department; only who prepares such items answers."""
    release = waiting(system, number)
    refuse_state(release, "answer")
    said = opinions(system.definitions.course(release).values)
    found = [opinion for opinion in said if opinion.department == department]
    if not found or found[0].verdict in (None, "agree"):
        raise QmsError("{number}: there is no remark of {department} to answer", number=number, department=department)
    authority_of(system, act.by, matrix_of(system, release).prepare, message("to prepare"))
    opinion = replace(found[0], answer=text_of(text, message("the answer")) or "")
    return change(system, act, [_with_opinion(system, release, "answer", said, opinion, None)])


def _own_department(system: System, said: tuple[Opinion, ...], person: str) -> str:
    found = system.people.person.get(person)
    own = found.department if found is not None and found.department else ""
    asked = [opinion.department for opinion in said]
    return own if own in asked else (asked[0] if len(asked) == 1 else own or "-")


def _with_opinion(
    system: System, release: Release, act: str, said: tuple[Opinion, ...], opinion: Opinion, signer: str | None
) -> Draft:
    after = tuple(opinion if other.department == opinion.department else other for other in said)
    is_done = all(other.blocks is None for other in after)
    meaning = decides(system, signer, meaning="countersigned") if signer else None
    rows: list[Json] = [other.row for other in after]
    state = Course.COUNTERSIGNED if is_done else Course.REVIEWED
    return step(system, release, act, state, {"opinions": rows}, meaning=meaning)
