"""A small company at its desk: what the tests of the store share. Times are given, chance is counted."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from qmsdocs.base.canonical import Json
from qmsdocs.model.record import FormReference
from qmsdocs.store import handover, repository
from qmsdocs.store.certificate import carried_out
from qmsdocs.store.event import Change, Draft, NewNumber, OfDraft, Posted, RecordKey
from qmsdocs.store.opened import Store
from qmsdocs.store.post import post
from qmsdocs.store.rows import Meanings
from qmsdocs.store.signature import Signer

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=SHANGHAI)
MACHINE = "desk-1"
COMPLAINT = FormReference("F-1", "A/0", "f" * 64)
MEANINGS = Meanings(
    {"opened_at": "received_at", "customer": "customer", "subject": "problem", "owner": "received_by"},
    frozenset({"closed"}),
    ("estate", "problem"),
)


def meanings(_form: str) -> Meanings:
    """What the one form of these tests means."""
    return MEANINGS


def counted(start: int = 1) -> Iterator[str]:
    """Nonces that are no chance at all."""
    return (f"{number:032x}" for number in itertools.count(start))


@dataclass(frozen=True)
class Desk:
    """A copy of a repository and the moment it is used at."""

    root: Path
    now: datetime = NOON
    machine: str = MACHINE
    site: str = "hz"

    @property
    def store(self) -> Store:
        """The copy, opened anew."""
        return Store.open(self.root, machine=self.machine, meanings=meanings, believed=carried_out)

    def at(self, moment: datetime | timedelta) -> Desk:
        """The same desk at another moment, or later."""
        return replace(self, now=self.now + moment if isinstance(moment, timedelta) else moment)

    def post(self, *drafts: Draft, signer: Signer | None = None, **change: object) -> tuple[Posted, ...]:
        """The drafts, posted."""
        known: dict[str, object] = {"site": self.site, "stem": "records/complaint", **change}
        with closing(self.store) as store:
            return post(store, Change(drafts=drafts, **known), now=self.now, signer=signer)  # type: ignore[arg-type]

    def issue(self, **values: Json) -> Posted:
        """One more complaint."""
        return self.post(complaint(self.now, **values))[0]


def begun(root: Path, now: datetime = NOON, site: str = "hz") -> Desk:
    """A new repository whose seat is here."""
    root.mkdir()
    (root / "qms.toml").write_text("", "utf-8")
    repository.init(root, at=now)
    desk = Desk(root, now, site=site)
    handover.claim_seat(desk.store, site, person="zhang.wei", reason="init", at=now, repository="a" * 32)
    return desk


def series(now: datetime, folder: str = "ts", prefix: str = "TS-HZ") -> NewNumber:
    """The next complaint number of the year."""
    return NewNumber("ts", folder, f"{prefix}-{now.year}-{{serial:04d}}")


def complaint(now: datetime = NOON, *, submission: str | None = None, **values: Json) -> Draft:
    """The draft of a complaint."""
    given: dict[str, Json] = {"customer": "王先生", "problem": "leak", "estate": "翠园 3-1-201", **values}
    return Draft(
        record=series(now),
        act="issue",
        state="received",
        set=given,
        by="zhang.wei",
        entered_by="li.na",
        form=COMPLAINT,
        submission=submission,
    )


def step(target: RecordKey | OfDraft, act: str, state: str, *, after: str | None = None, **given: Json) -> Draft:
    """The draft of a later act."""
    return Draft(record=target, act=act, state=state, set=given, by="zhang.wei", form=COMPLAINT, after=after)
