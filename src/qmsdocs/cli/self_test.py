"""`qmsdocs audit self-test`: a protocol of whether the program is whole and works on this machine."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qmsdocs.cli.command import Command, option, pass_session
from qmsdocs.cli.output import FORMATS, write_grid

if TYPE_CHECKING:
    from qmsdocs.cli.session import Session

HELP = "Check that the program is whole and works on this machine (IQ/OQ), and print the protocol."


@click.command("self-test", cls=Command, help=HELP)
@option("--format", "wanted", type=click.Choice(FORMATS), metavar="KIND",
        help="One of txt, csv, xlsx, docx, pdf, json (else: as the file ends).")  # fmt: skip
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@option("-o", "--output", metavar="FILE", help="A .csv, .xlsx, .docx, .pdf, .json or .txt file.")
@pass_session
def self_test(session: Session, wanted: str | None, as_json: bool, output: str | None) -> int:
    """1 when a check failed, else 0."""
    from qmsdocs.audit.self_test import Verdict, grid, outcomes

    session.refuse_on()
    with tempfile.TemporaryDirectory(prefix="qmsdocs-") as folder:
        found = tuple(outcomes(Path(folder), now=session.clock()))
    protocol = grid(found, session.catalogue, machine=session.machine, now=session.letterhead[1])
    write_grid(session, protocol, output, wanted="json" if as_json else wanted)
    return 1 if any(item.verdict is Verdict.FAILED for item in found) else 0
