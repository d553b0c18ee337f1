"""When a period ends: a golden table worked out by hand on the calendar of 2026, and what must hold for every day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmsdocs.model.calendar import CIVIL, Calendar, add_period
from qmsdocs.model.quantity import Quantity, Unit, parse

ZONE = ZoneInfo("Asia/Shanghai")
# The State Council's days for the 2026 Spring Festival and National Day: off 15–23 February and 1–7 October,
# worked on Saturdays 14 and 28 February, Sunday 20 September and Saturday 10 October.
HOLIDAYS = frozenset(
    [date(2026, 2, day) for day in range(15, 24)] + [date(2026, 10, day) for day in range(1, 8)] + [date(2026, 1, 1)]
)
WORKED = frozenset({date(2026, 2, 14), date(2026, 2, 28), date(2026, 9, 20), date(2026, 10, 10)})
OFFICE = Calendar(ZONE, holidays=HOLIDAYS, workdays=WORKED)  # Monday to Friday 8:30–12:00 and 13:30–17:30
MOVING = replace(OFFICE, moves_deadline=True)


def at(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=ZONE)


def shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize(
    ("start", "period", "end"),
    [
        # an hour clock starts at once and runs day and night
        ("2026-11-20 16:00", "24 hours", "2026-11-21 16:00:00"),
        ("2026-12-31 23:30", "1 hour", "2027-01-01 00:30:00"),
        ("2026-11-20 16:00", "90 minutes", "2026-11-20 17:30:00"),
        ("2026-11-20 16:00", "0.5 hours", "2026-11-20 16:30:00"),
        # working hours stand still over lunch, at night, at the weekend, on holidays
        ("2026-11-20 10:00", "1 working hour", "2026-11-20 11:00:00"),
        ("2026-11-20 11:30", "1 working hour", "2026-11-20 14:00:00"),
        ("2026-11-20 12:40", "1 working hour", "2026-11-20 14:30:00"),
        ("2026-11-20 17:00", "1 working hour", "2026-11-23 09:00:00"),
        ("2026-11-20 22:00", "1 working hour", "2026-11-23 09:30:00"),
        ("2026-11-21 09:00", "2 working hours", "2026-11-23 10:30:00"),
        ("2026-11-20 08:00", "7.5 working hours", "2026-11-20 17:30:00"),
        ("2026-11-20 08:00", "8 working hours", "2026-11-23 09:00:00"),
        ("2026-09-30 17:00", "1 working hour", "2026-10-08 09:00:00"),
        ("2026-02-13 17:00", "1 working hour", "2026-02-14 09:00:00"),
        # working days: the first day does not count, the last one ends with the last shift
        ("2026-11-20 09:00", "2 working days", "2026-11-24 17:30:00"),
        ("2026-11-20 23:59", "2 working days", "2026-11-24 17:30:00"),
        ("2026-11-21 09:00", "1 working day", "2026-11-23 17:30:00"),
        ("2026-09-29 09:00", "2 working days", "2026-10-08 17:30:00"),
        ("2026-10-08 09:00", "2 working days", "2026-10-10 17:30:00"),
        ("2026-02-13 09:00", "1 working day", "2026-02-14 17:30:00"),
        ("2026-02-14 09:00", "1 working day", "2026-02-24 17:30:00"),
        ("2026-02-26 09:00", "3 working days", "2026-03-02 17:30:00"),
        # civil days, weeks, months, years: the first day does not count, the last one counts whole
        ("2026-11-20 00:00", "5 days", "2026-11-25 23:59:59"),
        ("2026-11-20 23:00", "5 days", "2026-11-25 23:59:59"),
        ("2026-11-20 09:00", "15 days", "2026-12-05 23:59:59"),
        ("2026-11-20 09:00", "1 week", "2026-11-27 23:59:59"),
        ("2026-11-20 09:00", "1 month", "2026-12-20 23:59:59"),
        ("2026-01-31 09:00", "1 month", "2026-02-28 23:59:59"),
        ("2028-01-31 09:00", "1 month", "2028-02-29 23:59:59"),
        ("2026-03-31 09:00", "1 month", "2026-04-30 23:59:59"),
        ("2026-04-30 09:00", "1 month", "2026-05-30 23:59:59"),
        ("2026-08-31 09:00", "6 months", "2027-02-28 23:59:59"),
        ("2026-12-31 09:00", "2 months", "2027-02-28 23:59:59"),
        ("2024-02-29 09:00", "1 year", "2025-02-28 23:59:59"),
        ("2024-02-29 09:00", "4 years", "2028-02-29 23:59:59"),
        ("2026-11-20 09:00", "0 days", "2026-11-20 23:59:59"),
    ],
)  # fmt: skip
def test_the_golden_table(start: str, period: str, end: str) -> None:
    assert shown(OFFICE.end(at(start), parse(period))) == end


@pytest.mark.parametrize(
    ("start", "period", "stays", "moves"),
    [
        ("2026-09-26 09:00", "5 days", "2026-10-01", "2026-10-08"),  # over the whole National Day
        ("2026-11-16 09:00", "5 days", "2026-11-21", "2026-11-23"),  # a Saturday
        ("2026-02-09 09:00", "5 days", "2026-02-14", "2026-02-14"),  # a Saturday people work on
        ("2025-12-02 09:00", "1 month", "2026-01-02", "2026-01-02"),  # a Friday, no holiday in this calendar
        ("2026-09-07 09:00", "1 month", "2026-10-07", "2026-10-08"),
    ],
)
def test_whether_a_last_day_on_a_day_off_moves_is_a_setting(start: str, period: str, stays: str, moves: str) -> None:
    assert shown(OFFICE.end(at(start), parse(period))) == f"{stays} 23:59:59"
    assert shown(MOVING.end(at(start), parse(period))) == f"{moves} 23:59:59"


def test_a_moment_elsewhere_counts_by_the_organisations_zone() -> None:
    start = datetime(2026, 11, 20, 20, 0, tzinfo=ZoneInfo("UTC"))  # the 21st, 4 o'clock, in Shanghai
    assert shown(OFFICE.end(start, parse("5 days"))) == "2026-11-26 23:59:59"
    assert OFFICE.end(start, parse("5 days")).tzinfo == ZONE


def test_a_week_of_six_days_and_a_night_shift_less_day() -> None:
    site = Calendar(ZONE, weekdays=frozenset(range(6)), shifts=((time(7), time(19)),))
    assert shown(site.end(at("2026-11-20 18:00"), parse("2 working hours"))) == "2026-11-21 08:00:00"
    assert shown(site.end(at("2026-11-20 18:00"), parse("2 working days"))) == "2026-11-23 19:00:00"


def test_a_calendar_without_working_days_comes_to_an_end() -> None:
    idle = Calendar(ZONE, weekdays=frozenset())
    assert idle.end(at("2026-11-20 09:00"), parse("1 working day")) > at("2100-01-01")
    assert idle.end(at("2026-11-20 09:00"), parse("1 working hour")) == at("2026-11-20 09:00")


DAYS = st.dates(date(1990, 1, 1), date(2190, 12, 31))
MOMENTS = st.datetimes(datetime(2025, 12, 1), datetime(2027, 2, 1)).map(lambda m: m.replace(microsecond=0, tzinfo=ZONE))


@given(DAYS, st.integers(0, 400))
def test_months_end_on_the_same_date_or_on_the_last_day(day: date, months: int) -> None:
    end = add_period(day, Quantity(Decimal(months), Unit.MONTH))
    assert (end.year * 12 + end.month) - (day.year * 12 + day.month) == months
    assert end.day == day.day or (end.day < day.day and (end + timedelta(days=1)).day == 1)


@given(DAYS, st.integers(0, 400), st.integers(0, 50))
def test_a_longer_period_ends_no_earlier(day: date, count: int, more: int) -> None:
    for unit in CIVIL:
        longer = add_period(day, Quantity(Decimal(count + more), unit)) if count + more < 150 else None
        shorter = add_period(day, Quantity(Decimal(count), unit)) if count < 150 else None
        assert longer is None or shorter is None or longer >= shorter


@given(MOMENTS, st.integers(1, 60))
def test_working_days_are_the_working_days_after_the_first(start: datetime, count: int) -> None:
    end = OFFICE.end(start, Quantity(Decimal(count), Unit.WORKING_DAY))
    between = [start.date() + timedelta(days=n) for n in range(1, (end.date() - start.date()).days + 1)]
    assert sum(OFFICE.is_working_day(day) for day in between) == count
    assert OFFICE.is_working_day(end.date()) and end.time() == time(17, 30)


@given(MOMENTS, st.integers(1, 3000))
def test_as_many_working_minutes_lie_between_as_were_given(start: datetime, minutes: int) -> None:
    begun = start.replace(second=0)
    end = OFFICE.end(begun, Quantity(Decimal(minutes) / 60, Unit.WORKING_HOUR))
    worked, moment = 0, begun
    while moment < end - timedelta(seconds=30):
        inside = any(opens <= moment.time() < closes for opens, closes in OFFICE.shifts)
        worked += inside and OFFICE.is_working_day(moment.date())
        moment += timedelta(minutes=1)
    assert worked == minutes


def test_hours_are_no_civil_period() -> None:
    with pytest.raises(ValueError, match="24 hours"):
        add_period(date(2026, 1, 1), parse("24 hours"))
