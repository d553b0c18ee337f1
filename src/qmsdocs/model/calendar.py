"""The organisation's calendar: working time, holidays with their make-up days, and when a period ends."""

from __future__ import annotations

import calendar as month_lengths
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from qmsdocs.model.quantity import Quantity, Unit

END_OF_DAY = time(23, 59, 59)
MAXIMUM_SEARCH_DAYS = 40_000  # so that a calendar without working days ends
CIVIL = (Unit.DAY, Unit.WEEK, Unit.MONTH, Unit.YEAR)


@dataclass(frozen=True, slots=True)
class Calendar:
    """When the organisation works. Weekdays count from Monday = 0."""

    zone: ZoneInfo
    weekdays: frozenset[int] = frozenset(range(5))
    shifts: tuple[tuple[time, time], ...] = ((time(8, 30), time(12)), (time(13, 30), time(17, 30)))
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    moves_deadline: bool = False

    def is_working_day(self, day: date) -> bool:
        """Whether people work on `day`: make-up days do, holidays and weekends do not."""
        if day in self.workdays:
            return True
        return day not in self.holidays and day.weekday() in self.weekdays

    def end(self, start: datetime, period: Quantity) -> datetime:
        """The moment the `period` that began at `start` has run out, in the organisation's zone.

        Minutes and hours run at once; in days and longer the first day does not count and the last one counts
        whole (Civil Code of China, art. 201-203); months end on the same date or the month's last day.
        """
        begun = start.astimezone(self.zone)
        match period.unit:
            case Unit.MINUTE:
                return begun + timedelta(minutes=float(period.amount))
            case Unit.HOUR:
                return begun + timedelta(hours=float(period.amount))
            case Unit.WORKING_HOUR:
                return self._after_working(begun, timedelta(hours=float(period.amount)))
            case Unit.WORKING_DAY:
                return self._at(self._working_day_after(begun.date(), int(period.amount)), self.shifts[-1][1])
            case _:
                last = add_period(begun.date(), period)
                while self.moves_deadline and not self.is_working_day(last):
                    last += timedelta(days=1)
                return self._at(last, END_OF_DAY)

    def _at(self, day: date, moment: time) -> datetime:
        return datetime.combine(day, moment, self.zone)

    def _working_day_after(self, day: date, count: int) -> date:
        for _ in range(MAXIMUM_SEARCH_DAYS):
            if count <= 0:
                break
            day += timedelta(days=1)
            count -= self.is_working_day(day)
        return day

    def _spans(self, begun: datetime) -> Iterator[tuple[datetime, datetime]]:
        day = begun.date()
        for _ in range(MAXIMUM_SEARCH_DAYS):
            if self.is_working_day(day):
                for opens, closes in self.shifts:
                    if (ends := self._at(day, closes)) > begun:
                        yield max(begun, self._at(day, opens)), ends
            day += timedelta(days=1)

    def _after_working(self, begun: datetime, left: timedelta) -> datetime:
        last = begun
        for opens, last in self._spans(begun):
            if opens + left <= last:
                return opens + left
            left -= last - opens
        return last


def add_period(day: date, period: Quantity) -> date:
    """The last day of a `period` in CIVIL units whose first day is not counted; a negative one leads back."""
    amount = int(period.amount)
    match period.unit:
        case Unit.DAY:
            return day + timedelta(days=amount)
        case Unit.WEEK:
            return day + timedelta(weeks=amount)
        case Unit.MONTH:
            return _add_months(day, amount)
        case Unit.YEAR:
            return _add_months(day, 12 * amount)
        case _:
            raise ValueError(f"{period} is not counted in days")


def _add_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, month_lengths.monthrange(year, month + 1)[1]))
