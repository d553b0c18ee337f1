"""The one place that plans events of records: issue, step, amend, void."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from qmsdocs.base.canonical import Json, dumps, sha256
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.base.language import Catalogue, Language, Text
from qmsdocs.model.evaluation import holds
from qmsdocs.model.expression import parse
from qmsdocs.model.facts import RecordFacts
from qmsdocs.model.form import FieldType, Form
from qmsdocs.model.gate import (
    ISSUE,
    raised_values,
    refuse_changes,
    refuse_raises,
    refuse_step,
    refuse_values,
    step_sets,
)
from qmsdocs.model.quantity import Quantity
from qmsdocs.model.record import Record
from qmsdocs.model.speech import FormSpeech, unmet
from qmsdocs.model.value import Intake, Refusal, clean, refuse_text, unknown_field
from qmsdocs.query.view import counted, facts_of, new_facts
from qmsdocs.store.event import Change, Draft, FormReference, RaisedFrom
from qmsdocs.store.names import records_stem
from qmsdocs.system.definitions import FormInForce
from qmsdocs.system.view import Held, System

VOID = "void"
# purpose of a form → meanings whose values stay as they were registered
FIXED: Mapping[str, tuple[str, ...]] = {
    "distribution": ("document", "document_revision", "document_sha256", "copy_number"),
    "reading": ("document", "document_revision", "document_sha256"),
    "lending": ("lent_record", "lent_kind"),
}
AMEND = "amend"


class Refused(QmsError):
    """An act that cannot be taken, with everything that speaks against it."""

    def __init__(self, subject: str, refusals: Sequence[Refusal], *, hint: Message | None = None) -> None:
        first = refusals[0]
        place = f"{first.field}: " if first.field else ""
        super().__init__("{subject}: {place}{what}", subject=subject, place=place, what=first.message, hint=hint)
        self.subject = subject
        self.refusals = tuple(refusals)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """Who does it, when it happened where that differs from now, why, and the files that come with it."""

    by: str
    happened_at: datetime | None = None
    reason: str | None = None
    clock_is_right: bool = False
    attachments: Mapping[str, str] = field(default_factory=dict)
    project: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A filled blank: the form, the revision it was made from, the retry key, and the values as written."""

    form: str
    values: Mapping[str, object]
    submission: str
    revision: str | None = None
    raised_from: RaisedFrom | None = None
    source: str = ""


def issue(system: System, filled: Filled, intent: Intent) -> Change:
    """The change that issues a record. Raises Refused with every reason why not."""
    form = system.form_for(filled.form, revision=filled.revision)
    values = accepted(system, form.form, filled.values, subject=filled.source or filled.form)
    given: dict[str, Json] = {name: value for name, value in values.items() if value is not None}
    day = system.day_of(form.form, given)
    parameters, procedure = system.definitions.parameters(form.form.procedure, on=day)
    given = _with_defaults(system, form, given, parameters)
    refusals = [*_refuse_typed(form.form, given), *_refuse_unheld(form.form, given, intent)]
    facts = new_facts(system, form, given, state=form.form.first_state, parameters=parameters)
    facts = counted(system, facts, number=None)
    refusals += refuse_values(facts, tuple(given), act=ISSUE)
    _raise_if(filled.source or filled.form, refusals)
    draft = Draft(
        record=system.new_number(form.form, project=intent.project),
        act=ISSUE,
        state=form.form.first_state,
        set=given,
        derived=facts.derived(),
        counted=facts.counted_records,
        form=FormReference(form.form.number, form.revision, form.sha256),
        parameters=procedure,
        submission=filled.submission,
        raised_from=filled.raised_from,
        acts=frozenset(form.form.step),
    )
    return _change(system, draft, intent, stem=records_stem(form.form.retention))


def step(system: System, number: str, name: str, *, values: Mapping[str, object], intent: Intent) -> Change:
    """The change that takes the step `name` of the record. Raises Refused with every reason why not."""
    held = system.record(number)
    form = system.form_of(held.record.form)
    if name not in form.form.step:
        raise QmsError(
            "{form} has no step {name}; there are {steps}",
            form=form.form.number,
            name=name,
            steps=tuple(form.form.step),
        )
    _refuse_dead(held.record)
    definition = form.form.step[name]
    _refuse_role(system, definition.by, intent.by, step=message("{title} ({name})", title=definition.title, name=name))
    changes = accepted(system, form.form, values, subject=number)
    refusals = [*refuse_changes(form.form, held.record.values, changes, step=name)]
    refusals += _refuse_unheld(form.form, changes, intent, held.record)
    facts = facts_of(system, form, held.record, changes=changes)
    taken_by = {event.act: event.by for event in held.record.events}
    condition = in_words(system, held.record, facts, definition.when)
    refusals += refuse_step(facts, definition, taken_by=taken_by, person=intent.by, condition=condition)
    sets = step_sets(facts, definition)
    settled = {n: value for n, value in {**sets, **changes}.items() if value is not None}
    filled = facts_of(system, form, held.record, changes=settled)
    refusals += refuse_values(filled, [n for n, v in changes.items() if v is not None], act=name)
    refusals += refuse_raises(facts, name, system.raised(number), number=number)
    _raise_if(number, refusals)
    written = {**sets, **changes}
    state = definition.to or held.record.state
    taken = system.moment(name, intent.happened_at or system.now, state)
    done = facts_of(system, form, held.record, changes=written, state=state, taken=(taken,))
    draft = _next(held, form, name, done, written)
    draft = replace(draft, meaning=definition.signs if system.signs(intent.by) else None)
    return _change(system, draft, intent)


def amend(system: System, number: str, *, values: Mapping[str, object], intent: Intent) -> Change:
    """The change that corrects given values, with a reason; what stood before stays readable. Raises Refused."""
    if not intent.reason:
        raise QmsError("a correction needs a reason", hint=message("-m REASON"))
    held = system.record(number)
    form = system.form_of(held.record.form)
    _refuse_dead(held.record)
    changes = accepted(system, form.form, values, subject=number)
    before = held.record.values
    refusals = [*_refuse_typed(form.form, changes), *_refuse_fixed(form.form, changes)]
    changes = {name: value for name, value in changes.items() if before.get(name) != value}
    refusals += _refuse_unheld(form.form, changes, intent, held.record)
    if not changes and not refusals:
        raise QmsError("{number}: nothing would change; the values are the same already", number=number)
    facts = facts_of(system, form, held.record, changes=changes)
    refusals += refuse_values(facts, [n for n, v in changes.items() if v is not None], act=ISSUE)
    taken = {event.act for event in held.record.events}
    for name, value in changes.items():
        if value is None and taken & set(form.form.values[name].required_steps):
            refusals.append(Refusal(name, message("was needed for a step already taken and cannot be emptied")))
    _raise_if(number, refusals)
    return _change(system, _next(held, form, AMEND, facts, changes), intent)


def _next(held: Held, form: FormInForce, act: str, facts: RecordFacts, written: Mapping[str, Json]) -> Draft:
    """The draft of the next act on a record, by the facts of it afterwards."""
    return Draft(
        record=held.key,
        act=act,
        state=facts.state,
        set=written,
        derived=facts.derived(),
        counted=facts.counted_records,
        form=held.record.form,
        parameters=_text_mapping(held.record.first.mapping("parameters")),
        after=held.record.last.sha256,
        acts=frozenset(form.form.step),
    )


def void(system: System, number: str, *, replaced_by: str | None, intent: Intent) -> Change:
    """The change that voids a record: the number stays taken, the reason stands in it. Raises QmsError."""
    if not intent.reason:
        raise QmsError("voiding a number needs a reason", hint=message("-m REASON"))
    held = system.record(number)
    if held.record.is_void:
        raise QmsError("{number} is void already", number=number)
    if intent.by != system.clerk:
        _refuse_role(system, (system.form_of(held.record.form).form.owner,), intent.by, step=message("void"))
    if replaced_by is not None:
        other = system.record(replaced_by)
        if replaced_by == number or other.record.is_void:
            raise QmsError("{number} cannot replace {other}", number=replaced_by, other=number)
    draft = Draft(
        record=held.key,
        act=VOID,
        state=VOID,
        form=held.record.form,
        parameters=_text_mapping(held.record.first.mapping("parameters")),
        derived=held.record.derived,
        replaced_by=replaced_by,
        after=held.record.last.sha256,
    )
    return _change(system, draft, intent)


def attach(system: System, number: str, *, field_name: str | None, files: list[Json], intent: Intent) -> Change:
    """The change that adds stored files to a record: by a step that may change the field, else as a correction."""
    held = system.record(number)
    form = system.form_of(held.record.form).form
    fields = [name for name, item in form.entered.items() if item.type is FieldType.ATTACHMENT]
    name = field_name or (fields[0] if fields else "")
    if name not in fields:
        raise QmsError(
            "{form} has no blank for attachments called {name}; there are {known}",
            form=form.number,
            name=name or "-",
            known=tuple(fields),
        )
    before = held.record.values.get(name)
    values: dict[str, object] = {name: [*(before if isinstance(before, list) else []), *files]}
    for step_name in form.field[name].may_change:
        taken = form.step[step_name]
        if taken.to is None and held.record.state in taken.from_ and system.may(intent.by, taken.by):
            return step(system, number, step_name, values=values, intent=intent)
    return amend(system, number, values=values, intent=intent)


def called_for(system: System, number: str, name: str) -> tuple[str, Mapping[str, Json], RaisedFrom]:
    """The form a record calls for under `name`, its first values, and the link back. Raises QmsError."""
    held = system.record(number)
    form = system.form_of(held.record.form)
    if name not in form.form.raise_:
        known = tuple(form.form.raise_)
        raise QmsError("{form} raises no {name}; there are {known}", form=form.form.number, name=name, known=known)
    _refuse_dead(held.record)
    there = [item for item in system.raised(number) if item.raised == name and not item.is_void]
    if there:
        raise QmsError("{number} has raised {other} already", number=number, other=there[0].number)
    wanted = form.form.raise_[name]
    target = system.form_for(wanted.form)
    facts = facts_of(system, form, held.record)
    if wanted.when is not None and not holds(parse(wanted.when), facts):
        raise QmsError(
            "{number} does not call for {title}: {condition}",
            number=number,
            title=wanted.title,
            condition=in_words(system, held.record, facts, wanted.when),
            hint=message("to issue one all the same: qmsdocs record new {form}", form=wanted.form),
        )
    return wanted.form, raised_values(facts, name, target.form), RaisedFrom(number, name, held.record.last.sha256)


def raise_key(system: System, number: str, name: str) -> str:
    """The retry key of what a record raises under `name`: two people who raise it at once get one record."""
    voided = sum(1 for item in system.raised(number) if item.raised == name and item.is_void)
    return sha256(dumps({"again": voided, "raise": name, "record": number, "repository": system.repository}))


def accepted(system: System, form: Form, written: Mapping[str, object], *, subject: str) -> dict[str, Json]:
    """The canonical values of what was written, None for what is empty. Raises Refused."""
    intake = Intake(form, system.zone, system.people.names())
    values: dict[str, Json] = {}
    refusals: list[Refusal] = []
    for name, raw in written.items():
        if name not in form.values:
            refusals.append(Refusal(name, unknown_field(name, tuple(form.entered))))
            continue
        values[name], why = intake.accept(name, raw)
        refusals += why
    _raise_if(subject, refusals)
    return values


def _with_defaults(
    system: System, form: FormInForce, given: Mapping[str, Json], parameters: Mapping[str, Quantity]
) -> dict[str, Json]:
    """`given` with the defaults of fields left empty, as far as these fields exist for the record."""
    intake = Intake(form.form, system.zone, system.people.names())
    filled = dict(given)
    for name, item in form.form.entered.items():
        if item.default is not None and name not in filled:
            facts = new_facts(system, form, filled, state=form.form.first_state, parameters=parameters)
            value, why = intake.accept(name, item.default)
            if value is not None and not why and facts.applies(name):
                filled[name] = value
    return filled


def _refuse_typed(form: Form, given: Mapping[str, Json]) -> Iterable[Refusal]:
    for name in given:
        if form.values[name].is_derived:
            yield Refusal(name, message("is worked out by the program and cannot be given"))
        elif name in form.set_by_steps:
            yield Refusal(name, message("is set by a step and cannot be given"))


def _refuse_fixed(form: Form, changes: Mapping[str, Json]) -> Iterable[Refusal]:
    """What a correction may not touch: which copy of what somebody holds, since papers bear it."""
    for name in changes:
        if form.field[name].means in FIXED.get(form.purpose or "", ()):
            yield Refusal(name, message("cannot be corrected; void the record and register it again"))


def _refuse_unheld(
    form: Form, given: Mapping[str, Json], intent: Intent, record: Record | None = None
) -> Iterable[Refusal]:
    """Attachments whose bytes neither come with this act nor lie with the record; elsewhere is said by `held_at`."""
    held = set(intent.attachments)
    for event in record.events if record is not None else ():
        held |= {digest for value in event.changes.values() for digest, _ in _named(value)}
    for name, value in given.items():
        if form.values[name].type is FieldType.ATTACHMENT:
            for digest, file in _named(value):
                if digest not in held:
                    yield Refusal(name, message("{file}: the file itself is not there", file=file))


def _named(value: Json) -> Iterable[tuple[str, str]]:
    """Sha256 and name of attachments whose bytes are with the record."""
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict) and "sha256" in item and "held_at" not in item:
            yield str(item["sha256"]), str(item.get("name"))


def _change(system: System, draft: Draft, intent: Intent, *, stem: str = "") -> Change:
    """The change of one draft, with who says it, when and why. Raises QmsError for an unknown person."""
    if intent.reason is not None and (wrong := refuse_text(intent.reason)) is not None:
        raise QmsError("the reason: {what}", what=wrong)
    system.refuse_unknown_person(intent.by)
    said = replace(
        draft,
        by=intent.by,
        entered_by=system.clerk,
        reason=clean(intent.reason) if intent.reason else None,
        happened_at=intent.happened_at.isoformat() if intent.happened_at is not None else None,
        attachments=intent.attachments,
    )
    return Change(
        site=system.site, drafts=(said,), stem=stem, control=system.control, clock_is_right=intent.clock_is_right
    )


def in_words(system: System, record: Record, facts: RecordFacts, condition: str | None) -> Text | None:
    """A condition as people read it, in both languages, with the values of the record beside the titles."""
    if condition is None:
        return None
    procedure = system.procedure_of(record)
    parameters = procedure.front.parameter if procedure is not None else {}
    said = {
        language: unmet(condition, facts, FormSpeech(facts.form, parameters, Catalogue.load(language), facts))
        for language in Language
    }
    return Text(said[Language.ZH], said[Language.EN])


def _refuse_dead(record: Record) -> None:
    if record.is_void:
        raise QmsError("{number} is void; nothing can be done with it any more", number=record.number)


def _refuse_role(system: System, roles: tuple[str, ...], person: str, *, step: Message) -> None:
    system.refuse_unknown_person(person)
    if not system.may(person, roles):
        able = system.people.in_role(roles, on=system.today)
        raise QmsError(
            "the step {step} is for {roles}; {person} is none of these",
            step=step,
            roles=system.role_titles(roles),
            person=person,
            hint=message("--as {people}", people=able) if able else None,
        )


def _raise_if(subject: str, refusals: Sequence[Refusal]) -> None:
    if refusals:
        raise Refused(subject, refusals)


def _text_mapping(mapping: Mapping[str, Json]) -> Mapping[str, str]:
    return {name: value for name, value in mapping.items() if isinstance(value, str)}
