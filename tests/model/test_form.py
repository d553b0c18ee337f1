"""How the notation of a form is read: texts, lists of one, choices, what is derived, what people give."""

from __future__ import annotations

from decimal import Decimal

import pytest
from definitions import NUMBERS, procedure, small, starter

from qmsdocs.base.language import Language, Text
from qmsdocs.model.document import parse_procedure
from qmsdocs.model.form import FieldType
from qmsdocs.model.quantity import parse

FORM = small(
    """
[field.part]
type = "section"
title = "一"
[field.name]
type = "text"
title = "姓名"
required = "close"
may_change = ["close"]
means = "customer"
[field.kind]
type = "choice"
title = { en = "Kind" }
choices.a = "甲"
choices.b = { zh = "乙", en = "B", score = 0.5 }
[field.like_kind]
type = "scale"
title = "同"
like = "rows.kind"
[field.rows]
type = "table"
title = "行"
min = 1.5
rows.one = { zh = "一", en = "One", weight = "p.x" }
[field.rows.column.kind]
type = "choice"
title = "类"
like = "kind"
[field.circle]
type = "choice"
title = "圈"
like = "circle"
[field.count]
type = "integer"
title = "数"
value = "1"
[field.set]
type = "text"
title = "设"
""",
    """
[state]
open = { title = "开" }
closed = { title = "关", means = "closed" }
dropped = { title = "弃", means = "closed" }
[step.close]
title = "关"
from = "open"
to = "closed"
sets = { set = "name" }
[check.c]
must = "count > 0"
says = "须"
[clock.c2]
title = "时"
starts = "close"
stops = ["close"]
""",
)


def test_text_is_one_language_for_both_or_each_its_own() -> None:
    assert FORM.field["name"].title == Text("姓名", "姓名")
    assert FORM.field["kind"].title == Text("Kind", "Kind")
    assert FORM.title.of(Language.EN) == "Trial sheet"


def test_a_list_of_one_is_written_as_itself() -> None:
    assert FORM.field["name"].required_steps == FORM.field["name"].may_change == ("close",)
    assert FORM.field["kind"].required_steps == ()
    assert (FORM.clock["c2"].starts, FORM.clock["c2"].stops) == (("close",), ("close",))
    assert FORM.step["close"].from_ == ("open",)


def test_choices_and_rows_carry_scores_and_weights() -> None:
    assert FORM.field["kind"].choices["b"].score == Decimal("0.5")
    assert FORM.field["kind"].choices["a"].text.zh == "甲" and FORM.field["kind"].choices["a"].score is None
    assert FORM.field["rows"].rows["one"].weight == "p.x" and FORM.field["rows"].rows["one"].text.en == "One"
    assert FORM.field["rows"].min == Decimal("1.5")


def test_like_leads_to_the_choices_wherever_they_stand() -> None:
    assert list(FORM.choices_of(FORM.field["like_kind"])) == ["a", "b"]
    assert FORM.choices_of(FORM.field["circle"]) == {}
    assert FORM.find("rows.kind") is FORM.field["rows"].column["kind"]
    assert FORM.find("rows.nothing") is None and FORM.find("nothing") is None


def test_what_people_give_is_neither_worked_out_nor_set() -> None:
    assert list(FORM.values) == ["name", "kind", "like_kind", "rows", "circle", "count", "set"]
    assert list(FORM.entered) == ["name", "kind", "like_kind", "rows", "circle"]
    assert FORM.set_by_steps == {"set"}
    assert FORM.field["count"].is_derived and not FORM.field["name"].is_derived


def test_where_a_record_begins_and_ends() -> None:
    assert FORM.first_state == "open"
    assert FORM.closed_states == {"closed", "dropped"}
    assert FORM.meaning("customer") == "name" and FORM.meaning("owner") is None


@pytest.mark.parametrize("number", NUMBERS)
def test_every_form_of_the_starter_pack_says_what_registers_and_clocks_need(number: str) -> None:
    form = starter(number)
    opened = form.meaning("opened_at")
    assert opened is not None and form.field[opened].required is True
    assert form.closed_states and form.register_ is not None
    assert all(field.title.zh and field.title.en for field in form.field.values())
    assert all(f.type is not FieldType.CHOICE or form.choices_of(f) for f in form.field.values())


def test_a_procedure_is_its_parameters_and_its_text() -> None:
    found = parse_procedure(
        '+++\nnumber = "P"\ntitle = "规"\nkind = "chapter"\nowner = "a"\nparent = "M"\n'
        '[parameter]\nx = { value = "60 %", title = "率" }\n+++\n\n\n# 目的\n\n文 {{ p.x }}\n\n',
        source="p.md",
    )
    assert found.parameters == {"x": parse("60 %")}
    assert found.body == "# 目的\n\n文 {{ p.x }}\n"
    assert found.body_line == 12
    assert procedure("QP-18").front.review_every == parse("1 year")
