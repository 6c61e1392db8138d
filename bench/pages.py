"""Section ``pages``: the public status page of the example network, read a thousand times a second.

How much of a core the server takes is counted, and a public update comes in meanwhile. How soon
such a one is seen is measured by asking again and again.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from bench import processes
from bench.page_reading import Reading
from bench.processes import ProcessFailed
from bench.report import Figure, under

SECTION: Final = "pages"
PATH: Final = "/status/main"
RATE: Final = 1_000.0
QUICK_RATE: Final = 100.0
"""Of a short run, beside which others work: it goes on where the machine stands still for a
second."""
ORG: Final = "demo"


def measure(folder: Path, *, quick: bool) -> list[Figure]:
    """Furnish the example network in *folder*, and read its page.

    Raises:
        ProcessFailed: an answer was not what it should be.
    """
    data, port = folder / "pages", processes.free_port()
    served = processes.start(
        [*processes.serve_command(data=data, port=port), "--demo"],
        port=port,
        ready_path="/readyz",
        log=folder / "pages.log",
    )
    try:
        key = json.loads((data / "demo-keys.json").read_text())["org_admin"]
        reading, share = _read(port, served.process.pid, key=key, quick=quick)
        seen = [_seen_after(port, key=key, number=at) for at in range(1, 3 if quick else 21)]
    finally:
        processes.stop(served.process)
    return [
        Figure(
            SECTION,
            f"first byte at {offered(quick):,.0f}/s, p99",
            reading.p99 * 1e3,
            "ms",
            under(10.0),
        ),
        Figure(SECTION, "the same, median", reading.p50 * 1e3, "ms"),
        Figure(SECTION, "the same, longest", reading.longest * 1e3, "ms"),
        Figure(SECTION, "the same, share of a core", share, "x", under(1.0)),
        Figure(SECTION, "from public update to page, longest", max(seen), "s", under(1.0)),
        Figure(SECTION, "the page, compressed", reading.bytes_each / 1e3, "kB", under(60.0)),
    ]


def offered(quick: bool) -> float:
    """Requests a second."""
    return QUICK_RATE if quick else RATE


def _read(port: int, pid: int, *, key: str, quick: bool) -> tuple[Reading, float]:
    """The figures of the readers, among whom comes a public update; and how much of a core the
    server took meanwhile."""
    rate, requests = offered(quick), 200 if quick else 10_000
    began, spent = time.perf_counter(), _processor_seconds(pid)
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "bench.page_reading", "--port", str(port), "--path", PATH),
            *("--rate", str(rate), "--requests", str(requests)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as readers:
        _seen_after(port, key=key, number=0)
        said, wrong = readers.communicate()
    if readers.returncode != 0:
        raise ProcessFailed(wrong[-2_000:])
    share = (_processor_seconds(pid) - spent) / (time.perf_counter() - began)
    return Reading(**json.loads(said)), share


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _seen_after(port: int, *, key: str, number: int) -> float:
    """Seconds from the answer to a public update until it is on the page."""
    title = f"Measured notice {number}"
    tickets = f"/v1/orgs/{ORG}/tickets"
    body = {
        "type": "incident",
        "title": "Measured",
        "description": "How soon the public sees it.",
        "severity": "sev4",
        "services": ["portal"],
    }
    ticket = processes.expect(
        processes.call(port, "POST", tickets, token=key, body=body), 201
    ).body["id"]
    update = {
        "title": title,
        "status": "investigating",
        "body": "Looking.",
        "services": [{"code": "portal", "impact": "degraded"}],
    }
    published = processes.call(
        port, "POST", f"{tickets}/{ticket}/public-updates", token=key, body=update
    )
    processes.expect(published, 201)
    began = time.perf_counter()
    connection = http.client.HTTPConnection(processes.HOST, port, timeout=60)
    try:
        while True:
            connection.request("GET", PATH)
            if title.encode() in connection.getresponse().read():
                return time.perf_counter() - began
            if time.perf_counter() - began > 30:
                raise ProcessFailed("a public update is not on the page after 30 s")
            time.sleep(0.005)
    finally:
        connection.close()
