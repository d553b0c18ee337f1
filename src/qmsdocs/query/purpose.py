"""Records by what their forms are for, their values by what they mean; and the controlled items they speak of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import QmsError
from qmsdocs.model.form import Field, FieldType, Form
from qmsdocs.model.release import ItemKind, Release, follower
from qmsdocs.store.index import Filter
from qmsdocs.store.rows import Row
from qmsdocs.system.definitions import FormInForce
from qmsdocs.system.view import System


class Purpose(StrEnum):
    """What a form is for, where its records are read here."""

    DISTRIBUTION = "distribution"
    READING = "reading"
    EXTERNAL = "external"
    PERIODIC_REVIEW = "periodic_review"
    LENDING = "lending"
    COMPLAINT = "complaint"
    SATISFACTION = "satisfaction"


@dataclass(frozen=True, slots=True)
class Entry:
    """A record of a purpose with its own form revision: its values by what they mean."""

    row: Row
    form: Form
    fields: Mapping[str, str]
    values: Mapping[str, Json]

    def text(self, means: str) -> str:
        """The text that means so, empty where there is none."""
        value = self._value(means)
        return value if isinstance(value, str) else "" if value is None else str(value)

    def day(self, means: str) -> date | None:
        """The day that means so, None where there is none."""
        return day_of(self._value(means))

    def rows(self, means: str) -> Iterator[tuple[Field, Mapping[str, Json]]]:
        """The table that means so, with each of its rows."""
        value = self._value(means)
        for row in value if isinstance(value, list) else ():
            if isinstance(row, dict):
                yield self.form.field[self.fields[means]], row

    def _value(self, means: str) -> Json:
        name = self.fields.get(means)
        return self.values.get(name) if name is not None else None


def fields_of(form: Form) -> Mapping[str, str]:
    """The fields by what they mean, the first of each meaning; a field of that name where none means so."""
    meant = {field.means: name for name, field in reversed(tuple(form.field.items())) if field.means is not None}
    return {name: name for name in form.values} | meant


def field_of(form: Form, means: str) -> str | None:
    """The field that means so, else the one of that name, None where there is neither."""
    return form.meaning(means) or (means if means in form.values else None)


def day_of(value: Json) -> date | None:
    """The day of a canonical date or instant, None where there is none."""
    try:
        return datetime.fromisoformat(value).date() if isinstance(value, str) else None
    except ValueError:  # a company's form may hold it as plain text
        return None


def forms_for(system: System, purpose: Purpose) -> tuple[FormInForce, ...]:
    """The forms in force that have a purpose, by number."""
    return tuple(form for form in system.forms_in_force if form.form.purpose == purpose)


def numbers_for(system: System, purpose: Purpose) -> tuple[str, ...]:
    """The forms that have or had a purpose, whether in force or not."""
    decided = (r for r in system.releases if r.kind is ItemKind.FORM and r.first_day is not None)
    return tuple(sorted({r.number for r in decided if system.form_of(r.form).form.purpose == purpose}))


def entries(system: System, purpose: Purpose) -> Iterator[Entry]:
    """Every record of a purpose, void ones too, in order of form, year and number."""
    numbers = numbers_for(system, purpose)
    if not numbers:
        return
    known: dict[str, Mapping[str, str]] = {}
    for row in system.index.records(Filter(forms=numbers)):
        form = system.form_of_row(row).form
        if row.form_sha256 not in known:
            known[row.form_sha256] = fields_of(form)
        if form.purpose == purpose:
            yield Entry(row, form, known[row.form_sha256], row.shown)


def numbers_in_force(system: System, kind: ItemKind) -> Iterator[str]:
    """The items of a kind that are in force today, by number."""
    for number in sorted({release.number for release in system.releases if release.kind is kind}):
        if system.in_force(kind, number) is not None:
            yield number


def column(table: Field, means: str) -> str:
    """The column that means so; for the reader else the first one that holds a person, else empty."""
    for name, field in table.column.items():
        if field.means == means:
            return name
    if means != "reader":
        return ""
    return next((name for name, field in table.column.items() if field.type is FieldType.PERSON), "")


def kind_of(system: System, number: str) -> ItemKind:
    """What kind of controlled item a number is. Raises QmsError when there is none."""
    known = {release.kind for release in system.releases if release.number == number}
    for kind in (ItemKind.PROCEDURE, ItemKind.FORM, ItemKind.CONFIGURATION):
        if kind in known:
            return kind
    documents = tuple(sorted({r.number for r in system.releases if r.kind is ItemKind.PROCEDURE}))
    raise QmsError("{number} is not in force here; there are {known}", number=number, known=documents)


def ceased_on(system: System, release: Release) -> date | None:
    """The day a release stopped being in force, None while it is or is still to be."""
    later = follower(system.releases, release)
    days = [day for day in (later.first_day if later else None, release.withdrawn_on) if day is not None]
    gone = [day for day in days if day <= system.today]
    return min(gone, default=None)
