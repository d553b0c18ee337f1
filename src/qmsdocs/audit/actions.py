"""Rules on what is still to be done: who does it until when, and whether it is late.

Open records are judged by their index rows; events are read only for time limits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TypeAlias

from qmsdocs.audit.rule import Hit, Rule
from qmsdocs.audit.scope import Scope
from qmsdocs.base.errors import QmsError, message
from qmsdocs.model.form import Form
from qmsdocs.query.action import OWNER, Concerns, has_actions, late_actions, open_actions, open_records, said_late
from qmsdocs.query.custody import has_left
from qmsdocs.store.rows import Row

Judge: TypeAlias = "Callable[[Scope, Form, Row], Iterator[Hit]]"


def _each(scope: Scope, concerns: Concerns, judge: Judge, owners: tuple[str, ...] = ()) -> Iterator[Hit]:
    """What `judge` finds in every open record (of one of the `owners`) of a form that concerns it.

    A record that cannot be judged is left out: the rules on records speak of it.
    """
    for form, row in open_records(scope.system, concerns, owners):
        with suppress(QmsError):
            yield from tuple(judge(scope, form, row))


def _name(scope: Scope, person: str) -> str:
    return scope.system.people.names().get(person, person) or "-"


# ── open actions


def without_owner(scope: Scope) -> Iterator[Hit]:
    """An open action that nobody is named for."""
    return _each(scope, has_actions, _without_owner)


def _without_owner(scope: Scope, form: Form, row: Row) -> Iterator[Hit]:
    for action in open_actions(scope.system, form, row):
        if action.line and not action.owner:
            yield Hit(row.number, message("action {line} has no owner", line=action.line), action.place)


def without_due_date(scope: Scope) -> Iterator[Hit]:
    """An open action without a day by which it is to be done."""
    return _each(scope, has_actions, _without_due_date)


def _without_due_date(scope: Scope, form: Form, row: Row) -> Iterator[Hit]:
    for action in open_actions(scope.system, form, row):
        if action.line and action.due_on is None:
            yield Hit(row.number, message("action {line} has no due date", line=action.line), action.place)


def past_due(scope: Scope) -> Iterator[Hit]:
    """An open action whose day has passed."""
    for row, action in late_actions(scope.system):
        yield Hit(row.number, said_late(action, scope.system.people.names()), action.place)


def owner_left(scope: Scope) -> Iterator[Hit]:
    """An open record or action of somebody who does not serve any more."""
    left = tuple(person for person in scope.system.people.person if has_left(scope.system, person))
    if left:
        yield from _each(scope, lambda form: bool(form.closed_states) and not has_actions(form), _owner_left, left)
        yield from _each(scope, lambda form: bool(form.closed_states) and has_actions(form), _owner_left)


def _owner_left(scope: Scope, form: Form, row: Row) -> Iterator[Hit]:
    owned = {row.owner: form.meaning(OWNER) or ""}
    for action in open_actions(scope.system, form, row) if has_actions(form) else ():
        owned.setdefault(action.owner, action.place)
    for person, place in owned.items():
        if has_left(scope.system, person):
            said = message("{person} has left and still answers for it", person=_name(scope, person))
            yield Hit(row.number, said, place)


# ── time limits


def limit_overrun(scope: Scope) -> Iterator[Hit]:
    """An open record with a time limit that has run out."""
    for item in scope.overdue(scope.system):
        said = message("{clock}: the time was up at {time} ({owner})", clock=item.title,
                       time=str(item.due_at)[:16], owner=item.owner_name or message("nobody named"))  # fmt: skip
        yield Hit(item.number, said, f"clock.{item.clock}")


RULES: tuple[Rule, ...] = (
    Rule("ACT501", without_owner),
    Rule("ACT502", without_due_date),
    Rule("ACT503", past_due),
    Rule("ACT504", limit_overrun),
    Rule("ACT510", owner_left),
)
