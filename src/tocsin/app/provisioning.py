"""Which sources of telemetry this server asks, and the duties that go by them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from tocsin.adapters.asking.post import Post
from tocsin.adapters.doublezero.latency import LedgerLatency
from tocsin.adapters.doublezero.rpc import Rpc
from tocsin.adapters.doublezero.rpc import Settings as NodeSettings
from tocsin.adapters.influx.source import Influx, InfluxSettings
from tocsin.adapters.prometheus.source import Prometheus, PrometheusSettings
from tocsin.adapters.provisioning.activator import Activator
from tocsin.adapters.provisioning.explaining import Explainer
from tocsin.adapters.provisioning.monitor import Judged, Monitor
from tocsin.adapters.provisioning.rounds import Rounds
from tocsin.adapters.provisioning.watching import NO_SOURCE, Sources, Watch
from tocsin.adapters.provisioning.writing import LedgerOf, Notes, Writing, local
from tocsin.adapters.rest.explaining import Explaining
from tocsin.adapters.rest.metrics import Metrics
from tocsin.app.house import now
from tocsin.app.settings import Settings, SettingWrong
from tocsin.app.telemetry_settings import influx_names, prometheus_queries
from tocsin.handler.writer import Writer
from tocsin.store.contract import Store
from tocsin.store.outgoing import Holding

MONITOR: Final = "monitor"
ACTIVATOR: Final = "activator"

QUERY_SECONDS: Final = 30.0
"""How long a query of the monitor may take."""

ATTEMPTS: Final = 4
"""How often a node of the ledger is asked at most."""

ONE_ROUND_SECONDS: Final = 900.0
"""How long a round that comes alone asks for the past."""

WHILE_SOMEBODY_WAITS: Final = 8.0
"""How long a query may take while somebody waits for readiness."""


def sources(
    settings: Settings, *, seconds: float = QUERY_SECONDS, attempts: int = ATTEMPTS
) -> Sources:
    """The sources that *settings* name: counters and tests from InfluxDB where there is one, agents
    from Prometheus, which has counters too, and tests where there is a query for them; latency
    samples from the ledger.

    Raises:
        SettingWrong: an address, user or token that nothing can be sent with.
    """
    influx = prometheus = None
    try:
        if settings.influx_url is not None:
            influx = Influx(
                InfluxSettings(
                    url=settings.influx_url,
                    database=settings.influx_database,
                    user=settings.influx_user,
                    password=settings.influx_password,
                    token=settings.influx_token,
                    names=influx_names(settings),
                    seconds=seconds,
                ),
                opening=Post,
            )
    except ValueError as wrong:
        raise SettingWrong(f"TOCSIN_INFLUX_URL and its secrets: {wrong}") from wrong
    try:
        if settings.prometheus_url is not None:
            prometheus = Prometheus(
                PrometheusSettings(
                    url=settings.prometheus_url,
                    user=settings.prometheus_user,
                    password=settings.prometheus_password,
                    token=settings.prometheus_token,
                    queries=prometheus_queries(settings),
                    seconds=seconds,
                ),
                opening=Post,
            )
    except ValueError as wrong:
        raise SettingWrong(f"TOCSIN_PROMETHEUS_URL and its secrets: {wrong}") from wrong
    latency = None
    try:
        if settings.ledger_rpc_url is not None and settings.ledger_telemetry_program is not None:
            node = NodeSettings(url=settings.ledger_rpc_url, seconds=seconds, attempts=attempts)
            latency = LedgerLatency(
                Rpc(node, opening=Post), program=settings.ledger_telemetry_program
            )
    except ValueError as wrong:
        raise SettingWrong(f"TOCSIN_LEDGER_RPC_URL: {wrong}") from wrong
    counters = influx or prometheus
    has_query = prometheus is not None and settings.prometheus_qa_query is not None
    return Sources(
        counters=counters,
        agents=prometheus,
        qa=prometheus if has_query else counters,
        latency=latency,
    )


def explaining(
    settings: Settings, *, store: Store, notes: Notes | None = None
) -> Explaining | None:
    """Who answers readiness; None where neither a source nor a ledger is set up. *notes* are what
    ledgers did not take.

    Raises:
        SettingWrong: an address, user or token that nothing can be sent with.
    """
    asked = sources(settings, seconds=WHILE_SOMEBODY_WAITS, attempts=1)
    if not asked.any and notes is None:
        return None
    return Explaining(explain=Explainer(store=store, sources=asked, notes=notes).explain)


def activating(
    settings: Settings,
    *,
    store: Store,
    writer: Writer,
    metrics: Metrics,
    holding: Callable[[str], Holding | None],
    ledger_of: LedgerOf = local,
    notes: Notes | None = None,
) -> tuple[Rounds, ...]:
    """The activator's rounds: where a ledger keeps an org, apart for that one, since a ledger that
    keeps us waiting is nobody else's trouble."""

    def rounds(only: Callable[[int], bool] | None) -> Rounds:
        activator = Activator(
            store=store,
            writer=writer,
            clock=now,
            interval=timedelta(seconds=settings.activator_interval_seconds),
            writing=Writing(
                "status",
                "deletion",
                clock=now,
                ledger_of=ledger_of,
                notes=notes,
                observe=metrics.observe_ledger,
            ),
            only=only,
            observe=lambda told: metrics.observe_round(
                ACTIVATOR, seconds=told.seconds, changed=len(told.moved), refused=told.refused
            ),
        )
        return Rounds(ACTIVATOR, activator.go, holding=lambda: holding(ACTIVATOR))

    if ledger_of is local:
        return (rounds(None),)
    return (
        rounds(lambda org_id: ledger_of(org_id) is None),
        rounds(lambda org_id: ledger_of(org_id) is not None),
    )


def monitoring(
    settings: Settings,
    *,
    store: Store,
    writer: Writer,
    metrics: Metrics,
    holding: Callable[[str], Holding | None],
    ledger_of: LedgerOf = local,
    notes: Notes | None = None,
) -> Rounds | None:
    """The monitor's rounds; None where no source is set up.

    Raises:
        SettingWrong: an address, user or token that nothing can be sent with.
    """
    asked = sources(settings)
    if not asked.any:
        return None
    watch = Watch(asked)

    def observe(told: Judged) -> None:
        metrics.observe_round(
            MONITOR, seconds=told.seconds, changed=len(told.changes), refused=told.refused
        )
        # What nobody set up is not silent: it is not asked.
        silent = [one.source for one in told.silent if one.why != NO_SOURCE]
        metrics.observe_sources(silent)

    monitor = Monitor(
        store=store,
        writer=writer,
        watch=watch,
        clock=now,
        interval=timedelta(seconds=settings.monitor_interval_seconds),
        writing=Writing(
            "health",
            clock=now,
            ledger_of=ledger_of,
            notes=notes,
            observe=metrics.observe_ledger,
        ),
        observe=observe,
    )
    return Rounds(MONITOR, monitor.go, holding=lambda: holding(MONITOR), hurry=watch.stop)
