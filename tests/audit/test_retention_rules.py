"""The rules on retention: each with what fires it and a near miss that it spares."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from control import SCHEDULE, Company
from destruction import ORDER, PEOPLE, begun, done, due
from firm import firm, said
from program import NOON, ZONE, Make, Program

from qmsdocs.acts import disposal, objections
from qmsdocs.acts.apply import apply
from qmsdocs.acts.control import Act, change
from qmsdocs.acts.record import Filled, Intent, issue, step
from qmsdocs.audit import retention
from qmsdocs.audit.rule import Hit
from qmsdocs.audit.scope import Scope
from qmsdocs.base.canonical import Json
from qmsdocs.store import names
from qmsdocs.store.event import Change, Draft, OfDraft
from qmsdocs.system import believed, builtin
from qmsdocs.system.view import System, open_system

RULES: Mapping[str, Callable[[Scope], Iterator[Hit]]] = {rule.code: rule.check for rule in retention.RULES}
CLASSES = (
    SCHEDULE
    + """[class.contract]
title = "合同"
trigger = "contract_ended"
period = "2 years"
disposition = "destroy"
basis = "惯例"
[class.owner]
title = "业主"
trigger = "contract_ended"
period = "permanent"
disposition = "transfer"
basis = "惯例"
[class.sheet]
title = "报告"
trigger = "approved"
period = "1 year"
disposition = "review"
basis = "惯例"
"""
)
FORM = """number = "{number}"
title = "合同"
owner = "document_controller"
procedure = "QP-14"
retention = "{retention}"
series = {{ id = "{series}", number = "{series}-{{site}}-{{year}}-{{serial:4}}" }}
[field.opened_on]
type = "date"
title = "日期"
means = "opened_at"
[field.ended_on]
type = "date"
title = "终止"
{means}
[state]
open = {{ title = "在办" }}
closed = {{ title = "已结" , means = "closed" }}
[step.close]
title = "结"
from = "open"
to = "closed"
{signs}
"""
STATED = 'means = "retention_from"'


def form(number: str, series: str, kept: str, *, means: str = "", signs: str = "") -> str:
    return FORM.format(number=number, series=series, retention=kept, means=means, signs=signs)


def at(company: Company | Program, day: str) -> System:
    """The system at noon of a day."""
    now = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=ZONE)
    return open_system(company.root, now=now, machine="desk")


def fires(code: str, company: Company | Program, day: str) -> dict[str, str]:
    """What the rule says on a day, by what it says it of."""
    return said(at(company, day), RULES[code])


# ── the schedule, and when a period begins


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A company with contracts: one form says when they ended, one does not, one is of no class, one kept for good."""
    texts = {
        "records/retention.toml": CLASSES,
        "forms/QR-60-01/form.toml": form("QR-60-01", "ht", "contract", means=STATED),
        "forms/QR-60-02/form.toml": form("QR-60-02", "hu", "contract"),
        "forms/QR-60-03/form.toml": form("QR-60-03", "hv", "nothing"),
        "forms/QR-60-04/form.toml": form("QR-60-04", "hw", "owner"),
        "forms/QR-60-05/form.toml": form("QR-60-05", "hx", "sheet", signs='signs = "approved"'),
        "forms/QR-60-06/form.toml": form("QR-60-06", "hy", "sheet"),
    }
    return firm(tmp_path_factory.mktemp("schedule") / "acme", texts).later(days=1)


def closed(company: Company, number: str, **values: Json) -> str:
    """A record of a form, closed on 2 November 2026."""
    company.later(minutes=1)
    given = {"opened_on": "2026-11-02", **values}
    filled = Filled(form=number, values=given, submission=company.now.isoformat())
    made = company.do(lambda s: issue(s, filled, Intent(by="wang.fang"))).posted[0].number
    company.do(lambda s: step(s, made, "close", values={}, intent=Intent(by="li.ming")))
    return made


@pytest.fixture(scope="module")
def contracts(acme: Company) -> dict[str, str]:
    """One record of each form, all closed on 2 November 2026; what they are called here says what is known of them."""
    return {
        "silent": closed(acme, "QR-60-01"),
        "told": closed(acme, "QR-60-01", ended_on="2027-01-31"),
        "untellable": closed(acme, "QR-60-02"),
        "classless": closed(acme, "QR-60-03"),
        "permanent": closed(acme, "QR-60-04"),
        "approved": closed(acme, "QR-60-05"),
    }


@pytest.mark.usefixtures("contracts")
def test_RET301_fires(acme: Company) -> None:
    said_here = "the schedule in force has no class nothing"
    assert fires("RET301", acme, "2026-11-02") == {"QR-60-03": said_here, "records/nothing/2026/hz": said_here}


@pytest.mark.usefixtures("contracts")
def test_RET301_spares_a_class_that_is_permanent(acme: Company) -> None:
    found = fires("RET301", acme, "2026-11-02")
    assert not {"QR-60-04", "records/owner/2026/hz", "QR-60-01", "records/contract/2026/hz"} & set(found)


def test_RET307_fires(acme: Company) -> None:
    found = fires("RET307", acme, "2026-11-02")
    assert {"QR-60-02", "QR-60-06"} <= set(found) and "2 years" in found["QR-60-02"]


def test_RET307_spares(acme: Company) -> None:
    """A field for the day, an approving step, a class kept for good."""
    assert not {"QR-60-01", "QR-60-04", "QR-60-05"} & set(fires("RET307", acme, "2026-11-02"))


def test_RET308_fires(acme: Company, contracts: dict[str, str]) -> None:
    assert set(fires("RET308", acme, "2028-11-03")) == {contracts["silent"]}


def test_RET308_spares(acme: Company, contracts: dict[str, str]) -> None:
    """What would not be due even from closing; a day that was stated, cannot be stated, or does not matter."""
    assert fires("RET308", acme, "2028-11-02") == {}
    assert not {contracts[name] for name in ("told", "untellable", "permanent")} & set(
        fires("RET308", acme, "2040-01-01")
    )


def test_an_approving_step_begins_the_period(acme: Company, contracts: dict[str, str]) -> None:
    made = contracts["approved"]
    assert made not in fires("RET302", acme, "2027-12-02")
    assert fires("RET302", acme, "2027-12-03")[made] == "due since 2027-11-03; to be decided by 2027-12-02"


def test_a_day_that_was_stated_begins_the_period(acme: Company, contracts: dict[str, str]) -> None:
    made = contracts["told"]
    assert made not in fires("RET302", acme, "2029-02-28")
    assert fires("RET302", acme, "2029-03-01")[made] == "due since 2029-02-01; to be decided by 2029-02-28"


# ── what is due, on hold, lent


@pytest.fixture(scope="module")
def desk(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The starter pack: a sheet and three enquiries voided on 21 November 2026, one held and one kept on; an open one.

    A hold was lifted again; the original of the sheet is lent out, a copy is back.
    """
    made = make(tmp_path_factory.mktemp("kept") / "acme")
    numbers = [made.issue(), *(made.issue("QR-14-03") for _ in range(4))]
    for number in numbers[:4]:
        done(made, "record", "void", number, "-m", "重复", "--no-pages")
    for reason in ("诉讼", "检查"):
        done(made, "retention", "hold", numbers[2], "-m", reason, "--as", "li.ming")
    done(made, "retention", "lift", "HLD-000002", "-m", "结束", "--as", "li.ming")
    done(made, "retention", "keep", numbers[3], "--for", "9 years", "-m", "有争议", "--as", "zhao.lei")
    for words in ((), ("--copy",)):
        done(made, "record", "lend", LIAISON, "--to", "feng.lan", "-m", "核对", "--no-pages", *words)
    done(made, "record", "return", "JY-HZ-2026-0002", "--no-pages")
    return made


LIAISON, ENQUIRY = "LX-HZ-2026-0001", "XX-HZ-2026-0001"


def test_a_fresh_starter_pack_is_spared(make: Make, tmp_path: Path) -> None:
    fresh = make(tmp_path / "fresh")
    for code in RULES:
        assert fires(code, fresh, "2026-11-21") == {}, code


def test_RET302_fires(desk: Program) -> None:
    assert fires("RET302", desk, "2029-12-22")[LIAISON] == "due since 2029-11-22; to be decided by 2029-12-21"


def test_RET302_spares(desk: Program) -> None:
    """The last day; what another rule says; what is open, held or kept on."""
    assert fires("RET302", desk, "2029-12-21") == {}
    assert set(fires("RET302", desk, "2029-12-22")) == {LIAISON, "JY-HZ-2026-0002"}


def test_RET309_fires(desk: Program) -> None:
    found = fires("RET309", desk, "2029-12-22")
    assert found[ENQUIRY] == "personal data, due for destruction since 2029-11-22; to be decided by 2029-12-21"


def test_RET309_spares(desk: Program) -> None:
    """The last day; the sheet, which holds nothing personal; what is open, held or kept on."""
    assert fires("RET309", desk, "2029-12-21") == {}
    assert set(fires("RET309", desk, "2029-12-22")) == {ENQUIRY}


def test_what_a_later_revision_calls_personal_is_personal(make: Make, tmp_path: Path) -> None:
    made = make(tmp_path / "acme")
    done(made, "record", "void", made.issue(), "-m", "重复", "--no-pages")
    form = made.root / "forms/QR-04-01/form.toml"
    text = form.read_text("utf-8")
    form.write_text(text.replace("[field.content]\n", "[field.content]\npersonal = true\n"), "utf-8")
    done(made, "document", "submit", "QR-04-01", "-m", "更改标记")
    done(made, "document", "review", "QR-04-01", "--as", "li.ming")
    done(made, "document", "approve", "QR-04-01", "--as", "zhao.lei", "--effective", "2026-11-22")
    assert set(fires("RET309", made, "2029-12-22")) == {LIAISON}


def test_RET310_fires(desk: Program) -> None:
    found = fires("RET310", desk, "2027-05-22")
    assert found["HLD-000001"] == "诉讼: to be looked at again by 2027-05-21, last on 2026-11-21"


def test_RET310_spares(desk: Program) -> None:
    """The last day, and a hold that was lifted."""
    assert fires("RET310", desk, "2027-05-21") == {}
    assert set(fires("RET310", desk, "2027-05-22")) == {"HLD-000001"}


def test_RET311_fires(desk: Program) -> None:
    found = fires("RET311", desk, "2026-12-05")
    assert found["JY-HZ-2026-0001"] == f"冯岚 has {LIAISON} since 2026-11-21; it was due back on 2026-12-04"


def test_RET311_spares(desk: Program) -> None:
    """The day it is due back, and what is back."""
    assert fires("RET311", desk, "2026-12-04") == {}
    assert set(fires("RET311", desk, "2026-12-05")) == {"JY-HZ-2026-0001"}


# ── disposal


@pytest.fixture(scope="module")
def company(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The company whose sheets are kept thirty days."""
    home = tmp_path_factory.mktemp("disposal")
    (home / "phrase").write_text("correct horse battery\n", "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QMSDOCS_KEYS", str(home / "keys"))
        patch.setenv("QMSDOCS_PASSPHRASE_FILE", str(home / "phrase"))
        yield begun(make, home / "acme")


@contextmanager
def careless(**lies: Json) -> Iterator[None]:
    """A program that somebody has taken the questions out of, and that lists what is not so; everybody signs."""
    listed = disposal._listed
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(disposal, "_listed", lambda *words: {**listed(*words), **lies})
        patch.setattr(disposal, "refusals", lambda *_args, **_options: iter(()))
        patch.setattr(disposal, "refuse", lambda *_: None)
        patch.setattr(objections, "refuse_schedule", lambda _: None)
        patch.setattr(believed, "_by_schedule", lambda *_: iter(()))
        yield


def ended(program: Program) -> str:
    number = program.issue()
    done(program, "record", "void", number, "-m", "重复", "--no-pages")
    return number


@pytest.fixture(scope="module")
def destroyed(company: Program) -> dict[str, str]:
    """Records that were destroyed, by how; those a careless program destroyed had to stay."""
    names_of = ("good", "asked", "early", "kept", "held", "lifted", "scoped")
    numbers = {name: ended(company) for name in names_of}
    done(company, "retention", "erase", numbers["asked"], "--requested-by", "林玥", "--law-checked", "无", *ORDER)
    done(company, "retention", "keep", numbers["kept"], "--for", "2 years", "-m", "有争议", "--as", "zhao.lei")
    for name in ("held", "lifted"):
        done(company, "retention", "hold", numbers[name], "-m", "诉讼", "--as", "li.ming")
    done(company, "retention", "lift", "HLD-000002", "-m", "结案", "--as", "li.ming")
    with careless():
        done(company, "retention", "dispose", numbers["early"], *ORDER)
    later = due(company)
    done(later, "retention", "dispose", numbers["good"], numbers["lifted"], *ORDER)
    with careless(due_on="2026-12-22"):
        done(later, "retention", "dispose", numbers["kept"], numbers["held"], *ORDER)
    with careless():
        done(later, "retention", "hold", "--form", "QR-04-01", "-m", "检查", "--as", "li.ming")
        done(later, "retention", "dispose", numbers["scoped"], *ORDER)
    for hold in ("HLD-000001", "HLD-000003"):  # what was done before stays wrong
        done(later, "retention", "lift", hold, "-m", "结束", "--as", "li.ming")
    assert not set(numbers.values()) & set(later.all_numbers())
    return numbers


AFTER = "2026-12-24"


def test_a_disposal_as_it_should_be_is_spared(company: Program, destroyed: dict[str, str]) -> None:
    for code in RULES:
        assert destroyed["good"] not in fires(code, company, AFTER), code


def test_RET304_fires(company: Program, destroyed: dict[str, str]) -> None:
    found = fires("RET304", company, AFTER)
    assert found[destroyed["early"]].endswith("is of 2026-11-21; the record was to be kept until 2026-12-22")
    assert "2028-11-22" in found[destroyed["kept"]]


def test_RET304_spares(company: Program, destroyed: dict[str, str]) -> None:
    """What was due, and an erasure on request."""
    assert set(fires("RET304", company, AFTER)) == {destroyed["early"], destroyed["kept"]}


def test_RET305_fires(company: Program, destroyed: dict[str, str]) -> None:
    found = fires("RET305", company, AFTER)
    assert "while on hold: HLD-000001 诉讼" in found[destroyed["held"]]
    assert "while on hold: HLD-000003 检查" in found[destroyed["scoped"]]


def test_RET305_spares(company: Program, destroyed: dict[str, str]) -> None:
    """What was destroyed after its hold was lifted, or before another was placed."""
    assert set(fires("RET305", company, AFTER)) == {destroyed["held"], destroyed["scoped"]}


def test_RET306_fires(repository: Program) -> None:
    number = repository.issue()
    done(repository, "retention", "hold", number, "-m", "诉讼", "--as", "li.ming")
    assert fires("RET306", repository, "2026-11-21") == {}
    repository.git("update-ref", "-d", "refs/heads/records/liaison/2026/hz")
    found = fires("RET306", repository, "2026-11-21")
    assert found == {number: "named by HLD-000001; no ledger holds it, and no certificate"}


@pytest.mark.usefixtures("destroyed")
def test_RET306_spares_what_a_certificate_names(company: Program) -> None:
    assert fires("RET306", company, AFTER) == {}


def test_RET313_fires(make: Make, tmp_path: Path, company: Program) -> None:
    assert company.root.is_dir()  # whose keys lie where the environment says
    trial = make(tmp_path / "trial")
    for person in PEOPLE:
        done(trial, "key", "new", person, "--as", "wang.fang")
    for person in PEOPLE[1:]:
        done(trial, "key", "confirm", person, "--as", "zhao.lei", "-m", "met")
    with careless():
        done(trial, "retention", "dispose", ended(trial), *ORDER)
    assert "starter pack" in fires("RET313", trial, "2026-11-22")["DSP-HZ-000001"]


@pytest.mark.usefixtures("destroyed")
def test_RET313_spares_an_approved_schedule(company: Program) -> None:
    assert fires("RET313", company, AFTER) == {}


def certified(program: Program, *acts: str, **said_too: Json) -> None:
    """A certificate over nothing that nobody signed, with these acts."""
    system = open_system(program.root, now=NOON, machine=platform.node())
    given: dict[str, Json] = {"ledger": "records/liaison/2026/hz", "needed": 0, "records": [],
                              "method": "粉碎", "place": "文控室", **said_too}  # fmt: skip
    states = {"carry_out": "carried_out", "drop": "dropped", "witness": "authorised"}
    plain = {"form": builtin.reference(builtin.DISPOSAL), "acts": builtin.acts(builtin.DISPOSAL)}
    drafts = [Draft(record=builtin.number_at(builtin.DISPOSAL, "HZ"), act="issue", state="authorised",
                    set={name: value for name, value in given.items() if value != ""}, **plain)]  # fmt: skip
    carried: dict[str, Json] = {"before": "a" * 40, "root": "b" * 40, "tree": "c" * 40}
    for act in acts:
        drafts.append(Draft(record=OfDraft(0), act=act, state=states[act],
                            set=carried if act == "carry_out" else {}, **plain))  # fmt: skip

    def plan(now: System) -> Change:
        return replace(change(now, Act("zhao.lei", "销毁"), drafts), stem=names.JOURNAL)

    apply(system, plan, clock=lambda: NOON)


@pytest.fixture(scope="module")
def forged(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Certificates: one that waits, two that were given up, and one that says it was carried out."""
    made = make(tmp_path_factory.mktemp("forged") / "acme")
    certified(made)
    certified(made, "drop")
    certified(made, "drop", method="")
    certified(made, "witness", "carry_out", method="", place="")
    return made


def test_RET303_fires(forged: Program) -> None:
    found = fires("RET303", forged, "2026-12-12")
    assert found["DSP-HZ-000001"] == "drawn up on 2026-11-21, to be carried out by 2026-12-11; 0 records wait"


def test_RET303_spares(forged: Program) -> None:
    """The last day, and what says it was carried out; what was given up without a signature still waits."""
    assert fires("RET303", forged, "2026-12-11") == {}
    assert set(fires("RET303", forged, "2026-12-12")) == {"DSP-HZ-000001", "DSP-HZ-000002", "DSP-HZ-000003"}


def test_RET312_fires(forged: Program) -> None:
    found = fires("RET312", forged, "2026-11-21")["DSP-HZ-000004"]
    unsigned = "carried out with 0 witnesses; at least 2 others sign"
    assert found == f"{unsigned}; it does not say how; it does not say where"


@pytest.mark.usefixtures("destroyed")
def test_RET312_spares(forged: Program, company: Program) -> None:
    """What waits or was given up, and what was signed as it should be."""
    assert set(fires("RET312", forged, "2026-11-21")) == {"DSP-HZ-000004"}
    assert fires("RET312", company, AFTER) == {}


@pytest.mark.usefixtures("destroyed")
def test_RET314_fires(company: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signed by all, and the process ended before the records were gone."""
    number = ended(company)
    with monkeypatch.context() as patch:
        patch.setattr("qmsdocs.store.disposal.carry_out", lambda *_, **__: 0)
        assert due(company)("retention", "dispose", number, *ORDER).code == 1
    assert set(fires("RET314", company, AFTER)) == {number}


@pytest.mark.usefixtures("destroyed")
def test_RET314_spares(company: Program) -> None:
    """What is gone; the next act finishes what was interrupted."""
    due(company).issue()
    assert fires("RET314", company, AFTER) == {}
