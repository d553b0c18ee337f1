"""Plans for loans of records (借阅): lent, extended, taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time

from qmsdocs.acts.record import Filled, Intent, issue, step
from qmsdocs.acts.retention import known_records
from qmsdocs.acts.shortcut import form_for, moment, serving, step_of, values
from qmsdocs.base.canonical import dumps, sha256
from qmsdocs.base.errors import QmsError, message
from qmsdocs.model.form import Form
from qmsdocs.model.quantity import parse
from qmsdocs.query.lending import LentKind, Loan, holder_of, loans
from qmsdocs.query.purpose import Purpose, field_of
from qmsdocs.store.event import Change
from qmsdocs.system.view import System

_LEND_FOR = parse("10 working days")  # where no document in force says it


@dataclass(frozen=True, slots=True, kw_only=True)
class Lending:
    """What is lent to whom, and until when; without a day as long as a loan usually lasts."""

    record: str
    holder: str
    kind: LentKind = LentKind.ORIGINAL
    until: date | None = None
    department: str | None = None
    approved_by: str | None = None
    values: Mapping[str, object] = field(default_factory=dict)


def lend(system: System, lending: Lending, intent: Intent) -> Change:
    """The change that lends a record. Raises QmsError for one that is gone, or whose original is out already."""
    if not intent.reason:
        raise QmsError("what is it lent for?", hint=message("-m PURPOSE"))
    known_records(system, (lending.record,))
    form = form_for(system, Purpose.LENDING).form
    holder = serving(system, lending.holder) or lending.holder
    before = loans(system, lending.record)
    _refuse_out(system, before, lending)
    held = system.record(lending.record).record
    person = system.people.person.get(holder)
    said = {
        "lent_record": lending.record,
        "subject": system.form_of(held.form).form.title.of(system.language),
        "lent_kind": lending.kind.value,
        "opened_at": moment(system, intent),
        "holder": holder,
        "department": lending.department or (person.department if person is not None else None),
        "outside": person is None,
        "reason": intent.reason,
        "approved_by": serving(system, lending.approved_by),
        "due_on": _until(system, moment(system, intent).date(), lending.until),
        "owner": intent.by,
    }
    filled = values(form, said, lending.values, needed=("lent_record", "holder", "due_on"))
    key = {"act": "lend", "record": lending.record, "kind": lending.kind.value, "holder": holder}
    after = [loan.number for loan in before if loan.kind == lending.kind and not loan.is_out]
    submission = sha256(dumps({**key, "after": after[-1] if after else "", "repository": system.repository}))
    return issue(system, Filled(form=form.number, values=filled, submission=submission), intent)


def _refuse_out(system: System, before: tuple[Loan, ...], lending: Lending) -> None:
    """Nothing; raises QmsError where there is only one of what is out already."""
    if lending.kind is LentKind.COPY:
        return
    for loan in before:
        if loan.kind == LentKind.ORIGINAL and loan.state == "lost" and not loan.is_void:
            raise QmsError("{number}: the original was lost, see {loan}", number=loan.record, loan=loan.number)
        if loan.kind == LentKind.ORIGINAL and loan.is_out:
            raise QmsError(
                "{number}: {holder} has the original since {day}, see {loan}",
                number=loan.record,
                holder=holder_of(system, loan),
                day=loan.lent_on or "-",
                loan=loan.number,
                hint=message("qmsdocs record return {loan}", loan=loan.number),
            )


def _until(system: System, begun: date, wanted: date | None) -> date:
    """The day it is due back. Raises QmsError for one before it is lent, or later than a loan may last."""
    limit = system.parameter("lend_for") or _LEND_FOR
    last = system.calendar.end(datetime.combine(begun, time(12), system.zone), limit).date()
    if wanted is None:
        return last
    if not begun <= wanted <= last:
        raise QmsError("--until {day}: a loan from {begun} ends between then and {last}",
                       day=wanted, begun=begun, last=last)  # fmt: skip
    return wanted


def extend(system: System, number: str, until: date | None, intent: Intent) -> Change:
    """The change that extends a loan, from the day it is due (or today), as often as its procedure lets it."""
    loan = the_loan(system, number)
    form = _form(system, loan)
    begun = max(loan.due_on or system.today, system.today)
    said = values(form, {"due_on": _until(system, begun, until)}, {})
    return step(system, loan.number, step_of(form, "extend", Purpose.LENDING), values=said, intent=intent)


def give_back(
    system: System, number: str, intent: Intent, *, condition: str | None, extra: Mapping[str, object]
) -> Change:
    """The change that takes back a loan, by its own number or by that of the record where one loan of it is out."""
    loan = the_loan(system, number)
    form = _form(system, loan)
    said = {"returned_on": moment(system, intent), "condition": "complete"}
    asked = field_of(form, "condition")
    told = {asked: condition} if condition is not None and asked is not None else {}
    name = step_of(form, "return", Purpose.LENDING)
    return step(system, loan.number, name, values=values(form, said, {**told, **extra}), intent=intent)


def the_loan(system: System, number: str) -> Loan:
    """The loan of a number, or the only one out of a record. Raises QmsError where there is none, or more than one."""
    found = loans(system)
    own = [loan for loan in found if loan.number == number]
    if own:
        return own[0]
    out = [loan for loan in found if loan.record == number and loan.is_out]
    if len(out) > 1:
        known = tuple(f"{loan.number} ({holder_of(system, loan)})" for loan in out)
        raise QmsError("{number} is lent out more than once: {loans}", number=number, loans=known)
    if not out:
        raise QmsError("{number} is not lent out", number=number, hint=message("qmsdocs record lent"))
    return out[0]


def _form(system: System, loan: Loan) -> Form:
    return system.form_of(system.record(loan.number).record.form).form
