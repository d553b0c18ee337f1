"""Copies, reading, periodic review and the master list, as the commands do them in a real repository."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from called import called, refused
from program import NOON, ZONE, Program, Result

from qmsdocs.base.errors import QmsError
from qmsdocs.cli.acknowledging import acknowledge
from qmsdocs.cli.custody import distribute, periodic_review
from qmsdocs.cli.document_list import list_documents
from qmsdocs.system.view import System

DOCUMENT = "QP-01"
CLERK, MANAGER = "wang.fang", "li.ming"
DEPARTMENTS = ["质量管理部", "客户服务部", "工程部", "营销部", "物业服务中心", "绿汀苑项目部"]


def stamp(_: System, number: str, revision: str, copy: str, holder: str, on: date) -> bytes:
    """Stands for the stamped pages."""
    return f"%PDF {number} {revision} {copy} {holder} {on}".encode()


@pytest.fixture
def give(repository: Program) -> Callable[..., Result]:
    """The command `document distribute` on the document."""

    def run(number: str | None = DOCUMENT, *, at: Program = repository, **options: Any) -> Result:
        options = {"no_pages": True, "draw_copy": stamp, **options}
        return called(at, distribute, number, **options)

    return run


@pytest.fixture
def read(repository: Program) -> Callable[..., Result]:
    """The command `document acknowledge` on the document."""

    def run(number: str = DOCUMENT, *, at: Program = repository, **options: Any) -> Result:
        return called(at, acknowledge, number, **{"no_pages": True, **options})

    return run


def revise(program: Program, number: str = DOCUMENT, *, effective: str = "2026-12-01") -> None:
    """Nothing; a new revision of the document is approved."""
    path = next(program.root.glob(f"procedures/{number}.md"))
    path.write_text(path.read_text("utf-8") + "\n补充一段说明。\n", "utf-8")
    for words in (
        ("submit", number, "-m", "补充说明", "--as", CLERK),
        ("review", number, "--as", MANAGER),
        ("approve", number, "--effective", effective, "--as", "zhao.lei"),
    ):
        done = program("document", *words)
        assert done.code == 0, done.err


def copies(give: Callable[..., Result], **options: Any) -> list[tuple[str, str, str, str]]:
    """Copy number, revision, department and standing of every copy."""
    found = give(as_json=True, **options)
    return [(c["copy"], c["revision"], c["department"], c["standing"]) for c in found.json["copies"]]


# ── copies


def test_a_copy_is_given_with_its_revision_and_stamped_pages(repository: Program, give: Callable[..., Result]) -> None:
    found = give(to="工程部", copy="03", holder="郑凯", as_json=True)
    [made] = found.json["given"]
    assert (made["copy"], made["revision"], made["department"], made["holder"]) == ("3", "A/0", "工程部", "zheng.kai")
    assert made["again"] is False
    [file] = made["files"]
    assert (repository.root / file["path"]).read_bytes() == b"%PDF QP-01 A/0 3 \xe9\x83\x91\xe5\x87\xaf 2026-11-21"
    values = repository.record(made["record"])["values"]
    listed = repository("form", "list", "--json").json
    assert values["given_on"] == "2026-11-21" and values["document"] == DOCUMENT and listed["format"] == 1
    own = called(repository, list_documents, as_json=True).json["documents"]
    assert values["sha256"] == next(d["sha256"] for d in own if d["number"] == DOCUMENT)


def test_a_repeated_command_answers_with_the_same_record(repository: Program, give: Callable[..., Result]) -> None:
    first = give(to="工程部", copy="3", as_json=True).json["given"][0]
    again = give(to=" 工程部 ", copy="３", as_json=True, at=repository.later(timedelta(days=3))).json["given"][0]
    assert again["record"] == first["record"] and again["again"] is True
    assert again["given_on"] == first["given_on"]
    assert len(copies(give)) == 1


def test_a_number_that_is_out_is_given_to_nobody_else(give: Callable[..., Result]) -> None:
    give(to="工程部", copy="3")
    refused(give(to="营销部", copy="003"), "工程部 has copy 3 of A/0 since 2026-11-21", "--return 3")
    refused(give(to="工程部", copy="3", holder="zheng.kai"), "工程部 has copy 3")
    refused(give(to="工程部"), "工程部 has copy 3", "--copy N")
    assert give(to="工程部", copy="4").code == 0


def test_the_next_free_number_skips_what_is_out_or_lost(give: Callable[..., Result]) -> None:
    for department in ("工程部", "营销部", "质量管理部"):
        give(to=department)
    assert [c[0] for c in copies(give)] == ["1", "2", "3"]
    back = {"returned": "1", "pairs": ("condition=完整", "recall_reason=unneeded", "returned_by=郑凯")}
    assert give(**back, person=CLERK).code == 0
    assert give(lost="2", reason="搬家后找不到", person=CLERK).code == 0
    give(to="物业服务中心")
    give(to="客户服务部")
    assert [(c[0], c[3]) for c in copies(give)] == [
        ("1", "returned"),
        ("1", "out"),
        ("2", "lost"),
        ("3", "out"),
        ("4", "out"),
    ]
    refused(give(to="营销部", copy="2"), "was lost", "not given again")
    assert give(found="2", person=CLERK).code == 0
    assert ("2", "A/0", "营销部", "out") in copies(give)


def test_a_copy_given_again_to_the_same_department_is_another_record(give: Callable[..., Result]) -> None:
    give(to="工程部", copy="3")
    values = ("condition=complete", "recall_reason=damaged", "returned_by=zheng.kai")
    assert give(returned="3", pairs=values, person=CLERK).code == 0
    made = give(to="工程部", copy="3", as_json=True).json["given"][0]
    assert made["again"] is False
    assert [c[3] for c in copies(give)] == ["returned", "out"]


@pytest.mark.parametrize("copy", ["0", "-1", "3a", "100000", "", "1.5", "三", "9" * 400])
def test_what_is_no_copy_number_is_refused(give: Callable[..., Result], copy: str) -> None:
    found = give(to="工程部", copy=copy or " ")
    refused(found, "must be a number from 1 to 99999")
    assert copies(give) == []


@pytest.mark.parametrize("name", ["=1+1", "A & B <工程>", "工程部/二组", "x" * 150, "𠮷野部", "{{ 7*7 }}"])
def test_departments_have_odd_names(repository: Program, give: Callable[..., Result], name: str) -> None:
    assert give(to=name, copy="1").code == 0
    assert copies(give) == [("1", "A/0", name, "out")]
    grid = give(output=str(repository.root / "copies.csv"))
    assert grid.code == 0


def test_a_name_that_cannot_be_printed_is_refused(give: Callable[..., Result]) -> None:
    for name in ("a\x07b", "a\nb", "  "):
        refused(give(to=name), "--to")


def test_what_does_not_go_together_is_refused(give: Callable[..., Result]) -> None:
    refused(give(to="工程部", returned="3"), "--to", "--return")
    refused(give("QP-99", to="工程部"), "QP-99 is not in force here")
    refused(give("QP-99"), "QP-99 is not in force here")
    refused(give(to="工程部", revision="B/7"), "has no revision B/7")
    refused(give(None), "name the document")
    refused(give(returned="9", person=CLERK), "copy 9 was never given")


def test_a_copy_is_received_returned_and_destroyed_before_a_witness(
    repository: Program, give: Callable[..., Result]
) -> None:
    record = give(to="工程部", copy="3", as_json=True).json["given"][0]["record"]
    assert give(received="3", person="zheng.kai").code == 0
    values = repository.record(record)["values"]
    assert (values["holder"], values["received_by"], values["received_on"]) == ("zheng.kai", "zheng.kai", "2026-11-21")
    missing = refused(give(returned="3", person=CLERK), "--set FIELD=VALUE", lines=2)
    assert "recall_reason" in missing
    assert give(returned="3", pairs=("condition=complete", "recall_reason=moved"), person=CLERK).code == 0
    refused(give(returned="3", person=CLERK), "was returned on 2026-11-21")
    refused(
        give(destroyed="3", pairs=("method=shredded",), witness=CLERK, person=CLERK), "the witness must be somebody"
    )
    refused(give(destroyed="3", pairs=("method=shredded",), person=CLERK), "witness")
    assert give(destroyed="3", pairs=("method=shredded",), witness="李明", person=CLERK).code == 0
    assert copies(give) == [("3", "A/0", "工程部", "destroyed")]
    refused(give(destroyed="3", person=CLERK), "was destroyed on 2026-11-21")


def test_a_new_revision_calls_the_old_copies_back(repository: Program, give: Callable[..., Result]) -> None:
    give(to="工程部", copy="3")
    revise(repository)
    assert give(None, recall=True).out == "no copy has to come back\n"
    early = give(to="营销部", copy="4", revision="A/1", as_json=True).json["given"][0]
    assert early["revision"] == "A/1"
    later = repository.later(datetime(2026, 12, 1, 9, tzinfo=ZONE))
    found = give(None, recall=True, as_json=True, at=later)
    assert found.code == 1
    [back] = found.json["recall"]
    assert (back["copy"], back["revision"], back["since"], back["in_force"]) == ("3", "A/0", "2026-12-01", "A/1")
    refused(give(to="质量管理部", revision="A/0", at=later), "A/0 is not in force since 2026-12-01")
    whole = give(everybody=True, as_json=True, at=later)
    assert {c["department"] for c in whole.json["given"]} == set(DEPARTMENTS) - {"营销部"}
    assert {c["revision"] for c in whole.json["given"]} == {"A/1"}
    assert [c["copy"] for c in whole.json["recall"]] == ["3"]
    values = repository.record(back["record"])["values"]
    assert values["recall_reason"] == "superseded"
    again = give(everybody=True, as_json=True, at=later)
    assert again.json["given"] == [] and len(repository.record(back["record"])["events"]) == 2
    # the clerk need not say why: the program knows
    done = give(returned="3", revision="A/0", pairs=("condition=complete", "returned_by=郑凯"), person=CLERK, at=later)
    assert done.code == 0, done.err
    assert give(DOCUMENT, recall=True, at=later).code == 0


def test_a_withdrawn_document_comes_back_whole(repository: Program, give: Callable[..., Result]) -> None:
    give("QP-18", to="工程部", copy="1")
    assert repository("document", "withdraw", "QP-18", "-m", "并入别的程序", "--as", CLERK).code == 0
    done = repository("document", "approve", "QP-18", "--as", "zhao.lei")
    assert done.code == 0, done.err
    later = repository.later(timedelta(days=5))
    found = give(None, recall=True, as_json=True, at=later)
    assert [(c["document"], c["in_force"]) for c in found.json["recall"]] == [("QP-18", None)]
    refused(give("QP-18", to="营销部", at=later), "QP-18 is not in force")
    listed = called(later, list_documents, as_json=True).json["documents"]
    assert {d["standing"] for d in listed if d["number"] == "QP-18"} == {"withdrawn"}


def test_somebody_who_left_is_shown_and_gets_no_copy(repository: Program, give: Callable[..., Result]) -> None:
    give(to="工程部", copy="1", holder="zheng.kai")
    path = repository.root / "people.toml"
    text = path.read_text("utf-8")
    old = 'name       = "郑凯"\n'
    assert old in text
    path.write_text(text.replace(old, f"{old}until      = 2026-11-30\n"), "utf-8")
    for words in (
        ("submit", "people.toml", "-m", "离职", "--as", CLERK),
        ("approve", "people.toml", "--as", "zhao.lei"),
    ):
        if words[0] == "approve":
            repository("document", "review", "people.toml", "--as", MANAGER)
        done = repository("document", *words)
        assert done.code == 0, done.err
    later = repository.later(timedelta(days=20))
    [held] = give(as_json=True, at=later).json["copies"]
    assert held["holder_has_left"] is True
    assert "has left" in give(at=later).out
    refused(give(to="工程部", copy="2", holder="郑凯", at=later), "郑凯 does not serve on 2026-12-11")
    refused(called(later, acknowledge, DOCUMENT, person="zheng.kai"), "zheng.kai")


def test_pages_that_cannot_be_drawn_do_not_lose_the_copy(give: Callable[..., Result]) -> None:
    def broken(*_: object) -> bytes:
        raise QmsError("no engine")

    found = give(to="工程部", draw_copy=broken)
    assert found.code == 0 and "no engine" in found.err
    assert give(to="营销部", draw_copy=lambda *_: None, as_json=True).json["given"][0]["files"] == []
    assert len(copies(give)) == 2


def test_a_dry_run_writes_nothing(
    repository: Program, give: Callable[..., Result], read: Callable[..., Result]
) -> None:
    with repository.unchanged():
        assert give(to="工程部", dry_run=True).code == 0
        assert "工程部" in give(everybody=True, dry_run=True).out
        assert read(person=MANAGER, dry_run=True).code == 0
        assert read(sheet=True, dry_run=True).code == 0
        assert called(repository, periodic_review, DOCUMENT, verdict="keep", reason="x", dry_run=True).code == 0


# ── reading


def test_a_person_reads_one_exact_revision_once(repository: Program, read: Callable[..., Result]) -> None:
    assert read(person=MANAGER).code == 0
    refused(read(person=MANAGER), "李明 has read QP-01 A/0 on 2026-11-21: PX-HZ-2026-0001")
    refused(read(), "who has read it?", "--as PERSON")
    record = repository.record("PX-HZ-2026-0001")
    assert record["is_closed"] and record["events"][0]["by"] == record["events"][1]["by"] == MANAGER
    revise(repository)
    refused(read(person=MANAGER, revision="A/9"), "no revision A/9")
    assert read(person=MANAGER, revision="A/1").code == 0  # approved, in force from December on
    later = repository.later(timedelta(days=30))
    refused(read(person="chen.jing", revision="A/0", at=later), "A/0 is not in force since 2026-12-01")
    left = read(open=True, as_json=True, at=later)
    assert left.code == 1 and left.json["revision"] == "A/1"
    assert MANAGER not in {item["person"] for item in left.json["unread"]}


def test_a_draft_cannot_be_read(repository: Program, read: Callable[..., Result]) -> None:
    path = repository.root / "procedures" / "QP-01.md"
    path.write_text(path.read_text("utf-8") + "\n补充。\n", "utf-8")
    assert repository("document", "submit", DOCUMENT, "-m", "补充", "--as", CLERK).code == 0
    refused(read(person=MANAGER, revision="A/1"), "QP-01 A/1 is not approved")


def test_a_sheet_lists_who_has_to_read_and_its_scan_closes_it(
    repository: Program, read: Callable[..., Result], tmp_path: Path
) -> None:
    assert read(person=MANAGER).code == 0
    left = {item["person"] for item in read(open=True, as_json=True).json["unread"]}
    sheet = read(sheet=True, output=str(tmp_path / "sheet.pdf"), as_json=True).json
    [record] = sheet["sheets"]
    assert (tmp_path / "sheet.pdf").read_bytes().startswith(b"%PDF")
    listed = {row["reader"] for row in repository.record(record)["values"]["readers"]}
    assert listed == left and MANAGER not in listed
    assert read(sheet=True, output=str(tmp_path / "sheet.pdf"), as_json=True).json["sheets"] == [record]
    assert {item["sheet"] for item in read(open=True, as_json=True).json["unread"]} == {record}
    scan = tmp_path / "scan.png"
    scan.write_bytes(b"\x89PNG\r\n\x1a\n signed")
    refused(read("QP-02", scan=str(scan), record=record), f"{record} is a sheet for QP-01")
    refused(read(scan=str(scan)), "--record NUMBER")
    refused(read(scan=str(scan), record=record, absent="赵磊"), "not on this sheet: zhao.lei")
    refused(read(scan=str(tmp_path / "none.pdf"), record=record), "none.pdf")
    done = read(scan=str(scan), record=record, absent="郑凯", pairs=("effect=抽问三人，均答对",), person=CLERK)
    assert done.code == 0, done.err
    closed = repository.record(record)
    assert closed["is_closed"] and closed["values"]["scan"][0]["name"] == "scan.png"
    assert [item["person"] for item in read(open=True, as_json=True).json["unread"]] == ["zheng.kai"]
    assert read(person="zheng.kai").code == 0
    assert read(open=True).out == "everybody who must has read QP-01 A/0\n"
    refused(read(sheet=True), "nobody is left who has to read it", "--people")


def test_a_scan_without_what_closing_needs_is_kept_and_said(
    repository: Program, read: Callable[..., Result], tmp_path: Path
) -> None:
    [record] = read(sheet=True, people="郑凯，feng.lan", as_json=True, output=str(tmp_path / "s.docx")).json["sheets"]
    scan = tmp_path / "s.pdf"
    scan.write_bytes(b"%PDF-1.7")
    done = read(scan=str(scan), record=record, person=CLERK)
    assert done.code == 0 and "(effect)" in done.err and "record advance" in done.err
    assert repository.record(record)["state"] == "signed"
    assert read(open=True, as_json=True).json["unread"]


def test_a_sheet_for_a_department(repository: Program, read: Callable[..., Result]) -> None:
    [record] = read("QD-14-02", sheet=True, department="客户服务部", as_json=True).json["sheets"]
    listed = [row["reader"] for row in repository.record(record)["values"]["readers"]]
    assert listed == ["wang.fang", "zhang.wei", "chen.jing", "zhou.min"]
    refused(read("QD-14-02", sheet=True, department="没有这个部门"), "nobody serves in the department")
    refused(read("QD-14-02", sheet=True, people="zheng.kay"), "zheng.kay", "--set FIELD=VALUE")
    refused(read("QD-14-02", sheet=True, output="sheet.txt"), "a page is written as .pdf or .docx")
    refused(read("QD-14-02", sheet=True, open=True), "do not go together")


# ── periodic review


POINTS = (
    'points={"law":{"fits":"yes"},"practice":{"fits":"yes"},"parameters":{"fits":"yes"},"forms":{"fits":"yes"},'
    '"roles":{"fits":"yes"},"problems":{"fits":"yes"},"references":{"fits":"yes"}}'
)


def due(program: Program, number: str) -> str:
    listed = called(program, list_documents, as_json=True).json["documents"]
    return next(str(item["next_review_on"]) for item in listed if item["number"] == number)


def test_a_review_sets_the_next_date_once_it_is_approved(repository: Program) -> None:
    assert due(repository, "QP-14") == "2027-11-21"
    late = repository.later(datetime(2027, 11, 25, 9, tzinfo=ZONE))
    listed = called(late, list_documents, as_json=True).json["documents"]
    assert next(item for item in listed if item["number"] == "QP-14")["review_overdue"] is True
    refused(called(late, periodic_review, "QP-14", verdict="keep"), "a review needs a reason", "-m REASON")
    done = called(late, periodic_review, "QP-14", verdict="keep", reason="仍然适用", person="chen.jing", no_pages=True,
                  pairs=(POINTS,))  # fmt: skip
    assert done.code == 0, done.err
    [record] = late.all_numbers("QR-01-06")
    assert late.record(record)["state"] == "concluded" and due(late, "QP-14") == "2027-11-21"
    approved = late("record", "advance", record, "approve", "--set", "comment=同意", "--as", MANAGER, "--no-pages")
    assert approved.code == 0, approved.err
    assert due(late, "QP-14") == "2028-11-25"


def test_a_review_that_is_not_complete_says_what_is_missing(repository: Program) -> None:
    done = called(repository, periodic_review, "QP-14", verdict="revise", reason="时限要改", person="chen.jing",
                  no_pages=True)  # fmt: skip
    assert done.code == 0 and "(points)" in done.err
    [record] = repository.all_numbers("QR-01-06")
    again = called(repository, periodic_review, "QP-14", verdict="revise", reason="时限要改", person="chen.jing",
                   no_pages=True, pairs=(POINTS,))  # fmt: skip
    assert again.code == 0 and repository.all_numbers("QR-01-06") == [record]
    refused(called(repository, periodic_review, "QP-77", verdict="keep", reason="x"), "QP-77 is not in force")


# ── the master list


def test_the_master_list_says_what_is_in_force_and_who_has_copies(
    repository: Program, give: Callable[..., Result], tmp_path: Path
) -> None:
    give(to="工程部", copy="3")
    give(to="营销部", copy="1")
    give(to="工程部", copy="5")
    revise(repository)
    listed = called(repository, list_documents, as_json=True).json["documents"]
    own = next(item for item in listed if item["number"] == DOCUMENT)
    assert (own["kind"], own["revision"], own["standing"]) == ("procedure", "A/0", "trial")
    assert own["coming"] == {"revision": "A/1", "effective_on": "2026-12-01"}
    kinds = [item["kind"] for item in listed]
    assert kinds.index("manual") < kinds.index("procedure") < kinds.index("work_rule") < kinds.index("form")
    assert "configuration" not in kinds
    later = repository.later(timedelta(days=30))
    for name in ("list.csv", "list.xlsx", "list.pdf", "list.docx"):
        assert called(later, list_documents, output=str(tmp_path / name)).code == 0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "list.csv").read_text("utf-8-sig"))))
    [row] = [row for row in rows if row["Number"] == DOCUMENT]
    assert row["Copies"] == "营销部 1 (A/0); 工程部 3 (A/0), 5 (A/0)" and row["Revision"] == "A/1"
    sheet = openpyxl.load_workbook(tmp_path / "list.xlsx").active
    assert sheet is not None and DOCUMENT in {cell.value for column in sheet.columns for cell in column}
    everything = called(repository, list_documents, as_json=True, everything=True).json["documents"]
    assert "people.toml" in {item["number"] for item in everything}


def test_what_changed_since_a_day(repository: Program) -> None:
    revise(repository)
    later = repository.later(timedelta(days=30))
    found = called(later, list_documents, changed_since="2026-11-25", as_json=True).json["changes"]
    assert [(c["on"], c["number"], c["revision"], c["replaces"]) for c in found] == [
        ("2026-12-01", DOCUMENT, "A/1", "A/0")
    ]
    assert called(repository, list_documents, changed_since="2026-11-25", as_json=True).json["changes"] == []
    assert DOCUMENT in called(later, list_documents, changed_since="2026-11-25").out
    refused(called(later, list_documents, changed_since="gestern"), "--changed-since gestern")


def test_documents_of_external_origin_are_listed_by_their_next_check(repository: Program) -> None:
    for day, number in (("2026-11-18", "GB/T 19012-2019"), ("2026-10-01", "GB/T 19010-2021")):
        values = {
            "document": number, "kind": "standard", "document_title": "标准", "issuer": "主管部门", "edition": number[-4:],
            "registered_on": day, "keeper": CLERK, "department": "质量管理部", "kept_at": "文控室", "checked_on": day,
            "checked_by": CLERK, "checked_where": "标准网", "result": "valid",
        }  # fmt: skip
        path = repository.draft("external.json", "QR-01-05", values)
        done = repository("record", "issue", path, "--no-pages")
        assert done.code == 0, done.err
    found = called(repository, list_documents, external=True, as_json=True).json["external"]
    assert [(e["number"], e["edition"], e["due_on"], e["is_overdue"]) for e in found] == [
        ("GB/T 19010-2021", "2021", "2027-04-01", False),
        ("GB/T 19012-2019", "2019", "2027-05-18", False),
    ]
    later = repository.later(datetime(2027, 4, 2, 9, tzinfo=ZONE))
    late = called(later, list_documents, external=True, as_json=True).json["external"]
    assert [e["is_overdue"] for e in late] == [True, False]
    assert "▲" in called(later, list_documents, external=True).out


def test_as_of_an_earlier_day(repository: Program, give: Callable[..., Result]) -> None:
    give(to="工程部", copy="3")
    on = date(2026, 11, 21)
    assert called(repository, list_documents, on=on, as_json=True).json["documents"]
    refused(give(to="营销部", on=on), "--on is for reading")
    assert NOON.date() == on
