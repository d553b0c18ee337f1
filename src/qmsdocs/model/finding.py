"""What the program noticed about data: a code, how bad, about what, and what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from qmsdocs.base.errors import Message


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing noticed. `subject` names the item (a form, a record), `place` the key or line inside it."""

    code: str
    severity: Severity
    subject: str
    message: Message
    place: str = ""
