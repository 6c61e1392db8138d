"""Whole ways through the pages: a newcomer's, two people's in one room, those of who mistypes."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.accessibility import violations
from tests.browser.driving import (
    HEIGHTS,
    NARROW,
    WIDE,
    arriving,
    person,
    sideways,
    sticking_out,
    watched,
)
from tests.browser.site import Site, example_site

QUICK: Final = 1.0
"""Seconds within which people in one room see what the other did."""

BROKEN: Final = 'Optics "fra-1" <dark> & hot'
STORY: Final = "Since noon.\n\n- swapped the optic\n  twice\n<b>no light</b>"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An example network that these tests may change."""
    with example_site(tmp_path_factory.mktemp("town")) as made:
        yield made


def printed(town: Site) -> tuple[str, str]:
    """The address and the key that the server printed when it was started."""
    output = town.served.process.stdout
    assert output is not None
    while "API key   " not in town.served.said:
        town.served.said += output.readline()
    address = re.search(r"Pages +(\S+)/ ", town.served.said)
    key = re.search(r"API key +(tk_\S+)", town.served.said)
    assert address is not None
    assert key is not None
    return address[1], key[1]


def sign_in(page: Page, key: str) -> None:
    page.get_by_label("API key").fill(key)
    with arriving(page):
        page.get_by_role("button", name="Sign in").click()


def stands(page: Page, status: str) -> None:
    """The ticket of that war room is seen to have that status."""
    expect(page.locator("#head .status")).to_have_text(status)


def opened(page: Page, title: str, *, service: str = "ip-transit") -> str:
    """Open an incident as people do; its ref."""
    page.goto("/new/incident")
    page.get_by_label("Title").fill(title)
    page.get_by_label("Description").fill(STORY)
    page.get_by_role("radio", name="sev3").check()
    page.get_by_label("Services").fill(service)
    with arriving(page):
        page.get_by_role("button", name="Open the incident").click()
    expect(page.locator("h1")).to_have_text(title)
    return page.url.rpartition("/")[2]


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_from_the_first_start_to_the_first_closed_incident(
    scripts: bool, browser: Browser, town: Site
) -> None:
    address, key = printed(town)
    code = f"newcomer-{'a' if scripts else 'b'}"
    with person(browser, address, scripts=scripts) as context:
        page = context.new_page()
        seen = watched(page, address)
        page.goto("/")
        sign_in(page, key)
        expect(page.locator("h1")).to_contain_text("open incident")

        page.goto("/admin/services/new")
        page.get_by_label("Code").fill(code)
        page.get_by_label("Name").fill("Lights in the kitchen")
        with arriving(page):
            page.get_by_role("button", name="Make service").click()
        expect(page.locator("main")).to_contain_text("Lights in the kitchen")

        ref = opened(page, f"The kitchen is dark {code}", service=code)
        with arriving(page):
            page.get_by_role("button", name="Acknowledge").first.click()
        stands(page, "Acknowledged")

        with arriving(page):
            page.get_by_role("link", name="Resolve…").click()
        form = page.locator("#do-resolve")
        form.get_by_label("What was the matter, and what helped").fill("A fuse. A new fuse.")
        form.get_by_label("Root cause").select_option(label="Hardware")
        with arriving(page):
            form.get_by_role("button", name="Resolve").click()
        stands(page, "Resolved")

        with arriving(page):
            page.get_by_role("link", name="Close…").click()
        with arriving(page):
            page.locator("#do-close").get_by_role("button", name="Close").click()
        stands(page, "Closed")

        page.goto("/tickets?status=closed&q=kitchen")
        expect(page.get_by_role("link", name=re.compile(code)).first).to_be_visible()
        assert town.ask(f"tickets/{ref}")["status"] == "closed"
        seen.expect_nothing()


@pytest.fixture
def two(browser: Browser, town: Site) -> Iterator[tuple[Page, Page]]:
    """Two people, each with a browser."""
    with ExitStack() as doors:
        pages = []
        for who in ("oncall_engineer", "org_admin"):
            cookies = town.signed_in(browser, who)
            context: BrowserContext = doors.enter_context(
                person(browser, town.origin, cookies=cookies)
            )
            pages.append(context.new_page())
        yield pages[0], pages[1]


def test_two_people_in_one_room_see_each_other_within_a_second(two: tuple[Page, Page]) -> None:
    writes, looks = two
    ref = opened(writes, "Two people look at it")
    looks.goto(f"/tickets/{ref}")
    expect(looks.locator("#pulse")).to_have_text("Live")
    looks.evaluate(
        """() => {
            window.shifted = 0;
            new PerformanceObserver((seen) => {
                for (const one of seen.getEntries()) window.shifted += one.value;
            }).observe({type: "layout-shift"});
        }"""
    )
    took = []
    for number in range(4):
        text = f"Note number {number} of the one who writes"
        looks.evaluate(
            """(text) => {
                window.seenAt = null;
                const look = () => {
                    if (!window.seenAt && document.body.innerText.includes(text))
                        window.seenAt = Date.now();
                };
                new MutationObserver(look).observe(document.body, {childList: true, subtree: true});
            }""",
            text,
        )
        writes.locator("#note-body").fill(text)
        began = time.time()
        with arriving(writes):
            writes.locator(".note-form button").click()
        looks.wait_for_function("() => window.seenAt")
        took.append(looks.evaluate("() => window.seenAt") / 1_000 - began)
        expect(writes.locator("main")).to_contain_text(text)
    # The machine may have had something else to do, but not each time.
    assert min(took) < QUICK, took
    assert looks.evaluate("() => window.shifted") < 0.1


def test_what_one_types_stays_while_the_other_works(two: tuple[Page, Page]) -> None:
    works, types = two
    ref = opened(works, "One types while the other works")
    types.goto(f"/tickets/{ref}")
    expect(types.locator("#pulse")).to_have_text("Live")
    types.locator("#note-body").fill("Half a sentence")
    with arriving(works):
        works.get_by_role("button", name="Acknowledge").first.click()
    stands(types, "Acknowledged")
    expect(types.locator("#note-body")).to_have_value("Half a sentence")
    expect(types.locator("#note-body")).to_be_focused()


def filled(page: Page) -> dict[str, str | bool]:
    """What stands in the form for an incident, field by field."""
    found: dict[str, str | bool] = page.evaluate(
        """() => Object.fromEntries([...document.querySelector("#draft").elements]
            .filter((one) => one.name && one.type !== "hidden" && one.type !== "submit")
            .map((one) => [`${one.name} ${one.type === "radio" ? one.value : ""}`.trim(),
                ["radio", "checkbox"].includes(one.type) ? one.checked : one.value]))"""
    )
    return found


def fill_in(page: Page) -> None:
    """Type something into every field of the form for an incident; some of it cannot be."""
    page.goto("/new/incident")
    page.get_by_label("Title").fill(BROKEN)
    page.get_by_label("Description").fill(STORY)
    page.get_by_role("radio", name="sev1").check()
    page.get_by_label("Services").fill("ip-transit, <b>")
    page.get_by_label("Devices").fill("nowhere-9")
    page.get_by_label("Began").fill("2099-01-01T00:00")
    page.get_by_label("Assigned to").select_option(index=1)
    page.get_by_label("Labels").fill('noc, "night", <i>')
    page.locator("details.more-fields").evaluate("one => { one.open = true }")
    page.get_by_label("Impact").select_option(label="Outage")
    page.get_by_label("Correlation key").fill("a & b")
    page.get_by_label("Your own number").fill("#42 'x'")
    page.get_by_label("Runbook").fill("javascript:alert(1)")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_what_is_wrong_is_said_beside_the_field_and_nothing_typed_is_lost(
    scripts: bool, browser: Browser, town: Site
) -> None:
    cookies = town.signed_in(browser, "org_admin")
    with person(browser, town.origin, cookies=cookies, scripts=scripts) as context:
        page = context.new_page()
        seen = watched(page, town.origin)
        fill_in(page)
        typed = filled(page)
        with arriving(page):
            page.get_by_role("button", name="Open the incident").click()
        expect(page.locator("#trouble")).to_be_visible()
        assert filled(page) == typed
        for label in ("Devices", "Runbook"):
            field = page.get_by_label(label)
            expect(field).to_have_attribute("aria-invalid", "true")
            expect(field).to_have_accessible_description(re.compile(r"\w{3}"))
            expect(page.locator("#trouble").get_by_role("link", name=label)).to_be_visible()
        for width in (NARROW, WIDE):
            page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
            assert sideways(page) == 0, sticking_out(page)
            assert not scripts or violations(page) == []
        seen.expect_nothing(refused=422)


def test_who_was_signed_out_comes_back_to_the_same_form(browser: Browser, town: Site) -> None:
    cookies = town.signed_in(browser, "org_admin")
    with person(browser, town.origin, cookies=cookies) as context:
        page = context.new_page()
        fill_in(page)
        typed = filled(page)
        context.clear_cookies()
        with arriving(page):
            page.get_by_role("button", name="Open the incident").click()
        expect(page.get_by_text("What you typed is kept")).to_be_visible()
        assert violations(page) == []
        sign_in(page, "tk_not_the_one")
        expect(page.get_by_role("alert")).to_be_visible()
        sign_in(page, town.keys["org_admin"])
        expect(page.get_by_text("You are signed in again.")).to_be_visible()
        assert filled(page) == typed
        assert violations(page) == []
        page.get_by_label("Services").fill("ip-transit")
        page.get_by_label("Devices").fill("")
        page.get_by_label("Began").fill("")
        page.get_by_label("Runbook").fill("")
        with arriving(page):
            page.get_by_role("button", name="Open the incident").click()
        expect(page.locator("h1")).to_have_text(BROKEN)
        expect(page.locator("main")).to_contain_text("<b>no light</b>")


def test_who_was_too_slow_is_told_what_changed_meanwhile(browser: Browser, town: Site) -> None:
    with ExitStack() as doors:
        slow, quick = (
            doors.enter_context(
                person(browser, town.origin, cookies=town.signed_in(browser, who), scripts=scripts)
            ).new_page()
            for who, scripts in (("org_admin", False), ("oncall_engineer", True))
        )
        ref = opened(quick, "Two answers at once")
        slow.goto(f"/tickets/{ref}/resolve")
        form = slow.locator("#do-resolve")
        form.get_by_label("What was the matter, and what helped").fill("A fuse, I think.")
        form.get_by_label("Root cause").select_option(label="Hardware")
        quick.locator("#note-body").fill("It was not the fuse.")
        with arriving(quick):
            quick.locator(".note-form button").click()
        expect(quick.locator("main")).to_contain_text("It was not the fuse.")
        with arriving(quick):
            quick.get_by_role("button", name="Acknowledge").first.click()
        stands(quick, "Acknowledged")
        with arriving(slow):
            form.get_by_role("button", name="Resolve").click()
        expect(slow.locator("#meanwhile").first).to_contain_text("acknowledged")
        form = slow.locator("#do-resolve")
        expect(form.get_by_label("What was the matter, and what helped")).to_have_value(
            "A fuse, I think."
        )
        with arriving(slow):
            form.get_by_role("button", name="Do it anyway").click()
        stands(slow, "Resolved")


def test_the_keyboard_leads_from_the_list_into_a_room(browser: Browser, site: Site) -> None:
    cookies = site.signed_in(browser, "oncall_engineer")
    with person(browser, site.origin, cookies=cookies) as context:
        page = context.new_page()
        seen = watched(page, site.origin)
        page.goto("/")
        page.keyboard.press("g")
        with arriving(page):
            page.keyboard.press("t")
        expect(page.locator("h1")).to_have_text("Tickets")
        page.keyboard.press("/")
        search = page.get_by_role("searchbox")
        expect(search).to_be_focused()
        page.keyboard.type("packet n")
        expect(search).to_have_value("packet n")
        page.keyboard.press("Escape")
        page.locator("body").click(position={"x": 2, "y": 2})
        page.keyboard.press("j")
        first = page.locator("main .sheet tbody tr").first.get_by_role("link").first
        expect(first).to_be_focused()
        with arriving(page, re.compile(r"/tickets/[IM]\d{8}-\w{4}$")):
            page.keyboard.press("Enter")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_be_visible()
        assert violations(page) == []
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
        with arriving(page):
            page.keyboard.press("n")
        expect(page.locator("h1")).to_have_text("New incident")
        seen.expect_nothing()
