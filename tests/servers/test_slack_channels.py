"""The channels of the local Slack: names, topics, members, history in pages."""

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
    error_of,
)


def test_history_is_newest_first_in_pages_and_without_replies(
    client: WebClient, channel: Channel
) -> None:
    posted = [
        client.chat_postMessage(channel=channel.id, text=str(n), metadata=metadata(n))["ts"]
        for n in range(5)
    ]
    client.chat_postMessage(channel=channel.id, text="reply", thread_ts=posted[0])
    client.chat_postMessage(
        channel=channel.id, text="told to all", thread_ts=posted[0], reply_broadcast=True
    )

    pages = [
        page["messages"]
        for page in client.conversations_history(
            channel=channel.id, limit=2, include_all_metadata=True
        )
    ]

    assert [[m["text"] for m in page] for page in pages] == [
        ["told to all", "4"],
        ["3", "2"],
        ["1", "0"],
    ]
    assert pages[1][0]["metadata"] == metadata(3)
    assert pages[2][1]["reply_count"] == 2
    plain_page = client.conversations_history(channel=channel.id, latest=posted[2], limit=1)
    assert [m["text"] for m in plain_page["messages"]] == ["1"]
    assert "metadata" not in plain_page["messages"][0]


def metadata(number: int) -> dict[str, Any]:
    return {"event_type": "tocsin", "event_payload": {"delivery_id": str(number)}}


def test_replies_are_oldest_first_with_the_parent_in_front(
    client: WebClient, channel: Channel
) -> None:
    top = client.chat_postMessage(channel=channel.id, text="parent")["ts"]
    for n in range(3):
        client.chat_postMessage(channel=channel.id, text=str(n), thread_ts=top)

    pages = [
        [m["text"] for m in page["messages"]]
        for page in client.conversations_replies(channel=channel.id, ts=top, limit=3)
    ]

    assert pages == [["parent", "0", "1"], ["2"]]
    nowhere = error_of(lambda: client.conversations_replies(channel=channel.id, ts="1.000001"))
    assert nowhere == "thread_not_found"


def test_a_reply_is_no_parent(client: WebClient, channel: Channel) -> None:
    top = client.chat_postMessage(channel=channel.id, text="parent")["ts"]
    reply = client.chat_postMessage(channel=channel.id, text="reply", thread_ts=top)["ts"]

    below = error_of(lambda: client.chat_postMessage(channel=channel.id, text="x", thread_ts=reply))

    assert below == "cannot_reply_to_message"


def test_cursors_and_limits_have_to_be_slacks_own(client: WebClient, channel: Channel) -> None:
    wrong_cursor = error_of(lambda: client.conversations_history(channel=channel.id, cursor="next"))
    wrong_limit = error_of(lambda: client.conversations_history(channel=channel.id, limit=-1))

    assert (wrong_cursor, wrong_limit) == ("invalid_cursor", "invalid_limit")


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("", "invalid_name_required"),
        ("x" * 81, "invalid_name_maxlength"),
        ("---", "invalid_name_punctuation"),
        ("two words", "invalid_name_specials"),
        ("with.period", "invalid_name_specials"),
        ("Loud", "invalid_name_specials"),
        ("contributor-incidents", "name_taken"),
    ],
)
def test_names_that_a_channel_cannot_have(
    client: WebClient, channel: Channel, name: str, error: str
) -> None:
    assert error_of(lambda: client.conversations_create(name=name)) == error


def test_a_channel_is_made_and_its_name_stays_taken(slack: LocalSlack, client: WebClient) -> None:
    made = client.conversations_create(name="inc-" + "x" * 76)["channel"]
    client.conversations_archive(channel=made["id"])

    again = error_of(lambda: client.conversations_create(name=made["name"]))

    assert (made["is_member"], again) == (True, "name_taken")


def test_a_topic_has_250_characters(client: WebClient, channel: Channel) -> None:
    client.conversations_setTopic(channel=channel.id, topic="x" * 250)

    too_long = error_of(lambda: client.conversations_setTopic(channel=channel.id, topic="y" * 251))
    purpose = error_of(
        lambda: client.conversations_setPurpose(channel=channel.id, purpose="y" * 251)
    )

    assert (too_long, purpose, channel.topic) == ("too_long", "too_long", "x" * 250)


def test_invitations(slack: LocalSlack, client: WebClient, channel: Channel, anna: User) -> None:
    bert = slack.user("bert")
    stranger = slack.user("eve", team=slack.team("other"))

    client.conversations_invite(channel=channel.id, users=[bert.id])

    for user, error in (
        (anna.id, "already_in_channel"),
        (slack.home.bot_user_id, "cant_invite_self"),
        (stranger.id, "user_not_found"),
    ):
        invite = lambda user=user: client.conversations_invite(  # noqa: E731
            channel=channel.id, users=user
        )
        assert error_of(invite) == error
    assert bert.id in client.conversations_members(channel=channel.id)["members"]


def test_joining(slack: LocalSlack, client: WebClient) -> None:
    public = slack.channel("#elsewhere", bot=False)

    client.conversations_join(channel=public.id)

    assert client.conversations_info(channel=public.id)["channel"]["is_member"] is True


def test_the_list_of_channels_comes_in_pages(slack: LocalSlack, client: WebClient) -> None:
    for n in range(5):
        slack.channel(f"#c{n}", private=n == 4)

    public = [
        [one["name"] for one in page["channels"]] for page in client.conversations_list(limit=3)
    ]
    private = client.conversations_list(types="private_channel")["channels"]

    assert public == [["c0", "c1", "c2"], ["c3"]]
    assert [one["name"] for one in private] == ["c4"]


def test_direct_conversations(slack: LocalSlack, client: WebClient, anna: User) -> None:
    first = client.conversations_open(users=[anna.id])["channel"]["id"]
    again = client.conversations_open(users=[anna.id])["channel"]["id"]
    itself = error_of(lambda: client.conversations_open(users=[slack.home.bot_user_id]))
    nobody = error_of(lambda: client.conversations_open(users=[]))

    assert first == again == slack.direct(anna).id
    assert (itself, nobody) == ("cannot_dm_bot", "users_list_not_supplied")
