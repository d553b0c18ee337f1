"""How well records are kept: what is due or on hold, what is lent, when restoring was tried, what the audit said."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.base.files import write_atomically
from qmsdocs.query.lending import lent
from qmsdocs.query.retention import decide_by, due, holds, waits
from qmsdocs.store import journal
from qmsdocs.store.certificate import certificates
from qmsdocs.store.event import Stored
from qmsdocs.system.view import System

AUDITED_FILE = "audited.json"  # in the local folder: what the last audit of this copy said


@dataclass(frozen=True, slots=True)
class Audited:
    """What the last audit in this copy said; `full_on` is the day of the last one that read every byte."""

    on: str
    full_on: str | None
    errors: int
    warnings: int
    is_green: bool


@dataclass(frozen=True, slots=True)
class Keeping:
    """The counts a QA manager looks at; days are None where it never happened."""

    due: int
    undecided: int
    held: int
    waiting: int  # certificates that wait for witnesses
    lent_late: int
    tested_on: date | None  # a backup was restored and compared
    backup_of: date | None  # the day of that backup
    audited: Audited | None

    @property
    def is_late(self) -> bool:
        """Whether something should have been done by now."""
        return bool(self.undecided or self.lent_late)


def keeping(system: System) -> Keeping:
    """How well the records of this copy are kept."""
    found = due(system, on=system.today)
    late = [item for item in found if (by := decide_by(system, item)) is not None and by < system.today]
    waiting = [item for item in certificates(system.objects) if waits(system, item)]
    newest = max(_tests(system), key=lambda stored: stored.event.recorded_at, default=None)
    return Keeping(
        len(found),
        len(late),
        len(holds(system)),
        len(waiting),
        sum(loan.is_overdue(system.today) for loan in lent(system)),
        newest.event.recorded_at.astimezone(system.zone).date() if newest is not None else None,
        _day(newest.event.changes.get("made_at")) if newest is not None else None,
        last_audit(system.place.local_folder),
    )


def _tests(system: System) -> Iterator[Stored]:
    """The restore tests recorded by now; one whose time nobody can read, or that is yet to come, is none."""
    for site in system.organisation.site:
        for stored in journal.all_of(system.objects, site, "restore"):
            with suppress(QmsError):
                at = stored.event.recorded_at
                if at.tzinfo is not None and at <= system.now:
                    yield stored


def _day(written: Json) -> date | None:
    try:
        return datetime.fromisoformat(str(written)).date()
    except ValueError:
        return None


def last_audit(local_folder: Path) -> Audited | None:
    """What the last audit in this copy said, None where there was none."""
    try:
        said = Audited(**json.loads((local_folder / AUDITED_FILE).read_text("utf-8")))
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    days = (said.on, said.full_on or "")
    counts = (said.errors, said.warnings)
    is_sound = all(isinstance(day, str) for day in days) and all(isinstance(count, int) for count in counts)
    return said if is_sound else None


def note_audit(local_folder: Path, said: Audited) -> None:
    """Nothing; the next `status` tells of this audit."""
    write_atomically(local_folder / AUDITED_FILE, json.dumps(asdict(said)).encode())


def lines(seen: Keeping, today: date) -> Iterator[Message]:
    """What is to be said of it, a line each; what is late comes with a mark."""
    counts: list[Message] = []
    if seen.due:
        counts.append(message("{count} due", count=seen.due))
    if seen.undecided:
        counts.append(message("▲ {count} undecided for too long (retention due)", count=seen.undecided))
    if seen.waiting:
        counts.append(message("{count} certificates wait for witnesses", count=seen.waiting))
    if seen.held:
        counts.append(message("{count} holds", count=seen.held))
    if seen.lent_late:
        counts.append(message("▲ {count} lent and overdue (record lent)", count=seen.lent_late))
    yield message("Retention: {counts}", counts=tuple(counts)) if counts else message("Retention: nothing is due")
    yield _restored(seen, today)
    yield _audited(seen.audited)


def _restored(seen: Keeping, today: date) -> Message:
    if seen.tested_on is None or seen.backup_of is None:
        return message("Backup: none was ever restored in a test (export backup --test)")
    return message("Backup: the one of {day} was restored and compared, {days} days ago",
                   day=seen.backup_of, days=(today - seen.tested_on).days)  # fmt: skip


def _audited(said: Audited | None) -> Message:
    if said is None:
        return message("Audit: none yet in this copy (audit)")
    full = (said.full_on or "-")[:10]
    return message("Audit of {day}: {errors} errors, {warnings} warnings; every byte last read: {full}",
                   day=said.on[:10], errors=said.errors, warnings=said.warnings, full=full)  # fmt: skip


def as_json(seen: Keeping) -> Mapping[str, object]:
    """The same as one object, see docs/json.md."""
    return {
        "due": seen.due,
        "undecided": seen.undecided,
        "holds": seen.held,
        "certificates_waiting": seen.waiting,
        "lent_overdue": seen.lent_late,
        "restore_tested_on": str(seen.tested_on) if seen.tested_on else None,
        "backup_of": str(seen.backup_of) if seen.backup_of else None,
        "audit": _audit_json(seen.audited) if seen.audited else None,
    }


def _audit_json(said: Audited) -> Mapping[str, object]:
    counts = {"errors": said.errors, "warnings": said.warnings}
    return {"on": said.on, "full_on": said.full_on, **counts, "green": said.is_green}
