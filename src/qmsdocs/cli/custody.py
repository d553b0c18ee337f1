"""What `document` does beside approval: copies, reading, periodic review, the master list. Wired in `cli.document`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import click

from qmsdocs.acts import custody as acts
from qmsdocs.acts import reading, shortcut
from qmsdocs.acts.apply import ATTEMPTS, Outcome
from qmsdocs.acts.custody import Giving, Handling
from qmsdocs.acts.pages import ISSUED_FOLDER
from qmsdocs.acts.record import Intent, Refused
from qmsdocs.base.canonical import sha256
from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.files import safe_name, write_atomically
from qmsdocs.cli import given, issuing, report
from qmsdocs.cli.output import write_grid
from qmsdocs.cli.session import Session
from qmsdocs.query import custody, master_list
from qmsdocs.query.custody import Copy
from qmsdocs.query.purpose import Purpose
from qmsdocs.store.event import Change
from qmsdocs.system.view import System

# the pages of a copy: system, document, revision, copy number, holder, day; None where they cannot be drawn here
DrawCopy: TypeAlias = "Callable[[System, str, str, str, str, date], bytes | None]"
Plan: TypeAlias = "Callable[[System], Change]"
Options: TypeAlias = "Mapping[str, Any]"

# option → what is done with the copy whose number it gives
HANDLED = {"received": "receive", "returned": "return", "destroyed": "destroy", "lost": "lose", "found": "find"}


def distribute(session: Session, number: str | None, *, draw_copy: DrawCopy, **options: Any) -> int:
    """The exit code of giving copies, taking them back, or showing where they are; 1 when some must come back.

    Options: copy, to, holder, revision, output, received, returned, destroyed, lost, found (copy numbers), witness,
    recall, everybody (flags), pairs, source, and those of every command that writes.
    """
    if options.get("as_json") and options.get("output") == "-" and options.get("to"):
        raise QmsError("{options} do not go together", options=("--json", "-o -"))
    chosen = [name for name in ("to", *HANDLED, "recall", "everybody") if options.get(name) not in (None, False)]
    if len(chosen) > 1:
        raise QmsError("{options} do not go together", options=tuple(f"--{_OPTIONS[name]}" for name in chosen))
    if chosen == ["recall"]:
        return _recall(session, number, options)
    if number is None:
        raise QmsError("name the document")
    try:
        if not chosen:
            return _copies(session, number, options)
        if chosen == ["to"]:
            return _give(session, number, draw_copy, options)
        if chosen == ["everybody"]:
            return _give_everybody(session, number, draw_copy, options)
        return _handle(session, number, chosen[0], options)
    except Refused as error:
        return refused(session, error, Purpose.DISTRIBUTION)


_OPTIONS = {"to": "to", "received": "received", "returned": "return", "destroyed": "destroy", "lost": "lost"} | {
    "found": "found",
    "recall": "recall",
    "everybody": "all",
}


# ── copies


def _give(session: Session, number: str, draw_copy: DrawCopy, options: Options) -> int:
    holder = options.get("holder")
    giving = Giving(
        document=number,
        department=given.named("--to", options["to"]),
        copy=options.get("copy"),
        holder=given.named("--holder", holder) if holder else None,
        revision=options.get("revision"),
        values=extra_values(session, Purpose.DISTRIBUTION, options),
    )
    before = acts.given_already(session.system, giving)
    copy = before or _given(session, giving, options)
    if not acts.is_staffed(session.system, giving.department):
        session.tell("nobody serves in the department {department}", department=giving.department)
    if copy is None:
        return planned(session)
    made = _said(session, copy, draw_copy, options, output=options.get("output"), is_repeated=before is not None)
    if options.get("as_json"):
        session.answer_json({"format": 1, "given": [made]})
    return 0


def _given(session: Session, giving: Giving, options: Options) -> Copy | None:
    """The copy that was given, None in a dry run; where others took the number meanwhile it is planned once more."""
    session.refuse_on()
    intent = intent_of(session, options)
    for left in reversed(range(ATTEMPTS)):
        wanted = replace(giving, copy=acts.copy_number(_now(session), giving))
        try:
            outcome = session.apply(partial(acts.give, giving=wanted, intent=intent), dry_run=is_dry(options))
        except QmsError as error:
            if isinstance(error, Refused) or not left or not acts.is_out(_now(session), wanted):
                raise
        else:
            record = outcome.posted[0].number if outcome.posted else ""
            return next((c for c in custody.copies(session.system, giving.document) if c.record == record), None)
    raise AssertionError


def _now(session: Session) -> System:
    """The system with what others have written by now."""
    return session.system.refreshed(session.clock())


def _said(
    session: Session,
    copy: Copy,
    draw_copy: DrawCopy,
    options: Options,
    *,
    output: str | None = None,
    is_repeated: bool = False,
) -> dict[str, object]:
    """The copy that was given, as one object; it was said, and its pages are written."""
    if not options.get("as_json"):
        template = (
            "{record}: {department} has copy {copy} of {number} {revision} already"
            if is_repeated
            else "{record}: copy {copy} of {number} {revision} given to {department}"
        )
        session.answer(session.say(template, record=copy.record, department=copy.department, copy=copy.number,
                                   number=copy.document, revision=copy.revision))  # fmt: skip
    no_pages = bool(options.get("no_pages"))
    files = [] if no_pages and output is None else _stamped(session, copy, draw_copy, output)
    if not no_pages:
        for drawn in issuing.draw(session, [copy.record]).values():
            files += [{"path": path, "sha256": digest} for path, digest in drawn.files]
    if not options.get("as_json"):
        for file in files:
            session.answer(f"  {file['path']}")
    return {**copy_json(session.system, copy), "again": is_repeated, "files": files}


def _stamped(session: Session, copy: Copy, draw_copy: DrawCopy, output: str | None) -> list[dict[str, str]]:
    """The file with the stamped pages of a copy, written; none where they cannot be drawn here, which is said."""
    system = session.system
    holder = system.people.names().get(copy.holder, copy.holder) or copy.department
    on = copy.given_on or system.today
    try:
        data = draw_copy(system, copy.document, copy.revision, copy.number, holder, on)
    except QmsError as error:  # the copy is given; its pages can be drawn later
        session.tell("{number}: the page is pending: {why}", number=copy.record, why=error.message)
        return []
    if data is None:
        return []
    if output == "-":
        session.write(data, output)
        return []
    place = output or copy_path(copy)
    write_atomically(Path(place) if output else system.place.root / place, data)
    return [{"path": place, "sha256": sha256(data)}]


def copy_path(copy: Copy) -> str:
    """Where the stamped pages of a copy lie, relative to the repository."""
    folder = f"{ISSUED_FOLDER}/documents/{safe_name(copy.document)}"
    return f"{folder}/{safe_name(f'{copy.revision}-{copy.number:0>3}')}.pdf"


def _give_everybody(session: Session, number: str, draw_copy: DrawCopy, options: Options) -> int:
    """0; every department of the distribution list has a copy of what is in force, older copies are called back."""
    release = shortcut.usable(session.system, number)
    departments = acts.without_copy(session.system, number)
    if not acts.distribution(session.system, number):
        session.tell("{number} {revision} has no distribution list", number=number, revision=release.revision)
    if is_dry(options):
        session.answer(session.say("copies would go to: {departments}", departments=departments or ("–",)))
        return 0
    extra = extra_values(session, Purpose.DISTRIBUTION, options)
    made = []
    for department in departments:
        giving = Giving(document=number, department=department, revision=release.revision, values=extra)
        if (copy := _given(session, giving, options)) is not None:
            made.append(_said(session, copy, draw_copy, options))
    called = custody.recall(session.system, number)
    for item in called:
        _call_back(session, item, options)
    if options.get("as_json"):
        back = [recall_json(session.system, item) for item in called]
        session.answer_json({"format": 1, "given": made, "recall": back})
        return 0
    if not made and acts.distribution(session.system, number):
        session.answer(session.say("{number}: no department is without a copy", number=number))
    if called:
        write_grid(session, master_list.recall_grid(session.system, called, catalogue=session.catalogue), None)
    return 0


def _call_back(session: Session, called: custody.Recall, options: Options) -> None:
    if acts.call_back(session.system, called, intent_of(session, options)) is None:
        return
    outcome = session.apply(lambda system: _still(acts.call_back(system, called, intent_of(session, options))))
    if not options.get("no_pages"):
        issuing.draw(session, [posted.number for posted in outcome.posted])


def _still(change: Change | None) -> Change:
    """The change; raises QmsError where another has made it meanwhile."""
    if change is None:
        raise QmsError("others are writing to the same record; nothing was written")
    return change


def _handle(session: Session, number: str, option: str, options: Options) -> int:
    intent, extra = intent_of(session, options), extra_values(session, Purpose.DISTRIBUTION, options)
    plans = []
    for copy in acts.copy_numbers(options[option]):
        handling = Handling(
            document=number,
            copy=copy,
            act=HANDLED[option],
            revision=options.get("revision"),
            witness=options.get("witness"),
            values=extra,
        )
        plans.append(partial(acts.handle, handling=handling, intent=intent))
    for plan in plans:  # nothing is written where one of them is refused
        plan(session.system)
    outcomes = [session.apply(plan, dry_run=is_dry(options)) for plan in plans]
    posted = tuple(posted for outcome in outcomes for posted in outcome.posted)
    return issuing.after_change(session, replace(outcomes[-1], posted=posted), writing(options))


def _copies(session: Session, number: str, options: Options) -> int:
    held = custody.copies(session.system, number)
    if not held:
        shortcut.usable(session.system, number, options.get("revision"))
    if options.get("as_json"):
        session.answer_json(
            {"format": 1, "document": number, "copies": [copy_json(session.system, copy) for copy in held]},
            options.get("output"),
        )
        return 0
    grid = master_list.copies_grid(session.system, held, document=number, catalogue=session.catalogue)
    write_grid(session, grid, options.get("output"))
    return 0


def _recall(session: Session, number: str | None, options: Options) -> int:
    """1 when copies must come back, all of them listed."""
    called = custody.recall(session.system, number)
    if options.get("as_json"):
        back = [recall_json(session.system, item) for item in called]
        session.answer_json({"format": 1, "recall": back}, options.get("output"))
    elif not called and options.get("output") is None:
        session.answer(session.say("no copy has to come back"))
    else:
        grid = master_list.recall_grid(session.system, called, catalogue=session.catalogue)
        write_grid(session, grid, options.get("output"))
    return 1 if called else 0


def copy_json(system: System, copy: Copy) -> dict[str, object]:
    """A copy as one object, see docs/json.md."""
    return {
        "record": copy.record,
        "document": copy.document,
        "revision": copy.revision,
        "sha256": copy.sha256,
        "copy": copy.number,
        "department": copy.department,
        "holder": copy.holder or None,
        "holder_has_left": custody.has_left(system, copy.holder),
        "given_on": iso(copy.given_on),
        "standing": copy.standing.value,
        "ended_on": iso(copy.ended_on),
    }


def copies_out(session: Session) -> Callable[[str], list[str]]:
    """What says of a document who has which copy of it: `03 工程部`."""

    def out(number: str) -> list[str]:
        held = custody.copies(session.system, number)
        return [f"{copy.number} {copy.department}" for copy in held if copy.is_out]

    return out


def recall_json(system: System, called: custody.Recall) -> dict[str, object]:
    """A copy that must come back as one object, see docs/json.md."""
    return {**copy_json(system, called.copy), "since": iso(called.since), "in_force": called.in_force or None}


# ── periodic review


def periodic_review(session: Session, number: str, *, verdict: str, **options: Any) -> int:
    """The exit code of a periodic review: recorded, and concluded where everything that needs was given."""
    intent, extra = intent_of(session, options), extra_values(session, Purpose.PERIODIC_REVIEW, options)
    record = reading.open_review(session.system, number)
    try:
        if record:
            written = reading.verdict_values(session.system, number, verdict, intent=intent, extra=extra)
            plan = partial(reading.conclude, number=record, intent=intent, written=written)
        else:
            plan = partial(reading.review, number=number, verdict=verdict, intent=intent, extra=extra)
        outcome = session.apply(plan, dry_run=is_dry(options))
    except Refused as error:
        return refused(session, error, Purpose.PERIODIC_REVIEW)
    if outcome.posted and not record:
        made = outcome.posted[0].number
        outcome = then(session, made, partial(reading.conclude, number=made, intent=intent, written={})) or outcome
    return issuing.after_change(session, outcome, writing(options))


def then(session: Session, record: str, plan: Plan) -> Outcome | None:
    """What came of the step that usually follows; None where something is missing for it, which is said."""
    held = session.system.record(record).record
    form = session.system.form_of(held.form).form
    if held.state in form.closed_states:
        return None
    try:
        return session.apply(plan)
    except Refused as error:
        fields = [report.field_title(session, form, item.field) if item.field else "" for item in error.refusals]
        for field, item in zip(fields, error.refusals, strict=True):
            session.tell("{what}", what=session.located(record, field, session.say(item.message)))
    except QmsError as error:
        session.tell(error.message)
    session.tell("complete it with: qmsdocs record advance {number} STEP --set FIELD=VALUE", number=record)
    return None


# ── options


def extra_values(session: Session, purpose: Purpose, options: Options) -> dict[str, object]:
    """What was given by --set and --from."""
    form = shortcut.form_for(session.system, purpose).form
    return given.values(form, options.get("pairs") or (), options.get("source"))


def intent_of(session: Session, options: Options, attachments: dict[str, str] | None = None) -> Intent:
    """Who does it, when and why, from the options of the command."""
    return given.intent(
        session,
        happened_at=options.get("happened_at"),
        reason=options.get("reason"),
        clock_is_right=bool(options.get("clock_is_right")),
        attachments=attachments,
    )


def refused(session: Session, error: Refused, purpose: Purpose) -> int:
    """2; every reason was said, and how to give what is missing."""
    code = report.refused(session, error, shortcut.form_for(session.system, purpose).form)
    options = (item for item in click.get_current_context().command.params if isinstance(item, click.Option))
    own = {item.name: f"{item.opts[0]} {item.metavar}" for item in options}
    missing = [refusal.field for refusal in error.refusals]
    hints = [message("{said}", said=own[name]) for name in missing if name in own]
    if len(hints) < len(missing):
        hints.append(message("missing values are given by --set FIELD=VALUE"))
    for hint in hints:
        session.complain(session.say("hint: {what}", what=hint))
    return code


def is_dry(options: Options) -> bool:
    """Whether it is only planned."""
    return bool(options.get("dry_run"))


def writing(options: Options) -> dict[str, bool]:
    """The options that say how a change is answered."""
    return {name: bool(options.get(name)) for name in ("dry_run", "no_pages", "as_json")}


def planned(session: Session) -> int:
    """0; it was said that a dry run found nothing against it."""
    session.answer(session.say("nothing speaks against it; nothing was written"))
    return 0


def iso(day: date | None) -> str | None:
    """A day as JSON says it."""
    return day.isoformat() if day is not None else None
