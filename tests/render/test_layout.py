"""Forms as blocks: widths, labels, pairs and full lines, tables, matrices, places to sign."""

from __future__ import annotations

import re

import pytest
import sheets

from qmsdocs.base.errors import QmsError
from qmsdocs.base.language import Language
from qmsdocs.base.toml import parse
from qmsdocs.model.form import Form
from qmsdocs.render import measure
from qmsdocs.render.blocks import LABEL, VALUE, WIDTH, Layout, Line, LongText, Matrix, Signing, Table
from qmsdocs.render.context import context
from qmsdocs.render.html import html_template
from qmsdocs.render.layout import layout
from qmsdocs.render.template_check import check_template

HEAD = """
number = "QR-00-01"
title = "试验"
owner = "x"
procedure = "QP-00"
retention = "x"
series = { id = "x", number = "X-{year}-{serial:4}" }
state.open = { title = "开" }
"""


def form(fields: str) -> Form:
    return parse(HEAD + fields, Form, source="form.toml")


def blocks(fields: str, language: Language = Language.ZH) -> Layout:
    return layout(form(fields), language)


def lines(found: Layout) -> list[tuple[str, ...]]:
    return [tuple(cell.field for cell in block.cells) for block in found.blocks if isinstance(block, Line)]


@pytest.mark.parametrize("number", sheets.STARTER)
@pytest.mark.parametrize("language", Language)
def test_every_row_is_exactly_as_wide_as_the_text(number: str, language: Language) -> None:
    for block in layout(sheets.form_of(number), language).blocks:
        match block:
            case Line(cells=cells):
                assert sum(cell.label_width + cell.value_width for cell in cells) == WIDTH
                assert {(cell.label_width, cell.value_width) for cell in cells} in (
                    {(LABEL, VALUE)},
                    {(LABEL, WIDTH - LABEL)},
                )
            case Table(columns=columns, item_width=item, fixed=fixed):
                assert sum(column.width for column in columns) + (item if fixed else 10) == pytest.approx(WIDTH)
            case Matrix(grades=grades, grade_width=each, item_width=item, remark=remark):
                assert item + each * len(grades) + (remark.width if remark else 0) == pytest.approx(WIDTH)
            case Signing(cells=places):
                assert sum(place.width for place in places) == pytest.approx(WIDTH)
            case _:
                pass


@pytest.mark.parametrize("number", sheets.STARTER)
def test_every_field_stands_on_the_page_once_and_in_order(number: str) -> None:
    used = sheets.form_of(number)
    found: list[str] = []
    for block in layout(used, Language.ZH).blocks:
        found += [cell.field for cell in block.cells] if isinstance(block, Line) else []
        found += [block.field] if not isinstance(block, Line | Signing) else []
    assert found == list(used.field)


def test_two_short_fields_share_a_row_and_a_list_of_files_has_its_own() -> None:
    found = blocks("""
        field.a = { type = "date", title = "日期" }
        field.b = { type = "person", title = "经办人" }
        field.c = { type = "attachment", title = "附件" }
        field.d = { type = "text", title = "主题", max = 200 }
        field.e = { type = "text", title = "抄送", max = 60 }
        field.f = { type = "integer", title = "人数" }
    """)
    assert lines(found) == [("a", "b"), ("c",), ("d",), ("e", "f")]


def test_many_options_take_the_whole_row_where_that_is_lower() -> None:
    words = ", ".join(f'"o{n}" = "选项内容第{n}项"' for n in range(8))
    found = blocks(f"""
        field.few = {{ type = "choice", title = "缓急", choices = {{ a = "一般", b = "紧急" }} }}
        field.many = {{ type = "choice", title = "来源", choices = {{ {words} }} }}
        field.last = {{ type = "boolean", title = "已解决" }}
    """)
    assert lines(found) == [("few",), ("many",), ("last",)]


def test_of_an_odd_number_the_last_stands_alone() -> None:
    found = blocks("""
        field.a = { type = "date", title = "日期" }
        field.b = { type = "person", title = "经办人" }
        field.c = { type = "person", title = "审核人" }
    """)
    assert lines(found) == [("a", "b"), ("c",)]


def test_labels_of_two_are_spread_and_long_ones_are_balanced_never_torn() -> None:
    found = blocks("""
        field.a = { type = "date", title = "房号" }
        field.b = { type = "person", title = "客户现场签字确认" }
        field.c = { type = "person", title = "客户地址（项目及楼栋）" }
        field.d = { type = "person", title = "问题（对象 + 缺陷）" }
        field.e = { type = "person", title = "对办法、效率、质量、态度、效果的意见" }
    """)
    labels = {cell.field: cell.label for block in found.blocks if isinstance(block, Line) for cell in block.cells}
    assert labels["a"].spread and labels["a"].lines == ("房号",)
    assert labels["b"].lines == ("客户现场", "签字确认")
    assert labels["c"].lines == ("客户地址", "（项目及楼栋）")
    assert labels["d"].lines == ("问题", "（对象 + 缺陷）")
    assert labels["e"].lines == ("对办法、效率、", "质量、态度、", "效果的意见")


@pytest.mark.parametrize(
    "text",
    [
        "（一二三四五六七八九）十",
        "甲、乙、丙、丁、戊、己、庚、辛",
        "一二三四。五六七八",
        "Responsible departments and others",
    ],
)
def test_a_label_line_begins_with_no_punctuation_and_keeps_words_whole(text: str) -> None:
    found = measure.balanced(text, 6.5)
    assert "".join(found).replace(" ", "") == text.replace(" ", "")
    assert not any(re.match(r"[、。）]", line) for line in found)
    assert all(word in text.split() for line in found for word in line.split()) or " " not in text


def test_a_long_text_gets_its_own_bar_where_there_is_room_and_stands_beside_its_label_in_a_dense_form() -> None:
    roomy = blocks('field.a = { type = "long_text", title = "内容", required = true }')
    assert [b.beside for b in roomy.blocks if isinstance(b, LongText)] == [False]
    assert [b.signed_by for b in roomy.blocks if isinstance(b, LongText)] == [("issue",)]
    dense = blocks("\n".join(f'field.a{n} = {{ type = "long_text", title = "内容" }}' for n in range(6)))
    assert {b.beside for b in dense.blocks if isinstance(b, LongText)} == {True}


RATED = """
    [field.m]
    type = "table"
    title = "评价"
    rows = { x = "甲", y = "乙" }
    [field.m.column.g]
    type = "scale"
    title = "评"
    choices.a = { zh = "满意", en = "Good", score = 100 }
    choices.b = { zh = "不满意", en = "Bad", score = 0 }
"""
COUNTED = """
    [field.m]
    type = "table"
    title = "排查"
    rows = { x = "甲" }
    column.n = { type = "integer", title = "数" }
"""
NAMED = """
    [field.items]
    type = "text"
    title = "项目"
    [field.table]
    type = "table"
    title = "表"
    column.title = { type = "text", title = "甲" }
    column.no = { type = "text", title = "乙" }
"""


def test_given_lines_rated_on_one_scale_are_a_matrix_and_others_a_table() -> None:
    (matrix,) = (block for block in blocks(RATED).blocks if isinstance(block, Matrix))
    assert [(grade.key, grade.score) for grade in matrix.grades] == [("a", "100"), ("b", "0")]
    (table,) = (block for block in blocks(COUNTED).blocks if isinstance(block, Table))
    assert table.fixed and table.item_width >= 20


def test_steps_of_one_meaning_share_a_place_to_sign() -> None:
    found = layout(sheets.form_of("QR-14-04"), Language.ZH)
    (signing,) = (block for block in found.blocks if isinstance(block, Signing))
    assert [place.steps for place in signing.cells] == [("issue",), ("approve", "approve_major"), ("close",)]
    assert [round(place.width, 2) for place in signing.cells] == [56.67] * 3


@pytest.mark.parametrize("number", sheets.STARTER)
def test_the_derived_template_says_only_what_any_template_may(number: str) -> None:
    check_template(html_template(layout(sheets.form_of(number), Language.ZH)), source=number)


def test_words_of_a_form_are_never_tags() -> None:
    found = blocks('field.a = { type = "text", title = "{{ 7*7 }}{% x %}<b>" }')
    template = html_template(found)
    check_template(template, source="x")
    assert "7*7" in template and "{{ 7*7" not in template and "<b>" not in template


def test_a_column_or_field_may_be_named_like_a_method_of_a_mapping() -> None:
    used = form(NAMED)
    sheet = sheets.filled("x", form=used, values={"items": "甲", "table": [{"title": "T", "no": "N"}]})
    found = context(sheet)
    assert found["f"] == {"items": "甲"}
    rows = found["rows"]
    assert isinstance(rows, dict) and isinstance(rows["table"], list) and isinstance(rows["table"][0], dict)
    assert rows["table"][0]["cell"] == {"title": "T", "no": "N"} and rows["table"][0]["no"] == "1"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{{ f.phone.upper() }}", "a call"),
        ("a\n{% include 'x' %}", "2: an include"),
        ("{% import 'x' as y %}", "an import"),
        ("{% macro m() %}{% endmacro %}", "a macro"),
        ("{% set x = 1 %}", "an assignment"),
        ("{{ f.__class__ }}", "the name __class__"),
        ("{{ f['__class__'] }}", "the name __class__"),
        ("{{ f[number] }}", "worked out"),
        ("{{ f|attr('x') }}", "the filter attr"),
        ("{{ f.x|safe }}", "the filter safe"),
        ("{{ 'a' * 99999999 }}", "Mul"),
        ("{{ [1] }}", "List"),
        ("{% for a, b in f %}{% endfor %}", "a loop over pairs"),
        ("{% extends 'x' %}", "another template"),
        ("{{ f is mapping }}", "a test"),
        ("{% for x in f recursive %}{% endfor %}", "a loop that calls itself"),
        ("a\n\n{{ f.", "3: not a template"),
        ("{{ number[0:2] }}", "worked out"),
    ],
)
def test_a_template_that_says_more_is_refused_with_its_line(text: str, what: str) -> None:
    with pytest.raises(QmsError) as refused:
        check_template(text, source="template.html")
    assert what in str(refused.value) and str(refused.value).startswith("template.html:")


def test_a_template_may_name_loop_and_choose() -> None:
    check_template(
        "{% for row in rows.team %}{% if not loop.last and row.rest == false %}{{ row.cell['member']|upper }}"
        "{% elif row.no > '2' %}{{ f.x|default('-') }}{% else %}{{ a.b.c }}{% endif %}{% endfor %}",
        source="x",
    )
