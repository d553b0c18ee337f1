"""A sweep for the personal texts of a whole repository: tens of thousands of them, looked for in every text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from qmsdocs.model.masking import Sweep

_LENGTHS = (2, 3, 6)  # of the beginnings that are looked up; the shortest text that is looked for has two signs


@dataclass(frozen=True)
class WideSweep(Sweep):
    """A sweep that looks only for the texts whose beginning occurs."""

    @cached_property
    def _by_beginning(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for text in self.texts:
            plain = _plain(text)
            length = max((length for length in _LENGTHS if length <= len(plain)), default=len(plain))
            found.setdefault(plain[:length], set()).add(text)
        return found

    def over(self, text: str) -> str:
        """`text` with every occurrence masked."""
        near = {sought for beginning in self._beginnings(_plain(text)) for sought in self._by_beginning[beginning]}
        return Sweep(frozenset(near)).over(text) if near else text

    def _beginnings(self, plain: str) -> Iterator[str]:
        known = self._by_beginning.keys()
        for length in _LENGTHS:
            yield from known & {plain[at : at + length] for at in range(len(plain) - length + 1)}


def _plain(text: str) -> str:
    """The letters and digits of a text, small and narrow."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))
