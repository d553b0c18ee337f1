"""The Markdown of a procedure as blocks: numbers, tags, drawings, and what is refused with its line."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import documents
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmsdocs.base.errors import QmsError
from qmsdocs.base.language import Language
from qmsdocs.model.document import parse_procedure
from qmsdocs.render.prose import (
    Block,
    Chart,
    Drawing,
    Grid,
    Heading,
    Listing,
    Node,
    Paragraph,
    Picture,
    Span,
    SpanKind,
    Surroundings,
    Verbatim,
    plain,
)
from qmsdocs.render.prose_parser import blocks

RULES = Grid(((Span("级别"),),), (((Span("重大"),),),))
FLOW = Chart((Node("a", "登记"),), ())
AROUND = Surroundings(
    parameters={"visit_within": "12小时"},
    titles={"QR-14-04": "客户投诉登记处理表", "QP-14": "客户服务管理程序", "GT/QR·10-01": "顾客投诉单"},
    references=("QP-14",),
    forms=("QR-14-04", "GT/QR·10-01"),
    rules={("QR-14-04", "level"): RULES},
    flows={"QR-14-04": FLOW},
)


def read(text: str, **options: Any) -> tuple[Block, ...]:
    return blocks(text, AROUND, source="QD-14-02.md", **options)


def only(text: str) -> Block:
    (found,) = read(text)
    return found


def spans(text: str) -> tuple[Span, ...]:
    found = only(text)
    assert isinstance(found, Paragraph)
    return found.line


def refusal(text: str, **options: Any) -> str:
    with pytest.raises(QmsError) as caught:
        read(text, **options)
    return str(caught.value)


def test_headings_are_numbered_by_the_program() -> None:
    text = "# 目的\n\n# 工作程序\n\n## 接收\n\n### 电话\n\n### 来访\n\n## 判定\n\n# 记录\n\n### 跳级\n"
    found = [(item.number, item.text) for item in read(text) if isinstance(item, Heading)]
    assert found == [
        ("1", "目的"),
        ("2", "工作程序"),
        ("2.1", "接收"),
        ("2.1.1", "电话"),
        ("2.1.2", "来访"),
        ("2.2", "判定"),
        ("3", "记录"),
        ("3.1", "跳级"),
    ]


def test_a_parameter_prints_its_value_without_the_spaces_typed_around_it() -> None:
    before, value, after = spans("完毕后 {{ p.visit_within }} 内回访")
    assert (before.text, value.text, after.text) == ("完毕后", "12小时", "内回访")
    assert (value.kind, value.target) == (SpanKind.PARAMETER, "visit_within")
    assert plain(spans("within {{ p.visit_within }} after")) == "within 12小时 after"


def test_a_parameter_that_is_not_there_is_refused_with_its_line() -> None:
    text = "# 目的\n\n第一行\n第二行 {{ p.visit_witin }}\n"
    assert refusal(text, body_line=30) == "QD-14-02.md:33: there is no parameter visit_witin"
    assert refusal("| a |\n| - |\n| {{ visit_within }} |\n").startswith("QD-14-02.md:3:")


def test_only_known_numbers_are_references() -> None:
    found = spans("填写 [QR-14-04]、[GT/QR·10-01] 和 [QR-99]，\\[QP-14] 除外")
    assert [span.target for span in found if span.kind is SpanKind.REFERENCE] == ["QR-14-04", "GT/QR·10-01"]
    assert plain(found) == "填写QR-14-04、GT/QR·10-01和 [QR-99]，[QP-14] 除外"


def test_a_definition_of_a_link_does_not_vanish() -> None:
    assert plain(spans("[QP-14]: 见程序")) == "QP-14: 见程序"


def test_the_lists_of_documents_and_forms_are_tables() -> None:
    grid = only("{{ forms }}")
    assert isinstance(grid, Grid)
    assert [[plain(cell) for cell in row] for row in (grid.head, *grid.rows)] == [
        ["编号", "名称"],
        ["QR-14-04", "客户投诉登记处理表"],
        ["GT/QR·10-01", "顾客投诉单"],
    ]
    (english,) = read("{{references}}", language=Language.EN)
    assert isinstance(english, Grid) and plain(english.head[0]) == "Number"
    (empty,) = blocks("{{ references }}", Surroundings(), source="x.md")
    assert isinstance(empty, Paragraph) and plain(empty.line) == "无。"


def test_a_caption_stands_directly_before_its_table() -> None:
    table = "| 步骤 | 时限 |\n| --- | --- |\n| 一 | 1天 |\n"
    first, second, third = read(f"表: 各步时限\n\n{table}\n{table}\nTable: Rules\n\n```rules QR-14-04 level\n```\n")
    assert isinstance(first, Grid) and (first.caption, first.number) == ("各步时限", 1)
    assert isinstance(second, Grid) and (second.caption, second.number) == ("", 0)
    assert isinstance(third, Grid) and (third.caption, third.number) == ("Rules", 2)
    assert plain(spans("表：没有表")) == "表：没有表"


def test_short_columns_get_what_they_need_and_long_ones_the_rest() -> None:
    grid = only("| 角色 | 做什么 |\n| - | - |\n| 客服专管员 | " + "判定性质和级别，" * 12 + " |\n")
    assert isinstance(grid, Grid)
    first, second = grid.weights
    assert 5 < first < 8 and second > 30


def test_figures_are_numbered_in_one_row() -> None:
    text = "![现场](QD-14-02/现场%201.png)\n\n```flow QR-14-04\n```\n\n```chart 接待\n来访 -> 登记\n```\n"
    picture, flow, drawn = read(text)
    assert picture == Picture("QD-14-02/现场 1.png", "现场", 1)
    assert isinstance(flow, Drawing)
    assert (flow.chart, flow.caption, flow.number) == (FLOW, "客户投诉登记处理表流程图", 2)
    assert isinstance(drawn, Drawing) and (drawn.caption, drawn.number) == ("接待", 3)
    assert [node.text for node in drawn.chart.nodes] == ["来访", "登记"]
    (english,) = read("```flow QR-14-04\n```\n", language=Language.EN)
    assert isinstance(english, Drawing) and english.caption == "客户投诉登记处理表: flow chart"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("正文\n\n```rules QR-14-04 nature\n```", 3),
        ("```flow QR-99-01\n```", 1),
        ("甲 ![图](QD-14-02/a.png) 乙", 1),
        ("![图](../secret.png)", 1),
        ("![图](https://example.com/a.png)", 1),
        ("![图](/etc/a.png)", 1),
        ("|a|b|\n|-|-|\n|1|2|\n|1|2|3|", 4),
        ("|a" * 21 + "|\n" + "|-" * 21 + "|", 1),
        ("\n".join("  " * depth + "- 层" for depth in range(12)), 10),
        (">" * 30 + "深", 1),
        ("```chart 图\n来访 -> 登记\n只有登记\n```", 3),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_its_line(text: str, line: int) -> None:
    assert refusal(text).startswith(f"QD-14-02.md:{line}: ")


def test_rows_in_a_quote_or_a_list_are_counted_without_its_marks() -> None:
    quoted, listed = read("> |a|b|\n> |-|-|\n> |1|2|\n\n- |a|b|\n  |-|-|\n  |1|2|\n")
    assert isinstance(quoted, Grid) and isinstance(listed, Listing)
    assert isinstance(listed.items[0][0], Grid)


def test_lists_hold_blocks() -> None:
    listing = only("1. 核对\n\n   再核对\n2. 登记\n   - 编号\n")
    assert isinstance(listing, Listing) and listing.is_ordered
    assert [len(item) for item in listing.items] == [2, 2]
    inner = listing.items[1][1]
    assert isinstance(inner, Listing) and not inner.is_ordered


def test_nothing_in_a_text_is_active() -> None:
    found = spans("[网站](https://a.example/x_y) [坏](javascript:alert) <b onclick=x>粗</b> <https://b.example>")
    assert [(span.text, span.target) for span in found if span.kind is SpanKind.LINK] == [
        ("网站", "https://a.example/x_y"),
        ("https://b.example", "https://b.example"),
    ]
    assert plain(found) == "网站 坏 (javascript:alert) <b onclick=x>粗</b> https://b.example"
    html = only("<script>\nalert(1)\n</script>")
    assert isinstance(html, Paragraph) and plain(html.line) == "<script> alert(1) </script>"


def test_lines_of_chinese_join_without_a_space() -> None:
    assert plain(spans("上一行。\n下一行 plain\nwords")) == "上一行。下一行 plain words"
    assert [span.kind for span in spans("甲  \n乙")] == [SpanKind.TEXT, SpanKind.BREAK, SpanKind.TEXT]
    grid = only("|a|\n|-|\n|甲<br>乙|\n")
    assert isinstance(grid, Grid) and plain(grid.rows[0][0]) == "甲\n乙"


def test_emphasis_is_bold_and_code_is_kept_as_typed() -> None:
    bold, text, code = spans("**投诉**：`{{ p.x }}`")
    assert (bold.is_bold, text.is_bold) == (True, False)
    assert (code.is_code, code.text) == (True, "{{ p.x }}")
    assert only("```\n甲  乙\n\n丙\n```") == Verbatim("甲  乙\n\n丙")


@pytest.mark.parametrize("language", Language)
def test_the_starter_work_rule_is_read_whole(language: Language) -> None:
    text = (documents.ROOT / "procedures" / "QD-14-02.md").read_text("utf-8")
    rule = parse_procedure(text, source="QD-14-02.md")
    parameters = {name: value.of(language) for name, value in rule.parameters.items()}
    found = blocks(rule.body, documents.surroundings(language, parameters), source="QD-14-02.md", language=language)
    headings = [item for item in found if isinstance(item, Heading)]
    assert [item.number for item in headings if item.level == 1] == [str(count) for count in range(1, 8)]
    lines = [item.line for item in found if isinstance(item, Paragraph)]
    used = {span.target for line in lines for span in line if span.kind is SpanKind.PARAMETER}
    assert {"visit_within", "report_within"} <= used
    assert not any("{{" in plain(line) for line in lines)


def test_a_text_that_is_too_long_is_refused() -> None:
    assert "more than 2000000 characters" in refusal("字" * 2_000_001)


@pytest.mark.parametrize("piece", ["[", "![", "[a](", "*a_ ", "**a ", "> ", "`", "|", "{{ ", "\\[", "<!--", "行\n"])
def test_hostile_repetition_takes_time_in_proportion(piece: str) -> None:
    def taken(count: int) -> float:
        start = time.process_time()
        with contextlib.suppress(QmsError):
            read(piece * count)
        return time.process_time() - start

    taken(100)
    assert taken(8_000) < 0.2 + 24 * taken(1_000)


@given(st.text(alphabet="#-*_`|>[](){}!<\\:\n\t 1.p表中a", max_size=120))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = read(text)
    except QmsError as error:
        assert str(error).startswith("QD-14-02.md:")
    else:
        assert isinstance(found, tuple)
