"""Record numbers from a list somebody keeps: lines of text, or the column of a table that holds them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.files import read_whole, text_of
from qmsdocs.fill import delimited, sheet
from qmsdocs.fill.delimited import MAXIMUM_SIZE
from qmsdocs.fill.draft import is_gb18030


def numbers_in(path: Path, is_known: Callable[[str], bool]) -> tuple[str, ...]:
    """The numbers a list names, in its order; of a table those of the column with most known numbers, without head.

    A head is a first cell without a digit: a mistyped number on top is not taken for one.

    Raises QmsError where the list cannot be read or names nothing that is known.
    """
    found = _column(_cells(path, read_whole(path, most=MAXIMUM_SIZE)), is_known)
    if not found:
        raise QmsError(
            "{path}: no record number was found", path=path, hint=message("one number a line, or a column of them")
        )
    return found


def _cells(path: Path, data: bytes) -> list[tuple[str, ...]]:
    match path.suffix.lower():
        case ".xlsx":
            read = [values for _, values in sheet.cells(data, source=str(path))]
        case ".csv":
            read = [values for _, values in delimited.cells(_utf_8(data), source=str(path))]
        case _:
            return [(line.strip(),) for line in text_of(_utf_8(data), str(path)).splitlines()]
    return [tuple("" if value is None else str(value).strip() for value in row) for row in read]


def _utf_8(data: bytes) -> bytes:
    """The text in UTF-8 where it is GB18030, as Chinese Excel writes it: of a list only the numbers are used."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("gb18030").encode() if is_gb18030(data) else data
    return data


def _column(rows: list[tuple[str, ...]], is_known: Callable[[str], bool]) -> tuple[str, ...]:
    width = max((len(row) for row in rows), default=0)
    columns = [[row[place] for row in rows if place < len(row) and row[place]] for place in range(width)]
    counts = [sum(is_known(text) for text in column) for column in columns]
    if not any(counts):
        return ()
    best = columns[counts.index(max(counts))]
    return tuple(best[1:] if width > 1 and not any(map(str.isdigit, best[0])) else best)
