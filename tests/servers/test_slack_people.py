"""People in the local Slack: what they say and command reaches the app as Slack sends it."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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
    User,
    signing,
)
from tests.servers.slack import local_slack as a_local_slack
from tests.servers.slack.asking import (
    AttentiveApp,
)


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


def test_over_http_an_app_has_so_long_to_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, a_local_slack() as slack:
        slack.outbox.app = f"http://127.0.0.1:{silent.getsockname()[1]}"
        slack.outbox.patience = 0.1
        bert = slack.user("bert")
        late = slack.command(bert, slack.channel("#c"), "/incident")

    assert (late.failed, slack.slow_answers) == ("timeout", [late])
    assert late.seconds >= 0.1


def test_over_http_an_app_answers_at_slacks_paths(slack: LocalSlack, anna: User) -> None:
    paths: list[str] = []

    class App(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            paths.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), App) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        slack.outbox.app = f"http://127.0.0.1:{server.server_address[1]}"
        channel = slack.channel("#c")
        answers = [
            *slack.say(anna, channel, "hello").answers,
            slack.command(anna, channel, "/incident"),
            slack.shortcut(anna, "open"),
        ]
        server.shutdown()

    assert [answer.failed for answer in answers] == ["", "", ""]
    assert paths == ["/slack/events", "/slack/commands", "/slack/interactions"]


def test_an_app_that_is_wrong_or_absent_is_noted() -> None:
    with a_local_slack(app="http://127.0.0.1:9") as slack:
        bert = slack.user("bert")
        absent = slack.command(bert, slack.channel("#c"), "/incident")
        assert absent.failed == "connection_failed"
        slack.outbox.app = lambda request, headers: (500, {}, b"")
        wrong = slack.command(bert, slack.channel("#c"), "/incident")
        assert wrong.failed == "http_500"
        assert slack.slow_answers == [absent, wrong]


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
