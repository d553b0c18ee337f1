"""The work tree on `main`: begun, committed, found, packed. git runs with fixed arguments and nothing foreign."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.files import write_atomically
from qmsdocs.store.lock import exclusive, remove_leftover_locks
from qmsdocs.store.names import CONTROL
from qmsdocs.store.objects import ADDRESS, AUTHOR, Objects
from qmsdocs.store.place import SETTINGS_FILE, common_folder, own_folder

MAIN = "main"
ATTRIBUTES = "* -text -diff -merge -ident -filter -export-ignore -export-subst\n"
IGNORED = ".qms/\nrecords/issued/\n"
CONFIGURATION: Mapping[str, str] = {
    "gc.auto": "0",
    "maintenance.auto": "false",
    "core.bigFileThreshold": "1m",
    "core.logAllRefUpdates": "false",
    "core.fsync": "all",
    "core.autocrlf": "false",
}
LOOSE_LIMIT = 5000
_FILTER = re.compile(r"filter\.(.+)\.(?:clean|smudge|process|required)", re.IGNORECASE | re.DOTALL)


def find(folder: Path) -> Path:
    """The top of the QMS repository that `folder` lies in. Raises QmsError when it lies in none."""
    for candidate in (folder.resolve(), *folder.resolve().parents):
        if (candidate / SETTINGS_FILE).is_file() and (candidate / ".git").exists():
            return candidate
    for candidate in (folder.resolve(), *folder.resolve().parents):
        if (candidate / ".git").exists() and Objects(common_folder(candidate)).head(CONTROL) is not None:
            raise QmsError(
                "{folder} holds the ledgers of a QMS, but none of its texts: a shared store has none",
                folder=candidate,
                hint=message(
                    "copy the folder of another site (git clone FOLDER NEW), or: qmsdocs init NEW --from BACKUP"
                ),
            )
    raise QmsError(
        "{folder} is not in a QMS repository", folder=folder, hint=message("qmsdocs init {folder}", folder="acme")
    )


def init(root: Path, *, at: datetime) -> None:
    """Nothing; `root` is a git repository with the settings a QMS repository needs, its files committed at `at`."""
    root.mkdir(parents=True, exist_ok=True)
    if (root / ".git").exists():
        raise QmsError("{folder} is a repository already", folder=root)
    Git(root)(["init", "--quiet", "--template=", f"--initial-branch={MAIN}", "."])
    configure(root)
    for name, text in ((".gitattributes", ATTRIBUTES), (".gitignore", IGNORED)):
        if not (root / name).exists():
            write_atomically(root / name, text.encode())
    commit_all(root, "qmsdocs init", at=at)


def configure(root: Path) -> None:
    """Nothing; the repository at `root` has the settings that every command which writes relies on."""
    run = Git(root)
    for name, value in CONFIGURATION.items():
        run(["config", "--local", name, value])


def commit_all(root: Path, note: str, *, at: datetime) -> None:
    """Nothing; everything in the work tree is committed to the branch it is on, if anything changed.

    `note` is a fixed text of the program; nothing personal goes into it.
    """
    run = Git(root, at=at)
    run(["add", "--all", "--", "."])
    if run(["status", "--porcelain", "--untracked-files=no"]):
        run(["commit", "--quiet", "--no-verify", "--no-gpg-sign", "--no-edit", f"--message={note}"])


def changed_at(root: Path, path: Path) -> datetime:
    """When a file of the folder last changed: with the last commit of it where that holds it as it is, else by itself.

    The time of the file itself says nothing in a copy, where every file is new.
    """
    run = Git(root)
    name = path.relative_to(root).as_posix()
    try:
        status = ["--no-optional-locks", "--literal-pathspecs", "status", "--porcelain", "--", name]
        said = "" if run(status) else run(["--literal-pathspecs", "log", "-1", "--format=%cI", "HEAD", "--", name])
    except QmsError:  # nothing is committed yet
        said = ""
    return datetime.fromisoformat(said) if said else datetime.fromtimestamp(path.stat().st_mtime, UTC)


def pack_if_needed(root: Path) -> bool:
    """Whether the objects were packed, which happens beyond 5,000 loose ones. Called after the answer is printed."""
    git_folder = common_folder(root)
    if sum(1 for _ in _loose(git_folder, LOOSE_LIMIT + 1)) <= LOOSE_LIMIT:
        return False
    with exclusive(git_folder):
        remove_leftover_locks(git_folder, ("../../packed-refs",))
        run = Git(root)
        run(["repack", "--geometric=2", "-d", "--quiet"])
        run(["pack-refs", "--all"])
    return True


def _loose(git_folder: Path, limit: int) -> Iterator[None]:
    for first in range(256):
        try:
            with os.scandir(git_folder / "objects" / f"{first:02x}") as entries:
                for _ in entries:
                    yield None
                    limit -= 1
                    if not limit:
                        return
        except FileNotFoundError:
            continue


class Answer(NamedTuple):
    """What git left: its exit code and both streams."""

    code: int
    out: str
    err: str


class Git:
    """Runs git in a repository: no hook, monitor, filter, pager, editor, prompt or setting from outside takes part."""

    def __init__(self, root: Path, *, at: datetime | None = None, also: Mapping[str, str] | None = None) -> None:
        """`also` are further variables of the surroundings."""
        try:
            import git  # late: it starts a program to look for git, which reading ledgers does not need
        except ImportError as error:
            raise QmsError("git is not installed", hint=message("install git 2.35 or newer")) from error
        self._failure = git.GitCommandError
        self._program = git.Git(str(root))
        self._root = root
        date = at.isoformat(timespec="seconds") if at else ""
        self._also = dict(also or {}) | ({"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date} if date else {})
        self._settings = (*_SAFE, *self._without_filters())

    def __call__(self, arguments: list[str]) -> str:
        return self._run([*self._settings, *arguments])

    def answer(self, arguments: list[str], *, given: bytes = b"") -> Answer:
        """What git said, also where it failed; `given` is its input."""
        with tempfile.TemporaryFile() as stream:
            stream.write(given)
            stream.seek(0)
            code, out, err = self._program.execute(
                ["git", *self._settings, *arguments],
                istream=stream,
                env=_environment(self._root) | self._also,
                with_extended_output=True,
                with_exceptions=False,
            )
        return Answer(code, str(out), _unhinted(str(err)))

    def _run(self, arguments: list[str]) -> str:
        try:
            return str(self._program.execute(["git", *arguments], env=_environment(self._root) | self._also))
        except self._failure as error:
            reason = _unhinted(str(error.stderr).strip().removeprefix("stderr: ").strip("'\n ")).strip()
            raise QmsError(
                "git refused in {folder}: {reason}", folder=self._root, reason=reason or error.status
            ) from error

    def _without_filters(self) -> Iterator[str]:
        if not (self._root / ".git").exists():
            return
        listed = self._run([*_SAFE, "config", "--includes", "--name-only", "--null", "--list"])
        for name in sorted({found[1] for key in listed.split("\0") if (found := _FILTER.fullmatch(key.strip()))}):
            for key, value in (("clean", ""), ("smudge", ""), ("process", ""), ("required", "false")):
                yield from ("-c", f"filter.{name}.{key}={value}")


_SAFE = tuple(
    part
    for setting in (
        f"core.hooksPath={os.devnull}",
        "core.fsmonitor=false",
        "core.pager=cat",
        "core.editor=true",
        f"core.attributesFile={os.devnull}",
        f"core.excludesFile={os.devnull}",
        "core.autocrlf=false",
        "core.symlinks=false",
        "commit.gpgSign=false",
        "gc.auto=0",
        "maintenance.auto=false",
        f"user.name={AUTHOR}",
        f"user.email={ADDRESS}",
        "protocol.allow=never",
    )
    for part in ("-c", setting)
)


def _unhinted(said: str) -> str:
    """What git says without its advice: it is not for whoever uses the program."""
    return "".join(line for line in said.splitlines(keepends=True) if not line.strip("' ").startswith("hint:"))


def _environment(root: Path) -> dict[str, str]:
    """What overrides the variables a surrounding git (a hook, say) may have left; they cannot be unset one by one."""
    shared = {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_COUNT": "0",
        "GIT_CONFIG_PARAMETERS": "",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_GRAFT_FILE": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NAMESPACE": "",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": "",
        "GIT_AUTHOR_NAME": AUTHOR,
        "GIT_AUTHOR_EMAIL": ADDRESS,
        "GIT_COMMITTER_NAME": AUTHOR,
        "GIT_COMMITTER_EMAIL": ADDRESS,
    }
    own = own_folder(root)
    common = common_folder(root) if own.exists() else own
    places = {
        "GIT_DIR": str(own),
        "GIT_WORK_TREE": str(root),
        "GIT_INDEX_FILE": str(own / "index"),
        "GIT_OBJECT_DIRECTORY": str(common / "objects"),
        "GIT_COMMON_DIR": str(common),
    }
    return shared | places
