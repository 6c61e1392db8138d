"""The shape in which an event is told (API: event)."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from tocsin.core.facts import Event
from tocsin.core.instants import to_text
from tocsin.projections.shapes.ticket_shapes import ActorShape
from tocsin.projections.shapes.tickets import actor_shape
from tocsin.store.codec import data_of


class EventShape(Struct, kw_only=True):
    """A fact of the log; ``position`` is its place in it, ``version`` its place in the stream."""

    id: str
    position: int
    version: int
    kind: str
    schema: int
    recorded_at: str
    stream: str
    actor: ActorShape
    via: str
    data: dict[str, Any]


def event_shape(event: Event) -> EventShape:
    """*event* as everybody may read it who may read its stream."""
    return EventShape(
        id=event.id,
        position=event.position,
        version=event.version,
        kind=event.kind,
        schema=event.payload.schema,
        recorded_at=to_text(event.recorded_at),
        stream=event.stream,
        actor=actor_shape(event.actor),
        via=event.via,
        data=data_of(event.payload),
    )
