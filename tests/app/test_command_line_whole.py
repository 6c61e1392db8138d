"""The whole command line against a real server: what an operator and two contributors do in a day.

Everything else about the command line is tested against a stand-in; here nothing stands in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.app.test_serve import serving
from tests.handler.acting import pubkey
from tocsin.app.command_line.program import program

Tell = Callable[..., Any]


@pytest.fixture
def tell(tmp_path: Path) -> Iterator[Tell]:
    """The program as an org_admin of a fresh server; its JSON answer, or its plain output."""
    data = tmp_path / "data"
    bare = CliRunner(env=dict.fromkeys(("TOCSIN_URL", "TOCSIN_API_KEY", "TOCSIN_ORG")))

    def admin(*arguments: str) -> str:
        answer = bare.invoke(program, ["admin", *arguments, "--data", str(data)])
        assert answer.exit_code == 0, answer.output
        return answer.stdout.strip()

    admin("org", "create", "--code", "net", "--name", "Net")
    key = admin("key", "create", "--org", "net", "--name", "ops", "--role", "org_admin")
    with serving(data, TOCSIN_ALLOW_PRIVATE_DESTINATIONS="true") as served:
        runner = CliRunner(
            env={
                "TOCSIN_URL": f"http://127.0.0.1:{served.port}",
                "TOCSIN_API_KEY": key,
                "TOCSIN_ORG": None,
                "COLUMNS": "160",
            }
        )

        def telling(*arguments: str, plain: bool = False, code: int = 0, **env: str) -> Any:
            shown = [] if plain else ["--json"]
            answer = runner.invoke(program, [*arguments, *shown], env=env)
            assert answer.exit_code == code, (arguments, answer.output, answer.stderr)
            return answer.stdout + answer.stderr if plain else json.loads(answer.stdout)

        yield telling
        served.stop()


def test_a_day_at_the_terminal(tell: Tell) -> None:
    assert "✓ role  org_admin" in tell("doctor", plain=True)
    assert tell("whoami")["role"] == "org_admin"

    # An operator sets the network up.
    for code, number in (("alpha", 1), ("beta", 2)):
        made = tell(
            "contributor", "create", "--code", code, "--name", code.title(),
            "--pubkey", pubkey(number), "--contact", f"NOC;phone;+31 20 000 000{number};24x7",
        )  # fmt: skip
        assert made["contacts"][0]["method"] == "phone"
    for code, owner, number in (("ams-1", "alpha", 11), ("fra-1", "beta", 12)):
        tell("device", "create", "--code", code, "--contributor", owner, "--pubkey", pubkey(number))
    line = tell(
        "link", "create", "--code", "ams-1:fra-1", "--contributor", "alpha",
        "--pubkey", pubkey(21), "--link-type", "DZX",
        "--side-a", "ams-1/Ethernet1", "--side-z", "fra-1/Ethernet1",
    )  # fmt: skip
    assert (line["side_a"]["device"], line["side_z"]["device"]) == ("ams-1", "fra-1")
    place = tell(
        "location", "create", "--code", "ams", "--name", "Amsterdam", "--kind", "exchange",
        "--country", "NL", "--lat", "52.37", "--lng", "4.9",
    )  # fmt: skip
    assert (place["lat"], place["kind"]) == (52.37, "exchange")
    assert tell("device", "update", "ams-1", "--exchange", "ams")["exchange"] == "ams"
    named = ("--name", "Ethernet1/2", "--role", "cyoa")
    device = tell("device", "interface", "add", "ams-1", *named)
    assert [one["name"] for one in device["interfaces"]] == ["Ethernet1", "Ethernet1/2"]
    assert "Ethernet1/2" in tell("device", "interface", "list", "ams-1", plain=True)
    of_it = tell("device", "readiness", "ams-1", "--interface", "Ethernet1/2")
    assert [one["state"] for one in of_it["criteria"]] == ["met", "unmet", "unmet", "unknown"]
    assert tell("link", "accept", "--pubkey", pubkey(21))["status"] == "hard_drained"
    assert tell("link", "undrain", "ams-1:fra-1")["desired_status"] == "activated"
    shown = tell("link", "readiness", "--code", "ams-1:fra-1", plain=True)
    assert "✓ met" in shown
    assert "? unknown" in shown
    waive = ("--criterion", "side_a", "--reason", "standby", "--until", "+30d")
    (waiver,) = tell("link", "waive", "ams-1:fra-1", *waive)["waivers"]
    assert (waiver["criterion"], waiver["reason"]) == ("side_a", "standby")
    ended = tell("link", "demand", "ams-1:fra-1", "--criterion", "side_a")
    assert ended["waivers"] == []
    drained = tell("link", "drain", "ams-1:fra-1", "--to", "soft", "--reason", "optic swap")
    assert drained["desired_status"] == "soft_drained"
    assert tell("device", "interface", "delete", "ams-1", "--name", "Ethernet1/2")
    assert tell("service", "create", "--code", "api", "--name", "Public API")["code"] == "api"
    route = tell(
        "route", "create", "--name", "noc", "--event-kind", "incident.*",
        "--destination", "webhook", "--destination-url", "https://127.0.0.1:9/hook",
    )  # fmt: skip
    assert route["destination"]["kind"] == "webhook"
    assert tell("policy", "update", "--severity-levels", "5")["severity_levels"] == 5
    member = tell(
        "member", "create", "--name", "Ada", "--role", "oncall_engineer", "--contributor", "alpha"
    )
    key = tell(
        "key", "create", "--name", "ada", "--role", "oncall_engineer", "--member", member["id"]
    )
    ada = {"TOCSIN_API_KEY": key["secret"]}

    # A contributor opens an incident, works on it and ends it.
    opened = tell(
        "incident", "create", "--title", "Loss on ams-1:fra-1", "--severity", "P2",
        "--description", "3 % since noon", "--link", "ams-1:fra-1", "--service", "api",
        "--label", "routing", **ada,
    )  # fmt: skip
    ref = opened["ref"]
    assert opened["contributor"]["code"] == "alpha"
    assert opened["affected_contributors"] == ["alpha", "beta"]
    assert tell("incident", "ack", ref, **ada)["status"] == "acknowledged"
    tell("incident", "comment", ref, "--body", "carrier called", "--status", "mitigating", **ada)
    tell("incident", "label", ref, "--add", "carrier", **ada)
    tell("incident", "assign", ref, "--to", "alpha", **ada)
    tell("incident", "update", ref, "--title", "Loss between Amsterdam and Frankfurt", **ada)
    tell("incident", "publish", ref, "--title", "Slow", "--status", "investigating",
         "--body", "We are looking into it.")  # fmt: skip
    assert tell("incident", "severity", ref, "--to", "sev1")["severity"] == "sev1"
    tell("signal", "send", "--ticket", ref, "--source", "probe", "--summary", "loss 3 %", **ada)
    resolved = tell(
        "incident", "resolve", ref, "--resolution", "spliced", "--root-cause", "fiber_cut", **ada
    )
    assert (resolved["status"], resolved["resolution"]) == ("resolved", "spliced")
    tell("incident", "rca", ref, "--url", "https://wiki.example.org/rca/1", **ada)
    tell("incident", "reopen", ref, "--reason", "loss is back", **ada)
    assert tell("incident", "close", ref, "--root-cause", "carrier", **ada)["status"] == "closed"
    whole = tell("incident", "get", ref)
    assert (whole["signals_total"], len(whole["signals"])) == (1, 1)
    told = [entry["text"] for entry in tell("incident", "timeline", ref)["items"]]
    assert told[0] == "opened: Loss on ams-1:fra-1"
    assert "carrier called" in told
    assert [one["ref"] for one in tell("incident", "list", "--status", "closed")["items"]] == [ref]

    # The other plans a maintenance on the same link, and then another in its way.
    planned = tell(
        "maintenance", "create", "--title", "Swap optic", "--description", "Ethernet1",
        "--link", "ams-1:fra-1", "--start-at", "+1h", "--duration", "2h",
    )  # fmt: skip
    second = tell(
        "maintenance", "create", "--title", "Firmware", "--description", "Both sides",
        "--device", "ams-1", "--link", "ams-1:fra-1", "--start-at", "+2h", "--duration", "2h",
    )  # fmt: skip
    assert [one["ticket"]["ref"] for one in second["conflicts"]] == [planned["ref"]]
    assert (
        tell("maintenance", "cancel", second["ref"], "--reason", "moved")["status"] == "cancelled"
    )
    assert tell("maintenance", "start", planned["ref"])["status"] == "in_progress"
    tell("maintenance", "extend", planned["ref"], "--end-at", "+5h")
    assert tell("maintenance", "complete", planned["ref"])["status"] == "completed"
    assert tell("maintenance", "close", planned["ref"])["disposition"] == "done"

    # What is wrong is said in a sentence, with exit code 1.
    refused = tell("incident", "ack", ref, plain=True, code=1)
    assert "closed" in refused
    missing = tell("incident", "get", "I20200101-none", plain=True, code=1)
    assert "I20200101-none" in missing

    # The log tells it all; a revoked key opens nothing any more.
    events = tell("events", "list", "--all")["items"]
    assert [one["position"] for one in events] == sorted(one["position"] for one in events)
    assert {"incident.created", "maintenance.conflict_found"} <= {one["kind"] for one in events}
    tell("key", "revoke", key["id"])
    assert "revoked" in tell("whoami", plain=True, code=1, **ada)


def test_what_is_wrong_with_an_asset_is_named_at_the_terminal(tell: Tell) -> None:
    tell("contributor", "create", "--code", "alpha", "--name", "A", "--pubkey", pubkey(1))
    for code, number in (("ams-1", 11), ("fra-1", 12)):
        tell(
            "device", "create", "--code", code, "--contributor", "alpha", "--pubkey", pubkey(number)
        )
    line = ("link", "create", "--code", "line", "--contributor", "alpha", "--link-type", "WAN")
    a, z = ("--side-a", "ams-1/Ethernet1"), ("--side-z", "fra-1/Ethernet1")
    own, unknown = ("--pubkey", pubkey(21)), pubkey(99)

    for wrong, said in (
        ((*line, *a, *z, "--pubkey", pubkey(21)[:20]), "pubkey: 20 characters"),
        ((*line, *own, *a, "--side-z", f"{unknown}/Ethernet1"), f'no device "{unknown}"'),
        ((*line, *own, *a, "--side-z", "ams-1/Ethernet1"), "is the device of side_a"),
        (("device", "update", "ams-1", "--dz-prefix", "203.0.113.0/30"), "/30 is too small"),
        (("link", "delete", "--pubkey", unknown), unknown),
        (("link", "readiness", "--code", "no-line"), "no-line"),
    ):
        assert said in tell(*wrong, plain=True, code=1), wrong

    tell("device", "interface", "add", "ams-1", "--name", "Ethernet9", "--role", "cyoa")
    twice = ("device", "interface", "add", "ams-1", "--name", "Ethernet9")
    assert "'Ethernet9'" in tell(*twice, plain=True, code=1)
    tell(*line, *own, *a, *z)
    tell("link", "drain", "line", "--to", "soft")
    assert tell("link", "get", "line")["desired_status"] == "soft_drained"
