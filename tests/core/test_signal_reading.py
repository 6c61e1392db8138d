"""What a neighbour's values mean: words, instants, depth, and one name for several parts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.signal_reading import DEEPEST, fingerprint, instant, state, too_deep

JSON: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=12,
)


def nested(levels: int) -> Any:
    document: Any = "leaf"
    for level in range(levels):
        document = [1, document] if level % 2 else {"a": 1, "b": document}
    return document


def depth(document: Any) -> int:
    if isinstance(document, dict):
        return 1 + max(map(depth, document.values()), default=0)
    return 1 + max(map(depth, document), default=0) if isinstance(document, list) else 0


@given(JSON, st.integers(0, 6))
def test_depth_is_counted_in_lists_and_objects(document: Any, deepest: int) -> None:
    assert too_deep(document, deepest=deepest) == (depth(document) > deepest)


def test_the_deepest_document() -> None:
    assert not too_deep(nested(DEEPEST))
    assert too_deep(nested(DEEPEST + 1))
    assert too_deep(nested(50_000))


@given(JSON)
def test_any_value_is_an_instant_of_two_centuries_or_none(value: Any) -> None:
    read = instant(value)

    assert read is None or 2000 <= read.year < 2200
    assert read is None or read.tzinfo is UTC


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_every_way_of_writing_an_instant_is_the_same_one(at: datetime) -> None:
    assert instant(at.isoformat()) == at
    assert instant(at.isoformat().replace("+00:00", "Z")) == at
    assert instant(at.replace(tzinfo=None).isoformat(" ")) == at


@pytest.mark.parametrize(
    ("value", "at"),
    [
        (946_684_800, datetime(2000, 1, 1, tzinfo=UTC)),
        (946_684_799, None),
        ("946684800", datetime(2000, 1, 1, tzinfo=UTC)),
        ("1795255331000", datetime(2026, 11, 21, 10, 2, 11, tzinfo=UTC)),
        ("20261121", datetime(2026, 11, 21, tzinfo=UTC)),
        ("٩٤٦٦٨٤٨٠٠", None),
        (7_258_118_400, None),
        (-1, None),
        (float("nan"), None),
        (float("inf"), None),
        ("1999-12-31T23:59:59Z", None),
        ("2000-01-01T00:00:00+00:01", None),
        ("2026-11-21T10:02:11Z" + " " * 100, datetime(2026, 11, 21, 10, 2, 11, tzinfo=UTC)),
        ("x" * 100, None),
    ],
)
def test_the_bounds_of_an_instant(value: Any, at: datetime | None) -> None:
    assert instant(value) == at


def test_words_for_over_in_any_spelling() -> None:
    assert [state(word) for word in ("RESOLVED", "Ok", "closed", "re-covered")] == ["resolved"] * 4
    assert [state(word) for word in ("ALARM", "unresolved", "not ok", "", None)] == ["firing"] * 5
    assert (state(True), state(False)) == ("firing", "resolved")


@given(st.lists(st.text()), st.lists(st.text()))
def test_different_parts_have_different_fingerprints(some: list[str], others: list[str]) -> None:
    assert (fingerprint(*some) == fingerprint(*others)) == (some == others)
