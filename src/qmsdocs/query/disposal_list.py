"""Tables of disposal: what is to be destroyed, what a certificate lists (销毁清册), and the certificates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from qmsdocs.base.errors import QmsError
from qmsdocs.base.language import Catalogue, Language, Text
from qmsdocs.model.quantity import parse
from qmsdocs.query.cell import columns, iso
from qmsdocs.query.retention import Kept, ledger_title, waits
from qmsdocs.render.table import Cell, Grid, Kind
from qmsdocs.store import journal, names
from qmsdocs.store.certificate import Certificate, Disposed
from qmsdocs.system.view import System

TITLE = Text("销毁清册", "List of records destroyed")
REASONS = {
    "period": Text("保存期满", "period ended"),
    "erasure": Text("本人要求删除", "erasure on request"),
    "transfer": Text("已移交", "handed over"),
}
STATES = {
    "waiting": Text("待监销", "waits for witnesses"),
    "carried_out": Text("已处置", "carried out"),
    "dropped": Text("已撤回", "given up"),
}
_RECORDS = {
    "position": (Text("序号", "No."), Kind.NUMBER, 11),
    "title": (Text("题名", "Title"), Kind.TEXT, 38),
    "year": (Text("年度", "Year"), Kind.TEXT, 13),
    "number": (Text("编号", "Number"), Kind.TEXT, 34),
    "period": (Text("保存期限", "Period"), Kind.TEXT, 18),
    "kept": (Text("已保管", "Kept"), Kind.TEXT, 20),
    "count": (Text("数量", "Count"), Kind.TEXT, 24),
    "reason": (Text("原因", "Reason"), Kind.TEXT, 27),
}
_PLANNED = {
    "number": (Text("编号", "Number"), Kind.TEXT, 34),
    "title": (Text("题名", "Title"), Kind.TEXT, 42),
    "class": (Text("记录类别", "Class"), Kind.TEXT, 34),
    "trigger_on": (Text("起算日期", "Counted from"), Kind.DATE, 24),
    "due_on": (Text("到期日期", "Due"), Kind.DATE, 24),
}
_CERTIFICATES = {
    "number": (Text("编号", "Number"), Kind.TEXT, 32),
    "ledger": (Text("记录库", "Ledger"), Kind.TEXT, 44),
    "records": (Text("件数", "Records"), Kind.NUMBER, 16),
    "state": (Text("状态", "State"), Kind.TEXT, 24),
    "by": (Text("批准人", "Authorised by"), Kind.TEXT, 24),
    "witnesses": (Text("监销人", "Witnesses"), Kind.TEXT, 40),
    "drawn_up_on": (Text("批准日期", "Drawn up"), Kind.DATE, 24),
    "carried_out_on": (Text("处置日期", "Carried out"), Kind.DATE, 24),
}


def is_ours(system: System, item: Kept) -> bool:
    """Whether the record lies in a ledger of records that the site of this command writes."""
    name = names.parse_branch(item.row.ledger)
    return name is not None and name.kind is names.Kind.RECORDS and journal.belongs(item.row.ledger, system.site)


def planned_grid(system: System, items: Sequence[Kept], *, catalogue: Catalogue) -> Grid:
    """What is to be destroyed."""
    language, classes = catalogue.language, system.schedule.class_
    rows = tuple(
        (
            item.row.number,
            system.form_of_row(item.row).form.title.of(language),
            classes[item.retention].title.of(language) if item.retention in classes else item.retention,
            iso(item.trigger_on),
            iso(item.due_on),
        )
        for item in items
    )
    return Grid(TITLE.of(language), "", columns(_PLANNED, catalogue), rows)


def grid(item: Certificate, *, catalogue: Catalogue) -> Grid:
    """The records of a certificate, as the list of destruction shows them."""
    rows = tuple(_row(position, record, item, catalogue) for position, record in enumerate(item.records, 1))
    return Grid(TITLE.of(catalogue.language), item.number, columns(_RECORDS, catalogue), rows)


def _row(position: int, record: Disposed, item: Certificate, catalogue: Catalogue) -> tuple[Cell, ...]:
    language = catalogue.language
    until = item.carried_out_on or item.events[0].event.recorded_at.date()
    attached = Text(f"，附件{record.attachments}个", f", attachments: {record.attachments}")
    return (
        position,
        record.title,
        str(record.year),
        record.number,
        _period(record.period, language),
        age(record.trigger_on, until).of(language),
        Text("1件", "1").of(language) + (attached.of(language) if record.attachments else ""),
        REASONS[record.reason].of(language) if record.reason in REASONS else record.reason,
    )


def _period(written: str, language: Language) -> str:
    """The period as a reader of `language` writes it, in whatever language it was noted."""
    try:
        return parse(written).of(language)
    except QmsError:
        return written


def age(begun: date | None, until: date) -> Text:
    """How long a record was kept since its period began, in whole years and months; a dash where it never began."""
    if begun is None or until < begun:
        return Text("–", "–")
    months = (until.year - begun.year) * 12 + until.month - begun.month - (until.day < begun.day)
    years, months = divmod(months, 12)
    zh = f"{years}年" * bool(years) + f"{months}个月" * bool(months)
    en = " ".join(_english(years, months))
    return Text(zh or "不满1个月", en or "less than a month")


def _english(years: int, months: int) -> Iterator[str]:
    for count, name in ((years, "year"), (months, "month")):
        if count:
            yield f"{count} {name}{'s' if count > 1 else ''}"


def certificates_grid(system: System, found: Sequence[Certificate], *, catalogue: Catalogue) -> Grid:
    """The certificates and where each stands."""
    language, people = catalogue.language, system.people.names()
    rows = tuple(
        (
            item.number,
            catalogue.say("{said}", said=ledger_title(system, item.ledger)),
            len(item.records),
            STATES[state_of(system, item)].of(language),
            people.get(item.authority, item.authority),
            catalogue.say("{names}", names=tuple(people.get(person, person) for person in item.witnesses)),
            item.events[0].event.recorded_at.date().isoformat(),
            iso(item.carried_out_on),
        )
        for item in found
    )
    return Grid(Text("处置证明", "Certificates of disposal").of(language), "", columns(_CERTIFICATES, catalogue), rows)


def state_of(system: System, item: Certificate) -> str:
    """Where a certificate stands: waiting, carried_out or dropped."""
    return "carried_out" if item.is_carried_out else "waiting" if waits(system, item) else "dropped"
