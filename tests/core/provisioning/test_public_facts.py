"""One word for each device and link, and no other: stories, and what holds for any tickets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.records_in_memory import network
from tests.core.test_routing import TICKET
from tocsin.core.provisioning.public_facts import (
    PublicFact,
    PublicState,
    public_facts,
    subject_of,
)
from tocsin.core.provisioning.words import AssetStatus, Health
from tocsin.core.records import Link
from tocsin.core.ticket import Ticket
from tocsin.core.words import Severity, Status, TicketType

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def line(
    status: AssetStatus = AssetStatus.ACTIVATED,
    health: Health = Health.HEALTHY,
    *,
    before: bool = True,
) -> Link:
    found = network().states["link:ams-1:fra-1"]
    assert isinstance(found, Link)
    life = replace(
        found.life,
        status=status,
        health=health,
        health_since=NOON - 2 * HOUR,
        activated_before=before,
    )
    return replace(found, life=life)


LINE = line()
INCIDENT = replace(
    TICKET, links=(LINE.pubkey,), effect=(LINE.pubkey,), start_at=NOON - HOUR, status=Status.OPEN
)
WORK = replace(
    INCIDENT,
    type=TicketType.MAINTENANCE,
    status=Status.PLANNED,
    start_at=NOON - HOUR,
    end_at=NOON + HOUR,
)


def told(link: Link, *tickets: Ticket, at: datetime = NOON) -> tuple[str, datetime | None] | None:
    subject = subject_of(link)
    facts = public_facts(() if subject is None else (subject,), tickets, at=at)
    return (facts[0].state.value, facts[0].since) if facts else None


def test_an_incident_with_effect_is_told_and_since_when() -> None:
    assert told(LINE) == ("healthy", None)
    assert told(LINE, INCIDENT) == ("incident", NOON - HOUR)
    earlier = replace(INCIDENT, start_at=NOON - 3 * HOUR, severity=Severity.SEV5)
    assert told(LINE, INCIDENT, earlier) == ("incident", NOON - 3 * HOUR)


@pytest.mark.parametrize("over", [Status.RESOLVED, Status.CLOSED, Status.CANCELLED])
def test_what_is_over_is_told_no_more(over: Status) -> None:
    assert told(LINE, replace(INCIDENT, status=over)) == ("healthy", None)


def test_a_ticket_without_effect_says_nothing() -> None:
    assert told(LINE, replace(INCIDENT, effect=())) == ("healthy", None)
    assert told(LINE, replace(WORK, effect=())) == ("healthy", None)


@pytest.mark.parametrize(
    ("hours", "state"), [(-2, "healthy"), (0, "maintenance"), (1, "healthy"), (2, "healthy")]
)
def test_planned_work_is_told_within_its_window(hours: int, state: str) -> None:
    found = told(LINE, WORK, at=NOON + hours * HOUR)
    assert found is not None
    assert found[0] == state


def test_work_that_began_early_is_not_in_the_future() -> None:
    early = replace(WORK, status=Status.IN_PROGRESS, start_at=NOON + HOUR, end_at=NOON + 2 * HOUR)

    assert told(LINE, early) == ("maintenance", NOON)
    assert told(LINE, replace(early, actual_start_at=NOON - HOUR)) == ("maintenance", NOON - HOUR)


def test_an_incident_goes_before_work_and_work_before_what_evidence_says() -> None:
    impaired = line(health=Health.IMPAIRED)

    assert told(LINE, WORK, INCIDENT) == ("incident", NOON - HOUR)
    assert told(impaired, WORK) == ("maintenance", NOON - HOUR)
    assert told(impaired) == ("incident", NOON - 2 * HOUR)
    assert told(line(health=Health.UNKNOWN)) == ("healthy", None)


@pytest.mark.parametrize("status", [one for one in AssetStatus if one is not AssetStatus.ACTIVATED])
def test_what_is_not_in_service_is_not_shown(status: AssetStatus) -> None:
    assert told(line(status)) is None
    assert told(line(status, before=False), INCIDENT) is None


def test_a_line_does_not_vanish_in_the_middle_of_its_incident() -> None:
    assert told(line(AssetStatus.SOFT_DRAINED), INCIDENT) == ("incident", NOON - HOUR)
    assert told(line(AssetStatus.HARD_DRAINED), WORK) == ("maintenance", NOON - HOUR)
    assert told(line(AssetStatus.REJECTED), INCIDENT) is None


def test_what_was_removed_is_gone() -> None:
    assert told(replace(LINE, removed_at=NOON), INCIDENT) is None


def test_nothing_else_is_ever_told() -> None:
    assert [one.name for one in fields(PublicFact)] == ["code", "kind", "state", "since"]
    assert [one.value for one in PublicState] == ["healthy", "maintenance", "incident"]


any_ticket = st.builds(
    lambda kind, status, start, effect: replace(
        WORK if kind is TicketType.MAINTENANCE else INCIDENT,
        status=status,
        start_at=NOON + start * HOUR,
        end_at=NOON + (start + 1) * HOUR,
        effect=(LINE.pubkey,) if effect else (),
    ),
    st.sampled_from(TicketType),
    st.sampled_from(Status),
    st.integers(-3, 3),
    st.booleans(),
)


@given(st.lists(any_ticket, max_size=6), st.sampled_from(AssetStatus), st.sampled_from(Health))
def test_the_word_follows_only_from_tickets_with_effect_and_never_from_the_future(
    tickets: Sequence[Ticket], status: AssetStatus, health: Health
) -> None:
    link = line(status, health)
    found = told(link, *tickets)

    assert found == told(link, *(one for one in tickets if one.effect))
    assert found == told(link, *reversed(tickets))
    if found is not None:
        state, since = found
        assert (since is None) is (state == "healthy")
        assert since is None or since <= NOON
