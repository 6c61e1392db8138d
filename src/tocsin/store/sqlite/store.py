"""The way in: one file, one writing connection, a small pool of reading ones."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tocsin.store.sqlite.connecting import (
    Connect,
    Connection,
    connect,
    opened,
    storage_errors,
)
from tocsin.store.sqlite.reading import SqliteReadTurn
from tocsin.store.sqlite.writing import SqliteWriteTurn
from tocsin.store.standing import NEWEST_REVISION, stands_today

READERS = 4
FORGOTTEN_LOG_PAGES = 64_000


class SqliteStore:
    """The store on the file *path*, made and migrated when it is not there or not up to date.

    ``connect`` opens the file; a test may hand in another way. One thread at a time writes; any
    number read, each on a connection of its own.

    Raises:
        DatabaseTooNew: the database asks for newer code.
        StorageFailed: the file cannot be opened.
    """

    def __init__(self, path: Path, *, connect: Connect = connect, migrated: bool = False) -> None:
        self.path = path
        self._connect = connect
        self._turn = threading.Lock()
        self._seen_version: int | None = None
        self._idle: queue.LifoQueue[Connection] = queue.LifoQueue()
        self._readers = threading.BoundedSemaphore(READERS)
        with storage_errors():
            self._writer = opened(path, read_only=False, connect=connect)
            if not migrated:
                self._migrate()

    @property
    def shared(self) -> bool:
        """One process serves a file."""
        return False

    def listen(self, on_news: Callable[[], None]) -> None:
        """Nobody tells: the one process knows what it wrote, and the command line's rare writes are
        found by looking."""

    def finish_upgrade(self) -> None:
        """Leave older code behind; only who knows that none is at work may say so.

        Raises:
            StorageFailed: the database cannot be written.
        """
        with self._turn, storage_errors():
            if not self._stands_today():
                # As below.
                from tocsin.store.sqlite.upgrading import finished

                finished(self._writer)

    def is_behind(self) -> bool:
        """Whether an older release has made it, so that there is something to migrate.

        Raises:
            StorageFailed: the file cannot be read.
        """
        with self._turn, storage_errors():
            revision, _ = self._standing()
        return revision is None or revision < NEWEST_REVISION

    def _migrate(self) -> None:
        if not self._stands_today():
            # With what it takes a tenth of a second and ten megabytes to load: only for who has
            # something to migrate.
            from tocsin.store.sqlite.upgrading import migrated

            migrated(self._writer)

    def _stands_today(self) -> bool:
        """Whether there is nothing to migrate and nothing to finish."""
        revision, oldest_code = self._standing()
        return stands_today(revision=revision, oldest_code=oldest_code)

    def _standing(self) -> tuple[str | None, int]:
        """The last migration that was done, and the oldest code that may be at work."""
        tables = "SELECT count(*) FROM sqlite_master WHERE name IN ('house', 'alembic_version')"
        if self._writer.execute(tables).fetchone()[0] < 2:
            return None, 0
        revision = self._writer.execute("SELECT version_num FROM alembic_version").fetchone()
        oldest = self._writer.execute(
            "SELECT value FROM house WHERE name = 'oldest_code'"
        ).fetchone()
        return (
            None if revision is None else revision[0],
            0 if oldest is None else int(oldest[0]),
        )

    @contextmanager
    def tending(self) -> Iterator[SqliteWriteTurn]:
        """A turn for what follows the log (rows, checkpoints, marks): decides nothing, so it leaves
        to the next deciding turn to hear of what others wrote.

        It does not wait for the disk: what it writes can be made again from the log, and the sync
        of the next deciding turn covers it too.

        Raises:
            StorageFailed: the database is away, full or locked by another for too long.
        """
        with self._turn, storage_errors():
            self._writer.execute("PRAGMA synchronous=NORMAL")
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                turn = SqliteWriteTurn(self._writer, moved=False)
                try:
                    yield turn
                finally:
                    turn.rollback()
            finally:
                self._writer.execute("PRAGMA synchronous=FULL")

    @contextmanager
    def writing(self) -> Iterator[SqliteWriteTurn]:
        """A deciding turn: opened before anything is read; rolled back unless it was committed.

        Raises:
            StorageFailed: the database is away, full or locked by another for too long.
        """
        with self._turn, storage_errors():
            self._writer.execute("BEGIN IMMEDIATE")
            version = self._writer.execute("PRAGMA data_version").fetchone()[0]
            turn = SqliteWriteTurn(self._writer, moved=version != self._seen_version)
            try:
                yield turn
                if turn.has_told_who_moved:
                    # Whoever did not ask has not heard of it: the next one shall.
                    self._seen_version = version
            finally:
                turn.rollback()

    @contextmanager
    def reading(self) -> Iterator[SqliteReadTurn]:
        """A snapshot. Keep it short: a long one holds back the checkpoint.

        Raises:
            StorageFailed: the database is away.
        """
        with self._readers, storage_errors():
            try:
                connection = self._idle.get_nowait()
            except queue.Empty:
                connection = opened(self.path, read_only=True, connect=self._connect)
            connection.execute("BEGIN")
            try:
                yield SqliteReadTurn(connection)
            finally:
                connection.execute("ROLLBACK")
                self._idle.put(connection)

    def leave_checkpoints_to_others(self) -> None:
        """Fold the write-ahead log in a commit only if nobody else has for very long."""
        with self._turn, storage_errors():
            self._writer.execute(f"PRAGMA wal_autocheckpoint={FORGOTTEN_LOG_PAGES}")

    def fold_log(self) -> None:
        """Fold the write-ahead log as far as readers let it, while nobody writes.

        Raises:
            StorageFailed: the database is away or full.
        """
        with self._turn, storage_errors():
            self._writer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def close(self) -> None:
        """Give back every connection; the last one folds the write-ahead log into the file."""
        while True:
            try:
                self._idle.get_nowait().close()
            except queue.Empty:
                break
        self._writer.close()
