"""Waking those who wait for news: a commit on the writer's thread, a stream on the event loop.

An announcement carries nothing but the position; whoever wakes reads the log behind what it has.
"""

from __future__ import annotations

import asyncio


class Announcer:
    """Tells the waiting streams of one event loop that the log has grown."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: dict[asyncio.Event, str] = {}
        self.closed = False

    @property
    def waiting(self) -> int:
        """How many streams are open."""
        return len(self._waiting)

    def waiting_of(self, whose: str) -> int:
        """How many of them are *whose*."""
        return sum(one == whose for one in self._waiting.values())

    def attach(self) -> None:
        """Take the running loop for the one to be woken."""
        self._loop = asyncio.get_running_loop()

    def subscribe(self, whose: str = "") -> asyncio.Event:
        """A bell that rings at every commit; give it back with :meth:`unsubscribe`. *whose* it is
        is the id of a key, empty where it is our own."""
        bell = asyncio.Event()
        self._waiting[bell] = whose
        return bell

    def unsubscribe(self, bell: asyncio.Event) -> None:
        """Ring no more."""
        self._waiting.pop(bell, None)

    def announce(self) -> None:
        """After a commit, from any thread: there are new events."""
        if self._waiting and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ring)

    def close(self) -> None:
        """Wake everybody, for good: the server is stopping. Called on the event loop."""
        self.closed = True
        self._ring()

    def _ring(self) -> None:
        for bell in self._waiting:
            bell.set()
