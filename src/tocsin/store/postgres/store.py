"""The way in: a URL, and connections that are taken for a turn and given back."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
import structlog
from psycopg.pq import TransactionStatus

from tocsin.store.contract import DatabaseTooNew, StorageFailed
from tocsin.store.postgres.committing import PATIENCE_SECONDS, commit
from tocsin.store.postgres.connecting import Connection, connect, storage_errors
from tocsin.store.postgres.listening import Listener
from tocsin.store.postgres.reading import PostgresReadTurn
from tocsin.store.postgres.scoping import Scoped
from tocsin.store.postgres.writing import WRITER, PostgresWriteTurn
from tocsin.store.standing import stands_today

log = structlog.get_logger(__name__)

READERS: Final = 8

_READING: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_TENDING: Final = (
    "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT set_config('tocsin.every_org', 'on', true)"
)
_WRITING: Final = (
    f"BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({WRITER});"
    " SELECT set_config('tocsin.every_org', 'on', true)"
)


class PostgresStore:
    """The store in the database at *url*, migrated by the first turn that reaches it.

    A database that is away is no reason not to begin: each turn says so until it is back. Any
    thread may take a turn; writing ones wait for each other, whichever process they are of.
    ``patience`` is how many seconds a commit may take before its outcome is called unknown.

    Raises:
        DatabaseTooNew: the database asks for newer code.
    """

    def __init__(self, url: str, *, patience: float = PATIENCE_SECONDS) -> None:
        self._url = url
        self._patience = patience
        self._idle: queue.LifoQueue[Connection] = queue.LifoQueue()
        self._readers = threading.BoundedSemaphore(READERS)
        self._migrating = threading.Lock()
        self._migrated = False
        self._closed = False
        self._listeners: list[Listener] = []
        try:
            self._give_back(self._taken())
        except StorageFailed as away:
            if isinstance(away.__cause__, DatabaseTooNew):
                raise away.__cause__ from None
            log.warning("the database is away", action="database_away", reason=away.reason)

    @property
    def shared(self) -> bool:
        """Any number of processes may serve it."""
        return True

    def listen(self, on_news: Callable[[], None]) -> None:
        """Have *on_news* called, from a thread of its own, when any process has written; until
        ``close``."""
        listener = Listener(self._url, on_news)
        self._listeners.append(listener)
        listener.start()

    def finish_upgrade(self) -> None:
        """Leave older code behind; only who knows that none is at work may say so.

        Raises:
            StorageFailed: the database cannot be written.
        """
        from tocsin.store.postgres.upgrading import finished  # As in _prepare.

        connection = self._taken()
        try:
            with storage_errors():
                finished(connection)
        finally:
            connection.close()

    # -- turns -----------------------------------------------------------------------------------

    @contextmanager
    def reading(self) -> Iterator[PostgresReadTurn]:
        """A snapshot. Keep it short: a long one keeps what was replaced from being swept away.

        Raises:
            StorageFailed: the database is away.
        """
        with self._readers, self._transaction(_READING, every_org=False) as scoped:
            yield PostgresReadTurn(scoped)

    @contextmanager
    def writing(self) -> Iterator[PostgresWriteTurn]:
        """A deciding turn: the one writer of the database until it ends; rolled back unless it was
        committed.

        Raises:
            StorageFailed: the database is away, or others write for too long.
        """
        with self._transaction(_WRITING, every_org=True) as scoped:
            yield PostgresWriteTurn(scoped, commit=self._commit)

    @contextmanager
    def tending(self) -> Iterator[PostgresWriteTurn]:
        """A turn for what follows the log (rows, checkpoints, marks), beside the writer.

        It waits for the disks as the writer does: whoever tends goes on from what was written, also
        when the database is another by then, and a mark lost with a primary would be a delivery
        that nobody makes.

        Raises:
            StorageFailed: the database is away.
        """
        with self._transaction(_TENDING, every_org=True) as scoped:
            yield PostgresWriteTurn(scoped, commit=self._commit)

    def close(self) -> None:
        """Give back every connection, and listen no more."""
        self._closed = True
        for listener in self._listeners:
            listener.stop()
        self._drop_idle()

    def _commit(self, connection: Connection) -> None:
        commit(connection, patience=self._patience)

    @contextmanager
    def _transaction(self, begin: str, *, every_org: bool) -> Iterator[Scoped]:
        connection = self._begun(begin)
        try:
            with storage_errors():
                yield Scoped(connection, every_org=every_org)
        except StorageFailed as failed:
            if isinstance(failed.__cause__, psycopg.errors.ReadOnlySqlTransaction):
                # This server became a standby: another one is written now, look for it.
                connection.close()
                self._drop_idle()
            raise
        finally:
            self._give_back(connection)

    def _begun(self, begin: str) -> Connection:
        """A connection on which a transaction was begun."""
        connection = self._taken()
        try:
            with storage_errors():
                return _with(connection, begin)
        except StorageFailed:
            if not connection.closed:
                self._give_back(connection)
                raise
        # It had waited since before the database went away: others have too.
        self._drop_idle()
        connection = self._taken()
        try:
            with storage_errors():
                return _with(connection, begin)
        except StorageFailed:
            connection.close()
            raise

    # -- connections -----------------------------------------------------------------------------

    def _taken(self) -> Connection:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            connection = connect(self._url)
        try:
            with storage_errors():
                self._prepare(connection)
        except BaseException:
            # Nobody has it yet, so nobody else would close it.
            connection.close()
            raise
        return connection

    def _give_back(self, connection: Connection) -> None:
        """Roll back what was not committed, and keep the connection if it is sound."""
        try:
            if not connection.closed and not _idle(connection):
                connection.execute("ROLLBACK")
        except psycopg.OperationalError:
            # Whoever cannot be reached rolls back by itself.
            connection.close()
        if connection.closed or self._closed or not _idle(connection):
            connection.close()
        else:
            self._idle.put(connection)

    def _drop_idle(self) -> None:
        while True:
            try:
                self._idle.get_nowait().close()
            except queue.Empty:
                return

    def _prepare(self, connection: Connection) -> None:
        """Migrate, once in the life of a process.

        Raises:
            StorageFailed: the database asks for newer code.
        """
        with self._migrating:
            if self._migrated:
                return
            _mind_the_role(connection)
            if not _stands_today(connection):
                # With what it takes a tenth of a second and ten megabytes to load: only for who
                # has something to migrate.
                from tocsin.store.postgres.upgrading import migrated

                try:
                    migrated(connection)
                except DatabaseTooNew as too_new:
                    raise StorageFailed(str(too_new)) from too_new
            self._migrated = True


def _with(connection: Connection, begin: str) -> Connection:
    """Begin, in one round trip."""
    connection.execute(begin.encode())
    return connection


def _idle(connection: Connection) -> bool:
    return connection.info.transaction_status == TransactionStatus.IDLE


def _mind_the_role(connection: Connection) -> None:
    row = connection.execute(
        "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    if row is not None and row[0]:
        log.warning(
            "this role is not bound by row-level security; use one that is no superuser",
            action="row_security_void",
        )


def _stands_today(connection: Connection) -> bool:
    """Whether there is nothing to migrate and nothing to finish."""
    tables = connection.execute(
        "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"
        " AND tablename IN ('house', 'alembic_version')"
    ).fetchone()
    if tables is None or tables[0] < 2:
        return False
    revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    oldest = connection.execute("SELECT value FROM house WHERE name = 'oldest_code'").fetchone()
    return stands_today(
        revision=None if revision is None else revision[0],
        oldest_code=0 if oldest is None else int(oldest[0]),
    )
