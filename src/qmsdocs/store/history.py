"""The history of a ledger, commit by commit, by the bytes of the commits themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from qmsdocs.base.errors import QmsError
from qmsdocs.store.objects import Objects
from qmsdocs.store.repository import Git
from qmsdocs.store.tree import FILE, Entry

_COMMIT = re.compile(
    rb"tree ([0-9a-f]{40})\n((?:parent [0-9a-f]{40}\n)*)author [^\n]*\n"
    rb"committer [^\n]*> (\d{1,12}) ([+-])(\d\d)(\d\d)\n"
)
_MANY = 10_000  # commits whose changes are asked of git at once
_FEW = 64  # up to so many commits are compared here; starting git, which compares faster, is dearer


class Step(NamedTuple):  # a tuple, not a dataclass: a ledger has hundreds of thousands
    """One commit: what it was written on, and when, in seconds of 1970 and minutes east of Greenwich."""

    commit: str
    tree: str
    parents: tuple[str, ...]
    seconds: int
    offset: int

    @property
    def at(self) -> datetime:
        """When it was written. A time no calendar has is the earliest there is."""
        try:
            return datetime.fromtimestamp(self.seconds, timezone(timedelta(minutes=self.offset)))
        except (ValueError, OverflowError, OSError):
            return datetime.min.replace(tzinfo=UTC)


def commits(objects: Objects, commit: str) -> tuple[str, ...]:
    """The commits up to one, oldest first."""
    found = [commit]
    while parents := objects.parents(found[-1]):
        found.append(parents[0])
    return tuple(reversed(found))


def step(objects: Objects, commit: str) -> Step:
    """A commit as its bytes say. Raises QmsError where they are missing, damaged or no commit's."""
    said = _COMMIT.match(objects.commit_bytes(commit))
    if said is None:
        raise QmsError("{object} is no commit: the repository is damaged", object=commit)
    tree, parents, seconds, sign, hours, minutes = said.groups()
    offset = (int(hours) * 60 + int(minutes)) * (-1 if sign == b"-" else 1)
    return Step(commit, tree.decode(), tuple(parents.decode().split()[1::2]), int(seconds), offset)


def steps(objects: Objects, commit: str, *, until: str | None = None) -> Iterator[Step]:
    """The commits of a ledger, newest first, along the first parents; not `until` and what lies before it."""
    current: str | None = commit
    while current is not None and current != until:
        found = step(objects, current)
        yield found
        current = found.parents[0] if found.parents else None


def leads_to(objects: Objects, old: str, new: str) -> bool:
    """Whether `new` was written on top of `old` (or is it)."""
    return old == new or any(old in found.parents[:1] for found in steps(objects, new))


class Change(NamedTuple):
    """One plain file that a commit added, or (`is_added` false) whatever it changed or removed."""

    commit: str
    path: str
    oid: str
    is_added: bool


def changes(objects: Objects, root: Path, made: tuple[Step, ...], since: str | None) -> Iterator[Change]:
    """What the commits `made` (newest first, on top of `since`) did; what the very first one holds counts as added."""
    for start in range(0, len(made), _MANY):
        some = made[start : start + _MANY]
        below = made[start + _MANY].commit if start + _MANY < len(made) else since
        yield from _few(objects, root, some, below) if len(some) <= _FEW else _logged(root, some[0].commit, below)


def _few(objects: Objects, root: Path, made: tuple[Step, ...], since: str | None) -> Iterator[Change]:
    chain = (*(found.commit for found in made), *((since,) if since else ()))
    for new, old in pairwise(chain):
        added = objects.additions(old, new)
        if added is None:
            yield from _logged(root, new, old)
        yield from _added(new, added or ())
    if since is None and made:
        yield from _added(made[-1].commit, objects.walk(made[-1].commit))


def _added(commit: str, entries: Iterable[Entry]) -> Iterator[Change]:
    return (Change(commit, entry.path, entry.oid, True) for entry in entries if entry.mode == FILE)


def _logged(root: Path, commit: str, since: str | None) -> Iterator[Change]:
    said = Git(root)([
        *("-c", "core.commitGraph=false", "-c", "log.showRoot=true", "-c", "core.quotePath=false"),
        *("log", "--format=%H", "-r", "--raw", "-m", "--no-renames", "--no-abbrev"),
        *(commit, *((f"^{since}",) if since else ()), "--"),
    ])  # fmt: skip
    current = ""
    for line in said.splitlines():
        if line.startswith(":"):
            about, _, path = line.partition("\t")
            _, mode, _, oid, kind = about.split(" ")
            if kind != "A" or int(mode, 8) == FILE:
                yield Change(current, path.strip('"'), oid, kind == "A")
        elif line:
            current = line
