"""What a template may say: names, dotted names, literal subscripts, loops, conditions and a few filters."""

from __future__ import annotations

from collections.abc import Mapping

from jinja2 import TemplateSyntaxError, nodes

from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.render.sandbox import environment

FILTERS = ("join", "default", "length", "first", "last", "upper", "lower", "trim", "replace", "truncate")
_LITERALS = (str, int, bool, type(None))
_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Const,
    nodes.For,
    nodes.If,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.CondExpr,
    nodes.Filter,
)
_WHAT: Mapping[type[nodes.Node], Message] = {
    nodes.Call: message("a call"),
    nodes.CallBlock: message("a call"),
    nodes.Include: message("an include"),
    nodes.Import: message("an import"),
    nodes.FromImport: message("an import"),
    nodes.Extends: message("another template"),
    nodes.Block: message("a block of another template"),
    nodes.Macro: message("a macro"),
    nodes.Assign: message("an assignment"),
    nodes.AssignBlock: message("an assignment"),
    nodes.FilterBlock: message("a filter block"),
    nodes.Slice: message("a slice"),
    nodes.Test: message("a test"),
}


def check_template(text: str, *, source: str) -> None:
    """Nothing. Raises QmsError with line and what it is, where the template `text` says more than it may."""
    try:
        tree = environment().parse(text)
    except TemplateSyntaxError as error:
        raise QmsError(
            "{source}:{line}: not a template: {reason}", source=source, line=error.lineno, reason=error.message or ""
        ) from None
    except RecursionError:
        raise QmsError("{source}: nested too deeply", source=source) from None
    _check(tree, source)


def _check(node: nodes.Node, source: str) -> None:
    if refused := _refused(node):
        raise QmsError(
            "{source}:{line}: {what} is not allowed in a template",
            source=source,
            line=node.lineno,
            what=refused,
            hint=message("names, dotted names, for, if and the filters {filters}", filters=FILTERS),
        )
    for child in node.iter_child_nodes():
        _check(child, source)


def _refused(node: nodes.Node) -> Message | None:
    """What is wrong with this node alone, or None."""
    match node:
        case nodes.Filter(name=name) if name not in FILTERS:
            return message("the filter {name}", name=name)
        case nodes.Name(name=name) | nodes.Getattr(attr=name) if name.startswith("_"):
            return message("the name {name}", name=name)
        case nodes.Getitem(arg=nodes.Const(value=str(name))) if name.startswith("_"):
            return message("the name {name}", name=name)
        case nodes.Getitem(arg=argument) if not isinstance(argument, nodes.Const):
            return message("a subscript that is worked out")
        case nodes.For(recursive=True):
            return message("a loop that calls itself")
        case nodes.For(target=target) if not isinstance(target, nodes.Name):
            return message("a loop over pairs")
        case nodes.Const(value=value) if not isinstance(value, _LITERALS):
            return message("the literal {value}", value=value)
        case _ if not isinstance(node, _ALLOWED):
            return _WHAT.get(type(node), message("{kind}", kind=type(node).__name__))
        case _:
            return None
