"""Senders of CloudEvents are answered as they expect; a connector's mapping is read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.neighbouring import Neighbour, connector, json_of, neighbour, request
from tocsin.adapters.cloudevents.receiver import CloudEventsReceiver, OtherFormat
from tocsin.app.receivers import mapped_by
from tocsin.core.commands import SignalDraft
from tocsin.core.connector_words import ConnectorKind
from tocsin.core.ingestion import Unreadable
from tocsin.core.words import Status
from tocsin.handler.arrival import PayloadVerdict

RECEIVER = CloudEventsReceiver(mapped_by)
STRUCTURED = {"content-type": "application/cloudevents+json"}
BATCHED = {"content-type": "application/cloudevents-batch+json"}
MAPPING = {"summary": "data.what", "severity": "data.how_bad", "correlation_key": "subject"}


@pytest.fixture
def sender(tmp_path: Path) -> Iterator[Neighbour]:
    with neighbour(tmp_path, ConnectorKind.CLOUDEVENTS) as made:
        yield made


def event(identity: str = "e-1", kind: str = "optics.low.fired", **data: str) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "id": identity,
        "source": "/sensors/ams",
        "type": kind,
        "subject": "xe-0/0/1",
        "data": {"summary": "Received light is low", "severity": "critical"} | data,
    }


def test_an_event_opens_and_the_same_one_again_is_known(sender: Neighbour) -> None:
    reply, opened = sender.send("", event(), headers=STRUCTURED)
    assert reply.status == 202
    assert opened.verdict is PayloadVerdict.CREATED

    _, again = sender.send("", event(), headers=STRUCTURED)
    assert again.verdict is PayloadVerdict.DEDUPLICATED
    _, other = sender.send("", event("e-2"), headers=STRUCTURED)
    assert sender.ticket(other).id == sender.ticket(opened).id


def test_an_event_that_comes_again_after_its_end_says_nothing(sender: Neighbour) -> None:
    _, opened = sender.send("", event(), headers=STRUCTURED)
    over = event("e-2", "optics.low.resolved")
    _, ended = sender.send("", over, headers=STRUCTURED)
    assert sender.ticket(ended).status is Status.RESOLVED

    for late in (event(), over):
        _, late_told = sender.send("", late, headers=STRUCTURED)
        assert late_told.verdict is not PayloadVerdict.CREATED
    assert sender.ticket(opened).status is Status.RESOLVED
    _, anew = sender.send("", event("e-3"), headers=STRUCTURED)
    assert sender.ticket(anew).id == sender.ticket(opened).id
    assert sender.ticket(anew).status is Status.INVESTIGATING


def test_a_batch_is_read_in_its_order_and_an_empty_one_says_nothing(sender: Neighbour) -> None:
    _, accounted = sender.send("", [event(), event("e-2")], headers=BATCHED)

    assert len(accounted.results) == 2
    reply, nothing = sender.send("", [], headers=BATCHED)
    assert (reply.status, nothing.results) == (202, ())


def test_a_binary_event_is_read_from_its_headers(sender: Neighbour) -> None:
    headers = {
        "content-type": "application/json",
        "ce-specversion": "1.0",
        "ce-id": "e-9",
        "ce-source": "/sensors/ams",
        "ce-type": "door.opened",
    }
    assert headers.keys() <= RECEIVER.kept_headers | {"content-type"}
    _, opened = sender.send("", {"summary": "Door open", "severity": "sev1"}, headers=headers)

    ticket = sender.ticket(opened)
    assert (ticket.title, ticket.status) == ("Door open", Status.OPEN)


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"content-type": "application/cloudevents+avro"}, b"\0", 415),
        ({"content-type": "application/json"}, b"{}", 400),
        (STRUCTURED, b"{", 400),
        (STRUCTURED, b'{"specversion": "0.3"}', 400),
    ],
)
def test_what_cannot_be_read_is_kept_and_says_why(
    sender: Neighbour, headers: dict[str, str], body: bytes, status: int
) -> None:
    reply, accounted = sender.send("", body, headers=headers)

    assert reply.status == status
    assert json_of(reply)["message"] == accounted.reason
    assert accounted.verdict is PayloadVerdict.UNPARSEABLE


def test_a_mapping_reads_events_its_own_way() -> None:
    mapped = connector(ConnectorKind.CLOUDEVENTS, mapping=MAPPING)
    sent = request("", event(what="Dark", how_bad="major"), headers=STRUCTURED)

    (signal,) = RECEIVER.read(sent, mapped).said
    assert isinstance(signal, SignalDraft)
    assert (signal.summary, signal.severity, signal.correlation_key) == (
        "Dark",
        "error",
        "xe-0/0/1",
    )
    with pytest.raises(Unreadable, match="summary"):
        RECEIVER.read(request("", event(), headers=STRUCTURED), mapped)
    with pytest.raises(OtherFormat):
        RECEIVER.read(
            request("", b"", headers={"content-type": "application/cloudevents+x"}), mapped
        )


def test_a_mapping_that_finds_nothing_or_cannot_be_read_says_so() -> None:
    nothing = connector(ConnectorKind.CLOUDEVENTS, mapping={**MAPPING, "items": "data.list"})
    sent = request("", json.dumps({**event(), "data": {"list": []}}).encode(), headers=STRUCTURED)
    with pytest.raises(Unreadable, match="finds no signal"):
        RECEIVER.read(sent, nothing)
    newer = connector(ConnectorKind.CLOUDEVENTS, mapping={**MAPPING, "later": "x"})
    with pytest.raises(Unreadable, match="this release"):
        RECEIVER.read(sent, newer)


def test_a_handshake_allows_the_origin_that_asks() -> None:
    asked = {"webhook-request-origin": "sender.example", "webhook-request-rate": "120"}

    reply = RECEIVER.handshake(request(method="OPTIONS", headers=asked))
    assert reply.status == 200
    assert dict(reply.headers) == {
        "Allow": "POST",
        "WebHook-Allowed-Origin": "sender.example",
        "WebHook-Allowed-Rate": "120",
    }
    assert dict(RECEIVER.handshake(request(method="OPTIONS")).headers) == {"Allow": "POST"}


def test_there_is_nothing_at_other_paths(sender: Neighbour) -> None:
    assert sender.send("elsewhere", event(), headers=STRUCTURED)[0].status == 404
    assert sender.look("").status == 404
