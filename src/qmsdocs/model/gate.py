"""May this act be taken? What an act needs, and everything that speaks against it, as values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import message
from qmsdocs.base.language import Text
from qmsdocs.model.evaluation import evaluate, holds
from qmsdocs.model.expression import named, parse
from qmsdocs.model.facts import RecordFacts
from qmsdocs.model.form import Field, FieldType, Form, Step
from qmsdocs.model.value import Refusal

ISSUE = "issue"


@dataclass(frozen=True, slots=True)
class Raised:
    """A record raised by this one under the name `raised`."""

    raised: str
    number: str
    is_closed: bool
    is_void: bool


def refuse_changes(
    form: Form, before: Mapping[str, Json], changes: Mapping[str, Json], *, step: str
) -> Iterator[Refusal]:
    """What speaks against `changes` in `step`: fields nobody types, given values the step may not change."""
    for name, new in changes.items():
        field = form.values[name]
        if field.is_derived:
            yield Refusal(name, message("is worked out by the program and cannot be given"))
        elif name in form.set_by_steps:
            yield Refusal(name, message("is set by a step and cannot be given"))
        elif name in before and before[name] != new and step not in field.may_change:
            yield Refusal(
                name,
                message(
                    "has a value already; correct it with a reason: qmsdocs record amend --set {name}=…", name=name
                ),
            )


def refuse_values(facts: RecordFacts, given: Sequence[str], *, act: str) -> Iterator[Refusal]:
    """What speaks against the values after the act: missing ones it needs, ones that do not apply, checks that fail."""
    for name in given:
        if facts.values.get(name) is not None and not facts.applies(name):
            yield Refusal(name, message("does not apply here; leave it empty"))
    for name, needed in _asked(facts.form, act).items():
        yield from _missing(facts, name, act, needed=needed)
    for name, check in facts.form.check.items():
        if check.required and act not in check.required:
            continue
        if check.when is not None and not holds(parse(check.when), facts):
            continue
        if not check.required and check.when is None and not _speaks(facts, check.must):
            continue
        if not holds(parse(check.must), facts):
            yield Refusal(name, message("{says}", says=check.says))


def _speaks(facts: RecordFacts, must: str) -> bool:
    """Whether a check without `when` and `required` has anything to speak of yet: any field it names is given."""
    from_fields = tuple(name for name in named(must) if name in facts.form.field)
    return not from_fields or any(facts.stored(name) is not None for name in from_fields)


def _asked(form: Form, act: str) -> Mapping[str, bool]:
    """The fields that can lack something at an act, and whether the act needs them: most fields of most acts do not."""
    if act not in form.asked:
        needs = {n: f.required is True if act == ISSUE else act in f.required_steps for n, f in form.values.items()}
        form.asked[act] = {n: need for n, need in needs.items() if need or form.values[n].type is FieldType.TABLE}
    return form.asked[act]


def _missing(facts: RecordFacts, name: str, act: str, *, needed: bool) -> Iterator[Refusal]:
    field, stored = facts.form.values[name], facts.stored(name)
    if needed and stored is None and facts.applies(name):
        yield Refusal(name, message("is missing"))
    if field.rows:
        yield from _missing_in_fixed_rows(name, field, stored, act, needed=needed)
    elif field.type is FieldType.TABLE and isinstance(stored, list):
        for number, row in enumerate(stored, 1):
            for column, definition in field.column.items():
                if act in definition.required_steps and isinstance(row, dict) and row.get(column) is None:
                    yield Refusal(f"{name}[{number}].{column}", message("is missing"))


def _missing_in_fixed_rows(name: str, field: Field, stored: Json, act: str, *, needed: bool) -> Iterator[Refusal]:
    if not isinstance(stored, dict):
        return
    for row in field.rows:
        cells = stored.get(row)
        for column, definition in field.column.items():
            asked = act in definition.required_steps or (needed and definition.required is True)
            if asked and not (isinstance(cells, dict) and column in cells):
                yield Refusal(f"{name}.{row}.{column}", message("is missing"))


def refuse_step(
    facts: RecordFacts, step: Step, *, taken_by: Mapping[str, str], person: str, condition: Text | None = None
) -> Iterator[Refusal]:
    """What speaks against the step itself: where the record stands, who took which step before, its condition.

    `condition` is the condition of the step in words.
    """
    if facts.state not in step.from_:
        stands = facts.form.state[facts.state].title if facts.state in facts.form.state else facts.state
        allowed = tuple(facts.form.state[name].title for name in step.from_)
        yield Refusal(
            "", message("the record stands at {state}; this step goes from {allowed}", state=stands, allowed=allowed)
        )
    if step.when is not None and not holds(parse(step.when), facts):
        said = message("the condition of the step is not met: {condition}", condition=condition or step.when)
        yield Refusal("", said)
    for other in step.not_by:
        if taken_by.get(other) == person:
            title = facts.form.step[other].title if other in facts.form.step else other
            yield Refusal("", message("whoever took the step {step} cannot take this one", step=title))


def refuse_raises(facts: RecordFacts, act: str, raised: Sequence[Raised], *, number: str) -> Iterator[Refusal]:
    """The records this act on the record `number` needs first: raised before it, or closed before it."""
    for name, wanted in facts.form.raise_.items():
        if act not in (*wanted.required, *wanted.closed):
            continue
        if wanted.when is not None and not holds(parse(wanted.when), facts):
            continue
        there = [item for item in raised if item.raised == name and not item.is_void]
        if not there:
            yield Refusal(
                "",
                message(
                    "{title} must be raised first: qmsdocs record raise {number} {name}",
                    title=wanted.title,
                    number=number,
                    name=name,
                ),
            )
        elif act in wanted.closed:
            for item in there:
                if not item.is_closed:
                    yield Refusal(
                        "", message("{title} {number} must be closed first", title=wanted.title, number=item.number)
                    )


def step_sets(facts: RecordFacts, step: Step) -> Mapping[str, Json]:
    """What the step itself writes: cleared fields as null, then what it sets."""
    cleared: dict[str, Json] = {name: None for name in step.clears if name in facts.values}
    worked_out = {
        name: facts.canonical(facts.form.field[name], evaluate(parse(e), facts)) for name, e in step.sets.items()
    }
    return cleared | worked_out


def raised_values(facts: RecordFacts, name: str, target: Form) -> Mapping[str, Json]:
    """The first values of the record raised under `name`: its fields filled from this record."""
    found: dict[str, Json] = {}
    for field, written in facts.form.raise_[name].fill.items():
        definition = target.values.get(field)
        if definition is None or definition.is_derived:
            continue
        value = facts.canonical(definition, evaluate(parse(written), facts))
        if value is not None:
            found[field] = value
    return found
