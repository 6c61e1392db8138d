"""Who may do what at every endpoint of administration and of the registry.

The cast: an owner (member of alpha), a teammate (member of beta), an org_admin, and a stranger, who
is an org_admin of another org and finds nothing here, not even that it is there.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.adapters.rest.asking import Client
from tests.adapters.rest.speaking import FIRING, connector, say
from tests.adapters.rest.speaking import inbox as inbox_of
from tests.adapters.rest.subscribing import subscribed
from tests.handler.acting import pubkey
from tocsin.adapters.rest import (
    destinations,
    entry_points,
    identity,
    policy,
    records,
    redactions,
    sign_in,
    status_pages,
    subscriptions,
    views,
)
from tocsin.adapters.rest.bodies import read_body, read_query
from tocsin.adapters.rest.connectors import records as connectors
from tocsin.adapters.rest.connectors import rules
from tocsin.adapters.rest.endpoints import Endpoint
from tocsin.adapters.rest.provisioning import (
    interfaces,
    ledger,
    lives,
    locations,
    readiness,
    registry,
)
from tocsin.adapters.rest.record_bodies import RecordsQuery
from tocsin.adapters.rest.signals import inbox, previews, rehearsals, replays
from tocsin.core.pubkeys import parse_pubkey

ENDPOINTS: tuple[Endpoint, ...] = (
    *records.ENDPOINTS,
    *destinations.ENDPOINTS,
    *entry_points.ENDPOINTS,
    *connectors.ENDPOINTS,
    *rehearsals.ENDPOINTS,
    *previews.ENDPOINTS,
    *rules.ENDPOINTS,
    *sign_in.ENDPOINTS,
    *status_pages.ENDPOINTS,
    *subscriptions.ENDPOINTS,
    *views.ENDPOINTS,
    *inbox.ENDPOINTS,
    *replays.ENDPOINTS,
    *identity.ENDPOINTS,
    *policy.ENDPOINTS,
    *redactions.ENDPOINTS,
    *registry.ENDPOINTS,
    *lives.ENDPOINTS,
    *interfaces.ENDPOINTS,
    *readiness.ENDPOINTS,
    *locations.ENDPOINTS,
    *ledger.ENDPOINTS,
)
ORG = "/v1/orgs/{org}"
SIDES = {
    "side_a": {"device": "ams-1", "interface": "Ethernet9"},
    "side_z": {"device": "fra-1", "interface": "Ethernet9"},
}
WAIVED = {"reason": "standby", "until": "2026-11-30T00:00:00Z"}
GAMMA = {"name": "Gamma", "pubkey": pubkey(3)}
HOOK = {"kind": "webhook", "url": "https://hooks.example.net/noc"}
LINE = {"link_type": "WAN", **SIDES, "contributor": "alpha"}
FREE = {
    "side_a": {"device": "ams-1", "interface": "Ethernet10"},
    "side_z": {"device": "fra-1", "interface": "Ethernet10"},
}
"""Sides that no link uses."""

SPAN = {"connector": "am", "since": "2026-11-20T00:00:00Z", "until": "2026-11-21T00:00:00Z"}

Case = tuple[str, str, object, int, int, int]

CASES: list[Case] = [
    # method, path, body, and what owner, teammate and admin are answered.
    ("GET", "/me", None, 200, 200, 200),
    ("GET", "/contributors", None, 200, 200, 200),
    ("POST", "/contributors", {"code": "gamma", **GAMMA}, 403, 403, 201),
    ("GET", "/contributors/alpha", None, 200, 200, 200),
    ("PATCH", "/contributors/alpha", {"slack_handle": "@a"}, 200, 403, 200),
    ("PUT", "/contributors/gamma", GAMMA, 403, 403, 201),
    ("DELETE", "/contributors/spare", None, 403, 403, 200),
    ("GET", "/services", None, 200, 200, 200),
    ("POST", "/services", {"code": "web", "name": "Web"}, 403, 403, 201),
    ("GET", "/services/api", None, 200, 200, 200),
    ("PATCH", "/services/api", {"name": "A"}, 403, 403, 200),
    ("PUT", "/services/api", {"name": "A"}, 403, 403, 200),
    ("DELETE", "/services/api", None, 403, 403, 200),
    ("GET", "/routes", None, 403, 403, 200),
    ("POST", "/routes", {"name": "noc", "destination": HOOK}, 403, 403, 201),
    ("GET", "/routes/{route}", None, 403, 403, 200),
    ("PATCH", "/routes/{route}", {"destination": HOOK}, 403, 403, 200),
    ("DELETE", "/routes/{route}", None, 403, 403, 200),
    ("GET", "/entry-points", None, 403, 403, 200),
    ("POST", "/entry-points", {"name": "dns", "match": {"words": ["dns"]}}, 403, 403, 201),
    ("GET", "/entry-points/{entry_point}", None, 403, 403, 200),
    ("PATCH", "/entry-points/{entry_point}", {"order": 3}, 403, 403, 200),
    ("DELETE", "/entry-points/{entry_point}", None, 403, 403, 200),
    ("GET", "/connectors", None, 403, 403, 200),
    ("POST", "/connectors", {"kind": "grafana", "code": "g", "name": "G"}, 403, 403, 201),
    ("GET", "/connectors/am", None, 403, 403, 200),
    ("PATCH", "/connectors/am", {"token": None}, 403, 403, 200),
    ("PUT", "/connectors/am", {"kind": "alertmanager", "name": "AM"}, 403, 403, 200),
    ("DELETE", "/connectors/am", None, 403, 403, 200),
    ("GET", "/connectors/am/dry-run", None, 403, 403, 200),
    ("POST", "/connectors/am/dry-run", {}, 403, 403, 200),
    ("POST", "/connectors/am/preview", {}, 403, 403, 200),
    ("GET", "/inbox", None, 403, 403, 200),
    ("GET", "/inbox/{item}", None, 403, 403, 200),
    ("POST", "/inbox/{item}/replay", None, 403, 403, 200),
    ("POST", "/inbox/replay", SPAN, 403, 403, 200),
    ("GET", "/rules", None, 403, 403, 200),
    ("POST", "/rules", {"name": "r", "action": "ignore"}, 403, 403, 201),
    ("GET", "/rules/{rule}", None, 403, 403, 200),
    ("PATCH", "/rules/{rule}", {"order": 3}, 403, 403, 200),
    ("DELETE", "/rules/{rule}", None, 403, 403, 200),
    ("GET", "/status-pages", None, 200, 200, 200),
    ("POST", "/status-pages", {"code": "more", "name": "More"}, 403, 403, 201),
    ("GET", "/status-pages/main", None, 200, 200, 200),
    ("PATCH", "/status-pages/main", {"accent": "#123456"}, 403, 403, 200),
    ("PUT", "/status-pages/main", {"name": "Main"}, 403, 403, 200),
    ("DELETE", "/status-pages/main", None, 403, 403, 200),
    ("GET", "/subscriptions", None, 403, 403, 200),
    ("GET", "/subscriptions/{subscription}", None, 403, 403, 200),
    ("DELETE", "/subscriptions/{subscription}", None, 403, 403, 200),
    ("GET", "/views", None, 200, 200, 200),
    ("POST", "/views", {"name": "Mine", "query": "active=true"}, 201, 201, 201),
    ("GET", "/views/{view}", None, 200, 200, 200),
    ("PATCH", "/views/{view}", {"name": "Night"}, 403, 403, 200),
    ("DELETE", "/views/{view}", None, 403, 403, 200),
    ("GET", "/members", None, 200, 200, 200),
    ("POST", "/members", {"name": "Jo", "role": "viewer"}, 403, 403, 201),
    ("GET", "/members/{member}", None, 200, 200, 200),
    ("PATCH", "/members/{member}", {"name": "Joe"}, 403, 403, 200),
    ("DELETE", "/members/{member}", None, 403, 403, 200),
    ("POST", "/members/{member}/link-code", None, 403, 403, 201),
    ("POST", "/members/{member}/sign-in-link", None, 403, 403, 201),
    ("GET", "/keys", None, 403, 403, 200),
    ("POST", "/keys", {"name": "ci", "role": "viewer"}, 403, 403, 201),
    ("GET", "/keys/{key}", None, 403, 403, 200),
    ("PATCH", "/keys/{key}", {"name": "cd"}, 403, 403, 200),
    ("DELETE", "/keys/{key}", None, 403, 403, 200),
    ("GET", "/policy", None, 200, 200, 200),
    ("PATCH", "/policy", {"auto_start": False}, 403, 403, 200),
    ("POST", "/redactions", {"event": "{event}", "fields": ["name"]}, 403, 403, 201),
    ("GET", "/devices", None, 200, 200, 200),
    (
        "POST",
        "/devices",
        {"code": "x", "pubkey": pubkey(41), "contributor": "alpha"},
        201,
        403,
        201,
    ),
    ("GET", "/devices/ams-1", None, 200, 200, 200),
    ("PATCH", "/devices/ams-1", {"location": "AMS"}, 200, 403, 200),
    ("PUT", "/devices/ams-1", {"pubkey": pubkey(11)}, 200, 403, 200),
    ("DELETE", "/devices/ams-9", None, 200, 403, 200),
    ("GET", "/links", None, 200, 200, 200),
    ("POST", "/links", {"code": "y", "pubkey": pubkey(42), **LINE, **FREE}, 201, 403, 201),
    ("GET", "/links/line", None, 200, 200, 200),
    ("PATCH", "/links/line", {"mtu": 1500}, 200, 403, 200),
    ("PUT", "/links/line", {"pubkey": pubkey(52), **LINE}, 200, 403, 200),
    ("DELETE", "/links/line", None, 200, 403, 200),
    ("POST", "/devices/ams-1/drain", {"to": "soft_drained"}, 200, 403, 200),
    ("POST", "/devices/ams-1/undrain", {}, 200, 403, 200),
    ("POST", "/devices/ams-1/waivers", {"criterion": "qa", **WAIVED}, 403, 403, 200),
    ("POST", "/devices/ams-1/waivers/end", {"criterion": "qa"}, 403, 403, 200),
    ("POST", "/links/line/drain", {"to": "soft_drained"}, 200, 200, 200),
    ("POST", "/links/line/undrain", {}, 200, 403, 200),
    ("POST", "/links/line/accept", None, 403, 200, 200),
    ("POST", "/links/line/waivers", {"criterion": "side_a", **WAIVED}, 403, 403, 200),
    ("POST", "/links/line/waivers/end", {"criterion": "side_a"}, 403, 403, 200),
    ("GET", "/devices/ams-1/interfaces", None, 200, 200, 200),
    ("POST", "/devices/ams-1/interfaces", {"name": "Ethernet8"}, 201, 403, 201),
    ("PATCH", "/devices/ams-1/interfaces/Ethernet1/7", {"mtu": 1500}, 200, 403, 200),
    ("DELETE", "/devices/ams-1/interfaces/Ethernet1/7", None, 200, 403, 200),
    ("GET", "/devices/ams-1/readiness", None, 200, 200, 200),
    ("GET", "/links/line/readiness", None, 200, 200, 200),
    ("GET", "/locations", None, 200, 200, 200),
    ("POST", "/locations", {"code": "fra", "name": "Frankfurt"}, 403, 403, 201),
    ("GET", "/locations/ams", None, 200, 200, 200),
    ("PATCH", "/locations/ams", {"country": "NL"}, 403, 403, 200),
    ("PUT", "/locations/ams", {"name": "Amsterdam"}, 403, 403, 200),
    ("DELETE", "/locations/ams", None, 403, 403, 200),
    ("GET", "/ledger", None, 200, 200, 200),
]


def furnish(gateway: Client) -> dict[str, str]:
    """One of everything; the ids of what is named by id."""

    def made(path: str, body: object) -> Any:
        answer = gateway.ask("POST", path, body, who="admin")
        assert answer.status == 201, answer.body
        return answer.json

    made("/contributors", {"code": "spare", "name": "Spare", "pubkey": pubkey(4)})
    made("/locations", {"code": "ams", "name": "AMS"})
    made("/services", {"code": "api", "name": "API"})
    made("/status-pages", {"code": "main", "name": "Acme", "services": ["api"]})
    made("/devices", {"code": "ams-9", "pubkey": pubkey(51), "contributor": "alpha"})
    made("/links", {"code": "line", "pubkey": pubkey(52), **LINE})
    made("/devices/ams-1/interfaces", {"name": "Ethernet1/7"})
    say(gateway, "/v1/ingest/am", FIRING, token=connector(gateway, "alertmanager", "am"))
    member = made("/members", {"name": "Jan", "role": "viewer"})
    events = gateway.ask("GET", "/events?limit=1000", who="admin").json["items"]
    return {
        "{route}": made("/routes", {"name": "first", "destination": HOOK})["id"],
        "{entry_point}": made("/entry-points", {"name": "first", "match": {"words": ["checkout"]}})[
            "id"
        ],
        "{subscription}": subscribed(gateway),
        "{view}": made("/views", {"name": "All", "query": "", "shared": True})["id"],
        "{rule}": made("/rules", {"name": "first", "action": "create", "connector": "am"})["id"],
        "{key}": made("/keys", {"name": "first", "role": "viewer"})["id"],
        "{member}": member["id"],
        "{item}": inbox_of(gateway)[0].id,
        "{event}": next(one["id"] for one in events if one["stream"] == f"member:{member['id']}"),
    }


def spelled(value: Any, names: dict[str, str]) -> Any:
    """*value* with its placeholders filled in."""
    if isinstance(value, str):
        for name, identity in names.items():
            value = value.replace(name, identity)
        return value
    if isinstance(value, dict):
        return {key: spelled(inner, names) for key, inner in value.items()}
    return value


@pytest.mark.parametrize(
    ("method", "path", "body", "owner", "teammate", "admin"),
    CASES,
    ids=[f"{case[0]} {case[1]}" for case in CASES],
)
def test_everybody_gets_what_is_theirs(
    gateway: Client,
    method: str,
    path: str,
    body: object,
    owner: int,
    teammate: int,
    admin: int,
) -> None:
    names = furnish(gateway)
    path, body = spelled(path, names), spelled(body, names)
    with gateway.house.store.reading() as turn:
        before = turn.last_position()

    stranger = gateway.ask(method, path, body, who="stranger")
    nobody = gateway.ask(method, path, body, who=None)
    assert (stranger.status, stranger.code) == (404, "not_found")
    assert (nobody.status, nobody.code) == (401, "unauthenticated")
    with gateway.house.store.reading() as turn:
        assert turn.last_position() == before

    refused = gateway.ask(method, path, body, who="teammate")
    assert refused.status == teammate, refused.body
    if teammate == 403:
        assert refused.code == "forbidden"
        with gateway.house.store.reading() as turn:
            assert turn.last_position() == before
    allowed = gateway.ask(method, path, body, who="owner")
    assert allowed.status == owner, allowed.body
    if owner == 403:
        done = gateway.ask(method, path, body, who="admin")
        assert done.status == admin, done.body


@pytest.mark.parametrize(
    ("method", "path", "body", "owner", "teammate", "admin"),
    [case for case in CASES if case[5] != 403 and case[3] != 403 and case[0] != "GET"],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_org_admin_may_do_what_an_owner_may(
    gateway: Client,
    method: str,
    path: str,
    body: object,
    owner: int,
    teammate: int,
    admin: int,
) -> None:
    names = furnish(gateway)

    done = gateway.ask(method, spelled(path, names), spelled(body, names), who="admin")

    assert done.status == admin, done.body


def test_in_another_org_there_is_nothing_of_that_name(gateway: Client) -> None:
    """Ids and pubkeys of one org name nothing in the other."""
    names = furnish(gateway)
    elsewhere = "/v1/orgs/elsewhere"

    for path in (
        "/contributors/alpha",
        f"/contributors/{pubkey(1)}",
        "/services/api",
        "/locations/ams",
        f"/routes/{names['{route}']}",
        f"/entry-points/{names['{entry_point}']}",
        "/connectors/am",
        f"/rules/{names['{rule}']}",
        f"/members/{names['{member}']}",
        f"/keys/{names['{key}']}",
        "/status-pages/main",
        f"/views/{names['{view}']}",
        "/devices/ams-1",
        f"/devices/{pubkey(11)}",
        "/links/line",
    ):
        for method, body in (("GET", None), ("PATCH", {}), ("DELETE", None)):
            missing = gateway.ask(method, elsewhere + path, body, who="stranger")
            assert (missing.status, missing.code) == (404, "not_found"), (method, path)
    theirs = {"event": names["{event}"], "fields": ["name"]}
    assert gateway.ask("POST", f"{elsewhere}/redactions", theirs, who="stranger").status == 404
    for path in (
        *("contributors", "services", "rules", "routes", "connectors", "devices", "links"),
        "locations",
    ):
        page = gateway.ask("GET", f"{elsewhere}/{path}", who="stranger").json
        assert page == {"items": [], "next_cursor": None}


def test_every_endpoint_has_its_case() -> None:
    """Whoever adds an endpoint says here who may use it."""
    kinds = (
        "contributors",
        "services",
        "routes",
        "entry-points",
        "connectors",
        "rules",
        "status-pages",
        "subscriptions",
        "views",
        "members",
        "keys",
        "devices",
        "links",
        "locations",
    )
    told = set()
    for method, path, *_ in CASES:
        kind, _, one = path[1:].partition("/")
        name, _, more = one.partition("/")
        whole = path
        if name and kind in kinds:
            more = more.replace("Ethernet1/7", "{interface}")
            whole = f"/{kind}/{{name}}" + (f"/{more}" if more else "")
        told.add((method, ORG + whole))

    # What is asked without a key tells everybody the same.
    keyed = [one for one in ENDPOINTS if not one.anonymous]
    there = {(one.method, one.path) for one in keyed} - {("GET", "/v1/me")}
    assert there == told


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: f"{one.method} {one.path}")
def test_every_endpoint_says_what_it_is(endpoint: Endpoint) -> None:
    assert endpoint.summary.endswith(".")
    assert endpoint.answer is not None
    if endpoint.body is not None:
        read_body(msgspec.json.encode(endpoint.example), endpoint.body)
        if "pubkey" in endpoint.example:
            parse_pubkey(endpoint.example["pubkey"])
    if endpoint.query is not None:
        if endpoint in rehearsals.ENDPOINTS:
            assert read_query(b"hours=7", endpoint.query) == endpoint.query(hours=7)
        elif endpoint in readiness.ENDPOINTS:
            found = read_query(b"interface=Ethernet1%2F2", endpoint.query)
            assert found == endpoint.query(interface="Ethernet1/2")
        else:
            assert issubclass(endpoint.query, RecordsQuery)
            assert read_query(b"limit=7", endpoint.query) == endpoint.query(limit=7)
