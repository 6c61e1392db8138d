"""Section ``acknowledge``: tickets opened one per request over HTTP, durably, beside the yardstick.

The rounds of both servers alternate, so that whatever else the machine does falls on both. Each
request has its own ``Idempotency-Key``, five routes take every ticket, the followers run, and the
bare disk is measured between the rounds in the same folder.
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import fsync, metrics, preparation, processes
from bench.load import Load
from bench.report import Figure, at_least, under
from bench.tickets import ORG

SECTION: Final = "acknowledge"
CONNECTIONS: Final = 64
FEW: Final = 2
LOOKED_UP: Final = 200
"""Acknowledged tickets that are asked for afterwards, picked by chance."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How long to measure: rounds of each server, and seconds of each round."""

    rounds: int
    warm_up: float
    seconds: float
    writes: int


FULL: Final = Extent(rounds=5, warm_up=2.0, seconds=5.0, writes=1_000)
QUICK: Final = Extent(rounds=1, warm_up=0.1, seconds=0.4, writes=50)


def measure(folder: Path, *, quick: bool) -> list[Figure]:
    """Both servers over an empty *folder*. Raises: ProcessFailed when any answer was not 201."""
    extent = QUICK if quick else FULL
    data = folder / "acknowledge"
    admin = preparation.found(data)
    ids = folder / "acknowledged"
    disk: list[fsync.Fsync] = []
    plain: list[Load] = []
    durable: list[Load] = []
    few: list[Load] = []
    lags: list[metrics.Lag] = []
    with processes.baseline(folder) as yardstick, processes.server(data) as served:
        keys = preparation.furnish(served.port, admin=admin)
        for turn in range(extent.rounds):
            plain.append(
                load(
                    yardstick.port,
                    token="x" * len(keys.load),
                    connections=CONNECTIONS,
                    extent=extent,
                    name=f"plain-{turn}",
                )
            )
            disk.append(fsync.measure(data, writes=extent.writes))
            with metrics.watched(served.port) as lag:
                durable.append(
                    load(
                        served.port,
                        token=keys.load,
                        connections=CONNECTIONS,
                        extent=extent,
                        name=f"many-{turn}",
                        ids=ids,
                    )
                )
            lags.append(lag)
            metrics.seconds_until_caught_up(served.port, within=30.0)
            few.append(
                load(
                    served.port,
                    token=keys.load,
                    connections=FEW,
                    extent=extent,
                    name=f"few-{turn}",
                )
            )
            disk.append(fsync.measure(data, writes=extent.writes))
        look_up(served.port, token=keys.admin, ids=ids.read_text().split())
    return _figures(plain=plain, durable=durable, few=few, disk=disk, lags=lags)


def load(
    *ports: int,
    token: str,
    connections: int,
    extent: Extent,
    name: str,
    ids: Path | None = None,
) -> Load:
    """One round by a generator in a process of its own; the servers on *ports* share it.

    Raises:
        ProcessFailed: an answer was not 201, or a ticket was named twice.
    """
    command = [
        *(sys.executable, "-m", "bench.load", "--token", "-"),
        *(part for port in ports for part in ("--port", str(port))),
        *("--connections", str(connections), "--run-name", name),
        *("--warm-up", str(extent.warm_up), "--seconds", str(extent.seconds)),
        *(() if ids is None else ("--ids", str(ids))),
    ]
    done = subprocess.run(
        command, input=f"{token}\n", capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode != 0:
        raise processes.ProcessFailed(f"round {name}: {done.stdout}{done.stderr[-2000:]}")
    return Load(**json.loads(done.stdout))


def look_up(port: int, *, token: str, ids: list[str]) -> None:
    """Ask for some of the acknowledged tickets. Raises: ProcessFailed when one is not there."""
    for identity in random.Random(0).sample(ids, min(LOOKED_UP, len(ids))):
        answer = processes.call(port, "GET", f"/v1/orgs/{ORG}/tickets/{identity}", token=token)
        processes.expect(answer, 200)


def _figures(
    *,
    plain: list[Load],
    durable: list[Load],
    few: list[Load],
    disk: list[fsync.Fsync],
    lags: list[metrics.Lag],
) -> list[Figure]:
    plain_rate = statistics.median(turn.rate for turn in plain)
    durable_rate = statistics.median(turn.rate for turn in durable)
    many_p99 = statistics.median(turn.p99 for turn in durable) * 1e3
    few_p99 = statistics.median(turn.p99 for turn in few) * 1e3
    disk_p99 = statistics.median(turn.p99 for turn in disk) * 1e3
    return [
        Figure(SECTION, "yardstick that only parses and answers, 64 connections", plain_rate, "/s"),
        Figure(SECTION, "durable tickets, 64 connections", durable_rate, "/s"),
        Figure(
            SECTION,
            "durable tickets as a share of the yardstick",
            durable_rate / plain_rate,
            "x",
            at_least(0.5),
        ),
        Figure(
            SECTION,
            "lowest share of one pair of rounds",
            min(mine.rate / other.rate for mine, other in zip(durable, plain, strict=True)),
            "x",
        ),
        Figure(SECTION, "p99 at 64 connections", many_p99, "ms", under(60.0)),
        Figure(
            SECTION, "longest at 64 connections", max(turn.longest for turn in durable) * 1e3, "ms"
        ),
        Figure(SECTION, "p99 of a bare fsync", disk_p99, "ms"),
        Figure(SECTION, "p99 at 2 connections", few_p99, "ms", under(disk_p99 + 6.0)),
        Figure(
            SECTION,
            "durable tickets, 2 connections",
            statistics.median(turn.rate for turn in few),
            "/s",
        ),
        Figure(
            SECTION,
            "furthest a follower was behind",
            # What the server says of itself, and what follows from its backlog: one event a ticket.
            max(
                max(lag.seconds, lag.events / turn.rate)
                for lag, turn in zip(lags, durable, strict=True)
            ),
            "s",
            under(1.0),
        ),
        Figure(
            SECTION, "furthest a follower was behind", max(lag.events for lag in lags), "events"
        ),
        Figure(
            SECTION,
            "answer of the yardstick",
            statistics.median(turn.answer_bytes for turn in plain),
            "bytes",
        ),
        Figure(
            SECTION, "answer", statistics.median(turn.answer_bytes for turn in durable), "bytes"
        ),
        Figure(
            SECTION,
            "share of a core used by the generator",
            max(turn.processor_share for turn in durable),
            "x",
        ),
    ]
