"""The certificate of disposal as pages to sign and file (销毁清册), for electronic records and paper originals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from qmsdocs.acts.objections import order_of
from qmsdocs.base.errors import QmsError
from qmsdocs.base.language import Catalogue, Language, Text
from qmsdocs.model.release import ItemKind
from qmsdocs.model.retention import SCHEDULE, RetentionClass
from qmsdocs.query import disposal_list
from qmsdocs.query.retention import ledger_title, waits
from qmsdocs.render.document_words import Head
from qmsdocs.render.prose import Block
from qmsdocs.render.statement import Signer, Statement, grid, heading, listing, paragraph
from qmsdocs.store import names
from qmsdocs.store.certificate import CARRY_OUT, Certificate
from qmsdocs.system.view import System

FORMATS = ("pdf", "docx")
_KIND = Text("记录处置证明", "Certificate of disposal")
_NUMBER, _DRAWN, _DONE = Text("编　号", "Number"), Text("批准日期", "Authorised"), Text("销毁日期", "Carried out")
_PAGE = Text("页　码", "Page")
_LIST, _ORDER = Text("清册", "Records"), Text("依据和方式", "Authority and method")
_SIGNED, _REACH = Text("电子签名", "Electronic signatures"), Text("程序够不到之处", "Beyond the reach of the program")
_HASHES = Text("最后校验值", "Last hashes")
_FOOT = Text(
    "{number}　永久保存；记录的内容不在本证明中", "{number} · kept for good; no content of the records is in it"
)
_ACTS = {
    "issue": Text("批准", "Authorised"),
    "witness": Text("监销", "Witnessed"),
    "carry_out": Text("执行销毁", "Carried out"),
    "drop": Text("撤回", "Given up"),
}
_PROGRAM = Text("程序", "the program")
_CARRIED_OUT = Text(
    "{witness}作为最后一名监销人签署后，由程序执行销毁；批准人{authority}对此负责。",
    "The program carried it out on the signature of the last witness, {witness}; {authority}, who authorised it, is "
    "responsible.",
)
_WAITED_FOR = Text("待签", "waited for")
_WIDTHS = (13, 34, 14, 38, 20, 18, 22, 28)  # mm of the list, in the order of its columns
_DEPARTMENT, _APPROVED, _WITNESS = Text("部门意见", "Department"), Text("批准", "Approved"), Text("监销人", "Witness")


def pages(system: System, item: Certificate, language: Language, format: str) -> bytes:
    """The certificate as `pdf` or `docx`. Raises QmsError, PdfUnavailable."""
    statement = _statement(system, item, Catalogue.load(language))
    match format:
        case "pdf":
            from qmsdocs.render.statement_html import statement_pdf

            return statement_pdf(statement)
        case "docx":
            from qmsdocs.render.statement_docx import statement_docx

            return statement_docx(statement)
        case _:
            raise QmsError("{format}: must be one of {allowed}", format=format, allowed=FORMATS)


def _statement(system: System, item: Certificate, catalogue: Catalogue) -> Statement:
    language = catalogue.language
    drawn = item.events[0].event.recorded_at.astimezone(system.zone)
    state = disposal_list.STATES[disposal_list.state_of(system, item)]
    cells = (
        (_NUMBER.of(language), item.number),
        (_DRAWN.of(language), drawn.date().isoformat()),
        (_DONE.of(language), item.carried_out_on.isoformat() if item.carried_out_on else state.of(language)),
        (_PAGE.of(language), None),
    )
    organisation = system.organisation.organisation.of(language)
    head = Head(organisation, _KIND.of(language), disposal_list.TITLE.of(language), cells)
    foot, people = _FOOT.of(language).format(number=item.number), system.people.names()
    rule = _rule(system, item)
    department = rule.department.of(language) if rule is not None and rule.department is not None else ""
    signing = (
        Signer(_DEPARTMENT, department),
        Signer(_APPROVED, people.get(item.authority, item.authority)),
        *(Signer(_WITNESS, people.get(person, person)) for person in order_of(item).witnesses),
    )
    return Statement(head, language, drawn, tuple(_blocks(system, item, catalogue)), signing, foot)


def _rule(system: System, item: Certificate) -> RetentionClass | None:
    """The class of the records as the schedule had it when the certificate was drawn up."""
    found = names.parse_branch(item.ledger)
    schedule = system.definitions.schedule(on=_drawn_on(system, item))
    return schedule.class_.get(found.retention) if found is not None else None


def _drawn_on(system: System, item: Certificate) -> date:
    return item.events[0].event.recorded_at.astimezone(system.zone).date()


def _blocks(system: System, item: Certificate, catalogue: Catalogue) -> Iterator[Block]:
    language = catalogue.language
    yield heading("1", _LIST.of(language))
    listed = disposal_list.grid(item, catalogue=catalogue)
    rows = [[str(cell if cell is not None else "") for cell in row] for row in listed.rows]
    yield grid([column.title for column in listed.columns], rows, _WIDTHS)
    yield heading("2", _ORDER.of(language))
    yield grid(_two(Text("项目", "What"), Text("内容", "Said"), language), _said(system, item, catalogue), (28, 132))
    yield heading("3", _SIGNED.of(language))
    heads = (Text("事项", "Act"), Text("姓名", "Name"), Text("时间", "Time"), Text("校验值", "Hash"))
    yield grid([title.of(language) for title in heads], _signatures(system, item, language), (26, 34, 46, 54))
    if item.is_carried_out:
        people = system.people.names()
        by, last = (people.get(person, person) for person in (item.authority, item.counted[-1].event.by))
        yield paragraph(_CARRIED_OUT.of(language).format(witness=last, authority=by))
    yield heading("4", _REACH.of(language))
    reach = item.said.get("beyond_reach")
    yield listing(str(text) for text in reach) if isinstance(reach, list) and reach else paragraph("/")
    yield heading("5", _HASHES.of(language))
    yield grid(_two(Text("编号", "Number"), Text("SHA-256", "SHA-256"), language),
               [(record.number, record.last) for record in item.records], (40, 120))  # fmt: skip


def _two(first: Text, second: Text, language: Language) -> tuple[str, str]:
    return first.of(language), second.of(language)


def _said(system: System, item: Certificate, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    language, order, rule = catalogue.language, order_of(item), _rule(system, item)
    count = Text(f"{len(item.records)}件", f"{len(item.records)}")
    for title, said in (
        (Text("记录", "Records"), catalogue.say("{said}", said=ledger_title(system, item.ledger))),
        (Text("件数", "Count"), count.of(language)),
        (Text("保存期限表", "Schedule"), _schedule(system, item, language)),
        (Text("期限依据", "Basis"), rule.basis.of(language) if rule is not None else ""),
        (Text("提出人", "Requested by"), order.requested_by),
        (Text("法定期限核对", "Law checked"), order.law_checked),
        (Text("部门意见", "Department"), order.opinion or ""),
        (Text("批准理由", "Reason"), item.events[0].event.text("reason")),
        (Text("销毁方式", "Method"), order.method),
        (Text("销毁地点", "Place"), order.place),
        (Text("纸质原件", "Paper originals"), order.paper),
    ):
        if said is not None:
            yield title.of(language), said


def _schedule(system: System, item: Certificate, language: Language) -> str:
    """The revision of the schedule the records were judged by."""
    found = system.definitions.release(ItemKind.CONFIGURATION, SCHEDULE, on=_drawn_on(system, item))
    words = Text("{revision}，{day} 起实施", "{revision}, in force since {day}")
    return words.of(language).format(revision=found.revision, day=found.effective_on or "-")


def _signatures(system: System, item: Certificate, language: Language) -> Iterator[tuple[str, str, str, str]]:
    people = system.people.names()
    for stored in item.events:
        event = stored.event
        mark = event.sha256[:8].upper() if event.mapping("signer") else ""
        title = _ACTS[event.act].of(language) if event.act in _ACTS else event.act
        at = event.recorded_at.astimezone(system.zone)
        by = _PROGRAM.of(language) if event.act == CARRY_OUT else people.get(event.by, event.by)
        yield title, by, f"{at:%Y-%m-%d %H:%M}", mark
    for person in order_of(item).witnesses if waits(system, item) else ():
        if person not in item.witnesses:
            yield _ACTS["witness"].of(language), people.get(person, person), _WAITED_FOR.of(language), ""
