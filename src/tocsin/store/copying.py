"""Everything of a PostgreSQL store as one SQLite file, and back: backups, and moving house.

The tables have the same names and columns in both, so rows are carried over as they are: the log
with its chain, states, receipts, sealed secrets, what waits to be delivered. What only makes sense
where it is (leases, the search index, what measures and status pages are made of, followers'
checkpoints) stays, and is made anew.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Table

from tocsin.store import schema
from tocsin.store.postgres import PostgresStore
from tocsin.store.sqlite import SqliteStore
from tocsin.store.sqlite.connecting import Connection, connect, opened, storage_errors
from tocsin.store.standing import NEWEST_REVISION

Progress = Callable[[int, int], None]

STAYING: Final = frozenset({"leases", "checkpoints", "house", "measured", "public_notices"})
TABLES: Final[Sequence[Table]] = [
    table
    for table in (*schema.DIRECTORY_TABLES, *schema.TENANT_TABLES)
    if table.name not in STAYING
]
"""What is carried over; orgs come first, since the others speak of them."""

ROWS_AT_ONCE: Final = 500


class NotEmpty(Exception):
    """There is something in the database already; nothing was changed."""


def _columns(table: Table) -> list[str]:
    return [column.name for column in table.columns]


def copy_out(
    store: PostgresStore, to: Path, *, progress: Progress = lambda done, total: None
) -> None:
    """Copy everything in *store*, as it is at one moment and while it is in use, to a new file; on
    disk when this returns. ``progress`` is told events.

    Raises:
        FileExistsError: there is something at *to* already.
        StorageFailed: the copy could not be made; nothing is left at *to*.
    """
    if to.exists():
        raise FileExistsError(f"{to} is there already; name a new file")
    partial = to.with_name(to.name + ".partial")
    for left in _with_companions(partial):
        left.unlink(missing_ok=True)
    try:
        SqliteStore(partial).close()
        with storage_errors():
            file = opened(partial, read_only=False, connect=connect)
            try:
                file.execute("BEGIN IMMEDIATE")
                _fill(file, store, progress)
                file.execute("COMMIT")
                file.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                file.close()
        for place in (partial, partial.parent):
            handle = os.open(place, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        partial.rename(to)
    finally:
        for left in _with_companions(partial):
            left.unlink(missing_ok=True)


def _fill(file: sqlite3.Connection, store: PostgresStore, progress: Progress) -> None:
    with store.reading() as turn:
        total = turn.last_position()
        turn.scoped.to(None)
        for table in TABLES:
            names = _columns(table)
            marks = ", ".join("?" * len(names))
            done = 0
            with turn.scoped.connection.cursor(name=f"copying_{table.name}") as rows:
                rows.itersize = ROWS_AT_ONCE
                rows.execute(f"SELECT {', '.join(names)} FROM {table.name}".encode())
                while part := rows.fetchmany(ROWS_AT_ONCE):
                    file.executemany(
                        f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})", part
                    )
                    done += len(part)
                    if table is schema.events:
                        progress(done, total)


def copy_in(
    source: Path, store: PostgresStore, *, progress: Progress = lambda done, total: None
) -> int:
    """Copy everything in the SQLite file *source* to *store*, in which there is nothing yet, all
    or nothing; how many events. ``progress`` is told events.

    Raises:
        NotEmpty: there is something in *store*.
        StorageFailed: a database is away, or the file cannot be read.
    """
    with storage_errors():
        file = opened(source, read_only=True, connect=connect)
        try:
            file.execute("BEGIN")
            (total,) = file.execute("SELECT count(*) FROM events").fetchone()
            with store.writing() as turn:
                if turn.last_position() or turn.orgs():
                    raise NotEmpty("there is something in that database already; name an empty one")
                turn.scoped.to(None)
                for table in _tables_in(file):
                    rows = file.execute(f"SELECT {', '.join(_columns(table))} FROM {table.name}")
                    written = 0
                    for part in _parts(rows):
                        _put(turn.scoped.connection, table, part)
                        written += len(part)
                        if table is schema.events:
                            progress(written, total)
                turn.commit()
        finally:
            file.close()
    return int(total)


def _tables_in(file: Connection) -> Sequence[Table]:
    """What there is to carry over: a file of an older release lacks the tables that came later,
    and they begin empty, as when it is migrated."""
    (revision,) = file.execute("SELECT version_num FROM alembic_version").fetchone()
    if revision >= NEWEST_REVISION:
        return TABLES
    found = file.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    present = {name for (name,) in found}
    return [table for table in TABLES if table.name in present]


def _parts(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    while part := list(islice(rows, ROWS_AT_ONCE)):
        yield part


def _put(connection: Any, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    # INSERT, as COPY FROM does not go together with row-level security.
    names = _columns(table)
    marks = ", ".join(["%s"] * len(names))
    statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})"
    with connection.cursor() as cursor:
        cursor.executemany(statement.encode(), rows)


def _with_companions(path: Path) -> tuple[Path, ...]:
    return (path, *(path.with_name(path.name + ending) for ending in ("-wal", "-shm")))
