"""Restore tests: a backup that was restored and compared is a record of the journal."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from qmsdocs.acts.control import Act, text_of
from qmsdocs.base.errors import message
from qmsdocs.store import names
from qmsdocs.store.backup import About, Measure
from qmsdocs.store.event import Change, Draft
from qmsdocs.system import builtin
from qmsdocs.system.view import System


def tested(system: System, about: About, found: Measure, *, digest: str, place: str, act: Act) -> Change:
    """The change that records a restore test; `digest` is the sha256 of the backup file."""
    system.refuse_unknown_person(act.by)
    draft = Draft(
        record=builtin.number_at(builtin.RESTORE, system.organisation.site[system.site].code),
        act="issue",
        state="compared",
        set={"backup": digest, "made_at": _moment(about.made_at), "place": place, **asdict(found)},
        by=act.by,
        entered_by=act.by,
        reason=text_of(act.reason, message("the reason")),
        form=builtin.reference(builtin.RESTORE),
    )
    return Change(site=system.site, drafts=(draft,), stem=names.JOURNAL, clock_is_right=act.clock_is_right)


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
