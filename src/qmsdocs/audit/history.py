"""Rules over the ledgers as a whole (HIS4xx): what the journals noted of them, who acted, and where they are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from qmsdocs.audit import doubt, journal_entries, surroundings
from qmsdocs.audit.damage import check_objects
from qmsdocs.audit.ledger_history import check_ledger
from qmsdocs.audit.rule import Hit, Rule
from qmsdocs.audit.scope import Scope
from qmsdocs.audit.standing import Standing
from qmsdocs.base.canonical import read
from qmsdocs.base.errors import message
from qmsdocs.store import condition, journal, names, seat
from qmsdocs.store.event import Stored
from qmsdocs.store.objects import Objects
from qmsdocs.system import entries

__all__ = ["PARTIAL", "RULES", "check_ledger", "check_objects"]

PARTIAL = frozenset({"HIS405", "HIS406", "HIS422"})  # something is not held here, so nothing can be said of it


def ledger_lost(scope: Scope) -> Iterator[Hit]:
    """A journal noted acts in a ledger that is gone, and no certificate of disposal explains it."""
    yield from _standing(scope, Standing.LOST)
    git_folder = scope.system.place.git_folder
    if names.CONTROL not in condition.misdirected_ledgers(git_folder) and not Objects(git_folder).head(names.CONTROL):
        said = message("it is gone; what is said here goes by the state noted last; get it back: {command}",
                       command="qmsdocs init FOLDER --from BACKUP")  # fmt: skip
        yield Hit(names.CONTROL, said)


def ledger_shortened(scope: Scope) -> Iterator[Hit]:
    """The newest acts of a ledger were cut off."""
    yield from _standing(scope, Standing.SHORTENED)


def ledger_rewritten(scope: Scope) -> Iterator[Hit]:
    """A ledger holds something else than what a journal noted of it."""
    yield from _standing(scope, Standing.REWRITTEN)


def ledger_diverged(scope: Scope) -> Iterator[Hit]:
    """Two copies have written the same ledger."""
    yield from _standing(scope, Standing.DIVERGED)


def copy_behind(scope: Scope) -> Iterator[Hit]:
    """This copy, which does not write, holds an older state than the journal it was given."""
    yield from _standing(scope, Standing.BEHIND)


def ledger_elsewhere(scope: Scope) -> Iterator[Hit]:
    """A ledger is kept at a shared store that this copy has not read."""
    yield from _standing(scope, Standing.ELSEWHERE)


def ledger_empty(scope: Scope) -> Iterator[Hit]:
    """A ledger was opened, and nothing more is known of it."""
    yield from _standing(scope, Standing.EMPTY)


def damaged(scope: Scope) -> Iterator[Hit]:
    """An object that a ledger needs is missing or damaged, or a file of a journal cannot be read."""
    yield from _standing(scope, Standing.DAMAGED)
    for branch, unreadable in scope.copy.unreadable.items():
        for path, why in unreadable:
            yield Hit(branch, message("{path} cannot be read: {reason}", path=path, reason=why), path)


def _standing(scope: Scope, wanted: Standing) -> Iterator[Hit]:
    for said in scope.standings:
        if said.standing is wanted:
            yield Hit(said.branch, said.message)


def not_opened(scope: Scope) -> Iterator[Hit]:
    """A ledger lies here that no journal of its site says was opened."""
    for branch in scope.copy.heads:
        held = names.parse_branch(branch)
        if held is None or held.kind is names.Kind.JOURNAL:
            continue
        own = [said for said in scope.copy.journals if held.site in ("", said.site)]
        if own and not any(branch in said.openings for said in own):
            yield Hit(branch, message("no journal says that it was opened"))


def put_back(scope: Scope) -> Iterator[Hit]:
    """This copy wrote more than it holds: an earlier state of a ledger was put back."""
    copy = scope.copy
    written = {branch for site in scope.system.organisation.site for branch in seat.kept(copy.place, site)}
    for branch in sorted(written):
        if copy.has_gone_back(branch):
            yield Hit(branch, message("it is older than what was written here: an earlier state was put back"))


def unwitnessed(scope: Scope) -> Iterator[Hit]:
    """The note beside the ledgers of what this copy wrote is gone, by which a state put back would be seen."""
    copy = scope.copy
    for said in copy.journals:
        if not said.seats or not seat.holds(copy.store, said.site):
            continue
        since = said.seats[-1][0].event.recorded_at
        wrote = any(stored.event.recorded_at >= since for stored in said.series.get(journal.HEADS, ()))
        if wrote and said.branch not in seat.kept(copy.place, said.site):
            yield Hit(said.branch, message("this copy writes it, and its note of what it wrote is gone"))


# ── who acted


def _doubt(code: str) -> Callable[[Scope], Iterator[Hit]]:
    def check(scope: Scope) -> Iterator[Hit]:
        """An act of the releases or a journal cannot be believed, for a reason of this kind."""
        for kind, stored, why in scope.doubts:
            if kind == code:
                number = str(stored.event.mapping("record").get("number") or stored.ledger)
                said = message("{act} by {person}: {reason}", act=stored.event.act, person=stored.event.by, reason=why)
                yield Hit(number, said, f"{stored.ledger}:{stored.path}")

    return check


def order_broken(scope: Scope) -> Iterator[Hit]:
    """A number is missing in the releases or a journal, an event does not follow, or is not in its one form."""
    yield from _order(names.CONTROL, scope.copy.released)
    for said in scope.copy.journals:
        yield from _order(said.branch, said.events)
        for stored in said.events:
            pinned = stored.body.get("journal")
            if pinned is not None and pinned not in said.commits:
                why = message("{path} follows a state that is not held here", path=stored.path)
                yield Hit(said.branch, why, stored.path)


def _order(branch: str, events: Sequence[Stored]) -> Iterator[Hit]:
    for series, of_series in groupby(events, lambda stored: stored.path.partition("/")[0]):
        expected = 1
        for folder, of_record in groupby(of_series, lambda stored: stored.path.rpartition("/")[0]):
            said = tuple(of_record)
            serial = int(folder.rpartition("/")[2])
            if serial != expected:
                yield Hit(branch, message("{series} {serial} is missing", series=series, serial=expected), folder)
            expected = serial + 1
            yield from _chain(branch, said)


def _chain(branch: str, events: Sequence[Stored]) -> Iterator[Hit]:
    previous: str | None = None
    for sequence, stored in enumerate(events, 1):
        follows = (stored.body.get("sequence"), stored.body.get("previous")) == (sequence, previous)
        if branch != names.CONTROL and not follows:
            yield Hit(branch, message("{path} does not follow the act before it", path=stored.path), stored.path)
        if not read(stored.data)[1]:
            said = message("{path} is not in the one form in which it is written", path=stored.path)
            yield Hit(branch, said, stored.path)
        previous = stored.sha256


def unreadable_setting(scope: Scope) -> Iterator[Hit]:
    """A setting was put into force that nobody can read; whatever is said goes by what was in force before it."""
    folder = scope.system.place.git_folder
    objects = Objects(folder)
    head = objects.head(names.CONTROL) if names.CONTROL not in condition.misdirected_ledgers(folder) else None
    if head is None or head.commit == scope.system.control or (wrong := entries.unreadable(objects)) is None:
        return
    number, commit, error = wrong
    yield Hit(number, message("it cannot be read: {reason}; what is said here goes by what stood before it, {commit}",
                              reason=error.message, commit=commit))  # fmt: skip


def seat_doubled(scope: Scope) -> Iterator[Hit]:
    """Two seats of a site bear one id: a copy took over by copying, not by taking the seat."""
    for said in scope.copy.journals:
        seen: dict[str, str] = {}
        for stored, found in said.seats:
            number = str(stored.event.mapping("record").get("number"))
            if found.seat in seen:
                why = message("{first} and {second} are one seat", first=seen[found.seat], second=number)
                yield Hit(said.branch, why)
            seen.setdefault(found.seat, number)


def seat_copied(scope: Scope) -> Iterator[Hit]:
    """This folder holds the seat's file, but is a copy of the folder that has the seat."""
    copy = scope.copy
    for said in copy.journals:
        mine = seat.local_seat(copy.place, said.site)
        if mine is None or not said.seats or mine.seat != said.seats[-1][1].seat:
            continue
        if not seat.is_here(copy.place, mine):
            yield Hit(said.branch, message("its seat is in {folder} on {machine}; this is a copy of that folder",
                                           folder=mine.folder, machine=mine.machine))  # fmt: skip


RULES: tuple[Rule, ...] = (
    Rule("HIS401", ledger_lost),
    Rule("HIS402", ledger_shortened),
    Rule("HIS403", ledger_rewritten),
    Rule("HIS404", ledger_diverged),
    Rule("HIS405", copy_behind),
    Rule("HIS406", ledger_elsewhere),
    Rule("HIS407", not_opened),
    Rule("HIS408", ledger_empty),
    Rule("HIS409", put_back),
    Rule("HIS418", unwitnessed),
    *surroundings.RULES,
    *(Rule(code, _doubt(code)) for code in doubt.CODES.values()),
    Rule("HIS450", order_broken),
    Rule("HIS451", seat_doubled),
    Rule("HIS452", seat_copied),
    Rule("HIS453", journal_entries.unfit),
    Rule("HIS454", journal_entries.newer),
    Rule("HIS455", unreadable_setting),
    Rule("HIS460", damaged),
)
