"""A destination that is down for long is one incident, until word gets through again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.handler.acting import NOON, House, house
from tocsin.adapters.alarm.receiver import DestinationAlarms
from tocsin.core.commands import ChangeStatus
from tocsin.core.ticket import Ticket
from tocsin.core.words import Severity, Status
from tocsin.dispatcher.outcomes import DestinationTrouble


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as made:
        yield made


def alarms(home: House) -> DestinationAlarms:
    return DestinationAlarms(
        store=home.store, writer=home.writer, clock=home.clock, entropy=lambda: next(home.numbers)
    )


def trouble(home: House, *, org: str = "net", route: str = "r-1") -> DestinationTrouble:
    return DestinationTrouble(
        org_id=home.orgs[org],
        route_id=route,
        route_name="noc",
        kind="webhook",
        since=NOON - timedelta(minutes=20),
        reason="no connection: refused",
        waiting=3,
    )


def incidents(home: House, *, org: str = "net") -> list[Ticket]:
    with home.store.reading() as turn:
        heads = turn.heads_of_sort(home.orgs[org], "incident")
        return [head.state for head in heads if isinstance(head.state, Ticket)]


def test_it_opens_one_incident_that_says_where_since_when_and_why(home: House) -> None:
    alarms(home).down(trouble(home))

    (opened,) = incidents(home)
    assert opened.status is Status.OPEN
    assert opened.severity is Severity.SEV3
    assert opened.title == "Nothing gets through to noc (webhook)"
    assert "2026-11-20T11:40:00.000000Z: no connection: refused" in opened.description
    assert "tocsin" in opened.labels
    assert incidents(home, org="elsewhere") == []


def test_told_again_by_whomever_it_stays_one(home: House) -> None:
    alarms(home).down(trouble(home))
    alarms(home).down(trouble(home))

    assert len(incidents(home)) == 1


def test_another_route_is_another_incident(home: House) -> None:
    alarms(home).down(trouble(home))
    alarms(home).down(trouble(home, route="r-2"))

    assert len(incidents(home)) == 2


def test_it_is_resolved_when_word_gets_through_again(home: House) -> None:
    alarms(home).down(trouble(home))
    home.clock.pass_by(timedelta(minutes=5))
    alarms(home).back(trouble(home))

    (resolved,) = incidents(home)
    assert resolved.status is Status.RESOLVED
    assert resolved.resolution == "noc takes deliveries again."


def test_what_a_person_has_closed_stays_closed(home: House) -> None:
    alarms(home).down(trouble(home))
    (opened,) = incidents(home)
    home.ask("admin", ChangeStatus(status="closed", resolution="ours"), subject=opened.id)
    alarms(home).back(trouble(home))

    (closed,) = incidents(home)
    assert closed.status is Status.CLOSED
    assert closed.resolution == "ours"


def test_the_next_time_is_a_new_incident(home: House) -> None:
    told = alarms(home)
    told.down(trouble(home))
    told.back(trouble(home))
    home.clock.pass_by(timedelta(hours=3))
    told.down(trouble(home))

    assert [one.status for one in incidents(home)] == [Status.RESOLVED, Status.OPEN]
