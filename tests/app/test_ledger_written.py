"""A link that a ledger keeps comes into service by a real InfluxDB: on the ledger first, then here.

A server follows the ledger, judges, writes there and records; the command line shows beforehand
what it would write.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.adapters.doublezero import town as chain
from tests.adapters.doublezero.ledger import ORACLE, PROGRAM, Ledger
from tests.adapters.provisioning.kept import ACCOUNTS, LINE, held, node
from tests.app.test_database_commands import run
from tests.app.test_monitoring import asked, monitor, server, stands
from tests.app.test_serve import Served, serving
from tocsin.adapters.doublezero.accounts import Link
from tocsin.adapters.provisioning.writing import NO_LEDGER

__all__ = ["asked", "server"]


@pytest.fixture
def wanted() -> Iterator[Ledger]:
    """A ledger on which a link between the devices that carry traffic is wanted in service."""
    (line,) = [one for one in ACCOUNTS if isinstance(one, Link)]
    wanted = replace(line, side_z_interface="Ethernet1", desired_status=1)
    with node(chain.FRANKFURT, chain.FRA, wanted) as made:
        yield made


@pytest.fixture
def kept(wanted: Ledger, tmp_path: Path) -> dict[str, str]:
    """The environment that names it, with a keypair that may write there."""
    keypair = tmp_path / "id.json"
    keypair.write_text(json.dumps(list(bytes(ORACLE))))
    keypair.chmod(0o600)
    return {
        "TOCSIN_LEDGER_RPC_URL": wanted.url,
        "TOCSIN_LEDGER_PROGRAM": PROGRAM,
        "TOCSIN_LEDGER_KEYPAIR": str(keypair),
        "TOCSIN_LEDGER_INTERVAL_SECONDS": "5",
    }


def until(served: Served, key: str, path: str, field: str, value: str) -> dict[str, object]:
    """What the API says, once the *field* of it is *value*."""
    while True:
        assert served.process.poll() is None
        status, answer = served.get(f"/v1/orgs/net/{path}", token=key)
        found: dict[str, object] = json.loads(answer)
        if status == 200 and found[field] == value:
            return found


def test_a_link_comes_into_service_there_and_then_here(
    tmp_path: Path, asked: dict[str, str], wanted: Ledger, kept: dict[str, str]
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    run("admin", "org", "create", "--code", "net", "--name", "Net", data=data)
    key = run(
        *("admin", "key", "create", "--org", "net", "--name", "noc", "--role", "org_admin"),
        data=data,
    ).stdout.strip()

    # It is followed, and nobody judges yet.
    with serving(data, **kept) as served:
        until(served, key, "links/line", "desired_status", "activated")
        served.stop()
    before = stands(data)
    assert before[:2] == ("unknown", "hard_drained")

    shown = monitor("--once", "--dry-run", data=data, asked={**asked, **kept})
    assert shown.returncode == 0, shown.stderr
    assert "1 of them would be written on the ledger first (*)" in shown.stdout
    assert "unknown → healthy *" in shown.stdout
    alone = monitor("--once", "--json", data=data, asked=asked)
    assert [one["reason"] for one in json.loads(alone.stdout)["untaken"]] == [NO_LEDGER]
    assert (stands(data), held(wanted, LINE)) == (before, (0, 6, 1))

    with serving(data, **asked, **kept) as served:
        until(served, key, "links/line", "status", "activated")
        readiness = until(served, key, "links/line/readiness", "status", "activated")
        assert readiness["next"] == "it is activated, as wanted"
        metrics = served.get("/metrics")[1].decode()
        for what in ("health", "status"):
            counted = f'{{kind="link",outcome="written",what="{what}"}} 1.0'
            assert f"tocsin_ledger_changes_total{counted}" in metrics
        served.stop()
    assert held(wanted, LINE) == (2, 1, 1)
    assert stands(data)[:2] == ("healthy", "activated")
    assert wanted.batches == [1, 1], "each once"


def test_a_round_of_the_command_line_writes_there_first(
    tmp_path: Path, asked: dict[str, str], wanted: Ledger, kept: dict[str, str]
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    run("admin", "org", "create", "--code", "net", "--name", "Net", data=data)
    key = run(
        *("admin", "key", "create", "--org", "net", "--name", "noc", "--role", "org_admin"),
        data=data,
    ).stdout.strip()
    with serving(data, **kept) as served:
        until(served, key, "links/line", "desired_status", "activated")
        served.stop()

    wanted.refusing[LINE] = 8
    refused = monitor("--once", data=data, asked={**asked, **kept})
    assert (
        "the ledger did not take line: the program refuses it: NotAllowed (8)" in refused.stdout
    ), refused.stderr
    assert stands(data)[:2] == ("unknown", "hard_drained")

    wanted.refusing.clear()
    shown = monitor("--once", data=data, asked={**asked, **kept})
    assert "1 of them written on the ledger first (*)" in shown.stdout, shown.stderr
    assert held(wanted, LINE)[0] == 2
    assert stands(data)[:2] == ("healthy", "hard_drained")
