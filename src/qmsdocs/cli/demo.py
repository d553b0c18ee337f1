"""`qmsdocs demo`: a repository with a believable month of records, its pages, and what to look at first."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click

from qmsdocs.acts import pages
from qmsdocs.acts.demo import Demo, Played, play, start
from qmsdocs.acts.demo import demo as story_of
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.cli.command import Command, argument, option, pass_session
from qmsdocs.cli.output import grid_bytes
from qmsdocs.cli.session import Session
from qmsdocs.query.register import definition, grid
from qmsdocs.store.index import Filter
from qmsdocs.store.repository import pack_if_needed

PROGRAM = "qmsdocs"


@dataclass
class Drawn:
    """How many pages were written, and of which records they are pending, and why."""

    written: int = 0
    pending: dict[str, Message] = field(default_factory=dict)


@click.command(cls=Command, help="Make a repository with a believable month of records.")
@argument("folder", type=click.Path(readable=False, path_type=Path), default=Path("qmsdocs-demo"), help="A new folder.")
@option("--no-pages", is_flag=True, help="Leave the pages for `record render --pending`.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_session
def demo(session: Session, folder: Path, no_pages: bool, as_json: bool) -> None:
    """An example to look around in."""
    session.refuse_on()
    story = story_of(now=session.clock())
    played = start(story, folder, machine=session.machine)
    with session.progress(story.turns, "Living through the month", hidden=as_json) as bar:
        for told in bar:
            played = play(story, played, told)
    session.root = folder
    drawn = Drawn() if no_pages else _draw(session, tuple(played.numbers.values()), hidden=as_json)
    if as_json:
        _answer_json(session, folder, drawn)
    else:
        _answer(session, folder, story, played, drawn)
    pack_if_needed(session.system.place.root)


def _draw(session: Session, numbers: tuple[str, ...], *, hidden: bool) -> Drawn:
    system = session.system
    drawn = Drawn()
    with session.progress(numbers, "Drawing pages", hidden=hidden) as bar:
        for number in bar:
            try:
                made = pages.pages(system, system.record(number), language=system.language)
            except QmsError as error:
                drawn.pending[number] = error.message
                continue
            pages.write(system.place.root, made)
            drawn.written += len(made.files)
            if made.pending is not None:
                drawn.pending[number] = made.pending
    return drawn


def _by_form(session: Session) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    system = session.system
    for number in system.form_numbers:
        found[number] = [row.number for row in system.index.records(Filter(forms=(number,)))]
    return found


def _answer_json(session: Session, folder: Path, drawn: Drawn) -> None:
    session.answer_json(
        {
            "format": 1,
            "folder": str(folder),
            "repository": session.system.repository,
            "records": dict(_by_form(session)),
            "pages": drawn.written,
            "pending": {number: session.say(why) for number, why in drawn.pending.items()},
        }
    )


def _answer(session: Session, folder: Path, story: Demo, played: Played, drawn: Drawn) -> None:
    system = session.system
    shown = grid(system, definition(system, story.setting.register_), catalogue=session.catalogue)
    session.answer(grid_bytes(session, shown, "txt", is_terminal=True).decode())
    days = story.month.days
    session.answer(
        session.say(
            "{folder}: {count} records of an invented company, {first} to {last}, issued and moved on day by day.",
            folder=folder,
            count=len(played.numbers),
            first=days[0],
            last=days[story.setting.days - 1],
        )
    )
    if drawn.pending:
        why = next(iter(drawn.pending.values()))
        session.tell("The pages of {count} records are pending: {why}", count=len(drawn.pending), why=why)
    for line in _next(session, folder, story, played, drawn):
        session.answer(line)


def _next(session: Session, folder: Path, story: Demo, played: Played, drawn: Drawn) -> list[str]:
    """What to open and what to type next; every path is there and every command works."""
    system = session.system
    show = story.setting.show
    lines: list[str] = []
    for names, position in ((show.pdf, 0), (show.docx, 1)):
        for name in names:
            path = pages.paths(system.record(played.numbers[name]).record)[position]
            if (system.place.root / path).exists():
                lines.append(f"  {folder / path}")
    if lines:
        lines.insert(0, session.say("Open:"))
    program = f"{_program()} -C {shlex.quote(str(folder))}"
    lines.append(session.say("Try:"))
    register = story.setting.register_
    wanted = [
        (f"register show {register} -o {register}.xlsx", message("this register as a workbook")),
        (f"record history {played.numbers[show.history]}", message("a corrected record: who, when, why, old and new")),
        (f"search {' '.join(show.search)}", message("words, rooms, parts of telephone numbers, all of them")),
        ("status", message("what is in force, open and overdue")),
    ]
    if drawn.pending or not drawn.written:
        wanted.insert(0, ("record render --pending", message("the pages that are missing")))
    return [*lines, *(f"  {program} {command}   # {session.say(why)}" for command, why in wanted)]


def _program() -> str:
    """How the program is called from where the person is."""
    called = Path(sys.argv[0])
    if called.name.removesuffix(".exe") != PROGRAM or shutil.which(PROGRAM) == str(called):
        return PROGRAM
    return shlex.quote(str(called))
