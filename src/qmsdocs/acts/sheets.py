"""What the page of a record says, gathered from the record, its form and the definitions in force."""

from __future__ import annotations

from dataclasses import replace

from qmsdocs.base.errors import Message, message
from qmsdocs.base.language import Catalogue, Language, Text
from qmsdocs.model.record import Event, Record
from qmsdocs.model.retention import PERMANENT, Disposition, Trigger
from qmsdocs.model.speech import FormSpeech, reasons
from qmsdocs.query.retention_list import DISPOSITIONS
from qmsdocs.query.view import facts_then
from qmsdocs.render import mark
from qmsdocs.render.sheet import Act, Sheet
from qmsdocs.system.definitions import FormInForce
from qmsdocs.system.view import System

VOID_STATUS = Text("注销", "VOID")
DRAFT_STATUS = Text("草稿", "Draft")
TRIAL_STATUS = Text("试行", "Trial")
ISSUE_TITLE = Text("登记", "Issued")
AMEND_TITLE = Text("更正", "Amended")
_TRIGGERS = {
    Trigger.ISSUED: message("{period} from issue"),
    Trigger.CLOSED: message("{period} after closing"),
    Trigger.APPROVED: message("{period} after approval"),
    Trigger.SUPERSEDED: message("{period} after being superseded"),
    Trigger.CONTRACT_ENDED: message("{period} after the contract ends"),
    Trigger.RETURNED: message("{period} after the last copy is returned"),
    Trigger.LEFT: message("{period} after leaving"),
    Trigger.HANDOVER: message("{period} after handover"),
    Trigger.RELEASED: message("{period} after release"),
    Trigger.REGISTRATION_ENDED: message("{period} after the registration ends"),
    Trigger.PRODUCTION_ENDED: message("{period} after production ends"),
}


def sheet(system: System, record: Record, form: FormInForce, *, language: Language) -> Sheet:
    """Everything the page of a record says."""
    facts = facts_then(system, form, record)
    catalogue = Catalogue.load(language)
    procedure = system.procedure_of(record)
    speech = FormSpeech(form.form, procedure.front.parameter if procedure else {}, catalogue, facts)
    return replace(
        blank_sheet(system, form, language=language),
        number=record.number,
        state=state_title(form, record),
        status=VOID_STATUS if record.is_void else None,
        values=record.values,
        derived=record.derived,
        corrections=record.corrections,
        acts=tuple(_act(system, form, event) for event in record.events),
        reasons=reasons(facts, speech),
        applies=frozenset(name for name in form.form.field if facts.applies(name)),
        check=mark.short_code(record.last.sha256),
        payload=mark.payload(system.repository, record.number, form.form.number, form.revision, record.last.sha256),
        is_void=record.is_void,
    )


def blank_sheet(system: System, form: FormInForce, *, language: Language) -> Sheet:
    """What the page of an empty blank says."""
    catalogue = Catalogue.load(language)
    return Sheet(
        form=form.form,
        revision=revision_words(form, language),
        language=language,
        organisation=system.organisation.organisation.of(language),
        zone=system.zone,
        number=None,
        state=None,
        status=None,
        values={},
        derived={},
        people=system.people.names(),
        corrections=(),
        acts=(),
        reasons={},
        applies=frozenset(form.form.field),
        retention=retention_words(system, form, catalogue),
        department=_department(system, form, language),
        receipt=None,
        check=mark.short_code(form.sha256),
        payload=mark.payload(system.repository, "-", form.form.number, form.revision, form.sha256),
        logo=None,
    )


def revision_words(form: FormInForce, language: Language) -> str:
    """The revision as the page prints it, on trial marked so: `A/0（试行）`."""
    if not form.is_trial:
        return form.revision
    trial = TRIAL_STATUS.of(language)
    return f"{form.revision}（{trial}）" if language is Language.ZH else f"{form.revision} ({trial})"


def state_title(form: FormInForce, record: Record) -> Text:
    """Where the record stands, in words."""
    if record.is_void:
        return VOID_STATUS
    found = form.form.state.get(record.state)
    return found.title if found is not None else Text(record.state, record.state)


def act_title(form: FormInForce, act: str) -> Text:
    """The title of an act: a step's own, or that of issue, amend and void."""
    known = {"issue": ISSUE_TITLE, "amend": AMEND_TITLE, "void": VOID_STATUS}
    step = form.form.step.get(act)
    return step.title if step is not None else known.get(act, Text(act, act))


def _act(system: System, form: FormInForce, event: Event) -> Act:
    signer = event.mapping("signer")
    meaning = signer.get("meaning")
    person = system.people.person.get(event.by)
    return Act(
        step=event.act,
        title=_void_title(event) if event.act == "void" else act_title(form, event.act),
        by=person.name if person else event.by,
        at=event.at.astimezone(system.zone),
        meaning=meaning if isinstance(meaning, str) else None,
        mark=event.sha256[:8].upper() if signer else None,
    )


def _void_title(event: Event) -> Text:
    """Why the number was voided and what takes its place, as the page says it."""
    reason, other = event.text("reason"), event.text("replaced_by")
    zh = f"注销（{reason}{f'；由 {other} 代替' if other else ''}）"
    en = f"void ({reason}{f'; replaced by {other}' if other else ''})"
    return Text(zh, en)


def retention_words(system: System, form: FormInForce, catalogue: Catalogue) -> str:
    """How long records of a form are kept, e.g. `关闭后3年`, and where each is looked at then, that it is."""
    found = system.schedule.class_.get(form.form.retention)
    if found is None:
        return form.form.retention
    if found.period == PERMANENT:
        return catalogue.say("long-term")
    kept = catalogue.say(Message(_TRIGGERS[found.trigger].template, {"period": found.words(catalogue.language)}))
    if found.disposition is not Disposition.REVIEW:
        return kept
    return catalogue.say("{kept}; then: {disposition}", kept=kept, disposition=DISPOSITIONS[found.disposition])


def _department(system: System, form: FormInForce, language: Language) -> str:
    found = system.schedule.class_.get(form.form.retention)
    if found is not None and found.department is not None:
        return found.department.of(language)
    role = system.people.role.get(form.form.owner)
    return role.title.of(language) if role is not None else form.form.owner
