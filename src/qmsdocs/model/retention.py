"""The retention schedule: how long each class of records is kept, from which event, and what happens then."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property

from pydantic import Field as Key
from pydantic import model_validator

from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.language import Language
from qmsdocs.base.toml import Definition, LocatedError
from qmsdocs.model.calendar import CIVIL, add_period
from qmsdocs.model.form import IDENTIFIER, Words
from qmsdocs.model.hold import Decision, DecisionKind
from qmsdocs.model.quantity import Quantity, parse

SCHEDULE = "records/retention.toml"
PERMANENT = "permanent"


class Trigger(StrEnum):
    """The event a retention period is counted from."""

    ISSUED = "issued"
    CLOSED = "closed"
    APPROVED = "approved"
    SUPERSEDED = "superseded"
    CONTRACT_ENDED = "contract_ended"
    RETURNED = "returned"
    LEFT = "left"
    HANDOVER = "handover"
    RELEASED = "released"
    REGISTRATION_ENDED = "registration_ended"
    PRODUCTION_ENDED = "production_ended"


class Disposition(StrEnum):
    """What happens when the period has ended."""

    DESTROY = "destroy"
    TRANSFER = "transfer"
    KEEP = "keep"
    REVIEW = "review"


class RetentionClass(Definition):
    """One class of records. `period` is a quantity of days, weeks, months or years, or `permanent`.

    `place` says where the paper originals lie.
    """

    title: Words
    trigger: Trigger
    period: str
    disposition: Disposition
    basis: Words
    caution: Words | None = None
    medium: Words | None = None
    department: Words | None = None
    place: Words | None = None

    @cached_property
    def length(self) -> Quantity | None:
        """How long the records are kept, None for permanent."""
        return None if self.period == PERMANENT else parse(self.period)

    def words(self, language: Language) -> str:
        """The period as a reader of `language` writes it."""
        return self.length.of(language) if self.length is not None else self.period

    @model_validator(mode="after")
    def _period(self) -> RetentionClass:
        try:
            if self.length is not None and (self.length.unit not in CIVIL or self.length.amount < 1):
                raise LocatedError(message("must be days, weeks, months or years"), "period")
        except QmsError as error:
            raise LocatedError(error.message, "period") from None
        return self


class Schedule(Definition):
    """`records/retention.toml`."""

    format: int = 1
    caution: Words | None = None
    class_: Mapping[str, RetentionClass] = Key(alias="class")

    @model_validator(mode="after")
    def _class(self) -> Schedule:
        for name in self.class_:
            if not IDENTIFIER.fullmatch(name):
                raise LocatedError(message("an id is small letters, digits and -, at most 31"), "class", name)
        return self


def due_on(retention: RetentionClass, trigger_on: date) -> date | None:
    """The first day a record may be disposed of, None where it is kept for good.

    The period is counted from the day after the trigger; one of months or years ends on the same day of its last
    month, or on the last day of that month where it has no such day (Civil Code of China, art. 201-202).
    """
    return None if retention.length is None else following(last_day(trigger_on, retention.length))


def extended(
    classes: Mapping[str, RetentionClass], end: date | None, begun: date | None, decision: Decision | None
) -> date | None:
    """The day a period ends, as a decision to keep longer moves it; it never moves it nearer."""
    if end is None or begun is None or decision is None or decision.kind is not DecisionKind.KEEP:
        return end
    if decision.until_on is not None:
        return max(end, following(decision.until_on))
    longer = classes.get(decision.retention)
    later = due_on(longer, begun) if longer is not None else end
    return None if later is None else max(end, later)


def last_day(begun: date, period: Quantity) -> date:
    """The last day of a period whose first day is not counted; the last one there is, beyond the calendar."""
    try:
        return add_period(begun, period)
    except (ValueError, OverflowError):
        return date.max


def following(day: date) -> date:
    """The day after, the last one there is after that."""
    return day if day == date.max else day + timedelta(days=1)
