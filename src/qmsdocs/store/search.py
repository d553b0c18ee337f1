"""Search by any fragment, also of one or two Chinese characters: pairs of characters in a derived full-text table."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

from qmsdocs.base.canonical import Json
from qmsdocs.store.derived import Contents, DerivedFile
from qmsdocs.store.event import RecordKey
from qmsdocs.store.index import Index
from qmsdocs.store.names import parse_path
from qmsdocs.store.objects import Objects
from qmsdocs.store.rows import Row

NAME = "search.sqlite"
TextsOf: TypeAlias = "Callable[[Row], Iterable[str]]"
_TABLES = (
    "CREATE TABLE ledgers (branch TEXT PRIMARY KEY, head TEXT NOT NULL)",
    # AUTOINCREMENT: an id is never used twice, since the texts of an id stay in the table
    "CREATE TABLE places (id INTEGER PRIMARY KEY AUTOINCREMENT, branch TEXT, series TEXT, serial INTEGER, number TEXT)",
    "CREATE VIRTUAL TABLE texts USING fts5 (pairs, content = '', columnsize = 0, tokenize = 'ascii')",
)
_INDEXES = ("CREATE INDEX by_place ON places (branch, series, serial)",)
_SPACE = re.compile(r"\s+")
# between letters and digits of a room or telephone number: 3-1-201, 3#1201, 138 0000 1111, (0571) 8888
_SEPARATORS = re.compile(r"(?<=\w)[\s\-‐-―−_/\\.·,、#()\[\]+:~]+(?=\w)|^[(\[+#]+|[)\]]+$")
_HASH = re.compile(r"[0-9a-f]{64}")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_LIMIT = 1000


def every_text(row: Row) -> Iterator[str]:
    """The record number and every text among the values of a record, however deep."""
    yield row.number
    yield from _texts(row.shown)


def _texts(value: Json | Mapping[str, Json]) -> Iterator[str]:
    if isinstance(value, str):
        if not _HASH.fullmatch(value):
            yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


class Search:
    """Records by what stands in them, as of the heads of the last refresh."""

    def __init__(self, index: Index, objects: Objects, folder: Path, texts: TextsOf = every_text) -> None:
        self._index, self._objects, self._texts = index, objects, texts
        self._file = DerivedFile(folder / NAME, Contents(_TABLES, _INDEXES, self._is_current, self._bring_up))

    def refresh(self) -> None:
        """Nothing; index and texts are those of the ledgers as they stand now."""
        self._index.refresh()
        self._file.refresh()

    def rebuild(self) -> None:
        """Nothing; the table was thrown away and made anew."""
        self._file.discard()
        self.refresh()

    def close(self) -> None:
        """Nothing; the file is closed."""
        self._file.close()

    def find(self, wanted: str, *, limit: int = _LIMIT) -> tuple[RecordKey, ...]:
        """The records in which `wanted` stands, or each of its words, by number; separators may differ."""
        expression = _expression(wanted)
        if not expression:
            return ()
        rows = self._file.query(
            "SELECT places.branch, places.series, places.serial, places.number FROM texts "
            "JOIN places ON places.id = texts.rowid WHERE texts MATCH ? ORDER BY places.number LIMIT ?",
            (expression, limit),
        )
        return tuple(RecordKey(str(row[0]), str(row[1]), int(row[2] or 0), str(row[3])) for row in rows)

    def _is_current(self, connection: sqlite3.Connection) -> bool:
        return dict(connection.execute("SELECT branch, head FROM ledgers").fetchall()) == self._index.heads()

    def _bring_up(self, connection: sqlite3.Connection) -> None:
        wanted = self._index.heads()
        held = dict(connection.execute("SELECT branch, head FROM ledgers").fetchall())
        for branch in held.keys() - wanted.keys():
            self._drop(connection, branch)
        for branch, commit in wanted.items():
            if held.get(branch) == commit:
                continue
            changed = self._changed(held[branch], commit) if branch in held else None
            if changed is None:
                self._drop(connection, branch)
                self._take_in(connection, branch, self._index.in_ledger(branch))
            else:
                keys = (RecordKey(branch, series, serial, "") for series, serial in changed)
                rows = (self._index.by_key(key) for key in keys)
                self._take_in(connection, branch, (row for row in rows if row is not None))
            connection.execute("INSERT OR REPLACE INTO ledgers VALUES (?, ?)", (branch, commit))

    def _changed(self, old: str, new: str) -> tuple[tuple[str, int], ...] | None:
        added = self._objects.additions(old, new) if self._objects.is_ancestor(old, new) else None
        if added is None:
            return None
        said = (parse_path(entry.path) for entry in added)
        return tuple(sorted({(path.series, path.serial) for path in said if path is not None}))

    def _take_in(self, connection: sqlite3.Connection, branch: str, rows: Iterable[Row]) -> None:
        """The texts of `rows` under new ids; an old text stays in the table but no place leads to it any more."""
        for row in rows:
            place = (branch, row.series, row.serial)
            connection.execute("DELETE FROM places WHERE branch = ? AND series = ? AND serial = ?", place)
            added = connection.execute("INSERT INTO places VALUES (NULL, ?, ?, ?, ?)", (*place, row.number))
            pairs = " ".join(token for text in self._texts(row) for token in tokens(text))
            connection.execute("INSERT INTO texts (rowid, pairs) VALUES (?, ?)", (added.lastrowid, pairs))

    def _drop(self, connection: sqlite3.Connection, branch: str) -> None:
        connection.execute("DELETE FROM places WHERE branch = ?", (branch,))
        connection.execute("DELETE FROM ledgers WHERE branch = ?", (branch,))


def tokens(text: str) -> Iterator[str]:
    """The pairs of neighbouring characters of `text`, the last one alone; once more without its separators."""
    kept = normal(text)
    yield from _pairs(kept)
    bare = without_separators(kept)
    if bare != kept:
        yield from _pairs(bare)


def normal(text: str) -> str:
    """`text` as it is compared: full-width forms, case, invisible characters and spaces are evened out."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    seen = "".join(part for part in folded if unicodedata.category(part) not in ("Cf", "Cc") or part.isspace())
    return _SPACE.sub(" ", seen).strip()


def without_separators(text: str) -> str:
    """`text` without what separates the parts of a number: what stands between two characters, one of them a digit."""

    def bare(found: re.Match[str]) -> str:
        beside = text[max(0, found.start() - 1) : found.start()] + text[found.end() : found.end() + 1]
        return "" if any(part.isdigit() for part in beside) else found[0]

    return _SEPARATORS.sub(bare, text)


def _pairs(text: str) -> Iterator[str]:
    codes = [_code(part) for part in text]
    yield from map("".join, pairwise(codes))
    yield from codes[-1:]


def _code(character: str) -> str:
    """Four letters or digits for a code point, so that no tokenizer can divide or drop it."""
    number, code = ord(character), ""
    for _ in range(4):
        number, digit = divmod(number, 36)
        code = _DIGITS[digit] + code
    return code


def _expression(wanted: str) -> str:
    whole = normal(wanted)
    words = [_phrases(word) for word in whole.split(" ") if word]
    if not words:
        return ""
    bare = without_separators(whole)
    together = " AND ".join(f"({word})" for word in words)
    return together if bare == whole else f"({together}) OR ({_phrase(bare)})"


def _phrases(word: str) -> str:
    """`word` as it is, or without its separators."""
    bare = without_separators(word)
    return _phrase(word) if bare in (word, "") else f"{_phrase(word)} OR {_phrase(bare)}"


def _phrase(text: str) -> str:
    pairs = list(_pairs(text))
    return f'"{pairs[0]}" *' if len(pairs) == 1 else '"' + " ".join(pairs[:-1]) + '"'
