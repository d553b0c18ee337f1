"""A branch replaced by one root commit that holds everything but the records destroyed. Only disposal does this."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import pygit2

from qmsdocs.base.errors import QmsError
from qmsdocs.store.objects import Objects, move, opened, signed_by_program, unwritten
from qmsdocs.store.tree import FAILURES, nested, pruned


@dataclass(frozen=True, slots=True)
class Root:
    """A commit without parents, and its tree."""

    commit: str
    tree: str


def root_without(objects: Objects, commit: str, folders: Iterable[str], *, note: str, at: datetime) -> Root:
    """The root commit, stored, whose tree is that of `commit` without exactly these record folders.

    The same commit, folders, note and moment make the same root in every copy. Folders that are not there are ignored.
    """
    repository = opened(objects.folder)
    try:
        before = repository[commit]
        assert isinstance(before, pygit2.Commit)
        gone = nested(dict.fromkeys(folders, ""))
        tree = pruned(repository, before.tree, gone) or repository.TreeBuilder().write()
        program = signed_by_program(at)
        made = repository.create_commit(None, program, program, f"{note}\n", tree, [])
    except FAILURES as error:
        raise unwritten(error) from error
    return Root(str(made), str(tree))


def replace(objects: Objects, branch: str, old: str | None, root: str) -> None:
    """Nothing; the local `branch`, at `old` until now, stands at `root`. Raises HeadMoved, QmsError."""
    move(opened(objects.folder), branch, old, root)
    if objects.reopened().local_commit(branch) != root:
        raise QmsError("{branch} is being moved by another program", branch=branch)
