"""How fast a destination is sent to."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tocsin.dispatcher.contract import Pace
from tocsin.dispatcher.pacing import Bucket


def test_without_a_rate_a_send_may_always_go() -> None:
    bucket = Bucket(Pace(concurrent=1), 0.0)
    for _ in range(1_000):
        assert bucket.ready_at(3.0) == 3.0
        bucket.take(3.0)


def test_after_a_burst_sends_come_at_the_rate() -> None:
    bucket = Bucket(Pace(concurrent=1, per_second=2.0, burst=3), 10.0)
    for _ in range(3):
        assert bucket.ready_at(10.0) == 10.0
        bucket.take(10.0)
    assert bucket.ready_at(10.0) == 10.5
    assert bucket.ready_at(10.25) == 10.5
    bucket.take(10.5)
    assert bucket.ready_at(10.5) == 11.0


def test_a_rest_fills_it_no_further_than_a_burst() -> None:
    bucket = Bucket(Pace(concurrent=1, per_second=1.0, burst=2), 0.0)
    for _ in range(2):
        assert bucket.ready_at(1_000.0) == 1_000.0
        bucket.take(1_000.0)
    assert bucket.ready_at(1_000.0) == 1_001.0


@given(
    rate=st.floats(0.1, 100.0),
    burst=st.integers(1, 20),
    waits=st.lists(st.floats(0.0, 3.0), max_size=60),
)
def test_no_more_go_than_a_burst_and_the_rate(rate: float, burst: int, waits: list[float]) -> None:
    bucket, now, sent = Bucket(Pace(concurrent=1, per_second=rate, burst=burst), 0.0), 0.0, 0
    for wait in waits:
        now += wait
        if bucket.ready_at(now) <= now:
            bucket.take(now)
            sent += 1
    assert sent <= burst + rate * now + 1e-6
