"""`qmsdocs guard`: a shared store that lets nothing be rewritten."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.cli.command import Command, Group, argument, option, pass_session

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
    from qmsdocs.store.guard import install as put

    own = (sys.executable, "-I", "-m", "qmsdocs", "guard", "check")
    place = folder.resolve()
    is_new = put(place, (*own, "--with-main") if with_main else own, session.language.value)
    if is_new:
        session.answer(session.say("{folder} is a new shared store under guard", folder=folder))
    else:
        session.answer(session.say("{folder} is under guard", folder=folder))
    session.tell("To be put into qms.toml, then: qmsdocs document submit qms.toml -m REASON")
    session.answer(f"[remote.office]\nurl = {json.dumps(str(place), ensure_ascii=False)}")
    return _at_rest(session, place, with_main=with_main)


@guard.command(cls=Command, help="Judge what is being sent (the shared store asks this), or all that is there.")
@option("--with-main", is_flag=True, help="Also take in the drafting desk, main.")
@option(
    "--repository",
    type=click.Path(readable=False, path_type=Path),
    metavar="FOLDER",
    help="Judge all that stands in this shared store.",
)
@pass_session
def check(session: Session, with_main: bool, repository: Path | None) -> int:
    """Nothing is said where all is well; else one line for each branch, and 1."""
    from qmsdocs.audit.guard import read, refusals
    from qmsdocs.store.guard import KEPT, one_at_a_time, work_in

    if repository is not None:
        return _at_rest(session, repository, with_main=with_main)
    asked, beside = os.environ.get("GIT_DIR"), os.environ.get("GIT_QUARANTINE_PATH")
    if asked is None:
        raise QmsError("this is what a hook is told by git; nobody types it", hint=message("qmsdocs guard install"))
    pushes, folder = read(sys.stdin.read()), Path(asked).absolute()
    work_in(folder)
    with one_at_a_time(folder, [push.branch for push in pushes]):
        quarantine = Path(beside) if beside else None
        found = refusals(
            folder, pushes, now=session.clock(), kept=folder / KEPT, beside=quarantine, with_main=with_main
        )
        return _said(session, found)


def _at_rest(session: Session, folder: Path, *, with_main: bool) -> int:
    """Nothing is kept of it: whoever looks is not always who owns the store."""
    from qmsdocs.audit.guard import at_rest, refusals

    with TemporaryDirectory() as kept:
        pushes, now = at_rest(folder), session.clock()
        return _said(session, refusals(folder, pushes, now=now, kept=Path(kept), beside=None, with_main=with_main))


def _said(session: Session, refused: Iterable[Message]) -> int:
    found = list(refused)
    for why in found:
        session.complain(session.say("refused: {what}", what=why))
    return 1 if found else 0
