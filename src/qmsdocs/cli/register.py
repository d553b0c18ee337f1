"""`qmsdocs register`: registers on the terminal and as files."""

from __future__ import annotations

import click

from qmsdocs.base.errors import message
from qmsdocs.cli.command import Command, Group, argument, option, pass_session
from qmsdocs.cli.output import FORMATS, write_grid
from qmsdocs.cli.report import day
from qmsdocs.cli.session import Session
from qmsdocs.query.register import definition, definitions, grid
from qmsdocs.render.table import Column, Grid


@click.group(cls=Group, help="Show registers, in the terminal or as a file.")
def register() -> None:
    """The group."""


@register.command("list", cls=Command, help="List the registers.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_session
def list_(session: Session, as_json: bool) -> None:
    """The registers there are."""
    found = definitions(session.system)
    if as_json:
        rows = [{"name": r.name, "title": r.title.of(session.language), "forms": list(r.forms)} for r in found]
        session.answer_json({"format": 1, "registers": rows})
        return
    titles = {"name": message("Name"), "title": message("Title"), "forms": message("Forms")}
    columns = tuple(Column(name, session.say(title)) for name, title in titles.items())
    cells = tuple((r.name, r.title.of(session.language), ", ".join(r.forms)) for r in found)
    write_grid(session, Grid(session.say("Registers"), "", columns, cells), None)


@register.command(cls=Command, help="Show the register NAME.")
@argument("name", help="A register, see `register list`.")
@option("--from", "first", metavar="DATE", help="Opened on this day or later.")
@option("--to", "last", metavar="DATE", help="Opened on this day or earlier.")
@option(
    "--format",
    "wanted",
    type=click.Choice(FORMATS),
    metavar="KIND",
    help="One of txt, csv, xlsx, docx, pdf, json (else: as the file ends).",
)
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@option("-o", "--output", metavar="FILE", help="A .csv, .xlsx, .docx, .pdf, .json or .txt file.")
@pass_session
def show(
    session: Session,
    name: str,
    first: str | None,
    last: str | None,
    wanted: str | None,
    as_json: bool,
    output: str | None,
) -> None:
    """The register as a table."""
    made = grid(
        session.system,
        definition(session.system, name),
        catalogue=session.catalogue,
        opened_from=day(first, "--from"),
        opened_to=day(last, "--to"),
    )
    write_grid(session, made, output, wanted="json" if as_json else wanted)
