"""Canonical JSON, and what cannot be read."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any, get_args, get_type_hints

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.facts import SYSTEM, Event, registered_kinds
from tocsin.core.provisioning.facts import InterfaceBound
from tocsin.core.ticket_facts import NoteAdded, SignalIngested
from tocsin.store.codec import canonical, data_of, decoded_event, emptied, encoded_parts
from tocsin.store.contract import LogDamaged

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
OUR_KEYS = st.from_regex(r"[a-z_]{1,12}", fullmatch=True)
SMALL = st.integers(-(2**53) + 1, 2**53 - 1)
OUR_VALUES = st.recursive(
    st.none() | st.booleans() | SMALL | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(OUR_KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(OUR_KEYS, OUR_VALUES, max_size=6))
def test_the_fast_encoder_is_canonical_for_the_documents_we_write(
    document: dict[str, object],
) -> None:
    assert canonical(document) == rfc8785.dumps(document)  # type: ignore[arg-type]


ANY_VALUES = st.recursive(
    st.none() | st.booleans() | SMALL | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(TEXT, ANY_VALUES, max_size=6))
def test_what_others_give_is_written_canonically_whatever_it_is(
    document: dict[str, object],
) -> None:
    assert canonical(document, free_form=True) == rfc8785.dumps(document)  # type: ignore[arg-type]


def signal(labels: dict[str, str]) -> Event:
    payload = SignalIngested(
        signal_id="s", source="am", summary="down", ts=NOON, labels=labels, data={"value": 1e21}
    )
    return Event(
        id="e",
        org_id=1,
        stream="incident:1",
        version=1,
        position=7,
        recorded_at=NOON,
        actor=SYSTEM,
        via="api",
        payload=payload,
    )


@given(st.dictionaries(TEXT, TEXT, max_size=5))
def test_an_event_is_read_back_as_it_was_written_whatever_its_labels(
    labels: dict[str, str],
) -> None:
    event = signal(labels)
    public, private = encoded_parts(event)
    assert decoded_event(position=7, org_id=1, public=public, private=private) == event


def test_a_kind_that_no_code_ever_wrote_is_damage() -> None:
    public, private = encoded_parts(signal({}))
    unknown = public.replace(b"signal_ingested", b"signal_invented")
    with pytest.raises(LogDamaged, match="does not know"):
        decoded_event(position=7, org_id=1, public=unknown, private=private)


def test_emptying_takes_text_and_leaves_the_rest() -> None:
    _, private = encoded_parts(signal({"host": "secret"}))
    left = emptied("incident.signal_ingested", 1, private, frozenset({"summary", "labels"}))
    assert b"secret" not in left
    assert b"down" not in left
    assert b'"source":"am"' in left
    with pytest.raises(KeyError):
        emptied("incident.signal_ingested", 1, private, frozenset({"source"}))


def test_one_class_serves_two_kinds_of_stream() -> None:
    assert NoteAdded.kinds == {
        "incident": "incident.note_added",
        "maintenance": "maintenance.note_added",
    }


def test_what_may_be_none_is_read_back_where_it_was_left_out() -> None:
    # Every payload is a dataclass; that they share no other type is all that mypy sees.
    kinds: dict[tuple[str, int], Any] = dict(registered_kinds())
    wanting = [
        f"{kind}.{one.name}"
        for (kind, _), cls in kinds.items()
        for one in dataclasses.fields(cls)
        if type(None) in get_args(get_type_hints(cls)[one.name])
        and one.default is dataclasses.MISSING
    ]
    assert wanting == []
    freed = InterfaceBound(name="Ethernet1", link=None)
    assert msgspec.convert(data_of(freed), InterfaceBound) == freed
