"""Ledgers read record by record, as bytes, for the rules over records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qmsdocs.audit.case import Case
from qmsdocs.audit.judge import Judge
from qmsdocs.base.canonical import read, sha256
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.store import names
from qmsdocs.store.event import Stored
from qmsdocs.store.objects import FILE, Entry


def cases(judge: Judge, ledger: str, entries: Iterable[Entry]) -> Iterator[Case]:
    """The records that the files `entries` (in path order) of a ledger make, each with all of its own."""
    held: list[tuple[Entry, names.PathInLedger]] = []
    for entry in entries:
        said = names.parse_path(entry.path)
        if said is None or entry.mode != FILE:
            continue  # that it does not belong there is for the rules over the history
        if held and held[0][1][:2] != said[:2]:
            yield case(judge, ledger, held)
            held = []
        held.append((entry, said))
    if held:
        yield case(judge, ledger, held)


def case(judge: Judge, ledger: str, held: list[tuple[Entry, names.PathInLedger]]) -> Case:
    """The record that the files of one folder make."""
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
            stored.append(event)
            canonical.append(is_canonical)
    unreadable += [(path, message("there is no event that it signs")) for path in signatures]
    series, serial = held[0][1][:2]
    return Case(judge, ledger, series, serial, tuple(stored), tuple(canonical), attachments, tuple(unreadable))


def _event(judge: Judge, ledger: str, entry: Entry, signature: str | None) -> tuple[Stored, bool]:
    objects = judge.scope.objects
    data = objects.read(entry.oid)
    body, is_canonical = read(data)
    if not isinstance(body, dict) or not isinstance(body.get("act"), str):
        raise QmsError("the stored bytes are no event")
    signed = objects.read(signature) if signature else None
    found = Stored(ledger, entry.path, data, sha256(data), body, signed)
    for moment in (found.event.recorded_at, found.event.at):  # what has no moment cannot be judged
        if moment.tzinfo is None:
            raise QmsError("its time has no zone")
    form = body.get("form")
    if form is not None and not (isinstance(form, dict) and all(isinstance(part, str) for part in form.values())):
        raise QmsError("it does not say which form it was made with")
    return found, is_canonical
