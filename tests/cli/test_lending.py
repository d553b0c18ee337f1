"""`qmsdocs record lend`, `return`, `lent`: originals and copies out of the house, back again, and overdue."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from program import NOON, Make, Program, refused

CLERK = ("--as", "wang.fang")


@pytest.fixture
def desk(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """A liaison sheet."""
    made = make(tmp_path_factory.mktemp("lending") / "acme")
    assert made.issue() == RECORD
    return made


RECORD = "LX-HZ-2026-0001"


def lent(program: Program) -> list[tuple[str, str, str, str]]:
    """Loan, kind, holder and day due of what is out."""
    found = program("record", "lent", "--json")
    assert found.code in (0, 1), found.err
    return [(item["number"], item["kind"], item["holder"], item["due_on"]) for item in found.json["lent"]]


def lend(program: Program, *words: str) -> str:
    found = program("record", "lend", RECORD, "-m", "核对签字页", "--no-pages", *words)
    assert found.code == 0, found.err
    return found.out.partition(":")[0]


def test_an_original_goes_out_once_and_comes_back(desk: Program) -> None:
    number = lend(desk, "--to", "冯岚")
    # ten working days after Saturday 21 November 2026
    assert lent(desk) == [(number, "original", "feng.lan", "2026-12-04")]
    values = desk.record(number)["values"]
    assert (values["department"], values["outside"], values["record_title"]) == ("营销部", False, "工作联系单")
    refused(desk("record", "lend", RECORD, "--to", "zheng.kai", "-m", "x"), "冯岚 has the original", number)
    again = desk("record", "lend", RECORD, "--again", "--no-pages")
    assert f"{RECORD}: with 冯岚, due back on 2026-12-18" in again.err
    refused(desk("record", "return", RECORD, "--condition", "broken"), '"broken"', "damaged")
    assert desk("record", "return", RECORD, "--condition", "damaged", "--no-pages").code == 0
    assert desk.record(number)["values"]["condition"] == "damaged"
    assert lent(desk) == []
    refused(desk("record", "return", RECORD), "is not lent out")
    assert lend(desk, "--to", "zheng.kai") != number


def test_copies_go_to_many(desk: Program) -> None:
    original = lend(desk, "--to", "feng.lan")
    copies = [lend(desk, "--to", "zheng.kai", "--copy"), lend(desk, "--to", "某律师事务所", "--copy")]
    assert [item[0] for item in lent(desk)] == [original, *copies]
    refused(desk("record", "return", RECORD), "more than once", *copies)
    assert desk("record", "return", copies[1], "--no-pages").code == 0
    assert [item[0] for item in lent(desk)] == [original, copies[0]]


def test_a_repeated_command_is_one_loan(desk: Program) -> None:
    assert lend(desk, "--to", "zheng.kai", "--copy") == lend(desk, "--to", "zheng.kai", "--copy")
    assert len(lent(desk)) == 1


def test_an_original_leaves_the_house_only_with_approval(desk: Program) -> None:
    found = desk("record", "lend", RECORD, "--to", "某律师事务所", "-m", "诉讼")
    assert found.code == 2 and "approved_by" in found.err
    assert found.err.endswith("hint: --approved-by PERSON\n")
    lend(desk, "--to", "某律师事务所", "--approved-by", "zhao.lei")
    assert lent(desk)[0][2] == "某律师事务所"


def test_a_loan_is_extended_once_from_the_day_it_is_due(desk: Program) -> None:
    number = lend(desk, "--to", "feng.lan")
    assert desk("record", "lend", number, "--again", "--no-pages").code == 0
    assert lent(desk)[0][3] == "2026-12-18"
    found = desk("record", "lend", RECORD, "--again", "--no-pages")
    assert found.code == 2 and "as often as it may be" in found.err
    assert desk.record(number)["values"]["extended"] == 1


def test_what_is_not_back_in_time_is_overdue(desk: Program) -> None:
    lend(desk, "--to", "feng.lan", "--until", "2026-11-25")
    on = desk.later(datetime(2026, 11, 25, 23, 0, tzinfo=NOON.tzinfo))
    assert on("record", "lent").code == 0 and on("record", "lent", "--overdue").code == 0
    late = desk.later(timedelta(days=5))
    assert late("record", "lent").code == 1 and "▲2026-11-25" in late("record", "lent", "--overdue").out
    assert late("record", "lent", "--overdue", "--json").json["lent"][0]["overdue"] is True


def test_what_was_lost_is_not_lent_and_may_be_found(desk: Program) -> None:
    number = lend(desk, "--to", "feng.lan")
    lost = ("--set", "lost_on=2026-11-21", "--set", "loss=遗失在出租车上")
    assert desk("record", "advance", number, "lose", *lost, *CLERK, "--no-pages").code == 0
    refused(desk("record", "lend", RECORD, "--to", "zheng.kai", "-m", "x"), "the original was lost", number)
    assert desk("record", "return", number, "--no-pages").code == 0
    lend(desk, "--to", "zheng.kai")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((RECORD, "--to", "feng.lan"), "what is it lent for?"),
        ((RECORD, "-m", "x"), "lent to whom?"),
        (("LX-HZ-2026-0009", "--to", "feng.lan", "-m", "x"), "there is no record"),
        ((RECORD, "--to", "feng.lan", "-m", "x", "--until", "2026-12-05"), "ends between then and 2026-12-04"),
        ((RECORD, "--to", "feng.lan", "-m", "x", "--until", "2026-11-20"), "--until 2026-11-20"),
        ((RECORD, "--to", "a\nb", "-m", "x"), "--to"),
        ((RECORD, "--to", "feng.lan", "-m", "x", "--set", "colour=red"), "colour"),
    ],
)
def test_a_loan_that_cannot_be_is_refused(shared: Program, words: tuple[str, ...], said: str) -> None:
    if RECORD not in shared.all_numbers():
        shared.issue()
    with shared.unchanged():
        found = shared("record", "lend", *words)
    assert found.code == 2 and said in found.err, found
