"""Deliveries in trouble, and trials of routes, from the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.app.conftest import Run
from tests.app.stand_in_gateway import ORG, Reply, StandIn, problem

ID = "dlv_4711_0197a3c2"
PARKED: dict[str, Any] = {
    "id": ID,
    "state": "parked",
    "route": {"id": "0197a3c2", "name": "noc", "kind": "webhook"},
    "event": {
        "id": "e1",
        "kind": "incident.created",
        "position": 4711,
        "recorded_at": "2026-11-20T12:00:00.000000Z",
    },
    "ticket": {"id": "t1", "ref": "I20261120-af36"},
    "stream": "incident:t1",
    "attempts": 5,
    "tried_at": "2026-11-20T12:00:01.000000Z",
    "due_at": "2026-11-20T12:09:00.000000Z",
    "reason": "it answered 410 Gone",
}


def test_the_list_says_what_is_in_trouble_and_why(gateway: StandIn, run: Run) -> None:
    page = {"items": [PARKED], "next_cursor": None}
    gateway.answers("GET", f"{ORG}/deliveries", Reply(body=page))

    shown = run("delivery", "list", COLUMNS="250")
    as_json = run("delivery", "list", "--json")

    assert shown.exit_code == 0, shown.output
    for word in (ID, "parked", "noc", "I20261120-af36", "incident.created", "410 Gone"):
        assert word in shown.stdout
    assert json.loads(as_json.stdout) == page


def test_filters_are_passed_on(gateway: StandIn, run: Run) -> None:
    gateway.answers("GET", f"{ORG}/deliveries", Reply(body={"items": [], "next_cursor": None}))

    flags = ("--state", "parked", "--state", "held", "--route", "noc", "--ticket", "I1")
    answer = run("delivery", "list", *flags, "--limit", "7")

    assert (answer.exit_code, answer.stdout.strip()) == (0, "nothing found")
    assert gateway.only("GET", f"{ORG}/deliveries").query == (
        ("state", "parked"),
        ("state", "held"),
        ("route", "noc"),
        ("ticket", "I1"),
        ("limit", "7"),
    )


def test_one_is_shown(gateway: StandIn, run: Run) -> None:
    gateway.answers("GET", f"{ORG}/deliveries/{ID}", Reply(body=PARKED))

    shown = run("delivery", "get", ID)
    as_json = run("delivery", "get", ID, "--json")

    assert (shown.exit_code, json.loads(as_json.stdout)) == (0, PARKED)
    assert "it answered 410 Gone" in shown.stdout


def test_one_is_tried_again(gateway: StandIn, run: Run) -> None:
    waiting = PARKED | {"state": "waiting", "attempts": 0}
    gateway.answers("POST", f"{ORG}/deliveries/{ID}/redrive", Reply(body=waiting))

    answer = run("delivery", "redrive", ID, "--idempotency-key", "once")

    assert (answer.exit_code, answer.stdout.strip()) == (0, f"delivery {ID} is tried again")
    asked = gateway.only("POST", f"{ORG}/deliveries/{ID}/redrive")
    assert (asked.body, asked.headers["idempotency-key"]) == (None, "once")


@pytest.mark.parametrize(
    ("flags", "body"), [(("--all",), {}), (("--route", "noc"), {"route": "noc"})]
)
def test_several_are_tried_again(
    flags: tuple[str, ...], body: dict[str, str], gateway: StandIn, run: Run
) -> None:
    gateway.answers("POST", f"{ORG}/deliveries/redrive", Reply(body={"redriven": 3}))

    answer = run("delivery", "redrive", *flags)
    as_json = run("delivery", "redrive", *flags, "--json-compact")

    assert (answer.exit_code, answer.stdout.strip()) == (0, "3 tried again")
    assert as_json.stdout == '{"redriven":3}\n'
    assert [one.body for one in gateway.asked if one.method == "POST"] == [body, body]


@pytest.mark.parametrize(
    "flags", [(), (ID, "--all"), (ID, "--route", "noc"), ("--all", "--route", "noc")]
)
def test_what_to_try_again_is_said_once(flags: tuple[str, ...], gateway: StandIn, run: Run) -> None:
    answer = run("delivery", "redrive", *flags)

    assert answer.exit_code == 2
    assert [one for one in gateway.asked if one.method == "POST"] == []


def test_a_refusal_is_told(gateway: StandIn, run: Run) -> None:
    refused = problem(409, "conflict", title="Conflict", detail="this delivery is held")
    gateway.answers("POST", f"{ORG}/deliveries/{ID}/redrive", refused)

    answer = run("delivery", "redrive", ID)

    assert answer.exit_code == 1
    assert "this delivery is held" in answer.stderr


@pytest.mark.parametrize(
    ("outcome", "reason", "code"),
    [("delivered", None, 0), ("retry", "no answer within 5 s", 1), ("refused", "410 Gone", 1)],
)
def test_a_route_is_tried_out(
    outcome: str, reason: str | None, code: int, gateway: StandIn, run: Run
) -> None:
    trial = {"outcome": outcome, "reason": reason, "took_ms": 17}
    gateway.answers("POST", f"{ORG}/routes/r1/test", Reply(body=trial))

    shown = run("route", "test", "r1")
    as_json = run("route", "test", "r1", "--json")

    assert (shown.exit_code, as_json.exit_code) == (code, code)
    said = f"{outcome} after 17 ms" + (f": {reason}" if reason else "")
    assert shown.stdout.strip() == said
    assert json.loads(as_json.stdout) == trial


def test_the_list_of_routes_says_which_are_down(gateway: StandIn, run: Run) -> None:
    route = {"id": "r1", "name": "noc", "enabled": True, "delivery": {"state": "down"}}
    gateway.answers("GET", f"{ORG}/routes", Reply(body={"items": [route], "next_cursor": None}))

    shown = run("route", "list")

    assert shown.exit_code == 0, shown.output
    assert "delivery" in shown.stdout
    assert "down" in shown.stdout
