"""`qmsdocs record`: fill, issue, move on, correct, void and show records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qmsdocs.base.errors import QmsError
from qmsdocs.cli.command import Command, F, Group, argument, option, pass_session

if TYPE_CHECKING:  # loaded by the commands that need them, so that help and completion come at once
    from qmsdocs.acts.record import Intent
    from qmsdocs.cli.session import Session
    from qmsdocs.store.event import Change
    from qmsdocs.system.view import System

Plan = Callable[["System", Mapping[str, object], "Intent"], "Change"]


def writing(function: F) -> F:
    """The options of every command that writes."""
    for decorate in (
        option("--json", "as_json", is_flag=True, help="Print one JSON object."),
        option("--happened-at", metavar="TIME", help="When it happened, where that was earlier."),
        option("-m", "--reason", metavar="REASON", help="Why."),
        option("--no-pages", is_flag=True, help="Leave the pages for `record render --pending`."),
        option("--clock-is-right", is_flag=True, help="Confirm an unusual year (with -m)."),
        option("-n", "--dry-run", is_flag=True, help="Plan only, write nothing."),
    ):
        function = decorate(function)
    return function


def giving(function: F) -> F:
    """The options that give values."""
    function = option(
        "--from", "source", type=click.Path(readable=False, path_type=Path), help="A TOML or JSON file of values."
    )(function)
    return option("--set", "pairs", multiple=True, metavar="FIELD=VALUE", help="A value; empty clears it.")(function)


LENDING = {"lend": "lending", "return": "lending", "lent": "lending"}  # command → module


@click.group(cls=Group, lazy=LENDING, help="Fill, issue, move on, correct and show records.")
def record() -> None:
    """The group."""


@record.command(cls=Command, help="Write a commented draft of FORM to fill in any editor.")
@argument("form", help="The number of a form.")
@option("-o", "--output", metavar="FILE", help="Where to write it (- for the terminal).")
@option("--revision", help="A revision that may still come back.")
@pass_session
def new(session: Session, form: str, output: str | None, revision: str | None) -> None:
    """A draft file."""
    from qmsdocs.cli import issuing

    issuing.write_draft(session, form, output, revision=revision)


@record.command(cls=Command, help="Fill FORM question by question; go on later with the same file.")
@argument("form", required=False, help="The number of a form.")
@option("-o", "--output", metavar="FILE", required=True, help="The draft file, read again when it is there.")
@option("--issue", "then_issue", is_flag=True, help="Issue it at the end.")
@pass_session
def fill(session: Session, form: str | None, output: str, then_issue: bool) -> int:
    """A filled draft."""
    from qmsdocs.cli import issuing

    return issuing.fill_draft(session, form, Path(output), then_issue=then_issue)


@record.command(cls=Command, help="Issue drafts, or every row of a table: numbers, PDF and DOCX.")
@argument("drafts", nargs=-1, type=click.Path(readable=False, path_type=Path), help="Draft files, TOML or JSON.")
@option("--form", "form", help="The form of the table.")
@option("--table", type=click.Path(readable=False, path_type=Path), help="A CSV or XLSX table, one record a row.")
@option("--encoding", type=click.Choice(["utf-8", "gb18030"]), default="utf-8", help="How the CSV is written.")
@option("--project", help="The project, where the number names one.")
@writing
@pass_session
def issue(session: Session, drafts: tuple[Path, ...], **options: Any) -> int:
    """Issued records."""
    from qmsdocs.cli import issuing

    return issuing.issue(session, drafts, **options)


@record.command(cls=Command, help="Take the STEP of a record.")
@argument("number", help="The number of a record.")
@argument("step", help="A step, see `record show`.")
@giving
@writing
@pass_session
def advance(session: Session, number: str, step: str, **options: Any) -> int:
    """A record moved on."""
    from qmsdocs.acts import record as acts

    def plan(system: System, written: Mapping[str, object], intent: Intent) -> Change:
        return acts.step(system, number, step, values=written, intent=intent)

    return _change(session, number, plan, options)


@record.command(cls=Command, help="Correct values of a record, with a reason; what stood before stays readable.")
@argument("number", help="The number of a record.")
@giving
@writing
@pass_session
def amend(session: Session, number: str, **options: Any) -> int:
    """An amended record."""
    from qmsdocs.acts import record as acts

    def plan(system: System, written: Mapping[str, object], intent: Intent) -> Change:
        return acts.amend(system, number, values=written, intent=intent)

    return _change(session, number, plan, options)


@record.command(cls=Command, help="Void a number, with a reason; it is never used again.")
@argument("number", help="The number of a record.")
@option("--replaced-by", metavar="NUMBER", help="The record that takes its place.")
@writing
@pass_session
def void(session: Session, number: str, replaced_by: str | None, **options: Any) -> int:
    """A void record."""
    from qmsdocs.acts import record as acts

    def plan(system: System, _: Mapping[str, object], intent: Intent) -> Change:
        return acts.void(system, number, replaced_by=replaced_by, intent=intent)

    return _change(session, number, plan, options)


@record.command(cls=Command, help="Attach files to a record.")
@argument("number", help="The number of a record.")
@argument("files", nargs=-1, required=True, type=click.Path(readable=False, path_type=Path), help="The files.")
@option("--field", "field_name", help="The blank they belong to (else: the first one for attachments).")
@writing
@pass_session
def attach(session: Session, number: str, files: tuple[Path, ...], field_name: str | None, **options: Any) -> int:
    """Attached files."""
    from qmsdocs.acts import record as acts
    from qmsdocs.cli import given

    session.system.record(number)
    said, places = given.store_files(session, files, dry_run=options["dry_run"])

    def plan(system: System, _: Mapping[str, object], intent: Intent) -> Change:
        return acts.attach(system, number, field_name=field_name, files=said, intent=intent)

    return _change(session, number, plan, options, attachments=places)


@record.command("raise", cls=Command, help="Issue the record that NUMBER calls for under NAME, or write its draft.")
@argument("number", help="The number of a record.")
@argument("name", help="What it calls for, as its form names it.")
@option("-o", "--output", metavar="FILE", help="Write a draft with what is known instead of issuing.")
@option("--project", help="The project, where the number names one.")
@giving
@writing
@pass_session
def raise_(session: Session, number: str, name: str, **options: Any) -> int:
    """A raised record, or its draft."""
    from qmsdocs.cli import issuing

    return issuing.raise_record(session, number, name, **options)


def _change(
    session: Session,
    number: str,
    plan: Plan,
    options: Mapping[str, Any],
    *,
    attachments: dict[str, str] | None = None,
) -> int:
    """The exit code of a change to one record, its pages drawn anew."""
    from qmsdocs.acts.record import Refused
    from qmsdocs.cli import given, issuing, report

    held = session.system.record(number)
    form = session.system.form_of(held.record.form).form
    written = given.values(form, options.get("pairs", ()), options.get("source"))
    places = dict(attachments or {})
    if options.get("source") is not None:
        places |= given.attached(session, form, written, Path(options["source"]).parent, dry_run=options["dry_run"])
    intent = given.intent(
        session,
        happened_at=options["happened_at"],
        reason=options["reason"],
        clock_is_right=options["clock_is_right"],
        attachments=places,
    )
    try:
        outcome = session.apply(lambda system: plan(system, written, intent), dry_run=options["dry_run"])
    except Refused as refused:
        return report.refused(session, refused, form)
    return issuing.after_change(session, outcome, options)


@record.command(cls=Command, help="Show a record.")
@argument("number", help="The number of a record.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@option("-o", "--output", metavar="FILE", help="Write it to a file (- for stdout).")
@pass_session
def show(session: Session, number: str, as_json: bool, output: str | None) -> None:
    """A record on the terminal."""
    from qmsdocs.cli import report

    report.show(session, number, as_json=as_json, output=output)


@record.command(cls=Command, help="Show every act on a record: who, when, why, old and new.")
@argument("number", help="The number of a record.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@option("-o", "--output", metavar="FILE", help="Write it to a file (- for stdout).")
@pass_session
def history(session: Session, number: str, as_json: bool, output: str | None) -> None:
    """The events of a record."""
    from qmsdocs.cli import report

    report.history(session, number, as_json=as_json, output=output)


@record.command("list", cls=Command, help="List records.")
@option("--form", "forms", multiple=True, help="Of this form.")
@option("--from", "first", metavar="DATE", help="Opened on this day or later.")
@option("--to", "last", metavar="DATE", help="Opened on this day or earlier.")
@option("--customer", default="", help="The customer's name holds this.")
@option("--state", "states", multiple=True, help="In this state (its name or title).")
@option("--where", multiple=True, metavar="FIELD=VALUE", help="A field has this value.")
@option("--open", "is_open", is_flag=True, help="Not closed.")
@option("--void/--no-void", "is_void", default=None, help="Only void ones, or none of them.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@option("-o", "--output", metavar="FILE", help="A .csv, .xlsx, .docx, .pdf, .json or .txt file.")
@pass_session
def list_(session: Session, **options: Any) -> None:
    """Records as a table."""
    from qmsdocs.cli import report

    report.list_records(session, **options)


@record.command(cls=Command, help="Draw the pages of records again.")
@argument("numbers", nargs=-1, help="Numbers of records.")
@option("--pending", is_flag=True, help="All whose page is missing or out of date.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_session
def render(session: Session, numbers: tuple[str, ...], pending: bool, as_json: bool) -> int:
    """Drawn pages."""
    from qmsdocs.cli import issuing

    if not numbers and not pending:
        raise QmsError("name records, or say --pending")
    return issuing.render(session, numbers, pending=pending, as_json=as_json)
