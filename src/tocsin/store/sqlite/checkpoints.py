"""Folding the write-ahead log into the database beside the writer, so that no commit waits for it.

SQLite would do it inside every thousandth commit, which then takes tens of milliseconds. Here a
thread copies pages while the writer goes on; what is left when the log has grown long is so little
that the writer finishes it itself between two turns, and the log begins anew from its start.
"""

from __future__ import annotations

import threading
from typing import Final

import structlog

from tocsin.store.contract import StorageFailed
from tocsin.store.sqlite.connecting import Connection, connect, opened, storage_errors
from tocsin.store.sqlite.store import SqliteStore

log = structlog.get_logger(__name__)

EVERY_SECONDS: Final = 0.25
LONG_LOG_PAGES: Final = 16_000
"""Sixty-four megabytes: longer, and finding a page in the log begins to cost."""


class Checkpoints:
    """A thread that folds the log of *store* until it is stopped.

    :meth:`finish` is a duty of the writer. ``long_log_pages`` is when a log is long.
    """

    def __init__(self, store: SqliteStore, *, long_log_pages: int = LONG_LOG_PAGES) -> None:
        self._store = store
        self._long_log_pages = long_log_pages
        self._stopping = threading.Event()
        self._is_long = False
        self._troubled = False
        self._is_held = False
        self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)

    def start(self) -> None:
        """Begin to fold; commits leave it to this thread from now on."""
        self._store.leave_checkpoints_to_others()
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the pass it is in."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def finish(self) -> float | None:
        """On the writer's thread, when nobody can write: fold what is left of a long log."""
        if self._is_long:
            self._is_long = False
            self._store.fold_log()
        return None

    def fold(self, connection: Connection) -> int:
        """Fold what is there, beside the writer, on a connection of one's own; the pages in the
        log."""
        try:
            with storage_errors():
                _, pages, folded = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except StorageFailed as failed:
            # Said once: the writer meets the same disk, and tells of it too.
            if not self._troubled:
                log.error("cannot fold the log", action="checkpoint_failed", reason=failed.reason)
            self._troubled = True
            return 0
        self._troubled = False
        self._is_long = pages > self._long_log_pages
        self._watch(held=pages - folded)
        return int(pages)

    def _watch(self, *, held: int) -> None:
        """Tell, once, of a log that grows because somebody still reads what was before it."""
        is_held = held > (0 if self._is_held else self._long_log_pages)
        if is_held and not self._is_held:
            log.warning(
                "somebody reads for so long that the log cannot be folded, and its file grows;"
                " look for a check, a backup or an sqlite3 that does not end",
                action="checkpoint_held",
                pages=held,
            )
        elif self._is_held and not is_held:
            log.info("the log is folded again", action="checkpoint_freed")
        self._is_held = is_held

    def _run(self) -> None:
        with storage_errors():
            connection = opened(self._store.path, read_only=False, connect=connect)
        try:
            while not self._stopping.wait(EVERY_SECONDS):
                self.fold(connection)
        finally:
            connection.close()
