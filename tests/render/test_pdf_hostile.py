"""Values that are not what they look like, templates that want more than they may, and a machine without the engine."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pikepdf
import pytest
import sheets
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from qmsdocs.base.errors import QmsError
from qmsdocs.render import fonts, measure, pdf
from qmsdocs.render.sheet import Sheet

HARD = (
    "Tom & Jerry",
    "x</td></tr><script>alert(1)</script>",
    "{{ 7*7 }} {% for x in f %}{% endfor %}",
    "{# nothing #}",
    "=1+1",
    "“引号” 'a' \"b\" ‘c’ —— ……",
    "玥喆昇𠮷㐂㎡",
    "a\u200bb\u200e右\u202e左\ufeff",
    "😀👍🏽",
    "00012",
    "a\tb  c   d",
    "第一行\n\n第三行",
    "&lt;&amp;&#65;",
    "<img src=http://127.0.0.1:9/x><link rel=attachment href=file:///etc/passwd>",
    "é ü ß Ω Ж",
    "x" * 300,
    "[U+4E00]",
)


def drawn(sheet: Sheet, template: str | None = None, assets: dict[str, bytes] | None = None) -> bytes:
    return pdf.pdf(sheet, template=template, events=b"{}", assets=assets or {})


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def text_of(data: bytes) -> str:
    done = subprocess.run(["pdftotext", "-raw", "-", "-"], input=data, capture_output=True, check=True)
    return done.stdout.decode()


def read_back(printed: str) -> str:
    """Printed text with the codes in brackets turned into their characters again."""
    return re.sub(r"\[U\+([0-9A-F]{4,6})\]", lambda found: chr(int(found[1], 16)), printed)


@pytest.mark.parametrize("value", HARD, ids=range(len(HARD)))
def test_a_hard_value_stands_on_the_page_as_it_was_given(value: str) -> None:
    data = drawn(sheets.filled("QR-04-01", values={"content": f"甲{value}乙", "subject": value}))
    text = squeezed(text_of(data)) if value.startswith("[") else read_back(squeezed(text_of(data)))
    assert text.count(squeezed(value)) >= 2 and f"甲{squeezed(value)}乙" in text
    with pikepdf.open(io.BytesIO(data)) as file:
        assert list(file.attachments) == ["record.json"]
        assert "/Annots" not in file.pages[0]


def test_tabs_lines_and_runs_of_spaces_keep_their_places() -> None:
    data = drawn(sheets.filled("QR-04-01", values={"content": "甲\t乙\n  丙    丁"}))
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=data, capture_output=True, check=True)
    lines = [line for line in done.stdout.decode().splitlines() if "甲" in line or "丙" in line]
    assert len(lines) == 2 and re.search(r"甲\s{2,}乙", lines[0]) and re.search(r"丙\s{2,}丁", lines[1])
    assert lines[1].index("丙") > lines[0].index("甲")


def test_what_no_face_has_is_printed_as_a_code_and_the_page_says_so() -> None:
    text = squeezed(text_of(drawn(sheets.filled("QR-04-01", values={"subject": "甲\u200b\U000e0041乙"}))))
    assert "甲[U+200B][U+E0041]乙" in text and "[U+200B]、[U+E0041]：" in text


def test_a_rare_character_takes_an_installed_face_or_stands_as_its_code() -> None:
    text = squeezed(text_of(drawn(sheets.filled("QR-04-01", values={"subject": "𠮷田"}))))
    assert ("𠮷田" if fonts.wide_coverage("𠮷") else "[U+20BB7]田") in text


def test_every_name_of_a_person_and_every_reason_is_shown_safely() -> None:
    sheet = sheets.amended(sheets.filled("QR-14-04"), "phone", "<b>1</b>", reason="{{ 7*7 }}<script>")
    hostile = replace(sheet, organisation="<h1>&{{x}}", people={"wang.fang": "</td>王"}, department="{%x%}")
    text = squeezed(text_of(drawn(hostile)))
    for value in ("<b>1</b>", "{{7*7}}<script>", "<h1>&{{x}}", "</td>王", "{%x%}"):
        assert value in text


OWN = """<style>@page { size: A4; margin: 20mm } .l { background: url(line.svg) }</style>
<h1>{{ title }}</h1><p class="l">{{ f.subject }} {{ o.urgency }}</p><img src="{{ qr }}"><img src="stamp.png">
{% for act in acts %}<p>{{ act.by }}</p>{% endfor %}"""


def png(width: int, height: int) -> bytes:
    stream = io.BytesIO()
    Image.new("1", (width, height)).save(stream, "png")
    return stream.getvalue()


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'


def test_a_template_of_ones_own_prints_whole_texts_and_its_pictures() -> None:
    sheet = sheets.filled("QR-04-01", values={"subject": "<主题>" * 400})
    data = drawn(sheet, OWN, {"stamp.png": png(10, 10), "line.svg": SVG})
    assert "<主题>" * 400 in squeezed(text_of(data)) and "王芳" in text_of(data)
    with pikepdf.open(io.BytesIO(data)) as file:
        assert len(file.pages[0].get_images()) == 2


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/hostname",
        "http://127.0.0.1:9/x.png",
        "https://template.invalid/../etc/passwd",
        "other.png",
        "//x/y.png",
    ],
)
@pytest.mark.parametrize(
    "place",
    [
        '<img src="{}">',
        '<link rel="stylesheet" href="{}">',
        '<link rel="attachment" href="{}">',
        '<style>@import "{}";</style>',
        "<style>@font-face {{ font-family: x; src: url({}) }} p {{ font-family: x }}</style><p>x</p>",
        '<p style="background: url({})">x</p>',
        '<object data="{}"></object>',
        '<svg width="9" height="9"><image href="{}" width="9" height="9"/></svg>',
    ],
)
def test_a_template_loads_nothing_from_disk_or_net(place: str, address: str) -> None:
    with pytest.raises(QmsError, match="not among the files beside it"):
        drawn(sheets.filled("QR-04-01"), place.format(address))


def test_a_template_that_asks_for_a_missing_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(QmsError) as refused:
        drawn(sheets.filled("QR-04-01"), "{{ f.subjekt }}")
    assert "f.subjekt" in str(refused.value) and "subject" in str(refused.value.hint)


def test_a_template_is_checked_before_it_is_used() -> None:
    with pytest.raises(QmsError, match="a call is not allowed"):
        drawn(sheets.filled("QR-04-01"), "{{ f.subject.upper() }}")


def test_a_small_file_that_unpacks_to_a_huge_picture_is_refused() -> None:
    with pytest.raises(QmsError, match="more than 25000000 points"):
        drawn(sheets.filled("QR-04-01"), '<img src="bomb.png">', {"bomb.png": png(20_000, 20_000)})


def test_without_the_libraries_the_page_is_unavailable_and_nothing_is_printed(tmp_path: Path) -> None:
    broken = tmp_path / "weasyprint"
    broken.mkdir()
    (broken / "__init__.py").write_text("print('-----')\nraise OSError('cannot load library libpango-1.0-0')\n")
    program = (
        "import sys; sys.path[:0] = sys.argv[1:]; import sheets; from qmsdocs.render import pdf\n"
        "try: pdf.pdf(sheets.blank('QR-04-01'), template=None, events=b'{}', assets={})\n"
        "except pdf.PdfUnavailable as error: sys.stderr.write(f'{error}|{error.hint}')\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path), str(Path(__file__).parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == "" and "libpango-1.0-0" in done.stderr and "apt-get" in done.stderr


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=80), st.floats(2, 40))
def test_the_beginning_of_a_text_is_its_beginning_and_stands_on_its_lines(text: str, capacity: float) -> None:
    found = measure.beginning(text, capacity, 2)
    assert text.startswith(found) and measure.ems(found) <= 2 * capacity
    assert found == text or measure.ems(text) > capacity


@settings(max_examples=60, deadline=None)
@given(st.text("，。、（）一二三四五六七八九十abc ", min_size=1, max_size=30))
def test_a_label_keeps_all_its_signs(text: str) -> None:
    assert squeezed("".join(measure.balanced(text, 6.5))) == squeezed(text)
