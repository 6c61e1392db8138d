"""Who sends, and who does not any more: duties that are lost, storage that is away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest

from tests.dispatcher.posting import Later, Post, accepted, firsts
from tocsin.dispatcher.contract import SEND_SECONDS, Parcel, Refused, Verdict
from tocsin.dispatcher.naming import DUTIES, duty_of
from tocsin.store.contract import StorageFailed, Store
from tocsin.store.leasing import LEASE_SECONDS, RENEW_SECONDS, Alone, Shared
from tocsin.store.outgoing import Trouble


def sharer(post: Post, owner: str) -> Shared:
    return Shared(store=post.store, owner=owner, duties=DUTIES, timer=post.timer)


def expire(post: Post) -> None:
    """Let the database's clock pass the end of every lease."""
    with post.store.tending() as turn:
        turn.forget_leases()
        turn.commit()


def test_what_is_out_when_the_duty_is_lost_changes_nothing_any_more(post: Post) -> None:
    """A paused owner wakes up; another has gone on meanwhile."""
    route = post.route("hook")
    stream = post.incident()
    workers = Later()
    paused = post.made(leases=sharer(post, "paused"), workers=workers)
    paused.round()
    assert len(workers.waiting) == 1

    expire(post)
    post.dispatcher = post.made(leases=sharer(post, "other"))
    post.run(1)
    before = post.row(route)
    assert before.delivered == 1
    post.say(stream)
    # It was handed out while the duty was still held, and cannot know better.
    workers.let_go()
    paused.round()
    post.wait(0.1)
    paused.round()

    assert post.row(route) == before
    assert [one.delivery_id for one in post.hook.arrived[:1]] * 2 == [
        one.delivery_id for one in post.hook.arrived
    ]
    post.run(2)
    assert firsts(post.hook.arrived, route) == post.promised(route)


def test_a_send_that_waited_for_a_worker_until_the_lease_ran_out_is_not_made(post: Post) -> None:
    post.route("hook")
    post.incident()
    workers = Later()
    paused = post.made(leases=sharer(post, "paused"), workers=workers)
    paused.round()
    post.wait(LEASE_SECONDS - SEND_SECONDS)
    workers.let_go()
    assert post.hook.handed == []


def test_a_second_process_takes_its_share_and_all_when_the_first_is_gone(post: Post) -> None:
    routes = [post.route(f"hook {number}") for number in range(8)]
    first = post.dispatcher = post.made(leases=sharer(post, "first"))
    post.run(1)
    second = post.made(leases=sharer(post, "second"))
    for _ in range(8):
        for one in (first, second):
            one.round()
        post.wait(1.0)
    post.incident()
    with post.store.reading() as turn:
        owners = {name: owner for name, (owner, _) in turn.lease_owners().items()}
    assert {owners[duty] for duty in DUTIES} == {"first", "second"}

    for one in (first, second, first, second):
        one.nudge()
        one.round()
        post.wait(0.1)
    for route in routes:
        assert firsts(post.hook.arrived, route) == post.promised(route)
    assert len(post.hook.handed) == len(routes), "each of them once"

    expire(post)
    post.dispatcher = second
    post.wait(LEASE_SECONDS)
    post.incident()
    post.run(5)
    for route in routes:
        assert firsts(post.hook.arrived, route) == post.promised(route)
    assert {duty_of(route) for route in routes} <= set(DUTIES)


def test_a_duty_is_given_to_another_once_nothing_of_it_is_out(post: Post) -> None:
    routes = [post.route(f"hook {number}") for number in range(8)]
    workers = Later()
    first = post.dispatcher = post.made(leases=sharer(post, "first"), workers=workers)
    post.incident()
    first.round()
    assert len(workers.waiting) == len(routes)
    second = post.made(leases=sharer(post, "second"))
    second.round()

    def holders() -> set[str]:
        with post.store.reading() as turn:
            owners = turn.lease_owners()
        return {owners[duty_of(route)][0] for route in routes if duty_of(route) in owners}

    for _ in range(2):
        post.wait(RENEW_SECONDS)
        first.round()
        second.round()
    assert holders() == {"first"}

    workers.let_go()
    for _ in range(4):
        post.wait(RENEW_SECONDS)
        first.round()
        second.round()
    assert holders() == {"first", "second"}
    assert len(post.hook.handed) == len(routes), "each of them once"


def test_a_standby_sends_nothing(post: Post) -> None:
    post.route("hook")
    holder = sharer(post, "holder")
    holder.tend()
    post.incident()
    standby = post.made(leases=sharer(post, "standby"))
    for _ in range(3):
        standby.round()
        post.wait(1.0)
    assert post.hook.handed == []


def test_a_dispatcher_that_is_stopped_marks_and_makes_room(post: Post) -> None:
    """The one test of its own thread: begun, told of news, stopped."""
    route = post.route("hook")
    post.incident()
    leases = sharer(post, "stopping")
    dispatcher = post.made(leases=leases)
    dispatcher.round()
    dispatcher.start()
    dispatcher.stop()
    assert not dispatcher.running
    assert post.row(route).delivered == 1
    with post.store.reading() as turn:
        assert dict(turn.lease_owners()) == {}


# -- storage that is away ------------------------------------------------------------------------


class Weak:
    """A turn that fails at the calls that its store names."""

    def __init__(self, turn: object, store: Flaky) -> None:
        self._turn = turn
        self._store = store

    def __getattr__(self, name: str) -> Any:
        if name == self._store.failing:
            raise StorageFailed("the database is away")
        return getattr(self._turn, name)


class Flaky:
    """A store of which one call fails while it is named in ``failing``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.failing = ""

    @contextmanager
    def reading(self) -> Iterator[Weak]:
        with self._store.reading() as turn:
            yield Weak(turn, self)

    @contextmanager
    def tending(self) -> Iterator[Weak]:
        with self._store.tending() as turn:
            yield Weak(turn, self)


@pytest.mark.parametrize(
    "call",
    [
        "last_position",
        "sort_moved",
        "heads_of_sort",
        "destinations",
        "outgoing_count",
        "outgoing",
        "lanes",
        "noted_lanes",
        "due_deliveries",
        "noted",
        "events_at",
        "heads",
        "settle",
        "commit",
    ],
)
def test_whatever_fails_for_a_while_goes_on_when_it_is_back(post: Post, call: str) -> None:
    plain = post.store
    flaky = Flaky(plain)
    post.store = cast(Store, flaky)
    post.restart()
    post.store = plain
    early = post.route("early")
    post.run(2)
    stream = post.incident()
    post.run(0.02)
    refused: list[str] = []

    def once(parcel: Parcel) -> Verdict:
        if parcel.delivery_id in refused:
            return accepted(parcel)
        refused.append(parcel.delivery_id)
        return Refused("409")

    post.hook.judge = once
    route = post.route("late", matchers=("severity=sev2",))
    post.say(stream)
    post.incident()
    failures = 0
    flaky.failing = call
    for _ in range(40):
        try:
            post.dispatcher.round()
        except StorageFailed:
            failures += 1
        post.wait(0.2)
    flaky.failing = ""
    post.say(stream)
    post.run(60)

    assert failures > 0, "it was never away for this call"
    assert firsts(post.hook.arrived, route) == post.promised(route)
    assert firsts(post.hook.arrived, early) == post.promised(early)
    assert post.trouble() == []


def test_what_cannot_be_rendered_for_want_of_storage_is_sent_later(post: Post) -> None:
    route = post.route("hook")
    away = [True]

    def rendering(parcel: Parcel) -> Verdict:
        if away[0]:
            raise StorageFailed("the database is away")
        return accepted(parcel)

    post.hook.judge = rendering
    post.incident()
    post.run(1)
    away.clear()
    away.append(False)
    post.run(1)
    assert firsts(post.hook.arrived, route) == post.promised(route)
    assert post.row(route).down_since is None
    assert post.outcomes["hook", "delivered"] == 1
    assert ("hook", "failed") not in post.outcomes


def test_duties_of_one_alone_are_never_lost(post: Post) -> None:
    route = post.route("hook")
    post.dispatcher = post.made(leases=Alone(DUTIES))
    post.incident()
    post.run(1)
    expire(post)
    post.incident()
    post.run(1)
    assert firsts(post.hook.arrived, route) == post.promised(route)
    assert post.trouble(Trouble.WAITING) == []
