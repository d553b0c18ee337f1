"""Flow charts as pictures: SVG for pages, PNG for Word. Black lines, shipped faces, the same bytes every time."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw, ImageFont

from qmsdocs.render import fonts
from qmsdocs.render.chart_figure import Figure, figure
from qmsdocs.render.chart_shape import Stroke, Words, em
from qmsdocs.render.prose import Chart

_TEXT, _SANS = ("Qms Serif", "Qms Song", "Qms Signs"), ("Qms Hei", "Qms Song", "Qms Signs")
_BASELINE = 0.37  # of the em, below the middle of a Chinese character
_FINER = 2  # a PNG is drawn so much larger and then made smaller, which smooths slanted lines
_INCH = 25.4


def svg(chart: Chart, *, width_mm: float = 160) -> str:
    """`chart` as SVG of at most `width_mm` by 240 mm, sizes in millimetres, text as text."""
    found = figure(chart, width=width_mm)
    size = (
        f'width="{found.width:.2f}mm" height="{found.height:.2f}mm" viewBox="0 0 {found.width:.2f} {found.height:.2f}"'
    )
    lines = (_svg_line(stroke) for stroke in found.strokes)
    words = (_svg_words(said) for said in found.words)
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(lines)}{"".join(words)}</svg>'


def _svg_line(stroke: Stroke) -> str:
    points = " ".join(f"{x:.2f},{y:.2f}" for x, y in stroke.points)
    line = f'stroke="#000" stroke-width="{stroke.width}"' if stroke.width else 'stroke="none"'
    fill = {"": "none", "white": "#fff", "black": "#000"}[stroke.fill]
    return f'<polyline points="{points}" fill="{fill}" {line}/>'


def _svg_words(said: Words) -> str:
    size = em(said.size)
    families = ", ".join(f"'{family}'" for family in (_SANS if said.is_sans else _TEXT))
    return (
        f'<text x="{said.x:.2f}" y="{said.y + _BASELINE * size:.2f}" font-size="{size:.3f}" '
        f'font-family="{families}" text-anchor="{said.anchor}">{escape(said.text)}</text>'
    )


def png(chart: Chart, *, width_mm: float = 160, dpi: int = 300) -> bytes:
    """`chart` as a grey PNG of at most `width_mm` by 240 mm that knows its `dpi`."""
    found = figure(chart, width=width_mm)
    scale = dpi / _INCH * _FINER
    size = (max(1, round(found.width * dpi / _INCH)), max(1, round(found.height * dpi / _INCH)))
    paper = Image.new("L", (size[0] * _FINER, size[1] * _FINER), 255)
    _paint(paper, found, scale)
    stream = io.BytesIO()
    paper.resize(size, Image.Resampling.BOX).save(stream, "PNG", dpi=(dpi, dpi), optimize=True)
    return stream.getvalue()


def _paint(paper: Image.Image, found: Figure, scale: float) -> None:
    pen = ImageDraw.Draw(paper)
    for stroke in found.strokes:
        points = [(x * scale, y * scale) for x, y in stroke.points]
        if stroke.fill:
            pen.polygon(points, fill=255 if stroke.fill == "white" else 0)
        if stroke.width:
            pen.line(points, fill=0, width=max(1, round(stroke.width * scale)), joint="curve")
    for said in found.words:
        _write(pen, said, scale)


def _write(pen: ImageDraw.ImageDraw, said: Words, scale: float) -> None:
    size = em(said.size) * scale
    runs = [(_font(path, round(size)), text) for path, text in _runs(said)]
    wide = sum(font.getlength(text) for font, text in runs)
    x = said.x * scale - {"start": 0.0, "middle": wide / 2, "end": wide}[said.anchor]
    y = said.y * scale + _BASELINE * size
    for font, text in runs:
        pen.text((x, y), text, fill=0, font=font, anchor="ls")
        x += font.getlength(text)


def _runs(said: Words) -> Iterator[tuple[Path, str]]:
    """The text by faces: each character in the first face that has it."""
    families = _SANS if said.is_sans else _TEXT
    paths = [
        next(face.path for face in fonts.faces() if (face.family, face.weight) == (name, 400)) for name in families
    ]
    covered = [(path, fonts.wide_coverage(said.text, places=(path,))) for path in paths]

    def path_of(sign: str) -> Path:
        return next((path for path, has in covered if ord(sign) in has), paths[1])

    for path, signs in groupby(said.text, path_of):
        yield path, "".join(signs)


@cache
def _font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)
