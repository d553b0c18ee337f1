"""The folders of a commit: read entry by entry, compared, and written with something added or taken away."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple, TypeAlias

import pygit2
from pygit2.enums import FileMode, ObjectType

from qmsdocs.base.errors import QmsError, message

FILE = 0o100644
FOLDER = 0o040000
SUBMODULE = 0o160000
FAILURES = (pygit2.GitError, OSError, KeyError, ValueError)
_DEEPEST = 16  # folders within folders; a ledger has five, the work tree of a form a few more
_TREE_ENTRY = re.compile(rb"([0-7]+) ([^\0]+)\0(.{20})", re.DOTALL)

Additions: TypeAlias = "Mapping[str, bytes | str]"  # path → the bytes, or the name of an object already stored
Nested: TypeAlias = "Mapping[str, Nested | bytes | str]"  # the same, folder within folder


class Entry(NamedTuple):  # a tuple, not a dataclass: a ledger has millions
    """One file (or folder) of a commit."""

    path: str
    oid: str
    mode: int


Added: TypeAlias = "tuple[Entry, ...]"
Known: TypeAlias = "dict[str, tuple[Entry, ...]]"  # what stands in a tree, by its name


def stored_object(repository: pygit2.Repository, oid: str) -> pygit2.Object:
    """The object of a name. Raises QmsError when it is missing or damaged."""
    try:
        return repository[oid]
    except FAILURES as error:
        raise QmsError(
            "the object {object} is missing or damaged: {reason}",
            object=oid,
            reason=error,
            hint=message("get a whole copy from a backup or a colleague before you write anything"),
        ) from error


def files(repository: pygit2.Repository, tree: str, above: str = "") -> Iterator[Entry]:
    """Every file below a tree in path order, one at a time."""
    for name, oid, mode in parts(repository, tree):
        if mode == FOLDER:
            if above.count("/") > _DEEPEST:
                raise QmsError("{path} does not belong in a ledger", path=above)
            yield from files(repository, oid, f"{above}{name}/")
        else:
            yield Entry(above + name, oid, mode)


def parts(repository: pygit2.Repository, tree: str) -> Iterator[Entry]:
    """What stands in a tree. Its bytes are read here: one object for each entry would cost twice the time."""
    try:
        kind, data = repository.odb.read(tree)
    except FAILURES:
        data, kind = stored_object(repository, tree).read_raw(), ObjectType.TREE  # raises with the reason
    found = _TREE_ENTRY.findall(data) if kind == ObjectType.TREE else []
    if sum(len(mode) + len(name) + 22 for mode, name, _ in found) != len(data):
        raise QmsError("{object} is no folder: the repository is damaged", object=tree)
    return (Entry(name.decode("utf-8", "backslashreplace"), oid.hex(), int(mode, 8)) for mode, name, oid in found)


def below(repository: pygit2.Repository, tree: str, folder: str) -> str | None:
    """The tree of `folder`, None without one. That a folder is not found is believed only on a second look."""
    with suppress(*FAILURES):
        top = repository[tree]
        found = top[folder] if isinstance(top, pygit2.Tree) else None
        if isinstance(found, pygit2.Tree):
            return str(found.id)
    for wanted in folder.split("/"):
        inner = [part.oid for part in parts(repository, tree) if part.path == wanted and part.mode == FOLDER]
        if not inner:
            return None
        tree = inner[0]
    return tree


def additions(repository: pygit2.Repository, old: str, new: str, known: Known | None = None) -> Added | None:
    """The files that one tree has beyond another, in path order, or None when one was changed or removed.

    Whoever goes along a history hands on what is `known`: then no tree is read twice.
    """
    found: list[Entry] = []
    return tuple(found) if _gather(repository, (old, new), "", found, {} if known is None else known) else None


def _gather(
    repository: pygit2.Repository, trees: tuple[str, str], above: str, found: list[Entry], known: Known
) -> bool:
    old, new = trees
    before = {part.path: part for part in known.pop(old, None) or parts(repository, old)}
    known[new] = tuple(parts(repository, new))
    for part in known[new]:
        earlier = before.pop(part.path, None)
        if part == earlier:
            continue
        path = above + part.path
        if path.count("/") > _DEEPEST:
            return False  # the reader of the whole will say what is wrong
        is_folder, inside = part.mode == FOLDER, path + "/"
        if earlier is None:
            found.extend(files(repository, part.oid, inside) if is_folder else (Entry(path, *part[1:]),))
        elif not part.mode == earlier.mode == FOLDER or not _gather(
            repository, (earlier.oid, part.oid), inside, found, known
        ):
            return False
    return not before


def beyond(repository: pygit2.Repository, old: str | None, new: str) -> Iterator[str]:
    """Every object that one tree needs and another, where there is one, does not hold."""
    yield new
    before = {part.path: part for part in parts(repository, old)} if old is not None else {}
    for part in parts(repository, new):
        earlier = before.get(part.path)
        if earlier is None or earlier.oid != part.oid:
            if part.mode == FOLDER:
                inner = earlier.oid if earlier is not None and earlier.mode == FOLDER else None
                yield from beyond(repository, inner, part.oid)
            elif part.mode != SUBMODULE:
                yield part.oid


def nested(paths: Additions) -> Nested:
    """What lies at paths, folder within folder."""
    top: dict[str, Nested | bytes | str] = {}
    for path, what in paths.items():
        *folders, name = path.split("/")
        inner = top
        for folder in folders:
            within = inner.setdefault(folder, {})
            assert isinstance(within, dict)
            inner = within
        inner[name] = what
    return top


def grown(repository: pygit2.Repository, tree: pygit2.Tree | None, added: Nested) -> pygit2.Oid:
    """The tree, stored, with what is added. Raises FileExistsError when something stands there: a ledger only grows."""
    builder = repository.TreeBuilder(tree) if tree is not None else repository.TreeBuilder()
    for name, what in added.items():
        existing = tree[name] if tree is not None and name in tree else None
        inner = existing if isinstance(existing, pygit2.Tree) and isinstance(what, Mapping) else None
        if existing is not None and inner is None:
            raise FileExistsError(name)
        if isinstance(what, Mapping):
            builder.insert(name, grown(repository, inner, what), FileMode.TREE)
        else:
            oid = repository.create_blob(what) if isinstance(what, bytes) else pygit2.Oid(hex=what)
            builder.insert(name, oid, FileMode.BLOB)
    return builder.write()


def pruned(repository: pygit2.Repository, tree: pygit2.Tree, gone: Nested) -> pygit2.Oid | None:
    """The tree, stored, without what `gone` names; None when nothing is left of it. What is not there is ignored."""
    builder = repository.TreeBuilder(tree)
    for name, inner in gone.items():
        if name not in tree:
            continue
        part, rest = tree[name], None
        if isinstance(part, pygit2.Tree) and isinstance(inner, Mapping):
            rest = pruned(repository, part, inner)
        if rest is None:
            builder.remove(name)
        else:
            builder.insert(name, rest, FileMode.TREE)
    return builder.write() if len(builder) else None
