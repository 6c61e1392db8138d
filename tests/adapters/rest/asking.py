"""A client of the real application over a furnished house, in one process and without a socket."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from tests.handler.acting import House, house
from tocsin.adapters.maintnote.writing import CalendarWriter
from tocsin.adapters.rest.application import Application, make_application
from tocsin.adapters.rest.gateway import Gateway
from tocsin.adapters.rest.sign_in_setup import SigningIn
from tocsin.adapters.rest.trial_bench import TrialBench
from tocsin.app.receivers import receivers
from tocsin.app.signing_in import sign_in_links
from tocsin.dispatcher.contract import Delivered
from tocsin.handler.allowances import Allowance

NET = "/v1/orgs/net"
DESK = "https://desk.example"
_AT_ROOT = ("/v1", "/docs", "/openapi", "/v2/", "/api/v2/", "/jsm/")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: status, headers with lower-case names, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The decoded body."""
        return msgspec.json.decode(self.body)

    @property
    def code(self) -> str:
        """The code of a problem document."""
        assert self.headers["content-type"] == "application/problem+json", self.body
        code: str = self.json["code"]
        return code

    @property
    def fields(self) -> set[tuple[str, str]]:
        """Which fields a problem document names, with their codes."""
        return {(one["field"], one["code"]) for one in self.json["errors"]}


@dataclass(slots=True)
class Client:
    """Asks the application as one of the cast; each request has the event loop to itself."""

    house: House
    gateway: Gateway
    application: Application
    loop: asyncio.AbstractEventLoop

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        who: str | None = "owner",
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        peer: str = "127.0.0.1",
    ) -> Answer:
        """One request; *path* may begin behind ``/v1/orgs/net``."""
        return self.loop.run_until_complete(
            self.asked(method, path, body, who=who, raw=raw, headers=headers, peer=peer)
        )

    async def asked(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        who: str | None = "owner",
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        peer: str = "127.0.0.1",
    ) -> Answer:
        """One request among others."""
        sent = {} if who is None else {"authorization": f"Bearer {self.key_of(who)}"}
        payload = raw if raw is not None else b""
        if body is not None:
            payload = msgspec.json.encode(body)
        if payload:
            sent["content-type"] = "application/json"
        sent |= {name.lower(): value for name, value in (headers or {}).items()}
        whole = path if path.startswith(_AT_ROOT) or _bare(path) else NET + path
        where, _, query = whole.partition("?")
        scope: Any = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": where,
            "raw_path": where.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent.items()],
            "client": (peer, 40_000),
            "server": ("127.0.0.1", 8080),
            "state": {},
        }
        messages: list[Any] = []
        unread = [{"type": "http.request", "body": payload, "more_body": False}]

        async def receive() -> Any:
            return unread.pop() if unread else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            messages.append(message)

        await self.application(scope, receive, send)
        return Answer(
            status=messages[0]["status"],
            headers={
                name.decode().lower(): value.decode() for name, value in messages[0]["headers"]
            },
            body=b"".join(one.get("body", b"") for one in messages[1:]),
        )

    def key_of(self, who: str) -> str:
        """The API key of one of the cast (see :func:`tests.handler.acting.house`)."""
        return f"tk_{self.house.keys[who].key_id}_{who}"

    def incident(self, title: str = "Fibre cut", *, who: str = "owner", **given: object) -> Any:
        """Open an incident on the owner's device and return it."""
        body = {
            "type": "incident",
            "title": title,
            "description": "No light since noon.",
            "severity": "sev2",
            "device_pubkey": ["ams-1"],
        }
        answer = self.ask("POST", "/tickets", body | given, who=who)
        assert answer.status == 201, answer.body
        return answer.json

    def maintenance(self, title: str = "Swap optic", *, who: str = "owner", **given: object) -> Any:
        """Plan a maintenance on the owner's device for tomorrow and return it."""
        body = {
            "type": "maintenance",
            "title": title,
            "description": "Optic on Ethernet1.",
            "device_pubkey": ["ams-1"],
            "start_at": "2026-11-21T22:00:00Z",
            "end_at": "2026-11-22T02:00:00Z",
        }
        answer = self.ask("POST", "/tickets", body | given, who=who)
        assert answer.status == 201, answer.body
        return answer.json


def _bare(path: str) -> bool:
    return path.partition("?")[0] in ("/healthz", "/readyz", "/metrics")


@contextmanager
def client(folder: Path, *, at: str | None = None, **settings: Any) -> Iterator[Client]:
    """The application over a furnished house in *folder*, or in the database *at* an address."""
    with (
        house(folder, at=at) as furnished,
        ThreadPoolExecutor(2) as readers,
        closing(asyncio.new_event_loop()) as loop,
    ):
        gateway = Gateway(
            store=furnished.store,
            writer=furnished.writer,
            clock=furnished.clock,
            entropy=lambda: (next(furnished.numbers) * 2_654_435_761_123) % (1 << 62),
            readers=readers,
            cursor_key=b"k" * 32,
            **{
                "calendars": CalendarWriter(),
                "receivers": receivers(now=furnished.clock),
                "signing_in": SigningIn(
                    links=sign_in_links(bytes(32), url=DESK),
                    mail=lambda *letter: Delivered(),
                    bench=TrialBench(),
                    askers=Allowance(burst=50_000, seconds=1.0, clock=time.monotonic),
                    mailboxes=Allowance(burst=5, seconds=60.0, clock=time.monotonic),
                ),
                "unseal": lambda box: box[::-1],
                **settings,
            },
        )
        application = make_application(gateway)
        yield Client(house=furnished, gateway=gateway, application=application, loop=loop)
