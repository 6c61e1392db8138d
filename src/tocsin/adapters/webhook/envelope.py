"""What a webhook carries: a CloudEvent in JSON, structured mode (CloudEvents 1.0). Pure.

``data`` is the event and its ticket, device or link in the shapes in which the API answers them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, assert_never
from urllib.parse import quote

import msgspec
from msgspec import UNSET, Struct, UnsetType

from tocsin.core.facts import Event
from tocsin.core.instants import to_text
from tocsin.projections.shapes.assets import DeviceShape, LinkShape
from tocsin.projections.shapes.events import EventShape, event_shape
from tocsin.projections.shapes.ticket_shapes import TicketShape

CONTENT_TYPE: Final = "application/cloudevents+json"
TESTED: Final = "tocsin.route.tested"

_ENCODER: Final = msgspec.json.Encoder()


class Happening(Struct, kw_only=True):
    """An event, and what it is about as that stands at sending: one of the three."""

    event: EventShape
    ticket: TicketShape | UnsetType = UNSET
    device: DeviceShape | UnsetType = UNSET
    link: LinkShape | UnsetType = UNSET


class Tested(Struct, kw_only=True):
    """What a test says: that it is one, and of which route."""

    test: bool
    message: str
    route: str
    route_name: str


class CloudEvent(Struct, kw_only=True):
    """The attributes of a CloudEvent, by the names of its specification."""

    specversion: str = "1.0"
    id: str
    type: str
    source: str
    subject: str
    time: str
    datacontenttype: str = "application/json"
    data: Happening | Tested


def source_of(org: str, *, base_url: str | None) -> str:
    """The address of the org of that code; a name for it where this server knows no address."""
    if base_url is None:
        return f"urn:tocsin:{quote(org, safe='')}"
    return f"{base_url.rstrip('/')}/v1/orgs/{quote(org, safe='')}"


def happened(event: Event, about: TicketShape | DeviceShape | LinkShape, *, source: str) -> bytes:
    """The body that tells *event*, and what it is *about*."""
    data = Happening(event=event_shape(event))
    match about:
        case TicketShape():
            subject, data.ticket = about.ref, about
        case DeviceShape():
            subject, data.device = about.code, about
        case LinkShape():
            subject, data.link = about.code, about
        case _:
            assert_never(about)
    return _ENCODER.encode(
        CloudEvent(
            id=event.id,
            type=f"tocsin.{event.kind}",
            source=source,
            subject=subject,
            time=to_text(event.recorded_at),
            data=data,
        )
    )


def tested(identity: str, *, route_id: str, route_name: str, at: datetime, source: str) -> bytes:
    """The body that says that a route is tested."""
    return _ENCODER.encode(
        CloudEvent(
            id=identity,
            type=TESTED,
            source=source,
            subject=route_id,
            time=to_text(at),
            data=Tested(
                test=True,
                message="This is a test. Nothing has happened.",
                route=route_id,
                route_name=route_name,
            ),
        )
    )
