"""What tests of the Word import read a file with, and how they look at its report."""

from __future__ import annotations

import pytest
from word_makers import HEADINGS

from qmsdocs.base.errors import QmsError
from qmsdocs.fill.word_document import Imported, NoteKind, read_word

LOST, ALTERED, DOUBT = NoteKind.NOT_CARRIED, NoteKind.ALTERED, NoteKind.DESK_REVIEW
NO_PLACE = "words that found no place"
UNCOUNTED = HEADINGS.replace('<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>', "")


def read(data: bytes, **options: str) -> Imported:
    return read_word(data, source="程序.docx", **options)


def notes(imported: Imported, kind: NoteKind | None = None) -> list[str]:
    return [str(note.message) for note in imported.notes if kind in (None, note.kind)]


def refusal(data: bytes) -> str:
    with pytest.raises(QmsError) as caught:
        read(data)
    assert "\n" not in str(caught.value)
    return str(caught.value)
