"""Connections to the file: how they are opened, and what their failures mean."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from tocsin.store.contract import StorageFailed
from tocsin.store.new_files import new_file

Connection = sqlite3.Connection


class Connect(Protocol):
    """Opens the file. A test may hand in another one (a file system that loses power)."""

    def __call__(self, path: Path, *, read_only: bool) -> Connection: ...


BUSY_MILLISECONDS = 5_000

WORDS = "temp.search_words"
"""The words of the search index, in their order: a view of it that each connection has."""


def connect(path: Path, *, read_only: bool) -> Connection:
    """A connection without implicit transactions, usable from any one thread at a time."""
    if not read_only:
        # SQLite would make one that everybody may read; its companions take after it.
        with suppress(FileExistsError):
            os.close(new_file(path))
    return sqlite3.connect(
        path,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
        timeout=BUSY_MILLISECONDS / 1000,
    )


def opened(path: Path, *, read_only: bool, connect: Callable[..., Connection]) -> Connection:
    """A connection with the settings that the design names.

    The writer syncs at every commit (``synchronous=FULL``); what was deleted is overwritten
    (``secure_delete``), so that a redacted text does not linger in free pages. Foreign keys are
    declared for readers of the schema and not enforced: every row's org is one that the turn has
    looked up, and looking twenty times a ticket for the same org costs a tenth of the turn.
    """
    connection = connect(path, read_only=read_only)
    connection.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
    connection.execute("PRAGMA cache_size=-32000")
    if not read_only:
        # Counts only for a new file. A ticket's texts, state and row fit one page more often.
        connection.execute("PRAGMA page_size=4096")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA temp_store=MEMORY")
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("PRAGMA wal_autocheckpoint=4000")
    connection.execute(
        f"CREATE VIRTUAL TABLE {WORDS} USING fts5vocab('main', 'search', 'instance')"
    )
    if read_only:
        connection.execute("PRAGMA query_only=ON")
    return connection


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn what SQLite says when the disk is away, full, locked or broken into one exception.

    A constraint that fails is not among them: it means that the code is wrong, and stays as it is.

    Raises:
        StorageFailed: with what to do where that is known, and SQLite's own words.
    """
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except sqlite3.DatabaseError as failed:
        # The upper bytes only say where in SQLite it was found out.
        advice = _ADVICE.get(getattr(failed, "sqlite_errorcode", 0) & 0xFF)
        seen = f"the database does not answer: {failed}"
        raise StorageFailed(f"{seen}; {advice}" if advice else seen) from failed
    except OSError as failed:
        raise StorageFailed(f"the database does not answer: {failed}") from failed


_ADVICE = {
    sqlite3.SQLITE_FULL: "make room on its disk, and it goes on by itself",
    sqlite3.SQLITE_READONLY: "its files, or their disk, may not be written by this user",
    sqlite3.SQLITE_CANTOPEN: "see whether the folder is there, and whom it belongs to",
    sqlite3.SQLITE_IOERR: "its disk fails: see the system's log, and have a backup at hand",
    sqlite3.SQLITE_CORRUPT: "stop the server, and put a backup in its place: tocsin db restore",
    sqlite3.SQLITE_NOTADB: "stop the server, and put a backup in its place: tocsin db restore",
    sqlite3.SQLITE_BUSY: "another program keeps it locked",
}
