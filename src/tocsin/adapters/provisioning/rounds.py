"""A duty that goes its rounds: at an interval, and when it is nudged; one thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog

from tocsin.core.errors import Overloaded
from tocsin.store.contract import StorageFailed
from tocsin.store.leasing import unshared
from tocsin.store.outgoing import Holding

log = structlog.get_logger(__name__)

WITHOUT_DUTY: Final = timedelta(seconds=1)
"""How often a process looks whether the duty has become its own."""

BREATH_SECONDS: Final = 0.1
"""Between two rounds at least: who writes without a pause shall not keep a duty at it."""


def _nobody() -> None:
    return None


class Rounds:
    """Calls *go* until it is stopped; ``go`` says how long to pause, which a nudge ends.

    ``holding`` is whether this is the process whose duty that is. While the storage is away, or the
    round meets an error in the code, it comes again after ``retry``; that is said once.
    ``hurry`` is called when it is stopped, from another thread, to cut short the round that is
    under way.
    """

    def __init__(
        self,
        name: str,
        go: Callable[[], timedelta],
        *,
        holding: Callable[[], Holding | None] = unshared,
        retry: timedelta = timedelta(seconds=5),
        hurry: Callable[[], None] = _nobody,
    ) -> None:
        self._name, self._go, self._holding, self._retry = name, go, holding, retry
        self._hurry = hurry
        self._wake = threading.Condition()
        self._nudged = False
        self._stopping = False
        self._troubled = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def running(self) -> bool:
        """Whether it goes its rounds."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the round it is in; call it before the writer is stopped."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._hurry()
        if self._thread.is_alive():
            self._thread.join()

    def nudge(self) -> None:
        """There may be something to do at once."""
        with self._wake:
            # Every commit nudges: while a round is owed nobody needs to be woken for it.
            if not self._nudged:
                self._nudged = True
                self._wake.notify()

    def once(self) -> timedelta:
        """One round, if the duty is this process's; how long to pause then."""
        if self._holding() is None:
            return WITHOUT_DUTY
        try:
            pause = self._go()
        except (StorageFailed, Overloaded) as failed:
            if not self._troubled:
                log.error(
                    "a duty cannot work",
                    action="duty_failed",
                    duty=self._name,
                    reason=str(failed),
                )
            self._troubled = True
            return self._retry
        except BaseException as wrong:
            # What one answer of one neighbour brought about shall not end the duty for good.
            if not self._troubled:
                log.error("a duty is broken", action="duty_broken", duty=self._name, exc_info=wrong)
            self._troubled = True
            return self._retry
        if self._troubled:
            log.info("the duty works again", action="duty_works", duty=self._name)
        self._troubled = False
        return pause

    def _run(self) -> None:
        while True:
            pause = self.once()
            with self._wake:
                if self._wake.wait_for(lambda: self._stopping, timeout=BREATH_SECONDS):
                    return
                self._wake.wait_for(
                    lambda: self._stopping or self._nudged, timeout=pause.total_seconds()
                )
                if self._stopping:
                    return
                self._nudged = False
