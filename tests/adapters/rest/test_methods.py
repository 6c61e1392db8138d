"""Methods: what is read may be asked for its headers alone, and a wrong one is told the right."""

from __future__ import annotations

import pytest

from tests.adapters.rest.asking import Client


@pytest.mark.parametrize(
    "path", ["/tickets", "/tickets/{ref}", "/tickets/{ref}/timeline", "/maintenance.ics", "/v1/me"]
)
def test_the_headers_alone_are_those_of_the_whole(gateway: Client, path: str) -> None:
    path = path.format(ref=gateway.incident()["ref"])
    varies = ("x-request-id", "ratelimit-remaining")

    whole, head = gateway.ask("GET", path), gateway.ask("HEAD", path)

    assert (head.status, head.body) == (200, b"")
    assert whole.body
    assert {name: value for name, value in head.headers.items() if name not in varies} == {
        name: value for name, value in whole.headers.items() if name not in varies
    }


def test_a_file_and_what_needs_no_key_have_headers_too(gateway: Client) -> None:
    ref = gateway.maintenance()["ref"]

    file = gateway.ask("HEAD", f"/tickets/{ref}.ics")
    alive = gateway.ask("HEAD", "/healthz", who=None)
    refused = gateway.ask("HEAD", "/tickets", who=None)

    assert (file.status, file.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    assert (alive.status, refused.status) == (200, 401)
    assert file.body == alive.body == refused.body == b""


@pytest.mark.parametrize("headers", [{}, {"Accept": "application/x-ndjson"}])
@pytest.mark.parametrize("path", ["/stream?after=0", "/events"])
def test_what_comes_in_parts_has_headers_and_no_parts(
    gateway: Client, path: str, headers: dict[str, str]
) -> None:
    head = gateway.ask("HEAD", path, headers=headers)

    assert (head.status, head.body) == (200, b"")
    assert gateway.gateway.announcer.waiting == 0


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/tickets", {"GET", "HEAD", "POST", "OPTIONS"}),
        ("HEAD", "/redactions", {"POST", "OPTIONS"}),
        ("GET", "/tickets/x/status", {"POST", "OPTIONS"}),
        ("POST", "/tickets/x/rca", {"PUT", "OPTIONS"}),
        ("PUT", "/policy", {"GET", "HEAD", "PATCH", "OPTIONS"}),
    ],
)
def test_a_method_that_is_none_of_the_path(
    gateway: Client, method: str, path: str, allowed: set[str]
) -> None:
    refused = gateway.ask(method, path)

    assert refused.status == 405
    assert set(refused.headers["allow"].split(", ")) == allowed
