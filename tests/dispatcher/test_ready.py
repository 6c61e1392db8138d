"""The word of tickets goes before that of devices and links."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dispatcher.test_desk import World
from tocsin.dispatcher.contract import Delivered, Pace
from tocsin.dispatcher.ready import Ready

streams = st.sampled_from(["incident:a", "maintenance:b", "device:c", "link:d", "link:e"])


@given(st.lists(streams))
def test_tickets_first_each_sort_in_its_order(added: list[str]) -> None:
    ready = Ready()
    for stream in added:
        ready.append(stream)
    assert len(ready) == len(added)
    assert bool(ready) is bool(added)

    tickets = [one for one in added if one.startswith(("incident:", "maintenance:"))]
    network = [one for one in added if one not in tickets]
    assert list(ready) == [*tickets, *network]
    assert [ready.popleft() for _ in added] == [*tickets, *network]
    with pytest.raises(IndexError):
        ready.popleft()


def test_what_is_put_back_is_the_next_of_its_sort() -> None:
    ready = Ready()
    for stream in ("link:a", "incident:a"):
        ready.append(stream)
    ready.appendleft("link:b")
    ready.appendleft("incident:b")

    assert list(ready) == ["incident:b", "incident:a", "link:b", "link:a"]
    ready.clear()
    assert not ready


def test_an_incident_does_not_wait_for_a_round_that_moved_three_hundred_links() -> None:
    world = World(pace=Pace(concurrent=1, per_second=1.0, burst=1))
    for number in range(300):
        world.happen(f"link:{number}")
    world.look()
    world.hand_out()
    world.hear(0, Delivered())
    incident = world.happen("incident:a")
    world.look()

    world.now += 1.0
    world.hand_out()

    assert [item.position for item in world.out] == [incident]
