"""What a neighbour's acknowledgement asks for, by where the incident stands already (Integrations:
PagerDuty, Opsgenie)."""

from __future__ import annotations

import pytest

from tests.core.telling import BO, BOT, after, given, incident_open
from tocsin.core.commands import ChangeStatus, Command
from tocsin.core.ingestion import Acknowledged
from tocsin.core.words import ACTIVE_INCIDENT, Status
from tocsin.handler.directory import OrgDirectory
from tocsin.handler.spoken import steps_of_words

BEYOND = sorted(ACTIVE_INCIDENT - {Status.OPEN})


def asked(status: Status, *, note: str | None = None) -> list[Command]:
    """What somebody's acknowledgement of an incident of that status asks for."""
    ticket = incident_open()
    if status is not Status.OPEN:
        ticket = after(ticket, ChangeStatus(status=status.value), given(BO))
    said = Acknowledged(key="disk", by="Mia", note=note)
    return [
        step.command
        for step in steps_of_words(said, ticket, connector=None, directory=OrgDirectory(()))
    ]


def test_what_is_open_is_acknowledged_with_their_words() -> None:
    assert asked(Status.OPEN) == [ChangeStatus(status="acknowledged")]
    with_words = ChangeStatus(status="acknowledged", body="Mia: on it")
    assert asked(Status.OPEN, note="on it") == [with_words]


@pytest.mark.parametrize("status", BEYOND)
def test_whoever_works_on_it_is_not_sent_back_and_their_words_are_kept(status: Status) -> None:
    assert asked(status) == []
    assert asked(status, note="on it") == [ChangeStatus(body="Mia: on it")]


def test_the_acknowledgement_of_a_connector_is_not_that_of_a_person_here() -> None:
    (command,) = asked(Status.OPEN)
    assert isinstance(command, ChangeStatus)
    acknowledged = after(incident_open(), command, given(BOT))
    assert acknowledged.status is Status.ACKNOWLEDGED
    assert acknowledged.acknowledged_at is None
