"""Whatever comes is a signal that a ticket takes, or unreadable; never anything else."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adapters.generic.laws import attachable
from tocsin.adapters.generic.expressions import NotAnExpression, expression
from tocsin.adapters.generic.mapping import SINGLE, signal_mapping
from tocsin.adapters.generic.shipped import SHIPPED
from tocsin.adapters.generic.translation import preview, read
from tocsin.core.commands import SignalDraft
from tocsin.core.ingestion import Unreadable

SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.sampled_from(["firing", "ok", "critical", "P5", "2026-11-21T10:02:11Z", "", " ", "x" * 300]),
)
NAMES = st.one_of(st.sampled_from(["a", "b", "title", "list"]), st.text(max_size=5))
DOCUMENTS: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=20,
)
EXPRESSIONS = st.sampled_from(
    [
        *("a", "b", "@", "list", "list[0]", "a.b", "*", "@.*", "[a, b]", "{x: a, y: @}", "&a"),
        *("to_string(@)", "join(',', list)", "sort(list)", "a || 'x'", "a && b", "!a", "a == b"),
        *("a < b", "max(list)", "avg(list)", "keys(@)", "length(@)", "from_json(a)", "list[::-1]"),
        *("ceil(a)", "to_number(a)", "contains(a, b)", "merge(a, b)", "reverse(a)"),
        *(
            "map(&to_string(@), list)",
            "sort_by(list, &a)",
            "a[?b]",
            "list[].a",
            "'fixed'",
            "type(@)",
        ),
    ]
)
MAPPINGS = st.fixed_dictionaries(
    {"summary": st.sampled_from(["'fixed'", "to_string(@)", "a || 'x'", "title"])},
    optional={
        **{field: EXPRESSIONS for field in SINGLE if field != "summary"},
        "items": st.sampled_from(["list", "[@]", "@", "list[]", "*", "[a, b]"]),
        "labels": EXPRESSIONS,
        "labels.one": EXPRESSIONS,
        "data": EXPRESSIONS,
        "data.one": EXPRESSIONS,
    },
)


def check(body: bytes, mapping: dict[str, str]) -> None:
    try:
        reading = read(body, mapping=signal_mapping(mapping), source="hook")
    except Unreadable:
        return
    for said in reading.said:
        assert isinstance(said, SignalDraft)
        assert attachable(said) == ()
        json.dumps([said.data, dict(said.labels)], ensure_ascii=False, allow_nan=False).encode()


@settings(max_examples=400, deadline=None)
@given(document=DOCUMENTS, mapping=MAPPINGS)
def test_any_document_under_any_mapping(document: Any, mapping: dict[str, str]) -> None:
    check(json.dumps(document).encode(), mapping)


@given(st.binary(max_size=300))
def test_any_bytes(body: bytes) -> None:
    check(body, {"summary": "to_string(@)"})


@settings(max_examples=300, deadline=None)
@given(
    document=st.dictionaries(
        st.sampled_from(
            [
                *("Message", "Type", "TopicArn", "Subject", "incident", "heartbeat", "monitor"),
                *("msg", "data", "action", "title", "state", "severity", "event_tags", "tags"),
                *(
                    "event_value",
                    "device_id",
                    "rule_id",
                    "alert_type",
                    "check_params",
                    "check_name",
                ),
                *("impactedEntities", "targets", "timestamp", "id", "alert_transition"),
            ]
        ),
        DOCUMENTS,
    ),
    kind=st.sampled_from(sorted(SHIPPED)),
)
def test_any_document_under_what_is_shipped(document: Any, kind: str) -> None:
    check(json.dumps(document).encode(), dict(SHIPPED[kind].mapping))


@given(st.lists(st.binary(max_size=50), max_size=5))
def test_a_preview_has_an_answer_for_every_body(bodies: list[bytes]) -> None:
    found = preview(bodies, mapping=signal_mapping({"summary": "to_string(@)"}), source="hook")

    assert len(found) == len(bodies)
    assert all((one.reading is None) == (one.unreadable is not None) for one in found)


# A bare word between backticks is a text that the language once allowed; it is read as one.
@pytest.mark.filterwarnings("ignore:deprecated string literal syntax")
@settings(max_examples=400)
@given(st.one_of(st.text(max_size=80), st.text("ab.[]{}()|&!<>=*@`'\"\\,:?-09 ", max_size=60)))
def test_any_text_is_an_expression_or_is_none(text: str) -> None:
    with suppress(NotAnExpression):
        assert expression(text).text == text
