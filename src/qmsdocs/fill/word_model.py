"""What a Word file holds once it is read: paragraphs, tables, pictures, fences; and what the report says of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from qmsdocs.base.errors import Message

SNIPPET = 30  # characters that show where a note belongs


class NoteKind(StrEnum):
    """What a note of the report is about."""

    NOT_CARRIED = "not_carried"  # it stands in the Word file and not in the draft
    ALTERED = "altered"  # carried over in another shape
    DESK_REVIEW = "desk_review"  # the Word file itself is doubtful there


@dataclass(frozen=True, slots=True)
class Note:
    """One line of the report: where in the Word file, and what."""

    kind: NoteKind
    where: str
    message: Message


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; `is_markup`: it is Markdown already; `is_code`: it is kept as typed; a line feed is a forced
    new line."""

    text: str
    is_bold: bool = False
    is_markup: bool = False
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """The number or bullet that Word writes before a paragraph; `values` are the counts of its levels."""

    text: str
    values: tuple[int, ...]
    level: int
    list_id: str
    is_bullet: bool = False


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph; `outline` is its level as a heading, from 1; `after` stands behind it: pictures, text boxes."""

    pieces: tuple[Piece, ...]
    style: str = ""
    outline: int | None = None
    label: Label | None = None
    is_centred: bool = False
    size: int = 0
    after: tuple[Block, ...] = ()

    @property
    def plain(self) -> str:
        """Its words, without the label."""
        return "".join(piece.text for piece in self.pieces).strip()

    @property
    def is_bold(self) -> bool:
        """Whether all its words are bold."""
        said = [piece for piece in self.pieces if piece.text.strip()]
        return bool(said) and all(piece.is_bold for piece in said)

    @property
    def labelled(self) -> str:
        """Its words behind the label."""
        return f"{self.label.text} {self.plain}" if self.label is not None else self.plain


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell over `span` columns; `continues` the one above it."""

    blocks: tuple[Block, ...]
    span: int = 1
    continues: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table; `before` counts the columns that it leaves out on its left."""

    cells: tuple[Cell, ...]
    is_head: bool = False
    before: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """A table."""

    rows: tuple[Row, ...]

    @property
    def width(self) -> int:
        """How many columns the widest row has."""
        return max((row.before + sum(cell.span for cell in row.cells) for row in self.rows), default=0)


@dataclass(frozen=True, slots=True)
class Image:
    """A picture by its file name."""

    name: str
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block of the draft."""

    info: str
    text: str = ""


Block: TypeAlias = "Passage | Table | Image | Fence"


def snippet(text: str) -> str:
    """The beginning of `text` on one line."""
    line = " ".join(text.split())
    return line if len(line) <= SNIPPET else line[:SNIPPET] + "…"


def words_of(block: Block) -> str:
    """All words of a block, a line a paragraph."""
    match block:
        case Passage():
            return "\n".join(part for part in (block.labelled, *(words_of(below) for below in block.after)) if part)
        case Table():
            cells = (cell for row in block.rows for cell in row.cells)
            return "\n".join(words_of(below) for cell in cells for below in cell.blocks)
        case Fence():
            return block.text
        case _:
            return ""
