"""Destroying the records of a certificate in one copy: the branch replaced, then all that could bring them back.

Every step may be repeated. What is done is noted in a local file, so that whatever writes next finishes the rest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from qmsdocs.base.files import write_atomically
from qmsdocs.store import journal, names, purge, replacement, seat
from qmsdocs.store.certificate import (
    Certificate,
    accounts_for,
    brings_back,
    certificate,
    certificates,
    recorded_before,
)
from qmsdocs.store.lock import exclusive, remove_leftover_locks
from qmsdocs.store.opened import Store
from qmsdocs.store.place import Place
from qmsdocs.store.tree import FOLDER

PENDING_FILE = "disposal.json"  # the certificates being carried out here, by their places, and how far
DONE_FILE = "disposed.json"  # the certificates carried out here, by their places


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a certificate is carried out in this copy: one with exactly these `acts`.

    `first` are the commits the replaced histories began with, `watched` the objects of the destroyed records, each
    after the folder of its record, `removed` the drafts that are gone with them.
    """

    site: str
    serial: int
    acts: str
    done: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    watched: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def objects(self) -> frozenset[str]:
        """The objects watched."""
        return frozenset(line.rpartition(" ")[2] for line in self.watched)


@dataclass(frozen=True, slots=True)
class Work:
    """What a step works with."""

    store: Store
    item: Certificate
    progress: Progress
    now: datetime

    @property
    def place(self) -> Place:
        """Where the copy lies."""
        return self.store.place


def begin(store: Store, *items: Certificate) -> tuple[Certificate, ...]:
    """Those noted as being carried out here, so that none can stay half done.

    The caller holds the lock, and believes them. One that is not true of what stands here is left out.
    """
    known = {item.place for item, _ in _begun(store)}
    new = tuple(item for item in items if item.place not in known and _is_true(store, item))
    for item in new:
        if seat.holds(store, item.site):
            seat.require(store, item.site)  # a ledger set back is not noted as it stands
    begun = {item.place: Progress(item.site, item.serial, item.acts) for item in new}
    if begun:
        _note(store.place, {**_pending(store.place), **begun})
    return new


def _is_true(store: Store, item: Certificate) -> bool:
    """Whether it replaces what its journal had noted of the ledger, by what would be left of that."""
    head = store.objects.head(item.ledger)
    if head is not None and head.commit == item.before and root_for(store, item, item.before).commit != item.root:
        return False
    return item.before in recorded_before(store.objects, item)


def pending(store: Store) -> str | None:
    """The number of a certificate that was begun here and is not wholly carried out, None when there is none."""
    return next((item.number for item, _ in _begun(store)), None)


def unfinished(store: Store) -> tuple[Certificate, ...]:
    """The certificates that were carried out, as the journals say, but not in this copy, be it noted or not."""
    known = _read(store.place, DONE_FILE)
    return tuple(item for item in certificates(store.objects, but=known) if item.is_carried_out)


def carry_out(store: Store, *, now: datetime) -> None:
    """Nothing; what was begun here is finished."""
    with exclusive(store.place.git_folder):
        finish(store, now=now)


def finish(store: Store, *, now: datetime) -> None:
    """The same for whoever holds the lock already; nothing is done where nothing is pending.

    Each step is taken for all certificates before the next one is. A note of other acts than the journal holds goes.
    """
    pending = _pending(store.place)
    if pending:
        store.objects.let_go()  # another process may have removed what this one still has open
    works = [Work(store, item, progress, now) for item, progress in _begun(store)]
    if len(works) < len(pending):
        _note(store.place, {place: pending[place] for place in (work.item.place for work in works)})
    for name, step in STEPS if works else ():
        is_taken = False
        for position, work in enumerate(works):
            if name not in work.progress.done:
                progress = work.progress if is_taken else step(work)
                is_taken = name in ONCE
                works[position] = replace(work, progress=replace(progress, done=(*progress.done, name)))
        _note(store.place, {**_pending(store.place), **{work.item.place: work.progress for work in works}})
    for work in works:
        _end(work)


def _end(work: Work) -> None:
    """Nothing; what is left of the records here is noted, and that the certificate is carried out."""
    place, own = work.place, work.item.place
    said = {"left": _left(work.store, work.progress), "removed": list(work.progress.removed)}
    _write(place, DONE_FILE, {**_read(place, DONE_FILE), own: said})
    _note(place, {other: progress for other, progress in _pending(place).items() if other != own})


def _begun(store: Store) -> Iterator[tuple[Certificate, Progress]]:
    """What was begun here of certificates whose acts are still the same."""
    for progress in _pending(store.place).values():
        item = certificate(store.objects, progress.site, progress.serial)
        if item is not None and item.is_carried_out and item.acts == progress.acts:
            yield item, progress


def arrive(store: Store, *, now: datetime, believes: Callable[[Certificate], bool]) -> tuple[Certificate, ...]:
    """The certificates carried out in this copy now: they came from another one, or no note of them was kept.

    `believes` says whether what is held here agrees to a certificate: nothing is destroyed on the word of anybody else.
    """
    found = tuple(item for item in unfinished(store) if believes(item))
    if found:
        with exclusive(store.place.git_folder):
            done = _read(store.place, DONE_FILE)  # by another process meanwhile
            begin(store, *(item for item in found if item.place not in done))
            finish(store, now=now)
    known = _read(store.place, DONE_FILE)
    return tuple(item for item in found if item.place in known)


def left_of(store: Store, item: Certificate) -> int | None:
    """How many records of a certificate something in this copy still held at its end; None where it never came here."""
    found = _noted(store, item).get("left")
    return found if isinstance(found, int) else None


def removed_by(store: Store, item: Certificate) -> tuple[str, ...]:
    """The drafts that went with the records of a certificate, by their paths in the folder."""
    return _texts(_noted(store, item).get("removed"))


def _noted(store: Store, item: Certificate) -> Mapping[str, object]:
    found = _read(store.place, DONE_FILE).get(item.place)
    return found if isinstance(found, dict) else {}


def root_for(store: Store, item: Certificate, commit: str) -> replacement.Root:
    """The root that replaces a ledger at `commit`: what every copy makes of the same commit and certificate."""
    at = item.events[0].event.recorded_at
    return replacement.root_without(store.objects, commit, item.folders, note=item.number, at=at)


# the steps, in the order of the design


def _gather(work: Work) -> Progress:
    """What is needed to find the rest, noted while the old ledger can still be read."""
    objects, item = work.store.objects, work.item
    heads = [objects.head(item.ledger)]
    commits = {head.commit for head in heads if head is not None} | {item.before}
    held = [
        commit
        for commit in sorted(commits)
        if objects.has(commit) and brings_back((item,), objects, item.ledger, commit)
    ]
    watched = []
    for record in item.records if held else ():
        for folder in (record.folder, f"{record.folder}/files"):
            entries = objects.listing(held[0], folder)
            watched += [f"{record.folder} {entry.oid}" for entry in entries if entry.mode != FOLDER]
    first = tuple(sorted({purge.first_commit(objects, commit) for commit in held}))
    return replace(work.progress, first=first, watched=tuple(watched))


def _replace(work: Work) -> Progress:
    """The branch stands at the root; the commit it stood at before is no longer expected by the seat."""
    objects, item = work.store.objects, work.item
    head = objects.head(item.ledger)
    if head is not None and brings_back((item,), objects, item.ledger, head.commit):
        remove_leftover_locks(work.place.git_folder, (item.ledger,))
        local = objects.local_commit(item.ledger)
        stands = local if local is not None and brings_back((item,), objects, item.ledger, local) else head.commit
        replacement.replace(objects, item.ledger, local, _root(work, stands))
    if seat.holds(work.store, item.site):
        seat.keep(work.place, objects, item.site, (item.ledger,))
    return work.progress


def _root(work: Work, commit: str) -> str:
    """The root of the certificate where it explains what stands here, else one made of what stands here."""
    item, objects = work.item, work.store.objects
    if objects.has(item.root) and accounts_for((item,), objects, item.ledger, commit, item.root):
        return item.root
    return root_for(work.store, item, commit).commit


def _references(work: Work) -> Progress:
    purge.references(work.place, work.item.ledger, work.progress.first, work.progress.objects)
    return work.progress


def _reflogs(work: Work) -> Progress:
    purge.reflogs(work.place)
    return work.progress


def _objects(work: Work) -> Progress:
    work.store.objects.let_go()
    purge.objects(work.place)
    work.store.objects.let_go()
    return work.progress


def _derived(work: Work) -> Progress:
    work.store.close()
    purge.derived_files(work.place)
    return work.progress


def _pages(work: Work) -> Progress:
    purge.pages(work.place, (record.number for record in work.item.records))
    return work.progress


def _drafts(work: Work) -> Progress:
    gone = purge.drafts(work.place, lambda key: work.item.holds_submission(key) is not None)
    return replace(work.progress, removed=(*work.progress.removed, *gone))


def _heads(work: Work) -> Progress:
    """The ledger as it stands now is what the journal says, where this copy writes it."""
    head, noted = work.store.objects.head(work.item.ledger), journal.newest_heads(work.store.objects, work.item.site)
    before = noted.ledgers.get(work.item.ledger) if noted is not None else None
    if head is None or before is None or before.commit != head.commit:
        _record_heads(work.store, work.item.site, work.now)
    return work.progress


def _record_heads(store: Store, site: str, now: datetime) -> None:
    if seat.holds(store, site):
        branch = names.journal_of(site)
        remove_leftover_locks(store.place.git_folder, (branch,))
        journal.record_heads(store.objects, store.pen(site, now))
        seat.keep(store.place, store.objects, site, (branch,))


STEPS: tuple[tuple[str, Callable[[Work], Progress]], ...] = (
    ("gather", _gather),
    ("replace", _replace),
    ("references", _references),
    ("reflogs", _reflogs),
    ("objects", _objects),
    ("derived", _derived),
    ("pages", _pages),
    ("drafts", _drafts),
    ("heads", _heads),
)
ONCE = frozenset({"reflogs", "objects", "derived"})  # what is the same for all certificates


def _left(store: Store, progress: Progress) -> int:
    """How many records of it something still holds that no ledger needs: an attachment may be in another record too."""
    fresh = store.objects.reopened()
    held = {oid for oid in progress.objects if fresh.has(oid)}
    held -= purge.needed_by_ledgers(store.place, held)
    return len({line.rpartition(" ")[0] for line in progress.watched if line.rpartition(" ")[2] in held})


# the local files


def _pending(place: Place) -> Mapping[str, Progress]:
    """How far what was begun here is, by the places of the certificates; several processes may have begun one."""
    found = {}
    for name, said in _read(place, PENDING_FILE).items():
        site, _, serial = name.rpartition("/")
        if isinstance(said, dict) and serial.isascii() and serial.isdigit():
            lists = {key: _texts(said.get(key)) for key in ("done", "first", "watched", "removed")}
            found[name] = Progress(site, int(serial), str(said.get("acts")), **lists)
    return found


def _texts(said: object) -> tuple[str, ...]:
    return tuple(str(part) for part in said) if isinstance(said, list) else ()


def _note(place: Place, pending: Mapping[str, Progress]) -> None:
    if pending:
        _write(place, PENDING_FILE, {name: asdict(progress) for name, progress in pending.items()})
    else:
        (place.local_folder / PENDING_FILE).unlink(missing_ok=True)


def _read(place: Place, name: str) -> Mapping[str, object]:
    path: Path = place.local_folder / name
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(place: Place, name: str, said: Mapping[str, object]) -> None:
    write_atomically(place.local_folder / name, (json.dumps(said) + "\n").encode("utf-8"))
