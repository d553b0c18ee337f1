"""Waivers: only those of the released file count, approved by whom they name, for a time, and never of integrity."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from control import PEOPLE, Company
from firm import firm, forged, said
from program import Program

from qmsdocs.audit import upkeep
from qmsdocs.audit.scope import Scope
from qmsdocs.audit.waiving import Granted, granted, sift
from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.toml import parse
from qmsdocs.model.finding import Finding, Severity
from qmsdocs.model.release import Course
from qmsdocs.model.waiver import WAIVERS, Waivers
from qmsdocs.query.rule_texts import is_waivable, texts


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    """The usual small company, a day after it began."""
    return firm(tmp_path / "acme").later(days=1)


def entry(code: str = "DOC406", subject: str = "QP-14", by: str = "zhao.lei", expires: str = "2027-06-30") -> str:
    """One waiver as it is written."""
    return (
        f'[[waiver]]\ncode = "{code}"\nsubject = "{subject}"\nreason = "下月一并评审"\n'
        f'approved_by = "{by}"\nexpires = {expires}\n'
    )


def write(company: Company, *entries: str) -> None:
    """The waivers in the folder."""
    (company.root / WAIVERS).write_text("\n".join(entries), "utf-8")


def accept(company: Company, *entries: str) -> None:
    """The waivers in force, approved by the general manager."""
    write(company, *entries)
    company.submit(number=WAIVERS)
    company.review(number=WAIVERS)
    effective = company.approve(number=WAIVERS).effective_on
    if effective is not None and effective > company.system.today:
        company.later(days=1)


def standing(company: Company) -> tuple[Granted, ...]:
    """The waivers in force with what speaks against them."""
    return granted(Scope(company.system))


def finding(code: str = "DOC406", subject: str = "QP-14") -> Finding:
    return Finding(code, Severity.WARNING, subject, message("is missing"))


def sifted(company: Company, *found: Finding) -> tuple[list[str], list[str]]:
    """The codes and subjects that stand, and those that are accepted."""
    stand, waived = sift(found, standing(company), on=company.system.today)
    return [f"{f.code} {f.subject}" for f in stand], [f"{w.finding.code} {w.finding.subject}" for w in waived]


# ── what counts


def test_an_approved_waiver_accepts_its_finding_and_no_other(acme: Company) -> None:
    accept(acme, entry())
    other = (finding(subject="QP-15"), finding(code="DOC407"))
    assert sifted(acme, finding(), *other) == (["DOC406 QP-15", "DOC407 QP-14"], ["DOC406 QP-14"])


def test_a_star_accepts_whatever_the_rule_finds(acme: Company) -> None:
    accept(acme, entry(subject="*"))
    assert sifted(acme, finding(), finding(subject="QP-15"), finding("DOC407"))[0] == ["DOC407 QP-14"]


def test_what_only_stands_in_the_folder_accepts_nothing(acme: Company) -> None:
    write(acme, entry())
    acme.submit(number=WAIVERS)
    acme.review(number=WAIVERS)
    assert sifted(acme, finding())[1] == []
    acme.approve(number=WAIVERS)
    assert sifted(acme, finding())[1] == ["DOC406 QP-14"]


def test_a_later_revision_without_it_ends_a_waiver(acme: Company) -> None:
    accept(acme, entry())
    accept(acme, entry(subject="QP-15"))
    assert sifted(acme, finding())[1] == []


def test_the_errors_of_integrity_and_what_is_said_of_waivers_cannot_be_accepted(acme: Company) -> None:
    integrity = [code for code, text in texts().items() if code[:3] in ("HIS", "REC") and text.severity == "error"]
    assert integrity
    for code in (*integrity, "SYS903", "SYS904", "SYS905", "SYS906"):
        assert not is_waivable(code), code
    assert is_waivable("DOC406") and is_waivable("SYS907")
    accept(acme, entry(code=integrity[0], subject="*"))
    assert sifted(acme, finding(code=integrity[0]))[1] == []


@pytest.mark.parametrize(
    ("written", "what"),
    [
        (entry().replace("expires = 2027-06-30\n", ""), "waivers.toml:1: waiver.0.expires: is missing"),
        (entry().replace("下月一并评审", "  "), "waivers.toml:4: waiver.0.reason: the text is empty"),
        (entry() + entry(expires="2026-12-01"), "waivers.toml:7: waiver.1: the same finding is accepted twice"),
        (entry() + entry("DOC407") + "until = 2027-01-01\n", "waivers.toml:13: waiver.1.until: unknown key"),
    ],
)
def test_a_waiver_without_reason_or_day_is_refused(written: str, what: str) -> None:
    with pytest.raises(QmsError, match=what.replace(".", r"\.")):
        parse(written, Waivers, source=WAIVERS)


def test_a_new_repository_has_none_and_refuses_a_faulty_one(repository: Program) -> None:
    listed = repository("document", "list", "--all", "--json").json
    assert WAIVERS in [item["number"] for item in listed["documents"]]
    assert "[[waiver]]" in (repository.root / WAIVERS).read_text("utf-8")
    (repository.root / WAIVERS).write_text(entry().replace("expires", "until"), "utf-8")
    found = repository("document", "submit", WAIVERS, "-m", "例外", "--as", "wang.fang")
    assert found.code == 2 and "unknown key" in found.err


# ── SYS903: used by nothing


def unused(company: Company, *found: Finding) -> list[str]:
    known = standing(company)
    waived = sift(found, known, on=company.system.today)[1]
    return [str(item.message) for item in upkeep.unused(known, waived, on=company.system.today)]


def test_SYS903_fires(acme: Company) -> None:
    accept(acme, entry(), entry(subject="QP-15"))
    assert unused(acme, finding()) == ["DOC406 QP-15 accepts nothing any more"]


def test_SYS903_spares(acme: Company) -> None:
    """What was used, and what does not hold anyway."""
    accept(acme, entry(), entry(subject="QP-15", expires="2026-11-03"), entry(subject="QP-16", by="li.ming"))
    acme.later(days=5)
    assert unused(acme, finding()) == []


def test_one_with_a_place_accepts_only_what_is_found_there(acme: Company) -> None:
    accept(acme, entry() + 'place = "actions[2]"\n', entry("DOC407") + 'place = "1"\n')
    there, other = replace(finding(), place="actions[2]"), replace(finding(), place="actions[1]")
    standing_, waived = sift((there, other, finding("DOC407")), standing(acme), on=acme.system.today)
    assert standing_ == (other, finding("DOC407")) and [item.finding for item in waived] == [there]
    assert unused(acme, there, other) == ["DOC407 QP-14 1 accepts nothing any more"]


# ── SYS904: expired


def test_SYS904_fires(acme: Company) -> None:
    accept(acme, entry(expires="2026-11-10"))
    acme.later(days=9)
    assert acme.system.today == date(2026, 11, 11)
    assert said(acme.system, upkeep.expired) == {WAIVERS: "DOC406 QP-14 expired on 2026-11-10"}
    assert sifted(acme, finding()) == (["DOC406 QP-14"], [])


def test_SYS904_spares(acme: Company) -> None:
    """Its last day."""
    accept(acme, entry(expires="2026-11-10"))
    acme.later(days=8)
    assert acme.system.today == date(2026, 11, 10)
    assert said(acme.system, upkeep.expired) == {} and sifted(acme, finding())[0] == []


# ── SYS905: does not count


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (entry(by="li.ming"), "A/0 was approved by zhao.lei, not by li.ming"),
        (entry(expires="2027-11-03"), "it expires on 2027-11-03, more than 1 year after 2026-11-02"),
        (entry(code="REC204"), "findings of REC204 cannot be accepted"),
        (entry(code="SYS905"), "findings of SYS905 cannot be accepted"),
    ],
)
def test_SYS905_fires(acme: Company, written: str, why: str) -> None:
    accept(acme, written)
    assert why in said(acme.system, upkeep.without_right)[WAIVERS]
    code = standing(acme)[0].waiver.code
    assert sifted(acme, finding(code=code))[1] == []


def test_SYS905_fires_for_what_the_system_began_with(tmp_path: Path) -> None:
    company = firm(tmp_path / "acme", {WAIVERS: entry()})
    assert said(company.system, upkeep.without_right) == {WAIVERS: "DOC406 QP-14: nobody has approved waivers.toml A/0"}
    assert sifted(company, finding())[1] == []


def test_SYS905_fires_for_a_forged_approval(acme: Company) -> None:
    """Written past the program by the one who prepared it, and the waiver names him."""
    write(acme, entry(by="wang.fang"))
    own = acme.submit(number=WAIVERS)
    acme.review(number=WAIVERS)
    forged(acme, own, "approve", Course.APPROVED, "wang.fang", effective_on="2026-11-02")
    assert "cannot be believed" in said(acme.system, upkeep.without_right)[WAIVERS]
    assert sifted(acme, finding())[1] == []


def test_SYS905_spares(acme: Company) -> None:
    """Exactly a year; and a deputy, named by himself or by whom he acted for."""
    acme.delegate("zhao.lei", "qian.li")
    write(acme, entry(expires="2027-11-02"), entry(subject="QP-15", by="qian.li"))
    acme.submit(number=WAIVERS)
    acme.review(number=WAIVERS)
    acme.approve(by="qian.li", number=WAIVERS)
    assert len(standing(acme)) == 2
    assert said(acme.system, upkeep.without_right) == {}


def test_SYS905_spares_what_somebody_else_approved_before(tmp_path: Path) -> None:
    """A waiver rests on the revision it first stood in, also when the next one has another approver."""
    two = PEOPLE.replace('name = "钱莉"\nroles = []', 'name = "钱莉"\nroles = ["general_manager"]')
    company = firm(tmp_path / "acme", {"people.toml": two}).later(days=1)
    accept(company, entry())
    write(company, entry(), entry(subject="QP-15", by="qian.li"))
    company.later(days=1).submit(number=WAIVERS)
    company.review(number=WAIVERS)
    company.approve(by="qian.li", number=WAIVERS)
    company.later(days=1)
    assert len(standing(company)) == 2
    assert said(company.system, upkeep.without_right) == {}


# ── SYS906: of a rule there is not


def test_SYS906_fires(acme: Company) -> None:
    accept(acme, entry(code="DOC999"))
    assert said(acme.system, upkeep.of_unknown_rule) == {WAIVERS: "DOC999 QP-14: there is no such rule"}


def test_SYS906_spares(acme: Company) -> None:
    accept(acme, entry(), entry(code="REC204"))
    assert said(acme.system, upkeep.of_unknown_rule) == {}
