"""Which days a calendar shows, and which times are free: pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.web.dashboard.planning.openings import (
    Hours,
    asked_for,
    between,
    hours_in,
    length_in,
    openings,
)
from tocsin.web.dashboard.planning.spans import View, day_in, shown
from tocsin.web.pictures.calendar import Free, Window

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NIGHT = Hours(start=22 * 60, end=6 * 60)


def at(hours: float) -> datetime:
    return MONDAY + hours * HOUR


def spans(times: tuple[Free, ...]) -> list[tuple[datetime, datetime]]:
    return [(one.start, one.end) for one in times]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11", date(2026, 11, 1)),
        ("2026-11-21", date(2026, 11, 21)),
        ("2026-W48", date(2026, 11, 23)),
        ("2026-13", None),
        ("yesterday", None),
        ("0001-01-01", None),
        ("9999-12-31", None),
        ("'; --", None),
    ],
)
def test_an_address_says_a_day_or_none(text: str, day: date | None) -> None:
    assert day_in(text) == day


@pytest.mark.parametrize("view", View)
@given(day=st.dates(date(1970, 1, 1), date(2999, 12, 31)))
def test_later_and_earlier_meet_without_a_gap(view: View, day: date) -> None:
    here = shown(view, day)
    assert here.first <= day < here.first + here.days * DAY
    if here.after is not None:
        later = shown(view, day_in(here.after) or date.min)
        assert later.first == here.first + here.days * DAY
        assert later.before is not None
        assert shown(view, day_in(later.before) or date.min).first <= here.first


def test_the_calendar_ends_somewhere() -> None:
    assert shown(View.MONTH, date(1970, 1, 1)).before is None
    assert shown(View.MONTH, date(2999, 12, 31)).after is None


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("2h", 2 * HOUR),
        ("90 min", 1.5 * HOUR),
        ("1 h 30 min", 1.5 * HOUR),
        ("1:30", 1.5 * HOUR),
        ("2 days", 2 * DAY),
        ("45", 0.75 * HOUR),
        ("0", None),
        ("0h", None),
        ("", None),
        ("soon", None),
        ("2h or so", None),
        ("-2h", None),
        ("٢h", None),
    ],
)
def test_a_length_is_read_as_people_write_it(text: str, length: timedelta | None) -> None:
    assert length_in(text) == length


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("22:00-06:00", NIGHT),
        ("22-6", NIGHT),
        ("9 to 17:30", Hours(start=540, end=1050)),
        ("0-24", Hours()),
        ("25-26", None),
        ("6-6", None),
        ("at night", None),
    ],
)
def test_hours_of_the_day_are_read_as_people_write_them(text: str, hours: Hours | None) -> None:
    assert hours_in(text) == hours


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    times = asked_for(since=at(0), until=at(7 * 24), hours=NIGHT, weekdays={0})

    assert spans(times) == [(at(22), at(30))]


def test_the_night_that_goes_on_is_there_from_the_beginning() -> None:
    times = asked_for(since=at(2), until=at(24), hours=NIGHT, weekdays=())

    assert spans(times) == [(at(2), at(6)), (at(22), at(24))]


def test_whole_days_that_meet_are_one_time() -> None:
    times = asked_for(since=at(0), until=at(7 * 24), hours=Hours(), weekdays={0, 1, 3})

    assert spans(times) == [(at(0), at(48)), (at(72), at(96))]


def test_what_is_not_asked_for_lies_between() -> None:
    times = asked_for(since=at(2), until=at(24), hours=NIGHT, weekdays=())

    assert spans(between(times, since=at(0), until=at(24))) == [(at(0), at(2)), (at(6), at(22))]


def test_a_window_is_free_when_nothing_is_planned_in_it_and_it_is_long_enough() -> None:
    work = Window(id="M1", title="Work", start=at(1), end=at(3), assets=frozenset())
    times = asked_for(since=at(0), until=at(6), hours=Hours(), weekdays=())

    assert spans(openings([work], times, lasting=2 * HOUR)) == [(at(3), at(6))]
    assert spans(openings([work], times, lasting=HOUR)) == [(at(0), at(1)), (at(3), at(6))]


@given(
    work=st.lists(
        st.tuples(st.integers(0, 3_000), st.integers(1, 600)).map(
            lambda one: Window(
                id=f"{one}",
                title="Work",
                start=MONDAY + timedelta(minutes=one[0]),
                end=MONDAY + timedelta(minutes=sum(one)),
            )
        ),
        max_size=8,
    ),
    minutes=st.integers(1, 600),
    start=st.integers(0, 1439),
    end=st.integers(0, 1440),
)
def test_no_free_window_meets_work_or_leaves_the_asked_hours(
    work: list[Window], minutes: int, start: int, end: int
) -> None:
    hours = Hours(start=start, end=end if end != start else 1440)
    times = asked_for(since=at(0), until=at(48), hours=hours, weekdays=())
    lasting = timedelta(minutes=minutes)
    for one in openings(work, times, lasting=lasting):
        assert one.end - one.start >= lasting
        assert one.start.minute % 5 == 0
        assert all(taken.end <= one.start or taken.start >= one.end for taken in work)
        assert any(time.start <= one.start and one.end <= time.end for time in times)
