"""How often a key may ask: a token bucket per key, in this process (API: rate limit)."""

from __future__ import annotations

import math
from collections.abc import Callable

from tocsin.adapters.rest.replies import Header
from tocsin.core.errors import RateLimited


class Bucket:
    """Holds at most ``burst`` requests and gains ``rate_per_second``; begins full.

    ``clock`` is seconds that only go forward.
    """

    __slots__ = ("_clock", "_filled_at", "_tokens", "burst", "rate_per_second")

    def __init__(self, *, rate_per_second: int, burst: int, clock: Callable[[], float]) -> None:
        self.rate_per_second = rate_per_second
        self.burst = burst
        self._clock = clock
        self._tokens = float(burst)
        self._filled_at = clock()

    def take(self) -> None:
        """Take one request.

        Raises:
            RateLimited: there is none left; says in how many seconds there will be.
        """
        now = self._clock()
        tokens = self._tokens + (now - self._filled_at) * self.rate_per_second
        self._filled_at = now
        self._tokens = tokens = min(tokens, float(self.burst))
        if tokens < 1.0:
            raise RateLimited(
                f"this key may ask {self.rate_per_second} times a second;"
                " wait, or ask an org_admin for a higher rate",
                # Rates are whole requests a second: there is one within the next.
                retry_after=1,
            )
        self._tokens = tokens - 1.0

    def resize(self, *, rate_per_second: int, burst: int) -> None:
        """Take over a changed rate; what is left stays, as far as it fits."""
        self.rate_per_second = rate_per_second
        self.burst = burst
        self._tokens = min(self._tokens, float(burst))

    def headers(self) -> tuple[Header, Header, Header]:
        """How much there is, how much is left, and in how many seconds it is full again."""
        reset = math.ceil((self.burst - self._tokens) / self.rate_per_second)
        return (
            (b"ratelimit-limit", b"%d" % self.burst),
            (b"ratelimit-remaining", b"%d" % self._tokens),
            (b"ratelimit-reset", b"%d" % reset),
        )
