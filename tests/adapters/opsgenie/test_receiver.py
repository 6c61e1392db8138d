"""Opsgenie's clients are answered as they expect, and what they say has its consequences."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.neighbouring import Neighbour, json_of, neighbour, request
from tests.handler.hearing import events
from tocsin.adapters.opsgenie.receiver import OpsgenieReceiver, place_of
from tocsin.core.connector_words import ConnectorKind
from tocsin.core.record_commands import CreateMember
from tocsin.core.ticket import Assignee
from tocsin.core.ticket_facts import NoteAdded, SignalIngested
from tocsin.core.words import Status
from tocsin.handler.arrival import PayloadVerdict

RECEIVER = OpsgenieReceiver()
ALERTS = "v2/alerts"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Neighbour]:
    with neighbour(tmp_path, ConnectorKind.OPSGENIE) as made:
        yield made


def alert(**changes: object) -> dict[str, object]:
    return {"message": "Disk full", "alias": "db/disk", "priority": "P2", **changes}


def shown(client: Neighbour, identifier: str, kind: str = "alias") -> Any:
    reply = client.look(f"{ALERTS}/{identifier}", query={"identifierType": kind})
    return json_of(reply)["data"] if reply.status == 200 else reply.status


def test_an_alert_lives_and_ends(client: Neighbour) -> None:
    reply, opened = client.send(ALERTS, alert(tags=["db"], note="Look here"))

    assert reply.status == 202
    assert json_of(reply)["result"] == "Request will be processed"
    ticket = client.ticket(opened)
    assert (ticket.title, ticket.severity.value) == ("Disk full", "sev2")
    one = shown(client, "db/disk")
    assert (one["status"], one["acknowledged"], one["count"]) == ("open", False, 1)

    _, again = client.send(ALERTS, alert())
    assert again.results[0].ticket_id == ticket.id
    _, acknowledged = client.send(f"{ALERTS}/db/disk/acknowledge", b"")
    assert client.ticket(acknowledged).status is Status.ACKNOWLEDGED
    assert shown(client, "db/disk")["acknowledged"] is True
    client.send(f"{ALERTS}/db/disk/priority", {"priority": "P1"}, method="PUT")
    client.send(f"{ALERTS}/db/disk/message", {"message": "Disk broken"}, method="PUT")
    one = shown(client, one["id"], "id")
    assert (one["priority"], one["message"]) == ("P1", "Disk broken")

    _, ended = client.send(f"{ALERTS}/db/disk/close", {"user": "ada"})
    assert client.ticket(ended).status is Status.RESOLVED
    assert shown(client, one["tinyId"], "tiny")["status"] == "closed"
    _, anew = client.send(ALERTS, alert())
    assert client.ticket(anew).id != ticket.id


def test_an_alert_without_an_alias_is_named_by_what_its_request_tells(client: Neighbour) -> None:
    reply, opened = client.send(ALERTS, {"message": "Disk full"})
    told = json_of(client.look(f"{ALERTS}/requests/{json_of(reply)['requestId']}"))["data"]

    assert (told["isSuccess"], told["action"]) == (True, "Create")
    _, ended = client.send(f"{ALERTS}/{told['alertId']}/close", b"", method="POST")
    assert client.ticket(ended).id == client.ticket(opened).id
    assert shown(client, told["alias"])["status"] == "closed"


def test_what_becomes_of_words_is_told(client: Neighbour) -> None:
    client.send(ALERTS, alert())
    noted, _ = client.send(f"{ALERTS}/db/disk/notes", {"note": "Look here"})
    lost, _ = client.send(f"{ALERTS}/nobody/notes", {"note": "Look here"})

    def told(reply: Any) -> Any:
        return json_of(client.look(f"{ALERTS}/requests/{json_of(reply)['requestId']}"))["data"]

    assert (told(noted)["isSuccess"], told(noted)["alias"]) == (True, "db/disk")
    assert (told(lost)["isSuccess"], told(lost)["alias"]) == (False, "")
    assert client.look(f"{ALERTS}/requests/{'0' * 8}").status == 404


def test_alerts_are_listed_counted_and_asked_for(client: Neighbour) -> None:
    for number in range(3):
        client.send(ALERTS, alert(alias=f"a{number}", priority=f"P{number + 1}"))
    client.send(f"{ALERTS}/a1/close")

    def found(**query: str) -> list[str]:
        return sorted(one["alias"] for one in json_of(client.look(ALERTS, query=query))["data"])

    assert found() == ["a0", "a1", "a2"]
    assert found(query="status: open") == ["a0", "a2"]
    assert found(query='status=closed AND alias: "a1"') == ["a1"]
    assert found(query="priority: P3") == ["a2"]
    first = json_of(client.look(ALERTS, query={"limit": "2", "token": "secret"}))
    assert len(first["data"]) == 2
    assert first["paging"]["next"] == "/v2/alerts?limit=2&offset=2"
    assert len(found(limit="2", offset="2")) == 1
    counted = client.look(f"{ALERTS}/count", query={"query": "status:open"})
    assert json_of(counted)["data"] == {"count": 2}
    assert client.look(ALERTS, query={"query": "message: disk"}).status == 422
    assert client.look(ALERTS, query={"limit": "many"}).status == 422


def test_requests_of_every_kind_are_taken(client: Neighbour) -> None:
    client.send(ALERTS, alert())
    asked = {
        "unacknowledge": {},
        "assign": {"owner": {"username": "ada@example.net"}},
        "snooze": {"endTime": "2026-11-20T15:00:00Z"},
        "tags": {"tags": ["night"]},
        "escalate": {"escalation": {"name": "second line"}},
        "responders": {"responder": {"name": "core", "type": "team"}},
        "details": {"details": {"rack": "12"}},
        "actions/reboot": {},
    }
    for action, body in asked.items():
        reply, taken = client.send(f"{ALERTS}/db/disk/{action}", body)
        assert reply.status == 202, action
        assert client.ticket(taken).status is Status.OPEN, action
    query = {"identifierType": "alias", "tags": "night"}
    reply, untagged = client.send(f"{ALERTS}/db/disk/tags", method="DELETE", query=query)
    assert reply.status == 202
    assert "night" not in client.ticket(untagged).labels
    for part, query in (("details", {"keys": "rack"}), ("attachments/1", {})):
        path = f"{ALERTS}/db/disk/{part}"
        reply, noted = client.send(path, method="DELETE", query=query)
        assert reply.status == 202, part
        assert client.ticket(noted).status is Status.OPEN
    reply, deleted = client.send(f"{ALERTS}/db/disk", method="DELETE", query={"user": "ada"})
    assert reply.status == 202
    assert client.ticket(deleted).status is Status.RESOLVED


def test_a_user_is_a_member_by_mail_and_else_named_on_the_timeline(client: Neighbour) -> None:
    member = client.house.fresh()
    ada = CreateMember(member_id=member, name="Ada", role="member", email="Ada@example.net")
    client.house.system("member", ada, org_id=client.org_id)
    responders = [{"type": "user", "username": "ada@example.net"}, {"type": "team", "name": "noc"}]
    _, opened = client.send(ALERTS, alert(responders=responders))
    assert client.ticket(opened).assignee == Assignee(kind="member", id=member)
    assert "team:noc" in client.ticket(opened).labels

    path = f"{ALERTS}/db/disk/assign"
    reply, left = client.send(path, {"owner": {"username": "eve@example.net"}})
    assert reply.status == 202
    ticket = client.ticket(left)
    assert ticket.assignee == Assignee(kind="member", id=member)
    last = events(client.house, ticket)[-1].payload
    assert isinstance(last, NoteAdded)
    assert last.body == "Changed at the source: assignee: eve@example.net"


def test_who_closes_it_says_so_on_the_timeline(client: Neighbour) -> None:
    client.send(ALERTS, alert())
    _, ended = client.send(f"{ALERTS}/db/disk/close", {"user": "ada", "note": "Swapped it."})
    told = [event.payload for event in events(client.house, client.ticket(ended))]
    assert [one.summary for one in told if isinstance(one, SignalIngested)] == [
        "Disk full",
        "ada: Swapped it.",
    ]


def test_a_ping_by_get_or_post_is_heard_and_says_nothing(client: Neighbour) -> None:
    for method in ("GET", "POST"):
        ping = request("v2/heartbeats/night%20job/ping", method=method)
        assert RECEIVER.is_payload(ping)
        reply, accounted = client.send(ping.path, method=method)
        assert (reply.status, json_of(reply)["result"]) == (202, "PONG - Heartbeat received")
        assert accounted.results == ()
    assert not RECEIVER.is_payload(request("v2/heartbeats/night", method="GET"))
    assert client.look("v2/heartbeats/night").status == 404


def test_what_opsgenie_would_not_take_is_kept_and_answered_as_there(client: Neighbour) -> None:
    reply, accounted = client.send(ALERTS, {"alias": "a"})
    assert reply.status == 422
    assert json_of(reply)["errors"] == {"message": "Message can not be empty."}
    assert accounted.verdict is PayloadVerdict.UNPARSEABLE
    assert client.send(ALERTS, b"{")[0].status == 422
    assert client.send("v2/policies/alert", b"{}")[0].status == 404
    assert client.look(f"{ALERTS}/nobody").status == 404
    assert client.look("v2/users").status == 404


def test_another_connectors_alerts_and_requests_are_not_shown(client: Neighbour) -> None:
    reply, _ = client.send(ALERTS, alert())
    client.connector = type(client.connector)(
        **{
            name: getattr(client.connector, name)
            for name in client.connector.__dataclass_fields__
            if name != "id"
        },
        id="another",
    )

    assert shown(client, "db/disk") == 404
    assert json_of(client.look(ALERTS))["data"] == []
    asked = f"{ALERTS}/requests/{json.loads(reply.body)['requestId']}"
    assert client.look(asked).status == 404


def test_the_token_is_the_genie_key() -> None:
    assert RECEIVER.token(request(headers={"authorization": "GenieKey abc"})) == "abc"
    assert RECEIVER.token(request(headers={"authorization": "geniekey  abc "})) == "abc"
    assert RECEIVER.token(request(headers={"authorization": "GenieKey "})) is None
    assert RECEIVER.token(request(headers={"authorization": "Bearer abc"})) is None
    assert RECEIVER.token(request()) is None


@pytest.mark.parametrize(
    ("method", "path", "place"),
    [
        ("POST", "v2/alerts/a/close", ("a", "close")),
        ("POST", "v2/alerts/a/b/close", ("a/b", "close")),
        ("POST", "v2/alerts/a/b/actions/reboot", ("a/b", "action reboot")),
        ("POST", "v2/alerts/actions/reboot", ("actions", "reboot")),
        ("DELETE", "v2/alerts/a/b", ("a/b", "delete")),
        ("POST", "v2/alerts/a", None),
        ("POST", "v2/alerts//close", None),
        ("POST", "v2/alertsx/a/close", None),
        ("DELETE", "v2/alerts/", None),
    ],
)
def test_what_a_path_names(method: str, path: str, place: tuple[str, str] | None) -> None:
    found = place_of(request(path, method=method))

    assert (None if found is None else (found.identifier, found.action)) == place
