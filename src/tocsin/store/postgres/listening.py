"""Hearing of what any process has written, by LISTEN and NOTIFY."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

import psycopg
import structlog

from tocsin.store.contract import StorageFailed
from tocsin.store.postgres.connecting import Connection, connect, failure

log = structlog.get_logger(__name__)

CHANNEL: Final = "tocsin"
LOOK_SECONDS: Final = 0.5
"""How often the thread looks whether it is to end."""

FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 5.0


class Listener:
    """A thread that calls *on_news* when anything was written, until it is stopped.

    It is also called after the connection was lost: something may have been missed.
    """

    def __init__(self, url: str, on_news: Callable[[], None]) -> None:
        self._url = url
        self._on_news = on_news
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            try:
                with connect(self._url) as connection:
                    connection.execute(f"LISTEN {CHANNEL}".encode())
                    pause = FIRST_PAUSE
                    self._on_news()
                    self._listen(connection)
            except (StorageFailed, psycopg.OperationalError) as lost:
                reason = lost.reason if isinstance(lost, StorageFailed) else failure(lost).reason
                log.warning("not listening", action="listening_lost", reason=reason)
                self._stopping.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    def _listen(self, connection: Connection) -> None:
        while not self._stopping.is_set():
            heard = False
            for _ in connection.notifies(timeout=LOOK_SECONDS, stop_after=1):
                heard = True
            if heard:
                self._on_news()
