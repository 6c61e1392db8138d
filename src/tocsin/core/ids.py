"""Identifiers: UUID version 7, made from an instant and bits that are handed in.

Ids sort by time. The core has no clock and no randomness; whoever calls brings both.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def uuid7(at: datetime, bits: int) -> str:
    """The UUIDv7 of instant *at*: milliseconds, then microseconds, then the low 62 of *bits*."""
    microseconds = (at - _EPOCH) // _MICROSECOND
    milliseconds, rest = divmod(microseconds, 1000)
    number = (
        (milliseconds & ((1 << 48) - 1)) << 80
        | 0x7 << 76
        | (rest << 2) << 64
        | 0b10 << 62
        | bits & ((1 << 62) - 1)
    )
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def event_id(recorded_at: datetime, position: int) -> str:
    """The id of the event at *position*: the position is its last 62 bits, so it can be found
    again."""
    return uuid7(recorded_at, position)


_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def ticket_refs(prefix: str, at: datetime, bits: int) -> tuple[str, ...]:
    """Public names for a ticket, to be tried in order (Domain: ref).

    *prefix* is ``I`` or ``M``. Four characters made of *bits* (at least 62), and eight for a day
    on which the short one is taken.
    """
    today = at.astimezone(UTC)
    day = f"{prefix}{today.year:04}{today.month:02}{today.day:02}-"
    letters = ""
    for _ in range(12):
        bits, letter = divmod(bits, 36)
        letters += _LETTERS[letter]
    return (day + letters[:4], day + letters[4:])
