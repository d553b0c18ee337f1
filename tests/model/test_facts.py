"""What expressions see of a record: what applies, what is worked out, what is stored of it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from definitions import ZONE, facts, procedure, small, starter

from qmsdocs.base.canonical import Json
from qmsdocs.model.quantity import parse

FORM = small(
    """
[field.a]
type = "boolean"
title = "甲"
[field.b]
type = "integer"
title = "乙"
when = "a"
[field.c]
type = "integer"
title = "丙"
when = "b > 1"
[field.total]
type = "integer"
title = "合计"
value = "b + c"
[field.half]
type = "integer"
title = "一半"
value = "b / 2"
[field.share]
type = "decimal"
title = "比例"
value = "b / 3"
[field.day]
type = "date"
title = "日"
value = "moment"
[field.moment]
type = "datetime"
title = "时刻"
[field.morning]
type = "datetime"
title = "早晨"
value = "today"
[field.only_then]
type = "integer"
title = "仅此"
when = "a"
value = "7"
[field.team]
type = "choices"
title = "小组"
choices.x = "甲组"
choices.y = "乙组"
[field.span]
type = "duration"
title = "期"
[field.longer]
type = "duration"
title = "较长"
value = "first(span, p.limit)"
"""
)
LIMIT = {"limit": "24 hours"}


@pytest.mark.parametrize(
    ("values", "applies"),
    [
        ({}, set()),
        ({"a": False, "b": 5, "c": 5}, set()),
        ({"a": True, "b": 1, "c": 5}, {"b"}),
        ({"a": True, "b": 2, "c": 5}, {"b", "c"}),
        ({"b": 2, "c": 5}, set()),  # b does not apply, so c's condition speaks of nothing
    ],
)
def test_a_field_that_does_not_apply_is_as_if_it_were_empty(values: dict[str, Json], applies: set[str]) -> None:
    found = facts(FORM, values)
    assert {name for name in ("b", "c") if found.applies(name)} == applies
    assert {name for name in ("b", "c") if found.value((name,)) is not None} == applies & values.keys()


def test_what_is_worked_out_and_how_it_is_stored() -> None:
    found = facts(FORM, {"a": True, "b": 5, "c": 2, "moment": "2026-11-20T23:30:00+08:00"}, parameters=LIMIT)
    assert found.derived() == {
        "total": 7,
        "half": 3,  # half up: an integer is rounded, never cut
        "share": "1.666666666666666666666666667",
        "day": "2026-11-20",
        "morning": "2026-11-21T00:00:00+08:00",
        "only_then": 7,
        "longer": "24 hours",
    }
    assert found.value(("morning",)) == datetime(2026, 11, 21, tzinfo=ZONE)
    assert facts(FORM, {"a": False}, parameters=LIMIT).derived().keys() == {"morning", "longer"}


def test_dates_and_moments_are_those_of_the_organisations_zone() -> None:
    found = facts(FORM, {"moment": "2026-11-20T20:00:00+00:00"})
    assert found.value(("moment",)) == datetime(2026, 11, 20, 20, tzinfo=UTC)
    assert found.stored("day") == "2026-11-21"
    late = facts(FORM, {}, now="2026-11-21 23:59")
    assert late.value(("today",)) == date(2026, 11, 21)


def test_values_have_their_types() -> None:
    found = facts(FORM, {"a": True, "b": 5, "team": ["x", "y"], "span": "2 working days"})
    assert found.value(("b",)) == Decimal(5)
    assert found.value(("team",)) == ("x", "y")
    assert found.value(("span",)) == parse("2 working days")
    assert found.value(("state",)) == "open"


def test_look_ups_are_answered_from_outside() -> None:
    form = starter("QR-14-04")
    found = facts(form, {"people_together": 1, "nature": "quality"}, parameters=procedure("QD-14-02").parameters)
    assert found.stored("same_problem_people") is None and found.value(("level",)) == "general"
    counted = found.with_counted({"same_problem_people": (3, ("TS-1", "TS-2"))})
    assert counted.stored("same_problem_people") == 3 and counted.value(("level",)) == "hot"
    assert counted.counted_records == {"same_problem_people": ("TS-1", "TS-2")}
    assert found.stored("same_problem_people") is None


LEVELS = procedure("QD-14-02").parameters


@pytest.mark.parametrize(
    ("values", "counted", "level", "rule"),
    [
        ({"lawsuit": "begun", "media": "possible"}, {}, "major", 0),
        ({"media": "exposed"}, {}, "major", 0),
        ({"people_together": 10}, {}, "major", 1),
        ({"people_together": 9}, {}, "hot", 5),
        ({"people_together": 2, "lawsuit": "possible"}, {}, "hot", 3),
        ({"people_together": 2}, {"same_problem_people": 3}, "hot", 4),
        ({"people_together": 2}, {"same_problem_people": 2}, "general", 8),
        ({"people_together": 3}, {}, "hot", 5),
        ({"people_together": 2}, {"handled_before": 1}, "important", 7),
        ({"people_together": 2, "needs_others": True}, {}, "important", 7),
        ({"people_together": 2, "needs_others": False}, {"handled_before": 0}, "general", 8),
        ({}, {}, "general", 8),
    ],
)
def test_the_level_of_a_complaint_by_its_facts(
    values: dict[str, Json], counted: dict[str, int], level: str, rule: int
) -> None:
    """S34: 10 people make it major and 3 make it hot, the numbers themselves included."""
    found = facts(starter("QR-14-04"), {"nature": "quality", **values}, parameters=LEVELS, counted=counted)
    assert (found.stored("level"), found.rule("level")) == (level, rule)
