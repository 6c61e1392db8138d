"""Times as people type and read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.app.command_line.times import Unreadable, clock, human, instant, read, span, written

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", NOW),
        ("+2h30m", NOW + timedelta(hours=2, minutes=30)),
        ("-1d", NOW - timedelta(days=1)),
        ("+1w2d3h4m5s", NOW + timedelta(weeks=1, days=2, hours=3, minutes=4, seconds=5)),
        ("2026-11-20T22:00:00Z", NOW + timedelta(hours=10)),
        ("2026-11-20 22:00z", NOW + timedelta(hours=10)),
        ("2026-11-20T23:00:00.5+01:00", NOW + timedelta(hours=10, milliseconds=500)),
    ],
)
def test_a_time_is_read(text: str, expected: datetime) -> None:
    assert instant(text, now=NOW) == expected


@pytest.mark.parametrize(
    "text",
    ["", "+", "-", "2h", "+2x", "+h", "2026-11-20", "2026-11-20T22:00:00", "+99999d99999999s9w",
     "2026-02-30T00:00:00Z", "0001-01-01T00:00:00+14:00", "now!", "+999999h999999h"],
)  # fmt: skip
def test_what_is_no_time_is_said_so(text: str) -> None:
    with pytest.raises(Unreadable):
        instant(text, now=NOW)


@given(st.datetimes(timezones=st.just(UTC)))
def test_what_is_written_is_read_again(at: datetime) -> None:
    assert read(written(at)) == at
    assert instant(written(at), now=NOW) == at


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_said_not_to_be(text: str) -> None:
    try:
        found = instant(text, now=NOW)
    except Unreadable:
        return
    assert found.tzinfo is not None


@given(hours=st.integers(0, 999), minutes=st.integers(1, 59))
def test_a_span_is_the_sum_of_its_parts(hours: int, minutes: int) -> None:
    assert span(f"{hours}h{minutes}m") == timedelta(hours=hours, minutes=minutes)


@pytest.mark.parametrize(
    ("away", "words"),
    [
        (timedelta(seconds=10), "just now"),
        (timedelta(minutes=-5), "5 min ago"),
        (timedelta(hours=3), "in 3 h"),
        (timedelta(days=-2), "2 d ago"),
    ],
)
def test_a_distance_has_one_unit(away: timedelta, words: str) -> None:
    assert human(written(NOW + away), now=NOW).endswith(f"({words})")


def test_absent_and_odd_times_are_shown_as_they_are() -> None:
    assert human(None, now=NOW) == "–"
    assert human("soon", now=NOW) == "soon"
    assert clock(None) == "–"
    assert clock("2026-11-20T14:05:07.123456Z") == "2026-11-20 14:05:07Z"
