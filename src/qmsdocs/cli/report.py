"""Answers of reading commands about records, on the terminal, as JSON and as files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from qmsdocs.acts.record import Refused, in_words
from qmsdocs.acts.sheets import act_title, state_title
from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import QmsError, message
from qmsdocs.cli.output import write_grid
from qmsdocs.cli.session import Session
from qmsdocs.cli.words import plain_lines
from qmsdocs.model.facts import RecordFacts
from qmsdocs.model.form import FieldType, Form
from qmsdocs.model.record import Event, Record, fold
from qmsdocs.model.value import unknown_field
from qmsdocs.query.cell import CellWriter, elapsed
from qmsdocs.query.register import listing
from qmsdocs.query.view import facts_of, next_steps
from qmsdocs.store.index import Filter
from qmsdocs.store.post import LOST
from qmsdocs.store.rows import Row
from qmsdocs.system.definitions import FormInForce
from qmsdocs.system.view import System


def field_title(session: Session, form: Form | None, path: str) -> str:
    """The field at `path` as people know it: `联系电话 (phone)`, with row and column where it lies in a table."""
    name, _, rest = path.replace("[", ".").replace("]", "").partition(".")
    field = form.field.get(name) if form is not None else None
    if field is None:
        return path
    title = field.title.of(session.language)
    parts = [part for part in rest.split(".") if part]
    if not parts:
        return session.say("{title} ({name})", title=title, name=path)
    row, column = parts[0], parts[1] if len(parts) > 1 else ""
    where = (
        session.say("row {row}", row=row)
        if row.isdigit()
        else field.rows[row].text.of(session.language)
        if row in field.rows
        else row
    )
    below = field.column[column].title.of(session.language) if column in field.column else column
    whole = " · ".join(part for part in (title, where, below) if part)
    return session.say("{title} ({name})", title=whole, name=path)


def refused(session: Session, error: Refused, form: Form | None) -> int:
    """2; every reason was said, one line each."""
    for refusal in error.refusals:
        place = field_title(session, form, refusal.field) if refusal.field else ""
        said = session.located(error.subject, place, session.say(refusal.message))
        session.complain(session.say("error: {what}", what=said))
    if error.hint is not None:
        session.complain(session.say("hint: {what}", what=session.say(error.hint)))
    return 2


def show(session: Session, number: str, *, as_json: bool, output: str | None) -> None:
    """Nothing; the record was shown."""
    held = session.system.record(number)
    form = session.system.form_of(held.record.form)
    if as_json:
        session.answer_json({"format": 1, "record": record_json(session, held.record, form, held.key.ledger)}, output)
        return
    text = "\n".join(_shown(session, held.record, form)) + "\n"
    session.write(plain_lines(text).encode(), output)


def record_json(session: Session, record: Record, form: FormInForce, ledger: str) -> dict[str, object]:
    """The record as one object, see docs/json.md."""
    return {
        "number": record.number,
        "form": record.form.number,
        "revision": record.form.revision,
        "state": record.state,
        "is_closed": record.state in form.form.closed_states,
        "is_void": record.is_void,
        "values": dict(record.shown),
        "derived": dict(record.derived),
        "ledger": ledger,
        "raised": [item.number for item in session.system.raised(record.number)],
        "raised_from": record.first.mapping("raised_from").get("record"),
        "events": [dict(event.body) for event in record.events],
        "event_sha256": [event.sha256 for event in record.events],
    }


def _shown(session: Session, record: Record, form: FormInForce) -> Iterator[str]:
    language = session.language
    state = state_title(form, record).of(language)
    yield f"{record.number}  {form.form.title.of(language)} {record.form.number} {record.form.revision}  [{state}]"
    facts = facts_of(session.system, form, record)
    writer = CellWriter(form.form, session.system.people.names(), session.catalogue)
    yield from _values(session, record, form, writer)
    clocks = tuple(_clocks(session, facts))
    if clocks:
        yield ""
        yield from clocks
    yield from _links(session, record, form)
    yield ""
    for event in record.events:
        yield "  " + _act_line(session, form, event)
    if not record.is_void:
        yield from _steps(session, record, facts)


def _steps(session: Session, record: Record, facts: RecordFacts) -> Iterator[str]:
    """The steps that lead on from here, and of those whose condition does not hold, the condition."""
    possible, unmet = [], []
    for name, step, is_open in next_steps(facts):
        said = f"{name} {step.title.of(session.language)}"
        if is_open:
            possible.append(said)
        else:
            condition = in_words(session.system, record, facts, step.when)
            unmet.append(session.say("{step}: only where {condition}", step=said, condition=condition))
    if possible or unmet:
        yield ""
    if possible:
        yield session.say("Next steps: {steps}", steps=tuple(possible))
    yield from unmet


def _values(session: Session, record: Record, form: FormInForce, writer: CellWriter) -> Iterator[str]:
    """Title and value of every field that has one, below the heading of its section."""
    shown, heading = record.shown, ""
    for name, field in form.form.field.items():
        if field.type is FieldType.SECTION:
            heading = f"\n── {field.title.of(session.language)}"
        elif name in shown:
            if heading:
                yield heading
                heading = ""
            first, *more = writer.words(field, shown[name]).split("\n")
            yield "  " + session.say("{title}: {value}", title=field.title, value=first)
            yield from (f"      {line}" for line in more)


def _links(session: Session, record: Record, form: FormInForce) -> Iterator[str]:
    came_from = record.first.mapping("raised_from").get("record")
    lines = [session.say("  ← raised from {number}", number=came_from)] if came_from else []
    for item in session.system.raised(record.number):
        wanted = form.form.raise_.get(item.raised)
        title = wanted.title if wanted is not None else item.raised
        lines.append("  → " + session.say("{title}: {value}", title=title, value=item.number))
    if lines:
        yield "\n" + "\n".join(lines)


def _clocks(session: Session, facts: RecordFacts) -> Iterator[str]:
    for name, clock in facts.form.clock.items():
        reading = facts.reading(name)
        if reading is None:
            continue
        due = session.say("due {at}", at=f"{reading.due_at:%Y-%m-%d %H:%M}") if reading.due_at is not None else ""
        late = "" if not reading.is_overdue else session.say("overdue" if reading.stopped_at is None else "was late")
        words = [elapsed(reading.ran, session.catalogue), due, late]
        read = " · ".join(word for word in words if word)
        yield "  ◷ " + session.say("{title}: {value}", title=clock.title, value=read)


def _act_line(session: Session, form: FormInForce, event: Event) -> str:
    person = session.system.people.person.get(event.by)
    at = event.at.astimezone(session.system.zone)
    title = act_title(form, event.act).of(session.language)
    reason = session.say("lost in restore") if event.text("reason") == LOST else event.text("reason")
    return f"{at:%Y-%m-%d %H:%M}  {title}  {person.name if person else event.by}" + (f"  {reason}" if reason else "")


def history(session: Session, number: str, *, as_json: bool, output: str | None) -> None:
    """Nothing; every act on the record was shown, old and new values side by side."""
    held = session.system.record(number)
    form = session.system.form_of(held.record.form)
    record = held.record
    if as_json:
        acts = [_act_json(record, position) for position in range(len(record.events))]
        session.answer_json({"format": 1, "number": number, "acts": acts}, output)
        return
    writer = CellWriter(form.form, session.system.people.names(), session.catalogue)
    lines: list[str] = []
    for position, event in enumerate(record.events):
        lines.append(f"{position + 1:>3}  {_act_line(session, form, event)}  [{event.sha256[:8]}]")
        before = fold(record.events[:position])
        for name, new in event.changes.items():
            field = form.form.field.get(name)
            if field is None or (event.act == "issue"):
                continue
            change = f"{writer.words(field, before.get(name)) or '/'} → {writer.words(field, new) or '/'}"
            lines.append("       " + session.say("{title}: {value}", title=field.title, value=change))
    session.write(plain_lines("\n".join(lines) + "\n").encode(), output)


def _act_json(record: Record, position: int) -> dict[str, object]:
    event = record.events[position]
    before = fold(record.events[:position])
    changes: list[Mapping[str, Json]] = [
        {"field": name, "old": before.get(name), "new": new} for name, new in event.changes.items()
    ]
    keys = (
        "sequence",
        "act",
        "state",
        "by",
        "entered_by",
        "recorded_at",
        "happened_at",
        "reason",
        "signer",
        "replaced_by",
    )
    return {**{key: event.body.get(key) for key in keys}, "changes": changes, "sha256": event.sha256}


def list_records(session: Session, **options: Any) -> None:
    """Nothing; the records that fit were listed."""
    wanted = Filter(
        forms=tuple(options["forms"]) or session.system.form_numbers,
        opened_from=day(options["first"], "--from"),
        opened_to=day(options["last"], "--to"),
        customer=options["customer"],
        states=_states(session, options["forms"], options["states"]),
        is_void=options["is_void"],
        is_closed=False if options["is_open"] else None,
        fields=dict(_pair(item) for item in options["where"]),
    )
    forms = [session.system.form_known(number).form for number in wanted.forms]
    for name in wanted.fields:
        if not any(name in form.values for form in forms):
            known = tuple(dict.fromkeys(field for form in forms for field in form.values))
            raise QmsError("{option} {name}: {what}", option="--where", name=name, what=unknown_field(name, known))
    rows = tuple(session.system.index.records(wanted))
    if options["as_json"] or str(options["output"] or "").endswith(".json"):
        session.answer_json({"format": 1, "records": [row_json(row) for row in rows]}, options["output"])
        return
    write_grid(session, listing(session.system, rows, catalogue=session.catalogue), options["output"])


def every_record(system: System) -> Filter:
    """All records of forms; releases and journal entries are none."""
    return Filter(forms=system.form_numbers)


def row_json(row: Row) -> dict[str, object]:
    """One line of `record list`, see docs/json.md."""
    return {
        "number": row.number,
        "form": row.form,
        "revision": row.revision,
        "state": row.state,
        "is_closed": row.is_closed,
        "is_void": row.is_void,
        "opened_at": row.opened_at,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
        "customer": row.customer or None,
        "subject": row.subject or None,
        "owner": row.owner or None,
        "values": dict(row.shown),
        "sha256": row.sha256,
    }


def _states(session: Session, forms: tuple[str, ...], written: tuple[str, ...]) -> tuple[str, ...]:
    if not written:
        return ()
    numbers = forms or session.system.form_numbers
    states = {"void": ("void", "注销")}
    for number in numbers:
        for name, state in session.system.form_known(number).form.state.items():
            states[name] = (*states.get(name, ()), state.title.zh, state.title.en)
    found: list[str] = []
    for word in written:
        fitting = [name for name, titles in states.items() if word == name or word in titles]
        if not fitting:
            raise QmsError("there is no state {state}; there are {known}", state=word, known=tuple(states))
        found += fitting
    return tuple(found)


def _pair(written: str) -> tuple[str, str]:
    name, sign, value = written.partition("=")
    if not sign:
        raise QmsError("--where {pair}: write field=value", pair=written)
    return name.strip(), value.strip()


def day(written: str | None, option: str) -> date | None:
    """The day an option names. Raises QmsError."""
    if written is None:
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise QmsError(
            "{option} {written}: must be a date such as 2026-11-21",
            option=option,
            written=written,
            hint=message("YYYY-MM-DD"),
        ) from None
