"""A folder of files of our own, written wholly beside the old one and then put in its place."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from qmsdocs.base.errors import QmsError, cause, message

SUMS = "SHA256SUMS"  # what `sha256sum` prints of every other file: how the folder is known to be ours


def put(folder: Path, files: Iterable[tuple[str, bytes]], *, sealed: Callable[[str], object] = lambda _: None) -> None:
    """Nothing; `folder` afterwards holds exactly `files` and their list, or what it held before.

    `sealed` is told the sha256 of the list when all is written and nothing of it is seen yet. Raises QmsError for a
    folder that holds anything else, and when the disk refuses.
    """
    refuse_strange(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            sealed(_filled(fresh, files))
            refuse_strange(folder)
            _swapped(fresh, folder)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        raise QmsError("{path} cannot be written: {reason}", path=folder, reason=cause(error)) from error


def refuse_strange(folder: Path) -> None:
    """Nothing; raises QmsError where something is in the way that `put` did not write."""
    if not os.path.lexists(folder):
        return
    if folder.is_symlink() or not folder.is_dir():
        raise QmsError("{path} is there already and is no folder", path=folder)
    held = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()}
    try:
        lines = (folder / SUMS).read_text("utf-8").splitlines() if held else []
    except (OSError, UnicodeDecodeError):
        lines = []
    strange = sorted(held - {line[66:] for line in lines} - ({SUMS} if lines else set()))
    if strange:
        hint = message("name a new folder, or move what is there elsewhere; nothing was deleted")
        raise QmsError("{folder} holds what no site put there: {path}", folder=folder, path=strange[0], hint=hint)


def _filled(folder: Path, files: Iterable[tuple[str, bytes]]) -> str:
    lines: list[str] = []
    for path, data in files:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        lines.append(f"{hashlib.sha256(data).hexdigest()}  {path}\n")
    listed = "".join(sorted(lines, key=lambda line: line[66:])).encode()
    (folder / SUMS).write_bytes(listed)
    folder.chmod(0o755)
    return hashlib.sha256(listed).hexdigest()


def _swapped(fresh: Path, folder: Path) -> None:
    """Nothing; `fresh` stands where the old folder stood, which is gone."""
    old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        if folder.exists():
            folder.replace(old / folder.name)
        try:
            fresh.replace(folder)
        except OSError:
            if (old / folder.name).exists():
                (old / folder.name).replace(folder)
            raise
    finally:
        shutil.rmtree(old, ignore_errors=True)
