"""What Slack's shapes of messages say, and what of it becomes a fact."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.adapters.slack.contract import Workspace
from tocsin.adapters.slack.messages import (
    SCOPE,
    Shelf,
    correcting,
    deleting,
    instant_of,
    is_ts,
    message_in,
    people_in,
    recording,
)
from tocsin.core.commands import RecordMessage

ACME = Workspace(
    team_id="T1",
    org_id=1,
    url="https://acme.slack.com/",
    bot_user_id="UBOT",
    bot_id="BBOT",
    token="xoxb-1",
)
SHELF = Shelf(org_id=1, stream="incident:1", workspace=ACME, channel_id="C1")

SAID: dict[str, Any] = {"type": "message", "user": "U1", "text": "down", "ts": "1700000000.000100"}


def test_a_time_stamp_is_an_instant_to_the_microsecond() -> None:
    assert instant_of("1700000000.000100") == datetime(2023, 11, 14, 22, 13, 20, 100, tzinfo=UTC)


@given(st.integers(0, 99_999_999_998), st.integers(0, 999_999))
def test_later_stamps_are_later_instants(seconds: int, micros: int) -> None:
    ts = f"{seconds}.{micros:06d}"

    assert instant_of(f"{seconds + 1}.{micros:06d}") > instant_of(ts)
    assert instant_of(ts).microsecond == micros


@pytest.mark.parametrize(
    "text", ["", "now", "1.2.3", "-1.0", "17e8.0", "1" * 40 + ".0", None, 17.0]
)
def test_what_is_no_stamp_is_told_apart(text: object) -> None:
    assert not is_ts(text)
    if isinstance(text, str):
        with pytest.raises(ValueError, match="not a time stamp"):
            instant_of(text)


@pytest.mark.parametrize(
    "shape",
    [
        {"subtype": "channel_join"},
        {"subtype": "channel_topic"},
        {"subtype": "tombstone"},
        {"subtype": "message_replied"},
        {"user": "UBOT"},
        {"user": None, "bot_id": "BBOT"},
        {"ts": "soon"},
        {"ts": None},
    ],
)
def test_what_nobody_said_is_no_message(shape: dict[str, Any]) -> None:
    assert message_in({**SAID, **shape}, ACME) is None


@pytest.mark.parametrize("subtype", ["thread_broadcast", "file_share", "me_message"])
def test_what_people_say_is_one_whatever_its_sort(subtype: str) -> None:
    found = message_in({**SAID, "subtype": subtype}, ACME)

    assert found is not None
    assert (found.user_id, found.text, found.by_bot) == ("U1", "down", False)


def test_another_bot_is_known_as_one() -> None:
    shape = {"ts": SAID["ts"], "subtype": "bot_message", "bot_id": "B2", "username": "Grafana"}

    found = message_in({**shape, "attachments": [{"fallback": "[FIRING] disk"}]}, ACME)

    assert found is not None
    assert (found.by_bot, found.name, found.text) == (True, "Grafana", "[FIRING] disk")


def test_files_are_named() -> None:
    found = message_in({**SAID, "text": "", "files": [{"id": "F1", "name": "trace.png"}]}, ACME)

    assert found is not None
    assert found.text == "[file: trace.png]"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=9,
)
FIELDS = (
    "user",
    "text",
    "ts",
    "subtype",
    "edited",
    "files",
    "attachments",
    "bot_profile",
    "bot_id",
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_any_shape_is_read_without_an_error(shape: dict[str, Any]) -> None:
    found = message_in({**SAID, **shape}, ACME)

    if found is not None:
        command = recording(found, SHELF, names={}).command
        assert isinstance(command, RecordMessage)
        command.text.encode()
        assert found.user_id is None or found.name or found.user_id in people_in([found])


def test_a_message_reads_as_it_was_typed() -> None:
    found = message_in(
        {**SAID, "text": "<@U2> &lt;b&gt; *bold* مرحبا 🔥 <https://a.example|a>"}, ACME
    )
    assert found is not None

    command = recording(found, SHELF, names={"U1": "Ann", "U2": "Ben"}).command

    assert isinstance(command, RecordMessage)
    assert command.text == "@Ben <b> *bold* مرحبا 🔥 a (https://a.example)"
    assert (command.author, command.message_id) == ("Ann", "slack:T1:C1:1700000000.000100")
    assert command.at == instant_of(SAID["ts"])


def test_every_wording_is_recorded_once_and_dated_by_itself() -> None:
    edited = {**SAID, "text": "up", "edited": {"user": "U1", "ts": "1700000060.000000"}}
    found = message_in(edited, ACME)
    assert found is not None

    first, newer = recording(found, SHELF, names={}), correcting(found, SHELF, names={})
    gone = deleting(SAID["ts"], SHELF, author="Ann", at=datetime(2026, 1, 1, tzinfo=UTC))

    receipts = [one.receipt for one in (first, newer, gone)]
    assert len({one.key for one in receipts if one is not None}) == 3
    assert {one.scope for one in receipts if one is not None} == {SCOPE}
    assert isinstance(newer.command, RecordMessage)
    assert newer.command.at == instant_of("1700000060.000000")
    assert isinstance(gone.command, RecordMessage)
    assert (gone.command.text, gone.command.deleted) == ("", True)


def test_the_system_records_whoever_has_spoken() -> None:
    found = message_in(SAID, ACME)
    assert found is not None

    submission = recording(found, SHELF, names={})

    assert (submission.credential, submission.speaker, submission.via) == (None, None, "slack")
