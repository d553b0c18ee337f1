"""The words of a command: what was asked for beside it, its language, and lines that a terminal may show."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import click

from qmsdocs.base.errors import Message
from qmsdocs.base.language import Catalogue, Language


def one_line(text: str) -> str:
    """`text` on one line, so that a message is always one line; what a terminal would obey stands as its code."""
    return "".join(sign if _is_plain(sign) else f"\\u{ord(sign):04x}" for sign in " ".join(text.splitlines()))


def _is_plain(sign: str) -> bool:
    return sign.isprintable() or sign == "\t" or unicodedata.category(sign) == "Zs"


def plain_lines(text: str) -> str:
    """`text` line by line, each as `one_line` would print it."""
    return "\n".join(one_line(line) for line in text.split("\n"))


@dataclass
class Wishes:
    """What was asked for beside the command itself; light, so that help needs nothing else."""

    catalogue: Catalogue
    clock: Callable[[], datetime] | None = None
    root: Path | None = None
    quiet: bool = False
    verbose: bool = False
    color: str = "auto"
    on: date | None = None
    person: str | None = None
    site: str | None = None
    session: object = None


def language_of(context: click.Context) -> Language:
    """The language of the command."""
    wishes = context.find_root().obj
    return wishes.catalogue.language if isinstance(wishes, Wishes) else Language.EN


def say(context: click.Context, said: Message | str, /) -> str:
    """`said` in the language of the command."""
    wishes = context.find_root().obj
    return wishes.catalogue.say(said) if isinstance(wishes, Wishes) else str(said)
