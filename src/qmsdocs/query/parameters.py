"""Where the parameters of procedures are used: in the lines of the text, in the clocks, rules, checks of the forms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qmsdocs.base.language import Catalogue, Language, Text
from qmsdocs.model.document import Procedure
from qmsdocs.model.expression import parameters, parse
from qmsdocs.model.form import Field, Form
from qmsdocs.model.quantity import Quantity
from qmsdocs.query.text_lines import PARAMETER
from qmsdocs.render.table import Column, Grid


@dataclass(frozen=True, slots=True)
class Written:
    """An expression of a form: the key it stands at (`clock.visiting.within`), and what it says."""

    place: str
    expression: str


@dataclass(frozen=True, slots=True)
class Use:
    """A parameter used by a form, at the key `place`."""

    parameter: str
    form: str
    place: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A parameter of a document with all its uses; `lines` are those of the document's file."""

    document: str
    name: str
    value: Quantity
    title: Text
    lines: tuple[int, ...]
    uses: tuple[Use, ...]


def written(form: Form) -> Iterator[Written]:
    """Every expression written in a form, in the order of the file."""
    for name, field in form.field.items():
        yield from _in_field(f"field.{name}", field)
        for column, definition in field.column.items():
            yield from _in_field(f"field.{name}.column.{column}", definition)
    for name, step in form.step.items():
        yield from _some(f"step.{name}.when", step.when)
        for field_name, expression in step.sets.items():
            yield Written(f"step.{name}.sets.{field_name}", expression)
    for name, clock in form.clock.items():
        yield from _some(f"clock.{name}.within", clock.within)
        yield from _some(f"clock.{name}.when", clock.when)
        for escalation in clock.escalate:
            yield from _some(f"clock.{name}.escalate", escalation.after)
    for name, check in form.check.items():
        yield Written(f"check.{name}.must", check.must)
        yield from _some(f"check.{name}.when", check.when)
    for name, wanted in form.raise_.items():
        yield from _some(f"raise.{name}.when", wanted.when)
        for field_name, expression in wanted.fill.items():
            yield Written(f"raise.{name}.fill.{field_name}", expression)


def _in_field(place: str, field: Field) -> Iterator[Written]:
    yield from _some(f"{place}.when", field.when)
    yield from _some(f"{place}.value", field.value)
    yield from _some(f"{place}.lookup", field.lookup.within if field.lookup else None)
    for number, rule in enumerate(field.rules):
        yield from _some(f"{place}.rules.{number}", rule.when)
    for name, row in field.rows.items():
        yield from _some(f"{place}.rows.{name}", row.weight)


def _some(place: str, expression: str | None) -> Iterator[Written]:
    if expression is not None:
        yield Written(place, expression)


def uses(form: Form) -> Iterator[Use]:
    """The parameters a form uses, each once a place."""
    for item in written(form):
        for name in sorted(parameters(parse(item.expression))):
            yield Use(name, form.number, item.place)


def listed(procedures: Iterable[Procedure], forms: Iterable[Form]) -> tuple[Listed, ...]:
    """The parameters of the procedures in their order, with where each is used by the text and by `forms`."""
    by_procedure: dict[str, list[Use]] = {}
    for form in forms:
        by_procedure.setdefault(form.procedure, []).extend(dict.fromkeys(uses(form)))
    return tuple(
        Listed(
            procedure.front.number,
            name,
            definition.value,
            definition.title,
            _lines(procedure, name),
            tuple(use for use in by_procedure.get(procedure.front.number, ()) if use.parameter == name),
        )
        for procedure in procedures
        for name, definition in procedure.front.parameter.items()
    )


def _lines(procedure: Procedure, name: str) -> tuple[int, ...]:
    text = procedure.body.split("\n")
    return tuple(number for number, line in enumerate(text, procedure.body_line) if name in PARAMETER.findall(line))


def place_words(form: Form, place: str, catalogue: Catalogue) -> str:
    """A key of a form in words: the clock “回访”, the rule of the field “投诉级别”."""
    say = catalogue.say
    head, name, *rest = place.split(".")
    match head:
        case "clock" if rest == ["escalate"]:
            return say("escalation of the time limit “{title}”", title=form.clock[name].title)
        case "clock":
            return say("time limit “{title}”", title=form.clock[name].title)
        case "step":
            return say("step “{title}”", title=form.step[name].title)
        case "check":
            return say("check “{title}”", title=form.check[name].says)
        case "raise":
            return say("called-for record “{title}”", title=form.raise_[name].title)
    field = form.field[name]
    match rest:
        case ["rules", _]:
            return say("rule of “{title}”", title=field.title)
        case ["rows", row]:
            return say("weight of “{title}”", title=field.rows[row].text)
        case ["lookup"]:
            return say("count of “{title}”", title=field.title)
        case ["column", column, *_]:
            return say("column “{title}”", title=field.column[column].title)
        case _:
            return say("field “{title}”", title=field.title)


def grid(found: Iterable[Listed], forms: Iterable[Form], catalogue: Catalogue) -> Grid:
    """The parameters as a table for people."""
    by_number = {form.number: form for form in forms}
    say = catalogue.say
    columns = (
        Column("document", say("Document"), width=24),
        Column("name", say("Name"), width=40),
        Column("value", say("Value"), width=24),
        Column("title", say("Title"), width=60),
        Column("used", say("Used by"), width=110),
    )
    rows = tuple(
        (
            item.document,
            item.name,
            item.value.of(catalogue.language),
            item.title.of(catalogue.language),
            say("; ").join(_used(item, by_number, catalogue)),
        )
        for item in found
    )
    return Grid(say("Parameters"), "", columns, rows)


def _used(item: Listed, forms: dict[str, Form], catalogue: Catalogue) -> Iterator[str]:
    if item.lines:
        yield catalogue.say("text, line {lines}", lines=item.lines)
    places: dict[str, dict[str, None]] = {}
    for use in item.uses:
        places.setdefault(use.form, {})[place_words(forms[use.form], use.place, catalogue)] = None
    for number, said in places.items():
        yield f"{number} {catalogue.say(', ').join(said)}"


def as_json(found: Iterable[Listed], language: Language) -> list[dict[str, object]]:
    """The parameters as JSON, see docs/json.md; a use by the text has no form and is placed by the line of the file."""
    return [
        {
            "document": item.document,
            "name": item.name,
            "value": f"{item.value.amount:f}",
            "unit": item.value.unit.value,
            "title": item.title.of(language),
            "used": [
                *({"form": None, "place": f"line {line}"} for line in item.lines),
                *({"form": use.form, "place": use.place} for use in item.uses),
            ],
        }
        for item in found
    ]
