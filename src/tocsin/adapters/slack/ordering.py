"""What comes twice, and what comes too early.

Slack delivers an event again whose acknowledgement it has missed, and delivers what is said now
while what was said before is still being read.
"""

from __future__ import annotations

import heapq
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final, TypeVar

T = TypeVar("T")

REMEMBERED: Final = 4_096
"""Mentions that are remembered as answered, so that a redelivered one is not answered twice; and
threads in which something was said that was nobody's."""


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
    """Messages that are said while their thread is read: they come after what was said before.

    Who opens a ticket from a thread begins to read it (:meth:`while_reading`) before the ticket is
    there, and ends when what was said before is recorded. A message looks for its ticket first and
    asks for a reader second (:meth:`take`), so that whichever way the two come together:

    - it finds none: it was in Slack before the ticket was there, and is read with the thread;
    - it finds one, and a reader: the thread is being read, and it waits for that;
    - it finds one, and no reader: the thread has been read.

    Asked the other way round, a ticket that is opened between the two questions would be found
    without its reader, and the message be recorded before the thread.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, list[tuple[datetime, int, Callable[[], None]]]] = {}
        self._readers: dict[str, int] = {}
        self._passed_by: OrderedDict[str, None] = OrderedDict()
        self._number = 0
        self._lock = threading.Lock()

    def take(
        self,
        thread: str,
        *,
        at: datetime,
        reply: bool,
        look: Callable[[], T | None],
        record: Callable[[T], None],
    ) -> None:
        """Have *record* take what was told *at* that instant, where *look* finds whose it is: now,
        or when *thread* is read.

        A *reply* that finds nobody leaves word for who begins to read its thread later
        (:meth:`passed_by`), and looks once more for who has begun and ended meanwhile.
        """

        def later() -> None:
            found = look()
            if found is not None:
                record(found)

        for _ in range(2 if reply else 1):
            found = look()
            if self.hold(thread, later, at=at, leave_word=reply and found is None):
                return
            if found is not None:
                record(found)
                return

    def hold(
        self, thread: str, work: Callable[[], None], *, at: datetime, leave_word: bool = False
    ) -> bool:
        """Keep *work* for later, in its place by *at*; False where nobody reads that thread."""
        with self._lock:
            if thread in self._waiting:
                self._number += 1
                heapq.heappush(self._waiting[thread], (at, self._number, work))
                return True
            if leave_word:
                self._passed_by.pop(thread, None)
                self._passed_by[thread] = None
                if len(self._passed_by) > REMEMBERED:
                    self._passed_by.popitem(last=False)
            return False

    def passed_by(self, thread: str) -> bool:
        """Whether something was said in that thread lately while it was nobody's; ask while you
        read it."""
        with self._lock:
            return thread in self._passed_by

    @contextmanager
    def while_reading(self, thread: str) -> Iterator[None]:
        """Hold back what is said there as long as the block goes on; then do it, in order. Of
        several who read one thread, the last one does. The block may end on another thread of the
        process than it began."""
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
            return heapq.heappop(self._waiting[thread])[2]

    def _break_off(self, thread: str) -> None:
        """Leave with work undone; what still waits is the next reader's, if there is one."""
        with self._lock:
            self._readers[thread] -= 1
            if self._readers[thread] == 0:
                del self._readers[thread], self._waiting[thread]
