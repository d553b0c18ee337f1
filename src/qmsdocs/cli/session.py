"""What one command works with: the common options, the system when it is asked for, and the ways to speak."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import click

from qmsdocs.acts.apply import Outcome, Unlock, apply
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.base.files import write_atomically
from qmsdocs.base.language import Catalogue, Language
from qmsdocs.cli.keyring import Keyring
from qmsdocs.cli.words import Wishes, one_line
from qmsdocs.store.disposal import pending, unfinished
from qmsdocs.store.event import Change
from qmsdocs.store.objects import Objects
from qmsdocs.system.view import System, open_system

T = TypeVar("T")


def system_clock() -> datetime:
    """The machine's clock, with its offset."""
    return datetime.now().astimezone()


@dataclass
class Session:
    """One run of the program."""

    catalogue: Catalogue
    root: Path | None = None
    quiet: bool = False
    verbose: bool = False
    color: bool | None = None
    on: date | None = None
    person: str | None = None
    site: str | None = None
    clock: Callable[[], datetime] = system_clock
    machine: str = field(default_factory=platform.node)
    objects_of: Callable[[Path], Objects] = Objects

    @property
    def language(self) -> Language:
        """The language of the command."""
        return self.catalogue.language

    @cached_property
    def system(self) -> System:
        """The definitions in force and the records, as of now. Raises QmsError outside a repository."""
        opened = self._opened(self.clock())
        if (number := pending(opened.store)) is not None:
            self.tell("the disposal {number} was interrupted; the next act that is recorded finishes it", number=number)
        if self.on is None:
            return opened
        day_end = datetime.combine(self.on, time(23, 59, 59), opened.zone)
        return self._opened(day_end)

    def _opened(self, now: datetime) -> System:
        folder = self.root or Path.cwd()
        return open_system(folder, now=now, machine=self.machine, site=self.site, objects_of=self.objects_of)

    @cached_property
    def keyring(self) -> Keyring:
        """The private keys on this machine; what was opened stays open for this command."""
        return Keyring(self.system.repository, self.say)

    @property
    def letterhead(self) -> tuple[str, datetime]:
        """What stands on pages: the organisation and the moment; outside a repository the program's name."""
        try:
            return self.system.organisation.organisation.of(self.language), self.system.now
        except QmsError:
            return "qmsdocs", self.clock()

    @property
    def by(self) -> str:
        """The person who acts: --as, else the record desk's."""
        found = self.person if self.person is not None else self.system.clerk
        if found is None:
            raise QmsError("nobody is named who does this", hint=message("--as PERSON"))
        return found

    def apply(
        self, plan: Callable[[System], Change], *, dry_run: bool = False, unlock: Unlock | None = None
    ) -> Outcome:
        """What came of posting the change that `plan` makes; with `dry_run` it is only planned.

        `unlock` gives the key where the change is signed; without it that of the person who acts is opened.
        """
        self.refuse_on()
        if not dry_run:
            self.carry_out()
        key = unlock or (lambda system, person: self.keyring.signer(system, person))
        outcome = apply(self.system, plan, dry_run=dry_run, clock=self.clock, unlock=key)
        self.__dict__["system"] = outcome.system
        return outcome

    def carry_out(self) -> None:
        """Nothing; what certificates destroyed is gone here too, were they interrupted here or came from elsewhere."""
        if unfinished(self.system.store):
            from qmsdocs.acts.disposal import arrive  # late: hardly ever needed

            if arrive(self.system):
                self.__dict__["system"] = self.system.refreshed(self.clock())

    def refuse_on(self) -> None:
        """Nothing; raises QmsError when --on was given to a command that writes."""
        if self.on is not None:
            raise QmsError("--on is for reading; for what happened earlier use --happened-at")

    def say(self, said: Message | str, /, **values: object) -> str:
        """The words of `said` in the language of the command."""
        return self.catalogue.say(said, **values)

    def located(self, *parts: str) -> str:
        """Where something is wrong and what, from the whole to the part; empty parts are left out."""
        return self.say(": ").join(part for part in parts if part)

    def tell(self, said: Message | str, /, **values: object) -> None:
        """Nothing; says something to the person (stderr), unless quiet."""
        if not self.quiet:
            click.echo(self.say(said, **values), err=True)

    def complain(self, line: str) -> None:
        """Nothing; says one line of an error (stderr), quiet or not."""
        click.echo(one_line(line), err=True)

    def answer(self, text: str) -> None:
        """Nothing; prints the answer (stdout)."""
        click.echo(text, color=self.color)

    def answer_json(self, data: object, output: str | None = None) -> None:
        """Nothing; prints one JSON object."""
        self.write(json.dumps(data, ensure_ascii=False, indent=2).encode() + b"\n", output)

    def write(self, data: bytes, output: str | None) -> None:
        """Nothing; `data` afterwards stands in the file `output`, or on stdout for `-` and None."""
        if output in (None, "-"):
            sys.stdout.flush()
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
            return
        write_atomically(Path(str(output)), data)
        self.tell("{path} is written", path=output)

    @contextmanager
    def progress(
        self, items: Iterable[T], label: str, *, length: int | None = None, hidden: bool = False
    ) -> Iterator[Iterable[T]]:
        """The items, with a bar on stderr while they are worked through (on a terminal only).

        `length` is how many there are, where they cannot tell.
        """
        count = len(items) if isinstance(items, Sized) else length or 0
        shown = not (hidden or self.quiet) and sys.stderr.isatty() and count > 1
        with click.progressbar(items, count, label=self.say(label), file=sys.stderr, hidden=not shown) as bar:
            yield bar


def wished_color(choice: str) -> bool | None:
    """Whether to colour: --color, else NO_COLOR, else FORCE_COLOR, else as the terminal is."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return True if os.environ.get("FORCE_COLOR") else None


def begun(wishes: Wishes) -> Session:
    """The session of one run, as it was wished for."""
    return Session(
        wishes.catalogue,
        root=wishes.root,
        quiet=wishes.quiet,
        verbose=wishes.verbose,
        color=wished_color(wishes.color),
        on=wishes.on,
        person=wishes.person,
        site=wishes.site,
        clock=wishes.clock or system_clock,
    )
