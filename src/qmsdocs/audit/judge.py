"""What all records of one run are judged by: the definitions as they were on a day, people, calendars, keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import QmsError
from qmsdocs.model.form import Form
from qmsdocs.model.organisation import Organisation
from qmsdocs.model.people import People
from qmsdocs.model.quantity import Quantity
from qmsdocs.model.record import FormReference
from qmsdocs.model.release import ItemKind
from qmsdocs.store import control, ledger, names
from qmsdocs.system.definitions import Definitions, FormInForce
from qmsdocs.system.view import System

_RULING = ("qms.toml", "people.toml")  # what of today is asked where a record says no day


@dataclass(frozen=True)
class Judge:
    """Answers every record asks again and again, each worked out once."""

    system: System = field(repr=False)

    @property
    def definitions(self) -> Definitions:
        """All releases this copy knows."""
        return self.system.definitions

    @property
    def grounds(self) -> list[Json]:
        """What records are judged by, as far as acts in control can change it: what is decided, what is held, the keys.

        Holds, deputies and what is only on its way to approval do not touch records that are there.
        """
        system, today = self.system, self.system.today
        decided = [repr(r) if r.first_day is not None or r.is_first else r.manifest for r in system.releases]
        of_today = [system.definitions.release(ItemKind.CONFIGURATION, name, on=today).manifest for name in _RULING]
        keys = [entry.oid for entry in system.objects.listing(system.control, "") if entry.path == control.KEYS]
        try:
            damaged = system.trust.damaged
        except QmsError:  # rules of their own say so
            damaged = (system.control,)
        return [*decided, *of_today, *keys, *damaged]

    @cached_property
    def _days(self) -> dict[date, tuple[Organisation, People]]:
        return {}

    def _on(self, day: date) -> tuple[Organisation, People]:
        if day not in self._days:
            try:
                self._days[day] = (self.definitions.organisation(on=day), self.definitions.people(on=day))
            except QmsError:  # before anything was in force: a clock that was wrong
                self._days[day] = (self.system.organisation, self.system.people)
        return self._days[day]

    def organisation(self, day: date) -> Organisation:
        """`qms.toml` in force on a day."""
        return self._on(day)[0]

    def people(self, day: date) -> People:
        """`people.toml` in force on a day."""
        return self._on(day)[1]

    def local(self, moment: datetime) -> datetime:
        """A moment in the organisation's zone as it was then."""
        return moment.astimezone(self.organisation(moment.date()).zone)

    @cached_property
    def _forms(self) -> dict[str, FormInForce | None]:
        return {}

    def form(self, reference: FormReference) -> FormInForce | None:
        """The form revision a record was issued on, None where it is not held here."""
        if reference.sha256 not in self._forms:
            try:
                self._forms[reference.sha256] = self.definitions.form_of(reference)
            except QmsError:
                self._forms[reference.sha256] = None
        return self._forms[reference.sha256]

    @cached_property
    def _may_come(self) -> dict[tuple[str, str, date], bool]:
        return {}

    def may_come(self, reference: FormReference, day: date) -> bool:
        """Whether a blank of this form revision could be taken in on a day: in force, or within the grace period."""
        key = (reference.number, reference.sha256, day)
        if key not in self._may_come:
            try:
                found = self.definitions.form_for(reference.number, revision=reference.revision, on=day)
                self._may_come[key] = found.sha256 == reference.sha256
            except QmsError:
                self._may_come[key] = False
        return self._may_come[key]

    @cached_property
    def _parameters(self) -> dict[tuple[str, ...], Mapping[str, Quantity] | None]:
        return {}

    def parameters(self, manifests: Mapping[str, Json]) -> Mapping[str, Quantity] | None:
        """The parameters pinned in a record's first event, None where a revision is not held here."""
        key = tuple(str(manifest) for manifest in manifests.values())
        if key not in self._parameters:
            found: dict[str, Quantity] | None = {}
            for manifest in key:
                procedure = self.definitions.procedure_of(manifest)
                found = None if procedure is None or found is None else {**found, **procedure.parameters}
            self._parameters[key] = found
        return self._parameters[key]

    @cached_property
    def _pinned(self) -> dict[tuple[str, date, int], Mapping[str, str] | None]:
        return {}

    def pinned(self, procedure: str, day: date, known: int | None = None) -> Mapping[str, str] | None:
        """The revision of a procedure in force on a day, as an event pins it; None where there is none.

        With `known` only the first so many commits of the releases count: what could be known then.
        """
        key = (procedure, day, known or 0)
        if key not in self._pinned:
            definitions = self.definitions if known is None else self._known_then(known)
            try:
                self._pinned[key] = definitions.parameters(procedure, on=day)[1]
            except QmsError:
                self._pinned[key] = None
        return self._pinned[key]

    def _known_then(self, known: int) -> Definitions:
        trust = self.system.trust
        return Definitions.at(self.system.objects, trust.commits[known - 1])

    def day_of(self, form: Form, values: Mapping[str, Json], recorded: datetime) -> date:
        """The day a record is judged by, as it was settled when it was issued."""
        name = form.meaning("opened_at")
        written = values.get(name) if name else None
        local = self.local(recorded)
        if not isinstance(written, str):
            return local.date()
        try:
            opened = datetime.fromisoformat(written)
        except ValueError:
            return local.date()
        return min(opened.astimezone(local.tzinfo).date() if "T" in written else opened.date(), local.date())

    def had_key(self, person: str, event_at: datetime, known: int | None) -> bool:
        """Whether a key of the person counted at a moment, by what the releases then held."""
        return any(
            key.person == person and key.counts(event_at) and self._confirmed_by(key.record, known)
            for key in self.definitions.keys
        )

    def _confirmed_by(self, record: str, known: int | None) -> bool:
        position = self._confirmed.get(record)
        return position is not None and (known is None or position < known)

    @cached_property
    def _confirmed(self) -> Mapping[str, int]:
        """The commit of the releases in which each key was confirmed, counted from 0."""
        found: dict[str, int] = {}
        for events in self.definitions.series("key"):
            for stored in events:
                if stored.event.act == "confirm":
                    number = str(stored.event.mapping("record").get("number"))
                    found[number] = self.system.trust.order.get(stored.path, 0)
        return found

    @cached_property
    def _journals(self) -> dict[str, frozenset[str]]:
        return {}

    def holds_journal(self, ledger: str, commit: str) -> bool:
        """Whether the journal of the ledger's site, as held here, has that commit."""
        found = names.parse_branch(ledger)
        site = found.site if found is not None else ""
        if site not in self._journals:
            objects = self.system.objects
            head = objects.head(names.journal_of(site))
            commits = [head.commit] if head is not None else []
            while commits and (parents := objects.parents(commits[-1])):
                commits.append(parents[0])
            self._journals[site] = frozenset(commits)
        return commit in self._journals[site]

    @cached_property
    def _seen(self) -> dict[str, frozenset[str] | None]:
        return {}

    def hashes(self, number: str) -> frozenset[str] | None:
        """The sha256 of every event of a record, None where it is not held here."""
        row = self.system.index.by_number(number)
        if row is None:
            return None
        if number not in self._seen:
            self._seen.clear() if len(self._seen) > 1000 else None
            try:
                self._seen[number] = frozenset(
                    stored.sha256 for stored in ledger.events_of(self.system.objects, row.key)
                )
            except QmsError:
                self._seen[number] = None
        return self._seen[number]
