"""The evidence behind readiness as a real browser draws it: for everybody, in every width."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.adapters.provisioning.town import (
    CYOA,
    DAY,
    DIA,
    SIDE_A,
    SIDE_Z,
    START,
    Town,
    explainer,
    furnish,
    lay,
)
from tests.browser.accessibility import violations
from tests.browser.driving import HEIGHTS, person, sideways, sticking_out
from tests.browser.test_pages import BRIEF, SCREENS
from tests.web.dashboard.browsing import Browser as Visitor
from tests.web.dashboard.browsing import desk
from tocsin.adapters.rest.explaining import Explaining
from tocsin.core.provisioning.commands import Judge, Waive
from tocsin.web.templating import CONTENT_SECURITY_POLICY

PAGES = {
    "evidence-link": "/network/links/line",
    "evidence-device": "/network/devices/ams-1",
    "evidence-interface": "/network/devices/ams-1?interface=Ethernet9",
}


def pages_with_evidence(folder: Path) -> dict[str, str]:
    """The pages of a town in which a day went not quite well, by their addresses."""
    town = Town()
    town.carry(SIDE_Z, CYOA, start=START, minutes=DAY + 30)
    town.carry(SIDE_A, start=START, minutes=700, octets=4_000, errors_at=300)
    # Its counters begin anew, and for a while nobody is heard.
    del town.rows[SIDE_Z][400:460]
    began = town.rows.pop(SIDE_A)
    town.carry(SIDE_A, start=START + timedelta(minutes=760), minutes=DAY - 730)
    town.rows[SIDE_A] = began + town.rows[SIDE_A]
    town.carry(DIA, start=START, minutes=700)
    town.run(start=START, minutes=DAY - 200)
    with desk(
        folder, explaining=lambda house: Explaining(explain=explainer(house, town).explain)
    ) as made:
        house = made.house
        lay(house)
        furnish(house)
        until = house.clock() + timedelta(days=30)
        waive = Waive(criterion="side_z", reason="standby, carries no traffic", until=until)
        house.ask("admin", waive, sort="link", subject="line")
        judge = Judge(health="impaired", reasons=("side_a: 1 error",))
        house.system("link", judge, org_id=house.orgs["net"], subject="line")
        visitor = Visitor(made)
        visitor.sign_in("admin")
        found = {address: visitor.get(address) for address in PAGES.values()}
    assert {one.status for one in found.values()} == {200}
    return {address: one.text for address, one in found.items()}


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    # Beside a browser that is driven there is no room for another event loop in this thread.
    with ThreadPoolExecutor(1) as aside:
        return aside.submit(pages_with_evidence, tmp_path_factory.mktemp("town")).result()


@pytest.fixture
def page(browser: Browser, evidence: dict[str, str]) -> Iterator[Page]:
    """A tab in which these pages are, with their style sheets and their policy."""
    assets = files("tocsin.web").joinpath("assets")

    def answer(route: Route) -> None:
        asked = urlsplit(route.request.url)
        address = asked.path + (f"?{asked.query}" if asked.query else "")
        name = asked.path.rpartition("/")[2]
        if address in evidence:
            headers = {"content-security-policy": CONTENT_SECURITY_POLICY}
            route.fulfill(body=evidence[address], content_type="text/html", headers=headers)
        elif name.endswith(".css"):
            body = assets.joinpath(name).read_text("utf-8")
            route.fulfill(body=body, content_type="text/css")
        else:
            route.abort()

    with person(browser, "http://desk.example") as context:
        tab = context.new_page()
        tab.route("**/*", answer)
        yield tab


@pytest.mark.parametrize("name", PAGES)
def test_evidence_is_for_everybody(name: str, page: Page) -> None:
    page.goto(PAGES[name])
    for width, scheme in BRIEF:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
        SCREENS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENS / f"{name}-{width}-{scheme}.png", full_page=True)
        assert violations(page) == [], (width, scheme)
        assert sideways(page) == 0, (width, sticking_out(page))
    for drawn in page.locator("figure.course > svg").all():
        box = drawn.bounding_box()
        assert box is not None
        assert box["width"] > 200
        assert 10 < box["height"] < 80
    first = page.locator("figure.course").first
    first.get_by_text("The numbers").click()
    assert first.locator("tbody tr").count() == 48
    assert first.locator("td").first.is_visible()
    assert sideways(page) == 0, sticking_out(page)
