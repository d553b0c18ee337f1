"""A line of Markdown as spans: words, parameters, references, addresses; nothing in it is ever active."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from markdown_it.token import Token

from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.render.prose import Line, Span, SpanKind, Surroundings

_NAMED = re.compile(r"\{\{([^{}]{1,200})\}\}|\[([^\[\]\n]{1,100})\]|<br ?/?>")
_ADDRESS = re.compile(r"(?:https?|mailto):", re.IGNORECASE)
_STYLES = {"strong_open": 1, "em_open": 1, "strong_close": -1, "em_close": -1}
_SOFT = Span("\n")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line of text stands, for messages."""

    source: str
    line: int

    def refuse(self, reason: Message, *, hint: Message | None = None) -> QmsError:
        """The error of this place."""
        return QmsError("{source}:{line}: {reason}", source=self.source, line=self.line, reason=reason, hint=hint)


def spans(tokens: Sequence[Token], around: Surroundings, place: Place) -> Line:
    """The spans of one inline run. Raises QmsError for a name that is not there, and for a picture among words."""
    return _tidy(_Reader(around, place).read(tokens))


@dataclass(slots=True)
class _Reader:
    """Emphasis is bold, since a Chinese page has no italics."""

    around: Surroundings
    place: Place
    depth: int = 0
    words: str = ""
    address: str = ""
    found: list[Span] = field(default_factory=list)

    def read(self, tokens: Sequence[Token]) -> list[Span]:
        for token in tokens:
            if token.type == "text":
                self.words += token.content
                continue
            self._flush()
            self._other(token)
        self._flush()
        return self.found

    def _other(self, token: Token) -> None:
        match token.type:
            case "strong_open" | "em_open" | "strong_close" | "em_close":
                self.depth += _STYLES[token.type]
            case "softbreak" | "hardbreak":
                self.place = replace(self.place, line=self.place.line + 1)
                self.found.append(_SOFT if token.type == "softbreak" else Span("\n", SpanKind.BREAK))
            case "code_inline":
                self.found.append(Span(token.content, is_bold=self.depth > 0, is_code=True))
            case "link_open":
                self.address = str(token.attrs["href"])
            case "link_close":
                self._close_link()
            case "image":
                raise self.place.refuse(message("a picture stands in a paragraph of its own"))
            case _:
                self._add(token.content)

    def _close_link(self) -> None:
        if not _ADDRESS.match(self.address):
            self._add(f" ({self.address})")
        self.address = ""

    def _flush(self) -> None:
        at = 0
        for match in _NAMED.finditer(self.words):
            span = self._named(match)
            if span is not None:
                self._add(self.words[at : match.start()])
                self.found.append(span)
                at = match.end()
        self._add(self.words[at:])
        self.words = ""

    def _add(self, text: str) -> None:
        if not text:
            return
        if _ADDRESS.match(self.address):
            self.found.append(Span(text, SpanKind.LINK, self.depth > 0, target=self.address))
        else:
            self.found.append(Span(text, is_bold=self.depth > 0))

    def _named(self, match: re.Match[str]) -> Span | None:
        tag, number = match.groups()
        if tag is not None:
            return self._parameter(tag.strip())
        if number is None:
            return Span("\n", SpanKind.BREAK)
        if number in self.around.titles:
            return Span(number, SpanKind.REFERENCE, self.depth > 0, target=number)
        return None

    def _parameter(self, tag: str) -> Span:
        name = tag.removeprefix("p.")
        if name == tag or name not in self.around.parameters:
            raise self.place.refuse(
                message("there is no parameter {name}", name=name),
                hint=message("the front matter names them under [parameter]; in the text: {{{{ p.name }}}}"),
            )
        return Span(self.around.parameters[name], SpanKind.PARAMETER, self.depth > 0, target=name)


def is_wide(sign: str) -> bool:
    """Whether it is a character of Chinese text, beside which no space is set."""
    return unicodedata.east_asian_width(sign) in "WF"


def _tidy(found: Sequence[Span]) -> Line:
    """Lines joined, and the space typed between Chinese words and a tag taken away."""
    joined: list[Span] = []
    for before, span, after in zip([None, *found], found, [*found[1:], None], strict=False):
        text = span.text
        if span is _SOFT:
            text = _between(before, after)
        elif span.kind is SpanKind.TEXT and not span.is_code:
            text = _without_space(text, before, after)
        if joined and _alike(joined[-1], span):
            joined[-1] = replace(joined[-1], text=joined[-1].text + text)
        elif text:
            joined.append(replace(span, text=text))
    return tuple(joined)


def _between(before: Span | None, after: Span | None) -> str:
    """What stands for the end of a line of source: nothing beside a Chinese character, otherwise a space."""
    if before is None or after is None:
        return ""
    return "" if is_wide(before.text[-1:] or " ") or is_wide(after.text[:1] or " ") else " "


def _without_space(text: str, before: Span | None, after: Span | None) -> str:
    tags = (SpanKind.PARAMETER, SpanKind.REFERENCE)
    if after is not None and after.kind in tags and text[-1:] == " " and is_wide(text[-2:-1] or "a"):
        text = text[:-1]
    if before is not None and before.kind in tags and text[:1] == " " and is_wide(text[1:2] or "a"):
        text = text[1:]
    return text


def _alike(first: Span, second: Span) -> bool:
    same = first.kind is second.kind and first.kind in (SpanKind.TEXT, SpanKind.LINK)
    return same and replace(first, text="") == replace(second, text="")
