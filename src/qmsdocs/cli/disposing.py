"""`qmsdocs retention dispose`, `witness`, `erase`, `certificates`, `certificate`: destroying records, with proof."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from qmsdocs.cli.command import Command, argument, option, pass_session, writing

if TYPE_CHECKING:
    from collections.abc import Callable

    from qmsdocs.cli.session import Session

_ORDER = (
    option("--witness", "witnesses", multiple=True, metavar="PERSON", help="Who witnesses; at least two."),
    option("--method", metavar="HOW", help="How the records are destroyed."),
    option("--place", metavar="WHERE", help="Where they are destroyed."),
    option("--paper", metavar="WHAT", help="What is done with the paper originals."),
    option("--opinion", metavar="TEXT", help="What the department says of it."),
    writing,
    option("-y", "--yes", "is_agreed", is_flag=True, help="Do not ask."),
    option("--json", "as_json", is_flag=True, help="Print one JSON object."),
)


def _ordered(function: Callable[..., Any]) -> Callable[..., Any]:
    for decorate in reversed(_ORDER):
        function = decorate(function)
    return function


@click.command(cls=Command, help="Destroy records whose period has ended, by certificate, before two witnesses.")
@argument("numbers", nargs=-1, required=False, help="The records.")
@option("--due", "is_due", is_flag=True, help="All that are due and nothing speaks against.")
@option("--class", "classes", multiple=True, metavar="CLASS", help="Only of this class.")
@option("--form", "forms", multiple=True, metavar="FORM", help="Only of this form.")
@_ordered
@pass_session
def dispose(session: Session, numbers: tuple[str, ...], **options: Any) -> int:
    """A disposal."""
    from qmsdocs.cli import destroying

    return destroying.dispose(session, numbers, options)


@click.command(cls=Command, help="Erase a record before its period has ended, because the person it is about asks.")
@argument("numbers", nargs=-1, required=True, help="The records.")
@option("--requested-by", required=True, metavar="WHO", help="Who asked for it, and how; this is kept for ever.")
@option("--law-checked", metavar="WHAT", help="Which legal minimum was looked up, and why it does not forbid it.")
@_ordered
@pass_session
def erase(session: Session, numbers: tuple[str, ...], **options: Any) -> int:
    """An erasure."""
    from qmsdocs.cli import destroying

    return destroying.dispose(session, numbers, options)


@click.command(cls=Command, help="Witness a certificate that waits; the last signature carries it out.")
@argument("number", metavar="CERTIFICATE", help="The number of the certificate.")
@writing
@option("-y", "--yes", "is_agreed", is_flag=True, help="Do not ask.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_session
def witness(session: Session, number: str, **options: Any) -> int:
    """A signature."""
    from qmsdocs.cli import destroying

    return destroying.witness(session, number, options)


@click.command(cls=Command, help="List the certificates of disposal and where each stands.")
@option("--drop", metavar="CERTIFICATE", help="Give up one that waits.")
@writing
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@option("-o", "--output", metavar="FILE", help="A .csv, .xlsx, .docx, .pdf, .json or .txt file.")
@pass_session
def certificates(session: Session, **options: Any) -> int:
    """The certificates."""
    from qmsdocs.cli import destroying

    return destroying.certificates(session, options)


@click.command(cls=Command, help="Print a certificate: the list of what was destroyed, with its signatures.")
@argument("number", metavar="CERTIFICATE", help="The number of the certificate.")
@option("-o", "--output", metavar="FILE", help="A .pdf or .docx file (else: shown here).")
@pass_session
def certificate(session: Session, number: str, output: str | None) -> int:
    """The page."""
    from qmsdocs.cli import destroying

    return destroying.page(session, number, output)
