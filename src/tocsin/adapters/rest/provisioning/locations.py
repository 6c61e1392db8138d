"""Endpoints of locations and exchanges, by code (Provisioning: records)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from tocsin.adapters.rest.calls import Call
from tocsin.adapters.rest.endpoints import Endpoint
from tocsin.adapters.rest.record_bodies import Code, Name, RecordsQuery
from tocsin.adapters.rest.records import (
    Sort,
    listing,
    making,
    patching,
    posting,
    putting,
    reading,
    removing,
)
from tocsin.adapters.rest.ticket_bodies import Body
from tocsin.adapters.rest.ticket_commands import given
from tocsin.core.commands import Command
from tocsin.core.errors import invalid
from tocsin.core.location_commands import CreateLocation, RemoveLocation, UpdateLocation
from tocsin.core.provisioning.words import LocationKind
from tocsin.core.records import Location
from tocsin.core.words import UnknownWord, parse_word
from tocsin.projections.shapes.assets import stamps
from tocsin.projections.shapes.record_names import RecordNames
from tocsin.store.contract import ReadTurn

Kind = Annotated[str, Meta(max_length=50, description="location, or exchange: a metro.")]
Country = Annotated[str, Meta(max_length=2, description="Two letters of ISO 3166: NL.")]
Lat = Annotated[float, Meta(ge=-90, le=90, description="Degrees north.")]
Lng = Annotated[float, Meta(ge=-180, le=180, description="Degrees east.")]


class LocationPut(Body):
    """A place as it shall be; the code is in the path. Both degrees are given, or neither."""

    name: Name
    code: Code | None = None
    kind: Kind = "location"
    country: Country | None = None
    lat: Lat | None = None
    lng: Lng | None = None


class LocationBody(LocationPut):
    """A new place."""

    code: Code


class LocationPatch(Body):
    """Changed fields; null empties."""

    code: Code | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    kind: Kind | UnsetType = UNSET
    country: Country | None | UnsetType = UNSET
    lat: Lat | None | UnsetType = UNSET
    lng: Lng | None | UnsetType = UNSET


class LocationsQuery(RecordsQuery):
    """Which places: those of a kind."""

    kind: Kind | None = None


class LocationShape(Struct, kw_only=True):
    """A place that devices stand in (location), or a metro (exchange); degrees north and east.
    ``pubkey`` is its address on the ledger that keeps it."""

    id: str
    code: str
    name: str
    kind: str
    country: str | None
    lat: float | None
    lng: float | None
    pubkey: str | None
    created_at: str
    updated_at: str
    version: int
    removed_at: str | UnsetType = UNSET


def location_shape(record: Location, _names: RecordNames) -> LocationShape:
    """A place as it is answered."""
    return LocationShape(
        id=record.id,
        code=record.code,
        name=record.name,
        kind=record.kind.value,
        country=record.country,
        lat=record.lat,
        lng=record.lng,
        pubkey=record.pubkey,
        **stamps(record),
    )


def _of_kind(_turn: ReadTurn, call: Call[LocationsQuery, None]) -> Callable[[Location], bool]:
    if call.query.kind is None:
        return lambda record: True
    try:
        kind = parse_word(LocationKind, call.query.kind, field="kind")
    except UnknownWord as unknown:
        raise invalid("kind", "unknown_word", str(unknown).partition(": ")[2]) from None
    return lambda record: record.kind is kind


LOCATIONS: Final = Sort(
    sort="location",
    path="locations",
    kind=Location,
    shape=LocationShape,
    show=location_shape,
    named="By code or id.",
    query=LocationsQuery,
    wanted=_of_kind,
)


def _new(body: LocationPut, code: str, identity: str) -> CreateLocation:
    return CreateLocation(
        location_id=identity,
        code=code,
        name=body.name,
        kind=body.kind,
        country=body.country,
        lat=body.lat,
        lng=body.lng,
    )


def _change(body: LocationPatch) -> Command:
    return UpdateLocation(
        code=given(body.code),
        name=given(body.name),
        kind=given(body.kind),
        country=given(body.country),
        lat=given(body.lat),
        lng=given(body.lng),
    )


_AMSTERDAM = {
    "name": "Amsterdam",
    "kind": "exchange",
    "country": "NL",
    "lat": 52.3702,
    "lng": 4.8952,
}

ENDPOINTS: tuple[Endpoint, ...] = (
    listing(LOCATIONS),
    posting(
        LOCATIONS,
        making(LOCATIONS, _new),
        body=LocationBody,
        summary="Name a location or an exchange.",
        description="Devices say its code as their `location` or `exchange`.",
        example={"code": "ams", **_AMSTERDAM},
    ),
    reading(LOCATIONS),
    patching(LOCATIONS, _change, body=LocationPatch, example={"name": "Amsterdam Zuidoost"}),
    putting(LOCATIONS, _new, body=LocationPut, example=_AMSTERDAM),
    removing(
        LOCATIONS,
        RemoveLocation(),
        summary="Forget a location.",
        description="Devices that say its code keep it.",
    ),
)
