"""Whole cases from the first word to the last signature, on a real repository, with every refusal on the way.

S34 (complaint levels, approval that counts for one level only) and the nine gates of an 8D report.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from story import Desk, Line, tell

CLERK, MANAGER, DIRECTOR, VICE = "zhang.wei", "chen.jing", "zhou.min", "zhao.lei"
ENGINEER, OTHER_ENGINEER, QUALITY, PROJECT = "qian.li", "wu.jun", "li.ming", "sun.hao"

COMPLAINT = {
    "received_at": "2026-09-01 09:20",
    "received_by": CLERK,
    "channel": "电话",
    "customer": "林玥",
    "phone": "13800001234",
    "estate": "绿汀苑3幢",
    "problem": "渗漏",
    "what_happened": "次卧外墙窗台下方漏水。",
}
GRADED = {
    "nature": "quality",
    "quality_kind": "engineering",
    "same_province": True,
    "lawsuit": "none",
    "media": "none",
    "people_together": 1,
    "needs_others": False,
}
PLANNED = {"team": ["clerk", "project"], "cause": "窗框打胶开裂。", "plan": "重新打胶并做淋水试验。"}
REVIEWED = {"checked_by": [{"department": "工程部", "opinion": "同意", "checked_on": "2026-09-04"}]}
VISITED = {"visited_by": "王芳", "satisfied": "satisfied"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """One repository in which the cases happen one after the other."""
    return Desk.begun(tmp_path_factory.mktemp("walks") / "acme")


def test_a_complaint_whose_level_rises_needs_a_new_approval(desk: Desk) -> None:
    number = desk.issue("2026-09-01 09:40", "QR-14-04", **COMPLAINT)
    assert number == "TS-HZ-2026-0001"
    begun: list[Line] = [
        ("2026-09-01 10:00", CLERK, "plan", PLANNED, "✗ the record stands at Received; this step goes from Classified"),
        ("2026-09-01 10:00", PROJECT, "classify", GRADED, "✗ (classify) is for Service clerk"),
        ("2026-09-01 10:00", CLERK, "classify", {**GRADED, "media": None}, "✗ media: is missing"),
        ("2026-09-01 10:00", CLERK, "classify", {**GRADED, "quality_kind": ""}, "✗ quality_kind: is missing"),
        (
            "2026-09-01 10:00",
            CLERK,
            "classify",
            {**GRADED, "nature": "grievance"},
            "✗ quality_kind: does not apply here",
        ),
        (
            "2026-09-01 10:00",
            CLERK,
            "classify",
            {**GRADED, "people_together": 0},
            "✗ people_together: must not be less than 1",
        ),
        ("2026-09-01 10:00", CLERK, "classify", {**GRADED, "level": "major"}, "✗ level: is worked out by the program"),
        ("2026-09-01 10:00", CLERK, "classify", GRADED, "classified"),
        ("2026-09-01 10:30", CLERK, "classify", GRADED, "✗ the record stands at Classified"),
        ("2026-09-01 10:30", CLERK, "settle", {"answer": "已解释。"}, "✗ the condition of the step is not met"),
        (
            "2026-09-01 11:00",
            CLERK,
            "plan",
            {**PLANNED, "team": ["clerk"]},
            "✗ general_team: a general quality complaint",
        ),
        ("2026-09-01 11:00", CLERK, "plan", PLANNED, "planned"),
        # a general complaint needs no approval
        ("2026-09-01 11:30", DIRECTOR, "approve", REVIEWED, "✗ the condition of the step is not met"),
        (
            "2026-09-01 12:00",
            CLERK,
            "update",
            {"phone": "13900000000"},
            "✗ phone: has a value already; correct it with a reason",
        ),
        # three neighbours come along: a hot one, which calls for an 8D and the responsible departments
        ("2026-09-01 14:00", CLERK, "update", {"people_together": 3}, "planned"),
        ("2026-09-01 14:30", CLERK, "answer", {"answer": "一周内修好。"}, "✗ the condition of the step is not met"),
        (
            "2026-09-01 14:40",
            CLERK,
            "plan",
            PLANNED,
            "✗ hot_team: a hot or important complaint needs the responsible departments",
        ),
        (
            "2026-09-01 14:45",
            CLERK,
            "plan",
            {"team": ["clerk", "project", "departments"]},
            f"✗ 8D report must be raised first: qmsdocs record raise {number} report_8d",
        ),
    ]
    tell(desk, number, begun)
    assert desk.facts(number).stored("level") == "hot"
    report = desk.raise_("2026-09-01 15:00", number, "report_8d", by=ENGINEER)
    assert report == "8D-HZ-2026-0001"
    assert desk.record(report).values["symptom"] == COMPLAINT["what_happened"]
    approved: list[Line] = [
        ("2026-09-02 09:00", CLERK, "plan", {"team": ["clerk", "project", "departments"]}, "planned"),
        ("2026-09-03 09:00", MANAGER, "approve", REVIEWED, "✗ (approve) is for"),
        ("2026-09-03 09:00", DIRECTOR, "approve", {}, "✗ checked_by: is missing"),
        ("2026-09-03 09:00", VICE, "approve_major", REVIEWED, "✗ the condition of the step is not met"),
        ("2026-09-04 09:00", DIRECTOR, "approve", REVIEWED, "approved"),
        # exposed by the press: major now, and the approval of a hot one does not count
        ("2026-09-04 10:00", CLERK, "update", {"media": "exposed"}, "approved"),
        ("2026-09-04 10:30", CLERK, "answer", {"answer": "一周内修好。"}, "✗ the condition of the step is not met"),
        (
            "2026-09-04 11:00",
            VICE,
            "approve_major",
            REVIEWED,
            "✗ major_team: a major complaint needs the group service centre",
        ),
        ("2026-09-04 11:10", CLERK, "plan", {"team": ["departments", "group_centre", "vice_president"]}, "planned"),
        ("2026-09-04 11:15", VICE, "approve_major", {}, "approved"),
        ("2026-09-04 12:00", CLERK, "answer", {"answer": "一周内修好，赔礼。"}, "answered"),
        ("2026-09-04 13:00", CLERK, "wait", {}, "waiting"),
        ("2026-09-07 09:00", CLERK, "resume", {}, "answered"),
        ("2026-09-08 09:00", CLERK, "carry_out", {}, "✗ done: is missing"),
        ("2026-09-08 09:00", CLERK, "carry_out", {"done": "已打胶，淋水试验合格。"}, "solved"),
        ("2026-09-08 15:00", CLERK, "visit", VISITED, "✗ whoever took the step Carried out cannot take this one"),
        ("2026-09-08 15:00", MANAGER, "visit", VISITED, "visited"),
        (
            "2026-09-09 09:00",
            MANAGER,
            "close",
            {"effect": "未再渗漏。"},
            "✗ 8D report 8D-HZ-2026-0001 must be closed first",
        ),
    ]
    tell(desk, number, approved)
    found = desk.record(number)
    assert found.values["approved_level"] == "major" and found.derived["level"] == "major"
    assert [event.act for event in found.events] == [
        *("issue", "classify", "plan", "update", "plan", "approve", "update", "plan", "approve_major"),
        *("answer", "wait", "resume", "carry_out", "visit"),
    ]
    answering = desk.facts(number).reading("answering")
    assert answering is not None and (f"{answering.due_at:%m-%d %H:%M}", f"{answering.stopped_at:%m-%d %H:%M}") == (
        "09-03 17:30",
        "09-04 12:00",
    )
    assert answering.is_overdue
    handling = desk.facts(number).reading("handling")
    assert handling is not None and handling.paused.total_seconds() == (2 * 24 + 20) * 3600
    # the report is dropped by the quality manager, and the complaint can be closed
    drop: list[Line] = [
        ("2026-09-09 10:00", QUALITY, "drop", {"warranted": False, "emergency": "已抢修，无需 8D。"}, "dropped"),
    ]
    tell(desk, report, drop)
    closed: list[Line] = [
        ("2026-09-09 11:00", CLERK, "close", {"effect": "未再渗漏。"}, "✗ (close) is for"),
        (
            "2026-09-09 11:00",
            MANAGER,
            "close",
            {"effect": "未再渗漏。", "recourse": "调解"},
            "✗ recourse: does not apply here",
        ),
        ("2026-09-09 11:00", MANAGER, "close", {"effect": "未再渗漏。"}, "closed"),
        ("2026-09-09 12:00", CLERK, "update", {"lawsuit": "begun"}, "✗ the record stands at Closed"),
        # not content after all: what the first round led to is emptied, the facts stay
        ("2026-09-20 09:00", MANAGER, "reopen", {}, "classified"),
    ]
    tell(desk, number, closed)
    reopened = desk.record(number)
    assert not {"approved_level", "answer", "done", "satisfied", "effect", "visited_by"} & reopened.values.keys()
    assert reopened.values["plan"] == PLANNED["plan"] and reopened.values["people_together"] == 3
    again = desk.facts(number).reading("answering")
    assert again is not None and again.stopped_at is None and again.is_overdue


def test_a_grievance_is_settled_by_talk(desk: Desk) -> None:
    number = desk.issue(
        "2026-09-21 09:40",
        "QR-14-04",
        **{**COMPLAINT, "received_at": "2026-09-21 09:30", "customer": "周喆", "problem": "promise"},
    )
    graded = {**GRADED, "nature": "grievance", "quality_kind": None}
    story: list[Line] = [
        ("2026-09-21 10:00", CLERK, "classify", graded, "classified"),
        ("2026-09-21 11:00", CLERK, "settle", {}, "✗ answer: is missing"),
        ("2026-09-21 11:00", CLERK, "settle", {"answer": "已解释合同条款，客户理解。"}, "solved"),
        ("2026-09-21 15:00", MANAGER, "visit", {**VISITED, "satisfied": "不满意"}, "visited"),
        ("2026-09-22 09:00", MANAGER, "close", {"effect": "客户坚持。"}, "✗ recourse: is missing"),
        ("2026-09-22 09:00", MANAGER, "close", {"effect": "客户坚持。", "recourse": "可向调解委员会申请。"}, "closed"),
    ]
    tell(desk, number, story)
    visiting = desk.facts(number).reading("visiting")
    assert visiting is not None and not visiting.is_overdue


REPORT = {"object": "外窗", "symptom": "三户渗漏", "known_since": "2026-09-22 08:00", "customer": "林玥"}
D0 = {"emergency": "临时封堵并淋水确认。", "warranted": True}
D1 = {"leader": "钱莉", "champion": "赵磊", "team": [{"member": "吴军"}, {"member": "孙浩", "skill": "幕墙"}]}
ROWS = {row: {"it_is": "外窗", "it_is_not": "内窗"} for row in ("what", "where", "when", "how_much")}
D2 = {"problem": "外窗渗漏", "is_is_not": ROWS, "similar_risk": "同批次外窗均有风险。"}
D3 = {
    "containment": [
        {"place": "3幢", "action": "封堵", "checked": 40, "found": 3, "owner": "孙浩", "started_on": "2026-09-22"},
        {"place": "5幢", "action": "淋水", "checked": 20, "found": 0, "owner": "孙浩", "started_on": "2026-09-22"},
    ],
    "containment_proof": "两次淋水不漏。",
    "customer_told_at": "2026-09-22 18:00",
}
WHYS = [
    {"chain": "occurrence", "why": "为何漏", "because": "胶开裂"},
    {"chain": "non_detection", "why": "为何没查出", "because": "未淋水"},
    {"chain": "system", "why": "为何允许", "because": "无规定"},
]
CAUSES = [
    {"kind": "occurrence", "category": "material", "cause": "密封胶过期", "verified": "换胶后不漏"},
    {"kind": "non_detection", "category": "method", "cause": "验收不淋水", "verified": "淋水可查出"},
]
D4 = {"whys": WHYS, "causes": CAUSES, "escape_point": "竣工验收"}
ACTION = {"against": "occurrence", "action": "换胶", "owner": "孙浩", "due_on": "2026-10-15"}
D5 = {"actions": [ACTION], "side_effects": "无"}
PROVEN = {
    "actions": [{**ACTION, "done_on": "2026-10-12"}],
    "validated_by": "李明",
    "validated_on": "2026-10-20",
    "validation": "三场雨未漏。",
    "effective": True,
    "containment_lifted_on": "2026-10-21",
}
D7 = {"documents_to_change": ["nothing"], "spread_to": "栖枫园", "lessons": "验收须淋水。"}
D8 = {"customer_accepts": True, "recognition": "通报表扬。"}


def test_an_8d_through_all_its_gates_not_effective_and_reopened(desk: Desk) -> None:
    number = desk.issue("2026-09-22 09:00", "QR-18-02", by=ENGINEER, **REPORT)
    failed = {**PROVEN, "effective": False, "containment_lifted_on": None, "validation": "第二场雨又漏。"}
    story: list[Line] = [
        ("2026-09-22 09:30", ENGINEER, "d1", D1, "✗ the record stands at D0 Symptom"),
        ("2026-09-22 09:30", ENGINEER, "d0", {"emergency": "封堵"}, "✗ warranted: is missing"),
        ("2026-09-22 09:30", ENGINEER, "d0", {**D0, "warranted": False}, "✗ the condition of the step is not met"),
        ("2026-09-22 09:30", CLERK, "d0", D0, "✗ (d0) is for Quality engineer"),
        ("2026-09-22 10:00", ENGINEER, "d0", D0, "d1"),
        ("2026-09-22 11:00", ENGINEER, "d1", {**D1, "team": [{"member": "吴军"}]}, "✗ team: 1 rows, at least 2"),
        (
            "2026-09-22 11:00",
            ENGINEER,
            "d1",
            {**D1, "team": [{"skill": "幕墙"}, {"member": "吴军"}]},
            "✗ team[1].member: is missing",
        ),
        ("2026-09-22 11:00", ENGINEER, "d1", D1, "d2"),
        (
            "2026-09-22 14:00",
            ENGINEER,
            "d2",
            {**D2, "is_is_not": {"what": ROWS["what"]}},
            "✗ is_is_not.where.it_is: is missing",
        ),
        ("2026-09-22 14:00", ENGINEER, "d2", D2, "d3"),
        ("2026-09-22 19:00", ENGINEER, "d3", D3, "d4"),
        (
            "2026-09-25 09:00",
            ENGINEER,
            "d4",
            {**D4, "causes": [CAUSES[0], CAUSES[0]]},
            "✗ all_causes: name a cause for the occurrence and one",
        ),
        ("2026-09-25 09:00", ENGINEER, "d4", {**D4, "whys": WHYS[:2]}, "✗ whys: 2 rows, at least 3"),
        ("2026-09-25 09:00", ENGINEER, "d4", D4, "d5"),
        ("2026-09-28 09:00", ENGINEER, "d5", D5, "d6"),
        ("2026-10-21 09:00", ENGINEER, "d6", PROVEN, "✗ whoever took the step Close D5 cannot take this one"),
        ("2026-10-21 09:00", OTHER_ENGINEER, "d6", {**PROVEN, "actions": [ACTION]}, "✗ actions[1].done_on: is missing"),
        (
            "2026-10-21 09:00",
            OTHER_ENGINEER,
            "d6",
            {**PROVEN, "validated_by": "孙浩"},
            "✗ other_person: somebody who owns no action",
        ),
        (
            "2026-10-21 09:00",
            OTHER_ENGINEER,
            "d6",
            {**PROVEN, "containment_lifted_on": "2026-10-19"},
            "✗ containment_kept: containment stays",
        ),
        ("2026-10-21 09:00", OTHER_ENGINEER, "d6", failed, "✗ the condition of the step is not met"),
        ("2026-10-21 09:00", OTHER_ENGINEER, "not_effective", PROVEN, "✗ the condition of the step is not met"),
        ("2026-10-21 09:00", OTHER_ENGINEER, "not_effective", failed, "d4"),
    ]
    tell(desk, number, story)
    back = desk.record(number)
    assert back.values["validation"] == "第二场雨又漏。" and back.values["effective"] is False
    assert (back.derived["checked_total"], back.derived["found_total"]) == (60, 3)
    for clock, running in (("d3", False), ("d4", True), ("d5", True)):
        found = desk.facts(number).reading(clock)
        assert found is not None and (found.stopped_at is None) is running, clock
    second: list[Line] = [
        ("2026-10-22 09:00", ENGINEER, "d4", {"escape_point": "进场验收"}, "d5"),
        ("2026-10-22 10:00", ENGINEER, "d5", {"actions": [{**ACTION, "due_on": "2026-10-30"}]}, "d6"),
        # the check of the first round is gone: the new actions need a new one
        (
            "2026-11-05 09:00",
            OTHER_ENGINEER,
            "d6",
            {"actions": [{**ACTION, "done_on": "2026-10-29"}]},
            "✗ validated_by: is missing",
        ),
        (
            "2026-11-05 09:00",
            OTHER_ENGINEER,
            "d6",
            {**PROVEN, "validated_on": "2026-11-04", "containment_lifted_on": "2026-11-04"},
            "d7",
        ),
        (
            "2026-11-06 09:00",
            ENGINEER,
            "d7",
            {**D7, "documents_to_change": ["nothing", "fmea"]},
            "✗ nothing_alone: “none” goes with no other",
        ),
        ("2026-11-06 09:00", ENGINEER, "d7", D7, "d8"),
        ("2026-11-07 09:00", ENGINEER, "d8", D8, "✗ (d8) is for"),
        (
            "2026-11-07 09:00",
            QUALITY,
            "d8",
            {**D8, "customer_accepts": False},
            "✗ the condition of the step is not met",
        ),
        ("2026-11-07 09:00", QUALITY, "d8", D8, "closed"),
    ]
    tell(desk, number, second)
    for clock in ("d3", "d4", "d5", "d8"):
        found = desk.facts(number).reading(clock)
        assert found is not None and found.stopped_at is not None, clock
    last: list[Line] = [
        ("2026-11-20 09:00", ENGINEER, "reopen", {}, "✗ (reopen) is for"),
        ("2026-11-20 09:00", QUALITY, "reopen", {}, "d4"),
        ("2026-11-21 09:00", ENGINEER, "d4", {}, "d5"),
        ("2026-11-21 10:00", ENGINEER, "d5", {}, "d6"),
        ("2026-11-21 11:00", OTHER_ENGINEER, "d6", {"effective": True}, "✗ validated_by: is missing"),
    ]
    tell(desk, number, last)
    assert not {"validated_by", "validation", "customer_accepts"} & desk.record(number).values.keys()


def test_an_8d_that_is_not_warranted_is_dropped_and_its_clocks_stand_still(desk: Desk) -> None:
    number = desk.issue("2026-11-21 13:00", "QR-18-02", by=ENGINEER, **{**REPORT, "known_since": "2026-11-21 12:30"})
    story: list[Line] = [
        ("2026-11-21 14:00", QUALITY, "drop", {}, "✗ the condition of the step is not met"),
        ("2026-11-21 14:00", QUALITY, "drop", {"warranted": True}, "✗ the condition of the step is not met"),
        ("2026-11-21 14:00", QUALITY, "drop", {"warranted": False}, "dropped"),
    ]
    tell(desk, number, story)
    desk.at("2027-03-01 09:00")
    for clock in ("d3", "d8"):
        found = desk.facts(number).reading(clock)
        assert found is not None and not found.is_overdue


def test_the_demand_of_the_customer_is_shorter_than_ours(tmp_path: Path) -> None:
    own = Desk.begun(tmp_path / "acme")
    hurried = own.issue(
        "2026-09-01 09:00",
        "QR-18-02",
        by=ENGINEER,
        **{**REPORT, "known_since": "2026-09-01 08:00"},
        answer_d3_within="4小时",
    )
    usual = own.issue("2026-09-01 09:00", "QR-18-02", by=ENGINEER, **{**REPORT, "known_since": "2026-09-01 08:00"})
    own.at("2026-09-01 13:00")
    for number, due, overdue in ((hurried, "09-01 12:00", True), (usual, "09-02 08:00", False)):
        found = own.facts(number).reading("d3")
        assert found is not None and (f"{found.due_at:%m-%d %H:%M}", found.is_overdue) == (due, overdue)
