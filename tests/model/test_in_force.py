"""Which revision counts on a day, who may do what on a day, and how long records are kept."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmsdocs.base.language import Language
from qmsdocs.base.toml import parse
from qmsdocs.model.people import People
from qmsdocs.model.release import ItemKind, Release, in_force
from qmsdocs.model.retention import Disposition, Schedule, Trigger

FORM, PROCEDURE = ItemKind.FORM, ItemKind.PROCEDURE
FIRST = date(2026, 1, 1)


def release(
    revision: str, effective_on: date, *, state: str = "in_force", serial: int = 1, number: str = "F-1"
) -> Release:
    return Release(FORM, number, revision, revision * 3, effective_on, None, state, f"REL-{serial:06d}", serial)


def day(written: str) -> date:
    return date.fromisoformat(written)


HISTORY = (
    release("A/0", day("2026-01-01"), state="trial", serial=1),
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
    assert in_force((release("A/0", FIRST, state="withdrawn"),), FORM, "F-1", on=day("2026-12-01")) is None


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8), st.integers(0, 60))
def test_it_is_the_last_one_effective_by_then(days: list[int], on: int) -> None:
    releases = [release(str(n), FIRST + timedelta(days=count), serial=n) for n, count in enumerate(days)]
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
[person."zhang.wei".key.k2026]
public = "ssh-ed25519 AAAA"
from = 2026-02-01
until = 2026-12-31
lost_on = 2026-05-01
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


@pytest.mark.parametrize(
    ("on", "expected"), [("2026-01-31", False), ("2026-02-01", True), ("2026-04-30", True), ("2026-05-01", False)]
)
def test_a_key_counts_from_its_first_day_until_it_was_lost(on: str, expected: bool) -> None:
    assert PEOPLE.person["zhang.wei"].key["k2026"].counts(day(on)) is expected


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
