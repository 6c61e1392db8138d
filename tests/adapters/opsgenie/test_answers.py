"""Opsgenie's own client understands the answers, and we what it sends."""

from __future__ import annotations

import importlib
import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from tocsin.adapters.opsgenie import answers, translation
from tocsin.adapters.opsgenie.answers import ShownAlert, ShownRequest
from tocsin.core.commands import SignalDraft
from tocsin.core.ingestion import Amended

AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
# Without types of its own.
opsgenie_sdk: Any = importlib.import_module("opsgenie_sdk")
CLIENT = opsgenie_sdk.ApiClient()
ALERT = ShownAlert(
    id="0192",
    tiny_id="17",
    alias="ams-fra-1/loss",
    message="Loss",
    is_open=True,
    is_acknowledged=False,
    priority="P1",
    created_at=AT,
    updated_at=AT,
    last_occurred_at=AT,
    tags=("loss",),
    teams=("backbone",),
    details={"env": "prod"},
)


def understood(body: answers.Json, kind: str) -> Any:
    return CLIENT.deserialize(SimpleNamespace(data=json.dumps(body)), kind)


def written(payload: Any) -> bytes:
    return json.dumps(CLIENT.sanitize_for_serialization(payload)).encode()


def test_the_client_reads_that_a_request_is_accepted() -> None:
    read = understood(answers.accepted(request_id="r-1", took=0.003), "SuccessResponse")

    assert (read.request_id, read.result) == ("r-1", "Request will be processed")
    assert read.took == 0.003


def test_the_client_reads_what_became_of_a_request() -> None:
    shown = ShownRequest(
        action="Create",
        processed_at=AT,
        is_success=True,
        status="Created alert",
        alert_id="0192",
        alias="a",
    )

    read = understood(
        answers.request_status(shown, request_id="r-1", took=0.1), "GetRequestStatusResponse"
    )

    assert (read.data.is_success, read.data.alert_id, read.data.alias) == (True, "0192", "a")
    assert read.data.processed_at == AT


def test_the_client_reads_an_alert() -> None:
    read = understood(answers.alert(ALERT, request_id="r-1", took=0.1), "GetAlertResponse").data

    assert (read.id, read.tiny_id, read.alias, read.status) == (
        *("0192", "17", "ams-fra-1/loss", "open"),
    )
    assert (read.priority, read.acknowledged, read.created_at) == ("P1", False, AT)
    assert (read.tags, read.details) == (["loss"], {"env": "prod"})
    assert [responder.id for responder in read.responders] == ["backbone"]


def test_the_client_reads_a_refusal() -> None:
    body = answers.refused(["message: Message can not be empty."], request_id="r-1", took=0.1)

    read = understood(body, "ErrorResponse")

    assert read.message
    assert body["errors"] == {"message": "Message can not be empty."}
    assert "errors" not in answers.refused(["no colon"], request_id="r-1", took=0.1)


def test_a_ping_is_answered() -> None:
    assert answers.pong(request_id="r-1", took=0.1)["result"] == "PONG - Heartbeat received"


def test_what_the_client_creates_is_read_as_it_means_it() -> None:
    payload = opsgenie_sdk.CreateAlertPayload(
        message="Loss",
        alias="a",
        priority="P2",
        tags=["loss"],
        details={"service": "backbone"},
        responders=[
            opsgenie_sdk.TeamRecipient(name="Backbone"),
            opsgenie_sdk.UserRecipient(username="ada@example.net"),
        ],
    )

    signal, amended = translation.create(written(payload), fresh_alias="fresh").said

    assert isinstance(signal, SignalDraft)
    assert (signal.summary, signal.severity, signal.service_name) == ("Loss", "error", "backbone")
    assert amended == Amended(
        key="a", add_labels=("loss", "team:Backbone"), assignee="ada@example.net"
    )


def test_what_the_client_assigns_and_snoozes_is_read_as_it_means_it() -> None:
    owner = opsgenie_sdk.AssignAlertPayload(
        owner=opsgenie_sdk.UserRecipient(username="ada@example.net")
    )
    snooze = opsgenie_sdk.SnoozeAlertPayload(end_time=AT)

    assert translation.assign("a", written(owner)).said == (
        Amended(key="a", assignee="ada@example.net"),
    )
    (noted,) = translation.snooze("a", written(snooze)).said
    assert "2026-11-20T10:00:00.000000Z" in str(noted)
