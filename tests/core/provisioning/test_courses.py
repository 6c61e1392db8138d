"""The parts of a window come to what the window comes to, and a gap in them is no zero."""

from __future__ import annotations

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from tests.core.provisioning.watching import DAY, Story, counted, runs, samples
from tests.core.telling import MINUTE, NOON
from tocsin.core.provisioning.counters import (
    ERRORS,
    NOTHING_COUNTED,
    TRAFFIC,
    Interface,
    joined_runs,
    microseconds,
    risen,
)
from tocsin.core.provisioning.courses import (
    MOST_PARTS,
    CourseKind,
    Traffic,
    between,
    cuts,
    heard,
    part_minutes,
    presence,
    slices,
    traffic,
)
from tocsin.core.provisioning.coverage import Minutes, marked
from tocsin.core.provisioning.telemetry import Marks
from tocsin.core.provisioning.windows import Window, latest_window

ETHERNET: Interface = ("ams-dz01", "Ethernet1/1")


def window_of(minutes: int) -> Window:
    return latest_window(at=NOON, minutes=minutes)


def told(story: Story, *, minutes: int = DAY) -> Traffic:
    window = window_of(minutes)
    before = [row for row in samples(story) if row[0] < window.start]
    return traffic(
        "Ethernet1/1 of ams-dz01",
        ETHERNET,
        [counted(part, {ETHERNET: story}) for part in between(cuts(window))],
        before=runs(before[-61:]) if before else NOTHING_COUNTED,
    )


def test_a_day_is_shown_by_the_half_hour_and_a_short_window_by_the_minute() -> None:
    assert (part_minutes(window_of(DAY)), len(cuts(window_of(DAY)))) == (30, 49)
    assert (part_minutes(window_of(30)), len(cuts(window_of(30)))) == (1, 31)
    last = between(cuts(window_of(100)))[-1]
    assert (part_minutes(window_of(100)), last.minutes, last.end) == (3, 1, NOON)
    assert between(cuts(window_of(0))) == ()


@for_all(st.integers(0, 30 * DAY))
def test_no_window_has_more_parts_than_can_be_seen(minutes: int) -> None:
    window = window_of(minutes)
    parts = between(cuts(window))

    assert len(parts) <= MOST_PARTS
    assert sum(part.minutes for part in parts) == minutes
    assert all(0 < part.minutes <= part_minutes(window) for part in parts)


def test_a_clean_day_is_even() -> None:
    found = told(Story(octets=10))

    assert set(found.octets) == {600}
    assert set(found.errors) == {0}
    assert set(found.resets) == set(found.missing) == {0}


def test_errors_and_resets_are_in_the_part_that_they_happened_in() -> None:
    found = told(Story(errors={90: 3}, resets=(31,)))

    assert [(at, errors) for at, errors in enumerate(found.errors) if errors] == [(45, 3)]
    assert [(at, fell) for at, fell in enumerate(found.resets) if fell] == [(46, 1)]
    # What went by before the reset in its minute is not known, and what it fell to is no traffic.
    assert found.octets[46] == 58_000


def test_a_gap_is_no_zero() -> None:
    found = told(Story(missing=range(1, 46)))

    assert found.octets[-2:] == (30_000, None)
    assert found.missing[-3:] == (0, 15, 30)
    assert found.errors[-1] == 0, "where its errors stood is known from before"


def test_errors_that_were_never_told_are_not_known() -> None:
    found = told(Story(minutes=50, sparse_errors=True), minutes=48)

    assert set(found.errors) == {None}


def test_what_is_seldom_told_is_carried_forward() -> None:
    found = told(Story(sparse_errors=True))

    assert set(found.errors) == {0}


@settings(max_examples=40)
@for_all(
    st.builds(
        Story,
        minutes=st.integers(1, 200),
        missing=st.frozensets(st.integers(1, 200), max_size=120),
        errors=st.dictionaries(st.integers(1, 200), st.integers(1, 9), max_size=5),
        resets=st.frozensets(st.integers(1, 200), max_size=3),
        sparse_errors=st.booleans(),
    ),
    st.integers(1, 150),
)
def test_the_parts_come_to_the_whole(story: Story, minutes: int) -> None:
    window = window_of(minutes)
    before = [row for row in samples(story) if row[0] < window.start]
    known = runs(before[-61:]) if before else NOTHING_COUNTED
    whole = counted(window, {ETHERNET: story})
    after = joined_runs(known, whole.interfaces.get(ETHERNET, NOTHING_COUNTED))

    found = told(story, minutes=minutes)

    octets = risen(after, TRAFFIC) - risen(known, TRAFFIC)
    errors = risen(after, ERRORS) - risen(known, ERRORS)
    assert sum(one or 0 for one in found.octets) == octets
    assert sum(one or 0 for one in found.errors) <= errors
    if None not in found.errors:
        assert sum(one or 0 for one in found.errors) == errors
    heard_in = whole.covered.get("ams-dz01", Minutes(window=window))
    assert sum(found.missing) == minutes - heard_in.count


def test_minutes_are_well_or_ill_or_not_known() -> None:
    window = window_of(96)
    well = marked(window, [window.start + at * MINUTE for at in (0, 1, 2)])
    ill = marked(window, [window.start + at * MINUTE for at in (2, 3)])

    found = presence("agent", Marks(well=well, ill=ill), window, kind=CourseKind.MINUTES)

    assert found.part_minutes == 2
    assert (found.well[:3], found.ill[:3], found.not_known[:3]) == ((2, 0, 0), (0, 2, 0), (0, 0, 2))


def test_what_was_heard_of_a_longer_time_is_seen_in_the_window() -> None:
    longer, window = window_of(200), window_of(48)
    found = heard("ams-dz01", Minutes(window=longer, bits=(1 << 200) - 1 - (1 << 199)), window)

    assert found.well[-3:] == (1, 1, 0)
    assert sum(found.not_known) == 1
    assert set(found.ill) == {0}


def test_instants_are_found_in_their_stretches() -> None:
    windows = between(cuts(window_of(3)))
    instants = [microseconds(one.start) for one in windows] + [microseconds(NOON)]

    assert [instants[one] for one in slices(instants, windows)] == [[at] for at in instants[:3]]
