"""Connectors and rules over HTTP: made, listed, changed, removed, and refused."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from tests.adapters.rest.asking import Client
from tocsin.core.claims import CONNECTOR_DIGEST

AM = {"kind": "alertmanager", "code": "am", "name": "Alertmanager"}
GIVEN = "R0123456789ABCDEFGHIJKLMNOPQRSTUV"


def made(gateway: Client, path: str, body: object) -> Any:
    answer = gateway.ask("POST", path, body, who="admin")
    assert answer.status == 201, answer.body
    return answer.json


def found_by(gateway: Client, token: str) -> str | None:
    digest = hashlib.sha256(token.encode()).hexdigest()
    with gateway.house.store.reading() as turn:
        return turn.claimed_by(1, CONNECTOR_DIGEST, digest)


def test_one_is_made_with_a_token_that_is_told_once(gateway: Client) -> None:
    one = made(gateway, "/connectors", AM)

    token = one.pop("token")
    assert re.fullmatch(r"[0-9a-f]{32}", token)
    assert found_by(gateway, token) == f"connector:{one['id']}"
    assert one["ingest_url"].endswith("/v1/orgs/net/ingest/am")
    assert one["defaults"] == {"contributor": None, "service": None, "environment": None}
    assert (one["mode"], one["mapping"], one["has_hmac_secret"]) == ("live", {}, False)
    read = [
        gateway.ask("GET", f"/connectors/{name}", who="admin").json for name in ("am", one["id"])
    ]
    read += gateway.ask("GET", "/connectors", who="admin").json["items"]
    assert [shape.pop("health")["state"] for shape in read] == ["never_heard"] * 3
    assert read == [one] * 3
    log = gateway.ask("GET", "/events?limit=1000", who="admin").body.decode()
    assert token not in log


def test_a_given_token_and_secret_are_kept_out_of_everything(gateway: Client) -> None:
    body = {**AM, "token": GIVEN, "hmac_secret": "between you and me"}
    one = made(gateway, "/connectors", body)
    assert one["has_hmac_secret"] is True
    assert found_by(gateway, GIVEN) == f"connector:{one['id']}"
    for path in ("/connectors/am", "/events?limit=1000"):
        seen = gateway.ask("GET", path, who="admin").body.decode()
        assert GIVEN not in seen
        assert "between you" not in seen

    other = {**AM, "code": "am2", "token": GIVEN}
    refused = gateway.ask("POST", "/connectors", other, who="admin")
    assert (refused.status, GIVEN in refused.body.decode()) == (409, False)
    for token in ("short", "x" * 31 + " ", "x" * 257):
        refused = gateway.ask("POST", "/connectors", {**other, "token": token}, who="admin")
        assert refused.status == 422, token


def test_put_makes_one_and_replaces_all_that_it_says_but_its_secrets(gateway: Client) -> None:
    def put(body: object, code: str = "am") -> Any:
        return gateway.ask("PUT", f"/connectors/{code}", body, who="admin")

    said = {"kind": "alertmanager", "name": "Alertmanager", "defaults": {"contributor": "alpha"}}
    first = put({**said, "mode": "observe", "hmac_secret": "between us two"})
    assert (first.status, first.json["mode"]) == (201, "observe")
    token = first.json["token"]

    replaced = put({**said, "code": "am", "defaults": {}, "expected_every_minutes": 5})

    assert (replaced.status, replaced.json["id"]) == (200, first.json["id"])
    assert (replaced.json["mode"], replaced.json["expected_every_minutes"]) == ("live", 5)
    assert replaced.json["has_hmac_secret"] is True
    assert replaced.json["defaults"]["contributor"] == "alpha"
    assert "token" not in replaced.json
    assert found_by(gateway, token) == f"connector:{first.json['id']}"
    assert put({**said, "token": GIVEN}).json["token"] == GIVEN
    assert found_by(gateway, token) is None
    assert put({**said, "kind": "grafana"}).fields == {("kind", "forbidden_field")}
    assert put({**said, "code": "other"}).fields == {("code", "mismatch")}
    assert put({"name": "x"}).fields == {("kind", "required")}
    assert put(said, "Not a code!").fields == {("code", "bad_character")}


def test_a_token_is_rotated_and_a_deleted_connector_shuts_out(gateway: Client) -> None:
    first = made(gateway, "/connectors", AM)["token"]

    kept = gateway.ask("PATCH", "/connectors/am", {"name": "Other"}, who="admin").json
    assert "token" not in kept
    changed = gateway.ask("PATCH", "/connectors/am", {"token": None}, who="admin").json
    assert changed["token"] != first
    assert found_by(gateway, first) is None
    assert found_by(gateway, changed["token"]) == f"connector:{changed['id']}"
    gateway.ask("PATCH", "/connectors/am", {"token": GIVEN}, who="admin")
    assert found_by(gateway, changed["token"]) is None

    gone = gateway.ask("DELETE", "/connectors/am", who="admin").json
    assert "removed_at" in gone
    assert found_by(gateway, GIVEN) is None
    assert gateway.ask("GET", "/connectors/am", who="admin").status == 404
    assert made(gateway, "/connectors", AM)["id"] != gone["id"]


def test_fields_are_changed_and_emptied(gateway: Client) -> None:
    made(gateway, "/services", {"code": "api", "name": "API"})
    body = {
        **AM,
        "kind": "generic",
        "mode": "observe",
        "defaults": {"contributor": "alpha", "service": "api", "environment": "prod"},
        "mapping": {"summary": "alert.title"},
        "hmac_secret": "between you and me",
        "expected_every_minutes": 5,
    }
    one = made(gateway, "/connectors", body)
    assert one["defaults"] == {
        "contributor": "alpha",
        "service": "api",
        "environment": "production",
    }
    assert (one["mode"], one["mapping"]) == ("observe", {"summary": "alert.title"})
    assert (one["expected_every_minutes"], one["has_hmac_secret"]) == (5, True)

    changes = {
        "mode": "live",
        "code": "alerts",
        "defaults": {"service": None},
        "mapping": {},
        "hmac_secret": None,
        "expected_every_minutes": None,
    }
    changed = gateway.ask("PATCH", "/connectors/am", changes, who="admin").json
    assert changed["defaults"] == {
        "contributor": "alpha",
        "service": None,
        "environment": "production",
    }
    assert (changed["code"], changed["mode"], changed["mapping"]) == ("alerts", "live", {})
    assert (changed["expected_every_minutes"], changed["has_hmac_secret"]) == (None, False)
    assert changed["ingest_url"].endswith("/ingest/alerts")


def test_a_rule_is_made_changed_and_removed(gateway: Client) -> None:
    made(gateway, "/connectors", AM)
    one = made(
        gateway,
        "/rules",
        {
            "name": "Dark lines",
            "connector": "am",
            "match": {"matchers": ['labels.alertname="LinkDown"']},
            "action": "create",
            "severity": "P1",
            "device": "{labels.dzd_pubkey}",
            "correlation_key": "{labels.alertname}",
            "on_resolve": "note",
            "order": 7,
        },
    )
    assert (one["connector"], one["severity"], one["action"]) == ("am", "sev1", "create")
    assert one["match"] == {"matchers": ['labels.alertname="LinkDown"']}
    assert (one["storm_limit"], one["storm_minutes"], one["quiet_minutes"]) == (50, 5, None)
    path = f"/rules/{one['id']}"
    assert gateway.ask("GET", path, who="admin").json == one

    changes: dict[str, Any] = {
        "match": {"matchers": []},
        "severity": None,
        "storm_limit": 0,
        "on_resolve": "resolve",
    }
    changed = gateway.ask("PATCH", path, changes, who="admin").json
    assert (changed["match"], changed["severity"]) == ({"matchers": []}, None)
    assert (changed["storm_limit"], changed["on_resolve"]) == (0, "resolve")

    gateway.ask("DELETE", "/connectors/am", who="admin")
    assert gateway.ask("GET", path, who="admin").json["connector"] is None
    assert gateway.ask("DELETE", path, who="admin").json["removed_at"]

    for wrong in ({"title": "{nonsense}"}, {"match": {"matchers": ["what"]}}, {"connector": "am"}):
        refused = gateway.ask(
            "POST", "/rules", {"name": "r", "action": "create", **wrong}, who="admin"
        )
        assert refused.status == 422, wrong
