"""One browser and one server for all of these tests in a process.

They are of the package, not of the session: while Playwright waits it has an event loop of its own,
beside which tests of other folders could have none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.driving import WITHIN_MS, driven
from tests.browser.site import People, Site, example_site


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A browser."""
    expect.set_options(timeout=WITHIN_MS)
    with driven() as started:
        yield started


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The example network, which no test changes in a way that another sees."""
    with example_site(tmp_path_factory.mktemp("example")) as made:
        yield made


@pytest.fixture(scope="package")
def people(browser: Browser, site: Site) -> Iterator[People]:
    """Those who look at the example network."""
    with ExitStack() as doors:
        yield People(browser, site, doors)
