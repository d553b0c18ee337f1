"""The clauses of the standards that procedures and rules cite: numbers and titles of our own, as data."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib import resources

from qmsdocs.base.errors import QmsError
from qmsdocs.base.files import text_of
from qmsdocs.base.toml import Definition, parse
from qmsdocs.model.form import Names, Words

_PART = re.compile(r"[0-9]+|[A-Za-z]+")


class ClauseSet(Definition):
    """One standard: its name as clauses are cited with it, other ways to write it, its clauses by number."""

    standard: str
    aliases: Names = ()
    title: Words
    clause: Mapping[str, Words]


@cache
def clause_sets() -> Mapping[str, ClauseSet]:
    """Every standard by its name."""
    folder = resources.files("qmsdocs") / "builtin/clauses"
    paths = sorted((path for path in folder.iterdir() if path.name.endswith(".toml")), key=lambda path: path.name)
    found = (parse(text_of(path.read_bytes(), path.name), ClauseSet, source=path.name) for path in paths)
    return {item.standard: item for item in found}


def clause_set(written: str) -> ClauseSet:
    """The standard somebody wrote, such as `ISO9001`, `iso 9001` or `10002`. Raises QmsError for another one."""
    wanted = _plain(written)
    for item in clause_sets().values():
        if wanted in {_plain(name) for name in (item.standard, *item.aliases)}:
            return item
    raise QmsError("there are no clauses of {standard}; there are {known}",
                   standard=written, known=tuple(clause_sets()))  # fmt: skip


def _plain(written: str) -> str:
    """A name without blanks, case and year: `ISO 9001:2015` is `iso9001`."""
    text = unicodedata.normalize("NFKC", written).casefold()
    return re.sub(r"[\s_/]|:(19|20)\d\d$", "", text)


def order_of(clause: str) -> tuple[tuple[int, int, str], ...]:
    """What clauses are sorted by: 9.2 before 10.1, 11.10(b) before 11.10(c)."""
    parts = _PART.findall(clause)
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts)


def is_within(clause: str, above: str) -> bool:
    """Whether a clause is `above` or a part of it."""
    own, other = _PART.findall(clause), _PART.findall(above)
    return own[: len(other)] == other
