"""An organisation to measure with: a contributor, a service, five routes, and keys."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import processes
from bench.tickets import ORG, SERVICE

CONTRIBUTOR: Final = "alpha"
CONTRIBUTOR_PUBKEY: Final = "2qAuDHoFTwRE7LBEEkEL2dezVWLNFqrmzP6cA7gFhXjE"
"""Base58 of thirty-two bytes; nobody holds its private half."""

RATE_PER_SECOND: Final = 100_000
"""Above anything measured: the limit of a key is not what is measured."""

CLOSED_PORT: Final = 9
"""Where the routes lead: the discard port of this machine, which nobody serves."""

ROUTE_MATCHES: Final[dict[str, dict[str, object]]] = {
    "everything": {"kinds": ["incident.*"]},
    "severe": {"kinds": ["incident.*"], "matchers": ['severity=~"sev[12]"']},
    "service": {"kinds": ["incident.*"], "matchers": [f'service="{SERVICE}"']},
    "routing": {"kinds": ["incident.*"], "matchers": ['label="routing"']},
    "production": {"kinds": ["incident.*"], "matchers": ['environment="production"']},
}
"""Five routes, all of which take the measured ticket: five deliveries are written with each."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Secrets of the measured organisation: one that administers, one that opens tickets."""

    admin: str
    load: str


def found(data: Path) -> str:
    """Make the organisation, its contributor and an administrator's key; return its secret."""
    where = ("--data", str(data))
    processes.run("admin", "org", "create", "--code", ORG, "--name", "Bench", *where)
    processes.run(
        *("admin", "contributor", "create", "--org", ORG, "--code", CONTRIBUTOR),
        *("--name", "Alpha", "--pubkey", CONTRIBUTOR_PUBKEY, *where),
    )
    return processes.run(
        *("admin", "key", "create", "--org", ORG, "--name", "bench", "--role", "org_admin"),
        *where,
    ).strip()


def furnish(port: int, *, admin: str) -> Keys:
    """Add the service, the routes and the key under load, through the gateway."""
    at = f"/v1/orgs/{ORG}"
    processes.expect(
        processes.call(
            port,
            "POST",
            f"{at}/services",
            token=admin,
            body={"code": SERVICE, "name": "Public API"},
        ),
        201,
    )
    for name, match in ROUTE_MATCHES.items():
        route = {
            "name": name,
            "match": match,
            "destination": {
                "kind": "webhook",
                "url": f"https://{processes.HOST}:{CLOSED_PORT}/{name}",
            },
        }
        processes.expect(processes.call(port, "POST", f"{at}/routes", token=admin, body=route), 201)
    key = processes.expect(
        processes.call(
            port,
            "POST",
            f"{at}/keys",
            token=admin,
            body={"name": "load", "role": "oncall_engineer", "rate_per_second": RATE_PER_SECOND},
        ),
        201,
    )
    return Keys(admin=admin, load=key.body["secret"])
