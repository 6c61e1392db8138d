"""What samples of a cumulative counter come to, told by hand and held to laws."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from tocsin.core.provisioning.counters import (
    Counter,
    Run,
    Sample,
    instant,
    joined,
    microseconds,
    resets,
    risen,
    run_of,
    run_of_columns,
)

SECOND = 1_000_000

SAMPLES = st.lists(
    st.tuples(
        st.integers(0, 10**6).map(lambda minute: minute * 60 * SECOND), st.integers(0, 10**6)
    ),
    max_size=40,
    unique_by=lambda sample: sample[0],
)


def at(second: int) -> int:
    return second * SECOND


def run(*values: int) -> Run:
    """The run of *values*, one each second from the first on."""
    found = run_of((at(second), value) for second, value in enumerate(values))
    assert found is not None
    return found


def test_of_no_sample_nothing_is_known() -> None:
    assert run_of([]) is None
    assert run_of_columns([], []) is None
    assert run_of_columns([at(1), at(2)], [None, None]) is None


def test_one_sample_is_no_increase() -> None:
    assert run(7) == Run(instant(0), 7, instant(0), 7, 0, 0, None)


def test_a_counter_that_rises() -> None:
    assert run(5, 5, 9, 9) == Run(instant(0), 5, instant(at(3)), 9, 4, 0, instant(at(2)))


def test_a_fall_is_a_reset_and_no_traffic() -> None:
    # 100 → 130 is 30, what fell to 20 counts for nothing, 20 → 25 is 5.
    found = run(100, 130, 20, 25)

    assert (found.increase, found.resets, found.rose_at) == (35, 1, instant(at(3)))


def test_what_a_counter_fell_to_is_not_counted() -> None:
    assert run(100, 20).increase == 0
    assert run(100, 0, 0).increase == 0


def test_what_came_between_two_runs_is_counted_at_the_first_sample_after_it() -> None:
    older, newer = run(1, 2), run_of([(at(60), 5), (at(61), 5)])

    together = joined(older, newer)

    assert together is not None
    assert (together.increase, together.rose_at) == (4, instant(at(60)))


def test_a_fall_between_two_runs_is_a_reset() -> None:
    together = joined(run(9, 9), run_of([(at(60), 5)]))

    assert together is not None
    assert (together.increase, together.resets, together.rose_at) == (0, 1, None)


def test_a_stretch_without_a_sample_carries_the_counter_forward() -> None:
    assert joined(run(3, 4), None) == run(3, 4)
    assert joined(None, run(3, 4)) == run(3, 4)


def test_a_restart_that_resets_all_counters_is_one_reset() -> None:
    both = (run(5, 0), run(7, 0), None, None, None)

    assert resets(both) == 1
    assert risen(both, (Counter.IN_OCTETS, Counter.OUT_OCTETS)) == 0


def test_instants_survive_the_way_to_microseconds_and_back() -> None:
    assert microseconds(instant(1_795_200_000_123_456)) == 1_795_200_000_123_456


@for_all(SAMPLES, st.randoms(use_true_random=False))
def test_the_order_of_samples_does_not_matter(samples: list[Sample], random: object) -> None:
    shuffled = list(samples)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert run_of(shuffled) == run_of(samples)


@for_all(SAMPLES, st.integers(0, 40))
def test_the_parts_come_to_what_the_whole_does(samples: list[Sample], cut: int) -> None:
    ordered = sorted(samples)

    assert joined(run_of(ordered[:cut]), run_of(ordered[cut:])) == run_of(ordered)


@for_all(SAMPLES, st.data())
def test_columns_are_read_as_samples_are(samples: list[Sample], data: st.DataObject) -> None:
    ordered = sorted(samples)
    absent = data.draw(st.sets(st.integers(0, 39)))
    values = [None if place in absent else value for place, (_, value) in enumerate(ordered)]
    known = [sample for place, sample in enumerate(ordered) if place not in absent]

    assert run_of_columns([moment for moment, _ in ordered], values) == run_of(known)


@for_all(st.lists(st.integers(0, 1000), min_size=1, max_size=30))
def test_columns_of_a_counter_that_only_rises_are_read_as_samples_are(values: list[int]) -> None:
    rising = sorted(values)
    instants = [at(second) for second in range(len(rising))]

    assert run_of_columns(instants, rising) == run_of(zip(instants, rising, strict=True))


@for_all(SAMPLES, st.integers(0, 40), st.integers(0, 10**6))
def test_a_reset_never_adds_traffic(samples: list[Sample], place: int, fallen_by: int) -> None:
    """From some sample on everything is lower, as after a restart: no increase is added."""
    ordered = sorted(samples)
    lowest = min((value for _, value in ordered[place:]), default=0)
    after = [(moment, value - min(fallen_by, lowest)) for moment, value in ordered[place:]]

    before, now = run_of(ordered), run_of([*ordered[:place], *after])

    assert (before is None) == (now is None)
    if before is not None:
        assert now is not None
        assert now.increase <= before.increase


@for_all(SAMPLES)
def test_no_more_is_counted_than_what_was_ever_shown_to_rise(samples: list[Sample]) -> None:
    found = run_of(samples)
    values = [value for _, value in sorted(samples)]
    upward = [max(b - a, 0) for a, b in pairwise(values)]

    assert (found.increase if found else 0) == sum(upward)
    if found is not None:
        assert (found.rose_at is None) == (found.increase == 0)


@pytest.mark.parametrize("counter", Counter)
def test_every_counter_has_its_place(counter: Counter) -> None:
    runs = tuple(run(0, 1) if one is counter else None for one in Counter)

    assert risen(runs, (counter,)) == 1
    assert risen(runs, [one for one in Counter if one is not counter]) == 0


@for_all(st.lists(st.tuples(st.integers(0, 1000), st.booleans()), max_size=40))
def test_never_more_is_counted_than_went_by(minutes: list[tuple[int, bool]]) -> None:
    """A device carries so much in a minute, and restarts before some of them."""
    stands = 0
    samples = []
    for minute, (carried, restarts) in enumerate(minutes):
        stands = carried if restarts else stands + carried
        samples.append((at(minute * 60), stands))

    found = run_of(samples)

    assert (found.increase if found else 0) <= sum(carried for carried, _ in minutes[1:])
