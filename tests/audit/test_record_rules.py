"""Rules over single records: what triggers each of them, and what is near it and is spared."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from control import NUMBER, SCHEDULE, Company
from firm import firm
from tamper import CLASS, Hand, attached, copied

from qmsdocs.acts import pages
from qmsdocs.acts.record import Filled, Intent, amend, issue, step, void
from qmsdocs.audit import engine
from qmsdocs.audit.case import Case
from qmsdocs.audit.catalogue import RECORD_RULES
from qmsdocs.audit.engine import run
from qmsdocs.audit.pages import Redrawing, check_pages
from qmsdocs.audit.records import RecordRule
from qmsdocs.audit.rule import Hit
from qmsdocs.audit.scope import Scope
from qmsdocs.base.canonical import Json, dumps, loads, sha256
from qmsdocs.base.language import Language
from qmsdocs.store.signature import Signer, namespace_of, new_key

LEDGER = "records/trial/2026/hz"
FOLDER = "sy/00/00/000001"
ISSUE, ATTACH, CLOSE = (f"{FOLDER}/{name}.json" for name in ("0001-issue", "0002-amend", "0003-close"))
FORM = f"""
number = "F-1"
title = "试验单"
owner = "quality_manager"
procedure = "{NUMBER}"
retention = "trial"
series = {{ id = "sy", number = "SY-{{site}}-{{year}}-{{serial:4}}" }}
[field.opened]
type = "date"
title = "日期"
means = "opened_at"
required = true
[field.amount]
type = "integer"
title = "数量"
required = true
[field.doubled]
type = "integer"
title = "两倍"
value = "amount * 2"
[field.result]
type = "text"
title = "结果"
required = "close"
[field.note]
type = "text"
title = "备注"
when = "amount > 100"
[field.file]
type = "attachment"
title = "附件"
[state]
open = {{ title = "在办" }}
closed = {{ title = "已结", means = "closed" }}
[step.close]
title = "结案"
from = "open"
to = "closed"
by = ["quality_manager", "document_controller"]
signs = "closed"
[check.enough]
must = "amount >= 5"
says = "数量不足"
required = "close"
[raise.again]
title = "再办"
form = "F-1"
"""
Deed = Callable[[Company], object]


def issued(company: Company, amount: int = 7, day: str = "2026-11-03", **head: Any) -> str:
    """The number of one more record."""
    filled = Filled(form="F-1", values={"opened": day, "amount": amount}, submission=f"{amount} {day}", **head)
    return company.do(lambda system: issue(system, filled, Intent(by="wang.fang"))).posted[0].number


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """One record with a file, closed with a signature; and one that is open."""
    texts = {"forms/F-1/form.toml": FORM, "records/retention.toml": SCHEDULE + CLASS}
    company = firm(tmp_path_factory.mktemp("records") / "acme", texts)
    company.key("li.ming")
    company.later(days=2)
    number = issued(company)
    attached(company.later(hours=1), number, b"a photograph")
    company.later(hours=1)
    values = {"result": "完成"}
    company.do(lambda s: step(s, number, "close", values=values, intent=Intent(by="li.ming")))
    company.later(hours=1)
    issued(company, 8)
    stored = company.root.with_name("stored")
    company.root.rename(stored)
    return company.copy(root=stored)


@pytest.fixture
def company(whole: Company, tmp_path: Path) -> Company:
    return copied(whole, tmp_path / "acme")


def hand(company: Company) -> Hand:
    return Hand(company.root, LEDGER)


def written(company: Company, path: str, body: Mapping[str, Json], *, signed: bool = False) -> None:
    """Another event in the place of one, written past the program; `signed`: by the key of whoever signed it."""
    data = dumps(dict(body))
    changes: dict[str, bytes | None] = {path: data}
    if signed:
        changes[path + ".sig"] = company.keys["li.ming"].sign(data, namespace=namespace_of("closed"))
    hand(company).commit(changes)


def other(path: str, *, signed: bool = False, **changes: Json) -> Deed:
    """An event with other keys."""

    def deed(company: Company) -> None:
        written(company, path, {**hand(company).event(path), **changes}, signed=signed)

    return deed


def with_set(path: str, *, signed: bool = False, **values: Json) -> Deed:
    """An event that sets other values."""

    def deed(company: Company) -> None:
        body = hand(company).event(path)
        assert isinstance(body["set"], dict)
        written(company, path, {**body, "set": {**body["set"], **values}}, signed=signed)

    return deed


def without(path: str, name: str, *, signed: bool = False) -> Deed:
    """An event that does not set a value."""

    def deed(company: Company) -> None:
        body = hand(company).event(path)
        assert isinstance(body["set"], dict)
        left = {key: value for key, value in body["set"].items() if key != name}
        written(company, path, {**body, "set": left}, signed=signed)

    return deed


def bytes_of(path: str, change: Callable[[bytes], bytes | None]) -> Deed:
    """A file with other bytes, or none."""
    return lambda company: hand(company).commit({path: change(hand(company).read(path))})


def findings(company: Company, *, is_full: bool = True) -> list[tuple[str, str, str]]:
    report = run(Scope(company.system), is_full=is_full)
    return [(found.code, found.subject, str(found.message)) for found in report.findings]


def said(company: Company, code: str) -> list[str]:
    return [f"{subject}: {text}" for found, subject, text in findings(company) if found == code]


def both(company: Company, *deeds: Deed) -> Company:
    for deed in deeds:
        deed(company)
    return company


def test_a_good_history_has_nothing_wrong(company: Company) -> None:
    found = [item for item in findings(company) if item[0][:3] in ("REC", "HIS")]
    assert found == []
    assert [item for item in findings(company, is_full=False) if item[0][:3] == "REC"] == []


def test_REC201_fires(company: Company) -> None:
    without(CLOSE, "result", signed=True)(company)
    assert said(company, "REC201") == ["SY-HZ-2026-0001: close: result: is missing"]


def test_REC201_spares(company: Company) -> None:
    issued(company.later(hours=1), 200)  # a note could be given now, and need not be
    assert said(company, "REC201") == []


def test_REC202_fires(company: Company) -> None:
    form: Json = {"number": "F-1", "revision": "A/0", "sha256": "0" * 64}
    other(f"{FOLDER[:-1]}2/0001-issue.json", form=form)(company)
    assert any("is not held here" in text for text in said(company, "REC202"))


def test_REC202_spares(company: Company) -> None:
    edited(company, FORM.replace("试验单", "试用单"))
    issued(company.later(days=1), 9, revision="A/0")  # an old blank within its grace
    assert said(company, "REC202") == []


def test_REC202_fires_after_the_grace(company: Company) -> None:
    edited(company, FORM.replace("试验单", "试用单"))
    issued(company.later(days=2), 9, revision="A/0")
    late = (company.now.replace(year=2026, month=12, day=31)).isoformat(timespec="seconds")
    other(f"{FOLDER[:-1]}3/0001-issue.json", recorded_at=late)(company)
    company.later(days=90)
    assert any("was not in force on" in text for text in said(company, "REC202"))


def edited(company: Company, text: str) -> None:
    """The form in its next revision, in force from tomorrow."""
    company.key("zhao.lei")
    (company.root / "forms/F-1/form.toml").write_text(text, "utf-8")
    company.submit(number="F-1")
    company.review(number="F-1")
    company.approve(number="F-1")
    company.later(days=1)


def test_REC203_fires(company: Company) -> None:
    last = hand(company).read(f"{FOLDER[:-1]}2/0001-issue.json")
    body = loads(last)
    assert isinstance(body, dict)
    record: Json = {"number": "SY-HZ-2026-0005", "series": "sy", "serial": 5}
    hand(company).commit({"sy/00/00/000005/0001-issue.json": dumps({**body, "record": record})})
    [text] = said(company, "REC203")
    assert "3-4" in text


def test_REC203_spares(company: Company) -> None:
    number = issued(company.later(hours=1), 9)
    company.do(lambda s: void(s, number, replaced_by=None, intent=Intent(by="wang.fang", reason="写错")))
    issued(company.later(hours=1), 10)
    assert said(company, "REC203") == []


def test_REC204_fires(company: Company) -> None:
    with_set(ISSUE, opened="2026-11-02")(company)
    assert said(company, "REC204") == [
        "SY-HZ-2026-0001: 0001-issue.json is not the one that 0002-amend.json was written after"
    ]


def test_REC204_fires_for_what_a_raised_record_saw(company: Company) -> None:
    raised: Json = {"record": "SY-HZ-2026-0001", "raise": "again", "sha256": "1" * 64}
    other(f"{FOLDER[:-1]}2/0001-issue.json", raised_from=raised)(company)
    assert any("has seen an act that is not there" in text for text in said(company, "REC204"))


def test_REC204_spares(company: Company) -> None:
    correct = Intent(by="wang.fang", reason="数错了")
    company.do(lambda s: amend(s, "SY-HZ-2026-0002", values={"amount": 9}, intent=correct))
    assert said(company, "REC204") == []


def test_REC205_fires(company: Company) -> None:
    record: Json = {"number": "SY-HZ-2026-0001", "series": "sy", "serial": 2}
    other(f"{FOLDER[:-1]}2/0001-issue.json", record=record)(company)
    [text] = said(company, "REC205")
    assert text.startswith("SY-HZ-2026-0001: the number is used twice")


def test_REC205_spares(company: Company) -> None:
    record: Json = {"number": "SY-HZ-2026-0001 ", "series": "sy", "serial": 2}  # looks alike, and is wrong otherwise
    other(f"{FOLDER[:-1]}2/0001-issue.json", record=record)(company)
    assert said(company, "REC205") == []


def test_REC206_fires(company: Company) -> None:
    bytes_of(f"{FOLDER[:-1]}2/0001-issue.json", lambda data: data.replace(b'":"', b'": "', 1))(company)
    assert said(company, "REC206") == ["SY-HZ-2026-0002: 0001-issue.json is not in canonical form"]


def test_REC206_spares(company: Company) -> None:
    with_set(f"{FOLDER[:-1]}2/0001-issue.json", opened="2026-11-01")(company)
    assert said(company, "REC206") == []


def test_REC207_fires(company: Company) -> None:
    bytes_of(ATTACH, lambda _: None)(company)
    assert said(company, "REC207") == ["SY-HZ-2026-0001: event 2 is missing"]


def test_REC207_fires_without_a_link(company: Company) -> None:
    other(ATTACH, previous=None)(company)
    assert any("does not name the event before it" in text for text in said(company, "REC207"))


def test_REC207_spares(company: Company) -> None:
    with_set(ISSUE, opened="2026-11-02")(company)  # changed, not missing
    assert said(company, "REC207") == []


def test_REC208_fires(company: Company) -> None:
    other(f"{FOLDER[:-1]}2/0001-issue.json", derived={"doubled": 99})(company)
    assert said(company, "REC208") == ["SY-HZ-2026-0002: issue: 两倍: 99 stands there, 16 comes out"]


def test_REC208_spares(company: Company) -> None:
    company.key("zhao.lei")  # the parameters change, the record was judged before
    company.edit(48)
    company.submit()
    company.review()
    company.approve()
    company.later(days=3)
    assert said(company, "REC208") == []


def test_REC209_fires(company: Company) -> None:
    digest = sha256(b"a photograph")
    hand(company).commit({f"{FOLDER}/files/{digest}": None})
    [text] = said(company, "REC209")
    assert "照片.jpg" in text and "is missing" in text


def test_REC209_fires_for_other_bytes(company: Company) -> None:
    hand(company).commit({f"{FOLDER}/files/{sha256(b'a photograph')}": b"another photograph"})
    assert any("is damaged or was altered" in text for text in said(company, "REC209"))


def test_REC209_fires_for_what_nobody_attached(company: Company) -> None:
    hand(company).commit({f"{FOLDER}/files/{sha256(b'slipped in')}": b"slipped in"})
    assert any("no act attached" in text for text in said(company, "REC209"))


def test_REC209_spares(company: Company) -> None:
    elsewhere: Json = [{"name": "录像.mp4", "size": 9, "sha256": "2" * 64, "held_at": "档案柜 3"}]
    with_set(f"{FOLDER[:-1]}2/0001-issue.json", file=elsewhere)(company)
    assert said(company, "REC209") == []


def drawn(company: Company) -> Path:
    """The PDF of the first record, drawn."""
    system = company.system
    made = pages.pages(system, system.record("SY-HZ-2026-0001"), language=Language.ZH)
    pages.write(company.root, made)
    return company.root / next(path for path in made.files if path.endswith(".pdf"))


def test_REC210_fires(company: Company) -> None:
    path = drawn(company)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)
    [text] = said(company, "REC210")
    assert "is not the file that was drawn here" in text


def test_REC210_fires_for_a_page_of_elsewhere(company: Company) -> None:
    path = drawn(company)
    (company.root / pages.DRAWN_FILE).unlink()
    path.write_bytes(path.read_bytes().replace(b"%PDF-1.7", b"%PDX-1.7", 1))
    assert len(said(company, "REC210")) == 1


def test_REC210_fires_though_the_note_was_changed_with_the_page(company: Company, tmp_path: Path) -> None:
    """A page with other words; a genuine one of another record; beyond those drawn again the audit says so."""
    path = drawn(company)
    with pikepdf.open(path) as pdf:
        pdf.pages[0].contents_add(b"BT /F1 20 Tf 100 400 Td (void) Tj ET 0 0 1 rg 80 300 300 200 re f")
        pdf.save(tmp_path / "other.pdf")
    shown = path.relative_to(company.root).as_posix()
    for data, why in (
        ((tmp_path / "other.pdf").read_bytes(), "does not say what the program draws"),
        (_second(company), "is the page of"),
    ):
        path.write_bytes(data)
        (company.root / pages.DRAWN_FILE).write_text(f"{sha256(data)}  {shown}\n", "utf-8")
        [text] = said(company, "REC210")
        assert why in text
    redrawing = Redrawing(most=0)
    assert list(check_pages(Scope(company.system), redrawing)) == [] and redrawing.believed == 1


def _second(company: Company) -> bytes:
    system = company.system
    made = pages.pages(system, system.record("SY-HZ-2026-0002"), language=Language.ZH)
    return next(data for path, data in made.files.items() if path.endswith(".pdf"))


def test_REC210_spares(company: Company) -> None:
    drawn(company)
    (company.root / pages.DRAWN_FILE).unlink()  # the pages of another copy: judged by what they say
    assert said(company, "REC210") == []


def test_REC221_fires(company: Company) -> None:
    drawn(company).unlink()
    assert any("record render" in text for text in said(company, "REC221"))


def test_REC221_spares(company: Company) -> None:
    assert said(company, "REC221") == []  # never drawn here


def test_REC211_fires(company: Company) -> None:
    other(CLOSE, signer=None)(company)
    hand(company).commit({CLOSE + ".sig": None})
    [text] = said(company, "REC211")
    assert "结案" in text and "li.ming" in text


def test_REC211_spares(company: Company) -> None:
    company.key("zhao.lei")  # somebody else's key; the one who closes below had his before
    number = issued(company.later(hours=1), 11)
    company.do(lambda s: step(s, number, "close", values={"result": "完成"}, intent=Intent(by="li.ming")))
    assert said(company, "REC211") == []


def test_REC212_fires(company: Company) -> None:
    with_set(ISSUE, amount=3)(company)
    assert any("数量不足" in text for text in said(company, "REC212"))


def test_REC212_spares(company: Company) -> None:
    issued(company.later(hours=1), 3)  # too few, but not closed
    assert said(company, "REC212") == []


def test_REC213_fires(company: Company) -> None:
    other(ATTACH, recorded_at="2026-11-03T08:30:00+08:00")(company)
    assert any("before the act it follows" in text for text in said(company, "REC213"))


def test_REC213_fires_for_a_time_to_come(company: Company) -> None:
    other(f"{FOLDER[:-1]}2/0001-issue.json", happened_at="2026-11-30T09:00:00+08:00")(company)
    assert any("after it was recorded" in text for text in said(company, "REC213"))


def test_REC213_spares(company: Company) -> None:
    other(f"{FOLDER[:-1]}2/0001-issue.json", happened_at="2026-11-01T09:00:00+08:00")(company)  # taken in later
    assert said(company, "REC213") == []


def test_REC214_fires(company: Company) -> None:
    parameters: Json = {NUMBER: "3" * 64}
    other(f"{FOLDER[:-1]}2/0001-issue.json", parameters=parameters)(company)
    assert len(said(company, "REC214")) == 1
    assert said(company, "REC215") == []


def test_REC214_spares(company: Company) -> None:
    test_REC208_spares(company)
    assert said(company, "REC214") == []


def test_REC215_fires(company: Company) -> None:
    before = company.system.control
    company.key("zhao.lei")
    company.edit(48)
    company.submit()
    company.review()
    company.approve()
    company.later(days=2)
    old = company.system.definitions.named(NUMBER)[0]
    issued(company, 12, day=(date(2026, 11, 5)).isoformat())
    other(f"{FOLDER[:-1]}3/0001-issue.json", control=before, parameters={NUMBER: old.manifest})(company)
    assert len(said(company, "REC215")) == 1
    assert said(company, "REC214") == []


def test_REC215_spares(company: Company) -> None:
    test_REC208_spares(company)
    assert said(company, "REC215") == []


def test_REC216_fires(company: Company) -> None:
    other(CLOSE, state="open", signed=True)(company)
    assert any("leads from open to open" in text for text in said(company, "REC216"))


def test_REC216_spares(company: Company) -> None:
    correct = Intent(by="wang.fang", reason="补充说明")
    company.do(lambda s: amend(s, "SY-HZ-2026-0001", values={"amount": 6}, intent=correct))  # closed, and corrected
    assert said(company, "REC216") == []


def test_REC217_fires(company: Company) -> None:
    with_set(CLOSE, result="未完成")(company)
    assert any("the signature is not one of these bytes" in text for text in said(company, "REC217"))


def test_REC217_fires_for_another_repository(company: Company) -> None:
    other(f"{FOLDER[:-1]}2/0001-issue.json", repository="4" * 32)(company)
    assert any("made for another repository" in text for text in said(company, "REC217"))


def test_REC217_spares(company: Company) -> None:
    company.keys["li.ming"], old = new_key(), company.keys["li.ming"]
    new = company.keys["li.ming"]
    from qmsdocs.acts import officers

    company.do(
        lambda s: officers.register(s, "li.ming", new.public, from_on=s.today, until_on=None, by="wang.fang"),
        signer=Signer("li.ming", new),
    )
    assert old is not new  # what the old key has signed stands
    assert said(company, "REC217") == []


def test_REC218_fires(company: Company) -> None:
    other(f"{FOLDER[:-1]}2/0001-issue.json", format=2)(company)
    assert len(said(company, "REC218")) == 1
    assert not run(Scope(company.system)).is_whole


def test_REC218_spares(company: Company) -> None:
    other(f"{FOLDER[:-1]}2/0001-issue.json", remark="a key of a later program")(company)
    assert said(company, "REC218") == []


def test_REC219_fires(company: Company) -> None:
    with_set(f"{FOLDER[:-1]}2/0001-issue.json", amount="viele")(company)
    assert any("数量" in text for text in said(company, "REC219"))


def test_REC219_fires_for_an_unknown_field(company: Company) -> None:
    with_set(f"{FOLDER[:-1]}2/0001-issue.json", colour="rot")(company)
    assert any("no field colour" in text for text in said(company, "REC219"))


def test_REC219_spares(company: Company) -> None:
    issued(company.later(hours=1), 9_000_000)
    assert said(company, "REC219") == []


def test_REC220_fires(company: Company) -> None:
    other(CLOSE, by="qian.li")(company)
    assert any("qian.li did not have the role" in text for text in said(company, "REC220"))


def test_REC220_spares(company: Company) -> None:
    company.key("zhao.lei")
    company.do(lambda s: step(s, "SY-HZ-2026-0002", "close", values={"result": "完成"}, intent=Intent(by="zhao.lei")))
    people = (company.root / "people.toml").read_text("utf-8")
    left = people.replace('["general_manager", "document_controller"]', '["general_manager"]')
    assert left != people
    (company.root / "people.toml").write_text(left, "utf-8")
    company.submit(number="people.toml")
    company.review(number="people.toml")
    company.approve(number="people.toml")
    company.later(days=3)  # he closed it while he had the role
    assert not company.system.may("zhao.lei", ("document_controller",))
    assert said(company, "REC220") == []


def test_REC222_fires(company: Company) -> None:
    parameters: Json = {NUMBER: "3" * 64}
    other(f"{FOLDER[:-1]}2/0001-issue.json", parameters=parameters)(company)
    assert len(said(company, "REC222")) == 1


def test_REC222_spares(company: Company) -> None:
    test_REC208_spares(company)
    assert said(company, "REC222") == []


def test_REC223_fires(company: Company) -> None:
    other(f"{FOLDER[:-1]}2/0001-issue.json", recorded_at="2026-11-02T09:00:00+08:00")(company)
    assert said(company, "REC223") == [
        "SY-HZ-2026-0002: it says that it was issued before SY-HZ-2026-0001, which has the number before it"
    ]


def test_REC223_spares(company: Company) -> None:
    other(f"{FOLDER[:-1]}2/0001-issue.json", recorded_at="2026-11-02T09:00:00+08:00", clock="behind")(company)
    assert said(company, "REC223") == []  # marked, and told under a code of its own


@pytest.mark.parametrize(
    "changes",
    [
        {"record": {"number": "SY-HZ-2020-0002", "series": "sy", "serial": 2}},
        {"record": {"number": "SY-HZ-2026-0009", "series": "sy", "serial": 2}},
        {"journal": "f" * 40},
        {"journal": None},
    ],
)
def test_REC224_fires(company: Company, changes: dict[str, Json]) -> None:
    other(f"{FOLDER[:-1]}2/0001-issue.json", **changes)(company)
    assert len(said(company, "REC224")) == 1


def test_REC224_fires_for_another_form_in_a_later_act(company: Company) -> None:
    other(ATTACH, form={"number": "F-9", "revision": "A/0", "sha256": "5" * 64})(company)
    assert any("another form" in text for text in said(company, "REC224"))


def test_REC224_spares(company: Company) -> None:
    edited(company, FORM.replace("试验单", "试用单"))  # the open record goes on with the revision it was issued on
    company.later(days=2)
    values = {"result": "完成"}
    company.do(lambda s: step(s, "SY-HZ-2026-0002", "close", values=values, intent=Intent(by="li.ming")))
    assert said(company, "REC224") == []


def test_REC225_fires(company: Company) -> None:
    key = hand(company).event(ISSUE)["submission"]
    other(f"{FOLDER[:-1]}2/0001-issue.json", submission=key)(company)
    [text] = said(company, "REC225")
    assert "SY-HZ-2026-0001" in text and "SY-HZ-2026-0002" in text


def test_REC225_spares(company: Company) -> None:
    other(f"{FOLDER[:-1]}2/0001-issue.json", submission=None)(company)
    assert said(company, "REC225") == []


def test_a_void_that_changes_values_is_found(company: Company) -> None:
    company.do(lambda s: void(s, "SY-HZ-2026-0002", replaced_by=None, intent=Intent(by="wang.fang", reason="写错")))
    with_set(f"{FOLDER[:-1]}2/0002-void.json", amount=99)(company)
    assert any("changes no value" in text for text in said(company, "REC216"))


def test_nobody_is_found(company: Company) -> None:
    other(f"{FOLDER[:-1]}2/0001-issue.json", by="mickey", entered_by="mickey")(company)
    assert any("mickey did not serve" in text for text in said(company, "REC220"))


def test_REC226_fires(company: Company) -> None:
    other(f"{FOLDER[:-1]}2/0001-issue.json", colour="red")(company)
    [text] = said(company, "REC226")
    assert "colour" in text


def test_REC226_fires_for_a_key_that_is_missing(company: Company) -> None:
    body = hand(company).event(f"{FOLDER[:-1]}2/0001-issue.json")
    written(company, f"{FOLDER[:-1]}2/0001-issue.json", {key: body[key] for key in body if key != "nonce"})
    [text] = said(company, "REC226")
    assert "nonce" in text


def test_REC226_spares(company: Company) -> None:
    with_set(f"{FOLDER[:-1]}2/0001-issue.json", colour="red")(company)  # no field of the form, and no key of an event
    assert said(company, "REC226") == []


def test_SYS909_fires(company: Company) -> None:
    def broken(_: Case) -> Iterator[Hit]:
        raise TypeError("unhashable")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "RECORD_RULES", (RecordRule("REC201", broken), *RECORD_RULES[1:]))
        found = said(company, "SYS909")
    assert found and all("REC201 could not be applied" in text for text in found)


def test_SYS909_spares(company: Company) -> None:
    other(f"{FOLDER[:-1]}2/0001-issue.json", recorded_at="9999-12-31T23:59:59-12:00")(company)
    assert said(company, "SYS909") == []  # an odd value is named by the rule it concerns


ODD: tuple[Json, ...] = (
    *(None, 7, "", "x", True, [], {}, [1], {"a": [None]}),
    *("9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "2026-W45-3T10:00:00+08:00"),
)
KEYS = (
    "record sequence act state set derived counted reason by entered_by happened_at recorded_at form parameters "
    "submission raised_from replaced_by control journal previous nonce clock signer format ledger repository"
)


@pytest.mark.parametrize("place", KEYS.split())
def test_no_odd_value_silences_the_audit(company: Company, place: str) -> None:
    path = f"{FOLDER[:-1]}2/0001-issue.json"
    good = hand(company).event(path)
    for value in ODD:
        written(company, path, {**good, place: value})
        report = run(Scope(company.system))
        assert report.checked["records"] == 2, (place, value)


def test_what_was_found_is_found_again_without_reading_everything(company: Company) -> None:
    with_set(ISSUE, opened="2026-11-02")(company)
    first = findings(company, is_full=False)
    assert any(code == "REC204" for code, _, _ in first)
    issued(company.later(hours=1), 13)
    report = run(Scope(company.system))
    assert report.checked["read_again"] <= 3
    assert [f.code for f in report.findings].count("REC204") == 1


def test_only_new_records_are_read_again(company: Company) -> None:
    run(Scope(company.system))
    issued(company.later(hours=1), 14)
    report = run(Scope(company.system))
    assert (report.checked["read_again"], report.checked["records"]) == (1, 3)
    assert run(Scope(company.system)).checked["read_again"] == 0
    assert run(Scope(company.system), is_full=True).checked["read_again"] == 3


def test_an_event_that_is_no_json_is_named_and_the_rest_is_judged(company: Company) -> None:
    bytes_of(f"{FOLDER[:-1]}2/0001-issue.json", lambda _: b"{")(company)
    found = findings(company)
    assert any(code == "REC204" and "not valid JSON" in text for code, _, text in found)
    assert dataclasses.is_dataclass(run(Scope(company.system)))
