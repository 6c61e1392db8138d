"""Endpoints of the documentation: the OpenAPI document for machines, one page for people.

Both are made once, from the declarations that serve the requests, so they say what is so; and only
when somebody asks, so that no server waits for them that nobody asks.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from typing import Any, Final

import msgspec

from tocsin.adapters.rest.endpoints import Act, Endpoint
from tocsin.adapters.rest.openapi import Json, openapi_document
from tocsin.adapters.rest.pages.page import page_of
from tocsin.adapters.rest.pages.style import STYLE
from tocsin.adapters.rest.pipeline import Acting
from tocsin.adapters.rest.replies import Header, Reply
from tocsin.core.errors import refusals

PAGE: Final[Header] = (b"content-type", b"text/html; charset=utf-8")

_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

PAGE_HEADERS: Final[tuple[Header, ...]] = (
    (
        b"content-security-policy",
        (
            f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none';"
            " form-action 'none'; frame-ancestors 'none'"
        ).encode(),
    ),
    (b"referrer-policy", b"no-referrer"),
)
"""The page loads nothing, runs nothing and is shown in no frame."""


async def _nothing_yet(acting: Acting) -> Reply:
    raise AssertionError("declared before it is made; served only afterwards")


_DECLARED: Final = (
    Endpoint(
        method="GET",
        path="/openapi.json",
        tag="documentation",
        summary="The OpenAPI 3.1 document of all this.",
        answer=dict[str, Any],
        anonymous=True,
        act=_nothing_yet,
    ),
    Endpoint(
        method="GET",
        path="/docs",
        tag="documentation",
        summary="The documentation as one page, which loads nothing from anywhere.",
        answer=str,
        answer_type="text/html",
        anonymous=True,
        act=_nothing_yet,
    ),
)


def documentation_endpoints(endpoints: Sequence[Endpoint]) -> tuple[Endpoint, ...]:
    """The endpoints that document *endpoints*, and themselves."""
    machines, people = _DECLARED

    @cache
    def document() -> Json:
        return openapi_document([*endpoints, *_DECLARED], version=version("tocsin"))

    @cache
    def for_machines() -> Reply:
        return Reply(status=200, body=msgspec.json.encode(document()))

    @cache
    def for_people() -> Reply:
        page = page_of(document(), refusals=refusals()).encode()
        return Reply(status=200, body=page, content_type=PAGE, headers=PAGE_HEADERS)

    return (replace(machines, act=_made(for_machines)), replace(people, act=_made(for_people)))


def _made(reply: Callable[[], Reply]) -> Act:
    async def act(acting: Acting) -> Reply:
        # The first time it takes a tenth of a second, which other requests do not wait for.
        return await asyncio.to_thread(reply)

    return act
