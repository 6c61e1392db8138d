"""Announcements of devices and links where people read: few one by one, more of them as one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dispatcher.test_desk import Step, World, route, take, verdicts
from tocsin.dispatcher.breaker import MAX_REFUSALS
from tocsin.dispatcher.contract import FEW, Delivered, Pace, Refused, Retry
from tocsin.dispatcher.gathering import GATE_SECONDS
from tocsin.dispatcher.items import Together, count_of
from tocsin.dispatcher.naming import digest_id
from tocsin.store.outgoing import Trouble

PEOPLE = Pace(concurrent=2, few=FEW)
DOWN = Retry("no connection")


def moved(links: int, pace: Pace = PEOPLE) -> World:
    """A round of the monitor has moved so many links."""
    world = World(pace=pace)
    for number in range(links):
        world.happen(f"link:{number}")
    world.look()
    return world


def sent(world: World, seconds: float = 0.0) -> list[list[int]]:
    """What arrives within so many seconds: the positions of each message."""
    messages: list[list[int]] = []
    end = world.now + seconds
    while True:
        world.hand_out()
        while world.out:
            before = len(world.arrived)
            world.hear(0, Delivered())
            messages.append(world.arrived[before:])
            world.hand_out()
        at = world.desk.wakes_at(world.now)
        if at is None or at > end:
            return messages
        world.now = at


def digest_in(world: World) -> Together:
    """The digest that is handed out now."""
    world.hand_out()
    (item,) = world.out
    assert isinstance(item, Together)
    return item


@pytest.mark.parametrize("links", [1, 2, FEW])
def test_a_few_go_one_by_one_at_once(links: int) -> None:
    assert sent(moved(links)) == [[2 * number + 1] for number in range(links)]


@pytest.mark.parametrize("links", [FEW + 1, 300])
def test_more_go_as_one_at_once(links: int) -> None:
    assert sent(moved(links)) == [[2 * number + 1 for number in range(links)]]


def test_machines_get_each_by_itself() -> None:
    world = moved(20, Pace(concurrent=2))

    assert sent(world) == [[2 * number + 1] for number in range(20)]


def test_tickets_are_never_gathered() -> None:
    world = World(pace=PEOPLE)
    for number in range(20):
        world.happen(f"incident:{number}")
    world.look()

    assert all(len(message) == 1 for message in sent(world))


def test_a_ticket_goes_before_a_digest() -> None:
    world = moved(20)
    ticket = world.happen("incident:a")
    world.look()

    assert sent(world)[0] == [ticket]


def test_a_burst_that_comes_one_by_one_is_gathered_after_a_few() -> None:
    world = World(pace=PEOPLE)
    messages = []
    for number in range(300):
        world.happen(f"link:{number}")
        world.look()
        messages += sent(world)
        world.now += 0.01
    messages += sent(world, seconds=GATE_SECONDS)

    assert [len(one) for one in messages[:FEW]] == [1] * FEW
    assert len(messages) <= FEW + 3
    assert sum(map(len, messages)) == 300


def test_after_a_rest_the_next_goes_at_once_again() -> None:
    world = moved(300)
    sent(world)
    world.now += 60.0
    late = world.happen("link:7")
    world.look()

    assert sent(world) == [[late]]


def test_all_that_happened_to_one_goes_in_its_order() -> None:
    world = World(pace=PEOPLE)
    for _ in range(3):
        for name in ("link:a", "device:b", "link:c"):
            world.happen(name)
    world.look()

    digest = digest_in(world)

    assert [[one.position for one in lot] for lot in digest.lots] == [
        [1, 7, 13],
        [3, 9, 15],
        [5, 11, 17],
    ]
    assert [one.position for one in digest.members] == [1, 3, 5, 7, 9, 11, 13, 15, 17]


def test_what_comes_while_one_is_out_waits_for_it() -> None:
    world = moved(10)
    world.happen("incident:a")
    world.look()
    world.hand_out()
    world.hear(0, Delivered())
    world.arrived.clear()
    digest = digest_in(world)
    again, other = world.happen("link:3"), world.happen("link:new")
    world.look()
    world.now += 10.0
    world.hand_out()
    assert world.out == [digest]
    assert world.desk.wakes_at(world.now) is None

    world.hear(0, Delivered())

    assert sorted(sent(world)) == [[again], [other]]


def test_a_failed_one_is_tried_again_as_it_was() -> None:
    world = moved(10)
    digest = digest_in(world)
    named = digest_id((one.position for one in digest.members), "route")
    for _ in range(4):
        world.hear(0, DOWN)
        world.happen(f"link:late-{world.now}")
        world.look()
        world.now += 60.0
        again = digest_in(world)
        assert again is digest
        assert world.desk.may_be_again(again)
        assert digest_id((one.position for one in again.members), "route") == named
    world.hear(0, Delivered())

    assert world.arrived == [one.position for lot in digest.lots for one in lot]
    assert [len(one) for one in sent(world, seconds=10)] == [1, 1, 1, 1]
    world.write()
    assert (world.desk.waiting, world.notes) == (0, {})


def test_what_is_refused_for_good_is_parked_each_with_the_reason() -> None:
    world = moved(10)
    for _ in range(MAX_REFUSALS):
        digest_in(world)
        world.hear(0, Refused("the channel is gone"))
        world.now += 60.0
    world.write()

    assert len(world.notes) == 10
    assert {one.state for one in world.notes.values()} == {Trouble.PARKED}
    named = digest_id(world.notes, "route")
    assert {one.reason for one in world.notes.values()} == {
        f"the channel is gone (sent as {named}, with 9 others)"
    }
    assert world.desk.counts.parked == 10

    world.drain()
    assert sorted(set(world.arrived)) == [2 * number + 1 for number in range(10)]


def test_one_that_fails_while_others_pass_is_noted_in_the_end_and_comes_back() -> None:
    world = moved(10)
    tried: list[int] = []
    while not world.desk.notes_to_write:
        world.happen("incident:a")
        world.look()
        world.hand_out()
        while world.out:
            alone = isinstance(world.out[0], Together)
            if alone:
                tried.append(count_of(world.out[0]))
            world.hear(0, DOWN if alone else Delivered())
        world.now += 60.0
    world.write()

    assert tried == [10] * (MAX_REFUSALS + 1), "as one message until then"
    assert {one.state for one in world.notes.values()} == {Trouble.WAITING}
    assert {one.attempts for one in world.notes.values()} == {MAX_REFUSALS}
    named = digest_id(world.notes, "route")
    assert {one.reason for one in world.notes.values()} == {
        f"no connection (sent as {named}, with 9 others)"
    }
    world.now += 4_000.0
    world.look()
    assert [len(one) for one in sent(world)] == [10]
    world.write()
    assert (world.desk.waiting, world.notes) == (0, {})


def test_one_that_fails_with_nothing_else_to_try_shows_that_the_destination_is_down() -> None:
    world = moved(10)
    digest_in(world)
    world.happen("link:late")
    world.look()
    world.hear(0, DOWN)

    assert world.desk.is_down


def test_a_few_that_failed_one_by_one_are_tried_again_as_one() -> None:
    world = World(pace=Pace(concurrent=1, few=2))
    world.happen("link:a")
    later = iter(("link:b", "link:c"))
    world.look()
    world.hand_out()
    while not isinstance(digest := world.out[0], Together):
        if (stream := next(later, None)) is not None:
            world.happen(stream)
            world.look()
        world.hear(0, DOWN)
        world.now += 60.0
        world.hand_out()

    assert [one.position for one in digest.members] == [1, 3, 5]
    assert [one.tries for one in digest.members] == [2, 1, 1]
    assert (digest.tries, world.desk.may_be_again(digest)) == (2, True)


def test_what_was_noted_is_counted_on_when_it_comes_back() -> None:
    world = moved(10)
    while not world.desk.notes_to_write:
        world.happen("incident:a")
        world.look()
        world.hand_out()
        while world.out:
            world.hear(0, DOWN if isinstance(world.out[0], Together) else Delivered())
        world.now += 60.0
    world.write()
    world.now += 4_000.0
    world.look()
    digest_in(world)
    world.hear(0, Refused("too much"))
    world.write()

    assert {one.state for one in world.notes.values()} == {Trouble.PARKED}
    assert {one.attempts for one in world.notes.values()} == {MAX_REFUSALS + 1}


def test_what_is_asked_for_again_waits_for_the_digest_of_its_lane() -> None:
    world = World(pace=PEOPLE)
    world.happen("link:1")
    world.look()
    sent(world)
    late = world.happen("link:1")
    world.look()
    for _ in range(MAX_REFUSALS):
        world.hand_out()
        world.hear(0, Refused("too long"))
        world.write()
        world.now += 60.0
        world.look()
    assert [one.state for one in world.notes.values()] == [Trouble.PARKED]
    world.now += 60.0
    for number in range(10):
        world.happen(f"link:{number}")
    world.look()
    digest = digest_in(world)
    world.redrive()
    world.look()
    assert world.desk.lanes_taken_back == 0

    world.hear(0, Delivered())
    world.write()
    world.look()
    assert late not in [one.position for one in digest.members]
    assert sent(world) == [[late]]


@pytest.mark.parametrize("failed_first", [False, True])
def test_where_machines_read_from_now_on_what_waits_is_told_one_by_one(
    failed_first: bool,
) -> None:
    world = moved(10)
    digest_in(world)
    if failed_first:
        world.hear(0, DOWN)
        world.now += 60.0
    world.desk.follow(world.desk.route, pace=Pace(concurrent=2), now=world.now)
    world.hear(0, Delivered())
    world.arrived.clear()

    assert sorted(sent(world)) == [[2 * number + 1] for number in range(10)]


def test_a_route_that_is_disabled_forgets_its_digest() -> None:
    world = moved(10)
    digest_in(world)
    world.desk.cancel(world.outbox[-1][0])
    world.hear(0, Delivered())

    assert world.desk.next(world.now) is None
    assert world.desk.waiting == 0
    late = world.happen("link:7")
    world.look()
    assert sent(world, seconds=GATE_SECONDS) == [[late]]


def test_what_may_have_been_sent_and_what_was_not_never_go_together() -> None:
    world = moved(10)
    first = digest_in(world)
    world.crash()
    for number in range(20, 31):
        world.happen(f"link:{number}")
    world.look()
    again = digest_in(world)

    assert [one.position for one in again.members] == [one.position for one in first.members]
    assert world.desk.may_be_again(again)
    world.hear(0, Delivered())
    assert [len(one) for one in sent(world, seconds=GATE_SECONDS)] == [11]


def test_at_another_address_what_was_out_begins_no_lane() -> None:
    world = moved(10)
    digest_in(world)
    world.desk.follow(route(url="https://elsewhere"), pace=PEOPLE, now=world.now)
    world.hear(0, Delivered())
    world.write()

    assert world.lanes == {}


STREAMS = ("link:a", "link:b", "link:c", "device:d", "incident:e")
steps = st.one_of(
    st.tuples(st.just("happen"), st.sampled_from(STREAMS), st.none()),
    st.tuples(st.just("hear"), st.integers(0, 3), verdicts),
    st.tuples(st.just("pass"), st.sampled_from([0.1, 2.0, 60.0, 5_000.0, 300_000.0])),
    st.tuples(st.sampled_from(["look", "look", "write", "crash", "redrive"])),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(steps, max_size=80))
def test_whatever_happens_nothing_is_lost_and_each_asset_is_told_in_order(
    told: list[Step],
) -> None:
    world = World(pace=Pace(concurrent=3, few=2))
    for step in told:
        take(world, step)
    world.drain()

    assert world.notes == {}
    assert world.desk.waiting == 0
    for stream in STREAMS:
        arrived = world.first_arrivals(stream)
        assert sorted(arrived) == [one[0] for one in world.outbox if one[1] == stream]
        steady = [one for one in arrived if one not in world.parked_once]
        assert steady == sorted(steady)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(STREAMS), max_size=40), st.integers(1, 6))
def test_everything_that_waits_is_in_exactly_one_message(told: list[str], few: int) -> None:
    world = World(pace=Pace(concurrent=1, few=few))
    for stream in told:
        world.happen(stream)
    world.look()
    messages = sent(world, seconds=GATE_SECONDS * 20)

    assert sorted(one for message in messages for one in message) == [
        one for one, _, _ in world.outbox
    ]
    network = [one for one in told if not one.startswith("incident:")]
    if len(network) > few:
        assert sum(len(message) > 1 for message in messages) == 1
    else:
        assert all(len(message) == 1 for message in messages)
