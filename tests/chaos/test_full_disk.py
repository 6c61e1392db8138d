"""A full disk is answered with 503, costs nothing acknowledged, and is over when there is room."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import preparation, processes
from bench.tickets import INCIDENT, ORG
from tests.chaos.disks import WAYS

TICKETS = f"/v1/orgs/{ORG}/tickets"
MANY = 5_000
"""More tickets than fit into the log and the rest of any of the narrow disks."""


@pytest.mark.slow
def test_a_full_disk_is_503_and_the_server_recovers(tmp_path: Path, narrow: str) -> None:
    with WAYS[narrow](tmp_path / "disk") as disk:
        # Elsewhere: what a server does that cannot write its log is not the question here.
        log = tmp_path / "server.log"
        data = disk.folder / "data"
        admin = preparation.found(data)
        acknowledged: list[str] = []
        with processes.server(data, log=log) as served:
            token = preparation.furnish(served.port, admin=admin).load

            def opened() -> processes.Answer:
                return processes.call(served.port, "POST", TICKETS, token=token, body=INCIDENT)

            acknowledged.append(processes.expect(opened(), 201).body["id"])
            disk.fill(served.process.pid)
            for _ in range(MANY):
                refused = opened()
                if refused.status != 201:
                    break
                acknowledged.append(refused.body["id"])
            else:
                pytest.fail("the disk was never full")

            assert refused.status == 503
            assert refused.headers["content-type"].startswith("application/problem+json")
            assert int(refused.headers["retry-after"]) > 0
            # What is on disk can still be read.
            read = processes.call(served.port, "GET", f"{TICKETS}/{acknowledged[0]}", token=token)
            assert read.status == 200

            disk.make_room(served.process.pid)
            acknowledged.append(processes.expect(opened(), 201).body["id"])

        with processes.server(data, log=log) as served:
            for identity in acknowledged:
                read = processes.call(served.port, "GET", f"{TICKETS}/{identity}", token=token)
                assert read.status == 200
        processes.run("db", "check", "--data", str(data))
