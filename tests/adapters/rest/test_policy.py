"""The policy: every field with its default, changed for the very next decision."""

from __future__ import annotations

import pytest

from tests.adapters.rest.asking import Client

DEFAULTS = {
    "severity_levels": 4,
    "affected": "asset_or_service",
    "require_contributor": False,
    "require_root_cause": False,
    "ticket_scope": "any",
    "forbid_overlap": False,
    "auto_start": True,
    "reminder_before_hours": 24,
    "slack_incidents_channel": None,
    "slack_maintenance_channel": None,
    "dedicated_channel_for": "sev1",
    "runbook_base_url": None,
    "burn_in_hours": 24,
    "reactivation_burn_in_minutes": 30,
    "missing_minutes": 5,
    "reopen_within_minutes": 30,
    "quiet_minutes": 1440,
    "destination_alarm_minutes": 15,
    "pii_retention_days": None,
    "slack_retention_days": None,
}


def test_before_anybody_changed_it_every_default_is_told(gateway: Client) -> None:
    policy = gateway.ask("GET", "/policy")

    assert policy.status == 200
    assert policy.json == DEFAULTS | {"updated_at": None, "version": 0}
    assert policy.headers["etag"] == '"0"'


def test_a_change_holds_for_the_next_decision(gateway: Client) -> None:
    changed = gateway.ask("PATCH", "/policy", {"affected": "asset"}, who="admin")

    assert changed.status == 200, changed.body
    assert changed.json == DEFAULTS | {
        "affected": "asset",
        "updated_at": changed.json["updated_at"],
        "version": 1,
    }
    assert changed.json["updated_at"].endswith("Z")
    assert gateway.ask("GET", "/policy").json == changed.json
    body = {
        "type": "incident",
        "title": "Slow",
        "description": "Very.",
        "severity": "sev3",
        "services": ["api"],
    }
    assert gateway.ask("POST", "/tickets", body).status == 422


def test_null_empties_what_may_be_empty(gateway: Client) -> None:
    given = {"slack_incidents_channel": "#noc", "pii_retention_days": 90}
    assert gateway.ask("PATCH", "/policy", given, who="admin").json["pii_retention_days"] == 90

    emptied = gateway.ask("PATCH", "/policy", {"pii_retention_days": None}, who="admin")
    refused = gateway.ask("PATCH", "/policy", {"auto_start": None}, who="admin")

    assert emptied.json["pii_retention_days"] is None
    assert emptied.json["slack_incidents_channel"] == "#noc"
    assert refused.fields == {("auto_start", "wrong_type")}


@pytest.mark.parametrize("body", [{}, {"severity_levels": 4}, {"pii_retention_days": None}])
def test_asking_for_what_is_so_already_is_no_change(
    gateway: Client, body: dict[str, object]
) -> None:
    same = gateway.ask("PATCH", "/policy", body, who="admin")

    assert same.status == 200, same.body
    assert same.json == DEFAULTS | {"updated_at": None, "version": 0}
    assert same.headers["etag"] == '"0"'
    assert int(same.headers["x-position"]) > 0
    stale = gateway.ask("PATCH", "/policy", body, who="admin", headers={"If-Match": '"3"'})
    assert stale.status == 412


def test_only_an_org_admin_bound_to_nobody_changes_it(gateway: Client) -> None:
    gateway.house.invite("bound", org="net", role="org_admin", contributor="alpha")

    for who in ("owner", "teammate", "bound"):
        refused = gateway.ask("PATCH", "/policy", {"forbid_overlap": True}, who=who)
        assert (refused.status, refused.code) == (403, "forbidden")
        assert gateway.ask("PATCH", "/policy", {}, who=who).status == 403
    assert gateway.ask("GET", "/policy").json["version"] == 0


def test_everything_out_of_bounds_is_named(gateway: Client) -> None:
    wrong = gateway.ask(
        "PATCH",
        "/policy",
        {"severity_levels": 9, "ticket_scope": "mine", "colour": "red", "auto_start": "yes"},
        who="admin",
    )

    assert wrong.status == 422
    assert {field for field, _ in wrong.fields} == {
        "severity_levels",
        "ticket_scope",
        "colour",
        "auto_start",
    }
    hours = gateway.ask("PATCH", "/policy", {"burn_in_hours": 9_000}, who="admin")
    assert hours.fields == {("burn_in_hours", "out_of_range")}
