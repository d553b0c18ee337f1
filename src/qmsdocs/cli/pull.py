"""`qmsdocs export pull`: a package for an auditor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from qmsdocs.base.errors import QmsError, message
from qmsdocs.cli.command import Command, argument, option, pass_session

if TYPE_CHECKING:
    from qmsdocs.cli.session import Session


@click.command(cls=Command, help="Put records together for an auditor: pages, documents then in force, and the proof.")
@argument("numbers", nargs=-1, metavar="[NUMBER]...", help="Records by number; none: all that fit the options.")
@option("--form", "forms", multiple=True, metavar="FORM", help="Records of this form; may be repeated.")
@option("--period", metavar="PERIOD", help="2026, 2026-Q2, 2026-05, 2026-05-01, or one..another, by the record's day.")
@option("--customer", metavar="TEXT", help="Whose customer contains this.")
@option("--clause", "clauses", multiple=True, metavar="CLAUSE", help='Whose procedure cites it, e.g. "ISO 10002:8.1".')
@option("--state", "states", multiple=True, metavar="STATE", help="Which stand in this state; may be repeated.")
@option("--list", "listed", metavar="FILE", help="Numbers one a line, or the column of a .xlsx or .csv that has them.")
@option("--sample", type=click.IntRange(1), metavar="COUNT", help="So many of them, drawn.")
@option("--seed", metavar="TEXT", help="What they are drawn by (else: chance, and it is recorded).")
@option("--for", "recipient", metavar="WHOM", help="Who gets the package.")
@option("-m", "--reason", metavar="REASON", help="What it is for.")
@option("--full", "is_full", is_flag=True, help="With personal data and attachments; for named roles, with -m.")
@option("-o", "--output", metavar="FILE", help="The ZIP to write; not needed with -n.")
@option("--opening", "is_opening", is_flag=True, help="Instead: the sheet an audit opens with, as .pdf or .docx.")
@option("--since", metavar="DATE", help="With --opening: changes since this day (else: a year).")
@option("-n", "--dry-run", is_flag=True, help="Only say what would be in it.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_session
def pull(session: Session, is_opening: bool, since: str | None, **asked: Any) -> int:
    """0 when the package (or the sheet) was written, 1 when no record fits."""
    if asked["output"] is None and not asked["dry_run"]:
        raise QmsError("{option}: {what}", option="-o", what=message("is missing"))
    if is_opening:
        from qmsdocs.cli.opening import opening

        beside = {name for name, value in asked.items() if value not in (None, (), False)}
        beside -= {"recipient", "reason", "output"}
        if beside:
            raise QmsError("--opening stands alone, with --since, --for, -m and -o")
        given = {name: asked[name] for name in ("output", "recipient", "reason")}
        return opening(session, since=since, **given)
    if since is not None:
        raise QmsError("--since belongs to --opening")
    from qmsdocs.cli import pulling

    return pulling.pull(session, **asked)
