"""TOML compared key by key: every difference is told, each where people know it."""

from __future__ import annotations

import tomllib

import pytest

from qmsdocs.base.language import Language
from qmsdocs.query.changed_values import changed_values
from qmsdocs.render.redline import ChangedValue

FORM = """
[field.phone]
title = { zh = "联系电话", en = "Phone" }
required = true
[field.name]
title = { zh = "姓名", en = "Name" }
"""


def found(old: str, new: str, *, language: Language = Language.ZH, is_ordered: bool = False) -> list[ChangedValue]:
    return list(changed_values(tomllib.loads(old), tomllib.loads(new), language=language, is_ordered=is_ordered))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('owner = "a"', 'owner = "b"', ChangedValue("owner", "归口岗位", "a", "b")),
        ('forms = ["A", "B"]', 'forms = ["A"]', ChangedValue("forms", "记录表单", "A、B", "A")),
        (FORM, FORM.replace("true", "false"), ChangedValue("field.phone.required", "字段 联系电话", "true", "false")),
        (FORM, FORM.replace("姓名", "名称"), ChangedValue("field.name.title", "字段 名称", "姓名", "名称")),
        (FORM, FORM.replace('en = "Name"', 'en = "Full name"'), ChangedValue("field.name.title", "字段 姓名", "Name", "Full name")),
        (FORM, FORM.partition("[field.name]")[0], ChangedValue("field.name", "字段", "姓名", "")),
        ("", FORM, ChangedValue("field", "字段", "", "phone = title = 联系电话；required = true；name = title = 姓名")),
        ('days = [{ name = "春节", to = 3 }]', 'days = [{ name = "春节", to = 4 }]',
         ChangedValue("days", "days", "name = 春节；to = 3", "name = 春节；to = 4")),
        ("a = 1", 'a = "1"', ChangedValue("a", "a", "1", '"1"')),
        ('a = 1', 'a = 1\nb = ""', ChangedValue("b", "b", "", '""')),
    ],
)  # fmt: skip
def test_a_difference_is_told(old: str, new: str, expected: ChangedValue) -> None:
    assert found(old, new) == [expected]


def test_the_order_of_fields_counts_in_a_form_only() -> None:
    first, _, last = FORM.partition("[field.name]")
    turned = f"[field.name]{last}{first}"
    assert found(FORM, turned) == []
    assert found(FORM, turned, is_ordered=True) == [
        ChangedValue("field", "字段（顺序）", "联系电话、姓名", "姓名、联系电话")
    ]


def test_the_same_is_no_difference() -> None:
    assert found(FORM, FORM, is_ordered=True) == []
