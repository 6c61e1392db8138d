"""A duty goes its rounds, hears nudges, stands by without the lease, and ends when told."""

from __future__ import annotations

import threading
from datetime import timedelta

from structlog.testing import capture_logs

from tocsin.adapters.provisioning.rounds import WITHOUT_DUTY, Rounds
from tocsin.store.contract import StorageFailed

LONG = timedelta(hours=1)
WITHIN = 20.0


def test_a_nudge_ends_the_pause_and_a_stop_ends_it_all() -> None:
    going = threading.Semaphore(0)
    hurried = threading.Event()

    def go() -> timedelta:
        going.release()
        return LONG

    rounds = Rounds("test", go, hurry=hurried.set)
    rounds.start()
    assert going.acquire(timeout=WITHIN)
    ran = rounds.running
    rounds.nudge()
    assert going.acquire(timeout=WITHIN)
    rounds.stop()
    assert hurried.is_set()
    assert (ran, rounds.running) == (True, False)
    assert not going.acquire(blocking=False)


def test_who_has_not_the_duty_does_nothing() -> None:
    gone: list[int] = []

    def go() -> timedelta:
        gone.append(1)
        return LONG

    assert Rounds("test", go, holding=lambda: None).once() == WITHOUT_DUTY
    assert gone == []


def test_a_storage_that_is_away_is_told_once_and_tried_again() -> None:
    away = [True, True, False, True]

    def go() -> timedelta:
        if away.pop(0):
            raise StorageFailed("the disk is full")
        return LONG

    retry = timedelta(seconds=7)
    rounds = Rounds("test", go, retry=retry)
    with capture_logs() as logged:
        assert [rounds.once() for _ in range(4)] == [retry, retry, LONG, retry]
    assert [line["action"] for line in logged] == ["duty_failed", "duty_works", "duty_failed"]
    assert logged[0]["reason"] == "the disk is full"


def test_an_error_in_the_code_of_a_round_ends_no_duty() -> None:
    wrong = [True, True, False]

    def go() -> timedelta:
        if wrong.pop(0):
            raise ValueError("an answer that nobody thought of")
        return LONG

    retry = timedelta(seconds=7)
    rounds = Rounds("test", go, retry=retry)
    with capture_logs() as logged:
        assert [rounds.once() for _ in range(3)] == [retry, retry, LONG]
    assert [line["action"] for line in logged] == ["duty_broken", "duty_works"]
    assert "nobody thought of" in str(logged[0]["exc_info"])
