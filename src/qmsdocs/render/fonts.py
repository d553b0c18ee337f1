"""The shipped faces: which there are, what characters they have, a font configuration of nothing else."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from html import escape  # the one for XML brings a client for HTTP with it
from io import BytesIO
from pathlib import Path

from qmsdocs.base.files import write_atomically

_FOLDER = Path(__file__).resolve().parent / "fonts"


@dataclass(frozen=True, slots=True)
class Face:
    """One font file: family name as CSS says it, weight 400 or 700, where it is."""

    family: str
    weight: int
    path: Path


_FACES = (
    Face("Qms Song", 400, _FOLDER / "QmsSong-Regular.ttf"),
    Face("Qms Song", 700, _FOLDER / "QmsSong-Bold.ttf"),
    Face("Qms Hei", 400, _FOLDER / "QmsHei-Regular.ttf"),
    Face("Qms Hei", 700, _FOLDER / "QmsHei-Bold.ttf"),
    Face("Qms Serif", 400, _FOLDER / "QmsSerif-Regular.ttf"),
    Face("Qms Serif", 700, _FOLDER / "QmsSerif-Bold.ttf"),
    Face("Qms Latin", 400, _FOLDER / "QmsLatin-Regular.ttf"),
    Face("Qms Latin", 700, _FOLDER / "QmsLatin-Bold.ttf"),
    Face("Qms Signs", 400, _FOLDER / "QmsSigns-Regular.ttf"),
)

# Names that companies' templates use: they look as meant, and nothing outside our folder is asked for.
_TEXT = ("Qms Serif", "Qms Song", "Qms Signs")
_SANS = ("Qms Hei", "Qms Song", "Qms Signs")
_ALIASES = (
    (("serif", "Times New Roman", "Times", "Liberation Serif"), _TEXT),
    (("宋体", "SimSun", "新宋体", "NSimSun", "华文宋体", "STSong", "华文中宋", "STZhongsong"), _TEXT),
    (("仿宋", "FangSong", "仿宋_GB2312", "楷体", "KaiTi", "楷体_GB2312", "monospace"), _TEXT),
    (("sans-serif", "黑体", "SimHei", "微软雅黑", "Microsoft YaHei", "等线", "DengXian"), _SANS),
    (("Arial", "Helvetica", "Calibri", "Liberation Sans", "system-ui"), _SANS),
)

# Where a system keeps a face with more characters than ours; the first that has them is taken.
WIDE_PLACES = (
    Path("/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc"),
    Path("/usr/share/fonts/noto-cjk/NotoSerifCJK-Regular.ttc"),
    Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
    Path("/usr/share/fonts/truetype/hanazono/HanaMinA.ttf"),
    Path("/usr/share/fonts/truetype/hanazono/HanaMinB.ttf"),
    Path("/usr/share/fonts/hanazono/HanaMinA.ttf"),
    Path("/usr/share/fonts/hanazono/HanaMinB.ttf"),
    Path("C:/Windows/Fonts/simsunb.ttf"),
    Path("C:/Windows/Fonts/SimsunExtG.ttf"),
    Path("/System/Library/Fonts/Supplemental/Songti.ttc"),
)


def faces() -> tuple[Face, ...]:
    """Every shipped face.

    On a Chinese page text is `"Qms Serif", "Qms Song", "Qms Signs"` (the first has letters and figures only,
    so that quotes and dashes are full-width), titles and labels `"Qms Hei", "Qms Song", "Qms Signs"`.
    On an English page text is `"Qms Latin", "Qms Song", "Qms Signs"`.
    """
    return _FACES


@cache
def coverage() -> frozenset[int]:
    """The code points that at least one shipped face has."""
    return read_ranges((_FOLDER / "coverage.txt").read_text(encoding="ascii").splitlines())


def read_ranges(lines: Iterable[str]) -> frozenset[int]:
    """The code points named by lines such as `U+4E00` or `U+2610-2611`; `#` begins a comment."""
    found: set[int] = set()
    for line in lines:
        if text := line.split("#", 1)[0].strip():
            first, _, last = text.removeprefix("U+").partition("-")
            found.update(range(int(first, 16), int(last or first, 16) + 1))
    return frozenset(found)


def missing(text: str) -> tuple[str, ...]:
    """The characters of `text` that `visible` would replace, each once, in the order met."""
    return tuple(character for character in dict.fromkeys(text) if not _is_shown(character))


def visible(text: str, wide: frozenset[int] = frozenset()) -> str:
    """`text` as a page can show it: what has no glyph or is invisible stands as its code point, `[U+20BB7]`.

    Line feeds and tabs stay. `wide` are further code points for which the page embeds a face.
    """
    hidden = {ord(character): f"[U+{ord(character):04X}]" for character in missing(text)}
    shown = {code_point for code_point in hidden if code_point in wide and not _is_mark(chr(code_point))}
    return text.translate({key: hidden[key] for key in hidden.keys() - shown}) if hidden else text


def _is_shown(character: str) -> bool:
    return character in "\n\t" or (ord(character) in coverage() and not _is_mark(character))


def _is_mark(character: str) -> bool:
    """Whether it changes a line without being seen: bidi marks, zero-width characters, separators."""
    return unicodedata.category(character) in {"Cf", "Cs", "Cc", "Zl", "Zp"}


def configure(folder: Path) -> Path:
    """The private font configuration, written into `folder` and announced to fontconfig by FONTCONFIG_FILE.

    To be called before Pango is loaded. The same faces are then found on every machine, and none else.
    """
    folder = folder.resolve()
    path = folder / "fonts.conf"
    data = _configuration(folder / "cache").encode()
    if not path.is_file() or path.read_bytes() != data:
        write_atomically(path, data)
    os.environ["FONTCONFIG_FILE"] = str(path)
    return path


def _configuration(cache_folder: Path) -> str:
    aliases = "".join(_alias(name, ours) for names, ours in _ALIASES for name in names)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n<fontconfig>\n'
        f"<dir>{escape(str(_FOLDER))}</dir>\n<cachedir>{escape(str(cache_folder))}</cachedir>\n"
        f"<config><rescan><int>0</int></rescan></config>\n{aliases}</fontconfig>\n"
    )


def _alias(name: str, ours: tuple[str, ...]) -> str:
    families = "".join(f"<family>{family}</family>" for family in ours)
    return f'<alias binding="same"><family>{name}</family><prefer>{families}</prefer></alias>\n'


def wide_face(characters: Iterable[str], *, places: tuple[Path, ...] = WIDE_PLACES) -> Path | None:
    """An installed face that has all these characters and may be embedded (see `wide_coverage`), or None."""
    wanted = frozenset(map(ord, characters))
    return next((path for path in places if wanted and wanted <= _code_points(path)), None)


def wide_coverage(characters: Iterable[str], *, places: tuple[Path, ...] = WIDE_PLACES) -> frozenset[int]:
    """Those of the characters that one installed face has: the face that has most of them."""
    wanted = frozenset(character for character in map(ord, characters) if not _is_mark(chr(character)))
    if not wanted:
        return wanted
    return max((wanted & _code_points(path) for path in places), key=len, default=frozenset())


@cache
def _code_points(path: Path) -> frozenset[int]:
    """What the face at `path` has; nothing when it is not there, unreadable, or may not be embedded."""
    if not path.is_file():
        return frozenset()
    # Loaded here because it takes a quarter of a second; WeasyPrint needs it too, so it is there.
    from fontTools.ttLib import TTLibError

    from qmsdocs.render.face import open_face

    try:
        with open_face(path, name_ends=" SC") as font:
            restricted = font["OS/2"].fsType & 0x000F == 0x0002
            return frozenset() if restricted else frozenset(font.getBestCmap())
    except (TTLibError, OSError, KeyError):
        return frozenset()


def wide_subset(path: Path, characters: Collection[str]) -> bytes:
    """A small static face of these characters, for `@font-face`; its lines are as high as those shipped."""
    from qmsdocs.render.face import Recipe, make, open_face

    with open_face(path, name_ends=" SC") as source:
        licence = " ".join((source["name"].getDebugName(13) or "").split())
        recipe = Recipe(family="Qms Wide", licence=licence, em=source["head"].unitsPerEm)
        stream = BytesIO()
        make(recipe, source, frozenset(map(ord, characters))).save(stream)
    return stream.getvalue()
