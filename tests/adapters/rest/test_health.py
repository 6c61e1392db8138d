"""Alive, ready, and who may read what it measures."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import cast

import pytest

from tests.adapters.rest.asking import Answer, Client, client
from tocsin.adapters.rest.application import make_application
from tocsin.handler.writer import Writer
from tocsin.store.contract import ReadTurn, StorageFailed, Store

TOKEN = "scrape-me"
FAR = "203.0.113.5"


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Client]:
    """An application with a token for its metrics, behind a trusted proxy on this machine."""
    trusted = (ip_network("127.0.0.1/32"),)
    with client(tmp_path, metrics_token=TOKEN, trusted_proxies=trusted) as made:
        yield made


def test_it_says_that_it_is_alive_to_anybody(gateway: Client) -> None:
    answer = gateway.ask("GET", "/healthz", who=None, peer=FAR)

    assert (answer.status, answer.json) == (200, {"status": "alive", "position": None})


def test_it_is_ready_when_the_store_answers_and_the_writer_writes(gateway: Client) -> None:
    gateway.incident()
    with gateway.house.store.reading() as turn:
        last = turn.last_position()

    answer = gateway.ask("GET", "/readyz", who=None, peer=FAR)

    assert (answer.status, answer.json) == (200, {"status": "ready", "position": last})


def test_it_is_not_ready_when_nobody_writes(gateway: Client) -> None:
    idle = Writer(
        store=gateway.house.store, clock=gateway.house.clock, entropy=lambda: 1, seal=bytes
    )
    stopped = replace(gateway, application=make_application(replace(gateway.gateway, writer=idle)))

    answer = stopped.ask("GET", "/readyz", who=None)

    assert (answer.status, answer.code) == (503, "unavailable")
    assert answer.headers["retry-after"] == "5"
    assert stopped.ask("GET", "/healthz", who=None).status == 200


def test_it_is_not_ready_while_something_keeps_it_from_its_work(gateway: Client) -> None:
    troubled = replace(gateway.gateway, trouble=lambda: "the dispatcher has stopped")
    answer = replace(gateway, application=make_application(troubled)).ask(
        "GET", "/readyz", who=None
    )

    assert (answer.status, answer.json["detail"]) == (503, "the dispatcher has stopped")


class Away:
    """A store whose disk has gone."""

    def reading(self) -> AbstractContextManager[ReadTurn]:
        """Nothing to read."""
        raise StorageFailed("/srv/tocsin.db: disk I/O error")


def test_it_is_not_ready_when_the_storage_does_not_answer(gateway: Client) -> None:
    away = replace(gateway.gateway, store=cast(Store, Away()))
    cut_off = replace(gateway, application=make_application(away))

    answer = cut_off.ask("GET", "/readyz", who=None)

    assert (answer.status, answer.code) == (503, "unavailable")
    assert answer.headers["retry-after"] == "2"
    assert "/srv" not in answer.json["detail"]
    asked = cut_off.ask("GET", "/tickets")
    assert (asked.status, asked.headers["retry-after"]) == (503, "2")
    # True of a question as well, which stores nothing.
    assert asked.json["detail"] == (
        "the storage does not answer, and nothing of it happened; try again in a moment"
    )


# -- metrics -------------------------------------------------------------------------------------


def test_metrics_answer_this_machine(gateway: Client) -> None:
    gateway.incident()

    for peer in ("127.3.2.1", "::1"):
        assert gateway.ask("GET", "/metrics", who=None, peer=peer).status == 200, peer
    answer = gateway.ask("GET", "/metrics", who=None)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    counted = [
        line
        for line in answer.body.decode().splitlines()
        if "POST /v1/orgs/{org}/tickets" in line and "201" in line
    ]
    assert [line.rpartition(" ")[2] for line in counted if "_created" not in line] == ["1.0"]


@pytest.mark.parametrize("peer", [FAR, "10.0.0.1", "2001:db8::1", "", "unix"])
def test_metrics_answer_nobody_else(gateway: Client, peer: str) -> None:
    refused = gateway.ask("GET", "/metrics", who=None, peer=peer)

    assert (refused.status, refused.code) == (403, "forbidden")


def test_an_api_key_opens_no_metrics(gateway: Client) -> None:
    assert gateway.ask("GET", "/metrics", who="admin", peer=FAR).status == 403


@pytest.mark.parametrize("forwarded", [FAR, "127.0.0.1", "::1", "x", ""])
def test_a_proxy_on_this_machine_speaks_for_strangers(gateway: Client, forwarded: str) -> None:
    """It is not among the trusted ones, so who is behind it is not known."""
    refused = gateway.ask("GET", "/metrics", who=None, headers={"X-Forwarded-For": forwarded})

    assert refused.status == 403


@pytest.mark.parametrize(
    ("name", "said"),
    [("Forwarded", f"for={FAR}"), ("X-Real-IP", FAR), ("Via", "1.1 proxy")],
)
def test_however_it_says_that_it_is_one(gateway: Client, name: str, said: str) -> None:
    assert gateway.ask("GET", "/metrics", who=None, headers={name: said}).status == 403


def test_a_trusted_proxy_says_who_asks(guarded: Client) -> None:
    def status(forwarded: str) -> int:
        headers = {"X-Forwarded-For": forwarded}
        return guarded.ask("GET", "/metrics", who=None, headers=headers).status

    assert status(FAR) == 403
    assert status(f"127.0.0.2, {FAR}") == 403
    assert status(f"{FAR}, 127.0.0.1") == 403
    assert status("127.0.0.2") == 200
    assert guarded.ask("GET", "/metrics", who=None).status == 200


def test_the_token_opens_them_from_anywhere(guarded: Client) -> None:
    def status(token: str, peer: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return guarded.ask("GET", "/metrics", who=None, headers=headers, peer=peer).status

    assert status(TOKEN, FAR) == 200
    assert status(TOKEN, "127.0.0.1") == 200
    # Whoever shows a wrong one is told so, also on this machine.
    for wrong in (TOKEN + "x", TOKEN[:-1], "x"):
        assert status(wrong, FAR) == 401
        assert status(wrong, "127.0.0.1") == 401


def test_without_a_token_no_token_opens_them(gateway: Client) -> None:
    for token in ("", "None", "x"):
        headers = {"Authorization": f"Bearer {token}"}
        assert gateway.ask("GET", "/metrics", who=None, headers=headers, peer=FAR).status == 403


def test_nobody_waits_for_what_metrics_are_read_from(gateway: Client) -> None:
    """The storage may take seconds to say that it is away; a request beside it does not."""
    asked, answered = threading.Event(), threading.Event()
    in_time: list[bool] = []

    def lag() -> Iterable[tuple[str, int, float]]:
        asked.set()
        in_time.append(answered.wait(timeout=5))
        return [("search", 1, 0.5)]

    gateway.gateway.metrics.watch_followers(lag)

    async def both() -> Answer:
        scraped = asyncio.ensure_future(gateway.asked("GET", "/metrics", who=None))
        while not asked.is_set():
            await asyncio.wait({scraped}, timeout=0.01)
        assert (await gateway.asked("GET", "/healthz", who=None)).status == 200
        answered.set()
        return await scraped

    answer = gateway.loop.run_until_complete(both())

    assert in_time == [True]
    assert b'tocsin_follower_lag_events{follower="search"} 1.0' in answer.body
