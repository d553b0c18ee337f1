"""What stands before the text of a controlled document, as HTML: cover, records of revision and issue, contents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qmsdocs.base.language import Text
from qmsdocs.render import document_words as words
from qmsdocs.render import measure
from qmsdocs.render.document_body import Body
from qmsdocs.render.document_ink import Ink
from qmsdocs.render.document_sheet import Chapter, DocumentSheet, SignedLine
from qmsdocs.render.prose import Block, Heading, plain

APPROVAL_TOP, APPROVAL_ROW = 165.0, 10.0  # mm from the top of the page; up to seven rows end above the dates
APPROVAL_ROWS = 7
HISTORY_ROWS, DISTRIBUTION_ROWS = 8, 6
WHOLE_RECORD = 12  # rows of a record that is not torn
CONTENTS_LEVEL = 2
_HISTORY_WIDTHS = (10, 24, 20, 22, 36, 16, 16, 16)
_DISTRIBUTION_WIDTHS = (10, 44, 20, 14, 36, 36)
_COUNTERSIGNATURE_WIDTHS = (10, 26, 20, 20, 30, 30, 24)
_TITLE_SIZES = (26.0, 24.0, 22.0, 18.0, 16.0)  # 一号 and below
_TITLE_WIDTH, _TITLE_HEIGHT, _TITLE_LINES = 150.0, 26.0, 2


def cover(sheet: DocumentSheet, ink: Ink) -> str:
    """The cover: who, what, which revision, who made and approved it."""
    size, lines = _title(sheet.title)
    title, height = "<br>".join(map(ink.text, lines)), _TITLE_HEIGHT / max(_TITLE_LINES, len(lines))
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


def _title(title: str) -> tuple[float, tuple[str, ...]]:
    """The largest size at which the title stands on two lines, and these lines."""
    for size in _TITLE_SIZES:
        capacity = _TITLE_WIDTH / (size * measure.MILLIMETRES_PER_POINT)
        lines = measure.balanced(title, capacity, most=capacity)
        if len(lines) <= _TITLE_LINES:
            break
    return size, lines


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
    nobody = (SignedLine(""),)
    yield from _signed(words.PREPARED, sheet.prepared or nobody, ink)
    if len(sheet.countersigned) > words.MOST_ON_COVER:
        said = words.SEE_RECORD.of(ink.language).format(count=len(sheet.countersigned))
        yield f'<tr><th>{ink.spoken(words.COUNTERSIGNED)}</th><td colspan="3">{ink.text(said)}</td></tr>'
    else:
        yield from _signed(words.COUNTERSIGNED, sheet.countersigned, ink)
    yield from _signed(words.REVIEWED, sheet.reviewed or nobody, ink)
    yield from _signed(words.APPROVED, sheet.approved or nobody, ink)


def _signed(title: Text, lines: Sequence[SignedLine], ink: Ink) -> Iterator[str]:
    for position, line in enumerate(lines):
        first = f'<th rowspan="{len(lines)}">{ink.spoken(title)}</th>' if position == 0 else ""
        name = "　".join(filter(None, (line.department, line.person)))
        mark = f"<small>{ink.text(line.mark)}</small>" if line.mark else ""
        yield (
            f"<tr>{first}<td>{ink.text(name)}</td>"
            f'<td class="s">{ink.text(words.signature(line, ink.language))}{mark}</td>'
            f"<td>{ink.text(words.day(line.at, ink.language))}</td></tr>"
        )


def records(sheet: DocumentSheet, ink: Ink) -> str:
    """修订记录 and 发放范围, and 会签记录 where the cover does not hold it."""
    changes = [
        (
            str(number),
            words.day(entry.on, sheet.language),
            entry.revision,
            entry.clauses,
            entry.summary,
            entry.prepared_by,
            entry.reviewed_by,
            entry.approved_by,
        )
        for number, entry in enumerate(sheet.history, 1)
    ]
    copies = [
        (str(number), entry.department, entry.copy_number, str(entry.count), entry.received, entry.returned)
        for number, entry in enumerate(sheet.distribution, 1)
    ]
    signed = [
        (
            str(number),
            line.department,
            line.person,
            line.verdict,
            line.remark,
            line.answer,
            words.day(line.at, sheet.language),
        )
        for number, line in enumerate(words.countersignature_record(sheet), 1)
    ]
    found = _record(words.HISTORY, words.HISTORY_HEADS, _HISTORY_WIDTHS, _filled(changes, HISTORY_ROWS), ink)
    if signed:
        found += _record(words.COUNTERSIGNATURES, words.COUNTERSIGNATURE_HEADS, _COUNTERSIGNATURE_WIDTHS, signed, ink)
    return found + _record(
        words.DISTRIBUTION, words.DISTRIBUTION_HEADS, _DISTRIBUTION_WIDTHS, _filled(copies, DISTRIBUTION_ROWS), ink
    )


def _filled(rows: Sequence[Sequence[str]], least: int) -> Sequence[Sequence[str]]:
    """`rows` and empty ones below them, for the pen."""
    return [*rows, *([()] * (least - len(rows)))]


def _record(
    title: Text, heads: Sequence[Text], widths: Sequence[float], rows: Sequence[Sequence[str]], ink: Ink
) -> str:
    columns = "".join(f'<col style="width:{width}mm">' for width in widths)
    head = "".join(f"<th>{ink.spoken(name)}</th>" for name in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{ink.text(cell)}</td>" for cell in row or [""] * len(heads)) + "</tr>" for row in rows
    )
    wide = ' class="wide"' if len(title.of(ink.language)) == len(title.zh) <= 4 else ""
    classes = "record whole" if len(rows) <= WHOLE_RECORD else "record"
    return (
        f'<div class="{classes}"><h1{wide}>{ink.spoken(title)}</h1><table class="grid"><colgroup>{columns}</colgroup>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def chapter_name(count: int, ink: Ink) -> str:
    """How a chapter is called: 第3章."""
    return ink.text(words.CHAPTER.of(ink.language).format(count=count))


def contents(sheet: DocumentSheet, body: Body, chapters: Sequence[tuple[Chapter, Body]]) -> str:
    """The table of contents, with page numbers that the PDF engine fills in; nothing where there are no headings.

    Of chapters only the title is listed: their sections are called alike.
    """
    entries = [*_entries(sheet.blocks, body)]
    for count, (chapter, text) in enumerate(chapters, 1):
        item = f'<span class="item-no">{text.ink.text(chapter.number)}　{text.ink.text(chapter.revision)}</span>'
        name = f'<span class="no">{chapter_name(count, text.ink)}</span>{text.ink.text(chapter.title)}{item}'
        entries.append(_entry(text.prefix, "chapter hei", name))
    if not entries:
        return ""
    wide = ' class="wide"' if len(words.CONTENTS.of(body.ink.language)) == len(words.CONTENTS.zh) else ""
    title = f'<div class="record"><h1{wide}>{body.ink.spoken(words.CONTENTS)}</h1></div>'
    return f'{title}<div class="contents">{"".join(entries)}</div>'


def _entries(blocks: Sequence[Block], body: Body) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, Heading) and block.level <= CONTENTS_LEVEL:
            name = f'<span class="no">{block.number}</span>{body.ink.text(plain(block.line))}'
            yield _entry(body.anchor(block), f"l{block.level}", name)


def _entry(anchor: str, classes: str, name: str) -> str:
    return f'<p class="{classes}"><a href="#{anchor}">{name}</a></p>'
