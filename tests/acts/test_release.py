"""Revisions on their way into force: who may do what in which order, and what is refused with one line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from control import NUMBER, Company

from qmsdocs.acts import officers, release
from qmsdocs.acts.control import Act
from qmsdocs.base.errors import QmsError
from qmsdocs.model.release import Course
from qmsdocs.query.course import course, waiting

NOVEMBER = date(2026, 11, 1)


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(QmsError) as caught:
        act()
    said = str(caught.value)
    assert "\n" not in said
    return said


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company.begun(tmp_path / "acme")


@pytest.fixture
def keyed(company: Company) -> Company:
    """With keys for the quality manager and the general manager."""
    company.key("li.ming")
    company.key("zhao.lei")
    return company


def test_the_whole_way_into_force(keyed: Company) -> None:
    keyed.edit(12)
    assert keyed.submit().state is Course.SUBMITTED
    assert keyed.review().state is Course.REVIEWED
    approved = keyed.approve(on=date(2026, 12, 1))
    assert (approved.revision, approved.state, approved.effective_on) == ("A/1", Course.APPROVED, date(2026, 12, 1))
    assert keyed.in_force(date(2026, 11, 30)) == "A/0" and keyed.in_force(date(2026, 12, 1)) == "A/1"
    definitions = keyed.system.definitions
    assert definitions.parameters(NUMBER, on=date(2026, 11, 30))[0]["visit_within"].amount == 24
    assert definitions.parameters(NUMBER, on=date(2026, 12, 1))[0]["visit_within"].amount == 12
    said = course(keyed.system, NUMBER)
    assert [[a.act, a.by, a.meaning] for a in said[-1].acts] == [
        ["issue", "wang.fang", ""],
        ["review", "li.ming", "reviewed"],
        ["approve", "zhao.lei", "approved"],
    ]
    assert keyed.problems() == []


def test_labels_follow_each_other_and_a_new_edition_begins(keyed: Company) -> None:
    labels = []
    for count in range(4):
        keyed.later(days=1).edit(count + 1)
        keyed.submit()
        keyed.review()
        labels.append(keyed.approve().revision)
    assert labels == ["A/1", "A/2", "B/0", "B/1"]
    keyed.edit(99)
    assert "is not after B/1; the next one is B/2" in refused(lambda: keyed.submit(revision="A/9"))
    assert "labels are written like A/0" in refused(lambda: keyed.submit(revision="3.0"))
    assert keyed.submit(revision="C/0").revision == "C/0"


def test_nothing_is_submitted_that_changed_nothing_or_is_not_there(company: Company) -> None:
    assert "nothing changed" in refused(company.submit)
    assert "there is no QP-99 in the folder" in refused(lambda: company.submit(number="QP-99"))
    company.edit(12)
    assert "to prepare is for 文控员" in refused(lambda: company.submit(by="li.ming")).replace(
        "Document controller", "文控员"
    )
    company.submit()
    assert "waits already with these bytes" in refused(company.submit)


def test_a_second_submission_takes_the_first_one_back(keyed: Company) -> None:
    keyed.edit(12)
    first = keyed.submit()
    keyed.review()
    keyed.edit(6)
    second = keyed.submit()
    assert second.manifest != first.manifest and second.revision == "A/1"
    assert keyed.system.definitions.named(NUMBER)[-2].state is Course.REJECTED
    assert "is not reviewed yet" in refused(keyed.approve)  # the review was for other bytes


def test_an_author_never_decides_alone(keyed: Company) -> None:
    keyed.edit(12)
    keyed.submit(by="zhao.lei")
    keyed.review()
    assert "was prepared by zhao.lei" in refused(keyed.approve)
    keyed.withdraw()
    keyed.submit()
    keyed.review()
    assert "was prepared by zhao.lei" in refused(keyed.approve)  # the same bytes, handed in by another
    keyed.edit(13)
    keyed.submit()
    keyed.review()
    keyed.approve()


def test_out_of_order_and_without_the_role(keyed: Company) -> None:
    keyed.edit(12)
    assert "no revision waits" in refused(keyed.approve)
    keyed.submit()
    assert "is not reviewed yet" in refused(keyed.approve)
    assert "qian.li is none of these" in refused(lambda: keyed.review(by="qian.li"))
    assert "nobody is not in people.toml" in refused(lambda: keyed.review(by="nobody"))
    keyed.review()
    assert "stands at" in refused(keyed.review)
    assert "li.ming is none of these" in refused(lambda: keyed.approve(by="li.ming"))
    assert "lies before the approval" in refused(lambda: keyed.approve(on=NOVEMBER - timedelta(days=1)))
    keyed.approve(on=date(2026, 12, 1))
    keyed.edit(6)
    keyed.submit()
    keyed.review()
    assert "is effective from 2026-12-01 already" in refused(lambda: keyed.approve(on=date(2026, 12, 1)))
    assert "is effective from 2026-12-01 already" in refused(lambda: keyed.approve(on=date(2026, 11, 20)))
    assert keyed.approve(on=date(2026, 12, 2)).revision == "A/2"


def test_on_the_first_day_what_the_system_began_with_gives_way(company: Company) -> None:
    company.edit(12)
    company.submit()
    company.review()
    company.approve(on=NOVEMBER)
    assert company.in_force(NOVEMBER) == "A/1"
    assert company.system.definitions.release(company.newest().kind, NUMBER, on=NOVEMBER).revision == "A/1"


def test_departments_countersign_side_by_side(keyed: Company) -> None:
    keyed.edit(12)
    assert "nobody can countersign for 财务部" in refused(lambda: keyed.submit(departments=("财务部",)))
    keyed.submit(departments=("工程部", "营销部"))
    assert "stands at" in refused(lambda: keyed.countersign("zheng.kai"))
    keyed.review()
    assert "工程部 has not countersigned yet" in refused(keyed.approve)
    assert "say what the remark is" in refused(lambda: keyed.countersign("zheng.kai", "remark"))
    assert keyed.countersign("zheng.kai", "remark", "时限太短").state is Course.REVIEWED
    assert "cannot countersign for 营销部" in refused(lambda: keyed.countersign("zheng.kai", department="营销部"))
    assert "is not asked to countersign" in refused(lambda: keyed.countersign("li.ming"))
    keyed.countersign("feng.lan", "object", "不同意")
    assert "the remark of 工程部 has no answer yet" in refused(keyed.approve)
    assert keyed.answer("工程部", "下次修订再议").state is Course.REVIEWED
    assert "营销部 objects" in refused(keyed.approve)
    assert keyed.countersign("feng.lan").state is Course.COUNTERSIGNED
    assert keyed.approve().state is Course.APPROVED
    said = course(keyed.system, NUMBER)[-1].opinions
    assert [(o.department, o.verdict, o.answer) for o in said] == [
        ("工程部", "remark", "下次修订再议"),
        ("营销部", "agree", ""),
    ]


def test_what_waits_for_whom(keyed: Company) -> None:
    keyed.edit(12)
    keyed.submit(departments=("工程部",))
    assert [(w.step, w.people) for w in waiting(keyed.system)] == [("review", ("li.ming",))]
    keyed.review()
    assert [(w.step, w.people, w.departments) for w in waiting(keyed.system)] == [
        ("countersign", ("zheng.kai",), ("工程部",))
    ]
    deadline = waiting(keyed.system)[0].answer_by
    assert deadline is not None and deadline.date() == date(2026, 11, 4)  # three working days after a Sunday
    keyed.countersign("zheng.kai")
    assert [(w.step, w.people) for w in waiting(keyed.system)] == [("approve", ("zhao.lei",))]


def test_a_rejected_revision_gives_its_label_free(keyed: Company) -> None:
    keyed.edit(12)
    keyed.submit()
    assert "a rejection needs a reason" in refused(
        lambda: keyed.do(lambda s: release.reject(s, NUMBER, Act("li.ming")))
    )
    assert keyed.reject().state is Course.REJECTED
    assert keyed.submit().revision == "A/1"


def test_a_withdrawal_is_asked_for_and_approved_by_somebody_else(keyed: Company) -> None:
    keyed.withdraw()
    assert keyed.newest().state is Course.WITHDRAWING and keyed.in_force(NOVEMBER) == "A/0"
    assert keyed.reject().state is Course.TRIAL
    keyed.withdraw(by="zhao.lei")
    assert "was prepared by zhao.lei" in refused(keyed.approve)
    keyed.reject()
    keyed.withdraw()
    keyed.approve(on=date(2026, 11, 10))
    assert keyed.in_force(date(2026, 11, 9)) == "A/0" and keyed.in_force(date(2026, 11, 10)) is None
    assert "is not in force here" in refused(
        lambda: keyed.system.definitions.release(keyed.newest().kind, NUMBER, on=date(2026, 11, 10))
    )
    keyed.later(days=20).edit(12)  # and it may come back
    keyed.submit()
    keyed.review()
    assert keyed.approve().revision == "A/1"
    assert keyed.in_force(date(2026, 11, 22)) == "A/1"
    assert keyed.problems() == []


def test_the_trial_ends_with_an_approval(keyed: Company) -> None:
    keyed.do(lambda s: release.adopt(s, NUMBER, Act("zhao.lei")))
    found = keyed.newest()
    assert (found.state, found.is_trial, found.effective_on) == (Course.APPROVED, False, NOVEMBER)
    assert "is not on trial" in refused(lambda: keyed.do(lambda s: release.adopt(s, NUMBER, Act("zhao.lei"))))


def test_an_act_before_the_last_one_is_refused(keyed: Company) -> None:
    keyed.edit(12)
    keyed.submit()
    assert "the clock says 2026-11-01 06:00, but the last act was at 2026-11-01 09:00" in refused(
        lambda: keyed.later(hours=-3).review()
    )
    keyed.do(lambda s: release.review(s, NUMBER, Act("li.ming", "时钟曾快三小时", clock_is_right=True)))
    assert keyed.problems() == []


# ── deputies


def test_a_deputy_acts_for_a_time_and_never_for_the_author(keyed: Company) -> None:
    keyed.edit(12)
    keyed.submit()
    assert "none of these" in refused(lambda: keyed.review(by="qian.li"))
    number = keyed.delegate("li.ming", "qian.li")
    keyed.review(by="qian.li")
    act = course(keyed.system, NUMBER)[-1].acts[-1]
    assert (act.by, act.deputy_for) == ("qian.li", "li.ming")
    assert keyed.problems() == []
    keyed.withdraw()
    keyed.submit()
    keyed.later(days=6)
    assert "none of these" in refused(lambda: keyed.review(by="qian.li"))  # its last day is over
    number = keyed.delegate("li.ming", "qian.li")
    keyed.do(lambda s: officers.revoke(s, number, Act("li.ming")))
    assert "none of these" in refused(lambda: keyed.review(by="qian.li"))


def test_a_deputy_of_the_author_cannot_judge_and_deputies_have_no_deputies(keyed: Company) -> None:
    keyed.edit(12)
    keyed.submit(by="zhao.lei")
    keyed.review()
    keyed.delegate("zhao.lei", "li.ming")
    assert "a deputy of the author" in refused(lambda: keyed.approve(by="li.ming"))
    assert "himself" in refused(lambda: keyed.delegate("zhao.lei", "zhao.lei"))
    assert "is named by zhao.lei" in refused(lambda: keyed.delegate("zhao.lei", "feng.lan", by="wang.fang")).replace(
        "General manager", ""
    )
    with pytest.raises(QmsError, match="deputies have no deputies"):
        today = keyed.system.today
        keyed.do(lambda s: officers.delegate(s, "li.ming", "qian.li", Act("li.ming"), from_on=today, until_on=today,
                                             roles=("general_manager",)))  # fmt: skip
    keyed.withdraw()
    keyed.submit()  # by wang.fang
    keyed.delegate("li.ming", "wang.fang")
    assert "was prepared by wang.fang" in refused(lambda: keyed.review(by="wang.fang"))


def test_whoever_reviewed_does_not_approve_in_anothers_place(keyed: Company) -> None:
    keyed.edit(12)
    keyed.submit()
    keyed.review()
    keyed.delegate("zhao.lei", "li.ming")
    assert "li.ming reviewed it and cannot approve it for zhao.lei too" in refused(lambda: keyed.approve(by="li.ming"))
    keyed.delegate("zhao.lei", "qian.li")
    keyed.key("qian.li")
    keyed.do(lambda s: officers.confirm(s, "qian.li", Act("zhao.lei")))
    keyed.approve(by="qian.li")
    assert keyed.problems() == []


def test_what_is_on_trial_may_be_reviewed_before_it_is_adopted(keyed: Company) -> None:
    assert keyed.review().state is Course.TRIAL
    keyed.do(lambda s: release.adopt(s, NUMBER, Act("zhao.lei")))
    assert [act.act for act in course(keyed.system, NUMBER)[-1].acts] == ["issue", "review", "adopt"]
    assert keyed.problems() == []


def test_nobody_is_locked_out(keyed: Company) -> None:
    path = keyed.root / "people.toml"
    whole = path.read_text("utf-8")
    path.write_text(whole.replace('roles = ["general_manager", "document_controller"]', "roles = []"), "utf-8")
    assert "nobody could approve settings any more" in refused(lambda: keyed.submit(number="people.toml"))
    path.write_text(whole.split("[person.", 1)[0], "utf-8")
    assert "nobody could prepare settings any more" in refused(lambda: keyed.submit(number="people.toml"))
    settings = keyed.root / "qms.toml"
    settings.write_text(settings.read_text("utf-8").replace("[site.hz]", "[site.sh]"), "utf-8")
    assert "the site hz cannot go" in refused(lambda: keyed.submit(number="qms.toml"))


def test_what_was_seen_is_what_is_approved(keyed: Company) -> None:
    keyed.edit(12)
    keyed.submit()
    seen = keyed.review().record
    keyed.edit(6)
    keyed.submit()
    keyed.review()
    assert "another revision waits now" in refused(
        lambda: keyed.do(lambda s: release.approve(s, NUMBER, Act("zhao.lei", seen=seen)))
    )


def test_departments_of_the_matrix_cannot_be_left_out(keyed: Company) -> None:
    settings = keyed.root / "qms.toml"
    text = settings.read_text("utf-8").replace("[approval.default]", '[approval.default]\ncountersign = ["工程部"]')
    settings.write_text(text, "utf-8")
    keyed.submit(number="qms.toml")
    keyed.review(number="qms.toml")
    keyed.approve(number="qms.toml")
    keyed.later(days=1).edit(12)
    keyed.submit(departments=("营销部", "营销部"))
    assert [o.department for o in course(keyed.system, NUMBER)[-1].opinions] == ["工程部", "营销部"]


def test_a_clock_set_back_approves_nothing_in_the_past(keyed: Company) -> None:
    keyed.later(days=10).edit(12)
    keyed.submit()
    keyed.review()
    keyed.later(days=-5)
    early = Act("zhao.lei", "时钟无误", clock_is_right=True)
    assert "lies before the approval" in refused(
        lambda: keyed.do(lambda s: release.approve(s, NUMBER, early, effective_on=date(2026, 11, 8)))
    )


# ── keys


def test_before_the_first_key_approvals_are_unsigned_and_afterwards_not(company: Company) -> None:
    company.edit(12)
    company.submit()
    company.review()
    company.approve()
    assert course(company.system, NUMBER)[-1].acts[-1].meaning == ""
    assert company.problems() == []
    company.key("zhao.lei")
    company.later(days=1).edit(6)
    company.submit()
    company.review()
    company.do(lambda s: officers.lose(s, "zhao.lei", Act("wang.fang", "丢失"), lost_at=s.now))
    assert "approvals are signed here" in refused(company.approve)  # a loss does not switch signing off
    company.key("zhao.lei")
    assert not company.system.signs("zhao.lei")
    assert "cannot confirm" in refused(lambda: company.do(lambda s: officers.confirm(s, "zhao.lei", Act("wang.fang"))))
    company.do(lambda s: officers.confirm(s, "zhao.lei", Act("li.ming", "当面核对")))  # nobody is left who could sign
    company.approve()
    assert company.problems() == [
        "QP-14 approve: the key of zhao.lei cannot be believed: the key was confirmed without a signature"
    ]


def test_a_key_is_confirmed_by_somebody_else_once_there_is_one(keyed: Company) -> None:
    keyed.key("wang.fang")
    assert not keyed.system.signs("wang.fang")
    assert "cannot confirm" in refused(lambda: keyed.do(lambda s: officers.confirm(s, "wang.fang", Act("wang.fang"))))
    assert "cannot confirm" in refused(lambda: keyed.do(lambda s: officers.confirm(s, "wang.fang", Act("li.ming"))))
    keyed.do(lambda s: officers.confirm(s, "wang.fang", Act("zhao.lei")))
    assert keyed.system.signs("wang.fang")
    keyed.edit(12)
    keyed.submit()
    assert course(keyed.system, NUMBER)[-1].acts[0].meaning == "prepared"
    assert keyed.problems() == []


def test_a_lost_key_signs_no_more_and_what_it_signed_stays(keyed: Company) -> None:
    keyed.edit(12)
    keyed.submit()
    keyed.review()
    keyed.approve()
    keyed.later(hours=1)
    assert "needs a reason" in refused(
        lambda: keyed.do(lambda s: officers.lose(s, "zhao.lei", Act("wang.fang"), lost_at=s.now))
    )
    keyed.do(lambda s: officers.lose(s, "zhao.lei", Act("wang.fang", "手机被盗"), lost_at=s.now))
    assert keyed.problems() == []
    keyed.later(hours=1)
    keyed.key("zhao.lei")  # the quality manager has a key and must confirm the new one
    assert not keyed.system.signs("zhao.lei")
    keyed.do(lambda s: officers.confirm(s, "zhao.lei", Act("li.ming", "当面核对身份证")))
    keyed.later(days=1).edit(6)
    keyed.submit()
    keyed.review()
    keyed.approve()
    assert keyed.problems() == []


def test_a_key_that_is_out_of_its_days_is_refused(company: Company) -> None:
    from qmsdocs.store.signature import Signer, new_key

    key = company.keys["zhao.lei"] = new_key()
    until = company.system.today + timedelta(days=3)
    company.do(
        lambda s: officers.register(s, "zhao.lei", key.public, from_on=s.today, until_on=until, by="wang.fang"),
        signer=Signer("zhao.lei", key),
    )
    assert company.system.signs("zhao.lei")
    company.later(days=4)
    assert not company.system.signs("zhao.lei")
    assert "registered already" in refused(
        lambda: company.do(
            lambda s: officers.register(s, "li.ming", key.public, from_on=s.today, until_on=None, by="wang.fang")
        )
    )
