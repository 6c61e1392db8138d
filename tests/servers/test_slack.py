"""The local Slack refuses what Slack would refuse; asked by Slack's own client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.servers.slack import APP_TOKEN, CLIENT_ID, CLIENT_SECRET, Channel, LocalSlack, User
from tests.servers.slack import local_slack as a_local_slack

START = 1_763_683_200.0


class HandMovedClock:
    def __init__(self) -> None:
        self.seconds = START

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> HandMovedClock:
    return HandMovedClock()


@pytest.fixture
def slack(clock: HandMovedClock) -> Iterator[LocalSlack]:
    with a_local_slack(now=clock) as slack:
        yield slack


@pytest.fixture
def client(slack: LocalSlack) -> WebClient:
    return WebClient(token=slack.home.token, base_url=slack.base_url, timeout=10, retry_handlers=[])


@pytest.fixture
def anna(slack: LocalSlack) -> User:
    return slack.user("anna")


@pytest.fixture
def channel(slack: LocalSlack, anna: User) -> Channel:
    return slack.channel("#contributor-incidents")


def refused(act: Callable[[], Any]) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as caught:
        act()
    body: dict[str, Any] = caught.value.response.data
    return body


def error_of(act: Callable[[], Any]) -> str:
    return str(refused(act)["error"])


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}


def button(value: str = "1", **more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain("Go"), "action_id": "go", "value": value, **more}


def select(options: int, **more: Any) -> dict[str, Any]:
    offered = [{"text": plain(f"{n}"), "value": f"{n}"} for n in range(options)]
    return {"type": "static_select", "action_id": "pick", "options": offered, **more}


def field(element: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "input", "label": plain("Label"), "element": element, **more}


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    whole = {"type": "modal", "title": plain("Title"), "submit": plain("Go"), "blocks": blocks}
    return {**whole, **more, "blocks": list(blocks)}


TYPED = {"type": "plain_text_input", "action_id": "typed"}


# -- who asks -------------------------------------------------------------------------------------


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


# -- messages -------------------------------------------------------------------------------------


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


# -- channels -------------------------------------------------------------------------------------


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


# -- people ---------------------------------------------------------------------------------------


def test_people_are_found_by_id_and_email(slack: LocalSlack, client: WebClient, anna: User) -> None:
    found = client.users_lookupByEmail(email="Anna@acme.example")["user"]

    assert found["id"] == anna.id
    assert client.users_info(user=anna.id)["user"]["profile"]["email"] == "anna@acme.example"
    assert error_of(lambda: client.users_info(user="U999")) == "user_not_found"
    nobody = error_of(lambda: client.users_lookupByEmail(email="no@acme.example"))
    assert nobody == "users_not_found"
    names = [one["name"] for one in client.users_list()["members"]]
    assert names == ["tocsin", "anna"]


def test_an_email_is_not_shown_without_its_scope(
    slack: LocalSlack, client: WebClient, anna: User
) -> None:
    slack.home.scopes.remove("users:read.email")

    assert "email" not in client.users_info(user=anna.id)["user"]["profile"]


def test_a_stranger_in_a_shared_channel(slack: LocalSlack, client: WebClient) -> None:
    other = slack.team("other")
    eve = slack.user("eve", team=other)
    unseen = error_of(lambda: client.users_info(user=eve.id))

    slack.channel("#shared", team=slack.home, shared_with=[other])
    seen = client.users_info(user=eve.id)["user"]

    assert unseen == "user_not_found"
    assert (seen["team_id"], seen["is_stranger"]) == (other.id, True)
    assert "email" not in seen["profile"]


def test_user_groups(slack: LocalSlack, client: WebClient, anna: User) -> None:
    slack.group("noc", [anna])

    (group,) = client.usergroups_list(include_users=True)["usergroups"]

    assert (group["handle"], group["users"]) == ("noc", [anna.id])


def test_a_code_is_exchanged_once(slack: LocalSlack) -> None:
    nobody = WebClient(base_url=slack.base_url)
    code = slack.oauth_code(slack.home, redirect_uri="https://t.example/back")

    def exchange(secret: str = CLIENT_SECRET, back: str = "https://t.example/back") -> Any:
        return nobody.oauth_v2_access(
            client_id=CLIENT_ID, client_secret=secret, code=code, redirect_uri=back
        )

    assert error_of(lambda: exchange(secret="wrong")) == "bad_client_secret"
    assert exchange()["access_token"] == slack.home.token
    assert error_of(exchange) == "invalid_code"
    code = slack.oauth_code(slack.home)
    assert error_of(exchange) == "bad_redirect_uri"


def test_socket_mode_is_opened_by_an_app_token(slack: LocalSlack, client: WebClient) -> None:
    answer = client.apps_connections_open(app_token=APP_TOKEN)
    wrong = error_of(lambda: client.apps_connections_open(app_token="xapp-wrong"))

    assert answer["url"].startswith("ws://127.0.0.1:")
    assert wrong == "invalid_auth"


# -- modals ---------------------------------------------------------------------------------------


def trigger(slack: LocalSlack, user: User) -> str:
    return slack.state.trigger(team_id=user.team_id, user_id=user.id)


def test_a_modal_opens_by_a_trigger_once_within_three_seconds(
    slack: LocalSlack, client: WebClient, clock: HandMovedClock, anna: User
) -> None:
    first, second = trigger(slack, anna), trigger(slack, anna)
    clock.seconds += 3.0
    client.views_open(trigger_id=first, view=modal(field(TYPED)))
    clock.seconds += 0.1

    used = error_of(lambda: client.views_open(trigger_id=first, view=modal(field(TYPED))))
    late = error_of(lambda: client.views_open(trigger_id=second, view=modal(field(TYPED))))
    made_up = error_of(lambda: client.views_open(trigger_id="1.2.3", view=modal(field(TYPED))))

    assert used == "exchanged_trigger_id"
    assert (late, made_up) == ("expired_trigger_id", "invalid_trigger_id")
    assert len(slack.open_views(anna)) == 1


@pytest.mark.parametrize(
    ("view", "complaint"),
    [
        (modal(title=plain("x" * 25)), "must be less than 25 characters"),
        (modal(submit=plain("x" * 25)), "must be less than 25 characters"),
        (modal(private_metadata="x" * 3_001), "must be less than 3001 characters"),
        (modal(callback_id="x" * 256), "must be less than 256 characters"),
        (modal(*[{"type": "divider"}] * 101), "no more than 100 items allowed"),
        (modal(colour="red"), "invalid additional property: colour"),
        ({"type": "modal", "blocks": []}, "missing required field: title"),
        ({"type": "sheet"}, "unsupported view type"),
        (
            {"type": "modal", "title": plain("T"), "blocks": [field(TYPED)]},
            "missing required field: submit",
        ),
        (modal(field(TYPED, label=plain("x" * 2_001))), "must be less than 2001 characters"),
        (modal(field(TYPED, hint=plain("x" * 2_001))), "must be less than 2001 characters"),
        (
            modal(field({**TYPED, "placeholder": plain("x" * 151)})),
            "must be less than 151 characters",
        ),
        (modal(field({**TYPED, "max_length": 3_001})), "whole number from 1 to 3000"),
        (modal(field(button())), "unsupported type: button"),
        (
            modal(field({"type": "datepicker", "action_id": "d", "initial_date": "1.2.26"})),
            "must be a date",
        ),
        (
            modal(field({"type": "datetimepicker", "initial_date_time": "now"})),
            "must be a whole number",
        ),
    ],
)
def test_modals_that_slack_does_not_take(
    slack: LocalSlack, client: WebClient, anna: User, view: dict[str, Any], complaint: str
) -> None:
    body = refused(lambda: client.views_open(trigger_id=trigger(slack, anna), view=view))

    assert body["error"] == "invalid_arguments"
    assert any(complaint in text for text in body["response_metadata"]["messages"])


def test_modals_are_pushed_three_deep_and_updated(
    slack: LocalSlack, client: WebClient, anna: User
) -> None:
    first = client.views_open(trigger_id=trigger(slack, anna), view=modal())["view"]
    for _ in range(2):
        client.views_push(trigger_id=trigger(slack, anna), view=modal())

    too_deep = error_of(lambda: client.views_push(trigger_id=trigger(slack, anna), view=modal()))
    client.views_update(view_id=first["id"], hash=first["hash"], view=modal(title=plain("New")))
    stale = error_of(
        lambda: client.views_update(view_id=first["id"], hash=first["hash"], view=modal())
    )
    gone = error_of(lambda: client.views_update(view_id="V999", view=modal()))

    assert (too_deep, stale, gone) == ("push_limit_reached", "hash_conflict", "not_found")
    assert [view.title for view in slack.open_views(anna)] == ["New", "Title", "Title"]


# -- what goes wrong ------------------------------------------------------------------------------


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
