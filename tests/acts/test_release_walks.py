"""Random walks through the life of a document: whatever people try, the rules of release hold."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest
from control import NUMBER, Company
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qmsdocs.acts import officers, release
from qmsdocs.acts.control import Act
from qmsdocs.base.errors import QmsError
from qmsdocs.model.release import Release
from qmsdocs.store.signature import namespace_of, verify
from qmsdocs.system.trust import Trust

PEOPLE = ("wang.fang", "li.ming", "zhao.lei", "qian.li", "zheng.kai", "feng.lan")
ACTS = ("edit", "submit", "submit_asked", "reject", "review", "countersign", "answer", "approve", "withdraw",
        "delegate", "wait", "adopt", "prepared", "decided")  # fmt: skip
STEPS = st.lists(
    st.tuples(st.sampled_from(ACTS), st.sampled_from(PEOPLE), st.integers(-2, 12), st.sampled_from(PEOPLE)),
    min_size=6,
    max_size=24,
)


def take(company: Company, act: str, person: str, count: int, other: str) -> None:
    match act:
        case "edit":
            company.edit(abs(count) + 1)
        case "submit":
            company.submit(person)
        case "submit_asked":
            company.submit(person, departments=("工程部", "营销部"))
        case "reject":
            company.reject(person)
        case "review":
            company.review(person)
        case "countersign":
            company.countersign(person, ("agree", "remark", "object")[count % 3], "看法")
        case "answer":
            company.answer(("工程部", "营销部")[count % 2], "已考虑", by=person)
        case "approve":
            company.approve(person, on=company.system.today + timedelta(days=count))
        case "withdraw":
            company.withdraw(person)
        case "delegate":
            company.delegate(other, person, by=other)
        case "wait":
            company.later(days=abs(count))
        case "prepared":
            company.edit(abs(count) + 20)
            company.submit("wang.fang", departments=())
        case "decided":
            company.review("li.ming")
            company.approve("zhao.lei", on=company.system.today + timedelta(days=abs(count)))
        case "adopt":
            company.do(lambda s: release.adopt(s, NUMBER, Act(person)))


def check(company: Company) -> None:
    """What must hold after every act."""
    system = company.system
    decided = sorted((r for r in system.releases if r.number == NUMBER and r.first_day), key=lambda r: r.serial)
    approved = [r for r in decided if approval(company, r) is not None]
    days = [r.first_day for r in sorted(decided, key=lambda r: r.order)]
    assert len(set(days)) == len(days), days
    in_order = [r.first_day for r in sorted(approved, key=lambda r: approval(company, r) or 0)]
    assert in_order == sorted(in_order, key=lambda day: day or date.min), in_order
    for on in (system.today + timedelta(days=count) for count in (-3, 0, 1, 5, 20)):
        stands = company.in_force(on)
        found = [r for r in decided if r.revision == stands]
        assert stands is None or len(found) == 1
    assert len({r.revision for r in decided}) == len(decided)
    assert len([r for r in system.releases if r.is_open and r.number == NUMBER]) <= 1
    assert company.problems() == []


def approval(company: Company, item: Release) -> int | None:
    """Which approval of the item it was, by the order of the ledger; its signature and its bytes are good."""
    events = company.system.definitions.events(item)
    found = [stored for stored in events if stored.event.act == "approve"]
    if not found:
        return None
    [stored] = found
    person = str(stored.event.mapping("signer")["person"])
    assert stored.signature is not None and person == stored.event.by != item.prepared_by
    assert verify(stored.data, stored.signature, namespace=namespace_of("approved")) == company.keys[person].public
    assert stored.event.text("previous") == events[events.index(stored) - 1].sha256
    assert company.system.definitions.files(item)  # every byte checked against the manifest the chain names
    trust = Trust.of(company.system.definitions, company.system.repository)
    return trust.order[stored.path]


def reaches_force(company: Company) -> None:
    """The next revision always can: submitted, reviewed, approved, in force."""
    company.later(days=1)
    system = company.system
    newest = system.definitions.newest(company.newest().kind, NUMBER)
    company.edit(500, "另一种说法")
    company.submit("wang.fang", departments=())
    company.review("li.ming")
    company.approve("zhao.lei")
    done = company.newest()
    assert done.first_day is not None and company.in_force(done.first_day) == done.revision
    assert newest is None or done.revision != newest.revision


def walk(steps: list[tuple[str, str, int, str]]) -> int:
    """How many of the steps were allowed."""
    taken = 0
    with tempfile.TemporaryDirectory() as folder:
        company = Company.begun(Path(folder) / "acme")
        for person in ("zhao.lei", "li.ming"):
            company.key(person)
        company.do(partial(officers.confirm, person="li.ming", act=Act("zhao.lei")))
        for person in ("wang.fang", "qian.li", "zheng.kai", "feng.lan"):
            company.key(person)
            company.do(partial(officers.confirm, person=person, act=Act("zhao.lei")))
        for step in steps:
            company.later(minutes=5)
            try:
                take(company, *step)
                taken += 1
            except QmsError:
                pass
        check(company)
        reaches_force(company)
        check(company)
    return taken


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(STEPS)
def test_whatever_is_tried_the_rules_hold(steps: list[tuple[str, str, int, str]]) -> None:
    walk(steps)


@pytest.mark.slow
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(STEPS)
def test_whatever_is_tried_the_rules_hold_many_times(steps: list[tuple[str, str, int, str]]) -> None:
    walk(steps)


def test_a_busy_life_really_gets_somewhere() -> None:
    """The walk is not one of refusals only."""
    way = [("edit", "wang.fang", 3, ""), ("submit_asked", "wang.fang", 0, ""), ("review", "li.ming", 0, ""),
           ("countersign", "zheng.kai", 0, ""), ("countersign", "feng.lan", 1, ""), ("answer", "wang.fang", 1, ""),
           ("approve", "zhao.lei", 2, ""), ("wait", "", 3, ""), ("withdraw", "wang.fang", 0, ""),
           ("approve", "zhao.lei", 1, ""), ("delegate", "qian.li", 0, "li.ming")]  # fmt: skip
    assert walk(way) == len(way)
