"""What proves to a stranger that exactly these events stand in the house: stored bytes, signatures, git's own objects.

Beside the bytes lie a table of every file of each record's folder, and the commit and the folders from the head of its
ledger down to it as git hashes them. So `git ls-tree` in a throw-away repository says what `files.tsv` says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from qmsdocs.base.canonical import sha256
from qmsdocs.base.errors import QmsError
from qmsdocs.model.masking import MaskedEvent
from qmsdocs.model.record import Event
from qmsdocs.store import names
from qmsdocs.store.event import RecordKey
from qmsdocs.store.objects import Objects
from qmsdocs.store.tree import FOLDER

EVENTS, GIT = "events", "git"
FILES, LEDGERS = "files.tsv", "ledgers.tsv"


class Kind(StrEnum):
    """What a file of a record's folder is, and whether its bytes are here."""

    EVENT = "event"
    MASKED = "masked"  # the event with digests for what is masked; its hash is that of the stored bytes
    SIGNATURE = "signature"
    FILE = "file"
    WITHHELD = "withheld"  # an attachment that stays in the house


@dataclass
class Proof:
    """Proof as it is gathered; files are handed to `add` as soon as they are known."""

    objects: Objects
    folder: str  # of the proof, within what the paths of the table begin at
    add: Callable[[str, bytes], object]
    heads: dict[str, str] = field(default_factory=dict)  # ledger → the commit everything is proved by
    lines: list[str] = field(default_factory=list)
    places: Mapping[str, str] = field(default_factory=dict)  # sha256 of an attachment → where it lies already
    folders: set[tuple[str, str]] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    counts: dict[Kind, int] = field(default_factory=dict)

    def head(self, branch: str) -> str:
        """The commit of a ledger, the same for everything in this proof. Raises QmsError where it is not held here."""
        if branch not in self.heads:
            found = self.objects.head(branch)
            if found is None:
                raise QmsError("{ledger} is not held here", ledger=branch)
            self.heads[branch] = found.commit
        return self.heads[branch]

    def record(
        self,
        key: RecordKey,
        *,
        hide: Callable[[Event], MaskedEvent | None] = lambda _event: None,
        withholds_files: bool = False,
    ) -> None:
        """Nothing; the events of a record, their signatures and attachments, and their place in the ledger, are in."""
        folder = names.record_folder(key.series, key.serial)
        if (key.ledger, folder) in self.folders:
            return
        self.folders.add((key.ledger, folder))
        self._objects(self.head(key.ledger), folder)
        for path, oid in self._files(self.head(key.ledger), folder):
            self._file(key.ledger, path, oid, hide, withholds_files=withholds_files)

    def _files(self, commit: str, folder: str) -> Iterator[tuple[str, str]]:
        for entry in self.objects.listing(commit, folder):
            path = f"{folder}/{entry.path}"
            if entry.mode == FOLDER:
                yield from self._files(commit, path)
            else:
                yield path, entry.oid

    def _file(
        self, branch: str, path: str, oid: str, hide: Callable[[Event], MaskedEvent | None], *, withholds_files: bool
    ) -> None:
        said = names.parse_path(path)
        if said is None:
            raise QmsError("{ledger}: {path} does not belong in a ledger", ledger=branch, path=path)
        if said.attachment and withholds_files:
            self._line(Kind.WITHHELD, branch, path, oid, said.attachment, where="-")
            return
        if said.attachment in self.places:
            self._line(Kind.FILE, branch, path, oid, said.attachment, where=self.places[said.attachment])
            return
        data = self.objects.read(oid)
        digest = sha256(data)
        if said.attachment or said.is_signature:
            if said.attachment not in ("", digest):
                raise QmsError("the attachment {sha256} is missing or damaged", sha256=said.attachment)
            self._line(Kind.FILE if said.attachment else Kind.SIGNATURE, branch, path, oid, digest)
        else:
            event = Event.read(data)
            hidden = hide(event)
            data = hidden.data if hidden is not None else data
            self._line(Kind.MASKED if hidden else Kind.EVENT, branch, path, oid, digest)
        self.add(f"{self.folder}/{EVENTS}/{branch}/{path}", data)

    def _line(self, kind: Kind, branch: str, path: str, oid: str, digest: str, where: str = "") -> None:
        """Nothing; one line of the table is in: the file, its two hashes, where it lies here."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        place = where or f"{self.folder}/{EVENTS}/{branch}/{path}"
        self.lines.append("\t".join((kind, branch, path, oid, digest, place)) + "\n")

    def _objects(self, commit: str, folder: str) -> None:
        """Nothing; the commit and every tree from it down to a folder, and below, are in."""
        raw = self.objects.raw(commit)
        self._object(commit, "commit", raw)
        self._tree(raw[5:45].decode("ascii"))
        above = ""
        for part in folder.split("/"):
            self._below(commit, above, part)
            above = f"{above}/{part}" if above else part
        for entry in self.objects.listing(commit, folder):
            if entry.mode == FOLDER:
                self._tree(entry.oid)

    def _below(self, commit: str, folder: str, name: str) -> None:
        for entry in self.objects.listing(commit, folder):
            if entry.path == name and entry.mode == FOLDER:
                self._tree(entry.oid)

    def _tree(self, oid: str) -> None:
        if oid not in self.written:
            self._object(oid, "tree", self.objects.raw(oid))

    def _object(self, oid: str, kind: str, raw: bytes) -> None:
        if oid not in self.written:
            self.written.add(oid)
            self.add(f"{self.folder}/{GIT}/{oid}.{kind}", raw)

    def close(self) -> None:
        """Nothing; the tables are in."""
        self.add(f"{self.folder}/{FILES}", "".join(sorted(self.lines, key=_place)).encode())
        ledgers = "".join(f"{branch}\t{commit}\n" for branch, commit in sorted(self.heads.items()))
        self.add(f"{self.folder}/{LEDGERS}", ledgers.encode())


def _place(line: str) -> list[str]:
    return line.split("\t")[1:3]
