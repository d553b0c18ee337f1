"""Files written wholly or not at all, and names that every system takes."""

from __future__ import annotations

import os
import re
import tempfile
import unicodedata
from pathlib import Path

from qmsdocs.base.errors import QmsError, cause

MAXIMUM_NAME = 200  # bytes; file systems take 255, and an ending comes behind it
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_UNFIT = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]')


def write_atomically(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Nothing; `path` afterwards holds `data` wholly, or what it held before. Raises QmsError when the disk refuses."""
    handle = None
    if path.exists() and not (path.is_file() or path.is_dir()):  # a device or a pipe is written to, never replaced
        _write_into(path, data)
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".writing-", dir=path.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except OSError as error:
        if handle is not None:
            Path(name).unlink(missing_ok=True)
        raise QmsError("{path} cannot be written: {reason}", path=path, reason=cause(error)) from error


def _write_into(path: Path, data: bytes) -> None:
    try:
        with path.open("wb") as stream:
            stream.write(data)
    except OSError as error:
        raise QmsError("{path} cannot be written: {reason}", path=path, reason=cause(error)) from error


def append(path: Path, data: bytes) -> None:
    """Nothing; `data` stands at the end of the file, in one piece. Raises QmsError when the disk refuses."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
        try:
            os.write(handle, data)
        finally:
            os.close(handle)
    except OSError as error:
        raise QmsError("{path} cannot be written: {reason}", path=path, reason=cause(error)) from error


def read_text(path: Path) -> str:
    """The strict UTF-8 text of `path`, line ends as LF. Raises QmsError when it is missing or not UTF-8."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise QmsError("{path} cannot be read: {reason}", path=path, reason=cause(error)) from error
    return text_of(data, str(path))


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
