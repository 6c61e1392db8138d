"""``tocsin serve`` with a ledger: what it says appears, is followed, and is written first."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.doublezero.ledger import ORACLE, PROGRAM, Ledger, ledger
from tests.adapters.doublezero.town import ACME, DZ1, DZ2, FRANKFURT, LINK
from tests.adapters.webhook.listening import status
from tests.app.test_dashboard import Browser
from tests.app.test_database_commands import founded, run
from tests.app.test_serve import WITHIN, Served, environment, serving
from tocsin.adapters.doublezero.accounts import Account
from tocsin.app.ledger import kept_ledger
from tocsin.app.settings import SettingWrong, read_settings

LINES = "/v1/orgs/net/links"


@pytest.fixture
def node() -> Iterator[Ledger]:
    """A node that holds the town."""
    with ledger() as made:
        yield made


@pytest.fixture
def keypair(tmp_path: Path) -> Path:
    """The oracle's, in a file of its own."""
    path = tmp_path / "oracle.json"
    path.write_text(json.dumps(list(bytes(ORACLE))))
    path.chmod(0o600)
    return path


def put(node: Ledger, account: Account, **changes: Any) -> None:
    node.accounts[account.pubkey] = replace(node.accounts[account.pubkey], **changes)


def told(node: Ledger) -> dict[str, str]:
    """The environment that names it, a key in its address."""
    return {
        "TOCSIN_LEDGER_RPC_URL": f"{node.url}&api-key=very-secret",
        "TOCSIN_LEDGER_PROGRAM": PROGRAM,
        "TOCSIN_LEDGER_INTERVAL_SECONDS": "1",
        "TOCSIN_ACTIVATOR_INTERVAL_SECONDS": "1",
    }


def admin(data: Path) -> str:
    """The key of somebody who may do everything."""
    founded(data)
    made = run(
        *("admin", "key", "create", "--org", "net", "--name", "ada", "--role", "org_admin"),
        data=data,
    )
    assert made.exit_code == 0, made.output
    return made.stdout.strip()


def rows(served: Served, path: str, key: str) -> dict[str, dict[str, Any]]:
    """The records of a list, by code."""
    found, body = served.get(path, token=key)
    assert found == 200, body
    return {one["code"]: one for one in json.loads(body)["items"]}


def shown(served: Served) -> str:
    """The server's figures."""
    return served.get("/metrics")[1].decode()


def until(served: Served, seen: Callable[[], bool]) -> None:
    """Ask again after each round of the server's until it is so."""
    while not seen():
        before = _rounds(served)
        while _rounds(served) == before:
            assert served.process.poll() is None


def _rounds(served: Served) -> list[str]:
    return [one for one in shown(served).splitlines() if "provisioning_rounds_total{" in one]


def asked(served: Served, path: str, body: Any, key: str, method: str = "POST") -> tuple[int, Any]:
    """What is answered to *body*."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=WITHIN)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    try:
        connection.request(method, path, json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_what_a_ledger_says_appears_and_is_followed(tmp_path: Path, node: Ledger) -> None:
    data = tmp_path / "data"
    key = admin(data)
    with serving(data, **told(node)) as served:
        until(served, lambda: "fra-dz1:fra-dz2" in rows(served, LINES, key))
        line = rows(served, LINES, key)["fra-dz1:fra-dz2"]
        assert (line["status"], line["health"]) == ("hard_drained", "pending")
        assert line["on_ledger"] == {
            "status": "hard_drained",
            "health": "pending",
            "desired_status": "hard_drained",
        }
        assert line["contributor"] == "acme"
        devices = rows(served, "/v1/orgs/net/devices", key)
        assert (devices["fra-dz2"]["status"], devices["fra-dz2"]["location"]) == (
            "activated",
            "fra1",
        )
        assert rows(served, "/v1/orgs/net/locations", key)["fra1"]["pubkey"] == FRANKFURT.pubkey
        assert rows(served, "/v1/orgs/net/contributors", key)["acme"]["pubkey"] == ACME.pubkey
        browser = Browser(served)
        assert browser.ask("/sign-in", {"key": key, "next": "/"})[0] == 303
        assert "fra-dz1" in browser.ask("/network")[1]

        refused, problem = asked(
            served, f"{LINES}/fra-dz1:fra-dz2", {"mtu": 1500}, key, method="PATCH"
        )
        assert (refused, problem["code"]) == (409, "kept_by_ledger")

        put(node, LINK, status=1, desired_status=1, health=2)
        until(served, lambda: rows(served, LINES, key)["fra-dz1:fra-dz2"]["status"] == "activated")
        del node.accounts[LINK.pubkey]
        until(served, lambda: "fra-dz1:fra-dz2" not in rows(served, LINES, key))

        # An account that nobody can read, and then nobody to ask, change nothing.
        node.raw[DZ2.pubkey] = b"\5\1\2"
        del node.accounts[DZ2.pubkey]
        until(served, lambda: "tocsin_ledger_unreadable 1.0" in shown(served))
        assert 'tocsin_ledger_accounts{kind="device"} 1.0' in shown(served)
        assert "tocsin_ledger_read_only 1.0" in shown(served)
        node.troubles["getProgramAccounts"] = [status("404 Not Found")] * 1_000
        until(served, lambda: "tocsin_ledger_away 1.0" in shown(served))
        assert served.get("/readyz")[0] == 200
        found, body = served.get("/v1/orgs/net/devices/fra-dz2/readiness", token=key)
        assert found == 200
        assert "the ledger is away since" in json.loads(body)["next"]
        assert rows(served, "/v1/orgs/net/devices", key).keys() == devices.keys()
        said, log = served.stop()
    assert [one["action"] for one in log].count("ledger_only_read") == 1
    assert [one["action"] for one in log].count("ledger_away") == 1
    left = [one for one in log if one["action"] == "ledger_left_alone"]
    assert [one["about"] for one in left] == [DZ2.pubkey]
    assert "very-secret" not in said + str(log)


def test_what_is_wished_here_is_written_there_first(
    tmp_path: Path, node: Ledger, keypair: Path
) -> None:
    data = tmp_path / "data"
    key = admin(data)
    put(node, LINK, status=1, desired_status=1, health=2)
    with serving(data, **told(node), TOCSIN_LEDGER_KEYPAIR=str(keypair)) as served:
        until(served, lambda: "fra-dz1:fra-dz2" in rows(served, LINES, key))
        wished, _ = asked(served, f"{LINES}/fra-dz1:fra-dz2/drain", {"to": "soft_drained"}, key)
        assert wished == 200
        until(
            served, lambda: rows(served, LINES, key)["fra-dz1:fra-dz2"]["status"] == "soft_drained"
        )
        there = node.accounts[LINK.pubkey]
        assert (there.status, there.desired_status) == (7, 7)  # type: ignore[union-attr]
        _, log = served.stop()
    # Let go, it is changed here again.
    released = run("admin", "ledger", "release", "--org", "net", data=data)
    assert (released.exit_code, released.stdout) == (0, "let go of 5\n"), released.output
    assert run("admin", "ledger", "release", "--org", "net", data=data).stdout == "let go of 0\n"
    with serving(data) as served:
        line = f"{LINES}/fra-dz1:fra-dz2"
        status_code, answer = asked(served, line, {"mtu": 1500}, key, method="PATCH")
        assert (status_code, answer["mtu"], answer["on_ledger"]) == (200, 1500, None)
        served.stop()
    assert "ledger_only_read" not in [one["action"] for one in log]


# What cannot be set up


def settings_of(**given: str) -> Any:
    return read_settings(environ=environment(**given), given={})


def test_half_a_ledger_is_refused_in_a_sentence() -> None:
    url = {"TOCSIN_LEDGER_RPC_URL": "https://rpc.example.net/very-secret"}
    with pytest.raises(SettingWrong, match="TOCSIN_LEDGER_RPC_URL is missing"):
        settings_of(TOCSIN_LEDGER_PROGRAM=PROGRAM)
    with pytest.raises(SettingWrong, match="TOCSIN_LEDGER_PROGRAM"):
        settings_of(**url)
    with pytest.raises(SettingWrong, match="TOCSIN_LEDGER_PROGRAM is missing"):
        settings_of(**url, TOCSIN_LEDGER_TELEMETRY_PROGRAM=PROGRAM, TOCSIN_LEDGER_ORG="net")
    with pytest.raises(SettingWrong, match="give the program's pubkey"):
        settings_of(**url, TOCSIN_LEDGER_PROGRAM="nobody")


def test_without_any_our_own_record_is_the_ledger() -> None:
    assert kept_ledger(settings_of()) is None


def test_a_keypair_that_cannot_sign_is_refused_and_not_shown(tmp_path: Path, node: Ledger) -> None:
    path = tmp_path / "keypair.json"
    path.write_text("[1, 2, 3]")
    path.chmod(0o600)
    settings = settings_of(**told(node), TOCSIN_LEDGER_KEYPAIR=str(path))
    with pytest.raises(SettingWrong, match="TOCSIN_LEDGER_KEYPAIR"):
        kept_ledger(settings)
    with pytest.raises(SettingWrong) as refused:
        kept_ledger(replace(settings, ledger_rpc_url="https://[very-secret", ledger_keypair=None))
    assert "very-secret" not in str(refused.value)


def test_a_device_of_the_town_is_of_the_org_that_is_named(tmp_path: Path, node: Ledger) -> None:
    data = tmp_path / "data"
    admin(data)
    assert (
        run("admin", "org", "create", "--code", "late", "--name", "Late", data=data).exit_code == 0
    )
    key = run(
        *("admin", "key", "create", "--org", "late", "--name", "ada", "--role", "org_admin"),
        data=data,
    ).stdout.strip()
    with serving(data, **told(node), TOCSIN_LEDGER_ORG="late") as served:
        until(served, lambda: DZ1.code in rows(served, "/v1/orgs/late/devices", key))
        served.stop()
