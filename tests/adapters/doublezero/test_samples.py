"""Accounts of latency samples are decoded as they are laid out, and nothing is raised over one that
is not."""

from __future__ import annotations

import struct
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.doublezero.sampling import AMS, FRA, LINK, Account, losing, well
from tests.adapters.doublezero.town import pubkey
from tests.core.telling import NOON
from tocsin.adapters.doublezero.accounts import Other
from tocsin.adapters.doublezero.borsh import NOBODY
from tocsin.adapters.doublezero.samples import (
    COUNTED,
    SamplesHeader,
    header,
    lost_among,
    piece_of,
)
from tocsin.core.provisioning.counters import microseconds
from tocsin.core.provisioning.ledger import Unreadable

ONE = pubkey(1)


def wrong(data: bytes) -> str:
    found = header(data, ONE)
    assert isinstance(found, Unreadable)
    assert found.pubkey == ONE
    return found.why


def test_a_header_is_read_from_its_first_bytes() -> None:
    data = Account(NOON, well(5)).data()

    found = header(data[:COUNTED], ONE)

    assert found == SamplesHeader(
        pubkey=ONE,
        epoch=7,
        from_device=AMS,
        to_device=FRA,
        link=LINK,
        interval=10_000_000,
        started_at=microseconds(NOON),
        count=5,
    )
    assert header(data, ONE) == header(data + b"of a later release", ONE) == found


@pytest.mark.parametrize("account_type", [0, 1, 2, 4, 5, 255])
def test_accounts_of_other_types_are_left_alone(account_type: int) -> None:
    data = Account(NOON, well(5), account_type=account_type).data()

    assert header(data, ONE) == Other(pubkey=ONE, account_type=account_type)


@pytest.mark.parametrize("length", range(COUNTED))
def test_an_account_that_is_cut_is_named(length: int) -> None:
    assert f"its {length:,} bytes end" in wrong(Account(NOON, well(5)).data()[:length])


@pytest.mark.parametrize(
    ("account", "why"),
    [
        (Account(NOON, link=NOBODY), "it names no link"),
        (Account(NOON, every=timedelta(0)), "a sample every 0 microseconds is none"),
        (Account(NOON, every=timedelta(days=2)), "a sample every 172,800,000,000 micro"),
        (Account(NOON, count=1_000_001), "1,000,001 samples are more than"),
    ],
)
def test_an_account_that_makes_no_sense_is_named(account: Account, why: str) -> None:
    assert why in wrong(account.data())


@pytest.mark.parametrize("start", [0, 2**63, 2**64 - 1])
def test_an_account_that_begins_at_no_instant_is_named(start: int) -> None:
    data = bytearray(Account(NOON, well(1)).data())
    struct.pack_into("<Q", data, 209, start)

    assert wrong(bytes(data)) == "it begins at no instant that there is"


def test_an_account_without_a_sample_has_not_begun() -> None:
    data = bytearray(Account(NOON).data())
    struct.pack_into("<Q", data, 209, 0)

    found = header(bytes(data), ONE)

    assert isinstance(found, SamplesHeader)
    assert found.count == 0


@given(st.binary(max_size=400))
def test_nothing_is_raised_over_any_bytes(data: bytes) -> None:
    assert isinstance(header(data, ONE), SamplesHeader | Other | Unreadable)
    assert isinstance(header(b"\3" + data, ONE), SamplesHeader | Unreadable)


@given(st.lists(st.sampled_from([0, 1, 255, 256, 2**24, 2**32 - 1])), st.data())
def test_lost_samples_are_those_that_are_zero(times: list[int], drawn: st.DataObject) -> None:
    first = drawn.draw(st.integers(0, len(times)))
    last = drawn.draw(st.integers(first, len(times) + 3))
    offset, length = piece_of(0, len(times))
    data = Account(NOON, times).data()[offset : offset + length]

    there, lost = lost_among(data, first=first, last=last)

    assert there == len(times[first:last])
    assert lost == [number for number, time in enumerate(times[first:last]) if time == 0]


def test_a_sample_that_is_cut_is_not_there() -> None:
    data = struct.pack("<3I", *losing(3, [2]))

    assert lost_among(data[:-1], first=0, last=3) == (2, [])
    assert lost_among(data, first=1, last=3) == (2, [1])
    assert lost_among(data, first=5, last=9) == (0, [])
