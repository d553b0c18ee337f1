"""What stands before the text of a controlled document, as HTML: cover, records of revision and issue, contents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qmsdocs.base.language import Text
from qmsdocs.render import document_words as words
from qmsdocs.render.document_body import Body
from qmsdocs.render.document_ink import Ink
from qmsdocs.render.document_sheet import Chapter, DocumentSheet, SignedLine
from qmsdocs.render.document_words import Record
from qmsdocs.render.prose import Block, Heading, plain

APPROVAL_TOP, APPROVAL_ROW = 165.0, 10.0  # mm from the top of the page; up to seven rows end above the dates
APPROVAL_ROWS = 7
WHOLE_RECORD = 12  # rows of a record that is not torn
_TITLE_HEIGHT = 26.0


def cover(sheet: DocumentSheet, ink: Ink) -> str:
    """The cover: who, what, which revision, who made and approved it."""
    size, lines = words.cover_title(sheet.title)
    title, height = "<br>".join(map(ink.text, lines)), _TITLE_HEIGHT / max(words.COVER_LINES, len(lines))
    identity = "".join(
        f"<div>{ink.spoken(label)}{ink.spoken(words.COLON)}{ink.text(value)}</div>"
        for label, value in ((words.NUMBER, sheet.number), (words.CONFIDENTIALITY, sheet.confidentiality))
        if value
    )
    copy = sheet.copy
    boxes = ((words.COPY_NUMBER, copy.number if copy else ""), (words.HOLDER, copy.holder if copy else ""))
    held = "".join(f"<tr><th>{ink.spoken(label)}</th><td>{ink.text(value)}</td></tr>" for label, value in boxes)
    dates = "".join(
        f"<td>{ink.spoken(label)}{ink.spoken(words.COLON)}{ink.text(words.day(on, sheet.language))}</td>"
        for label, on in ((words.RELEASED_ON, sheet.released_on), (words.EFFECTIVE_ON, sheet.effective_on))
    )
    return (
        f'<div class="identity">{identity}</div>{_stamp(sheet, ink)}'
        f'<div class="company">{ink.text(sheet.organisation)}</div>'
        f'<div class="kind hei">{ink.text(sheet.kind)}</div>'
        f'<div class="title hei" style="font-size:{size}pt;line-height:{height:g}mm">{title}</div>'
        f'<div class="revision">{ink.spoken(words.REVISION)}{ink.spoken(words.COLON)}{ink.text(sheet.revision)}</div>'
        f'{_approval(sheet, ink)}<table class="dates"><tr>{dates}</tr></table><table class="held">{held}</table>'
    )


def _stamp(sheet: DocumentSheet, ink: Ink) -> str:
    """The mark of a numbered copy, which also reads without colour; void is stamped in its place."""
    if sheet.copy is None or words.void_stamp(sheet):
        return ""
    copy = words.STAMP_COPY.of(sheet.language).format(number=sheet.copy.number, holder=sheet.copy.holder)
    return (
        f'<div class="controlled"><div><b class="hei">{ink.spoken(words.CONTROLLED)}</b><span>{ink.text(copy)}</span>'
        f"<span>{ink.text(words.day(sheet.copy.on, sheet.language))}</span></div></div>"
    )


def _approval(sheet: DocumentSheet, ink: Ink) -> str:
    rows = [*_approval_rows(sheet, ink)]
    top = APPROVAL_TOP - APPROVAL_ROW * max(0, len(rows) - APPROVAL_ROWS)
    heads = "".join(f"<th>{ink.spoken(head)}</th>" for head in (words.NAME, words.SIGNATURE, words.DATE))
    return f'<table class="approval" style="top:{top:g}mm"><tr><th></th>{heads}</tr>{"".join(rows)}</table>'


def _approval_rows(sheet: DocumentSheet, ink: Ink) -> Iterator[str]:
    for title, lines in words.approvals(sheet):
        if lines:
            yield from _signed(title, lines, ink)
        else:
            said = words.SEE_RECORD.of(ink.language).format(count=len(sheet.countersigned))
            yield f'<tr><th>{ink.spoken(title)}</th><td colspan="3">{ink.text(said)}</td></tr>'


def _signed(title: Text, lines: Sequence[SignedLine], ink: Ink) -> Iterator[str]:
    for position, line in enumerate(lines):
        first = f'<th rowspan="{len(lines)}">{ink.spoken(title)}</th>' if position == 0 else ""
        mark = f"<small>{ink.text(line.mark)}</small>" if line.mark else ""
        yield (
            f"<tr>{first}<td>{ink.text(words.signer(line))}</td>"
            f'<td class="s">{ink.text(words.signature(line, ink.language))}{mark}</td>'
            f"<td>{ink.text(words.day(line.at, ink.language))}</td></tr>"
        )


def records(sheet: DocumentSheet, ink: Ink) -> str:
    """修订记录 and 发放范围, and 会签记录 where the cover does not hold it."""
    return "".join(_record(record, ink) for record in words.records(sheet))


def _record(record: Record, ink: Ink) -> str:
    title = record.title
    columns = "".join(f'<col style="width:{width}mm">' for width in record.widths)
    head = "".join(f"<th>{ink.spoken(name)}</th>" for name in record.heads)
    body = "".join("<tr>" + "".join(f"<td>{ink.text(cell)}</td>" for cell in row) + "</tr>" for row in record.rows)
    wide = ' class="wide"' if len(title.of(ink.language)) == len(title.zh) <= 4 else ""
    classes = "record whole" if len(record.rows) <= WHOLE_RECORD else "record"
    return (
        f'<div class="{classes}"><h1{wide}>{ink.spoken(title)}</h1><table class="grid"><colgroup>{columns}</colgroup>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def contents(sheet: DocumentSheet, body: Body, chapters: Sequence[tuple[Chapter, Body]]) -> str:
    """The table of contents, with page numbers that the PDF engine fills in; nothing where there are no headings.

    Of chapters only the title is listed: their sections are called alike.
    """
    entries = [*_entries(sheet.blocks, body)]
    for count, (chapter, text) in enumerate(chapters, 1):
        item = f'<span class="item-no">{text.ink.text(chapter.number)}　{text.ink.text(chapter.revision)}</span>'
        number = text.ink.text(words.chapter_name(count, text.ink.language))
        name = f'<span class="no">{number}</span>{text.ink.text(chapter.title)}{item}'
        entries.append(_entry(text.prefix, "chapter hei", name))
    if not entries:
        return ""
    wide = ' class="wide"' if len(words.CONTENTS.of(body.ink.language)) == len(words.CONTENTS.zh) else ""
    title = f'<div class="record"><h1{wide}>{body.ink.spoken(words.CONTENTS)}</h1></div>'
    return f'{title}<div class="contents">{"".join(entries)}</div>'


def _entries(blocks: Sequence[Block], body: Body) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, Heading) and block.level <= words.CONTENTS_LEVEL:
            name = f'<span class="no">{block.number}</span>{body.ink.text(plain(block.line))}'
            yield _entry(body.anchor(block), f"l{block.level}", name)


def _entry(anchor: str, classes: str, name: str) -> str:
    return f'<p class="{classes}"><a href="#{anchor}">{name}</a></p>'
