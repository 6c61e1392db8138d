"""Events as the published SDK sends them, in every content mode, and what they say."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings import http as sdk
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adapters.generic.laws import attachable
from tocsin.adapters.cloudevents.binding import UnknownFormat, events, handshake
from tocsin.adapters.cloudevents.translation import read
from tocsin.adapters.generic.mapping import signal_mapping
from tocsin.adapters.generic.translation import drafts
from tocsin.core.commands import SignalDraft
from tocsin.core.facts import JsonValue
from tocsin.core.ingestion import Ended, Unreadable

PAYLOADS = Path(__file__).parent / "payloads"
STRUCTURED = [("Content-Type", "application/cloudevents+json; charset=UTF-8")]
BATCHED = [("Content-Type", "application/cloudevents-batch+json")]
ATTRIBUTES = {
    "id": "e-1",
    "source": "/sensors/ams",
    "type": "net.example.optics.low",
    "subject": 'Zürich → 100 % "Ü" 🔔',
    "time": datetime(2026, 11, 21, 10, 2, 11, 250_000, tzinfo=UTC),
    "datacontenttype": "application/json",
    "rack": "r 12",
}
DATA = {"summary": "Received light is low", "severity": "critical"}


def event(data: Any = None, **changes: object) -> CloudEvent:
    return CloudEvent(attributes={**ATTRIBUTES, **changes}, data=DATA if data is None else data)


def binary(sent: CloudEvent) -> tuple[bytes, list[tuple[str, str]]]:
    message = sdk.to_binary_event(sent)
    return as_bytes(message.body), list(message.headers.items())


def structured(sent: CloudEvent) -> tuple[bytes, list[tuple[str, str]]]:
    message = sdk.to_structured_event(sent)
    return as_bytes(message.body), list(message.headers.items())


def batched(*sent: CloudEvent) -> tuple[bytes, list[tuple[str, str]]]:
    bodies = [structured(one)[0] for one in sent]
    return b"[" + b",".join(bodies) + b"]", BATCHED


def as_bytes(body: str | bytes) -> bytes:
    return body.encode() if isinstance(body, str) else body


def signals(body: bytes, headers: list[tuple[str, str]], **given_: Any) -> list[SignalDraft]:
    said = read(body, headers, **given_).said
    found = [one for one in said if isinstance(one, SignalDraft)]
    assert len(found) == len(said)
    assert [attachable(one) for one in found] == [()] * len(found)
    return found


def test_the_sdk_says_the_same_in_every_mode() -> None:
    (by_binary,) = signals(*binary(event()))
    (by_structure,) = signals(*structured(event()))
    (by_batch,) = signals(*batched(event()))

    assert by_binary == by_structure == by_batch
    assert by_binary.summary == "Received light is low"
    assert by_binary.severity == "critical"
    assert by_binary.source == "/sensors/ams"
    assert by_binary.ts == ATTRIBUTES["time"]
    assert by_binary.labels == {
        "type": "net.example.optics.low",
        "subject": ATTRIBUTES["subject"],
        "id": "e-1",
        "rack": "r 12",
    }
    assert by_binary.data == DATA


def test_a_batch_of_the_sdk_keeps_its_order() -> None:
    found = signals(*batched(*(event(id=str(number)) for number in range(50))))

    assert [one.labels["id"] for one in found] == [str(number) for number in range(50)]
    assert len({one.fingerprint for one in found}) == 50


def test_headers_are_percent_decoded_once() -> None:
    (found,) = signals(*binary(event(subject="100%25 of %41")))

    assert found.labels["subject"] == "100%25 of %41"


def test_the_same_event_twice_is_one_and_another_source_is_another() -> None:
    (first,) = signals(*binary(event()))
    (again,) = signals(*structured(event()))
    (other_source,) = signals(*binary(event(source="/sensors/fra")))
    (shifted,) = signals(*binary(event(source="/sensors/ams/e", id="-1")))

    assert first.fingerprint == again.fingerprint
    assert len({first.fingerprint, other_source.fingerprint, shifted.fingerprint}) == 3


def test_an_event_and_its_end_have_one_key() -> None:
    (begun,) = signals(*binary(event(type="net.example.optics.low.triggered")))
    (over,) = read(*binary(event(type="net.example.optics.low.resolved", id="e-2"))).said
    (said_over,) = read(*binary(event({**DATA, "state": "ok"}, id="e-3"))).said
    (elsewhere,) = signals(*binary(event(subject="fra")))

    assert isinstance(over, Ended)
    assert isinstance(said_over, Ended)
    assert begun.state == "firing"
    assert begun.correlation_key == over.key == said_over.key
    assert over.at == begun.ts
    assert elsewhere.correlation_key != begun.correlation_key


def test_a_captured_structured_event() -> None:
    (found,) = signals((PAYLOADS / "structured.json").read_bytes(), STRUCTURED)

    assert found == SignalDraft(
        source="/sensors/ams",
        summary="Received light is low",
        severity="error",
        ts=datetime(2026, 11, 21, 10, 2, 11, 250_000, tzinfo=UTC),
        device="ams-edge-2",
        correlation_key="/sensors/ams|net.example.optics.low|ams-edge-2/et-0/0/3",
        trace_id="4bf92f3577b34da6a3ce929d0e0e4736",
        fingerprint=found.fingerprint,
        labels={
            "type": "net.example.optics.low.triggered",
            "subject": "ams-edge-2/et-0/0/3",
            "id": "b6f3a6f0-7e5a-4a5c-9d5c-0d6b1a6f2c11",
            "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "rack": "12",
            "native_severity": "high",
            "site": "ams",
            "spare": "true",
        },
        data=found.data,
    )


def test_a_captured_batch() -> None:
    low, better, fan = read((PAYLOADS / "batch.json").read_bytes(), BATCHED).said

    assert isinstance(low, SignalDraft)
    assert isinstance(fan, SignalDraft)
    assert isinstance(better, Ended)
    assert (low.state, low.correlation_key) == ("firing", better.key)
    assert (fan.summary, fan.correlation_key) == ("fan 2 stopped", None)
    assert fan.data == {"value": "fan 2 stopped"}


def test_an_empty_batch_says_nothing() -> None:
    assert signals(b"[]", BATCHED) == []


@pytest.mark.parametrize(
    ("changes", "summary"),
    [
        ({"data": {"severity": "info"}}, "et-0/0/3"),
        ({"data": {}, "subject": None}, "net.example.optics.low"),
        ({"data": None}, "et-0/0/3"),
        ({"data": "  words  "}, "words"),
        ({"data": {"summary": 17}}, "17"),
        ({"data": {"summary": {"no": "text"}}}, "et-0/0/3"),
    ],
)
def test_what_is_read_by_default(changes: dict[str, object], summary: str) -> None:
    document = json.loads((PAYLOADS / "batch.json").read_bytes())[0]

    (found,) = signals(json.dumps({**document, **changes}).encode(), STRUCTURED)

    assert found.summary == summary


def test_a_mapping_may_say_otherwise() -> None:
    mapping = signal_mapping(
        {"items": "data.ports[].{port: @}", "summary": "join(' ', ['port', port])"}
    )

    def mapped(document: dict[str, JsonValue]) -> tuple[SignalDraft, ...]:
        return drafts(document, mapping=mapping, source="cloudevents")

    one, other = signals(*binary(event({"ports": ["a", "b"]})), mapped=mapped)
    again, _ = signals(*structured(event({"ports": ["a", "b"]})), mapped=mapped)

    assert [one.summary, other.summary] == ["port a", "port b"]
    assert one.fingerprint == again.fingerprint != other.fingerprint


def test_a_mapping_sees_the_event_as_structured_json() -> None:
    seen: list[Mapping[str, JsonValue]] = []

    def mapped(document: dict[str, JsonValue]) -> tuple[SignalDraft, ...]:
        seen.append(document)
        return (SignalDraft(source="s", summary="t", fingerprint="own"),)

    (found,) = signals(*binary(event()), mapped=mapped)

    assert found.fingerprint == "own"
    assert seen == [
        {
            **ATTRIBUTES,
            "specversion": "1.0",
            "time": "2026-11-21T10:02:11.250000+00:00",
            "data": DATA,
        }
    ]


def test_binary_data_that_is_not_json() -> None:
    headers = [("ce-" + name, value) for name, value in (("id", "1"), ("source", "s"))]
    headers += [("ce-type", "t"), ("ce-specversion", "1.0")]

    (text,) = signals(b"caf\xc3\xa9", [*headers, ("content-type", "text/plain; charset=utf-8")])
    (image,) = signals(b"\x89PNG", [*headers, ("content-type", "image/png")])
    (nothing,) = signals(b"", headers)
    (problem,) = signals(b'{"summary":"p"}', [*headers, ("content-type", "application/p+json")])

    assert [text.summary, image.summary, nothing.summary] == ["café", "t", "t"]
    assert problem.summary == "p"
    assert image.data == {}


def test_base64_data_of_a_structured_event() -> None:
    document = json.loads((PAYLOADS / "batch.json").read_bytes())[0]
    encoded = base64.b64encode(json.dumps(DATA).encode()).decode()
    del document["data"]

    (found,) = signals(json.dumps({**document, "data_base64": encoded}).encode(), STRUCTURED)

    assert found.summary == "Received light is low"


def test_a_quoted_header_is_unquoted() -> None:
    headers = [
        ("CE-SpecVersion", "1.0"),
        ("Ce-Id", '"a \\"b\\" %C3%A9"'),
        ("ce-source", "s"),
        ("ce-type", "t"),
    ]

    (found,) = events(b"", headers)

    assert found.id == 'a "b" é'


@pytest.mark.parametrize(
    "content_type",
    [
        "application/cloudevents+avro",
        "application/cloudevents+protobuf; charset=utf-8",
        "application/cloudevents-batch+protobuf",
        "Application/CloudEvents+XML",
        "application/cloudevents-stream+json",
    ],
)
def test_an_unknown_format_is_its_own_refusal(content_type: str) -> None:
    with pytest.raises(UnknownFormat):
        events(b"{}", [("content-type", content_type)])


@pytest.mark.parametrize(
    "changes",
    [
        {"specversion": "0.3"},
        {"specversion": None},
        {"specversion": 1.0},
        {"id": ""},
        {"id": 7},
        {"source": None},
        {"type": None},
        {"type": "x" * 5_000},
        {"subject": ["a"]},
        {"data_base64": "AAAA"},
        {"data": None, "data_base64": "not base64"},
        {"data": None, "data_base64": 7},
        {"data": None, "data_base64": "eA==", "datacontenttype": "application/json"},
        {f"a{number}": "x" for number in range(120)},
    ],
)
def test_a_wrong_event_is_unreadable_alone_and_in_a_batch(changes: dict[str, object]) -> None:
    good, *_ = json.loads((PAYLOADS / "batch.json").read_bytes())

    with pytest.raises(Unreadable):
        read(json.dumps({**good, **changes}).encode(), STRUCTURED)
    with pytest.raises(Unreadable, match=r"event 2|more than"):
        read(json.dumps([good, {**good, **changes}]).encode(), BATCHED)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"{}", []),
        (b"{}", [("content-type", "application/json")]),
        (b"[]", STRUCTURED),
        (b"{}", BATCHED),
        (b"[1]", BATCHED),
        (b"{", BATCHED),
        (b"[" * 100_000, BATCHED),
        (b"[" * 66 + b"]" * 66, BATCHED),
        (b"[" + b"{}," * 1_000 + b"{}]", BATCHED),
        (b" " * 1_048_577, STRUCTURED),
        (b"", [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "s")]),
        (b"", [("ce-specversion", "1.0"), ("ce-id", "%FF"), ("ce-source", "s"), ("ce-type", "t")]),
        (b"{", [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "s"), ("ce-type", "t")]),
    ],
)
def test_what_is_no_event_is_unreadable(body: bytes, headers: list[tuple[str, str]]) -> None:
    with pytest.raises(Unreadable):
        read(body, headers)


def test_the_handshake_allows_the_origin_that_asks() -> None:
    headers = [("WebHook-Request-Origin", "events.example.com")]

    assert handshake(headers, requests_a_minute=6_000) == {
        "Allow": "POST",
        "WebHook-Allowed-Origin": "events.example.com",
        "WebHook-Allowed-Rate": "6000",
    }
    slower = handshake([*headers, ("webhook-request-rate", "120")], requests_a_minute=6_000)
    faster = handshake([*headers, ("webhook-request-rate", "9000")], requests_a_minute=6_000)
    assert slower is not None
    assert faster is not None
    assert slower["WebHook-Allowed-Rate"] == "120"
    assert faster["WebHook-Allowed-Rate"] == "6000"


@pytest.mark.parametrize("origin", [None, "", "a b", "evil.example\r\nSet-Cookie: x", "x" * 300])
def test_no_origin_is_allowed_nothing(origin: str | None) -> None:
    headers = [] if origin is None else [("WebHook-Request-Origin", origin)]

    assert handshake(headers, requests_a_minute=60) is None


HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *("content-type", "ce-specversion", "ce-id", "ce-source", "ce-type", "ce-time"),
                *("ce-subject", "ce-x", "ce-data", "ce-", "Ce-DataContentType", "other"),
            ]
        ),
        st.one_of(
            st.sampled_from(
                [
                    *("1.0", "application/cloudevents+json", "application/cloudevents-batch"),
                    *("application/json", "text/plain", "a.b.resolved", '"%41"', "%"),
                ]
            ),
            st.text(st.characters(max_codepoint=255), max_size=20),
        ),
    ),
    max_size=8,
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "specversion": st.sampled_from(["1.0", "0.3"]),
        **{name: st.one_of(st.just("x"), VALUES) for name in ("id", "source", "type", "subject")},
        **dict.fromkeys(("time", "data", "data_base64", "datacontenttype", "ext"), VALUES),
        "traceparent": st.text(max_size=60),
    },
)


def check(body: bytes, headers: list[tuple[str, str]]) -> None:
    try:
        said = read(body, headers).said
    except (Unreadable, UnknownFormat):
        return
    for one in said:
        assert isinstance(one, SignalDraft)
        assert attachable(one) == ()


@settings(max_examples=300, deadline=None)
@given(
    body=st.one_of(st.binary(max_size=100), VALUES.map(lambda v: json.dumps(v).encode())),
    headers=HEADERS,
)
def test_any_request_is_read_or_refused(body: bytes, headers: list[tuple[str, str]]) -> None:
    check(body, headers)


@settings(max_examples=300, deadline=None)
@given(document=EVENTS, whole=st.booleans())
def test_any_event_is_read_or_refused(document: dict[str, Any], whole: bool) -> None:
    document = {"specversion": "1.0", "id": "1", "source": "s", "type": "t", **document}
    check(json.dumps(document if whole else [document]).encode(), STRUCTURED if whole else BATCHED)


@settings(max_examples=200, deadline=None)
@given(
    subject=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip),
    data=st.dictionaries(st.text(max_size=5), st.text(), max_size=3),
)
def test_any_event_of_the_sdk_is_the_same_in_every_mode(subject: str, data: dict[str, str]) -> None:
    sent = event(data, subject=subject)

    assert events(*binary(sent)) == events(*structured(sent)) == events(*batched(sent))
