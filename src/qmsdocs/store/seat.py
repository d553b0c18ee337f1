"""The seat: exactly one copy of a site writes. Which one stands in the journal and in a local file of that copy."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.files import write_atomically
from qmsdocs.store import journal
from qmsdocs.store.event import Stored
from qmsdocs.store.objects import Objects
from qmsdocs.store.opened import Store
from qmsdocs.store.place import Place
from qmsdocs.store.signature import Signer

SEAT_FILE = "seat.json"
KEPT_FILE = "written.json"  # the heads of what this copy wrote
RELEASED_FILE = "seat.released.json"
MARKER = "seat"
MEANING = "taken"  # of the signature under a seat


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a site writes, as its journal says: the random id of the seat, machine, folder, since when, by whom."""

    site: str
    seat: str
    machine: str
    folder: str
    since: str
    by: str
    last_numbers: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class LocalSeat:
    """What the local file says: the id, where it was made, and the birth of the marker file beside it."""

    seat: str
    machine: str
    folder: str
    birth: tuple[int, int]
    handed_to: str = ""


def current(store: Store, site: str) -> Seat | None:
    """The seat of a site, None before the first: the newest that can be believed, or that was taken in this very copy.

    Whoever took it here without a key writes here; no other copy goes by that.
    """
    mine = local_seat(store.place, site)
    own = mine.seat if mine is not None and is_here(store.place, mine) else ""
    for stored in reversed(tuple(journal.all_of(store.objects, site, journal.SEAT))):
        if (found := read_seat(stored, site)).seat == own or store.seated(store.objects, stored):
            return found
    return None


def past_ids(objects: Objects, site: str) -> frozenset[str]:
    """The ids of all seats the site's journal names; none is used twice."""
    return frozenset(read_seat(stored, site).seat for stored in journal.all_of(objects, site, journal.SEAT))


def read_seat(stored: Stored, site: str) -> Seat:
    """What a seat event says."""
    said = stored.event.mapping("set")
    last = said.get("last_numbers")
    return Seat(
        site,
        str(said.get("seat")),
        str(said.get("machine")),
        str(said.get("folder")),
        stored.event.text("recorded_at"),
        stored.event.by,
        last if isinstance(last, dict) else {},
    )


def holds(store: Store, site: str) -> bool:
    """Whether this very copy holds the seat of `site`: not a clone, not a copied folder, not a restored backup."""
    mine = local_seat(store.place, site)
    if mine is None or not is_here(store.place, mine):
        return False
    seat = current(store, site)
    return seat is not None and mine.seat == seat.seat


def is_here(place: Place, mine: LocalSeat) -> bool:
    """Whether a local seat was made in this folder, on this machine, and is no copy of the file made there."""
    return mine.machine == place.machine and mine.folder == place.folder and mine.birth == birth(place)


def require(store: Store, site: str) -> Seat:
    """The seat of `site`, held here. Raises QmsError that says where it is."""
    seat = current(store, site)
    if seat is None:
        raise QmsError("the site {site} has no seat yet", site=site, hint=message("qmsdocs sync --take-seat"))
    if not holds(store, site):
        raise QmsError(
            "this copy only reads: {site} writes on {machine} in {folder}, since {since}",
            site=site,
            machine=seat.machine,
            folder=seat.folder,
            since=seat.since,
            hint=message("write there; or move the seat to this copy: qmsdocs sync --take-seat"),
        )
    _refuse_gone_back(store.place, store.objects, site)
    return seat


def keep(place: Place, objects: Objects, site: str, branches: Iterable[str]) -> None:
    """Nothing; what was written of `branches` is noted outside the ledgers, so that they cannot go back unseen."""
    heads = {branch: commit for branch in branches if (commit := objects.local_commit(branch)) is not None}
    _write(place, KEPT_FILE, {**_read(place, KEPT_FILE), site: {**kept(place, site), **heads}})


def kept(place: Place, site: str) -> Mapping[str, str]:
    """Where the ledgers of `site` stood when this copy wrote them last."""
    found = _read(place, KEPT_FILE).get(site)
    return {str(branch): str(commit) for branch, commit in found.items()} if isinstance(found, dict) else {}


def _refuse_gone_back(place: Place, objects: Objects, site: str) -> None:
    """Nothing. Raises QmsError, and gives the seat up, where a ledger is older than what was written here."""
    for branch, commit in kept(place, site).items():
        head = objects.local_commit(branch)
        if head is None or not objects.is_ancestor(commit, head):
            held = _read(place, SEAT_FILE)
            _write(place, SEAT_FILE, {other: said for other, said in held.items() if other != site})
            raise QmsError(
                "{ledger} is older than what was written here: an earlier state was put back",
                ledger=branch,
                hint=message("qmsdocs sync --take-seat, with the last numbers on paper"),
            )


def _forget_kept(place: Place, site: str) -> None:
    held = _read(place, KEPT_FILE)
    if site in held:
        _write(place, KEPT_FILE, {other: said for other, said in held.items() if other != site})


def claim(store: Store, pen: journal.Pen, *, person: str, reason: str, signer: Signer | None = None) -> Seat:
    """The first seat of a new site. The caller holds the lock. Raises QmsError when the site has one."""
    existing = current(store, pen.site)
    if existing is not None:
        raise QmsError(
            "{site} writes on {machine} in {folder} already",
            site=pen.site,
            machine=existing.machine,
            folder=existing.folder,
            hint=message("qmsdocs sync --take-seat"),
        )
    return sit_down(store, pen, person=person, reason=reason, last_numbers={}, signer=signer)


def sit_down(
    store: Store,
    pen: journal.Pen,
    *,
    person: str,
    reason: str,
    last_numbers: Mapping[str, Json],
    signer: Signer | None,
) -> Seat:
    """The seat, now here. The local file comes first; the event in the journal is what moves the seat."""
    place, objects = store.place, store.objects
    _forget_kept(place, pen.site)
    pending = prepare(place, objects, pen)
    said: dict[str, Json] = {
        "seat": pending.seat,
        "machine": place.machine,
        "folder": place.folder,
        "reason": reason,
        "last_numbers": dict(last_numbers),
    }
    by = person or None
    return read_seat(journal.write(objects, pen, journal.SEAT, said, by=by, signer=signer, meaning=MEANING), pen.site)


def prepare(place: Place, objects: Objects, pen: journal.Pen) -> LocalSeat:
    """The local seat file of this copy, with an id no journal names yet; one of an interrupted attempt is kept."""
    pending = local_seat(place, pen.site)
    if pending is None or not is_here(place, pending) or pending.seat in past_ids(objects, pen.site):
        pending = LocalSeat(pen.nonce(), place.machine, place.folder, mark(place))
        _write(place, SEAT_FILE, {**_read(place, SEAT_FILE), pen.site: _said(pending)})
    return pending


def release(place: Place, site: str, *, to: str) -> None:
    """Nothing; this copy holds the seat of `site` no more. `to` is the id of the seat it was handed to."""
    held = _read(place, SEAT_FILE)
    mine = local_seat(place, site)
    if mine is None:
        return
    _write(place, RELEASED_FILE, {**_read(place, RELEASED_FILE), site: {**_said(mine), "handed_to": to}})
    _write(place, SEAT_FILE, {other: said for other, said in held.items() if other != site})


def local_seat(place: Place, site: str) -> LocalSeat | None:
    """What the local file says of `site`, None when it says nothing that can be read."""
    return _parse(_read(place, SEAT_FILE).get(site))


def released_seat(place: Place, site: str) -> LocalSeat | None:
    """The seat of `site` that this copy has handed over."""
    return _parse(_read(place, RELEASED_FILE).get(site))


def birth(place: Place) -> tuple[int, int] | None:
    """The birth of the marker file: inode and time of its last change of state. No copy, however made, has both."""
    try:
        found = (place.local_folder / MARKER).lstat()
    except OSError:
        return None
    return found.st_ino, found.st_ctime_ns


def mark(place: Place) -> tuple[int, int]:
    """The birth of the marker file, made when it is missing."""
    born = birth(place)
    if born is None:
        write_atomically(place.local_folder / MARKER, b"This file tells the copy that writes from its copies.\n")
        born = birth(place)
    if born is None:
        raise QmsError("{folder} cannot be written to: {reason}", folder=place.local_folder, reason=MARKER)
    return born


def _said(seat: LocalSeat) -> dict[str, object]:
    return {"seat": seat.seat, "machine": seat.machine, "folder": seat.folder, "birth": list(seat.birth)}


def _parse(said: object) -> LocalSeat | None:
    if not isinstance(said, dict):
        return None
    seat, machine, folder, born = (said.get(key) for key in ("seat", "machine", "folder", "birth"))
    if not (isinstance(seat, str) and isinstance(machine, str) and isinstance(folder, str) and isinstance(born, list)):
        return None
    if len(born) != 2 or not all(isinstance(part, int) for part in born):
        return None
    return LocalSeat(seat, machine, folder, (born[0], born[1]), str(said.get("handed_to", "")))


def _read(place: Place, name: str) -> dict[str, object]:
    try:
        found = json.loads((place.local_folder / name).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(place: Place, name: str, said: Mapping[str, object]) -> None:
    text = json.dumps(said, ensure_ascii=False, indent=2)
    write_atomically(place.local_folder / name, (text + "\n").encode("utf-8"))


def other_place(seat: Seat, machine: str) -> Place | None:
    """The copy where the journal says the seat is, when that folder can be reached on this machine."""
    folder = Path(seat.folder)
    if seat.machine != machine or not folder.is_dir():
        return None
    try:
        return Place.of(folder, machine=machine)
    except QmsError:
        return None
