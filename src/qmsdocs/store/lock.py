"""One writer at a time: an operating-system lock that ends with its process, and the locks a killed process left."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from qmsdocs.base.errors import QmsError, cause, message

NAME = "qmsdocs.lock"
PATIENCE = 120.0  # seconds that one writer waits for the others
LEFTOVER_AFTER = 10.0  # seconds after which an unchanged lock of a branch has lost its owner
_PAUSE = 0.005

if sys.platform == "win32":
    import msvcrt

    def _try_to_lock(handle: int) -> bool:
        os.lseek(handle, 0, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_to_lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextmanager
def exclusive(folder: Path, *, name: str = NAME, patience: float = PATIENCE) -> Iterator[None]:
    """Held by this process alone while the block runs. Raises QmsError when others hold it beyond `patience`."""
    try:
        handle = os.open(folder / name, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
    except OSError as error:
        raise QmsError("{folder} cannot be written to: {reason}", folder=folder, reason=cause(error)) from error
    try:
        _wait(handle, folder, patience)
        yield
    finally:
        os.close(handle)  # closing lets go of the lock


def _wait(handle: int, folder: Path, patience: float) -> None:
    waited = 0.0
    try:
        while not _try_to_lock(handle):
            if waited >= patience:
                raise QmsError(
                    "another qmsdocs has been writing for {seconds} seconds",
                    seconds=int(patience),
                    hint=message("wait until it has finished, or end it, and repeat the command"),
                )
            time.sleep(_PAUSE)
            waited += _PAUSE
    except OSError as error:
        raise QmsError(
            "{folder} lies where files cannot be locked: {reason}", folder=folder, reason=cause(error)
        ) from error


def remove_leftover_locks(
    git_folder: Path, branches: Iterable[str], *, name: str = NAME, after: float = LEFTOVER_AFTER
) -> None:
    """Nothing; `<branch>.lock` of a killed process is gone. Only the holder of the lock may call this.

    A lock counts as left over when it has not changed for `after` seconds, by the clock of the file system itself.
    """
    for branch in branches:
        _remove_leftover(git_folder / "refs" / "heads" / f"{branch}.lock", git_folder / name, after)


def _remove_leftover(lock: Path, ours: Path, after: float) -> None:
    waited = 0.0
    seen: tuple[int, int, int] | None = None
    while True:
        try:
            found = lock.stat()
        except FileNotFoundError:
            return
        except OSError as error:
            raise QmsError("{path} cannot be read: {reason}", path=lock, reason=cause(error)) from error
        if (found.st_mtime_ns, found.st_size, found.st_ino) != seen:
            seen, waited = (found.st_mtime_ns, found.st_size, found.st_ino), 0.0
            os.utime(ours)
            waited = max(0.0, ours.stat().st_mtime - found.st_mtime)
        if waited >= after:
            lock.unlink(missing_ok=True)
            return
        time.sleep(0.25)
        waited += 0.25
