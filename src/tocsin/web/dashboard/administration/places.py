"""Locations and exchanges: the places that devices stand in, and the metros they belong to."""

from __future__ import annotations

from typing import Final

from tocsin.core.claims import LOCATION_CODE
from tocsin.core.location_commands import CreateLocation, RemoveLocation, UpdateLocation
from tocsin.core.provisioning.words import LocationKind
from tocsin.core.records import Location
from tocsin.projections.shapes.record_names import RecordNames
from tocsin.web.dashboard.administration import cells, choosing
from tocsin.web.dashboard.administration.cells import Cell
from tocsin.web.dashboard.administration.sheets import Column, Sheet
from tocsin.web.dashboard.forms import Choice, Field, Kind

_KINDS: Final = {
    LocationKind.LOCATION: "location: where devices stand",
    LocationKind.EXCHANGE: "exchange: a metro",
}


def _kind(record: Location, names: RecordNames) -> Cell:
    return cells.text(record.kind.value)


def _country(record: Location, names: RecordNames) -> Cell:
    return cells.text(record.country, otherwise="not said")


def _point(record: Location, names: RecordNames) -> Cell:
    """Where it is, as a map has it: ``52.3702° N, 4.8952° E``."""
    if record.lat is None or record.lng is None:
        return cells.text(None, otherwise="not on the map")
    north = "N" if record.lat >= 0 else "S"
    east = "E" if record.lng >= 0 else "W"
    return cells.text(f"{abs(record.lat):g}° {north}, {abs(record.lng):g}° {east}")


_FIELDS: Final = (
    choosing.CODE,
    choosing.NAME,
    Field(
        name="kind",
        label="Kind",
        kind=Kind.CHOICE,
        required=True,
        choices=tuple(Choice(value=kind.value, text=text) for kind, text in _KINDS.items()),
        hint="Devices say the code of one of each: the building, and the metro.",
    ),
    Field(name="country", label="Country", longest=2, hint="Two letters, such as NL."),
    Field(
        name="lat",
        label="Degrees north",
        kind=Kind.DECIMAL,
        hint="Such as 52.3702; negative in the south. Both degrees, or neither.",
    ),
    Field(
        name="lng",
        label="Degrees east",
        kind=Kind.DECIMAL,
        hint="Such as 4.8952; negative in the west.",
    ),
)

LOCATIONS: Final = Sheet(
    sort="location",
    path="locations",
    kind=Location,
    one="location",
    many="Locations",
    make="New location",
    about="Places that devices stand in, and exchanges: the metros on the map of the network.",
    empty="None is named yet. An exchange with its degrees is a metro on the map.",
    claims=(LOCATION_CODE,),
    title=lambda record: record.name,
    also=lambda record: record.code,
    columns=(
        Column(label="Code", of=lambda one, names: cells.code(one.code)),
        Column(label="Kind", of=_kind),
        Column(label="Country", of=_country),
        Column(label="On the map", of=_point),
    ),
    facts=(
        Column(label="Code", of=lambda one, names: cells.code(one.code)),
        Column(label="Kind", of=_kind),
        Column(label="Country", of=_country),
        Column(label="On the map", of=_point),
    ),
    said=lambda one, names: {
        "code": one.code,
        "name": one.name,
        "kind": one.kind.value,
        "country": one.country,
        "lat": one.lat,
        "lng": one.lng,
    },
    new=_FIELDS,
    change=_FIELDS,
    making=lambda visit: CreateLocation(location_id="", code="", name=""),
    changing=UpdateLocation(),
    removing=RemoveLocation(),
    removal="Devices that say its code keep it, and are on the map no more.",
)
