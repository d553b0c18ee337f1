"""Commands that are shortcuts for records of forms with a purpose: which step they take, and what they fill in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from qmsdocs.acts.record import Intent
from qmsdocs.base.canonical import Json, dumps, sha256
from qmsdocs.base.errors import QmsError
from qmsdocs.model.form import FieldType, Form
from qmsdocs.model.release import Release
from qmsdocs.query.custody import has_left
from qmsdocs.query.purpose import Purpose, ceased_on, field_of, forms_for, kind_of
from qmsdocs.system.definitions import FormInForce
from qmsdocs.system.view import System

# (what is done, purpose of the form) → the step of the form that does it
STEPS: Mapping[tuple[str, Purpose], str] = {
    ("receive", Purpose.DISTRIBUTION): "receive",
    ("recall", Purpose.DISTRIBUTION): "recall",
    ("return", Purpose.DISTRIBUTION): "take_back",
    ("destroy", Purpose.DISTRIBUTION): "destroy",
    ("lose", Purpose.DISTRIBUTION): "lose",
    ("find", Purpose.DISTRIBUTION): "find",
    ("acknowledge", Purpose.READING): "acknowledge",
    ("sign", Purpose.READING): "sign",
    ("close", Purpose.READING): "close",
    ("conclude", Purpose.PERIODIC_REVIEW): "conclude",
    ("extend", Purpose.LENDING): "extend",
    ("return", Purpose.LENDING): "take_back",
}


def form_for(system: System, purpose: Purpose) -> FormInForce:
    """The form in force that has a purpose; of several the first by number. Raises QmsError when there is none."""
    found = forms_for(system, purpose)
    if not found:
        raise QmsError("no form in force has the purpose {purpose}", purpose=purpose)
    return found[0]


def step_of(form: Form, act: str, purpose: Purpose) -> str:
    """The step of the form that does `act`. Raises QmsError where a company's form has none."""
    name = STEPS[act, purpose]
    if name not in form.step:
        steps = tuple(form.step)
        raise QmsError("{form} has no step {name}; there are {steps}", form=form.number, name=name, steps=steps)
    return name


def usable(system: System, number: str, revision: str | None = None) -> Release:
    """The revision in force today, or the named one if it is in force or approved for a later day. Raises QmsError."""
    kind = kind_of(system, number)
    current = system.in_force(kind, number)
    if revision is None or (current is not None and current.revision == revision):
        return current or system.definitions.release(kind, number, on=system.today)
    named = [release for release in system.definitions.named(number, revision) if release.kind is kind]
    if not named:
        raise QmsError("{number} has no revision {revision}", number=number, revision=revision)
    valid = [release for release in named if release.first_day is not None]
    if not valid:
        raise QmsError("{number} {revision} is not approved", number=number, revision=revision)
    ceased = ceased_on(system, valid[-1])
    if ceased is not None:
        said = "{number} {revision} is not in force since {day}"
        raise QmsError(said, number=number, revision=revision, day=ceased)
    return valid[-1]


def serving(system: System, written: str | None) -> str | None:
    """The person by id where a name is one person's; somebody from outside as written. Raises QmsError for who left."""
    if written is None:
        return None
    named = [person for person, name in system.people.names().items() if name == written]
    person = named[0] if len(named) == 1 and written not in system.people.person else written
    if has_left(system, person):
        raise QmsError("{person} does not serve on {day}", person=written, day=system.today)
    return person


def moment(system: System, intent: Intent) -> datetime:
    """When it is done, in the organisation's zone."""
    return (intent.happened_at or system.now).astimezone(system.zone)


def facts(system: System, release: Release, intent: Intent) -> dict[str, object]:
    """What every such record says by what it means: the revision, who speaks of it, and when."""
    return {
        "document": release.number,
        "subject": release.title,
        "document_revision": release.revision,
        "document_sha256": release.manifest,
        "effective_on": release.first_day,
        "opened_at": moment(system, intent),
        "owner": intent.by,
    }


def values(
    form: Form, said: Mapping[str, object], extra: Mapping[str, object], *, needed: Sequence[str] = ()
) -> dict[str, object]:
    """Values by what they mean under the form's own names, over them `extra`; what the form does not ask is left out.

    Raises QmsError where the form has no field for one that is `needed`.
    """
    found: dict[str, object] = {}
    for means, value in said.items():
        name = field_of(form, means)
        if name is None and means in needed:
            raise QmsError("{form} has no field that means {means}", form=form.number, means=means)
        if name is not None and name in form.entered and value is not None and _fits(form, name, value):
            is_day = isinstance(value, datetime) and form.field[name].type is FieldType.DATE
            found[name] = value.date() if is_day and isinstance(value, datetime) else value
    return {**found, **extra}


def _fits(form: Form, name: str, value: object) -> bool:
    """Whether a choice of the program is one of the form's; a company's own choices are the person's to make."""
    choices = form.choices_of(form.field[name])
    return not choices or value in choices


def retry_key(system: System, act: str, release: Release, **told: Json) -> str:
    """The retry key: a command repeated after an interruption is answered with the record it made."""
    said: dict[str, Json] = {"act": act, "manifest": release.manifest, "repository": system.repository, **told}
    return sha256(dumps(said))
