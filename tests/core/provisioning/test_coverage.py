"""Windows of whole minutes, and which of them something was heard in."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from tests.core.telling import HOUR, MINUTE, NOON
from tocsin.core.provisioning.coverage import (
    Minutes,
    marked,
    merged,
    missing,
    named_minutes,
    within,
)
from tocsin.core.provisioning.windows import (
    Window,
    burn_in_minutes,
    latest_window,
    missing_allowed,
    stretches,
)

OFFSETS = st.integers(-90, 90)
LENGTHS = st.integers(0, 120)


def window(offset: int, length: int) -> Window:
    start = NOON + offset * MINUTE
    return Window(start=start, end=start + length * MINUTE)


WINDOWS = st.builds(window, OFFSETS, LENGTHS)
INSTANTS = st.lists(
    st.integers(-120 * 60, 240 * 60).map(lambda seconds: NOON + timedelta(seconds=seconds)),
    max_size=60,
)


def test_the_latest_window_ends_with_the_last_minute_that_is_over() -> None:
    found = latest_window(at=NOON + timedelta(seconds=59, microseconds=5), minutes=30)

    assert found == Window(start=NOON - 30 * MINUTE, end=NOON)
    assert found.minutes == 30
    assert NOON not in found
    assert NOON - 30 * MINUTE in found


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (NOON + timedelta(seconds=1), NOON + HOUR),
        (NOON, NOON + timedelta(microseconds=1)),
        (NOON, NOON - MINUTE),
    ],
)
def test_a_window_that_is_none(start: datetime, end: datetime) -> None:
    with pytest.raises(ValueError, match="a window"):
        Window(start=start, end=end)


def test_the_burn_in_that_applies() -> None:
    policy = {"burn_in_hours": 24, "reactivation_burn_in_minutes": 30}

    assert burn_in_minutes(activated_before=False, **policy) == 1440
    assert burn_in_minutes(activated_before=True, **policy) == 30
    assert (
        burn_in_minutes(activated_before=False, burn_in_hours=0, reactivation_burn_in_minutes=30)
        == 1
    )


@pytest.mark.parametrize(
    ("minutes", "allowed"), [(1440, 5), (2880, 10), (720, 2), (288, 1), (287, 0), (30, 0), (0, 0)]
)
def test_shorter_windows_may_miss_their_share(minutes: int, allowed: int) -> None:
    assert missing_allowed(minutes=minutes, missing_minutes=5) == allowed


@for_all(WINDOWS, st.integers(1, 50))
def test_stretches_are_the_whole_in_order(whole: Window, minutes: int) -> None:
    found = list(stretches(whole, minutes=minutes))

    assert sum(one.minutes for one in found) == whole.minutes
    assert all(0 < one.minutes <= minutes for one in found)
    assert [one.start for one in found[1:]] == [one.end for one in found[:-1]]
    if found:
        assert (found[0].start, found[-1].end) == (whole.start, whole.end)


def test_missing_minutes_are_named() -> None:
    hour = Window(start=NOON, end=NOON + HOUR)
    heard = marked(hour, [NOON + n * MINUTE for n in range(60) if n not in (3, 4, 5, 17)])

    gaps = missing(heard, hour)

    assert gaps == tuple(NOON + n * MINUTE for n in (3, 4, 5, 17))
    assert named_minutes(gaps) == "2026-11-20 12:03–12:05, 2026-11-20 12:17"


def test_many_gaps_are_counted_rather_than_named() -> None:
    gaps = tuple(NOON + 2 * n * MINUTE for n in range(8))

    assert named_minutes(gaps).endswith("2026-11-20 12:08, 3 more")


def test_a_gap_over_midnight_names_both_days() -> None:
    midnight = NOON + 12 * HOUR

    assert named_minutes((midnight - MINUTE, midnight)) == "2026-11-20 23:59 – 2026-11-21 00:00"


@for_all(INSTANTS, WINDOWS)
def test_marked_and_missing_are_all_minutes(instants: list[datetime], one: Window) -> None:
    heard = marked(one, instants)
    gaps = missing(heard, one)

    assert heard.count + len(gaps) == one.minutes
    assert all(at not in heard for at in gaps)
    assert all(at in heard for at in instants if at in one)


@for_all(INSTANTS, WINDOWS, WINDOWS)
def test_another_window_keeps_what_both_know(
    instants: list[datetime], one: Window, other: Window
) -> None:
    shifted = within(marked(one, instants), other)

    assert shifted == marked(other, [at for at in instants if at in one])


@for_all(INSTANTS, WINDOWS, st.integers(0, 120), st.integers(1, 150))
def test_rounds_come_to_what_is_seen_at_once(
    instants: list[datetime], first: Window, more: int, keep: int
) -> None:
    second = Window(start=first.end, end=first.end + more * MINUTE)
    whole = Window(start=max(first.start, second.end - keep * MINUTE), end=second.end)

    kept = merged(marked(first, instants), marked(second, instants), window=whole)

    assert kept == marked(whole, instants)


def test_a_minute_that_nothing_is_known_of_is_missing() -> None:
    known = Minutes(window=Window(start=NOON, end=NOON + MINUTE), bits=1)

    assert missing(known, Window(start=NOON, end=NOON + 2 * MINUTE)) == (NOON + MINUTE,)
