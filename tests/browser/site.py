"""The servers that the browser visits: one with the example network, one with nothing in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from playwright.sync_api import Browser, Page

from bench import processes
from tests.app.test_serve import Served, serving
from tests.browser.driving import HEIGHTS, WIDE, arriving, person
from tests.browser.shown import ADMINISTERED

PAGE = "main"
"""The status page of the example network."""

SHOWN_WITHIN: Final = 15.0
"""Seconds until that page must have what it is told."""


@dataclass
class Site:
    """A server with the example network: its address, its keys by role, what is found there."""

    served: Served
    keys: dict[str, str]
    cookies: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.served.port}"

    def ask(self, path: str) -> Any:
        """What the API tells the org's administrator at *path*, below the org."""
        status, body = self.served.get(
            f"/v1/orgs/{self.keys['org']}/{path}", token=self.keys["org_admin"]
        )
        assert status == 200, body
        return json.loads(body)

    @cached_property
    def names(self) -> dict[str, str]:
        """What stands in the place of each name in the table's paths."""
        self._hear_something()
        # The page is made after the server has said that it listens.
        notices = processes.wait_for("notices on the page", self._notices, within=SHOWN_WITHIN)
        notice = notices[0]["shortlink"].rpartition("/")[2]
        return {
            "page": PAGE,
            "notice": notice,
            "incident": self._ref("type=incident&active=true&sort=severity"),
            "link": self.link("viewer").partition("token=")[2],
            "device": self._first("devices?limit=1", "code"),
            "interface": self._to_users(),
            "line": self._first("links?limit=1", "code"),
            "heard": self._first("inbox?limit=1", "id"),
            "closed": self._ref("type=incident&status=closed"),
            "maintenance": self._ref("type=maintenance&status=planned"),
            **{sort: self._first(f"{sort}?limit=1", "id") for sort in ADMINISTERED},
        }

    def _notices(self) -> list[Any]:
        status, body = self.served.get(f"/status/{PAGE}/api/v2/incidents.json")
        assert status == 200, body
        found: list[Any] = json.loads(body)["incidents"]
        return found

    def link(self, role: str) -> str:
        """The address that signs in a member of that role, once."""
        (who, *_) = (one for one in self.ask("members")["items"] if one["role"] == role)
        org, key = self.keys["org"], self.keys["org_admin"]
        path = f"/v1/orgs/{org}/members/{who['id']}/sign-in-link"
        made = processes.call(self.served.port, "POST", path, token=key, body={})
        found: str = processes.expect(made, 200, 201).body["url"]
        return found

    def _hear_something(self) -> None:
        """Let a connector that opens nothing be told of something: then the inbox has an item."""
        made = processes.call(
            self.served.port,
            "POST",
            f"/v1/orgs/{self.keys['org']}/connectors",
            token=self.keys["org_admin"],
            body={
                "code": "trial",
                "name": "On trial",
                "kind": "generic",
                "mode": "observe",
                "mapping": {"summary": "summary"},
            },
        )
        token = processes.expect(made, 201).body["token"]
        path = f"/v1/orgs/{self.keys['org']}/ingest/trial"
        said = {"summary": "No light"}
        processes.expect(
            processes.call(self.served.port, "POST", path, token=token, body=said), 200, 202
        )

    def _ref(self, query: str) -> str:
        return self._first(f"tickets?{query}&limit=1", "ref")

    def _to_users(self) -> str:
        """The interface to users of the first device."""
        (device,) = self.ask("devices?limit=1")["items"]
        found = next(one["name"] for one in device["interfaces"] if one["role"] == "cyoa")
        return quote(found, safe="")

    def _first(self, records: str, field: str) -> str:
        found: str = self.ask(records)["items"][0][field]
        return quote(found, safe="")

    def signed_in(self, browser: Browser, who: str | None) -> list[Any]:
        """The cookies of *who*, who signs in as people do the first time they are needed."""
        if who is None:
            return []
        if who not in self.cookies:
            with person(browser, self.origin) as context:
                page = context.new_page()
                page.goto("/sign-in")
                page.get_by_label("API key").fill(self.keys[who])
                with arriving(page):
                    page.get_by_role("button", name="Sign in").click()
                page.get_by_role("button", name="Sign out").wait_for()
                self.cookies[who] = list(context.cookies())
        return self.cookies[who]


@dataclass
class People:
    """Browsers of those who only look at a site, each kept with its tab for who comes next."""

    browser: Browser
    site: Site
    doors: ExitStack
    kept: dict[tuple[str | None, bool], Page] = field(default_factory=dict)

    @contextmanager
    def tab(self, who: str | None, *, scripts: bool = True) -> Iterator[Page]:
        """The tab of *who*, with nothing in it yet and as wide and light as a new one."""
        if (who, scripts) not in self.kept:
            cookies = self.site.signed_in(self.browser, who)
            context = self.doors.enter_context(
                person(self.browser, self.site.origin, cookies=cookies, scripts=scripts)
            )
            self.kept[who, scripts] = context.new_page()
        page = self.kept[who, scripts]
        try:
            yield page
        finally:
            # What it still asks for is of nobody's page any more.
            page.goto("about:blank")
            page.emulate_media(color_scheme="light")
            page.set_viewport_size({"width": WIDE, "height": HEIGHTS[WIDE]})


@contextmanager
def example_site(data: Path) -> Iterator[Site]:
    """A server over a new example network in the folder *data*."""
    with serving(data, "--demo") as served:
        yield Site(served, json.loads((data / "demo-keys.json").read_text()))
