"""`qmsdocs search`: records by any words in them."""

from __future__ import annotations

import click

from qmsdocs.cli.command import Command, argument, option, pass_session
from qmsdocs.cli.output import write_grid
from qmsdocs.cli.report import row_json
from qmsdocs.cli.session import Session
from qmsdocs.query.register import listing


@click.command(cls=Command, help="Find records by any words in them: names, rooms, telephone fragments.")
@argument("words", nargs=-1, required=True, help="Words that all must be there.")
@option("--form", "forms", multiple=True, help="Of this form.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@option("-o", "--output", metavar="FILE", help="A .csv, .xlsx, .docx, .pdf, .json or .txt file.")
@pass_session
def search(session: Session, words: tuple[str, ...], forms: tuple[str, ...], as_json: bool, output: str | None) -> int:
    """The records found; 1 when there are none."""
    found = session.system.found(words)
    rows = tuple(row for row in found if not forms or row.form in forms)
    if as_json or str(output or "").endswith(".json"):
        session.answer_json({"format": 1, "records": [row_json(row) for row in rows]}, output)
    elif not rows and (gone := [said for word in words if (said := session.system.destroyed(word)) is not None]):
        session.answer(session.say("{said}", said=gone[0]))
    else:
        write_grid(session, listing(session.system, rows, catalogue=session.catalogue), output)
    return 0 if rows else 1
