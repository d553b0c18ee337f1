"""The check of documents: for every finding an edit of the starter pack that calls it forth, and a near miss."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from definitions import PROJECT, procedure

from qmsdocs.base.language import Catalogue, Language
from qmsdocs.cli.parameters import check
from qmsdocs.cli.session import Session
from qmsdocs.model.document import parse_procedure
from qmsdocs.model.finding import Finding, Severity
from qmsdocs.query.text_check import check_text
from qmsdocs.query.working import Working, load

RULE = "procedures/QD-14-02.md"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The starter pack as somebody edits it."""
    for name in ("qms.toml", "people.toml"):
        shutil.copy(PROJECT / name, tmp_path / name)
    for name in ("procedures", "forms", "records"):
        shutil.copytree(PROJECT / name, tmp_path / name)
    return tmp_path


def edit(path: Path, old: str, new: str) -> int:
    """The line of the edit."""
    text = path.read_text("utf-8")
    assert old in text, old
    path.write_text(text.replace(old, new, 1), "utf-8")
    return text[: text.index(old)].count("\n") + 1


def findings(folder: Path, number: str = "QD-14-02") -> tuple[Working, tuple[Finding, ...]]:
    working = load(folder)
    assert working.unread == ()
    return working, tuple(working.document_findings(number))


def test_the_documents_of_the_starter_pack_have_nothing_wrong() -> None:
    working = load(PROJECT)
    assert [working.located(item) for number in working.procedures for item in working.document_findings(number)] == []


TYPED = "“{}” is typed, but it is the parameter {}: write {{{{ p.{} }}}}"


@pytest.mark.parametrize(
    ("old", "new", "code", "message"),
    [
        # numbers
        ("原件由客服", "24小时内原件由客服", "DOC201", TYPED.format("24小时", "Visit within, after handling", "visit_within")),
        ("原件由客服", "二十四小时内原件由客服", "DOC201", TYPED.format("二十四小时", "Visit within, after handling", "visit_within")),
        ("原件由客服", "十人以上的，原件由客服", "DOC201", TYPED.format("十人", "Group that makes a complaint major", "major_people")),
        ("原件由客服", "4小时内原件由客服", "DOC201", TYPED.format("4小时", "Customer told that it was accepted, within", "acknowledge_within")),
        ("原件由客服", "保存8年，原件由客服", "DOC301", "“8年” is typed; a number that rules something is a parameter"),
        ("```flow QR-14-04", "```chart 示意\n接到投诉 -> 24小时内回访\n```\n\n```flow QR-14-04", "DOC201", None),
        ("```flow QR-14-04", "```chart 24小时内回访\n接到投诉 -> 回访\n```\n\n```flow QR-14-04", "DOC201", None),
        # names
        ('owner        = "service_manager"', 'owner        = "service_manger"', "DEF103", 'unknown role "service_manger", did you mean "service_manager"?'),
        ('review_every = "1 year"', 'review_every = "1 year"\nreaders = ["service_clark"]', "DEF103", 'unknown role "service_clark", did you mean "service_clerk"?'),
        ('review_every = "1 year"', 'review_every = "1 year"\ndistribution = ["工程步"]', "DOC207", "nobody in people.toml belongs to the department 工程步"),
        ("按 [QP-14] 转为", "按 [QM-77] 转为", "DEF103", "there is no QM-77"),
        # structure
        ("# 职责", "# 分工", "DOC202", "there is no section “Responsibilities”"),
        ("# 相关文件", "# 其他", "DOC202", "there is no section “Related documents”"),
        ("## 流程", "## 附则\n\n## 流程", "DOC203", "nothing stands below the heading “附则”"),
        ("随时补充事实；级别随之变化。", "随时补充事实，级别", "DOC204", "the text ends inside a sentence: …化的，随时补充事实，级别"),
        ("随时补充事实；级别随之变化。", "随时补充事实、", "DOC204", None),
        ("## 判定", "## 4.3 判定", "DOC205", "the program numbers the headings: leave the number of “4.3 判定” out"),
        ("## 判定", "## 三、判定", "DOC205", None),
        ("## 判定", "## 2) 判定", "DOC205", None),
        ("# 术语", "# 第四章 术语", "DOC205", None),
        ("## 判定", "##判定", "DOC208", None),
        # pictures, letters, charts
        ("# 术语", "# 术语\n\n![现场](QD-14-02/site.png)", "DOC101", "there is no picture QD-14-02/site.png"),
        ("# 术语", "# 术语\n\n![现场](QP-18/site.png)", "DOC101", "the picture QP-18/site.png must lie in QD-14-02/"),
        ("# 术语", "# 术语\n\n![现场](QD-14-02/site.tif)", "DOC101", "the picture QD-14-02/site.tif: one of .png, .jpg, .jpeg is needed"),
        ("让每一件投诉", "让𠮷每一件投诉", "DOC104", "no page can show 𠮷 U+20BB7"),
        ("让每一件投诉", "让\u200b每一件投诉", "DOC104", "no page can show U+200B"),
        ("```flow QR-14-04", "```chart\n接到 ->\n```\n\n```flow QR-14-04", "SYS901", None),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_text_is_found(folder: Path, old: str, new: str, code: str, message: str | None) -> None:
    line = edit(folder / RULE, old, new)
    working, found = findings(folder)
    [item] = [item for item in found if item.code == code]
    assert message is None or str(item.message) == message
    assert [other for other in found if other.code != code] == []
    if item.place.isdecimal():
        assert line <= int(item.place) <= line + 3
        assert working.located(item).startswith(f"{RULE}:{item.place}")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("原件由客服", "自2026年12月1日起，原件由客服"),
        ("原件由客服", "按 GB/T 19001—2016 和第 8.2.1 条，原件由客服"),
        ("原件由客服", "第一次、第 2 次接触的，原件由客服"),
        ("原件由客服", "原件由`24小时`客服"),
        ("# 相关文件", "# 相关文件与附件"),
        ("# 职责", "# 责任"),
        ("## 流程", "## 8D 与 5S\n\n照旧。\n\n## 流程"),
        ("随时补充事实；级别随之变化。", "随时补充事实：\n\n- 诉讼\n- 媒体，如电视"),
        ("```flow QR-14-04\n", "```flow QR-14-04\n24小时\n"),
        ("# 术语", "# 术语\n\n````\n```\n# 1 不是标题\n```\n````\n"),
        ("诉讼、媒体、人数等情况有变化的，随时补充事实；级别随之变化。", "不适用"),
        ("# 术语", "# 术语\n\n[附件1] 和 [公司网站](https://x.invalid/)另行公布。"),
    ],
)
def test_what_only_looks_wrong_is_left_alone(folder: Path, old: str, new: str) -> None:
    edit(folder / RULE, old, new)
    assert [str(item.message) for item in findings(folder)[1]] == []


def test_a_number_that_is_part_of_a_heading_is_not_its_number(folder: Path) -> None:
    edit(folder / RULE, "## 流程", "## 24小时值班\n\n照旧。\n\n## 流程")
    assert [item.code for item in findings(folder)[1]] == ["DOC201"]


def test_a_picture_that_is_there_is_good_and_a_link_to_one_is_not(folder: Path) -> None:
    edit(folder / RULE, "# 术语", "# 术语\n\n![现场](QD-14-02/site.png)")
    (folder / "procedures/QD-14-02").mkdir()
    (folder / "outside.png").write_bytes(PNG)
    (folder / "procedures/QD-14-02/site.png").write_bytes(PNG)
    assert findings(folder)[1] == ()
    (folder / "procedures/QD-14-02/site.png").unlink()
    (folder / "procedures/QD-14-02/site.png").symlink_to(folder / "outside.png")
    assert [item.code for item in findings(folder)[1]] == ["DOC101"]


@pytest.mark.parametrize(
    "sign", ["一", "1.", "{", "`", "![a](", "[a", "# ", "```", "百分之", "1-", "一至", "{{ p.a", "，", "|"]
)
def test_no_line_is_too_long_to_be_checked(tmp_path: Path, sign: str) -> None:
    head = '+++\nnumber = "P-1"\ntitle = "t"\nkind = "chapter"\nowner = "x"\n+++\n\n'
    written = parse_procedure(f"{head}{sign * 30_000}\n", source="P-1")
    started = time.perf_counter()
    assert all(item.code.startswith("DOC") for item in check_text("P-1", written, tmp_path, None))
    assert time.perf_counter() - started < 10


def test_the_title_of_a_parameter_does_not_say_its_value(folder: Path) -> None:
    line = edit(folder / RULE, "处理后回访的时限", "处理后24小时回访")
    working, [item] = findings(folder)
    assert item.code == "DOC201"
    assert working.located(item) == f"{RULE}:{line}: parameter.visit_within"


def manual(folder: Path, *, chapters: str, parent: str = "QM-90") -> None:
    """A manual with one chapter."""
    head = (
        '+++\nnumber = "{}"\ntitle = "试"\nkind = "{}"\nowner = "quality_manager"\n{}\n+++\n\n# 适用范围\n\n全公司。\n'
    )
    (folder / "procedures/QM-90.md").write_text(head.format("QM-90", "manual", f"chapters = [{chapters}]"), "utf-8")
    (folder / "procedures/QM-90-01.md").write_text(head.format("QM-90-01", "chapter", f'parent = "{parent}"'), "utf-8")


@pytest.mark.parametrize(
    ("chapters", "parent", "number", "message"),
    [
        ('"QM-90-01"', "QM-90", "QM-90", None),
        ('"QM-90-01"', "QM-90", "QM-90-01", None),
        ("", "QM-90", "QM-90-01", "QM-90 does not list this chapter"),
        ('"QM-90-01"', "QP-18", "QM-90", "QM-90-01 is no chapter whose parent is this manual"),
        ('"QM-90-01"', "QP-18", "QM-90-01", "a chapter needs a manual as its parent"),
        ('"QM-90-01", "QP-18"', "QM-90", "QM-90", "QP-18 is no chapter whose parent is this manual"),
        ('"QM-90-01", "QM-90-02"', "QM-90", "QM-90", "there is no QM-90-02"),
    ],
)
def test_a_manual_and_its_chapters_agree(
    folder: Path, chapters: str, parent: str, number: str, message: str | None
) -> None:
    manual(folder, chapters=chapters, parent=parent)
    assert [str(item.message) for item in findings(folder, number)[1]] == ([message] if message else [])


def test_only_a_manual_has_chapters(folder: Path) -> None:
    edit(folder / RULE, 'parent       = "QP-14"', 'parent       = "QP-14"\nchapters = ["QP-18"]')
    assert "only a manual has chapters" in [str(item.message) for item in findings(folder)[1]]


def test_parents_in_a_circle(folder: Path) -> None:
    edit(folder / "procedures/QP-14.md", 'kind         = "procedure"', 'kind = "procedure"\nparent = "QD-14-02"')
    for number in ("QD-14-02", "QP-14"):
        [item] = findings(folder, number)[1]
        assert (item.code, item.severity, item.place) == ("DOC102", Severity.ERROR, "parent")
    assert str(item.message) == "is its own parent, by QP-14, QD-14-02, QP-14"
    assert findings(folder, "QD-14-04")[1] == ()  # its parent is in the circle, it is not


def test_numbers_of_a_companys_own_families_are_known(folder: Path) -> None:
    edit(folder / "qms.toml", 'pattern = "QM-{serial:2}"', 'pattern = "GT/QM·{serial:2}"')
    edit(folder / RULE, "按 [QP-14] 转为", "按 [GT/QM·07] 转为")
    assert [str(item.message) for item in findings(folder)[1]] == ["there is no GT/QM·07"]


@pytest.mark.parametrize(
    ("old", "new", "code", "message"),
    [
        ('"24 hours",        title', '"24 working hours", title', "DOC206", "another unit than in force: 24 hours → 24 working hours"),
        ('"24 hours",        title', '"12 hours",        title', None, None),
        ("客户随时可以凭编号询问进展。", "客户在24小时内可以凭编号询问进展。", "DOC201", None),
    ],
)  # fmt: skip
def test_what_a_draft_takes_from_the_revision_in_force(
    folder: Path, old: str, new: str, code: str | None, message: str | None
) -> None:
    edit(folder / RULE, old, new)
    found = tuple(load(folder).document_findings("QD-14-02", {"QD-14-02": procedure("QD-14-02")}))
    assert [item.code for item in found] == ([code] if code else [])
    assert message is None or str(found[0].message) == message


def test_a_value_that_changed_and_its_old_number_in_the_text(folder: Path) -> None:
    edit(folder / RULE, '"24 hours",        title', '"12 hours",        title')
    edit(folder / RULE, "客户随时可以凭编号询问进展。", "客户在24小时内可以凭编号询问进展。")
    found = tuple(load(folder).document_findings("QD-14-02", {"QD-14-02": procedure("QD-14-02")}))
    assert [item.code for item in found] == ["DOC201"]
    assert [item.code for item in load(folder).document_findings("QD-14-02")] == ["DOC301"]  # nobody knows what it was


def test_a_parameter_that_forms_compute_with_is_gone(folder: Path) -> None:
    edit(folder / RULE, "major_people          =", "# major_people          =")
    found = tuple(load(folder).document_findings("QD-14-02", {"QD-14-02": procedure("QD-14-02")}))
    [item] = [item for item in found if item.code == "DOC103"]
    assert str(item.message) == "QR-14-04 computes with p.major_people, which stands here no more"
    assert item.severity is Severity.ERROR


Ask = Callable[..., int]


@pytest.fixture
def ask(folder: Path) -> Ask:
    """`document check` in a folder of which nothing is in force."""
    subprocess.run(["git", "init", "--quiet", folder], check=True)

    def asked(*numbers: str, as_json: bool = False, language: Language = Language.EN) -> int:
        return check(Session(Catalogue.load(language), root=folder), numbers, as_json=as_json)

    return asked


def test_the_command_says_file_and_line_and_ends_with_one_for_errors(
    folder: Path, ask: Ask, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask() == 0
    said = capsys.readouterr()
    assert "documents checked, 0 errors, 0 warnings, 0 notes" in said.out
    assert "the drafts are not compared with what is in force" in said.err
    line = edit(folder / RULE, "原件由客服", "24小时内原件由客服")
    assert ask("QD-14-02", language=Language.ZH) == 0  # a warning
    out = capsys.readouterr().out.splitlines()
    assert out[0] == (
        f"警告：{RULE}:{line}：“24小时”是直接写的，它就是参数“处理后回访的时限”：请写 {{{{ p.visit_within }}}} [DOC201]"
    )
    assert out[1] == "已检查 1 份文件，0 个错误，1 个警告，0 条说明"
    edit(folder / RULE, "[QR-18-02]", "[QR-18-99]")
    assert ask("QD-14-02") == 1
    assert "error: " in capsys.readouterr().out
    assert ask("QD-14-02", as_json=True) == 1
    assert '"message": "there is no QR-18-99"' in capsys.readouterr().out
