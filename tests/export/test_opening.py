"""What the sheet an audit opens with says of satisfaction."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from destruction import begun
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
