"""The rules on actions: each with one history that fires it and one near miss that it spares."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from control import PEOPLE, ZONE, Company
from destruction import ORDER, begun, done, due
from firm import firm, said
from pair import PROJECT, starter
from program import NOON, Program
from pulled import LIAISON

from qmsdocs.acts.record import Filled, Intent, issue, step, void
from qmsdocs.audit import actions, effects
from qmsdocs.audit.case import Case
from qmsdocs.audit.engine import run
from qmsdocs.audit.judge import Judge
from qmsdocs.audit.rule import Hit
from qmsdocs.audit.scope import Scope
from qmsdocs.audit.stream import cases
from qmsdocs.base.canonical import Json
from qmsdocs.base.language import Catalogue, Language
from qmsdocs.query import action
from qmsdocs.query.overview import lines, overview
from qmsdocs.store.event import Change, RaisedFrom
from qmsdocs.system.view import System, open_system

HEAD = """number = "{number}"
title  = "改进单"
owner  = "quality_manager"
procedure = "QP-14"
retention = "complaint"
series = {{ id = "{series}", number = "{series}-{{year}}-{{serial:4}}" }}
[field.opened_on]
type = "date"
title = "日期"
means = "opened_at"
required = true
[field.owner]
type = "person"
title = "责任人"
means = "owner"
"""
STATES = """[state]
open   = { title = "已开" }
doing  = { title = "在办" }
closed = { title = "已关闭", means = "closed" }
[step.act]
title = "采取措施"
from = "open"
to = "doing"
[step.note]
title = "补记"
from = ["open", "doing"]
[step.back]
title = "退回"
from = "doing"
to = "open"
[step.check]
title = "验证"
from = "doing"
to = "closed"
[step.drop]
title = "不做"
from = "open"
to = "closed"
"""
FREE = (  # nothing but the day is asked for
    HEAD.format(number="QR-50-01", series="gj")
    + """[field.cause]
type = "long_text"
title = "原因"
means = "root_cause"
[field.serious]
type = "boolean"
title = "严重"
may_change = "note"
[field.without]
type = "boolean"
title = "不采取措施"
may_change = "note"
[field.actions]
type = "table"
title = "措施"
means = "action"
when = "not without"
may_change = ["act", "note", "check"]
  [field.actions.column.what]
  type = "text"
  title = "措施"
  [field.actions.column.who]
  type = "person"
  title = "负责人"
  means = "owner"
  [field.actions.column.by]
  type = "date"
  title = "期限"
  means = "due_on"
  [field.actions.column.done]
  type = "date"
  title = "完成"
  means = "done_on"
[field.effect]
type = "text"
title = "效果"
means = "effectiveness"
"""
    + STATES
    + """[clock.acting]
title = "采取措施"
starts = "opened_on"
stops = "act"
within = "p.visit_within"
[raise.deeper]
title = "深查"
form = "QR-50-01"
when = "serious"
required = "act"
fill = { opened_on = "opened_on" }
"""
)
NAMED = (  # who checks is named, and a check is asked for
    HEAD.format(number="QR-50-02", series="yz")
    + """[field.cause]
type = "long_text"
title = "原因"
means = "root_cause"
required = "act"
[field.actions]
type = "table"
title = "措施"
means = "action"
  [field.actions.column.who]
  type = "person"
  title = "负责人"
  means = "owner"
[field.checker]
type = "person"
title = "验证人"
required = "check"
[field.effect]
type = "text"
title = "效果"
means = "effectiveness"
required = "check"
"""
    + STATES
)
TASK = (
    HEAD.format(number="QR-50-03", series="rw")
    + """[field.due]
type = "date"
title = "期限"
means = "due_on"
[field.done]
type = "date"
title = "完成"
means = "done_on"
may_change = "act"
"""
    + STATES
)
PLAIN = (  # no actions: what is asked for, and what is not
    HEAD.format(number="QR-50-04", series="pt")
    + """[field.cause]
type = "text"
title = "原因"
means = "root_cause"
[field.effect]
type = "text"
title = "效果"
means = "effectiveness"
required = "check"
"""
    + STATES
)
FORMS = {f"forms/{n}/form.toml": text for n, text in
         (("QR-50-01", FREE), ("QR-50-02", NAMED), ("QR-50-03", TASK), ("QR-50-04", PLAIN))}  # fmt: skip
Rule = Callable[[Scope], Iterator[Hit]]


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A company with four forms, on 2 November 2026. Every test makes records of its own and asks of those."""
    people = PEOPLE.replace('name = "钱莉"', 'name = "钱莉"\nuntil = 2026-11-20')
    return firm(tmp_path_factory.mktemp("actions") / "acme", {"people.toml": people, **FORMS}).later(days=1)


def posted(company: Company, plan: Callable[[System], Change]) -> str:
    """The number of the record that was written, a minute later."""
    return company.later(minutes=1).do(plan).posted[0].number


def issued(company: Company, form: str = "QR-50-01", **values: Json) -> str:
    """A new record."""
    filled = Filled(form=form, values={"opened_on": "2026-11-02", **values}, submission=f"{company.now.isoformat()}")
    return posted(company, lambda system: issue(system, filled, Intent(by="wang.fang")))


def stepped(company: Company, number: str, name: str, by: str = "li.ming", **values: Json) -> str:
    """The record, one step on."""
    return posted(company, lambda system: step(system, number, name, values=values, intent=Intent(by=by)))


def on(company: Company, rule: Rule, number: str, day: str = "2026-11-03") -> str:
    """What a rule says of a record on a day, nothing where it says nothing."""
    now = datetime.fromisoformat(f"{day} 12:00").replace(tzinfo=ZONE)
    return said(company.system.refreshed(now), rule).get(number, "")


def of(company: Company, rule: Callable[[Case], Iterator[Hit]], number: str) -> str:
    """What a rule over records says of one, nothing where it says nothing."""
    judge, objects = Judge(company.system), company.system.objects
    heads = objects.heads(lambda name: name.startswith("records/"))
    held = (case for branch, head in heads.items() for case in cases(judge, branch, objects.walk(head.commit)))
    [found] = [tuple(rule(case)) for case in held if case.number == number]
    assert all(hit.subject == number for hit in found)
    return "; ".join(str(hit.message) for hit in found)


def line(who: str | None = "zheng.kai", by: str | None = "2026-11-10", done: str | None = None) -> Json:
    """One action."""
    cells = {"what": "换件", "who": who, "by": by, "done": done}
    return {name: value for name, value in cells.items() if value is not None}


def test_ACT501_fires(acme: Company) -> None:
    number = issued(acme, actions=[line(), line(who=None)])
    assert on(acme, actions.without_owner, number) == "action 2 has no owner"


def test_ACT501_spares(acme: Company) -> None:
    """What is done already, and a table that does not apply any more."""
    number = issued(acme, actions=[line(who=None, done="2026-11-02")])
    other = stepped(acme, issued(acme, actions=[line(who=None)]), "note", without=True)
    assert on(acme, actions.without_owner, number) == on(acme, actions.without_owner, other) == ""


def test_ACT502_fires(acme: Company) -> None:
    number = issued(acme, actions=[line(by=None), line()])
    assert on(acme, actions.without_due_date, number) == "action 1 has no due date"


def test_ACT502_spares(acme: Company) -> None:
    number = issued(acme, actions=[line(by=None, done="2026-11-02"), line()])
    assert on(acme, actions.without_due_date, number) == ""


def test_ACT503_fires(acme: Company) -> None:
    number = issued(acme, actions=[line(by="2026-11-20"), line()])
    assert on(acme, actions.past_due, number, "2026-11-11") == "action 2 was due on 2026-11-10 (郑凯)"
    task = issued(acme, "QR-50-03", due="2026-11-10", owner="feng.lan")
    assert on(acme, actions.past_due, task, "2026-11-11") == "it was due on 2026-11-10 (冯岚)"


def test_the_overview_counts_what_ACT503_finds(acme: Company) -> None:
    for _ in range(6):
        issued(acme, actions=[line()])
    system = open_system(acme.root, now=datetime(2026, 11, 11, 9, tzinfo=ZONE), machine="desk")
    found = [*actions.past_due(Scope(system))]
    seen = overview(system)
    assert [number for number, _ in seen.late_actions] == [hit.subject for hit in found] and seen.is_late
    shown = "\n".join(lines(seen, Catalogue.load(Language.ZH))).partition("措施逾期")[2].splitlines()
    assert shown[0] == f" {len(found)} 项：" and shown[6] == f"  ……另有 {len(found) - 5} 项", shown
    assert found[0].subject in shown[1] and "郑凯" in shown[1] and "2026-11-10" in shown[1]


def test_ACT503_spares(acme: Company) -> None:
    """The last day; what is done; a task that is done, or closed without being done."""
    number = issued(acme, actions=[line(), line(by="2026-11-03", done="2026-11-08")])
    task = stepped(acme, issued(acme, "QR-50-03", due="2026-11-10"), "act", done="2026-11-03")
    dropped = stepped(acme, issued(acme, "QR-50-03", due="2026-11-10"), "drop")
    assert on(acme, actions.past_due, number, "2026-11-10") == ""
    assert on(acme, actions.past_due, task, "2026-11-20") == on(acme, actions.past_due, dropped, "2026-11-20") == ""


def test_ACT504_fires(acme: Company) -> None:
    number = issued(acme, owner="zheng.kai")
    assert (
        on(acme, actions.limit_overrun, number, "2026-11-04") == "采取措施: the time was up at 2026-11-03 00:00 (郑凯)"
    )


def test_ACT504_spares(acme: Company) -> None:
    """A step taken late is taken; a limit still running."""
    late = stepped(acme, issued(acme), "act")
    running = issued(acme, opened_on="2026-11-02")
    assert on(acme, actions.limit_overrun, late, "2026-11-20") == ""
    now = datetime(2026, 11, 2, 23, 59, tzinfo=ZONE)
    assert running not in said(acme.system.refreshed(now), actions.limit_overrun)


def test_ACT505_fires(acme: Company) -> None:
    number = stepped(acme, stepped(acme, issued(acme, actions=[line()]), "act"), "check", effect="好")
    assert of(acme, effects.closed_with_open_action, number) == "it is closed, and action 1 was never done"


def test_ACT505_spares(acme: Company) -> None:
    """Done before it was closed; open still; void."""
    done = [line(done="2026-11-02")]
    number = stepped(acme, stepped(acme, issued(acme, actions=[line()]), "act", actions=done), "check")
    still = stepped(acme, issued(acme, actions=[line()]), "act")
    gone = issued(acme, actions=[line()])
    posted(acme, lambda s: void(s, gone, replaced_by=None, intent=Intent(by="wang.fang", reason="重复")))
    for other in (number, still, gone):
        assert of(acme, effects.closed_with_open_action, other) == ""


def test_ACT506_fires(acme: Company) -> None:
    number = stepped(acme, stepped(acme, issued(acme, actions=[line()]), "act"), "check")
    assert of(acme, effects.effectiveness_missing, number).startswith("it is closed, and nobody checked")


def test_ACT506_spares(acme: Company) -> None:
    """A result; nothing that was done; a form whose other way out asks for a check."""
    checked = stepped(acme, stepped(acme, issued(acme, actions=[line()]), "act"), "check", effect="好")
    nothing = stepped(acme, issued(acme), "drop")
    dropped = stepped(acme, issued(acme, "QR-50-04"), "drop")
    for number in (checked, nothing, dropped):
        assert of(acme, effects.effectiveness_missing, number) == ""


def test_ACT507_fires(acme: Company) -> None:
    owner = stepped(acme, issued(acme, "QR-50-02", actions=[{"who": "zheng.kai"}]), "act", cause="螺丝松")
    stepped(acme, owner, "check", checker="zheng.kai", effect="好")
    assert of(acme, effects.checked_by_doer, owner) == "郑凯 checked the effect of his own work"
    writer = stepped(acme, issued(acme, "QR-50-04"), "act", by="feng.lan", cause="螺丝松")
    stepped(acme, writer, "check", by="feng.lan", effect="好")
    assert of(acme, effects.checked_by_doer, writer) == "冯岚 checked the effect of his own work"


def test_ACT507_spares(acme: Company) -> None:
    """Whoever takes it in may be the owner, as long as another one is named; another writes the cause; void."""
    owner = stepped(acme, issued(acme, "QR-50-02", actions=[{"who": "zheng.kai"}]), "act", cause="螺丝松")
    stepped(acme, owner, "check", by="zheng.kai", checker="feng.lan", effect="好")
    writer = stepped(acme, issued(acme, "QR-50-04"), "act", by="li.ming", cause="螺丝松")
    stepped(acme, writer, "check", by="feng.lan", effect="好")
    gone = stepped(acme, issued(acme, "QR-50-04"), "act", by="feng.lan", cause="螺丝松")
    stepped(acme, gone, "check", by="feng.lan", effect="好")
    posted(acme, lambda s: void(s, gone, replaced_by=None, intent=Intent(by="wang.fang", reason="重复")))
    for number in (owner, writer, gone):
        assert of(acme, effects.checked_by_doer, number) == ""


def test_ACT508_fires(acme: Company) -> None:
    number = stepped(acme, stepped(acme, issued(acme, actions=[line()]), "act"), "check", effect="好")
    plain = stepped(acme, stepped(acme, issued(acme, "QR-50-04"), "act"), "check", effect="好")
    assert of(acme, effects.root_cause_missing, number) == "it is closed without a root cause"
    assert of(acme, effects.root_cause_missing, plain) == "it is closed without a root cause"


def test_ACT508_spares(acme: Company) -> None:
    given = stepped(acme, stepped(acme, issued(acme, actions=[line()]), "act", cause="螺丝松"), "check")
    nothing = stepped(acme, issued(acme), "drop")
    still = stepped(acme, issued(acme, actions=[line()]), "act")
    for number in (given, nothing, still):
        assert of(acme, effects.root_cause_missing, number) == ""


def test_ACT509_fires(acme: Company) -> None:
    """It rose in weight after the step that needs the other record."""
    number = stepped(acme, stepped(acme, issued(acme), "act"), "note", serious=True)
    why = "深查 had to be raised before the step 采取措施 and does not exist"
    assert of(acme, effects.called_for_missing, number) == why


def test_ACT509_spares(acme: Company) -> None:
    """Not serious; before the step; sent back before it."""
    light = stepped(acme, issued(acme, serious=False), "act")
    early = issued(acme, serious=True)
    back = stepped(acme, stepped(acme, stepped(acme, issued(acme), "act"), "note", serious=True), "back")
    dropped = stepped(acme, issued(acme, serious=True), "drop")
    for number in (light, early, back, dropped):
        assert of(acme, effects.called_for_missing, number) == ""


def test_ACT510_fires(acme: Company) -> None:
    number = issued(acme, actions=[line(who="qian.li")], owner="zheng.kai")
    task = issued(acme, "QR-50-03", owner="qian.li")
    assert on(acme, actions.owner_left, number, "2026-11-21") == "钱莉 has left and still answers for it"
    assert on(acme, actions.owner_left, task, "2026-11-21") == "钱莉 has left and still answers for it"


def test_ACT510_spares(acme: Company) -> None:
    """The last day of service; a closed record."""
    number = issued(acme, owner="qian.li")
    closed = stepped(acme, issued(acme, owner="qian.li"), "drop")
    assert on(acme, actions.owner_left, number, "2026-11-20") == ""
    assert on(acme, actions.owner_left, closed, "2026-11-21") == ""


def raising(company: Company, then: str) -> tuple[str, str]:
    """A record that raised another one and went on, and the other one."""
    number = issued(company, serious=True)
    raised = RaisedFrom(number, "deeper", company.system.record(number).record.last.sha256)
    filled = Filled(form="QR-50-01", values={"opened_on": "2026-11-02"}, submission=number, raised_from=raised)
    child = posted(company, lambda system: issue(system, filled, Intent(by="wang.fang")))
    return stepped(company, number, then), child


def test_ACT509_sees_that_the_other_record_was_voided(acme: Company) -> None:
    number, child = raising(acme, "act")
    dropped, needless = raising(acme, "drop")
    assert on(acme, effects.called_for_voided, number) == of(acme, effects.called_for_missing, number) == ""
    intent = Intent(by="wang.fang", reason="重复")
    for other in (child, needless):
        posted(acme, lambda s, other=other: void(s, other, replaced_by=None, intent=intent))  # type: ignore[misc]
    why = "深查 had to be raised before the step 采取措施 and does not exist"
    assert on(acme, effects.called_for_voided, number) == of(acme, effects.called_for_missing, number) == why
    assert on(acme, effects.called_for_voided, dropped) == ""  # it never took the step


def test_ACT509_spares_what_was_destroyed_by_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not one that had been voided before; and what is destroyed may be raised again once it was void."""
    (tmp_path / "phrase").write_text("correct horse battery\n", "utf-8")
    monkeypatch.setenv("QMSDOCS_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("QMSDOCS_PASSPHRASE_FILE", str(tmp_path / "phrase"))
    pack = starter(tmp_path / "starter")
    shutil.copy2(PROJECT / "qms.toml", pack)
    form = pack / "forms/QR-14-04/form.toml"
    asked = "when  = \"nature == 'grievance'\"\nfill"
    form.write_text(form.read_text("utf-8").replace(asked, asked.replace("fill", 'required = "settle"\nfill')), "utf-8")

    def make(folder: Path, *, live: bool = False) -> Program:
        program = Program(folder, None if live else NOON)
        assert (
            program("init", folder, "--org", "绿源置业", "--site", "hz", "--starter", pack, folder=tmp_path).code == 0
        )
        return program

    program = begun(make, tmp_path / "acme")
    first, second = (complaint(program) for _ in range(2))
    kept, gone = "LX-HZ-2026-0001", "LX-HZ-2026-0002"
    for name, by, *values in SHEET:
        done(program, "record", "advance", kept, name, *values, "--as", by)
    done(program, "record", "void", gone, "-m", "taken in by mistake", "--as", "wang.fang", "--no-pages")
    program = due(program)
    done(program, "retention", "dispose", kept, gone, *ORDER)
    assert program.all_numbers() == [first, second]
    for words in ((), ("--full",)):
        found = program("audit", "--json", *words).json["findings"]
        assert [said["subject"] for said in found if said["code"] == "ACT509"] == [second]
    assert kept in done(program, "record", "show", first)
    again = program("record", "raise", second, "liaison", *CALL, "--no-pages")
    assert again.code == 0 and "LX-HZ-2026-0003" in again.out


CALL = [word for name, value in LIAISON.items() for word in ("--set", f"{name}={value}")]
SHEET = (  # the course of a liaison sheet
    ("take", "chen.jing", "--set", "taken_by=chen.jing"),
    ("answer", "chen.jing", "--set", "solved=true", "--set", "done_on=2026-11-21", "--set", "answer=x"),
    ("verify", "wang.fang", "--set", "verification=ok"),
)


def complaint(program: Program) -> str:
    """The number of a complaint that called for a liaison sheet and was closed."""
    judged = {"same_province": True, "lawsuit": "none", "media": "none", "people_together": 1}
    number = program.issue("QR-14-04", needs_others=False, nature="grievance", **judged)
    done(program, "record", "advance", number, "classify", "--as", "wang.fang")
    done(program, "record", "raise", number, "liaison", *CALL, "--no-pages")
    done(program, "record", "advance", number, "settle", "--set", "answer=ok", "--as", "wang.fang")
    visited = ("--set", "visited_by=zhang.wei", "--set", "satisfied=satisfied", "--as", "zhang.wei")
    done(program, "record", "advance", number, "visit", *visited)
    done(program, "record", "advance", number, "close", "--set", "effect=x", "--as", "chen.jing")
    return number


def test_the_audit_applies_them_and_remembers(acme: Company) -> None:
    """What a record is found wrong in is found again by the next run, which reads it no more."""
    number = stepped(acme, stepped(acme, issued(acme, actions=[line()]), "act"), "check", effect="好")
    late = issued(acme, actions=[line(who=None, by=None)])
    wanted = {("ACT505", number), ("ACT508", number), ("ACT501", late), ("ACT502", late)}
    for count in (True, False):
        report = run(Scope(acme.system))
        assert wanted <= {(finding.code, finding.subject) for finding in report.findings}
        assert (report.checked["read_again"] > 0) == count


def test_nobody_is_accused_where_nothing_is_kept(tmp_path: Path) -> None:
    system = firm(tmp_path / "acme", FORMS).system
    rules = (*actions.RULES, *effects.RULES)
    assert [hit for rule in rules for hit in rule.check(Scope(system))] == []
    codes = sorted({rule.code for rule in rules} | {rule.code for rule in effects.RECORD_RULES})
    assert codes == [f"ACT5{number:02}" for number in range(1, 11)]


def test_a_late_action_of_nobody_says_so() -> None:
    late = action.said_late(action.Action(0, "due_on", "", date(2026, 11, 10), is_done=False), {})
    assert Catalogue.load(Language.ZH).say(late) == "应于 2026-11-10 完成（未指定责任人）"
    assert Catalogue.load(Language.EN).say(late) == "it was due on 2026-11-10 (nobody named)"
