"""Deliveries of what really happened in a house."""

from __future__ import annotations

from tests.handler.acting import House
from tocsin.core.facts import Event
from tocsin.core.records import Destination, Record
from tocsin.core.ticket import Ticket
from tocsin.core.words import DestinationKind
from tocsin.dispatcher.contract import Addressee, Parcel, Trial

ROUTE = "0199a000-0000-7000-8000-000000000001"
SECRET = b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def addressee(house: House, url: str | None, *, secret: bytes | None = SECRET) -> Addressee:
    """The route to a receiver."""
    return Addressee(
        org_id=house.orgs["net"],
        org="net",
        route_id=ROUTE,
        route_name="NOC",
        destination=Destination(kind=DestinationKind.WEBHOOK, url=url),
        secret=secret,
    )


def parcel(
    house: House,
    url: str | None,
    *,
    event: Event,
    state: Ticket | Record,
    secret: bytes | None = SECRET,
) -> Parcel:
    """The delivery of *event*, with its ticket, device or link as it stands."""
    return Parcel(
        delivery_id=f"dlv_{event.position}_{ROUTE}",
        to=addressee(house, url, secret=secret),
        event=event,
        state=state,
        opening=True,
    )


def opened(house: House, url: str | None, *, secret: bytes | None = SECRET) -> Parcel:
    """The delivery of an incident that is opened now."""
    outcome = house.ask("owner", house.incident())
    assert isinstance(outcome.state, Ticket)
    return parcel(house, url, event=outcome.events[0], state=outcome.state, secret=secret)


def trial(house: House, url: str) -> Trial:
    """A test of the route."""
    return Trial(delivery_id="trial-1", to=addressee(house, url), at=house.clock())
