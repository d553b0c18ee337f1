"""Plans for numbered copies: given, received, called back, returned, destroyed or lost."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from qmsdocs.acts.record import Filled, Intent, issue, step
from qmsdocs.acts.shortcut import facts, form_for, moment, retry_key, serving, step_of, usable, values
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.model.form import Form
from qmsdocs.model.release import ItemKind, Release
from qmsdocs.query.custody import Copy, CopyStanding, Recall, copies, copy_label, has_left, recall
from qmsdocs.query.purpose import Purpose, field_of, kind_of
from qmsdocs.store.event import Change
from qmsdocs.system.view import System

HIGHEST_COPY = 99_999
# what is done with a copy → where it must be; of two copies with one number the first standing counts
_WHERE = {
    "receive": (CopyStanding.OUT,),
    "recall": (CopyStanding.OUT,),
    "return": (CopyStanding.OUT,),
    "destroy": (CopyStanding.RETURNED, CopyStanding.OUT),
    "lose": (CopyStanding.OUT,),
    "find": (CopyStanding.LOST,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Giving:
    """A copy to be given: without a number the next free one, without a revision the one in force."""

    document: str
    department: str
    copy: str | None = None
    holder: str | None = None
    revision: str | None = None
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """What is done with a copy that was given; `act` is receive, return, destroy, lose or find."""

    document: str
    copy: str
    act: str
    revision: str | None = None
    witness: str | None = None
    values: Mapping[str, object] = field(default_factory=dict)


def give(system: System, giving: Giving, intent: Intent) -> Change:
    """The change that gives a numbered copy. Raises QmsError where the number is out, lost, or no number."""
    release = usable(system, giving.document, giving.revision)
    form = form_for(system, Purpose.DISTRIBUTION).form
    holder = serving(system, giving.holder)
    given = copies(system, giving.document)
    number = _number(given, giving, release)
    said = {
        **facts(system, release, intent),
        "copy_number": number,
        "department": giving.department,
        "holder": holder,
        "given_on": moment(system, intent),
    }
    filled = values(form, said, giving.values, needed=("document", "document_sha256", "copy_number", "department"))
    before = [c for c in given if (c.sha256, c.number) == (release.manifest, number) and not c.is_out]
    key = retry_key(system, "copy", release, copy=number, after=before[-1].record if before else "")
    return issue(system, Filled(form=form.number, values=filled, submission=key), intent)


def given_already(system: System, giving: Giving) -> Copy | None:
    """The copy where it is in these hands already, so that a repeated command only says so once more."""
    if giving.copy is None:
        return None
    number, release = checked_copy(giving.copy), usable(system, giving.document, giving.revision)
    holder = serving(system, giving.holder)
    for copy in copies(system, giving.document):
        same = copy.sha256 == release.manifest and same_name(copy.department, giving.department)
        if copy.is_out and copy.number == number and same and holder in (None, copy.holder):
            return copy
    return None


def copy_number(system: System, giving: Giving) -> str:
    """The number the copy would get now. Raises QmsError where the one wanted cannot be given."""
    release = usable(system, giving.document, giving.revision)
    return _number(copies(system, giving.document), giving, release)


def _number(given: Sequence[Copy], giving: Giving, release: Release) -> str:
    """The number wanted, or the lowest that is neither out nor lost nor voided. Raises QmsError."""
    gone = (CopyStanding.LOST, CopyStanding.VOID)
    taken = {copy.number: copy for copy in given if copy.is_out or copy.standing in gone}
    if giving.copy is None:
        _refuse_second(given, giving, release)
        return next(str(count) for count in range(1, len(taken) + 2) if str(count) not in taken)
    number = checked_copy(giving.copy)
    found = taken.get(number)
    if found is None:
        return number
    back = message("qmsdocs document distribute {number} --return {copy}", number=found.document, copy=number)
    raise _where(found, hint=back if found.is_out else None)


def _refuse_second(given: Sequence[Copy], giving: Giving, release: Release) -> None:
    for copy in given:
        if copy.is_out and copy.sha256 == release.manifest and same_name(copy.department, giving.department):
            raise _where(copy, hint=message("for one more copy name its number: --copy N"))


def _where(copy: Copy, *, hint: Message | None = None) -> QmsError:
    """Why nothing can be done with a copy: where it is."""
    told = {"number": copy.document, "copy": copy.number, "revision": copy.revision, "day": copy.ended_on or "-"}
    match copy.standing:
        case CopyStanding.LOST:
            said = message(
                "{number}: copy {copy} of {revision} was lost on {day}; its number is not given again", **told
            )
        case CopyStanding.VOID:
            said = message("{number}: the record of copy {copy} is void; its number is not given again", **told)
        case CopyStanding.DESTROYED:
            said = message("{number}: copy {copy} of {revision} was destroyed on {day}", **told)
        case CopyStanding.RETURNED:
            said = message("{number}: copy {copy} of {revision} was returned on {day}", **told)
        case _:
            told |= {"day": copy.given_on or "-", "department": copy.department}
            said = message("{number}: {department} has copy {copy} of {revision} since {day}", **told)
    return QmsError("{what}", what=said, hint=hint)


def checked_copy(written: str) -> str:
    """The copy number as it is kept, `03` as 3. Raises QmsError for what is none."""
    number = copy_label(written)
    if not (number.isascii() and number.isdecimal() and 1 <= int(number) <= HIGHEST_COPY):
        raise QmsError("copy {copy}: must be a number from 1 to {limit}", copy=written, limit=HIGHEST_COPY)
    return number


def copy_numbers(written: str) -> tuple[str, ...]:
    """The copy numbers in a list such as `1,2`, each once. Raises QmsError for what is none."""
    parts = [part for part in re.split("[,，、]", written) if part.strip()]
    return tuple(dict.fromkeys(checked_copy(part) for part in parts or [written]))


def same_name(one: str, other: str) -> bool:
    """Whether two names of departments are one, whatever spaces and wide signs they are written with."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def is_out(system: System, giving: Giving) -> bool:
    """Whether somebody has the copy with this number."""
    return any(copy.is_out and copy.number == giving.copy for copy in copies(system, giving.document))


def distribution(system: System, number: str) -> tuple[str, ...]:
    """The departments of the distribution list of the revision in force."""
    release = usable(system, number)
    if release.kind is not ItemKind.PROCEDURE:
        return ()
    wanted = dict.fromkeys(name.strip() for name in system.definitions.procedure(release).front.distribution)
    return tuple(name for name in wanted if name)


def without_copy(system: System, number: str) -> tuple[str, ...]:
    """The departments of the distribution list that have no copy of the revision in force."""
    release = usable(system, number)
    have = [c.department for c in copies(system, number) if c.is_out and c.sha256 == release.manifest]
    return tuple(name for name in distribution(system, number) if not any(same_name(name, held) for held in have))


def is_staffed(system: System, department: str) -> bool:
    """Whether somebody of a department serves today."""
    serving_now = (person for person in system.people.person.values() if person.serves(system.today))
    return any(same_name(person.department or "", department) for person in serving_now)


def handle(system: System, handling: Handling, intent: Intent) -> Change:
    """The change that takes the step of what is done with a copy. Raises QmsError where the copy is elsewhere."""
    copy = the_copy(system, handling)
    record = system.record(copy.record).record
    form = system.form_of(record.form).form
    name = step_of(form, handling.act, Purpose.DISTRIBUTION)
    if handling.act == "destroy":
        _refuse_destroying(form, name, copy, handling, state=record.state)
    witness = serving(system, handling.witness)
    if witness is not None and field_of(form, "witness") is None:
        raise QmsError("{form} has no field that means {means}", form=form.number, means="witness")
    said = {**_said(system, form, copy, handling.act, intent), "witness": witness}
    return step(system, copy.record, name, values=values(form, said, handling.values), intent=intent)


def _refuse_destroying(form: Form, name: str, copy: Copy, handling: Handling, *, state: str) -> None:
    """Nothing; raises QmsError for a copy that must come back first, and where a witness is needed and not named."""
    if copy.is_out and state not in form.step[name].from_:
        hint = message("first: qmsdocs document distribute {number} --return {copy}", number=copy.document,
                       copy=copy.number)  # fmt: skip
        raise _where(copy, hint=hint)
    field = field_of(form, "witness")
    is_needed = field is not None and name in form.values[field].required_steps
    if is_needed and handling.witness is None and field not in handling.values:
        raise QmsError("who sees the copy destroyed?", hint=message("--witness PERSON"))


def _said(system: System, form: Form, copy: Copy, act: str, intent: Intent) -> dict[str, object]:
    """What a step says by what it means; what usually holds where nothing was given."""
    at = moment(system, intent)
    match act:
        case "receive":
            return {"received_on": at, "received_by": intent.by, "holder": copy.holder or _own(system, copy, intent.by)}
        case "return":
            is_known = copy.holder and not has_left(system, copy.holder)
            returned = {"returned_on": at, "returned_by": copy.holder if is_known else intent.by}
            complete = _choice(form, "condition", "complete")
            return {**returned, "condition": complete, "recall_reason": _why_back(system, form, copy)}
        case "destroy":
            return {"destroyed_on": at, "destroyed_by": intent.by, "method": _choice(form, "method")}
        case "lose":
            return {"lost_on": at, "loss": intent.reason}
        case _:
            return {"recall_reason": _reason(system, copy)}


def _own(system: System, copy: Copy, person: str) -> str | None:
    """The person where a copy of a department is received by one of it; who signs for others does not hold it."""
    known = system.people.person.get(person)
    return person if known is not None and same_name(known.department or "", copy.department) else None


def _choice(form: Form, means: str, usual: str = "") -> str | None:
    """The usual choice of a field, else its first; None without such a field."""
    name = field_of(form, means)
    choices = tuple(form.choices_of(form.field[name])) if name is not None else ()
    return usual if usual in choices else next(iter(choices), None)


def _why_back(system: System, form: Form, copy: Copy) -> str | None:
    """Why a copy goes back; None where its record says so already."""
    known = _reason(system, copy)
    field = field_of(form, "recall_reason")
    if known is not None or (field is not None and system.record(copy.record).record.values.get(field)):
        return known
    return "moved" if has_left(system, copy.holder) else "unneeded"


def _reason(system: System, copy: Copy) -> str | None:
    """Why a copy goes back where the program knows it: another revision is in force, or none."""
    called = next((item for item in recall(system, copy.document) if item.copy.record == copy.record), None)
    if called is None:
        return None
    return "superseded" if called.in_force else "withdrawn"


def the_copy(system: System, handling: Handling) -> Copy:
    """The copy an act speaks of. Raises QmsError where there is none, none there any more, or more than one."""
    number = checked_copy(handling.copy)
    own = [c for c in copies(system, handling.document) if c.number == number and c.standing is not CopyStanding.VOID]
    own = [c for c in own if handling.revision in (None, c.revision)]
    if not own:
        kind_of(system, handling.document)
        raise QmsError("{number}: copy {copy} was never given", number=handling.document, copy=number)
    for standing in _WHERE[handling.act]:
        there = [copy for copy in own if copy.standing is standing]
        if len({copy.revision for copy in there}) > 1:
            raise QmsError(
                "{number}: there is a copy {copy} of {revisions}",
                number=handling.document,
                copy=number,
                revisions=tuple(copy.revision for copy in there),
                hint=message("--revision {revision}", revision=there[0].revision),
            )
        if there:
            return there[-1]
    raise _where(own[-1])


def call_back(system: System, called: Recall, intent: Intent) -> Change | None:
    """The change that marks a copy as called back; None where it is already, or the form knows no such step."""
    record = system.record(called.copy.record).record
    form: Form = system.form_of(record.form).form
    try:
        name = step_of(form, "recall", Purpose.DISTRIBUTION)
    except QmsError:
        return None
    if any(event.act == name for event in record.events):
        return None
    said = {"recall_reason": "superseded" if called.in_force else "withdrawn"}
    return step(system, called.copy.record, name, values=values(form, said, {}), intent=intent)
