"""What comes twice, and what comes too early.

Slack delivers an event again whose acknowledgement it has missed, and delivers what is said now
while what was said before is still being read.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

REMEMBERED: Final = 4_096
"""Mentions that are remembered as answered, so that a redelivered one is not answered twice."""


class Answered:
    """The newest mentions that were answered here."""

    def __init__(self) -> None:
        self._keys: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def first(self, key: str) -> bool:
        """Whether *key* comes for the first time; from now on it does not."""
        with self._lock:
            if key in self._keys:
                return False
            self._keys[key] = None
            if len(self._keys) > REMEMBERED:
                self._keys.popitem(last=False)
            return True


class HeldBack:
    """Messages that are said while their thread is read: they come after what was said before."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Callable[[], None]]] = {}
        self._readers: dict[str, int] = {}
        self._lock = threading.Lock()

    def hold(self, thread: str, work: Callable[[], None]) -> bool:
        """Keep *work* for later; False where nobody reads that thread."""
        with self._lock:
            if thread not in self._waiting:
                return False
            self._waiting[thread].append(work)
            return True

    @contextmanager
    def while_reading(self, thread: str) -> Iterator[None]:
        """Hold back what is said there as long as the block goes on; then do it, in order. Of
        several who read one thread, the last one does."""
        with self._lock:
            self._waiting.setdefault(thread, [])
            self._readers[thread] = self._readers.get(thread, 0) + 1
        try:
            yield
        finally:
            while (work := self._next(thread)) is not None:
                try:
                    work()
                except BaseException:
                    # Whatever went wrong goes on; what waits here must not wait for ever.
                    self._break_off(thread)
                    raise

    def _next(self, thread: str) -> Callable[[], None] | None:
        """What comes next of what was held back; None where that is over, or another one's to do:
        then this reader has left."""
        with self._lock:
            if self._readers[thread] > 1:
                self._readers[thread] -= 1
                return None
            if not self._waiting[thread]:
                del self._readers[thread], self._waiting[thread]
                return None
            return self._waiting[thread].pop(0)

    def _break_off(self, thread: str) -> None:
        """Leave with work undone; what still waits is the next reader's, if there is one."""
        with self._lock:
            self._readers[thread] -= 1
            if self._readers[thread] == 0:
                del self._readers[thread], self._waiting[thread]
