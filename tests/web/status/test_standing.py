"""Days and uptime, against counting every minute; and which updates count on a page."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from tests.web.status.told import NOON, notice, page, words
from tocsin.web.status.standing import Span, history, turns_on
from tocsin.web.status.view import Level, worst

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
BEGIN = datetime(2026, 11, 18, tzinfo=UTC)
"""Midnight of the first of three days up to NOON's."""
MINUTES = (NOON - BEGIN) // MINUTE

BAD = st.sampled_from([level for level in Level if level is not Level.OPERATIONAL])
moments = st.integers(-2_000, MINUTES + 500)


@st.composite
def spans(draw: st.DrawFn) -> Span:
    """A span in whole minutes, some of it before the days that are shown or still to come."""
    first, second = sorted((draw(moments), draw(moments)))
    return Span(
        begin=BEGIN + first * MINUTE,
        end=BEGIN + second * MINUTE,
        level=draw(BAD),
        ref=draw(st.sampled_from(["I1", "I2"])),
    )


@settings(max_examples=60, deadline=None)
@for_all(found=st.lists(spans(), max_size=5), since=st.integers(-3_000, MINUTES - 1))
def test_days_are_as_if_every_minute_were_counted(found: list[Span], since: int) -> None:
    made_at = BEGIN + since * MINUTE
    seconds: dict[int, Counter[Level]] = {0: Counter(), 1: Counter(), 2: Counter()}
    refs: dict[int, set[str]] = {0: set(), 1: set(), 2: set()}
    for minute in range(max(since, 0), MINUTES):
        at = BEGIN + minute * MINUTE
        active = [one for one in found if one.begin <= at < one.end]
        if active:
            seconds[minute // 1_440][worst([one.level for one in active])] += 60
            refs[minute // 1_440].update(one.ref for one in active)

    told = history(found, level=Level.OPERATIONAL, since=made_at, now=NOON, days=3)

    assert [one.day for one in told.days] == [(BEGIN + number * DAY).date() for number in range(3)]
    assert [dict(one.seconds) for one in told.days] == [seconds[number] for number in range(3)]
    assert [set(one.notices) for one in told.days] == [refs[number] for number in range(3)]
    assert [one.level for one in told.days] == [worst([*seconds[number]]) for number in range(3)]
    assert [one.known for one in told.days] == [
        made_at < BEGIN + (number + 1) * DAY for number in range(3)
    ]
    down = sum(at[Level.PARTIAL] + at[Level.MAJOR] for at in seconds.values())
    known = (NOON - max(BEGIN, made_at)).total_seconds()
    assert told.uptime == pytest.approx(1 - down / known)


def test_what_was_said_this_moment_shows_on_today() -> None:
    told = history([], level=Level.MAJOR, since=BEGIN, now=NOON, days=2)
    assert [one.level for one in told.days] == [Level.OPERATIONAL, Level.MAJOR]


def test_of_a_service_made_this_moment_nothing_is_known() -> None:
    assert history([], level=Level.OPERATIONAL, since=NOON, now=NOON, days=2).uptime is None


def test_less_than_a_second_is_not_lost() -> None:
    short = Span(begin=NOON - HOUR, end=NOON - HOUR + MINUTE / 600, level=Level.MAJOR, ref="I1")
    (today,) = history([short], level=Level.OPERATIONAL, since=BEGIN, now=NOON, days=1).days
    assert today.seconds == ((Level.MAJOR, 1),)


# -- what counts on a page -----------------------------------------------------------------------


def shown(*said: tuple[str, tuple[str, ...], tuple[str, ...]], listed: tuple[str, ...]) -> str:
    """Of updates (status, services, pages) those on a page that lists services: ``S`` shown, ``-``
    not, ``e`` only that it is over."""
    updates = [
        words(number, status, services=dict.fromkeys(services, "major"), pages=pages)
        for number, (status, services, pages) in enumerate(said)
    ]
    turns = turns_on(page(services=listed), notice(1, *updates))
    found = {turn.words.id: "S" if turn.is_shown else "e" for turn in turns}
    return "".join(found.get(one.id, "-") for one in updates)


def test_an_update_is_on_the_pages_of_its_services() -> None:
    said = ("investigating", ("api",), ())
    assert shown(said, listed=("api", "web")) == "S"
    assert shown(said, listed=("web",)) == "-"
    assert shown(said, listed=()) == "S"


def test_an_update_that_names_pages_is_on_those_only() -> None:
    assert shown(("investigating", ("api",), ("other",)), listed=("api",)) == "-"
    assert shown(("investigating", ("api",), ("ring-id",)), listed=("web",)) == "S"
    assert shown(("investigating", ("api",), ("ring",)), listed=("web",)) == "S"


def test_a_later_update_without_services_is_where_the_earlier_ones_are() -> None:
    first, second = ("investigating", ("api",), ()), ("monitoring", (), ())
    assert shown(first, second, listed=("api",)) == "SS"
    assert shown(first, second, listed=("web",)) == "--"
    assert shown(("investigating", (), ()), ("resolved", ("api",), ()), listed=("web",)) == "SS"


def test_that_it_is_over_counts_wherever_it_was_told() -> None:
    elsewhere = ("resolved", ("api",), ("other",))
    assert shown(("investigating", ("api",), ()), elsewhere, listed=("api",)) == "Se"
    assert shown(elsewhere, listed=("api",)) == "-"
