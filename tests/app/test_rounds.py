"""Work that comes round, round by round."""

from __future__ import annotations

import threading

from structlog.testing import capture_logs

from tocsin.app.rounds import Rounds


class Work:
    """Counts, and fails while it is told to."""

    def __init__(self) -> None:
        self.done = 0
        self.failing = False

    def __call__(self) -> None:
        if self.failing:
            raise RuntimeError("Slack said something new")
        self.done += 1


def test_what_is_another_processs_is_left_alone() -> None:
    work, mine = Work(), [False]
    rounds = Rounds("slack", work, seconds=1, ours=lambda: mine[0])

    rounds.round()
    assert work.done == 0
    mine[0] = True
    rounds.round()
    assert work.done == 1


def test_a_failure_is_logged_once_and_the_next_round_comes() -> None:
    work = Work()
    rounds = Rounds("slack", work, seconds=1)

    with capture_logs() as said:
        work.failing = True
        rounds.round()
        rounds.round()
        work.failing = False
        rounds.round()
        rounds.round()

    assert work.done == 2
    assert [one["action"] for one in said] == ["round_failed", "round_works"]


def test_it_goes_round_until_it_is_stopped() -> None:
    came = threading.Semaphore(0)
    rounds = Rounds("slack", came.release, seconds=0)
    rounds.start()

    assert all(came.acquire(timeout=30) for _ in range(3))
    rounds.stop()
    rounds.stop()
