"""A branch replaced by one root commit that holds everything but the records destroyed. Only disposal does this."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import pygit2
from pygit2.enums import FileMode, RepositoryOpenFlag

from qmsdocs.base.errors import QmsError
from qmsdocs.store.objects import ADDRESS, AUTHOR, HeadMoved, Objects, unwritten

_LOCAL = "refs/heads/"
_FAILURES = (pygit2.GitError, OSError, KeyError, ValueError)


@dataclass(frozen=True, slots=True)
class Root:
    """A commit without parents, and its tree."""

    commit: str
    tree: str


def root_without(objects: Objects, commit: str, folders: Iterable[str], *, note: str, at: datetime) -> Root:
    """The root commit, stored, whose tree is that of `commit` without exactly these record folders.

    The same commit, folders, note and moment make the same root in every copy. Folders that are not there are ignored.
    """
    repository = _opened(objects)
    try:
        before = repository[commit]
        assert isinstance(before, pygit2.Commit)
        tree = _pruned(repository, before.tree, _nested(folders)) or repository.TreeBuilder().write()
        offset = int((at.utcoffset() or timedelta()).total_seconds()) // 60
        person = pygit2.Signature(AUTHOR, ADDRESS, int(at.timestamp()), offset)
        made = repository.create_commit(None, person, person, f"{note}\n", tree, [])
    except _FAILURES as error:
        raise unwritten(error) from error
    return Root(str(made), str(tree))


def replace(objects: Objects, branch: str, old: str | None, root: str) -> None:
    """Nothing; the local `branch`, at `old` until now, stands at `root`. Raises HeadMoved, QmsError."""
    repository = _opened(objects)
    try:
        if old is None:
            repository.create_reference_direct(_LOCAL + branch, pygit2.Oid(hex=root), False)
        else:
            reference = repository.lookup_reference(_LOCAL + branch)
            if str(reference.target) != old:
                raise HeadMoved(branch)
            reference.set_target(pygit2.Oid(hex=root))
    except _FAILURES as error:
        raise unwritten(error) from error
    if objects.reopened().local_commit(branch) != root:
        raise QmsError("{branch} is being moved by another program", branch=branch)


def _opened(objects: Objects) -> pygit2.Repository:
    return pygit2.Repository(str(objects.folder), RepositoryOpenFlag.BARE | RepositoryOpenFlag.NO_SEARCH)


def _pruned(repository: pygit2.Repository, tree: pygit2.Tree, gone: Mapping[str, object]) -> pygit2.Oid | None:
    """The tree without what `gone` names, None when nothing is left of it."""
    builder = repository.TreeBuilder(tree)
    for name, below in gone.items():
        if name not in tree:
            continue
        part = tree[name]
        rest = (
            _pruned(repository, part, below)
            if isinstance(part, pygit2.Tree) and isinstance(below, dict) and below
            else None
        )
        if rest is None:
            builder.remove(name)
        else:
            builder.insert(name, rest, FileMode.TREE)
    return builder.write() if len(builder) else None


def _nested(folders: Iterable[str]) -> dict[str, object]:
    top: dict[str, object] = {}
    for folder in folders:
        inner = top
        for name in folder.split("/"):
            below = inner.setdefault(name, {})
            assert isinstance(below, dict)
            inner = below
    return top
