"""`document diff`: two revisions, or what is in force and the draft, on the terminal, as JSON and as files."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from control import Company
from program import Program, looked, refused

from qmsdocs.base.language import Language
from qmsdocs.render.mark import qr_png

COMPLAINTS = "procedures/QD-14-02.md"


def edit(program: Program, path: str, *changes: tuple[str, str]) -> None:
    """The file in the folder with each of the words replaced, all of which must be there."""
    written = (program.root / path).read_text("utf-8")
    for old, new in changes:
        assert old in written, old
        written = written.replace(old, new)
    (program.root / path).write_text(written, "utf-8")


@pytest.fixture(scope="module")
def drafted(shared: Program) -> Program:
    """A repository in whose folder a document, a form, a configuration file and a chapter were edited."""
    edit(
        shared,
        COMPLAINTS,
        ('"24 hours"', '"12 hours"'),
        ("渠道公开。", "渠道公开、畅通。"),
        ("每月整理台账", "每周整理台账"),
    )
    form = "forms/QR-14-04/form.toml"
    edit(shared, form, ('zh = "接到投诉时间"', 'zh = "接到投诉的时间"'))
    extra = '\n[check.traceable]\nmust = "phone != \'\'"\nsays = { zh = "须留下电话", en = "Leave a number" }\n'
    (shared.root / form).write_text((shared.root / form).read_text("utf-8") + extra, "utf-8")
    edit(shared, "records/retention.toml", ("[class.complaint]", "# reviewed\n[class.complaint]"))
    edit(shared, "procedures/QM-01-06.md", ("。\n", "，不得推诿。\n"))
    return shared


def test_without_labels_what_is_in_force_is_compared_with_the_folder(drafted: Program) -> None:
    found = drafted("document", "diff", "QD-14-02")
    assert (found.code, found.err) == (0, "")
    lines = found.out.splitlines()
    assert lines[0] == "QD-14-02 Complaint handling  A/0 → draft"
    parameters = lines.index("Parameters")
    assert lines[parameters + 1] == "~ Visit within, after handling (visit_within): [-24-]{+12+} hours"
    assert parameters < lines.index("Text")
    assert any(line.startswith("~   方案实施完毕后[-24-]{+12+}小时内回访") for line in lines)
    assert "~   投诉不收费，渠道公开{+、畅通+}。" in found.out
    assert "[-月-]{+周+}整理台账" in found.out
    assert "  5.2 接收 (3 unchanged, left out)" in lines
    assert "\x1b" not in found.out


def test_colour_comes_when_it_is_asked_for(drafted: Program) -> None:
    found = drafted("--color", "always", "document", "diff", "QD-14-02")
    assert "\x1b[31m[-24-]\x1b[0m\x1b[32m{+12+}\x1b[0m" in found.out
    assert "\x1b" not in drafted("--color", "never", "document", "diff", "QD-14-02").out


def test_the_whole_text_is_shown_when_asked_for(drafted: Program) -> None:
    short, whole = (drafted("document", "diff", "QD-14-02", *more).out for more in ((), ("--whole",)))
    assert "让每一件投诉都有人接" not in short
    assert "让每一件投诉都有人接" in whole
    assert "left out" not in whole


def test_json_names_parameters_first_and_each_change_with_both_sides(drafted: Program) -> None:
    said = drafted("document", "diff", "QD-14-02", "--json").json
    assert (said["format"], said["number"], said["old"], said["new"]) == (1, "QD-14-02", "A/0", None)
    [parameter] = said["parameters"]
    assert parameter == {
        "name": "visit_within", "title": "Visit within, after handling", "old": "24 hours", "new": "12 hours",
    }  # fmt: skip
    texts = [change for change in said["changes"] if change["part"] == "text"]
    [row] = [change for change in texts if change["kind"] == "row"]
    assert (row["old"][0], row["change"]) == ("客服经理", "changed")
    assert "每周" in row["new"][1] and "每月" in row["old"][1]
    [visit] = [change for change in texts if change["below"].endswith("回访与结案")]
    assert visit["old"].replace("24", "12") == visit["new"]
    assert {"mark": "added", "text": "12"} in visit["pieces"]


def test_a_form_is_compared_by_its_fields_and_checks(drafted: Program) -> None:
    found = replace(drafted, language=Language.ZH)("document", "diff", "QR-14-04")
    assert found.code == 0
    assert "~ 字段 接到投诉的时间 (field.received_at.title): 接到投诉{+的+}时间" in found.out
    assert "+ 检查 (check.traceable): {+须留下电话+}" in found.out
    assert "接到投诉{+的+}时间" in drafted("document", "diff", "QR-14-04").out  # whatever the language of the command


def test_remarks_in_a_configuration_file_are_shown_as_such(drafted: Program) -> None:
    found = drafted("document", "diff", "retention.toml")
    assert "only remarks or the notation differ" in found.out
    assert "+   {+# reviewed+}" in found.out


def test_a_manual_is_compared_with_its_chapters(drafted: Program) -> None:
    found = replace(drafted, language=Language.ZH)("document", "diff", "QM-01")
    assert "(QM-01-06): [-A/0-]{+草稿+}" in found.out
    assert "，不得推诿" in found.out


def test_nothing_changed_is_said_in_every_part(drafted: Program) -> None:
    found = drafted("document", "diff", "QP-01")
    assert found.code == 0
    assert "[-" not in found.out and "{+" not in found.out and "No change." in found.out
    assert drafted("document", "diff", "QP-01", "--json").json["changes"] == []


def test_every_kind_of_file_is_written(drafted: Program, tmp_path: Path) -> None:
    with drafted.unchanged():
        for kind in ("pdf", "docx", "txt", "json"):
            found = drafted("document", "diff", "QD-14-02", "-o", tmp_path / f"redline.{kind}")
            assert found.code == 0, found.err
    said = looked("pdftotext", "-layout", tmp_path / "redline.pdf", "-")
    assert "QD-14-02" in said and "24 hours" in said and "12 hours" in said
    with zipfile.ZipFile(tmp_path / "redline.docx") as package:
        written = package.read("word/document.xml").decode()
    assert "<w:ins " in written and "<w:delText" in written
    assert "[-24-]{+12+}" in (tmp_path / "redline.txt").read_text("utf-8")
    assert json.loads((tmp_path / "redline.json").read_text("utf-8"))["number"] == "QD-14-02"


def test_what_does_not_exist_is_refused_in_one_line(drafted: Program, tmp_path: Path) -> None:
    refused(drafted("document", "diff", "QD-14-02", "A/7"), "A/7", "A/0")
    refused(drafted("document", "diff", "QD-14-02", "A/0", "B/0"), "B/0", "A/0")
    refused(drafted("document", "diff", "QX-99"), "QX-99")
    refused(drafted("document", "diff", "QD-14-02", "-o", tmp_path / "redline.xls"), "redline.xls", "docx")
    assert not list(tmp_path.iterdir())


def test_a_draft_that_cannot_be_read_is_refused_with_its_line(repository: Program) -> None:
    edit(repository, COMPLAINTS, ('"24 hours"', '"24 ours"'))
    refused(repository("document", "diff", "QD-14-02"), "QD-14-02.md:", "ours")


def test_a_text_that_cannot_be_drawn_is_compared_as_it_was_typed(repository: Program) -> None:
    edit(repository, COMPLAINTS, ("{{ p.visit_within }}", "{{ p.nobody }}"))
    found = repository("document", "diff", "QD-14-02")
    assert found.code == 0
    assert "the text is compared as it was typed" in found.out and "p.nobody" in found.out


def test_two_approved_revisions_say_who_signed_them_and_show_another_picture(tmp_path: Path) -> None:
    company = Company.begun(tmp_path / "acme")
    for person in ("li.ming", "zhao.lei", "wang.fang"):
        company.key(person)
    map_path = company.root / "procedures/QP-14/map.png"
    map_path.parent.mkdir()
    for hours, picture, day in ((20, "old", 10), (12, "new", 20)):
        map_path.write_bytes(qr_png(picture))
        company.edit(hours, f"使客户满意\n\n![接待区](QP-14/map.png)\n\n第{day}日起")
        company.submit()
        company.review()
        company.later(hours=1).approve(on=date(2026, 11, day))
        company.later(days=12)
    labels = [release.revision for release in company.system.definitions.named("QP-14")]
    program = Program(company.root, company.now, Language.ZH)
    found = program("document", "diff", "QP-14", labels[1], labels[2])
    assert found.code == 0, found.err
    assert "批准: 赵磊 2026-11-01 → 赵磊 2026-11-13" in found.out
    assert "审核: 李明 2026-11-01 → 李明 2026-11-13" in found.out
    assert "状态: 已被替代 → 有效" in found.out
    assert "[-20-]{+12+}小时" in found.out
    assert "<QP-14/map.png> (变更)" in found.out
    found = program("document", "diff", "QP-14", *labels[1:3], "-o", tmp_path / "redline.pdf")
    assert found.code == 0, found.err
    assert looked("pdfimages", "-list", tmp_path / "redline.pdf").count("image") >= 2
    said = program("document", "diff", "QP-14", *labels[1:3], "--json").json
    assert (said["old"], said["new"]) == (labels[1], labels[2])
    assert said["revisions"]["new"]["effective_on"] == "2026-11-20"
