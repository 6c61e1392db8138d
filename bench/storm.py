"""A storm of alerts: many alerts of few keys in batches, and an account of every one of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import accounting, metrics, pouring, preparation, processes, servers
from bench.accounting import Account
from bench.alerts import CORRELATION_KEY, Mix
from bench.pouring import Poured, Wanted
from bench.processes import ProcessFailed
from bench.servers import Database
from bench.tickets import ORG

CONNECTIONS: Final = 8
BATCH: Final = 100
STORM_LIMIT: Final = 50
"""Of new keys, as a rule has it that says nothing of storms."""

CODE: Final = "alerts"
PATH: Final = f"/v1/ingest/{CODE}"
SETTLED_WITHIN: Final = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How large a storm is: *keys*, and the alerts of each."""

    keys: int
    times: int

    @property
    def alerts(self) -> int:
        """All of them."""
        return self.keys * self.times


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """What a storm came to; ``rate`` in alerts on disk a second, ``settled_after`` in seconds from
    the last answer until the followers had seen all of it."""

    poured: Poured
    found: Account
    rate: float
    settled_after: float
    megabytes: float


def admit(port: int, *, admin: str, storm_limit: int | None = 0) -> str:
    """Make the connector, and a rule that opens one incident for each key; its token.

    With *storm_limit* None the rule says nothing of storms.
    """
    at = f"/v1/orgs/{ORG}"
    body = {"kind": "alertmanager", "code": CODE, "name": "Alertmanager"}
    made = processes.call(port, "POST", f"{at}/connectors", token=admin, body=body)
    rule = {
        "name": "one for each place",
        "action": "create",
        "connector": CODE,
        "correlation_key": CORRELATION_KEY,
        **({} if storm_limit is None else {"storm_limit": storm_limit}),
    }
    token: str = processes.expect(made, 201).body["token"]
    processes.expect(processes.call(port, "POST", f"{at}/rules", token=admin, body=rule), 201)
    return token


def rage(folder: Path, mix: Mix, *, extent: Extent, storm_limit: int | None = 0) -> Storm:
    """Pour a storm into a new server in *folder*, and settle the account once it has ended.

    Raises:
        ProcessFailed: a batch was not taken, or an alert has no account.
    """
    database = Database(servers.SQLITE, folder)
    admin = preparation.found(folder)
    wanted = Wanted(
        mix=mix,
        path=PATH,
        connections=CONNECTIONS,
        keys=extent.keys,
        batch=BATCH,
        times=extent.times,
    )
    with processes.server(folder) as served:
        preparation.furnish(served.port, admin=admin)
        token = admit(served.port, admin=admin, storm_limit=storm_limit)
        poured = pouring.pour(served.port, wanted, token=token)
        settled_after = metrics.seconds_until_caught_up(served.port, within=SETTLED_WITHIN)
        megabytes = processes.resident_megabytes(served.process.pid)
    found = accounting.account(database)
    accounting.expect_all_accounted(found, payloads=poured.taken, alerts=extent.alerts)
    return Storm(
        poured=poured,
        found=found,
        rate=extent.alerts / poured.seconds,
        settled_after=settled_after,
        megabytes=megabytes,
    )


def expect_one_for_each(storm: Storm, *, extent: Extent) -> None:
    """Raises: ProcessFailed when a key opened no incident, or more than one."""
    if storm.found.incidents != extent.keys or storm.found.created != extent.keys:
        raise ProcessFailed(f"{extent.keys} keys opened {storm.found.incidents} incidents")


def expect_one_storm(storm: Storm) -> None:
    """Raises: ProcessFailed unless the flood became one incident beside those before it."""
    if storm.found.incidents != STORM_LIMIT + 1:
        raise ProcessFailed(
            f"a flood became {storm.found.incidents} incidents, not {STORM_LIMIT} and one"
        )
