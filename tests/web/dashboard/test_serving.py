"""What holds for every page and form: nothing typed is lost, nothing is done twice."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from tests.web.dashboard.browsing import HOST, Browser, Desk, hidden
from tocsin.core.record_commands import RevokeKey
from tocsin.core.ticket import Ticket
from tocsin.web.dashboard.rooms import ROOMS
from tocsin.web.dashboard.visits import FormAt, PageAt

NEW = "/new/incident"
TYPED = {
    "title": "Loss of <light>",
    "description": 'since noon & "still"',
    "severity": "sev2",
    "services": "api",
}


@pytest.fixture
def owner(browser: Browser) -> Browser:
    """A browser in which the owner is signed in."""
    browser.sign_in("owner")
    return browser


def _titles(at_desk: Desk) -> list[str]:
    with at_desk.house.store.reading() as turn:
        heads = turn.heads_of_sort(at_desk.house.orgs["net"], "incident")
        return sorted(head.state.title for head in heads if isinstance(head.state, Ticket))


def test_a_form_that_is_sent_twice_is_done_once(owner: Browser, at_desk: Desk) -> None:
    carried = hidden(owner.get(NEW).text, NEW)
    first, second = (owner.post(NEW, {**carried, **TYPED}) for _ in range(2))
    assert first.status == second.status == 303
    assert first.headers["location"] == second.headers["location"]
    assert first.headers["location"].startswith("/tickets/I")
    assert _titles(at_desk) == ["Loss of <light>"]


def test_what_somebody_typed_before_their_session_ended_is_shown_again_and_not_sent(
    owner: Browser, at_desk: Desk
) -> None:
    carried = hidden(owner.get(NEW).text, NEW)
    owner.cookie = ""
    ended = owner.post(NEW, {**carried, **TYPED})
    assert ended.status == 401
    assert "What you typed is kept" in ended.text
    kept = hidden(ended.text, "/sign-in")

    again = owner.post("/sign-in", {**kept, "key": at_desk.key_of("owner")})
    assert again.status == 200
    assert "You are signed in again." in again.text
    assert "Loss of &lt;light&gt;" in again.text
    assert _titles(at_desk) == []
    sent = owner.post(NEW, {**hidden(again.text, NEW), **TYPED})
    assert sent.status == 303
    assert _titles(at_desk) == ["Loss of <light>"]


def test_a_wrong_key_does_not_lose_what_was_kept(owner: Browser, at_desk: Desk) -> None:
    carried = hidden(owner.get(NEW).text, NEW)
    owner.cookie = ""
    kept = hidden(owner.post(NEW, {**carried, **TYPED}).text, "/sign-in")
    refused = owner.post("/sign-in", {**kept, "key": "tk_a_b"})
    assert refused.status == 401
    assert hidden(refused.text, "/sign-in") == kept


def test_a_revoked_key_ends_a_form_too(owner: Browser, at_desk: Desk) -> None:
    carried = hidden(owner.get(NEW).text, NEW)
    key = at_desk.house.keys["owner"].key_id
    at_desk.house.ask("admin", RevokeKey(), subject=key, sort="key")
    refused = owner.post(NEW, {**carried, **TYPED})
    assert refused.status == 401
    assert "this key is revoked" in refused.text
    assert _titles(at_desk) == []


def test_a_page_from_before_one_signed_in_again_is_looked_over_once_more(
    owner: Browser, at_desk: Desk
) -> None:
    carried = hidden(owner.get(NEW).text, NEW)
    owner.sign_in("owner")
    shown = owner.post(NEW, {**carried, **TYPED})
    assert shown.status == 200
    assert "Loss of &lt;light&gt;" in shown.text
    assert _titles(at_desk) == []
    assert owner.post(NEW, {**hidden(shown.text, NEW), **TYPED}).status == 303


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}],
)
def test_another_site_makes_nobody_do_anything(
    owner: Browser, at_desk: Desk, headers: dict[str, str]
) -> None:
    carried = hidden(owner.get(NEW).text, NEW)
    refused = owner.post(NEW, {**carried, **TYPED}, headers)
    assert refused.status == 403
    assert _titles(at_desk) == []


def test_what_is_done_here_says_that_it_came_from_here(owner: Browser, at_desk: Desk) -> None:
    done = owner.fill_in(NEW, TYPED)
    assert done.status == 303
    with at_desk.house.store.reading() as turn:
        (event,) = (
            one
            for one in turn.org_events(at_desk.house.orgs["net"], after=0, limit=500)
            if one.kind == "incident.created"
        )
    assert (event.via, event.actor.name) == ("web", "owner")


def test_nobody_else_s_things_are_there(browser: Browser, at_desk: Desk) -> None:
    browser.sign_in("owner")
    place = browser.fill_in(NEW, TYPED).headers["location"]
    assert browser.get(place).status == 200
    stranger = Browser(at_desk)
    stranger.sign_in("stranger")
    assert stranger.get(place).status == 404
    for route in ROOMS:
        if isinstance(route, FormAt) and route.path.startswith("/tickets/{ref}/"):
            path = route.path.replace("{ref}", place.rpartition("/")[2])
            assert stranger.get(path).status in (404, 303), path


def test_every_address_asks_who_is_there(at_desk: Desk) -> None:
    nobody = Browser(at_desk)
    for route in ROOMS:
        path = route.path.replace("{", "").replace("}", "")
        if isinstance(route, PageAt | FormAt):
            asked = nobody.get(path)
            assert asked.status == 303, path
            assert asked.headers["location"].startswith("/sign-in"), path
        if isinstance(route, FormAt):
            assert nobody.post(path, {"a": "b"}).status == 401, path


def test_while_the_writer_is_away_nothing_typed_is_lost(owner: Browser, at_desk: Desk) -> None:
    carried = hidden(owner.get(NEW).text, NEW)
    at_desk.house.writer.stop()
    answer = owner.post(NEW, {**carried, **TYPED})
    assert answer.status == 503
    assert "Nothing was stored" in answer.text
    assert "Loss of &lt;light&gt;" in answer.text


def test_nor_is_it_while_nothing_can_be_read_either(owner: Browser, at_desk: Desk) -> None:
    carried = hidden(owner.get(NEW).text, NEW)
    sent = {**carried, **TYPED}
    at_desk.away = True
    away = owner.post(NEW, sent)
    assert away.status == 503
    assert "What you filled in is kept on this page" in away.text
    assert hidden(away.text, NEW) == sent
    still_away = owner.post(NEW, hidden(away.text, NEW))
    assert hidden(still_away.text, NEW) == sent

    at_desk.away = False
    done = owner.post(NEW, hidden(still_away.text, NEW))
    assert done.status == 303


class Listening:
    """A browser that listens to what happens, until it has heard enough."""

    def __init__(self, at_desk: Desk, cookie: str) -> None:
        self.desk = at_desk
        self.messages: list[Any] = []
        self.answered = asyncio.Event()
        self.heard = asyncio.Event()
        self.gone = asyncio.Event()
        self.scope: Any = {
            "type": "http",
            "method": "GET",
            "scheme": "http",
            "path": "/live",
            "query_string": b"",
            "headers": [(b"host", HOST.encode()), (b"cookie", cookie.encode())],
            "client": ("127.0.0.1", 40_000),
        }

    async def receive(self) -> Any:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.messages.append(message)
        self.answered.set()
        if b"data:" in message.get("body", b""):
            self.heard.set()


def test_what_happens_is_told_while_one_looks(owner: Browser, at_desk: Desk) -> None:
    listening = Listening(at_desk, owner.cookie)

    async def listen() -> None:
        task = asyncio.ensure_future(
            at_desk.dashboard(listening.scope, listening.receive, listening.send)
        )
        await asyncio.wait_for(listening.answered.wait(), timeout=10)
        await asyncio.to_thread(at_desk.house.ask, "owner", at_desk.house.incident("heard"))
        await asyncio.wait_for(listening.heard.wait(), timeout=10)
        listening.gone.set()
        await asyncio.wait_for(task, timeout=10)

    at_desk.loop.run_until_complete(listen())
    assert listening.messages[0]["status"] == 200
    told = b"".join(one.get("body", b"") for one in listening.messages).decode()
    data = next(line for line in told.splitlines() if line.startswith("data: "))
    assert msgspec.json.decode(data.removeprefix("data: "))["kind"] == "incident.created"


def test_nobody_listens_without_a_session(at_desk: Desk) -> None:
    assert Browser(at_desk).get("/live").status == 401
