"""The walk over a form definition: names that resolve, types that fit, states and steps that lead somewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from qmsdocs.base.errors import message
from qmsdocs.model.expression import named
from qmsdocs.model.field_check import FieldWalk, Noticed, Walk
from qmsdocs.model.finding import Finding, Severity
from qmsdocs.model.form import FieldType, Form, Step
from qmsdocs.model.quantity import Quantity

SIGNATURE_MEANINGS = ("prepared", "reviewed", "countersigned", "approved", "verified", "acknowledged")
MAXIMUM_FIELDS = 300
REGISTER_COLUMNS = ("number", "state", "opened_on", "closed_on", "form", "revision", "days_open")
ISSUE = "issue"


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
    for severity, place, said in _FormWalk(form, around.parameters, around).findings():
        yield Finding("DEF101" if severity is Severity.ERROR else "DEF201", severity, form.number, said, place)


@dataclass(frozen=True)
class _FormWalk(Walk):
    around: Surroundings

    def findings(self) -> Iterator[Noticed]:
        yield from self._head()
        yield from FieldWalk(self.form, self.parameters).findings()
        for name, step in self.form.step.items():
            yield from self._step(name, step)
        yield from self._states()
        yield from self._enterable()
        yield from self._changes_after_signing()
        yield from self._clocks()
        yield from self._checks()
        yield from self._raises()
        yield from self._register()

    def _head(self) -> Iterator[Noticed]:
        if len(self.form.field) > MAXIMUM_FIELDS:
            yield self.error("field", "more than {limit} fields", limit=MAXIMUM_FIELDS)
        yield from self.known("retention", message("retention class"), self.form.retention, self.around.classes)
        yield from self.known("owner", message("role"), self.form.owner, self.around.roles)
        if self.around.parameters is None:
            yield self.error("procedure", "there is no procedure {number}", number=self.form.procedure)
        if self.around.several_sites and "site" not in self.form.pattern.parts:
            yield self.error("series.number", "with several sites the number needs {{site}}")
        others = {n: o.series.id for n, o in self.around.forms.items() if n != self.form.number}
        same = [n for n, other in others.items() if _share_a_folder(other, self.form.series.id)]
        if same:
            yield self.error(
                "series.id", "the form {other} has the series {series} too", other=same[0], series=others[same[0]]
            )

    def _step(self, name: str, step: Step) -> Iterator[Noticed]:
        place = f"step.{name}"
        for state in (*step.from_, *((step.to,) if step.to else ())):
            yield from self.known(place, message("state"), state, tuple(self.form.state))
        for role in step.by:
            yield from self.known(f"{place}.by", message("role"), role, self.around.roles)
        for other in step.not_by:
            yield from self.known(f"{place}.not_by", message("step"), other, (*self.form.step, ISSUE))
        if step.signs is not None:
            yield from self.known(f"{place}.signs", message("meaning"), step.signs, SIGNATURE_MEANINGS)
        yield from self.condition(f"{place}.when", step.when)
        own = tuple(name for name, field in self.form.values.items() if not field.is_derived)
        for field, written in step.sets.items():
            yield from self.known(f"{place}.sets.{field}", message("field"), field, own)
            if field in own:
                yield from self.fits(f"{place}.sets.{field}", written, self.form, self.form.field[field])
        for field in step.clears:
            yield from self.known(f"{place}.clears", message("field"), field, own)

    def _forward(self) -> Mapping[str, set[str]]:
        forward: dict[str, set[str]] = {state: set() for state in self.form.state}
        for step in self.form.step.values():
            for state in step.from_:
                if state in forward and step.to in forward:
                    forward[state].add(step.to)
        return forward

    def _states(self) -> Iterator[Noticed]:
        forward = self._forward()
        reached = _reach(self.form.first_state, forward)
        closed = self.form.closed_states
        for state in self.form.state:
            if state not in reached:
                yield self.error(f"state.{state}", "cannot be reached")
            elif closed and not _reach(state, forward) & closed:
                yield self.error(f"state.{state}", "leads to no closed state")
        if self.form.step and not closed:
            yield self.error("state", 'no state means "closed", so a record could never be closed')

    def _enterable(self) -> Iterator[Noticed]:
        """Fields a step needs that only other steps set, none of which can come before it."""
        forward = self._forward()
        for name in self.form.set_by_steps & self.form.values.keys():
            setters = [step for step in self.form.step.values() if name in step.sets]
            after = {step.to or start for step in setters for start in step.from_}
            ahead = {state for start in after if start in forward for state in _reach(start, forward)}
            for needing in self.form.field[name].required_steps:
                step = self.form.step.get(needing)
                if step is not None and name not in step.sets and not ahead & set(step.from_):
                    place = f"field.{name}.required"
                    yield self.error(place, "nobody can give it before the step {step}", step=needing)

    def _changes_after_signing(self) -> Iterator[Noticed]:
        """Values that could change after a signed step without passing it again (seen as a real fault in trials)."""
        order = {state: number for number, state in enumerate(self.form.state)}
        for name, step in self.form.step.items():
            if step.signs is None or step.to is None:
                continue
            for field_name, field in self.form.values.items():
                spoken = named(step.when) if step.when is not None else frozenset()
                needed = name in field.required_steps or field_name in spoken
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

    def _changes_unsigned(self, other: str, state: str, order: Mapping[str, int]) -> bool:
        step = self.form.step.get(other)
        if step is None or step.signs is not None:
            return False
        stays_ahead = step.to is None or order.get(step.to, 0) >= order.get(state, 0)
        return stays_ahead and any(order.get(start, -1) >= order.get(state, 0) for start in step.from_)

    def _clocks(self) -> Iterator[Noticed]:
        for name, clock in self.form.clock.items():
            place = f"clock.{name}"
            moments = [n for n, f in self.form.values.items() if f.type in (FieldType.DATE, FieldType.DATETIME)]
            for point in (*clock.starts, *clock.stops):
                yield from self.known(place, message("step or date"), point, (ISSUE, *self.form.step, *moments))
            for state in clock.pauses:
                yield from self.known(f"{place}.pauses", message("state"), state, tuple(self.form.state))
            yield from self.period(f"{place}.within", clock.within)
            yield from self.condition(f"{place}.when", clock.when)
            for escalation in clock.escalate:
                yield from self.known(f"{place}.escalate", message("role"), escalation.to, self.around.roles)
                yield from self.period(f"{place}.escalate", escalation.after)

    def _checks(self) -> Iterator[Noticed]:
        for name, check in self.form.check.items():
            yield from self.condition(f"check.{name}.must", check.must)
            yield from self.condition(f"check.{name}.when", check.when)
            for step in check.required:
                yield from self.known(f"check.{name}.required", message("step"), step, (*self.form.step, ISSUE))

    def _raises(self) -> Iterator[Noticed]:
        for name, wanted in self.form.raise_.items():
            place = f"raise.{name}"
            yield from self.condition(f"{place}.when", wanted.when)
            for step in (*wanted.required, *wanted.closed):
                yield from self.known(place, message("step"), step, tuple(self.form.step))
            target = self.around.forms.get(wanted.form)
            if target is None:
                yield self.error(f"{place}.form", "there is no form {number}", number=wanted.form)
                continue
            for field, written in wanted.fill.items():
                yield from self.known(f"{place}.fill.{field}", message("field"), field, tuple(target.entered))
                if field in target.entered:
                    yield from self.fits(f"{place}.fill.{field}", written, target, target.field[field])

    def _register(self) -> Iterator[Noticed]:
        view = self.form.register_
        if view is None:
            return
        for key, columns in (("columns", view.columns), ("order", view.order)):
            for column in columns:
                yield from self._column(f"register.{key}", column)

    def _column(self, place: str, column: str) -> Iterator[Noticed]:
        head, _, rest = column.partition(".")
        name, _, what = rest.partition(".")
        if head == "clock" and rest:
            yield from self.known(place, message("clock"), name, tuple(self.form.clock))
            if what:
                yield from self.known(place, message("column"), what, ("due_at",))
        elif head == "raise" and rest:
            yield from self.known(place, message("raise"), rest, tuple(self.form.raise_))
        else:
            yield from self.known(place, message("column"), column, (*REGISTER_COLUMNS, *self.form.values))


def _reach(start: str, forward: Mapping[str, set[str]]) -> set[str]:
    reached, frontier = {start}, [start]
    while frontier:
        for state in forward[frontier.pop()]:
            if state not in reached:
                reached.add(state)
                frontier.append(state)
    return reached


def _share_a_folder(one: str, other: str) -> bool:
    """Whether counters of two series may meet: equal ids, or one is the other with a part behind (month, project)."""
    return one == other or one.startswith(f"{other}-") or other.startswith(f"{one}-")
