"""How long a network of some size takes to be judged: an InfluxDB of one's own is filled with a day
of one-minute samples, then a monitor starts cold and goes on in steady rounds.

    python -m tests.adapters.influx.measuring --devices 100

There are five links for each device. Every sample has all eight fields, which is more than devices
send.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from tests.core.provisioning.watching import life, terms
from tests.core.telling import MINUTE, NOON
from tests.servers.influx import DATABASE, influx
from tocsin.adapters.influx.source import Influx, InfluxSettings
from tocsin.core.provisioning.assessment import Assessment, assess
from tocsin.core.provisioning.carrying import Watched
from tocsin.core.provisioning.counters import Interface
from tocsin.core.provisioning.coverage import Minutes
from tocsin.core.provisioning.criteria import Terms
from tocsin.core.provisioning.following import Following, begun, followed, usage
from tocsin.core.provisioning.link_criteria import LinkEvidence, link_criteria
from tocsin.core.provisioning.windows import Window, latest_window, stretches
from tocsin.core.provisioning.words import Health

DAY: Final = 24 * 60
LINKS_OF_A_DEVICE: Final = 5
STRETCH: Final = 30
AT_ONCE: Final = 2
STEADY_ROUNDS: Final = 5
SETTLED: Final = 3
"""Minutes that are asked for once more in every round, since samples come late."""


@dataclass(frozen=True, slots=True)
class Network:
    """Devices in a ring: a link leads to each of the next five."""

    devices: int

    def links(self) -> Iterator[tuple[Interface, Interface]]:
        """The two sides of every link."""
        for device in range(self.devices):
            for number in range(LINKS_OF_A_DEVICE):
                other = (device + number + 1) % self.devices
                yield (
                    (f"device{device:05d}", f"Ethernet{number}/1"),
                    (f"device{other:05d}", f"Ethernet{number}/2"),
                )

    def interfaces(self) -> list[Interface]:
        """Both sides of every link, and a way to the internet of each device."""
        found = [side for link in self.links() for side in link]
        return found + [(f"device{device:05d}", "Ethernet99/1") for device in range(self.devices)]

    def lines(self) -> Iterator[str]:
        """A day of samples, minute by minute, and a few minutes after noon."""
        tags = [
            f"intfCounters,dzd_pubkey={device},intf={name}" for device, name in self.interfaces()
        ]
        for minute in range(-DAY - 1, STEADY_ROUNDS):
            at = int((NOON + minute * MINUTE).timestamp()) + 7
            for number, tag in enumerate(tags):
                octets = (minute + DAY + 1) * 7_500_000 + number
                yield (
                    f"{tag} in-octets={octets}i,out-octets={octets * 2}i,in-errors=3i,"
                    f"out-errors=0i,in-fcs-errors=0i,in-discards=17i,out-discards=0i,"
                    f"carrier-transitions=1i {at}"
                )


def judged(kept: Following, network: Network, held_to: Terms) -> list[Assessment]:
    """What every link is judged to be."""
    assert kept.origin is not None
    found = []
    for sides in network.links():
        watched = [
            Watched(
                device=device,
                interface=name,
                usage=usage(kept.interfaces[device, name], held_to.window),
                covered=kept.covered.get(device, Minutes(window=held_to.window)),
                origin=kept.origin,
            )
            for device, name in sides
        ]
        evidence = LinkEvidence(
            life=life(health=Health.PENDING), side_a=watched[0], side_z=watched[1], latency=None
        )
        found.append(assess(link_criteria(evidence, held_to), evidence.life, at=NOON))
    return found


def measured(devices: int, folder: Path) -> dict[str, float | int]:
    """Seconds, queries and MB (of this process, and of the database's)."""
    network = Network(devices)
    server = influx(folder / "server")
    with server.running():
        server.create()
        assert server.process is not None
        database = psutil.Process(server.process.pid)
        began = time.perf_counter()
        server.write(network.lines())
        filled = time.perf_counter() - began
        source = Influx(InfluxSettings(url=f"http://{server.address}", database=DATABASE))

        used, theirs = time.process_time(), _cpu(database)
        began = time.perf_counter()
        start = NOON - DAY * MINUTE
        kept = begun(at=start, baseline=source.baseline(before=start))
        pieces = stretches(Window(start=start, end=NOON), minutes=STRETCH)
        # The database answers each of them with one of its cores.
        with ThreadPoolExecutor(AT_ONCE) as asking:
            for counted in asking.map(source.counters, pieces):
                kept = followed(kept, counted, keep_minutes=DAY)
        asked = time.perf_counter() - began
        first = judged(kept, network, terms())
        cold = time.perf_counter() - began
        used, theirs = time.process_time() - used, _cpu(database) - theirs
        cold_queries = source.queries
        healthy = sum(one.health is Health.HEALTHY for one in first)

        rounds = []
        for number in range(1, STEADY_ROUNDS + 1):
            now = NOON + number * MINUTE
            began = time.perf_counter()
            # What is certain is kept; the last minutes are only looked at.
            settled = Window(
                start=kept.window.end, end=max(kept.window.end, now - SETTLED * MINUTE)
            )
            if settled.minutes:
                kept = followed(kept, source.counters(settled), keep_minutes=DAY)
            fresh = source.counters(Window(start=kept.window.end, end=now))
            seen = followed(kept, fresh, keep_minutes=DAY)
            judged(seen, network, Terms(window=latest_window(at=now, minutes=DAY)))
            rounds.append(time.perf_counter() - began)
        database_memory = database.memory_info().rss
    return {
        "devices": devices,
        "links": devices * LINKS_OF_A_DEVICE,
        "interfaces": len(network.interfaces()),
        "filled_s": round(filled, 1),
        "cold_s": round(cold, 2),
        "cold_asking_s": round(asked, 2),
        "cold_cpu_s": round(used, 2),
        "cold_cpu_of_database_s": round(theirs, 2),
        "cold_queries": cold_queries,
        "healthy": healthy,
        "steady_s": round(max(rounds), 2),
        "steady_queries_a_round": round((source.queries - cold_queries) / STEADY_ROUNDS, 1),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "database_mb": round(database_memory / 1024**2),
    }


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def main(arguments: Sequence[str]) -> None:
    """Measure, and print it as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--devices", type=int, default=100)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        found = measured(chosen.devices, Path(folder))
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
