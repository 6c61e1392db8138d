"""A browser of this machine's own, and what it tells of a page: its errors, and whom it asked.

The program is that of Debian's package ``chromium``; Playwright drives it, and fetches none.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from re import Pattern
from typing import Final, Literal
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Request,
    sync_playwright,
)

Scheme = Literal["light", "dark"]
SCHEMES: Final[tuple[Scheme, ...]] = ("light", "dark")

NARROW: Final = 375
WIDE: Final = 1920
HEIGHTS: Final = {NARROW: 812, WIDE: 1080}
WITHIN_MS: Final = 15_000.0
"""How long anything on a page may take before a test gives it up."""


def chromium() -> str:
    """Where the browser is.

    Raises:
        RuntimeError: it is not installed; says which package has it.
    """
    found = shutil.which("chromium")
    if found is None:
        raise RuntimeError("these tests drive Chromium: install the Debian package chromium")
    return found


@contextmanager
def driven() -> Iterator[Browser]:
    """A browser without a window, in which no page was opened yet."""
    program = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            # The tests may run as root, in a container with little shared memory; nothing but our
            # own pages is opened.
            chromium_sandbox=False,
            args=["--disable-dev-shm-usage", "--force-color-profile=srgb"],
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def person(
    browser: Browser,
    origin: str,
    *,
    cookies: object = None,
    width: int = WIDE,
    scheme: Scheme = "light",
    scripts: bool = True,
) -> Iterator[BrowserContext]:
    """A person's own browser at *origin*: its cookies, its window, what it is set to."""
    context = browser.new_context(
        base_url=origin,
        viewport={"width": width, "height": HEIGHTS[width]},
        color_scheme=scheme,
        reduced_motion="reduce",
        java_script_enabled=scripts,
        locale="en-GB",
        timezone_id="Europe/Berlin",
    )
    context.set_default_timeout(WITHIN_MS)
    if cookies is not None:
        context.add_cookies(cookies)  # type: ignore[arg-type]
    try:
        yield context
    finally:
        context.close()


@contextmanager
def arriving(page: Page, at: str | Pattern[str] | None = None) -> Iterator[None]:
    """What is done within leads *page* to another document, at the address *at* where one is given;
    afterwards that document is there, whole.

    Its address and its heading are there earlier than its scripts: a key pressed between is lost.
    And where the old document is kept true while one looks, it may show already what the new one
    is awaited for.
    """
    with page.expect_navigation(url=at, wait_until="load"):
        yield


@dataclass
class Watched:
    """What a page did that nobody saw: errors of its scripts or its policy, and whom it asked."""

    origin: str
    errors: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        """Something was written to the console."""
        if message.type in ("error", "warning"):
            self.errors.append(f"{message.type}: {message.text}")

    def fail(self, error: Error) -> None:
        """A script threw what nobody caught."""
        self.errors.append(f"uncaught: {error}")

    def ask(self, request: Request) -> None:
        """Something was asked for."""
        address = urlsplit(request.url)
        if address.scheme in ("data", "blob", "about"):
            return
        if f"{address.scheme}://{address.netloc}" != self.origin:
            self.strangers.append(request.url)

    def expect_nothing(self, *, refused: int | None = None) -> None:
        """There was no error, and no other host was asked.

        That the page itself answered with the status *refused* is none: the browser writes it to
        the console all the same.
        """
        said = f"the server responded with a status of {refused} "
        errors = [one for one in self.errors if refused is None or said not in one]
        assert errors == []
        assert self.strangers == []


def watched(page: Page, origin: str) -> Watched:
    """Watch *page* from now on."""
    seen = Watched(origin)
    page.on("console", seen.hear)
    page.on("pageerror", seen.fail)
    page.on("request", seen.ask)
    return seen


@contextmanager
def watching(page: Page, origin: str) -> Iterator[Watched]:
    """Watch *page*, which is used by others afterwards."""
    seen = watched(page, origin)
    try:
        yield seen
    finally:
        page.remove_listener("console", seen.hear)
        page.remove_listener("pageerror", seen.fail)
        page.remove_listener("request", seen.ask)


def sideways(page: Page) -> int:
    """How many pixels of *page* stand out to the right of the window."""
    found: int = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return found


def sticking_out(page: Page) -> list[str]:
    """What of *page* stands out to the right of the window, to be told with a failure."""
    found: list[str] = page.evaluate(
        """[...document.querySelectorAll("body *")].filter((one) =>
            one.getBoundingClientRect().right > document.documentElement.clientWidth + 1
        ).slice(0, 8).map((one) => one.outerHTML.slice(0, 120))"""
    )
    return found
