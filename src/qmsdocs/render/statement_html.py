"""A report as HTML for the PDF engine, and as PDF: under the header block of the house, signed at the end."""

from __future__ import annotations

from qmsdocs.render import document_frame as frame
from qmsdocs.render import document_words as words
from qmsdocs.render.document_body import Body
from qmsdocs.render.document_html import css
from qmsdocs.render.document_ink import Ink
from qmsdocs.render.fonts import visible
from qmsdocs.render.html import whole
from qmsdocs.render.pdf import pdf_of_html
from qmsdocs.render.statement import APPROVAL_ROW, SIGNING_WIDTHS, Statement

_OWN = f"""
section {{ break-before: auto; }}
:lang(en) .text {{ hyphens: none; }}
.text p {{ text-indent: 0; }}
.text .grid {{ font-size: 9pt; line-height: 12.5pt; overflow-wrap: anywhere; }}
.approval {{ width: 160mm; margin: 4mm 0 0; break-inside: avoid; }}
.approval th, .approval td {{ height: {APPROVAL_ROW}mm; }}
.foot td.l {{ width: 160mm; }}
"""


def statement_pdf(statement: Statement) -> bytes:
    """The pages as PDF/A-3u: the same bytes for the same statement. Raises PdfUnavailable without the engine."""
    return pdf_of_html(
        statement_html(statement),
        title=statement.title,
        created=statement.created,
        author=statement.head.organisation,
    )


def statement_html(statement: Statement) -> str:
    """The pages; a character that no shipped face has stands as its code point in brackets."""
    ink = Ink(statement.language)
    text = Body(ink, "s", {}).html(statement.blocks)
    foot = f'<table class="foot"><tr><td class="l">{ink.text(visible(statement.foot))}</td></tr></table>'
    block = frame.header_block(statement.head, ink, "")
    return whole(
        statement.language,
        ink.text(visible(statement.title)),
        css(len(statement.head.rows)) + _OWN,
        f'<section class="text">{block}{foot}\n{text}\n{_signing(statement, ink)}</section>',
    )


def _signing(statement: Statement, ink: Ink) -> str:
    columns = "".join(f'<col style="width:{width}mm">' for width in SIGNING_WIDTHS)
    heads = "".join(f"<th>{ink.spoken(head)}</th>" for head in (words.NAME, words.SIGNATURE, words.DATE))
    rows = "".join(
        f"<tr><th>{ink.spoken(title)}</th><td>{ink.text(visible(name))}</td><td></td><td></td></tr>"
        for title, name in statement.signing
    )
    return f'<table class="approval"><colgroup>{columns}</colgroup><tr><th></th>{heads}</tr>{rows}</table>'
