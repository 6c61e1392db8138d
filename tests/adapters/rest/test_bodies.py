"""Bodies and queries: what is wrong is said field by field, whatever comes."""

from __future__ import annotations

import gzip
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from msgspec import Meta

from tests.adapters.rest.asking import Client
from tocsin.adapters.rest.bodies import LARGEST_BODY, read_body, read_query
from tocsin.core.errors import FieldError, Invalid, Malformed


class Inner(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A part of a body."""

    url: Annotated[str, Meta(min_length=1, max_length=10)]
    size: int = 0


class Thing(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A body with something of everything."""

    title: Annotated[str, Meta(min_length=1, max_length=5)]
    count: Annotated[int, Meta(ge=1, le=9)] = 1
    at: Annotated[datetime, Meta(tz=True)] | None = None
    tags: Annotated[list[Annotated[str, Meta(max_length=3)]], Meta(max_length=2)] = []
    parts: list[Inner] = []
    ready: bool = False
    share: Annotated[float, Meta(ge=0, le=1)] = 0.0
    code: Annotated[str, Meta(min_length=3)] | None = None
    word: Literal["a", "b"] | None = None
    labels: Annotated[dict[str, Annotated[str, Meta(max_length=3)]], Meta(max_length=3)] = {}


class Asked(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A query with something of everything."""

    limit: Annotated[int, Meta(ge=1, le=9)] = 5
    label: list[str] = []
    active: bool | None = None
    after: Annotated[datetime, Meta(tz=True)] | None = None


def wrong(raw: bytes) -> set[tuple[str, str]]:
    """Which fields of a body are wrong, and how."""
    with pytest.raises(Invalid) as refused:
        read_body(raw, Thing)
    assert all(one.detail for one in refused.value.errors)
    return {(one.field, one.code) for one in refused.value.errors}


def wrong_query(raw: bytes) -> set[tuple[str, str]]:
    """Which parameters are wrong, and how."""
    with pytest.raises(Invalid) as refused:
        read_query(raw, Asked)
    return {(one.field, one.code) for one in refused.value.errors}


# -- bodies --------------------------------------------------------------------------------------


def test_a_good_body_is_read() -> None:
    raw = b'{"title": "Cut", "at": "2026-11-20T14:00:00+02:00", "parts": [{"url": "x"}]}'

    thing = read_body(raw, Thing)

    assert thing.at is not None
    assert thing.at.astimezone(UTC) == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert thing.parts == [Inner(url="x")]


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        (b"{}", {("title", "required")}),
        (b'{"title": ""}', {("title", "required")}),
        (b'{"title": "x", "titel": 1}', {("titel", "unknown_field")}),
        (b'{"title": "toolong"}', {("title", "too_long")}),
        (b'{"title": null}', {("title", "wrong_type")}),
        (b'{"title": "x", "count": "3"}', {("count", "wrong_type")}),
        (b'{"title": "x", "count": 3.5}', {("count", "wrong_type")}),
        (b'{"title": "x", "at": "noon"}', {("at", "bad_instant")}),
        (b'{"title": "x", "at": "2026-11-20T14:00:00"}', {("at", "bad_instant")}),
        (b'{"title": "x", "at": 1795170600}', {("at", "bad_instant")}),
        (b'{"title": "x", "count": 0}', {("count", "out_of_range")}),
        (b'{"title": "x", "count": 10}', {("count", "out_of_range")}),
        (b'{"title": "x", "share": 1.5}', {("share", "out_of_range")}),
        (b'{"title": "x", "code": "ab"}', {("code", "too_short")}),
        (b'{"title": "x", "word": "c"}', {("word", "unknown_word")}),
        (
            b'{"title": "x", "labels": {"a": 1, "b": "good", "c": "ok"}}',
            {("labels.a", "wrong_type"), ("labels.b", "too_long")},
        ),
        (b'{"title": "x", "labels": {"a":"", "b":"", "c":"", "d":""}}', {("labels", "too_long")}),
        (b'{"title": "x", "tags": ["abcd"]}', {("tags[0]", "too_long")}),
        (b'{"title": "x", "tags": ["a", "b", "c"]}', {("tags", "too_long")}),
        (b'{"title": "x", "parts": [{"url": "x"}, {}]}', {("parts[1].url", "required")}),
        (b'{"title": "x", "parts": [{"url": "x", "y": 1}]}', {("parts[0].y", "unknown_field")}),
        (b'{"title": "x", "parts": [{"url": 5}]}', {("parts[0].url", "wrong_type")}),
        (b"[]", {("body", "wrong_type")}),
        (b"null", {("body", "wrong_type")}),
        (b"3", {("body", "wrong_type")}),
        (b'"x"', {("body", "wrong_type")}),
        (
            b'{"titel": 1, "count": "3", "at": "noon", "tags": "x", "ready": 1}',
            {
                ("titel", "unknown_field"),
                ("title", "required"),
                ("count", "wrong_type"),
                ("at", "bad_instant"),
                ("tags", "wrong_type"),
                ("ready", "wrong_type"),
            },
        ),
    ],
)
def test_each_wrong_field_is_named(raw: bytes, fields: set[tuple[str, str]]) -> None:
    assert wrong(raw) == fields


def test_the_words_that_would_do_are_told() -> None:
    with pytest.raises(Invalid) as refused:
        read_body(b'{"title": "x", "word": "c"}', Thing)

    assert refused.value.errors == (
        FieldError("word", "unknown_word", "Invalid enum value 'c': one of a, b"),
    )


def test_each_item_of_a_list_is_looked_at() -> None:
    with pytest.raises(Invalid) as refused:
        read_body(b'[{"url": "x"}, 5, null, {"size": "x"}]', list[Inner])

    assert [(one.field, one.code) for one in refused.value.errors] == [
        ("[1]", "wrong_type"),
        ("[2]", "wrong_type"),
        ("[3].url", "required"),
        ("[3].size", "wrong_type"),
    ]


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"{]", b"\xff\xfe{}", b'{"title": "\xff"}', b"nul", b'{"title": "x"} x', b"'x'"],
)
def test_what_is_no_json_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed) as refused:
        read_body(raw, Thing)
    assert str(refused.value).startswith("the body is not JSON")


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 100_000,
        b'{"title":' * 50_000,
        b'{"title": "x", "tags": ' + b"[" * 50_000,
        b"[" * 50_000 + b"]" * 50_000,
        b'{"title": 1' + b"0" * 5_000 + b"}",
    ],
    ids=["arrays", "objects", "in a field", "closed", "a number"],
)
def test_what_is_nested_or_large_without_end_is_refused(raw: bytes) -> None:
    with pytest.raises((Invalid, Malformed)):
        read_body(raw, Thing)


def test_so_many_unknown_fields_are_not_all_told() -> None:
    raw = msgspec.json.encode({f"field-{number}": number for number in range(1_000)})

    assert len(wrong(raw)) <= 50


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"[" + b"{}," * 20_000 + b"{}]", list[Thing]),
        (b'[{"url": "x"}' + b',{"url": "x"}' * 20_000 + b', {"url": 5}]', list[Inner]),
        (b"{" + b",".join(b'"%x": 0' % number for number in range(20_000)) + b"}", Thing),
        (
            b'{"title": "x", "labels": {'
            + b",".join(b'"%x": 0' % number for number in range(20_000))
            + b"}}",
            Thing,
        ),
    ],
    ids=["empty items", "a last item", "unknown fields", "entries"],
)
def test_what_is_wrong_ever_so_often_is_not_looked_for_ever_so_often(raw: bytes, kind: Any) -> None:
    """Counted, not timed: looking into one of them takes a thousand times as long as reading it,
    and whoever asked next would wait for that."""
    looked_into = 0

    def count(frame: Any, event: str, _argument: Any) -> None:
        nonlocal looked_into
        looked_into += event == "call" and frame.f_code.co_filename.endswith("bodies.py")

    sys.setprofile(count)
    try:
        with pytest.raises(Invalid):
            read_body(raw, kind)
    finally:
        sys.setprofile(None)

    assert looked_into < 10_000


def test_names_of_unknown_fields_are_cut_short() -> None:
    raw = msgspec.json.encode({"title": "x", "y" * 10_000: 1})

    ((field, code),) = wrong(raw)

    assert (len(field), code) == (64, "unknown_field")


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["title", "count", "at", "tags", "parts", "url", "other"]), inner
        )
    ),
    max_leaves=12,
)


def errors_of(raw: bytes) -> list[FieldError] | None:
    """What is wrong with a body that is JSON; None when nothing is."""
    try:
        read_body(raw, Thing)
    except Invalid as refused:
        return list(refused.errors)
    return None


@for_all(value=json)
def test_whatever_comes_is_read_or_refused(value: Any) -> None:
    errors = errors_of(msgspec.json.encode(value))

    if errors is None:
        assert isinstance(value, dict)
        assert 1 <= len(value["title"]) <= 5
    else:
        assert errors
        assert all(len(one.field) <= 200 for one in errors)


@for_all(raw=st.binary(max_size=60))
def test_bytes_of_any_kind_are_read_or_refused(raw: bytes) -> None:
    """Nothing else comes out than the two refusals."""
    for read in (lambda: read_body(raw, Thing), lambda: read_query(raw, Asked)):
        with suppress(Invalid, Malformed):
            assert isinstance(read(), Thing | Asked)


# -- queries -------------------------------------------------------------------------------------


def test_a_good_query_is_read() -> None:
    asked = read_query(b"limit=3&label=a&label=b+c&active=true&after=2026-11-20T12:00:00Z", Asked)

    assert asked == Asked(
        limit=3, label=["a", "b c"], active=True, after=datetime(2026, 11, 20, 12, tzinfo=UTC)
    )
    assert read_query(b"", Asked) == Asked()


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        (b"limit=0", {("limit", "out_of_range")}),
        (b"limit=1e9", {("limit", "out_of_range")}),
        (b"limit=x&active=perhaps", {("limit", "wrong_type"), ("active", "wrong_type")}),
        (b"limit=1&limit=2", {("limit", "repeated")}),
        (b"Limit=1", {("Limit", "unknown_field")}),
        (b"after=noon", {("after", "bad_instant")}),
        (b"after=2026", {("after", "bad_instant")}),
        (b"after=1795170600.5", {("after", "bad_instant")}),
        (b"after=null", {("after", "bad_instant")}),
        (b"after=", {("after", "bad_instant")}),
        (b"limit", {("limit", "wrong_type")}),
    ],
)
def test_each_wrong_parameter_is_named(raw: bytes, fields: set[tuple[str, str]]) -> None:
    assert wrong_query(raw) == fields


@pytest.mark.parametrize("raw", [b"\xff=1", b"label=%ff", b"&".join([b"label=x"] * 201)])
def test_a_query_that_cannot_be_read_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        read_query(raw, Asked)


# -- over HTTP -----------------------------------------------------------------------------------


def test_a_body_of_the_largest_size_is_read(gateway: Client) -> None:
    incident = b'{"type": "incident", "title": "x", "description": "x", "severity": "sev3",'
    incident += b' "services": ["web"]}'

    fits = gateway.ask("POST", "/tickets", raw=incident.ljust(LARGEST_BODY))
    too_large = gateway.ask("POST", "/tickets", raw=incident.ljust(LARGEST_BODY + 1))

    assert fits.status == 201, fits.body
    assert (too_large.status, too_large.code) == (413, "too_large")


def test_a_length_that_is_announced_is_believed(gateway: Client) -> None:
    headers = {"Content-Length": str(LARGEST_BODY + 1)}

    refused = gateway.ask("POST", "/tickets", raw=b"{}", headers=headers)

    assert (refused.status, refused.code) == (413, "too_large")


def test_a_packed_body_is_unpacked_as_far_as_it_may_go(gateway: Client) -> None:
    plain = msgspec.json.encode([{"source": "probe", "summary": "no light"}])
    packed = {"Content-Encoding": "gzip"}

    told = gateway.ask("POST", "/signals", raw=gzip.compress(plain), headers=packed)
    bomb = gzip.compress(plain.ljust(6 * LARGEST_BODY))
    too_large = gateway.ask("POST", "/signals", raw=bomb, headers=packed)
    unknown = gateway.ask("POST", "/signals", raw=plain, headers={"Content-Encoding": "br"})
    lying = gateway.ask("POST", "/signals", raw=plain, headers=packed)

    assert told.status == 202, told.body
    assert (too_large.status, too_large.code) == (413, "too_large")
    assert (unknown.status, unknown.code) == (415, "unsupported_media")
    assert (lying.status, lying.code) == (400, "malformed")


@pytest.mark.parametrize(
    ("media", "status"),
    [
        ("application/json", 422),
        ("application/json; charset=utf-8", 422),
        ("APPLICATION/JSON", 422),
        ("application/vnd.x+json", 422),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/jsonx", 415),
    ],
)
def test_media_types(gateway: Client, media: str, status: int) -> None:
    answer = gateway.ask("POST", "/tickets", raw=b"{}", headers={"Content-Type": media})

    assert answer.status == status


def test_an_endpoint_without_a_query_takes_none(gateway: Client) -> None:
    assert gateway.ask("GET", "/v1/me?x=1").fields == {("x", "unknown_field")}
