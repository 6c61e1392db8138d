"""Accounts of the telemetry program: latency samples of one link in one direction and epoch
(Provisioning: sources, latency samples).

They are far larger than what is new in them, so that they are read in pieces: the header up to the
number of samples, and stretches of samples.
"""

from __future__ import annotations

import sys
from array import array
from dataclasses import dataclass
from typing import Final

from tocsin.adapters.doublezero.accounts import Other
from tocsin.adapters.doublezero.borsh import NOBODY, Reader, Short
from tocsin.core.provisioning.ledger import Unreadable

DEVICE_LATENCY: Final = 3
"""The first byte of such an account; the others are older, or about the internet."""

EPOCH_AT: Final = 1
LINK_AT: Final = 169
COUNTED: Final = 221
"""Bytes of the header up to the end of the number of samples."""

SAMPLES_AT: Final = 349
SAMPLE_BYTES: Final = 4

MOST_SAMPLES: Final = 1_000_000
"""The program makes room for 35,000."""

LONGEST_INTERVAL: Final = 24 * 3_600 * 1_000_000
LATEST_START: Final = 4_102_444_800 * 1_000_000
"""Microseconds after 1970 began: what is later than the year 2100 is no date."""

_NOT_SAMPLED: Final = b"\0\0\0\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplesHeader:
    """What is sampled, between which devices, every how many microseconds, since when (microseconds
    after 1970 began), and how many samples there are."""

    pubkey: str
    epoch: int
    from_device: str
    to_device: str
    link: str
    interval: int
    started_at: int
    count: int


def header(data: bytes, pubkey: str) -> SamplesHeader | Other | Unreadable:
    """What the account *pubkey* that begins with *data* holds; nothing that *data* may be is raised
    over. An account without a sample yet has no beginning: its ``started_at`` means nothing."""
    reader = Reader(data)
    try:
        account_type = reader.u8()
        if account_type != DEVICE_LATENCY:
            return Other(pubkey=pubkey, account_type=account_type)
        epoch, _agent = reader.u64(), reader.pubkey()
        from_device, to_device = reader.pubkey(), reader.pubkey()
        _from_place, _to_place = reader.pubkey(), reader.pubkey()
        found = SamplesHeader(
            pubkey=pubkey,
            epoch=epoch,
            from_device=from_device,
            to_device=to_device,
            link=reader.pubkey(),
            interval=reader.u64(),
            started_at=reader.u64(),
            count=reader.u32(),
        )
    except Short:
        return Unreadable(
            pubkey=pubkey,
            why=f"its {len(data):,} bytes end before what all accounts of samples have",
        )
    wrong = _wrong(found)
    return found if wrong is None else Unreadable(pubkey=pubkey, why=wrong)


def _wrong(found: SamplesHeader) -> str | None:
    if found.link == NOBODY:
        return "it names no link"
    if not 1 <= found.interval <= LONGEST_INTERVAL:
        return f"a sample every {found.interval:,} microseconds is none"
    if found.count > MOST_SAMPLES:
        return f"{found.count:,} samples are more than there is room for"
    if found.count and not 0 < found.started_at <= LATEST_START:
        return "it begins at no instant that there is"
    return None


def piece_of(first: int, last: int) -> tuple[int, int]:
    """Where in an account the samples from the number *first* to before *last* are, and how many
    bytes they have."""
    return SAMPLES_AT + first * SAMPLE_BYTES, (last - first) * SAMPLE_BYTES


def lost_among(data: bytes, *, first: int, last: int) -> tuple[int, list[int]]:
    """How many of the samples from *first* to before *last*, which are numbers within *data*, are
    there, and which of them were lost, counted from *first*. A sample that is cut is not there."""
    there = max(0, min(last, len(data) // SAMPLE_BYTES) - first)
    piece = data[first * SAMPLE_BYTES : (first + there) * SAMPLE_BYTES]
    if _NOT_SAMPLED not in piece:
        return there, []
    times = array("I", piece)
    assert times.itemsize == SAMPLE_BYTES
    if sys.byteorder == "big":
        times.byteswap()
    return there, [number for number, time in enumerate(times) if time == 0]
