"""The one place that posts a planned change, planning again when the record moved on meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from qmsdocs.base.errors import QmsError, message
from qmsdocs.store.event import Change, Posted
from qmsdocs.store.ledger import Stale
from qmsdocs.system.view import System

ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a change: the events that are certainly stored, and the system as it stands after them."""

    system: System
    change: Change
    posted: tuple[Posted, ...]


def apply(
    system: System, plan: Callable[[System], Change], *, clock: Callable[[], datetime], dry_run: bool = False
) -> Outcome:
    """The outcome of posting what `plan` makes of the system. Raises QmsError; nothing is half written then."""
    for _ in range(ATTEMPTS):
        change = plan(system)
        if dry_run:
            return Outcome(system, change, ())
        try:
            posted = system.post(change)
        except Stale:
            system = system.refreshed(clock())
            continue
        return Outcome(system.refreshed(clock()), change, posted)
    raise QmsError("others are writing to the same record; nothing was written", hint=message("try again in a moment"))
