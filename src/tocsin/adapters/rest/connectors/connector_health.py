"""How connectors are doing, added to the answers that show them (API: connectors)."""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.adapters.rest.calls import AnyCall
from tocsin.adapters.rest.connectors.connector_bodies import ConnectorShape, HealthShape
from tocsin.core.facts import stream_name
from tocsin.core.instants import to_text
from tocsin.core.records import Connector
from tocsin.projections.connector_health import Health
from tocsin.projections.shapes.tickets import optional
from tocsin.store.contract import ReadTurn


def with_health(
    turn: ReadTurn, call: AnyCall, shapes: Sequence[ConnectorShape]
) -> Sequence[ConnectorShape]:
    """*shapes*, of connectors of the caller's org, with how each is doing now."""
    heads = turn.heads(call.org_id, [stream_name("connector", one.id) for one in shapes])
    connectors = [one.state for one in heads.values() if isinstance(one.state, Connector)]
    at = call.gateway.clock()
    found = call.gateway.counts.health(turn, call.org_id, connectors, at=at)
    for one in shapes:
        if one.id in found:
            one.health = health_shape(found[one.id])
    return shapes


def health_shape(health: Health) -> HealthShape:
    """How a connector is doing, as it is answered."""
    return HealthShape(
        state=health.state.value,
        last_payload_at=optional(health.last_payload_at),
        payloads_24h=health.payloads_24h,
        signals_24h=health.signals_24h,
        rate_per_minute=round(health.rate_per_minute, 1),
        failures_24h=health.failures_24h,
        silent_since=None if health.silent_since is None else to_text(health.silent_since),
    )
