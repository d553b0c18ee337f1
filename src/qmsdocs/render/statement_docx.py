"""A report as a Word file: the same as the PDF says."""

from __future__ import annotations

from collections.abc import Iterator

from qmsdocs.render import document_words as words
from qmsdocs.render.document_docx_body import Manuscript
from qmsdocs.render.document_docx_frame import block, set_section, top
from qmsdocs.render.document_docx_parts import Cell, Row, paragraph, run, table
from qmsdocs.render.document_docx_styles import styles
from qmsdocs.render.docx_file import append, fill, new, steady
from qmsdocs.render.statement import APPROVAL_ROW, SIGNING_WIDTHS, Statement


def statement_docx(statement: Statement) -> bytes:
    """The pages as a Word document: the same bytes for the same statement."""
    head = statement.head
    document = new(
        styles(statement.language),
        title=statement.title,
        author=head.organisation,
        created=statement.created,
        has_lists=True,
    )
    text = Manuscript(statement.language, document.part)
    section = document.sections[0]
    set_section(section, top(head))
    joint = paragraph("QmsJoint")
    fill(section.header, block(head, statement.language, section.header.part, text.media) + joint)
    fill(section.footer, paragraph("QmsFoot", run(statement.foot)))
    append(document, text.blocks(statement.blocks, {}, 0))
    append(document, [table(SIGNING_WIDTHS, [*_signing(statement)])])
    text.set_lists(document)
    return steady(document)


def _signing(statement: Statement) -> Iterator[Row]:
    language = statement.language
    heads = ("", *(head.of(language) for head in (words.NAME, words.SIGNATURE, words.DATE)))
    yield Row(tuple(Cell(paragraph("QmsApprovalHead", run(head), _KEPT)) for head in heads), APPROVAL_ROW)
    for title, name in statement.signing:
        cells = (Cell(paragraph("QmsApproval", run(text) if text else "", _KEPT)) for text in (name, "", ""))
        yield Row((Cell(paragraph("QmsApprovalHead", run(title.of(language)), _KEPT)), *cells), APPROVAL_ROW)


_KEPT = "<w:keepNext/>"
