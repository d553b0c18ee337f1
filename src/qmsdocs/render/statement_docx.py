"""A report as a Word file: the same as the PDF says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

import docx

from qmsdocs.render import document_words as words
from qmsdocs.render.document_docx_body import Manuscript
from qmsdocs.render.document_docx_frame import block
from qmsdocs.render.document_docx_package import Properties, append, fill, prepare, set_lists, set_page, top
from qmsdocs.render.document_docx_parts import Cell, Row, paragraph, run, table
from qmsdocs.render.docx_file import steady
from qmsdocs.render.statement import APPROVAL_ROW, SIGNING_WIDTHS, Statement


def statement_docx(statement: Statement) -> bytes:
    """The pages as a Word document: the same bytes for the same statement."""
    document = docx.Document()
    created = statement.created.astimezone(UTC)
    head = statement.head
    prepare(document, statement.language, Properties(statement.title, head.organisation, "", created))
    text = Manuscript(statement.language, document.part)
    section = document.sections[0]
    set_page(section, top(head))
    joint = paragraph("QmsJoint")
    fill(section.header, block(head, statement.language, section.header.part, text.media) + joint)
    fill(section.footer, paragraph("QmsFoot", run(statement.foot)))
    append(document, text.blocks(statement.blocks, {}, 0))
    append(document, [table(SIGNING_WIDTHS, [*_signing(statement)])])
    set_lists(document, text)
    return steady(document)


def _signing(statement: Statement) -> Iterator[Row]:
    language = statement.language
    heads = ("", *(head.of(language) for head in (words.NAME, words.SIGNATURE, words.DATE)))
    yield Row(tuple(Cell(paragraph("QmsApprovalHead", run(head), _KEPT)) for head in heads), APPROVAL_ROW)
    for title, name in statement.signing:
        cells = (Cell(paragraph("QmsApproval", run(text) if text else "", _KEPT)) for text in (name, "", ""))
        yield Row((Cell(paragraph("QmsApprovalHead", run(title.of(language)), _KEPT)), *cells), APPROVAL_ROW)


_KEPT = "<w:keepNext/>"
