"""Accounts of latency samples, as the telemetry program writes them."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.adapters.doublezero.encoding import key
from tests.adapters.doublezero.town import pubkey
from tests.core.telling import NOON
from tocsin.core.provisioning.counters import microseconds
from tocsin.core.pubkeys import encode

AMS, FRA, LINK, OTHER_LINK = pubkey(111), pubkey(112), pubkey(113), pubkey(114)
FORTH, BACK = pubkey(121), pubkey(122)
"""Accounts of both directions."""

EVERY = timedelta(seconds=10)
ROUND_TRIP = 0x0100_0000
"""Microseconds; its bytes have zeros beside those of the next one, as no lost sample has."""

LOST = 0


@dataclass
class Account:
    """One link, one direction, one epoch."""

    start: datetime
    times: list[int] = field(default_factory=list)
    link: str = LINK
    devices: tuple[str, str] = (AMS, FRA)
    epoch: int = 7
    every: timedelta = EVERY
    account_type: int = 3
    count: int | None = None

    def data(self) -> bytes:
        """Its bytes."""
        places = key(pubkey(131)), key(pubkey(132))
        head = b"".join(
            (
                struct.pack("<BQ", self.account_type, self.epoch),
                key(pubkey(130)),
                *map(key, self.devices),
                *places,
                key(self.link),
                struct.pack(
                    "<QQI",
                    self.every // timedelta(microseconds=1),
                    microseconds(self.start),
                    len(self.times) if self.count is None else self.count,
                ),
                b"agent 1.2.3".ljust(16, b"\0"),
                b"abcdef12",
                bytes(104),
            )
        )
        assert len(head) == 349
        return head + struct.pack(f"<{len(self.times)}I", *self.times)


def numbered(number: int) -> str:
    """One of very many addresses."""
    return encode(bytes([6] * 28) + number.to_bytes(4, "big"))


def well(count: int) -> list[int]:
    """So many samples, none of them lost."""
    return [ROUND_TRIP] * count


def losing(count: int, lost: Sequence[int]) -> list[int]:
    """So many samples, those with these numbers lost."""
    times = well(count)
    for number in lost:
        times[number] = LOST
    return times


def at(ago: timedelta) -> datetime:
    """That long before noon."""
    return NOON - ago
