"""The index: one row for each record, derived from the ledgers and always able to be made anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from qmsdocs.base.errors import QmsError
from qmsdocs.store import ledger, names
from qmsdocs.store.derived import Contents, DerivedFile, Value
from qmsdocs.store.event import RecordKey
from qmsdocs.store.objects import Objects
from qmsdocs.store.rows import COLUMNS, Folded, Meanings, MeaningsOf, Place, Row, fact_texts, fold
from qmsdocs.store.tree import Entry

NAME = "index.sqlite"
_BATCH = 2000
_TABLES = (
    "CREATE TABLE ledgers (id INTEGER PRIMARY KEY, branch TEXT NOT NULL UNIQUE, head TEXT NOT NULL)",
    f"CREATE TABLE records (id INTEGER PRIMARY KEY, {', '.join(COLUMNS)})",
    "CREATE TABLE facts (record INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL)",
    "CREATE TABLE submissions (submission TEXT NOT NULL, record INTEGER NOT NULL, sequence INTEGER NOT NULL)",
)
_INDEXES = (
    "CREATE INDEX by_place ON records (ledger, series, serial)",
    "CREATE INDEX by_number ON records (number)",
    "CREATE INDEX by_form ON records (form, year, series, serial)",
    "CREATE INDEX by_parent ON records (raised_from) WHERE raised_from <> ''",
    "CREATE INDEX by_fact ON facts (name, value, record)",
    "CREATE INDEX fact_of ON facts (record)",
    "CREATE INDEX by_submission ON submissions (submission, record)",
)
_INSERT = f"INSERT INTO records (id, {', '.join(COLUMNS)}) VALUES ({', '.join('?' * (len(COLUMNS) + 1))})"
_SELECTED = ", ".join("ledgers.branch" if name == "ledger" else f"records.{name}" for name in COLUMNS)
_FLAGS = tuple(name in ("closed", "void", "newer") for name in COLUMNS)
_FROM = "FROM records JOIN ledgers ON ledgers.id = records.ledger"
_ORDER = "ORDER BY records.form, records.year, records.series, records.serial, ledgers.branch"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which records: every condition given must hold. `fields` compares text; days are those written in the record."""

    forms: tuple[str, ...] = ()
    opened_from: date | None = None
    opened_to: date | None = None  # inclusive
    closed_to: date | None = None  # inclusive
    retention: str = ""  # the class of the ledger
    customer: str = ""  # contained
    states: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    is_void: bool | None = None
    is_closed: bool | None = None
    site: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Submitted:
    """The event a submission key led to."""

    row: Row
    sequence: int


class Index:
    """Records by number, submission, form, date, customer, state and field, as of the heads of the last refresh."""

    def __init__(self, objects: Objects, folder: Path, meanings: MeaningsOf) -> None:
        self._objects = objects
        self._meanings = meanings
        self._known: dict[str, Meanings] = {}
        self._file = DerivedFile(folder / NAME, Contents(_TABLES, _INDEXES, self._is_current, self._bring_up))

    def refresh(self) -> None:
        """Nothing; the rows are those of the ledgers as they stand now. Raises QmsError for a damaged ledger."""
        self._file.refresh()

    def rebuild(self) -> None:
        """Nothing; the index was thrown away and made anew."""
        self._file.discard()
        self._file.refresh()

    def close(self) -> None:
        """Nothing; the file is closed."""
        self._file.close()

    def heads(self) -> dict[str, str]:
        """The commit of each ledger the rows stand for."""
        return {str(branch): str(head) for branch, head in self._file.query("SELECT branch, head FROM ledgers")}

    # queries

    def by_number(self, number: str) -> Row | None:
        """The record with a printed number; of two with one number (a finding) the older ledger's."""
        found = self._rows("WHERE records.number = ? ORDER BY ledgers.branch, records.serial LIMIT 1", (number,))
        return next(iter(found), None)

    def by_key(self, key: RecordKey) -> Row | None:
        """The record at a place."""
        where = "WHERE ledgers.branch = ? AND records.series = ? AND records.serial = ?"
        return next(iter(self._rows(where, (key.ledger, key.series, key.serial))), None)

    def anew(self, key: RecordKey) -> Row | None:
        """The row of the record at a place as its ledger makes it, whatever the file says. Raises QmsError."""
        head = self._objects.head(key.ledger)
        stored = ledger.record_events(self._objects, key.ledger, head.commit, key.series, key.serial) if head else ()
        if not stored:
            return None
        events = [(names.parse_path(item.path).sequence, item.data) for item in stored]  # type: ignore[union-attr]
        made = self._folded(key.ledger, Place(0, _year(key.ledger), key.series, key.serial), None, events).columns
        return _row(tuple(key.ledger if name == "ledger" else value for name, value in zip(COLUMNS, made, strict=True)))

    def by_submission(self, submission: str) -> Submitted | None:
        """The event a submission key led to, in whatever year."""
        found = self._file.query(
            f"SELECT submissions.sequence, {_SELECTED} {_FROM} JOIN submissions ON submissions.record = records.id "
            "WHERE submissions.submission = ? ORDER BY ledgers.branch, records.serial LIMIT 1",
            (submission,),
        )
        return Submitted(_row(found[0][1:]), int(found[0][0] or 0)) if found else None

    def raised_by(self, number: str) -> tuple[Row, ...]:
        """The records that name `number` as the one that called for them."""
        return self._rows(f"WHERE records.raised_from = ? {_ORDER}", (number,))

    def records(self, wanted: Filter = Filter()) -> Iterator[Row]:
        """The records that fit, in order of form, year, series and serial."""
        conditions, parameters = _conditions(wanted)
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        for row in self._rows(f"{where} {_ORDER}", parameters):
            shown = row.shown if wanted.fields else {}
            if all(text in fact_texts(shown.get(name)) for name, text in wanted.fields.items()):
                yield row

    def orphans(self) -> tuple[Row, ...]:
        """The records that name another one as what called for them, where no ledger here holds that one."""
        held = "SELECT 1 FROM records AS other WHERE other.number = records.raised_from"
        return self._rows(f"WHERE records.raised_from <> '' AND NOT EXISTS ({held}) {_ORDER}", ())

    def matching(
        self,
        form: str,
        *,
        same: Mapping[str, str],
        opened_from: datetime | None = None,
        opened_to: datetime | None = None,
        is_closed: bool | None = None,
        but: str = "",
    ) -> tuple[Row, ...]:
        """The records of a form, not void, whose indexed fields equal `same`, opened within the window (inclusive)."""
        conditions, parameters = ["records.form = ?", "records.void = 0", "records.number <> ?"], [form, but]
        bound: list[Value] = [*parameters]
        for name, value in same.items():
            conditions.append("records.id IN (SELECT record FROM facts WHERE name = ? AND value = ?)")
            bound += [name, value]
        if opened_from is not None:
            conditions.append("records.opened >= ?")
            bound.append(int(opened_from.timestamp()))
        if opened_to is not None:
            conditions.append("records.opened <= ?")
            bound.append(int(opened_to.timestamp()))
        if is_closed is not None:
            conditions.append("records.closed = ?")
            bound.append(int(is_closed))
        return self._rows(f"WHERE {' AND '.join(conditions)} {_ORDER}", tuple(bound))

    def bearers(self, submission: str) -> tuple[Row, ...]:
        """The records that bear a submission key, voided ones apart."""
        borne = "SELECT record FROM submissions WHERE submission = ?"
        return self._rows(f"WHERE records.void = 0 AND records.id IN ({borne}) {_ORDER}", (submission,))

    def counts(self) -> Mapping[str, tuple[int, int, int]]:
        """How many records each form has: all of them, those still open, those void."""
        found = self._file.query("SELECT form, count(*), sum(closed = 0), sum(void) FROM records GROUP BY form")
        return {str(form): (int(held or 0), int(still or 0), int(void or 0)) for form, held, still, void in found}

    def submitted_twice(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The submission keys that more than one record bears, with the numbers of these records; voided ones apart."""
        twice = self._file.query(
            "SELECT submission FROM submissions GROUP BY submission HAVING min(record) <> max(record) ORDER BY 1"
        )
        for (submission,) in twice:
            borne = self.bearers(str(submission))
            if len(borne) > 1:
                yield str(submission), tuple(sorted(row.number for row in borne))

    def in_ledger(self, branch: str) -> Iterator[Row]:
        """Every record of a ledger."""
        yield from self._rows("WHERE ledgers.branch = ? ORDER BY records.series, records.serial", (branch,))

    def _rows(self, rest: str, parameters: tuple[Value, ...]) -> tuple[Row, ...]:
        return tuple(_row(found) for found in self._file.query(f"SELECT {_SELECTED} {_FROM} {rest}", parameters))

    # bringing up

    def _wanted(self) -> dict[str, str]:
        heads = self._objects.heads(_is_indexed)
        return {branch: head.commit for branch, head in heads.items()}

    def _is_current(self, connection: sqlite3.Connection) -> bool:
        return dict(connection.execute("SELECT branch, head FROM ledgers").fetchall()) == self._wanted()

    def _bring_up(self, connection: sqlite3.Connection) -> None:
        wanted = self._wanted()
        held = {branch: (number, head) for number, branch, head in connection.execute("SELECT * FROM ledgers")}
        for branch in held.keys() - wanted.keys():
            _drop(connection, held[branch][0])
        for branch, commit in wanted.items():
            number, head = held.get(branch, (0, ""))
            if head == commit:
                continue
            added = self._added(head, commit) if head else None
            if head and added is None:
                _drop(connection, number)
                number = 0
            if not number:
                row = connection.execute("INSERT INTO ledgers (branch, head) VALUES (?, ?)", (branch, commit))
                number = int(row.lastrowid or 0)
            entries = added if added is not None else self._objects.walk(commit)
            with self._objects.in_bulk():
                self._take_in(connection, branch, number, entries, is_fresh=added is None)
            connection.execute("UPDATE ledgers SET head = ? WHERE id = ?", (commit, number))

    def _added(self, old: str, new: str) -> Iterable[Entry] | None:
        """What a descendant only added; None when anything else happened: then the ledger is read again."""
        return self._objects.additions(old, new) if self._objects.is_ancestor(old, new) else None

    def _take_in(
        self, connection: sqlite3.Connection, branch: str, number: int, entries: Iterable[Entry], *, is_fresh: bool
    ) -> None:
        year = _year(branch)
        batch = _Batch(connection)
        read = self._objects.read
        for (series, serial), found in _by_record(branch, entries):
            identity, row = (0, None) if is_fresh else _known(connection, number, series, serial)
            events = [(sequence, read(oid)) for sequence, oid in found]
            batch.add(identity, self._folded(branch, Place(number, year, series, serial), row, events))
        batch.flush()

    def _folded(self, branch: str, place: Place, before: Row | None, events: list[tuple[int, bytes]]) -> Folded:
        try:
            return fold(place, before, events, self._meaning)
        except QmsError as error:
            path = names.record_folder(place.series, place.serial)
            raise QmsError("{ledger}: {path}: {reason}", ledger=branch, path=path, reason=error.message) from error

    def _meaning(self, form: str) -> Meanings:
        if form not in self._known:
            self._known[form] = self._meanings(form) if form else Meanings()
        return self._known[form]


class _Batch:
    """Rows on their way into the tables, many at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._next = int(connection.execute("SELECT coalesce(max(id), 0) + 1 FROM records").fetchone()[0])
        self._rows: list[tuple[Value, ...]] = []
        self._facts: list[tuple[int, str, str]] = []
        self._submissions: list[tuple[str, int, int]] = []

    def add(self, identity: int, folded: Folded) -> None:
        if identity:
            self._connection.execute("DELETE FROM records WHERE id = ?", (identity,))
            self._connection.execute("DELETE FROM facts WHERE record = ?", (identity,))
        else:
            identity, self._next = self._next, self._next + 1
        self._rows.append((identity, *folded.columns))
        self._facts += [(identity, name, text) for name, text in folded.facts]
        self._submissions += [(submission, identity, sequence) for submission, sequence in folded.submissions]
        if len(self._rows) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        self._connection.executemany(_INSERT, self._rows)
        self._connection.executemany("INSERT INTO facts VALUES (?, ?, ?)", self._facts)
        self._connection.executemany("INSERT INTO submissions VALUES (?, ?, ?)", self._submissions)
        self._rows, self._facts, self._submissions = [], [], []


def _is_indexed(branch: str) -> bool:
    return branch.startswith(("records/", names.CONTROL)) and names.is_ledger(branch)


def _year(branch: str) -> int:
    name = names.parse_branch(branch)
    return int(name.year or 0) if name else 0


def _by_record(branch: str, entries: Iterable[Entry]) -> Iterator[tuple[tuple[str, int], list[tuple[int, str]]]]:
    """Sequence and object of the events, record by record in path order."""
    record: tuple[str, int] | None = None
    found: list[tuple[int, str]] = []
    for entry in entries:
        said = ledger.check_entry(branch, entry)
        if said.is_signature or not said.act:
            continue
        if said[:2] != record:
            if record is not None:
                yield record, found
            record, found = (said.series, said.serial), []
        found.append((said.sequence, entry.oid))
    if record is not None:
        yield record, found


def _known(connection: sqlite3.Connection, ledger: int, series: str, serial: int) -> tuple[int, Row | None]:
    """The rowid of a record and its row; 0 and None for a new one."""
    found = connection.execute(
        f"SELECT records.id, {_SELECTED} {_FROM} "
        "WHERE records.ledger = ? AND records.series = ? AND records.serial = ?",
        (ledger, series, serial),
    ).fetchone()
    return (int(found[0]), _row(found[1:])) if found else (0, None)


def _drop(connection: sqlite3.Connection, number: int) -> None:
    for table in ("facts", "submissions"):
        connection.execute(f"DELETE FROM {table} WHERE record IN (SELECT id FROM records WHERE ledger = ?)", (number,))
    connection.execute("DELETE FROM records WHERE ledger = ?", (number,))
    connection.execute("DELETE FROM ledgers WHERE id = ?", (number,))


def _row(found: tuple[Value, ...]) -> Row:
    row = [bool(value) if is_flag else value for value, is_flag in zip(found, _FLAGS, strict=True)]
    return Row(*row)  # type: ignore[arg-type]


def _conditions(wanted: Filter) -> tuple[list[str], tuple[Value, ...]]:
    found: list[tuple[str, tuple[Value, ...]]] = []
    if wanted.forms:
        found.append((f"records.form IN ({', '.join('?' * len(wanted.forms))})", wanted.forms))
    if wanted.opened_from is not None:
        found.append(("substr(records.opened_at, 1, 10) >= ?", (wanted.opened_from.isoformat(),)))
    if wanted.opened_to is not None:
        found.append(("substr(records.opened_at, 1, 10) <= ?", (wanted.opened_to.isoformat(),)))
    if wanted.closed_to is not None:
        closed = "records.closed_at <> '' AND substr(records.closed_at, 1, 10) <= ?"
        found.append((closed, (wanted.closed_to.isoformat(),)))
    if wanted.retention:
        stem = f"records/{wanted.retention}/"
        found.append(("substr(ledgers.branch, 1, ?) = ?", (len(stem), stem)))
    if wanted.customer:
        found.append(("instr(records.customer, ?) > 0", (wanted.customer,)))
    if wanted.states:
        found.append((f"records.state IN ({', '.join('?' * len(wanted.states))})", wanted.states))
    if wanted.owners:
        found.append((f"records.owner IN ({', '.join('?' * len(wanted.owners))})", wanted.owners))
    if wanted.is_void is not None:
        found.append(("records.void = ?", (int(wanted.is_void),)))
    if wanted.is_closed is not None:
        found.append(("records.closed = ?", (int(wanted.is_closed),)))
    if wanted.site:
        found.append(("substr(ledgers.branch, -length(?) - 1) = '/' || ?", (wanted.site, wanted.site)))
    return [condition for condition, _ in found], tuple(value for _, values in found for value in values)
