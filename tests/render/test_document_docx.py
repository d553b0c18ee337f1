"""The pages of a controlled document as Word: the same words as the PDF, real headings, controls that bring tags back."""

from __future__ import annotations

import io
import re
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path

import documents
import office
import pytest
from docx import Document
from lxml import etree
from word_files import parts_of, said

from qmsdocs.base.errors import QmsError
from qmsdocs.base.language import Language
from qmsdocs.render import opc
from qmsdocs.render.chart_text import parse_chart
from qmsdocs.render.document_docx import document_docx
from qmsdocs.render.document_sheet import DocumentSheet, Standing
from qmsdocs.render.prose import Drawing, Grid, Heading, Paragraph, Picture, Span, SpanKind, Surroundings
from qmsdocs.render.prose_parser import blocks

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
NOTATION = "接到投诉 -> 登记 -> 判定?\n判定 -重大-> 上报\n判定 -一般-> (结案)\n上报 -> 结案"
BODY = """# 目的

投诉须在 {{ p.visit_within }}内回访，按 [QP-14] 办理。**加粗** <b>不是标签</b>

# 程序

- 核对资料
- 登记台账
  1. 编号
  2. 日期

表: 时限

| 步骤 | 时限 |
| --- | --- |
| 受理 | 1小时 |

## 现场

![现场照片](QD-14-02/1.jpg)

见<https://example.com/a>，
```
原样  文字
```
"""


def sheet(body: str = BODY) -> DocumentSheet:
    """A short document with one of everything, in force as a numbered copy."""
    around = Surroundings({"visit_within": "12小时"}, {"QP-14": "客户服务管理程序"})
    text = blocks(body, around, source="QD-14-02.md")
    drawing = Drawing(parse_chart(NOTATION, source="a", line=1), "投诉流程", 2, f"chart 投诉流程\n{NOTATION}\n")
    rules = Grid(((Span("级别"),),), (((Span("重大"),),),), "级别", 2, source="rules QR-14-04 level\n")
    pictures = {"QD-14-02/1.jpg": documents.photograph(1, 300)}
    return replace(documents.sheet(body="文\n"), blocks=(*text, drawing, rules), pictures=pictures)


@pytest.fixture(scope="module")
def made() -> bytes:
    """The short document."""
    return document_docx(sheet())


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The pages of a rule and of a manual as LibreOffice lays them out, as text."""
    folder = tmp_path_factory.mktemp("printed")
    sheets = {
        "rule": documents.sheet(),
        "manual": documents.manual(10, standing=Standing.SUPERSEDED),
    }
    for name, made in sheets.items():
        (folder / f"{name}.docx").write_bytes(document_docx(made))
    office.convert(folder / "rule.docx", "pdf", folder)
    office.convert(folder / "manual.docx", "pdf", folder)
    return {name: pages(folder / f"{name}.pdf") for name in sheets}


def pages(pdf: Path) -> list[str]:
    """The text of each page without spaces."""
    text = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, check=True).stdout.decode()
    return [re.sub(r"[ 　]", "", page) for page in text.split("\f")[:-1]]


def part(data: bytes, name: str = "word/document.xml") -> etree._Element:
    """A part of a document."""
    return etree.fromstring(parts_of(data)[name])


def paragraphs(data: bytes) -> list[tuple[str, str]]:
    """Style and words of every paragraph of the text."""
    found = []
    for paragraph in part(data).iter(f"{W}p"):
        style = paragraph.find(f"{W}pPr/{W}pStyle")
        found.append((str(style.get(f"{W}val")) if style is not None else "", said(paragraph)))
    return found


def controls(data: bytes) -> dict[str, str]:
    """What every content control with a tag holds."""
    found = {}
    for control in part(data).iter(f"{W}sdt"):
        tag = control.find(f"{W}sdtPr/{W}tag")
        if tag is not None:
            found[str(tag.get(f"{W}val"))] = "".join(text.text or "" for text in control.iter(f"{W}t"))
    return found


def test_every_word_of_the_text_stands_in_its_style(made: bytes) -> None:
    text = [item for item in paragraphs(made) if item[1]]
    assert ("Heading1", "1　目的") in text
    assert ("Heading1", "2　程序") in text
    assert ("Heading2", "2.1　现场") in text
    assert ("QmsBody", "投诉须在12小时内回访，按QP-14办理。加粗 <b>不是标签</b>") in text
    assert [words for style, words in text if style == "QmsItem"] == ["核对资料", "登记台账", "编号", "日期"]
    assert ("QmsCaption", "表1　时限") in text
    assert [words for style, words in text if style in ("QmsHead", "QmsCell", "QmsCellCentred")][:4] == [
        "步骤",
        "时限",
        "受理",
        "1小时",
    ]
    assert ("QmsCaption", "图1　现场照片") in text
    assert ("QmsCaption", "图2　投诉流程") in text
    assert ("QmsVerbatim", "原样  文字") in text


def test_headings_are_those_that_word_knows(made: bytes) -> None:
    styles = {str(style.get(f"{W}styleId")): style for style in part(made, "word/styles.xml").iter(f"{W}style")}
    for level in (1, 2, 3):
        style = styles[f"Heading{level}"]
        name, outline = style.find(f"{W}name"), style.find(f"{W}pPr/{W}outlineLvl")
        assert name is not None and name.get(f"{W}val") == f"heading {level}"
        assert outline is not None and outline.get(f"{W}val") == str(level - 1)
    used = {style for style, _ in paragraphs(made)}
    assert used <= styles.keys()


def test_lists_are_lists_of_word_and_begin_anew(made: bytes) -> None:
    root = part(made)
    found = [
        (str(number.find(f"{W}ilvl").get(f"{W}val")), str(number.find(f"{W}numId").get(f"{W}val")))  # type: ignore[union-attr]
        for number in root.iter(f"{W}numPr")
    ]
    assert found == [("0", "1"), ("0", "1"), ("1", "2"), ("1", "2")]
    begun = [
        (str(num.get(f"{W}numId")), str(level.get(f"{W}ilvl")), [str(start.get(f"{W}val")) for start in level])
        for num in part(made, "word/numbering.xml").iter(f"{W}num")
        for level in num.iter(f"{W}lvlOverride")
    ]
    assert begun == [("1", "0", ["1"]), ("2", "1", ["1"])]


def test_tags_and_fences_are_content_controls_an_import_can_read(made: bytes) -> None:
    found = controls(made)
    assert found["p.visit_within"] == "12小时"
    assert found["ref:QP-14"] == "QP-14"
    assert found["block:rules QR-14-04 level"] == "表2　级别级别重大"
    assert "图2　投诉流程" in found["block:chart 投诉流程"]
    assert {"qms:cover", "qms:records"} <= found.keys()
    descriptions = [str(one.get("descr")) for one in part(made).iter("{*}docPr")]
    assert descriptions == ["现场照片", NOTATION]
    again = parse_chart(descriptions[1], source="a", line=1)
    assert again == parse_chart(NOTATION, source="a", line=1)


def test_words_that_lead_on_to_a_table_stay_with_it() -> None:
    text = blocks(
        "说明。\n\n写明理由：\n\n|甲|\n|-|\n|乙|\n\n- 记下：\n\n  如下:\n\n  - 时间\n", Surroundings(), source="a.md"
    )
    root = part(document_docx(replace(sheet(), blocks=text)))
    kept = {said(one): one.find(f"{W}pPr/{W}keepNext") is not None for one in root.iter(f"{W}p")}
    assert {words: kept[words] for words in ("说明。", "写明理由：", "记下：", "如下:", "时间")} == {
        "说明。": False,
        "写明理由：": True,
        "记下：": True,
        "如下:": True,
        "时间": False,
    }


def test_the_titles_of_listed_documents_begin_at_the_left_and_their_numbers_stand_in_the_middle() -> None:
    found = paragraphs(document_docx(documents.lists()))
    assert {("QmsCellCentred", "QR-18-02"), ("QmsCell", "8D报告")} <= set(found)
    assert {("QmsCellCentred", "QD-14-0204-03-2026"), ("QmsCell", "收房程序")} <= set(found)


def test_a_long_name_and_a_long_state_break_where_words_end() -> None:
    long = replace(
        sheet(),
        organisation="杭州云栖物业服务集团有限公司",
        standing=Standing.APPROVED,
        number="GT/QR·10-01-2026",
        copy=None,
    )
    files = parts_of(document_docx(long))
    lines = [
        re.sub(r"<w:br/>", "\n", text.decode()) for name, text in files.items() if re.search("/(header|footer)", name)
    ]
    words = [re.sub("<[^>]+>", "", line) for line in lines]
    assert any("杭州云栖物业服务\n集团有限公司" in text for text in words)
    assert any(re.search(r"已批准，待实施\nGT/QR·10-01-2026 A/1\n", text) for text in words)


def test_a_tag_is_no_longer_than_word_bears() -> None:
    long = "很长的标题" * 30
    drawing = Drawing(parse_chart(NOTATION, source="a", line=1), long, 1, f"chart {long}\n{NOTATION}")
    tags = controls(document_docx(replace(sheet(), blocks=(drawing,))))
    assert all(len(tag) <= 64 for tag in tags)
    assert any(tag.startswith("block:chart 很长的标题") for tag in tags)


def test_the_contents_are_a_field_that_is_filled_in(made: bytes) -> None:
    root = part(made)
    instructions = ["".join(element.itertext()).strip() for element in root.iter(f"{W}instrText")]
    assert instructions[0].startswith("TOC ")
    listed = [words for style, words in paragraphs(made) if style.startswith("TOC")]
    assert [line.split("\t")[0] for line in listed] == ["1　目的", "2　程序", "2.1　现场"]
    marks = {str(mark.get(f"{W}name")) for mark in root.iter(f"{W}bookmarkStart")}
    aimed = {str(link.get(f"{W}anchor")) for link in root.iter(f"{W}hyperlink")}
    assert aimed and aimed <= marks
    kinds = [str(mark.get(f"{W}fldCharType")) for mark in root.iter(f"{W}fldChar")]
    assert kinds.count("begin") == kinds.count("end") == kinds.count("separate") == len(instructions)


def listed(text: list[str]) -> list[tuple[str, int]]:
    """The entries of the table of contents, with their page."""
    found = (re.findall(r"^(第\d+章.*?|[\d.]+[^\d.…].*?)\.{3,}(\d+)$", page, re.MULTILINE) for page in text)
    return [(re.sub(r"QM-01-.*", "", title), int(number)) for entries in found for title, number in entries]


@pytest.mark.parametrize("name", ["rule", "manual"])
def test_contents_and_pages_agree(printed: dict[str, list[str]], name: str) -> None:
    text = printed[name]
    entries = listed(text)
    assert len(entries) >= 5
    assert [title for title, number in entries if title not in text[number - 1]] == []


@pytest.mark.parametrize("name", ["rule", "manual"])
def test_each_page_says_what_it_belongs_to(printed: dict[str, list[str]], name: str) -> None:
    count = len(printed[name])
    for number, page in enumerate(printed[name], 1):
        assert f"第{number}页共{count}页" in page
        assert "未经批准不得复印" in page
        assert "9F2C-7A1B" in page
        if number > 1:
            assert "绿源置业有限公司" in page
            assert re.search("文件编号(QD-14-02|QM-01)|编号(QM-01)", page)


def test_the_cover_stands_on_one_page(printed: dict[str, list[str]]) -> None:
    cover = printed["rule"][0]
    for words in (
        "受控文件",
        "分发号：03",
        "客户投诉处理规定",
        "版次/修订次：A/1",
        "工程部陈磊",
        "赵磊",
        "发布日期：2026年11月21日",
    ):
        assert words in cover
    assert "修订记录" in printed["rule"][1]
    assert "首次发布" in printed["rule"][1] and "周婷2026-11-24" in printed["rule"][1]


def test_a_chapter_has_its_own_block_and_begins_a_page(printed: dict[str, list[str]]) -> None:
    text = printed["manual"]
    first, second = (
        next(at for at, page in enumerate(text) if f"第{n}章" in page and "目录" not in page) for n in (1, 2)
    )
    assert "QM-01-01" in text[first] and "QM-01-02" not in text[first]
    assert "QM-01-02" in text[second] and "客户服务手册" in text[second]
    assert first < second
    assert all("QM-01-01" in page for page in text[first:second])


def test_a_superseded_manual_says_so_on_each_page(printed: dict[str, list[str]]) -> None:
    assert all("作废" in page for page in printed["manual"])


@pytest.mark.parametrize(
    ("standing", "across", "foot"),
    [
        (Standing.DRAFT, "草稿", "草稿"),
        (Standing.TRIAL, "试行", "试行"),
        (Standing.APPROVED, "待实施", "已批准，待实施"),
        (Standing.IN_FORCE, "非受控 仅供参考", "非受控"),
        (Standing.SUPERSEDED, "作废", "作废"),
        (Standing.KEPT, "作废保留", "作废保留"),
        (Standing.WITHDRAWN, "作废", "作废"),
    ],
)
def test_how_it_stands_is_written_across_and_below_each_page(standing: Standing, across: str, foot: str) -> None:
    data = document_docx(replace(sheet(), standing=standing, copy=None))
    names = parts_of(data)
    headers = [part(data, name) for name in names if re.fullmatch(r"word/header\d\.xml", name)]
    footers = [part(data, name) for name in names if re.fullmatch(r"word/footer\d\.xml", name)]
    assert len(headers) == len(footers) == 2
    for root in headers:
        assert [str(path.get("string")) for path in root.iter("{*}textpath") if path.get("string")] == [across]
    for root in footers:
        assert f"{foot}　QD-14-02 A/1" in "".join(text.text or "" for text in root.iter(f"{W}t"))
    assert "受控文件" not in [words for _, words in paragraphs(data)]


def test_a_numbered_copy_bears_its_stamp_and_nothing_across(made: bytes) -> None:
    assert ("QmsStamp", "受控文件") in paragraphs(made)
    assert not any(list(part(made, f"word/header{number}.xml").iter("{*}textpath")) for number in (1, 2))


def test_the_cells_of_the_block_are_those_of_the_company() -> None:
    root = part(document_docx(replace(sheet(), header=documents.S14)), "word/header2.xml")
    rows = [[said(cell) for cell in row.iter(f"{W}tc")] for row in root.iter(f"{W}tr")]
    assert [row[2:] for row in rows] == [
        ["编号", "QD-14-02"],
        ["版次", "A"],
        ["修订次", "1"],
        ["页码", "第1页　共1页"],
        ["密级", "内部"],
        ["生效日期", "2026年12月01日"],
    ]
    assert [row[:2] for row in rows[:2]] == [["绿源置业有限公司", "管理规定"], ["", "客户投诉处理规定"]]


def test_the_same_sheet_gives_the_same_bytes_and_is_dated_by_its_signatures(made: bytes) -> None:
    assert document_docx(sheet()) == made
    said = Document(io.BytesIO(made)).core_properties
    assert said.subject == sheet().payload
    assert said.title == "客户投诉处理规定 QD-14-02 A/1"
    assert str(said.created) == str(said.modified) == "2026-11-21 08:05:00+00:00"
    unsigned = replace(sheet(), prepared=(), reviewed=(), countersigned=(), approved=(), released_on=date(2026, 1, 2))
    assert str(Document(io.BytesIO(document_docx(unsigned))).core_properties.created) == "2026-01-02 00:00:00+00:00"


def test_the_program_takes_its_own_file(made: bytes) -> None:
    assert "word/document.xml" in opc.read(made, source="own.docx")
    chinese = {str(fonts.get(f"{W}eastAsia")) for fonts in part(made, "word/styles.xml").iter(f"{W}rFonts")}
    latin = {str(fonts.get(f"{W}ascii")) for fonts in part(made, "word/styles.xml").iter(f"{W}rFonts")}
    assert (chinese, latin) == ({"宋体", "黑体"}, {"Times New Roman"})


def test_hostile_words_are_only_words(tmp_path: Path) -> None:
    bad = "\x00\x0b<w:p/>\u2028&]]>\ud800"
    hostile = replace(
        sheet(),
        title=bad,
        organisation=bad,
        number=f"{bad}\"'",
        blocks=(
            Heading(1, "1", (Span(bad),)),
            Paragraph((Span(bad, SpanKind.PARAMETER, target='a"<'), Span("x\ty\nz"))),
            Drawing(parse_chart('A<"> -> B', source="a", line=1), bad, 1, f'chart {bad}"\nA<"> -> B'),
        ),
    )
    data = document_docx(hostile)
    texts = [words for _, words in paragraphs(data)]
    assert "1　[U+0000][U+000B]<w:p/>\n&]]>[U+D800]" in texts
    assert "[U+0000][U+000B]<w:p/>\n&]]>[U+D800]x\ty\nz" in texts
    opc.read(data, source="own.docx")
    (tmp_path / "hostile.docx").write_bytes(data)
    assert office.convert(tmp_path / "hostile.docx", "txt:Text", tmp_path).read_text("utf-8").count("<w:p/>") >= 3


def test_a_picture_that_is_not_there_or_none_is_refused() -> None:
    missing = replace(sheet(), blocks=(Picture("a/b.png", "", 1),), pictures={})
    with pytest.raises(QmsError, match=r"there is no picture a/b\.png"):
        document_docx(missing)
    with pytest.raises(QmsError, match="neither PNG nor JPEG"):
        document_docx(replace(missing, pictures={"a/b.png": b"GIF89a"}))


def test_a_picture_used_twice_is_stored_once() -> None:
    twice = replace(sheet(), blocks=(Picture("QD-14-02/1.jpg", "甲", 1), Picture("QD-14-02/1.jpg", "乙", 2)))
    names = parts_of(document_docx(twice))
    assert sum(name.endswith(".jpeg") for name in names) == 1
    assert sum(name.endswith(".png") for name in names) == 1, "the code in the foot"


def test_an_english_document_speaks_english() -> None:
    data = document_docx(documents.sheet(language=Language.EN))
    text = "\n".join(words for _, words in paragraphs(data))
    assert "Revision history" in text and "Contents" in text and "Prepared" in text
    assert not re.search(r"修订|目录|发放", text)


@pytest.mark.slow
def test_a_manual_of_two_hundred_pages_is_made_within_the_limits(tmp_path: Path) -> None:
    path = tmp_path / "manual.docx"
    path.write_bytes(document_docx(documents.manual(200, chapters=5)))
    text = pages(office.convert(path, "pdf", tmp_path))
    assert len(text) > 150
    assert len(listed(text)) > 50
    assert [title for title, number in listed(text) if title not in text[number - 1]] == []
    assert f"第{len(text)}页共{len(text)}页" in text[-1]
