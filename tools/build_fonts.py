"""Build the faces that qmsdocs ships from Debian's font packages (`make fonts`).

Why these sources:

- Song and sans come from the simplified-Chinese faces of fonts-noto-cjk (OFL-1.1). The package holds 20 MB
  collections with cubic outlines; the faces made here are static TrueType with the characters of
  `codepoints.txt`, which a PDF engine embeds twice as fast.
- The Latin text face has the widths of Times. fonts-liberation2 is OFL-1.1; fonts-liberation of Debian 12 is
  still 1.07 under the GPL, so it is not taken. TeX Gyre Termes would do as well, but its outlines are cubic
  and every conversion loses a little.
- Ballot boxes, ticks and the punctuation that none of them has come from DejaVu Sans (Bitstream Vera and Arev
  licences).

Everything is drawn anew into an empty font (`qmsdocs.render.face`): no hints, no OpenType features. The same
packages give the same bytes.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fontTools.misc.transform import Identity, Transform
from fontTools.ttLib import TTFont

from qmsdocs.render.face import SPACES, Box, Recipe, make, open_face
from qmsdocs.render.fonts import read_ranges

PROJECT = Path(__file__).resolve().parent.parent
LIST = PROJECT / "tools/codepoints.txt"
TARGET = PROJECT / "src/qmsdocs/render/fonts"


@dataclass(frozen=True)
class Source:
    """A face inside a Debian package; `name` picks it out of a collection."""

    package: str
    path: str
    name: str


NOTO, LIBERATION = "/usr/share/fonts/opentype/noto", "/usr/share/fonts/truetype/liberation2"
SONG = Source("fonts-noto-cjk", f"{NOTO}/NotoSerifCJK-Regular.ttc", "Noto Serif CJK SC")
SONG_BOLD = Source("fonts-noto-cjk", f"{NOTO}/NotoSerifCJK-Bold.ttc", "Noto Serif CJK SC Bold")
HEI = Source("fonts-noto-cjk", f"{NOTO}/NotoSansCJK-Regular.ttc", "Noto Sans CJK SC")
HEI_BOLD = Source("fonts-noto-cjk", f"{NOTO}/NotoSansCJK-Bold.ttc", "Noto Sans CJK SC Bold")
SERIF = Source("fonts-liberation2", f"{LIBERATION}/LiberationSerif-Regular.ttf", "Liberation Serif")
BOLD_FILE = f"{LIBERATION}/LiberationSerif-Bold.ttf"
SERIF_BOLD = Source("fonts-liberation2", BOLD_FILE, "Liberation Serif Bold")
SIGNS = Source("fonts-dejavu-core", "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "DejaVu Sans")

OFL = "This font is licensed under the SIL Open Font License, Version 1.1; see OFL.txt beside it."
VERA = "This font is licensed under the Bitstream Vera and Arev font licences; see DejaVu.txt beside it."

BALLOTS = frozenset({0x2610, 0x2611, 0x2612})
TICKS = frozenset({0x2713, 0x2717})
# Beyond the list: the crossed box, units that come with pasted text, the sign for an undecodable byte.
EXTRA = frozenset({0x2612, 0xFFFD, 0x33C4, 0x33D5, 0x338E, 0x338F, *range(0x339C, 0x339F), *SPACES})


def write_ranges(code_points: Iterable[int]) -> list[str]:
    """The fewest lines that name the code points, in order; the reverse of `read_ranges`."""
    ranges: list[list[int]] = []
    for code_point in sorted(code_points):
        if ranges and ranges[-1][1] == code_point - 1:
            ranges[-1][1] = code_point
        else:
            ranges.append([code_point, code_point])
    return [f"U+{a:04X}" if a == b else f"U+{a:04X}-{b:04X}" for a, b in ranges]


def traditional() -> frozenset[int]:
    """The 5,401 everyday characters of Big5: names of people from Hong Kong, Macao and Taiwan."""
    trails = (*range(0x40, 0x7F), *range(0xA1, 0xFF))
    pairs = (bytes((lead, trail)) for lead in range(0xA4, 0xC7) for trail in trails)
    return frozenset(ord(pair.decode("big5")) for pair in pairs if pair <= b"\xc6\x7e")


def is_letter(code_point: int) -> bool:
    """Whether the Latin face of a Chinese page sets it: ASCII, letters, raised figures.

    The signs that a Chinese line sets full-width (“ · —) are not among them.
    """
    if code_point >= 0x0530 or 0x02C0 <= code_point < 0x0370:
        return False
    if code_point < 0x80 or unicodedata.category(chr(code_point)) in {"Lu", "Ll", "Lo", "Lm", "No"}:
        return True
    return unicodedata.east_asian_width(chr(code_point)) not in {"A", "W", "F"}


def is_western(code_point: int) -> bool:
    """Whether an English page sets it in the Latin face: letters, and the signs too."""
    return code_point < 0x0530 or 0x2000 <= code_point < 0x2100


def fit_chinese(code_point: int, width: float, box: Box | None) -> tuple[Transform, float]:
    """Where Song and sans differ from their source: `——` must join, and `·` takes a whole square."""
    if code_point == 0x2014 and box:
        stretch = 1000 / (box[2] - box[0])
        return Transform(stretch, 0, 0, 1, -box[0] * stretch, 0), 1000
    if code_point == 0x00B7 and box:
        return Transform(1, 0, 0, 1, 500 - (box[0] + box[2]) / 2, 380 - (box[1] + box[3]) / 2), 1000
    return Identity, width


def fit_sign(code_point: int, width: float, box: Box | None) -> tuple[Transform, float]:
    """Boxes as large as the white square of a Chinese face (100…900, -20…780); ticks in the middle of it."""
    scale = 1000 / 2048
    if box:
        middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    if code_point in BALLOTS and box:
        scale = 800 / 1470  # the outer square of all three is 1,470 of 2,048 wide
        return Transform(scale, 0, 0, scale, 500 - scale * middle[0], -20 - scale * box[1]), 1000
    if code_point in TICKS and box:
        scale *= 1.2
        return Transform(scale, 0, 0, scale, 500 - scale * middle[0], 380 - scale * middle[1]), 1000
    return Transform(scale, 0, 0, scale, 0, 0), width * scale


def plan(wanted: frozenset[int]) -> tuple[tuple[Recipe, Source, frozenset[int]], ...]:
    """Every shipped face but the signs: how it is made, of what, with which characters."""
    chinese = wanted - BALLOTS - TICKS
    letters, western = frozenset(filter(is_letter, wanted)), frozenset(filter(is_western, wanted))

    def han(family: str, style: str) -> Recipe:
        return Recipe(family=family, style=style, licence=OFL, em=1000, fit=fit_chinese)

    def latin(family: str, style: str) -> Recipe:
        return Recipe(family=family, style=style, licence=OFL, em=2048)

    return (
        (han("Qms Song", "Regular"), SONG, chinese | traditional()),
        (han("Qms Song", "Bold"), SONG_BOLD, chinese),
        (han("Qms Hei", "Regular"), HEI, chinese),
        (han("Qms Hei", "Bold"), HEI_BOLD, chinese),
        (latin("Qms Serif", "Regular"), SERIF, letters),
        (latin("Qms Serif", "Bold"), SERIF_BOLD, letters),
        (latin("Qms Latin", "Regular"), SERIF, western),
        (latin("Qms Latin", "Bold"), SERIF_BOLD, western),
    )


def open_source(source: Source) -> TTFont:
    """The face of that full name."""
    face = open_face(Path(source.path), name_ends=source.name)
    if face["name"].getDebugName(4) != source.name:
        raise SystemExit(f"{source.path} holds no face named {source.name}")
    return face


def build(recipe: Recipe, source: Source, wanted: frozenset[int]) -> frozenset[int]:
    """Write the face; what it covers."""
    path = TARGET / f"{recipe.name}.ttf"
    font = make(recipe, open_source(source), wanted)
    font.save(path)
    covered = frozenset(font.getBestCmap())
    print(f"{path.relative_to(PROJECT)}  {len(covered):6,} characters  {path.stat().st_size:9,} bytes")
    return covered


def licence_of(package: str, heading: str) -> str:
    """The licence text under that heading of a Debian copyright file, its indentation taken away."""
    lines = Path(f"/usr/share/doc/{package}/copyright").read_text(encoding="utf-8").splitlines()
    # The last one holds the text, earlier ones only refer to it.
    start = max(number for number, line in enumerate(lines) if line == heading)
    body = lines[start + 1 :]
    end = next((number for number, line in enumerate(body) if not line.startswith(" ")), len(body))
    return "\n".join("" if line == " ." else line.removeprefix(" ") for line in body[:end])


def write_licences() -> None:
    """The licence texts that go with the faces, taken from the packages themselves."""
    holders = [
        "Qms Song, Qms Hei (made from Noto Serif CJK SC and Noto Sans CJK SC):",
        "  Copyright 2014-2022 Adobe (http://www.adobe.com/), with Reserved Font Name 'Source'.",
        "  Noto is a trademark of Google Inc.",
        "Qms Serif, Qms Latin (made from Liberation Serif):",
        "  Digitized data copyright (c) 2010 Google Corporation with Reserved Font Arimo, Tinos and Cousine.",
        "  Copyright (c) 2012 Red Hat, Inc. with Reserved Font Name Liberation.",
        "",
        "These fonts are modified versions: fewer characters, TrueType outlines, other names and metrics.",
        "This Font Software is licensed under the SIL Open Font License, Version 1.1:",
        "",
    ]
    ofl = "\n".join((*holders, licence_of("fonts-noto-cjk", "License: SIL-1.1"))) + "\n"
    (TARGET / "OFL.txt").write_text(ofl, encoding="utf-8", newline="\n")
    vera = open_source(SIGNS)["name"].getDebugName(13).strip().splitlines()
    head = "Qms Signs holds glyphs of DejaVu Sans, some of them scaled, under another name.\n\n"
    (TARGET / "DejaVu.txt").write_text(head + "\n".join(map(str.rstrip, vera)) + "\n", encoding="utf-8", newline="\n")


def main() -> int:
    """Build everything; 1 when a package or a character is missing."""
    sources = (SONG, SONG_BOLD, HEI, HEI_BOLD, SERIF, SERIF_BOLD, SIGNS)
    if packages := sorted({source.package for source in sources if not Path(source.path).exists()}):
        command = f"sudo apt-get install --no-install-recommends {' '.join(packages)}"
        print(f"font packages are missing: {command}", file=sys.stderr)
        return 1
    TARGET.mkdir(parents=True, exist_ok=True)
    wanted = read_ranges(LIST.read_text(encoding="utf-8").splitlines()) | EXTRA
    union = frozenset[int]().union(*(build(*planned) for planned in plan(wanted)))
    signs = Recipe(family="Qms Signs", licence=VERA, em=1000, fit=fit_sign)
    union |= build(signs, SIGNS, wanted - union)
    ranges = "\n".join(write_ranges(union)) + "\n"
    (TARGET / "coverage.txt").write_text(ranges, encoding="ascii", newline="\n")
    write_licences()
    # A range of the list may run over a code point that is not assigned (U+03A2).
    lacking = [point for point in sorted(wanted - union) if unicodedata.category(chr(point)) != "Cn"]
    print(f"{len(union):,} characters in all, {len(lacking)} missing", *write_ranges(lacking))
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
