"""The incident channel's topic: what is open, worst first, and never set for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.slack.office import Office, slack_office
from tocsin.adapters.slack.topic import ALL_IS_WELL
from tocsin.core.commands import ChangeSeverity, ChangeStatus


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with slack_office(tmp_path) as made:
        made.policy(dedicated_channel_for="never")
        yield made


def test_the_topic_lists_what_is_open_worst_first(office: Office) -> None:
    office.route()
    office.tend()
    assert office.incidents.topic == ALL_IS_WELL

    mild = office.incident("Fan broken", severity="sev4")
    bad = office.incident("Fibre cut", severity="sev1")
    office.tend()

    assert office.incidents.topic == (
        f"1️⃣ {office.ticket(bad).ref} Fibre cut\n4️⃣ {office.ticket(mild).ref} Fan broken"
    )


def test_it_follows_severity_and_closing(office: Office) -> None:
    office.route()
    stream = office.incident("Fibre cut", severity="sev3")
    office.tend()
    office.do(stream, ChangeSeverity(severity="sev1"))
    office.tend()
    assert office.incidents.topic.startswith("1️⃣")

    office.do(stream, ChangeStatus(status="resolved", resolution="Spliced."))
    office.do(stream, ChangeStatus(status="closed"))
    office.tend()
    assert office.incidents.topic == ALL_IS_WELL


def test_where_nothing_has_changed_slack_is_not_asked(office: Office) -> None:
    office.route()
    stream = office.incident()
    office.tend()
    calls = len(office.slack.calls)
    office.say(stream, "Splicing.")
    office.tend(20)

    assert len(office.slack.calls) == calls


def test_a_process_that_begins_leaves_a_topic_that_is_right(office: Office) -> None:
    office.route()
    office.incident("Fibre <cut> & more")
    office.tend()
    # So Slack gives it back.
    office.incidents.topic = office.incidents.topic.replace("2️⃣", ":two:")
    office.restart()
    office.tend(3)

    assert office.calls("conversations.setTopic") == 1


def test_five_hundred_incidents_fit_and_are_counted(office: Office) -> None:
    office.route()
    for number in range(500):
        office.incident(f"Fibre cut {number} 🔥 " + "x" * 120)
    office.tend(2)

    assert len(office.incidents.topic) <= 250
    assert "more" in office.incidents.topic
    assert office.calls("conversations.setTopic") == 1


def test_it_is_set_no_more_often_than_slack_bears(office: Office) -> None:
    office.slack.rate(20 / 60, burst=3, method="conversations.setTopic")
    office.route()
    for number in range(60):
        office.incident(f"Fibre cut {number}")
        office.tend(every=1.0)
    office.tend()

    assert sum(office.slack.faults.limited.values()) == 0
    assert office.calls("conversations.setTopic") <= 14
    assert " more" in office.incidents.topic


def test_after_an_outage_it_is_set_to_what_is_then(office: Office) -> None:
    office.route()
    office.tend()
    office.slack.down()
    streams = []
    for number in range(3):
        streams.append(office.incident(f"Fibre cut {number}"))
        office.tend(5)
    office.slack.up()
    office.tend(10)

    assert all(office.ticket(stream).ref in office.incidents.topic for stream in streams)
    assert office.calls("conversations.setTopic") == 2


def test_too_often_means_later(office: Office) -> None:
    office.route()
    office.incident()
    office.slack.fail("conversations.setTopic", "ratelimited", times=1, status=429, retry_after=40)
    office.tend(every=30.0)
    tried = office.calls("conversations.setTopic")
    office.tend(every=30.0)
    assert office.calls("conversations.setTopic") == tried == 1

    office.tend()

    assert office.incidents.topic != ""


def test_without_the_scope_it_is_tried_only_when_there_is_something_else_to_say(
    office: Office,
) -> None:
    office.team.scopes.discard("channels:manage")
    office.route()
    office.incident()
    office.tend(20)
    assert office.calls("conversations.setTopic") == 1

    office.incident("Another")
    office.tend(20)
    assert office.calls("conversations.setTopic") == 2


def test_the_channel_is_the_one_that_the_policy_says(office: Office) -> None:
    ops = office.slack.channel("#ops")
    office.route()
    office.policy(slack_incidents_channel="#ops")
    office.incident()
    office.tend()

    assert ops.topic != ""
    assert office.incidents.topic == ""


def test_a_route_into_a_channel_of_its_own_tells_nobody_elses_topic(office: Office) -> None:
    office.slack.channel("#ops")
    office.route(channel="#ops")
    office.incident()
    office.tend(3)

    assert office.calls("conversations.setTopic") == 0
