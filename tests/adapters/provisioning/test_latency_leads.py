"""Latency samples of a link lead where the specification says, read from a node of the ledger."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from base58 import b58decode

from tests.adapters.doublezero.ledger import PROGRAM, Ledger, ledger
from tests.adapters.doublezero.sampling import BACK, FORTH, Account, at, losing, well
from tests.adapters.provisioning.town import (
    AMS,
    DAY,
    FRA,
    SIDE_A,
    SIDE_Z,
    START,
    Town,
    activator,
    lay,
    link,
    stands,
    until,
)
from tests.adapters.webhook.listening import status
from tests.core.telling import HOUR
from tests.handler.acting import NOON, House, pubkey
from tocsin.adapters.doublezero.latency import LedgerLatency
from tocsin.adapters.provisioning.explaining import Explainer
from tocsin.adapters.provisioning.monitor import Monitor
from tocsin.adapters.provisioning.watching import Sources, Watch
from tocsin.core.instants import MINUTE
from tocsin.core.provisioning.criteria import Criterion, Silence
from tocsin.core.provisioning.readiness import Readiness

LINE = pubkey(21)
AWAY = status("503 Service Unavailable")


@pytest.fixture
def node() -> Iterator[Ledger]:
    """A node whose telemetry program has no accounts yet."""
    with ledger({}) as made:
        made.epoch = 7
        yield made


def account(times: list[int], *, back: bool = False, line: str = LINE) -> Account:
    """Samples of the line, every ten seconds since thirty hours ago."""
    devices = (FRA, AMS) if back else (AMS, FRA)
    return Account(at(30 * HOUR), times, link=line, devices=devices)


def sources(town: Town, node: Ledger) -> Sources:
    latency = LedgerLatency(node.rpc(attempts=1), program=PROGRAM)
    return Sources(counters=town, agents=town, qa=town, latency=latency)


def monitor(home: House, town: Town, node: Ledger) -> Monitor:
    return Monitor(
        store=home.store, writer=home.writer, watch=Watch(sources(town, node)), clock=home.clock
    )


def explained(home: House, town: Town, node: Ledger) -> Readiness:
    explains = Explainer(store=home.store, sources=sources(town, node))
    return explains.explain(home.orgs["net"], link(home), at=home.clock())


def loss(found: Readiness) -> Criterion:
    (one,) = [one for one in found.criteria if one.name == "loss"]
    return one


@pytest.fixture
def clean(filed: House, town: Town) -> House:
    """Both sides of the line carried clean traffic for a day."""
    lay(filed)
    town.carry(SIDE_A, SIDE_Z, start=START, minutes=DAY + 30)
    until(filed, NOON)
    return filed


def test_where_nothing_is_measured_nothing_is_held_back(
    clean: House, town: Town, node: Ledger
) -> None:
    node.raw = {FORTH: account(losing(10_800, [10_799]), line=pubkey(99)).data()}

    found = loss(explained(clean, town, node))

    assert (found.state.value, found.reason) == ("met", "no latency samples exist for this link")
    assert found.evidence.source == "the ledger"
    assert PROGRAM in found.evidence.query
    monitor(clean, town, node).round()
    assert stands(clean) == ("healthy", "hard_drained")


def test_samples_of_which_none_was_lost_let_a_link_into_service(
    clean: House, town: Town, node: Ledger
) -> None:
    node.raw = {FORTH: account(well(10_800)).data(), BACK: account(well(10_800), back=True).data()}

    found = loss(explained(clean, town, node))

    assert found.reason == "none of 17,280 latency samples was lost"
    monitor(clean, town, node).round()
    activator(clean).everything()
    assert stands(clean) == ("healthy", "activated")


def test_a_lost_sample_holds_a_link_back_until_a_day_without_one(
    clean: House, town: Town, node: Ledger
) -> None:
    forth, back = account(well(10_800)), account(losing(10_800, [10_620, 10_621]), back=True)
    node.raw = {FORTH: forth.data(), BACK: back.data()}
    duty = monitor(clean, town, node)

    duty.round()

    assert stands(clean) == ("pending", "hard_drained")
    found = explained(clean, town, node)
    assert loss(found).reason == (
        "2 of 17,280 latency samples were lost, the last at 2026-11-20 11:30, from fra-1 to ams-1"
    )
    assert loss(found).evidence.figures == (("samples", 17_280), ("lost", 2))
    assert found.ready_at == NOON + DAY * MINUTE - 29 * MINUTE
    assert "loss (unmet)" in found.next

    # A day on, of which the last is out of the window.
    town.carry(SIDE_A, SIDE_Z, start=NOON, minutes=DAY)
    forth.times += well(DAY * 6)
    back.times += well(DAY * 6)
    node.raw = {FORTH: forth.data(), BACK: back.data()}
    until(clean, NOON + DAY * MINUTE - 30 * MINUTE)
    duty.round()
    assert stands(clean)[0] == "pending"
    until(clean, NOON + DAY * MINUTE - 29 * MINUTE)
    duty.round()
    assert stands(clean)[0] == "healthy"


def test_a_node_that_is_away_moves_nothing_and_is_named(
    clean: House, town: Town, node: Ledger
) -> None:
    node.raw = {FORTH: account(well(10_800)).data()}
    node.troubles = {"getEpochInfo": [AWAY] * 2}
    duty = monitor(clean, town, node)

    told = duty.round()

    assert told.silent == (Silence(source="the ledger", why="it answers 503"),)
    assert stands(clean) == ("unknown", "hard_drained")
    found = loss(explained(clean, town, node))
    assert (found.state.value, found.reason) == ("unknown", "the ledger is silent: it answers 503")
    # It is back, and what it says counts.
    assert duty.round().silent == ()
    assert stands(clean) == ("healthy", "hard_drained")
    node.troubles = {"getEpochInfo": [AWAY]}
    assert duty.round().changes == ()
    assert stands(clean) == ("healthy", "hard_drained")


def test_readiness_asks_about_one_link_alone(clean: House, town: Town, node: Ledger) -> None:
    node.raw = {
        FORTH: account(well(10_800)).data(),
        BACK: account(well(10_800), line=pubkey(99)).data(),
    }

    explained(clean, town, node)

    for method, params in node.asked:
        if method == "getProgramAccounts":
            held = {one["memcmp"]["offset"]: one["memcmp"]["bytes"] for one in params[1]["filters"]}
            assert b58decode(held[169]) == b58decode(LINE)
        if method == "getMultipleAccounts":
            assert params[0] == [FORTH]
    assert len(node.asked) <= 6
