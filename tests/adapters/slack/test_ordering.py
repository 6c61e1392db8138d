"""What comes twice is told apart, and what comes too early waits."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import combinations_with_replacement

import pytest

from tocsin.adapters.slack.ordering import REMEMBERED, Answered, HeldBack

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


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

    assert not held.hold("thread", lambda: done.append(1), at=NOON)
    with held.while_reading("thread"):
        assert not held.hold("another", lambda: done.append(2), at=NOON)
    assert not held.hold("thread", lambda: done.append(3), at=NOON)
    assert done == []


def test_what_waits_is_done_afterwards_in_its_order_and_what_it_brings_with_it() -> None:
    held, done = HeldBack(), list[str]()

    def bring() -> None:
        assert held.hold("thread", lambda: done.append("third"), at=NOON)

    with held.while_reading("thread"):
        held.hold("thread", lambda: done.append("first"), at=NOON)
        held.hold("thread", bring, at=NOON)
        held.hold("thread", lambda: done.append("second"), at=NOON)
        assert done == []

    assert done == ["first", "second", "third"]


def test_what_waits_is_done_in_the_order_in_which_it_was_said() -> None:
    held, done = HeldBack(), list[int]()

    with held.while_reading("thread"):
        for second in (3, 1, 0, 2):
            at = NOON + timedelta(seconds=second)
            held.hold("thread", partial(done.append, second), at=at)

    assert done == [0, 1, 2, 3]


def test_of_two_readers_the_last_one_does_it() -> None:
    held, done = HeldBack(), list[str]()

    with held.while_reading("thread"):
        with held.while_reading("thread"):
            held.hold("thread", lambda: done.append("said"), at=NOON)
        assert done == []
    assert done == ["said"]


def test_a_reader_that_fails_leaves_nothing_behind() -> None:
    held, done = HeldBack(), list[str]()

    def fail() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"), held.while_reading("thread"):
        held.hold("thread", fail, at=NOON)

    assert not held.hold("thread", lambda: done.append("never"), at=NOON)
    with held.while_reading("thread"):
        held.hold("thread", lambda: done.append("said"), at=NOON)
    assert done == ["said"]


def test_nothing_is_lost_between_many_readers_and_speakers() -> None:
    held, lock, done = HeldBack(), threading.Lock(), list[int]()

    def say(number: int) -> None:
        with lock:
            done.append(number)

    def speak(start: int) -> None:
        for number in range(start, start + 500):
            held.take(
                "thread", at=NOON, reply=True, look=partial(lambda one: one, number), record=say
            )

    def read() -> None:
        for _ in range(500):
            with held.while_reading("thread"):
                pass

    threads = [threading.Thread(target=speak, args=(1 + 500 * one,)) for one in range(3)]
    threads += [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(done) == list(range(1, 1_501))


def test_what_was_nobodys_is_remembered_for_who_reads_its_thread_later() -> None:
    held, recorded = HeldBack(), list[str]()

    for thread, reply in (("a", True), ("b", False)):
        held.take(thread, at=NOON, reply=reply, look=lambda: None, record=recorded.append)

    assert (held.passed_by("a"), held.passed_by("b")) == (True, False)
    assert recorded == []


def test_what_was_nobodys_is_remembered_up_to_a_bound() -> None:
    held = HeldBack()

    def pass_by(thread: str) -> None:
        held.hold(thread, lambda: None, at=NOON, leave_word=True)

    for number in range(REMEMBERED):
        pass_by(str(number))
    pass_by("0")
    pass_by("one more")

    assert (held.passed_by("0"), held.passed_by("1"), held.passed_by("2")) == (True, False, True)


# -- a ticket that is opened from a thread while something is said in it --------------------------

SLOTS = ("looking", "looked", "looking again", "looked again", "recording", "done")
"""Moments of a message's way to the ticket; those of the second look come where there is one."""

STEPS = ("begin", "open", "record what was said before", "end")
"""What the reader does, in this order."""

ALL_WAYS = list(combinations_with_replacement(range(len(SLOTS)), len(STEPS)))
"""For each step the moment of the message's way in which it is done: every interleaving."""


@dataclass
class Meeting:
    """A reader, the steps of which are done in given moments of a message's way, and what of both
    is on the timeline (each message once, as receipts see to it).

    ``whole``: the reader reads the whole thread from Slack, where the message is already; else it
    records the mention that it was called by, and reads the thread only where word was left.
    """

    way: tuple[int, ...]
    whole: bool
    held: HeldBack = field(default_factory=HeldBack)
    timeline: list[str] = field(default_factory=list)
    ticket: str | None = None
    steps_done: int = 0
    moment: int = -1
    reading: ExitStack = field(default_factory=ExitStack)

    def run(self) -> list[str]:
        """The whole of it; what is on the timeline then."""
        self.held.take("thread", at=NOON, reply=True, look=self.look, record=self.record)
        self.pass_by(len(SLOTS) - 1)
        return self.timeline

    def look(self) -> str | None:
        self.pass_by(self.moment + 1)
        found = self.ticket
        self.pass_by(self.moment + 1)
        return found

    def record(self, ticket: str) -> None:
        self.pass_by(SLOTS.index("recording"))
        self.note("said now")

    def pass_by(self, moment: int) -> None:
        """Do the steps that are due by that moment."""
        self.moment = max(self.moment, moment)
        while self.steps_done < len(STEPS) and self.way[self.steps_done] <= self.moment:
            self.steps_done += 1
            self.step(STEPS[self.steps_done - 1])

    def step(self, step: str) -> None:
        match step:
            case "begin":
                self.reading.enter_context(self.held.while_reading("thread"))
            case "open":
                self.ticket = "incident"
            case "end":
                self.reading.close()
            case _:
                self.note("said before")
                if self.whole or self.held.passed_by("thread"):
                    self.note("said now")

    def note(self, text: str) -> None:
        if text not in self.timeline:
            self.timeline.append(text)


@pytest.mark.parametrize("whole", [True, False])
def test_however_opening_and_saying_meet_what_was_said_before_is_first(whole: bool) -> None:
    met = {way: Meeting(way=way, whole=whole).run() for way in ALL_WAYS}

    assert len(met) == 126
    assert {tuple(timeline) for timeline in met.values()} == {("said before", "said now")}
