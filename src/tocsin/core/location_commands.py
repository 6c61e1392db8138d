"""What can be asked of locations and exchanges: the places that devices stand in."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.core.commands import Command
from tocsin.core.facts import NOT_GIVEN, NotGiven


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateLocation(Command):
    """Name a place; ``lat`` and ``lng`` are degrees north and east, ``pubkey`` is its address on
    the ledger that keeps it."""

    location_id: str
    code: str
    name: str
    kind: str = "location"
    country: str | None = None
    lat: float | None = None
    lng: float | None = None
    pubkey: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateLocation(Command):
    """Change what is known of a place."""

    code: str | NotGiven = NOT_GIVEN
    name: str | NotGiven = NOT_GIVEN
    kind: str | NotGiven = NOT_GIVEN
    country: str | None | NotGiven = NOT_GIVEN
    lat: float | None | NotGiven = NOT_GIVEN
    lng: float | None | NotGiven = NOT_GIVEN
    pubkey: str | None | NotGiven = NOT_GIVEN


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveLocation(Command):
    """Forget a place; devices that say its code keep it."""
