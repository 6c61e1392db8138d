"""Alerts one to a payload beside the yardstick, and then more than can be taken, at one server.

The rounds of both servers alternate. Alerts one by one are repeats of what has an incident; of what
is too much every fourth is new. Of everything that got a 200 the payload is looked for in the inbox
afterwards.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import accounting, metrics, pouring, preparation, processes, raw_signals, servers, storm
from bench.alerts import Mix
from bench.pouring import Poured, Wanted
from bench.processes import ProcessFailed, Served
from bench.raw_signals import Written
from bench.servers import Database

CONNECTIONS: Final = 64
TOO_MANY: Final = 320
"""Connections with a batch each: half as many alerts again as may wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How long to measure: *rounds* of each server, the seconds of each and of what is too much;
    *rewritten* payloads are written again by hand."""

    keys: int
    rounds: int
    warm_up: float
    seconds: float
    hurry: float
    rewritten: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """What was measured, in its order; ``raw`` are the rows of 64 payloads to a transaction."""

    plain: list[Poured]
    durable: list[Poured]
    hurried: Poured
    raw: Written


def measure(folder: Path, *, extent: Extent) -> Rounds:
    """Both servers in an empty *folder*.

    Raises:
        ProcessFailed: an answer was not what it should be, a payload that got a 200 is missing, or
            nothing was refused although it was too much.
    """
    database = Database(servers.SQLITE, folder / "one-by-one")
    admin = preparation.found(database.data)
    ids = folder / "taken"
    single = Wanted(
        mix=Mix.SINGLES,
        path=storm.PATH,
        connections=CONNECTIONS,
        keys=extent.keys,
        warm_up=extent.warm_up,
        seconds=extent.seconds,
    )
    opening = Wanted(
        mix=Mix.REPEATS,
        path=storm.PATH,
        connections=storm.CONNECTIONS,
        keys=extent.keys,
        batch=storm.BATCH,
    )
    too_much = Wanted(
        mix=Mix.TOO_MUCH,
        path=storm.PATH,
        connections=TOO_MANY,
        keys=extent.keys,
        batch=storm.BATCH,
        seconds=extent.hurry,
    )
    plain: list[Poured] = []
    durable: list[Poured] = []
    with yardstick(folder) as plainly, processes.server(database.data) as served:
        preparation.furnish(served.port, admin=admin)
        token = storm.admit(served.port, admin=admin)
        opened = pouring.pour(served.port, opening, token=token, ids=ids)
        _settle(served)
        for _ in range(extent.rounds):
            plain.append(pouring.pour(plainly.port, single, token="x" * len(token)))
            durable.append(pouring.pour(served.port, single, token=token, ids=ids))
            _settle(served)
        raw = raw_signals.write_again(
            database.data,
            folder / "raw.db",
            payloads=CONNECTIONS,
            most=min(extent.rewritten, durable[-1].taken),
        )
        hurried = pouring.pour(served.port, too_much, token=token, ids=ids)
    taken = [opened, *durable, hurried]
    _expect_nothing_lost(database, ids.read_text().split(), taken=taken, keys=extent.keys)
    return Rounds(plain=plain, durable=durable, hurried=hurried, raw=raw)


def _expect_nothing_lost(
    database: Database, ids: list[str], *, taken: list[Poured], keys: int
) -> None:
    opened, *durable, hurried = taken
    if not hurried.refused:
        raise ProcessFailed("too much was not too much: nothing got a 503")
    accounting.expect_kept(database, ids)
    found = accounting.account(database)
    accounting.expect_all_accounted(
        found,
        payloads=sum(one.taken for one in taken),
        alerts=(opened.taken + hurried.taken) * storm.BATCH + sum(one.taken for one in durable),
    )
    if found.incidents != keys:
        raise ProcessFailed(f"{keys} keys opened {found.incidents} incidents")
    marks = len(accounting.marks(database))
    if marks != hurried.taken:
        raise ProcessFailed(f"{hurried.taken} payloads were taken, {marks} are in the inbox")


@contextmanager
def yardstick(folder: Path) -> Iterator[Served]:
    """The endpoint that only parses and answers, running; its log in *folder*."""
    port = processes.free_port()
    served = processes.start(
        [sys.executable, "-m", "bench.baseline_signals", "--port", str(port)],
        port=port,
        ready_path="/",
        log=folder / "baseline-signals.log",
    )
    try:
        yield served
    finally:
        processes.stop(served.process)


def _settle(served: Served) -> None:
    """Until nothing of a round is left to do, so that the next has the machine to itself."""
    metrics.seconds_until_caught_up(served.port, within=storm.SETTLED_WITHIN)
