"""The cells of a CSV file from anybody."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from qmsdocs.base.errors import QmsError, message
from qmsdocs.fill.draft import is_gb18030
from qmsdocs.render.package import unfit
from qmsdocs.render.table import Native, unguard

MAXIMUM_SIZE = 32 << 20
DELIMITERS = (",", ";", "\t")
UTF_8 = "utf-8"


def cells(data: bytes, *, source: str, encoding: str = UTF_8) -> Iterator[tuple[int, tuple[Native, ...]]]:
    """The rows that hold anything, with their number, every cell text. Raises QmsError naming `source`.

    The comma, semicolon or tab is found in the first line. Text guarded against formulas (see `render.table.guard`)
    comes back as it was. GB18030 is read only when it is said: some of its texts are valid UTF-8 by accident.
    """
    text = _text(data, source, encoding)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    number = 0
    try:
        for number, row in enumerate(reader, 1):
            values = tuple(unguard(cell.replace("\r\n", "\n").replace("\r", "\n")) or None for cell in row)
            if any(value is not None and value.strip() for value in values):
                yield number, values
    except csv.Error as error:
        reason = _reason(str(error))
        raise QmsError("{source}: row {row}: {reason}", source=source, row=number + 1, reason=reason) from None


def _text(data: bytes, source: str, encoding: str) -> str:
    if len(data) > MAXIMUM_SIZE:
        raise unfit(source, message("larger than {limit} MB", limit=MAXIMUM_SIZE >> 20))
    try:
        return data.decode("utf-8-sig" if encoding == UTF_8 else encoding)
    except UnicodeDecodeError as error:
        hint = None
        if encoding == UTF_8 and is_gb18030(data):
            hint = message("it reads as GB18030 (Chinese Excel writes it): say so by --encoding gb18030")
        elif data.startswith((b"\xff\xfe", b"\xfe\xff")):
            hint = message("it is UTF-16; save it as CSV UTF-8")
        if encoding == UTF_8:
            place = error.start
            raise QmsError("{source}: not UTF-8 at byte {position}", source=source, position=place, hint=hint) from None
        raise QmsError(
            "{source}: not {encoding} at byte {position}", source=source, encoding=encoding, position=error.start
        ) from None


def _delimiter(text: str) -> str:
    """The mark that stands most often outside quotes in the first line that holds anything."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    outside = "".join(first.split('"')[::2])
    return max(DELIMITERS, key=outside.count)


def _reason(said: str) -> object:
    if "field larger" in said:
        return message("a cell is larger than {limit} characters", limit=csv.field_size_limit())
    if "unexpected end" in said:
        return message("a quote is never closed")
    return message('after a closing quote " there must be the next cell')
