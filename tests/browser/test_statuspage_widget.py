"""A published Statuspage client in a browser, unchanged: Atlassian's ``@statuspage/status-widget``.

It asks another host than the one that it stands on, as it does on its users' pages.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.driving import person
from tests.web.status.pictures import calm, maintenance, several
from tocsin.web.status.printing import FOR_NOW, Printed, printed
from tocsin.web.status.statuspage_json import FORMS
from tocsin.web.status.view import PageView

WIDGET: Final = (
    Path(__file__).parents[2] / ".venv/widget/node_modules/@statuspage/status-widget/dist/index.js"
)


def widget() -> bytes:
    """The client's own file.

    Raises:
        RuntimeError: it is not installed; says what does that.
    """
    if not WIDGET.is_file():
        raise RuntimeError(
            "this test runs @statuspage/status-widget: `make .venv/widget.stamp` installs it"
        )
    return WIDGET.read_bytes()


@contextmanager
def serving(answers: Mapping[str, Printed | tuple[str, bytes]]) -> Iterator[str]:
    """The address of a server that has these answers by path."""

    class Serving(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = answers.get(self.path)
            if found is None:
                self.send_error(404)
                return
            self.send_response(200)
            if isinstance(found, Printed):
                body = found.body
                for name, value in found.headers:
                    self.send_header(name.decode(), value.decode())
            else:
                kind, body = found
                self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Serving) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def shown(browser: Browser, status: PageView) -> Iterator[Page]:
    """A page of somebody else's, on which the client shows *status*."""
    forms = {
        f"/api/v2/{name}": printed(write(status), machine=True, caching=FOR_NOW)
        for name, write in FORMS.items()
    }
    with serving(forms) as host:
        theirs = (
            '<!doctype html><html lang="en"><title>Theirs</title>'
            f'<statuspage-widget src="{host}"></statuspage-widget>'
            '<script src="/widget.js"></script>'
        )
        files = {
            "/": ("text/html", theirs.encode()),
            "/widget.js": ("text/javascript", widget()),
        }
        with serving(files) as embedding, person(browser, embedding) as context:
            tab = context.new_page()
            tab.goto("/")
            yield tab


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (calm(), "All Systems Operational"),
        (several(), "Major System Outage"),
        (maintenance(), "Service Under Maintenance"),
    ],
    ids=["calm", "several", "maintenance"],
)
def test_the_widget_says_how_it_is(browser: Browser, status: PageView, says: str) -> None:
    with shown(browser, status) as tab:
        tab.get_by_text(says).first.wait_for()
