"""Every page: legible to everybody, in every window, without errors, strangers or scripts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.accessibility import violations
from tests.browser.driving import (
    HEIGHTS,
    NARROW,
    WIDE,
    Scheme,
    arriving,
    person,
    sideways,
    sticking_out,
    watched,
    watching,
)
from tests.browser.shown import NOT_SHOWN, PAGES, Shown
from tests.browser.site import People, Site
from tocsin.web.dashboard.rooms import ROOMS
from tocsin.web.dashboard.visits import PageAt

SCREENS: Final = Path(__file__).parents[2] / "artefacts" / "screens"

THOROUGH: Final[tuple[tuple[int, Scheme], ...]] = (
    (WIDE, "light"),
    (NARROW, "light"),
    (NARROW, "dark"),
    (WIDE, "dark"),
)
BRIEF: Final = (THOROUGH[0], THOROUGH[2])
each_page = pytest.mark.parametrize("shown", PAGES, ids=lambda shown: shown.name)


def test_the_table_has_every_page() -> None:
    paths = {re.sub(r"\{.*?\}", "{}", urlsplit(shown.path).path) for shown in PAGES}
    rooms = {re.sub(r"\{.*?\}", "{}", one.path) for one in ROOMS if isinstance(one, PageAt)}
    assert rooms - paths == NOT_SHOWN


def opened(page: Page, shown: Shown, site: Site) -> None:
    """Go there; it answers as it should, with its heading."""
    answer = page.goto(shown.path.format(**site.names))
    assert answer is not None
    assert answer.status == shown.status
    assert shown.says in page.locator("h1").inner_text()


def pictured(page: Page, shown: Shown, *, width: int, scheme: Scheme) -> None:
    """Keep the whole page for people to look at."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENS / f"{shown.name}-{width}-{scheme}.png", full_page=True)


def offered(page: Page) -> set[str]:
    """The headings of *page* and where it leads."""
    headings = page.locator("main :is(h1, h2, h3)").all_inner_texts()
    links: list[str] = page.evaluate(
        """[...document.querySelectorAll("main :is(a, form)")].map((one) =>
            one.getAttribute("href") ?? one.getAttribute("action"))"""
    )
    # In another width a line breaks elsewhere, and a minute later it is another one.
    said = (re.sub(r"\d\d:\d\d UTC", "", heading) for heading in headings)
    return {*(" ".join(one.split()) for one in said), *links}


@each_page
def test_a_page_is_for_everybody(shown: Shown, people: People, site: Site) -> None:
    with people.tab(shown.who) as page, watching(page, site.origin) as seen:
        opened(page, shown, site)
        for width, scheme in BRIEF if shown.brief else THOROUGH:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
            pictured(page, shown, width=width, scheme=scheme)
            if (width, scheme) in BRIEF:
                # Each width and each scheme once: together they find nothing more.
                assert violations(page) == [], (width, scheme)
            assert sideways(page) == 0, (width, sticking_out(page))
        seen.expect_nothing(refused=None if shown.status == 200 else shown.status)
        with_scripts = offered(page)
    with people.tab(shown.who, scripts=False) as page:
        opened(page, shown, site)
        assert with_scripts
        assert with_scripts <= offered(page)


@pytest.mark.parametrize(
    ("html", "rule"),
    [
        ('<img src="data:,">', "image-alt"),
        ('<p style="color:#999">pale</p>', "color-contrast"),
        ('<form><input name="key"></form>', "label"),
    ],
)
def test_what_is_not_for_everybody_is_found(
    html: str, rule: str, browser: Browser, site: Site
) -> None:
    with person(browser, site.origin) as context:
        page = context.new_page()
        page.goto("about:blank")
        page.set_content(f'<html lang="en"><title>x</title><main><h1>x</h1>{html}</main></html>')
        assert [one.partition(":")[0] for one in violations(page)] == [rule]


def test_what_the_policy_forbids_and_who_is_a_stranger_are_found(
    browser: Browser, site: Site
) -> None:
    with person(browser, site.origin) as context:
        page = context.new_page()
        seen = watched(page, site.origin)
        page.goto("/sign-in")
        seen.expect_nothing()
        page.evaluate("document.body.append(document.createElement('script'))")
        page.evaluate("document.querySelector('script').textContent = 'window.obeyed = 1'")
        page.evaluate("new Image().src = 'http://127.0.0.2:9/pixel'")
        page.evaluate("document.body.style.minWidth = '3000px'")
        assert page.evaluate("window.obeyed") is None
        assert len([one for one in seen.errors if "Content Security Policy" in one]) == 2
        assert sideways(page) > 0


def test_no_way_to_go_is_cut_off_or_out_of_sight_on_a_telephone(people: People) -> None:
    with people.tab("org_admin") as page:
        page.set_viewport_size({"width": NARROW, "height": HEIGHTS[NARROW]})
        page.goto("/measures")
        ways = page.locator(".bar :is(a, button)")
        assert {"Demo network", "Measures", "Administration", "Sign out"} <= set(
            ways.all_inner_texts()
        )
        hidden: list[str] = ways.evaluate_all(
            """(ways) => ways.filter((one) => {
                const at = one.getBoundingClientRect();
                return one.scrollWidth > one.clientWidth + 1
                    || one.scrollHeight > one.clientHeight + 1
                    || at.left < 0 || at.right > document.documentElement.clientWidth;
            }).map((one) => one.textContent)"""
        )
        assert hidden == []


@pytest.mark.parametrize("scripts", [True, False])
def test_the_places_of_the_administration_are_folded_on_a_telephone(
    people: People, scripts: bool
) -> None:
    with people.tab("org_admin", scripts=scripts) as page:
        page.goto("/admin/devices")
        places = page.locator(".rooms a:visible")
        on_a_desk = places.all_inner_texts()
        assert len(on_a_desk) > 10
        assert page.locator(".rooms summary:visible").count() == 0
        page.set_viewport_size({"width": NARROW, "height": HEIGHTS[NARROW]})
        assert places.count() == 0
        folded = page.get_by_role("navigation", name="Administration")
        box = folded.bounding_box()
        assert box is not None
        assert box["height"] < 60
        assert " ".join(folded.inner_text().split()) == "Administration: Devices"
        page.locator(".rooms summary:visible").focus()
        page.keyboard.press("Enter")
        assert places.all_inner_texts() == on_a_desk
        assert page.locator(".rooms [aria-current]:visible").inner_text() == "Devices"
        assert sideways(page) == 0
        with arriving(page, "**/admin/links"):
            places.filter(has_text="Links").click()


def test_a_word_with_a_sign_stands_on_the_line_of_the_words_beside_it(
    people: People, site: Site
) -> None:
    with people.tab("org_admin") as page:
        page.goto("/network/links/{line}".format(**site.names))
        lines: list[float] = page.locator("dd > .level").evaluate_all(
            """(levels) => levels.map((level) => {
                const foot = (into) => {
                    const mark = document.createElement("i");
                    mark.style.cssText = "display:inline-block;width:0;height:0";
                    into.append(mark);
                    return mark.getBoundingClientRect().bottom;
                };
                return foot(level.lastElementChild) - foot(level.parentElement);
            })"""
        )
        assert len(lines) == 2
        assert all(abs(one) < 1 for one in lines), lines


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_the_codes_on_the_map_can_be_read(people: People, width: int) -> None:
    with people.tab("org_admin") as page:
        page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
        page.goto("/network")
        heights: list[float] = page.locator(".map:visible text").evaluate_all(
            "(codes) => codes.map((one) => one.getBoundingClientRect().height)"
        )
        assert len(heights) == 13, "one map is shown, with every metro"
        assert min(heights) > 12


def test_a_ticket_on_paper_is_all_there_without_what_one_presses(
    people: People, site: Site
) -> None:
    with people.tab("org_admin") as page:
        page.goto("/tickets/{incident}".format(**site.names))
        told = page.locator(".entries > li").count()
        page.emulate_media(media="print")
        assert page.locator("button:visible, input:visible, textarea:visible").count() == 0
        assert page.locator(".bar nav:visible, .deed:visible").count() == 0
        assert page.locator(".entries > li:visible").count() == told > 0
        began = page.locator("#head time").first
        after = began.evaluate("(one) => getComputedStyle(one, '::after').content")
        assert str(began.get_attribute("datetime"))[:10] in after
        page.emulate_media(media="screen")


@pytest.mark.parametrize("path", ["/measures", "/tickets"])
def test_no_field_stands_out_of_its_form_in_the_narrowest_window(people: People, path: str) -> None:
    with people.tab("org_admin") as page:
        page.set_viewport_size({"width": 320, "height": HEIGHTS[NARROW]})
        page.goto(path)
        outside: list[str] = page.locator("main form :is(input, select, button)").evaluate_all(
            """(fields) => fields.filter((one) =>
                one.getBoundingClientRect().right > one.form.getBoundingClientRect().right + 0.5
            ).map((one) => one.name)"""
        )
        assert outside == []
        assert sideways(page) == 0
