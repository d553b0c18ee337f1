"""Nothing lost: every word of the Word file is looked for in the draft, in its facts and in the report."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from lxml import etree

from qmsdocs.base.errors import message
from qmsdocs.fill.word_gathered import Reading
from qmsdocs.fill.word_model import snippet
from qmsdocs.fill.word_package import WordPackage, local, w
from qmsdocs.fill.word_shape import walked

MOST_WORK = 1_000_000_000  # signs that are looked through for words not found at once
_IGNORED = re.compile(r"[\s\\*_`|#\[\]{}<>~+&:：\-\u00ad\u200b-\u200f\ufeff]+")
_WORD = re.compile(r"\w+")
_LINES = re.compile(r"[\n|]|<br>")
_NUMBERED = re.compile(r"\S{1,12}[ 　]")
Runs: TypeAlias = tuple[str, ...]
_STORIES = ("header", "footer", "footnotes", "endnotes")


@dataclass(slots=True)
class _Pool:
    """What was carried over or named; a word found there is used up. `tails` are lines behind a number or bullet."""

    lines: Counter[str]
    tails: Mapping[str, list[str]]
    rest: str = ""
    work: int = 0

    def take_line(self, text: str) -> bool:
        """Whether `text` is a whole line, or one behind its number."""
        for line in (text, *self.tails.get(text, ())):
            if self.lines[line] > 0:
                self.lines[line] -= 1
                return True
        return False

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


def _pool(texts: Iterable[str]) -> _Pool:
    lines: Counter[str] = Counter()
    tails: dict[str, list[str]] = {}
    for line in (line.strip() for text in texts for line in _LINES.split(text)):
        short = _short(line)
        lines[short] += 1 if short else 0
        if found := _NUMBERED.match(line):
            tails.setdefault(_short(line[found.end() :]), []).append(short)
    return _Pool(lines, tails)


def reconcile(carried: Iterable[str], reading: Reading) -> None:
    """Nothing; words of the file that stand neither in the texts `carried` nor in a note are reported as lost."""
    notes = [str(value) for note in reading.notes for value in note.message.values.values()]
    pool = _pool([*carried, *reading.taken, *notes])
    waiting = [runs for runs in _paragraphs(reading.package) if not pool.take_line(_short("".join(runs)))]
    pool.rest = "\n".join(["", *pool.lines.elements(), ""])
    whole = _unfound([(runs, "".join(runs)) for runs in waiting], pool)
    in_runs = _unfound([(runs, run) for runs, _ in whole for run in runs], pool)
    words = _unfound([(runs, word) for runs, run in in_runs for word in _WORD.findall(run)], pool)
    if pool.work > MOST_WORK:
        reading.lost("", message("too much to look for every word: compare the draft with the Word file yourself"))
        return
    lost: dict[str, list[str]] = {}
    for runs, word in words:
        lost.setdefault("".join(runs), []).append(word)
    for paragraph, missed in lost.items():
        reading.lost(snippet(paragraph), message("words that found no place: {words}", words=" ".join(missed)))


def _unfound(texts: Iterable[tuple[Runs, str]], pool: _Pool) -> list[tuple[Runs, str]]:
    """The texts that are not in the pool, each with its paragraph; long ones are looked for first."""
    ordered = sorted(((runs, text) for runs, text in texts if _short(text)), key=lambda item: -len(item[1]))
    return [(runs, text) for runs, text in ordered if not pool.take(_short(text))]


def _short(text: str) -> str:
    return unicodedata.normalize("NFC", _IGNORED.sub("", text))


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
