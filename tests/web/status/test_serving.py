"""Public pages as they are served: addresses, headers, what is the same, what is not there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from tests.web.status import pictures
from tests.web.status.asking import Answer, Town, ask
from tocsin.web.status import forms, pages
from tocsin.web.status.printing import accepts_gzip, is_known
from tocsin.web.status.serving import StatusPages
from tocsin.web.status.view import Look
from tocsin.web.templating import CONTENT_SECURITY_POLICY

T = TypeVar("T")

ACCENTED = replace(pictures.incident(), look=Look(accent="#0f766e"))
NAMED_IN_THE_INTERFACE = (
    "",
    "history",
    "history/2026-11",
    "history.rss",
    "history.atom",
    "feed.rss",
    "feed.atom",
    "feed.json",
    "calendar.ics",
    "badge.svg",
    "list",
    "accent.css",
    "api/v2/summary.json",
    "api/v2/status.json",
    "api/v2/components.json",
    "api/v2/incidents.json",
    "api/v2/incidents/unresolved.json",
    "api/v2/scheduled-maintenances.json",
    "api/v2/scheduled-maintenances/upcoming.json",
    "api/v2/scheduled-maintenances/active.json",
)


def served(town: Town, talk: Callable[[StatusPages], Awaitable[T]]) -> T:
    """What *talk* comes to with a server that has had its first look."""

    async def running() -> T:
        gallery = town.gallery()
        await gallery.renew()
        return await talk(StatusPages(gallery, default_page="ring"))

    return asyncio.run(running())


def asked(town: Town, path: str, *, method: str = "GET", query: str = "") -> Answer:
    return served(town, lambda site: ask(site, path, method=method, query=query))


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path, known={"ring": ACCENTED})


@pytest.mark.parametrize("name", NAMED_IN_THE_INTERFACE)
def test_every_form_is_there_safe_and_told_apart_by_its_digest(town: Town, name: str) -> None:
    path = f"/status/ring/{name}".rstrip("/")

    async def talk(site: StatusPages) -> tuple[Answer, Answer, Answer, Answer]:
        first = await ask(site, path)
        known = {"If-None-Match": f'"other", W/{first.headers["etag"]}'}
        return (
            first,
            await ask(site, path, method="HEAD"),
            await ask(site, path, headers=known),
            await ask(site, path, headers={"Accept-Encoding": "br, gzip;q=0.5"}),
        )

    first, head, same, zipped = served(town, talk)
    assert first.status == 200
    assert first.body
    assert first.headers["content-length"] == str(len(first.body))
    assert first.headers["x-content-type-options"] == "nosniff"
    assert first.headers["x-frame-options"] == "DENY"
    assert first.headers["referrer-policy"] == "no-referrer"
    assert "unsafe" not in first.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in first.headers["content-security-policy"]
    assert "stale-if-error=3600" in first.headers["cache-control"]
    assert (head.status, head.headers, head.body) == (200, first.headers, b"")
    assert (same.status, same.body) == (304, b"")
    assert same.headers["etag"] == first.headers["etag"]
    assert "content-length" not in same.headers
    assert zipped.text == first.text
    machine = forms.is_machine_form(name)
    assert (first.headers.get("access-control-allow-origin") == "*") is machine


def test_pages_for_people_have_their_own_policy_and_what_they_load_is_here(town: Town) -> None:
    async def talk(site: StatusPages) -> list[Answer]:
        return [await ask(site, f"/assets/{name}", query="v=1") for name in pages.SERVED_ASSETS]

    page = asked(town, "/status/ring")
    assert page.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert "access-control-allow-origin" not in page.headers
    for answer in served(town, talk):
        assert answer.status == 200
        assert "immutable" not in answer.headers["cache-control"]
    address, _, version = pages.Addresses.served("/x").asset("tocsin.css").partition("?")
    exact = asked(town, address, query=version)
    assert "immutable" in exact.headers["cache-control"]
    assert exact.headers["content-type"] == "text/css; charset=utf-8"
    assert asked(town, "/assets/../secret.key").status == 404


def test_the_list_of_the_page_that_stands_for_the_server(town: Town) -> None:
    listed = asked(town, "/list")
    assert listed.body == asked(town, "/status/ring/list").body
    assert json.loads(listed.body).keys() == {"open", "closed"}

    async def nothing() -> bool:
        return StatusPages(town.gallery()).answers("/list")

    assert not asyncio.run(nothing())


def test_clients_of_a_statuspage_find_the_same_at_the_root(town: Town) -> None:
    for name in ("summary", "status", "incidents/unresolved"):
        at_root = asked(town, f"/api/v2/{name}.json")
        assert at_root.status == 200
        assert at_root.body == asked(town, f"/status/ring/api/v2/{name}.json").body
    assert asked(town, "/api/v2/nothing.json").status == 404

    async def answered() -> list[bool]:
        with_page = StatusPages(town.gallery(), default_page="ring")
        without = StatusPages(town.gallery())
        # What is beside them without a suffix is Alertmanager's.
        return [
            with_page.answers("/api/v2/alerts"),
            with_page.answers("/api/v2/status"),
            without.answers("/api/v2/summary.json"),
        ]

    assert asyncio.run(answered()) == [False, False, False]


def test_a_notice_has_a_page_of_its_own(town: Town) -> None:
    notice = town.known["ring"].open[0]
    page = asked(town, f"/status/ring/incidents/{notice.ref}")
    assert page.status == 200
    assert notice.updates[0].body.split()[0] in page.text


def test_what_is_not_there_says_the_same_whichever_pages_there_are(town: Town) -> None:
    nowhere = asked(town, "/status/none")
    assert nowhere.status == 404
    assert "Ring of Towns" not in nowhere.text
    for path in ("/status/other", "/status/none/history", "/status/RING", "/status/", "/status//x"):
        answer = asked(town, path)
        assert (answer.status, answer.body, answer.headers) == (404, nowhere.body, nowhere.headers)
    machine = asked(town, "/status/none/api/v2/summary.json")
    assert machine.status == 404
    assert machine.body == asked(town, "/status/ring/api/v2/nothing.json").body
    assert machine.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    "name",
    [
        "incidents/I-none",
        "incidents/",
        "incidents/a/b",
        "history/2026-13",
        "history/1066-10",
        "history/2026-1",
        "history/0000-01",
        "nothing",
        "../ring",
        "x" * 5_000,
        "incidents/\u0000\ud800",
    ],
)
def test_below_a_page_a_missing_one_shows_the_way_back(town: Town, name: str) -> None:
    answer = asked(town, f"/status/ring/{name}x")
    assert answer.status == 404
    if len(name) < 100:
        assert 'href="/status/ring"' in answer.text


def test_a_slash_at_the_end_leads_to_the_one_address(town: Town) -> None:
    moved = asked(town, "/status/ring/history/", query="a=b")
    assert (moved.status, moved.headers["location"]) == (308, "/status/ring/history?a=b")
    assert asked(town, "/status/ring/").headers["location"] == "/status/ring"
    hostile = asked(town, "/status/ring/\r\nSet-Cookie: a/")
    assert hostile.headers["location"] == "/status/ring/%0D%0ASet-Cookie%3A%20a"
    assert asked(town, "/status//evil.example/").status == 404


def test_other_methods_are_refused_and_scripts_may_ask_first(town: Town) -> None:
    refused = asked(town, "/status/ring", method="POST")
    assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    page = asked(town, "/status/ring", method="OPTIONS")
    assert page.status == 204
    assert "access-control-allow-origin" not in page.headers
    form = asked(town, "/status/ring/api/v2/summary.json", method="OPTIONS")
    assert form.headers["access-control-allow-origin"] == "*"
    assert "GET" in form.headers["access-control-allow-methods"]


def test_a_badge_is_of_the_page_or_of_one_service(town: Town) -> None:
    whole = asked(town, "/status/ring/badge.svg")
    one = town.known["ring"].services[0]
    of_one = asked(town, "/status/ring/badge.svg", query=f"service={one.code}")
    assert of_one.status == 200
    assert of_one.body != whole.body
    assert one.name.split()[0] in of_one.text
    assert asked(town, "/status/ring/badge.svg", query="service=none").status == 404


def test_a_query_makes_no_further_copies(town: Town) -> None:
    async def talk(site: StatusPages) -> set[bytes]:
        return {(await ask(site, "/status/ring", query=f"x={at}")).body for at in range(20)}

    assert len(served(town, talk)) == 1


def test_each_answer_is_counted_by_its_sort(town: Town) -> None:
    async def counting() -> list[tuple[str, int]]:
        counted: list[tuple[str, int]] = []
        gallery = town.gallery()
        await gallery.renew()
        site = StatusPages(gallery, observe=lambda kind, status: counted.append((kind, status)))
        for path in ("ring", "ring/incidents/a", "ring/history.rss", "none", "ring/whatever"):
            await ask(site, f"/status/{path}")
        return counted

    assert asyncio.run(counting()) == [
        ("page", 200),
        ("incidents", 404),
        ("feed.rss", 200),
        ("page", 404),
        ("page", 404),
    ]


def test_every_name_a_page_says_it_has_is_served(town: Town) -> None:
    town.known["ring"] = replace(pictures.several(), look=Look(accent="#0f766e"))

    async def talk(site: StatusPages) -> dict[str, int]:
        found = {}
        for name in forms.names(town.known["ring"]):
            path = f"/status/ring/{name}" if name else "/status/ring"
            found[name] = (await ask(site, path)).status
        return found

    statuses = served(town, talk)
    assert len(statuses) > len(NAMED_IN_THE_INTERFACE)
    assert set(statuses.values()) == {200}


@pytest.mark.parametrize(
    ("header", "taken"),
    [(b"gzip", True), (b"br;q=1, GZIP;q=0.1", True), (b"*", True), (b"gzip;q=0", False),
     (b"identity", False), (b"", False)],
)  # fmt: skip
def test_who_takes_gzip(header: bytes, taken: bool) -> None:
    assert accepts_gzip(header) is taken


@pytest.mark.parametrize(
    ("header", "known"),
    [(b'"a"', True), (b'W/"a"', True), (b'"b" , "a"', True), (b"*", True), (b'"b"', False),
     (b"a", False), (b"", False)],
)  # fmt: skip
def test_who_has_it_already(header: bytes, known: bool) -> None:
    assert is_known(b'"a"', header) is known
