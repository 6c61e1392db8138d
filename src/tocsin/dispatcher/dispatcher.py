"""The thread that gets the word out: leases, reads, hands out, hears, marks, round after round.

A round never waits for a neighbour: sending is done by workers, each send bounded in time. What
they report is marked in one transaction for all destinations, under the leases that were held when
it was sent. Everything that is only in memory can be lost at any moment; it is read again.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Final

import structlog

from tocsin.core.errors import Overloaded
from tocsin.core.policy_reading import DEFAULT_POLICY
from tocsin.core.records import Destination, Policy, Record, Route
from tocsin.core.ticket import Ticket
from tocsin.core.words import DestinationKind
from tocsin.dispatcher.contract import (
    SEND_SECONDS,
    Addressee,
    Delivered,
    Pace,
    Parcel,
    Refused,
    Sender,
    Verdict,
)
from tocsin.dispatcher.desk import WINDOW, Desk, Item
from tocsin.dispatcher.naming import DUTIES, delivery_id, duty_of
from tocsin.dispatcher.outcomes import (
    Alarms,
    DestinationFigures,
    DestinationTrouble,
    Observe,
)
from tocsin.store.contract import OrgRow, ReadTurn, StorageFailed, Store
from tocsin.store.leasing import Leases
from tocsin.store.outgoing import DestinationRow, Settlement
from tocsin.store.outgoing import Trouble as NotedState

log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 1.0
"""How often to look for news that nobody has told of: what other processes wrote."""

MARK_SECONDS: Final = 0.05
"""Between two marks: what is sent within may be sent again after a crash, under the same ids."""

HOUSEKEEPING_SECONDS: Final = 60.0
TAIL_LIMIT: Final = 1_000
DUE_LIMIT: Final = 500
MOST_IN_LANE: Final = 10_000
MOST_OUT: Final = 96
"""Sends at once, of all destinations: about as many as there are workers."""

NO_PACE: Final = Pace(concurrent=1)

Place = tuple[int, str]
"""An org and a route."""


@dataclass(frozen=True, slots=True)
class _Handed:
    desk: Desk
    item: Item
    parcel: Parcel
    sender: Sender


class Dispatcher:
    """Sends what the outbox holds, for the destinations whose duty this process has.

    ``senders`` are those there are, by kind; what goes to another kind waits. ``unseal`` opens a
    sealed secret. ``clock`` says what time it is, ``timer`` counts seconds, ``luck`` gives random
    numbers from 0 to 1. ``workers`` runs the sends. ``observe`` is told what became of deliveries,
    ``alarms`` of destinations that are down for long.

    Tests call :meth:`round` themselves.
    """

    def __init__(
        self,
        *,
        store: Store,
        senders: Mapping[DestinationKind, Sender],
        leases: Leases,
        unseal: Callable[[bytes], bytes],
        workers: Executor,
        clock: Callable[[], datetime],
        timer: Callable[[], float],
        luck: Callable[[], float],
        alarms: Alarms,
        observe: Observe = lambda org, route, kind, outcome, count: None,
    ) -> None:
        self._store = store
        self._senders = senders
        self._leases = leases
        self._unseal = unseal
        self._workers = workers
        self._clock = clock
        self._timer = timer
        self._luck = luck
        self._alarms = alarms
        self._observe = observe
        self._desks: dict[Place, Desk] = {}
        self._orgs: dict[int, OrgRow] = {}
        self._duties: frozenset[str] = frozenset()
        self._secrets: dict[str, bytes] = {}
        self._tail: int | None = None
        self._log_seen = 0
        self._more = False
        self._looked_at = self._marked_at = self._told_at = -LOOK_SECONDS
        self._kept_house_at = timer()
        self._heard: deque[tuple[_Handed, Verdict | None]] = deque()
        self._out = 0
        self._bell = threading.Event()
        self._news = True
        self._stopping = threading.Event()
        self._troubled = False
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)

    # -- the thread ------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Hand out no more, wait for what is out, mark it, give the duties back."""
        self._stopping.set()
        self._bell.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def running(self) -> bool:
        """Whether rounds are made."""
        return self._thread.is_alive()

    def nudge(self) -> None:
        """There is news in the outbox: look at once. From any thread."""
        self._news = True
        self._bell.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            pause = self._safe_round()
            if pause > 0:
                self._bell.wait(pause)
            self._bell.clear()
        self._finish()

    def _safe_round(self) -> float:
        """A round; when the storage is away a pause, and everything that waits goes on waiting."""
        try:
            pause = self.round()
        except StorageFailed as failed:
            if not self._troubled:
                log.error("cannot dispatch", action="dispatch_failed", reason=failed.reason)
            self._troubled = True
            return LOOK_SECONDS
        except Exception:
            # Nothing here is only in memory: read it all again, rather than stop for good.
            log.exception("a round failed", action="dispatch_broken")
            self._desks.clear()
            self._duties = frozenset()
            self._tail, self._news = None, True
            return LOOK_SECONDS
        if self._troubled:
            log.info("dispatching again", action="dispatch_works")
        self._troubled = False
        return pause

    def _finish(self) -> None:
        """What is out comes back within a send's time; mark it, and let others take over."""
        last = self._timer() + 2 * SEND_SECONDS
        while self._out and self._timer() < last:
            self._hear()
            self._bell.wait(LOOK_SECONDS / 10)
            self._bell.clear()
        try:
            self._hear()
            self._mark()
            self._leases.give_back(self._duties)
        except StorageFailed as failed:
            log.error("cannot mark", action="dispatch_failed", reason=failed.reason)

    # -- a round ---------------------------------------------------------------------------------

    def round(self) -> float:
        """Do what can be done now; in how many seconds there may be more.

        Raises:
            StorageFailed: the database is away; nothing is lost by it.
        """
        pauses = [LOOK_SECONDS, self._leases.tend()]
        self._hear()
        now = self._timer()
        if any(desk.dirty for desk in self._desks.values()):
            if now - self._marked_at >= MARK_SECONDS:
                self._mark()
            else:
                pauses.append(self._marked_at + MARK_SECONDS - now)
        look = self._news or self._more or now - self._looked_at >= LOOK_SECONDS
        if look or any(self._has_work(desk, now) for desk in self._desks.values()):
            with self._store.reading() as turn:
                if look:
                    self._look(turn, now)
                self._refill(turn)
                handed = self._hand_out(turn)
            for one in handed:
                self._workers.submit(self._send, one)
        if now - self._told_at >= LOOK_SECONDS:
            self._told_at = now
            self._tell_of_trouble()
            self._give_up_unwanted()
        if now - self._kept_house_at >= HOUSEKEEPING_SECONDS:
            self._kept_house_at = now
            self._keep_house()
        return min([*pauses, *self._wakes()])

    def _wakes(self) -> list[float]:
        now = self._timer()
        if self._out >= MOST_OUT:
            return []
        wakes = [0.0] if self._more else []
        for desk in self._desks.values():
            if self._is_behind(desk):
                wakes.append(0.0)
            at = desk.wakes_at(now) if self._sender(desk) is not None else None
            if at is not None:
                wakes.append(max(at - now, 0.0))
        return wakes

    def _has_work(self, desk: Desk, now: float) -> bool:
        at = desk.wakes_at(now)
        return (at is not None and at <= now) or self._is_behind(desk)

    def _is_behind(self, desk: Desk) -> bool:
        return desk.room >= WINDOW // 2 and desk.loaded < (self._tail or 0)

    def _sender(self, desk: Desk) -> Sender | None:
        return self._senders.get(desk.route.destination.kind)

    # -- looking ---------------------------------------------------------------------------------

    def _look(self, turn: ReadTurn, now: float) -> None:
        """Read what is new: duties, routes, the end of the outbox, what is due again."""
        self._news = False
        mine = self._leases.mine()
        routes_moved = self._routes_moved(turn) or mine != self._duties
        for place in [one for one in self._desks if duty_of(one[1]) not in mine]:
            del self._desks[place]
        self._duties = mine
        if self._tail is None:
            self._tail = self._log_seen
        if routes_moved:
            self._read_routes(turn, self._tail)
        self._tail, full = self._read_tail(turn, self._tail)
        if now - self._looked_at >= LOOK_SECONDS or self._more:
            self._looked_at = now
            full = self._take_back_due(turn) or full
        self._more = full

    def _routes_moved(self, turn: ReadTurn) -> bool:
        seen, self._log_seen = self._log_seen, turn.last_position()
        if seen == self._log_seen:
            return False
        found = turn.select(
            "SELECT 1 FROM events WHERE position > ? AND stream >= 'route:' AND stream < 'route;'"
            " LIMIT 1",
            (seen,),
        )
        return bool(found)

    def _read_routes(self, turn: ReadTurn, tail: int) -> None:
        """Set up a desk for each route that is ours, follow changes, cancel what has ended."""
        self._orgs = {org.org_id: org for org in turn.orgs()}
        for org_id in self._orgs:
            rows = turn.destinations(org_id)
            for head in turn.heads_of_sort(org_id, "route"):
                route = head.state
                if isinstance(route, Route) and duty_of(route.id) in self._duties:
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
        desk = self._desks.get((org_id, route.id))
        if desk is None:
            row = rows.get(route.id)
            begun = row or DestinationRow(org_id=org_id, route_id=route.id, position=number)
            sender = self._senders.get(route.destination.kind)
            desk = self._desks[(org_id, route.id)] = Desk(
                route=route,
                row=begun,
                unread=turn.outgoing_count(org_id, route.id, after=begun.position, upto=tail),
                pace=NO_PACE if sender is None else sender.pace,
                inherited=self._log_seen,
                now=now,
                new=row is None,
            )
            ended = not _is_live(route)
        else:
            ended = _is_live(desk.route) and not _is_live(route)
            desk.follow(route, now=now)
        if ended:
            desk.cancel(self._log_seen)

    def _read_tail(self, turn: ReadTurn, tail: int) -> tuple[int, bool]:
        """Hand what is new in the outbox to the desks; up to where, and whether there is more."""
        found = turn.outgoing(after=tail, limit=TAIL_LIMIT)
        if not found:
            return tail, False
        last = found[-1].position
        rows_of: dict[Place, list[Item]] = defaultdict(list)
        for row in found:
            for one in row.deliveries:
                rows_of[(row.org_id, one.route_id)].append(
                    Item(row.position, row.stream, coalesce_key=one.coalesce_key)
                )
        for place, desk in self._desks.items():
            items = rows_of.get(place, [])
            if desk.loaded < tail:
                desk.unread += len(items)
            else:
                self._take_in(turn, desk, items, upto=last)
        return last, len(found) == TAIL_LIMIT

    def _take_in(self, turn: ReadTurn, desk: Desk, items: Sequence[Item], *, upto: int) -> int:
        """As many of *items* as there is room for; how many."""
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
        return len(fitting)

    def _refill(self, turn: ReadTurn) -> None:
        for (org_id, route_id), desk in self._desks.items():
            if not self._is_behind(desk):
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

    def _take_back_due(self, turn: ReadTurn) -> bool:
        """Take up lanes in trouble whose time has come; whether there may be more of them."""
        able = {
            route_id: desk
            for (_, route_id), desk in self._desks.items()
            if self._sender(desk) is not None
            and not desk.notes_to_write
            and desk.lanes_in_memory < WINDOW
            and (not desk.is_down or desk.has_nothing_ready)
        }
        if not able:
            return False
        taken = False
        due = turn.due_deliveries(self._clock(), routes=able, limit=DUE_LIMIT)
        for org_id, route_id, stream in dict.fromkeys(
            (one.org_id, one.route_id, one.stream) for one in due
        ):
            desk = able[route_id]
            if desk.lanes_in_memory >= WINDOW or (desk.is_down and not desk.has_nothing_ready):
                continue
            noted = turn.noted(
                org_id,
                route_id=route_id,
                stream=stream,
                states=(NotedState.WAITING, NotedState.HELD),
                limit=MOST_IN_LANE,
            )
            lane = turn.lanes(org_id, route_id, (stream,)).get(stream)
            taken = desk.take_back(noted, lane) or taken
        return taken and len(due) == DUE_LIMIT

    # -- sending ---------------------------------------------------------------------------------

    def _hand_out(self, turn: ReadTurn) -> list[_Handed]:
        now = self._timer()
        unwanted = self._leases.unwanted()
        picked: list[tuple[Desk, Item, Sender]] = []
        for place, desk in list(self._desks.items()):
            duty, sender = duty_of(place[1]), self._sender(desk)
            if sender is None or duty in unwanted:
                continue
            if desk.wakes_at(now) is None or not self._leases.holding(
                (duty,), seconds=SEND_SECONDS
            ):
                continue
            while self._out < MOST_OUT and (item := desk.next(now)) is not None:
                picked.append((desk, item, sender))
                self._out += 1
            # The first to choose at one round is the last at the next.
            self._desks[place] = self._desks.pop(place)
        return self._parcelled(turn, picked)

    def _parcelled(
        self, turn: ReadTurn, picked: Sequence[tuple[Desk, Item, Sender]]
    ) -> list[_Handed]:
        positions: dict[int, set[int]] = defaultdict(set)
        streams: dict[int, set[str]] = defaultdict(set)
        for desk, item, _ in picked:
            positions[desk.row.org_id].add(item.position)
            streams[desk.row.org_id].add(item.stream)
        events = {org_id: turn.events_at(org_id, wanted) for org_id, wanted in positions.items()}
        heads = {org_id: turn.heads(org_id, wanted) for org_id, wanted in streams.items()}
        handed: list[_Handed] = []
        for desk, item, sender in picked:
            state = heads[desk.row.org_id][item.stream].state
            assert isinstance(state, Ticket | Record)
            lane = desk.lane(item)
            parcel = Parcel(
                delivery_id=delivery_id(item.position, desk.route.id),
                to=self._addressee(turn, desk),
                event=events[desk.row.org_id][item.position],
                state=state,
                opening=lane is None,
                remote_id=None if lane is None else lane.remote_id,
                again=desk.may_be_again(item),
                attempt=item.tries + 1,
            )
            handed.append(_Handed(desk, item, parcel, sender))
        return handed

    def _addressee(self, turn: ReadTurn, desk: Desk) -> Addressee:
        route, org_id = desk.route, desk.row.org_id
        return Addressee(
            org_id=org_id,
            org=self._orgs[org_id].code,
            route_id=route.id,
            route_name=route.name,
            destination=route.destination,
            secret=self._secret(turn, org_id, route.destination),
        )

    def _secret(self, turn: ReadTurn, org_id: int, destination: Destination) -> bytes | None:
        secret_id = destination.secret_id
        if secret_id is None:
            return None
        known = self._secrets.get(secret_id)
        if known is None:
            sealed = turn.sealed_secret(org_id, secret_id)
            if sealed is None:
                return None
            known = self._secrets[secret_id] = self._unseal(sealed)
        return known

    def _send(self, handed: _Handed) -> None:
        """On a worker's thread: send, unless the duty may be another's by now."""
        verdict: Verdict | None = None
        try:
            duty = duty_of(handed.parcel.to.route_id)
            if self._leases.holding((duty,), seconds=SEND_SECONDS) is not None:
                verdict = handed.sender.send(handed.parcel)
        except StorageFailed as failed:
            # It could not be rendered; that says nothing about its destination.
            log.warning("not sent", action="send_postponed", reason=failed.reason)
        except Exception as wrong:
            log.exception(
                "a sender failed",
                action="sender_failed",
                delivery=handed.parcel.delivery_id,
                kind=handed.parcel.to.destination.kind.value,
            )
            verdict = Refused(f"an error in this program ({type(wrong).__name__}); see its log")
        finally:
            self._heard.append((handed, verdict))
            self._bell.set()

    def _hear(self) -> None:
        while self._heard:
            handed, verdict = self._heard.popleft()
            self._out -= 1
            desk, item = handed.desk, handed.item
            if self._desks.get((desk.row.org_id, desk.route.id)) is not desk:
                continue  # another's by now, who will send it again under the same id
            if verdict is None:
                desk.not_sent(item)
                continue
            desk.done(item, verdict, at=self._clock(), now=self._timer(), luck=self._luck())
            if not isinstance(verdict, Delivered):
                log.info(
                    "not delivered",
                    action="delivery_failed",
                    delivery=handed.parcel.delivery_id,
                    org=handed.parcel.to.org,
                    route=handed.parcel.to.route_name,
                    attempt=handed.parcel.attempt,
                    reason=verdict.reason,
                )

    # -- marking ---------------------------------------------------------------------------------

    def _mark(self) -> None:
        """Write down what became of deliveries, under the leases they were made under."""
        dirty = [(place, desk) for place, desk in self._desks.items() if desk.dirty]
        self._marked_at = self._timer()
        if not dirty:
            return
        written: list[tuple[Desk, Settlement]] = []
        lost: list[Place] = []
        with self._store.tending() as turn:
            held: dict[str, bool] = {}
            for place, desk in dirty:
                duty = duty_of(place[1])
                if duty not in held:
                    holding = self._leases.holding((duty,))
                    held[duty] = holding is not None and turn.holds(holding)
                if not held[duty]:
                    lost.append(place)
                    continue
                settlement = desk.settlement()
                turn.settle(settlement)
                written.append((desk, settlement))
            turn.commit()
        for desk, settlement in written:
            desk.written(settlement)
            self._tell_counts(desk)
        for place in lost:
            log.warning("a duty was lost", action="duty_lost", route=place[1])
            del self._desks[place]
            self._news = True
            self._duties -= {duty_of(place[1])}

    def _tell_counts(self, desk: Desk) -> None:
        counts, route = desk.take_counts(), desk.route
        for outcome in fields(counts):
            count = getattr(counts, outcome.name)
            if count:
                org = self._orgs[desk.row.org_id].code
                self._observe(org, route.name, route.destination.kind.value, outcome.name, count)

    # -- now and then ----------------------------------------------------------------------------

    def _tell_of_trouble(self) -> None:
        """Alarm for what has been down for long; the all-clear for what is back."""
        at = self._clock()
        for place, desk in self._desks.items():
            row = desk.row
            if (row.down_since is None) == (row.alarmed_at is None):
                continue
            since = row.down_since or row.alarmed_at or at
            trouble = DestinationTrouble(
                org_id=place[0],
                route_id=place[1],
                route_name=desk.route.name,
                kind=desk.route.destination.kind.value,
                since=since,
                reason=row.down_reason,
                waiting=desk.waiting,
            )
            try:
                if row.down_since is None:
                    self._alarms.back(trouble)
                    desk.alarmed(None)
                elif at - since >= self._patience(place[0]):
                    self._alarms.down(trouble)
                    desk.alarmed(at)
            except Overloaded as busy:
                log.warning("cannot tell of a destination", action="alarm_late", reason=str(busy))

    def _patience(self, org_id: int) -> timedelta:
        with self._store.reading() as turn:
            head = turn.head(org_id, "policy:policy")
        policy = head.state if head is not None else None
        minutes = policy if isinstance(policy, Policy) else DEFAULT_POLICY
        return timedelta(minutes=minutes.destination_alarm_minutes)

    def _give_up_unwanted(self) -> None:
        """Let others have the duties beyond our share, once nothing of them is out or unwritten."""
        free = []
        for duty in self._leases.unwanted():
            places = [place for place in self._desks if duty_of(place[1]) == duty]
            if all(self._desks[one].idle and not self._desks[one].dirty for one in places):
                free.append(duty)
                for place in places:
                    del self._desks[place]
        if free:
            self._duties -= set(free)
            self._leases.give_back(free)

    def _keep_house(self) -> None:
        """Drop from the outbox what every route of its org is done with."""
        for desk in self._desks.values():
            if desk.lags:
                desk.touch()
        if DUTIES[0] not in self._duties:
            return
        with self._store.tending() as turn:
            for org_id in self._orgs:
                rows = turn.destinations(org_id)
                live = [
                    head.state.id
                    for head in turn.heads_of_sort(org_id, "route")
                    if isinstance(head.state, Route) and _is_live(head.state)
                ]
                if live and all(route_id in rows for route_id in live):
                    turn.drop_sent(org_id, upto=min(rows[one].position for one in live))
            turn.commit()

    def figures(self) -> list[DestinationFigures]:
        """Each of this process's destinations as it stands."""
        at, found = self._clock(), []
        with self._store.reading() as turn:
            for (org_id, route_id), desk in list(self._desks.items()):
                noted = turn.noted_count(org_id)
                troubled = turn.noted(
                    org_id,
                    route_id=route_id,
                    states=(NotedState.WAITING, NotedState.HELD),
                    limit=1,
                )
                positions = [one.position for one in troubled]
                if desk.oldest is not None:
                    positions.append(desk.oldest)
                since = turn.recorded_at(min(positions)) if positions else None
                found.append(
                    DestinationFigures(
                        org=self._orgs[org_id].code,
                        route=desk.route.name,
                        kind=desk.route.destination.kind.value,
                        backlog=desk.waiting
                        + noted.get((route_id, NotedState.WAITING), 0)
                        + noted.get((route_id, NotedState.HELD), 0),
                        parked=noted.get((route_id, NotedState.PARKED), 0),
                        lag_seconds=0.0 if since is None else (at - since).total_seconds(),
                        down=desk.is_down,
                    )
                )
        return found


def _is_live(route: Route) -> bool:
    return route.enabled and route.removed_at is None
