"""The messages, blocks and pins that the local Slack refuses, as Slack does."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk import WebClient

from tests.servers.slack import (
    Channel,
    LocalSlack,
    User,
)
from tests.servers.slack.asking import (
    button,
    error_of,
    mrkdwn,
    plain,
    refused,
    select,
)


def test_a_message_goes_to_a_channel_by_id_or_by_name(client: WebClient, channel: Channel) -> None:
    client.chat_postMessage(channel=channel.id, text="one")
    client.chat_postMessage(channel="#contributor-incidents", text="two")

    assert [message.text for message in channel.messages] == ["one", "two"]


def test_a_message_goes_to_a_person(slack: LocalSlack, client: WebClient, anna: User) -> None:
    answer = client.chat_postMessage(channel=anna.id, text="hello")

    assert slack.direct(anna).message(answer["ts"]).text == "hello"


def test_a_channel_that_is_not_there_or_hidden(slack: LocalSlack, client: WebClient) -> None:
    slack.channel("#secret", private=True, bot=False)

    for name in ("#nowhere", "C999", "#secret"):
        post = lambda name=name: client.chat_postMessage(channel=name, text="x")  # noqa: E731
        assert error_of(post) == "channel_not_found"


def test_a_channel_without_the_bot(slack: LocalSlack, client: WebClient) -> None:
    public = slack.channel("#elsewhere", bot=False)
    client.chat_postMessage(channel=public.id, text="allowed by chat:write.public")
    slack.home.scopes.remove("chat:write.public")

    post = error_of(lambda: client.chat_postMessage(channel=public.id, text="x"))
    read = error_of(lambda: client.conversations_history(channel=public.id))

    assert (post, read) == ("not_in_channel", "not_in_channel")


def test_an_archived_channel(client: WebClient, channel: Channel) -> None:
    client.conversations_archive(channel=channel.id)

    assert error_of(lambda: client.chat_postMessage(channel=channel.id, text="x")) == "is_archived"
    assert error_of(lambda: client.conversations_archive(channel=channel.id)) == "already_archived"


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"text": ""}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"text": "x", "blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        ({"text": "x", "blocks": "not json"}, "invalid_blocks_format"),
        (
            {"text": "x", "blocks": [{"type": "section", "text": mrkdwn("x" * 3_000)}] * 5},
            "msg_blocks_too_long",
        ),
        ({"text": "x", "metadata": {"event_type": "t"}}, "invalid_metadata_format"),
        (
            {"text": "x", "metadata": {"event_type": "t", "event_payload": {"x": "x" * 8_000}}},
            "metadata_too_large",
        ),
        ({"text": "x", "thread_ts": "1.000001"}, "thread_not_found"),
    ],
)
def test_messages_that_slack_does_not_take(
    client: WebClient, channel: Channel, given: dict[str, Any], error: str
) -> None:
    body = {"channel": channel.id, **given}

    assert error_of(lambda: client.api_call("chat.postMessage", json=body)) == error
    assert channel.everything == []


@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        ({"type": "section", "text": mrkdwn("x" * 3_001)}, "must be less than 3001 characters"),
        ({"type": "section", "text": mrkdwn("")}, "must be more than 0 characters"),
        ({"type": "section"}, "must have text or fields"),
        ({"type": "section", "fields": [mrkdwn("x")] * 11}, "no more than 10 items allowed"),
        ({"type": "section", "fields": [mrkdwn("x" * 2_001)]}, "less than 2001 characters"),
        ({"type": "header", "text": plain("x" * 151)}, "must be less than 151 characters"),
        ({"type": "header", "text": mrkdwn("x")}, "must be a text object of plain_text"),
        ({"type": "divider", "block_id": "x" * 256}, "must be less than 256 characters"),
        ({"type": "divider", "colour": "red"}, "invalid additional property: colour"),
        ({"type": "marquee"}, "unsupported type: marquee"),
        ({"type": "context", "elements": [mrkdwn("x")] * 11}, "no more than 10 items allowed"),
        ({"type": "actions", "elements": []}, "must contain at least 1 item"),
        ({"type": "actions", "elements": [button("x" * 2_001)]}, "less than 2001 characters"),
        ({"type": "actions", "elements": [button(action_id="x" * 256)]}, "less than 256"),
        ({"type": "actions", "elements": [button(text=plain("x" * 76))]}, "less than 76"),
        ({"type": "actions", "elements": [button(style="blue")]}, "must be one of primary"),
        ({"type": "actions", "elements": [button(), button()]}, "action_id already exists"),
        ({"type": "actions", "elements": [select(101)]}, "no more than 100 items allowed"),
        ({"type": "actions", "elements": [select(0)]}, "must contain at least 1 item"),
        (
            {"type": "actions", "elements": [select(1, placeholder=plain("x" * 151))]},
            "must be less than 151 characters",
        ),
        (
            {
                "type": "actions",
                "elements": [select(1, initial_option={"text": plain("z"), "value": "z"})],
            },
            "initial_option must be one of the options",
        ),
        (
            {
                "type": "actions",
                "elements": [{**select(0), "options": [{"text": plain("x" * 76), "value": "1"}]}],
            },
            "must be less than 76 characters",
        ),
    ],
)
def test_blocks_that_slack_does_not_take(
    client: WebClient, channel: Channel, block: dict[str, Any], complaint: str
) -> None:
    body = refused(lambda: client.chat_postMessage(channel=channel.id, text="x", blocks=[block]))

    assert body["error"] == "invalid_blocks"
    assert complaint in body["response_metadata"]["messages"][0]
    assert "[json-pointer:/blocks/0" in body["response_metadata"]["messages"][0]


def test_two_blocks_of_one_id(client: WebClient, channel: Channel) -> None:
    blocks = [{"type": "divider", "block_id": "same"}] * 2

    body = refused(lambda: client.chat_postMessage(channel=channel.id, text="x", blocks=blocks))

    assert "block_id same already exists" in body["errors"][0]


def test_blocks_at_their_limits_are_taken(client: WebClient, channel: Channel) -> None:
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": plain("x" * 150)},
        {"type": "section", "text": mrkdwn("x" * 3_000), "block_id": "x" * 255},
        {"type": "actions", "elements": [button("x" * 2_000), select(100)]},
        *[{"type": "divider"}] * 47,
    ]

    client.chat_postMessage(channel=channel.id, text="x" * 40_000, blocks=blocks)

    assert len(channel.messages[0].blocks) == 50
    assert all(block["block_id"] for block in channel.messages[0].blocks)


def test_a_message_is_edited_by_its_author_alone(
    slack: LocalSlack, client: WebClient, channel: Channel, anna: User
) -> None:
    ts = client.chat_postMessage(channel=channel.id, text="one", blocks=[{"type": "divider"}])["ts"]
    theirs = slack.say(anna, channel, "mine", deliver=False)

    client.chat_update(channel=channel.id, ts=ts, text="two")
    stranger = error_of(lambda: client.chat_update(channel=channel.id, ts=theirs.ts, text="x"))
    nothing = error_of(lambda: client.chat_update(channel=channel.id, ts="1.000001", text="x"))
    by_name = error_of(lambda: client.chat_update(channel=f"#{channel.name}", ts=ts, text="x"))

    assert (stranger, nothing) == ("cant_update_message", "message_not_found")
    assert by_name == "channel_not_found"
    assert channel.message(ts).text == "two"
    assert [text for text, _ in channel.message(ts).versions] == ["one"]
    assert [block["type"] for block in channel.message(ts).blocks] == ["divider"]


def test_a_message_is_deleted_by_its_author_alone(
    slack: LocalSlack, client: WebClient, channel: Channel, anna: User
) -> None:
    ts = client.chat_postMessage(channel=channel.id, text="one")["ts"]
    theirs = slack.say(anna, channel, "mine", deliver=False)

    client.chat_delete(channel=channel.id, ts=ts)

    assert error_of(lambda: client.chat_delete(channel=channel.id, ts=ts)) == "message_not_found"
    stranger = error_of(lambda: client.chat_delete(channel=channel.id, ts=theirs.ts))
    assert stranger == "cant_delete_message"


def test_only_one_person_sees_an_ephemeral(
    slack: LocalSlack, client: WebClient, channel: Channel, anna: User
) -> None:
    bert = slack.user("bert")

    client.chat_postEphemeral(channel=channel.id, user=anna.id, text="psst")
    outside = error_of(
        lambda: client.chat_postEphemeral(channel=channel.id, user=bert.id, text="psst")
    )

    assert [one.text for one in slack.ephemerals_to(anna)] == ["psst"]
    assert (outside, channel.everything) == ("user_not_in_channel", [])


def test_permalinks(client: WebClient, channel: Channel) -> None:
    top = client.chat_postMessage(channel=channel.id, text="one")["ts"]
    reply = client.chat_postMessage(channel=channel.id, text="two", thread_ts=top)["ts"]

    link = client.chat_getPermalink(channel=channel.id, message_ts=reply)["permalink"]

    assert link.startswith(f"https://acme.slack.com/archives/{channel.id}/p")
    assert f"thread_ts={top}" in link


def test_pins(client: WebClient, channel: Channel) -> None:
    ts = client.chat_postMessage(channel=channel.id, text="one")["ts"]

    client.pins_add(channel=channel.id, timestamp=ts)

    assert channel.pins == [ts]
    again = error_of(lambda: client.pins_add(channel=channel.id, timestamp=ts))
    nothing = error_of(lambda: client.pins_add(channel=channel.id, timestamp="1.000001"))
    assert (again, nothing) == ("already_pinned", "message_not_found")
    client.pins_remove(channel=channel.id, timestamp=ts)
    assert error_of(lambda: client.pins_remove(channel=channel.id, timestamp=ts)) == "no_pin"


def test_reactions(client: WebClient, channel: Channel) -> None:
    ts = client.chat_postMessage(channel=channel.id, text="one")["ts"]

    client.reactions_add(channel=channel.id, timestamp=ts, name="eyes")

    again = error_of(lambda: client.reactions_add(channel=channel.id, timestamp=ts, name="eyes"))
    assert again == "already_reacted"
