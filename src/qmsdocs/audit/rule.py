"""What a rule is: a code, and a function that yields what it finds wrong. Its texts are in `builtin/rules`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qmsdocs.base.errors import Message

if TYPE_CHECKING:  # rules over single records do without, and the guard of a shared store with them
    from qmsdocs.audit.scope import Scope


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing a rule found: about what (the number of a record or document, a ledger, a file), and what is wrong."""

    subject: str
    message: Message
    place: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule over the whole repository. `check` reads, never writes, and never raises for what people stored."""

    code: str
    check: Callable[[Scope], Iterator[Hit]]
