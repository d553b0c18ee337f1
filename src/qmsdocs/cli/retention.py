"""`qmsdocs retention`: the list of records with their periods, what is due, holds, decisions at the end."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import click

from qmsdocs.cli.command import Command, Group, argument, option, pass_session, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from qmsdocs.acts.control import Act
    from qmsdocs.cli.session import Session
    from qmsdocs.model.hold import Hold
    from qmsdocs.query.retention import Kept
    from qmsdocs.store.event import Change
    from qmsdocs.system.view import System

COMMANDS = dict.fromkeys(
    ("dispose", "erase", "witness", "certificates", "certificate"), "disposing"
)  # command → module


@click.group(cls=Group, lazy=COMMANDS, help="How long records are kept: list, due, holds, disposal.")
def retention() -> None:
    """The group."""


@retention.command("list", cls=Command, help="List the quality records: form, department, period, medium, place.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@option("-o", "--output", metavar="FILE", help="A .csv, .xlsx, .docx, .pdf, .json or .txt file.")
@pass_session
def list_(session: Session, as_json: bool, output: str | None) -> None:
    """The list as a table."""
    from qmsdocs.cli.output import write_grid
    from qmsdocs.query import retention_list

    if not as_json:
        write_grid(session, retention_list.list_grid(session.system, catalogue=session.catalogue), output)
        return
    system, language = session.system, session.language
    forms = []
    for item in retention_list.listed(system):
        rule = item.rule
        words = {name: getattr(rule, name) if rule is not None else None
                 for name in ("medium", "place", "basis", "caution")}  # fmt: skip
        forms.append(
            {
                "form": item.form.number,
                "title": item.form.title.of(language),
                "revision": item.revision,
                "department": retention_list.department_of(system, item, session.catalogue),
                "class": item.retention,
                "class_title": rule.title.of(language) if rule is not None else None,
                "period": rule.period if rule is not None else None,
                "trigger": rule.trigger.value if rule is not None else None,
                "disposition": rule.disposition.value if rule is not None else None,
                **{name: text.of(language) if text is not None else None for name, text in words.items()},
            }
        )
    caution = system.schedule.caution.of(language) if system.schedule.caution is not None else None
    session.answer_json({"format": 1, "caution": caution, "forms": forms}, output)


@retention.command(cls=Command, help="List the records whose period has ended; 1 where a decision is overdue.")
@option("--on", "day", metavar="DATE", help="As of this day, past or to come (else: today).")
@option("--class", "classes", multiple=True, metavar="CLASS", help="Only of this class.")
@option("--form", "forms", multiple=True, metavar="FORM", help="Only of this form.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@option("-o", "--output", metavar="FILE", help="A .csv, .xlsx, .docx, .pdf, .json or .txt file.")
@pass_session
def due(
    session: Session,
    day: str | None,
    classes: tuple[str, ...],
    forms: tuple[str, ...],
    as_json: bool,
    output: str | None,
) -> int:
    """What is due."""
    from qmsdocs.acts.retention import refuse_unknown
    from qmsdocs.cli import given
    from qmsdocs.cli.output import write_grid
    from qmsdocs.query import retention as query
    from qmsdocs.query.retention_list import due_grid

    system, on = session.system, given.day("--on", day) if day else session.system.today
    refuse_unknown(system, classes, forms)
    found = tuple(
        item
        for item in query.due(system, on=on)
        if (not classes or item.retention in classes) and (not forms or item.row.form in forms)
    )
    late = [item for item in found if (by := query.decide_by(system, item)) is not None and by < on]
    if as_json:
        said = [_due_json(system, item, on) for item in found]
        session.answer_json({"format": 1, "on": on.isoformat(), "records": said}, output)
    else:
        write_grid(session, due_grid(system, found, on=on, catalogue=session.catalogue), output)
        if late:
            session.tell("{count} records wait for a decision longer than they may", count=len(late))
    return 1 if late else 0


def _due_json(system: System, item: Kept, on: date) -> dict[str, object]:
    from qmsdocs.query.cell import iso
    from qmsdocs.query.retention import decide_by

    rule, by, decision = system.schedule.class_.get(item.retention), decide_by(system, item), item.decision
    return {
        "number": item.row.number,
        "form": item.row.form,
        "class": item.retention,
        "trigger_on": iso(item.trigger_on),
        "due_on": iso(item.due_on),
        "disposition": rule.disposition.value if rule is not None else None,
        "holds": [hold.record for hold in item.holds],
        "decision": decision.record if decision is not None else None,
        "decide_by": iso(by),
        "overdue": by is not None and by < on,
    }


@retention.command(cls=Command, help="Place a hold on records, by number or by what they are; or list the holds.")
@argument("numbers", nargs=-1, required=False, help="Records to be held.")
@option("--form", "forms", multiple=True, metavar="FORM", help="All records of this form.")
@option("--class", "classes", multiple=True, metavar="CLASS", help="All records of this class.")
@option("--customer", "customers", multiple=True, metavar="NAME", help="All records of this customer.")
@option("--period", metavar="PERIOD", help="All records opened then: 2026, 2026-05, or 2026-05-01..2026-06-15.")
@option("--title", metavar="TITLE", help="What it is called (else: as the reason begins).")
@option("--asked-by", metavar="WHO", help="Who asked for it.")
@writing
@option("--list", "is_list", is_flag=True, help="List the holds instead.")
@option("--all", "with_lifted", is_flag=True, help="List those that were lifted too.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@option("-o", "--output", metavar="FILE", help="The list as a .csv, .xlsx, .docx, .pdf, .json or .txt file.")
@pass_session
def hold(session: Session, numbers: tuple[str, ...], is_list: bool, **options: Any) -> None:
    """A hold, or the list of them."""
    from qmsdocs.acts.retention import Holding, the_hold
    from qmsdocs.acts.retention import hold as place
    from qmsdocs.cli import given

    if is_list or options["with_lifted"]:
        _list_holds(session, options)
        return
    period, asked_by, title = options["period"], options["asked_by"], options["title"]
    holding = Holding(
        numbers=numbers,
        classes=options["classes"],
        forms=options["forms"],
        customers=tuple(given.named("--customer", name) for name in options["customers"]),
        opened=given.period("--period", period) if period else None,
        title=given.named("--title", title) if title else None,
        asked_by=given.named("--asked-by", asked_by) if asked_by else None,
    )
    number = _done(session, "hold", lambda system, act: place(system, holding, act), options)
    if number is not None:
        [(_, count)] = _covering(session.system, [the_hold(session.system, number)])
        session.tell("records it covers now: {count}", count=count)


@retention.command(cls=Command, help="Say that a hold was looked at again and stands.")
@argument("number", metavar="HOLD", help="The number of the hold.")
@writing
@pass_session
def review(session: Session, number: str, **options: Any) -> None:
    """A hold that stands."""
    from qmsdocs.acts.retention import review_hold

    _done(session, "hold", lambda system, act: review_hold(system, number, act), options)


@retention.command(cls=Command, help="Lift a hold; a record held by others too stays on hold.")
@argument("number", metavar="HOLD", help="The number of the hold.")
@writing
@pass_session
def lift(session: Session, number: str, **options: Any) -> None:
    """A hold that is no more."""
    from qmsdocs.acts.retention import lift as end

    _done(session, "hold", lambda system, act: end(system, number, act), options)


@retention.command(cls=Command, help="Decide that records are kept longer.")
@argument("numbers", nargs=-1, required=True, help="The records.")
@option("--for", "period", metavar="PERIOD", help='How long from today, such as "2 years".')
@option("--class", "name", metavar="CLASS", help="As long as records of this class.")
@writing
@pass_session
def keep(session: Session, numbers: tuple[str, ...], period: str | None, name: str | None, **options: Any) -> None:
    """A later end."""
    from qmsdocs.acts.retention import keep as decide
    from qmsdocs.model.quantity import parse

    length = parse(period) if period is not None else None
    _done(session, "decision", lambda system, act: decide(system, numbers, length, name, act), options)


@retention.command(cls=Command, help="Decide that records are handed over; they stay here until they are disposed of.")
@argument("numbers", nargs=-1, required=True, help="The records.")
@option("--to", "receiver", required=True, metavar="WHO", help="Who takes them over.")
@writing
@pass_session
def transfer(session: Session, numbers: tuple[str, ...], receiver: str, **options: Any) -> None:
    """A handing over."""
    from qmsdocs.acts.retention import transfer as decide

    _done(session, "decision", lambda system, act: decide(system, numbers, receiver, act), options)


def _done(session: Session, form: str, plan: Callable[[System, Act], Change], options: dict[str, Any]) -> str | None:
    """The number of what was done in control, None where it was only planned; it was said."""
    from qmsdocs.acts.control import Act
    from qmsdocs.system import builtin

    act = Act(session.by, options["reason"], options["clock_is_right"])
    outcome = session.apply(lambda system: plan(system, act), dry_run=options["dry_run"])
    if not outcome.posted:
        session.answer(session.say("nothing speaks against it; nothing was written"))
        return None
    definition, draft = builtin.form(form), outcome.change.drafts[0]
    done = definition.step.get(draft.act) or definition.state[draft.state]
    number = outcome.posted[0].number
    session.answer(session.say("{number}: {what}", number=number, what=done.title))
    return number


def _list_holds(session: Session, options: dict[str, Any]) -> None:
    from qmsdocs.cli.output import write_grid
    from qmsdocs.query.retention import stands
    from qmsdocs.query.retention_list import hold_grid

    system = session.system
    found = _covering(system, system.definitions.holds)
    if options["as_json"]:
        said = [_hold_json(system, item, count) for item, count in found]
        session.answer_json({"format": 1, "holds": said}, options["output"])
        return
    shown = [(item, count) for item, count in found if options["with_lifted"] or stands(system, item)]
    grid = hold_grid(system, shown, on=system.today, catalogue=session.catalogue)
    write_grid(session, grid, options["output"])


def _covering(system: System, holds: Iterable[Hold]) -> list[tuple[Hold, int]]:
    """The holds, each with how many records it covers now."""
    from qmsdocs.query.retention import covered
    from qmsdocs.store.index import Filter

    rows = tuple(system.index.records(Filter(forms=system.form_numbers)))
    return [(item, len(covered(system, item, rows))) for item in holds]


def _hold_json(system: System, hold: Hold, count: int) -> dict[str, object]:
    from qmsdocs.query.cell import iso
    from qmsdocs.query.retention_list import review_by

    by = review_by(system, hold)
    return {
        "hold": hold.record,
        "title": hold.title,
        "reason": hold.reason,
        "asked_by": hold.asked_by or None,
        "by": hold.by,
        "from_on": hold.from_on.isoformat(),
        "reviewed_on": iso(hold.reviewed_on),
        "review_by": iso(by),
        "overdue": by is not None and by < system.today,
        "lifted_on": iso(hold.lifted_on),
        "numbers": sorted(hold.numbers),
        "classes": sorted(hold.classes),
        "forms": sorted(hold.forms),
        "customers": sorted(hold.customers),
        "opened_from": iso(hold.opened_from),
        "opened_to": iso(hold.opened_to),
        "records": count,
    }
