"""Nothing lost: every word of the Word file is looked for in the draft, in its facts and in the report."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lxml import etree

from qmsdocs.base.errors import message
from qmsdocs.fill.word_gathered import Reading
from qmsdocs.fill.word_model import snippet
from qmsdocs.fill.word_package import WordPackage, local, w
from qmsdocs.fill.word_shape import walked

MOST_WORK = 2_000_000_000  # signs that are looked through for words not found at once
_IGNORED = re.compile(r"[\s\\*_`|#\[\]{}<>~+&:：\-\u00ad\u200b-\u200f\ufeff]+")
_WORD = re.compile(r"\w+")
_STORIES = ("header", "footer", "footnotes", "endnotes")


@dataclass(slots=True)
class _Pool:
    """What was carried over or named; a word found there is used up."""

    lines: Counter[str]
    rest: str = ""
    work: int = 0

    def take_line(self, text: str) -> bool:
        """Whether `text` is a whole line."""
        if self.lines[text] < 1:
            return False
        self.lines[text] -= 1
        return True

    def take(self, text: str) -> bool:
        """Whether `text` stands anywhere, best as a line of its own."""
        self.work += len(self.rest)
        if self.work > MOST_WORK:
            return False
        own_line = self.rest.find(f"\n{text}\n")
        at = own_line + 1 if own_line >= 0 else self.rest.find(text)
        if at >= 0:
            self.rest = f"{self.rest[:at]}\n{self.rest[at + len(text) :]}"
        return at >= 0


def reconcile(carried: Iterable[str], reading: Reading) -> None:
    """Nothing; words of the file that stand neither in the texts `carried` nor in a note are reported as lost."""
    notes = [str(value) for note in reading.notes for value in note.message.values.values()]
    texts = [*carried, *reading.taken, *notes]
    lines = Counter(_short(line) for text in texts for line in re.split(r"[\n|]|<br>", text))
    del lines[""]
    pool = _Pool(lines)
    waiting = [runs for runs in _paragraphs(reading.package) if not pool.take_line(_short("".join(runs)))]
    pool.rest = "\n".join(["", *pool.lines.elements(), ""])
    waiting.sort(key=lambda runs: -sum(map(len, runs)))
    waiting = [runs for runs in waiting if not pool.take(_short("".join(runs)))]
    for runs in waiting:
        lost = "".join(runs) if pool.work > MOST_WORK else " ".join(_missing(runs, pool))
        if lost.strip():
            reading.lost(snippet("".join(runs)), message("words that found no place: {words}", words=lost))


def _missing(runs: Sequence[str], pool: _Pool) -> Iterator[str]:
    """The words of a paragraph that are not found run by run, nor word by word."""
    for run in runs:
        short = _short(run)
        if short and not pool.take(short):
            yield from (word for word in _WORD.findall(run) if _short(word) and not pool.take(_short(word)))


def _short(text: str) -> str:
    return _IGNORED.sub("", text)


def _paragraphs(package: WordPackage) -> Iterator[Sequence[str]]:
    """The words of every paragraph of every story, run by run; of alternatives the first, nothing that was deleted."""
    stories = [package.main, *(part for kind in _STORIES for part in package.related(kind))]
    for part in stories:
        found: dict[etree._Element | None, list[str]] = {}
        for element in walked(part.root):
            if element.tag == w("t") and element.text and not _is_deleted(element):
                owner = next(element.iterancestors(w("p")), None)
                found.setdefault(owner, []).append(element.text)
        yield from (runs for runs in found.values() if _short("".join(runs)))


def _is_deleted(element: etree._Element) -> bool:
    return any(local(above) in ("del", "moveFrom") for above in element.iterancestors())
