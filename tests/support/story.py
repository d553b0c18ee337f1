"""Histories as dated lines: who does what to a record on which day, and where it stands then or why it is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from qmsdocs.acts.apply import apply
from qmsdocs.acts.begin import Beginning, begin, starter_folder
from qmsdocs.acts.record import Filled, Intent, Refused, amend, attach, called_for, issue, step, void
from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import QmsError
from qmsdocs.model.facts import RecordFacts
from qmsdocs.model.record import Record
from qmsdocs.query.view import facts_of
from qmsdocs.store.event import Change
from qmsdocs.system.view import System, open_system

ZONE = ZoneInfo("Asia/Shanghai")
BEGUN = "2026-09-01 08:00"


def moment(written: str) -> datetime:
    """A moment in Shanghai."""
    return datetime.fromisoformat(written).replace(tzinfo=ZONE)


@dataclass
class Desk:
    """A record desk with a clock that is set by what happens."""

    system: System
    count: int = 0

    @classmethod
    def begun(cls, folder: Path, at: str = BEGUN) -> Desk:
        """A new repository with the starter pack in force."""
        begin(Beginning(folder, "绿源置业", "hz", "HZ", "杭州", moment(at), "desk"), starter=starter_folder())
        return cls(open_system(folder, now=moment(at), machine="desk"))

    def at(self, when: str) -> System:
        """The system at a later moment."""
        self.system = self.system.refreshed(moment(when))
        return self.system

    def do(self, when: str, plan: Callable[[System], Change]) -> str:
        """The number of the record that was written."""
        self.at(when)
        outcome = apply(self.system, plan, clock=lambda: moment(when))
        self.system = outcome.system
        return outcome.posted[0].number

    def issue(self, when: str, form: str, *, by: str = "wang.fang", key: str | None = None, **values: object) -> str:
        """The number of a new record."""
        self.count += 1
        filled = Filled(form=form, values=values, submission=key or f"key-{self.count}")
        return self.do(when, lambda system: issue(system, filled, Intent(by=by)))

    def step(
        self, when: str, number: str, name: str, *, by: str, happened_at: str | None = None, **values: object
    ) -> str:
        """The state after the step."""
        intent = Intent(by=by, happened_at=moment(happened_at) if happened_at else None)
        self.do(when, lambda system: step(system, number, name, values=values, intent=intent))
        return self.record(number).state

    def amend(self, when: str, number: str, why: str | None, *, by: str = "wang.fang", **values: object) -> str:
        """The number."""
        return self.do(when, lambda s: amend(s, number, values=values, intent=Intent(by=by, reason=why)))

    def void(self, when: str, number: str, why: str | None = "重复", *, replaced_by: str | None = None) -> str:
        """The number."""
        intent = Intent(by="wang.fang", reason=why)
        return self.do(when, lambda s: void(s, number, replaced_by=replaced_by, intent=intent))

    def attach(
        self,
        when: str,
        number: str,
        name: str,
        data: bytes,
        *,
        by: str,
        field: str | None = None,
        why: str | None = None,
    ) -> str:
        """The number; a file was stored and attached."""
        kept = self.system.objects.store(data)
        said: list[Json] = [{"name": name, "size": kept.size, "sha256": kept.sha256}]
        intent = Intent(by=by, reason=why, attachments={kept.sha256: kept.oid})
        return self.do(when, lambda s: attach(s, number, field_name=field, files=said, intent=intent))

    def raise_(self, when: str, number: str, name: str, *, by: str = "wang.fang", **values: object) -> str:
        """The number of the record that was raised."""
        self.count += 1
        system = self.at(when)
        form, known, link = called_for(system, number, name)
        filled = Filled(form=form, values={**known, **values}, submission=f"key-{self.count}", raised_from=link)
        return self.do(when, lambda s: issue(s, filled, Intent(by=by)))

    def record(self, number: str) -> Record:
        """The record as it is stored."""
        return self.system.record(number).record

    def facts(self, number: str) -> RecordFacts:
        """What expressions see of it now."""
        record = self.record(number)
        return facts_of(self.system, self.system.form_of(record.form), record)


def refused(work: Callable[[], object]) -> str:
    """Why it was refused, every reason; nothing was written."""
    try:
        found = work()
    except Refused as error:
        return "; ".join(
            f"{item.field}: {item.message}" if item.field else str(item.message) for item in error.refusals
        )
    except QmsError as error:
        return str(error)
    raise AssertionError(f"not refused: {found}")


Line = tuple[str, str, str, Mapping[str, object], str]


def tell(desk: Desk, number: str, story: Sequence[Line]) -> None:
    """Nothing; every line went as it says: (when, who, step, values, the state after it or `✗` and why not)."""
    for when, who, name, values, expected in story:
        said = f"{when} {who} {name}"
        if expected.startswith("✗"):
            before = len(desk.record(number).events)
            why = refused(lambda: desk.step(when, number, name, by=who, **values))  # noqa: B023
            assert expected[1:].strip() in why, f"{said}: {why}"
            assert len(desk.record(number).events) == before, said
        else:
            assert desk.step(when, number, name, by=who, **values) == expected, said
