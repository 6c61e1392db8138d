"""Which destinations are this process's, and what the store has for them (Design: dispatcher)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from tocsin.core.records import Route
from tocsin.core.subscriptions import SubscriberRoute
from tocsin.core.words import DestinationKind
from tocsin.dispatcher.contract import Pace, Sender
from tocsin.dispatcher.desk import WINDOW, Desk
from tocsin.dispatcher.items import Item
from tocsin.dispatcher.naming import duty_of
from tocsin.dispatcher.subscribers import MOST_OPEN, Ended, Subscribers
from tocsin.store.contract import OrgRow, ReadTurn
from tocsin.store.outgoing import DestinationRow, Trouble

TAIL_LIMIT: Final = 1_000
DUE_LIMIT: Final = 500
MOST_IN_LANE: Final = 10_000
MOST_TAKEN_BACK: Final = 64
"""Lanes in trouble that one desk has in memory at once."""

NO_PACE: Final = Pace(concurrent=1)

Place = tuple[int, str]
"""An org and a route."""


class Desks:
    """A desk for each route whose duty is ours, and how far the outbox was read for all of them.

    The end of the outbox is read once for all desks; one that has no room for what is new there
    falls behind, and reads on by itself when it has. All of it can be forgotten at any moment, and
    is then read anew.
    """

    def __init__(
        self,
        *,
        senders: Mapping[DestinationKind, Sender],
        public_senders: Mapping[DestinationKind, Sender],
        clock: Callable[[], datetime],
        timer: Callable[[], float],
    ) -> None:
        self._senders = senders
        self._public_senders = public_senders
        self._clock = clock
        self._timer = timer
        self._desks: dict[Place, Desk] = {}
        self._tail: int | None = None
        self._log_seen = 0
        self._routes_moved = True
        self._subscribers = Subscribers()
        self._subscribers_moved = True
        self._retrying: frozenset[Place] = frozenset()
        self.orgs: dict[int, OrgRow] = {}
        self.duties: frozenset[str] = frozenset()
        self.more = False
        """Whether the last look was cut short: look again at once."""

    def __iter__(self) -> Iterator[tuple[Place, Desk]]:
        return iter(list(self._desks.items()))

    def has(self, place: Place, desk: Desk) -> bool:
        """Whether *desk* is still the one at *place*."""
        return self._desks.get(place) is desk

    def last(self, place: Place) -> None:
        """Put a desk behind all others: whoever chose first at one round is the last at the
        next."""
        self._desks[place] = self._desks.pop(place)

    def close(self, place: Place) -> None:
        """Forget one desk."""
        del self._desks[place]

    def give_up(self, duty: str) -> None:
        """The duty is another's."""
        for place, _ in self:
            if duty_of(place[1]) == duty:
                self.close(place)
        self._subscribers.give_up(duty)
        self.duties -= {duty}

    def forget(self) -> None:
        """Start over from what is stored."""
        self._desks.clear()
        self._subscribers.forget()
        self.duties = frozenset()
        self._tail = None
        self._routes_moved = self._subscribers_moved = True

    def sender(self, desk: Desk) -> Sender | None:
        """What sends to the desk's kind of destination, if anything does."""
        return self._sender_of(desk.route)

    def _sender_of(self, route: Route) -> Sender | None:
        senders = self._public_senders if isinstance(route, SubscriberRoute) else self._senders
        return senders.get(route.destination.kind)

    def is_behind(self, desk: Desk) -> bool:
        """Whether the desk has room for what the outbox has for it."""
        return desk.room >= WINDOW // 2 and desk.loaded < (self._tail or 0)

    # -- routes ----------------------------------------------------------------------------------

    def look(self, turn: ReadTurn, *, mine: frozenset[str], due: bool) -> None:
        """Read what is new: routes, the end of the outbox, and with *due* what is to be tried
        again. *mine* are the duties of this process."""
        last = turn.last_position()
        if mine != self.duties or (
            last > self._log_seen and turn.sort_moved("route", after=self._log_seen)
        ):
            # Until they are read: the storage may fail before they are.
            self._routes_moved = True
        if mine != self.duties or (
            last > self._log_seen and turn.sort_moved("subscription", after=self._log_seen)
        ):
            self._subscribers_moved = True
        self._log_seen = last
        for place, _ in self:
            if duty_of(place[1]) not in mine:
                self.close(place)
        self.duties = mine
        if self._tail is None:
            self._tail = self._log_seen
        if self._routes_moved:
            self._read_routes(turn, self._tail)
            self._routes_moved = False
        if self._subscribers_moved:
            self._read_subscribers(turn, self._tail)
            self._subscribers_moved = False
        self._tail, self.more = self._read_tail(turn, self._tail)
        if due:
            self._see_to_trouble(turn)
            self.more = self._take_back_due(turn) or self.more

    def _read_routes(self, turn: ReadTurn, tail: int) -> None:
        """Set up a desk for each route that is ours, follow changes, cancel what has ended."""
        self.orgs = {org.org_id: org for org in turn.orgs()}
        for org_id in self.orgs:
            rows = turn.destinations(org_id)
            for head in turn.heads_of_sort(org_id, "route"):
                route = head.state
                if isinstance(route, Route) and duty_of(route.id) in self.duties:
                    self._read_route(turn, org_id, route, head.number, rows, tail)

    def _read_route(
        self,
        turn: ReadTurn,
        org_id: int,
        route: Route,
        number: int,
        rows: Mapping[str, DestinationRow],
        tail: int,
    ) -> None:
        now = self._timer()
        pace = self._pace_of(route)
        desk = self._desks.get((org_id, route.id))
        if desk is None:
            row = rows.get(route.id)
            begun = row or DestinationRow(org_id=org_id, route_id=route.id, position=number)
            desk = self._desks[(org_id, route.id)] = Desk(
                route=route,
                row=begun,
                unread=turn.outgoing_count(org_id, route.id, after=begun.position, upto=tail),
                pace=pace,
                inherited=self._log_seen,
                now=now,
                new=row is None,
            )
            ended = not is_live(route)
        else:
            ended = is_live(desk.route) and not is_live(route)
            desk.follow(route, pace=pace, now=now)
        if ended:
            desk.cancel(self._log_seen)

    def _pace_of(self, route: Route) -> Pace:
        sender = self._sender_of(route)
        return NO_PACE if sender is None else sender.pace

    # -- subscribers -----------------------------------------------------------------------------

    @property
    def can_open(self) -> bool:
        """Whether there is something to do for a subscriber without a desk, and room for one."""
        return self._subscribers.any_waiting and self._open_subscribers() < MOST_OPEN

    def waiting_of_subscribers(self, org_id: int) -> int:
        """How many deliveries wait for the org's subscribers. From any thread."""
        return self._subscribers.waiting_of(org_id) + sum(
            desk.waiting
            for place, desk in self
            if place[0] == org_id and isinstance(desk.route, SubscriberRoute)
        )

    def _open_subscribers(self) -> int:
        return sum(
            isinstance(desk.route, SubscriberRoute) and not desk.is_in_trouble
            for desk in self._desks.values()
        )

    def _read_subscribers(self, turn: ReadTurn, tail: int) -> None:
        self.orgs = {org.org_id: org for org in turn.orgs()}
        for one in self._subscribers.learn(
            turn, self.orgs, duties=self.duties, tail=tail, last=self._log_seen
        ):
            self._end(turn, one)

    def _end(self, turn: ReadTurn, ended: Ended) -> None:
        """Nothing is sent there any more, whatever is noted."""
        desk = self._desks.get(ended.place)
        if desk is None:
            desk = self._open(turn, ended.place, ended.route)
        desk.cancel(self._log_seen)

    def _see_to_trouble(self, turn: ReadTurn) -> None:
        """Let those who wait to be tried again have a desk."""
        self._retrying = self._subscribers.in_trouble(turn)
        for place in self._retrying:
            if place not in self._desks:
                self._open(turn, place, self._subscribers.route(place))

    def open_waiting(self, turn: ReadTurn) -> None:
        """Let those who have waited the longest have a desk, as far as there is room."""
        room = MOST_OPEN - self._open_subscribers() if self._subscribers.any_waiting else 0
        while room > 0 and self._subscribers.any_waiting:
            place = self._subscribers.next()
            self._open(turn, place, self._subscribers.route(place))
            room -= 1

    def _open(self, turn: ReadTurn, place: Place, route: SubscriberRoute) -> Desk:
        tail = self._tail or 0
        row, new = self._subscribers.row(place, tail=tail)
        desk = self._desks[place] = Desk(
            route=route,
            row=row,
            unread=0,
            pace=self._pace_of(route),
            inherited=self._subscribers.inherited(place),
            now=self._timer(),
            new=new,
            watched=False,
        )
        self._take_in(turn, desk, self._subscribers.handed_over(place), upto=tail)
        return desk

    def close_finished(self) -> None:
        """Let go of the desks of subscribers for whom there is nothing to do."""
        for place, desk in self:
            if (
                isinstance(desk.route, SubscriberRoute)
                and desk.is_at_rest
                and place not in self._retrying
            ):
                self._subscribers.at_rest(place, desk.row)
                self.close(place)

    # -- the outbox ------------------------------------------------------------------------------

    def _read_tail(self, turn: ReadTurn, tail: int) -> tuple[int, bool]:
        """Hand what is new in the outbox to the desks; up to where, and whether there is more."""
        found = turn.outgoing(after=tail, limit=TAIL_LIMIT)
        if not found:
            return tail, False
        last = found[-1].position
        items_at: dict[Place, list[Item]] = defaultdict(list)
        for row in found:
            for one in row.deliveries:
                place = (row.org_id, one.route_id)
                if place in self._subscribers and place not in self._desks:
                    self._subscribers.take(place, row.position, row.stream)
                else:
                    items_at[place].append(
                        Item(row.position, row.stream, coalesce_key=one.coalesce_key)
                    )
        for place, desk in self:
            items = items_at.get(place, [])
            if desk.loaded < tail:
                desk.unread += len(items)
            else:
                self._take_in(turn, desk, items, upto=last)
        return last, len(found) == TAIL_LIMIT

    def _take_in(self, turn: ReadTurn, desk: Desk, items: Sequence[Item], *, upto: int) -> None:
        """Hand the desk as many of *items* as it has room for."""
        fitting = items[: desk.room]
        if len(fitting) < len(items):
            desk.unread += len(items) - len(fitting)
            upto = fitting[-1].position if fitting else desk.loaded
        streams = {item.stream for item in fitting}
        org_id, route_id = desk.row.org_id, desk.row.route_id
        desk.take_in(
            fitting,
            upto=upto,
            lanes=turn.lanes(org_id, route_id, streams),
            noted=turn.noted_lanes(org_id, route_id, streams),
            at=self._clock(),
        )

    def refill(self, turn: ReadTurn) -> None:
        """Let those that are behind read on."""
        for (org_id, route_id), desk in self:
            if not self.is_behind(desk):
                continue
            found = turn.outgoing(org_id=org_id, after=desk.loaded, upto=self._tail, limit=WINDOW)
            items = [
                Item(row.position, row.stream, coalesce_key=one.coalesce_key)
                for row in found
                for one in row.deliveries
                if one.route_id == route_id
            ]
            upto = found[-1].position if len(found) == WINDOW else (self._tail or 0)
            desk.unread = max(desk.unread - len(items), 0)
            self._take_in(turn, desk, items, upto=upto)

    # -- trouble ---------------------------------------------------------------------------------

    def _take_back_due(self, turn: ReadTurn) -> bool:
        """Take up lanes in trouble whose time has come; whether there may be more of them."""
        able = {place[1]: desk for place, desk in self if self._takes_back(desk)}
        if not able:
            return False
        taken = False
        # What is in memory is still noted as due: it must not stand in the way of the rest.
        limit = DUE_LIMIT + sum(desk.notes_in_memory for desk in able.values())
        due = turn.due_deliveries(self._clock(), routes=able, limit=limit)
        lanes = dict.fromkeys(
            (one.org_id, one.route_id, one.stream) for one in due if not able[one.route_id].has(one)
        )
        for org_id, route_id, stream in lanes:
            desk = able[route_id]
            if not self._takes_back(desk):
                continue
            noted = turn.noted(
                org_id,
                route_id=route_id,
                stream=stream,
                states=(Trouble.WAITING, Trouble.HELD),
                limit=MOST_IN_LANE,
            )
            lane = turn.lanes(org_id, route_id, (stream,)).get(stream)
            more = len(noted) == MOST_IN_LANE
            taken = desk.take_back(noted, lane, more=more, at=self._clock()) or taken
        return taken and len(due) == limit

    def _takes_back(self, desk: Desk) -> bool:
        """While it is down, only what is needed to find out whether it still is."""
        return (
            self.sender(desk) is not None
            and not desk.notes_to_write
            and desk.lanes_taken_back < MOST_TAKEN_BACK
            and (not desk.is_down or desk.has_nothing_ready)
        )


def is_live(route: Route) -> bool:
    """Whether the route carries anything."""
    return route.enabled and route.removed_at is None
