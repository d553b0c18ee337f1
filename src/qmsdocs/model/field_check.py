"""The walk over the fields of a form: types, choices, tables, what is worked out; first, what every walk needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from zoneinfo import ZoneInfo

import re2

from qmsdocs.base.errors import Message, QmsError, message, unknown
from qmsdocs.model.calendar import CIVIL
from qmsdocs.model.expression import Literal, names, parameters, parse
from qmsdocs.model.expression_check import BOOLEAN, DURATION, NUMBER, Kind, Scope, Type
from qmsdocs.model.finding import Severity
from qmsdocs.model.form import CHOICE_TYPES, TEXT_TYPES, VALUELESS, Field, FieldType, Form
from qmsdocs.model.quantity import Quantity, Unit
from qmsdocs.model.value import MAXIMUM_ROWS, Intake

_MOMENTS = (FieldType.DATE, FieldType.DATETIME)
MEANINGS: dict[str, tuple[FieldType, ...]] = {  # what a field may be to the program → the types that can be it
    "opened_at": _MOMENTS,
    "answered_at": _MOMENTS,
    "closed_at": _MOMENTS,
    "due_on": _MOMENTS,
    "retention_from": _MOMENTS,
    "lent_record": (FieldType.RECORD, FieldType.TEXT),
    "lent_kind": (FieldType.CHOICE,),
    "done_on": _MOMENTS,
    "rating": (FieldType.SCALE, FieldType.CHOICE),
    "level": (FieldType.CHOICE, FieldType.SCALE),
    "score": (FieldType.DECIMAL, FieldType.INTEGER),
    "action": (FieldType.TABLE,),
    "cause_chain": (FieldType.TABLE,),
    "document": (FieldType.DOCUMENT, FieldType.TEXT),
    "document_sha256": (FieldType.TEXT,),
    "copy_number": (FieldType.TEXT, FieldType.INTEGER),
    "holder": (FieldType.PERSON, FieldType.TEXT),
    "given_on": _MOMENTS,
    "returned_on": _MOMENTS,
    "destroyed_on": _MOMENTS,
    "readers": (FieldType.TABLE,),
    "reader": (FieldType.PERSON, FieldType.TEXT),
    "read_on": _MOMENTS,
    "read_result": (FieldType.CHOICE,),
    "scan": (FieldType.ATTACHMENT,),
    "checked_on": _MOMENTS,
    "next_check_on": _MOMENTS,
    "validity": (FieldType.CHOICE,),
    "verdict": (FieldType.CHOICE,),
    "next_review_on": _MOMENTS,
} | dict.fromkeys(
    (
        *("owner", "customer", "subject", "place", "root_cause", "effectiveness", "cause", "contact"),
        *("reason", "department", "document_revision", "issuer", "edition", "kept_at"),
    ),
    (),
)
_PATTERNED = TEXT_TYPES - {FieldType.PERSON}
_BOUNDED = _PATTERNED | {FieldType.INTEGER, FieldType.DECIMAL, FieldType.CHOICES, FieldType.TABLE, FieldType.ATTACHMENT}
_VALUED = frozenset(FieldType) - VALUELESS
_SINGLE = _VALUED - {FieldType.TABLE, FieldType.ATTACHMENT}
_ONLY_FOR = {  # key → the types it means something for
    "pattern": _PATTERNED,
    "min": _BOUNDED,
    "max": _BOUNDED,
    "choices": CHOICE_TYPES,
    "like": CHOICE_TYPES,
    "column": frozenset({FieldType.TABLE}),
    "rows": frozenset({FieldType.TABLE}),
    "rules": frozenset({FieldType.CHOICE, FieldType.SCALE, FieldType.TEXT}),
    "value": _SINGLE,
    "lookup": frozenset({FieldType.INTEGER}),
    "default": _SINGLE,
    "required": _VALUED,
    "may_change": _VALUED,
    "means": _VALUED,
}
_NOT_IN_COLUMNS = ("when", "may_change", "value", "rules", "lookup", "default")
_LOOKED_BACK = (*CIVIL, Unit.MINUTE, Unit.HOUR)

Noticed: TypeAlias = tuple[Severity, str, Message]


@dataclass(frozen=True)
class Walk:
    """What a walk over a form knows, and how it speaks. `parameters` are None where there is no such procedure."""

    form: Form
    parameters: Mapping[str, Quantity] | None

    def error(self, place: str, template: str, **values: object) -> Noticed:
        """An error at `place`."""
        return Severity.ERROR, place, Message(template, values)

    def known(self, place: str, what: Message, name: str, known: Sequence[str] | frozenset[str]) -> Iterator[Noticed]:
        """An error where `name` is none of the `known`, with the nearest."""
        if name not in known:
            yield Severity.ERROR, place, unknown(what, name, known)

    def typed(
        self, place: str, written: str | None, *, wanted: Callable[[Type], bool], said: Message, program: bool = True
    ) -> Iterator[Noticed]:
        """Errors where the expression `written` does not hold together or does not give what is `wanted`."""
        if written is None:
            return
        try:
            found = Scope(self.form, self.parameters or {}, program).check(parse(written))
        except QmsError as error:
            if self.parameters is not None or "p." not in written:
                yield Severity.ERROR, place, error.message
            return
        if not wanted(found):
            yield self.error(place, "must be {what}, not a {kind}", what=said, kind=found.kind.said)

    def condition(self, place: str, written: str | None, *, program: bool = True) -> Iterator[Noticed]:
        """Errors where `written` is no condition."""
        yield from self.typed(
            place, written, wanted=lambda t: t == BOOLEAN, said=message("a condition"), program=program
        )

    def period(self, place: str, written: str | None) -> Iterator[Noticed]:
        """Errors where `written` is no stretch of time."""
        yield from self.typed(place, written, wanted=lambda t: t == DURATION, said=message("a period"))

    def fits(self, place: str, written: str, target: Form, field: Field) -> Iterator[Noticed]:
        """Errors where the value of `written` cannot stand in the `field` of `target`."""
        own = Scope(target, {}).type_of(field)
        node = parse(written)
        if isinstance(node, Literal) and own.kind is Kind.CHOICE and isinstance(node.value, str):
            yield from self.known(place, message("choice"), node.value, own.choices)
            return
        yield from self.typed(place, written, wanted=lambda t: _fits(own, t), said=message("what the field holds"))


def _fits(wanted: Type, found: Type) -> bool:
    if wanted.kind is Kind.TABLE or wanted.item is Kind.TEXT or found.kind is not wanted.kind:
        return False
    return set(found.choices) <= set(wanted.choices)


@dataclass(frozen=True)
class FieldWalk(Walk):
    """The walk over the fields."""

    def findings(self) -> Iterator[Noticed]:
        """Everything wrong or doubtful in the fields, in the order of the file."""
        for name, field in self.form.field.items():
            place = f"field.{name}"
            yield from self._field(place, field)
            yield from self._needed(place, name, field)
            if name in self.form.clock and name in self.form.values:
                yield self.error(place, "a clock has the same name; expressions could mean either")
        yield from self._circles()

    def _field(self, place: str, field: Field) -> Iterator[Noticed]:
        yield from self._keys(place, field)
        if field.type in CHOICE_TYPES and not self.form.choices_of(field):
            yield self.error(place, "a choice needs choices, or like")
        if field.like is not None and self.form.find(field.like) is None:
            yield self.error(f"{place}.like", 'unknown {what} "{name}"', what=message("field"), name=field.like)
        for words in ([c.text.zh for c in field.choices.values()], [c.text.en for c in field.choices.values()]):
            if len(set(words)) != len(words):
                yield self.error(f"{place}.choices", "two choices have the same words")
                break
        yield from self._table(place, field)
        if field.pattern is not None:
            try:
                re2.compile(field.pattern)
            except re2.error as error:
                yield self.error(f"{place}.pattern", "is no pattern: {what}", what=str(error))
        if field.min is not None and field.max is not None and field.min > field.max:
            yield self.error(f"{place}.min", "is above max")
        yield from self._means(f"{place}.means", field)
        yield from self.condition(f"{place}.when", field.when, program=False)
        for key, steps in (("required", field.required_steps), ("may_change", field.may_change)):
            for step in steps:
                yield from self.known(f"{place}.{key}", message("step"), step, tuple(self.form.step))
        yield from self._derivation(place, field)

    def _keys(self, place: str, field: Field) -> Iterator[Noticed]:
        """Keys that say two things at once, or nothing."""
        for keys in (("value", "rules", "lookup"), ("choices", "like")):
            given = [key for key in keys if getattr(field, key)]
            if len(given) > 1:
                yield self.error(place, "has both {first} and {second}; one is enough", first=given[0], second=given[1])
        for key, types in _ONLY_FOR.items():
            if field.type not in types and getattr(field, key) not in (None, (), {}, False):
                yield self.error(f"{place}.{key}", "means nothing for a field of the type {kind}", kind=field.type)

    def _means(self, place: str, field: Field) -> Iterator[Noticed]:
        if field.means is None:
            return
        yield from self.known(place, message("meaning"), field.means, tuple(MEANINGS))
        types = MEANINGS.get(field.means, ())
        if types and field.type not in types:
            yield self.error(place, "only a field of the type {types} can be that", types=types)

    def _needed(self, place: str, name: str, field: Field) -> Iterator[Noticed]:
        if field.required is not False and field.is_derived:
            yield self.error(f"{place}.required", "is worked out by the program, so nobody can be asked for it")
        if field.required is True and name in self.form.set_by_steps:
            yield self.error(f"{place}.required", "is set by a step, so it cannot be there at issue")
        if field.default is not None and field.type in _SINGLE:
            _, refused = Intake(self.form, ZoneInfo("UTC"), {}).accept(name, field.default)
            for refusal in refused:
                yield self.error(f"{place}.default", "cannot be taken: {what}", what=refusal.message)

    def _table(self, place: str, field: Field) -> Iterator[Noticed]:
        for name, column in field.column.items():
            below = f"{place}.column.{name}"
            if column.type not in _SINGLE:
                yield self.error(below, "the type {kind} cannot be a column", kind=column.type.value)
                continue
            for key in _NOT_IN_COLUMNS:
                if getattr(column, key) not in (None, ()):
                    yield self.error(f"{below}.{key}", "means nothing in a column")
            yield from self._field(below, column)
        if field.type is not FieldType.TABLE:
            return
        if not field.column:
            yield self.error(place, "a table needs at least one column")
        if not field.rows and field.max is None:
            said = message("a table without max has no end on paper; {limit} rows are taken", limit=MAXIMUM_ROWS)
            yield Severity.WARNING, place, said
        for row, item in field.rows.items():
            below = f"{place}.rows.{row}.weight"
            number = message("a number")
            yield from self.typed(below, item.weight, wanted=lambda t: t == NUMBER, said=number, program=False)

    def _derivation(self, place: str, field: Field) -> Iterator[Noticed]:
        options = self.form.choices_of(field)
        for position, rule in enumerate(field.rules, 1):
            line = f"{place}.rules.{position - 1}"
            if field.type in CHOICE_TYPES and rule.gives not in options:
                said = 'rule {position} gives "{name}", which is no choice'
                yield self.error(line, said, position=position, name=rule.gives)
            yield from self.condition(line, rule.when)
            if rule.when is None and position < len(field.rules):
                yield self.error(line, "rule {position} always holds, the ones after it never do", position=position)
        if field.value is not None:
            own = Scope(self.form, {}).type_of(field)
            said_kind = message("what the field holds")
            yield from self.typed(f"{place}.value", field.value, wanted=lambda t: t.kind is own.kind, said=said_kind)
        yield from self._lookup(f"{place}.lookup", field)

    def _lookup(self, place: str, field: Field) -> Iterator[Noticed]:
        if field.lookup is None:
            return
        for name in (field.lookup.count, *field.lookup.same):
            if name != "number":
                yield from self.known(place, message("field"), name, tuple(self.form.values))
        if field.lookup.state is not None:
            yield from self.known(place, message("state"), field.lookup.state, tuple(self.form.state))
        yield from self.period(place, field.lookup.within)
        for name in sorted(parameters(parse(field.lookup.within))) if field.lookup.within else ():
            known = (self.parameters or {}).get(name)
            if known is not None and known.unit not in _LOOKED_BACK and known.is_duration:
                yield self.error(place, "looks back over days, weeks, months or years, not {period}", period=known)

    def _circles(self) -> Iterator[Noticed]:
        needs: dict[str, frozenset[str]] = {}
        for name, field in self.form.values.items():
            written = [field.value, field.when, *(rule.when for rule in field.rules)]
            found = {below for text in written if text is not None for below in names(parse(text))}
            needs[name] = frozenset(found & set(self.form.values))
        for name in needs:
            reached, frontier = set[str](), set(needs[name])
            while frontier:
                reached |= frontier
                frontier = {below for item in frontier for below in needs.get(item, frozenset())} - reached
            if name in reached:
                yield self.error(f"field.{name}", "depends on itself")
