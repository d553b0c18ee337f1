"""docs/json.md and document control: a procedure's way into force, its copies and readers, keys and people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from docx import Document
from json_page import compare
from program import Make, Program, Result

NUMBER, LEAVING = "QM-01-12", "QP-02"
CLERK, MANAGER, DIRECTOR = "wang.fang", "li.ming", "zhao.lei"
LONG = timedelta(days=360)


def done(desk: Program, *words: object, code: int = 0) -> Result:
    """What a command said, with `--json`."""
    found = desk(*words, "--json")
    assert found.code == code, (words, found)
    return found


def edit(desk: Program, path: str, *changes: tuple[str, str]) -> None:
    """The file in the folder with each of the words replaced, all of which must be there."""
    text = (desk.root / path).read_text("utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    (desk.root / path).write_text(text, "utf-8")


@pytest.fixture(scope="module")
def start(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A repository where the manager and the director have keys, and a head of department has a deputy."""
    home = tmp_path_factory.mktemp("control")
    (home / "phrase").write_text("correct horse battery\n", "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QMSDOCS_KEYS", str(home / "keys"))
        patch.setenv("QMSDOCS_PASSPHRASE_FILE", str(home / "phrase"))
        desk = make(home / "acme")
        for words in (
            ("person", "add", MANAGER, "--name", "李明", "--role", "quality_manager", "--key"),
            ("person", "add", DIRECTOR, "--name", "赵磊", "--role", "general_manager", "--key"),
            ("person", "delegate", "feng.lan", "--to", "wu.jun", "--until", "2026-12-20", "--as", DIRECTOR),
        ):
            assert desk(*words).code == 0, words
        yield desk


@pytest.fixture(scope="module")
def course(start: Program) -> Mapping[str, Result]:
    """What the commands said on the way of a procedure into force, and of another one out of it."""
    more = 'distribution = ["工程部"]\nreaders = ["department_head", "quality_engineer"]\nclauses'
    edit(start, f"procedures/{NUMBER}.md", ("clauses", more))
    asked = ("--countersign", "工程部,营销部")
    said = {
        "given": done(start, "document", "distribute", NUMBER, "--to", "工程部", "--holder", "郑凯"),
        "submit": done(start, "document", "submit", NUMBER, "-m", "写明分发范围", *asked, "--as", CLERK),
        "review": done(start, "document", "review", NUMBER, "--as", MANAGER),
        "waiting": done(start, "status"),
        "show": done(start, "document", "show", NUMBER),
    }
    remark = ("--verdict", "remark", "-m", "范围太窄")
    done(start, "document", "countersign", NUMBER, *remark, "--as", "zheng.kai")
    said["countersign"] = done(start, "document", "countersign", NUMBER, "--department", "营销部", "--as", "wu.jun")
    said["answer"] = done(start, "document", "countersign", NUMBER, "--answer", "工程部", "-m", "已核实", "--as", CLERK)
    said["approve"] = done(start, "document", "approve", NUMBER, "--effective", "2026-12-01", "--as", DIRECTOR)
    said["withdraw"] = done(start, "document", "withdraw", LEAVING, "-m", "并入别的文件", "--as", CLERK)
    too_early = ("-y", "--effective", "2020-01-01", "--as", DIRECTOR)
    said["refused ones"] = done(start, "document", "approve", "--waiting", *too_early, code=2)
    said["waiting ones"] = done(start, "document", "approve", "--waiting", "-y", "--as", DIRECTOR)
    lost = ("--since", "2026-11-21 11:00", "-m", "丢失", "--as", DIRECTOR)
    for words in (("lost", MANAGER, *lost), ("new", MANAGER), ("confirm", MANAGER, "--as", DIRECTOR)):
        assert start("key", *words).code == 0, words
    return said


@pytest.fixture(scope="module")
def desk(start: Program, course: Mapping[str, Result]) -> Program:
    """Two weeks later, when the new revision is in force."""
    assert course["approve"].json["effective_on"] == "2026-12-01"
    return start.later(timedelta(days=14))


def test_acts_on_a_revision(course: Mapping[str, Result]) -> None:
    compare("document submit", course["submit"])
    compare("document review", course["review"])
    compare("document countersign", course["countersign"], course["answer"])
    compare("document approve", course["approve"])
    compare("document withdraw", course["withdraw"])


def all_but_one(start: Program, *words: str) -> tuple[str, ...]:
    """The words that leave out all of a list but its first line."""
    listed = start(*words, "-n").err.count(" → ")
    assert listed > 1
    return (*words, "--without", ",".join(str(number) for number in range(2, listed + 1)))


def test_several_at_once(start: Program, course: Mapping[str, Result]) -> None:
    compare("document approve --waiting", course["waiting ones"], course["refused ones"])
    bad = ("--reason", "\x00")
    review = ("document", "review", "--waiting", "--trial", "--as", MANAGER)
    for name in ("document review --waiting", "document review --trial"):
        one = all_but_one(start, *review)
        compare(name, done(start, *one, *bad, code=2), done(start, *one))
    one = all_but_one(start, "document", "approve", "--trial", "--as", DIRECTOR)
    late = done(start, *one, *bad, code=2)
    compare("document approve --trial", done(start, *one), late)


def test_the_course_of_an_item(start: Program, course: Mapping[str, Result]) -> None:
    compare("document history", done(start, "document", "history", NUMBER, code=1))
    compare("document show", course["show"])


def test_the_master_list(start: Program, desk: Program) -> None:
    compare("document list", done(start, "document", "list"))
    compare("document list --changed-since", done(desk, "document", "list", "--changed-since", "2026-12-01"))
    day = "2026-11-18"
    values = {
        "document": "GB/T 19012-2019", "kind": "standard", "document_title": "标准", "issuer": "主管部门", "edition": "2019",
        "registered_on": day, "keeper": CLERK, "department": "质量管理部", "kept_at": "文控室", "checked_on": day,
        "checked_by": CLERK, "checked_where": "标准网", "result": "valid",
    }  # fmt: skip
    draft = start.draft("external.json", "QR-01-05", values)
    assert start("record", "issue", draft, "--no-pages").code == 0
    draft.unlink()
    compare("document list --external", done(start, "document", "list", "--external"))


def test_what_waits_and_is_due(start: Program, desk: Program, course: Mapping[str, Result]) -> None:
    assert start.issue("QR-14-04") and start.issue("QR-04-01")
    path = start.root / "procedures" / "QP-14.md"
    whole = path.read_text("utf-8")
    path.write_text(f"{whole}\n补充一段说明。\n", "utf-8")
    try:
        assert desk("audit", "--full").code == 1
        late = done(desk.later(LONG), "status", code=1)
    finally:
        path.write_text(whole, "utf-8")
    assert late.json["recalls"] == 1
    compare("status", course["waiting"], done(start, "status", code=1), late)


def test_copies(desk: Program, course: Mapping[str, Result]) -> None:
    compare("document distribute --to", course["given"])
    compare("document distribute", done(desk, "document", "distribute", NUMBER))
    compare("document distribute --recall", done(desk, "document", "distribute", "--recall", code=1))
    compare("document distribute --all", done(desk, "document", "distribute", NUMBER, "--all"))
    received = done(desk, "document", "distribute", NUMBER, "--received", "2", "--as", "zheng.kai")
    compare("document distribute --received", received)


def test_readers(desk: Program, tmp_path: Path) -> None:
    names = ("--people", "郑凯,冯岚")
    sheet = done(desk, "document", "acknowledge", NUMBER, "--sheet", *names, "-o", tmp_path / "sheet.pdf")
    compare("document acknowledge --sheet", sheet)
    compare("document acknowledge --open", done(desk, "document", "acknowledge", NUMBER, "--open", code=1))
    compare("document acknowledge", done(desk, "document", "acknowledge", NUMBER, "--as", "wu.jun"))


def test_periodic_review(desk: Program) -> None:
    words = ("--verdict", "keep", "-m", "仍然适用", "--as", "chen.jing")
    compare("document review --verdict", done(desk, "document", "review", NUMBER, *words))


def test_import(start: Program, tmp_path: Path) -> None:
    word = Document()
    word.add_heading("目的", 1)
    word.add_paragraph("让投诉有着落。")
    word.save(str(tmp_path / "回访.docx"))
    compare("document import", done(start, "document", "import", tmp_path / "回访.docx", "--number", "QP-77"))
    (start.root / "procedures" / "QP-77.md").unlink()


def test_drafts(start: Program, course: Mapping[str, Result]) -> None:
    assert course["submit"].code == 0
    edit(
        start,
        "procedures/QD-14-02.md",
        ('"24 hours"', '"12 hours"'),
        ('review_every = "1 year"', 'review_every = "2 years"'),
        ("渠道公开。", "渠道公开、畅通。"),
        ("每月整理台账", "每周整理台账"),
    )
    beside = start.root / "procedures" / "QD-14-02" / "plan.txt"
    beside.parent.mkdir()
    beside.write_text("提纲\n", "utf-8")
    edit(start, "records/retention.toml", ("[class.complaint]", "# reviewed\n[class.complaint]"))
    longer, shorter = 'period      = "3 years"', 'period      = "2 years"'
    edit(start, "records/retention.toml", (longer, shorter))
    impact = [done(start, "document", "impact", number) for number in ("QD-14-02", NUMBER, "retention.toml")]
    compare("document impact", *impact)
    edit(start, "records/retention.toml", (shorter, longer))
    diff = [done(start, "document", "diff", number) for number in ("QD-14-02", "retention.toml")]
    compare("document diff", *diff)
    compare("document parameters", done(start, "document", "parameters"))
    edit(start, "procedures/QD-14-02.md", ("渠道公开、", "渠道{{ p.nobody }}公开、"))
    compare("document check", done(start, "document", "check", code=1))


def test_keys_and_people(start: Program, course: Mapping[str, Result]) -> None:
    found = done(start, "key", "list")
    assert [bool(item["lost_at"]) for item in found.json["keys"]] == [True, False, False]
    compare("key list", found)
    compare("person list", done(start, "person", "list"))
    manifest = course["approve"].json["manifest"]
    compare("verify", done(start, "verify", f"{manifest[:4]}-{manifest[4:8]}", code=1))
