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
    from qmsdocs.audit.guard import Push
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

    own = (sys.executable, "-I", "-m", "qmsdocs", "guard")
    judging = (*own, "check", "--with-main") if with_main else (*own, "check")
    place = folder.resolve()
    is_new = put(place, {"pre-receive": judging, "post-receive": (*own, "purge")}, session.language.value)
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
    from qmsdocs.audit.guard import refusals
    from qmsdocs.store.guard import KEPT, one_at_a_time

    if repository is not None:
        return _at_rest(session, repository, with_main=with_main)
    (folder, pushes), beside = _told(), os.environ.get("GIT_QUARANTINE_PATH")
    with one_at_a_time(folder, [push.branch for push in pushes]):
        quarantine = Path(beside) if beside else None
        found = refusals(
            folder, pushes, now=session.clock(), kept=folder / KEPT, beside=quarantine, with_main=with_main
        )
        return _said(session, found)


@guard.command(cls=Command, help="Remove what no ledger holds any more (the shared store asks this by itself).")
@option(
    "--repository",
    type=click.Path(readable=False, path_type=Path),
    metavar="FOLDER",
    help="From this shared store, whenever it was replaced.",
)
@pass_session
def purge(session: Session, repository: Path | None) -> None:
    """Nothing of what was destroyed by certificate can be fetched from the store any more."""
    from qmsdocs.store.guard import emptied
    from qmsdocs.store.objects import Objects
    from qmsdocs.store.purge import unreached

    if repository is not None:
        emptied(repository.resolve())
        session.answer(session.say("{folder} holds nothing but its ledgers", folder=repository))
        return
    folder, pushes = _told()
    objects = Objects(folder)
    moved = ((push.old, push.new) for push in pushes)
    is_replaced = any(old and new and not objects.is_ancestor(old, new) for old, new in moved)
    if is_replaced and hasattr(os, "fork"):  # the lock of this push holds until git ends; without it others may send
        unreached(folder)


def _told() -> tuple[Path, tuple[Push, ...]]:
    """The store, and what of it is moved, as git tells a hook. Raises QmsError for whoever types that."""
    from qmsdocs.audit.guard import read
    from qmsdocs.store.guard import work_in

    asked = os.environ.get("GIT_DIR")
    if asked is None:
        raise QmsError("this is what a hook is told by git; nobody types it", hint=message("qmsdocs guard install"))
    folder, pushes = Path(asked).absolute(), read(sys.stdin.read())
    work_in(folder)
    return folder, pushes


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
