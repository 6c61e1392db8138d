"""The published SDK of CloudEvents sends its events over HTTP, in every content mode."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cloudevents.core.bindings import http as sdk
from cloudevents.core.v1.event import CloudEvent

from tests.adapters.served import ServedConnector, served
from tocsin.core.connector_words import ConnectorKind
from tocsin.core.words import Status


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[ServedConnector]:
    with served(tmp_path, ConnectorKind.CLOUDEVENTS) as made:
        yield made


def event(identity: str = "e-1", kind: str = "net.example.optics.fired") -> CloudEvent:
    return CloudEvent(
        attributes={
            "id": identity,
            "source": "/sensors/ams",
            "type": kind,
            "subject": "Zürich → 100 %",
            "datacontenttype": "application/json",
        },
        data={"summary": "Received light is low", "severity": "critical"},
    )


def post(gateway: ServedConnector, message: Any, *, token: str | None = None) -> httpx.Response:
    headers = {**message.headers, "authorization": f"Bearer {token or gateway.token}"}
    return httpx.post(gateway.ingest_url, content=message.body, headers=headers)


@pytest.mark.parametrize("written", [sdk.to_binary_event, sdk.to_structured_event])
def test_an_event_opens_and_its_end_resolves(gateway: ServedConnector, written: Any) -> None:
    assert post(gateway, written(event())).status_code == 202
    assert post(gateway, written(event())).status_code == 202
    (ticket,) = gateway.tickets()
    assert (ticket.title, ticket.status) == ("Received light is low", Status.OPEN)

    over = event("e-2", "net.example.optics.resolved")
    assert post(gateway, written(over)).status_code == 202
    (ticket,) = gateway.tickets()
    assert ticket.status is Status.RESOLVED


def test_a_sender_that_asks_first_may_send(gateway: ServedConnector) -> None:
    answer = httpx.request(
        "OPTIONS",
        gateway.ingest_url,
        headers={
            "WebHook-Request-Origin": "sender.example",
            "Authorization": f"Bearer {gateway.token}",
        },
    )

    assert answer.status_code == 200
    assert answer.headers["WebHook-Allowed-Origin"] == "sender.example"


def test_what_is_wrong_is_told(gateway: ServedConnector) -> None:
    message = sdk.to_binary_event(event())
    assert post(gateway, message, token="k" * 32).status_code == 401

    headers = {
        "content-type": "application/cloudevents+avro",
        "authorization": f"Bearer {gateway.token}",
    }
    assert httpx.post(gateway.ingest_url, content=b"\0", headers=headers).status_code == 415
    assert gateway.tickets() == []
