"""Releases of controlled items, and which of them is in force on a day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ItemKind(StrEnum):
    """What a controlled item is."""

    FORM = "form"
    PROCEDURE = "procedure"
    CONFIGURATION = "configuration"


IN_FORCE = frozenset({"trial", "in_force"})


@dataclass(frozen=True, slots=True)
class Release:
    """One revision put into force: `manifest` is the sha256 of the revision, `record` the number of the release."""

    kind: ItemKind
    number: str
    revision: str
    manifest: str
    effective_on: date
    trial_until: date | None
    state: str
    record: str
    serial: int

    @property
    def is_trial(self) -> bool:
        """Whether it is in force on trial (试行)."""
        return self.state == "trial"


def in_force(releases: Iterable[Release], kind: ItemKind, number: str, *, on: date) -> Release | None:
    """The revision in force on the day `on`: the last one effective by then.

    For a day before the first revision came into force the first one counts: what was received just before the
    system began is judged by the rules it began with.
    """
    own = [r for r in releases if r.kind is kind and r.number == number and r.state in IN_FORCE]
    begun = [release for release in own if release.effective_on <= on]
    if begun:
        return max(begun, key=lambda release: (release.effective_on, release.serial))
    return min(own, key=lambda release: (release.effective_on, release.serial), default=None)
