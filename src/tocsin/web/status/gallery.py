"""All pictures on show: renewed when the log has moved, and kept for when it cannot be read.

Readers never wait for the database but for the first look at a page; they get what is on show. One
turn after the other looks at every page anew, as soon as there may be news and at least once a
minute. What a turn cannot renew says since when.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from tocsin.store.contract import StorageFailed
from tocsin.web.status.copies import Copies
from tocsin.web.status.showing import Shown
from tocsin.web.status.view import PageView

log = structlog.get_logger(__name__)

Look = Callable[[str], Awaitable[PageView | None]]
"""The picture of the page with that slug as it is now; None when there is no such page.

Raises :class:`StorageFailed` when that cannot be known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """The slugs of all pages there are. ``followed`` is whether pictures made from now on tell all
    that is in the log; if not, another turn is needed soon. ``moved`` are the slugs of pages that
    may have changed since the last list; None: any may have."""

    slugs: tuple[str, ...]
    followed: bool
    moved: frozenset[str] | None = None


List = Callable[[], Awaitable[Listed]]
"""Which pages there are; raises :class:`StorageFailed`."""

MOST_PAGES: Final = 64
"""Pages in memory; one more, and the one that nobody asked for the longest has to go."""
EVERY_SECONDS: Final = 60.0
"""So often at least a picture is made anew: it tells how long ago things were."""
AGAIN_SECONDS: Final = 1.0
"""After a turn that failed."""
LEAST_PAUSE_SECONDS: Final = 0.2
MOST_PAUSE_SECONDS: Final = 0.4
"""Between two turns while the log moves all the time: news is a second late at most."""
PATIENCE_SECONDS: Final = 10.0
"""A turn that takes longer has not failed yet; but what is on show is no longer sure."""
FIRST_SECONDS: Final = 1.0
"""As long a reader waits for the very first turn before copies are shown."""

LOOK_SECONDS: Final = 2.0
"""As long a reader waits for a page that is not in memory, before its copy is shown."""


class Gallery:
    """The pages that are shown. Used on one event loop.

    ``look`` and ``listed`` read what is, ``copies`` outlive this process, ``clock`` tells the time;
    ``subscribe`` is whether one can subscribe to them.
    """

    def __init__(
        self,
        *,
        look: Look,
        listed: List,
        copies: Copies,
        clock: Callable[[], datetime],
        subscribe: bool = False,
    ) -> None:
        self._look = look
        self._listed = listed
        self._copies = copies
        self._clock = clock
        self._subscribe = subscribe
        self._shown: OrderedDict[str, Shown] = OrderedDict()
        self._known: frozenset[str] | None = None
        self._looking: dict[str, asyncio.Future[Shown | None]] = {}
        self._tried = asyncio.Event()
        self._away_since: datetime | None = None
        self._finished = False

    @property
    def held(self) -> Collection[str]:
        """The slugs of the pages in memory."""
        return self._shown.keys()

    @property
    def stale(self) -> int:
        """How many of them could not be renewed. From any thread."""
        return sum(shown.stale_since is not None for shown in tuple(self._shown.values()))

    def on_show(self, slug: str) -> Shown | None:
        """What is shown of the page at once, if it is in memory."""
        found = self._shown.get(slug)
        if found is not None:
            self._shown.move_to_end(slug)
        return found

    async def find(self, slug: str) -> Shown | None:
        """What is shown of the page; None when there is no such page.

        Raises:
            StorageFailed: nothing is known of it, and there is no copy.
        """
        if not self._tried.is_set():
            await _rung(self._tried, seconds=FIRST_SECONDS)
        shown = self.on_show(slug)
        if shown is not None:
            return shown
        if self._known is not None and slug not in self._known:
            return None
        looking = self._looking.get(slug)
        if looking is None:
            looking = asyncio.ensure_future(self._look_first(slug))
            self._looking[slug] = looking
        return await asyncio.shield(looking)

    async def keep_up(self, bell: asyncio.Event) -> None:
        """Renew what is shown whenever *bell* rings, and every minute; until it is cancelled."""
        while True:
            bell.clear()
            began = time.monotonic()
            turn = asyncio.ensure_future(self.renew())
            try:
                done, _ = await asyncio.wait((turn,), timeout=PATIENCE_SECONDS)
                if not done:
                    self._away(why="the database takes its time")
                    await asyncio.wait((turn,))
            finally:
                turn.cancel()
            if self._away_since is not None:
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            spent = time.monotonic() - began
            await asyncio.sleep(min(max(LEAST_PAUSE_SECONDS, 4 * spent), MOST_PAUSE_SECONDS))
            if turn.result():
                await _rung(bell, seconds=EVERY_SECONDS)

    async def renew(self) -> bool:
        """One turn: look at every page that is shown, and at others while there is room. Whether
        what is on show now is all there is to tell."""
        turns = await asyncio.gather(self._turn(), return_exceptions=True)
        found = turns[0]
        if isinstance(found, BaseException):
            if not isinstance(found, StorageFailed):
                # Whatever it is, what is on show stays there and says how old it is.
                log.error("status pages failed", action="status_pages_failed", exc_info=found)
            self._away(why=str(found))
        elif self._away_since is not None:
            log.info("status pages are renewed again", action="status_pages_fresh")
            self._away_since = None
        self._tried.set()
        return found is True

    async def _turn(self) -> bool:
        listed = await self._listed()
        known = listed.slugs
        if frozenset(known) != self._known:
            self._known = frozenset(known)
            for slug in [slug for slug in self._shown if slug not in self._known]:
                del self._shown[slug]
            for slug in await asyncio.to_thread(self._copies.slugs):
                if slug not in self._known:
                    await self._forget(slug)
        room = max(0, MOST_PAGES - len(self._shown))
        waiting = [slug for slug in known if slug not in self._shown][:room]
        every = listed.moved is None or not self._finished
        self._finished = False
        for slug in (*self._shown, *waiting):
            if not (every or slug in (listed.moved or ()) or self._is_due(slug)):
                continue
            found = (await asyncio.gather(self._look_again(slug), return_exceptions=True))[0]
            if isinstance(found, StorageFailed):
                raise found
            if isinstance(found, BaseException):
                self._failed(slug, found)
        self._finished = True
        return listed.followed

    def _is_due(self, slug: str) -> bool:
        shown = self._shown.get(slug)
        if shown is None or shown.stale_since is not None:
            return True
        return (self._clock() - shown.picture.made_at).total_seconds() >= EVERY_SECONDS

    async def _look_again(self, slug: str) -> None:
        picture = await self._look(slug)
        if picture is None:
            self._shown.pop(slug, None)
            await self._forget(slug)
        else:
            await self._show(slug, picture, asked=False)

    def _failed(self, slug: str, why: BaseException) -> None:
        """One page cannot be made; the others are none the worse for it."""
        log.error("a status page failed", action="status_page_failed", page=slug, exc_info=why)
        shown = self._shown.get(slug)
        if shown is not None and shown.stale_since is None:
            self._shown[slug] = self._made(shown.picture, stale_since=self._clock())

    async def _look_first(self, slug: str) -> Shown | None:
        try:
            if self._away_since is not None:
                return await self._copy(slug, StorageFailed("the database is away"))
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    picture = await self._look(slug)
            except StorageFailed as failed:
                return await self._copy(slug, failed)
            except TimeoutError:
                return await self._copy(slug, StorageFailed("the database takes its time"))
            return None if picture is None else await self._show(slug, picture, asked=True)
        finally:
            del self._looking[slug]

    async def _copy(self, slug: str, failed: StorageFailed) -> Shown:
        """The page as it was when it was last kept."""
        try:
            picture = await asyncio.to_thread(self._copies.read, slug)
        except OSError as damaged:
            log.warning(str(damaged), action="copy_unreadable", page=slug)
            raise failed from damaged
        if picture is None:
            raise failed
        return self._put(slug, self._made(picture, stale_since=picture.made_at), asked=True)

    async def _show(self, slug: str, picture: PageView, *, asked: bool) -> Shown:
        before = self._shown.get(slug)
        if before is not None and not _is_news(before, picture):
            return before
        shown = self._made(picture)
        if before is not None:
            await asyncio.to_thread(shown.prepare, before.hot)
        changed = before is None or _without_instant(before.picture) != _without_instant(picture)
        put = self._put(slug, shown, asked=asked)
        await self._keep(slug, picture, durably=changed)
        return put

    def _put(self, slug: str, shown: Shown, *, asked: bool) -> Shown:
        is_new = slug not in self._shown
        self._shown[slug] = shown
        if asked:
            self._shown.move_to_end(slug)
        elif is_new:
            self._shown.move_to_end(slug, last=False)
        while len(self._shown) > MOST_PAGES:
            self._shown.popitem(last=False)
        return shown

    def _made(self, picture: PageView, *, stale_since: datetime | None = None) -> Shown:
        return Shown(picture, stale_since=stale_since, subscribe=self._subscribe)

    async def _keep(self, slug: str, picture: PageView, *, durably: bool) -> None:
        try:
            await asyncio.to_thread(lambda: self._copies.keep(slug, picture, durably=durably))
        except OSError as failed:
            log.warning(str(failed), action="copy_not_kept", page=slug)

    async def _forget(self, slug: str) -> None:
        try:
            await asyncio.to_thread(self._copies.drop, slug)
        except OSError as failed:
            log.warning(str(failed), action="copy_not_dropped", page=slug)

    def _away(self, *, why: str) -> None:
        """From now on what is shown says that it may be out of date."""
        if self._away_since is None:
            self._away_since = self._clock()
            log.warning(why, action="status_pages_stale")
        for slug, shown in self._shown.items():
            if shown.stale_since is None:
                self._shown[slug] = self._made(shown.picture, stale_since=self._away_since)


async def _rung(bell: asyncio.Event, *, seconds: float) -> None:
    """Wait for *bell*, but no longer than that."""
    waiting = asyncio.ensure_future(bell.wait())
    try:
        await asyncio.wait((waiting,), timeout=seconds)
    finally:
        waiting.cancel()


def _is_news(shown: Shown, picture: PageView) -> bool:
    if shown.stale_since is not None:
        return True
    if (picture.made_at - shown.picture.made_at).total_seconds() >= EVERY_SECONDS:
        return True
    return _without_instant(shown.picture) != _without_instant(picture)


def _without_instant(picture: PageView) -> PageView:
    return dataclasses.replace(picture, made_at=picture.updated_at)
