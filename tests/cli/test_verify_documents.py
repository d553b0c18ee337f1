"""Found pages of controlled documents: in force, superseded, withdrawn, drafts, altered, saved again by an office."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from control import NUMBER, Company
from office import convert
from program import Program, looked

from qmsdocs.base.language import Language


@dataclass(frozen=True)
class Desk:
    """A company and the program at its desk."""

    company: Company
    folder: Path

    def at(self, moment: datetime | None = None) -> Program:
        """The program, now or at another moment."""
        return Program(self.company.root, moment or self.company.now)

    def print(self, name: str, *words: object) -> Path:
        """The pages of the document as a file."""
        path = self.folder / name
        made = self.at()("document", "render", NUMBER, "-o", path, *words)
        assert made.code == 0, made.err
        return path

    def judge(self, path: object, *, code: int, at: datetime | None = None) -> dict[str, Any]:
        """The one answer for a file."""
        found = self.at(at)("verify", path, "--json")
        assert found.code == code, found
        [answer] = found.json["files"]
        return dict(answer)


def facts(answer: dict[str, Any]) -> tuple[Any, ...]:
    """What an answer says in short."""
    return answer["verdict"], answer["number"], answer["revision"], answer["checked"], answer["in_force"]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Two revisions: A/0 on trial since the first of November, A/1 in force from the tenth; all of it printed."""
    folder = tmp_path_factory.mktemp("desk")
    desk = Desk(Company.begun(folder / "acme"), folder)
    for person in ("li.ming", "zhao.lei"):
        desk.company.key(person)
    for kind in ("pdf", "docx"):
        desk.print(f"first.{kind}")
    desk.company.edit(12, "使客户不再投诉")
    for kind in ("pdf", "docx"):
        desk.print(f"draft.{kind}", "--draft")
    desk.company.later(hours=1)
    desk.company.submit()
    desk.print("submitted.pdf", "--revision", "A/1")
    desk.company.review()
    desk.company.approve(on=date(2026, 11, 10))
    for kind in ("pdf", "docx"):
        desk.print(f"approved.{kind}", "--revision", "A/1")
    desk.company.later(days=12)
    for kind in ("pdf", "docx"):
        desk.print(f"second.{kind}")
    return desk


@pytest.mark.parametrize(
    ("name", "said", "code"),
    [
        ("first.pdf", ("superseded", NUMBER, "A/0", "bytes", False), 1),
        ("first.docx", ("superseded", NUMBER, "A/0", "text", False), 1),
        ("approved.pdf", ("in_force", NUMBER, "A/1", "bytes", True), 0),
        ("approved.docx", ("in_force", NUMBER, "A/1", "text", True), 0),
        ("second.pdf", ("in_force", NUMBER, "A/1", "bytes", True), 0),
        ("second.docx", ("in_force", NUMBER, "A/1", "bytes", True), 0),
        ("submitted.pdf", ("in_force", NUMBER, "A/1", "bytes", True), 0),
        ("draft.pdf", ("draft", NUMBER, "A/1", "mark", False), 1),
        ("draft.docx", ("in_force", NUMBER, "A/1", "text", True), 0),
    ],
)
def test_pages_stand_as_their_revision(desk: Desk, name: str, said: tuple[object, ...], code: int) -> None:
    answer = desk.judge(desk.folder / name, code=code)
    assert facts(answer) == said, answer
    assert answer["kind"] == "document" and answer["superseded_by"] == ("A/1" if said[2] == "A/0" else None)


def test_pages_stand_as_they_stood_on_the_day_asked_for(desk: Desk) -> None:
    for words, said, code in ((("--on", "2026-11-05"), "trial", 0), ((), "superseded", 1)):
        found = desk.at()("verify", desk.folder / "first.pdf", "--json", *words)
        assert (found.code, found.json["files"][0]["verdict"]) == (code, said)
    found = desk.at()("verify", desk.folder / "second.docx", "--json", "--on", "2026-11-05")
    assert (found.code, found.json["files"][0]["verdict"]) == (1, "approved")
    assert "it comes into force on 2026-11-10" in found.json["files"][0]["reasons"]


def test_the_code_of_a_document_may_be_typed(desk: Desk) -> None:
    manifest = desk.company.newest().manifest
    answer = desk.judge(f"{manifest[:4]}-{manifest[4:8]}".upper(), code=0)
    assert facts(answer) == ("in_force", NUMBER, "A/1", "code", True)


def test_a_superseded_page_says_by_what(desk: Desk) -> None:
    found = desk.at()("verify", desk.folder / "first.pdf")
    assert found.out.splitlines()[0].endswith(f": SUPERSEDED: {NUMBER} A/0")
    assert "A/1 took its place on 2026-11-10" in found.out


def test_a_pdf_packed_anew_is_genuine(desk: Desk, tmp_path: Path) -> None:
    looked("qpdf", "--qdf", desk.folder / "second.pdf", tmp_path / "again.pdf")
    assert facts(desk.judge(tmp_path / "again.pdf", code=0))[3] == "text"


def test_a_word_file_saved_again_is_genuine(desk: Desk, tmp_path: Path) -> None:
    again = convert(desk.folder / "second.docx", "docx", tmp_path)
    assert facts(desk.judge(again, code=0)) == ("in_force", NUMBER, "A/1", "text", True)


def edited(source: Path, target: Path, old: str, new: str) -> Path:
    """The Word document with other words at the last place they stand."""
    with zipfile.ZipFile(source) as package, zipfile.ZipFile(target, "w") as written:
        for name in package.namelist():
            data = package.read(name)
            if name == "word/document.xml":
                head, found, tail = data.rpartition(old.encode())
                assert found
                data = head + new.encode() + tail
            written.writestr(name, data)
    return target


@pytest.mark.parametrize(("old", "new"), [("不再", "再"), ("12小时", "72小时"), ("回访", "回访或不回访"), ("投诉", "")])
def test_a_word_file_with_another_text_is_altered(desk: Desk, tmp_path: Path, old: str, new: str) -> None:
    for name in ("second.docx", "approved.docx"):
        answer = desk.judge(edited(desk.folder / name, tmp_path / name, old, new), code=1)
        assert facts(answer)[:3] == ("altered", NUMBER, "A/1"), answer


# ── numbered copies, sheets to sign, revisions that never came into force


def done(program: Program, *words: object, code: int = 0) -> Any:
    """What a command said as JSON."""
    found = program("document", *words, "--json")
    assert found.code == code, found
    return found.json


def listed(path: Path) -> list[list[object]]:
    """The distribution list of a PDF as it says of itself."""
    with pikepdf.open(path) as file:
        return list(json.loads(file.attachments["page.json"].get_file().read_bytes())["copies"])


def judged(program: Program, path: object, code: int) -> tuple[str, str, list[str]]:
    """Verdict, how far it was compared, and the reasons."""
    found = program("verify", path, "--json")
    assert found.code == code, found
    [answer] = found.json["files"]
    return answer["verdict"], answer["checked"], answer["reasons"]


def test_a_copy_is_genuine_while_it_changes_hands_and_not_to_be_used_once_it_is_back(
    shared: Program, tmp_path: Path
) -> None:
    copy, other = tmp_path / "copy.pdf", tmp_path / "other.pdf"
    give = ("distribute", "QM-01-04", "--no-pages")
    done(shared, *give, "--to", "工程部", "-o", copy)
    assert judged(shared, copy, 0)[:2] == ("trial", "bytes")
    assert listed(copy)[0] == ["工程部", "1", 1, "", ""]
    done(shared, *give, "--received", "1", "--as", "zheng.kai")
    done(shared, *give, "--to", "营销部", "-o", other)
    assert listed(other)[0] == ["工程部", "1", 1, "郑凯 2026-11-21", ""]
    later = shared.later(timedelta(days=1))
    done(later, *give, "--return", "1")
    assert judged(later, copy, 1)[0] == "uncontrolled"
    assert "copy 1 is registered as returned on 2026-11-22" in judged(later, copy, 1)[2]
    done(later, *give, "--destroy", "1", "--witness", "李明")
    done(later, *give, "--to", "客户服务部", "--copy", "1")
    assert "copy 1 is registered as destroyed on 2026-11-22" in judged(later, copy, 1)[2]
    assert judged(later, other, 0)[:2] == ("trial", "bytes")
    for row in (
        ["工程部", "1", 1, "王芳 2026-11-21", ""],
        ["工程部", "1", 1, "郑凯 2026-11-20", ""],
        ["工程部", "2", 1, "", ""],
    ):
        forged = printed_otherwise(other, tmp_path / "forged.pdf", copies=[row])
        assert f"copy {row[1]} of 工程部" in judged(later, forged, 1)[2][0]


@pytest.mark.parametrize("kind", ["pdf", "docx"])
def test_a_sheet_to_sign_is_genuine_before_and_after_it_was_signed(shared: Program, tmp_path: Path, kind: str) -> None:
    sheet, scan = tmp_path / f"sheet.{kind}", tmp_path / "scan.png"
    asked = ("acknowledge", "QM-01-01" if kind == "pdf" else "QM-01-02")
    [record] = done(shared, *asked, "--sheet", "--people", "郑凯", "-o", sheet)["sheets"]
    assert judged(shared, sheet, 0)[:2] == ("current", "bytes")
    scan.write_bytes(b"\x89PNG\r\n\x1a\n signed")
    done(shared, *asked, "--scan", scan, "--record", record, "--set", "effect=抽问，答对", "--no-pages")
    assert judged(shared, sheet, 1)[:2] == ("outdated", "bytes")


def test_a_revision_replaced_on_its_first_day_is_superseded_and_genuine(shared: Program, tmp_path: Path) -> None:
    path = shared.root / "procedures" / "QM-01-05.md"
    path.write_text(path.read_text("utf-8") + "\n补充一段说明。\n", "utf-8")
    done(shared, "submit", "QM-01-05", "-m", "补充说明", "--as", "wang.fang")
    done(shared, "review", "QM-01-05", "--as", "li.ming")
    done(shared, "approve", "QM-01-05", "--effective", "2026-11-21", "--as", "zhao.lei")
    for at, words in ((shared, ()), (shared, ("--kept",)), (shared.later(timedelta(days=3)), ())):
        old = tmp_path / "old.pdf"
        assert at("document", "render", "QM-01-05", "--revision", "A/0", "-o", old, *words).code == 0
        assert judged(shared.later(timedelta(days=4)), old, 1)[:2] == ("superseded", "bytes")


def test_what_cannot_be_verified_is_said_in_plain_words(shared: Program, tmp_path: Path) -> None:
    table, broken = tmp_path / "list.xlsx", tmp_path / "broken.pdf"
    assert shared("document", "list", "-o", table).code == 0
    broken.write_bytes(b"%PDF-1.7\n%%EOF\n")
    chinese = replace(shared, language=Language.ZH)
    assert (
        "不是 PDF、Word 文件，也不是可读取的图片\n提示：请另存为 PDF、DOCX、JPEG 或 PNG\n"
        in chinese("verify", table).err
    )
    assert chinese("verify", broken).err.endswith("broken.pdf：文件已损坏\n")


def printed_otherwise(source: Path, target: Path, **changed: object) -> Path:
    """The PDF with another account of how it was printed."""
    with pikepdf.open(source) as file:
        said = json.loads(file.attachments["page.json"].get_file().read_bytes())
        file.attachments["page.json"] = json.dumps({**said, **changed}, sort_keys=True, separators=(",", ":")).encode()
        file.save(target)
    return target


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("first.pdf", {"standing": "in_force"}),
        ("approved.pdf", {"standing": "in_force"}),
        ("second.pdf", {"drawn_on": "2020-01-01"}),
        ("second.pdf", {"last": "0" * 64}),
        ("second.pdf", {"superseded_by": "B/9"}),
        ("second.pdf", {"copies": [["工程部", "03", 1, "王芳 2026-11-11", ""]]}),
        ("second.pdf", {"language": "en"}),
    ],
)
def test_a_page_cannot_claim_to_have_been_printed_as_it_never_was(
    desk: Desk, tmp_path: Path, name: str, changed: dict[str, object]
) -> None:
    answer = desk.judge(printed_otherwise(desk.folder / name, tmp_path / name, **changed), code=1)
    assert answer["verdict"] == "altered", answer


@pytest.mark.parametrize("said", [None, b"", b"{}", b"\xff", b"[" * 5000])
def test_a_page_that_tells_nothing_of_its_printing_is_altered(desk: Desk, tmp_path: Path, said: bytes | None) -> None:
    with pikepdf.open(desk.folder / "second.pdf") as file:
        if said is None:
            del file.attachments["page.json"]
        else:
            file.attachments["page.json"] = said
        file.save(tmp_path / "mute.pdf")
    assert desk.judge(tmp_path / "mute.pdf", code=1)["verdict"] == "altered"


def test_pages_of_one_revision_under_the_mark_of_another_are_altered(desk: Desk, tmp_path: Path) -> None:
    """An old page dressed up as the new one."""
    with pikepdf.open(desk.folder / "first.pdf") as old, pikepdf.open(desk.folder / "second.pdf") as new:
        old.docinfo["/Subject"] = str(new.docinfo["/Subject"])
        for name in [*new.attachments]:
            old.attachments[name] = new.attachments[name].get_file().read_bytes()
        old.save(tmp_path / "dressed.pdf")
    for answer in (desk.judge(tmp_path / "dressed.pdf", code=1),):
        assert answer["verdict"] == "altered" and answer["revision"] == "A/1", answer
