"""The metros of the example network, where they are on the map."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tocsin.core.location_commands import CreateLocation


@dataclass(frozen=True, slots=True)
class MetroFacts:
    """A metro: degrees north and east of its middle."""

    code: str
    name: str
    country: str
    lat: float
    lng: float


METROS: Final = (
    MetroFacts("ams", "Amsterdam", "NL", 52.37, 4.9),
    MetroFacts("chi", "Chicago", "US", 41.88, -87.63),
    MetroFacts("fra", "Frankfurt", "DE", 50.11, 8.68),
    MetroFacts("lon", "London", "GB", 51.51, -0.13),
    MetroFacts("mad", "Madrid", "ES", 40.42, -3.7),
    MetroFacts("nyc", "New York", "US", 40.71, -74.01),
    MetroFacts("par", "Paris", "FR", 48.86, 2.35),
    MetroFacts("sin", "Singapore", "SG", 1.35, 103.82),
    MetroFacts("sjc", "San Jose", "US", 37.34, -121.89),
    MetroFacts("sto", "Stockholm", "SE", 59.33, 18.07),
    MetroFacts("syd", "Sydney", "AU", -33.87, 151.21),
    MetroFacts("tyo", "Tokyo", "JP", 35.68, 139.69),
    MetroFacts("waw", "Warsaw", "PL", 52.23, 21.01),
)
_BY_NAME: Final = {one.name: one.code for one in METROS}


def metro_of(city: str) -> str:
    """The code of the metro of that name."""
    return _BY_NAME[city]


def named(ids: Iterator[str]) -> Iterator[CreateLocation]:
    """The commands that name them all."""
    for one in METROS:
        yield CreateLocation(
            location_id=next(ids),
            code=one.code,
            name=one.name,
            kind="exchange",
            country=one.country,
            lat=one.lat,
            lng=one.lng,
        )
