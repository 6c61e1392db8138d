"""The endpoint that tries a mapping out on stored payloads (API: connectors, preview)."""

from __future__ import annotations

from msgspec import UNSET

from tocsin.adapters.rest.calls import Call
from tocsin.adapters.rest.endpoints import Endpoint
from tocsin.adapters.rest.ingest.kept_requests import read_again
from tocsin.adapters.rest.records import ORG
from tocsin.adapters.rest.signals.inbox import connector_named
from tocsin.adapters.rest.signals.mapping_previewing import Tried
from tocsin.adapters.rest.signals.rehearsal_shapes import (
    ComplaintShape,
    PreviewBody,
    PreviewedShape,
    PreviewedSignal,
    PreviewShape,
)
from tocsin.adapters.rest.signals.replays import receiver_of
from tocsin.core.commands import SignalDraft
from tocsin.core.errors import Conflict
from tocsin.core.ingestion import Reading, Unreadable
from tocsin.core.instants import to_text
from tocsin.core.records import Connector
from tocsin.handler.receiving import Receiver
from tocsin.projections.arrivals import WantedPayloads, newest_payloads
from tocsin.store.arrivals import Arrived
from tocsin.store.contract import ReadTurn


def _preview(turn: ReadTurn, call: Call[None, PreviewBody]) -> PreviewShape:
    body = call.body
    connector = connector_named(turn, call, call.path["name"])
    items = newest_payloads(
        turn,
        call.org_id,
        WantedPayloads(connectors=[connector.id], heard_again=False),
        before=None,
        limit=body.limit,
        whole=True,
    )
    mapping = body.mapping if body.mapping is not None else dict(connector.mapping) or None
    tried = call.gateway.preview(
        [one.payload for one in items], kind=connector.kind.value, mapping=mapping
    )
    if tried is None and body.mapping is not None:
        raise Conflict(f"payloads of the kind {connector.kind.value} are read by no mapping")
    if tried is None:
        receiver = receiver_of(call, connector)
        return PreviewShape(items=[_read_by(receiver, connector, one) for one in items])
    return PreviewShape(items=[_tried(item, one) for item, one in zip(items, tried, strict=True)])


def _read_by(receiver: Receiver, connector: Connector, item: Arrived) -> PreviewedShape:
    try:
        reading = read_again(item, connector=connector, receiver=receiver)
    except Unreadable as unreadable:
        return _previewed(item, None, unreadable.reason)
    return _previewed(item, reading, None)


def _tried(item: Arrived, tried: Tried) -> PreviewedShape:
    shape = _previewed(item, tried.reading, tried.unreadable)
    shape.complaints = [
        ComplaintShape(item=one.item, field=one.field, reason=one.reason) for one in tried.missed
    ]
    return shape


def _previewed(item: Arrived, reading: Reading | None, unreadable: str | None) -> PreviewedShape:
    said = () if reading is None else reading.said
    signals = [one for one in said if isinstance(one, SignalDraft)]
    return PreviewedShape(
        id=item.id,
        received_at=to_text(item.received_at),
        signals=[_signal(one) for one in signals],
        words=len(said) - len(signals),
        unreadable=unreadable,
        complaints=UNSET,
    )


def _signal(draft: SignalDraft) -> PreviewedSignal:
    return PreviewedSignal(
        source=draft.source,
        summary=draft.summary,
        signal_type=draft.signal_type,
        state=draft.state,
        ts=None if draft.ts is None else to_text(draft.ts),
        severity=draft.severity,
        service_name=draft.service_name,
        environment=draft.environment,
        device=draft.device,
        link=draft.link,
        contributor=draft.contributor,
        correlation_key=draft.correlation_key,
        trace_id=draft.trace_id,
        fingerprint=draft.fingerprint,
        labels=dict(draft.labels),
        data=dict(draft.data),
    )


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="POST",
        path=f"{ORG}/connectors/{{name}}/preview",
        tag="connectors",
        summary="Show what a mapping reads in the newest payloads.",
        description=(
            "By code or id. Without a mapping, the connector's own, or what comes with its kind."
            " Each payload with its signals as they would be read, before rules; what the mapping"
            " misses is complained of. Nothing is changed."
        ),
        body=PreviewBody,
        body_optional=True,
        answer=PreviewShape,
        look=_preview,
        reads="inbox",
        logged=False,
        example={"limit": 5},
        others={409: "Payloads of that kind are read by no mapping."},
    ),
)
