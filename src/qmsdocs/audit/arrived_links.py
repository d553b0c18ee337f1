"""What arrived records say of other records: the draft they were made from, and the record that called for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from qmsdocs.audit.judge import Judge
from qmsdocs.base.errors import Message, message
from qmsdocs.model.record import FormReference
from qmsdocs.store import journal, ledger, names
from qmsdocs.store.certificate import Certificate
from qmsdocs.store.event import Stored
from qmsdocs.store.index import Index
from qmsdocs.store.objects import Objects
from qmsdocs.store.rows import Meanings, Row


@dataclass(frozen=True, slots=True)
class Claim:
    """What one act says of others: its submission key, the record and raise it came from, the act of it that was seen.

    Light, because all of a store may be judged at once.
    """

    ledger: str
    path: str
    form: str
    submission: str
    record: str
    raise_name: str
    seen: str

    @classmethod
    def of(cls, stored: Stored) -> Claim | None:
        """What an act claims, None where it speaks of itself only."""
        event, raised = stored.event, stored.event.mapping("raised_from")
        record, name, seen = (str(raised.get(key, "")) for key in ("record", "raise", "sha256"))
        form, submission = str(event.mapping("form").get("number", "")), event.text("submission")
        found = cls(stored.ledger, stored.path, form, submission, record, name, seen)
        return found if submission or record else None


def index_of(objects: Objects, kept: Path, *, is_anew: bool) -> Index:
    """The records of a store as they would stand; `kept` from push to push, where nobody reaches it who only sends.

    Made anew where a ledger was replaced, so that nothing of what was destroyed stays behind.
    """
    found = Index(objects, kept, lambda _: Meanings())
    found.rebuild() if is_anew else found.refresh()
    return found


@dataclass(frozen=True)
class Links:
    """The records of a store as they would stand, by draft and number."""

    judge: Judge = field(repr=False)
    index: Index = field(repr=False)
    certificates: tuple[Certificate, ...] = field(repr=False)

    def problems(self, claim: Claim) -> Iterator[Message]:
        """What speaks against a claim."""
        borne = self.index.bearers(claim.submission) if claim.submission else ()
        if len(borne) > 1:
            numbers = tuple(row.number for row in borne)
            yield message("{numbers} were made from one draft; all but one of them have to be voided", numbers=numbers)
        if claim.record:
            yield from self._raised(claim)

    def _raised(self, claim: Claim) -> Iterator[Message]:
        row = self.index.by_number(claim.record)
        if row is None:
            gone = any(record.number == claim.record for item in self.certificates for record in item.records)
            if self._is_whole and not gone:
                yield message("it says that {number} called for it, which is not held here", number=claim.record)
        elif all(stored.sha256 != claim.seen for stored in ledger.events_of(self.judge.system.objects, row.key)):
            yield message("it has seen an act of {number} that is not there", number=claim.record)
        elif not self._calls(row, claim):
            yield message("{number} cannot call for it as {name}", number=claim.record, name=claim.raise_name)

    def _calls(self, row: Row, claim: Claim) -> bool:
        held = self.judge.form(FormReference(row.form, row.revision, row.form_sha256))
        wanted = held.form.raise_.get(claim.raise_name) if held is not None else None
        return wanted is not None and wanted.form == claim.form

    @cached_property
    def _is_whole(self) -> bool:
        """Whether every ledger that a site has opened is kept here: a store may be for some classes or sites only."""
        system = self.judge.system
        held = system.objects.heads(names.is_ledger)
        return all(
            names.journal_of(site) in held and journal.openings(system.objects, site) <= held.keys()
            for site in system.organisation.site
        )
