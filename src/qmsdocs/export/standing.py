"""How things stand: what is due, which records are held, who may sign and stand in for whom; the charts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from qmsdocs.base.canonical import Json
from qmsdocs.base.language import Catalogue, Text
from qmsdocs.export.bars import Bar, columns, rows
from qmsdocs.export.front import Column, Kind, Line, Link, Shelf
from qmsdocs.export.hiding import Hiding
from qmsdocs.export.survey import KEPT, MISSED, RUNNING, Running, Survey, Tally, grade_field, kind_field
from qmsdocs.model.form import Form
from qmsdocs.model.hold import Hold
from qmsdocs.query import retention
from qmsdocs.query.cell import CellWriter
from qmsdocs.query.course import waiting
from qmsdocs.query.custody import externals, recall, reviews
from qmsdocs.query.purpose import Purpose
from qmsdocs.system.view import System

AHEAD = timedelta(days=60)  # what falls due by then is shown
MONTHS = 12
MOST = 10  # bars of a chart
CHARTS = "charts"
_CHARTED = (None, Purpose.COMPLAINT, Purpose.SATISFACTION)  # the others are about documents
_DUE, _HOLDS, _KEYS = Text("待办与到期", "Due"), Text("暂停销毁", "Holds"), Text("密钥与代理", "Keys and deputies")
_AHEAD = Text("逾期的和今后 {days} 天内到期的事项。", "What is overdue, or falls due within {days} days.")
_YES, _NO = Text("▲ 逾期", "▲ overdue"), Text("未逾期", "not yet")
_DUE_HEADS = (
    (Text("编号", "Number"), Kind.TEXT),
    (Text("事项", "What"), Kind.CHOICE),
    (Text("期限", "Due"), Kind.DATE),
    (Text("是否逾期", "Overdue"), Kind.CHOICE),
    (Text("责任人", "Who"), Kind.CHOICE),
    (Text("说明", "About"), Kind.TEXT),
)
_HOLD_HEADS = (
    (Text("编号", "Number"), Kind.TEXT),
    (Text("名称", "Title"), Kind.TEXT),
    (Text("理由", "Reason"), Kind.TEXT),
    (Text("起始日期", "From"), Kind.DATE),
    (Text("最近复核", "Reviewed on"), Kind.DATE),
    (Text("解除日期", "Lifted on"), Kind.DATE),
    (Text("范围", "What is held"), Kind.TEXT),
)
_KEY_HEADS = (
    (Text("编号", "Number"), Kind.TEXT),
    (Text("人员", "Person"), Kind.CHOICE),
    (Text("类别", "Kind"), Kind.CHOICE),
    (Text("起始日期", "From"), Kind.DATE),
    (Text("截止日期", "Until"), Kind.DATE),
    (Text("状态", "State"), Kind.CHOICE),
    (Text("说明", "About"), Kind.TEXT),
)
_REVIEW, _RECALL, _CHECK = (
    Text("文件评审", "Review"),
    Text("副本回收", "Copy to come back"),
    Text("核对外来文件", "Check"),
)
_DISPOSAL, _HELD = Text("保存期满", "Retention ended"), Text("暂停销毁：{holds}", "on hold: {holds}")
_APPROVAL = {
    "review": Text("待审核", "Waits for review"),
    "countersign": Text("待会签", "Waits for countersignature"),
    "answer": Text("待答复会签意见", "Waits for an answer"),
    "approve": Text("待批准", "Waits for approval"),
}
_KEY, _DEPUTY = Text("签名密钥", "Key"), Text("代理", "Deputy")
_VALID, _NOT_VALID = Text("有效", "counts"), Text("无效", "does not count")
_FOR = Text("代 {person}", "for {person}")
_CLOCKS = (Text("按时", "kept"), Text("逾期", "missed"), Text("进行中", "running"))
_CHART = {
    "months": Text("{title}：每月份数", "{title}: each month"),
    "kinds": Text("{title}：按{field}", "{title}: by {field}"),
    "clocks": Text("{title}：时限", "{title}: time limits"),
    "grades": Text("{title}：{field}", "{title}: {field}"),
}


@dataclass(frozen=True)
class State:
    """How a system stands today, as it leaves it."""

    system: System = field(repr=False)
    catalogue: Catalogue = field(repr=False)
    hiding: Hiding = field(repr=False)
    found: Survey = field(repr=False)

    def _say(self, text: Text, **values: object) -> str:
        return text.of(self.catalogue.language).format(**values)

    def _person(self, person: str) -> str:
        return self.system.people.names().get(person, person)

    def _heads(self, heads: tuple[tuple[Text, Kind], ...]) -> tuple[Column, ...]:
        return tuple(Column(title.en, self._say(title), kind) for title, kind in heads)

    # ── what is due

    def due(self) -> Shelf:
        """Everything overdue or soon due, the earliest first."""
        until = self.system.today + AHEAD
        found = (*self._clocks(), *self._documents(), *self._approvals(), *self._retention(until))
        near = (line for line in found if line.cells[2][:10] <= until.isoformat())
        lines = sorted(near, key=lambda line: line.cells[2])
        note = self._say(_AHEAD, days=AHEAD.days)
        return Shelf("due", self._say(_DUE), self._heads(_DUE_HEADS), _numbered(lines), note)

    def _line(self, number: str, what: str, due_on: str, owner: str, about: str, *, late: bool) -> Line:
        owner, about = self.hiding.text(owner), self.hiding.text(about)
        cells = (number, what, due_on, self._say(_YES if late else _NO), owner, about)
        return Line(f"{number} {what}", cells, related=(number,))

    def _clocks(self) -> Iterator[Line]:
        for item in self.found.running:
            title = item.form.form.clock[item.clock].title.of(self.catalogue.language)
            about = self.catalogue.say(": ").join(part for part in self._about(item) if part)
            due_at = f"{item.due_at.astimezone(self.system.zone):%Y-%m-%d %H:%M}"
            owner = self._said(item, "owner", item.owner)
            yield self._line(item.number, title, due_at, owner, about, late=item.is_overdue)

    def _about(self, item: Running) -> Iterator[str]:
        """What form the record is of, and what it is about."""
        yield item.form.form.title.of(self.catalogue.language)
        yield self._said(item, "subject", item.subject)

    def _said(self, item: Running, means: str, value: Json) -> str:
        """The value that means so, as it leaves, in words."""
        name = item.form.form.meaning(means)
        if name is None or value is None:
            return ""
        plain = self.hiding.form(item.form).form
        shown = self.hiding.values(item.form.form, {name: value})[name]
        return CellWriter(plain, self.system.people.names(), self.catalogue).words(plain.field[name], shown)

    def _documents(self) -> Iterator[Line]:
        language = self.catalogue.language
        for review in reviews(self.system):
            owner = self.system.people.role.get(review.owner)
            who = owner.title.of(language) if owner is not None else review.owner
            about = f"{review.title.of(language)} {review.revision}"
            yield self._line(
                review.number, self._say(_REVIEW), review.due_on.isoformat(), who, about, late=review.is_overdue
            )
        for item in recall(self.system):
            copy = item.copy
            since = item.since.isoformat() if item.since is not None else ""
            about = f"{copy.document} {copy.revision} {copy.department} {copy.number}"
            yield self._line(copy.record, self._say(_RECALL), since, self._person(copy.holder), about, late=True)
        for outer in externals(self.system):
            if outer.due_on is not None:
                about, late = f"{outer.number} {outer.title}", outer.is_overdue
                yield self._line(
                    outer.record, self._say(_CHECK), outer.due_on.isoformat(), outer.department, about, late=late
                )

    def _approvals(self) -> Iterator[Line]:
        for item in waiting(self.system):
            who = "、".join(item.departments or tuple(self._person(person) for person in item.people))
            answer_by = f"{item.answer_by.astimezone(self.system.zone):%Y-%m-%d}" if item.answer_by is not None else ""
            late = bool(answer_by) and answer_by < self.system.today.isoformat()
            about = f"{item.release.title} {item.release.revision}"
            yield self._line(item.release.number, self._say(_APPROVAL[item.step]), answer_by, who, about, late=late)

    def _retention(self, until: date) -> Iterator[Line]:
        for kept in retention.due(self.system, on=until):
            held = self._say(_HELD, holds="、".join(hold.record for hold in kept.holds)) if kept.holds else ""
            schedule = self.system.schedule.class_.get(kept.retention)
            about = schedule.title.of(self.catalogue.language) if schedule is not None else kept.retention
            decide_by = retention.decide_by(self.system, kept)
            late = decide_by is not None and decide_by < self.system.today
            due_on = kept.due_on.isoformat() if kept.due_on is not None else ""
            said = " ".join(part for part in (about, held) if part)
            yield self._line(kept.row.number, self._say(_DISPOSAL), due_on, "", said, late=late)

    # ── holds, keys, deputies

    def holds(self) -> Shelf:
        """Every hold, lifted ones too."""
        lines = tuple(self._hold(hold) for hold in self.system.definitions.holds)
        return Shelf("holds", self._say(_HOLDS), self._heads(_HOLD_HEADS), lines)

    def _hold(self, hold: Hold) -> Line:
        scope = (*sorted(hold.classes), *sorted(hold.forms), *map(self.hiding.customer, sorted(hold.customers)))
        period = f"{hold.opened_from or ''}–{hold.opened_to or ''}" if hold.opened_from or hold.opened_to else ""
        said = "、".join(part for part in (*sorted(hold.numbers), *scope, period) if part)
        days = (hold.from_on, hold.reviewed_on, hold.lifted_on)
        texts = (hold.record, self.hiding.text(hold.title), self.hiding.text(hold.reason))
        cells = (*texts, *(day.isoformat() if day is not None else "" for day in days), said)
        return Line(hold.record, cells, related=tuple(sorted(hold.numbers)))

    def keys(self) -> Shelf:
        """The signing keys and the deputies ever named."""
        return Shelf("keys", self._say(_KEYS), self._heads(_KEY_HEADS), (*self._own_keys(), *self._deputies()))

    def _own_keys(self) -> Iterator[Line]:
        for key in self.system.definitions.keys:
            until = key.until_on.isoformat() if key.until_on is not None else ""
            counts = self._say(_VALID if key.counts(self.system.now) else _NOT_VALID)
            cells = (key.record, self._person(key.person), self._say(_KEY), key.from_on.isoformat(), until, counts)
            yield Line(key.record, (*cells, key.fingerprint))

    def _deputies(self) -> Iterator[Line]:
        for item in self.system.definitions.delegations:
            roles = "、".join(self.system.people.role[r].title.of(self.catalogue.language)
                             for r in item.roles if r in self.system.people.role)  # fmt: skip
            until = (item.revoked_on or item.until_on).isoformat()
            counts = self._say(_VALID if item.acts(self.system.today) else _NOT_VALID)
            about = f"{self._say(_FOR, person=self._person(item.principal))} {roles}".strip()
            yield Line(item.record, (item.record, self._person(item.deputy), self._say(_DEPUTY),
                                     item.from_on.isoformat(), until, counts, about))  # fmt: skip

    # ── charts

    def charts(self) -> Iterator[tuple[Link, bytes]]:
        """The charts over each form that is not about documents, with their pictures."""
        for number in sorted(self.found.tallies):
            form = self.hiding.marked(self.system.form_known(number).form)
            if form.purpose in _CHARTED:
                for kind, said, picture in self._of_form(form, self.found.tallies[number]):
                    title = self._say(_CHART[kind], title=form.title.of(self.catalogue.language), field=said)
                    yield Link(title, f"{CHARTS}/{form.series.id}-{kind}.svg"), picture

    def _of_form(self, form: Form, tally: Tally) -> Iterator[tuple[str, str, bytes]]:
        yield "months", "", columns([Bar(month[2:], (tally.months[month],)) for month in self._months()])
        counted = (("kinds", kind_field(form), tally.kinds), ("grades", grade_field(form), tally.grades))
        for kind, name, counts in counted:
            if name is not None and counts:
                title = form.field[name].title.of(self.catalogue.language)
                yield kind, title, rows(self._choices(form, name, counts))
        clocks = {name: counts for name, counts in tally.clocks.items() if counts and name in form.clock}
        if clocks:
            bars = [
                Bar(form.clock[name].title.of(self.catalogue.language),
                    tuple(counts[verdict] for verdict in (KEPT, MISSED, RUNNING)))
                for name, counts in clocks.items()
            ]  # fmt: skip
            yield "clocks", "", rows(bars, legend=[self._say(title) for title in _CLOCKS])

    def _months(self) -> Iterator[str]:
        last = self.system.today.year * 12 + self.system.today.month - 1
        return (f"{month // 12}-{month % 12 + 1:02d}" for month in range(last - MONTHS + 1, last + 1))

    def _choices(self, form: Form, name: str, counts: Mapping[str, int]) -> list[Bar]:
        options = form.choices_of(form.field[name])
        yes = {"true": self.catalogue.say("yes"), "false": self.catalogue.say("no")}
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST]
        said = self.catalogue.language
        return [
            Bar(options[value].text.of(said) if value in options else yes.get(value, value), (count,))
            for value, count in ranked
        ]


def _numbered(lines: list[Line]) -> Iterator[Line]:
    """The lines, those with a key that was there already with a number behind it."""
    seen: dict[str, int] = {}
    for line in lines:
        seen[line.key] = seen.get(line.key, 0) + 1
        key = line.key if seen[line.key] == 1 else f"{line.key} ({seen[line.key]})"
        yield Line(key, line.cells, related=line.related)
