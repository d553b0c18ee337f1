"""The line to keep outside: what shows later that nothing of a site's ledgers has gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from qmsdocs.store import control, disposal, journal, names, post, seat
from qmsdocs.store.event import RecordKey
from qmsdocs.store.lock import exclusive
from qmsdocs.store.opened import Store


@dataclass(frozen=True, slots=True)
class HeadLine:
    """The newest heads of a site: the journal's commit, the heads event's number and sha256, and what it counts.

    `repository` is the beginning of the repository's id, `key` where the event lies, and `journal` the journal's commit
    before it: what that held is covered too.
    """

    site: str
    recorded_at: str
    commit: str
    number: str
    sha256: str
    ledgers: int
    events: int
    repository: str
    journal: str
    key: RecordKey

    def __str__(self) -> str:
        counts = f"{self.ledgers} {self.events}"
        return f"qmsdocs {self.site} {self.recorded_at} {self.number} {self.sha256} {counts} {self.repository}"


def head_line(store: Store, site: str) -> HeadLine | None:
    """The newest heads the journal holds, None before the first."""
    found = journal.newest_heads(store.objects, site)
    head = store.objects.head(names.journal_of(site))
    if found is None or head is None:
        return None
    event = found.stored.event
    return HeadLine(
        site,
        event.text("recorded_at"),
        head.commit,
        str(event.mapping("record").get("number")),
        found.stored.sha256,
        len(found.ledgers),
        sum(ledger.events for ledger in found.ledgers.values()),
        event.text("repository")[:8],
        event.text("journal"),
        control.key_of(found.stored),
    )


def is_noted(store: Store, site: str) -> bool:
    """Whether the newest heads say where every ledger of the site stands now."""
    found = journal.newest_heads(store.objects, site)
    own = names.journal_of(site)
    heads = store.objects.heads(lambda name: journal.belongs(name, site) and name != own)
    known = found.ledgers if found is not None else {}
    return all(name in known and known[name].commit == head.commit for name, head in heads.items())


def record_head_line(store: Store, site: str, *, now: datetime) -> HeadLine:
    """The line after the heads as of now were recorded in the journal. Raises QmsError where the seat is elsewhere."""
    with exclusive(store.place.git_folder):
        disposal.finish(store, now=now)
        pen = store.pen(site, now)
        seat.require(store, site)
        journal.check_year(store.objects, site, now, is_confirmed=False)
        post.prepare(store, pen, names.journal_of(site))
        journal.record_heads(store.objects, pen)
        seat.keep(store.place, store.objects, site, (names.journal_of(site),))
    found = head_line(store, site)
    assert found is not None
    return found
