"""Grafana's notifications become signals that say the same."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.taking import assert_taken
from tocsin.adapters.grafana.translation import webhook
from tocsin.core.commands import SignalDraft
from tocsin.core.ingestion import Ended, Reading, Unreadable

PAYLOADS = Path(__file__).parent / "payloads"
FIRING = (PAYLOADS / "firing.json").read_bytes()
RESOLVED = (PAYLOADS / "resolved.json").read_bytes()


def sent(changes: dict[str, Any]) -> bytes:
    return json.dumps({**json.loads(FIRING), **changes}).encode()


def signals(reading: Reading) -> list[SignalDraft]:
    return [one for one in reading.said if isinstance(one, SignalDraft)]


def group_of(signal: SignalDraft) -> dict[str, Any]:
    group = signal.data["group"]
    assert isinstance(group, dict)
    return group


def test_a_notification_is_one_signal_for_each_alert_under_the_key_of_its_group() -> None:
    reading = webhook(FIRING)

    loss, silent = signals(reading)
    assert len(reading.said) == 2
    assert reading.reopens
    assert loss.correlation_key == silent.correlation_key == '{}:{grafana_folder="Network"}'
    assert loss.source == "grafana"
    assert (loss.state, loss.severity, loss.service_name) == ("firing", "error", "backbone")
    assert loss.summary == "Loss between ams and fra above 3 %"
    assert loss.ts == datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    assert loss.data["values"] == {"B": 3.7, "C": 1}
    assert loss.labels["grafana_folder"] == "Network"
    told = json.loads(FIRING)["alerts"][0]
    for member in (
        *("generatorURL", "silenceURL", "dashboardURL", "panelURL", "imageURL", "ruleUID"),
        *("values", "valueString", "annotations"),
    ):
        assert loss.data[member] == told[member]
    assert group_of(loss)["title"] == "[FIRING:2] Network"


def test_values_may_be_null_and_no_data_names_the_rule() -> None:
    _, silent = signals(webhook(FIRING))

    assert silent.summary == "Optic power: no data. Optic power of fra-dz03"
    assert silent.severity is None
    assert "values" not in silent.data
    assert "panelURL" not in silent.data


def test_a_query_that_failed_names_the_rule() -> None:
    body = sent({"alerts": [{"labels": {"alertname": "DatasourceError", "rulename": "Optics"}}]})

    (failed,) = signals(webhook(body))

    assert failed.summary == "Optics: the query failed. DatasourceError"


def test_a_truncated_group_ends_by_a_word_of_its_own() -> None:
    loss, end = webhook(RESOLVED).said

    assert isinstance(loss, SignalDraft)
    assert (loss.state, loss.fingerprint) == ("resolved", "57c6d9296de2ad39")
    assert loss.data["values"] == {"B": None}
    assert loss.data["startsAt"] == "2026-11-20T09:30:00.000000Z"
    assert loss.data["endsAt"] == "2026-11-20T09:50:00.000000Z"
    assert end == Ended(
        key='{}:{grafana_folder="Network"}', at=datetime(2026, 11, 20, 9, 50, tzinfo=UTC)
    )


def test_where_a_group_has_no_status_its_state_says_whether_it_is_over() -> None:
    alerting = webhook(sent({"status": None, "state": "alerting", "truncatedAlerts": 1}))
    fine = webhook(sent({"status": None, "state": "ok", "truncatedAlerts": 1}))

    assert len(alerting.said) == 2
    assert isinstance(fine.said[-1], Ended)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b"[" * 100_000, b'"\xff"', sent({"version": "4"}), sent({"alerts": 1})],
)
def test_anything_else_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        webhook(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.binary()
    | st.fixed_dictionaries(
        {"version": st.just("1")},
        optional={
            "alerts": st.lists(
                st.fixed_dictionaries(
                    {},
                    optional={
                        "labels": st.dictionaries(st.text(), st.text(), max_size=4) | JSON,
                        "annotations": st.dictionaries(st.text(), st.text(), max_size=4) | JSON,
                        "values": JSON,
                        "startsAt": st.text() | JSON,
                        "fingerprint": st.text() | JSON,
                    },
                ),
                max_size=3,
            )
            | JSON,
            "groupKey": st.text() | JSON,
            "orgId": JSON,
        },
    ).map(lambda value: json.dumps(value).encode())
)
def test_nothing_does_more_than_be_unreadable(body: bytes) -> None:
    try:
        reading = webhook(body)
    except Unreadable:
        return
    assert_taken(reading)
