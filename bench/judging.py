"""The monitor's rounds over a store and an InfluxDB, and what they cost: a process of its own, so
that its memory is its own.

The first rounds begin cold and go on until the whole day is known; steady ones follow, a minute
apart by a clock that is moved. Then the activator does what follows, and goes round once more.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import psutil

from bench.processes import ProcessFailed
from tocsin.adapters.asking.post import Post
from tocsin.adapters.influx.source import Influx, InfluxSettings
from tocsin.adapters.provisioning.activator import Activator
from tocsin.adapters.provisioning.monitor import Monitor
from tocsin.adapters.provisioning.watching import NO_SOURCE, Sources, Watch
from tocsin.app.house import database_path, fresh_bits, installation_key
from tocsin.app.provisioning import QUERY_SECONDS
from tocsin.core.instants import MINUTE
from tocsin.core.provisioning.words import Health
from tocsin.handler.writer import Writer
from tocsin.store.sealing import sealed
from tocsin.store.sqlite import SqliteStore

STEADY_ROUNDS: Final = 5
MOST_ROUNDS: Final = 20
"""Of a cold start; a source that is too slow for a round goes on in the next one."""

MOMENT: Final = timedelta(seconds=30)
"""How long after a minute the clock stands: samples have arrived by then."""


@dataclass(slots=True)
class Course:
    """What it came to: seconds, queries, events, MB of 1,000,000 bytes, and how many ended well."""

    cold: float = 0.0
    cold_cpu: float = 0.0
    cold_cpu_there: float = 0.0
    cold_rounds: int = 0
    cold_queries: int = 0
    cold_events: int = 0
    steady: list[float] = field(default_factory=list)
    steady_queries: int = 0
    steady_events: int = 0
    activating: float = 0.0
    activator: float = 0.0
    activator_events: int = 0
    healthy: int = 0
    judged: int = 0
    before: float = 0.0
    most: float = 0.0


def run(data: Path, *, url: str, database: str, until: datetime, influxd: int) -> Course:
    """Go the rounds, the first *until* a minute begins."""
    told = Course(before=_memory("VmRSS"))
    at = until + MOMENT

    def clock() -> datetime:
        return at

    key = installation_key(data, None)
    store = SqliteStore(database_path(data, None))
    writer = Writer(
        store=store, clock=clock, entropy=fresh_bits, seal=lambda secret: sealed(key, secret)
    )
    source = Influx(InfluxSettings(url=url, database=database, seconds=QUERY_SECONDS), opening=Post)
    watch = Watch(Sources(counters=source, qa=source))
    monitor = Monitor(store=store, writer=writer, watch=watch, clock=clock)
    activator = Activator(store=store, writer=writer, clock=clock)

    def position() -> int:
        with store.reading() as turn:
            return turn.last_position()

    writer.start()
    try:
        used, used_there = time.process_time(), _processor_seconds(influxd)
        before, began = position(), time.perf_counter()
        judged = monitor.round()
        told.cold_rounds = 1
        while any(one.why != NO_SOURCE for one in judged.silent):
            if told.cold_rounds == MOST_ROUNDS:
                raise ProcessFailed(f"it is never known: {judged.silent}")
            judged = monitor.round()
            told.cold_rounds += 1
        told.cold_cpu = time.process_time() - used
        told.cold_cpu_there = _processor_seconds(influxd) - used_there
        told.cold, told.judged = time.perf_counter() - began, judged.cases
        told.cold_queries, told.cold_events = source.queries, position() - before
        before = position()
        for _ in range(STEADY_ROUNDS):
            at += MINUTE
            began = time.perf_counter()
            judged = monitor.round()
            told.steady.append(time.perf_counter() - began)
        told.steady_queries = source.queries - told.cold_queries
        told.steady_events = position() - before
        told.healthy = judged.standing.get(Health.HEALTHY, 0)
        began = time.perf_counter()
        activator.everything()
        told.activating = time.perf_counter() - began
        before, began = position(), time.perf_counter()
        activator.everything()
        told.activator = time.perf_counter() - began
        told.activator_events = position() - before
    finally:
        writer.stop()
        store.close()
    told.most = _memory("VmHWM")
    return told


def _processor_seconds(process: int) -> float:
    times = psutil.Process(process).cpu_times()
    return float(times.user + times.system)


def _memory(what: str) -> float:
    """Of this process, in MB of 1,000,000 bytes."""
    status = Path("/proc/self/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith(f"{what}:"))
    return int(line.split()[1]) * 1024 / 1e6


def main() -> int:
    """Print the course as one line of JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.judging", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--url", required=True, help="of the InfluxDB")
    parser.add_argument("--database", required=True)
    parser.add_argument("--until", type=int, required=True, help="seconds since 1970")
    parser.add_argument("--influxd", type=int, required=True, help="its process")
    given = parser.parse_args()
    until = datetime.fromtimestamp(given.until, UTC)
    told = run(
        given.data,
        url=given.url,
        database=given.database,
        until=until,
        influxd=given.influxd,
    )
    print(json.dumps(asdict(told)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
