"""Chinese lines flush on both sides: the PDF engine widens spaces only, and Chinese text has none.

Imported only once the PDF engine is known to load.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from weasyprint.formatting_structure import boxes
from weasyprint.layout import inline

from qmsdocs.render.prose_inline import is_wide

_MOST = 0.25  # ems added behind a character; a line that lacks more stays ragged


@contextlib.contextmanager
def flush_lines() -> Iterator[None]:
    """Within it, justified lines with Chinese characters are widened between all characters."""
    widen_spaces = inline.justify_line

    def justify(context: Any, line: Any, missing: float) -> None:
        texts = [*_texts(line)]
        count = sum(len(text.text) for text in texts) - 1
        if not any(is_wide(sign) for text in texts for sign in text.text):
            widen_spaces(context, line, missing)
        elif count > 0 and missing / count <= _MOST * line.style["font_size"]:
            _widen(context, line, missing / count, 0.0)

    inline.justify_line = justify
    try:
        yield
    finally:
        inline.justify_line = widen_spaces


def _texts(box: Any) -> Iterator[Any]:
    """The text boxes of a line in order."""
    if isinstance(box, boxes.TextBox):
        yield box
    elif isinstance(box, boxes.LineBox | boxes.InlineBox):
        for child in box.children:
            if child.is_in_normal_flow():
                yield from _texts(child)


def _widen(context: Any, box: Any, more: float, moved: float) -> float:
    """Gives each character of `box`, itself `moved` to the right, `more` space; how far what follows it is moved."""
    if isinstance(box, boxes.TextBox):
        box.position_x += moved
        return moved + _spaced(context, box, more)
    if not isinstance(box, boxes.LineBox | boxes.InlineBox):
        box.translate(moved, 0)
        return moved
    box.position_x += moved
    before = moved
    for child in box.children:
        if child.is_in_normal_flow():
            moved = _widen(context, child, more, moved)
    box.width += moved - before
    return moved


def _spaced(context: Any, box: Any, more: float) -> float:
    style = box.style.copy()
    spacing = style["letter_spacing"]
    style["letter_spacing"] = (0.0 if spacing == "normal" else spacing) + more
    layout = inline.create_layout(box.text, style, context, max_width=None, justification_spacing=0)
    layout.deactivate()
    added: float = more * len(box.text)
    box.style, box.pango_layout = style, layout
    box.width += added
    return added
