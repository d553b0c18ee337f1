"""A new static TrueType face from outlines of another, for the font build and for rare characters."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fontTools.fontBuilder import FontBuilder
from fontTools.misc.transform import Identity, Transform
from fontTools.pens.boundsPen import BoundsPen
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTCollection, TTFont

VERSION = "1.000"
EPOCH = 3_786_912_000  # 2024-01-01 in seconds since 1904: the same outlines give the same bytes
# Of the em; their middle is that of the Chinese character box (0.88 and 0.12). Alike in every face, or a
# fallback would move the line.
ASCENT, DESCENT = 1.03, 0.27

# Pango sets a space in the face of the character before it, so every face needs every space.
# Widths in thousandths of the em.
_ASCII_SPACES = {0x0020: 250, 0x00A0: 250}
_EN_EM = {0x2000: 500, 0x2001: 1000, 0x2002: 500, 0x2003: 1000, 0x2004: 333, 0x2005: 250, 0x2006: 167}
_NARROW = {0x2007: 500, 0x2008: 250, 0x2009: 200, 0x200A: 100, 0x202F: 200, 0x205F: 222, 0x3000: 1000}
SPACES: Mapping[int, int] = _ASCII_SPACES | _EN_EM | _NARROW

_NOTDEF = -1

Box = tuple[float, float, float, float]
Fit = Callable[[int, float, Box | None], tuple[Transform, float]]


def as_it_is(_code_point: int, width: float, _box: Box | None) -> tuple[Transform, float]:
    """The glyph of the source, unchanged."""
    return Identity, width


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a new face is called and how glyphs are fitted into its em."""

    family: str
    style: str = "Regular"
    licence: str
    em: int
    fit: Fit = as_it_is

    @property
    def name(self) -> str:
        """The PostScript name, which is also the file's."""
        return f"{self.family.replace(' ', '')}-{self.style}"


def open_face(path: Path, *, name_ends: str = "") -> TTFont:
    """The face whose full name ends so, else the first one; collections and single files alike."""
    if path.suffix.lower() not in {".ttc", ".otc"}:
        return TTFont(path, lazy=True)
    faces: list[TTFont] = TTCollection(path, lazy=True).fonts
    return next((face for face in faces if str(face["name"].getDebugName(4)).endswith(name_ends)), faces[0])


def make(recipe: Recipe, source: TTFont, wanted: Collection[int]) -> TTFont:
    """A face with those of the wanted code points that the source has, and every space."""
    covered = frozenset(wanted) & source.getBestCmap().keys() | SPACES.keys()
    glyphs, widths = _draw(recipe, source, covered)
    builder = FontBuilder(recipe.em, isTTF=True)
    builder.setupGlyphOrder(list(glyphs))
    builder.setupCharacterMap({code_point: f"u{code_point:04X}" for code_point in sorted(covered)})
    builder.setupGlyf(glyphs)
    table = builder.font["glyf"]
    left = {name: table[name].xMin if table[name].numberOfContours else 0 for name in glyphs}
    builder.setupHorizontalMetrics({name: (round(width), left[name]) for name, width in widths.items()})
    builder.setupNameTable(_names(recipe, source), mac=False)
    _set_lines(builder, recipe)
    builder.font.recalcTimestamp = False
    for recalculate in ("recalcAvgCharWidth", "recalcUnicodeRanges", "recalcCodePageRanges"):
        getattr(builder.font["OS/2"], recalculate)(builder.font)
    font: TTFont = builder.font
    return font


def _draw(recipe: Recipe, font: TTFont, code_points: Collection[int]) -> tuple[dict[str, Any], dict[str, float]]:
    """Outlines and widths by glyph name, `.notdef` first.

    One glyph for each code point: with a shared one, text copied from a PDF would differ from what was typed.
    """
    glyphs: dict[str, Any] = {}
    widths: dict[str, float] = {}
    glyph_set, cmap, cubic = font.getGlyphSet(), font.getBestCmap(), "glyf" not in font
    for code_point in (_NOTDEF, *sorted(code_points)):
        name, pen = ".notdef" if code_point == _NOTDEF else f"u{code_point:04X}", TTGlyphPen(None)
        if code_point in SPACES:
            glyphs[name], widths[name] = pen.glyph(), SPACES[code_point] * recipe.em / 1000
            continue
        original = glyph_set[_glyph_name(code_point, cmap)]
        bounds, record = BoundsPen(glyph_set), DecomposingRecordingPen(glyph_set)
        original.draw(bounds)
        original.draw(record)
        transform, width = recipe.fit(code_point, original.width, bounds.bounds)
        outline: Any = Cu2QuPen(pen, max_err=recipe.em / 1000, reverse_direction=True) if cubic else pen
        record.replay(TransformPen(outline, transform))
        glyphs[name], widths[name] = pen.glyph(), width
    return glyphs, widths


def _glyph_name(code_point: int, cmap: Mapping[int, str]) -> str:
    """The source's glyph; an em dash starts from the horizontal bar, which lies in mid-square."""
    if code_point == _NOTDEF:
        return ".notdef"
    return cmap[0x2015] if code_point == 0x2014 and 0x2015 in cmap else cmap[code_point]


def _names(recipe: Recipe, source: TTFont) -> dict[str, str]:
    """The name table: our names, the authors' copyright, the licence."""
    return {
        "copyright": " ".join((source["name"].getDebugName(0) or "").split()),
        "familyName": recipe.family,
        "styleName": recipe.style,
        "uniqueFontIdentifier": f"{VERSION};qmsdocs;{recipe.name}",
        "fullName": f"{recipe.family} {recipe.style}".removesuffix(" Regular"),
        "version": f"Version {VERSION}",
        "psName": recipe.name,
        "licenseDescription": recipe.licence,
    }


def _set_lines(builder: FontBuilder, recipe: Recipe) -> None:
    """Sets line metrics, weight and dates; the font may be embedded and installed freely."""
    ascent, descent, bold = round(ASCENT * recipe.em), round(DESCENT * recipe.em), recipe.style == "Bold"
    table = builder.font["glyf"]
    inked = [table[name] for name in table.keys() if table[name].numberOfContours]  # noqa: SIM118 (not a dict)
    builder.setupHorizontalHeader(ascent=ascent, descent=-descent)
    builder.setupOS2(
        version=4,
        usWeightClass=700 if bold else 400,
        fsType=0,
        fsSelection=(0x20 if bold else 0x40) | 0x80,
        sTypoAscender=ascent,
        sTypoDescender=-descent,
        sTypoLineGap=0,
        usWinAscent=max([ascent, *(glyph.yMax for glyph in inked)]),
        usWinDescent=max([descent, *(-glyph.yMin for glyph in inked)]),
        achVendID="QMS ",
    )
    builder.setupPost(
        keepGlyphNames=False,
        underlinePosition=round(-0.1 * recipe.em),
        underlineThickness=round(0.05 * recipe.em),
    )
    builder.updateHead(created=EPOCH, modified=EPOCH, macStyle=int(bold), fontRevision=float(VERSION))
