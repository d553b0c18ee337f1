"""Expressions printed in words: the reason on the page, and the rules in a procedure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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

    def is_moment(self, path: tuple[str, ...]) -> bool:
        """Whether the field holds a date or a moment."""

    def choice(self, path: tuple[str, ...], value: str) -> str:
        """The words of the option `value` of the field at `path`."""

    def parameter(self, name: str) -> str:
        """The value of the parameter and its title, e.g. `10人（重大投诉的集体人数）`."""

    def value(self, path: tuple[str, ...]) -> str | None:
        """The value of the field as it prints, or None where no record is spoken of."""


_SIGNS = {
    Operator.EQUAL: message("{left} is {right}"),
    Operator.UNEQUAL: message("{left} is not {right}"),
    Operator.IN: message("{left} is among {right}"),
    Operator.NOT_IN: message("{left} is not among {right}"),
    Operator.LESS: message("{left} < {right}"),
    Operator.AT_MOST: message("{left} ≤ {right}"),
    Operator.MORE: message("{left} > {right}"),
    Operator.AT_LEAST: message("{left} ≥ {right}"),
    Operator.PLUS: message("{left} + {right}"),
    Operator.MINUS: message("{left} − {right}"),
    Operator.TIMES: message("{left} × {right}"),
    Operator.DIVIDED: message("{left} ÷ {right}"),
}
_MOMENTS = {  # the same of dates and moments
    Operator.LESS: message("{left} is before {right}"),
    Operator.AT_MOST: message("{left} is not after {right}"),
    Operator.MORE: message("{left} is after {right}"),
    Operator.AT_LEAST: message("{left} is not before {right}"),
}
_FIELDS = {  # the same of two fields
    Operator.EQUAL: message("{left} and {right} are the same"),
    Operator.UNEQUAL: message("{left} and {right} are not the same"),
}
_OPPOSITE = {
    Operator.EQUAL: Operator.UNEQUAL,
    Operator.UNEQUAL: Operator.EQUAL,
    Operator.IN: Operator.NOT_IN,
    Operator.NOT_IN: Operator.IN,
}
_CALLS = {
    "given": message("{first} is given"),
    "count": message("number of {first}"),
    "sum": message("sum of {first}"),
    "min": message("smallest {first}"),
    "max": message("largest {first}"),
    "round": message("{first}, rounded"),
    "days_between": message("days from {first} to {second}"),
    "score": message("score of {first}"),
    "answered": message("answered share of {first}"),
    "passed": message("{first} has reached {second}"),
}

_ENDS = {"min": message("earliest {first}"), "max": message("latest {first}")}  # of dates and moments


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
                return self._join(_OR_WORD, [self._literal(item.value, ()) for item in items])
            case Name(path=path):
                return self.speech.title(path)
            case Parameter(name=name):
                return self.speech.parameter(name)
            case Comparison():
                return self._comparison(node)
            case Arithmetic(operator=operator, left=left, right=right):
                said = {"left": self._operand(left, operator), "right": self._operand(right, operator, is_right=True)}
                return self.translate(_SIGNS[operator].template, **said)
            case All(parts=parts):
                return self._join(_AND, self._phrases(parts, _AND_WORD))
            case AnyOf(parts=parts):
                return self._join(_OR, self._phrases(self._shown(parts), _OR_WORD))
            case Not(part=part):
                return self._not(part)
            case Conditional(condition=condition, then=then, otherwise=otherwise):
                return self.translate(
                    "{then} if {condition}, else {otherwise}",
                    then=self.words(then),
                    condition=self.words(condition),
                    otherwise=self.words(otherwise),
                )
            case Call(function=function, arguments=arguments):
                return self._call(function, arguments)

    def _shown(self, parts: Sequence[Node]) -> Sequence[Node]:
        return [part for part in parts if self.facts is None or holds(part, self.facts)] or parts

    def _phrases(self, parts: Sequence[Node], joint: Message) -> list[str]:
        """The parts in words: what one list holds is told once, and `given` not where its opposite is told anyway."""
        denied = [part.part for part in parts if isinstance(part, Not)]
        left = [part for part in parts if not (isinstance(part, Call) and set(part.arguments) & set(denied))]
        said: list[str] = []
        while left:
            head, *left = left
            if isinstance(head, Comparison) and _asks_list(head):
                same = [head, *(part for part in left if _asks_list(part, like=head))]
                left = [part for part in left if part not in same]
                said.append(self._holds(same, joint))
            else:
                said.append(self._grouped(head))
        return said

    def _grouped(self, node: Node) -> str:
        several = isinstance(node, AnyOf) and len(self._phrases(self._shown(node.parts), _OR_WORD)) > 1
        return self.translate("({part})", part=self.words(node)) if several else self.words(node)

    def _holds(self, asked: Sequence[Node], joint: Message) -> str:
        """`'x' in list` reads the other way round: the list holds x."""
        first = asked[0]
        assert isinstance(first, Comparison) and isinstance(first.right, Name)
        path = first.right.path
        items = [
            self._literal(n.left.value, path)
            for n in asked
            if isinstance(n, Comparison) and isinstance(n.left, Literal)
        ]
        if first.operator is Operator.NOT_IN:
            return self.translate(
                "{list} does not include {item}", list=self.words(first.right), item=self._join(_OR_WORD, items)
            )
        return self.translate("{list} includes {item}", list=self.words(first.right), item=self._join(joint, items))

    def _operand(self, node: Node, above: Operator, *, is_right: bool = False) -> str:
        """A part of a sum or product, in brackets where they are needed."""
        said = self.words(node)
        if isinstance(node, Conditional) or (
            isinstance(node, Arithmetic) and _binds_less(node.operator, above, is_right)
        ):
            return self.translate("({part})", part=said)
        return said

    def _not(self, part: Node) -> str:
        match part:
            case Name():
                return self.translate("{title}: no", title=self.words(part))
            case Call(function="given", arguments=(first,)):
                return self.translate("{first} is not given", first=self.words(first))
            case Comparison(operator=operator, left=left, right=right) if operator in _OPPOSITE:
                return self._comparison(Comparison(_OPPOSITE[operator], left, right))
            case _:
                return self.translate("not ({part})", part=self.words(part))

    def _call(self, function: str, arguments: Sequence[Node]) -> str:
        said = [self.words(argument) for argument in arguments]
        if function == "first":
            chain = said[-1]
            for earlier in reversed(said[:-1]):
                chain = self.translate("{first} or, where that is not given, {second}", first=earlier, second=chain)
            return chain
        if function == "round" and len(said) > 1:
            return self.translate("{first}, rounded (decimals: {second})", first=said[0], second=said[1])
        if function in _ENDS and self._is_moment(arguments[0]):
            return self.translate(_ENDS[function].template, first=self._join(_AND_WORD, said))
        first = self._join(_AND_WORD, said) if function in ("sum", "min", "max") else said[0]
        return self.translate(_CALLS[function].template, first=first, second=said[-1])

    def _comparison(self, node: Comparison) -> str:
        operator, left, right = node.operator, node.left, node.right
        if _asks_list(node):
            return self._holds((node,), _OR_WORD)
        path = left.path if isinstance(left, Name) else ()
        now = self.speech.value(path) if path else None
        shown = self.words(left)
        if now is not None and operator not in (Operator.EQUAL, Operator.IN):
            shown = self.translate("{title} ({value})", title=shown, value=now)
        template = _SIGNS[operator]
        match right:
            case Literal(value=bool() as truth) if operator in (Operator.EQUAL, Operator.UNEQUAL):
                is_yes = truth is (operator is Operator.EQUAL)
                return self.translate("{title}: yes" if is_yes else "{title}: no", title=shown)
            case Literal(value=literal):
                other = self._literal(literal, path)
            case Options(items=items):
                other = self._join(_OR_WORD, [self._literal(item.value, path) for item in items])
                if operator is Operator.IN and self.facts is not None and now is not None:
                    other = self._quoted(now)
                template = _SIGNS[Operator.EQUAL if operator is Operator.IN else Operator.UNEQUAL]
            case _:
                other = self.words(right)
                if isinstance(right, Name) and isinstance(left, Name):
                    template = _FIELDS.get(operator, template)
        if self._is_moment(left):
            template = _MOMENTS.get(operator, template)
        return self.translate(template.template, left=shown, right=other)

    def _is_moment(self, node: Node) -> bool:
        match node:
            case Name(path=path):
                return self.speech.is_moment(path)
            case Call(function=("first" | "min" | "max"), arguments=(first, *_)) | Arithmetic(left=first):
                return self._is_moment(first)
            case _:
                return False

    def _literal(self, value: str | Decimal | bool, path: tuple[str, ...]) -> str:
        if isinstance(value, bool):
            return self.translate("yes" if value else "no")
        if isinstance(value, Decimal):
            return f"{value:f}"
        return self._quoted(self.speech.choice(path, value) if path else value)

    def _quoted(self, text: str) -> str:
        return self.translate("“{text}”", text=text)

    def _join(self, joint: Message, parts: Sequence[str]) -> str:
        return self.translate(joint).join(parts)


_AND, _OR = message(", and "), message(", or ")
_AND_WORD, _OR_WORD = message(" and "), message(" or ")


def _binds_less(inner: Operator, outer: Operator, is_right: bool) -> bool:
    """Whether `inner` must stand in brackets below `outer`."""
    sums = (Operator.PLUS, Operator.MINUS)
    if outer in sums:
        return is_right and outer is Operator.MINUS and inner in sums
    return inner in sums or is_right


def _asks_list(node: Node, like: Comparison | None = None) -> bool:
    """Whether `node` asks a list for a literal (the same list in the same way as `like`)."""
    match node:
        case Comparison(operator=Operator.IN | Operator.NOT_IN, left=Literal(), right=Name()):
            return like is None or (node.operator, node.right) == (like.operator, like.right)
    return False
