"""Tables of retention: the list of quality records (质量记录清单), what is due, and the holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from qmsdocs.base.language import Catalogue, Text
from qmsdocs.model.calendar import CIVIL
from qmsdocs.model.form import Form
from qmsdocs.model.hold import Hold
from qmsdocs.model.quantity import parse as parse_quantity
from qmsdocs.model.retention import Disposition, RetentionClass, Trigger, last_day
from qmsdocs.query.cell import columns, iso
from qmsdocs.query.retention import Kept, decide_by
from qmsdocs.render.table import Cell, Grid, Kind
from qmsdocs.system.definitions import FormInForce
from qmsdocs.system.view import System

TRIGGERS = {
    Trigger.ISSUED: Text("登记之日", "issue"),
    Trigger.CLOSED: Text("关闭之日", "closing"),
    Trigger.APPROVED: Text("批准之日", "approval"),
    Trigger.SUPERSEDED: Text("被替代之日", "being superseded"),
    Trigger.CONTRACT_ENDED: Text("合同终止", "end of the contract"),
    Trigger.RETURNED: Text("收回之日", "return"),
    Trigger.LEFT: Text("人员离职", "leaving"),
    Trigger.HANDOVER: Text("交付之日", "handover"),
    Trigger.RELEASED: Text("放行之日", "release"),
    Trigger.REGISTRATION_ENDED: Text("注册证失效", "end of the registration"),
    Trigger.PRODUCTION_ENDED: Text("停产", "end of production"),
}
DISPOSITIONS = {
    Disposition.DESTROY: Text("销毁", "destroy"),
    Disposition.TRANSFER: Text("移交", "hand over"),
    Disposition.KEEP: Text("续存", "keep"),
    Disposition.REVIEW: Text("逐件审定", "review each"),
}
PERMANENT = Text("长期", "long-term")
_REVIEW_EVERY = parse_quantity("6 months")
_LISTED = {
    "form": (Text("编号", "Number"), Kind.TEXT, 20),
    "title": (Text("记录名称", "Record"), Kind.TEXT, 44),
    "revision": (Text("版次", "Rev."), Kind.TEXT, 14),
    "department": (Text("保存部门", "Department"), Kind.TEXT, 24),
    "class": (Text("记录类别", "Class"), Kind.TEXT, 32),
    "period": (Text("保存期限", "Period"), Kind.TEXT, 18),
    "trigger": (Text("起算", "From"), Kind.TEXT, 22),
    "disposition": (Text("到期处置", "Then"), Kind.TEXT, 20),
    "medium": (Text("载体", "Medium"), Kind.TEXT, 30),
    "place": (Text("纸质件存放处", "Where the paper lies"), Kind.TEXT, 30),
    "basis": (Text("依据", "Basis"), Kind.TEXT, 62),
}
_DUE = {
    "number": (Text("编号", "Number"), Kind.TEXT, 34),
    "form": (Text("表单", "Form"), Kind.TEXT, 20),
    "class": (Text("记录类别", "Class"), Kind.TEXT, 44),
    "trigger_on": (Text("起算日期", "Counted from"), Kind.DATE, 24),
    "due_on": (Text("到期日期", "Due"), Kind.DATE, 24),
    "disposition": (Text("到期处置", "Then"), Kind.TEXT, 20),
    "holds": (Text("暂停销毁", "On hold by"), Kind.TEXT, 44),
    "decide_by": (Text("决定期限", "Decide by"), Kind.DATE, 24),
}
_HOLDS = {
    "hold": (Text("编号", "Number"), Kind.TEXT, 26),
    "title": (Text("名称", "Title"), Kind.TEXT, 36),
    "reason": (Text("理由", "Reason"), Kind.TEXT, 44),
    "asked_by": (Text("提出人", "Asked for by"), Kind.TEXT, 24),
    "by": (Text("决定人", "Placed by"), Kind.TEXT, 20),
    "from_on": (Text("自", "Since"), Kind.DATE, 22),
    "scope": (Text("范围", "Scope"), Kind.TEXT, 50),
    "records": (Text("现有件数", "Records"), Kind.NUMBER, 18),
    "reviewed_on": (Text("上次复核", "Looked at"), Kind.DATE, 22),
    "review_by": (Text("复核期限", "Look again by"), Kind.DATE, 22),
}
_LIFTED = {"lifted_on": (Text("解除日期", "Lifted"), Kind.DATE, 22)}


@dataclass(frozen=True, slots=True)
class ListedForm:
    """A form in force and how long its records are kept; `rule` None where the schedule lacks its class."""

    form: Form
    revision: str
    retention: str
    rule: RetentionClass | None


def listed(system: System) -> tuple[ListedForm, ...]:
    """The forms in force with their classes, by number."""
    classes = system.schedule.class_
    return tuple(_listed(found, classes.get(found.form.retention)) for found in system.forms_in_force)


def _listed(found: FormInForce, rule: RetentionClass | None) -> ListedForm:
    return ListedForm(found.form, found.revision, found.form.retention, rule)


def department_of(system: System, item: ListedForm, catalogue: Catalogue) -> str:
    """Who keeps the records of a form: the class's department, else the role that owns the form."""
    if item.rule is not None and item.rule.department is not None:
        return item.rule.department.of(catalogue.language)
    role = system.people.role.get(item.form.owner)
    return role.title.of(catalogue.language) if role is not None else item.form.owner


def period_of(rule: RetentionClass, catalogue: Catalogue) -> str:
    """A period in words."""
    return rule.words(catalogue.language) if rule.length is not None else PERMANENT.of(catalogue.language)


def list_grid(system: System, *, catalogue: Catalogue) -> Grid:
    """The list of quality records, its caution above it."""
    language = catalogue.language
    rows = [_list_row(system, item, catalogue) for item in listed(system)]
    caution = system.schedule.caution.of(language) if system.schedule.caution is not None else ""
    title = Text("质量记录清单", "List of quality records").of(language)
    return Grid(title, "", columns(_LISTED, catalogue), tuple(rows), note=caution)


def _list_row(system: System, item: ListedForm, catalogue: Catalogue) -> tuple[Cell, ...]:
    language, rule = catalogue.language, item.rule
    head: tuple[Cell, ...] = (item.form.number, item.form.title.of(language), item.revision)
    if rule is None:
        return (*head, department_of(system, item, catalogue), item.retention, *("",) * (len(_LISTED) - 5))
    return (
        *head,
        department_of(system, item, catalogue),
        rule.title.of(language),
        period_of(rule, catalogue),
        TRIGGERS[rule.trigger].of(language),
        DISPOSITIONS[rule.disposition].of(language),
        *(words.of(language) if words is not None else "" for words in (rule.medium, rule.place, rule.basis)),
    )


def due_grid(system: System, found: Sequence[Kept], *, on: date, catalogue: Catalogue) -> Grid:
    """The records that are due by a day; what should have been decided by then is marked."""
    classes, language = system.schedule.class_, catalogue.language
    rows: list[tuple[Cell, ...]] = []
    late: set[tuple[int, str]] = set()
    for position, item in enumerate(found):
        rule, by = classes.get(item.retention), decide_by(system, item)
        if by is not None and by < on:
            late.add((position, "decide_by"))
        rows.append(
            (
                item.row.number,
                item.row.form,
                rule.title.of(language) if rule is not None else item.retention,
                iso(item.trigger_on),
                iso(item.due_on),
                DISPOSITIONS[rule.disposition].of(language) if rule is not None else "",
                catalogue.say("{names}", names=tuple(f"{hold.record} {hold.title}" for hold in item.holds)),
                iso(by),
            )
        )
    title = Text("到期记录清单", "Records whose period has ended").of(language)
    return Grid(title, on.isoformat(), columns(_DUE, catalogue), tuple(rows), frozenset(late))


def review_by(system: System, hold: Hold) -> date | None:
    """The last day by which a hold in force must be looked at again."""
    every = system.parameter("hold_review_every") or _REVIEW_EVERY
    every = every if every.unit in CIVIL else _REVIEW_EVERY
    return last_day(hold.looked_at_on, every) if hold.is_in_force else None


def hold_grid(system: System, found: Sequence[tuple[Hold, int]], *, on: date, catalogue: Catalogue) -> Grid:
    """Holds with how many records each covers; those to be looked at again are marked."""
    names, late = system.people.names(), set()
    lifted = _LIFTED if any(hold.lifted_on for hold, _ in found) else {}
    rows: list[tuple[Cell, ...]] = []
    for position, (hold, count) in enumerate(found):
        by = review_by(system, hold)
        if by is not None and by < on:
            late.add((position, "review_by"))
        rows.append(
            (
                *(hold.record, hold.title, hold.reason, hold.asked_by, names.get(hold.by, hold.by)),
                *(iso(hold.from_on), scope_words(hold, catalogue), count, iso(hold.reviewed_on), iso(by)),
                *(iso(hold.lifted_on) for _ in lifted),
            )
        )
    title = Text("暂停销毁登记表", "Holds").of(catalogue.language)
    return Grid(title, "", columns({**_HOLDS, **lifted}, catalogue), tuple(rows), frozenset(late))


def scope_words(hold: Hold, catalogue: Catalogue) -> str:
    """What a hold covers, in words."""
    opened = [f"{hold.opened_from or '…'}–{hold.opened_to or '…'}"] if hold.opened_from or hold.opened_to else []
    listed = (sorted(hold.numbers), sorted(hold.classes), sorted(hold.forms), sorted(hold.customers), opened)
    return catalogue.say("; ").join(catalogue.say("{names}", names=tuple(names)) for names in listed if names)
