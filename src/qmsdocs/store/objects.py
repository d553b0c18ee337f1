"""Git objects and branches, read and written directly."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import BinaryIO

import pygit2
from pygit2.enums import ObjectType, ReferenceType, RepositoryOpenFlag

from qmsdocs.base.errors import QmsError, message
from qmsdocs.store import tree
from qmsdocs.store.names import HEADS
from qmsdocs.store.tree import FAILURES, Additions, Entry, stored_object

AUTHOR = "qmsdocs"
ADDRESS = "qmsdocs@localhost"
_REMOTE = "refs/remotes/"
_ASIDE = "refs/qms/"  # commits that count nowhere, or not yet


class HeadMoved(Exception):
    """The branch no longer stands where it was read; whoever wrote on top of it plans again."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where a branch of this copy stands: the copy's own, and where it has none, the newest that git has brought.

    `ahead` is one that git has brought and that goes on from there: nobody has judged it, so it counts nowhere.
    `diverged` names the copies of it that went another way.
    """

    branch: str
    commit: str
    is_local: bool
    ahead: str | None = None
    diverged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredFile:
    """Bytes that lie in the object store: by SHA-256 as evidence, by object name as transport."""

    sha256: str
    size: int
    oid: str


class Objects:
    """The object store of one repository, opened bare: no work tree, no hook, no filter, no replace ref."""

    def __init__(self, git_folder: Path) -> None:
        self.folder = git_folder
        pygit2.settings.enable_fsync_gitdir(True)  # without it libgit2 does not flush, and "issued" would be a guess
        self._repository = opened(git_folder)
        self._remotes = tuple(f"{_REMOTE}{name}/" for name in self._repository.remotes.names() if name)

    def reopened(self) -> Objects:
        """The same store, opened anew: nothing this process has cached is believed."""
        return Objects(self.folder)

    def let_go(self) -> None:
        """Nothing; what is open of the store is closed, and opened anew when it is read next."""
        self._repository.free()

    @contextmanager
    def in_bulk(self) -> Iterator[None]:
        """While the block runs objects are read without hashing each of them again, for what is only derived.

        A flipped bit is still noticed by the checksum of the compression; who checks evidence reads without this.
        """
        pygit2.settings.enable_strict_hash_verification(False)
        try:
            yield
        finally:
            pygit2.settings.enable_strict_hash_verification(True)

    # branches

    def heads(self, is_wanted: Callable[[str], bool]) -> dict[str, Head]:
        """Where every wanted branch stands, by name in order. See `_settled` for copies brought by a fetch."""
        local: dict[str, str] = {}
        brought: dict[str, dict[str, str]] = {}
        for reference in self._repository.references.iterator():
            name = reference.name
            if name.startswith(HEADS) and is_wanted(branch := name[len(HEADS) :]):
                local[branch] = _target(self._repository, reference)
            elif name.startswith(_REMOTE):
                for remote in self._remotes:
                    if name.startswith(remote) and is_wanted(branch := name[len(remote) :]):
                        brought.setdefault(branch, {})[name] = _target(self._repository, reference)
        branches = sorted(local.keys() | brought.keys())
        return {branch: self._settled(branch, local.get(branch), brought.get(branch, {})) for branch in branches}

    def head(self, branch: str) -> Head | None:
        """Where `branch` stands, None when there is no such branch."""
        local = self.local_commit(branch)
        found = {remote + branch: self._looked_up(remote + branch) for remote in self._remotes}
        brought = {name: commit for name, commit in found.items() if commit is not None}
        return self._settled(branch, local, brought) if local or brought else None

    def local_commit(self, branch: str) -> str | None:
        """The commit of the local branch, None without one."""
        return self._looked_up(HEADS + branch)

    def aside(self, name: str) -> str | None:
        """The commit kept aside under a name, None without one."""
        return self._looked_up(_ASIDE + name)

    def set_aside(self, name: str, commit: str | None) -> None:
        """Nothing; the commit is kept aside under a name; with None nothing is any more."""
        try:
            if commit is not None:
                self._repository.create_reference_direct(_ASIDE + name, pygit2.Oid(hex=commit), True)
            elif self.aside(name) is not None:
                self._repository.references.delete(_ASIDE + name)
        except FAILURES as error:
            raise unwritten(error) from error

    def _looked_up(self, name: str) -> str | None:
        try:
            return _target(self._repository, self._repository.lookup_reference(name))
        except KeyError:
            return None

    def _settled(self, branch: str, local: str | None, brought: Mapping[str, str]) -> Head:
        """Where one branch stands among its copies; those that are no ancestor of the newest went another way."""
        commits = [local] if local else []
        commits += [commit for commit in brought.values() if commit not in commits]
        newest = commits[0]
        for commit in commits[1:]:
            if self.is_ancestor(newest, commit):
                newest = commit
        diverged = tuple(
            name for name, commit in brought.items() if commit != newest and not self.is_ancestor(commit, newest)
        )
        ahead = newest if local and newest != local else None
        return Head(branch, local or newest, bool(local), ahead, diverged)

    # commits

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether `new` was written on top of `old` (or is it). An unknown `old` is no ancestor."""
        if old == new or old in self.parents(new):
            return True
        try:
            return self._repository.descendant_of(new, old)
        except FAILURES:
            return False

    def parents(self, commit: str) -> tuple[str, ...]:
        """The commits `commit` was written on."""
        return tuple(str(parent) for parent in self._commit(commit).parent_ids)

    def committed_at(self, commit: str) -> datetime:
        """The time of the commit, which is the `recorded_at` of its newest event; one that can be none is the first."""
        found = self._commit(commit)
        try:
            return datetime.fromtimestamp(found.commit_time, timezone(timedelta(minutes=found.commit_time_offset)))
        except (ValueError, OverflowError, OSError):
            return datetime.min.replace(tzinfo=UTC)

    def commit_bytes(self, commit: str) -> bytes:
        """The bytes of a commit as they are stored: no graft, no shallow mark and no cache has a say in them."""
        try:
            kind, data = self._repository.odb.read(commit)
        except FAILURES:
            return bytes(stored_object(self._repository, commit).read_raw())  # raises with the reason
        if kind != ObjectType.COMMIT:
            raise QmsError("{object} is no commit: the repository is damaged", object=commit)
        return data

    def _commit(self, commit: str) -> pygit2.Commit:
        found = stored_object(self._repository, commit)
        if not isinstance(found, pygit2.Commit):
            raise QmsError("{object} is no commit: the repository is damaged", object=commit)
        return found

    # reading

    def read(self, oid: str) -> bytes:
        """The bytes of a stored file. Raises QmsError when they are missing or damaged."""
        try:
            kind, data = self._repository.odb.read(oid)
        except FAILURES:
            return bytes(stored_object(self._repository, oid).read_raw())  # raises with the reason
        if kind != ObjectType.BLOB:
            raise QmsError("{object} is no file: the repository is damaged", object=oid)
        return data

    def has(self, oid: str) -> bool:
        """Whether an object lies here."""
        return oid in self._repository

    def raw(self, oid: str) -> bytes:
        """The bytes of a commit, folder or file as git hashes them (without its head)."""
        return bytes(stored_object(self._repository, oid).read_raw())

    def size(self, oid: str) -> int:
        """How many bytes a stored object has, without reading it. Raises QmsError when it is missing."""
        try:
            return int(self._repository.odb.read_header(oid)[1])
        except FAILURES:
            return len(stored_object(self._repository, oid).read_raw())  # raises with the reason

    def sha256(self, oid: str) -> str:
        """The SHA-256 of a stored file."""
        return hashlib.sha256(memoryview(stored_object(self._repository, oid))).hexdigest()  # type: ignore[arg-type]

    def walk(self, commit: str) -> Iterator[Entry]:
        """Every file of `commit` in path order, one at a time."""
        return tree.files(self._repository, str(self._commit(commit).tree_id))

    def listing(self, commit: str, folder: str) -> tuple[Entry, ...]:
        """What lies directly in `folder` ("" is the top) of `commit`, in path order; empty without such a folder."""
        top = str(self._commit(commit).tree_id)
        found = tree.below(self._repository, top, folder) if folder else top
        return tuple(tree.parts(self._repository, found)) if found is not None else ()

    def additions(self, old: str, new: str) -> tuple[Entry, ...] | None:
        """The files `new` has beyond `old`, in path order, or None when one of `old` was changed or removed."""
        before, after = (str(self._commit(commit).tree_id) for commit in (old, new))
        return tree.additions(self._repository, before, after)

    def growth(self, commits: Iterable[str]) -> Iterator[tuple[Entry, ...] | None]:
        """What each commit of a line added to the one before it (the first: all it holds), None where it did more."""
        known: tree.Known = {}
        before = None
        for commit in commits:
            top = str(self._commit(commit).tree_id)
            if before is None:
                yield tuple(tree.files(self._repository, top))
            else:
                yield tree.additions(self._repository, before, top, known)
            before = top

    # writing

    def store(self, data: bytes) -> StoredFile:
        """`data` in the object store, not yet part of any branch."""
        try:
            oid = str(self._repository.create_blob(data))
        except FAILURES as error:
            raise unwritten(error) from error
        return StoredFile(hashlib.sha256(data).hexdigest(), len(data), oid)

    def store_stream(self, stream: BinaryIO, *, name: str, limit: int) -> StoredFile:
        """The rest of `stream` in the object store, hashed while it flows. Raises QmsError beyond `limit` bytes."""
        hashing = _Hashing(stream, name, limit)
        try:
            oid = str(self._repository.create_blob_fromiobase(hashing))
        except FAILURES as error:
            raise unwritten(error) from error
        return StoredFile(hashing.digest.hexdigest(), hashing.size, oid)

    def commit(
        self, branch: str, parent: str | None, additions: Additions, *, at: datetime, note: str, aside: str = ""
    ) -> str:
        """The new head of `branch`: `parent` with `additions`, moved there only if it still stands at `parent`.

        With `aside` the branch does not move, and the commit is kept under that name; there must be none yet.
        Raises HeadMoved when it does not, QmsError when the disk refuses. Nothing existing can be replaced.
        """
        try:
            before = self._commit(parent).tree if parent else None
            grown = tree.grown(self._repository, before, tree.nested(additions))
            program = signed_by_program(at)
            parents: list[str | pygit2.Oid] = [parent] if parent else []
            reference = _ASIDE + aside if aside else HEADS + branch
            return str(self._repository.create_commit(reference, program, program, note, grown, parents))
        except FAILURES as error:
            if self.local_commit(branch) not in (parent, None):
                raise HeadMoved(branch) from error
            raise unwritten(error) from error

    def fast_forward(self, branch: str, old: str | None, new: str) -> None:
        """Nothing; the local `branch` moves from `old` to its descendant `new`. Raises HeadMoved, QmsError."""
        if old is not None and not self.is_ancestor(old, new):
            raise QmsError("{branch} went two ways; it is not moved", branch=branch)
        move(self._repository, branch, old, new)

    def copy_from(self, source: Objects, commits: Iterable[tuple[str | None, str]]) -> None:
        """Nothing; for every (old, new) all that `new` needs beyond `old` lies here afterwards, as one pack."""
        builder = pygit2.PackBuilder(source._repository)
        for old, new in commits:
            for oid in source._needed(old, new):
                builder.add(oid)
        if len(builder):
            try:
                builder.write(str(self.folder / "objects" / "pack"))
            except FAILURES as error:
                raise unwritten(error) from error
            self._repository = self.reopened()._repository

    def _needed(self, old: str | None, new: str) -> Iterator[pygit2.Oid]:
        walker = self._repository.walk(new)
        if old is not None:
            walker.hide(old)
        for commit in walker:
            yield commit.id
            before = str(commit.parents[0].tree_id) if commit.parents else None
            for oid in tree.beyond(self._repository, before, str(commit.tree_id)):
                yield pygit2.Oid(hex=oid)


def opened(git_folder: Path) -> pygit2.Repository:
    """The repository of a folder, bare. Raises QmsError where git refuses it."""
    try:
        return pygit2.Repository(str(git_folder), RepositoryOpenFlag.BARE | RepositoryOpenFlag.NO_SEARCH)
    except FAILURES as error:
        raise QmsError("{folder} cannot be opened: {reason}", folder=git_folder, reason=error) from error


def is_other(repository: pygit2.Repository, oid: str) -> bool:
    """Whether an object is there, and no commit."""
    try:
        return repository.odb.read_header(oid)[0] != ObjectType.COMMIT
    except FAILURES:
        return False


def signed_by_program(at: datetime) -> pygit2.Signature:
    """Who writes a commit, and when: always the program, in whole minutes of the zone."""
    offset = at.utcoffset() or timedelta()
    return pygit2.Signature(AUTHOR, ADDRESS, int(at.timestamp()), int(offset.total_seconds()) // 60)


def move(repository: pygit2.Repository, branch: str, old: str | None, new: str) -> None:
    """Nothing; the local `branch`, at `old` until now, stands at `new`. Raises HeadMoved, QmsError."""
    try:
        if old is None:
            repository.create_reference_direct(HEADS + branch, pygit2.Oid(hex=new), False)
            return
        reference = repository.lookup_reference(HEADS + branch)
        if _target(repository, reference) != old:
            raise HeadMoved(branch)
        reference.set_target(pygit2.Oid(hex=new))  # compares with the value just read
    except FAILURES as error:
        raise unwritten(error) from error


def _target(repository: pygit2.Repository, reference: pygit2.Reference) -> str:
    found = str(reference.target)
    if reference.type is ReferenceType.SYMBOLIC or is_other(repository, found):
        hint = message("qmsdocs audit")
        raise QmsError("{branch} only points to something else: this is no ledger", branch=reference.name, hint=hint)
    return found


def unwritten(error: Exception) -> QmsError:
    """The error for a write the disk or the store refused, whatever was raised for it."""
    if isinstance(error, QmsError):
        return error
    hint = message("nothing is acknowledged; when the cause is mended, repeat it: the same draft gets the same number")
    if "No space left" in str(error) or getattr(error, "errno", None) == 28:
        return QmsError("the disk is full", hint=hint)
    return QmsError("it could not be written: {reason}", reason=error, hint=hint)


class _Hashing(io.RawIOBase):
    """A stream that hashes and counts what is read through it and refuses to grow beyond its limit."""

    def __init__(self, stream: BinaryIO, name: str, limit: int) -> None:
        self.digest = hashlib.sha256()
        self.size = 0
        self._stream, self._name, self._limit = stream, name, limit

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes. Raises QmsError beyond the limit."""
        data = self._stream.read(size)
        self.size += len(data)
        if self.size > self._limit:
            raise QmsError(
                "{name} is larger than {limit} MB",
                name=self._name,
                limit=self._limit // 1_000_000,
                hint=message("record it by name, size, sha256 and the place where it is kept"),
            )
        self.digest.update(data)
        return data
