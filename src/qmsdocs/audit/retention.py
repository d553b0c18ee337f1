"""Rules on how long records are kept: the schedule, what is due, on hold, or lent. Disposal: `audit.disposal`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date

from qmsdocs.audit import disposal
from qmsdocs.audit.rule import Hit, Rule
from qmsdocs.audit.scope import Scope
from qmsdocs.base.errors import QmsError, message
from qmsdocs.model.form import Form
from qmsdocs.model.retention import Disposition, RetentionClass, Trigger
from qmsdocs.query import lending
from qmsdocs.query import retention as query
from qmsdocs.query.retention import Kept, can_tell, decide_by
from qmsdocs.query.retention_list import TRIGGERS, review_by
from qmsdocs.store import names
from qmsdocs.system.definitions import FormInForce


def unscheduled(scope: Scope) -> Iterator[Hit]:
    """A ledger, or a form in force, whose class the schedule in force lacks."""
    classes = _classes(scope)
    for branch in sorted(scope.objects.heads(names.is_ledger)):
        held = names.parse_branch(branch)
        if held is not None and held.kind is names.Kind.RECORDS and held.retention not in classes:
            yield Hit(branch, message("the schedule in force has no class {name}", name=held.retention))
    for found in _forms(scope):
        if found.form.retention not in classes:
            said = message("the schedule in force has no class {name}", name=found.form.retention)
            yield Hit(found.form.number, said, "retention")


def undecided(scope: Scope) -> Iterator[Hit]:
    """A record whose period ended so long ago that somebody should have decided what becomes of it."""
    for item, by in _overdue(scope):
        if not _is_personal(scope, item):
            yield Hit(item.row.number, message("due since {day}; to be decided by {by}", day=item.due_on, by=by))


def personal_too_long(scope: Scope) -> Iterator[Hit]:
    """A record with personal data whose class says destroy, undecided past its limit."""
    for item, by in _overdue(scope):
        if _is_personal(scope, item):
            said = message("personal data, due for destruction since {day}; to be decided by {by}",
                           day=item.due_on, by=by)  # fmt: skip
            yield Hit(item.row.number, said)


def _overdue(scope: Scope) -> Iterator[tuple[Kept, date]]:
    with suppress(QmsError):
        for item in scope.due:
            by = decide_by(scope.system, item)
            if by is not None and by < scope.today:
                yield item, by


def _is_personal(scope: Scope, item: Kept) -> bool:
    """Whether a record holds data, personal in any revision of its form, that its class says is to be destroyed."""
    rule = _classes(scope).get(item.retention)
    form = _form(scope, item)
    if rule is None or rule.disposition is not Disposition.DESTROY or form is None:
        return False
    shown = item.row.shown
    for name, field in form.values.items():
        columns = [column for column, definition in field.column.items() if definition.personal]
        value = shown.get(name)
        rows = [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
        if (field.personal and value is not None) or any(row.get(column) for row in rows for column in columns):
            return True
    return False


def untellable(scope: Scope) -> Iterator[Hit]:
    """A form in force whose records cannot say when their period begins."""
    classes = _classes(scope)
    for found in _forms(scope):
        rule = classes.get(found.form.retention)
        if rule is not None and rule.length is not None and not can_tell(found.form, rule.trigger):
            said = message("kept {period} from {trigger}, and nothing in the form says when that is",
                           period=rule.length, trigger=TRIGGERS[rule.trigger])  # fmt: skip
            yield Hit(found.form.number, said, "retention")


def without_trigger(scope: Scope) -> Iterator[Hit]:
    """A record closed so long ago that its period would have ended, had anybody said from when it counts."""
    for item in query.without_trigger(scope.system, on=scope.today):
        rule, form = _classes(scope)[item.retention], _form(scope, item)
        if form is None or rule.trigger is Trigger.SUPERSEDED or not can_tell(form, rule.trigger):
            continue  # a revision may stay in force for ever; what the form can never say, `untellable` says once
        said = message("closed on {day}; nobody has said when {trigger} was",
                       day=item.row.closed_at[:10], trigger=TRIGGERS[rule.trigger])  # fmt: skip
        yield Hit(item.row.number, said)


def unreviewed_hold(scope: Scope) -> Iterator[Hit]:
    """A hold that nobody has looked at again in time."""
    for hold in scope.system.definitions.holds:
        by = review_by(scope.system, hold)
        if by is not None and by < scope.today:
            said = message("{title}: to be looked at again by {by}, last on {day}",
                           title=hold.title, by=by, day=hold.looked_at_on)  # fmt: skip
            yield Hit(hold.record, said)


def overdue_loan(scope: Scope) -> Iterator[Hit]:
    """A record lent out that should be back."""
    for loan in lending.lent(scope.system):
        if loan.is_overdue(scope.today):
            said = message("{holder} has {record} since {day}; it was due back on {due}", record=loan.record,
                           holder=lending.holder_of(scope.system, loan), day=loan.lent_on, due=loan.due_on)  # fmt: skip
            yield Hit(loan.number, said)


def _classes(scope: Scope) -> Mapping[str, RetentionClass]:
    """The classes of the schedule in force; none where it cannot be read, which other rules say."""
    with suppress(QmsError):
        return scope.system.schedule.class_
    return {}


def _forms(scope: Scope) -> Iterable[FormInForce]:
    with suppress(QmsError):
        return scope.system.forms_in_force
    return ()


def _form(scope: Scope, item: Kept) -> Form | None:
    with suppress(QmsError):
        return scope.system.definitions.marked(scope.system.form_of_row(item.row).form)
    return None


RULES: tuple[Rule, ...] = (
    Rule("RET301", unscheduled),
    Rule("RET302", undecided),
    Rule("RET303", disposal.unfinished),
    Rule("RET304", disposal.too_early),
    Rule("RET305", disposal.under_hold),
    Rule("RET306", disposal.gone),
    Rule("RET307", untellable),
    Rule("RET308", without_trigger),
    Rule("RET309", personal_too_long),
    Rule("RET310", unreviewed_hold),
    Rule("RET311", overdue_loan),
    Rule("RET312", disposal.incomplete),
    Rule("RET313", disposal.by_starter_schedule),
    Rule("RET314", disposal.not_done),
)
