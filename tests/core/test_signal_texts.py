"""Whatever a neighbour sends is cut to what a signal takes, and what is left stays true."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.taking import assert_attachable
from tocsin.core import signal_texts
from tocsin.core.commands import SignalDraft

# With halves of pairs, which JSON can spell and UTF-8 cannot.
TEXTS = st.text(st.characters(exclude_categories=()), max_size=400)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(
    TEXTS, st.dictionaries(TEXTS, VALUES, max_size=5), st.dictionaries(TEXTS, VALUES, max_size=5)
)
def test_what_was_cut_is_taken(
    words: str, labels: dict[str, object], data: dict[str, object]
) -> None:
    assert_attachable(
        SignalDraft(
            source=signal_texts.text(words, longest=200) or "somewhere",
            summary=signal_texts.text(words, longest=2_000) or "something",
            correlation_key=signal_texts.key(words),
            fingerprint=signal_texts.key(words),
            labels=signal_texts.labels(labels),
            data=signal_texts.data(data),
        )
    )


@given(TEXTS, TEXTS)
def test_different_keys_stay_different(one: str, other: str) -> None:
    first, second = signal_texts.key(one, longest=40), signal_texts.key(other, longest=40)

    assert first is None or len(first) <= 40
    assert first is None or first != second or one == other


def test_a_key_that_fits_is_left_as_it_is() -> None:
    assert signal_texts.key("x" * 180) == "x" * 180
    long = signal_texts.key("x" * 181)
    assert long is not None
    assert long.startswith("xxx")
    assert len(long) == 180
    assert signal_texts.key(" a") != signal_texts.key("a") == "a"
    assert signal_texts.key(17) == "17"
    assert signal_texts.key(" \n") is None
    assert signal_texts.key(["a"]) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (" a\r\nb\x00c\t", "a\nb c"),
        ("abcdef", "abcd…"),
        ("abcde", "abcde"),
        (True, "true"),
        (1.5, "1.5"),
        (" ", None),
        (None, None),
        ({}, None),
    ],
)
def test_texts_are_cleaned_and_cut(value: object, text: str | None) -> None:
    assert signal_texts.text(value, longest=5) == text


def test_a_name_is_never_cut() -> None:
    assert signal_texts.name(" api ", longest=3) == "api"
    assert signal_texts.name("apis", longest=3) is None
    assert signal_texts.name(None, longest=3) is None


def test_labels_beyond_two_hundred_are_left_out_and_values_are_cut() -> None:
    taken = signal_texts.labels({str(number): "x" * 5_000 for number in range(201)})

    assert list(taken) == [str(number) for number in range(200)]
    assert {len(value) for value in taken.values()} == {4_096}
    assert signal_texts.labels({"a": None, "b": [], "": "x", "c": 1}) == {"a": "", "c": "1"}


def test_data_names_what_did_not_fit() -> None:
    deep: Any = "bottom"
    for _ in range(20):
        deep = [deep]

    taken = signal_texts.data(
        {"large": "x" * 40_000, "deep": deep, "none": None, "small": 1, "huge": 2**60}
    )

    assert taken == {"small": 1, "huge": str(2**60), "left_out": "large, deep"}


def test_data_beyond_its_bound_is_left_out_whole() -> None:
    taken = signal_texts.data({str(number): "é" * 1_000 for number in range(100)})

    assert len(json.dumps(taken)) <= signal_texts.MOST_DATA + 500
    assert "left_out" in taken
    assert taken["0"] == "é" * 1_000


def test_data_keeps_instants_as_text() -> None:
    assert signal_texts.data({"at": datetime(2026, 11, 20, tzinfo=UTC)}) == {
        "at": "2026-11-20T00:00:00+00:00"
    }


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-20T09:30:00.123456789Z", datetime(2026, 11, 20, 9, 30, 0, 123456, tzinfo=UTC)),
        ("2026-11-20T11:30:00+02:00", datetime(2026, 11, 20, 9, 30, tzinfo=UTC)),
        ("2026-11-20T11:30:00.5+0200", datetime(2026, 11, 20, 9, 30, 0, 500_000, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T00:00:00Z", None),
        ("2026-11-20T11:30:00", None),
        ("2026-11-20", None),
        ("yesterday", None),
        (1_795_255_200, None),
        (None, None),
    ],
)
def test_instants_are_read_in_rfc_3339(text: object, instant: datetime | None) -> None:
    assert signal_texts.instant(text) == instant
