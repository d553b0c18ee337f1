"""Releases: revisions of documents, forms and configuration with their bytes, in `qms/control`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from qmsdocs.base.canonical import Json, dumps, loads, sha256
from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.files import text_of
from qmsdocs.store import ledger, names
from qmsdocs.store.event import RecordKey, Stored
from qmsdocs.store.objects import Objects

RELEASES, KEYS, DELEGATIONS, HOLDS, DECISIONS = "release", "key", "delegation", "hold", "decision"
TEXT_SUFFIXES = (".md", ".toml", ".html", ".css", ".svg", ".txt")
MANIFEST_FORMAT = 1
_PART = re.compile(r"[^/\\\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Item:
    """A revision ready to be stored: its manifest and its files as they are hashed, by path within the item."""

    kind: str
    number: str
    revision: str
    files: Mapping[str, bytes]
    manifest: bytes

    @property
    def sha256(self) -> str:
        """The sha256 of the revision: that of its manifest."""
        return sha256(self.manifest)


def item(kind: str, number: str, revision: str, files: Mapping[str, bytes]) -> Item:
    """The revision made of `files`, text normalised to UTF-8 without mark and LF. Raises QmsError naming the file."""
    settled = {_checked(path): _normalised(path, data) for path, data in files.items()}
    said: list[Json] = [
        {"path": path, "size": len(settled[path]), "sha256": sha256(settled[path])}
        for path in sorted(settled, key=lambda path: path.encode("utf-8"))
    ]
    manifest: dict[str, Json] = {
        "format": MANIFEST_FORMAT,
        "kind": kind,
        "number": number,
        "revision": revision,
        "files": said,
    }
    return Item(kind, number, revision, settled, dumps(manifest))


def _checked(path: str) -> str:
    parts = path.split("/")
    if any(part in (".", "..") or not _PART.fullmatch(part) for part in parts) or ":" in parts[0]:
        raise QmsError('"{path}" cannot be a file of a controlled item', path=path)
    if not unicodedata.is_normalized("NFC", path):
        hint = message("rename the file")
        raise QmsError("{path}: the file name is not in the normal form NFC", path=path, hint=hint)
    return path


def _normalised(path: str, data: bytes) -> bytes:
    if path.lower().endswith(TEXT_SUFFIXES):
        return text_of(data, path).encode("utf-8")
    return data


def store(objects: Objects, revision: Item) -> dict[str, str]:
    """The attachments of a release event: sha256 → object name of the manifest and of every file, stored."""
    stored = [objects.store(revision.manifest), *(objects.store(data) for data in revision.files.values())]
    return {file.sha256: file.oid for file in stored}


def records(objects: Objects, commit: str, series: str) -> Iterator[tuple[Stored, ...]]:
    """The events of every record of a series up to `commit`, record by record in order of their numbers."""
    for serial in range(1, ledger.last_serial(objects, commit, series) + 1):
        events = ledger.record_events(objects, names.CONTROL, commit, series, serial)
        if events:
            yield events


def key_of(stored: Stored) -> RecordKey:
    """Where the record of an event lies."""
    said = names.parse_path(stored.path)
    if said is None:
        raise QmsError("{ledger}: {path} does not belong in a ledger", ledger=stored.ledger, path=stored.path)
    number = stored.event.mapping("record").get("number")
    return RecordKey(stored.ledger, said.series, said.serial, str(number))


def load(objects: Objects, commit: str, release: Stored) -> Item:
    """The revision a release put in, every byte checked against its manifest. Raises QmsError when one is missing."""
    key = key_of(release)
    folder = f"{names.record_folder(key.series, key.serial)}/files"
    held = {entry.path: entry.oid for entry in objects.listing(commit, folder)}
    manifest = _checked_bytes(objects, held, str(release.event.mapping("set").get("manifest")), key)
    said = loads(manifest)
    if not isinstance(said, dict) or said.get("format") != MANIFEST_FORMAT:
        raise QmsError("{number} needs a newer program", number=key.number)
    files = said.get("files")
    found: dict[str, bytes] = {}
    for file in files if isinstance(files, list) else ():
        if isinstance(file, dict):
            found[_checked(str(file.get("path")))] = _checked_bytes(objects, held, str(file.get("sha256")), key)
    return Item(str(said.get("kind")), str(said.get("number")), str(said.get("revision")), found, manifest)


def _checked_bytes(objects: Objects, held: Mapping[str, str], digest: str, key: RecordKey) -> bytes:
    data = objects.read(held[digest]) if digest in held else b""
    if digest not in held or sha256(data) != digest:
        raise QmsError("{number}: the attachment {sha256} is missing or damaged", number=key.number, sha256=digest)
    return data
