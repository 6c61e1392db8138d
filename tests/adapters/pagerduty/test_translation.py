"""PagerDuty's events become what they would become there."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.taking import assert_taken
from tocsin.adapters.pagerduty import answers
from tocsin.adapters.pagerduty.translation import (
    MOST_BYTES,
    change,
    dedup_key,
    enqueue,
    routing_key,
)
from tocsin.core.commands import SignalDraft
from tocsin.core.ingestion import Acknowledged, Ended, Noted, Unreadable

PAYLOADS = Path(__file__).parent / "payloads"
TRIGGER = (PAYLOADS / "trigger.json").read_bytes()
ROUTING_KEY = "0123456789abcdef0123456789abcdef"


def event(changes: dict[str, Any], *, payload: dict[str, Any] | None = None) -> bytes:
    sent = {**json.loads(TRIGGER), **changes}
    if payload is not None:
        sent["payload"] = {**sent["payload"], **payload}
    return json.dumps(sent).encode()


def triggered(body: bytes) -> SignalDraft:
    (signal,) = enqueue(body, fresh_key="fresh").said
    assert isinstance(signal, SignalDraft)
    return signal


def errors_of(body: bytes) -> tuple[str, ...]:
    with pytest.raises(Unreadable) as wrong:
        enqueue(body, fresh_key="fresh")
    assert wrong.value.errors
    return wrong.value.errors


def test_a_trigger_is_a_signal_that_never_reopens() -> None:
    reading = enqueue(TRIGGER, fresh_key="fresh")

    assert not reading.reopens
    signal = triggered(TRIGGER)
    assert signal.correlation_key == signal.fingerprint == "ams-fra-1/loss"
    assert (signal.source, signal.summary) == ("ams-dz01", "Loss on ams-fra-1 above 3 %")
    assert (signal.severity, signal.state) == ("critical", "firing")
    assert signal.ts == datetime(2026, 11, 20, 9, 30, 0, 250_000, tzinfo=UTC)
    assert (signal.service_name, signal.environment) == ("backbone", "prod")
    assert signal.labels["class"] == "loss"
    assert signal.labels["loss"] == "3.7"
    assert "hops" not in signal.labels
    assert signal.data["client"] == "Smokeping"
    assert signal.data["custom_details"] == json.loads(TRIGGER)["payload"]["custom_details"]
    assert signal.data["links"] == [{"href": "https://wiki.example/loss", "text": "What to do"}]


@pytest.mark.parametrize("given_key", [None, "", "  "])
def test_a_trigger_without_a_key_gets_a_fresh_one(given_key: str | None) -> None:
    body = event({"dedup_key": given_key})

    assert dedup_key(body) is None
    assert triggered(body).correlation_key == "fresh"


def test_a_long_key_is_answered_as_it_came_and_stays_itself() -> None:
    one, other = "k" * 255, "k" * 254 + "j"

    assert dedup_key(event({"dedup_key": one})) == one
    kept = triggered(event({"dedup_key": one})).correlation_key
    assert kept == triggered(event({"dedup_key": one})).correlation_key
    assert kept != triggered(event({"dedup_key": other})).correlation_key
    (end,) = enqueue(event({"dedup_key": one, "event_action": "resolve"}), fresh_key="x").said
    assert isinstance(end, Ended)
    assert end.key == kept


def test_an_acknowledge_needs_nothing_but_a_key() -> None:
    body = json.dumps(
        {"routing_key": ROUTING_KEY, "event_action": "acknowledge", "dedup_key": "k"}
    ).encode()

    reading = enqueue(body, fresh_key="fresh")

    assert reading.said == (Acknowledged(key="k"),)
    assert not reading.reopens


def test_alertmanagers_own_resolve_ends_what_its_key_opened() -> None:
    (end,) = enqueue((PAYLOADS / "alertmanager.json").read_bytes(), fresh_key="fresh").said

    assert end == Ended(
        key="b2f0b8f7d9ab3c9c8ef2aa1e03ba2a43fd55b47cba6ba2f2bb5f2f6ebb5ad4f8",
        note="[RESOLVED] LinkDown (device-agent)",
    )


@pytest.mark.parametrize(
    ("word", "level"),
    [
        ("critical", "critical"),
        ("error", "error"),
        ("warning", "warning"),
        ("info", "info"),
        ("page", "critical"),
        ("WARN", "warning"),
        ("chartreuse", "error"),
        ("{{ .CommonLabels.severity }}", "error"),
        (1, "critical"),
    ],
)
def test_any_severity_is_taken_for_one_of_four(word: object, level: str) -> None:
    assert triggered(event({}, payload={"severity": word})).severity == level


def test_everything_that_is_missing_is_said_at_once() -> None:
    assert errors_of(b"{}") == (
        "'event_action' must be one of: trigger, acknowledge, resolve",
        "'routing_key' is missing or blank",
        "'dedup_key' is missing or blank",
    )
    assert errors_of(event({"payload": None})) == ("'payload' is missing or blank",)
    assert errors_of(event({}, payload={"summary": " ", "source": None})) == (
        "'payload.summary' is missing or blank",
        "'payload.source' is missing or blank",
    )
    assert errors_of(event({"event_action": "resolve", "dedup_key": " "})) == (
        "'dedup_key' is missing or blank",
    )


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"[" * 100_000, b'"\xff"', b"{"])
def test_anything_else_is_unreadable(body: bytes) -> None:
    assert errors_of(body)
    assert routing_key(body) is None
    with pytest.raises(Unreadable):
        change(body)
    with pytest.raises(Unreadable):
        dedup_key(body)


def test_an_event_may_have_512_kilobytes() -> None:
    most = TRIGGER + b" " * (MOST_BYTES - len(TRIGGER))

    assert triggered(most).summary == "Loss on ams-fra-1 above 3 %"
    assert errors_of(most + b" ") == ("The event is larger than 512 KB",)
    assert routing_key(most + b" ") is None


def test_the_routing_key_is_read_from_an_event_that_is_wrong_otherwise() -> None:
    assert routing_key(event({"event_action": "dance", "payload": 1})) == ROUTING_KEY
    assert routing_key(event({"routing_key": " "})) is None


def test_a_change_is_a_note_that_opens_nothing() -> None:
    reading = change((PAYLOADS / "change.json").read_bytes())

    assert reading.said == (
        Noted(
            key=None,
            text="Deployed agent 1.4.2 to all devices\nhttps://ci.example/1432",
            by="deploy-bot",
        ),
    )


def test_a_change_needs_a_summary() -> None:
    with pytest.raises(Unreadable) as wrong:
        change(b'{"payload": {"source": "x"}}')

    assert wrong.value.errors == ("'payload.summary' is missing or blank",)


def test_answers_are_those_that_clients_read() -> None:
    assert answers.accepted("k") == {
        "status": "success",
        "message": "Event processed",
        "dedup_key": "k",
    }
    assert answers.change_accepted()["status"] == "success"
    assert answers.invalid(["one"]) == {
        "status": "invalid event",
        "message": "Event object is invalid",
        "errors": ["one"],
    }
    assert answers.invalid([])["errors"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.binary()
    | st.fixed_dictionaries(
        {
            "routing_key": st.just(ROUTING_KEY) | JSON,
            "event_action": st.sampled_from(["trigger", "acknowledge", "resolve"]) | JSON,
        },
        optional={
            "dedup_key": st.text() | JSON,
            "payload": st.fixed_dictionaries(
                {"summary": st.text() | JSON, "source": st.text(), "severity": st.text() | JSON},
                optional={
                    "custom_details": JSON,
                    "component": JSON,
                    "timestamp": st.text() | JSON,
                },
            )
            | JSON,
            "links": JSON,
            "images": JSON,
            "client": JSON,
        },
    ).map(lambda value: json.dumps(value).encode())
)
def test_nothing_does_more_than_be_unreadable(body: bytes) -> None:
    key = routing_key(body)
    assert key is None or key.strip()
    for read in (lambda it: enqueue(it, fresh_key="fresh"), change):
        try:
            assert_taken(read(body))
        except Unreadable:
            continue
