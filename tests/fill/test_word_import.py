"""Word procedures of ten makers become drafts: what stands in them, what the report says, and that nothing vanishes."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import word_makers as makers
from docx import Document
from lxml import etree
from program import Program, refused
from word_makers import HEADINGS, OUTLINE, bold, cell, field, lists, numbered, p, row, run, style, table, word

from qmsdocs.base.errors import QmsError
from qmsdocs.base.language import Catalogue, Language
from qmsdocs.fill.word_document import Imported, NoteKind, read_word
from qmsdocs.fill.word_draft import markdown_file
from qmsdocs.model.document import DocumentKind, parse_procedure
from qmsdocs.render.document_docx import document_docx
from qmsdocs.render.document_sheet import DocumentSheet, Standing
from qmsdocs.render.prose import Drawing, Grid, Heading, Listing, Paragraph, Span, Surroundings, plain
from qmsdocs.render.prose_parser import blocks

LOST, ALTERED, DOUBT = NoteKind.NOT_CARRIED, NoteKind.ALTERED, NoteKind.DESK_REVIEW
NO_PLACE = "words that found no place"
UNCOUNTED = HEADINGS.replace('<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>', "")


@dataclass(frozen=True)
class Expected:
    """Facts, pieces of the Markdown in order, and pieces of the report."""

    front: Mapping[str, str]
    markdown: tuple[str, ...]
    notes: tuple[tuple[NoteKind, str], ...] = ()


EXPECTED = {
    "classic": Expected(
        {"number": "QH-QP-09", "title": "客户回访管理程序", "revision": "B/2", "effective_on": "2024-03-01", "prepared_by": "孙倩", "approved_by": "曹磊",
         "approved_on": "2024-02-20", "organisation": "青禾家居有限公司"},
        ("# 目的\n", "# 职责\n\n## 客服部\n", "1. 制订回访计划；\n2. 电话回访；\n   1) 工作日九点至十七点；\n   2) 节假日不打扰；\n\n   回访时先报姓名。\n\n3. 登记结果。",
         "- 配合核实\n- 按期整改", "\\*", "\\[方括号\\]", "\\{\\{ 花括号 }}", "表：回访比例\n\n| 类别 | 比例\\|下限 |\n| --- | --- |\n| 交付 | 100 % |",
         "![回访流程](QH-QP-09/picture-1.png)"),
        ((LOST, "page footer: 未经批准 不得复印"), (ALTERED, "table of contents is left out"), (ALTERED, "in the Word file they begin: 1）")),
    ),
    "wps": Expected(
        {"number": "QH-WI-021", "title": "派工与验收作业指导书", "revision": "1.0", "reviewed_by": "葛明"},
        ("# 目的\n", "# 派工\n\n## 开单\n", "## 接单\n\n维修员在**十五分钟**内接单；**超时**：由值班员改派。", "# 验收\n"),
    ),
    "typed": Expected(
        {"number": "QH/QD·07-03", "title": "客户信息管理规定", "revision": "A/1", "released_on": "2023-05-06", "prepared_by": "孙倩"},
        ("# 职责\n\n3.1客服部负责收集", "# 工作程序\n\n## 收集\n", "1）姓名和电话；", "## 更新\n", "### 电话变更\n", "# 相关记录\n\n5.1 《客户档案》 QH-QR-07-01"),
    ),
    "chapters": Expected(
        {"number": "QHZD-11", "title": "客户意见管理制度"},
        ("# 总则\n\n第一条 为了", "# 受理与答复\n\n## 受理\n\n第三条 ", "## 答复\n\n第五条 ", "# 附则\n\n第十一条 本制度自公布之日起施行。"),
        ((DOUBT, "nobody is named"),),
    ),
    "traditional": Expected(
        {"number": "TW-CS-05", "title": "顧客抱怨處理程序", "revision": "3.0", "effective_on": "2022-07-01", "prepared_by": "林佳蓉", "approved_by": "張庭"},
        ("# 目的\n", "品質日臻（zhēn）完善", "# 程序內容\n\n## 受理\n", "## 調查\n", "# 相關記錄\n"),
        ((ALTERED, "a gloss above the line stands in brackets: zhēn"), (DOUBT, "no name for: reviewed by")),
    ),
    "boxed": Expected(
        {"number": "QH-LC-004", "revision": "2.1", "title": "客户信息处理流程", "approved_by": "范蕾"},
        ("# 流程图\n\n接到来电\n\n登记\n\n能否当场答复？\n\n转责任部门", "完成（当天指受理日二十四点前。），资料见公司网站 (https://qinghe.example/service?a=1&b=2)。", "转出后跟踪到底。"),
        ((LOST, "hidden text: 内部价：八折"), (LOST, "a comment by 何平: 跟踪多久？请写明。"), (LOST, "a drawing of 6 shapes"),
         (ALTERED, "a footnote stands in brackets"), (ALTERED, "a text box stands behind its paragraph: 文件编号：QH-LC-004版本：2.1")),
    ),
    "framed": Expected(
        {"number": "QH-WI-033", "title": "样板房接待指引", "revision": "C/0", "prepared_by": "钱悦", "approved_by": "曹磊"},
        ("# 目的\n", "# 接待\n\n## 迎客\n", "## 讲解\n\n| 区域 | 时间 |\n| --- | --- |\n| 沙盘 | 五分钟 |", "讲解后征求意见。"),
        ((ALTERED, "a table around running text"), (LOST, "header table: 青禾家居有限公司作业文件")),
    ),
    "tracked": Expected(
        {"number": "QH-QP-12", "title": "内部沟通程序"},
        ("使信息及时、准确地传到每一个岗位。", "例会、公告、联系单。周会由部门负责人主持。", "| 例会 | 每周 |", "由综合部督促。"),
        ((LOST, "deleted with tracked changes (葛明): 有关"), (ALTERED, "inserted with tracked changes (葛明): 及时、每一个"),
         (LOST, "an unfilled content control: 单击此处输入文字。")),
    ),
    "merged": Expected(
        {"number": "QH-QP-15", "revision": "A/3", "reviewed_by": "何平"},
        ("# 时限\n\n| 类别 | 时限／本省 | 时限／外省 |\n| --- | --- | --- |\n| 投诉 | 两天 | 五天 |\n| 投诉 | 节假日顺延 | 节假日顺延 |\n| 以上均为工作日 |  |  |",
         "| 重大 | 符合之一：<br>甲<br>十人以上<br>乙<br>媒体曝光 |", "![](QH-QP-15/picture-1.png)"),
        ((ALTERED, "5 merged cells"), (ALTERED, "pictures inside a table"), (ALTERED, "a table inside a cell")),
    ),
    "broken": Expected(
        {"number": "QH-7.2.2", "revision": "2/0", "title": "沟通与服务程序", "effective_on": "2012-06-01", "approved_by": "曹磊"},
        ("# 目的\n", "# 适用范围\n", "{ REF \\_Ref123456 }", "# 职责\n\n# 沟通\n", "并经客服部同意后"),
        ((DOUBT, "the page headers differ: revision is 2/0, 1/1"), (DOUBT, "numbered twice: Word counts 1, and 1 is typed"), (DOUBT, "the numbers jump: 2, then 4"),
         (DOUBT, "the number 4 stands twice"), (DOUBT, "nothing stands in this section"), (DOUBT, "a field code stands as text: PAGE \\* MERGEFORMAT"),
         (DOUBT, "a field code stands as text: { REF _Ref123456 }"), (DOUBT, "a reference that leads nowhere: 错误！未找到引用源"),
         (DOUBT, "the text ends inside a sentence"), (DOUBT, "no name for: prepared by"), (ALTERED, "another number: 4 → 3, 6 → 5")),
    ),
}  # fmt: skip
# What the other office does not write again, or writes another way.
NOT_IN_LIBREOFFICE = ("pictures inside", "a gloss", "deleted with tracked changes (范蕾): 广播")


def read(data: bytes, **options: str) -> Imported:
    return read_word(data, source="程序.docx", **options)


def notes(imported: Imported, kind: NoteKind | None = None) -> list[str]:
    return [str(note.message) for note in imported.notes if kind in (None, note.kind)]


def refusal(data: bytes) -> str:
    with pytest.raises(QmsError) as caught:
        read(data)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def check(imported: Imported, expected: Expected, *, without: tuple[str, ...] = ()) -> None:
    for key, value in expected.front.items():
        assert imported.front.get(key) == value, key
    at = 0
    for piece in expected.markdown:
        found = imported.markdown.find(piece, at)
        assert found >= 0, f"{piece!r} is not in\n{imported.markdown[at:]}"
        at = found
    for kind, said in expected.notes:
        if not said.startswith(without or ("\0",)):
            assert any(said in one for one in notes(imported, kind)), f"{said!r} is not in {notes(imported, kind)}"
    assert not [one for one in notes(imported) if one.startswith(NO_PLACE)]


def written_words(data: bytes) -> set[str]:
    """Every word of two signs or more that a reader of the file sees, found by another way than the importer's."""
    found: set[str] = set()
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        for name in package.namelist():
            if re.fullmatch(r"word/(?:document|header\w*|footer\w*|footnotes)\.xml", name):
                for text in etree.fromstring(package.read(name)).iter("{*}t"):
                    found |= set(re.findall(r"\w{2,}", text.text or ""))
    return found


# ── ten makers


@pytest.mark.parametrize("maker", makers.MAKERS, ids=lambda maker: maker.__name__)
def test_a_procedure_of_each_maker_becomes_a_draft_with_a_truthful_report(maker: makers.Maker) -> None:
    imported = read(maker())
    check(imported, EXPECTED[maker.__name__])
    assert imported.markdown.count("# ") == len(re.findall(r"^#+ ", imported.markdown, re.MULTILINE))


@pytest.mark.parametrize("maker", makers.MAKERS, ids=lambda maker: maker.__name__)
def test_every_word_of_each_maker_is_in_the_draft_or_in_the_report(maker: makers.Maker) -> None:
    data = maker()
    imported = read(data)
    said = re.sub(r"\\(.)", r"\1", imported.markdown) + " ".join(notes(imported)) + " ".join(imported.front.values())
    # labels of the header, and numbers and dates, which the draft says in its own way
    own_way = re.compile(
        r"\d+|[一二三四五六七八九〇]+|第.[章节]|\d{4}年.*|目录|发布|.*日发布|二.*日"
        r"|文件(?:编号|名称|名稱)|版[次本]|修订[次状]态?|页码|生效日期|實施日期|姓名|签字|日期|编制|审核|批准|制度编号|编号"
    )
    for word_ in written_words(data):
        assert own_way.fullmatch(word_) or word_ in said or word_.lstrip("0123456789") in said, word_


@pytest.mark.parametrize("maker", makers.MAKERS, ids=lambda maker: maker.__name__)
def test_the_draft_is_a_document_of_the_program(maker: makers.Maker) -> None:
    imported = read(maker())
    procedure = parse_procedure(markdown_file(imported, source="程序.docx"), source="draft.md")
    assert procedure.front.number == imported.front["number"]
    found = blocks(procedure.body, Surroundings(), source="draft.md")
    headings = [block for block in found if isinstance(block, Heading)]
    assert len(headings) == len(re.findall(r"^#+ ", imported.markdown, re.MULTILINE)) > 1


@pytest.fixture(scope="module")
def saved_again(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All ten, opened and saved by LibreOffice in one go."""
    command = shutil.which("soffice")
    if command is None:
        pytest.skip("LibreOffice is not installed")
    folder = tmp_path_factory.mktemp("saved")
    for maker in makers.MAKERS:
        (folder / f"{maker.__name__}.docx").write_bytes(maker())
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    files = [str(path) for path in sorted(folder.glob("*.docx"))]
    words = [command, profile, "--headless", "--convert-to", "docx", "--outdir", str(folder / "out"), *files]
    subprocess.run(words, check=True, capture_output=True, timeout=180)
    return folder / "out"


@pytest.mark.parametrize("name", EXPECTED)
def test_saved_again_by_another_office_it_reads_the_same(saved_again: Path, name: str) -> None:
    imported = read((saved_again / f"{name}.docx").read_bytes())
    check(imported, EXPECTED[name], without=NOT_IN_LIBREOFFICE)


# ── nothing lost


def test_words_in_a_place_nobody_knows_are_reported() -> None:
    imported = read(word(p("1 目的") + p("看得见的话。") + f"<w:unheardOf>{p('藏在别处的话。')}</w:unheardOf>"))
    assert notes(imported, LOST) == [f"{NO_PLACE}: 藏在别处的话"]


def test_a_word_that_stands_elsewhere_too_is_still_missed() -> None:
    seen = p("投诉由客服部办理，投诉当天登记。")
    assert not [one for one in notes(read(word(p("1 目的") + seen))) if NO_PLACE in one]
    imported = read(word(p("1 目的") + seen + f"<w:unheardOf>{p('投诉由客服部办理，投诉当天登记。')}</w:unheardOf>"))
    assert [one for one in notes(imported, LOST) if NO_PLACE in one]


# ── numbers


def numbered_lines(*items: tuple[int, int], shapes: str, more: str = "") -> list[str]:
    """The paragraphs of a file whose items are (list, level)."""
    body = p("1 目的") + "".join(numbered(f"事项{at}，照办。", *item) for at, item in enumerate(items))
    return read(word(body, parts={"numbering": shapes + more})).markdown.split("\n")[2:-1]


def test_numbers_that_word_counts_are_kept_where_the_draft_does_not_count_them() -> None:
    clauses = (("decimal", "%1"), ("decimal", "%1.%2"))
    found = [line for line in numbered_lines((1, 0), (1, 1), (1, 1), (1, 0), (1, 1), shapes=lists(clauses)) if line]
    assert [line.split(" ")[0] for line in found if "." in line] == ["1.1", "1.2", "2.1"]
    assert found[0].startswith("1 事项0") and found[3].startswith("2 事项3")


@pytest.mark.parametrize(
    ("kind", "labels"),
    [
        ("chineseCounting", ["一", "二", "十", "十一", "二十", "二十一"]),
        ("upperRoman", ["I", "II", "X", "XI", "XX", "XXI"]),
        ("decimalZero", ["01", "02", "10", "11", "20", "21"]),
        ("ideographTraditional", ["甲", "乙", "癸", "甲", "癸", "甲"]),
        ("upperLetter", ["A", "B", "J", "K", "T", "U"]),
    ],
)
def test_each_way_to_count(kind: str, labels: list[str]) -> None:
    found = [line for line in numbered_lines(*[(1, 0)] * 21, shapes=lists(((kind, "第%1款"),))) if line]
    assert [found[at - 1].split(" ")[0] for at in (1, 2, 10, 11, 20, 21)] == [f"第{label}款" for label in labels]


def test_a_list_that_begins_anew_begins_anew() -> None:
    restarted = '<w:num w:numId="9"><w:abstractNumId w:val="1"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num>'
    found = numbered_lines((1, 0), (1, 0), (9, 0), (9, 0), shapes=lists((("decimal", "%1)"),)), more=restarted)
    listings = [one for one in blocks("\n".join(found), Surroundings(), source="x") if isinstance(one, Listing)]
    assert [len(listing.items) for listing in listings] == [2, 2]


def test_a_list_that_does_not_begin_at_one_keeps_its_numbers() -> None:
    shape = lists((("decimal", "%1)"),)).replace('<w:start w:val="1"/>', '<w:start w:val="3"/>')
    assert [line for line in numbered_lines((1, 0), (1, 0), shapes=shape) if line] == [
        "3\\) 事项0，照办。",
        "4\\) 事项1，照办。",
    ]


def test_numbers_of_linked_heading_styles_are_compared_with_what_the_draft_will_count() -> None:
    body = (
        p("目的", style="Heading1")
        + p("一。")
        + p("范围", style="Heading1")
        + p("二。")
        + p("细则", style="Heading3")
        + p("三。")
    )
    imported = read(word(body, parts={"styles": HEADINGS, "numbering": lists(OUTLINE)}))
    assert re.findall(r"^#+ .*", imported.markdown, re.MULTILINE) == ["# 目的", "# 范围", "## 细则"]
    assert "a level of headings is left out above it" in notes(imported, DOUBT)


@pytest.mark.parametrize(
    "text", ["24小时内答复客户", "2 楼大厅有人值守", "3.5倍以上的不受理", "10.5%的客户", "2024年5月1日起施行"]
)
def test_a_figure_at_the_beginning_of_a_line_is_no_section(text: str) -> None:
    imported = read(word(bold("1 目的") + p("说明。") + bold("2 要求") + p(text) + p("其余照旧。")))
    assert f"# {text}" not in imported.markdown and text[-4:] in imported.markdown
    assert imported.markdown.count("# ") == 2


# ── text


HARD = ("# 不是标题", "- 不是列表", "1. 不是列表", "> 不是引用", "a_b_c 和 *星* 与 `码`", "[QR-14-04] 与 ![图](x)", "{{ p.x }} 与 {% x %}", "| 竖 | 线 |",
        "<br> &amp; <b>", "~~~", "+++", "---", "===", "\\ 反斜线 \\*", "    四格", "http://a.example/_x_*y*", "!!!", "1) 一", "***", "$a_1$")  # fmt: skip


def test_every_sign_is_printed_as_it_was_typed() -> None:
    imported = read(
        word(
            p("目的", style="Heading1") + "".join(p(run(text)) for text in HARD) + p("范围", style="Heading1"),
            parts={"styles": UNCOUNTED},
        )
    )
    found = blocks(imported.markdown, Surroundings(titles={"QR-14-04": "表"}), source="x")
    assert [plain(block.line) for block in found if isinstance(block, Paragraph)] == [text.strip() for text in HARD]


def test_every_sign_in_a_table_is_printed_as_it_was_typed() -> None:
    rows = [row(cell(p(run(text))), cell(p(run(text)))) for text in HARD]
    imported = read(word(p("目的", style="Heading1") + table(row("甲", "乙"), *rows), parts={"styles": UNCOUNTED}))
    grid = next(block for block in blocks(imported.markdown, Surroundings(), source="x") if isinstance(block, Grid))
    assert [plain(cells[1]) for cells in grid.rows] == [text.strip() for text in HARD]


def test_bold_words_are_bold_wherever_they_stand() -> None:
    words = ("甲：", "（乙）", "丙", " 丁 ", "，", "e*f")
    body = p("目的", style="Heading1") + p(*[part for said in words for part in ("平", run(said, "<w:b/>"), "平")])
    imported = read(word(body, parts={"styles": UNCOUNTED}))
    block = blocks(imported.markdown, Surroundings(), source="x")[1]
    assert isinstance(block, Paragraph)
    assert "".join(span.text for span in block.line if span.is_bold) == "甲乙丙丁e*f"
    assert "".join(plain(block.line).split()) == "".join(f"平{said}平" for said in words).replace(" ", "")


def test_an_equation_a_sign_and_objects_are_named() -> None:
    imported = read(makers.merged())
    assert "满意率 = (满意户数)/(调查户数)，结果保留一位小数。" in imported.markdown and "☑已核对" in imported.markdown
    said = notes(imported)
    for expected in ("an equation as a line of text", "Visio.Drawing.15", "a picture in the format EMF"):
        assert any(expected in one for one in said), expected


def test_a_changing_field_and_one_from_elsewhere_are_reported() -> None:
    body = (
        p("1 目的")
        + p("今天是", field("DATE \\@ yyyy", "2019年"), "。")
        + p(field("INCLUDETEXT x.docx", "外来文字"), "。")
    )
    imported = read(word(body))
    assert "今天是2019年。" in imported.markdown and "外来文字。" in imported.markdown
    assert any("changes by itself" in one for one in notes(imported, DOUBT))
    assert any("takes its words from elsewhere" in one for one in notes(imported, LOST))


# ── the program's own pages, edited and imported again


def test_content_controls_of_the_program_come_back_as_what_they_stand_for() -> None:
    def control(tag: str, inside: str) -> str:
        return f'<w:sdt><w:sdtPr><w:tag w:val="{tag}"/></w:sdtPr><w:sdtContent>{inside}</w:sdtContent></w:sdt>'

    drawing = makers.picture("img1", "接到投诉 -&gt; 登记&#10;登记 -&gt; 结案")
    body = (
        control("qms:cover", p("封面") + p("编制：王芳"))
        + p("1　目的", style="Heading1")
        + p("须在", control("p.report_within", run("1个工作小时")), "内填写", control("ref:QR-14-04", run("QR-14-04")), "。")
        + control("block:rules QR-14-04 level", table(row("级别", "条件"), row("重大", "十人")))
        + control("block:chart 处理流程", p(drawing) + p("图1　处理流程"))
        + p("原文第一行", style="V")
    )  # fmt: skip
    imported = read(word(body, parts={"styles": UNCOUNTED + style("V", "原文")}, media={"img1": makers.png(5)}))
    assert imported.markdown == (
        "# 目的\n\n须在 {{ p.report_within }}内填写 [QR-14-04]。\n\n```rules QR-14-04 level\n```\n\n"
        "```chart 处理流程\n接到投诉 -> 登记\n登记 -> 结案\n```\n\n```\n原文第一行\n```\n"
    )
    assert not notes(imported)


BODY = """# 目的

接到投诉须在 {{ p.report_within }}内填写 [QR-14-04]，**不得**推诿；特殊字符 \\* \\[x\\] 原样。

# 要求

## 办理

1. 记录；
2. 核实：
   - 到现场；
   - 问当事人。

   核实不得超过两天。

3. 答复。

表：时限

| 级别 | 时限 |
| --- | --- |
| 一般 | 两天 |
| 重大 | 一天<br>并上报 |

```rules QR-14-04 level
```

```chart 办理流程
(接到投诉) -> 登记 -> 重大?
重大? -是-> 上报
重大? -否-> 登记
```

```
原样的文字
  第二行
```

![现场照片](QD-1/picture-1.png)
"""


def own_pages() -> bytes:
    """The text above as the program's own Word file."""
    head, line = ((Span("级别"),), (Span("条件"),)), ((Span("重大"),), (Span("十人"),))
    around = Surroundings(
        {"report_within": "1个工作小时"},
        {"QR-14-04": "投诉表"},
        rules={("QR-14-04", "level"): Grid(head, (line,), "投诉级别")},
    )
    text = [
        replace(block, source=source) if isinstance(block, Grid | Drawing) and (source := _source(block)) else block
        for block in blocks(BODY, around, source="x")
    ]
    sheet = DocumentSheet(
        number="QD-1", title="投诉办理规定", kind="管理规定", revision="A/0", language=Language.ZH, organisation="青禾家居有限公司",
        confidentiality="内部", standing=Standing.DRAFT, effective_on=None, released_on=None, prepared=(), reviewed=(),
        countersigned=(), approved=(), history=(), distribution=(), header=(), blocks=tuple(text), check="9F2C-7A1B",
        payload="QMS1|1|QD-1|document A/0|" + "5" * 64, pictures={"QD-1/picture-1.png": makers.png(50)},
    )  # fmt: skip
    return document_docx(sheet)


def _source(block: Grid | Drawing) -> str:
    if isinstance(block, Drawing):
        return BODY.partition("```")[2].partition("```chart ")[2].partition("```")[0].join(("chart ", ""))
    return "rules QR-14-04 level\n" if block.caption == "投诉级别" else ""


def test_the_programs_own_pages_come_back_as_the_draft_they_were_made_from() -> None:
    imported = read(own_pages())
    assert imported.markdown == BODY
    assert not notes(imported, LOST) and not notes(imported, DOUBT)
    assert imported.front["number"] == "QD-1" and imported.front["title"] == "投诉办理规定"


def test_what_somebody_changed_in_the_programs_own_pages_comes_back() -> None:
    document = Document(io.BytesIO(own_pages()))
    for paragraph in document.paragraphs:
        for part in paragraph.runs:
            if "两天" in part.text:
                part.text = part.text.replace("两天", "三天")
        if paragraph.text.endswith("办理"):
            paragraph.insert_paragraph_before("先安抚，再办理。")
    stream = io.BytesIO()
    document.save(stream)
    changed = BODY.replace("核实不得超过两天", "核实不得超过三天").replace("## 办理", "先安抚，再办理。\n\n## 办理")
    assert read(stream.getvalue()).markdown == changed


def test_a_new_text_takes_the_place_of_a_draft_and_keeps_its_front_matter() -> None:
    former = '+++\nnumber = "QH-QP-09"\ntitle = "旧名"\nkind = "procedure"\nowner = "clerk"\n# 注\n+++\n\n旧文。\n'
    text = markdown_file(read(makers.classic()), source="x.docx", former=former)
    procedure = parse_procedure(text, source="x")
    assert (procedure.front.owner, procedure.front.title.zh) == ("clerk", "旧名")
    assert "# 注\n+++\n\n# 目的" in text and "旧文" not in text


@pytest.mark.parametrize(
    ("title", "kind"), [("质量手册", DocumentKind.MANUAL), ("派工作业指导书", DocumentKind.WORK_INSTRUCTION), ("投诉处理规定", DocumentKind.WORK_RULE),
                        ("文件控制程序", DocumentKind.PROCEDURE)],
)  # fmt: skip
def test_the_title_says_the_kind(title: str, kind: DocumentKind) -> None:
    body = table(row("文件编号", "X-1", "文件名称", title)) + p("1 目的") + p('说明 "引号" 与 \\。')
    text = markdown_file(read(word(body)), source="a.docx")
    assert parse_procedure(text, source="x").front.kind is kind


# ── hostile and other files


def packed(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in members.items():
            package.writestr(name, data)
    return stream.getvalue()


OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)
GOOD = word(p("1 目的") + p("说明。"))


def doubled() -> bytes:
    stream = io.BytesIO(GOOD)
    with pytest.warns(UserWarning), zipfile.ZipFile(stream, "a") as package:
        package.writestr("word/document.xml", b"<x/>")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not a Word document"),
        (b"plain text", "not a Word document"),
        (OLE, "an old Word file (.doc)"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "protected by a password"),
        (b"%PDF-1.7 x", "it is a PDF"),
        (b"{\\rtf1 x}", "it is an RTF file"),
        (b"<html><body>x", "it is a web page"),
        (packed(mimetype=b"application/vnd.oasis.opendocument.text"), "not a Word document"),
        (word(p("x"), main_type="document.macroEnabled.main+xml"), "macros"),
        (word(p("x"), more={"word/vbaProject.bin": b"x"}), "macros"),
        (word(p("x"), main_type="template.main+xml"), "Word template"),
        (word(p("x")).replace(b"PK\x03\x04", b"PK\x03\x05"), "not a Word document"),
        (GOOD[:-40], "damaged"),
        (word("<!--<!DOCTYPE x>-->" + p("x")), "declares a document type"),
        (word("<w:p>"), "not well-formed"),
        (word(p("字" * 3_000_000)), "times its size"),
        (word(""), "the document has no text"),
        (word("<w:p>" + '<w:r><w:fldChar w:fldCharType="begin"/></w:r>' * 40 + run("x") + "</w:p>"), "nested too deeply"),
        (word("<w:sdt><w:sdtContent>" * 140 + p("x") + "</w:sdtContent></w:sdt>" * 140), "well-formed"),
        (b"PK\x03\x04" + bytes(70_000_000), "larger than 64 MB"),
    ],
)  # fmt: skip
def test_what_is_no_ordinary_word_file_is_refused_in_one_line(data: bytes, said: str) -> None:
    assert said in refusal(data)


def test_a_part_that_is_there_twice_is_refused() -> None:
    assert "there twice" in refusal(doubled())


def test_a_file_of_more_pieces_than_any_manual_has_is_refused() -> None:
    pieces = "".join(f'<w:r w:a="{at * 7919 % 100003}"/>' for at in range(500_001))
    assert "elements" in refusal(word(f"<w:p>{pieces}</w:p>"))


def test_merged_cells_cannot_blow_a_table_up() -> None:
    rows = (row(cell(str(at * 7919), look='<w:gridSpan w:val="9999"/>'), str(at)) for at in range(1_200))
    assert "cells of tables" in refusal(word(p("1 目的") + table(*rows)))


def test_a_picture_from_outside_is_named_and_never_fetched() -> None:
    blip = makers.picture("away").replace("r:embed", "r:link")
    imported = read(word(p("1 目的") + p("见图。", blip), links={"away": ("image", "http://127.0.0.1:9/x.png")}))
    assert not imported.pictures
    assert any("http://127.0.0.1:9/x.png" in one for one in notes(imported, LOST))


def test_entities_are_not_resolved_and_addresses_are_only_words() -> None:
    link = f'<w:hyperlink r:id="l">{run("点这里")}</w:hyperlink>'
    imported = read(word(p("1 目的") + p(link, "。"), links={"l": ("hyperlink", "file:///etc/passwd")}))
    assert "点这里。" in imported.markdown and "passwd" not in imported.markdown
    assert any("file:///etc/passwd" in one for one in notes(imported, LOST))


def test_a_damaged_file_never_leads_to_anything_but_a_refusal_or_a_draft() -> None:
    data = bytearray(makers.classic())
    for at in range(30, len(data), len(data) // 60):
        broken = bytes(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :])
        try:
            read(broken)
        except QmsError as error:
            assert "\n" not in str(error)


# ── every note has its Chinese


def test_the_report_can_be_said_in_chinese() -> None:
    catalogue = Catalogue.load(Language.ZH)
    for maker in makers.MAKERS:
        for note in read(maker()).notes:
            assert note.message.template in catalogue.entries, note.message.template
            assert "{" not in re.sub(r"\{ REF.*?\}|\{\{ .*? \}\}", "", catalogue.say(note.message))


# ── the command


def test_the_command_writes_the_draft_and_its_pictures_and_keeps_what_is_there(
    repository: Program, tmp_path: Path
) -> None:
    source = tmp_path / "回访.docx"
    source.write_bytes(makers.classic())
    done = repository("document", "import", source)
    assert done.code == 0, done.err
    assert done.out.splitlines()[:2] == ["procedures/QH-QP-09.md", "procedures/QH-QP-09/picture-1.png"]
    assert "Not carried over: 1" in done.out
    draft = repository.root / "procedures" / "QH-QP-09.md"
    assert (repository.root / "procedures" / "QH-QP-09" / "picture-1.png").read_bytes() == makers.png(90)
    text = draft.read_text("utf-8")
    assert "# 由 Word 文件导入 / imported from 回访.docx\n" in text and 'kind       = "procedure"' in text
    draft.write_text(text.replace("quality_manager", "service_manager"), "utf-8")
    refused(repository("document", "import", source), "is there already")
    assert "service_manager" in draft.read_text("utf-8")
    again = repository("document", "import", source, "--replace", "--json").json
    assert again["document"]["number"] == "QH-QP-09" and again["found"]["revision"] == "B/2"
    assert {note["kind"] for note in again["notes"]} == {"not_carried", "altered"}
    assert "service_manager" in draft.read_text("utf-8")


def test_the_command_gives_a_number_and_refuses_what_is_no_word_file(repository: Program, tmp_path: Path) -> None:
    source = tmp_path / "a.docx"
    source.write_bytes(GOOD)
    done = repository("document", "import", source, "--number", "QP-77", "--json").json
    assert done["document"]["files"] == ["procedures/QP-77.md"]
    said = " ".join(note["message"] for note in done["notes"])
    assert "no title was found" in said and "are guesses" in said
    source.write_bytes(b"%PDF-1.4")
    with repository.unchanged():
        refused(repository("document", "import", source), "it is a PDF")
        refused(repository("document", "import", tmp_path / "none.docx"), "cannot be read")
