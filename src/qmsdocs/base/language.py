"""Which language a person reads, and the catalogue that turns English templates into it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Protocol, runtime_checkable

from qmsdocs.base.errors import Message

_FOLDER = Path(__file__).parent.parent / "language"


class Language(StrEnum):
    """The languages every user-facing text exists in."""

    ZH = "zh"
    EN = "en"

    @property
    def other(self) -> Language:
        """The language that this one is not."""
        return Language.EN if self is Language.ZH else Language.ZH

    @property
    def comma(self) -> str:
        """What stands between the parts of a list."""
        return "、" if self is Language.ZH else ", "


@runtime_checkable
class Spoken(Protocol):
    """What has words of its own in each language: a text of a definition, a quantity."""

    def of(self, language: Language) -> str:
        """The words in `language`."""


@dataclass(frozen=True, slots=True)
class Text:
    """What a definition says in each language."""

    zh: str
    en: str

    def of(self, language: Language) -> str:
        """The text in `language`."""
        return self.zh if language is Language.ZH else self.en

    def __str__(self) -> str:
        return self.en


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The sentences of one language, by English template."""

    language: Language
    entries: Mapping[str, str]

    @classmethod
    def load(cls, language: Language) -> Catalogue:
        """The catalogue of `language`; English needs none."""
        return cls(language, _entries(language))

    def say(self, said: Message | str, /, **values: object) -> str:
        """`said` in this language, values filled in; a template without an entry stays English."""
        found = said if isinstance(said, Message) else Message(said, values)
        template = self.entries.get(found.template, found.template)
        return template.format_map({name: self._value(value) for name, value in found.values.items()})

    def _value(self, value: object) -> str:
        if isinstance(value, Message):
            return self.say(value)
        if isinstance(value, Spoken):
            return value.of(self.language)
        if isinstance(value, tuple):
            return self.language.comma.join(self._value(part) for part in value)
        return str(value)


@cache
def _entries(language: Language) -> Mapping[str, str]:
    merged: dict[str, str] = {}
    for path in sorted((_FOLDER / language.value).glob("*.toml")):
        merged |= tomllib.loads(path.read_text("utf-8"))
    return merged
