"""Just enough of the standard library's ``sqlite3`` over apsw, so that the store can use the disk.

The standard module carries an SQLite of its own which cannot see a VFS registered with apsw's. The
subset offered is that of ``sqlite3.connect(path, isolation_level=None)``: ``execute``,
``executemany``, ``executescript``, ``cursor``, ``commit``, ``rollback``, ``in_transaction``,
``interrupt``, ``total_changes``, ``create_function``, ``close``; cursors with ``fetchone``,
``fetchmany``, ``fetchall``, iteration, ``rowcount``, ``lastrowid``, ``description``. Failures are
the standard module's classes with their ``sqlite_errorcode``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

import apsw

Value = None | int | float | str | bytes
Parameters = Sequence[Value] | Mapping[str, Value]
Description = tuple[tuple[str, None, None, None, None, None, None], ...]

BUSY_MILLISECONDS: Final = 5_000


class Cursor:
    """A cursor as the standard module's."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.arraysize = 1
        self.rowcount = -1
        self.description: Description | None = None
        self._rows = connection.apsw.cursor()

    @property
    def lastrowid(self) -> int:
        """The rowid of the connection's last insert."""
        return self.connection.apsw.last_insert_rowid()

    def execute(self, sql: str, parameters: Parameters = ()) -> Cursor:
        """Run one statement."""
        before = self.connection.apsw.total_changes()
        with translated():
            self._rows.execute(sql, parameters or None, can_cache=True)
            self.description = self._describe()
        self._count(before, sql)
        return self

    def executemany(self, sql: str, rows: Iterable[Parameters]) -> Cursor:
        """Run one statement for each of *rows*."""
        before = self.connection.apsw.total_changes()
        with translated():
            self._rows.executemany(sql, rows)
        self.description = None
        self._count(before, sql)
        return self

    def fetchone(self) -> tuple[Value, ...] | None:
        """The next row, or ``None``."""
        with translated():
            return self._rows.fetchone()

    def fetchmany(self, size: int | None = None) -> list[tuple[Value, ...]]:
        """Up to *size* rows."""
        wanted = self.arraysize if size is None else size
        return [row for _, row in zip(range(wanted), self, strict=False)]

    def fetchall(self) -> list[tuple[Value, ...]]:
        """All rows that are left."""
        with translated():
            return self._rows.fetchall()

    def close(self) -> None:
        """Let go of the statement."""
        self._rows.close(force=True)

    def __iter__(self) -> Iterator[tuple[Value, ...]]:
        while (row := self.fetchone()) is not None:
            yield row

    def _describe(self) -> Description | None:
        try:
            columns = self._rows.get_description()
        except apsw.ExecutionCompleteError:
            return None
        return tuple((column[0], None, None, None, None, None, None) for column in columns)

    def _count(self, before: int, sql: str) -> None:
        verb = sql.lstrip()[:7].upper()
        is_change = verb.startswith(("INSERT", "UPDATE", "DELETE", "REPLACE"))
        self.rowcount = self.connection.apsw.total_changes() - before if is_change else -1


class Connection:
    """A connection as the standard module's with ``isolation_level=None``."""

    isolation_level: None = None

    def __init__(self, path: str, *, vfs: str, read_only: bool = False) -> None:
        flags = (
            apsw.SQLITE_OPEN_READONLY
            if read_only
            else apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
        )
        with translated():
            self.apsw: Final = apsw.Connection(path, flags=flags | apsw.SQLITE_OPEN_URI, vfs=vfs)
            self.apsw.set_busy_timeout(BUSY_MILLISECONDS)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self.apsw.in_transaction

    @property
    def total_changes(self) -> int:
        """Rows changed since the connection was made."""
        return self.apsw.total_changes()

    def cursor(self) -> Cursor:
        """A new cursor."""
        return Cursor(self)

    def execute(self, sql: str, parameters: Parameters = ()) -> Cursor:
        """Run one statement with a new cursor."""
        return self.cursor().execute(sql, parameters)

    def executemany(self, sql: str, rows: Iterable[Parameters]) -> Cursor:
        """Run one statement for each of *rows* with a new cursor."""
        return self.cursor().executemany(sql, rows)

    def executescript(self, sql: str) -> Cursor:
        """Run several statements."""
        return self.cursor().execute(sql)

    def commit(self) -> None:
        """Commit when a transaction is open."""
        if self.in_transaction:
            self.execute("COMMIT")

    def rollback(self) -> None:
        """Roll back when a transaction is open."""
        if self.in_transaction:
            self.execute("ROLLBACK")

    def create_function(
        self, name: str, narg: int, func: Callable[..., Any], *, deterministic: bool = False
    ) -> None:
        """Make a Python function known to SQL."""
        self.apsw.create_scalar_function(name, func, narg, deterministic=deterministic)

    def interrupt(self) -> None:
        """Stop what another thread is running."""
        self.apsw.interrupt()

    def close(self) -> None:
        """Close, forgetting what was not committed."""
        # Like the standard module, which does not tell of a last checkpoint that failed.
        with suppress(apsw.IOError):
            self.apsw.close(force=True)


@contextmanager
def translated() -> Iterator[None]:
    """Raise apsw's failures as the standard module's, with the same code."""
    try:
        yield
    except apsw.ConstraintError as failure:
        raise _with_code(sqlite3.IntegrityError(str(failure)), failure) from failure
    except apsw.Error as failure:
        raise _with_code(sqlite3.OperationalError(str(failure)), failure) from failure


def _with_code(error: sqlite3.Error, failure: apsw.Error) -> sqlite3.Error:
    error.sqlite_errorcode = getattr(failure, "extendedresult", apsw.SQLITE_ERROR)
    error.sqlite_errorname = type(failure).__name__
    return error
