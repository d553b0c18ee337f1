"""What is still to be done: the open actions of records, by whom until when.

An action is a line of a table that means `action`, or a whole record whose form says until when (`due_on`) and when it
was done (`done_on`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.model.facts import RecordFacts
from qmsdocs.model.form import Field, Form
from qmsdocs.model.record import FormReference
from qmsdocs.model.release import ItemKind
from qmsdocs.query.purpose import column, day_of
from qmsdocs.store.index import Filter
from qmsdocs.store.rows import Row
from qmsdocs.system.view import System

ACTION, OWNER = "action", "owner"
Concerns: TypeAlias = "Callable[[Form], bool]"


@dataclass(frozen=True, slots=True)
class Action:
    """Something to be done. `line` is that of the table, 0 where the record is the action; `place` names the field."""

    line: int
    place: str
    owner: str
    due_on: date | None
    is_done: bool


def open_records(system: System, concerns: Concerns, owners: tuple[str, ...] = ()) -> Iterator[tuple[Form, Row]]:
    """Every open record (of one of the `owners`) with its form, where that concerns somebody and is held here."""
    numbers = _forms(system, concerns)
    if not numbers:
        return
    for row in system.index.records(Filter(forms=numbers, owners=owners, is_closed=False)):
        form = _form(system, FormReference(row.form, row.revision, row.form_sha256))
        if form is not None and concerns(form):
            yield form, row


def late_actions(system: System) -> Iterator[tuple[Row, Action]]:
    """Every open action whose day has passed, with its record; what cannot be read is left out."""
    for form, row in open_records(system, has_actions):
        with suppress(QmsError):
            for action in tuple(open_actions(system, form, row)):
                if action.due_on is not None and action.due_on < system.today:
                    yield row, action


def _forms(system: System, concerns: Concerns) -> tuple[str, ...]:
    """The forms of which any revision concerns a rule."""
    found = set()
    for release in system.releases:
        if release.kind is ItemKind.FORM and release.first_day is not None and release.number not in found:
            form = _form(system, release.form)
            if form is not None and concerns(form):
                found.add(release.number)
    return tuple(sorted(found))


def _form(system: System, reference: FormReference) -> Form | None:
    """A form revision, None where it is not held here or damaged."""
    try:
        return system.form_of(reference).form
    except QmsError:
        return None


def said_late(action: Action, names: Mapping[str, str]) -> Message:
    """That an action is late, and whose it is, by the `names` of people."""
    owner = names.get(action.owner, action.owner) or message("nobody named")
    if not action.line:
        return message("it was due on {day} ({owner})", day=action.due_on, owner=owner)
    return message("action {line} was due on {day} ({owner})", line=action.line, day=action.due_on, owner=owner)


def has_actions(form: Form) -> bool:
    """Whether its records can hold actions."""
    return bool(tables(form)) or (form.meaning("due_on") is not None and form.meaning("done_on") is not None)


def tables(form: Form) -> tuple[str, ...]:
    """The tables of a form that list actions."""
    return tuple(name for name, item in form.field.items() if item.means == ACTION)


def open_actions(system: System, form: Form, row: Row) -> Iterator[Action]:
    """The actions of an open record that are not done, those in tables first."""
    facts = RecordFacts(form, row.values, {}, system.calendar, system.now, row.state).as_stored(row.derived)
    yield from (action for action in lines(facts) if not action.is_done)
    due_on, done_on = form.meaning("due_on"), form.meaning("done_on")
    if due_on is not None and done_on is not None and facts.stored(done_on) is None:
        yield Action(0, due_on, row.owner, day_of(facts.stored(due_on)), is_done=False)


def lines(facts: RecordFacts) -> Iterator[Action]:
    """The actions in the tables of a record, as far as the tables apply to it."""
    for name in tables(facts.form):
        field, stored = facts.form.field[name], facts.stored(name)
        rows = stored if isinstance(stored, list) else list(stored.values()) if isinstance(stored, dict) else []
        for line, row in enumerate(rows, 1):
            if isinstance(row, dict):
                yield _action(name, field, line, row)


def _action(name: str, field: Field, line: int, row: Mapping[str, Json]) -> Action:
    owner, due_on, done_on = (row.get(column(field, means)) for means in (OWNER, "due_on", "done_on"))
    is_done = done_on is not None or not column(field, "done_on")  # a table without that column cannot tell
    return Action(line, f"{name}[{line}]", str(owner or ""), day_of(due_on), is_done)
