"""Connectors over HTTP say how they are doing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.adapters.rest.asking import Client
from tocsin.core.commands import SignalDraft
from tocsin.core.ingestion import Reading
from tocsin.core.instants import HOUR, MINUTE
from tocsin.handler.arrival import Arrival, Unread

AM = {"kind": "alertmanager", "code": "am", "name": "Alertmanager", "expected_every_minutes": 10}


def health(gateway: Client, name: str = "am") -> Any:
    one = gateway.ask("GET", f"/connectors/{name}", who="admin").json["health"]
    listed = gateway.ask("GET", "/connectors", who="admin").json["items"]
    assert one in [each["health"] for each in listed]
    return one


def arrive(gateway: Client, connector_id: str, reading: Reading | Unread) -> None:
    gateway.house.writer.account(Arrival(org_id=1, reading=reading, connector_id=connector_id))


def test_health_is_told_of_each_where_it_is_read(gateway: Client) -> None:
    made = gateway.ask("POST", "/connectors", AM, who="admin").json
    gateway.ask("POST", "/connectors", {**AM, "code": "other"}, who="admin")
    assert health(gateway)["state"] == "never_heard"

    said = SignalDraft(source="prometheus", summary="lamp is down", severity="sev4")
    arrive(gateway, made["id"], Reading((said, said)))
    gateway.house.clock.pass_by(timedelta(seconds=1))
    well = health(gateway)
    assert well.pop("last_payload_at").startswith("2026-11-20T12:00:00")
    assert well == {
        "state": "healthy",
        "payloads_24h": 1,
        "signals_24h": 2,
        "rate_per_minute": 0.1,
        "failures_24h": 0,
        "silent_since": None,
    }
    assert health(gateway, "other")["payloads_24h"] == 0

    arrive(gateway, made["id"], Unread("no JSON"))
    assert (health(gateway)["state"], health(gateway)["failures_24h"]) == ("failing", 1)

    gateway.house.clock.pass_by(10 * MINUTE)
    silent = health(gateway)
    assert (silent["state"], silent["silent_since"]) == ("silent", silent["last_payload_at"])


def test_answers_to_changes_leave_it_out_and_a_removed_one_is_nowhere(gateway: Client) -> None:
    made = gateway.ask("POST", "/connectors", AM, who="admin").json
    changed = gateway.ask("PATCH", "/connectors/am", {"name": "Other"}, who="admin").json
    assert "health" not in made
    assert "health" not in changed
    gateway.house.clock.pass_by(HOUR)
    gateway.ask("DELETE", "/connectors/am", who="admin")
    assert gateway.ask("GET", "/connectors", who="admin").json["items"] == []
