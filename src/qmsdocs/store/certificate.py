"""Certificates of disposal, as the journals hold them: what was destroyed, on whose word, before which witnesses."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from qmsdocs.base.canonical import Json, sha256
from qmsdocs.base.errors import QmsError
from qmsdocs.store import journal, ledger, names
from qmsdocs.store.event import Stored
from qmsdocs.store.objects import Objects
from qmsdocs.store.signature import namespace_of, verify
from qmsdocs.store.tree import FOLDER

SERIES = "disposal"
FEWEST = 2  # witnesses of a destruction, whatever the procedure says
WITNESS, CARRY_OUT, DROP = "witness", "carry_out", "drop"
MEANING = {"issue": "approved", WITNESS: "witnessed", CARRY_OUT: "carried_out", DROP: "approved"}
COURSE = {  # what an act follows, and where it leads
    "issue": ("", "authorised"),
    WITNESS: ("authorised", "authorised"),
    CARRY_OUT: ("authorised", "carried_out"),
    DROP: ("authorised", "dropped"),
}
_OBJECT = re.compile(r"[0-9a-f]{40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Disposed:
    """One record on a certificate; `last` is the sha256 of its last event, `submissions` are salted digests.

    One that another record called for says which one and under what name, and whether it had been voided.
    """

    number: str
    series: str
    serial: int
    last: str
    retention: str
    trigger_on: date | None
    due_on: date | None
    reason: str
    form: str = ""
    title: str = ""
    year: int = 0
    period: str = ""
    events: int = 0
    attachments: int = 0
    submissions: tuple[str, ...] = ()
    raised_from: str = ""
    raise_name: str = ""
    is_void: bool = False

    @property
    def folder(self) -> str:
        """Where the record lay in its ledger."""
        return names.record_folder(self.series, self.serial)


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate: the records of one ledger that were, or are to be, destroyed together.

    `before`, `root` and `tree` are empty until it was carried out: the commit that was replaced, the commit it was
    replaced by, and that commit's tree. Signatures are checked against the keys they name; whether these keys
    counted, and whether it can be believed at all, is for `qmsdocs.system.believed`.
    """

    number: str
    site: str
    ledger: str
    records: tuple[Disposed, ...]
    before: str
    root: str
    tree: str
    is_witnessed: bool
    is_carried_out: bool
    events: tuple[Stored, ...]

    @property
    def said(self) -> Mapping[str, Json]:
        """What was written when it was drawn up."""
        return self.events[0].event.mapping("set")

    @property
    def authority(self) -> str:
        """Who authorised it."""
        return self.events[0].event.by

    @property
    def witnesses(self) -> tuple[str, ...]:
        """Who has signed as a witness, in order; of those named when it was drawn up."""
        return _witnesses(_before_the_end(self.events))

    @property
    def serial(self) -> int:
        """Its place in the journal: what tells it from all others, whatever number it says it has."""
        said = names.parse_path(self.events[0].path)
        return said.serial if said is not None else 0

    @property
    def place(self) -> str:
        """The same across all sites."""
        return place_of(self.site, self.serial)

    @property
    def counted(self) -> tuple[Stored, ...]:
        """The acts up to the one that carried it out; whatever is written later changes nothing."""
        return self.events[: len(_before_the_end(self.events)) + 1]

    @property
    def acts(self) -> str:
        """What tells these acts from all others at the same place."""
        return sha256("".join(stored.sha256 for stored in self.counted).encode())

    @property
    def late(self) -> tuple[Stored, ...]:
        """The acts that were written after it was carried out, where there may be none."""
        return self.events[len(self.counted) :]

    @property
    def drops(self) -> tuple[Stored, ...]:
        """The signed acts that give it up; whether who signed had the right is for `qmsdocs.system.trust`."""
        return _drops(_before_the_end(self.events))

    @property
    def carried_out_on(self) -> date | None:
        """The day the records were destroyed, None while they stand."""
        done = _done(self.events)
        return done.event.recorded_at.date() if done is not None and self.is_carried_out else None

    @property
    def folders(self) -> frozenset[str]:
        """The folders of its records."""
        return frozenset(record.folder for record in self.records)

    def holds_submission(self, key: str) -> str | None:
        """The number of the destroyed record that was made from a submission key, None for no such record."""
        digest = digest_of(str(self.said.get("salt")), key)
        return next((record.number for record in self.records if digest in record.submissions), None)


Believed: TypeAlias = "Callable[[Objects], tuple[Certificate, ...]]"  # those carried out that can be believed


def digest_of(salt: str, submission: str) -> str:
    """What a certificate keeps of a submission key; that of a table row is made of its values, hence the salt."""
    return sha256(f"{salt}:{submission}".encode())


def certificates(objects: Objects, site: str | None = None, *, but: Container[str] = ()) -> tuple[Certificate, ...]:
    """The certificates of a site, or of all sites whose journal is held here, `but` those at some places."""
    sites = (site,) if site is not None else _sites(objects)
    return tuple(found for name in sites for found in _of_site(objects, name, but))


def carried_out(objects: Objects) -> tuple[Certificate, ...]:
    """The certificates that were carried out, as whoever wrote the journals says."""
    return tuple(item for item in certificates(objects) if item.is_carried_out)


def nobody(_objects: Objects) -> tuple[Certificate, ...]:
    """No certificate: that is all that can be believed where nobody judges them."""
    return ()


def certificate(objects: Objects, site: str, serial: int) -> Certificate | None:
    """The certificate at a place, None where the site's journal holds none there."""
    branch = names.journal_of(site)
    head = objects.head(branch)
    events = ledger.record_events(objects, branch, head.commit, SERIES, serial) if head else ()
    return read(site, events) if events and events[0].event.act == "issue" else None


def place_of(site: str, serial: int) -> str:
    """What tells a certificate from all others: where it stands, not the number that it says it has."""
    return f"{site}/{serial}"


def _sites(objects: Objects) -> tuple[str, ...]:
    found = (names.parse_branch(branch) for branch in objects.heads(lambda name: name.startswith("qms/journal/")))
    return tuple(name.site for name in found if name is not None)


def _of_site(objects: Objects, site: str, but: Container[str]) -> Iterator[Certificate]:
    head = objects.head(names.journal_of(site))
    last = ledger.last_serial(objects, head.commit, SERIES) if head else 0
    for serial in range(1, last + 1):
        found = certificate(objects, site, serial) if place_of(site, serial) not in but else None
        if found is not None:
            yield found


def read(site: str, events: tuple[Stored, ...]) -> Certificate:
    """The certificate that its events make."""
    said = events[0].event.mapping("set")
    done = _done(events)
    before, root, tree = _result(done) if done is not None else ("", "", "")
    is_witnessed = _is_witnessed(_before_the_end(events), said)
    return Certificate(
        str(events[0].event.mapping("record").get("number")),
        site,
        str(said.get("ledger")),
        tuple(_records(said)),
        before,
        root,
        tree,
        is_witnessed,
        is_witnessed and done is not None and _is_own(site, str(said.get("ledger"))),
        events,
    )


def _is_own(site: str, branch: str) -> bool:
    """Whether a ledger holds records of the site: its certificates destroy nothing else."""
    found = names.parse_branch(branch)
    return found is not None and (found.kind, found.site) == (names.Kind.RECORDS, site)


def _done(events: Sequence[Stored]) -> Stored | None:
    """The act that carried it out: complete, and signed by somebody who had signed before; None before that."""
    for place, stored in enumerate(events):
        is_it = stored.event.act == CARRY_OUT and all(_result(stored)) and is_signed(stored)
        if is_it and stored.event.by in {events[0].event.by, *_witnesses(events[:place])}:
            return stored
    return None


def _before_the_end(events: tuple[Stored, ...]) -> tuple[Stored, ...]:
    """The acts before it was carried out."""
    done = _done(events)
    return events if done is None else events[: events.index(done)]


def _result(done: Stored) -> tuple[str, str, str]:
    said = done.event.mapping("set")
    return _object(said.get("before")), _object(said.get("root")), _object(said.get("tree"))


def _object(said: Json) -> str:
    return said if isinstance(said, str) and _OBJECT.fullmatch(said) else ""


def is_signed(stored: Stored) -> bool:
    """Whether whoever says it signed it, with the key the event names."""
    signer = stored.event.mapping("signer")
    person, key, meaning = (str(signer.get(name)) for name in ("person", "key", "meaning"))
    if stored.signature is None or person != stored.event.by:
        return False
    made_by = verify(stored.data, stored.signature, namespace=namespace_of(meaning))
    return made_by is not None and made_by.fingerprint == key


def _witnesses(events: Sequence[Stored]) -> tuple[str, ...]:
    authority, said = events[0].event.by, events[0].event.mapping("set").get("witnesses")
    named = said if isinstance(said, list) else []
    found = (stored.event.by for stored in events if stored.event.act == WITNESS and is_signed(stored))
    return tuple(dict.fromkeys(person for person in found if person != authority and person in named))


def _drops(events: Iterable[Stored]) -> tuple[Stored, ...]:
    return tuple(stored for stored in events if stored.event.act == DROP and is_signed(stored))


def needed(said: Mapping[str, Json]) -> int:
    """How many witnesses a certificate needs: what the procedure in force said, and never fewer than two."""
    count = said.get("needed")
    return max(FEWEST, count) if isinstance(count, int) else FEWEST


def _is_witnessed(events: Sequence[Stored], said: Mapping[str, Json]) -> bool:
    return not _drops(events) and is_signed(events[0]) and len(_witnesses(events)) >= needed(said)


def _records(said: Mapping[str, Json]) -> Iterator[Disposed]:
    listed = said.get("records")
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, dict) and _is_place(item.get("series"), item.get("serial")):
            keys = item.get("submissions")
            yield Disposed(
                str(item.get("number")),
                str(item.get("series")),
                _count(item.get("serial")),
                str(item.get("sha256")),
                str(item.get("retention")),
                _day(item.get("trigger_on")),
                _day(item.get("due_on")),
                str(item.get("reason")),
                str(item.get("form")),
                str(item.get("title")),
                _count(item.get("year")),
                str(item.get("period")),
                _count(item.get("events")),
                _count(item.get("attachments")),
                tuple(str(key) for key in keys) if isinstance(keys, list) else (),
                str(item.get("raised_from", "")),
                str(item.get("raise_name", "")),
                item.get("void") is True,
            )


def _is_place(series: Json, serial: Json) -> bool:
    """Whether a record can lie there; what stands nowhere can neither be destroyed nor be missed."""
    try:
        names.record_folder(str(series), _count(serial))
    except QmsError:
        return False
    return True


def _count(said: Json) -> int:
    return said if isinstance(said, int) and not isinstance(said, bool) else 0


def _day(said: Json) -> date | None:
    try:
        return date.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        return None


# what certificates explain


def disposed_numbers(found: Iterable[Certificate]) -> Mapping[tuple[str, str], frozenset[int]]:
    """The serials destroyed, by ledger and series; of certificates that were carried out."""
    gone: dict[tuple[str, str], set[int]] = {}
    for item in found:
        for record in item.records if item.is_carried_out else ():
            gone.setdefault((item.ledger, record.series), set()).add(record.serial)
    return {place: frozenset(serials) for place, serials in gone.items()}


def accounts_for(found: Iterable[Certificate], objects: Objects, branch: str, old: str, new: str | None) -> bool:
    """Whether certificates explain that `branch`, once at `old`, stands at `new` now.

    `new` must go back to the root a certificate names, which `old` did not, and hold all that `old` held but exactly
    the destroyed records. Where `old` was purged, it must be the commit replaced, or one the journal recorded before
    the disposal.
    """
    done = [item for item in found if item.is_carried_out and item.ledger == branch]
    if new is None or not done:
        return False
    replaced_by = [item for item in done if objects.is_ancestor(item.root, new)]
    if not replaced_by:
        return False
    if not objects.has(old):
        is_replaced = any(old == item.before for item in done)
        return is_replaced or any(old in recorded_before(objects, item) for item in replaced_by)
    if any(objects.is_ancestor(item.root, old) for item in replaced_by):
        return objects.is_ancestor(old, new)  # what was written after the disposal is replaced by nothing
    gone = frozenset[str]().union(*(item.folders for item in done))
    return not brings_back(done, objects, branch, new) and _lacks_only(objects, (old, new), "", gone)


def recorded_before(objects: Objects, item: Certificate) -> frozenset[str]:
    """The commits of the ledger that heads in the journal named before the certificate was carried out."""
    done = _done(item.events)
    commit = _object(done.body.get("journal")) if done is not None else ""
    found = set()
    if commit and objects.has(commit):
        branch = names.journal_of(item.site)
        for serial in range(1, ledger.last_serial(objects, commit, journal.HEADS) + 1):
            for stored in ledger.record_events(objects, branch, commit, journal.HEADS, serial):
                ledgers = stored.event.mapping("set").get("ledgers")
                head = ledgers.get(item.ledger) if isinstance(ledgers, dict) else None
                found.add(str(head.get("commit")) if isinstance(head, dict) else "")
    return frozenset(found)


def _lacks_only(objects: Objects, commits: tuple[str, str], folder: str, gone: frozenset[str]) -> bool:
    """Whether the second commit holds all that the first does below `folder`, but for the folders in `gone`."""
    old, new = ({entry.path: entry for entry in objects.listing(commit, folder)} for commit in commits)
    for name, entry in old.items():
        path = f"{folder}/{name}" if folder else name
        is_same = path in gone or entry == new.get(name)
        if not is_same and not (entry.mode == FOLDER and _lacks_only(objects, commits, path, gone)):
            return False
    return True


def brings_back(found: Iterable[Certificate], objects: Objects, branch: str, commit: str) -> tuple[str, ...]:
    """The numbers of destroyed records that `commit` still holds."""
    return tuple(
        record.number
        for item in found
        if item.is_carried_out and item.ledger == branch
        for record in item.records
        if objects.listing(commit, record.folder)
    )
