"""Copies brought level: what came is looked at and taken over, what is lacking there is offered. Nothing is joined."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.store import ledger, names
from qmsdocs.store.arrival import Arrival, arrival, checked
from qmsdocs.store.certificate import Certificate, accounts_for, brings_back, certificates, disposed_numbers
from qmsdocs.store.ledger import retried
from qmsdocs.store.lock import exclusive, remove_leftover_locks
from qmsdocs.store.names import Kind
from qmsdocs.store.objects import HeadMoved, Objects
from qmsdocs.store.opened import Store
from qmsdocs.store.overlay import Overlay
from qmsdocs.store.remote import Answered, Courier, Offer

Wanted = Callable[[str], bool]
_ORDER = {Kind.RECORDS: 0, Kind.JOURNAL: 1, Kind.CONTROL: 2}


class Way(StrEnum):
    """What became of one ledger."""

    RECEIVED = "received"
    SENT = "sent"
    REPLACED = "replaced"  # records destroyed by certificate are gone here, or there
    DIVERGED = "diverged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of one ledger: how many events went which way, or why not, and where it stood here and there."""

    ledger: str
    way: Way
    events: int
    here: str | None
    there: str | None
    reason: Message | None = None

    @property
    def is_good(self) -> bool:
        """Whether both sides hold the same of it now."""
        return self.way not in (Way.DIVERGED, Way.REFUSED)


def order(branch: str) -> tuple[int, str]:
    """Ledgers first, then journals, then control: what speaks of another thing comes after it."""
    name = names.parse_branch(branch)
    return (_ORDER[name.kind] if name else 3, branch)


def refuse_foreign(branches: Iterable[str]) -> None:
    """Nothing; raises QmsError for names below `qms/` and `records/` that are no ledger's."""
    odd = sorted(name for name in branches if name.startswith(("qms/", "records/")) and not names.is_ledger(name))
    if odd:
        raise QmsError('"{name}" is no name of a ledger; nothing was taken from there', name=odd[0])


def held(store: Store, is_wanted: Wanted) -> dict[str, str]:
    """The ledgers of this copy, each a local branch as new as any copy of it here; one that went two ways is left."""
    with exclusive(store.place.git_folder):
        found = store.objects.heads(lambda name: names.is_ledger(name) and is_wanted(name))
        remove_leftover_locks(store.place.git_folder, found)
        for branch, head in found.items():
            if not head.diverged and not head.is_local:
                store.objects.fast_forward(branch, store.objects.local_commit(branch), head.commit)
    return {branch: head.commit for branch, head in found.items()}


@dataclass(frozen=True, slots=True)
class _Came:
    """What of one ledger may be taken over."""

    moved: Moved
    old: str | None
    new: str


def receive(
    store: Store, brought: Objects, here: Mapping[str, str], there: Mapping[str, str], *, dry_run: bool
) -> tuple[Moved, ...]:
    """What became of every ledger of `there` that is newer than `here`, its objects lying in `brought`."""
    repository = store.repository
    good: dict[str, str | None] = {}
    came: list[_Came] = []
    found: list[Moved] = []
    for branch in sorted(there, key=order, reverse=True):  # what explains comes before what it explains
        old, new = here.get(branch), there[branch]
        if old is not None and (old == new or store.objects.is_ancestor(new, old)):
            continue
        seen = Overlay(brought.folder, {**here, **good})
        try:
            taken = _looked_at(seen, branch, old, new, repository)
            if taken is None:
                continue
        except QmsError as error:
            found.append(Moved(branch, Way.REFUSED, 0, old, new, error.message))
            continue
        if taken.moved.is_good:
            good[branch] = new
            came.append(taken)
        else:
            found.append(taken.moved)
    if not dry_run:
        retried(lambda: _take_over(store, brought, came))
    return tuple(sorted((*found, *(item.moved for item in came)), key=lambda moved: order(moved.ledger)))


def _looked_at(seen: Objects, branch: str, old: str | None, new: str, repository: str) -> _Came | None:
    """What of a ledger may be taken over, None where it is older than a disposal here. Raises QmsError."""
    done = certificates(seen)
    is_replaced = old is not None and not seen.is_ancestor(old, new)
    if is_replaced and accounts_for(done, seen, branch, new, old):
        return None
    if is_replaced and not accounts_for(done, seen, branch, str(old), new):
        first = next(ledger.stream(seen, branch, new), None)
        if first is not None and first.event.text("repository") != repository:
            raise QmsError("it was made for another repository")
        return _Came(Moved(branch, Way.DIVERGED, 0, old, new), old, new)
    back = brings_back(done, seen, branch, new)
    if back:
        raise QmsError("{numbers} were destroyed by certificate and may not come back", numbers=back)
    grown = arrival(seen, branch, None if is_replaced else old, new)
    for _ in checked(seen, grown, repository, gone_of(done, branch)):
        pass
    way = Way.REPLACED if is_replaced else Way.RECEIVED
    return _Came(Moved(branch, way, grown.events, old, new), old, new)


def gone_of(done: Iterable[Certificate], branch: str) -> Mapping[str, frozenset[int]]:
    """The serials of a ledger that certificates account for, by series."""
    return {series: gone for (name, series), gone in disposed_numbers(done).items() if name == branch}


def _take_over(store: Store, brought: Objects, came: Iterable[_Came]) -> None:
    """Nothing; the ledgers stand where they came to. Raises HeadMoved where one was written meanwhile."""
    grown = [item for item in came if item.moved.way is Way.RECEIVED]
    with exclusive(store.place.git_folder):
        for item in grown:
            if store.objects.local_commit(item.moved.ledger) not in (item.old, item.new):
                raise HeadMoved(item.moved.ledger)
        store.objects.copy_from(brought, ((item.old, item.new) for item in grown))
        for item in sorted(grown, key=lambda item: order(item.moved.ledger)):
            if store.objects.local_commit(item.moved.ledger) == item.old:
                store.objects.fast_forward(item.moved.ledger, item.old, item.new)


def lacking(objects: Objects, here: Mapping[str, str], there: Mapping[str, str]) -> tuple[Moved, ...]:
    """The ledgers that `there` holds less of, or still with records destroyed here, in the order they are offered."""
    done = certificates(objects)
    found = []
    for branch in sorted(here, key=order):
        old, new = there.get(branch), here[branch]
        if old is None or (old != new and objects.is_ancestor(old, new)):
            found.append(Moved(branch, Way.SENT, events_between(objects, branch, old, new), new, old))
        elif old != new and accounts_for(done, objects, branch, old, new):
            found.append(Moved(branch, Way.REPLACED, 0, new, old))
    return tuple(found)


def events_between(objects: Objects, branch: str, old: str | None, new: str) -> int:
    """How many events a ledger has beyond `old`."""
    added = objects.additions(old, new) if old is not None else None
    entries = tuple(objects.walk(new)) if added is None else added
    return Arrival(branch, old, new, entries).events


def offer(courier: Courier, url: str, lacked: Iterable[Moved]) -> tuple[Moved, ...]:
    """What the store at `url` made of each ledger it lacked. Raises Unreachable."""
    offered = tuple(lacked)
    if not offered:
        return ()
    offers = (Offer(m.ledger, str(m.here), m.there if m.way is Way.REPLACED else None) for m in offered)
    sent = courier.push(url, offers)
    return tuple(_said(moved, sent.answers.get(moved.ledger, Answered.REFUSED), sent.reasons) for moved in offered)


def _said(moved: Moved, answered: Answered, reasons: tuple[str, ...]) -> Moved:
    match answered:
        case Answered.TAKEN:
            return moved
        case Answered.BEHIND:
            return replace(moved, way=Way.DIVERGED, reason=message("somebody else was faster; repeat it"))
        case Answered.REFUSED:
            why = message("{said}", said=reasons[-1] if reasons else "-")
            return replace(moved, way=Way.REFUSED, reason=why)
