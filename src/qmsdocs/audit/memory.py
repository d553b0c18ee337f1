"""What an audit has judged already: a derived file, by ledger and head. In doubt everything is judged anew."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from qmsdocs.audit import kept
from qmsdocs.audit.case import Case
from qmsdocs.audit.judge import Judge
from qmsdocs.audit.kept import Found
from qmsdocs.audit.stream import Seen, cases
from qmsdocs.base.errors import Message, QmsError
from qmsdocs.base.language import Text
from qmsdocs.model.record import FormReference
from qmsdocs.query.overview import Overdue, overdue
from qmsdocs.store import names
from qmsdocs.store.derived import Contents, DerivedFile, Value
from qmsdocs.store.journal import BEHIND, TOLERANCE
from qmsdocs.store.objects import Objects
from qmsdocs.store.tree import Entry
from qmsdocs.system.view import System

_Values: TypeAlias = "tuple[Value, ...]"
NAME = "audit.sqlite"
_MANY = 2000
_TABLES = (
    "CREATE TABLE rules (known TEXT NOT NULL)",
    "CREATE TABLE rest_on (branch TEXT NOT NULL, head TEXT NOT NULL)",
    "CREATE TABLE ledgers (id INTEGER PRIMARY KEY, branch TEXT NOT NULL UNIQUE, head TEXT NOT NULL, "
    "verified TEXT NOT NULL)",
    "CREATE TABLE records (ledger INTEGER NOT NULL, series TEXT NOT NULL, serial INTEGER NOT NULL, "
    "number TEXT NOT NULL, events INTEGER NOT NULL, files INTEGER NOT NULL, again INTEGER NOT NULL, "
    "began INTEGER, marked INTEGER NOT NULL, form TEXT NOT NULL, owner TEXT NOT NULL, before TEXT, parent TEXT, "
    "PRIMARY KEY (ledger, series, serial)) WITHOUT ROWID",
    "CREATE TABLE limits (ledger INTEGER NOT NULL, series TEXT NOT NULL, serial INTEGER NOT NULL, "
    "clock TEXT NOT NULL, due INTEGER)",
    "CREATE TABLE found (ledger INTEGER NOT NULL, series TEXT NOT NULL, serial INTEGER NOT NULL, "
    "code TEXT NOT NULL, said TEXT NOT NULL)",
)
_INDEXES = (
    "CREATE INDEX by_number ON records (number)",
    "CREATE INDEX to_judge ON records (ledger) WHERE again = 1",
    "CREATE INDEX dated_back ON records (ledger) WHERE before IS NOT NULL",
    "CREATE INDEX limits_of ON limits (ledger, series, serial)",
    "CREATE INDEX by_due ON limits (due, ledger, series, serial, clock)",
    "CREATE INDEX found_of ON found (ledger, series, serial)",
)
_FROM = "FROM records JOIN ledgers ON ledgers.id = records.ledger"
_OF_ONE = ("limits", "found")  # tables with lines of single records
# the number before, of a record that says it was issued before the one with that number
_BEFORE = (
    "UPDATE records SET before = (SELECT CASE WHEN records.marked = 0 AND records.began < earlier.began - ? "
    "THEN earlier.number END FROM records AS earlier WHERE earlier.ledger = records.ledger "
    "AND earlier.series = records.series AND earlier.serial < records.serial ORDER BY earlier.serial DESC LIMIT 1) "
    "WHERE ledger = ? AND series = ? AND serial >= ?"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record lies, and its printed number."""

    ledger: str
    series: str
    serial: int
    number: str


class Memory:
    """The records judged so far. `found` judges one record; `known` names what it is judged by.

    Judging rests on the releases and journals as well, which only grow: what was judged holds as long as they did.
    """

    def __init__(
        self,
        judge: Judge,
        folder: Path,
        *,
        known: str,
        found: Callable[[Case], Iterable[Found]],
        history_is_clean: Callable[[str, str, str | None, Seen | None], bool],
    ) -> None:
        self._judge = judge
        self._known = known
        self._found = found
        self._history_is_clean = history_is_clean
        self.rested_on: Mapping[str, str] = {}  # where releases and journals stood in the run before
        self.read_again = 0  # records judged in this run
        self.unreadable: dict[str, Message] = {}  # ledgers that could not be read to their end
        self._file = DerivedFile(folder / NAME, Contents(_TABLES, _INDEXES, self._is_current, self._bring_up))

    def refresh(self, *, anew: bool = False) -> None:
        """Nothing; every record of every ledger held here is judged; `anew`: without believing what was judged."""
        if anew:
            self._file.discard()
        self._file.refresh()

    def counts(self) -> Mapping[str, int]:
        """How many records, events and attachments were judged, in this run and before."""
        [row] = self._file.query("SELECT count(*), coalesce(sum(events), 0), coalesce(sum(files), 0) FROM records")
        return dict(zip(("records", "events", "attachments"), (int(value or 0) for value in row), strict=True))

    def findings(self) -> Iterator[Found]:
        """Everything found about single records: as it was kept, or judged anew where it rests on other things too."""
        for code, said in self._file.query(
            "SELECT code, said FROM found JOIN records USING (ledger, series, serial) WHERE again = 0"
        ):
            yield str(code), kept.read(str(said))
        wanted = self._file.query(f"SELECT branch, series, serial {_FROM} WHERE again = 1 ORDER BY 1, 2, 3")
        heads = self._wanted() if wanted else {}
        for branch, series, serial in wanted:
            folder = names.record_folder(str(series), int(serial or 0))
            for case in cases(self._judge, str(branch), _below(self._objects, heads[str(branch)], folder)):
                yield from self._found(case)

    def gaps(self) -> Iterator[tuple[str, str, tuple[int, ...]]]:
        """Ledger, series and the serials that are missing below the last one."""
        for branch, series, count, last in self._file.query(
            f"SELECT branch, series, count(*), max(serial) {_FROM} GROUP BY records.ledger, series"
        ):
            if count != last:
                held = self._file.query(
                    f"SELECT serial {_FROM} WHERE branch = ? AND series = ?", (str(branch), str(series))
                )
                there = {int(row[0] or 0) for row in held}
                yield str(branch), str(series), tuple(n for n in range(1, int(last or 0)) if n not in there)

    def doubled(self) -> Iterator[tuple[str, tuple[Place, ...]]]:
        """The numbers that more than one record bears."""
        twice = self._file.query("SELECT number FROM records GROUP BY number HAVING count(*) > 1 ORDER BY number")
        for (number,) in twice:
            places = self._file.query(f"SELECT branch, series, serial, number {_FROM} WHERE number = ?", (number,))
            yield str(number), tuple(Place(str(b), str(s), int(n or 0), str(p)) for b, s, n, p in places)

    def dated_back(self) -> Iterator[tuple[Place, str]]:
        """The records that claim to be issued before the one they were numbered after, and that one's number."""
        found = self._file.query(f"SELECT branch, series, serial, number, before {_FROM} WHERE before IS NOT NULL")
        for branch, series, serial, number, before in found:
            yield Place(str(branch), str(series), int(serial or 0), str(number)), str(before)

    def overdue(self, system: System) -> Iterator[Overdue]:
        """The time limits that have run out, as they were worked out when their records were judged."""
        zone, people = system.zone, system.people.names()
        late = self._file.query(
            "SELECT number, form, clock, due, owner FROM limits JOIN records USING (ledger, series, serial) "
            "WHERE due < ?",
            (math.ceil(system.now.timestamp()),),
        )
        titles = {said: self._title(*said) for said in {(str(line[1]), str(line[2])) for line in late}}
        for number, manifest, clock, due, owner in late:
            title = titles[str(manifest), str(clock)]
            if title is not None:
                at, name = datetime.fromtimestamp(int(due or 0), zone), str(owner)
                yield Overdue(str(number), str(clock), title, at, name, people.get(name, name), "")
        moving = self._file.query(
            "SELECT DISTINCT number FROM limits JOIN records USING (ledger, series, serial) WHERE due IS NULL"
        )
        for (number,) in moving:
            row = system.index.by_number(str(number))
            yield from overdue(system, row) if row is not None else ()

    def _title(self, manifest: str, clock: str) -> Text | None:
        """What a form revision calls a clock; None where it is not held here."""
        form = self._judge.form(FormReference("", "", manifest))
        return form.form.clock[clock].title if form is not None and clock in form.form.clock else None

    @property
    def _objects(self) -> Objects:
        return self._judge.system.objects

    def _wanted(self) -> dict[str, str]:
        heads = self._objects.heads(_holds_records)
        return {branch: head.commit for branch, head in heads.items()}

    def _is_current(self, connection: sqlite3.Connection) -> bool:
        held = {branch: (head, verified) for _, branch, head, verified in _ledgers(connection)}
        wanted = {branch: (commit, commit) for branch, commit in self._wanted().items()}
        return _known_by(connection) == self._known and _rest_on(connection) == self._rests_on and held == wanted

    @cached_property
    def _rests_on(self) -> dict[str, str]:
        """Where releases and journals stand; nothing where that cannot be read, which rules of their own say."""
        with suppress(QmsError):
            heads = self._objects.heads(lambda branch: branch.startswith("qms/") and names.is_ledger(branch))
            return {branch: head.commit for branch, head in heads.items()}
        return {}

    def _has_grown(self, rest_on: Mapping[str, str]) -> bool:
        """Whether the releases and journals hold all that was judged by before."""
        now, is_ancestor = self._rests_on, self._objects.is_ancestor
        with suppress(QmsError):  # a damaged one
            return all(branch in now and is_ancestor(head, now[branch]) for branch, head in rest_on.items())
        return False

    def _bring_up(self, connection: sqlite3.Connection) -> None:
        if _known_by(connection) != self._known or not self._has_grown(_rest_on(connection)):
            for table in ("rules", "ledgers", "records", *_OF_ONE):
                connection.execute(f"DELETE FROM {table}")
            connection.execute("INSERT INTO rules VALUES (?)", (self._known,))
        self.rested_on = _rest_on(connection)
        connection.execute("DELETE FROM rest_on")
        connection.executemany("INSERT INTO rest_on VALUES (?, ?)", self._rests_on.items())
        wanted = self._wanted()
        for number, branch, _, _ in _ledgers(connection):
            if branch not in wanted:
                _forget(connection, number)
        held = {branch: said for _, branch, *said in _ledgers(connection)}
        for branch, commit in wanted.items():
            head, verified = held.get(branch, ("", ""))
            if head != commit or verified != commit or self.rested_on != self._rests_on:
                self._bring_up_one(connection, branch, commit, head, verified)

    def _bring_up_one(self, connection: sqlite3.Connection, branch: str, commit: str, head: str, verified: str) -> None:
        [number] = connection.execute(
            "INSERT INTO ledgers (branch, head, verified) VALUES (?, '', '') "
            "ON CONFLICT (branch) DO UPDATE SET head = head RETURNING id",
            (branch,),
        ).fetchone()
        try:
            is_grown = bool(head) and self._objects.is_ancestor(head, commit)
            added = self._objects.additions(head, commit) if is_grown else None
            if added is None:
                _empty(connection, number)
                verified = ""
            seen = self._judge_ledger(connection, number, branch, commit, added) if head != commit else None
            if self._history_is_clean(branch, commit, verified or None, seen):
                verified = commit
            elif verified == commit:
                verified = ""  # it is walked again, and found again
            connection.execute("UPDATE ledgers SET head = ?, verified = ? WHERE id = ?", (commit, verified, number))
        except QmsError as error:
            self.unreadable[branch] = error.message
            _forget(connection, number)

    def _judge_ledger(
        self, connection: sqlite3.Connection, ledger: int, branch: str, commit: str, added: tuple[Entry, ...] | None
    ) -> Seen:
        """What was seen on the way; the records that the files `added` belong to (None: all) are judged."""
        entries = self._objects.walk(commit) if added is None else self._changed(commit, added)
        batch, seen, first = _Batch(connection, is_fresh=added is None), Seen(is_whole=added is None), dict[str, int]()
        for case in cases(self._judge, branch, entries, seen):
            first.setdefault(case.series, case.serial)
            batch.add((ledger, case.series, case.serial), *self._judged(case))
        batch.flush()
        for series, serial in first.items():
            connection.execute(_BEFORE, (int(TOLERANCE.total_seconds()), ledger, series, serial))
        return seen

    def _judged(self, case: Case) -> tuple[_Values, list[_Values], list[_Values]]:
        """What is noted of a record, its time limits, and what was found."""
        self.read_again += 1
        record = case.record if case.stored else None
        began = int(record.first.recorded_at.timestamp()) if record is not None else None
        marked = int(record is not None and record.first.text("clock") == BEHIND)
        limits = tuple(case.limits)
        form = case.form.form if limits and case.form is not None else None
        owner = str(case.record.shown.get(form.meaning("owner") or "") or "") if form is not None else ""
        found = [(code, kept.written(code, hit)) for code, hit in self._found(case)]
        above = record.first.mapping("raised_from").get("record") if record is not None else None
        parent = str(above) if above else None
        is_apart = parent is not None and self._judge.hashes(parent) is None  # it may come later
        again = is_apart or any(said is None for _, said in found)
        row = (case.number, len(case.stored), len(case.attachments), int(again), began, marked,
               case.record.form.sha256 if form is not None else "", owner, None, parent)  # fmt: skip
        running = [(name, math.floor(due.timestamp()) if due is not None else None) for name, due in limits]
        return row, list(running), [] if again else list(found)

    def _changed(self, commit: str, added: Iterable[Entry]) -> Iterator[Entry]:
        folders = {entry.path.rpartition("/files/")[0] or entry.path.rpartition("/")[0] for entry in added}
        for folder in sorted(folders):
            yield from _below(self._objects, commit, folder)


def _below(objects: Objects, commit: str, folder: str) -> Iterator[Entry]:
    for below in ("", "/files"):
        for entry in objects.listing(commit, folder + below):
            yield entry._replace(path=f"{folder}{below}/{entry.path}")


def _holds_records(branch: str) -> bool:
    return branch.startswith("records/") and names.is_ledger(branch)


class _Batch:
    """Lines on their way into the tables, many at a time; those of a record that is not `is_fresh` replace others."""

    def __init__(self, connection: sqlite3.Connection, *, is_fresh: bool) -> None:
        self._connection = connection
        self._is_fresh = is_fresh
        self._records: list[_Values] = []
        self._limits: list[_Values] = []
        self._found: list[_Values] = []

    def add(self, place: tuple[int, str, int], row: _Values, limits: list[_Values], found: list[_Values]) -> None:
        self._records.append((*place, *row))
        self._limits += [(*place, *said) for said in limits]
        self._found += [(*place, *said) for said in found]
        if len(self._records) >= _MANY:
            self.flush()

    def flush(self) -> None:
        write = self._connection.executemany
        for table in () if self._is_fresh else _OF_ONE:
            places = (row[:3] for row in self._records)
            write(f"DELETE FROM {table} WHERE ledger = ? AND series = ? AND serial = ?", places)
        write(f"INSERT OR REPLACE INTO records VALUES ({', '.join('?' * 13)})", self._records)
        write("INSERT INTO limits VALUES (?, ?, ?, ?, ?)", self._limits)
        write("INSERT INTO found VALUES (?, ?, ?, ?, ?)", self._found)
        self._records, self._limits, self._found = [], [], []


def _known_by(connection: sqlite3.Connection) -> str | None:
    found = connection.execute("SELECT known FROM rules").fetchone()
    return str(found[0]) if found else None


def _rest_on(connection: sqlite3.Connection) -> dict[str, str]:
    return dict(connection.execute("SELECT branch, head FROM rest_on").fetchall())


def _ledgers(connection: sqlite3.Connection) -> list[tuple[int, str, str, str]]:
    return connection.execute("SELECT id, branch, head, verified FROM ledgers").fetchall()


def _empty(connection: sqlite3.Connection, ledger: int) -> None:
    """Nothing; what was raised from a record of the ledger is judged again from now on: it may come back otherwise."""
    connection.execute(
        "UPDATE records SET again = 1 WHERE parent IN (SELECT number FROM records WHERE ledger = ?)", (ledger,)
    )
    for table in ("records", *_OF_ONE):
        connection.execute(f"DELETE FROM {table} WHERE ledger = ?", (ledger,))


def _forget(connection: sqlite3.Connection, ledger: int) -> None:
    _empty(connection, ledger)
    connection.execute("DELETE FROM ledgers WHERE id = ?", (ledger,))
