"""Saved views over the wire: whose they are, and who hears of them."""

from __future__ import annotations

from tests.adapters.rest.asking import Client

NIGHT = {"name": "Night shift", "query": "type=incident&active=true"}


def test_a_view_is_shown_to_its_member_until_it_is_shared(gateway: Client) -> None:
    made = gateway.ask("POST", "/views", NIGHT, who="admin")
    assert made.status == 201, made.body
    assert {name: made.json[name] for name in NIGHT} == NIGHT
    path = f"/views/{made.json['id']}"

    assert gateway.ask("GET", path, who="admin").status == 200
    assert gateway.ask("GET", path, who="owner").status == 404
    assert gateway.ask("GET", "/views", who="owner").json["items"] == []

    shared = gateway.ask("PATCH", path, {"shared": True}, who="admin")
    assert shared.json["shared"]
    assert gateway.ask("GET", path, who="owner").status == 200
    (listed,) = gateway.ask("GET", "/views", who="owner").json["items"]
    assert listed["name"] == "Night shift"

    assert gateway.ask("DELETE", path, who="owner").status == 403
    assert gateway.ask("DELETE", path, who="admin").status == 200
    assert gateway.ask("GET", "/views", who="admin").json["items"] == []


def test_only_who_stands_for_the_whole_org_shares(gateway: Client) -> None:
    assert gateway.ask("POST", "/views", {**NIGHT, "shared": True}, who="owner").status == 403


def test_a_query_that_is_none_is_told_by_its_field(gateway: Client) -> None:
    refused = gateway.ask("POST", "/views", {**NIGHT, "query": "<b>"}, who="owner")
    assert refused.status == 422
    assert [error["field"] for error in refused.json["errors"]] == ["query"]


def test_the_log_shows_views_to_who_saved_them(gateway: Client) -> None:
    made = gateway.ask("POST", "/views", NIGHT, who="owner").json

    def told(who: str) -> bool:
        events = gateway.ask("GET", "/events?limit=1000", who=who).json["items"]
        return any(one["stream"] == f"view:{made['id']}" for one in events)

    assert told("owner")
    assert told("admin")
    assert not told("teammate")
