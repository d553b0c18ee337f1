"""What an audit remembers: the next one says the very same as one that believes nothing, and reads what is new only."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from datetime import date, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from control import NUMBER, PEOPLE, SCHEDULE, Company
from firm import firm
from tamper import CLASS, CONTROL, JOURNAL, Hand, attached, copied, git, noted

from qmsdocs.acts import retention
from qmsdocs.acts.control import Act
from qmsdocs.acts.record import Filled, Intent, issue, step
from qmsdocs.acts.retention import Holding
from qmsdocs.audit import engine, kept
from qmsdocs.audit.engine import run
from qmsdocs.audit.findings import Report
from qmsdocs.audit.report import lines
from qmsdocs.audit.rule import Hit
from qmsdocs.audit.scope import Scope
from qmsdocs.base.canonical import Json, dumps, sha256
from qmsdocs.base.errors import message
from qmsdocs.base.language import Catalogue, Language, Text
from qmsdocs.model.waiver import WAIVERS
from qmsdocs.query.rule_texts import texts
from qmsdocs.store.event import Change
from qmsdocs.store.head import record_head_line
from qmsdocs.system.view import System

LEDGER = "records/trial/2026/hz"
FORM = f"""
number = "F-1"
title = "试验单"
owner = "quality_manager"
procedure = "{NUMBER}"
retention = "trial"
series = {{ id = "sy", number = "SY-{{site}}-{{year}}-{{serial:4}}" }}
[field.amount]
type = "integer"
title = {{ zh = "数量", en = "Amount" }}
required = true
[field.doubled]
type = "integer"
title = {{ zh = "两倍", en = "Twice" }}
value = "amount * 2"
[field.file]
type = "attachment"
title = "附件"
[field.day]
type = "date"
title = "日期"
[field.charge]
type = "person"
title = "负责人"
means = "owner"
[state]
open = {{ title = "在办" }}
waiting = {{ title = "等待" }}
closed = {{ title = "已结", means = "closed" }}
[step.wait]
title = "等待"
from = "open"
to = "waiting"
by = ["document_controller"]
[step.close]
title = "结案"
from = "open"
to = "closed"
by = ["quality_manager"]
[clock.visit]
title = {{ zh = "回访", en = "visit" }}
starts = "issue"
stops = "close"
within = "p.visit_within"
pauses = "waiting"
"""
CLOCK = """[clock.other]
title = "另一时限"
starts = "issue"
stops = "close"
when = "{when}"
within = "p.visit_within"
"""
WHEN = {"F-2": "today >= day", "F-3": "passed(visit, p.visit_within)"}
WAIVER = """[[waiver]]
code = "ACT504"
subject = "SY-HZ-2026-0002"
reason = "已说明"
approved_by = "zhao.lei"
expires = 2027-06-30
"""


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """Three records, one of them closed, one held up."""
    forms = {"forms/F-1/form.toml": FORM}
    for name, when in WHEN.items():
        own = FORM.replace("F-1", name).replace('id = "sy"', f'id = "{name.lower()}"').replace("SY-", f"{name[2:]}Y-")
        forms[f"forms/{name}/form.toml"] = own + CLOCK.format(when=when)
    found = firm(tmp_path / "acme", {**forms, "records/retention.toml": SCHEDULE + CLASS, WAIVERS: ""})
    for amount in range(3):
        issued(found.later(hours=1), amount)
    stepped(found, "SY-HZ-2026-0001", "close", "li.ming")
    stepped(found, "SY-HZ-2026-0003", "wait", "wang.fang")
    return found


def issued(company: Company, amount: int, form: str = "F-1") -> None:
    values: dict[str, Json] = {"amount": amount, "charge": "li.ming", "day": "2026-11-15"}
    filled = Filled(form=form, values=values, submission=f"{form} {amount}")
    company.do(lambda system: issue(system, filled, Intent(by="wang.fang")))


def stepped(company: Company, number: str, name: str, by: str) -> None:
    plan: Callable[[System], Change] = lambda s: step(s, number, name, values={}, intent=Intent(by=by))  # noqa: E731
    company.later(hours=1).do(plan)


def forged(company: Company, serial: int, **changes: Json) -> None:
    """The first act of a record, written past the program like that of the second one, with changes."""
    hand, path = Hand(company.root, LEDGER), "sy/00/00/{:06d}/0001-issue.json"
    record: dict[str, Json] = {"series": "sy", "serial": serial, "number": f"SY-HZ-2026-{serial:04d}"}
    body = {**hand.event(path.format(2)), "record": record, "submission": f"forged {serial}", **changes}
    at = str(body["recorded_at"])
    hand.commit({path.format(serial): dumps(body)}, at=at)


_copies = count()


def shown(report: Report) -> tuple[object, ...]:
    """All that two reports must agree in, with their words in both languages."""
    words = tuple(
        line
        for language in Language
        for line in lines(report, Catalogue.load(language), texts(), verbose=True)
        if "read" not in line and "重读" not in line  # how it was looked at is what differs
    )
    checked = {name: number for name, number in report.checked.items() if name != "read_again"}
    return report.findings, report.waived, checked, report.heads, report.is_green, words


def both(company: Company) -> Report:
    """The report of an audit of what is new, which a full one of the same folder elsewhere agrees with."""
    found = run(Scope(company.system))
    gc.collect()  # closes its files: they would vanish while they are copied
    elsewhere = copied(company, company.root.with_name(f"copy-{next(_copies)}"))
    assert shown(found) == shown(run(Scope(elsewhere.system), is_full=True))
    return found


def codes(report: Report) -> set[tuple[str, str]]:
    """The codes found, each with the end of what it is about."""
    return {(finding.code, finding.subject[-4:]) for finding in report.findings}


def places(report: Report) -> set[str]:
    """Where in its subject each finding is."""
    return {finding.place for finding in report.findings}


def released(company: Company, name: str, text: str, on: date | None = None) -> None:
    """A file of the folder in force with another text."""
    (company.root / name).write_text(text, "utf-8")
    company.submit(number=name)
    company.review(number=name)
    company.approve(number=name, on=on)


# ── the same as a full audit says


def test_good_records_and_new_ones(company: Company) -> None:
    assert both(company).checked["read_again"] == 3
    issued(company, 7)
    assert both(company).checked["read_again"] == 1
    stepped(company, "SY-HZ-2026-0002", "close", "li.ming")
    assert both(company).checked["read_again"] == 1
    assert both(company).checked["read_again"] == 0


def test_limits_run_out_as_the_clock_moves_on(company: Company) -> None:
    assert ("ACT504", "0002") not in codes(both(company))
    company.later(hours=30)
    late = both(company)
    assert {("ACT504", "0002")} == {found for found in codes(late) if found[0] == "ACT504"}  # the other one waits
    company.later(days=40)
    assert both(company).checked["read_again"] == 0
    stepped(company, "SY-HZ-2026-0002", "close", "li.ming")
    assert ("ACT504", "0002") not in codes(both(company))


def test_a_limit_that_is_held_up(company: Company) -> None:
    both(company)
    stepped(company, "SY-HZ-2026-0002", "wait", "wang.fang")
    company.later(days=40)
    assert "clock.visit" not in places(both(company))


@pytest.mark.parametrize("form", WHEN)
def test_a_limit_that_rests_on_the_day(company: Company, form: str) -> None:
    """A clock that runs from some day on only, or once another has run for long, cannot be worked out ahead."""
    issued(company, 1, form)
    both(company)
    assert "clock.other" not in places(both(company.later(hours=10)))
    assert "clock.other" in places(both(company.later(days=19)))


def test_what_was_found_is_kept(company: Company) -> None:
    both(company)
    forged(company, 4, derived={"doubled": 5}, recorded_at="2026-11-01T10:30:00+08:00")
    forged(company, 5, set={"amount": 4, "colour": "red"}, derived={"doubled": 8}, by="mickey", entered_by="mickey")
    for again in (2, 0, 0):
        found = both(company)
        assert {("REC208", "0004"), ("REC219", "0005"), ("REC220", "0005")} <= codes(found)
        assert ("REC223", "0004") in codes(found)  # dated before the third
        assert found.checked["read_again"] == again


@pytest.mark.parametrize("is_late", [False, True])
def test_a_raised_record_is_judged_again_as_the_other_comes_and_goes(company: Company, is_late: bool) -> None:
    hand, other = Hand(company.root, LEDGER), Hand(company.root, LEDGER.replace("2026", "2025"))
    path, at = "sy/00/00/000001/0001-issue.json", "2025-11-01T10:00:00+08:00"
    record: Json = {"series": "sy", "serial": 1, "number": "SY-HZ-2025-0001"}
    good = dumps({**hand.event(path), "record": record, "submission": "earlier", "recorded_at": at})
    saw = ("REC204", "0001")
    if not is_late:
        other.commit({path: good}, at=at, parents=())
    forged(company, 4, raised_from={"record": "SY-HZ-2025-0001", "raise": "again", "sha256": sha256(good)})
    assert saw not in codes(both(company))
    other.commit({path: good.replace(b"earlier", b"another")}, at=at, parents=())
    assert saw in codes(both(company))
    git(company.root, "update-ref", "-d", f"refs/heads/{other.branch}")
    assert saw not in codes(both(company))


def test_a_gap_filled_later_makes_the_next_one_dated_back(company: Company) -> None:
    forged(company, 5, recorded_at="2026-11-01T15:00:00+08:00")
    assert "REC203" in {code for code, _ in codes(both(company))}
    forged(company, 4, recorded_at="2026-11-01T19:00:00+08:00")
    assert ("REC223", "0005") in codes(both(company))


def test_what_rests_on_more_is_judged_again(company: Company) -> None:
    """A state of the journal that is not held here comes with the next fetch; nothing of it is kept."""
    forged(company, 4, journal="0" * 40)
    assert ("REC224", "0004") in codes(both(company))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("qmsdocs.audit.judge.Judge.holds_journal", lambda *_: True)
        assert ("REC224", "0004") not in codes(run(Scope(company.system)))


def test_an_altered_act_is_found_by_every_run_which_reads_no_records_again(company: Company) -> None:
    hand, path = Hand(company.root, LEDGER), "sy/00/00/000002/0001-issue.json"
    hand.commit({path: dumps({**hand.event(path), "derived": {"doubled": 99}})})
    for again in (3, 0):
        found = both(company)
        assert {("HIS410", "0002"), ("REC208", "0002")} <= codes(found)
        assert found.checked["read_again"] == again
    issued(company, 9)
    attached(company, "SY-HZ-2026-0004", b"a photograph")
    found = both(company)
    assert ("HIS410", "0002") in codes(found) and found.checked["read_again"] == 1


def test_a_note_of_what_was_judged_before(company: Company) -> None:
    """Counts that the journal notes later of an older commit."""
    record_head_line(company.system.store, "hz", now=company.now)
    both(company)
    notes = Hand(company.root, JOURNAL)
    said: Any = notes.event(max(path for path in notes.files() if path.startswith("heads/")))["set"]["ledgers"]
    older = Hand(company.root, LEDGER).commits()[1]
    noted(company.later(hours=1), set={"ledgers": {**said, LEDGER: {**said[LEDGER], "commit": older, "events": 99}}})
    for _ in range(2):
        assert "HIS413" in {code for code, _ in codes(both(company))}


def test_a_file_that_is_no_act(company: Company) -> None:
    for name in ("notes.txt", "more.txt"):
        Hand(company.root, LEDGER).commit({name: b"x"}, at=company.now.isoformat())
        assert name in [finding.place for finding in both(company).findings if finding.code == "HIS412"]


def test_waivers(company: Company) -> None:
    forged(company, 4, derived={"doubled": 5})
    both(company)
    released(company, WAIVERS, WAIVER)
    company.later(days=3)
    found = both(company)
    assert {item.finding.code for item in found.waived} == {"ACT504"}


# ── what they are judged by


def test_other_people_in_force(company: Company) -> None:
    """Those of today have a say in what is found; they may come into force without any act on that day."""
    both(company)
    gone = PEOPLE.replace('name = "李明"', 'name = "李一鸣"')
    released(company, "people.toml", gone, on=date(2026, 11, 9))
    assert both(company).checked["read_again"] == 3  # it was decided
    company.later(days=9)
    late = both(company)
    assert late.checked["read_again"] == 3  # it is in force
    assert any("李一鸣" in str(finding.message) for finding in late.findings if finding.code == "ACT504")


def test_acts_that_records_are_not_judged_by_leave_the_memory_alone(company: Company) -> None:
    both(company)
    everything = Holding(classes=("trial",), title="诉讼")
    company.do(lambda system: retention.hold(system, everything, Act("zhao.lei", "诉讼")))
    assert both(company).checked["read_again"] == 0
    company.edit(48)
    company.submit()
    both(company)  # a revision more is held here
    company.review()
    assert both(company).checked["read_again"] == 0
    company.approve()
    assert both(company).checked["read_again"] == 3


def test_releases_cut_off(company: Company) -> None:
    """The hold changed nothing for the records, but one of them names the state of the releases that held it."""
    both(company)
    before = Hand(company.root, CONTROL).head
    everything = Holding(classes=("trial",), title="诉讼")
    company.do(lambda system: retention.hold(system, everything, Act("zhao.lei", "诉讼")))
    issued(company, 7)
    assert not [code for code, _ in codes(both(company)) if code.startswith("REC")]
    Hand(company.root, CONTROL).reset(before)
    assert ("REC217", "0004") in codes(both(company))


def test_other_rules(company: Company) -> None:
    both(company)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "RECORD_RULES", engine.RECORD_RULES[1:])
        assert run(Scope(company.system)).checked["read_again"] == 3
    assert both(company).checked["read_again"] == 3


# ── how a finding is kept


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"a": "漏水 \"'\\", "b": 7, "c": True, "d": None},
        {"a": Text("数量", "Amount"), "b": date(2026, 2, 28)},
        {
            "a": ("x", Text("甲", "A"), (1, message("is missing"))),
            "b": message("{x}", x=message("{y}", y=Text("乙", "B"))),
        },
    ],
)
def test_a_finding_comes_back_as_it_was(values: Mapping[str, object]) -> None:
    hit = Hit("SY-HZ-2026-0001", message("{a} {b}", **values), "close")
    said = kept.written("REC208", hit)
    assert said is not None
    assert kept.read(said) == hit
    assert repr(kept.read(said)) == repr(hit)


def test_what_would_not_come_back_is_not_kept() -> None:
    assert kept.written("REC208", Hit("x", message("{a}", a=datetime(2026, 1, 1)))) is None
    assert kept.written("REC208", Hit("x", message("{a}", a=Language.ZH))) is None
    assert kept.written("REC217", Hit("x", message("is missing"))) is None
