"""Tables of a form: which columns, how wide, and whether it is a rating matrix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from qmsdocs.base.language import Catalogue, Language
from qmsdocs.model.form import CHOICE_TYPES, Choice, Field, FieldType, Form
from qmsdocs.render import measure
from qmsdocs.render.blocks import (
    BODY,
    GRADE,
    NUMBER_COLUMN,
    PADDING,
    REMARK,
    SMALL,
    WIDTH,
    Column,
    Grade,
    Kind,
    Matrix,
    Table,
)


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


def is_matrix(form: Form, field: Field) -> bool:
    """Whether a table of given lines is rated on one scale, with at most a remark beside it."""
    if not field.rows:
        return False
    rated = [column for column in field.column.values() if column.type in (FieldType.SCALE, FieldType.CHOICE)]
    others = [column for column in field.column.values() if column not in rated]
    if len(rated) != 1 or len(others) > 1 or any(column.type is not FieldType.TEXT for column in others):
        return False
    return 2 <= len(form.choices_of(rated[0])) <= 6


class TableMaker:
    """Makes the tables of one form in one language."""

    def __init__(self, form: Form, language: Language) -> None:
        self.form, self.language = form, language
        self.say = Catalogue.load(language).say

    def block(self, name: str, field: Field) -> Table | Matrix:
        """The table `name` as a matrix where it is one."""
        return self._matrix(name, field) if is_matrix(self.form, field) else self._table(name, field)

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


def shared(needs: Mapping[str, tuple[float, float]], room: float) -> Mapping[str, float]:
    """Widths that fill `room`: to each its least, and of the rest its share; all alike where none is left over."""
    least = sum(need for need, _ in needs.values())
    shares = sum(share for _, share in needs.values())
    if least >= room or not shares:
        return {name: need * room / least for name, (need, _) in needs.items()}
    return {name: need + (room - least) * share / shares for name, (need, share) in needs.items()}
