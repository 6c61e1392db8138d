"""Latency samples are folded into little, and what a window says of them is what was sampled."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.provisioning.watching import ORIGIN
from tests.core.telling import HOUR, MINUTE, NOON
from tocsin.core.provisioning.counters import instant, microseconds
from tocsin.core.provisioning.latency import (
    LOSS_STEP,
    MOST_RUNS,
    Latency,
    Sampled,
    forgotten,
    latency_in,
    sampled,
)
from tocsin.core.provisioning.windows import Window

SECOND = 1_000_000
START = microseconds(NOON - 24 * HOUR)
NOTHING = Sampled(from_device="a", to_device="z", interval=10 * SECOND)
DAY = Window(start=NOON - 24 * HOUR, end=NOON)


def said(*found: Sampled, window: Window = DAY) -> Latency:
    return latency_in(found, window, origin=ORIGIN, codes={"a": "ams-1", "z": "fra-1"})


def ago(minutes: float) -> int:
    return microseconds(NOON - timedelta(minutes=minutes))


def test_a_day_of_samples_is_one_run() -> None:
    one = NOTHING
    for number in range(24):
        one = sampled(one, at=START + number * 3_600 * SECOND, count=360)

    assert len(one.runs) == 1
    found = said(one)
    assert (found.samples, found.lost, found.lost_at, found.between) == (8_640, 0, None, ())
    assert found.measured_at == NOON - timedelta(seconds=10)


def test_a_sample_before_the_window_is_not_in_it() -> None:
    between = sampled(NOTHING, at=START - 25 * SECOND, count=6)
    exactly = sampled(NOTHING, at=START - 20 * SECOND, count=6)

    # At 25, 15 and 5 seconds before, and at 5, 15 and 25 after; at 20 and 10 before, then at 0.
    assert said(between).samples == 3
    assert said(exactly).samples == 4


def test_a_lost_one_is_told_with_its_instant_and_its_direction() -> None:
    forth = sampled(NOTHING, at=START, count=8_640, lost=[8_000, 8_001])
    back = sampled(
        Sampled(from_device="z", to_device="m", interval=60 * SECOND), at=START, count=1_440
    )

    found = said(forth, back)

    assert (found.samples, found.lost) == (10_080, 2)
    assert found.lost_at == NOON - 24 * HOUR + timedelta(seconds=80_010)
    assert found.between == ("ams-1 to fra-1",)
    assert said(
        back, sampled(forth, at=ago(0), count=1), sampled(back, at=ago(0), count=1, lost=[0])
    ).between == (
        "ams-1 to fra-1",
        "fra-1 to m",
    )


def test_a_lost_one_before_the_window_is_none_of_it() -> None:
    one = sampled(NOTHING, at=ago(60), count=360, lost=[179])
    half_an_hour = Window(start=NOON - 30 * MINUTE, end=NOON)

    found = said(one, window=half_an_hour)

    assert (found.samples, found.lost, found.between) == (180, 0, ())
    assert found.lost_at == NOON - 30 * MINUTE - timedelta(seconds=10)
    assert said(sampled(one, at=ago(0), count=1), window=half_an_hour).samples == 181
    assert said(sampled(NOTHING, at=ago(60), count=360, lost=[180]), window=half_an_hour).lost == 1


def test_never_measured_is_not_measured_long_ago() -> None:
    assert said() == Latency(samples=0, lost=0, lost_at=None, origin=ORIGIN)
    assert said(NOTHING).measured_at is None
    old = said(sampled(NOTHING, at=ago(3_000), count=6))
    assert (old.samples, old.measured_at) == (0, NOON - 3_000 * MINUTE + timedelta(seconds=50))


def test_samples_that_are_dated_ahead_are_of_now() -> None:
    found = said(sampled(NOTHING, at=ago(-60), count=6, lost=[3]))

    assert (found.measured_at, found.lost_at, found.lost) == (NOON, NOON, 1)


def test_nothing_new_changes_nothing() -> None:
    one = sampled(NOTHING, at=START, count=3, lost=[1])

    assert sampled(one, at=ago(0), count=0) is one
    assert forgotten(one, before=START) is one


def test_what_is_older_is_forgotten_but_for_the_last() -> None:
    one = sampled(NOTHING, at=START, count=6, lost=[0, 5])
    later = sampled(one, at=ago(30), count=6, lost=[2])

    kept = forgotten(later, before=ago(60))

    assert kept.runs == later.runs[1:]
    assert len(kept.lost) < len(later.lost)
    assert said(kept).lost == 1
    assert forgotten(one, before=ago(0)).last_at == one.last_at
    assert forgotten(one, before=ago(0)).lost == b""


def test_runs_and_steps_do_not_grow_without_end() -> None:
    one = NOTHING
    for number in range(1_000):
        one = sampled(one, at=START + number * 60 * SECOND, count=2, lost=[0, 1])

    assert len(one.runs) == MOST_RUNS
    assert len(one.lost) == 8 * 1_000 // (LOSS_STEP // (60 * SECOND))


Piece = tuple[int, int, list[bool]]


@given(
    st.lists(
        st.tuples(st.integers(0, 900), st.lists(st.booleans(), min_size=1, max_size=40)),
        max_size=20,
    ),
    st.integers(0, 1_440),
)
def test_a_window_says_what_was_sampled(pieces: list[tuple[int, list[bool]]], minutes: int) -> None:
    one, at = NOTHING, START
    all_of_them: list[tuple[datetime, bool]] = []
    for pause, lost in pieces:
        at += pause * SECOND
        numbers = [number for number, is_lost in enumerate(lost) if is_lost]
        one = sampled(one, at=at, count=len(lost), lost=numbers)
        for number, is_lost in enumerate(lost):
            all_of_them.append((instant(at + number * one.interval), is_lost))
        at += len(lost) * one.interval
    window = Window(start=NOON - minutes * MINUTE, end=NOON)
    within = [(when, is_lost) for when, is_lost in all_of_them if when >= window.start]
    gone = [when for when, is_lost in within if is_lost]

    for known in (one, forgotten(one, before=microseconds(window.start))):
        found = said(known, window=window)
        assert found.samples == len(within)
        assert (found.lost_at is not None and found.lost_at >= window.start) == bool(gone)
        assert bool(found.lost) == bool(gone)
        if gone:
            assert found.lost_at == gone[-1]
            # Exact but for the step that the window begins in.
            assert found.lost >= min(len(gone), found.samples)
            earlier = window.start - timedelta(microseconds=LOSS_STEP)
            assert found.lost <= sum(lost for when, lost in all_of_them if when > earlier)


@pytest.mark.parametrize("count", [1, 31, 288])
def test_losses_all_day_long_stay_small(count: int) -> None:
    one = sampled(NOTHING, at=START, count=count * 30, lost=range(count * 30))

    assert len(one.lost) == 8 * count
    assert said(one).lost == said(one).samples == count * 30
