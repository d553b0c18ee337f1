"""Expressions give what the shared vectors say, refuse what they say, and keep the rules on missing values."""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from typing import Any

import pytest
from definitions import PROJECT, ZONE
from hypothesis import given
from hypothesis import strategies as st

from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import QmsError
from qmsdocs.base.toml import parse as parse_toml
from qmsdocs.model.calendar import Calendar
from qmsdocs.model.evaluation import Value, evaluate, holds
from qmsdocs.model.expression import MAXIMUM_LENGTH, Node, children, names, parameters, parse, walk
from qmsdocs.model.expression_check import BOOLEAN, Scope
from qmsdocs.model.facts import RecordFacts
from qmsdocs.model.form import Form
from qmsdocs.model.quantity import Quantity
from qmsdocs.model.quantity import parse as quantity

VECTORS: dict[str, Any] = tomllib.loads((PROJECT / "tests" / "vectors" / "expressions.toml").read_text("utf-8"))
FORM = parse_toml(VECTORS["form"], Form, source="vectors")
PARAMETERS = {name: quantity(written) for name, written in VECTORS["parameter"].items()}
CALENDAR = Calendar(ZONE, holidays=frozenset(VECTORS["calendar"]["holidays"]))
SCOPE = Scope(FORM, PARAMETERS)
CASES = [pytest.param(case, id=f"{case['of']}: {case['is']}") for cases in VECTORS["cases"].values() for case in cases]
REFUSED = [pytest.param(item["word"], written, id=written) for item in VECTORS["refused"] for written in item["is"]]


def record(name: str) -> RecordFacts:
    said = VECTORS["record"][name]
    counted = {field: (count, ()) for field, count in said.get("counted", {}).items()}
    now = datetime.fromisoformat(said["now"])
    return RecordFacts(FORM, said["values"], PARAMETERS, CALENDAR, now, said["state"], counted=counted)


def stored(value: Value) -> Json:
    """A value as the vectors write it."""
    match value:
        case None | bool():
            return value
        case datetime() | date():
            return value.isoformat()
        case Quantity():
            return str(value)
        case tuple():
            return [stored(part) for part in value]
        case _:
            text = f"{value:f}" if not isinstance(value, str) else value
            return text


@pytest.mark.parametrize("case", CASES)
def test_an_expression_gives(case: dict[str, Any]) -> None:
    node = parse(case["is"])
    SCOPE.check(node)
    found = stored(evaluate(node, record(case["of"])))
    if case.get("missing"):
        assert found is None
    elif isinstance(case["gives"], str) and isinstance(found, str) and found.lstrip("-").replace(".", "", 1).isdigit():
        assert float(found) == float(case["gives"])
    else:
        assert found == case["gives"]


@pytest.mark.parametrize(("word", "written"), REFUSED)
def test_an_expression_is_refused_before_it_is_ever_evaluated(word: str, written: str) -> None:
    with pytest.raises(QmsError) as refused:
        SCOPE.check(parse(written))
    assert word in str(refused.value)


def test_clocks_are_asked_in_the_program_only() -> None:
    node = parse("passed(handling, p.long)")
    SCOPE.check(node)
    with pytest.raises(QmsError, match="clock handling can be asked in rules, checks and steps only"):
        Scope(FORM, PARAMETERS, in_program=False).check(node)


def test_an_expression_has_an_end() -> None:
    with pytest.raises(QmsError, match="longer than"):
        parse("x" * (MAXIMUM_LENGTH + 1))
    with pytest.raises(QmsError):
        parse("(" * 400 + "x" + ")" * 400)
    parse(" and ".join(["urgent"] * 90))


def test_what_an_expression_speaks_of() -> None:
    node = parse("people >= p.many and passed(handling, p.long) or 'a' in actions.owner or state == 'open'")
    assert names(node) == {"people", "handling", "actions", "state"}
    assert parameters(node) == {"many", "long"}
    assert node in walk(node) and all(child in walk(node) for child in children(node))


# ── rules on missing values, over all expressions

COMPARED = ("==", "!=", "<", "<=", ">", ">=")
PLAIN = st.sampled_from(["people", "rate", "others", "p.many", "p.share", "3", "0.5"])


@st.composite
def numbers(draw: st.DrawFn, depth: int = 3) -> str:
    if depth == 0 or draw(st.booleans()):
        return draw(PLAIN)
    shape = draw(
        st.sampled_from(
            ["({0} + {1})", "({0} - {1})", "({0} * {1})", "({0} / {1})", "first({0}, {1})", "({0} if urgent else {1})"]
        )
    )
    return shape.format(draw(numbers(depth - 1)), draw(numbers(depth - 1)))


@st.composite
def conditions(draw: st.DrawFn, depth: int = 3) -> str:
    if depth == 0 or draw(st.booleans()):
        compared = f"{draw(numbers())} {draw(st.sampled_from(COMPARED))} {draw(numbers())}"
        return draw(st.sampled_from(["urgent", "nature == 'quality'", "given(people)", compared]))
    shape = draw(st.sampled_from(["({0} and {1})", "({0} or {1})", "(not {0})"]))
    return shape.format(draw(conditions(depth - 1)), draw(conditions(depth - 1)))


RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "people": st.integers(-5, 20),
        "rate": st.sampled_from(["0.40", "-1.5", "3"]),
        "urgent": st.booleans(),
        "nature": st.sampled_from(["quality", "grievance"]),
    },
)


def of(values: dict[str, Json]) -> RecordFacts:
    return RecordFacts(FORM, values, PARAMETERS, CALENDAR, datetime(2026, 11, 21, tzinfo=ZONE), "open")


@given(conditions(), RECORDS)
def test_a_condition_is_true_or_false_whatever_is_missing(written: str, values: dict[str, Json]) -> None:
    node, facts = parse(written), of(values)
    assert SCOPE.check(node) == BOOLEAN
    assert evaluate(node, facts) in (True, False, None)  # None only where it is a truth value nobody gave
    assert evaluate(parse(f"not ({written})"), facts) is not holds(node, facts)
    assert holds(parse(f"({written}) and ({written})"), facts) is holds(node, facts)
    assert holds(parse(f"({written}) or not ({written})"), facts)


@given(numbers(), numbers(), RECORDS)
def test_comparisons_agree_with_each_other(left: str, right: str, values: dict[str, Json]) -> None:
    facts = of(values)
    a, b = evaluate(parse(left), facts), evaluate(parse(right), facts)
    found = {sign: holds(parse(f"{left} {sign} {right}"), facts) for sign in COMPARED}
    if a is None or b is None:
        assert not any(found.values())
    else:
        assert found["=="] is not found["!="]
        assert found["<="] is (found["<"] or found["=="]) and found[">="] is (found[">"] or found["=="])
        assert sum((found["<"], found["=="], found[">"])) == 1


@given(numbers(), RECORDS)
def test_arithmetic_with_a_missing_value_is_missing(written: str, values: dict[str, Json]) -> None:
    facts = of(values)
    if evaluate(parse(written), facts) is None:
        for shape in ("{0} + 1", "1 - {0}", "{0} * 2", "{0} / 2", "round({0})"):
            assert evaluate(parse(shape.format(written)), facts) is None
    assert holds(parse(f"given({written})"), facts) is (evaluate(parse(written), facts) is not None)


@given(st.text("abp.()'\"<>=!+-*/, 0123456789ornotdi", max_size=40))
def test_any_text_is_parsed_or_refused(written: str) -> None:
    try:
        node: Node = parse(written)
        SCOPE.check(node)
    except QmsError:
        return
    evaluate(node, record("full"))


def test_a_stored_value_that_is_none_is_no_crash() -> None:
    for values in (
        {"people": "many"},
        {"done_on": "2026-13-01"},
        {"opened_at": "soon"},
        {"longer": "long"},
        {"rate": "1,5"},
    ):
        name = next(iter(values))
        with pytest.raises(QmsError):
            of(dict(values)).value((name,))
