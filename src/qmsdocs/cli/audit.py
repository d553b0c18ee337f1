"""`qmsdocs audit`: every rule over everything; and whether the program itself works on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qmsdocs.base.errors import QmsError
from qmsdocs.base.files import read_whole, text_of
from qmsdocs.cli.command import Group, option, pass_session
from qmsdocs.cli.words import one_line

if TYPE_CHECKING:
    from qmsdocs.audit.findings import Report
    from qmsdocs.audit.rule import Hit
    from qmsdocs.audit.scope import Scope
    from qmsdocs.cli.session import Session

BY_CLAUSE = ("text", "json", "pdf", "docx")
FORMATS = ("text", "json", "sarif", "pdf", "docx")
PATH = click.Path(readable=False, path_type=Path)
HELP = "Check records, documents, retention and history, and explain each finding."


@click.group(cls=Group, lazy={"self-test": "self_test"}, invoke_without_command=True, help=HELP)
@option("--full", is_flag=True, help="Read every byte, and believe nothing judged before.")
@option("--format", "written_as", type=click.Choice(FORMATS), metavar="KIND",
        help="One of text, json, sarif, pdf, docx (else: by -o, or text).")  # fmt: skip
@option("-o", "--output", metavar="FILE", help="Write the report into FILE: .txt, .json, .sarif, .pdf, .docx.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@option("--head", "heads", type=PATH, metavar="FILE", help="Compare with lines of `qmsdocs head` kept outside.")
@option("--token", type=PATH, metavar="FILE", help="Check the time stamp of the kept lines (RFC 3161), with --ca.")
@option("--ca", type=PATH, metavar="FILE", help="The certificates of the time-stamping authority.")
@option("--clauses", metavar="STANDARD", help="By clause of a standard: evidence and findings.")
@click.pass_context
def audit(context: click.Context, /, **given: object) -> int | None:
    """1 when anything is wrong, else 0."""
    if context.invoked_subcommand is not None:
        return None
    return int(_audited(**given))


@pass_session
def _audited(
    session: Session,
    full: bool,
    written_as: str | None,
    output: str | None,
    as_json: bool,
    heads: Path | None,
    token: Path | None,
    ca: Path | None,
    clauses: str | None,
) -> int:
    from qmsdocs.audit.clause_sets import clause_set
    from qmsdocs.audit.engine import run
    from qmsdocs.audit.held import as_far_as_held
    from qmsdocs.audit.scope import Scope

    wanted = "json" if as_json else written_as or _format_of(output)
    if as_json and written_as not in (None, "json"):
        raise QmsError("--json and --format {kind} ask for different things", kind=written_as)
    if clauses is not None:
        clause_set(clauses)  # refused before the long work
        if wanted == "sarif":
            raise QmsError("{path}: a report is written as {kinds}", path="--clauses", kinds=BY_CLAUSE)
    session.objects_of = as_far_as_held
    scope = Scope(session.system)
    report = run(scope, is_full=full, extra=tuple(_kept(scope, heads, token, ca)), is_compared=heads is not None)
    _note(session, report)
    if clauses is not None:
        _by_clause(session, scope, report, clauses, wanted, output)
    else:
        session.write(_written(session, report, wanted), output)
    return 0 if report.is_green else 1


def _note(session: Session, report: Report) -> None:
    """Nothing; `status` will tell of this audit."""
    from qmsdocs.model.finding import Severity
    from qmsdocs.query.keeping import Audited, last_audit, note_audit

    folder = session.system.place.local_folder
    before = last_audit(folder)
    on = report.on.isoformat(timespec="seconds")
    full_on = on if report.is_full else before.full_on if before is not None else None
    counts = (report.count(Severity.ERROR), report.count(Severity.WARNING))
    with suppress(QmsError):  # a copy on a stick that cannot be written
        note_audit(folder, Audited(on, full_on, *counts, report.is_green))


def _format_of(output: str | None) -> str:
    ending = Path(output).suffix[1:].lower() if output not in (None, "-") else "txt"
    kind = "text" if ending in ("", "txt") else ending
    if kind not in FORMATS:
        raise QmsError("{path}: a report is written as {kinds}", path=output, kinds=FORMATS)
    return kind


def _written(session: Session, report: Report, kind: str) -> bytes:
    from qmsdocs.audit import report as said

    match kind:
        case "json":
            return _json(said.as_json(report, session.catalogue))
        case "sarif":
            from qmsdocs.audit.sarif import as_sarif

            return _json(as_sarif(report, session.catalogue))
        case "pdf" | "docx":
            from qmsdocs.audit.sheet import pages

            return pages(report, session.language, kind)
        case _:
            from qmsdocs.query.rule_texts import texts

            found = said.lines(report, session.catalogue, texts(), session.verbose)
            return "".join(f"{one_line(line)}\n" for line in found).encode()


def _by_clause(session: Session, scope: Scope, report: Report, standard: str, kind: str, output: str | None) -> None:
    from qmsdocs.audit import clauses
    from qmsdocs.cli.output import write_grid

    seen = clauses.view(scope, report, standard)
    if kind == "json":
        session.write(_json(clauses.as_json(seen, session.catalogue)), output)
    elif kind == "text" and output in (None, "-"):
        for line in clauses.lines(seen, session.catalogue):
            session.answer(one_line(line))
    else:
        write_grid(session, clauses.grid(seen, session.catalogue), output)


def _json(data: object) -> bytes:
    return json.dumps(data, ensure_ascii=False, indent=2).encode() + b"\n"


def _kept(scope: Scope, heads: Path | None, token: Path | None, ca: Path | None) -> Iterator[tuple[str, Hit]]:
    """What comparing with lines kept outside found."""
    from qmsdocs.audit import kept_head
    from qmsdocs.store.timestamp import LARGEST

    if (token is None) != (ca is None) or (token is not None and heads is None):
        raise QmsError("a time stamp is checked with --head, --token and --ca together")
    if heads is not None:
        yield from kept_head.compare(scope, text_of(read_whole(heads, most=LARGEST), str(heads)))
    if heads is not None and token is not None and ca is not None:
        yield from kept_head.check_token(heads, token, ca)
