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
        self._lock = threading.Lock()

    def hold(self, stream: str, work: Callable[[], None]) -> bool:
        """Keep *work* for later; False where there is no need to."""
        with self._lock:
            if stream not in self._waiting:
                return False
            self._waiting[stream].append(work)
            return True

    @contextmanager
    def while_reading(self, stream: str) -> Iterator[None]:
        """Hold back what concerns *stream* as long as the block goes on; then do it, in order."""
        with self._lock:
            self._waiting.setdefault(stream, [])
        try:
            yield
        finally:
            self._let_go(stream)

    def _let_go(self, stream: str) -> None:
        while True:
            with self._lock:
                works = self._waiting.pop(stream)
                if not works:
                    return
                self._waiting[stream] = []
            try:
                for work in works:
                    work()
            except BaseException:
                with self._lock:
                    del self._waiting[stream]
                raise
