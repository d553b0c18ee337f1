"""`qmsdocs sync`: so far the seat, the right to write, moves to this copy."""

from __future__ import annotations

import click

from qmsdocs.acts.seat import last_number
from qmsdocs.base.errors import QmsError, message
from qmsdocs.cli.session import Session
from qmsdocs.cli.words import Command, option, pass_session
from qmsdocs.model.value import clean, refuse_text
from qmsdocs.store import handover
from qmsdocs.store.handover import LastNumber, known_series
from qmsdocs.store.repository import configure


@click.command(cls=Command, help="Move the seat that writes to this copy.")
@option("--take-seat", is_flag=True, help="This copy writes from now on.")
@option("--last-number", "last", multiple=True, metavar="NUMBER", help="The last number on paper of a series.")
@option("--nothing-later", is_flag=True, help="Nothing was issued since this copy was made.")
@option("-m", "--reason", metavar="REASON", help="Why.")
@option("--clock-is-right", is_flag=True, help="Confirm an unusual year (with -m).")
@pass_session
def sync(
    session: Session,
    take_seat: bool,
    last: tuple[str, ...],
    nothing_later: bool,
    reason: str | None,
    clock_is_right: bool,
) -> None:
    """A moved seat."""
    session.refuse_on()
    if not take_seat:
        raise QmsError("sync needs --take-seat", hint=message("qmsdocs sync --take-seat -m REASON"))
    if reason is None or not reason.strip():
        raise QmsError("taking the seat needs a reason", hint=message("-m REASON"))
    if (wrong := refuse_text(reason)) is not None:
        raise QmsError("the reason: {what}", what=wrong)
    system = session.system
    system.refuse_unknown_person(session.by)
    told = tuple(last_number(system, written) for written in last)
    answered = told if told or nothing_later else None
    _take(session, clean(reason).strip(), answered, clock_is_right=clock_is_right)


def _take(session: Session, reason: str, told: tuple[LastNumber, ...] | None, *, clock_is_right: bool) -> None:
    system = session.system
    configure(system.place.root)
    seat = handover.take_seat(
        system.store,
        system.site,
        person=session.by,
        reason=reason,
        at=system.now,
        last_numbers=told,
        clock_is_right=clock_is_right,
    )
    session.answer(session.say("{site} writes in this copy now ({folder})", site=seat.site, folder=seat.folder))
    for series in known_series(system.store, system.site):
        session.answer(
            session.say("  {series}: the last number is {number}", series=series.folder, number=series.number)
        )
