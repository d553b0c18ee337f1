"""Who may do what: people and their roles."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pydantic import Field as Key

from qmsdocs.base.toml import Definition
from qmsdocs.model.form import Names, Words


class Role(Definition):
    """A role that steps name."""

    title: Words


class Person(Definition):
    """A person by id: the printed name, roles, and the days the person serves."""

    name: str
    roles: Names = ()
    from_: date | None = Key(default=None, alias="from")
    until: date | None = None
    department: str | None = None

    def serves(self, on: date) -> bool:
        """Whether the person is there on the day `on`."""
        return (self.from_ is None or self.from_ <= on) and (self.until is None or on <= self.until)


class People(Definition):
    """`people.toml`."""

    format: int = 1
    role: Mapping[str, Role] = {}
    person: Mapping[str, Person] = {}

    def names(self) -> Mapping[str, str]:
        """Printed names by id."""
        return {key: person.name for key, person in self.person.items()}

    def has_role(self, person: str, roles: tuple[str, ...], *, on: date) -> bool:
        """Whether `person` serves on the day `on` in one of `roles` (any role when none is named)."""
        found = self.person.get(person)
        return found is not None and found.serves(on) and (not roles or bool(set(roles) & set(found.roles)))

    def in_role(self, roles: tuple[str, ...], *, on: date) -> tuple[str, ...]:
        """The ids of the people who serve in one of `roles` on the day `on`."""
        return tuple(key for key in self.person if self.has_role(key, roles, on=on))
