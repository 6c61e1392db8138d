"""Threads for what is done once Slack has its acknowledgement: bounded, and loud in failing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Any, Final, TypeVar

from tocsin.core.errors import Overloaded

T = TypeVar("T")

WORKERS: Final = 16
WAITING: Final = 2_000
RETRY_AFTER_SECONDS: Final = 1


class Errands(Executor):
    """A pool that takes work in up to a bound, and remembers for each who asked for it.

    What is handed in runs in a copy of the context that handed it in, so that ``on_failure`` is
    told of an error where it is still known whom it concerns.
    """

    def __init__(
        self,
        *,
        on_failure: Callable[[BaseException], None],
        name: str = "slack",
        workers: int = WORKERS,
        waiting: int = WAITING,
    ) -> None:
        self._on_failure = on_failure
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix=name)
        self._room = threading.BoundedSemaphore(workers + waiting)

    def run(self, work: Callable[[], None]) -> None:
        """Do *work* later; its failing is told to ``on_failure``.

        Raises:
            Overloaded: more is waiting than can be taken in.
        """
        context = copy_context()
        done = self.submit(work)
        done.add_done_callback(lambda ended: context.run(self._look_at, ended))

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Do *fn* later; whoever asked looks at what became of it.

        Raises:
            Overloaded: more is waiting than can be taken in.
        """
        if not self._room.acquire(blocking=False):
            raise Overloaded(
                "more is waiting than can be taken in; try again in a moment",
                retry_after=RETRY_AFTER_SECONDS,
            )
        done = self._pool.submit(copy_context().run, partial(fn, *args, **kwargs))
        done.add_done_callback(lambda _: self._room.release())
        return done

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take nothing in any more; with *wait*, until what was taken in is done."""
        self._pool.shutdown(wait=wait, cancel_futures=cancel_futures)

    def _look_at(self, ended: Future[None]) -> None:
        if ended.cancelled():
            return
        failure = ended.exception()
        if failure is not None:
            self._on_failure(failure)
