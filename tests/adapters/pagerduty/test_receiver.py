"""PagerDuty's clients are answered as they expect, and what they say has its consequences."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.adapters.neighbouring import Neighbour, connector, json_of, neighbour, request
from tocsin.adapters.pagerduty.receiver import PagerDutyReceiver
from tocsin.core.connector_words import ConnectorKind
from tocsin.core.verdicts import Word
from tocsin.core.words import Status
from tocsin.handler.arrival import PayloadVerdict

PAYLOADS = Path(__file__).parent / "payloads"
RECEIVER = PagerDutyReceiver()
PAGERDUTY = connector(ConnectorKind.PAGERDUTY)
KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Neighbour]:
    with neighbour(tmp_path, ConnectorKind.PAGERDUTY) as made:
        yield made


def event(action: str = "trigger", **changes: object) -> dict[str, object]:
    payload = {"summary": "Disk full", "source": "ams-db-1", "severity": "warning"}
    return {"routing_key": KEY, "event_action": action, "payload": payload} | changes


def test_a_trigger_opens_whatever_its_severity_and_a_resolve_ends_it(client: Neighbour) -> None:
    reply, opened = client.send("v2/enqueue", event(dedup_key="disk"))

    assert (reply.status, json_of(reply)) == (
        202,
        {"status": "success", "message": "Event processed", "dedup_key": "disk"},
    )
    assert opened.verdict is PayloadVerdict.CREATED
    ticket = client.ticket(opened)
    assert (ticket.title, ticket.severity.value) == ("Disk full", "sev3")

    _, again = client.send("v2/enqueue", event(dedup_key="disk"))
    _, acknowledged = client.send("v2/enqueue", event("acknowledge", dedup_key="disk"))
    assert again.verdict is PayloadVerdict.DEDUPLICATED
    assert client.ticket(acknowledged).status is Status.ACKNOWLEDGED
    _, ended = client.send("v2/enqueue", event("resolve", dedup_key="disk"))
    assert client.ticket(ended).id == ticket.id
    assert client.ticket(ended).status is Status.RESOLVED

    _, anew = client.send("v2/enqueue", event(dedup_key="disk"))
    assert anew.verdict is PayloadVerdict.CREATED
    assert client.ticket(anew).id != ticket.id


def test_events_without_a_key_are_alerts_of_their_own_with_a_key_to_name_them(
    client: Neighbour,
) -> None:
    first, opened = client.send("v2/enqueue", event())
    second, another = client.send("v2/enqueue", event())

    assert opened.verdict is another.verdict is PayloadVerdict.CREATED
    assert json_of(first)["dedup_key"] != json_of(second)["dedup_key"]
    ending = event("resolve", dedup_key=json_of(first)["dedup_key"])
    _, ended = client.send("v2/enqueue", ending)
    assert client.ticket(ended).id == client.ticket(opened).id


def test_an_end_of_nothing_is_accepted_and_dropped(client: Neighbour) -> None:
    reply, accounted = client.send("v2/enqueue", event("resolve", dedup_key="never seen"))

    assert reply.status == 202
    assert [one.verdict for one in accounted.results] == [Word.UNATTACHED]


def test_a_change_is_noted_and_opens_nothing(client: Neighbour) -> None:
    reply, accounted = client.send("v2/change/enqueue", (PAYLOADS / "change.json").read_bytes())

    assert reply.status == 202
    assert json_of(reply)["message"] == "Change event processed"
    assert accounted.results[0].ticket_id is None


def test_what_pagerduty_would_not_take_is_kept_and_answered_as_there(client: Neighbour) -> None:
    reply, accounted = client.send("v2/enqueue", event("explode", dedup_key="disk"))

    assert reply.status == 400
    assert json_of(reply)["status"] == "invalid event"
    assert json_of(reply)["errors"] == [
        "'event_action' must be one of: trigger, acknowledge, resolve"
    ]
    assert accounted.verdict is PayloadVerdict.UNPARSEABLE


def test_the_token_is_the_routing_key_whole_or_that_of_a_header() -> None:
    long = "k" * 200

    assert RECEIVER.token(request(body=event(routing_key=long))) == long
    assert RECEIVER.token(request(body=b"{", headers={"x-routing-key": KEY})) == KEY
    assert RECEIVER.token(request(body=event(routing_key=" "))) is None


def test_the_routing_key_may_be_left_out_once_the_sender_is_known() -> None:
    bare = {name: value for name, value in event().items() if name != "routing_key"}

    assert RECEIVER.read(request("", bare), PAGERDUTY).said
    assert RECEIVER.read(request("v2/enqueue", bare), PAGERDUTY).said


@pytest.mark.parametrize("key", [KEY, 'with-"quotes"-and-\\-of-32-characters'])
def test_the_routing_key_is_not_kept(key: str) -> None:
    sent = request("v2/enqueue", event(routing_key=key))

    kept = json.loads(RECEIVER.kept_body(sent))
    assert kept == event(routing_key="[routing key]")
    assert RECEIVER.read(request("v2/enqueue", kept), PAGERDUTY).said
    assert RECEIVER.kept_body(request(body=b"no json")) == b"no json"


def test_there_is_nothing_at_other_paths(client: Neighbour) -> None:
    reply, _ = client.send("v2/nothing", event())

    assert reply.status == 404
    assert client.look("v2/enqueue").status == 404
    assert msgspec.json.decode(reply.body)["status"] == "not found"
