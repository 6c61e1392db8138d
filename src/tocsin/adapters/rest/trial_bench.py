"""Where trials of destinations run: away from everything else, two at once, a few waiting."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from tocsin.core.errors import Overloaded
from tocsin.dispatcher.contract import SEND_SECONDS

T = TypeVar("T")

AT_ONCE: Final = 2
MOST_WAITING: Final = 8


class TrialBench:
    """Runs what may take as long as a neighbour takes to answer.

    Its threads are made when they are first needed.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="trial")
        self._places = threading.BoundedSemaphore(AT_ONCE + MOST_WAITING)

    async def run(self, work: Callable[[], T]) -> T:
        """What *work* returns.

        Raises:
            Overloaded: too many trials wait already.
        """
        if not self._places.acquire(blocking=False):
            raise Overloaded(
                "too many trials are being sent; try again in a moment",
                retry_after=int(SEND_SECONDS),
            )

        running = self._threads.submit(work)
        # Also when it is cancelled before it begins.
        running.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(running)

    def close(self) -> None:
        """Take no more, and wait for what is being sent."""
        self._threads.shutdown(wait=True, cancel_futures=True)
