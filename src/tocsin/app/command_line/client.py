"""Speaking to the gateway over HTTP (API: HTTP), with bounded patience and no secrets in its words.

Every POST carries an ``Idempotency-Key``, so that trying again after a broken connection or a 503
never does a thing twice. Redirects are not followed: a key only goes where it was meant to go.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProtocolError,
    SSLError,
    TimeoutError,
)

from tocsin.app.command_line.problems import (
    GatewayError,
    NotTocsin,
    OutcomeUnknown,
    Refused,
    Unreachable,
    WrongField,
)

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
FOLLOW_SECONDS = 90.0
ATTEMPTS = 3
LONGEST_WAIT_SECONDS = 20.0
LARGEST_PAGE = 200
_FIRST_PAUSE_SECONDS = 0.1
_REPEATABLE = frozenset({"GET", "PUT"})

Query = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A success: status, the body as parsed JSON (None when empty), and the headers."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def date(self) -> datetime | None:
        """The server's clock (``Date``), to the second, where it says so."""
        try:
            return parsedate_to_datetime(self.headers.get("date", ""))
        except ValueError:
            return None


def _silent(message: str) -> None:
    """Where nobody listens to notices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """One gateway and the key to speak with. *key* is never shown."""

    url: str
    key: str | None = field(repr=False)
    pool: urllib3.PoolManager = field(default_factory=urllib3.PoolManager, repr=False)
    pause: Callable[[float], None] = field(default=time.sleep, repr=False)
    notice: Callable[[str], None] = field(default=_silent, repr=False)
    attempts: int = ATTEMPTS


def path(*parts: str) -> str:
    """An absolute path of *parts*, each escaped whole.

    Raises:
        ValueError: a part is empty or a dot segment, which would name something else.
    """
    for part in parts:
        if part in ("", ".", ".."):
            raise ValueError(f"{part!r} names nothing")
    return "/" + "/".join(quote(part, safe="") for part in parts)


def call(
    gateway: Gateway,
    method: str,
    where: str,
    *,
    body: Any = None,
    query: Query = (),
    headers: Mapping[str, str] | None = None,
    text: str | None = None,
) -> Answer:
    """Ask *gateway* and wait for its answer, trying again where that is safe and may help.

    Where an answer of the media type *text* is asked for, its body is a string.

    Raises:
        Unreachable, OutcomeUnknown, NotTocsin, Refused: see :class:`GatewayError`.
    """
    sent = _headers(gateway, headers)
    if body is not None:
        sent["Content-Type"] = "application/json"
    if method == "POST":
        sent.setdefault("Idempotency-Key", str(uuid.uuid4()))
    target = gateway.url + where + ("?" + urlencode(list(query)) if query else "")
    data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
    repeatable = method in _REPEATABLE or "Idempotency-Key" in sent
    for attempt in range(1, gateway.attempts + 1):
        backoff = _FIRST_PAUSE_SECONDS * 3 ** (attempt - 1)
        may_repeat = attempt < gateway.attempts
        try:
            response = gateway.pool.request(
                method,
                target,
                body=data,
                headers=sent,
                retries=False,
                redirect=False,
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
            )
        except (NewConnectionError, ConnectTimeoutError) as failure:
            if may_repeat:
                gateway.pause(backoff)
                continue
            raise _unreachable(gateway, failure) from None
        except ProtocolError as failure:
            if may_repeat and repeatable:
                gateway.notice("the connection broke; trying again")
                gateway.pause(backoff)
                continue
            raise _broken(gateway, method, sent, "the connection broke") from failure
        except TimeoutError as failure:
            reason = f"no answer within {READ_SECONDS:.0f} s"
            raise _broken(gateway, method, sent, reason) from failure
        except HTTPError as failure:
            raise _unreachable(gateway, failure) from None
        if response.status in (429, 503) and may_repeat and repeatable:
            wait = _retry_after(response.headers.get("Retry-After"))
            if wait is None or wait <= LONGEST_WAIT_SECONDS:
                seconds = backoff if wait is None else wait
                gateway.notice(f"not taken now ({response.status}); again in {seconds:g} s")
                gateway.pause(seconds)
                continue
        return _answer(gateway, response, text=text)
    raise AssertionError("the last attempt always answers or raises")


def pages(gateway: Gateway, where: str, *, query: Query = (), limit: int | None) -> dict[str, Any]:
    """A list followed along its cursors up to *limit* items (None: all), as one page.

    ``next_cursor`` is the server's own after the last page read. No page is
    asked for more than is still wanted, so that the cursor continues exactly where the items end.
    """
    items: list[Any] = []
    cursor: str | None = None
    while True:
        wanted = LARGEST_PAGE if limit is None else min(LARGEST_PAGE, limit - len(items))
        asked = [*query, ("limit", str(wanted))]
        if cursor is not None:
            asked.append(("cursor", cursor))
        page = call(gateway, "GET", where, query=asked).body
        if not isinstance(page, dict) or not isinstance(page.get("items"), list):
            raise NotTocsin(url=gateway.url, status=200, content_type="not a list")
        items.extend(page["items"])
        cursor = page.get("next_cursor")
        if cursor is None or not page["items"] or (limit is not None and len(items) >= limit):
            return {**page, "items": items}


def follow(gateway: Gateway, where: str, *, after: str | None) -> Iterator[tuple[str | None, str]]:
    """The server-sent events of *where* as ``(id, data)``, those after position *after*.

    Ends when the connection does.

    Raises:
        Unreachable, NotTocsin, Refused: the stream could not be opened.
    """
    extra = {"Accept": "text/event-stream"}
    if after is not None:
        extra["Last-Event-ID"] = after
    try:
        response = gateway.pool.request(
            "GET",
            gateway.url + where,
            headers=_headers(gateway, extra),
            retries=False,
            redirect=False,
            preload_content=False,
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=FOLLOW_SECONDS),
        )
    except HTTPError as failure:
        raise _unreachable(gateway, failure) from None
    try:
        content_type = response.headers.get("Content-Type", "")
        if response.status != 200 or not content_type.startswith("text/event-stream"):
            _answer(gateway, response)
            raise NotTocsin(url=gateway.url, status=response.status, content_type=content_type)
        try:
            yield from _server_sent(_lines(response))
        except (ProtocolError, TimeoutError):
            return
    finally:
        response.close()


def _lines(response: urllib3.BaseHTTPResponse) -> Iterator[str]:
    buffer = b""
    while chunk := response.read1():
        *whole, buffer = (buffer + chunk).split(b"\n")
        for line in whole:
            yield line.rstrip(b"\r").decode("utf-8", "replace")


def _server_sent(lines: Iterator[str]) -> Iterator[tuple[str | None, str]]:
    identity: str | None = None
    data: list[str] = []
    for line in lines:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data:
                yield identity, "\n".join(data)
            data = []
        elif name == "id":
            identity = value
        elif name == "data":
            data.append(value)


def _headers(gateway: Gateway, extra: Mapping[str, str] | None) -> dict[str, str]:
    headers = {"Accept": "application/json", "User-Agent": "tocsin-command-line"}
    headers.update(extra or {})
    if gateway.key is not None:
        headers["Authorization"] = f"Bearer {gateway.key}"
    return headers


def _unreachable(gateway: Gateway, failure: HTTPError) -> Unreachable:
    match failure:
        case NewConnectionError() if isinstance(failure.__cause__, ConnectionRefusedError):
            return Unreachable(url=gateway.url, reason="connection refused", refused=True)
        case ConnectTimeoutError():
            reason = f"no connection within {CONNECT_SECONDS:.0f} s"
            return Unreachable(url=gateway.url, reason=reason)
        case SSLError():
            return Unreachable(url=gateway.url, reason=f"TLS failed: {failure}")
        case _:
            cause = failure.__cause__ or failure
            return Unreachable(url=gateway.url, reason=str(cause))


def _broken(gateway: Gateway, method: str, sent: Mapping[str, str], reason: str) -> GatewayError:
    if method == "GET":
        return Unreachable(url=gateway.url, reason=reason)
    return OutcomeUnknown(
        url=gateway.url, reason=reason, idempotency_key=sent.get("Idempotency-Key")
    )


def _retry_after(text: str | None) -> float | None:
    return float(text) if text is not None and text.isascii() and text.isdigit() else None


def _answer(
    gateway: Gateway, response: urllib3.BaseHTTPResponse, *, text: str | None = None
) -> Answer:
    raw = response.data
    content_type = response.headers.get("Content-Type", "")
    wants_text = text is not None and 200 <= response.status < 300
    try:
        if wants_text and content_type.partition(";")[0].strip().lower() != text:
            raise ValueError(content_type)
        body: Any = raw.decode() if wants_text else json.loads(raw) if raw else None
    except ValueError:
        raise NotTocsin(
            url=gateway.url, status=response.status, content_type=content_type
        ) from None
    if 200 <= response.status < 300:
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(status=response.status, body=body, headers=headers)
    if not isinstance(body, dict) or "code" not in body:
        raise NotTocsin(url=gateway.url, status=response.status, content_type=content_type)
    raise Refused(
        status=response.status,
        code=str(body["code"]),
        title=str(body.get("title") or ""),
        detail=str(body.get("detail") or ""),
        errors=tuple(
            WrongField(
                field=str(wrong.get("field") or ""),
                code=str(wrong.get("code") or ""),
                detail=str(wrong.get("detail") or ""),
            )
            for wrong in body.get("errors") or ()
            if isinstance(wrong, dict)
        ),
        request_id=str(body["request_id"]) if body.get("request_id") else None,
        retry_after=_retry_after(response.headers.get("Retry-After")),
    )
