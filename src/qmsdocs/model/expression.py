"""The expression language of definitions: a closed subset of Python expressions, parsed once into a tree.

An expression sees one record, the parameters `p`, the `state` and the asked moment; nothing else. The tree is checked
(`expression_check`), evaluated (`evaluation`) and printed in words (`expression_words`).
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import TypeAlias

from qmsdocs.base.errors import QmsError

MAXIMUM_LENGTH = 1_000


class Operator(StrEnum):
    """Comparison and arithmetic."""

    EQUAL = "=="
    UNEQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    IN = "in"
    NOT_IN = "not in"
    PLUS = "+"
    MINUS = "-"
    TIMES = "*"
    DIVIDED = "/"


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, number or truth value written in the expression."""

    value: str | Decimal | bool


@dataclass(frozen=True, slots=True)
class Options:
    """The tuple on the right of `in`."""

    items: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Name:
    """A field, a column (`table.column`), one cell of fixed rows (`table.row.column`), `state`, `today` or a clock."""

    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """`p.name`: a parameter of the form's procedure."""

    name: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two operands compared; with a missing operand it is false."""

    operator: Operator
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two operands computed; with a missing operand the result is missing."""

    operator: Operator
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class All:
    """`and`."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """`or`."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """`not`."""

    part: Node


@dataclass(frozen=True, slots=True)
class Conditional:
    """`then if condition else otherwise`."""

    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class Call:
    """One of the closed list of functions."""

    function: str
    arguments: tuple[Node, ...]


Node: TypeAlias = (
    "Literal | Options | Name | Parameter | Comparison | Arithmetic | All | AnyOf | Not | Conditional | Call"
)

FUNCTIONS = (
    *("given", "first", "count", "sum", "min", "max", "round"),
    *("days_between", "score", "answered", "passed"),
)
_COMPARISONS: dict[type[ast.cmpop], Operator] = {
    ast.Eq: Operator.EQUAL,
    ast.NotEq: Operator.UNEQUAL,
    ast.Lt: Operator.LESS,
    ast.LtE: Operator.AT_MOST,
    ast.Gt: Operator.MORE,
    ast.GtE: Operator.AT_LEAST,
    ast.In: Operator.IN,
    ast.NotIn: Operator.NOT_IN,
}
_ARITHMETIC: dict[type[ast.operator], Operator] = {
    ast.Add: Operator.PLUS,
    ast.Sub: Operator.MINUS,
    ast.Mult: Operator.TIMES,
    ast.Div: Operator.DIVIDED,
}


@lru_cache(maxsize=4096)
def parse(written: str) -> Node:
    """The tree of `written`. Raises QmsError saying which part is not in the language."""
    if len(written) > MAXIMUM_LENGTH:
        raise QmsError("an expression longer than {limit} characters", limit=MAXIMUM_LENGTH)
    try:
        tree = ast.parse(written.strip(), mode="eval").body
        return _node(tree, written.strip())
    except (SyntaxError, RecursionError, MemoryError, ValueError):
        said = '"{written}" is not an expression; compare with ==, join with and, or, not'
        raise QmsError(said, written=written) from None


def _node(tree: ast.expr, source: str) -> Node:
    match tree:
        case ast.Constant(value=bool() | str() as value):
            return Literal(value)
        case ast.Constant(value=int() | float()):
            return Literal(_number(tree, source))
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float()) as number):
            return Literal(-_number(number, source))
        case ast.Tuple(elts=elements) | ast.List(elts=elements) if elements:
            return Options(tuple(_literal(element, source) for element in elements))
        case ast.Name() | ast.Attribute():
            return _name(tree, source)
        case ast.BoolOp(op=operator, values=values):
            parts = tuple(_node(value, source) for value in values)
            return All(parts) if isinstance(operator, ast.And) else AnyOf(parts)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return Not(_node(operand, source))
        case ast.Compare(left=left, ops=operators, comparators=rights):
            return _comparison(left, operators, rights, source)
        case ast.BinOp(left=left, op=arithmetic, right=right) if type(arithmetic) in _ARITHMETIC:
            return Arithmetic(_ARITHMETIC[type(arithmetic)], _node(left, source), _node(right, source))
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return Conditional(_node(test, source), _node(body, source), _node(orelse, source))
        case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]) if function in FUNCTIONS:
            return Call(function, tuple(_node(argument, source) for argument in arguments))
        case ast.Call():
            raise QmsError(
                "{part} is no function; there are {functions}", part=_segment(tree, source), functions=FUNCTIONS
            )
        case _:
            raise QmsError("{part} is not part of the expression language", part=_segment(tree, source))


def _segment(tree: ast.expr, source: str) -> str:
    return ast.get_source_segment(source, tree) or source


def _number(tree: ast.expr, source: str) -> Decimal:
    written = _segment(tree, source)
    if not re.fullmatch(r"[0-9]{1,20}(\.[0-9]{1,20})?", written):
        raise QmsError("{part} must be a number such as 12.5", part=written)
    return Decimal(written)


def _literal(tree: ast.expr, source: str) -> Literal:
    node = _node(tree, source)
    if not isinstance(node, Literal):
        raise QmsError("{part} must be a text or a number", part=_segment(tree, source))
    return node


def _name(tree: ast.expr, source: str) -> Node:
    path: list[str] = []
    part = tree
    while isinstance(part, ast.Attribute):
        path.insert(0, part.attr)
        part = part.value
    if not isinstance(part, ast.Name) or len(path) > 2:
        raise QmsError("{part} is not part of the expression language", part=_segment(tree, source))
    if part.id == "p":
        if len(path) != 1:
            raise QmsError("{part} must be p. and one parameter", part=_segment(tree, source))
        return Parameter(path[0])
    return Name((part.id, *path))


def _comparison(left: ast.expr, operators: list[ast.cmpop], rights: list[ast.expr], source: str) -> Node:
    parts: list[Node] = []
    for operator, right in zip(operators, rights, strict=True):
        if type(operator) not in _COMPARISONS:
            raise QmsError("{part} is not part of the expression language", part=source)
        parts.append(Comparison(_COMPARISONS[type(operator)], _node(left, source), _node(right, source)))
        left = right
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below `node`."""
    match node:
        case Comparison(left=left, right=right) | Arithmetic(left=left, right=right):
            return (left, right)
        case All(parts=parts) | AnyOf(parts=parts):
            return parts
        case Not(part=part):
            return (part,)
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            return (condition, then, otherwise)
        case Call(arguments=arguments):
            return arguments
        case Options(items=items):
            return items
        case _:
            return ()


def walk(node: Node) -> tuple[Node, ...]:
    """`node` and everything below it."""
    return (node, *(below for child in children(node) for below in walk(child)))


def names(node: Node) -> frozenset[str]:
    """The first parts of all names in `node`: fields, clocks, `state`, `today`."""
    return frozenset(part.path[0] for part in walk(node) if isinstance(part, Name))


@lru_cache(maxsize=4096)
def named(written: str) -> frozenset[str]:
    """The same of a written expression; every act on every record asks for it."""
    return names(parse(written))


def parameters(node: Node) -> frozenset[str]:
    """The parameters `node` speaks of."""
    return frozenset(part.name for part in walk(node) if isinstance(part, Parameter))
