"""Rules on what came of actions: done before closing, their effect checked by somebody else, the cause written down.

They look at single records, so that what was judged once need not be judged again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress

from qmsdocs.audit.case import Case
from qmsdocs.audit.records import RecordRule
from qmsdocs.audit.rule import Hit, Rule
from qmsdocs.audit.scope import Scope
from qmsdocs.base.errors import QmsError, message
from qmsdocs.model.evaluation import holds
from qmsdocs.model.expression import parse
from qmsdocs.model.facts import RecordFacts
from qmsdocs.model.form import FieldType, Form, Raise
from qmsdocs.model.quantity import Quantity
from qmsdocs.model.record import Record
from qmsdocs.query.action import OWNER, lines, tables
from qmsdocs.store.index import Filter
from qmsdocs.system.view import System

EFFECTIVENESS, ROOT_CAUSE = "effectiveness", "root_cause"


def closed_with_open_action(case: Case) -> Iterator[Hit]:
    """A closed record with an action that nobody finished."""
    form = _form(case)
    if form is None or not tables(form) or case.record.state not in form.closed_states:
        return
    for action in lines(_facts(case, form)):
        if not action.is_done:
            said = message("it is closed, and action {line} was never done", line=action.line)
            yield Hit(case.number, said, action.place)


def effectiveness_missing(case: Case) -> Iterator[Hit]:
    """A record closed after actions without a word on their effect, where its form has a place for it."""
    if name := _left_empty(case, EFFECTIVENESS):
        yield Hit(case.number, message("it is closed, and nobody checked whether the actions were effective"), name)


def root_cause_missing(case: Case) -> Iterator[Hit]:
    """A record closed after actions without a root cause, where its form has a place for it."""
    if name := _left_empty(case, ROOT_CAUSE):
        yield Hit(case.number, message("it is closed without a root cause"), name)


def _left_empty(case: Case, means: str) -> str:
    """The field that means so, where it applies to a closed record and is empty although something was done.

    A form without a table of actions cannot tell: there it counts only where no step ever asks for it.
    """
    form = _form(case)
    name = form.meaning(means) if form is not None else None
    if form is None or name is None or case.record.state not in form.closed_states:
        return ""
    is_told = bool(tables(form))
    if form.field[name].required and not is_told:
        return ""
    facts = _facts(case, form)
    is_empty = facts.applies(name) and facts.stored(name) is None
    return name if is_empty and (not is_told or any(lines(facts))) else ""


def checked_by_doer(case: Case) -> Iterator[Hit]:
    """An effectiveness check by somebody who owned an action or wrote down the cause."""
    form = _form(case)
    name = form.meaning(EFFECTIVENESS) if form is not None else None
    givers = _giver(case.record, name) if name is not None else set()
    if form is None or name is None or not givers or not (tables(form) or form.meaning(ROOT_CAUSE)):
        return
    facts = _facts(case, form)
    doers = _giver(case.record, form.meaning(ROOT_CAUSE)) | {action.owner for action in lines(facts)}
    if tables(form):
        doers.add(str(facts.values.get(form.meaning(OWNER) or "") or ""))
    named = {str(facts.values[person]) for person in _checking_people(form, name) if person in facts.values}
    checkers = (named or givers) if facts.stored(name) is not None else set()
    people = case.judge.system.people.names()
    for person in sorted(checkers & doers):
        said = message("{person} checked the effect of his own work", person=people.get(person, person))
        yield Hit(case.number, said, name)


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


def called_for_missing(case: Case) -> Iterator[Hit]:
    """A record that another one called for and that does not exist, although the step that needs it is taken.

    Whether it is called for is judged by what the record says now: a complaint that rose in level since needs it too.
    """
    form = _form(case)
    needing = {step for wanted in form.raise_.values() for step in wanted.required} if form is not None else set()
    if form is not None and any(event.act in needing for event in case.record.events):
        yield from _not_raised(case.judge.system, _facts(case, form), case.record)


def called_for_voided(scope: Scope) -> Iterator[Hit]:
    """The same, where the record that was called for has been voided since."""
    system = scope.system
    voided = system.index.records(Filter(forms=system.form_numbers, is_void=True))
    for number in dict.fromkeys(row.raised_from for row in voided if row.raised_from):
        with suppress(QmsError):  # one that is not held here, or cannot be read, is said by other rules
            record = system.record(number).record
            form = system.form_of(record.form).form
            facts = _as_stored(system, form, record, system.parameters_of(record))
            yield from tuple(_not_raised(system, facts, record)) if not record.is_void else ()


def _not_raised(system: System, facts: RecordFacts, record: Record) -> Iterator[Hit]:
    acts = {event.act for event in record.events}
    for name, wanted in facts.form.raise_.items():
        taken = [step for step in wanted.required if step in acts]
        if not taken or not _is_past(facts, wanted) or (wanted.when and not holds(parse(wanted.when), facts)):
            continue
        if not any(child.raised == name and not child.is_void for child in system.raised(record.number)):
            said = message("{title} had to be raised before the step {step} and does not exist",
                           title=wanted.title, step=facts.form.step[taken[0]].title)  # fmt: skip
            yield Hit(record.number, said, f"raise.{name}")


def _is_past(facts: RecordFacts, wanted: Raise) -> bool:
    """Whether a record stands where a step that needs the other record leads, or further on."""
    order = {state: number for number, state in enumerate(facts.form.state)}
    reached = [order[to] for step in wanted.required if (to := facts.form.step[step].to) in order]
    return facts.state in order and any(order[facts.state] >= position for position in reached)


def _form(case: Case) -> Form | None:
    """The form of a record, None where it is void or cannot be judged: other rules speak of that."""
    is_judged = bool(case.stored) and case.form is not None and case.is_understood and not case.record.is_void
    return case.form.form if case.form is not None and is_judged else None


def _facts(case: Case, form: Form) -> RecordFacts:
    parameters = case.judge.parameters(case.record.first.mapping("parameters"))
    return _as_stored(case.judge.system, form, case.record, parameters or {})


def _as_stored(system: System, form: Form, record: Record, parameters: Mapping[str, Quantity]) -> RecordFacts:
    """The facts as the newest event holds them, whatever day it is now."""
    at = record.last.recorded_at.astimezone(system.zone)
    return RecordFacts(form, record.values, parameters, system.calendar, at, record.state).as_stored(record.derived)


RULES: tuple[Rule, ...] = (Rule("ACT509", called_for_voided),)
RECORD_RULES: tuple[RecordRule, ...] = (
    RecordRule("ACT505", closed_with_open_action),
    RecordRule("ACT506", effectiveness_missing),
    RecordRule("ACT507", checked_by_doer),
    RecordRule("ACT508", root_cause_missing),
    RecordRule("ACT509", called_for_missing),
)
