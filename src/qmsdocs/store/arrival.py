"""What comes from elsewhere for a ledger, looked at before any branch moves: only additions, each in its place."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from qmsdocs.base.canonical import Json, read, sha256
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.store import ledger, names
from qmsdocs.store.event import FORMAT, Stored
from qmsdocs.store.objects import Objects
from qmsdocs.store.tree import Entry

LARGEST = 100_000_000  # bytes of an attachment
LARGEST_EVENT = 10_000_000
_NOTHING = type(None)
_SHAPE: Mapping[str, tuple[type, ...]] = {  # every key of an event, and what may stand there
    **dict.fromkeys(("format", "sequence"), (int,)),
    **dict.fromkeys(("act", "state", "repository", "ledger", "recorded_at", "nonce"), (str,)),
    **dict.fromkeys(("set", "derived", "counted", "parameters", "record"), (dict,)),
    **dict.fromkeys(("form", "raised_from", "signer"), (dict, _NOTHING)),
    **dict.fromkeys(("reason", "by", "entered_by", "happened_at", "submission", "replaced_by"), (str, _NOTHING)),
    **dict.fromkeys(("control", "journal", "previous", "clock"), (str, _NOTHING)),
}
EVENT_KEYS = frozenset(_SHAPE)
_WITHIN: Mapping[str, Mapping[str, tuple[type, ...]]] = {
    "record": {"number": (str,), "series": (str,), "serial": (int,)},
    "form": dict.fromkeys(("number", "revision", "sha256"), (str,)),
    "raised_from": dict.fromkeys(("record", "raise", "sha256"), (str,)),
    "signer": dict.fromkeys(("person", "key", "meaning"), (str,)),
}
Gone = Mapping[str, Collection[int]]  # series → serials that certificates account for


@dataclass(frozen=True, slots=True)
class Arrival:
    """A ledger that grows from `old` (None: it begins) to `new` by `entries`, in path order."""

    branch: str
    old: str | None
    new: str
    entries: tuple[Entry, ...]
    commits: Mapping[str, tuple[Entry, ...]] = field(
        default_factory=dict
    )  # what each added, but for what a disposal left

    @property
    def events(self) -> int:
        """How many events it brings."""
        return sum(entry.path.endswith(".json") for entry in self.entries)


def arrival(objects: Objects, branch: str, old: str | None, new: str, *, left: Collection[str] = ()) -> Arrival:
    """What `branch` brings beyond `old`; `left` are the beginnings that disposals have left.

    Raises QmsError for merges, for what was changed or removed, for odd paths.
    """
    found: list[Entry] = []
    commits: dict[str, tuple[Entry, ...]] = {}
    commit = new
    while commit != old:
        parents = objects.parents(commit)
        if len(parents) > 1:
            raise QmsError("{ledger}: two histories were joined into one; a ledger is one line", ledger=branch)
        if not parents and old is not None:
            raise QmsError("{ledger}: it does not continue what is held", ledger=branch)
        added = objects.additions(parents[0], commit) if parents else tuple(objects.walk(commit))
        if added is None:
            raise QmsError(
                "{ledger}: something that stood there was changed or removed ({commit})",
                ledger=branch,
                commit=commit[:12],
            )
        found.extend(added)
        if commit not in left:
            commits[commit] = added
        if not parents:
            break
        commit = parents[0]
    for entry in found:
        ledger.check_entry(branch, entry)
    return Arrival(branch, old, new, tuple(sorted(found)), commits)


def checked(objects: Objects, brought: Arrival, repository: str, gone: Gone) -> Iterator[Stored]:
    """Every event that is brought, each of this repository, in its place and following the one before it.

    Raises QmsError for the first that does not. Signatures are not judged here.
    """
    last: dict[str, int] = {}
    moments: dict[str, datetime] = {}
    for folder, group in groupby(brought.entries, key=_record_of):
        entries = tuple(group)
        said = ledger.check_entry(brought.branch, entries[0])
        if said.series not in last:
            last[said.series] = ledger.last_serial(objects, brought.old, said.series)
        is_new = not brought.old or not objects.listing(brought.old, folder)
        if is_new:
            last[said.series] = _next(brought.branch, said, last[said.series], gone.get(said.series, ()))
        for stored in _record(objects, brought, folder, entries, repository):
            moments[stored.path] = stored.event.recorded_at
            yield stored
    _check_moments(objects, brought, moments)


def _check_moments(objects: Objects, brought: Arrival, moments: Mapping[str, datetime]) -> None:
    """Nothing. Raises QmsError for a commit of another moment than its acts; the next act is held against it."""
    for commit, added in brought.commits.items():
        if {moments[entry.path] for entry in added if entry.path in moments} != {objects.committed_at(commit)}:
            what = message("it was stored at another moment than its acts were recorded ({commit})", commit=commit[:12])
            raise QmsError("{ledger}: {what}", ledger=brought.branch, what=what)


def _record_of(entry: Entry) -> str:
    return "/".join(entry.path.split("/")[:4])


def _next(branch: str, said: names.PathInLedger, last: int, gone: Collection[int]) -> int:
    """The serial of a new record, when all before it are there or accounted for. Raises QmsError."""
    missing = [serial for serial in range(last + 1, said.serial) if serial not in gone]
    if said.serial <= last or missing:
        serial = missing[0] if missing else said.serial
        raise QmsError(
            "{ledger}: the numbers of {series} have a gap at {serial}", ledger=branch, series=said.series, serial=serial
        )
    if said.serial in gone:
        raise QmsError(
            "{ledger}: {series} {serial} was destroyed by certificate and may not come back",
            ledger=branch,
            series=said.series,
            serial=said.serial,
        )
    return said.serial


def _record(
    objects: Objects, brought: Arrival, folder: str, entries: tuple[Entry, ...], repository: str
) -> Iterator[Stored]:
    """The new events of one record."""
    signatures = {entry.path: entry.oid for entry in entries if entry.path.endswith(names.SIGNATURE_SUFFIX)}
    before = _last_event(objects, brought, folder)
    paths = {entry.path for entry in entries}
    for entry in entries:
        said = ledger.check_entry(brought.branch, entry)
        limit = LARGEST if said.attachment else LARGEST_EVENT
        if objects.size(entry.oid) > limit:
            raise QmsError("{ledger}: {path} is too large", ledger=brought.branch, path=entry.path)
        if said.attachment:
            if objects.sha256(entry.oid) != said.attachment:
                raise _odd(brought.branch, entry.path, message("the attachment is not the one it is named after"))
        elif said.is_signature:
            if entry.path.removesuffix(names.SIGNATURE_SUFFIX) not in paths:
                raise _odd(brought.branch, entry.path, message("a signature was added later"))
        else:
            signature = signatures.get(entry.path + names.SIGNATURE_SUFFIX)
            stored = _event(objects, brought.branch, entry, signature)
            _check_place(stored, said, before, repository)
            before = stored
            yield stored
    if before is None:
        raise _odd(brought.branch, folder, message("there is no event of this record"))


def _last_event(objects: Objects, brought: Arrival, folder: str) -> Stored | None:
    """The last event of the record before anything came."""
    held = objects.listing(brought.old, folder) if brought.old else ()
    events = [entry for entry in held if entry.path.endswith(".json")]
    if not events:
        return None
    return ledger.read_stored(objects, brought.branch, f"{folder}/{events[-1].path}", events[-1].oid, None)


def _event(objects: Objects, branch: str, entry: Entry, signature: str | None) -> Stored:
    data = objects.read(entry.oid)
    body, is_canonical = read(data)
    if not isinstance(body, dict):
        raise QmsError("{ledger}: {path} is no event", ledger=branch, path=entry.path)
    if not is_canonical:
        raise _odd(branch, entry.path, message("its bytes are not the canonical ones"))
    return Stored(branch, entry.path, data, sha256(data), body, objects.read(signature) if signature else None)


def _check_place(stored: Stored, said: names.PathInLedger, before: Stored | None, repository: str) -> None:
    """Nothing. Raises QmsError for an event made for another place, or that does not follow the one before it."""
    event = stored.event
    if (odd := _misshapen(stored.body)) is not None:
        raise _odd(stored.ledger, stored.path, message("{key} is missing or is not what belongs there", key=odd))
    record = event.mapping("record")
    earlier = before.event.mapping("record") if before else record
    sequence = (names.parse_path(before.path) or said).sequence if before else 0
    number, place = record.get("number"), (record.get("series"), record.get("serial"))
    previous = before.sha256 if before else None
    another = message("it was made for another record")
    for is_wrong, what in (
        (event.text("repository") != repository, message("it was made for another repository")),
        (event.text("ledger") != stored.ledger, message("it was made for another ledger")),
        (place != (said.series, said.serial) or number != earlier.get("number"), another),
        ((event.body.get("sequence"), event.act) != (said.sequence, said.act), another),
        (said.sequence != sequence + 1, message("the acts of its record have a gap or stand there twice")),
        (event.body.get("previous") != previous, message("it does not follow the act before it in its record")),
        (event.recorded_at.tzinfo is None or event.at.tzinfo is None, message("its time has no zone")),
        (bool(event.mapping("signer")) and not stored.signature, message("the signature is missing")),
        (
            bool(stored.signature) and not event.mapping("signer"),
            message("there is a signature, but no signer is named"),
        ),
    ):
        if is_wrong:
            raise _odd(stored.ledger, stored.path, what)


def _misshapen(body: Mapping[str, Json]) -> str | None:
    """The first key of an event that is missing, unknown or of a wrong kind; of a newer program's only the latter."""
    is_known = body.get("format") == FORMAT
    for key in sorted(_SHAPE.keys() | body.keys() if is_known else _SHAPE.keys() & body.keys()):
        value = body.get(key)
        if key not in body or key not in _SHAPE or type(value) not in _SHAPE[key]:
            return key
        parts = _WITHIN.get(key, {}) if isinstance(value, dict) else {}
        if isinstance(value, dict) and parts:
            wrong = value.keys() != parts.keys() or any(type(value[part]) not in parts[part] for part in parts)
            if wrong:
                return key
    parameters, counted = body.get("parameters"), body.get("counted")
    if isinstance(parameters, dict) and not all(isinstance(value, str) for value in parameters.values()):
        return "parameters"
    if isinstance(counted, dict) and not all(isinstance(value, list) for value in counted.values()):
        return "counted"
    return None


def _odd(branch: str, path: str, what: Message) -> QmsError:
    return QmsError("{ledger}: {path}: {what}", ledger=branch, path=path, what=what)
