"""A SQLite file that is derived from the ledgers: brought up in one transaction, and in doubt made anew."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from qmsdocs.base.canonical import sha256
from qmsdocs.base.errors import QmsError, cause
from qmsdocs.store import lock

Value: TypeAlias = "int | str | bytes | None"
_COMPANIONS = ("", "-wal", "-shm", "-journal")
_META = "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)"
_BUSY = 30_000  # milliseconds
# without journal and flush: a half-built file has no mark of its birth and is thrown away
_BUILDING = (
    *("page_size = 8192", "journal_mode = OFF", "synchronous = OFF"),
    *("cache_size = -65536", "temp_store = MEMORY"),
)


@dataclass(frozen=True, slots=True)
class Contents:
    """What such a file holds: tables, indexes made once the tables are full, and how it is compared and brought up.

    `is_current` reads only; `bring_up` runs inside one transaction and leaves it to the file to commit.
    """

    tables: tuple[str, ...]
    indexes: tuple[str, ...]
    is_current: Callable[[sqlite3.Connection], bool]
    bring_up: Callable[[sqlite3.Connection], None]


class DerivedFile:
    """The file at `path`, or tables in memory where nothing can be written."""

    def __init__(self, path: Path, contents: Contents) -> None:
        self.path = path
        self._contents = contents
        self._connection: sqlite3.Connection | None = None
        self._is_memory = False

    def refresh(self) -> None:
        """Nothing; the rows are those of the ledgers as they stand now. Raises QmsError for damaged ledgers only."""
        try:
            self._refresh()
        except sqlite3.OperationalError:  # read-only, full, locked for too long: no reason to trust it less
            self._into_memory()
        except sqlite3.DatabaseError:
            self.discard()
            try:
                self._refresh()
            except sqlite3.DatabaseError:
                self._into_memory()

    def query(self, sql: str, parameters: Sequence[Value] = ()) -> list[tuple[Value, ...]]:
        """The rows of a query. A damaged file is made anew and asked again."""
        if self._connection is None:
            self.refresh()
        assert self._connection is not None
        try:
            return self._connection.execute(sql, parameters).fetchall()
        except sqlite3.DatabaseError:
            self.discard()
            self.refresh()
            return self._connection.execute(sql, parameters).fetchall()

    def discard(self) -> None:
        """Nothing; the file is gone, unless another process has already made it anew."""
        if self._is_memory:
            return
        opened = self._inode() if self._connection is not None else None
        self.close()
        with suppress(QmsError, OSError), lock.exclusive(self.path.parent, name=self._lock_name):
            if opened is None or opened == _inode(self.path):
                self._remove()

    def close(self) -> None:
        """Nothing; the connection is closed."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            self._is_memory = False

    @property
    def _lock_name(self) -> str:
        return self.path.name + ".lock"

    def _inode(self) -> int | None:
        """The inode the file was born with, by its own mark."""
        assert self._connection is not None
        with suppress(sqlite3.DatabaseError):
            row = self._connection.execute("SELECT value FROM meta WHERE name = 'birth'").fetchone()
            return int(row[0]) if row and str(row[0]).isdigit() else None
        return None

    def _refresh(self) -> None:
        if self._connection is None:
            self._open()
        connection = self._connection
        assert connection is not None
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        if not self._contents.is_current(connection):
            with _transaction(connection):
                self._contents.bring_up(connection)
        if connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
            connection.execute("BEGIN")  # one command reads one state, whatever others write meanwhile
            connection.execute("SELECT 1 FROM meta").fetchone()

    def _open(self) -> None:
        try:
            if self.path.parent.is_symlink():  # of a repository made to write elsewhere
                raise OSError(self.path.parent)
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with lock.exclusive(self.path.parent, name=self._lock_name):
                if not self._opened():
                    self._remove()
                    self._build()
        except (OSError, QmsError) as error:
            if isinstance(error, QmsError) and not isinstance(error.__cause__, OSError):
                raise
            self._into_memory()

    def _opened(self) -> bool:
        """Whether the file was there, whole, of this program, and at the place where it was made."""
        if not self.path.is_file() or self.path.is_symlink():
            return False
        connection = _connect(self.path)
        self._connection = connection
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            # a copied file may be torn (its -wal was left behind), a foreign one may hold triggers
            is_ours = self._inode() == _inode(self.path) and _schema_of(connection) == self._schema()
        except sqlite3.OperationalError:
            self.close()
            raise
        except sqlite3.DatabaseError:
            is_ours = False
        if not is_ours:
            self.close()
        return is_ours

    def _build(self) -> None:
        self.path.touch()  # SQLite itself makes no file that a group may write
        connection = _connect(self.path)
        for pragma in _BUILDING:
            connection.execute(f"PRAGMA {pragma}")
        try:
            self._fill(connection)
            connection.close()
            _flush(self.path)
            marked = _connect(self.path)
            with marked:
                marked.execute("INSERT INTO meta VALUES ('birth', ?)", (str(_inode(self.path)),))
            marked.close()
        except (sqlite3.DatabaseError, QmsError):
            connection.close()
            self._remove()
            raise
        if not self._opened():
            raise sqlite3.OperationalError("the file just made is not the file found")

    def _fill(self, connection: sqlite3.Connection) -> None:
        with _transaction(connection):
            for statement in (_META, *self._contents.tables):
                connection.execute(statement)
            self._contents.bring_up(connection)
            for statement in self._contents.indexes:
                connection.execute(statement)

    def _into_memory(self) -> None:
        self.close()
        self._connection = _connect(Path(":memory:"))
        self._is_memory = True
        self._fill(self._connection)

    def _schema(self) -> str:
        connection = sqlite3.connect(":memory:")
        for statement in (_META, *self._contents.tables, *self._contents.indexes):
            connection.execute(statement)
        try:
            return _schema_of(connection)
        finally:
            connection.close()

    def _remove(self) -> None:
        for companion in _COMPANIONS:
            Path(f"{self.path}{companion}").unlink(missing_ok=True)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.DatabaseError):
            connection.execute("ROLLBACK")
        raise


def _connect(path: Path) -> sqlite3.Connection:
    if str(path) == ":memory:":
        connection = sqlite3.connect(":memory:", isolation_level=None)
    else:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)
    connection.execute(f"PRAGMA busy_timeout = {_BUSY}")
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _schema_of(connection: sqlite3.Connection) -> str:
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name").fetchall()
    return sha256(repr(rows).encode("utf-8"))


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


def _flush(path: Path) -> None:
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def remove(path: Path) -> None:
    """Nothing; the derived file at `path` is gone with its companions, whoever made it. Raises QmsError."""
    with lock.exclusive(path.parent, name=path.name + ".lock"):
        for companion in _COMPANIONS:
            try:
                Path(f"{path}{companion}").unlink(missing_ok=True)
            except OSError as error:
                raise QmsError("{path} cannot be removed: {reason}", path=path, reason=cause(error)) from error
