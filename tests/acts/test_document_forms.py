"""The forms of document control, walked from their examples to their ends with the starter pack as it ships."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping

import pytest
from story import Desk, Line, refused, tell

from qmsdocs.acts.begin import starter_folder

CLERK, WRITER, ENGINEER, OTHER, QUALITY, HOLDER = "wang.fang", "chen.jing", "qian.li", "wu.jun", "li.ming", "zheng.kai"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """One repository in which the cases happen one after the other."""
    return Desk.begun(tmp_path_factory.mktemp("documents") / "acme", at="2026-11-20 08:00")


def example(number: str) -> Mapping[str, object]:
    """The values of a form's own example."""
    written = tomllib.loads((starter_folder() / "forms" / number / "example.toml").read_text("utf-8"))
    return dict(written["values"])


ASSESSED = {
    "affects": ["forms"],
    "countersigners": "工程部",
    "drafter": CLERK,
    "due_on": "2026-12-20",
    "opinion": "只改一个参数。",
}
FINISHED = {"new_revision": "A/1", "effective_on": "2026-12-01", "done_on": "2026-12-01"}


def test_a_change_request_is_assessed_approved_by_somebody_else_and_carried_out(desk: Desk) -> None:
    number = desk.issue("2026-11-23 09:00", "QR-01-02", by="zhang.wei", **example("QR-01-02"))
    assert number == "GG-HZ-2026-0001"
    story: list[Line] = [
        ("2026-11-23 10:00", QUALITY, "approve", {"decision": "同意"}, "✗ the record stands at Requested"),
        ("2026-11-23 10:00", WRITER, "assess", {**ASSESSED, "affects": ["forms", "nothing"]}, "✗ nothing_alone:"),
        ("2026-11-23 10:00", WRITER, "assess", {**ASSESSED, "due_on": "2026-11-01"}, "✗ due_ahead:"),
        ("2026-11-23 10:00", WRITER, "assess", ASSESSED, "assessed"),
        ("2026-11-25 09:00", WRITER, "approve", {"decision": "同意"}, "✗ (approve) is for"),
        ("2026-11-25 09:00", QUALITY, "approve", {}, "✗ decision: is missing"),
        ("2026-11-25 09:00", QUALITY, "approve", {"decision": "同意"}, "approved"),
        ("2026-12-01 09:00", CLERK, "finish", {"done_on": "2026-12-01"}, "✗ new_revision: is missing"),
        ("2026-12-01 09:00", CLERK, "finish", FINISHED, "done"),
    ]
    tell(desk, number, story)
    assessing, changing = (desk.facts(number).reading(clock) for clock in ("assessing", "changing"))
    assert assessing is not None and not assessing.is_overdue
    assert changing is not None and changing.stopped_at is not None


def test_a_new_document_has_no_number_yet_and_nobody_approves_his_own_request(desk: Desk) -> None:
    asked = {key: value for key, value in example("QR-01-02").items() if key not in ("document", "revision")}
    with_number = {**example("QR-01-02"), "kind": "new"}
    said = refused(lambda: desk.issue("2026-12-02 09:00", "QR-01-02", by=QUALITY, **with_number))
    assert "document: does not apply here" in said
    number = desk.issue("2026-12-02 09:00", "QR-01-02", by=QUALITY, **{**asked, "kind": "new"})
    tell(
        desk,
        number,
        [
            ("2026-12-03 09:00", WRITER, "assess", {**ASSESSED, "affects": ["nothing"]}, "assessed"),
            ("2026-12-03 10:00", QUALITY, "approve", {"decision": "同意"}, "✗ whoever took the step"),
            ("2026-12-03 10:00", "zhao.lei", "reject", {"decision": "已有规定。"}, "rejected"),
        ],
    )


RETURNED = {"recall_reason": "superseded", "returned_on": "2026-12-08", "returned_by": HOLDER, "condition": "complete"}
DESTROYED = {"destroyed_on": "2026-12-09", "method": "shredded", "destroyed_by": CLERK, "witness": ENGINEER}
LOST = {"lost_on": "2026-12-07", "loss": "搬办公室时不见了。"}


def test_a_numbered_copy_is_signed_for_lost_found_taken_back_and_destroyed_before_a_witness(desk: Desk) -> None:
    number = desk.issue("2026-12-04 09:00", "QR-01-03", **example("QR-01-03"))
    story: list[Line] = [
        ("2026-12-04 10:00", HOLDER, "receive", {"received_by": HOLDER}, "✗ received_on: is missing"),
        ("2026-12-04 10:00", HOLDER, "receive", {"received_by": HOLDER, "received_on": "2026-12-04"}, "given"),
        ("2026-12-07 09:00", CLERK, "lose", LOST, "lost"),
        ("2026-12-07 15:00", CLERK, "find", {}, "given"),
        ("2026-12-08 08:30", CLERK, "recall", {"recall_reason": "superseded"}, "given"),
        ("2026-12-08 09:00", CLERK, "destroy", DESTROYED, "✗ the record stands at Given out"),
        ("2026-12-08 09:00", CLERK, "take_back", {**RETURNED, "returned_on": "2026-11-01"}, "✗ returned_later:"),
        ("2026-12-08 09:00", CLERK, "take_back", RETURNED, "returned"),
        ("2026-12-09 09:00", CLERK, "destroy", {**DESTROYED, "witness": CLERK}, "✗ other_witness:"),
        ("2026-12-09 09:00", CLERK, "destroy", {**DESTROYED, "destroyed_on": "2026-12-01"}, "✗ destroyed_later:"),
        ("2026-12-09 09:00", CLERK, "destroy", DESTROYED, "destroyed"),
    ]
    tell(desk, number, story)
    assert "lost_on" not in desk.record(number).values
    recalling = desk.facts(number).reading("recalling")
    assert recalling is not None and recalling.stopped_at is not None and not recalling.is_overdue


def test_a_copy_nobody_signs_for_is_overdue_after_the_days_of_the_procedure(desk: Desk) -> None:
    number = desk.issue("2026-12-10 09:00", "QR-01-03", **{**example("QR-01-03"), "given_on": "2026-12-10"})
    for day, late in (("2026-12-15", False), ("2026-12-16", True)):
        desk.at(f"{day} 12:00")
        receiving = desk.facts(number).reading("receiving")
        assert receiving is not None and receiving.is_overdue is late, day


def test_a_reading_sheet_needs_its_scan_and_a_result_of_everybody(desk: Desk) -> None:
    values = example("QR-01-04")
    number = desk.issue("2026-12-16 13:00", "QR-01-04", **values)
    names = [row["reader"] for row in values["readers"]]  # type: ignore[attr-defined]
    signed = [{"reader": name, "signed_on": "2026-11-24", "result": "understood"} for name in names]
    early = [{**signed[0], "signed_on": "2026-11-01"}, *signed[1:]]
    tell(
        desk,
        number,
        [
            ("2026-12-16 14:00", CLERK, "sign", {"readers": signed}, "✗ scan: is missing"),
            ("2026-12-16 14:00", CLERK, "acknowledge", {"readers": signed}, "✗ the condition of the step is not met"),
        ],
    )
    desk.attach("2026-12-16 14:10", number, "签字页.pdf", b"%PDF-1.4", by=CLERK, field="scan")
    tell(
        desk,
        number,
        [
            ("2026-12-16 14:20", CLERK, "sign", {"readers": early}, "✗ signed_later:"),
            ("2026-12-16 14:20", CLERK, "sign", {}, "signed"),
            ("2026-12-17 09:00", WRITER, "close", {"effect": "抽问三人，都答得出。"}, "✗ signed_on: is missing"),
            ("2026-12-17 09:00", WRITER, "close", {"effect": "抽问三人，都答得出。", "readers": signed}, "closed"),
        ],
    )


def test_one_reader_alone_says_so_himself(desk: Desk) -> None:
    row = {"reader": HOLDER, "signed_on": "2026-12-17", "result": "understood"}
    number = desk.issue("2026-12-17 10:00", "QR-01-04", by=HOLDER, **{**example("QR-01-04"), "readers": [row]})
    assert desk.step("2026-12-17 10:01", number, "acknowledge", by=HOLDER) == "closed"


CHECKED = {"checked_on": "2027-05-10", "checked_by": CLERK, "checked_where": "标准目录"}
REPLACED = {"result": "replaced", "replaced_by": "新版", "consequence": "QD-14-02 须核对。"}


def test_an_external_document_is_checked_again_and_again_until_a_new_edition_is_out(desk: Desk) -> None:
    number = desk.issue("2026-12-18 09:00", "QR-01-05", **example("QR-01-05"))
    assert desk.record(number).derived["next_check_on"] == "2027-05-18"
    desk.at("2027-05-19 09:00")
    checking = desk.facts(number).reading("checking")
    assert checking is not None and checking.is_overdue
    story: list[Line] = [
        ("2027-05-19 10:00", CLERK, "check", {**CHECKED, "result": "replaced"}, "✗ the condition of the step"),
        ("2027-05-19 10:00", CLERK, "check", {**CHECKED, "result": "valid"}, "valid"),
    ]
    tell(desk, number, story)
    assert desk.record(number).derived["next_check_on"] == "2027-11-10"
    again = desk.facts(number).reading("checking")
    assert again is not None and not again.is_overdue
    assert "does not call for" in refused(lambda: desk.raise_("2027-05-19 11:00", number, "change_request"))
    assert desk.step("2027-06-01 09:00", number, "outdate", by=ENGINEER, **REPLACED) == "outdated"
    asked = {**example("QR-01-02"), "requested_on": "2027-06-01", "reason": "QD-14-02 须核对。"}
    request = desk.raise_("2027-06-01 10:00", number, "change_request", **asked)
    assert desk.record(request).values["reason"] == "QD-14-02 须核对。"
    renewed = {**CHECKED, "checked_on": "2027-06-10", "edition": "2027", "result": "valid"}
    assert desk.step("2027-06-10 09:00", number, "renew", by=CLERK, **renewed) == "valid"
    assert "replaced_by" not in desk.record(number).values


def test_a_review_that_says_revise_asks_for_a_change_before_it_is_approved(desk: Desk) -> None:
    values = {**example("QR-01-06"), "reviewed_on": "2027-06-11", "next_on": "2028-06-11"}
    points = {**values["points"], "forms": {"fits": "no", "evidence": "问过三人", "problem": "缺一栏"}}  # type: ignore[dict-item]
    number = desk.issue("2027-06-11 09:00", "QR-01-06", by=WRITER, **values)
    story: list[Line] = [
        ("2027-06-14 09:00", WRITER, "conclude", {"points": points}, "✗ something_to_change:"),
        ("2027-06-14 09:00", WRITER, "conclude", {"next_on": "2027-06-01"}, "✗ next_later:"),
        ("2027-06-14 09:00", WRITER, "conclude", {"next_on": "2031-06-12"}, "✗ next_in_time:"),
        ("2027-06-14 09:00", WRITER, "conclude", {"points": points, "verdict": "revise"}, "concluded"),
        (
            "2027-06-14 10:00",
            QUALITY,
            "approve",
            {},
            f"✗ must be raised first: qmsdocs record raise {number} change_req",
        ),
    ]
    tell(desk, number, story)
    asked = {"requested_on": "2027-06-14", "requested_by": WRITER, "department": "客户服务部", "kind": "revise"}
    rest = {"source": "review", "wanted": "信息单加一栏。"}
    request = desk.raise_("2027-06-14 11:00", number, "change_request", by=WRITER, **asked, **rest)
    assert desk.record(request).values["document"] == values["document"]
    assert desk.step("2027-06-14 12:00", number, "approve", by=QUALITY) == "closed"


REPORT = {"object": "外窗", "symptom": "三户渗漏", "known_since": "2027-06-14 13:00"}
WHYS = [{"chain": chain, "why": "为何", "because": "因为"} for chain in ("occurrence", "non_detection", "system")]
CAUSES = [
    {"kind": kind, "category": "method", "cause": "无规定", "verified": "可复现"}
    for kind in ("occurrence", "non_detection")
]
ACTION = {"against": "occurrence", "action": "换胶", "owner": "sun.hao", "due_on": "2027-06-20"}
ROWS = {row: {"it_is": "外窗", "it_is_not": "内窗"} for row in ("what", "where", "when", "how_much")}
PLACE = {"place": "3幢", "action": "封堵", "checked": 4, "found": 1, "owner": "sun.hao", "started_on": "2027-06-14"}
GATES: list[Line] = [
    ("2027-06-15 09:00", ENGINEER, "d0", {"emergency": "封堵。", "warranted": True}, "d1"),
    (
        "2027-06-15 09:10",
        ENGINEER,
        "d1",
        {"leader": ENGINEER, "champion": "zhao.lei", "team": [{"member": OTHER}, {"member": "sun.hao"}]},
        "d2",
    ),
    ("2027-06-15 09:20", ENGINEER, "d2", {"problem": "渗漏", "is_is_not": ROWS, "similar_risk": "同批次。"}, "d3"),
    (
        "2027-06-15 09:30",
        ENGINEER,
        "d3",
        {"containment": [PLACE], "containment_proof": "不漏。", "customer_told_at": "2027-06-15 09:25"},
        "d4",
    ),
    ("2027-06-15 09:40", ENGINEER, "d4", {"whys": WHYS, "causes": CAUSES, "escape_point": "验收"}, "d5"),
    ("2027-06-15 09:50", ENGINEER, "d5", {"actions": [ACTION], "side_effects": "无"}, "d6"),
    (
        "2027-06-28 09:00",
        OTHER,
        "d6",
        {
            "actions": [{**ACTION, "done_on": "2027-06-18"}],
            "validated_by": OTHER,
            "validated_on": "2027-06-27",
            "validation": "三场雨未漏。",
            "effective": True,
            "containment_lifted_on": "2027-06-28",
        },
        "d7",
    ),
]


def test_an_8d_that_changes_documents_asks_for_it_before_d7_is_closed(desk: Desk) -> None:
    number = desk.issue("2027-06-14 14:00", "QR-18-02", by=ENGINEER, **REPORT)
    tell(desk, number, GATES)
    named = {"documents_to_change": ["instruction"], "lessons": "验收须淋水。"}
    assert "does not call for" in refused(lambda: desk.raise_("2027-06-28 10:00", number, "change_request"))
    story: list[Line] = [
        ("2027-06-28 10:00", ENGINEER, "name_documents", {}, "✗ documents_to_change: is missing"),
        ("2027-06-28 10:00", ENGINEER, "name_documents", named, "d7"),
        ("2027-06-28 11:00", ENGINEER, "d7", {"spread_to": "栖枫园"}, "✗ must be raised first"),
    ]
    tell(desk, number, story)
    asked = {key: value for key, value in example("QR-01-02").items() if key != "reason"}
    request = desk.raise_("2027-06-28 12:00", number, "change_request", by=ENGINEER, **asked)
    assert desk.record(request).values["reason"] == "验收须淋水。"
    assert desk.step("2027-06-28 13:00", number, "d7", by=ENGINEER, spread_to="栖枫园") == "d8"
