"""The pages people open, in `records/issued`: whether they are those that were drawn, and as new as their records."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from qmsdocs.audit.rule import Hit
from qmsdocs.audit.scope import Scope
from qmsdocs.base.canonical import sha256
from qmsdocs.base.errors import Message, QmsError, cause, message
from qmsdocs.query.verifying import Standing, Verdict
from qmsdocs.store.rows import Row

MISSING, ALTERED = "REC221", "REC210"


@dataclass
class Redrawing:
    """How many pages one audit draws again to compare them; `believed` counts those it took by the note alone."""

    most: int = 1000  # a page takes a tenth of a second
    believed: int = 0


def check_pages(scope: Scope, redrawing: Redrawing) -> Iterator[tuple[str, Hit]]:
    """Code and what is wrong, page by page: each is drawn again and compared, however the note of this copy has it.

    Of more pages than `redrawing` takes, some by chance: nobody who changes one and the note knows which.
    """
    from qmsdocs.acts import pages  # the libraries of DOCX and PDF are slow to load, and most audits need none

    noted = pages.drawn(scope.root)
    if not noted and not os.path.lexists(scope.root / pages.ISSUED_FOLDER):
        return  # nothing was ever drawn here
    expected: dict[str, Row] = {}
    for row in scope.rows:
        if row.recorded_at[:4].isdecimal():  # a record that cannot be read has no page; a rule of its own names it
            expected |= dict.fromkeys(pages.paths_of(row.form, row.number, int(row.recorded_at[:4])), row)
    there = (path for path in expected if os.path.lexists(f"{scope.root}/{path}"))
    seed = scope.system.store.nonce()
    drawn = frozenset(sorted(there, key=lambda path: sha256(f"{seed} {path}".encode()))[: redrawing.most])
    for path, row in expected.items():
        yield from _page(scope, path, row, noted.get(path), None if path in drawn else redrawing)
    folder = scope.root / pages.ISSUED_FOLDER
    for found in sorted(folder.rglob("*")) if folder.is_dir() and not folder.is_symlink() else ():
        path = found.relative_to(scope.root).as_posix()
        if found.is_file() and path not in expected and found.suffix in (".pdf", ".docx"):
            yield from _stray(scope, found, path)


def _page(
    scope: Scope, path: str, row: Row, noted: str | None, redrawing: Redrawing | None
) -> Iterator[tuple[str, Hit]]:
    try:
        data = _read(Path(f"{scope.root}/{path}")) if os.path.lexists(f"{scope.root}/{path}") else None
    except QmsError as error:
        yield ALTERED, Hit(row.number, message("{path}: {reason}", path=path, reason=error.message), path)
        return
    is_noted = data is not None and sha256(data) == noted
    if data is None and noted is not None:
        said = message("{path} is missing; `qmsdocs record render` draws it again", path=path)
        yield MISSING, Hit(row.number, said, path)
    elif is_noted and redrawing is not None:
        redrawing.believed += 1
    elif data is not None and not _is_drawn_so(scope, row, data, path):
        is_other = noted is not None and not is_noted
        other = message("{path} is not the file that was drawn here", path=path) if is_other else None
        if (changed := other or _altered(scope, data, path, row.number, is_noted=is_noted)) is not None:
            yield ALTERED, Hit(row.number, changed, path)


def _is_drawn_so(scope: Scope, row: Row, data: bytes, path: str) -> bool:
    """Whether the program draws these very bytes for the record as it stands, as it did at its newest act."""
    from qmsdocs.acts.redraw import drawn_again  # as above

    try:
        record = scope.system.record_at(row.key)
        way = next(drawn_again(scope.system, Standing(Verdict.CURRENT, record=record), b""), None)
        return way is not None and (way.pdf() if path.endswith(".pdf") else way.docx()) == data
    except QmsError:
        return False  # what cannot be drawn now is judged by what it says


def _altered(
    scope: Scope, data: bytes, path: str, number: str | None = None, *, is_noted: bool = False
) -> Message | None:
    """Why a file is no page of a record (of `number`); None where it is one, drawn whenever and wherever."""
    from qmsdocs.acts.verify import verify_file  # as above

    try:
        judged = verify_file(scope.system, data, source=path)
    except QmsError as error:
        return message("{path} was altered: {reason}", path=path, reason=error.message)
    if any(found.verdict in (Verdict.ALTERED, Verdict.UNKNOWN) for found in judged):
        if is_noted:  # by whoever altered it, or an earlier program with other words on its pages drew it
            return message("{path} is noted as drawn here and does not say what the program draws", path=path)
        return message("{path} was altered after it was drawn", path=path)
    shown = tuple(dict.fromkeys(found.standing.number for found in judged))
    if number is not None and shown != (number,):
        return message("{path} is the page of {numbers}", path=path, numbers=shown)
    return None


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
