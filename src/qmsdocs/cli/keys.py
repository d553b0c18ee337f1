"""Keys made, registered and exported; what `person add --key` and the commands of `key` do."""

from __future__ import annotations

from datetime import date, datetime

from qmsdocs.acts import officers
from qmsdocs.acts.control import Act
from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.files import read_text
from qmsdocs.base.toml import parse
from qmsdocs.cli.session import Session
from qmsdocs.model.key import RegisteredKey
from qmsdocs.model.people import People
from qmsdocs.store.head import record_head_line
from qmsdocs.store.signature import Signer


def make(session: Session, person: str, *, until: date | None) -> None:
    """Nothing; a new key of the person lies on this machine and is registered, counting or waiting for confirmation."""
    _refuse_stranger(session, person)
    session.refuse_on()
    key, path = session.keyring.make(person)
    today, by = session.system.today, session.by
    try:
        session.apply(
            lambda system: officers.register(system, person, key.public, from_on=today, until_on=until, by=by),
            unlock=lambda _system, _person: Signer(person, key),
        )
    except QmsError:
        path.unlink(missing_ok=True)
        path.with_name(path.name + ".pub").unlink(missing_ok=True)
        raise
    session.answer(session.say("{person}: {fingerprint}", person=person, fingerprint=key.public.fingerprint))
    session.tell("the private key lies in {path}; keep a copy of it, it cannot be made again", path=path)
    if session.system.signs(person):
        session.answer(session.say("the key of {person} counts from now on", person=person))
    else:
        able = officers.confirmers(session.system, person)
        session.answer(session.say("the key of {person} counts once it is confirmed", person=person))
        session.tell("qmsdocs key confirm {person} --as {people}", person=person, people=able)


def _refuse_stranger(session: Session, person: str) -> None:
    if person in session.system.people.person:
        return
    drafted = parse(read_text(session.system.place.root / "people.toml"), People, source="people.toml")
    if person not in drafted.person:
        raise QmsError("there is no person {person}", person=person, hint=message("qmsdocs person add"))


def lose(
    session: Session, person: str, reason: str | None, *, lost_at: datetime | None, fingerprint: str | None
) -> None:
    """Nothing; keys of the person count no longer, and the heads of all ledgers at this moment are noted."""
    act = Act(session.by, reason)
    outcome = session.apply(lambda system: officers.lose(system, person, act, lost_at=lost_at, fingerprint=fingerprint))
    record_head_line(session.system.store, session.system.site, now=session.clock().astimezone(session.system.zone))
    for posted in outcome.posted:
        session.answer(
            session.say("{number}: the key of {person} counts no longer", number=posted.number, person=person)
        )
    session.tell("what it signed before stays valid; a new key: qmsdocs key new {person}", person=person)


def state_of(session: Session, key: RegisteredKey) -> str:
    """How a key stands, in words."""
    if key.state == "lost":
        return session.say("lost")
    if key.state == "offered":
        return session.say("waits for confirmation")
    return session.say("counts") if key.counts(session.system.now) else session.say("out of its time")
