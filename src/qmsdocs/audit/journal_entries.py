"""What the entries of a journal have to say: act, state and values, by series, and who says it (HIS453, HIS454)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from qmsdocs.audit.rule import Hit
from qmsdocs.audit.scope import Scope
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.model.record import Event
from qmsdocs.store import journal
from qmsdocs.store.event import Stored
from qmsdocs.system import builtin, entries


def unfit(scope: Scope) -> Iterator[Hit]:
    """An entry of a journal that no program of ours writes: of another series, act, state, with other values."""
    for said in scope.copy.journals:
        for series, events in said.series.items():
            states: dict[str, str] = {}
            for stored in events:
                folder = stored.path.rpartition("/")[0]
                for why in _wrong(scope, series, stored, states.get(folder, "")):
                    yield Hit(said.branch, message("{path}: {reason}", path=stored.path, reason=why), stored.path)
                states[folder] = stored.event.state


def newer(scope: Scope) -> Iterator[Hit]:
    """An act in the releases or a journal that a newer program wrote, which this one cannot judge."""
    for stored in (*scope.copy.released, *(found for said in scope.copy.journals for found in said.events)):
        if entries.is_newer(stored):
            why = message("{path} needs a newer program", path=stored.path)
            yield Hit(stored.ledger, why, stored.path)


def _wrong(scope: Scope, series: str, stored: Stored, before: str) -> Iterator[Message]:
    try:
        yield from entries.of_act(scope.trust, stored, before)
    except QmsError as error:  # what was in force then cannot be read
        yield error.message
    if series in entries.BY_PEOPLE and not entries.is_newer(stored):
        yield from _people(scope, stored.event)
    if series == builtin.RESTORE and not entries.is_newer(stored):
        yield from _times(scope, stored.event)


def _people(scope: Scope, event: Event) -> Iterator[Message]:
    day = event.recorded_at.astimezone(scope.system.zone).date()
    if not scope.system.definitions.people(on=day).has_role(event.by, (), on=day):
        yield message("{person} was nobody here on {day}", person=event.by or "-", day=day)


def _times(scope: Scope, event: Event) -> Iterator[Message]:
    """A backup is restored after it was made, and not in the future."""
    try:
        made = datetime.fromisoformat(str(event.changes.get("made_at")))
        in_order = made <= event.recorded_at <= scope.system.now + journal.TOLERANCE
    except (ValueError, TypeError, QmsError):  # no moment, or one without a zone
        in_order = False
    if not in_order:
        yield message("its times are in no order: made, restored, now")
