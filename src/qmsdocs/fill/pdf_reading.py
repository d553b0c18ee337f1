"""What a PDF from outside says and how it looks. The functions here run in a process with limits of time and memory."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

import pikepdf
import pypdfium2
from pypdfium2 import raw

from qmsdocs.base.canonical import sha256
from qmsdocs.fill.codes import codes, marks
from qmsdocs.render.photo import Grey

PRINTED = "page.json"  # how the pages of a document were printed
MOST_PRINTED = 1_000_000  # bytes
MOST_PAGES = 500
MOST_TEXT = 4_000_000  # characters of a file
MOST_SEEN = 60  # pages of which the picture is looked at for a code
MOST_POINTS = 25_000_000
MOST_OBJECTS = 300_000
POINTS_PER_INCH = 72
CODE_RESOLUTION = 200  # dots per inch at which a code of 15 mm is read
LOOK_RESOLUTION = 80
COVERED = 0.7  # of a page; a picture as large is the page itself, words under it come from a reading machine
DARKER = 80  # of 255; less are edges of letters whose face another program wrote anew
HARMLESS = frozenset({"/AcroForm", "/OCProperties"})  # in a file of another program
ACTIVE_KEYS = ("/JS", "/XFA", "/AA", "/RichMediaContent", *HARMLESS)
ACTIVE_ACTIONS = ("/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToE", "/RichMediaExecute")
# What damaged files make the libraries raise, besides their own errors.
DAMAGED = (
    *(pikepdf.PdfError, pypdfium2.PdfiumError),
    *(OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, NotImplementedError),
)


def read(data: bytes) -> bytes:
    """The facts of a PDF as one JSON object, or under `refused` why it is not looked at."""
    try:
        with pikepdf.open(io.BytesIO(data)) as file:
            if file.is_encrypted:
                return _refused("password")
            if len(file.pages) > MOST_PAGES:
                return _refused("pages")
            facts = _facts(file)
        facts["pages"] = list(_pages(data, has_mark=bool(marks([facts["subject"]]))))
    except pikepdf.PasswordError:
        return _refused("password")
    except DAMAGED:
        return _refused("damaged")
    return json.dumps(facts).encode()


def difference(data: bytes, expected: bytes, first: int) -> bytes:
    """The first page of `data`, behind `first` others, that looks different from that of `expected`, from 1; else 0."""
    given, wanted = pypdfium2.PdfDocument(data), pypdfium2.PdfDocument(expected)
    for number, other in enumerate(wanted):
        one = given[first + number]
        pictures = [_drawn(page, LOOK_RESOLUTION) for page in (one, other)]
        if one.get_size() != other.get_size() or not _alike(*pictures):
            return str(first + number + 1).encode()
    return b"0"


def _refused(why: str) -> bytes:
    return json.dumps({"refused": why}).encode()


def _facts(file: pikepdf.Pdf) -> dict[str, Any]:
    attached = {name: file.attachments[name].get_file().read_bytes() for name in file.attachments}
    return {
        "subject": _said(file, "/Subject"),
        "producer": _said(file, "/Producer"),
        "attached": {name: sha256(data) for name, data in attached.items()},
        "printed": attached.get(PRINTED, b"")[:MOST_PRINTED].decode("utf-8", "replace"),
        "active": sorted(set(_active(file))),
    }


def _said(file: pikepdf.Pdf, name: str) -> str:
    value = file.docinfo.get(name) if "/Info" in file.trailer else None
    return str(value)[:1000] if isinstance(value, pikepdf.String) else ""


def _active(file: pikepdf.Pdf) -> Iterator[str]:
    """What in the file could do something by itself."""
    waiting: list[Any] = [file.Root, *file.objects]
    for _ in range(MOST_OBJECTS):
        if not waiting:
            return
        item = waiting.pop()
        if isinstance(item, pikepdf.Dictionary | pikepdf.Stream):
            yield from (key for key in ACTIVE_KEYS if key in item)
            action = item.get("/S")
            if isinstance(action, pikepdf.Name) and str(action) in ACTIVE_ACTIONS:
                yield str(action)
            waiting += [value for _, value in item.items() if _is_inside(value)]
        elif isinstance(item, pikepdf.Array):
            waiting += [value for value in item if _is_inside(value)]
    yield "…"


def _is_inside(value: object) -> bool:
    return isinstance(value, pikepdf.Dictionary | pikepdf.Array) and not value.is_indirect


def _pages(data: bytes, *, has_mark: bool) -> Iterator[dict[str, Any]]:
    left, seen = MOST_TEXT, 0
    for page in pypdfium2.PdfDocument(data):
        text = page.get_textpage().get_text_bounded()[:left]
        left -= len(text)
        is_picture = not text.strip() or _is_covered(page)
        looked_at = (is_picture or not has_mark) and seen < MOST_SEEN
        seen += looked_at
        said: Sequence[str] = codes(_drawn(page, CODE_RESOLUTION)) if looked_at else ()
        yield {"text": text, "is_picture": is_picture, "codes": list(said)}


def _is_covered(page: pypdfium2.PdfPage) -> bool:
    width, height = page.get_size()
    for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        left, bottom, right, top = item.get_bounds()
        if (right - left) * (top - bottom) > COVERED * width * height:
            return True
    return False


def _drawn(page: pypdfium2.PdfPage, resolution: int) -> Grey:
    width, height = page.get_size()
    largest = math.sqrt(MOST_POINTS / max(width * height, 1))
    bitmap = page.render(scale=min(resolution / POINTS_PER_INCH, largest), grayscale=True)
    points = bytes(bitmap.buffer)
    if bitmap.stride != bitmap.width:
        lines = range(0, bitmap.stride * bitmap.height, bitmap.stride)
        points = b"".join(points[at : at + bitmap.width] for at in lines)
    return Grey(bitmap.width, bitmap.height, points)


def _alike(one: Grey, other: Grey) -> bool:
    return one.points == other.points or all(
        abs(a - b) <= DARKER for a, b in zip(one.points, other.points, strict=True) if a != b
    )
