"""The rules on documents in use, each fired and spared by what people do at the desk."""

from __future__ import annotations

from datetime import datetime

import pytest
from firm import said
from program import ZONE, Make, Program

from qmsdocs.audit import custody
from qmsdocs.system.view import System, open_system

READERS = ("zhou.min", "chen.jing", "wang.fang", "zhang.wei", "sun.hao", "zheng.kai", "feng.lan", "xu.jing")


@pytest.fixture(scope="module")
def desk(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """A repository begun on Saturday 21 November 2026, its starter pack in force on trial."""
    return make(tmp_path_factory.mktemp("custody") / "acme")


def on(desk: Program, written: str) -> System:
    """The system at a moment."""
    now = datetime.fromisoformat(written).replace(tzinfo=ZONE)
    return open_system(desk.root, now=now, machine="desk")


def done(desk: Program, *words: object) -> None:
    """Nothing; the command was carried out."""
    found = desk(*words)
    assert found.code == 0, found.err


def test_DOC407_fires(desk: Program) -> None:
    found = said(on(desk, "2027-11-22 09:00"), custody.review_overdue)
    assert found["QP-14"] == "QP-14 A/0 is to be reviewed by 2027-11-21" and len(found) > 20


def test_DOC407_spares(repository: Program) -> None:
    """The last day; and a document that was reviewed."""
    desk = repository
    assert said(on(desk, "2027-11-21 23:00"), custody.review_overdue) == {}
    late = desk.later(datetime(2027, 11, 20, 9, tzinfo=ZONE))
    done(late, "document", "review", "QP-18", "--verdict", "keep", "-m", "仍然适用", "--as", "chen.jing")
    [record] = late.all_numbers("QR-01-06")
    assert "QP-18" in said(on(desk, "2027-11-22 09:00"), custody.review_overdue)
    done(late, "record", "advance", record, "approve", "--as", "li.ming", "--no-pages")
    assert "QP-18" not in said(on(desk, "2027-11-22 09:00"), custody.review_overdue)


@pytest.fixture(scope="module")
def revised(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Two copies of QP-01 were out when its next revision took effect on 1 December; one came back the day after."""
    desk = make(tmp_path_factory.mktemp("copies") / "acme")
    for copy, department in (("3", "工程部"), ("4", "营销部")):
        done(desk, "document", "distribute", "QP-01", "--to", department, "--copy", copy, "--no-pages")
    path = desk.root / "procedures/QP-01.md"
    path.write_text(path.read_text("utf-8") + "\n补充一段说明。\n", "utf-8")
    done(desk, "document", "submit", "QP-01", "-m", "补充说明", "--as", "wang.fang")
    done(desk, "document", "review", "QP-01", "--as", "li.ming")
    done(desk, "document", "approve", "QP-01", "--effective", "2026-12-01", "--as", "zhao.lei")
    late = desk.later(datetime(2026, 12, 2, 9, tzinfo=ZONE))
    done(late, "document", "distribute", "QP-01", "--return", "3", "--set", "condition=complete",
         "--set", "returned_by=郑凯", "--set", "recall_reason=superseded", "--no-pages")  # fmt: skip
    return desk


def test_DOC410_fires(revised: Program) -> None:
    [found] = said(on(revised, "2026-12-05 09:00"), custody.copy_not_recalled).values()
    assert found == "QP-01 A/0: copy 4 is still with 营销部, not in force since 2026-12-01"


def test_DOC410_spares(revised: Program) -> None:
    """Before the new revision takes effect, and within three working days after."""
    assert said(on(revised, "2026-11-30 12:00"), custody.copy_not_recalled) == {}
    assert said(on(revised, "2026-12-04 17:00"), custody.copy_not_recalled) == {}


def test_DOC411_fires(desk: Program) -> None:
    found = said(on(desk, "2026-11-27 18:00"), custody.unread_by_required)
    assert sorted(found) == ["QM-01", "QP-01", "QP-02"]
    assert "王芳" in found["QP-02"] and "王芳" in found["QM-01"] and "赵磊" not in found["QP-02"]


def test_DOC411_spares(desk: Program) -> None:
    """Within five working days, and once everybody has read it."""
    assert said(on(desk, "2026-11-27 17:00"), custody.unread_by_required) == {}
    for person in READERS:
        assert "QM-01" in said(on(desk, "2026-11-27 18:00"), custody.unread_by_required)
        done(desk, "document", "acknowledge", "QM-01", "--as", person, "--no-pages")
    assert "QM-01" not in said(on(desk, "2026-11-27 18:00"), custody.unread_by_required)


@pytest.fixture(scope="module")
def external(desk: Program) -> str:
    """The number of a document of external origin, to be checked again by 1 April."""
    values = {
        "document": "GB/T 19010-2021", "kind": "standard", "document_title": "标准", "issuer": "主管部门",
        "edition": "2021", "registered_on": "2026-10-01", "keeper": "wang.fang", "department": "质量管理部",
        "kept_at": "文控室", "checked_on": "2026-10-01", "checked_by": "wang.fang", "checked_where": "标准网",
        "result": "valid",
    }  # fmt: skip
    done(desk, "record", "issue", desk.draft("external.json", "QR-01-05", values), "--no-pages")
    [record] = desk.all_numbers("QR-01-05")
    return record


def test_DOC418_fires(desk: Program, external: str) -> None:
    assert said(on(desk, "2027-04-02 09:00"), custody.external_check_overdue) == {
        external: "whether GB/T 19010-2021 is still valid was to be checked by 2027-04-01"
    }


def test_DOC418_spares(desk: Program, external: str) -> None:
    assert desk.record(external)["state"] == "valid"
    assert said(on(desk, "2027-04-01 23:00"), custody.external_check_overdue) == {}
