"""One packet for one answer, and an end to the head of a request.

The HTTP server hands head and body of an answer to the system one after the other. Each handing
over costs as much as making a good part of the answer, so both are held until the event loop's next
round, and go together.

The parser reads the head of a request however long it is. Who sends one without an end would fill
the memory, with no key at all, so what does not end within a bound is refused.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LONGEST_HEAD: Final = 131_072
"""Bytes that have come of a request whose head has not ended, at most."""


def _refusal(status: int, reason: str, *, title: str, code: str, detail: str) -> bytes:
    """An answer to what never became a request, whole: a problem document, and the end."""
    problem = {
        "type": f"/docs#{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": "",
        "errors": [],
    }
    body = json.dumps(problem).encode()
    head = (
        f"HTTP/1.1 {status} {reason}\r\ncontent-type: application/problem+json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body


_TOO_LONG: Final = _refusal(
    431,
    "Request Header Fields Too Large",
    title="Too large",
    code="too_large",
    detail="the head of the request does not end within 128 KiB",
)
_NO_HTTP: Final = _refusal(
    400,
    "Bad Request",
    title="Malformed request",
    code="malformed",
    detail="this is not HTTP as it is spoken here, or an address of more than 64 KiB",
)


class Corked:
    """A transport that writes what was written in one round of the event loop at its end.

    Everything else of it is the transport's own.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Hold *data* until the round ends."""
        if not self._held:
            self._loop.call_soon(self._let_go)
        self._held.append(data)

    def close(self) -> None:
        """Close it once everything is written."""
        self._let_go()
        self._transport.close()

    def _let_go(self) -> None:
        if self._held:
            held, self._held = self._held, []
            self._transport.write(held[0] if len(held) == 1 else b"".join(held))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class CorkedProtocol(HttpToolsProtocol):
    """HTTP over such transports, for requests whose head ends."""

    _unended = 0
    """Bytes that came since a head last ended, or some of a body was read."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has come."""
        super().connection_made(cast("asyncio.Transport", Corked(transport, self.loop)))

    def data_received(self, data: bytes) -> None:
        """Some of a request has come."""
        self._unended += len(data)
        super().data_received(data)
        if self._unended > LONGEST_HEAD and not self.transport.is_closing():
            self.transport.write(_TOO_LONG)
            self.transport.close()

    def on_headers_complete(self) -> None:
        """The head has ended."""
        self._unended = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Some of the body has come; how much of that is read is the application's to say."""
        self._unended = 0
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        """Say that no request was read."""
        self.transport.write(_NO_HTTP)
        self.transport.close()
