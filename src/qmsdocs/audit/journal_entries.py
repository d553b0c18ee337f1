"""What the entries of a journal have to say: act, state and values, by series, and who says it (HIS453, HIS454)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from qmsdocs.acts import builtin
from qmsdocs.audit.rule import Hit
from qmsdocs.audit.scope import Scope
from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.model.form import Form
from qmsdocs.model.record import FORMAT, Event
from qmsdocs.store import journal
from qmsdocs.store.event import Stored

_OWN: Mapping[str, Mapping[str, type]] = {  # what the program itself writes: the values of its one act
    journal.SEAT: {"seat": str, "machine": str, "folder": str, "reason": str, "last_numbers": dict},
    journal.OPENING: {"ledger": str},
    journal.HEADS: {"ledgers": dict},
}
_TYPES: Mapping[str, type] = {"integer": int, "boolean": bool, "table": list, "choices": list}  # the others are texts
_BY_PEOPLE = (builtin.DISPOSAL, builtin.PULL, builtin.RESTORE)


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
        if _is_newer(stored):
            why = message("{path} needs a newer program", path=stored.path)
            yield Hit(stored.ledger, why, stored.path)


def _is_newer(stored: Stored) -> bool:
    form = stored.body.get("format")
    return isinstance(form, int) and form > FORMAT


def _wrong(scope: Scope, series: str, stored: Stored, before: str) -> Iterator[Message]:
    event, values = stored.event, stored.body.get("set")
    if _is_newer(stored):
        return
    if stored.body.get("format") is not FORMAT and stored.body.get("format") != FORMAT:
        yield message("it has no format that is known")
    if series not in _OWN and series not in _BY_PEOPLE:
        yield message("no program writes {series} into a journal", series=series)
        return
    if not isinstance(values, dict):
        yield message("it says nothing")
        return
    if series in _OWN:
        is_course = (event.act, event.state) == ("issue", "recorded")
        yield from _values(values, _OWN[series], frozenset(_OWN[series]))
    else:
        form = builtin.form(series)
        is_course = _follows(form, event, before)
        known = {name: _TYPES.get(field.type, str) for name, field in form.field.items()}
        needed = {name for name, field in form.field.items() if field.required is True} if event.act == "issue" else ()
        yield from _values(values, known, frozenset(needed))
        yield from _people(scope, event)
    if not is_course:
        yield message("the act {act} leads from {before} to {state}",
                      act=event.act, before=before or "-", state=event.state or "-")  # fmt: skip
    if series == builtin.RESTORE:
        yield from _times(scope, event)


def _follows(form: Form, event: Event, before: str) -> bool:
    if event.act == "issue":
        return not before and event.state == form.first_state
    step = form.step.get(event.act)
    return step is not None and before in step.from_ and event.state == (step.to or before)


def _values(said: Mapping[str, Json], known: Mapping[str, type], needed: frozenset[str]) -> Iterator[Message]:
    for name in sorted(said.keys() | needed):
        if name not in known:
            yield message("the form has no field {field}", field=name)
        elif (value := said.get(name)) is None:
            if name in needed:
                yield message("{field} is missing", field=name)
        elif not isinstance(value, known[name]) or (known[name] is int and isinstance(value, bool)):
            yield message("{field} is of another kind", field=name)


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
