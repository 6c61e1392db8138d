"""Instants: one spelling out, RFC 3339 in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.core.instants import DAY, HOUR, MINUTE, NotAnInstant, from_text, to_text

LAW = settings(deadline=None, max_examples=300)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

offsets = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(
    lambda minutes: timezone(timedelta(minutes=minutes))
)
instants = st.datetimes(
    min_value=datetime(1, 1, 3),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(9999, 12, 29),  # noqa: DTZ001
    timezones=offsets | st.just(UTC),
)


def test_always_six_digits_and_z() -> None:
    assert to_text(NOON) == "2026-11-20T12:00:00.000000Z"
    assert to_text(NOON + timedelta(microseconds=5)) == "2026-11-20T12:00:00.000005Z"
    assert to_text(NOON.astimezone(timezone(2 * HOUR))) == "2026-11-20T12:00:00.000000Z"


@LAW
@given(instant=instants)
def test_what_is_written_is_read_back(instant: datetime) -> None:
    read = from_text(to_text(instant))

    assert read == instant
    assert read.tzinfo is UTC
    assert len(to_text(instant)) == 27


@LAW
@given(instant=instants)
def test_an_offset_names_the_same_instant(instant: datetime) -> None:
    assert from_text(instant.isoformat()) == instant


@LAW
@given(one=instants, other=instants)
def test_texts_sort_as_the_instants_do(one: datetime, other: datetime) -> None:
    assert (to_text(one) < to_text(other)) == (one < other)


@LAW
@given(digits=st.text("0123456789", min_size=1, max_size=9))
def test_a_fraction_is_cut_not_rounded(digits: str) -> None:
    read = from_text(f"2026-11-20T12:00:00.{digits}Z")

    assert read.microsecond == int(digits.ljust(6, "0")[:6])
    assert read.replace(microsecond=0) == NOON


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T12:00:00Z",
        "2026-11-20t12:00:00z",
        "2026-11-20 12:00:00Z",
        "2026-11-20T12:00:00+00:00",
        "2026-11-20T12:00:00-00:00",
        "2026-11-20T14:00:00.000+02:00",
        "2026-11-20T01:30:00-10:30",
    ],
)
def test_one_noon_in_many_spellings(text: str) -> None:
    assert from_text(text) == NOON


def test_the_year_one_that_alertmanager_writes_for_not_yet() -> None:
    assert from_text("0001-01-01T00:00:00Z") == datetime(1, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2026-11-20T12:00:00", "without a zone"),
        ("2026-02-30T12:00:00Z", "no such day"),
        ("2026-00-10T12:00:00Z", "no such day"),
        ("2026-11-20T24:00:00Z", "not an instant"),
        ("2026-11-20T12:00:60Z", "not an instant"),
        ("2026-11-20T12:00:00.Z", "not an instant"),
        ("2026-11-20T12:00:00.0123456789Z", "not an instant"),
        ("2026-11-20T12:00:00,5Z", "not an instant"),
        ("2026-11-20T12:00:00+0200", "not an instant"),
        ("2026-11-20T12:00:00+24:00", "not an instant"),
        ("2026-W47-5T12:00:00Z", "not an instant"),
        ("2026-11-20", "not an instant"),
        ("20261120T120000Z", "not an instant"),
        ("２026-11-20T12:00:00Z", "not an instant"),
        ("2026-11-20T12:00:00Z\n", "not an instant"),
        ("", "not an instant"),
        ("0001-01-01T00:00:00+01:00", "outside the years"),
        ("9999-12-31T23:59:59-01:00", "outside the years"),
    ],
)
def test_what_names_no_single_instant_is_refused_in_words(text: str, says: str) -> None:
    with pytest.raises(NotAnInstant, match=says):
        from_text(text)


def test_an_instant_without_a_zone_is_not_written() -> None:
    with pytest.raises(NotAnInstant, match="zone"):
        to_text(NOON.replace(tzinfo=None))
    with pytest.raises(NotAnInstant, match="years"):
        to_text(datetime(1, 1, 1, tzinfo=timezone(HOUR)))


def test_units() -> None:
    assert DAY == 24 * HOUR
    assert HOUR == 60 * MINUTE
    assert timedelta(seconds=60) == MINUTE
