"""Who is told what a status page tells, as an org_admin sees it, and nobody else."""

from __future__ import annotations

import pytest

from tests.adapters.rest.asking import Client
from tests.adapters.rest.subscribing import ANN, subscribed
from tocsin.adapters.rest.tickets import head_of
from tocsin.core.errors import Conflict
from tocsin.core.ticket_fold import REMOVED
from tocsin.store.outgoing import DestinationRow, Noted, Settlement, Trouble


@pytest.fixture
def page(gateway: Client) -> str:
    """The id of the status page ``main``."""
    made = gateway.ask("POST", "/status-pages", {"code": "main", "name": "Acme"}, who="admin")
    return str(made.json["id"])


def test_they_are_listed_and_read_with_where_they_go(gateway: Client, page: str) -> None:
    ann = subscribed(gateway)
    other = gateway.ask("POST", "/status-pages", {"code": "other", "name": "O"}, who="admin")

    (item,) = gateway.ask("GET", "/subscriptions", who="admin").json["items"]
    assert item == gateway.ask("GET", f"/subscriptions/{ann}", who="admin").json
    assert (item["id"], item["page_id"], item["kind"]) == (ann, page, "email")
    assert (item["address"], item["services"]) == (ANN, [])
    for name, count in (("main", 1), (page, 1), ("other", 0), (other.json["id"], 0), ("none", 0)):
        found = gateway.ask("GET", f"/subscriptions?page={name}", who="admin").json["items"]
        assert len(found) == count, name


def test_another_org_sees_none_of_them(gateway: Client, page: str) -> None:
    ann = subscribed(gateway)
    elsewhere = "/v1/orgs/elsewhere/subscriptions"
    assert gateway.ask("GET", elsewhere, who="stranger").json["items"] == []
    for method in ("GET", "DELETE"):
        assert gateway.ask(method, f"{elsewhere}/{ann}", who="stranger").status == 404


def test_one_is_ended_and_then_erased(gateway: Client, page: str) -> None:
    ann = subscribed(gateway)
    ended = gateway.ask("DELETE", f"/subscriptions/{ann}", who="admin")
    assert (ended.status, ended.json["address"]) == (200, ANN)
    assert ended.json["removed_at"] is not None
    assert gateway.ask("GET", "/subscriptions", who="admin").json["items"] == []

    events = gateway.ask("GET", "/events?limit=1000", who="admin").json["items"]
    (made,) = [one for one in events if one["kind"] == "subscription.created"]
    assert made["data"]["address"] == ANN
    erased = gateway.ask(
        "POST", "/redactions", {"event": made["id"], "fields": ["address"]}, who="admin"
    )
    assert erased.status in (200, 201), erased.body
    again = gateway.ask("GET", "/events?limit=1000", who="admin").json["items"]
    (made,) = [one for one in again if one["kind"] == "subscription.created"]
    assert made["data"]["address"] == REMOVED


def test_the_log_shows_them_to_nobody_but_an_org_admin(gateway: Client, page: str) -> None:
    subscribed(gateway)
    for who, seen in (("owner", False), ("teammate", False), ("admin", True)):
        events = gateway.ask("GET", "/events?limit=1000", who=who).json["items"]
        assert any(one["kind"].startswith("subscription.") for one in events) == seen, who
        assert (ANN in str(events)) == seen


def test_the_same_address_is_told_once(gateway: Client, page: str) -> None:
    subscribed(gateway)
    with pytest.raises(Conflict):
        subscribed(gateway, ANN.upper())
    subscribed(gateway, "bob@example.org")


def test_what_does_not_reach_one_is_listed_without_saying_who_it_is(
    gateway: Client, page: str
) -> None:
    ann = subscribed(gateway)
    ticket = gateway.incident()["ref"]
    home = gateway.house
    org_id = home.orgs["net"]
    with home.store.writing() as turn:
        head = head_of(turn, org_id, ticket)
        row = DestinationRow(org_id=org_id, route_id=ann, position=head.number)
        noted = Noted(
            org_id=org_id,
            route_id=ann,
            position=head.number,
            stream=head.stream,
            state=Trouble.PARKED,
            due_at=home.clock(),
            reason="the mail server refuses the recipient's address (550)",
        )
        turn.settle(Settlement(destination=row, noted=(noted,)))
        turn.commit()

    (item,) = gateway.ask("GET", "/deliveries", who="admin").json["items"]
    assert item["route"] == {"id": ann, "name": "subscriptions", "kind": "email"}
    assert ANN not in str(item)
    # A subscription is of the org, and nobody's who is bound to one of its contributors.
    home.invite("lead", org="net", role="sre_lead", contributor="alpha")
    theirs = gateway.ask("POST", f"/deliveries/{item['id']}/redrive", who="lead")
    assert (theirs.status, theirs.code) == (403, "forbidden")
    again = gateway.ask("POST", f"/deliveries/{item['id']}/redrive", who="admin")
    assert (again.status, again.json["state"]) == (200, "waiting")
