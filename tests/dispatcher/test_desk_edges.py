"""One destination's work at its edges: between two writings, after a crash, and on either side of
its bounds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.dispatcher.test_desk import MOST_TAKEN, PLACE, World, busy_world, positions, route
from tests.handler.acting import NOON
from tocsin.dispatcher.breaker import MAX_ATTEMPTS, MAX_REFUSALS, OPEN_AFTER, SUSPECT_SECONDS
from tocsin.dispatcher.contract import Delivered, Pace, Refused, Retry
from tocsin.store.outgoing import LaneRow, Noted, Trouble


def noted(state: Trouble, *, attempts: int) -> Noted:
    """What is stored of the delivery at position 1, of the lane ``a``."""
    return Noted(
        org_id=1,
        route_id="route",
        position=1,
        stream="a",
        state=state,
        due_at=NOON,
        attempts=attempts,
        tried_at=NOON,
    )


# -- between two writings ------------------------------------------------------------------------


def test_what_comes_behind_trouble_that_is_not_written_yet_waits_for_it() -> None:
    world = busy_world("a")
    world.hand_out()
    world.hear(0, Refused("400"))
    world.happen("a")
    world.look()
    world.hand_out()
    assert world.out == []
    world.write()
    assert [one.state for _, one in sorted(world.notes.items())] == [Trouble.WAITING, Trouble.HELD]


def test_what_comes_behind_trouble_that_is_over_and_not_written_so_goes_at_once() -> None:
    world = busy_world("a")
    world.hand_out()
    world.hear(0, Refused("400"))
    world.write()
    world.now += 2.0
    world.look()
    world.hand_out()
    world.hear(0, Delivered())
    assert world.notes, "it is written that it is in trouble, still"
    world.happen("a")
    world.look()
    world.hand_out()
    assert positions(world.out) == [3]


def test_what_is_noted_is_not_read_from_the_outbox_again() -> None:
    world = busy_world("a", "b")
    world.hand_out()
    world.hear(0, Delivered())
    world.happen("a")
    world.happen("c")
    world.look()
    world.hand_out()
    # Of b and a, both out, the second is refused; the first keeps the position back.
    assert positions(world.out) == [3, 5]
    world.hear(1, Refused("400"))
    world.write()
    before = dict(world.notes)
    assert list(before) == [5]
    world.crash()
    world.look()
    world.write()
    assert world.notes == before


def test_behind_an_opening_that_is_parked_everything_waits_after_a_crash_too() -> None:
    world = busy_world("a")
    world.lanes["a"] = LaneRow(stream="a", remote_id=None, parked=True)
    world.notes[1] = noted(Trouble.PARKED, attempts=MAX_REFUSALS)
    world.row = replace(PLACE, position=1)
    world.crash()
    world.happen("a")
    world.look()
    world.hand_out()
    assert world.out == []
    world.write()
    assert {position: one.state for position, one in world.notes.items()} == {
        1: Trouble.PARKED,
        3: Trouble.HELD,
    }


def test_what_is_cancelled_or_has_moved_is_so_once() -> None:
    world = busy_world("a")
    world.desk.cancel(1)
    world.desk.follow(route(url="https://y"), pace=Pace(concurrent=3), now=world.now)
    written = []
    for _ in range(2):
        settlement = world.desk.settlement()
        written.append((settlement.cancelled, settlement.moved))
        world.desk.written(settlement)
    assert written == [(True, True), (False, False)]


# -- down, and back ------------------------------------------------------------------------------


def down_world(*streams: str) -> World:
    """A world whose destination is down, its first probe soon to be due."""
    world = busy_world(*streams)
    for _ in range(OPEN_AFTER):
        world.hand_out()
        world.hear(0, Retry("503"))
        world.now += SUSPECT_SECONDS
    assert world.desk.is_down
    return world


def test_one_probe_goes_while_it_is_down() -> None:
    world = down_world(*"abcd")
    world.now += 60.0
    world.hand_out()
    assert len(world.out) == 1
    assert world.desk.wakes_at(world.now) is None


def test_who_refuses_is_not_down() -> None:
    world = down_world(*"abcd")
    world.now += 60.0
    world.hand_out()
    world.hear(0, Refused("400"))
    assert not world.desk.is_down
    world.hand_out()
    assert world.out


def test_after_a_failure_one_goes_at_a_time_until_one_arrives() -> None:
    world = busy_world(*"abcdefgh")
    for _ in range(2):
        world.hand_out()
        while world.out:
            world.hear(0, Delivered())
    world.hand_out()
    assert len(world.out) == 3
    world.hear(0, Retry("503"))
    assert not world.desk.is_down, "others are still out"
    while world.out:
        world.out.pop()
    assert world.desk.wakes_at(world.now) is None


def test_who_asks_for_time_is_given_it_by_all_lanes() -> None:
    world = busy_world("a", "b")
    world.hand_out()
    world.hear(0, Retry("429", wish=90.0))
    world.now += 89.0
    world.hand_out()
    assert world.out == []
    world.now += 1.0
    world.hand_out()
    assert len(world.out) == 1


def test_one_that_fails_while_others_are_out_says_nothing_of_the_destination() -> None:
    world = busy_world("a", "b", "c")
    world.hand_out()
    world.hear(0, Delivered())
    world.hand_out()
    assert len(world.out) == 2
    world.hear(0, Retry("503"))
    assert not world.desk.is_down


def test_a_lane_that_failed_once_and_arrived_is_in_no_trouble() -> None:
    world = busy_world("a", "b")
    world.hand_out()
    world.hear(0, Retry("503"))
    assert world.desk.is_in_trouble
    world.now += SUSPECT_SECONDS
    while not world.desk.has_nothing_ready:
        world.hand_out()
        world.hear(0, Delivered())
    assert sorted(world.arrived) == [1, 3]
    assert not world.desk.is_in_trouble


def test_one_that_was_down_is_so_for_whoever_takes_over_and_is_probed_at_once() -> None:
    world = busy_world("a", "b")
    world.row = replace(PLACE, down_since=NOON, down_reason="503")
    world.crash()
    assert world.desk.is_down
    world.look()
    world.hand_out()
    assert len(world.out) == 1
    world.hear(0, Delivered())
    assert world.desk.row.down_since is None


def test_another_name_is_no_reason_to_look_whether_it_is_back() -> None:
    world = down_world(*"abcd")
    world.hand_out()
    world.hear(0, Retry("503"))
    wakes_at = world.desk.wakes_at(world.now)
    world.desk.follow(replace(route(), name="renamed"), pace=Pace(concurrent=3), now=world.now)
    assert wakes_at is not None
    assert world.now < wakes_at == world.desk.wakes_at(world.now)
    world.desk.follow(route(url="https://y"), pace=Pace(concurrent=3), now=world.now)
    assert world.desk.wakes_at(world.now) == world.now


@pytest.mark.parametrize(("before", "parked"), [(MAX_ATTEMPTS - 2, 0), (MAX_ATTEMPTS - 1, 1)])
def test_so_many_failures_while_others_pass_park_it(before: int, parked: int) -> None:
    world = World()
    world.happen("a")
    world.happen("b")
    world.row = replace(PLACE, ahead=(1,))
    world.notes[1] = noted(Trouble.WAITING, attempts=before)
    world.crash()
    for _ in range(2):
        world.look()
        world.hand_out()
        assert positions(world.out) != [1], "another goes before it each time"
        world.hear(0, Delivered())
        world.now += SUSPECT_SECONDS
        world.happen("b")
        world.look()
        world.hand_out()
        assert positions(world.out)[0] == 1
        world.hear(0, Retry("503"))
        while world.out:
            world.hear(0, Delivered())
        world.happen("b")
    assert world.desk.counts.parked == parked


# -- taken back -----------------------------------------------------------------------------------


def opened_world(*, parked: int) -> World:
    """A world whose lane ``a`` was opened, with so many deliveries behind that parked."""
    world = busy_world("a")
    world.hand_out()
    world.hear(0, Delivered())
    for _ in range(parked):
        world.happen("a")
    for _ in range(parked * MAX_REFUSALS):
        world.look()
        world.hand_out()
        world.hear(0, Refused("400"))
        world.write()
        world.now += 5_000.0
    assert [one.state for one in world.notes.values()] == [Trouble.PARKED] * parked
    return world


def test_what_is_asked_for_again_goes_before_what_waits_in_memory() -> None:
    world = opened_world(parked=1)
    late = world.happen("a")
    world.look()
    world.redrive()
    world.look()

    for position in (3, late):
        world.hand_out()
        assert positions(world.out) == [position]
        world.hear(0, Delivered())
    world.write()
    assert world.notes == {}


def test_what_is_asked_for_again_waits_for_what_is_out() -> None:
    world = opened_world(parked=1)
    late = world.happen("a")
    world.look()
    world.hand_out()
    world.redrive()
    world.look()
    world.hand_out()
    assert positions(world.out) == [late]
    assert world.desk.lanes_taken_back == 0

    world.hear(0, Delivered())
    world.write()
    world.look()
    world.hand_out()
    assert positions(world.out) == [3]


def test_what_was_taken_back_is_not_taken_back_again() -> None:
    world = opened_world(parked=2)
    second = world.notes.pop(5)
    world.redrive()
    world.look()
    world.notes[5] = second
    world.redrive()
    world.look()

    for position in (3, 5):
        world.hand_out()
        assert positions(world.out) == [position]
        world.hear(0, Delivered())
    world.hand_out()
    assert world.out == []


def test_of_a_long_lane_in_trouble_the_first_are_taken_back_and_then_the_rest() -> None:
    world = busy_world("a")
    world.hand_out()
    world.hear(0, Refused("400"))
    for _ in range(4):
        world.happen("a")
    world.look()
    world.write()
    assert [one.state for one in world.notes.values()] == [Trouble.WAITING, *[Trouble.HELD] * 4]

    world.now += 60.0
    world.look()
    world.write()
    # The last of them is left, though its time has come; what comes now is behind it.
    world.look()
    assert world.desk.notes_in_memory == MOST_TAKEN - 1
    world.happen("a")
    world.look()
    for _ in range(MOST_TAKEN - 1):
        world.hand_out()
        world.hear(0, Delivered())
    world.hand_out()
    assert world.out == []
    world.write()
    assert [(place, one.state) for place, one in sorted(world.notes.items())] == [
        (5, Trouble.WAITING),
        (7, Trouble.HELD),
        (9, Trouble.HELD),
        (11, Trouble.HELD),
    ]

    world.drain()
    assert world.arrived == [1, 3, 5, 7, 9, 11]


def test_of_cards_that_were_held_the_last_one_is_drawn() -> None:
    world = busy_world("a")
    world.hand_out()
    world.hear(0, Refused("400"))
    for _ in range(2):
        world.happen("a", "card")
    world.look()
    world.write()
    world.now += 60.0
    assert world.desk.take_back(world.waiting_notes("a"), None, more=False, at=world.at)

    for position in (1, 5):
        world.hand_out()
        assert positions(world.out) == [position]
        world.hear(0, Delivered())
    assert world.desk.counts.superseded == 1
    world.write()
    assert world.notes == {}
