"""What deliveries and duties are called."""

from __future__ import annotations

import hashlib
from binascii import crc32
from collections.abc import Iterable
from typing import Final

PREFIX: Final = "dlv"
OF_DIGESTS: Final = "dgs"
SHARDS: Final = 8
"""Into how many duties the destinations are divided: so many processes can share them."""

_MOST_DIGITS: Final = 18


def delivery_id(position: int, route_id: str) -> str:
    """The name of one delivery, for ever: the event's position and its route."""
    return f"{PREFIX}_{position}_{route_id}"


def digest_id(positions: Iterable[int], route_id: str) -> str:
    """The name of the message that tells those events to that route: of the same ones the same."""
    every = sorted(positions)
    told = hashlib.sha256(",".join(map(str, every)).encode()).hexdigest()[:12]
    return f"{OF_DIGESTS}_{every[0]}_{told}_{route_id}"


def read_delivery_id(text: str) -> tuple[int, str] | None:
    """The position and route in a delivery's name; None when it is none."""
    prefix, _, rest = text.partition("_")
    position, _, route_id = rest.partition("_")
    fits = position.isascii() and position.isdigit() and len(position) <= _MOST_DIGITS
    if prefix != PREFIX or not route_id or not fits:
        return None
    return int(position), route_id


def duty_of(route_id: str) -> str:
    """The duty that a route's destination belongs to."""
    return f"delivery/{crc32(route_id.encode()) % SHARDS}"


DUTIES: Final = tuple(f"delivery/{number}" for number in range(SHARDS))
