"""The working texts of a folder, checked as a whole: for every message a change that calls it forth, and the line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from definitions import PROJECT

from qmsdocs.model.finding import Severity
from qmsdocs.query.parameters import written as written_in
from qmsdocs.query.working import Working, load


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The starter pack as somebody edits it."""
    for name in ("qms.toml", "people.toml"):
        shutil.copy(PROJECT / name, tmp_path / name)
    for name in ("procedures", "forms", "records"):
        shutil.copytree(PROJECT / name, tmp_path / name)
    return tmp_path


def lines(working: Working) -> list[str]:
    return [f"{working.located(item)}: {item.message}" for item in working.findings()]


def edit(path: Path, old: str, new: str) -> int:
    """The line of the edit."""
    text = path.read_text("utf-8")
    assert old in text, old
    path.write_text(text.replace(old, new, 1), "utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_the_starter_pack_is_sound(folder: Path) -> None:
    working = load(folder)
    assert lines(working) == []
    for found, pattern in (
        (working.forms, "forms/*/form.toml"),
        (working.procedures, "procedures/*.md"),
        (working.registers, "records/registers/*.toml"),
    ):
        assert found and len(found) == len(list(folder.glob(pattern)))


COMPLAINT = "forms/QR-14-04/form.toml"
RULE = "procedures/QD-14-02.md"


@pytest.mark.parametrize(
    ("file", "old", "new", "place", "message"),
    [
        # forms, by line and key
        (COMPLAINT, 'when     = "nature == \'quality\'"', 'when     = "natur == \'quality\'"', "field.quality_kind.when", 'unknown field "natur", did you mean "nature"?'),
        (COMPLAINT, 'when = "people_together >= p.hot_people"', 'when = "people_together >= p.hot_peple"', "field.level.rules.5", 'unknown parameter "p.hot_peple", did you mean "p.hot_people"?'),
        (COMPLAINT, 'by    = "service_clerk"\n\n[step.update]', 'by    = "service_clark"\n\n[step.update]', "step.classify.by", 'unknown role "service_clark", did you mean "service_clerk"?'),
        (COMPLAINT, 'retention       = "complaint"', 'retention       = "complaints"', "retention", 'unknown retention class "complaints", did you mean "complaint"?'),
        (COMPLAINT, 'id = "ts"', 'id = "xx"', "series.id", "the form QR-14-03 has the series xx too"),
        # procedures
        (RULE, 'parent       = "QP-14"', 'parent       = "QP-15"', "parent", "there is no QP-15"),
        (RULE, '"QD-14-04", "QP-18"', '"QD-14-05", "QP-18"', "references", "there is no QD-14-05"),
        (RULE, '"QR-18-01", "QR-18-02"', '"QR-18-01", "QR-18-03"', "forms", "there is no QR-18-03"),
        (RULE, "{{ p.report_within }}", "{{ p.reprt_within }}", "", 'unknown parameter "p.reprt_within", did you mean "p.report_within"?'),
        (RULE, "[QR-14-04]", "[QR-14-40]", "", "there is no QR-14-40"),
        (RULE, "```rules QR-14-04 level", "```rules QR-14-09 level", "", "there is no form QR-14-09"),
        (RULE, "```rules QR-14-04 level", "```rules QR-14-04 nature", "", "QR-14-04 has no rules for nature"),
        (RULE, "```rules QR-14-04 level", "```rules QR-14-04", "", "QR-14-04 has no rules for -"),
        # registers, people, settings
        ("records/registers/actions.toml", '"QR-18-02"]', '"QR-18-20"]', "forms", "there is no form QR-18-20"),
        ("records/registers/actions.toml", '"effectiveness"', '"efectiveness"', "columns", 'unknown column "efectiveness", did you mean "effectiveness"?'),
        ("records/registers/actions.toml", 'order   = ["opened_at"', 'order   = ["opend_at"', "order", 'unknown column "opend_at", did you mean "opened_at"?'),
        ("people.toml", 'roles      = ["service_manager"]', 'roles      = ["service_manger"]', 'person."chen.jing".roles', 'unknown role "service_manger", did you mean "service_manager"?'),
        ("qms.toml", 'clerk = "wang.fang"', 'clerk = "wang.fan"', "site.hz.clerk", 'unknown person "wang.fan", did you mean "wang.fang"?'),
    ],
)  # fmt: skip
def test_a_mistake_is_found_and_located(folder: Path, file: str, old: str, new: str, place: str, message: str) -> None:
    line = edit(folder / file, old, new)
    found = lines(load(folder))
    expected = f"{file}:{line}: {place}: {message}" if place else f"{file}:{line}: {message}"
    assert expected in found


def test_a_parameter_nobody_uses_is_doubtful(folder: Path) -> None:
    line = edit(
        folder / RULE,
        "visit_within          =",
        'unused = { value = "3 days", title = "未用" }\nvisit_within          =',
    )
    working = load(folder)
    [finding] = working.findings()
    assert (finding.code, finding.severity) == ("DEF202", Severity.WARNING)
    assert lines(working) == [f"{RULE}:{line}: parameter.unused: the parameter is used by neither text nor form"]


def test_a_register_name_stands_once(folder: Path) -> None:
    edit(folder / "records/registers/actions.toml", 'name    = "actions"', 'name    = "complaints"')
    assert any("QR-14-04 has a register complaints too" in line for line in lines(load(folder)))


@pytest.mark.parametrize(
    "file", [COMPLAINT, RULE, "qms.toml", "people.toml", "records/retention.toml", "records/registers/actions.toml"]
)
def test_a_file_that_cannot_be_read_is_a_finding_and_no_crash(folder: Path, file: str) -> None:
    (folder / file).write_text("a = [\n" if file.endswith("toml") else "+++\na = [\n+++\n", "utf-8")
    working = load(folder)
    [item] = working.unread
    assert item.code == "SYS901" and f"{file}:" in str(item.message)
    assert list(working.findings())


def test_bytes_that_are_no_text_are_a_finding(folder: Path) -> None:
    (folder / COMPLAINT).write_bytes("客户".encode("gb18030"))
    [item] = load(folder).unread
    assert "not UTF-8" in str(item.message)


def test_a_missing_file_is_a_finding(folder: Path) -> None:
    (folder / "records/retention.toml").unlink()
    assert any("records/retention.toml cannot be read" in line for line in lines(load(folder)))


def test_two_files_with_one_number(folder: Path) -> None:
    shutil.copytree(folder / "forms/QR-04-01", folder / "forms/copy")
    shutil.copy(folder / RULE, folder / "procedures/copy.md")
    found = lines(load(folder))
    assert any("another file has the number QR-04-01 too" in line for line in found)
    assert any("another file has the number QD-14-02 too" in line for line in found)


def test_a_template_that_may_not_be_is_found(folder: Path) -> None:
    (folder / "forms/QR-04-01/template.html").write_text("<p>{{ number.__class__ }}</p>", "utf-8")
    (folder / "forms/QR-14-03/template.docx").write_bytes(b"no archive")
    codes = {(item.code, item.subject) for item in load(folder).findings()}
    assert {("DEF102", "QR-04-01"), ("DEF102", "QR-14-03")} <= codes


def test_with_several_sites_every_number_names_the_site(folder: Path) -> None:
    edit(folder / "qms.toml", "[numbering.manual]", '[site.sh]\ncode = "SH"\ntitle = "上海"\n[numbering.manual]')
    edit(folder / COMPLAINT, "TS-{site}-{year}", "TS-{year}")
    line = next(
        n for n, text in enumerate((folder / COMPLAINT).read_text("utf-8").splitlines(), 1) if text.startswith("series")
    )
    assert lines(load(folder)) == [f"{COMPLAINT}:{line}: series.number: with several sites the number needs {{site}}"]


def test_every_expression_of_a_form_is_walked(folder: Path) -> None:
    text = (folder / COMPLAINT).read_text("utf-8")
    walked = {item.expression for item in written_in(load(folder).forms["QR-14-04"])}
    for written in (
        "p.visit_within",
        "p.escalate_manager",
        "'departments' in team",
        "nature == 'quality'",
        "p.repeat_window",
        "level",
    ):
        assert written in walked and written.replace("'", "'") in text


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("REC204", "findings of REC204 cannot be accepted"),
        ("SYS905", "findings of SYS905 cannot be accepted"),
        ("DOC999", "there is no such rule"),
        ("DOC406", ""),
    ],
)
def test_a_waiver_that_can_never_count_is_an_error(folder: Path, code: str, why: str) -> None:
    fields = 'subject = "*"\nreason = "x"\napproved_by = "zhao.lei"\nexpires = 2027-01-01\n'
    (folder / "waivers.toml").write_text(f'[[waiver]]\ncode = "{code}"\n{fields}', "utf-8")
    wanted = [f"waivers.toml:2: waiver.0.code: {code} *: {why}"] if why else []
    assert lines(load(folder)) == wanted
    assert [item.severity for item in load(folder).setting_findings("waivers.toml")] == [Severity.ERROR for _ in wanted]
