"""What `export pull --opening` does: the sheet an audit opens with."""

from __future__ import annotations

from pathlib import Path

from qmsdocs.acts.pull import Taking, sheet
from qmsdocs.base.canonical import sha256
from qmsdocs.base.errors import QmsError
from qmsdocs.base.files import refuse_unfit, replacing
from qmsdocs.cli import given
from qmsdocs.cli.session import Session
from qmsdocs.export.hiding import Hiding
from qmsdocs.export.opening import YEAR, Opening
from qmsdocs.model.calendar import add_period
from qmsdocs.model.quantity import Quantity

FORMATS = ("pdf", "docx")


def opening(session: Session, output: str, *, since: str | None, recipient: str | None, reason: str | None) -> int:
    """0; the sheet stands in the file `output`, and that it was taken out is recorded."""
    session.refuse_on()
    kind = Path(output).suffix[1:].lower()
    if kind not in FORMATS:
        raise QmsError("{path}: a report is written as {kinds}", path=output, kinds=FORMATS)
    path, system = Path(output), session.system
    refuse_unfit(path)
    year_ago = add_period(system.today, Quantity(-YEAR.amount, YEAR.unit))
    first = given.day("--since", since) if since is not None else year_ago
    if first > system.today:
        raise QmsError("{option} {written} lies in the future", option="--since", written=since)
    taking = Taking(session.by, given.named("--for", recipient) if recipient is not None else "", reason, is_full=False)
    hiding = Hiding.of(system, is_full=False)
    hiding.refuse_named(taking.recipient, reason or "")
    data = _drawn(Opening(system, first, session.catalogue, hiding), kind)
    asked = session.say("opening sheet, changes since {day}", day=first)
    with replacing(path) as stream:
        stream.write(data)
        stream.flush()
        done = session.apply(lambda s: sheet(s, taking, asked=asked, digest=sha256(data)))
    session.tell("{path} is written", path=output)
    session.tell("recorded as {number}", number=done.posted[0].number)
    return 0


def _drawn(sheet_of: Opening, kind: str) -> bytes:
    from qmsdocs.render.statement_docx import statement_docx
    from qmsdocs.render.statement_html import statement_pdf

    statement = sheet_of.statement()
    return statement_pdf(statement) if kind == "pdf" else statement_docx(statement)
