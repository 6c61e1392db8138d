"""What comes twice is told apart, and what comes too early waits."""

from __future__ import annotations

import threading

import pytest

from tocsin.adapters.slack.ordering import REMEMBERED, Answered, HeldBack


def test_only_the_first_of_several_is_the_first() -> None:
    answered = Answered()

    assert [answered.first(key) for key in ("a", "b", "a", "a", "b")] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_the_newest_are_remembered_up_to_a_bound() -> None:
    answered = Answered()
    for number in range(REMEMBERED + 1):
        answered.first(str(number))

    assert answered.first("0")
    assert not answered.first(str(REMEMBERED))


def test_where_nobody_reads_nothing_waits() -> None:
    held, done = HeldBack(), list[int]()

    assert not held.hold("thread", lambda: done.append(1))
    with held.while_reading("thread"):
        assert not held.hold("another", lambda: done.append(2))
    assert not held.hold("thread", lambda: done.append(3))
    assert done == []


def test_what_waits_is_done_afterwards_in_its_order_and_what_it_brings_with_it() -> None:
    held, done = HeldBack(), list[str]()

    def bring() -> None:
        assert held.hold("thread", lambda: done.append("third"))

    with held.while_reading("thread"):
        held.hold("thread", lambda: done.append("first"))
        held.hold("thread", bring)
        held.hold("thread", lambda: done.append("second"))
        assert done == []

    assert done == ["first", "second", "third"]


def test_of_two_readers_the_last_one_does_it() -> None:
    held, done = HeldBack(), list[str]()

    with held.while_reading("thread"):
        with held.while_reading("thread"):
            held.hold("thread", lambda: done.append("said"))
        assert done == []
    assert done == ["said"]


def test_a_reader_that_fails_leaves_nothing_behind() -> None:
    held, done = HeldBack(), list[str]()

    def fail() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"), held.while_reading("thread"):
        held.hold("thread", fail)

    assert not held.hold("thread", lambda: done.append("never"))
    with held.while_reading("thread"):
        held.hold("thread", lambda: done.append("said"))
    assert done == ["said"]


def test_nothing_is_lost_between_many_readers_and_speakers() -> None:
    held, lock, done = HeldBack(), threading.Lock(), list[int]()

    def say(number: int) -> None:
        with lock:
            done.append(number)

    def speak(start: int) -> None:
        for number in range(start, start + 500):
            if not held.hold("thread", lambda number=number: say(number)):  # type: ignore[misc]
                say(number)

    def read() -> None:
        for _ in range(500):
            with held.while_reading("thread"):
                pass

    threads = [threading.Thread(target=speak, args=(500 * one,)) for one in range(3)]
    threads += [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(done) == list(range(1_500))
