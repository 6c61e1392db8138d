"""Texts with placeholders."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.placeholders import PlaceholderError, filled, parse_wording

FACTS = {"summary": "No light", "labels.line": "ams-1:fra-1", "labels.empty": ""}


@pytest.mark.parametrize(
    ("text", "come_out"),
    [
        ("{labels.line}: {summary}", "ams-1:fra-1: No light"),
        ("{{{summary}}}", "{No light}"),
        ("{ summary }", "No light"),
        ("{labels.none}{labels.empty}", None),
        ("  ", None),
        (None, None),
        ("plain", "plain"),
    ],
)
def test_what_comes_out(text: str | None, come_out: str | None) -> None:
    assert filled(text, FACTS, longest=100) == come_out


@pytest.mark.parametrize(
    "text", ["{", "}", "{summary", "{secret}", "{}", "{labels.}", "x" * 501, "{summary}" * 21]
)
def test_what_is_not_read(text: str) -> None:
    with pytest.raises(PlaceholderError):
        parse_wording(text)


def test_a_long_one_is_cut() -> None:
    assert filled("{summary}!", {"summary": "a" * 900}, longest=10) == "a" * 9 + "…"


@given(st.text(max_size=600), st.text(max_size=50), st.integers(1, 200))
def test_bounded_whatever_is_written(text: str, value: str, longest: int) -> None:
    try:
        parse_wording(text)
    except PlaceholderError:
        return
    come_out = filled(text, {"summary": value}, longest=longest)
    assert come_out is None or 0 < len(come_out) <= longest


@given(st.text(max_size=200))
def test_braces_can_be_written(text: str) -> None:
    escaped = text.replace("{", "{{").replace("}", "}}")
    assert filled(escaped, {}, longest=1_000) == (text.strip() or None)
