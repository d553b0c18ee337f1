"""A form filled question by question: what is asked next, and what an answer makes of it. No screen, no clock."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import Message, message
from qmsdocs.base.language import Language, Text
from qmsdocs.fill.question import Option, Question, hint, options, shown
from qmsdocs.model.form import Field, FieldType, Form
from qmsdocs.model.value import MAXIMUM_ROWS, Intake

Applies = Callable[[str, Mapping[str, Json]], bool]

BACK = ("back", "返回", "上一题", "<")
SKIP = ("skip", "跳过", ">")
CLEAR = ("clear", "清空")
QUIT = ("quit", "退出", "保存退出")
HELP = ("?", "？", "help", "帮助")
END = (".", "。")
COMMANDS = Text(
    "回车＝保留或不填　返回＝上一题　跳过＝先不填　清空＝删去已填的　退出＝保存，下次接着填　？＝说明",
    "Enter keeps or leaves empty · back · skip · clear · quit (saves, to go on later) · ? for help",
)
_LITERAL = "\\"  # before an answer that would be a command
_CELL = "cell"
_YES, _NO = ("y", "yes", "是", "1"), ("n", "no", "否", "2", "0")


@dataclass(frozen=True, slots=True)
class Place:
    """What is asked: a field, a cell of a table, or (row without column) whether there is one more row."""

    field: str
    row: str | int | None = None
    column: str | None = None

    def __str__(self) -> str:
        if isinstance(self.row, int):
            return f"{self.field}[{self.row}]" + (f".{self.column}" if self.column else "")
        return ".".join(part for part in (self.field, self.row, self.column) if part)


def fields_for(form: Form) -> tuple[str, ...]:
    """The fields that are asked at the issue, in page order: all but those that a later step needs."""
    return tuple(name for name, item in form.entered.items() if not item.required_steps)


@dataclass(frozen=True, slots=True)
class Dialogue:
    """Where a person stands in the questions. Every answer gives another dialogue; nothing is changed in place.

    `applies` says whether a field is there for the values so far (`when`). `values` may come from a draft as written.
    """

    intake: Intake
    language: Language
    applies: Applies
    fields: tuple[str, ...]
    values: Mapping[str, object] = field(default_factory=dict)
    at: Place | None = None
    lines: tuple[str, ...] | None = None
    error: Message | None = None
    wants_help: bool = False
    is_left: bool = False

    @classmethod
    def start(
        cls,
        intake: Intake,
        *,
        language: Language,
        applies: Applies,
        values: Mapping[str, object] | None = None,
    ) -> Dialogue:
        """The dialogue at its first question; with `values` of a draft behind the last one they answer, or at what
        before that is wrong or still needed."""
        begun = cls(intake, language, applies, fields_for(intake.form), dict(values or {}))
        stops = begun._stops()
        answered = [position for position, stop in enumerate(stops) if begun._written(stop) is not None]
        reached = answered[-1] + 1 if answered else 0
        left_open = (position for position, stop in enumerate(stops[:reached]) if begun._is_open(stop))
        position = next(left_open, reached)
        return begun._move(stops[position] if position < len(stops) else None)

    @property
    def is_done(self) -> bool:
        """Whether every question was asked."""
        return self.at is None and not self.is_left

    @property
    def given(self) -> Mapping[str, object]:
        """What is to be written in the draft: answers without empty ones and empty rows."""
        begun = self._put(self.at, "\n".join(self.lines)).values if self.at is not None and self.lines else self.values
        found = {name: _filled(value) for name, value in begun.items()}
        return {name: value for name, value in found.items() if value is not None}

    @property
    def missing(self) -> tuple[str, ...]:
        """The fields needed at the issue that have no value yet."""
        known = self._known()
        return tuple(
            name
            for name, item in self.intake.form.entered.items()
            if item.required is True and known.get(name) is None and self.applies(name, known)
        )

    @property
    def question(self) -> Question | None:
        """What is asked now, None when all is asked or the person has left."""
        if self.at is None or self.is_left:
            return None
        item = self._definition(self.at)
        table = self.intake.form.field[self.at.field]
        is_more = self.at.column is None and isinstance(self.at.row, int)
        current = self._held(self.at) if not is_more else None
        asked = [name for name in self.fields if self.applies(name, self._known())]
        return Question(
            place=str(self.at),
            title=table.title.of(self.language) if not self.at.column else item.title.of(self.language),
            within=self._within(self.at),
            help=item.help.of(self.language) if item.help is not None else None,
            options=self._options(self.at),
            current=shown(current, self._options(self.at), self.language) if current is not None else None,
            is_required=item.required is True,
            hint=message("one more row? y/n") if is_more else hint(item),
            error=self.error,
            is_long=item.type is FieldType.LONG_TEXT,
            lines=self.lines or (),
            wants_help=self.wants_help,
            number=asked.index(self.at.field) + 1 if self.at.field in asked else 0,
            count=len(asked),
        )

    def answer(self, text: str) -> Dialogue:
        """The dialogue after a person typed `text` (one line, without its end) to the question."""
        if self.at is None or self.is_left:
            return self
        if self.lines is not None:
            return self._go_on(self.at, text)
        asked = replace(self, error=None, wants_help=False)
        typed = text.strip()
        word = typed.casefold()
        if word in HELP:
            return replace(asked, wants_help=True)
        if word in QUIT:
            return replace(asked, is_left=True)
        if word in BACK:
            return asked._move(asked._before(self.at))
        if word in SKIP:
            return asked._move(asked._after(self.at))
        if word in CLEAR:
            return asked._put(self.at, None)
        if self.at.column is None and isinstance(self.at.row, int):
            return asked._more(self.at, self.at.row, word)
        return asked._take(self.at, typed.removeprefix(_LITERAL) if typed.startswith(_LITERAL) else typed)

    def _take(self, at: Place, typed: str) -> Dialogue:
        item = self._definition(at)
        if not typed:
            return self._keep(at)
        if item.type is FieldType.LONG_TEXT:
            return replace(self, lines=(typed,))
        if item.type is FieldType.ATTACHMENT:
            names = [part.strip() for part in re.split(r"[,，、;；]", typed) if part.strip()]
            return self._put(at, names)._move_on(at)
        return self._accept(at, self._chosen(at, typed))

    def _keep(self, at: Place) -> Dialogue:
        held = self._held(at)
        if held is not None:
            is_read = self._definition(at).type is not FieldType.ATTACHMENT  # files are looked at when it is issued
            return self._accept(at, held) if is_read else self._move_on(at)
        if self._definition(at).required is True:
            return replace(self, error=message("needed at the issue; to leave it open for now, type: skip"))
        return self._move_on(at)

    def _go_on(self, at: Place, text: str) -> Dialogue:
        """One more line of a long text; a full stop alone, or two empty lines, end it."""
        lines = self.lines or ()
        if text.strip() in END or (not text.strip() and lines and not lines[-1].strip()):
            return replace(self, lines=None)._accept(at, "\n".join(lines).rstrip())
        return replace(self, lines=(*lines, text.rstrip()))

    def _more(self, at: Place, row: int, word: str) -> Dialogue:
        item = self.intake.form.field[at.field]
        wants = word in _YES or (not word and row <= int(item.min or (1 if item.required is True else 0)))
        if not wants and word and word not in _NO:
            return replace(self, error=message("answer y or n"))
        if not wants:
            return self._move_on(at)
        rows = [*self._rows(at.field), {}]
        first = next(name for name, column in item.column.items() if not column.is_derived)
        return replace(self, values={**self.values, at.field: rows}, at=Place(at.field, row, first))

    def _accept(self, at: Place, raw: object) -> Dialogue:
        value, refusal = self._read(at, raw)
        if refusal is not None:
            return replace(self, error=refusal)
        return self._put(at, value)._move_on(at)

    def _chosen(self, at: Place, typed: str) -> object:
        """The keys of options answered by number; words are left to the intake."""
        found = self._options(at)
        item = self._definition(at)
        if not found or any(typed.casefold() in (option.key, option.words.casefold()) for option in found):
            return typed
        by_number = {str(option.number): option.key for option in found}
        numbers = re.split(r"[\s,，、;；]+", typed) if item.type is FieldType.CHOICES else [typed]
        if not all(number in by_number for number in numbers):
            return typed
        keys = list(dict.fromkeys(by_number[number] for number in numbers))
        return keys if item.type is FieldType.CHOICES else keys[0]

    def _options(self, at: Place) -> tuple[Option, ...]:
        is_more = at.column is None and isinstance(at.row, int)
        return () if is_more else options(self.intake.form, self._definition(at), self.intake.people, self.language)

    def _definition(self, at: Place) -> Field:
        item = self.intake.form.field[at.field]
        return item.column[at.column] if at.column is not None else item

    def _within(self, at: Place) -> tuple[str, ...]:
        """Section, table and row around the question."""
        found: list[str] = []
        for name, item in self.intake.form.field.items():
            if item.type is FieldType.SECTION:
                found = [item.title.of(self.language)]
            if name == at.field:
                break
        item = self.intake.form.field[at.field]
        if at.column is not None:
            found.append(item.title.of(self.language))
        if isinstance(at.row, str):
            found.append(item.rows[at.row].text.of(self.language))
        elif at.row is not None:
            found.append(f"({at.row})")
        return tuple(found)

    def _read(self, at: Place, raw: object) -> tuple[Json, Message | None]:
        form = self.intake.form
        if at.column is None:
            value, refusals = self.intake.accept(at.field, raw)
        else:  # a cell is read as if its column were a field
            single = form.model_copy(update={"field": {**form.field, _CELL: self._definition(at)}})
            value, refusals = replace(self.intake, form=single).accept(_CELL, raw)
        return value, refusals[0].message if refusals else None

    def _refusal(self, at: Place) -> Message | None:
        return self._read(at, self._held(at))[1] if self._definition(at).type is not FieldType.ATTACHMENT else None

    def _is_open(self, at: Place) -> bool:
        """Whether a value is missing at `at` that the issue needs, or one is there that cannot be taken."""
        if self._held(at) is None:
            is_whole = at.column is None and at.row in (None, 1)
            return is_whole and self._definition(at).required is True
        return self._refusal(at) is not None

    def _known(self) -> dict[str, Json]:
        """The values so far as conditions see them."""
        fields = self.intake.form.values
        found = {name: self.intake.accept(name, raw) for name, raw in self.given.items() if name in fields}
        return {name: value for name, (value, refusals) in found.items() if not refusals and value is not None}

    def _rows(self, name: str) -> list[dict[str, object]]:
        rows = self.values.get(name)
        return [dict(row) for row in rows if isinstance(row, Mapping)] if isinstance(rows, list | tuple) else []

    def _held(self, at: Place) -> object:
        """The value at `at`, the default of a field that has none; None when empty."""
        value = self._written(at)
        return self._definition(at).default if value is None and at.row is None else value

    def _written(self, at: Place) -> object:
        value: object = self.values.get(at.field)
        if isinstance(at.row, int):
            rows = self._rows(at.field)
            value = rows[at.row - 1].get(at.column or "") if at.row <= len(rows) else None
        elif at.row is not None:
            cells = value.get(at.row) if isinstance(value, Mapping) else None
            value = cells.get(at.column) if isinstance(cells, Mapping) else None
        return None if value in ("", [], {}) else value

    def _put(self, at: Place, value: object) -> Dialogue:
        held: object = value
        if isinstance(at.row, int):
            rows = self._rows(at.field)
            rows[at.row - 1] = {**rows[at.row - 1], at.column or "": value}
            held = rows
        elif at.row is not None:
            table = self.values.get(at.field)
            cells = table.get(at.row) if isinstance(table, Mapping) else None
            row = {**(cells if isinstance(cells, Mapping) else {}), at.column: value}
            held = {**(table if isinstance(table, Mapping) else {}), at.row: row}
        return replace(self, values={**self.values, at.field: held})

    def _stops(self) -> list[Place]:
        """Every question of these values, in order."""
        known = self._known()
        return [stop for name in self.fields if self.applies(name, known) for stop in self._stops_of(name)]

    def _stops_of(self, name: str) -> Iterator[Place]:
        item = self.intake.form.field[name]
        columns = [column for column, definition in item.column.items() if not definition.is_derived]
        if item.type is not FieldType.TABLE:
            yield Place(name)
        elif item.rows:
            yield from (Place(name, row, column) for row in item.rows for column in columns)
        else:
            count = len(self._rows(name))
            yield from (Place(name, row, column) for row in range(1, count + 1) for column in columns)
            if count < int(item.max or MAXIMUM_ROWS):
                yield Place(name, count + 1)

    def _after(self, at: Place) -> Place | None:
        stops = self._stops()
        place = stops.index(at) + 1 if at in stops else len(stops)
        return stops[place] if place < len(stops) else None

    def _before(self, at: Place) -> Place:
        stops = self._stops()
        place = stops.index(at) if at in stops else 0
        return stops[max(place - 1, 0)]

    def _move_on(self, at: Place) -> Dialogue:
        return self._move(self._after(at))

    def _move(self, to: Place | None) -> Dialogue:
        """At `to`; a row begun and left empty behind it is gone."""
        values = dict(self.values)
        for name in self.fields:
            rows = self._rows(name)
            while rows and not _filled(rows[-1]) and not (to and (to.field, to.row) == (name, len(rows)) and to.column):
                rows.pop()
                values[name] = rows
        moved = replace(self, values=values, at=to)
        if to is not None and to not in moved._stops():  # the empty row's "one more?" has moved up
            last = len(moved._rows(to.field)) + 1
            return replace(moved, at=Place(to.field, last))
        return moved


def _filled(value: object) -> object:
    """`value` without empty parts, None when nothing is left."""
    match value:
        case Mapping():
            parts = {key: _filled(part) for key, part in value.items()}
            return {key: part for key, part in parts.items() if part is not None} or None
        case list() | tuple():
            return [part for part in map(_filled, value) if part is not None] or None
        case "":
            return None
        case _:
            return value
