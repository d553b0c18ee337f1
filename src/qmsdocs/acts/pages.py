"""Pages of records: drawn, where they lie, and which are still pending."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qmsdocs.acts.sheets import sheet
from qmsdocs.base.canonical import sha256
from qmsdocs.base.errors import Message, QmsError
from qmsdocs.base.files import append, safe_name, text_of, write_atomically
from qmsdocs.base.language import Language
from qmsdocs.model.record import Record
from qmsdocs.render import docx, pdf
from qmsdocs.render.limited import limited
from qmsdocs.render.sheet import Sheet
from qmsdocs.system.definitions import FormInForce
from qmsdocs.system.view import Held, System

ISSUED_FOLDER = "records/issued"
DRAWN_FILE = ".qms/pages.txt"  # what `sha256sum` prints, one line for each time a page was drawn


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
    return paths_of(record.form.number, record.number, record.first.recorded_at.year)


def paths_of(form: str, number: str, year: int) -> tuple[str, str]:
    """Where the PDF and the DOCX of a record of `form`, recorded in `year`, lie."""
    base = f"{ISSUED_FOLDER}/{safe_name(form)}/{year}/{safe_name(number)}"
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
        files[docx_path] = draw_docx(said, form)
    except QmsError as error:
        pending = error.message
    try:
        files[pdf_path] = draw_pdf(said, form, events=embedded(record))
    except QmsError as error:
        pending = error.message
    return Pages(record.number, files, pending)


def draw_docx(said: Sheet, form: FormInForce) -> bytes:
    """The page as DOCX; by the company's own template in a process with limits."""
    template = form.files.get("template.docx")
    if template is None:
        return docx.docx(said, template=None)
    return limited(docx.docx, source="template.docx", sheet=said, template=template)


def draw_pdf(said: Sheet, form: FormInForce, *, events: bytes) -> bytes:
    """The page as PDF with the events embedded; by the company's own template in a process with limits."""
    if "template.html" not in form.files:
        return pdf.pdf(said, template=None, events=events, assets={})
    template = text_of(form.files["template.html"], "template.html")
    assets = {path: data for path, data in form.files.items() if path not in ("form.toml", "template.html")}
    return limited(pdf.pdf, source="template.html", sheet=said, template=template, events=events, assets=assets)


def write(root: Path, made: Pages) -> None:
    """Nothing; the pages afterwards lie in their places below `root`."""
    for path, data in made.files.items():
        write_atomically(root / path, data)
    append(root / DRAWN_FILE, "".join(f"{digest}  {path}\n" for path, digest in made.listed).encode())


def drawn(root: Path) -> Mapping[str, str]:
    """The sha256 of every page as it was last drawn in this copy, by path."""
    try:
        lines = (root / DRAWN_FILE).read_text("utf-8", "replace").splitlines()
    except OSError:
        return {}
    return {path: digest for digest, _, path in (line.partition("  ") for line in lines) if path}
