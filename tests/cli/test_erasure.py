"""What stays in the house after an erasure: no name on the certificate, the gap explained, drafts that are still there."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from destruction import ORDER, PHRASE, begun, done, due, ended, found
from openpyxl import Workbook
from program import FILLED, Make, Program, refused
from pulled import pull, unpacked, verified

NAME, PHONE = "司空哲", "13955556666"
WHO, LAW = "本人来函 2026-11-20，存文控室", "无下限"


@pytest.fixture(scope="module")
def company(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    home = tmp_path_factory.mktemp("erasure")
    (home / "phrase").write_text(f"{PHRASE}\n", "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QMSDOCS_KEYS", str(home / "keys"))
        patch.setenv("QMSDOCS_PASSPHRASE_FILE", str(home / "phrase"))
        yield begun(make, home / "acme")


def complaint(company: Program) -> str:
    return ended(company, "漏水", form="QR-14-04", customer=NAME, phone=PHONE)


def erase(company: Program, number: str, *more: str, who: str = WHO) -> tuple[str, ...]:
    return ("retention", "erase", number, "--requested-by", who, "--law-checked", LAW, *ORDER, *more)


def test_the_certificate_names_nobody_whose_record_is_destroyed(company: Program) -> None:
    """It is kept for ever, and afterwards nobody knows which name to mask."""
    number, said = complaint(company), "names somebody whose record is destroyed"
    with company.unchanged():
        for more, who in (
            ((), f"{NAME}本人来函"), ((), "电话 139-5555-6666"), (("-m", f"{NAME}要求"), WHO), (("--opinion", PHONE), WHO),
            (("--place", f"{NAME}家"), WHO), (("--paper", f"退{NAME}"), WHO), (("--method", f"经{NAME}"), WHO),
        ):  # fmt: skip
            answer = company(*erase(company, number, *more, who=who))
            refused(answer, said)
            assert "it is kept for ever" in answer.err
        refused(due(company)("retention", "dispose", number, *ORDER, "-m", f"{NAME}一事"), said)
    done(company, *erase(company, number, "-m", "王芳核对", "--opinion", "同意"))  # staff stand where they act
    assert found(company.root, NAME, PHONE) == []


def test_a_masked_package_holds_no_word_on_who_asked(company: Program, tmp_path: Path) -> None:
    """Words that no search knows, such as a name misspelt; what is left still proves the certificate."""
    done(company, *erase(company, complaint(company), who="司马某某先生口头"))
    company.issue("QR-14-04")
    pull(company, tmp_path / "p.zip", "--form", "QR-14-04")
    bag = unpacked(tmp_path / "p.zip", tmp_path / "un")
    held = [path for path in bag.rglob("*") if path.is_file() and "司马某某".encode() in path.read_bytes()]
    assert held == []
    assert list(bag.glob("data/proof/events/qms/journal/hz/disposal/*/*/*/0001-issue.json"))
    code, told = verified(bag)
    assert code == 0, told


def test_a_register_says_which_numbers_were_destroyed(company: Program, tmp_path: Path) -> None:
    """On the terminal and in files, only in the registers of their forms and years."""
    number = complaint(company)
    done(company, *erase(company, number))
    certificate = company("retention", "certificates", "--json").json["certificates"][-1]["number"]
    said = f"{number} ({certificate})"
    shown = done(company, "register", "show", "complaints")
    assert "Destroyed: " in shown and said in shown
    assert said in json.loads(done(company, "register", "show", "complaints", "--json"))["note"]
    for written, part in (("c.docx", "word/document.xml"), ("c.xlsx", "xl/sharedStrings.xml"), ("c.csv", "")):
        done(company, "register", "show", "complaints", "-o", tmp_path / written)
        data = (tmp_path / written).read_bytes()
        assert said in (zipfile.ZipFile(tmp_path / written).read(part) if part else data).decode()
    for written in ("c.csv", "c.xlsx"):  # what stands there is no number
        stays = complaint(company)
        done(company, "register", "show", "complaints", "-o", tmp_path / written)
        listed = ("--list", tmp_path / written, "-o", tmp_path / "none.zip")
        assert stays in done(company, "export", "pull", *listed, "--for", "甲", "-m", "查", "-n")
    assert number not in done(company, "register", "show", "complaints", "--to", "2025-12-31")
    assert number not in done(company, "register", "show", "liaison")


def test_files_that_still_hold_what_was_destroyed_are_named(company: Program) -> None:
    """A draft without a key, and one among the versions of the folder; tables, however written; no example of a form."""
    values = {**FILLED["QR-14-04"], "customer": NAME, "phone": PHONE, "what_happened": "漏水"}
    own = company.draft("f3.json", "QR-14-04", values)
    text = f"受理时间,客户,电话\n2026-11-18,{NAME},{PHONE}\n"
    for name, encoding in (("t.csv", "utf-8"), ("旧表.csv", "gb18030"), ("w.txt", "utf-16")):
        (company.root / name).write_bytes(text.encode(encoding))
    book = Workbook()
    book.active.append(["客户", "电话"])
    book.active.append(["谁", int(PHONE)])
    (company.root / "records/taken").mkdir()
    book.save(company.root / "records/taken/t.xlsx")
    (company.root / "clean.csv").write_text("客户\n谁\n", "utf-8")
    (company.root / "bad.zip").write_bytes(b"PK\x03\x04 " + text.encode())
    kept = company.draft("kept.json", "QR-14-04", values, submission="b" * 32)
    company.draft("other.json", "QR-14-04", FILLED["QR-14-04"], submission="c" * 32)
    company.draft("sheet.json", "QR-04-01", FILLED["QR-04-01"])
    company.git("add", "kept.json")
    [number] = company("record", "issue", kept, "--json", "--no-pages").numbers
    done(company, "record", "void", number, "-m", "撤回", "--as", "wang.fang", "--no-pages")
    said = company(*erase(company, number))
    assert said.code == 0, said
    told = said.err + said.out
    named = ("f3.json", "kept.json", "t.csv", "旧表.csv", "w.txt", "records/taken/t.xlsx")
    assert all(name in told for name in named) and "delete them yourself" in told, told
    assert not any(name in told for name in ("other.json", "sheet.json", "example.toml", "clean.csv", "bad.zip")), told
    assert own.exists() and kept.exists()
    company.git("rm", "-q", "--cached", "kept.json")
    for path in (*company.root.glob("*.json"), *(company.root / name for name in (*named[2:], "clean.csv", "bad.zip"))):
        path.unlink()
