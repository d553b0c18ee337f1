"""`waivers.toml`: findings that are accepted for a time, each with its reason, its approver and its last day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from pydantic import model_validator

from qmsdocs.base.errors import message
from qmsdocs.base.toml import Definition, LocatedError
from qmsdocs.model.finding import Finding
from qmsdocs.model.quantity import Quantity, parse

WAIVERS = "waivers.toml"
EVERYTHING = "*"
LONGEST: Quantity = parse("1 year")  # from the day it is first in force


class Waiver(Definition):
    """One accepted finding: of which rule, about what (`*`: whatever it is about), why, by whom, until when.

    With `place` only what is found there, as `audit -v` names it. `expires` is the last day it holds.
    """

    code: str
    subject: str
    place: str = ""
    reason: str
    approved_by: str
    expires: date

    @model_validator(mode="after")
    def _filled(self) -> Waiver:
        for key in ("code", "subject", "reason", "approved_by"):
            if not getattr(self, key).strip():
                raise LocatedError(message("the text is empty"), key)
        return self

    def covers(self, finding: Finding) -> bool:
        """Whether it speaks of `finding`."""
        is_there = self.place in ("", finding.place)
        return self.code == finding.code and self.subject in (EVERYTHING, finding.subject) and is_there

    def __str__(self) -> str:
        return f"{self.code} {self.subject} {self.place}".rstrip()


class Waivers(Definition):
    """The whole of `waivers.toml`."""

    format: int = 1
    waiver: tuple[Waiver, ...] = ()

    @model_validator(mode="after")
    def _once(self) -> Waivers:
        doubled = _first_doubled((item.code, item.subject, item.place) for item in self.waiver)
        if doubled is not None:
            raise LocatedError(message("the same finding is accepted twice"), "waiver", str(doubled))
        return self


def _first_doubled(found: Iterable[object]) -> int | None:
    """The position of the first one that stood before."""
    seen: set[object] = set()
    for position, item in enumerate(found):
        if item in seen:
            return position
        seen.add(item)
    return None
