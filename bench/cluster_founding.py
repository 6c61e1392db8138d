"""What a cluster is furnished with before it is broken: an org, routes, keys, a receiver."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Final

from bench import processes
from bench.cluster_members import Programs
from bench.preparation import CONTRIBUTOR, CONTRIBUTOR_PUBKEY, RATE_PER_SECOND
from bench.tickets import ORG, SERVICE

PATHS: Final = ("/steady", "/rough-1", "/rough-2", "/outage")
"""Where the routes lead; what the receiver does there, its module says."""


def found(programs: Programs) -> str:
    """Make the org, its contributor and an administrator's key; its secret."""
    programs.run("admin", "org", "create", "--code", ORG, "--name", "Chaos")
    programs.run(
        *("admin", "contributor", "create", "--org", ORG, "--code", CONTRIBUTOR),
        *("--name", "Alpha", "--pubkey", CONTRIBUTOR_PUBKEY),
    )
    return programs.run(
        *("admin", "key", "create", "--org", ORG, "--name", "chaos", "--role", "org_admin")
    ).strip()


def receive(record: Path, *, seed: int, events: int, log: Path) -> processes.Served:
    """The receiver, in a process of its own."""
    record.touch()
    port = processes.free_port()
    command = [sys.executable, "-m", "bench.cluster_receiver", "--port", str(port)]
    command += ["--record", str(record), "--seed", str(seed)]
    command += ["--outage-every", str(max(events // 5, 20))]
    return processes.start(command, port=port, ready_path="/", log=log)


def furnish(port: int, *, admin: str, receiver: int) -> str:
    """Add the service, a route to each path, and the writers' key; its secret."""
    at = f"/v1/orgs/{ORG}"
    made = partial(processes.call, port, "POST", token=admin)
    processes.expect(made(f"{at}/services", body={"code": SERVICE, "name": "Public API"}), 201)
    for path in PATHS:
        url = f"http://{processes.HOST}:{receiver}{path}"
        route = {
            "name": path.strip("/"),
            "match": {"kinds": ["incident.*"]},
            "destination": {"kind": "webhook", "url": url},
        }
        processes.expect(made(f"{at}/routes", body=route), 201)
    key = {"name": "writers", "role": "oncall_engineer", "rate_per_second": RATE_PER_SECOND}
    secret: str = processes.expect(made(f"{at}/keys", body=key), 201).body["secret"]
    return secret
