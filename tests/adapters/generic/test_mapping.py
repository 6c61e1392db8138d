"""A mapping is checked when it is written, and read the same way ever after."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.adapters.generic.laws import attachable
from tocsin.adapters.generic.expressions import (
    Evaluation,
    Failed,
    NotAnExpression,
    TooMuchWork,
    expression,
)
from tocsin.adapters.generic.mapping import MOST_EXPRESSIONS, signal_mapping
from tocsin.adapters.generic.translation import MOST_BYTES, preview, read
from tocsin.core.commands import SignalDraft
from tocsin.core.errors import Invalid
from tocsin.core.ingestion import Unreadable

SUMMARY = {"summary": "title"}


def signals(document: Any, mapping: dict[str, str]) -> list[SignalDraft]:
    body = json.dumps(document).encode()
    said = read(body, mapping=signal_mapping(mapping), source="hook").said
    drafts = [one for one in said if isinstance(one, SignalDraft)]
    assert len(drafts) == len(said)
    assert [attachable(one) for one in drafts] == [()] * len(drafts)
    return drafts


def signal(document: Any, mapping: dict[str, str]) -> SignalDraft:
    (one,) = signals(document, mapping)
    return one


def test_every_field_of_a_signal_can_be_mapped() -> None:
    mapping = {
        "source": "from",
        "summary": "join(' ', [what, where])",
        "signal_type": "kind",
        "state": "now",
        "ts": "at",
        "severity": "level",
        "service_name": "svc",
        "environment": "'staging'",
        "device": "dev",
        "link": "lnk",
        "contributor": "who",
        "correlation_key": "id",
        "trace_id": "trace",
        "fingerprint": "print",
        "labels": "tags",
        "labels.site": "where",
        "data": "more",
        "data.level": "level",
    }
    document = {
        "from": "probe",
        "what": "loss",
        "where": "ams",
        "kind": "metric-spike",
        "now": "Recovered",
        "at": "2026-11-21T11:02:11+01:00",
        "level": "warning",
        "svc": "edge",
        "dev": "ams-1",
        "lnk": "ams-fra",
        "who": "alpha",
        "id": 17,
        "trace": "abc",
        "print": "p-1",
        "tags": {"site": "other", "rack": 4, "hot": True, "deep": {}},
        "more": {"a": [1]},
    }

    assert signal(document, mapping) == SignalDraft(
        source="probe",
        summary="loss ams",
        signal_type="METRIC_SPIKE",
        state="resolved",
        ts=datetime(2026, 11, 21, 10, 2, 11, tzinfo=UTC),
        severity="warning",
        service_name="edge",
        environment="staging",
        device="ams-1",
        link="ams-fra",
        contributor="alpha",
        correlation_key="17",
        trace_id="abc",
        fingerprint="p-1",
        labels={"site": "ams", "rack": "4", "hot": "true"},
        data={"a": [1], "level": "warning"},
    )


def test_a_list_becomes_a_signal_each_in_its_order() -> None:
    document = {"alerts": [{"title": "one"}, {"title": "two"}, {"title": "three"}]}

    found = signals(document, {"items": "alerts", **SUMMARY})

    assert [one.summary for one in found] == ["one", "two", "three"]
    assert signals({"alerts": []}, {"items": "alerts", **SUMMARY}) == []


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("resolved", "resolved"),
        ("OK", "resolved"),
        ("Closed", "resolved"),
        ("recovered", "resolved"),
        (False, "resolved"),
        (True, "firing"),
        ("ALARM", "firing"),
        ("down", "firing"),
        ("never heard of", "firing"),
        (None, "firing"),
    ],
)
def test_words_for_a_state(word: str | bool | None, state: str) -> None:
    assert signal({"title": "t", "s": word}, {**SUMMARY, "state": "s"}).state == state


@pytest.mark.parametrize(
    ("word", "severity", "native"),
    [
        ("critical", "critical", None),
        ("Disaster", "critical", "Disaster"),
        ("high", "error", "high"),
        ("warn", "warning", "warn"),
        ("informational", "info", "informational"),
        ("P2", "error", "P2"),
        (3, "warning", "3"),
        ("purple", None, "purple"),
        (False, None, None),
    ],
)
def test_words_for_a_severity(word: object, severity: str | None, native: str | None) -> None:
    found = signal({"title": "t", "s": word}, {**SUMMARY, "severity": "s"})

    assert found.severity == severity
    assert found.labels.get("native_severity") == native


@pytest.mark.parametrize(
    ("value", "read_as"),
    [
        (1_795_255_331, datetime(2026, 11, 21, 10, 2, 11, tzinfo=UTC)),
        (1_795_255_331_250, datetime(2026, 11, 21, 10, 2, 11, 250_000, tzinfo=UTC)),
        ("1795255331", datetime(2026, 11, 21, 10, 2, 11, tzinfo=UTC)),
        ("2026-11-21T10:02:11Z", datetime(2026, 11, 21, 10, 2, 11, tzinfo=UTC)),
        ("2026-11-21 10:02:11", datetime(2026, 11, 21, 10, 2, 11, tzinfo=UTC)),
        ("2026-11-21T10:02:11.5-0200", datetime(2026, 11, 21, 12, 2, 11, 500_000, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("yesterday", None),
        (True, None),
        ([], None),
        (10**30, None),
    ],
)
def test_instants(value: object, read_as: datetime | None) -> None:
    assert signal({"title": "t", "at": value}, {**SUMMARY, "ts": "at"}).ts == read_as


@pytest.mark.parametrize(
    "tags",
    [
        {"site": "ams", "rack": "4"},
        ["site:ams", "rack:4"],
        [["site", "ams"], ["rack", 4]],
        [{"name": "site", "value": "ams"}, {"key": "rack", "value": 4}],
        [{"tag": "site", "value": "ams"}, {"tag": "rack", "value": "4"}, 7, None, {}],
    ],
)
def test_labels_as_they_are_written_in_the_wild(tags: object) -> None:
    found = signal({"title": "t", "tags": tags}, {**SUMMARY, "labels": "tags"})

    assert found.labels == {"site": "ams", "rack": "4"}


def test_what_is_too_long_is_cut_and_what_is_left_is_true() -> None:
    mapping = {field: field for field in ("summary", "device", "correlation_key", "severity")}
    mapping |= {"labels": "labels", "data": "data"}
    base = "k" * 300
    document = {
        "summary": "s" * 5_000,
        "device": "d" * 101,
        "severity": "w" * 5_000,
        "labels": {f"l{number}": "v" * 2_000 for number in range(300)} | {"l0": "v" * 9_000},
        "data": {"small": 1, "large": "x" * 70_000, "last": 2},
    }

    one = signal({**document, "correlation_key": base + "1"}, mapping)
    other = signal({**document, "correlation_key": base + "2"}, mapping)

    assert len(one.summary) == 2_000
    assert one.summary.endswith("…")
    assert one.device is None
    assert one.labels["device"] == "d" * 101
    assert len(one.labels) == 200
    assert len(one.labels["l0"]) == 4_096
    assert one.correlation_key != other.correlation_key
    assert (one.data["small"], one.data["last"]) == (1, 2)
    assert "large" not in one.data


def test_controls_are_taken_out() -> None:
    found = signal({"title": "a\x00b\x1b[31mc\nd"}, {**SUMMARY, "device": "title"})

    assert (found.summary, found.device) == ("a b [31mc\nd", "a b [31mc\nd")


def test_json_inside_json() -> None:
    document = {"Message": json.dumps({"title": "inner"}), "bad": "{", "none": None}

    assert signal(document, {"summary": "from_json(Message).title"}).summary == "inner"
    assert signal(document, {"summary": "from_json(bad) || from_json(none) || 'x'"}).summary == "x"


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("summary", "a[", "not_an_expression"),
        ("summary", "", "not_an_expression"),
        ("summary", "nothing_like_it(a)", "not_an_expression"),
        ("summary", "`1e400`", "not_an_expression"),
        ("summary", "`NaN`", "not_an_expression"),
        ("summary", '`"\\ud800"`', "not_an_expression"),
        ("summary", "a." * 500 + "a", "not_an_expression"),
        ("summary", "(" * 400 + "a" + ")" * 400, "not_an_expression"),
        ("summary", "a" + "||a" * 200, "not_an_expression"),
        ("state", "a ? b : c", "not_an_expression"),
        ("labels.site", "foo(", "not_an_expression"),
        ("sumary", "a", "unknown_field"),
        ("labels.", "a", "unknown_field"),
        ("labels." + "x" * 200, "a", "unknown_field"),
        ("items.x", "a", "unknown_field"),
    ],
)
def test_a_wrong_expression_is_refused_by_its_name(field: str, text: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        signal_mapping({**SUMMARY, field: text})

    (error,) = refused.value.errors
    assert error.field == f"mapping.{field[:100]}"
    assert error.code == code


def test_every_wrong_expression_is_named_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        signal_mapping({"state": "a[", "colour": "a"})

    assert {error.field for error in refused.value.errors} == {
        "mapping.state",
        "mapping.colour",
        "mapping.summary",
    }


def test_too_many_expressions_are_refused() -> None:
    many = {f"labels.l{number}": "a" for number in range(MOST_EXPRESSIONS)}

    with pytest.raises(Invalid):
        signal_mapping({**many, **SUMMARY})


def test_a_mapping_is_compiled_once() -> None:
    assert signal_mapping({"summary": "a", "state": "b"}) is signal_mapping(
        {"state": "b", "summary": "a"}
    )


@pytest.mark.parametrize(
    ("document", "mapping"),
    [
        ({}, SUMMARY),
        ({"title": "  "}, SUMMARY),
        ({"title": {"a": 1}}, SUMMARY),
        ({"title": 3}, {"summary": "starts_with(title, 'a')"}),
        ({"title": "a"}, {**SUMMARY, "state": "title < `1`"}),
        ({"title": "a"}, {**SUMMARY, "correlation_key": "@"}),
        ({"title": "a"}, {**SUMMARY, "items": "title"}),
        ({"title": "a"}, {**SUMMARY, "items": "nowhere"}),
        ({"list": [{}]}, {**SUMMARY, "items": "list"}),
        ({"list": [{"title": "a"}] * 1_001}, {**SUMMARY, "items": "list"}),
    ],
)
def test_a_payload_that_the_mapping_cannot_read_is_unreadable(
    document: object, mapping: dict[str, str]
) -> None:
    with pytest.raises(Unreadable):
        signals(document, mapping)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe{}",
        b"NaN",
        b'{"a": "\\ud800"}',
        b"[" * 100_000,
        b"[" * 65 + b"]" * 65,
        b'"' + b"x" * MOST_BYTES + b'"',
    ],
)
def test_what_is_no_payload_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read(body, mapping=signal_mapping(SUMMARY), source="hook")


def test_the_deepest_payload_is_read() -> None:
    body = b'{"title": "t", "deep": ' + b"[" * 63 + b"]" * 63 + b"}"
    mapping = signal_mapping({**SUMMARY, "data.deep": "deep", "labels.text": "to_string(deep)"})

    (found,) = read(body, mapping=mapping, source="hook").said

    assert isinstance(found, SignalDraft)
    assert found.labels["text"] == "[" * 63 + "]" * 63


def test_the_preview_says_what_is_missed() -> None:
    mapping = signal_mapping(
        {**SUMMARY, "device": "host", "service_name": "abs(host)", "ts": "host", "data": "host"}
    )

    good, partly, bad = preview(
        [b'{"title": "t"}', b'{"title": "t", "host": ["a"]}', b"{}"], mapping=mapping, source="h"
    )

    assert good.reading is not None
    assert [one.field for one in good.complaints] == ["service_name"]
    assert partly.reading is not None
    assert {(one.item, one.field) for one in partly.complaints} == {
        (0, "device"),
        (0, "service_name"),
        (0, "ts"),
        (0, "data"),
    }
    assert bad.reading is None
    assert bad.unreadable == "mapping.summary finds no text in item 0"


@pytest.mark.parametrize(
    "text",
    [
        "|".join(["[@,@]"] * 50) + "|to_string(@)",
        "|".join(["[@,@]"] * 50),
        "[" + "|".join(["[@,@]"] * 40) + "," + "|".join(["[@,@]"] * 40) + "]|[0]==[1]",
        "|".join(["[@,@][]"] * 50),
        "'xxxxxxxxxxxxxxxx'|" + "|".join(["join('', [@,@])"] * 40),
        "|".join(["{a:@,b:@}"] * 50) + "|to_string(@)",
        "[list,list,list,list][] | [@,@,@,@][] | sort_by(@, &to_string(@))",
        "[list,list,list,list][?contains(to_string(@), 'q')] | map(&to_string(@), @)",
        "|".join(["map(&[@,@], [@,@,@,@])"] * 30),
    ],
)
def test_an_expression_that_asks_for_too_much_is_stopped(text: str) -> None:
    document: Any = {"list": [{"x": "y" * 50, "q": [1, 2, 3]} for _ in range(5_000)]}
    asked = expression(text)
    began = time.process_time()

    with pytest.raises(TooMuchWork):
        Evaluation().find(asked, document)

    assert time.process_time() - began < 5


def test_steps_are_shared_by_all_signals_of_a_payload() -> None:
    mapping = {"items": "list", "summary": "a", "data.all": "sort_by(list, &x)[*].x"}
    inner = [{"x": number} for number in range(500)]
    document = {"list": [{"a": "t", "list": inner} for _ in range(150)]}

    with pytest.raises(Unreadable, match="too much work"):
        signals(document, mapping)
    assert len(signals({"list": document["list"][:5]}, mapping)) == 5


def test_a_thousand_signals_with_every_field_are_within_the_bound() -> None:
    fields = ("source", "summary", "severity", "device", "correlation_key", "service_name")
    mapping = {"items": "alerts", **{field: field for field in fields}, "labels": "labels"}
    labels = {f"label{number}": "value" for number in range(20)}
    document = {
        "alerts": [
            {**{field: f"{field} {number}" for field in fields}, "labels": labels}
            for number in range(1_000)
        ]
    }

    assert len(signals(document, mapping)) == 1_000


@pytest.mark.parametrize("text", ["@ < 'a'", "'a' < `1`", "sum([`1`,'a'])", "list[::0]", "[&a]"])
def test_what_cannot_be_evaluated_fails_by_name(text: str) -> None:
    document: Any = {"list": [1, 2]}
    asked = expression(text)

    if text == "@ < 'a'":  # an object is not comparable: null, by the language's own rule
        assert Evaluation().find(asked, document) is None
        return
    with pytest.raises(Failed):
        Evaluation().find(asked, document)


def test_a_separator_counts_as_often_as_it_is_written() -> None:
    document: Any = {"by": "x" * 100_000, "list": ["a"] * 1_000}

    with pytest.raises(TooMuchWork):
        Evaluation().find(expression("length(join(by, list))"), document)


@pytest.mark.parametrize("text", ["to_number(long)", "sum([to_number(long), `1`])", "[far]"])
def test_a_number_beyond_writing_fails(text: str) -> None:
    document: Any = {"long": "9" * 4_000, "far": float("inf")}

    with pytest.raises(Failed):
        Evaluation().find(expression(text), document)


@pytest.mark.parametrize("inner", ["[" * 65 + "]" * 65, "[" * 100_000, '"' + "x" * 262_144 + '"'])
def test_json_inside_json_has_bounds_too(inner: str) -> None:
    assert Evaluation().find(expression("from_json(@)"), inner) is None


def test_not_an_expression_says_where() -> None:
    with pytest.raises(NotAnExpression, match="at character 3"):
        expression("a['x'")
