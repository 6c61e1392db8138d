"""What was asked for, as the dashboard reads it; nothing unbounded, and nothing believed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from tocsin.core.credentials import Network
from tocsin.core.origins import client_address, is_among, plain_address

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

LARGEST_FORM: Final = 512 * 1024
"""Ten thousand characters of any script, percent-encoded, and once more while they are kept."""
FORM_SECONDS: Final = 30.0
_MOST_FIELDS: Final = 400
_FORM: Final = b"application/x-www-form-urlencoded"


class FormWrong(Exception):
    """A form that cannot be read; the text says why."""


class Gone(Exception):
    """The browser went away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request. ``address`` is whose it is, empty when nobody knows; ``secure`` is whether the
    browser speaks https; ``origins`` are where its own pages may be from, as ``https://host``."""

    method: str
    path: str
    query: str
    headers: Mapping[bytes, bytes]
    address: str
    secure: bool
    origins: frozenset[str]

    @property
    def wanted(self) -> str:
        """Path and query, to come back to."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def from_here(self) -> bool:
        """Whether a page of this server sent the form, as far as the browser says.

        One that says neither is no browser that another site could make do anything.
        """
        site = self.headers.get(b"sec-fetch-site")
        if site is not None:
            return site in (b"same-origin", b"none")
        origin = self.headers.get(b"origin")
        return origin is None or origin.decode("latin-1").lower() in self.origins


def asked(scope: Scope, *, trusted: Sequence[Network], public_url: str | None) -> Asked:
    """The request of *scope*. ``public_url`` is where browsers reach this server, if it is told;
    only *trusted* proxies are believed about who asks, and how."""
    headers: dict[bytes, bytes] = dict(scope["headers"])
    client = scope.get("client")
    peer = plain_address(client[0]) if client else ""
    host = headers.get(b"host", b"").decode("latin-1").lower()
    secure = scope.get("scheme") == "https"
    if is_among(peer, trusted) and headers.get(b"x-forwarded-proto", b"").lower() == b"https":
        secure = True
    origins = {f"{'https' if secure else 'http'}://{host}"}
    if public_url is not None:
        public = urlsplit(public_url)
        origins.add(f"{public.scheme}://{public.netloc}".lower())
        # A proxy that speaks https to the browser need not say so when the address does.
        secure = secure or (public.scheme == "https" and public.netloc.lower() == host)
    return Asked(
        method=scope["method"],
        path=scope["path"],
        query=scope.get("query_string", b"").decode("latin-1"),
        headers=headers,
        address=client_address(peer, headers.get(b"x-forwarded-for"), trusted=trusted),
        secure=secure,
        origins=frozenset(origins),
    )


def fields_of(query: str) -> Mapping[str, tuple[str, ...]]:
    """The fields of a query or form by name, each in its order; without empty ones.

    Raises:
        FormWrong: there are too many.
    """
    try:
        pairs = parse_qsl(query, max_num_fields=_MOST_FIELDS, errors="replace")
    except ValueError as many:
        raise FormWrong("there are too many fields") from many
    found: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        found[name] = (*found.get(name, ()), value)
    return found


async def form(request: Asked, receive: Receive) -> Mapping[str, tuple[str, ...]]:
    """The form that *request* carries.

    Raises:
        FormWrong: it is none, too large, or too slow.
        Gone: the browser went away meanwhile.
    """
    kind = request.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if kind != _FORM:
        raise FormWrong("this address takes a form")
    body = bytearray()
    try:
        async with asyncio.timeout(FORM_SECONDS):
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                body += message.get("body", b"")
                more = message.get("more_body", False)
                if len(body) > LARGEST_FORM:
                    raise FormWrong("the form is too large")
    except TimeoutError as slow:
        raise FormWrong("the form took too long to arrive") from slow
    return fields_of(body.decode("utf-8", errors="replace"))


def one(fields: Mapping[str, tuple[str, ...]], name: str) -> str:
    """The last value of a field, empty where there is none."""
    return fields.get(name, ("",))[-1]
