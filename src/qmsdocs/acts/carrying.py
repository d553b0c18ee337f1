"""Ledgers in one file, for a stick or a message: written here, taken in there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from qmsdocs.acts.syncing import Level, note_heads, take_over
from qmsdocs.base.errors import QmsError, message
from qmsdocs.store import bundle, disposal, exchange, remote
from qmsdocs.store.certificate import accounts_for
from qmsdocs.store.exchange import Moved
from qmsdocs.store.opened import Store
from qmsdocs.system.view import System


@dataclass(frozen=True, slots=True)
class Written:
    """The file that was written, and how many ledgers it holds."""

    path: Path
    ledgers: int


def write(system: System, folder: Path, since: Path | None, *, now: datetime) -> Written:
    """One file in `folder` with all ledgers, or what an earlier file `since` lacks of them. Raises QmsError."""
    if folder.exists() and not folder.is_dir():
        raise QmsError("{folder} is a file", folder=folder)
    store = system.store
    disposal.carry_out(store, now=now)  # nothing half destroyed is carried out of the house
    exchange.taken_up(store, now=now)
    note_heads(system, now)
    here = exchange.held(store, lambda _: True)
    with remote.courier(store.place.local_folder, store.objects, here) as courier:
        known = bundle.heads(courier, since.resolve()) if since is not None else {}
        left_out = [commit for commit in known.values() if store.objects.has(commit)]
        going = sorted((branch for branch, commit in here.items() if commit not in left_out), key=exchange.order)
        if not going:
            raise QmsError("{path} holds everything already", path=since)
        path = _unused(folder.resolve(), f"qmsdocs-{store.repository[:8]}-{system.site}-{now:%Y-%m-%d}")
        bundle.write(courier, path, going, left_out)
    return Written(path, len(going))


def _unused(folder: Path, stem: str) -> Path:
    """A file name of its own: an earlier file of the day may be on its way."""
    path, count = folder / f"{stem}{bundle.SUFFIX}", 1
    while path.exists():
        count += 1
        path = folder / f"{stem}-{count}{bundle.SUFFIX}"
    return path


def files(path: Path) -> tuple[Path, ...]:
    """The file, or every one in the folder, oldest name first. Raises QmsError where there is none."""
    listed = sorted(path.glob(f"*{bundle.SUFFIX}")) if path.is_dir() else (path,)
    found = tuple(item for item in listed if item.is_file())
    if not found:
        raise QmsError(
            "{path}: there is no file of qmsdocs sync", path=path, hint=message("qmsdocs sync --to FOLDER, over there")
        )
    return found


def _refuse_outlived(store: Store, path: Path, here: Mapping[str, str], commits: Iterable[str]) -> None:
    """Nothing; raises QmsError where what a file continues has been replaced by a disposal since."""
    objects = store.objects
    done = store.believed(objects)
    if any(accounts_for(done, objects, branch, old, here[branch]) for old in commits for branch in here):
        raise QmsError(
            "{path} was written before records that it continues were destroyed by certificate",
            path=path,
            hint=message("have one written without --since; what was destroyed does not come back"),
        )


def take_in(system: System, path: Path, *, dry_run: bool, now: datetime) -> Level:
    """What became of every ledger in a file, or why nothing of it could be taken in: the next one may be of use."""
    try:
        return Level(path.name, str(path), _taken_in(system, path, dry_run=dry_run, now=now))
    except QmsError as error:
        return Level(path.name, str(path), (), error)


def _taken_in(system: System, path: Path, *, dry_run: bool, now: datetime) -> tuple[Moved, ...]:
    store = system.store
    before = () if dry_run else exchange.taken_up(store, now=now)
    here = exchange.held(store, lambda _: True)
    source = path.resolve()
    with remote.courier(store.place.local_folder, store.objects, here) as courier:
        there = bundle.heads(courier, source)
        try:
            bundle.unpack(courier, source)
        except bundle.Disconnected as error:
            _refuse_outlived(store, path, here, error.commits)
            raise
        for branch, commit in there.items():
            if exchange.origin(courier.objects, branch, commit) not in ("", store.repository):
                raise QmsError("{path} comes from another repository", path=path)
        looked = exchange.look(store, courier.objects, here, there, now=now)
        return looked.moved if dry_run else (*before, *take_over(system, looked, there, now))
