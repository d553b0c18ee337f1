"""`qmsdocs export site`: the whole repository as a folder to read in a browser."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import click

from qmsdocs.acts import pull
from qmsdocs.cli.command import Command, option, pass_session
from qmsdocs.cli.session import Session
from qmsdocs.export import folder
from qmsdocs.export.drawings import FOLDER, Drawings
from qmsdocs.export.site import site_files
from qmsdocs.query.selecting import Wanted, select
from qmsdocs.store.event import Posted

T = TypeVar("T")


@click.command(cls=Command, help="Write everything as a folder to read in a browser, without a server or a network.")
@option("-o", "--output", required=True, metavar="FOLDER", help="A new folder, or one that this command wrote.")
@option("--no-pages", is_flag=True, help="Draw no pages of documents.")
@option("--full", "is_full", is_flag=True, help="With personal data: for named roles, recorded, needs -m.")
@option("--for", "recipient", default="", metavar="NAME", help="For whom it is (with --full).")
@option("-m", "--reason", default=None, metavar="REASON", help="Why (with --full).")
@pass_session
def site(session: Session, output: str, no_pages: bool, is_full: bool, recipient: str, reason: str | None) -> None:
    """The site in its folder."""
    session.refuse_on()
    target = Path(output)
    folder.refuse_strange(target)
    begun = _begun(session, recipient, reason) if is_full else None
    system = session.system
    if not no_pages and not (system.place.local_folder / FOLDER).is_dir():
        session.tell("every page is drawn once, which takes a while; the next time only what has changed")
    drawings = None if no_pages else Drawings(system.place.local_folder / FOLDER)

    def sealed(sums: str) -> None:
        if begun is not None:
            session.apply(lambda s: pull.pack(s, begun, {"manifest": sums, "masked": 0}))

    def shown(items: Iterable[T], label: str, length: int, /) -> Iterator[T]:
        with session.progress(items, label, length=length) as bar:
            yield from bar

    files = site_files(system, session.catalogue, is_full=is_full, drawings=drawings, progress=shown)
    folder.put(target, files, sealed=sealed)
    if drawings is not None:
        drawings.drop_unused()
    session.answer((target / "index.html").as_posix())


def _begun(session: Session, recipient: str, reason: str | None) -> Posted:
    """The record of what leaves with personal data, begun before anything is written."""
    taking = pull.Taking(session.by, recipient, reason, is_full=True)
    outcome = session.apply(lambda system: pull.begin(system, select(system, Wanted()), taking))
    return outcome.posted[0]
