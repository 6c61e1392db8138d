"""Status pages over HTTP: made, put, changed, listed, removed, and refused."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.adapters.rest.asking import Client
from tests.core.test_logos import png

MAIN = {
    "code": "main",
    "name": "Acme",
    "services": ["dns", "api"],
    "groups": [{"name": "Web", "services": ["api"]}],
    "time_zone": "Europe/Berlin",
    "about": "How Acme is.",
    "support_url": "https://acme.example/help",
    "accent": "#1F6FEB",
}


def made(gateway: Client, body: object) -> Any:
    for code in ("api", "dns"):
        service = {"code": code, "name": code}
        assert gateway.ask("POST", "/services", service, who="admin").status in (201, 409)
    answer = gateway.ask("POST", "/status-pages", body, who="admin")
    assert answer.status == 201, answer.body
    return answer.json


def test_one_is_made_read_changed_and_removed(gateway: Client) -> None:
    one = made(gateway, MAIN)

    said = {name: value for name, value in one.items() if name in MAIN}
    assert said == {**MAIN, "accent": "#1f6feb"}
    assert one["path"] == "/status/main"
    for name in ("main", one["id"]):
        assert gateway.ask("GET", f"/status-pages/{name}").json == one
    assert gateway.ask("GET", "/status-pages").json == {"items": [one], "next_cursor": None}

    change = {"code": "status", "services": ["dns"], "about": None, "time_zone": "UTC"}
    changed = gateway.ask("PATCH", "/status-pages/main", change, who="admin").json
    assert (changed["code"], changed["path"]) == ("status", "/status/status")
    assert (changed["services"], changed["groups"], changed["about"]) == (["dns"], [], None)
    assert (changed["accent"], changed["version"]) == ("#1f6feb", 2)
    assert gateway.ask("GET", "/status-pages/main").status == 404

    removed = gateway.ask("DELETE", "/status-pages/status", who="admin").json
    assert removed["removed_at"] == removed["updated_at"]
    missing = gateway.ask("GET", "/status-pages/status")
    assert missing.status == 404
    assert b"there is no status page" in missing.body


def test_put_makes_one_and_replaces_it(gateway: Client) -> None:
    made(gateway, {"code": "other", "name": "Other"})
    whole = {name: value for name, value in MAIN.items() if name != "code"}

    first = gateway.ask("PUT", "/status-pages/main", whole, who="admin")
    again = gateway.ask("PUT", "/status-pages/main", whole, who="admin")
    bare = gateway.ask("PUT", "/status-pages/main", {"name": "Acme"}, who="admin")

    assert (first.status, again.status, bare.status) == (201, 200, 200)
    assert first.json == again.json
    assert bare.json["id"] == first.json["id"]
    assert (bare.json["services"], bare.json["groups"]) == ([], [])
    assert (bare.json["time_zone"], bare.json["accent"]) == ("UTC", None)


def test_the_network_is_shown_on_demand(gateway: Client) -> None:
    assert made(gateway, MAIN)["shows_network"] is False
    path = "/status-pages/main"

    shown = gateway.ask("PATCH", path, {"shows_network": True}, who="admin")
    replaced = gateway.ask("PUT", path, {"name": "Acme"}, who="admin")
    refused = gateway.ask("PATCH", path, {"shows_network": "yes"}, who="admin")

    assert shown.json["shows_network"] is True
    assert replaced.json["shows_network"] is False
    assert refused.status == 422


def test_an_address_that_another_org_has_is_taken(gateway: Client) -> None:
    made(gateway, MAIN)

    theirs = {"code": "main", "name": "Main"}
    for method, path in (("POST", "status-pages"), ("PUT", "status-pages/main")):
        refused = gateway.ask(method, f"/v1/orgs/elsewhere/{path}", theirs, who="stranger")
        assert (refused.status, refused.code) == (409, "conflict"), refused.body
        assert refused.json["errors"][0]["field"] == "code"
        assert "Acme" not in refused.body.decode()


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("code", "Not A Slug", "bad_character"),
        ("time_zone", "Europe/Atlantis", "unknown_zone"),
        ("time_zone", "Europe", "unknown_zone"),
        ("time_zone", "../UTC", "unknown_zone"),
        ("support_url", "javascript:alert(1)", "bad_address"),
        ("support_url", "http://acme.example", "bad_address"),
        ("accent", "red;}", "bad_colour"),
        ("services[0]", ["nowhere"], "unknown_service"),
        ("groups[0].services", [{"name": "A", "services": ["dns"]}], "not_shown"),
    ],
)
def test_what_is_wrong_is_named(gateway: Client, field: str, value: object, code: str) -> None:
    made(gateway, {"code": "main", "name": "Acme", "services": ["api"]})
    body = {field.partition("[")[0]: value}

    for method, path, asked in (
        ("POST", "/status-pages", {"code": "new", "name": "New", "services": ["api"], **body}),
        ("PATCH", "/status-pages/main", body),
    ):
        refused = gateway.ask(method, path, asked, who="admin")
        assert (refused.status, refused.code) == (422, "validation"), refused.body
        assert [(one["field"], one["code"]) for one in refused.json["errors"]] == [(field, code)]


def test_a_logo_is_taken_told_of_and_taken_away(gateway: Client) -> None:
    text = base64.b64encode(png(40, 20)).decode()
    made = gateway.ask(
        "POST", "/status-pages", {"code": "main", "name": "Acme", "logo": text}, who="admin"
    )
    assert made.status == 201
    told = made.json["logo"]
    assert told["path"].startswith("/status/main/logo.png?v=")
    assert (told["content_type"], told["width"], told["height"]) == ("image/png", 40, 20)

    for wrong in ("PHN2Zy8+", "!", base64.b64encode(b"<svg onload='x'/>").decode()):
        refused = gateway.ask("PATCH", "/status-pages/main", {"logo": wrong}, who="admin")
        assert (refused.status, refused.fields) == (422, {("logo", "bad_picture")})
    kept = gateway.ask("PATCH", "/status-pages/main", {"name": "Acme Corp"}, who="admin")
    assert kept.json["logo"] == told
    gone = gateway.ask("PATCH", "/status-pages/main", {"logo": None}, who="admin")
    assert gone.json["logo"] is None
