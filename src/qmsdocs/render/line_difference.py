"""Two versions of a line compared: what was taken away and what was added, in stretches that read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import chain, groupby
from typing import TypeAlias

from qmsdocs.render.align import MOST_COMPARISONS, opcodes
from qmsdocs.render.prose import Line, Span, SpanKind

_TOKEN = re.compile(
    r"\d{4}年\d{1,2}月(?:\d{1,2}日)?"  # a day, whole
    r"|\d(?:\d|[.,:/-](?=\d))*[%％‰]?"  # a number, a time of day, 2026-12-01
    r"|[^\W\d_\u2e80-\uffff](?:[^\W_\u2e80-\uffff]|[-./·'’](?=[^\W_\u2e80-\uffff]))*"  # a word, a document number
    r"|[^\S\n]+|.",
    re.DOTALL,
)
_SENTENCE_ENDS = frozenset("。；！？.;!?\n")
_SHORTEST_KEPT = 2  # characters; less between two changes reads worse than no stop at all
_LEAST_KEPT = 0.25  # of the shorter line; below it the old one is struck as a whole


class Mark(StrEnum):
    """What became of a stretch of text."""

    KEPT = "kept"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text with what became of it; a line feed begins a new line."""

    text: str
    mark: Mark = Mark.KEPT
    is_bold: bool = False
    is_code: bool = False


Marked: TypeAlias = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class _Token:
    """The smallest part that is never torn: a Chinese character, a word, a number, a date."""

    text: str
    is_bold: bool
    is_code: bool


_Tokens: TypeAlias = "tuple[_Token, ...]"


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Tokens of both lines that belong together; where they are kept both sides are the same."""

    old: _Tokens
    new: _Tokens
    is_kept: bool

    @property
    def size(self) -> int:
        """The characters of its longer side, blanks not counted."""
        return max(_length(self.old), _length(self.new))


def compared(old: Line, new: Line) -> Marked:
    """`new` with what `old` had besides, each where it stood; kept text looks as it does in `new`."""
    first, last = _tokens(old), _tokens(new)
    stretches = _smooth(_stretches(first, last))
    kept = sum(stretch.size for stretch in stretches if stretch.is_kept)
    if kept < _LEAST_KEPT * min(_length(first), _length(last)):
        stretches = (_Stretch(first, last, is_kept=False),)
    return _joined(stretches)


def compared_text(old: str, new: str) -> Marked:
    """Two plain texts compared as lines are."""
    return compared((Span(old),), (Span(new),))


def marked(line: Line, mark: Mark = Mark.KEPT) -> Marked:
    """The whole line with one mark."""
    return tuple(_pieces(_tokens(line), mark))


def side(line: Marked, mark: Mark) -> str:
    """The words of one version: with Mark.REMOVED as they were, with Mark.ADDED as they are now."""
    return "".join(piece.text for piece in line if piece.mark in (Mark.KEPT, mark))


def is_changed(line: Marked) -> bool:
    """Whether anything was taken away or added."""
    return any(piece.mark is not Mark.KEPT for piece in line)


def _tokens(line: Line) -> _Tokens:
    return tuple(
        _Token(text, span.is_bold, span.is_code)
        for span in line
        for text in _TOKEN.findall("\n" if span.kind is SpanKind.BREAK else span.text)
    )


def _length(tokens: _Tokens) -> int:
    return sum(len(token.text.strip()) for token in tokens)


def _stretches(old: _Tokens, new: _Tokens) -> tuple[_Stretch, ...]:
    """The stretches of two lines; very long ones are first compared sentence by sentence."""
    if len(old) * len(new) <= MOST_COMPARISONS:
        return tuple(_matched(old, new))
    return tuple(_by_sentence(_sentences(old), _sentences(new)))


def _matched(old: _Tokens, new: _Tokens) -> Iterator[_Stretch]:
    for tag, start, stop, begin, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        yield _Stretch(old[start:stop], new[begin:end], is_kept=tag == "equal")


def _by_sentence(old: Sequence[_Tokens], new: Sequence[_Tokens]) -> Iterator[_Stretch]:
    for is_kept, (start, stop), (begin, end) in opcodes(old, new):
        before, after = tuple(chain(*old[start:stop])), tuple(chain(*new[begin:end]))
        if is_kept or len(before) * len(after) > MOST_COMPARISONS:
            yield _Stretch(before, after, is_kept)
        else:
            yield from _matched(before, after)


def _sentences(tokens: _Tokens) -> tuple[_Tokens, ...]:
    found: list[list[_Token]] = [[]]
    for token in tokens:
        found[-1].append(token)
        if token.text in _SENTENCE_ENDS:
            found.append([])
    return tuple(tuple(sentence) for sentence in found if sentence)


def _smooth(stretches: Sequence[_Stretch]) -> tuple[_Stretch, ...]:
    """The stretches without islands: a little kept text between two changes counts as changed with them."""
    found: list[_Stretch] = []
    for stretch in stretches:
        if len(found) > 1 and not stretch.is_kept and _is_island(found[-2], found[-1], stretch):
            kept, before = found.pop(), found.pop()
            found.append(_Stretch(before.old + kept.old + stretch.old, before.new + kept.new + stretch.new, False))
        else:
            found.append(stretch)
    return tuple(found)


def _is_island(before: _Stretch, kept: _Stretch, after: _Stretch) -> bool:
    return kept.is_kept and kept.size < max(_SHORTEST_KEPT, min(before.size, after.size) // 3)


def _joined(stretches: Sequence[_Stretch]) -> Marked:
    found: list[Piece] = []
    for stretch in stretches:
        if stretch.is_kept:
            found += _pieces(stretch.new, Mark.KEPT)
        else:
            found += [*_pieces(stretch.old, Mark.REMOVED), *_pieces(stretch.new, Mark.ADDED)]
    return tuple(found)


def _pieces(tokens: _Tokens, mark: Mark) -> Iterator[Piece]:
    for (is_bold, is_code), group in groupby(tokens, key=lambda token: (token.is_bold, token.is_code)):
        yield Piece("".join(token.text for token in group), mark, is_bold, is_code)
