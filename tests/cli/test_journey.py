"""What one types: the commands of the first page, in their order, by the installed program."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import openpyxl
import pytest
from destruction import ORDER, begun, due, ended
from program import COMPLAINT, FORMS, Make, Program, Result, refused


def fill(path: Path, **values: str) -> None:
    """Nothing; the draft holds the values, written where an editor would write them."""
    text = path.read_text("utf-8")
    for name, value in values.items():
        empty = {
            f'\n{name} = ""\n': f"\n{name} = {json.dumps(value)}\n",
            f"\n{name} = '''\n\n'''\n": f"\n{name} = '''\n{value}\n'''\n",
        }
        [blank] = [blank for blank in empty if blank in text]
        text = text.replace(blank, empty[blank])
    path.write_text(text, "utf-8")


def done(found: Result) -> Result:
    assert found.code == 0, found.err
    return found


def test_the_first_page(tmp_path: Path) -> None:
    outside = Program(tmp_path)
    begun = done(outside.process("init", "acme", "--org", "绿源置业", "--site", "hz"))
    assert "绿源置业" in begun.out
    desk = Program(tmp_path / "acme", None)

    done(desk.process("record", "new", "QR-14-04", "-o", "complaint.toml"))
    fill(desk.root / "complaint.toml", **{name: str(value) for name, value in COMPLAINT.items()})
    issued = done(desk.process("record", "issue", "complaint.toml", "--json"))
    [complaint] = issued.json["issued"]
    year = desk.record(complaint["number"])["events"][0]["recorded_at"][:4]
    number = f"TS-HZ-{year}-0001"
    assert complaint["number"] == number
    assert sorted(Path(item["path"]).suffix for item in complaint["files"]) == [".docx", ".pdf"]
    assert all((desk.root / item["path"]).is_file() for item in complaint["files"])

    answers = "\n".join(
        ("2026-11-18 09:20", "张伟", "phone", "", "林玥", "13800001234", "绿汀苑3幢", "", "", "leak", "漏水", ".", "q")
    )
    done(desk.process("record", "fill", "QR-14-04", "-o", "asked.toml", stdin=answers + "\n"))
    done(desk.process("record", "issue", "asked.toml"))

    book = openpyxl.Workbook()
    book.active.append(
        [
            "受理时间",
            "受理人员",
            "信息类别",
            "source",
            "customer",
            "phone",
            "estate",
            "topic",
            "department",
            "statements.1.statement",
        ]
    )
    for turn in range(3):
        book.active.append(
            [
                "2026-11-19 20:35",
                "王芳",
                "help",
                "phone",
                "欧阳昇",
                f"1390000567{turn}",
                "栖枫园5幢",
                "电梯停运",
                "物业服务中心",
                "停了",
            ]
        )
    book.save(desk.root / "calls.xlsx")
    calls = desk.process("record", "issue", "--form", "QR-14-03", "--table", "calls.xlsx", "--json")
    assert len(done(calls).numbers) == 3

    facts = ("same_province=true", "lawsuit=none", "media=none", "nature=grievance", "needs_others=false")
    more = [word for fact in facts for word in ("--set", fact)]
    moved = done(
        desk.process("record", "advance", number, "classify", "--set", "people_together=12", *more, "--as", "zhang.wei")
    )
    assert "Classified" in moved.out
    done(desk.process("record", "amend", number, "--set", "phone=13800000000", "-m", "号码听错"))
    shown = done(desk.process("record", "show", number, "--json")).json["record"]
    assert shown["values"]["phone"] == "13800000000"
    assert shown["values"]["people_together"] == 12
    assert [event["act"] for event in shown["events"]] == ["issue", "classify", "amend"]
    assert shown["events"][2]["reason"] == "号码听错"
    assert shown["events"][0]["set"]["phone"] == COMPLAINT["phone"]

    done(desk.process("register", "show", "complaints", "-o", "complaints.xlsx"))
    cells = [cell.value for row in openpyxl.load_workbook(desk.root / "complaints.xlsx").active for cell in row]
    assert number in cells
    found = done(desk.process("search", "漏水"))
    assert number in found.out


@pytest.mark.parametrize("form", FORMS)
def test_the_example_of_every_form_is_a_draft(shared: Program, form: str) -> None:
    found = shared("record", "issue", shared.root / "forms" / form / "example.toml", "--json", "--no-pages")
    assert found.code == 0, found.err
    [number] = found.numbers
    assert shared.record(number)["form"] == form


@pytest.mark.parametrize("form", FORMS)
def test_every_draft_is_written_and_reads_back(shared: Program, form: str) -> None:
    found = shared("record", "new", form)
    assert found.code == 0, found.err
    path = shared.root / f"new-{form}.toml"
    path.write_text(found.out, "utf-8")
    empty = shared("record", "issue", path, "--no-pages")
    assert empty.code == 2
    assert all("is missing" in line for line in empty.errors), empty.err


# ── audit, retention, and what leaves the house


@pytest.fixture
def company(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """People with keys, a schedule of thirty days in force, a complaint and a call that are over since a month."""
    (tmp_path / "phrase").write_text("correct horse battery\n", "utf-8")
    monkeypatch.setenv("QMSDOCS_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("QMSDOCS_PASSPHRASE_FILE", str(tmp_path / "phrase"))
    made = begun(make, tmp_path / "acme")
    ended(made, "漏水", form="QR-14-04")
    ended(made, "问路", form="QR-14-03")
    return due(made)


@pytest.mark.slow
def test_what_an_auditor_asks_and_takes_away(company: Program, tmp_path: Path) -> None:
    audited = company("audit")
    assert audited.code in (0, 1) and "ERROR" not in audited.out, audited
    company("audit", "--full", "--format", "sarif", "-o", "audit.sarif")
    runs = json.loads((company.root / "audit.sarif").read_text("utf-8"))["runs"]
    assert len(runs[0]["tool"]["driver"]["rules"]) > 100
    assert "altered-after-issue" in done(company("rule", "REC204")).out

    assert "TS-HZ-2026-0001" in company("retention", "due", "--on", "2030-01-01").out
    done(company("retention", "hold", "TS-HZ-2026-0001", "-m", "诉讼", "--as", "li.ming"))
    destroyed = done(company("retention", "dispose", "--due", *ORDER))
    assert "XX-HZ-2026-0001" in destroyed.out and "TS-HZ-2026-0001 is on hold" in destroyed.err
    assert done(company("record", "show", "TS-HZ-2026-0001"))

    done(company("export", "pull", "--form", "QR-14-04", "--period", "2026-11", "-o", "november.zip"))
    with zipfile.ZipFile(company.root / "november.zip") as bag:
        assert any(name.endswith("/proof/verify.sh") for name in bag.namelist())
    done(company("export", "pull", "--opening", "-o", "opening.pdf"))
    assert (company.root / "opening.pdf").read_bytes().startswith(b"%PDF")
    done(company("export", "site", "-o", "site/", "--no-pages"))
    assert (company.root / "site/index.html").is_file()

    done(company("sync", "--to", "usb/"))
    done(company("guard", "install", "shared.git"))
    done(company("export", "backup", "-o", tmp_path / "backup.zip"))
    done(company("init", tmp_path / "again", "--from", tmp_path / "backup.zip"))
    again = company.elsewhere(tmp_path / "again")
    assert done(again("record", "show", "TS-HZ-2026-0001"))
    refused(again("record", "show", "XX-HZ-2026-0001"), "was destroyed")
    assert "ERROR" not in company("audit", "--full").out
