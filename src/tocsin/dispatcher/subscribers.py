"""Those who have subscribed to status pages, as the dispatcher knows them.

A page may have thousands, and tells them something now and then: each has a desk only while there
is something to do for it, and only few have one at once. What waits for the others is remembered
here. All of it can be forgotten at any moment, and is then read anew from the outbox.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from tocsin.core.records import Subscription
from tocsin.core.subscriptions import SubscriberRoute, route_of
from tocsin.dispatcher.items import Item
from tocsin.dispatcher.naming import duty_of
from tocsin.store.contract import ReadTurn
from tocsin.store.outgoing import DestinationRow, Outgoing, Trouble

MOST_OPEN: Final = 32
"""Subscribers that are seen to at once, but for those in trouble."""
SCANNED_AT_ONCE: Final = 1_000

Place = tuple[int, str]
"""An org and a subscription."""
Waiting = tuple[int, str]
"""A position of the outbox and the ticket's stream."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A subscription that is over, or was when it was first read, with something still noted."""

    place: Place
    route: SubscriberRoute


class Subscribers:
    """The subscriptions whose duty is this process's, and what waits for those without a desk."""

    def __init__(self) -> None:
        self._known: dict[Place, SubscriberRoute] = {}
        self._rows: dict[Place, DestinationRow] = {}
        self._waiting: OrderedDict[Place, list[Waiting]] = OrderedDict()
        self._inherited: dict[Place, int] = {}

    def forget(self) -> None:
        """Start over from what is stored."""
        self._known.clear()
        self._rows.clear()
        self._waiting.clear()
        self._inherited.clear()

    def give_up(self, duty: str) -> None:
        """The duty is another's."""
        for place in [place for place in self._known if duty_of(place[1]) == duty]:
            self._drop(place)

    def _drop(self, place: Place) -> None:
        for kept in (self._known, self._rows, self._waiting, self._inherited):
            kept.pop(place, None)

    # -- what there is ---------------------------------------------------------------------------

    def __contains__(self, place: Place) -> bool:
        return place in self._known

    def route(self, place: Place) -> SubscriberRoute:
        """The subscription as a route."""
        return self._known[place]

    @property
    def any_waiting(self) -> bool:
        """Whether anything waits for one without a desk."""
        return bool(self._waiting)

    def waiting_of(self, org_id: int) -> int:
        """How many deliveries wait for the org's subscribers without a desk. From any thread."""
        return sum(len(items) for place, items in list(self._waiting.items()) if place[0] == org_id)

    def orgs(self) -> frozenset[int]:
        """Those that have subscribers here."""
        return frozenset(org_id for org_id, _ in self._known)

    # -- reading ---------------------------------------------------------------------------------

    def learn(
        self,
        turn: ReadTurn,
        orgs: Collection[int],
        *,
        duties: Collection[str],
        tail: int,
        last: int,
    ) -> list[Ended]:
        """Read them anew, and of those that are new here what the outbox holds up to *tail*;
        *last* is the end of the log. Those that have ended are known no more."""
        found: dict[Place, SubscriberRoute] = {}
        fresh: dict[int, set[str]] = {}
        ended: list[Ended] = []
        for org_id in orgs:
            noted: frozenset[str] | None = None
            for head in turn.heads_of_sort(org_id, "subscription"):
                one = head.state
                if not isinstance(one, Subscription) or duty_of(one.id) not in duties:
                    continue
                place, route = (org_id, one.id), route_of(one)
                if one.removed_at is not None:
                    if noted is None:
                        noted = frozenset(route_id for route_id, _ in turn.noted_count(org_id))
                    if place in self._known or one.id in noted:
                        ended.append(Ended(place, route))
                    continue
                found[place] = route
                if place not in self._known and head.number <= tail:
                    fresh.setdefault(org_id, set()).add(one.id)
        for place in [place for place in self._known if place not in found]:
            self._drop(place)
        self._known = found
        for org_id, ids in fresh.items():
            rows = turn.destinations(org_id)
            for route_id in ids:
                self._inherited[org_id, route_id] = last
                if route_id in rows:
                    self._rows[org_id, route_id] = rows[route_id]
            unsettled = unsettled_in(turn, org_id, rows, ids, upto=tail)
            for position, stream, route_id in unsettled:
                self.take((org_id, route_id), position, stream)
        return ended

    def take(self, place: Place, position: int, stream: str) -> None:
        """The outbox has that for one without a desk."""
        self._waiting.setdefault(place, []).append((position, stream))

    def in_trouble(self, turn: ReadTurn) -> frozenset[Place]:
        """Those with deliveries that are to be tried again."""
        return frozenset(
            place
            for org_id in self.orgs()
            for route_id, state in turn.noted_count(org_id)
            if state is not Trouble.PARKED and (place := (org_id, route_id)) in self._known
        )

    # -- desks -----------------------------------------------------------------------------------

    def next(self) -> Place:
        """Who has waited the longest."""
        return next(iter(self._waiting))

    def row(self, place: Place, *, tail: int) -> tuple[DestinationRow, bool]:
        """How far it has come, everything up to what waits for it being settled, and whether that
        was never written."""
        row = self._rows.get(place)
        new = row is None
        if row is None:
            row = DestinationRow(org_id=place[0], route_id=place[1], position=0)
        waiting = self._waiting.get(place)
        settled = max(row.position, waiting[0][0] - 1 if waiting else tail)
        ahead = tuple(one for one in row.ahead if one > settled)
        return replace(row, position=settled, ahead=ahead), new

    def inherited(self, place: Place) -> int:
        """The last position that a predecessor may have sent."""
        return self._inherited.get(place, 0)

    def handed_over(self, place: Place) -> list[Item]:
        """What waits for it: its desk has it from now on."""
        return [Item(position, stream) for position, stream in self._waiting.pop(place, ())]

    def at_rest(self, place: Place, row: DestinationRow) -> None:
        """Its desk is closed, having come so far."""
        if place in self._known:
            self._rows[place] = row


def unsettled_in(
    turn: ReadTurn,
    org_id: int,
    rows: Mapping[str, DestinationRow],
    ids: Collection[str],
    *,
    upto: int,
) -> Iterator[tuple[int, str, str]]:
    """What the outbox has up to *upto* for subscriptions *ids* that is not settled: position,
    stream and subscription, in the order of the log."""
    after = 0
    while found := _outbox(turn, org_id, after=after, upto=upto):
        for row in found:
            for one in row.deliveries:
                if one.route_id in ids and not _is_settled(rows.get(one.route_id), row.position):
                    yield row.position, row.stream, one.route_id
        after = found[-1].position


def _outbox(turn: ReadTurn, org_id: int, *, after: int, upto: int) -> list[Outgoing]:
    return list(turn.outgoing(org_id=org_id, after=after, upto=upto, limit=SCANNED_AT_ONCE))


def _is_settled(row: DestinationRow | None, position: int) -> bool:
    return row is not None and (position <= row.position or position in row.ahead)
