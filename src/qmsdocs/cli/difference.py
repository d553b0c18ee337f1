"""Two revisions of a controlled item compared, on the terminal, as JSON and as pages people read or accept in Word."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from qmsdocs.acts.items import content, contents, files
from qmsdocs.base.errors import QmsError
from qmsdocs.cli.session import Session
from qmsdocs.query.difference import Tongue
from qmsdocs.query.difference import difference as compared
from qmsdocs.query.difference_side import Held, held_draft, held_release, release_named
from qmsdocs.render.comparable import Kind
from qmsdocs.render.difference import Change, Compared, Illustration, Passage, Row, Table
from qmsdocs.render.line_difference import Mark, Marked, side
from qmsdocs.render.redline import TITLE, ChangedValue, Difference, Side, labels
from qmsdocs.render.redline_text import text

FORMATS = ("txt", "pdf", "docx", "json")


def difference(
    session: Session,
    number: str,
    old: str | None,
    new: str | None,
    *,
    output: str | None = None,
    as_json: bool = False,
    is_whole: bool = False,
) -> int:
    """0; the difference of two revisions was shown. Without `new` the draft in the folder is the newer one, without
    `old` what is in force the older one. Raises QmsError for a revision that does not exist.
    """
    kind = "json" if as_json else _kind(output)
    found = _found(session, number, old, new)
    if kind == "txt" and output is None:
        session.answer(text(found, is_whole=is_whole, is_coloured=True))
    else:
        session.write(_written(found, kind, is_whole=is_whole), output)
    return 0


def _kind(output: str | None) -> str:
    kind = Path(output).suffix[1:].lower() if output not in (None, "-") else "txt"
    if kind not in FORMATS:
        raise QmsError("{path}: a comparison is written as {kinds}", path=output, kinds=FORMATS)
    return kind


def _found(session: Session, number: str, old: str | None, new: str | None) -> Difference:
    system, language = session.system, session.language
    before = release_named(system, number, old)
    first = held_release(system, before, language=language)
    last = (
        _draft(session, before.number)
        if new is None
        else held_release(system, release_named(system, number, new), language=language)
    )
    organisation = system.organisation.organisation.of(language)
    tongue = Tongue(session.catalogue, system.language)
    return compared(before.kind, before.number, first, last, organisation=organisation, tongue=tongue)


def _draft(session: Session, number: str) -> Held:
    system = session.system
    person = session.person or ""
    author = system.people.names().get(person, person) or system.organisation.organisation.of(session.language)
    root = system.place.root
    own = content(root, number).files

    @cache
    def chapters() -> Mapping[str, Mapping[str, bytes]]:
        return {item.number: item.files for item in contents(dict(files(root)))}

    def held(wanted: str) -> Mapping[str, bytes] | None:
        return own if wanted == number else chapters().get(wanted)

    return held_draft(system, held, number, author=author, language=session.language)


def _written(found: Difference, kind: str, *, is_whole: bool) -> bytes:
    """The comparison as a file; each engine is loaded only when it is needed."""
    match kind:
        case "pdf":
            from qmsdocs.render.pdf import pdf_of_html
            from qmsdocs.render.redline_html import page

            drawn = page(found, is_whole=is_whole)
            title = f"{TITLE.of(found.language)} {found.number} {labels(found)}"
            return pdf_of_html(
                drawn.html, title=title, created=found.new.at, author=found.organisation, assets=drawn.pictures
            )
        case "docx":
            from qmsdocs.render.redline_docx import document

            return document(found)
        case "json":
            return json.dumps(as_object(found), ensure_ascii=False, indent=2).encode() + b"\n"
        case _:
            return text(found, is_whole=is_whole).encode() + b"\n"


def as_object(found: Difference) -> Mapping[str, object]:
    """The comparison as one object, see docs/json.md; a draft's label is null."""
    return {
        "format": 1,
        "number": found.number,
        "title": found.title,
        "old": found.old.label or None,
        "new": found.new.label or None,
        "revisions": {"old": _side(found.old), "new": _side(found.new)},
        "parameters": [_value(value) for value in found.parameters],
        "changes": [
            *({"part": "value", **_value(value)} for value in found.values),
            *({"part": "text", **change} for change in _text(found.text)),
            *(
                {"part": "file", "path": file.path, "change": file.change.value, "lines": list(_text(file.lines))}
                for file in found.files
            ),
        ],
        "notes": list(found.notes),
    }


def _side(said: Side) -> Mapping[str, object]:
    return {
        "revision": said.label or None,
        "state": said.standing,
        "sha256": said.sha256 or None,
        "effective_on": said.effective_on.isoformat() if said.effective_on else None,
        "prepared": said.prepared,
        "reviewed": said.reviewed,
        "approved": said.approved,
    }


def _value(value: ChangedValue) -> Mapping[str, object]:
    return {"name": value.key, "title": value.title, "old": value.old or None, "new": value.new or None}


def _text(blocks: Sequence[Compared]) -> Iterator[Mapping[str, object]]:
    """What changed block by block, and row by row of a table, each below its nearest heading."""
    heading = ""
    for block in blocks:
        if isinstance(block, Passage) and block.kind is Kind.HEADING:
            heading = " ".join(part for part in (_now(block.label), _now(block.line)) if part)
        if block.change is Change.KEPT:
            continue
        where = {"below": heading, "change": block.change.value}
        match block:
            case Passage(kind=kind, line=line):
                yield {**where, "kind": kind.value, **_sides(line, block.change)}
            case Table():
                yield from ({**where, **row} for row in _rows(block))
            case Illustration(old=before, new=after):
                yield {**where, "kind": "picture", "old": before, "new": after}


def _rows(table: Table) -> Iterator[Mapping[str, object]]:
    for row in (table.head, *table.rows):
        if isinstance(row, Row) and row.change is not Change.KEPT:
            old = [side(cell, Mark.REMOVED) for cell in row.cells] if row.change is not Change.ADDED else None
            new = [side(cell, Mark.ADDED) for cell in row.cells] if row.change is not Change.REMOVED else None
            yield {"kind": "row", "change": row.change.value, "old": old, "new": new}


def _sides(line: Marked, change: Change) -> Mapping[str, object]:
    return {
        "old": None if change is Change.ADDED else side(line, Mark.REMOVED),
        "new": None if change is Change.REMOVED else side(line, Mark.ADDED),
        "pieces": [{"mark": piece.mark.value, "text": piece.text} for piece in line],
    }


def _now(line: Marked) -> str:
    return side(line, Mark.ADDED) or side(line, Mark.REMOVED)
