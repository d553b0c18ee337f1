"""`qmsdocs retention`: the list of records, what is due on a day, holds, and decisions to keep or hand over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from program import Make, Program, looked, refused

from qmsdocs.base.language import Language

CHIEF, QUALITY = ("--as", "zhao.lei"), ("--as", "li.ming")


@pytest.fixture(scope="module")
def company(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """Three liaison sheets, the first two voided on 21 November 2026, and an open complaint."""
    made = make(tmp_path_factory.mktemp("retention") / "acme")
    for _ in range(3):
        made.issue()
    made.issue("QR-14-04")
    for number in ("LX-HZ-2026-0001", "LX-HZ-2026-0002"):
        assert made("record", "void", number, "-m", "重复", "--no-pages").code == 0
    yield made


def due(program: Program, on: str, *words: object) -> dict[str, dict[str, object]]:
    found = program("retention", "due", "--on", on, "--json", *words)
    assert found.code in (0, 1), found.err
    return {item["number"]: item for item in found.json["records"]}


# ── the list of quality records


def test_the_list_says_of_every_form_how_long_where_and_why(company: Program) -> None:
    found = company("retention", "list", "--json").json
    forms = {item["form"]: item for item in found["forms"]}
    assert forms["QR-04-01"] | {"basis": ""} == {
        **{"form": "QR-04-01", "title": "Work liaison sheet", "revision": "A/0", "class": "liaison", "basis": ""},
        **{"class_title": "Work liaison sheets", "period": "3 years", "trigger": "closed", "disposition": "destroy"},
        **{"department": "Department that sent it", "medium": "Electronic", "place": None, "caution": None},
    }
    assert forms["QR-14-04"]["place"] == "Customer service, cabinet A, boxed by number"
    assert "not law" in found["caution"]


def test_the_caution_stands_above_the_list(company: Program, tmp_path: Path) -> None:
    said = company("retention", "list").out
    assert said.index("These are habits") < said.index("Number") < said.index("QR-04-01")
    page = tmp_path / "list.pdf"
    assert replace(company, language=Language.ZH)("retention", "list", "-o", page).code == 0
    text = re.sub(r"\s", "", looked("pdftotext", "-layout", page, "-"))
    assert text.index("质量记录清单") < text.index("下列期限是常见做法") < text.index("QR-04-01")
    for name in ("list.docx", "list.xlsx", "list.csv"):
        assert company("retention", "list", "-o", tmp_path / name).code == 0
    assert "Where the paper lies" in (tmp_path / "list.csv").read_text("utf-8-sig")


def test_a_long_caution_leaves_the_table_on_its_page(company: Program, tmp_path: Path) -> None:
    page = tmp_path / "list.pdf"
    assert company("retention", "list", "-o", page).code == 0
    pages = looked("pdftotext", "-layout", page, "-").split("\f")[:-1]
    assert [f"page {number} of {len(pages)}" in text for number, text in enumerate(pages, 1)] == [True] * len(pages)


def test_a_page_says_that_each_record_is_looked_at_when_its_period_ends(company: Program, tmp_path: Path) -> None:
    said = {}
    for form in ("QR-14-04", "QR-14-01"):
        page = tmp_path / f"{form}.pdf"
        assert replace(company, language=Language.ZH)("form", "show", form, "-o", page).code == 0
        said[form] = re.sub(r"\s", "", looked("pdftotext", page, "-"))
    assert "保存期限：关闭后3年，期满逐件审定" in said["QR-14-04"]
    assert "保存期限" in said["QR-14-01"] and "期满" not in said["QR-14-01"]


# ── what is due


def test_a_record_is_due_the_day_after_its_period(company: Program) -> None:
    assert "LX-HZ-2026-0001" not in due(company, "2029-11-21")
    first = due(company, "2029-11-22")["LX-HZ-2026-0001"]
    assert (first["trigger_on"], first["due_on"], first["decide_by"]) == ("2026-11-21", "2029-11-22", "2029-12-21")
    assert set(due(company, "2040-01-01")) == {"LX-HZ-2026-0001", "LX-HZ-2026-0002"}  # what is open is never due


def test_what_should_have_been_decided_is_overdue(company: Program) -> None:
    assert company("retention", "due", "--on", "2029-12-21").code == 0
    late = company("retention", "due", "--on", "2029-12-22")
    assert late.code == 1 and "▲2029-12-21" in late.out and "2 records wait" in late.err
    assert company("retention", "due", "--on", "2029-12-22", "--form", "QR-14-04").code == 0
    assert company("retention", "due", "--on", "2029-12-22", "--class", "complaint").code == 0
    assert company("retention", "due", "--on", "2029-12-22", "--class", "liaison").code == 1


def test_reading_what_is_due_changes_nothing(company: Program) -> None:
    with company.unchanged():
        assert company("retention", "due", "--on", "2031-01-01").code == 1
        assert company("retention", "list").code == 0


def test_a_claim_does_not_begin_the_period_before_the_record_was_taken_in(repository: Program) -> None:
    number = repository.issue()
    assert repository("record", "void", number, "-m", "重复", "--no-pages", "--happened-at", "2020-01-01").code == 0
    assert number not in due(repository, "2029-11-21")
    assert due(repository, "2029-11-22")[number]["trigger_on"] == "2026-11-21"


def test_a_new_period_holds_for_what_is_still_there(repository: Program) -> None:
    number = repository.issue()
    repository("record", "void", number, "-m", "重复", "--no-pages")
    path = repository.root / "records/retention.toml"
    text = path.read_text("utf-8")
    head, mark, rest = text.partition("[class.liaison]")
    path.write_text(head + mark + rest.replace('"3 years"', '"5 years"', 1), "utf-8")
    assert number in due(repository, "2030-01-01")  # in the folder it is a draft
    for words in (("submit", "records/retention.toml", "--as", "wang.fang", "-m", "五年"), ("review", "records/retention.toml", *QUALITY),
                  ("approve", "records/retention.toml", *CHIEF)):  # fmt: skip
        found = repository("document", *words)
        assert found.code == 0, found.err
    assert number not in due(repository, "2031-11-21") and number in due(repository, "2031-11-22")


def test_what_a_draft_of_the_schedule_would_make_due_is_said_before(repository: Program) -> None:
    """One record would be over at once, one has not begun; a class that forms need is missed."""
    repository("record", "void", repository.issue(), "-m", "重复", "--no-pages")
    repository.issue()
    path = repository.root / "records/retention.toml"
    text = path.read_text("utf-8")
    head, mark, rest = text.partition("[class.liaison]")
    ask, later = ("document", "impact", "records/retention.toml"), repository.later(timedelta(days=40))
    path.write_text(head + mark + rest.replace('"3 years"', '"30 days"', 1), "utf-8")
    assert "Work liaison sheets: 1 records fall due earlier, 1 of them at once; 0 later" in later(*ask).out
    assert "Work liaison sheets: 1 records fall due earlier, 0 of them at once; 0 later" in repository(*ask).out
    path.write_text(head + mark + rest.replace('"3 years"', '"5 years"', 1), "utf-8")
    assert "Work liaison sheets: 0 records fall due earlier, 0 of them at once; 1 later" in later(*ask).out
    assert later("document", "check", "records/retention.toml").code == 0
    path.write_text(head + "[class.lost]" + rest, "utf-8")
    checked = later("document", "check", "records/retention.toml")
    assert checked.code == 1 and "QR-04-01" in checked.out, checked
    refused(later("document", "check", "QR-04-01"), "is a form", "form check QR-04-01")


@pytest.mark.parametrize("day", ["2029-02-30", "tomorrow", "99999-01-01", ""])
def test_a_day_that_is_none_is_refused(company: Program, day: str) -> None:
    refused(company("retention", "due", "--on", day or "x"), "--on")


@pytest.mark.parametrize("words", [("--class", "complant"), ("--form", "QR-99")])
def test_a_class_or_form_there_is_none_of_is_no_all_clear(company: Program, words: tuple[str, str]) -> None:
    refused(company("retention", "due", *words), words[1], "there are")


# ── holds


def test_a_hold_stands_over_what_is_due_and_stops_no_clock(company: Program, make: Make, tmp_path: Path) -> None:
    desk = make(tmp_path / "held")
    for _ in range(2):
        desk("record", "void", desk.issue(), "-m", "重复", "--no-pages")
    first, second = desk.all_numbers()
    placed = desk("retention", "hold", first, "-m", "诉讼", "--asked-by", "法院", *QUALITY)
    assert "HLD-000001" in placed.out and "records it covers now: 1" in placed.err
    assert desk("retention", "hold", first, second, "-m", "检查", "--title", "年度检查", *QUALITY).code == 0
    held = due(desk, "2030-01-01")
    assert (held[first]["holds"], held[second]["holds"]) == (["HLD-000001", "HLD-000002"], ["HLD-000002"])
    assert held[first]["due_on"] == "2029-11-22" and held[first]["decide_by"] is None
    assert desk("retention", "due", "--on", "2030-01-01").code == 0
    assert "HLD-000002 年度检查" in desk("retention", "due", "--on", "2030-01-01").out
    assert desk("retention", "lift", "HLD-000002", "-m", "检查结束", *QUALITY).code == 0
    held = due(desk, "2030-01-01")
    assert (held[first]["holds"], held[second]["overdue"]) == (["HLD-000001"], True)
    listed = desk("retention", "hold", "--list", "--json").json["holds"]
    assert [(item["hold"], item["lifted_on"], item["asked_by"]) for item in listed] == [
        ("HLD-000001", None, "法院"),
        ("HLD-000002", "2026-11-21", None),
    ]


def test_a_scope_holds_what_comes_later_too(repository: Program) -> None:
    assert repository("retention", "hold", "--form", "QR-04-01", "--period", "2026-11", "-m", "查", *QUALITY).code == 0
    number = repository.issue()
    repository("record", "void", number, "-m", "重复", "--no-pages")
    assert due(repository, "2030-01-01")[number]["holds"] == ["HLD-000001"]
    [listed] = repository("retention", "hold", "--list", "--json").json["holds"]
    assert (listed["opened_from"], listed["opened_to"], listed["records"]) == ("2026-11-01", "2026-11-30", 1)


def test_a_hold_is_looked_at_again(repository: Program) -> None:
    number = repository.issue()
    repository("retention", "hold", number, "-m", "诉讼", *QUALITY)
    later = repository.later(timedelta(days=200))
    assert "▲2027-05-21" in later("retention", "hold", "--list").out
    refused(later("retention", "review", "HLD-000001", *QUALITY), "reason")
    assert later("retention", "review", "HLD-000001", "-m", "尚未判决", *CHIEF).code == 0
    [listed] = later("retention", "hold", "--list", "--json").json["holds"]
    assert (listed["reviewed_on"], listed["review_by"], listed["overdue"]) == ("2027-06-09", "2027-12-09", False)


def test_lifted_holds_are_listed_when_they_are_asked_for(repository: Program) -> None:
    number = repository.issue()
    repository("retention", "hold", number, "-m", "诉讼", *QUALITY)
    assert "Lifted" not in repository("retention", "hold", "--all").out
    assert repository.later(timedelta(days=3))("retention", "lift", "HLD-000001", "-m", "了结", *QUALITY).code == 0
    assert "HLD-000001" not in repository("retention", "hold", "--list").out
    listed = repository("retention", "hold", "--all").out
    assert "Lifted" in listed and "HLD-000001" in listed and "2026-11-24" in listed


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("LX-HZ-2026-0009", "-m", "x", *QUALITY), "there is no record LX-HZ-2026-0009"),
        (("REL-000001", "-m", "x", *QUALITY), "there is no record REL-000001"),
        (("LX-HZ-2026-0001", *QUALITY), "a hold needs a reason"),
        (("-m", "x", *QUALITY), "what is on hold?"),
        (("LX-HZ-2026-0001", "-m", "x", "--as", "wang.fang"), "wang.fang is none of these"),
        (("--class", "nothing", "-m", "x", *QUALITY), "there is no class nothing"),
        (("--form", "QR-99-99", "-m", "x", *QUALITY), "there is no form QR-99-99"),
        (("--period", "2026-13", "-m", "x", *QUALITY), "--period"),
        (("--period", "2026-05-02..2026-05-01", "-m", "x", *QUALITY), "--period"),
        (("LX-HZ-2026-0001", "-m", "a\x00b", *QUALITY), "the reason"),
    ],
)
def test_a_hold_that_cannot_be_placed_is_refused(company: Program, words: tuple[str, ...], said: str) -> None:
    with company.unchanged():
        refused(company("retention", "hold", *words), said)


def test_only_a_standing_hold_is_lifted_and_by_who_may(repository: Program) -> None:
    number = repository.issue()
    refused(repository("retention", "lift", "HLD-000001", "-m", "x", *QUALITY), "there is no hold HLD-000001")
    repository("retention", "hold", number, "-m", "诉讼", *QUALITY)
    refused(repository("retention", "lift", "HLD-000001", "-m", "x", "--as", "chen.jing"), "lifting a hold is for")
    assert repository("retention", "lift", "HLD-000001", "-m", "结案", *QUALITY, "-n").code == 0
    assert repository("retention", "lift", "HLD-000001", "-m", "结案", *QUALITY).code == 0
    refused(repository("retention", "lift", "HLD-000001", "-m", "再结", *QUALITY), "was lifted on 2026-11-21")


# ── decisions


def test_a_decision_to_keep_is_for_who_approves_and_leads_on(repository: Program) -> None:
    number = repository.issue()
    repository("record", "void", number, "-m", "重复", "--no-pages")
    refused(repository("retention", "keep", number, "--for", "1 year", "-m", "x", *CHIEF), "is kept until 2029-11-22")
    refused(repository("retention", "keep", number, "--for", "1 year", "-m", "x", *QUALITY), "li.ming is none")
    refused(repository("retention", "keep", number, "-m", "x", *CHIEF), "how long?")
    refused(repository("retention", "keep", number, "--for", "24 hours", "-m", "x", *CHIEF), "--for 24 hours")
    assert repository("retention", "hold", "--list", "--json").json["holds"] == []


def test_keeping_as_another_class_counts_from_the_same_day(repository: Program) -> None:
    number = repository.issue()
    repository("record", "void", number, "-m", "重复", "--no-pages")
    assert repository("retention", "keep", number, "--class", "complaint-major", "-m", "重大", *CHIEF).code == 0
    assert number not in due(repository, "2036-11-21")
    assert due(repository, "2036-11-22")[number]["decision"] == "DEC-000001"
    assert repository("retention", "keep", number, "--class", "owner-file", "-m", "长期", *CHIEF).code == 0
    assert number not in due(repository, "2100-01-01")


def test_keeping_for_some_years(repository: Program) -> None:
    number = repository.issue()
    repository("record", "void", number, "-m", "重复", "--no-pages")
    assert repository("retention", "keep", number, "--for", "5 years", "-m", "案件未了", *CHIEF).code == 0
    assert number not in due(repository, "2031-11-21")
    assert due(repository, "2031-11-22")[number]["decide_by"] == "2031-12-21"


def test_what_is_handed_over_is_decided_but_for_what_is_on_hold(repository: Program) -> None:
    numbers = [repository.issue() for _ in range(2)]
    for number in numbers:
        repository("record", "void", number, "-m", "重复", "--no-pages")
    repository("retention", "hold", numbers[1], "-m", "诉讼", *QUALITY)
    refused(repository("retention", "transfer", *numbers, "--to", "档案馆", "-m", "移交", *CHIEF), "is on hold")
    assert repository("retention", "transfer", numbers[0], "--to", "档案馆", "-m", "移交", *CHIEF).code == 0
    found = due(repository, "2031-01-01")[numbers[0]]
    assert (found["decision"], found["decide_by"], found["overdue"]) == ("DEC-000001", None, False)
