"""Messages with their values apart, and the one expected error type."""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Message:
    """An English template and the values it speaks of; the template is the key of the language catalogue."""

    template: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.template.format_map({name: _english(value) for name, value in self.values.items()})


def _english(value: object) -> str:
    return ", ".join(_english(part) for part in value) if isinstance(value, tuple) else str(value)


def message(template: str, /, **values: object) -> Message:
    """The message of `template` with `values`."""
    return Message(template, values)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` may have been meant to be, None where none is like it."""
    return next(iter(difflib.get_close_matches(name, tuple(known), n=1, cutoff=0.6)), None)


def unknown(what: Message, name: str, known: Iterable[str]) -> Message:
    """What is said of a name nobody knows: the nearest known one is proposed."""
    if (near := nearest(name, known)) is not None:
        return message('unknown {what} "{name}", did you mean "{nearest}"?', what=what, name=name, nearest=near)
    return message('unknown {what} "{name}"', what=what, name=name)


_REASONS = {
    errno.ENOENT: message("there is no such file or folder"),
    errno.EACCES: message("this is not permitted"),
    errno.EPERM: message("this is not permitted"),
    errno.EISDIR: message("it is a folder"),
    errno.ENOTDIR: message("a part of the path is no folder"),
    errno.EEXIST: message("it is there already"),
    errno.ENOSPC: message("the disk is full"),
    errno.EROFS: message("the disk is read-only"),
    errno.ENAMETOOLONG: message("the name is too long"),
}


def cause(error: OSError) -> Message | str:
    """Why the system refused, in words; its own words where it is a rare case."""
    return _REASONS.get(error.errno or 0) or error.strerror or str(error)


class QmsError(Exception):
    """A request that cannot be carried out: which thing, what is wrong, and as a hint what to do."""

    def __init__(self, template: str, /, *, hint: Message | None = None, **values: object) -> None:
        self.message = Message(template, values)
        self.hint = hint
        super().__init__(template)

    def __str__(self) -> str:
        return str(self.message)
