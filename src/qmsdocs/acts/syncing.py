"""Copies brought level: over the shared stores of `qms.toml`, or by a file carried from one to the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from qmsdocs.acts import disposal
from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.toml import read
from qmsdocs.model.organisation import Organisation, Remote
from qmsdocs.store import exchange, head, names, remote, seat, sharing
from qmsdocs.store.certificate import certificates
from qmsdocs.store.exchange import Moved, Way
from qmsdocs.store.lock import exclusive
from qmsdocs.store.opened import Store
from qmsdocs.store.place import SETTINGS_FILE
from qmsdocs.system.view import System


@dataclass(frozen=True, slots=True)
class Level:
    """What became of every ledger that was not level with one other place; `error` where it could not be reached.

    `outlived` are the ledgers of which the place still hands out what a certificate destroyed.
    """

    place: str
    url: str
    moved: tuple[Moved, ...]
    error: QmsError | None = None
    outlived: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether everything is level now."""
        return self.error is None and all(moved.is_good for moved in self.moved)


def remotes(system: System, name: str | None) -> tuple[tuple[str, Remote], ...]:
    """The shared stores by name, or the one that is named. Raises QmsError where there is none."""
    known = system.organisation.remote
    drafted = _drafted(system) - known.keys()
    if name in drafted or (drafted and name is None and not known):
        raise QmsError(
            "[remote.{name}] stands in qms.toml in the folder, which is not in force yet",
            name=name or min(drafted),
            hint=message("qmsdocs document submit qms.toml -m REASON, then its approval; what waits: qmsdocs status"),
        )
    if name is not None and name not in known:
        hint = None if known else message("[remote.office] in qms.toml, put into force")
        raise QmsError("there is no remote {name}; there are {known}", name=name, known=tuple(known), hint=hint)
    if not known:
        raise QmsError(
            "no shared store is set up here",
            hint=message("[remote.office] in qms.toml; or a file: qmsdocs sync --to FOLDER, --from FOLDER"),
        )
    return tuple((key, item) for key, item in known.items() if name in (None, key))


def _drafted(system: System) -> frozenset[str]:
    """The shared stores that `qms.toml` in the folder names; none where it cannot be read."""
    with suppress(QmsError):
        return frozenset(read(system.place.root / SETTINGS_FILE, Organisation).remote)
    return frozenset()


def takes(shared: Remote) -> exchange.Wanted:
    """Which ledgers a shared store takes."""

    def wanted(branch: str) -> bool:
        name = names.parse_branch(branch)
        return name is not None and shared.takes(retention=name.retention, site=name.site)

    return wanted


def level(system: System, name: str, shared: Remote, *, dry_run: bool, clock: Callable[[], datetime]) -> Level:
    """This copy and a shared store, brought level; with `dry_run` only what would move."""
    url, wanted = remote.address(system.place.root, shared.url), takes(shared)
    store = system.store
    try:
        before = () if dry_run else exchange.taken_up(store, now=clock())
        kept = () if dry_run or name != system.organisation.shared else _settled(system, url, clock())
        here = exchange.held(store, wanted)
        with remote.courier(store.place.local_folder, store.objects, here) as courier:
            there = courier.listed(url)
            exchange.refuse_foreign(there)
            there = {branch: commit for branch, commit in there.items() if wanted(branch)}
            courier.fetch(url, [branch for branch, commit in there.items() if not store.objects.has(commit)])
            looked = exchange.look(store, courier.objects, here, there, now=clock())
            moved = looked.moved
            if not dry_run:
                moved = take_over(system, looked, there, clock())
                note_heads(system, clock())
                here = exchange.held(store, wanted)
            bad = [item for item in moved if not item.is_good]
            lacked = exchange.lacking(store, courier.objects, here, there, bad)
            went = lacked if dry_run else exchange.offer(courier, url, lacked)
        replaced = {item.ledger: item.here for item in moved} | {item.ledger: item.there for item in went}
        done = [item.ledger for item in (*moved, *went) if item.way is Way.REPLACED and not dry_run]
        outlived = _outlived(store, url, {ledger: str(replaced[ledger]) for ledger in done})
    except remote.Unreachable as error:
        return Level(name, url, (), error)
    return Level(name, url, (*before, *kept, *moved, *went), outlived=outlived)


def _outlived(store: Store, url: str, replaced: Mapping[str, str]) -> tuple[str, ...]:
    """The ledgers of which a shared store still hands out the commit that was replaced."""
    if not replaced:
        return ()
    with remote.courier(store.place.local_folder, store.objects, {}) as courier:  # one that has not brought it itself
        return tuple(ledger for ledger, commit in replaced.items() if courier.hands_out(url, commit))


def _settled(system: System, url: str, now: datetime) -> tuple[Moved, ...]:
    """What became of acts in control that were kept here until the store could be reached. Raises Unreachable."""
    store = system.store
    before = store.objects.local_commit(names.CONTROL)
    with exclusive(store.place.git_folder):
        kept = sharing.settle(store, url, now=now)
    if kept.fate is sharing.Fate.NONE:
        return ()
    after = store.objects.local_commit(names.CONTROL)
    if kept.fate is sharing.Fate.COUNTS:
        return (Moved(names.CONTROL, Way.SENT, len(kept.events), after, before),)
    numbers = tuple(str(stored.event.mapping("record").get("number")) for stored in kept.events)
    said = message("somebody else was faster: {numbers} kept here does not count; repeat it", numbers=numbers)
    return (Moved(names.CONTROL, Way.REFUSED, len(kept.events), before, after, said),)


def take_over(system: System, looked: exchange.Looked, there: Mapping[str, str], now: datetime) -> tuple[Moved, ...]:
    """What became of every ledger: what came stands here, and what a certificate that came destroys is gone here too.

    Where the certificate is not believed, the records stay, and the ledger is not level.
    """
    store = system.store
    exchange.receive(store, looked)
    system = system.refreshed(now)
    disposal.arrive(system)
    replaced = {item.moved.ledger: there[item.moved.ledger] for item in looked.good if item.moved.way is Way.REPLACED}
    if replaced:  # they go on from where the disposal has left them
        here = exchange.held(store, replaced.__contains__)
        exchange.receive(store, exchange.look(store, looked.brought, here, replaced, now=now))
    return tuple(_as_it_stands(system, moved) for moved in looked.moved)


def _as_it_stands(system: System, moved: Moved) -> Moved:
    """The same, refused where what a certificate says was destroyed is still held here."""
    objects = system.objects
    here = objects.local_commit(moved.ledger)
    if moved.way is not Way.REPLACED or (here is not None and objects.is_ancestor(str(moved.there), here)):
        return moved
    doubts = (
        why for item in certificates(objects) if item.ledger == moved.ledger for why in disposal.problems(system, item)
    )
    why = next(doubts, message("the certificate does not account for it"))
    reason = message("what was destroyed there is kept here: {why}", why=why)
    return replace(moved, way=Way.REFUSED, here=here, reason=reason)


def note_heads(system: System, now: datetime) -> None:
    """Nothing; where this copy writes for a site whose ledgers went on since they were last noted, they are noted."""
    store, moment = system.store, now.astimezone(system.zone)
    for site in system.organisation.site:
        if seat.holds(store, site) and not head.is_noted(store, site):
            head.record_head_line(store, site, now=moment)
