"""Pages as PDF: what stands on them, where, and that the file is what it says."""

from __future__ import annotations

import io
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pikepdf
import pytest
import sheets
from PIL import Image, ImageChops

from qmsdocs.base.language import Language, Text
from qmsdocs.render import mark, pdf
from qmsdocs.render.pdf import pdf_of_html
from qmsdocs.render.pictures import shape
from qmsdocs.render.sheet import Sheet

EVENTS = b'{"events":[{"set":{"customer":"\xe6\x9e\x97\xe7\x8e\xa5"}}],"format":1}'
DENSITY = 150


@pytest.fixture(autouse=True)
def no_warnings(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A glyph that is missing or a style that is not understood is only a warning to WeasyPrint; here it fails."""
    caplog.set_level(logging.WARNING, logger="weasyprint")
    yield
    assert [record.getMessage() for record in caplog.get_records("call") if record.name == "weasyprint"] == []


def drawn(sheet: Sheet) -> bytes:
    return pdf.pdf(sheet, template=None, events=EVENTS, assets={})


def page_count(data: bytes) -> int:
    with pikepdf.open(io.BytesIO(data)) as file:
        return len(file.pages)


def text_of(data: bytes, *options: str) -> str:
    done = subprocess.run(["pdftotext", *options, "-", "-"], input=data, capture_output=True, check=True)
    return done.stdout.decode()


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def pictures(data: bytes, folder: Path, density: int = DENSITY) -> list[Image.Image]:
    (folder / "page.pdf").write_bytes(data)
    subprocess.run(["pdftoppm", "-r", str(density), "-gray", "page.pdf", "page"], cwd=folder, check=True)
    return [Image.open(path) for path in sorted(folder.glob("page*.pgm"))]


def box_of_ink(picture: Image.Image) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of what is printed, in millimetres."""
    found = ImageChops.invert(picture.convert("L")).point(lambda grey: 255 if grey > 40 else 0).getbbox()
    assert found is not None
    scale = 25.4 / DENSITY
    return tuple(side * scale for side in found)  # type: ignore[return-value]


@pytest.mark.parametrize("number", sheets.STARTER)
def test_a_filled_form_is_one_page_and_an_8d_report_at_most_four(number: str) -> None:
    count = page_count(drawn(sheets.filled(number)))
    assert count <= 4 if number == "QR-18-02" else count == 1


@pytest.mark.parametrize("number", sheets.STARTER)
def test_the_example_of_a_form_is_one_page_too(number: str) -> None:
    count = page_count(drawn(sheets.filled(number, values=sheets.example(number))))
    assert count <= 3 if number == "QR-18-02" else count == 1


@pytest.mark.parametrize("number", sheets.STARTER)
@pytest.mark.parametrize("kind", ["filled", "blank"])
def test_nothing_is_printed_near_the_binding_and_all_lies_within_the_margins(
    number: str, kind: str, tmp_path: Path
) -> None:
    sheet = sheets.filled(number) if kind == "filled" else sheets.blank(number)
    for picture in pictures(drawn(sheet), tmp_path):
        left, top, right, bottom = box_of_ink(picture)
        assert left == pytest.approx(25, abs=0.3) and right <= 210 - 15 + 0.3
        assert top >= 14.5 and bottom <= 297 - 14.5


@pytest.mark.parametrize("number", sheets.STARTER)
@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("is_blank", [False, True])
def test_every_option_is_printed(number: str, language: Language, is_blank: bool) -> None:
    sheet = sheets.blank(number, language) if is_blank else sheets.filled(number, language)
    text = squeezed(text_of(drawn(sheet)))
    for field in sheet.form.values.values():
        for choice in sheet.form.choices_of(field).values():
            assert re.search("[☐☑]" + re.escape(squeezed(choice.text.of(language))), text), choice.text


def test_the_text_reads_from_top_to_bottom() -> None:
    sheet = sheets.filled("QR-14-04")
    for options in (("-raw",), ("-layout",)):
        text = squeezed(text_of(drawn(sheet), *options))
        wanted = [
            "绿源置业有限公司",
            "表单编号：QR-14-04",
            "客户投诉处理记录",
            "7K3F-92",
            "TS-HZ-2026-0014",
            "13800001234",
        ]
        wanted += ["以下空白", "王芳（代李明）", "电子签名", "办理经过", "关闭后3年", "第1页共1页", "9F2C-7A1B"]
        places = [text.index(word) for word in wanted]
        assert places == sorted(places)


def test_the_file_is_clean_complete_and_carries_the_record(tmp_path: Path) -> None:
    data = drawn(sheets.filled("QR-14-04"))
    path = tmp_path / "page.pdf"
    path.write_bytes(data)
    checked = subprocess.run(["qpdf", "--check", path], capture_output=True, text=True, check=False)
    assert checked.returncode == 0 and "WARNING" not in checked.stderr
    with pikepdf.open(path) as file:
        assert file.attachments["record.json"].get_file().read_bytes() == EVENTS
        assert file.attachments["record.json"].obj.AFRelationship == "/Source"
        assert file.Root.AF[0].UF == "record.json"
        assert (
            file.Root.OutputIntents[0].OutputConditionIdentifier == "sRGB"
            or file.Root.OutputIntents[0].S == "/GTS_PDFA1"
        )
        assert "/Filter" not in file.Root.Metadata
        said = bytes(file.Root.Metadata.read_bytes()).decode()
        assert '"3"' in said and '"U"' in said and "TS-HZ-2026-0014" in said and "绿源置业有限公司" in said
        assert str(file.docinfo["/CreationDate"]).startswith("D:20261121060500")
        for page in file.pages:
            for font in page.Resources.Font.values():
                (inner,) = font.DescendantFonts
                assert "/FontFile2" in inner.FontDescriptor and "/ToUnicode" in font
    assert sheets.DIGEST.encode() in data  # found without unpacking: which event the page shows


def test_two_processes_with_other_hash_seeds_write_the_same_bytes(tmp_path: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import sheets; from qmsdocs.render import pdf;"
        "sheet = sheets.amended(sheets.filled('QR-14-01'), 'phone', '1');"
        "sys.stdout.buffer.write(pdf.pdf(sheet, template=None, events=b'{}', assets={}))"
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
    assert made[0].startswith(b"%PDF-1.7") and made[0] == made[1]


def test_the_blank_has_lines_for_dates_boxes_to_tick_and_rows_of_eight_millimetres(tmp_path: Path) -> None:
    data = drawn(sheets.blank("QR-18-01"))
    text = squeezed(text_of(data))
    assert "____年__月__日__时__分" in text and "☐纠正措施" in text and "☑" not in text and "以下空白" not in text
    heights = rows_of(pictures(data, tmp_path)[0])
    assert min(heights) >= 6.5 and sum(height < 7.6 for height in heights) <= 6  # only bars and heads are lower


def rows_of(picture: Image.Image) -> list[float]:
    """Distances of the horizontal lines along the left wall, in millimetres."""
    grey = picture.convert("L")
    column = round(25.8 / 25.4 * DENSITY)  # inside the wall, left of any label
    dark = [all(grey.getpixel((column + x, y)) < 160 for x in range(3)) for y in range(grey.height)]
    dark[: round(44 / 25.4 * DENSITY)] = [False] * round(44 / 25.4 * DENSITY)  # the frame begins below
    starts = [y for y in range(1, grey.height) if dark[y] and not dark[y - 1]]
    return [(after - before) * 25.4 / DENSITY for before, after in pairwise(starts)]


def test_what_does_not_apply_prints_a_stroke_and_what_is_empty_too() -> None:
    full = sheets.filled("QR-14-04")
    always = frozenset(name for name, field in full.form.field.items() if field.when is None)
    sheet = replace(full, applies=always, values={"customer": "林玥"}, derived={}, reasons={}, acts=full.acts[:1])
    text = text_of(drawn(sheet), "-layout")
    assert re.search(r"质量类别\s+/", text) and re.search(r"联系电话\s+/", text)
    assert re.search(r"☐是 ☐否 /", text)


def test_a_correction_stays_visible_and_is_explained_below() -> None:
    sheet = sheets.amended(sheets.filled("QR-14-04"), "phone", "13900009999")
    sheet = sheets.amended(sheet, "problem", "leak", number=2, reason="勾错")
    text = squeezed(text_of(drawn(sheet)))
    assert "13900009999①13800001234" in text
    assert "①2026-11-23王芳更正“联系电话”：号码听错" in text and "②2026-11-23王芳更正“投诉问题”：勾错" in text


def test_an_old_value_is_struck_by_a_line() -> None:
    plain = sheets.filled("QR-04-01", values={"subject": "一" * 8})
    struck = sheets.amended(plain, "subject", "田" * 8)
    before, after = (pikepdf.open(io.BytesIO(drawn(sheet))) for sheet in (plain, struck))
    rectangles = [
        len(re.findall(rb" re\b| l\b", bytes(file.pages[0].Contents.read_bytes()))) for file in (before, after)
    ]
    assert rectangles[1] > rectangles[0]


def test_why_a_level_was_given_stands_below_it() -> None:
    sheet = replace(sheets.filled("QR-14-04"), reasons={"level": "同时投诉人数 12 ≥ 热点投诉的集体人数 10人"})
    assert "同时投诉人数12≥热点投诉的集体人数10人" in squeezed(text_of(drawn(sheet)))


@pytest.mark.parametrize("is_void", [True, False])
def test_a_status_stands_on_every_page(is_void: bool) -> None:
    sheet = replace(sheets.filled("QR-18-02"), status=Text("注销", "Void"), is_void=is_void)
    data = drawn(sheet)
    assert page_count(data) > 1
    for number in range(1, page_count(data) + 1):
        page = text_of(data, "-f", str(number), "-l", str(number))
        assert "注销" in squeezed(page) and "8D-HZ-2026-0014" in page and "A/0" in page
        assert f"第{number}页共{page_count(data)}页" in squeezed(page)


@pytest.mark.parametrize("count", [2, 5, 8, 9])
def test_a_long_report_breaks_only_between_its_steps(count: int) -> None:
    full = sheets.filled("QR-18-02")
    more = {name: [value[0]] * count for name, value in full.values.items() if name in ("causes", "whys", "actions")}  # type: ignore[index]
    sheet = replace(full, values={**full.values, **more})
    data = drawn(sheet)
    assert page_count(data) <= 4 + (count > 5)
    titles = {squeezed(field.title.zh) for field in sheet.form.field.values() if field.type == "section"}
    for number in range(2, page_count(data) + 1):
        lines = [squeezed(line) for line in text_of(data, "-raw", "-f", str(number), "-l", str(number)).splitlines()]
        assert lines[0] in titles, lines[:3]


def test_twenty_thousand_characters_go_to_an_annex_and_none_is_lost() -> None:
    long = "".join(f"第{n}句，雨后外墙渗漏。" for n in range(1600))[:20_000]
    sheet = sheets.filled("QR-14-04")
    data = drawn(replace(sheet, values={**sheet.values, "what_happened": long}))
    first, whole = text_of(data, "-l", "1"), text_of(data, "-raw", "-f", "2")
    assert "全文见附页1" in squeezed(first) and "第1页" in squeezed(first) and "电子签名" in squeezed(first)
    around = (
        r"绿源置业有限公司客户投诉处理记录QR-14-04A/0·TS-HZ-2026-0014|保存期限：.*?TS-HZ-2026-0014|附页1客户陈述及要求"
    )
    assert re.sub(around, "", squeezed(whole)) == long


def test_an_english_page_says_nothing_in_chinese_of_its_own() -> None:
    sheet = sheets.filled("QR-04-01", Language.EN, values={"subject": "Leak", "place": "Block 3"})
    english = [replace(act, by="Wang Fang") for act in sheet.acts]
    text = text_of(drawn(replace(sheet, acts=tuple(english), reasons={})))
    assert "Work liaison sheet" in text and "Page 1 of 1" in text and not re.search(r"[\u3000-\u9fff]", text)


def test_a_page_of_any_html() -> None:
    data = pdf_of_html(
        "<style>@page{size:A4 landscape}</style><p>台账 &amp; 表</p>",
        title="台账",
        created=datetime(2026, 11, 21, tzinfo=UTC),
        attachments=(pdf.Attached("rows.json", b"[]"),),
    )
    with pikepdf.open(io.BytesIO(data)) as file:
        assert file.pages[0].mediabox[2] > file.pages[0].mediabox[3]
        assert file.attachments["rows.json"].get_file().read_bytes() == b"[]"
        assert file.docinfo["/Title"] == "台账"
    assert "台账 & 表" in text_of(data)


def test_the_mark_reads_back() -> None:
    said = mark.payload("0f" * 16, "GT/QR·10-01|2026", "XX〔2003〕261号", "A/0", sheets.DIGEST)
    found = mark.read_payload(said)
    assert found == mark.Mark("0f0f0f0f", "GT/QR·10-01|2026", "XX〔2003〕261号", "A/0", sheets.DIGEST)
    assert mark.short_code(sheets.DIGEST) == "9F2C-7A1B"


def test_the_code_is_fifteen_millimetres_with_white_around_it(tmp_path: Path) -> None:
    sheet = sheets.filled("QR-04-01")
    (picture,) = pictures(drawn(sheet), tmp_path, 300)
    scale = 300 / 25.4
    corner = picture.crop((round(177 * scale), round(266 * scale), picture.width, picture.height))
    left, top, right, bottom = (ImageChops.invert(corner.convert("L")).getbbox()) or (0, 0, 0, 0)
    assert (right - left) / scale == pytest.approx(15, abs=0.2) and (bottom - top) / scale == pytest.approx(15, abs=0.2)
    modules = shape(mark.qr_png(sheet.payload), name="qr").across / mark.POINTS
    assert 15 / modules * scale > 3  # points a module after copying at 300 dpi
