"""Public status pages in this process: what they read, how they hear of news, where copies are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

from prometheus_client import Counter, Gauge

from tocsin.adapters.rest.announcing import Announcer
from tocsin.adapters.rest.metrics import Metrics
from tocsin.core.public_notices import KINDS
from tocsin.core.records import StatusPage
from tocsin.projections.public_network import PublicNetwork
from tocsin.projections.public_notices import PUBLIC, public_rows
from tocsin.store.contract import PageRow, ReadTurn, Store
from tocsin.web.status.copies import Copies
from tocsin.web.status.gallery import Gallery, Listed
from tocsin.web.status.picture import picture
from tocsin.web.status.serving import StatusPages
from tocsin.web.status.subscribing import Subscribing
from tocsin.web.status.view import PageView

T = TypeVar("T")

COPIES: Final = "status-pages"
"""The folder of copies, in the data folder."""
MOST_NEWS: Final = 5_000
"""Events that are looked through for what moves a page; beyond that every page is looked at."""
_RECORDS: Final = ("service:", "status_page:")
_NETWORK: Final = ("device:", "link:")
_EFFECTIVE: Final = frozenset(
    {
        *("incident.status_changed", "incident.resolved", "incident.closed", "incident.reopened"),
        *("maintenance.started", "maintenance.completed", "maintenance.cancelled"),
        *("maintenance.closed", "maintenance.confirmed", "maintenance.status_changed"),
    }
)
"""Kinds of events after which devices and links may stand otherwise, besides those of public
words."""


def copies_in(data: Path) -> Copies:
    """The copies of a data folder."""
    return Copies(data / COPIES)


def page_address(url: str, slug: str) -> str:
    """Where the public finds a page of the server at *url*."""
    return f"{url.rstrip('/')}/status/{slug}"


def look_at(
    turn: ReadTurn, slug: str, *, url: str, now: datetime, network: PublicNetwork
) -> PageView | None:
    """The page with that slug, of the server at *url*, as it is *now*; None if there is none.
    *network* finds the devices and links of one that shows them."""
    row = turn.page(slug)
    if row is None:
        return None
    rows = public_rows(turn, row.org_id, page=row.stream)
    if rows is None:
        return None
    facts = network.facts(turn, row.org_id, at=now) if rows.page.shows_network else None
    return picture(
        rows.page,
        rows.services,
        rows.notices,
        now=now,
        url=page_address(url, slug),
        network=facts,
    )


def listed_in(turn: ReadTurn, *, since: int | None) -> tuple[Listed, int]:
    """All pages there are, which of them may have moved, and up to where in the log pictures made
    from now on tell everything: *since* when the next list is asked for; None at first."""
    followed, last, rows = turn.checkpoint(PUBLIC), turn.last_position(), turn.pages()
    moved: frozenset[str] | None = None
    if since is not None and last - since <= MOST_NEWS:
        news = turn.select(
            "SELECT org_id, stream, kind FROM events WHERE position > ? AND position <= ?",
            (since, last),
            org_id=None,
        )
        told: set[int] = set()
        moved_assets: set[int] = set()
        for org_id, stream, kind in news:
            if kind in KINDS or stream.startswith(_RECORDS):
                told.add(org_id)
            elif stream.startswith(_NETWORK) or kind in _EFFECTIVE:
                moved_assets.add(org_id)
        moved = frozenset(
            row.slug
            for row in rows
            if row.org_id in told or (row.org_id in moved_assets and _shows_network(turn, row))
        )
    slugs = tuple(row.slug for row in rows)
    return Listed(slugs=slugs, followed=followed >= last, moved=moved), followed


def _shows_network(turn: ReadTurn, row: PageRow) -> bool:
    head = turn.head(row.org_id, row.stream)
    return head is not None and isinstance(head.state, StatusPage) and head.state.shows_network


class PublicPages:
    """The public pages of a running server; ``url`` is where others reach it, ``subscribing`` where
    one subscribes, if one can."""

    def __init__(
        self,
        *,
        store: Store,
        readers: Executor,
        announcer: Announcer,
        metrics: Metrics,
        clock: Callable[[], datetime],
        copies: Copies,
        url: str,
        default_page: str | None,
        subscribing: Subscribing | None = None,
    ) -> None:
        self._store = store
        self._readers = readers
        self._announcer = announcer
        self._clock = clock
        self._url = url
        self._requests = metrics.requests
        self._counted: dict[tuple[str, int], Counter] = {}
        self._since: int | None = None
        self._network = PublicNetwork()
        self._keeping: asyncio.Task[None] | None = None
        gallery = Gallery(
            look=self._look,
            listed=self._listed,
            copies=copies,
            clock=clock,
            subscribe=subscribing is not None,
        )
        self.application = StatusPages(
            gallery, default_page=default_page, observe=self._count, subscribing=subscribing
        )
        self._gallery = gallery
        stale = Gauge(
            "tocsin_status_pages_stale",
            "Public pages in memory that could not be renewed.",
            registry=metrics.registry,
        )
        stale.set_function(lambda: gallery.stale)

    def start(self) -> None:
        """Keep them up to date from now on. Called on the event loop."""
        self._keeping = asyncio.get_running_loop().create_task(self._keep_up())

    def stop(self) -> None:
        """Renew them no more; what is on show stays there. Called on the event loop."""
        if self._keeping is not None:
            self._keeping.cancel()

    async def _keep_up(self) -> None:
        bell = self._announcer.subscribe()
        try:
            await self._gallery.keep_up(bell)
        finally:
            self._announcer.unsubscribe(bell)

    async def _look(self, slug: str) -> PageView | None:
        return await self._read(
            lambda turn: look_at(
                turn, slug, url=self._url, now=self._clock(), network=self._network
            )
        )

    async def _listed(self) -> Listed:
        listed, self._since = await self._read(lambda turn: listed_in(turn, since=self._since))
        return listed

    async def _read(self, work: Callable[[ReadTurn], T]) -> T:
        def reading() -> T:
            with self._store.reading() as turn:
                return work(turn)

        return await asyncio.get_running_loop().run_in_executor(self._readers, reading)

    def _count(self, kind: str, status: int) -> None:
        counter = self._counted.get((kind, status))
        if counter is None:
            counter = self._requests.labels(_ENDPOINTS.get(kind, f"{_BELOW}/{kind}"), str(status))
            self._counted[kind, status] = counter
        counter.inc()


_BELOW: Final = "GET /status/{page}"
_ENDPOINTS: Final = {
    "page": _BELOW,
    "incidents": f"{_BELOW}/incidents/{{ref}}",
    "asset": "GET /assets/{name}",
}
