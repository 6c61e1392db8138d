"""An organisation to measure with: a contributor, a service, five routes, and keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from click.testing import CliRunner

from bench import processes
from bench.tickets import ORG, SERVICE
from tocsin.app.command_line.program import program

CONTRIBUTOR: Final = "alpha"
CONTRIBUTOR_PUBKEY: Final = "2qAuDHoFTwRE7LBEEkEL2dezVWLNFqrmzP6cA7gFhXjE"
"""Base58 of thirty-two bytes; nobody holds its private half."""

RATE_PER_SECOND: Final = 100_000
"""Above anything measured: the limit of a key is not what is measured."""

CLOSED_PORT: Final = 9
"""The discard port of this machine, which nobody serves."""

NOWHERE: Final = f"https://{processes.HOST}:{CLOSED_PORT}"
"""Where the routes lead unless something is to arrive."""

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


def found(data: Path, *, database: str | None = None) -> str:
    """Make the organisation, its contributor and an administrator's key; return its secret.

    Raises:
        ProcessFailed: a command exited with another code than 0.
    """
    where = ("--data", str(data), *(() if database is None else ("--database", database)))
    _admin("org", "create", "--code", ORG, "--name", "Bench", *where)
    _admin(
        *("contributor", "create", "--org", ORG, "--code", CONTRIBUTOR),
        *("--name", "Alpha", "--pubkey", CONTRIBUTOR_PUBKEY, *where),
    )
    made = _admin("key", "create", "--org", ORG, "--name", "bench", "--role", "org_admin", *where)
    return made.strip()


def _admin(*arguments: str) -> str:
    """What the command prints; run in this process, for its start is not what is measured."""
    done = CliRunner().invoke(program, ["admin", *arguments], env=processes.ENVIRONMENT)
    if done.exit_code != 0:
        raise processes.ProcessFailed(f"{' '.join(arguments)}: {done.output}") from done.exception
    return done.stdout


def furnish(
    port: int,
    *,
    admin: str,
    matches: Mapping[str, Mapping[str, object]] = ROUTE_MATCHES,
    leads_to: str = NOWHERE,
) -> Keys:
    """Add the service, the routes and the key under load, through the gateway.

    Each route leads to its own path under *leads_to*.
    """
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
    route(port, admin=admin, matches=matches, leads_to=leads_to)
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


def route(
    port: int, *, admin: str, matches: Mapping[str, Mapping[str, object]], leads_to: str
) -> None:
    """Add a route for each of *matches*, to a path of its own under *leads_to*."""
    for name, match in matches.items():
        body = {
            "name": name,
            "match": match,
            "destination": {"kind": "webhook", "url": f"{leads_to}/{name}"},
        }
        made = processes.call(port, "POST", f"/v1/orgs/{ORG}/routes", token=admin, body=body)
        processes.expect(made, 201)
