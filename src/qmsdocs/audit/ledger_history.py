"""What the history of one ledger says against it, from the commit verified before up to its head."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from itertools import pairwise
from types import MappingProxyType

from qmsdocs.audit.recorded import Note
from qmsdocs.audit.rule import Hit
from qmsdocs.audit.scope import Scope
from qmsdocs.audit.stream import Seen
from qmsdocs.base.errors import QmsError, message
from qmsdocs.store import history, journal, ledger, names
from qmsdocs.store.history import Change, Step
from qmsdocs.store.journal import HEADS, TOLERANCE
from qmsdocs.store.objects import Objects
from qmsdocs.store.tree import FILE, Entry

REWRITTEN, OPENED_LATE, ALTERED, MERGED, FOREIGN = "HIS403", "HIS407", "HIS410", "HIS411", "HIS412"
CONTRADICTED, CLOCK, YEAR, DAMAGED = "HIS413", "HIS414", "HIS415", "HIS460"
MOMENT, OTHER_YEAR = "HIS416", "HIS417"
VOID = "void"
_RECORDED_AT = re.compile(rb'"recorded_at":"([0-9TZ:.+-]{1,40})"')
Found = tuple[str, Hit]


def check_ledger(
    scope: Scope,
    branch: str,
    commit: str,
    *,
    verified: str | None,
    seen: Seen | None = None,
    since: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Found]:
    """Everything wrong between the commit `verified` by an earlier run (None: the beginning) and `commit`, by code.

    `seen` is what reading the records of that part has shown; `since` where the journals stood in that run.
    """
    try:
        yield from _checked(scope, branch, commit, verified, seen, since)
    except QmsError as error:
        yield DAMAGED, Hit(branch, error.message)


def _checked(
    scope: Scope, branch: str, commit: str, verified: str | None, seen: Seen | None, since: Mapping[str, str]
) -> Iterator[Found]:
    objects = scope.objects
    foreign = seen.foreign if seen is not None and seen.is_whole else None
    moments = seen.moments if seen is not None else {}
    made = tuple(history.steps(objects, commit, until=verified))
    if verified is not None and made and not made[-1].parents:
        if not scope.copy.is_accounted_for(branch, verified, commit):
            said = message("it was rewritten: what an earlier audit saw ({commit}) is gone", commit=verified[:12])
            yield REWRITTEN, Hit(branch, said)
        verified = None
    base = (history.step(objects, verified),) if verified is not None else ()
    yield from _in_order(branch, (*made, *base))
    altered = False
    at = {step.commit: step for step in made}
    held = names.parse_branch(branch)
    year = held.year if held is not None else ""
    for change in history.changes(objects, scope.system.place.root, made, verified):
        if change.is_added:
            step, moment = at.get(change.commit), moments.get(change.oid)
            if step is not None and not _is_in_order(step, moment, year):
                yield from _in_time(scope, branch, change, step, moment)
            continue
        altered = True
        number = number_at(objects, branch, change.commit, change.path)
        said = message("{path} was changed or removed later, in {commit}",
                       path=change.path, commit=change.commit[:12])  # fmt: skip
        yield ALTERED, Hit(number, said, f"{branch}:{change.path}")
    if foreign is None:
        added = objects.additions(verified, commit) if verified is not None and not altered else None
        yield from _foreign(branch, objects.walk(commit) if added is None else added)
    else:
        yield from _foreign(branch, foreign)
    yield from _contradicted(scope, branch, commit, {step.commit for step in (*made, *base)}, since)
    if verified is None and made:
        yield from _opened_late(scope, branch, made[-1])


def _in_order(branch: str, made: tuple[Step, ...]) -> Iterator[Found]:
    is_journal = branch.startswith(names.JOURNAL)
    for step in made:
        if len(step.parents) > 1:
            yield MERGED, Hit(branch, message("{commit} joins two histories", commit=step.commit[:12]))
    for after, before in pairwise(made):
        times = {"time": _minute(after), "before": _minute(before)}
        if after.at < before.at - TOLERANCE:
            yield CLOCK, Hit(branch, message("an act of {time} was written after one of {before}", **times))
        elif is_journal and after.at.year - before.at.year > 1:
            yield YEAR, Hit(branch, message("the act of {time} follows one of {before}", **times))


def _minute(step: Step) -> str:
    return _text(step.at)


def _foreign(branch: str, entries: Iterable[Entry]) -> Iterator[Found]:
    is_journal = branch.startswith(names.JOURNAL)
    for entry in entries:
        if entry.mode != FILE:
            said = message("{path} is no plain file ({mode})", path=entry.path, mode=f"{entry.mode:06o}")
            yield FOREIGN, Hit(branch, said, entry.path)
        elif names.parse_path(entry.path) is None or (is_journal and "/files/" in entry.path):
            yield FOREIGN, Hit(branch, message("{path} does not belong in a ledger", path=entry.path), entry.path)


# ── the times of the acts


def _is_in_order(step: Step, moment: datetime | None, year: str) -> bool:
    """Whether an act of a moment known before is of the time and year of its commit and its ledger, as most are."""
    return moment is not None and _is_of(step, moment) and year in ("", f"{moment.year:04d}")


def _is_of(step: Step, moment: datetime) -> bool:
    return moment.timestamp() == step.seconds


def _in_time(scope: Scope, branch: str, change: Change, step: Step, moment: datetime | None) -> Iterator[Found]:
    """An act that says another time than the commit that added it, or begins a record of another year."""
    said = names.parse_path(change.path)
    if said is None or not said.act or said.is_signature:
        return
    if any((item.ledger, item.root) == (branch, step.commit) for item in scope.copy.believed):
        return  # what a disposal left was written before the commit that holds it
    moment = moment or _recorded_at(scope.objects, change.oid)
    if moment is None:
        return  # who reads the act says so
    if not _is_of(step, moment):
        number = number_at(scope.objects, branch, change.commit, change.path)
        why = message("{path} says that it was recorded at {time}, it was written at {written}",
                      path=change.path, time=_text(moment), written=_minute(step))  # fmt: skip
        yield MOMENT, Hit(number, why, f"{branch}:{change.path}")
    held = names.parse_branch(branch)
    is_first = held is not None and held.year and said.sequence == 1 and said.act != VOID
    if held is not None and is_first and f"{moment.year:04d}" != held.year:
        number = number_at(scope.objects, branch, change.commit, change.path)
        why = message("{path} is of {time}, in the ledger of {year}",
                      path=change.path, time=_text(moment), year=held.year)  # fmt: skip
        yield OTHER_YEAR, Hit(number, why, f"{branch}:{change.path}")


def _recorded_at(objects: Objects, oid: str) -> datetime | None:
    """When an act says it was recorded, found without reading the rest of it; None where it does not say."""
    with suppress(QmsError, ValueError):
        found = _RECORDED_AT.search(objects.read(oid))
        moment = datetime.fromisoformat(found[1].decode("ascii")) if found is not None else None
        return moment if moment is not None and moment.tzinfo is not None else None
    return None


def _text(moment: datetime) -> str:
    return moment.isoformat(sep=" ", timespec="minutes")


def number_at(objects: Objects, branch: str, commit: str, path: str) -> str:
    """The number of the record whose file `path` is, by what `commit` or the one before it holds; else the ledger."""
    said = names.parse_path(path)
    if said is None:
        return branch
    with suppress(QmsError):
        for held in (*history.step(objects, commit).parents[:1], commit):
            for stored in ledger.record_events(objects, branch, held, said.series, said.serial):
                if isinstance(number := stored.event.mapping("record").get("number"), str):
                    return number
    return f"{branch}/{said.series}/{said.serial:06d}"


# ── what the journal noted


def _contradicted(scope: Scope, branch: str, commit: str, made: set[str], since: Mapping[str, str]) -> Iterator[Found]:
    """Notes whose counts are not those of the commit they name. Those judged before are looked at only if it is new."""
    objects = scope.objects
    for said in scope.copy.journals:
        before: Note | None = None
        judged = ledger.last_serial(objects, since[said.branch], HEADS) if said.branch in since else 0
        for note in said.notes.get(branch, ()):
            is_looked_at = note.commit in made or (note.serial > judged and _holds(objects, note.commit, commit))
            if is_looked_at and (before is None or before.head != note.head):
                for why in journal.miscounted(objects, note.number, note.head, before.head if before else None):
                    yield CONTRADICTED, Hit(branch, why, said.branch)
            before = note


def _holds(objects: Objects, old: str, commit: str) -> bool:
    return objects.has(old) and objects.is_ancestor(old, commit)


def _opened_late(scope: Scope, branch: str, root: Step) -> Iterator[Found]:
    """The first act of a ledger was written before its journal held the opening."""
    first = next((entry for entry in scope.objects.walk(root.commit) if _is_event(entry)), None)
    if first is None:
        return
    pinned = ledger.parse_event(branch, first.path, scope.objects.read(first.oid)).get("journal")
    if not isinstance(pinned, str):
        return
    for said in (said for said in scope.copy.journals if pinned in said.commits and branch in said.openings):
        folder, _, name = said.openings[branch].path.rpartition("/")
        if all(entry.path != name for entry in scope.objects.listing(pinned, folder)):
            yield OPENED_LATE, Hit(branch, message("its opening was written after its first act"), said.branch)


def _is_event(entry: Entry) -> bool:
    said = names.parse_path(entry.path)
    return said is not None and bool(said.act) and not said.is_signature
