"""Work that comes round: a thread that does it again and again, as far as it is ours to do."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

log = structlog.get_logger(__name__)


class Rounds:
    """Calls *work* every so many *seconds* while *ours* says that it is this process's duty.

    What fails unexpectedly is logged, once until it works again, and tried at the next round: one
    neighbour's trouble shall not end what is kept in order elsewhere.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], object],
        *,
        seconds: float,
        ours: Callable[[], bool] = lambda: True,
    ) -> None:
        self._name = name
        self._work = work
        self._seconds = seconds
        self._ours = ours
        self._stopping = threading.Event()
        self._troubled = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin with the first round."""
        self._thread.start()

    def stop(self) -> None:
        """End after the round it is in."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def round(self) -> None:
        """One round, now; nothing when it is another's."""
        if not self._ours():
            return
        try:
            self._work()
        except BaseException as wrong:
            if not self._troubled:
                log.error("a round failed", action="round_failed", what=self._name, exc_info=wrong)
            self._troubled = True
            return
        if self._troubled:
            log.info("rounds work again", action="round_works", what=self._name)
        self._troubled = False

    def _run(self) -> None:
        pause = 0.0
        while not self._stopping.wait(pause):
            self.round()
            pause = self._seconds
