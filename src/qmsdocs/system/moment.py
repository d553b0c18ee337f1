"""The moment an act is judged at: a clock may be set back, the order of a ledger may not."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import accumulate

from qmsdocs.store import certificate, history
from qmsdocs.store.event import Stored
from qmsdocs.store.objects import Objects


@dataclass(frozen=True)
class Moments:
    """The times written in the commits of control, oldest first."""

    objects: Objects
    commits: tuple[str, ...]

    def of(self, stored: Stored, position: int) -> datetime:
        """The act's own time, but never before what stood when it was written: of control, of a certificate's journal.

        `position` is how many commits of control it could know.
        """
        at = stored.event.recorded_at
        if stored.path.startswith(f"{certificate.SERIES}/"):
            at = max(at, self._before(stored) or at)
        return max(at, self._latest[position - 1]) if position else at

    @cached_property
    def _latest(self) -> tuple[datetime, ...]:
        """The latest time written in any commit up to each."""
        return tuple(accumulate(map(self.objects.committed_at, self.commits), max))

    def _before(self, stored: Stored) -> datetime | None:
        """The latest time of a commit in the act's own ledger before the one that brought it."""
        commits = self._histories.get(stored.ledger)
        if commits is None:
            head = self.objects.head(stored.ledger)
            commits = history.commits(self.objects, head.commit) if head is not None else ()
            self._histories[stored.ledger] = commits
        folder, _, name = stored.path.rpartition("/")

        def holds(commit: str) -> bool:
            return any(entry.path == name for entry in self.objects.listing(commit, folder))

        first = bisect_left(commits, True, key=holds)  # what once stands in a ledger stays
        return max(map(self.objects.committed_at, commits[:first]), default=None)

    @cached_property
    def _histories(self) -> dict[str, tuple[str, ...]]:
        return {}
