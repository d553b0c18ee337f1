"""The example month: it is told by the commands' own acts, and its stories come out as they are told."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from program import CONTROL_FORMS, FORMS, NOON, Program, Result, refused

from qmsdocs.acts import demo
from qmsdocs.acts.sheets import sheet
from qmsdocs.base.language import Language
from qmsdocs.system.view import open_system

LEVELS = {
    "顾昇": "general",  # the first window that leaks
    "徐国梁": "general",
    "林玥": "hot",  # the third customer with one problem in one place
    "裘振宇": "major",  # twelve together
    "何秀英": "hot",  # unsolved by our cause
    "罗一鸣": "hot",  # may reach the media
    "马骏": "important",  # a lawyer is needed
    "沈嘉禾": "general",
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Program, Result]:
    """The example, made once, and what making it said."""
    folder = tmp_path_factory.mktemp("demo")
    found = Program(folder)("demo", "month", "--no-pages")
    assert found.code == 0, found.err
    return Program(folder / "month"), found


@pytest.fixture(scope="module")
def records(told: tuple[Program, Result]) -> dict[str, Any]:
    """Every record of the example by its number."""
    program, _ = told
    return {number: program.record(number) for number in program.all_numbers()}


def complaint_of(records: dict[str, Any], customer: str) -> list[Any]:
    """The complaints of a customer, oldest first, void ones apart."""
    found = [r for r in records.values() if r["form"] == "QR-14-04" and r["values"].get("customer") == customer]
    return [record for record in found if not record["is_void"]]


def acts(record: Any) -> list[str]:
    return [event["act"] for event in record["events"]]


def test_every_form_has_records_and_no_page_was_drawn(told: tuple[Program, Result], records: dict[str, Any]) -> None:
    assert {record["form"] for record in records.values()} == set(FORMS) - set(CONTROL_FORMS) | {"QR-01-02"}
    assert 40 <= len(records) <= 60
    assert not (told[0].root / "records/issued").exists()


def test_every_act_has_its_own_moment_in_the_month_before(records: dict[str, Any]) -> None:
    moments = Counter(datetime.fromisoformat(e["recorded_at"]) for r in records.values() for e in r["events"])
    assert NOON - timedelta(days=31) < min(moments)
    assert max(moments) < NOON.replace(hour=0)
    assert len(moments) > 150
    assert all(event["clock"] is None for record in records.values() for event in record["events"])


def test_events_are_chained_and_fold_into_the_values(records: dict[str, Any]) -> None:
    for number, record in records.items():
        values: dict[str, object] = {}
        previous = None
        for position, (event, digest) in enumerate(zip(record["events"], record["event_sha256"], strict=True), 1):
            assert (event["sequence"], event["previous"]) == (position, previous), number
            written = json.dumps(event, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            assert hashlib.sha256(written.encode()).hexdigest() == digest, number
            values |= event["set"]
            previous = digest
        values |= record["events"][-1]["derived"]
        assert {name: value for name, value in values.items() if value is not None} == record["values"], number
        assert record["state"] == record["events"][-1]["state"], number


@pytest.mark.parametrize("customer", LEVELS)
def test_levels_are_what_the_facts_say(records: dict[str, Any], customer: str) -> None:
    [record] = complaint_of(records, customer)
    assert record["derived"]["level"] == LEVELS[customer]


def test_a_page_gives_the_reason_of_its_own_day(told: tuple[Program, Result], records: dict[str, Any]) -> None:
    """Two more customers have come since the first complaint was closed: its page still says why it was general."""
    system = open_system(told[0].root, now=NOON, machine="desk")
    reasons = {}
    for customer in ("顾昇", "林玥"):
        record = system.record(complaint_of(records, customer)[0]["number"]).record
        reasons[customer] = sheet(system, record, system.form_of(record.form), language=Language.ZH).reasons
    assert "level" not in reasons["顾昇"]
    assert "3" in reasons["林玥"]["level"]


def test_a_complaint_rises_when_others_join_it(records: dict[str, Any]) -> None:
    [record] = complaint_of(records, "裘振宇")
    levels = [event["derived"]["level"] for event in record["events"] if event["act"] in ("classify", "update")]
    assert levels == ["general", "major"]
    assert "approve_major" in acts(record)
    assert record["is_closed"]


def test_the_third_customer_with_one_problem_is_counted(records: dict[str, Any]) -> None:
    [record] = complaint_of(records, "林玥")
    assert record["derived"]["same_problem_people"] == 3
    before = {complaint_of(records, customer)[0]["number"] for customer in ("顾昇", "徐国梁")}
    counted = next(event["counted"] for event in record["events"] if event["act"] == "classify")
    assert set(counted["same_problem_people"]) == before
    walk = ["classify", "plan", "approve", "answer", "carry_out", "visit", "close"]
    assert [act for act in acts(record) if act in walk] == walk


def test_the_same_customer_again_after_closing_is_important(records: dict[str, Any]) -> None:
    first, again = complaint_of(records, "秦朗")
    assert (first["derived"]["level"], again["derived"]["level"]) == ("general", "important")
    assert again["derived"]["handled_before"] == 1
    counted = next(event["counted"] for event in again["events"] if event["act"] == "classify")
    assert counted["handled_before"] == [first["number"]]


def test_two_reports_go_through_all_gates_one_of_them_back_once(records: dict[str, Any]) -> None:
    reports = [record for record in records.values() if record["form"] == "QR-18-02" and record["is_closed"]]
    gates = [f"d{number}" for number in range(9)]
    through = [*gates[:7], "name_documents", "d7", "d8"]
    straight, back = sorted((acts(report) for report in reports), key=len)
    assert straight == ["issue", *through]
    assert back == ["issue", *gates[:6], "not_effective", "d4", "d5", *through[6:]]
    for report in reports:
        assert records[report["raised_from"]]["raised"] == [report["number"]]
        assert report["derived"]["checked_total"] == sum(row["checked"] for row in report["values"]["containment"])


def test_one_number_is_void_and_one_record_corrected(records: dict[str, Any]) -> None:
    [void] = [record for record in records.values() if record["is_void"]]
    other = records[void["events"][-1]["replaced_by"]]
    assert other["values"]["customer"] == void["values"]["customer"]
    assert other["number"] in void["events"][-1]["reason"]
    [amended] = [record for record in records.values() if "amend" in acts(record)]
    before = amended["events"][0]["set"]["phone"]
    assert amended["values"]["phone"] not in (before, None)


def test_an_attachment_is_held_and_is_a_picture(told: tuple[Program, Result], records: dict[str, Any]) -> None:
    [attached] = [record for record in records.values() if record["values"].get("evidence")]
    [file] = attached["values"]["evidence"]
    [path] = [
        line.split("\t")[1]
        for line in told[0].git("ls-tree", "-r", attached["ledger"]).splitlines()
        if line.endswith(f"files/{file['sha256']}")
    ]
    data = told[0].git("cat-file", "-s", f"{attached['ledger']}:{path}")
    assert int(data) == file["size"]
    setting = demo.demo(now=NOON).setting
    picture = demo.drawn(next(iter(setting.picture.values())))
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert hashlib.sha256(picture).hexdigest() == file["sha256"]


def test_rare_characters_and_hostile_text_are_kept_as_they_are(records: dict[str, Any]) -> None:
    customers = {str(record["values"].get("customer")) for record in records.values()}
    assert {"顾昇", "林玥", "唐喆"} <= customers
    [hostile] = complaint_of(records, "贺子轩")
    assert '<script>alert("三次了")</script>' in hostile["values"]["what_happened"]
    assert "{{ 7*7 }} {% if 1 %}=1+1 'or'1'='1" in hostile["values"]["what_happened"]


def test_the_status_counts_what_is_open_and_overdue(told: tuple[Program, Result], records: dict[str, Any]) -> None:
    program, _ = told
    status = program("status", "--json")
    assert status.code == 1  # something is overdue, as in any month
    assert sum(form["records"] for form in status.json["forms"]) == len(records)
    assert 1 <= len(status.json["overdue"]) <= 10
    assert program("status").code == 1
    assert program("form", "check").code == 0


def test_the_closing_lines_are_commands_that_work(told: tuple[Program, Result], records: dict[str, Any]) -> None:
    """Pages are left out here, so that none is named to open; drawing them is the first thing to type."""
    program, made = told
    commands = [line.strip().split("   # ")[0] for line in made.out.splitlines() if line.startswith("  qmsdocs ")]
    assert commands[0] == "qmsdocs -C month record render --pending"
    assert len(commands) == 5
    for line in commands[1:]:
        found = program(*line.split()[1:], folder=program.root.parent)
        assert found.code in (0, 1) and not found.errors, line
    assert (program.root.parent / "complaints.xlsx").is_file()
    assert next(iter(complaint_of(records, "林玥")))["number"] in made.out  # the register was printed


def test_the_same_day_tells_the_same_month() -> None:
    early, late = demo.demo(now=NOON.replace(hour=0)), demo.demo(now=NOON.replace(hour=23))
    assert (early.turns, early.month.days) == (late.turns, late.month.days)
    assert len(demo.demo(now=NOON).month.days) >= early.setting.days


@pytest.mark.slow
@pytest.mark.parametrize("day", ["2026-10-12", "2027-01-08", "2027-03-01"])
def test_the_month_may_hold_holidays_and_a_new_year(tmp_path: Path, day: str) -> None:
    at = datetime.fromisoformat(f"{day}T00:05").replace(tzinfo=NOON.tzinfo)
    made = Program(tmp_path, at)("demo", "month", "--no-pages", "--json")
    assert made.code == 0, made.err
    assert tuple(made.json["records"]) == FORMS
    assert sum(map(len, made.json["records"].values())) > 40
    assert (made.json["pages"], made.json["pending"]) == (0, {})


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "mine.txt").write_text("mine", "utf-8")
    refused(Program(tmp_path)("demo", "used"), "used", "not empty")
    assert [path.name for path in (tmp_path / "used").iterdir()] == ["mine.txt"]
    refused(Program(tmp_path)("demo", "other", "--on", "2026-11-01"), "--on")
    assert not (tmp_path / "other").exists()
