"""A form as blocks of cells, from its definition alone; HTML and DOCX pages come from the same blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from qmsdocs.base.language import Catalogue, Language
from qmsdocs.model.form import CHOICE_TYPES, Choice, Field, FieldType, Form
from qmsdocs.render import measure
from qmsdocs.render.blocks import (
    BODY,
    LABEL,
    LABEL_CAPACITY,
    PADDING,
    SMALL,
    VALUE,
    WIDTH,
    Block,
    Cell,
    Kind,
    Label,
    Layout,
    Line,
    LongText,
    NoteBlock,
    SectionBar,
    Signing,
    SigningCell,
)
from qmsdocs.render.columns import TableMaker, kind_of
from qmsdocs.render.sheet import ISSUE

_SPACED_TITLE = 12.0  # ems; a longer title is set without extra space
_SIX_CHARACTERS = 6.0  # a longer label stands on two lines: a rule of Chinese forms
_HALF, _FULL = VALUE - 2 * PADDING, WIDTH - LABEL - 2 * PADDING


def layout(form: Form, language: Language) -> Layout:
    """The blocks of `form` on an A4 page, texts in `language`."""
    maker = _Maker(form, language, beside=not _is_roomy(form))
    return Layout(form.number, form.title.of(language), language, (*maker.body(), *maker.signing()))


def is_spaced(title: str) -> bool:
    """Whether the title of a form is set with space between its characters: a short Chinese one."""
    return len(title) == measure.ems(title) <= _SPACED_TITLE


def signing_places(form: Form) -> tuple[tuple[str, ...], ...]:
    """The acts that are signed on the page: the issue, then steps, those of one meaning and target together."""
    groups: dict[tuple[str, str], list[str]] = {}
    for name, step in form.step.items():
        if step.signs:
            groups.setdefault((step.signs, step.to or ""), []).append(name)
    return ((ISSUE,), *(tuple(names) for names in groups.values()))


def _options_text(choices: Mapping[str, Choice], language: Language) -> str:
    """All options in a row, none ticked, as wide as they print."""
    return " ".join(f"☐{choice.text.of(language)}" for choice in choices.values())


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
        self.tables = TableMaker(form, language)

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
                return self.tables.block(name, field)

    def _label(self, title: str) -> Label:
        is_short = len(title) == 2 and all(measure.character(sign) == 1 for sign in title)
        capacity = LABEL_CAPACITY[self.language]
        most = _SIX_CHARACTERS if self.language is Language.ZH else capacity
        return Label(title, measure.balanced(title, capacity, most=most), is_short)

    def _lines(self, fields: list[tuple[str, Field]]) -> Iterator[Line]:
        """The rows of least height, each field tried over half and over the whole width (a dynamic programme)."""
        best: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
        for end in range(1, len(fields) + 1):
            last = fields[end - 1]
            lonely = 0.0 if self._is_wide(last[1]) else 1.0 if last[1].type in _NARROW else 0.5
            found = [(best[end - 1][0] + self._height(last[1], half=False) + lonely, (*best[end - 1][1], 1))]
            if end > 1 and not any(self._is_wide(field) for _, field in fields[end - 2 : end]):
                height = max(self._height(field, half=True) for _, field in fields[end - 2 : end])
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

    def _height(self, field: Field, *, half: bool) -> float:
        """Of the row in millimetres; an open text is likely to need a second line in half a row."""
        room = _HALF if half else _FULL
        label = len(self._label(field.title.of(self.language)).lines)
        text = self._sample(field)
        size = self._size(text, room)
        count = measure.packed(text, room / (size * measure.MILLIMETRES_PER_POINT)) if text else 1
        return max(7.0, label * 4.4 + 0.6, count * 4.8 + 1.4 + (3.0 if field.rules else 0.0))

    def _sample(self, field: Field) -> str:
        if field.type is FieldType.BOOLEAN:
            return f"☐{self.say('Yes')} ☐{self.say('No')} /"
        if field.type in CHOICE_TYPES:
            return f"{_options_text(self.form.choices_of(field), self.language)} /"
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
