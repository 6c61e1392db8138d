"""Section ``provisioning``: a network is judged by a day of one-minute samples in an InfluxDB, and
then looked at on its page."""

from __future__ import annotations

import http.client
import json
import statistics
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from bench import network, processes
from bench.judging import STEADY_ROUNDS
from bench.network import Network
from bench.processes import ProcessFailed
from bench.report import Bound, Figure, Side, under
from tests.servers.influx import DATABASE, influx
from tocsin.app.house import now
from tocsin.core.provisioning.windows import minute_of

SECTION: Final = "provisioning"
DEVICES: Final = 1_000
MOST_QUERIES: Final = 200
"""Of a cold start, however large the network is."""

COLD: Final = "from cold to everything judged"
STEADY: Final = "steady round"
PAGE: Final = "page of the network"
NOTHING: Final = Bound(side=Side.UNDER, value=1)


def measure(folder: Path, *, quick: bool) -> list[Figure]:
    """Register a network in *folder*, fill an InfluxDB with its day, and judge it.

    Raises:
        ProcessFailed: something was not answered as it should be.
    """
    return measured(folder, Network(6 if quick else DEVICES), looks=2 if quick else 10)


def measured(folder: Path, size: Network, *, looks: int) -> list[Figure]:
    """The figures of a network of that *size*, whose page is asked for so many times.

    Raises:
        ProcessFailed: something was not answered as it should be, or not everything came into
            service.
    """
    data = folder / "network"
    key, until = network.registered(data, size), minute_of(now())
    server = influx(folder / "influx")
    with server.running():
        server.create()
        began = time.perf_counter()
        server.write(size.lines(until=until, minutes_after=STEADY_ROUNDS))
        filled = time.perf_counter() - began
        assert server.process is not None, "it runs"
        course = _judged(
            data, url=f"http://{server.address}", until=until, influxd=server.process.pid
        )
    if course["healthy"] != size.links:
        raise ProcessFailed(f"{course['healthy']} of {size.links} links are healthy")
    seconds, page = _looked_at(data, key=key, looks=looks)
    queries = course["steady_queries"] / STEADY_ROUNDS
    return [
        Figure(SECTION, "devices", size.devices, ""),
        Figure(SECTION, "links", size.links, ""),
        Figure(SECTION, "samples in the InfluxDB after", filled, "s"),
        Figure(SECTION, COLD, course["cold"], "s", under(120.0)),
        Figure(SECTION, f"{COLD}, seconds of the monitor", course["cold_cpu"], "s"),
        Figure(SECTION, f"{COLD}, seconds of the InfluxDB", course["cold_cpu_there"], "s"),
        Figure(SECTION, f"{COLD}, queries", course["cold_queries"], "", under(MOST_QUERIES)),
        Figure(SECTION, f"{COLD}, events written", course["cold_events"], ""),
        Figure(SECTION, f"{STEADY}, longest", max(course["steady"]), "s", under(5.0)),
        Figure(SECTION, f"{STEADY}, queries", queries, "", under(10)),
        Figure(SECTION, f"{STEADY}s, events written", course["steady_events"], "", NOTHING),
        Figure(SECTION, "memory at most", course["most"], "MB", under(400.0)),
        Figure(SECTION, "memory before anything was known", course["before"], "MB"),
        Figure(SECTION, "taking every link into service", course["activating"], "s"),
        Figure(SECTION, "the activator's round without change", course["activator"], "s"),
        Figure(SECTION, PAGE, seconds * 1e3, "ms", under(300.0)),
        Figure(SECTION, f"{PAGE}, size", page / 1e6, "MB", under(2.0)),
    ]


def _judged(data: Path, *, url: str, until: datetime, influxd: int) -> dict[str, Any]:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "bench.judging", "--data", str(data), "--url", url),
            *("--database", DATABASE, "--until", str(int(until.timestamp()))),
            *("--influxd", str(influxd)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ProcessFailed(done.stderr[-2_000:])
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def _looked_at(data: Path, *, key: str, looks: int) -> tuple[float, int]:
    """Seconds until the page of the network is there, the median of so many *looks*, and its
    bytes."""
    with processes.server(data) as served:
        connection = http.client.HTTPConnection(processes.HOST, served.port, timeout=60)
        home = f"http://{processes.HOST}:{served.port}"
        connection.request(
            "POST",
            "/sign-in",
            urlencode({"key": key, "next": "/network"}),
            {"Content-Type": "application/x-www-form-urlencoded", "Origin": home},
        )
        answer = connection.getresponse()
        answer.read()
        cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]
        if answer.status != 303:
            raise ProcessFailed(f"signing in was answered {answer.status}")
        seconds, size = [], 0
        for _ in range(looks):
            began = time.perf_counter()
            connection.request("GET", "/network", headers={"Cookie": cookie})
            answer = connection.getresponse()
            size = len(answer.read())
            seconds.append(time.perf_counter() - began)
            if answer.status != 200:
                raise ProcessFailed(f"the page of the network was answered {answer.status}")
        connection.close()
    return statistics.median(seconds), size
