"""Git objects and branches, read and written directly. Only `replacement` knows pygit2 too."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeAlias

import pygit2
from pygit2.enums import ObjectType, ReferenceType, RepositoryOpenFlag

from qmsdocs.base.errors import QmsError, message

AUTHOR = "qmsdocs"
ADDRESS = "qmsdocs@localhost"
FILE = 0o100644
FOLDER = 0o040000
SUBMODULE = 0o160000
_DEEPEST = 16  # folders within folders; a ledger has five, the work tree of a form a few more
_LOCAL = "refs/heads/"
_REMOTE = "refs/remotes/"
_ASIDE = "refs/qms/"  # commits that count nowhere, or not yet
_TREE_ENTRY = re.compile(rb"([0-7]+) ([^\0]+)\0(.{20})", re.DOTALL)
_FAILURES = (pygit2.GitError, OSError, KeyError, ValueError)

Additions: TypeAlias = "Mapping[str, bytes | str]"  # path → the bytes, or the name of an object already stored


class HeadMoved(Exception):
    """The branch no longer stands where it was read; whoever wrote on top of it plans again."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where a branch of this copy stands. `diverged` names the copies of it that went another way."""

    branch: str
    commit: str
    is_local: bool
    diverged: tuple[str, ...] = ()


class Entry(NamedTuple):  # a tuple, not a dataclass: a ledger has millions
    """One file (or folder) of a commit."""

    path: str
    oid: str
    mode: int


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
        try:
            flags = RepositoryOpenFlag.BARE | RepositoryOpenFlag.NO_SEARCH
            self._repository = pygit2.Repository(str(git_folder), flags)
        except _FAILURES as error:
            raise QmsError("{folder} cannot be opened: {reason}", folder=git_folder, reason=error) from error
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
            if name.startswith(_LOCAL) and is_wanted(branch := name[len(_LOCAL) :]):
                local[branch] = self._target(reference)
            elif name.startswith(_REMOTE):
                for remote in self._remotes:
                    if name.startswith(remote) and is_wanted(branch := name[len(remote) :]):
                        brought.setdefault(branch, {})[name] = self._target(reference)
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
        return self._looked_up(_LOCAL + branch)

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
        except _FAILURES as error:
            raise unwritten(error) from error

    def _looked_up(self, name: str) -> str | None:
        try:
            return self._target(self._repository.lookup_reference(name))
        except KeyError:
            return None

    def _settled(self, branch: str, local: str | None, brought: Mapping[str, str]) -> Head:
        """The newest of the copies of one branch; those that are no ancestor of it went another way."""
        commits = [local] if local else []
        commits += [commit for commit in brought.values() if commit not in commits]
        newest = commits[0]
        for commit in commits[1:]:
            if self.is_ancestor(newest, commit):
                newest = commit
        diverged = tuple(
            name for name, commit in brought.items() if commit != newest and not self.is_ancestor(commit, newest)
        )
        if local and newest != local and not self.is_ancestor(local, newest):
            diverged += (_LOCAL + branch,)
        return Head(branch, newest, local == newest, diverged)

    def _target(self, reference: pygit2.Reference) -> str:
        if reference.type is ReferenceType.SYMBOLIC:
            raise QmsError("the branch {branch} only points to another one: this is no ledger", branch=reference.name)
        return str(reference.target)

    # commits

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether `new` was written on top of `old` (or is it). An unknown `old` is no ancestor."""
        if old == new or old in self.parents(new):
            return True
        try:
            return self._repository.descendant_of(new, old)
        except _FAILURES:
            return False

    def parents(self, commit: str) -> tuple[str, ...]:
        """The commits `commit` was written on."""
        return tuple(str(parent) for parent in self._commit(commit).parent_ids)

    def committed_at(self, commit: str) -> datetime:
        """The time of the commit, which is the `recorded_at` of its newest event."""
        found = self._commit(commit)
        zone = timezone(timedelta(minutes=found.commit_time_offset))
        return datetime.fromtimestamp(found.commit_time, zone)

    def commit_bytes(self, commit: str) -> bytes:
        """The bytes of a commit as they are stored: no graft, no shallow mark and no cache has a say in them."""
        try:
            kind, data = self._repository.odb.read(commit)
        except _FAILURES:
            return bytes(self._object(commit).read_raw())  # raises with the reason
        if kind != ObjectType.COMMIT:
            raise QmsError("{object} is no commit: the repository is damaged", object=commit)
        return data

    def _commit(self, commit: str) -> pygit2.Commit:
        found = self._object(commit)
        if not isinstance(found, pygit2.Commit):
            raise QmsError("{object} is no commit: the repository is damaged", object=commit)
        return found

    def _object(self, oid: str) -> pygit2.Object:
        try:
            return self._repository[oid]
        except _FAILURES as error:
            raise QmsError(
                "the object {object} is missing or damaged: {reason}",
                object=oid,
                reason=error,
                hint=message("get a whole copy from a backup or a colleague before you write anything"),
            ) from error

    # reading

    def read(self, oid: str) -> bytes:
        """The bytes of a stored file. Raises QmsError when they are missing or damaged."""
        try:
            kind, data = self._repository.odb.read(oid)
        except _FAILURES:
            return bytes(self._object(oid).read_raw())  # raises with the reason
        if kind != ObjectType.BLOB:
            raise QmsError("{object} is no file: the repository is damaged", object=oid)
        return data

    def has(self, oid: str) -> bool:
        """Whether an object lies here."""
        return oid in self._repository

    def raw(self, oid: str) -> bytes:
        """The bytes of a commit, folder or file as git hashes them (without its head)."""
        return bytes(self._object(oid).read_raw())

    def size(self, oid: str) -> int:
        """How many bytes a stored object has, without reading it. Raises QmsError when it is missing."""
        try:
            return int(self._repository.odb.read_header(oid)[1])
        except _FAILURES:
            return len(self._object(oid).read_raw())  # raises with the reason

    def sha256(self, oid: str) -> str:
        """The SHA-256 of a stored file."""
        return hashlib.sha256(memoryview(self._object(oid))).hexdigest()  # type: ignore[arg-type]

    def walk(self, commit: str) -> Iterator[Entry]:
        """Every file of `commit` in path order, one at a time."""
        return self._files(str(self._commit(commit).tree_id), "")

    def _files(self, tree: str, above: str) -> Iterator[Entry]:
        for name, oid, mode in self._parts(tree):
            if mode == FOLDER:
                if above.count("/") > _DEEPEST:
                    raise QmsError("{path} does not belong in a ledger", path=above)
                yield from self._files(oid, f"{above}{name}/")
            else:
                yield Entry(above + name, oid, mode)

    def _parts(self, tree: str) -> Iterator[Entry]:
        """What stands in a tree. Its bytes are read here: one object for each entry would cost twice the time."""
        try:
            kind, data = self._repository.odb.read(tree)
        except _FAILURES:
            data, kind = self._object(tree).read_raw(), ObjectType.TREE  # raises with the reason
        found = _TREE_ENTRY.findall(data) if kind == ObjectType.TREE else []
        if sum(len(mode) + len(name) + 22 for mode, name, _ in found) != len(data):
            raise QmsError("{object} is no folder: the repository is damaged", object=tree)
        return (Entry(name.decode("utf-8", "backslashreplace"), oid.hex(), int(mode, 8)) for mode, name, oid in found)

    def listing(self, commit: str, folder: str) -> tuple[Entry, ...]:
        """What lies directly in `folder` ("" is the top) of `commit`, in path order; empty without such a folder."""
        top = self._commit(commit).tree_id
        tree = self._below(str(top), folder) if folder else str(top)
        return tuple(self._parts(tree)) if tree is not None else ()

    def _below(self, tree: str, folder: str) -> str | None:
        """The tree of `folder`, None without one. That a folder is not found is believed only on a second look."""
        with suppress(*_FAILURES):
            top = self._repository[tree]
            found = top[folder] if isinstance(top, pygit2.Tree) else None
            if isinstance(found, pygit2.Tree):
                return str(found.id)
        for wanted in folder.split("/"):
            below = [part.oid for part in self._parts(tree) if part.path == wanted and part.mode == FOLDER]
            if not below:
                return None
            tree = below[0]
        return tree

    def additions(self, old: str, new: str) -> tuple[Entry, ...] | None:
        """The files `new` has beyond `old`, in path order, or None when one of `old` was changed or removed."""
        found: list[Entry] = []
        pure = self._gather(str(self._commit(old).tree_id), str(self._commit(new).tree_id), "", found)
        return tuple(found) if pure else None

    def _gather(self, old: str, new: str, above: str, found: list[Entry]) -> bool:
        before = {part.path: part for part in self._parts(old)}
        for part in self._parts(new):
            earlier = before.pop(part.path, None)
            if part == earlier:
                continue
            path = above + part.path
            if path.count("/") > _DEEPEST:
                return False  # the reader of the whole will say what is wrong
            if earlier is None:
                found.extend(self._files(part.oid, path + "/") if part.mode == FOLDER else (Entry(path, *part[1:]),))
            elif not part.mode == earlier.mode == FOLDER or not self._gather(earlier.oid, part.oid, path + "/", found):
                return False
        return not before

    # writing

    def store(self, data: bytes) -> StoredFile:
        """`data` in the object store, not yet part of any branch."""
        try:
            oid = str(self._repository.create_blob(data))
        except _FAILURES as error:
            raise unwritten(error) from error
        return StoredFile(hashlib.sha256(data).hexdigest(), len(data), oid)

    def store_stream(self, stream: BinaryIO, *, name: str, limit: int) -> StoredFile:
        """The rest of `stream` in the object store, hashed while it flows. Raises QmsError beyond `limit` bytes."""
        hashing = _Hashing(stream, name, limit)
        try:
            oid = str(self._repository.create_blob_fromiobase(hashing))
        except _FAILURES as error:
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
            tree = self._grown(self._commit(parent).tree if parent else None, _nested(additions))
            offset = int((at.utcoffset() or timedelta()).total_seconds()) // 60
            person = pygit2.Signature(AUTHOR, ADDRESS, int(at.timestamp()), offset)
            parents: list[str | pygit2.Oid] = [parent] if parent else []
            reference = _ASIDE + aside if aside else _LOCAL + branch
            return str(self._repository.create_commit(reference, person, person, note, tree, parents))
        except _FAILURES as error:
            if self.local_commit(branch) not in (parent, None):
                raise HeadMoved(branch) from error
            raise unwritten(error) from error

    def _grown(self, tree: pygit2.Tree | None, additions: Mapping[str, object]) -> pygit2.Oid:
        builder = self._repository.TreeBuilder(tree) if tree is not None else self._repository.TreeBuilder()
        for name, added in additions.items():
            existing = tree[name] if tree is not None and name in tree else None
            if isinstance(added, dict):
                below = existing if isinstance(existing, pygit2.Tree) else None
                if existing is not None and below is None:
                    raise FileExistsError(name)
                builder.insert(name, self._grown(below, added), pygit2.enums.FileMode.TREE)
            elif existing is not None:
                raise FileExistsError(name)  # a ledger only grows
            else:
                oid = self._repository.create_blob(added) if isinstance(added, bytes) else pygit2.Oid(hex=str(added))
                builder.insert(name, oid, pygit2.enums.FileMode.BLOB)
        return builder.write()

    def fast_forward(self, branch: str, old: str | None, new: str) -> None:
        """Nothing; the local `branch` moves from `old` to its descendant `new`. Raises HeadMoved, QmsError."""
        if old is not None and not self.is_ancestor(old, new):
            raise QmsError("{branch} went two ways; it is not moved", branch=branch)
        try:
            if old is None:
                self._repository.create_reference_direct(_LOCAL + branch, pygit2.Oid(hex=new), False)
                return
            reference = self._repository.lookup_reference(_LOCAL + branch)
            if self._target(reference) != old:
                raise HeadMoved(branch)
            reference.set_target(pygit2.Oid(hex=new))  # compares with the value just read
        except _FAILURES as error:
            raise unwritten(error) from error

    def copy_from(self, source: Objects, commits: Iterable[tuple[str | None, str]]) -> None:
        """Nothing; for every (old, new) all that `new` needs beyond `old` lies here afterwards, as one pack."""
        builder = pygit2.PackBuilder(source._repository)
        for old, new in commits:
            for oid in source._needed(old, new):
                builder.add(oid)
        if len(builder):
            try:
                builder.write(str(self.folder / "objects" / "pack"))
            except _FAILURES as error:
                raise unwritten(error) from error
            self._repository = self.reopened()._repository

    def _needed(self, old: str | None, new: str) -> Iterator[pygit2.Oid]:
        walker = self._repository.walk(new)
        if old is not None:
            walker.hide(old)
        for commit in walker:
            yield commit.id
            before = str(commit.parents[0].tree_id) if commit.parents else None
            for oid in self._beyond(before, str(commit.tree_id)):
                yield pygit2.Oid(hex=oid)

    def _beyond(self, old: str | None, new: str) -> Iterator[str]:
        yield new
        before = {part.path: part for part in self._parts(old)} if old is not None else {}
        for part in self._parts(new):
            earlier = before.get(part.path)
            if earlier is None or earlier.oid != part.oid:
                if part.mode == FOLDER:
                    below = earlier.oid if earlier is not None and earlier.mode == FOLDER else None
                    yield from self._beyond(below, part.oid)
                elif part.mode != SUBMODULE:
                    yield part.oid


def unwritten(error: Exception) -> QmsError:
    """The error for a write the disk or the store refused, whatever was raised for it."""
    if isinstance(error, QmsError):
        return error
    hint = message("nothing is acknowledged; when the cause is mended, repeat it: the same draft gets the same number")
    if "No space left" in str(error) or getattr(error, "errno", None) == 28:
        return QmsError("the disk is full", hint=hint)
    return QmsError("it could not be written: {reason}", reason=error, hint=hint)


def _nested(additions: Additions) -> dict[str, object]:
    top: dict[str, object] = {}
    for path, added in additions.items():
        *folders, name = path.split("/")
        inner = top
        for folder in folders:
            below = inner.setdefault(folder, {})
            assert isinstance(below, dict)
            inner = below
        inner[name] = added
    return top


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
