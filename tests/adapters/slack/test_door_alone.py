"""The door without anything in front of it, before an app that checks nothing itself: what the door
alone lets in, how much it reads, and what it says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from litestar.types import Message
from slack_bolt import Ack, App, BoltRequest
from slack_bolt.authorization import AuthorizeResult

from tests.servers.slack import SIGNING_SECRET, signing
from tocsin.adapters.slack.mounting import COMMANDS, LONGEST_BODY, Door
from tocsin.adapters.slack.receiver import OLDEST_SECONDS

ASKED: Final = urlencode({"command": "/incident", "team_id": "T1", "user_id": "U1"}).encode()


@dataclass
class Hall:
    """An app that takes whatever comes through the door, and remembers what did."""

    came: list[BoltRequest] = field(default_factory=list)

    def app(self) -> App:
        """The app."""
        app = App(
            signing_secret="another",
            authorize=lambda: AuthorizeResult(
                enterprise_id=None, team_id="T1", bot_user_id="U0", bot_token="xoxb-none"
            ),
            request_verification_enabled=False,
        )

        def command(ack: Ack, req: BoltRequest) -> None:
            self.came.append(req)
            ack()

        app.command("/incident")(command)
        return app

    def door(self, *, at_once: int = 2) -> Door:
        """A door before it."""
        return Door(
            self.app(),
            signing_secret=SIGNING_SECRET,
            threads=1,
            at_once=at_once,
        )


@pytest.fixture
def hall() -> Hall:
    return Hall()


@pytest.fixture
def door(hall: Hall) -> Iterator[Door]:
    made = hall.door()
    yield made
    made.close()


def signed(body: bytes = ASKED, *, ago: float = 0.0) -> dict[str, str]:
    """The headers of what Slack sends, or sent so many seconds ago."""
    return signing.signed(body, at=time.time() - ago) | {
        "Content-Type": "application/x-www-form-urlencoded"
    }


def knock(
    door: Door, headers: dict[str, str], *parts: bytes, method: str = "POST"
) -> tuple[int, dict[str, str]]:
    """The status and the headers of the answer to a request of which no more than *parts* is to be
    read."""
    return asyncio.run(_knocked(door, headers, parts, method))


async def _knocked(
    door: Door, headers: dict[str, str], parts: Sequence[bytes], method: str
) -> tuple[int, dict[str, str]]:
    waiting = list(parts)
    said: list[Message] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    async def send(message: Message) -> None:
        said.append(message)

    scope: Any = {
        "type": "http",
        "method": method,
        "path": COMMANDS,
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
    }
    await door(scope, receive, send)
    start: Any = said[0]
    shown = {name.decode(): value.decode() for name, value in start["headers"]}
    return int(start["status"]), shown


@pytest.mark.parametrize("ago", [0.0, OLDEST_SECONDS - 60, 60 - OLDEST_SECONDS])
def test_what_slack_signed_lately_comes_in(door: Door, hall: Hall, ago: float) -> None:
    status, _ = knock(door, signed(ago=ago), ASKED)
    assert status == 200
    assert len(hall.came) == 1


NOT_SLACKS: Final[dict[str, Callable[[], dict[str, str]]]] = {
    "old": lambda: signed(ago=OLDEST_SECONDS + 60),
    "of the future": lambda: signed(ago=-OLDEST_SECONDS - 60),
    "another body's": lambda: signed(b"command=%2Fincident"),
    "unsigned": dict,
    "with an empty signature": lambda: signed() | {"X-Slack-Signature": ""},
    "signed at another time": lambda: (
        signed() | {"X-Slack-Request-Timestamp": str(int(time.time()) + 60)}
    ),
    "with a time too long": lambda: signed() | {"X-Slack-Request-Timestamp": "9" * 5_000},
    "with a time before 1970": lambda: signed() | {"X-Slack-Request-Timestamp": "-1"},
}


@pytest.mark.parametrize("what", NOT_SLACKS)
def test_nothing_else_does(door: Door, hall: Hall, what: str) -> None:
    status, _ = knock(door, NOT_SLACKS[what](), ASKED)
    assert status == 401
    assert hall.came == []


def test_the_app_sees_no_headers_but_those_it_needs(door: Door, hall: Hall) -> None:
    knock(door, signed() | {"Cookie": "session=1", "X-Slack-Retry-Num": "1"}, ASKED)
    (request,) = hall.came
    assert set(request.headers) == {
        "content-type",
        "x-slack-request-timestamp",
        "x-slack-signature",
        "x-slack-retry-num",
    }


def test_as_much_as_is_allowed_is_read_and_no_more(door: Door) -> None:
    whole = b"x" * LONGEST_BODY
    assert knock(door, {}, whole)[0] == 401
    assert knock(door, {}, whole, b"x")[0] == 413
    # By its own word too long: nothing of it is read.
    assert knock(door, {"Content-Length": str(LONGEST_BODY + 1)})[0] == 413


def test_there_is_room_again_after_each_answer(hall: Hall) -> None:
    door = hall.door(at_once=1)
    answers = [knock(door, signed(), ASKED)[0], knock(door, {}, ASKED)[0]]
    assert [*answers, knock(door, signed(), ASKED)[0]] == [200, 401, 200]
    door.close()


def test_without_room_slack_is_asked_to_come_again(hall: Hall) -> None:
    door = hall.door(at_once=0)
    status, headers = knock(door, signed(), ASKED)
    assert (status, headers["retry-after"]) == (503, "1")
    # What Slack did not sign is not let as far as the question whether there is room.
    assert knock(door, {}, ASKED)[0] == 401
    assert hall.came == []
    door.close()


def test_no_answer_is_kept_or_taken_for_what_it_is_not(door: Door) -> None:
    for headers in ({}, signed()):
        _, shown = knock(door, headers, ASKED)
        assert (shown["cache-control"], shown["x-content-type-options"]) == ("no-store", "nosniff")
