"""Numbers with units in running text: those that are typed, and the many words that only look like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmsdocs.model.quantity import parse
from qmsdocs.query.typed_number import shadowed, typed_numbers


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("须在24小时内回访", "24 hours"),
        ("须在 24 小时内回访", "24 hours"),
        ("须在２４小时内回访", "24 hours"),
        ("须在**24**小时内回访", "24 hours"),
        ("须在二十四小时内回访", "24 hours"),
        ("两个工作日内答复", "2 working days"),
        ("三个工作小时内上报", "3 working hours"),
        ("收到后5日内", "5 days"),
        ("每月2次", "2 times"),
        ("至少一次", "1 time"),
        ("一周内收回", "1 week"),
        ("满一年的", "1 year"),
        ("一百零五天", "105 days"),
        ("二〇天", "20 days"),
        ("不低于百分之六十", "60 %"),
        ("不低于60％", "60 %"),
        ("十人以上", "10 people"),
        ("10名业主", "10 people"),
        ("满分100分", "100 points"),
        ("3万元以下", "30000 yuan"),
        ("半小时内", "0.5 hours"),
        ("3至5个工作日", "3 working days, 5 working days"),
        ("within 24 hours", "24 hours"),
        ("within twenty-four hours", "24 hours"),
        ("a 24-hour line", "24 hours"),
        ("within one hour", "1 hour"),
        ("in 2 to 3 business days", "2 working days, 3 working days"),
        ("at least 60 percent of 10 people", "60 %, 10 people"),
    ],
)
def test_a_typed_number_is_seen(line: str, expected: str) -> None:
    assert ", ".join(str(item.quantity) for item in typed_numbers(line)) == expected


@pytest.mark.parametrize(
    "line",
    [
        "自2026年12月1日起",
        "2026-11-21 14:05",
        "每月5日前报送",
        "第 3 次接触，第一次来访，第二十四小时",
        "十分重要，十分之一，三分之二",
        "同一年内不重复，每次抽定一个小区",
        "二次装修，四周的环境，百年大计",
        "见 4.1.2 人员，GB/T 19001—2016年版，ISO 9001:8.2.1",
        "填写 QR-14-04 次页，按 QP-18 人员名单",
        "8D 报告，5S 管理，3名称",
        "两三天的事，几十人，数百人",
        "{{ p.visit_within }}内，`24小时`，https://x.invalid/24天",
        "①人员 ②次数 1. 人员",
        "个人信息，一人一份，一次抽定",
        "one person at a time, the one day they came",
        "in 2026, by 12 o'clock",
        "12月31日，3月",
        "2人次，10周年，3年级",
    ],
)
def test_what_only_looks_like_one_is_left_alone(line: str) -> None:
    assert [item.written for item in typed_numbers(line)] == []


def test_the_same_amount_shadows_a_parameter() -> None:
    parameters = {"visit": parse("24 hours"), "answer": parse("4 working hours"), "people": parse("10 people")}
    assert shadowed(parse("24 hours"), parameters) == ("visit",)
    assert shadowed(parse("4 hours"), parameters) == ("answer",)  # the text means the working hours
    assert shadowed(parse("10 people"), parameters) == ("people",)
    assert shadowed(parse("10 days"), parameters) == shadowed(parse("25 hours"), parameters) == ()


@given(
    st.text(
        "零〇一二两三四五六七八九十百千万半第同个小时天日月年周次人名位分元%百分之内后前0123456789.-–至 *`{}p",
        max_size=24,
    )
)
def test_no_line_is_too_strange_to_be_read(line: str) -> None:
    for item in typed_numbers(line):
        assert item.quantity.amount >= 0
