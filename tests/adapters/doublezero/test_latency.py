"""Latency samples are read from a node once each, in few requests, and dated as they were taken."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest
from base58 import b58decode
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tests.adapters.doublezero.ledger import PROGRAM, Ledger, declining
from tests.adapters.doublezero.ledger import ledger as ledger_of
from tests.adapters.doublezero.sampling import (
    AMS,
    BACK,
    EVERY,
    FORTH,
    FRA,
    LINK,
    LOST,
    OTHER_LINK,
    Account,
    at,
    losing,
    numbered,
    well,
)
from tests.adapters.doublezero.town import pubkey
from tests.adapters.webhook.listening import status
from tests.core.telling import HOUR, MINUTE, NOON
from tocsin.adapters.doublezero import latency as reading
from tocsin.adapters.doublezero.latency import LedgerLatency, LedgerSamples
from tocsin.adapters.doublezero.samples import COUNTED, SAMPLES_AT
from tocsin.core.provisioning.latency import Latency, Measured, latency_in
from tocsin.core.provisioning.telemetry import SourceSilent
from tocsin.core.provisioning.windows import Window

EPOCH = 7
AWAY = status("503 Service Unavailable")


@pytest.fixture
def ledger(node: Ledger) -> Ledger:
    """A node that holds nothing but what a test puts there."""
    node.accounts, node.epoch = {}, EPOCH
    return node


def day(*, until: datetime = NOON, hours: int = 24) -> Window:
    return Window(start=until - hours * HOUR, end=until)


def never() -> bool:
    return False


def after(answers: int) -> Callable[[], bool]:
    """The time is over after so many questions whether it is."""
    left = iter(range(answers))
    return lambda: next(left, None) is None


def reader(ledger: Ledger, *links: str) -> LedgerSamples:
    source = LedgerLatency(ledger.rpc(attempts=2), program=PROGRAM)
    return source.samples(links=frozenset(links) if links else None)


def about(found: Measured, link: str = LINK) -> Latency:
    """What is told of a link."""
    codes = {AMS: "ams-1", FRA: "fra-1"}
    sampled = found.links.get(link, ())
    return latency_in(sampled, found.window, origin=found.origin, codes=codes)


def slices(ledger: Ledger) -> list[tuple[int, int, int]]:
    """Of each request for samples: how many accounts, the first sample and how many."""
    return [
        (
            len(params[0]),
            (params[1]["dataSlice"]["offset"] - SAMPLES_AT) // 4,
            params[1]["dataSlice"]["length"] // 4,
        )
        for method, params in ledger.asked
        if method == "getMultipleAccounts"
    ]


def surveys(ledger: Ledger) -> list[int]:
    """The epochs that headers were asked for, in order."""
    found = []
    for method, params in ledger.asked:
        if method == "getProgramAccounts":
            held = {one["memcmp"]["offset"]: one["memcmp"]["bytes"] for one in params[1]["filters"]}
            assert b58decode(held[0]) == b"\3"
            assert params[1]["dataSlice"] == {"offset": 0, "length": COUNTED}
            found.append(int.from_bytes(b58decode(held[1]), "little"))
    return found


# -- what is told ----------------------------------------------------------------------------------


def test_both_directions_of_a_day_are_told(ledger: Ledger) -> None:
    forth = Account(at(30 * HOUR), well(30 * 360))
    back = Account(at(30 * HOUR), losing(30 * 360, [9_000]), devices=(FRA, AMS))
    ledger.raw = {FORTH: forth.data(), BACK: back.data()}

    found = reader(ledger).read(day(), over=never)

    told = about(found)
    assert found.unread == frozenset()
    assert (told.samples, told.lost, told.between) == (2 * 24 * 360, 1, ("fra-1 to ams-1",))
    assert told.lost_at == at(30 * HOUR) + 9_000 * EVERY
    assert told.measured_at == NOON - EVERY
    assert told.origin.source == "the ledger"
    assert told.origin.query == f"samples in accounts of {PROGRAM}, epochs 7 to 7"
    # Only the window is read, not what was before.
    assert slices(ledger) == [(2, 6 * 360, 24 * 360)]
    assert ledger.methods[:2] == ["getEpochInfo", "getProgramAccounts"]
    assert ledger.url not in told.origin.query


def test_a_window_reaches_over_two_epochs(ledger: Ledger) -> None:
    older = Account(at(50 * HOUR), losing(44 * 360, [43 * 360]), epoch=6)
    newer = Account(at(6 * HOUR), well(6 * 360))
    oldest = Account(at(98 * HOUR), losing(48 * 360, [5]), epoch=5)
    ledger.raw = {FORTH: older.data(), BACK: newer.data(), pubkey(123): oldest.data()}

    told = about(reader(ledger).read(day(), over=never))

    assert (told.samples, told.lost) == (24 * 360, 1)
    assert told.lost_at == at(7 * HOUR)
    assert surveys(ledger) == [7, 6]


def test_an_epoch_that_has_just_begun_is_not_all_there_is(ledger: Ledger) -> None:
    ledger.raw = {FORTH: Account(at(40 * HOUR), well(40 * 360), epoch=6).data()}

    assert about(reader(ledger).read(day(), over=never)).samples == 24 * 360
    assert surveys(ledger) == [7, 6]


def test_where_nothing_was_ever_sampled_not_much_is_asked(ledger: Ledger) -> None:
    ledger.raw = {FORTH: Account(NOON).data()}

    found = reader(ledger).read(day(), over=never)

    assert found.links == {}
    assert about(found).measured_at is None
    assert surveys(ledger) == [7, 6]
    assert slices(ledger) == []
    ledger.epoch = 0
    assert reader(ledger).read(day(), over=never).links == {}


def test_samples_may_be_sparse_or_of_long_ago(ledger: Ledger) -> None:
    sparse = Account(at(23 * HOUR), well(2), every=10 * HOUR)
    old = Account(at(40 * HOUR), well(360), link=OTHER_LINK)
    ledger.raw = {FORTH: sparse.data(), BACK: old.data()}

    found = reader(ledger).read(day(), over=never)

    assert about(found).samples == 2
    told = about(found, OTHER_LINK)
    assert (told.samples, told.measured_at) == (0, at(39 * HOUR) - EVERY)
    # Of what is too old the last sample alone is read.
    assert (1, 359, 1) in slices(ledger)


def test_only_links_that_are_asked_about_are_read(ledger: Ledger) -> None:
    ledger.raw = {
        FORTH: Account(at(2 * HOUR), well(720)).data(),
        BACK: Account(at(2 * HOUR), well(720), link=OTHER_LINK).data(),
    }

    found = reader(ledger, LINK).read(day(hours=1), over=never)

    assert set(found.links) == {LINK}
    assert slices(ledger) == [(1, 360, 360)]


# -- from round to round ---------------------------------------------------------------------------


def test_a_round_reads_only_what_is_new(ledger: Ledger) -> None:
    account = Account(at(30 * HOUR), well(30 * 360))
    ledger.raw = {FORTH: account.data()}
    samples = reader(ledger)
    samples.read(day(), over=never)
    ledger.asked.clear()

    account.times += losing(6, [2])
    ledger.raw = {FORTH: account.data()}
    found = samples.read(day(until=NOON + MINUTE), over=never)

    told = about(found)
    assert (told.samples, told.lost, told.lost_at) == (24 * 360, 1, NOON + 2 * EVERY)
    assert slices(ledger) == [(1, 30 * 360, 6)]
    ledger.asked.clear()
    assert about(samples.read(day(until=NOON + 2 * MINUTE), over=never)).lost == 1
    assert ledger.methods == ["getEpochInfo", "getProgramAccounts"]


def test_an_epoch_that_is_over_is_left_alone_after_an_hour(ledger: Ledger) -> None:
    older, newer = Account(at(10 * HOUR), well(10 * 360), epoch=7), Account(NOON, well(6), epoch=8)
    ledger.raw = {FORTH: older.data()}
    samples = reader(ledger)
    samples.read(day(), over=never)

    # The last samples of an epoch may come when it is over.
    ledger.epoch = 8
    older.times += well(6)
    ledger.raw = {FORTH: older.data(), BACK: newer.data()}
    told = about(samples.read(day(until=NOON + MINUTE), over=never))
    assert told.samples == 10 * 360 + 12
    samples.read(day(until=NOON + 61 * MINUTE), over=never)
    ledger.asked.clear()
    told = about(samples.read(day(until=NOON + 62 * MINUTE), over=never))

    assert told.samples == 10 * 360 + 12
    assert 7 not in surveys(ledger)
    assert 8 in surveys(ledger)


def test_an_agent_that_paused_samples_now_and_not_then(ledger: Ledger) -> None:
    account = Account(at(30 * HOUR), well(20 * 360))
    ledger.raw = {FORTH: account.data()}
    samples = reader(ledger)
    assert about(samples.read(day(), over=never)).measured_at == at(10 * HOUR) - EVERY

    account.times += losing(6, [0])
    ledger.raw = {FORTH: account.data()}
    told = about(samples.read(day(until=NOON + MINUTE), over=never))

    assert told.lost_at == NOON
    assert told.measured_at == NOON + MINUTE - EVERY
    account.times += well(6)
    ledger.raw = {FORTH: account.data()}
    told = about(samples.read(day(until=NOON + 2 * MINUTE), over=never))
    assert (told.measured_at, told.lost_at) == (NOON + 2 * MINUTE - EVERY, NOON)


def test_what_an_agent_hands_in_late_is_dated_when_it_was_taken(ledger: Ledger) -> None:
    account = Account(at(30 * HOUR), well(28 * 360))
    ledger.raw = {FORTH: account.data()}
    samples = reader(ledger)
    samples.read(day(), over=never)

    account.times += losing(2 * 360 + 6, [0])
    ledger.raw = {FORTH: account.data()}

    assert about(samples.read(day(until=NOON + MINUTE), over=never)).lost_at == at(2 * HOUR)


def test_a_link_that_is_measured_anew_begins_anew(ledger: Ledger) -> None:
    ledger.raw = {FORTH: Account(at(3 * HOUR), losing(1_000, [999])).data()}
    samples = reader(ledger)
    samples.read(day(), over=never)

    ledger.raw = {FORTH: Account(at(1 * HOUR), well(360)).data()}

    told = about(samples.read(day(), over=never))
    assert (told.samples, told.lost) == (360, 0)


def test_a_longer_window_is_read_from_its_beginning(ledger: Ledger) -> None:
    ledger.raw = {FORTH: Account(at(30 * HOUR), losing(30 * 360, [360])).data()}
    samples = reader(ledger)
    assert about(samples.read(day(), over=never)).lost == 0

    told = about(samples.read(day(hours=48), over=never))

    assert (told.samples, told.lost) == (30 * 360, 1)


# -- bounds ----------------------------------------------------------------------------------------


def town(accounts: int, *, times: list[int]) -> dict[str, Account]:
    """So many accounts of as many links, begun in the half hour before a day ago."""
    return {
        numbered(2_000 + number): Account(
            at(24 * HOUR) - timedelta(seconds=10 * (number % 180)),
            times,
            link=numbered(50_000 + number),
        )
        for number in range(accounts)
    }


def written(accounts: dict[str, Account]) -> dict[str, bytes]:
    return {name: account.data() for name, account in accounts.items()}


def test_many_accounts_need_few_requests(ledger: Ledger) -> None:
    accounts = town(450, times=well(8_640))
    ledger.raw = written(accounts)
    samples = reader(ledger)

    found = samples.read(day(), over=never)

    assert found.unread == frozenset()
    assert len(found.links) == 450
    # Five groups, each of which has more than two requests' worth of samples.
    assert len(slices(ledger)) <= 5 * 4
    assert all(count <= 100 and length <= 4_096 for count, _, length in slices(ledger))
    ledger.asked.clear()
    for account in accounts.values():
        account.times = well(8_646)
    ledger.raw = written(accounts)
    samples.read(day(until=NOON + MINUTE), over=never)
    assert len(slices(ledger)) == 5
    # Epochs before it are looked at for an hour still: that there is nothing is no proof.
    assert surveys(ledger) == [7, 6, 5]
    assert all(length <= reading.SPREAD + 6 for _, _, length in slices(ledger))


def test_accounts_that_are_far_apart_are_not_asked_for_together(ledger: Ledger) -> None:
    early, late = Account(at(40 * HOUR), well(40 * 360)), Account(at(2 * HOUR), well(720))
    ledger.raw = written({FORTH: early, BACK: replace(late, link=OTHER_LINK)})
    samples = reader(ledger)
    samples.read(day(), over=never)
    ledger.asked.clear()

    early.times, late.times = well(40 * 360 + 6), well(726)
    ledger.raw = written({FORTH: early, BACK: replace(late, link=OTHER_LINK)})
    samples.read(day(until=NOON + MINUTE), over=never)

    assert sorted(slices(ledger)) == [(1, 720, 6), (1, 40 * 360, 6)]


def test_a_round_that_is_over_goes_on_in_the_next(ledger: Ledger) -> None:
    ledger.raw = written(town(150, times=losing(8_640, [8_600])))
    samples = reader(ledger)

    rounds, found = 1, samples.read(day(), over=after(5))
    assert 0 < len(found.unread) <= 150
    while found.unread:
        rounds += 1
        found = samples.read(day(), over=after(5))

    assert rounds > 1
    told = about(found, numbered(50_000))
    assert (told.samples, told.lost) == (8_640, 1)
    # Nothing is asked for twice.
    asked = slices(ledger)
    assert len(asked) == len(set(asked))


def test_headers_that_could_not_be_looked_at_leave_everything_open(ledger: Ledger) -> None:
    ledger.raw = {FORTH: Account(at(30 * HOUR), well(30 * 360)).data()}
    samples = reader(ledger)

    found = samples.read(day(), over=lambda: True)

    assert found.window.minutes == 0
    assert about(samples.read(day(), over=never)).samples == 24 * 360


# -- trouble ---------------------------------------------------------------------------------------


def silence(samples: LedgerSamples, *, until: datetime = NOON) -> str:
    with pytest.raises(SourceSilent) as silent:
        samples.read(day(until=until), over=never)
    return str(silent.value)


@pytest.mark.parametrize("method", ["getEpochInfo", "getProgramAccounts", "getMultipleAccounts"])
def test_a_node_that_is_away_is_silent_and_what_was_read_stays(ledger: Ledger, method: str) -> None:
    account = Account(at(30 * HOUR), well(30 * 360))
    ledger.raw = {FORTH: account.data()}
    samples = reader(ledger)
    samples.read(day(), over=never)

    account.times += losing(6, [5])
    ledger.raw = {FORTH: account.data()}
    ledger.troubles = {method: [AWAY, AWAY]}
    assert silence(samples, until=NOON + MINUTE) == "the ledger: it answers 503"
    ledger.troubles = {method: [declining(-32010)]}
    assert silence(samples, until=NOON + MINUTE) == "the ledger: the node declines with code -32010"
    ledger.asked.clear()

    told = about(samples.read(day(until=NOON + MINUTE), over=never))
    assert (told.samples, told.lost) == (24 * 360, 1)
    assert slices(ledger) == [(1, 30 * 360, 6)]


def test_what_is_no_ledger_is_silent(ledger: Ledger) -> None:
    for answer in (b'{"epoch":-1}', b'{"epoch":"seven"}', b"{}", b"7"):
        body = json.dumps({"jsonrpc": "2.0", "id": 1}).encode()[:-1] + b',"result":' + answer + b"}"
        ledger.troubles = {"getEpochInfo": [status("200 OK", body=body)]}
        assert silence(reader(ledger)) == "the ledger: what answers is not a ledger"


def test_an_account_that_cannot_be_read_is_named_once_and_left_alone(ledger: Ledger) -> None:
    good = Account(at(2 * HOUR), well(720))
    ledger.raw = {
        FORTH: good.data(),
        BACK: Account(at(2 * HOUR), well(720), every=timedelta(0)).data(),
        pubkey(123): good.data()[:100],
    }
    samples = reader(ledger)

    with capture_logs() as logs:
        samples.read(day(), over=never)
        told = about(samples.read(day(), over=never))

    assert told.samples == 720
    assert [(one["action"], one["account"], one["unreadable"]) for one in logs] == [
        ("account_unreadable", BACK, 1),
        ("account_unreadable", pubkey(123), 2),
    ]


def test_samples_that_are_promised_and_not_there_are_waited_for(ledger: Ledger) -> None:
    account = Account(at(2 * HOUR), well(700), count=720)
    ledger.raw = {FORTH: account.data()}
    samples = reader(ledger)

    found = samples.read(day(), over=never)
    assert found.unread == {LINK}

    account.times = losing(720, [719])
    ledger.raw = {FORTH: account.data()}
    found = samples.read(day(), over=never)
    assert found.unread == frozenset()
    assert about(found).lost_at == NOON - EVERY


def test_room_that_is_not_filled_yet_is_no_lost_sample(ledger: Ledger) -> None:
    # Beside an account with more of them, its room is read too.
    ledger.raw = {
        FORTH: Account(at(2 * HOUR), losing(720, range(700, 720)), count=700).data(),
        BACK: Account(at(2 * HOUR), well(720), devices=(FRA, AMS)).data(),
    }

    told = about(reader(ledger).read(day(), over=never))

    assert (told.samples, told.lost) == (1_420, 0)


def test_an_account_that_is_gone_tells_what_it_told(ledger: Ledger) -> None:
    account = Account(at(2 * HOUR), well(720))
    ledger.raw = {FORTH: account.data()}
    samples = reader(ledger)
    samples.read(day(), over=never)

    ledger.raw = {}

    assert about(samples.read(day(), over=never)).samples == 720


def test_accounts_of_another_program_are_none_of_it(ledger: Ledger) -> None:
    ledger.raw = {FORTH: Account(at(2 * HOUR), well(720)).data()}
    source = LedgerLatency(ledger.rpc(), program=pubkey(99))

    assert source.samples().read(day(), over=never).links == {}


# -- laws ------------------------------------------------------------------------------------------


class Growing(NamedTuple):
    """An account: how many hours before noon it began, how many minutes its agent is behind, and
    which of its samples are lost: one in so many."""

    hours: int
    behind: int
    one_in: int


def by_number(accounts: list[Account]) -> dict[str, bytes]:
    return {numbered(100 + number): account.data() for number, account in enumerate(accounts)}


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.builds(Growing, st.integers(1, 40), st.integers(0, 10), st.integers(2, 4_000)),
        min_size=1,
        max_size=4,
    ),
    st.lists(st.tuples(st.integers(1, 4), st.integers(4, 9)), max_size=4),
)
def test_however_it_is_read_a_window_says_what_was_sampled(
    growing: list[Growing], rounds: list[tuple[int, int]]
) -> None:
    def times(one: Growing, until: datetime) -> list[int]:
        count = (until - one.behind * MINUTE - at(one.hours * HOUR)) // EVERY
        return losing(count, range(0, count, one.one_in))

    def accounts_at(until: datetime) -> list[Account]:
        return [
            Account(at(one.hours * HOUR), times(one, until), link=numbered(number))
            for number, one in enumerate(growing)
        ]

    with ledger_of({}) as node:
        node.epoch = EPOCH
        samples, until = reader(node), NOON
        for minutes, budget in rounds:
            node.raw = by_number(accounts_at(until))
            samples.read(day(until=until), over=after(budget))
            until += minutes * MINUTE
        accounts = accounts_at(until)
        node.raw = by_number(accounts)
        found = samples.read(day(until=until), over=never)

    assert found.unread == frozenset()
    for number, account in enumerate(accounts):
        taken = [
            (account.start + place * EVERY, time)
            for place, time in enumerate(account.times)
            if account.start + place * EVERY >= found.window.start
        ]
        lost = [when for when, time in taken if time == LOST]
        told = about(found, numbered(number))
        assert told.samples == len(taken)
        assert told.measured_at == taken[-1][0]
        assert told.lost_at == lost[-1] if lost else told.lost == 0
        # Exact but for the five minutes that the window begins in.
        assert len(lost) <= told.lost <= len(lost) + 30
