"""The history of a ledger, commit by commit, by the bytes of the commits themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from qmsdocs.base.errors import QmsError
from qmsdocs.store.objects import Objects
from qmsdocs.store.repository import Git

_COMMIT = re.compile(
    rb"tree ([0-9a-f]{40})\n((?:parent [0-9a-f]{40}\n)*)author [^\n]*\n"
    rb"committer [^\n]*> (\d{1,12}) ([+-])(\d\d)(\d\d)\n"
)
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


def altering(objects: Objects, root: Path, made: tuple[Step, ...], since: str | None) -> Iterator[tuple[str, str]]:
    """Commit and path of what the commits `made` (newest first, on top of `since`) changed or removed."""
    if len(made) > _FEW:
        yield from _altering(root, made[0].commit, since)
        return
    chain = (*(found.commit for found in made), *((since,) if since else ()))
    for new, old in pairwise(chain):
        if objects.additions(old, new) is None:
            yield from _altering(root, new, old)


def _altering(root: Path, commit: str, since: str | None) -> Iterator[tuple[str, str]]:
    said = Git(root)([
        *("-c", "core.commitGraph=false", "log", "--format=%H", "-r", "--raw", "-m", "--no-renames", "--no-abbrev"),
        *("--diff-filter=a", commit, *((f"^{since}",) if since else ()), "--"),
    ])  # fmt: skip
    current = ""
    for line in said.splitlines():
        if line.startswith(":"):
            yield current, line.partition("\t")[2].strip('"')
        elif line:
            current = line
