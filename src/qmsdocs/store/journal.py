"""The journal of a site: its seats, the openings of ledgers, and heads. It comes before what it speaks of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from qmsdocs.base.canonical import Json, dumps, sha256
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.store import ledger, names
from qmsdocs.store.event import Draft, NewNumber, RecordKey, Stored, body_of
from qmsdocs.store.objects import Objects
from qmsdocs.store.signature import Signer

SEAT = "seat"
OPENING = "opening"
HEADS = "heads"
BEHIND = "behind"  # the mark of an event whose clock was
TOLERANCE = timedelta(minutes=2)  # a clock further behind the last event than this is marked
WRONG_CLOCK = message(
    "set the clock; if it is right, acts on records, documents and retention take --clock-is-right -m REASON"
)


@dataclass(frozen=True, slots=True)
class Pen:
    """What every event written in a copy shares: the repository's id, the site, the moment, and chance."""

    repository: str
    site: str
    now: datetime  # aware, in the site's zone
    nonce: Callable[[], str]

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ValueError("the moment of an act needs its zone")

    @property
    def recorded_at(self) -> str:
        """The moment as it is stored, with offset and seconds."""
        return self.now.isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True)
class LedgerHead:
    """What the journal says of a ledger: its commit, how many events it held, the last serial of each series."""

    commit: str
    events: int
    last: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Heads:
    """One heads event: when it was recorded and what it says of each ledger."""

    recorded_at: datetime
    ledgers: Mapping[str, LedgerHead]
    stored: Stored


@dataclass(frozen=True, slots=True)
class Judged:
    """What all events of one act share: the commits they are judged by, and whether the clock was behind."""

    control: str | None
    journal: str | None
    clock: str | None


def judged(objects: Objects, pen: Pen, branch: str) -> Judged:
    """What the events that `pen` writes to `branch` now are judged by."""
    control, own, head = (objects.head(name) for name in (names.CONTROL, names.journal_of(pen.site), branch))
    is_behind = head is not None and objects.committed_at(head.commit) - pen.now > TOLERANCE
    return Judged(control.commit if control else None, own.commit if own else None, BEHIND if is_behind else None)


def settled(pen: Pen, by: Judged, record: RecordKey, sequence: int, previous: str | None) -> dict[str, Json]:
    """The keys of an event that only its writer can settle."""
    return {
        "repository": pen.repository,
        "ledger": record.ledger,
        "record": {"number": record.number, "series": record.series, "serial": record.serial},
        "sequence": sequence,
        "recorded_at": pen.recorded_at,
        "control": by.control,
        "journal": by.journal,
        "previous": previous,
        "nonce": pen.nonce(),
        "clock": by.clock,
        "signer": None,
    }


def write(
    objects: Objects,
    pen: Pen,
    series: str,
    said: Mapping[str, Json],
    *,
    by: str | None = None,
    signer: Signer | None = None,
    meaning: str = "",
) -> Stored:
    """The event added to the journal. The caller holds the lock (and the seat, but for the seat's own event)."""
    branch = names.journal_of(pen.site)
    head = objects.head(branch)
    serial = ledger.last_serial(objects, head.commit if head else None, series) + 1
    number = f"{series}-{pen.site}-{serial:06d}".upper()
    record = RecordKey(branch, series, serial, number)
    draft = Draft(record=NewNumber(series, series, number), act="issue", state="recorded", set=said, by=by)
    body = body_of(draft, **settled(pen, judged(objects, pen, branch), record, 1, None))
    _body, data, signature = signer.sign(body, meaning=meaning) if signer is not None else (body, dumps(body), None)
    path = names.event_path(series, serial, 1, "issue")
    files = {path: data} | ({path + names.SIGNATURE_SUFFIX: signature} if signature is not None else {})
    ledger.add(objects, ledger.Addition(branch, head.commit if head else None, files, pen.now))
    return Stored(branch, path, data, sha256(data), ledger.parse_event(branch, path, data), signature)


def newest(objects: Objects, site: str, series: str) -> Stored | None:
    """The newest event of a series of the site's journal."""
    head = objects.head(names.journal_of(site))
    return ledger.newest(objects, head.branch, head.commit, series) if head else None


def newest_heads(objects: Objects, site: str) -> Heads | None:
    """The newest heads event of a site, None before the first."""
    stored = newest(objects, site, HEADS)
    return read_heads(stored) if stored else None


def read_heads(stored: Stored) -> Heads:
    """What a heads event says."""
    said = stored.event.mapping("set").get("ledgers")
    found: dict[str, LedgerHead] = {}
    for branch, head in (said if isinstance(said, dict) else {}).items():
        if not isinstance(head, dict):
            continue
        last, events = head.get("last"), head.get("events")
        serials = last if isinstance(last, dict) else {}
        found[branch] = LedgerHead(
            str(head.get("commit")),
            events if isinstance(events, int) else 0,
            {series: serial for series, serial in serials.items() if isinstance(serial, int)},
        )
    return Heads(stored.event.recorded_at, found, stored)


def record_heads(objects: Objects, pen: Pen) -> Heads:
    """The heads of every ledger of the site and of control, as now written into the journal.

    Raises QmsError for a ledger that no longer holds what was noted of it, where the journal does not say why: to note
    it as it stands would hide that.
    """
    before = newest_heads(objects, pen.site)
    known = dict(before.ledgers) if before else {}
    for branch, head in objects.heads(lambda name: belongs(name, pen.site)).items():
        if branch != names.journal_of(pen.site):
            _refuse_other(objects, pen.site, branch, head.commit, before)
            known[branch] = _measured(objects, branch, head.commit, known.get(branch))
    said: dict[str, Json] = {
        branch: {"commit": head.commit, "events": head.events, "last": dict(head.last)}
        for branch, head in known.items()  # a ledger that has gone stays listed: vanishing is visible
    }
    write(objects, pen, HEADS, {"ledgers": said})
    written = newest_heads(objects, pen.site)
    assert written is not None
    return written


def _refuse_other(objects: Objects, site: str, branch: str, commit: str, before: Heads | None) -> None:
    noted = before.ledgers.get(branch) if before is not None else None
    if before is None or noted is None or objects.is_ancestor(noted.commit, commit):
        return
    if not (_was_taken(objects, site, before) or _was_replaced(objects, site, branch, commit)):
        raise QmsError(
            "{ledger} does not hold any more what {number} noted of it",
            ledger=branch,
            number=str(before.stored.event.mapping("record").get("number")),
            hint=message("nothing is written; look what happened: qmsdocs audit"),
        )


def _was_taken(objects: Objects, site: str, since: Heads) -> bool:
    """Whether the seat was taken since heads were recorded: who does that goes on from what he has, and says so."""
    own, pinned = objects.head(names.journal_of(site)), since.stored.body.get("journal")
    if own is None or not isinstance(pinned, str):
        return False
    return any(entry.path.startswith(f"{SEAT}/") for entry in objects.additions(pinned, own.commit) or ())


def _was_replaced(objects: Objects, site: str, branch: str, commit: str) -> bool:
    """Whether a disposal replaced the ledger by a beginning that was never noted: it is noted once, right then."""
    first = commit
    while parents := objects.parents(first):
        first = parents[0]
    for stored in all_of(objects, site, HEADS):
        noted = read_heads(stored).ledgers.get(branch)
        if noted is not None and noted.commit == first:
            return False
    drawn_up: Json = None
    for stored in all_of(objects, site, "disposal"):
        drawn_up = stored.event.mapping("set").get("ledger") if stored.event.act == "issue" else drawn_up
        if stored.event.act == "carry_out" and drawn_up == branch:
            return True
    return False


def belongs(branch: str, site: str) -> bool:
    """Whether `branch` is a ledger that `site` writes: its own, its journal, and control."""
    found = names.parse_branch(branch) if branch.startswith(("records/", "qms/")) else None
    return found is not None and found.site in (site, "")


def _measured(objects: Objects, branch: str, commit: str, before: LedgerHead | None) -> LedgerHead:
    if before is not None and before.commit == commit:
        return before
    added = None
    if before is not None and objects.is_ancestor(before.commit, commit):
        added = objects.additions(before.commit, commit)
    counted = before.events if before is not None and added is not None else 0
    for entry in added if added is not None else objects.walk(commit):
        said = ledger.check_entry(branch, entry)
        counted += bool(said.act) and not said.is_signature
    last = {series: ledger.last_serial(objects, commit, series) for series in ledger.series_of(objects, commit)}
    for series, serial in (before.last if before else {}).items():
        last[series] = max(serial, last.get(series, 0))  # a number handed out stays handed out
    return LedgerHead(commit, counted, last)


def miscounted(objects: Objects, number: str, noted: LedgerHead, before: LedgerHead | None) -> Iterator[Message]:
    """What the ledger at the commit that `noted` names contradicts of it; `before` was noted last."""
    added = None
    if before is not None and objects.has(before.commit) and objects.is_ancestor(before.commit, noted.commit):
        added = objects.additions(before.commit, noted.commit)
    count = before.events if before is not None and added is not None else 0
    for entry in objects.walk(noted.commit) if added is None else added:
        said = names.parse_path(entry.path)
        count += said is not None and bool(said.act) and not said.is_signature
    if count != noted.events:
        yield message("{number} notes {noted} acts, there were {count}",
                      number=number, noted=noted.events, count=count)  # fmt: skip
    earlier = before.last if before is not None else {}
    for series in sorted({*noted.last, *ledger.series_of(objects, noted.commit)}):
        last = max(ledger.last_serial(objects, noted.commit, series), earlier.get(series, 0))
        if last != noted.last.get(series, 0):
            yield message("{number} notes {noted} as the last number of {series}, it was {last}",
                          number=number, noted=noted.last.get(series, 0), series=series, last=last)  # fmt: skip


def heads_of_the_day(objects: Objects, pen: Pen) -> Heads:
    """The newest heads; they are recorded first when none were since midnight of the site."""
    found = newest_heads(objects, pen.site)
    if found is None or found.recorded_at.astimezone(pen.now.tzinfo).date() != pen.now.date():
        return record_heads(objects, pen)
    return found


def open_ledger(objects: Objects, pen: Pen, branch: str, heads: Heads) -> None:
    """Nothing; the journal holds the opening of `branch`, which has no commit yet.

    Raises QmsError when the journal knows events of it: then it was lost here, and a new beginning would hide that.
    """
    if branch in heads.ledgers:
        raise QmsError(
            "{ledger} was written before and is missing in this copy",
            ledger=branch,
            hint=message("get it back from another copy or a backup; nothing can be added to a ledger that is gone"),
        )
    if branch not in openings(objects, pen.site):  # a killed process may have written it already
        write(objects, pen, OPENING, {"ledger": branch})


def openings(objects: Objects, site: str) -> frozenset[str]:
    """The ledgers whose opening the site's journal holds."""
    found = (stored.event.mapping("set").get("ledger") for stored in all_of(objects, site, OPENING))
    return frozenset(str(branch) for branch in found)


def all_of(objects: Objects, site: str, series: str) -> Iterator[Stored]:
    """Every event of a series of the site's journal, in order."""
    head = objects.head(names.journal_of(site))
    if head is not None:
        for serial in range(1, ledger.last_serial(objects, head.commit, series) + 1):
            yield from ledger.record_events(objects, head.branch, head.commit, series, serial)


def check_year(objects: Objects, site: str, now: datetime, *, is_confirmed: bool) -> None:
    """Nothing. Raises QmsError when `now` lies in a year that neither is that of the newest act nor follows it.

    The newest act is the last in the journal, which every day of acts begins with: order is the sequence, so that
    one event of a wrong year does not block the honest ones after it.
    """
    head = objects.head(names.journal_of(site))
    if head is None or is_confirmed:
        return
    year = year_of(objects.committed_at(head.commit), now.tzinfo)
    if now.year not in (year, year + 1):
        raise QmsError(
            "the clock says {year}, but the last act was in {last}",
            year=now.year,
            last=year,
            hint=WRONG_CLOCK,
        )


def year_of(moment: datetime, zone: tzinfo | None) -> int:
    """The year of `moment` in a zone."""
    return moment.astimezone(zone).year


def repository_id(objects: Objects) -> str | None:
    """The random id of the repository, by the first event of control or of a journal; None before the first event."""
    control = objects.head(names.CONTROL)  # asked first: with thousands of ledgers it is dear to list them
    heads = {names.CONTROL: control} if control else objects.heads(_is_journal)
    for branch, head in heads.items():
        series = "release" if branch == names.CONTROL else SEAT
        for stored in ledger.record_events(objects, branch, head.commit, series, 1):
            return stored.event.text("repository")
    return None


def _is_journal(branch: str) -> bool:
    name = names.parse_branch(branch)
    return name is not None and name.kind is names.Kind.JOURNAL
