"""Signals told over the API: heard in order, all or nothing, and within bounds."""

from __future__ import annotations

from typing import Any

import pytest

from tests.adapters.rest.asking import Client
from tests.adapters.rest.speaking import inbox

LOSS: dict[str, Any] = {
    "source": "prometheus",
    "summary": "Packet loss is 3 %",
    "severity": "sev2",
    "correlation_key": "loss/ams-1",
    "fingerprint": "loss/ams-1/eth1",
}
CREATE = {"name": "all", "action": "create", "match": {"matchers": []}}


def tell(gateway: Client, body: object, *, who: str = "owner", **given: Any) -> Any:
    return gateway.ask("POST", "/signals", body, who=who, **given)


@pytest.mark.parametrize("path", ["/v1/signals", "/v1/orgs/net/signals"])
def test_one_signal_is_told_what_becomes_of_it(gateway: Client, path: str) -> None:
    gateway.ask("POST", "/rules", CREATE, who="admin")

    first = gateway.ask("POST", path, LOSS)
    assert first.status == 202, first.body
    (told,) = first.json["results"]
    assert told["verdict"] == "created"
    assert told["reason"]
    ticket = gateway.ask("GET", f"/tickets/{told['ticket_id']}").json
    assert (told["ticket_ref"], ticket["severity"]) == (ticket["ref"], "sev2")
    with gateway.house.store.reading() as turn:
        assert int(first.headers["x-position"]) == turn.last_position()

    again = gateway.ask("POST", path, LOSS).json["results"][0]
    assert (again["verdict"], again["ticket_id"]) == ("deduplicated", told["ticket_id"])
    assert again["signal_id"] == told["signal_id"]
    ended = gateway.ask("POST", path, {**LOSS, "state": "resolved"}).json["results"][0]
    assert (ended["verdict"], ended["ticket_id"]) == ("resolved", told["ticket_id"])


def test_many_are_told_in_their_order_and_kept_as_one_payload(gateway: Client) -> None:
    incident = gateway.incident(correlation_keys=["dns"])
    told = [LOSS, {"source": "s", "summary": "DNS", "correlation_key": "dns"}, LOSS]

    results = tell(gateway, told).json["results"]
    assert [one["verdict"] for one in results] == ["unattached", "attached", "unattached"]
    assert results[1]["ticket_ref"] == incident["ref"]
    (kept,) = inbox(gateway)
    assert (kept.verdict, kept.via, kept.signals) == ("mixed", "api", 3)
    assert tell(gateway, []).json == {"results": []}


def test_of_many_either_all_is_heard_or_what_is_wrong_is_named(gateway: Client) -> None:
    told: list[dict[str, Any]] = [{**LOSS, "fingerprint": str(number)} for number in range(20)]
    told[17]["summary"] = ""
    refused = tell(gateway, told)
    assert (refused.status, refused.fields) == (422, {("[17].summary", "required")})

    told[17]["summary"] = "\t "
    told[3]["severity"] = "dreadful"
    told[5]["labels"] = {"a": "b\0"}
    refused = tell(gateway, told)
    assert refused.fields == {
        ("[3].severity", "unknown_word"),
        ("[5].labels.a", "control_character"),
        ("[17].summary", "required"),
    }
    assert inbox(gateway) == []


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("source", None, "wrong_type"),
        ("source", "", "required"),
        ("source", "x" * 201, "too_long"),
        ("summary", "x" * 2_001, "too_long"),
        ("summary", " ", "required"),
        ("summary", "a\x07b", "control_character"),
        ("state", "dancing", "unknown_word"),
        ("signal_type", "dancing", "unknown_word"),
        ("ts", "yesterday", "bad_instant"),
        ("ts", "1999-12-31T23:59:59Z", "out_of_range"),
        ("severity", "sev9", "unknown_word"),
        ("service_name", "x" * 101, "too_long"),
        ("device", " ", "too_short"),
        ("environment", "x" * 65, "too_long"),
        ("correlation_key", "", "required"),
        ("correlation_key", "x" * 257, "too_long"),
        ("fingerprint", "a\nb\x00", "control_character"),
        ("labels", {str(number): "" for number in range(201)}, "too_long"),
        ("labels", {"a": 1}, "wrong_type"),
        ("labels", {"a": "x" * 4_097}, "too_long"),
        ("data", {"a": "x" * 65_530}, "too_long"),
        ("nonsense", 1, "unknown_field"),
    ],
)
def test_each_field_has_its_bounds(gateway: Client, field: str, value: Any, code: str) -> None:
    refused = tell(gateway, {**LOSS, field: value})

    assert refused.status == 422, refused.body
    assert {(name.partition(".")[0].partition("[")[0], why) for name, why in refused.fields} == {
        (field, code)
    }
    assert inbox(gateway) == []


def test_what_is_at_its_bounds_is_heard(gateway: Client) -> None:
    told = {
        **LOSS,
        "source": "x" * 200,
        "summary": "x" * 2_000,
        "correlation_key": "k" * 256,
        "labels": {str(number): "x" * 10 for number in range(200)} | {"0": "x" * 4_096},
        "data": {"a": "x" * 65_527},
        "ts": "2027-11-20T12:00:00+01:00",
        "severity": "P2",
    }
    assert tell(gateway, told).status == 202
    assert tell(gateway, [told] * 10).status == 202


def test_bodies_that_are_none(gateway: Client) -> None:
    assert tell(gateway, None, raw=b"{").status == 400
    assert tell(gateway, [LOSS] * 1_001).fields == {("body", "too_long")}
    assert tell(gateway, [LOSS, 1]).status == 422
    assert tell(gateway, "x").status == 422
    assert tell(gateway, None, raw=b" " * (5 * 1_048_576 + 1)).status == 413
    plain = {"content-type": "text/plain"}
    assert tell(gateway, LOSS, headers=plain).status == 415
    assert inbox(gateway) == []


def test_the_same_request_is_heard_once(gateway: Client) -> None:
    key = {"idempotency-key": "once"}

    first = tell(gateway, [LOSS], headers=key)
    again = tell(gateway, [LOSS], headers=key)
    assert (again.status, again.body) == (first.status, first.body)
    assert again.headers["idempotency-replayed"] == "true"
    assert len(inbox(gateway)) == 1
    assert tell(gateway, LOSS, headers=key).code == "idempotency_mismatch"


def test_who_may_tell_signals(gateway: Client) -> None:
    viewer = gateway.ask("POST", "/keys", {"name": "tv", "role": "viewer"}, who="admin").json
    bearer = {"authorization": f"Bearer {viewer['secret']}"}

    for who in ("owner", "teammate", "admin"):
        assert tell(gateway, LOSS, who=who).status == 202
    assert tell(gateway, LOSS, who="stranger").status == 404
    assert gateway.ask("POST", "/signals", LOSS, who=None).status == 401
    assert gateway.ask("POST", "/signals", LOSS, who=None, headers=bearer).status == 403
    body = {"kind": "generic", "code": "g", "name": "G"}
    token = gateway.ask("POST", "/connectors", body, who="admin").json["token"]
    bearer = {"authorization": f"Bearer {token}"}
    assert gateway.ask("POST", "/v1/signals", LOSS, who=None, headers=bearer).status == 401
    assert len(inbox(gateway)) == 3
    assert gateway.ask("POST", "/v1/signals", LOSS, who="stranger").status == 202
    assert (len(inbox(gateway)), len(inbox(gateway, org="elsewhere"))) == (3, 1)
