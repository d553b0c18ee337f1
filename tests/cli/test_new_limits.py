"""A parameter that is changed and released judges new records only, from midnight of its day in the organisation's zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from program import COMPLAINT, ZONE, Program

NUMBER = "QD-14-02"
EVE = datetime(2026, 11, 30, 23, 59, tzinfo=ZONE)
DAY = datetime(2026, 12, 1, 0, 1, tzinfo=ZONE)


@pytest.fixture
def desk(repository: Program) -> Program:
    """Where an answer is due within 4 instead of 2 working days from 1 December on."""
    path = repository.root / "procedures" / f"{NUMBER}.md"
    text = path.read_text("utf-8")
    changed, count = re.subn(r'(answer_same_province *= \{ value = )"2 working days"', r'\1"4 working days"', text)
    assert count == 1
    path.write_text(changed, "utf-8")
    for words in (
        ("submit", NUMBER, "-m", "放宽答复时限", "--as", "wang.fang"),
        ("review", NUMBER, "--as", "li.ming"),
        ("approve", NUMBER, "--effective", "2026-12-01", "--as", "zhao.lei"),
    ):
        found = repository("document", *words)
        assert found.code == 0, found.err
    return repository


def answering(desk: Program, number: str) -> str:
    """When the customer must be answered."""
    classify = {
        "nature": "grievance",
        "same_province": "true",
        "needs_others": "false",
        "lawsuit": "none",
        "media": "none",
    }
    given = [w for name, value in {**classify, "people_together": "1"}.items() for w in ("--set", f"{name}={value}")]
    found = desk("record", "advance", number, "classify", *given, "--as", "zhang.wei", "--no-pages")
    assert found.code == 0, found.err
    said = re.search(r"Answer the customer: .*due (\S+ \S+)", desk("record", "show", number).out)
    assert said is not None
    return said[1]


def test_from_midnight_of_its_day_new_records_have_the_new_limit(desk: Program) -> None:
    before, after = desk.later(EVE), desk.later(DAY)
    old = before.issue("QR-14-04", **{**COMPLAINT, "received_at": "2026-11-30T15:00:00+08:00"})
    received = {"received_at": "2026-12-01T00:00:30+08:00"}
    new = after.issue("QR-14-04", **{**COMPLAINT, **received})
    late = after.issue("QR-14-04", **{**COMPLAINT, "received_at": "2026-11-30T15:00:00+08:00", "customer": "迟报"})
    assert answering(after, old).startswith("2026-12-02 17:30")  # two working days, also when it is graded later
    assert answering(after, new).startswith("2026-12-07 17:30")  # four after the first of December, a Tuesday
    assert answering(after, late).startswith("2026-12-02 17:30")  # received under the old rule, taken in under the new


def test_the_zone_is_the_organisations_and_not_the_machines(desk: Program) -> None:
    """At 16:01 UTC it is the next day in Hangzhou."""
    pins = {}
    for name, moment in (("eve", EVE.astimezone(UTC)), ("day", DAY.astimezone(UTC))):
        at = desk.later(moment)
        local = moment.astimezone(ZONE).isoformat()
        number = at.issue("QR-14-04", **{**COMPLAINT, "received_at": local, "customer": name})
        pins[name] = at.record(number)["events"][0]["parameters"][NUMBER]
    said = desk("document", "history", NUMBER, "--json").json["revisions"]
    assert [pins["eve"], pins["day"]] == [item["manifest"] for item in said]
