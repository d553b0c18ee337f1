"""The condition of a git repository: what in it changes what is read, hides a change, or runs when it is opened.

Files are read plainly, as they lie on the disk; where git is asked, no hook of the repository takes part.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pygit2

from qmsdocs.base.errors import QmsError
from qmsdocs.store import names
from qmsdocs.store.objects import is_other, opened
from qmsdocs.store.repository import ATTRIBUTES, CONFIGURATION, Git

CONTROLLED = ("procedures", "forms", "records")
UNCONTROLLED = frozenset({".git", ".qms", "issued"})
SYMBOLIC = "ref: "
_ATTRIBUTES_FILE = ".gitattributes"
_RUNS = ("clean", "smudge", "process")
_OFF = frozenset({"", "false", "no", "off", "0"})


def references(git_folder: Path, below: str = "refs/") -> Mapping[str, str]:
    """The references below a prefix, by name: what their files say, which may be anything."""
    found = dict(_packed(git_folder, below))
    for path in _files(git_folder / below):
        if not path.name.endswith(".lock"):
            found[path.relative_to(git_folder).as_posix()] = _text(path).strip()
    return dict(sorted(found.items()))


def _packed(git_folder: Path, below: str) -> Iterator[tuple[str, str]]:
    for line in _text(git_folder / "packed-refs").splitlines():
        commit, _, name = line.partition(" ")
        if name.startswith(below) and len(commit) == 40:
            yield name, commit


def misdirected_ledgers(git_folder: Path) -> Mapping[str, str]:
    """The branches named like ledgers that stand at no commit, with what they point to: another one, a file."""
    found = {name: said for prefix in names.LEDGERS for name, said in references(git_folder, prefix).items()}
    held = opened(git_folder)
    return {
        name.removeprefix(names.HEADS): said.removeprefix(SYMBOLIC)
        for name, said in found.items()
        if said.startswith(SYMBOLIC) or is_other(held, said)
    }


def foreign_branches(git_folder: Path) -> tuple[str, ...]:
    """The branches where only ledgers belong that are none."""
    found = (name.removeprefix(names.HEADS) for prefix in names.LEDGERS for name in references(git_folder, prefix))
    return tuple(branch for branch in found if not names.is_ledger(branch))


def replaced_objects(git_folder: Path) -> tuple[str, ...]:
    """The objects for which git shows others (replace refs)."""
    return tuple(name.removeprefix("refs/replace/") for name in references(git_folder, "refs/replace/"))


def grafts(git_folder: Path) -> tuple[str, ...]:
    """The commits whose parents are said to be others than they name."""
    return tuple(line.split()[0] for line in _lines(git_folder / "info" / "grafts"))


def shallow_commits(git_folder: Path) -> tuple[str, ...]:
    """The commits at which the history was cut off when it was copied."""
    return _lines(git_folder / "shallow")


def alternates(git_folder: Path) -> tuple[str, ...]:
    """The folders outside that objects are borrowed from."""
    folder = git_folder / "objects" / "info"
    return _lines(folder / "alternates") + _lines(folder / "http-alternates")


def attributes(root: Path, git_folder: Path) -> tuple[str, ...]:
    """The files (or the setting) by which bytes of the folder are changed or left out otherwise than `init` said."""
    found = [".git/info/attributes"] if _lines(git_folder / "info" / "attributes") else []
    found += ["core.attributesFile"] if settings(git_folder).get("core.attributesfile") else []
    if _text(root / _ATTRIBUTES_FILE) != ATTRIBUTES:
        found.append(_ATTRIBUTES_FILE)
    for folder in CONTROLLED:
        inner = (path.relative_to(root).as_posix() for path in _walked(root / folder))
        found += [path for path in inner if path.rpartition("/")[2] == _ATTRIBUTES_FILE]
    return tuple(found)


def settings(git_folder: Path) -> Mapping[str, str]:
    """The settings kept in the repository itself, by lower-case name. Raises QmsError where they cannot be read."""
    found: dict[str, str] = {}
    for name in ("config", "config.worktree"):
        path = git_folder / name
        try:
            entries = tuple(pygit2.Config(str(path))) if path.is_file() else ()
        except (pygit2.GitError, OSError, ValueError) as error:
            raise QmsError("{path} cannot be read: {reason}", path=path, reason=error) from error
        found |= {entry.name.lower(): entry.value or "" for entry in entries}
    return found


def changed_settings(git_folder: Path) -> Mapping[str, tuple[str, str]]:
    """The settings every command that writes relies on, where they are others: what is set, and what has to be."""
    said = settings(git_folder)
    found = ((name, said.get(name.lower(), ""), wanted) for name, wanted in CONFIGURATION.items())
    return {name: (value, wanted) for name, value, wanted in found if value.lower() != wanted.lower()}


def foreign_settings(git_folder: Path) -> tuple[str, ...]:
    """The settings that make git run a program, read settings or objects from elsewhere, or check less."""
    return tuple(f"{name} = {value}" for name, value in settings(git_folder).items() if _is_foreign(name, value))


def _is_foreign(name: str, value: str) -> bool:
    first, last = name.partition(".")[0], name.rpartition(".")[2]
    return (
        (name == "core.fsmonitor" and value.lower() not in _OFF)
        or (first == "filter" and last in _RUNS)
        or (first in ("include", "includeif") and last == "path")
        or (first == "fsck")
        or (name == "extensions.partialclone")
    )


def hooks(git_folder: Path) -> tuple[str, ...]:
    """The programs that git starts when somebody works in the folder with it, and the setting that names others."""
    named = settings(git_folder).get("core.hookspath")
    lying = (path for path in _files(git_folder / "hooks") if path.suffix != ".sample")
    found = sorted(path.name for path in lying if os.access(path, os.X_OK))
    return tuple(found) + ((f"core.hooksPath = {named}",) if named else ())


def reflogs(git_folder: Path) -> tuple[str, ...]:
    """The ledgers of which git keeps a log of where they stood, which outlives a disposal."""
    logs = git_folder / "logs"
    found = (path.relative_to(logs).as_posix() for prefix in names.LEDGERS for path in _files(logs / prefix))
    return tuple(sorted(name.removeprefix(names.HEADS) for name in found))


def locks(git_folder: Path) -> tuple[str, ...]:
    """The locks that git programs hold, or left behind when they were killed."""
    top = (path for path in sorted(git_folder.glob("*.lock")) if path.name != "qmsdocs.lock")
    inner = (path for path in _files(git_folder / "refs") if path.suffix == ".lock")
    return tuple(path.relative_to(git_folder).as_posix() for path in (*top, *inner))


def linked_files(root: Path) -> Iterator[tuple[str, str]]:
    """What in the controlled folders is no file of its own: its path, and where a link leads ("": a repository)."""
    top = (path for path in sorted(root.glob("*.toml")) if path.is_symlink())
    for path in (*top, *(path for folder in CONTROLLED for path in _walked(root / folder))):
        if path.is_symlink():
            yield path.relative_to(root).as_posix(), str(path.readlink())
        elif path.name == ".git":
            yield path.parent.relative_to(root).as_posix(), ""


def hidden_files(root: Path) -> tuple[str, ...]:
    """The files of the folder whose changes git was told not to see (skip-worktree, assume-unchanged)."""
    listed = Git(root)(["ls-files", "-v", "-z"]).split("\0")
    return tuple(entry[2:] for entry in listed if entry[:1] == "S" or entry[:1].islower())


def _walked(top: Path) -> Iterator[Path]:
    """Every file, link and folder called `.git` below `top`, links not followed, issued pages left out."""
    if top.is_symlink():
        yield top
        return
    for folder, folders, files in os.walk(top):
        here = Path(folder)
        yield from (here / name for name in sorted(folders) if name == ".git" or (here / name).is_symlink())
        yield from (here / name for name in sorted(files))
        folders[:] = sorted(name for name in folders if name not in UNCONTROLLED)


def _files(folder: Path) -> Iterator[Path]:
    for below, folders, files in os.walk(folder):
        folders.sort()
        yield from (Path(below) / name for name in sorted(files))


def _lines(path: Path) -> tuple[str, ...]:
    lines = (line.strip() for line in _text(path).splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:  # it is not there, or is no file
        return ""
