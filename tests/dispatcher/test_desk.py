"""One destination's work, alone: whatever happens, what arrives first arrives in order.

The store is a few dictionaries here, read and written as the real one is; a crash is a new desk on
what they hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.handler.acting import NOON
from tocsin.core.records import Destination, Route, RouteMatch
from tocsin.core.words import DestinationKind
from tocsin.dispatcher.breaker import GIVE_UP_AFTER, MAX_ATTEMPTS, MAX_REFUSALS
from tocsin.dispatcher.contract import Delivered, Pace, Refused, Retry, Verdict
from tocsin.dispatcher.desk import WINDOW, Desk
from tocsin.dispatcher.items import Item, lots_of
from tocsin.store.outgoing import DestinationRow, LaneRow, Noted, Settlement, Trouble

PLACE: Final = DestinationRow(org_id=1, route_id="route", position=0)
MOST_TAKEN: Final = 3
"""How many of a lane's notes are read at once here, so that some are left over."""


def route(**given: str) -> Route:
    destination = Destination(kind=DestinationKind.WEBHOOK, **({"url": "https://x"} | given))
    return Route(
        id="route",
        name="hook",
        match=RouteMatch(),
        destination=destination,
        created_at=NOON,
        updated_at=NOON,
        version=1,
    )


@dataclass
class World:
    """The outbox, what is stored of the destination, and the desk that works on it."""

    outbox: list[tuple[int, str, str | None]] = field(default_factory=list)
    row: DestinationRow = PLACE
    lanes: dict[str, LaneRow] = field(default_factory=dict)
    notes: dict[int, Noted] = field(default_factory=dict)
    now: float = 0.0
    out: list[Item] = field(default_factory=list)
    arrived: list[int] = field(default_factory=list)
    sent: set[int] = field(default_factory=set)
    settled: set[int] = field(default_factory=set)
    unwritten: set[int] = field(default_factory=set)
    parked_once: set[int] = field(default_factory=set)
    pace: Pace = field(default_factory=lambda: Pace(concurrent=3))
    watched: bool = True
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        self.crash()

    @property
    def at(self) -> datetime:
        return NOON + timedelta(seconds=self.now)

    def crash(self) -> None:
        """Somebody else goes on from what is stored."""
        self.out.clear()
        self.unwritten.clear()
        self.desk = Desk(
            route=route(),
            row=self.row,
            unread=0,
            pace=self.pace,
            inherited=self.outbox[-1][0] if self.outbox else 0,
            now=self.now,
            watched=self.watched,
        )

    def happen(self, stream: str, key: str | None = None) -> int:
        """Something is to be sent; positions have gaps."""
        position = len(self.outbox) * 2 + 1
        self.outbox.append((position, stream, key))
        return position

    def waiting_notes(self, stream: str) -> list[Noted]:
        return [
            one
            for _, one in sorted(self.notes.items())
            if one.stream == stream and one.state is not Trouble.PARKED
        ]

    def look(self) -> None:
        """Take in what is new, and take back what is due."""
        found = [
            Item(position, stream, coalesce_key=key)
            for position, stream, key in self.outbox
            if position > self.desk.loaded
        ][: self.desk.room]
        self.desk.take_in(
            found,
            upto=found[-1].position if found else self.desk.loaded,
            lanes=self.lanes,
            noted={one.stream for one in self.notes.values() if one.state is not Trouble.PARKED},
            at=self.at,
        )
        if self.desk.notes_to_write:
            return
        for stream in sorted({one.stream for one in self.notes.values()}):
            noted = self.waiting_notes(stream)
            due = [
                one
                for one in noted
                if one.state is Trouble.WAITING and one.due_at <= self.at and not self.desk.has(one)
            ]
            if due and not self.desk.notes_to_write:
                some = noted[:MOST_TAKEN]
                more = len(some) == MOST_TAKEN
                self.desk.take_back(some, self.lanes.get(stream), more=more, at=self.at)

    def hand_out(self) -> None:
        while (item := self.desk.next(self.now)) is not None:
            out = {lot[0].stream for one in self.out for lot in lots_of(one)}
            for lot in lots_of(item):
                assert lot[0].stream not in out, "a lane is one at a time"
                for one in lot:
                    assert one.position not in self.settled, "what is settled is sent again"
                    assert one.position not in self.sent or self.desk.may_be_again(item)
                    self.sent.add(one.position)
            self.out.append(item)

    def hear(self, which: int, verdict: Verdict) -> None:
        if not self.out:
            return
        item = self.out.pop(which % len(self.out))
        lane = self.desk.lane(item)
        if isinstance(verdict, Delivered):
            verdict = Delivered(None if lane is not None else f"made/{item.stream}")
            every = [one.position for lot in lots_of(item) for one in lot]
            self.arrived += every
            self.unwritten |= set(every)
        parked = self.desk.counts.parked
        self.desk.done(item, verdict, at=self.at, now=self.now, luck=0.5)
        if self.desk.counts.parked > parked:
            self.parked_once |= {one.position for lot in lots_of(item) for one in lot}

    def write(self) -> None:
        if not self.desk.dirty:
            return
        settlement = self.desk.settlement()
        self.settle(settlement)
        self.desk.written(settlement)
        self.settled |= self.unwritten
        self.unwritten.clear()
        self.check()

    def settle(self, settlement: Settlement) -> None:
        if settlement.cancelled:
            self.notes.clear()
            self.lanes = {name: lane for name, lane in self.lanes.items() if not lane.parked}
        if settlement.moved:
            self.lanes = {name: lane for name, lane in self.lanes.items() if lane.parked}
        self.row = settlement.destination
        self.lanes |= {lane.stream: lane for lane in settlement.lanes}
        for position in settlement.dropped:
            self.notes.pop(position, None)
        self.notes |= {one.position: one for one in settlement.noted}

    def check(self) -> None:
        """What is stored can be gone on from."""
        for position, stream, key in self.outbox:
            behind = position > self.row.position and position not in self.row.ahead
            if behind or position in self.notes or position in self.arrived:
                continue
            redrawn = [p for p, s, k in self.outbox if p > position and (s, k) == (stream, key)]
            assert key is not None, f"{position} is neither settled nor noted"
            assert redrawn, f"{position} was never redrawn"
        for stream in {one.stream for one in self.notes.values()}:
            noted = self.waiting_notes(stream)
            lane = self.lanes.get(stream)
            if noted and not (lane is not None and lane.parked):
                assert noted[0].state is Trouble.WAITING, "nobody would find that lane again"

    def redrive(self) -> None:
        for position, one in self.notes.items():
            if one.state is Trouble.PARKED:
                lane = self.lanes.get(one.stream)
                if lane is not None and lane.parked:
                    del self.lanes[one.stream]
                self.notes[position] = replace(
                    one, state=Trouble.WAITING, attempts=0, tried_at=None, due_at=self.at
                )

    def drain(self) -> None:
        """From now on everything is taken."""
        self.write()
        self.redrive()
        for _ in range(4 * len(self.outbox) + 40):
            self.look()
            self.hand_out()
            while self.out:
                self.hear(0, Delivered())
            self.write()
            self.now += 1_000.0

    def first_arrivals(self, stream: str) -> list[int]:
        mine = {position for position, of, _ in self.outbox if of == stream}
        return [one for one in dict.fromkeys(self.arrived) if one in mine]


Step = (
    tuple[Literal["happen"], str, str | None]
    | tuple[Literal["hear"], int, Verdict]
    | tuple[Literal["pass"], float]
    | tuple[Literal["look", "write", "crash", "redrive"]]
)

verdicts = st.sampled_from(
    [Delivered(), Delivered(), Retry("503"), Retry("429", wish=90.0), Refused("400")]
)
steps = st.one_of(
    st.tuples(st.just("happen"), st.sampled_from("abc"), st.sampled_from([None, None, "card"])),
    st.tuples(st.just("hear"), st.integers(0, 3), verdicts),
    st.tuples(st.just("pass"), st.sampled_from([0.1, 2.0, 60.0, 5_000.0, 300_000.0])),
    st.tuples(st.sampled_from(["look", "look", "write", "crash", "redrive"])),
)


def take(world: World, step: Step) -> None:
    match step:
        case ("happen", stream, key):
            world.happen(stream, key)
        case ("hear", which, verdict):
            world.hand_out()
            world.hear(which, verdict)
        case ("pass", seconds):
            world.now += seconds
        case ("look",):
            world.look()
        case ("write",):
            world.write()
        case ("crash",):
            world.crash()
        case ("redrive",):
            world.redrive()


@settings(max_examples=300, deadline=None)
@given(st.lists(steps, max_size=80))
def test_whatever_happens_nothing_is_lost_and_lanes_keep_their_order(told: list[Step]) -> None:
    world = World()
    for step in told:
        take(world, step)
    world.drain()

    assert world.notes == {}
    assert world.desk.waiting == 0
    for stream in "abc":
        mine = [one for one in world.outbox if one[1] == stream]
        arrived = world.first_arrivals(stream)
        missing = [one for one in mine if one[0] not in arrived]
        for position, _, key in missing:
            assert key == "card", f"{position} is lost"
            assert any(p > position and k == "card" and p in arrived for p, _, k in mine)
        # What was parked comes when it is asked for again, the others past it.
        steady = [one for one in arrived if one not in world.parked_once]
        assert steady == sorted(steady)
        assert world.lanes.get(stream) in (None, LaneRow(stream=stream, remote_id=f"made/{stream}"))


# -- its rules, one by one -----------------------------------------------------------------------


def busy_world(*streams: str, pace: Pace | None = None, watched: bool = True) -> World:
    world = World(pace=pace or Pace(concurrent=3), watched=watched)
    for stream in streams:
        world.happen(stream)
    world.look()
    return world


def positions(items: Sequence[Item]) -> list[int]:
    return [item.position for item in items]


def test_a_lane_has_one_out_and_lanes_do_not_wait_for_each_other() -> None:
    world = busy_world("a", "a", "b")
    for _ in range(3):
        world.hand_out()
        assert len({item.stream for item in world.out}) == len(world.out)
        world.hear(len(world.out) - 1, Delivered())
    world.hand_out()
    assert sorted(world.arrived + positions(world.out)) == [1, 3, 5]


def test_more_go_at_once_as_long_as_all_goes_well() -> None:
    world = busy_world(*"abcdefgh")
    widths = []
    for _ in range(4):
        world.hand_out()
        widths.append(len(world.out))
        while world.out:
            world.hear(0, Delivered())
    assert widths == [1, 2, 3, 2], "never more than its pace"


def test_a_window_is_bounded_and_its_rest_is_counted() -> None:
    world = World()
    for number in range(WINDOW + 50):
        world.happen(f"s{number}")
    world.look()
    assert (world.desk.room, world.desk.waiting) == (0, WINDOW)
    world.look()
    assert world.desk.waiting == WINDOW


def test_a_window_does_not_stand_still_for_a_lane_in_trouble() -> None:
    world = busy_world("a", "b")
    world.hand_out()
    world.hear(0, Refused("400"))
    world.hand_out()
    world.hear(0, Delivered())
    settlement = world.desk.settlement()
    assert settlement.destination.position == 3
    assert [(one.position, one.state) for one in settlement.noted] == [(1, Trouble.WAITING)]


def test_what_is_settled_out_of_order_is_remembered_as_ahead() -> None:
    world = busy_world("a", "b", "c")
    world.hand_out()
    world.hear(0, Delivered())
    world.hand_out()
    world.hear(1, Delivered())
    settlement = world.desk.settlement()
    first, *rest = sorted(positions(world.out))
    assert settlement.destination.position == first - 1 == 2
    assert settlement.destination.ahead == (5,)
    assert rest == []


def test_too_many_refusals_park_an_opening_with_its_lane() -> None:
    world = busy_world("a", "a")
    for _ in range(MAX_REFUSALS):
        world.look()
        world.hand_out()
        world.hear(0, Refused("400"))
        world.write()
        world.now += 4_000
    assert world.lanes["a"].parked
    assert [one.state for _, one in sorted(world.notes.items())] == [Trouble.PARKED, Trouble.HELD]
    assert world.desk.counts.parked == 1


def test_failures_are_counted_only_while_others_pass() -> None:
    world = busy_world("sick")
    for _ in range(50):
        world.hand_out()
        world.hear(0, Retry("503"))
        world.now += 31
    assert world.desk.settlement().noted == ()
    assert world.desk.is_down

    counted = 0
    while not world.parked_once:
        world.happen("well")
        for _ in range(6):
            world.look()
            world.hand_out()
            while world.out:
                sick = world.out[0].stream == "sick"
                world.hear(0, Retry("503") if sick else Delivered())
            world.write()
            world.now += 31
        world.now += 4_000
        counted += 1
    assert MAX_ATTEMPTS - 1 <= counted <= MAX_ATTEMPTS + 1


def test_nothing_is_given_up_for_what_keeps_a_destination_down() -> None:
    world = busy_world("a", "b", "a")
    for _ in range(3):
        world.hand_out()
        while world.out:
            world.hear(0, Retry("503"))
        world.write()
        world.now += GIVE_UP_AFTER.total_seconds()
    assert world.desk.is_down
    assert not world.parked_once

    world.drain()
    assert world.first_arrivals("a") == [1, 5]
    assert sorted(world.arrived) == [1, 3, 5]


def test_where_others_come_seldom_what_fails_for_days_is_given_up() -> None:
    world = busy_world("sick")
    for counted in range(MAX_REFUSALS):
        assert not world.parked_once, counted
        world.happen("well")
        for _ in range(4):
            world.look()
            world.hand_out()
            while world.out:
                sick = world.out[0].stream == "sick"
                world.hear(0, Retry("503") if sick else Delivered())
            world.write()
            world.now += 31
        world.now += GIVE_UP_AFTER.total_seconds()
    assert world.parked_once == {1}


def test_nobody_waits_for_ever_for_one_whom_nobody_watches() -> None:
    world = busy_world("a", watched=False)
    world.hand_out()
    world.hear(0, Retry("503"))
    world.now += GIVE_UP_AFTER.total_seconds()
    world.hand_out()
    world.hear(0, Retry("503"))
    assert world.parked_once == {1}


def test_three_failures_in_a_row_open_the_breaker_and_one_arrival_closes_it() -> None:
    world = busy_world(*"abcdef")
    for _ in range(3):
        world.hand_out()
        world.hear(0, Retry("503"))
    assert world.desk.row.down_since == world.at
    assert world.desk.next(world.now) is None
    wakes = world.desk.wakes_at(world.now)
    assert wakes is not None
    assert wakes > world.now
    world.now = wakes
    world.hand_out()
    assert len(world.out) == 1, "one probe"
    assert world.desk.wakes_at(world.now) is None
    world.hear(0, Delivered())
    assert world.desk.settlement().destination.down_since is None
    assert world.desk.wakes_at(world.now) == world.now, "and all others may go"


def test_one_that_is_down_is_told_with_its_latest_reason_and_its_first_instant() -> None:
    world = busy_world("a")
    world.hand_out()
    world.hear(0, Retry("503"))
    since = world.desk.row.down_since
    world.now += 40
    world.hand_out()
    world.hear(0, Retry("no connection"))
    assert world.desk.row.down_since == since
    assert world.desk.row.down_reason == "no connection"


def test_what_was_not_sent_after_all_is_the_next_of_its_lane() -> None:
    world = busy_world("a", "a")
    world.hand_out()
    (item,) = world.out
    world.desk.not_sent(item)
    assert world.desk.next(world.now) is item
    assert item.tries == 0


def test_a_card_that_is_out_or_was_tried_is_not_superseded() -> None:
    world = World()
    world.happen("a", "card")
    world.look()
    world.hand_out()
    world.happen("a", "card")
    world.happen("a", "card")
    world.look()
    assert world.desk.counts.superseded == 1
    world.hear(0, Retry("503"))
    world.happen("a", "card")
    world.look()
    assert world.desk.counts.superseded == 2
    world.drain()
    assert world.first_arrivals("a") == [1, 7]


def test_what_is_cancelled_is_forgotten_even_when_it_comes_back() -> None:
    world = busy_world("a", "b")
    world.hand_out()
    out = world.out[0]
    world.desk.cancel(100)
    world.desk.done(out, Delivered("x"), at=world.at, now=world.now, luck=0.0)
    settlement = world.desk.settlement()
    assert settlement.cancelled
    assert settlement.destination == replace(PLACE, position=100)
    assert (settlement.lanes, settlement.noted) == ((), ())
    assert world.desk.counts.cancelled == 2
    assert world.desk.waiting == 0
    assert world.desk.next(world.now) is None


def test_a_lane_that_was_opened_stays_known_when_its_route_is_disabled() -> None:
    world = busy_world("a")
    world.hand_out()
    world.hear(0, Delivered())
    world.desk.cancel(100)
    assert world.desk.settlement().lanes == (LaneRow(stream="a", remote_id="made/a"),)


def test_at_another_address_lanes_begin_anew() -> None:
    world = busy_world("a", "a", "b")
    for _ in range(2):
        world.hand_out()
        world.hear(0, Delivered())
    world.write()
    assert set(world.lanes) == {"a", "b"}
    world.hand_out()
    (out,) = world.out
    moved = route(url="https://y")
    world.desk.follow(moved, pace=world.pace, now=world.now)
    world.happen("a")
    world.look()
    # What was out went to the old address.
    world.hear(0, Delivered())
    world.hand_out()
    (opening,) = world.out
    assert (opening.stream, world.desk.lane(opening)) == (out.stream, None)
    world.write()
    assert world.lanes == {}
    world.hear(0, Delivered())
    world.write()
    assert set(world.lanes) == {"a"}


def test_what_failed_at_the_old_address_opens_its_lane_at_the_new_one() -> None:
    world = busy_world("a")
    world.hand_out()
    world.desk.follow(route(url="https://y"), pace=world.pace, now=world.now)
    world.hear(0, Retry("503"))
    world.now += 40
    world.hand_out()
    world.hear(0, Delivered())
    world.write()
    assert set(world.lanes) == {"a"}


def test_a_new_secret_leaves_lanes_as_they_are() -> None:
    world = busy_world("a")
    world.hand_out()
    world.hear(0, Delivered())
    world.write()
    world.desk.follow(route(secret_id="new"), pace=world.pace, now=world.now)
    assert not world.desk.dirty
    assert world.desk.route.destination.secret_id == "new"


def test_another_kind_has_its_own_pace() -> None:
    world = busy_world(*"abc")
    slow = Pace(concurrent=1, per_second=1.0)
    world.desk.follow(route(), pace=slow, now=world.now)
    world.hand_out()
    world.hear(0, Delivered())
    assert world.desk.next(world.now) is None
    assert world.desk.wakes_at(world.now) == world.now + 1.0


def test_an_alarm_is_remembered() -> None:
    world = busy_world("a")
    world.desk.alarmed(NOON)
    assert world.desk.settlement().destination.alarmed_at == NOON
    world.desk.alarmed(None)
    assert world.desk.settlement().destination.alarmed_at is None


def test_counts_are_told_once() -> None:
    world = busy_world("a")
    world.hand_out()
    world.hear(0, Delivered())
    assert world.desk.take_counts().delivered == 1
    assert world.desk.take_counts().delivered == 0
