"""A form as blocks of cells in millimetres, from its definition alone; HTML and DOCX pages come from the same blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from qmsdocs.base.language import Catalogue, Language, Text
from qmsdocs.model.form import CHOICE_TYPES, Choice, Field, FieldType, Form
from qmsdocs.render import measure
from qmsdocs.render.sheet import ISSUE

WIDTH = 170.0  # of the text, A4 less 25 mm binding and 15 mm
LABEL = 26.0
VALUE = 59.0
NUMBER_COLUMN = 10.0
GRADE = {Language.ZH: 14.0, Language.EN: 18.0}  # English grades are long words
REMARK = 22.0
PADDING = 1.5
BODY, SMALL, TINY = 10.5, 9.0, 6.5  # 五号, 小五, 小六
LINES = 14  # of a long text that stand in its cell: a third of a page; what is longer goes to an annex
LABEL_CAPACITY = {
    Language.ZH: 6.5,
    Language.EN: 6.9,
}  # ems of 五号, or of 小五 sans letters, between the walls of a label cell
_HALF, _FULL = VALUE - 2 * PADDING, WIDTH - LABEL - 2 * PADDING


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
    """A label with the value beside it. `expression` is what fills the value; `past`, `why` and the like are `x.<field>`.

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
    """Repeat rows under 序号, or (`fixed`) given lines; loop `for row in <expression>`, cells are `row.cell.<column>`."""

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
        """The blocks grouped so that a page ends between groups: each begins with a section bar, the signing row is in the last."""
        groups: list[list[Block]] = [[]]
        for block in self.blocks:
            if isinstance(block, SectionBar) and groups[-1]:
                groups.append([])
            groups[-1].append(block)
        return tuple(tuple(group) for group in groups)


def layout(form: Form, language: Language) -> Layout:
    """The blocks of `form` on an A4 page, texts in `language`."""
    maker = _Maker(form, language, beside=not _is_roomy(form))
    return Layout(form.number, form.title.of(language), language, (*maker.body(), *maker.signing()))


def signing_places(form: Form) -> tuple[tuple[str, ...], ...]:
    """The acts that are signed on the page: the issue, then steps, those of one meaning and target together."""
    groups: dict[tuple[str, str], list[str]] = {}
    for name, step in form.step.items():
        if step.signs:
            groups.setdefault((step.signs, step.to or ""), []).append(name)
    return ((ISSUE,), *(tuple(names) for names in groups.values()))


def options_text(choices: Mapping[str, Choice], language: Language) -> str:
    """All options in a row, none ticked, as wide as they print."""
    return " ".join(f"☐{choice.text.of(language)}" for choice in choices.values())


def is_matrix(form: Form, field: Field) -> bool:
    """Whether a table of given lines is rated on one scale, with at most a remark beside it."""
    if not field.rows:
        return False
    rated = [column for column in field.column.values() if column.type in (FieldType.SCALE, FieldType.CHOICE)]
    others = [column for column in field.column.values() if column not in rated]
    if len(rated) != 1 or len(others) > 1 or any(column.type is not FieldType.TEXT for column in others):
        return False
    return 2 <= len(form.choices_of(rated[0])) <= 6


def kind_of(field: Field) -> Kind:
    """How a value of `field` is set."""
    match field.type:
        case FieldType.INTEGER | FieldType.DECIMAL | FieldType.DURATION:
            return Kind.NUMBER
        case FieldType.DATE:
            return Kind.DATE
        case FieldType.DATETIME:
            return Kind.DATETIME
        case FieldType.BOOLEAN | FieldType.CHOICE | FieldType.CHOICES | FieldType.SCALE:
            return Kind.OPTIONS
        case _:
            return Kind.TEXT


def _is_roomy(form: Form) -> bool:
    """Whether every long text can have a bar and 35 mm of its own on one page."""
    fields = form.field.values()
    texts = sum(field.type is FieldType.LONG_TEXT for field in fields)
    bars = sum(field.type is FieldType.SECTION for field in fields)
    rows = sum(4 + (len(field.rows) or 4) for field in fields if field.type is FieldType.TABLE)
    short = sum(field.type not in _OWN_BLOCK for field in fields)
    return texts * 42 + bars * 7 + rows * 8 + short * 5 + 18 <= 215


_NARROW = frozenset({FieldType.DATE, FieldType.DATETIME, FieldType.INTEGER, FieldType.DECIMAL, FieldType.PERSON})
_OWN_BLOCK = frozenset({FieldType.SECTION, FieldType.NOTE, FieldType.LONG_TEXT, FieldType.TABLE})


class _Maker:
    def __init__(self, form: Form, language: Language, *, beside: bool) -> None:
        self.form, self.language, self.beside = form, language, beside
        self.say = Catalogue.load(language).say

    def body(self) -> Iterator[Block]:
        waiting: list[tuple[str, Field]] = []
        for name, field in self.form.field.items():
            if field.type not in _OWN_BLOCK:
                waiting.append((name, field))
                continue
            yield from self._lines(waiting)
            waiting = []
            yield self._block(name, field)
        yield from self._lines(waiting)

    def _block(self, name: str, field: Field) -> Block:
        title = field.title.of(self.language)
        match field.type:
            case FieldType.SECTION:
                return SectionBar(name, title)
            case FieldType.NOTE:
                return NoteBlock(name, field.help.of(self.language) if field.help else title)
            case FieldType.LONG_TEXT:
                steps = field.required_steps[:1] or ((ISSUE,) if field.required is True else ())
                label = self._label(title) if self.beside else Label(title, (title,))
                return LongText(name, label, self.beside, steps, f"f.{name}")
            case _:
                return self._matrix(name, field) if is_matrix(self.form, field) else self._table(name, field)

    def _label(self, title: str) -> Label:
        is_short = len(title) == 2 and all(measure.character(sign) == 1 for sign in title)
        capacity = LABEL_CAPACITY[self.language]
        most = (
            6.0 if self.language is Language.ZH else capacity
        )  # a rule of Chinese forms: over six characters, two lines
        return Label(title, measure.balanced(title, capacity, most=most), is_short)

    def _lines(self, fields: list[tuple[str, Field]]) -> Iterator[Line]:
        """The rows with the least height, by trying each field over half and over the whole width (dynamic programme)."""
        best: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
        for end in range(1, len(fields) + 1):
            last = fields[end - 1]
            lonely = 0.0 if self._is_wide(last[1]) else 1.0 if last[1].type in _NARROW else 0.5
            found = [(best[end - 1][0] + self._height(*last, half=False) + lonely, (*best[end - 1][1], 1))]
            if end > 1 and not any(self._is_wide(field) for _, field in fields[end - 2 : end]):
                height = max(self._height(*item, half=True) for item in fields[end - 2 : end])
                found.append((best[end - 2][0] + height, (*best[end - 2][1], 2)))
            best.append(min(found, key=lambda option: option[0]))  # of equals the first: an odd cell stands last
        position = 0
        for count in best[-1][1]:
            pair = fields[position : position + count]
            value = VALUE if count == 2 else WIDTH - LABEL
            yield Line(tuple(self._cell(name, field, value) for name, field in pair))
            position += count

    def _is_wide(self, field: Field) -> bool:
        text = field.type is FieldType.TEXT and field.max is not None and field.max > 60
        return text or field.type is FieldType.ATTACHMENT or bool(field.rules)

    def _height(self, name: str, field: Field, *, half: bool) -> float:
        """Of the row in millimetres; an open text is likely to need a second line in half a row."""
        room = _HALF if half else _FULL
        label = len(self._label(field.title.of(self.language)).lines)
        text = self._sample(field)
        size = self._size(text, room)
        count = measure.lines(text, room / (size * measure.MILLIMETRES_PER_POINT)) if text else 1
        return max(7.0, label * 4.4 + 0.6, count * 4.8 + 1.4 + (3.0 if field.rules else 0.0))

    def _sample(self, field: Field) -> str:
        if field.type is FieldType.BOOLEAN:
            return f"☐{self.say('Yes')} ☐{self.say('No')} /"
        if field.type in CHOICE_TYPES:
            return f"{options_text(self.form.choices_of(field), self.language)} /"
        return ""

    def _size(self, text: str, room: float) -> float:
        """五号, or 小五 where that saves a line."""
        if not text or measure.millimetres(text, BODY) <= room:
            return BODY
        return SMALL

    def _cell(self, name: str, field: Field, width: float) -> Cell:
        kind = kind_of(field)
        expression = f"o.{name}" if kind is Kind.OPTIONS else f"f.{name}"
        sample, room = self._sample(field), width - 2 * PADDING - 0.5
        size = self._size(sample, room)
        label = self._label(field.title.of(self.language))
        return Cell(name, label, LABEL, width, kind, expression, size, measure.millimetres(sample, size) <= room)

    def _table(self, name: str, field: Field) -> Table:
        item = 0.0
        room = WIDTH - NUMBER_COLUMN
        if field.rows:
            longest = max(measure.millimetres(row.text.of(self.language), BODY) for row in field.rows.values())
            item = float(round(min(max(20.0, longest + 2 * PADDING + 1), 70.0)))
            room = WIDTH - item
        most = int(field.max) if field.max is not None else 6
        least = int(field.min) if field.min is not None else 0
        blank = len(field.rows) or min(most, max(4, least))
        columns = tuple(self._columns(field, room))
        return Table(name, field.title.of(self.language), columns, bool(field.rows), item, blank, f"rows.{name}")

    def _columns(self, field: Field, room: float) -> Iterator[Column]:
        needs = {name: self._need(column) for name, column in field.column.items()}
        widths = shared(needs, room)
        for name, column in field.column.items():
            options = tuple(choice.text.of(self.language) for choice in self.form.choices_of(column).values())
            if column.type is FieldType.BOOLEAN:
                options = (self.say("Yes"), self.say("No"))
            kind = Kind.TICK if column.type in CHOICE_TYPES else kind_of(column)
            yield Column(name, column.title.of(self.language), widths[name], kind, options, f"row.cell.{name}")

    def _need(self, column: Field) -> tuple[float, float]:
        """Least width in millimetres, and the share of what is left over."""
        match column.type:
            case FieldType.DATE:
                return 26.0, 0.0
            case FieldType.DATETIME:
                return 37.0, 0.0
            case FieldType.INTEGER | FieldType.DECIMAL | FieldType.BOOLEAN:
                return 14.0, 0.1
            case FieldType.PERSON | FieldType.DURATION | FieldType.SIGNATURE:
                return 20.0, 0.2
            case FieldType.CHOICE | FieldType.CHOICES | FieldType.SCALE:
                words = (choice.text.of(self.language) for choice in self.form.choices_of(column).values())
                longest = max((measure.millimetres(word, SMALL) for word in words), default=0.0)
                return min(longest + 2 * PADDING + 0.5, 30.0), 0.2
            case _:
                return 22.0, 1.0

    def _matrix(self, name: str, field: Field) -> Matrix:
        rated = next(item for item in field.column.items() if item[1].type is not FieldType.TEXT)
        remark = next((item for item in field.column.items() if item[1].type is FieldType.TEXT), None)
        choices = self.form.choices_of(rated[1])
        beside = None
        if remark is not None:
            title = remark[1].title.of(self.language)
            beside = Column(remark[0], title, REMARK, Kind.TEXT, (), f"row.cell.{remark[0]}")
        grades = tuple(self._grade(key, choice) for key, choice in choices.items())
        each = GRADE[self.language]
        item = WIDTH - each * len(grades) - (REMARK if beside else 0.0)
        return Matrix(name, field.title.of(self.language), rated[0], item, each, grades, beside, f"rows.{name}")

    def _grade(self, key: str, choice: Choice) -> Grade:
        text = choice.text.of(self.language)
        capacity = (GRADE[self.language] - 1) / (SMALL * measure.MILLIMETRES_PER_POINT)
        score = None if choice.score is None else f"{choice.score.normalize():f}"
        return Grade(key, measure.balanced(text, capacity, most=3), score)

    def signing(self) -> Iterator[Signing]:
        places = signing_places(self.form)
        count = -(-len(places) // 4)
        most = -(-len(places) // count)
        for start in range(0, len(places), most):
            row = places[start : start + most]
            width = WIDTH / len(row)
            yield Signing(tuple(self._place(steps, width) for steps in row))

    def _place(self, steps: tuple[str, ...], width: float) -> SigningCell:
        first = steps[0]
        title = self.say("Recorded by") if first == ISSUE else self.form.step[first].title.of(self.language)
        return SigningCell(steps, title, width, f"sign.{first}")


def shared(needs: Mapping[str, tuple[float, float]], room: float) -> Mapping[str, float]:
    """Widths that fill `room`: to each its least width, and of the rest its share; all narrower where that is too much."""
    least = sum(need for need, _ in needs.values())
    if least >= room:
        return {name: need * room / least for name, (need, _) in needs.items()}
    shares = sum(share for _, share in needs.values())
    if not shares:
        return {name: need * room / least for name, (need, _) in needs.items()}
    return {name: need + (room - least) * share / shares for name, (need, share) in needs.items()}


def step_title(form: Form, step: str) -> Text | None:
    """The title of a step of the form; None for the issue and other acts every form has."""
    found = form.step.get(step)
    return found.title if found else None
