"""Each mapping that comes with the house reads what its sender really posts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.adapters.generic.laws import attachable
from tocsin.adapters.generic.mapping import signal_mapping
from tocsin.adapters.generic.shipped import SHIPPED
from tocsin.adapters.generic.translation import Previewed, preview
from tocsin.core.commands import SignalDraft

PAYLOADS = Path(__file__).parent / "payloads"
BEGAN = datetime(2026, 11, 21, 10, 2, 11, tzinfo=UTC)
ENDED = datetime(2026, 11, 21, 10, 17, 11, tzinfo=UTC)


def previewed(name: str) -> Previewed:
    shipped = SHIPPED[name.partition("_")[0]]
    body = (PAYLOADS / f"{name}.json").read_bytes()
    (found,) = preview([body], mapping=signal_mapping(shipped.mapping), source=shipped.kind)
    return found


def signal(name: str) -> SignalDraft:
    found = previewed(name)
    assert found.unreadable is None
    assert found.complaints == ()
    assert found.reading is not None
    (said,) = found.reading.said
    assert isinstance(said, SignalDraft)
    assert attachable(said) == ()
    return said


@pytest.mark.parametrize(
    ("firing", "resolved", "key"),
    [
        (
            "sns_alarm",
            "sns_ok",
            "arn:aws:cloudwatch:eu-central-1:210987654321:alarm:fra-edge-1 packet loss",
        ),
        ("gcp_open", "gcp_closed", "0.nq1w7x2b3c4d"),
        ("newrelic_activated", "newrelic_closed", "f3d1c9a8-6a0b-4d4c-8f53-10f0a5a4b6c7"),
        ("pingdom_down", "pingdom_up", "8041975"),
        ("datadog_triggered", "datadog_recovered", "9912345678901234567"),
        ("zabbix_problem", "zabbix_recovery", "481516"),
        ("sentry_issue_alert", "sentry_issue_resolved", "1170820242"),
        ("sentry_metric_critical", "sentry_metric_resolved", "metric-7"),
        ("uptimekuma_down", "uptimekuma_up", "3"),
        ("librenms_alert", "librenms_recovered", "44-17"),
    ],
)
def test_a_beginning_and_its_end_have_one_key(firing: str, resolved: str, key: str) -> None:
    begun, over = signal(firing), signal(resolved)

    assert (begun.state, over.state) == ("firing", "resolved")
    assert (begun.correlation_key, over.correlation_key) == (key, key)
    assert begun.source == over.source


@pytest.mark.parametrize(
    ("name", "severity", "began"),
    [
        ("sns_alarm", "error", BEGAN.replace(microsecond=731_000)),
        ("gcp_open", "critical", BEGAN),
        ("newrelic_activated", "critical", BEGAN),
        ("newrelic_channel", "warning", BEGAN),
        ("pingdom_down", "error", BEGAN),
        ("datadog_triggered", "error", BEGAN),
        ("zabbix_problem", "error", BEGAN),
        ("sentry_issue_alert", "error", BEGAN.replace(microsecond=250_000)),
        ("sentry_metric_critical", "critical", datetime(2026, 11, 21, 10, 1, tzinfo=UTC)),
        ("uptimekuma_down", "error", BEGAN.replace(microsecond=412_000)),
        ("librenms_alert", "critical", None),
    ],
)
def test_severity_and_beginning(name: str, severity: str, began: datetime | None) -> None:
    said = signal(name)

    assert said.state == "firing"
    assert said.severity == severity
    assert said.ts == began


@pytest.mark.parametrize(
    ("name", "ended"),
    [
        ("gcp_closed", ENDED),
        ("newrelic_closed", ENDED.replace(microsecond=250_000)),
        ("pingdom_up", ENDED),
        ("zabbix_recovery", ENDED),
        ("sentry_metric_resolved", ENDED),
        ("uptimekuma_up", ENDED.replace(microsecond=398_000)),
    ],
)
def test_an_end_is_dated_by_the_end(name: str, ended: datetime) -> None:
    assert signal(name).ts == ended


def test_an_alarm_of_cloudwatch() -> None:
    said = signal("sns_alarm")

    assert said.source == "cloudwatch"
    assert said.summary == (
        "fra-edge-1 packet loss: Threshold Crossed: 5 datapoints were greater than the threshold"
        " (2.0)."
    )
    assert said.service_name == "Backbone"
    assert said.labels == {
        "Router": "fra-edge-1",
        "Peer": "fra-ix",
        "account": "210987654321",
        "metric": "PacketLoss",
        "region": "EU (Frankfurt)",
        "topic": "arn:aws:sns:eu-central-1:210987654321:tocsin",
    }
    assert said.data["description"] == "Loss towards the exchange, 5 minutes"


def test_no_data_at_cloudwatch_is_firing_but_mild() -> None:
    assert (signal("sns_insufficient").state, signal("sns_insufficient").severity) == (
        "firing",
        "info",
    )


def test_a_notification_that_is_only_text_is_known_by_its_message() -> None:
    said = signal("sns_text")

    assert said.summary == "The nightly export did not finish."
    assert said.correlation_key is None
    assert said.fingerprint == "e9a0c8de-1c9f-5d50-bb3a-6a5b4c3d2e1f"


def test_an_incident_of_google() -> None:
    said = signal("gcp_open")

    assert said.service_name == "backbone-prod controller-2"
    assert said.labels["team"] == "controller"
    assert said.labels["zone"] == "europe-west3-a"
    assert said.labels["native_severity"] == "Critical"
    assert str(said.data["url"]).startswith("https://console.cloud.google.com/")


def test_a_problem_of_zabbix_names_its_host_and_has_its_tags() -> None:
    said = signal("zabbix_problem")

    assert said.summary == "ams-edge-2: Interface et-0/0/3: Link down"
    assert said.device == "ams-edge-2"
    assert said.labels["class"] == "network"
    assert said.labels["zabbix_severity"] == "High"


def test_an_issue_of_sentry_has_its_tags() -> None:
    said = signal("sentry_issue_alert")

    assert said.environment == "production"
    assert said.labels["release"] == "3.4.1"
    assert said.labels["rule"] == "More than 100 in an hour"


def test_an_older_channel_of_new_relic() -> None:
    said = signal("newrelic_channel")

    assert said.summary == "Apdex (Low): Apdex < 0.7 for at least 10 minutes on 'portal'"
    assert said.correlation_key == "40506070"
    assert said.service_name == "portal"


def test_datadog_as_it_posts_unless_told_otherwise() -> None:
    said = signal("datadog_unchanged")

    assert (said.state, said.correlation_key) == ("resolved", None)


def test_the_test_button_of_uptime_kuma_opens_nothing_by_itself() -> None:
    said = signal("uptimekuma_test")

    assert (said.summary, said.severity, said.correlation_key) == ("Tocsin Testing", "info", None)


@pytest.mark.parametrize("name", ["sentry_comment", "uptimekuma_maintenance", "sns_subscription"])
def test_what_is_no_alert_says_nothing(name: str) -> None:
    found = previewed(name)

    assert found.unreadable is None
    assert found.reading is not None
    assert found.reading.said == ()


@pytest.mark.parametrize("kind", sorted(SHIPPED))
def test_a_shipped_mapping_refuses_what_is_not_its_senders(kind: str) -> None:
    mapping = signal_mapping(SHIPPED[kind].mapping)
    bodies = [b"{}", b"[]", b"null", b'"text"', b"17", b'{"summary": {"a": []}, "data": 3}']

    for found in preview(bodies, mapping=mapping, source=kind):
        assert found.unreadable is not None or found.reading is not None
        if found.reading is not None:
            assert all(isinstance(said, SignalDraft) for said in found.reading.said)


@pytest.mark.parametrize(
    "kind", sorted(kind for kind, shipped in SHIPPED.items() if shipped.sender_body)
)
def test_what_an_administrator_pastes_has_every_name_that_the_payload_has(kind: str) -> None:
    pasted = json.loads(SHIPPED[kind].sender_body or "")
    captured = {
        "datadog": "datadog_triggered",
        "zabbix": "zabbix_problem",
        "librenms": "librenms_alert",
    }

    assert set(json.loads((PAYLOADS / f"{captured[kind]}.json").read_bytes())) == set(pasted)


def test_every_shipped_mapping_has_a_captured_payload() -> None:
    assert {path.name.partition("_")[0] for path in PAYLOADS.glob("*.json")} == set(SHIPPED)
