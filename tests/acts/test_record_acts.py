"""Issue, amend, void, attach, raise: what is planned, what is refused, and what stands in the record afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
from program import CALL, COMPLAINT, LIAISON
from story import Desk, moment, refused

from qmsdocs.acts.apply import apply
from qmsdocs.acts.begin import Beginning, begin, starter_folder
from qmsdocs.acts.record import Filled, Intent, amend, issue, step
from qmsdocs.base.errors import QmsError
from qmsdocs.store.event import Change
from qmsdocs.system.view import System, open_system

CLERK, MANAGER = "zhang.wei", "chen.jing"
GRADED = {
    "nature": "grievance",
    "same_province": True,
    "lawsuit": "none",
    "media": "none",
    "people_together": 1,
    "needs_others": False,
}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A new repository."""
    return Desk.begun(tmp_path / "acme", "2026-11-01 08:00")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A repository whose records only grow."""
    return Desk.begun(tmp_path_factory.mktemp("acts") / "acme", "2026-11-01 08:00")


def test_an_issued_record_is_pinned_to_what_is_in_force(shared: Desk) -> None:
    number = shared.issue("2026-11-20 10:00", "QR-14-04", **COMPLAINT)
    record = shared.record(number)
    event = record.first
    assert (event.by, event.text("entered_by"), event.act, record.state) == (
        "wang.fang",
        "wang.fang",
        "issue",
        "received",
    )
    assert record.form.revision == "A/0" and record.form.sha256 == shared.system.form_for("QR-14-04").sha256
    assert set(event.mapping("parameters")) == {"QD-14-02"}
    assert record.values["received_at"] == "2026-11-18T09:20:00+08:00"
    assert record.derived == {"same_problem_people": 1, "handled_before": 0}
    assert event.mapping("counted") == {"same_problem_people": [], "handled_before": []}


def test_everything_that_speaks_against_a_record_is_said_at_once(shared: Desk) -> None:
    wrong = {**COMPLAINT, "phone": "abc", "channel": "pigeon", "customer": "x" * 40_000}
    said = refused(lambda: shared.issue("2026-11-20 10:00", "QR-14-04", **wrong))
    assert all(part in said for part in ("phone: does not match", "channel: ", "customer: longer than 32000"))
    said = refused(lambda: shared.issue("2026-11-20 10:00", "QR-14-04", level="hot", phone="123456", kustomer="x"))
    assert 'kustomer: no such field, did you mean "customer"?' in said
    said = refused(
        lambda: shared.issue("2026-11-20 10:00", "QR-14-04", level="hot", approved_level="hot", phone="123456")
    )
    assert "level: is worked out by the program" in said and "approved_level: is set by a step" in said
    assert "customer: is missing" in said and "received_at: is missing" in said
    assert "is not in force here; there are QR-01-02" in refused(lambda: shared.issue("2026-11-20 10:00", "QR-99", a=1))


def test_a_default_is_given_where_the_field_exists(shared: Desk) -> None:
    sent = {**LIAISON}
    sent.pop("urgency")
    number = shared.issue("2026-11-20 10:00", "QR-04-01", **sent)
    assert shared.record(number).values["urgency"] == "normal"
    number = shared.issue("2026-11-20 10:00", "QR-04-01", **{**sent, "urgency": "紧急"})
    assert shared.record(number).values["urgency"] == "urgent"


def test_a_default_of_a_field_that_does_not_apply_is_left_out(tmp_path: Path) -> None:
    starter = tmp_path / "starter"
    for path in starter_folder().glob("*.toml"):
        (starter / path.name).parent.mkdir(parents=True, exist_ok=True)
        (starter / path.name).write_bytes(path.read_bytes())
    for part in ("procedures", "forms", "records"):
        for path in (starter_folder() / part).rglob("*"):
            if path.is_file():
                to = starter / path.relative_to(starter_folder())
                to.parent.mkdir(parents=True, exist_ok=True)
                to.write_bytes(path.read_bytes())
    form = starter / "forms/QR-04-01/form.toml"
    conditional = 'type = "text"\ntitle = "缘由"\nwhen = "urgency == \'urgent\'"\ndefault = "客户催"\n'
    added = f"[field.why_urgent]\n{conditional}\n[field.from_department]"
    form.write_text(form.read_text("utf-8").replace("[field.from_department]", added, 1), "utf-8")
    begin(Beginning(tmp_path / "acme", "绿源", "hz", "HZ", "杭州", moment("2026-11-01 08:00"), "desk"), starter=starter)
    desk = Desk(open_system(tmp_path / "acme", now=moment("2026-11-01 08:00"), machine="desk"))
    urgent = desk.issue("2026-11-20 10:00", "QR-04-01", **{**LIAISON, "urgency": "urgent"})
    normal = desk.issue("2026-11-20 10:00", "QR-04-01", **{**LIAISON, "urgency": "normal"})
    assert desk.record(urgent).values["why_urgent"] == "客户催"
    assert "why_urgent" not in desk.record(normal).values


def test_the_same_draft_twice_is_one_record_and_another_content_is_refused(desk: Desk) -> None:
    number = desk.issue("2026-11-20 10:00", "QR-14-04", key="k", **COMPLAINT)
    assert desk.issue("2027-01-02 10:00", "QR-14-04", key="k", **COMPLAINT) == number
    assert "with other content" in refused(
        lambda: desk.issue("2027-01-02 10:00", "QR-14-04", key="k", **{**COMPLAINT, "customer": "周喆"})
    )


def test_a_correction_keeps_what_stood_before(desk: Desk) -> None:
    number = desk.issue("2026-11-20 10:00", "QR-14-04", **COMPLAINT)
    assert "a correction needs a reason" in refused(
        lambda: desk.amend("2026-11-20 11:00", number, None, phone="13900001111")
    )
    assert "nothing would change" in refused(
        lambda: desk.amend("2026-11-20 11:00", number, "x", phone=COMPLAINT["phone"])
    )
    assert "customer: is missing" in refused(lambda: desk.amend("2026-11-20 11:00", number, "x", customer=""))
    assert "level: is worked out" in refused(lambda: desk.amend("2026-11-20 11:00", number, "x", level="hot"))
    assert "phone: does not match" in refused(lambda: desk.amend("2026-11-20 11:00", number, "x", phone="?"))
    assert "the reason: the character U+0007" in refused(
        lambda: desk.amend("2026-11-20 11:00", number, "a\x07", phone="13900001111")
    )
    desk.amend("2026-11-20 11:00", number, "号码听错", phone="13900001111", channel="来访")
    record = desk.record(number)
    assert record.state == "received" and record.last.text("reason") == "号码听错"
    assert [(c.number, c.field, c.old, c.new) for c in record.corrections] == [
        (1, "channel", "phone", "visit"),
        (2, "phone", "13800001234", "13900001111"),
    ]


def test_a_correction_changes_what_is_worked_out(desk: Desk) -> None:
    number = desk.issue("2026-11-20 10:00", "QR-14-04", **COMPLAINT)
    desk.step("2026-11-20 11:00", number, "classify", by=CLERK, **{**GRADED, "people_together": 12})
    assert desk.record(number).derived["level"] == "major"
    desk.amend("2026-11-20 12:00", number, "人数记错", people_together=2)
    assert desk.record(number).derived["level"] == "general"
    assert "was needed for a step already taken" in refused(
        lambda: desk.amend("2026-11-20 12:00", number, "x", people_together="")
    )


def test_a_void_number_stays_taken_and_dead(desk: Desk) -> None:
    first = desk.issue("2026-11-20 10:00", "QR-14-04", **COMPLAINT)
    second = desk.issue("2026-11-20 10:10", "QR-14-04", **COMPLAINT)
    assert "voiding a number needs a reason" in refused(lambda: desk.void("2026-11-20 11:00", first, None))
    assert "there is no record TS-X" in refused(lambda: desk.void("2026-11-20 11:00", first, replaced_by="TS-X"))
    assert "cannot replace" in refused(lambda: desk.void("2026-11-20 11:00", first, replaced_by=first))
    desk.void("2026-11-20 11:00", second, "与前一件重复", replaced_by=first)
    record = desk.record(second)
    assert (
        record.is_void
        and record.last.text("replaced_by") == first
        and record.values["customer"] == COMPLAINT["customer"]
    )
    for work in (
        lambda: desk.step("2026-11-20 12:00", second, "classify", by=CLERK, **GRADED),
        lambda: desk.amend("2026-11-20 12:00", second, "x", phone="13900001111"),
    ):
        assert "is void; nothing can be done" in refused(work)
    assert "is void already" in refused(lambda: desk.void("2026-11-20 12:00", second))
    assert "cannot replace" in refused(lambda: desk.void("2026-11-20 12:00", first, replaced_by=second))
    assert desk.issue("2026-11-20 13:00", "QR-14-04", **COMPLAINT) == "TS-HZ-2026-0003"


def test_files_come_with_a_step_that_may_or_as_a_correction(desk: Desk) -> None:
    number = desk.issue("2026-11-20 10:00", "QR-14-04", **COMPLAINT)
    desk.attach("2026-11-20 11:00", number, "一.jpg", b"1", by=CLERK)
    assert desk.record(number).last.act == "update"
    desk.step("2026-11-20 11:10", number, "classify", by=CLERK, **GRADED)
    desk.step("2026-11-20 11:20", number, "settle", by=CLERK, answer="已解释。")
    desk.step("2026-11-20 11:30", number, "visit", by=MANAGER, visited_by="陈静", satisfied="very")
    assert "a correction needs a reason" in refused(
        lambda: desk.attach("2026-11-20 12:00", number, "二.jpg", b"2", by=CLERK)
    )
    desk.attach("2026-11-20 12:00", number, "二.jpg", b"2", by=CLERK, why="补照片")
    record = desk.record(number)
    assert record.last.act == "amend"
    assert [item["name"] for item in record.values["evidence"]] == ["一.jpg", "二.jpg"]  # type: ignore[index,call-overload,union-attr]
    assert "has no blank for attachments called photos; there are evidence" in refused(
        lambda: desk.attach("2026-11-20 12:00", number, "三.jpg", b"3", by=CLERK, field="photos")
    )


def test_a_record_that_names_files_nobody_stored_is_refused(desk: Desk) -> None:
    file = {"name": "照片.jpg", "size": 3, "sha256": "a" * 64}
    said = refused(lambda: desk.issue("2026-11-20 10:00", "QR-14-04", **COMPLAINT, evidence=[file]))
    assert said.startswith("evidence: ")


def test_a_raised_record_points_back_and_is_raised_once(desk: Desk) -> None:
    call = desk.issue("2026-11-20 10:00", "QR-14-03", **{**CALL, "kind": "complaint"})
    assert "raises no complaint_x; there are complaint, liaison" in refused(
        lambda: desk.raise_("2026-11-20 10:10", call, "complaint_x")
    )
    said = refused(lambda: desk.raise_("2026-11-20 10:10", call, "complaint"))
    assert "problem: is missing" in said
    complaint = desk.raise_("2026-11-20 10:20", call, "complaint", problem="设备设施")
    record = desk.record(complaint)
    assert record.first.mapping("raised_from") == {
        "record": call,
        "raise": "complaint",
        "sha256": desk.record(call).last.sha256,
    }
    assert record.values["customer"] == CALL["customer"] and record.values["channel"] == "phone"
    assert f"has raised {complaint} already" in refused(lambda: desk.raise_("2026-11-20 10:30", call, "complaint"))
    desk.void("2026-11-20 11:00", complaint)
    again = desk.raise_("2026-11-20 11:10", call, "complaint", problem="设备设施")
    assert again != complaint


def test_a_step_is_for_people_who_serve_in_a_role(desk: Desk) -> None:
    number = desk.issue("2026-11-20 10:00", "QR-14-04", **COMPLAINT)
    assert "nobody.here is not in people.toml" in refused(
        lambda: desk.step("2026-11-20 11:00", number, "classify", by="nobody.here", **GRADED)
    )
    assert "has no step grade; there are classify" in refused(
        lambda: desk.step("2026-11-20 11:00", number, "grade", by=CLERK)
    )
    assert "there is no record TS-9" in refused(lambda: desk.step("2026-11-20 11:00", "TS-9", "classify", by=CLERK))


def test_what_happened_earlier_counts_for_the_clocks(desk: Desk) -> None:
    number = desk.issue("2026-11-20 10:00", "QR-14-04", **{**COMPLAINT, "received_at": "2026-11-19 09:00"})
    desk.step("2026-11-20 11:00", number, "classify", by=CLERK, happened_at="2026-11-19 09:30", **GRADED)
    reading = desk.facts(number).reading("report")
    assert reading is not None and not reading.is_overdue
    assert desk.record(number).last.recorded_at == moment("2026-11-20 11:00")


# ── look-ups over other records


def test_people_with_the_same_problem_are_counted_within_the_window(desk: Desk) -> None:
    def complaint(day: str, customer: str, **more: object) -> str:
        said = {**COMPLAINT, "received_at": f"2026-{day} 09:00", "customer": customer, **more}
        return desk.issue(f"2026-{day} 10:00", "QR-14-04", **said)

    first = complaint("11-02", "林玥")
    assert desk.record(first).derived["same_problem_people"] == 1
    second = complaint("11-05", "林玥")  # the same person again
    assert desk.record(second).derived["same_problem_people"] == 1
    complaint("11-06", "周喆", estate="栖枫园5幢")  # elsewhere
    complaint("11-07", "吴昇", problem="crack")  # something else
    third = complaint("11-10", "欧阳昇")
    assert desk.record(third).derived["same_problem_people"] == 2
    fourth = complaint("12-01", "陈一")
    assert desk.record(fourth).derived["same_problem_people"] == 3
    assert desk.facts(fourth).stored("level") is None  # nobody has judged it yet
    assert desk.record(fourth).first.mapping("counted")["same_problem_people"] == [first, second, third]
    desk.void("2026-12-01 11:00", third)
    fifth = complaint("12-03", "钱二")  # the first one is over a month ago, the third one void
    assert desk.record(fifth).derived["same_problem_people"] == 3
    late = complaint("12-20", "孙三")
    assert desk.record(late).derived["same_problem_people"] == 3


def test_a_record_looked_at_again_much_later_does_not_count_what_came_long_after(desk: Desk) -> None:
    first = desk.issue("2026-11-02 10:00", "QR-14-04", **{**COMPLAINT, "received_at": "2026-11-02 09:00"})
    for month, customer in (("11-20", "甲"), ("12-20", "乙"), ("12-28", "丙")):
        desk.issue(
            f"2026-{month} 10:00",
            "QR-14-04",
            **{**COMPLAINT, "received_at": f"2026-{month} 09:00", "customer": customer},
        )
    desk.step("2026-12-30 11:00", first, "classify", by=CLERK, **GRADED)
    assert desk.record(first).derived["same_problem_people"] == 2  # itself and the one within a month
    assert desk.record(first).derived["level"] == "general"


def test_a_complaint_that_was_closed_before_makes_the_next_one_important(desk: Desk) -> None:
    said = {**COMPLAINT, "received_at": "2026-11-02 09:00"}
    first = desk.issue("2026-11-02 10:00", "QR-14-04", **said)
    desk.step("2026-11-02 11:00", first, "classify", by=CLERK, **GRADED)
    desk.step("2026-11-02 12:00", first, "settle", by=CLERK, answer="已解释。")
    desk.step("2026-11-02 13:00", first, "visit", by=MANAGER, visited_by="陈静", satisfied="very")
    second = desk.issue("2026-11-03 10:00", "QR-14-04", **said)
    assert desk.record(second).derived["handled_before"] == 0
    desk.step("2026-11-03 11:00", first, "close", by=MANAGER, effect="好")
    desk.step("2026-11-03 12:00", second, "classify", by=CLERK, **GRADED)
    assert (desk.record(second).derived["handled_before"], desk.record(second).derived["level"]) == (1, "important")


# ── plans are values


def test_a_plan_writes_nothing_and_is_made_again_when_the_record_moved_on(desk: Desk) -> None:
    number = desk.issue("2026-11-20 10:00", "QR-14-04", **COMPLAINT)
    system = desk.at("2026-11-20 11:00")
    before = system.record(number).record.last.sha256
    outcome = apply(
        system,
        lambda s: step(s, number, "classify", values=GRADED, intent=Intent(by=CLERK)),
        clock=lambda: system.now,
        dry_run=True,
    )
    assert outcome.posted == () and outcome.change.drafts[0].state == "classified"
    assert desk.system.record(number).record.last.sha256 == before

    planned = 0

    def meanwhile(found: System) -> Change:
        nonlocal planned
        planned += 1
        change = amend(found, number, values={"phone": "13900001111"}, intent=Intent(by=CLERK, reason="听错"))
        if planned == 1:  # somebody else writes between planning and posting
            other = open_system(desk.system.place.root, now=moment("2026-11-20 11:00"), machine="desk")
            apply(
                other,
                lambda s: step(s, number, "classify", values=GRADED, intent=Intent(by=CLERK)),
                clock=lambda: moment("2026-11-20 11:00"),
            )
        return change

    apply(system, meanwhile, clock=lambda: moment("2026-11-20 11:01"))
    assert planned == 2
    record = desk.at("2026-11-20 11:02").record(number).record
    assert [event.act for event in record.events] == ["issue", "classify", "amend"]
    assert record.state == "classified"


def test_others_writing_again_and_again_is_said(desk: Desk) -> None:
    number = desk.issue("2026-11-20 10:00", "QR-14-04", **COMPLAINT)
    phones = iter(f"1390000{turn:04}" for turn in range(100))

    def always(found: System) -> Change:
        change = amend(found, number, values={"phone": next(phones)}, intent=Intent(by=CLERK, reason="x"))
        other = open_system(desk.system.place.root, now=moment("2026-11-20 11:00"), machine="desk")
        plan = Intent(by=CLERK, reason="y")
        apply(
            other,
            lambda s: amend(s, number, values={"phone": next(phones)}, intent=plan),
            clock=lambda: moment("2026-11-20 11:00"),
        )
        return change

    with pytest.raises(QmsError, match="others are writing to the same record; nothing was written"):
        apply(desk.at("2026-11-20 11:00"), always, clock=lambda: moment("2026-11-20 11:00"))


def test_a_revision_that_is_not_there_is_refused(shared: Desk) -> None:
    filled = Filled(form="QR-14-04", values=COMPLAINT, submission="r", revision="B/7")
    said = refused(lambda: shared.do("2026-11-20 10:00", lambda s: issue(s, filled, Intent(by=CLERK))))
    assert said == "QR-14-04 has no revision B/7"


def test_the_year_of_a_number_is_that_of_the_organisations_zone(desk: Desk) -> None:
    number = desk.issue("2026-12-31 23:59", "QR-14-04", **COMPLAINT)
    assert number == "TS-HZ-2026-0001"
    assert desk.issue("2027-01-01 00:00", "QR-14-04", **COMPLAINT) == "TS-HZ-2027-0001"
    # every later act stays with the number
    desk.step("2027-01-02 09:00", number, "classify", by=CLERK, **GRADED)
    assert desk.system.record(number).key.ledger == "records/complaint/2026/hz"
