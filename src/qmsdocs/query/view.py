"""A record as it stands at the asked moment: what its expressions see, look-ups answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from qmsdocs.base.canonical import Json
from qmsdocs.model.clock import Moment
from qmsdocs.model.facts import RecordFacts
from qmsdocs.model.quantity import Quantity
from qmsdocs.model.record import Record
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


def facts_as_stored(system: System, form: FormInForce, record: Record) -> RecordFacts:
    """The record's facts now, with the derived values of its newest event: nothing is counted again."""
    facts = new_facts(system, form, record.values, state=record.state, parameters=system.parameters_of(record))
    return replace(facts.as_stored(record.derived), moments=system.moments(record))


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
        answer = system.look_up(facts, item.lookup, number=number) if item.lookup is not None else None
        if answer is not None:
            found[name] = answer
    return facts.with_counted(found)
