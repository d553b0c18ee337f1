"""Holds and decisions in control: signed by who has a key, believed only of who may, and never rewritten."""

from __future__ import annotations

from pathlib import Path

import pytest
from control import Company

from qmsdocs.acts import retention
from qmsdocs.acts.control import Act, change
from qmsdocs.acts.retention import Holding
from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import QmsError
from qmsdocs.model.hold import DECIDED, LIFTED, PLACED
from qmsdocs.store import control
from qmsdocs.store.event import Draft, NewNumber, RecordKey
from qmsdocs.system import builtin
from qmsdocs.system.trust import Trust

CLASS = Holding(classes=("complaint",), title="诉讼")


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company.begun(tmp_path / "acme")


def place(company: Company, by: str = "li.ming") -> str:
    return company.do(lambda s: retention.hold(s, CLASS, Act(by, "诉讼"))).posted[0].number


def forge(company: Company, name: str, act: str, state: str, by: str, said: dict[str, Json]) -> None:
    """An act written as the program writes it, but judged by nobody."""
    series = control.HOLDS if name == builtin.HOLD else control.DECISIONS
    held = list(control.records(company.system.objects, company.system.control, series))
    record: NewNumber | RecordKey = builtin.new_number(name)
    if act != "issue":
        record = control.key_of(held[0][0])
    draft = Draft(record=record, act=act, state=state, set=said, form=builtin.reference(name),
                  after=held[0][-1].sha256 if act != "issue" else None)  # fmt: skip
    company.do(lambda s: change(s, Act(by, "硬写"), [draft]))


def problems(company: Company) -> list[str]:
    """What speaks against the holds and decisions there are."""
    system = company.system
    trust = Trust.of(system.definitions, system.repository)
    series = (control.HOLDS, control.DECISIONS)
    stored = [event for name in series for events in system.definitions.series(name) for event in events]
    return [str(why) for event in stored for why in trust.problems(event)]


def test_without_keys_the_role_alone_counts(company: Company) -> None:
    place(company)
    company.do(lambda s: retention.lift(s, "HLD-000001", Act("zhao.lei", "结案")))
    assert problems(company) == [] and not company.system.definitions.holds[0].is_in_force


def test_who_has_a_key_signs(company: Company) -> None:
    company.key("li.ming")
    company.key("zhao.lei")
    place(company)
    company.do(lambda s: retention.review_hold(s, "HLD-000001", Act("li.ming", "未结")))
    company.do(lambda s: retention.lift(s, "HLD-000001", Act("zhao.lei", "结案")))
    [events] = company.system.definitions.series(control.HOLDS)
    said = [(stored.event.mapping("signer").get("meaning"), stored.signature is not None) for stored in events]
    assert said == [("approved", True), ("reviewed", True), ("approved", True)]
    assert problems(company) == []


def test_a_deputy_places_a_hold_and_says_for_whom(company: Company) -> None:
    number = company.delegate("li.ming", "qian.li")
    place(company, by="qian.li")
    [events] = company.system.definitions.series(control.HOLDS)
    assert (events[0].event.changes["deputy_for"], events[0].event.changes["delegation"]) == ("li.ming", number)
    assert problems(company) == []


@pytest.mark.parametrize("by", ["qian.li", "wang.fang"])
def test_a_hold_of_somebody_without_the_right_is_not_believed(company: Company, by: str) -> None:
    with pytest.raises(QmsError):
        place(company, by=by)
    forge(company, builtin.HOLD, "issue", PLACED, by, {"title": "x", "classes": ["complaint"]})
    assert problems(company) == [f"{by} had no right to do so on 2026-11-01"]


def test_a_lifting_of_somebody_without_the_right_is_not_believed(company: Company) -> None:
    place(company)
    forge(company, builtin.HOLD, "lift", LIFTED, "wang.fang", {"lifted_on": "2026-11-01"})
    assert problems(company) == ["wang.fang had no right to do so on 2026-11-01"]


def test_a_lifting_that_had_to_be_signed_is_not_believed_unsigned(company: Company) -> None:
    company.key("li.ming")
    place(company)
    forge(company, builtin.HOLD, "lift", LIFTED, "li.ming", {"lifted_on": "2026-11-01"})
    assert problems(company) == ["it is not signed, and it had to be"]


def test_an_act_out_of_course_lifts_nothing(company: Company) -> None:
    place(company)
    forge(company, builtin.HOLD, "review", LIFTED, "li.ming", {"reviewed_on": "2026-11-01"})
    forge(company, builtin.HOLD, "lift", LIFTED, "li.ming", {"numbers": ["TS-1"], "lifted_on": "2026-11-01"})
    assert company.system.definitions.holds[0].is_in_force
    assert len(problems(company)) == 2


def test_decisions_are_for_who_approves_and_signed_from_the_first_key_on(company: Company) -> None:
    said: dict[str, Json] = {"kind": "keep", "numbers": ["TS-1"], "until_on": "2030-01-01"}
    forge(company, builtin.DECISION, "issue", DECIDED, "zhao.lei", said)
    assert problems(company) == []
    forge(company, builtin.DECISION, "issue", DECIDED, "li.ming", said)
    assert problems(company) == ["li.ming had no right to do so on 2026-11-01"]


def test_an_unsigned_decision_after_the_first_key_is_not_believed(company: Company) -> None:
    company.key("zhao.lei")
    said: dict[str, Json] = {"kind": "keep", "numbers": ["TS-1"], "until_on": "2030-01-01"}
    forge(company, builtin.DECISION, "issue", DECIDED, "zhao.lei", said)
    assert problems(company) == ["it is not signed, and it had to be"]


def test_what_no_program_of_ours_writes_holds_and_keeps_nothing(company: Company) -> None:
    forge(company, builtin.DECISION, "issue", DECIDED, "zhao.lei", {"kind": "burn", "numbers": ["TS-1"]})
    forge(company, builtin.HOLD, "issue", PLACED, "li.ming", {"title": "x", "opened_from": "soon"})
    assert company.system.definitions.decisions == () and company.system.definitions.holds == ()
