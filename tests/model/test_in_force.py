"""Which revision counts on a day, who may do what on a day, and how long records are kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmsdocs.base.language import Language
from qmsdocs.base.toml import parse
from qmsdocs.model.key import RegisteredKey
from qmsdocs.model.people import People
from qmsdocs.model.release import Course, ItemKind, Release, in_force
from qmsdocs.model.retention import Disposition, Schedule, Trigger

FORM, PROCEDURE = ItemKind.FORM, ItemKind.PROCEDURE
FIRST = date(2026, 1, 1)


def release(
    revision: str, effective_on: date, *, state: str = "approved", serial: int = 1, number: str = "F-1", **more: object
) -> Release:
    trial = FIRST + timedelta(days=180) if state == "trial" else None
    return Release(
        FORM, number, revision, revision * 3, effective_on, trial, Course(state), f"REL-{serial:06d}", serial, **more
    )  # type: ignore[arg-type]


def day(written: str) -> date:
    return date.fromisoformat(written)


HISTORY = (
    release("A/0", day("2026-01-01"), state="trial", serial=1, is_first=True),
    release("A/1", day("2026-06-01"), serial=2),
    release("A/2", day("2026-09-01"), state="submitted", serial=3),
    release("B/0", day("2026-12-01"), serial=4),
    release("A/9", day("2026-03-01"), serial=5, number="F-2"),
)


@pytest.mark.parametrize(
    ("on", "revision"),
    [
        ("2025-12-31", "A/0"),  # received just before the system began
        ("2026-01-01", "A/0"),
        ("2026-05-31", "A/0"),
        ("2026-06-01", "A/1"),
        ("2026-10-01", "A/1"),  # A/2 was never approved
        ("2026-11-30", "A/1"),
        ("2026-12-01", "B/0"),
    ],
)
def test_from_midnight_of_its_effective_day_until_the_next_one(on: str, revision: str) -> None:
    found = in_force(HISTORY, FORM, "F-1", on=day(on))
    assert found is not None and found.revision == revision
    assert found.is_trial is (revision == "A/0")


def test_other_kinds_and_numbers_play_no_part() -> None:
    assert in_force(HISTORY, PROCEDURE, "F-1", on=day("2026-12-01")) is None
    assert in_force(HISTORY, FORM, "F-3", on=day("2026-12-01")) is None
    gone = release("A/0", FIRST, state="withdrawn", withdrawn_on=day("2026-06-01"))
    assert in_force((gone,), FORM, "F-1", on=day("2026-05-31")) == gone
    assert in_force((gone,), FORM, "F-1", on=day("2026-06-01")) is None
    never = release("A/0", FIRST, state="withdrawn", withdrawn_on=FIRST)
    assert in_force((never,), FORM, "F-1", on=FIRST) is None
    first_day = release("A/0", FIRST, state="withdrawn", withdrawn_on=FIRST, is_first=True)
    replaced = (first_day, release("A/1", FIRST, serial=2))  # on the first day; somewhere it is still the day before
    assert in_force(replaced, FORM, "F-1", on=FIRST - timedelta(days=1)) == replaced[1]
    coming = release("A/0", day("2026-06-01"))
    assert in_force((coming,), FORM, "F-1", on=day("2026-05-31")) is None  # approved later, not what it began with


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8), st.integers(0, 60))
def test_it_is_the_last_one_effective_by_then(days: list[int], on: int) -> None:
    releases = [release(str(n), FIRST + timedelta(days=c), serial=n, is_first=True) for n, c in enumerate(days)]
    found = in_force(releases, FORM, "F-1", on=FIRST + timedelta(days=on))
    begun = [count for count in days if count <= on]
    assert found is not None
    assert found.effective_on == FIRST + timedelta(days=max(begun) if begun else min(days))


PEOPLE = parse(
    """
[role.clerk]
title = "专管员"
[role.manager]
title = "经理"
[person."zhang.wei"]
name = "张伟"
roles = ["clerk", "manager"]
from = 2026-01-01
until = 2026-06-30
[person.li]
name = "李明"
roles = "clerk"
""",
    People,
    source="people",
)


@pytest.mark.parametrize(
    ("person", "roles", "on", "expected"),
    [
        ("zhang.wei", ("manager",), "2026-01-01", True),
        ("zhang.wei", ("manager",), "2025-12-31", False),
        ("zhang.wei", ("manager",), "2026-06-30", True),
        ("zhang.wei", ("manager",), "2026-07-01", False),
        ("li", ("manager",), "2026-03-01", False),
        ("li", ("manager", "clerk"), "2026-03-01", True),
        ("li", (), "2026-03-01", True),
        ("nobody", (), "2026-03-01", False),
    ],
)
def test_who_serves_in_a_role_on_a_day(person: str, roles: tuple[str, ...], on: str, expected: bool) -> None:
    assert PEOPLE.has_role(person, roles, on=day(on)) is expected


def test_the_people_of_a_role_and_their_names() -> None:
    assert PEOPLE.in_role(("clerk",), on=day("2026-03-01")) == ("zhang.wei", "li")
    assert PEOPLE.in_role(("clerk",), on=day("2026-08-01")) == ("li",)
    assert PEOPLE.names() == {"zhang.wei": "张伟", "li": "李明"}


KEY = RegisteredKey(
    person="zhang.wei",
    public="ssh-ed25519 AAAA",
    fingerprint="SHA256:x",
    from_on=date(2026, 2, 1),
    until_on=date(2026, 12, 31),
    lost_at=datetime(2026, 5, 1, 9, tzinfo=UTC),
    state="lost",
    record="KEY-000001",
    serial=1,
)


@pytest.mark.parametrize(
    ("at", "expected"),
    [("2026-01-31T12", False), ("2026-02-01T00", True), ("2026-05-01T08", True), ("2026-05-01T09", False)],
)
def test_a_key_counts_from_its_first_day_until_it_was_lost(at: str, expected: bool) -> None:
    moment = datetime.fromisoformat(f"{at}:00+00:00")
    assert KEY.counts(moment) is expected
    assert not replace(KEY, state="offered", has_counted=False).counts(moment)


def test_how_long_records_are_kept() -> None:
    schedule = parse(
        """
[class.complaint]
title = "投诉"
trigger = "closed"
period = "3 years"
disposition = "review"
basis = "惯例"
[class.manual]
title = "手册"
trigger = "superseded"
period = "permanent"
disposition = "keep"
basis = "惯例"
""",
        Schedule,
        source="retention",
    )
    complaint, manual = schedule.class_["complaint"], schedule.class_["manual"]
    assert (complaint.trigger, complaint.disposition) == (Trigger.CLOSED, Disposition.REVIEW)
    assert (complaint.words(Language.ZH), complaint.words(Language.EN)) == ("3年", "3 years")
    assert manual.length is None and manual.words(Language.ZH) == "permanent"
