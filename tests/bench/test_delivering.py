"""What a measured server owes to its receiver."""

from __future__ import annotations

from bench import delivering, preparation
from bench.arrivals import Door


def side(routes: int) -> delivering.Side:
    return delivering.Side(
        port=1, door=Door(2), keys=preparation.Keys(admin="a", load="l"), routes=routes
    )


def test_every_event_is_owed_to_every_route_there_is() -> None:
    served = side(routes=5)

    served.acknowledged(["one", "two"])
    served.acknowledged(["one"])

    assert served.events == {"one": 2, "two": 1}
    assert served.owed == 15


def test_the_routes_of_the_steady_pace_and_the_rest_are_all_there_are() -> None:
    assert {**delivering.FIRST, **delivering.REST} == preparation.ROUTE_MATCHES
    assert len(delivering.FIRST) == 1
