"""What may go wrong with a Slack, on demand: slow, failing, limited, an answer that is lost or
held up."""

from __future__ import annotations

import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.servers.slack.gates import Gate

FOR_EVER: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A bucket of ``burst`` calls that fills with ``per_second`` again."""

    per_second: float
    burst: int


@dataclass(slots=True, kw_only=True)
class Failure:
    error: str
    times: int
    status: int
    retry_after: int | None


class Faults:
    """What is to go wrong. Rates count by the clock that is given, never by sleeping."""

    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        self._lock = threading.Lock()
        self._now = now
        self._failures: dict[str, Failure] = {}
        self._lost: dict[str, int] = {}
        self._gates: dict[str, Gate] = {}
        self._rates: dict[str, Rate] = {}
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}
        self.limited: dict[str, int] = defaultdict(int)
        self.unavailable = False
        self.seconds = 0.0

    def fail(
        self, method: str, error: str, *, times: int, status: int, retry_after: int | None
    ) -> None:
        with self._lock:
            self._failures[method] = Failure(
                error=error, times=times, status=status, retry_after=retry_after
            )

    def gate(self, method: str) -> Gate:
        with self._lock:
            return self._gates.setdefault(method, Gate())

    def held_up(self, method: str) -> None:
        """Waits at the gate of that method, where there is one."""
        with self._lock:
            gate = self._gates.get(method)
        if gate is not None:
            gate.pass_through()

    def lose_answer(self, method: str, *, times: int) -> None:
        with self._lock:
            self._lost[method] = times

    def rate(self, method: str, rate: Rate | None) -> None:
        with self._lock:
            self._buckets.clear()
            if rate is None:
                self._rates.pop(method, None)
            else:
                self._rates[method] = rate

    def heal(self) -> None:
        """Nothing goes wrong from here on; rates stay."""
        with self._lock:
            self._failures.clear()
            self._lost.clear()
            self.unavailable = False
            self.seconds = 0.0

    def failure_of(self, method: str) -> Failure | None:
        """How this call fails, None where it does not; counted."""
        with self._lock:
            failure = self._failures.get(method) or self._failures.get("*")
            if failure is None or failure.times <= 0:
                return None
            failure.times -= 1
            return failure

    def loses(self, method: str) -> bool:
        with self._lock:
            left = self._lost.get(method, 0)
            self._lost[method] = max(0, left - 1)
            return left > 0

    def wait_of(self, method: str, where: str) -> int | None:
        """The ``Retry-After`` in whole seconds for a call too many, None for one that may pass."""
        with self._lock:
            rate = self._rates.get(method)
            if rate is None:
                return None
            now = self._now()
            tokens, since = self._buckets.get((method, where), (float(rate.burst), now))
            tokens = min(float(rate.burst), tokens + (now - since) * rate.per_second)
            if tokens < 1:
                self._buckets[method, where] = (tokens, now)
                self.limited[method] += 1
                return max(1, math.ceil((1 - tokens) / rate.per_second))
            self._buckets[method, where] = (tokens - 1, now)
            return None
