"""A small real HTTP server that answers by contract and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

ORG = "/v1/orgs/acme"
ME = {
    "key": {"id": "k1", "name": "ci"},
    "member": {"id": "m1", "name": "Anna"},
    "role": "sre_lead",
    "contributor": {"code": "alpha"},
    "orgs": [{"code": "acme", "name": "Acme"}],
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived; header names in lower case."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer to give. ``cut`` closes the connection without any answer."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    cut: bool = False


def problem(
    status: int,
    code: str,
    *,
    title: str = "",
    detail: str = "",
    errors: tuple[Mapping[str, str], ...] = (),
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """A problem document (API: errors)."""
    return Reply(
        status=status,
        body={
            "type": f"https://tocsin.example/problems/{code}",
            "title": title,
            "status": status,
            "code": code,
            "detail": detail,
            "request_id": "req-17",
            "errors": list(errors),
        },
        headers={"Content-Type": "application/problem+json", **(headers or {})},
    )


@dataclass(slots=True)
class StandIn:
    """What was asked so far, and what to answer: the last reply of a path is given for ever.

    ``clock`` is what ``Date`` says, where it shall not say the truth.
    """

    url: str = ""
    clock: str | None = None
    asked: list[Asked] = field(default_factory=list)
    replies: dict[tuple[str, str], list[Reply]] = field(default_factory=dict)

    def answers(self, method: str, path: str, *replies: Reply) -> None:
        """Answer *method* on *path* with *replies*, one after the other."""
        self.replies[method, path] = list(replies)

    def reply(self, asked: Asked) -> Reply:
        """The next reply to *asked*; 404 where nothing was arranged."""
        self.asked.append(asked)
        waiting = self.replies.get((asked.method, asked.path))
        if waiting is None:
            return problem(404, "not_found", title="Not found", detail=f"no {asked.path}")
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    def only(self, method: str, path: str) -> Asked:
        """The one request of that kind."""
        (found,) = [a for a in self.asked if (a.method, a.path) == (method, path)]
        return found


@contextmanager
def standing_in() -> Iterator[StandIn]:
    """A stand-in on a free port of loopback."""
    stand_in = StandIn()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            parts = urlsplit(self.path)
            reply = stand_in.reply(
                Asked(
                    method=self.command,
                    path=parts.path,
                    query=tuple(parse_qsl(parts.query)),
                    headers={name.lower(): value for name, value in self.headers.items()},
                    body=json.loads(raw) if raw else None,
                )
            )
            self.close_connection = True
            if reply.cut:
                return
            data = reply.raw
            if data is None:
                data = b"" if reply.body is None else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            given = {name.lower() for name in reply.headers}
            if "content-type" not in given:
                self.send_header("Content-Type", "application/json")
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(timestamp) if stand_in.clock is None else stand_in.clock

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet: what was asked is in ``asked``."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    stand_in.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
