"""The retention schedule: how long each class of records is kept, from which event, and what happens then."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pydantic import Field as Key
from pydantic import model_validator

from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.language import Language
from qmsdocs.base.toml import Definition, LocatedError
from qmsdocs.model.form import IDENTIFIER, Words
from qmsdocs.model.quantity import Quantity, parse

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
    """One class of records. `period` is a quantity of days, months or years, or `permanent`."""

    title: Words
    trigger: Trigger
    period: str
    disposition: Disposition
    basis: Words
    caution: Words | None = None
    medium: Words | None = None
    department: Words | None = None

    @property
    def length(self) -> Quantity | None:
        """How long the records are kept, None for permanent."""
        return None if self.period == PERMANENT else parse(self.period)

    def words(self, language: Language) -> str:
        """The period as a reader of `language` writes it."""
        return self.length.of(language) if self.length is not None else self.period

    @model_validator(mode="after")
    def _period(self) -> RetentionClass:
        try:
            if self.length is not None and not self.length.is_duration:
                raise LocatedError(message("must be a period such as 24 hours"), "period")
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
