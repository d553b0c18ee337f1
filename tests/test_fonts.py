"""The shipped faces, and what pages do with characters that none of them has."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import unicodedata
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st

from qmsdocs.render import fonts

PROJECT = Path(__file__).resolve().parent.parent
RESERVED = re.compile(r"source|noto|liberation|arimo|tinos|cousine|bitstream|vera|arev|dejavu", re.IGNORECASE)
SPACES = frozenset("\u0020\u00a0\u2003\u2009\u202f\u3000")


@pytest.fixture(scope="module")
def opened() -> dict[Path, TTFont]:
    return {face.path: TTFont(face.path) for face in fonts.faces()}


def listed() -> frozenset[int]:
    lines = (PROJECT / "tools/codepoints.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(point for point in fonts.read_ranges(lines) if unicodedata.category(chr(point)) != "Cn")


def test_every_listed_character_has_a_glyph(opened: dict[Path, TTFont]) -> None:
    union = frozenset[int]().union(*(font.getBestCmap() for font in opened.values()))
    assert sorted(map(hex, listed() - union)) == []
    assert fonts.coverage() == union  # what the program believes is what the files have


def test_song_and_sans_each_have_every_listed_chinese_character(opened: dict[Path, TTFont]) -> None:
    chinese = {point for point in listed() if unicodedata.name(chr(point), "").startswith("CJK UNIFIED")}
    for face in fonts.faces():
        if face.family in {"Qms Song", "Qms Hei"}:
            assert chinese <= opened[face.path].getBestCmap().keys(), face.path.name


@pytest.mark.parametrize("face", fonts.faces(), ids=lambda face: face.path.stem)
def test_a_face_is_static_truetype_under_our_own_name(face: fonts.Face, opened: dict[Path, TTFont]) -> None:
    font = opened[face.path]
    assert "glyf" in font and not {"CFF ", "fvar", "GSUB", "GPOS", "fpgm"} & set(font.keys())
    for number in (1, 2, 3, 4, 6, 16, 17, 21, 22):
        assert not RESERVED.search(font["name"].getDebugName(number) or ""), number
    assert font["name"].getDebugName(1) == face.family
    assert font["OS/2"].usWeightClass == face.weight
    assert font["OS/2"].fsType == 0


def test_all_faces_have_the_same_lines(opened: dict[Path, TTFont]) -> None:
    heights = {
        (round(font["hhea"].ascent / em, 3), round(-font["hhea"].descent / em, 3), font["hhea"].lineGap)
        for font in opened.values()
        for em in (font["head"].unitsPerEm,)
    }
    assert heights == {(1.03, 0.27, 0)}


def test_no_two_characters_share_a_glyph(opened: dict[Path, TTFont]) -> None:
    for path, font in opened.items():
        names = list(font.getBestCmap().values())
        assert len(names) == len(set(names)), path.name


def test_every_face_has_every_space(opened: dict[Path, TTFont]) -> None:
    for path, font in opened.items():
        assert set(map(ord, SPACES)) <= font.getBestCmap().keys(), path.name


def test_the_latin_face_of_chinese_pages_leaves_full_width_signs_alone(opened: dict[Path, TTFont]) -> None:
    serif, latin, song = (
        opened[next(face.path for face in fonts.faces() if face.family == family)].getBestCmap()
        for family in ("Qms Serif", "Qms Latin", "Qms Song")
    )
    for sign in "“”‘’·—…×÷±‰":
        assert ord(sign) not in serif and ord(sign) in latin and ord(sign) in song, sign
    for letter in "Az09,.()²éŠαЖ":
        assert ord(letter) in serif, letter


def test_ballot_boxes_are_one_square_wide_and_centred_like_the_white_square(
    opened: dict[Path, TTFont],
) -> None:
    boxes = {}
    for path, font in opened.items():
        for sign in "☐☑☒□":
            if name := font.getBestCmap().get(ord(sign)):
                glyph = font["glyf"][name]
                boxes[path.stem, sign] = (font["hmtx"][name][0], glyph.xMin, glyph.yMin, glyph.xMax)
    white = boxes.pop(("QmsSong-Regular", "□"))
    signs = {sign: box for (_, sign), box in boxes.items() if sign != "□"}
    assert set(signs) == set("☐☑☒")
    for sign, box in signs.items():
        assert all(abs(a - b) <= 2 for a, b in zip(box, white, strict=True)), (sign, box, white)


def test_licences_are_shipped_with_the_faces() -> None:
    folder = fonts.faces()[0].path.parent
    assert "Reserved Font Name" in (folder / "OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE" in (folder / "OFL.txt").read_text(encoding="utf-8")
    assert "Bitstream Vera Fonts Copyright" in (folder / "DejaVu.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("玥喆昇㎡·—“客户”☐☑", "玥喆昇㎡·—“客户”☐☑"),
        ("𠮷田㐂一", "[U+20BB7]田[U+3402]一"),
        ("a\u200bb\u202ec\ufeffd\u00ade", "a[U+200B]b[U+202E]c[U+FEFF]d[U+00AD]e"),
        ("a\u2028b\u2029c\u0085d\rx\x00", "a[U+2028]b[U+2029]c[U+0085]d[U+000D]x[U+0000]"),
        ("😀\u200d👩\ufe0f", "[U+1F600][U+200D][U+1F469][U+FE0F]"),
        ("\ud800", "[U+D800]"),
        ("first\n\tsecond\u3000third", "first\n\tsecond\u3000third"),
        ("張國榮 臺灣", "張國榮 臺灣"),
        ("", ""),
    ],
)
def test_what_cannot_be_seen_stands_as_its_code_point(text: str, shown: str) -> None:
    assert fonts.visible(text) == shown
    assert bool(fonts.missing(text)) == (text != shown)


def test_missing_names_each_character_once_in_the_order_met() -> None:
    assert fonts.missing("张㐂𠮷㐂\u200b") == ("㐂", "𠮷", "\u200b")


def test_a_wider_face_shows_its_characters_but_never_an_invisible_mark() -> None:
    assert fonts.visible("𠮷\u200b😀", frozenset({0x20BB7, 0x200B})) == "𠮷[U+200B][U+1F600]"


@given(st.text())
def test_a_visible_text_has_a_glyph_for_everything(text: str) -> None:
    shown = fonts.visible(text)
    assert fonts.missing(shown) == ()
    assert set(map(ord, shown)) - {0x0A, 0x09} <= fonts.coverage()


def test_the_configuration_knows_our_folder_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FONTCONFIG_FILE", "before")
    path = fonts.configure(tmp_path / "a & b")
    assert os.environ["FONTCONFIG_FILE"] == str(path)
    text = path.read_text(encoding="utf-8")
    assert text.count("<dir>") == text.count("<cachedir>") == 1 and "<include" not in text
    assert f"<dir>{fonts.faces()[0].path.parent}</dir>" in text
    assert "a &amp; b" in text
    before = path.stat().st_mtime_ns
    assert fonts.configure(tmp_path / "a & b").stat().st_mtime_ns == before


_RENDER = """
import sys
from pathlib import Path
from qmsdocs.render import fonts
fonts.configure(Path(sys.argv[1]))
import weasyprint
html = '<p>客户 Abc “引号”☑ 12</p><p style="font-family: 黑体">标题</p><p style="font-family: Arial">x</p>'
weasyprint.HTML(string='<body style="font-family: 宋体">' + html).write_pdf(sys.argv[2])
"""


def test_a_page_takes_only_our_faces_whatever_names_it_asks_for(tmp_path: Path) -> None:
    target = tmp_path / "page.pdf"
    subprocess.run([sys.executable, "-c", _RENDER, str(tmp_path / "configuration"), str(target)], check=True)
    with pikepdf.open(target) as document:
        embedded = {str(font.BaseFont) for font in document.pages[0].Resources.Font.values()}
    assert {name.split("+")[1] for name in embedded} == {"Qms-Serif", "Qms-Song", "Qms-Signs", "Qms-Hei"}


SONG = next(face.path for face in fonts.faces() if face.family == "Qms Song")
SIGNS = next(face.path for face in fonts.faces() if face.family == "Qms Signs")


def test_a_wider_face_is_the_first_installed_one_that_has_them_all(tmp_path: Path) -> None:
    places = (tmp_path / "absent.ttf", SIGNS, SONG)
    assert fonts.wide_face("☑", places=places) == SIGNS
    assert fonts.wide_face("张", places=places) == SONG
    assert fonts.wide_face("张☑", places=places) is None
    assert fonts.wide_face("", places=places) is None
    assert fonts.wide_coverage("张三☑\u200b", places=places) == frozenset(map(ord, "张三"))
    assert fonts.wide_coverage("☑", places=()) == frozenset()


def test_a_broken_font_file_is_as_good_as_none(tmp_path: Path) -> None:
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"\0\1\0\0 no font at all")
    assert fonts.wide_face("张", places=(broken,)) is None


def test_a_face_that_forbids_embedding_is_not_taken(tmp_path: Path) -> None:
    font = TTFont(SIGNS)
    font["OS/2"].fsType = 0x0002
    font.save(tmp_path / "restricted.ttf")
    assert fonts.wide_face("☑", places=(tmp_path / "restricted.ttf",)) is None


@pytest.mark.parametrize("path", [SONG, *(p for p in fonts.WIDE_PLACES if p.exists())], ids=lambda p: p.stem)
def test_a_subset_is_a_small_static_face_with_these_characters(path: Path) -> None:
    wanted = "龍鳳" if path == SONG else "𠮷㐂"
    if not fonts.wide_face(wanted, places=(path,)):
        return
    data = fonts.wide_subset(path, wanted)
    assert data == fonts.wide_subset(path, wanted)  # the same bytes each time
    font = TTFont(BytesIO(data))
    assert set(map(ord, wanted)) <= font.getBestCmap().keys()
    assert "glyf" in font and len(data) < 20_000
    assert font["name"].getDebugName(1) == "Qms Wide"
