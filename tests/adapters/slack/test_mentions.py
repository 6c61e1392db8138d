"""Stories: who is called by name, and who never is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.adapters.slack.facts import NAMES, contributor, event_of, with_slack
from tests.core.telling import NOON, incident_open
from tocsin.adapters.slack.mentions import affected, assigned, called, mention, person
from tocsin.core.facts import Payload
from tocsin.core.ticket import Assignee
from tocsin.core.ticket_facts import (
    AssigneeChanged,
    NoteAdded,
    Overran,
    SeverityChanged,
    StatusChanged,
)
from tocsin.core.words import Severity, Status


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"slack_user_group": "S0ALPHA", "slack_handle": "U0ADA"}, "<!subteam^S0ALPHA>"),
        ({"slack_user_group": "<!subteam^S0ALPHA|@alpha>"}, "<!subteam^S0ALPHA>"),
        ({"slack_handle": "U0ADA"}, "<@U0ADA>"),
        ({"slack_handle": "<@U0ADA>"}, "<@U0ADA>"),
        ({"slack_handle": "@alpha-noc"}, "@alpha-noc"),
        ({"slack_user_group": "alpha-noc"}, "@alpha-noc"),
        ({"slack_handle": "<!channel>"}, "@&lt;!channel&gt;"),
        ({"slack_handle": "<@U0ADA> and <!here>"}, "@&lt;@U0ADA&gt; and &lt;!here&gt;"),
        ({}, "alpha"),
    ],
)
def test_a_contributor_is_called_by_group_user_handle_or_code(
    fields: dict[str, Any], expected: str
) -> None:
    assert mention(contributor("alpha", **fields)) == expected


def test_a_person_is_an_id_and_nothing_else() -> None:
    assert person("U0ADA") == "<@U0ADA>"
    assert person("T0NET:U0ADA") == "<@U0ADA>"
    assert person("ada") is None
    assert person("U0ADA> <!channel") is None
    assert person(None) is None


def test_two_contributors_of_one_group_are_called_once() -> None:
    names = with_slack(alpha={"slack_user_group": "S0NOC"}, beta={"slack_user_group": "S0NOC"})
    ticket = replace(incident_open(), affected_contributors=("alpha-id", "beta-id", "gone"))

    assert affected(ticket, names) == "<!subteam^S0NOC>"


def test_many_are_called_as_far_as_there_is_room_and_the_rest_counted() -> None:
    made = {
        f"c{number:03}-id": contributor("alpha", slack_handle=f"handle-{number:03}-{'x' * 40}")
        for number in range(100)
    }
    ticket = replace(incident_open(), affected_contributors=tuple(made))

    line = affected(ticket, replace(NAMES, contributors=made))

    assert len(line) < 1_600
    assert line.endswith(f" and {100 - line.count('@')} more")


def calls(payload: Payload, sort: str = "incident") -> bool:
    return bool(called(event_of(f"{sort}.any", payload), incident_open(), NAMES))


def test_what_calls_and_what_does_not() -> None:
    raised = SeverityChanged(severity_from=Severity.SEV3, severity_to=Severity.SEV1)
    lowered = SeverityChanged(severity_from=Severity.SEV1, severity_to=Severity.SEV3)
    cancelled = StatusChanged(
        update_id="u", at=NOON, status_from=Status.OPEN, status_to=Status.CANCELLED
    )

    assert calls(raised)
    assert calls(cancelled)
    assert calls(AssigneeChanged(assignee_to=None))
    assert not calls(lowered)
    assert not calls(replace(cancelled, status_to=Status.MONITORING))
    assert not calls(NoteAdded(update_id="u", body="hello"))
    assert not calls(Overran(at=NOON, end_at=NOON), "maintenance")


def test_who_is_given_a_ticket_is_called_where_they_are_in_slack() -> None:
    assert assigned(None, NAMES) == ""
    assert assigned(Assignee(kind="member", id="ada"), NAMES) == ""
    assert assigned(Assignee(kind="contributor", id="beta-id"), NAMES) == "beta"
