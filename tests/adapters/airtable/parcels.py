"""Deliveries of what really happened in a house, to a base."""

from __future__ import annotations

from tests.adapters.airtable.answering import BASE, TOKEN
from tests.handler.acting import House
from tocsin.core.facts import Event
from tocsin.core.records import Destination
from tocsin.core.ticket import Ticket
from tocsin.core.words import DestinationKind
from tocsin.dispatcher.contract import Addressee, Parcel, Trial
from tocsin.handler.submission import Outcome

ROUTE = "0199a000-0000-7000-8000-000000000002"


def addressee(house: House, *, base: str | None = BASE, token: str | None = TOKEN) -> Addressee:
    """The route to the gateway's tables."""
    return Addressee(
        org_id=house.orgs["net"],
        org="net",
        route_id=ROUTE,
        route_name="Mirror",
        destination=Destination(kind=DestinationKind.AIRTABLE, table_base=base),
        secret=None if token is None else token.encode(),
    )


def parcel(
    house: House,
    outcome: Outcome,
    *,
    event: Event | None = None,
    remote_id: str | None = None,
    base: str | None = BASE,
    token: str | None = TOKEN,
) -> Parcel:
    """The delivery of the first event of *outcome* (or of *event*); the lane's first without a
    *remote_id*."""
    assert isinstance(outcome.state, Ticket)
    told = outcome.events[0] if event is None else event
    return Parcel(
        delivery_id=f"{told.id}.{ROUTE}",
        to=addressee(house, base=base, token=token),
        event=told,
        state=outcome.state,
        opening=remote_id is None,
        remote_id=remote_id,
    )


def trial(house: House) -> Trial:
    """A test of the route."""
    return Trial(delivery_id="trial-1", to=addressee(house), at=house.clock())
