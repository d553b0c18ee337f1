"""The definitions in force: releases read from `qms/control`, parsed once, never from the work tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property, partial
from typing import TypeAlias, TypeVar

from pydantic import BaseModel

from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.files import text_of
from qmsdocs.base.toml import parse
from qmsdocs.model.calendar import add_period
from qmsdocs.model.document import Procedure, parse_procedure
from qmsdocs.model.form import Form
from qmsdocs.model.hold import Decision, Hold
from qmsdocs.model.key import Delegation, RegisteredKey
from qmsdocs.model.masking import marked
from qmsdocs.model.organisation import Approval, Organisation
from qmsdocs.model.people import People
from qmsdocs.model.quantity import Quantity
from qmsdocs.model.record import FormReference, Record, lawful
from qmsdocs.model.register import Register
from qmsdocs.model.release import ItemKind, Release, decided, in_force, is_lawful
from qmsdocs.model.retention import Schedule
from qmsdocs.store import control, names
from qmsdocs.store.event import Stored
from qmsdocs.store.objects import Objects
from qmsdocs.store.rows import Meanings

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")
Series: TypeAlias = "Callable[[str], Iterable[tuple[Stored, ...]]]"


@dataclass(frozen=True, slots=True)
class FormInForce:
    """A form with the revision it was released as; `sha256` is that of the revision's manifest."""

    form: Form
    revision: str
    sha256: str
    is_trial: bool
    files: Mapping[str, bytes]


@dataclass(frozen=True)
class Definitions:
    """All releases up to one commit of `qms/control`."""

    objects: Objects = field(repr=False)
    commit: str
    releases: tuple[Release, ...]
    stored: Mapping[str, tuple[Stored, ...]] = field(repr=False)
    series: Series = field(repr=False)  # reads the other records of control
    parsed: dict[str, BaseModel] = field(default_factory=dict, repr=False)  # configuration by release, read once

    @classmethod
    def read(cls, objects: Objects) -> Definitions | None:
        """The definitions this copy holds, None where it holds none."""
        head = objects.head(names.CONTROL)
        return cls.at(objects, head.commit) if head is not None else None

    @classmethod
    def at(cls, objects: Objects, commit: str) -> Definitions:
        """The definitions as of one commit of control."""
        return cls.of(objects, commit, partial(control.records, objects, commit))

    @classmethod
    def of(
        cls,
        objects: Objects,
        commit: str,
        series: Series,
        *,
        parsed: dict[str, BaseModel] | None = None,
        known: dict[str, Release] | None = None,
    ) -> Definitions:
        """The definitions made of the records that `series` gives by its name.

        `parsed` and `known` (releases by the path of their last event) are shared by whoever makes many of them.
        """
        stored: dict[str, tuple[Stored, ...]] = {}
        releases: list[Release] = []
        made = {} if known is None else known
        for events in series(control.RELEASES):
            last = events[-1].path
            release = made[last] if last in made else made.setdefault(last, _release(_record(events)))
            if release.record not in stored:  # another that claims the number is none
                releases.append(release)
                stored[release.record] = events
        return cls(objects, commit, tuple(releases), stored, series, {} if parsed is None else parsed)

    @cached_property
    def keys(self) -> tuple[RegisteredKey, ...]:
        """The signing keys ever registered, oldest first."""
        return tuple(_readable(RegisteredKey.of, self.series(control.KEYS)))

    @cached_property
    def delegations(self) -> tuple[Delegation, ...]:
        """The deputies ever named, oldest first."""
        return tuple(_readable(Delegation.of, self.series(control.DELEGATIONS)))

    @cached_property
    def holds(self) -> tuple[Hold, ...]:
        """The holds ever placed, oldest first, each as far as its acts can be read; see `unreadable_holds`."""
        return tuple(_readable(Hold.of, self.series(control.HOLDS)))

    @cached_property
    def unreadable_holds(self) -> tuple[str, ...]:
        """The holds of which not even the first act can be read: nobody can say what they cover."""
        held = ((events, tuple(_readable(Hold.of, [events]))) for events in self.series(control.HOLDS))
        return tuple(control.key_of(events[0]).number for events, found in held if not found)

    @cached_property
    def decisions(self) -> tuple[Decision, ...]:
        """What was decided of records whose period ended, oldest first."""
        return tuple(_readable(Decision.of, self.series(control.DECISIONS)))

    def signs(self, person: str, *, at: datetime) -> bool:
        """Whether a person had a key to sign with at a moment."""
        return any(key.person == person and key.may_sign(at) for key in self.keys)

    @property
    def has_keys(self) -> bool:
        """Whether anybody ever had a key that counted."""
        return any(key.has_counted for key in self.keys)

    def had_key(self, person: str) -> bool:
        """Whether a person ever had a key that counted; losing it changes nothing."""
        return any(key.person == person and key.has_counted for key in self.keys)

    def must_sign(self, roles: tuple[str, ...], *, on: date) -> bool:
        """Whether approvals by these roles are signed: from the first key on that anybody ever in them had.

        No day on which somebody leaves, and no loss of a key, ends it.
        """
        had = {key.person for key in self.keys if key.has_counted}
        return bool(had) and any(
            key in had and set(person.roles) & set(roles)
            for people in self._people_until(on)
            for key, person in people.person.items()
        )

    def _people_until(self, on: date) -> Iterator[People]:
        """Every `people.toml` that was in force by a day, the newest first, as far as it can be read."""
        for release in reversed(self.releases):
            is_people = (release.kind, release.number) == (ItemKind.CONFIGURATION, "people.toml")
            if is_people and release.first_day is not None and (release.first_day <= on or release.is_first):
                with suppress(QmsError):
                    yield self._settings(release, People)

    def approval_of(self, release: Release, *, on: date) -> Approval:
        """The row of the approval matrix for a release on a day."""
        family = self.course(release).values.get("family")
        return self.organisation(on=on).approval_of(str(family or release.kind))

    def day_of(self, at: datetime) -> date:
        """The day of a moment in the organisation's zone of then."""
        return at.astimezone(self.organisation(on=at.date()).zone).date()

    def newest(self, kind: ItemKind, number: str) -> Release | None:
        """The revision of an item with the latest effective day, in force already or not yet."""
        found = decided(self.releases, kind, number)
        return found[-1] if found else None

    def open(self, kind: ItemKind, number: str) -> Release | None:
        """The revision of an item that waits for review or approval; there is one at most."""
        return next((r for r in self.releases if r.is_open and (r.kind, r.number) == (kind, number)), None)

    def named(self, number: str, revision: str | None = None) -> tuple[Release, ...]:
        """The releases of an item, one revision's or all, oldest first; configuration also by its last part."""
        of_number = tuple(r for r in self.releases if r.number == number)
        if not of_number:
            of_number = tuple(r for r in self.releases if r.number.endswith(f"/{number}"))
        return tuple(r for r in of_number if revision is None or r.revision == revision)

    def course(self, release: Release) -> Record:
        """The record of a release: every act on it that counts."""
        return lawful(_record(self.stored[release.record]), is_lawful)

    def events(self, release: Release) -> tuple[Stored, ...]:
        """The events of a release as they are stored."""
        return self.stored[release.record]

    def all_parameters(self, *, on: date) -> Mapping[str, Quantity]:
        """The parameters in force on a day, each of the first document that has it."""
        found: dict[str, Quantity] = {}
        for number in sorted({release.number for release in self.releases if release.kind is ItemKind.PROCEDURE}):
            release = in_force(self.releases, ItemKind.PROCEDURE, number, on=on)
            if release is not None:
                found = {**self.procedure(release).parameters, **found}
        return found

    def release(self, kind: ItemKind, number: str, *, on: date) -> Release:
        """The revision of an item in force on a day. Raises QmsError when there is none."""
        found = in_force(self.releases, kind, number, on=on)
        if found is None:
            current = {
                r.number for r in self.releases if r.kind is kind and in_force(self.releases, kind, r.number, on=on)
            }
            known = tuple(sorted(current))
            raise QmsError("{number} is not in force here; there are {known}", number=number, known=known)
        return found

    def files(self, release: Release) -> Mapping[str, bytes]:
        """The files of a release, every byte checked."""
        begun = next(stored for stored in self.stored[release.record] if is_lawful(stored.event, ""))
        return control.load(self.objects, self.commit, begun).files

    def _configuration(self, name: str, model: type[M], *, on: date) -> M:
        return self._settings(self.release(ItemKind.CONFIGURATION, name, on=on), model)

    def _settings(self, release: Release, model: type[M]) -> M:
        found = self.parsed.get(release.record)
        if not isinstance(found, model):
            data = next(iter(self.files(release).values()))
            found = parse(text_of(data, release.number), model, source=f"{release.number} {release.revision}")
            self.parsed[release.record] = found
        return found

    def organisation(self, *, on: date) -> Organisation:
        """`qms.toml` in force."""
        return self._configuration("qms.toml", Organisation, on=on)

    def people(self, *, on: date) -> People:
        """`people.toml` in force."""
        return self._configuration("people.toml", People, on=on)

    def schedule(self, *, on: date) -> Schedule:
        """The retention schedule in force."""
        return self._configuration("records/retention.toml", Schedule, on=on)

    def registers(self, *, on: date) -> tuple[Register, ...]:
        """The registers over several forms in force."""
        found = {r.number for r in self.releases if r.kind is ItemKind.CONFIGURATION}
        wanted = sorted(number for number in found if number.startswith("records/registers/"))
        return tuple(self._configuration(number, Register, on=on) for number in wanted)

    @cached_property
    def form_numbers(self) -> tuple[str, ...]:
        """The forms there are releases of, by number."""
        return tuple(sorted({r.number for r in self.releases if r.kind is ItemKind.FORM and r.first_day is not None}))

    def form_for(self, number: str, *, revision: str | None, on: date) -> FormInForce:
        """The form for a new record: the revision in force, or the named one while it may still come back."""
        current = self.release(ItemKind.FORM, number, on=on)
        if revision is None or revision == current.revision:
            return self._form(current)
        named = [r for r in decided(self.releases, ItemKind.FORM, number) if r.revision == revision]
        if not named:
            raise QmsError("{number} has no revision {revision}", number=number, revision=revision)
        begun = current.first_day or on
        if (named[-1].first_day or on) > begun or on > add_period(begun, self.organisation(on=on).grace.form):
            raise QmsError(
                "{number} {revision} is not in force; {current} is",
                number=number,
                revision=revision,
                current=current.revision,
                hint=message("qmsdocs record new {number}", number=number),
            )
        return self._form(named[-1])

    def form_known(self, number: str, *, on: date) -> FormInForce:
        """The form as people know it: the revision in force, else the last there was, else the first to come."""
        found = in_force(self.releases, ItemKind.FORM, number, on=on)
        if found is None:
            own = decided(self.releases, ItemKind.FORM, number)
            begun = [release for release in own if (release.first_day or on) <= on]
            if not own:
                return self.form_for(number, revision=None, on=on)  # says what there is
            found = begun[-1] if begun else own[0]
        return self._form(found)

    def form_of(self, reference: FormReference) -> FormInForce:
        """The form revision a record was issued on. Raises QmsError when its release is not held here."""
        release = self._by_manifest.get((ItemKind.FORM, reference.sha256))
        if release is None:
            raise QmsError(
                "the form {number} {revision} of this record is not held here",
                number=reference.number,
                revision=reference.revision,
            )
        return self._form(release)

    @cached_property
    def _by_manifest(self) -> Mapping[tuple[ItemKind, str], Release]:
        return {(release.kind, release.manifest): release for release in self.releases}

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

    def marked(self, form: Form) -> Form:
        """The form, personal wherever one of its revisions held here is: what was personal once stays so."""
        if id(form) not in self._marked:  # the form is kept beside, so that no other can have its id
            own = (self._form(r) for r in self.releases if (r.kind, r.number) == (ItemKind.FORM, form.number))
            self._marked[id(form)] = form, marked(form, (revision.form for revision in own))
        return self._marked[id(form)][1]

    @cached_property
    def _marked(self) -> dict[int, tuple[Form, Form]]:
        return {}

    @cached_property
    def _procedures(self) -> dict[str, Procedure]:
        return {}

    def procedure(self, release: Release) -> Procedure:
        """The procedure of a release."""
        if release.manifest not in self._procedures:
            source = f"{release.number} {release.revision}"
            data = next(data for path, data in self.files(release).items() if path.endswith(".md"))
            self._procedures[release.manifest] = parse_procedure(text_of(data, source), source=source)
        return self._procedures[release.manifest]

    def procedure_of(self, manifest: str) -> Procedure | None:
        """The procedure revision with a manifest, None where it is not held here."""
        release = self._by_manifest.get((ItemKind.PROCEDURE, manifest))
        return self.procedure(release) if release is not None else None

    def parameters(self, number: str, *, on: date) -> tuple[Mapping[str, Quantity], Mapping[str, str]]:
        """The parameters of a procedure in force on a day, and the manifest they come from."""
        release = self.release(ItemKind.PROCEDURE, number, on=on)
        return self.procedure(release).parameters, {number: release.manifest}

    def meanings(self, manifest: str) -> Meanings:
        """What the index must know of a form revision; nothing where it is not held here."""
        release = self._by_manifest.get((ItemKind.FORM, manifest))
        if release is None:
            return Meanings()
        form = self._form(release).form
        means = {item.means: name for name, item in reversed(tuple(form.field.items())) if item.means is not None}
        looked_up = {name for item in form.values.values() if item.lookup for name in item.lookup.same}
        return Meanings(means, form.closed_states, tuple(sorted(looked_up)))


def _record(events: tuple[Stored, ...]) -> Record:
    return Record(tuple(stored.event for stored in events))


def _readable(read: Callable[[Record], T], records: Iterable[tuple[Stored, ...]]) -> Iterator[T]:
    """What the records say; one that says nothing understandable gives nobody a right."""
    for events in records:
        with suppress(ValueError):
            yield read(_record(events))


def _release(record: Record) -> Release:
    try:
        return Release.of(record)
    except ValueError:  # a state or kind of a later program
        raise QmsError("{number} needs a newer program", number=record.number) from None
