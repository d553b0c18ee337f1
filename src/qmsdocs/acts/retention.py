"""Holds, and decisions on records whose period ends: placed, looked at again, lifted; kept longer, handed over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from qmsdocs.acts.control import Act, authority_of, change, decides, need_reason, right, text_of
from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import QmsError, message
from qmsdocs.model.calendar import CIVIL
from qmsdocs.model.hold import DECIDED, HOLD_MOVES, LIFTED, PLACED, DecisionKind, Hold
from qmsdocs.model.quantity import Quantity
from qmsdocs.model.record import Record
from qmsdocs.model.retention import last_day
from qmsdocs.query.retention import kept, stands
from qmsdocs.store import control
from qmsdocs.store.event import Change, Draft
from qmsdocs.store.names import Kind, parse_branch
from qmsdocs.store.rows import Row
from qmsdocs.system import builtin
from qmsdocs.system.view import System

MAXIMUM_NUMBERS = 20_000  # in one hold or decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What a hold is to cover, and why it is placed."""

    numbers: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    opened: tuple[date, date] | None = None
    title: str | None = None
    asked_by: str | None = None


def hold(system: System, holding: Holding, act: Act) -> Change:
    """The change that places a hold. Raises QmsError for a record, class or form there is none of, or no reason."""
    need_reason(act, message("a hold needs a reason"))
    _refuse_unknown(system, holding)
    reason = text_of(act.reason, message("the reason"))
    said: dict[str, Json] = {
        "title": text_of(holding.title, message("the title")) or (reason or "").splitlines()[0][:60],
        "asked_by": text_of(holding.asked_by, message("who asked for it")),
        "numbers": list(dict.fromkeys(holding.numbers)),
        "classes": list(dict.fromkeys(holding.classes)),
        "forms": list(dict.fromkeys(holding.forms)),
        "customers": [text for name in holding.customers if (text := text_of(name, message("the customer")))],
        "opened_from": holding.opened[0].isoformat() if holding.opened else None,
        "opened_to": holding.opened[1].isoformat() if holding.opened else None,
        **_right(system, act, _officers(system), "issue"),
    }
    draft = Draft(
        record=builtin.new_number(builtin.HOLD),
        act="issue",
        state=PLACED,
        set={name: value for name, value in said.items() if value not in (None, [])},
        form=builtin.reference(builtin.HOLD),
        meaning=decides(system, act.by, system.officers.approve, HOLD_MOVES["issue"].meaning),
        acts=builtin.acts(builtin.HOLD),
    )
    return change(system, act, [draft])


def _refuse_unknown(system: System, holding: Holding) -> None:
    if not (holding.numbers or holding.classes or holding.forms or holding.customers or holding.opened):
        raise QmsError("what is on hold?", hint=message("numbers, or --form, --class, --customer, --period"))
    known_records(system, holding.numbers)
    refuse_unknown(system, holding.classes, holding.forms)


def refuse_unknown(system: System, classes: Sequence[str], forms: Sequence[str]) -> None:
    """Nothing; raises QmsError for a class of records or a form there is none of."""
    for name in classes:
        if name not in system.schedule.class_:
            raise QmsError("there is no class {name} in the schedule in force; there are {known}",
                           name=name, known=tuple(system.schedule.class_))  # fmt: skip
    for number in forms:
        if number not in system.form_numbers:
            raise QmsError("there is no form {number}; there are {known}", number=number, known=system.form_numbers)


def known_records(system: System, numbers: Sequence[str]) -> None:
    """Nothing; raises QmsError for a number that is no record kept here."""
    if len(numbers) > MAXIMUM_NUMBERS:
        raise QmsError("{count} numbers are too many at once; at most {limit}",
                       count=len(numbers), limit=MAXIMUM_NUMBERS)  # fmt: skip
    for number in numbers:
        row = system.index.by_number(number)
        name = parse_branch(row.ledger) if row is not None else None
        if row is None and (gone := system.destroyed(number)) is not None:
            raise QmsError("{said}", said=gone)
        if name is None or name.kind is not Kind.RECORDS:
            raise QmsError("there is no record {number}", number=number, hint=message("qmsdocs record list"))


def review_hold(system: System, number: str, act: Act) -> Change:
    """The change that says a hold was looked at again and stands."""
    need_reason(act, message("looking at a hold again ends in a reason why it stands"))
    return _on_hold(system, number, act, "review", PLACED, {"reviewed_on": system.today.isoformat()})


def lift(system: System, number: str, act: Act) -> Change:
    """The change that ends a hold; other holds on the same records stand."""
    need_reason(act, message("lifting a hold needs a reason"))
    return _on_hold(system, number, act, "lift", LIFTED, {"lifted_on": system.today.isoformat()})


def _on_hold(system: System, number: str, act: Act, name: str, state: str, said: Mapping[str, Json]) -> Change:
    found = the_hold(system, number)
    if not stands(system, found):
        raise QmsError("{number} was lifted on {day}", number=number, day=found.lifted_on or "-")
    events = next(e for e in control.records(system.objects, system.control, control.HOLDS)
                  if control.key_of(e[0]).number == number)  # fmt: skip
    held = Record(tuple(stored.event for stored in events))
    given = {**said, **_right(system, act, _officers(system), name)}
    draft = Draft(
        record=control.key_of(events[0]),
        act=name,
        state=state,
        set={key: value for key, value in given.items() if value is not None or key in held.values},
        form=builtin.reference(builtin.HOLD),
        after=held.last.sha256,
        meaning=decides(system, act.by, system.officers.approve, HOLD_MOVES[name].meaning),
        acts=builtin.acts(builtin.HOLD),
    )
    return change(system, act, [draft])


def the_hold(system: System, number: str) -> Hold:
    """The hold of a number. Raises QmsError when there is none."""
    for found in system.definitions.holds:
        if found.record == number:
            return found
    known = tuple(item.record for item in system.definitions.holds if item.is_in_force)
    raise QmsError("there is no hold {number}; there are {known}", number=number, known=known or ("-",))


def keep(system: System, numbers: Sequence[str], period: Quantity | None, retention: str | None, act: Act) -> Change:
    """The change that keeps records longer: for a `period` from today, or as records of another class."""
    need_reason(act, message("keeping longer needs a reason"))
    if (period is None) == (retention is None):
        raise QmsError("how long?", hint=message('--for "2 years", or --class CLASS'))
    if retention is not None and retention not in system.schedule.class_:
        raise QmsError("there is no class {name} in the schedule in force; there are {known}",
                       name=retention, known=tuple(system.schedule.class_))  # fmt: skip
    if period is not None and (period.unit not in CIVIL or period.amount < 1):
        raise QmsError("--for {period}: must be days, weeks, months or years", period=period)
    said: dict[str, Json] = {"kind": DecisionKind.KEEP}
    if period is not None:
        said["until_on"] = last_day(system.today, period).isoformat()
    if retention is not None:
        said["retention"] = retention
    made = _decided(system, numbers, said, act)
    if period is not None:
        _refuse_shorter(system, numbers, last_day(system.today, period))
    return made


def _refuse_shorter(system: System, numbers: Sequence[str], until_on: date) -> None:
    for item in kept(system, _rows(system, numbers)):
        if item.due_on is not None and item.due_on > until_on:
            raise QmsError("{number} is kept until {day} as it is", number=item.row.number, day=item.due_on)


def transfer(system: System, numbers: Sequence[str], receiver: str, act: Act) -> Change:
    """The change that records a handing over; the records stay here until a certificate says they are gone."""
    need_reason(act, message("handing over needs a reason"))
    name = text_of(receiver, message("the receiver"))
    if name is None:
        raise QmsError("handed over to whom?", hint=message("--to WHO"))
    made = _decided(system, numbers, {"kind": DecisionKind.TRANSFER, "receiver": name}, act)
    for item in kept(system, _rows(system, numbers)):
        if item.is_held:
            raise QmsError("{number} is on hold: {hold}", number=item.row.number, hold=item.holds[0].record)
    return made


def _rows(system: System, numbers: Sequence[str]) -> Iterator[Row]:
    return (row for number in numbers if (row := system.index.by_number(number)) is not None)


def _decided(system: System, numbers: Sequence[str], said: Mapping[str, Json], act: Act) -> Change:
    if not numbers:
        raise QmsError("which records?", hint=message("qmsdocs retention due"))
    known_records(system, numbers)
    roles = system.officers.approve
    listed: list[Json] = [*dict.fromkeys(numbers)]
    given = {**said, "numbers": listed, **_right(system, act, roles, "issue")}
    draft = Draft(
        record=builtin.new_number(builtin.DECISION),
        act="issue",
        state=DECIDED,
        set={name: value for name, value in given.items() if value is not None},
        form=builtin.reference(builtin.DECISION),
        meaning=decides(system, act.by, roles),
        acts=builtin.acts(builtin.DECISION),
    )
    return change(system, act, [draft])


def _officers(system: System) -> tuple[str, ...]:
    """The roles that may place and lift holds: who reviews and who approves configuration."""
    matrix = system.officers
    return (*matrix.review, *matrix.approve)


def _right(system: System, act: Act, roles: Iterable[str], name: str) -> Mapping[str, Json]:
    steps = {"issue": message("this"), "review": message("looking at a hold again"), "lift": message("lifting a hold")}
    return right(authority_of(system, act.by, tuple(roles), steps[name]))
