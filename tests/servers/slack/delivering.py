"""Bringing a request to the app as Slack does: signed, with three seconds for an answer."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol
from urllib.parse import urlencode, urlsplit

from tests.servers.slack.signing import signed

PATIENCE: Final = 3.0
"""Seconds in which a request has to be acknowledged."""

EVENTS: Final = "events_api"
COMMANDS: Final = "slash_commands"
INTERACTIVE: Final = "interactive"
PATHS: Final = {
    EVENTS: "/slack/events",
    COMMANDS: "/slack/commands",
    INTERACTIVE: "/slack/interactions",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What goes to the app; ``kind`` is a Socket Mode envelope's type."""

    kind: str
    payload: dict[str, Any]
    retry: int = 0
    reason: str = ""

    @property
    def path(self) -> str:
        return PATHS[self.kind]

    @property
    def content_type(self) -> str:
        return "application/json" if self.kind == EVENTS else "application/x-www-form-urlencoded"

    @property
    def body(self) -> bytes:
        match self.kind:
            case "events_api":
                return json.dumps(self.payload).encode()
            case "slash_commands":
                return urlencode(self.payload).encode()
            case _:
                return urlencode({"payload": json.dumps(self.payload)}).encode()

    @property
    def event_id(self) -> str:
        return str(self.payload.get("event_id", ""))

    def again(self, retry: int = 1, reason: str = "http_timeout") -> Request:
        """The same, delivered once more."""
        return replace(self, retry=retry, reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How the app answered; ``failed`` says why it is no acknowledgement, "" where it is one."""

    request: Request
    status: int
    body: bytes
    headers: Mapping[str, str]
    seconds: float
    failed: str = ""

    @property
    def ok(self) -> bool:
        return self.failed == ""

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> dict[str, Any]:
        """The body, ``{}`` where it is empty."""
        body: dict[str, Any] = json.loads(self.body) if self.body.strip() else {}
        return body

    @property
    def errors(self) -> dict[str, str]:
        """What a modal complains of, by ``block_id``."""
        errors: dict[str, str] = self.json.get("errors", {})
        return errors


Headers = dict[str, str]
InProcess = Callable[[Request, Headers], tuple[int, Mapping[str, str], bytes]]
"""An app without a server of its own: status, headers and body for a request with its headers."""


class Envelopes(Protocol):
    """Socket Mode: delivers a request over an open connection."""

    def connected(self) -> bool: ...

    def deliver(self, request: Request, *, patience: float) -> tuple[bytes, float] | None:
        """The payload of the acknowledgement and the seconds it took; None: there came none."""
        ...


@dataclass(slots=True, kw_only=True)
class Outbox:
    """Where requests go. ``app`` is an address, a function, or None for Socket Mode; ``patience``
    are the seconds that it has for an acknowledgement."""

    app: str | InProcess | None
    patience: float = PATIENCE
    envelopes: Envelopes | None = None
    slow: list[Answer] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def deliver(
        self,
        request: Request,
        *,
        headers: Headers | None = None,
        sign: Callable[[bytes], Headers] = signed,
    ) -> Answer:
        """Delivers, waits for the acknowledgement and notes it; ``headers`` replace those of a
        signature, for a request that is replayed."""
        body = request.body
        sent = {
            "Content-Type": request.content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            **(sign(body) if headers is None else headers),
        }
        if request.retry:
            sent |= {"X-Slack-Retry-Num": str(request.retry)}
            sent |= {"X-Slack-Retry-Reason": request.reason}
        match self.app:
            case str() as address:
                answer = over_http(request, body, sent, address=address, patience=self.patience)
            case None:
                answer = self._over_a_socket(request)
            case in_process:
                started = time.monotonic()
                status, given, answered = in_process(request, sent)
                answer = judged(
                    request,
                    status,
                    answered,
                    given,
                    time.monotonic() - started,
                    patience=self.patience,
                )
        with self.lock:
            self.answers.append(answer)
            if not answer.ok:
                self.slow.append(answer)
        return answer

    def _over_a_socket(self, request: Request) -> Answer:
        if self.envelopes is None or not self.envelopes.connected():
            return nobody(request)
        done = self.envelopes.deliver(request, patience=self.patience)
        if done is None:
            return Answer(
                request=request,
                status=0,
                body=b"",
                headers={},
                seconds=self.patience,
                failed="timeout",
            )
        return judged(request, 200, done[0], {}, done[1], patience=self.patience)


def nobody(request: Request) -> Answer:
    return Answer(
        request=request, status=0, body=b"", headers={}, seconds=0.0, failed="connection_failed"
    )


def judged(
    request: Request,
    status: int,
    body: bytes,
    headers: Mapping[str, str],
    seconds: float,
    *,
    patience: float,
) -> Answer:
    """An answer; late or not 200, it is none."""
    failed = "timeout" if seconds > patience else "" if status == 200 else f"http_{status}"
    return Answer(
        request=request, status=status, body=body, headers=headers, seconds=seconds, failed=failed
    )


def over_http(
    request: Request, body: bytes, headers: Headers, *, address: str, patience: float
) -> Answer:
    parts = urlsplit(address)
    assert parts.hostname is not None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=patience)
    started = time.monotonic()
    try:
        connection.request("POST", parts.path.rstrip("/") + request.path, body, headers)
        response = connection.getresponse()
        answered = response.read()
    except TimeoutError:
        seconds = time.monotonic() - started
        return Answer(
            request=request, status=0, body=b"", headers={}, seconds=seconds, failed="timeout"
        )
    except (OSError, http.client.HTTPException):
        return nobody(request)
    finally:
        connection.close()
    given = dict(response.getheaders())
    seconds = time.monotonic() - started
    return judged(request, response.status, answered, given, seconds, patience=patience)
