"""Locations and exchanges: named, listed by kind, changed, replaced, forgotten."""

from __future__ import annotations

import pytest

from tests.adapters.rest.asking import Client

AMS = {
    "code": "ams",
    "name": "Amsterdam",
    "kind": "exchange",
    "country": "NL",
    "lat": 52.0,
    "lng": 4.8952,
}


def listed(gateway: Client, query: str = "") -> list[str]:
    answer = gateway.ask("GET", f"/locations{query}")
    assert answer.status == 200, answer.body
    return [one["code"] for one in answer.json["items"]]


def test_a_place_is_named_read_changed_and_forgotten(gateway: Client) -> None:
    made = gateway.ask("POST", "/locations", AMS, who="admin")
    assert made.status == 201, made.body
    assert {name: made.json[name] for name in AMS} == AMS
    assert gateway.ask("GET", "/locations/ams").json == made.json
    assert gateway.ask("GET", f"/locations/{made.json['id']}").json == made.json

    changed = gateway.ask("PATCH", "/locations/ams", {"lat": 53, "country": None}, who="admin")
    assert changed.status == 200, changed.body
    assert (changed.json["lat"], changed.json["country"]) == (53.0, None)
    assert gateway.ask("GET", "/locations/ams").json == changed.json

    put = gateway.ask("PUT", "/locations/ams", {"name": "A"}, who="admin")
    assert put.status == 200, put.body
    assert (put.json["kind"], put.json["lat"], put.json["lng"]) == ("location", None, None)
    made = gateway.ask("PUT", "/locations/fra", {"name": "Frankfurt"}, who="admin")
    assert made.status == 201, made.body

    assert gateway.ask("DELETE", "/locations/ams", who="admin").status == 200
    assert gateway.ask("GET", "/locations/ams").status == 404
    assert listed(gateway) == ["fra"]


def test_places_are_listed_by_kind(gateway: Client) -> None:
    for code, kind in (("ams", "exchange"), ("ams3", "location"), ("fra", "exchange")):
        body = {"code": code, "name": code, "kind": kind}
        assert gateway.ask("POST", "/locations", body, who="admin").status == 201

    assert sorted(listed(gateway)) == ["ams", "ams3", "fra"]
    assert sorted(listed(gateway, "?kind=exchange")) == ["ams", "fra"]
    assert listed(gateway, "?kind=Location") == ["ams3"]
    assert gateway.ask("GET", "/locations?kind=planet").fields == {("kind", "unknown_word")}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"lat": 91}, "lat"),
        ({"lng": None}, "lng"),
        ({"lat": "north"}, "lat"),
        ({"country": "NLD"}, "country"),
        ({"country": "1L"}, "country"),
        ({"kind": "planet"}, "kind"),
        ({"code": "AMS"}, "code"),
        ({"name": ""}, "name"),
        ({"altitude": 3}, "altitude"),
    ],
)
def test_what_is_wrong_is_named(gateway: Client, wrong: dict[str, object], field: str) -> None:
    answer = gateway.ask("POST", "/locations", AMS | wrong, who="admin")

    assert answer.status == 422, answer.body
    assert {name for name, _ in answer.fields} == {field}


def test_a_code_is_unique(gateway: Client) -> None:
    assert gateway.ask("POST", "/locations", AMS, who="admin").status == 201
    again = gateway.ask("POST", "/locations", AMS, who="admin")
    assert (again.status, again.fields) == (409, {("code", "taken")})
