"""A status page on which one can subscribe, with its mail server, and whoever sends from it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode, urlsplit

from cryptography.fernet import Fernet

from tests.adapters.email.listening import HOST, Box
from tests.adapters.email.listening import listening as mail_server
from tests.dispatcher.posting import AtOnce, Board, Timer
from tests.handler.acting import House, house
from tocsin.adapters.rest.trial_bench import TrialBench
from tocsin.app.pages import copies_in, look_at
from tocsin.app.public_clerk import Outside, PublicClerk
from tocsin.app.settings import read_settings
from tocsin.app.subscribing import outside
from tocsin.core.commands import PostPublicUpdate, ServiceImpactDraft
from tocsin.core.record_commands import (
    CreateService,
    CreateStatusPage,
)
from tocsin.core.records import Subscription
from tocsin.dispatcher.dispatcher import Dispatcher
from tocsin.dispatcher.naming import DUTIES
from tocsin.handler.allowances import Allowance
from tocsin.projections.public_network import PublicNetwork
from tocsin.store.leasing import Alone
from tocsin.web.status.gallery import Gallery, Listed
from tocsin.web.status.serving import StatusPages
from tocsin.web.status.subscribing import Subscribing
from tocsin.web.status.view import PageView

URL = "https://status.acme.example"
FORM = "application/x-www-form-urlencoded"
KEY = Fernet.generate_key()
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Page:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def words(self) -> str:
        """Its text without tags, white space as single blanks."""
        return " ".join(re.sub(r"<[^>]+>", " ", self.text).split())


@dataclass
class SubscribingTown:
    """The page ``main`` of a house, with the services ``api`` and ``dns``."""

    home: House
    folder: Path
    box: Box
    beyond: Outside
    readers: ThreadPoolExecutor
    timer: Timer = field(default_factory=Timer)
    address: str = "203.0.113.7"
    gallery: Gallery = field(init=False)
    served: StatusPages = field(init=False)
    dispatcher: Dispatcher = field(init=False)
    bench: TrialBench = field(default_factory=TrialBench)
    clerk: type[PublicClerk] = PublicClerk

    def __post_init__(self) -> None:
        clerk = self.clerk(
            self.beyond,
            store=self.home.store,
            writer=self.home.writer,
            readers=self.readers,
            bench=self.bench,
            clock=self.home.clock,
            entropy=lambda: next(self.home.numbers),
            allow_private=True,
            timer=self.timer,
        )
        subscribing = Subscribing(
            clerk,
            trusted=(),
            public_url=URL,
            limit=Allowance(burst=8, seconds=60.0, clock=self.timer),
        )
        self.gallery = Gallery(
            look=self._look,
            listed=self._listed,
            copies=copies_in(self.folder),
            clock=self.home.clock,
            subscribe=True,
        )
        self.served = StatusPages(self.gallery, subscribing=subscribing)
        self.dispatcher = Dispatcher(
            store=self.home.store,
            senders={},
            public_senders=self.beyond.senders,
            leases=Alone(DUTIES),
            unseal=lambda sealed: sealed[::-1],
            workers=AtOnce(),
            clock=self.home.clock,
            timer=self.timer,
            luck=lambda: 0.0,
            alarms=Board(),
        )

    @property
    def net(self) -> int:
        """The org's number."""
        return self.home.orgs["net"]

    async def _look(self, slug: str) -> PageView | None:
        with self.home.store.reading() as turn:
            return look_at(turn, slug, url=URL, now=self.home.clock(), network=PublicNetwork())

    async def _listed(self) -> Listed:
        return Listed(slugs=("main",), followed=True)

    # -- browsing --------------------------------------------------------------------------------

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        body: bytes = b"",
        headers: Mapping[str, str] = NOTHING,
    ) -> Page:
        """One request below the page."""
        parts = urlsplit(path)
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        given = {"host": "status.acme.example", **headers}
        scope = {
            "type": "http",
            "method": method,
            "path": parts.path,
            "query_string": parts.query.encode(),
            "client": (self.address, 4_711),
            "headers": [(name.lower().encode(), text.encode()) for name, text in given.items()],
        }

        async def asked() -> None:
            # Nothing else keeps it up here.
            await self.gallery.renew()
            await self.served(scope, receive, send)

        asyncio.run(asked())
        start, *rest = sent
        return Page(
            start["status"],
            {name.decode(): text.decode() for name, text in start["headers"]},
            b"".join(part["body"] for part in rest).decode(),
        )

    def post(self, path: str, headers: Mapping[str, str] = NOTHING, **fields: Any) -> Page:
        """Send a form."""
        body = urlencode(fields, doseq=True).encode()
        return self.ask(path, method="POST", body=body, headers={"content-type": FORM, **headers})

    def subscribe(self, address: str, kind: str = "email", **fields: Any) -> Page:
        """Fill in the form."""
        return self.post("/status/main/subscribe", kind=kind, address=address, **fields)

    def confirmed(self, address: str, **fields: Any) -> EmailMessage:
        """Subscribe by mail, and follow the link; the mail with the link."""
        before = len(self.box.arrived)
        assert self.subscribe(address, **fields).status == 200
        mail = self.box.mails()[before]
        token = link_in(mail).partition("token=")[2]
        assert self.post("/status/main/subscribe/confirm", token=token).status == 200
        return mail

    # -- the house -------------------------------------------------------------------------------

    def subscriptions(self) -> list[Subscription]:
        """All there are, those that are over too."""
        with self.home.store.reading() as turn:
            heads = turn.heads_of_sort(self.net, "subscription")
        return [head.state for head in heads if isinstance(head.state, Subscription)]

    def secrets(self) -> list[bytes]:
        """What is kept sealed, opened."""
        with self.home.store.reading() as turn:
            rows = turn.select("SELECT sealed FROM secrets ORDER BY id", org_id=None)
        return [bytes(box)[::-1] for (box,) in rows]

    def publish(self, body: str = "Names do not resolve.", **given: Any) -> str:
        """Open an incident whose every internal word is a marker, and tell the public of it."""
        opened = self.home.incident("INTERNAL-TITLE", description="INTERNAL-DESCRIPTION")
        stream = self.home.ask("owner", opened).stream
        fields: dict[str, Any] = {
            "title": "Slow answers",
            "status": "investigating",
            "services": (ServiceImpactDraft(code="api", impact="degraded"),),
        }
        told = PostPublicUpdate(body=body, **(fields | given))
        self.home.ask("admin", told, subject=stream.partition(":")[2])
        return stream

    def deliver(self, rounds: int = 12) -> None:
        """Let what is promised be sent."""
        for _ in range(rounds):
            self.dispatcher.nudge()
            self.dispatcher.round()
            self.timer.now += 0.1


def link_in(mail: EmailMessage) -> str:
    """The link that a mail is about."""
    part = mail.get_body(("plain",))
    assert part is not None
    found = re.search(r"^(?:Confirm|Sign in):\r?\n(\S+)", part.get_content(), re.MULTILINE)
    assert found is not None
    return found[1]


@contextmanager
def subscribing_town(
    folder: Path, *, mail: bool = True, clerk: type[PublicClerk] = PublicClerk
) -> Iterator[SubscribingTown]:
    """One, closed at the end; ``clerk`` does what its pages are for."""
    with (
        house(folder) as home,
        mail_server(Box()) as box,
        ThreadPoolExecutor(2) as readers,
    ):
        for code in ("api", "dns"):
            made = CreateService(service_id=home.fresh(), code=code, name=code.upper())
            home.ask("admin", made, sort="service")
        page = CreateStatusPage(
            status_page_id=home.fresh(), code="main", name="Acme", services=("api", "dns")
        )
        home.ask("admin", page, sort="status_page")
        given = {"data": str(folder), "public_url": URL, "allow_private_destinations": "true"}
        if mail:
            given |= {
                "smtp_host": HOST,
                "smtp_port": str(box.port),
                "smtp_security": "none",
                "mail_from": "tocsin@acme.example",
            }
        beyond = outside(
            read_settings(environ={}, given=given),
            store=home.store,
            clock=home.clock,
            key=KEY,
            url=URL,
        )
        town = SubscribingTown(home, folder, box, beyond, readers, clerk=clerk)
        with closing(town.bench), closing(beyond.hooks):
            yield town
