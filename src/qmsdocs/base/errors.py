"""Messages with their values apart, and the one expected error type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Message:
    """An English template and the values it speaks of; the template is the key of the language catalogue."""

    template: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.template.format_map({name: str(value) for name, value in self.values.items()})


def message(template: str, /, **values: object) -> Message:
    """The message of `template` with `values`."""
    return Message(template, values)


class QmsError(Exception):
    """A request that cannot be carried out: which thing, what is wrong, and as a hint what to do."""

    def __init__(self, template: str, /, *, hint: Message | None = None, **values: object) -> None:
        self.message = Message(template, values)
        self.hint = hint
        super().__init__(template)

    def __str__(self) -> str:
        return str(self.message)
