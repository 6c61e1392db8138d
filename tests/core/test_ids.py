"""Ids and public names (Domain: id, ref)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.ids import event_id, ticket_refs, uuid7

LATE = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
INSTANTS = st.timedeltas(min_value=timedelta(), max_value=timedelta(days=70_000)).map(
    lambda span: datetime(2000, 1, 1, tzinfo=UTC) + span
)
BITS = st.integers(min_value=0, max_value=2**62 - 1)


@given(at=INSTANTS, bits=BITS)
def test_a_name_is_the_day_and_four_characters_or_eight_when_these_are_taken(
    at: datetime, bits: int
) -> None:
    short, long = ticket_refs("I", at, bits)

    assert re.fullmatch(rf"I{at:%Y%m%d}-[a-z0-9]{{4}}", short)
    assert re.fullmatch(rf"I{at:%Y%m%d}-[a-z0-9]{{8}}", long)


@pytest.mark.parametrize("hours", [-5, 0, 2])
def test_the_day_of_a_name_is_that_of_utc(hours: int) -> None:
    there = LATE.astimezone(timezone(timedelta(hours=hours)))

    assert all(ref.startswith("M20261120-") for ref in ticket_refs("M", there, 7))


@given(at=INSTANTS, bits=BITS)
def test_ids_are_of_the_seventh_version_and_sort_by_their_instant(at: datetime, bits: int) -> None:
    made = UUID(uuid7(at, bits))

    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert uuid7(at, 2**62 - 1) < uuid7(at + timedelta(microseconds=1), bits)


@given(at=INSTANTS, position=st.integers(min_value=1, max_value=2**62 - 1))
def test_the_position_of_an_event_is_in_its_id(at: datetime, position: int) -> None:
    assert UUID(event_id(at, position)).int & (2**62 - 1) == position
