"""The Word page of a record: what the form says, as pages.md draws it, read back by lxml and by LibreOffice."""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import office
import pytest
import sheets
import word_files
from docx import Document
from docx.shared import Mm
from lxml import etree
from test_docx_compiled import HARD, jpeg

from qmsdocs.base.errors import QmsError
from qmsdocs.base.language import Language, Text
from qmsdocs.model.form import FieldType
from qmsdocs.render import layout as pages
from qmsdocs.render.compiled import compile_template
from qmsdocs.render.context import context
from qmsdocs.render.docx import docx, docx_template
from qmsdocs.render.mark import qr_png

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def as_it_is(text: str) -> str:
    return text


def all_text(data: bytes) -> str:
    return "\n".join(word_files.paragraphs(data))


def cell_beside(data: bytes, label: str) -> str:
    """What stands in the cell right of a label."""
    for row in word_files.cells(data):
        for left, right in pairwise(row):
            if left.replace("\n", "") == label:
                return right
    raise AssertionError(label)


@pytest.mark.parametrize("number", sheets.STARTER)
@pytest.mark.parametrize("language", Language)
def test_every_form_is_compiled_and_prints_every_value_of_its_context(number: str, language: Language) -> None:
    sheet = sheets.filled(number, language)
    made = docx(sheet, template=None)
    text = all_text(made)
    for name, words in context(sheet, shown=as_it_is)["f"].items():  # type: ignore[union-attr]
        item = sheet.form.field[name]
        if item.type not in (FieldType.BOOLEAN, FieldType.CHOICE, FieldType.CHOICES, FieldType.SCALE):
            assert str(words) in text, name
    assert compile_template(docx_template(sheet.form, language)).slow is None


@pytest.mark.parametrize("number", sheets.STARTER)
def test_every_option_is_printed_and_the_chosen_ticked(number: str) -> None:
    sheet = sheets.filled(number)
    made = docx(sheet, template=None)
    for cell in (
        cell
        for block in pages.layout(sheet.form, Language.ZH).blocks
        if isinstance(block, pages.Line)
        for cell in block.cells
    ):
        item = sheet.form.field[cell.field]
        if item.type in (FieldType.CHOICE, FieldType.CHOICES):
            printed = cell_beside(made, cell.label.text)
            value = sheet.values.get(cell.field, sheet.derived.get(cell.field))
            chosen = value if isinstance(value, list) else [value]
            for key, choice in sheet.form.choices_of(item).items():
                assert f"{'☑' if key in chosen else '☐'}{choice.text.zh}" in printed


def test_a_matrix_is_ticked_under_its_grades() -> None:
    made = docx(sheets.filled("QR-14-01"), template=None)
    head = next(row for row in word_files.cells(made) if row[0] == "项目")
    assert [cell.replace("\n", "") for cell in head] == [
        "项目",
        "非常满意100",
        "满意80",
        "基本满意60",
        "不满意30",
        "很不满意0",
        "说明",
    ]
    ticked = [row.index("√") for row in word_files.cells(made) if "√" in row]
    assert ticked == [1, 2, 3, 4, 5, 1, 2, 3]


def test_a_blank_is_empty_and_a_record_is_not() -> None:
    blank, issued = (
        docx(sheet, template=None)
        for sheet in (sheets.blank("QR-14-04"), replace(sheets.filled("QR-14-04"), values={}, derived={}))
    )
    assert cell_beside(blank, "客户姓名") == ""
    assert cell_beside(issued, "客户姓名") == "/"
    assert "☑" not in all_text(blank)
    assert "签字：" in all_text(blank)


def test_a_correction_is_seen_struck_numbered_and_explained() -> None:
    sheet = sheets.amended(sheets.filled("QR-14-04"), "phone", "13800004321", reason="号码听错")
    sheet = sheets.amended(sheet, "phone", "13800009999", number=2, reason="又听错")
    made = docx(sheet, template=None)
    assert cell_beside(made, "联系电话") == "13800004321① 13800009999② 13800001234"
    assert word_files.struck(made) == ["13800004321", "13800009999"]
    assert any(line.startswith("① 2026-11-23 王芳") and "号码听错" in line for line in word_files.paragraphs(made))
    assert word_files.struck(docx(sheets.filled("QR-14-04"), template=None)) == []


def test_who_signed_electronically_and_who_has_yet_to_sign() -> None:
    made = docx(sheets.filled("QR-14-04"), template=None)
    assert any(
        re.search(r"王芳（代 李明）\n电子签名 2026-11-25 18:05　9f2c7a1b", cell)
        for row in word_files.cells(made)
        for cell in row
    )
    assert "登记人/日期　王芳\n签字：\n日期：2026年11月21日" in [cell for row in word_files.cells(made) for cell in row]


def test_head_and_foot_say_which_paper_it_is() -> None:
    sheet = replace(sheets.filled("QR-14-04"), status=Text("试行", "Trial"))
    made = docx(sheet, template=None)
    assert word_files.paragraphs(made, "word/header1.xml")[0] == "绿源置业有限公司\t表单编号：QR-14-04　版次：A/0"
    foot = word_files.paragraphs(made, "word/footer1.xml")
    assert "保存期限：关闭后3年" in foot
    assert "保存部门：客户服务部" in foot
    assert "核验码 9F2C-7A1B\nTS-HZ-2026-0014" in foot
    root = etree.fromstring(word_files.parts_of(made)["word/footer1.xml"])
    assert [found.text.strip() for found in root.iter(f"{_W}instrText")] == ["PAGE", "NUMPAGES"]
    assert b'string="\xe8\xaf\x95\xe8\xa1\x8c"' in word_files.parts_of(made)["word/header1.xml"]
    assert b"textpath" not in word_files.parts_of(docx(sheets.filled("QR-14-04"), template=None))["word/header1.xml"]
    assert word_files.paragraphs(made)[:2] == [
        "客户投诉处理记录",
        "受理号：7K3F-92\t状态：已结案\t记录编号：TS-HZ-2026-0014",
    ]


def test_the_code_is_the_records_own_and_15_millimetres_wide() -> None:
    sheet = sheets.filled("QR-14-04")
    parts = word_files.parts_of(docx(sheet, template=None))
    assert parts["word/media/qmsdocs-qr.png"] == qr_png(sheet.payload)
    extent = next(etree.fromstring(parts["word/footer1.xml"]).iter("{*}extent"))
    assert (int(extent.get("cx")), int(extent.get("cy"))) == (Mm(15), Mm(15))


def test_the_logo_is_shown_in_shape_or_not_at_all() -> None:
    sheet = sheets.filled("QR-04-01")
    without = word_files.parts_of(docx(sheet, template=None))
    assert b"<w:drawing" not in without["word/header1.xml"]
    parts = word_files.parts_of(docx(replace(sheet, logo=jpeg(300, 100)), template=None))
    extent = next(etree.fromstring(parts["word/header1.xml"]).iter("{*}extent"))
    assert (int(extent.get("cx")), int(extent.get("cy"))) == (Mm(30), Mm(10))
    assert parts["word/media/qmsdocs-logo.jpeg"] == jpeg(300, 100)


def test_page_and_faces_are_those_of_the_design() -> None:
    made = docx(sheets.filled("QR-14-04"), template=None)
    section = Document(io.BytesIO(made)).sections[0]
    drawn = (section.page_width, section.page_height, section.left_margin, section.right_margin)
    drawn += (section.header_distance, section.footer_distance)
    assert [round((length or 0) / Mm(1), 1) for length in drawn] == [210, 297, 25, 15, 15, 15]
    parts = word_files.parts_of(made)
    named = re.compile(r'w:(?:ascii|hAnsi|eastAsia|cs)="([^"]*)"')
    faces = {face for name in parts if name.endswith(".xml") for face in named.findall(parts[name].decode())}
    assert faces == {"宋体", "黑体", "Times New Roman", "zh-CN"}
    for table in etree.fromstring(parts["word/document.xml"]).iter(f"{_W}tblGrid"):
        assert sum(int(column.get(f"{_W}w")) for column in table) == 9638


def test_table_heads_are_repeated_and_rows_stay_whole() -> None:
    root = etree.fromstring(word_files.parts_of(docx(sheets.filled("QR-18-02"), template=None))["word/document.xml"])
    found = 0
    for table in root.iter(f"{_W}tbl"):
        rows = table.findall(f"{_W}tr")
        repeated = [row.find(f"{_W}trPr/{_W}tblHeader") is not None for row in rows]
        heads = [at for at, row in enumerate(rows) if word_files.said(next(row.iter(f"{_W}p"))) in ("序号", "项目")]
        if heads:
            found += 1
            assert repeated == [True] * (heads[0] + 1) + [False] * (len(rows) - heads[0] - 1)
            assert all(row.find(f"{_W}trPr/{_W}cantSplit") is not None for row in rows)
    assert found == 6


def hard_sheet(value: str):  # type: ignore[no-untyped-def]
    form = sheets.form_of("QR-04-01")
    texts = [name for name, item in form.field.items() if item.type in (FieldType.TEXT, FieldType.LONG_TEXT)]
    return sheets.filled("QR-04-01", values=sheets.values_of(form) | dict.fromkeys(texts, value))


@pytest.mark.parametrize("value", [value for value in HARD if value], ids=lambda value: ascii(value[:20]))
def test_hard_values_come_out_equal(value: str) -> None:
    made = docx(hard_sheet(value), template=None)
    form = sheets.form_of("QR-04-01")
    found = word_files.paragraphs(made)
    assert value in found  # in its cell, or whole in the annex
    for name, item in form.field.items():
        if item.type is FieldType.TEXT and len(value) < 30 and "\n" not in value:
            assert cell_beside(made, item.title.zh) == value, name


@pytest.mark.parametrize("value", ("a\0b", "\x0b", "\ud800", "\uffff", "a\rb"))
def test_what_no_document_can_hold_is_refused(value: str) -> None:
    with pytest.raises(QmsError, match=r"U\+[0-9A-F]{4}"):
        docx(hard_sheet(value), template=None)


def test_a_template_written_out_and_used_says_the_same() -> None:
    for number in sheets.STARTER:
        text = next(name for name, item in sheets.form_of(number).entered.items() if item.type is FieldType.TEXT)
        sheet = sheets.amended(sheets.filled(number), text, "旧")
        own, derived = (docx(sheet, template=template) for template in (docx_template(sheet.form, Language.ZH), None))
        assert word_files.cells(own) == word_files.cells(derived)
        for part in ("word/header1.xml", "word/footer1.xml"):
            assert word_files.paragraphs(own, part) == word_files.paragraphs(derived, part)


def test_words_of_a_form_that_look_like_tags_are_printed() -> None:
    form = sheets.form_of("QR-04-01")
    name, item = next((name, item) for name, item in form.field.items() if item.type is FieldType.TEXT)
    odd = form.model_copy(
        update={
            "field": {
                **form.field,
                name: item.model_copy(update={"title": Text("{{ a }} {% b %} {# c #} <d> & e", "x")}),
            }
        }
    )
    printed = all_text(docx(sheets.filled("QR-04-01", form=odd), template=None))
    assert "{{a}}{%b%}{#c#}<d>&e" in "".join(printed.split())


def test_the_own_template_of_a_company() -> None:
    document = Document()
    document.add_paragraph("{{ organisation }}:{{ f.customer }} ({{ number }})")
    document.add_paragraph("{% if f.phone %}{{ labels.no }} {{ f.phone }}{% endif %}")
    document.add_paragraph("{%p for box in options.channel %}")
    document.add_paragraph("{{ box.box }}{{ box.text }}")
    document.add_paragraph("{%p endfor %}")
    made = docx(sheets.filled("QR-14-04"), template=word_files.saved(document))
    assert word_files.paragraphs(made) == [
        "绿源置业有限公司:林玥 (TS-HZ-2026-0014)", "序号 13800001234", "☐来访", "☐电话", "☑书面", "☐网络", "☐退货",
    ]  # fmt: skip
    with pytest.raises(QmsError, match=r'there is no "f\.custmer"') as refused:
        docx(sheets.filled("QR-14-04"), template=word_files.simple("{{ f.custmer }}"))
    assert "customer" in str(refused.value.hint)


def test_a_long_text_stands_whole_in_the_own_template() -> None:
    value = "水" * 20_000
    form = sheets.form_of("QR-04-01")
    name = next(name for name, item in form.field.items() if item.type is FieldType.LONG_TEXT)
    sheet = sheets.filled("QR-04-01", values={name: value})
    assert word_files.paragraphs(docx(sheet, template=word_files.simple(f"{{{{ f.{name} }}}}"))) == [value]


PROGRAM = """
import hashlib, sheets
from qmsdocs.base.language import Language
from qmsdocs.render.docx import docx, docx_template
digest = hashlib.sha256()
for number in ("QR-14-04", "QR-14-01", "QR-18-02"):
    digest.update(docx(sheets.filled(number), template=None))
    digest.update(docx_template(sheets.form_of(number), Language.EN))
print(digest.hexdigest())
"""


def test_other_processes_make_the_same_bytes() -> None:
    folder = Path(__file__).parent
    paths = os.pathsep.join((str(folder), *sys.path))
    seen = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": paths, "TZ": zone},
            check=True, capture_output=True, text=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("77", "America/New_York"))
    }  # fmt: skip
    assert len(seen) == 1


def test_the_same_record_twice_is_the_same_document() -> None:
    sheet = sheets.filled("QR-14-03")
    one, two = (hashlib.sha256(docx(sheet, template=None)).hexdigest() for _ in range(2))
    assert one == two


def test_libreoffice_shows_the_same_values_on_the_pages_there_should_be(tmp_path: Path) -> None:
    for number, most in zip(sheets.STARTER, (*(1,) * 11, 4), strict=True):
        path = tmp_path / f"{number}.docx"
        path.write_bytes(docx(sheets.filled(number), template=None))
        pdf = office.convert(path, "pdf", tmp_path)
        facts = subprocess.run(["pdfinfo", pdf], check=True, capture_output=True, text=True).stdout
        assert int(re.search(r"Pages:\s+(\d+)", facts)[1]) <= most, number  # type: ignore[index]


def test_libreoffice_reads_hard_values_as_they_are(tmp_path: Path) -> None:
    shown = [value for value in HARD if not set(value) & set("\u202e\u2028\u0085")]  # what its text export turns round
    template = compile_template(word_files.simple("{%p for value in values %}", "[{{ value }}]", "{%p endfor %}"))
    path = tmp_path / "hard.docx"
    path.write_bytes(template.render({"values": shown}, given={}))
    text = office.convert(path, "txt:Text (encoded):UTF8", tmp_path).read_text("utf-8-sig")
    for value in shown:
        assert f"[{value}]" in text, ascii(value[:40])
