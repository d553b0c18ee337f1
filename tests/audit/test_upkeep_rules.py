"""The rules on upkeep: each with what fires it and a near miss that it spares."""

from __future__ import annotations

import json
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from control import Company
from firm import document, firm, said

from qmsdocs.audit import upkeep
from qmsdocs.audit.scope import Scope
from qmsdocs.audit.waiving import granted
from qmsdocs.base.canonical import dumps
from qmsdocs.base.errors import QmsError
from qmsdocs.model.waiver import WAIVERS
from qmsdocs.store import journal, names
from qmsdocs.store.journal import Pen
from qmsdocs.store.lock import exclusive

EVERY = (
    "[parameter]",
    'head_every = { value = "1 month", title = "校验值留存的间隔" }',
    'restore_test_every = { value = "6 months", title = "恢复试验的间隔" }',
)
OTHER = ("[parameter]", 'restore_test_every = { value = "1 day", title = "另一件事" }')


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    """The usual small company; a procedure says how often, another one has a parameter of the same name."""
    return firm(
        tmp_path / "acme",
        {"procedures/QP-02.md": document("QP-02", *EVERY), "procedures/QP-01.md": document("QP-01", *OTHER)},
    )


def write(company: Company, series: str) -> None:
    """One more event of the journal, written now."""
    system = company.system
    with exclusive(system.place.git_folder):
        pen = Pen(system.repository, "hz", system.now, lambda: "0" * 32)
        journal.write(system.objects, pen, series, {"compared": 3})


# ── SYS901: unreadable


def test_SYS901_fires(acme: Company) -> None:
    (acme.root / "qms.toml").write_text("organisation = \n", "utf-8")
    assert "not valid TOML" in said(acme.system, upkeep.unreadable)["qms.toml"]


def test_SYS901_fires_for_waivers_in_force(tmp_path: Path) -> None:
    company = firm(tmp_path / "acme", {WAIVERS: '[[waiver]]\ncode = "DOC406"\n'})
    (company.root / WAIVERS).write_text("", "utf-8")
    assert "is missing" in said(company.system, upkeep.unreadable)[WAIVERS]
    with pytest.raises(QmsError, match="is missing"):
        granted(Scope(company.system))
    assert said(company.system, upkeep.without_right) == {}


def test_SYS901_spares(acme: Company) -> None:
    """What can be read and is wrong in what it says; and what is not there."""
    text = (acme.root / "people.toml").read_text("utf-8")
    (acme.root / "people.toml").write_text(text.replace('["quality_manager"]', '["quality_manger"]'), "utf-8")
    (acme.root / "procedures/QP-01.md").unlink()
    assert said(acme.system, upkeep.unreadable) == {}


# ── SYS902: unknown key


def test_SYS902_fires_for_a_file(acme: Company) -> None:
    text = (acme.root / "qms.toml").read_text("utf-8")
    (acme.root / "qms.toml").write_text(text.replace("organisation", "organization", 1), "utf-8")
    assert 'did you mean "organisation"?' in said(acme.system, upkeep.unknown_key)["qms.toml"]
    assert said(acme.system, upkeep.unreadable) == {}


def test_SYS902_fires(acme: Company) -> None:
    """An event of the journal that a later program might have written."""
    write(acme, journal.HEADS)
    renew(acme, colour="blue")
    assert said(acme.system, upkeep.unknown_key) == {
        "HEADS-HZ-000002": "the act issue holds keys this program does not know: colour"
    }


def test_SYS902_spares(acme: Company) -> None:
    """New names among the values of an event are its form's own."""
    write(acme, journal.HEADS)
    renew(acme, set={"ledgers": {}, "colour": "blue"})
    assert said(acme.system, upkeep.unknown_key) == {}


def renew(company: Company, **changes: object) -> None:
    """The newest heads event written once more, as the next one, with these keys."""
    branch = names.journal_of("hz")
    newest = journal.newest(company.system.objects, "hz", journal.HEADS)
    assert newest is not None
    body = {**json.loads(newest.data), **changes}
    body["record"] = {"number": "HEADS-HZ-000002", "series": "heads", "serial": 2}
    git(company.root, "read-tree", branch)
    oid = git(company.root, "hash-object", "-w", "--stdin", data=dumps(body)).strip()
    path = names.event_path("heads", 2, 1, "issue")
    git(company.root, "update-index", "--add", "--cacheinfo", f"100644,{oid},{path}")
    tree = git(company.root, "write-tree").strip()
    made = git(company.root, "commit-tree", tree, "-p", branch, data=b"x").strip()
    git(company.root, "update-ref", f"refs/heads/{branch}", made)


def git(root: Path, *words: str, data: bytes = b"") -> str:
    return subprocess.run(
        ["git", "-C", str(root), "-c", "user.name=x", "-c", "user.email=x@y", *words],
        input=data,
        capture_output=True,
        check=True,
    ).stdout.decode()


# ── SYS907: too late


def test_SYS907_fires(acme: Company) -> None:
    acme.later(days=31)
    assert f"{acme.system.today}" == "2026-12-02"
    assert said(acme.system, upkeep.overdue) == {
        "qms/journal/hz": "the hashes were last recorded on 2026-11-01; due every 1 month"
    }
    write(acme, journal.HEADS)
    assert said(acme.system, upkeep.overdue) == {}


def test_SYS907_fires_for_restoring(acme: Company) -> None:
    acme.later(days=182)
    write(acme, journal.HEADS)
    assert said(acme.system, upkeep.overdue) == {"hz": "restoring a backup was never tried; due every 6 months"}
    write(acme, upkeep.RESTORES)
    assert said(acme.system, upkeep.overdue) == {}
    acme.later(days=190)
    write(acme, journal.HEADS)
    assert said(acme.system, upkeep.overdue) == {
        "hz": "restoring a backup was last tried on 2027-05-02; due every 6 months"
    }


def test_SYS907_spares(acme: Company) -> None:
    """The last day."""
    acme.later(days=30)
    assert f"{acme.system.today}" == "2026-12-01"
    assert said(acme.system, upkeep.overdue) == {}
    acme.later(days=151)
    write(acme, journal.HEADS)
    assert f"{acme.system.today}" == "2027-05-01"
    assert said(acme.system, upkeep.overdue) == {}


def test_SYS907_says_nothing_where_no_procedure_fixes_it(tmp_path: Path) -> None:
    company = firm(tmp_path / "acme", {"procedures/QP-01.md": document("QP-01", *OTHER)})
    system = company.system.refreshed(company.now + timedelta(days=900))
    assert said(system, upkeep.overdue) == {}


# ── SYS908: strange files


def test_SYS908_fires(acme: Company) -> None:
    for path in ("records/投诉 2026.xlsx", "records/old/scan.pdf", "records/registers/notes.txt"):
        (acme.root / path).parent.mkdir(parents=True, exist_ok=True)
        (acme.root / path).write_bytes(b"x")
    (acme.root / "records/retention-2.toml").symlink_to("/etc/hostname")
    found = said(acme.system, upkeep.strange)
    assert sorted(found) == [
        "records/old/scan.pdf",
        "records/registers/notes.txt",
        "records/retention-2.toml",
        "records/投诉 2026.xlsx",
    ]


def test_SYS908_spares(acme: Company) -> None:
    """Issued pages, definitions, and what a computer leaves behind."""
    for path in ("README.md", "registers/actions.toml", "issued/QR-14-04/2026/TS-1.pdf", ".DS_Store", "Thumbs.db"):
        (acme.root / "records" / path).parent.mkdir(parents=True, exist_ok=True)
        (acme.root / "records" / path).write_bytes(b"")
    assert said(acme.system, upkeep.strange) == {}
