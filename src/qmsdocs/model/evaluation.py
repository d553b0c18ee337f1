"""The value of an expression over one record.

Missing values (None): a comparison with one is false, also `!=` and `not in`; arithmetic with one is missing; `sum`,
`min`, `max` and `count` of a column skip them, and of a missing table only `count` gives something (0); `not` of a
false condition is true.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, DivisionByZero, InvalidOperation
from typing import Protocol, TypeAlias

from qmsdocs.model.expression import (
    All,
    AnyOf,
    Arithmetic,
    Call,
    Comparison,
    Conditional,
    Literal,
    Name,
    Node,
    Not,
    Operator,
    Options,
    Parameter,
)
from qmsdocs.model.quantity import Quantity

Value: TypeAlias = "bool | str | Decimal | date | datetime | Quantity | tuple[Value, ...] | None"


class Facts(Protocol):
    """What an expression may ask. Dates and instants are given in the organisation's zone."""

    def value(self, path: tuple[str, ...]) -> Value:
        """The value of a field, column, cell, `state` or `today`; None when missing."""

    def parameter(self, name: str) -> Quantity | None:
        """The parameter `name` in force for this record, None when it has none."""

    def passed(self, clock: str, period: Quantity) -> bool:
        """Whether the clock has been running for `period` at the asked moment."""

    def after(self, start: date, period: Quantity) -> date:
        """The day on which the period that begins at `start` ends, by the organisation's calendar."""

    def grades(self, path: tuple[str, ...]) -> Sequence[tuple[Decimal | None, Decimal]]:
        """Score (None: not answered) and weight of each answer of a scale or scale column."""


def holds(node: Node, facts: Facts) -> bool:
    """Whether the condition `node` is true."""
    return evaluate(node, facts) is True


def evaluate(node: Node, facts: Facts) -> Value:
    """The value of `node`, None when it is missing."""
    match node:
        case Literal(value=value):
            return value
        case Options(items=items):
            return tuple(item.value for item in items)
        case Name(path=path):
            return facts.value(path)
        case Parameter(name=name):
            found = facts.parameter(name)
            return found if found is None or found.is_duration else found.number
        case Comparison(operator=operator, left=left, right=right):
            return _compare(operator, evaluate(left, facts), evaluate(right, facts))
        case Arithmetic(operator=operator, left=left, right=right):
            return _compute(operator, evaluate(left, facts), evaluate(right, facts), facts)
        case All(parts=parts):
            return all(holds(part, facts) for part in parts)
        case AnyOf(parts=parts):
            return any(holds(part, facts) for part in parts)
        case Not(part=part):
            return not holds(part, facts)
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            return evaluate(then if holds(condition, facts) else otherwise, facts)
        case Call(function=function, arguments=arguments):
            return _call(function, arguments, facts)


def _compare(operator: Operator, left: Value, right: Value) -> bool:
    if left is None or right is None:
        return False
    if operator in (Operator.IN, Operator.NOT_IN):
        within = isinstance(right, tuple) and left in right
        return within is (operator is Operator.IN)
    left, right = _dates(left, right)
    match operator:
        case Operator.EQUAL:
            return left == right
        case Operator.UNEQUAL:
            return left != right
    if not (isinstance(left, Decimal | date) and type(left) is type(right)):
        return False
    order = (left > right) - (left < right)  # type: ignore[operator]
    return {
        Operator.LESS: order < 0,
        Operator.AT_MOST: order <= 0,
        Operator.MORE: order > 0,
        Operator.AT_LEAST: order >= 0,
    }[operator]


def _dates(left: Value, right: Value) -> tuple[Value, Value]:
    """Both as dates where one is a date and the other an instant."""
    if isinstance(left, date) and isinstance(right, date) and isinstance(left, datetime) != isinstance(right, datetime):
        return _day(left), _day(right)
    return left, right


def _day(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value


def _compute(operator: Operator, left: Value, right: Value, facts: Facts) -> Value:
    if isinstance(left, date) and isinstance(right, Quantity):
        return facts.after(left, right)
    if not (isinstance(left, Decimal) and isinstance(right, Decimal)):
        return None
    match operator:
        case Operator.PLUS:
            return left + right
        case Operator.MINUS:
            return left - right
        case Operator.TIMES:
            return left * right
        case _:
            try:
                return left / right
            except (DivisionByZero, InvalidOperation):
                return None


def _call(function: str, arguments: Sequence[Node], facts: Facts) -> Value:
    if function == "passed":
        clock, period = arguments
        length = evaluate(period, facts)
        return isinstance(clock, Name) and isinstance(length, Quantity) and facts.passed(clock.path[0], length)
    if function in ("score", "answered"):
        name = arguments[0]
        grades = facts.grades(name.path) if isinstance(name, Name) else ()
        return _score(grades) if function == "score" else _answered(grades)
    values = [evaluate(argument, facts) for argument in arguments]
    match function:
        case "given":
            return values[0] is not None and values[0] != ()
        case "first":
            return next((value for value in values if value is not None), None)
        case "count":
            return Decimal(len([v for v in values[0] if v is not None]) if isinstance(values[0], tuple) else 0)
        case "round":
            return _round(values)
        case "days_between":
            return _days(values[0], values[1])
        case _:
            return _aggregate(function, values)


def _aggregate(function: str, values: Sequence[Value]) -> Value:
    if len(values) == 1:
        values = values[0] if isinstance(values[0], tuple) else ()
    numbers = [value for value in values if isinstance(value, Decimal)]
    if function == "sum":
        return sum(numbers, Decimal(0)) if values else None
    dates = [value for value in values if isinstance(value, date)]
    chosen = min if function == "min" else max
    return chosen(numbers) if numbers else chosen(dates) if dates else None


def _round(values: Sequence[Value]) -> Value:
    if not isinstance(values[0], Decimal):
        return None
    places = int(values[1]) if len(values) > 1 and isinstance(values[1], Decimal) else 0
    try:
        return values[0].quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    except InvalidOperation:  # more digits than a decimal holds: there is nothing to round
        return values[0]


def _days(start: Value, end: Value) -> Value:
    if not (isinstance(start, date) and isinstance(end, date)):
        return None
    return Decimal((_day(end) - _day(start)).days)


def _score(grades: Sequence[tuple[Decimal | None, Decimal]]) -> Decimal | None:
    """Weighted mean of the answered scores, the weights renormalised over what was answered."""
    answered = [(score, weight) for score, weight in grades if score is not None]
    total = sum((weight for _, weight in answered), Decimal(0))
    return sum((score * weight for score, weight in answered), Decimal(0)) / total if total else None


def _answered(grades: Sequence[tuple[Decimal | None, Decimal]]) -> Decimal | None:
    total = sum((weight for _, weight in grades), Decimal(0))
    given = sum((weight for score, weight in grades if score is not None), Decimal(0))
    return given / total if total else None
