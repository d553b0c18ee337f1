"""What may stand in the journal of a site, and whether what somebody brings of one may come in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.model.form import Form
from qmsdocs.model.record import FORMAT
from qmsdocs.store import journal, ledger, names, seat
from qmsdocs.store.arrival import Arrival
from qmsdocs.store.event import Stored
from qmsdocs.store.objects import Objects
from qmsdocs.system import builtin
from qmsdocs.system.believed import listed, trust_of
from qmsdocs.system.trust import Trust

_OWN: Mapping[str, Mapping[str, type]] = {  # what the program itself writes: the values of its one act
    journal.SEAT: {"seat": str, "machine": str, "folder": str, "reason": str, "last_numbers": dict},
    journal.OPENING: {"ledger": str},
    journal.HEADS: {"ledgers": dict},
}
_TYPES: Mapping[str, type] = {"integer": int, "boolean": bool, "table": list, "choices": list}  # the others are texts
BY_PEOPLE = (builtin.DISPOSAL, builtin.PULL, builtin.RESTORE)
_BEGUN = {builtin.DISPOSAL: "approved", builtin.PULL: "prepared"}  # what signing their first act means


def is_newer(stored: Stored) -> bool:
    """Whether a newer program wrote it, so that this one cannot judge what it says."""
    form = stored.body.get("format")
    return isinstance(form, int) and form > FORMAT


def unfit(stored: Stored, before: str) -> Iterator[Message]:
    """What speaks against an entry by itself: series, act, state and values; `before` is the state of its record."""
    event, values = stored.event, stored.body.get("set")
    series = stored.path.partition("/")[0]
    if is_newer(stored):
        return
    if stored.body.get("format") is not FORMAT and stored.body.get("format") != FORMAT:
        yield message("it has no format that is known")
    if series not in _OWN and series not in BY_PEOPLE:
        yield message("a journal has no series {series}", series=series)
        return
    if not isinstance(values, dict):
        yield message("it says nothing")
        return
    if series in _OWN:
        is_course = (event.act, event.state, before) == ("issue", "recorded", "")
        known, needed = _OWN[series], frozenset(_OWN[series])
    else:
        form = builtin.form(series)
        is_course = event.state == _state_after(form, event.act, before)
        known = {name: _TYPES.get(field.type, str) for name, field in form.field.items()}
        required = (name for name, field in form.field.items() if field.required is True)
        needed = frozenset(required if event.act == "issue" else ())
    if not is_course:
        yield message("the act {act} leads from {before} to {state}",
                      act=event.act, before=before or "-", state=event.state or "-")  # fmt: skip
    yield from _values(values, known, needed)


def _state_after(form: Form, act: str, before: str) -> str | None:
    if act == "issue":
        return form.first_state if not before else None
    step = form.step.get(act)
    return (step.to or before) if step is not None and before in step.from_ else None


def _values(said: Mapping[str, Json], known: Mapping[str, type], needed: frozenset[str]) -> Iterator[Message]:
    for name in sorted(said.keys() | needed):
        if name not in known:
            yield message("the form has no field {field}", field=name)
        elif (value := said.get(name)) is None:
            if name in needed:
                yield message("{field} is missing", field=name)
        elif not isinstance(value, known[name]) or (known[name] is int and isinstance(value, bool)):
            yield message("{field} is of another kind", field=name)


def judge_of_arrivals(objects: Objects, brought: Arrival, events: Sequence[Stored]) -> None:
    """Nothing. Raises QmsError for the first of the acts that may not come in, all else standing as it shall."""
    control = objects.head(names.CONTROL)
    if control is not None and brought.branch.startswith(names.JOURNAL):
        refuse(trust_of(objects, control.commit), brought, events)


def refuse(trust: Trust, brought: Arrival, events: Sequence[Stored]) -> None:
    """The same for the entries of a journal, by the releases that are known."""
    for entry in brought.entries:
        if "/files/" in entry.path:
            raise QmsError("{ledger}: {path} does not belong in a ledger", ledger=brought.branch, path=entry.path)
    for folder, acts in groupby(events, lambda stored: stored.path.rpartition("/")[0]):
        new = frozenset(stored.path for stored in acts)
        for stored, why in _refusals(trust, brought, folder, new):
            raise QmsError("{ledger}: {path}: {what}", ledger=brought.branch, path=stored.path, what=why)
    seats = [stored for stored in events if stored.path.startswith(f"{journal.SEAT}/")]
    for stored in seats[-1:]:  # whoever takes the seat last vouches for what was written before
        _refuse_seat(trust, stored, is_moved=brought.old is not None)


def _refuse_seat(trust: Trust, taken: Stored, *, is_moved: bool) -> None:
    """Nothing. Raises QmsError for a seat that cannot be believed; one that moves now goes by the keys of now."""
    site = taken.ledger.rpartition("/")[2]
    ids = [seat.read_seat(stored, site).seat for stored in journal.all_of(trust.objects, site, journal.SEAT)]
    if ids[-1] in ids[:-1]:
        raise QmsError("{ledger}: one seat was taken twice", ledger=taken.ledger)
    known = trust.definitions(trust.commits[-1])
    is_unsigned = is_moved and not taken.event.mapping("signer") and known is not None and known.has_keys
    for why in (message("it is not signed, and it had to be"),) if is_unsigned else trust.problems(taken):
        raise QmsError(
            "{ledger}: {path}: the seat would be taken by {person}: {what}",
            ledger=taken.ledger,
            path=taken.path,
            person=taken.event.by,
            what=why,
        )


def _refusals(trust: Trust, brought: Arrival, folder: str, new: frozenset[str]) -> Iterator[tuple[Stored, Message]]:
    """What speaks against the new acts of one record of a journal."""
    state, series, serial = "", folder.split("/")[0], int(folder[-6:])
    for stored in ledger.record_events(trust.objects, brought.branch, brought.new, series, serial):
        for why in _of_act(trust, stored, state, serial) if stored.path in new else ():
            yield stored, why
        state = stored.event.state


def _of_act(trust: Trust, stored: Stored, before: str, serial: int) -> Iterator[Message]:
    event, series = stored.event, stored.path.partition("/")[0]
    yield from unfit(stored, before)
    if is_newer(stored):
        return
    site, number = stored.ledger.rpartition("/")[2], str(event.mapping("record").get("number"))
    if series in _OWN:
        wanted = f"{series}-{site}-{serial:06d}".upper()
    else:
        known = trust.definitions(event.text("control"))
        if known is None:
            yield message("it names a state of the releases that is not held here")
            return
        found = known.organisation(on=known.day_of(event.recorded_at)).site.get(site)
        wanted = names.printed(builtin.number_at(series, found.code).template, serial) if found is not None else ""
        yield from _signature(stored, had_key=known.signs(event.by, at=event.recorded_at))
    if number != wanted:
        yield message("the number {number} does not fit form, site, year and serial", number=number)
    if series == builtin.DISPOSAL and event.act == "issue":
        yield from listed(site, event)


def _signature(stored: Stored, *, had_key: bool) -> Iterator[Message]:
    event, series = stored.event, stored.path.partition("/")[0]
    step = builtin.form(series).step.get(event.act)
    meaning = _BEGUN.get(series) if event.act == "issue" else step.signs if step is not None else None
    signer = event.mapping("signer")
    if meaning is None:
        return
    if signer and signer.get("meaning") != meaning:
        yield message("the signature means {meaning}, which this act does not", meaning=str(signer.get("meaning")))
    elif not signer and (series == builtin.DISPOSAL or had_key):
        yield message("it is not signed, and it had to be")
