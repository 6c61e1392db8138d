"""The thread that beats: ticks for what is due, another hearing for alerts that time has changed,
and a broom for what has expired."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from tocsin.adapters.clock.erasing import Erasing
from tocsin.adapters.clock.hearing_again import HearingAgain
from tocsin.adapters.clock.receiver import Ticking
from tocsin.adapters.clock.retention import drop_old
from tocsin.core.errors import Overloaded
from tocsin.core.instants import DAY, MINUTE
from tocsin.handler.writer import Writer
from tocsin.store.contract import StorageFailed, Store
from tocsin.store.leasing import unshared
from tocsin.store.outgoing import Holding

log = structlog.get_logger(__name__)

LONGEST_PAUSE = timedelta(seconds=1)
"""A deadline may be set at any moment, by any process; nobody wakes the clock for it."""

RECEIPTS_EVERY = MINUTE
RECEIPTS_AT_ONCE = 500
BETWEEN_SLICES = timedelta(milliseconds=100)
"""What the writer is left alone between two slices of what is deleted."""

WATCHED_EVERY = timedelta(seconds=10)
INBOX_EVERY = 5 * MINUTE
ERASED_EVERY = MINUTE
BETWEEN_ERASURES = timedelta(milliseconds=500)
"""Longer, since the search writes its index anew after some of them."""
INBOX_KEPT = 30 * DAY
"""How long payloads are kept where nobody says otherwise."""


def _nobody(at: datetime) -> None:
    return None


class Clockwork:
    """Beats until it is stopped; ``clock`` says what time it is, ``holding`` whether this is the
    process whose duty that is. ``watch`` looks every few seconds for what does not come (a
    connector that has fallen silent). Payloads stay in the inbox for ``inbox_kept``.

    Tests call :meth:`beat` themselves, with a clock they move by hand.
    """

    def __init__(
        self,
        *,
        store: Store,
        writer: Writer,
        clock: Callable[[], datetime],
        holding: Callable[[], Holding | None] = unshared,
        watch: Callable[[datetime], None] = _nobody,
        inbox_kept: timedelta = INBOX_KEPT,
    ) -> None:
        self._holding = holding
        self._store = store
        self._writer = writer
        self._clock = clock
        self._ticking = Ticking(store=store, writer=writer)
        self._hearing = HearingAgain(store=store, writer=writer)
        self._watch = watch
        self._watch_at: datetime | None = None
        self._inbox_kept = inbox_kept
        self._inbox_at: datetime | None = None
        self._sweep_at: datetime | None = None
        self._erasing = Erasing(store=store, writer=writer)
        self._erase_at: datetime | None = None
        self._stopping = threading.Event()
        self._troubled = False
        self._broken: set[str] = set()
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)

    @property
    def parked(self) -> int:
        """How many deadlines stayed due after their tick."""
        return self._ticking.parked

    @property
    def running(self) -> bool:
        """Whether it beats."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the beat it is in; call it before the writer is stopped."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def beat(self) -> timedelta:
        """Do what is to be done now; how long to pause before the next beat."""
        if self._holding() is None:
            return LONGEST_PAUSE
        try:
            # A tick needs no more than that: decided under the writer's lock, one that another
            # process has handed in too finds nothing left to do.
            pause = min(
                self._done("tick", self._tick),
                self._done("hear_again", self._hear_again),
                self._done("look_around", self._look_around),
                self._done("sweep", self._sweep),
                self._done("sweep_inbox", self._sweep_inbox),
                self._done("erase", self._erase),
            )
        except (StorageFailed, Overloaded) as failed:
            # Said once: the storage may be away for hours, and the writer tells of it too.
            if not self._troubled:
                log.error("the clock cannot work", action="clock_failed", reason=str(failed))
            self._troubled = True
            return LONGEST_PAUSE
        if self._troubled:
            log.info("the clock works again", action="clock_works")
        self._troubled = False
        if pause:
            # What another process has written wakes nobody here; the writer's duties shall see it.
            self._writer.nudge()
        return pause

    def _done(self, name: str, part: Callable[[], timedelta]) -> timedelta:
        """Do one part of a beat; how long it may pause."""
        try:
            pause = part()
        except (StorageFailed, Overloaded):
            raise
        except BaseException as wrong:
            # An error in the code of one part is no reason for time to stop for all others.
            if name not in self._broken:
                log.error(
                    "a part of the clock is broken",
                    action="clock_broken",
                    part=name,
                    exc_info=wrong,
                )
            self._broken.add(name)
            return LONGEST_PAUSE
        if name in self._broken:
            log.info("a part of the clock works again", action="clock_works", part=name)
        self._broken.discard(name)
        return pause

    def _run(self) -> None:
        pause = timedelta(0)
        while not self._stopping.wait(pause.total_seconds()):
            pause = self.beat()

    def _tick(self) -> timedelta:
        at = self._clock()
        look = self._ticking.look(at=at, ahead=LONGEST_PAUSE)
        if look.again:
            return timedelta(0)
        if look.next_due_at is None:
            return LONGEST_PAUSE
        return min(look.next_due_at - at, LONGEST_PAUSE)

    def _hear_again(self) -> timedelta:
        # After the ticks, with the clock read anew: a window that they ended holds nothing back.
        return timedelta(0) if self._hearing.look(at=self._clock()) else LONGEST_PAUSE

    def _look_around(self) -> timedelta:
        at = self._clock()
        if self._watch_at is None or at >= self._watch_at:
            self._watch(at)
            self._watch_at = at + WATCHED_EVERY
        return LONGEST_PAUSE

    def _sweep_inbox(self) -> timedelta:
        at = self._clock()
        if self._inbox_at is None:
            self._inbox_at = at + RECEIPTS_EVERY
        if at < self._inbox_at:
            return LONGEST_PAUSE
        if drop_old(self._store, before=at - self._inbox_kept):
            self._inbox_at = at + BETWEEN_SLICES
            return BETWEEN_SLICES
        self._inbox_at = at + INBOX_EVERY
        return LONGEST_PAUSE

    def _erase(self) -> timedelta:
        at = self._clock()
        if self._erase_at is None:
            self._erase_at = at + ERASED_EVERY
        if at < self._erase_at:
            return LONGEST_PAUSE
        if self._erasing.look(at=at):
            self._erase_at = at + BETWEEN_ERASURES
            return BETWEEN_ERASURES
        self._erase_at = at + ERASED_EVERY
        return LONGEST_PAUSE

    def _sweep(self) -> timedelta:
        at = self._clock()
        if self._sweep_at is None:
            # Not while starting: others are in a hurry then.
            self._sweep_at = at + RECEIPTS_EVERY
        if at < self._sweep_at:
            return LONGEST_PAUSE
        with self._store.tending() as turn:
            dropped = turn.drop_expired_receipts(at, RECEIPTS_AT_ONCE)
            if dropped:
                turn.commit()
        if dropped:
            log.debug("receipts expired", action="receipts_dropped", count=dropped)
        if dropped == RECEIPTS_AT_ONCE:
            self._sweep_at = at + BETWEEN_SLICES
            return BETWEEN_SLICES
        self._sweep_at = at + RECEIPTS_EVERY
        return LONGEST_PAUSE
