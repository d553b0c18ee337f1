"""A ledger: events of records in a branch. Reading, the last serial, and adding so that it can be believed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from qmsdocs.base.canonical import Json, read, sha256
from qmsdocs.base.errors import QmsError, message
from qmsdocs.store import names
from qmsdocs.store.event import RecordKey, Stored
from qmsdocs.store.objects import HeadMoved, Objects
from qmsdocs.store.tree import FILE, FOLDER, Entry

_ATTEMPTS = 3
T = TypeVar("T")


class Stale(QmsError):
    """What was planned was judged by a state that has moved on; the caller reads again and plans again."""


@dataclass(frozen=True, slots=True)
class Addition:
    """What one commit adds to a ledger. `expected` maps attachments to the sha256 they must be read back with."""

    branch: str
    parent: str | None
    files: Mapping[str, bytes]
    at: datetime
    attachments: Mapping[str, str] = field(default_factory=dict)  # path → object name
    expected: Mapping[str, str] = field(default_factory=dict)  # path → sha256


def check_entry(branch: str, entry: Entry) -> names.PathInLedger:
    """What the path of `entry` says. Raises QmsError for links, submodules, programs and paths that are no ledger's."""
    found = names.parse_path(entry.path)
    if found is None or entry.mode != FILE:
        raise QmsError(
            "{ledger}: {path} does not belong in a ledger",
            ledger=branch,
            path=entry.path,
            hint=message("this copy was tampered with or is damaged; get a whole one before you write anything"),
        )
    return found


def parse_event(branch: str, path: str, data: bytes) -> Mapping[str, Json]:
    """The body of an event. Raises QmsError naming ledger and path when the bytes are none."""
    try:
        body, _ = read(data)
    except QmsError as error:
        raise QmsError("{ledger}: {path}: {reason}", ledger=branch, path=path, reason=error.message) from error
    if not isinstance(body, dict):
        raise QmsError("{ledger}: {path} is no event", ledger=branch, path=path)
    return body


def read_stored(objects: Objects, branch: str, path: str, oid: str, signature: str | None) -> Stored:
    """The event stored at `path`, with its signature when `signature` names one."""
    data = objects.read(oid)
    signed = objects.read(signature) if signature else None
    return Stored(branch, path, data, sha256(data), parse_event(branch, path, data), signed)


def stream(objects: Objects, branch: str, commit: str) -> Iterator[Stored]:
    """Every event of a ledger in path order, one at a time, so record by record and within one in sequence."""
    return _with_signatures(objects, branch, objects.walk(commit))


def _with_signatures(objects: Objects, branch: str, entries: Iterator[Entry]) -> Iterator[Stored]:
    waiting: Entry | None = None
    for entry in entries:
        said = check_entry(branch, entry)
        if waiting is not None:
            signature = entry.oid if entry.path == waiting.path + names.SIGNATURE_SUFFIX else None
            yield read_stored(objects, branch, waiting.path, waiting.oid, signature)
        waiting = entry if said.act and not said.is_signature else None
    if waiting is not None:
        yield read_stored(objects, branch, waiting.path, waiting.oid, None)


def record_events(objects: Objects, branch: str, commit: str, series: str, serial: int) -> tuple[Stored, ...]:
    """The events of one record, oldest first; empty when the ledger holds no such record."""
    folder = names.record_folder(series, serial)
    entries = (
        Entry(f"{folder}/{entry.path}", entry.oid, entry.mode)
        for entry in objects.listing(commit, folder)
        if entry.mode != FOLDER
    )
    return tuple(_with_signatures(objects, branch, entries))


def events_of(objects: Objects, key: RecordKey) -> tuple[Stored, ...]:
    """The events of a record as of now. Raises QmsError when they are not held here."""
    head = objects.head(key.ledger)
    events = record_events(objects, key.ledger, head.commit, key.series, key.serial) if head else ()
    if not events:
        raise QmsError("{number} is not held here", number=key.number)
    return events


def attachment(objects: Objects, key: RecordKey, digest: str) -> bytes:
    """The bytes of an attachment of a record. Raises QmsError when they are missing or not those of `digest`."""
    head = objects.head(key.ledger)
    folder = f"{names.record_folder(key.series, key.serial)}/files"
    found = [entry for entry in objects.listing(head.commit, folder) if entry.path == digest] if head else []
    data = objects.read(found[0].oid) if found else b""
    if not found or sha256(data) != digest:
        raise QmsError("{number}: the attachment {sha256} is missing or damaged", number=key.number, sha256=digest)
    return data


def series_of(objects: Objects, commit: str) -> tuple[str, ...]:
    """The series folders of a ledger."""
    return tuple(entry.path for entry in objects.listing(commit, ""))


def last_serial(objects: Objects, commit: str | None, series: str) -> int:
    """The highest serial of a series in the ledger's own tree, 0 when it has none. Looks into four folders."""
    folder = series
    name = ""
    for _ in range(3):
        below = objects.listing(commit, folder) if commit else ()
        if not below:
            return 0
        name = below[-1].path
        folder = f"{folder}/{name}"
    if not (name.isascii() and name.isdigit()):
        raise QmsError("{path} does not belong in a ledger", path=folder)
    return int(name)


def newest(objects: Objects, branch: str, commit: str, series: str) -> Stored | None:
    """The newest event of the last record of a series, None when the series is empty."""
    serial = last_serial(objects, commit, series)
    events = record_events(objects, branch, commit, series, serial) if serial else ()
    return events[-1] if events else None


def add(objects: Objects, addition: Addition, *, aside: str = "") -> str:
    """The new head of the branch, read back with a newly opened store. Raises HeadMoved, QmsError.

    With `aside` the branch does not move yet; the commit is kept under that name.

    A return value of the library is not believed: with a full disk it may name a commit the branch never reached.
    """
    acts = [path for path in addition.files if not path.endswith(names.SIGNATURE_SUFFIX)]
    note = f"{acts[0]}\n" if len(acts) == 1 else f"{len(acts)} events\n"
    commit = objects.commit(
        addition.branch,
        addition.parent,
        {**addition.files, **addition.attachments},
        at=addition.at,
        note=note,
        aside=aside,
    )
    _read_back(objects.reopened(), addition, commit, aside)
    return commit


def _read_back(fresh: Objects, addition: Addition, commit: str, aside: str) -> None:
    held: dict[str, dict[str, str]] = {}
    if (fresh.aside(aside) if aside else fresh.local_commit(addition.branch)) != commit:
        raise _not_read_back(addition.branch)
    for path in (*addition.files, *addition.attachments):
        folder, _, name = path.rpartition("/")
        if folder not in held:
            held[folder] = {entry.path: entry.oid for entry in fresh.listing(commit, folder)}
        oid = held[folder].get(name)
        if oid is None:
            raise _not_read_back(path)
        wanted = addition.expected[path] if path in addition.expected else sha256(addition.files[path])
        if fresh.sha256(oid) != wanted:
            raise _not_read_back(path)


def _not_read_back(what: str) -> QmsError:
    return QmsError(
        "{what} could not be read back after it was written",
        what=what,
        hint=message("nothing is acknowledged; look after the disk, then repeat it"),
    )


def retried(write: Callable[[], T]) -> T:
    """What `write` returns; when the branch moved under it (a fetch by hand), it is tried again."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return write()
        except HeadMoved:
            continue
    try:
        return write()
    except HeadMoved as error:
        raise QmsError("{branch} is being moved by another program", branch=str(error)) from error
