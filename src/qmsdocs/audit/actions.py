"""Rules on actions: who does what until when, whether it was done, and whether anybody looked if it helped.

An action is a line of a table that means `action`, or a whole record whose form says until when (`due_on`) and when it
was done (`done_on`). Records are judged by their index rows; events are read only where a row raises a doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeAlias

from qmsdocs.audit.rule import Hit, Rule
from qmsdocs.audit.scope import Scope
from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import QmsError, message
from qmsdocs.model.evaluation import holds
from qmsdocs.model.expression import parameters, parse
from qmsdocs.model.facts import RecordFacts
from qmsdocs.model.form import Field, FieldType, Form, Raise
from qmsdocs.model.quantity import Quantity
from qmsdocs.model.record import FormReference, Record
from qmsdocs.model.release import ItemKind
from qmsdocs.query.custody import has_left
from qmsdocs.query.purpose import column, day_of
from qmsdocs.query.view import facts_then
from qmsdocs.store.index import Filter
from qmsdocs.store.rows import Row

ACTION, EFFECTIVENESS, ROOT_CAUSE, OWNER = "action", "effectiveness", "root_cause", "owner"


@dataclass(frozen=True, slots=True)
class Action:
    """Something to be done. `line` is that of the table, 0 where the record is the action; `place` names the field."""

    line: int
    place: str
    owner: str
    due_on: date | None
    is_done: bool


# ── which records


Judge: TypeAlias = "Callable[[Scope, Form, Row], Iterator[Hit]]"
Concerns: TypeAlias = "Callable[[Form], bool]"


def _each(scope: Scope, concerns: Concerns, judge: Judge, *, is_closed: bool | None = None) -> Iterator[Hit]:
    """What `judge` finds in every record of a form that concerns it, void ones left out.

    A record that cannot be read or judged is left out: the rules on records speak of it.
    """
    numbers = _forms(scope, concerns)
    if not numbers:
        return
    for row in scope.system.index.records(Filter(forms=numbers, is_void=False, is_closed=is_closed)):
        form = _form(scope, FormReference(row.form, row.revision, row.form_sha256))
        if form is not None and concerns(form):
            with suppress(QmsError):
                yield from tuple(judge(scope, form, row))


def _forms(scope: Scope, concerns: Concerns) -> tuple[str, ...]:
    """The forms of which any revision concerns a rule."""
    found = set()
    for release in scope.system.releases:
        if release.kind is ItemKind.FORM and release.first_day is not None and release.number not in found:
            form = _form(scope, FormReference(release.number, release.revision, release.manifest))
            if form is not None and concerns(form):
                found.add(release.number)
    return tuple(sorted(found))


def _form(scope: Scope, reference: FormReference) -> Form | None:
    """A form revision, None where it is not held here or damaged."""
    try:
        return scope.system.form_of(reference).form
    except QmsError:
        return None


def _facts(scope: Scope, form: Form, row: Row, known: Mapping[str, Quantity] | None = None) -> RecordFacts:
    """What expressions see of a record as the index holds it, derived values as they were stored."""
    system = scope.system
    return RecordFacts(form, row.values, known or {}, system.calendar, system.now, row.state).as_stored(row.derived)


def _holds(row: Row, name: str) -> bool:
    """Whether a record may have a value under a name, asked without reading its values."""
    return f'"{name}":'.encode() in row.given_json


def _name(scope: Scope, person: str) -> str:
    return scope.system.people.names().get(person, person) or "-"


# ── open actions


def without_owner(scope: Scope) -> Iterator[Hit]:
    """An open action that nobody is named for."""
    return _each(scope, _has_actions, _without_owner, is_closed=False)


def _without_owner(scope: Scope, form: Form, row: Row) -> Iterator[Hit]:
    for action in _open_actions(scope, form, row):
        if action.line and not action.owner:
            yield Hit(row.number, message("action {line} has no owner", line=action.line), action.place)


def without_due_date(scope: Scope) -> Iterator[Hit]:
    """An open action without a day by which it is to be done."""
    return _each(scope, _has_actions, _without_due_date, is_closed=False)


def _without_due_date(scope: Scope, form: Form, row: Row) -> Iterator[Hit]:
    for action in _open_actions(scope, form, row):
        if action.line and action.due_on is None:
            yield Hit(row.number, message("action {line} has no due date", line=action.line), action.place)


def past_due(scope: Scope) -> Iterator[Hit]:
    """An open action whose day has passed."""
    return _each(scope, _has_actions, _past_due, is_closed=False)


def _past_due(scope: Scope, form: Form, row: Row) -> Iterator[Hit]:
    for action in _open_actions(scope, form, row):
        if action.due_on is None or action.due_on >= scope.today:
            continue
        owner = _name(scope, action.owner)
        said = (
            message("action {line} was due on {day} ({owner})", line=action.line, day=action.due_on, owner=owner)
            if action.line
            else message("it was due on {day} ({owner})", day=action.due_on, owner=owner)
        )
        yield Hit(row.number, said, action.place)


def owner_left(scope: Scope) -> Iterator[Hit]:
    """An open record or action of somebody who does not serve any more."""
    return _each(scope, lambda form: bool(form.closed_states), _owner_left, is_closed=False)


def _owner_left(scope: Scope, form: Form, row: Row) -> Iterator[Hit]:
    owned = {row.owner: form.meaning(OWNER) or ""}
    for action in _open_actions(scope, form, row):
        owned.setdefault(action.owner, action.place)
    for person, place in owned.items():
        if has_left(scope.system, person):
            said = message("{person} has left and still answers for it", person=_name(scope, person))
            yield Hit(row.number, said, place)


def _has_actions(form: Form) -> bool:
    return bool(_tables(form)) or (form.meaning("due_on") is not None and form.meaning("done_on") is not None)


def _tables(form: Form) -> tuple[str, ...]:
    return tuple(name for name, item in form.field.items() if item.means == ACTION)


def _open_actions(scope: Scope, form: Form, row: Row) -> Iterator[Action]:
    """The actions of an open record that are not done, those in tables first."""
    facts = _facts(scope, form, row)
    yield from (action for action in _lines(facts) if not action.is_done)
    due_on, done_on = form.meaning("due_on"), form.meaning("done_on")
    if due_on is not None and done_on is not None and facts.stored(done_on) is None:
        yield Action(0, due_on, row.owner, day_of(facts.stored(due_on)), is_done=False)


def _lines(facts: RecordFacts) -> Iterator[Action]:
    """The actions in the tables of a record, as far as the tables apply to it."""
    for name in _tables(facts.form):
        field, stored = facts.form.field[name], facts.stored(name)
        rows = stored if isinstance(stored, list) else list(stored.values()) if isinstance(stored, dict) else []
        for line, row in enumerate(rows, 1):
            if isinstance(row, dict):
                yield _action(name, field, line, row)


def _action(name: str, field: Field, line: int, row: Mapping[str, Json]) -> Action:
    owner, due_on, done_on = (row.get(column(field, means)) for means in (OWNER, "due_on", "done_on"))
    is_done = done_on is not None or not column(field, "done_on")  # a table without that column cannot tell
    return Action(line, f"{name}[{line}]", str(owner or ""), day_of(due_on), is_done)


# ── time limits


def limit_overrun(scope: Scope) -> Iterator[Hit]:
    """An open record with a time limit that has run out."""
    return _each(scope, lambda form: any(c.within for c in form.clock.values()), _limit_overrun, is_closed=False)


def _limit_overrun(scope: Scope, form: Form, row: Row) -> Iterator[Hit]:
    """What other records were counted for it is taken as it was counted then: to count anew for each takes too long."""
    system = scope.system
    facts = replace(facts_then(system, system.form_of_row(row), system.record_at(row.key)), now=system.now)
    for name, clock in form.clock.items():
        reading = facts.reading(name)
        if reading is not None and reading.due_at is not None and reading.stopped_at is None and reading.is_overdue:
            said = message("{clock}: the time was up at {time} ({owner})", clock=clock.title,
                           time=f"{reading.due_at:%Y-%m-%d %H:%M}", owner=_name(scope, row.owner))  # fmt: skip
            yield Hit(row.number, said, f"clock.{name}")


# ── closed, and was it looked at


def closed_with_open_action(scope: Scope) -> Iterator[Hit]:
    """A closed record with an action that nobody finished."""
    return _each(scope, lambda form: bool(_tables(form)), _closed_with_open_action, is_closed=True)


def _closed_with_open_action(scope: Scope, form: Form, row: Row) -> Iterator[Hit]:
    if any(_holds(row, name) for name in _tables(form)):
        for action in _lines(_facts(scope, form, row)):
            if not action.is_done:
                said = message("it is closed, and action {line} was never done", line=action.line)
                yield Hit(row.number, said, action.place)


def effectiveness_missing(scope: Scope) -> Iterator[Hit]:
    """A record closed after actions without a word on their effect, where its form has a place for it."""
    return _each(scope, lambda form: form.meaning(EFFECTIVENESS) is not None, _effectiveness_missing, is_closed=True)


def _effectiveness_missing(scope: Scope, form: Form, row: Row) -> Iterator[Hit]:
    if name := _left_empty(scope, form, row, EFFECTIVENESS):
        yield Hit(row.number, message("it is closed, and nobody checked whether the actions were effective"), name)


def root_cause_missing(scope: Scope) -> Iterator[Hit]:
    """A record closed after actions without a root cause, where its form has a place for it."""
    return _each(scope, lambda form: form.meaning(ROOT_CAUSE) is not None, _root_cause_missing, is_closed=True)


def _root_cause_missing(scope: Scope, form: Form, row: Row) -> Iterator[Hit]:
    if name := _left_empty(scope, form, row, ROOT_CAUSE):
        yield Hit(row.number, message("it is closed without a root cause"), name)


def _left_empty(scope: Scope, form: Form, row: Row, means: str) -> str:
    """The field that means so, where it applies to a closed record and is empty although something was done.

    A form without a table of actions cannot tell: there it counts only where no step ever asks for it.
    """
    name = form.meaning(means) or ""
    field, is_told = form.field[name], bool(_tables(form))
    if field.is_derived or _holds(row, name) or (field.required and not is_told):
        return ""
    facts = _facts(scope, form, row)
    return name if facts.applies(name) and (not is_told or any(_lines(facts))) else ""


def checked_by_doer(scope: Scope) -> Iterator[Hit]:
    """An effectiveness check by somebody who owned an action or wrote down the cause."""
    return _each(scope, _asks_for_a_check, _checked_by_doer)


def _asks_for_a_check(form: Form) -> bool:
    is_about_actions = bool(_tables(form)) or form.meaning(ROOT_CAUSE) is not None
    return form.meaning(EFFECTIVENESS) is not None and is_about_actions


def _checked_by_doer(scope: Scope, form: Form, row: Row) -> Iterator[Hit]:
    name = form.meaning(EFFECTIVENESS) or ""
    if not _holds(row, name):
        return
    named = _checking_people(form, name)
    if _tables(form) and named:  # both are told by values: no event need be read
        checkers = {str(row.values.get(person) or "") for person in named}
        doers = {row.owner, *(action.owner for action in _lines(_facts(scope, form, row)))}
    else:
        record = scope.system.record_at(row.key)
        checkers = _giver(record, name)
        doers = _giver(record, form.meaning(ROOT_CAUSE)) | {a.owner for a in _lines(_facts(scope, form, row))}
    for person in sorted(checkers & doers - {""}):
        said = message("{person} checked the effect of his own work", person=_name(scope, person))
        yield Hit(row.number, said, name)


def _checking_people(form: Form, name: str) -> tuple[str, ...]:
    """The fields that name who checks: people asked for by the same steps as the result."""
    steps = set(form.field[name].required_steps)
    return tuple(
        other
        for other, field in form.values.items()
        if field.type is FieldType.PERSON and field.means is None and steps & set(field.required_steps)
    )


def _giver(record: Record, name: str | None) -> set[str]:
    """Who gave a value last, nobody where there is none."""
    given = [event.by for event in record.events if name is not None and event.changes.get(name) is not None]
    return set(given[-1:])


# ── records called for


def called_for_missing(scope: Scope) -> Iterator[Hit]:
    """A record that another one called for and that does not exist, although the step that needs it is taken.

    Whether it is called for is judged by what the record says today: a complaint that rose in level since needs it too.
    """
    return _each(scope, lambda form: any(item.required for item in form.raise_.values()), _called_for_missing)


def _called_for_missing(scope: Scope, form: Form, row: Row) -> Iterator[Hit]:
    for name, wanted in form.raise_.items():
        if not (_is_past(form, row, wanted) and _is_called_for(scope, form, row, wanted)):
            continue
        if any(child.raised == name and not child.is_void for child in scope.system.raised(row.number)):
            continue
        acts = {event.act for event in scope.system.record_at(row.key).events}
        for step in [step for step in wanted.required if step in acts][:1]:
            said = message("{title} had to be raised before the step {step} and does not exist",
                           title=wanted.title, step=form.step[step].title)  # fmt: skip
            yield Hit(row.number, said, f"raise.{name}")


def _is_past(form: Form, row: Row, wanted: Raise) -> bool:
    """Whether a record stands where a step that needs the other record leads, or further on."""
    order = {state: number for number, state in enumerate(form.state)}
    reached = [order[to] for step in wanted.required if (to := form.step[step].to) in order]
    return row.state in order and any(order[row.state] >= position for position in reached)


def _is_called_for(scope: Scope, form: Form, row: Row, wanted: Raise) -> bool:
    if wanted.when is None:
        return True
    condition = parse(wanted.when)
    known: Mapping[str, Quantity] = {}
    if parameters(condition):
        day = day_of(row.opened_at) or scope.today
        known = scope.system.definitions.parameters(form.procedure, on=min(day, scope.today))[0]
    return holds(condition, _facts(scope, form, row, known))


RULES: tuple[Rule, ...] = (
    Rule("ACT501", without_owner),
    Rule("ACT502", without_due_date),
    Rule("ACT503", past_due),
    Rule("ACT504", limit_overrun),
    Rule("ACT505", closed_with_open_action),
    Rule("ACT506", effectiveness_missing),
    Rule("ACT507", checked_by_doer),
    Rule("ACT508", root_cause_missing),
    Rule("ACT509", called_for_missing),
    Rule("ACT510", owner_left),
)
