"""Whether what a destruction rests on can be believed: settings, holds and decisions, keys and delegations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.model.key import RegisteredKey
from qmsdocs.model.record import Record
from qmsdocs.store import control, names, remote, sharing
from qmsdocs.store.rows import Row
from qmsdocs.system import believed
from qmsdocs.system.believed import doubtful
from qmsdocs.system.definitions import Definitions
from qmsdocs.system.trust import Trust
from qmsdocs.system.view import System


def doubts(system: System, rows: Sequence[Row], people: Iterable[str] = ()) -> Iterator[Message]:
    """What of it cannot be believed; `people` are those who sign."""
    numbers = {row.number for row in rows}
    yield from believed.rests_on(system.definitions, system.trust, numbers, on=system.today)
    yield from _of_keys(system, frozenset(people))


def _of_keys(system: System, people: frozenset[str]) -> Iterator[Message]:
    """What speaks against the keys the people could sign with now."""
    for events in system.definitions.series(control.KEYS):
        try:
            key = RegisteredKey.of(Record(tuple(stored.event for stored in events)))
        except ValueError:
            continue  # nobody signs with it
        if key.person in people and key.may_sign(system.now):
            for why in doubtful(system.trust, events):
                yield message("the key of {person} cannot be believed: {why}", person=key.person, why=why)


def of_delegation(definitions: Definitions, trust: Trust, number: str | None) -> Iterator[Message]:
    """What speaks against a delegation; nothing where none was used."""
    for events in definitions.series(control.DELEGATIONS) if number is not None else ():
        if control.key_of(events[0]).number == number and any(doubtful(trust, events)):
            yield message("the delegation {number} cannot be believed", number=number)


def refuse_apart(system: System) -> None:
    """Nothing; raises QmsError unless this copy knows every hold: what counts in the shared store, and nothing else."""
    name, objects = system.organisation.shared, system.objects
    if name is None:
        return
    hint = message("qmsdocs sync")
    if sharing.waiting(objects):
        raise QmsError("something kept here does not count yet; nothing is destroyed before", hint=hint)
    url = remote.address(system.place.root, system.organisation.remote[name].url)
    with remote.courier(system.place.local_folder, objects, {}) as courier:
        there = courier.listed(url).get(names.CONTROL)
    if there != objects.local_commit(names.CONTROL):
        raise QmsError("the shared store knows other holds and decisions than this copy", hint=hint)
