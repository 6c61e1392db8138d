"""How connectors are doing, counted from the inbox."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.handler.acting import NOON, House, house
from tests.servers.databases import cluster, fresh_database, recycling
from tocsin.core.instants import DAY, HOUR, MINUTE
from tocsin.core.record_commands import CreateConnector
from tocsin.core.records import Connector
from tocsin.projections.connector_health import ConnectorCounts, Health, HealthWord, silent_since
from tocsin.store.arrivals import Arrived, number_at
from tocsin.store.contract import Batch

__all__ = ["cluster", "fresh_database", "recycling"]

SECOND = timedelta(seconds=1)


@pytest.fixture(params=["sqlite", "postgres"])
def acting(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """A furnished house, on each store."""
    at = request.getfixturevalue("fresh_database")() if request.param == "postgres" else None
    with house(tmp_path, at=at) as made:
        yield made


def connector(home: House, code: str, *, org: str = "net", minutes: int | None = None) -> Connector:
    command = CreateConnector(
        connector_id=home.fresh(),
        code=code,
        name=code.title(),
        kind="alertmanager",
        token_digest=(f"{org}{code}".encode().hex() * 64)[:64],
        expected_every_minutes=minutes,
    )
    state = home.system("connector", command, org_id=home.orgs[org]).state
    assert isinstance(state, Connector)
    return state


def arrive(
    home: House,
    one: Connector | None,
    at: datetime,
    *,
    org: str = "net",
    verdict: str = "mixed",
    signals: int = 3,
    replay_of: int | None = None,
) -> None:
    """Put a payload into the inbox, as the writer does."""
    row = Arrived(
        org_id=home.orgs[org],
        number=number_at(at),
        connector_id=None if one is None else one.id,
        via="api",
        verdict=verdict,
        reason="",
        content_type="application/json",
        headers="{}",
        payload=b"{}",
        results="[]",
        attached=min(signals, 1),
        created=max(0, signals - 1),
        replay_of=replay_of,
    )
    with home.store.writing() as turn:
        turn.write(Batch(batch_id=home.fresh(), inbox=[row]))
        turn.commit()


def health(
    home: House, counts: ConnectorCounts, *connectors: Connector, at: datetime, org: str = "net"
) -> list[Health]:
    with home.store.reading() as turn:
        found = counts.health(turn, home.orgs[org], connectors, at=at)
    return [found[one.id] for one in connectors]


def test_one_that_was_never_heard_says_so(acting: House) -> None:
    am = connector(acting, "am")
    (found,) = health(acting, ConnectorCounts(), am, at=NOON + HOUR)
    assert found == Health(
        state=HealthWord.NEVER_HEARD,
        last_payload_at=None,
        payloads_24h=0,
        signals_24h=0,
        rate_per_minute=0.0,
        failures_24h=0,
        silent_since=None,
    )


def test_payloads_signals_failures_and_the_rate_are_those_of_each(acting: House) -> None:
    am, zabbix = connector(acting, "am"), connector(acting, "zabbix")
    elsewhere = connector(acting, "am", org="elsewhere")
    for minute in range(30):
        arrive(acting, am, NOON + minute * MINUTE)
    arrive(acting, zabbix, NOON + SECOND, verdict="unparseable", signals=0)
    arrive(acting, zabbix, NOON + 2 * SECOND, verdict="refused", signals=0)
    arrive(acting, zabbix, NOON + 3 * SECOND, signals=7)
    arrive(acting, None, NOON + 4 * SECOND)
    arrive(acting, am, NOON + 5 * SECOND, replay_of=1)
    arrive(acting, elsewhere, NOON + 5 * SECOND, org="elsewhere")

    counts, at = ConnectorCounts(), NOON + 29 * MINUTE + SECOND
    first, second = health(acting, counts, am, zabbix, at=at)
    assert (first.payloads_24h, first.signals_24h, first.failures_24h) == (30, 90, 0)
    assert (first.rate_per_minute, first.state) == (1.0, HealthWord.HEALTHY)
    assert first.last_payload_at == NOON + 29 * MINUTE
    assert (second.payloads_24h, second.signals_24h, second.failures_24h) == (3, 7, 2)
    assert (second.rate_per_minute, second.state) == (0.0, HealthWord.HEALTHY)
    (other,) = health(acting, counts, elsewhere, at=at, org="elsewhere")
    assert other.payloads_24h == 1


def test_counting_on_is_counting_anew(acting: House) -> None:
    am = connector(acting, "am")
    kept, at = ConnectorCounts(), NOON
    for step in range(60):
        at = NOON + step * 37 * MINUTE
        arrive(acting, am, at, signals=step)
        arrive(acting, am, at + SECOND, signals=1, verdict="unparseable" if step % 3 else "mixed")
        at += 2 * SECOND
        assert health(acting, kept, am, at=at) == health(acting, ConnectorCounts(), am, at=at)
    (found,) = health(acting, kept, am, at=at)
    # 39 steps of 37 minutes are within a day.
    assert (found.payloads_24h, found.signals_24h) == (78, sum(range(21, 60)) + 39)


def test_after_a_day_it_counts_nothing_and_still_knows_when_it_was_heard(acting: House) -> None:
    am = connector(acting, "am")
    arrive(acting, am, NOON)
    counts = ConnectorCounts()
    (before,) = health(acting, counts, am, at=NOON + DAY - SECOND)
    (after,) = health(acting, counts, am, at=NOON + DAY)
    assert (before.payloads_24h, after.payloads_24h) == (1, 0)
    assert (after.last_payload_at, after.state) == (NOON, HealthWord.HEALTHY)


def test_failing_is_the_newest_or_a_tenth_of_the_recent_ones(acting: House) -> None:
    am, counts = connector(acting, "am"), ConnectorCounts()

    def state(at: datetime) -> HealthWord:
        (found,) = health(acting, counts, am, at=at)
        return found.state

    for second in range(10):
        arrive(acting, am, NOON + second * SECOND)
    arrive(acting, am, NOON + MINUTE, verdict="unparseable", signals=0)
    assert state(NOON + MINUTE) is HealthWord.FAILING
    arrive(acting, am, NOON + MINUTE + SECOND)
    assert state(NOON + MINUTE + SECOND) is HealthWord.HEALTHY
    for second in range(2, 5):
        arrive(acting, am, NOON + MINUTE + second * SECOND, verdict="refused", signals=0)
    arrive(acting, am, NOON + 2 * MINUTE)
    assert state(NOON + 2 * MINUTE) is HealthWord.FAILING
    assert state(NOON + 12 * MINUTE) is HealthWord.HEALTHY


def test_silent_is_longer_than_expected_whatever_was_heard(acting: House) -> None:
    am, never = connector(acting, "am", minutes=10), connector(acting, "never", minutes=60)
    at = am.created_at
    arrive(acting, am, at + 5 * MINUTE, verdict="unparseable", signals=0)
    counts = ConnectorCounts()
    found = health(acting, counts, am, never, at=at + 15 * MINUTE - SECOND)
    assert [one.state for one in found] == [HealthWord.FAILING, HealthWord.NEVER_HEARD]
    found = health(acting, counts, am, never, at=never.created_at + HOUR)
    assert [(one.state, one.silent_since) for one in found] == [
        (HealthWord.SILENT, at + 5 * MINUTE),
        (HealthWord.SILENT, never.created_at),
    ]


def test_nothing_is_expected_of_one_that_was_removed(acting: House) -> None:
    """Nobody is woken for the silence of what is no more."""
    one = connector(acting, "one", minutes=5)
    late = NOON + DAY
    assert silent_since(one, None, at=late) == one.created_at
    assert silent_since(replace(one, removed_at=NOON + HOUR), None, at=late) is None


def test_kept_up_with_it_has_counted_before_anybody_asks(acting: House) -> None:
    am = connector(acting, "am")
    elsewhere = connector(acting, "am", org="elsewhere")
    counts = ConnectorCounts()
    arrive(acting, am, NOON)
    arrive(acting, elsewhere, NOON, org="elsewhere")
    with acting.store.reading() as turn:
        counts.keep_up(turn, at=NOON + SECOND)
    arrive(acting, am, NOON + 2 * SECOND)
    # A snapshot from before counts nothing twice, and nothing away.
    with acting.store.reading() as older:
        older.last_position()
        arrive(acting, am, NOON + 3 * SECOND)
        with acting.store.reading() as turn:
            counts.keep_up(turn, at=NOON + 4 * SECOND)
        counts.keep_up(older, at=NOON + 4 * SECOND)
    (found,) = health(acting, counts, am, at=NOON + 5 * SECOND)
    (other,) = health(acting, counts, elsewhere, at=NOON + 5 * SECOND, org="elsewhere")
    assert (found.payloads_24h, other.payloads_24h) == (3, 1)
