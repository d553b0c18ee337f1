"""Keys and deputies: who can sign, and who may act for whom."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from qmsdocs.acts.control import Act, change, decides, offices
from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import QmsError, message
from qmsdocs.model.key import COUNTS, GRANTED, LOST, OFFERED, Delegation, RegisteredKey
from qmsdocs.store import control
from qmsdocs.store.event import Change, Draft, OfDraft
from qmsdocs.store.signature import PublicKey
from qmsdocs.system import builtin
from qmsdocs.system.view import System

PERSON_ID = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*", re.ASCII)
MAXIMUM_ID = 60


def refuse_unfit_id(person: str) -> None:
    """Nothing; raises QmsError for what cannot be the id of a person."""
    if not PERSON_ID.fullmatch(person) or len(person) > MAXIMUM_ID:
        raise QmsError("{person} cannot be an id: small letters and digits, joined by . - _", person=person)


def register(
    system: System, person: str, public: PublicKey, *, from_on: date, until_on: date | None, by: str
) -> Change:
    """The change that registers a key, signed with the key itself.

    As long as nobody who may confirm keys has one, it counts at once; afterwards another person confirms it. A key
    that counted before goes on until it is replaced. Raises QmsError.
    """
    for known in system.definitions.keys:
        if known.fingerprint == public.fingerprint:
            raise QmsError("this key is registered already, for {person} ({record})",
                           person=known.person, record=known.record)  # fmt: skip
    if until_on is not None and until_on < max(from_on, system.today):
        raise QmsError("a key until {day} would never count", day=until_on)
    said: dict[str, Json] = {
        "person": person,
        "public": public.line,
        "fingerprint": public.fingerprint,
        "from_on": from_on.isoformat(),
        "until_on": until_on.isoformat() if until_on is not None else None,
    }
    drafts = [builtin.begun(builtin.KEY, OFFERED, said, meaning="prepared")]
    if not confirmers(system, person):
        drafts.append(
            Draft(
                record=OfDraft(0), act="confirm", state=COUNTS, form=builtin.reference(builtin.KEY), reason="first key"
            )
        )
    return change(system, Act(by), drafts)


def confirmers(system: System, person: str) -> tuple[str, ...]:
    """Who may confirm a key of `person`; nobody before the first approver of configuration ever had one.

    It is who approves configuration and has a key, else who reviews it and has one; where every key is lost, anybody
    else in these roles, without a signature.
    """
    matrix, office = system.officers, offices(system)
    if not system.must_sign(matrix.approve):
        return ()
    approving, reviewing = (
        tuple(other for other in office.able(roles) if other != person) for roles in (matrix.approve, matrix.review)
    )
    signing = tuple(other for other in approving if system.signs(other))
    return signing or tuple(o for o in reviewing if system.signs(o)) or (*approving, *reviewing)


def confirm(system: System, person: str, act: Act) -> Change:
    """The change that confirms the offered key of a person."""
    offered = [key for key in system.definitions.keys if key.person == person and key.state == OFFERED]
    if not offered:
        raise QmsError("{person} has no key that waits for confirmation", person=person)
    meaning = "approved" if system.signs(act.by) else None
    if act.by not in confirmers(system, person):
        raise QmsError("{person} cannot confirm a key of {other}", person=act.by, other=person,
                       hint=message("--as {people}", people=confirmers(system, person)))  # fmt: skip
    return change(system, act, [_step(system, offered[-1], "confirm", COUNTS, {}, meaning=meaning)])


def lose(
    system: System, person: str, act: Act, *, lost_at: datetime | None = None, fingerprint: str | None = None
) -> Change:
    """The change that reports keys of a person lost or replaced: all that count, or one. Anybody may report a loss.

    That it was lost earlier is said with a signature, also of a key that is named and was reported before.
    """
    said: dict[str, Json] = {}
    if lost_at is not None and lost_at < system.now:
        said["lost_at"] = lost_at.isoformat(timespec="seconds")
    own = [key for key in system.definitions.keys if key.person == person]
    if fingerprint is None:
        live = [key for key in own if key.state != LOST]
    else:
        live = [key for key in own if key.fingerprint == fingerprint and (key.state != LOST or said)]
    if not live:
        raise QmsError("{person} has no key that counts", person=person)
    if not (act.reason or "").strip():
        raise QmsError("reporting a key needs a reason", hint=message("-m REASON"))
    if said:
        _refuse_earlier(system, act.by, live)
    meaning = "approved" if said else None
    return change(system, act, [_step(system, key, "lose", LOST, said, meaning=meaning) for key in live])


def _refuse_earlier(system: System, by: str, keys: Sequence[RegisteredKey]) -> None:
    """Nothing; raises QmsError for who cannot say, signed with another key, that keys were lost earlier."""
    person, matrix = keys[0].person, system.officers
    if by == person:
        may = all(key.state == LOST for key in keys)
    else:
        may = offices(system).authority(by, (*matrix.approve, *matrix.review)) is not None
    if not may or not system.signs(by):
        raise QmsError(
            "that it was lost earlier is said by {person} with a new key, or by who confirms keys, signed",
            person=person,
            hint=message("now, without --since: qmsdocs key lost {person} -m REASON", person=person),
        )


def delegate(
    system: System, principal: str, deputy: str, act: Act, *, from_on: date, until_on: date, roles: tuple[str, ...] = ()
) -> Change:
    """The change that names a deputy for a time. By the principal himself, or by who approves configuration."""
    for person in (principal, deputy):
        system.refuse_unknown_person(person)
    matrix = system.officers
    if deputy in (principal, act.by):
        raise QmsError("{person} cannot name himself a deputy", person=deputy)
    if act.by != principal and not system.may(act.by, matrix.approve):
        raise QmsError("a deputy of {principal} is named by {principal}, or by {roles}", principal=principal,
                       roles=system.role_titles(matrix.approve))  # fmt: skip
    if until_on < from_on or until_on < system.today or from_on < system.today:
        raise QmsError("a delegation from {first} to {last} lies in the past", first=from_on, last=until_on)
    held = system.people.person[principal].roles
    for role in roles:
        if role not in held:
            raise QmsError("{person} does not have the role {role} himself; deputies have no deputies",
                           person=principal, role=role)  # fmt: skip
    said: dict[str, Json] = {
        "principal": principal,
        "deputy": deputy,
        "roles": list(roles) or list(held),
        "from_on": from_on.isoformat(),
        "until_on": until_on.isoformat(),
    }
    meaning = decides(system, act.by, matrix.approve)
    return change(system, act, [builtin.begun(builtin.DELEGATION, GRANTED, said, meaning=meaning)])


def revoke(system: System, number: str, act: Act) -> Change:
    """The change that ends a delegation today, by its number."""
    found = [item for item in system.definitions.delegations if item.record == number]
    if not found:
        known = tuple(item.record for item in system.definitions.delegations if item.state == GRANTED)
        raise QmsError("there is no delegation {number}; there are {known}", number=number, known=known or ("-",))
    if found[0].state != GRANTED:
        raise QmsError("{number} is revoked already", number=number)
    matrix = system.officers
    if act.by != found[0].principal and not system.may(act.by, matrix.approve):
        raise QmsError("{number} is revoked by {principal}, or by {roles}", number=number,
                       principal=found[0].principal, roles=system.role_titles(matrix.approve))  # fmt: skip
    meaning = decides(system, act.by, matrix.approve)
    said: dict[str, Json] = {"revoked_on": system.today.isoformat()}
    return change(system, act, [_step(system, found[0], "revoke", "revoked", said, meaning=meaning)])


def _step(
    system: System,
    item: RegisteredKey | Delegation,
    act: str,
    state: str,
    said: Mapping[str, Json],
    *,
    meaning: str | None = None,
) -> Draft:
    series = control.KEYS if isinstance(item, RegisteredKey) else control.DELEGATIONS
    found = control.records(system.objects, system.control, series)
    events = next(events for events in found if control.key_of(events[0]).number == item.record)
    return builtin.continued(events, act, state, said, meaning=meaning)
