"""What subscribers to a status page are told of a public update: public words, and nothing else.

It is made of the ticket's public notice as the log tells it now, so that a correction or an erasure
is in it, and never of the ticket.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote

from tocsin.core.claims import SERVICE_CODE
from tocsin.core.facts import Event, stream_name
from tocsin.core.public_notices import PublicNotice
from tocsin.core.records import Service, StatusPage
from tocsin.core.subscriptions import told_on, words_of
from tocsin.core.ticket import ServiceImpact
from tocsin.core.ticket_facts import PublicUpdatePosted
from tocsin.core.words import TicketType
from tocsin.projections.public_notices import notice_in_log
from tocsin.store.contract import ReadTurn, Store

MOST_KEPT: Final = 64
KEPT_SECONDS: Final = 5.0
"""A crowd is told the same: it is read once, but a correction soon shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """How a service is said to be: ``impact`` degraded, partial or major, None operational."""

    code: str
    name: str
    impact: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One public update as a page shows it.

    ``page_url`` and ``url`` are the addresses of the page and of what this is about. ``title`` and
    ``body`` are empty for the end of what was ended on other pages. ``scheduled_for`` and
    ``scheduled_until`` are the window of a maintenance.
    """

    page_code: str
    page_name: str
    page_url: str
    url: str
    ref: str
    kind: TicketType
    title: str
    status: str
    body: str
    update_id: str
    posted_at: datetime
    services: tuple[Impact, ...]
    scheduled_for: datetime | None
    scheduled_until: datetime | None


@dataclass(frozen=True, slots=True)
class _Kept:
    told: Told | None
    until: float


class SubscriptionWords:
    """Reads what is told; from many threads at once.

    ``page_address`` is where the public finds the page of a slug, ``way_out`` where the subscriber
    of an org, by id, ends it on the page of a slug. ``timer`` counts seconds.
    """

    def __init__(
        self,
        *,
        store: Store,
        timer: Callable[[], float],
        page_address: Callable[[str], str],
        way_out: Callable[[int, str, str], str],
    ) -> None:
        self._store = store
        self._timer = timer
        self._page_address = page_address
        self.way_out = way_out
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[int, str, str], _Kept] = OrderedDict()

    def told(self, org_id: int, event: Event, *, page_id: str) -> Told | None:
        """What the page tells by *event*; None when it does not tell it, or is gone.

        Raises:
            StorageFailed: the database is away.
        """
        place = (org_id, event.id, page_id)
        now = self._timer()
        with self._lock:
            kept = self._kept.get(place)
            if kept is not None and now < kept.until:
                return kept.told
        with self._store.reading() as turn:
            found = told_in(turn, org_id, event, page_id=page_id, page_address=self._page_address)
        with self._lock:
            self._kept[place] = _Kept(found, now + KEPT_SECONDS)
            self._kept.move_to_end(place)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return found


def told_in(
    turn: ReadTurn,
    org_id: int,
    event: Event,
    *,
    page_id: str,
    page_address: Callable[[str], str],
) -> Told | None:
    """What the page of that id tells by *event*, as the log has it now; None when it does not.

    Raises:
        LogDamaged: an event of the ticket cannot be read.
    """
    if not isinstance(event.payload, PublicUpdatePosted):
        return None
    head = turn.head(org_id, stream_name("status_page", page_id))
    page = None if head is None else head.state
    if not isinstance(page, StatusPage) or page.removed_at is not None:
        return None
    notice = notice_in_log(turn, org_id, event.stream, until=turn.last_position())
    if notice is None:
        return None
    return _told(turn, org_id, page, notice, event.payload, page_address(page.code))


def _told(
    turn: ReadTurn,
    org_id: int,
    page: StatusPage,
    notice: PublicNotice,
    posted: PublicUpdatePosted,
    address: str,
) -> Told | None:
    shown = told_on(page, notice)
    words = words_of(notice, posted.public_update_id)
    if words is None or words.id not in shown:
        return None
    said = shown[words.id]
    # What was ended on other pages has the title that it had here.
    titles = [one.title for one in notice.updates if shown.get(one.id)]
    return Told(
        page_code=page.code,
        page_name=page.name,
        page_url=address,
        url=f"{address}/incidents/{quote(notice.ref, safe='')}",
        ref=notice.ref,
        kind=notice.kind,
        title=words.title if said else titles[-1] if titles else "",
        status=words.status,
        body=words.body if said else "",
        update_id=words.id,
        posted_at=words.posted_at,
        services=_impacts(turn, org_id, page, words.services) if said else (),
        scheduled_for=notice.start_at,
        scheduled_until=notice.end_at,
    )


def _impacts(
    turn: ReadTurn, org_id: int, page: StatusPage, said: tuple[ServiceImpact, ...]
) -> tuple[Impact, ...]:
    shown = [one for one in said if not page.services or one.code in page.services]
    impacts = {one.code: one.impact for one in shown}
    held = turn.claims(org_id, {(SERVICE_CODE, code) for code in impacts})
    heads = turn.heads(org_id, {*held.values()})
    services = [head.state for head in heads.values() if isinstance(head.state, Service)]
    names = {one.code: one.name for one in services}
    return tuple(
        Impact(code=code, name=names.get(code, code), impact=impact)
        for code, impact in impacts.items()
    )
