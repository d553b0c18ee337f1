"""The history of a ledger, commit by commit, by the bytes of the commits themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path

from qmsdocs.base.errors import QmsError
from qmsdocs.store.objects import Objects
from qmsdocs.store.repository import Git

_TREE = re.compile(rb"tree ([0-9a-f]{40})\n")
_PARENT = re.compile(rb"parent ([0-9a-f]{40})\n")
_COMMITTED = re.compile(rb"committer [^\n]*> (\d{1,12}) ([+-])(\d\d)(\d\d)$", re.MULTILINE)
_FEW = 64  # up to so many commits are compared here; starting git, which compares faster, is dearer


@dataclass(frozen=True, slots=True)
class Step:
    """One commit: what it was written on, and when."""

    commit: str
    tree: str
    parents: tuple[str, ...]
    at: datetime


def step(objects: Objects, commit: str) -> Step:
    """A commit as its bytes say. Raises QmsError where they are missing, damaged or no commit's."""
    head = objects.commit_bytes(commit).partition(b"\n\n")[0] + b"\n"
    tree, committed = _TREE.match(head), _COMMITTED.search(head)
    if tree is None or committed is None:
        raise QmsError("{object} is no commit: the repository is damaged", object=commit)
    seconds, sign, hours, minutes = committed.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == b"-" else 1)
    try:
        at = datetime.fromtimestamp(int(seconds), UTC).astimezone(timezone(offset))
    except (ValueError, OverflowError, OSError) as error:
        raise QmsError("{object} is no commit: the repository is damaged", object=commit) from error
    return Step(commit, tree[1].decode(), tuple(parent.decode() for parent in _PARENT.findall(head, tree.end())), at)


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
