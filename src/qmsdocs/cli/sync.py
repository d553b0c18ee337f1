"""`qmsdocs sync`: copies brought level, over a shared store or by a file; the seat moves to this copy."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import click

from qmsdocs.acts import carrying, folder, syncing
from qmsdocs.acts.seat import last_number
from qmsdocs.acts.syncing import Level
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.cli.command import Command, argument, option, pass_session
from qmsdocs.cli.session import Session
from qmsdocs.model.release import Release
from qmsdocs.model.value import clean, refuse_text
from qmsdocs.query.retention import ledger_title
from qmsdocs.store import handover, seat
from qmsdocs.store.exchange import Moved, Way
from qmsdocs.store.handover import LastNumber, known_series
from qmsdocs.store.remote import clear
from qmsdocs.store.repository import configure
from qmsdocs.store.signature import Signer

REFUSED = 2
Texts: TypeAlias = tuple[tuple[Release, ...], tuple[str, ...]]  # brought level, left because they are edited
_PLACE = click.Path(readable=False, path_type=Path)


@click.command(cls=Command, help="Bring copies level, over a remote or a folder; move the seat that writes.")
@argument("remote", required=False, help="The remote of qms.toml (else: all of them).")
@option("--to", "to", type=_PLACE, metavar="FOLDER", help="Write one file to carry to another copy.")
@option("--from", "from_", type=_PLACE, metavar="PLACE", help="Take in such a file, or all in a folder.")
@option("--since", type=_PLACE, metavar="FILE", help="Leave out what this earlier file holds (with --to).")
@option("-n", "--dry-run", is_flag=True, help="Only say what would move.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@option("--take-seat", is_flag=True, help="This copy writes from now on.")
@option("--last-number", "last", multiple=True, metavar="NUMBER", help="The last number on paper of a series.")
@option("--nothing-later", is_flag=True, help="Nothing was issued since this copy was made.")
@option("--unsigned", is_flag=True, help="Take the seat although no key is left; no other copy goes by that.")
@option("-m", "--reason", metavar="REASON", help="Why.")
@option("--clock-is-right", is_flag=True, help="Confirm an unusual year (with -m).")
@pass_session
def sync(
    session: Session,
    remote: str | None,
    to: Path | None,
    from_: Path | None,
    since: Path | None,
    dry_run: bool,
    as_json: bool,
    take_seat: bool,
    last: tuple[str, ...],
    nothing_later: bool,
    unsigned: bool,
    reason: str | None,
    clock_is_right: bool,
) -> int:
    """Copies that are level, or a moved seat; 1 where a ledger is not, 2 where a place could not be reached."""
    session.refuse_on()
    if (
        sum((remote is not None, to is not None, from_ is not None, take_seat)) > 1
        or (since and not to)
        or (dry_run and to)
    ):
        raise QmsError("a remote, --to, --from and --take-seat are for different things", hint=message("qmsdocs sync"))
    if take_seat:
        told = tuple(last_number(session.system, written) for written in last)
        return _seat(session, reason, told if told or nothing_later else None, unsigned=unsigned, clock=clock_is_right)
    system = session.system
    clear(system.place.local_folder)
    if to is not None:
        return _carry(session, to, since, as_json=as_json)
    if from_ is not None:
        levels = [
            carrying.take_in(system, path, dry_run=dry_run, now=session.clock()) for path in carrying.files(from_)
        ]
    else:
        chosen = syncing.remotes(system, remote)
        levels = [syncing.level(system, name, item, dry_run=dry_run, clock=session.clock) for name, item in chosen]
    texts: Texts = ((), ()) if dry_run else folder.catch_up(system.refreshed(session.clock()), system)
    return _report(session, tuple(levels), texts, as_json=as_json, dry_run=dry_run)


def _report(session: Session, levels: tuple[Level, ...], texts: Texts, *, as_json: bool, dry_run: bool) -> int:
    brought, edited = texts
    if as_json:
        places = [_object(session, found) for found in levels]
        numbers = [release.number for release in brought]
        session.answer_json({"format": 1, "places": places, "folder": {"brought": numbers, "edited": edited}})
    else:
        for found in levels:
            _say(session, found, dry_run=dry_run)
        _say_texts(session, texts)
    for found in levels:
        if found.error is not None:
            session.complain(session.say("error: {what}", what=found.error.message))
            if found.error.hint is not None:
                session.complain(session.say("hint: {what}", what=found.error.hint))
    if any(found.error is not None for found in levels):
        return REFUSED
    return 0 if all(found.is_good for found in levels) else 1


def _say(session: Session, found: Level, *, dry_run: bool) -> None:
    for moved in found.moved:
        session.answer(session.say(_line(session, moved, dry_run=dry_run)))
    if found.outlived:
        session.tell(
            "{place} still gives what was destroyed of {ledgers} to whoever asks for it by name; who keeps it types "
            "there: qmsdocs guard purge --repository FOLDER",
            place=found.place,
            ledgers=tuple(ledger_title(session.system, branch) for branch in found.outlived),
        )
    if not found.moved and found.error is None:
        session.answer(session.say("{place}: level, nothing to send or to receive", place=found.place))


def _say_texts(session: Session, texts: Texts) -> None:
    brought, edited = texts
    if brought:
        names = tuple(f"{release.number} {release.revision}" for release in brought)
        session.answer(session.say("in the folder now as in force: {items}", items=names))
    for number in edited:
        session.answer(session.say("{number}: changed in the folder, and something else is in force now: {command}",
                                   number=number, command=f"qmsdocs document diff {number}"))  # fmt: skip


def _line(session: Session, moved: Moved, *, dry_run: bool) -> Message:
    what, count = ledger_title(session.system, moved.ledger), moved.events
    match moved.way:
        case Way.RECEIVED if dry_run:
            return message("{what}: {count} events to receive", what=what, count=count)
        case Way.RECEIVED:
            return message("{what}: {count} events received", what=what, count=count)
        case Way.SENT if dry_run:
            return message("{what}: {count} events to send", what=what, count=count)
        case Way.SENT:
            return message("{what}: {count} events sent", what=what, count=count)
        case Way.REPLACED:
            return message("{what}: records destroyed by certificate are gone on both sides", what=what)
        case _:
            return message("{what}: not moved: {reason}", what=what, reason=moved.reason)


def _object(session: Session, found: Level) -> dict[str, object]:
    return {
        "name": found.place,
        "place": found.url,
        "moved": [
            {
                "ledger": moved.ledger,
                "way": moved.way.value,
                "events": moved.events,
                "here": moved.here,
                "there": moved.there,
                "reason": session.say(moved.reason) if moved.reason is not None else None,
            }
            for moved in found.moved
        ],
        "outlived": list(found.outlived),
        "error": session.say(found.error.message) if found.error is not None else None,
    }


def _carry(session: Session, folder: Path, since: Path | None, *, as_json: bool) -> int:
    written = carrying.write(session.system, folder, since, now=session.clock())
    if as_json:
        session.answer_json({"format": 1, "path": str(written.path), "ledgers": written.ledgers})
    else:
        said = "{path} is written: {count} ledgers; carry it to the other copy: qmsdocs sync --from {name}"
        session.answer(session.say(said, path=written.path, count=written.ledgers, name=written.path.name))
    return 0


def _seat(
    session: Session, reason: str | None, told: tuple[LastNumber, ...] | None, *, unsigned: bool, clock: bool
) -> int:
    if reason is None or not reason.strip():
        raise QmsError("taking the seat needs a reason", hint=message("-m REASON"))
    if (wrong := refuse_text(reason)) is not None:
        raise QmsError("the reason: {what}", what=wrong)
    system = session.system
    system.refuse_unknown_person(session.by)
    signer = None if unsigned else _signer(session)
    configure(system.place.root)
    store, site, person, why, at = system.store, system.site, session.by, clean(reason).strip(), system.now
    if seat.current(store, site) is None:
        taken = handover.claim_seat(store, site, person=person, reason=why, at=at, signer=signer)
    else:
        taken = handover.take_seat(store, site, person=person, reason=why, at=at, last_numbers=told,
                                   clock_is_right=clock, signer=signer)  # fmt: skip
    session.answer(session.say("{site} writes in this copy now ({folder})", site=taken.site, folder=taken.folder))
    if system.definitions.has_keys and signer is None:
        session.tell(
            "nobody has signed for that: other copies and shared stores take nothing from here, and a copy that had the"
            " seat may still write, until somebody with a key does: qmsdocs sync --take-seat --as PERSON -m REASON"
        )
    for series in known_series(system.store, system.site):
        said = "  {series}: the last number is {number}"
        session.answer(session.say(said, series=series.folder, number=series.number))
    return 0


def _signer(session: Session) -> Signer | None:
    """Who takes the seat with an unlocked key; nobody while nobody ever had one. Raises QmsError without the key."""
    if not session.system.definitions.has_keys:
        return None
    try:
        return session.keyring.signer(session.system, session.by)
    except QmsError as error:
        raise QmsError("taking the seat is signed: {what}", what=error.message, hint=message(
            "--as PERSON, of somebody whose key is on this machine, or bring the key here;"
            " where no key is left anywhere: --unsigned")) from error  # fmt: skip
