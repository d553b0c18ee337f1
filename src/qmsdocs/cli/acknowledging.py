"""What `document acknowledge` does: one reader, a sheet for many, its scan, and who has not read yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from qmsdocs.acts import custody as acts
from qmsdocs.acts import pages, reading, shortcut
from qmsdocs.acts.record import Intent, Refused
from qmsdocs.base.canonical import sha256
from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.files import write_atomically
from qmsdocs.cli import given, issuing
from qmsdocs.cli.custody import Options, Plan, extra_values, intent_of, is_dry, planned, refused, then, writing
from qmsdocs.cli.output import write_grid
from qmsdocs.cli.session import Session
from qmsdocs.query import custody, master_list
from qmsdocs.query.purpose import Purpose
from qmsdocs.store.event import Change
from qmsdocs.system.view import System


def acknowledge(session: Session, number: str, **options: Any) -> int:
    """The exit code of saying that a revision was read, of a sheet for others, or of who has not read it (1: some).

    Options: revision, sheet, open (flags), people, department, scan, record, absent, output, pairs, source, and those
    of every command that writes.
    """
    chosen = [name for name in ("sheet", "open", "scan") if options.get(name)]
    if len(chosen) > 1:
        raise QmsError("{options} do not go together", options=tuple(f"--{name}" for name in chosen))
    if chosen == ["open"]:
        return _unread(session, number, options)
    try:
        if chosen == ["sheet"]:
            return _sheet(session, number, options)
        if chosen == ["scan"]:
            return _scan(session, number, options)
        return _acknowledge(session, number, options)
    except Refused as error:
        return refused(session, error, Purpose.READING)


def _acknowledge(session: Session, number: str, options: Options) -> int:
    if session.person is None:
        raise QmsError("who has read it?", hint=message("--as PERSON"))
    reading.refuse_silent(session.system, session.person)
    intent, extra = intent_of(session, options), extra_values(session, Purpose.READING, options)
    release = shortcut.usable(session.system, number, options.get("revision"))
    record = reading.listed_already(session.system, release, [session.person], is_read=True)
    if not record:
        plan = _listing(number, options.get("revision"), [session.person], intent, extra, is_read=True)
        outcome = session.apply(plan, dry_run=is_dry(options))
        if not outcome.posted:
            return planned(session)
        record = outcome.posted[0].number
    done = session.apply(partial(reading.acknowledge, number=record, intent=intent), dry_run=is_dry(options))
    return issuing.after_change(session, done, writing(options))


def _sheet(session: Session, number: str, options: Options) -> int:
    if options.get("output") and Path(options["output"]).suffix.lower() not in (".pdf", ".docx"):
        raise QmsError("{path}: a page is written as .pdf or .docx", path=options["output"])
    release = shortcut.usable(session.system, number, options.get("revision"))
    people = _people(session, release.number, options)
    intent, extra = intent_of(session, options), extra_values(session, Purpose.READING, options)
    files: list[dict[str, str]] = []
    records: list[str] = []
    for count, part in enumerate(reading.sheets(session.system, people), 1):
        record = reading.listed_already(session.system, release, part, is_read=False)
        if not record:
            plan = _listing(number, options.get("revision"), part, intent, extra)
            outcome = session.apply(plan, dry_run=is_dry(options))
            record = outcome.posted[0].number if outcome.posted else ""
        if record:
            records.append(record)
            files += _printed(session, record, options.get("output"), count)
    if is_dry(options):
        return planned(session)
    if options.get("as_json"):
        session.answer_json({"format": 1, "sheets": records, "files": files})
        return 0
    for record in records:
        session.answer(session.say("{record}: sheet for {number} {revision}", record=record, number=number,
                                   revision=release.revision))  # fmt: skip
    for file in files:
        session.answer(f"  {file['path']}")
    return 0


def _listing(
    number: str,
    revision: str | None,
    people: Sequence[str],
    intent: Intent,
    extra: Mapping[str, object],
    *,
    is_read: bool = False,
) -> Plan:
    def plan(system: System) -> Change:
        release = shortcut.usable(system, number, revision)
        return reading.list_readers(system, release, people, intent=intent, extra=extra, is_read=is_read)

    return plan


def _people(session: Session, number: str, options: Options) -> Sequence[str]:
    """Whom the sheet lists: those named, those of a department, else the required readers who have not read it."""
    system = session.system
    if options.get("people"):
        return tuple(part.strip() for part in options["people"].replace("，", ",").split(",") if part.strip())
    release = shortcut.usable(system, number, options.get("revision"))
    read = {r.person for r in custody.readings(system, number) if r.is_signed and r.sha256 == release.manifest}
    if options.get("department"):
        wanted = options["department"]
        serving = [key for key, person in system.people.person.items() if person.serves(system.today)]
        own = [key for key in serving if acts.same_name(system.people.person[key].department or "", wanted)]
        if not own:
            raise QmsError("nobody serves in the department {department}", department=wanted)
        found = [person for person in own if person not in read]
    else:
        found = [item.person for item in custody.unread(system, release)]
    if not found:
        raise QmsError(
            "{number} {revision}: nobody is left who has to read it",
            number=number,
            revision=release.revision,
            hint=message("name people: --people A,B or --department NAME"),
        )
    return found


def _printed(session: Session, record: str, output: str | None, count: int) -> list[dict[str, str]]:
    """The page to sign, written to `output` (from the second sheet on with its count) or beside the record's page."""
    system = session.system
    beside = Path(pages.paths(system.record(record).record)[0])
    wanted = Path(output) if output else beside.with_stem(f"{beside.stem} sheet")
    if count > 1 and output:
        wanted = wanted.with_stem(f"{wanted.stem}-{count}")
    try:
        data = reading.to_sign(system, record, kind=wanted.suffix[1:].lower(), language=system.language)
    except QmsError as error:  # the names are listed; the page can be drawn later
        session.tell("{number}: the page is pending: {why}", number=record, why=error.message)
        return []
    write_atomically(wanted if output else system.place.root / wanted, data)
    return [{"path": str(wanted), "sha256": sha256(data)}]


def _scan(session: Session, number: str, options: Options) -> int:
    """The exit code of taking in the scan of a signed sheet; what its closing still needs is said."""
    record = options.get("record")
    if not record:
        raise QmsError("of which sheet is the scan?", hint=message("--record NUMBER"))
    of = {item.document for item in custody.readings(session.system) if item.record == record}
    if of and number not in of:
        raise QmsError("{record} is a sheet for {document}", record=record, document=tuple(of))
    said, places = given.store_files(session, [Path(options["scan"])], dry_run=is_dry(options))
    intent, extra = intent_of(session, options, places), extra_values(session, Purpose.READING, options)
    absent = tuple(part.strip() for part in (options.get("absent") or "").replace("，", ",").split(",") if part.strip())

    def plan(system: System) -> Change:
        return reading.sign(system, record, intent=intent, files=said, absent=absent, extra=extra)

    outcome = session.apply(plan, dry_run=is_dry(options))
    if outcome.posted:
        closing = intent_of(session, options)
        outcome = then(session, record, lambda system: reading.close(system, record, intent=closing)) or outcome
    return issuing.after_change(session, outcome, writing(options))


def _unread(session: Session, number: str, options: Options) -> int:
    """1 when somebody who must read the revision has not, all of them listed."""
    release = shortcut.usable(session.system, number, options.get("revision"))
    people = custody.unread(session.system, release)
    if options.get("as_json"):
        said = [
            {"person": p.person, "name": p.name, "department": p.department or None, "sheet": p.sheet or None}
            for p in people
        ]
        session.answer_json(
            {"format": 1, "number": number, "revision": release.revision, "unread": said}, options.get("output")
        )
    elif not people and options.get("output") is None:
        session.answer(session.say("everybody who must has read {number} {revision}", number=number,
                                   revision=release.revision))  # fmt: skip
    else:
        write_grid(
            session, master_list.unread_grid(release, people, catalogue=session.catalogue), options.get("output")
        )
    return 1 if people else 0
