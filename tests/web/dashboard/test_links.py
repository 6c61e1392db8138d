"""Links that sign in: following one shows a button, and only the button signs in, once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.handler.acting import House, house
from tocsin.app.signing_in import sign_in_links
from tocsin.core.record_commands import RemoveMember
from tocsin.core.records import Key
from tocsin.handler.submission import Credential, Outcome, Submission
from tocsin.web.dashboard.addresses import SIGN_IN_LINK
from tocsin.web.dashboard.answers import Answer, moved
from tocsin.web.dashboard.links import LinkDoor, follow_link, link_page
from tocsin.web.dashboard.requests import Asked, asked

NOTHING: Mapping[bytes, bytes] = MappingProxyType({})
LINKS = sign_in_links(bytes(32), url="https://desk.example/")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as made:
        yield made


def member_of(home: House, who: str) -> str:
    with home.store.reading() as turn:
        head = turn.head(home.orgs["net"], f"key:{home.keys[who].key_id}")
    assert head is not None
    assert isinstance(head.state, Key)
    return head.state.member_id


def token(home: House, who: str = "owner") -> str:
    url, _ = LINKS.make(org_id=home.orgs["net"], member_id=member_of(home, who), at=home.clock())
    assert url.startswith(f"https://desk.example{SIGN_IN_LINK}?token=")
    return url.partition("token=")[2]


def followed(home: House, text: str) -> Credential | Answer:
    async def submit(submission: Submission) -> Outcome:
        return await home.writer.submit(submission, asyncio.get_running_loop())

    return asyncio.run(
        follow_link(LINKS, text, address="203.0.113.7", at=home.clock(), submit=submit)
    )


def test_following_it_shows_a_button_and_changes_nothing(home: House) -> None:
    text = token(home)
    with home.store.reading() as turn:
        before = turn.last_position()
    page = link_page(LINKS, text, at=home.clock())
    assert page.status == 200
    assert f'action="{SIGN_IN_LINK}"' in page.body
    assert f'name="token" value="{text}"' in page.body
    with home.store.reading() as turn:
        assert turn.last_position() == before


def test_the_button_signs_in_once(home: House) -> None:
    text = token(home)
    credential = followed(home, text)
    assert isinstance(credential, Credential)
    assert credential.address == "203.0.113.7"
    again = followed(home, text)
    assert isinstance(again, Answer)
    assert (again.status, "This link was used" in again.body) == (410, True)


def test_one_that_is_late_or_wrong_says_so(home: House) -> None:
    text = token(home)
    for wrong in ("", "x", "<script>", text[:-4]):
        assert link_page(LINKS, wrong, at=home.clock()).status == 404
        answer = followed(home, wrong)
        assert isinstance(answer, Answer)
        assert answer.status == 404
    home.clock.pass_by(timedelta(minutes=15))
    page = link_page(LINKS, text, at=home.clock())
    assert (page.status, "This link is too old" in page.body) == (410, True)
    late = followed(home, text)
    assert isinstance(late, Answer)
    assert late.status == 410


def test_who_is_gone_is_told_so(home: House) -> None:
    text = token(home, "teammate")
    home.ask("admin", RemoveMember(), subject=member_of(home, "teammate"), sort="member")
    answer = followed(home, text)
    assert isinstance(answer, Answer)
    assert (answer.status, "no member here" in answer.body) == (410, True)


# -- the door ------------------------------------------------------------------------------------


def entered(request: Asked, credential: Credential, at: datetime) -> Answer:
    """Let them in."""
    return moved("/", cookie=b"session=" + credential.key_id.encode())


def at_door(
    home: House, *, method: str = "GET", text: str = "", headers: Mapping[bytes, bytes] = NOTHING
) -> Answer:
    async def submit(submission: Submission) -> Outcome:
        return await home.writer.submit(submission, asyncio.get_running_loop())

    async def receive() -> Any:
        body = urlencode({"token": text}).encode() if method == "POST" else b""
        return {"type": "http.request", "body": body, "more_body": False}

    scope: Any = {
        "method": method,
        "path": SIGN_IN_LINK,
        "query_string": b"" if method == "POST" else urlencode({"token": text}).encode(),
        "client": ("203.0.113.7", 4_711),
        "headers": [
            (b"host", b"desk.example"),
            (b"content-type", b"application/x-www-form-urlencoded"),
            *headers.items(),
        ],
    }
    door = LinkDoor(LINKS, submit=submit, enter=entered, clock=home.clock)
    request = asked(scope, trusted=(), public_url="https://desk.example")
    return asyncio.run(door.answered(request, receive))


def test_the_door_shows_the_button_and_lets_in_who_presses_it_once(home: House) -> None:
    text = token(home)
    assert "Sign in" in at_door(home, text=text).body
    let_in = at_door(home, method="POST", text=text)
    assert (let_in.status, dict(let_in.headers)[b"location"]) == (303, b"/")
    assert (let_in.cookie or b"").startswith(b"session=")
    again = at_door(home, method="POST", text=text)
    assert (again.status, again.cookie) == (410, None)


def test_another_site_signs_nobody_in(home: House) -> None:
    text = token(home)
    foreign: list[Mapping[bytes, bytes]] = [
        {b"sec-fetch-site": b"cross-site"},
        {b"origin": b"https://evil.example"},
    ]
    for headers in foreign:
        refused = at_door(home, method="POST", text=text, headers=headers)
        assert (refused.status, refused.cookie) == (403, None)
    assert at_door(home, method="POST", text=text).status == 303
