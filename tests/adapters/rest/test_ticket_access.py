"""Who may do what at every endpoint of tickets, and of the log they are in.

The cast: an owner (member of alpha, whose device it is), a teammate (member of beta), an org_admin,
and a stranger, who is an org_admin of another org and finds nothing here.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.adapters.rest.asking import Answer, Client
from tocsin.adapters.rest import (
    calendars,
    events,
    measures,
    ticket_lists,
    ticket_parts,
    tickets,
    timelines,
)
from tocsin.adapters.rest.endpoints import Endpoint
from tocsin.adapters.rest.signals import similar

ENDPOINTS: tuple[Endpoint, ...] = (
    *tickets.ENDPOINTS,
    *ticket_lists.ENDPOINTS,
    *ticket_parts.ENDPOINTS,
    *timelines.ENDPOINTS,
    *similar.ENDPOINTS,
    *events.ENDPOINTS,
    *measures.ENDPOINTS,
    *(one for one in calendars.ENDPOINTS if "{org}" in one.path),
)
ORG = "/v1/orgs/{org}"

INCIDENT = {
    "type": "incident",
    "title": "Loss",
    "description": "3 % since noon.",
    "severity": "sev3",
    "device_pubkey": ["ams-1"],
}
WORDS = {"title": "Slow", "status": "investigating", "body": "We look.", "services": []}
SLO = {
    "slo_id": "transit",
    "window_start": "2026-11-01T00:00:00Z",
    "window_end": "2026-11-20T00:00:00Z",
    "error_budget_consumed": 1.25,
}
LATER = {"end_at": "2026-11-22T06:00:00Z"}

Case = tuple[str, str, object, int, int, int]

CASES: list[Case] = [
    # method, path, body, and what owner, teammate and admin are answered.
    ("GET", "/tickets", None, 200, 200, 200),
    ("POST", "/tickets", INCIDENT, 201, 201, 201),
    ("GET", "/tickets/{incident}", None, 200, 200, 200),
    ("PATCH", "/tickets/{incident}", {"title": "Cut"}, 200, 403, 200),
    ("POST", "/tickets/{incident}/status", {"status": "investigating"}, 200, 403, 200),
    ("POST", "/tickets/{incident}/acknowledge", {}, 200, 403, 200),
    ("POST", "/tickets/{maintenance}/start", {}, 200, 403, 200),
    ("POST", "/tickets/{begun}/complete", {}, 200, 403, 200),
    ("POST", "/tickets/{maintenance}/extend", LATER, 200, 403, 200),
    ("POST", "/tickets/{maintenance}/cancel", {}, 200, 403, 200),
    ("POST", "/tickets/{theirs}/confirm", {}, 200, 403, 200),
    ("POST", "/tickets/{incident}/close", {}, 200, 403, 200),
    ("POST", "/tickets/{incident}/severity", {"severity": "sev1"}, 200, 403, 200),
    ("POST", "/tickets/{incident}/assignee", {"assignee": "beta"}, 200, 403, 200),
    ("POST", "/tickets/{incident}/labels", {"add": ["x"]}, 200, 403, 200),
    ("PUT", "/tickets/{incident}/rca", {"url": "https://rca.example/1"}, 200, 403, 200),
    ("POST", "/tickets/{incident}/updates", {"body": "Seen."}, 201, 201, 201),
    ("POST", "/tickets/{incident}/updates", {"status": "mitigated"}, 201, 403, 201),
    ("GET", "/tickets/{incident}/updates", None, 200, 200, 200),
    ("POST", "/tickets/{incident}/actions", {"action_kind": "NOTE", "label": "x"}, 201, 201, 201),
    ("GET", "/tickets/{incident}/actions", None, 200, 200, 200),
    ("POST", "/tickets/{incident}/signals", {"source": "me", "summary": "x"}, 201, 201, 201),
    ("GET", "/tickets/{incident}/signals", None, 200, 200, 200),
    ("GET", "/tickets/{incident}/similar", None, 200, 200, 200),
    ("POST", "/tickets/{incident}/slo-violations", SLO, 201, 201, 201),
    ("GET", "/tickets/{incident}/slo-violations", None, 200, 200, 200),
    (
        "POST",
        "/tickets/{incident}/references",
        {"kind": "ticket", "url": "https://t.example/1"},
        201,
        403,
        201,
    ),
    (
        "POST",
        "/tickets/{incident}/relations",
        {"ticket": "{theirs}", "kind": "related"},
        201,
        403,
        201,
    ),
    ("POST", "/tickets/{incident}/public-updates", WORDS, 403, 403, 201),
    ("PATCH", "/tickets/{incident}/public-updates/{word}", {"body": "Sorry."}, 403, 403, 200),
    ("GET", "/tickets/{incident}/related", None, 200, 200, 200),
    ("GET", "/tickets/{incident}/timeline", None, 200, 200, 200),
    ("GET", "/tickets/{incident}/events", None, 200, 200, 200),
    ("GET", "/events", None, 200, 200, 200),
    ("GET", "/measures", None, 200, 200, 200),
    ("GET", "/stream", None, 200, 200, 200),
    ("GET", "/maintenance.ics", None, 200, 200, 200),
    ("GET", "/tickets/{maintenance}.ics", None, 200, 200, 200),
]

each_case = pytest.mark.parametrize(
    ("method", "path", "body", "owner", "teammate", "admin"),
    CASES,
    ids=[f"{case[0]} {case[1]}" for case in CASES],
)


def furnish(gateway: Client) -> dict[str, str]:
    """An incident, three maintenances and a word for the public; the ids they have."""
    begun = gateway.maintenance("Begun", start_at="2026-11-20T12:00:00Z")["id"]
    names = {
        "{incident}": gateway.incident()["id"],
        "{maintenance}": gateway.maintenance()["id"],
        "{begun}": begun,
        "{theirs}": gateway.maintenance("Theirs", who="teammate")["id"],
    }
    path = f"/tickets/{names['{incident}']}/public-updates"
    said = gateway.ask("POST", path, WORDS, who="admin")
    assert said.status == 201, said.body
    gateway.house.clock.pass_by(timedelta(minutes=1))
    started = gateway.ask("POST", f"/tickets/{begun}/start")
    assert started.status == 200, started.body
    return names | {"{word}": said.json["id"]}


def spelled(value: Any, names: dict[str, str]) -> Any:
    """*value* with its placeholders filled in."""
    if isinstance(value, str):
        for name, identity in names.items():
            value = value.replace(name, identity)
        return value
    if isinstance(value, dict):
        return {key: spelled(inner, names) for key, inner in value.items()}
    return value


def position(gateway: Client) -> int:
    """How far the log goes."""
    with gateway.house.store.reading() as turn:
        return turn.last_position()


@each_case
def test_everybody_gets_what_is_theirs(
    gateway: Client, method: str, path: str, body: object, owner: int, teammate: int, admin: int
) -> None:
    names = furnish(gateway)
    path, body = spelled(path, names), spelled(body, names)
    before = position(gateway)

    stranger = gateway.ask(method, path, body, who="stranger")
    nobody = gateway.ask(method, path, body, who=None)
    assert (stranger.status, stranger.code) == (404, "not_found")
    assert (nobody.status, nobody.code) == (401, "unauthenticated")
    assert position(gateway) == before

    theirs = gateway.ask(method, path, body, who="teammate")
    assert theirs.status == teammate, theirs.body
    if teammate == 403:
        assert theirs.code == "forbidden"
        assert position(gateway) == before
    own = gateway.ask(method, path, body, who="owner")
    assert own.status == owner, own.body


@each_case
def test_an_org_admin_may_do_it_all(
    gateway: Client, method: str, path: str, body: object, owner: int, teammate: int, admin: int
) -> None:
    names = furnish(gateway)

    done = gateway.ask(method, spelled(path, names), spelled(body, names), who="admin")

    assert done.status == admin, done.body


@each_case
def test_a_viewer_reads_and_does_nothing_else(
    gateway: Client, method: str, path: str, body: object, owner: int, teammate: int, admin: int
) -> None:
    names = furnish(gateway)
    gateway.house.invite("viewer", org="net", role="viewer", contributor="alpha")
    before = position(gateway)

    answer = gateway.ask(method, spelled(path, names), spelled(body, names), who="viewer")

    assert answer.status == (200 if method == "GET" else 403), answer.body
    assert position(gateway) == before


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [case[:3] for case in CASES if "{" in case[1]],
    ids=[f"{case[0]} {case[1]}" for case in CASES if "{" in case[1]],
)
def test_ids_and_refs_name_nothing_in_another_org(
    gateway: Client, method: str, path: str, body: object
) -> None:
    names = furnish(gateway)
    ref = gateway.ask("GET", f"/tickets/{names['{incident}']}").json["ref"]
    before = position(gateway)

    def asked(named: dict[str, str]) -> Answer:
        whole = "/v1/orgs/elsewhere" + spelled(path, named)
        return gateway.ask(method, whole, spelled(body, named), who="stranger")

    by_id, by_ref = asked(names), asked(names | {"{incident}": ref})

    assert (by_id.status, by_id.code) == (404, "not_found")
    assert (by_ref.status, by_ref.code) == (404, "not_found")
    assert position(gateway) == before


def test_a_relation_never_reaches_into_another_org(gateway: Client) -> None:
    names = furnish(gateway)
    registered = gateway.ask(
        "POST",
        "/v1/orgs/elsewhere/tickets",
        INCIDENT | {"device_pubkey": [], "services": ["web"]},
        who="stranger",
    )
    assert registered.status == 201, registered.body
    theirs = registered.json["id"]

    tie = {"ticket": names["{incident}"], "kind": "related"}
    out = gateway.ask("POST", f"/v1/orgs/elsewhere/tickets/{theirs}/relations", tie, who="stranger")

    assert out.status in (404, 422), out.body
    assert gateway.ask("GET", f"/tickets/{names['{incident}']}").json["relations"] == []


def test_the_log_of_another_org_holds_nothing_of_this_one(gateway: Client) -> None:
    names = furnish(gateway)

    log = gateway.ask("GET", "/v1/orgs/elsewhere/events?limit=1000", who="stranger")

    assert log.status == 200
    assert log.json["items"] != []
    assert all(identity.encode() not in log.body for identity in names.values())


def test_every_endpoint_has_its_case() -> None:
    """Whoever adds an endpoint says here who may use it."""
    told = set()
    for method, path, *_ in CASES:
        parts = path.split("/")
        if len(parts) > 2:
            parts[2] = "{ticket}.ics" if parts[2].endswith(".ics") else "{ticket}"
        told.add((method, ORG + "/".join(parts).replace("{word}", "{update}")))

    assert {(one.method, one.path) for one in ENDPOINTS} == told
