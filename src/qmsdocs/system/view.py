"""The system at one moment: definitions in force and records, for one site of one copy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.base.language import Language, Text
from qmsdocs.model.calendar import Calendar
from qmsdocs.model.clock import Moment
from qmsdocs.model.document import Procedure
from qmsdocs.model.form import Form
from qmsdocs.model.gate import Raised
from qmsdocs.model.organisation import Approval, Organisation
from qmsdocs.model.people import People
from qmsdocs.model.quantity import Quantity
from qmsdocs.model.record import FormReference, Record
from qmsdocs.model.register import Register
from qmsdocs.model.release import ItemKind, Release, in_force
from qmsdocs.model.retention import Schedule
from qmsdocs.store import journal, ledger, names, seat
from qmsdocs.store.event import Change, NewNumber, Posted, RecordKey
from qmsdocs.store.index import Index
from qmsdocs.store.objects import Objects
from qmsdocs.store.opened import Store
from qmsdocs.store.place import Place
from qmsdocs.store.post import post
from qmsdocs.store.remote import address
from qmsdocs.store.repository import find
from qmsdocs.store.rows import Row
from qmsdocs.store.signature import Signer
from qmsdocs.system.believed import believer, judge_of_seats
from qmsdocs.system.definitions import Definitions, FormInForce
from qmsdocs.system.entries import judge_of_arrivals
from qmsdocs.system.trust import Trust


@dataclass(frozen=True, slots=True)
class Held:
    """A record, and where it lies."""

    record: Record
    key: RecordKey


@dataclass(frozen=True)
class System:
    """Definitions and records of one copy, for one site, at one moment. `now` is in the organisation's zone."""

    store: Store = field(repr=False)
    definitions: Definitions = field(repr=False)
    now: datetime
    site: str

    @property
    def place(self) -> Place:
        """Where this copy lies."""
        return self.store.place

    @property
    def objects(self) -> Objects:
        """The stored objects."""
        return self.store.objects

    @property
    def control(self) -> str:
        """The commit of the releases everything is judged by."""
        return self.definitions.commit

    @property
    def releases(self) -> tuple[Release, ...]:
        """All releases, oldest first."""
        return self.definitions.releases

    @cached_property
    def repository(self) -> str:
        """The random id of the repository."""
        return self.store.repository

    @cached_property
    def trust(self) -> Trust:
        """Whether acts can be believed."""
        return Trust.of(self.definitions, self.repository)

    # ── what is in force today

    @property
    def today(self) -> date:
        """The day in the organisation's zone."""
        return self.now.date()

    @cached_property
    def organisation(self) -> Organisation:
        """`qms.toml` in force."""
        return self.definitions.organisation(on=self.today)

    @cached_property
    def people(self) -> People:
        """`people.toml` in force."""
        return self.definitions.people(on=self.today)

    @cached_property
    def schedule(self) -> Schedule:
        """The retention schedule in force."""
        return self.definitions.schedule(on=self.today)

    @property
    def registers(self) -> tuple[Register, ...]:
        """The registers over several forms in force."""
        return self.definitions.registers(on=self.today)

    @property
    def officers(self) -> Approval:
        """Who reviews and approves configuration: with it keys, deputies, holds and what is destroyed."""
        return self.organisation.approval_of(ItemKind.CONFIGURATION)

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

    @property
    def form_numbers(self) -> tuple[str, ...]:
        """The forms there are, by number."""
        return self.definitions.form_numbers

    @property
    def forms_in_force(self) -> tuple[FormInForce, ...]:
        """The forms in force today, by number."""
        found = (self.in_force(ItemKind.FORM, number) for number in self.form_numbers)
        return tuple(self.form_for(release.number) for release in found if release is not None)

    def in_force(self, kind: ItemKind, number: str) -> Release | None:
        """The revision of an item in force today, None where none is."""
        return in_force(self.releases, kind, number, on=self.today)

    def form_for(self, number: str, *, revision: str | None = None) -> FormInForce:
        """The form for a new record: the revision in force, or the named one while it may still come back."""
        return self.definitions.form_for(number, revision=revision, on=self.today)

    def form_known(self, number: str) -> FormInForce:
        """The form as people know it: the revision in force, else the last there was, else the first to come."""
        return self.definitions.form_known(number, on=self.today)

    def form_of(self, reference: FormReference) -> FormInForce:
        """The form revision a record was issued on."""
        return self.definitions.form_of(reference)

    def parameters_of(self, record: Record) -> Mapping[str, Quantity]:
        """The parameters a record is judged by: those pinned when it was issued."""
        found: dict[str, Quantity] = {}
        for number, manifest in record.first.mapping("parameters").items():
            procedure = self.definitions.procedure_of(str(manifest))
            if procedure is None:
                said = "the revision of {number} that {record} is judged by is not held here"
                raise QmsError(said, number=number, record=record.number)
            found |= procedure.parameters
        return found

    def procedure_of(self, record: Record) -> Procedure | None:
        """The procedure revision a record is judged by; None where it has none."""
        manifests = [str(manifest) for manifest in record.first.mapping("parameters").values()]
        return self.definitions.procedure_of(manifests[0]) if manifests else None

    def parameter(self, name: str) -> Quantity | None:
        """The parameter of that name in force today, of the first document that has it; None where none has."""
        return self._parameters.get(name)

    @cached_property
    def _parameters(self) -> Mapping[str, Quantity]:
        return self.definitions.all_parameters(on=self.today)

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
        """Whether the person has a key to sign with now."""
        return self.definitions.signs(person, at=self.now)

    def must_sign(self, roles: tuple[str, ...]) -> bool:
        """Whether approvals by these roles are signed: from the first key on that anybody in them ever had."""
        return self.definitions.must_sign(roles, on=self.today)

    def refuse_unknown_person(self, person: str) -> None:
        """Nothing; raises QmsError unless the person serves today."""
        found = self.people.person.get(person)
        if found is None or not found.serves(self.today):
            known = tuple(key for key, item in self.people.person.items() if item.serves(self.today))
            raise QmsError(
                "{person} is not in people.toml in force; there are {known}",
                person=person,
                known=known,
                hint=message("what stands in the folder counts once it is in force, see `qmsdocs status`"),
            )

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
        row = self.record_row(number)
        return Held(self.record_at(row.key), row.key)

    def record_row(self, number: str) -> Row:
        """The record of a number as the index holds it. Raises QmsError when there is none, or it was destroyed."""
        row = self.index.by_number(number)
        if row is None:
            if (gone := self.destroyed(number)) is not None:
                raise QmsError("{said}", said=gone)
            raise QmsError("there is no record {number}", number=number, hint=message("qmsdocs record list"))
        return row

    def destroyed(self, number: str) -> Message | None:
        """That a record was destroyed, when and by which certificate; None where none says so."""
        for item in self.store.believed(self.objects):
            if any(record.number == number for record in item.records):
                return message(
                    "{number} was destroyed on {day}, certificate {certificate}",
                    number=number,
                    day=item.carried_out_on or "-",
                    certificate=item.number,
                )
        return None

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
        """The records raised by a record, those that were destroyed since with them."""
        held = [Raised(row.raise_name, row.number, row.is_closed, row.is_void) for row in self.index.raised_by(number)]
        numbers = {item.number for item in held}
        return (*(item for item in self._destroyed.get(number, ()) if item.number not in numbers), *held)

    @cached_property
    def _destroyed(self) -> Mapping[str, tuple[Raised, ...]]:
        """The destroyed records that others had raised, by the number of those."""
        found: dict[str, tuple[Raised, ...]] = {}
        for record in (record for item in self.store.believed(self.objects) for record in item.records):
            gone = Raised(record.raise_name, record.number, is_closed=True, is_void=record.is_void)
            found[record.raised_from] = (*found.get(record.raised_from, ()), gone)
        return found

    def form_of_row(self, row: Row) -> FormInForce:
        """The form revision of a record the index speaks of."""
        return self.form_of(FormReference(row.form, row.revision, row.form_sha256))

    # ── index, search, writing

    @cached_property
    def index(self) -> Index:
        """The index, brought up to the ledgers."""
        self.store.index.refresh()
        return self.store.index

    def found(self, words: Sequence[str]) -> tuple[Row, ...]:
        """The records that hold all of `words`, in any field."""
        self.store.search.refresh()
        sets = [self.store.search.find(word) for word in words]
        index = self.index
        keys = [key for key in sets[0] if all(key in other for other in sets[1:])]
        rows = [row for key in keys if (row := index.by_key(key)) is not None]
        return tuple(row for row in rows if row.form in self.form_numbers)

    def post(self, change: Change, *, signer: Signer | None = None) -> tuple[Posted, ...]:
        """The events of a change, certainly stored. Raises Stale when the record moved on, QmsError otherwise."""
        return post(self.store, change, now=self.now, signer=signer, shared=self.shared)

    @property
    def shared(self) -> str | None:
        """Where the store lies that must take an act in control before it counts; None where none is set up."""
        name = self.organisation.shared
        return address(self.place.root, self.organisation.remote[name].url) if name is not None else None

    def refreshed(self, now: datetime) -> System:
        """The system as it stands now."""
        head = self.objects.head(names.CONTROL)
        unchanged = head is not None and head.commit == self.control
        definitions = self.definitions if unchanged else Definitions.read(self.objects)
        return replace(self, definitions=definitions or self.definitions, now=now.astimezone(self.zone))


def open_system(
    start: Path,
    *,
    now: datetime,
    machine: str,
    site: str | None = None,
    objects_of: Callable[[Path], Objects] = Objects,
) -> System:
    """The system of the repository at or above `start`. Raises QmsError outside one, or where nothing is in force."""
    root = find(start)
    if not 1990 <= now.year <= 2100:
        raise QmsError("the clock of this machine says {year}", year=now.year, hint=message("set it right first"))
    held: list[Definitions] = []
    store = Store.open(
        root,
        machine=machine,
        meanings=lambda manifest: held[0].meanings(manifest),
        objects_of=objects_of,
        believed=believer(),
        seated=judge_of_seats(),
        admits=judge_of_arrivals,
    )
    definitions = Definitions.read(store.objects)
    if definitions is None:
        raise _nothing_in_force(root, store.objects)
    held.append(definitions)
    before = definitions.organisation(on=now.date() - timedelta(days=1)).zone  # a new zone rules from its midnight on
    organisation = definitions.organisation(on=now.astimezone(before).date())
    found = System(store, definitions, now.astimezone(organisation.zone), site or "")
    return replace(found, site=_site(found, site))


def _nothing_in_force(root: Path, objects: Objects) -> QmsError:
    """Why: there was never anything, or a journal says that there was."""
    journals = (names.parse_branch(branch) for branch in objects.heads(lambda name: name.startswith(names.JOURNAL)))
    if any(names.CONTROL in journal.openings(objects, found.site) for found in journals if found is not None):
        return QmsError(
            "{folder}: the releases are gone, and with them all that is in force",
            folder=root,
            hint=message("get them back from another copy or a backup before you write anything"),
        )
    return QmsError(
        "{folder}: nothing is in force here yet",
        folder=root,
        hint=message("qmsdocs init makes a repository in force; a copy without its ledgers is not a whole one"),
    )


def _site(system: System, wanted: str | None) -> str:
    """The site to work for: the wanted one, else the one whose seat this copy holds, else the first."""
    sites = tuple(system.organisation.site)
    if wanted is not None:
        if wanted not in sites:
            raise QmsError("there is no site {site}; there are {known}", site=wanted, known=sites)
        return wanted
    held = [site for site in sites if seat.holds(system.store, site)]
    return (held or list(sites))[0]
