"""How pages of a document were printed: what of them the revision itself does not say, as it is embedded in a PDF."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from qmsdocs.base.canonical import Json, dumps, loads
from qmsdocs.base.errors import QmsError
from qmsdocs.base.language import Language
from qmsdocs.render.document_sheet import CopyEntry, StampedCopy, Standing

PAGE = "page.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Print:
    """What of the pages is not said by the revision: how it stood, which copy it is, the day it was drawn.

    `last` is the sha256 of the newest act on the release that the pages tell of.
    """

    standing: Standing
    drawn_on: date
    language: Language
    copy: StampedCopy | None = None
    copies: tuple[CopyEntry, ...] = ()
    superseded_by: str = ""
    last: str = ""


def page_json(wanted: Print) -> bytes:
    """How pages were printed, as it is embedded in them."""
    copy = wanted.copy
    said: dict[str, Json] = {
        "format": FORMAT,
        "standing": wanted.standing.value,
        "drawn_on": wanted.drawn_on.isoformat(),
        "language": wanted.language.value,
        "copy": {"number": copy.number, "holder": copy.holder, "on": copy.on.isoformat()} if copy else None,
        "copies": [[c.department, c.copy_number, c.count, c.received, c.returned] for c in wanted.copies],
        "superseded_by": wanted.superseded_by,
        "last": wanted.last,
    }
    return dumps(said)


def read_page(data: bytes) -> Print:
    """How pages say they were printed. Raises QmsError where they say nothing we know."""
    said = loads(data)
    try:
        if not isinstance(said, dict) or not isinstance(said["copies"], list):
            raise ValueError(PAGE)
        copy = said["copy"]
        return Print(
            standing=Standing(str(said["standing"])),
            drawn_on=date.fromisoformat(str(said["drawn_on"])),
            language=Language(str(said["language"])),
            copy=_read_copy(copy) if isinstance(copy, dict) else None,
            copies=tuple(_read_entry(row) for row in said["copies"]),
            superseded_by=str(said["superseded_by"]),
            last=str(said["last"]),
        )
    except (KeyError, ValueError):
        raise QmsError("{source} cannot be read", source=PAGE) from None


def _read_copy(said: Mapping[str, Json]) -> StampedCopy:
    return StampedCopy(str(said["number"]), str(said["holder"]), date.fromisoformat(str(said["on"])))


def _read_entry(row: Json) -> CopyEntry:
    if not isinstance(row, list) or len(row) != 5 or not isinstance(row[2], int):
        raise ValueError(row)
    return CopyEntry(str(row[0]), str(row[1]), row[2], str(row[3]), str(row[4]))
