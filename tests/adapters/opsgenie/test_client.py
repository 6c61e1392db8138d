"""Opsgenie's own client, unchanged but for the address."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.served import ServedConnector, served
from tocsin.core.connector_words import ConnectorKind
from tocsin.core.ticket_reading import NEEDS_AFFECTED
from tocsin.core.words import Status

# Without types of its own.
sdk: Any = importlib.import_module("opsgenie_sdk")


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[ServedConnector]:
    with served(tmp_path, ConnectorKind.OPSGENIE) as made:
        yield made


def client(gateway: ServedConnector, *, key: str | None = None, prefix: str = "") -> Any:
    settings = sdk.Configuration()
    settings.host = gateway.url + prefix
    settings.api_key = {"Authorization": key or gateway.token}
    settings.retry_enabled = False
    return sdk.ApiClient(configuration=settings)


@pytest.mark.parametrize("prefix", ["", "/jsm/ops/integration"])
def test_an_alert_lives_and_ends(gateway: ServedConnector, prefix: str) -> None:
    api = sdk.AlertApi(api_client=client(gateway, prefix=prefix))

    asked = sdk.CreateAlertPayload(
        message="Disk full", alias="db 1/disk", priority="P1", tags=["db"], note="Look here"
    )
    request = api.create_alert(create_alert_payload=asked)
    (ticket,) = gateway.tickets()
    assert (ticket.title, ticket.severity.value, ticket.labels) == (
        *("Disk full", "sev1"),
        ("db", NEEDS_AFFECTED),
    )

    status = api.get_request_status(request_id=request.request_id).data
    assert status.is_success
    by_id = api.get_alert(identifier=status.alert_id).data
    assert (by_id.alias, by_id.status, by_id.priority) == ("db 1/disk", "open", "P1")
    named = {"identifier": "db 1/disk", "identifier_type": "alias"}
    api.acknowledge_alert(acknowledge_alert_payload=sdk.AcknowledgeAlertPayload(), **named)
    assert api.get_alert(**named).data.acknowledged is True
    note = sdk.AddNoteToAlertPayload(note="Half of it was logs")
    api.add_note(add_note_to_alert_payload=note, **named)
    api.add_tags(add_tags_to_alert_payload=sdk.AddTagsToAlertPayload(tags=["night"]), **named)
    assert gateway.tickets()[0].labels == ("db", NEEDS_AFFECTED, "night")
    api.remove_tags(tags=["night"], **named)
    worse = sdk.UpdateAlertPriorityPayload(priority="P2")
    api.update_alert_priority(update_alert_priority_payload=worse, **named)
    title = sdk.UpdateAlertMessagePayload(message="Disk is full")
    api.update_alert_message(update_alert_message_payload=title, **named)
    (ticket,) = gateway.tickets()
    assert (ticket.title, ticket.severity.value, ticket.labels) == (
        *("Disk is full", "sev2"),
        ("db", NEEDS_AFFECTED),
    )
    listed = api.list_alerts(query="status: open").data
    assert [one.alias for one in listed] == ["db 1/disk"]
    assert api.count_alerts().data.count == 1
    api.close_alert(close_alert_payload=sdk.CloseAlertPayload(user="ada"), **named)
    assert gateway.tickets()[0].status is Status.RESOLVED


def test_what_has_no_counterpart_is_accepted(gateway: ServedConnector) -> None:
    api = sdk.AlertApi(api_client=client(gateway))
    api.create_alert(create_alert_payload=sdk.CreateAlertPayload(message="m", alias="a"))
    named = {"identifier": "a", "identifier_type": "alias"}

    api.un_acknowledge_alert(**named)
    until = sdk.SnoozeAlertPayload(end_time="2026-11-20T15:00:00Z")
    api.snooze_alert(snooze_alert_payload=until, **named)
    details = sdk.AddDetailsToAlertPayload(details={"rack": "12"})
    api.add_details(add_details_to_alert_payload=details, **named)
    api.execute_custom_alert_action(action_name="reboot", **named)
    api.delete_alert(**named)
    (ticket,) = gateway.tickets()
    assert ticket.status is Status.RESOLVED


def test_a_heartbeat_is_answered(gateway: ServedConnector) -> None:
    answer = sdk.HeartbeatApi(api_client=client(gateway)).ping(name="night job")

    assert answer.result == "PONG - Heartbeat received"
    assert gateway.tickets() == []


def test_a_wrong_key_and_a_wrong_alert_are_told(gateway: ServedConnector) -> None:
    payload = sdk.CreateAlertPayload(message="m")
    with pytest.raises(sdk.exceptions.AuthenticationException) as wrong:
        sdk.AlertApi(api_client=client(gateway, key="k" * 32)).create_alert(
            create_alert_payload=payload
        )
    assert wrong.value.status == 401
    with pytest.raises(sdk.exceptions.ConfigurationException) as wrong:
        sdk.AlertApi(api_client=client(gateway)).create_alert(
            create_alert_payload=sdk.CreateAlertPayload(message=" ")
        )
    assert wrong.value.status == 422
    assert gateway.tickets() == []
