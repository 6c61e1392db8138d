"""The receiver from outside: starting it, telling it how to answer, and judging what it noted."""

from __future__ import annotations

import http.client
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from bench import processes
from tocsin.core.facts import stream_identity
from tocsin.dispatcher.naming import read_delivery_id

LOOK_EVERY: Final = 0.02


@dataclass(frozen=True, slots=True)
class Arrival:
    """One delivery that was taken.

    ``ticket`` (its id) and ``route_id`` are its lane, ``position`` its event's place in the log,
    ``at`` the instant of its first coming (``perf_counter``), ``repeats`` how often it came again.
    """

    ticket: str
    route_id: str
    position: int
    at: float
    repeats: int


@dataclass(frozen=True, slots=True)
class Door:
    """A receiver that runs on a port of this machine."""

    port: int

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://{processes.HOST}:{self.port}"

    def answers(self, manner: str) -> None:
        """Have it answer deliveries so from now on: one of ``receiver.MANNERS``."""
        self._ask(f"/answer/{manner}")

    def count(self) -> int:
        """How many deliveries it has taken, repeats not counted."""
        return int(self._ask("/count"))

    def arrivals(self) -> list[Arrival]:
        """Every delivery that it has taken."""
        return [read(line) for line in self._ask("/arrivals").splitlines()]

    def wait_for(self, deliveries: int, *, within: float) -> None:
        """Until it has taken that many. Raises: ProcessFailed when it has not after *within*."""
        deadline = time.perf_counter() + within
        while (count := self.count()) < deliveries:
            if time.perf_counter() > deadline:
                raise processes.ProcessFailed(
                    f"{count} of {deliveries} deliveries arrived within {within:.0f} seconds"
                )
            time.sleep(LOOK_EVERY)

    def _ask(self, path: str) -> str:
        connection = http.client.HTTPConnection(processes.HOST, self.port, timeout=60)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        if response.status != 200:
            raise processes.ProcessFailed(f"the receiver answered {response.status} to {path}")
        return text


@contextmanager
def receiver(log: Path, *, manner: str = "take") -> Iterator[Door]:
    """A receiver, running; what it complains of is in *log*."""
    port = processes.free_port()
    command = [sys.executable, "-m", "bench.receiver", "--port", str(port), "--answer", manner]
    served = processes.start(command, port=port, ready_path="/count", log=log)
    try:
        yield Door(port)
    finally:
        processes.stop(served.process)


def read(line: str) -> Arrival:
    """An arrival from a line of the receiver. Raises: ProcessFailed when it is none of ours."""
    identity, stream, at, repeats = line.split(" ")
    named = read_delivery_id(identity)
    if named is None:
        raise processes.ProcessFailed(f"{identity} is not the name of a delivery")
    position, route_id = named
    return Arrival(
        ticket=stream_identity(stream),
        route_id=route_id,
        position=position,
        at=float(at),
        repeats=int(repeats),
    )


def expect_all(arrivals: Sequence[Arrival], events: Mapping[str, int], *, routes: int) -> None:
    """See to it that nothing is missing: of each ticket its *events*, on each of so many *routes*.

    Raises:
        ProcessFailed: says how many are missing.
    """
    came = Counter(one.ticket for one in arrivals)
    missing = sum(max(0, n * routes - came[ticket]) for ticket, n in events.items())
    if missing:
        raise processes.ProcessFailed(f"{missing} deliveries never arrived")


def out_of_order(arrivals: Iterable[Arrival]) -> int:
    """How many deliveries came before one of their lane that stands before them in the log."""
    lanes: dict[tuple[str, str], list[Arrival]] = {}
    for one in arrivals:
        lanes.setdefault((one.route_id, one.ticket), []).append(one)
    wrong = 0
    for lane in lanes.values():
        lane.sort(key=lambda one: one.position)
        wrong += sum(before.at > after.at for before, after in pairwise(lane))
    return wrong
