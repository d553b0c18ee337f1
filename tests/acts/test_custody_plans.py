"""Plans of copies and reading on forms of a company's own, on records made by hand, and with very many copies."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from definitions import PROJECT
from story import Desk, moment, refused

from qmsdocs.acts import custody as acts
from qmsdocs.acts import reading
from qmsdocs.acts.begin import Beginning, begin
from qmsdocs.acts.custody import Giving, Handling
from qmsdocs.acts.record import Intent
from qmsdocs.acts.shortcut import usable
from qmsdocs.query import custody
from qmsdocs.query.master_list import master_list
from qmsdocs.system.view import open_system

CLERK = Intent(by="wang.fang")
DAY = "2026-11-20 10:00"
FORM = "QR-01-03"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A repository whose records only grow."""
    return Desk.begun(tmp_path_factory.mktemp("custody") / "acme", "2026-11-01 08:00")


def own(folder: Path, form: str, changes: Mapping[str, str]) -> Desk:
    """A repository begun with the starter pack, one form of it changed."""
    pack = folder / "pack"
    pack.mkdir()
    for name in ("qms.toml", "people.toml"):
        shutil.copy(PROJECT / name, pack / name)
    for name in ("procedures", "forms", "records"):
        shutil.copytree(PROJECT / name, pack / name, ignore=shutil.ignore_patterns("issued"))
    path = pack / "forms" / form / "form.toml"
    text = path.read_text("utf-8")
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text, "utf-8")
    at = moment("2026-11-01 08:00")
    begin(Beginning(folder / "acme", "绿源置业", "hz", "HZ", "杭州", at, "desk"), starter=pack)
    return Desk(open_system(folder / "acme", now=at, machine="desk"))


def by_hand(desk: Desk, document: str, **values: object) -> str:
    """The number of a copy registered without the command."""
    return desk.issue(DAY, FORM, **{
        "document": document, "document_title": "某文件", "revision": "A/0", "copy_number": "03", "sha256": "0" * 64,
        "registered_on": "2026-11-20", "department": "工程部", "given_on": "2026-11-20", "given_by": "wang.fang", **values,
    })  # fmt: skip


@pytest.mark.parametrize(
    ("written", "label"), [("03", "3"), (" 3 ", "3"), ("３", "3"), ("0", "0"), ("甲-3", "甲-3"), ("9" * 40, "9" * 40)]
)
def test_copy_numbers_are_compared_as_numbers(written: str, label: str) -> None:
    assert custody.copy_label(written) == label


def test_names_of_departments_are_one_whatever_they_are_written_with() -> None:
    assert acts.same_name("工程部 ", "工程部") and acts.same_name("ＱＡ 部", "qa 部")
    assert not acts.same_name("工程部", "工程二部")


def test_a_copy_registered_by_hand_counts(desk: Desk) -> None:
    by_hand(desk, "QM-01-01")
    [copy] = custody.copies(desk.system, "QM-01-01")
    assert (copy.number, copy.is_out) == ("3", True)
    giving = Giving(document="QM-01-01", department="营销部", copy="3")
    assert "工程部 has copy 3" in refused(lambda: acts.give(desk.system, giving, CLERK))
    [called] = custody.recall(desk.system, "QM-01-01")  # nobody ever released these bytes
    assert (called.since, called.in_force) == (None, "A/0")


def test_an_act_of_yesterday_says_yesterday(desk: Desk) -> None:
    giving = Giving(document="QM-01-02", department="工程部")
    intent = Intent(by="wang.fang", happened_at=moment("2026-11-18 23:30"))
    desk.do(DAY, lambda system: acts.give(system, giving, intent))
    [copy] = custody.copies(desk.system, "QM-01-02")
    assert str(copy.given_on) == "2026-11-18"


def test_of_two_copies_with_one_number_the_revision_decides(desk: Desk) -> None:
    by_hand(desk, "QM-01-03", revision="A/0")
    by_hand(desk, "QM-01-03", revision="A/1", department="营销部")
    handling = Handling(document="QM-01-03", copy="3", act="lose", values={"loss": "找不到"})
    assert "there is a copy 3 of A/0, A/1" in refused(lambda: acts.handle(desk.system, handling, CLERK))
    desk.do(DAY, lambda system: acts.handle(system, replace(handling, revision="A/1"), CLERK))
    standings = [(copy.revision, copy.standing.value) for copy in custody.copies(desk.system, "QM-01-03")]
    assert sorted(standings) == [("A/0", "out"), ("A/1", "lost")]


def test_who_must_be_trained_again_has_not_read(desk: Desk) -> None:
    release = usable(desk.at(DAY), "QP-01")
    people = ["qian.li", "li.ming"]
    plan = reading.list_readers(desk.system, release, people, intent=CLERK, extra={})
    record = desk.do(DAY, lambda _: plan)
    rows = [
        {"reader": "qian.li", "signed_on": "2026-11-20", "result": "again"},
        {"reader": "li.ming", "signed_on": "2026-11-20", "result": "understood"},
    ]
    scan = desk.system.objects.store(b"%PDF-1.7")
    said = {"name": "scan.pdf", "size": scan.size, "sha256": scan.sha256}
    listed = {item.person: item.sheet for item in custody.unread(desk.system, release)}
    assert listed["qian.li"] == listed["li.ming"] == record and listed["wu.jun"] == ""
    intent = replace(CLERK, attachments={scan.sha256: scan.oid})
    desk.do(
        DAY,
        lambda system: reading.sign(system, record, intent=intent, files=[said], absent=(), extra={"readers": rows}),
    )
    left = {item.person for item in custody.unread(desk.system, release)}
    assert "qian.li" in left and "li.ming" not in left


def test_a_record_of_another_form_is_no_sheet(desk: Desk) -> None:
    record = by_hand(desk, "QM-01-04")
    assert f"{record} is no record of reading" in refused(
        lambda: reading.sign(desk.system, record, intent=CLERK, files=(), absent=(), extra={})
    )


def test_a_form_of_a_company_that_lacks_a_step_says_so(tmp_path: Path) -> None:
    desk = own(tmp_path, FORM, {"[step.lose]": "[step.missing]", '"lose"': '"missing"'})
    desk.do(DAY, lambda system: acts.give(system, Giving(document="QP-01", department="工程部"), CLERK))
    handling = Handling(document="QP-01", copy="1", act="lose")
    why = refused(lambda: acts.handle(desk.system, handling, CLERK))
    assert why.startswith("QR-01-03 has no step lose; there are receive, recall")


def test_a_form_of_a_company_has_its_own_names(tmp_path: Path) -> None:
    desk = own(tmp_path, FORM, {"[field.department]": "[field.who_gets_it]", 'number          = "QR-01-03"': 'number = "XX〔9〕3号"',
                                "[field.sha256]": "[field.check_value]"})  # fmt: skip
    record = desk.do(DAY, lambda system: acts.give(system, Giving(document="QP-01", department="工程部"), CLERK))
    assert desk.record(record).form.number == "XX〔9〕3号"
    assert desk.record(record).values["who_gets_it"] == "工程部"
    assert [copy.department for copy in custody.copies(desk.system, "QP-01")] == ["工程部"]


def test_without_a_form_for_it_nothing_is_given(tmp_path: Path) -> None:
    desk = own(tmp_path, FORM, {'purpose         = "distribution"': ""})
    giving = Giving(document="QP-01", department="工程部")
    assert refused(lambda: acts.give(desk.at(DAY), giving, CLERK)) == "no form in force has the purpose distribution"
    assert custody.copies(desk.system) == ()


@pytest.mark.slow
def test_thousands_of_copies_are_read_in_a_moment(tmp_path: Path) -> None:
    desk = Desk.begun(tmp_path / "acme", "2026-11-01 08:00")
    change = acts.give(desk.at(DAY), Giving(document="QP-01", department="工程部"), CLERK)
    [first] = change.drafts
    drafts = [
        replace(first, set={**first.set, "copy_number": str(count)}, submission=f"key-{count}")
        for count in range(1, 4_001)
    ]
    desk.system.post(replace(change, drafts=tuple(drafts)))
    system = desk.at(DAY)
    assert len(custody.copies(system, "QP-01")) == 4_000  # the index is up to date now
    begun = time.perf_counter()
    assert acts.copy_number(system, Giving(document="QP-01", department="营销部")) == "4001"
    assert custody.recall(system) == ()
    assert len(next(item for item in master_list(system) if item.number == "QP-01").copies) == 4_000
    assert time.perf_counter() - begun < 5
