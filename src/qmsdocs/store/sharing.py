"""Acts in control where a shared store decides which came first: they count once it has taken them (ADR 0011).

Such an act is kept aside until then; the branch here never goes back, and nothing is ever judged by an act that does
not count in the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from qmsdocs.base.errors import QmsError, message
from qmsdocs.store import exchange, ledger, remote
from qmsdocs.store.event import Stored
from qmsdocs.store.ledger import Addition, Stale
from qmsdocs.store.names import CONTROL
from qmsdocs.store.objects import Objects
from qmsdocs.store.opened import Store
from qmsdocs.store.remote import Answered, Courier, Offer, Unreachable

_PENDING = "pending/control"
_OVERTAKEN = "overtaken/control"  # the last act that lost the race


class Fate(Enum):
    """What became of the act that was kept."""

    NONE = "none"  # there was none
    COUNTS = "counts"
    OVERTAKEN = "overtaken"


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of the acts that were kept, and their events."""

    fate: Fate
    events: tuple[Stored, ...] = ()


class Waits(QmsError):
    """An act that is kept here and does not count yet."""


def add(store: Store, url: str, addition: Addition) -> None:
    """Nothing; the store at `url` and this copy hold the act. The caller holds the lock.

    Raises Waits where the store cannot be reached, Stale where somebody was faster, QmsError where it refuses.
    """
    ledger.add(store.objects, addition, aside=_PENDING)
    try:
        kept = settle(store, url, now=addition.at)
    except Unreachable as error:
        raise Waits(
            "the shared store cannot be reached: this is kept here, and counts once the store has it ({reason})",
            reason=error.message,
            hint=message("qmsdocs sync, when the line is up again"),
        ) from error
    if kept.fate is Fate.OVERTAKEN:
        store.objects.set_aside(_OVERTAKEN, None)  # nobody was told that it counts, and it is planned anew
        raise Stale("what is in force has changed since this was planned", hint=message("repeat the command"))


def waiting(objects: Objects) -> tuple[Stored, ...]:
    """The events that are kept here and do not count yet."""
    return _events(objects, _PENDING)


def overtaken(objects: Objects) -> tuple[Stored, ...]:
    """The events that were kept here last and never counted, because somebody else had been faster."""
    return _events(objects, _OVERTAKEN)


def _events(objects: Objects, name: str) -> tuple[Stored, ...]:
    commit = objects.aside(name)
    if commit is None:
        return ()
    [parent] = objects.parents(commit) or (None,)
    added = objects.additions(parent, commit) if parent else tuple(objects.walk(commit))
    return tuple(
        ledger.read_stored(objects, CONTROL, entry.path, entry.oid, None)
        for entry in added or ()
        if entry.path.endswith(".json")
    )


def settle(store: Store, url: str | None, *, now: datetime) -> Kept:
    """What became of the act that is kept here, now that the store is asked. The caller holds the lock.

    Raises Unreachable, and QmsError where the store refuses it; then it is kept no more.
    """
    objects = store.objects
    commit = objects.aside(_PENDING)
    if commit is None:
        return Kept(Fate.NONE)
    events = waiting(objects)
    if url is not None and not _stands(objects, commit):
        _offer(store, url, commit, now)
    elif url is None and objects.local_commit(CONTROL) in objects.parents(commit):  # nobody has to be asked any more
        objects.fast_forward(CONTROL, objects.local_commit(CONTROL), commit)
    fate = Fate.COUNTS if _stands(objects, commit) else Fate.OVERTAKEN
    if fate is Fate.OVERTAKEN:
        objects.set_aside(_OVERTAKEN, commit)
    objects.set_aside(_PENDING, None)
    return Kept(fate, events)


def _stands(objects: Objects, commit: str) -> bool:
    held = objects.local_commit(CONTROL)
    return held is not None and objects.is_ancestor(commit, held)


def _offer(store: Store, url: str, commit: str, now: datetime) -> None:
    """Nothing; control stands here where the store has it, with the act or without."""
    held = store.objects.local_commit(CONTROL)
    here = {CONTROL: held} if held is not None else {}
    with remote.courier(store.place.local_folder, store.objects, here) as courier:
        sent = courier.push(url, (Offer(CONTROL, commit),))
        match sent.answers[CONTROL]:
            case Answered.TAKEN:
                store.objects.fast_forward(CONTROL, held, commit)
            case Answered.BEHIND:
                _catch_up(store, courier, url, here, now)
            case Answered.REFUSED:
                store.objects.set_aside(_PENDING, None)
                raise QmsError("the shared store refuses this: {said}", said=sent.reason)


def _catch_up(store: Store, courier: Courier, url: str, here: dict[str, str], now: datetime) -> None:
    """Nothing; control is as new here as in the store. Raises QmsError where it went another way there."""
    stands = courier.listed(url).get(CONTROL)
    there = {CONTROL: stands} if stands is not None else {}
    courier.fetch(url, there)
    looked = exchange.look(store, courier.objects, here, there, now=now)
    for moved in looked.bad:
        raise QmsError(
            "{url}: what is in force there does not continue what is held here: {reason}",
            url=url,
            reason=moved.reason or message("it went two ways"),
            hint=message("qmsdocs sync"),
        )
    exchange.take_over(store, looked)
