"""The calendar page: what is in it, what is marked, and what an address may ask."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from markupsafe import escape

from tests.handler.acting import NOON
from tests.web.dashboard.browsing import Browser, Desk
from tests.web.dashboard.planning.working import HOSTILE, moved, planned, wire

PLACE = "/maintenance"
VIEWS = ("month", "week", "agenda")


@pytest.fixture
def member(at_desk: Desk, browser: Browser) -> Browser:
    """A browser in which the owner is signed in, over the small network."""
    wire(at_desk.house)
    browser.sign_in("owner")
    return browser


def refs(text: str) -> list[str]:
    """The refs of the list, day by day."""
    found: list[str] = re.findall(r'<p class="what"><a class="ref" href="/tickets/([^"]*)"', text)
    return found


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_lists_who_works_where_and_when(
    member: Browser, at_desk: Desk, view: str
) -> None:
    planned(at_desk.house, "M-1", links=("ams-fra",))
    page = member.get(f"{PLACE}?view={view}").text

    assert refs(page) == ["M-1"]
    assert "Swap the optic" in page
    assert "by <bdi>Alpha</bdi>" in page
    assert "<bdi>ams-1 and ams-fra</bdi>" in page
    assert "concerns <bdi>Beta</bdi>" in page
    assert '<time datetime="2026-11-21T12:00:00Z">12:00</time>' in page
    assert '<time datetime="2026-11-21T14:00:00Z">14:00</time>' in page


def test_month_and_week_are_pictures_whose_parts_lead_to_the_ticket(
    member: Browser, at_desk: Desk
) -> None:
    planned(at_desk.house, "M-1")

    month, week = (member.get(f"{PLACE}?view={view}").text for view in ("month", "week"))
    assert re.search(r'<a class="grid-bar [^"]*" href="/tickets/M-1"', month)
    assert re.search(r'<a class="under_maintenance" href="/tickets/M-1"', week)


def test_both_sides_of_a_link_are_marked_on_both_with_both_tickets(
    member: Browser, at_desk: Desk
) -> None:
    planned(at_desk.house, "M-A", who="owner", devices=("ams-1",))
    planned(at_desk.house, "M-Z", who="teammate", devices=("fra-1",), hours=25)
    page = member.get(PLACE).text

    assert "One conflict" in page
    assert page.count("<b>Conflict</b> with") == 2
    for ref in ("M-A", "M-Z"):
        assert f'<b>Conflict</b> with <a href="/tickets/{ref}" class="ref">{ref}</a>' in page
    assert page.count("both sides of link ams-fra") == 3
    assert "2026-11-21 13:00</time>" in page
    assert "14:00 UTC</time>" in page
    assert 'class="grid-bar partial_outage' in page
    assert "In conflict:" in page


def test_the_same_device_at_one_time_is_a_conflict_and_one_after_the_other_is_none(
    member: Browser, at_desk: Desk
) -> None:
    planned(at_desk.house, "M-1")
    planned(at_desk.house, "M-2", hours=26)
    assert "conflict" not in member.get(PLACE).text.casefold()

    planned(at_desk.house, "M-3", hours=27)
    page = member.get(PLACE).text
    assert "One conflict" in page
    assert (
        page.count(': device ams-1, <time datetime="2026-11-21T15:00:00Z">2026-11-21 15:00<') == 2
    )


def test_a_conflict_with_what_a_filter_leaves_out_is_marked_all_the_same(
    member: Browser, at_desk: Desk
) -> None:
    planned(at_desk.house, "M-A", who="owner", services=("transit",))
    planned(at_desk.house, "M-Z", who="teammate", devices=("fra-1",))
    page = member.get(f"{PLACE}?service=transit").text

    assert refs(page) == ["M-A"]
    assert '<a href="/tickets/M-Z" class="ref">M-Z</a>' in page


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("contributor=alpha", ["M-ams", "M-link"]),
        ("contributor=beta", ["M-link", "M-lon"]),
        ("service=transit", ["M-lon"]),
        ("device=ams-1", ["M-ams", "M-link"]),
        ("device=lon-1", ["M-lon"]),
        ("link=ams-fra", ["M-ams", "M-link"]),
        ("device=ams-1&service=transit", []),
    ],
)
def test_filters_narrow_by_whom_it_concerns(
    member: Browser, at_desk: Desk, asked: str, found: list[str]
) -> None:
    planned(at_desk.house, "M-ams")
    planned(at_desk.house, "M-link", hours=48, devices=(), links=("ams-fra",))
    planned(
        at_desk.house, "M-lon", who="teammate", hours=72, devices=("lon-1",), services=("transit",)
    )
    page = member.get(f"{PLACE}?view=agenda&{asked}")

    assert page.status == 200
    assert refs(page.text) == found
    assert "open><summary>Filtered" in page.text
    if not found:
        assert "Leave out a filter" in page.text


@pytest.mark.parametrize("name", ["contributor", "service", "device", "link"])
def test_a_name_that_is_not_there_is_refused_beside_its_field(member: Browser, name: str) -> None:
    page = member.get(f"{PLACE}?{name}=nowhere&view=week")

    assert page.status == 400
    assert f'id="{name}-wrong">There is no {name} “nowhere” here' in page.text
    assert f'name="{name}" value="nowhere"' in page.text
    assert 'aria-invalid="true"' in page.text


@pytest.mark.parametrize("asked", ["at=2026-13", "at=0000-00", "at=9999-12", "view=year"])
def test_a_time_or_view_that_is_none_says_what_to_write(member: Browser, asked: str) -> None:
    page = member.get(f"{PLACE}?{asked}")

    assert page.status == 400
    assert 'role="alert"' in page.text


def test_one_goes_earlier_and_later_and_keeps_the_filters(member: Browser) -> None:
    page = member.get(f"{PLACE}?view=month&at=2026-11&device=ams-1").text

    assert f'href="{PLACE}?view=month&amp;at=2026-10&amp;device=ams-1" rel="prev"' in page
    assert f'href="{PLACE}?view=month&amp;at=2026-12&amp;device=ams-1" rel="next"' in page
    assert f'href="{PLACE}?view=month&amp;device=ams-1">Today' in page
    assert f'href="{PLACE}?view=week&amp;device=ams-1"' in page
    assert '<input type="hidden" name="at" value="2026-11">' in page


def test_what_lasts_over_days_stands_in_each_and_is_told_once(
    member: Browser, at_desk: Desk
) -> None:
    planned(at_desk.house, "M-1", lasting=60)
    page = member.get(f"{PLACE}?view=agenda").text

    assert refs(page) == ["M-1"] * 3
    assert page.count("goes on") == 2
    assert page.count("by <bdi>Alpha</bdi>") == 1


def test_what_began_before_the_first_day_says_on_which(member: Browser, at_desk: Desk) -> None:
    planned(at_desk.house, "M-1", lasting=60)
    page = member.get(f"{PLACE}?view=agenda&at=2026-11-23").text

    assert re.search(r"<h3>.*Mon 23 November.*</h3>", page)
    assert '<time datetime="2026-11-21T12:00:00Z">21 Nov 12:00</time>' in page


def test_what_overran_lasts_until_now_and_says_so(member: Browser, at_desk: Desk) -> None:
    ticket = planned(at_desk.house, "M-1", hours=1, lasting=1)
    at_desk.house.clock.pass_by(timedelta(hours=1))
    moved(at_desk.house, ticket, "in_progress")
    at_desk.house.clock.pass_by(timedelta(hours=72))
    member.sign_in("owner")
    page = member.get(f"{PLACE}?view=agenda").text

    assert refs(page) == ["M-1"]
    assert "Under way, should have ended" in page


def test_cancelled_work_is_shown_only_when_asked_for(member: Browser, at_desk: Desk) -> None:
    moved(at_desk.house, planned(at_desk.house, "M-1"), "cancelled")

    assert refs(member.get(PLACE).text) == []
    assert refs(member.get(f"{PLACE}?cancelled=on").text) == ["M-1"]


def test_an_empty_calendar_says_what_to_do(member: Browser, browser: Browser) -> None:
    page = member.get(PLACE).text

    assert "Nothing is planned in this time" in page
    assert 'href="/new/maintenance"' in page
    assert 'href="/maintenance/plan"' in page


def test_a_viewer_is_offered_no_planning(member: Browser, at_desk: Desk) -> None:
    at_desk.house.invite("guest", org="net", role="viewer")
    guest = Browser(at_desk)
    guest.sign_in("guest")
    page = guest.get(PLACE)

    assert page.status == 200
    assert "/new/maintenance" not in page.text


def test_a_stranger_sees_nothing_of_it(member: Browser, at_desk: Desk) -> None:
    planned(at_desk.house, "M-1")
    stranger = Browser(at_desk)
    stranger.sign_in("stranger")

    assert refs(stranger.get(PLACE).text) == []
    assert stranger.get(f"{PLACE}?device=ams-1").status == 400


def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(browser: Browser) -> None:
    page = browser.get(f"{PLACE}?view=week")

    assert page.status == 303
    assert page.headers["location"] == "/sign-in?next=%2Fmaintenance%3Fview%3Dweek"


@pytest.mark.parametrize("view", VIEWS)
def test_hostile_text_stays_text(member: Browser, at_desk: Desk, view: str) -> None:
    planned(at_desk.house, "M-1", title=HOSTILE)
    planned(at_desk.house, "M-2", title=HOSTILE)
    page = member.get(f"{PLACE}?view={view}").text

    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert f'<b dir="auto">{escape(HOSTILE)}</b>' in page
    assert "49" not in re.findall(r'<b dir="auto">[^<]*</b>', page)[0]
    typed = member.get(f'{PLACE}?device="><script>alert(1)</script>').text
    assert "<script>alert" not in typed


def test_it_can_be_subscribed_to_with_the_same_filters(member: Browser) -> None:
    page = member.get(f"{PLACE}?contributor=alpha&link=ams-fra").text

    assert "/v1/orgs/net/maintenance.ics?contributor=alpha&amp;link=ams-fra</code>" in page


def test_more_than_a_page_shows_says_so(member: Browser, at_desk: Desk) -> None:
    for number in range(8):
        planned(at_desk.house, f"M-{number}", hours=24 + number / 10, lasting=3, devices=("lon-1",))
    page = member.get(PLACE).text

    assert "2 more" in page
    assert len(refs(page)) == 8
    assert NOON.date().isoformat() in page
