"""Deliveries in trouble: who sees them, who has them tried again, and how destinations stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.adapters.rest.asking import Answer, Client, client
from tests.handler.acting import NOON
from tocsin.adapters.rest import deliveries, trials
from tocsin.core.facts import Event
from tocsin.dispatcher.naming import delivery_id
from tocsin.store.outgoing import DestinationRow, LaneRow, Noted, Settlement, Trouble

WEBHOOK = {"kind": "webhook", "url": "https://hooks.example.net/noc"}
ELSEWHERE = "/v1/orgs/elsewhere"


@dataclass
class Outbox:
    """Routes, tickets, and what is noted of their deliveries."""

    client: Client

    def route(self, name: str, **given: object) -> str:
        """Make a route of everything; its id."""
        body = {"name": name, "destination": WEBHOOK} | given
        made = self.client.ask("POST", "/routes", body, who="admin")
        assert made.status == 201, made.body
        identity: str = made.json["id"]
        return identity

    def events(self, ticket: Any) -> Sequence[Event]:
        """The events of a ticket."""
        with self.client.house.store.reading() as turn:
            return turn.stream_events(
                self.client.house.orgs["net"], f"{ticket['type']}:{ticket['id']}"
            )

    def settle(
        self, route: str, *noted: Noted, lanes: tuple[LaneRow, ...] = (), **row: Any
    ) -> None:
        """Mark it as the dispatcher would."""
        org_id = self.client.house.orgs["net"]
        given: dict[str, Any] = {"position": 0} | row
        destination = DestinationRow(org_id=org_id, route_id=route, **given)
        with self.client.house.store.tending() as turn:
            turn.settle(Settlement(destination=destination, noted=noted, lanes=lanes))
            turn.commit()

    def noted(self, route: str, event: Event, state: Trouble = Trouble.PARKED) -> Noted:
        """A delivery in trouble."""
        return Noted(
            org_id=self.client.house.orgs["net"],
            route_id=route,
            position=event.position,
            stream=event.stream,
            state=state,
            due_at=NOON + timedelta(minutes=5),
            attempts=5,
            tried_at=NOON,
            reason="it answered 410 Gone",
        )

    def parked(self, name: str, **given: object) -> tuple[str, str]:
        """A route with the opening of a fresh incident parked; the ids of route and delivery."""
        route = self.route(name, **given)
        opening = self.events(self.client.incident())[0]
        self.settle(
            route,
            self.noted(route, opening),
            lanes=(LaneRow(stream=opening.stream, remote_id=None, parked=True),),
        )
        return route, delivery_id(opening.position, route)

    def listed(self, query: str = "", *, who: str = "admin") -> list[str]:
        """The ids of the deliveries that are listed."""
        page = self.client.ask("GET", f"/deliveries{query}", who=who)
        assert page.status == 200, page.body
        return [one["id"] for one in page.json["items"]]

    def redrive(self, path: str, body: object = None, **asked: Any) -> Answer:
        """Have something tried again."""
        return self.client.ask("POST", f"/deliveries/{path}", body, **({"who": "admin"} | asked))


@pytest.fixture
def outbox(gateway: Client) -> Outbox:
    return Outbox(gateway)


# -- reading --------------------------------------------------------------------------------------


def test_a_delivery_in_trouble_says_what_it_is_and_why(gateway: Client, outbox: Outbox) -> None:
    route = outbox.route("noc")
    ticket = gateway.incident()
    (opening,) = outbox.events(ticket)
    outbox.settle(route, outbox.noted(route, opening))

    read = gateway.ask("GET", f"/deliveries/{delivery_id(opening.position, route)}", who="admin")

    assert read.status == 200
    assert read.json == {
        "id": f"dlv_{opening.position}_{route}",
        "state": "parked",
        "route": {"id": route, "name": "noc", "kind": "webhook"},
        "event": {
            "id": opening.id,
            "kind": "incident.created",
            "position": opening.position,
            "recorded_at": opening.recorded_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        },
        "ticket": {"id": ticket["id"], "ref": ticket["ref"]},
        "stream": f"incident:{ticket['id']}",
        "attempts": 5,
        "tried_at": "2026-11-20T12:00:00.000000Z",
        "due_at": "2026-11-20T12:05:00.000000Z",
        "reason": "it answered 410 Gone",
    }
    assert gateway.ask("GET", "/deliveries", who="admin").json["items"] == [read.json]


def test_a_delivery_about_a_device_names_its_stream(gateway: Client, outbox: Outbox) -> None:
    route = outbox.route("noc")
    changed = gateway.ask("PATCH", "/devices/ams-1", {"location": "AMS"})
    with gateway.house.store.reading() as turn:
        event = turn.stream_events(gateway.house.orgs["net"], f"device:{changed.json['id']}")[-1]
    outbox.settle(route, outbox.noted(route, event))

    (one,) = gateway.ask("GET", "/deliveries", who="admin").json["items"]

    assert one["ticket"] is None
    assert one["stream"] == event.stream
    assert one["event"]["kind"] == "device.updated"


def test_lists_are_filtered(gateway: Client, outbox: Outbox) -> None:
    first, second = outbox.route("first"), outbox.route("second")
    one, other = gateway.incident("One"), gateway.incident("Other")
    (cut,), (loss,) = outbox.events(one), outbox.events(other)
    outbox.settle(
        first,
        outbox.noted(first, cut),
        outbox.noted(first, loss, Trouble.WAITING),
    )
    outbox.settle(second, outbox.noted(second, loss, Trouble.HELD))
    a, b = delivery_id(cut.position, first), delivery_id(loss.position, first)
    c = delivery_id(loss.position, second)
    later = sorted([first, second])
    assert outbox.listed() == [a, *(b if one == first else c for one in later)]

    assert outbox.listed("?state=parked") == [a]
    assert set(outbox.listed("?state=parked&state=held")) == {a, c}
    assert outbox.listed(f"?route={first}") == [a, b]
    assert outbox.listed("?route=second") == [c]
    assert set(outbox.listed(f"?ticket={other['ref']}")) == {b, c}
    assert outbox.listed(f"?ticket={one['id']}&route=second") == []


def test_pages_go_on_where_the_last_one_ended(gateway: Client, outbox: Outbox) -> None:
    routes = [outbox.route(name) for name in ("a", "b", "c")]
    tickets = [gateway.incident() for _ in range(3)]
    incidents = [outbox.events(ticket)[0] for ticket in tickets]
    for route in routes:
        outbox.settle(route, *(outbox.noted(route, event) for event in incidents))
    seen, cursor = list[str](), ""
    for _ in range(9):
        page = gateway.ask("GET", f"/deliveries?limit=2{cursor}", who="admin").json
        seen += [one["id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert len(seen) == 9
    assert seen == outbox.listed("?limit=100")
    assert seen == [delivery_id(e.position, r) for e in incidents for r in sorted(routes)]
    for other in ("state=parked", "route=a", f"ticket={tickets[0]['ref']}"):
        elsewhere = gateway.ask("GET", f"/deliveries?{other}&limit=2{cursor}", who="admin")
        assert elsewhere.fields == {("cursor", "bad_cursor")}, other


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("?state=lost", 422, "validation"),
        ("?limit=0", 422, "validation"),
        ("?cursor=abc", 422, "validation"),
        ("?route=nobody", 404, "not_found"),
        ("?ticket=I20261120-zzzz", 404, "not_found"),
        ("?colour=red", 422, "validation"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    gateway: Client, query: str, status: int, code: str
) -> None:
    refused = gateway.ask("GET", f"/deliveries{query}", who="admin")

    assert (refused.status, refused.code) == (status, code)


@pytest.mark.parametrize(
    "name",
    ["dlv_1_nobody", "dlv_", "nonsense", "dlv_x_y", "dlv_99999999999999999999_y", "dlv_\u0661_y"],
)
def test_what_is_not_there_is_not_found(gateway: Client, outbox: Outbox, name: str) -> None:
    outbox.parked("noc")

    read = gateway.ask("GET", f"/deliveries/{name}", who="admin")
    redriven = outbox.redrive(f"{name}/redrive")

    assert (read.status, read.code) == (404, "not_found")
    assert (redriven.status, redriven.code) == (404, "not_found")


def test_another_position_of_the_same_route_is_not_taken_for_it(outbox: Outbox) -> None:
    route, parked = outbox.parked("noc")
    position = int(parked.split("_")[1])

    before = outbox.redrive(f"{delivery_id(position - 1, route)}/redrive")

    assert before.code == "not_found"
    assert outbox.listed("?state=parked") == [parked]


# -- having it tried again ------------------------------------------------------------------------


def test_a_parked_delivery_is_tried_again(tmp_path: Path) -> None:
    nudges: list[None] = []
    with client(tmp_path, nudge=lambda: nudges.append(None)) as gateway:
        outbox = Outbox(gateway)
        route, parked = outbox.parked("noc")
        gateway.house.clock.pass_by(timedelta(hours=1))

        with capture_logs() as logs:
            done = outbox.redrive(f"{parked}/redrive")

        assert done.status == 200, done.body
        shown = (done.json["id"], done.json["state"], done.json["attempts"], done.json["tried_at"])
        assert shown == (parked, "waiting", 0, None)
        assert done.json["due_at"] == "2026-11-20T13:00:00.000000Z"
        assert gateway.ask("GET", f"/deliveries/{parked}", who="admin").json == done.json
        with gateway.house.store.reading() as turn:
            lanes = turn.lanes(gateway.house.orgs["net"], route, (done.json["stream"],))
        assert lanes == {}
        assert len(nudges) == 1
        (told,) = [one for one in logs if one.get("action") == "redriven"]
        assert told["delivery"] == parked
        assert told["key"] == gateway.house.keys["admin"].key_id

        again = outbox.redrive(f"{parked}/redrive")
        assert (again.status, again.code) == (409, "conflict")
        assert len(nudges) == 1


@pytest.mark.parametrize("state", [Trouble.WAITING, Trouble.HELD])
def test_what_is_not_parked_is_not_tried_again(outbox: Outbox, state: Trouble) -> None:
    route = outbox.route("noc")
    (opening,) = outbox.events(outbox.client.incident())
    outbox.settle(route, outbox.noted(route, opening, state))

    refused = outbox.redrive(f"{delivery_id(opening.position, route)}/redrive")

    assert (refused.status, refused.code) == (409, "conflict")
    assert state.value in refused.json["detail"]
    (one,) = outbox.client.ask("GET", "/deliveries", who="admin").json["items"]
    assert (one["state"], one["attempts"]) == (state.value, 5)


def test_of_a_route_only_that_delivery_is_tried_again(gateway: Client, outbox: Outbox) -> None:
    route = outbox.route("noc")
    events = [outbox.events(gateway.incident())[0] for _ in range(2)]
    outbox.settle(route, *(outbox.noted(route, one) for one in events))
    one, other = (delivery_id(event.position, route) for event in events)

    assert outbox.redrive(f"{one}/redrive").status == 200
    assert outbox.listed("?state=waiting") == [one]
    assert outbox.listed("?state=parked") == [other]


def test_a_routes_deliveries_are_tried_again_and_all(outbox: Outbox) -> None:
    _, one = outbox.parked("first")
    _, other = outbox.parked("second")

    first = outbox.redrive("redrive", {"route": "first"})

    assert (first.status, first.json) == (200, {"redriven": 1})
    assert outbox.listed("?state=parked") == [other]
    everything = outbox.redrive("redrive")
    assert everything.json == {"redriven": 1}
    assert outbox.listed("?state=waiting") == [one, other]
    assert outbox.redrive("redrive", {}).json == {"redriven": 0}
    missing = outbox.redrive("redrive", {"route": "third"})
    assert (missing.status, missing.code) == (404, "not_found")


def test_the_same_request_is_done_once(outbox: Outbox) -> None:
    route, _ = outbox.parked("noc")
    key = {"Idempotency-Key": "once"}

    first = outbox.redrive("redrive", {"route": route}, headers=key)
    (opening,) = outbox.events(outbox.client.incident("Another"))
    outbox.settle(route, outbox.noted(route, opening))
    again = outbox.redrive("redrive", {"route": route}, headers=key)
    other = outbox.redrive("redrive", {}, headers=key)
    fresh = outbox.redrive("redrive", {"route": route}, headers={"Idempotency-Key": "twice"})

    assert (first.json, again.json) == ({"redriven": 1}, {"redriven": 1})
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert (other.status, other.code) == (422, "idempotency_mismatch")
    assert fresh.json == {"redriven": 1}


def test_after_a_day_the_same_request_is_done_again(outbox: Outbox) -> None:
    _, parked = outbox.parked("noc")
    key = {"Idempotency-Key": "once"}
    outbox.redrive(f"{parked}/redrive", headers=key)
    replayed = outbox.redrive(f"{parked}/redrive", headers=key)

    outbox.client.house.clock.pass_by(timedelta(hours=25))
    again = outbox.redrive(f"{parked}/redrive", headers=key)

    assert replayed.headers["idempotency-replayed"] == "true"
    assert (again.status, again.code) == (409, "conflict")


def test_a_refusal_is_not_kept_as_an_answer(outbox: Outbox) -> None:
    key = {"Idempotency-Key": "once"}
    route = outbox.route("noc")
    (opening,) = outbox.events(outbox.client.incident())
    name = delivery_id(opening.position, route)
    assert outbox.redrive(f"{name}/redrive", headers=key).status == 404

    outbox.settle(route, outbox.noted(route, opening))

    assert outbox.redrive(f"{name}/redrive", headers=key).status == 200


# -- who may --------------------------------------------------------------------------------------

ROLES = {"viewer": False, "member": False, "oncall_engineer": True, "sre_lead": True}


@pytest.mark.parametrize(("role", "reads"), ROLES.items())
def test_roles(outbox: Outbox, role: str, reads: bool) -> None:
    route, parked = outbox.parked("noc")
    outbox.client.house.invite("someone", org="net", role=role)
    leads = role == "sre_lead"

    listed = outbox.client.ask("GET", "/deliveries", who="someone")
    read = outbox.client.ask("GET", f"/deliveries/{parked}", who="someone")
    assert {listed.status, read.status} == ({200} if reads else {403})
    for body in ({"route": route}, {}):
        several = outbox.redrive("redrive", body, who="someone")
        assert several.status == (200 if leads else 403)
    # Whether there is such a delivery is told to nobody who could do nothing about it.
    missing = outbox.redrive("dlv_1_nowhere/redrive", who="someone")
    assert missing.status == (404 if leads else 403)
    one = outbox.redrive(f"{parked}/redrive", who="someone")
    # By then the lead has had it tried again.
    assert one.status == (409 if leads else 403)
    assert outbox.listed("?state=parked") == ([] if leads else [parked])


def test_who_is_bound_to_a_contributor_reaches_that_contributors_routes(outbox: Outbox) -> None:
    own, own_parked = outbox.parked("own", contributor="alpha")
    _, theirs_parked = outbox.parked("theirs", contributor="beta")
    _, nobodys_parked = outbox.parked("nobodys")
    outbox.client.house.invite("lead", org="net", role="sre_lead", contributor="alpha")
    everything = [own_parked, theirs_parked, nobodys_parked]
    assert outbox.listed(who="lead") == everything

    for parked in (theirs_parked, nobodys_parked):
        assert outbox.redrive(f"{parked}/redrive", who="lead").code == "forbidden"
    for name in ("theirs", "nobodys"):
        assert outbox.redrive("redrive", {"route": name}, who="lead").code == "forbidden"
    assert outbox.listed("?state=parked") == everything

    assert outbox.redrive("redrive", who="lead").json == {"redriven": 1}
    assert outbox.listed("?state=parked") == [theirs_parked, nobodys_parked]
    assert outbox.redrive("redrive", {"route": own}, who="lead").json == {"redriven": 0}


@pytest.mark.parametrize(
    "endpoint",
    [*deliveries.ENDPOINTS, *trials.ENDPOINTS],
    ids=lambda one: f"{one.method} {one.path}",
)
def test_in_another_org_there_is_nothing_of_it(outbox: Outbox, endpoint: Any) -> None:
    route, parked = outbox.parked("noc")
    path = endpoint.path.format(org="net", delivery=parked, name=route)
    elsewhere = path.replace("/v1/orgs/net", ELSEWHERE)

    knocking = outbox.client.ask(endpoint.method, path, who="stranger")
    nobody = outbox.client.ask(endpoint.method, path, who=None)
    at_home = outbox.client.ask(endpoint.method, elsewhere, who="stranger")

    assert (knocking.status, knocking.code) == (404, "not_found")
    assert (nobody.status, nobody.code) == (401, "unauthenticated")
    if parked in path or route in path:
        assert (at_home.status, at_home.code) == (404, "not_found")
    else:
        assert at_home.json in ({"redriven": 0}, {"items": [], "next_cursor": None})
    assert outbox.listed("?state=parked") == [parked]


def test_a_revoked_key_has_nothing_tried_again(outbox: Outbox) -> None:
    _, parked = outbox.parked("noc")
    outbox.client.house.invite("lead", org="net", role="sre_lead")
    key = outbox.client.house.keys["lead"].key_id
    assert outbox.client.ask("GET", "/deliveries", who="lead").status == 200
    assert outbox.client.ask("DELETE", f"/keys/{key}", who="admin").status == 200

    refused = outbox.redrive(f"{parked}/redrive", who="lead")

    assert (refused.status, refused.code) == (401, "unauthenticated")
    assert outbox.listed("?state=parked") == [parked]


# -- how destinations stand -----------------------------------------------------------------------

NEW = {
    "state": "ok",
    "down_since": None,
    "down_reason": "",
    "delivered": 0,
    "delivered_at": None,
    "waiting": 0,
    "parked": 0,
}


def test_a_route_says_how_its_destination_stands(gateway: Client, outbox: Outbox) -> None:
    route = outbox.route("noc")
    assert gateway.ask("GET", f"/routes/{route}", who="admin").json["delivery"] == NEW
    made = [outbox.events(gateway.incident())[0] for _ in range(5)]
    waiting = gateway.ask("GET", f"/routes/{route}", who="admin").json["delivery"]
    assert waiting == NEW | {"waiting": 5}

    settled, parked, late, held, _unread = made
    outbox.settle(
        route,
        outbox.noted(route, parked),
        outbox.noted(route, late, Trouble.WAITING),
        outbox.noted(route, held, Trouble.HELD),
        position=settled.position,
        ahead=(parked.position, late.position, held.position),
        delivered=7,
        delivered_at=NOON,
        down_since=NOON + timedelta(minutes=1),
        down_reason="no answer within 5 s",
    )
    down = {
        "state": "down",
        "down_since": "2026-11-20T12:01:00.000000Z",
        "down_reason": "no answer within 5 s",
        "delivered": 7,
        "delivered_at": "2026-11-20T12:00:00.000000Z",
        "waiting": 3,
        "parked": 1,
    }

    read = gateway.ask("GET", f"/routes/{route}", who="admin").json
    (listed,) = gateway.ask("GET", "/routes", who="admin").json["items"]

    assert read["delivery"] == down
    assert listed["delivery"] == down | {"waiting": None}


def test_only_so_much_of_the_log_is_counted(gateway: Client, outbox: Outbox) -> None:
    route, org_id = outbox.route("noc"), gateway.house.orgs["net"]
    made = [outbox.events(gateway.incident())[0] for _ in range(5)]
    outbox.settle(route, position=made[0].position, ahead=(made[-1].position,))

    with gateway.house.store.reading() as turn:
        assert deliveries.standing(turn, org_id, route, most=2).waiting == 2
        assert deliveries.standing(turn, org_id, route).waiting == 3


def test_destinations_of_other_orgs_are_not_told(gateway: Client, outbox: Outbox) -> None:
    route, _ = outbox.parked("noc")
    theirs = gateway.ask(
        "POST", f"{ELSEWHERE}/routes", {"name": "noc", "destination": WEBHOOK}, who="stranger"
    ).json["id"]

    read = gateway.ask("GET", f"{ELSEWHERE}/routes/{theirs}", who="stranger")
    (listed,) = gateway.ask("GET", f"{ELSEWHERE}/routes", who="stranger").json["items"]

    assert read.json["delivery"] == NEW
    assert (listed["id"], listed["delivery"]["parked"]) == (theirs, 0)
    (ours,) = gateway.ask("GET", "/routes", who="admin").json["items"]
    assert (ours["id"], ours["delivery"]["parked"]) == (route, 1)


def test_every_endpoint_says_what_it_is() -> None:
    for endpoint in (*deliveries.ENDPOINTS, *trials.ENDPOINTS):
        assert endpoint.summary.endswith(".")
        # What has deliveries sent is no fact of the log.
        assert endpoint.logged != endpoint.writes


def test_what_is_answered_to_a_redrive_is_on_disk(tmp_path: Path) -> None:
    with client(tmp_path) as made:
        outbox = Outbox(made)
        _, parked = outbox.parked("noc")
        said: list[str] = []
        with made.house.file.tending() as turn:
            connection = turn.connection
        connection.set_trace_callback(said.append)

        answer = outbox.redrive(f"{parked}/redrive")

        connection.set_trace_callback(None)
    assert answer.status == 200
    (done,) = [place for place, one in enumerate(said) if one.startswith("UPDATE deliveries")]
    synced = [one for one in said[:done] if one.startswith("PRAGMA synchronous")]
    # A connection of the writer's waits for the disk, unless it is told not to.
    assert synced[-1:] in ([], ["PRAGMA synchronous=FULL"])
    assert "COMMIT" in said[done:]
