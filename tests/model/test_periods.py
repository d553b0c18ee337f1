"""How long records are kept: periods by the calendar, what a hold covers, and what a schedule may say."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmsdocs.base.errors import QmsError
from qmsdocs.base.toml import parse
from qmsdocs.model.hold import Hold, Subject
from qmsdocs.model.quantity import Unit
from qmsdocs.model.quantity import parse as quantity
from qmsdocs.model.retention import RetentionClass, Schedule, due_on, following, last_day

TEXT = """[class.complaint]
title = "投诉"
trigger = "closed"
period = "{period}"
disposition = "review"
basis = "惯例"
"""


def rule(period: str) -> RetentionClass:
    return parse(TEXT.format(period=period), Schedule, source="retention.toml").class_["complaint"]


@pytest.mark.parametrize(
    ("period", "trigger_on", "due"),
    [
        ("3 years", "2026-05-03", "2029-05-04"),
        ("3 years", "2026-12-31", "2030-01-01"),
        ("1 year", "2024-02-29", "2025-03-01"),  # 28 February is the last day, there is no 29th
        ("4 years", "2024-02-29", "2028-03-01"),  # 29 February is the last day
        ("1 year", "2027-02-28", "2028-02-29"),  # 28 February is the last day, whatever follows it
        ("1 month", "2026-01-31", "2026-03-01"),
        ("1 month", "2028-01-31", "2028-03-01"),
        ("1 month", "2026-04-30", "2026-05-31"),
        ("6 months", "2026-08-31", "2027-03-01"),
        ("13 months", "2026-11-30", "2027-12-31"),
        ("2 weeks", "2026-12-25", "2027-01-09"),
        ("90 days", "2026-12-01", "2027-03-02"),
        ("100 years", "2026-11-22", "2126-11-23"),
        ("3年", "2026-05-03", "2029-05-04"),
    ],
)
def test_the_first_day_a_record_may_go(period: str, trigger_on: str, due: str) -> None:
    assert due_on(rule(period), date.fromisoformat(trigger_on)) == date.fromisoformat(due)


def test_what_is_permanent_is_never_due() -> None:
    assert due_on(rule("permanent"), date(2026, 11, 22)) is None


def test_beyond_the_calendar_is_the_last_day_there_is() -> None:
    assert due_on(rule("100 years"), date(9950, 1, 1)) == date.max == following(date.max)


DAYS = st.dates(min_value=date(1900, 1, 1), max_value=date(2300, 12, 31))


@given(DAYS, st.integers(1, 1200))
def test_months_end_on_the_same_day_or_the_last_of_the_month(begun: date, count: int) -> None:
    last = last_day(begun, quantity(f"{count} months"))
    months = (last.year - begun.year) * 12 + last.month - begun.month
    assert months == count
    assert last.day == min(begun.day, monthrange(last.year, last.month)[1])
    assert due_on(rule(f"{count} months"), begun) == last + timedelta(days=1)


@given(DAYS, st.integers(1, 1000), st.sampled_from([Unit.DAY, Unit.WEEK]))
def test_days_and_weeks_are_exact(begun: date, count: int, unit: Unit) -> None:
    days = count * (7 if unit is Unit.WEEK else 1)
    assert due_on(rule(f"{count} {unit.value}s"), begun) == begun + timedelta(days=days + 1)


@given(DAYS, DAYS, st.sampled_from(["1 month", "6 months", "1 year", "3 years", "10 years", "90 days"]))
def test_what_began_later_is_never_due_earlier(one: date, other: date, period: str) -> None:
    first, second = due_on(rule(period), min(one, other)), due_on(rule(period), max(one, other))
    assert first is not None and second is not None and first <= second


@pytest.mark.parametrize(
    "period", ["24 hours", "3 working days", "60 %", "-3 years", "0 days", "for ever", "200 years"]
)
def test_a_period_that_is_none_is_refused(period: str) -> None:
    with pytest.raises(QmsError, match="period"):
        rule(period)


def hold(**said: object) -> Hold:
    empty = dict.fromkeys(("numbers", "classes", "forms", "customers"), frozenset[str]())
    facts: dict[str, object] = {"opened_from": None, "opened_to": None, **empty, **said}
    return Hold(
        record="HLD-000001", title="诉讼", reason="诉讼", by="li.ming", asked_by="", from_on=date(2026, 11, 22),
        reviewed_on=None, lifted_on=None, state="placed", **facts,  # type: ignore[arg-type]
    )  # fmt: skip


HELD = Subject("TS-1", "complaint", "QR-14-04", "林玥", (date(2026, 5, 3),))


@pytest.mark.parametrize(
    ("said", "covers"),
    [
        ({"numbers": frozenset({"TS-1"})}, True),
        ({"numbers": frozenset({"TS-2"})}, False),
        ({"classes": frozenset({"complaint"})}, True),
        ({"classes": frozenset({"complaint"}), "forms": frozenset({"QR-18-01"})}, False),
        ({"numbers": frozenset({"TS-1"}), "forms": frozenset({"QR-18-01"})}, True),
        ({"customers": frozenset({"林玥"})}, True),
        ({"customers": frozenset({"林玥"}), "classes": frozenset({"survey"})}, False),
        ({"opened_from": date(2026, 5, 1), "opened_to": date(2026, 5, 31)}, True),
        ({"opened_from": date(2026, 5, 4), "opened_to": date(2026, 5, 31)}, False),
        ({"opened_from": date(2026, 5, 3), "opened_to": date(2026, 5, 3)}, True),
    ],
)
def test_what_a_hold_covers(said: dict[str, object], covers: bool) -> None:
    assert hold(**said).covers(HELD) is covers


def test_a_record_whose_day_cannot_be_read_is_held() -> None:
    nameless = Subject("TS-1", "complaint", "QR-14-04", "", ())
    assert hold(opened_from=date(2026, 5, 1), opened_to=date(2026, 5, 31)).covers(nameless)
    assert not hold(customers=frozenset({"林玥"})).covers(nameless)
