"""Entry points over HTTP: made, listed, changed, removed, and refused."""

from __future__ import annotations

from typing import Any

from tests.adapters.rest.asking import Client

PAY = {
    "name": "Payments",
    "match": {"words": ["checkout", " credit card "], "prompt": "Anything about paying."},
    "assignee": "alpha",
    "severity": "P2",
    "service": "api",
    "order": 7,
}


def made(gateway: Client, body: object) -> Any:
    answer = gateway.ask("POST", "/entry-points", body, who="admin")
    assert answer.status == 201, answer.body
    return answer.json


def with_api(gateway: Client) -> Client:
    assert (
        gateway.ask("POST", "/services", {"code": "api", "name": "API"}, who="admin").status == 201
    )
    return gateway


def test_one_is_made_read_changed_and_removed(gateway: Client) -> None:
    one = made(with_api(gateway), PAY)

    path = f"/entry-points/{one['id']}"
    assert one["match"] == {"words": ["checkout", "credit card"], "prompt": PAY["match"]["prompt"]}  # type: ignore[index]
    assert one["assignee"]["kind"] == "contributor"
    assert one["assignee"]["code"] == "alpha"
    assert (one["severity"], one["service"], one["order"]) == ("sev2", "api", 7)
    assert one["is_fallback"] is False
    assert gateway.ask("GET", path, who="admin").json == one

    changed = gateway.ask(
        "PATCH",
        path,
        {"match": {"prompt": None}, "assignee": None, "severity": None, "order": 0},
        who="admin",
    ).json
    assert changed["match"] == {"words": ["checkout", "credit card"], "prompt": None}
    assert (changed["assignee"], changed["severity"], changed["order"]) == (None, None, 0)
    assert changed["version"] == 2

    removed = gateway.ask("DELETE", path, who="admin").json
    assert removed["removed_at"] == removed["updated_at"]
    missing = gateway.ask("GET", path, who="admin")
    assert missing.status == 404
    assert b"there is no entry point" in missing.body


def test_a_member_is_named(gateway: Client) -> None:
    person = gateway.ask("POST", "/members", {"name": "Jan", "role": "member"}, who="admin").json
    one = made(gateway, {"name": "Jan's", "match": {"words": ["jan"]}, "assignee": person["id"]})

    assert one["assignee"] == {"kind": "member", "id": person["id"], "name": "Jan", "code": None}
    listed = gateway.ask("GET", "/entry-points", who="admin").json
    assert listed == {"items": [one], "next_cursor": None}


def test_a_second_fallback_is_refused_with_words(gateway: Client) -> None:
    first = made(gateway, {"name": "First", "is_fallback": True})

    second = {"name": "Second", "is_fallback": True}
    refused = gateway.ask("POST", "/entry-points", second, who="admin")
    assert (refused.status, refused.code) == (409, "conflict")
    assert refused.json["errors"][0]["field"] == "is_fallback"
    assert "another entry point is the fallback" in refused.json["detail"]

    given_up = {"is_fallback": False, "match": {"words": ["first"]}}
    path = f"/entry-points/{first['id']}"
    assert gateway.ask("PATCH", path, given_up, who="admin").status == 200
    assert made(gateway, second)["is_fallback"] is True


def test_one_that_nothing_leads_to_is_refused(gateway: Client) -> None:
    refused = gateway.ask("POST", "/entry-points", {"name": "Nothing"}, who="admin")

    assert refused.status == 422
    assert [error["field"] for error in refused.json["errors"]] == ["match"]


def test_sizes_are_bounded(gateway: Client) -> None:
    for match in (
        {"words": [f"w{number}" for number in range(101)]},
        {"words": ["w" * 101]},
        {"words": [""]},
        {"words": "checkout"},
        {"words": ["x"], "prompt": "p" * 2_001},
        {"words": ["x"], "other": 1},
    ):
        body = {"name": "Much", "match": match}
        assert gateway.ask("POST", "/entry-points", body, who="admin").status in (400, 422), match
    assert gateway.ask("GET", "/entry-points", who="admin").json["items"] == []


def test_it_is_told_in_the_log(gateway: Client) -> None:
    one = made(gateway, {"name": "Log", "match": {"words": ["log"]}, "severity": "sev1"})

    events = gateway.ask("GET", "/events?limit=1000", who="admin").json["items"]
    (event,) = [event for event in events if event["stream"] == f"entry_point:{one['id']}"]
    assert event["kind"] == "entry_point.created"
    assert event["data"]["words"] == ["log"]
    assert event["data"]["severity"] == "sev1"
