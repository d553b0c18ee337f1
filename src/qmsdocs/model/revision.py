"""Revision labels (版次/修订次): `A/0 A/1 … B/0`, `1.0 1.1 … 2.0`, `2/0 2/1 … 3/0`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from qmsdocs.base.errors import QmsError

_LABEL = re.compile(r"([A-Z]{1,2}|[1-9][0-9]?)([/.])(0|[1-9][0-9]?)", re.ASCII)
_LETTERS = 26


@dataclass(frozen=True, slots=True)
class Label:
    """An edition and how often it was revised. `sign` stands between them."""

    edition: str
    sign: str
    revised: int

    @classmethod
    def parse(cls, written: str) -> Label | None:
        """The label `written`, None where it is none."""
        found = _LABEL.fullmatch(written)
        return cls(found[1], found[2], int(found[3])) if found else None

    def __str__(self) -> str:
        return f"{self.edition}{self.sign}{self.revised}"

    @property
    def order(self) -> tuple[int, int]:
        """What labels of one scheme are ordered by."""
        if self.edition.isdigit():
            return int(self.edition), self.revised
        count = 0
        for letter in self.edition:
            count = count * _LETTERS + ord(letter) - ord("A") + 1
        return count, self.revised

    def is_like(self, other: Label) -> bool:
        """Whether both are written in one scheme."""
        return self.sign == other.sign and self.edition.isdigit() == other.edition.isdigit()

    def next(self, *, most: int) -> Label:
        """The label after this one: a new edition once an edition was revised `most` times."""
        if self.revised < most:
            return Label(self.edition, self.sign, self.revised + 1)
        return Label(_after(self.edition), self.sign, 0)


def _after(edition: str) -> str:
    if edition.isdigit():
        return str(int(edition) + 1)
    head, last = edition[:-1], edition[-1]
    if last < "Z":
        return head + chr(ord(last) + 1)
    return (_after(head) if head else "A") + "A"


def proposed(before: str | None, *, first: str, most: int) -> str:
    """The label of the next revision after `before`, or the first one of all."""
    known, scheme = Label.parse(before) if before else None, Label.parse(first)
    if known is None or (scheme is not None and not known.is_like(scheme)):  # the first one, or another way of writing
        return first
    return str(known.next(most=most))


def checked(written: str, *, before: str | None, first: str, most: int) -> str:
    """`written` where it may follow `before`. Raises QmsError for what is no label of the scheme, or no later one."""
    label, scheme = Label.parse(written), Label.parse(first)
    following = proposed(before, first=first, most=most)
    if label is None or (scheme is not None and not label.is_like(scheme)):
        raise QmsError(
            "revision {written}: labels are written like {example} here; the next one is {following}",
            written=written,
            example=first,
            following=following,
        )
    known = Label.parse(before) if before else None
    if known is not None and known.is_like(label) and label.order <= known.order:
        raise QmsError(
            "revision {written} is not after {before}; the next one is {following}",
            written=written,
            before=before,
            following=following,
        )
    return written
