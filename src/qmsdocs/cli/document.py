"""`qmsdocs document`: controlled documents, forms and configuration on their way into force and out of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qmsdocs.cli import command
from qmsdocs.cli.command import Command, F, Group, argument, option, pass_session
from qmsdocs.cli.record import giving

if TYPE_CHECKING:  # loaded by the commands that need them, so that help and completion come at once
    from qmsdocs.cli.session import Session

KINDS = ("manual", "chapter", "procedure", "work_rule", "work_instruction")
NUMBER = "The number of a document or form, or a configuration file."


@click.group(cls=Group, help="Draft, review, approve, distribute and compare controlled documents.")
def document() -> None:
    """The group."""


def writing(function: F) -> F:
    """The options of every command that writes a document."""
    return option("--json", "as_json", is_flag=True, help="Print one JSON object.")(command.writing(function))


def listing(function: F) -> F:
    """The options of acts on several items at once."""
    for decorate in (
        option("-y", "--yes", is_flag=True, help="Take the whole list without being asked."),
        option("--without", metavar="2,4", help="Numbers of the list to leave out."),
        option("--trial", is_flag=True, help="All that is in force on trial, as a numbered list."),
        option("--waiting", is_flag=True, help="All that waits for you, as a numbered list."),
    ):
        function = decorate(function)
    return function


def recording(function: F) -> F:
    """The options of commands whose act is a record of a company's form."""
    for decorate in (
        writing,
        giving,
        option("--happened-at", metavar="TIME", help="When it happened, where that was earlier."),
        option("--no-pages", is_flag=True, help="Leave the pages for `record render --pending`."),
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
@argument("number", required=False, help=NUMBER)
@option("--reject", is_flag=True, help="Send it back, with -m.")
@listing
@option(
    "--verdict",
    type=click.Choice(["keep", "revise", "withdraw"]),
    metavar="VERDICT",
    help="Of a periodic review: keep, revise or withdraw.",
)
@recording
@pass_session
def review(session: Session, number: str | None, verdict: str | None, **options: Any) -> int:
    """A reviewed revision."""
    from qmsdocs.cli import control

    if verdict is not None and number is not None:
        from qmsdocs.cli import custody

        return custody.periodic_review(session, number, verdict=verdict, **options)
    return control.review(session, number, **options)


@document.command(cls=Command, help="Countersign what was reviewed, for a department.")
@argument("number", help=NUMBER)
@option(
    "--verdict",
    type=click.Choice(["agree", "remark", "object"]),
    default="agree",
    metavar="VERDICT",
    help="agree, remark or object (with -m); else: agree.",
)
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
@listing
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
    from qmsdocs.cli import course

    return course.history(session, number, as_json=as_json, output=output)


@document.command(cls=Command, help="Show how an item stands and what it waits for.")
@argument("number", help=NUMBER)
@option("--revision", metavar="LABEL", help="A certain revision (else: the one in force).")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_session
def show(session: Session, number: str, revision: str | None, as_json: bool) -> int:
    """How an item stands."""
    from qmsdocs.cli import library

    return library.show(session, number, revision=revision, as_json=as_json)


@document.command(cls=Command, help="Begin a document: a file with front matter and sections to fill.")
@argument("number", help="The number of the new document.")
@option("--title", required=True, help="The title of the new document.")
@option(
    "--kind",
    type=click.Choice(KINDS),
    default="procedure",
    metavar="KIND",
    help="manual, chapter, procedure (else), work_rule or work_instruction.",
)
@option("--owner", metavar="ROLE", default="document_controller", help="The role that keeps it.")
@option("--parent", metavar="NUMBER", help="The document above it.")
@pass_session
def new(session: Session, number: str, **options: Any) -> int:
    """A new document."""
    from qmsdocs.cli import library

    return library.new(session, number, **options)


@document.command(cls=Command, help="Draw the pages of a revision as PDF or DOCX.")
@argument("number", help=NUMBER)
@option("-o", "--output", metavar="FILE", help="A .pdf or .docx file (else: below records/issued).")
@option("--revision", metavar="LABEL", help="A certain revision (else: the one in force).")
@option("--copy", metavar="NUMBER", help="With the controlled stamp of a copy that was given.")
@option("--kept", is_flag=True, help="As the archive copy of a superseded revision.")
@option("--draft", is_flag=True, help="As it stands in the folder.")
@pass_session
def render(session: Session, number: str, **options: Any) -> int:
    """Pages of a document."""
    from qmsdocs.cli import library

    return library.render(session, number, **options)


@document.command(cls=Command, help="Put the text in force into the folder, in place of an earlier one.")
@argument("number", help=NUMBER)
@option("--replace", is_flag=True, help="Write over a text that was changed in the folder.")
@pass_session
def restore(session: Session, number: str, replace: bool) -> int:
    """A text in force in the folder."""
    from qmsdocs.cli import library

    return library.restore(session, number, replace=replace)


@document.command("list", cls=Command, help="Show the master list: what is in force, since when, who holds copies.")
@option("--changed-since", metavar="DATE", help="Only what came into force or was withdrawn since.")
@option("--external", is_flag=True, help="Documents of external origin, with edition and last check.")
@option("--all", "everything", is_flag=True, help="Configuration files, too.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@option("-o", "--output", metavar="FILE", help="A .csv, .xlsx, .docx, .pdf, .json or .txt file.")
@pass_session
def list_(session: Session, **options: Any) -> int:
    """The master list."""
    from qmsdocs.cli.document_list import list_documents

    return list_documents(session, **options)


@document.command("import", cls=Command, help="Make a draft from a Word file, and say what could not be carried over.")
@argument("file", type=click.Path(readable=False, path_type=Path), help="A .docx file.")
@option("--number", metavar="NUMBER", help="The number it gets (else: as the file says).")
@option("--replace", is_flag=True, help="Write over the draft that is there.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_session
def import_(session: Session, file: Path, **options: Any) -> int:
    """A draft from Word."""
    from qmsdocs.cli.importing import import_document

    return import_document(session, file, **options)


@document.command(cls=Command, help="Check documents as they lie in the folder: text, parameters, references.")
@argument("numbers", nargs=-1, help="Numbers of documents (else: all).")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_session
def check(session: Session, numbers: tuple[str, ...], as_json: bool) -> int:
    """What is wrong or doubtful; 1 when there are errors."""
    from qmsdocs.cli import parameters as functions

    return functions.check(session, numbers, as_json=as_json)


@document.command(cls=Command, help="List the numbers that documents fix, with units and where they are used.")
@argument("number", required=False, help="The number of a document (else: all).")
@option("--draft", is_flag=True, help="As they stand in the folder.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@option("-o", "--output", metavar="FILE", help="A .csv, .xlsx, .docx, .pdf, .json or .txt file.")
@pass_session
def parameters(session: Session, number: str | None, draft: bool, as_json: bool, output: str | None) -> int:
    """Parameters."""
    from qmsdocs.cli import parameters as functions

    return functions.parameters(session, number, as_json=as_json, output=output, draft=draft)


@document.command(
    cls=Command, help="Show what the draft in the folder would change: clocks, levels, forms, open records."
)
@argument("number", help=NUMBER)
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_session
def impact(session: Session, number: str, as_json: bool) -> int:
    """What a draft would change."""
    from qmsdocs.cli import custody
    from qmsdocs.cli import parameters as functions

    return functions.impact(session, number, as_json=as_json, copies=custody.copies_out(session))


@document.command(cls=Command, help="Compare two revisions, or what is in force with the draft in the folder.")
@argument("number", help=NUMBER)
@argument("old", required=False, help="The older revision (else: the one in force).")
@argument("new", required=False, help="The newer revision (else: the draft in the folder).")
@option("-o", "--output", metavar="FILE", help="A .pdf, .docx, .txt or .json file.")
@option("--whole", "is_whole", is_flag=True, help="The whole text, not only what stands around changes.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_session
def diff(session: Session, number: str, old: str | None, new: str | None, **options: Any) -> int:
    """A comparison."""
    from qmsdocs.cli.difference import difference

    return difference(session, number, old, new, **options)


@document.command(cls=Command, help="Give out numbered copies, take them back, and list those that must come back.")
@argument("number", required=False, help="The number of a document or form.")
@option("--to", metavar="DEPARTMENT", help="Give a copy to a department.")
@option("--copy", metavar="NUMBER", help="Its number (else: the next free one).")
@option("--holder", metavar="PERSON", help="Who gets it.")
@option("--revision", metavar="LABEL", help="A certain revision (else: the one in force).")
@option("--all", "everybody", is_flag=True, help="Give one to every department of its distribution list.")
@option("--received", metavar="COPY", help="The copy was received.")
@option("--return", "returned", metavar="COPY", help="The copy came back.")
@option("--destroy", "destroyed", metavar="COPY", help="The copy was destroyed (with --witness).")
@option("--lost", metavar="COPY", help="The copy is lost (with -m).")
@option("--found", metavar="COPY", help="The lost copy was found.")
@option("--witness", metavar="PERSON", help="Who saw it destroyed.")
@option("--recall", is_flag=True, help="List the copies whose revision is no longer in force.")
@option("-o", "--output", metavar="FILE", help="Where the stamped pages go.")
@recording
@pass_session
def distribute(session: Session, number: str | None, **options: Any) -> int:
    """Copies given and taken back."""
    from qmsdocs.cli import custody, library

    return custody.distribute(session, number, draw_copy=library.drawer(), **options)


@document.command(cls=Command, help="Say that a revision was read and understood; sheets for many, and who has not.")
@argument("number", help="The number of a document or form.")
@option("--revision", metavar="LABEL", help="A certain revision (else: the one in force).")
@option("--sheet", is_flag=True, help="Print a sheet with names to sign.")
@option("--people", metavar="A,B", help="Whom the sheet lists.")
@option("--department", metavar="NAME", help="The sheet lists this department.")
@option("--scan", type=click.Path(readable=False, path_type=Path), help="The signed sheet (with --record).")
@option("--record", metavar="NUMBER", help="The number of the sheet.")
@option("--absent", metavar="A,B", help="Who did not sign it.")
@option("--open", is_flag=True, help="List the readers who have not read it yet.")
@option("-o", "--output", metavar="FILE", help="A .pdf or .docx file for the sheet; a table for --open.")
@recording
@pass_session
def acknowledge(session: Session, number: str, **options: Any) -> int:
    """Readers."""
    from qmsdocs.cli.acknowledging import acknowledge as acknowledged

    return acknowledged(session, number, **options)
