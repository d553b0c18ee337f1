"""What an audit has judged already: a derived file, by ledger and head. In doubt everything is judged anew."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from qmsdocs.audit.case import Case
from qmsdocs.audit.judge import Judge
from qmsdocs.audit.stream import cases
from qmsdocs.base.errors import Message, QmsError
from qmsdocs.model.record import FormReference
from qmsdocs.query.overview import Overdue, overdue
from qmsdocs.store import names
from qmsdocs.store.derived import Contents, DerivedFile, Value
from qmsdocs.store.journal import BEHIND, TOLERANCE
from qmsdocs.store.objects import Entry, Objects
from qmsdocs.system.view import System

NAME = "audit.sqlite"
_TABLES = (
    "CREATE TABLE rules (known TEXT NOT NULL)",
    "CREATE TABLE ledgers (id INTEGER PRIMARY KEY, branch TEXT NOT NULL UNIQUE, head TEXT NOT NULL)",
    "CREATE TABLE records (ledger INTEGER NOT NULL, series TEXT NOT NULL, serial INTEGER NOT NULL, "
    "number TEXT NOT NULL, events INTEGER NOT NULL, files INTEGER NOT NULL, clean INTEGER NOT NULL, "
    "began INTEGER, marked INTEGER NOT NULL)",
    "CREATE TABLE limits (ledger INTEGER NOT NULL, series TEXT NOT NULL, serial INTEGER NOT NULL, "
    "form TEXT NOT NULL, clock TEXT NOT NULL, due INTEGER, owner TEXT NOT NULL)",
)
_INDEXES = (
    "CREATE UNIQUE INDEX by_place ON records (ledger, series, serial)",
    "CREATE INDEX by_number ON records (number)",
    "CREATE INDEX limits_of ON limits (ledger, series, serial)",
    "CREATE INDEX unclean ON records (ledger) WHERE clean = 0",
)
_FROM = "FROM records JOIN ledgers ON ledgers.id = records.ledger"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record lies, and its printed number."""

    ledger: str
    series: str
    serial: int
    number: str


class Memory:
    """The records judged so far. `is_clean` judges one record; `known` names the rules and releases it is judged by."""

    def __init__(
        self,
        judge: Judge,
        folder: Path,
        *,
        known: str,
        is_clean: Callable[[Case], bool],
        history_is_clean: Callable[[str, str, str | None], bool],
    ) -> None:
        self._judge = judge
        self._known = known
        self._is_clean = is_clean
        self._history_is_clean = history_is_clean
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

    def unclean(self) -> Iterator[Case]:
        """The records something was found about."""
        wanted = self._file.query(f"SELECT branch, series, serial {_FROM} WHERE clean = 0 ORDER BY 1, 2, 3")
        heads = self._wanted()
        for branch, series, serial in wanted:
            folder = names.record_folder(str(series), int(serial or 0))
            yield from cases(self._judge, str(branch), _below(self._objects, heads[str(branch)], folder))

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
        found = self._file.query(
            "SELECT branch, series, serial, number, before FROM (SELECT *, "
            "lag(began) OVER earlier AS previous, lag(number) OVER earlier AS before FROM records "
            "WINDOW earlier AS (PARTITION BY ledger, series ORDER BY serial)) AS records "
            "JOIN ledgers ON ledgers.id = records.ledger WHERE began < previous - ? AND marked = 0 ORDER BY 1, 2, 3",
            (int(TOLERANCE.total_seconds()),),
        )
        for branch, series, serial, number, before in found:
            yield Place(str(branch), str(series), int(serial or 0), str(number)), str(before)

    def overdue(self, system: System) -> Iterator[Overdue]:
        """The time limits that have run out, as they were worked out when their records were judged."""
        zone, people = system.zone, system.people.person
        late = self._file.query(
            "SELECT number, limits.form, clock, due, owner FROM limits JOIN records USING (ledger, series, serial) "
            "WHERE due < ? ORDER BY due, number",
            (math.ceil(system.now.timestamp()),),
        )
        for number, manifest, clock, due, owner in late:
            form = self._judge.form(FormReference("", "", str(manifest)))
            if form is not None and clock in form.form.clock:
                at, name = datetime.fromtimestamp(int(due or 0), zone), str(owner)
                title = form.form.clock[str(clock)].title
                yield Overdue(
                    str(number), str(clock), title, at, name, people[name].name if name in people else name, ""
                )
        moving = self._file.query(
            "SELECT DISTINCT number FROM limits JOIN records USING (ledger, series, serial) WHERE due IS NULL"
        )
        for (number,) in moving:
            row = system.index.by_number(str(number))
            yield from overdue(system, row) if row is not None else ()

    @property
    def _objects(self) -> Objects:
        return self._judge.scope.objects

    def _wanted(self) -> dict[str, str]:
        heads = self._objects.heads(_holds_records)
        return {branch: head.commit for branch, head in heads.items()}

    def _is_current(self, connection: sqlite3.Connection) -> bool:
        return _known_by(connection) == self._known and _heads(connection) == self._wanted()

    def _bring_up(self, connection: sqlite3.Connection) -> None:
        if _known_by(connection) != self._known:
            for table in ("rules", "ledgers", "records", "limits"):
                connection.execute(f"DELETE FROM {table}")
            connection.execute("INSERT INTO rules VALUES (?)", (self._known,))
        wanted = self._wanted()
        for branch in _heads(connection).keys() - wanted.keys():
            _forget(connection, branch)
        for branch, commit in wanted.items():
            try:
                self._judge_ledger(connection, branch, commit)
            except QmsError as error:
                self.unreadable[branch] = error.message
                _forget(connection, branch)

    def _judge_ledger(self, connection: sqlite3.Connection, branch: str, commit: str) -> None:
        before = _heads(connection).get(branch)
        if before == commit:
            return
        added = (
            self._objects.additions(before, commit) if before and self._objects.is_ancestor(before, commit) else None
        )
        if added is None:
            _forget(connection, branch)
            before = None
        number = connection.execute(
            "INSERT INTO ledgers (branch, head) VALUES (?, '') ON CONFLICT (branch) DO UPDATE SET head = head "
            "RETURNING id",
            (branch,),
        ).fetchone()[0]
        found = cases(
            self._judge, branch, self._objects.walk(commit) if added is None else self._changed(commit, added)
        )
        for case in found:
            place = (number, case.series, case.serial)
            if before is not None:
                connection.execute("DELETE FROM limits WHERE (ledger, series, serial) = (?, ?, ?)", place)
            connection.execute(
                "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", self._row(number, case)
            )
            connection.executemany("INSERT INTO limits VALUES (?, ?, ?, ?, ?, ?, ?)", self._limits(place, case))
        if self._history_is_clean(branch, commit, before):  # else it is walked again, and found again
            connection.execute("UPDATE ledgers SET head = ? WHERE id = ?", (commit, number))

    def _row(self, ledger: int, case: Case) -> tuple[Value, ...]:
        self.read_again += 1
        first = case.record.first if case.stored else None
        began = int(first.recorded_at.timestamp()) if first is not None else None
        marked = int(first is not None and first.text("clock") == BEHIND)
        counts = (len(case.stored), len(case.attachments), int(self._is_clean(case)))
        return (ledger, case.series, case.serial, case.number, *counts, began, marked)

    def _limits(self, place: tuple[int, str, int], case: Case) -> Iterator[tuple[Value, ...]]:
        limits = tuple(case.limits)
        form = case.form.form if limits and case.form is not None else None
        if form is None:
            return
        owner = str(case.record.shown.get(form.meaning("owner") or "") or "")
        for name, due in limits:
            until = math.floor(due.timestamp()) if due is not None else None
            yield *place, case.record.form.sha256, name, until, owner

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


def _known_by(connection: sqlite3.Connection) -> str | None:
    found = connection.execute("SELECT known FROM rules").fetchone()
    return str(found[0]) if found else None


def _heads(connection: sqlite3.Connection) -> dict[str, str]:
    return dict(connection.execute("SELECT branch, head FROM ledgers").fetchall())


def _forget(connection: sqlite3.Connection, branch: str) -> None:
    connection.execute("DELETE FROM limits WHERE ledger IN (SELECT id FROM ledgers WHERE branch = ?)", (branch,))
    connection.execute("DELETE FROM records WHERE ledger IN (SELECT id FROM ledgers WHERE branch = ?)", (branch,))
    connection.execute("DELETE FROM ledgers WHERE branch = ?", (branch,))
