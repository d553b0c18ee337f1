"""The QR codes in a picture, and the marks of this program among them."""

from __future__ import annotations

from collections.abc import Iterable

import zxingcpp

from qmsdocs.base.errors import QmsError
from qmsdocs.render import photo
from qmsdocs.render.mark import Mark, read_payload
from qmsdocs.render.photo import Grey

MOST_CODES = 200


def codes(grey: Grey) -> tuple[str, ...]:
    """What the QR codes of the picture say, in any direction, each once; codes that are no UTF-8 are passed over."""
    points = memoryview(grey.points).cast("B", (grey.height, grey.width))
    found = zxingcpp.read_barcodes(points, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    said = []
    for code in found[:MOST_CODES]:
        try:
            said.append(code.bytes.decode("utf-8"))
        except UnicodeDecodeError:
            continue
    return tuple(dict.fromkeys(said))


def patient_codes(grey: Grey) -> tuple[str, ...]:
    """What the QR codes say; a picture in which no mark is found is looked at again sharpened, then enlarged."""
    seen = list(codes(grey))
    for attempt in (photo.sharpened, photo.enlarged):
        if marks(seen):
            break
        again = attempt(grey)
        seen += codes(again) if again is not None else ()
    return tuple(dict.fromkeys(seen))


def marks(texts: Iterable[str]) -> tuple[Mark, ...]:
    """The marks of this program among what codes say, each once. Nothing that cannot be printed is a mark."""
    found = []
    for text in texts:
        try:
            found += [read_payload(text)] if text.isprintable() else []
        except QmsError:
            continue
    return tuple(dict.fromkeys(found))
