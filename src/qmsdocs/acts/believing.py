"""Whether what a destruction rests on can be believed: the settings in force, and the lifting of holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from qmsdocs.base.errors import Message, message
from qmsdocs.model.hold import Hold
from qmsdocs.model.record import Record
from qmsdocs.model.release import ItemKind, in_force
from qmsdocs.query.retention import covered
from qmsdocs.store import control
from qmsdocs.store.event import Stored
from qmsdocs.store.rows import Row
from qmsdocs.system.trust import Trust
from qmsdocs.system.view import System

RESTS_ON = ("records/retention.toml", "people.toml", "qms.toml")


def doubts(system: System, rows: Sequence[Row]) -> Iterator[Message]:
    """What of it cannot be believed. A hold whose lifting cannot be believed still stands over what it covered."""
    trust = Trust.of(system.definitions, system.repository)
    for number in RESTS_ON:
        release = in_force(system.releases, ItemKind.CONFIGURATION, number, on=system.today)
        for why in _doubtful(trust, system.definitions.events(release)) if release is not None else ():
            yield message("{number} {revision} in force cannot be believed: {why}",
                          number=number, revision=release.revision if release else "-", why=why)  # fmt: skip
    for events in system.definitions.series(control.HOLDS):
        with suppress(ValueError):
            hold = Hold.of(Record(tuple(stored.event for stored in events)))
            if not hold.is_in_force and covered(system, hold, rows):
                for why in _doubtful(trust, events):
                    yield message("the hold {hold} was lifted by an act that cannot be believed: {why}",
                                  hold=hold.record, why=why)  # fmt: skip


def _doubtful(trust: Trust, events: Sequence[Stored]) -> Iterator[Message]:
    for stored in events:
        yield from trust.problems(stored)[:1]
