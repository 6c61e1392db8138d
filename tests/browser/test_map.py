"""Looking closer at the map of the network, with every hand that one may have free."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.accessibility import violations
from tests.browser.driving import (
    HEIGHTS,
    NARROW,
    WIDE,
    arriving,
    person,
    sideways,
    watched,
)
from tests.browser.site import People, Site

CLOSER = re.compile("#map=")


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """A page of the org's administrator at the network, on which nothing goes wrong unseen."""
    cookies = site.signed_in(browser, "org_admin")
    with person(browser, site.origin, cookies=cookies) as context:
        made = context.new_page()
        seen = watched(made, site.origin)
        made.goto("/network")
        yield made
        seen.expect_nothing()


def frame(page: Page) -> Locator:
    return page.get_by_role("group", name="Map: plus")


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name)


def boxed(page: Page) -> list[float]:
    """What of the sheet is in sight, once what was asked for is drawn: x, y, width, height."""
    text: str = page.evaluate(
        """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() =>
            done([...document.querySelectorAll(".map")].find((one) =>
                one.getClientRects().length).getAttribute("viewBox")))))"""
    )
    return [float(one) for one in text.split()]


def middle(page: Page) -> tuple[float, float]:
    """The middle of the map on the screen."""
    box = page.locator(".map:visible").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def sign(page: Page, code: str) -> Locator:
    return page.locator(f".map:visible a[href$='metro={code}'] .full")


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_buttons_look_closer_at_what_is_worst_and_back(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
    whole = boxed(page)
    size = sign(page, "mad").bounding_box()
    for _ in range(4):
        button(page, "Look closer").click()
    near = boxed(page)
    assert near[2] == pytest.approx(whole[2] / 1.6**4, rel=1e-3)
    expect(page.get_by_role("status").filter(has_text="6.6 times as large")).to_have_count(1)
    for code in ("par", "mad"):
        # The link between them has lost its light.
        box, outer = sign(page, code).bounding_box(), frame(page).bounding_box()
        assert box is not None
        assert outer is not None
        assert outer["x"] < box["x"] < outer["x"] + outer["width"]
        assert outer["y"] < box["y"] < outer["y"] + outer["height"]
    after = sign(page, "mad").bounding_box()
    assert size is not None
    assert after is not None
    assert after["width"] == pytest.approx(size["width"], rel=0.02), "signs keep their size"
    assert violations(page) == []
    assert sideways(page) == 0
    button(page, "Look from farther").click()
    assert boxed(page)[2] == pytest.approx(whole[2] / 1.6**3, rel=1e-3)
    button(page, "Whole").click()
    assert boxed(page) == whole
    expect(page).not_to_have_url(CLOSER)


def test_the_keys_work_on_the_map_and_nowhere_else(page: Page) -> None:
    whole = boxed(page)
    page.keyboard.press("+")
    assert boxed(page) == whole
    button(page, "Whole").focus()
    page.keyboard.press("Tab")
    expect(frame(page)).to_be_focused()
    assert frame(page).evaluate("(one) => getComputedStyle(one).outlineStyle") != "none"
    page.keyboard.press("Tab")
    assert not frame(page).evaluate("(one) => one.contains(document.activeElement)")
    page.keyboard.press("Shift+Tab")
    for key in ("+", "=", "+"):
        page.keyboard.press(key)
    near = boxed(page)
    assert near[2] == pytest.approx(whole[2] / 1.6**3, rel=1e-3)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    moved = boxed(page)
    assert moved[0] > near[0]
    assert moved[1] > near[1]
    page.keyboard.press("-")
    assert boxed(page)[2] == pytest.approx(whole[2] / 1.6**2, rel=1e-3)
    page.keyboard.press("0")
    assert boxed(page) == whole


def test_the_wheel_looks_closer_under_the_pointer_and_holds_nobody_up(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 500})
    whole = boxed(page)
    page.mouse.move(*middle(page))
    page.mouse.wheel(0, 200)
    page.wait_for_function("() => scrollY > 100")
    assert boxed(page) == whole, "who only scrolls past sees the page move"
    page.evaluate("scrollTo(0, 0)")
    where = sign(page, "nyc").bounding_box()
    assert where is not None
    point = (where["x"] + where["width"] / 2, where["y"] + where["height"] / 2)
    page.mouse.move(*point)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    expect(page).to_have_url(CLOSER)
    assert boxed(page)[2] == pytest.approx(whole[2] / 2, rel=1e-3)
    after = sign(page, "nyc").bounding_box()
    assert after is not None
    assert after["x"] + after["width"] / 2 == pytest.approx(point[0], abs=2)
    assert after["y"] + after["height"] / 2 == pytest.approx(point[1], abs=2)


def test_the_map_is_dragged_and_a_press_on_a_sign_still_leads_there(page: Page) -> None:
    for _ in range(3):
        button(page, "Look closer").click()
    near = boxed(page)
    where = sign(page, "par").bounding_box()
    assert where is not None
    x, y = where["x"] + where["width"] / 2, where["y"] + where["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 40, y + 30, steps=4)
    page.mouse.up()
    moved = boxed(page)
    assert moved[0] > near[0]
    assert moved[1] < near[1]
    assert "metro=" not in page.url, "what is dragged is not pressed"
    with arriving(page, "**/network?metro=par"):
        sign(page, "par").click()
    expect(page.locator("#map")).to_contain_text("par, and where its links lead")


def test_two_fingers_look_closer(browser: Browser, site: Site) -> None:
    context = browser.new_context(
        base_url=site.origin,
        viewport={"width": NARROW, "height": HEIGHTS[NARROW]},
        has_touch=True,
    )
    context.add_cookies(site.signed_in(browser, "org_admin"))
    page = context.new_page()
    page.goto("/network")
    whole = boxed(page)
    x, y = middle(page)
    touch = context.new_cdp_session(page)

    def fingers(kind: str, *apart: float) -> None:
        points = [{"x": x + far, "y": y, "id": n} for n, far in enumerate(apart)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", -30, 30)
    for far in (40, 50, 60):
        fingers("touchMove", -far, far)
    fingers("touchEnd")
    near = boxed(page)
    assert near[2] == pytest.approx(whole[2] / 2, rel=0.05)
    assert page.evaluate("visualViewport.scale") == 1
    fingers("touchStart", 0)
    for far in (20, 40, 60):
        fingers("touchMove", far)
    fingers("touchEnd")
    assert boxed(page)[0] < near[0]
    context.close()


def test_what_one_looks_at_is_in_the_address_in_every_window(
    page: Page, browser: Browser, site: Site
) -> None:
    for _ in range(5):
        button(page, "Look closer").click()
    # The address follows once one has come to rest.
    expect(page).to_have_url(re.compile("#map=10.49/"))
    wide, address = boxed(page), page.url
    page.goto("about:blank")
    page.goto(address)
    assert boxed(page) == pytest.approx(wide, abs=1)
    cookies = site.signed_in(browser, "org_admin")
    with person(browser, site.origin, cookies=cookies, width=NARROW) as context:
        other = context.new_page()
        other.goto("/network#map=8/nyc")
        x, y = middle(other)
        where = sign(other, "nyc").bounding_box()
        assert where is not None
        assert where["x"] + where["width"] / 2 == pytest.approx(x, abs=2)
        assert where["y"] + where["height"] / 2 == pytest.approx(y, abs=2)
        other.set_viewport_size({"width": WIDE, "height": HEIGHTS[WIDE]})
        boxed(other)
        x, y = middle(other)
        where = sign(other, "nyc").bounding_box()
        assert where is not None
        assert where["x"] + where["width"] / 2 == pytest.approx(x, abs=2)
        for wrong in ("#map=8/nowhere", "#map=none", "#map=0/%E0%A4%A"):
            other.goto(f"/network{wrong}")
            assert other.locator(".map:visible").count() == 1


def test_codes_have_room(page: Page) -> None:
    """Codes that are written do not lie on one another, however close one looks."""
    for _ in range(4):
        lying: int = page.locator(".map:visible text:not(.crowded)").evaluate_all(
            """(codes) => codes.filter((one, n) => codes.slice(n + 1).some((other) => {
                const a = one.getBoundingClientRect(), b = other.getBoundingClientRect();
                return Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
                    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 8;
            })).length"""
        )
        assert lying == 0
        button(page, "Look closer").click()
        boxed(page)


def test_without_a_script_a_form_and_the_signs_lead_closer(people: People) -> None:
    with people.tab("org_admin", scripts=False) as page:
        page.goto("/network")
        assert page.get_by_role("button", name="Look closer").count() == 0
        with arriving(page):
            sign(page, "fra").click()
        expect(page.locator("#map")).to_contain_text("fra, and where its links lead")
        page.get_by_label("Metro", exact=True).select_option("")
        page.get_by_label("Contributor", exact=True).select_option("northlight")
        with arriving(page):
            page.get_by_role("button", name="Show", exact=True).click()
        assert "contributor=northlight" in page.url
        expect(page.locator("#map")).to_contain_text("northlight, and where its links lead")
        with arriving(page):
            page.get_by_role("link", name="Show all").click()
        assert page.url.endswith("/network")
