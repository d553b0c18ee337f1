"""What is checked of disposals: each certificate against the schedule, the holds and the decisions known then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time

from qmsdocs.audit.rule import Hit
from qmsdocs.audit.scope import Scope
from qmsdocs.audit.standing import Standing
from qmsdocs.base.errors import QmsError, message
from qmsdocs.model.hold import DecisionKind, Subject
from qmsdocs.model.quantity import parse
from qmsdocs.model.release import ItemKind, in_force
from qmsdocs.model.retention import SCHEDULE, RetentionClass, due_on, extended
from qmsdocs.query import lending
from qmsdocs.query.retention import waits
from qmsdocs.store.certificate import CARRY_OUT, FEWEST, Certificate, Disposed, brings_back
from qmsdocs.system.definitions import Definitions

ERASURE, TRANSFER = "erasure", "transfer"  # reasons of a disposal that do not wait for the end of the period
_DISPOSE_WITHIN = parse("15 working days")  # where no document in force says it


def unfinished(scope: Scope) -> Iterator[Hit]:
    """A certificate drawn up, and after the limit still not witnessed and carried out."""
    limit = scope.system.parameter("dispose_within") or _DISPOSE_WITHIN
    for item in scope.copy.certificates:
        begun = _day(scope, item)
        by = scope.system.calendar.end(datetime.combine(begun, time(12), scope.system.zone), limit).date()
        if by < scope.today and not _is_claimed(item) and waits(scope.system, item):
            said = message("drawn up on {day}, to be carried out by {by}; {count} records wait",
                           day=begun, by=by, count=len(item.records))  # fmt: skip
            yield Hit(item.number, said)


def too_early(scope: Scope) -> Iterator[Hit]:
    """A record destroyed before the day its certificate, the schedule or a decision to keep it allowed."""
    for item in _done(scope):
        known, on = _known(scope, item), _day(scope, item)
        for record in item.records:
            is_transfer = record.reason == TRANSFER and known is not None and _is_transferred(known, record)
            if known is None or record.reason == ERASURE or is_transfer:
                continue
            allowed = _allowed(known, record, on)
            if allowed is None or on < allowed:
                said = message("{certificate} is of {day}; the record was to be kept until {allowed}",
                               certificate=item.number, day=on, allowed=allowed or "…")  # fmt: skip
                yield Hit(record.number, said, item.number)


def _allowed(known: Definitions, record: Disposed, on: date) -> date | None:
    """The first day a record might be disposed of, as everything known then said; None where it was never."""
    classes = _classes(known, on)
    rule = classes.get(record.retention)
    if record.trigger_on is None or record.due_on is None or (rule is not None and rule.length is None):
        return None
    ended = due_on(rule, record.trigger_on) if rule is not None else None
    own = [decision for decision in known.decisions if record.number in decision.numbers]
    return extended(classes, max(record.due_on, ended or record.due_on), record.trigger_on, own[-1] if own else None)


def _classes(known: Definitions, on: date) -> Mapping[str, RetentionClass]:
    try:
        return known.schedule(on=on).class_
    except QmsError:
        return {}


def _is_transferred(known: Definitions | None, record: Disposed) -> bool:
    decisions = known.decisions if known is not None else ()
    own = [decision for decision in decisions if record.number in decision.numbers]
    return bool(own) and own[-1].kind is DecisionKind.TRANSFER


def under_hold(scope: Scope) -> Iterator[Hit]:
    """A record destroyed while a hold that was known then stood over it.

    Of a destroyed record number, class and form are known; holds by customer or period are seen before, not after.
    """
    for item in _done(scope):
        known = _known(scope, item)
        standing = [hold for hold in known.holds if hold.is_in_force] if known is not None else []
        for record in item.records:
            subject = Subject(record.number, record.retention, record.form, "", ())
            for hold in standing:
                is_plain = not hold.customers and hold.opened_from is None
                if record.number in hold.numbers or (is_plain and hold.covers(subject)):
                    said = message("destroyed by {certificate} while on hold: {hold} {title}",
                                   certificate=item.number, hold=hold.record, title=hold.title)  # fmt: skip
                    yield Hit(record.number, said, item.number)


def not_done(scope: Scope) -> Iterator[Hit]:
    """A certificate that says it was carried out, and records of it that are still in their ledger."""
    for item in _done(scope):
        head = scope.objects.head(item.ledger)
        for number in brings_back((item,), scope.objects, item.ledger, head.commit) if head is not None else ():
            said = message("{certificate} says that it was destroyed; it stands in {ledger}",
                           certificate=item.number, ledger=item.ledger)  # fmt: skip
            yield Hit(number, said, item.number)


def gone(scope: Scope) -> Iterator[Hit]:
    """A record that others name, and that neither a ledger nor a certificate holds.

    Where a ledger is kept elsewhere and not held here nothing can be said.
    """
    if any(said.standing is Standing.ELSEWHERE for said in scope.standings):
        return
    seen = {record.number for item in scope.copy.certificates for record in item.records}
    for number, by in _named(scope):
        if number and number not in seen and scope.system.index.by_number(number) is None:
            yield Hit(number, message("named by {other}; no ledger holds it, and no certificate", other=by))
        seen.add(number)


def _named(scope: Scope) -> Iterator[tuple[str, str]]:
    """Numbers of records with what names them; of those that call for others only what is not here."""
    for row in scope.system.index.orphans():
        yield row.raised_from, row.number
    for loan in lending.loans(scope.system):
        if not loan.is_void:
            yield loan.record, loan.number
    for hold in scope.system.definitions.holds:
        for number in sorted(hold.numbers):
            yield number, hold.record
    for decision in scope.system.definitions.decisions:
        for number in sorted(decision.numbers):
            yield number, decision.record


def incomplete(scope: Scope) -> Iterator[Hit]:
    """A destruction without two witnesses beside who authorised it, or without method or place."""
    for item in scope.copy.certificates:
        for stored in item.late:
            said = message("{act} by {by} after it was carried out", act=stored.event.act, by=stored.event.by)
            yield Hit(item.number, said, stored.path)
        if not _is_claimed(item) or item.drops:
            continue
        if not item.is_witnessed:
            yield Hit(item.number, message("carried out with {count} witnesses; at least {needed} others sign",
                                           count=len(item.witnesses), needed=FEWEST))  # fmt: skip
        for name, said in (("method", message("it does not say how")), ("place", message("it does not say where"))):
            if not str(item.said.get(name) or "").strip():
                yield Hit(item.number, said, name)


def by_starter_schedule(scope: Scope) -> Iterator[Hit]:
    """A disposal under a schedule that was still the one the system began with, on trial."""
    for item in _done(scope):
        known = _known(scope, item)
        found = in_force(known.releases, ItemKind.CONFIGURATION, SCHEDULE, on=_day(scope, item)) if known else None
        if found is not None and found.is_first and found.is_trial:
            yield Hit(item.number, message("the schedule was still the starter pack's, on trial until {day}",
                                           day=found.trial_until))  # fmt: skip


def _done(scope: Scope) -> Iterator[Certificate]:
    return (item for item in scope.copy.certificates if item.is_carried_out)


def _is_claimed(item: Certificate) -> bool:
    """Whether the certificate says that it was carried out, rightly or not."""
    return any(stored.event.act == CARRY_OUT for stored in item.events)


def _day(scope: Scope, item: Certificate) -> date:
    return item.events[0].event.recorded_at.astimezone(scope.system.zone).date()


def _known(scope: Scope, item: Certificate) -> Definitions | None:
    """The definitions as of the commit of control that the destruction was judged by; None where it is not held."""
    done = next((stored for stored in item.events if stored.event.act == CARRY_OUT), item.events[0])
    commit = done.event.text("control")
    if scope.trust.known(commit) is None:
        return None
    return scope.system.definitions if commit == scope.system.control else Definitions.at(scope.objects, commit)
