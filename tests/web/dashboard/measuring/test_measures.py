"""The page of measures: its figures, how they changed, its charts, and the files behind it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.handler.acting import NOON as FOUNDED
from tests.handler.acting import House
from tests.projections.histories import follow
from tests.web.dashboard.browsing import Browser, Desk
from tocsin.core.commands import ChangeStatus
from tocsin.core.measures import Grouping, Measure
from tocsin.core.permissions import READERS
from tocsin.handler.admission import admission
from tocsin.projections.measures import Wanted, read_measures
from tocsin.web.dashboard.measuring.asked import (
    PRESETS,
    Asked,
    By,
    Figure,
    asked_in,
    period_key,
    period_of,
)
from tocsin.web.dashboard.measuring.pages import measures_of
from tocsin.web.dashboard.measuring.reading import Found, read
from tocsin.web.dashboard.measuring.sheets import sheet
from tocsin.web.dashboard.visits import Visit

PLACE = "/measures"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NOW = FOUNDED + 40 * DAY


def opened(house: House, at: datetime, title: str, **given: object) -> str:
    """Open an incident then; its stream."""
    house.clock.now = at
    return house.ask("owner", house.incident(title, **given)).stream


def moved(house: House, at: datetime, stream: str, status: str, **given: str) -> None:
    """Have it moved then, by somebody else."""
    house.clock.now = at
    command = ChangeStatus(status=status, **given)  # type: ignore[arg-type]
    house.ask("admin", command, subject=stream.partition(":")[2])


def told(house: House) -> None:
    """A history: one incident 40 days ago that took an hour, two this week that took two and four,
    one that nobody has taken, one that was cancelled."""
    long_ago = opened(house, NOW - 40 * DAY, "Long ago", severity="sev3")
    moved(house, NOW - 40 * DAY + HOUR, long_ago, "resolved", root_cause="hardware")
    first = opened(house, NOW - 3 * DAY, "First", severity="sev1", services=("web",))
    moved(house, NOW - 3 * DAY + HOUR / 2, first, "acknowledged")
    moved(house, NOW - 3 * DAY + 2 * HOUR, first, "resolved", root_cause="hardware")
    second = opened(house, NOW - 2 * DAY, "Second", services=("web", "mail"))
    moved(house, NOW - 2 * DAY + HOUR, second, "acknowledged")
    moved(house, NOW - 2 * DAY + 4 * HOUR, second, "resolved")
    opened(house, NOW - DAY, "Open", devices=(), services=("mail",))
    cancelled = opened(house, NOW - DAY, "Cancelled")
    moved(house, NOW - DAY + HOUR, cancelled, "cancelled", disposition="invalid")
    house.clock.now = NOW
    follow(house)


@pytest.fixture
def member(at_desk: Desk, browser: Browser) -> Browser:
    """A browser in which the owner is signed in, after the history."""
    told(at_desk.house)
    browser.sign_in("owner")
    return browser


def tiles(text: str) -> dict[str, str]:
    """What each tile says, by its short name."""
    found = re.findall(r'<h3 id="tile-\d+"><b>(\w+)</b>(.*?)</section>', text, re.DOTALL)
    return {name: " ".join(re.sub(r"<[^>]*>", " ", said).split()) for name, said in found}


def rows(page_text: str) -> list[list[str]]:
    """A file as rows."""
    return list(csv.reader(StringIO(page_text)))


def test_tiles_say_how_long_it_took_of_how_many_and_what_that_means(member: Browser) -> None:
    page = member.get(f"{PLACE}?days=30")
    said = tiles(page.text)

    assert page.status == 200
    assert said["Incidents"].startswith("Created in this time 3 ")
    assert "Time to acknowledge 45 min Mean of 2 of 3 incidents" in said["MTTA"]
    assert "half within 45 min, 95 of 100 within 1 h" in said["MTTA"]
    assert "Time to resolve 3 h Mean of 2 of 3 incidents" in said["MTTR"]
    assert "none Mean of 0 of 3 incidents" in said["MTTD"]
    assert "From when it was detected to when somebody took it." in said["MTTA"]
    assert "cancelled ones only where they are asked for" in said["Incidents"]


def test_each_figure_is_compared_with_the_time_before_by_word_and_arrow(member: Browser) -> None:
    page = member.get(f"{PLACE}?days=30").text
    said = tiles(page)

    assert "2 more than in the 30 days before (1)" in said["Incidents"]
    assert "2 h longer than in the 30 days before (1 h)" in said["MTTR"]
    assert page.count('<p class="change up worse"><svg class="arrow"') >= 2
    new = tiles(member.get(f"{PLACE}?days=90").text)["MTTR"]
    assert "none in the 90 days before" in new
    assert "=" not in new


def test_fewer_and_longer_are_said_to_be_so(member: Browser) -> None:
    page = member.get(f"{PLACE}?from=2026-12-27&to=2026-12-27").text
    assert "none in the day before" in tiles(page)["MTTR"]
    page = member.get(f"{PLACE}?from=2026-12-28&to=2026-12-28").text
    assert "2 h longer than in the day before (2 h)" in tiles(page)["MTTR"]
    assert "= as many as in the day before" in tiles(page)["Incidents"]
    page = member.get(f"{PLACE}?from=2026-12-29&to=2026-12-30").text
    assert "1 fewer than in the 2 days before (2)" in tiles(page)["Incidents"]
    assert '<p class="change down">' in page


def test_cancelled_incidents_count_where_they_are_asked_for(member: Browser) -> None:
    page = member.get(f"{PLACE}?days=30&cancelled=on").text

    assert tiles(page)["Incidents"].startswith("Created in this time 4 ")
    assert "checked" in page


def test_charts_count_over_time_by_what_incidents_have_in_common(member: Browser) -> None:
    page = member.get(f"{PLACE}?days=7").text

    for title in ("severity", "service", "contributor", "cause"):
        assert f">Incidents by {title}</h2>" in page
    assert "<title>sev1 · Critical, 2026-12-27: 1</title>" in page
    assert "<title>web, 2026-12-28: 1</title>" in page
    assert "<title>mail, 2026-12-28: 1</title>" in page
    assert "<title>alpha, 2026-12-27: 1</title>" in page
    assert "<title>hardware, 2026-12-27: 1</title>" in page
    assert "<title>none given, 2026-12-28: 1</title>" in page
    assert "<title>MTTR, 2026-12-28: 4 h</title>" in page
    assert page.count("<summary>The numbers</summary>") == 6


@pytest.mark.parametrize(
    ("by", "name", "cells"),
    [
        ("severity", "sev2 · Major", ["2", "none", "1 h of 1", "4 h of 1", "4 h of 1", "none"]),
        ("service", "web", ["2", "none", "45 min of 2", "3 h of 2", "3 h of 2", "none"]),
        ("contributor", "none named", ["1", "none", "none", "none", "none", "none"]),
        ("root_cause", "hardware", ["1", "none", "30 min of 1", "2 h of 1", "2 h of 1", "none"]),
        ("status", "resolved", ["2", "none", "45 min of 2", "3 h of 2", "3 h of 2", "none"]),
    ],
)
def test_times_are_told_apart_by_what_is_asked_for(
    member: Browser, by: str, name: str, cells: list[str]
) -> None:
    page = member.get(f"{PLACE}?days=30&group_by={by}").text
    (line,) = re.findall(rf'<th scope="row" dir="auto">{name}</th>(.*?)</tr>', page, re.DOTALL)
    found = [
        " ".join(re.sub(r"<[^>]*>", " ", cell).split())
        for cell in re.findall(r"<td[^>]*>(.*?)</td>", line, re.DOTALL)
    ]

    assert found == cells
    assert f'<option value="{by}" selected>' in page


@pytest.mark.parametrize("days", PRESETS)
def test_presets_are_links_that_keep_the_rest(member: Browser, days: int) -> None:
    page = member.get(f"{PLACE}?days={days}&group_by=service&cancelled=on").text

    assert re.search(
        rf'href="/measures\?days={days}&amp;group_by=service&amp;cancelled=on" aria-current="true"',
        page,
    )


def test_every_chart_has_its_file(member: Browser) -> None:
    page = member.get(f"{PLACE}?days=30").text
    links = {
        one.replace("&amp;", "&") for one in re.findall(r'class="csv small" href="([^"]*)"', page)
    }

    assert len(links) == len(Figure)
    for link in links:
        answer = member.get(link)
        assert answer.status == 200
        assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
        assert answer.headers["content-disposition"].startswith('attachment; filename="tocsin-')
        head, *lines = rows(answer.text)
        assert lines or "availability" in link
        assert all(len(line) == len(head) for line in lines)


def test_files_say_what_the_page_says(member: Browser) -> None:
    counted = rows(member.get(f"{PLACE}?days=30&format=csv&figure=service").text)
    grouped = rows(member.get(f"{PLACE}?days=30&format=csv&figure=groups").text)
    whole = rows(member.get(f"{PLACE}?days=30&format=csv").text)
    timed = rows(member.get(f"{PLACE}?days=30&format=csv&figure=times").text)

    assert counted == [
        ["period", "service", "incidents"],
        ["2026-12-27", "web", "1"],
        ["2026-12-28", "mail", "1"],
        ["2026-12-28", "web", "1"],
        ["2026-12-29", "mail", "1"],
    ]
    assert ["sev1", "1", "mttr", "1", "7200.0", "7200.0", "7200.0"] in grouped
    assert ["2026-12-28", "1", "mttr", "1", "14400.0", "14400.0", "14400.0"] in timed
    assert [line[:7] for line in whole if line[0] == "mttr"] == [
        ["mttr", "", "", "2", "10800.0", "10800.0", "14400.0"]
    ]


def test_what_was_least_available_is_named(member: Browser, at_desk: Desk) -> None:
    down = opened(at_desk.house, NOW - HOUR, "Down", services=("web",), impact="outage")
    moved(at_desk.house, NOW - HOUR / 2, down, "resolved")
    at_desk.house.clock.now = NOW
    follow(at_desk.house)
    page = member.get(f"{PLACE}?days=7").text

    assert '<th scope="row">web</th><td>99.67 %</td><td>30 min</td>' in page
    assert '<th scope="row">ams-1</th>' in page
    assert "All were available all the time." in page
    assert ["service", "web"] in [
        line[:2] for line in rows(member.get(f"{PLACE}?days=7&format=csv&figure=availability").text)
    ]


@pytest.mark.parametrize(
    ("asked", "field", "said"),
    [
        ("from=2026-13-01", "from", "Write a day like"),
        ("to=soon", "to", "Write a day like"),
        ("from=0001-01-01", "from", "Write a day like"),
        ("from=2026-12-30&to=2026-12-29", "from", "This must not be after"),
        ("from=2024-01-01&to=2026-01-01", "to", "At most 366 days"),
        ("group_by=moon", "group_by", "Choose severity, service"),
        ("days=8", "days", "Choose 7, 30, 90 or 365 days"),
    ],
)
def test_bad_input_stands_beside_its_field_and_nothing_typed_is_lost(
    member: Browser, asked: str, field: str, said: str
) -> None:
    page = member.get(f"{PLACE}?{asked}")

    assert page.status == 400
    assert re.search(rf'id="{field}-wrong">{said}', page.text)
    assert tiles(page.text) == {}
    if field in ("from", "to"):
        typed = dict(pair.split("=") for pair in asked.split("&"))[field]
        assert f'name="{field}" value="{typed}"' in page.text


@pytest.mark.parametrize("asked", ["colour=blue", "format=xlsx", "format=csv&figure=moon"])
def test_what_is_not_known_is_refused_and_not_left_out(member: Browser, asked: str) -> None:
    page = member.get(f"{PLACE}?{asked}")

    assert page.status == 400
    assert page.headers["content-type"].startswith("text/html")
    assert 'role="alert"' in page.text


def test_a_time_without_incidents_says_where_there_may_be_some(member: Browser) -> None:
    page = member.get(f"{PLACE}?from=2026-01-01&to=2026-01-31")

    assert page.status == 200
    assert "No incident was created in this time" in page.text
    assert 'href="/measures?days=365' in page.text


def test_a_stranger_counts_none_of_ours(member: Browser, at_desk: Desk) -> None:
    stranger = Browser(at_desk)
    stranger.sign_in("stranger")
    page = stranger.get(PLACE).text

    assert tiles(page)["Incidents"].startswith("Created in this time 0 ")
    assert "alpha" not in page
    assert rows(stranger.get(f"{PLACE}?format=csv&figure=service").text) == [
        ["period", "service", "incidents"]
    ]


def test_a_viewer_reads_measures(member: Browser, at_desk: Desk) -> None:
    at_desk.house.invite("guest", org="net", role="viewer")
    guest = Browser(at_desk)
    guest.sign_in("guest")

    assert guest.get(PLACE).status == 200
    assert READERS["measures"] is READERS["ticket"]


def test_hostile_words_in_the_address_stay_words(member: Browser) -> None:
    page = member.get(f'{PLACE}?from="><script>alert(1)</script>&<script>=1').text

    assert "<script>alert" not in page
    assert "“<script>" not in page


def visit(at_desk: Desk, query: dict[str, str]) -> Iterator[Visit]:
    """The owner's look at the page, on a snapshot."""
    with at_desk.house.store.reading() as turn:
        yield Visit(
            turn=turn,
            admitted=admission(turn, at_desk.house.keys["owner"], at=NOW),
            path={},
            fields={name: (value,) for name, value in query.items()},
            at=NOW,
            wanted=PLACE,
            form_token="token",
            once="once",
        )


@pytest.mark.parametrize("query", [{"days": "30"}, {"days": "30", "format": "csv"}])
def test_too_many_incidents_say_what_is_fewer(at_desk: Desk, query: dict[str, str]) -> None:
    told(at_desk.house)
    for one in visit(at_desk, query):
        page = measures_of(one, most=2)
        assert page.status == 400
        assert "more than 2 incidents in these 30 days; look at fewer at once, as at 7" in page.body


def test_too_many_before_leave_only_the_comparison_out(at_desk: Desk) -> None:
    for number in range(3):
        opened(at_desk.house, NOW - 40 * DAY, f"Old {number}")
    opened(at_desk.house, NOW - DAY, "New")
    at_desk.house.clock.now = NOW
    follow(at_desk.house)
    for one in visit(at_desk, {"days": "30"}):
        page = measures_of(one, most=2)
        assert page.status == 200
        assert "too many incidents to be compared with" in page.body
        assert 'class="change' not in page.body


def found_in(at_desk: Desk, asked: Asked) -> Found:
    with at_desk.house.store.reading() as turn:
        return read(turn, at_desk.house.orgs["net"], asked, at=NOW)


THIRTY = Asked(
    first=date(2026, 12, 1),
    last=date(2026, 12, 30),
    days=30,
    by=By.SERVICE,
    cancelled=False,
    figure=None,
)


@pytest.mark.parametrize("cancelled", [False, True])
def test_what_is_counted_over_time_adds_up_to_the_measures(at_desk: Desk, cancelled: bool) -> None:
    told(at_desk.house)
    asked = replace(THIRTY, first=date(2026, 10, 1), cancelled=cancelled)
    found = found_in(at_desk, asked)
    with at_desk.house.store.reading() as turn:
        measures = read_measures(
            turn,
            org_id=at_desk.house.orgs["net"],
            wanted=Wanted(begin=asked.begin, end=asked.end, now=NOW, include_cancelled=cancelled),
        )

    for grouping, periods in found.counts.items():
        totals: dict[str | None, int] = {}
        for period in periods.values():
            for key, count in period.items():
                totals[key] = totals.get(key, 0) + count
        assert totals == measures.counts[grouping]
        assert set(periods) <= set(asked.periods)
    assert found.counts[Grouping.SEVERITY]
    assert sum(group.count for group in found.periods.values()) == measures.count


def test_no_cell_of_a_file_is_a_formula(at_desk: Desk) -> None:
    told(at_desk.house)
    found = found_in(at_desk, THIRTY)
    hostile = [
        replace(found.groups[0], key=f"{sign}cmd|' /C calc'!A0")
        for sign in ("=", "+", "-", "@", "\t")
    ]
    _, *lines = rows(sheet(replace(found, groups=tuple(hostile)), THIRTY, Figure.GROUPS).body)

    assert len(lines) == len(hostile) * len(Measure)
    assert all(line[0].startswith("'") for line in lines)


@given(
    first=st.dates(date(1970, 1, 1), date(2998, 1, 1)),
    length=st.integers(1, 366),
)
def test_every_day_lies_in_a_period_of_its_charts(first: date, length: int) -> None:
    asked = replace(THIRTY, first=first, last=first + (length - 1) * DAY)

    assert asked.length == length
    assert len(asked.periods) <= 50
    for number in range(0, length, 7):
        day = first + number * DAY
        assert period_of(day, asked.grain) in asked.periods
    keys = [period_key(period, asked.grain) for period in asked.periods]
    assert len(set(keys)) == len(keys)
    assert keys == sorted(keys)


@given(first=st.dates(date(1970, 1, 1), date(2998, 1, 1)), length=st.integers(1, 366))
def test_an_address_says_the_same_again(first: date, length: int) -> None:
    asked = replace(THIRTY, first=first, last=first + (length - 1) * DAY, days=None)
    query = dict(pair.split("=") for pair in asked.address().partition("?")[2].split("&"))
    again, filled = asked_in({name: (value,) for name, value in query.items()}, today=NOW.date())

    assert again == asked
    assert not filled.errors
