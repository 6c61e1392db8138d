"""The keyboard alone, names while one types, and times in the reader's own zone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.accessibility import violations
from tests.browser.driving import (
    NARROW,
    SCHEMES,
    WIDE,
    Scheme,
    Watched,
    arriving,
    person,
    sideways,
    sticking_out,
    watched,
)
from tests.browser.site import Site


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """A page of the org's administrator, on which nothing goes wrong unseen."""
    cookies = site.signed_in(browser, "org_admin")
    with person(browser, site.origin, cookies=cookies) as context:
        made = context.new_page()
        seen: Watched = watched(made, site.origin)
        yield made
        seen.expect_nothing()


def focused(page: Page) -> Locator:
    """What has the focus."""
    return page.locator(":focus")


def dialog(page: Page) -> Locator:
    """The help about keys."""
    return page.get_by_role("dialog", name="Keys")


def test_the_keys_are_told_and_the_focus_comes_back(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Tickets", exact=True).focus()
    page.keyboard.press("?")
    expect(dialog(page)).to_contain_text("Go to Tickets")
    expect(dialog(page)).to_contain_text("New incident")
    assert violations(page) == []
    for _ in range(4):
        page.keyboard.press("Tab")
        assert page.evaluate("!document.querySelector('main').contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(dialog(page)).to_have_count(0)
    expect(focused(page)).to_have_text("Tickets")


def test_places_are_two_keys_away(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("g")
    with arriving(page, "**/tickets"):
        page.keyboard.press("t")
    page.keyboard.press("g")
    with arriving(page, re.compile("/$")):
        page.keyboard.press("h")
    with arriving(page, "**/new/incident"):
        page.keyboard.press("n")


def test_the_search_is_one_key_away_from_anywhere(page: Page) -> None:
    page.goto("/tickets")
    page.keyboard.press("/")
    expect(focused(page)).to_have_attribute("name", "q")
    page.goto("/")
    with arriving(page, "**/tickets#q"):
        page.keyboard.press("/")
    expect(focused(page)).to_have_attribute("name", "q")


@pytest.mark.parametrize("path", ["/", "/tickets"])
def test_one_walks_through_a_list_and_opens_from_it(page: Page, path: str) -> None:
    page.goto(path)
    rows = page.locator("main a.to")
    page.keyboard.press("j")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(rows.nth(1)).to_be_focused()
    outline = rows.nth(1).evaluate("one => getComputedStyle(one).outlineStyle")
    assert outline != "none"
    page.keyboard.press("k")
    page.keyboard.press("k")
    expect(rows.nth(0)).to_be_focused()
    address = rows.nth(0).get_attribute("href")
    assert address is not None
    with arriving(page, f"**{address}"):
        page.keyboard.press("Enter")


def test_keys_are_letters_while_one_types(page: Page) -> None:
    page.goto("/tickets")
    words = page.get_by_label("Words")
    words.click()
    page.keyboard.type("gh n?j/")
    expect(words).to_have_value("gh n?j/")
    expect(dialog(page)).to_have_count(0)
    assert page.url.endswith("/tickets")


@pytest.mark.parametrize("held", ["Control", "Alt", "Meta"])
def test_keys_with_a_modifier_are_the_browsers(page: Page, held: str) -> None:
    page.goto("/")
    page.evaluate("document.body.focus()")
    page.evaluate(
        """(held) => document.body.dispatchEvent(new KeyboardEvent("keydown", {
            key: "n", bubbles: true, cancelable: true, [held]: true }))""",
        {"Control": "ctrlKey", "Alt": "altKey", "Meta": "metaKey"}[held],
    )
    page.keyboard.press("?")
    expect(dialog(page)).to_be_visible()
    assert page.url.endswith("/")


def test_keys_are_switched_off_and_on_again(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("?")
    page.get_by_label("Use single keys in this browser").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("?")
    page.keyboard.press("n")
    expect(dialog(page)).to_have_count(0)
    page.goto("/tickets")
    page.keyboard.press("j")
    expect(page.locator("main a.to").nth(0)).not_to_be_focused()
    page.get_by_role("button", name="Keys: ?").click()
    page.get_by_label("Use single keys in this browser").check()
    page.keyboard.press("Escape")
    expect(dialog(page)).to_have_count(0)
    page.keyboard.press("j")
    expect(page.locator("main a.to").nth(0)).to_be_focused()


def test_an_action_that_is_not_offered_has_no_key(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("g")
    page.keyboard.press("n")
    page.keyboard.press("?")
    expect(dialog(page)).to_be_visible()
    assert page.url.endswith("/")


def test_names_come_while_one_types(page: Page) -> None:
    page.goto("/new/incident")
    devices = page.get_by_label("Devices")
    options = page.get_by_role("listbox").get_by_role("option")
    expect(devices).to_have_attribute("role", "combobox")
    devices.focus()
    devices.press_sequentially("ams")
    expect(options.first).to_contain_text("ams-1")
    expect(devices).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("status").filter(has_text="suggestion")).to_have_count(1)
    assert violations(page) == []
    devices.press("ArrowDown")
    active = devices.get_attribute("aria-activedescendant")
    assert active is not None
    expect(page.locator(f"#{active}")).to_have_attribute("aria-selected", "true")
    devices.press("Enter")
    expect(devices).to_have_value("ams-1, ")
    devices.press_sequentially("ams")
    expect(options).not_to_have_text(["ams-1"])
    expect(options.first).to_contain_text("ams-2")
    options.first.click()
    expect(devices).to_have_value("ams-1, ams-2, ")
    expect(devices).to_be_focused()
    assert page.url.endswith("/new/incident")


def test_escape_closes_the_names_and_keeps_what_was_typed(page: Page) -> None:
    page.goto("/new/incident")
    links = page.get_by_label("Links")
    links.focus()
    links.press("ArrowDown")
    expect(page.get_by_role("listbox")).to_be_visible()
    links.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(links).to_have_attribute("aria-expanded", "false")
    links.press_sequentially("nothing-is-called-so")
    expect(page.get_by_role("status").filter(has_text="Nothing is called so.")).to_have_count(1)
    expect(links).to_have_value("nothing-is-called-so")


def test_names_that_cannot_be_looked_up_are_typed_in_full(page: Page) -> None:
    page.goto("/new/incident")
    page.route("**/suggest?*", lambda route: route.fulfill(status=200, body="not JSON"))
    services = page.get_by_label("Services")
    services.focus()
    services.press_sequentially("api")
    told = page.get_by_role("status").filter(has_text="type them in full")
    expect(told).to_have_count(1)
    expect(services).to_have_value("api")


def test_without_a_script_names_stand_in_the_page(browser: Browser, site: Site) -> None:
    cookies = site.signed_in(browser, "org_admin")
    with person(browser, site.origin, cookies=cookies, scripts=False) as context:
        page = context.new_page()
        page.goto("/new/incident")
        devices = page.get_by_label("Devices")
        offered = devices.get_attribute("list")
        assert page.locator(f"#{offered} option[value='ams-1']").count() == 1


def test_times_are_told_in_ones_own_zone(page: Page) -> None:
    page.goto("/")
    time = page.locator("main time").filter(has_text="ago").first
    before = time.inner_text()
    time.hover()
    title = time.get_attribute("title")
    assert title is not None
    assert "UTC" in title
    assert "Europe/Berlin" in title
    assert time.inner_text() == before


FILLED = {
    "title": "Dark",
    "description": "No light since noon.",
    "device_pubkey": "ams-1, lon-99",
    "start_at": "2026-11-20T09:00",
}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize(
    "path", ["/tickets?group=service&device=ams-1", "/views", "/views?query=active%3Dtrue"]
)
def test_more_of_the_list_is_for_everybody(
    browser: Browser, site: Site, path: str, width: int, scheme: Scheme
) -> None:
    cookies = site.signed_in(browser, "org_admin")
    with person(browser, site.origin, cookies=cookies, width=width, scheme=scheme) as context:
        page = context.new_page()
        seen = watched(page, site.origin)
        page.goto(path)
        assert violations(page) == []
        assert sideways(page) == 0, sticking_out(page)
        seen.expect_nothing()


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_a_form_with_mistakes_is_for_everybody(
    browser: Browser, site: Site, width: int, scripts: bool
) -> None:
    cookies = site.signed_in(browser, "org_admin")
    with person(browser, site.origin, cookies=cookies, width=width, scripts=scripts) as context:
        page = context.new_page()
        page.goto("/new/incident")
        for name, value in FILLED.items():
            page.locator(f"[name={name}]").fill(value)
        page.get_by_label("sev2").check()
        with arriving(page):
            page.get_by_role("button", name="Open the incident").click()
        page.get_by_role("alert").wait_for()
        expect(page.locator("#device_pubkey-wrong")).to_contain_text("lon-99")
        for name, value in FILLED.items():
            expect(page.locator(f"[name={name}]")).to_have_value(value)
        expect(page.get_by_label("sev2")).to_be_checked()
        assert sideways(page) == 0, sticking_out(page)
        if scripts:
            assert violations(page) == []


def test_checking_a_window_needs_no_script(browser: Browser, site: Site) -> None:
    cookies = site.signed_in(browser, "org_admin")
    with person(browser, site.origin, cookies=cookies, scripts=False) as context:
        page = context.new_page()
        page.goto("/new/maintenance")
        (other,) = site.ask("tickets?type=maintenance&status=planned&limit=1")["items"]
        kept = {
            "title": "Optic swap",
            "description": "Swap the optic.",
            "device_pubkey": ", ".join(one["code"] for one in other["devices"]),
            "affected_link_pubkey": ", ".join(one["code"] for one in other["links"]),
            "start_at": other["start_at"][:16],
            "end_at": other["end_at"][:16],
        }
        for name, value in kept.items():
            page.locator(f"[name={name}]").fill(value)
        with arriving(page):
            page.get_by_role("button", name="Check for conflicts").click()
        told = page.locator("#checked")
        expect(told).to_contain_text("in the way")
        expect(told).to_contain_text(other["ref"])
        for name, value in kept.items():
            expect(page.locator(f"[name={name}]")).to_have_value(value)


def test_distances_in_time_stay_true(page: Page) -> None:
    page.clock.install()
    page.goto("/")
    time = page.locator("main time").filter(has_text=re.compile(r"\d+ (h|min)\b.* ago")).first
    before = time.inner_text()
    days = page.locator("main time").filter(has_text="UTC").first.inner_text()
    page.clock.run_for(3 * 3_600 * 1_000)
    expect(time).not_to_have_text(before)
    expect(page.locator("main time").filter(has_text="UTC").first).to_have_text(days)
