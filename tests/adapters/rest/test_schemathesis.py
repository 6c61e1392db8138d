"""No answer outside the document: every operation, asked with what it takes and with what not.

The requests go to the real application in this process. A stream would go on for ever; here its
client has gone as soon as it has asked, as the first thing that it receives is the disconnection,
so the stream is opened, read and ended like everything else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.adapters.rest.asking import NET, Client, client
from tests.adapters.rest.speaking import FIRING, connector, say
from tests.adapters.rest.subscribing import subscribed
from tocsin.adapters.rest.application import endpoints
from tocsin.adapters.rest.documentation import documentation_endpoints
from tocsin.adapters.rest.openapi import openapi_document
from tocsin.adapters.rest.tickets import head_of
from tocsin.core.membership import FASTEST
from tocsin.core.words import DestinationKind
from tocsin.dispatcher.contract import Delivered, Pace, Parcel, Trial, Verdict
from tocsin.dispatcher.naming import delivery_id
from tocsin.store.outgoing import DestinationRow, Noted, Settlement, Trouble

ELSEWHERE = "http://tocsin.example"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

SERVED = endpoints()
DOCUMENTED = [
    *SERVED,
    *(one for one in documentation_endpoints(SERVED) if one.path not in {e.path for e in SERVED}),
]
SCHEMA = schemathesis.openapi.from_dict(openapi_document(DOCUMENTED, version="0"))
OPERATIONS = {one.label: one for one in (SCHEMA[e.path][e.method] for e in DOCUMENTED)}


@dataclass(slots=True)
class Furnished:
    """The application, a key that may do everything and is never too fast, and what is there."""

    client: Client
    key: str
    names: dict[str, str]

    def path_names(self, path: str) -> dict[str, str]:
        """What the names in *path* are, for things that are there."""
        collection = path.removeprefix("/v1/orgs/{org}/").partition("/")[0]
        if path.endswith(".ics"):
            collection = "calendars"
        return {
            name: self.names.get(f"{collection}/{name}") or self.names[name]
            for name in (
                *("org", "ticket", "update", "delivery", "connector", "name", "item", "signal"),
            )
            if f"{{{name}}}" in path
        }

    def answer(self, request: requests.PreparedRequest) -> schemathesis.Response:
        """The application's answer to *request*, as it comes off the wire."""
        where = urlsplit(str(request.url))
        body = request.body or b""
        assert isinstance(body, str | bytes), "nothing here is sent in parts"
        payload = body if isinstance(body, bytes) else body.encode()
        headers = {**request.headers, "authorization": f"Bearer {self.key}"}
        scope: Any = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": unquote(where.path),
            "raw_path": where.path.encode(),
            "query_string": where.query.encode(),
            "root_path": "",
            "headers": [(_wire(name.lower()), _wire(value)) for name, value in headers.items()],
            "client": ("127.0.0.1", 40_000),
            "server": ("127.0.0.1", 8080),
            "state": {},
        }
        sent: list[Any] = []
        unread = [{"type": "http.request", "body": payload, "more_body": False}]

        async def receive() -> Any:
            return unread.pop() if unread else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        self.client.loop.run_until_complete(self.client.application(scope, receive, send))
        answered: dict[str, list[str]] = {}
        for name, value in sent[0]["headers"]:
            answered.setdefault(name.decode().lower(), []).append(value.decode())
        return schemathesis.Response(
            status_code=sent[0]["status"],
            headers=answered,
            content=b"".join(one.get("body", b"") for one in sent[1:]),
            request=request,
            elapsed=0.0,
            verify=False,
        )


def _wire(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")


class Accepting:
    """A sender to whom everything is delivered."""

    pace = Pace(concurrent=1)

    def send(self, parcel: Parcel) -> Verdict:
        """It has arrived."""
        return Delivered()

    def try_out(self, trial: Trial) -> Verdict:
        """It has arrived."""
        return Delivered()


@pytest.fixture
def furnished(tmp_path: Path) -> Iterator[Furnished]:
    senders = {DestinationKind.WEBHOOK: Accepting()}
    with client(tmp_path, senders=senders) as made:
        yield furnish(made)


def furnish(made: Client) -> Furnished:
    """One of everything that a path can name."""

    def post(path: str, body: object) -> Any:
        answer = made.ask("POST", path, body, who="admin")
        assert answer.status == 201, answer.body
        return answer.json

    ticket = made.incident()["ref"]
    update = post(
        f"/tickets/{ticket}/public-updates",
        {"title": "Slow", "status": "investigating", "body": "We look."},
    )
    key = post("/keys", {"name": "fast", "role": "org_admin", "rate_per_second": FASTEST})
    spare = post("/keys", {"name": "spare", "role": "member"})
    link = {
        "code": "ams-1:fra-1",
        "contributor": "alpha",
        "pubkey": "AcYMaNxNo8sPQNUeWs8a6EW8DwTdzg4LmgWZVgzJtRvo",
        "link_type": "WAN",
        "side_a": {"device": "ams-1", "interface": "Ethernet1"},
        "side_z": {"device": "fra-1", "interface": "Ethernet1"},
    }
    route = {
        "name": "noc",
        "match": {"kinds": ["incident.*"]},
        "destination": {"kind": "webhook", "url": "https://hooks.example.org/x"},
    }
    going = post("/routes", route)["id"]
    position = trouble(made, route_id=going, ticket=ticket)
    say(made, "/v1/ingest/am", FIRING, token=connector(made, "alertmanager", "am"))
    item = made.ask("GET", "/inbox", who="admin").json["items"][0]["id"]
    waiting = {"source": "me", "summary": "odd"}
    signal = made.ask("POST", "/v1/signals", waiting).json["results"][0]["signal_id"]
    names = {
        "org": NET.rpartition("/")[2],
        "ticket": ticket,
        "calendars/ticket": made.maintenance()["ref"],
        "update": update["id"],
        "devices/name": "ams-1",
        "links/name": post("/links", link)["code"],
        "contributors/name": "beta",
        "services/name": post("/services", {"code": "api", "name": "API"})["code"],
        "locations/name": post("/locations", {"code": "ams", "name": "AMS"})["code"],
        "routes/name": going,
        "entry-points/name": post(
            "/entry-points", {"name": "Payments", "match": {"words": ["checkout"]}}
        )["id"],
        "connectors/name": "am",
        "connector": "am",
        "item": item,
        "signal": signal,
        "rules/name": post("/rules", {"name": "first", "action": "create"})["id"],
        "status-pages/name": post("/status-pages", {"code": "main", "name": "Acme"})["code"],
        "subscriptions/name": subscribed(made),
        "views/name": post("/views", {"name": "Mine", "query": "active=true"})["id"],
        "delivery": delivery_id(position, going),
        "members/name": post("/members", {"name": "Anna", "role": "member"})["id"],
        "keys/name": spare["id"],
    }
    return Furnished(client=made, key=key["secret"], names=names)


def trouble(made: Client, *, route_id: str, ticket: str) -> int:
    """Park the opening of *ticket* at a route; its position."""
    org_id = made.house.orgs["net"]
    with made.house.store.reading() as turn:
        head = head_of(turn, org_id, ticket)
    with made.house.store.tending() as turn:
        parked = Noted(
            org_id=org_id,
            route_id=route_id,
            position=head.number,
            stream=head.stream,
            state=Trouble.PARKED,
            due_at=made.house.clock(),
            reason="it answered 410 Gone",
        )
        row = DestinationRow(org_id=org_id, route_id=route_id, position=head.number)
        turn.settle(Settlement(destination=row, noted=(parked,)))
        turn.commit()
    return head.number


@pytest.mark.slow
@pytest.mark.parametrize("label", OPERATIONS)
def test_no_answer_is_outside_the_document(label: str, furnished: Furnished) -> None:
    operation = OPERATIONS[label]
    there = furnished.path_names(operation.path)
    positive = schemathesis.GenerationMode.POSITIVE
    ways = [operation.as_strategy(positive, path_parameters=there)]
    if len(there) > 1:
        ways.append(operation.as_strategy(positive, path_parameters={"org": there["org"]}))
    if operation.body or operation.query:
        negative = schemathesis.GenerationMode.NEGATIVE
        ways.append(operation.as_strategy(negative, path_parameters=there))
    asked = 0

    @settings(
        max_examples=20,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(ways))
    def asking(case: schemathesis.Case[Any]) -> None:
        nonlocal asked
        request = requests.Request(**case.as_transport_kwargs(base_url=ELSEWHERE)).prepare()
        case.validate_response(furnished.answer(request), checks=CHECKS)
        asked += 1

    asking()
    assert asked > 0


def test_every_endpoint_is_asked() -> None:
    assert set(OPERATIONS) == {f"{one.method} {one.path}" for one in DOCUMENTED}
