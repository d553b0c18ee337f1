"""A store as it would stand after branches moved, before they do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from qmsdocs.store.objects import Head, Objects


class Overlay(Objects):
    """The objects of a folder, with branches where `moved` says (None: gone), and objects from `beside` too."""

    def __init__(self, folder: Path, moved: Mapping[str, str | None], *, beside: Path | None = None) -> None:
        super().__init__(folder)
        self._moved = moved
        if beside is not None:
            self._repository.odb.add_disk_alternate(str(beside))

    def heads(self, is_wanted: Callable[[str], bool]) -> dict[str, Head]:
        """Where every wanted branch would stand."""
        found = super().heads(lambda name: name not in self._moved and is_wanted(name))
        for branch, commit in self._moved.items():
            if commit is not None and is_wanted(branch):
                found[branch] = Head(branch, commit, True)
        return dict(sorted(found.items()))

    def head(self, branch: str) -> Head | None:
        """Where `branch` would stand, None when it would be no more."""
        if branch not in self._moved:
            return super().head(branch)
        commit = self._moved[branch]
        return Head(branch, commit, True) if commit is not None else None

    def local_commit(self, branch: str) -> str | None:
        """The commit the branch would have."""
        return self._moved[branch] if branch in self._moved else super().local_commit(branch)
