"""The door: Slack's three addresses, as part of the application that listens.

A request is bounded and its signature checked before anything of it is read; then Bolt has it, on
one of a few threads. What does not fit is answered 503, and Slack comes again.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, cast

import structlog
from litestar.types import HTTPScope, Message, Receive, Scope, Send
from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.signature import SignatureVerifier

from tocsin.adapters.slack.receiver import SIGNATURE_HEADER

log = structlog.get_logger(__name__)

EVENTS: Final = "/slack/events"
INTERACTIONS: Final = "/slack/interactions"
COMMANDS: Final = "/slack/commands"
OAUTH: Final = "/slack/oauth"
PATHS: Final = frozenset({EVENTS, INTERACTIONS, COMMANDS})

LONGEST_BODY: Final = 1_048_576
BODY_SECONDS: Final = 3.0
"""A body that takes longer is of no use: Slack waits no longer for the answer to it."""

THREADS: Final = 16
AT_ONCE: Final = 64
RETRY_AFTER: Final = 1

TIMESTAMP_HEADER: Final = "x-slack-request-timestamp"
_PASSED_ON: Final = frozenset(
    {
        "content-type",
        SIGNATURE_HEADER,
        TIMESTAMP_HEADER,
        "x-slack-retry-num",
        "x-slack-retry-reason",
    }
)
_LONGEST_TIMESTAMP: Final = 12


class Door:
    """An ASGI application for :data:`PATHS`.

    ``close`` waits for what is being answered.
    """

    def __init__(
        self,
        app: App,
        *,
        signing_secret: str,
        threads: int = THREADS,
        at_once: int = AT_ONCE,
    ) -> None:
        self._app = app
        self._verifier = SignatureVerifier(signing_secret)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="slack-door")
        self._room = at_once

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        asked = cast(HTTPScope, scope)
        if asked["method"] != "POST":
            await _answer(send, 405, b"", (("allow", "POST"),))
            return
        headers = _headers(asked)
        status, body = await _read(headers, receive)
        if status != 200:
            await _answer(send, status, b"")
            return
        text = self._verified(headers, body)
        if text is None:
            log.warning("not signed by Slack", action="slack_unsigned", path=asked["path"])
            await _answer(send, 401, b'{"error":"invalid request"}')
            return
        # Only Slack takes room: whoever else sends much, or slowly, does not keep it out.
        if self._room <= 0:
            log.warning("too much at once", action="slack_overloaded")
            await _answer(send, 503, b"", (("retry-after", str(RETRY_AFTER)),))
            return
        self._room -= 1
        try:
            loop = asyncio.get_running_loop()
            response = await loop.run_in_executor(self._pool, self._dispatch, text, headers)
        finally:
            self._room += 1
        named = tuple(
            (name.lower(), value) for name, values in response.headers.items() for value in values
        )
        await _answer(send, response.status, (response.body or "").encode(), named)

    def close(self) -> None:
        """Answer what is being answered, and end the threads."""
        self._pool.shutdown()

    def _verified(self, headers: dict[str, str], body: bytes) -> str | None:
        """The body as text; None where it is not signed, or not lately."""
        timestamp, signature = headers.get(TIMESTAMP_HEADER, ""), headers.get(SIGNATURE_HEADER, "")
        if not (timestamp.isascii() and timestamp.isdigit() and signature.isascii()):
            return None
        if len(timestamp) > _LONGEST_TIMESTAMP:
            return None
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return None
        valid = self._verifier.is_valid(text, timestamp, signature)
        return text if valid else None

    def _dispatch(self, text: str, headers: dict[str, str]) -> BoltResponse:
        try:
            request = BoltRequest(
                body=text,
                headers={name: value for name, value in headers.items() if name in _PASSED_ON},
            )
        except ValueError:
            return BoltResponse(status=400, body={"error": "unreadable body"})
        return self._app.dispatch(request)


def _headers(scope: HTTPScope) -> dict[str, str]:
    pairs: list[tuple[bytes, bytes]] = list(scope["headers"])
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in pairs}


async def _read(headers: dict[str, str], receive: Receive) -> tuple[int, bytes]:
    """The body, and 200; or the status that says why there is none."""
    stated = headers.get("content-length", "")
    if stated.isascii() and stated.isdigit() and int(stated[:20]) > LONGEST_BODY:
        return 413, b""
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message: Any = await receive()
                if message["type"] != "http.request":
                    return 400, b""
                part: bytes = message.get("body", b"")
                size += len(part)
                if size > LONGEST_BODY:
                    return 413, b""
                parts.append(part)
                if not message.get("more_body", False):
                    return 200, b"".join(parts)
    except TimeoutError:
        return 408, b""


async def _answer(
    send: Send, status: int, body: bytes, headers: tuple[tuple[str, str], ...] = ()
) -> None:
    shown = {
        "content-type": "application/json" if body.startswith(b"{") else "text/plain;charset=utf-8",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        **dict(headers),
        "content-length": str(len(body)),
    }
    start: Message = {
        "type": "http.response.start",
        "status": status,
        "headers": [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in shown.items()
        ],
    }
    await send(start)
    end: Message = {"type": "http.response.body", "body": body, "more_body": False}
    await send(end)


class SocketMode:
    """Slack over a connection that goes out from here, for servers that cannot be reached.

    It connects again by itself; ``start`` tries until it is connected once, on a thread, with
    ``pause`` seconds between two attempts.
    """

    def __init__(self, app: App, *, app_token: str, pause: float = 10.0) -> None:
        self._handler = SocketModeHandler(app, app_token=app_token, concurrency=THREADS)
        self._pause = pause
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._connect, name="slack-socket", daemon=True)

    def start(self) -> None:
        """Connect, now or as soon as Slack lets us."""
        self._thread.start()

    def connected(self) -> bool:
        """Whether there is a connection now."""
        return bool(self._handler.client.is_connected())

    def stop(self) -> None:
        """Disconnect, and stay so."""
        self._ending.set()
        self._thread.join()
        self._handler.close()  # type: ignore[no-untyped-call]

    def _connect(self) -> None:
        while not self._ending.is_set():
            try:
                self._handler.connect()  # type: ignore[no-untyped-call]
            except SlackApiError as wrong:
                reason = str(wrong.response.get("error", "unknown"))
            except (SlackClientError, OSError) as away:
                reason = str(away)
            else:
                log.info("connected to Slack", action="slack_connected")
                return
            log.warning("cannot connect to Slack", action="slack_not_connected", reason=reason)
            self._ending.wait(self._pause)
