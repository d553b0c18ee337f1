"""The walk over a form definition: names that resolve, types that fit, states and steps that lead somewhere."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import re2

from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.model.expression import names, parse
from qmsdocs.model.expression_check import BOOLEAN, DURATION, NUMBER, Scope, Type
from qmsdocs.model.finding import Finding, Severity
from qmsdocs.model.form import CHOICE_TYPES, Field, FieldType, Form, Step
from qmsdocs.model.quantity import Quantity

MEANINGS = (
    *("opened_at", "due_on", "done_on", "owner", "customer", "subject", "place", "rating", "root_cause"),
    *("effectiveness", "level", "action", "cause_chain", "cause", "score", "contact", "answered_at", "closed_at"),
)
SIGNATURE_MEANINGS = ("prepared", "reviewed", "countersigned", "approved", "verified", "acknowledged")
MAXIMUM_FIELDS = 300
REGISTER_COLUMNS = ("number", "state", "opened_on", "closed_on", "form", "revision", "days_open")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a form is checked against: its procedure's parameters, roles, retention classes, other forms, sites."""

    parameters: Mapping[str, Quantity] | None
    roles: frozenset[str]
    classes: frozenset[str]
    forms: Mapping[str, Form]
    several_sites: bool = False


def check_form(form: Form, around: Surroundings) -> Iterator[Finding]:
    """Everything wrong or doubtful in `form`, in the order of the file."""
    for severity, place, said in _Walk(form, around).findings():
        yield Finding("DEF101" if severity is Severity.ERROR else "DEF201", severity, form.number, said, place)


Noticed = tuple[Severity, str, Message]


@dataclass(frozen=True)
class _Walk:
    form: Form
    around: Surroundings

    def findings(self) -> Iterator[Noticed]:
        yield from self._head()
        for name, field in self.form.field.items():
            yield from self._field(f"field.{name}", name, field)
        yield from self._circles()
        for name, step in self.form.step.items():
            yield from self._step(name, step)
        yield from self._states()
        yield from self._changes_after_signing()
        yield from self._clocks()
        yield from self._checks()
        yield from self._raises()
        yield from self._register()

    def _error(self, place: str, template: str, **values: object) -> Noticed:
        return Severity.ERROR, place, Message(template, values)

    def _head(self) -> Iterator[Noticed]:
        if len(self.form.field) > MAXIMUM_FIELDS:
            yield self._error("field", "more than {limit} fields", limit=MAXIMUM_FIELDS)
        yield from self._known("retention", "retention class", self.form.retention, self.around.classes)
        yield from self._known("owner", "role", self.form.owner, self.around.roles)
        if self.around.parameters is None:
            yield self._error("procedure", "there is no procedure {number}", number=self.form.procedure)
        if self.around.several_sites and "site" not in self.form.pattern.parts:
            yield self._error("series.number", "with several sites the number needs {{site}}")
        same = [n for n, o in self.around.forms.items() if o.series.id == self.form.series.id and n != self.form.number]
        if same:
            yield self._error(
                "series.id", "the form {other} has the series {series} too", other=same[0], series=self.form.series.id
            )

    def _known(self, place: str, what: str, name: str, known: Sequence[str] | frozenset[str]) -> Iterator[Noticed]:
        if name not in known:
            close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
            if close:
                yield self._error(
                    place,
                    'unknown {what} "{name}", did you mean "{nearest}"?',
                    what=message(what),
                    name=name,
                    nearest=close[0],
                )
            else:
                yield self._error(place, 'unknown {what} "{name}"', what=message(what), name=name)

    def _typed(
        self, place: str, written: str | None, *, wanted: Callable[[Type], bool], said: str, program: bool = True
    ) -> Iterator[Noticed]:
        if written is None:
            return
        try:
            found = Scope(self.form, self.around.parameters or {}, program).check(parse(written))
        except QmsError as error:
            if self.around.parameters is not None or "p." not in written:
                yield Severity.ERROR, place, error.message
            return
        if not wanted(found):
            yield self._error(place, "must be {what}, not a {kind}", what=message(said), kind=found.kind)

    def _condition(self, place: str, written: str | None, *, program: bool = True) -> Iterator[Noticed]:
        yield from self._typed(place, written, wanted=lambda t: t == BOOLEAN, said="a condition", program=program)

    def _field(self, place: str, name: str, field: Field) -> Iterator[Noticed]:
        derivations = [key for key in ("value", "rules", "lookup") if getattr(field, key)]
        if len(derivations) > 1:
            yield self._error(
                place, "has both {first} and {second}; one is enough", first=derivations[0], second=derivations[1]
            )
        if field.type in CHOICE_TYPES and not self.form.choices_of(field):
            yield self._error(place, "a choice needs choices, or like")
        if field.like is not None and self.form.find(field.like) is None:
            yield self._error(f"{place}.like", 'unknown {what} "{name}"', what=message("field"), name=field.like)
        words = [option.text.zh for option in field.choices.values()]
        if len(set(words)) != len(words):
            yield self._error(f"{place}.choices", "two choices have the same words")
        yield from self._table(place, field)
        if field.pattern is not None:
            try:
                re2.compile(field.pattern)
            except re2.error as error:
                yield self._error(f"{place}.pattern", "is no pattern: {what}", what=str(error))
        if field.means is not None:
            yield from self._known(f"{place}.means", "meaning", field.means, MEANINGS)
        if field.min is not None and field.max is not None and field.min > field.max:
            yield self._error(f"{place}.min", "is above max")
        yield from self._condition(f"{place}.when", field.when, program=False)
        for key, steps in (("required", field.required_steps), ("may_change", field.may_change)):
            for step in steps:
                yield from self._known(f"{place}.{key}", "step", step, tuple(self.form.step))
        yield from self._derivation(place, field)
        if field.required is not False and field.is_derived:
            yield self._error(f"{place}.required", "is worked out by the program, so nobody can be asked for it")
        if field.required is True and field.default is None and name in self.form.set_by_steps:
            yield self._error(f"{place}.required", "is set by a step, so it cannot be there at issue")

    def _table(self, place: str, field: Field) -> Iterator[Noticed]:
        if field.type is FieldType.TABLE:
            if not field.column:
                yield self._error(place, "a table needs at least one column")
            for name, column in field.column.items():
                if column.type in (FieldType.TABLE, FieldType.SECTION, FieldType.ATTACHMENT):
                    yield self._error(f"{place}.column.{name}", "a {kind} cannot be a column", kind=column.type.value)
                else:
                    yield from self._field(f"{place}.column.{name}", name, column)
            if not field.rows and field.max is None:
                yield (
                    Severity.WARNING,
                    place,
                    message("a table without max has no end on paper; {limit} rows are taken", limit=200),
                )
            for row, item in field.rows.items():
                yield from self._typed(
                    f"{place}.rows.{row}.weight",
                    item.weight,
                    wanted=lambda t: t == NUMBER,
                    said="a number",
                    program=False,
                )
        elif field.column or field.rows:
            yield self._error(place, "only a table has columns and rows")

    def _derivation(self, place: str, field: Field) -> Iterator[Noticed]:
        options = self.form.choices_of(field)
        for position, rule in enumerate(field.rules, 1):
            if field.type in CHOICE_TYPES and rule.gives not in options:
                yield self._error(
                    f"{place}.rules",
                    'rule {position} gives "{name}", which is no choice',
                    position=position,
                    name=rule.gives,
                )
            yield from self._condition(f"{place}.rules", rule.when)
            if rule.when is None and position < len(field.rules):
                yield self._error(
                    f"{place}.rules", "rule {position} always holds, the ones after it never do", position=position
                )
        if field.value is not None:
            own = Scope(self.form, self.around.parameters or {}).type_of(field)
            yield from self._typed(
                f"{place}.value", field.value, wanted=lambda t: t.kind is own.kind, said="what the field holds"
            )
        if field.lookup is not None:
            for name in (field.lookup.count, *field.lookup.same):
                if name != "number":
                    yield from self._known(f"{place}.lookup", "field", name, tuple(self.form.values))
            if field.lookup.state is not None:
                yield from self._known(f"{place}.lookup", "state", field.lookup.state, tuple(self.form.state))
            yield from self._typed(
                f"{place}.lookup", field.lookup.within, wanted=lambda t: t == DURATION, said="a period"
            )

    def _circles(self) -> Iterator[Noticed]:
        needs: dict[str, frozenset[str]] = {}
        for name, field in self.form.values.items():
            written = [field.value, field.when, *(rule.when for rule in field.rules)]
            found: set[str] = set()
            for text in written:
                if text is not None:
                    found |= names(parse(text)) & set(self.form.values)
            needs[name] = frozenset(found)
        for name in needs:
            reached, frontier = set[str](), set(needs[name])
            while frontier:
                reached |= frontier
                frontier = {below for item in frontier for below in needs.get(item, frozenset())} - reached
            if name in reached:
                yield self._error(f"field.{name}", "depends on itself")

    def _step(self, name: str, step: Step) -> Iterator[Noticed]:
        place = f"step.{name}"
        for state in (*step.from_, *((step.to,) if step.to else ())):
            yield from self._known(place, "state", state, tuple(self.form.state))
        for role in step.by:
            yield from self._known(f"{place}.by", "role", role, self.around.roles)
        for other in step.not_by:
            if other != "issue":
                yield from self._known(f"{place}.not_by", "step", other, tuple(self.form.step))
        if step.signs is not None:
            yield from self._known(f"{place}.signs", "meaning", step.signs, SIGNATURE_MEANINGS)
        yield from self._condition(f"{place}.when", step.when)
        for field, written in step.sets.items():
            yield from self._known(f"{place}.sets", "field", field, tuple(self.form.values))
            yield from self._typed(f"{place}.sets", written, wanted=lambda _: True, said="a value")
        for field in step.clears:
            yield from self._known(f"{place}.clears", "field", field, tuple(self.form.values))

    def _states(self) -> Iterator[Noticed]:
        forward: dict[str, set[str]] = {state: set() for state in self.form.state}
        for step in self.form.step.values():
            for state in step.from_:
                if state in forward and step.to in forward:
                    forward[state].add(step.to)
        reached = _reach(self.form.first_state, forward)
        closed = self.form.closed_states
        for state in self.form.state:
            if state not in reached:
                yield self._error(f"state.{state}", "cannot be reached")
            elif closed and not _reach(state, forward) & closed:
                yield self._error(f"state.{state}", "leads to no closed state")
        if self.form.step and not closed:
            yield self._error("state", 'no state means "closed", so a record could never be closed')
        for name, field in self.form.values.items():
            for step_name in field.required_steps:
                needing = self.form.step.get(step_name)
                if needing is not None and name in self.form.set_by_steps and name not in needing.sets:
                    setters = {s for s, item in self.form.step.items() if name in item.sets}
                    if not setters - {step_name}:
                        yield self._error(
                            f"field.{name}.required", "nobody can give it before the step {step}", step=step_name
                        )

    def _changes_after_signing(self) -> Iterator[Noticed]:
        """Values that could change after a signed step without passing it again (seen as a real fault in trials)."""
        order = {state: number for number, state in enumerate(self.form.state)}
        for name, step in self.form.step.items():
            if step.signs is None or step.to is None:
                continue
            for field_name, field in self.form.values.items():
                needed = name in field.required_steps or any(field_name in self._spoken(c) for c in (step.when,))
                later = [
                    other
                    for other in field.may_change
                    if other != name and self._changes_unsigned(other, step.to, order)
                ]
                if needed and later:
                    said = message(
                        "may still change in the step {step} after {signed} was signed", step=later[0], signed=name
                    )
                    yield Severity.WARNING, f"field.{field_name}.may_change", said

    def _spoken(self, written: str | None) -> frozenset[str]:
        return names(parse(written)) if written is not None else frozenset()

    def _changes_unsigned(self, other: str, state: str, order: Mapping[str, int]) -> bool:
        step = self.form.step.get(other)
        if step is None or step.signs is not None:
            return False
        stays_ahead = step.to is None or order.get(step.to, 0) >= order.get(state, 0)
        return stays_ahead and any(order.get(start, -1) >= order.get(state, 0) for start in step.from_)

    def _clocks(self) -> Iterator[Noticed]:
        for name, clock in self.form.clock.items():
            place = f"clock.{name}"
            for point in (*clock.starts, *clock.stops):
                yield from self._known(place, "step or field", point, (*self.form.step, *self.form.values))
            for state in clock.pauses:
                yield from self._known(f"{place}.pauses", "state", state, tuple(self.form.state))
            yield from self._typed(f"{place}.within", clock.within, wanted=lambda t: t == DURATION, said="a period")
            yield from self._condition(f"{place}.when", clock.when)
            for escalation in clock.escalate:
                yield from self._known(f"{place}.escalate", "role", escalation.to, self.around.roles)
                yield from self._typed(
                    f"{place}.escalate", escalation.after, wanted=lambda t: t == DURATION, said="a period"
                )

    def _checks(self) -> Iterator[Noticed]:
        for name, check in self.form.check.items():
            yield from self._condition(f"check.{name}.must", check.must)
            yield from self._condition(f"check.{name}.when", check.when)
            for step in check.required:
                yield from self._known(f"check.{name}.required", "step", step, (*self.form.step, "issue"))

    def _raises(self) -> Iterator[Noticed]:
        for name, wanted in self.form.raise_.items():
            place = f"raise.{name}"
            yield from self._condition(f"{place}.when", wanted.when)
            for step in (*wanted.required, *wanted.closed):
                yield from self._known(place, "step", step, tuple(self.form.step))
            target = self.around.forms.get(wanted.form)
            if target is None:
                yield self._error(f"{place}.form", "there is no form {number}", number=wanted.form)
                continue
            for field, written in wanted.fill.items():
                yield from self._known(f"{place}.fill", "field", field, tuple(target.entered))
                yield from self._typed(f"{place}.fill", written, wanted=lambda _: True, said="a value")

    def _register(self) -> Iterator[Noticed]:
        view = self.form.register_
        for column in view.columns if view else ():
            head, _, rest = column.partition(".")
            known: Sequence[str] = (*REGISTER_COLUMNS, *self.form.values)
            if head == "clock" and rest:
                yield from self._known("register.columns", "clock", rest.split(".")[0], tuple(self.form.clock))
            elif head == "raise" and rest:
                yield from self._known("register.columns", "raise", rest, tuple(self.form.raise_))
            else:
                yield from self._known("register.columns", "column", head, known)


def _reach(start: str, forward: Mapping[str, set[str]]) -> set[str]:
    reached, frontier = {start}, [start]
    while frontier:
        for state in forward[frontier.pop()]:
            if state not in reached:
                reached.add(state)
                frontier.append(state)
    return reached
