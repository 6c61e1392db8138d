"""The planner: what is free for chosen assets, as planning it would then find."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.handler.acting import NOON
from tests.web.dashboard.browsing import Browser, Desk
from tests.web.dashboard.planning.working import HOSTILE, moved, planned, wire
from tocsin.core.ticket import Ticket

PLACE = "/maintenance/plan"


@pytest.fixture
def member(at_desk: Desk, browser: Browser) -> Browser:
    """A browser in which the owner is signed in, over the small network."""
    wire(at_desk.house)
    browser.sign_in("owner")
    return browser


def asked(browser: Browser, **fields: str | list[str]) -> str:
    """The page with these fields, for two days from noon unless they say more."""
    begin = {
        "devices": "ams-1",
        "length": "2h",
        "from": "2026-11-20T12:00",
        "to": "2026-11-22T12:00",
    }
    page = browser.get(f"{PLACE}?{urlencode(begin | fields, doseq=True)}")
    assert page.status == 200, page.text
    return page.text


def free(text: str) -> list[tuple[str, str]]:
    """The free windows of a page, from and until."""
    found: list[tuple[str, str]] = re.findall(
        r'<tr><th scope="row">\w+ <time datetime="([^"]*):00Z">[^<]*</time></th>'
        r'<td>\w+ <time datetime="([^"]*):00Z">',
        text,
    )
    return found


def links(text: str) -> list[dict[str, list[str]]]:
    """What the links of the list propose."""
    found = re.findall(r'<td><a href="(/new/maintenance[^"]*)"', text)
    return [parse_qs(urlsplit(one.replace("&amp;", "&")).query) for one in found]


def test_an_untouched_form_proposes_two_hours_in_the_next_two_weeks(member: Browser) -> None:
    page = member.get(PLACE)

    assert page.status == 200
    assert 'name="length" value="2h"' in page.text
    assert 'name="from" value="2026-11-20T12:00"' in page.text
    assert 'name="to" value="2026-12-04T12:00"' in page.text
    assert "Choose the devices and links" in page.text
    assert 'data-suggest="device" data-several' in page.text


def test_what_nobody_works_on_is_free_all_the_time(member: Browser) -> None:
    page = asked(member)

    assert free(page) == [("2026-11-20T12:00", "2026-11-22T12:00")]
    assert "One free window" in page
    assert "Nobody has planned anything" in page


def test_planned_work_takes_its_time_out_and_is_named(member: Browser, at_desk: Desk) -> None:
    planned(at_desk.house, "M-1", hours=6)
    page = asked(member)

    assert free(page) == [
        ("2026-11-20T12:00", "2026-11-20T18:00"),
        ("2026-11-20T20:00", "2026-11-22T12:00"),
    ]
    assert 'href="/tickets/M-1"' in page
    assert "shares <b>device ams-1</b>" in page


def test_the_other_side_of_a_link_counts_and_what_is_beyond_does_not(
    member: Browser, at_desk: Desk
) -> None:
    planned(at_desk.house, "M-Z", who="teammate", hours=6, devices=("fra-1",))
    planned(at_desk.house, "M-lon", who="teammate", hours=20, devices=("lon-1",))
    page = asked(member)

    assert len(free(page)) == 2
    assert "shares <b>both sides of link ams-fra</b>" in page
    assert "M-lon" not in page


@pytest.mark.parametrize(
    "work",
    [{"devices": ("ams-1",)}, {"devices": ("fra-1",)}, {"devices": (), "links": ("ams-fra",)}],
)
@pytest.mark.parametrize("chosen", [{"devices": "ams-1"}, {"devices": "", "links": "ams-fra"}])
def test_the_planner_agrees_with_what_planning_finds(
    member: Browser, at_desk: Desk, work: dict[str, tuple[str, ...]], chosen: dict[str, str]
) -> None:
    planned(at_desk.house, "M-1", who="admin", hours=6, **work)  # type: ignore[arg-type]
    page = asked(member, **chosen)
    taken = len(free(page)) == 2

    names = {name: (code,) if code else () for name, code in chosen.items()}
    mine = planned(
        at_desk.house,
        "M-2",
        who="admin",
        hours=6,
        devices=names.get("devices", ()),
        links=names.get("links", ()),
    )
    with at_desk.house.store.reading() as turn:
        head = turn.head(at_desk.house.orgs["net"], f"maintenance:{mine}")
    assert head is not None
    assert isinstance(head.state, Ticket)
    assert taken
    assert bool(head.state.conflicts) is taken


def test_finished_work_takes_no_time(member: Browser, at_desk: Desk) -> None:
    moved(at_desk.house, planned(at_desk.house, "M-1", hours=6), "cancelled")

    assert len(free(asked(member))) == 1


def test_quiet_hours_and_weekdays_narrow_it(member: Browser) -> None:
    page = asked(member, hours="22:00-06:00", to="2026-11-24T12:00", weekdays=["fri", "sun"])

    assert free(page) == [
        ("2026-11-20T22:00", "2026-11-21T06:00"),
        ("2026-11-22T22:00", "2026-11-23T06:00"),
    ]
    assert 'value="fri" checked' in page
    assert 'value="sat" checked' not in page


def test_a_free_window_leads_to_a_form_that_is_filled_in(member: Browser) -> None:
    page = asked(member, devices="ams-1, lon-1", links="ams-fra", length="90 min")

    assert links(page) == [
        {
            "start_at": ["2026-11-20T12:00"],
            "end_at": ["2026-11-20T13:30"],
            "devices": ["ams-1, lon-1"],
            "links": ["ams-fra"],
        }
    ]


def test_the_picture_shows_free_and_taken(member: Browser, at_desk: Desk) -> None:
    planned(at_desk.house, "M-1", hours=6)
    page = asked(member, hours="12-24")

    assert re.search(r'<a class="operational" href="/new/maintenance\?[^"]*"', page)
    assert re.search(r'<a class="under_maintenance" href="/tickets/M-1"', page)
    assert 'class="fold"' in page
    assert "One window, no conflict. 3 free times." in page


def test_nothing_free_says_what_to_change(member: Browser, at_desk: Desk) -> None:
    planned(at_desk.house, "M-1", hours=1, lasting=60)
    page = asked(member)

    assert free(page) == []
    assert "No free window" in page
    assert "Look further ahead" in page


def test_open_incidents_there_are_named_but_take_no_time(member: Browser, at_desk: Desk) -> None:
    at_desk.house.ask("owner", at_desk.house.incident("Fibre cut"))
    page = asked(member, devices="fra-1")

    assert "One open incident there now" in page
    assert "Fibre cut" in page
    assert len(free(page)) == 1


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("devices", "nowhere", "There is no device “nowhere” here"),
        ("links", "ams-1", "There is no link “ams-1” here"),
        ("devices", "", "Choose a device or a link"),
        ("length", "soon", "Write a length as 2h"),
        ("length", "40 days", "at most 31 days"),
        ("from", "tomorrow", "write date and time"),
        ("to", "9999-12-31T23:59", "This must be later"),
        ("from", "9999-12-31T23:59", "between now and the year 2999"),
        ("to", "2026-11-19T12:00", "This must be later"),
        ("to", "2027-11-19T12:00", "Look at 92 days at most"),
        ("hours", "at night", "Write hours of the day"),
        ("hours", "22-23", "The quiet hours are shorter than the work"),
        ("weekdays", "someday", "The days are mon, tue"),
    ],
)
def test_bad_input_stands_beside_its_field_and_nothing_typed_is_lost(
    member: Browser, field: str, value: str, said: str
) -> None:
    begin = {"devices": "ams-1", "length": "2h", "from": "2026-11-20T12:00"}
    page = member.get(f"{PLACE}?{urlencode(begin | {field: value})}")

    assert page.status == 400
    assert re.search(rf'id="{field}-wrong">[^<]*{re.escape(said)}', page.text)
    assert value in ("", "someday") or f'value="{value}"' in page.text
    assert free(page.text) == []


def test_too_many_assets_are_refused(member: Browser) -> None:
    page = member.get(f"{PLACE}?devices={'+'.join(f'd{number}' for number in range(101))}")

    assert page.status == 400
    assert "at most 100" in page.text


def test_what_is_past_is_not_offered(member: Browser, at_desk: Desk) -> None:
    at_desk.house.clock.pass_by(timedelta(hours=5, minutes=2))

    assert free(asked(member)) == [("2026-11-20T17:05", "2026-11-22T12:00")]


def test_a_viewer_sees_windows_but_no_way_to_plan(member: Browser, at_desk: Desk) -> None:
    at_desk.house.invite("guest", org="net", role="viewer")
    guest = Browser(at_desk)
    guest.sign_in("guest")
    page = asked(guest)

    assert len(free(page)) == 1
    assert 'href="/new/maintenance' not in page


def test_a_stranger_finds_no_asset_of_ours(member: Browser, at_desk: Desk) -> None:
    stranger = Browser(at_desk)
    stranger.sign_in("stranger")
    page = stranger.get(f"{PLACE}?devices=ams-1")

    assert page.status == 400
    assert "There is no device" in page.text


def test_hostile_text_stays_text(member: Browser, at_desk: Desk) -> None:
    planned(at_desk.house, "M-1", hours=6, title=HOSTILE)
    at_desk.house.ask("owner", at_desk.house.incident(HOSTILE))

    assert "<script>alert" not in asked(member)
    page = member.get(f"{PLACE}?{urlencode({'devices': HOSTILE, 'length': HOSTILE})}")
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text
    assert NOON.year == 2026
