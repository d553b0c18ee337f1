"""What people write is taken in as the canonical value, or refused with a reason; nothing is guessed, nothing dropped."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from definitions import ZONE, small
from hypothesis import example, given
from hypothesis import strategies as st

from qmsdocs.base.canonical import MAXIMUM_INTEGER, Json, dumps
from qmsdocs.model.form import FieldType
from qmsdocs.model.value import MAXIMUM_ROWS, MAXIMUM_TEXT, Intake, refuse_text

FORM = small(
    """
[field.text]
type = "text"
title = "文字"
[field.short]
type = "text"
title = "短"
min = 2
max = 5
pattern = "[0-9+() -]+"
[field.long]
type = "long_text"
title = "长文"
[field.count]
type = "integer"
title = "数"
min = 0
max = 100
[field.big]
type = "integer"
title = "大数"
[field.rate]
type = "decimal"
title = "率"
min = 0
max = 1
[field.free]
type = "decimal"
title = "小数"
[field.day]
type = "date"
title = "日"
[field.moment]
type = "datetime"
title = "时刻"
[field.span]
type = "duration"
title = "期间"
[field.flag]
type = "boolean"
title = "是否"
[field.kind]
type = "choice"
title = "类别"
choices.visit = { zh = "来访", en = "Visit" }
choices.phone = { zh = "电话", en = "Telephone" }
choices.return = { zh = "退货", en = "Returned goods" }
[field.grade]
type = "scale"
title = "评价"
choices.good = { zh = "好", en = "Good", score = 100 }
choices.bad = { zh = "差", en = "Bad", score = 0 }
[field.team]
type = "choices"
title = "小组"
max = 2
choices.clerk = { zh = "专管员", en = "Clerk" }
choices.project = { zh = "项目部", en = "Project" }
choices.group = { zh = "集团", en = "Group" }
[field.person]
type = "person"
title = "人"
[field.place]
type = "place"
title = "地点"
[field.customer]
type = "customer"
title = "客户"
[field.document]
type = "document"
title = "文件"
[field.record]
type = "record"
title = "记录"
[field.signature]
type = "signature"
title = "签名"
[field.rows]
type = "table"
title = "表"
min = 1
max = 3
[field.rows.column.what]
type = "text"
title = "事"
required = true
[field.rows.column.count]
type = "integer"
title = "数"
[field.rows.column.owner]
type = "person"
title = "人"
[field.matrix]
type = "table"
title = "评分"
rows.look = "外观"
rows.price = "价格"
[field.matrix.column.grade]
type = "scale"
title = "评价"
like = "grade"
[field.files]
type = "attachment"
title = "附件"
max = 2
"""
)
PEOPLE = {"zhang.wei": "张伟", "li.na": "李娜", "li.na2": "李娜"}
INTAKE = Intake(FORM, ZONE, PEOPLE)
HASH = "a" * 64
PHOTO = {"name": "照片.jpg", "size": 12, "sha256": HASH}


def taken(name: str, raw: object) -> Json:
    value, refused = INTAKE.accept(name, raw)
    assert refused == (), [f"{item.field}: {item.message}" for item in refused]
    return value


def why(name: str, raw: object) -> str:
    value, refused = INTAKE.accept(name, raw)
    assert value is None
    [refusal] = refused
    return f"{refusal.field}: {refusal.message}"


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("text", "  漏水 ", "  漏水 "),
        ("text", "e\u0301 a\r\nb\rc", "é a\nb\nc"),
        ("text", "=1+1 {{ 7*7 }} <b>&amp; \u200b\u202e 𠮷㐂 🙂", "=1+1 {{ 7*7 }} <b>&amp; \u200b\u202e 𠮷㐂 🙂"),
        ("text", 13800000000, "13800000000"),
        ("text", date(2026, 11, 21), "2026-11-21"),
        ("text", "00123", "00123"),
        ("short", "0571", "0571"),
        ("long", "x" * MAXIMUM_TEXT, "x" * MAXIMUM_TEXT),
        ("count", "12", 12),
        ("count", "１２", 12),
        ("count", " +7 ", 7),
        ("count", 100, 100),
        ("count", "5.0", 5),
        ("count", 5.0, 5),
        ("big", str(MAXIMUM_INTEGER), MAXIMUM_INTEGER),
        ("big", "-3", -3),
        ("rate", "0.50", "0.50"),
        ("rate", "０．５", "0.5"),
        ("rate", 1, "1"),
        ("free", "0.0000001", "0.0000001"),
        ("free", "-12.50", "-12.50"),
        ("free", 12.5, "12.5"),
        ("free", Decimal("3.10"), "3.10"),
        ("day", "2026-11-21", "2026-11-21"),
        ("day", "2026-1-2", "2026-01-02"),
        ("day", "2026/11/21", "2026-11-21"),
        ("day", "2026.11.21", "2026-11-21"),
        ("day", "2026年11月21日", "2026-11-21"),
        ("day", "２０２６年１月２日", "2026-01-02"),
        ("day", " 2026 年 11 月 21 日 ", "2026-11-21"),
        ("day", date(2026, 11, 21), "2026-11-21"),
        ("day", datetime(2026, 11, 21), "2026-11-21"),
        ("day", "2028-02-29", "2028-02-29"),
        ("moment", "2026-11-21 14:05", "2026-11-21T14:05:00+08:00"),
        ("moment", "2026-11-21T14:05:09", "2026-11-21T14:05:09+08:00"),
        ("moment", "2026年11月21日 14时05分", "2026-11-21T14:05:00+08:00"),
        ("moment", "2026年11月21日14点05分30秒", "2026-11-21T14:05:30+08:00"),
        ("moment", "2026年11月21日 9点", "2026-11-21T09:00:00+08:00"),
        ("moment", "2026/11/21　１４：０５", "2026-11-21T14:05:00+08:00"),
        ("moment", "2026-11-21T06:05:00Z", "2026-11-21T14:05:00+08:00"),
        ("moment", "2026-11-21T14:05:00+0900", "2026-11-21T13:05:00+08:00"),
        ("moment", "2026-11-21T14:05:00+08:00", "2026-11-21T14:05:00+08:00"),
        ("moment", datetime(2026, 11, 21, 14, 5, 9, 500), "2026-11-21T14:05:09+08:00"),
        ("moment", datetime(2026, 11, 21, 6, 5, tzinfo=UTC), "2026-11-21T14:05:00+08:00"),
        ("span", "24 hours", "24 hours"),
        ("span", "1 hours", "1 hour"),
        ("span", "2个工作日", "2 working days"),
        ("span", "１ 个月", "1 month"),
        ("flag", True, True),
        ("flag", "是", True),
        ("flag", "有", True),
        ("flag", "☑", True),
        ("flag", "YES", True),
        ("flag", 0, False),
        ("flag", "否", False),
        ("flag", "×", False),
        ("flag", "No", False),
        ("kind", "phone", "phone"),
        ("kind", "电话", "phone"),
        ("kind", " Telephone ", "phone"),
        ("kind", "退货", "return"),
        ("grade", "好", "good"),
        ("team", ["group", "clerk"], ["clerk", "group"]),
        ("team", "集团、专管员", ["clerk", "group"]),
        ("team", "Clerk; Project", ["clerk", "project"]),
        ("team", "group，", ["group"]),
        ("person", "zhang.wei", "zhang.wei"),
        ("person", "张伟", "zhang.wei"),
        ("person", " 张伟 ", "zhang.wei"),
        ("person", "李娜", "李娜"),  # two people have the name: it stays as it was typed
        ("person", "外来人员", "外来人员"),
        ("place", "绿汀苑3幢", "绿汀苑3幢"),
        ("customer", "林玥", "林玥"),
        ("document", "QD-14-02", "QD-14-02"),
        ("record", "TS-HZ-2026-0001", "TS-HZ-2026-0001"),
        ("signature", "张伟", "张伟"),
        ("rows", [{"what": "a", "count": "３", "owner": "张伟"}], [{"what": "a", "count": 3, "owner": "zhang.wei"}]),
        ("rows", [{"what": "a", "count": ""}], [{"what": "a"}]),
        ("matrix", {"price": {"grade": "差"}}, {"price": {"grade": "bad"}}),
        ("matrix", {"price": {"grade": ""}, "look": {}}, None),
        ("files", PHOTO, [PHOTO]),
        ("files", [{**PHOTO, "held_at": "档案室"}], [{**PHOTO, "held_at": "档案室"}]),
    ],
)  # fmt: skip
def test_what_is_taken(name: str, raw: object, value: Json) -> None:
    assert taken(name, raw) == value


@pytest.mark.parametrize("name", FORM.values)
@pytest.mark.parametrize("raw", [None, "", "  ", "\u3000", [], {}])
def test_what_is_empty_is_no_value(name: str, raw: object) -> None:
    assert taken(name, raw) is None


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("text", True, "text: must be text"),
        ("text", ["a"], "text: must be text"),
        ("text", "a\x00b", "text: the character U+0000 cannot be written in a document"),
        ("text", "a\x0bb", "text: the character U+000B cannot"),
        ("text", "a\x85", "text: the character U+0085 cannot"),
        ("text", "\ufffe", "text: the character U+FFFE cannot"),
        ("text", "\U0001ffff", "text: the character U+1FFFF cannot"),
        ("text", "\ud83d", "text: the character U+D83D cannot"),
        ("long", "x" * (MAXIMUM_TEXT + 1), "long: longer than 32000 characters"),
        ("short", "1", "short: shorter than 2 characters"),
        ("short", "123456", "short: longer than 5 characters"),
        ("short", "12a", "short: does not match [0-9+() -]+"),
        ("short", "12\n", "short: does not match"),
        ("count", "1.5", "count: must be a whole number"),
        ("count", "101", "count: must not be more than 100"),
        ("count", "-1", "count: must not be less than 0"),
        ("count", "１2a", "count: must be a number such as 12.5"),
        ("count", "1e2", "count: must be a number"),
        ("count", "1,000", "count: must be a number"),
        ("count", float("nan"), "count: must be a number"),
        ("count", float("inf"), "count: must be a number"),
        ("count", "十二", "count: must be a number"),
        ("count", True, "count: must be text"),
        ("big", MAXIMUM_INTEGER + 1, "big: 9007199254740992 is too large for an integer"),
        ("rate", "1.01", "rate: must not be more than 1"),
        ("rate", "50 %", "rate: must be a number"),
        ("free", "9" * 31, "free: must be a number"),
        ("day", "2026-02-29", "day: 2026-02-29 is not in the calendar"),
        ("day", "2026-13-01", "day: 2026-13-01 is not in the calendar"),
        ("day", "26-11-21", "day: must be a date such as 2026-11-21"),
        ("day", "11月21日", "day: must be a date"),
        ("day", "2026-11-21 14:05", "day: must be a date"),
        ("day", datetime(2026, 11, 21, 14, 5), "day: must be a date"),
        ("day", 46347, "day: must be a date"),
        ("day", "1899-12-31", "day: the year 1899 is not between 1900 and 2200"),
        ("day", date(2201, 1, 1), "day: the year 2201 is not between"),
        ("moment", "2026-11-21", "moment: must be a date and time such as 2026-11-21 14:05"),
        ("moment", date(2026, 11, 21), "moment: the time of day is missing"),
        ("moment", "14:05", "moment: must be a date and time"),
        ("moment", "2026-11-21 25:00", "moment: 2026-11-21 25:00 is not in the calendar"),
        ("moment", "2026-11-21 14:60", "moment: 2026-11-21 14:60 is not in the calendar"),
        ("moment", "2026-11-31 14:00", "moment: 2026-11-31 is not in the calendar"),
        ("moment", datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))), "moment: the year 1 is not between"),
        ("moment", datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-12))), "moment: the year 9999 is not between"),
        ("span", "soon", 'span: "soon" is not a number and a unit'),
        ("span", "10 people", "span: must be a period such as 24 hours"),
        ("span", "-1 hours", "span: must be a period"),
        ("span", "9999999 days", 'span: "9999999 days" is longer than a century'),
        ("flag", "maybe", "flag: must be true or false"),
        ("flag", 2, "flag: must be true or false"),
        ("kind", "pohne", 'kind: "pohne" is no choice, did you mean "phone"? There are visit (Visit), phone (Telephone)'),
        ("kind", "来信", 'kind: "来信" is no choice; there are visit (Visit)'),
        ("kind", ["phone"], "kind: must be text"),
        ("team", "clerk, clerk", "team: one choice stands twice"),
        ("team", "clerk, 专管员", "team: one choice stands twice"),
        ("team", ["clerk", "project", "group"], "team: 3 choices, at most 2"),
        ("team", 5, "team: must be a list of choices"),
        ("person", "a\x01", "person: the character U+0001 cannot"),
        ("rows", {"what": "a"}, "rows: must be a list of rows"),
        ("rows", ["a"], "rows[1]: each row must be a table of columns"),
        ("rows", [{"what": "a"}, {"count": 1}], "rows[2].what: is missing"),
        ("rows", [{"what": "a", "count": "x"}], "rows[1].count: must be a number"),
        ("rows", [{"wat": "a"}], 'rows[1].wat: no such field, did you mean "what"?'),
        ("rows", [{"what": "a"}] * 4, "rows: 4 rows, at most 3"),
        ("matrix", [{"grade": "good"}], "matrix: must be a table with the rows look, price"),
        ("matrix", {"lok": {"grade": "good"}}, 'matrix.lok: no such field, did you mean "look"?'),
        ("matrix", {"look": {"grade": "fine"}}, 'matrix.look.grade: "fine" is no choice'),
        ("matrix", {"look": "good"}, "matrix.look: each row must be a table"),
        ("files", "a.jpg", "files: an attachment is given as a file"),
        ("files", {"name": "a"}, "files: an attachment is given as a file"),
        ("files", {**PHOTO, "size": 1.5}, "files: an attachment is given as a file"),
        ("files", {**PHOTO, "size": -1}, "files: an attachment is given as a file"),
        ("files", {**PHOTO, "sha256": "../x"}, "files: an attachment is given as a file"),
        ("files", {**PHOTO, "path": "/etc"}, "files: an attachment is given as a file"),
        ("files", {**PHOTO, "name": "a\x00"}, "files: the character U+0000"),
        ("files", [PHOTO] * 3, "files: 3 files, at most 2"),
    ],
)  # fmt: skip
def test_what_is_refused_and_why(name: str, raw: object, said: str) -> None:
    assert why(name, raw).startswith(said)


def test_a_table_without_max_has_an_end() -> None:
    form = small('[field.t]\ntype = "table"\ntitle = "表"\n[field.t.column.a]\ntype = "text"\ntitle = "甲"\n')
    intake = Intake(form, ZONE, {})
    assert intake.accept("t", [{"a": "x"}] * MAXIMUM_ROWS)[1] == ()
    _, [refused] = intake.accept("t", [{"a": "x"}] * (MAXIMUM_ROWS + 1))
    assert str(refused.message) == "201 rows, at most 200"


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.text(max_size=30)
    | st.text("0123456789-/年月日 :时点分+.,个工作日hours", max_size=20)
    | st.dates()
    | st.datetimes(timezones=st.none() | st.timezones())
    | st.times()
    | st.sampled_from(["phone", "电话", "zhang.wei", "好", "clerk、集团", "是", "24 hours"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["what", "count", "look", "price", "grade", "name", "size", "sha256"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(st.sampled_from(sorted(FORM.values)), ANYTHING)
@example("team", [""])
def test_whatever_comes_is_taken_or_refused_and_what_is_taken_can_be_evidence(name: str, raw: Any) -> None:
    value, refused = INTAKE.accept(name, raw)
    assert value is None or not refused
    dumps(value)
    assert INTAKE.accept(name, value) == (value, ())  # what is stored is taken again as it is


@given(st.text(max_size=60))
def test_every_text_a_document_can_hold_comes_back_normalised(text: str) -> None:
    value, refused = INTAKE.accept("long", text)
    legal = all(character in "\t\n\r" or ord(character) >= 32 for character in text)
    if not refused and value is not None:
        assert legal
        assert value == unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


@given(
    st.dates(date(1900, 1, 1), date(2200, 12, 31)),
    st.sampled_from(["{0}-{1}-{2}", "{0}/{1}/{2}", "{0}年{1}月{2}日", "{0}.{1:02}.{2:02}"]),
)
def test_every_way_to_write_a_day(day: date, written: str) -> None:
    assert taken("day", written.format(day.year, day.month, day.day)) == day.isoformat()


@given(st.datetimes(datetime(1990, 1, 1), datetime(2200, 12, 30)).map(lambda moment: moment.replace(microsecond=0)))
def test_every_way_to_write_a_moment(moment: datetime) -> None:
    expected = moment.replace(tzinfo=ZONE).isoformat()
    assert taken("moment", f"{moment:%Y-%m-%d %H:%M:%S}") == expected
    assert taken("moment", f"{moment:%Y年%m月%d日%H时%M分%S秒}") == expected
    assert taken("moment", moment) == expected
    assert time.fromisoformat(expected[11:19]) == moment.time()


def test_text_that_is_no_field_is_refused_the_same_way() -> None:
    assert refuse_text("号码听错") is None
    assert "U+0007" in str(refuse_text("a\x07"))
    assert "longer than" in str(refuse_text("x" * (MAXIMUM_TEXT + 1)))


def test_every_type_of_field_is_tried_here() -> None:
    assert {field.type for field in FORM.values.values()} == set(FieldType) - {FieldType.SECTION, FieldType.NOTE}
