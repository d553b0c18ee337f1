"""Copies brought level: what came is looked at and taken over, what is lacking there is offered. Nothing is joined."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby

from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.store import journal, ledger, names, seat
from qmsdocs.store.arrival import Arrival, arrival, checked
from qmsdocs.store.certificate import Certificate, accounts_for, brings_back, disposed_numbers
from qmsdocs.store.event import Stored
from qmsdocs.store.lock import exclusive, remove_leftover_locks
from qmsdocs.store.names import Kind
from qmsdocs.store.objects import HeadMoved, Objects
from qmsdocs.store.opened import Store
from qmsdocs.store.overlay import Overlay
from qmsdocs.store.remote import Answered, Courier, Offer

AHEAD = timedelta(days=1)  # how far the clocks of two copies may lie apart
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
    """The ledgers of this copy and where they stand; what git alone has brought only where there are no others."""
    heads = store.objects.heads(names.is_ledger)
    is_clone = not any(head.is_local for head in heads.values())
    return {branch: head.commit for branch, head in heads.items() if is_wanted(branch) and (head.is_local or is_clone)}


@dataclass(frozen=True, slots=True)
class _Came:
    """What of one ledger may be taken over."""

    moved: Moved
    old: str | None
    new: str


@dataclass(frozen=True, slots=True)
class Looked:
    """What came, as it was found: what may be taken over, and what may not."""

    brought: Objects
    good: tuple[_Came, ...]
    bad: tuple[Moved, ...]

    @property
    def moved(self) -> tuple[Moved, ...]:
        """What becomes of every ledger, in order."""
        return tuple(sorted((*self.bad, *(item.moved for item in self.good)), key=lambda moved: order(moved.ledger)))


@dataclass(slots=True)
class _Journals:
    """What the journals let move: a ledger goes nowhere without the journal of its site."""

    objects: Objects
    stuck: set[str] = field(default_factory=set)  # sites whose journal went two ways or was refused
    opened: dict[str, frozenset[str]] = field(default_factory=dict)

    def check(self, seen: Objects, branch: str, *, is_new: bool) -> None:
        """Nothing. Raises QmsError for records whose journal does not move, or does not open them."""
        name = names.parse_branch(branch)
        if name is None or name.kind is not Kind.RECORDS:
            return
        if name.site in self.stuck:
            raise QmsError("the journal of {site} is not moved, and its records only move with it", site=name.site)
        if is_new and name.site not in self.opened:
            both = (journal.openings(objects, name.site) for objects in (seen, self.objects))
            self.opened[name.site] = frozenset[str]().union(*both)
        if is_new and branch not in self.opened[name.site]:
            raise QmsError("the journal of {site} does not open it; what to do: qmsdocs rule HIS407", site=name.site)

    def refused(self, branch: str) -> None:
        """Nothing; where it is a journal, its site is stuck."""
        name = names.parse_branch(branch)
        if name is not None and name.kind is Kind.JOURNAL:
            self.stuck.add(name.site)


def look(store: Store, brought: Objects, here: Mapping[str, str], there: Mapping[str, str], *, now: datetime) -> Looked:
    """What is to be made of every ledger of `there` that is newer than `here`, its objects lying in `brought`."""
    repository = store.repository
    stands: dict[str, str | None] = {}
    good: list[_Came] = []
    bad: list[Moved] = []
    journals = _Journals(store.objects)
    for branch in sorted(there, key=order, reverse=True):  # what explains comes before what it explains
        old, new = here.get(branch), there[branch]
        if old is not None and (old == new or store.objects.is_ancestor(new, old)):
            continue
        try:
            refuse_future(brought, branch, new, now)
            seen = Overlay(brought.folder, {**here, **stands})
            journals.check(seen, branch, is_new=old is None)
            then = replace(store, objects=Overlay(brought.folder, {**here, **stands, branch: new}))
            came = _looked_at(then, seen, store.believed(seen), branch, old, new, repository)
            if came is not None:
                _refuse_own(then, came)
        except QmsError as error:
            bad.append(Moved(branch, Way.REFUSED, 0, old, new, error.message))
            journals.refused(branch)
            continue
        if came is not None and came.moved.is_good:
            stands[branch] = new
            good.append(came)
        elif came is not None:
            bad.append(came.moved)
            journals.refused(branch)
    return Looked(brought, tuple(good), tuple(bad))


def take_up(store: Store, *, now: datetime) -> tuple[Moved, ...]:
    """What became of what git alone has brought here: it is judged like what comes from any other place.

    A copy without a ledger of its own is a clone, and is what it was made of. The caller holds the lock.
    """
    found = store.objects.heads(names.is_ledger)
    remove_leftover_locks(store.place.git_folder, found)
    brought = {branch: head.ahead or head.commit for branch, head in found.items()
               if not head.diverged and (head.ahead is not None or not head.is_local)}  # fmt: skip
    here = {branch: head.commit for branch, head in found.items() if head.is_local}
    looked = look(store, store.objects, here, brought, now=now) if here else None
    for branch, commit in brought.items() if looked is None else ():
        store.objects.fast_forward(branch, None, commit)
    if looked is None:
        return ()
    _move(store, looked.good)
    return looked.moved


def taken_up(store: Store, *, now: datetime) -> tuple[Moved, ...]:
    """The same under the lock."""
    with exclusive(store.place.git_folder):
        return take_up(store, now=now)


def refuse_future(brought: Objects, branch: str, new: str, now: datetime) -> None:
    """Nothing. Raises QmsError for what is of a day yet to come: whatever is written after it would be too early."""
    at = brought.committed_at(new)
    if at > now + AHEAD:
        raise QmsError(
            "{ledger} is of {day}, and the clock here says {today}", ledger=branch, day=at.date(), today=now.date()
        )


def _refuse_own(then: Store, came: _Came) -> None:
    """Nothing. Raises QmsError for a ledger of a site that this copy writes for, but for what it wrote itself.

    `then` is what would stand here: where its journal says that the seat was taken elsewhere, it is.
    """
    branch = came.moved.ledger
    name = names.parse_branch(branch)
    if name is None or not name.site or not seat.holds(then, name.site):
        return
    if came.moved.is_good and seat.kept(then.place, name.site).get(branch) != came.new:
        raise QmsError("this copy writes for {site}: what is newer elsewhere was not written by it", site=name.site)


def _looked_at(
    then: Store, seen: Objects, done: tuple[Certificate, ...], branch: str, old: str | None, new: str, repository: str
) -> _Came | None:
    """What of a ledger may be taken over, None where it is older than a disposal here. Raises QmsError."""
    is_replaced = old is not None and not seen.is_ancestor(old, new)
    if is_replaced and accounts_for(done, seen, branch, new, old):
        return None
    if is_replaced and not accounts_for(done, seen, branch, str(old), new):
        if origin(seen, branch, new) not in ("", repository):
            raise QmsError("it was made for another repository")
        return _Came(Moved(branch, Way.DIVERGED, 0, old, new, _two_ways(seen, branch, str(old), new)), str(old), new)
    grown, events = brought_by(seen, done, branch, None if is_replaced else old, new, repository)
    is_record = branch.startswith("records/")  # of which there may be millions; nothing rests on one of them
    then.admits(then.objects, grown, [stored for stored in events if not is_record])
    way = Way.REPLACED if is_replaced else Way.RECEIVED
    return _Came(Moved(branch, way, grown.events, old, new), old, new)


def brought_by(
    objects: Objects, done: tuple[Certificate, ...], branch: str, old: str | None, new: str, repository: str
) -> tuple[Arrival, Iterator[Stored]]:
    """What a ledger brings beyond `old` (None: it begins, or is replaced), and its events, judged while they are read.

    Raises QmsError for what is not only added, does not follow, is not in its place, or was destroyed.
    """
    if back := brings_back(done, objects, branch, new):
        raise QmsError("{numbers} were destroyed by certificate and may not come back", numbers=back)
    grown = arrival(objects, branch, old, new, left={item.root for item in done if item.ledger == branch})
    return grown, checked(objects, grown, repository, gone_of(done, branch))


def _two_ways(seen: Objects, branch: str, old: str, new: str) -> Message:
    """What is said of a ledger that two copies have written; of a journal, who took the seat here and there."""
    name = names.parse_branch(branch)
    said = message("it went two ways, here at {here}, there at {there}", here=old[:12], there=new[:12])
    seats = []
    if name is not None and name.kind is Kind.JOURNAL:
        at_each = (ledger.newest(seen, branch, commit, journal.SEAT) for commit in (old, new))
        seats = [seat.read_seat(stored, name.site) for stored in at_each if stored is not None]
    if len({found.seat for found in seats}) < 2:
        return message("{what}; the quality manager decides which one stands: qmsdocs rule HIS404", what=said)
    mine, other = (
        message("{folder} on {machine}, since {since}", folder=found.folder, machine=found.machine, since=found.since)
        for found in seats
    )
    return message(
        "{what}: two copies took the seat of {site}, here it is in {mine}, there in {other}; write nothing in either,"
        " the quality manager decides which one stands: qmsdocs rule HIS404",
        what=said,
        site=name.site if name is not None else "",
        mine=mine,
        other=other,
    )


def origin(objects: Objects, branch: str, commit: str) -> str:
    """The id of the repository that the first event of a ledger was made in; empty where nothing says so."""
    try:
        first = next(ledger.stream(objects, branch, commit), None)
    except QmsError:  # whoever looks closer says what is wrong
        return ""
    return first.event.text("repository") if first is not None else ""


def gone_of(done: Iterable[Certificate], branch: str) -> Mapping[str, frozenset[int]]:
    """The serials of a ledger that certificates account for, by series."""
    return {series: gone for (name, series), gone in disposed_numbers(done).items() if name == branch}


def take_over(store: Store, looked: Looked) -> None:
    """Nothing; the ledgers stand where they came to; of one that was replaced only the objects are here.

    The caller holds the lock. Raises HeadMoved, QmsError.
    """
    grown = [item for item in looked.good if item.moved.way is Way.RECEIVED]
    replaced = [item for item in looked.good if item.moved.way is Way.REPLACED]
    for item in grown:
        if store.objects.local_commit(item.moved.ledger) not in (item.old, item.new):
            raise HeadMoved(item.moved.ledger)
    begun = [(item.old, item.new) for item in grown] + [(None, item.new) for item in replaced]
    store.objects.copy_from(looked.brought, begun)
    _move(store, grown)


def _move(store: Store, grown: Iterable[_Came]) -> None:
    for item in sorted(grown, key=lambda item: order(item.moved.ledger)):
        if store.objects.local_commit(item.moved.ledger) == item.old:
            store.objects.fast_forward(item.moved.ledger, item.old, item.new)


def receive(store: Store, looked: Looked) -> None:
    """Nothing; the same under the lock. Raises QmsError where a ledger was written meanwhile."""
    try:
        with exclusive(store.place.git_folder):
            take_over(store, looked)
    except HeadMoved as error:
        raise QmsError("{branch} is being moved by another program", branch=str(error)) from error


def lacking(
    store: Store, objects: Objects, here: Mapping[str, str], there: Mapping[str, str], bad: Iterable[Moved]
) -> tuple[Moved, ...]:
    """The ledgers that `there` holds less of, or still with records destroyed here, in the order they are offered.

    None that is `bad`; one that its journal does not open, or whose journal is bad, is refused and not to be offered.
    """
    done, blocked, journals = store.believed(objects), {item.ledger for item in bad}, _Journals(store.objects)
    for branch in blocked:
        journals.refused(branch)
    found = []
    for branch in sorted(here.keys() - blocked, key=order):
        old, new = there.get(branch), here[branch]
        if old is None or (old != new and objects.is_ancestor(old, new)):
            moved = Moved(branch, Way.SENT, events_between(objects, branch, old, new), new, old)
        elif old != new and accounts_for(done, objects, branch, old, new):
            moved = Moved(branch, Way.REPLACED, 0, new, old)
        else:
            continue
        try:
            journals.check(objects, branch, is_new=old is None)
        except QmsError as error:
            moved = replace(moved, way=Way.REFUSED, events=0, reason=error.message)
        found.append(moved)
    return tuple(found)


def events_between(objects: Objects, branch: str, old: str | None, new: str) -> int:
    """How many events a ledger has beyond `old`."""
    added = objects.additions(old, new) if old is not None else None
    entries = tuple(objects.walk(new)) if added is None else added
    return Arrival(branch, old, new, entries).events


def offer(courier: Courier, url: str, lacked: Iterable[Moved]) -> tuple[Moved, ...]:
    """What the store at `url` made of each ledger it lacked: one that it refuses keeps no other one back.

    What is refused already is not offered. Raises Unreachable.
    """
    known = {moved.ledger: moved for moved in lacked}
    offered = tuple(moved for moved in known.values() if moved.is_good)
    said = {moved.ledger: moved for moved in _pushed(courier, url, offered)}
    again = tuple(moved for moved in offered if said[moved.ledger].way is Way.REFUSED)
    if len(offered) > 1:
        said.update((moved.ledger, moved) for group in _by_site(again) for moved in _one_by_one(courier, url, group))
    return tuple((known | said).values())


def _by_site(offered: tuple[Moved, ...]) -> Iterator[tuple[Moved, ...]]:
    """Control, which all else is judged by, then the ledgers of each site with its journal last."""

    def site(moved: Moved) -> str:
        name = names.parse_branch(moved.ledger)
        return name.site if name is not None else ""

    for _, group in groupby(sorted(offered, key=site), key=site):
        yield tuple(group)


def _one_by_one(courier: Courier, url: str, group: tuple[Moved, ...]) -> Iterator[Moved]:
    """What became of the ledgers of a site: in one go, or each by itself, the journal with the first that is taken.

    Without the journal a ledger that begins would be unknown there.
    """
    said = _pushed(courier, url, group)
    name = names.parse_branch(group[-1].ledger)
    if len(group) == 1 or all(moved.way is not Way.REFUSED for moved in said):
        yield from said
        return
    last = [group[-1]] if name is not None and name.kind is Kind.JOURNAL else []
    for moved in group[: len(group) - len(last)]:
        first, *rest = _pushed(courier, url, (moved, *last))
        yield first
        if rest and rest[0].is_good:
            yield rest[0]
            last = []
    yield from _pushed(courier, url, last)


def _pushed(courier: Courier, url: str, offered: Iterable[Moved]) -> tuple[Moved, ...]:
    """What the store made of ledgers offered in one go, which its guard takes or refuses as a whole."""
    offered = tuple(offered)
    if not offered:
        return ()
    offers = (Offer(m.ledger, str(m.here), m.there if m.way is Way.REPLACED else None) for m in offered)
    sent = courier.push(url, offers)
    return tuple(_said(moved, sent.answers.get(moved.ledger, Answered.REFUSED), sent.reason) for moved in offered)


def _said(moved: Moved, answered: Answered, reason: Message) -> Moved:
    match answered:
        case Answered.TAKEN:
            return moved
        case Answered.BEHIND:
            return replace(moved, way=Way.DIVERGED, reason=message("somebody else was faster; repeat it"))
        case Answered.REFUSED:
            return replace(moved, way=Way.REFUSED, reason=reason)
