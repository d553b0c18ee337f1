"""What the rules look at: one repository as of one moment, read once for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path

from qmsdocs.acts.items import Content, readable
from qmsdocs.audit.doubt import doubts
from qmsdocs.audit.standing import Copy, Said, standings
from qmsdocs.base.errors import Message
from qmsdocs.query.overview import Overdue, all_overdue
from qmsdocs.query.retention import Kept, due
from qmsdocs.query.working import Working, load
from qmsdocs.store.event import Stored
from qmsdocs.store.index import Filter
from qmsdocs.store.objects import Objects
from qmsdocs.store.rows import Row
from qmsdocs.system.trust import Trust
from qmsdocs.system.view import System


@dataclass(frozen=True)
class Scope:
    """The system in force with its records, the texts in the folder, and whether acts can be believed."""

    system: System = field(repr=False)
    overdue: Callable[[System], Iterable[Overdue]] = field(default=all_overdue, repr=False)  # or what is remembered

    @property
    def objects(self) -> Objects:
        """The stored objects."""
        return self.system.objects

    @property
    def root(self) -> Path:
        """The folder of the repository."""
        return self.system.place.root

    @property
    def today(self) -> date:
        """The day asked about, in the organisation's zone."""
        return self.system.today

    @cached_property
    def working(self) -> Working:
        """The texts of the drafting desk."""
        return load(self.root)

    @cached_property
    def items(self) -> tuple[Content, ...]:
        """The controlled items of the drafting desk that can be read."""
        return readable(self.root)[0]

    @property
    def trust(self) -> Trust:
        """Whether acts can be believed."""
        return self.system.trust

    @cached_property
    def copy(self) -> Copy:
        """What this copy holds, and what its journals noted of it."""
        return Copy.read(self.system.store, self.system.organisation)

    @cached_property
    def standings(self) -> tuple[Said, ...]:
        """Every ledger that does not stand as the journals noted it."""
        return standings(self.copy)

    @cached_property
    def doubts(self) -> tuple[tuple[str, Stored, Message], ...]:
        """Every reason not to believe an act in the releases or a journal, with the code of its kind."""
        return doubts(self.copy, self.trust)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Every record of a form, as the index holds it, in order of form, year and serial."""
        return tuple(self._rows())

    @cached_property
    def due(self) -> tuple[Kept, ...]:
        """The records whose period has ended."""
        return due(self.system, on=self.today)

    def _rows(self) -> Iterator[Row]:
        return self.system.index.records(Filter(forms=self.system.form_numbers))
