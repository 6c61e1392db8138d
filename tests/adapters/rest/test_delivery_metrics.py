"""What Prometheus is told of deliveries and destinations."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.parser import text_string_to_metric_families

from tocsin.adapters.rest.metrics import Metrics
from tocsin.dispatcher.outcomes import DestinationFigures
from tocsin.store.contract import StorageFailed

NOC = {"org": "net", "route": "noc", "kind": "webhook"}
DESTINATIONS = (
    "tocsin_delivery_backlog",
    "tocsin_deliveries_parked",
    "tocsin_delivery_lag_seconds",
    "tocsin_destination_down",
)
FOLLOWERS = ("tocsin_follower_lag_events", "tocsin_follower_lag_seconds")


def told(metrics: Metrics) -> dict[str, list[tuple[dict[str, str], float]]]:
    """The samples of each family that is declared."""
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {
        family.name: [
            (sample.labels, sample.value)
            for sample in family.samples
            if not sample.name.endswith("_created")
        ]
        for family in families
    }


def test_everything_is_declared_where_nothing_was_delivered_yet() -> None:
    families = told(Metrics())

    assert [families[name] for name in ("tocsin_deliveries", *DESTINATIONS)] == [[]] * 5


def test_what_became_of_deliveries_is_counted() -> None:
    metrics = Metrics()

    metrics.observe_deliveries("net", "noc", "webhook", "delivered", 3)
    metrics.observe_deliveries("net", "noc", "webhook", "delivered", 2)
    metrics.observe_deliveries("net", "noc", "webhook", "parked", 1)

    assert told(metrics)["tocsin_deliveries"] == [
        (NOC | {"outcome": "delivered"}, 5.0),
        (NOC | {"outcome": "parked"}, 1.0),
    ]
    assert b"tocsin_deliveries_total{" in metrics.exposition()


def test_destinations_are_shown_as_they_stand() -> None:
    metrics = Metrics()
    now = [
        DestinationFigures(
            org="net",
            route="noc",
            kind="webhook",
            backlog=7,
            parked=1,
            lag_seconds=2.5,
            down=True,
        )
    ]
    metrics.watch_destinations(lambda: now)

    families = told(metrics)
    assert [families[name] for name in DESTINATIONS] == [
        [(NOC, 7.0)],
        [(NOC, 1.0)],
        [(NOC, 2.5)],
        [(NOC, 1.0)],
    ]
    now.clear()
    assert told(metrics)["tocsin_destination_down"] == []


def test_the_rest_is_told_while_the_storage_is_away() -> None:
    def figures() -> Iterable[DestinationFigures]:
        raise StorageFailed("the disk is gone")

    def lag() -> Iterable[tuple[str, int, float]]:
        raise StorageFailed("the disk is gone")

    metrics = Metrics()
    metrics.observe_deliveries("net", "noc", "webhook", "delivered", 3)
    metrics.watch_destinations(figures)
    metrics.watch_followers(lag)

    families = told(metrics)

    assert families["tocsin_deliveries"] == [(NOC | {"outcome": "delivered"}, 3.0)]
    assert [families[name] for name in (*DESTINATIONS, *FOLLOWERS)] == [[]] * 6
