"""What is due is found without looking at every record, and none is missed."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from qmsdocs.model.quantity import Unit
from qmsdocs.model.quantity import parse as quantity
from qmsdocs.model.retention import following, last_day
from qmsdocs.query.retention import latest_trigger

DAYS = st.dates(min_value=date(2000, 1, 1), max_value=date(2060, 12, 31))
UNITS = st.sampled_from([Unit.DAY, Unit.WEEK, Unit.MONTH, Unit.YEAR])


@given(DAYS, st.integers(1, 60), UNITS, st.integers(-40, 40))
def test_nothing_that_is_due_began_after_the_latest_trigger(on: date, count: int, unit: Unit, shift: int) -> None:
    period = quantity(f"{count} {unit.value}s")
    latest = latest_trigger(period, on)
    begun = date.fromordinal(latest.toordinal() + shift)
    if following(last_day(begun, period)) <= on:
        assert begun < latest  # a day is left for zones
    if shift < -8:
        assert following(last_day(begun, period)) <= on  # so that little is looked at in vain
