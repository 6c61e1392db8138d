"""What is kept between rounds comes to the same as asking for everything anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from tests.core.provisioning.watching import (
    DAY,
    ORIGIN,
    Story,
    counted,
    runs,
    samples,
)
from tests.core.telling import HOUR, MINUTE, NOON
from tocsin.core.provisioning.counters import COUNTERS, Counter, Interface, Run
from tocsin.core.provisioning.coverage import Minutes, within
from tocsin.core.provisioning.following import (
    Followed,
    Following,
    Step,
    Usage,
    begun,
    followed,
    followed_marks,
    usage,
)
from tocsin.core.provisioning.telemetry import Counted, Marked, Marks
from tocsin.core.provisioning.windows import Window

ETHERNET: Interface = ("ams-dz01", "Ethernet1/1")


def follow(story: Story, *, rounds: list[int], keep: int) -> Following:
    """Follow an interface from *rounds* minutes before noon to those of the next, and to noon."""
    start = NOON - rounds[0] * MINUTE
    before = [row for row in samples(story) if row[0] < start]
    kept = begun(
        at=start,
        baseline=Counted(
            window=Window(start=start, end=start),
            origin=ORIGIN,
            interfaces={ETHERNET: runs(before)} if before else {},
        ),
    )
    for begins, ends in zip(rounds, [*rounds[1:], 0], strict=True):
        window = Window(start=NOON - begins * MINUTE, end=NOON - ends * MINUTE)
        kept = followed(kept, counted(window, {ETHERNET: story}), keep_minutes=keep)
    return kept


def last(kept: Following, minutes: int) -> Usage:
    found = usage(kept.interfaces[ETHERNET], Window(start=NOON - minutes * MINUTE, end=NOON))
    assert found is not None
    return found


def test_a_day_of_a_clean_interface() -> None:
    kept = follow(Story(octets=10), rounds=[DAY, 700, 60], keep=DAY)
    found = last(kept, DAY)

    # Ten octets in a minute each way, from a baseline in the minute before the window.
    assert (found.octets, found.errors, found.errors_known, found.resets) == (28_800, 0, True, 0)
    assert found.counted_from == NOON - DAY * MINUTE
    assert kept.covered["ams-dz01"].count == DAY


def test_an_error_is_known_to_the_sample_whatever_the_rounds_were() -> None:
    story = Story(errors={90: 3})

    for rounds in ([DAY], [DAY, 600, 91, 90, 89], [DAY, 1]):
        found = last(follow(story, rounds=rounds, keep=DAY), DAY)
        assert found.errors == 3
        assert found.errors_at == NOON - 90 * MINUTE + timedelta(seconds=7)


def test_an_error_before_the_window_is_none_in_it() -> None:
    kept = follow(Story(errors={31: 3}), rounds=[DAY, 60], keep=DAY)

    assert last(kept, 31).errors == 3
    assert last(kept, 30).errors == 0
    assert last(kept, 30).errors_at == NOON - 31 * MINUTE + timedelta(seconds=7)


def test_what_left_the_time_that_is_kept_is_not_counted_any_more() -> None:
    rounds = list(range(3 * DAY, 0, -30))
    kept = follow(Story(minutes=3 * DAY + 5, errors={2 * DAY: 9}), rounds=rounds, keep=DAY)
    found = last(kept, DAY)

    assert found.errors == 0
    # A step is at most a part in 24 of the time that is kept.
    assert NOON - DAY * MINUTE - HOUR <= found.counted_from <= NOON - DAY * MINUTE
    assert found.octets is not None
    assert 2_000 * DAY <= found.octets <= 2_000 * (DAY + 60)
    assert len(kept.interfaces[ETHERNET].steps) <= 26
    assert kept.window == Window(start=NOON - DAY * MINUTE, end=NOON)


def test_sparse_counters_are_carried_forward() -> None:
    kept = follow(Story(sparse_errors=True), rounds=[50, 20], keep=50)
    found = last(kept, 30)

    assert found.errors_known
    assert found.errors == 0


def test_without_any_sample_of_errors_they_are_not_known() -> None:
    kept = follow(Story(minutes=50, sparse_errors=True), rounds=[50, 20], keep=50)

    assert not last(kept, 30).errors_known


@pytest.mark.parametrize("missing", [Counter.IN_ERRORS, Counter.OUT_ERRORS])
def test_errors_are_known_when_both_directions_are(missing: Counter) -> None:
    one = follow(Story(), rounds=[30], keep=30).interfaces[ETHERNET]
    half = tuple(
        None if counter is missing else run for counter, run in zip(COUNTERS, one.runs, strict=True)
    )
    window = Window(start=NOON - 30 * MINUTE, end=NOON)
    seen = usage(replace(one, runs=half), window)

    assert seen is not None
    assert not seen.errors_known


def test_octets_without_a_sample_in_the_window_are_not_known() -> None:
    kept = follow(Story(missing=range(1, 31)), rounds=[90, 60], keep=90)

    assert last(kept, 30).octets is None
    assert last(kept, 31).octets is not None


def test_a_round_that_leaves_something_out_is_refused() -> None:
    kept = follow(Story(), rounds=[60], keep=60)
    later = Window(start=NOON + MINUTE, end=NOON + 2 * MINUTE)

    with pytest.raises(ValueError, match="begins where"):
        followed(kept, counted(later, {}), keep_minutes=60)


def test_an_interface_that_is_silent_for_long_is_forgotten() -> None:
    story = Story(minutes=300, missing=range(1, 201))

    assert ETHERNET in follow(story, rounds=[300, 110], keep=110).interfaces
    assert ETHERNET not in follow(story, rounds=[300, 90], keep=90).interfaces


def test_marks_are_kept_as_minutes_are() -> None:
    def marks(start: int, end: int, *, well: int, ill: int) -> Marked:
        window = Window(start=NOON + start * MINUTE, end=NOON + end * MINUTE)
        one = Marks(well=Minutes(window=window, bits=well), ill=Minutes(window=window, bits=ill))
        return Marked(window=window, origin=ORIGIN, devices={"ams-dz01": one})

    first = followed_marks(None, marks(0, 4, well=0b0111, ill=0b1000), keep_minutes=4)
    second = followed_marks(first, marks(4, 6, well=0b11, ill=0), keep_minutes=4)

    assert second.devices["ams-dz01"].well.bits == 0b1101
    assert second.devices["ams-dz01"].ill.bits == 0b0010
    with pytest.raises(ValueError, match="begins where"):
        followed_marks(second, marks(9, 10, well=1, ill=0), keep_minutes=4)


STORIES = st.builds(
    Story,
    minutes=st.integers(1, 150),
    missing=st.sets(st.integers(1, 150), max_size=60),
    errors=st.dictionaries(st.integers(1, 150), st.integers(1, 5), max_size=4),
    resets=st.sets(st.integers(1, 150), max_size=3),
    octets=st.sampled_from([0, 1, 1000]),
    sparse_errors=st.booleans(),
)


@settings(max_examples=60, deadline=None)
@for_all(STORIES, st.sets(st.integers(1, 119), max_size=6), st.integers(1, 120))
def test_rounds_decide_as_one_look_at_everything(
    story: Story, cuts: set[int], minutes: int
) -> None:
    """Whatever the rounds were, what is decided on is what a single query for it says."""
    whole = follow(story, rounds=[120], keep=120)
    kept = follow(story, rounds=[120, *sorted(cuts, reverse=True)], keep=120)
    window = Window(start=NOON - minutes * MINUTE, end=NOON)

    one, other = whole.interfaces.get(ETHERNET), kept.interfaces.get(ETHERNET)
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert one.runs == other.runs
        seen, same = usage(one, window), usage(other, window)
        assert seen is not None
        assert same is not None
        assert (seen.errors_at, seen.traffic_at, seen.errors_known, seen.heard_from) == (
            same.errors_at,
            same.traffic_at,
            same.errors_known,
            same.heard_from,
        )
        assert (seen.octets is None, seen.octets == 0, seen.errors == 0) == (
            same.octets is None,
            same.octets == 0,
            same.errors == 0,
        )
    nothing = Minutes(window=window)
    assert within(whole.covered.get("ams-dz01", nothing), window) == within(
        kept.covered.get("ams-dz01", nothing), window
    )


def test_fcs_errors_are_errors_where_they_are_counted() -> None:
    quiet = runs(samples(Story(minutes=30)))
    start = NOON - 30 * MINUTE
    risen = Run(start, 4, NOON - MINUTE, 6, 2, 0, NOON - MINUTE)

    found = usage(
        Followed((*quiet[:4], risen), (Step(start, 2, 0, 0),)), Window(start=start, end=NOON)
    )

    assert found is not None
    assert (found.errors, found.errors_at) == (2, NOON - MINUTE)
    # Without them the counters of errors are known as well.
    assert found.errors_known
    assert not any(run is None for run in quiet[:4])


def test_a_step_that_begins_with_the_window_is_the_first_of_it() -> None:
    found = last(follow(Story(), rounds=[120, 60], keep=120), 60)

    assert (found.counted_from, found.octets) == (NOON - HOUR, 120_000)


def test_a_sample_at_the_very_start_of_a_window_is_in_it() -> None:
    start = NOON - 30 * MINUTE
    stood = Run(start - MINUTE, 4, start, 6, 2, 0, start)
    one = Followed((stood,) * 5, (Step(start - MINUTE, 6, 4, 0),))

    found = usage(one, Window(start=start, end=NOON))
    later = usage(one, Window(start=start + MINUTE, end=NOON))

    assert found is not None
    assert (found.errors, found.octets) == (6, 4)
    assert later is not None
    assert (later.errors, later.octets) == (0, None)
