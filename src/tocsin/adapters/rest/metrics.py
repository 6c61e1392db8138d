"""What this process tells Prometheus about itself (API: /metrics)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from tocsin.dispatcher.outcomes import DestinationFigures
from tocsin.handler.writer import TurnReport
from tocsin.store.contract import StorageFailed

SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)

Lag = Callable[[], Iterable[tuple[str, int, float]]]
"""Each follower of the log: its name, how many events and how many seconds it is behind."""


class Metrics:
    """Counters and gauges of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.commands = Counter(
            "tocsin_commands", "Commands decided.", ["outcome"], registry=self.registry
        )
        self._done = self.commands.labels("done")
        self._refused = self.commands.labels("refused")
        self.events = Counter("tocsin_events", "Events recorded.", registry=self.registry)
        self.commit_seconds = Histogram(
            "tocsin_commit_seconds",
            "One turn of the writer: read, decide, write, commit.",
            buckets=SECONDS,
            registry=self.registry,
        )
        self.requests = Counter(
            "tocsin_http_requests",
            "HTTP answers, by endpoint and status.",
            ["endpoint", "status"],
            registry=self.registry,
        )
        self.ingested = Counter(
            "tocsin_ingested",
            "Payloads of neighbours: the verdict, or why they were refused.",
            ["kind", "verdict"],
            registry=self.registry,
        )
        self.deliveries = Counter(
            "tocsin_deliveries",
            "What became of deliveries: delivered, failed, parked, superseded, cancelled.",
            ["org", "route", "kind", "outcome"],
            registry=self.registry,
        )
        self._destinations = _Destinations()
        self.registry.register(self._destinations)
        self.streams = Gauge(
            "tocsin_streams", "Open live streams of events.", registry=self.registry
        )

        self.rounds = Counter(
            "tocsin_provisioning_rounds",
            "Rounds of the monitor, the activator and who follows the ledger.",
            ["duty"],
            registry=self.registry,
        )
        self.round_seconds = Gauge(
            "tocsin_provisioning_round_seconds",
            "How long the last round took.",
            ["duty"],
            registry=self.registry,
        )
        self.round_changes = Counter(
            "tocsin_provisioning_changes",
            "What rounds changed: health by the monitor, status by the activator; or was refused.",
            ["duty", "outcome"],
            registry=self.registry,
        )
        self.silent = Gauge(
            "tocsin_source_silent",
            "1 while a source of telemetry does not tell what the monitor needs.",
            ["source"],
            registry=self.registry,
        )
        self._sources: set[str] = set()
        self.ledger_changes = Counter(
            "tocsin_ledger_changes",
            "What the ledger was told of health, status with the wish, and deletions: written,"
            " refused (or it was away), or unsure, which the next look at it settles.",
            ["kind", "what", "outcome"],
            registry=self.registry,
        )

    def observe_turn(self, report: TurnReport) -> None:
        """By the writer, after each turn."""
        self._done.inc(report.commands - report.refused)
        if report.refused:
            self._refused.inc(report.refused)
        if report.events:
            self.events.inc(report.events)
        self.commit_seconds.observe(report.seconds)

    def observe_round(self, duty: str, *, seconds: float, changed: int, refused: int) -> None:
        """By the monitor and the activator, after each round."""
        self.rounds.labels(duty).inc()
        self.round_seconds.labels(duty).set(seconds)
        self.round_changes.labels(duty, "done").inc(changed)
        self.round_changes.labels(duty, "refused").inc(refused)

    def observe_sources(self, silent: Collection[str]) -> None:
        """By the monitor, after each round: names of sources that were silent."""
        self._sources |= set(silent)
        for source in self._sources:
            self.silent.labels(source).set(source in silent)

    def observe_ledger(self, kind: str, what: str, outcome: str) -> None:
        """By the monitor and the activator, for each change that a ledger was told."""
        self.ledger_changes.labels(kind, what, outcome).inc()

    def watch_queue(self, waiting: Callable[[], int]) -> None:
        """Show how many commands wait for the writer."""
        gauge = Gauge(
            "tocsin_commands_waiting", "Commands waiting for the writer.", registry=self.registry
        )
        gauge.set_function(waiting)

    def watch_ledger(self, *, is_written: bool) -> LedgerFigures:
        """Show how the ledger is followed; what is shown is for its follower to set."""
        figures = LedgerFigures(self.registry)
        figures.read_only.set(not is_written)
        return figures

    def watch_parked(self, parked: Callable[[], int]) -> None:
        """Show how many ticks are parked: deadlines that stay due after their tick."""
        gauge = Gauge(
            "tocsin_ticks_parked",
            "Deadlines that stayed due after their tick.",
            registry=self.registry,
        )
        gauge.set_function(parked)

    def watch_followers(self, lag: Lag) -> None:
        """Show how far each follower of the log is behind."""
        self.registry.register(_Followers(lag))

    def observe_deliveries(self, org: str, route: str, kind: str, outcome: str, count: int) -> None:
        """By the dispatcher, after each mark."""
        self.deliveries.labels(org, route, kind, outcome).inc(count)

    def watch_destinations(self, figures: Callable[[], Iterable[DestinationFigures]]) -> None:
        """Show each destination whose duty this process has."""
        self._destinations.figures = figures

    def exposition(self) -> bytes:
        """Everything in Prometheus's text format. It asks the storage, and waits for it."""
        return generate_latest(self.registry)


class LedgerFigures:
    """What is known of the ledger since it was looked at the last time."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.away = Gauge(
            "tocsin_ledger_away", "1 while the ledger cannot be followed.", registry=registry
        )
        self.read_only = Gauge(
            "tocsin_ledger_read_only",
            "1 while nothing is written on the ledger, for want of a keypair.",
            registry=registry,
        )
        self.accounts = Gauge(
            "tocsin_ledger_accounts",
            "Accounts that the ledger has and that can be read.",
            ["kind"],
            registry=registry,
        )
        self.unreadable = Gauge(
            "tocsin_ledger_unreadable",
            "Accounts of the ledger that cannot be read and are left alone.",
            registry=registry,
        )
        self.left_alone = Gauge(
            "tocsin_ledger_left_alone",
            "What the ledger says and cannot be held here; the log names it.",
            registry=registry,
        )


class _Followers(Collector):
    def __init__(self, lag: Lag) -> None:
        self._lag = lag

    def collect(self) -> Iterable[Metric]:
        events = GaugeMetricFamily(
            "tocsin_follower_lag_events", "Events not yet followed.", labels=["follower"]
        )
        seconds = GaugeMetricFamily(
            "tocsin_follower_lag_seconds",
            "Age of the oldest event not yet followed.",
            labels=["follower"],
        )
        for name, behind, late in self._told():
            events.add_metric([name], behind)
            seconds.add_metric([name], late)
        return (events, seconds)

    def _told(self) -> Iterable[tuple[str, int, float]]:
        try:
            return self._lag()
        except StorageFailed:
            # Here too the other figures are wanted all the more.
            return ()


_DESTINATION = ("org", "route", "kind")


class _Destinations(Collector):
    """Declared from the start, so that what is missing is seen to be missing."""

    def __init__(self) -> None:
        self.figures: Callable[[], Iterable[DestinationFigures]] = tuple

    def collect(self) -> Iterable[Metric]:
        backlog = GaugeMetricFamily(
            "tocsin_delivery_backlog", "Deliveries that wait.", labels=_DESTINATION
        )
        parked = GaugeMetricFamily(
            "tocsin_deliveries_parked", "Deliveries that wait for a person.", labels=_DESTINATION
        )
        lag = GaugeMetricFamily(
            "tocsin_delivery_lag_seconds",
            "Age of the oldest delivery that waits.",
            labels=_DESTINATION,
        )
        down = GaugeMetricFamily(
            "tocsin_destination_down", "1 while nothing gets through.", labels=_DESTINATION
        )
        for one in self._told():
            labels = (one.org, one.route, one.kind)
            backlog.add_metric(labels, one.backlog)
            parked.add_metric(labels, one.parked)
            lag.add_metric(labels, one.lag_seconds)
            down.add_metric(labels, int(one.down))
        return (backlog, parked, lag, down)

    def _told(self) -> Iterable[DestinationFigures]:
        try:
            return self.figures()
        except StorageFailed:
            # The other figures are wanted all the more while the storage is away.
            return ()
