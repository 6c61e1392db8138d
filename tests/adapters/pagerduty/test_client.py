"""PagerDuty's own client, unchanged but for the address."""

from __future__ import annotations

import importlib
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.served import ServedConnector, served
from tests.adapters.webhook.listening import certificate
from tocsin.core.connector_words import ConnectorKind
from tocsin.core.ticket import Ticket
from tocsin.core.words import Status

# Its types are not those of strict checking.
pagerduty: Any = importlib.import_module("pagerduty")


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway over TLS, as the client asks for, and whom it is to trust."""

    served: ServedConnector
    trusted: ssl.SSLContext

    @contextmanager
    def client(self, *, key: str | None = None) -> Iterator[Any]:
        """The client, with the connector's token for its routing key, or another; closed at the
        end, as the server would wait for it."""
        made = pagerduty.EventsApiV2Client(
            key or self.served.token, base_url=self.served.url, verify=self.trusted
        )
        with closing(made):
            yield made

    def tickets(self) -> list[Ticket]:
        """Every ticket."""
        return self.served.tickets()


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    shown = certificate(tmp_path)
    with served(tmp_path, ConnectorKind.PAGERDUTY, certificate=shown) as made:
        yield Gateway(made, shown.trusted)


def test_an_alert_is_triggered_acknowledged_and_resolved(gateway: Gateway) -> None:
    with gateway.client() as client:
        key = client.trigger("Disk full", "ams-db-1", severity="critical")
        (ticket,) = gateway.tickets()
        assert (ticket.title, ticket.status) == ("Disk full", Status.OPEN)
        assert client.trigger("Disk full", "ams-db-1", dedup_key=key) == key
        client.acknowledge(key)
        assert gateway.tickets()[0].status is Status.ACKNOWLEDGED
        client.resolve(key)
        (ticket,) = gateway.tickets()
        assert ticket.status is Status.RESOLVED


def test_a_change_is_taken_and_opens_nothing(gateway: Gateway) -> None:
    with gateway.client() as client:
        client.send_change_event(payload={"summary": "Deployed 1.4", "source": "ci"})

    assert gateway.tickets() == []


def test_a_key_that_is_not_known_is_an_error_that_is_not_tried_again(gateway: Gateway) -> None:
    with gateway.client(key="k" * 32) as client, pytest.raises(pagerduty.HttpError) as wrong:
        client.trigger("Disk full", "ams-db-1")

    assert wrong.value.response.status_code == 400
    assert wrong.value.response.json()["status"] == "invalid event"
    assert gateway.tickets() == []
