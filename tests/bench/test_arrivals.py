"""The receiver that notes what arrives, and the judgement on what it noted."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench import arrivals, processes
from bench.arrivals import Arrival, Door
from tocsin.core.facts import stream_name
from tocsin.dispatcher.naming import delivery_id

TICKET = "01a1fdd0-ce80-7728-b59d-1297bd2b7b33"
ROUTE = "01a1fdd0-ce91-7198-a90f-efc5271a81f0"
OTHER = "01a1fdd0-cea8-7780-b752-03e87d1aad1b"


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with arrivals.receiver(tmp_path / "receiver.log") as running:
        yield running


@contextmanager
def connected(door: Door) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(processes.HOST, door.port, timeout=5)
    try:
        yield connection
    finally:
        connection.close()


def deliver(connection: http.client.HTTPConnection, position: int, route: str = ROUTE) -> int:
    body = f'{{"data":{{"event":{{"stream":"{stream_name("incident", TICKET)}"}}}}}}'
    connection.request(
        "POST", "/everything", body=body, headers={"Webhook-Id": delivery_id(position, route)}
    )
    response = connection.getresponse()
    response.read()
    return response.status


def test_what_is_taken_has_arrived_when_it_first_came(door: Door) -> None:
    with connected(door) as connection:
        taken = [deliver(connection, position) for position in (7, 8, 7)]

    first, second = door.arrivals()
    assert taken == [204, 204, 204]
    assert (first.ticket, first.route_id, first.position, first.repeats) == (TICKET, ROUTE, 7, 1)
    assert (second.position, second.repeats) == (8, 0)
    assert first.at < second.at
    assert door.count() == 2


def test_what_is_failed_has_not_arrived_until_it_is_taken(door: Door) -> None:
    with connected(door) as connection:
        door.answers("fail")
        failed = deliver(connection, 7)
        none_yet = door.count()
        door.answers("take")
        taken = deliver(connection, 7)

    assert (failed, none_yet, taken) == (500, 0, 204)
    assert [one.repeats for one in door.arrivals()] == [0]


def test_a_closed_door_ends_the_connection(door: Door) -> None:
    door.answers("close")
    with connected(door) as connection, pytest.raises(http.client.RemoteDisconnected):
        deliver(connection, 7)

    assert door.count() == 0


def test_a_door_that_hangs_answers_others(door: Door) -> None:
    door.answers("hang")
    with connected(door) as hanging:
        hanging.request("POST", "/", body=b"{}", headers={"webhook-id": delivery_id(7, ROUTE)})
        door.answers("take")
        with connected(door) as other:
            assert deliver(other, 8) == 204

    assert [one.position for one in door.arrivals()] == [8]


def test_what_is_no_http_ends_its_own_connection_only(door: Door) -> None:
    with connected(door) as wrong:
        wrong.putrequest("POST", "/", skip_accept_encoding=True)
        wrong.putheader("Content-Length", "many")
        wrong.endheaders()
        with pytest.raises(http.client.RemoteDisconnected):
            wrong.getresponse()

    with connected(door) as connection:
        assert deliver(connection, 7) == 204


def test_waiting_for_what_never_comes_ends(door: Door) -> None:
    with pytest.raises(processes.ProcessFailed, match="0 of 1 deliveries"):
        door.wait_for(1, within=0.1)


def arrival(position: int, at: float, route: str = ROUTE, ticket: str = TICKET) -> Arrival:
    return Arrival(ticket=ticket, route_id=route, position=position, at=at, repeats=0)


def test_a_lane_in_order_is_not_complained_of() -> None:
    assert arrivals.out_of_order([arrival(2, 0.2), arrival(1, 0.1), arrival(3, 0.3)]) == 0


def test_a_later_event_that_came_first_is_out_of_order() -> None:
    assert arrivals.out_of_order([arrival(1, 0.3), arrival(2, 0.2), arrival(3, 0.4)]) == 1


def test_lanes_do_not_wait_for_each_other() -> None:
    others = [arrival(2, 0.1, route=OTHER), arrival(3, 0.1, ticket="another")]

    assert arrivals.out_of_order([arrival(1, 0.2), *others]) == 0


def test_what_never_arrived_is_missed_on_each_route() -> None:
    came = [arrival(1, 0.1), arrival(1, 0.2, route=OTHER), arrival(2, 0.3)]

    arrivals.expect_all(came[:2], {TICKET: 1}, routes=2)
    with pytest.raises(processes.ProcessFailed, match="1 deliveries never arrived"):
        arrivals.expect_all(came, {TICKET: 2}, routes=2)
