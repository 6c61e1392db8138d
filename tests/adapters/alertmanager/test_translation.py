"""Alertmanager's notifications and Prometheus's alerts become signals that say the same."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.taking import assert_taken
from tocsin.adapters.alertmanager.translation import alerts, expires_at, webhook
from tocsin.core.commands import SignalDraft
from tocsin.core.ingestion import Ended, Noted, Reading, Said, Unreadable

PAYLOADS = Path(__file__).parent / "payloads"
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_bytes())


def sent(changes: dict[str, Any]) -> bytes:
    return json.dumps({**payload("group_firing"), **changes}).encode()


def signals(said: tuple[Said, ...]) -> list[SignalDraft]:
    return [one for one in said if isinstance(one, SignalDraft)]


def group_of(signal: SignalDraft) -> dict[str, Any]:
    group = signal.data["group"]
    assert isinstance(group, dict)
    return group


def test_a_notification_is_one_signal_for_each_alert_under_the_key_of_its_group() -> None:
    reading = webhook((PAYLOADS / "group_firing.json").read_bytes())

    down, up = signals(reading.said)
    assert len(reading.said) == 2
    assert reading.reopens
    assert {down.correlation_key, up.correlation_key} == {'{}/{team="net"}:{alertname="LinkDown"}'}
    assert (down.state, up.state) == ("firing", "resolved")
    assert (down.fingerprint, up.fingerprint) == ("9a4f1c02bb31de77", "1f00e0d2ac5b9310")
    assert (down.severity, up.severity) == ("critical", "warning")
    assert down.summary == "ams-fra-1 is down"
    assert up.summary == "LinkDown (ams-dz02:9100)"
    assert (down.service_name, down.environment) == ("device-agent", "prod")
    assert down.labels["link"] == "ams-fra-1"


def test_a_signal_is_dated_by_what_it_says() -> None:
    down, up = signals(webhook((PAYLOADS / "group_firing.json").read_bytes()).said)

    assert down.ts == datetime(2026, 11, 20, 9, 30, 0, 123456, tzinfo=UTC)
    assert "endsAt" not in down.data
    assert up.ts == datetime(2026, 11, 20, 9, 29, 30, tzinfo=UTC)
    assert up.data["startsAt"] == "2026-11-20T09:00:00.000000Z"
    assert up.data["endsAt"] == "2026-11-20T09:29:30.000000Z"


def test_a_truncated_group_ends_by_a_word_of_its_own() -> None:
    reading = webhook((PAYLOADS / "group_resolved_truncated.json").read_bytes())

    assert reading.said[1:] == (
        Ended(
            key='{}:{alertname="HighLatency"}',
            at=datetime(2026, 11, 20, 9, 45, 0, 500_000, tzinfo=UTC),
        ),
    )
    (signal,) = signals(reading.said)
    assert (signal.severity, signal.service_name) == ("error", "gateway")
    assert signal.summary == "p99 above 800 ms"


def test_a_truncated_group_that_still_fires_has_no_end() -> None:
    reading = webhook(sent({"truncatedAlerts": 3}))

    assert len(signals(reading.said)) == len(reading.said)
    assert group_of(signals(reading.said)[0])["truncatedAlerts"] == 3


def test_a_group_beyond_the_bound_says_how_many_are_not_listed() -> None:
    one = payload("group_firing")["alerts"][0]
    many = [{**one, "fingerprint": f"{index:016x}"} for index in range(1_003)]

    reading = webhook(sent({"alerts": many}))

    assert [one.fingerprint for one in signals(reading.said)] == [
        f"{index:016x}" for index in range(1_000)
    ]
    (note,) = (one for one in reading.said if isinstance(one, Noted))
    assert note.key == signals(reading.said)[0].correlation_key
    assert note.text.startswith("3 more alerts")


def test_a_group_beyond_the_bound_that_is_over_ends_whole() -> None:
    one = payload("group_firing")["alerts"][1]
    many = [{**one, "fingerprint": f"{index:016x}"} for index in range(1_001)]

    reading = webhook(sent({"alerts": many, "status": "resolved"}))

    assert isinstance(reading.said[-1], Ended)
    assert reading.said[-1].at == datetime(2026, 11, 20, 9, 29, 30, tzinfo=UTC)


def test_what_older_senders_leave_out_is_made_from_the_labels() -> None:
    plain = {"status": "firing", "labels": {"alertname": "A", "b": "1"}}
    turned = {"status": "firing", "labels": {"b": "1", "alertname": "A"}}
    other = {"status": "firing", "labels": {"alertname": "A", "b": "2"}}

    read = signals(webhook(sent({"alerts": [plain, turned, other], "groupKey": None})).said)

    assert read[0].fingerprint == read[1].fingerprint != read[2].fingerprint
    assert read[0].correlation_key == read[2].correlation_key
    again = signals(webhook(sent({"groupKey": "", "groupLabels": {"alertname": "B"}})).said)
    assert again[0].correlation_key != read[0].correlation_key


def test_a_large_notification_is_taken_with_what_fits() -> None:
    much = {f"l{number}": "é" * 900 for number in range(40)}
    large = {"labels": {"alertname": "A"}, "annotations": much, "generatorURL": "x" * 9_000}

    reading = webhook(sent({"alerts": [large], "groupLabels": much, "receiver": "é" * 2_000}))

    assert_taken(reading)
    (signal,) = signals(reading.said)
    assert signal.data["left_out"] == "annotations"
    assert group_of(signal)["left_out"] == "receiver, groupLabels"
    assert signal.data["generatorURL"] == "x" * 9_000


def test_long_group_keys_stay_different() -> None:
    first, second = (
        signals(webhook(sent({"groupKey": "{}:{" + "x" * 300 + end})).said)[0].correlation_key
        for end in "12"
    )

    assert first is not None
    assert second is not None
    assert first != second
    assert len(first) <= 180


@pytest.mark.parametrize(
    ("word", "level"),
    [
        ("critical", "critical"),
        ("PAGE", "critical"),
        ("error", "error"),
        ("High", "error"),
        ("warning", "warning"),
        ("info", "info"),
        ("sev5", "sev5"),
        ("whatever", None),
        ("", None),
    ],
)
def test_severity_is_read_from_its_label(word: str, level: str | None) -> None:
    body = sent({"alerts": [{"labels": {"alertname": "A", "severity": word}}]})

    assert signals(webhook(body).said)[0].severity == level


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'"\xff"',
        sent({"version": "5"}),
        sent({"version": 4}),
        sent({"alerts": {}}),
        sent({"alerts": [{"labels": {"a": 1}}]}),
    ],
)
def test_anything_else_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        webhook(body)


def test_the_reason_does_not_repeat_the_payload() -> None:
    with pytest.raises(Unreadable) as wrong:
        webhook(sent({"alerts": [{"labels": {"hunter2": ["hunter2"]}}]}))

    assert "hunter2" not in wrong.value.reason


def test_posted_alerts_fire_until_they_end() -> None:
    down, up, bare = signals(alerts((PAYLOADS / "posted.json").read_bytes(), now=NOW).said)

    assert (down.state, up.state, bare.state) == ("firing", "resolved", "firing")
    assert down.ts == datetime(2026, 11, 20, 9, 58, 30, tzinfo=UTC)
    assert expires_at(down) == datetime(2026, 11, 20, 10, 4, tzinfo=UTC)
    assert up.ts == datetime(2026, 11, 20, 9, 59, 45, tzinfo=UTC)
    assert expires_at(up) is None
    assert bare.ts == NOW
    assert expires_at(bare) == NOW + timedelta(minutes=5)


def test_an_alert_ends_at_its_end_and_not_before() -> None:
    body = json.dumps([{"labels": {"a": "b"}, "endsAt": "2026-11-20T10:00:00Z"}]).encode()

    (over,) = signals(alerts(body, now=NOW).said)
    (firing,) = signals(alerts(body, now=NOW - timedelta(microseconds=1)).said)

    assert (over.state, firing.state) == ("resolved", "firing")


def test_posted_alerts_are_one_by_their_labels() -> None:
    first = {"labels": {"alertname": "A", "zone": "", "job": "x"}, "fingerprint": "made-up"}
    again = {"labels": {"job": "x", "alertname": "A"}, "annotations": {"summary": "otherwise"}}

    one, two = signals(alerts(json.dumps([first, again]).encode(), now=NOW).said)

    assert one.fingerprint == two.fingerprint == one.correlation_key == two.correlation_key
    assert one.labels == {"alertname": "A", "job": "x"}


def test_an_alert_without_labels_is_noted_and_the_others_are_taken() -> None:
    body = json.dumps([{"labels": {"zone": ""}}, {"labels": {"alertname": "A"}}]).encode()

    reading = alerts(body, now=NOW)

    assert isinstance(reading.said[0], Noted)
    assert reading.said[0].key is None
    assert len(signals(reading.said)) == 1


def test_a_request_of_nothing_but_such_alerts_is_unreadable() -> None:
    with pytest.raises(Unreadable) as wrong:
        alerts(b'[{"labels": {}}, {}]', now=NOW)

    assert wrong.value.errors == (
        "alert 0: at least one label pair required",
        "alert 1: at least one label pair required",
    )


def test_more_alerts_than_are_taken_are_unreadable() -> None:
    body = json.dumps([{"labels": {"n": str(n)}} for n in range(1_001)]).encode()

    with pytest.raises(Unreadable):
        alerts(body, now=NOW)


def test_no_alerts_say_nothing() -> None:
    assert alerts(b"[]", now=NOW) == Reading(())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.binary())
def test_no_bytes_do_more_than_be_unreadable(body: bytes) -> None:
    for read in (webhook, lambda it: alerts(it, now=NOW)):
        try:
            assert isinstance(read(body), Reading)
        except Unreadable:
            continue


@given(
    st.fixed_dictionaries(
        {"version": st.just("4")},
        optional={
            "alerts": st.lists(
                st.fixed_dictionaries(
                    {},
                    optional={
                        "status": JSON,
                        "labels": st.dictionaries(st.text(), st.text(), max_size=4) | JSON,
                        "annotations": st.dictionaries(st.text(), st.text(), max_size=4) | JSON,
                        "startsAt": st.datetimes().map(lambda at: at.isoformat() + "Z") | JSON,
                        "endsAt": st.datetimes().map(lambda at: at.isoformat() + "Z") | JSON,
                        "fingerprint": st.text() | JSON,
                    },
                ),
                max_size=3,
            )
            | JSON,
            "groupKey": st.text() | JSON,
            "status": JSON,
            "truncatedAlerts": JSON,
        },
    )
)
def test_no_json_does_more_than_be_unreadable(given_payload: dict[str, Any]) -> None:
    posted = given_payload.get("alerts")
    for read, body in (
        (webhook, given_payload),
        (lambda it: alerts(it, now=NOW), posted),
    ):
        try:
            reading = read(json.dumps(body).encode())
        except Unreadable:
            continue
        assert_taken(reading)
