"""Small histories drawn by chance, everything done through the program: the audit finds nothing in any of them."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from control import Company
from tamper import attached, begun, copied, git, purge, recorded

from qmsdocs.acts.record import Intent, amend, step, void
from qmsdocs.audit.engine import run
from qmsdocs.audit.scope import Scope
from qmsdocs.model.finding import Severity
from qmsdocs.store import handover
from qmsdocs.store.head import record_head_line
from qmsdocs.store.signature import Signer


class History:
    """One company, and what is drawn to happen to it."""

    def __init__(self, root: Path, seed: int) -> None:
        self.drawn = random.Random(seed)
        self.company = begun(root)
        self.open: list[str] = []
        self.count = 0
        self.seed = seed
        if self.drawn.random() < 0.7:
            for person in ("li.ming", "zhao.lei"):
                self.company.key(person)

    def run(self, length: int) -> Company:
        """The company after so many acts."""
        acts = (self.issue, self.issue, self.issue, self.amend, self.attach, self.close, self.void, self.revise,
                self.keep_head, self.move_seat, self.pack, self.pass_time)  # fmt: skip
        for turn in range(length):
            self.company.later(minutes=self.drawn.randrange(0, 600))
            self.drawn.choice(acts)(turn)
        return self.company

    def issue(self, turn: int) -> None:
        self.count += 1
        self.open.append(recorded(self.company, f"第 {self.count} 件", self.drawn.choice(("F-1", "F-2"))))

    def _number(self) -> str:
        if not self.open:
            self.issue(0)
        return self.drawn.choice(self.open)

    def amend(self, turn: int) -> None:
        number, intent = self._number(), Intent(by="wang.fang", reason="写错")
        self.company.do(lambda system: amend(system, number, values={"text": f"更正 {turn}"}, intent=intent))

    def attach(self, turn: int) -> None:
        attached(self.company, self._number(), os.urandom(self.drawn.randrange(1, 5000)))

    def close(self, turn: int) -> None:
        number, intent = self._number(), Intent(by="wang.fang")
        self.company.do(lambda system: step(system, number, "close", values={}, intent=intent))
        self.open.remove(number)

    def void(self, turn: int) -> None:
        number, intent = self._number(), Intent(by="wang.fang", reason="重复")
        self.company.do(lambda system: void(system, number, replaced_by=None, intent=intent))
        self.open.remove(number)

    def revise(self, turn: int) -> None:
        self.company.edit(10 + turn, f"使客户满意 {self.seed}-{turn}")
        self.company.submit()
        self.company.later(minutes=5).review()
        self.company.later(minutes=5).approve()
        self.company.later(days=2)

    def keep_head(self, turn: int) -> None:
        record_head_line(self.company.system.store, "hz", now=self.company.now)

    def move_seat(self, turn: int) -> None:
        """The folder is copied, and the copy takes over, signed by whoever has a key."""
        self.company = copied(self.company, self.company.root.with_name(f"acme-{turn}"), seated=False)
        system = self.company.system
        keys = (item for item in self.company.keys.items() if system.definitions.signs(item[0], at=system.now))
        signer = next((Signer(person, key) for person, key in keys), None)
        person = signer.person if signer is not None else "wang.fang"
        at = system.now
        handover.take_seat(system.store, "hz", person=person, reason="换机", at=at, last_numbers=(), signer=signer)

    def pack(self, turn: int) -> None:
        purge(self.company.root)

    def pass_time(self, turn: int) -> None:
        self.company.later(days=self.drawn.randrange(1, 70))


def alarms(company: Company, *, is_full: bool = False) -> list[str]:
    """What a run finds of history, records and the audit itself; that a revision came into force later is no alarm."""
    report = run(Scope(company.system), is_full=is_full)
    found = (f for f in report.findings if f.code[:3] in ("HIS", "REC", "SYS"))
    return [
        f"{f.code} {f.subject}: {f.message}" for f in found if f.code[:3] == "HIS" or f.severity is not Severity.NOTE
    ]


def check(seed: int, folder: Path) -> None:
    company = History(folder / "acme", seed).run(14)
    for is_full in (False, False, True):
        assert alarms(company, is_full=is_full) == [], (seed, is_full)
    git(folder, "clone", "--quiet", str(company.root), "clone")
    assert alarms(company.copy(root=folder / "clone")) == [], (seed, "clone")


@pytest.mark.parametrize("seed", range(8))
def test_an_honest_history_is_clean(tmp_path: Path, seed: int) -> None:
    check(seed, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 200))
def test_a_hundred_honest_histories_are_clean(tmp_path: Path, seed: int) -> None:
    check(seed, tmp_path)
