"""One opened copy of a QMS repository: its place, its objects, its index."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from qmsdocs.base.errors import QmsError
from qmsdocs.store import journal
from qmsdocs.store.arrival import Arrival
from qmsdocs.store.certificate import Believed, nobody
from qmsdocs.store.event import Stored
from qmsdocs.store.index import Index
from qmsdocs.store.journal import Pen
from qmsdocs.store.objects import Objects
from qmsdocs.store.place import Place
from qmsdocs.store.rows import MeaningsOf
from qmsdocs.store.search import Search, TextsOf, every_text

Seated: TypeAlias = "Callable[[Objects, Stored], bool]"
Admits: TypeAlias = "Callable[[Objects, Arrival, Sequence[Stored]], None]"


def whoever(_objects: Objects, _stored: Stored) -> bool:
    """True: where nobody judges seats, the newest is the one."""
    return True


def whatever(_objects: Objects, _brought: Arrival, _events: Sequence[Stored]) -> None:
    """Nothing: where nobody judges, everything may come in."""


def new_nonce() -> str:
    """16 random bytes, so that the hash of an event betrays no text."""
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class Store:
    """What reads and writes the ledgers of one copy. `nonce` is the source of chance, replaced in tests.

    `believed` gives the certificates of disposal that can be believed, of whatever objects; no other does anything.
    `seated` says whether a seat event can be, and `admits` raises QmsError for what may not come in from elsewhere.
    """

    place: Place
    objects: Objects
    index: Index
    search: Search
    nonce: Callable[[], str] = new_nonce
    believed: Believed = nobody
    seated: Seated = whoever
    admits: Admits = whatever

    @classmethod
    def open(
        cls,
        root: Path,
        *,
        machine: str,
        meanings: MeaningsOf,
        objects_of: Callable[[Path], Objects] = Objects,
        texts: TextsOf = every_text,
        nonce: Callable[[], str] = new_nonce,
        believed: Believed = nobody,
        seated: Seated = whoever,
        admits: Admits = whatever,
    ) -> Store:
        """The store of the copy at `root`; nothing is read from the index yet. Raises QmsError without a repository."""
        place = Place.of(root, machine=machine)
        objects = objects_of(place.git_folder)
        index = Index(objects, place.local_folder, meanings)
        search = Search(index, objects, place.local_folder, texts)
        return cls(place, objects, index, search, nonce, believed, seated, admits)

    @property
    def repository(self) -> str:
        """The random id of the repository. Raises QmsError before its first event."""
        found = journal.repository_id(self.objects)
        if found is None:
            raise QmsError("{folder} has no ledgers yet", folder=self.place.root)
        return found

    def pen(self, site: str, now: datetime, *, repository: str | None = None) -> Pen:
        """What events written at `now` for `site` share."""
        return Pen(repository or self.repository, site, now, self.nonce)

    def close(self) -> None:
        """Nothing; the derived files are closed."""
        self.index.close()
        self.search.close()
