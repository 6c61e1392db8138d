"""Reading ``/metrics`` while others load the server: how far behind the followers are."""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from bench import processes

SAMPLE_EVERY: Final = 0.2
_LINE: Final = re.compile(r"^(\w+)(?:\{([^}]*)\})? (\S+)$", re.MULTILINE)


@dataclass(slots=True)
class Lag:
    """The worst that was seen of any follower, in events and (where told) in seconds."""

    samples: int = 0
    events: float = 0.0
    seconds: float = 0.0
    last_events: float = 0.0
    last_error: str = ""
    _stopped: threading.Event = field(default_factory=threading.Event)


def read(port: int) -> dict[str, list[tuple[str, float]]]:
    """All samples of the exposition by name: their labels as written, and the value."""
    connection = http.client.HTTPConnection(processes.HOST, port, timeout=10)
    try:
        connection.request("GET", "/metrics")
        response = connection.getresponse()
        text = response.read().decode()
        if response.status != 200:
            raise processes.ProcessFailed(f"/metrics answered {response.status}")
    finally:
        connection.close()
    samples: dict[str, list[tuple[str, float]]] = {}
    for name, labels, value in _LINE.findall(text):
        samples.setdefault(name, []).append((labels, float(value)))
    return samples


def follower_lag(samples: dict[str, list[tuple[str, float]]]) -> tuple[float, float]:
    """The worst follower's lag in events and seconds.

    Raises:
        ProcessFailed: the server does not tell of its followers.
    """
    events = samples.get("tocsin_follower_lag_events")
    if not events:
        raise processes.ProcessFailed("no tocsin_follower_lag_events in /metrics")
    seconds = samples.get("tocsin_follower_lag_seconds", [])
    return max(value for _, value in events), max((value for _, value in seconds), default=0.0)


@contextmanager
def watched(port: int) -> Iterator[Lag]:
    """Sample the followers five times a second until the block ends.

    Raises:
        ProcessFailed: a sample could not be taken.
    """
    lag = Lag()
    thread = threading.Thread(target=_sample, args=(port, lag), name="follower-lag")
    thread.start()
    try:
        yield lag
    finally:
        lag._stopped.set()
        thread.join()
    if lag.last_error or not lag.samples:
        raise processes.ProcessFailed(lag.last_error or "the followers were never looked at")


def _sample(port: int, lag: Lag) -> None:
    while not lag._stopped.wait(SAMPLE_EVERY):
        try:
            events, seconds = follower_lag(read(port))
        except (OSError, processes.ProcessFailed) as failure:
            lag.last_error = str(failure)
            return
        lag.samples += 1
        lag.events = max(lag.events, events)
        lag.seconds = max(lag.seconds, seconds)
        lag.last_events = events


def seconds_until_caught_up(port: int, *, within: float) -> float:
    """How long the followers need from now until none is behind.

    Raises:
        ProcessFailed: they need longer than *within*.
    """
    began = time.perf_counter()
    while (passed := time.perf_counter() - began) < within:
        events, _ = follower_lag(read(port))
        if events == 0:
            return passed
        time.sleep(processes.POLL_EVERY)
    raise processes.ProcessFailed(f"followers were still behind after {within} seconds")
