"""Where a copy of a QMS repository lies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from qmsdocs.store.objects import common_folder

LOCAL = ".qms"  # derived or local files, ignored by git


@dataclass(frozen=True, slots=True)
class Place:
    """One copy: its folder, the git folder (shared by linked work trees), the local folder, and the machine's name."""

    root: Path
    git_folder: Path
    local_folder: Path
    machine: str

    @classmethod
    def of(cls, root: Path, *, machine: str) -> Place:
        """The place of the copy at `root`. Raises QmsError where there is no repository.

        Linked work trees share the ledgers, so they share index and seat, which lie in the main work tree.
        """
        git = common_folder(root.resolve())
        main = git.parent if git.name == ".git" else root.resolve()
        return cls(root.resolve(), git, main / LOCAL, machine)

    @property
    def folder(self) -> str:
        """The folder of this copy, as it is written into the seat."""
        return str(self.local_folder.parent)
