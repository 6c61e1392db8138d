"""Who may ask the local Slack, and how it goes wrong when told to; asked by its own client."""

from __future__ import annotations

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.servers.slack import (
    Channel,
    LocalSlack,
)
from tests.servers.slack.asking import (
    HandMovedClock,
    error_of,
    refused,
)


def test_a_token_is_needed_and_has_to_be_right(slack: LocalSlack) -> None:
    nobody = WebClient(base_url=slack.base_url)
    stranger = WebClient(token="xoxb-wrong", base_url=slack.base_url)

    assert error_of(nobody.auth_test) == "not_authed"
    assert error_of(stranger.auth_test) == "invalid_auth"


def test_who_the_bot_is(slack: LocalSlack, client: WebClient) -> None:
    answer = client.auth_test()

    assert answer["team_id"] == slack.home.id
    assert answer["user_id"] == slack.home.bot_user_id
    assert answer["bot_id"] == slack.home.bot_id
    assert set(answer.headers["X-OAuth-Scopes"].split(",")) == slack.home.scopes


def test_an_unknown_method(client: WebClient) -> None:
    assert error_of(lambda: client.api_call("chat.shout")) == "unknown_method"


def test_a_scope_that_is_missing(slack: LocalSlack, client: WebClient, channel: Channel) -> None:
    slack.home.scopes.remove("chat:write")

    body = refused(lambda: client.chat_postMessage(channel=channel.id, text="hello"))

    assert (body["error"], body["needed"]) == ("missing_scope", "chat:write")
    assert "channels:read" in body["provided"].split(",")


def test_calls_are_written_down_without_tokens(
    slack: LocalSlack, client: WebClient, channel: Channel
) -> None:
    WebClient(base_url=slack.base_url).chat_postMessage(
        token=slack.home.token, channel=channel.id, text="hello"
    )
    client.conversations_history(channel=channel.id)

    assert [call.method for call in slack.calls] == ["chat.postMessage", "conversations.history"]
    assert slack.calls[0].arguments == {"channel": channel.id, "text": "hello"}
    assert slack.scopes_used == {"chat:write", "channels:history"}
    assert slack.home.token not in repr(slack.calls)


def test_a_channel_takes_about_one_message_a_second(
    slack: LocalSlack, client: WebClient, clock: HandMovedClock, channel: Channel
) -> None:
    slack.rate(1.0, burst=2)
    other = slack.channel("#other")
    for _ in range(2):
        client.chat_postMessage(channel=channel.id, text="x")

    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel=channel.id, text="too much")
    client.chat_postMessage(channel=other.id, text="elsewhere")
    clock.seconds += 1.0
    client.chat_postMessage(channel=channel.id, text="later")

    assert caught.value.response.status_code == 429
    assert caught.value.response["error"] == "ratelimited"
    assert caught.value.response.headers["Retry-After"] == "1"
    assert [message.text for message in channel.messages] == ["x", "x", "later"]


def test_a_method_fails_as_often_as_it_is_told(
    slack: LocalSlack, client: WebClient, channel: Channel
) -> None:
    slack.fail("chat.postMessage", "internal_error", times=1, status=500)

    assert (
        error_of(lambda: client.chat_postMessage(channel=channel.id, text="x")) == "internal_error"
    )
    client.chat_postMessage(channel=channel.id, text="y")

    assert [message.text for message in channel.messages] == ["y"]


def test_a_lost_answer_has_done_its_work(
    slack: LocalSlack, client: WebClient, channel: Channel
) -> None:
    slack.lose_answer("chat.postMessage")

    with pytest.raises(OSError, match="closed connection"):
        client.chat_postMessage(channel=channel.id, text="once")

    assert [message.text for message in channel.messages] == ["once"]


def test_it_is_down_and_up_again(slack: LocalSlack, client: WebClient) -> None:
    slack.down()
    with pytest.raises(OSError, match="refused"):
        client.auth_test()
    slack.up()
    client.auth_test()

    slack.down(refuse=False)
    with pytest.raises(SlackApiError) as caught:
        client.auth_test()
    assert caught.value.response.status_code == 503
    slack.heal()

    assert client.auth_test()["ok"]


def test_a_slow_slack_outlasts_patience(slack: LocalSlack) -> None:
    slack.slow(0.5)
    hasty = WebClient(token=slack.home.token, base_url=slack.base_url, timeout=0.1)  # type: ignore[arg-type]

    with pytest.raises(TimeoutError):
        hasty.auth_test()
