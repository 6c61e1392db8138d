"""The dashboard of a server that runs: from its address to the first page, and out again."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from tests.app.test_serve import WITHIN, Served, serving
from tests.app.test_serve_demo import kept_key


@dataclass
class Browser:
    """Asks a server, and keeps the one cookie that it gives."""

    served: Served
    cookie: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, path: str, form: Mapping[str, str] | None = None) -> tuple[int, str]:
        """One page, or the answer to a form."""
        sent = {"Cookie": self.cookie} if self.cookie else {}
        body = None if form is None else urlencode(form)
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
            sent["Origin"] = f"http://127.0.0.1:{self.served.port}"
        connection = http.client.HTTPConnection("127.0.0.1", self.served.port, timeout=WITHIN)
        try:
            connection.request("GET" if form is None else "POST", path, body, sent)
            answer = connection.getresponse()
            self.headers = {name.lower(): value for name, value in answer.getheaders()}
            text = answer.read().decode()
        finally:
            connection.close()
        if "set-cookie" in self.headers:
            self.cookie = self.headers["set-cookie"].partition(";")[0]
        return answer.status, text


def test_the_demo_key_opens_the_dashboard_also_after_a_restart(tmp_path: Path) -> None:
    with serving(tmp_path, "--demo") as served:
        browser, key = Browser(served), kept_key(tmp_path)
        assert browser.ask("/")[0] == 303
        assert browser.headers["location"] == "/sign-in"
        status, form = browser.ask("/sign-in")
        assert (status, "API key" in form) == (200, True)
        assert browser.ask("/sign-in", {"key": key, "next": "/"})[0] == 303
        status, home = browser.ask("/")
        assert status == 200
        assert "open incidents" in home
        assert "Waits for a person" in home
        for address in (part.partition('"')[0] for part in home.split('href="/assets/')[1:]):
            assert browser.ask(f"/assets/{address}")[0] == 200
            assert "immutable" in browser.headers["cache-control"]
        said, log = served.stop()
    assert f"Pages     http://127.0.0.1:{served.port}/  (sign in with the API key" in said
    assert key not in str(log)

    with serving(tmp_path, "--demo") as served:
        again = Browser(served, cookie=browser.cookie)
        status, found = again.ask("/tickets?type=incident&active=true")
        assert (status, found.count('<th scope="row">')) == (200, 5)
        token = found.partition('name="token" value="')[2].partition('"')[0]
        assert again.ask("/sign-out", {"token": "x" * 64})[0] == 403
        assert again.ask("/sign-out", {"token": token})[0] == 303
        assert again.ask("/")[0] == 303
        served.stop()
