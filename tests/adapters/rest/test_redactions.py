"""Erasing text and personal data of an earlier event."""

from __future__ import annotations

from typing import Any

import pytest

from tests.adapters.rest.asking import Client
from tests.handler.acting import pubkey
from tocsin.adapters.clock.erasing import Erasing
from tocsin.core.instants import DAY


def events(gateway: Client, stream: str) -> list[Any]:
    """The events of one stream, as an org_admin reads them."""
    found = gateway.ask("GET", "/events?limit=1000", who="admin").json["items"]
    return [one for one in found if one["stream"] == stream]


def redact(gateway: Client, event: str, *fields: str, who: str = "admin") -> Any:
    """Ask for an erasure."""
    return gateway.ask("POST", "/redactions", {"event": event, "fields": fields}, who=who)


def test_text_of_a_ticket_is_gone_from_it_and_from_the_log(gateway: Client) -> None:
    ticket = gateway.incident(description="Ask Jan, +31 6 1234.", reporter_name="Jan")
    stream = f"incident:{ticket['id']}"
    opened = events(gateway, stream)[0]

    done = redact(gateway, opened["id"], "reporter_name", "description", "description")

    assert done.status == 201, done.body
    assert done.json == {
        "event": opened["id"],
        "fields": ["description", "reporter_name"],
        "stream": stream,
        "position": int(done.headers["x-position"]),
    }
    shown = gateway.ask("GET", f"/tickets/{ticket['id']}").json
    assert (shown["description"], shown["reporter_name"]) == ("[removed]", "[removed]")
    assert shown["title"] == ticket["title"]
    first, *_, last = events(gateway, stream)
    assert first["data"]["description"] == "[removed]"
    assert (last["kind"], last["position"]) == ("incident.redacted", done.json["position"])


def test_personal_data_of_a_member_is_gone(gateway: Client) -> None:
    person = {"name": "Jan", "email": "jan@alpha.example", "role": "viewer"}
    member = gateway.ask("POST", "/members", person, who="admin").json
    (created,) = events(gateway, f"member:{member['id']}")

    done = redact(gateway, created["id"], "email", "name")

    assert done.status == 201, done.body
    shown = gateway.ask("GET", f"/members/{member['id']}").json
    assert (shown["name"], shown["email"]) == ("[removed]", "[removed]")
    # The address is free again.
    assert gateway.ask("POST", "/members", person, who="admin").status == 201


def test_contacts_of_a_contributor_are_gone(gateway: Client) -> None:
    body = {
        "code": "gamma",
        "name": "Gamma",
        "pubkey": pubkey(3),
        "contacts": [{"name": "Jan", "method": "phone", "address": "+31 6 1234"}],
    }
    made = gateway.ask("POST", "/contributors", body, who="admin").json
    (created,) = events(gateway, f"contributor:{made['id']}")

    assert redact(gateway, created["id"], "contacts").status == 201

    shown = gateway.ask("GET", "/contributors/gamma")
    assert shown.status == 200, shown.body
    assert b"1234" not in shown.body


def test_only_an_org_admin_erases(gateway: Client) -> None:
    ticket = gateway.incident()
    (opened,) = events(gateway, f"incident:{ticket['id']}")

    refused = redact(gateway, opened["id"], "description", who="owner")

    assert (refused.status, refused.code) == (403, "forbidden")
    shown = gateway.ask("GET", f"/tickets/{ticket['id']}").json
    assert shown["description"] == ticket["description"]


@pytest.mark.parametrize(
    "name", ["nothing", "0197a3c2-5d00-7000-8000-00000000002a", "0" * 32, "-1"]
)
def test_an_event_that_is_not_there_is_not_found(gateway: Client, name: str) -> None:
    missing = redact(gateway, name, "description")

    assert (missing.status, missing.code) == (404, "not_found")


def test_an_event_is_found_by_its_whole_id_only(gateway: Client) -> None:
    """The position is in an id; an id of another instant at that position is another event."""
    ticket = gateway.incident()
    (opened,) = events(gateway, f"incident:{ticket['id']}")

    assert redact(gateway, "f" + opened["id"][1:], "description").status == 404


def test_an_event_of_another_org_is_not_found(gateway: Client) -> None:
    elsewhere = gateway.ask("GET", "/v1/orgs/elsewhere/events?limit=100", who="stranger").json
    theirs = elsewhere["items"][-1]

    assert redact(gateway, theirs["id"], "name").status == 404


def test_what_holds_no_text_is_refused(gateway: Client) -> None:
    device = gateway.ask("GET", "/devices/ams-1").json
    (registered,) = events(gateway, f"device:{device['id']}")
    ticket = gateway.incident()
    (opened,) = events(gateway, f"incident:{ticket['id']}")

    assert redact(gateway, registered["id"], "code").fields == {("event", "nothing_erasable")}
    assert redact(gateway, opened["id"], "severity").status == 422
    assert redact(gateway, opened["id"]).fields == {("fields", "required")}


def test_a_refused_erasure_erases_nothing(gateway: Client) -> None:
    """One field of two holds no personal data: both stay."""
    person = {"name": "Jan", "email": "jan@alpha.example", "role": "viewer"}
    member = gateway.ask("POST", "/members", person, who="admin").json
    (created,) = events(gateway, f"member:{member['id']}")

    assert redact(gateway, created["id"], "email", "role").status == 422

    gateway.ask("POST", "/services", {"code": "api", "name": "API"}, who="admin")
    assert events(gateway, f"member:{member['id']}") == [created]


def test_an_erasure_is_answered_once(gateway: Client) -> None:
    ticket = gateway.incident()
    (opened,) = events(gateway, f"incident:{ticket['id']}")
    body, key = {"event": opened["id"], "fields": ["description"]}, {"Idempotency-Key": "one"}

    first = gateway.ask("POST", "/redactions", body, who="admin", headers=key)
    again = gateway.ask("POST", "/redactions", body, who="admin", headers=key)

    assert again.json == first.json
    assert again.headers["idempotency-replayed"] == "true"
    assert len(events(gateway, f"incident:{ticket['id']}")) == 2


def test_what_is_kept_no_longer_is_gone_from_every_answer(gateway: Client) -> None:
    """The policy over HTTP, the clock beside it, and what a reader sees after that."""
    home = gateway.house
    ticket = gateway.incident(description="Dark.", reporter_name="Marzipan")
    place = f"/tickets/{ticket['id']}"
    gateway.ask("POST", f"{place}/updates", {"body": "It was the marten."})
    gateway.ask("POST", f"{place}/updates", {"status": "resolved"})
    for wrong in (0, -1, "soon", 40_000):
        policy = gateway.ask("PATCH", "/policy", {"pii_retention_days": wrong}, who="admin")
        assert policy.status == 422
    gateway.ask("PATCH", "/policy", {"pii_retention_days": 30}, who="admin")
    erasing = Erasing(store=home.store, writer=home.writer)

    home.clock.pass_by(29 * DAY)
    assert erasing.look(at=home.clock()) is False
    assert gateway.ask("GET", place).json["reporter_name"] == "Marzipan"
    home.clock.pass_by(2 * DAY)
    assert erasing.look(at=home.clock()) is False

    shown = gateway.ask("GET", place).json
    assert (shown["reporter_name"], shown["created_by"]["name"]) == ("[removed]", "[removed]")
    assert shown["created_by"]["id"] == ticket["created_by"]["id"]
    stream = f"incident:{ticket['id']}"
    timeline = gateway.ask("GET", f"{place}/timeline")
    assert timeline.status == 200, timeline.body
    assert b"It was the marten." in timeline.body
    assert b"Marzipan" not in timeline.body
    assert b'"owner"' not in timeline.body
    erased = [one for one in events(gateway, stream) if one["kind"] == "incident.redacted"]
    assert {one["data"]["reason"] for one in erased} == {"retention: pii_retention_days 30"}
    assert {one["actor"]["type"] for one in erased} == {"system"}
