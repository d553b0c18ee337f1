"""A shared bare store that lets nothing be rewritten: its settings, and the hooks that ask the program."""

from __future__ import annotations

import os
import shlex
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NoReturn

import pygit2

from qmsdocs.base.errors import QmsError, cause, message
from qmsdocs.store.lock import exclusive, remove_leftover_locks
from qmsdocs.store.purge import unreached
from qmsdocs.store.repository import Git, find

HOOKS = "hooks"
LOCK = "qmsdocs-guard.lock"
KEPT = "qmsdocs"  # folder of what the guard need not make anew for each push
_HELD = b"held"
_PAUSE = 0.01  # seconds between two looks whether git has finished
_MARK = "# qmsdocs guard"
SETTINGS: Mapping[str, str] = {
    "core.hooksPath": "hooks",  # whatever the machine's own settings say
    "transfer.fsckObjects": "true",
    "receive.denyDeletes": "true",
    "receive.denyNonFastForwards": "false",  # a certified disposal replaces a ledger; the hook decides
    "receive.denyCurrentBranch": "refuse",
    "receive.denyDeleteCurrent": "refuse",
    "core.logAllRefUpdates": "false",
    "core.fsync": "all",
}


def work_in(folder: Path) -> None:
    """Nothing; a store of other owners can be opened in this process (git has let them speak before it asked us).

    What is written there can be written by all who may send to it.
    """
    pygit2.settings.owner_validation = False
    os.umask(0o077 & ~(folder / "objects").stat().st_mode)


@contextmanager
def one_at_a_time(folder: Path, branches: Iterable[str]) -> Iterator[None]:
    """While the block runs, and until the git that asks has moved its branches or given up, other pushes wait here.

    A hook ends before git moves anything, so a process of its own holds the lock; where there is no such way
    (Windows), the lock ends with the block. What a killed git has left of locks on `branches` is gone. Raises QmsError
    after two minutes.
    """
    if not hasattr(os, "fork"):
        with exclusive(folder, name=LOCK):
            remove_leftover_locks(folder, branches, name=LOCK)
            yield
        return
    asking = os.getppid()
    reading, writing = os.pipe()
    if os.fork() == 0:
        _hold(folder, asking, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        if stream.read() != _HELD:
            raise QmsError("others are sending to this store, or its lock cannot be written", hint=message("repeat it"))
    remove_leftover_locks(folder, branches, name=LOCK)
    yield


def _hold(folder: Path, asking: int, writing: int) -> NoReturn:
    """Nothing comes back: this process ends when the git that asks has."""
    try:
        os.setsid()
        for handle in (0, 1, 2):  # git waits until nobody can speak to it any more
            os.close(handle)
        with exclusive(folder, name=LOCK):
            os.write(writing, _HELD)
            os.close(writing)
            while True:
                os.kill(asking, 0)
                time.sleep(_PAUSE)
    finally:
        os._exit(0)


def install(folder: Path, hooks: Mapping[str, tuple[str, ...]], language: str) -> bool:
    """Whether the store at `folder` was made now; it lets in only what the command of its hook has looked at.

    It answers in the language of who sends, where that is told, else in `language`. Raises QmsError.
    """
    _refuse_inside(folder)
    is_new = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
    with ExitStack() as undone:
        if is_new:
            undone.callback(shutil.rmtree, folder, ignore_errors=True)
        _put(folder, hooks, language, is_new=is_new)
        undone.pop_all()
    return is_new


def _put(folder: Path, hooks: Mapping[str, tuple[str, ...]], language: str, *, is_new: bool) -> None:
    try:
        if is_new:
            pygit2.init_repository(str(folder), bare=True, initial_head="main")
        _refuse_unfit(folder)
        scripts = {folder / HOOKS / name: _script(command, language) for name, command in hooks.items()}
        for hook in scripts:
            if hook.exists() and _MARK not in hook.read_text("utf-8", "replace"):
                raise QmsError(
                    "{path} is somebody else's; nothing was changed", path=hook, hint=message("move it away first")
                )
        run = Git(folder)
        for name, value in SETTINGS.items():
            run(["config", "--local", name, value])
        (folder / HOOKS).mkdir(exist_ok=True)
        for hook, script in scripts.items():
            hook.write_text(script, "utf-8")
            hook.chmod(0o755)
    except (OSError, pygit2.GitError) as error:
        reason = cause(error) if isinstance(error, OSError) else error
        raise QmsError("{path} cannot be written: {reason}", path=folder, reason=reason) from error


def emptied(folder: Path) -> None:
    """Nothing; what no ledger of a shared store holds any more is gone from it. Waits for who is sending."""
    _refuse_unfit(folder)
    with exclusive(folder, name=LOCK):
        unreached(folder)


def _refuse_inside(folder: Path) -> None:
    """Nothing. Raises QmsError for a folder in a copy of a QMS: that is one copy, and no store for all of them."""
    try:
        root = find(folder)
    except QmsError:
        return
    raise QmsError(
        "{folder} lies in the QMS folder {root}; a shared store lies outside of it",
        folder=folder,
        root=root,
        hint=message("qmsdocs guard install {path}", path=root.parent / "shared.git"),
    )


def _refuse_unfit(folder: Path) -> None:
    is_bare = (folder / "HEAD").is_file() and (folder / "objects").is_dir() and not (folder / ".git").exists()
    if not is_bare or (folder / ".qms").exists():
        raise QmsError(
            "{folder} is no shared store; nothing was changed",
            folder=folder,
            hint=message("name a new folder: qmsdocs guard install shared.git"),
        )


def _script(command: tuple[str, ...], language: str) -> str:
    program = shlex.quote(command[0])
    missing = shlex.quote(f"{command[0]} is not there any more; nothing is taken until: qmsdocs guard install")
    return f"""#!/bin/sh
{_MARK}: everything that is sent here is looked at first. Made by `qmsdocs guard install`.
[ -x {program} ] || {{ echo {missing} >&2; exit 1; }}
export QMSDOCS_LANG="${{QMSDOCS_LANG:-{language}}}"
exec {shlex.join(command)}
"""
