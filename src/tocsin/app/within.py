"""Asking the gateway from within this process: the dashboard's way to the API.

It is the very application that others reach over HTTP, with its pipeline whole; only the key has
been read by the door through which the person came.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast
from urllib.parse import quote, unquote

import msgspec
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from tocsin.adapters.rest.authentication import INSIDE, Inside
from tocsin.handler.submission import Credential
from tocsin.web.dashboard.visits import Told, Wish

WEB: Final = "web"
"""What events say they came through."""

_FORWARDED: Final = (b"last-event-id",)


class Within:
    """The API of *application*, for who came in by the dashboard."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def perform(self, wish: Wish, *, org: str, credential: Credential) -> Told:
        """Ask one thing, and read the whole answer."""
        path, _, query = wish.path.partition("?")
        headers = [(b"content-type", b"application/json"), (b"accept", b"application/json")]
        if wish.version is not None:
            headers.append((b"if-match", b'"%d"' % wish.version))
        if wish.once is not None:
            headers.append((b"idempotency-key", wish.once.encode("utf-8", errors="replace")))
        scope = _scope(
            method=wish.method,
            path=f"/v1/orgs/{org}{path}",
            query=query.encode("ascii"),
            headers=headers,
            address=credential.address,
        )
        return await self._told(_known(scope, credential), wish.body)

    async def mail_link(self, *, org: str, email: str, address: str) -> Told:
        """Ask for a link that signs in a member of *org*, as nobody; by who is at *address*."""
        scope = _scope(
            method="POST",
            path=f"/v1/orgs/{quote(org, safe='')}/sign-in",
            query=b"",
            headers=[(b"content-type", b"application/json")],
            address=address,
        )
        return await self._told(scope, {"email": email})

    async def _told(self, scope: Scope, asked: Mapping[str, Any] | None) -> Told:
        body = b"" if asked is None else msgspec.json.encode(asked)
        status, parts = 500, []

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                parts.append(message.get("body", b""))

        await self._application(scope, receive, send)
        answered = b"".join(parts)
        found: Mapping[str, Any] = msgspec.json.decode(answered) if answered else {}
        return Told(status=status, body=found)

    async def follow(
        self, scope: Any, receive: Any, send: Any, *, org: str, credential: Credential
    ) -> None:
        """Serve the org's live stream to the browser that asked with *scope*."""
        asked = _scope(
            method="GET",
            path=f"/v1/orgs/{org}/stream",
            query=scope.get("query_string", b""),
            headers=[pair for pair in scope["headers"] if pair[0] in _FORWARDED],
            address=credential.address,
        )
        await self._application(_known(asked, credential), cast(Receive, receive), cast(Send, send))


def _known(scope: Scope, credential: Credential) -> Scope:
    """*scope*, of a request whose key has been read."""
    inside = {INSIDE: Inside(credential=credential, via=WEB)}
    return cast(Scope, {**scope, **inside})


def _scope(
    *,
    method: str,
    path: str,
    query: bytes,
    headers: list[tuple[bytes, bytes]],
    address: str,
) -> Scope:
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        # As a server hands it over: decoded, so that a name with a slash or an umlaut is that name.
        "path": unquote(path),
        "raw_path": path.encode("utf-8", errors="replace"),
        "root_path": "",
        "query_string": query,
        "headers": headers,
        "client": (address, 0),
        "server": ("within", None),
    }
    return cast(Scope, scope)
