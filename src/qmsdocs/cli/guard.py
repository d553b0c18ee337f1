"""`qmsdocs guard`: a shared store that lets nothing be rewritten."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qmsdocs.base.errors import QmsError, message
from qmsdocs.cli.words import Command, Group, argument, language_of, one_line, option, pass_session, say

if TYPE_CHECKING:
    from qmsdocs.cli.session import Session


@click.group(cls=Group, help="Protect a shared store against rewriting and deletion.")
def guard() -> None:
    """The group."""


@guard.command(cls=Command, help="Make a shared store, or put the guard before one there is.")
@argument("folder", type=click.Path(readable=False, path_type=Path), help="The shared store, such as shared.git.")
@option("--with-main", is_flag=True, help="Also take in the drafting desk, main.")
@pass_session
def install(session: Session, folder: Path, with_main: bool) -> int:
    """A guarded store; 1 where what stands there already would not be let in."""
    from qmsdocs.audit.guard import at_rest
    from qmsdocs.store.guard import install as put

    language = language_of(click.get_current_context()).value
    own = (sys.executable, "-I", "-m", "qmsdocs", "--lang", language, "guard", "check")
    place = folder.absolute()
    is_new = put(place, (*own, "--with-main") if with_main else own)
    if is_new:
        session.answer(session.say("{folder} is a new shared store under guard", folder=folder))
    else:
        session.answer(session.say("{folder} is under guard", folder=folder))
    session.tell("In qms.toml: [remote.office] with url = {url}", url=f'"{place}"')
    return _refused(at_rest(place), place, None, with_main=with_main)


@guard.command(cls=Command, help="Judge what is being sent (the shared store asks this), or all that is there.")
@option("--with-main", is_flag=True, help="Also take in the drafting desk, main.")
@option(
    "--repository",
    type=click.Path(readable=False, path_type=Path),
    metavar="FOLDER",
    help="Judge all that stands in this shared store.",
)
def check(with_main: bool, repository: Path | None) -> int:
    """Nothing is said where all is well; else one line for each branch, and 1."""
    from qmsdocs.audit.guard import at_rest, read
    from qmsdocs.store.guard import trust_folder, wait_for_others

    if repository is not None:
        return _refused(at_rest(repository), repository, None, with_main=with_main)
    folder, beside = os.environ.get("GIT_DIR"), os.environ.get("GIT_QUARANTINE_PATH")
    if folder is None:
        raise QmsError("this is what a hook is told by git; nobody types it", hint=message("qmsdocs guard install"))
    pushes = read(sys.stdin.read())
    trust_folder()
    wait_for_others(Path(folder).absolute())
    return _refused(pushes, Path(folder).absolute(), Path(beside) if beside else None, with_main=with_main)


def _refused(pushes: object, folder: Path, beside: Path | None, *, with_main: bool) -> int:
    from qmsdocs.audit.guard import refusals

    context = click.get_current_context()
    found = list(refusals(folder, pushes, beside=beside, with_main=with_main))  # type: ignore[arg-type]
    for why in found:
        click.echo(say(context, message("refused: {what}", what=one_line(say(context, why)))), err=True)
    return 1 if found else 0
