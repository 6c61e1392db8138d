"""Stories: the topic of the incident channel."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.core.telling import NOON, incident_open, maintenance_planned
from tocsin.adapters.slack.topic import topic
from tocsin.core.ticket import Ticket
from tocsin.core.words import Severity, Status


def incident(ref: str, title: str, severity: Severity, *, minutes: int = 0) -> Ticket:
    begun = NOON + timedelta(minutes=minutes)
    return replace(incident_open(), ref=ref, title=title, severity=severity, start_at=begun)


def test_nothing_open_is_said_in_words() -> None:
    closed = replace(incident_open(), status=Status.CLOSED)

    assert topic([]) == "All systems operational"
    assert topic([closed, maintenance_planned()]) == "All systems operational"


def test_a_line_for_each_by_severity_then_oldest_first() -> None:
    said = topic(
        [
            incident("I20261120-cccc", "Slow", Severity.SEV3),
            incident("I20261120-bbbb", "Dark again", Severity.SEV1, minutes=5),
            incident("I20261120-aaaa", "Dark", Severity.SEV1),
        ]
    )

    assert said == (
        "1\ufe0f\u20e3 I20261120-aaaa Dark\n"
        "1\ufe0f\u20e3 I20261120-bbbb Dark again\n"
        "3\ufe0f\u20e3 I20261120-cccc Slow"
    )


def test_long_titles_give_way_before_an_incident_does() -> None:
    said = topic([incident(f"I20261120-{at:04}", "x" * 200, Severity.SEV2) for at in range(4)])

    lines = said.split("\n")
    assert [line[4:18] for line in lines] == [f"I20261120-{at:04}" for at in range(4)]
    assert all(line.endswith("x…") for line in lines)


def test_many_are_counted() -> None:
    said = topic([incident(f"I20261120-{at:04}", "Dark", Severity.SEV1) for at in range(20)])

    assert said.split("\n")[-1] == "… and 12 more"
    assert said.count("I20261120") == 8


def test_a_title_is_one_line_and_no_markup() -> None:
    said = topic([incident("I20261120-aaaa", "a\nb <!channel>", Severity.SEV1)])

    assert said == "1\ufe0f\u20e3 I20261120-aaaa a b &lt;!channel&gt;"
