"""The shape in which an event is answered (API: event)."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from tocsin.adapters.rest.ticket_answers import actor_shape
from tocsin.adapters.rest.ticket_shapes import ActorShape
from tocsin.core.evidence import Access
from tocsin.core.facts import Event, stream_sort
from tocsin.core.instants import to_text
from tocsin.core.permissions import may_read
from tocsin.core.words import Role
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


def may_see(access: Access, event: Event) -> bool:
    """Whether the log shows *event* to *access* (Domain: roles).

    A member bound to a contributor may see keys of its own contributor only, and an event does not
    say whose it is; so the log shows keys to the unbound, and to an org_admin.
    """
    sort = stream_sort(event.stream)
    if not may_read(access, sort):
        return False
    return sort != "key" or access.contributor_id is None or access.role is Role.ORG_ADMIN
