"""A form definition as written in `form.toml`: everything that has a name is a table keyed by that name."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, model_validator
from pydantic import Field as Key

from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.language import Text
from qmsdocs.base.toml import Definition, LocatedError
from qmsdocs.model import expression, quantity
from qmsdocs.model.number import NumberPattern

NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
IDENTIFIER = re.compile(r"[a-z][a-z0-9-]{0,30}")
RESERVED_NAMES = frozenset({"p", "state", "today"})
RESERVED_STEPS = frozenset({"issue", "amend", "void"})


def _text(value: object) -> object:
    if isinstance(value, str):
        return Text(value, value)
    if isinstance(value, dict):
        for key in value:
            if key not in ("zh", "en"):
                raise LocatedError(message("text is {{ zh, en }} or a plain string"), str(key))
        written = [str(value[key]) for key in ("zh", "en") if key in value]
        if not written:
            raise LocatedError(message("the text is empty"))
        return Text(str(value.get("zh", written[0])), str(value.get("en", written[0])))
    return value


def _tuple(value: object) -> object:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


def _parsed(value: object, parse: Callable[[str], object]) -> object:
    """What a text says; anything else is judged by the type it must have."""
    try:
        return parse(value) if isinstance(value, str) else value
    except QmsError as error:
        raise LocatedError(error.message) from None


def _expression(value: object) -> object:
    _parsed(value, expression.parse)
    return value


def _quantity(value: object) -> object:
    return _parsed(value, quantity.parse)


def _decimal(value: object) -> object:
    return Decimal(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else value


Words = Annotated[Text, BeforeValidator(_text)]
Names = Annotated[tuple[str, ...], BeforeValidator(_tuple)]
Expression = Annotated[str, BeforeValidator(_expression)]
Measure = Annotated[quantity.Quantity, BeforeValidator(_quantity)]
Number = Annotated[Decimal, BeforeValidator(_decimal)]


class FieldType(StrEnum):
    """What a field holds."""

    SECTION = "section"
    TEXT = "text"
    LONG_TEXT = "long_text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    DATETIME = "datetime"
    DURATION = "duration"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    CHOICES = "choices"
    SCALE = "scale"
    TABLE = "table"
    PERSON = "person"
    PLACE = "place"
    CUSTOMER = "customer"
    DOCUMENT = "document"
    RECORD = "record"
    ATTACHMENT = "attachment"
    SIGNATURE = "signature"
    NOTE = "note"


TEXT_TYPES = frozenset(
    {FieldType.TEXT, FieldType.LONG_TEXT, FieldType.PLACE, FieldType.CUSTOMER, FieldType.DOCUMENT}
    | {FieldType.RECORD, FieldType.PERSON, FieldType.SIGNATURE}
)
CHOICE_TYPES = frozenset({FieldType.CHOICE, FieldType.CHOICES, FieldType.SCALE})
VALUELESS = frozenset({FieldType.SECTION, FieldType.NOTE})


class Choice(Definition):
    """One option: its words, and on a scale what it scores."""

    text: Words
    score: Number | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, data: object) -> object:
        return _with_words(data, ("score",))


class Row(Definition):
    """One fixed line of a table: its words, and its weight in `score`."""

    text: Words
    weight: Expression | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, data: object) -> object:
        return _with_words(data, ("weight",))


def _with_words(data: object, keys: tuple[str, ...]) -> object:
    if isinstance(data, str):
        return {"text": data}
    if isinstance(data, dict) and "text" not in data:
        return {"text": {k: v for k, v in data.items() if k not in keys}} | {k: data[k] for k in keys if k in data}
    return data


class Rule(Definition):
    """One line of a derived choice: what it gives, and when."""

    gives: str
    when: Expression | None = None


class Lookup(Definition):
    """A count over other records of this form: distinct values of `count` where `same` agree."""

    count: str
    same: Names = ()
    within: Expression | None = None
    state: str | None = None


class Field(Definition):
    """A blank on the form, or (`value`, `rules`, `lookup`) one that nobody types."""

    type: FieldType
    title: Words
    help: Words | None = None
    means: str | None = None
    when: Expression | None = None
    required: bool | Names = False
    may_change: Names = ()
    personal: bool = False
    min: Number | None = None
    max: Number | None = None
    pattern: str | None = None
    choices: Mapping[str, Choice] = {}
    like: str | None = None
    column: Mapping[str, Field] = {}
    rows: Mapping[str, Row] = {}
    value: Expression | None = None
    rules: tuple[Rule, ...] = ()
    lookup: Lookup | None = None
    default: str | int | bool | None = None

    @cached_property
    def is_derived(self) -> bool:
        """Whether the program works it out, so that nobody types it."""
        return self.value is not None or bool(self.rules) or self.lookup is not None

    @property
    def required_steps(self) -> tuple[str, ...]:
        """The steps that need a value here; being needed at issue is `required is True`."""
        return self.required if isinstance(self.required, tuple) else ()


class Series(Definition):
    """The numbers of a form: the id that names the series, and the printed pattern."""

    id: str
    number: str


class State(Definition):
    """Where a record can stand."""

    title: Words
    means: str | None = None


class Step(Definition):
    """An act that moves a record on, or leaves it where it is (no `to`)."""

    title: Words
    from_: Names = Key(alias="from")
    to: str | None = None
    by: Names = ()
    not_by: Names = ()
    when: Expression | None = None
    signs: str | None = None
    sets: Mapping[str, Expression] = {}
    clears: Names = ()


class Escalation(Definition):
    """To whom an overdue clock is brought, and after how long."""

    to: str
    after: Expression | None = None


class Clock(Definition):
    """A time limit, or without `within` just a time being taken."""

    title: Words
    starts: Names
    stops: Names
    within: Expression | None = None
    pauses: Names = ()
    when: Expression | None = None
    escalate: tuple[Escalation, ...] = ()


class Check(Definition):
    """What must be true, and what is said when it is not."""

    must: Expression
    says: Words
    when: Expression | None = None
    required: Names = ()


class Raise(Definition):
    """The record this one calls for."""

    title: Words
    form: str
    when: Expression | None = None
    required: Names = ()
    closed: Names = ()
    fill: Mapping[str, Expression] = {}


class RegisterView(Definition):
    """The form's own register (台账)."""

    name: str
    title: Words
    columns: tuple[str, ...]
    order: tuple[str, ...] = ("number",)


class Form(Definition):
    """A whole form definition, fields in page order."""

    number: str
    title: Words
    owner: str
    procedure: str
    retention: str
    series: Series
    confidentiality: str = "internal"
    purpose: str | None = None
    field: Mapping[str, Field]
    state: Mapping[str, State]
    step: Mapping[str, Step] = {}
    clock: Mapping[str, Clock] = {}
    check: Mapping[str, Check] = {}
    raise_: Mapping[str, Raise] = Key(default={}, alias="raise")
    register_: RegisterView | None = Key(default=None, alias="register")

    @model_validator(mode="after")
    def _names(self) -> Form:
        for place, names in self._named():
            for name in names:
                reserved = keyword.iskeyword(name) or name in RESERVED_NAMES
                if not NAME.fullmatch(name) or (reserved and place[-1] != "choices"):
                    said = message('"{name}" cannot be a name here; use small letters, digits and _', name=name)
                    raise LocatedError(said, *place, name)
        for name in self.step:
            if name in RESERVED_STEPS:
                raise LocatedError(message("every form has the step {name} already", name=name), "step", name)
        if not IDENTIFIER.fullmatch(self.series.id):
            raise LocatedError(message("an id is small letters, digits and -, at most 31"), "series", "id")
        if not self.state:
            raise LocatedError(message("a form needs at least one state"), "state")
        try:
            NumberPattern.parse(self.series.number)
        except QmsError as error:
            raise LocatedError(error.message, "series", "number") from None
        return self

    def _named(self) -> Iterator[tuple[tuple[str, ...], Mapping[str, object]]]:
        yield ("field",), self.field
        for name, field in self.field.items():
            yield ("field", name, "column"), field.column
            yield ("field", name, "rows"), field.rows
            yield ("field", name, "choices"), field.choices
        yield from ((("state",), self.state), (("step",), self.step), (("clock",), self.clock))
        yield from ((("check",), self.check), (("raise",), self.raise_))

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """The same form with other keys; what was worked out of the old ones does not go with it."""
        found = super().model_copy(update=update, deep=deep)
        for name in [name for name in found.__dict__ if isinstance(getattr(type(self), name, None), cached_property)]:
            del found.__dict__[name]
        return found

    @cached_property
    def pattern(self) -> NumberPattern:
        """The pattern of the record numbers."""
        return NumberPattern.parse(self.series.number)

    @cached_property
    def first_state(self) -> str:
        """Where an issued record begins."""
        return next(iter(self.state))

    @cached_property
    def closed_states(self) -> frozenset[str]:
        """The states that mean the record is closed."""
        return frozenset(name for name, state in self.state.items() if state.means == "closed")

    @cached_property
    def values(self) -> Mapping[str, Field]:
        """The fields that hold a value: all but sections and notes."""
        return {name: field for name, field in self.field.items() if field.type not in VALUELESS}

    @cached_property
    def asked(self) -> dict[str, Mapping[str, bool]]:
        """By act, as far as worked out: the fields that can lack something then, and whether it needs them."""
        return {}

    @cached_property
    def derived(self) -> tuple[str, ...]:
        """The fields the program works out."""
        return tuple(name for name, field in self.values.items() if field.is_derived)

    @cached_property
    def entered(self) -> Mapping[str, Field]:
        """The fields a person gives: neither derived nor set by a step."""
        by_steps = self.set_by_steps
        return {n: f for n, f in self.values.items() if not f.is_derived and n not in by_steps}

    @cached_property
    def looked_up(self) -> tuple[str, ...]:
        """The fields whose value is a fact of other records."""
        return tuple(name for name, field in self.values.items() if field.lookup is not None)

    @cached_property
    def set_by_steps(self) -> frozenset[str]:
        """The fields a step sets by itself."""
        return frozenset(name for step in self.step.values() for name in step.sets)

    @cached_property
    def meanings(self) -> Mapping[str, str]:
        """The first field that is each of what fields can be to the program."""
        found: dict[str, str] = {}
        for name, field in self.field.items():
            if field.means is not None:
                found.setdefault(field.means, name)
        return found

    def meaning(self, means: str) -> str | None:
        """The first field that is `means` to the program, if there is one."""
        return self.meanings.get(means)

    def choices_of(self, field: Field) -> Mapping[str, Choice]:
        """The options of `field`, its own or those it shares by `like`."""
        seen: set[str] = set()
        while field.like is not None and field.like not in seen:
            seen.add(field.like)
            shared = self.find(field.like)
            if shared is None:
                return {}
            field = shared
        return field.choices

    def find(self, path: str) -> Field | None:
        """The field or column at `name` or `table.column`."""
        name, _, column = path.partition(".")
        field = self.field.get(name)
        return field.column.get(column) if field is not None and column else field
