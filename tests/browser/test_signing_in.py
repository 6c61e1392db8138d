"""Signing in with a key, coming to where one wanted, and going."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import violations
from tests.browser.driving import arriving, person, watched
from tests.browser.site import Site


def sign_in(page: Page, key: str) -> None:
    """Fill in the form that is shown, and send it."""
    page.get_by_label("API key").fill(key)
    with arriving(page):
        page.get_by_role("button", name="Sign in").click()


def test_one_comes_to_the_page_that_one_wanted(browser: Browser, site: Site) -> None:
    with person(browser, site.origin) as context:
        page = context.new_page()
        seen = watched(page, site.origin)
        page.goto("/tickets?type=maintenance")
        expect(page.get_by_label("API key")).to_be_focused()
        sign_in(page, site.keys["viewer"])
        expect(page).to_have_url(re.compile(r"/tickets\?type=maintenance$"))
        with arriving(page):
            page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_text("You are signed out.")).to_be_visible()
        page.go_back()
        page.reload()
        expect(page.get_by_label("API key")).to_be_visible()
        seen.expect_nothing()


def test_what_is_wrong_with_a_key_is_said_beside_it(browser: Browser, site: Site) -> None:
    with person(browser, site.origin) as context:
        page = context.new_page()
        page.goto("/sign-in")
        sign_in(page, "tk_none_such")
        field = page.get_by_label("API key")
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_accessible_description(re.compile("API key"))
        expect(page.get_by_role("alert")).to_be_visible()
        assert violations(page) == []


def test_the_keyboard_is_enough(browser: Browser, site: Site) -> None:
    with person(browser, site.origin) as context:
        page = context.new_page()
        page.goto("/sign-in")
        expect(page.get_by_label("API key")).to_be_focused()
        page.keyboard.insert_text(site.keys["oncall_engineer"])
        with arriving(page):
            page.keyboard.press("Enter")
        expect(page.locator("h1")).to_contain_text("open incident")
        page.keyboard.press("Tab")
        skip = page.get_by_role("link", name="To the content")
        expect(skip).to_be_focused()
        assert (skip.bounding_box() or {"y": -1})["y"] >= 0
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()


def test_a_link_signs_in_once(browser: Browser, site: Site) -> None:
    link = site.link("viewer")
    with person(browser, site.origin, scripts=False) as context:
        page = context.new_page()
        # Whoever looks through mail follows links: that alone does nothing.
        for _ in range(2):
            page.goto(link)
        with arriving(page):
            page.locator("main button").click()
        expect(page.locator("h1")).to_contain_text("open incident")
    with person(browser, site.origin) as context:
        page = context.new_page()
        page.goto(link)
        with arriving(page):
            page.locator("main button").click()
        expect(page.locator("h1")).to_have_text("This link was used")
        assert violations(page) == []
