"""Numbers, signs and the program's own pages come out of a Word file as they stand in it."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import word_makers as makers
from docx import Document
from office import convert
from word_makers import HEADINGS, OUTLINE, bold, cell, field, lists, numbered, p, row, run, style, table, word
from word_reports import DOUBT, LOST, NO_PLACE, UNCOUNTED, notes, read

from qmsdocs.base.language import Language
from qmsdocs.fill.word_draft import markdown_file
from qmsdocs.model.document import DocumentKind, parse_procedure
from qmsdocs.render.document_docx import document_docx
from qmsdocs.render.document_sheet import DocumentSheet, Standing
from qmsdocs.render.prose import Chart, Edge, Grid, Listing, Node, Paragraph, Span, Surroundings, plain
from qmsdocs.render.prose_parser import blocks

ROOT = Path(__file__).parents[2]

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


def test_numbered_clauses_and_lists_of_records_are_no_sections() -> None:
    lines = ("1 目的：让投诉有着落。", "2 要求", "2.1 客服部登记，项目部核实，并在当天回话。", "2.2 改派", "由值班员改派。",
             "3 记录", "3.1 QH-QR-01 登记表", "3.2 QH-QR-02 台账")  # fmt: skip
    imported = read(word("".join(p(line) for line in lines)))
    assert re.findall(r"^#+ .*", imported.markdown, re.MULTILINE) == ["# 目的", "# 要求", "# 记录"]
    assert "让投诉有着落。" in imported.markdown and "\n\n2.2 改派\n" in imported.markdown
    assert not [one for one in notes(imported) if NO_PLACE in one]


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

# 相关文件

{{ references }}

# 记录

{{ forms }}
"""


def own_pages(body: str = BODY, parameters: Mapping[str, str] | None = None) -> bytes:
    """The text as the program's own Word file."""
    rules = Grid(((Span("级别"),), (Span("条件"),)), (((Span("重大"),), (Span("十人"),)),), "投诉级别")
    flow = Chart(
        (Node("a", "接到投诉", "start"), Node("b", "登记"), Node("c", "结案", "end")), (Edge("a", "b"), Edge("b", "c"))
    )
    named = (*re.findall(r"\[([A-Z]+-[\d-]+)\]", body), "QP-02")
    around = Surroundings(
        parameters or {"report_within": "1个工作小时"},
        dict.fromkeys(named, "另一文件"),
        ("QP-02",),
        ("QR-14-04",),
        dict.fromkeys(re.findall(r"```rules (\S+) (\S+)", body), rules),
        dict.fromkeys(re.findall(r"```flow (\S+)", body), flow),
    )
    sheet = DocumentSheet(
        number="QD-1", title="投诉办理规定", kind="管理规定", revision="A/0", language=Language.ZH, organisation="青禾家居有限公司",
        confidentiality="内部", standing=Standing.DRAFT, effective_on=None, released_on=None, prepared=(), reviewed=(),
        countersigned=(), approved=(), history=(), distribution=(), header=(), blocks=blocks(body, around, source="x"),
        check="9F2C-7A1B", payload="QMS1|1|QD-1|document A/0|" + "5" * 64, pictures={"QD-1/picture-1.png": makers.png(50)},
    )  # fmt: skip
    return document_docx(sheet)


def test_the_programs_own_pages_come_back_as_the_draft_they_were_made_from() -> None:
    imported = read(own_pages())
    assert imported.markdown == BODY
    assert not notes(imported, LOST) and not notes(imported, DOUBT)
    assert imported.front["number"] == "QD-1" and imported.front["title"] == "投诉办理规定"


@pytest.mark.parametrize("path", sorted((ROOT / "procedures").glob("*.md")), ids=lambda path: path.stem)
def test_every_document_of_the_starter_pack_comes_back_from_word_as_it_was(path: Path) -> None:
    procedure = parse_procedure(path.read_text("utf-8"), source=path.name)
    parameters = {name: value.of(Language.ZH) for name, value in procedure.parameters.items()}
    imported = read(own_pages(procedure.body, parameters))
    assert "".join(imported.markdown.split()) == "".join(procedure.body.split())
    assert not notes(imported, LOST)


def test_words_kept_as_typed_come_back_between_backticks(tmp_path: Path) -> None:
    body = "# 目的\n\n先 `qmsdocs document check`，再 `-m *原因*` 和 ``a`b``。\n\n| 命令 | 说明 |\n| --- | --- |\n| `[x]` | 照写 |\n"
    own = own_pages(body)
    assert read(own).markdown == body and not notes(read(own), LOST)
    (tmp_path / "own.docx").write_bytes(own)
    assert read(convert(tmp_path / "own.docx", "docx", tmp_path / "out").read_bytes()).markdown == body


def test_an_office_that_drops_the_names_is_helped_by_the_draft_that_is_replaced(tmp_path: Path) -> None:
    """LibreOffice 7.4 keeps content controls and forgets what they are called."""
    body = BODY.partition("```rules")[0] + BODY[BODY.index("![现场照片]") : BODY.index("# 相关文件")]
    former = f'+++\nnumber = "QD-1"\ntitle = "旧名"\nkind = "work_rule"\nowner = "clerk"\n+++\n\n{body}'
    (tmp_path / "own.docx").write_bytes(own_pages(body))
    saved = convert(tmp_path / "own.docx", "docx", tmp_path / "out").read_bytes()
    assert read(saved, former=former).markdown == body.rstrip() + "\n"
    if "p.report_within" not in read(saved).markdown:
        assert any("2 values that the program fills in stand as plain words" in one for one in notes(read(saved), LOST))
    other = former.replace(" [QR-14-04]", "")
    assert read(saved, former=other).markdown == read(saved).markdown


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
