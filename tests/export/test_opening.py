"""What the sheet an audit opens with says of satisfaction."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from destruction import ORDER, PHRASE, begun, due, ended
from pair import starter
from program import NOON, Make, Program, looked, refused
from pulled import done

from qmsdocs.base.language import Language
from qmsdocs.export import opening

SURVEY = {"survey_round": "2026 年下半年", "answered_on": "2026-11-20", "estate": "东苑", "respondent_kind": "owner",
          "method": "paper"}  # fmt: skip


def graded(grade: str) -> dict[str, object]:
    return {
        "product": {
            row: {"grade": grade} for row in ("environment", "layout", "construction", "functions", "facilities")
        },
        "service": {row: {"grade": grade} for row in ("sales", "complaints", "property")},
        "value_for_money": grade,
        "brand": grade,
    }


@pytest.mark.slow
def test_the_sheet_says_how_content_customers_are_and_of_how_many(make: Make, tmp_path: Path) -> None:
    """The mean of the index over the sheets that count; neither one without an index does nor one hardly answered."""
    program = make(tmp_path / "acme")
    hardly = graded("very_dissatisfied") | {"product": {"layout": {"grade": "very_dissatisfied"}}}
    for turn, given in enumerate((graded("very"), graded("satisfied"), {"brand": "very"}, hardly)):
        draft = program.draft(f"s{turn}.json", "QR-14-01", {**SURVEY, **given})
        done(program, "record", "issue", draft, "--no-pages")
    done(program, "export", "pull", "--opening", "--for", "甲", "-o", tmp_path / "o.pdf")
    text = looked("pdftotext", "-layout", tmp_path / "o.pdf", "-")
    assert "90.0 (n=2)" in text, text


def test_the_organisation_has_its_own_words_for_customer_and_complaint(tmp_path: Path) -> None:
    pack = starter(tmp_path / "pack")
    settings = pack / "qms.toml"
    text = settings.read_text("utf-8").replace('{ zh = "客户", en = "customer" }', '{ zh = "业主", en = "homeowner" }')
    settings.write_text(text.replace('zh = "投诉"', 'zh = "客诉"'), "utf-8")
    program = Program(tmp_path / "acme", NOON, Language.ZH)
    made = program("init", program.root, "--org", "甲", "--site", "hz", "--starter", pack, folder=tmp_path)
    assert made.code == 0, made.err
    for words in (("record", "list"), ("register", "show", "customer_contacts")):
        heads = done(program, *words, "-o", "-").splitlines()
        assert any("业主" in line for line in heads) and not any("客户" in line.split() for line in heads), heads
    assert "Homeowner" in done(replace(program, language=Language.EN), "record", "list", "-o", "-")
    done(program, "export", "pull", "--opening", "--for", "甲", "-o", tmp_path / "o.docx")
    assert "近十二个月的客诉" in zipfile.ZipFile(tmp_path / "o.docx").read("word/document.xml").decode()


def test_whoever_has_a_key_signs_all_of_the_record_of_the_sheet(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not signed would be refused by every shared store."""
    (tmp_path / "phrase").write_text("correct horse battery\n", "utf-8")
    monkeypatch.setenv("QMSDOCS_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("QMSDOCS_PASSPHRASE_FILE", str(tmp_path / "phrase"))
    program = begun(make, tmp_path / "acme")
    done(program, "export", "pull", "--opening", "--for", "甲", "--as", "li.ming", "-o", tmp_path / "o.pdf")
    listed = looked("git", "-C", program.root, "ls-tree", "-r", "--name-only", "qms/journal/hz", "pull/").split()
    acts = [path for path in listed if path.endswith(".json")]
    assert len(acts) == 2 and {f"{path}.sig" for path in acts} < set(listed), listed


def sheet_text(program: Program, path: Path) -> str:
    """What the sheet says, paragraph by paragraph and cell by cell."""
    done(program, "export", "pull", "--opening", "--for", "甲", "-o", path)
    xml = zipfile.ZipFile(path).read("word/document.xml").decode()
    return "\n".join("".join(re.findall(r"<w:t[^>]*>([^<]*)", part)) for part in xml.split("</w:p>"))


def test_what_is_late_stands_with_the_reason_given_and_the_steps_left(repository: Program, tmp_path: Path) -> None:
    first, second = repository.issue("QR-14-04"), repository.issue("QR-14-04")
    judged = ("nature=quality", "same_province=true", "quality_kind=repair", "lawsuit=none", "media=none",
              "people_together=1", "needs_others=false")  # fmt: skip
    given = [word for pair in judged for word in ("--set", pair)]
    clerk = ("--as", "wang.fang", "--no-pages")
    done(repository, "record", "advance", first, "classify", *given, *clerk)
    done(repository, "record", "advance", first, "update", "-m", "等客户寄照片", *clerk)
    done(repository, "record", "amend", second, "--set", "estate=东苑", "-m", "楼盘写错", "--no-pages")
    late = repository.later(timedelta(days=30))
    text = sheet_text(late, tmp_path / "o.docx").partition("\n4.1")[2].partition("\n5")[0]
    before, mark, after = text.partition("\n4.2")
    assert mark and before.count("None.") == 1
    rows = after.split("\n")
    assert "等客户寄照片" in rows and "no reason given" in rows and "楼盘写错" not in rows
    assert "Classified → Plan" in rows, "a step whose condition does not hold is listed"


def test_the_first_releases_are_counted_as_the_list_has_them(repository: Program, tmp_path: Path) -> None:
    text = sheet_text(repository, tmp_path / "o.docx")
    listed = len(repository("document", "list", "--json").json["documents"])
    settings = len(repository("document", "list", "--all", "--json").json["documents"]) - listed
    assert f"first releases of {listed} documents and forms, see 1, and of {settings} settings" in text


@pytest.mark.slow
def test_complaints_that_were_destroyed_are_named(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "phrase").write_text(PHRASE + "\n", "utf-8")
    monkeypatch.setenv("QMSDOCS_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("QMSDOCS_PASSPHRASE_FILE", str(tmp_path / "phrase"))
    house = begun(make, tmp_path / "acme")
    gone = ended(house, "VANISHED", "QR-14-04")
    later = due(house)
    done(later, "retention", "dispose", gone, *ORDER, "-m", "保存期满")
    assert f"Destroyed: {gone} (DSP-HZ-" in sheet_text(later, tmp_path / "o.docx")


def test_a_sheet_that_cannot_be_written_is_not_recorded(repository: Program, tmp_path: Path) -> None:
    (tmp_path / "dir.pdf").mkdir()
    (tmp_path / "file").write_text("", "utf-8")
    taken: list[tuple[object, ...]] = [
        ("-o", tmp_path / "dir.pdf"),
        ("-o", tmp_path / "file" / "o.pdf"),
        ("-o", "con.pdf"),
        ("-o", "o.pdf", "--since", "2100-01-01"),
    ]
    with repository.unchanged():
        for words in taken:
            refused(repository("export", "pull", "--opening", *words))
    done(repository, "export", "pull", "--opening", "-o", tmp_path / "o.pdf")
    with repository.unchanged():
        refused(repository("export", "pull", "--opening", "-o", tmp_path / "o.pdf"), "there already")


def test_the_command_that_shows_the_whole_of_a_table_is_one(
    repository: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "MOST", 0)
    done(repository, "record", "issue", repository.root / "forms/QR-01-05/example.toml", "--no-pages")
    done(repository, "export", "pull", "--opening", "--for", "甲", "-o", tmp_path / "o.docx")
    text = zipfile.ZipFile(tmp_path / "o.docx").read("word/document.xml").decode()
    commands = re.findall(r"all of them: qmsdocs ([^<]+)", text)
    assert len(commands) > 5 and any("--external" in command for command in commands), commands
    for command in commands:
        found = repository(*command.replace("NUMBER", "QP-14").split())
        assert found.code in (0, 1), (command, found.err)
