"""The rules on controlled items: each with one history that fires it and one near miss that it spares."""

from __future__ import annotations

import os
import subprocess
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from control import NUMBER, PEOPLE, QMS, ZONE, Company
from firm import document, firm, forged, said

from qmsdocs.acts import officers, release
from qmsdocs.acts.control import Act
from qmsdocs.audit import documents, offices
from qmsdocs.model.release import Course, Release
from qmsdocs.system.view import System

FORM = """number = "QR-14-09"
title  = "小单"
owner  = "quality_manager"
procedure = "QP-14"
retention = "complaint"
series = { id = "xd", number = "XD-{year}-{serial:4}" }
[field.note]
type = "text"
title = "备注"
[state]
open = { title = "已开" }
"""


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    """The usual small company, a day after it began."""
    return firm(tmp_path / "acme").later(days=1)


def on(company: Company, written: str) -> System:
    """The system at noon of a day."""
    return company.system.refreshed(datetime.fromisoformat(f"{written} 12:00").replace(tzinfo=ZONE))


def revised(company: Company, hours: int, number: str = NUMBER) -> Release:
    """One more revision, submitted and reviewed."""
    company.later(hours=1).edit(hours)
    company.submit(number=number)
    return company.review(number=number)


def withdrawn(company: Company, number: str, day: date) -> None:
    """A document withdrawn from a day on."""
    company.do(lambda s: release.withdraw(s, number, Act("wang.fang", "不再需要")))
    company.do(lambda s: release.approve(s, number, Act("zhao.lei"), effective_on=day))


# ── released, and in force once


def test_DOC401_fires(acme: Company) -> None:
    (acme.root / "procedures/QP-15.md").write_text(document("QP-15"), "utf-8")
    assert list(said(acme.system, documents.never_released)) == ["QP-15"]


def test_DOC401_spares(acme: Company) -> None:
    (acme.root / "procedures/QP-15.md").write_text(document("QP-15"), "utf-8")
    acme.edit(12)
    acme.submit(number="QP-15")
    assert said(acme.system, documents.never_released) == {}


def test_DOC402_fires(acme: Company) -> None:
    found = said(on(acme, "2027-05-01"), documents.only_on_trial)
    assert sorted(found) == ["QP-14", "people.toml", "qms.toml", "records/retention.toml"]
    assert "2027-05-01" in found["QP-14"]


def test_DOC402_spares(acme: Company) -> None:
    acme.do(lambda s: release.review(s, NUMBER, Act("li.ming")))
    acme.do(lambda s: release.adopt(s, NUMBER, Act("zhao.lei")))
    assert NUMBER not in said(acme.system, documents.only_on_trial)
    assert NUMBER not in said(on(acme, "2027-05-02"), documents.trial_past_its_end)
    assert "qms.toml" not in said(on(acme, "2027-05-02"), documents.only_on_trial)


def test_DOC403_fires(acme: Company) -> None:
    assert "2027-05-01" in said(on(acme, "2027-05-02"), documents.trial_past_its_end)[NUMBER]


def test_DOC403_spares(acme: Company) -> None:
    assert said(on(acme, "2027-05-01"), documents.trial_past_its_end) == {}


def test_DOC405_fires(acme: Company) -> None:
    day = acme.now.date() + timedelta(days=3)
    first = revised(acme, 12)
    acme.approve(on=day)
    second = revised(acme, 6)
    forged(acme, second, "approve", Course.APPROVED, "zhao.lei", effective_on=day.isoformat())
    assert said(acme.system, documents.two_in_force) == {
        second.record: f"QP-14: {first.revision} and {second.revision} both take effect on {day}"
    }


def test_DOC405_spares(acme: Company) -> None:
    """The revision the system began with gives way on its first day; the next one comes a day later."""
    acme.now -= timedelta(days=1)
    revised(acme, 12)
    acme.approve(on=acme.now.date())
    revised(acme, 6)
    acme.approve(on=acme.now.date() + timedelta(days=1))
    assert said(acme.system, documents.two_in_force) == {}
    assert acme.in_force(acme.now.date()) == "A/1"


def test_DOC406_fires(acme: Company) -> None:
    late = revised(acme, 12)
    forged(acme, late, "approve", Course.APPROVED, "zhao.lei", effective_on="2026-11-01")
    assert said(acme.system, documents.effective_before_approval) == {
        late.record: "QP-14 A/1 is effective from 2026-11-01 and was approved on 2026-11-02"
    }


def test_DOC406_spares(acme: Company) -> None:
    revised(acme, 12)
    acme.approve(on=acme.now.date())
    assert acme.newest().effective_on == acme.now.date()
    assert said(acme.system, documents.effective_before_approval) == {}


# ── what the items say of each other


@pytest.fixture
def linked(tmp_path: Path) -> Company:
    """QP-15 names QP-14 in its head, QP-16 in its text."""
    texts = {"procedures/QP-15.md": document("QP-15", 'references = ["QP-14"]'),
             "procedures/QP-16.md": document("QP-16", text="见 [QP-14]，另见 [别处]。")}  # fmt: skip
    return firm(tmp_path / "acme", texts).later(days=1)


def test_DOC408_fires(linked: Company) -> None:
    withdrawn(linked, NUMBER, date(2026, 11, 10))
    why = "it refers to QP-14, which was withdrawn on 2026-11-10"
    assert said(on(linked, "2026-11-10"), documents.dead_reference) == {"QP-15": why, "QP-16": why}


def test_DOC408_spares(linked: Company) -> None:
    """A reference to what is still in force, and then to its next revision."""
    revised(linked, 12)
    linked.approve()
    assert said(on(linked, "2026-11-09"), documents.dead_reference) == {}
    withdrawn(linked, NUMBER, date(2026, 11, 10))
    assert said(on(linked, "2026-11-09"), documents.dead_reference) == {}


def test_DOC408_knows_what_never_came(tmp_path: Path) -> None:
    company = firm(tmp_path / "acme", {"procedures/QP-15.md": document("QP-15", 'parent = "QM-01"')})
    assert said(company.system, documents.dead_reference) == {"QP-15": "it refers to QM-01, which was never in force"}


def test_DOC413_fires(tmp_path: Path) -> None:
    company = firm(tmp_path / "acme", {"forms/QR-14-09/form.toml": FORM}).later(days=1)
    withdrawn(company, NUMBER, date(2026, 11, 10))
    found = said(on(company, "2026-11-10"), documents.form_without_procedure)
    assert found == {"QR-14-09": "its procedure QP-14 is not in force"}


def test_DOC413_spares(tmp_path: Path) -> None:
    company = firm(tmp_path / "acme", {"forms/QR-14-09/form.toml": FORM}).later(days=1)
    withdrawn(company, NUMBER, date(2026, 11, 10))
    assert said(on(company, "2026-11-09"), documents.form_without_procedure) == {}


PARAMETERS = '[parameter]\n{}\nblank_grace = {{ value = "30 days", title = "宽限" }}'


def test_DOC417_fires(tmp_path: Path) -> None:
    fixed = PARAMETERS.format('countersign_within = { value = "5 working days", title = "会签" }\n'
                              'next_edition_after = { value = "9 times", title = "换版" }')  # fmt: skip
    company = firm(tmp_path / "acme", {"procedures/QP-15.md": document("QP-15", fixed)})
    found = said(company.system, documents.settings_differ)
    assert found == {
        "qms.toml": "countersign_within is 5 working days in QP-15, but 3 working days in the settings; "
        "next_edition_after is 9 times in QP-15, but 2 times in the settings"
    }


def test_DOC417_spares(tmp_path: Path) -> None:
    fixed = PARAMETERS.format('countersign_within = { value = "3 working days", title = "会签" }\n'
                              'next_edition_after = { value = "2 times", title = "换版" }')  # fmt: skip
    company = firm(tmp_path / "acme", {"procedures/QP-15.md": document("QP-15", fixed)})
    assert said(company.system, documents.settings_differ) == {}


# ── drafts

STALE = '[parameter]\ndraft_stale_after = { value = "3 months", title = "搁置" }'


def aged(company: Company, day: str, path: str = "procedures/QP-14.md") -> None:
    """A file last changed on a day."""
    at = datetime.fromisoformat(f"{day} 09:00").replace(tzinfo=ZONE).timestamp()
    os.utime(company.root / path, (at, at))


def test_DOC409_fires(tmp_path: Path) -> None:
    company = firm(tmp_path / "acme", {"procedures/QP-15.md": document("QP-15", STALE)}).later(days=1)
    company.edit(12)
    aged(company, "2026-11-05")
    assert said(on(company, "2027-02-05"), documents.stale_draft) == {}
    assert said(on(company, "2027-02-06"), documents.stale_draft) == {
        NUMBER: "the text in the folder is not the one in force, A/0; nobody changed it since 2026-11-05"
    }


def test_DOC409_goes_by_the_commit_and_six_months_where_nothing_is_fixed(acme: Company) -> None:
    acme.edit(12)
    when = {**os.environ, "GIT_AUTHOR_DATE": "2026-11-05T09:00:00+08:00"}
    when["GIT_COMMITTER_DATE"] = when["GIT_AUTHOR_DATE"]
    words = ["-c", "user.name=x", "-c", "user.email=x@y", "commit", "-qam", "x"]
    subprocess.run(["git", "-C", str(acme.root), *words], env=when, check=True)
    aged(acme, "2027-05-01")  # as in a copy made that day
    assert said(on(acme, "2027-05-05"), documents.stale_draft) == {}
    assert list(said(on(acme, "2027-05-06"), documents.stale_draft)) == [NUMBER]


def test_DOC409_spares(acme: Company) -> None:
    """What waits for review, and what is approved for a later day."""
    acme.edit(12)
    aged(acme, "2026-11-05")
    assert list(said(on(acme, "2027-06-01"), documents.stale_draft)) == [NUMBER]
    acme.submit()
    assert said(on(acme, "2027-06-01"), documents.stale_draft) == {}
    acme.review()
    acme.approve(on=date(2027, 7, 1))
    assert said(on(acme, "2027-06-01"), documents.stale_draft) == {}


# ── who may


def test_DOC404_fires(acme: Company) -> None:
    own = revised(acme, 12)
    forged(acme, own, "approve", Course.APPROVED, "wang.fang", effective_on="2026-11-10")
    assert said(acme.system, offices.self_approved) == {
        own.record: "QP-14 A/1: wang.fang decided on what wang.fang had prepared"
    }


def test_DOC404_sees_through_a_deputy(acme: Company) -> None:
    acme.edit(12)
    own = acme.submit(by="zhao.lei")
    acme.review()
    given = acme.delegate("zhao.lei", "qian.li")
    forged(acme, own, "approve", Course.APPROVED, "qian.li", effective_on="2026-11-10", deputy_for="zhao.lei",
           delegation=given)  # fmt: skip
    assert list(said(acme.system, offices.self_approved)) == [own.record]


def test_DOC404_looks_at_withdrawals(acme: Company) -> None:
    """Who asked for one decides on it, though somebody else prepared the revision."""
    acme.do(lambda s: release.withdraw(s, NUMBER, Act("zhao.lei", "不再需要")))
    item = acme.newest()
    assert said(acme.system, offices.self_approved) == {}
    forged(acme, item, "withdraw", Course.WITHDRAWN, "zhao.lei", withdrawn_on="2026-11-10")
    assert list(said(acme.system, offices.self_approved)) == [item.record]


def test_DOC404_spares(acme: Company) -> None:
    """The author only prepares; the withdrawal is asked for by one and decided by another."""
    revised(acme, 12)
    acme.approve()
    acme.later(days=3).withdraw()
    acme.approve()
    assert said(acme.system, offices.self_approved) == {}


def deputised(company: Company, **changes: object) -> Release:
    """A review by a deputy of the quality manager, from the day named on for five days."""
    given = company.delegate("li.ming", "qian.li")
    company.later(**changes).edit(12)  # type: ignore[arg-type]
    item = company.submit()
    forged(company, item, "review", Course.REVIEWED, "qian.li", deputy_for="li.ming", delegation=given)
    return company.newest()


def test_DOC412_fires(acme: Company) -> None:
    item = deputised(acme, days=6)
    assert said(acme.system, offices.deputy_beyond_powers) == {
        item.record: "qian.li acted for li.ming on 2026-11-08; DEL-000001 stands from 2026-11-02 to 2026-11-07"
    }


def test_DOC412_spares(acme: Company) -> None:
    """The last day counts, and so does what was done before the delegation was revoked that day."""
    deputised(acme, days=5)
    acme.do(lambda s: officers.revoke(s, "DEL-000001", Act("li.ming")))
    assert said(acme.system, offices.deputy_beyond_powers) == {}


def test_DOC412_knows_what_was_revoked_before(acme: Company) -> None:
    given = acme.delegate("li.ming", "qian.li")
    acme.do(lambda s: officers.revoke(s, given, Act("li.ming")))
    acme.edit(12)
    item = acme.submit()
    forged(acme, item, "review", Course.REVIEWED, "qian.li", deputy_for="li.ming", delegation=given)
    assert list(said(acme.system, offices.deputy_beyond_powers)) == [item.record]


def test_DOC412_knows_the_roles(acme: Company) -> None:
    acme.edit(12)
    item = acme.submit()
    acme.review()
    given = acme.delegate("li.ming", "qian.li")
    forged(acme, item, "approve", Course.APPROVED, "qian.li", effective_on="2026-11-10", deputy_for="li.ming",
           delegation=given)  # fmt: skip
    [found] = said(acme.system, offices.deputy_beyond_powers).values()
    assert found == "qian.li acted for li.ming as 总经理; DEL-000001 is for 质量经理"


def test_DOC412_knows_who_was_never_named(acme: Company) -> None:
    acme.edit(12)
    item = acme.submit()
    forged(acme, item, "review", Course.REVIEWED, "qian.li", deputy_for="li.ming")
    [found] = said(acme.system, offices.deputy_beyond_powers).values()
    assert found == "qian.li acted for li.ming without being named a deputy"


def test_DOC412_looks_at_countersignatures(tmp_path: Path) -> None:
    company = firm(tmp_path / "acme", {"qms.toml": QMS + 'countersign = ["工程部"]\n'}).later(days=1)
    company.edit(12)
    item = company.submit()
    company.review()
    company.delegate("zheng.kai", "qian.li")
    company.later(days=1).countersign("qian.li", department="工程部")
    assert said(company.system, offices.deputy_beyond_powers) == {}
    company.later(hours=1).edit(6)
    item = company.submit()
    company.review()
    company.later(days=20)
    row = {"department": "工程部", "verdict": "agree", "person": "qian.li", "deputy_for": "zheng.kai"}
    forged(company, item, "countersign", Course.COUNTERSIGNED, "qian.li", opinions=[row])  # type: ignore[list-item]
    assert list(said(company.system, offices.deputy_beyond_powers)) == [item.record]


def test_DOC414_fires(tmp_path: Path) -> None:
    people = PEOPLE.replace('name = "赵磊"', 'name = "赵磊"\nuntil = 2026-12-31')
    company = firm(tmp_path / "acme", {"people.toml": people})
    assert said(on(company, "2027-01-01"), offices.nobody_may_approve) == {
        "people.toml": "nobody serves as 总经理, so nobody can approve 4 items in force, such as people.toml"
    }


def test_DOC414_spares(tmp_path: Path) -> None:
    people = PEOPLE.replace('name = "赵磊"', 'name = "赵磊"\nuntil = 2026-12-31')
    company = firm(tmp_path / "acme", {"people.toml": people})
    assert said(on(company, "2026-12-31"), offices.nobody_may_approve) == {}


def test_DOC415_fires(tmp_path: Path) -> None:
    people = PEOPLE + '[role.jurist]\ntitle = "法务"\n'
    company = firm(tmp_path / "acme", {"people.toml": people,
                                       "procedures/QP-15.md": document("QP-15", 'owner = "jurist"')})  # fmt: skip
    found = said(company.system, offices.owner_vacant)
    assert found == {"QP-15": "its owner is 法务, and nobody serves as that"}


def test_DOC415_spares(tmp_path: Path) -> None:
    company = firm(tmp_path / "acme", {"procedures/QP-15.md": document("QP-15", 'owner = "department_head"')})
    assert said(company.system, offices.owner_vacant) == {}


def test_DOC416_fires(acme: Company) -> None:
    acme.delegate("zhao.lei", "qian.li", days=5)
    acme.later(days=3)
    second = acme.delegate("zhao.lei", "li.ming", days=5)
    assert said(acme.system, offices.overlapping_delegations) == {
        second: "zhao.lei has two deputies from 2026-11-05 to 2026-11-07: qian.li, li.ming"
    }


def test_DOC416_spares(acme: Company) -> None:
    """The day after the first one ends; another role; another principal; one that was revoked."""
    acme.delegate("zhao.lei", "qian.li", days=2)
    day = acme.now.date() + timedelta(days=3)
    for principal, deputy, role in (
        ("zhao.lei", "li.ming", "general_manager"),
        ("zhao.lei", "zheng.kai", "document_controller"),
        ("wang.fang", "feng.lan", "document_controller"),
    ):
        acme.do(
            lambda s, said=(principal, deputy), role=role: officers.delegate(  # type: ignore[misc]
                s, *said, Act(said[0]), from_on=day, until_on=day, roles=(role,)
            )
        )
    revoked = acme.delegate("li.ming", "qian.li")
    acme.do(lambda s: officers.revoke(s, revoked, Act("li.ming")))
    acme.delegate("li.ming", "feng.lan")
    assert said(acme.system, offices.overlapping_delegations) == {}
