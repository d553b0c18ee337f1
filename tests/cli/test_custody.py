"""Copies, reading, periodic review and the master list, by the commands in a real repository."""

from __future__ import annotations

import csv
import io
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from program import ZONE, Program, Result, looked, refused

CLERK, MANAGER = "wang.fang", "li.ming"
DEPARTMENTS = ["质量管理部", "客户服务部", "工程部", "营销部", "物业服务中心", "绿汀苑项目部"]
BACK = ("condition=complete", "recall_reason=unneeded", "returned_by=郑凯")
NAMES = {
    "everybody": "--all",
    "returned": "--return",
    "destroyed": "--destroy",
    "reason": "-m",
    "values": "--set",
    "person": "--as",
    "output": "-o",
    "dry_run": "-n",
    "changed_since": "--changed-since",
    "everything": "--all",
}
SHARED = iter([f"QM-01-{count:02}" for count in range(1, 18)] + ["QD-14-04", "QP-14", "QP-18", "QR-14-04", "QR-14-01"])


@pytest.fixture
def document() -> Iterator[str]:
    """A document of the shared repository that no other test speaks of."""
    yield next(SHARED)


def run(program: Program, command: str, *words: str, **options: Any) -> Result:
    """`document COMMAND`, its options by name."""
    said = ["document", command, *words]
    for name, value in options.items():
        option = NAMES.get(name, f"--{name}")
        for item in value if isinstance(value, tuple) else (value,):
            said += [option] if item is True else [option, item]
    return program(*said)


def give(program: Program, *words: str, **options: Any) -> Result:
    return run(program, "distribute", *words, "--no-pages", **options)


def given(program: Program, document: str, **options: Any) -> Any:
    """The copy that was given."""
    found = give(program, document, json=True, **options)
    assert found.code == 0, found.err
    [made] = found.json["given"]
    return made


def read(program: Program, document: str, **options: Any) -> Result:
    return run(program, "acknowledge", document, "--no-pages", **options)


def copies(program: Program, document: str) -> list[tuple[str, str, str, str]]:
    """Copy number, revision, department and standing of every copy."""
    found = give(program, document, json=True).json["copies"]
    return [(c["copy"], c["revision"], c["department"], c["standing"]) for c in found]


def listed(program: Program, document: str, **options: Any) -> Any:
    """The line of the master list."""
    [found] = [d for d in run(program, "list", json=True, **options).json["documents"] if d["number"] == document]
    return found


def revise(program: Program, document: str, *, effective: str | None = "2026-12-01") -> None:
    """Nothing; a new revision is submitted, and approved if it has an effective day."""
    path = program.root / "procedures" / f"{document}.md"
    path.write_text(path.read_text("utf-8") + "\n补充一段说明。\n", "utf-8")
    acts = [("submit", document, "-m", "补充说明", "--as", CLERK)]
    if effective is not None:
        acts += [("review", document, "--as", MANAGER)]
        acts += [("approve", document, "--effective", effective, "--as", "zhao.lei")]
    for words in acts:
        done = program("document", *words)
        assert done.code == 0, done.err


# ── copies


def test_a_copy_is_given_with_its_revision_and_stamped_pages(shared: Program, document: str, tmp_path: Path) -> None:
    made = given(shared, document, to="工程部", copy="03", holder="郑凯", output=str(tmp_path / "copy.pdf"))
    assert (made["copy"], made["revision"], made["department"], made["holder"]) == ("3", "A/0", "工程部", "zheng.kai")
    assert made["again"] is False and made["files"][0]["path"] == str(tmp_path / "copy.pdf")
    text = looked("pdftotext", "-layout", tmp_path / "copy.pdf", "-")
    assert document in text and "工程部" in text
    values = shared.record(made["record"])["values"]
    assert values["given_on"] == "2026-11-21" and values["document"] == document and values["copy_number"] == "3"
    assert values["sha256"] == listed(shared, document)["sha256"] == made["sha256"]


def test_a_repeated_command_answers_with_the_same_record(shared: Program, document: str) -> None:
    first = given(shared, document, to="工程部", copy="3")
    again = given(shared.later(timedelta(days=3)), document, to=" 工程部 ", copy="３")
    assert again["record"] == first["record"] and again["again"] is True
    assert len(copies(shared, document)) == 1


def test_a_number_that_is_out_is_given_to_nobody_else(shared: Program, document: str) -> None:
    given(shared, document, to="工程部", copy="3")
    refused(give(shared, document, to="营销部", copy="003"), "工程部 has copy 3 of A/0 since 2026-11-21", "--return 3")
    refused(give(shared, document, to="工程部", copy="3", holder="zheng.kai"), "工程部 has copy 3")
    refused(give(shared, document, to="工程部"), "工程部 has copy 3", "--copy N")
    assert given(shared, document, to="工程部", copy="4")["copy"] == "4"


def test_the_next_free_number_skips_what_is_out_or_lost(shared: Program, document: str) -> None:
    for department in ("工程部", "营销部", "质量管理部"):
        given(shared, document, to=department)
    assert [c[0] for c in copies(shared, document)] == ["1", "2", "3"]
    assert give(shared, document, returned="1", values=BACK).code == 0
    assert give(shared, document, lost="2", reason="搬家后找不到").code == 0
    given(shared, document, to="物业服务中心")
    given(shared, document, to="客户服务部")
    expected = [("1", "returned"), ("1", "out"), ("2", "lost"), ("3", "out"), ("4", "out")]
    assert [(c[0], c[3]) for c in copies(shared, document)] == expected
    refused(give(shared, document, to="营销部", copy="2"), "was lost", "not given again")
    assert give(shared, document, found="2").code == 0
    assert ("2", "A/0", "营销部", "out") in copies(shared, document)


def test_a_number_given_again_is_another_record(shared: Program, document: str) -> None:
    first = given(shared, document, to="工程部", copy="3")
    assert give(shared, document, returned="3", values=BACK).code == 0
    second = given(shared, document, to="工程部", copy="3")
    assert second["again"] is False and second["record"] != first["record"]
    assert shared("record", "void", second["record"], "-m", "发错", "--no-pages").code == 0
    refused(give(shared, document, to="工程部", copy="3"), "is void; its number is not given again")
    third = given(shared, document, to="工程部", copy="4")
    assert third["record"] not in (first["record"], second["record"])
    assert [c[3] for c in copies(shared, document)] == ["returned", "void", "out"]


def test_what_is_no_copy_number_is_refused(shared: Program, document: str) -> None:
    for copy in ("0", "-1", "3a", "100000", "1.5", "三", "9" * 400):
        refused(give(shared, document, to="工程部", copy=copy), "must be a number from 1 to 99999")
    refused(give(shared, document, to="工程部", copy=" "), "--copy: is missing")
    assert copies(shared, document) == []


def test_departments_have_odd_names(shared: Program, document: str, tmp_path: Path) -> None:
    names = ["=1+1", "A & B <工程>", "工程部/二组", "x" * 150, "𠮷野部", "{{ 7*7 }}", "2026-11-21"]
    for name in names:
        given(shared, document, to=name)
    assert [c[2] for c in copies(shared, document)] == names
    assert give(shared, document, output=str(tmp_path / "copies.csv")).code == 0
    with (tmp_path / "copies.csv").open(encoding="utf-8-sig") as stream:
        rows = list(csv.DictReader(stream))
    assert rows[0]["Department"] == "'=1+1" and rows[1]["Department"] == "A & B <工程>"
    for name in ("a\x07b", "a\nb", "  "):
        refused(give(shared, document, to=name), "--to")


def test_what_does_not_go_together_is_refused(shared: Program, document: str) -> None:
    refused(give(shared, document, to="工程部", returned="3"), "--to", "--return")
    refused(give(shared, "QP-99", to="工程部"), "QP-99 is not in force here")
    refused(give(shared, "QP-99"), "QP-99 is not in force here")
    refused(give(shared, document, to="工程部", revision="B/7"), "has no revision B/7")
    refused(give(shared), "name the document")
    refused(give(shared, document, returned="9"), "copy 9 was never given")
    refused(give(shared, document, to="工程部", on="2026-11-21"), "--on is for reading")


def test_a_copy_is_received_returned_and_destroyed_before_a_witness(shared: Program, document: str) -> None:
    record = given(shared, document, to="工程部", copy="3")["record"]
    assert give(shared, document, received="3", person="zheng.kai").code == 0
    values = shared.record(record)["values"]
    assert (values["holder"], values["received_by"], values["received_on"]) == ("zheng.kai", "zheng.kai", "2026-11-21")
    missing = give(shared, document, returned="3", values=("condition=",))
    assert "(condition)" in missing.err and "--set FIELD=VALUE" in missing.err and missing.code == 2
    assert give(shared, document, returned="3", values=("condition=complete", "recall_reason=moved")).code == 0
    refused(give(shared, document, returned="3"), "was returned on 2026-11-21")
    own = give(shared, document, destroyed="3", values="method=shredded", witness=CLERK)
    refused(own, "the witness must be somebody else")
    refused(give(shared, document, destroyed="3"), "who sees the copy destroyed?", "--witness PERSON")
    assert give(shared, document, destroyed="3", values="method=shredded", witness="李明").code == 0
    assert copies(shared, document) == [("3", "A/0", "工程部", "destroyed")]
    refused(give(shared, document, destroyed="3"), "was destroyed on 2026-11-21")


def test_a_copy_comes_back_and_ends_by_short_commands(shared: Program, document: str) -> None:
    records = [given(shared, document, to=name)["record"] for name in ("工程部", "营销部", "客户服务部")]
    refused(give(shared, document, destroyed="1", witness="李明"), "工程部 has copy 1", "first:", "--return 1")
    with shared.unchanged():
        refused(give(shared, document, returned="1，9"), "copy 9 was never given")
    assert give(shared, document, received="1,2", person="feng.lan").code == 0
    done = give(shared, document, returned="1，02, 1", json=True)
    assert [item["number"] for item in done.json["changed"]] == records[:2], done
    for record, holder in zip(records, (None, "feng.lan"), strict=False):
        values = shared.record(record)["values"]
        assert (values.get("holder"), values["received_by"], values["department"]) == (
            holder, "feng.lan", "营销部" if holder else "工程部",
        )  # fmt: skip
        said = (values["condition"], values["recall_reason"], values["returned_by"])
        assert said == ("complete", "unneeded", holder or CLERK)
    assert give(shared, document, returned="3", values=("condition=missing", "recall_reason=damaged")).code == 0
    assert shared.record(records[2])["values"]["condition"] == "missing"
    assert give(shared, document, destroyed="1、2", witness="李明").code == 0
    assert shared.record(records[1])["values"]["method"] == "shredded"
    assert [copy[3] for copy in copies(shared, document)] == ["destroyed", "destroyed", "returned"]
    refused(give(shared, document, returned=","), "must be a number")


def test_a_department_without_people_and_a_document_without_a_list_are_said(shared: Program, document: str) -> None:
    found = give(shared, document, to="财务部")
    assert found.code == 0 and found.err == "nobody serves in the department 财务部\n"
    assert give(shared, document, to="工程部").err == ""
    none = give(shared, "qms.toml", everybody=True)
    assert (none.code, none.out) == (0, "") and "qms.toml A/0 has no distribution list" in none.err


def test_a_withdrawn_document_comes_back_whole(shared: Program, document: str) -> None:
    given(shared, document, to="工程部", copy="1")
    assert shared("document", "withdraw", document, "-m", "并入别的文件", "--as", CLERK).code == 0
    done = shared("document", "approve", document, "--as", "zhao.lei")
    assert done.code == 0, done.err
    later = shared.later(timedelta(days=5))
    found = give(later, document, recall=True, json=True)
    assert found.code == 1
    assert [(c["document"], c["in_force"], c["since"]) for c in found.json["recall"]] == [
        (document, None, "2026-11-22")
    ]
    refused(give(later, document, to="营销部"), f"{document} is not in force")
    assert listed(later, document)["standing"] == "withdrawn" and listed(shared, document)["standing"] == "trial"


def test_a_dry_run_writes_nothing(shared: Program, document: str) -> None:
    with shared.unchanged():
        assert give(shared, document, to="工程部", dry_run=True).code == 0
        assert "工程部" in give(shared, "QP-01", everybody=True, dry_run=True).out
        assert read(shared, document, person=MANAGER, dry_run=True).code == 0
        assert read(shared, "QP-01", sheet=True, dry_run=True).code == 0


def test_a_new_revision_calls_the_old_copies_back(repository: Program) -> None:
    given(repository, "QP-01", to="工程部", copy="3")
    revise(repository, "QP-01")
    assert give(repository, recall=True).out == "no copy has to come back\n"
    assert given(repository, "QP-01", to="营销部", copy="4", revision="A/1")["revision"] == "A/1"
    later = repository.later(datetime(2026, 12, 1, 9, tzinfo=ZONE))
    found = give(later, recall=True, json=True)
    [back] = found.json["recall"]
    assert found.code == 1
    assert (back["copy"], back["revision"], back["since"], back["in_force"]) == ("3", "A/0", "2026-12-01", "A/1")
    assert "2026-12-01" in give(later, "QP-01", recall=True).out
    refused(give(later, "QP-01", to="质量管理部", revision="A/0"), "A/0 is not in force since 2026-12-01")
    whole = give(later, "QP-01", everybody=True, json=True).json
    assert {c["department"] for c in whole["given"]} == set(DEPARTMENTS) - {"营销部"}
    assert {c["revision"] for c in whole["given"]} == {"A/1"} and [c["copy"] for c in whole["recall"]] == ["3"]
    assert later.record(back["record"])["values"]["recall_reason"] == "superseded"
    assert give(later, "QP-01", everybody=True, json=True).json["given"] == []
    assert [event["act"] for event in later.record(back["record"])["events"]] == ["issue", "recall"]
    done = give(later, "QP-01", returned="3", revision="A/0", values=("condition=complete", "returned_by=郑凯"))
    assert done.code == 0, done.err  # why it goes back the program knows
    assert give(later, "QP-01", recall=True).code == 0


def test_somebody_who_left_is_shown_and_gets_no_copy(repository: Program) -> None:
    given(repository, "QP-01", to="工程部", copy="1", holder="zheng.kai")
    path = repository.root / "people.toml"
    text, old = path.read_text("utf-8"), 'name       = "郑凯"\n'
    assert old in text
    path.write_text(text.replace(old, f"{old}until      = 2026-11-30\n"), "utf-8")
    for words in (
        ("submit", "-m", "离职", "--as", CLERK),
        ("review", "--as", MANAGER),
        ("approve", "--as", "zhao.lei"),
    ):
        repository("document", words[0], "people.toml", *words[1:])
    later = repository.later(timedelta(days=20))
    [held] = give(later, "QP-01", json=True).json["copies"]
    assert held["holder_has_left"] is True and "has left" in give(later, "QP-01").out
    refused(give(later, "QP-01", to="工程部", copy="2", holder="郑凯"), "郑凯 does not serve on 2026-12-11")
    refused(read(later, "QP-01", person="zheng.kai"), "zheng.kai")
    assert "zheng.kai" not in {item["person"] for item in read(later, "QP-01", open=True, json=True).json["unread"]}


def test_two_at_once_never_give_one_number_twice(live: Program) -> None:
    words = ("document", "distribute", "QP-14", "--no-pages", "--json")
    wanted = [("--to", f"部门{count}") for count in range(2)] + [("--copy", "9", "--to", f"科室{n}") for n in range(2)]
    running: list[subprocess.Popen[bytes]] = [live.begin(*words, *more) for more in wanted]
    codes = [process.communicate()[0] is not None and process.returncode for process in running]
    assert sorted(codes) == [0, 0, 0, 2]
    held = give(live.later(datetime.now(ZONE)), "QP-14", json=True).json["copies"]
    numbers = [copy["copy"] for copy in held]
    assert sorted(numbers) == ["1", "2", "9"], held


# ── reading


def test_a_person_reads_one_exact_revision_once(shared: Program) -> None:
    assert read(shared, "QP-02", person=MANAGER).code == 0
    again = refused(read(shared, "QP-02", person=MANAGER), "李明 has read QP-02 A/0 on 2026-11-21: PX-HZ-2026-")
    record = shared.record(again.rpartition(" ")[2])
    assert record["is_closed"] and [event["by"] for event in record["events"]] == [MANAGER, MANAGER]
    refused(read(shared, "QP-02"), "who has read it?", "--as PERSON")
    revise(shared, "QP-02", effective=None)
    refused(read(shared, "QP-02", person=MANAGER, revision="A/1"), "QP-02 A/1 is not approved")
    shared("document", "review", "QP-02", "--as", MANAGER)
    shared("document", "approve", "QP-02", "--effective", "2026-12-01", "--as", "zhao.lei")
    refused(read(shared, "QP-02", person=MANAGER, revision="A/9"), "no revision A/9")
    assert read(shared, "QP-02", person=MANAGER, revision="A/1").code == 0  # approved, in force from December on
    later = shared.later(timedelta(days=30))
    refused(read(later, "QP-02", person="chen.jing", revision="A/0"), "A/0 is not in force since 2026-12-01")
    left = read(later, "QP-02", open=True, json=True)
    assert left.code == 1 and left.json["revision"] == "A/1"
    assert MANAGER not in {item["person"] for item in left.json["unread"]}


def test_a_sheet_lists_who_has_to_read_and_its_scan_closes_it(shared: Program, tmp_path: Path) -> None:
    assert read(shared, "QM-01", person="chen.jing").code == 0
    left = {item["person"] for item in read(shared, "QM-01", open=True, json=True).json["unread"]}
    place = tmp_path / "sheet.pdf"
    [record] = read(shared, "QM-01", sheet=True, output=str(place), json=True).json["sheets"]
    text = looked("pdftotext", "-layout", place, "-")
    assert record in text and "郑凯" in text and "陈静" not in text
    assert {row["reader"] for row in shared.record(record)["values"]["readers"]} == left
    later = shared.later(timedelta(days=2))
    assert read(later, "QM-01", sheet=True, output=str(place), json=True).json["sheets"] == [record]
    assert {item["sheet"] for item in read(shared, "QM-01", open=True, json=True).json["unread"]} == {record}
    scan = tmp_path / "scan.png"
    scan.write_bytes(b"\x89PNG\r\n\x1a\n signed")
    refused(read(shared, "QP-02", scan=str(scan), record=record), f"{record} is a sheet for QM-01")
    refused(read(shared, "QM-01", scan=str(scan)), "--record NUMBER")
    refused(read(shared, "QM-01", scan=str(scan), record=record, absent="赵磊"), "not on this sheet: zhao.lei")
    refused(read(shared, "QM-01", scan=str(tmp_path / "none.pdf"), record=record), "none.pdf")
    done = read(shared, "QM-01", scan=str(scan), record=record, absent="郑凯", values="effect=抽问三人，均答对")
    assert done.code == 0, done.err
    closed = shared.record(record)
    assert closed["is_closed"] and closed["values"]["scan"][0]["name"] == "scan.png"
    assert [item["person"] for item in read(shared, "QM-01", open=True, json=True).json["unread"]] == ["zheng.kai"]
    assert read(shared, "QM-01", person="zheng.kai").code == 0
    assert read(shared, "QM-01", open=True).out == "everybody who must has read QM-01 A/0\n"
    refused(read(shared, "QM-01", sheet=True), "nobody is left who has to read it", "--people")


def test_a_scan_without_what_closing_needs_is_kept_and_said(shared: Program, document: str, tmp_path: Path) -> None:
    [record] = read(shared, document, sheet=True, people="郑凯，feng.lan", json=True).json["sheets"]
    (tmp_path / "s.pdf").write_bytes(b"%PDF-1.7")
    done = read(shared, document, scan=str(tmp_path / "s.pdf"), record=record)
    assert done.code == 0 and "(effect)" in done.err and "record advance" in done.err
    assert shared.record(record)["state"] == "signed"
    refused(read(shared, document, person="feng.lan"), "冯岚 has read")


def test_a_sheet_for_a_department(shared: Program, document: str) -> None:
    [record] = read(shared, document, sheet=True, department="客户服务部", json=True).json["sheets"]
    found = [row["reader"] for row in shared.record(record)["values"]["readers"]]
    assert found == ["wang.fang", "zhang.wei", "chen.jing", "zhou.min"]
    refused(read(shared, document, sheet=True, department="没有这个部门"), "nobody serves in the department")
    refused(read(shared, document, sheet=True, people="zheng.kay"), "zheng.kay", "--set FIELD=VALUE")
    refused(read(shared, document, sheet=True, output="sheet.txt"), "a page is written as .pdf or .docx")
    refused(read(shared, document, sheet=True, open=True), "do not go together")
    many = ",".join(f"外协人员{count}" for count in range(61))
    assert len(read(shared, document, sheet=True, people=many, json=True).json["sheets"]) == 2


# ── periodic review


def test_a_review_sets_the_next_date_once_it_is_approved(repository: Program) -> None:
    assert listed(repository, "QP-14")["next_review_on"] == "2027-11-21"
    late = repository.later(datetime(2027, 11, 25, 9, tzinfo=ZONE))
    assert listed(late, "QP-14")["review_overdue"] is True
    refused(run(late, "review", "QP-14", verdict="keep"), "a review needs a reason", "-m REASON")
    done = run(
        late, "review", "QP-14", verdict="keep", reason="仍然适用", person="chen.jing", values="next_on=2028-05-01"
    )
    assert done.code == 0, done.err
    [record] = late.all_numbers("QR-01-06")
    assert late.record(record)["state"] == "concluded" and listed(late, "QP-14")["next_review_on"] == "2027-11-21"
    approved = late("record", "advance", record, "approve", "--as", MANAGER, "--no-pages")
    assert approved.code == 0, approved.err
    assert listed(late, "QP-14")["next_review_on"] == "2028-05-01"
    assert listed(late, "QP-14")["review_overdue"] is False
    refused(run(late, "review", "QP-77", verdict="keep", reason="x"), "QP-77 is not in force")
    assert run(late, "review", "QP-18", verdict="keep", reason="仍然适用", person="chen.jing").code == 0
    second = late.all_numbers("QR-01-06")[1]
    assert late.record(second)["values"]["next_on"] == "2028-11-25"
    assert (
        late("record", "advance", second, "send_back", "--set", "comment=再看", "--as", MANAGER, "--no-pages").code == 0
    )
    assert run(late, "review", "QP-18", verdict="revise", reason="时限要改", person="chen.jing").code == 0
    assert late.record(second)["values"]["verdict"] == "revise" and len(late.all_numbers("QR-01-06")) == 2


# ── the master list


def test_the_master_list_says_what_is_in_force_and_who_has_copies(
    shared: Program, document: str, tmp_path: Path
) -> None:
    for copy, department in (("3", "工程部"), ("1", "营销部"), ("5", "工程部")):
        given(shared, document, to=department, copy=copy)
    revise(shared, document)
    own = listed(shared, document)
    assert (own["revision"], own["standing"], len(own["copies"])) == ("A/0", "trial", 3)
    assert own["coming"] == {"revision": "A/1", "effective_on": "2026-12-01"}
    kinds = [item["kind"] for item in run(shared, "list", json=True).json["documents"]]
    assert kinds.index("manual") < kinds.index("procedure") < kinds.index("work_rule") < kinds.index("form")
    assert "configuration" not in kinds and listed(shared, "people.toml", everything=True)["kind"] == "configuration"
    later = shared.later(timedelta(days=30))
    for name in ("list.csv", "list.xlsx", "list.pdf"):
        assert run(later, "list", output=str(tmp_path / name)).code == 0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "list.csv").read_text("utf-8-sig"))))
    [row] = [row for row in rows if row["Number"] == document]
    assert row["Copies"] == "营销部 1 (A/0); 工程部 3 (A/0), 5 (A/0)" and row["Revision"] == "A/1"
    sheet = openpyxl.load_workbook(tmp_path / "list.xlsx").active
    assert sheet is not None and document in {cell.value for column in sheet.columns for cell in column}
    assert document in looked("pdftotext", tmp_path / "list.pdf", "-")


def test_what_changed_since_a_day(shared: Program, document: str) -> None:
    revise(shared, document, effective="2026-12-20")
    later = shared.later(timedelta(days=30))
    found = run(later, "list", changed_since="2026-12-15", json=True).json["changes"]
    assert [(c["on"], c["number"], c["revision"], c["replaces"]) for c in found] == [
        ("2026-12-20", document, "A/1", "A/0")
    ]
    assert run(shared, "list", changed_since="2026-12-15", json=True).json["changes"] == []
    assert document in run(later, "list", changed_since="2026-12-15").out
    refused(run(later, "list", changed_since="gestern"), "--changed-since gestern")


def test_documents_of_external_origin_are_listed_by_their_next_check(shared: Program) -> None:
    for day, number in (("2026-11-18", "GB/T 19012-2019"), ("2026-10-01", "GB/T 19010-2021")):
        values = {
            "document": number, "kind": "standard", "document_title": "标准", "issuer": "主管部门", "edition": number[-4:],
            "registered_on": day, "keeper": CLERK, "department": "质量管理部", "kept_at": "文控室", "checked_on": day,
            "checked_by": CLERK, "checked_where": "标准网", "result": "valid",
        }  # fmt: skip
        done = shared("record", "issue", shared.draft("external.json", "QR-01-05", values), "--no-pages")
        assert done.code == 0, done.err
    found = run(shared, "list", external=True, json=True).json["external"]
    assert [(e["number"], e["edition"], e["due_on"], e["is_overdue"]) for e in found] == [
        ("GB/T 19010-2021", "2021", "2027-04-01", False),
        ("GB/T 19012-2019", "2019", "2027-05-18", False),
    ]
    later = shared.later(datetime(2027, 4, 2, 9, tzinfo=ZONE))
    assert [e["is_overdue"] for e in run(later, "list", external=True, json=True).json["external"]] == [True, False]
    assert "▲" in run(later, "list", external=True).out


def test_a_number_on_paper_belongs_to_one_copy(shared: Program, document: str) -> None:
    first = given(shared, document, to="工程部")
    second = given(shared, document, to="营销部")
    refused(
        shared("record", "amend", second["record"], "--set", "copy_number=1", "-m", "改号", "--no-pages"),
        "cannot be corrected; void the record",
    )
    assert shared("record", "void", first["record"], "-m", "发错", "--no-pages").code == 0
    refused(
        give(shared, document, to="工程部", copy="1"), "the record of copy 1 is void; its number is not given again"
    )
    assert given(shared, document, to="工程部")["copy"] == "3"


def test_nobody_reads_what_was_not_there_yet(shared: Program, document: str) -> None:
    early = ("--happened-at", "2020-01-01T09:00")
    refused(run(shared, "acknowledge", document, *early, "--no-pages", person=MANAGER), "could not be read before")
