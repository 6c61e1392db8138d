"""Who is let in, from where, and how often; and what is refused before anything is read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.rest.asking import NET, Answer, Client, client
from tocsin.adapters.rest.application import make_application
from tocsin.adapters.rest.rate import Bucket
from tocsin.core.errors import RateLimited
from tocsin.core.origins import client_address
from tocsin.handler.writer import Writer

PROXY = "10.0.0.7"
TRUSTED = (ip_network("10.0.0.0/24"), ip_network("2001:db8::/48"))


@pytest.fixture
def behind_proxies(tmp_path: Path) -> Iterator[Client]:
    """An application that trusts what stands in front of it."""
    with client(tmp_path, trusted_proxies=TRUSTED) as made:
        yield made


def new_key(gateway: Client, **given: object) -> Any:
    """A key that was made over the gateway."""
    made = gateway.ask("POST", "/keys", {"name": "ci", "role": "member"} | given, who="admin")
    assert made.status == 201, made.body
    return made.json


def with_key(gateway: Client, secret: str, *, forwarded: str | None = None, **given: Any) -> Answer:
    """A request with that key."""
    headers = {"Authorization": f"Bearer {secret}"}
    if forwarded is not None:
        headers["X-Forwarded-For"] = forwarded
    return gateway.ask("GET", "/tickets", who=None, headers=headers, **given)


# -- the key -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer tk_abc",
        "Bearer tk__secret",
        "Bearer xx_abc_secret",
        "Bearer tk_a-b_secret",
        "Bearer tk_abc_" + "x" * 200,
        "Bearer tk_é_secret",
        "Basic dXNlcjpwdw==",
        "tk_abc_secret",
    ],
)
def test_what_is_not_written_like_a_key_opens_nothing(gateway: Client, value: str) -> None:
    refused = gateway.ask("GET", "/tickets", who=None, headers={"Authorization": value})

    assert (refused.status, refused.code) == (401, "unauthenticated")
    assert refused.headers["www-authenticate"].startswith("Bearer")


def test_the_scheme_is_spelled_as_one_likes(gateway: Client) -> None:
    for scheme in ("bearer", "BEARER", "Bearer "):
        value = f"{scheme} {gateway.key_of('owner')}"
        assert (
            gateway.ask("GET", "/v1/me", who=None, headers={"Authorization": value}).status == 200
        )


def test_an_unknown_key_and_a_wrong_secret_are_told_the_same(gateway: Client) -> None:
    right = gateway.key_of("owner")
    wrong = with_key(gateway, right[:-1] + "x")
    unknown = with_key(gateway, "tk_0123456789abcdef_owner")

    assert wrong.status == unknown.status == 401
    assert wrong.json["detail"] == unknown.json["detail"]
    assert gateway.key_of("owner").rpartition("_")[2] not in wrong.json["detail"]


def test_a_wrong_secret_is_refused_also_when_the_right_one_was_just_here(gateway: Client) -> None:
    right = gateway.key_of("owner")
    for _ in range(2):
        assert with_key(gateway, right).status == 200
        assert with_key(gateway, right + "x").status == 401
    incident = {"type": "incident", "title": "x", "description": "x", "services": ["web"]}
    headers = {"Authorization": f"Bearer {right}x"}
    assert gateway.ask("POST", "/tickets", incident, who=None, headers=headers).status == 401


@pytest.mark.parametrize(("method", "path"), [("GET", "/tickets"), ("POST", "/tickets")])
def test_a_revoked_key_is_refused_for_reading_and_writing(
    gateway: Client, method: str, path: str
) -> None:
    gateway.incident()
    body = None if method == "GET" else {"type": "incident", "title": "x", "services": ["web"]}
    revoked = gateway.ask("DELETE", f"/keys/{gateway.house.keys['owner'].key_id}", who="admin")
    assert revoked.status == 200, revoked.body

    for _ in range(2):
        assert gateway.ask(method, path, body).status == 401


def test_a_key_expires_to_the_instant(gateway: Client) -> None:
    made = new_key(gateway, expires_in_days=1)
    start = gateway.house.clock.now

    gateway.house.clock.now = start + timedelta(days=1, seconds=-1)
    assert with_key(gateway, made["secret"]).status == 200
    gateway.house.clock.now = start + timedelta(days=1, seconds=1)
    assert with_key(gateway, made["secret"]).status == 401


def test_a_key_of_a_member_who_left_is_refused(gateway: Client) -> None:
    member = gateway.ask("POST", "/members", {"name": "Jo", "role": "member"}, who="admin").json[
        "id"
    ]
    made = new_key(gateway, member=member)
    assert with_key(gateway, made["secret"]).status == 200
    assert gateway.ask("DELETE", f"/members/{member}", who="admin").status == 200

    assert with_key(gateway, made["secret"]).status == 401


def test_a_key_opens_its_own_org_only(gateway: Client) -> None:
    for org in ("elsewhere", "nowhere", "NET", "net%20", "x" * 300):
        refused = gateway.ask("GET", f"/v1/orgs/{org}/tickets")
        assert (refused.status, refused.code) == (404, "not_found")


# -- the address ---------------------------------------------------------------------------------


def test_a_key_of_a_range_is_good_from_there(gateway: Client) -> None:
    made = new_key(gateway, allow_cidr=["192.0.2.0/24", "2001:db8:1::/48"])["secret"]

    for peer in ("192.0.2.1", "192.0.2.255", "2001:db8:1::5", "::ffff:192.0.2.9"):
        assert with_key(gateway, made, peer=peer).status == 200, peer
    for peer in ("192.0.3.1", "127.0.0.1", "2001:db8:2::5", "", "unix"):
        assert with_key(gateway, made, peer=peer).status == 401, peer


def test_a_forged_address_counts_for_nothing(gateway: Client) -> None:
    made = new_key(gateway, allow_cidr=["192.0.2.0/24"])["secret"]

    assert with_key(gateway, made, forwarded="192.0.2.1").status == 401
    assert with_key(gateway, made, peer="192.0.2.1", forwarded="203.0.113.1").status == 200


def test_a_trusted_proxy_is_believed_and_nobody_else(behind_proxies: Client) -> None:
    made = new_key(behind_proxies, allow_cidr=["192.0.2.0/24"])["secret"]

    def status(forwarded: str, *, peer: str = PROXY) -> int:
        return with_key(behind_proxies, made, forwarded=forwarded, peer=peer).status

    assert status("192.0.2.1") == 200
    assert status("192.0.2.1", peer="203.0.113.5") == 401
    # The client wrote the first part itself; the proxy appended what it saw.
    assert status("192.0.2.1, 203.0.113.5") == 401
    assert status("203.0.113.5, 192.0.2.1") == 200
    assert status("192.0.2.1, 10.0.0.9, 10.0.0.8") == 200
    assert status("nonsense") == 401


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        (PROXY, None, PROXY),
        (PROXY, b"", ""),
        (PROXY, b"192.0.2.1", "192.0.2.1"),
        (PROXY, b"  192.0.2.1 ", "192.0.2.1"),
        (PROXY, b"1.1.1.1, 192.0.2.1", "192.0.2.1"),
        (PROXY, b"192.0.2.1, 10.0.0.3", "192.0.2.1"),
        (PROXY, b"10.0.0.2, 10.0.0.3", "10.0.0.2"),
        (PROXY, b"192.0.2.1, unknown", ""),
        ("::ffff:10.0.0.7", b"::ffff:192.0.2.1", "192.0.2.1"),
        (PROXY, b"2001:db8:ffff::1", "2001:db8:ffff::1"),
        ("2001:db8::5", b"192.0.2.1, 2001:db8::6", "192.0.2.1"),
        ("203.0.113.5", b"192.0.2.1", "203.0.113.5"),
        ("", b"192.0.2.1", ""),
        ("not an address", b"192.0.2.1", "not an address"),
    ],
)
def test_the_address_is_the_last_that_no_trusted_proxy_wrote(
    peer: str, forwarded: bytes | None, address: str
) -> None:
    assert client_address(peer, forwarded, trusted=TRUSTED) == address
    assert client_address(peer, forwarded, trusted=()) == peer.removeprefix("::ffff:")


# -- how often -----------------------------------------------------------------------------------


@dataclass(slots=True)
class Seconds:
    """Seconds that pass when they are told to."""

    now: float = 5.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    clock = Seconds()
    bucket = Bucket(rate_per_second=2, burst=3, clock=clock)
    for _ in range(3):
        bucket.take()
    with pytest.raises(RateLimited) as refused:
        bucket.take()
    assert refused.value.retry_after == 1
    assert "2 times a second" in str(refused.value)

    clock.now += 0.5
    bucket.take()
    with pytest.raises(RateLimited):
        bucket.take()
    clock.now += 1_000
    for _ in range(3):
        bucket.take()
    with pytest.raises(RateLimited):
        bucket.take()


def test_a_bucket_says_how_full_it_is() -> None:
    clock = Seconds()
    bucket = Bucket(rate_per_second=2, burst=10, clock=clock)
    for _ in range(5):
        bucket.take()

    assert dict(bucket.headers()) == {
        b"ratelimit-limit": b"10",
        b"ratelimit-remaining": b"5",
        b"ratelimit-reset": b"3",
    }


def test_a_bucket_that_shrinks_holds_no_more_than_it_can() -> None:
    clock = Seconds()
    bucket = Bucket(rate_per_second=2, burst=10, clock=clock)
    bucket.resize(rate_per_second=1, burst=2)
    assert dict(bucket.headers())[b"ratelimit-remaining"] == b"2"
    bucket.take()
    bucket.take()
    with pytest.raises(RateLimited):
        bucket.take()
    clock.now += 1.0
    bucket.take()
    with pytest.raises(RateLimited):
        bucket.take()


def test_a_bucket_that_grows_has_to_fill_first() -> None:
    bucket = Bucket(rate_per_second=2, burst=2, clock=Seconds())
    bucket.take()
    bucket.take()
    bucket.resize(rate_per_second=4, burst=10)
    with pytest.raises(RateLimited):
        bucket.take()


def test_a_key_that_asks_too_often_is_told_when_to_come_back(gateway: Client) -> None:
    made = new_key(gateway, rate_per_second=1, burst=2)["secret"]
    answers = [with_key(gateway, made) for _ in range(40)]

    assert answers[0].status == 200
    assert answers[0].headers["ratelimit-limit"] == "2"
    assert answers[0].headers["ratelimit-remaining"] == "1"
    refused = next(one for one in answers if one.status != 200)
    assert (refused.status, refused.code) == (429, "rate_limited")
    assert refused.headers["retry-after"] == "1"
    assert refused.headers["ratelimit-limit"] == "2"
    assert refused.headers["ratelimit-remaining"] == "0"
    # Others have an allowance of their own.
    assert gateway.ask("GET", "/tickets").status == 200


@pytest.mark.parametrize("path", ["/v1/me", "/tickets", "/events", "/tickets/{ref}"])
def test_a_raised_rate_is_seen_and_so_is_a_lowered_one(gateway: Client, path: str) -> None:
    path = path.format(ref=gateway.incident()["ref"])
    made = new_key(gateway, rate_per_second=5, burst=50)
    headers = {"Authorization": f"Bearer {made['secret']}"}

    def limit() -> str:
        return gateway.ask("GET", path, who=None, headers=headers).headers["ratelimit-limit"]

    assert limit() == "50"
    for burst in ("70", "20"):
        changed = gateway.ask("PATCH", f"/keys/{made['id']}", {"burst": int(burst)}, who="admin")
        assert changed.status == 200, changed.body
        assert limit() == burst


def test_a_raised_rate_is_seen_by_writing_too(gateway: Client) -> None:
    ref = gateway.incident()["ref"]
    made = new_key(gateway, rate_per_second=5, burst=50)
    headers = {"Authorization": f"Bearer {made['secret']}"}

    def limit() -> str:
        said = gateway.ask(
            "POST", f"/tickets/{ref}/updates", {"body": "x"}, who=None, headers=headers
        )
        assert said.status == 201, said.body
        return said.headers["ratelimit-limit"]

    assert limit() == "50"
    gateway.ask("PATCH", f"/keys/{made['id']}", {"burst": 70}, who="admin")
    assert limit() == "70"


def test_every_answer_to_a_key_says_what_is_left(gateway: Client) -> None:
    for path in ("/tickets", "/tickets/none", "/tickets?nonsense=1"):
        answer = gateway.ask("GET", path)
        assert {"ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"} <= set(answer.headers)
    assert "ratelimit-limit" not in gateway.ask("GET", "/tickets", who=None).headers


# -- before the body is read ---------------------------------------------------------------------


def unread(gateway: Client, application: Any, *, who: str | None, path: str = "/tickets") -> Answer:
    """The answer to a POST whose body nobody may read."""
    headers = [(b"content-type", b"application/json")]
    if who is not None:
        headers.append((b"authorization", f"Bearer {gateway.key_of(who)}".encode()))
    scope: Any = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": NET + path,
        "raw_path": (NET + path).encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 40_000),
        "server": ("127.0.0.1", 8080),
        "state": {},
    }
    messages: list[Any] = []

    async def receive() -> Any:
        raise AssertionError("the body was asked for")

    async def send(message: Any) -> None:
        messages.append(message)

    async def story() -> None:
        await application(scope, receive, send)

    gateway.loop.run_until_complete(story())
    return Answer(
        status=messages[0]["status"],
        headers={name.decode().lower(): value.decode() for name, value in messages[0]["headers"]},
        body=b"".join(one.get("body", b"") for one in messages[1:]),
    )


def test_a_full_queue_is_said_before_the_body_is_read(gateway: Client) -> None:
    ref = gateway.incident()["ref"]
    crowded = replace(
        gateway.gateway,
        writer=Writer(
            store=gateway.house.store,
            clock=gateway.house.clock,
            entropy=lambda: 1,
            seal=bytes,
            queue_limit=0,
        ),
    )
    application = make_application(crowded)

    for path in ("/tickets", f"/tickets/{ref}/updates"):
        answer = unread(gateway, application, who="owner", path=path)
        assert (answer.status, answer.code) == (503, "overloaded")
        assert answer.headers["retry-after"] == "1"
    # Reading goes on.
    reader = replace(gateway, application=application)
    assert reader.ask("GET", f"/tickets/{ref}").status == 200


def test_nobody_and_strangers_are_refused_before_their_body_is_read(gateway: Client) -> None:
    assert unread(gateway, gateway.application, who=None).status == 401
    assert unread(gateway, gateway.application, who="stranger").status == 404


def test_a_client_that_goes_away_within_its_body_gets_nothing_done(gateway: Client) -> None:
    messages: list[Any] = []
    scope: Any = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": f"{NET}/tickets",
        "raw_path": f"{NET}/tickets".encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"authorization", f"Bearer {gateway.key_of('owner')}".encode())],
        "client": ("127.0.0.1", 40_000),
        "server": ("127.0.0.1", 8080),
        "state": {},
    }
    parts = [
        {"type": "http.request", "body": b'{"type": "incident"', "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Any:
        return parts.pop(0)

    async def send(message: Any) -> None:
        messages.append(message)

    async def story() -> None:
        async with asyncio.timeout(20):
            await gateway.application(scope, receive, send)

    gateway.loop.run_until_complete(story())

    assert messages == []
    assert gateway.ask("GET", "/tickets").json["items"] == []
