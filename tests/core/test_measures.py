"""Figures, groups and availability, told by hand and held to laws."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from statistics import median

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from tests.core.telling import HOUR, MINUTE, NOON
from tocsin.core.measured import MICROSECOND
from tocsin.core.measures import (
    COUNTS,
    MEASURES,
    Figures,
    Grouping,
    Incidents,
    Measure,
    Opened,
    availabilities,
    counts_by,
    figures_of,
    groups_by,
    overall,
)

NONE = Figures(count=0, mean=None, median=None, p95=None)


def test_of_nothing_there_are_no_figures() -> None:
    assert figures_of([]) == figures_of([None, None]) == NONE


def test_figures_of_an_even_count() -> None:
    assert figures_of([4, None, 1, 2, 3]) == Figures(
        count=4,
        # Half of a microsecond goes to the even neighbour, as everywhere in Python.
        mean=2 * MICROSECOND,
        median=2 * MICROSECOND,
        p95=4 * MICROSECOND,
    )


@pytest.mark.parametrize(
    ("count", "rank"), [(1, 1), (2, 2), (19, 19), (20, 19), (21, 20), (100, 95)]
)
def test_95_of_100_do_not_exceed_the_p95(count: int, rank: int) -> None:
    assert figures_of(range(1, count + 1)).p95 == rank * MICROSECOND


@for_all(st.lists(st.none() | st.integers(-(10**12), 10**15), max_size=60))
def test_the_laws_of_figures(stretches: list[int | None]) -> None:
    known = sorted(one for one in stretches if one is not None)
    found = figures_of(stretches)
    assert found.count == len(known)
    if not known:
        assert found == NONE
        return
    assert found.mean is not None
    assert found.median is not None
    assert found.p95 is not None
    assert known[0] * MICROSECOND <= found.mean <= known[-1] * MICROSECOND
    assert abs(found.median / MICROSECOND - median(known)) <= 0.5
    within = sum(one * MICROSECOND <= found.p95 for one in known)
    below = sum(one * MICROSECOND < found.p95 for one in known)
    assert within >= 0.95 * len(known) > below


# -- counts and groups ----------------------------------------------------------------------------

THREE = Incidents(
    days=("2026-12-31", "2027-01-01", "2027-01-04"),
    severities=("sev2", "sev1", "sev2"),
    statuses=("open", "closed", "closed"),
    root_causes=(None, "hardware", None),
    services=(("dns", "web"), (), ("web",)),
    contributors=((), ("alpha",), ("alpha", "beta")),
    stretches=dict.fromkeys(Measure, (10, None, 30)),
)


def test_counts_by_each_grouping() -> None:
    assert {grouping: counts_by(THREE, grouping) for grouping in Grouping} == {
        Grouping.SEVERITY: {"sev1": 1, "sev2": 2},
        Grouping.STATUS: {"closed": 2, "open": 1},
        Grouping.SERVICE: {"dns": 1, "web": 2, None: 1},
        Grouping.CONTRIBUTOR: {"alpha": 2, "beta": 1, None: 1},
        Grouping.ROOT_CAUSE: {"hardware": 1, None: 2},
        Grouping.DAY: {"2026-12-31": 1, "2027-01-01": 1, "2027-01-04": 1},
        # The first of January 2027 is a Friday, and of the last week of 2026.
        Grouping.WEEK: {"2026-W53": 2, "2027-W01": 1},
        Grouping.MONTH: {"2026-12": 1, "2027-01": 2},
    }


def test_groups_are_in_order_those_without_last() -> None:
    groups = groups_by(THREE, Grouping.SERVICE)
    assert [(one.key, one.count) for one in groups] == [("dns", 1), ("web", 2), (None, 1)]
    assert groups[1].measures[Measure.MTTA] == figures_of([10, 30])
    assert groups[2].measures[Measure.MTTA] == NONE


@pytest.mark.parametrize("grouping", Grouping)
def test_groups_count_what_the_counts_count(grouping: Grouping) -> None:
    counted = {one.key: one.count for one in groups_by(THREE, grouping)}
    assert list(counted.items()) == list(counts_by(THREE, grouping).items())


def test_everything_has_a_definition() -> None:
    assert set(MEASURES) == set(Measure) == set(overall(THREE))
    assert set(COUNTS) == set(Grouping)


# -- availability ---------------------------------------------------------------------------------


def opened(*minutes: int, key: str = "web") -> Opened:
    """Open from the first of *minutes* after noon to the second, from the third …"""
    start_at, *turns = (NOON + one * MINUTE for one in minutes)
    return Opened(keys=(key,), start_at=start_at, turns=tuple(turns))


def downs(*incidents: Opened) -> dict[str, timedelta]:
    """How long each thing was down from noon to one."""
    found = availabilities(incidents, begin=NOON, end=NOON + HOUR)
    for one in found:
        assert one.share == pytest.approx(1 - one.down / HOUR)
    return {one.key: one.down for one in found}


def test_what_is_open_at_once_counts_once() -> None:
    assert downs(opened(10, 20), opened(15, 30), opened(16, 17)) == {"web": 20 * MINUTE}


def test_what_was_reopened_was_available_between() -> None:
    assert downs(opened(10, 20, 30, 35)) == {"web": 15 * MINUTE}


def test_what_is_open_is_down_to_the_end() -> None:
    assert downs(opened(50), opened(10, 20, 55, key="dns")) == {
        "dns": 15 * MINUTE,
        "web": 10 * MINUTE,
    }


def test_only_the_time_that_is_asked_for_counts() -> None:
    assert downs(opened(-30, 10), opened(55, 90), opened(-20, -10), opened(70, 80)) == {
        "web": 15 * MINUTE
    }


def test_a_start_that_was_put_behind_the_end_makes_nothing_of_it() -> None:
    assert downs(opened(30, 20)) == {}


def test_the_worst_comes_first() -> None:
    assert list(downs(opened(0, 5, key="a"), opened(0, 9, key="b"), opened(3, 8, key="c"))) == [
        "b",
        "a",
        "c",
    ]


def test_no_time_has_no_availability() -> None:
    assert availabilities([opened(0)], begin=NOON, end=NOON) == []


@dataclass(frozen=True, slots=True)
class Minutes:
    """An incident by the minutes of its edges."""

    edges: tuple[int, ...]

    def open_at(self, minute: int) -> bool:
        """Whether it was open in that minute."""
        return sum(edge <= minute for edge in self.edges) % 2 == 1


edges = st.lists(st.integers(-30, 90), min_size=1, max_size=5, unique=True).map(
    lambda found: Minutes(tuple(sorted(found)))
)


@for_all(st.lists(edges, max_size=6))
def test_minute_by_minute_it_comes_to_the_same(incidents: list[Minutes]) -> None:
    down = sum(any(one.open_at(minute) for one in incidents) for minute in range(60))
    found = downs(*(opened(*one.edges) for one in incidents))
    assert found.get("web", timedelta()) == down * MINUTE
