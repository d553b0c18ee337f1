"""The system at one moment: definitions in force and records, read at the heads that stood when it was opened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.files import text_of
from qmsdocs.base.language import Language, Text
from qmsdocs.base.toml import parse
from qmsdocs.model.calendar import Calendar, add_period
from qmsdocs.model.clock import Moment
from qmsdocs.model.document import Procedure, parse_procedure
from qmsdocs.model.evaluation import evaluate
from qmsdocs.model.expression import parse as parse_expression
from qmsdocs.model.facts import RecordFacts
from qmsdocs.model.form import Form, Lookup
from qmsdocs.model.gate import Raised
from qmsdocs.model.organisation import Organisation
from qmsdocs.model.people import People
from qmsdocs.model.quantity import Quantity, Unit
from qmsdocs.model.quantity import parse as parse_quantity
from qmsdocs.model.record import Event, FormReference, Record
from qmsdocs.model.register import Register
from qmsdocs.model.release import ItemKind, Release, in_force
from qmsdocs.model.retention import Schedule
from qmsdocs.store import control, ledger, names, seat
from qmsdocs.store.event import Change, NewNumber, Posted, RecordKey, Stored
from qmsdocs.store.index import Index
from qmsdocs.store.objects import Objects
from qmsdocs.store.place import Place
from qmsdocs.store.rows import Meanings, Row

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class FormInForce:
    """A form with the revision it was released as; `sha256` is that of the revision's manifest."""

    form: Form
    revision: str
    sha256: str
    is_trial: bool
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Held:
    """A record, and where it lies."""

    record: Record
    key: RecordKey


@dataclass(frozen=True)
class System:
    """Definitions and records of one copy, for one site, at one moment. `now` is in the organisation's zone."""

    place: Place
    objects: Objects
    now: datetime
    site: str
    releases: tuple[Release, ...]
    stored_releases: Mapping[str, Stored] = field(repr=False)
    control: str | None
    repository: str

    # ── what is in force

    @property
    def today(self) -> date:
        """The day in the organisation's zone."""
        return self.now.date()

    def release(self, kind: ItemKind, number: str, *, on: date | None = None) -> Release:
        """The revision of an item in force on a day (today). Raises QmsError when there is none."""
        found = in_force(self.releases, kind, number, on=on or self.today)
        if found is None:
            known = tuple(sorted({release.number for release in self.releases if release.kind is kind}))
            raise QmsError("{number} is not in force here; there are {known}", number=number, known=known)
        return found

    def files(self, release: Release) -> Mapping[str, bytes]:
        """The files of a release, every byte checked."""
        assert self.control is not None
        return control.load(self.objects, self.control, self.stored_releases[release.record]).files

    def _configuration(self, name: str, model: type[M]) -> M:
        release = self.release(ItemKind.CONFIGURATION, name)
        data = next(iter(self.files(release).values()))
        return parse(text_of(data, name), model, source=f"{name} {release.revision}")

    @cached_property
    def organisation(self) -> Organisation:
        """`qms.toml` in force."""
        return self._configuration("qms.toml", Organisation)

    @cached_property
    def people(self) -> People:
        """`people.toml` in force."""
        return self._configuration("people.toml", People)

    @cached_property
    def schedule(self) -> Schedule:
        """The retention schedule in force."""
        return self._configuration("records/retention.toml", Schedule)

    @cached_property
    def registers(self) -> tuple[Register, ...]:
        """The registers over several forms in force."""
        found = {r.number for r in self.releases if r.kind is ItemKind.CONFIGURATION}
        wanted = sorted(number for number in found if number.startswith("records/registers/"))
        return tuple(self._configuration(number, Register) for number in wanted)

    @property
    def zone(self) -> ZoneInfo:
        """The organisation's time zone."""
        return self.organisation.zone

    @property
    def calendar(self) -> Calendar:
        """The organisation's working calendar."""
        return self.organisation.working

    @property
    def language(self) -> Language:
        """The organisation's first language."""
        return self.organisation.language

    @property
    def clerk(self) -> str | None:
        """The person of the site's record desk."""
        return self.organisation.site[self.site].clerk

    # ── forms and procedures

    @cached_property
    def form_numbers(self) -> tuple[str, ...]:
        """The forms there are releases of, by number."""
        return tuple(sorted({release.number for release in self.releases if release.kind is ItemKind.FORM}))

    def form_for(self, number: str, *, revision: str | None = None) -> FormInForce:
        """The form for a new record: the revision in force, or the named one while it may still come back."""
        current = self.release(ItemKind.FORM, number)
        if revision is None or revision == current.revision:
            return self._form(current)
        named = [r for r in self.releases if r.kind is ItemKind.FORM and (r.number, r.revision) == (number, revision)]
        if not named:
            raise QmsError("{number} has no revision {revision}", number=number, revision=revision)
        grace = add_period(current.effective_on, parse_quantity(self.organisation.grace.form))
        if named[-1].effective_on > self.today or self.today > grace:
            raise QmsError(
                "{number} {revision} is not in force; {current} is",
                number=number,
                revision=revision,
                current=current.revision,
                hint=message("qmsdocs record new {number}", number=number),
            )
        return self._form(named[-1])

    def form_of(self, reference: FormReference) -> FormInForce:
        """The form revision a record was issued on. Raises QmsError when its release is not held here."""
        for release in self.releases:
            if release.kind is ItemKind.FORM and release.manifest == reference.sha256:
                return self._form(release)
        raise QmsError(
            "the form {number} {revision} of this record is not held here",
            number=reference.number,
            revision=reference.revision,
        )

    @cached_property
    def _forms(self) -> dict[str, FormInForce]:
        return {}

    def _form(self, release: Release) -> FormInForce:
        if release.manifest not in self._forms:
            files = self.files(release)
            source = f"{release.number} {release.revision}"
            form = parse(text_of(files["form.toml"], source), Form, source=source)
            self._forms[release.manifest] = FormInForce(
                form, release.revision, release.manifest, release.is_trial, files
            )
        return self._forms[release.manifest]

    def form_by_manifest(self, manifest: str) -> Form | None:
        """The form of a manifest, None when it is not held here."""
        found = next((r for r in self.releases if r.manifest == manifest and r.kind is ItemKind.FORM), None)
        return self._form(found).form if found else None

    def procedure(self, number: str, *, on: date | None = None) -> Procedure:
        """The procedure in force on a day (today)."""
        return self._procedure(self.release(ItemKind.PROCEDURE, number, on=on))

    def _procedure(self, release: Release) -> Procedure:
        data = next(iter(self.files(release).values()))
        return parse_procedure(text_of(data, release.number), source=f"{release.number} {release.revision}")

    def parameters(self, number: str, *, on: date) -> tuple[Mapping[str, Quantity], Mapping[str, str]]:
        """The parameters of a procedure in force on a day, and the manifest they come from."""
        release = self.release(ItemKind.PROCEDURE, number, on=on)
        return self._procedure(release).parameters, {number: release.manifest}

    def parameters_of(self, record: Record) -> Mapping[str, Quantity]:
        """The parameters a record is judged by: those pinned when it was issued."""
        found: dict[str, Quantity] = {}
        for number, manifest in record.first.mapping("parameters").items():
            release = next((r for r in self.releases if r.manifest == manifest), None)
            if release is None:
                raise QmsError("the revision of {number} that {record} is judged by is not held here", number=number, record=record.number)
            found |= self._procedure(release).parameters
        return found

    def procedure_of(self, record: Record) -> Procedure | None:
        """The procedure revision a record is judged by; None where it has none."""
        manifests = tuple(record.first.mapping("parameters").values())
        release = next((r for r in self.releases if manifests and r.manifest == manifests[0]), None)
        return self._procedure(release) if release is not None else None

    def day_of(self, form: Form, values: Mapping[str, Json]) -> date:
        """The day a new record is judged by: the value that means `opened_at`, never later than today."""
        name = form.meaning("opened_at")
        written = values.get(name) if name else None
        if not isinstance(written, str):
            return self.today
        opened = datetime.fromisoformat(written) if "T" in written else None
        day = opened.astimezone(self.zone).date() if opened else date.fromisoformat(written)
        return min(day, self.today)

    # ── people

    def may(self, person: str, roles: tuple[str, ...]) -> bool:
        """Whether the person serves today in one of the roles (any role when none is named)."""
        return self.people.has_role(person, roles, on=self.today)

    def signs(self, person: str) -> bool:
        """Whether the person has a key that counts today."""
        found = self.people.person.get(person)
        keys = found.key.values() if found else ()
        return any(key.from_ <= self.today and (key.until is None or self.today <= key.until) for key in keys)

    def refuse_unknown_person(self, person: str) -> None:
        """Nothing; raises QmsError unless the person serves today."""
        found = self.people.person.get(person)
        if found is None or not found.serves(self.today):
            known = tuple(key for key, item in self.people.person.items() if item.serves(self.today))
            raise QmsError("{person} is not in people.toml today; there are {known}", person=person, known=known)

    def role_titles(self, roles: Sequence[str]) -> tuple[Text | str, ...]:
        """The titles of roles."""
        return tuple(self.people.role[role].title if role in self.people.role else role for role in roles)

    # ── records

    def new_number(self, form: Form, *, project: str | None) -> NewNumber:
        """What numbers a new record of `form` at this site and moment."""
        known = self.organisation.project
        if project is not None and project not in known:
            raise QmsError("there is no project {project}; there are {known}", project=project, known=tuple(known))
        template = form.pattern.template(
            site=self.organisation.site[self.site].code,
            year=self.now.year,
            month=self.now.month,
            project=known[project].code if project else "",
        )
        folder = form.pattern.folder(form.series.id, month=self.now.month, project=project)
        return NewNumber(form.series.id, folder, template)

    def record(self, number: str) -> Held:
        """The record of a number, read from its ledger. Raises QmsError when there is none."""
        row = self.index.by_number(number)
        if row is None:
            raise QmsError("there is no record {number}", number=number, hint=message("qmsdocs record list"))
        return Held(self.record_at(row.key), row.key)

    def record_at(self, key: RecordKey) -> Record:
        """The record at a place in a ledger."""
        return Record(tuple(stored.event for stored in ledger.events_of(self.objects, key)))

    def moments(self, record: Record) -> tuple[Moment, ...]:
        """The acts on a record as clocks see them."""
        return tuple(self.moment(event.act, event.at, event.state) for event in record.events)

    def moment(self, act: str, at: datetime, state: str) -> Moment:
        """One act as clocks see it."""
        return Moment(act, at.astimezone(self.zone), state)

    def raised(self, number: str) -> tuple[Raised, ...]:
        """The records raised by a record."""
        return tuple(
            Raised(row.raise_name, row.number, row.is_closed, row.is_void) for row in self.index.raised_by(number)
        )

    def look_up(self, facts: RecordFacts, lookup: Lookup, *, number: str | None) -> tuple[int, tuple[str, ...]] | None:
        """How many distinct values a look-up finds, and the records counted; None where a key of it is missing."""
        same = {name: facts.stored(name) for name in lookup.same}
        if any(value is None for value in same.values()):
            return None
        values: set[str] = set()
        numbers: list[str] = []
        found = self.index.matching(
            facts.form.number,
            same={name: str(value) for name, value in same.items()},
            opened_from=self._window(facts, lookup),
            opened_to=self.now,
            but=number or "",
        )
        for row in found:
            if lookup.state is None or row.state == lookup.state:
                values.add(row.number if lookup.count == "number" else str(row.shown.get(lookup.count)))
                numbers.append(row.number)
        if lookup.state is None:
            own = facts.stored(lookup.count) if lookup.count != "number" else (number or "")
            values.add(str(own))
        return len(values), tuple(numbers)

    def _window(self, facts: RecordFacts, lookup: Lookup) -> datetime | None:
        """From when on other records count: the look-up's period before the record's own day."""
        length = evaluate(parse_expression(lookup.within), facts) if lookup.within is not None else None
        if not isinstance(length, Quantity):
            return None
        day = self.day_of(facts.form, facts.values)
        if length.unit in (Unit.MINUTE, Unit.HOUR, Unit.WORKING_HOUR):
            return self.now - timedelta(hours=float(length.amount))
        return datetime.combine(add_period(day, Quantity(-length.amount, length.unit)), time(0), self.zone)

    def form_of_row(self, row: Row) -> FormInForce:
        """The form revision of a record the index speaks of."""
        return self.form_of(FormReference(row.form, row.revision, row.form_sha256))

    # ── index, search, writing

    @cached_property
    def index(self) -> Index:
        """The index, brought up to the ledgers."""
        found = Index(self.objects, self.place.local_folder, self._meanings)
        found.refresh()
        return found

    def _meanings(self, manifest: str) -> Meanings:
        form = self.form_by_manifest(manifest)
        if form is None:
            return Meanings()
        means = {item.means: name for name, item in reversed(form.field.items()) if item.means is not None}
        looked_up = {name for item in form.values.values() if item.lookup for name in item.lookup.same}
        return Meanings(means, form.closed_states, tuple(sorted(looked_up)))
