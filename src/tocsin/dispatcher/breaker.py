"""When a destination is left alone: a breaker, and how long to wait (Design: dispatcher). Pure.

Times are seconds of any clock that only goes forward; ``luck`` is a random number from 0 to 1.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

SUSPECT_SECONDS: Final = 1.0
"""How long a lane rests after a first failure that may be its own or the destination's."""

OPEN_AFTER: Final = 3
"""Failures in a row, of whatever lanes, after which the destination is taken to be down."""

MAX_ATTEMPTS: Final = 20
MAX_REFUSALS: Final = 5
GIVE_UP_AFTER: Final = timedelta(hours=72)

PROBE_FIRST: Final = 1.0
PROBE_LONGEST: Final = 30.0
"""Seconds between two probes of a destination that is down, unless it asks for more."""

WISH_LONGEST: Final = 3_600.0
RETRY_FIRST: Final = 1.0
RETRY_LONGEST: Final = 3_600.0


def retry_delay(attempts: int, *, wish: float | None, luck: float) -> float:
    """Seconds until the next attempt at a delivery that failed *attempts* times.

    Doubling from a second to an hour, shortened at random by up to a half, so that what failed
    together does not come back together; never before the neighbour's *wish*.
    """
    delay = min(RETRY_FIRST * 2.0 ** min(attempts - 1, 20), RETRY_LONGEST) * (1.0 - luck / 2)
    return max(delay, min(wish or 0.0, WISH_LONGEST))


def is_given_up(attempts: int, *, tried_at: datetime | None, at: datetime, watched: bool) -> bool:
    """Whether a delivery that was first tried at *tried_at*, and failed *attempts* times while
    others got through, is tried no more at *at*.

    After many of those failures; after days also with some, as others may come seldom. Where nobody
    is told that the destination is down (it is not *watched*), after days with none: what is kept
    for one that never comes back would be kept for ever.
    """
    long_ago = tried_at is not None and at - tried_at >= GIVE_UP_AFTER
    return attempts >= MAX_ATTEMPTS or (long_ago and (attempts >= MAX_REFUSALS or not watched))


class Breaker:
    """Open while a destination is down: then one probe at a time goes through, none between."""

    def __init__(self) -> None:
        self._failures = 0
        self._probe_at: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether the destination is taken to be down."""
        return self._probe_at is not None

    @property
    def probe_at(self) -> float | None:
        """When the next probe may go; None while closed."""
        return self._probe_at

    def admits(self, now: float) -> bool:
        """Whether something may be sent; the caller sends one at a time while it is open."""
        return self._probe_at is None or now >= self._probe_at

    def trip(self, now: float, *, wish: float | None, luck: float) -> None:
        """A send failed: open, or stay open for longer.

        What was out already when it opened tells nothing new, but may tell of a later time.
        """
        if self._probe_at is not None and now < self._probe_at:
            self._probe_at = max(self._probe_at, now + min(wish or 0.0, WISH_LONGEST))
            return
        self._failures += 1
        delay = min(PROBE_FIRST * 2.0 ** min(self._failures - 1, 20), PROBE_LONGEST)
        self._probe_at = now + max(delay * (1.0 - luck / 2), min(wish or 0.0, WISH_LONGEST))

    def probe_now(self, now: float) -> None:
        """Taken over open, or its address has changed: find out at once."""
        self._probe_at = now

    def close(self) -> None:
        """Something got through."""
        self._failures = 0
        self._probe_at = None
