"""How long a destination, or a delivery, is left alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tocsin.dispatcher.breaker import (
    PROBE_FIRST,
    PROBE_LONGEST,
    RETRY_LONGEST,
    WISH_LONGEST,
    Breaker,
    retry_delay,
)

lucks = st.floats(0, 1)


def test_delays_double_up_to_an_hour() -> None:
    delays = [retry_delay(attempts, wish=None, luck=0.0) for attempts in range(1, 15)]
    assert delays[:4] == [1.0, 2.0, 4.0, 8.0]
    assert delays[-1] == RETRY_LONGEST == retry_delay(1_000_000, wish=None, luck=0.0)


@given(attempts=st.integers(1, 10_000), luck=lucks, wish=st.none() | st.floats(0, 1e9))
def test_a_delay_is_bounded_and_never_before_the_wish(
    attempts: int, luck: float, wish: float | None
) -> None:
    whole = retry_delay(attempts, wish=None, luck=0.0)
    delay = retry_delay(attempts, wish=wish, luck=luck)
    assert delay >= whole / 2
    assert delay >= min(wish or 0.0, WISH_LONGEST)
    assert delay <= max(RETRY_LONGEST, WISH_LONGEST)


def test_a_breaker_is_closed_until_it_trips() -> None:
    breaker = Breaker()
    assert not breaker.is_open
    assert breaker.probe_at is None
    assert breaker.admits(0.0)


def test_an_open_breaker_admits_nothing_before_its_probe() -> None:
    breaker = Breaker()
    breaker.trip(100.0, wish=None, luck=0.0)
    assert breaker.is_open
    assert breaker.probe_at == 100.0 + PROBE_FIRST
    assert not breaker.admits(100.0 + PROBE_FIRST / 2)
    assert breaker.admits(100.0 + PROBE_FIRST)
    breaker.close()
    assert breaker.admits(100.0)


def test_probes_become_rarer_and_start_over_when_it_was_closed() -> None:
    breaker, now, waits = Breaker(), 0.0, []
    for _ in range(8):
        breaker.trip(now, wish=None, luck=0.0)
        assert breaker.probe_at is not None
        waits.append(breaker.probe_at - now)
        now = breaker.probe_at
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, PROBE_LONGEST, PROBE_LONGEST, PROBE_LONGEST]
    breaker.close()
    breaker.trip(now, wish=None, luck=0.0)
    assert breaker.probe_at == now + PROBE_FIRST


def test_what_was_out_already_makes_no_probe_later_unless_it_knows_better() -> None:
    breaker = Breaker()
    breaker.trip(0.0, wish=None, luck=0.0)
    for _ in range(10):
        breaker.trip(0.5, wish=None, luck=0.0)
    assert breaker.probe_at == PROBE_FIRST
    breaker.trip(0.5, wish=20.0, luck=0.0)
    assert breaker.probe_at == 20.5
    breaker.trip(0.6, wish=3.0, luck=0.0)
    assert breaker.probe_at == 20.5


@given(luck=lucks, wish=st.none() | st.floats(0, 1e9))
def test_a_wish_is_heeded_up_to_an_hour(luck: float, wish: float | None) -> None:
    breaker = Breaker()
    breaker.trip(0.0, wish=wish, luck=luck)
    assert breaker.probe_at is not None
    assert breaker.probe_at >= max(PROBE_FIRST / 2, min(wish or 0.0, WISH_LONGEST))
    assert breaker.probe_at <= max(PROBE_LONGEST, WISH_LONGEST)


def test_a_probe_can_be_asked_for_at_once() -> None:
    breaker = Breaker()
    breaker.probe_now(7.0)
    assert breaker.is_open
    assert breaker.admits(7.0)
