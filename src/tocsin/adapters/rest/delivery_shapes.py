"""The shapes in which deliveries and trials are answered, and what is asked of them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from tocsin.adapters.rest.record_bodies import RecordsQuery
from tocsin.adapters.rest.ticket_bodies import Body
from tocsin.core.record_reading import LONGEST_NAME

RouteNamed = Annotated[
    str, Meta(min_length=1, max_length=LONGEST_NAME, description="A route, by id or name.")
]
TicketNamed = Annotated[
    str, Meta(min_length=1, max_length=100, description="A ticket, by id or ref.")
]


class DeliveriesQuery(RecordsQuery):
    """Which deliveries; several filters mean: all of them."""

    state: list[Literal["waiting", "held", "parked"]] = field(default_factory=list)
    route: RouteNamed | None = None
    ticket: TicketNamed | None = None


class RedriveBody(Body):
    """Which parked deliveries: those of one route, or all."""

    route: RouteNamed | None = None


class DeliveryRoute(Struct, kw_only=True):
    """Where it goes; ``kind`` is the destination's."""

    id: str
    name: str
    kind: str


class DeliveryEvent(Struct, kw_only=True):
    """The fact that is to be told."""

    id: str
    kind: str
    position: int
    recorded_at: str


class DeliveryTicket(Struct, kw_only=True):
    """The ticket that the fact is about."""

    id: str
    ref: str


class DeliveryShape(Struct, kw_only=True):
    """A delivery in trouble.

    ``state`` is ``waiting`` (for its next attempt, at ``due_at``), ``held`` (by the one before it
    of the same ticket) or ``parked`` (until a person asks for it). ``attempts`` are those that
    counted; ``tried_at`` is the first of all; ``reason`` what the last one met. ``ticket`` is null
    where the fact is about a device or link, which ``stream`` names.
    """

    id: str
    state: str
    route: DeliveryRoute
    event: DeliveryEvent
    ticket: DeliveryTicket | None
    stream: str
    attempts: int
    tried_at: str | None
    due_at: str
    reason: str


class RedrivenShape(Struct, kw_only=True):
    """How many parked deliveries are tried again."""

    redriven: int


class TrialShape(Struct, kw_only=True):
    """What became of a trial; ``reason`` is null where it was delivered."""

    outcome: Literal["delivered", "retry", "refused"]
    reason: str | None
    took_ms: int
