"""One destination's work: what waits, what is out, what became of it. Pure; one thread's.

A *lane* is a ticket, device or link at this destination; its deliveries go one after the other,
lanes do not wait for each other. A desk has a bounded window of the outbox in memory. It moves its
position over whatever is settled, and what is in trouble it notes, so that the window never stands
still for the sake of one lane. Nothing it decides is true before :meth:`Desk.settlement` is
written; whoever takes over from there may send once more what was sent, under the same id.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import inf
from typing import Final, assert_never

from tocsin.core.records import Route
from tocsin.dispatcher import breaker
from tocsin.dispatcher.contract import Delivered, Pace, Refused, Retry, Verdict
from tocsin.dispatcher.gathering import Gathering
from tocsin.dispatcher.items import (
    Counts,
    Item,
    Together,
    count_of,
    first_noted,
    item_of,
    noted_of,
    reason_of,
)
from tocsin.dispatcher.pacing import Bucket
from tocsin.dispatcher.ready import Ready
from tocsin.dispatcher.unwritten import Unwritten
from tocsin.store.outgoing import DestinationRow, LaneRow, Noted, Settlement, Trouble

WINDOW: Final = 512
"""Deliveries of one destination in memory."""


class Desk:
    """The work of one destination.

    ``row`` is how far it has come, ``new`` if that is not written yet; ``unread`` how many
    deliveries the outbox has behind it; ``inherited`` the last position that a predecessor may have
    sent; ``watched`` whether anybody is told when it is down for long. ``loaded`` is the position
    up to which the outbox was taken in. Times called ``now`` are seconds of a clock that only goes
    forward, instants are UTC; ``luck`` is a random number from 0 to 1.
    """

    def __init__(
        self,
        *,
        route: Route,
        row: DestinationRow,
        unread: int,
        pace: Pace,
        inherited: int,
        now: float,
        new: bool = False,
        watched: bool = True,
    ) -> None:
        self.route = route
        self.counts = Counts()
        self.loaded = row.position
        self.unread = unread
        self._row = row
        self._pace = pace
        self._inherited = inherited
        self._watched = watched
        self._breaker = breaker.Breaker()
        if row.down_since is not None:
            self._breaker.probe_now(now)
        self._bucket = Bucket(pace, now)
        self._gathering = Gathering(pace.few, now)
        self._allowed = 1
        self._passed = 0
        self._failed_in_a_row = 0
        self._window: dict[int, Item] = {}
        self._ahead: set[int] = set(row.ahead)
        self._lanes: dict[str, deque[Item]] = {}
        self._known: dict[str, LaneRow] = {}
        self._troubled: set[str] = set()
        self._ready = Ready()
        self._taken_back: set[str] = set()
        self._resting: dict[str, float] = {}
        self._passed_then: dict[str, int] = {}
        self._busy: dict[str, Item] = {}
        self._sent_elsewhere: set[int] = set()
        self._unwritten = Unwritten(dirty=new)

    # -- what there is ---------------------------------------------------------------------------

    @property
    def row(self) -> DestinationRow:
        """How far it has come, as it was last decided."""
        return self._row

    @property
    def room(self) -> int:
        """How many more deliveries the window takes."""
        return WINDOW - len(self._window)

    @property
    def waiting(self) -> int:
        """Deliveries that are not settled and not noted."""
        return len(self._window) + self.unread

    @property
    def oldest(self) -> int | None:
        """The position of the oldest delivery in the window."""
        return next(iter(self._window), None)

    @property
    def idle(self) -> bool:
        """Whether nothing is out."""
        return not self._busy

    @property
    def dirty(self) -> bool:
        """Whether there is something to write."""
        return self._unwritten.dirty

    @property
    def is_down(self) -> bool:
        """Whether the destination is taken to be down."""
        return self._breaker.is_open

    @property
    def lags(self) -> bool:
        """Whether much was passed over without a mark, so that a mark is worth its while."""
        return not self._window and self.loaded - self._row.position > WINDOW

    @property
    def is_at_rest(self) -> bool:
        """Whether there is nothing to do, nothing to write and no trouble: it can be set up anew
        whenever there is."""
        return not (
            self._window
            or self._lanes
            or self._busy
            or self._troubled
            or self.unread
            or self.dirty
            or self.is_down
        )

    @property
    def is_in_trouble(self) -> bool:
        """Whether something did not get through, and is to be tried again."""
        return self.is_down or bool(self._troubled or self._resting or self._taken_back)

    @property
    def lanes_taken_back(self) -> int:
        """How many of the lanes in memory were in trouble."""
        return len(self._taken_back)

    @property
    def notes_in_memory(self) -> int:
        """How many deliveries in memory were noted."""
        return sum(item.noted for stream in self._taken_back for item in self._lanes[stream])

    def has(self, noted: Noted) -> bool:
        """Whether that delivery is in memory."""
        lane = self._lanes.get(noted.stream, ())
        return any(item.position == noted.position for item in lane)

    @property
    def notes_to_write(self) -> bool:
        """Whether lanes in trouble are not all written down: do not read any back before."""
        return self._unwritten.has_notes

    @property
    def has_nothing_ready(self) -> bool:
        """Whether no lane in memory could be sent, or probed with."""
        return not self._ready and not self._busy

    # -- taking in -------------------------------------------------------------------------------

    def take_in(
        self,
        found: Sequence[Item],
        *,
        upto: int,
        lanes: Mapping[str, LaneRow],
        noted: Collection[str],
        at: datetime,
    ) -> None:
        """Take in what the outbox has for this destination behind ``loaded``, up to *upto*.

        *lanes* are the known lanes of these tickets, *noted* those with deliveries in trouble.
        """
        for item in found:
            if item.position <= self.loaded or item.position in self._ahead:
                continue
            stream = item.stream
            lane = self._lane_of(stream) or self._as_it_is_here(lanes.get(stream))
            if (
                stream in self._troubled
                or (
                    stream in noted
                    and stream not in self._lanes
                    and stream not in self._unwritten.cleared
                )
                or (lane is not None and lane.parked)
            ):
                self._troubled.add(stream)
                self._note(item, Trouble.HELD, due_at=at)
                continue
            if lane is not None:
                self._known[stream] = lane
            self._window[item.position] = item
            self._append(item)
        # Moving over what is not ours is written only when something of ours moves too.
        self.loaded = max(self.loaded, upto)

    def _append(self, item: Item) -> None:
        lane = self._lanes.get(item.stream)
        if lane is None:
            lane = self._lanes[item.stream] = deque()
            self._ready.append(item.stream)
        self._supersede(lane, item)
        lane.append(item)

    def _supersede(self, lane: deque[Item], item: Item) -> None:
        """Settle what *item* redraws anyway, as far as it was never tried."""
        if item.coalesce_key is None:
            return
        out = self._busy.get(item.stream)
        for earlier in list(lane):
            if (
                earlier.coalesce_key == item.coalesce_key
                and not earlier.tries
                and earlier is not out
            ):
                lane.remove(earlier)
                self._settled(earlier)
                self.counts.superseded += 1

    def take_back(
        self, noted: Sequence[Noted], lane: LaneRow | None, *, more: bool, at: datetime
    ) -> bool:
        """Take up a lane in trouble whose time has come: all of its deliveries but the parked, or
        the first of them when there is *more*; whether there was anything to take up."""
        stream = noted[0].stream
        if stream in self._lanes:
            # Something of the lane is in memory: a parked one was asked for again. It goes first.
            known = {one.position for one in self._lanes[stream]}
            noted = [one for one in noted if one.position not in known]
            if stream in self._busy or self._gathering.holds(stream) or len(noted) <= more:
                return False
        if (here := self._as_it_is_here(lane)) is not None:
            self._known.setdefault(stream, here)
        taken = [item_of(one) for one in noted]
        # What comes behind these is asked for when the last of them, left noted, is due again.
        left = taken.pop() if more else None
        items: deque[Item] = deque()
        for item in taken:
            self._supersede(items, item)
            items.append(item)
        items[0].passed_then = self._passed_then.pop(stream, None)
        self._troubled.discard(stream)
        self._taken_back.add(stream)
        if left is not None:
            self._note(left, Trouble.WAITING, due_at=at)
            self._troubled.add(stream)
        if stream in self._lanes:
            together = sorted([*self._lanes[stream], *items], key=lambda one: one.position)
            self._lanes[stream] = deque(together)
        else:
            self._lanes[stream] = items
            self._ready.append(stream)
        return True

    # -- sending ---------------------------------------------------------------------------------

    def next(self, now: float) -> Item | None:
        """The next delivery that may go now, or several as one, if any; it is out until
        :meth:`done`."""
        if not self._ready or not self._breaker.admits(now):
            return None
        if len(self._busy) >= self._most_out or self._bucket.ready_at(now) > now:
            return None
        stream = self._ready.take(lambda one: self._may_go_at(one, now) <= now)
        if stream is None:
            return None
        self._resting.pop(stream, None)
        item = self._gathering.take(
            self._lanes[stream][0],
            self._lanes,
            able=(one for one in self._ready.network if self._resting.get(one, now) <= now),
            again=self.may_be_again,
            now=now,
        )
        if isinstance(item, Together):
            self._ready.drop(item.streams)
        self._busy[stream] = item
        self._bucket.take(now)
        return item

    def wakes_at(self, now: float) -> float | None:
        """When there may be something to send, if nothing else happens; None when not at all."""
        if not self._ready or len(self._busy) >= self._most_out:
            return None
        at = max(now, self._bucket.ready_at(now), self._breaker.probe_at or now)
        soonest = self._ready.soonest(lambda one: self._may_go_at(one, now), after=at)
        return None if soonest == inf else soonest

    @property
    def _most_out(self) -> int:
        """How many may be out at once: one after a failure, and so one probe while it is down."""
        return min(self._allowed, self._pace.concurrent)

    def _may_go_at(self, stream: str, now: float) -> float:
        """When a lane that is ready has rested; never, while it waits for a digest."""
        rested = self._resting.get(stream, now)
        if not self._gathering.goes_on:
            return rested
        return max(rested, self._gathering.may_go_at(stream, now))

    def lane(self, item: Item) -> LaneRow | None:
        """The lane of *item*, if its opening was delivered."""
        found = self._lane_of(item.stream)
        return None if found is None or found.parked else found

    def _lane_of(self, stream: str) -> LaneRow | None:
        return self._unwritten.lanes.get(stream) or self._known.get(stream)

    def _as_it_is_here(self, stored: LaneRow | None) -> LaneRow | None:
        """A lane that is stored; None if it was opened at an address that is left."""
        return None if stored is None or (self._unwritten.moved and not stored.parked) else stored

    def may_be_again(self, item: Item) -> bool:
        """Whether *item* may have been sent before, by this process or one before it."""
        return item.tries > 0 or item.noted or item.position <= self._inherited

    def done(self, item: Item, verdict: Verdict, *, at: datetime, now: float, luck: float) -> None:
        """What became of *item*; *at* is when."""
        if self._busy.get(item.stream) is not item:
            return  # cancelled while it was out
        del self._busy[item.stream]
        here = item.position not in self._sent_elsewhere
        self._sent_elsewhere.discard(item.position)
        item.tries += 1
        item.tried_at = item.tried_at or at
        match verdict:
            case Delivered():
                self._got_through()
                self._delivered(item, verdict, at, here=here)
            case Refused():
                # It answered, so it is not down.
                self._got_through()
                item.attempts += 1
                self.counts.failed += count_of(item)
                if item.attempts >= breaker.MAX_REFUSALS:
                    self._park(item, verdict.reason, at)
                else:
                    self._set_aside(item, verdict, at=at, now=now, luck=luck)
            case Retry():
                self.counts.failed += count_of(item)
                self._failed(item, verdict, at=at, now=now, luck=luck)
            case _:
                assert_never(verdict)

    def not_sent(self, item: Item) -> None:
        """*item* was not sent after all; it is the next of its lane."""
        if self._busy.get(item.stream) is item:
            del self._busy[item.stream]
            self._sent_elsewhere.discard(item.position)
            self._ready.appendleft(item.stream)

    def _got_through(self) -> None:
        self._passed += 1
        self._failed_in_a_row = 0
        self._allowed = min(self._allowed + 1, self._pace.concurrent)
        if self._breaker.is_open:
            self._breaker.close()
            self._row = replace(self._row, down_since=None, down_reason="")
            self.touch()

    def _delivered(self, item: Item, verdict: Delivered, at: datetime, *, here: bool) -> None:
        for lot in self._gathering.apart(item):
            stream, count = lot[0].stream, len(lot)
            self.counts.delivered += count
            delivered = self._row.delivered + count
            self._row = replace(self._row, delivered=delivered, delivered_at=at)
            if here and self.lane(lot[0]) is None:
                opened = LaneRow(stream=stream, remote_id=verdict.remote_id)
                self._known[stream] = opened
                self._unwritten.lane(opened)
            self._leave_lane(*lot)
            for one in lot:
                self._settled(one)

    def _failed(self, item: Item, verdict: Retry, *, at: datetime, now: float, luck: float) -> None:
        others_passed = item.passed_then is not None and self._passed > item.passed_then
        item.passed_then = self._passed
        self._failed_in_a_row += 1
        self._allowed = 1
        item.attempts += others_passed
        tried_at, watched = item.tried_at, self._watched
        if breaker.is_given_up(item.attempts, tried_at=tried_at, at=at, watched=watched):
            self._park(item, verdict.reason, at)
        elif others_passed:
            # The destination takes what others send: it is this delivery that fails.
            self._set_aside(item, verdict, at=at, now=now, luck=luck)
        else:
            self._ready.append(item.stream)
            self._resting[item.stream] = now + breaker.SUSPECT_SECONDS
        alone = all(self._may_go_at(stream, now) > now for stream in self._ready)
        if (
            self._breaker.is_open
            or verdict.wish is not None
            or self._failed_in_a_row >= breaker.OPEN_AFTER
            or (alone and not self._busy and not others_passed)
        ):
            self._trip(verdict, at=at, now=now, luck=luck)

    def _trip(self, verdict: Retry, *, at: datetime, now: float, luck: float) -> None:
        self._breaker.trip(now, wish=verdict.wish, luck=luck)
        self._resting.clear()
        if self._row.down_since is None or self._row.down_reason != verdict.reason:
            self._row = replace(
                self._row, down_since=self._row.down_since or at, down_reason=verdict.reason
            )
            self.touch()

    # -- settling --------------------------------------------------------------------------------

    def _leave_lane(self, *items: Item) -> None:
        stream = items[0].stream
        lane = self._lanes[stream]
        for item in items:
            lane.remove(item)
        if lane:
            self._ready.append(stream)
        else:
            del self._lanes[stream]
            self._forget_lane(stream)
            self._unwritten.cleared.add(stream)

    def _forget_lane(self, stream: str) -> None:
        """Nothing of it is in memory any more."""
        self._known.pop(stream, None)
        self._taken_back.discard(stream)

    def _settled(self, item: Item) -> None:
        self.touch()
        if item.noted:
            self._unwritten.drop(item)
        else:
            del self._window[item.position]
            self._ahead.add(item.position)

    def _note(self, item: Item, state: Trouble, *, due_at: datetime, reason: str = "") -> None:
        self._window.pop(item.position, None)
        if not item.noted:
            self._ahead.add(item.position)
        self._unwritten.note(noted_of(item, self._row, state, due_at=due_at, reason=reason))

    def _set_aside(
        self, item: Item, verdict: Retry | Refused, *, at: datetime, now: float, luck: float
    ) -> None:
        """Note the lane: its head waits for its time, the rest for its head. What goes together
        stays in memory, as one message under one name, until it was tried often."""
        wish = verdict.wish if isinstance(verdict, Retry) else None
        delay = breaker.retry_delay(item.attempts, wish=wish, luck=luck)
        if isinstance(item, Together) and item.attempts < breaker.MAX_REFUSALS:
            self._ready.append(item.stream)
            self._resting[item.stream] = now + delay
            return
        reason = reason_of(item, verdict.reason, self._row.route_id)
        for head, *_ in self._gathering.apart(item):
            self._passed_then[head.stream] = self._passed
            self._hold(head, Trouble.WAITING, due_at=at + timedelta(seconds=delay), reason=reason)

    def _hold(self, head: Item, state: Trouble, *, due_at: datetime, reason: str) -> None:
        """Note a lane: its head in that state, the rest held by it."""
        for one in self._lanes.pop(head.stream):
            if one is head:
                self._note(one, state, due_at=due_at, reason=reason)
            else:
                self._note(one, Trouble.HELD, due_at=due_at)
        self._forget_lane(head.stream)
        self._troubled.add(head.stream)

    def _park(self, item: Item, reason: str, at: datetime) -> None:
        reason = reason_of(item, reason, self._row.route_id)
        for lot in self._gathering.apart(item):
            if self.lane(lot[0]) is not None:
                self.counts.parked += len(lot)
                for one in lot:
                    self._note(one, Trouble.PARKED, due_at=at, reason=reason)
                self._leave_lane(*lot)
            else:
                # Without its opening nothing of the lane would mean anything there.
                self.counts.parked += 1
                self._unwritten.lane(LaneRow(stream=lot[0].stream, remote_id=None, parked=True))
                self._hold(lot[0], Trouble.PARKED, due_at=at, reason=reason)

    # -- the route -------------------------------------------------------------------------------

    def follow(self, route: Route, *, pace: Pace, now: float) -> None:
        """The route was changed: a new address is tried at once, and lanes begin anew there."""
        before, self.route = self.route.destination, route
        if route.destination != before and self._breaker.is_open:
            self._breaker.probe_now(now)
        if pace != self._pace:
            self._pace, self._bucket = pace, Bucket(pace, now)
            self._gathering.follow(pace.few, now)
            if pace.few is None and (digest := self._gathering.digest) is not None:
                # Where it goes now each is told by itself; what is out was for somebody else.
                self._ready.drop(digest.streams)
                digest.tries += self._busy.pop(digest.stream, None) is not None
                for lot in self._gathering.apart(digest):
                    self._ready.append(lot[0].stream)
        if replace(route.destination, secret_id=before.secret_id) != before:
            # What was made at the old address is not at the new one; what is out goes to the old.
            self._unwritten.move()
            self._sent_elsewhere |= {item.position for item in self._busy.values()}
            self._known.clear()

    def cancel(self, upto: int) -> None:
        """The route is gone or disabled: nothing of it up to *upto* is sent any more."""
        self.counts.cancelled += self.waiting
        self._row = replace(
            self._row,
            position=max(upto, self._row.position),
            ahead=(),
            down_since=None,
            down_reason="",
        )
        self.loaded = self._row.position
        self.unread = 0
        for kept in (
            self._window,
            self._lanes,
            self._known,
            self._resting,
            self._busy,
            self._sent_elsewhere,
            self._passed_then,
            self._ahead,
            self._troubled,
            self._taken_back,
            self._ready,
        ):
            kept.clear()
        self._gathering.clear()
        self._breaker.close()
        self._unwritten.cancel()

    def touch(self) -> None:
        """Write it down."""
        self._unwritten.dirty = True

    def take_counts(self) -> Counts:
        """What became of deliveries since this was last asked."""
        counts, self.counts = self.counts, Counts()
        return counts

    def alarmed(self, at: datetime | None) -> None:
        """It was told that the destination is down; None: that it is back."""
        self._row = replace(self._row, alarmed_at=at)
        self.touch()

    # -- writing ---------------------------------------------------------------------------------

    def settlement(self) -> Settlement:
        """Everything that is to be written now; :meth:`written` once it is."""
        first = next(iter(self._window), None)
        position = self.loaded if first is None else first - 1
        ahead = tuple(sorted(one for one in self._ahead if one > position))
        row = replace(self._row, position=position, ahead=ahead)
        return self._unwritten.settlement(row, now_first=self._now_first())

    def _now_first(self) -> list[Noted]:
        """What in memory is noted as held by deliveries that are settled: whoever takes over from
        here is to find every lane by its first one."""
        return [
            noted_of(item, self._row, Trouble.WAITING, due_at=item.held_since)
            for item in self._first_noted()
            if item.held_since is not None
        ]

    def _first_noted(self) -> list[Item]:
        return first_noted(self._lanes[stream] for stream in self._taken_back)

    def written(self, settlement: Settlement) -> None:
        """That settlement is in the store."""
        for item in self._first_noted():
            item.held_since = None
        self._row = settlement.destination
        self._ahead = set(settlement.destination.ahead)
        self._unwritten.written()
