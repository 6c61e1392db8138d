"""What Opsgenie's clients ask for becomes what they mean here."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.taking import assert_taken
from tocsin.adapters.opsgenie import translation
from tocsin.core.commands import SignalDraft
from tocsin.core.ingestion import Acknowledged, Amended, Ended, Noted, Reading, Unreadable

CREATE = (Path(__file__).parent / "payloads" / "create.json").read_bytes()


def create(changes: dict[str, Any]) -> Reading:
    body = json.dumps({**json.loads(CREATE), **changes}).encode()
    return translation.create(body, fresh_alias="fresh")


def bare(**members: Any) -> Reading:
    return translation.create(json.dumps(members).encode(), fresh_alias="fresh")


def signal_of(reading: Reading) -> SignalDraft:
    assert isinstance(reading.said[0], SignalDraft)
    return reading.said[0]


def asked(**members: Any) -> bytes:
    return json.dumps(members).encode()


def test_an_alert_is_a_signal_and_words_for_the_ticket_that_it_opens() -> None:
    reading = create({})

    signal = signal_of(reading)
    assert not reading.reopens
    assert signal.correlation_key == signal.fingerprint == "ams-fra-1/loss"
    assert (signal.source, signal.summary) == ("smokeping", "Loss on ams-fra-1 above 3 %")
    assert (signal.severity, signal.state) == ("critical", "firing")
    assert (signal.service_name, signal.environment) == ("backbone", "prod")
    assert signal.labels == {"env": "prod", "loss": "3.7", "entity": "backbone"}
    assert signal.data["visibleTo"] == [{"name": "Management", "type": "team"}]
    assert reading.said[1:] == (
        Amended(
            key="ams-fra-1/loss",
            description="Seen from both sides since half past nine.",
            add_labels=("loss", "backbone", "team:Backbone", "schedule:Nights"),
            assignee="ada@example.net",
        ),
        Noted(key="ams-fra-1/loss", text="The mtr is attached", by="Smokeping at ams"),
    )


def test_an_alert_needs_a_message_only() -> None:
    reading = bare(message="Down")

    (signal,) = reading.said
    assert isinstance(signal, SignalDraft)
    assert (signal.correlation_key, signal.fingerprint) == ("fresh", "fresh")
    assert (signal.source, signal.severity) == ("opsgenie", "warning")


@pytest.mark.parametrize(
    ("priority", "level"),
    [
        ("P1", "critical"),
        ("P2", "error"),
        ("P3", "warning"),
        ("P4", "info"),
        ("P5", "sev5"),
        ("p2", "error"),
        (None, "warning"),
        ("P6", "warning"),
        (2, "warning"),
    ],
)
def test_priorities_are_severities_and_p3_where_there_is_none(priority: object, level: str) -> None:
    assert signal_of(create({"priority": priority})).severity == level


def test_older_clients_name_teams_by_themselves() -> None:
    reading = bare(message="Down", teams=[{"name": "Backbone"}, {"id": "t-2"}, "x"])

    assert reading.said[1:] == (Amended(key="fresh", add_labels=("team:Backbone", "team:t-2")),)


def test_only_teams_schedules_and_escalations_are_labels() -> None:
    reading = bare(
        message="Down",
        responders=[
            {"type": "user", "name": "Ada", "id": "u-1"},
            {"type": "user", "name": "Bob"},
            {"type": "team"},
            {"type": "escalation", "name": "Nights"},
            {"type": "all", "name": "Everyone"},
        ],
    )

    assert reading.said[1:] == (
        Amended(key="fresh", add_labels=("escalation:Nights",), assignee="Ada"),
    )


def test_labels_are_cut_and_the_systems_own_is_left_out() -> None:
    reading = bare(message="Down", tags=["needs_affected", "x" * 65, "x" * 66, " ", 7, {}])

    (amended,) = reading.said[1:]
    assert isinstance(amended, Amended)
    first, second, third = amended.add_labels
    assert first != second
    assert {len(first), len(second)} == {64}
    assert third == "7"


def test_an_alias_is_given_back_as_it_came() -> None:
    assert translation.alias(asked(alias="a" * 512)) == "a" * 512
    assert translation.alias(asked(alias=" ")) is None
    assert translation.alias(b"") is None
    kept = signal_of(create({"alias": "a" * 512})).correlation_key
    (ended,) = translation.close("a" * 512, b"").said
    assert isinstance(ended, Ended)
    assert ended.key == kept != signal_of(create({"alias": "a" * 511})).correlation_key


BY: dict[str, str] = {"user": "ada", "source": "script", "note": "why"}


@pytest.mark.parametrize(
    ("reading", "said"),
    [
        (translation.close("k", b""), (Ended(key="k"),)),
        (translation.close("k", asked(**BY)), (Ended(key="k", by="ada", note="why"),)),
        (translation.close("k", asked(source="s")), (Ended(key="k", by="s"),)),
        (translation.acknowledge("k", asked()), (Acknowledged(key="k"),)),
        (
            translation.acknowledge("k", asked(**BY)),
            (Acknowledged(key="k", by="ada", note="why"),),
        ),
        (translation.note("k", asked(**BY)), (Noted(key="k", text="why", by="ada"),)),
        (translation.message("k", asked(message="New")), (Amended(key="k", title="New"),)),
        (
            translation.message("k", asked(message="New", **BY)),
            (Amended(key="k", title="New"), Noted(key="k", text="why", by="ada")),
        ),
        (
            translation.description("k", asked(description="More")),
            (Amended(key="k", description="More"),),
        ),
        (translation.priority("k", asked(priority="P2")), (Amended(key="k", severity="error"),)),
        (translation.tags("k", asked(tags=["a", "b"])), (Amended(key="k", add_labels=("a", "b")),)),
        (translation.untag("k", "a, b,"), (Amended(key="k", remove_labels=("a", "b")),)),
        (
            translation.untag("k", "a", by="ada", note="why"),
            (Amended(key="k", remove_labels=("a",)), Noted(key="k", text="why", by="ada")),
        ),
        (
            translation.assign("k", asked(owner={"username": "ada@example.net"})),
            (Amended(key="k", assignee="ada@example.net"),),
        ),
        (translation.assign("k", asked(owner={"id": "u-1"})), (Amended(key="k", assignee="u-1"),)),
        (
            translation.snooze("k", asked(endTime="2026-11-20T11:00:00Z")),
            (
                Noted(
                    key="k",
                    text="Snoozed until 2026-11-20T11:00:00.000000Z by Opsgenie's client.",
                ),
            ),
        ),
        (
            translation.unacknowledge("k", asked(**BY)),
            (
                Noted(
                    key="k",
                    text="Not acknowledged any more, says Opsgenie's client.\nwhy",
                    by="ada",
                ),
            ),
        ),
        (
            translation.otherwise("k", b"", request="escalate"),
            (Noted(key="k", text="Opsgenie's client asked for: escalate."),),
        ),
    ],
)
def test_requests_are_words_about_what_the_alias_opened(
    reading: Reading, said: tuple[object, ...]
) -> None:
    assert reading.said == said
    assert not reading.reopens


@pytest.mark.parametrize(
    ("read", "field"),
    [
        (lambda: bare(alias="a"), "message"),
        (lambda: translation.note("k", b""), "note"),
        (lambda: translation.message("k", asked(message=" ")), "message"),
        (lambda: translation.description("k", asked()), "description"),
        (lambda: translation.priority("k", asked(priority="P6")), "priority"),
        (lambda: translation.tags("k", asked(tags=[])), "tags"),
        (lambda: translation.untag("k", " ,"), "tags"),
        (lambda: translation.assign("k", asked(owner="ada")), "owner"),
        (lambda: translation.close(" ", b""), "identifier"),
    ],
)
def test_what_is_missing_is_named(read: Callable[[], Reading], field: str) -> None:
    with pytest.raises(Unreadable) as wrong:
        read()

    (error,) = wrong.value.errors
    assert error.startswith(f"{field}: ")


@pytest.mark.parametrize("body", [b"[]", b"7", b"{", b"[" * 100_000, b'"\xff"'])
def test_anything_else_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        translation.create(body, fresh_alias="fresh")
    with pytest.raises(Unreadable):
        translation.close("k", body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
MEMBERS = (
    *("message", "alias", "description", "responders", "teams", "visibleTo", "actions", "tags"),
    *("details", "entity", "source", "priority", "user", "note", "owner", "endTime"),
)
READERS: tuple[Callable[[str, bytes], Reading], ...] = (
    lambda identifier, body: translation.create(body, fresh_alias="fresh"),
    translation.close,
    translation.acknowledge,
    translation.unacknowledge,
    translation.note,
    translation.message,
    translation.description,
    translation.priority,
    translation.tags,
    translation.assign,
    translation.snooze,
    lambda identifier, body: translation.otherwise(identifier, body, request=identifier),
    lambda identifier, body: translation.untag("k", identifier, note=identifier),
)


@given(
    st.text(),
    st.binary()
    | st.dictionaries(
        st.sampled_from(MEMBERS),
        JSON | st.text() | st.lists(st.dictionaries(st.sampled_from(["type", "name", "id"]), JSON)),
    ).map(lambda value: json.dumps(value).encode()),
    st.sampled_from(READERS),
)
def test_nothing_does_more_than_be_unreadable(
    identifier: str, body: bytes, read: Callable[[str, bytes], Reading]
) -> None:
    try:
        reading = read(identifier, body)
    except Unreadable:
        return
    assert_taken(reading)
