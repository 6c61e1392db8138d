"""Drains, acceptance, interfaces and readiness from the command line."""

from __future__ import annotations

import json

import pytest

from tests.app.conftest import Run
from tests.app.stand_in_gateway import ORG, Reply, StandIn

LINE = {
    "code": "ams-1:fra-1",
    "status": "soft_drained",
    "health": "healthy",
    "desired_status": "soft_drained",
}
WHERE = f"{ORG}/links/ams-1%3Afra-1"
READINESS = {
    "subject": {"kind": "link", "pubkey": "5Tn", "code": "ams-1:fra-1"},
    "status": "hard_drained",
    "health": "pending",
    "desired_status": "activated",
    "criteria": [
        {"name": "record", "state": "met", "since": "2026-11-20T12:00:00.000000Z",
         "reason": "its status is hard drained", "ready_at": None,
         "evidence": {"source": "record", "query": "status", "window": None, "figures": {}}},
        {"name": "side_a", "state": "unmet", "since": None, "reason": "3 errors in \x1b[31mred",
         "ready_at": "2026-11-21T12:00:00.000000Z",
         "evidence": {"source": "influxdb", "query": "q", "window": None, "figures": {}}},
        {"name": "side_z", "state": "unknown", "since": None, "reason": "influxdb is silent",
         "ready_at": None,
         "evidence": {"source": "influxdb", "query": "q", "window": None, "figures": {}}},
        {"name": "loss", "state": "waived", "since": None, "reason": "waived until …",
         "ready_at": None,
         "evidence": {"source": "influxdb", "query": "q", "window": None, "figures": {}}},
    ],
    "blocked_by": ["I20261120-af36"],
    "advisory": ["M20261120-0001"],
    "ready_at": "2026-11-21T12:00:00.000000Z",
    "next": "it waits for I20261120-af36 to end",
}  # fmt: skip


@pytest.mark.parametrize(
    ("flags", "body"),
    [
        ((), {"to": "hard_drained"}),
        (
            ("--to", "soft", "--reason", "optic swap"),
            {"to": "soft_drained", "reason": "optic swap"},
        ),
        (("--to", "hard_drained"), {"to": "hard_drained"}),
    ],
)
def test_a_link_is_drained(
    flags: tuple[str, ...], body: dict[str, str], gateway: StandIn, run: Run
) -> None:
    gateway.answers("POST", f"{WHERE}/drain", Reply(body=LINE))

    done = run("link", "drain", "--code", "ams-1:fra-1", *flags)

    assert done.exit_code == 0, done.output
    assert gateway.only("POST", f"{WHERE}/drain").body == body
    assert done.stdout.split() == (
        ["ams-1:fra-1", "status", "soft_drained,", "health", "healthy,", "wanted", "soft_drained"]
    )


def test_it_is_drained_softly_or_hard_and_nothing_else(gateway: StandIn, run: Run) -> None:
    assert run("link", "drain", "line", "--to", "activated").exit_code == 2
    assert run("device", "drain").exit_code == 2


def test_it_is_undrained_and_accepted(gateway: StandIn, run: Run) -> None:
    gateway.answers("POST", f"{ORG}/devices/ams-1/undrain", Reply(body=LINE | {"code": "ams-1"}))
    gateway.answers("POST", f"{ORG}/links/5Tn/accept", Reply(body=LINE))

    assert run("device", "undrain", "ams-1", "--reason", "swapped").exit_code == 0
    accepted = run("link", "accept", "--pubkey", "5Tn", "--json")

    assert gateway.only("POST", f"{ORG}/devices/ams-1/undrain").body == {"reason": "swapped"}
    assert gateway.only("POST", f"{ORG}/links/5Tn/accept").body is None
    assert json.loads(accepted.stdout) == LINE


def test_a_criterion_is_waived_and_demanded_again(gateway: StandIn, run: Run) -> None:
    waiver = {
        "criterion": "side_a",
        "reason": "standby",
        "until": "2027-01-31T00:00:00.000000Z",
        "by": "01a1",
    }
    gateway.answers("POST", f"{WHERE}/waivers", Reply(body=LINE | {"waivers": [waiver]}))
    gateway.answers("POST", f"{WHERE}/waivers/end", Reply(body=LINE | {"waivers": []}))

    done = run(
        *("link", "waive", "--code", "ams-1:fra-1", "--criterion", "side_a"),
        *("--reason", "standby", "--until", "2027-01-31T00:00:00Z"),
    )
    ended = run("link", "demand", "--code", "ams-1:fra-1", "--criterion", "side_a")

    assert done.exit_code == ended.exit_code == 0, done.output + ended.output
    assert gateway.only("POST", f"{WHERE}/waivers").body == {
        "criterion": "side_a",
        "reason": "standby",
        "until": "2027-01-31T00:00:00.000000Z",
    }
    assert "side_a" in done.stdout
    assert "standby" in done.stdout
    assert gateway.only("POST", f"{WHERE}/waivers/end").body == {"criterion": "side_a"}
    assert "nothing is waived" in ended.stdout


def test_one_of_an_interface_is_waived_by_the_name_of_the_interface(
    gateway: StandIn, run: Run
) -> None:
    waiver = {"criterion": "up", "reason": "new", "until": "2027-01-31T00:00:00.000000Z"}
    port = {"name": "Ethernet1/7", "waivers": [waiver]}
    box = LINE | {"code": "ams-1", "waivers": [], "interfaces": [port]}
    gateway.answers("POST", f"{ORG}/devices/ams-1/waivers", Reply(body=box))

    done = run(
        *("device", "waive", "ams-1", "--interface", "Ethernet1/7", "--criterion", "up"),
        *("--reason", "new", "--until", "+30d"),
    )

    assert done.exit_code == 0, done.output
    assert gateway.only("POST", f"{ORG}/devices/ams-1/waivers").body["interface"] == "Ethernet1/7"
    assert "Ethernet1/7 of ams-1" in done.stdout
    assert "new" in done.stdout


def test_a_waiver_has_a_reason_and_an_end(gateway: StandIn, run: Run) -> None:
    waive = ("link", "waive", "line", "--criterion", "side_a")

    assert run(*waive, "--reason", "standby").exit_code == 2
    assert run(*waive, "--until", "+1d").exit_code == 2
    assert run(*waive, "--reason", "standby", "--until", "someday").exit_code == 2
    assert run(*waive, "--reason", "x", "--until", "+1d", "--interface", "E1").exit_code == 2


def test_a_link_is_deleted_by_its_pubkey(gateway: StandIn, run: Run) -> None:
    gateway.answers("DELETE", f"{ORG}/links/5Tn", Reply(status=204))

    gone = run("link", "delete", "--pubkey", "5Tn")

    assert gone.exit_code == 0, gone.output
    assert gone.stdout.strip() == "link 5Tn deleted"


def test_a_wish_is_written_with_the_record(gateway: StandIn, run: Run) -> None:
    gateway.answers("PATCH", f"{ORG}/links/5Tn", Reply(body=LINE))

    done = run("link", "update", "--pubkey", "5Tn", "--desired-status", "deleted")

    assert done.exit_code == 0, done.output
    assert gateway.only("PATCH", f"{ORG}/links/5Tn").body == {"desired_status": "deleted"}


def test_readiness_is_a_table_of_signs_and_words(gateway: StandIn, run: Run) -> None:
    gateway.answers("GET", f"{WHERE}/readiness", Reply(body=READINESS))

    shown = run("link", "readiness", "--code", "ams-1:fra-1")

    assert shown.exit_code == 0, shown.output
    lines = [line.strip() for line in shown.stdout.splitlines() if line.strip()]
    assert lines[0] == "ams-1:fra-1  status hard_drained, health pending, wanted activated"
    by_name = {line.split()[0]: line for line in lines}
    assert "✓ met" in by_name["record"]
    assert "2026-11-20 12:00Z" in by_name["record"]
    assert "✗ unmet" in by_name["side_a"]
    assert "\x1b" not in shown.stdout
    assert "? unknown" in by_name["side_z"]
    assert "~ waived" in by_name["loss"]
    assert "waits for: I20261120-af36" in lines
    assert "advisory only: M20261120-0001" in lines
    assert "next: it waits for I20261120-af36 to end" in lines
    assert lines[-1].startswith("ready, if nothing changes: 2026-11-21 12:00Z")


def test_readiness_is_the_servers_json_too(gateway: StandIn, run: Run) -> None:
    gateway.answers("GET", f"{WHERE}/readiness", Reply(body=READINESS))

    assert json.loads(run("link", "readiness", "ams-1:fra-1", "--json").stdout) == READINESS


def test_readiness_of_an_interface_names_it(gateway: StandIn, run: Run) -> None:
    subject = {"kind": "interface", "pubkey": "8ZQ", "code": "ams-1", "interface": "Ethernet1/2"}
    gateway.answers(
        "GET", f"{ORG}/devices/ams-1/readiness", Reply(body=READINESS | {"subject": subject})
    )

    shown = run("device", "readiness", "ams-1", "--interface", "Ethernet1/2")

    assert shown.stdout.startswith("Ethernet1/2 of ams-1")
    sent = gateway.only("GET", f"{ORG}/devices/ams-1/readiness")
    assert sent.query == (("interface", "Ethernet1/2"),)


def test_interfaces_are_listed_added_changed_and_deleted(gateway: StandIn, run: Run) -> None:
    one = {"name": "Ethernet1/2", "kind": "physical", "role": "dia", "status": "activated",
           "link": None, "health": None, "desired_status": None, "ip_net": None,
           "mtu": 9000}  # fmt: skip
    where = f"{ORG}/devices/ams-1/interfaces"
    device = {"code": "ams-1", "interfaces": [one]}
    gateway.answers("GET", where, Reply(body={"items": [one], "next_cursor": None}))
    gateway.answers("POST", where, Reply(status=201, body=device))
    gateway.answers("PATCH", f"{where}/Ethernet1%2F2", Reply(body=device))
    gateway.answers("DELETE", f"{where}/Ethernet1%2F2", Reply(body=device | {"interfaces": []}))
    named = ("--name", "Ethernet1/2")

    listed = run("device", "interface", "list", "ams-1")
    added = run("device", "interface", "add", "ams-1", *named, "--role", "dia", "--mtu", "9000")
    changed = run("device", "interface", "update", "ams-1", *named, "--unset", "mtu")
    gone = run("device", "interface", "delete", "--code", "ams-1", *named)

    for answer in (listed, added, changed):
        assert answer.exit_code == 0, answer.output
        assert "Ethernet1/2" in answer.stdout
    assert gateway.only("POST", where).body == {
        "name": "Ethernet1/2",
        "role": "dia",
        "mtu": 9000,
    }
    assert gateway.only("PATCH", f"{where}/Ethernet1%2F2").body == {"mtu": None}
    assert gone.stdout.strip() == "ams-1 has no interfaces"
    assert run("device", "interface", "update", "ams-1", *named).exit_code == 2


def test_the_ledger_is_counted_for_people_and_whole_for_programs(
    gateway: StandIn, run: Run
) -> None:
    standing = {"status": "activated", "health": 2, "desired_status": 0}
    drained = {"status": "soft_drained", "health": 3, "desired_status": 1}
    ledger = {
        "position": 9,
        "numbers": {
            "health": {"unknown": 0, "pending": 1, "healthy": 2, "impaired": 3},
            "desired_status": {"activated": 0, "soft_drained": 1},
        },
        "contributors": [{}],
        "locations": [],
        "exchanges": [],
        "devices": [standing, standing],
        "links": [standing, drained, drained | {"health": 77}],
    }
    gateway.answers("GET", f"{ORG}/ledger", Reply(body=ledger))

    shown = [line.strip() for line in run("ledger").stdout.splitlines()]

    assert shown[0] == "1 contributors, 0 locations, 0 exchanges, 2 devices, 3 links"
    assert [line.split() for line in shown if line.startswith(("devices", "links"))] == [
        ["devices", "activated", "healthy", "activated", "2"],
        ["links", "activated", "healthy", "activated", "1"],
        # A number that nobody told the word of is no word.
        ["links", "soft_drained", "?", "soft_drained", "1"],
        ["links", "soft_drained", "impaired", "soft_drained", "1"],
    ]
    assert json.loads(run("ledger", "--json").stdout) == ledger
