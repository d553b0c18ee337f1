"""Numbers with a unit: what is read, what is refused, how they print in both languages."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmsdocs.base.errors import QmsError
from qmsdocs.base.language import Language
from qmsdocs.model.quantity import DIVISIBLE, DURATIONS, LONGEST, Quantity, Unit, parse


def amounts(unit: Unit) -> st.SearchStrategy[Decimal]:
    highest = LONGEST.get(unit, 10**12)
    if unit in DURATIONS and unit not in DIVISIBLE:
        return st.integers(-highest, highest).map(Decimal)
    return st.decimals(-highest, highest, places=2, allow_nan=False, allow_infinity=False)


QUANTITIES = st.sampled_from(Unit).flatmap(lambda unit: amounts(unit).map(lambda amount: Quantity(amount, unit)))


@pytest.mark.parametrize(
    ("written", "amount", "unit", "en", "zh"),
    [
        ("24 hours", "24", Unit.HOUR, "24 hours", "24小时"),
        ("1 hour", "1", Unit.HOUR, "1 hour", "1小时"),
        ("1 working hour", "1", Unit.WORKING_HOUR, "1 working hour", "1工作小时"),
        ("2 working days", "2", Unit.WORKING_DAY, "2 working days", "2个工作日"),
        ("2个工作日", "2", Unit.WORKING_DAY, "2 working days", "2个工作日"),
        ("5天", "5", Unit.DAY, "5 days", "5天"),
        ("5日", "5", Unit.DAY, "5 days", "5天"),
        ("1个月", "1", Unit.MONTH, "1 month", "1个月"),
        ("1 months", "1", Unit.MONTH, "1 month", "1个月"),
        ("２４　小时", "24", Unit.HOUR, "24 hours", "24小时"),
        ("60 %", "60", Unit.PERCENT, "60 %", "60%"),
        ("60％", "60", Unit.PERCENT, "60 %", "60%"),
        ("10 people", "10", Unit.PERSON, "10 people", "10人"),
        ("1 person", "1", Unit.PERSON, "1 person", "1人"),
        ("3 times", "3", Unit.TIME, "3 times", "3次"),
        ("1 time", "1", Unit.TIME, "1 time", "1次"),
        ("80分", "80", Unit.POINT, "80 points", "80分"),
        ("30分钟", "30", Unit.MINUTE, "30 minutes", "30分钟"),
        ("200.50 yuan", "200.50", Unit.YUAN, "200.50 yuan", "200.50元"),
        ("0.5 hours", "0.5", Unit.HOUR, "0.5 hours", "0.5小时"),
        ("100 years", "100", Unit.YEAR, "100 years", "100年"),
    ],
)
def test_what_is_written_and_how_it_prints(written: str, amount: str, unit: Unit, en: str, zh: str) -> None:
    found = parse(written)
    assert (found.amount, found.unit) == (Decimal(amount), unit)
    assert (found.of(Language.EN), found.of(Language.ZH), str(found)) == (en, zh, en)


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("soon", "is not a number and a unit"),
        ("24", "is not a number and a unit"),
        ("hours", "is not a number and a unit"),
        ("1,5 hours", "is not a number and a unit"),
        ("24 hourz", '"hourz" is no unit; use one of minute, hour'),
        ("3 业日", "is no unit"),
        ("1.5 days", "counted whole"),
        ("0.5 working days", "counted whole"),
        ("101 years", "longer than a century"),
        ("999999999999999999999999 days", "longer than a century"),
    ],
)
def test_what_is_no_quantity(written: str, word: str) -> None:
    with pytest.raises(QmsError) as refused:
        parse(written)
    assert word in str(refused.value)


@given(QUANTITIES)
def test_a_quantity_prints_as_what_is_read_again(quantity: Quantity) -> None:
    assert parse(str(quantity)) == quantity
    assert parse(quantity.of(Language.ZH)) == quantity


@given(QUANTITIES)
def test_expressions_compute_with_a_percentage_as_a_ratio(quantity: Quantity) -> None:
    ratio = quantity.unit is Unit.PERCENT
    assert quantity.number == (quantity.amount / 100 if ratio else quantity.amount)
    assert quantity.is_duration is (quantity.unit in DURATIONS)
