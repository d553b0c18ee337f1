"""One question of the dialogue, as plain facts for whoever puts it on a screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qmsdocs.base.errors import Message, message
from qmsdocs.base.language import Language, Text
from qmsdocs.model.form import Field, FieldType, Form

_YES, _NO = Text("是", "yes"), Text("否", "no")
_MOST_PEOPLE = 30


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to choose, by its number or its words."""

    number: int
    key: str
    words: str


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. `current` is what Enter keeps; `within` are section, table and row around it.

    `lines` are those of a long text typed so far; `number` of `count` fields.
    """

    place: str
    title: str
    within: tuple[str, ...]
    help: str | None
    options: tuple[Option, ...]
    current: str | None
    is_required: bool
    hint: Message | None
    error: Message | None
    is_long: bool
    lines: tuple[str, ...]
    wants_help: bool
    number: int
    count: int


def options(form: Form, item: Field, people: Mapping[str, str], language: Language) -> tuple[Option, ...]:
    """The numbered answers of a choice, of yes and no, or of who it may be."""
    if item.type is FieldType.BOOLEAN:
        named = {"true": _YES.of(language), "false": _NO.of(language)}
    elif item.type is FieldType.PERSON and len(people) <= _MOST_PEOPLE:
        named = dict(people)
    else:
        named = {key: option.text.of(language) for key, option in form.choices_of(item).items()}
    return tuple(Option(number, key, words) for number, (key, words) in enumerate(named.items(), 1))


def shown(value: object, found: Sequence[Option], language: Language) -> str:
    """A value as the person would answer it."""
    if isinstance(value, list | tuple):
        return language.comma.join(shown(part, found, language) for part in value)
    if isinstance(value, Mapping):
        return str(value.get("name", ""))
    key = ("true" if value else "false") if isinstance(value, bool) else str(value)
    return next((option.words for option in found if option.key == key), key)


def hint(item: Field) -> Message | None:
    """How the answer is written, where that is no matter of course."""
    match item.type:
        case FieldType.DATE:
            return message("e.g. {example}", example="2026-11-21")
        case FieldType.DATETIME:
            return message("e.g. {example}", example="2026-11-21 14:05")
        case FieldType.DURATION:
            return message("e.g. {example}", example=Text("24小时", "24 hours"))
        case FieldType.CHOICES:
            return message("several by number, e.g. {example}", example="1,3")
        case FieldType.ATTACHMENT:
            return message("file names, the files lying beside the draft")
        case FieldType.LONG_TEXT:
            return message("as many lines as needed; a single full stop on a line ends it")
        case FieldType.INTEGER | FieldType.DECIMAL:
            return _limits(item)
        case _:
            return message("written like {pattern}", pattern=item.pattern) if item.pattern else None


def _limits(item: Field) -> Message | None:
    if item.min is not None and item.max is not None:
        return message("a number from {min} to {max}", min=item.min, max=item.max)
    if item.min is not None:
        return message("a number, at least {min}", min=item.min)
    return message("a number, at most {max}", max=item.max) if item.max is not None else message("a number")
