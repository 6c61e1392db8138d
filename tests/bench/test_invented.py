"""What the large store holds, and what is asked of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from pathlib import Path

from bench import invented, populate, reading
from tests.bench.opened import listed
from tocsin.adapters.rest.ticket_bodies import PageQuery, TicketsQuery
from tocsin.core.commands import ChangeStatus

NIGHT = datetime(2026, 11, 21, tzinfo=UTC)
AROUND = invented.Surroundings(
    devices=tuple(invented.pubkey(f"d{number}") for number in range(invented.DEVICES)),
    links=tuple(invented.pubkey(f"l{number}") for number in range(invented.DEVICES // 2)),
    members=tuple(f"member-{number}" for number in range(invented.MEMBERS)),
)
TICKETS = 10_000


def test_invented_pubkeys_are_different_and_of_full_length() -> None:
    assert len(set(AROUND.devices)) == invented.DEVICES
    assert {len(key) for key in AROUND.devices} <= {43, 44}


def test_nineteen_of_twenty_incidents_end() -> None:
    incidents = [number for number in range(TICKETS) if not invented.is_maintenance(number)]
    ended = [
        number
        for number in incidents
        if ChangeStatus(status="closed")
        in chain.from_iterable(invented.life(number, tickets=TICKETS, notes=0))
    ]

    assert 0.94 < len(ended) / len(incidents) < 0.96


def test_every_ticket_has_a_name_of_its_own() -> None:
    names = {
        invented.opening(number, ticket_id="x", at=NIGHT, around=AROUND).refs
        for number in range(TICKETS)
    }

    assert len(names) == TICKETS


def test_every_filter_of_the_contract_is_asked_for() -> None:
    asked = set(
        chain.from_iterable(
            question.query for question in reading.questions(invented.values(AROUND, until=NIGHT))
        )
    )

    assert asked == set(TicketsQuery.__struct_fields__) - set(PageQuery.__struct_fields__) - {
        "wait_for"
    }


def test_a_filled_store_is_as_large_as_was_asked_and_of_the_past_year(tmp_path: Path) -> None:
    stored = populate.fill(tmp_path / "data", tickets=60, events=2_000, until=NIGHT)

    tickets = listed(tmp_path / "data")
    assert len(tickets) == stored.tickets == 60
    assert 2_000 <= stored.events < 2_000 + populate.OVERSHOOT
    assert NIGHT - min(one.created_at for one in tickets) > timedelta(days=364)
    assert {one.status for one in islice(tickets, 1, 3)} == {"closed"}


def test_the_same_day_makes_the_same_tickets(tmp_path: Path) -> None:
    for name in ("one", "other"):
        populate.fill(tmp_path / name, tickets=20, events=250, until=NIGHT)

    assert listed(tmp_path / "one") == listed(tmp_path / "other")
