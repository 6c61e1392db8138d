"""The list as it is worked with: more filters, groups, and views that are saved and shared."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.handler.acting import NOON
from tests.web.dashboard.browsing import Browser, Desk, desk, hidden
from tocsin.core.commands import Assign, PlanMaintenance

HOSTILE = "<script>alert(1)</script>\"'>"


@pytest.fixture
def member(browser: Browser) -> Browser:
    """A browser in which the owner is signed in."""
    browser.sign_in("owner")
    return browser


def opened(at_desk: Desk, title: str, **given: object) -> str:
    """Open an incident; its id."""
    ticket = at_desk.house.incident(title, **given)
    at_desk.house.ask("owner", ticket)
    return ticket.ticket_id


def titles(text: str) -> list[str]:
    return re.findall(r'class="ref">[^<]*</span> <span dir="auto">([^<]*)</', text)


def tabs(text: str) -> dict[str, str]:
    """The tabs of a page: names and addresses."""
    nav = text.partition('<nav class="tabs"')[2].partition("</nav>")[0]
    return {name: href for href, name in re.findall(r'href="([^"]*)"[^>]*><bdi>([^<]*)<', nav)}


def browsing(at_desk: Desk, who: str) -> Browser:
    """A browser in which *who* is signed in."""
    found = Browser(at_desk)
    found.sign_in(who)
    return found


def test_every_row_leads_to_its_ticket(member: Browser, at_desk: Desk) -> None:
    opened(at_desk, "dark", refs=("I20261120-dark",))
    for path in ("/", "/tickets"):
        assert re.search(
            r'<a class="to" id="[^"]+" href="/tickets/I20261120-dark">', member.get(path).text
        )


def test_more_filters_narrow_the_list(member: Browser, at_desk: Desk) -> None:
    opened(at_desk, "ams", labels=("edge",))
    other = opened(at_desk, "fra", devices=("fra-1",), services=("api",))
    at_desk.house.ask("owner", Assign(assignee="beta"), subject=opened(at_desk, "with beta"))
    me = _member(at_desk, "owner")
    at_desk.house.ask("admin", Assign(assignee=me), subject=other)
    for query, found in (
        ("device_pubkey=ams-1", {"ams", "with beta"}),
        ("device=ams-1,fra-1", {"ams", "fra", "with beta"}),
        ("device_pubkey=ams-1&device_pubkey=fra-1", {"ams", "fra", "with beta"}),
        ("affected_link_pubkey=none", set()),
        ("service=api,web", {"fra"}),
        ("affects_contributor=beta", {"fra"}),
        ("contributor=alpha", {"ams", "with beta"}),
        ("contributor=nobody", set()),
        ("label=edge", {"ams"}),
        ("assignee=me", {"fra"}),
        (f"assignee={me}", {"fra"}),
        ("assignee=beta", {"with beta"}),
        ("assignee=nobody", set()),
        ("status=open,acknowledged", {"ams", "fra", "with beta"}),
        ("severity=sev1,sev2", {"ams", "fra", "with beta"}),
    ):
        page = member.get(f"/tickets?{query}")
        assert page.status == 200
        assert set(titles(page.text)) == found, query


def _member(at_desk: Desk, name: str) -> str:
    with at_desk.house.store.reading() as turn:
        heads = turn.heads_of_sort(at_desk.house.orgs["net"], "member")
    (found,) = [head.state.id for head in heads if getattr(head.state, "name", "") == name]
    return str(found)


def test_days_are_those_in_which_something_was_in_effect(member: Browser, at_desk: Desk) -> None:
    house = at_desk.house
    for days in (1, 3):
        begin = NOON + timedelta(days=days)
        house.ask(
            "owner",
            PlanMaintenance(
                ticket_id=house.fresh(),
                refs=(f"M20261120-000{days}",),
                title=f"in {days}",
                description="Works.",
                devices=("ams-1",),
                start_at=begin,
                end_at=begin + timedelta(hours=2),
            ),
        )
    for query, found in (
        ("overlaps_from=2026-11-21&overlaps_to=2026-11-21", {"in 1"}),
        ("overlaps_from=2026-11-22", {"in 3"}),
        ("overlaps_to=2026-11-22", {"in 1"}),
        ("overlaps_from=2026-11-21T14:00:00Z&overlaps_to=2026-11-24", {"in 3"}),
    ):
        page = member.get(f"/tickets?{query}")
        assert set(titles(page.text)) == found, query


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("overlaps_from=yesterday", "overlaps_from"),
        ("overlaps_to=2026-02-30", "overlaps_to"),
        ("overlaps_to=9999-12-31", "overlaps_to"),
        ("overlaps_from=2026-11-22&overlaps_to=2026-11-20", "overlaps_to"),
        ("group=colour", "group"),
    ],
)
def test_what_cannot_be_read_is_told_beside_it(member: Browser, query: str, field: str) -> None:
    page = member.get(f"/tickets?{query}")
    assert page.status == 400
    assert f'id="{field}-wrong"' in page.text


def test_groups_stand_in_their_order(member: Browser, at_desk: Desk) -> None:
    opened(at_desk, "mild", severity="sev3", services=("web",))
    opened(at_desk, "bad", severity="sev1", services=("api", "web"))
    opened(at_desk, "of no service", severity="sev2")

    def groups(by: str) -> list[tuple[str, list[str]]]:
        text = member.get(f"/tickets?group={by}").text
        parts = text.split('<h2 class="heading" id="group-')[1:]
        named = [
            re.sub(r"<[^>]*>", " ", part.partition(">")[2].partition("</h2>")[0]) for part in parts
        ]
        return [
            (" ".join(name.split()), titles(part)) for name, part in zip(named, parts, strict=True)
        ]

    assert groups("severity") == [
        ("sev1 · Critical 1", ["bad"]),
        ("sev2 · Major 1", ["of no service"]),
        ("sev3 · Moderate 1", ["mild"]),
    ]
    assert groups("status") == [("Open 3", ["of no service", "bad", "mild"])]
    assert groups("service") == [
        ("api 1", ["bad"]),
        ("web 2", ["bad", "mild"]),
        ("No service 1", ["of no service"]),
    ]


def test_a_view_is_saved_and_is_a_tab_of_ones_own(member: Browser, at_desk: Desk) -> None:
    opened(at_desk, "bad", severity="sev1")
    looked = "/tickets?active=true&severity=sev1"
    saved = member.fill_in("/views", {"name": "Night <shift>"}, on=looked)
    assert saved.status == 303
    assert saved.headers["location"] == looked
    for path in ("/", "/tickets"):
        assert "Night &lt;shift&gt;" in tabs(member.get(path).text)
        assert "Night" not in member.get(path).text.replace("Night &lt;shift&gt;", "")
    page = member.get(looked)
    assert re.search(r'aria-current="page"><bdi>Night', page.text)
    assert "Save this view" not in page.text
    assert "Night" not in browsing(at_desk, "teammate").get("/tickets").text
    with at_desk.house.store.reading() as turn:
        events = turn.org_events(at_desk.house.orgs["net"])
    assert (events[-1].kind, events[-1].actor.name) == ("view.created", "owner")


def test_a_shared_view_is_everybodys(at_desk: Desk) -> None:
    admin, other = browsing(at_desk, "admin"), browsing(at_desk, "teammate")
    admin.fill_in("/views", {"name": "All open", "shared": "on"}, on="/tickets?active=true")
    assert tabs(other.get("/tickets").text)["All open"] == "/tickets?active=true"
    assert "Change this view" not in other.get("/tickets?active=true").text
    assert "For everybody here" not in other.get("/tickets?active=false").text
    stranger = browsing(at_desk, "stranger")
    assert "All open" not in stranger.get("/tickets").text
    assert "All open" not in stranger.get("/").text


def test_a_view_is_changed_and_forgotten_by_whose_it_is(member: Browser, at_desk: Desk) -> None:
    member.fill_in("/views", {"name": "Night"}, on="/tickets?active=true")
    path = _change_of(member, "/tickets?active=true")
    page = member.get(path)
    assert 'value="Night"' in page.text
    assert 'value="active=true"' in page.text
    changed = member.fill_in(path, {"name": "Watch", "query": "active=false"})
    assert changed.headers["location"] == "/tickets?active=false"
    assert "Watch" in tabs(member.get("/tickets").text)
    for who in ("teammate", "admin", "stranger"):
        theirs = browsing(at_desk, who)
        assert theirs.get(path).status == 404, who
        token = hidden(theirs.get("/").text, "/sign-out")
        assert theirs.post(path, {**token, "name": "x"}).status in (403, 404)
        assert theirs.post(f"{path}/remove", token).status in (403, 404)
    gone = member.fill_in(f"{path}/remove", {}, on=path)
    assert gone.headers["location"] == "/views"
    assert "Watch" not in tabs(member.get("/tickets").text)
    assert member.get(path).status == 404
    assert member.get("/views/%2e%2e").status == 404


def _change_of(browser: Browser, looked: str) -> str:
    found = re.search(r'href="(/views/[^"]+)">Change this view', browser.get(looked).text)
    assert found is not None
    return found[1]


def test_what_changed_meanwhile_is_shown(member: Browser) -> None:
    member.fill_in("/views", {"name": "Night"}, on="/tickets?active=true")
    path = _change_of(member, "/tickets?active=true")
    first = hidden(member.get(path).text, path)
    member.fill_in(path, {"name": "Watch", "query": "active=true"})
    stale = member.post(path, {**first, "name": "Mine", "query": "active=true"})
    assert stale.status == 412
    assert "What changed meanwhile" in stale.text
    assert 'value="Mine"' in stale.text
    again = hidden(stale.text, path)
    assert member.post(path, {**again, "name": "Mine", "query": "active=true"}).status == 303


def test_what_is_wrong_with_a_view_stands_beside_it(member: Browser) -> None:
    assert "None is saved yet." in member.get("/views").text
    empty = member.fill_in("/views", {"name": "", "query": "active=true"})
    assert empty.status == 422
    assert 'id="name-wrong"' in empty.text
    hostile = member.fill_in("/views", {"name": HOSTILE, "query": HOSTILE})
    assert hostile.status == 422
    assert 'id="query-wrong"' in hostile.text
    assert "<script>alert" not in hostile.text


def test_a_viewer_saves_none(at_desk: Desk) -> None:
    at_desk.house.invite("watcher", org="net", role="viewer")
    watcher = browsing(at_desk, "watcher")
    assert "Save this view" not in watcher.get("/tickets?active=true").text
    assert "Save the view" not in watcher.get("/views").text
    token = hidden(watcher.get("/").text, "/sign-out")
    assert watcher.post("/views", {**token, "name": "x"}).status == 403


def test_several_words_of_one_filter_stay_together(member: Browser, at_desk: Desk) -> None:
    opened(at_desk, "dark")
    text = member.get("/tickets?status=planned&status=in_progress").text
    assert '<option value="planned,in_progress" selected>Planned or In progress</option>' in text
    assert "dark" not in text


def test_postgresql_finds_the_same(tmp_path: Path, fresh_database: Callable[[], str]) -> None:
    with desk(tmp_path, at=fresh_database()) as at_desk:
        opened(at_desk, "dark", labels=("edge", "a_b"))
        owner, admin = browsing(at_desk, "owner"), browsing(at_desk, "admin")
        admin.fill_in("/views", {"name": "All open", "shared": "on"}, on="/tickets?active=true")
        owner.fill_in("/views", {"name": "Mine alone"}, on="/tickets?label=edge")
        assert {"All open", "Mine alone"} <= set(tabs(owner.get("/").text))
        assert "Mine alone" not in tabs(admin.get("/").text)
        assert titles(owner.get("/tickets?label=edge").text) == ["dark"]
        for query, found in (
            ("what=device&q=ams", ["ams-1"]),
            ("what=device&q=ra", ["fra-1"]),
            ("what=label&q=_", ["a_b"]),
            ("what=label", ["a_b", "edge"]),
            ("what=contributor&q=be", ["beta"]),
            ("what=device&q=%25", []),
        ):
            told = json.loads(owner.get(f"/suggest?{query}").text)
            assert [one["value"] for one in told] == found, query
