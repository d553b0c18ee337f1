"""What a full audit reads beyond the ledgers: every byte of every stored object, needed or not (HIS460, HIS461)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from qmsdocs.audit.ledger_history import number_at
from qmsdocs.audit.rule import Hit
from qmsdocs.audit.scope import Scope
from qmsdocs.audit.standing import Copy
from qmsdocs.base.errors import QmsError, message
from qmsdocs.store import history, names
from qmsdocs.store.damage import Damage
from qmsdocs.store.event import RecordKey
from qmsdocs.store.tree import FOLDER

OBJECT, FILE = "HIS460", "HIS461"


def check_objects(scope: Scope, found: Iterable[Damage]) -> Iterator[tuple[str, Hit]]:
    """Every damaged file of the object store, and of each object in it the ledger, path and record it belongs to."""
    found = tuple(found)
    for damage in found:
        yield FILE, Hit(damage.path, damage.reason, damage.path)
    affected = {oid: damage.path for damage in found for oid in damage.objects}
    if not affected:
        return
    places = places_of(scope, affected)
    for oid, path in affected.items():
        branch, inner, number = places.get(oid, ("", "", ""))
        if branch:
            said = message("{path} in {ledger} is damaged", path=inner or "-", ledger=branch)
            yield OBJECT, Hit(number, said, path)
        else:
            yield OBJECT, Hit(oid[:12], message("the object is damaged; no ledger needs it now"), path)


def places_of(scope: Scope, wanted: Mapping[str, object]) -> Mapping[str, tuple[str, str, str]]:
    """Ledger, path ("" for a commit) and record number of each wanted object that a ledger's head or history holds."""
    copy, found = scope.copy, dict[str, tuple[str, str, str]]()
    for branch, head in copy.heads.items():
        try:
            for step in history.steps(copy.objects, head.commit):
                for oid in (step.commit, step.tree):
                    if oid in wanted:
                        found[oid] = (branch, "", branch)
        except QmsError as error:
            oid = str(error.message.values.get("object"))
            found.setdefault(oid, (branch, "", branch))
        for oid, path in _entries(copy, head.commit, ""):
            if oid in wanted:
                found[oid] = (branch, path, _number(scope, branch, head.commit, path))
    return found


def _number(scope: Scope, branch: str, commit: str, path: str) -> str:
    """The number of the record a path belongs to; the index knows it even where the event cannot be read any more."""
    said = names.parse_path(path)
    if said is not None:
        with suppress(QmsError):
            row = scope.system.index.by_key(RecordKey(branch, said.series, said.serial, ""))
            if row is not None:
                return row.number
    return number_at(scope.objects, branch, commit, path)


def _entries(copy: Copy, commit: str, folder: str) -> Iterator[tuple[str, str]]:
    """Every object of a commit with its path, past folders that cannot be read."""
    try:
        listed = copy.objects.listing(commit, folder)
    except QmsError:
        return
    for entry in listed:
        path = f"{folder}/{entry.path}" if folder else entry.path
        yield entry.oid, path
        if entry.mode == FOLDER:
            yield from _entries(copy, commit, path)
