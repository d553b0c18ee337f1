"""Registers: columns of one form and of several, their order, their period, and the marks of what is overdue."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from program import CALL, COMPLAINT, LIAISON
from story import Desk

from qmsdocs.base.errors import QmsError
from qmsdocs.base.language import Catalogue, Language, Text
from qmsdocs.query.cell import CellWriter, elapsed
from qmsdocs.query.overview import as_json, lines, overview
from qmsdocs.query.register import Definition, definition, definitions, grid, listing
from qmsdocs.render.table import Grid, Kind
from qmsdocs.store.index import Filter

ZH, EN = Catalogue.load(Language.ZH), Catalogue.load(Language.EN)
CLERK, MANAGER = "zhang.wei", "chen.jing"
GRADED = {
    "nature": "grievance",
    "same_province": True,
    "lawsuit": "none",
    "media": "none",
    "needs_others": False,
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A few cases at different stages; it is noon of 21 November 2026, a Saturday."""
    desk = Desk.begun(tmp_path_factory.mktemp("registers") / "acme", "2026-11-01 08:00")
    closed = desk.issue("2026-11-02 10:00", "QR-14-04", **{**COMPLAINT, "received_at": "2026-11-02 09:00"})
    desk.step("2026-11-02 11:00", closed, "classify", by=CLERK, people_together=2, **GRADED)
    desk.step("2026-11-03 12:00", closed, "settle", by=CLERK, answer="已解释。")
    desk.step("2026-11-03 13:00", closed, "visit", by=MANAGER, visited_by="陈静", satisfied="very")
    desk.step("2026-11-06 17:00", closed, "close", by=MANAGER, effect="好")
    late = desk.issue(
        "2026-11-10 10:00", "QR-14-04", **{**COMPLAINT, "received_at": "2026-11-10 09:00", "customer": "周喆"}
    )
    desk.step("2026-11-10 11:00", late, "classify", by=CLERK, people_together=12, **GRADED)
    void = desk.issue(
        "2026-11-10 12:00", "QR-14-04", **{**COMPLAINT, "received_at": "2026-11-10 09:00", "customer": "吴昇"}
    )
    desk.void("2026-11-10 13:00", void, "重复", replaced_by=late)
    call = desk.issue(
        "2026-11-20 10:00", "QR-14-03", **{**CALL, "kind": "complaint", "accepted_at": "2026-11-20 09:30"}
    )
    desk.raise_("2026-11-20 10:10", call, "complaint", problem="设备设施")
    desk.issue("2026-11-20 11:00", "QR-04-01", **LIAISON)
    desk.at("2026-11-21 12:00")
    return desk


def shown(found: Grid, *columns: str) -> list[tuple[object, ...]]:
    places = [[column.name for column in found.columns].index(name) for name in columns]
    return [tuple(row[place] for place in places) for row in found.rows]


def test_the_registers_in_force(desk: Desk) -> None:
    names = [item.name for item in definitions(desk.system)]
    assert names == [
        *("change_requests", "document_copies", "readings", "external_documents", "document_reviews"),
        *("lent_records", "liaison", "surveys", "customer_information", "complaints", "action_requests", "reports_8d"),
        *("actions", "customer_contacts", "documents"),
    ]
    with pytest.raises(QmsError, match="there is no register complaint; there are change_requests"):
        definition(desk.system, "complaint")


def test_the_complaint_register(desk: Desk) -> None:
    found = grid(desk.system, definition(desk.system, "complaints"), catalogue=ZH)
    assert found.title == "客户投诉登记表" and found.subtitle == ""
    assert shown(found, "number", "channel", "customer", "problem", "level", "received_by", "state", "closed_on") == [
        ("TS-HZ-2026-0001", "电话", "林玥", "渗漏", "一般", "张伟", "已结案", "2026-11-06"),
        ("TS-HZ-2026-0002", "电话", "周喆", "渗漏", "重大", "张伟", "已判定", None),
        ("TS-HZ-2026-0003", "电话", "吴昇", "渗漏", None, "张伟", "注销", None),
        ("TS-HZ-2026-0004", "电话", "欧阳昇", "设备设施", None, "王芳", "已受理", None),
    ]
    kinds = {column.name: column.kind for column in found.columns}
    assert kinds["received_at"] is Kind.DATETIME and kinds["closed_on"] is Kind.DATE and kinds["number"] is Kind.TEXT
    assert kinds["clock.answering.due_at"] is Kind.DATETIME
    assert shown(found, "received_at", "clock.answering.due_at", "clock.handling")[0] == (
        "2026-11-02T09:00:00+08:00",
        "2026-11-04T17:30:00+08:00",
        "1天3小时",
    )
    titles = {column.name: column.title for column in found.columns}
    assert titles["customer"] == "客户姓名" and titles["number"] == "编号"


def test_what_is_overdue_is_marked_and_what_is_void_is_not(desk: Desk) -> None:
    found = grid(desk.system, definition(desk.system, "complaints"), catalogue=EN)
    assert {place for place in found.overdue if place[1] == "clock.answering.due_at"} == {(1, "clock.answering.due_at")}
    later = replace(desk.system, now=desk.system.now.replace(year=2027))
    again = grid(later, definition(later, "complaints"), catalogue=EN)
    assert {row for row, column in again.overdue if column == "clock.answering.due_at"} == {1, 3}


def test_the_period_is_that_of_the_opening_both_days_included(desk: Desk) -> None:
    register = definition(desk.system, "complaints")
    found = grid(desk.system, register, catalogue=EN, opened_from=date(2026, 11, 10), opened_to=date(2026, 11, 19))
    assert [row[0] for row in found.rows] == ["TS-HZ-2026-0002", "TS-HZ-2026-0003"]
    assert found.subtitle == "2026-11-10 to 2026-11-19"
    assert grid(desk.system, register, catalogue=EN, opened_from=date(2026, 11, 11)).subtitle == "2026-11-11 to …"
    assert len(grid(desk.system, register, catalogue=EN, opened_to=date(2026, 11, 2)).rows) == 1


def test_a_register_over_several_forms_names_its_columns_by_what_they_mean(desk: Desk) -> None:
    found = grid(desk.system, definition(desk.system, "customer_contacts"), catalogue=ZH)
    assert shown(found, "number", "opened_at", "customer", "place", "level", "owner") == [
        ("TS-HZ-2026-0001", "2026-11-02T09:00:00+08:00", "林玥", "绿汀苑3幢", "一般", "张伟"),
        ("TS-HZ-2026-0002", "2026-11-10T09:00:00+08:00", "周喆", "绿汀苑3幢", "重大", "张伟"),
        ("TS-HZ-2026-0003", "2026-11-10T09:00:00+08:00", "吴昇", "绿汀苑3幢", None, "张伟"),
        ("XX-HZ-2026-0001", "2026-11-20T09:30:00+08:00", "欧阳昇", "栖枫园5幢", None, "王芳"),
        ("TS-HZ-2026-0004", "2026-11-20T09:30:00+08:00", "欧阳昇", "栖枫园5幢", None, "王芳"),
    ]
    assert {column.name: column.title for column in found.columns}["owner"] == "责任人"


def register(*columns: str, order: tuple[str, ...] = ("number",), forms: tuple[str, ...] = ("QR-14-04",)) -> Definition:
    return Definition("own", Text("自定", "Own"), forms, columns, order)


def test_numbers_are_ordered_as_numbers_and_what_is_empty_comes_last(desk: Desk) -> None:
    found = grid(desk.system, register("number", "people_together", order=("people_together", "number")), catalogue=EN)
    assert found.rows == (
        ("TS-HZ-2026-0001", 2),
        ("TS-HZ-2026-0002", 12),
        ("TS-HZ-2026-0003", None),
        ("TS-HZ-2026-0004", None),
    )
    by_customer = grid(desk.system, register("customer", order=("customer",)), catalogue=EN)
    assert [row[0] for row in by_customer.rows] == sorted(str(row[0]) for row in by_customer.rows)


def test_columns_every_record_has(desk: Desk) -> None:
    found = grid(
        desk.system,
        register("number", "form", "revision", "state", "opened_on", "closed_on", "days_open"),
        catalogue=EN,
    )
    assert found.rows == (
        ("TS-HZ-2026-0001", "QR-14-04", "A/0", "Closed", "2026-11-02", "2026-11-06", 4),
        ("TS-HZ-2026-0002", "QR-14-04", "A/0", "Classified", "2026-11-10", None, 11),
        ("TS-HZ-2026-0003", "QR-14-04", "A/0", "void", "2026-11-10", None, None),
        ("TS-HZ-2026-0004", "QR-14-04", "A/0", "Received", "2026-11-20", None, 1),
    )
    assert [column.kind for column in found.columns][4:] == [Kind.DATE, Kind.DATE, Kind.NUMBER]


def test_columns_of_clocks_and_raises_where_a_form_has_none(desk: Desk) -> None:
    columns = ("number", "clock.accepting.due_at", "clock.report", "raise.complaint")
    found = grid(
        desk.system, register(*columns, forms=("QR-14-04", "QR-14-03"), order=("opened_at", "number")), catalogue=EN
    )
    assert found.rows[0][:2] == ("TS-HZ-2026-0001", None)
    call = next(row for row in found.rows if row[0] == "XX-HZ-2026-0001")
    assert call[1] == "2026-11-20T11:30:00+08:00" and call[2] is None and call[3] == "TS-HZ-2026-0004"
    assert [column.title for column in found.columns][1:3] == ["Take on: due", "Tell the service clerk"]


def test_records_of_any_form_as_a_list(desk: Desk) -> None:
    rows = tuple(desk.system.index.records(Filter(forms=desk.system.form_numbers)))
    found = listing(desk.system, rows, catalogue=ZH)
    assert ("LX-HZ-2026-0001", "工作联系单", "已发出", "2026-11-18", None, "请到场查明渗漏原因") in found.rows
    assert ("TS-HZ-2026-0003", "客户投诉处理记录", "注销", "2026-11-10", "吴昇", "渗漏") in found.rows
    assert listing(desk.system, (), catalogue=ZH).rows == ()


def test_what_a_manager_looks_at_first(desk: Desk) -> None:
    seen = overview(desk.system)
    counts = {item.form: (item.total, item.still_open, item.void) for item in seen.counts}
    assert counts["QR-14-04"] == (4, 2, 1) and counts["QR-14-03"] == (1, 1, 0) and counts["QR-18-02"] == (0, 0, 0)
    assert [(item.number, item.title.en) for item in seen.overdue] == [
        ("TS-HZ-2026-0002", "Answer the customer"),
        ("LX-HZ-2026-0001", "Take on"),
        ("TS-HZ-2026-0004", "Tell the service clerk"),
        ("XX-HZ-2026-0001", "Take on"),
    ]
    said = "\n".join(lines(seen, ZH))
    assert "超期" in said and "TS-HZ-2026-0002" in said and "张伟" in said and "zhang.wei" not in said
    assert as_json(seen, Language.EN)["site"] == "hz"
    assert seen.writes_here and seen.trial_until == date(2027, 5, 1)


def test_nothing_overdue_is_said_too(tmp_path: Path) -> None:
    seen = overview(Desk.begun(tmp_path / "acme").system)
    assert seen.overdue == () and "No time limit has run out." in list(lines(seen, EN))


def test_values_as_cells(desk: Desk) -> None:
    form = desk.system.form_for("QR-18-02").form
    writer = CellWriter(form, {"sun.hao": "孙浩"}, ZH)
    rows = [
        {"place": "3幢", "action": "封堵", "checked": 40, "found": 0, "owner": "sun.hao", "started_on": "2026-09-22"}
    ]
    text = writer.cell(form.field["containment"], rows)  # type: ignore[arg-type]
    assert isinstance(text, str) and text.startswith("1  ") and "检查数：40" in text and "孙浩" in text
    fixed = writer.cell(form.field["is_is_not"], {"what": {"it_is": "外窗"}})
    assert isinstance(fixed, str) and fixed.startswith("什么") and "外窗" in fixed
    assert writer.cell(form.field["warranted"], False) == "否"
    assert writer.cell(form.field["answer_d3_within"], "4 hours") == "4小时"
    assert writer.cell(form.field["documents_to_change"], ["fmea", "drawing"]) == "FMEA、图纸或规范"
    assert writer.cell(form.field["checked_total"], 0) == 0
    assert writer.cell(form.field["customer"], None) is None
    assert writer.cell(form.field["evidence"], [{"name": "一.jpg", "size": 1, "sha256": "a"}]) == "一.jpg"
    assert writer.words(form.field["known_since"], "2026-11-20T09:05:00+08:00") == "2026-11-20 09:05"


def test_stretches_of_time() -> None:
    assert elapsed(timedelta(days=2, hours=5, minutes=59), EN) == "2 d 5 h"
    assert elapsed(timedelta(hours=23, minutes=59, seconds=59), EN) == "23 h 59 min"
    assert elapsed(timedelta(), ZH) == "0小时0分钟"
