"""How fast one destination is sent to: a bucket of sends, filled at a steady rate. Pure."""

from __future__ import annotations

from tocsin.dispatcher.contract import Pace


class Bucket:
    """Holds ``pace.burst`` sends at most and gains ``pace.per_second``; without a rate it never
    runs dry. Times are seconds of any clock that only goes forward."""

    def __init__(self, pace: Pace, now: float) -> None:
        self._rate = pace.per_second
        self._most = float(pace.burst)
        self._level = self._most
        self._at = now

    def ready_at(self, now: float) -> float:
        """When the next send may go; *now* if at once."""
        if self._rate is None:
            return now
        self._fill(now)
        return now if self._level >= 1.0 else now + (1.0 - self._level) / self._rate

    def take(self, now: float) -> None:
        """One send goes."""
        if self._rate is not None:
            self._fill(now)
            self._level -= 1.0

    def _fill(self, now: float) -> None:
        assert self._rate is not None
        self._level = min(self._level + (now - self._at) * self._rate, self._most)
        self._at = now
