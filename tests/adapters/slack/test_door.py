"""The door: who is let in, how fast they are answered, and what becomes of what fails."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import structlog
from slack_bolt import BoltRequest, BoltResponse

from tests.adapters.slack.doorstep import Doorstep, doorstep
from tests.servers.slack import APP_TOKEN, SIGNING_SECRET, Answer, Request, signing
from tests.servers.slack.delivering import COMMANDS, EVENTS
from tocsin.adapters.slack.contract import Workspace
from tocsin.adapters.slack.errands import Errands
from tocsin.adapters.slack.mounting import LONGEST_BODY, SocketMode
from tocsin.adapters.slack.receiver import OLDEST_SECONDS, SIGNATURES_LIMIT, Seen, make_app
from tocsin.core.errors import Forbidden, Overloaded, Unavailable
from tocsin.store.contract import StorageFailed


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Doorstep]:
    """A door with a Slack in front of it."""
    with doorstep(tmp_path) as made:
        yield made


def posted(here: Doorstep, body: bytes, headers: dict[str, str], method: str = "POST") -> int:
    """The status of a request that is none of Slack's."""
    parts = urlsplit(str(here.slack.outbox.app))
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        connection.request(method, "/slack/events", body=body, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


def said(here: Doorstep, text: str = "api is down") -> Request:
    """What Slack would send when Anna says something."""
    return here.slack.say(here.anna, here.channel, text, deliver=False).requests[0]


def asked(here: Doorstep, text: str) -> Request:
    """What Slack would send when Anna gives a command."""
    return Request(
        kind=COMMANDS,
        payload={
            "command": "/incident",
            "text": text,
            "team_id": here.slack.home.id,
            "user_id": here.anna.id,
            "channel_id": here.channel.id,
        },
    )


# -- who is let in -------------------------------------------------------------------------------


def test_what_people_say_and_ask_is_heard(here: Doorstep) -> None:
    spoken = here.slack.say(here.anna, here.channel, "api is *down* 🔥")
    asked = here.slack.command(here.anna, here.channel, "/incident", "list")

    assert all(answer.ok for answer in [*spoken.answers, asked])
    here.settle()
    assert sorted(here.behind.heard) == ["api is *down* 🔥", "list"]


@pytest.mark.parametrize("sign", [signing.old, signing.wrongly_signed, signing.unsigned])
def test_what_slack_did_not_sign_just_now_is_refused(here: Doorstep, sign: object) -> None:
    answer = here.slack.outbox.deliver(said(here), sign=sign)  # type: ignore[arg-type]

    assert answer.status == 401
    here.settle()
    assert here.behind.heard == []


def test_a_time_stamp_of_the_future_is_refused(here: Doorstep) -> None:
    answer = here.slack.outbox.deliver(
        said(here), sign=lambda body: signing.signed(body, at=time.time() + OLDEST_SECONDS + 60)
    )
    assert answer.status == 401


def test_signatures_that_are_none_are_refused(here: Doorstep) -> None:
    body = said(here).body
    good = signing.signed(body)
    for strange in (
        {"X-Slack-Request-Timestamp": "now"},
        {"X-Slack-Request-Timestamp": "9" * 400},
        {"X-Slack-Request-Timestamp": "\u00b2"},
        {"X-Slack-Signature": "v0=\u00e9"},
        {"X-Slack-Signature": ""},
    ):
        headers = {name: value.encode("latin-1") for name, value in (good | strange).items()}
        assert posted(here, body, headers) == 401  # type: ignore[arg-type]
    assert posted(here, b"\xff\xfe", signing.signed(b"\xff\xfe")) == 401


def test_the_same_request_twice_is_refused_unless_slack_says_that_it_comes_again(
    here: Doorstep,
) -> None:
    request = said(here)
    headers = signing.signed(request.body)
    first = here.slack.outbox.deliver(request, headers=headers)
    replayed = here.slack.outbox.deliver(request, headers=headers)
    again = here.slack.outbox.deliver(request.again(), headers=headers)

    assert [first.status, replayed.status, again.status] == [200, 401, 200]
    here.settle()
    assert len(here.behind.heard) == 2


def test_what_slack_never_sends_again_is_refused_whatever_it_says(here: Doorstep) -> None:
    request = asked(here, "list")
    headers = signing.signed(request.body)
    first = here.slack.outbox.deliver(request, headers=headers)
    again = here.slack.outbox.deliver(request.again(), headers=headers)

    assert [first.status, again.status] == [200, 401]
    here.settle()
    assert here.behind.heard == ["list"]


def test_signatures_are_remembered_as_long_as_they_are_good() -> None:
    now = [0.0]
    seen = Seen(timer=lambda: now[0])
    assert seen.first("one")
    now[0] = 2 * OLDEST_SECONDS - 0.1
    assert not seen.first("one")
    assert seen.first("two")
    now[0] = 2 * OLDEST_SECONDS
    assert seen.first("one"), "as old as this, it is refused for its age"
    assert not seen.first("two")


def test_of_very_many_signatures_the_oldest_are_forgotten() -> None:
    seen = Seen(timer=lambda: 0.0)
    for number in range(SIGNATURES_LIMIT + 1):
        assert seen.first(str(number))
    assert not seen.first(str(SIGNATURES_LIMIT))
    assert seen.first("0")


def test_slack_finds_out_whether_this_is_the_app(here: Doorstep) -> None:
    request = Request(kind=EVENTS, payload={"type": "url_verification", "challenge": "3eZbrw1aB"})
    answer = here.slack.outbox.deliver(request)

    assert answer.ok
    assert answer.json == {"challenge": "3eZbrw1aB"}


def test_a_workspace_that_is_not_connected_is_told_so(here: Doorstep) -> None:
    other = here.slack.team("other")
    eve = here.slack.user("eve", team=other)
    channel = here.slack.channel("#theirs", team=other)
    answer = here.slack.command(eve, channel, "/incident", "list")

    assert answer.ok, "Slack is not to try again"
    here.settle()
    assert here.behind.heard == []
    assert any("not connected" in one.text for one in here.slack.ephemerals_to(eve))


# -- bad input -----------------------------------------------------------------------------------


def test_a_body_is_bounded(here: Doorstep) -> None:
    body = b"x" * (LONGEST_BODY + 1)
    assert posted(here, body, signing.signed(body)) == 413


def test_only_posts_are_taken(here: Doorstep) -> None:
    assert posted(here, b"", {}, method="GET") == 405


def test_a_signed_body_that_cannot_be_read_is_refused_with_words(here: Doorstep) -> None:
    for body in (b"{", b'{"payload":'):
        headers = signing.signed(body) | {"Content-Type": "application/json"}
        assert posted(here, body, headers) == 400


def test_what_nobody_listens_to_is_acknowledged(here: Doorstep) -> None:
    request = said(here)
    odd = replace(request, payload=request.payload | {"event": {"type": "emoji_changed"}})
    assert here.slack.outbox.deliver(odd).ok
    answer = here.slack.command(here.anna, here.channel, "/nonsense", "")
    assert answer.ok
    assert "does not know this command" in answer.text


# -- fast, and never silent -----------------------------------------------------------------------


def test_commands_are_acknowledged_while_the_work_takes_long(here: Doorstep) -> None:
    go_on = threading.Event()
    here.behind.work = lambda text: _wait(go_on)
    answers = [
        here.slack.command(here.anna, here.channel, "/incident", f"list {number}")
        for number in range(40)
    ]
    go_on.set()

    assert all(answer.ok for answer in answers)
    assert quantiles([answer.seconds for answer in answers], n=100)[-1] < 1.0
    here.settle()
    assert len(here.behind.heard) == 40


def _wait(event: threading.Event) -> None:
    assert event.wait(30)


def test_beyond_its_bound_slack_is_asked_to_come_again(tmp_path: Path) -> None:
    go_on = threading.Event()
    with doorstep(tmp_path, threads=2, at_once=2) as here:
        here.behind.at_once = lambda text: _wait(go_on)
        answers: list[Answer] = []

        def knock(number: int) -> None:
            answers.append(here.slack.outbox.deliver(asked(here, f"list {number}")))
            go_on.set()

        threads = [threading.Thread(target=knock, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    turned_away = [answer for answer in answers if answer.status == 503]
    assert turned_away
    assert {answer.headers.get("retry-after") for answer in turned_away} == {"1"}
    assert len(here.behind.heard) == len([answer for answer in answers if answer.ok])


def test_who_is_not_slack_takes_no_room(tmp_path: Path) -> None:
    with doorstep(tmp_path, at_once=1) as here:
        parts = urlsplit(str(here.slack.outbox.app))
        unended = b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1"
        with socket.create_connection((parts.hostname or "", parts.port or 0)) as slow:
            slow.sendall(unended)
            assert posted(here, b"{}", {}) == 401, "the one before it is being read"
            assert here.slack.outbox.deliver(asked(here, "list")).ok


def test_a_refusal_is_told_to_who_asked_and_to_nobody_else(here: Doorstep) -> None:
    here.behind.work = _refuse
    here.slack.command(here.anna, here.channel, "/incident", "close <everything> & more")
    here.settle()

    assert here.told() == ["closing needs the role &lt;sre_lead&gt;"]
    assert here.channel.of_bot() == []


def _refuse(text: str) -> None:
    raise Forbidden("closing needs the role <sre_lead>")


def test_an_error_is_logged_and_told_without_what_is_inside_it(here: Doorstep) -> None:
    here.behind.work = _break
    with structlog.testing.capture_logs() as logged:
        here.slack.say(here.anna, here.channel, "hello")
        here.settle()

    (line,) = [line for line in logged if line["action"] == "slack_failed"]
    assert (line["what"], line["log_level"]) == ("event:message", "error")
    assert isinstance(line["exc_info"], RuntimeError)

    (told,) = here.told()
    assert "went wrong" in told
    assert "xoxb-inside" not in told


def _break(text: str) -> None:
    raise RuntimeError("xoxb-inside")


def test_an_error_before_the_acknowledgement_is_told_too(here: Doorstep) -> None:
    here.behind.at_once = _refuse
    answer = here.slack.command(here.anna, here.channel, "/incident", "close")
    assert answer.ok
    assert answer.text == "closing needs the role &lt;sre_lead&gt;"


def test_an_error_right_after_the_acknowledgement_is_told_too(here: Doorstep) -> None:
    here.behind.after_ack = _refuse
    answer = here.slack.command(here.anna, here.channel, "/incident", "close")
    assert answer.ok
    here.settle()
    assert here.told() == ["closing needs the role &lt;sre_lead&gt;"]


def test_an_event_that_could_not_be_taken_is_delivered_again(tmp_path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def hold(text: str) -> None:
        begun.set()
        _wait(go_on)

    with doorstep(tmp_path, listeners=1, listeners_waiting=0) as here:
        here.behind.at_once = hold
        asking = threading.Thread(
            target=here.slack.command, args=(here.anna, here.channel, "/incident", "list")
        )
        asking.start()
        _wait(begun)
        answer = here.slack.outbox.deliver(said(here))
        refused = here.slack.command(here.anna, here.channel, "/incident", "list")
        go_on.set()
        asking.join()

    assert (answer.status, answer.headers.get("retry-after")) == (503, "1")
    assert refused.ok
    assert "try again in a moment" in refused.text


class Lost:
    """Workspaces that cannot be looked up."""

    def __init__(self, wrong: Exception) -> None:
        self._wrong = wrong

    def of_team(self, team_id: str) -> Workspace | None:
        raise self._wrong

    def of_org(self, org_id: int) -> Workspace | None:
        raise self._wrong

    def org_of(self, workspace: Workspace, channel_id: str | None) -> int:
        raise self._wrong


def answered(here: Doorstep, payload: Mapping[str, Any], wrong: Exception) -> BoltResponse:
    """What Slack is answered to an event or an interaction, where something was *wrong* before
    anybody could listen."""
    app = make_app(
        replace(here.surroundings, workspaces=Lost(wrong)),
        signing_secret=SIGNING_SECRET,
        listeners=here.listeners,
        register=here.behind.register,
        api_url=here.slack.base_url,
    )
    body, kind = json.dumps(payload), "application/json"
    if payload["type"] != "event_callback":
        body, kind = urlencode({"payload": body}), "application/x-www-form-urlencoded"
    headers: dict[str, str | Sequence[str]] = {"Content-Type": kind}
    headers |= signing.signed(body.encode(), at=time.time())
    return app.dispatch(BoltRequest(body=body, headers=headers))


@pytest.mark.parametrize("wrong", [StorageFailed("away"), Unavailable("away"), Overloaded("busy")])
def test_an_event_is_asked_for_again_and_a_click_is_not(here: Doorstep, wrong: Exception) -> None:
    """Slack brings events again, and shows anything but 200 to who clicked as its own failure."""
    event = answered(here, said(here).payload, wrong)
    click = answered(
        here,
        {
            "type": "block_actions",
            "team": {"id": here.slack.home.id},
            "user": {"id": here.anna.id},
            "actions": [{"type": "button", "action_id": "acknowledge", "value": "x"}],
        },
        wrong,
    )

    assert (event.status, event.first_headers().get("retry-after")) == (503, "1")
    assert (click.status, click.body) == (200, "")


def test_an_event_that_meets_an_error_of_ours_is_not_asked_for_again(here: Doorstep) -> None:
    with structlog.testing.capture_logs() as logged:
        assert answered(here, said(here).payload, RuntimeError("ours")).status == 200
    assert "slack_failed" in [line["action"] for line in logged]


def test_storage_that_is_away_is_said_to_be(here: Doorstep) -> None:
    here.behind.work = _lose
    here.slack.say(here.anna, here.channel, "hello")
    here.settle()
    (told,) = here.told()
    assert "cannot reach its storage" in told


def _lose(text: str) -> None:
    raise StorageFailed("the disk is gone")


def test_more_than_can_wait_is_refused_at_once() -> None:
    go_on = threading.Event()
    errands = Errands(on_failure=lambda failure: None, workers=1, waiting=1)
    errands.run(lambda: _wait(go_on))
    errands.run(lambda: None)
    with pytest.raises(Overloaded):
        errands.run(lambda: None)
    go_on.set()
    errands.shutdown()


# -- Socket Mode ---------------------------------------------------------------------------------


def test_slack_reaches_a_server_that_cannot_be_reached(here: Doorstep) -> None:
    sockets = here.slack.socket_mode()
    here.slack.outbox.app = None
    socket = SocketMode(here.app, app_token=APP_TOKEN)
    socket.start()
    try:
        assert sockets.wait_for_connection()
        answer = here.slack.command(here.anna, here.channel, "/incident", "list")
        spoken = here.slack.say(here.anna, here.channel, "hello")
        assert answer.ok
        assert spoken.answers[0].ok
    finally:
        socket.stop()
    here.settle()
    assert sorted(here.behind.heard) == ["hello", "list"]
    assert not socket.connected()


def test_a_connection_that_cannot_be_made_is_tried_again_until_stopped(here: Doorstep) -> None:
    sockets = here.slack.socket_mode()
    here.slack.fail("apps.connections.open", "internal_error", times=2)
    socket = SocketMode(here.app, app_token=APP_TOKEN, pause=0.05)
    socket.start()
    try:
        assert sockets.wait_for_connection()
    finally:
        socket.stop()

    here.slack.fail("apps.connections.open", "invalid_auth")
    never = SocketMode(here.app, app_token=APP_TOKEN, pause=60.0)
    never.start()
    never.stop()
    assert not never.connected()


def test_when_slack_hangs_up_it_is_connected_again(here: Doorstep) -> None:
    sockets = here.slack.socket_mode()
    here.slack.outbox.app = None
    socket = SocketMode(here.app, app_token=APP_TOKEN)
    socket.start()
    try:
        assert sockets.wait_for_connection()
        sockets.hang_up()
        assert sockets.wait_for_connection()
        assert here.slack.command(here.anna, here.channel, "/incident", "list").ok
    finally:
        socket.stop()
