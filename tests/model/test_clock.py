"""Clocks: when they start, stop, pause, run again and run out. Histories are dated lines."""

from __future__ import annotations

from datetime import timedelta

import pytest
from definitions import OFFICE, at, facts, moments, small, starter
from hypothesis import given
from hypothesis import strategies as st

from qmsdocs.model.clock import Reading, has_passed
from qmsdocs.model.form import Form
from qmsdocs.model.quantity import parse

FORM = small(
    """
[field.received_at]
type = "datetime"
title = "接到"
[field.answered_on]
type = "date"
title = "答复日"
[field.urgent]
type = "boolean"
title = "紧急"

[clock.answering]
title = "答复"
starts = "received_at"
stops = ["answer", "settle"]
within = "p.urgent if urgent else p.normal"
[clock.handling]
title = "历时"
starts = "received_at"
stops = "solve"
pauses = "waiting"
[clock.visiting]
title = "回访"
starts = ["solve", "settle"]
stops = "visit"
within = "p.visit"
[clock.written]
title = "书面"
starts = "issue"
stops = "answered_on"
within = "p.normal"
""",
    """
[state]
received = { title = "已受理" }
waiting = { title = "等待" }
answered = { title = "已答复" }
solved = { title = "已处理" }
visited = { title = "已回访" }
closed = { title = "已结案", means = "closed" }
dropped = { title = "不办", means = "closed" }
[step]
answer = { title = "答复", from = "received", to = "answered" }
settle = { title = "化解", from = "received", to = "solved" }
wait = { title = "等待", from = "answered", to = "waiting" }
resume = { title = "继续", from = "waiting", to = "answered" }
solve = { title = "实施", from = "answered", to = "solved" }
visit = { title = "回访", from = "solved", to = "visited" }
close = { title = "结案", from = "visited", to = "closed" }
drop = { title = "不办", from = "received", to = "dropped" }
reopen = { title = "重开", from = ["visited", "closed"], to = "received" }
""",
)
LIMITS = {"urgent": "24 hours", "normal": "5 days", "visit": "24 hours"}
RECEIVED = {"received_at": "2026-11-20T16:00:00+08:00"}
ISSUED = "2026-11-20 17:00 issue → received\n"


def reading(clock: str, history: str, now: str, form: Form = FORM, **values: object) -> Reading | None:
    given = {**RECEIVED, **values}
    return facts(form, given, now=now, history=moments(history), parameters=LIMITS).reading(clock)  # type: ignore[arg-type]


def shown(found: Reading | None) -> str:
    """started → stopped, due, overdue, as one line."""
    if found is None:
        return "not begun"
    stopped = f"{found.stopped_at:%d %H:%M}" if found.stopped_at else "running"
    due = f" due {found.due_at:%d %H:%M}" if found.due_at else ""
    return f"{found.started_at:%d %H:%M} → {stopped}{due}{' overdue' if found.is_overdue else ''}"


@pytest.mark.parametrize(
    ("clock", "history", "now", "expected"),
    [
        ("answering", "", "2026-11-21 12:00", "20 16:00 → running due 25 23:59"),
        ("answering", "", "2026-11-25 23:59", "20 16:00 → running due 25 23:59"),
        ("answering", "", "2026-11-26 00:00", "20 16:00 → running due 25 23:59 overdue"),
        ("answering", "2026-11-22 09:00 answer → answered", "2026-11-30 12:00", "20 16:00 → 22 09:00 due 25 23:59"),
        ("answering", "2026-11-26 09:00 answer → answered", "2026-11-30 12:00", "20 16:00 → 26 09:00 due 25 23:59 overdue"),
        # any of the stops, the first one counts
        ("answering", "2026-11-22 09:00 settle → solved", "2026-11-30 12:00", "20 16:00 → 22 09:00 due 25 23:59"),
        # waiting for the customer after the answer does not take the answer back
        (
            "answering",
            "2026-11-22 09:00 answer → answered\n2026-11-22 10:00 wait → waiting\n2026-11-24 10:00 resume → answered",
            "2026-11-30 12:00",
            "20 16:00 → 22 09:00 due 25 23:59",
        ),
        # reopened: it must be answered again, and the clock runs on
        (
            "answering",
            "2026-11-22 09:00 answer → answered\n2026-11-22 10:00 solve → solved\n2026-11-23 10:00 visit → visited\n"
            "2026-11-24 10:00 reopen → received",
            "2026-11-30 12:00",
            "20 16:00 → running due 25 23:59 overdue",
        ),
        # a clock begun by an act begins anew with it
        ("visiting", "2026-11-22 09:00 answer → answered", "2026-11-23 09:00", "not begun"),
        ("visiting", "2026-11-22 09:00 solve → solved", "2026-11-23 09:00", "22 09:00 → running due 23 09:00"),
        (
            "visiting",
            "2026-11-22 09:00 solve → solved\n2026-11-22 12:00 visit → visited\n2026-11-23 10:00 reopen → received\n"
            "2026-11-24 10:00 answer → answered\n2026-11-25 10:00 solve → solved",
            "2026-11-25 12:00",
            "25 10:00 → running due 26 10:00",
        ),
        # order is the sequence, never the time: a visit said to have been before the solution still stops it
        (
            "visiting",
            "2026-11-22 09:00 solve → solved\n2026-11-22 08:00 visit → visited",
            "2026-11-30 12:00",
            "22 09:00 → 22 09:00 due 23 09:00",
        ),
        # what is closed or void has no running clock
        ("answering", "2026-11-22 09:00 drop → dropped", "2026-11-30 12:00", "20 16:00 → 22 09:00 due 25 23:59"),
        ("answering", "2026-11-22 09:00 void → void", "2026-11-30 12:00", "20 16:00 → 22 09:00 due 25 23:59"),
        ("answering", "2026-11-27 09:00 void → void", "2026-11-30 12:00", "20 16:00 → 27 09:00 due 25 23:59 overdue"),
        ("visiting", "2026-11-22 09:00 drop → dropped", "2026-11-30 12:00", "not begun"),
        # an act that every record has may start one
        ("written", ISSUED, "2026-11-21 12:00", "20 17:00 → running due 25 23:59"),
    ],
)  # fmt: skip
def test_what_a_clock_shows(clock: str, history: str, now: str, expected: str) -> None:
    assert shown(reading(clock, history, now)) == expected


def test_a_date_field_stops_it() -> None:
    assert (
        shown(reading("written", ISSUED, "2026-11-30 12:00", answered_on="2026-11-24"))
        == "20 17:00 → 24 00:00 due 25 23:59"
    )
    assert (
        shown(reading("written", ISSUED, "2026-11-30 12:00", answered_on="2026-11-19"))
        == "20 17:00 → 20 17:00 due 25 23:59"
    )


def test_without_its_starting_field_it_has_not_begun() -> None:
    assert facts(FORM, {}, parameters=LIMITS).reading("answering") is None


def test_the_limit_is_an_expression() -> None:
    assert shown(reading("answering", "", "2026-11-21 12:00", urgent=True)) == "20 16:00 → running due 21 16:00"
    assert shown(reading("answering", "", "2026-11-21 12:00", urgent=False)) == "20 16:00 → running due 25 23:59"


def test_pauses_do_not_count() -> None:
    history = (
        "2026-11-21 16:00 answer → answered\n2026-11-22 16:00 wait → waiting\n2026-11-25 16:00 resume → answered\n"
        "2026-11-26 16:00 solve → solved"
    )
    found = reading("handling", history, "2026-11-30 12:00")
    assert found is not None
    assert (found.paused, found.ran) == (timedelta(days=3), timedelta(days=3))
    waiting = reading("handling", "\n".join(history.splitlines()[:2]), "2026-11-24 16:00")
    assert waiting is not None and (waiting.paused, waiting.ran) == (timedelta(days=2), timedelta(days=2))
    for period, passed in (("3 days", False), ("2 days", True)):
        assert has_passed(waiting, parse(period), OFFICE, now=at("2026-11-24 23:59:59")) is passed


def test_a_clock_that_has_not_begun_has_passed_nothing() -> None:
    assert not has_passed(None, parse("1 minute"), OFFICE, now=at("2026-11-24 16:00"))


def test_a_clock_that_does_not_apply_is_not_shown_but_can_be_asked() -> None:
    form = starter("QR-14-04")
    values = {"received_at": "2026-11-20T16:00:00+08:00", "lawsuit": "begun", "nature": "quality"}
    history = moments("2026-11-21 16:00 carry_out → solved")
    solved = facts(
        form,
        values,
        state="solved",
        history=history,
        parameters={"visit_within": "24 hours", "major_people": "9 people"},
    )
    assert solved.value(("level",)) == "major"
    assert solved.reading("visiting") is None
    assert solved.reading("visiting", limited=False) is not None


STEPS = dict(FORM.step)


@st.composite
def histories(draw: st.DrawFn) -> str:
    """A walk over the form, each act some hours after the one before."""
    state, hours, lines = "received", 0, []
    for _ in range(draw(st.integers(0, 12))):
        possible = sorted(name for name, step in STEPS.items() if state in step.from_)
        if not possible:
            break
        act = draw(st.sampled_from(possible))
        state = STEPS[act].to or state
        hours += draw(st.integers(1, 30))
        lines.append(f"{at('2026-11-20 16:00') + timedelta(hours=hours):%Y-%m-%d %H:%M} {act} → {state}")
    return "\n".join(lines)


@given(histories(), st.integers(0, 500))
def test_what_holds_of_every_clock_on_every_history(history: str, hours: int) -> None:
    last = at(" ".join(history.splitlines()[-1].split()[:2])) if history else at("2026-11-20 16:00")
    now = last + timedelta(hours=hours)
    state = history.split()[-1] if history else "received"
    for name, clock in FORM.clock.items():
        found = reading(name, history, f"{now:%Y-%m-%d %H:%M}")
        if found is None:
            continue
        end = found.stopped_at or now
        assert found.started_at <= end <= now
        assert timedelta() <= found.paused <= end - found.started_at
        assert found.ran == end - found.started_at - found.paused
        assert found.is_overdue == (found.due_at is not None and end > found.due_at)
        if state in FORM.closed_states:
            assert found.stopped_at is not None
        if state == "received" and clock.starts == ("received_at",):
            assert found.stopped_at is None  # all is still to be done
