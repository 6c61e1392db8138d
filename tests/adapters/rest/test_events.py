"""The log over HTTP: page by page, line by line, and live (API: events)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

import msgspec
import pytest

from tests.adapters.rest.asking import NET, Client
from tocsin.adapters.rest.events import AT_ONCE, MOST_STREAMS, MOST_STREAMS_OF_A_KEY
from tocsin.core.facts import Event
from tocsin.handler.submission import Outcome, Submission

T = TypeVar("T")

PATIENCE = 20.0
"""Seconds after which a test that hears nothing fails instead of hanging."""

LINES = {"Accept": "application/x-ndjson"}


def log_of(gateway: Client, org: str = "net") -> list[Event]:
    """The org's whole log, as the store has it."""
    with gateway.house.store.reading() as turn:
        return list(turn.org_events(gateway.house.orgs[org], limit=100_000))


def positions(items: list[Any]) -> list[int]:
    return [one["position"] for one in items]


def many(gateway: Client, tickets: int) -> None:
    """Open so many incidents at once."""
    results = gateway.house.writer.do_all(
        [
            Submission(
                org_id=gateway.house.orgs["net"],
                sort="ticket",
                command=gateway.house.incident(f"Trouble {number}"),
                credential=gateway.house.keys["owner"],
            )
            for number in range(tickets)
        ]
    )
    assert all(isinstance(one, Outcome) for one in results)


# -- pages ---------------------------------------------------------------------------------------


def test_an_event_says_what_happened_who_did_it_and_when(gateway: Client) -> None:
    ticket = gateway.incident()

    page = gateway.ask("GET", "/events?limit=1000").json

    event = page["items"][-1]
    assert page["next_cursor"] is None
    assert (event["kind"], event["stream"]) == ("incident.created", f"incident:{ticket['id']}")
    assert (event["version"], event["schema"], event["via"]) == (1, 1, "api")
    assert event["actor"]["name"] == "owner"
    assert event["actor"]["contributor"] == "alpha"
    assert event["recorded_at"].endswith("Z")
    assert len(event["recorded_at"]) == len("2026-11-20T12:00:00.000000Z")
    assert event["data"]["title"] == "Fibre cut"


@pytest.mark.parametrize("limit", [1, 3, 7, 1000])
def test_pages_give_the_whole_log_once_and_in_order(gateway: Client, limit: int) -> None:
    for _ in range(4):
        gateway.incident()
    found: list[Any] = []
    query = f"limit={limit}"
    while True:
        page = gateway.ask("GET", f"/events?{query}", who="admin").json
        assert len(page["items"]) <= limit
        found += page["items"]
        if page["next_cursor"] is None:
            break
        query = f"limit={limit}&cursor={page['next_cursor']}"

    assert [one["id"] for one in found] == [one.id for one in log_of(gateway)]


def test_after_a_position_only_what_came_behind_it(gateway: Client) -> None:
    gateway.incident()
    reached = log_of(gateway)[-1].position
    gateway.incident()
    assert positions(gateway.ask("GET", f"/events?after={reached}").json["items"]) == [reached + 1]
    assert gateway.ask("GET", f"/events?after={reached + 1}").json["items"] == []
    assert gateway.ask("GET", f"/events?after={2**62}").json["items"] == []


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "after=-1", "after=x", "limit="])
def test_a_query_outside_its_bounds_is_refused(gateway: Client, query: str) -> None:
    refused = gateway.ask("GET", f"/events?{query}")

    assert refused.status == 422
    assert {field for field, _ in refused.fields} == {query.partition("=")[0]}


def test_a_cursor_of_another_list_or_org_is_refused(gateway: Client) -> None:
    ref = gateway.incident()["ref"]
    gateway.ask("POST", f"/tickets/{ref}/updates", {"body": "Seen."})
    of_the_log = gateway.ask("GET", "/events?limit=1").json["next_cursor"]
    of_the_ticket = gateway.ask("GET", f"/tickets/{ref}/events?limit=1").json["next_cursor"]
    assert of_the_log
    assert of_the_ticket

    for path, who in (
        (f"/events?cursor={of_the_ticket}", "owner"),
        (f"/tickets/{ref}/events?cursor={of_the_log}", "owner"),
        (f"/v1/orgs/elsewhere/events?cursor={of_the_log}", "stranger"),
        (f"/events?cursor={of_the_log[:-2]}", "owner"),
        ("/events?cursor=x", "owner"),
    ):
        assert gateway.ask("GET", path, who=who).fields == {("cursor", "bad_cursor")}


def test_roles_see_what_they_may_and_pages_have_no_holes(gateway: Client) -> None:
    gateway.house.invite("viewer", org="net", role="viewer")
    gateway.house.invite("oncall", org="net", role="oncall_engineer")
    gateway.house.invite("lead", org="net", role="sre_lead")
    gateway.house.invite("bound", org="net", role="sre_lead", contributor="alpha")
    hook = {"kind": "webhook", "url": "https://hooks.example.net/noc"}
    made = gateway.ask("POST", "/routes", {"name": "noc", "destination": hook}, who="admin")
    assert made.status == 201, made.body
    gateway.incident()

    def sorts(who: str) -> set[str]:
        items = gateway.ask("GET", "/events?limit=1000", who=who).json["items"]
        small: list[Any] = []
        query = "limit=2"
        while True:
            page = gateway.ask("GET", f"/events?{query}", who=who).json
            small += page["items"]
            if page["next_cursor"] is None:
                break
            query = f"limit=2&cursor={page['next_cursor']}"
        assert small == items
        return {one["stream"].partition(":")[0] for one in items}

    every = {one.stream.partition(":")[0] for one in log_of(gateway)}
    assert {"key", "route", "incident", "member"} <= every
    assert sorts("viewer") == every - {"key", "route"}
    assert sorts("owner") == every - {"key", "route"}
    assert sorts("oncall") == every - {"key"}
    assert sorts("bound") == every - {"key"}
    assert sorts("lead") == every
    assert sorts("admin") == every


def test_a_ticket_has_a_stream_of_its_own(gateway: Client) -> None:
    ticket, other = gateway.incident(), gateway.incident()
    for number in range(4):
        gateway.ask("POST", f"/tickets/{ticket['ref']}/updates", {"body": f"Seen {number}."})
        gateway.ask("POST", f"/tickets/{other['ref']}/updates", {"body": "Other."})
    found: list[Any] = []
    query = "limit=2"
    while True:
        page = gateway.ask("GET", f"/tickets/{ticket['id']}/events?{query}").json
        found += page["items"]
        if page["next_cursor"] is None:
            break
        query = f"limit=2&cursor={page['next_cursor']}"

    assert [one["version"] for one in found] == [1, 2, 3, 4, 5]
    assert {one["stream"] for one in found} == {f"incident:{ticket['id']}"}


# -- lines ---------------------------------------------------------------------------------------


def test_lines_give_all_of_it_however_much(gateway: Client) -> None:
    many(gateway, AT_ONCE + 30)

    answer = gateway.ask("GET", "/events", who="admin", headers=LINES)

    assert answer.headers["content-type"] == "application/x-ndjson"
    lines = answer.body.splitlines()
    assert [msgspec.json.decode(line)["id"] for line in lines] == [
        one.id for one in log_of(gateway)
    ]
    pages = gateway.ask("GET", "/events?limit=1", who="admin").json["items"]
    assert msgspec.json.decode(lines[0]) == pages[0]


def test_lines_begin_behind_a_position_and_leave_out_what_a_role_may_not_read(
    gateway: Client,
) -> None:
    reached = log_of(gateway)[3].position
    answer = gateway.ask("GET", f"/events?after={reached}", headers=LINES)

    found = [msgspec.json.decode(line) for line in answer.body.splitlines()]
    assert positions(found) == [
        one.position
        for one in log_of(gateway)
        if one.position > reached and not one.stream.startswith("key:")
    ]


# -- live ----------------------------------------------------------------------------------------


@dataclass(slots=True)
class Listening:
    """An open stream: what it has said so far, and the client's end of it."""

    heard: asyncio.Queue[Any] = field(default_factory=asyncio.Queue)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    text: str = ""
    task: asyncio.Task[None] | None = None
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)

    async def until(self, events: int) -> list[Any]:
        """The first so many events."""
        async with asyncio.timeout(PATIENCE):
            while len(self.events) < events:
                await self._more()
        return self.events

    async def end(self) -> list[Any]:
        """All events, once the server has ended the stream."""
        assert self.task is not None
        async with asyncio.timeout(PATIENCE):
            while await self._more():
                pass
            await self.task
        return self.events

    async def _more(self) -> bool:
        message = await self.heard.get()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {
                name.decode().lower(): value.decode() for name, value in message["headers"]
            }
            return True
        self.text += message["body"].decode()
        more: bool = message["more_body"]
        return more

    @property
    def events(self) -> list[Any]:
        """Every event that was said, and that its id is its position."""
        found = []
        for block in self.text.split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.splitlines() if line[:1] != ":")
            if "data" in lines:
                event = msgspec.json.decode(lines["data"])
                assert lines["id"] == str(event["position"])
                found.append(event)
        return found


def called(
    gateway: Client, query: str = "", *, who: str = "owner", last: int | None = None
) -> Listening:
    """A stream that is asked for, of which nothing was heard yet."""
    gateway.gateway.announcer.attach()
    heard = Listening()
    headers = [(b"authorization", f"Bearer {gateway.key_of(who)}".encode())]
    if last is not None:
        headers.append((b"last-event-id", str(last).encode()))
    scope: Any = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": f"{NET}/stream",
        "raw_path": f"{NET}/stream".encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 40_000),
        "server": ("127.0.0.1", 8080),
        "state": {},
    }
    unread = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Any:
        if unread:
            return unread.pop()
        await heard.gone.wait()
        return {"type": "http.disconnect"}

    heard.task = asyncio.ensure_future(gateway.application(scope, receive, heard.heard.put))
    return heard


@asynccontextmanager
async def listening(
    gateway: Client, query: str = "", *, who: str = "owner", last: int | None = None
) -> AsyncIterator[Listening]:
    """A stream, connected; the client hangs up at the end."""
    heard = called(gateway, query, who=who, last=last)
    async with asyncio.timeout(PATIENCE):
        while ": connected" not in heard.text:
            await heard._more()
    try:
        yield heard
    finally:
        heard.gone.set()
        async with asyncio.timeout(PATIENCE):
            assert heard.task is not None
            await heard.task


async def said(gateway: Client, ref: str, body: str) -> None:
    """A comment, and the bell that rings for it."""
    answer = await gateway.asked("POST", f"/tickets/{ref}/updates", {"body": body})
    assert answer.status == 201, answer.body
    gateway.gateway.announcer.announce()


def run(gateway: Client, story: Coroutine[Any, Any, T]) -> T:
    """Run *story* on the client's loop."""
    return gateway.loop.run_until_complete(story)


def test_a_stream_begins_now_and_tells_what_comes(gateway: Client) -> None:
    ref = gateway.incident()["ref"]
    reached = log_of(gateway)[-1].position

    async def story() -> tuple[Listening, list[Any]]:
        async with listening(gateway) as stream:
            await said(gateway, ref, "One.")
            await stream.until(1)
            await said(gateway, ref, "Two.")
            return stream, await stream.until(2)

    stream, events = run(gateway, story())

    assert stream.status == 200
    assert stream.headers["content-type"] == "text/event-stream"
    assert stream.headers["cache-control"] == "no-store"
    assert positions(events) == [reached + 1, reached + 2]
    assert [one["data"]["body"] for one in events] == ["One.", "Two."]
    assert gateway.gateway.announcer.waiting == 0, "nothing is left when the client has gone"


def test_a_stream_from_a_position_catches_up_first(gateway: Client) -> None:
    many(gateway, AT_ONCE + 20)
    ref = gateway.incident()["ref"]
    shown = [one.position for one in log_of(gateway) if not one.stream.startswith("key:")]

    async def story() -> list[Any]:
        async with listening(gateway, "after=0") as stream:
            await stream.until(len(shown))
            await said(gateway, ref, "Now.")
            return await stream.until(len(shown) + 1)

    events = run(gateway, story())

    assert positions(events) == [*shown, shown[-1] + 1]


def test_a_stream_resumes_where_it_was_cut_off(gateway: Client) -> None:
    ref = gateway.incident()["ref"]
    reached = log_of(gateway)[-1].position

    async def story() -> list[Any]:
        found: list[Any] = []
        async with listening(gateway) as stream:
            await said(gateway, ref, "One.")
            found += await stream.until(1)
        await said(gateway, ref, "Two, while nobody listens.")
        await said(gateway, ref, "Three, while nobody listens.")
        # What the browser sends by itself counts more than what the address says.
        async with listening(gateway, "after=0", last=found[-1]["position"]) as stream:
            await stream.until(2)
            await said(gateway, ref, "Four.")
            found += await stream.until(3)
        return found

    assert positions(run(gateway, story())) == [reached + 1, reached + 2, reached + 3, reached + 4]


def test_nothing_is_lost_or_said_twice_while_many_write(gateway: Client) -> None:
    ref = gateway.incident()["ref"]
    reached = log_of(gateway)[-1].position

    async def story() -> list[Any]:
        async with listening(gateway) as stream:
            await asyncio.gather(*(said(gateway, ref, f"{number}") for number in range(40)))
            return await stream.until(40)

    assert positions(run(gateway, story())) == list(range(reached + 1, reached + 41))


def test_a_stream_leaves_out_what_the_role_may_not_read(gateway: Client) -> None:
    ref = gateway.incident()["ref"]

    async def story() -> tuple[list[Any], list[Any]]:
        async with (
            listening(gateway) as owners,
            listening(gateway, who="admin") as admins,
        ):
            body = {"name": "ci", "role": "viewer"}
            made = await gateway.asked("POST", "/keys", body, who="admin")
            assert made.status == 201
            await said(gateway, ref, "After.")
            # A service member is made for the key, and is seen by everybody.
            return await owners.until(2), await admins.until(3)

    owners, admins = run(gateway, story())

    assert [one["kind"] for one in owners] == ["member.created", "incident.note_added"]
    assert "key.created" in {one["kind"] for one in admins}


def test_a_stream_ends_when_its_key_is_revoked(gateway: Client) -> None:
    ref = gateway.incident()["ref"]
    key = gateway.house.keys["teammate"].key_id

    async def story() -> list[Any]:
        async with listening(gateway, who="teammate") as stream:
            await said(gateway, ref, "Before.")
            await stream.until(1)
            revoked = await gateway.asked("DELETE", f"/keys/{key}", who="admin")
            assert revoked.status == 200
            await said(gateway, ref, "After.")
            return await stream.end()

    events = run(gateway, story())

    assert [one["data"]["body"] for one in events] == ["Before."]
    assert gateway.ask("GET", "/stream", who="teammate").status == 401


def test_a_stream_ends_when_its_key_expires(gateway: Client) -> None:
    made = gateway.ask(
        "POST", "/keys", {"name": "ci", "role": "viewer", "expires_in_days": 1}, who="admin"
    )
    assert made.status == 201, made.body
    ref = gateway.incident()["ref"]
    gateway.house.keys["ci"] = gateway.house.keys["owner"]
    secret = made.json["secret"]

    class AsCi(Client):
        def key_of(self, who: str) -> str:
            return str(secret) if who == "ci" else Client.key_of(self, who)

    as_ci = AsCi(
        house=gateway.house,
        gateway=gateway.gateway,
        application=gateway.application,
        loop=gateway.loop,
    )

    async def story() -> list[Any]:
        async with listening(as_ci, who="ci") as stream:
            await said(as_ci, ref, "Before.")
            await stream.until(1)
            gateway.house.clock.pass_by(timedelta(days=2))
            await said(as_ci, ref, "After.")
            return await stream.end()

    assert [one["data"]["body"] for one in run(gateway, story())] == ["Before."]


def test_a_stream_ends_when_the_server_stops(gateway: Client) -> None:
    async def story() -> list[Any]:
        async with listening(gateway) as stream:
            gateway.gateway.announcer.close()
            return await stream.end()

    assert run(gateway, story()) == []


def test_who_comes_back_goes_on_from_what_was_heard_wherever_it_began(gateway: Client) -> None:
    """A browser asks for the same address again, and says beside it how far it has come."""
    ref = gateway.incident()["ref"]
    reached = log_of(gateway)[-1].position

    async def story() -> list[Any]:
        async with listening(gateway, "after=1", last=reached) as stream:
            await said(gateway, ref, "One.")
            return await stream.until(1)

    assert positions(run(gateway, story())) == [reached + 1]


def test_the_streams_that_are_open_are_counted(gateway: Client) -> None:
    counted = gateway.gateway.metrics.registry.get_sample_value

    async def story() -> tuple[float | None, float | None]:
        async with listening(gateway), listening(gateway, who="teammate"):
            both = counted("tocsin_streams")
            async with listening(gateway):
                return both, counted("tocsin_streams")

    assert run(gateway, story()) == (2, 3)
    assert counted("tocsin_streams") == 0


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "9" * 19, ""])
def test_a_last_event_id_that_is_none_is_refused(gateway: Client, last: str) -> None:
    refused = gateway.ask("GET", "/stream", headers={"Last-Event-ID": last})

    assert (refused.status, refused.fields) == (422, {("Last-Event-ID", "wrong_value")})


def test_too_many_streams_are_refused_and_told_when_to_come_back(gateway: Client) -> None:
    bells = [gateway.gateway.announcer.subscribe() for _ in range(MOST_STREAMS)]

    refused = gateway.ask("GET", "/stream")

    assert (refused.status, refused.headers["retry-after"]) == (503, "5")
    gateway.gateway.announcer.unsubscribe(bells[0])
    assert gateway.ask("GET", "/stream").status == 200


def test_one_key_does_not_take_all_streams(gateway: Client) -> None:
    announcer, key = gateway.gateway.announcer, gateway.key_of("owner").split("_")[1]
    bells = [announcer.subscribe(key) for _ in range(MOST_STREAMS_OF_A_KEY)]

    refused = gateway.ask("GET", "/stream")
    assert (refused.status, refused.code) == (429, "rate_limited")
    assert refused.headers["retry-after"] == "5"
    assert gateway.ask("GET", "/stream", who="teammate").status == 200
    announcer.unsubscribe(bells[0])
    assert gateway.ask("GET", "/stream").status == 200


def test_of_many_streams_that_are_asked_for_at_once_a_key_gets_no_more(gateway: Client) -> None:
    announcer, key = gateway.gateway.announcer, gateway.key_of("owner").split("_")[1]
    for _ in range(MOST_STREAMS_OF_A_KEY - 1):
        announcer.subscribe(key)

    async def story() -> int:
        calls = [called(gateway) for _ in range(5)]
        for one in calls:
            assert await one._more(), "its status"
            await one._more()
        held = announcer.waiting_of(key)
        for one in calls:
            one.gone.set()
            assert one.task is not None
            await one.task
        assert sum(": connected" in one.text for one in calls) == 1
        return held

    assert gateway.ask("GET", "/me").status == 200
    assert run(gateway, story()) == MOST_STREAMS_OF_A_KEY
