"""Plans of reading and of periodic review: who has read which revision, and whether it is still right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from qmsdocs.acts.pages import draw_docx, draw_pdf, embedded
from qmsdocs.acts.record import Filled, Intent, issue, step
from qmsdocs.acts.sheets import sheet
from qmsdocs.acts.shortcut import facts, form_for, moment, retry_key, serving, step_of, values
from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.language import Language
from qmsdocs.model.form import Field, FieldType, Form
from qmsdocs.model.release import ItemKind, Release
from qmsdocs.query.custody import Verdict, next_review, readings, reviews
from qmsdocs.query.purpose import Purpose, column, entries, field_of
from qmsdocs.render.sheet import Sheet
from qmsdocs.store.event import Change
from qmsdocs.system.view import System

UNDERSTOOD = "understood"  # what a signature on the sheet says


def list_readers(
    system: System,
    release: Release,
    people: Sequence[str],
    *,
    intent: Intent,
    extra: Mapping[str, object],
    is_read: bool = False,
) -> Change:
    """The change that issues a reading record of a revision for the people, by id or name.

    `is_read`: they have read it, otherwise they are listed to sign. Raises QmsError for who has read it already.
    """
    form = form_for(system, Purpose.READING).form
    known = [serving(system, person) or person for person in people]
    _refuse_early(system, release, intent)
    _refuse_read(system, release, known)
    said = {**facts(system, release, intent), "content": _change_made(system, release)}
    filled = values(form, said, extra, needed=("document", "document_sha256"))
    name, table = _readers(form)
    filled[name] = [_reader(system, table, person, intent, is_read=is_read) for person in known]
    listed: list[Json] = [*sorted(known)]
    key = retry_key(system, "read", release, people=listed, read=is_read, void=_void_count(system, release))
    return issue(system, Filled(form=form.number, values=filled, submission=key), intent)


def _refuse_early(system: System, release: Release, intent: Intent) -> None:
    """Nothing; raises QmsError for a reading before the revision was there to be read."""
    there = system.definitions.course(release).first.recorded_at
    if intent.happened_at is not None and intent.happened_at < there:
        raise QmsError(
            "{number} {revision} could not be read before {day}",
            number=release.number,
            revision=release.revision,
            day=there.astimezone(system.zone).date(),
        )


def listed_already(system: System, release: Release, people: Sequence[str], *, is_read: bool) -> str:
    """The open record that lists just these people, so that a repeated command makes no second one; empty: none."""
    wanted = {serving(system, person) or person for person in people}
    for entry in entries(system, Purpose.READING):
        if entry.text("document_sha256") == release.manifest and entry.row.state == entry.form.first_state:
            rows = [(row, column(table, "reader"), column(table, "read_on")) for table, row in entry.rows("readers")]
            same = {row.get(reader) for row, reader, _ in rows} == wanted
            if same and is_read == any(day in row for row, _, day in rows):
                return entry.row.number
    return ""


def _refuse_read(system: System, release: Release, people: Sequence[str]) -> None:
    names = system.people.names()
    for item in readings(system, release.number):
        if item.is_signed and item.sha256 == release.manifest and item.person in people:
            raise QmsError(
                "{person} has read {number} {revision} on {day}: {record}",
                person=names.get(item.person, item.person),
                number=release.number,
                revision=release.revision,
                day=item.read_on,
                record=item.record,
            )


def _change_made(system: System, release: Release) -> str | None:
    """What the revision changes, as it was said when it was submitted; of the first ones their title."""
    return release.title if release.is_first else system.definitions.course(release).first.text("reason") or None


def _readers(form: Form) -> tuple[str, Field]:
    name = field_of(form, "readers")
    if name is None or form.field[name].type is not FieldType.TABLE:
        raise QmsError("{form} has no field that means {means}", form=form.number, means="readers")
    return name, form.field[name]


def _reader(system: System, table: Field, person: str, intent: Intent, *, is_read: bool) -> dict[str, Json]:
    found = system.people.person.get(person)
    row: dict[str, Json] = {column(table, "reader"): person}
    if found is not None and found.department and (name := column(table, "department")):
        row[name] = found.department
    return {**row, **_signed(system, table, intent)} if is_read else row


def _signed(system: System, table: Field, intent: Intent) -> dict[str, Json]:
    """What a signature adds to a row: its day, and that the text was understood."""
    said = {"read_on": moment(system, intent).date().isoformat(), "read_result": UNDERSTOOD}
    return {name: value for means, value in said.items() if (name := column(table, means))}


def _void_count(system: System, release: Release) -> int:
    own = (e for e in entries(system, Purpose.READING) if e.text("document_sha256") == release.manifest)
    return sum(entry.row.is_void for entry in own)


def sheets(system: System, people: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The people as they fit on the sheets of the form, each person once."""
    _, table = _readers(form_for(system, Purpose.READING).form)
    each = dict.fromkeys(serving(system, person) or person for person in people)
    fitting = int(table.max) if table.max is not None else len(each)
    listed = tuple(each)
    return tuple(listed[first : first + fitting] for first in range(0, len(listed), max(fitting, 1)))


def acknowledge(system: System, number: str, *, intent: Intent) -> Change:
    """The change by which the only reader of a record says so himself. Raises QmsError."""
    form = _form_of(system, number)
    name = step_of(form, "acknowledge", Purpose.READING)
    return step(system, number, name, values={}, intent=intent)


def to_sign(system: System, number: str, *, kind: str, language: Language) -> bytes:
    """The page of a reading record to be signed on paper, `pdf` or `docx`: what nobody has written yet stays empty."""
    record = system.record(number).record
    form = system.form_of(record.form)
    said = unsigned(sheet(system, record, form, language=language))
    return draw_docx(said, form) if kind == "docx" else draw_pdf(said, form, events=embedded(record))


def unsigned(said: Sheet) -> Sheet:
    """The page of a record as it is printed to be signed on paper."""
    return replace(said, number=None, receipt=said.number)


def refuse_silent(system: System, person: str) -> None:
    """Nothing; raises QmsError where the reading form has no step a reader takes alone, or not for this person."""
    form = form_for(system, Purpose.READING).form
    taken = form.step[step_of(form, "acknowledge", Purpose.READING)]
    if not system.may(person, taken.by):
        roles = system.role_titles(taken.by)
        said = "the step {step} is for {roles}; {person} is none of these"
        raise QmsError(said, step=taken.title, roles=roles, person=person)


def sign(
    system: System,
    number: str,
    *,
    intent: Intent,
    files: Sequence[Json],
    absent: Sequence[str],
    extra: Mapping[str, object],
) -> Change:
    """The change that takes in the signed sheet: its scan, and everybody but the absent as having read."""
    form = _form_of(system, number)
    name, table = _readers(form)
    rows = _present(system, table, system.record(number).record.values.get(name), absent)
    written: dict[str, object] = {name: [{**_signed(system, table, intent), **row} for row in rows]}
    if files:
        written[_scan(form)] = list(files)
    name = step_of(form, "sign", Purpose.READING)
    return step(system, number, name, values={**written, **extra}, intent=intent)


def close(system: System, number: str, *, intent: Intent) -> Change:
    """The change that closes a reading record whose signed sheet is back."""
    name = step_of(_form_of(system, number), "close", Purpose.READING)
    return step(system, number, name, values={}, intent=intent)


def _scan(form: Form) -> str:
    found = field_of(form, "scan")
    if found is None:
        raise QmsError("{form} has no field that means {means}", form=form.number, means="scan")
    return found


def _present(system: System, table: Field, rows: Json, absent: Sequence[str]) -> list[dict[str, Json]]:
    """The rows of those who signed. Raises QmsError for an absent person who is not on the sheet, or when all are."""
    names, reader = system.people.names(), column(table, "reader")
    gone = {next((person for person, name in names.items() if name == written), written) for written in absent}
    listed = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    strange = gone - {str(row.get(reader)) for row in listed}
    if strange:
        raise QmsError("not on this sheet: {people}", people=tuple(sorted(strange)))
    kept = [row for row in listed if row.get(reader) not in gone]
    if not kept:
        raise QmsError("nobody on this sheet has signed", hint=message("qmsdocs record void NUMBER -m REASON"))
    return kept


def _form_of(system: System, number: str) -> Form:
    form = system.form_of(system.record(number).record.form).form
    if form.purpose != Purpose.READING:
        raise QmsError("{record} is no record of reading", record=number)
    return form


def review(system: System, number: str, verdict: str, *, intent: Intent, extra: Mapping[str, object]) -> Change:
    """The change that issues the periodic review of the revision in force, with its verdict and the next date."""
    release = system.definitions.release(ItemKind.PROCEDURE, number, on=system.today)
    form = form_for(system, Purpose.PERIODIC_REVIEW).form
    due = next((item for item in reviews(system) if item.number == number), None)
    said = {**facts(system, release, intent), "due_on": due.due_on if due is not None else None}
    filled = values(
        form, said, verdict_values(system, number, verdict, intent=intent, extra=extra), needed=("document",)
    )
    key = retry_key(system, "review", release, on=moment(system, intent).date().isoformat(), by=intent.by)
    return issue(system, Filled(form=form.number, values=filled, submission=key), intent)


def verdict_values(
    system: System, number: str, verdict: str, *, intent: Intent, extra: Mapping[str, object]
) -> Mapping[str, object]:
    """What a verdict says under the names of the form: itself, its reason, and when to look again unless withdrawn."""
    if not intent.reason:
        raise QmsError("a review needs a reason", hint=message("-m REASON"))
    said: dict[str, object] = {"verdict": verdict, "reason": intent.reason}
    if verdict != Verdict.WITHDRAW:
        release = system.definitions.release(ItemKind.PROCEDURE, number, on=system.today)
        every = system.definitions.procedure(release).front.review_every
        said["next_review_on"] = next_review(moment(system, intent).date(), every)
    return values(form_for(system, Purpose.PERIODIC_REVIEW).form, said, extra, needed=("verdict",))


def open_review(system: System, number: str) -> str:
    """The review of the revision in force that is under way, not yet concluded; empty: none."""
    release = system.definitions.release(ItemKind.PROCEDURE, number, on=system.today)
    for entry in entries(system, Purpose.PERIODIC_REVIEW):
        own = (entry.text("document"), entry.text("document_revision")) == (number, release.revision)
        if own and entry.row.state == entry.form.first_state and not entry.row.is_closed:
            return entry.row.number
    return ""


def conclude(system: System, number: str, *, intent: Intent, written: Mapping[str, object]) -> Change:
    """The change that concludes a periodic review, ready to be approved."""
    form = system.form_of(system.record(number).record.form).form
    return step(system, number, step_of(form, "conclude", Purpose.PERIODIC_REVIEW), values=written, intent=intent)
