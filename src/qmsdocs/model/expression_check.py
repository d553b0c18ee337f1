"""Type checking of expressions against a form and its parameters, with "did you mean"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from qmsdocs.base.errors import Message, QmsError, message, unknown
from qmsdocs.model.expression import (
    All,
    AnyOf,
    Arithmetic,
    Call,
    Comparison,
    Conditional,
    Literal,
    Name,
    Node,
    Not,
    Operator,
    Options,
    Parameter,
)
from qmsdocs.model.form import CHOICE_TYPES, VALUELESS, Field, FieldType, Form
from qmsdocs.model.quantity import Quantity


class Kind(StrEnum):
    """What an expression yields."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    DURATION = "duration"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    LIST = "list"
    TABLE = "table"
    CLOCK = "clock"

    @property
    def said(self) -> Message:
        """The kind in words."""
        return _SAID[self]


_SAID = {
    Kind.TEXT: message("text"),
    Kind.NUMBER: message("number"),
    Kind.DATE: message("date"),
    Kind.DURATION: message("period"),
    Kind.BOOLEAN: message("condition"),
    Kind.CHOICE: message("choice"),
    Kind.LIST: message("list"),
    Kind.TABLE: message("table"),
    Kind.CLOCK: message("clock"),
}


@dataclass(frozen=True, slots=True)
class Type:
    """A kind, with the options of a choice and the kind of a list's items."""

    kind: Kind
    choices: tuple[str, ...] = ()
    item: Kind | None = None
    scored: bool = False


TEXT, NUMBER, DATE = Type(Kind.TEXT), Type(Kind.NUMBER), Type(Kind.DATE)
DURATION, BOOLEAN, CLOCK, TABLE = Type(Kind.DURATION), Type(Kind.BOOLEAN), Type(Kind.CLOCK), Type(Kind.TABLE)
_ORDERED = (Kind.NUMBER, Kind.DATE)
_KINDS = {
    FieldType.INTEGER: NUMBER,
    FieldType.DECIMAL: NUMBER,
    FieldType.DATE: DATE,
    FieldType.DATETIME: DATE,
    FieldType.DURATION: DURATION,
    FieldType.BOOLEAN: BOOLEAN,
    FieldType.TABLE: TABLE,
    FieldType.ATTACHMENT: Type(Kind.LIST, item=Kind.TEXT),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """The names an expression of `form` may use; `in_program` where clocks may be asked (rules, checks, steps)."""

    form: Form
    parameters: Mapping[str, Quantity]
    in_program: bool = True

    def check(self, node: Node) -> Type:
        """The type of `node`. Raises QmsError for unknown names and for operands that do not fit together."""
        match node:
            case Literal(value=value):
                return BOOLEAN if isinstance(value, bool) else NUMBER if isinstance(value, Decimal) else TEXT
            case Options():
                raise QmsError("a list of values may stand behind `in` only")
            case Name(path=path):
                return self._name(path)
            case Parameter(name=name):
                if name not in self.parameters:
                    raise _unknown(message("parameter"), f"p.{name}", [f"p.{known}" for known in self.parameters])
                return DURATION if self.parameters[name].is_duration else NUMBER
            case Comparison():
                return self._comparison(node)
            case Arithmetic(operator=operator, left=left, right=right):
                return self._arithmetic(operator, self.check(left), self.check(right))
            case All(parts=parts) | AnyOf(parts=parts):
                for part in parts:
                    self._condition(part)
                return BOOLEAN
            case Not(part=part):
                self._condition(part)
                return BOOLEAN
            case Conditional(condition=condition, then=then, otherwise=otherwise):
                self._condition(condition)
                return _same(self.check(then), self.check(otherwise))
            case Call(function=function, arguments=arguments):
                return self._call(function, arguments)

    def _condition(self, node: Node) -> None:
        found = self.check(node)
        if found.kind is not Kind.BOOLEAN:
            raise QmsError("a {kind} is no condition; compare it with something or use given(…)", kind=found.kind.said)

    def _name(self, path: tuple[str, ...]) -> Type:
        name = path[0]
        if len(path) == 1:
            if name == "state":
                return Type(Kind.CHOICE, tuple(self.form.state))
            if name == "today":
                return DATE
            if name in self.form.clock:
                if not self.in_program:
                    raise QmsError("the clock {name} can be asked in rules, checks and steps only", name=name)
                return CLOCK
        field = self.form.field.get(name)
        if field is None or field.type in VALUELESS:
            raise _unknown(message("field"), name, [*self.form.values, *self.form.clock, "state", "today"])
        if len(path) == 1:
            return self.type_of(field)
        column = field.column.get(path[-1])
        if column is None or (len(path) == 3 and path[1] not in field.rows):
            known = [f"{name}.{column}" for column in field.column]
            known += [f"{name}.{row}.{column}" for row in field.rows for column in field.column]
            raise _unknown(message("column"), ".".join(path), known)
        found = self.type_of(column)
        return found if len(path) == 3 else Type(Kind.LIST, found.choices, found.kind, found.scored)

    def type_of(self, field: Field) -> Type:
        """The type of a field's value."""
        if field.lookup is not None:
            return NUMBER
        if field.type in CHOICE_TYPES:
            options = self.form.choices_of(field)
            scored = bool(options) and any(option.score is not None for option in options.values())
            if field.type is FieldType.CHOICES:
                return Type(Kind.LIST, tuple(options), Kind.CHOICE)
            return Type(Kind.CHOICE, tuple(options), scored=scored)
        return _KINDS.get(field.type, TEXT)

    def _comparison(self, node: Comparison) -> Type:
        left = self.check(node.left)
        if node.operator in (Operator.IN, Operator.NOT_IN):
            if isinstance(node.right, Options):
                for item in node.right.items:
                    self._fit(left, self.check(item), item)
                return BOOLEAN
            right = self.check(node.right)
            if right.kind is not Kind.LIST or right.item is None:
                raise QmsError(
                    "behind `in` stands a list, a column or several choices, not a {kind}", kind=right.kind.said
                )
            self._fit(Type(right.item, right.choices), left, node.left)
            return BOOLEAN
        right = self.check(node.right)
        if isinstance(node.left, Literal):
            self._fit(right, left, node.left)
        else:
            self._fit(left, right, node.right)
        if node.operator not in (Operator.EQUAL, Operator.UNEQUAL) and left.kind not in _ORDERED:
            raise QmsError(
                "a {kind} has no order: {operator} cannot be asked", kind=left.kind.said, operator=node.operator
            )
        return BOOLEAN

    def _fit(self, wanted: Type, found: Type, node: Node) -> None:
        if wanted.kind is Kind.CHOICE and isinstance(node, Literal) and isinstance(node.value, str):
            if node.value not in wanted.choices:
                raise _unknown(message("choice"), node.value, wanted.choices)
            return
        if wanted.kind is found.kind is Kind.CHOICE and not set(wanted.choices) & set(found.choices):
            raise QmsError("the two have no choice in common, so they are never equal")
        if wanted.kind is not found.kind or wanted.kind in (Kind.DURATION, Kind.TABLE, Kind.CLOCK, Kind.LIST):
            raise QmsError("a {left} cannot be compared with a {right}", left=wanted.kind.said, right=found.kind.said)

    def _arithmetic(self, operator: Operator, left: Type, right: Type) -> Type:
        if left.kind is Kind.NUMBER and right.kind is Kind.NUMBER:
            return NUMBER
        if left.kind is Kind.DATE and right.kind is Kind.DURATION and operator is Operator.PLUS:
            return DATE
        raise QmsError(
            "{left} {operator} {right} cannot be computed",
            left=left.kind.said,
            operator=operator,
            right=right.kind.said,
        )

    def _call(self, function: str, arguments: Sequence[Node]) -> Type:
        found = [self.check(argument) for argument in arguments]
        kinds = [item.kind for item in found]
        graded = isinstance(arguments[0], Name) and found[0].scored if arguments else False
        match function, kinds:
            case (("given" | "first"), _) if Kind.CLOCK in kinds:
                raise QmsError("a clock is asked with passed(clock, period) only")
            case "given", [_]:
                return BOOLEAN
            case "first", [_, *rest] if rest:
                result = found[0]
                for other in found[1:]:
                    result = _same(result, other)
                return result
            case "count", [Kind.LIST | Kind.TABLE]:
                return NUMBER
            case (("sum" | "min" | "max"), [Kind.LIST]) if found[0].item is Kind.NUMBER:
                return NUMBER
            case (("min" | "max"), [Kind.LIST]) if found[0].item is Kind.DATE:
                return DATE
            case (("sum" | "min" | "max"), [Kind.NUMBER, Kind.NUMBER, *rest]) if set(rest) <= {Kind.NUMBER}:
                return NUMBER
            case "round", [Kind.NUMBER] | [Kind.NUMBER, Kind.NUMBER]:
                return NUMBER
            case "days_between", [Kind.DATE, Kind.DATE]:
                return NUMBER
            case "score", [_] if graded:
                return NUMBER
            case "answered", [Kind.LIST] if graded:
                return NUMBER
            case "passed", [Kind.CLOCK, Kind.DURATION]:
                return BOOLEAN
            case _:
                raise QmsError(
                    "{function} does not take ({kinds})", function=function, kinds=tuple(kind.said for kind in kinds)
                )


def _same(left: Type, right: Type) -> Type:
    if left.kind is not right.kind:
        raise QmsError(
            "one of {left} and {right}: both must be of one kind", left=left.kind.said, right=right.kind.said
        )
    return left


def _unknown(what: Message, name: str, known: Sequence[str]) -> QmsError:
    return QmsError("{said}", said=unknown(what, name, known))
