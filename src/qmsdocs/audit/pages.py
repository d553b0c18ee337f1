"""The pages people open, in `records/issued`: whether they are those that were drawn, and as new as their records."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from qmsdocs.audit.rule import Hit
from qmsdocs.audit.scope import Scope
from qmsdocs.base.canonical import sha256
from qmsdocs.base.errors import Message, QmsError, cause, message
from qmsdocs.query.verifying import GOOD, Verdict

MISSING, ALTERED = "REC221", "REC210"


def check_pages(scope: Scope) -> Iterator[tuple[str, Hit]]:
    """Code and what is wrong, page by page: every byte is read and compared with what was noted when it was drawn."""
    from qmsdocs.acts import pages  # the libraries of DOCX and PDF are slow to load, and most audits need none

    drawn = pages.drawn(scope.root)
    expected: set[str] = set()
    for row in scope.rows:
        if not row.recorded_at[:4].isdecimal():
            continue  # a record that cannot be read has no page; a rule of its own names it
        for path in pages.paths_of(row.form, row.number, int(row.recorded_at[:4])):
            expected.add(path)
            yield from _page(scope, path, row.number, drawn.get(path))
    folder = scope.root / pages.ISSUED_FOLDER
    for found in sorted(folder.rglob("*")) if folder.is_dir() and not folder.is_symlink() else ():
        path = found.relative_to(scope.root).as_posix()
        if found.is_file() and path not in expected and found.suffix in (".pdf", ".docx"):
            yield from _stray(scope, found, path)


def _page(scope: Scope, path: str, number: str, noted: str | None) -> Iterator[tuple[str, Hit]]:
    try:
        data = _read(Path(f"{scope.root}/{path}")) if os.path.lexists(f"{scope.root}/{path}") else None
    except QmsError as error:
        yield ALTERED, Hit(number, message("{path}: {reason}", path=path, reason=error.message), path)
        return
    if data is None:
        if noted is not None:
            yield (
                MISSING,
                Hit(number, message("{path} is missing; `qmsdocs record render` draws it again", path=path), path),
            )
        return
    if sha256(data) == noted:
        return
    changed = message("{path} is not the file that was drawn here", path=path)
    said = changed if noted is not None else _altered(scope, data, path)
    if said is not None:
        yield ALTERED, Hit(number, said, path)


def _altered(scope: Scope, data: bytes, path: str) -> Message | None:
    """Why a page that is not the one noted is no page of this record; None where it is one drawn elsewhere."""
    from qmsdocs.acts.verify import verify_file  # as above

    try:
        judged = verify_file(scope.system, data, source=path)
    except QmsError as error:
        return message("{path} was altered: {reason}", path=path, reason=error.message)
    if all(found.verdict in (*GOOD, Verdict.OUTDATED) for found in judged):
        return None
    return message("{path} was altered after it was drawn", path=path)


def _stray(scope: Scope, found: Path, path: str) -> Iterator[tuple[str, Hit]]:
    try:
        data = _read(found)
    except QmsError as error:
        yield ALTERED, Hit(path, error.message, path)
        return
    if data is not None and (said := _altered(scope, data, path)) is not None:
        yield ALTERED, Hit(path, said, path)


def _read(path: Path) -> bytes | None:
    if path.is_symlink():
        raise QmsError("it is a link to another place")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise QmsError("{reason}", reason=cause(error)) from error
