"""The verification mark: a short code to read aloud and a QR code to scan; both lead to the record's last event."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

from qmsdocs.base.errors import QmsError

VERSION = "QMS1"
SIDE = 15.0  # millimetres, the least that survives a copier at 300 dpi
POINTS = 4  # a module: 300 dpi at 15 mm
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Mark:
    """What a scanned code says."""

    repository: str
    number: str
    form: str
    revision: str
    sha256: str


def short_code(sha256: str) -> str:
    """The eight characters printed beside the QR code: `9F2C-7A1B`."""
    head = sha256[:8].upper()
    return f"{head[:4]}-{head[4:]}"


def payload(repository: str, number: str, form: str, revision: str, sha256: str) -> str:
    """`QMS1|<repository 8>|<number>|<form> <revision>|<sha256 of the last event>`."""
    return f"{VERSION}|{repository[:8]}|{number}|{form} {revision}|{sha256}"


def read_payload(text: str) -> Mark:
    """What the code of a page says. Raises QmsError when it is another kind of code."""
    parts = text.strip().split("|")
    if len(parts) < 5 or parts[0] != VERSION or not _DIGEST.fullmatch(parts[-1]):
        raise QmsError("this code is not the mark of a page of this program")
    form, _, revision = parts[-2].rpartition(" ")
    return Mark(parts[1], "|".join(parts[2:-2]), form, revision, parts[-1])


def qr_png(text: str) -> bytes:
    """The QR code of `text` as PNG, error level M, without quiet zone (the page leaves 2 mm free around it)."""
    import segno  # late: whoever only reads marks draws none

    stream = io.BytesIO()
    try:
        code = segno.make_qr(text, error="m", encoding="utf-8", boost_error=False)
    except segno.DataOverflowError as error:
        raise QmsError("the mark of {length} characters is too long for a QR code", length=len(text)) from error
    code.save(stream, kind="png", scale=POINTS, border=0)
    return stream.getvalue()
