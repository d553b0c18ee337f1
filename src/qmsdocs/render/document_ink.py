"""Words on their way to a page: escaped, and remembered where no shipped face can print them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.language import Language, Text
from qmsdocs.render import fonts


@dataclass(slots=True)
class Ink:
    """What writes one document."""

    language: Language
    missing: dict[str, None] = field(default_factory=dict)

    def text(self, words: str) -> str:
        """`words` for HTML."""
        self.missing |= dict.fromkeys(fonts.missing(words))
        return escape(words)

    def spoken(self, words: Text) -> str:
        """What a page says of itself, for HTML."""
        return self.text(words.of(self.language))

    def check(self, name: str) -> None:
        """Raises QmsError, for the document `name`, when a character was met that would print as an empty box."""
        if self.missing:
            characters = tuple(
                f"{sign} (U+{ord(sign):04X})" if sign.isprintable() else f"U+{ord(sign):04X}" for sign in self.missing
            )
            raise QmsError(
                "{name}: no face of this program has {characters}",
                name=name,
                characters=characters,
                hint=message("write it in other characters, or as a picture"),
            )
