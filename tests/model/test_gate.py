"""What an act needs and what speaks against it: each reason with the case next to it where nothing does."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from definitions import facts, small, starter

from qmsdocs.base.canonical import Json
from qmsdocs.model.gate import (
    Raised,
    raised_values,
    refuse_changes,
    refuse_raises,
    refuse_step,
    refuse_values,
    step_sets,
)
from qmsdocs.model.value import Refusal

FORM = small(
    """
[field.customer]
type = "text"
title = "客户"
required = true
[field.kind]
type = "choice"
title = "类别"
may_change = "grade"
required = "grade"
choices.a = "甲"
choices.b = "乙"
[field.reason]
type = "text"
title = "理由"
when = "kind == 'b'"
required = "grade"
[field.people]
type = "integer"
title = "人数"
[field.seen]
type = "integer"
title = "看到"
value = "people + 1"
[field.approved_kind]
type = "choice"
title = "批准类别"
like = "kind"
[field.done_on]
type = "date"
title = "完成"
[field.actions]
type = "table"
title = "措施"
max = 5
[field.actions.column.what]
type = "text"
title = "事"
required = true
[field.actions.column.done_on]
type = "date"
title = "完成"
required = "close"
[field.checks]
type = "table"
title = "核对"
required = "close"
rows.one = "一"
rows.two = "二"
[field.checks.column.result]
type = "text"
title = "结果"
required = true
[field.checks.column.by]
type = "person"
title = "人"
required = "grade"
""",
    """
[state]
open = { title = { zh = "在办", en = "Open" } }
graded = { title = { zh = "已判", en = "Graded" } }
closed = { title = { zh = "已结", en = "Closed" }, means = "closed" }
[step.grade]
title = { zh = "判定", en = "Grade" }
from = "open"
to = "graded"
when = "people > 0"
sets = { approved_kind = "kind" }
[step.close]
title = { zh = "结案", en = "Close" }
from = ["graded", "open"]
to = "closed"
not_by = ["grade", "issue"]
[step.reopen]
title = { zh = "重开", en = "Reopen" }
from = "closed"
to = "open"
clears = ["done_on", "approved_kind", "people"]
sets = { people = "people + 1" }
[check.always]
must = "people < 100"
says = { zh = "人数过多", en = "too many people" }
[check.sometimes]
when = "given(done_on)"
must = "done_on <= today"
says = { zh = "不得在将来", en = "not in the future" }
[check.before_closing]
required = ["close", "issue"]
must = "customer != 'nobody'"
says = { zh = "客户须有", en = "somebody" }
[raise.report]
title = { zh = "报告", en = "Report" }
form = "F-2"
when = "kind == 'b'"
required = "grade"
closed = "close"
""",
)


def lines(found: Iterable[Refusal]) -> list[str]:
    return [f"{item.field}: {item.message}" for item in found]


def against(values: dict[str, Json], act: str, *given: str) -> list[str]:
    return lines(refuse_values(facts(FORM, values), given, act=act))


@pytest.mark.parametrize(
    ("before", "changes", "step", "expected"),
    [
        ({}, {"kind": "a"}, "close", []),
        ({"kind": "a"}, {"kind": "a"}, "close", []),
        ({"kind": "a"}, {"kind": "b"}, "grade", []),
        ({"kind": "a"}, {"kind": "b"}, "close", ["kind: has a value already; correct it with a reason"]),
        ({"kind": "a"}, {"kind": None}, "close", ["kind: has a value already"]),
        ({}, {"kind": None}, "close", []),
        ({}, {"seen": 3}, "close", ["seen: is worked out by the program and cannot be given"]),
        ({}, {"approved_kind": "a"}, "grade", ["approved_kind: is set by a step and cannot be given"]),
    ],
)
def test_given_values_change_only_where_they_may(
    before: dict[str, Json], changes: dict[str, Json], step: str, expected: list[str]
) -> None:
    found = lines(refuse_changes(FORM, before, changes, step=step))
    assert len(found) == len(expected) and all(a.startswith(b) for a, b in zip(found, expected, strict=True))


FILLED: dict[str, Json] = {"customer": "林", "kind": "a", "people": 2}


@pytest.mark.parametrize(
    ("values", "act", "given", "expected"),
    [
        (FILLED, "issue", (), []),
        ({"people": 2}, "issue", (), ["customer: is missing", "before_closing: somebody"]),
        ({**FILLED, "customer": "nobody"}, "issue", (), ["before_closing: somebody"]),
        ({**FILLED, "customer": "nobody"}, "grade", (), []),
        ({"customer": "林"}, "issue", (), []),
        ({"customer": "林"}, "grade", (), ["kind: is missing"]),
        ({**FILLED, "kind": "b"}, "grade", (), ["reason: is missing"]),
        ({**FILLED, "kind": "b", "reason": "x"}, "grade", ("reason",), []),
        ({**FILLED, "reason": "x"}, "grade", ("reason",), ["reason: does not apply here; leave it empty"]),
        ({**FILLED, "reason": "x"}, "grade", (), []),  # left over from when it did apply
        # a check without `required` holds at every act, as soon as there is anything to speak of
        ({**FILLED, "people": 100}, "grade", (), ["always: too many people"]),
        ({**FILLED, "people": 99}, "grade", (), []),
        ({"customer": "林", "kind": "a"}, "grade", (), []),
        ({**FILLED, "done_on": "2026-11-22"}, "issue", (), ["sometimes: not in the future"]),
        ({**FILLED, "done_on": "2026-11-21"}, "issue", (), []),
        # rows: what each row needs, and when
        ({**FILLED, "actions": [{"what": "x"}]}, "issue", (), []),
        (
            {**FILLED, "checks": {"one": {"result": "y"}, "two": {"result": "y"}}, "actions": [{"what": "x"}]},
            "close",
            (),
            ["actions[1].done_on: is missing"],
        ),
        (
            {
                **FILLED,
                "checks": {"one": {"result": "y"}, "two": {"result": "y"}},
                "actions": [{"what": "x", "done_on": "2026-11-20"}, {"what": "y", "done_on": "2026-11-20"}],
            },
            "close",
            (),
            [],
        ),
        (FILLED, "close", (), ["checks: is missing"]),
        ({**FILLED, "checks": {"one": {"result": "y"}}}, "close", (), ["checks.two.result: is missing"]),
        ({**FILLED, "checks": {"one": {"result": "y"}}}, "issue", (), []),
        (
            {**FILLED, "checks": {"one": {"result": "y", "by": "a"}, "two": {"result": "y"}}},
            "grade",
            (),
            ["checks.two.by: is missing"],
        ),
    ],
)
def test_what_the_values_of_an_act_need(
    values: dict[str, Json], act: str, given: tuple[str, ...], expected: list[str]
) -> None:
    assert against(values, act, *given) == expected


@pytest.mark.parametrize(
    ("state", "step", "taken_by", "values", "expected"),
    [
        ("open", "grade", {}, FILLED, []),
        ("graded", "grade", {}, FILLED, [": the record stands at Graded; this step goes from Open"]),
        ("open", "close", {}, FILLED, []),
        ("closed", "close", {}, FILLED, [": the record stands at Closed; this step goes from Graded, Open"]),
        ("open", "grade", {}, {"customer": "林"}, [": the condition of the step is not met: people > 0"]),
        ("graded", "close", {"grade": "li"}, FILLED, [": whoever took the step Grade cannot take this one"]),
        ("graded", "close", {"issue": "li"}, FILLED, [": whoever took the step issue cannot take this one"]),
        ("graded", "close", {"grade": "wang", "issue": "zhao"}, FILLED, []),
    ],
)
def test_what_speaks_against_a_step(
    state: str, step: str, taken_by: dict[str, str], values: dict[str, Json], expected: list[str]
) -> None:
    found = refuse_step(facts(FORM, values, state=state), FORM.step[step], taken_by=taken_by, person="li")
    assert lines(found) == expected


@pytest.mark.parametrize(
    ("act", "kind", "raised", "expected"),
    [
        ("grade", "b", [], [": Report must be raised first: qmsdocs record raise N-7 report"]),
        ("grade", "a", [], []),
        ("reopen", "b", [], []),
        ("grade", "b", [Raised("report", "R-1", is_closed=False, is_void=False)], []),
        ("grade", "b", [Raised("report", "R-1", is_closed=True, is_void=True)], [": Report must be raised first"]),
        ("grade", "b", [Raised("other", "R-1", is_closed=True, is_void=False)], [": Report must be raised first"]),
        ("close", "b", [Raised("report", "R-1", is_closed=False, is_void=False)], [": Report R-1 must be closed first"]),
        ("close", "b", [Raised("report", "R-1", is_closed=True, is_void=False)], []),
        (
            "close",
            "b",
            [Raised("report", "R-1", is_closed=True, is_void=False), Raised("report", "R-2", is_closed=False, is_void=False)],
            [": Report R-2 must be closed first"],
        ),
    ],
)  # fmt: skip
def test_the_records_an_act_needs_first(act: str, kind: str, raised: list[Raised], expected: list[str]) -> None:
    found = lines(refuse_raises(facts(FORM, {**FILLED, "kind": kind}), act, raised, number="N-7"))
    assert len(found) == len(expected) and all(a.startswith(b) for a, b in zip(found, expected, strict=True))


def test_what_a_step_writes_itself() -> None:
    found = facts(FORM, {**FILLED, "done_on": "2026-11-20"})
    assert step_sets(found, FORM.step["grade"]) == {"approved_kind": "a"}
    assert step_sets(found, FORM.step["close"]) == {}
    # cleared where there is something to clear; what it also sets is worked out of what stood there
    assert step_sets(found, FORM.step["reopen"]) == {"done_on": None, "people": 3}


def test_what_a_raised_record_begins_with() -> None:
    complaint = facts(
        starter("QR-14-04"),
        {
            "customer": "林玥",
            "estate": "绿汀苑3幢",
            "what_happened": "漏水",
            "received_at": "2026-11-20T16:00:00+08:00",
            "nature": "quality",
        },
    )
    assert raised_values(complaint, "report_8d", starter("QR-18-02")) == {
        "customer": "林玥",
        "object": "绿汀苑3幢",
        "symptom": "漏水",
        "known_since": "2026-11-20T16:00:00+08:00",
    }
    assert raised_values(complaint, "action_request", starter("QR-18-01")) == {
        "source": "complaint",
        "customer": "林玥",
        "object": "绿汀苑3幢",
        "subject": "漏水",
    }
