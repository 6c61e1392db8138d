"""Section ``postgres``: durable tickets on PostgreSQL beside SQLite, by one gateway and by two.

The rounds alternate, so that whatever else the machine does falls on all. Both databases do the
same work: five routes take every ticket, the log is followed, deliveries are tried; on PostgreSQL
by a dispatcher of its own beside the gateways, which share the connections under load. The second
gateway is there only while it is measured. Two may be lower than one by what two alternating rounds
of the same server differ by: a twentieth.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench import acknowledging, metrics, preparation, processes, servers
from bench.acknowledging import CONNECTIONS, Extent
from bench.load import Load
from bench.processes import Served
from bench.report import Figure, at_least
from bench.servers import Database

SECTION: Final = "postgres"
FULL: Final = Extent(rounds=6, warm_up=1.0, seconds=4.0, writes=0)
QUICK: Final = Extent(rounds=1, warm_up=0.1, seconds=0.4, writes=0)

CAUGHT_UP_WITHIN: Final = 120.0
"""Seconds between two rounds that the followers may need at most."""


@dataclass(slots=True)
class Rounds:
    """The rounds of each layout, in their order."""

    sqlite: list[Load] = field(default_factory=list)
    one: list[Load] = field(default_factory=list)
    two: list[Load] = field(default_factory=list)


def measure(folder: Path, *, quick: bool) -> list[Figure]:
    """All layouts, over an empty *folder*. Raises: ProcessFailed when any answer was not 201."""
    extent = QUICK if quick else FULL
    rounds = Rounds()
    with servers.cluster(folder) as server:
        file, shared = servers.empty(folder, "file"), servers.empty(folder, "shared", server)
        file_admin = preparation.found(file.data)
        shared_admin = preparation.found(shared.data, database=shared.url)
        with (
            processes.server(file.data) as alone,
            _process(folder, shared, role="gateway") as gateway,
            _process(folder, shared, role="dispatcher") as dispatcher,
        ):
            file_key = preparation.furnish(alone.port, admin=file_admin).load
            shared_key = preparation.furnish(gateway.port, admin=shared_admin).load
            for turn in range(extent.rounds):
                rounds.sqlite.append(
                    _round(alone.port, token=file_key, name=f"sqlite-{turn}", extent=extent)
                )
                _settle(alone)
                rounds.one.append(
                    _round(gateway.port, token=shared_key, name=f"one-{turn}", extent=extent)
                )
                _settle(dispatcher)
                with _process(folder, shared, role="gateway") as second:
                    rounds.two.append(
                        _round(
                            *(gateway.port, second.port),
                            token=shared_key,
                            name=f"two-{turn}",
                            extent=extent,
                        )
                    )
                _settle(dispatcher)
    return _figures(rounds)


@contextmanager
def _process(folder: Path, database: Database, *, role: str) -> Iterator[Served]:
    log = folder / f"{database.data.name}-{role}.log"
    with processes.server(database.data, database=database.url, role=role, log=log) as served:
        yield served


def _round(*ports: int, token: str, name: str, extent: Extent) -> Load:
    return acknowledging.load(
        *ports, token=token, connections=CONNECTIONS, extent=extent, name=name
    )


def _settle(follower: Served) -> None:
    """Until nothing of a round is left to do, so that the next has the machine to itself."""
    metrics.seconds_until_caught_up(follower.port, within=CAUGHT_UP_WITHIN)


def _figures(rounds: Rounds) -> list[Figure]:
    sqlite, one, two = (
        statistics.median(turn.rate for turn in layout)
        for layout in (rounds.sqlite, rounds.one, rounds.two)
    )
    return [
        Figure(SECTION, "durable tickets on SQLite, 64 connections", sqlite, "/s"),
        Figure(SECTION, "durable tickets on PostgreSQL, one gateway", one, "/s"),
        Figure(
            SECTION,
            "durable tickets on PostgreSQL as a share of SQLite's",
            statistics.median(
                mine.rate / other.rate
                for mine, other in zip(rounds.one, rounds.sqlite, strict=True)
            ),
            "x",
            at_least(0.6),
        ),
        Figure(SECTION, "durable tickets on PostgreSQL, two gateways", two, "/s"),
        Figure(
            SECTION,
            "durable tickets of two gateways as a share of one's",
            statistics.median(
                pair.rate / single.rate for pair, single in zip(rounds.two, rounds.one, strict=True)
            ),
            "x",
            at_least(0.95),
        ),
        Figure(
            SECTION,
            "p99 on PostgreSQL, one gateway",
            statistics.median(turn.p99 for turn in rounds.one) * 1e3,
            "ms",
        ),
        Figure(
            SECTION,
            "p99 on PostgreSQL, two gateways",
            statistics.median(turn.p99 for turn in rounds.two) * 1e3,
            "ms",
        ),
    ]
