"""What the labels of an alert say of it, and of its group."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core import alert_labels
from tocsin.core.alert_groups import beyond, group_key
from tocsin.core.ingestion import Ended, Noted
from tocsin.core.words import Severity, parse_severity

AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
LABELS = st.dictionaries(st.text(max_size=9), st.text(max_size=9), max_size=4)


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("critical", Severity.SEV1),
        ("page", Severity.SEV1),
        ("SEV-1", Severity.SEV1),
        ("error", Severity.SEV2),
        ("high", Severity.SEV2),
        ("Warning", Severity.SEV3),
        ("P3", Severity.SEV3),
        ("info", Severity.SEV4),
        ("none", Severity.SEV4),
        ("p5", Severity.SEV5),
    ],
)
def test_words_for_severity_mean_a_level(word: str, severity: Severity) -> None:
    level = alert_labels.severity({"severity": word})

    assert level is not None
    assert parse_severity(level, levels=5) is severity


def test_a_word_that_means_nothing_is_no_severity() -> None:
    assert alert_labels.severity({"severity": "purple"}) is None
    assert alert_labels.severity({}) is None


def test_the_service_is_the_job_where_there_is_no_service() -> None:
    assert alert_labels.service({"service": "api", "job": "node"}) == "api"
    assert alert_labels.service({"service": " ", "job": "node"}) == "node"
    assert alert_labels.service({"service": "x" * 101, "job": "node"}) == "node"
    assert alert_labels.service({}) is None
    assert alert_labels.environment({"env": "prod"}) == "prod"
    assert alert_labels.trace_id({"trace_id": "abc"}) == "abc"


def test_the_summary_is_what_the_author_wrote_or_names_the_alert() -> None:
    labels = {"alertname": "LinkDown", "job": "agent"}

    assert alert_labels.summary(labels, {"description": "d", "summary": "s"}) == "s"
    assert alert_labels.summary(labels, {"summary": " ", "description": "d"}) == "d"
    assert alert_labels.summary(labels, {}) == "LinkDown (agent)"
    assert alert_labels.summary({}, {}) == "Alert without a name"


@given(LABELS, LABELS)
def test_a_fingerprint_is_of_the_labels_and_not_of_their_order(
    one: dict[str, str], other: dict[str, str]
) -> None:
    turned = dict(reversed(one.items()))

    assert alert_labels.fingerprint(one) == alert_labels.fingerprint(turned)
    assert (alert_labels.fingerprint(one) == alert_labels.fingerprint(other)) is (one == other)


def test_a_group_without_a_key_has_one_of_its_receiver_and_labels() -> None:
    first = group_key(None, labels={"a": "1", "b": "2"}, receiver="team")

    assert first == group_key("", labels={"b": "2", "a": "1"}, receiver="team")
    assert first != group_key(None, labels={"a": "1", "b": "2"}, receiver="other")
    assert first != group_key(None, labels={"a": "1"}, receiver="team")
    assert group_key("given", labels={"a": "1"}, receiver="team") == "given"
    assert group_key(None, labels=None, receiver=None)


@pytest.mark.parametrize(
    ("sent", "truncated", "over", "kinds"),
    [
        (1_000, False, False, []),
        (1_000, False, True, []),
        (1_000, True, False, []),
        (1_000, True, True, [Ended]),
        (1_001, False, False, [Noted]),
        (1_001, False, True, [Noted, Ended]),
    ],
)
def test_a_cut_group_says_so_and_ends_by_itself(
    sent: int, truncated: bool, over: bool, kinds: list[type]
) -> None:
    said = beyond("key", sent=sent, truncated=truncated, over=over, ends=[AT])

    assert [type(one) for one in said] == kinds
    assert Ended not in kinds or said[-1] == Ended(key="key", at=AT)


def test_the_end_of_a_group_may_be_unknown() -> None:
    assert beyond("key", sent=1, truncated=True, over=True, ends=[]) == (Ended(key="key"),)
