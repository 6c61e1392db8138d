"""What goes wrong on the ways in of neighbours, here and there, and what is said of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.adapters.rest.asking import Client
from tests.adapters.rest.speaking import EVENT, FIRING, connector, inbox, say
from tocsin.adapters.alertmanager.receiver import AlertmanagerReceiver
from tocsin.adapters.rest.application import make_application
from tocsin.adapters.rest.ingest.connector_tokens import KNOWN_SECONDS, Neighbours, digest_of
from tocsin.adapters.rest.payloads import ClientGone, received
from tocsin.core.errors import TooLarge
from tocsin.core.ingestion import Reading
from tocsin.core.records import Connector
from tocsin.handler.receiving import Request
from tocsin.store.contract import ReadTurn, StorageFailed
from tocsin.store.sealing import WrongSecretKey

OWN = "/v1/ingest/am"
FIRST = datetime(2026, 11, 20, tzinfo=UTC)


class Errands(AlertmanagerReceiver):
    """An Alertmanager that has something to do for each payload."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__(version="1", started_at=FIRST)
        self._work = work

    def errand(self, request: Request, connector: Connector) -> Callable[[], None] | None:
        """The work."""
        return self._work


class Broken(AlertmanagerReceiver):
    """One with an error in its code."""

    def __init__(self, wrong: BaseException) -> None:
        super().__init__(version="1", started_at=FIRST)
        self._wrong = wrong

    def read(self, request: Request, connector: Connector) -> Reading:
        """Never."""
        raise self._wrong


def with_receiver(gateway: Client, receiver: AlertmanagerReceiver) -> None:
    changed = replace(gateway.gateway, receivers={"alertmanager": receiver})
    gateway.application = make_application(changed)


def test_an_errand_is_run_once_the_payload_is_kept(gateway: Client) -> None:
    token = connector(gateway, "alertmanager", "am")
    done: list[int] = []
    ran = threading.Event()

    def work() -> None:
        done.append(len(inbox(gateway)))
        ran.set()

    with_receiver(gateway, Errands(work))
    assert say(gateway, OWN, {"version": "3"}, token=token).status == 400
    assert say(gateway, OWN, FIRING, token=token).status == 200
    assert ran.wait(10)
    assert done == [2]


def test_an_errand_that_fails_changes_nothing_of_the_answer(gateway: Client) -> None:
    token = connector(gateway, "alertmanager", "am")
    ran = threading.Event()

    def work() -> None:
        ran.set()
        raise OSError("no route")

    with_receiver(gateway, Errands(work))
    assert say(gateway, OWN, FIRING, token=token).status == 200
    assert ran.wait(10)


def test_an_error_of_ours_is_500_in_the_shape_of_the_path(gateway: Client) -> None:
    token = connector(gateway, "alertmanager", "am")
    with_receiver(gateway, Broken(ZeroDivisionError()))

    for path in (OWN, "/api/v2/alerts"):
        with pytest.raises(ZeroDivisionError):
            say(gateway, path, FIRING, token=token)
    assert inbox(gateway) == []


def test_what_is_nested_too_deeply_is_kept_all_the_same(gateway: Client) -> None:
    token = connector(gateway, "alertmanager", "am")
    with_receiver(gateway, Broken(RecursionError()))

    assert say(gateway, OWN, FIRING, token=token).status == 400
    (kept,) = inbox(gateway)
    assert (kept.verdict, kept.reason) == ("unparseable", "It is nested too deeply.")


def test_a_stranger_cannot_break_the_search_for_a_token(gateway: Client) -> None:
    for raw in (b"[" * 200_000, b'{"routing_key":' * 20_000, b"\xff", b"", b"null", b'{"a":1}'):
        assert say(gateway, "/v2/enqueue", raw=raw).status == 400
        assert say(gateway, "/v1/ingest/pd", raw=raw).status == 401
        assert say(gateway, "/v2/alerts", raw=raw).status == 401
        assert say(gateway, "/api/v2/alerts", raw=raw).status == 401


def test_a_kind_that_nobody_here_listens_to_is_said_to_be_one(gateway: Client) -> None:
    token = connector(gateway, "grafana", "g")
    with_receiver(gateway, Errands(lambda: None))

    assert say(gateway, "/v1/ingest/g", FIRING, token=token).status == 404
    assert say(gateway, "/v2/enqueue", EVENT).status == 404


def test_a_secret_that_does_not_open_is_said_and_comes_again(gateway: Client) -> None:
    token = connector(gateway, "grafana", "g", hmac_secret="between you and me")

    def unseal(box: bytes) -> bytes:
        raise WrongSecretKey("another key")

    gateway.application = make_application(replace(gateway.gateway, unseal=unseal))
    answer = say(gateway, "/v1/ingest/g", FIRING, token=token)
    assert (answer.status, answer.code) == (503, "unavailable")
    assert answer.headers["retry-after"] == "60"


class Away:
    """A store that cannot be read."""

    def reading(self) -> AbstractContextManager[ReadTurn]:
        """Not now."""
        raise StorageFailed("the disk is full of secrets")


def test_a_storage_that_is_away_is_503_in_the_shape_of_the_path(gateway: Client) -> None:
    token = connector(gateway, "alertmanager", "am")
    away: Any = Away()
    gateway.application = make_application(replace(gateway.gateway, store=away))

    for path, body in (
        (OWN, FIRING),
        ("/api/v2/alerts", []),
        ("/v2/enqueue", {**EVENT, "routing_key": token}),
    ):
        answer = say(gateway, path, body, token=token)
        assert (answer.status, answer.headers["retry-after"]) == (503, "2"), path
        assert b"secrets" not in answer.body


# -- what is remembered ---------------------------------------------------------------------------


def test_what_is_known_of_a_connector_is_known_for_a_moment(gateway: Client) -> None:
    digest = digest_of(connector(gateway, "alertmanager", "am"))
    now = [0.0]
    known = Neighbours(gateway.gateway, clock=lambda: now[0])

    def looked_up(*, anew: bool = False) -> list[str]:
        found = gateway.loop.run_until_complete(known.looked_up(digest, anew=anew))
        return [one.connector.code for one in found]

    assert known.known(digest) == ()
    assert looked_up() == ["am"]
    assert [one.org_code for one in known.known(digest)] == ["net"]
    now[0] += KNOWN_SECONDS
    assert known.known(digest)
    now[0] += timedelta.resolution.total_seconds()
    assert known.known(digest) == ()
    assert looked_up() == ["am"]
    gateway.ask("DELETE", "/connectors/am", who="admin")
    assert looked_up(anew=True) == []
    assert known.known(digest) == ()


def test_many_that_ask_at_once_are_answered_together(gateway: Client) -> None:
    digest = digest_of(connector(gateway, "alertmanager", "am"))
    known = Neighbours(gateway.gateway, clock=lambda: 0.0)

    async def asking() -> list[int]:
        many = [asyncio.ensure_future(known.looked_up(digest)) for _ in range(20)]
        begun = gateway.loop.create_future()
        gateway.loop.call_soon(begun.set_result, None)
        await begun
        many[0].cancel()
        return [len(one) for one in await asyncio.gather(*many[1:])]

    assert gateway.loop.run_until_complete(asking()) == [1] * 19


def test_a_body_comes_in_parts_and_is_read_no_further_than_it_may() -> None:
    def client(*parts: bytes) -> Callable[[], Any]:
        left = list(parts)

        async def receive() -> Any:
            if not left:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

        return receive

    def read(*parts: bytes, length: bytes = b"") -> bytes:
        return asyncio.run(received(client(*parts), length=length, largest=4))

    assert read(b"ab", b"c", b"d") == b"abcd"
    with pytest.raises(TooLarge):
        read(b"ab", b"cd", b"e")
    with pytest.raises(TooLarge):
        read(b"abcde")
    with pytest.raises(TooLarge):
        read(b"a", length=b"5")
    with pytest.raises(ClientGone):
        read()
