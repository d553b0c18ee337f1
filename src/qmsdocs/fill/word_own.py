"""Pages that the program drew itself and somebody edited: what on them is no text of the draft."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from qmsdocs.fill.word_model import Block, Passage, Table, words_of
from qmsdocs.fill.word_package import WordPackage, value, w
from qmsdocs.fill.word_styles import Styles
from qmsdocs.model.document import parse_procedure

_FILLED = re.compile(r"\{\{ (p\.[a-z][a-z0-9_]*|references|forms) \}\}|(?<![\\!\]])\[[^\[\]\\\n]{1,100}\](?!\()")
OWN_PAGES = "qms:"  # how the content controls around cover, records and contents are tagged
_COVER = ("封面编号", "Cover number")
# How the styles of cover, approvals, revision record, distribution and stamps begin; some offices keep only these.
_STYLES = (
    *("封面", "签署栏", "记录", "受控章", "作废章", "页眉栏", "页脚行"),
    *("Cover ", "Approval", "Record ", "Stamp", "Void stamp", "Header block", "Foot ", "Title"),
)


def is_own(package: WordPackage, styles: Styles) -> bool:
    """Whether the program drew this file."""
    tags = (value(tag) for part in package.parts.values() for tag in part.root.iter(w("tag")))
    return any(style.name in _COVER for style in styles.by_id.values()) or any(
        tag.startswith(OWN_PAGES) for tag in tags
    )


def filled_in(draft: str, *, source: str) -> tuple[str, ...]:
    """What the pages of `draft` fill in, in order: parameters and references, as they are written in its text."""
    procedure = parse_procedure(draft, source=source)
    lists = {"references": procedure.front.references, "forms": procedure.front.forms}
    found: list[str] = []
    for match in _FILLED.finditer(procedure.body):
        found += [f"[{number}]" for number in lists[match[1]]] if match[1] in lists else [match[0]]
    return tuple(found)


def without_own(blocks: Sequence[Block], taken: list[str]) -> Iterator[Block]:
    """The blocks without the pages that the program draws; their words are `taken`."""
    for block in blocks:
        styles = {text.style for text in _texts(block)}
        if styles and all(style.startswith(_STYLES) for style in styles):
            taken.append(words_of(block))
        else:
            yield block


def _texts(block: Block) -> Iterator[Passage]:
    if isinstance(block, Table):
        for row in block.rows:
            for cell in row.cells:
                for below in cell.blocks:
                    yield from _texts(below)
    elif isinstance(block, Passage):
        yield from [block] if block.plain else []
        for below in block.after:
            yield from _texts(below)
