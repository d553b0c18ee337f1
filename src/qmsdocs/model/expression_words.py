"""Expressions printed in words: the reason on the page, and the rules in a procedure."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Protocol

from qmsdocs.base.errors import Message, message
from qmsdocs.base.language import Catalogue
from qmsdocs.model.evaluation import Facts, holds
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


class Speech(Protocol):
    """The words for names: titles of fields and parameters, values as the reader writes them."""

    def title(self, path: tuple[str, ...]) -> str:
        """The title of a field, column, clock, `state` or `today`."""

    def choice(self, path: tuple[str, ...], value: str) -> str:
        """The words of the option `value` of the field at `path`."""

    def parameter(self, name: str) -> str:
        """The title of the parameter and its value, e.g. `重大投诉的集体人数 10人`."""

    def value(self, path: tuple[str, ...]) -> str | None:
        """The value of the field as it prints, or None where no record is spoken of."""


_SIGNS = {
    Operator.EQUAL: message("{left} is {right}"),
    Operator.UNEQUAL: message("{left} is not {right}"),
    Operator.IN: message("{left} is one of {right}"),
    Operator.NOT_IN: message("{left} is none of {right}"),
    Operator.LESS: message("{left} < {right}"),
    Operator.AT_MOST: message("{left} ≤ {right}"),
    Operator.MORE: message("{left} > {right}"),
    Operator.AT_LEAST: message("{left} ≥ {right}"),
    Operator.PLUS: message("{left} + {right}"),
    Operator.MINUS: message("{left} − {right}"),
    Operator.TIMES: message("{left} × {right}"),
    Operator.DIVIDED: message("{left} ÷ {right}"),
}
_CALLS = {
    "given": message("{first} is given"),
    "first": message("the first given of {all}"),
    "count": message("number of {first}"),
    "sum": message("sum of {first}"),
    "min": message("smallest {first}"),
    "max": message("largest {first}"),
    "round": message("{first} rounded"),
    "days_between": message("days from {first} to {second}"),
    "score": message("score of {first}"),
    "answered": message("answered share of {first}"),
    "passed": message("{first} has reached {second}"),
}


def words(node: Node, speech: Speech, catalogue: Catalogue, *, facts: Facts | None = None) -> str:
    """`node` as a sentence; with `facts`, of an `or` only the parts that are true, and values beside the titles."""
    return _Printer(speech, catalogue.say, facts).words(node)


class _Printer:
    def __init__(self, speech: Speech, say: Callable[..., str], facts: Facts | None) -> None:
        self.speech, self.translate, self.facts = speech, say, facts

    def words(self, node: Node) -> str:
        match node:
            case Literal(value=value):
                return self._literal(value, ())
            case Options(items=items):
                return self._join("or", [self._literal(item.value, ()) for item in items])
            case Name(path=path):
                return self.speech.title(path)
            case Parameter(name=name):
                return self.speech.parameter(name)
            case Comparison(operator=operator, left=left, right=right):
                return self._comparison(operator, left, right)
            case Arithmetic(operator=operator, left=left, right=right):
                return self.translate(_said(_SIGNS[operator], left=self.words(left), right=self.words(right)))
            case All(parts=parts):
                return self._join("and", [self._grouped(part) for part in parts])
            case AnyOf(parts=parts):
                shown = [part for part in parts if self.facts is None or holds(part, self.facts)]
                return self._join("or", [self._grouped(part) for part in shown or parts])
            case Not(part=part):
                return self.translate("not ({part})", part=self.words(part))
            case Conditional(condition=condition, then=then, otherwise=otherwise):
                return self.translate(
                    "{then} if {condition}, else {otherwise}",
                    then=self.words(then),
                    condition=self.words(condition),
                    otherwise=self.words(otherwise),
                )
            case Call(function=function, arguments=arguments):
                said = [self.words(argument) for argument in arguments]
                second = said[1] if len(said) > 1 else ""
                return self.translate(_said(_CALLS[function], first=said[0], second=second, all=tuple(said)))

    def _grouped(self, node: Node) -> str:
        said = self.words(node)
        return f"({said})" if isinstance(node, AnyOf) and self.facts is None and len(node.parts) > 1 else said

    def _comparison(self, operator: Operator, left: Node, right: Node) -> str:
        if isinstance(left, Literal) and isinstance(right, Name):  # 'x' in choices reads the other way round
            return self.translate(
                "{list} holds {item}" if operator is Operator.IN else "{list} does not hold {item}",
                list=self.words(right),
                item=self._literal(left.value, right.path),
            )
        path = left.path if isinstance(left, Name) else ()
        shown = self.words(left)
        value = self.speech.value(path) if path and operator not in (Operator.EQUAL, Operator.IN) else None
        if value is not None:
            shown = f"{shown} {value}"
        match right:
            case Literal(value=literal):
                other = self._literal(literal, path)
            case Options(items=items) if self.facts is not None and (now := self.speech.value(path)) is not None:
                return self.translate(_said(_SIGNS[Operator.EQUAL], left=shown, right=now))
            case Options(items=items):
                other = self._join("or", [self._literal(item.value, path) for item in items])
            case _:
                other = self.words(right)
        return self.translate(_said(_SIGNS[operator], left=shown, right=other))

    def _literal(self, value: str | Decimal | bool, path: tuple[str, ...]) -> str:
        if isinstance(value, bool):
            return self.translate("yes" if value else "no")
        return self.speech.choice(path, value) if isinstance(value, str) and path else str(value)

    def _join(self, word: str, parts: list[str]) -> str:
        joint = {"and": message(", and "), "or": message(", or ")}[word]
        return self.translate(joint).join(parts)


def _said(template: Message, **values: object) -> Message:
    return Message(template.template, values)
