"""docs/json.md, the sections on the audit, its rules, backups and disposal: nothing missing, nothing more."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from destruction import ORDER, begun, done, due, ended
from json_page import compare
from program import Make, Program

WAIVER = """format = 1

[[waiver]]
code = "DOC402"
subject = "*"
reason = "新体系试行"
approved_by = "zhao.lei"
expires = 2027-05-21
"""


@pytest.fixture(scope="module")
def desk(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A company with keys and a schedule of its own, which has accepted a finding."""
    home = tmp_path_factory.mktemp("audit")
    (home / "phrase").write_text("correct horse battery\n", "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QMSDOCS_KEYS", str(home / "keys"))
        patch.setenv("QMSDOCS_PASSPHRASE_FILE", str(home / "phrase"))
        made = begun(make, home / "acme")
        (made.root / "waivers.toml").write_text(WAIVER, "utf-8")
        done(made, "document", "submit", "waivers.toml", "--as", "wang.fang", "-m", "试行期间")
        done(made, "document", "review", "waivers.toml", "--as", "li.ming")
        done(made, "document", "approve", "waivers.toml", "--as", "zhao.lei")
        yield made


def test_audit(desk: Program) -> None:
    assert desk.issue("QR-14-04")
    (desk.root / "head.txt").write_text(done(desk, "head"), "utf-8")
    found = desk("audit", "--head", "head.txt", "--json")
    assert found.code == 1
    assert {item["code"] for item in found.json["waived"]} == {"DOC402"}
    compare("audit", found)
    seen = desk("audit", "--clauses", "ISO9001", "--json")
    assert any(form == {"number": "QR-14-04", "records": 1} for item in seen.json["clauses"] for form in item["forms"])
    compare("audit --clauses", seen, desk("audit", "--clauses", "ISO10002", "--json"))


def test_rules(desk: Program) -> None:
    compare("rule", desk("rule", "REC204", "--json"))
    compare("rule --all", desk("rule", "--all", "--json"))


def test_self_test(desk: Program) -> None:
    compare("audit self-test", desk("audit", "self-test", "--json"))


def test_backups(desk: Program, tmp_path: Path) -> None:
    file = tmp_path / "backup.zip"
    written = desk("export", "backup", "-o", file, "--json")
    compare("export backup", written)
    tried = desk("export", "backup", "--test", file, "--json")
    compare("export backup --test", tried)
    restored = desk("init", tmp_path / "restored", "--from", file, "--json")
    compare("init --from", restored)
    assert written.json["digest"] == tried.json["digest"] == restored.json["digest"]


def test_disposal(desk: Program) -> None:
    """One record by its period, before witnesses of whom one signs later; another one erased on request.

    A third one stays that names the same customer.
    """
    desk.issue("QR-14-04")
    first, second = ended(desk, "甲"), ended(desk, "乙", form="QR-14-04")
    later = due(desk)
    keys = Path(os.environ["QMSDOCS_KEYS"])
    hidden = keys.with_name("hidden")
    shutil.move(keys, hidden)
    shutil.copytree(hidden, keys, ignore=shutil.ignore_patterns("wang.fang*"))
    waiting = later("retention", "dispose", first, *ORDER, "--json")
    shutil.rmtree(keys)
    shutil.move(hidden, keys)
    [certificate] = waiting.json["certificates"]
    assert (waiting.code, certificate["state"], certificate["missing"]) == (1, "waiting", ["wang.fang"])
    asked = ("--requested-by", "客户本人", "--law-checked", "无下限")
    erased = later("retention", "erase", second, *ORDER, *asked, "--json")
    compare("retention dispose", waiting, erased)
    compare("retention erase", waiting, erased)
    witnessed = later("retention", "witness", certificate["number"], "--as", "wang.fang", "-y", "--json")
    assert witnessed.json["certificates"][0]["state"] == "carried_out"
    compare("retention witness", waiting, erased, witnessed)
    compare("retention certificates", waiting, erased, later("retention", "certificates", "--json"))
