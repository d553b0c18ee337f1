"""What a form page is made of: cells, bars, tables and places to sign, in millimetres, each naming what fills it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from qmsdocs.base.language import Language

WIDTH = 170.0  # of the text, A4 less 25 mm binding and 15 mm
LABEL = 26.0
VALUE = 59.0
NUMBER_COLUMN = 10.0
GRADE = {Language.ZH: 14.0, Language.EN: 18.0}  # English grades are long words
REMARK = 22.0
PADDING = 1.5
BODY, SMALL, TINY = 10.5, 9.0, 6.5  # 五号, 小五, 小六
LINES = 14  # of a long text that stand in its cell: a third of a page; what is longer goes to an annex
# Ems between the walls of a label cell: of 五号, and of 小五 sans letters, wider than the Times reckoned with.
LABEL_CAPACITY = {Language.ZH: 6.5, Language.EN: 6.9}


class Kind(StrEnum):
    """How a value is set in its cell."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    DATETIME = "datetime"
    OPTIONS = "options"
    TICK = "tick"


@dataclass(frozen=True, slots=True)
class Label:
    """A title ready for its cell: its lines, and whether two characters are spread to the width of four."""

    text: str
    lines: tuple[str, ...]
    spread: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A label with the value beside it. `expression` is what fills it; `past`, `why` and the like are `x.<field>`.

    `is_one_line`: all options stand on one line, so that none can be torn apart.
    """

    field: str
    label: Label
    label_width: float
    value_width: float
    kind: Kind
    expression: str
    size: float
    is_one_line: bool


@dataclass(frozen=True, slots=True)
class SectionBar:
    """A grey bar with the title of a section."""

    field: str
    title: str


@dataclass(frozen=True, slots=True)
class Line:
    """One cell over the whole width, or two halves."""

    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class LongText:
    """Free text: under a bar of its own (`beside` false, with a signing line), or beside its label in a dense form."""

    field: str
    label: Label
    beside: bool
    signed_by: tuple[str, ...]
    expression: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; `options` are the words of a choice, printed small under the title."""

    name: str
    title: str
    width: float
    kind: Kind
    options: tuple[str, ...]
    expression: str


@dataclass(frozen=True, slots=True)
class Table:
    """Repeat rows under 序号, or (`fixed`) given lines; loop `row in <expression>`, a cell is `row.cell.<column>`."""

    field: str
    title: str
    columns: tuple[Column, ...]
    fixed: bool
    item_width: float
    blank_rows: int
    expression: str


@dataclass(frozen=True, slots=True)
class Grade:
    """One degree of a matrix: key, words in lines, and the score printed under them."""

    key: str
    lines: tuple[str, ...]
    score: str | None


@dataclass(frozen=True, slots=True)
class Matrix:
    """Given lines to be rated: loop `for row in <expression>`; the tick is `row.tick.<column>.<grade>`."""

    field: str
    title: str
    column: str
    item_width: float
    grade_width: float
    grades: tuple[Grade, ...]
    remark: Column | None
    expression: str


@dataclass(frozen=True, slots=True)
class SigningCell:
    """A place to sign; steps that mean the same share it. `expression` gives done, by, at, mark, title."""

    steps: tuple[str, ...]
    title: str
    width: float
    expression: str


@dataclass(frozen=True, slots=True)
class Signing:
    """A row of places to sign, of equal width."""

    cells: tuple[SigningCell, ...]


@dataclass(frozen=True, slots=True)
class NoteBlock:
    """Words of the form itself: an explanation, a declaration."""

    field: str
    text: str


Block = SectionBar | Line | LongText | Table | Matrix | Signing | NoteBlock


@dataclass(frozen=True, slots=True)
class Layout:
    """The blocks of a form from top to bottom."""

    number: str
    title: str
    language: Language
    blocks: tuple[Block, ...]

    @property
    def parts(self) -> tuple[tuple[Block, ...], ...]:
        """The blocks in groups between which a page may end: each begins with a section bar, the last ends signed."""
        groups: list[list[Block]] = [[]]
        for block in self.blocks:
            if isinstance(block, SectionBar) and groups[-1]:
                groups.append([])
            groups[-1].append(block)
        return tuple(tuple(group) for group in groups)
