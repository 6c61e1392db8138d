"""A browser over the real dashboard: it keeps its cookie, and sends the forms that it was given."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from html.parser import HTMLParser
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import urlencode

from cryptography.fernet import Fernet

from tests.handler.acting import House, house
from tocsin.adapters.rest.application import make_application
from tocsin.adapters.rest.explaining import Explaining
from tocsin.adapters.rest.gateway import Gateway
from tocsin.app.receivers import receivers
from tocsin.app.signing_in import sign_in_links
from tocsin.app.within import Within
from tocsin.core.errors import Overloaded
from tocsin.handler.submission import Outcome, Submission
from tocsin.store.contract import ReadTurn, StorageFailed
from tocsin.store.sealing import opened, sealed
from tocsin.web.dashboard.serving import Dashboard
from tocsin.web.dashboard.sessions import Sessions

T = TypeVar("T")
NOTHING: Mapping[str, str] = MappingProxyType({})
HOST = "desk.example"
KEY = Fernet.generate_key()


@dataclass(frozen=True)
class Page:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str


@dataclass
class Seconds:
    """Seconds that a test lets pass."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def sessions_under(key: bytes) -> Sessions:
    """Sessions of an installation with that key; ids are counted."""
    numbers = count(1)
    return Sessions(
        seal=lambda inside: sealed(key, inside),
        unseal=lambda box: opened(key, box),
        forms_key=b"forms of " + key,
        fresh=lambda: f"session-{next(numbers)}",
    )


@dataclass
class Desk:
    """One gateway's dashboard over a house; ``away``: the database does not answer; ``full``: the
    writer takes nothing more."""

    house: House
    loop: asyncio.AbstractEventLoop
    within: Within
    seconds: Seconds = field(default_factory=Seconds)
    key: bytes = KEY
    public_url: str | None = None
    away: bool = False
    full: bool = False
    mails: bool = False
    observed: list[tuple[str, int]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)
    dashboard: Dashboard = field(init=False)

    def __post_init__(self) -> None:
        self.dashboard = Dashboard(
            read=self.read,
            perform=self.within.perform,
            follow=self.within.follow,
            sessions=sessions_under(self.key),
            clock=self.clock,
            steady=self.seconds,
            fresh=lambda: f"fresh-{next(self.numbers)}",
            links=sign_in_links(self.key, url=self.public_url or f"http://{HOST}"),
            submit=self.submit,
            mail_link=self.within.mail_link if self.mails else None,
            public_url=self.public_url,
            observe=lambda what, status: self.observed.append((what, status)),
        )

    def clock(self) -> datetime:
        """The house's time."""
        return self.house.clock()

    async def read(self, work: Callable[[ReadTurn], T], /) -> T:
        """What *work* finds."""
        if self.away:
            raise StorageFailed("the database is away")
        with self.house.store.reading() as turn:
            return work(turn)

    async def submit(self, submission: Submission) -> Outcome:
        """Have the writer do something as the system."""
        if self.full:
            raise Overloaded("too much is waiting to be written", retry_after=1)
        return await self.house.writer.submit(submission, asyncio.get_running_loop())

    def key_of(self, who: str) -> str:
        """The API key of one of the cast."""
        return f"tk_{self.house.keys[who].key_id}_{who}"


@dataclass
class Browser:
    """One person's browser; ``cookie`` is ``name=value``, empty where it has none."""

    desk: Desk
    cookie: str = ""
    peer: str = "127.0.0.1"

    def get(self, path: str, *, method: str = "GET", headers: Mapping[str, str] = NOTHING) -> Page:
        """One page."""
        return self._asked(method, path, b"", headers)

    def post(
        self,
        path: str,
        fields: Mapping[str, str | Sequence[str]],
        headers: Mapping[str, str] = NOTHING,
    ) -> Page:
        """A form sent; from a page of this very server, unless *headers* say otherwise."""
        sent = {"origin": f"http://{HOST}", "content-type": "application/x-www-form-urlencoded"}
        body = urlencode(fields, doseq=True).encode()
        return self._asked("POST", path, body, {**sent, **headers})

    def fill_in(
        self,
        path: str,
        fields: Mapping[str, str | Sequence[str]],
        *,
        on: str | None = None,
        action: str | None = None,
    ) -> Page:
        """Open the page *on* (else *path*), and send its form of that *action* (else *path*) to
        *path* with these fields over what it carries hidden."""
        page = self.get(path if on is None else on)
        assert page.status == 200, page.text
        carried = hidden(page.text, action or path)
        return self.post(path, {**carried, **fields})

    def sign_in(self, who: str, *, next_path: str = "/") -> Page:
        """Sign in as one of the cast."""
        return self.post("/sign-in", {"key": self.desk.key_of(who), "next": next_path})

    def _asked(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Page:
        where, _, query = path.partition("?")
        sent = {"host": HOST, **headers}
        if self.cookie:
            sent["cookie"] = self.cookie
        messages: list[Any] = []
        unread = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Any:
            return unread.pop() if unread else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            messages.append(message)

        scope: Any = {
            "type": "http",
            "method": method,
            "scheme": "http",
            "path": where,
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent.items()],
            "client": (self.peer, 40_000),
        }
        self.desk.loop.run_until_complete(self.desk.dashboard(scope, receive, send))
        start, *rest = messages
        found = {name.decode(): value.decode() for name, value in start["headers"]}
        assert len(found) == len(start["headers"]), "a header stands there twice"
        if "set-cookie" in found:
            pair = found["set-cookie"].partition(";")[0]
            self.cookie = pair if pair.partition("=")[2] else ""
        return Page(start["status"], found, b"".join(one["body"] for one in rest).decode())


class _Forms(HTMLParser):
    """The hidden fields of the forms of a page, by where each is sent."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str]] = {}
        self._action = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._action = given.get("action", "")
            self.found.setdefault(self._action, {})
        elif tag == "input" and given.get("type") == "hidden" and self._action:
            self.found[self._action][given["name"]] = given["value"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._action = ""


def hidden(text: str, action: str) -> dict[str, str]:
    """What the form that is sent to *action* carries; it stands on the page *text*."""
    found = _Forms(text).found
    assert action in found, f"no form is sent to {action}; there are {sorted(found)}"
    return found[action]


@contextmanager
def desk(
    folder: Path,
    *,
    at: str | None = None,
    explaining: Callable[[House], Explaining] | None = None,
) -> Iterator[Desk]:
    """A dashboard over a furnished house in *folder*, or in the database *at* an address;
    *explaining* asks sources of telemetry, where there are any."""
    with (
        house(folder, at=at) as furnished,
        ThreadPoolExecutor(1) as readers,
        closing(asyncio.new_event_loop()) as loop,
    ):
        gateway = Gateway(
            store=furnished.store,
            writer=furnished.writer,
            clock=furnished.clock,
            entropy=lambda: (next(furnished.numbers) * 2_654_435_761_123) % (1 << 62),
            readers=readers,
            cursor_key=b"k" * 32,
            receivers=receivers(now=furnished.clock),
            unseal=lambda box: box[::-1],
            explaining=None if explaining is None else explaining(furnished),
        )
        yield Desk(house=furnished, loop=loop, within=Within(make_application(gateway)))
