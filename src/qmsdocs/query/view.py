"""A record as it stands at the asked moment: what its expressions see, look-ups answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

from qmsdocs.base.canonical import Json
from qmsdocs.model.calendar import CIVIL, END_OF_DAY, add_period
from qmsdocs.model.clock import Moment
from qmsdocs.model.evaluation import evaluate, holds
from qmsdocs.model.expression import parse as parse_expression
from qmsdocs.model.facts import RecordFacts
from qmsdocs.model.form import Lookup, Step
from qmsdocs.model.quantity import Quantity, Unit
from qmsdocs.model.record import Record
from qmsdocs.store.rows import fact_texts
from qmsdocs.system.definitions import FormInForce
from qmsdocs.system.view import System


def facts_of(
    system: System,
    form: FormInForce,
    record: Record,
    *,
    changes: Mapping[str, Json] | None = None,
    state: str | None = None,
    taken: Sequence[Moment] = (),
) -> RecordFacts:
    """The record's facts now, with `changes`, `state` and acts `taken` as if they had been."""
    values = {name: value for name, value in {**record.values, **(changes or {})}.items() if value is not None}
    facts = new_facts(system, form, values, state=state or record.state, parameters=system.parameters_of(record))
    return counted(system, replace(facts, moments=(*system.moments(record), *taken)), number=record.number)


def facts_then(system: System, form: FormInForce, record: Record) -> RecordFacts:
    """The record's facts as they were at its newest event, look-ups as counted then: what its page must agree with."""
    known = [event for event in record.events if event.act != "void"]  # voiding works nothing out anew
    derived = known[-1].mapping("derived")
    looked_up = {
        name: (value, ())
        for name, value in derived.items()
        if isinstance(value, int) and name in form.form.values and form.form.values[name].lookup is not None
    }
    parameters = system.parameters_of(record)
    facts = new_facts(system, form, record.values, state=known[-1].state, parameters=parameters)
    at = known[-1].recorded_at.astimezone(system.zone)
    return replace(facts, now=at, moments=system.moments(record)).with_counted(looked_up)


def next_steps(facts: RecordFacts) -> Iterator[tuple[str, Step, bool]]:
    """The steps that lead on from where a record stands, by name, each with whether its condition holds."""
    for name, step in facts.form.step.items():
        if facts.state in step.from_:
            yield name, step, step.when is None or holds(parse_expression(step.when), facts)


def facts_as_stored(system: System, form: FormInForce, record: Record) -> RecordFacts:
    """The record's facts now, with the derived values of its newest event: nothing is counted again."""
    parameters, moments = system.parameters_of(record), system.moments(record)
    facts = RecordFacts(form.form, record.values, parameters, system.calendar, system.now, record.state, moments)
    return facts.as_stored(record.derived)


def new_facts(
    system: System,
    form: FormInForce,
    values: Mapping[str, Json],
    *,
    state: str,
    parameters: Mapping[str, Quantity],
) -> RecordFacts:
    """The facts of a record that is only being filled, look-ups not answered."""
    return RecordFacts(form.form, values, parameters, system.calendar, system.now, state)


def counted(system: System, facts: RecordFacts, *, number: str | None) -> RecordFacts:
    """`facts` with the look-ups answered over the records as they stand."""
    found: dict[str, tuple[int, tuple[str, ...]]] = {}
    for name, item in facts.form.values.items():
        answer = _looked_up(system, facts, item.lookup, number) if item.lookup is not None else None
        if answer is not None:
            found[name] = answer
    return facts.with_counted(found)


def _looked_up(
    system: System, facts: RecordFacts, lookup: Lookup, number: str | None
) -> tuple[int, tuple[str, ...]] | None:
    """How many distinct values a look-up finds, and the records counted; None where a key of it is missing."""
    same = {name: facts.stored(name) for name in lookup.same}
    if any(value is None for value in same.values()):
        return None
    first, last = _window(system, facts, lookup)
    found = system.index.matching(
        facts.form.number,
        same={name: text for name, value in same.items() for text in fact_texts(value)},
        opened_from=first,
        opened_to=last,
        but=number or "",
    )
    rows = [row for row in found if lookup.state is None or row.state == lookup.state]
    values = {row.number if lookup.count == "number" else row.shown.get(lookup.count) for row in rows}
    if lookup.state is None:
        values.add(facts.stored(lookup.count) if lookup.count != "number" else (number or ""))
    return len({str(value) for value in values if value is not None}), tuple(row.number for row in rows)


def _window(system: System, facts: RecordFacts, lookup: Lookup) -> tuple[datetime | None, datetime]:
    """Between when other records count: the look-up's period around the record's own day, not after now."""
    length = evaluate(parse_expression(lookup.within), facts) if lookup.within is not None else None
    if not isinstance(length, Quantity):
        return None, system.now
    day = system.day_of(facts.form, facts.values)
    if length.unit in CIVIL:
        first, last = add_period(day, Quantity(-length.amount, length.unit)), add_period(day, length)
        begins, ends = datetime.combine(first, time(0), system.zone), datetime.combine(last, END_OF_DAY, system.zone)
    else:
        span = timedelta(**{"minutes" if length.unit is Unit.MINUTE else "hours": float(length.amount)})
        begins = datetime.combine(day, time(0), system.zone) - span
        ends = datetime.combine(day, END_OF_DAY, system.zone) + span
    return begins, min(ends, system.now)
