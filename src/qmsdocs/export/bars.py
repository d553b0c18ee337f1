"""Bar charts as SVG of our own: black and grey, numbers written at the bars, nothing that runs or loads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 560
_SHADES = ("#4a5a6b", "#1a1a1a", "#c3c9cf")
_FACES = "PingFang SC, Noto Sans CJK SC, Source Han Sans SC, Microsoft YaHei, SimHei, sans-serif"
_ROW, _LEFT, _RIGHT, _TOP = 28, 150, 56, 8
_LABEL = 11  # characters
_HEIGHT, _FOOT = 150, 24


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what it is called, and its parts from the axis on."""

    label: str
    parts: tuple[float, ...]

    @property
    def total(self) -> float:
        """How long it is."""
        return sum(self.parts)


def rows(bars: Sequence[Bar], *, legend: Sequence[str] = ()) -> bytes:
    """Bars from left to right below each other; `legend` names their parts."""
    most = max((bar.total for bar in bars), default=0) or 1
    drawn: list[str] = []
    top = _TOP + (_ROW if legend else 0)
    for position, bar in enumerate(bars):
        middle = top + position * _ROW + 10
        drawn.append(_text(_LEFT - 10, middle + 4, _cut(bar.label), "end"))
        drawn += _stretched(bar, _LEFT, middle - 8, (WIDTH - _LEFT - _RIGHT) / most)
    drawn += _legend(legend)
    return _svg(drawn, top + len(bars) * _ROW + 2)


def _stretched(bar: Bar, left: float, top: float, scale: float) -> Iterator[str]:
    for shade, part in zip(_SHADES, bar.parts, strict=False):
        if part:
            yield f'<rect x="{left:.1f}" y="{top:.1f}" width="{part * scale:.1f}" height="16" fill="{shade}"/>'
            left += part * scale
    yield _text(left + 6, top + 12, _number(bar.total))


def columns(bars: Sequence[Bar]) -> bytes:
    """Bars upwards beside each other, such as months."""
    most = max((bar.total for bar in bars), default=0) or 1
    step = (WIDTH - 16) / max(1, len(bars))
    floor = _TOP + 14 + _HEIGHT
    drawn: list[str] = []
    for position, bar in enumerate(bars):
        middle, height = 8 + step * (position + 0.5), bar.total / most * _HEIGHT
        if bar.total:
            drawn.append(
                f'<rect x="{middle - step * 0.3:.1f}" y="{floor - height:.1f}" width="{step * 0.6:.1f}" '
                f'height="{height:.1f}" fill="{_SHADES[0]}"/>'
            )
            drawn.append(_text(middle, floor - height - 4, _number(bar.total), "middle"))
        drawn.append(_text(middle, floor + 16, bar.label, "middle"))
    drawn.append(f'<path d="M8 {floor}H{WIDTH - 8}" stroke="#1a1a1a"/>')
    return _svg(drawn, floor + _FOOT)


def _legend(names: Sequence[str]) -> Iterator[str]:
    left = float(_LEFT)
    for shade, name in zip(_SHADES, names, strict=False):
        yield f'<rect x="{left:.1f}" y="{_TOP}" width="12" height="12" fill="{shade}"/>'
        yield _text(left + 17, _TOP + 11, name)
        left += 17 + 13 * len(name) + 16


def _text(x: float, y: float, said: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(said)}</text>'


def _cut(label: str) -> str:
    return label if len(label) <= _LABEL else f"{label[: _LABEL - 1]}…"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _svg(drawn: Sequence[str], height: float) -> bytes:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" '
        f'height="{height:.0f}" font-family="{_FACES}" font-size="12.5" fill="#1a1a1a">'
    )
    return "\n".join((head, *drawn, "</svg>\n")).encode()
