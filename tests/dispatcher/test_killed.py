"""The dispatcher killed between every two of its steps, one after the other (Design: dispatcher).

A step is a call of the store, or a send; the kill comes before it, which is after the one before.
Whoever takes over knows only what is stored. Nothing acknowledged may be lost by it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any, cast

import pytest

from tests.dispatcher.posting import AtOnce, Judge, Post, accepted, firsts
from tests.handler.acting import Clock, House, house
from tocsin.dispatcher.contract import Parcel, Refused, Retry, Verdict
from tocsin.store.contract import Store
from tocsin.store.outgoing import Trouble
from tocsin.store.sqlite import SqliteStore


class Killed(BaseException):
    """The process is gone; nothing in it gets to react."""


class Fate:
    """Kills at one step, and again after as many."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.steps = 0
        self.deaths = 0

    def step(self) -> None:
        """One more step."""
        self.steps += 1
        if self.steps in (self.at, 2 * self.at):
            self.deaths += 1
            raise Killed


class MortalTurn:
    """A turn whose every call is a step."""

    def __init__(self, turn: object, fate: Fate) -> None:
        self._turn = turn
        self._fate = fate

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._turn, name)

        def called(*args: object, **kwargs: object) -> Any:
            self._fate.step()
            return call(*args, **kwargs)

        return called


class MortalStore:
    """The store, for a process that may be killed at any call."""

    def __init__(self, store: Store, fate: Fate) -> None:
        self._store = store
        self._fate = fate

    @contextmanager
    def reading(self) -> Iterator[MortalTurn]:
        with self._store.reading() as turn:
            yield MortalTurn(turn, self._fate)

    @contextmanager
    def tending(self) -> Iterator[MortalTurn]:
        with self._store.tending() as turn:
            yield MortalTurn(turn, self._fate)
            self._fate.step()


class MortalHands(AtOnce):
    """Sends at once, unless the process is killed before or right after."""

    def __init__(self, fate: Fate) -> None:
        super().__init__()
        self._fate = fate

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self._fate.step()
        done = super().submit(fn, *args, **kwargs)
        self._fate.step()
        return done


# -- what happens --------------------------------------------------------------------------------


def shaky() -> Judge:
    """Every delivery fails once, now this way, now that."""
    failed: list[str] = []

    def judge(parcel: Parcel) -> Verdict:
        if parcel.delivery_id in failed:
            return accepted(parcel)
        failed.append(parcel.delivery_id)
        return Retry("503") if len(failed) % 2 else Refused("409")

    return judge


def dead_at_first() -> Judge:
    """Nothing arrives at first."""
    tries = count(1)
    return lambda parcel: Retry("no connection") if next(tries) <= 4 else accepted(parcel)


def refusing(stream: str) -> Judge:
    """Nothing of that lane is taken."""
    return lambda one: Refused("410") if one.event.stream == stream else accepted(one)


@dataclass(frozen=True)
class Story:
    """How the receiver behaves, and for how long things take their course."""

    judge: Callable[[], Judge]
    seconds: float


STORIES = {
    "all is well": Story(lambda: accepted, 3),
    "sends fail now and then": Story(shaky, 20),
    "the destination is down at first": Story(dead_at_first, 25),
}


@dataclass(frozen=True)
class Told:
    """A house in which things have happened that nobody has been sent yet, as a file."""

    home: House
    path: Path
    route: str


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("told")
    with house(folder) as home:
        post = Post(home=home, store=home.store)
        route = post.route("hook")
        first, second = post.incident(), post.incident()
        post.say(first)
        post.say(second)
        post.say(first)
    return Told(home, home.path, route)


@contextmanager
def mortal(told: Told, folder: Path, fate: Fate) -> Iterator[Post]:
    """A copy of what was told, with a dispatcher of that fate."""
    path = folder / f"killed-{fate.at}.db"
    shutil.copy(told.path, path)
    store = SqliteStore(path, migrated=True)
    home = replace(told.home, store=store, clock=Clock(told.home.clock.now))
    post = Post(home=home, store=store, workers=MortalHands(fate))
    yield post
    store.close()


def live(post: Post, fate: Fate, seconds: float) -> None:
    """Let it run for that long; whenever it is killed, another takes over."""
    plain = post.store
    end = post.timer.now + seconds
    while post.timer.now < end:
        try:
            post.store = cast(Store, MortalStore(plain, fate))
            post.restart()
            post.store = plain
            post.run(end - post.timer.now)
        except Killed:
            post.wait(0.001)


def complete(post: Post, route: str) -> None:
    """Everything acknowledged arrived in order, under one name each; nothing is left to do."""
    promised = post.promised(route)
    assert [len(lane) for lane in promised.values()] == [3, 2]
    assert firsts(post.hook.arrived, route) == promised
    seen: dict[int, str] = {}
    for parcel in post.hook.handed:
        known = seen.setdefault(parcel.event.position, parcel.delivery_id)
        assert known == parcel.delivery_id
    assert len(set(seen.values())) == len(seen)
    again = {parcel.delivery_id: 0 for parcel in post.hook.handed}
    for parcel in post.hook.handed:
        again[parcel.delivery_id] += 1
        assert parcel.again or again[parcel.delivery_id] == 1
    for parcel in post.hook.arrived:
        assert parcel.opening == (parcel.remote_id is None)
        if not parcel.opening:
            assert parcel.remote_id == f"made/{parcel.event.stream}"
    assert post.trouble() == []
    assert post.row(route).position >= max(max(lane) for lane in promised.values())
    sent = len(post.hook.handed)
    post.restart()
    post.run(5)
    assert len(post.hook.handed) == sent


@pytest.mark.parametrize("name", STORIES)
def test_killed_at_any_step_nothing_is_lost(told: Told, tmp_path: Path, name: str) -> None:
    story = STORIES[name]
    for at in count(1):
        fate = Fate(at)
        with mortal(told, tmp_path, fate) as post:
            post.hook.judge = story.judge()
            live(post, fate, story.seconds)
            complete(post, told.route)
        if not fate.deaths:
            break
    assert at > 30, "with hardly a step in it, it would show nothing"


def test_killed_at_any_step_a_lane_stays_parked_until_it_is_asked_for(
    told: Told, tmp_path: Path
) -> None:
    for at in count(1):
        fate = Fate(at)
        with mortal(told, tmp_path, fate) as post:
            sick = next(iter(post.promised(told.route)))
            post.hook.judge = refusing(sick)
            live(post, fate, 20)
            states = [one.state for one in post.trouble() if one.stream == sick]
            assert states == [Trouble.PARKED, Trouble.HELD, Trouble.HELD]
            assert sick not in firsts(post.hook.arrived, told.route)

            post.hook.judge = accepted
            assert post.redrive() == 1
            live(post, fate, 5)
            complete(post, told.route)
        if not fate.deaths:
            break
    assert at > 60, "with hardly a step in it, it would show nothing"
