"""The one place that posts a planned change, planning again when the record moved on meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from qmsdocs.base.errors import QmsError, message
from qmsdocs.store.event import Change, Posted
from qmsdocs.store.ledger import Stale
from qmsdocs.store.signature import Signer
from qmsdocs.system.view import System

ATTEMPTS = 5
Unlock: TypeAlias = "Callable[[System, str], Signer]"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a change: the events that are certainly stored, and the system as it stands after them."""

    system: System
    change: Change
    posted: tuple[Posted, ...]


def apply(
    system: System,
    plan: Callable[[System], Change],
    *,
    clock: Callable[[], datetime],
    unlock: Unlock | None = None,
    dry_run: bool = False,
) -> Outcome:
    """The outcome of posting what `plan` makes of the system. Raises QmsError; nothing is half written then.

    `unlock` gives the key of whoever acts; it is asked only when the change is to be signed, before anything is locked.
    """
    for _ in range(ATTEMPTS):
        change = plan(system)
        if dry_run:
            return Outcome(system, change, ())
        is_signed = any(draft.meaning for draft in change.drafts)
        signer = unlock(system, str(change.drafts[0].by)) if unlock is not None and is_signed else None
        try:
            posted = system.post(change, signer=signer)
        except Stale:
            system = system.refreshed(clock())
            continue
        return Outcome(system.refreshed(clock()), change, posted)
    raise QmsError("others are writing to the same record; nothing was written", hint=message("try again in a moment"))
