"""Signals and broken objectives across tickets."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.adapters.rest.asking import Client


@pytest.fixture
def observed(gateway: Client) -> dict[str, str]:
    """Two tickets with signals and a violation each: name → ref."""
    refs = {}
    for name, key in (("first", "loss"), ("second", "light")):
        refs[name] = ref = gateway.incident(name)["ref"]
        for number in range(3):
            gateway.house.clock.pass_by(timedelta(seconds=1))
            made = gateway.ask(
                "POST",
                f"/tickets/{ref}/signals",
                {
                    "source": "probe",
                    "summary": f"{name} {number}",
                    "correlation_key": key,
                    "trace_id": f"t{number}",
                    "service_name": "api",
                },
            )
            assert made.status == 201, made.body
        window = {"window_start": "2026-11-01T00:00:00Z", "window_end": "2026-11-19T00:00:00Z"}
        body = {"slo_id": f"slo-{name}", "error_budget_consumed": 1.25, **window}
        assert gateway.ask("POST", f"/tickets/{ref}/slo-violations", body).status == 201
    return refs


def summaries(gateway: Client, query: str) -> list[str]:
    """The summaries of a page of signals."""
    answer = gateway.ask("GET", f"/signals?{query}")
    assert answer.status == 200, answer.body
    return [one["summary"] for one in answer.json["items"]]


def test_signals_of_all_tickets_newest_first(gateway: Client, observed: dict[str, str]) -> None:
    everything = [f"{name} {number}" for name in ("second", "first") for number in (2, 1, 0)]
    assert summaries(gateway, "") == everything
    assert summaries(gateway, "correlation_key=loss") == everything[3:]
    assert summaries(gateway, "trace_id=t1") == ["second 1", "first 1"]
    assert summaries(gateway, "service=api&correlation_key=light") == everything[:3]
    assert summaries(gateway, f"ticket={observed['first']}") == everything[3:]
    assert summaries(gateway, "fingerprint=none") == []
    assert summaries(gateway, "unattached=true") == []

    found, cursor = [], ""
    for _ in range(4):
        page = gateway.ask("GET", f"/signals?limit=2{cursor}").json
        found += [one["summary"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == everything


def test_a_ticket_that_is_not_there_is_said_so(gateway: Client) -> None:
    assert gateway.ask("GET", "/signals?ticket=I20260101-none").status == 404


def test_broken_objectives(gateway: Client, observed: dict[str, str]) -> None:
    page = gateway.ask("GET", "/slo-violations").json
    assert [one["slo_id"] for one in page["items"]] == ["slo-second", "slo-first"]
    (one,) = gateway.ask("GET", "/slo-violations?slo_id=slo-first").json["items"]
    assert one["error_budget_consumed"] == 1.25


@pytest.mark.parametrize("path", ["/signals", "/slo-violations"])
def test_who_sees_them(gateway: Client, observed: dict[str, str], path: str) -> None:
    for who, status in (("owner", 200), ("teammate", 200), ("stranger", 404), (None, 401)):
        assert gateway.ask("GET", path, who=who).status == status
    assert gateway.ask("GET", f"/v1/orgs/elsewhere{path}", who="stranger").json["items"] == []
