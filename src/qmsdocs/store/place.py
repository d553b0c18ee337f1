"""Where a copy of a QMS repository lies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from qmsdocs.base.errors import QmsError, message

LOCAL = ".qms"  # derived or local files, ignored by git
SETTINGS_FILE = "qms.toml"
_KEPT = frozenset({".git", LOCAL, "records", "procedures", "forms", SETTINGS_FILE, "people.toml", "waivers.toml"})


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


def own_folder(root: Path) -> Path:
    """The git folder of the work tree at `root`, there or not; a linked work tree has one of its own."""
    git = root / ".git"
    if git.is_file():  # a linked work tree: "gitdir: …"
        return (root / git.read_text("utf-8", "replace").removeprefix("gitdir:").strip()).resolve()
    is_bare = not git.exists() and (root / "objects").is_dir() and (root / "HEAD").is_file()
    return root if is_bare else git


def common_folder(root: Path) -> Path:
    """The git folder that all work trees of the repository at `root` share. Raises QmsError where there is none."""
    git = own_folder(root)
    common = git / "commondir"
    if common.is_file():
        git = (git / common.read_text("utf-8", "replace").strip()).resolve()
    if not (git / "objects").is_dir():
        hint = message("qmsdocs init {folder}", folder=root)
        raise QmsError("{folder} is not a QMS repository", folder=root, hint=hint)
    return git


def refuse_kept(target: Path) -> None:
    """Nothing. Raises QmsError for a path at which a repository, this one or another, keeps something of its own."""
    wanted = target.resolve()
    for root in wanted.parents:
        if wanted.relative_to(root).parts[0] in _KEPT and (root / SETTINGS_FILE).is_file():
            hint = message("-o {path}", path=f"../{target.name}")
            raise QmsError("{path} belongs to the repository itself", path=target, hint=hint)
