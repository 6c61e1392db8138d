"""Locations and exchanges: the places that devices stand in, by code (Provisioning: records).

A device says where it stands in words of its own; they may be the code of a place, which then has a
name, a country and a point on the map.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final, assert_never

from tocsin.core import record_reading as read
from tocsin.core.claims import LOCATION_CODE
from tocsin.core.errors import FieldError, KeptByLedger
from tocsin.core.evidence import Given
from tocsin.core.facts import NotGiven, Payload, stream_name
from tocsin.core.location_commands import CreateLocation, RemoveLocation, UpdateLocation
from tocsin.core.provisioning.words import LocationKind
from tocsin.core.record_changes import FieldValue, changes_between
from tocsin.core.record_facts import LocationCreated, RecordRemoved, RecordUpdated
from tocsin.core.records import Location

MOST_DEGREES: Final[Mapping[str, int]] = {"lat": 90, "lng": 180}
"""How far north or south, and east or west, a place can be."""
_DECIMALS: Final = 6
# About a tenth of a metre: what is beyond is noise, and would make equal places differ.
_COUNTRY: Final = re.compile(r"[A-Za-z]{2}")


def decide_location(
    state: Location | None, command: CreateLocation | UpdateLocation | RemoveLocation, given: Given
) -> tuple[Payload, ...]:
    """The facts that follow for a place; ``()`` when nothing changes.

    Raises:
        Conflict: it exists already, its code is taken, or a ledger keeps it.
        Invalid: fields are wrong, or one degree is there without the other.
        NotFound: there is no such place.
    """
    match command:
        case CreateLocation():
            read.absent(state, "location")
            errors: read.Errors = []
            made = LocationCreated(
                code=read.code(command.code, errors=errors),
                name=read.name(command.name, errors=errors),
                location_kind=_kind(command.kind, errors=errors),
                country=_country(command.country, errors=errors),
                lat=_degrees(command.lat, field="lat", errors=errors),
                lng=_degrees(command.lng, field="lng", errors=errors),
                pubkey=_address(command.pubkey, errors=errors),
            )
            _both(made.lat, made.lng, errors=errors)
            read.refuse(errors)
            _refuse_taken(made.code, stream=command.location_id, given=given)
            return (made,)
        case UpdateLocation():
            return _changes(read.existing(state, "location"), command, given)
        case RemoveLocation():
            _refuse_kept(read.existing(state, "location"), given)
            return (RecordRemoved(at=given.at),)
        case _:
            assert_never(command)


def _changes(state: Location, command: UpdateLocation, given: Given) -> tuple[Payload, ...]:
    errors: read.Errors = []
    wanted: dict[str, FieldValue] = {}
    if not isinstance(command.code, NotGiven):
        wanted["code"] = read.code(command.code, errors=errors)
    if not isinstance(command.name, NotGiven):
        wanted["name"] = read.name(command.name, errors=errors)
    if not isinstance(command.kind, NotGiven):
        wanted["kind"] = _kind(command.kind, errors=errors)
    if not isinstance(command.country, NotGiven):
        wanted["country"] = _country(command.country, errors=errors)
    lat, lng = state.lat, state.lng
    if not isinstance(command.lat, NotGiven):
        lat = wanted["lat"] = _degrees(command.lat, field="lat", errors=errors)
    if not isinstance(command.lng, NotGiven):
        lng = wanted["lng"] = _degrees(command.lng, field="lng", errors=errors)
    if not isinstance(command.pubkey, NotGiven):
        wanted["pubkey"] = _address(command.pubkey, errors=errors)
    _both(lat, lng, errors=errors)
    read.refuse(errors)
    if not isinstance(command.code, NotGiven):
        _refuse_taken(command.code, stream=state.id, given=given)
    changes = changes_between(state, wanted)
    if changes:
        _refuse_kept(state, given)
    return (RecordUpdated(changes=changes),) if changes else ()


def _refuse_taken(code: str, *, stream: str, given: Given) -> None:
    read.refuse_taken(
        [("code", (LOCATION_CODE, code))], stream=stream_name("location", stream), given=given
    )


def _refuse_kept(state: Location, given: Given) -> None:
    if state.pubkey is not None and not given.access.system:
        raise KeptByLedger(f"the ledger says this of {state.code}; change it there")


def _address(value: str | None, *, errors: read.Errors) -> str | None:
    return None if value is None else read.pubkey(value, errors=errors)


def _kind(value: str, *, errors: read.Errors) -> LocationKind:
    return read.word(LocationKind, value, field="kind", errors=errors)


def _country(value: str | None, *, errors: read.Errors) -> str | None:
    if value is None:
        return None
    if _COUNTRY.fullmatch(value) is None:
        detail = "two letters are expected (ISO 3166), such as NL"
        errors.append(FieldError("country", "bad_country", detail))
    return value.upper()


def _degrees(value: float | None, *, field: str, errors: read.Errors) -> float | None:
    if value is None:
        return None
    most = MOST_DEGREES[field]
    if not math.isfinite(value) or not -most <= value <= most:
        errors.append(FieldError(field, "out_of_range", f"must be from -{most} to {most}"))
        return None
    # Adding nothing turns a zero below zero, which JSON does not tell apart, into a zero.
    return round(float(value), _DECIMALS) + 0.0


def _both(lat: float | None, lng: float | None, *, errors: read.Errors) -> None:
    if not errors and (lat is None) != (lng is None):
        missing = "lat" if lat is None else "lng"
        errors.append(FieldError(missing, "required", "a place has both degrees, or neither"))
