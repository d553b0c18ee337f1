"""A record is the fold of its events: later values replace earlier ones, null clears, corrections stay readable."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmsdocs.base.canonical import Json, dumps, sha256
from qmsdocs.base.errors import QmsError
from qmsdocs.model.record import Event, Record, fold

NAMES = st.sampled_from(["a", "b", "c"])
STORED = st.none() | st.booleans() | st.integers(0, 9) | st.text("xyz", max_size=2)
CHANGES = st.dictionaries(NAMES, STORED, max_size=3)


def event(act: str, given: Mapping[str, Json], **more: Json) -> Event:
    said: dict[str, Json] = {
        "act": act,
        "state": "open",
        "set": dict(given),
        "recorded_at": "2026-11-21T12:00:00+08:00",
    }
    return Event.read(dumps({**said, **more}))


@given(st.lists(CHANGES, max_size=8))
def test_the_fold_is_two_lines(changes: list[dict[str, Json]]) -> None:
    values: dict[str, Json] = {}
    for change in changes:
        values |= change
    wanted = {name: value for name, value in values.items() if value is not None}
    assert fold([event("issue", change) for change in changes]) == wanted


@given(st.lists(CHANGES, min_size=1, max_size=6), CHANGES)
def test_corrections_lead_from_what_stood_before_to_what_stands_now(
    changes: list[dict[str, Json]], last: dict[str, Json]
) -> None:
    record = Record((*(event("issue", change) for change in changes), event("amend", last)))
    values = dict(fold(record.events[:-1]))
    for number, correction in enumerate(record.corrections, 1):
        assert correction.number == number
        assert values.get(correction.field) == correction.old != correction.new
        values[correction.field] = correction.new
    assert {name: value for name, value in values.items() if value is not None} == record.values


def test_only_an_amendment_is_a_correction() -> None:
    first = event("issue", {"phone": "1", "name": "林"}, record={"number": "TS-1"}, derived={"level": "hot"})
    record = Record((first, event("update", {"phone": "2"}), event("amend", {"phone": "3", "name": "林"})))
    [correction] = record.corrections
    assert (correction.field, correction.old, correction.new) == ("phone", "2", "3")
    assert record.number == "TS-1"
    assert record.derived == {}
    assert Record((first,)).shown == {"phone": "1", "name": "林", "level": "hot"}


def test_a_void_record_keeps_its_values() -> None:
    record = Record((event("issue", {"a": 1}), event("void", {}, state="void", reason="重复")))
    assert record.is_void and record.state == "void" and record.values == {"a": 1}


def test_what_happened_earlier_counts_for_clocks_but_not_for_the_order() -> None:
    late = event("update", {}, happened_at="2026-11-20T09:00:00+08:00", by="zhang.wei")
    assert late.at == datetime(2026, 11, 20, 9, tzinfo=timezone(timedelta(hours=8)))
    assert late.recorded_at.day == 21 and late.by == "zhang.wei"
    assert event("issue", {}).at == event("issue", {}).recorded_at


def test_the_bytes_are_the_evidence() -> None:
    data = b'{ "act": "issue",  "state": "open" }'
    found = Event.read(data)
    assert found.data == data and found.sha256 == sha256(data)


@pytest.mark.parametrize("data", [b"[]", b"{}", b'{"act": 1}', b"nonsense"])
def test_bytes_that_are_no_event_are_refused(data: bytes) -> None:
    with pytest.raises(QmsError):
        Event.read(data)


def test_a_moment_that_is_none_is_no_crash() -> None:
    with pytest.raises(QmsError, match="yesterday is no moment"):
        _ = event("issue", {}, recorded_at="yesterday").recorded_at


def test_the_form_of_a_record_is_that_of_its_first_event() -> None:
    first = event("issue", {}, form={"number": "QR-1", "revision": "A/0", "sha256": "f" * 64})
    later = event("amend", {}, form={"number": "QR-1", "revision": "A/1", "sha256": "e" * 64})
    assert Record((first, later)).form.revision == "A/0"
