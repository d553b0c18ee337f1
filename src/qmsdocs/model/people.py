"""Who may do what: people, their roles, and the keys they sign with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pydantic import Field as Key

from qmsdocs.base.toml import Definition
from qmsdocs.model.form import Names, Words


class Role(Definition):
    """A role that steps name."""

    title: Words


class PublicKey(Definition):
    """An Ed25519 SSH public key and the days it counts."""

    public: str
    from_: date = Key(alias="from")
    until: date | None = None
    lost_on: date | None = None

    def counts(self, on: date) -> bool:
        """Whether what is signed with it on the day `on` counts: within its time, and before it was lost."""
        return (
            self.from_ <= on
            and (self.until is None or on <= self.until)
            and (self.lost_on is None or on < self.lost_on)
        )


class Person(Definition):
    """A person by id: the printed name, roles, and the days the person serves."""

    name: str
    roles: Names = ()
    from_: date | None = Key(default=None, alias="from")
    until: date | None = None
    department: str | None = None
    key: Mapping[str, PublicKey] = {}

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
