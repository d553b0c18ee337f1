"""Drafts out, records in: new, fill, issue, raise, and the pages that follow."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qmsdocs.acts import record as acts
from qmsdocs.acts.apply import Outcome
from qmsdocs.acts.record import Filled, Refused
from qmsdocs.acts.sheets import act_title, state_title
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.base.files import write_atomically
from qmsdocs.cli import given, report
from qmsdocs.cli.session import Session
from qmsdocs.fill import draft as drafts
from qmsdocs.fill.skeleton import Skeleton
from qmsdocs.model.form import Form
from qmsdocs.model.value import Refusal
from qmsdocs.store.event import Posted, RaisedFrom
from qmsdocs.store.repository import pack_if_needed

if TYPE_CHECKING:  # spreadsheets are slow to load; only a table needs them
    from qmsdocs.fill.refused import RefusedRow
    from qmsdocs.fill.rows import Row

REFUSED = 2


def new_submission() -> str:
    """A random retry key."""
    return secrets.token_hex(16)


@dataclass
class Issue:
    """What came of issuing: what is certainly stored, what was refused and why."""

    posted: list[tuple[Posted, str]] = field(default_factory=list)
    refused: list[dict[str, object]] = field(default_factory=list)
    rows: list[RefusedRow] = field(default_factory=list)


def write_draft(session: Session, number: str, output: str | None, *, revision: str | None) -> None:
    """Nothing; a commented draft of the form stands in `output`."""
    _refuse_existing(output)
    form = session.system.form_for(number, revision=revision)
    session.write(_skeleton(session, form.form, form.revision).text().encode(), output)


def _skeleton(session: Session, form: Form, revision: str, *, submission: str | None = None, **known: Any) -> Skeleton:
    people = session.system.people.names()
    return Skeleton(form, revision, submission or new_submission(), session.system.language, people, **known)


def _refuse_existing(output: str | None) -> None:
    if output not in (None, "-") and Path(str(output)).exists():
        raise QmsError("{path} is there already", path=output, hint=message("name another file, or remove it first"))


def issue(session: Session, paths: tuple[Path, ...], **options: Any) -> int:
    """The exit code of issuing drafts, or every row of a table."""
    if bool(paths) == bool(options["table"]):
        raise QmsError("name drafts, or a form and its table: --form NUMBER --table FILE")
    if options["table"] is not None and options["form"] is None:
        raise QmsError("--form is missing: of which form is the table?", hint=message("--form NUMBER"))
    done = Issue()
    try:
        if options["table"] is not None:
            _issue_table(session, options["form"], options["table"], options, done)
        else:
            with session.progress(paths, "Issuing") as bar:
                for path in bar:
                    _issue_draft(session, path, options, done)
    except BaseException:  # interrupted, or a mistake of ours: what is stored is said all the same
        if done.posted:
            session.tell("stored, their pages pending: {numbers}", numbers=tuple(p.number for p, _ in done.posted))
        raise
    return _finish(session, done, options)


def _issue_draft(session: Session, path: Path, options: Mapping[str, Any], done: Issue) -> None:
    try:
        draft = drafts.read(path)
        form = session.system.form_for(draft.form, revision=draft.revision).form
    except QmsError as error:
        _refuse(session, done, source=str(path), error=error)
        return
    written = dict(draft.values)
    try:
        places = given.attached(session, form, written, path.parent, dry_run=options["dry_run"])
        filled = Filled(
            form=draft.form,
            values=written,
            submission=draft.submission or new_submission(),
            revision=draft.revision,
            raised_from=_link(session, draft),
            source=str(path),
        )
        _post(session, filled, options, done, places=places)
    except Refused as error:
        for refusal in error.refusals:
            _note_refusal(session, done, form, str(path), refusal, line=draft.line(refusal.field))
    except QmsError as error:
        _refuse(session, done, source=str(path), error=error)


def _link(session: Session, draft: drafts.Draft) -> RaisedFrom | None:
    if draft.raised_from is None:
        return None
    known = session.system.index.by_submission(draft.submission) if draft.submission else None
    if known is not None:  # a retry: the answer is known already, the parent has this record
        return RaisedFrom(draft.raised_from["record"], draft.raised_from["raise"], "")
    form, _, link = acts.called_for(session.system, draft.raised_from["record"], draft.raised_from["raise"])
    if form != draft.form:
        raise QmsError("{number} calls for {form}, not for {other}", number=link.record, form=form, other=draft.form)
    return link


def _post(
    session: Session,
    filled: Filled,
    options: Mapping[str, Any],
    done: Issue,
    *,
    places: dict[str, str] | None = None,
) -> None:
    intent = given.intent(
        session,
        happened_at=options["happened_at"],
        reason=options["reason"],
        clock_is_right=options["clock_is_right"],
        attachments=places,
        project=options["project"],
    )
    outcome = session.apply(lambda system: acts.issue(system, filled, intent), dry_run=options["dry_run"])
    done.posted += [(posted, filled.source) for posted in outcome.posted]


def _issue_table(session: Session, number: str, path: Path, options: Mapping[str, Any], done: Issue) -> None:
    from qmsdocs.fill import rows as tables
    from qmsdocs.fill.refused import refused_path, refused_table
    from qmsdocs.fill.retry import row_keys

    form = session.system.form_for(number)
    table = tables.read(path, form.form, encoding=options["encoding"])
    fitting: list[tuple[Row, dict[str, Any]]] = []
    for row in table.rows:
        try:
            fitting.append((row, acts.accepted(session.system, form.form, row.values, subject=str(path))))
        except Refused as error:
            _refuse_row(session, done, form.form, path, row, error)
    keys = row_keys(number, [values for _, values in fitting])
    with session.progress(list(zip(fitting, keys, strict=True)), "Issuing") as bar:
        for (row, values), key in bar:
            filled = Filled(form=number, values=values, submission=key, source=f"{path}:{row.number}")
            try:
                _post(session, filled, options, done)
            except Refused as error:
                _refuse_row(session, done, form.form, path, row, error)
            except QmsError as error:  # the disk, the lock: the next row would fare no better
                _refuse(session, done, source=str(path), error=error, row=row.number)
                session.tell("the rows below are not issued; when the cause is mended, issue the same table again")
                break
    if done.rows and not options["dry_run"]:
        order = sorted(done.rows, key=lambda item: item.row.number)
        made = refused_table(table, order, catalogue=session.catalogue, created=session.system.now)
        place = refused_path(path)
        while place.exists() and place.read_bytes() != made:  # it may have been mended: never written over
            place = refused_path(place)
        write_atomically(place, made)
        session.tell("the refused rows are in {path}; mend and issue them from there", path=place)


def _refuse_row(session: Session, done: Issue, form: Form, path: Path, row: Row, error: Refused) -> None:
    from qmsdocs.fill.refused import RefusedRow

    done.rows.append(RefusedRow(row, error.refusals))
    for refusal in error.refusals:
        _note_refusal(session, done, form, str(path), refusal, row=row.number)


def _note_refusal(
    session: Session,
    done: Issue,
    form: Form,
    source: str,
    refusal: Refusal,
    *,
    row: int | None = None,
    line: int | None = None,
) -> None:
    said = session.say(refusal.message)
    done.refused.append({"source": source, "row": row, "field": refusal.field or None, "message": said})
    place = f"{source}:{row or line}" if row or line else source
    title = report.field_title(session, form, refusal.field) if refusal.field else ""
    session.complain(session.say("error: {what}", what=session.located(place, title, said)))


def _refuse(session: Session, done: Issue, *, source: str, error: QmsError, row: int | None = None) -> None:
    said = session.say(error.message)
    done.refused.append({"source": source, "row": row, "field": None, "message": said})
    place = source if row is None else f"{source}:{row}"
    text = said if place in said else session.located(place, said)
    session.complain(session.say("error: {what}", what=text))
    if error.hint is not None:
        session.complain(session.say("hint: {what}", what=session.say(error.hint)))


def _finish(session: Session, done: Issue, options: Mapping[str, Any]) -> int:
    numbers = [posted.number for posted, _ in done.posted]
    if not options["as_json"]:
        for posted, _ in done.posted:
            template = "{number} was issued already" if posted.is_repeated else "{number} issued"
            session.answer(session.say(template, number=posted.number))
        if options["dry_run"] and not done.refused:
            session.answer(session.say("nothing speaks against it; nothing was written"))
    drawn = {} if options["no_pages"] or options["dry_run"] else draw(session, numbers)
    if options["as_json"]:
        issued = [_issued_json(session, posted, drawn) for posted, _ in done.posted]
        session.answer_json({"format": 1, "issued": issued, "refused": done.refused})
    else:
        for result in drawn.values():
            for path, _ in result.files:
                session.answer(f"  {path}")
    _after_answer(session, done.posted)
    return REFUSED if done.refused else 0


def _issued_json(session: Session, posted: Posted, drawn: Mapping[str, Drawn]) -> dict[str, object]:
    body = posted.stored.body
    form = posted.stored.event.mapping("form")
    files = drawn[posted.number].files if posted.number in drawn else ()
    return {
        "number": posted.number,
        "form": form.get("number"),
        "revision": form.get("revision"),
        "state": body.get("state"),
        "sha256": posted.stored.sha256,
        "again": posted.is_repeated,
        "files": [{"path": path, "sha256": digest} for path, digest in files],
        "pending": session.say(why) if posted.number in drawn and (why := drawn[posted.number].pending) else None,
    }


def _after_answer(session: Session, posted: Sequence[object]) -> None:
    if posted:
        try:
            pack_if_needed(session.system.place.root)
        except QmsError as error:  # the record is stored; packing can wait
            session.tell(error.message)


@dataclass(frozen=True, slots=True)
class Drawn:
    """The pages written for a record, and why one is pending."""

    files: tuple[tuple[str, str], ...]
    pending: Message | None


def draw(session: Session, numbers: Sequence[str]) -> dict[str, Drawn]:
    """The pages of the records, drawn and written; what cannot be drawn now is said and stays pending."""
    if not numbers:
        return {}
    from qmsdocs.acts import pages

    system = session.system
    drawn: dict[str, Drawn] = {}
    try:
        with session.progress(list(dict.fromkeys(numbers)), "Drawing pages") as bar:
            for number in bar:
                try:
                    made = pages.pages(system, system.record(number), language=system.language)
                    pages.write(system.place.root, made)
                    drawn[number] = Drawn(made.listed, made.pending)
                except QmsError as error:
                    drawn[number] = Drawn((), error.message)
    except BaseException:  # interrupted, or a mistake of ours: whatever comes, the records are stored, and that is said
        session.tell("stored, their pages pending: {numbers}", numbers=tuple(n for n in numbers if n not in drawn))
        raise
    for number, result in drawn.items():
        if result.pending is not None:
            session.tell("{number}: the page is pending: {why}", number=number, why=result.pending)
    if any(result.pending for result in drawn.values()):
        session.tell("draw them later with: qmsdocs record render --pending")
    return drawn


def render(session: Session, numbers: Sequence[str], *, pending: bool, as_json: bool) -> int:
    """The exit code of drawing pages again; 1 when some are still pending."""
    session.refuse_on()
    from qmsdocs.acts import pages

    system = session.system
    wanted = list(numbers)
    if pending:
        for row in system.index.records(report.every_record(system)):
            if pages.is_pending(system, system.record_at(row.key)):
                wanted.append(row.number)
    for number in wanted:
        system.record(number)
    drawn = draw(session, wanted)
    if as_json:
        rendered = [
            {
                "number": number,
                "files": [{"path": path, "sha256": digest} for path, digest in result.files],
                "pending": session.say(result.pending) if result.pending else None,
            }
            for number, result in drawn.items()
        ]
        session.answer_json({"format": 1, "rendered": rendered})
    else:
        for result in drawn.values():
            for path, _ in result.files:
                session.answer(path)
    return 1 if any(result.pending for result in drawn.values()) else 0


def after_change(session: Session, outcome: Outcome, options: Mapping[str, Any]) -> int:
    """0; a change to a record was said, its pages drawn anew."""
    if options["dry_run"]:
        session.answer(session.say("nothing speaks against it; nothing was written"))
        return 0
    drawn = {} if options["no_pages"] else draw(session, [posted.number for posted in outcome.posted])
    if options["as_json"]:
        changed = [
            {
                **_issued_json(session, posted, drawn),
                "act": posted.stored.event.act,
                "sequence": posted.sequence,
            }
            for posted in outcome.posted
        ]
        session.answer_json({"format": 1, "changed": changed})
    else:
        for posted in outcome.posted:
            held = session.system.record(posted.number)
            form = session.system.form_of(held.record.form)
            title = act_title(form, posted.stored.event.act).of(session.language)
            state = state_title(form, held.record).of(session.language)
            session.answer(session.say("{number}: {act}; now {state}", number=posted.number, act=title, state=state))
    _after_answer(session, outcome.posted)
    return 0


def raise_record(session: Session, number: str, name: str, **options: Any) -> int:
    """The exit code of issuing the record that another calls for, or of writing its draft."""
    system = session.system
    target, known, link = acts.called_for(system, number, name)
    key = acts.raise_key(system, number, name)
    form = system.form_for(target)
    said: dict[str, object] = dict(known)
    said |= given.values(form.form, options["pairs"], options["source"])
    if options["output"] is not None:
        _refuse_existing(options["output"])
        came_from = {"record": link.record, "raise": link.name}
        draft = _skeleton(session, form.form, form.revision, submission=key, values=said, raised_from=came_from)
        session.write(draft.text().encode(), options["output"])
        return 0
    filled = Filled(form=target, values=said, submission=key, raised_from=link, source=f"{number} {name}")
    done = Issue()
    try:
        _post(session, filled, options, done)
    except Refused as error:
        for refusal in error.refusals:
            _note_refusal(session, done, form.form, f"{number} {name}", refusal)
        session.tell(
            "write a draft and complete it: qmsdocs record raise {number} {name} -o draft.toml",
            number=number,
            name=name,
        )
    return _finish(session, done, options)


def fill_draft(session: Session, number: str | None, path: Path, *, then_issue: bool) -> int:
    """The exit code of filling a draft question by question; begun ones are gone on with."""
    from qmsdocs.cli.asking import ask

    finished = ask(session, number, path)
    if not finished or not then_issue:
        return 0
    options = dict.fromkeys(("form", "table", "happened_at", "reason", "project"), None)
    flags = dict.fromkeys(("as_json", "no_pages", "clock_is_right", "dry_run"), False)
    return issue(session, (path,), encoding="utf-8", **options, **flags)
