"""The page of a form as a Word template for docxtpl, from the same blocks as every other medium."""

from __future__ import annotations

import io
import math
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import docx
from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Mm
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from qmsdocs.base.language import Language
from qmsdocs.render import mark, measure, opc, word
from qmsdocs.render.fit import Level
from qmsdocs.render.layout import (
    BODY,
    LABEL,
    NUMBER_COLUMN,
    VALUE,
    WIDTH,
    Block,
    Cell,
    Column,
    Kind,
    Label,
    Layout,
    Line,
    LongText,
    Matrix,
    NoteBlock,
    SectionBar,
    Signing,
    SigningCell,
    Table,
)
from qmsdocs.render.word import paragraph, run, words

SPACED_TITLE = 12.0  # ems; a longer title is set without extra space
UNDATED = datetime(2000, 1, 1)
SIGNED_LINE = 7.0
LABEL_SIDE, HEAD_SIDE = 0.8, 0.5
_CENTRED = frozenset({Kind.NUMBER, Kind.TICK})
_CENTRED_IN_ROWS = frozenset({Kind.NUMBER, Kind.DATE, Kind.TICK, Kind.OPTIONS})
_EXAMPLE = "QMS1|00000000|TS-HZ-2026-0001|QR-00-00 A/0|" + "0" * 64
_RUN, _PARAGRAPH, _DRAWING = qn("w:r"), qn("w:p"), qn("wp:docPr")
_MIDDLE = (
    "mso-position-horizontal:center;mso-position-horizontal-relative:margin;"
    "mso-position-vertical:center;mso-position-vertical-relative:margin"
)
_CORNER = (
    "margin-top:54pt;mso-position-horizontal:right;mso-position-horizontal-relative:margin;"
    "mso-position-vertical:absolute;mso-position-vertical-relative:page"
)
_COMPATIBLE = "http://schemas.microsoft.com/office/word"
_SETTINGS = (
    '<w:zoom w:percent="100"/>',
    '<w:defaultTabStop w:val="420"/>',
    '<w:characterSpacingControl w:val="compressPunctuation"/>',
    f'<w:compat><w:compatSetting w:name="compatibilityMode" w:uri="{_COMPATIBLE}" w:val="15"/></w:compat>',
)
_POINT = measure.MILLIMETRES_PER_POINT
_KEPT = frozenset({RELATIONSHIP_TYPE.STYLES, RELATIONSHIP_TYPE.SETTINGS})
_PACKAGE_KEPT = frozenset({RELATIONSHIP_TYPE.OFFICE_DOCUMENT, RELATIONSHIP_TYPE.CORE_PROPERTIES})


@dataclass(frozen=True, slots=True)
class Page:
    """How the page is set: heights of `level`; `room` gives the height of a long text, in twips or as a tag.

    `kept` are the parts, counted from 0, that stay on one page; None where the whole form does.
    """

    layout: Layout
    level: Level
    room: Callable[[str], str]
    reasoned: frozenset[str]
    kept: frozenset[int] | None

    @property
    def language(self) -> Language:
        """The language of the page."""
        return self.layout.language


def page_template(page: Page) -> bytes:
    """The template of `page` as a Word document; the same page gives the same bytes."""
    document = docx.Document()
    _strip(document)
    _set_styles(document, page)
    _set_section(document)
    _set_properties(document)
    body = document.element.body
    for element in list(body)[:-1]:
        body.remove(element)
    for piece in _body(page):
        body[-1].addprevious(_parsed(piece))
    _header(document, page)
    _footer(document)
    return _steady(document)


def _parsed(piece: str) -> BaseOxmlElement:
    """The element of `piece`, which begins with a start tag."""
    end = min(at for at in (piece.find(">"), piece.find(" "), piece.find("/>")) if at > 0)
    return parse_xml(f"{piece[:end]} {word.SPACE}{piece[end:]}")


def _strip(document: Document) -> None:
    """Takes out what python-docx brings along and a form does not need."""
    for rels, kept in ((document.part.rels, _KEPT), (document.part.package.rels, _PACKAGE_KEPT)):
        for key in [key for key, link in rels.items() if link.reltype not in kept]:
            del rels[key]
    settings = document.settings.element
    for element in list(settings):
        settings.remove(element)
    for piece in _SETTINGS:
        settings.append(_parsed(piece))


def _set_styles(document: Document, page: Page) -> None:
    root = document.styles.element
    for element in list(root):
        root.remove(element)
    content = word.styles(page.language, _styles(page))
    root.extend(list(parse_xml(f"<w:styles {word.SPACE}>{content}</w:styles>")))


def _styles(page: Page) -> tuple[word.Style, ...]:
    level = page.level
    middle, end = WIDTH / 2, WIDTH
    title = page.layout.title
    spaced = 0.35 * 18 if len(title) == measure.ems(title) <= SPACED_TITLE else 0.0
    row, small = level.line, level.small
    pen = max(14.0, (level.sign - 2 * level.gap) / _POINT - 25)  # what the title and the date leave
    return (
        word.Style("QmsTop", "页眉行", "Top line", 9, 12, tabs=(("right", end),)),
        word.Style("QmsTitle", "表单标题", "Form title", 18, 8 / _POINT, sans=True, align="center", spaced=spaced,
                   before=level.above / _POINT, after=level.below / _POINT),
        word.Style("QmsNumbers", "编号行", "Numbers", 10.5, 5.5 / _POINT, tabs=(("center", middle), ("right", end))),
        word.Style("QmsBar", "栏目", "Section", 10.5, row, sans=True, bold=True, keeps=True),
        word.Style("QmsSub", "表题", "Table title", 10.5, row, sans=True, keeps=True),
        word.Style("QmsLabel", "标签", "Label", 10.5, level.label, sans=True, align="center"),
        word.Style("QmsValue", "内容", "Value", 10.5, row),
        word.Style("QmsCentred", "内容 居中", "Value centred", 10.5, row, align="center"),
        word.Style("QmsSmall", "内容 小五", "Value small", 9, small),
        word.Style("QmsSmallCentred", "内容 小五居中", "Value small centred", 9, small, align="center"),
        word.Style("QmsDate", "内容 日期", "Value date", 9, small, align="center", spaced=-0.3),
        word.Style("QmsText", "正文栏", "Long text", 10.5, 16),
        word.Style("QmsWhy", "理由", "Reason", 7.5, 10),
        word.Style("QmsHead", "表头", "Table head", 9, 11.5, sans=True, align="center", keeps=True),
        word.Style("QmsTiny", "表头 小六", "Table head small", 6.5, 8, align="center", keeps=True),
        word.Style("QmsSigned", "签字行", "Signing line", 10.5, 14, align="right"),
        word.Style("QmsPlace", "签字栏", "Signing place", 10.5, 12, sans=True),
        word.Style("QmsName", "签字人", "Signer", 10.5, pen, align="center"),
        word.Style("QmsMark", "电子签名", "Electronic signature", 6.5, 12, align="center"),
        word.Style("QmsSignature", "手写签字", "Signature by hand", 9, pen),
        word.Style("QmsSay", "说明", "Explanation", 9, 13),
        word.Style("QmsNote", "附注", "Note", 7.5, 10),
        word.Style("QmsAnnexTitle", "附页标题", "Annex title", 10.5, 16, sans=True, before=12, after=6, keeps=True),
        word.Style("QmsBreak", "换页", "New page", 1, 1, breaks=True),
        word.Style("QmsFoot", "页脚行", "Foot", 9, 12),
        word.Style("QmsFootCentred", "页脚行 居中", "Foot centred", 9, 12, align="center"),
        word.Style("QmsFootRight", "页脚行 居右", "Foot right", 9, 12, align="right"),
        word.Style("QmsJoint", "接缝", "Joint", 1, 0.05, hidden=True),
    )  # fmt: skip


def _set_section(document: Document) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin, section.right_margin = Mm(25), Mm(15)
    section.top_margin, section.header_distance = Mm(22), Mm(15)
    section.bottom_margin, section.footer_distance = Mm(32), Mm(15)


def _set_properties(document: Document) -> None:
    said = document.core_properties
    said.title, said.subject, said.author = "{{ title }} {{ number }}", "{{ form }} {{ revision }}", "{{ organisation }}"
    said.comments, said.last_modified_by, said.revision = "", "", 1
    said.created = said.modified = UNDATED


def _steady(document: Document) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    with zipfile.ZipFile(buffer) as package:
        return opc.archive([opc.member(name, package.read(name)) for name in package.namelist()])


def _body(page: Page) -> Iterator[str]:
    yield paragraph("QmsTitle", run("{{ title }}"))
    state = "{% if state %}{{ labels.state }}{{ labels.colon }}{{ state }}{% endif %}"
    number = "{{ labels.record_number }}{{ labels.colon }}{{ number }}{% if blank %}______________{% endif %}"
    receipt = "{% if receipt %}{{ labels.receipt }}{{ labels.colon }}{{ receipt }}{% endif %}"
    yield paragraph("QmsNumbers", run(receipt), word.tab(), run(state), word.tab(), run(number))
    yield from _frame(page)
    yield from _after()


def _after() -> Iterator[str]:
    """What stands below the frame: corrections, the course, notes; then the annexes."""
    yield word.block_tag("{%p for item in corrections %}", "QmsNote")
    yield paragraph("QmsNote", run("{{ item.line }}"))
    yield word.block_tag("{%p endfor %}", "QmsNote")
    acts = (
        "{{ labels.course }}{{ labels.colon }}{% for act in acts %}{{ act.title }} {{ act.by }} {{ act.stamp }}"
        "{% if not loop.last %}{{ labels.semicolon }}{% endif %}{% endfor %}"
    )
    yield word.block_tag("{%p if acts %}", "QmsNote")
    yield paragraph("QmsNote", run(acts))
    yield word.block_tag("{%p endif %}", "QmsNote")
    yield word.block_tag("{%p for note in notes %}", "QmsNote")
    yield paragraph("QmsNote", run("{{ note }}"))
    yield word.block_tag("{%p endfor %}", "QmsNote")
    yield word.block_tag("{%p if annexes %}", "QmsBreak")
    yield paragraph("QmsBreak")
    yield word.block_tag("{%p endif %}", "QmsBreak")
    yield word.block_tag("{%p for annex in annexes %}", "QmsText")
    yield paragraph("QmsAnnexTitle", run("{{ labels.annex }}{{ annex.no }}　{{ annex.title }}"))
    yield paragraph("QmsText", run("{{ annex.text }}"))
    yield word.block_tag("{%p endfor %}", "QmsText")
    yield paragraph("QmsJoint")


@dataclass(slots=True)
class _Segment:
    """Rows that make one table; `keeps`: it stays with what follows, `ends_part`: a page may well end below it."""

    rows: list[word.Row]
    keeps: bool = False
    ends_part: bool = False


def _frame(page: Page) -> Iterator[str]:
    """The tables of the form one below the other, looking like one."""
    segments = list(_segments(page))
    for position, segment in enumerate(segments):
        is_first, is_last = position == 0, position == len(segments) - 1
        top = word.THICK if is_first else word.PART if segments[position - 1].ends_part else word.JOINT
        bottom = word.THICK if is_last else word.PART if segment.ends_part else word.JOINT
        rows = segment.rows
        if segment.keeps:
            rows = [replace(row, keeps=row is not rows[-1] or not segment.ends_part) for row in rows]
        yield word.table(rows, top=top, bottom=bottom, padding=page.level.gap)
        if not is_last:
            keep = "<w:keepNext/>" if segment.keeps and not segment.ends_part else ""
            yield paragraph("QmsJoint", properties=f"{keep}<w:rPr><w:vanish/></w:rPr>")


def _segments(page: Page) -> list[_Segment]:
    found: list[_Segment] = []
    is_open = False
    for number, part in enumerate(page.layout.parts):
        keeps = page.kept is not None and number in page.kept
        for block in part:
            rows = list(_rows(page, block))
            is_alone = isinstance(block, Table | Matrix)
            if is_alone and found and found[-1].rows[-1].is_bar:
                rows.insert(0, replace(found[-1].rows.pop(), repeated=True))  # it goes with its table, on every page
                if not found[-1].rows:
                    found.pop()
            if is_open and not is_alone:
                found[-1].rows += rows
            else:
                found.append(_Segment(rows, keeps))
            is_open = not is_alone
        if page.kept is not None and found:
            found[-1].ends_part, is_open = True, False
    return found


def _rows(page: Page, block: Block) -> Iterator[word.Row]:
    match block:
        case SectionBar(title=title):
            yield _bar(page, title)
        case Line(cells=cells):
            yield word.Row(tuple(part for cell in cells for part in _line(page, cell)), _height(page.level.row))
        case LongText():
            yield from _long_text(page, block)
        case Table():
            yield from _table(page, block)
        case Matrix():
            yield from _matrix(page, block)
        case Signing(cells=cells):
            places = tuple(word.Cell(cell.width, _place(cell), align="top") for cell in cells)
            yield word.Row(places, _height(page.level.sign))
        case NoteBlock(text=text):
            yield word.Row((word.Cell(WIDTH, paragraph("QmsSay", run(words(text)))),), splits=True)


def _height(millimetres: float) -> str:
    return str(word.twips(millimetres))


def _bar(page: Page, title: str) -> word.Row:
    return word.Row((word.Cell(WIDTH, paragraph("QmsBar", run(words(title))), shaded=True),), _height(page.level.bar), is_bar=True)


def _label(label: Label) -> str:
    if label.spread:
        first = run(words(label.text[0]), properties=_spaced(2 * BODY))
        return paragraph("QmsLabel", first, run(words(label.text[1:])))
    widest = max(label.lines, key=measure.ems)
    room = LABEL - 2 * LABEL_SIDE - 0.4
    excess = measure.millimetres(widest, BODY) - room
    closer = _spaced(-excess / _POINT / len(widest)) if excess > 0 else ""
    return paragraph("QmsLabel", run("\n".join(words(line) for line in label.lines), properties=closer))


def _spaced(points: float) -> str:
    return f'<w:spacing w:val="{math.floor(points * 20)}"/>'


def _line(page: Page, cell: Cell) -> Iterator[word.Cell]:
    yield word.Cell(cell.label_width, _label(cell.label), side=LABEL_SIDE)
    is_small = cell.size < BODY
    if cell.kind in _CENTRED:
        style = "QmsSmallCentred" if is_small else "QmsCentred"
    else:
        style = "QmsSmall" if is_small else "QmsValue"
    yield word.Cell(cell.value_width, _value(page, cell.field, cell.expression, style))


def _value(page: Page, field: str, expression: str, style: str) -> str:
    """What was corrected, struck, before what holds now; below it why a derived value is so."""
    past = (run(f"{{% for was in past.{field} %}}"), run("{{ was.text }}", style="QmsOld"))
    now = run(f"{{{{ was.mark }}}} {{% endfor %}}{{{{ {expression} }}}}")
    text = paragraph(style, *past, now)
    if field not in page.reasoned:
        return text
    why = paragraph("QmsWhy", run(f"{{{{ why.{field} }}}}"))
    return f"{text}{word.block_tag(f'{{%p if why.{field} %}}', 'QmsWhy')}{why}{word.block_tag('{%p endif %}', 'QmsWhy')}"


def _long_text(page: Page, block: LongText) -> Iterator[word.Row]:
    if block.beside:
        value = _value(page, block.field, block.expression, "QmsValue")
        cells = (word.Cell(LABEL, _label(block.label), side=LABEL_SIDE), word.Cell(WIDTH - LABEL, value))
        yield word.Row(cells, page.room(block.field), splits=True)
        return
    yield _bar(page, block.label.text)
    text = _value(page, block.field, block.expression, "QmsText")
    is_signed = bool(block.signed_by)
    yield word.Row((word.Cell(WIDTH, text, align="top", open_below=is_signed),), page.room(block.field), splits=True)
    for position, step in enumerate(block.signed_by, 1):
        signed = word.Cell(
            WIDTH, _signed_line(step), align="bottom", open_above=True, open_below=position < len(block.signed_by)
        )
        yield word.Row((signed,), _height(SIGNED_LINE))


def _signed_line(step: str) -> str:
    act = f"sign.{step}"
    by = f"{{{{ {act}.title }}}}{{{{ labels.colon }}}}{{% if {act}.done %}}{{{{ {act}.by }}}}{{% else %}}{'　' * 9}{{% endif %}}"
    day = (
        f"{{{{ labels.date }}}}{{{{ labels.colon }}}}{{% if {act}.done %}}{{{{ {act}.date }}}}"
        "{% else %}{{ labels.open_date }}{% endif %}"
    )
    return paragraph("QmsSigned", run(f"{by}　　　{day}"))


def _subtitle(page: Page, field: str, title: str) -> word.Row:
    text = paragraph("QmsSub", run(f"{words(title)} {{{{ mark.{field} }}}}"))
    return word.Row((word.Cell(WIDTH, text),), _height(page.level.sub), repeated=True)


def _head(title: str, small: str = "") -> str:
    return paragraph("QmsHead", run(words(title))) + (paragraph("QmsTiny", run(words(small))) if small else "")


def _heads(cells: Sequence[tuple[float, str]]) -> word.Row:
    return word.Row(tuple(word.Cell(width, content, shaded=True, side=HEAD_SIDE) for width, content in cells), repeated=True)


def _loop(tag: str) -> word.Row:
    return word.Row((word.Cell(WIDTH, word.block_tag(tag, "QmsSmall")),))


def _table(page: Page, block: Table) -> Iterator[word.Row]:
    yield _subtitle(page, block.field, block.title)
    first = (block.item_width, "{{ labels.item }}") if block.fixed else (NUMBER_COLUMN, "{{ labels.no }}")
    heads = [(first[0], paragraph("QmsHead", run(first[1])))]
    heads += [(column.width, _head(column.title, "/".join(column.options))) for column in block.columns]
    yield _heads(heads)
    lead = paragraph("QmsValue", run("{{ row.title }}")) if block.fixed else paragraph("QmsSmallCentred", run("{{ row.no }}"))
    cells = [word.Cell(first[0], lead), *(_table_cell(column) for column in block.columns)]
    yield _loop(f"{{%tr for row in {block.expression} %}}")
    yield word.Row(tuple(cells), _height(page.level.row))
    yield _loop("{%tr endfor %}")


def _table_cell(column: Column) -> word.Cell:
    style = "QmsDate" if column.kind is Kind.DATE else "QmsSmallCentred" if column.kind in _CENTRED_IN_ROWS else "QmsSmall"
    side = HEAD_SIDE if column.kind in _CENTRED_IN_ROWS else word.SIDE
    return word.Cell(column.width, paragraph(style, run(f"{{{{ {column.expression} }}}}")), side=side)


def _matrix(page: Page, block: Matrix) -> Iterator[word.Row]:
    yield _subtitle(page, block.field, block.title)
    heads = [(block.item_width, paragraph("QmsHead", run("{{ labels.item }}")))]
    cells = [word.Cell(block.item_width, paragraph("QmsValue", run("{{ row.title }}")))]
    for grade in block.grades:
        heads.append((block.grade_width, _head("\n".join(grade.lines), grade.score or "")))
        tick = run(f"{{{{ row.tick.{block.column}.{grade.key} }}}}")
        cells.append(word.Cell(block.grade_width, paragraph("QmsSmallCentred", tick)))
    if block.remark is not None:
        heads.append((block.remark.width, _head(block.remark.title)))
        cells.append(_table_cell(block.remark))
    yield _heads(heads)
    yield _loop(f"{{%tr for row in {block.expression} %}}")
    yield word.Row(tuple(cells), _height(page.level.row))
    yield _loop("{%tr endfor %}")


def _place(cell: SigningCell) -> str:
    """Title and name; signed electronically: when, and the mark; else a line to sign on and one for the date."""
    act = cell.expression
    taken = run(f"{{% if not {act}.mark %}}　{{{{ {act}.by }}}}{{% endif %}}", style="QmsFilled")
    day = f"{{{{ labels.date }}}}{{{{ labels.colon }}}}{{% if {act}.done %}}{{{{ {act}.date }}}}{{% endif %}}"
    return "".join(
        (
            paragraph("QmsPlace", run(f"{{{{ {act}.title }}}}{{{{ labels.slash_date }}}}"), taken),
            word.block_tag(f"{{%p if {act}.mark %}}", "QmsName"),
            paragraph("QmsName", run(f"{{{{ {act}.by }}}}")),
            paragraph("QmsMark", run(f"{{{{ labels.signed_electronically }}}} {{{{ {act}.stamp }}}}　{{{{ {act}.mark }}}}")),
            word.block_tag("{%p else %}", "QmsName"),
            paragraph("QmsSignature", run("{{ labels.signature }}{{ labels.colon }}")),
            paragraph("QmsFoot", run(day)),
            word.block_tag("{%p endif %}", "QmsName"),
        )
    )


def _header(document: Document, page: Page) -> None:
    """Company and number of the form on every page; behind the text the state, where it has to be seen."""
    header = document.sections[0].header
    line = header.paragraphs[0]._p
    grey = word.watermark("{{ status }}", colour="#e0e0e0", width=58, height=22, turned=325, place=_MIDDLE)
    red = word.watermark("{{ status }}", colour="#c00000", width=30, height=11, turned=345, place=_CORNER)
    company = run("{{ organisation }}", properties='<w:sz w:val="24"/>')
    form = run("{{ labels.form_number }}{{ labels.colon }}{{ form }}　{{ labels.revision }}{{ labels.colon }}{{ revision }}")
    pieces = (
        run("{% if logo %}"), run("{% endif %}"), company, word.tab(), form,
        run("{% if void %}"), red, run("{% elif status %}"), grey, run("{% endif %}"),
    )  # fmt: skip
    at_least = f'<w:spacing w:before="0" w:after="0" w:line="{word.twips(5.5)}" w:lineRule="atLeast"/>'
    made = _parsed(paragraph("QmsTop", *pieces, properties=at_least))
    line.getparent().replace(line, made)
    drawn = Paragraph(made, header).add_run()
    _picture(drawn, "logo", _grey_png(160, 40), width=40.0, height=10.0)
    made.findall(_RUN)[0].addnext(drawn._r)


def _footer(document: Document) -> None:
    footer = document.sections[0].footer
    line = footer.paragraphs[0]._p
    labelled = "{{{{ labels.{0} }}}}{{{{ labels.colon }}}}{{{{ foot.{0} }}}}"
    count = (run("{{ labels.page }}"), word.field("PAGE"), run("{{ labels.of }}"), word.field("NUMPAGES"))
    state = (
        word.block_tag("{%p if status %}", "QmsFootRight"),
        paragraph("QmsFootRight", run("{{ status }}")),
        word.block_tag("{%p endif %}", "QmsFootRight"),
    )
    columns = (
        (40.0, paragraph("QmsFoot", run(labelled.format("retention")))),
        (40.0, paragraph("QmsFoot", run(labelled.format("department")))),
        (36.0, paragraph("QmsFootCentred", *count, run("{{ labels.pages }}"))),
        (37.0, paragraph("QmsFootRight", run("{{ labels.check }} {{ foot.check }}\n{{ number }}")) + "".join(state)),
        (17.0, paragraph("QmsFootRight", properties='<w:spacing w:line="240" w:lineRule="auto"/>')),
    )
    made = _parsed(word.plain_table(columns))
    line.addprevious(made)
    line.getparent().replace(line, _parsed(paragraph("QmsJoint")))
    last = made.findall(f".//{_PARAGRAPH}")[-1]
    _picture(Paragraph(last, footer).add_run(), "qr", mark.qr_png(_EXAMPLE), width=mark.SIDE, height=mark.SIDE)


def _picture(drawn: Run, name: str, data: bytes, *, width: float, height: float) -> None:
    """Puts in a picture that every record replaces, which is known by its description."""
    drawn.add_picture(io.BytesIO(data), Mm(width), Mm(height))
    for found in drawn._r.iter(_DRAWING):
        found.set("name", name)
        found.set("descr", name)


def _grey_png(width: int, height: int) -> bytes:
    """A light grey rectangle, where the company's logo will be."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    lines = (b"\0" + b"\xdd" * width) * height
    head = struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
