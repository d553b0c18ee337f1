"""Everything a page says, as plain facts; made from a record (or from nothing: a blank) before anything is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from qmsdocs.base.canonical import Json
from qmsdocs.base.language import Language, Text
from qmsdocs.model.form import Form
from qmsdocs.model.record import Correction

ISSUE = "issue"  # the act every record begins with; the other acts bear the names of the form's steps
UNDATED = datetime(2000, 1, 1, tzinfo=UTC)  # what a page bears that has no date of its own


@dataclass(frozen=True, slots=True)
class Act:
    """One act on the record: the issue or a step, by whom and when; `mark` is there when it was signed."""

    step: str
    title: Text
    by: str
    at: datetime
    meaning: str | None
    mark: str | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands on the page of one record. `number` None is a blank or a preview: its empty cells stay empty."""

    form: Form
    revision: str
    language: Language
    organisation: str
    zone: ZoneInfo
    number: str | None
    state: Text | None
    status: Text | None
    values: Mapping[str, Json]
    derived: Mapping[str, Json]
    people: Mapping[str, str]
    corrections: tuple[Correction, ...]
    acts: tuple[Act, ...]
    reasons: Mapping[str, str]
    applies: frozenset[str]
    retention: str
    department: str
    receipt: str | None
    check: str
    payload: str
    logo: bytes | None
    is_void: bool = False

    @property
    def begun_and_changed(self) -> tuple[datetime, datetime]:
        """When the first and when the last of its acts and corrections were recorded."""
        moments = [act.at for act in self.acts] + [item.event.recorded_at for item in self.corrections]
        return min(moments, default=UNDATED), max(moments, default=UNDATED)
