"""Pages that the program drew itself and somebody edited: what on them is no text of the draft."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qmsdocs.fill.word_model import Block, Passage, Table, words_of
from qmsdocs.fill.word_package import WordPackage, value, w
from qmsdocs.fill.word_styles import Styles

OWN_PAGES = "qms:"  # how the content controls around cover, records and contents are tagged
_COVER = ("封面编号", "Cover number")
# The styles of cover, approvals, revision record, distribution and stamps; some offices lose the tags and keep these.
_STYLES = frozenset(
    (
        *_COVER,
        *(
            "封面公司",
            "封面类别",
            "封面版次",
            "封面日期",
            "封面日期 居右",
            "签署栏",
            "签署栏 标题",
            "记录标题",
            "记录文字",
        ),
        *(
            "记录表头",
            "受控章",
            "受控章 小字",
            "作废章",
            "页眉栏",
            "页眉栏 标签",
            "页脚行",
            "页脚行 居中",
            "页脚行 居右",
        ),
        *("Cover company", "Cover kind", "Cover revision", "Cover dates", "Cover dates right", "Approval"),
        *("Approval head", "Record title", "Record text", "Record head", "Stamp", "Stamp small", "Void stamp"),
        *("Header block", "Header block label", "Foot", "Foot centred", "Foot right", "Title"),
    )
)


def is_own(package: WordPackage, styles: Styles) -> bool:
    """Whether the program drew this file."""
    tags = (value(tag) for part in package.parts.values() for tag in part.root.iter(w("tag")))
    return any(style.name in _COVER for style in styles.by_id.values()) or any(
        tag.startswith(OWN_PAGES) for tag in tags
    )


def without_own(blocks: Sequence[Block], taken: list[str]) -> Iterator[Block]:
    """The blocks without the pages that the program draws; their words are `taken`."""
    for block in blocks:
        styles = {text.style for text in _texts(block)}
        if styles and styles <= _STYLES:
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
