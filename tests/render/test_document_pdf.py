"""The pages of controlled documents: what stands on each, where, and that the file is what it says."""

from __future__ import annotations

import io
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import documents
import pikepdf
import pytest
import zxingcpp
from PIL import Image, ImageChops

from qmsdocs.base.errors import QmsError
from qmsdocs.base.language import Language
from qmsdocs.model.organisation import HeaderCell
from qmsdocs.render import mark
from qmsdocs.render.document_html import document_html, document_pdf
from qmsdocs.render.document_sheet import DocumentSheet, SignedLine, Standing
from qmsdocs.render.pdf import Attached, pdf_of_html
from qmsdocs.render.prose import Chart, Drawing, Node, Picture
from qmsdocs.render.sheet import UNDATED

DENSITY = 100
GIB = 1024 * 1024  # in units of 1024 bytes, as ru_maxrss counts
TINY = "# 目的\n\n让每一件投诉都有人接。\n"


@pytest.fixture(autouse=True)
def no_warnings(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A glyph that is missing or a style that is not understood is only a warning to WeasyPrint; here it fails."""
    caplog.set_level(logging.WARNING, logger="weasyprint")
    yield
    assert [record.getMessage() for record in caplog.get_records("call") if record.name == "weasyprint"] == []


@cache
def rule() -> bytes:
    return document_pdf(documents.sheet(), attachments=(Attached("manifest.json", b"{}"),))


@cache
def manual() -> bytes:
    return document_pdf(documents.manual(20))


def pages(data: bytes, *options: str) -> list[str]:
    """The words of each page."""
    done = subprocess.run(["pdftotext", *options, "-", "-"], input=data, capture_output=True, check=True)
    return done.stdout.decode().split("\f")[:-1]


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def pictures(
    data: bytes, folder: Path, *, first: int = 1, last: int = 999, density: int = DENSITY
) -> list[Image.Image]:
    (folder / "page.pdf").write_bytes(data)
    chosen = ["-r", str(density), "-f", str(first), "-l", str(last)]
    subprocess.run(["pdftoppm", *chosen, "page.pdf", "page"], cwd=folder, check=True)
    return [Image.open(io.BytesIO(path.read_bytes())) for path in sorted(folder.glob("page*.ppm"))]


def millimetres(pixels: float) -> float:
    return pixels * 25.4 / DENSITY


def reddish(picture: Image.Image) -> Image.Image:
    """White where the page is red."""
    red, green, _ = picture.split()
    return ImageChops.subtract(red, green).point(lambda value: 255 if value > 90 else 0)


def dark(picture: Image.Image) -> Image.Image:
    """White where the page is black."""
    return picture.split()[0].point(lambda value: 255 if value < 90 else 0)


def test_every_page_says_what_it_belongs_to() -> None:
    found = [squeezed(page) for page in pages(rule(), "-layout")]
    for number, page in enumerate(found, 1):
        assert f"第{number}页共{len(found)}页" in page
        for words in ("QD-14-02", "A/1", "受控", "核验码9F2C-7A1B", "未经批准不得复印"):
            assert words in page
    for page in found[1:]:
        for words in (
            "绿源置业有限公司",
            "管理规定",
            "客户投诉处理规定",
            "文件编号",
            "版次/修订次",
            "生效日期2026年12月01日",
        ):
            assert words in page


def test_the_cover_names_who_made_and_approved_it() -> None:
    text = squeezed(pages(rule(), "-layout")[0])
    signed = re.findall(r"(\S\S\S?)??((?:同意)?)电子签名2026-11-21(\d\d:05)", text)
    assert [(verdict, hour) for _, verdict, hour in signed] == [
        ("", "09:05"),
        ("同意", "10:05"),
        ("同意", "11:05"),
        ("", "13:05"),
        ("", "16:05"),
    ]
    for row in ("编制王芳9F2C7A1B", "工程部陈磊9F2C7A1B", "审核李明9F2C7A1B", "批准赵磊9F2C7A1B", "密级：内部"):
        assert row in text
    assert "发布日期：2026年11月21日" in text and "实施日期：2026年12月01日" in text
    assert "分发号03" in text and "持有部门工程部" in text


def test_changes_and_copies_are_listed_with_room_for_the_pen(tmp_path: Path) -> None:
    text = squeezed(pages(rule(), "-layout")[1])
    assert "22026年11月21日A/15.10王芳李明赵磊" in text and "回访时限由24小时改为12" in text
    assert "2客户服务部022王芳2026-11-24" in text
    html = document_html(documents.sheet(body=TINY))
    assert html.count("<tr><td></td>") == (8 - 2) + (6 - 3)


def test_many_countersignatures_and_remarks_have_a_record_of_their_own() -> None:
    remark = replace(documents.signed("何静", 11, "销售部", "同意（有意见）"), remark="期限太短", answer="已改为两天")
    text = squeezed("".join(pages(document_pdf(replace(documents.sheet(body=TINY), countersigned=(remark,))))))
    assert "会签记录" in text and "期限太短" in text and "已改为两天" in text
    many = tuple(documents.signed(f"人{count}", 10, f"部门{count}", "同意") for count in range(6))
    text = squeezed("".join(pages(document_pdf(replace(documents.sheet(body=TINY), countersigned=many)))))
    assert "6个部门会签，见会签记录" in text and all(f"部门{count}人{count}" in text for count in range(6))


def test_a_paper_that_is_signed_by_hand_keeps_its_cells_free() -> None:
    unsigned = replace(
        documents.sheet(body=TINY), prepared=(SignedLine("王芳"),), countersigned=(), reviewed=(), approved=()
    )
    cover = squeezed(pages(document_pdf(unsigned), "-layout")[0])
    assert "姓名签字日期编制王芳审核批准发布日期" in cover


def test_the_table_of_contents_tells_the_pages_truly() -> None:
    found = pages(rule(), "-layout")
    entries = re.findall(r"^ *(\d[\d.]*) +(\S+) [. ]+(\d+)$", found[2], re.MULTILINE)
    assert len(entries) == 19
    for number, title, page in entries:
        assert re.search(rf"^ *{re.escape(number)} +{title}$", found[int(page) - 1], re.MULTILINE), (number, title)


@pytest.mark.parametrize(
    ("header", "labels"),
    [
        (documents.S12, "文件编号QD-14-02签发日期2026年11月21日版本2/0页码第2页共3页"),
        (documents.S14, "编号QD-14-02版次2修订次0页码第2页共3页密级内部生效日期2026年12月01日"),
    ],
)
def test_the_cells_of_the_header_are_data(header: tuple[HeaderCell, ...], labels: str) -> None:
    sheet = replace(documents.sheet(body="正文。"), header=header, revision="2/0")
    assert labels in squeezed(
        re.sub("绿源置业有限公司|管理规定|客户投诉处理规定", "", pages(document_pdf(sheet), "-layout")[1])
    )


@pytest.mark.parametrize(
    ("standing", "has_copy", "words", "state"),
    [
        (Standing.IN_FORCE, True, None, "受控"),
        (Standing.IN_FORCE, False, "非受控仅供参考", "非受控"),
        (Standing.DRAFT, False, "草稿", "草稿"),
        (Standing.TRIAL, True, "试行", "试行"),
        (Standing.APPROVED, False, "待实施", "已批准，待实施"),
        (Standing.SUPERSEDED, False, "作废已由B/0代替", "作废"),
        (Standing.WITHDRAWN, True, "作废", "作废"),
        (Standing.KEPT, False, "作废保留", "作废保留"),
    ],
)
def test_each_page_is_marked_by_how_the_revision_stands(
    standing: Standing, has_copy: bool, words: str | None, state: str
) -> None:
    base = documents.sheet(body=TINY)
    superseded_by = "B/0" if standing is Standing.SUPERSEDED else ""
    copy = base.copy if has_copy else None
    found = pages(document_pdf(replace(base, standing=standing, copy=copy, superseded_by=superseded_by)), "-raw")
    assert len(found) == 4
    for page in map(squeezed, found):
        assert f"{state}QD-14-02A/1" in page
        for mark_words in ("非受控仅供参考", "草稿", "试行", "待实施", "作废"):
            rest = page.replace(f"{state}QD-14-02A/1", "")
            assert (mark_words in rest) == (words is not None and mark_words in words)
        assert words is None or words in page
    assert ("受控文件" in squeezed(found[0])) == (has_copy and state != "作废")
    assert not any("受控文件" in page for page in found[1:])


def test_the_stamp_of_a_copy_stands_clear_of_all_text(tmp_path: Path) -> None:
    cover, second = pictures(rule(), tmp_path, last=2)
    box = reddish(cover).getbbox()
    assert box is not None and reddish(second).getbbox() is None
    left, top, right, bottom = map(millimetres, box)
    assert right - left == pytest.approx(45, abs=0.6) and bottom - top == pytest.approx(18, abs=0.6)
    assert right == pytest.approx(210 - 22, abs=0.6) and top >= 5
    assert dark(cover.crop(box)).getbbox() is None


def test_void_is_red_and_at_the_top_right_of_each_page(tmp_path: Path) -> None:
    sheet = replace(documents.sheet(body=TINY), standing=Standing.WITHDRAWN, copy=None)
    for picture in pictures(document_pdf(sheet), tmp_path):
        box = reddish(picture).getbbox()
        assert box is not None
        left, top, right, bottom = map(millimetres, box)
        assert left > 140 and 195 < right < 210 and top > 0 and bottom < 65
        head = picture.crop((0, 0, picture.width, round(29 / millimetres(1))))
        words = dark(head).getbbox()
        assert words is None or reddish(head).crop(words).getbbox() is None


def test_a_watermark_lies_behind_the_text_and_is_pale(tmp_path: Path) -> None:
    plain = documents.sheet(body=TINY)
    (drawn,) = pictures(document_pdf(replace(plain, standing=Standing.DRAFT, copy=None)), tmp_path, first=4, last=4)
    (clean,) = pictures(document_pdf(plain), tmp_path, first=4, last=4)
    middle = (0, round(50 / millimetres(1)), drawn.width, round(250 / millimetres(1)))
    grey = drawn.crop(middle).convert("L")
    assert grey.getextrema() == (0xE0, 0xFF)
    top = (0, 0, drawn.width, middle[1])
    assert dark(drawn.crop(top)).tobytes() == dark(clean.crop(top)).tobytes()


def test_margins_are_kept_free_for_binding(tmp_path: Path) -> None:
    scale = 25.4 / 300
    for picture in pictures(rule(), tmp_path, first=3, last=4, density=300):
        box = ImageChops.invert(picture.convert("L")).point(lambda grey: 255 if grey > 40 else 0).getbbox()
        assert box is not None
        left, top, right, bottom = (side * scale for side in box)
        assert left == pytest.approx(28, abs=0.15) and right == pytest.approx(188, abs=0.15)
        assert top >= 4.5 and bottom <= 297 - 4.5


@pytest.mark.parametrize("page", [1, 2, 5])
def test_the_mark_of_a_page_is_read_back(page: int, tmp_path: Path) -> None:
    (picture,) = pictures(rule(), tmp_path, first=page, last=page, density=300)
    (code,) = zxingcpp.read_barcodes(picture)
    read = mark.read_payload(code.text)
    assert (read.number, read.form, read.revision, read.sha256) == ("QD-14-02", "document", "A/1", documents.SHA)


def test_lines_of_text_are_flush_on_both_sides() -> None:
    body = "客户投诉由首问责任人登记，编号QR-14-04，并在24小时内知会客服专管员；" * 12
    data = document_pdf(documents.sheet(body=body))
    done = subprocess.run(["pdftotext", "-bbox-layout", "-", "-"], input=data, capture_output=True, check=True)
    found = re.findall(r'<line xMin="([\d.]+)" yMin="[\d.]+" xMax="([\d.]+)"', done.stdout.decode())
    lines = [(float(start) * 25.4 / 72, float(end) * 25.4 / 72) for start, end in found]
    full = [(start, end) for start, end in lines if end - start > 120]
    assert len(full) >= 10
    assert all(end == pytest.approx(188, abs=0.4) for _, end in full)
    assert [start for start, _ in full] == [pytest.approx(28 + 2 * 4.233, abs=0.3)] + [pytest.approx(28, abs=0.1)] * (
        len(full) - 1
    )
    assert body in squeezed("".join(pages(data, "-raw")))


def test_a_page_that_lacks_a_glyph_is_refused_by_name() -> None:
    with pytest.raises(QmsError, match=r"QD-14-02 A/1: no face of this program has 𠮷 \(U\+20BB7\), U\+200B"):
        document_html(documents.sheet(body="由𠮷\u200b先生负责。"))
    with pytest.raises(QmsError, match="U\\+20BB7"):
        document_html(replace(documents.sheet(body=TINY), approved=(SignedLine("王𠮷"),)))
    chart = Drawing(Chart((Node("a", "找𠮷先生"),), ()), "图", 1)
    with pytest.raises(QmsError, match="U\\+20BB7"):
        document_html(replace(documents.sheet(body=TINY), blocks=(chart,)))


def test_only_the_shipped_faces_are_used() -> None:
    done = subprocess.run(["pdffonts", "-"], input=rule(), capture_output=True, check=True, text=False)
    names = {line.split()[0] for line in done.stdout.decode().splitlines()[2:]}
    assert names and all(re.match(r"[A-Z]{6}\+Qms-", name) for name in names), names


def test_the_file_is_an_archive_with_its_sources(tmp_path: Path) -> None:
    path = tmp_path / "rule.pdf"
    path.write_bytes(rule())
    checked = subprocess.run(["qpdf", "--check", path], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    with pikepdf.open(path) as file:
        assert (
            b'pdfaid:part="3"' in file.Root.Metadata.read_bytes()
            or b"pdfaid:part>3<" in file.Root.Metadata.read_bytes()
        )
        assert file.Root.OutputIntents[0].S == "/GTS_PDFA1"
        assert file.attachments["manifest.json"].get_file().read_bytes() == b"{}"
        assert file.docinfo["/Title"] == "客户投诉处理规定 QD-14-02 A/1"


def test_two_processes_with_other_hash_seeds_write_the_same_bytes(tmp_path: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import documents;"
        "from qmsdocs.render.document_html import document_pdf;"
        "sys.stdout.buffer.write(document_pdf(documents.manual(4)))"
    )
    made = [
        subprocess.run(
            [sys.executable, "-c", program, str(Path(__file__).parent)],
            capture_output=True,
            check=True,
            cwd=tmp_path,
            env={"PYTHONHASHSEED": seed, "PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TZ": zone, "LANG": "C"},
        ).stdout
        for seed, zone in (("1", "UTC"), ("77", "America/Lima"))
    ]
    assert made[0] == made[1] and made[0].startswith(b"%PDF")


def test_chapters_begin_new_pages_under_their_own_header() -> None:
    found = [squeezed(page) for page in pages(manual(), "-layout")]
    assert 15 <= len(found) <= 25
    first = next(at for at, page in enumerate(found[3:], 3) if "第1章客户信息管理" in page)
    second = next(at for at, page in enumerate(found[3:], 3) if "第2章投诉处理" in page)
    for at, page in enumerate(found):
        assert f"第{at + 1}页共{len(found)}页" in page and "QM-01A/1" in page
        assert ("QM-01-01" in page) == (at == 2 or first <= at < second)
        assert ("QM-01-02" in page) == (at == 2 or at >= second)
    assert "修订次1" in found[second] and "修订次0" in found[first]
    contents = pages(manual(), "-layout")[2]
    for chapter, at in (("第1章 +客户信息管理 +QM-01-01 +A/0", first), ("第2章 +投诉处理 +QM-01-02 +A/1", second)):
        assert re.search(rf"^ *{chapter}[ .]+{at + 1}$", contents, re.MULTILINE)


def test_tables_and_figures_carry_numbers_and_heads_are_repeated() -> None:
    rows = "\n".join(f"| 第{count}步 | 客服专管员 |" for count in range(60))
    found = pages(document_pdf(documents.sheet(body=f"表: 步骤\n\n| 步骤 | 责任人 |\n| - | - |\n{rows}\n")), "-layout")
    assert squeezed("".join(found)).count("表1步骤") == 1
    assert [squeezed(page).count("步骤责任人") for page in found[2:]] == [1] * (len(found) - 2) and len(found) > 3


def test_words_that_lead_on_to_a_table_stand_on_its_page() -> None:
    found = pages(document_pdf(documents.sheet(body=documents.LEADING)))
    for page in found:
        assert set(re.findall(r"理由(\d+)：", page)) <= set(re.findall(r"步骤(\d+)", page))
    assert len(found) > 8 and all(f"理由{count}：" in "".join(found) for count in range(3, 16))


def test_the_titles_of_listed_documents_begin_at_the_left_and_their_numbers_stand_in_the_middle() -> None:
    html = document_html(documents.lists())
    for number, title in (("QD-14-0204-03-2026", "收房程序"), ("QR-18-02", "8D报告")):
        cell = f'<td class="c"><span class="w">{number}</span></td><td>{title}</td>'
        assert cell in html


@pytest.mark.parametrize(
    ("company", "lines"),
    [
        ("杭州云栖物业服务集团有限公司", ["杭州云栖物业服务", "集团有限公司"]),
        ("绿源置业有限公司", ["绿源置业有限公司"]),
        ("云栖物业服务中心杭州西湖区办事处", ["云栖物业服务中心", "杭州西湖区办事处"]),
    ],
)
def test_the_name_of_the_company_breaks_into_even_lines(company: str, lines: list[str]) -> None:
    second = pages(document_pdf(replace(documents.sheet(body=TINY), organisation=company)))[1]
    assert [line for line in second.splitlines() if line and line in company] == lines


@pytest.mark.parametrize("number", ["WI-15-01", "GT/QR·10-01-2026-0001", "云栖物业杭州分公司客户服务作业指导书-15-01"])
def test_number_and_revision_stand_on_one_line_of_the_foot(number: str) -> None:
    made = replace(documents.sheet(body=TINY), number=number, revision="A/0", standing=Standing.APPROVED, copy=None)
    for page in pages(document_pdf(made)):
        assert re.search(rf"(^|　){number} A/0$", page, re.MULTILINE)


def test_an_english_document_speaks_english() -> None:
    text = " ".join("".join(pages(document_pdf(documents.sheet(language=Language.EN, body=documents.ENGLISH)))).split())
    for words in (
        "CONTROLLED COPY",
        "Revision history",
        "Contents",
        "within 1 working hour.",
        "Figure 1",
    ):
        assert words in text
    assert not re.search(r"第|受控|编制|目录", text)


def broken(data: bytes) -> DocumentSheet:
    return replace(
        documents.sheet(body=TINY), blocks=(Picture("QD-14-02/a.png", "图", 1),), pictures={"QD-14-02/a.png": data}
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<svg/>", "the picture QD-14-02/a.png is neither PNG nor JPEG"),
        (documents.photograph(1)[:3000], "the picture QD-14-02/a.png is damaged"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xff\xff\0\0\xff\xff", "more than 25000000 points"),
    ],
)
def test_a_picture_that_cannot_be_printed_is_refused(data: bytes, words: str) -> None:
    pdf_of_html("", title="", created=UNDATED)  # which loads the engine, and the engine makes Pillow lenient
    with pytest.raises(QmsError, match=re.escape(words)):
        document_pdf(broken(data))


def test_a_picture_that_is_not_there_is_refused() -> None:
    with pytest.raises(QmsError, match=r"there is no picture QD-14-02/a\.png"):
        document_html(replace(broken(b""), pictures={}))


def test_colours_of_the_printing_press_become_those_of_the_file() -> None:
    stream = io.BytesIO()
    Image.new("CMYK", (40, 30), (0, 255, 255, 0)).save(stream, "JPEG")
    with pikepdf.open(io.BytesIO(document_pdf(broken(stream.getvalue())))) as file:
        spaces = [str(image.ColorSpace) for image in file.objects if _is_image(image)]
    assert spaces and "/DeviceCMYK" not in spaces


def _is_image(item: object) -> bool:
    return isinstance(item, pikepdf.Stream) and item.get("/Subtype") == "/Image"


MEASURED = """
import resource, sys
sys.path.insert(0, sys.argv[1])
import documents
from qmsdocs.render.document_html import document_pdf
sys.stdout.buffer.write(document_pdf(documents.manual(int(sys.argv[2]), chapters=int(sys.argv[3]))))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


def measured(count: int, chapters: int) -> tuple[int, int]:
    """How many pages a manual has, and how much memory drawing it took, in units of 1024 bytes."""
    folder = str(Path(__file__).parent)
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, folder, str(count), str(chapters)], capture_output=True, check=True
    )
    with pikepdf.open(io.BytesIO(done.stdout)) as file:
        return len(file.pages), int(done.stderr)


@pytest.mark.slow
def test_a_manual_of_200_pages_needs_less_than_a_gibibyte() -> None:
    count, memory = measured(200, 12)
    assert count >= 200 and memory < GIB
