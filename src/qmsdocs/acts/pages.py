"""Pages of records: drawn, where they lie, and which are still pending."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qmsdocs.acts.sheets import sheet
from qmsdocs.base.canonical import sha256
from qmsdocs.base.errors import Message, QmsError
from qmsdocs.base.files import safe_name, write_atomically
from qmsdocs.base.language import Language
from qmsdocs.model.record import Record
from qmsdocs.render import docx, pdf
from qmsdocs.system.view import Held, System

ISSUED_FOLDER = "records/issued"


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of one record, by path in the repository, and why one is pending."""

    number: str
    files: Mapping[str, bytes]
    pending: Message | None

    @property
    def listed(self) -> tuple[tuple[str, str], ...]:
        """Path and sha256 of each file."""
        return tuple((path, sha256(data)) for path, data in self.files.items())


def paths(record: Record) -> tuple[str, str]:
    """Where the PDF and the DOCX of a record lie, relative to the repository. No word of a user is in them."""
    year = record.first.recorded_at.year
    base = f"{ISSUED_FOLDER}/{safe_name(record.form.number)}/{year}/{safe_name(record.number)}"
    return f"{base}.pdf", f"{base}.docx"


def embedded(record: Record) -> bytes:
    """`record.json`: every event, byte for byte as stored, oldest first, in one canonical JSON object."""
    return b'{"events":[' + b",".join(event.data for event in record.events) + b'],"format":1}'


def is_pending(system: System, record: Record) -> bool:
    """Whether the PDF of the record is missing or older than its newest event."""
    path = system.place.root / paths(record)[0]
    try:
        return record.last.sha256.encode() not in path.read_bytes()
    except OSError:
        return True


def pages(system: System, held: Held, *, language: Language) -> Pages:
    """The pages of a record. What the engine cannot draw now is pending; the record stands all the same."""
    record = held.record
    form = system.form_of(record.form)
    said = sheet(system, record, form, language=language)
    pdf_path, docx_path = paths(record)
    files: dict[str, bytes] = {}
    pending: Message | None = None
    try:
        files[docx_path] = docx.docx(said, template=form.files.get("template.docx"))
    except QmsError as error:
        pending = error.message
    try:
        written = form.files.get("template.html")
        template = written.decode("utf-8") if written is not None else None
        assets = {path: data for path, data in form.files.items() if path != "form.toml"}
        files[pdf_path] = pdf.pdf(said, template=template, events=embedded(record), assets=assets)
    except QmsError as error:
        pending = error.message
    return Pages(record.number, files, pending)


def write(root: Path, made: Pages) -> None:
    """Nothing; the pages afterwards lie in their places below `root`."""
    for path, data in made.files.items():
        write_atomically(root / path, data)
