"""Ledgers read record by record, as bytes, for the rules over records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from qmsdocs.audit.case import Case
from qmsdocs.audit.judge import Judge
from qmsdocs.base.canonical import read, sha256
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.store import names
from qmsdocs.store.event import Stored
from qmsdocs.store.tree import FILE, Entry


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of a ledger's files while its records were read, so that the history need not read them again."""

    is_whole: bool = False  # whether every file was looked at
    moments: dict[str, datetime] = field(default_factory=dict)  # by object: when an act says that it was recorded
    foreign: list[Entry] = field(default_factory=list)  # what does not belong in a ledger


def cases(judge: Judge, ledger: str, entries: Iterable[Entry], seen: Seen | None = None) -> Iterator[Case]:
    """The records that the files `entries` (in path order) of a ledger make, each with all of its own."""
    seen = seen or Seen()
    held: list[tuple[Entry, names.PathInLedger]] = []
    for entry in entries:
        said = names.parse_path(entry.path)
        if said is None or entry.mode != FILE:
            seen.foreign.append(entry)  # for the rules over the history
            continue
        if held and held[0][1][:2] != said[:2]:
            yield case(judge, ledger, held, seen.moments)
            held = []
        held.append((entry, said))
    if held:
        yield case(judge, ledger, held, seen.moments)


def case(judge: Judge, ledger: str, held: list[tuple[Entry, names.PathInLedger]], moments: dict[str, datetime]) -> Case:
    """The record that the files of one folder make; when its acts were recorded goes into `moments`."""
    stored: list[Stored] = []
    canonical: list[bool] = []
    attachments: dict[str, str] = {}
    unreadable: list[tuple[str, Message]] = []
    signatures = {entry.path: entry.oid for entry, said in held if said.is_signature}
    for entry, said in held:
        if said.attachment:
            attachments[said.attachment] = entry.oid
        elif not said.is_signature:
            signature = signatures.pop(entry.path + names.SIGNATURE_SUFFIX, None) if signatures else None
            try:
                event, is_canonical = _event(judge, ledger, entry, signature)
            except QmsError as error:
                unreadable.append((entry.path, error.message))
                continue
            moments[entry.oid] = event.event.recorded_at
            stored.append(event)
            canonical.append(is_canonical)
    unreadable += [(path, message("there is no event that it signs")) for path in signatures]
    series, serial = held[0][1][:2]
    return Case(judge, ledger, series, serial, tuple(stored), tuple(canonical), attachments, tuple(unreadable))


def _event(judge: Judge, ledger: str, entry: Entry, signature: str | None) -> tuple[Stored, bool]:
    objects = judge.system.objects
    data = objects.read(entry.oid)
    body, is_canonical = read(data)
    if not isinstance(body, dict) or not isinstance(body.get("act"), str):
        raise QmsError("the stored bytes are no event")
    signed = objects.read(signature) if signature else None
    found = Stored(ledger, entry.path, data, sha256(data), body, signed)
    said = found.event
    for moment in (said.recorded_at, said.at):  # what has no moment cannot be judged
        if moment.tzinfo is None:
            raise QmsError("its time has no zone")
    form = body.get("form")
    if form is not None and not (isinstance(form, dict) and all(isinstance(part, str) for part in form.values())):
        raise QmsError("it does not say which form it was made with")
    return found, is_canonical
