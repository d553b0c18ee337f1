"""`qmsdocs record lend`, `return`, `lent`: records lent out, taken back, and what is overdue."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from qmsdocs.cli.command import Command, argument, option, pass_session
from qmsdocs.cli.record import giving, writing

if TYPE_CHECKING:
    from datetime import date

    from qmsdocs.cli.session import Session
    from qmsdocs.query.lending import Loan
    from qmsdocs.store.event import Change
    from qmsdocs.system.view import System


@click.command(cls=Command, help="Lend a record: the paper original, or a printed copy.")
@argument("number", help="The record; with --again also the loan.")
@option("--to", "holder", metavar="WHO", help="A person by id or name, or somebody from outside.")
@option("--until", metavar="DATE", help="When it is due back (else: as long as a loan may last).")
@option("--copy", "is_copy", is_flag=True, help="A printed copy, not the original.")
@option("--department", metavar="NAME", help="The department or company (else: the person's).")
@option("--approved-by", metavar="PERSON", help="Who allowed the original to leave the house.")
@option("--again", "is_again", is_flag=True, help="Extend a loan that is out.")
@giving
@writing
@pass_session
def lend(session: Session, number: str, **options: Any) -> int:
    """A loan, or its extension."""
    from qmsdocs.acts import lending
    from qmsdocs.base.errors import QmsError, message
    from qmsdocs.cli import custody, given
    from qmsdocs.query.lending import LentKind
    from qmsdocs.query.purpose import Purpose

    until = given.day("--until", options["until"]) if options["until"] else None
    intent = custody.intent_of(session, options)
    if options["is_again"]:
        return _change(session, lambda system: lending.extend(system, number, until, intent), options)
    if options["holder"] is None:
        raise QmsError("lent to whom?", hint=message("--to WHO"))
    department = options["department"]
    wanted = lending.Lending(
        record=number,
        holder=given.named("--to", options["holder"]),
        kind=LentKind.COPY if options["is_copy"] else LentKind.ORIGINAL,
        until=until,
        department=given.named("--department", department) if department else None,
        approved_by=options["approved_by"],
        values=custody.extra_values(session, Purpose.LENDING, options),
    )
    return _change(session, lambda system: lending.lend(system, wanted, intent), options)


@click.command("return", cls=Command, help="Take a lent record back.")
@argument("number", help="The record, or the loan.")
@option("--condition", metavar="CHOICE", help="complete, damaged or missing (else: complete).")
@giving
@writing
@pass_session
def return_(session: Session, number: str, **options: Any) -> int:
    """A record that is back."""
    from qmsdocs.acts import lending
    from qmsdocs.cli import custody
    from qmsdocs.query.purpose import Purpose

    intent = custody.intent_of(session, options)
    extra = custody.extra_values(session, Purpose.LENDING, options)
    return _change(
        session,
        lambda system: lending.give_back(system, number, intent, condition=options["condition"], extra=extra),
        options,
    )


def _change(session: Session, plan: Callable[[System], Change], options: dict[str, Any]) -> int:
    """The exit code of a change to a loan, its page drawn."""
    from qmsdocs.acts.lending import the_loan
    from qmsdocs.acts.record import Refused
    from qmsdocs.cli import custody, issuing
    from qmsdocs.query.lending import holder_of
    from qmsdocs.query.purpose import Purpose

    try:
        outcome = session.apply(plan, dry_run=options["dry_run"])
    except Refused as error:
        return custody.refused(session, error, Purpose.LENDING)
    code = issuing.after_change(session, outcome, custody.writing(options))
    for posted in outcome.posted:
        loan = the_loan(session.system, posted.number)
        if loan.is_out:
            session.tell("{record}: with {holder}, due back on {day}", record=loan.record,
                         holder=holder_of(session.system, loan), day=loan.due_on or "-")  # fmt: skip
    return code


@click.command(cls=Command, help="List the records lent out; 1 where one should be back.")
@option("--overdue", "is_overdue", is_flag=True, help="Only what should be back.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@option("-o", "--output", metavar="FILE", help="A .csv, .xlsx, .docx, .pdf, .json or .txt file.")
@pass_session
def lent(session: Session, is_overdue: bool, as_json: bool, output: str | None) -> int:
    """What is lent out."""
    from qmsdocs.cli.output import write_grid
    from qmsdocs.query import lending

    today = session.system.today
    found = tuple(loan for loan in lending.lent(session.system) if not is_overdue or loan.is_overdue(today))
    late = any(loan.is_overdue(today) for loan in found)
    if as_json:
        said = [_loan_json(loan, today) for loan in found]
        session.answer_json({"format": 1, "on": today.isoformat(), "lent": said}, output)
    else:
        write_grid(session, lending.grid(session.system, found, on=today, catalogue=session.catalogue), output)
    return 1 if late else 0


def _loan_json(loan: Loan, on: date) -> dict[str, object]:
    return {
        "number": loan.number,
        "record": loan.record,
        "kind": loan.kind,
        "holder": loan.holder,
        "department": loan.department or None,
        "purpose": loan.purpose,
        "lent_on": loan.lent_on.isoformat() if loan.lent_on is not None else None,
        "due_on": loan.due_on.isoformat() if loan.due_on is not None else None,
        "overdue": loan.is_overdue(on),
    }
