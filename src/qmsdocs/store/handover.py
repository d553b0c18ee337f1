"""The seat moves to this copy: handed over by the copy that has it, or taken after a loss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime

from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import QmsError, message
from qmsdocs.model.record import FormReference
from qmsdocs.store import disposal, exchange, journal, ledger, names, post, seat, sync
from qmsdocs.store.event import form_said
from qmsdocs.store.lock import exclusive, remove_leftover_locks
from qmsdocs.store.objects import Objects
from qmsdocs.store.opened import Store
from qmsdocs.store.place import Place
from qmsdocs.store.signature import Signer

MAXIMUM_GAP = 20_000
_HOPS = 10


@dataclass(frozen=True, slots=True)
class LastNumber:
    """The last number of a series on paper: its ledger, series folder, number template, and serial."""

    ledger: str
    folder: str
    template: str
    last: int
    form: FormReference | None = None  # whose numbers they are, so that registers show the void ones


@dataclass(frozen=True, slots=True)
class KnownSeries:
    """A series this copy knows, with the last serial and number it holds."""

    ledger: str
    folder: str
    last: int
    number: str


def claim_seat(
    store: Store,
    site: str,
    *,
    person: str,
    reason: str,
    at: datetime,
    repository: str | None = None,
    signer: Signer | None = None,
) -> seat.Seat:
    """The first seat of a new site, here. `repository` is given for the very first event of a repository."""
    with exclusive(store.place.git_folder):
        pen = store.pen(site, at, repository=repository)
        remove_leftover_locks(store.place.git_folder, (names.journal_of(site),))
        return seat.claim(store, pen, person=person, reason=reason, signer=signer)


def known_series(store: Store, site: str) -> tuple[KnownSeries, ...]:
    """The series of the site's ledgers with their last numbers as this copy holds them, to compare with the paper."""
    found = []
    heads = store.objects.heads(lambda name: journal.belongs(name, site))
    for branch, head in heads.items():
        name = names.parse_branch(branch)
        if name is None or name.kind is not names.Kind.RECORDS:
            continue
        for folder in ledger.series_of(store.objects, head.commit):
            stored = ledger.newest(store.objects, branch, head.commit, folder)
            if stored is not None:
                record = stored.event.mapping("record")
                found.append(KnownSeries(branch, folder, int(str(record["serial"])), str(record["number"])))
    return tuple(found)


def take_seat(
    store: Store,
    site: str,
    *,
    person: str,
    reason: str,
    at: datetime,
    last_numbers: tuple[LastNumber, ...] | None,
    clock_is_right: bool = False,
    signer: Signer | None = None,
) -> seat.Seat:
    """The seat of `site`, now here; by who signs, or where nobody does for this copy only, once anybody has a key.

    When the copy that has it can be reached on this machine it hands over: what it wrote is fetched and it stops
    writing. Otherwise `last_numbers` must say the last number on paper of each series that may have gone further than
    this copy knows (empty: none has); the numbers between are voided. Raises QmsError, QmsError with a hint when
    `last_numbers` is None and cannot be done without.
    """
    with ExitStack() as locks:
        locks.enter_context(exclusive(store.place.git_folder))
        disposal.finish(store, now=at)
        exchange.take_up(store, now=at)
        for branch in store.objects.heads(lambda name: journal.belongs(name, site)):
            post.refuse_diverged(store.objects, branch)
        held = _held(store, site)
        other = _find(store, held)
        is_here = seat.holds(store, site) or _is_moved_here(store.place, held)
        if other is None and last_numbers is None and not is_here:
            raise _asking(held)
        journal.check_year(store.objects, site, at, is_confirmed=clock_is_right)
        pen = store.pen(site, at)
        if other is not None:
            locks.enter_context(exclusive(other.place.git_folder))
            _hand_over(store, other, pen)
        last = _last_numbers(store, site, last_numbers or ())
        taken = seat.sit_down(store, pen, person=person, reason=reason, last_numbers=last, signer=signer)
        if other is not None:  # so that the other copy says where the seat is now
            sync.fetch(
                store.objects, other.objects, lambda branch: branch == names.journal_of(site), believed=store.believed
            )
        post.complete_voids(store, pen, taken)
        seat.keep(store.place, store.objects, site, (names.journal_of(site),))
        return taken


def _held(store: Store, site: str) -> seat.Seat:
    """Where the seat is. Raises QmsError where it is here, unless the journal says what no other copy goes by."""
    held, newest = seat.current(store, site), journal.newest(store.objects, site, journal.SEAT)
    if held is None or newest is None:
        raise QmsError("the site {site} has never had a seat", site=site)
    if seat.holds(store, site):
        if store.seated(store.objects, newest):
            raise QmsError("this copy already writes for {site}", site=site)
        seat.require(store, site)  # nothing was put back
    return held


def _find(store: Store, held: seat.Seat) -> Store | None:
    """The copy that holds the seat now, followed from where our journal says it is; or that handed it to us before."""
    for _ in range(_HOPS):
        place = seat.other_place(held, store.place.machine)
        if place is None or place.git_folder == store.place.git_folder:
            return None
        other = replace(store, place=place, objects=Objects(place.git_folder))
        if journal.repository_id(other.objects) != store.repository:
            return None
        if _has_seat_for(store, other, held.site):
            return other
        following = seat.current(other, held.site)
        if following is None or following.seat == held.seat:
            return None
        held = following
    return None


def _has_seat_for(store: Store, other: Store, site: str) -> bool:
    """Whether the other copy holds the seat, or gave it up for this copy in an attempt that was interrupted."""
    mine, handed = seat.local_seat(store.place, site), seat.released_seat(other.place, site)
    given_up = handed is not None and mine is not None and handed.handed_to == mine.seat
    return seat.holds(other, site) or (given_up and handed is not None and seat.is_here(other.place, handed))


def _hand_over(store: Store, other: Store, pen: journal.Pen) -> None:
    """Nothing; the other copy, whose lock is held, does not write any more, and all it wrote is here."""
    if not _has_seat_for(store, other, pen.site):
        raise QmsError("{folder} has given the seat away meanwhile; repeat it", folder=other.place.root)
    sync.fetch(other.objects, store.objects, lambda branch: journal.belongs(branch, pen.site), believed=store.believed)
    pending = seat.prepare(store.place, store.objects, pen)
    seat.release(other.place, pen.site, to=pending.seat)


def _is_moved_here(place: Place, held: seat.Seat) -> bool:
    """Whether this is the very copy that has the seat, in a folder of another name: nothing can have been lost."""
    mine = seat.local_seat(place, held.site)
    moved_from = seat.other_place(held, place.machine)
    return (
        mine is not None
        and moved_from is None
        and (mine.seat, mine.machine, mine.birth) == (held.seat, place.machine, seat.birth(place))
    )


def _asking(held: seat.Seat) -> QmsError:
    return QmsError(
        "{site} writes on {machine} in {folder}, which cannot be reached from here; numbers may have been given there",
        site=held.site,
        machine=held.machine,
        folder=held.folder,
        hint=message("--last-number NUMBER for each series that went on there on paper, or --nothing-later"),
    )


def _last_numbers(store: Store, site: str, told: tuple[LastNumber, ...]) -> dict[str, Json]:
    """What the seat event says of numbers given but not held here, with what is still open of earlier ones."""
    before = seat.current(store, site)
    found: dict[str, Json] = dict(before.last_numbers) if before else {}
    for number in told:
        names.record_folder(number.folder, max(number.last, 1))
        if not journal.belongs(number.ledger, site):
            raise QmsError("{ledger} is not written by {site}", ledger=number.ledger, site=site)
        found[f"{number.ledger}/{number.folder}"] = {
            "last": number.last,
            "number": number.template,
            "form": form_said(number.form),
        }
    return dict(_still_open(store, found, journal.newest_heads(store.objects, site)))


def _still_open(store: Store, told: Mapping[str, Json], heads: journal.Heads | None) -> Iterator[tuple[str, Json]]:
    for place, said in told.items():
        branch, _, folder = place.rpartition("/")
        head = store.objects.head(branch)
        known = ledger.last_serial(store.objects, head.commit, folder) if head else 0
        recorded = heads.ledgers[branch].last.get(folder, 0) if heads and branch in heads.ledgers else 0
        last = said.get("last") if isinstance(said, dict) else 0
        if not isinstance(said, dict) or not isinstance(last, int) or max(last, recorded) <= known:
            continue
        if last - known > MAXIMUM_GAP:
            raise QmsError(
                "{number} is {count} numbers beyond the last one held here",
                number=names.printed(str(said.get("number")), last),
                count=last - known,
                hint=message("look at the paper again; a backup that old is not the place to go on from"),
            )
        yield place, {**said, "last": max(last, recorded)}
