"""The page of a form as a Word template for docxtpl, from the same blocks as every other medium."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from docx.document import Document
from docx.oxml.ns import qn
from docx.shared import Mm
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from qmsdocs.base.language import Language
from qmsdocs.render import mark, measure, word
from qmsdocs.render.blocks import WIDTH
from qmsdocs.render.docx_blocks import LABEL_SIZE, Page, frame
from qmsdocs.render.docx_file import append, new, parsed, set_page, steady
from qmsdocs.render.layout import is_spaced
from qmsdocs.render.sheet import UNDATED
from qmsdocs.render.word import paragraph, run

if TYPE_CHECKING:
    from docx.oxml.text.paragraph import CT_P

_EXAMPLE = "0" * 100  # what the placeholder says; about as much as a record's own code
_RUN, _PARAGRAPH, _DRAWING = qn("w:r"), qn("w:p"), qn("wp:docPr")
_MIDDLE = (
    "mso-position-horizontal:center;mso-position-horizontal-relative:margin;"
    "mso-position-vertical:center;mso-position-vertical-relative:margin"
)
_CORNER = (
    "margin-top:58pt;mso-position-horizontal:right;mso-position-horizontal-relative:margin;"
    "mso-position-vertical:absolute;mso-position-vertical-relative:page"
)
_POINT = measure.MILLIMETRES_PER_POINT


def page_template(page: Page) -> bytes:
    """The template of `page` as a Word document; the same page gives the same bytes."""
    document = new(
        word.styles(page.language, _styles(page)),
        title="{{ title }} {{ number }}",
        author="{{ organisation }}",
        subject="{{ form }} {{ revision }}",
        created=UNDATED,
        spaces=word.SPACE,
    )
    set_page(document.sections[0], margins=(22, 15, 32, 25), header=15, footer=15)
    append(document, _body(page), word.SPACE)
    _header(document)
    _footer(document)
    return steady(document)


def _styles(page: Page) -> tuple[word.Style, ...]:
    level = page.level
    middle, end = WIDTH / 2, WIDTH
    spaced = 0.35 * 18 if is_spaced(page.layout.title) else 0.0
    row, small = level.line, level.small
    label, head = LABEL_SIZE[page.language], 9.0 if page.language is Language.ZH else 7.5
    pen = max(14.0, (level.sign - 2 * level.gap) / _POINT - 25)  # what the title and the date leave
    return (
        word.Style("QmsTop", "页眉行", "Top line", 9, 12, tabs=(("right", end),)),
        word.Style("QmsTitle", "表单标题", "Form title", 18, 8 / _POINT, sans=True, align="center", spaced=spaced,
                   before=level.above / _POINT, after=level.below / _POINT),
        word.Style("QmsNumbers", "编号行", "Numbers", 10.5, 5.5 / _POINT, tabs=(("center", middle), ("right", end))),
        word.Style("QmsBar", "栏目", "Section", 10.5, row, sans=True, bold=True, keeps=True),
        word.Style("QmsSub", "表题", "Table title", 10.5, row, sans=True, keeps=True),
        word.Style("QmsLabel", "标签", "Label", label, min(level.label, label + 2), sans=True, align="center"),
        word.Style("QmsValue", "内容", "Value", 10.5, row),
        word.Style("QmsCentred", "内容 居中", "Value centred", 10.5, row, align="center"),
        word.Style("QmsSmall", "内容 小五", "Value small", 9, small),
        word.Style("QmsSmallCentred", "内容 小五居中", "Value small centred", 9, small, align="center"),
        word.Style("QmsDate", "内容 日期", "Value date", 9, small, align="center", spaced=-0.3),
        word.Style("QmsText", "正文栏", "Long text", 10.5, 16),
        word.Style("QmsWhy", "理由", "Reason", 7.5, 10),
        word.Style("QmsHead", "表头", "Table head", head, head + 2.5, sans=True, align="center", keeps=True),
        word.Style("QmsTiny", "表头 小六", "Table head small", 6.5, 8, align="center", keeps=True),
        word.Style("QmsSigned", "签字行", "Signing line", 10.5, 14, align="right"),
        word.Style("QmsPlace", "签字栏", "Signing place", label, 12, sans=True),
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


def _body(page: Page) -> Iterator[str]:
    yield paragraph("QmsTitle", run("{{ title }}"))
    state = "{% if state %}{{ labels.state }}{{ labels.colon }}{{ state }}{% endif %}"
    number = "{{ labels.record_number }}{{ labels.colon }}{{ number }}{% if blank %}______________{% endif %}"
    receipt = "{% if receipt %}{{ labels.receipt }}{{ labels.colon }}{{ receipt }}{% endif %}"
    yield paragraph("QmsNumbers", run(receipt), word.tab(), run(state), word.tab(), run(number))
    yield from frame(page)
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


def _header(document: Document) -> None:
    """Company and number of the form on every page; behind the text the state, where it has to be seen."""
    header = document.sections[0].header
    line = header.paragraphs[0]._p
    grey = word.watermark("{{ status }}", colour="#e0e0e0", width=58, height=22, turned=325, place=_MIDDLE)
    red = word.watermark("{{ status }}", colour="#c00000", width=26, height=9.5, turned=345, place=_CORNER)
    company = run("{{ organisation }}", properties='<w:sz w:val="24"/>')
    form = "{{ labels.form_number }}{{ labels.colon }}{{ form }}　{{ labels.revision }}{{ labels.colon }}{{ revision }}"
    pieces = (
        run("{% if logo %}"), run("  {% endif %}"), company, word.tab(), run(form),
        run("{% if void %}"), red, run("{% elif status %}"), grey, run("{% endif %}"),
    )  # fmt: skip
    at_least = f'<w:spacing w:before="0" w:after="0" w:line="{word.twips(5.5)}" w:lineRule="atLeast"/>'
    made = parsed(paragraph("QmsTop", *pieces, properties=at_least), word.SPACE)
    line.getparent().replace(line, made)
    drawn = Paragraph(cast("CT_P", made), header).add_run()
    _picture(drawn, "logo", _grey_png(160, 40), 40.0, 10.0)
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
    made = parsed(word.plain_table(columns), word.SPACE)
    line.addprevious(made)
    line.getparent().replace(line, parsed(paragraph("QmsJoint"), word.SPACE))
    last = made.findall(f".//{_PARAGRAPH}")[-1]
    _picture(
        Paragraph(cast("CT_P", last), footer).add_run(), "qr", mark.qr_png(_EXAMPLE), width=mark.SIDE, height=mark.SIDE
    )


def _picture(drawn: Run, name: str, data: bytes, width: float, height: float) -> None:
    """Puts in a picture that every record replaces, which is known by its description."""
    drawn.add_picture(io.BytesIO(data), Mm(width), Mm(height))
    for found in drawn._r.iter(_DRAWING):
        found.set("name", name)
        found.set("descr", name)
        around = found.getparent()
        if around is not None:
            for side in ("distT", "distB", "distL", "distR"):
                around.set(side, "0")


def _grey_png(width: int, height: int) -> bytes:
    """A light grey rectangle, where the company's logo will be."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    lines = (b"\0" + b"\xdd" * width) * height
    head = struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
