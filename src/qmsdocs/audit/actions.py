"""Rules on what is still to be done: who does it until when, and whether it is late.

An action is a line of a table that means `action`, or a whole record whose form says until when (`due_on`) and when it
was done (`done_on`). Open records are judged by their index rows; events are read only for time limits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from qmsdocs.audit.rule import Hit, Rule
from qmsdocs.audit.scope import Scope
from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import QmsError, message
from qmsdocs.model.facts import RecordFacts
from qmsdocs.model.form import Field, Form
from qmsdocs.model.record import FormReference
from qmsdocs.model.release import ItemKind
from qmsdocs.query.custody import has_left
from qmsdocs.query.purpose import column, day_of
from qmsdocs.store.index import Filter
from qmsdocs.store.rows import Row

ACTION, OWNER = "action", "owner"


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


def _each(scope: Scope, concerns: Concerns, judge: Judge, owners: tuple[str, ...] = ()) -> Iterator[Hit]:
    """What `judge` finds in every open record (of one of the `owners`) of a form that concerns it.

    A record that cannot be read or judged is left out: the rules on records speak of it.
    """
    numbers = _forms(scope, concerns)
    if not numbers:
        return
    for row in scope.system.index.records(Filter(forms=numbers, owners=owners, is_closed=False)):
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


def _name(scope: Scope, person: str) -> str:
    return scope.system.people.names().get(person, person) or "-"


# ── open actions


def without_owner(scope: Scope) -> Iterator[Hit]:
    """An open action that nobody is named for."""
    return _each(scope, _has_actions, _without_owner)


def _without_owner(scope: Scope, form: Form, row: Row) -> Iterator[Hit]:
    for action in _open_actions(scope, form, row):
        if action.line and not action.owner:
            yield Hit(row.number, message("action {line} has no owner", line=action.line), action.place)


def without_due_date(scope: Scope) -> Iterator[Hit]:
    """An open action without a day by which it is to be done."""
    return _each(scope, _has_actions, _without_due_date)


def _without_due_date(scope: Scope, form: Form, row: Row) -> Iterator[Hit]:
    for action in _open_actions(scope, form, row):
        if action.line and action.due_on is None:
            yield Hit(row.number, message("action {line} has no due date", line=action.line), action.place)


def past_due(scope: Scope) -> Iterator[Hit]:
    """An open action whose day has passed."""
    return _each(scope, _has_actions, _past_due)


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
    left = tuple(person for person in scope.system.people.person if has_left(scope.system, person))
    if left:
        yield from _each(scope, lambda form: bool(form.closed_states) and not _has_actions(form), _owner_left, left)
        yield from _each(scope, lambda form: bool(form.closed_states) and _has_actions(form), _owner_left)


def _owner_left(scope: Scope, form: Form, row: Row) -> Iterator[Hit]:
    owned = {row.owner: form.meaning(OWNER) or ""}
    for action in _open_actions(scope, form, row) if _has_actions(form) else ():
        owned.setdefault(action.owner, action.place)
    for person, place in owned.items():
        if has_left(scope.system, person):
            said = message("{person} has left and still answers for it", person=_name(scope, person))
            yield Hit(row.number, said, place)


def _has_actions(form: Form) -> bool:
    return bool(tables(form)) or (form.meaning("due_on") is not None and form.meaning("done_on") is not None)


def tables(form: Form) -> tuple[str, ...]:
    """The tables of a form that list actions."""
    return tuple(name for name, item in form.field.items() if item.means == ACTION)


def _open_actions(scope: Scope, form: Form, row: Row) -> Iterator[Action]:
    """The actions of an open record that are not done, those in tables first."""
    system = scope.system
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


# ── time limits


def limit_overrun(scope: Scope) -> Iterator[Hit]:
    """An open record with a time limit that has run out."""
    for item in scope.overdue(scope.system):
        said = message("{clock}: the time was up at {time} ({owner})", clock=item.title,
                       time=f"{item.due_at:%Y-%m-%d %H:%M}", owner=item.owner_name or "-")  # fmt: skip
        yield Hit(item.number, said, f"clock.{item.clock}")


RULES: tuple[Rule, ...] = (
    Rule("ACT501", without_owner),
    Rule("ACT502", without_due_date),
    Rule("ACT503", past_due),
    Rule("ACT504", limit_overrun),
    Rule("ACT510", owner_left),
)
