"""`qmsdocs document`: controlled documents, forms and configuration on their way into force and out of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qmsdocs.cli.words import Command, F, Group, argument, option, pass_session

if TYPE_CHECKING:  # loaded by the commands that need them, so that help and completion come at once
    from qmsdocs.cli.session import Session

NUMBER = "The number of a document or form, or a configuration file."


@click.group(cls=Group, help="Controlled documents: drafts, approval, distribution, review.")
def document() -> None:
    """The group."""


def writing(function: F) -> F:
    """The options of every command that writes."""
    for decorate in (
        option("--json", "as_json", is_flag=True, help="Print one JSON object."),
        option("-m", "--reason", metavar="REASON", help="Why."),
        option("-n", "--dry-run", is_flag=True, help="Plan only, write nothing."),
    ):
        function = decorate(function)
    return function


@document.command(cls=Command, help="Store what stands in the folder as a revision and put it up for review.")
@argument("number", help=NUMBER)
@option("--revision", metavar="LABEL", help="Its label (else: the next one).")
@option("--countersign", metavar="A,B", help="The departments asked to countersign (else: as the matrix says).")
@option("--clauses", metavar="TEXT", help="The clauses that changed, as the revision record prints them.")
@writing
@pass_session
def submit(session: Session, number: str, **options: Any) -> int:
    """A submitted revision."""
    from qmsdocs.cli import control

    return control.submit(session, number, **options)


@document.command(cls=Command, help="Review what waits; with --verdict the periodic review of what is in force.")
@argument("number", help=NUMBER)
@option("--reject", is_flag=True, help="Send it back, with -m.")
@option("--verdict", type=click.Choice(["keep", "revise", "withdraw"]), help="The verdict of a periodic review.")
@writing
@pass_session
def review(session: Session, number: str, verdict: str | None, **options: Any) -> int:
    """A reviewed revision."""
    from qmsdocs.cli import control

    if verdict is not None:
        from qmsdocs.cli import custody

        return custody.periodic_review(session, number, verdict=verdict, **options)
    return control.review(session, number, **options)


@document.command(cls=Command, help="Countersign what was reviewed, for a department.")
@argument("number", help=NUMBER)
@option("--verdict", type=click.Choice(["agree", "remark", "object"]), default="agree", help="What it says (with -m).")
@option("--department", metavar="NAME", help="For which department (else: your own).")
@option("--answer", metavar="DEPARTMENT", help="Answer the remark of a department, with -m.")
@writing
@pass_session
def countersign(session: Session, number: str, **options: Any) -> int:
    """A countersigned revision."""
    from qmsdocs.cli import control

    return control.countersign(session, number, **options)


@document.command(cls=Command, help="Approve what waits: a revision, a withdrawal, or the end of a trial.")
@argument("number", required=False, help=NUMBER)
@option("--effective", metavar="DATE", help="The first day in force (else: tomorrow; a first revision: today).")
@option("--reject", is_flag=True, help="Send it back, with -m.")
@option("--waiting", is_flag=True, help="All that waits for you, as a numbered list.")
@option("--trial", is_flag=True, help="All that is in force on trial, as a numbered list.")
@option("--without", metavar="2,4", help="Numbers of the list to leave out.")
@option("-y", "--yes", is_flag=True, help="Approve the whole list without being asked.")
@writing
@pass_session
def approve(session: Session, number: str | None, **options: Any) -> int:
    """An approved revision."""
    from qmsdocs.cli import control

    return control.approve(session, number, **options)


@document.command(cls=Command, help="Take back what waits, or ask for the withdrawal of what is in force.")
@argument("number", help=NUMBER)
@writing
@pass_session
def withdraw(session: Session, number: str, **options: Any) -> int:
    """A revision taken back, or on its way out of force."""
    from qmsdocs.cli import control

    return control.withdraw(session, number, **options)


@document.command(
    cls=Command, help="Show every revision: who did what when, signed with which meaning, and whether it holds."
)
@argument("number", help=NUMBER)
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@option("-o", "--output", metavar="FILE", help="Write it to a file (- for stdout).")
@pass_session
def history(session: Session, number: str, as_json: bool, output: str | None) -> int:
    """The course of an item; 1 where an act cannot be believed."""
    from qmsdocs.cli import control

    return control.history(session, number, as_json=as_json, output=output)
