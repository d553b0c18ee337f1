"""What may stand in control and in the journal of a site, and whether what somebody brings of them may come in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from pydantic import BaseModel

from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.base.files import text_of
from qmsdocs.base.toml import parse
from qmsdocs.model.document import parse_procedure
from qmsdocs.model.form import Form
from qmsdocs.model.organisation import Organisation
from qmsdocs.model.people import People
from qmsdocs.model.record import FORMAT
from qmsdocs.model.register import Register
from qmsdocs.model.release import DECIDED, ItemKind
from qmsdocs.model.retention import SCHEDULE, Schedule
from qmsdocs.model.waiver import WAIVERS, Waivers
from qmsdocs.store import control, journal, ledger, names, seat
from qmsdocs.store.arrival import Arrival
from qmsdocs.store.event import Stored
from qmsdocs.store.objects import Objects
from qmsdocs.system import builtin
from qmsdocs.system.believed import listed, trust_of
from qmsdocs.system.definitions import Definitions
from qmsdocs.system.trust import Trust

_OWN: Mapping[str, Mapping[str, type]] = {  # what the program itself writes: the values of its one act
    journal.SEAT: {"seat": str, "machine": str, "folder": str, "reason": str, "last_numbers": dict},
    journal.OPENING: {"ledger": str},
    journal.HEADS: {"ledgers": dict},
}
_TYPES: Mapping[str, type] = {"integer": int, "boolean": bool, "table": list, "choices": list}  # the others are texts
BY_PEOPLE = (builtin.DISPOSAL, builtin.PULL, builtin.RESTORE)
_BEGUN = {builtin.DISPOSAL: "approved", builtin.PULL: "prepared"}  # what signing their first act means
_SETTINGS: Mapping[str, type[BaseModel]] = {
    "qms.toml": Organisation,
    "people.toml": People,
    SCHEDULE: Schedule,
    WAIVERS: Waivers,
}


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
    head = objects.head(names.CONTROL)
    if head is not None and brought.branch.startswith((names.JOURNAL, names.CONTROL)):
        refuse(trust_of(objects, head.commit), brought, events)


def refuse(trust: Trust, brought: Arrival, events: Sequence[Stored]) -> None:
    """The same for the acts in control or a journal, by the releases as they would stand; the guard asks it too."""
    judge = _refuse_control if brought.branch == names.CONTROL else _refuse_journal
    judge(trust, brought, events)


def refused(stored: Stored, what: Message) -> QmsError:
    """That an act may not come in, which one it is, and where it is told what to do."""
    number = str(stored.event.mapping("record").get("number"))
    return QmsError("{ledger}: {number} ({path}): {what}; what to do, where it was written: qmsdocs audit",
                    ledger=stored.ledger, number=number, path=stored.path, what=what)  # fmt: skip


# ── control


def _refuse_control(trust: Trust, brought: Arrival, events: Sequence[Stored]) -> None:
    """Each act is judged by what stood up to the next report of a lost key: what that undoes was honest before it."""
    order = trust.order
    losses = [order[stored.path] for stored in events if stored.event.act == "lose"]
    then, known = len(trust.commits), trust
    for stored in sorted(events, key=lambda stored: (order[stored.path], stored.path)):
        end = min((place for place in losses if place > order[stored.path]), default=len(trust.commits))
        if end != then:
            then, known = end, trust_of(trust.objects, trust.commits[end - 1])
        for why in known.problems(stored):
            raise refused(stored, why)
        try:
            _load(trust.objects, brought.new, stored)
        except QmsError as error:
            raise refused(stored, error.message) from error


def _load(objects: Objects, commit: str, stored: Stored) -> None:
    """Nothing. Raises QmsError where the bytes an act puts in are not whole, or it decides on what nobody can read."""
    if stored.path.partition("/")[0] != control.RELEASES:
        return
    first = ledger.record_events(objects, names.CONTROL, commit, control.RELEASES, control.key_of(stored).serial)[0]
    if stored.event.state in DECIDED:
        read_item(control.load(objects, commit, first))
    elif stored.event.act == "issue":
        control.load(objects, commit, first)


def read_item(item: control.Item) -> None:
    """Nothing. Raises QmsError where the text of a document, form or setting cannot be read."""
    source, kind = f"{item.number} {item.revision}", item.kind
    ending = {ItemKind.FORM: "form.toml", ItemKind.PROCEDURE: ".md"}.get(ItemKind(kind), ".toml")
    found = next((data for path, data in item.files.items() if path.endswith(ending)), None)
    if found is None:
        raise QmsError("{source} has no text", source=source)
    text = text_of(found, source)
    if kind == ItemKind.PROCEDURE:
        parse_procedure(text, source=source)
    else:
        parse(text, Form if kind == ItemKind.FORM else _SETTINGS.get(item.number, Register), source=source)


def unreadable(objects: Objects) -> tuple[str, str, QmsError] | None:
    """The first setting put into force that cannot be read, why, and the newest state of control without it."""
    known = Definitions.read(objects)
    for release in known.releases if known is not None else ():
        if known is None or release.kind is not ItemKind.CONFIGURATION or release.first_day is None:
            continue
        first, commit = known.events(release)[0], known.commit
        try:
            read_item(control.load(objects, commit, first))
        except QmsError as error:
            while parents := objects.parents(commit) if objects.listing(commit, first.path.rpartition("/")[0]) else ():
                commit = parents[0]
            return (release.record, commit, error)
    return None


# ── journals


def _refuse_journal(trust: Trust, brought: Arrival, events: Sequence[Stored]) -> None:
    for entry in brought.entries:
        if "/files/" in entry.path:
            raise QmsError("{ledger}: {path} does not belong in a ledger", ledger=brought.branch, path=entry.path)
    for folder, acts in groupby(events, lambda stored: stored.path.rpartition("/")[0]):
        new = frozenset(stored.path for stored in acts)
        for stored, why in _refusals(trust, brought, folder, new):
            raise refused(stored, why)
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
        raise refused(taken, message("the seat would be taken by {person}: {what}", person=taken.event.by, what=why))


def _refusals(trust: Trust, brought: Arrival, folder: str, new: frozenset[str]) -> Iterator[tuple[Stored, Message]]:
    """What speaks against the new acts of one record of a journal."""
    state, series, serial = "", folder.split("/")[0], int(folder[-6:])
    for stored in ledger.record_events(trust.objects, brought.branch, brought.new, series, serial):
        for why in of_act(trust, stored, state) if stored.path in new else ():
            yield stored, why
        if stored.path in new and series == journal.HEADS:
            yield from ((stored, why) for why in _contradicted(trust.objects, stored, serial))
        elif stored.path in new and series in BY_PEOPLE and trust.known(stored.event.text("control")) is None:
            yield stored, message("it names a state of the releases that is not held here")
        state = stored.event.state


def of_act(trust: Trust, stored: Stored, before: str) -> Iterator[Message]:
    """All that speaks against an entry, as the releases it names and its journal know it; the audit asks it too."""
    event, series = stored.event, stored.path.partition("/")[0]
    yield from unfit(stored, before)
    if is_newer(stored) or series not in (*_OWN, *BY_PEOPLE):
        return
    site, number = stored.ledger.rpartition("/")[2], str(event.mapping("record").get("number"))
    serial = int(stored.path.split("/")[3])
    if series in _OWN:
        wanted = f"{series}-{site}-{serial:06d}".upper()
    else:
        known = trust.definitions(event.text("control"))
        if known is None:
            return  # which who judges what it rests on says
        found = known.organisation(on=known.day_of(event.recorded_at)).site.get(site)
        wanted = names.printed(builtin.number_at(series, found.code).template, serial) if found is not None else ""
        yield from _signature(stored, had_key=known.signs(event.by, at=event.recorded_at))
    if number != wanted:
        yield message("the number {number} does not fit form, site, year and serial", number=number)
    if series == builtin.DISPOSAL and event.act == "issue":
        yield from listed(site, event)
    elif series == journal.HEADS:
        yield from _forgotten(stored, _noted_before(trust.objects, stored, serial))


def _noted_before(objects: Objects, stored: Stored, serial: int) -> Mapping[str, journal.LedgerHead]:
    """What the heads event before this one says."""
    head = objects.head(stored.ledger)
    before = (
        ledger.record_events(objects, stored.ledger, head.commit, journal.HEADS, serial - 1)
        if head and serial > 1
        else ()
    )
    return journal.read_heads(before[0]).ledgers if before else {}


def _forgotten(stored: Stored, before: Mapping[str, journal.LedgerHead]) -> Iterator[Message]:
    """What is noted of others, or not any more: a ledger that has gone stays noted, and a number handed out too."""
    noted, site = journal.read_heads(stored).ledgers, stored.ledger.rpartition("/")[2]
    yield from (
        message("{ledger} is no ledger of this site", ledger=item) for item in noted if not journal.belongs(item, site)
    )
    for branch in sorted(before):
        if branch not in noted:
            yield message("it says nothing of {ledger}, which was noted before", ledger=branch)
        elif any(noted[branch].last.get(series, 0) < last for series, last in before[branch].last.items()):
            yield message("it notes smaller last numbers of {ledger} than were noted before", ledger=branch)


def _contradicted(objects: Objects, stored: Stored, serial: int) -> Iterator[Message]:
    """What the ledgers held here contradict of a heads event; nothing can be said of what has not come yet."""
    before, heads = _noted_before(objects, stored, serial), journal.read_heads(stored)
    number = str(stored.event.mapping("record").get("number"))
    for branch, noted in heads.ledgers.items():
        head = objects.head(branch)
        if head is not None and noted != before.get(branch) and objects.is_ancestor(noted.commit, head.commit):
            yield from journal.miscounted(objects, number, noted, before.get(branch))


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
