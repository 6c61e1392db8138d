"""Maintenance as a calendar: nothing covers anything, nothing is lost, and free is free."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.web.pictures.examples import planned
from tests.web.pictures.reading import classes, is_harmless, parsed, stays_inside, words
from tocsin.web.pictures.calendar import (
    Free,
    Window,
    agenda,
    conflicts,
    free,
    month,
    touching,
    week,
)
from tocsin.web.pictures.months import MOST_LANES, month_grid
from tocsin.web.pictures.timeline import Width
from tocsin.web.pictures.weeks import summary, week_picture, week_pictures
from tocsin.web.status import pages

MONDAY = date(2026, 11, 16)
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TITLES = st.one_of(st.text(max_size=20), st.just('"><script>x</script>'))


@st.composite
def windows(draw: st.DrawFn) -> tuple[Window, ...]:
    times = draw(
        st.lists(st.tuples(st.integers(-900, 1500), st.integers(1, 600)), min_size=0, max_size=14)
    )
    return tuple(
        Window(
            id=str(number),
            title=draw(TITLES),
            start=NOON + at * HOUR / 2,
            end=NOON + (at + lasting) * HOUR / 2,
            assets=draw(st.frozensets(st.sampled_from("abc"), max_size=2)),
        )
        for number, (at, lasting) in enumerate(times)
    )


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def meet(one: Window, other: Window) -> bool:
    return one.start < other.end and other.start < one.end


def test_a_month_is_whole_weeks() -> None:
    november = month(planned(), year=2026, number=11)

    assert [row.cells[0].day.day for row in november.rows] == [26, 2, 9, 16, 23, 30]
    assert [cell.inside for cell in november.rows[0].cells] == [False] * 6 + [True]
    assert [len(row.cells) for row in november.rows] == [7] * 6


def test_a_window_over_a_sunday_is_in_both_weeks() -> None:
    rows = month(planned(), year=2026, number=11).rows
    moved = [bar for row in rows for bar in row.bars if bar.window.id == "c"]

    assert [(bar.column, bar.days, bar.begins, bar.ends) for bar in moved] == [
        (5, 2, True, False),
        (0, 2, False, True),
    ]


def test_a_window_until_midnight_is_not_in_the_next_day() -> None:
    late = Window(id="x", title="", start=at(18, 22), end=at(19))

    (bar,) = month([late], year=2026, number=11).rows[3].bars

    assert (bar.column, bar.days, bar.ends) == (2, 1, True)
    assert [day.day.day for day in agenda([late], first=MONDAY, days=7)] == [18]


def test_a_full_day_names_what_it_hides() -> None:
    row = month(planned(), year=2026, number=11, most_lanes=2).rows[3]

    assert row.lanes == 2
    assert [window.id for window in row.cells[3].hidden] == ["e", "d"]


def test_a_week_puts_what_overlaps_side_by_side() -> None:
    thursday = week(planned(), monday=MONDAY)[3]

    assert [
        (block.window.id, block.start, block.end, block.lane, block.lanes)
        for block in thursday.blocks
    ] == [("a", 0, 120, 0, 3), ("e", 60, 180, 1, 3), ("b", 60, 240, 2, 3), ("d", 240, 360, 0, 1)]
    assert [block.begins for block in thursday.blocks] == [False, True, True, True]


def test_an_agenda_says_what_goes_on_and_what_conflicts() -> None:
    days = agenda(planned(), first=MONDAY, days=9)

    assert [day.day.day for day in days] == [18, 19, 21, 22, 23, 24]
    assert [(line.window.id, line.begins, line.ends) for line in days[0].lines] == [
        ("a", True, False)
    ]
    assert days[0].lines[0].conflicts == ("b",)
    assert days[3].lines[0].begins is False


def test_conflicts_are_marked_on_both_sides() -> None:
    assert conflicts(planned()) == {"a": ("b",), "b": ("a",)}


def test_free_windows_of_chosen_assets() -> None:
    taken = touching(planned(), {"y"})

    found = free(taken, since=at(18, 12), until=at(20), lasting=3 * HOUR)

    assert [window.id for window in taken] == ["a", "b", "d"]
    assert found == (
        Free(start=at(18, 12), end=at(18, 22)),
        Free(start=at(19, 6), end=at(20)),
    )


def test_nothing_is_free_where_no_time_is() -> None:
    assert free([], since=at(2), until=at(2), lasting=HOUR) == ()
    assert free([], since=at(3), until=at(2), lasting=HOUR) == ()


@pytest.mark.parametrize(
    ("start", "end"), [(at(2), at(2)), (at(2), at(1)), (at(1).replace(tzinfo=None), at(2))]
)
def test_a_window_is_one(start: datetime, end: datetime) -> None:
    with pytest.raises(ValueError, match="window"):
        Window(id="x", title="", start=start, end=end)


@settings(max_examples=60, deadline=None)
@given(windows(), st.integers(0, 5))
def test_in_a_month_nothing_covers_anything_and_nothing_is_lost(
    some: tuple[Window, ...], most: int
) -> None:
    for row in month(some, year=2026, number=11, most_lanes=most).rows:
        taken = [
            (bar.lane, column)
            for bar in row.bars
            for column in range(bar.column, bar.column + bar.days)
        ]
        assert len(taken) == len(set(taken))
        assert row.lanes <= most
        for column, cell in enumerate(row.cells):
            start = datetime.combine(cell.day, datetime.min.time(), tzinfo=UTC)
            shown = {
                bar.window.id for bar in row.bars if bar.column <= column < bar.column + bar.days
            }
            hidden = {window.id for window in cell.hidden}
            there = {
                window.id
                for window in some
                if window.start < start + timedelta(days=1) and window.end > start
            }
            assert shown | hidden == there
            assert not shown & hidden


@settings(max_examples=60, deadline=None)
@given(windows())
def test_in_a_day_blocks_of_one_lane_do_not_meet(some: tuple[Window, ...]) -> None:
    for day in week(some, monday=MONDAY):
        for one, other in combinations(day.blocks, 2):
            if meet(one.window, other.window):
                assert one.lane != other.lane
                assert one.lanes == other.lanes
        assert all(0 <= block.start < block.end <= 1440 for block in day.blocks)
        assert all(block.lane < block.lanes for block in day.blocks)


@settings(max_examples=60, deadline=None)
@given(windows())
def test_conflicts_are_all_pairs_that_meet_on_an_asset(some: tuple[Window, ...]) -> None:
    pairs = {
        frozenset((one.id, other.id))
        for one, other in combinations(some, 2)
        if meet(one, other) and one.assets & other.assets
    }

    found = conflicts(some)

    assert {frozenset((one, other)) for one, others in found.items() for other in others} == pairs
    assert all(one in found[other] for one, others in found.items() for other in others)


@settings(max_examples=60, deadline=None)
@given(windows(), st.integers(0, 400), st.integers(1, 90))
def test_free_never_meets_a_taken_one_and_misses_none(
    some: tuple[Window, ...], days: int, hours: int
) -> None:
    since, until = NOON, NOON + days * HOUR
    lasting = hours * HOUR / 2

    found = free(some, since=since, until=until, lasting=lasting)

    for gap in found:
        assert gap.end - gap.start >= lasting
        assert since <= gap.start
        assert gap.end <= until
        assert not any(gap.start < taken.end and taken.start < gap.end for taken in some)
    # Every place of the grid at which the work would fit is in one of the gaps.
    for step in range(days * 2):
        start = since + step * HOUR / 2
        end = start + lasting
        fits = end <= until and not any(start < w.end and w.start < end for w in some)
        assert fits == any(gap.start <= start and end <= gap.end for gap in found)


@settings(max_examples=30, deadline=None)
@given(windows(), st.sampled_from(Width))
def test_any_week_is_drawn_inside_its_box_and_does_no_harm(
    some: tuple[Window, ...], width: Width
) -> None:
    root = parsed(week_picture(week(some, monday=MONDAY), name="w", width=width))

    assert is_harmless(root)
    assert stays_inside(root[0])


def test_a_week_names_its_conflicts() -> None:
    days = week(planned(), monday=MONDAY)
    root = parsed(week_pictures(days, name="w"))

    assert "Upgrade\n2026-11-19 01:00 – 04:00 UTC\nconflicts with Swap optics" in words(
        root, "title"
    )
    assert summary(days) == "5 windows, 2 of them in conflict."
    assert summary(week([], monday=MONDAY)) == "Nothing is planned in these days."
    assert {link.attrib["href"] for link in root.iter("a")} == {
        f"#entry-{window.id}" for window in planned()
    }


def test_conflicts_that_are_known_already_are_not_looked_for() -> None:
    met = {"c": ("elsewhere",)}
    known = {
        "month": {
            bar.window.id: bar.conflicts
            for row in month(planned(), year=2026, number=11, met=met).rows
            for bar in row.bars
        },
        "week": {
            block.window.id: block.conflicts
            for day in week(planned(), monday=MONDAY, met=met)
            for block in day.blocks
        },
        "agenda": {
            line.window.id: line.conflicts
            for day in agenda(planned(), first=MONDAY, days=9, met=met)
            for line in day.lines
        },
    }

    for found in known.values():
        assert {id for id, conflicting in found.items() if conflicting} == {"c"}
        assert found["c"] == ("elsewhere",)


def test_a_window_with_an_address_leads_there() -> None:
    work = Window(id="x", title="Work", start=at(18, 1), end=at(18, 3), address="/tickets/x")
    drawn = (
        parsed(week_pictures(week([work], monday=MONDAY), name="w")),
        parsed(month_grid(month([work], year=2026, number=11))),
    )

    for root in drawn:
        assert {link.attrib["href"] for link in root.iter("a")} == {"/tickets/x"}


def test_free_times_are_drawn_in_every_day_that_they_touch_and_shut_ones_behind() -> None:
    work = Window(id="x", title="Work", start=at(18, 1), end=at(18, 3))
    free_time = Free(start=at(18, 3), end=at(19, 2), address="/new?a=1&b=2")
    shut = Free(start=at(19, 2), end=at(20))
    days = week([work], monday=MONDAY, days=10)
    root = parsed(week_picture(days, name="w", free=[free_time], shut=[shut], title="Free windows"))

    assert len(days) == 10
    assert [
        one.attrib["href"] for one in root.iter("a") if one.attrib["class"] == "operational"
    ] == [
        "/new?a=1&b=2",
        "/new?a=1&b=2",
    ]
    assert [one.attrib["class"] for one in root.iter("path")].count("fold") == 1
    assert "free, 23 h" in words(root, "text")
    assert "Free: 2026-11-18 03:00 – 2026-11-19 02:00 UTC (23 h)" in words(root, "title")
    assert "Free windows" in words(root, "title")
    assert summary(days, free=[free_time, shut]) == "One window, no conflict. 2 free times."
    assert stays_inside(root[0])


def test_a_free_time_that_leads_nowhere_is_no_link() -> None:
    root = parsed(
        week_picture(week([], monday=MONDAY), name="w", free=[Free(start=at(18, 3), end=at(18, 5))])
    )

    assert not list(root.iter("a"))
    assert "free, 2 h" in words(root, "text")
    assert is_harmless(root)


def test_today_is_marked_in_a_month() -> None:
    root = parsed(month_grid(month([], year=2026, number=11), today=MONDAY))

    (today,) = [one for one in root.iter("time") if one.attrib.get("aria-current") == "date"]
    assert today.attrib["datetime"] == MONDAY.isoformat()


def test_all_classes_are_in_the_sheet() -> None:
    sheet = (pages.asset("tocsin.css") + pages.asset("pictures.css")).decode()
    drawn = classes(parsed(week_pictures(week(planned(), monday=MONDAY), name="w")))

    assert {name for name in drawn if f".{name}" not in sheet} == {"pictures"}


@settings(max_examples=30, deadline=None)
@given(windows(), st.integers(0, MOST_LANES))
def test_any_month_does_no_harm(some: tuple[Window, ...], most: int) -> None:
    root = parsed(month_grid(month(some, year=2026, number=11, most_lanes=most)))

    assert is_harmless(root)


def test_a_month_places_its_bars_by_classes_of_the_sheet() -> None:
    sheet = (pages.asset("tocsin.css") + pages.asset("pictures.css")).decode()
    root = parsed(month_grid(month(planned(), year=2026, number=11, most_lanes=2)))
    moved = [link for link in root.iter("a") if link.attrib["href"] == "#entry-c"]

    assert [link.attrib["class"] for link in moved] == [
        "grid-bar under_maintenance from-5 for-2 lane-0 goes-on",
        "grid-bar under_maintenance from-0 for-2 lane-0 came-on",
    ]
    assert "2 more" in words(root, "span")
    assert "In conflict:" in words(root, "span")
    assert {name for name in classes(root) if f".{name}" not in sheet} == {"more-windows"}
    for kind, numbers in (("from", range(7)), ("for", range(1, 8)), ("lane", range(MOST_LANES))):
        assert all(f".{kind}-{number}{{" in sheet for number in numbers)


def test_a_month_has_no_more_lanes_than_the_sheet() -> None:
    many = [Window(id=str(n), title="", start=at(2), end=at(3)) for n in range(MOST_LANES + 1)]

    with pytest.raises(ValueError, match="no more lanes"):
        month_grid(month(many, year=2026, number=11, most_lanes=MOST_LANES + 1))


def test_a_long_window_makes_room_for_all_that_happens_in_it() -> None:
    some = [
        Window(id="long", title="", start=at(18, 0), end=at(18, 10)),
        Window(id="early", title="", start=at(18, 1), end=at(18, 2)),
        Window(id="late", title="", start=at(18, 5), end=at(18, 6)),
    ]

    blocks = week(some, monday=MONDAY)[2].blocks

    assert [(block.window.id, block.lane, block.lanes) for block in blocks] == [
        ("long", 0, 2),
        ("early", 1, 2),
        ("late", 1, 2),
    ]
