"""Nothing lost: every word of the Word file is looked for in the draft, in its facts and in the report."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from lxml import etree

from qmsdocs.base.errors import message
from qmsdocs.fill.word_gathered import Reading
from qmsdocs.fill.word_model import snippet
from qmsdocs.fill.word_package import WordPackage, local, w
from qmsdocs.fill.word_shape import walked

MOST_WORK = 2_000_000_000  # signs that are looked through for words not found at once
_IGNORED = re.compile(r"[\s\\*_`|#\[\]{}<>~+&:：\-\u00ad\u200b-\u200f\ufeff]+")
_WORD = re.compile(r"\w+")
Runs: TypeAlias = tuple[str, ...]
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
    whole = _unfound([(runs, "".join(runs)) for runs in waiting], pool)
    in_runs = _unfound([(runs, run) for runs, _ in whole for run in runs], pool)
    lost: dict[str, list[str]] = {}
    for runs, word in _unfound([(runs, word) for runs, run in in_runs for word in _WORD.findall(run)], pool):
        lost.setdefault("".join(runs), []).append(word)
    for paragraph, words in lost.items():
        said = paragraph if pool.work > MOST_WORK else " ".join(words)
        reading.lost(snippet(paragraph), message("words that found no place: {words}", words=said))


def _unfound(texts: Iterable[tuple[Runs, str]], pool: _Pool) -> list[tuple[Runs, str]]:
    """The texts that are not in the pool, each with its paragraph; long ones are looked for first."""
    ordered = sorted(((runs, text) for runs, text in texts if _short(text)), key=lambda item: -len(item[1]))
    return [(runs, text) for runs, text in ordered if not pool.take(_short(text))]


def _short(text: str) -> str:
    return _IGNORED.sub("", text)


def _paragraphs(package: WordPackage) -> Iterator[Runs]:
    """The words of every paragraph of every story, run by run; of alternatives the first, nothing that was deleted."""
    stories = [package.main, *(part for kind in _STORIES for part in package.related(kind))]
    for part in stories:
        found: dict[etree._Element | None, list[str]] = {}
        for element in walked(part.root):
            if element.tag == w("t") and element.text and not _is_deleted(element):
                owner = next(element.iterancestors(w("p")), None)
                found.setdefault(owner, []).append(element.text)
        yield from (tuple(runs) for runs in found.values() if _short("".join(runs)))


def _is_deleted(element: etree._Element) -> bool:
    return any(local(above) in ("del", "moveFrom") for above in element.iterancestors())
