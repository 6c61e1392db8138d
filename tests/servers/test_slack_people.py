"""People in the local Slack: what they do reaches the app as Slack sends it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs

import pytest
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.webhook import WebhookClient

from tests.servers.slack import (
    APP_TOKEN,
    SIGNING_SECRET,
    Channel,
    LocalSlack,
    NotPossible,
    Request,
    SlackError,
    User,
    signing,
)
from tests.servers.slack import local_slack as a_local_slack


class AttentiveApp:
    """An app that remembers what it was told, and answers as it was told to."""

    def __init__(self) -> None:
        self.heard: list[tuple[Request, dict[str, str]]] = []
        self.answers: dict[str, tuple[int, str, str]] = {}

    def __call__(
        self, request: Request, headers: dict[str, str]
    ) -> tuple[int, Mapping[str, str], bytes]:
        self.heard.append((request, headers))
        kind = str(request.payload.get("type", "command"))
        status, content_type, body = self.answers.get(kind, (200, "text/plain", ""))
        return status, {"Content-Type": content_type}, body.encode()

    def answer(self, kind: str, body: dict[str, Any], *, status: int = 200) -> None:
        self.answers[kind] = (status, "application/json", json.dumps(body))

    @property
    def last(self) -> dict[str, Any]:
        return self.heard[-1][0].payload

    @property
    def events(self) -> list[dict[str, Any]]:
        return [request.payload["event"] for request, _ in self.heard]


@pytest.fixture
def app() -> AttentiveApp:
    return AttentiveApp()


@pytest.fixture
def slack(app: AttentiveApp) -> Iterator[LocalSlack]:
    with a_local_slack(app=app) as slack:
        yield slack


@pytest.fixture
def client(slack: LocalSlack) -> WebClient:
    return WebClient(token=slack.home.token, base_url=slack.base_url, timeout=10)


@pytest.fixture
def anna(slack: LocalSlack) -> User:
    return slack.user("anna")


@pytest.fixture
def channel(slack: LocalSlack, anna: User) -> Channel:
    return slack.channel("#contributor-incidents")


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def option(value: str) -> dict[str, Any]:
    return {"text": plain(f"the {value}"), "value": value}


def field(block_id: str, element: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain("Label"),
        "element": {"action_id": block_id, **element},
        **more,
    }


FORM = {
    "type": "modal",
    "callback_id": "form",
    "private_metadata": "42",
    "title": plain("Form"),
    "submit": plain("Go"),
    "blocks": [
        field("title", {"type": "plain_text_input", "max_length": 10}),
        field(
            "severity",
            {
                "type": "static_select",
                "options": [option("sev1"), option("sev2")],
                "initial_option": option("sev2"),
            },
        ),
        field("at", {"type": "datetimepicker"}, optional=True),
        field("ticket", {"type": "external_select", "min_query_length": 2}, optional=True),
    ],
}


def open_form(slack: LocalSlack, client: WebClient, user: User, **more: Any) -> None:
    trigger = slack.state.trigger(team_id=user.team_id, user_id=user.id)
    client.views_open(trigger_id=trigger, view={**FORM, **more})


# -- requests -------------------------------------------------------------------------------------


def test_requests_are_signed_as_slack_signs_them(
    slack: LocalSlack, app: AttentiveApp, anna: User, channel: Channel
) -> None:
    slack.say(anna, channel, "hello")
    request, headers = app.heard[0]
    verifier = SignatureVerifier(SIGNING_SECRET)

    assert verifier.is_valid_request(request.body, headers)
    for sign in (signing.old, signing.wrongly_signed, signing.unsigned):
        slack.outbox.deliver(request, sign=sign)
        assert not verifier.is_valid_request(request.body, app.heard[-1][1])


def test_a_mention_is_two_events(
    slack: LocalSlack, app: AttentiveApp, anna: User, channel: Channel
) -> None:
    said = slack.mention(anna, channel, "a < b & <https://a.example>")

    mentioned, message = app.events
    assert (mentioned["type"], message["type"]) == ("app_mention", "message")
    assert mentioned["ts"] == message["ts"] == said.ts
    assert message["text"] == (f"<@{slack.home.bot_user_id}> a &lt; b &amp; <https://a.example>")
    assert len({request.event_id for request in said.requests}) == 2
    assert app.heard[0][0].payload["authorizations"][0]["user_id"] == slack.home.bot_user_id


def test_a_redelivery_has_the_same_event_id(
    slack: LocalSlack, app: AttentiveApp, anna: User, channel: Channel
) -> None:
    said = slack.say(anna, channel, "hello")

    slack.redeliver(said.answers[0], retry=2)

    (first, _), (second, headers) = app.heard
    assert first.event_id == second.event_id
    assert headers["X-Slack-Retry-Num"] == "2"
    assert headers["X-Slack-Retry-Reason"] == "http_timeout"


def test_one_event_five_times_at_once(
    slack: LocalSlack, app: AttentiveApp, anna: User, channel: Channel
) -> None:
    said = slack.say(anna, channel, "hello", deliver=False)

    answers = slack.together(5, lambda: slack.outbox.deliver(said.requests[0]))

    assert [answer.ok for answer in answers] == [True] * 5
    assert len(app.heard) == 5


def test_edits_and_deletions(
    slack: LocalSlack, app: AttentiveApp, anna: User, channel: Channel
) -> None:
    top = slack.say(anna, channel, "one")
    reply = slack.say(anna, channel, "below", thread=top)
    slack.edit(anna, reply, "better")
    slack.delete(anna, reply)
    slack.say(anna, channel, "again", thread=top)
    slack.delete(anna, top)

    _, below, edited, deleted, _, buried = app.events
    assert below["thread_ts"] == top.ts
    assert edited["subtype"] == "message_changed"
    assert edited["message"]["text"] == "better"
    assert edited["previous_message"]["text"] == "below"
    assert edited["message"]["ts"] == reply.ts
    assert edited["message"]["edited"]["ts"] > reply.ts
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", reply.ts)
    assert buried["message"]["subtype"] == "tombstone"
    assert [m.text for m in channel.messages] == ["This message was deleted."]


def test_the_bot_hears_itself_where_it_is_a_member(
    slack: LocalSlack, app: AttentiveApp, client: WebClient, channel: Channel
) -> None:
    outside = slack.channel("#elsewhere", bot=False)
    ts = client.chat_postMessage(channel=channel.id, text="one")["ts"]
    client.chat_postMessage(channel=outside.id, text="unheard")
    client.chat_update(channel=channel.id, ts=ts, text="two")
    client.conversations_setTopic(channel=channel.id, topic="All systems operational")
    client.chat_delete(channel=channel.id, ts=ts)
    slack.settle()

    assert [event.get("subtype") for event in app.events] == [
        None,
        "message_changed",
        "channel_topic",
        "message_deleted",
    ]
    assert app.events[0]["bot_id"] == slack.home.bot_id


def test_a_stranger_is_known_by_their_workspace(slack: LocalSlack, app: AttentiveApp) -> None:
    home, other = slack.home, slack.team("other", installed=False)
    eve = slack.user("eve", team=other)
    shared = slack.channel("#shared", team=home, shared_with=[other])

    slack.mention(eve, shared, "hello")

    assert app.events[0]["user_team"] == other.id
    assert app.last["team_id"] == home.id
    assert app.last["is_ext_shared_channel"] is True
    with pytest.raises(NotPossible, match="not installed"):
        slack.command(eve, shared, "/incident")


def test_what_is_not_subscribed_or_has_no_scope_is_not_sent(
    slack: LocalSlack, app: AttentiveApp, anna: User, channel: Channel
) -> None:
    slack.home.scopes.remove("channels:history")

    said = slack.mention(anna, channel, "hello")

    assert [event["type"] for event in app.events] == ["app_mention"]
    assert len(said.answers) == 1


def test_an_app_that_is_late_wrong_or_absent_is_noted(anna: User, channel: Channel) -> None:
    with a_local_slack(app="http://127.0.0.1:9") as slack:
        bert = slack.user("bert")
        absent = slack.command(bert, slack.channel("#c"), "/incident")
        assert absent.failed == "connection_failed"
        slack.outbox.app = lambda request, headers: (500, {}, b"")
        wrong = slack.command(bert, slack.channel("#c"), "/incident")
        assert wrong.failed == "http_500"
        assert slack.slow_answers == [absent, wrong]


# -- commands -------------------------------------------------------------------------------------


def test_a_command_is_a_form_and_its_answer_an_ephemeral(
    slack: LocalSlack, app: AttentiveApp, anna: User, channel: Channel
) -> None:
    app.answers["command"] = (200, "text/plain", "on it")

    slack.command(anna, channel, "/incident", "create a & b")

    request, headers = app.heard[0]
    form = parse_qs(request.body.decode())
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert (form["command"], form["text"]) == (["/incident"], ["create a &amp; b"])
    assert form["user_id"] == [anna.id]
    assert [one.text for one in slack.ephemerals_to(anna)] == ["on it"]


def test_a_response_url_takes_five_answers(
    slack: LocalSlack, app: AttentiveApp, anna: User, channel: Channel
) -> None:
    slack.command(anna, channel, "/incident")
    place = WebhookClient(app.last["response_url"])

    statuses = [place.send(text=f"{n}").status_code for n in range(5)]
    sixth = place.send(text="6")

    assert statuses == [200] * 5
    assert (sixth.status_code, "used_url" in sixth.body) == (404, True)
    assert [one.text for one in slack.ephemerals_to(anna)] == ["0", "1", "2", "3", "4"]


def test_a_response_url_may_speak_to_all(
    slack: LocalSlack, app: AttentiveApp, anna: User, channel: Channel
) -> None:
    slack.command(anna, channel, "/incident")

    WebhookClient(app.last["response_url"]).send(text="all hear", response_type="in_channel")

    assert [message.text for message in channel.of_bot()] == ["all hear"]


# -- buttons and selects --------------------------------------------------------------------------


def test_pressing_and_picking(
    slack: LocalSlack, app: AttentiveApp, client: WebClient, anna: User, channel: Channel
) -> None:
    slack.outbox.app = None
    elements = [
        {"type": "button", "action_id": "go", "value": "42", "text": plain("Go")},
        {"type": "static_select", "action_id": "pick", "options": [option("a"), option("b")]},
    ]
    blocks = [{"type": "actions", "block_id": "ticket:42", "elements": elements}]
    client.chat_postMessage(channel=channel.id, text="card", blocks=blocks)
    (card,) = channel.of_bot()
    slack.outbox.app = app

    slack.click(anna, card, "go")
    pressed = app.last
    slack.choose(anna, card, "pick", "b")
    picked = app.last

    assert pressed["actions"][0]["value"] == "42"
    assert pressed["container"]["message_ts"] == pressed["message"]["ts"] == card.ts
    assert picked["actions"][0]["selected_option"] == option("b")
    assert picked["actions"][0]["block_id"] == "ticket:42"
    with pytest.raises(NotPossible, match="no stop"):
        slack.click(anna, card, "stop")
    with pytest.raises(NotPossible, match="no option c"):
        slack.choose(anna, card, "pick", "c")


def test_shortcuts(slack: LocalSlack, app: AttentiveApp, anna: User, channel: Channel) -> None:
    said = slack.say(anna, channel, "the link is down", deliver=False)

    slack.shortcut(anna, "open")
    everywhere = app.last
    slack.message_shortcut(anna, said, "open_from")
    from_message = app.last

    assert (everywhere["type"], everywhere["callback_id"]) == ("shortcut", "open")
    assert from_message["type"] == "message_action"
    assert from_message["message"]["text"] == "the link is down"
    assert from_message["channel"]["id"] == channel.id


# -- modals ---------------------------------------------------------------------------------------


def test_a_modal_is_filled_and_sent(
    slack: LocalSlack, app: AttentiveApp, client: WebClient, anna: User
) -> None:
    open_form(slack, client, anna)

    slack.submit(anna, values={"title": "a & b", "at": 1_763_683_200})

    view = app.last["view"]
    assert view["private_metadata"] == "42"
    assert view["state"]["values"] == {
        "title": {"title": {"type": "plain_text_input", "value": "a & b"}},
        "severity": {"severity": {"type": "static_select", "selected_option": option("sev2")}},
        "at": {"at": {"type": "datetimepicker", "selected_date_time": 1_763_683_200}},
        "ticket": {"ticket": {"type": "external_select", "selected_option": None}},
    }
    assert slack.open_views(anna) == []


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({}, "has to be filled"),
        ({"title": "x" * 11}, "11 characters"),
        ({"title": "x", "severity": "sev9"}, "no option sev9"),
        ({"title": "x", "colour": "red"}, "no field"),
        ({"title": "x", "ticket": "7"}, "no option 7"),
    ],
)
def test_a_modal_that_nobody_could_send(
    slack: LocalSlack, client: WebClient, anna: User, values: dict[str, str], why: str
) -> None:
    open_form(slack, client, anna)

    with pytest.raises(NotPossible, match=why):
        slack.submit(anna, values=values)


def test_options_are_asked_of_the_app_as_somebody_types(
    slack: LocalSlack, app: AttentiveApp, client: WebClient, anna: User
) -> None:
    open_form(slack, client, anna)
    app.answer("block_suggestion", {"options": [option("7")]})
    view = slack.top_view(anna)

    found = slack.options(anna, view, "ticket", "fib")
    slack.submit(anna, view, {"title": "x", "ticket": "7"})

    chosen = app.last["view"]["state"]["values"]["ticket"]["ticket"]["selected_option"]
    assert found == [option("7")]
    assert chosen == option("7")
    assert app.heard[0][0].payload["value"] == "fib"


def test_options_that_slack_does_not_show(
    slack: LocalSlack, app: AttentiveApp, client: WebClient, anna: User
) -> None:
    open_form(slack, client, anna)
    view = slack.top_view(anna)
    app.answer("block_suggestion", {"options": [option(f"{n}") for n in range(101)]})

    with pytest.raises(NotPossible, match="no more than 100 items"):
        slack.options(anna, view, "ticket", "fib")
    with pytest.raises(NotPossible, match="after 2 characters"):
        slack.options(anna, view, "ticket", "f")


def test_what_the_answer_does_to_a_modal(
    slack: LocalSlack, app: AttentiveApp, client: WebClient, anna: User
) -> None:
    open_form(slack, client, anna)
    view = slack.top_view(anna)

    app.answer("view_submission", {"response_action": "errors", "errors": {"title": "Too short."}})
    answer = slack.submit(anna, view, {"title": "x"})
    assert answer.errors == view.errors == {"title": "Too short."}

    app.answer("view_submission", {"response_action": "errors", "errors": {"nowhere": "No."}})
    with pytest.raises(SlackError, match="invalid_arguments"):
        slack.submit(anna, view, {"title": "x"})

    changed = {**FORM, "title": plain("Changed")}
    app.answer("view_submission", {"response_action": "update", "view": changed})
    slack.submit(anna, view, {"title": "x"})
    app.answer("view_submission", {"response_action": "push", "view": FORM})
    slack.submit(anna, view, {"title": "x"})
    assert [one.title for one in slack.open_views(anna)] == ["Changed", "Form"]

    app.answer("view_submission", {"response_action": "clear"})
    slack.submit(anna, values={"title": "x"})
    assert slack.open_views(anna) == []


def test_a_modal_that_is_sent_twice_is_the_same_twice(
    slack: LocalSlack, app: AttentiveApp, client: WebClient, anna: User
) -> None:
    open_form(slack, client, anna)

    slack.resend(slack.submit(anna, values={"title": "x"}))

    (first, _), (second, _) = app.heard
    assert first.body == second.body


def test_the_app_hears_of_a_closed_modal_if_it_asked_to(
    slack: LocalSlack, app: AttentiveApp, client: WebClient, anna: User
) -> None:
    open_form(slack, client, anna)
    assert slack.close_view(anna) is None

    open_form(slack, client, anna, notify_on_close=True)
    assert slack.close_view(anna) is not None
    assert app.last["type"] == "view_closed"


# -- Socket Mode ----------------------------------------------------------------------------------


def test_socket_mode(slack: LocalSlack, anna: User, channel: Channel) -> None:
    slack.outbox.app = None
    heard: list[SocketModeRequest] = []
    everything = threading.Event()

    def listen(client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        heard.append(request)
        payload = {"text": "on it"} if request.type == "slash_commands" else None
        client.send_socket_mode_response(
            SocketModeResponse(envelope_id=request.envelope_id, payload=payload)
        )
        if len(heard) == 2:
            everything.set()

    assert slack.say(anna, channel, "nobody listens").answers[0].failed == "connection_failed"
    app = SocketModeClient(
        app_token=APP_TOKEN,
        web_client=WebClient(token=slack.home.token, base_url=slack.base_url),
        auto_reconnect_enabled=False,
    )
    app.socket_mode_request_listeners.append(listen)
    app.connect()
    try:
        assert slack.socket_mode().wait_for_connection()
        assert slack.say(anna, channel, "hello").answers[0].ok
        assert slack.command(anna, channel, "/incident").ok
        assert everything.wait(5)
    finally:
        app.close()

    assert [request.type for request in heard] == ["events_api", "slash_commands"]
    assert [one.text for one in slack.ephemerals_to(anna)] == ["on it"]
    assert "connections:write" in slack.scopes_used


# -- installing -----------------------------------------------------------------------------------


def test_installing_gives_the_scopes_that_were_asked_for(slack: LocalSlack) -> None:
    response = slack.authorize(
        "client_id=1234.5678&scope=chat:write,commands&state=s1&redirect_uri=https://t.example/back"
    )

    assert response.status == 302
    assert response.headers["Location"].startswith("https://t.example/back?code=")
    assert response.headers["Location"].endswith("&state=s1")
    assert slack.home.scopes == {"chat:write", "commands"}
