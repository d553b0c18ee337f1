"""Word documents read back by nothing but lxml, and templates as a quality manager might make them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping

from docx import Document
from docx.document import Document as DocumentType
from docx.shared import Mm
from lxml import etree

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def parts_of(data: bytes) -> dict[str, bytes]:
    """Every part of a document by name; the zip must be sound."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        assert package.testzip() is None
        return {name: package.read(name) for name in package.namelist()}


def package(parts: Mapping[str, bytes]) -> bytes:
    """A zip of `parts`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in parts.items():
            made.writestr(name, data)
    return buffer.getvalue()


def changed(data: bytes, changes: Mapping[str, bytes | Callable[[bytes], bytes] | None]) -> bytes:
    """`data` with parts replaced, edited, added or (None) taken out."""
    parts = parts_of(data)
    for name, change in changes.items():
        if change is None:
            del parts[name]
        else:
            parts[name] = change if isinstance(change, bytes) else change(parts[name])
    return package(parts)


def said(paragraph: etree._Element) -> str:
    """What a paragraph says: its texts, line breaks as line feeds, tabs as tabs."""
    pieces = []
    for element in paragraph.iter(f"{_W}t", f"{_W}br", f"{_W}tab"):
        if element.tag == f"{_W}t":
            pieces.append(element.text or "")
        elif element.getparent().tag == f"{_W}r":
            pieces.append("\n" if element.tag == f"{_W}br" else "\t")
    return "".join(pieces)


def paragraphs(data: bytes, part: str = "word/document.xml") -> list[str]:
    """What every paragraph of a part says, in order."""
    return [said(found) for found in etree.fromstring(parts_of(data)[part]).iter(f"{_W}p")]


def cells(data: bytes) -> list[list[str]]:
    """The rows of all tables: what each cell says, its paragraphs by line feeds."""
    rows = etree.fromstring(parts_of(data)["word/document.xml"]).iter(f"{_W}tr")
    return [["\n".join(said(p) for p in cell.iter(f"{_W}p")) for cell in row.iter(f"{_W}tc")] for row in rows]


def struck(data: bytes) -> list[str]:
    """The texts of runs that are struck, by the style of corrections."""
    runs = etree.fromstring(parts_of(data)["word/document.xml"]).iter(f"{_W}r")
    return [
        "".join(text.text or "" for text in run.iter(f"{_W}t"))
        for run in runs
        if any(style.get(f"{_W}val") == "QmsOld" for style in run.iter(f"{_W}rStyle"))
    ]


def saved(document: DocumentType) -> bytes:
    """The bytes of a python-docx document."""
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def simple(*texts: str) -> bytes:
    """A template with these paragraphs."""
    document = Document()
    for text in texts:
        document.add_paragraph(text)
    return saved(document)


def company_template(picture: bytes | None = None) -> bytes:
    """A template as a company has it: header, footer, properties, split tags, a loop, conditions, a picture."""
    document = Document()
    document.core_properties.title = "{{ number }} {{ f.short }}"
    section = document.sections[0]
    section.header.paragraphs[0].text = "{{ organisation }}\t{{ number }}"
    section.footer.paragraphs[0].text = "{% if status %}{{ status }}{% else %}OK{% endif %}"
    paragraph = document.add_paragraph("Problem: ")
    for piece in ("{", "{ f.", "problem", " }", "}"):
        paragraph.add_run(piece).bold = True
    document.add_paragraph("{%p if f.note %}")
    document.add_paragraph("Note: {{ f.note }}, and {_{ these }_} stay")
    document.add_paragraph("{%p else %}")
    document.add_paragraph("no note")
    document.add_paragraph("{%p endif %}")
    table = document.add_table(rows=4, cols=3)
    for cell, text in zip(table.rows[0].cells, ("No.", "What", "Who"), strict=True):
        cell.text = text
    table.rows[1].cells[0].text = "{%tr for row in rows.actions %}"
    for cell, text in zip(table.rows[2].cells, ("{{ row.no }}", "{{ row.what }}", "{{ row.who|upper }}"), strict=True):
        cell.text = text
    table.rows[3].cells[0].text = "{%tr endfor %}"
    document.add_paragraph("{% for row in rows.actions %}{{ row.what }}{% if not loop.last %}; {% endif %}{% endfor %}")
    if picture is not None:
        document.add_picture(io.BytesIO(picture), width=Mm(15))
        document.inline_shapes[0]._inline.docPr.set("descr", "qr")
    return saved(document)
