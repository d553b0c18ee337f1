"""A small company that controls one document: people with keys, dated acts, and real git underneath."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from qmsdocs.acts import countersigning, items, officers, release
from qmsdocs.acts.apply import Outcome, apply
from qmsdocs.acts.begin import Beginning, begin
from qmsdocs.acts.control import Act
from qmsdocs.model.release import Release
from qmsdocs.store.event import Change
from qmsdocs.store.signature import Signer, SigningKey, new_key
from qmsdocs.system.trust import Trust
from qmsdocs.system.view import System, open_system

ZONE = ZoneInfo("Asia/Shanghai")
BEGUN = datetime(2026, 11, 1, 9, 0, tzinfo=ZONE)
NUMBER = "QP-14"
QMS = """organisation = "绿源置业有限公司"
[site.hz]
code  = "HZ"
title = "杭州分公司"
clerk = "wang.fang"
[revision]
first = "A/0"
next_edition_after = 2
[approval.default]
prepare = ["document_controller"]
review  = ["quality_manager"]
approve = ["general_manager"]
"""
PEOPLE = """[role.document_controller]
title = "文控员"
[role.quality_manager]
title = "质量经理"
[role.general_manager]
title = "总经理"
[role.department_head]
title = "部门负责人"
[person."wang.fang"]
name = "王芳"
roles = ["document_controller"]
department = "文控中心"
[person."li.ming"]
name = "李明"
roles = ["quality_manager"]
[person."zhao.lei"]
name = "赵磊"
roles = ["general_manager", "document_controller"]
[person."qian.li"]
name = "钱莉"
roles = []
[person."zheng.kai"]
name = "郑凯"
roles = ["department_head"]
department = "工程部"
[person."feng.lan"]
name = "冯岚"
roles = ["department_head"]
department = "营销部"
"""
DOCUMENT = """+++
number = "QP-14"
title  = "客户服务管理程序"
kind   = "procedure"
owner  = "quality_manager"
[parameter]
visit_within = { value = "%s hours", title = "回访时限" }
+++

# 目的

%s，{{ p.visit_within }}内回访。
"""
SCHEDULE = """[class.complaint]
title = "投诉"
trigger = "closed"
period = "3 years"
disposition = "review"
basis = "惯例"
"""


@dataclass
class Company:
    """One copy, at a moment that moves on; keys by person."""

    root: Path
    now: datetime = BEGUN
    keys: dict[str, SigningKey] = field(default_factory=dict)

    @classmethod
    def begun(cls, root: Path) -> Company:
        """A new company, its document in force on trial."""
        starter = root.parent / f"{root.name}-starter"
        for name, text in {"qms.toml": QMS, "people.toml": PEOPLE, "records/retention.toml": SCHEDULE,
                           "procedures/QP-14.md": DOCUMENT % (24, "使客户满意")}.items():  # fmt: skip
            (starter / name).parent.mkdir(parents=True, exist_ok=True)
            (starter / name).write_text(text, "utf-8")
        begin(Beginning(root, "绿源置业有限公司", "hz", "HZ", "杭州分公司", BEGUN, "desk"), starter=starter)
        return cls(root)

    @property
    def system(self) -> System:
        """The system as of now."""
        return open_system(self.root, now=self.now, machine="desk")

    def later(self, **span: int) -> Company:
        """The same company, later; the clock of this one moved too."""
        self.now += timedelta(**span)
        return self

    def do(self, plan: Callable[[System], Change], *, signer: Signer | None = None) -> Outcome:
        """What came of an act, signed by whoever acts where it is to be signed."""

        def unlock(_system: System, person: str) -> Signer:
            return signer or Signer(person, self.keys[person])

        return apply(self.system, plan, clock=lambda: self.now, unlock=unlock)

    # ── acts

    def key(self, person: str) -> SigningKey:
        """A new key of a person, registered."""
        key = self.keys[person] = new_key()
        self.do(
            lambda s: officers.register(s, person, key.public, from_on=s.today, until_on=None, by="wang.fang"),
            signer=Signer(person, key),
        )
        return key

    def edit(self, hours: int, words: str = "使客户满意", path: str = "procedures/QP-14.md") -> None:
        """The document in the folder, changed."""
        (self.root / path).write_text(DOCUMENT % (hours, words), "utf-8")

    def submit(self, by: str = "wang.fang", number: str = NUMBER, **options: object) -> Release:
        """A submitted revision."""
        content = items.content(self.root, number)
        self.do(lambda s: release.submit(s, content, Act(by, "修订"), **options))  # type: ignore[arg-type]
        return self.newest(number)

    def review(self, by: str = "li.ming", number: str = NUMBER) -> Release:
        """A reviewed revision."""
        self.do(lambda s: release.review(s, number, Act(by)))
        return self.newest(number)

    def countersign(self, by: str, verdict: str = "agree", remark: str | None = None, **options: str) -> Release:
        """What a department says."""
        self.do(lambda s: countersigning.countersign(s, NUMBER, Act(by), verdict=verdict, remark=remark, **options))
        return self.newest()

    def answer(self, department: str, text: str, by: str = "wang.fang") -> Release:
        """A remark answered."""
        self.do(lambda s: countersigning.answer(s, NUMBER, Act(by), department=department, text=text))
        return self.newest()

    def approve(self, by: str = "zhao.lei", on: date | None = None, number: str = NUMBER) -> Release:
        """An approved revision."""
        self.do(lambda s: release.approve(s, number, Act(by), effective_on=on))
        return self.newest(number)

    def reject(self, by: str = "li.ming") -> Release:
        """A revision sent back."""
        self.do(lambda s: release.reject(s, NUMBER, Act(by, "不清楚")))
        return self.newest()

    def withdraw(self, by: str = "wang.fang") -> None:
        """A withdrawal asked for, or a revision taken back."""
        self.do(lambda s: release.withdraw(s, NUMBER, Act(by, "不再需要")))

    def delegate(self, principal: str, deputy: str, *, by: str | None = None, days: int = 5) -> str:
        """The number of a delegation from today."""
        today = self.system.today
        outcome = self.do(
            lambda s: officers.delegate(
                s, principal, deputy, Act(by or principal), from_on=today, until_on=today + timedelta(days=days)
            )
        )
        return outcome.posted[0].number

    # ── what stands

    def newest(self, number: str = NUMBER) -> Release:
        """The release submitted last."""
        return self.system.definitions.named(number)[-1]

    def in_force(self, on: date, number: str = NUMBER) -> str | None:
        """The revision in force on a day."""
        found = [r for r in self.system.releases if r.number == number]
        current = [r.revision for r in found if _stands(self.system, r, on)]
        assert len(current) <= 1, current
        return current[0] if current else None

    def problems(self) -> list[str]:
        """Everything that speaks against any act in control."""
        system = self.system
        trust = Trust.of(system.definitions, system.repository)
        found = []
        for item in system.releases:
            for stored in system.definitions.events(item):
                found += [f"{item.number} {stored.event.act}: {said}" for said in trust.problems(stored)]
        return found

    def copy(self, **changes: object) -> Company:
        """The same company in another place."""
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]


def _stands(system: System, item: Release, on: date) -> bool:
    """By its own dates and those of its followers, not by the program's own function."""
    if item.first_day is None or item.first_day > on or (item.withdrawn_on is not None and item.withdrawn_on <= on):
        return False
    later = [r.first_day for r in system.releases if r.number == item.number and r.first_day is not None]
    return not any(item.first_day < day <= on for day in later)
