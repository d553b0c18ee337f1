"""Files written wholly or not at all, and names that every system takes."""

from __future__ import annotations

import os
import re
import stat
import sys
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import IO

from qmsdocs.base.errors import QmsError, cause, message

MAXIMUM_NAME = 200  # bytes; file systems take 255, and an ending comes behind it
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_UNFIT = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]')

_UNFINISHED, _OURS = ".writing-now-", ".qmsdocs"
_is_unfinished = re.compile(r"\.writing-now-[a-z0-9_]{8}\.qmsdocs").fullmatch

_IS_LOCKED = sys.platform != "win32"  # there an open file cannot be renamed: none is locked, and nothing swept

if _IS_LOCKED:
    import fcntl


def _lock(handle: int) -> bool:
    """Whether the file is locked by this process now, not by another; never where there are no locks."""
    if not _IS_LOCKED:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def write_atomically(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Nothing; `path` afterwards holds `data` wholly, or what it held before. Raises QmsError when the disk refuses."""
    if path.exists() and not (path.is_file() or path.is_dir()):  # a device or a pipe is written to, never replaced
        with _writing(path), path.open("wb") as stream:
            stream.write(data)
        return
    with replacing(path, mode=mode) as stream:
        stream.write(data)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """What the system refuses in the block is said of `path`."""
    try:
        yield
    except OSError as error:
        raise QmsError("{path} cannot be written: {reason}", path=path, reason=cause(error)) from error


@contextmanager
def replacing(path: Path, *, mode: int = 0o644) -> Iterator[IO[bytes]]:
    """What is written stands at `path` once the block is through, and nowhere if it fails.

    Raises QmsError when the disk refuses. What killed processes left of files they were writing beside it goes too.
    """
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path.parent)
        handle, name = tempfile.mkstemp(prefix=_UNFINISHED, suffix=_OURS, dir=path.parent)
        try:
            with os.fdopen(handle, "w+b") as stream:
                _lock(handle)
                yield stream
                stream.flush()
                os.fsync(handle)
                Path(name).chmod(mode)
                if _IS_LOCKED:
                    Path(name).replace(path)
            if not _IS_LOCKED:
                Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Nothing; files that nobody is writing any more are gone. A lock lives no longer than its process."""
    with os.scandir(folder) as found:
        left = [Path(entry.path) for entry in found if _is_unfinished(entry.name)]
    for path in left if _IS_LOCKED else ():
        with suppress(OSError):  # it was finished, or swept by another, meanwhile
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                if os.fstat(handle).st_size and _lock(handle):  # an empty one may only just begin
                    path.unlink()
            finally:
                os.close(handle)


def append(path: Path, data: bytes) -> None:
    """Nothing; `data` stands at the end of the file, in one piece. Raises QmsError when the disk refuses."""
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
        try:
            os.write(handle, data)
        finally:
            os.close(handle)


def refuse_unfit(path: Path) -> None:
    """Nothing; raises QmsError unless a new file can stand at `path` on every system, and none does."""
    name, reason = path.name, None
    if name in ("", "-") or name != name.rstrip(" .") or _UNFIT.search(name) or _RESERVED.fullmatch(name):
        reason = message("not every system takes such a file name")
    elif os.path.lexists(path):
        reason = message("it is there already")
    if reason is not None:
        raise QmsError("{path} cannot be written: {reason}", path=path, reason=reason)


@contextmanager
def reading(path: Path, *, name: str | None = None) -> Iterator[BufferedReader]:
    """The file `path`, open; no pipe and no device, which have no end. Raises QmsError, calling it `name`."""
    try:
        with open(path, "rb", opener=lambda at, flags: os.open(at, flags | getattr(os, "O_NONBLOCK", 0))) as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                said = message("it is not a file")
                raise QmsError("{path} cannot be read: {reason}", path=name or path, reason=said)
            yield stream
    except OSError as error:
        raise QmsError("{path} cannot be read: {reason}", path=name or path, reason=cause(error)) from error


def read_bytes(path: Path, *, most: int | None = None, name: str | None = None) -> bytes:
    """The bytes of `path`; of one larger than `most` a byte more than that. Raises QmsError, calling it `name`."""
    with reading(path, name=name) as stream:
        return stream.read(-1 if most is None else most + 1)


def read_whole(path: Path, *, most: int) -> bytes:
    """The bytes of `path`. Raises QmsError, also where there are more than `most`."""
    data = read_bytes(path, most=most)
    if len(data) > most:
        raise QmsError("{path}: larger than {limit} MB", path=path, limit=most >> 20)
    return data


def read_text(path: Path) -> str:
    """The strict UTF-8 text of `path`, line ends as LF. Raises QmsError when it is missing or not UTF-8."""
    return text_of(read_bytes(path), str(path))


def text_of(data: bytes, source: str) -> str:
    """`data` as strict UTF-8 without byte order mark, line ends as LF. Raises QmsError naming `source`."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise QmsError(
            "{source}: not UTF-8 at byte {position}; save the file as UTF-8", source=source, position=error.start
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def safe_name(text: str) -> str:
    """A file name for `text` that is legal on Windows, macOS and Linux; never empty, never reserved."""
    fit = _UNFIT.sub("-", unicodedata.normalize("NFC", text)).strip(" .")
    short = fit.encode()[:MAXIMUM_NAME].decode("utf-8", "ignore").rstrip(" .") or "-"
    return f"_{short}" if _RESERVED.fullmatch(short) else short
