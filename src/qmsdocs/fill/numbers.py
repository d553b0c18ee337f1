"""Record numbers from a list somebody keeps: lines of text, or the column of a table that holds them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.files import read_bytes, text_of
from qmsdocs.fill import delimited, sheet
from qmsdocs.fill.delimited import MAXIMUM_SIZE


def numbers_in(path: Path, is_known: Callable[[str], bool]) -> tuple[str, ...]:
    """The numbers a list names, in its order; of a table those of the column with most known numbers, without head.

    A head is a first cell without a digit: a mistyped number on top is not taken for one.

    Raises QmsError where the list cannot be read or names nothing that is known.
    """
    data = read_bytes(path, most=MAXIMUM_SIZE)
    if len(data) > MAXIMUM_SIZE:
        raise QmsError("{path}: larger than {limit} MB", path=path, limit=MAXIMUM_SIZE >> 20)
    found = _column(_cells(path, data), is_known)
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
            read = [values for _, values in delimited.cells(data, source=str(path))]
        case _:
            return [(line.strip(),) for line in text_of(data, str(path)).splitlines()]
    return [tuple("" if value is None else str(value).strip() for value in row) for row in read]


def _column(rows: list[tuple[str, ...]], is_known: Callable[[str], bool]) -> tuple[str, ...]:
    width = max((len(row) for row in rows), default=0)
    columns = [[row[place] for row in rows if place < len(row) and row[place]] for place in range(width)]
    counts = [sum(is_known(text) for text in column) for column in columns]
    if not any(counts):
        return ()
    best = columns[counts.index(max(counts))]
    return tuple(best[1:] if width > 1 and not any(map(str.isdigit, best[0])) else best)
