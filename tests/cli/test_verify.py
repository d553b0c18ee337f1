"""Found pages: files as they were drawn, saved again and altered, photographs, typed codes, and hostile files."""

from __future__ import annotations

import io
import os
import random
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
import segno
from office import convert
from PIL import Image, ImageFilter
from program import Program, looked, tool

from qmsdocs.base.language import Language
from qmsdocs.render.mark import payload

FORM = "QR-14-04"


def judged(desk: Program, *words: object, code: int) -> list[dict[str, Any]]:
    """The answers to `verify`."""
    found = desk("verify", *words, "--json")
    assert found.code == code, found
    assert set(found.json) == {"format", "files"} and found.json["format"] == 1
    return list(found.json["files"])


def verdict(desk: Program, path: object, *, code: int = 1) -> tuple[str, str]:
    """Verdict on the one page in a file, and how far it was compared."""
    [answer] = judged(desk, path, code=code)
    return answer["verdict"], answer["checked"]


class Pages:
    """A complaint with its pages: as first drawn, and the desk it lies at."""

    def __init__(self, desk: Program) -> None:
        self.desk = desk
        self.number = desk.issue(FORM, pages=True, customer="欧阳昇", plan="甲" * 30 + "乙" * 30)
        stem = desk.root / "records" / "issued" / FORM / "2026" / self.number
        self.pdf, self.docx = stem.with_suffix(".pdf"), stem.with_suffix(".docx")
        self.sha256 = desk.record(self.number)["event_sha256"][-1]
        self.repository = desk.record(self.number)["events"][0]["repository"]

    @property
    def payload(self) -> str:
        """What its mark says."""
        return payload(self.repository, self.number, FORM, "A/0", self.sha256)


@pytest.fixture(scope="module")
def pages(shared: Program) -> Pages:
    return Pages(shared)


@pytest.fixture(scope="module")
def picture(pages: Pages, tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Image.Image]:
    """The page as a grey picture at a resolution, made by poppler."""
    folder = tmp_path_factory.mktemp("pictures")

    def drawn(resolution: int) -> Image.Image:
        path = folder / f"{resolution}.png"
        if not path.exists():
            words = ("-gray", "-r", resolution, "-png", "-singlefile", pages.pdf, path.with_suffix(""))
            looked("pdftoppm", *words)
        return Image.open(path).convert("L")

    return drawn


# ── pages as they were drawn


def test_pages_as_drawn_are_current_byte_for_byte(pages: Pages) -> None:
    for answer in judged(pages.desk, pages.pdf, pages.docx, code=0):
        assert answer["verdict"] == "current" and answer["checked"] == "bytes"
        assert (answer["number"], answer["revision"], answer["kind"]) == (pages.number, "A/0", "record")
        assert answer["in_force"] is True and answer["superseded_by"] is None


def test_the_answer_is_said_in_words(pages: Pages) -> None:
    found = pages.desk("verify", pages.pdf)
    assert (found.code, found.err) == (0, "")
    assert found.out.splitlines()[0] == f"{pages.pdf}: UP TO DATE: {pages.number}"
    chinese = Program(pages.desk.root, language=Language.ZH)("verify", pages.docx)
    assert f"：与现存记录一致：{pages.number}" in chinese.out and "逐字节" in chinese.out


def test_nothing_is_written(pages: Pages) -> None:
    with pages.desk.unchanged():
        pages.desk("verify", pages.pdf, pages.docx, "9F2C-7A1B", "nothing.pdf")


def test_a_page_is_outdated_by_the_acts_since_then(repository: Program, tmp_path: Path) -> None:
    first = Pages(repository)
    old_pdf, old_docx = shutil.copy(first.pdf, tmp_path / "old.pdf"), shutil.copy(first.docx, tmp_path / "old.docx")
    later = repository.later(timedelta(hours=2))
    amended = later("record", "amend", first.number, "--set", "phone=13900005678", "-m", "号码听错")
    assert amended.code == 0, amended.err
    for answer in judged(later, old_pdf, old_docx, code=1):
        assert (answer["verdict"], answer["checked"], answer["in_force"]) == ("outdated", "bytes", False)
        assert re.search(r"since then: Amended \(王芳, 2026-11-21 14:00\)", " ".join(answer["reasons"]))
    assert verdict(later.later(timedelta(days=400)), first.pdf, code=0) == ("current", "bytes")
    [answer] = judged(later, first.sha256[:8], code=1)
    assert (answer["verdict"], answer["number"], answer["checked"]) == ("outdated", first.number, "code")
    assert later("record", "void", first.number, "-m", "重复登记").code == 0
    for answer in judged(later, old_pdf, first.pdf, code=1):
        assert (answer["verdict"], answer["checked"]) == ("void", "bytes")


# ── saved again


def test_word_files_saved_again_by_an_office_are_genuine(pages: Pages, tmp_path: Path) -> None:
    again = convert(pages.docx, "docx", tmp_path / "again")
    assert again.read_bytes() != pages.docx.read_bytes()
    assert verdict(pages.desk, again, code=0) == ("current", "text")


def test_a_pdf_packed_anew_is_genuine(pages: Pages, tmp_path: Path) -> None:
    again = tmp_path / "again.pdf"
    looked("qpdf", "--qdf", "--object-streams=disable", pages.pdf, again)
    assert again.read_bytes() != pages.pdf.read_bytes()
    assert verdict(pages.desk, again, code=0) == ("current", "text")


def test_a_pdf_made_by_an_office_is_judged_by_its_mark(pages: Pages, tmp_path: Path) -> None:
    made = convert(pages.docx, "pdf", tmp_path / "made")
    [answer] = judged(pages.desk, made, code=0)
    assert (answer["verdict"], answer["checked"]) == ("current", "mark")
    assert "what is missing is not known" in " ".join(answer["reasons"])


@pytest.mark.slow
def test_strange_words_in_a_pdf_made_by_an_office_are_found(pages: Pages, tmp_path: Path) -> None:
    altered = edited(pages.docx, tmp_path / "altered.docx", "13800001234", "13800009999")
    [answer] = judged(pages.desk, convert(altered, "pdf", tmp_path / "made"), code=1)
    assert answer["verdict"] == "altered" and "13800009999" in answer["reasons"][0]


# ── altered


def edited(source: Path, target: Path, old: str, new: str, part: str = "word/document.xml") -> Path:
    """The Word document with other words in one of its parts."""
    with zipfile.ZipFile(source) as package, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as written:
        for name in package.namelist():
            data = package.read(name)
            if name == part:
                assert old.encode() in data
                data = data.replace(old.encode(), new.encode(), 1)
            written.writestr(name, data)
    return target


@pytest.mark.parametrize(
    ("part", "old", "new", "said"),
    [
        ("word/document.xml", "13800001234", "13800001235", "“13800001235” where the page says “13800001234”"),
        ("word/document.xml", "欧阳昇", "", "欧阳昇"),
        ("word/document.xml", "☐", "☑", "☑"),
        ("word/document.xml", "13800001234", '1380000</w:t><w:t xml:space="preserve">9999', "13800009999"),
        ("word/header1.xml", "A/0", "A/9", "A/9"),
        ("word/footer1.xml", "3年", "30年", "30年"),
    ],
)
def test_word_files_with_other_words_are_altered(
    pages: Pages, tmp_path: Path, part: str, old: str, new: str, said: str
) -> None:
    [answer] = judged(pages.desk, edited(pages.docx, tmp_path / "page.docx", old, new, part), code=1)
    assert (answer["verdict"], answer["number"], answer["in_force"]) == ("altered", pages.number, False)
    assert said in answer["reasons"][0]


def test_a_word_file_without_its_code_is_found_by_the_printed_one(pages: Pages, tmp_path: Path) -> None:
    plain = tmp_path / "plain.docx"
    blank = io.BytesIO()
    Image.new("L", (90, 90), 255).save(blank, "PNG")
    with zipfile.ZipFile(pages.docx) as package, zipfile.ZipFile(plain, "w") as written:
        for name in package.namelist():
            written.writestr(name, blank.getvalue() if name.endswith("qr.png") else package.read(name))
    assert verdict(pages.desk, plain, code=0) == ("current", "text")


def redrawn(pages: Pages, target: Path, **changed: object) -> Path:
    """A PDF that says something else under the same mark: the page of another record, its mark put over it."""
    other = pages.desk.issue(FORM, pages=True, **{"customer": "欧阳昇", "plan": "甲" * 30 + "乙" * 30, **changed})
    path = pages.pdf.with_name(f"{other}.pdf")
    with pikepdf.open(path) as file:
        file.docinfo["/Subject"] = pages.payload
        file.save(target)
    return target


def test_a_pdf_with_other_words_is_altered(pages: Pages, tmp_path: Path) -> None:
    forged = redrawn(pages, tmp_path / "forged.pdf", phone="13900005678")
    [answer] = judged(pages.desk, forged, code=1)
    assert (answer["verdict"], answer["number"]) == ("altered", pages.number)


def test_a_pdf_with_something_painted_over_is_altered(pages: Pages, tmp_path: Path) -> None:
    """The words below are all still there, so only the look betrays it."""
    with pikepdf.open(pages.pdf) as file:
        file.pages[0].contents_add(file.make_stream(b"q 1 g 150 600 60 40 re f Q"), prepend=False)
        file.save(tmp_path / "painted.pdf")
    [answer] = judged(pages.desk, tmp_path / "painted.pdf", code=1)
    assert answer["verdict"] == "altered"
    assert answer["reasons"][0] == "page 1 looks different from what is stored"


def test_a_pdf_with_another_record_inside_is_altered(pages: Pages, tmp_path: Path) -> None:
    with pikepdf.open(pages.pdf) as file:
        file.attachments["record.json"] = b'{"events":[],"format":1}'
        file.save(tmp_path / "other.pdf")
    [answer] = judged(pages.desk, tmp_path / "other.pdf", code=1)
    assert answer["verdict"] == "altered" and "record.json" in answer["reasons"][0]


def test_a_pdf_that_lost_or_gained_a_page_is_altered(pages: Pages, tmp_path: Path) -> None:
    with pikepdf.open(pages.pdf) as file:
        file.add_blank_page()
        file.pages.append(file.pages[0])
        file.save(tmp_path / "more.pdf")
    assert verdict(pages.desk, tmp_path / "more.pdf")[0] == "altered"


def test_a_pdf_with_a_program_in_it_is_altered(pages: Pages, tmp_path: Path) -> None:
    with pikepdf.open(pages.pdf) as file:
        action = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))
        file.Root.OpenAction = pikepdf.Dictionary(Next=pikepdf.Array([action]))
        file.save(tmp_path / "script.pdf")
    [answer] = judged(pages.desk, tmp_path / "script.pdf", code=1)
    assert answer["verdict"] == "altered" and "/JavaScript" in answer["reasons"][0]


# ── several pages in one file


def test_pages_of_several_records_in_one_file_are_judged_one_by_one(pages: Pages, tmp_path: Path) -> None:
    other = pages.desk.issue("QR-14-03", pages=True)
    second = pages.desk.root / "records" / "issued" / "QR-14-03" / "2026" / f"{other}.pdf"
    together = tmp_path / "together.pdf"
    looked("qpdf", "--empty", "--pages", pages.pdf, second, "--", together)
    first, last = judged(pages.desk, together, code=0)
    assert [(first["number"], first["checked"]), (last["number"], last["checked"])] == [
        (pages.number, "text"),
        (other, "text"),
    ]


# ── marks that lead nowhere


def bare(target: Path, text: str) -> Path:
    """A picture with nothing but a QR code."""
    segno.make_qr(text, error="m", encoding="utf-8").save(str(target), scale=6, border=4, kind="png")
    return target


def test_the_mark_of_another_repository_is_unknown(pages: Pages, tmp_path: Path) -> None:
    path = bare(tmp_path / "other.png", payload("0" * 8, pages.number, FORM, "A/0", pages.sha256))
    [answer] = judged(pages.desk, path, code=1)
    assert answer["verdict"] == "unknown" and "another organisation" in answer["reasons"][0]


@pytest.mark.parametrize(
    ("number", "form", "revision", "digest", "said"),
    [
        (None, FORM, "A/0", "0" * 64, "no act on"),
        ("TS-HZ-2026-9999", FORM, "A/0", None, "there is no record"),
        (None, FORM, "A/7", None, "contradicts itself"),
        (None, "QR-14-03", "A/0", None, "contradicts itself"),
        ("-", FORM, "A/0", None, "forged"),
        ("QD-14-02", "document", "A/0", "1" * 64, "forged"),
    ],
)
def test_a_forged_mark_is_unknown(
    pages: Pages, tmp_path: Path, number: str | None, form: str, revision: str, digest: str | None, said: str
) -> None:
    text = payload(pages.repository, number or pages.number, form, revision, digest or pages.sha256)
    [answer] = judged(pages.desk, bare(tmp_path / "forged.png", text), code=1)
    assert answer["verdict"] == "unknown" and said in answer["reasons"][0]


@pytest.mark.parametrize(
    "text",
    ["https://example.com/", "QMS1|x", "QMS1||||", "QMS1|12345678|a\x1b[31m|b c|" + "0" * 64, "QMS1|" + "|" * 400],
)
def test_a_code_of_another_kind_is_unknown(pages: Pages, tmp_path: Path, text: str) -> None:
    [answer] = judged(pages.desk, bare(tmp_path / "code.png", text), code=1)
    assert (answer["verdict"], answer["number"], answer["checked"]) == ("unknown", None, None)
    assert answer["reasons"] == ["the code on it is not one of this program"]


def test_pages_without_a_mark_are_unknown(pages: Pages, tmp_path: Path) -> None:
    Image.new("RGB", (300, 300), "white").save(tmp_path / "white.jpg")
    with pikepdf.new() as file:
        file.add_blank_page()
        file.save(tmp_path / "empty.pdf")
    for answer in judged(pages.desk, tmp_path / "white.jpg", tmp_path / "empty.pdf", code=1):
        assert (answer["verdict"], answer["number"]) == ("unknown", None)


# ── forms


@pytest.mark.parametrize(("options", "verdict_said", "exit_code"), [(("--in-force",), "trial", 0), ((), "draft", 1)])
def test_a_blank_of_a_form_stands_as_its_revision(
    pages: Pages, tmp_path: Path, options: Sequence[str], verdict_said: str, exit_code: int
) -> None:
    blank = tmp_path / "blank.pdf"
    assert pages.desk("form", "show", FORM, "-o", blank, *options).code == 0
    [answer] = judged(pages.desk, blank, code=exit_code)
    assert (answer["verdict"], answer["number"], answer["kind"]) == (verdict_said, FORM, "form")


# ── photographs


def photographed(page: Image.Image, size: tuple[int, int], *, turned: float = 7, blur: float = 0.7) -> Image.Image:
    """What a telephone takes of a page on a desk: from aside, turned, not quite sharp, unevenly lit, a little noisy."""
    width, height = size
    seen = page.resize(size, Image.Resampling.LANCZOS).transform(
        size,
        Image.Transform.QUAD,
        (
            -0.04 * width,
            -0.03 * height,
            0.02 * width,
            1.05 * height,
            1.03 * width,
            1.02 * height,
            0.99 * width,
            -0.05 * height,
        ),
        Image.Resampling.BICUBIC,
        fillcolor=90,
    )
    seen = seen.rotate(turned, Image.Resampling.BICUBIC, expand=True, fillcolor=60)
    light = Image.linear_gradient("L").resize(seen.size).point([110 + value * 145 // 255 for value in range(256)])
    noise = Image.effect_noise(seen.size, 12)
    lit = Image.blend(Image.composite(seen, Image.new("L", seen.size, 40), light), noise, 0.06)
    return lit.filter(ImageFilter.GaussianBlur(blur))


@pytest.mark.parametrize("resolution", [200, 300])
def test_a_copy_of_a_page_is_read(
    pages: Pages, picture: Callable[[int], Image.Image], tmp_path: Path, resolution: int
) -> None:
    copy = picture(resolution).point([0 if value < 128 else 255 for value in range(256)]).convert("1")
    copy.save(tmp_path / "copy.png")
    [answer] = judged(pages.desk, tmp_path / "copy.png", code=0)
    assert (answer["verdict"], answer["number"], answer["checked"]) == ("current", pages.number, "mark")
    assert "cannot be checked from a picture" in answer["reasons"][-1]


@pytest.mark.parametrize("turned", [7, 183])
def test_a_photograph_of_a_page_is_read(
    pages: Pages, picture: Callable[[int], Image.Image], tmp_path: Path, turned: int
) -> None:
    photographed(picture(300), (1800, 2400), turned=turned).save(tmp_path / "photo.jpg", quality=80)
    assert verdict(pages.desk, tmp_path / "photo.jpg", code=0) == ("current", "mark")


@pytest.mark.slow
@pytest.mark.parametrize(("size", "blur"), [((1200, 1600), 0.4), ((2400, 3200), 1.6)])
def test_how_sharp_a_photograph_must_be(
    pages: Pages, picture: Callable[[int], Image.Image], tmp_path: Path, size: tuple[int, int], blur: float
) -> None:
    photographed(picture(300), size, blur=blur).save(tmp_path / "photo.jpg", quality=85)
    assert verdict(pages.desk, tmp_path / "photo.jpg", code=0) == ("current", "mark")


def test_two_pages_in_one_picture_are_both_judged(
    pages: Pages, picture: Callable[[int], Image.Image], tmp_path: Path
) -> None:
    page = picture(200)
    both = Image.new("L", (page.width * 2, page.height), 255)
    both.paste(page, (0, 0))
    foreign = Image.open(bare(tmp_path / "other.png", payload("0" * 8, "X-1", FORM, "A/0", "0" * 64)))
    both.paste(foreign, (page.width + 200, 300))
    both.save(tmp_path / "both.tif", compression="tiff_lzw")
    assert {answer["verdict"] for answer in judged(pages.desk, tmp_path / "both.tif", code=1)} == {"current", "unknown"}


def test_a_scan_in_a_pdf_is_judged_by_its_mark(
    pages: Pages, picture: Callable[[int], Image.Image], tmp_path: Path
) -> None:
    picture(200).save(tmp_path / "scan.pdf", resolution=200)
    assert verdict(pages.desk, tmp_path / "scan.pdf", code=0) == ("current", "mark")


def test_pages_of_a_scan_in_one_tiff_are_all_looked_at(
    pages: Pages, picture: Callable[[int], Image.Image], tmp_path: Path
) -> None:
    white = Image.new("L", (500, 500), 255)
    white.save(tmp_path / "scan.tif", save_all=True, append_images=[picture(200)])
    assert verdict(pages.desk, tmp_path / "scan.tif", code=0) == ("current", "mark")


# ── typed codes


@pytest.mark.parametrize(
    "written",
    [
        lambda code: f"{code[:4]}-{code[4:]}".upper(),
        lambda code: code.upper(),
        lambda code: f"{code[:4]} {code[4:]}",
        lambda code: "".join(chr(ord(sign) + 0xFEE0) for sign in f"{code[:4]}-{code[4:]}".upper()),
        lambda code: f"{code[:4]}—{code[4:]}",
    ],
)
def test_a_typed_code_is_looked_up(pages: Pages, written: Callable[[str], str]) -> None:
    [answer] = judged(pages.desk, written(pages.sha256[:8]), code=0)
    assert (answer["verdict"], answer["number"], answer["checked"]) == ("current", pages.number, "code")


def test_a_code_that_nothing_bears_is_unknown(pages: Pages) -> None:
    [answer] = judged(pages.desk, "0000-0000", code=1)
    assert answer["verdict"] == "unknown" and "0000-0000" in answer["reasons"][0]


def test_the_code_of_a_form_revision_is_looked_up(pages: Pages) -> None:
    [form] = {event["form"]["sha256"] for event in pages.desk.record(pages.number)["events"]}
    [answer] = judged(pages.desk, form[:8], code=0)
    assert (answer["verdict"], answer["number"], answer["revision"], answer["kind"]) == ("trial", FORM, "A/0", "form")
    assert "on trial until 2027-05-21" in answer["reasons"]


# ── hostile files


def broken(folder: Path, pages: Pages) -> list[tuple[Path, str]]:
    """Files that cannot be read, with a word of why."""
    made: list[tuple[Path, str]] = []

    def add(name: str, data: bytes, said: str) -> None:
        (folder / name).write_bytes(data)
        made.append((folder / name, said))

    add("empty", b"", "neither a PDF")
    add("words.txt", "质量".encode("gb18030") * 50, "neither a PDF")
    add("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "neither a PDF")
    add("half.pdf", b"%PDF-1.7\n" + random.Random(1).randbytes(900), "damaged")
    add("cut.docx", pages.docx.read_bytes()[:3000], "damaged")
    Image.effect_noise((300, 300), 90).save(folder / "whole.png")
    add("cut.png", (folder / "whole.png").read_bytes()[:20], "cut.png")
    add("large.pdf", b"%PDF-1.7\n" + b"\0" * 50_000_001, "larger than 50 MB")
    with zipfile.ZipFile(folder / "bomb.docx", "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("[Content_Types].xml", b" " * 40_000_000)
    made.append((folder / "bomb.docx", "32 MB"))
    with zipfile.ZipFile(folder / "two-faced.docx", "w") as package:  # a genuine PDF for those who look for one
        package.writestr("page.pdf", pages.pdf.read_bytes())
    made.append((folder / "two-faced.docx", "neither a PDF nor a Word document"))
    Image.new("1", (20_000, 20_000)).save(folder / "bomb.png")
    made.append((folder / "bomb.png", "million points"))
    with pikepdf.open(pages.pdf) as file:
        file.save(folder / "locked.pdf", encryption=pikepdf.Encryption(owner="o", user="u"))
        file.save(folder / "limited.pdf", encryption=pikepdf.Encryption(owner="o", user=""))
    made += [(folder / "locked.pdf", "password"), (folder / "limited.pdf", "password")]
    with pikepdf.new() as file:
        for _ in range(501):
            file.add_blank_page()
        file.save(folder / "many.pdf")
    made.append((folder / "many.pdf", "500 pages"))
    return made


def test_files_that_cannot_be_read_are_said_line_by_line(pages: Pages, tmp_path: Path) -> None:
    made = broken(tmp_path, pages)
    (tmp_path / "folder.pdf").mkdir()
    (tmp_path / "nowhere").symlink_to(tmp_path / "missing")
    (tmp_path / "round").symlink_to(tmp_path / "round")
    os.mkfifo(tmp_path / "pipe")
    made += [
        (tmp_path / "folder.pdf", "folder"),
        (tmp_path / "nowhere", "no such file"),
        (tmp_path / "round", "cannot be read"),
        (tmp_path / "pipe", "not a file"),
        (tmp_path / "missing.pdf", "no such file"),
    ]
    found = pages.desk("verify", *(path for path, _ in made), pages.pdf, "--json")
    assert found.code == 2
    assert [answer["path"] for answer in found.json["files"]] == [str(pages.pdf)]
    assert len(found.errors) == len(made), found.err
    for line, (path, said) in zip(found.errors, made, strict=True):
        assert str(path) in line and said in line and len(line) < 400, line


def test_a_link_to_a_page_is_followed(pages: Pages, tmp_path: Path) -> None:
    (tmp_path / "link.pdf").symlink_to(pages.pdf)
    assert verdict(pages.desk, tmp_path / "link.pdf", code=0) == ("current", "bytes")


def laughing(levels: int) -> bytes:
    """A PDF whose drawings call each other ten times, level below level."""
    with pikepdf.new() as file:
        form = file.make_stream(
            b"0 0 m 9 9 l S", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form, BBox=[0, 0, 9, 9]
        )
        for _ in range(levels):
            resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(X=form))
            form = file.make_stream(
                b"/X Do " * 10,
                Type=pikepdf.Name.XObject,
                Subtype=pikepdf.Name.Form,
                BBox=[0, 0, 9, 9],
                Resources=resources,
            )
        page = file.add_blank_page()
        page.Contents = file.make_stream(b"/X Do")
        page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(X=form))
        stream = io.BytesIO()
        file.save(stream)
        return stream.getvalue()


@pytest.mark.slow
def test_a_pdf_that_takes_for_ever_is_given_up(pages: Pages, tmp_path: Path) -> None:
    (tmp_path / "laughing.pdf").write_bytes(laughing(9))
    found = pages.desk("verify", tmp_path / "laughing.pdf")
    assert found.code in (1, 2)
    assert "too much time" in found.err or "UNKNOWN" in found.out


def test_outside_a_repository_nothing_is_judged(pages: Pages, tmp_path: Path) -> None:
    found = pages.desk("verify", pages.pdf, folder=tmp_path)
    assert found.code == 2 and found.out == ""


@pytest.mark.slow
def test_changed_bytes_of_a_page_never_pass_unseen(pages: Pages, tmp_path: Path) -> None:
    """A flipped bit makes a file unreadable, altered or of no mark; where it is still genuine its words are the same."""
    chance = random.Random(7)
    data = pages.pdf.read_bytes()
    texts = looked("pdftotext", pages.pdf, "-")
    paths: list[Path] = []
    for turn in range(8):
        place = chance.randrange(len(data))
        path = tmp_path / f"{turn}.pdf"
        path.write_bytes(data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1 :])
        paths.append(path)
    found = pages.desk("verify", *paths, "--json")
    assert found.code in (0, 1, 2)
    for answer in found.json["files"]:
        if answer["in_force"]:
            shown = subprocess.run([tool("pdftotext"), answer["path"], "-"], capture_output=True, check=False).stdout
            assert shown.decode() == texts
