"""A small company with documents, forms and settings of its own, and what a rule of the audit says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from control import BEGUN, DOCUMENT, PEOPLE, QMS, SCHEDULE, Company

from qmsdocs.acts.begin import Beginning, begin
from qmsdocs.acts.control import Act, change, step
from qmsdocs.audit.rule import Hit
from qmsdocs.audit.scope import Scope
from qmsdocs.base.canonical import Json
from qmsdocs.model.release import Course, Release
from qmsdocs.system.view import System

TEXTS = {
    "qms.toml": QMS,
    "people.toml": PEOPLE,
    "records/retention.toml": SCHEDULE,
    "procedures/QP-14.md": DOCUMENT % (24, "使客户满意"),
}


def document(number: str, *lines: str, text: str = "照办。") -> str:
    """A document with more lines in its head."""
    head = [f'number = "{number}"', f'title = "文件 {number}"', 'kind = "procedure"', *lines]
    if not any(line.startswith("owner") for line in lines):
        head.insert(3, 'owner = "quality_manager"')
    return "\n".join(("+++", *head, "+++", "", "# 目的", "", text, ""))


def firm(root: Path, texts: Mapping[str, str] | None = None) -> Company:
    """A company begun with these files beside, or in place of, the usual ones."""
    starter = root.parent / f"{root.name}-starter"
    for name, text in {**TEXTS, **(texts or {})}.items():
        (starter / name).parent.mkdir(parents=True, exist_ok=True)
        (starter / name).write_text(text, "utf-8")
    begin(Beginning(root, "绿源置业有限公司", "hz", "HZ", "杭州分公司", BEGUN, "desk"), starter=starter)
    return Company(root)


def forged(company: Company, release: Release, act: str, state: Course, by: str, **said: Json) -> None:
    """An act on a revision written as the program writes it, but judged by nobody."""
    company.do(lambda system: change(system, Act(by, "硬写"), [step(system, release, act, state, said)]))


def said(system: System, rule: Callable[[Scope], Iterator[Hit]]) -> dict[str, str]:
    """What a rule says, by what it says it of; of several on one subject all, joined."""
    found: dict[str, str] = {}
    for hit in rule(Scope(system)):
        found[hit.subject] = "; ".join(filter(None, (found.get(hit.subject), str(hit.message))))
    return found
