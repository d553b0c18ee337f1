"""The sheet an audit opens with: the ten questions of the first hour, answered from the records on one statement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from qmsdocs import __version__
from qmsdocs.base.language import Catalogue, Language, Text
from qmsdocs.export.hiding import Hiding
from qmsdocs.model.approval import Offices
from qmsdocs.model.calendar import add_period
from qmsdocs.model.quantity import Quantity, parse
from qmsdocs.model.release import ItemKind, Release
from qmsdocs.query import custody, overview
from qmsdocs.query.action import late_actions, said_late
from qmsdocs.query.master_list import changed_since, master_list
from qmsdocs.query.purpose import Purpose, entries, fields_of, numbers_for
from qmsdocs.query.register import said_destroyed
from qmsdocs.query.retention import due, holds
from qmsdocs.query.retention_list import department_of, listed, period_of
from qmsdocs.query.view import facts_as_stored, next_steps
from qmsdocs.render.document_words import PREPARED, REVIEWED, Head
from qmsdocs.render.prose import Block
from qmsdocs.render.statement import Signer, Statement, grid, heading, paragraph
from qmsdocs.store import journal
from qmsdocs.store.index import Filter
from qmsdocs.store.rows import Row
from qmsdocs.system.view import System

MOST = 40  # rows of one table on the sheet; the rest is counted, and the command that lists all is named
YEAR: Quantity = parse("1 year")
UNCOUNTED = "partial"  # the validity of a survey sheet whose score does not count
TITLE = Text("首次会议资料：十问十答", "Opening sheet: ten questions, ten answers")
_KIND = Text("审核资料", "For the audit")
_CELLS = (Text("日期", "As of"), Text("地点", "Site"), Text("程序版本", "Program"), Text("页　码", "Page"))
_FAMILIES = {"default": Text("其余", "All others"), "configuration": Text("配置", "Configuration")}
_NONE = Text("没有。", "None.")
_MORE = Text("另有 {count} 项，全部见：{command}", "{count} more; all of them: {command}")
_BEGUN = Text(
    "体系启用时（{day}）首次发布文件和表单 {count} 项，见第 1 项；体系设置 {settings} 项。",
    "The system began ({day}) with first releases of {count} documents and forms, see 1, and of {settings} settings.",
)
_NO_REASON = Text("未说明原因", "no reason given")
_FOOT = Text("由 qmsdocs {version} 根据登记的记录得出，{at}", "Drawn up by qmsdocs {version} from the records, {at}")


@dataclass(frozen=True, slots=True)
class Table:
    """One answer: its heads and weights, its rows, the command that shows all of them, and what is said before."""

    heads: tuple[Text, ...]
    weights: tuple[float, ...]
    rows: Sequence[Sequence[str]]
    command: str
    before: str = ""
    title: Text | None = None

    def blocks(self, language: Language) -> Iterator[Block]:
        """The table as far as it fits, and how many rows are left out."""
        if self.before:
            yield paragraph(self.before)
        elif not self.rows:
            yield paragraph(_NONE.of(language))
        if not self.rows:
            return
        yield grid([head.of(language) for head in self.heads], self.rows[:MOST], self.weights)
        if len(self.rows) > MOST:
            said = _MORE.of(language).format(count=len(self.rows) - MOST, command=self.command)
            yield paragraph(said)


@dataclass(frozen=True)
class Opening:
    """The answers of one system, in one language; `since` is the day from which changes are told."""

    system: System
    since: date
    catalogue: Catalogue
    hiding: Hiding

    @property
    def _language(self) -> Language:
        return self.catalogue.language

    def statement(self) -> Statement:
        """The sheet."""
        system, language = self.system, self._language
        site = system.organisation.site[system.site].title.of(language)
        cells = (f"{system.now:%Y-%m-%d %H:%M}", site, __version__, None)
        labels = tuple(cell.of(language) for cell in _CELLS)
        head = Head(
            system.organisation.organisation.of(language),
            _KIND.of(language),
            TITLE.of(language),
            tuple(zip(labels, cells, strict=True)),
        )
        foot = _FOOT.of(language).format(version=__version__, at=f"{system.now:%Y-%m-%d %H:%M %z}")
        signing = Signer(PREPARED), Signer(REVIEWED)
        return Statement(head, language, system.now, tuple(self._blocks()), signing, foot)

    def _blocks(self) -> Iterator[Block]:
        word = self.system.organisation.complaint_word
        answers = (
            (Text("现行受控文件", "Controlled documents in force"), (self._master_list(),)),
            (Text(f"{self.since} 以来的文件变更与学习", f"Changed since {self.since}, and who was trained"),
             (self._changes(), self._unread())),
            (Text(f"近十二个月的{word.zh}", f"Twelve months, {word.en}"), (self._months(), self._open_complaints())),
            (Text("未按期完成的措施和原因", "Actions and time limits overdue, and why"), self._overdue()),
            (Text("满意度：结果与措施", "Satisfaction: results and actions"), (self._satisfaction(),)),
            (Text("质量记录及保存期限", "Records and how long they are kept"), (self._records(), self._destruction())),
            (Text("外来文件", "Documents of external origin"), (self._externals(),)),
            (Text("谁可以批准", "Who may approve"), (self._approvers(),)),
            (Text("代理", "Deputies"), (self._deputies(),)),
            (Text("最近一次校验值", "The newest hashes"), (self._heads(),)),
        )  # fmt: skip
        for number, (title, tables) in enumerate(answers, 1):
            yield heading(str(number), title.of(self._language))
            for part, table in enumerate(tables, 1):
                if table.title is not None:
                    yield heading(f"{number}.{part}", table.title.of(self._language))
                yield from table.blocks(self._language)

    def _master_list(self) -> Table:
        found = [item for item in master_list(self.system) if item.release.first_day is not None]
        rows = [
            (item.number, item.title.of(self._language), item.release.revision, _day(item.release.first_day),
             self._trial(item.release), item.owner.of(self._language) if item.owner else "")
            for item in found
        ]  # fmt: skip
        heads = (Text("编号", "Number"), Text("名称", "Title"), Text("版次", "Revision"), Text("生效", "In force from"),
                 Text("状态", "State"), Text("归口岗位", "Owner (role)"))  # fmt: skip
        return Table(heads, (26, 52, 14, 24, 18, 26), rows, "qmsdocs document list")

    def _trial(self, release: Release) -> str:
        return (Text("试行", "trial") if release.is_trial else Text("现行", "in force")).of(self._language)

    def _changes(self) -> Table:
        read = Counter((r.document, r.revision) for r in custody.readings(self.system) if r.is_signed)
        changed = changed_since(self.system, self.since)
        begun = [item for item in changed if item.release.is_first and item.on == item.release.first_day]
        rows = [
            (_day(item.on), item.release.number, item.release.revision, item.title.of(self._language), item.replaces,
             str(read[item.release.number, item.release.revision]))
            for item in changed if item not in begun
        ]  # fmt: skip
        settings = sum(item.kind == ItemKind.CONFIGURATION for item in begun)
        said = {"count": len(begun) - settings, "settings": settings}
        before = _BEGUN.of(self._language).format(day=_day(begun[0].on), **said) if begun else ""
        command = f"qmsdocs document list --changed-since {self.since}"
        heads = (Text("日期", "Day"), Text("编号", "Number"), Text("版次", "Revision"), Text("名称", "Title"),
                 Text("代替", "Replaces"), Text("已学习", "Have read it"))  # fmt: skip
        return Table(heads, (24, 26, 14, 60, 18, 18), rows, command, before)

    def _unread(self) -> Table:
        rows = []
        for item in master_list(self.system):
            missing = custody.unread(self.system, item.release)
            if missing:
                names = "、".join(person.name for person in missing)
                rows.append((item.number, item.release.revision, str(len(missing)), names))
        heads = (Text("编号", "Number"), Text("版次", "Revision"), Text("未学习", "Not read"), Text("人员", "By"))
        return Table(heads, (26, 14, 18, 102), rows, "qmsdocs document acknowledge NUMBER --open")

    @property
    def _year_ago(self) -> date:
        return add_period(self.system.today, Quantity(-YEAR.amount, YEAR.unit))

    def _of(self, purpose: Purpose) -> list[Row]:
        known = (entry.row for entry in entries(self.system, purpose))
        return [self.hiding.row(row) for row in known if row.opened_at[:10] >= self._year_ago.isoformat()]

    def _months(self) -> Table:
        rows = self._of(Purpose.COMPLAINT)
        counted: dict[str, Counter[str]] = {}
        for row in rows:
            tally = counted.setdefault(row.opened_at[:7], Counter())
            tally["all"] += 1
            tally["void" if row.is_void else "closed" if row.is_closed else "open"] += 1
        shown = [(month, *(str(tally[name]) for name in ("all", "closed", "open", "void")))
                 for month, tally in sorted(counted.items(), reverse=True)]  # fmt: skip
        heads = (Text("月份", "Month"), Text("件数", "Received"), Text("已结", "Closed"), Text("未结", "Open"),
                 Text("注销", "Void"))  # fmt: skip
        forms = numbers_for(self.system, Purpose.COMPLAINT)
        gone = said_destroyed(self.system, forms, self.catalogue, self._year_ago, self.system.today)
        return Table(heads, (40, 30, 30, 30, 30), shown, "qmsdocs register list", gone)

    def _open_complaints(self) -> Table:
        people = self.system.people.names()
        rows = [
            (row.number, row.opened_at[:10], self._state(row), people.get(row.owner, row.owner), self._reports(row))
            for row in self._of(Purpose.COMPLAINT)
            if not row.is_closed
        ]
        heads = (Text("未结的编号", "Open"), Text("受理", "Received"), Text("状态", "State"), Text("责任人", "Owner"),
                 Text("已发起", "Raised"))  # fmt: skip
        return Table(heads, (42, 24, 28, 26, 40), rows, "qmsdocs record list --open")

    def _state(self, row: Row) -> str:
        state = self.system.form_of_row(row).form.state.get(row.state)
        return state.title.of(self._language) if state is not None else row.state

    def _reports(self, row: Row) -> str:
        return " ".join(item.number for item in self.system.raised(row.number))

    def _overdue(self) -> Iterator[Table]:
        people = self.system.people.names()
        steps = [
            (row.number, self.hiding.text(self.catalogue.say(said_late(action, people))), self._reason(row))
            for row, action in late_actions(self.system)
        ]
        limits = []
        for row in self.system.index.records(Filter(forms=self.system.form_numbers, is_closed=False)):
            for late in overview.overdue(self.system, row):
                title, due = late.title.of(self._language), f"{late.due_at:%Y-%m-%d %H:%M}"
                limits.append((late.number, title, due, self._owner(row), self._stands(row), self._reason(row)))
        number, reason = Text("编号", "Number"), Text("原因", "Why")
        heads = (number, Text("时限", "Time limit"), Text("期限", "Due"), Text("责任人", "Owner"),
                 Text("停在哪一步", "Where it stands"), reason)  # fmt: skip
        yield Table((number, Text("措施", "Action"), reason), (36, 74, 50), steps, "qmsdocs audit",
                    title=Text("逾期的措施", "Actions overdue"))  # fmt: skip
        yield Table(heads, (34, 24, 26, 18, 30, 28), limits, "qmsdocs status",
                    title=Text("超过办理时限的记录", "Records past a time limit"))  # fmt: skip

    def _owner(self, row: Row) -> str:
        """Whose an open record is, as it leaves."""
        form = self.system.form_of_row(row).form
        name = form.meaning("owner") or ""
        owner = str(self.hiding.values(form, {name: row.owner})[name])
        return self.system.people.names().get(owner, owner)

    def _stands(self, row: Row) -> str:
        """Where an open record stands, and the steps that can be taken."""
        facts = facts_as_stored(self.system, self.system.form_of_row(row), self.system.record_at(row.key))
        steps = [step.title.of(self._language) for _, step, is_open in next_steps(facts) if is_open and step.to]
        return f"{self._state(row)} → {'/'.join(steps)}" if steps else self._state(row)

    def _reason(self, row: Row) -> str:
        """The reason given last with a step of an open record: a correction says nothing of what is late."""
        steps = self.system.form_of_row(row).form.step
        events = self.system.record_at(row.key).events
        said = next((text for e in reversed(events) if e.act in steps and (text := e.text("reason"))), "")
        return self.hiding.text(said) or _NO_REASON.of(self._language)

    def _satisfaction(self) -> Table:
        rounds: dict[str, list[Row]] = {}
        for row in self._of(Purpose.SATISFACTION):
            if not row.is_void:
                rounds.setdefault(row.opened_at[:7], []).append(row)
        shown = [
            (month, str(len(rows)), _mean(self._scores(rows)), str(sum(bool(self._reports(row)) for row in rows)),
             str(sum(not row.is_closed for row in rows)))
            for month, rows in sorted(rounds.items(), reverse=True)
        ]  # fmt: skip
        heads = (Text("月份", "Month"), Text("收回", "Returned"), Text("平均得分", "Mean score"),
                 Text("引出措施的", "Led to action"), Text("意见未回访", "Not yet followed up"))  # fmt: skip
        return Table(heads, (40, 30, 30, 30, 30), shown, "qmsdocs register list")

    def _scores(self, rows: Iterable[Row]) -> Iterator[Decimal]:
        """The scores of those that count."""
        for row in rows:
            fields = fields_of(self.system.form_of_row(row).form)
            value, validity = (row.shown.get(fields.get(means, "")) for means in ("score", "validity"))
            try:
                if isinstance(value, (str, int)) and validity != UNCOUNTED:
                    yield Decimal(value)
            except InvalidOperation:
                continue

    def _records(self) -> Table:
        rows = [
            (item.form.number, item.form.title.of(self._language), item.revision,
             department_of(self.system, item, self.catalogue),
             period_of(item.rule, self.catalogue) if item.rule is not None else "",
             item.rule.medium.of(self._language) if item.rule is not None and item.rule.medium is not None else "")
            for item in listed(self.system)
        ]  # fmt: skip
        heads = (Text("编号", "Number"), Text("记录", "Record"), Text("版次", "Revision"), Text("部门", "Department"),
                 Text("保存期限", "Kept for"), Text("载体", "Medium"))  # fmt: skip
        return Table(heads, (24, 48, 14, 26, 20, 28), rows, "qmsdocs retention list")

    def _destruction(self) -> Table:
        late = due(self.system, on=self.system.today)
        rows = [
            (Text("到期应处置", "Due for disposal").of(self._language), str(len(late))),
            (Text("暂停销毁", "Holds in force").of(self._language), str(len(holds(self.system)))),
        ]
        return Table(
            (Text("到期与暂停", "Due and held"), Text("数量", "Count")), (120, 40), rows, "qmsdocs retention due"
        )

    def _externals(self) -> Table:
        rows = [
            (*map(self.hiding.text, (item.number, item.title, item.edition)), _day(item.checked_on), _day(item.due_on))
            for item in custody.externals(self.system)
        ]
        heads = (Text("编号", "Number"), Text("名称", "Title"), Text("版本", "Edition"),
                 Text("核对", "Checked"), Text("下次核对", "Next check"))  # fmt: skip
        return Table(heads, (34, 56, 22, 24, 24), rows, "qmsdocs document list --external")

    def _approvers(self) -> Table:
        system = self.system
        offices = Offices(system.people, system.definitions.delegations, system.today)
        names = system.people.names()
        rows = []
        for family, matrix in system.organisation.approval.items():
            people = [
                "、".join(names.get(person, person) for person in offices.able(roles))
                for roles in (matrix.prepare, matrix.review, matrix.approve)
            ]
            rows.append((self._family(family), *people))
        heads = (Text("类别", "Kind"), Text("编制", "Prepare"), Text("审核", "Review"), Text("批准", "Approve"))
        return Table(heads, (28, 60, 36, 36), rows, "qmsdocs person list")

    def _family(self, family: str) -> str:
        known = self.system.organisation.numbering.get(family)
        title = known.title if known is not None else _FAMILIES.get(family)
        return title.of(self._language) if title is not None else family

    def _deputies(self) -> Table:
        names = self.system.people.names()
        rows = [
            (item.record, names.get(item.principal, item.principal), names.get(item.deputy, item.deputy),
             _day(item.from_on), _day(item.until_on), _day(item.revoked_on))
            for item in self.system.definitions.delegations
            if item.until_on >= self.since
        ]  # fmt: skip
        heads = (Text("编号", "Number"), Text("被代理人", "For"), Text("代理人", "Deputy"), Text("自", "From"),
                 Text("至", "Until"), Text("撤销", "Recalled"))  # fmt: skip
        return Table(heads, (30, 28, 28, 25, 25, 24), rows, "qmsdocs person list")

    def _heads(self) -> Table:
        rows = []
        for site, named in self.system.organisation.site.items():
            found = journal.newest_heads(self.system.objects, site)
            if found is not None:
                events = sum(head.events for head in found.ledgers.values())
                counts = (f"{found.recorded_at:%Y-%m-%d %H:%M}", str(len(found.ledgers)), str(events))
                rows.append((named.title.of(self._language), *counts, found.stored.sha256))
        heads = (Text("地点", "Site"), Text("记下的时间", "Recorded"), Text("记录库", "Ledgers"),
                 Text("事项", "Events"), Text("校验值", "sha256"))  # fmt: skip
        return Table(heads, (22, 30, 16, 16, 76), rows, "qmsdocs head")


def _day(day: date | None) -> str:
    return day.isoformat() if day is not None else ""


def _mean(scores: Iterable[Decimal]) -> str:
    found = tuple(scores)
    return f"{sum(found) / len(found):.1f} (n={len(found)})" if found else ""
